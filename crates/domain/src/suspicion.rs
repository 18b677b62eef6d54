//! Suspicions: doubts that no rule may settle, and what a person may say to each.
//!
//! A row that was held back waits outside the books. What a person says to it is a batch of theirs, and later syncs keep to it: they
//! find the row again by its bytes, its content or its id, whatever was said. Two rows of the books that may be one are a pair.

pub mod pairs;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::{FeedRowId, TransactionId};
use crate::reconcile::Reason;

/// Which doubt: it is named by what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suspicion {
    /// A row that was held back.
    Held(FeedRowId),
    /// Two rows of the books that may be one.
    Pair(TransactionId, TransactionId),
    /// Two rows of the books that may be a transfer: that which money left by, and that which it came in by.
    Transfer(TransactionId, TransactionId),
}

impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(feed_row) => feed_row.fmt(f),
            Self::Pair(first, second) => write!(f, "{first}~{second}"),
            Self::Transfer(out, into) => write!(f, "{out}_{into}"),
        }
    }
}

impl FromStr for Suspicion {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((out, into)) = text.split_once('_') {
            return Ok(Self::Transfer(out.parse()?, into.parse()?));
        }
        match text.split_once('~') {
            Some((first, second)) => Ok(Self::Pair(first.parse()?, second.parse()?)),
            None => text.parse().map(Self::Held),
        }
    }
}

/// What a person may say to a row that was held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeldChoice {
    /// It is a row of its own: it comes into the books.
    NewRow,
    /// It is the known row, which the bank has corrected: that row takes its content.
    Correction,
    /// It is not for the books, now or later.
    LeaveOut,
}

/// What may be said to a row that was held back for a reason. `has_known` says whether the row whose id it carries stands in
/// the books, `is_locked` whether its own day is locked now.
pub fn held_choices(reason: Option<&Reason>, has_known: bool, is_locked: bool) -> Vec<HeldChoice> {
    let comes_in = match reason {
        Some(Reason::IdDisagrees { .. } | Reason::PeriodLocked { .. }) => !is_locked,
        // What cannot be read, or is in another currency, has no amount that the account could take.
        _ => false,
    };
    let corrects = matches!(reason, Some(Reason::IdDisagrees { .. })) && has_known && !is_locked;
    let choices = [(HeldChoice::NewRow, comes_in), (HeldChoice::Correction, corrects), (HeldChoice::LeaveOut, true)];
    choices.into_iter().filter(|(_, may)| *may).map(|(choice, _)| choice).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::HeldChoice::{Correction, LeaveOut, NewRow};
    use super::*;
    use crate::row::RowIdKind;

    #[test]
    fn a_suspicion_is_found_by_its_name() {
        let id = |number| uuid::Uuid::from_u128(number);
        for suspicion in [
            Suspicion::Held(id(1).into()),
            Suspicion::Pair(id(1).into(), id(2).into()),
            Suspicion::Transfer(id(1).into(), id(2).into()),
        ] {
            assert_eq!(suspicion.to_string().parse(), Ok(suspicion));
        }
        assert!("~".parse::<Suspicion>().is_err());
    }

    #[test]
    fn a_locked_day_lets_nothing_in() {
        let disagrees = Reason::IdDisagrees { kind: RowIdKind::Bank };
        let locked = Reason::PeriodLocked { through: date(2026, 10, 31) };
        assert_eq!(held_choices(Some(&disagrees), true, false), [NewRow, Correction, LeaveOut]);
        assert_eq!(held_choices(Some(&disagrees), false, false), [NewRow, LeaveOut]);
        assert_eq!(held_choices(Some(&disagrees), true, true), [LeaveOut]);
        assert_eq!(held_choices(Some(&locked), false, true), [LeaveOut]);
        assert_eq!(held_choices(Some(&locked), false, false), [NewRow, LeaveOut], "the lock was taken off since");
        let unreadable = Reason::Unreadable { why: "no amount".to_owned() };
        assert_eq!(held_choices(Some(&unreadable), false, false), [LeaveOut]);
    }
}
