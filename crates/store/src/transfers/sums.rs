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
struct SideRow {
    id: Uuid,
    account_id: Uuid,
    dated_on: SqlDate,
    status: String,
    amount_minor: i64,
    other_minor: i64,
    is_one_currency: bool,
}

impl Store {
    /// The rows of the accounts in sight that are part of a transfer, from a month on. This is the one place that says which rows sums
    /// of income and spending leave out, and what of them stays: the fee.
    pub async fn paired_rows(&self, asker: &Asker, from: Month) -> Result<Vec<PairedRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT t.id, t.account_id, t.dated_on, t.status, t.amount_minor, o.amount_minor AS other_minor,
                    a.currency = b.currency AS is_one_currency
                 FROM transfer_sides s
                 JOIN transactions t ON t.organization_id = s.organization_id AND t.id = s.transaction_id
                 JOIN transactions o ON o.organization_id = s.organization_id AND o.id = s.other_id
                 JOIN accounts a ON a.organization_id = t.organization_id AND a.id = t.account_id
                 JOIN accounts b ON b.organization_id = o.organization_id AND b.id = o.account_id
                 WHERE s.organization_id = $1 AND t.dated_on >= $2 AND t.status IN ('booked', 'pending')
                    /* in sight: t.account_id */"
            ),
            sight,
        );
        let rows: Vec<SideRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(date(from.first_day()))
            .fetch_all(c)
            .await?);
        let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
        let mut lines: HashMap<Uuid, Vec<(Option<CategoryId>, i64)>> =
            self.line_sums(&mut session, asker, &ids).await?;
        let paired = |row: SideRow| {
            let lost = row.amount_minor.saturating_add(row.other_minor);
            Ok(PairedRow {
                transaction: row.id.into(),
                account: row.account_id.into(),
                month: Month::of(row.dated_on.to_jiff()),
                is_pending: code::<RowStatus>(&row.status)? == RowStatus::Pending,
                amount_minor: row.amount_minor,
                fee_minor: if row.amount_minor < 0 && row.is_one_currency { lost.min(0) } else { 0 },
                lines: lines.remove(&row.id).unwrap_or_default(),
            })
        };
        rows.into_iter().map(paired).collect()
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
