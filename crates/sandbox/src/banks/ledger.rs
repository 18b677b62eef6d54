//! The book of one account: rows in order, a running balance, and what a bank states about them on a day.

use bankside_domain::{Amount, Currency};
use jiff::civil::Date;

use super::calendar::previous_business;

/// The other side of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Party {
    /// Its name.
    pub(crate) name: String,
    /// Its account; card payments have none.
    pub(crate) iban: Option<String>,
}

/// A row that is booked and never changes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The bank's own number for it, unique within the account.
    pub(crate) number: String,
    /// The day it was booked, a business day.
    pub(crate) booked_on: Date,
    /// The day it counts from.
    pub(crate) value_on: Date,
    /// The owner's view: out is negative.
    pub(crate) amount: Amount,
    /// The other side.
    pub(crate) party: Option<Party>,
    /// What it was for, line by line.
    pub(crate) text: Vec<String>,
    /// Bank transaction code of ISO 20022.
    pub(crate) code: &'static str,
    /// The bank's own code.
    pub(crate) own_code: Option<&'static str>,
    /// Direct debits: mandate and creditor id.
    pub(crate) mandate: Option<Mandate>,
    /// The balance after this row; `None` where the bank keeps no running balance.
    pub(crate) balance_after: Option<Amount>,
}

/// What a direct debit refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mandate {
    /// Mandate reference.
    pub(crate) id: String,
    /// Creditor identifier; always the one that the scheme reserves for examples.
    pub(crate) creditor: &'static str,
}

/// A row that is on its way. It has no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pending {
    /// The day it happened.
    pub(crate) on: Date,
    /// The owner's view: out is negative.
    pub(crate) amount: Amount,
    /// Where.
    pub(crate) party: Option<String>,
    /// What the bank calls it until then.
    pub(crate) text: String,
}

/// What a balance contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BalanceKind {
    /// Everything booked until now.
    InterimBooked,
    /// Everything booked until the last business day before today.
    ClosingBooked,
    /// Everything booked until the end of the month before.
    PreviouslyClosedBooked,
    /// Booked and pending.
    Expected,
    /// What can be spent.
    InterimAvailable,
    /// What is owed on a card, booked and pending, as the bank's claim.
    Owed,
    /// The part of it that is pending.
    NonInvoiced,
    /// Everything booked until now, under a name that says nothing.
    Information,
}

/// A balance as the bank states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stated {
    /// What it contains.
    pub(crate) kind: BalanceKind,
    /// How much.
    pub(crate) amount: Amount,
    /// The day it is for.
    pub(crate) on: Date,
}

/// All that a bank knows about an account on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Booked rows, oldest first, from the first day on.
    pub(crate) booked: Vec<Entry>,
    /// Pending rows, oldest first.
    pub(crate) pending: Vec<Pending>,
    /// Balances in the bank's order.
    pub(crate) balances: Vec<Stated>,
}

impl Statement {
    /// Nothing at all.
    pub(crate) const EMPTY: Self = Self { booked: Vec::new(), pending: Vec::new(), balances: Vec::new() };
}

/// What a generator says about a row before the ledger numbers it.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) minor: i64,
    pub(super) party: Option<Party>,
    pub(super) text: Vec<String>,
    pub(super) code: &'static str,
    pub(super) own_code: Option<&'static str>,
    pub(super) mandate: Option<Mandate>,
}

/// An account's book while it is being written.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    prefix: &'static str,
    currency: Currency,
    opening_minor: i64,
    balance_minor: i64,
    entries: Vec<Entry>,
}

impl Ledger {
    /// An empty book with what stood in it before its first row.
    pub(super) fn new(prefix: &'static str, currency: Currency, opening_minor: i64) -> Self {
        Self { prefix, currency, opening_minor, balance_minor: opening_minor, entries: Vec::new() }
    }

    /// What stands in it now.
    pub(super) fn balance_minor(&self) -> i64 {
        self.balance_minor
    }

    /// Books a row. Rows come in the order of their days; the number counts within the day, so it never changes later.
    pub(super) fn book(&mut self, booked_on: Date, value_on: Date, draft: Draft) {
        let in_day = self.entries.iter().rev().take_while(|entry| entry.booked_on == booked_on).count() + 1;
        self.balance_minor += draft.minor;
        self.entries.push(Entry {
            number: format!("{}{}{in_day:04}", self.prefix, booked_on.strftime("%Y%m%d")),
            booked_on,
            value_on,
            amount: Amount::new(draft.minor, self.currency),
            party: draft.party,
            text: draft.text,
            code: draft.code,
            own_code: draft.own_code,
            mandate: draft.mandate,
            balance_after: Some(Amount::new(self.balance_minor, self.currency)),
        });
    }

    /// What stood in it at the end of a day.
    fn balance_on(&self, day: Date) -> i64 {
        let rows = self.entries.iter().filter(|entry| entry.booked_on <= day);
        self.opening_minor + rows.map(|entry| entry.amount.minor).sum::<i64>()
    }

    /// The statement of today, with these kinds of balances.
    pub(super) fn statement(self, today: Date, pending: Vec<Pending>, kinds: &[BalanceKind]) -> Statement {
        let outstanding: i64 = pending.iter().map(|row| row.amount.minor).sum();
        let state = |kind: &BalanceKind| {
            let (minor, on) = match kind {
                BalanceKind::InterimBooked | BalanceKind::Information => (self.balance_minor, today),
                BalanceKind::Owed => (-self.balance_minor - outstanding, today),
                BalanceKind::NonInvoiced => (-outstanding, today),
                BalanceKind::ClosingBooked => {
                    let day = previous_business(today);
                    (self.balance_on(day), day)
                }
                BalanceKind::PreviouslyClosedBooked => {
                    let day = today.first_of_month().yesterday().unwrap_or(today);
                    (self.balance_on(day), day)
                }
                BalanceKind::Expected | BalanceKind::InterimAvailable => (self.balance_minor + outstanding, today),
            };
            Stated { kind: *kind, amount: Amount::new(minor, self.currency), on }
        };
        let balances = kinds.iter().map(state).collect();
        Statement { booked: self.entries, pending, balances }
    }
}
