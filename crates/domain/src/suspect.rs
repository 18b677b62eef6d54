//! Suspects: rows that may be why bank and ledger part within a stretch of days.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::TransactionId;
use crate::suspicion::pairs::{MAX_DAYS_APART, days_between};

/// Why a row is a suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grounds {
    /// It is pending, and a booked balance does not contain it.
    Pending,
    /// Somebody typed it, and no bank confirms it.
    Typed,
    /// Somebody took it out of the books.
    TakenOut,
    /// It was moved to another account.
    Moved,
    /// It is held back and waits for a person.
    HeldBack,
    /// Another row of the same amount is near.
    Twin,
}

impl Grounds {
    /// Why, as a sentence for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Pending => "It is pending, and the bank's booked balance does not contain it.",
            Self::Typed => "Somebody typed it, and no row of the bank confirms it.",
            Self::TakenOut => "Somebody took it out of the books.",
            Self::Moved => "It stands in another account now.",
            Self::HeldBack => "It is held back, so it is not in the books yet.",
            Self::Twin => "Another row of the same amount is near: it may be the same one twice.",
        }
    }

    /// Whether the ledger lacks the row. Otherwise it has it, perhaps once too often.
    fn is_missing(self) -> bool {
        matches!(self, Self::TakenOut | Self::Moved | Self::HeldBack | Self::Pending)
    }
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// The bank has booked it, and it stands in the account.
    Booked,
    /// Anywhere else, which is a grounds by itself.
    Suspect(Grounds),
}

/// A row of the account or of its bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowNear {
    /// Its transaction, where it is one.
    pub transaction: Option<TransactionId>,
    /// The day the bank booked it, or its day in the books.
    pub day: Date,
    /// Whom it was with.
    pub payee: Option<String>,
    /// Minor units.
    pub amount_minor: i64,
    /// Where it stands.
    pub whereabouts: Whereabouts,
}

/// A row that may be why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// The row.
    pub row: RowNear,
    /// Why it is one.
    pub grounds: Grounds,
    /// Whether it alone would explain the whole difference.
    pub explains: bool,
}

/// Finds the suspects of a stretch, those first that would explain the whole difference. `by_minor` is bank minus ledger. Rows around
/// the stretch are only looked at for twins.
pub fn suspects(rows: &[RowNear], from: Date, to: Date, by_minor: i64) -> Vec<Suspect> {
    let mut found: Vec<Suspect> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| (from..=to).contains(&row.day))
        .filter_map(|(place, row)| {
            let grounds = match row.whereabouts {
                Whereabouts::Suspect(grounds) => grounds,
                Whereabouts::Booked if has_twin(rows, place) => Grounds::Twin,
                Whereabouts::Booked => return None,
            };
            let would_be = if grounds.is_missing() { row.amount_minor } else { row.amount_minor.saturating_neg() };
            Some(Suspect { row: row.clone(), grounds, explains: would_be == by_minor })
        })
        .collect();
    found.sort_by_key(|suspect| (!suspect.explains, suspect.row.day));
    found
}

fn has_twin(rows: &[RowNear], place: usize) -> bool {
    let mine = &rows[place];
    rows.iter().enumerate().any(|(other, row)| {
        other != place
            && matches!(row.whereabouts, Whereabouts::Booked | Whereabouts::Suspect(Grounds::Typed))
            && row.amount_minor == mine.amount_minor
            && days_between(row.day, mine.day).abs() <= MAX_DAYS_APART
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn row(day: i8, amount_minor: i64, whereabouts: Whereabouts) -> RowNear {
        RowNear { transaction: None, day: date(2026, 11, day), payee: None, amount_minor, whereabouts }
    }

    #[test]
    fn the_row_that_explains_the_difference_comes_first() {
        let rows = [
            row(4, -50, Whereabouts::Suspect(Grounds::Typed)),
            row(5, -100, Whereabouts::Suspect(Grounds::TakenOut)),
            row(5, -20, Whereabouts::Booked),
            row(9, -100, Whereabouts::Suspect(Grounds::TakenOut)),
        ];
        let found = suspects(&rows, date(2026, 11, 4), date(2026, 11, 6), -100);
        let short: Vec<_> = found.iter().map(|one| (one.row.day.day(), one.grounds, one.explains)).collect();
        assert_eq!(short, [(5, Grounds::TakenOut, true), (4, Grounds::Typed, false)]);
    }

    #[test]
    fn a_twin_may_lie_outside_the_stretch() {
        let rows = [row(3, -100, Whereabouts::Booked), row(5, -100, Whereabouts::Booked)];
        let found = suspects(&rows, date(2026, 11, 4), date(2026, 11, 6), 100);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].grounds, found[0].explains), (Grounds::Twin, true));
        assert_eq!(suspects(&rows[1..], date(2026, 11, 4), date(2026, 11, 6), 100), []);
    }
}
