//! The inbox: rows that banks and files have brought, with what is remarkable about each, until somebody has reviewed them.
//!
//! What always holds: a flag follows from rows of the books alone and can be told with its evidence; a row with a flag, or one that
//! somebody is asked about, is never accepted together with the strong ones.

use crate::follow::Follower;
use crate::suggest::{Strength, Sum};
use crate::{AccountId, TransactionId};

/// So many earlier rows of a payee are looked at, the latest: habits change.
pub const MOST_EARLIER: i64 = 50;
/// From so many earlier rows on an amount can be unusual.
pub const LEAST_EARLIER: usize = 4;

/// Where a row stands that came into the inbox, as long as nobody has reviewed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxState {
    /// It waits.
    Waiting,
    /// Somebody does not want to see it there.
    Hidden,
}

/// What the earlier rows of a payee came to, without their sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usual {
    /// How many there are.
    pub rows: usize,
    /// The least, in minor units.
    pub least_minor: u64,
    /// The most, in minor units.
    pub most_minor: u64,
    /// Whether there may be older ones that were not looked at.
    pub is_latest: bool,
}

/// Why a row wants more than a glance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// No earlier row has this payee.
    NewPayee,
    /// It is far from what earlier rows of its payee came to.
    UnusualAmount(Usual),
    /// It may be one with this other row.
    PossibleTwin(TransactionId),
    /// It looks like a transfer whose other side is this row.
    ProposedTransfer(TransactionId),
    /// Its bank names this own account as its other side, of which no row is linked with it.
    InTransit(AccountId),
}

impl Flag {
    /// How programs name it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NewPayee => "new_payee",
            Self::UnusualAmount(_) => "unusual_amount",
            Self::PossibleTwin(_) => "possible_twin",
            Self::ProposedTransfer(_) => "proposed_transfer",
            Self::InTransit(_) => "in_transit",
        }
    }
}

/// What flags are derived from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the row comes to.
    pub sum: Sum,
    /// The latest rows before its day with the same payee, at most [`MOST_EARLIER`]; `None` where it names no payee.
    pub earlier: Option<&'a [Sum]>,
    /// The row that it may be one with.
    pub twin: Option<TransactionId>,
    /// The row that looks like its other side.
    pub proposed: Option<TransactionId>,
    /// The own account that its bank names as its other side.
    pub in_transit: Option<AccountId>,
}

/// What there is to say of what a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It has a category, or needs none: it is one side of a transfer.
    Known,
    /// A category is suggested, and so strongly.
    Suggested(Strength),
    /// Nobody knows.
    Unknown,
}

/// What is remarkable about a row.
pub fn flags(facts: &Facts<'_>) -> Vec<Flag> {
    let mut flags = Vec::new();
    // A row between own accounts has the other account for a payee, or none worth a word.
    let is_transfer = facts.proposed.is_some() || facts.in_transit.is_some();
    if let Some(earlier) = facts.earlier.filter(|_| !is_transfer) {
        if earlier.is_empty() {
            flags.push(Flag::NewPayee);
        }
        flags.extend(unusual(facts.sum, earlier).map(Flag::UnusualAmount));
    }
    flags.extend(facts.twin.map(Flag::PossibleTwin));
    flags.extend(facts.proposed.map(Flag::ProposedTransfer));
    flags.extend(facts.in_transit.map(Flag::InTransit));
    flags
}

/// What the earlier rows came to, where a sum is far from that: more than one and a half times the most, or less than half the least.
/// Only rows of the same direction and currency are compared.
pub fn unusual(sum: Sum, earlier: &[Sum]) -> Option<Usual> {
    let alike = |other: &&Sum| other.currency == sum.currency && (other.minor < 0) == (sum.minor < 0);
    let amounts: Vec<u64> = earlier.iter().filter(alike).map(|other| other.minor.unsigned_abs()).collect();
    let (least, most) = (*amounts.iter().min()?, *amounts.iter().max()?);
    if amounts.len() < LEAST_EARLIER {
        return None;
    }
    let own = u128::from(sum.minor.unsigned_abs()) * 2;
    let is_far = own > u128::from(most) * 3 || own < u128::from(least);
    let is_latest = i64::try_from(earlier.len()).is_ok_and(|count| count >= MOST_EARLIER);
    is_far.then_some(Usual { rows: amounts.len(), least_minor: least, most_minor: most, is_latest })
}

/// Whether a row may be accepted together with others that nobody has to think about: nothing is remarkable about it, nobody is asked
/// about it, and what each of its lines is for is known or strongly suggested.
pub fn is_strong(flags: &[Flag], is_asked: bool, lines: &[Purpose]) -> bool {
    let is_clear = |line: &Purpose| matches!(line, Purpose::Known | Purpose::Suggested(Strength::Strong));
    flags.is_empty() && !is_asked && !lines.is_empty() && lines.iter().all(is_clear)
}

/// Whether a row that was reviewed, or hidden, waits again after its bank has changed it: where its amount, its day or its payee is another
/// one in the books. A text that changes, or a state, brings nothing back.
pub fn returns(before: &Follower, next: &Follower) -> bool {
    next.is_there
        && before.provider_dated_on.is_some()
        && (before.amount_minor != next.amount_minor || before.dated_on != next.dated_on || before.payee != next.payee)
}

#[cfg(test)]
mod tests;
