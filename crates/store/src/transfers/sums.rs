//! What transfers come to in sums over months: what is neither income nor spending.
//!
//! All of it is asked of `linked_rows`, which the database keeps: a pair counts here where both of its rows are reached on their days. Where
//! only one side is reached, it is income or spending there.

use std::collections::HashMap;

use bankside_domain::cashflow::{Flow, Stretch, Sum};
use bankside_domain::row::RowStatus;
use bankside_domain::transfer::fee_line;
use bankside_domain::{AccountId, Asker, CategoryId, Code as _, CurrencyCode, Id, Month, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::cashflow::{Reached, push_stretches};
use crate::convert::{code, currency, date, ids};
use crate::db::{Session, on, sql};
use crate::dialect::push_list;
use crate::{Store, StoreError};

/// So many accounts are named on either side of one statement, which is less than half of what either engine takes. Few in tests, so that
/// there are several statements.
const ACCOUNTS_PER_SIDE: usize = if cfg!(test) { 1 } else { 10_000 };

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
    /// What was lost on the way, zero or less: of the row that money left by, where both are in one currency, and in an exchange of the
    /// one in whose currency it is known. This is spending.
    pub fee_minor: i64,
    /// Its lines, in their order.
    pub lines: Vec<PairedLine>,
}

/// A line of a row of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairedLine {
    /// Of which category.
    pub category: Option<CategoryId>,
    /// Minor units.
    pub amount_minor: i64,
}

impl PairedRow {
    /// What of the row is neither income nor spending: all of it but the fee.
    pub fn moved(&self) -> Flow {
        less_fee(Flow::of(self.amount_minor), self.fee_minor)
    }

    /// The same of each of its lines.
    pub fn moved_lines(&self) -> impl Iterator<Item = (Option<CategoryId>, Flow)> + '_ {
        let minors: Vec<i64> = self.lines.iter().map(|line| line.amount_minor).collect();
        let fee_at = (self.fee_minor != 0).then(|| fee_line(&minors, self.fee_minor));
        self.lines.iter().enumerate().map(move |(at, line)| {
            let fee_minor = if fee_at == Some(at) { self.fee_minor } else { 0 };
            (line.category, less_fee(Flow::of(line.amount_minor), fee_minor))
        })
    }
}

/// What is left once a fee, which is zero or less, is taken out of what went out.
fn less_fee(flow: Flow, fee_minor: i64) -> Flow {
    Flow { out_minor: flow.out_minor.saturating_sub(fee_minor), ..flow }
}

#[derive(sqlx::FromRow)]
struct LinkedRow {
    transaction_id: Uuid,
    account_id: Uuid,
    month: String,
    status: String,
    amount_minor: i64,
    lost_minor: i64,
}

impl LinkedRow {
    fn into_paired(self, lines: Vec<PairedLine>) -> Result<PairedRow, StoreError> {
        let status: RowStatus = code(&self.status)?;
        Ok(PairedRow {
            transaction: self.transaction_id.into(),
            account: self.account_id.into(),
            month: month(&self.month)?,
            is_pending: status == RowStatus::Pending,
            amount_minor: self.amount_minor,
            fee_minor: self.lost_minor,
            lines,
        })
    }
}

/// What lines of rows of transfers come to, or fees do.
#[derive(sqlx::FromRow)]
struct MovedRow {
    currency: String,
    month: String,
    category_id: Option<Uuid>,
    in_minor: i64,
    out_minor: i64,
}

impl MovedRow {
    fn into_sum(self) -> Result<(CurrencyCode, Sum), StoreError> {
        let flow = Flow { in_minor: self.in_minor, out_minor: self.out_minor };
        let sum = Sum { category: ids(self.category_id), month: month(&self.month)?, flow };
        Ok((currency(&self.currency)?, sum))
    }
}

fn month(text: &str) -> Result<Month, StoreError> {
    text.parse().map_err(|error| StoreError::Corrupt(format!("a month: {error}")))
}

/// What the rows of pairs come to by currency, month and category: all lines of them, and of this what is a fee.
const MOVED: [&str; 2] = [
    "SELECT a.currency, r.month, l.category_id, \
     CAST(SUM(CASE WHEN l.amount_minor > 0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS in_minor, \
     CAST(SUM(CASE WHEN l.amount_minor < 0 THEN l.amount_minor ELSE 0 END) AS BIGINT) AS out_minor \
     FROM linked_rows r CROSS JOIN transaction_lines l CROSS JOIN accounts a \
     WHERE l.organization_id = r.organization_id AND l.transaction_id = r.transaction_id",
    // It stays where it is: so much less has moved.
    "SELECT a.currency, r.month, l.category_id, CAST(0 AS BIGINT) AS in_minor, CAST(SUM(-r.fee_minor) AS BIGINT) AS out_minor \
     FROM transfer_fees r CROSS JOIN transaction_lines l CROSS JOIN accounts a \
     WHERE l.organization_id = r.organization_id AND l.id = r.line_id",
];

