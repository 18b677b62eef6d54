//! What transfers come to in sums over months: what is neither income nor spending.

use std::collections::HashMap;

use bankside_domain::cashflow::{Flow, Sum};
use bankside_domain::row::RowStatus;
use bankside_domain::transfer::fee_line;
use bankside_domain::{AccountId, Asker, CategoryId, CurrencyCode, Id, Month, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::cashflow::Reached;
use crate::convert::{SqlDate, code, date};
use crate::db::{Session, on, sql};
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
    /// The rows of the accounts in sight that are part of a transfer, from a month on: what sums of income and spending leave out. What
    /// of them stays is the fee.
    pub async fn paired_rows(&self, asker: &Asker, from: Month) -> Result<Vec<PairedRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let pairs = self.pairs_from(&mut session, asker, from.first_day(), Date::MAX).await?;
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

    /// What transfers between two accounts that are both reached have moved, as flows of lines: it has neither come in nor gone out. Of an
    /// amount that was lost on the way only the rest is among them, since a fee is spending. Rows of these months.
    pub(crate) async fn own_transfers(
        &self,
        session: &mut Session,
        asker: &Asker,
        reached: &Reached,
        (from, through): (Month, Month),
    ) -> Result<Vec<(CurrencyCode, Sum)>, StoreError> {
        let pairs = self.pairs_from(session, asker, from.first_day(), through.last_day()).await?;
        let mut rows = Vec::new();
        for pair in pairs.iter().filter(|pair| {
            reached.has(pair.out_account.into(), pair.out_on.to_jiff())
                && reached.has(pair.in_account.into(), pair.in_on.to_jiff())
        }) {
            let counts = |row: &PairedRow| {
                let counts_pending = reached.accounts.get(&row.account).is_some_and(|account| account.counts_pending);
                (from..=through).contains(&row.month) && (!row.is_pending || counts_pending)
            };
            rows.extend(pair.sides()?.into_iter().filter(counts));
        }
        let ids: Vec<Uuid> = rows.iter().map(|row| row.transaction.uuid()).collect();
        let mut lines = self.line_sums(session, asker, &ids).await?;
        let mut moved = Vec::new();
        for row in rows {
            let Some(currency) = reached.accounts.get(&row.account).map(|account| account.currency.code) else {
                continue;
            };
            let lines = lines.remove(&row.transaction.uuid()).unwrap_or_default();
            let minors: Vec<i64> = lines.iter().map(|(_, minor)| *minor).collect();
            let fee_at = (row.fee_minor != 0).then(|| fee_line(&minors, row.fee_minor));
            for (at, (category, minor)) in lines.into_iter().enumerate() {
                let mut flow = Flow::of(minor);
                if fee_at == Some(at) {
                    flow.out_minor = flow.out_minor.saturating_sub(row.fee_minor);
                }
                moved.push((currency, Sum { category, month: row.month, flow }));
            }
        }
        Ok(moved)
    }

    /// Pairs that hold of which either row is of these days.
    async fn pairs_from(
        &self,
        session: &mut Session,
        asker: &Asker,
        from: Date,
        through: Date,
    ) -> Result<Vec<PairRow>, StoreError> {
        let text = sql!(
            "SELECT o.id AS out_id, o.account_id AS out_account, o.dated_on AS out_on, o.status AS out_status,
                o.amount_minor AS out_minor, i.id AS in_id, i.account_id AS in_account, i.dated_on AS in_on,
                i.status AS in_status, i.amount_minor AS in_minor, a.currency = b.currency AS is_one_currency
             FROM transfer_pairs p
             JOIN transactions o ON o.organization_id = p.organization_id AND o.id = p.out_id
             JOIN transactions i ON i.organization_id = p.organization_id AND i.id = p.in_id
             JOIN accounts a ON a.organization_id = o.organization_id AND a.id = o.account_id
             JOIN accounts b ON b.organization_id = i.organization_id AND b.id = i.account_id
             WHERE p.organization_id = $1
                AND ((o.dated_on >= $2 AND o.dated_on <= $3) OR (i.dated_on >= $2 AND i.dated_on <= $3))
                AND o.deleted_at IS NULL AND i.deleted_at IS NULL AND o.account_id <> i.account_id
                AND o.amount_minor < 0 AND i.amount_minor > 0"
        );
        Ok(on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(date(from))
            .bind(date(through))
            .fetch_all(c)
            .await?))
    }

    /// Categories and amounts of the lines of some transactions.
    async fn line_sums(
        &self,
        session: &mut Session,
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
