//! How a row of the books follows its bank: what the bank's row says holds, but for what a person or a rule has written over it.

use jiff::civil::Date;
use uuid::Uuid;

use crate::batch::{Change, EXISTS, Entity};
use crate::reconcile::Entry;
use crate::row::RowStatus;
use crate::{Code, Id, LineId, PayeeId, TransactionId};

/// A transaction with its first line, as far as a bank's row speaks of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Follower {
    /// Which transaction.
    pub id: TransactionId,
    /// Its first line.
    pub line: LineId,
    /// Whether it stands in the books.
    pub is_there: bool,
    /// How far the bank has got.
    pub status: RowStatus,
    /// Minor units.
    pub amount_minor: i64,
    /// What the first line has of it, in minor units.
    pub line_minor: i64,
    /// Its day.
    pub dated_on: Date,
    /// Whom it was with.
    pub payee: Option<PayeeId>,
    /// The day the bank booked it.
    pub booked_on: Option<Date>,
    /// The day it counts from.
    pub value_on: Option<Date>,
    /// The day that the bank gives.
    pub provider_dated_on: Option<Date>,
    /// The payee that the bank names.
    pub provider_payee: Option<PayeeId>,
    /// What it was for.
    pub note: Option<String>,
    /// What the bank says that it was for.
    pub provider_note: Option<String>,
}

/// What a person or a rule has written over what the bank says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByHand {
    /// The day.
    pub dated_on: bool,
    /// The payee.
    pub payee: bool,
    /// The note of the first line.
    pub note: bool,
}

impl Follower {
    /// As it is once the bank says this of it. `payee` is the one that the entry names.
    #[must_use]
    pub fn follow(&self, entry: &Entry, payee: Option<PayeeId>, by_hand: ByHand) -> Self {
        // Of a row that is split the lines say what it comes to.
        let is_split = self.line_minor != self.amount_minor;
        Self {
            id: self.id,
            line: self.line,
            is_there: true,
            status: entry.status,
            amount_minor: if is_split { self.amount_minor } else { entry.minor },
            line_minor: if is_split { self.line_minor } else { entry.minor },
            dated_on: if by_hand.dated_on { self.dated_on } else { entry.dated_on },
            payee: if by_hand.payee { self.payee } else { payee },
            booked_on: entry.booked_on,
            value_on: entry.value_on,
            provider_dated_on: Some(entry.dated_on),
            provider_payee: payee,
            note: if by_hand.note { self.note.clone() } else { entry.note.clone() },
            provider_note: entry.note.clone(),
        }
    }

    /// As it is once no bank speaks of it any more: of a row that somebody typed, what a pending row had lent it goes.
    #[must_use]
    pub fn let_go(&self) -> Self {
        Self {
            status: RowStatus::Booked,
            booked_on: None,
            value_on: None,
            provider_dated_on: None,
            provider_payee: None,
            provider_note: None,
            ..self.clone()
        }
    }

    /// Whether a bank's row of this status is news: a row counts as seen from when the bank first booked it, and a text that changes
    /// later does not change that.
    pub fn is_news(&self, status: RowStatus) -> bool {
        self.status != status || self.provider_dated_on.is_none()
    }

