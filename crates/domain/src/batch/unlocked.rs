//! Days of an account that are locked no more.

use jiff::civil::Date;

use super::{Change, Entity};
use crate::AccountId;

/// The field of a change to the last locked day of an account.
pub const LOCKED_THROUGH: &str = "locked_through";

/// Days that come out of a lock. Rows of them that the bank has told otherwise meanwhile were left as they were
/// ([`crate::reconcile::Reason::StaysLocked`]), and are decided anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unlocked {
    /// Of which account.
    pub account: AccountId,
    /// The last of these days.
    pub through: Date,
    /// The last day that is locked still, if any is.
    pub still_through: Option<Date>,
}

impl Unlocked {
    /// The days that a change unlocks; `None` of a change that does no such thing.
    pub fn of(change: &Change) -> Option<Self> {
        let is_lock = change.entity == Entity::Account && change.field == LOCKED_THROUGH;
        let day = |value: &Option<String>| value.as_deref().and_then(|text| text.parse::<Date>().ok());
        let (through, still_through) = (day(&change.before).filter(|_| is_lock)?, day(&change.after));
        (still_through < Some(through)).then_some(Self { account: change.id.into(), through, still_through })
    }

    /// Whether a day is one of them.
    pub fn frees(&self, day: Date) -> bool {
        day <= self.through && self.still_through.is_none_or(|still| day > still)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn days_are_unlocked_between_the_old_lock_and_the_new_one() {
        let id = Uuid::from_u128(1);
        let lock = |before: Option<&str>, after: Option<&str>| Change {
            entity: Entity::Account,
            id,
            owner: id,
            field: LOCKED_THROUGH.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        assert_eq!(Unlocked::of(&lock(None, Some("2026-11-10"))), None);
        assert_eq!(Unlocked::of(&lock(Some("2026-11-10"), Some("2026-11-12"))), None);
        let all = Unlocked::of(&lock(Some("2026-11-10"), None)).unwrap();
        let some = Unlocked::of(&lock(Some("2026-11-10"), Some("2026-11-05"))).unwrap();
        for (day, is_of_all, is_of_some) in [(5, true, false), (6, true, true), (10, true, true), (11, false, false)] {
            let day = date(2026, 11, day);
            assert_eq!((all.frees(day), some.frees(day)), (is_of_all, is_of_some), "{day}");
        }
        assert_eq!(Unlocked::of(&Change { field: "opening_on".to_owned(), ..lock(Some("2026-11-10"), None) }), None);
    }
}
