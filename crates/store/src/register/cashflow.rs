//! What a cashflow counts, asked of the rows of a register.

use std::collections::BTreeSet;

use bankside_domain::{AccountId, Asker};
use jiff::civil::Date;

use super::RegisterQuery;
use crate::cashflow::Reached;
use crate::db::Session;
use crate::dialect::PARAMETERS;
use crate::transfers::FeeLine;
use crate::{Store, StoreError};

/// So many lists of those transfers that cost a fee, or of their lines, one statement has at most: what counts names each line with its
/// fee, and which lines count is said of the sums and of the rows, for a direction with another list.
const FEE_LISTS: usize = 8;

/// Before every row. PostgreSQL knows no earlier days than -4712.
const FIRST_DAY: Date = Date::constant(1, 1, 1);

/// What a cashflow counts of the days that are asked for.
pub(in crate::register) struct Within {
    pub(in crate::register) reached: Reached,
    /// Of transfers within it nothing but these.
    pub(in crate::register) fees: Vec<FeeLine>,
}

impl Store {
    /// `found` is how many rows a search has found, which stand in the same statement.
    pub(super) async fn within(
        &self,
        session: &mut Session,
        asker: &Asker,
        request: &RegisterQuery,
        found: usize,
    ) -> Result<Option<Within>, StoreError> {
        let Some(reach) = request.filter.cashflow else { return Ok(None) };
        let reached = self.reached(session, asker, reach).await?;
        let days = (request.filter.from.unwrap_or(FIRST_DAY), request.filter.to.unwrap_or(Date::MAX));
        let fees = self.transfer_fees(session, asker, &reached, days).await?;
        if !fees.is_empty() && FEE_LISTS * fees.len() + found + of_accounts(asker, request, &reached) > PARAMETERS {
            return Err(StoreError::Conflict(
                "these months have too many transfers with a fee for one list: ask for fewer",
            ));
        }
        Ok(Some(Within { reached, fees }))
    }
}

/// How many parameters a statement has for accounts: where each stood, for rows and for their other sides, with the days of that, and the
/// lists of those that are asked for and in sight.
fn of_accounts(asker: &Asker, request: &RegisterQuery, reached: &Reached) -> usize {
    let lots = reached.by_stretch();
    let places: usize = lots.iter().map(|(_, accounts)| accounts.len()).sum();
    let len = |accounts: Option<&BTreeSet<AccountId>>| accounts.map_or(0, BTreeSet::len);
    2 * places + 4 * lots.len() + len(request.filter.accounts.as_ref()) + len(asker.sight().accounts())
}

/// Appends that a line `fl` is counted, in the direction that is asked for: where its row is a transfer with a fee, only as the line that
/// the fee stands in, and that is spending.
macro_rules! push_counted_lines {
    ($query:expr, $filter:expr, $within:expr) => {{
        if !$within.fees.is_empty() {
            $query.push(" AND (fl.transaction_id NOT IN ");
            push_list(&mut $query, $within.fees.iter().map(|fee| fee.transaction));
            $query.push(" OR fl.id IN ");
            push_list(&mut $query, $within.fees.iter().map(|fee| fee.line));
            $query.push(")");
        }
        if let Some(direction) = $filter.line_direction() {
            match direction {
                crate::Direction::In => _ = $query.push(" AND (fl.amount_minor > 0"),
                crate::Direction::Out => _ = $query.push(" AND (fl.amount_minor < 0"),
            }
            if !$within.fees.is_empty() {
                match direction {
                    crate::Direction::In => _ = $query.push(" AND fl.id NOT IN "),
                    crate::Direction::Out => _ = $query.push(" OR fl.id IN "),
                }
                push_list(&mut $query, $within.fees.iter().map(|fee| fee.line));
            }
            $query.push(")");
        }
    }};
}

/// Appends what of a line `fl` is counted: all of it, or the fee.
macro_rules! push_counted {
    ($query:expr, $within:expr) => {{
        match $within.filter(|within| !within.fees.is_empty()) {
            None => _ = $query.push("fl.amount_minor"),
            Some(within) => {
                $query.push("COALESCE((SELECT fees.column2 FROM (");
                $query.push_values(within.fees.iter(), |mut row, fee| {
                    row.push_bind(fee.line).push_bind(fee.fee_minor);
                });
                $query.push(") fees WHERE fees.column1 = fl.id), fl.amount_minor)");
            }
        }
    }};
}

/// Appends that a row `t` is one of those that a cashflow counts: of transfers within what is reached it counts only those that cost a fee,
/// by the row that money left by.
macro_rules! push_reached {
    ($query:expr, $reached:expr) => {{
        // Not by a list of accounts: those that are reached are listed twice already, and a statement has only so many parameters.
        $query.push(
            " AND (t.status = 'booked' OR (t.status = 'pending' AND t.account_id IN (SELECT pa.id FROM accounts pa \
             WHERE pa.organization_id = t.organization_id AND pa.pending_policy = ",
        );
        $query.push_bind(bankside_domain::Code::code(bankside_domain::account::PendingPolicy::Counted)).push(")))");
        push_stretches!($query, $reached, "t");
        $query.push(
            " AND NOT EXISTS (SELECT 1 FROM transfer_sides ts JOIN transactions o ON o.organization_id = ts.organization_id \
             AND o.id = ts.other_id JOIN accounts oa ON oa.organization_id = o.organization_id AND oa.id = o.account_id \
             JOIN accounts ta ON ta.organization_id = t.organization_id AND ta.id = t.account_id \
             WHERE ts.organization_id = t.organization_id AND ts.transaction_id = t.id \
             AND NOT (t.amount_minor < 0 AND t.amount_minor + o.amount_minor < 0 AND ta.currency = oa.currency)",
        );
        push_stretches!($query, $reached, "o");
        $query.push(")");
    }};
}

/// Appends that a row counts on its day.
macro_rules! push_stretches {
    ($query:expr, $reached:expr, $row:literal) => {{
        match $reached.by_stretch().as_slice() {
            [(stretch, accounts)] if *stretch == bankside_domain::cashflow::Stretch::default() => {
                $query.push(concat!(" AND ", $row, ".account_id IN "));
                push_list(&mut $query, accounts.iter().map(|account| account.uuid()));
            }
            lots => {
                $query.push(" AND (0 = 1");
                for (stretch, accounts) in lots {
                    $query.push(concat!(" OR (", $row, ".account_id IN "));
                    push_list(&mut $query, accounts.iter().map(|account| account.uuid()));
                    if let Some(from) = stretch.from {
                        $query.push(concat!(" AND ", $row, ".dated_on >= ")).push_bind(date(from));
                    }
                    if let Some(until) = stretch.until {
                        $query.push(concat!(" AND ", $row, ".dated_on < ")).push_bind(date(until));
                    }
                    $query.push(")");
                }
                $query.push(")");
            }
        }
    }};
}

pub(super) use {push_counted, push_counted_lines, push_reached, push_stretches};