    /// What changes from here to there, in the order in which it is recorded.
    pub fn changes_to(&self, next: &Self) -> Vec<Change> {
        let there = |row: &Self| row.is_there.then(|| "1".to_owned());
        let status = |row: &Self| Some(row.status.code().to_owned());
        let day = |day: Option<Date>| day.map(|day| day.to_string());
        let payee = |payee: Option<PayeeId>| payee.map(|payee| payee.to_string());
        let minor = |minor: i64| Some(minor.to_string());
        let owner = self.id.uuid();
        let (row, line) = ((Entity::Transaction, owner), (Entity::Line, self.line.uuid()));
        let fields = [
            (row, EXISTS, there(self), there(next)),
            (row, "status", status(self), status(next)),
            (row, "amount_minor", minor(self.amount_minor), minor(next.amount_minor)),
            (line, "amount_minor", minor(self.line_minor), minor(next.line_minor)),
            (row, "dated_on", day(Some(self.dated_on)), day(Some(next.dated_on))),
            (row, "payee_id", payee(self.payee), payee(next.payee)),
            (row, "booked_on", day(self.booked_on), day(next.booked_on)),
            (row, "value_on", day(self.value_on), day(next.value_on)),
            (row, "provider_dated_on", day(self.provider_dated_on), day(next.provider_dated_on)),
            (row, "provider_payee_id", payee(self.provider_payee), payee(next.provider_payee)),
            (line, "note", self.note.clone(), next.note.clone()),
            (line, "provider_note", self.provider_note.clone(), next.provider_note.clone()),
        ];
        let differs = |field: &(_, _, Option<String>, Option<String>)| field.2 != field.3;
        let change = |((entity, id), field, before, after): ((Entity, Uuid), &str, _, _)| Change {
            entity,
            id,
            owner,
            field: field.to_owned(),
            before,
            after,
        };
        fields.into_iter().filter(differs).map(change).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn row() -> Follower {
        Follower {
            id: Uuid::from_u128(1).into(),
            line: Uuid::from_u128(2).into(),
            is_there: true,
            status: RowStatus::Pending,
            amount_minor: -280,
            line_minor: -280,
            dated_on: date(2026, 11, 20),
            payee: Some(Uuid::from_u128(3).into()),
            booked_on: None,
            value_on: Some(date(2026, 11, 20)),
            provider_dated_on: Some(date(2026, 11, 20)),
            provider_payee: Some(Uuid::from_u128(3).into()),
            note: Some("card 0815".to_owned()),
            provider_note: Some("card 0815".to_owned()),
        }
    }

    fn booked() -> Entry {
        Entry {
            status: RowStatus::Booked,
            minor: -300,
            dated_on: date(2026, 11, 22),
            booked_on: Some(date(2026, 11, 22)),
            value_on: Some(date(2026, 11, 20)),
            payee: None,
            note: Some("coffee".to_owned()),
            moves_opening: false,
        }
    }

    fn fields(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.field.as_str()).collect()
    }

    #[test]
    fn what_the_bank_says_holds_unless_somebody_has_written_over_it() {
        let by_hand = ByHand { dated_on: true, note: true, ..ByHand::default() };
        let next = row().follow(&booked(), None, by_hand);
        assert_eq!((next.dated_on, next.note.as_deref()), (date(2026, 11, 20), Some("card 0815")));
        assert_eq!((next.provider_dated_on, next.provider_note.as_deref()), (Some(date(2026, 11, 22)), Some("coffee")));
        assert_eq!((next.payee, next.amount_minor, next.line_minor), (None, -300, -300));
    }

    #[test]
    fn a_split_row_keeps_what_its_lines_come_to() {
        let split = Follower { line_minor: -200, ..row() };
        let next = split.follow(&booked(), None, ByHand::default());
        assert_eq!((next.amount_minor, next.line_minor), (-280, -200));
    }

    #[test]
    fn what_follows_already_changes_nothing() {
        let next = row().follow(&booked(), None, ByHand::default());
        assert_eq!(next.changes_to(&next.follow(&booked(), None, ByHand::default())), []);
    }

    #[test]
    fn a_typed_row_gives_back_what_a_pending_row_had_lent_it() {
        let changes = row().changes_to(&row().let_go());
        assert_eq!(fields(&changes), ["status", "value_on", "provider_dated_on", "provider_payee_id", "provider_note"]);
        assert_eq!(row().let_go().changes_to(&row().let_go().let_go()), []);
    }

    #[test]
    fn a_row_that_had_left_comes_back_with_what_it_follows() {
        let gone = Follower { is_there: false, ..row() };
        let changes = gone.changes_to(&gone.follow(&booked(), gone.payee, ByHand::default()));
        assert_eq!(fields(&changes)[..3], [EXISTS, "status", "amount_minor"]);
    }
}