impl Store {
    /// The rows of transfers between two accounts that are both in sight, from a month on: what the overview leaves out. What of them
    /// stays is the fee.
    pub async fn paired_rows(&self, asker: &Asker, from: Month) -> Result<Vec<PairedRow>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT r.transaction_id, r.account_id, r.month, r.status, r.amount_minor, r.lost_minor FROM linked_rows r
                 WHERE r.organization_id = $1 AND r.month >= $2 AND r.status IN ('booked', 'pending')
                    /* in sight: r.account_id */ /* in sight: r.other_account_id */"
            ),
            sight,
        );
        let rows: Vec<LinkedRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(from.to_string())
            .fetch_all(c)
            .await?);
        let ids: Vec<Uuid> = rows.iter().map(|row| row.transaction_id).collect();
        let mut lines = self.line_sums(&mut session, asker, &ids).await?;
        let paired = |row: LinkedRow| {
            let lines = lines.remove(&row.transaction_id).unwrap_or_default();
            row.into_paired(lines)
        };
        rows.into_iter().map(paired).collect()
    }

    /// What transfers between two accounts that are both reached have moved, as flows of lines. Rows of these months.
    pub(crate) async fn own_transfers(
        &self,
        session: &mut Session,
        asker: &Asker,
        reached: &Reached,
        (from, through): (Month, Month),
    ) -> Result<Vec<(CurrencyCode, Sum)>, StoreError> {
        // Where everything is reached, no account need be named.
        let sides: Vec<Option<Side>> =
            if reached.is_everything { vec![None] } else { sides(reached).into_iter().map(Some).collect() };
        let mut moved = Vec::new();
        for own in &sides {
            for (other, text) in sides.iter().flat_map(|other| MOVED.map(|text| (other, text))) {
                let rows: Vec<MovedRow> = on!(session, c => {
                    let mut query = sqlx::QueryBuilder::new(text);
                    query.push(
                        " AND a.organization_id = r.organization_id AND a.id = r.account_id \
                         AND (r.status = 'booked' OR (r.status = 'pending' AND a.pending_policy = ",
                    );
                    query.push_bind(bankside_domain::account::PendingPolicy::Counted.code());
                    query.push(")) AND r.organization_id = ").push_bind(asker.organization.uuid());
                    query.push(" AND r.month >= ").push_bind(from.to_string());
                    query.push(" AND r.month <= ").push_bind(through.to_string());
                    if let Some(own) = own {
                        push_stretches!(query, own, "r.account_id", "r.dated_on");
                    }
                    if let Some(other) = other {
                        push_stretches!(query, other, "r.other_account_id", "r.other_dated_on");
                    }
                    query.push(" GROUP BY a.currency, r.month, l.category_id");
                    query.build_query_as().persistent(own.is_none()).fetch_all(c).await?
                });
                for row in rows {
                    moved.push(row.into_sum()?);
                }
            }
        }
        Ok(moved)
    }

    /// Whether a transfer between two accounts that are both reached cost a fee, of rows of these days.
    pub(crate) async fn has_transfer_fees(
        &self,
        session: &mut Session,
        asker: &Asker,
        reached: &Reached,
        (from, through): (Date, Date),
    ) -> Result<bool, StoreError> {
        let lots = reached.by_stretch();
        Ok(on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT EXISTS (SELECT 1 FROM linked_rows r WHERE r.organization_id = ");
            query.push_bind(asker.organization.uuid()).push(" AND r.lost_minor <> 0 AND r.status IN ('booked', 'pending')");
            query.push(" AND r.dated_on >= ").push_bind(date(from));
            query.push(" AND r.dated_on <= ").push_bind(date(through));
            if !reached.is_everything {
                push_stretches!(query, lots, "r.account_id", "r.dated_on");
                push_stretches!(query, lots, "r.other_account_id", "r.other_dated_on");
            }
            query.push(")");
            query.build_query_scalar().persistent(reached.is_everything).fetch_one(c).await?
        }))
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
            let found: Vec<(Uuid, Option<Uuid>, i64)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT transaction_id, category_id, amount_minor FROM transaction_lines WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND transaction_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" ORDER BY transaction_id, position");
                query.build_query_as().fetch_all(c).await?
            });
            for (transaction, category, amount_minor) in found {
                let line = PairedLine { category: category.map(CategoryId::from), amount_minor };
                lines.entry(transaction).or_default().push(line);
            }
        }
        Ok(lines)
    }
}

/// Accounts that one statement names on one of its sides, with the days for which they count.
type Side = Vec<(Stretch, Vec<AccountId>)>;

/// What is reached, in parts that a statement can name. A row is of one part: an account counts for a day once.
fn sides(reached: &Reached) -> Vec<Side> {
    let each = reached.stretches.iter().flat_map(|(account, stretches)| stretches.iter().map(|of| (*of, *account)));
    let mut each: Vec<(Stretch, AccountId)> = each.collect();
    each.sort_unstable();
    let side = |part: &[(Stretch, AccountId)]| {
        part.chunk_by(|a, b| a.0 == b.0).map(|of| (of[0].0, of.iter().map(|(_, account)| *account).collect())).collect()
    };
    each.chunks(ACCOUNTS_PER_SIDE).map(side).collect()
}
