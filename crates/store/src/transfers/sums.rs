//! What transfers come to in sums over months: what is neither income nor spending.

use std::collections::HashMap;

use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, Asker, CategoryId, Id, Month, Right, TransactionId};
use uuid::Uuid;

use crate::convert::{SqlDate, code, date};
use crate::db::{on, sql};
use crate::{Store, StoreError};

/// One row of a transfer, as far as it takes to leave it out of sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairedRow {
    /// Which one.
    pub transaction: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// In which month.
    pub month: Month,
    /// Whether it is pending.
    pub is_pending: bool,
    /// Minor units.
    pub amount_minor: i64,
    /// What was lost on the way, zero or less: of the row that money left by, where both are in one currency. This is spending.
    pub fee_minor: i64,
    /// Its lines: category and minor units.
    pub lines: Vec<(Option<CategoryId>, i64)>,
}

#[derive(sqlx::FromRow)]
struct PairRow {
    out_id: Uuid,
    out_account: Uuid,
    out_on: SqlDate,
    out_status: String,
    out_minor: i64,
    in_id: Uuid,
    in_account: Uuid,
    in_on: SqlDate,
    in_status: String,
    in_minor: i64,
    is_one_currency: bool,
}

impl PairRow {
    /// Both sides, as far as sums count them at all.
    fn sides(&self) -> Result<Vec<PairedRow>, StoreError> {
        let side = |id: Uuid, account: Uuid, day: SqlDate, status: &str, minor: i64, fee_minor: i64| {
            let status: RowStatus = code(status)?;
            let is_counted = matches!(status, RowStatus::Booked | RowStatus::Pending);
            Ok::<Option<PairedRow>, StoreError>(is_counted.then(|| PairedRow {
                transaction: id.into(),
                account: account.into(),
                month: Month::of(day.to_jiff()),
                is_pending: status == RowStatus::Pending,
                amount_minor: minor,
                fee_minor,
                lines: Vec::new(),
            }))
        };
        let lost = if self.is_one_currency { self.out_minor.saturating_add(self.in_minor).min(0) } else { 0 };
        let sides = [
            side(self.out_id, self.out_account, self.out_on, &self.out_status, self.out_minor, lost)?,
            side(self.in_id, self.in_account, self.in_on, &self.in_status, self.in_minor, 0)?,
        ];
        Ok(sides.into_iter().flatten().collect())
    }
}

impl Store {
    /// The rows of the accounts in sight that are part of a transfer, from a month on. This is the one place that says which rows sums
    /// of income and spending leave out, and what of them stays: the fee.
    pub async fn paired_rows(&self, asker: &Asker, from: Month) -> Result<Vec<PairedRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = sql!(
            "SELECT o.id AS out_id, o.account_id AS out_account, o.dated_on AS out_on, o.status AS out_status,
                o.amount_minor AS out_minor, i.id AS in_id, i.account_id AS in_account, i.dated_on AS in_on,
                i.status AS in_status, i.amount_minor AS in_minor, a.currency = b.currency AS is_one_currency
             FROM transfer_pairs p
             JOIN transactions o ON o.organization_id = p.organization_id AND o.id = p.out_id
             JOIN transactions i ON i.organization_id = p.organization_id AND i.id = p.in_id
             JOIN accounts a ON a.organization_id = o.organization_id AND a.id = o.account_id
             JOIN accounts b ON b.organization_id = i.organization_id AND b.id = i.account_id
             WHERE p.organization_id = $1 AND (o.dated_on >= $2 OR i.dated_on >= $2)
                AND o.deleted_at IS NULL AND i.deleted_at IS NULL AND o.account_id <> i.account_id
                AND o.amount_minor < 0 AND i.amount_minor > 0"
        );
        let pairs: Vec<PairRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(date(from.first_day()))
            .fetch_all(c)
            .await?);
        let mut rows = Vec::with_capacity(pairs.len() * 2);
        for pair in &pairs {
            rows.extend(pair.sides()?.into_iter().filter(|row| row.month >= from && sight.has(row.account)));
        }
        let ids: Vec<Uuid> = rows.iter().map(|row| row.transaction.uuid()).collect();
        let mut lines = self.line_sums(&mut session, asker, &ids).await?;
        for row in &mut rows {
            row.lines = lines.remove(&row.transaction.uuid()).unwrap_or_default();
        }
        Ok(rows)
    }

    /// Categories and amounts of the lines of some transactions.
    async fn line_sums(
        &self,
        session: &mut crate::db::Session,
        asker: &Asker,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<(Option<CategoryId>, i64)>>, StoreError> {
        let mut lines: HashMap<Uuid, Vec<(Option<CategoryId>, i64)>> = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(crate::dialect::VALUES_PER_LIST) {
            let found: Vec<(Uuid, Option<Uuid>, i64)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT transaction_id, category_id, amount_minor FROM transaction_lines WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND transaction_id IN ");
                crate::dialect::push_list(&mut query, chunk.iter().copied());
                query.push(" ORDER BY transaction_id, position");
                query.build_query_as().fetch_all(c).await?
            });
            for (transaction, category, minor) in found {
                lines.entry(transaction).or_default().push((category.map(CategoryId::from), minor));
            }
        }
        Ok(lines)
    }
}
