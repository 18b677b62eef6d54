//! Which rows a register shows.

use std::collections::BTreeSet;

use bankside_domain::cashflow::Reach;
use bankside_domain::{AccountId, BillId, CategoryId, CurrencyCode, PayeeId, TagId, TransactionId};
use jiff::civil::Date;

use super::search::folded;
use super::sort::Sort;
use crate::inbox::InboxRows;

/// Which rows to show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisterQuery {
    /// Of this account; `None` is of all.
    pub account: Option<AccountId>,
    /// With this text in payee, notes, category or tags, or with this amount.
    pub search: Option<String>,
    /// What else must be true of them.
    pub filter: Filter,
    /// By what they are sorted.
    pub sort: Sort,
    /// From the smallest to the greatest, and from the oldest to the newest.
    pub is_ascending: bool,
    /// How many rows to skip.
    pub offset: i64,
    /// How many rows to show, at most 500.
    pub limit: i64,
    /// Whether the rows shall not wait until all that fit are counted, where that takes a look at each.
    pub leaves_totals: bool,
}

/// What must be true of a row. What is `None` or `false` asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this one.
    pub only: Option<TransactionId>,
    /// On this day or later.
    pub from: Option<Date>,
    /// On this day or earlier.
    pub to: Option<Date>,
    /// At least this much, in or out: minor units for currencies with 0, 1, 2, 3 and 4 digits after the point.
    pub min: Option<[i64; 5]>,
    /// At most this much, in or out.
    pub max: Option<[i64; 5]>,
    /// Money in or out.
    pub direction: Option<Direction>,
    /// In one of these accounts.
    pub accounts: Option<BTreeSet<AccountId>>,
    /// With a line of this category, or with one that has none and wants one: booked or pending, and nothing that a transfer has moved.
    /// Of a cashflow, which leaves out more than that by itself, with one that has none.
    pub category: Option<Option<CategoryId>>,
    /// With a line that has a category, whichever.
    pub is_mapped: bool,
    /// With a line of this category or of one below it.
    pub main_category: Option<CategoryId>,
    /// What this cashflow counts: rows of the accounts that stood there on their day, booked ones, and pending ones where the account
    /// counts them. What is asked of the direction is asked of lines then, since cashflow is made of lines.
    pub cashflow: Option<Reach>,
    /// In this currency.
    pub currency: Option<CurrencyCode>,
    /// With this payee.
    pub payee: Option<PayeeId>,
    /// With a payee of this pattern ([`bankside_domain::suggest::pattern`]).
    pub pattern: Option<String>,
    /// With this tag on a line.
    pub tag: Option<TagId>,
    /// On this bill of a card.
    pub bill: Option<BillId>,
    /// In this state.
    pub state: Option<RowState>,
    /// Nobody has looked at it.
    pub is_new: bool,
    /// A person has written over what the bank says.
    pub is_edited: bool,
    /// In the inbox.
    pub inbox: Option<InboxRows>,
}

/// In or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Money in.
    In,
    /// Money out.
    Out,
}

/// How far a row has come, as people read it: the first that is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowState {
    /// The bank may still change it.
    Pending,
    /// The bank will do it.
    Scheduled,
    /// The bank has refused it.
    Declined,
    /// It was compared with a statement and locked.
    Reconciled,
    /// The bank has booked it, or a person has ticked it.
    Cleared,
    /// Somebody typed it, and nothing has confirmed it.
    Typed,
}

impl RowState {
    /// The condition. Each text is one that both engines understand; that a pending row is not booked is said for SQLite, which looks
    /// for the very condition of an index.
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::Pending => " AND t.status = 'pending' AND t.status <> 'booked'",
            Self::Scheduled => " AND t.status = 'scheduled' AND t.status <> 'booked'",
            Self::Declined => " AND t.status = 'declined' AND t.status <> 'booked'",
            Self::Reconciled => " AND t.status = 'booked' AND t.reconciled_at IS NOT NULL",
            Self::Cleared => {
                " AND t.status = 'booked' AND t.reconciled_at IS NULL \
                 AND (t.provider_dated_on IS NOT NULL OR t.cleared_at IS NOT NULL)"
            }
            Self::Typed => {
                " AND t.status = 'booked' AND t.reconciled_at IS NULL AND t.provider_dated_on IS NULL \
                 AND t.cleared_at IS NULL"
            }
        }
    }
}

impl Filter {
    /// Whether anything is asked of lines that an amount of theirs can be told of: which category, and of a cashflow the direction.
    pub(super) fn asks_lines(&self) -> bool {
        self.category.is_some() || self.main_category.is_some() || self.line_direction().is_some()
    }

    /// Whether only lines are asked for that want a category and have none.
    pub(super) fn wants_category(&self) -> bool {
        self.category == Some(None) && self.cashflow.is_none()
    }

    /// Money in or out, where that is asked of lines.
    pub(super) fn line_direction(&self) -> Option<Direction> {
        self.direction.filter(|_| self.cashflow.is_some())
    }
}

impl RegisterQuery {
    /// Whether rows are left out that the account has.
    pub fn is_filtered(&self) -> bool {
        self.filter != Filter::default() || folded(self).is_some()
    }
}
