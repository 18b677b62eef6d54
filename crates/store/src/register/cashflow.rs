//! What a cashflow counts, asked of the rows of a register.

use std::collections::BTreeSet;

use bankside_domain::{AccountId, Asker};
use jiff::civil::Date;

use super::RegisterQuery;
use crate::cashflow::Reached;
use crate::db::Session;
use crate::dialect::PARAMETERS;
use crate::{Store, StoreError};

/// So often one statement lists the accounts that are reached: for its rows and for their other sides, and where a transfer cost a fee for
/// the lines that are chosen, for those that are added up, and for what of them is counted.
const ACCOUNT_LISTS: usize = 5;

/// Before every row. PostgreSQL knows no earlier days than -4712.
const FIRST_DAY: Date = Date::constant(1, 1, 1);

/// What a cashflow counts of the days that are asked for.
pub(in crate::register) struct Within {
    pub(in crate::register) reached: Reached,
    /// Whether a transfer within it cost a fee: of such a row nothing else is counted.
    pub(in crate::register) has_fees: bool,
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
        if found + of_accounts(asker, request, &reached) > PARAMETERS {
            return Err(StoreError::Conflict(
                "this cashflow has too many accounts for one list: ask for that of an asset below",
            ));
        }
        let days = (request.filter.from.unwrap_or(FIRST_DAY), request.filter.to.unwrap_or(Date::MAX));
        let has_fees = self.has_transfer_fees(session, asker, &reached, days).await?;
        Ok(Some(Within { reached, has_fees }))
    }
}

/// How many parameters a statement has for accounts: where each stood, for rows and for their other sides, with the days of that, and the
/// lists of those that are asked for and in sight.
fn of_accounts(asker: &Asker, request: &RegisterQuery, reached: &Reached) -> usize {
    let lots = reached.by_stretch();
    let places: usize = lots.iter().map(|(_, accounts)| accounts.len()).sum();
    let lists = if reached.is_everything { 1 } else { ACCOUNT_LISTS };
    let len = |accounts: Option<&BTreeSet<AccountId>>| accounts.map_or(0, BTreeSet::len);
    lists * (places + 2 * lots.len()) + len(request.filter.accounts.as_ref()) + len(asker.sight().accounts())
}

/// Appends the fee of the row of a line `fl`, where it is a transfer with one that is reached on both sides: what follows `SELECT 1` or
/// `SELECT` and a column.
macro_rules! push_fee_of_line {
    ($query:expr, $within:expr) => {{
        $query.push(
            " FROM linked_rows fr WHERE fr.organization_id = fl.organization_id AND fr.transaction_id = fl.transaction_id \
             AND fr.lost_minor <> 0",
        );
        push_others!($query, $within.reached, "fr");
    }};
}

/// Appends that a line `fl` is counted, in the direction that is asked for: where its row is a transfer with a fee, only as the line that
/// the fee stands in, and that is spending.
macro_rules! push_counted_lines {
    ($query:expr, $filter:expr, $within:expr) => {{
        let direction = $filter.line_direction();
        let sign = match direction {
            None => None,
            Some(crate::Direction::In) => Some("fl.amount_minor > 0"),
            Some(crate::Direction::Out) => Some("fl.amount_minor < 0"),
        };
        if !$within.has_fees {
            if let Some(sign) = sign {
                $query.push(" AND ").push(sign);
            }
        } else if direction == Some(crate::Direction::In) {
            $query.push(" AND fl.amount_minor > 0 AND NOT EXISTS (SELECT 1");
            push_fee_of_line!($query, $within);
            $query.push(")");
        } else {
            $query.push(" AND CASE WHEN EXISTS (SELECT 1");
            push_fee_of_line!($query, $within);
            $query.push(
                ") THEN fl.id = (SELECT ff.line_id FROM transfer_fees ff WHERE ff.organization_id = fl.organization_id \
                 AND ff.transaction_id = fl.transaction_id) ELSE ",
            );
            $query.push(sign.unwrap_or("1 = 1")).push(" END");
        }
    }};
}

/// Appends what of a line `fl` is counted: all of it, or the fee.
macro_rules! push_counted {
    ($query:expr, $within:expr) => {{
        match $within.filter(|within| within.has_fees) {
            None => _ = $query.push("fl.amount_minor"),
            Some(within) => {
                $query.push("COALESCE((SELECT fr.lost_minor");
                push_fee_of_line!($query, within);
                $query.push("), fl.amount_minor)");
            }
        }
    }};
}

/// Appends that the other side of a row `$linked` of `linked_rows` is reached on its day. Where everything is, nothing need be asked.
macro_rules! push_others {
    ($query:expr, $reached:expr, $linked:literal) => {{
        if !$reached.is_everything {
            let lots = $reached.by_stretch();
            push_stretches!($query, lots, concat!($linked, ".other_account_id"), concat!($linked, ".other_dated_on"));
        }
    }};
}

/// Appends that a row `t` is one of those that a cashflow counts: of transfers within what is reached it counts only rows that a fee is
/// part of.
macro_rules! push_reached {
    ($query:expr, $reached:expr) => {{
        // Not by a list of accounts: those that are reached are listed twice already, and a statement has only so many parameters.
        $query.push(
            " AND (t.status = 'booked' OR (t.status = 'pending' AND t.account_id IN (SELECT pa.id FROM accounts pa \
             WHERE pa.organization_id = t.organization_id AND pa.pending_policy = ",
        );
        $query.push_bind(bankside_domain::Code::code(bankside_domain::account::PendingPolicy::Counted)).push(")))");
        let lots = $reached.by_stretch();
        push_stretches!($query, lots, "t.account_id", "t.dated_on");
        $query.push(
            " AND NOT EXISTS (SELECT 1 FROM linked_rows o WHERE o.organization_id = t.organization_id \
             AND o.transaction_id = t.id AND o.lost_minor = 0",
        );
        push_others!($query, $reached, "o");
        $query.push(")");
    }};
}

pub(super) use {push_counted, push_counted_lines, push_fee_of_line, push_others, push_reached};
