//! What transfers come to in sums over months: what is neither income nor spending.

use std::collections::HashMap;

use bankside_domain::cashflow::{Flow, Sum};
use bankside_domain::row::RowStatus;
use bankside_domain::transfer::fee_line;
use bankside_domain::{AccountId, Asker, CategoryId, CurrencyCode, Id, LineId, Month, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::cashflow::Reached;
use crate::convert::{SqlDate, code, date};
use crate::db::{Session, on, sql};
use crate::{Store, StoreError};

/// One row of a transfer, as far as it takes to leave it out of sums. What is left out is told by it alone, for every sum.
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
    /// Its lines, in their order.
    pub lines: Vec<PairedLine>,
}

/// A line of a row of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairedLine {
    /// Which one.
    pub id: LineId,
    /// Of which category.
    pub category: Option<CategoryId>,
    /// Minor units.
    pub amount_minor: i64,
}

/// Which transfers are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    /// Both rows of each.
    All,
    /// Of those that cost a fee the row that money left by: few, so that the lines of all others are not read.
    WithFee,
}

/// What of a transfer is spending: the fee, and the line that it stands in. Of the row's other lines nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FeeLine {
    pub(crate) transaction: Uuid,
    pub(crate) line: Uuid,
    /// Minor units, below zero.
    pub(crate) fee_minor: i64,
}

impl PairedRow {
    /// What of the row is neither income nor spending: all of it but the fee.
    pub fn moved(&self) -> Flow {
        less_fee(Flow::of(self.amount_minor), self.fee_minor)
    }

    /// The same of each of its lines.
    pub fn moved_lines(&self) -> impl Iterator<Item = (Option<CategoryId>, Flow)> + '_ {
        let fee_at = self.fee_at();
        self.lines.iter().enumerate().map(move |(at, line)| {
            let fee_minor = if fee_at == Some(at) { self.fee_minor } else { 0 };
            (line.category, less_fee(Flow::of(line.amount_minor), fee_minor))
        })
    }

    /// Which of its lines the fee stands in, where there is one.
    fn fee_at(&self) -> Option<usize> {
        let minors: Vec<i64> = self.lines.iter().map(|line| line.amount_minor).collect();
        (self.fee_minor != 0).then(|| fee_line(&minors, self.fee_minor))
    }

    fn fee(&self) -> Option<FeeLine> {
        let line = self.lines.get(self.fee_at()?)?;
        Some(FeeLine { transaction: self.transaction.uuid(), line: line.id.uuid(), fee_minor: self.fee_minor })
    }
}

/// What is left once a fee, which is zero or less, is taken out of what went out.
fn less_fee(flow: Flow, fee_minor: i64) -> Flow {
    Flow { out_minor: flow.out_minor.saturating_sub(fee_minor), ..flow }
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
    /// The rows of transfers between two accounts that are both in sight, from a month on: what the overview leaves out. What of them
    /// stays is the fee.
    pub async fn paired_rows(&self, asker: &Asker, from: Month) -> Result<Vec<PairedRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let days = (from.first_day(), Date::MAX);
        self.own_rows(&mut session, asker, days, Which::All, |account, _| sight.has(account)).await
    }

    /// What transfers between two accounts that are both reached have moved, as flows of lines. Rows of these months.
    pub(crate) async fn own_transfers(
        &self,
        session: &mut Session,
        asker: &Asker,
        reached: &Reached,
        (from, through): (Month, Month),
    ) -> Result<Vec<(CurrencyCode, Sum)>, StoreError> {
        let days = (from.first_day(), through.last_day());
        let mut moved = Vec::new();
        let reaches = |account, day| reached.has(account, day);
        for row in self.own_rows(session, asker, days, Which::All, reaches).await? {
            let counting = reached.accounts.get(&row.account).filter(|of| !row.is_pending || of.counts_pending);
            if let Some(counting) = counting {
                let sum = |(category, flow)| Sum { category, month: row.month, flow };
                moved.extend(row.moved_lines().map(|line| (counting.currency.code, sum(line))));
            }
        }
        Ok(moved)
    }

    /// The fees of transfers between two accounts that are both reached, of rows of these days.
    pub(crate) async fn transfer_fees(
        &self,
        session: &mut Session,
        asker: &Asker,
        reached: &Reached,
        days: (Date, Date),
    ) -> Result<Vec<FeeLine>, StoreError> {
        let reaches = |account, day| reached.has(account, day);
        let rows = self.own_rows(session, asker, days, Which::WithFee, reaches).await?;
        Ok(rows.iter().filter_map(PairedRow::fee).collect())
    }

    /// The rows of these days of transfers both of whose rows are reached on their days: the one rule by which any sum leaves transfers
    /// out. Where only one side is reached, it is income or spending there.
    async fn own_rows(
        &self,
        session: &mut Session,
        asker: &Asker,
        (from, through): (Date, Date),
        which: Which,
        reaches: impl Fn(AccountId, Date) -> bool + Send,
    ) -> Result<Vec<PairedRow>, StoreError> {
        let pairs = self.pairs_from(session, asker, from, through, which).await?;
        let mut rows = Vec::with_capacity(pairs.len() * 2);
        for pair in &pairs {
            let (out_on, in_on) = (pair.out_on.to_jiff(), pair.in_on.to_jiff());
            if reaches(pair.out_account.into(), out_on) && reaches(pair.in_account.into(), in_on) {
                let months = Month::of(from)..=Month::of(through);
                let is_asked = |row: &PairedRow| which == Which::All || row.fee_minor != 0;
                rows.extend(pair.sides()?.into_iter().filter(|row| months.contains(&row.month) && is_asked(row)));
            }
        }
        let ids: Vec<Uuid> = rows.iter().map(|row| row.transaction.uuid()).collect();
        let mut lines = self.line_sums(session, asker, &ids).await?;
        for row in &mut rows {
            row.lines = lines.remove(&row.transaction.uuid()).unwrap_or_default();
        }
        Ok(rows)
    }

    /// Pairs that hold of which either row is of these days. Both halves go by the index of days: of a month of many years little is
    /// looked at.
    async fn pairs_from(
        &self,
        session: &mut Session,
        asker: &Asker,
        from: Date,
        through: Date,
        which: Which,
    ) -> Result<Vec<PairRow>, StoreError> {
        let text = sql!(
            "SELECT o.id AS out_id, o.account_id AS out_account, o.dated_on AS out_on, o.status AS out_status,
                o.amount_minor AS out_minor, i.id AS in_id, i.account_id AS in_account, i.dated_on AS in_on,
                i.status AS in_status, i.amount_minor AS in_minor, a.currency = b.currency AS is_one_currency
             FROM transactions o
             JOIN transfer_pairs p ON p.organization_id = o.organization_id AND p.out_id = o.id
             JOIN transactions i ON i.organization_id = p.organization_id AND i.id = p.in_id
             JOIN accounts a ON a.organization_id = o.organization_id AND a.id = o.account_id
             JOIN accounts b ON b.organization_id = i.organization_id AND b.id = i.account_id
             WHERE o.organization_id = $1 AND o.dated_on >= $2 AND o.dated_on <= $3
                AND o.deleted_at IS NULL AND i.deleted_at IS NULL AND o.account_id <> i.account_id
                AND o.amount_minor < 0 AND i.amount_minor > 0
                AND (NOT $4 OR (o.amount_minor + i.amount_minor < 0 AND a.currency = b.currency))
             UNION ALL
             SELECT o.id, o.account_id, o.dated_on, o.status, o.amount_minor, i.id, i.account_id, i.dated_on, i.status, i.amount_minor,
                a.currency = b.currency
             FROM transactions i
             JOIN transfer_pairs p ON p.organization_id = i.organization_id AND p.in_id = i.id
             JOIN transactions o ON o.organization_id = p.organization_id AND o.id = p.out_id
             JOIN accounts a ON a.organization_id = o.organization_id AND a.id = o.account_id
             JOIN accounts b ON b.organization_id = i.organization_id AND b.id = i.account_id
             WHERE i.organization_id = $1 AND i.dated_on >= $2 AND i.dated_on <= $3 AND (o.dated_on < $2 OR o.dated_on > $3)
                AND o.deleted_at IS NULL AND i.deleted_at IS NULL AND o.account_id <> i.account_id
                AND o.amount_minor < 0 AND i.amount_minor > 0
                AND (NOT $4 OR (o.amount_minor + i.amount_minor < 0 AND a.currency = b.currency))"
        );
        Ok(on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(date(from))
            .bind(date(through))
            .bind(which == Which::WithFee)
            .fetch_all(c)
            .await?))
    }

    /// The lines of some transactions.
    async fn line_sums(
        &self,
        session: &mut Session,
        asker: &Asker,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<PairedLine>>, StoreError> {
        let mut lines: HashMap<Uuid, Vec<PairedLine>> = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(crate::dialect::VALUES_PER_LIST) {
            let found: Vec<(Uuid, Uuid, Option<Uuid>, i64)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT transaction_id, id, category_id, amount_minor FROM transaction_lines WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND transaction_id IN ");
                crate::dialect::push_list(&mut query, chunk.iter().copied());
                query.push(" ORDER BY transaction_id, position");
                query.build_query_as().fetch_all(c).await?
            });
            for (transaction, id, category, amount_minor) in found {
                let line = PairedLine { id: id.into(), category: category.map(CategoryId::from), amount_minor };
                lines.entry(transaction).or_default().push(line);
            }
        }
        Ok(lines)
    }
}
