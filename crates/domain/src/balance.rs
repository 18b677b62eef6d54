//! Balances as the bank states them, and what they prove.
//!
//! A proof compares the *difference* of two booked balances with the movements between them, so it needs no trust in the
//! opening balance. Expected and available balances contain what is not booked yet and never prove anything.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// What a balance contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BalanceKind {
    /// Booked rows and nothing else.
    Booked,
    /// Booked rows and known pending ones.
    Expected,
    /// What can be spent, perhaps with a credit limit.
    Available,
    /// Anything else: a limit, a sum of pending rows, a kind that we do not know.
    Other,
}

/// Which moment a balance speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at", content = "day")]
pub enum BalanceMoment {
    /// The moment it was asked for.
    Now,
    /// After everything booked on this day.
    EndOf(Date),
    /// Before anything booked on this day.
    StartOf(Date),
}

/// A balance as the bank stated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedBalance {
    /// What it contains.
    pub kind: BalanceKind,
    /// Which moment it speaks of.
    pub moment: BalanceMoment,
    /// Minor units, the owner's sign.
    pub minor: i64,
    /// When it was stated.
    pub seen_at: Timestamp,
}

/// One booked row of the ledger, as far as a proof cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Movement {
    /// The day the bank booked it; for a row that a person typed, its day in the books.
    pub booked_on: Date,
    /// When we first knew of it.
    pub seen_at: Timestamp,
    /// Minor units.
    pub minor: i64,
}

/// What the balances say about the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "proof")]
pub enum Proof {
    /// Every movement between these two balances is in the books, and nothing else is.
    Proven {
        /// The day of the first balance.
        since: Date,
        /// When the last balance was stated.
        through: Timestamp,
    },
    /// The same, beside differences that a person has accepted.
    Accepted {
        /// The day of the first balance.
        since: Date,
        /// When the last balance was stated.
        through: Timestamp,
        /// What was accepted, bank minus ledger, in minor units.
        by_minor: i64,
    },
    /// Bank and ledger differ, and a person does not want to hear of exactly this.
    Ignored {
        /// The day of the first balance that does not fit; `None` when they have been apart from the start.
        since: Option<Date>,
        /// Bank minus ledger, in minor units.
        by_minor: i64,
    },
    /// From this day on the bank's balances and the movements differ.
    Diverged {
        /// The day of the first balance that does not fit.
        since: Date,
        /// Bank minus ledger, in minor units.
        by_minor: i64,
    },
    /// Every movement fits, but bank and ledger have been apart since before the first of them: the opening balance is another
    /// one than the bank's.
    OpeningDiffers {
        /// Bank minus ledger, in minor units.
        by_minor: i64,
    },
    /// Nothing can be said.
    NotProvable {
        /// Why not.
        because: NotProvable,
    },
}

/// Why nothing can be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotProvable {
    /// The bank has stated no balance at all.
    NoBalance,
    /// The bank states only balances that contain pending rows or limits.
    OnlyUnbookedKinds,
    /// Two are needed, and there is one so far.
    OnlyOneBalance,
}

impl NotProvable {
    /// The reason as the end of a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::NoBalance => "the bank has stated no balance yet",
            Self::OnlyUnbookedKinds => "this bank states no booked balance",
            Self::OnlyOneBalance => "it takes two balances, and there is one so far",
        }
    }
}

impl StatedBalance {
    /// The day that this balance speaks of; UTC stands in for the bank's zone where only an instant is known.
    pub fn day(&self) -> Date {
        match self.moment {
            BalanceMoment::Now => self.seen_at.to_zoned(jiff::tz::TimeZone::UTC).date(),
            BalanceMoment::EndOf(day) | BalanceMoment::StartOf(day) => day,
        }
    }

    /// Whether a movement was part of this balance. What we first saw after the balance was stated was not: the rows of a
    /// run are fetched before its balances.
    pub(crate) fn contains(&self, movement: &Movement) -> bool {
        movement.seen_at <= self.seen_at
            && match self.moment {
                BalanceMoment::Now => true,
                BalanceMoment::EndOf(day) => movement.booked_on <= day,
                BalanceMoment::StartOf(day) => movement.booked_on < day,
            }
    }

    /// Whether all of this balance's movements since the history began are in the books.
    pub(crate) fn lies_within(&self, history_from: Option<Date>) -> bool {
        let Some(from) = history_from else { return true };
        match self.moment {
            BalanceMoment::Now => true,
            BalanceMoment::EndOf(day) => day.tomorrow().is_ok_and(|next| next >= from),
            BalanceMoment::StartOf(day) => day >= from,
        }
    }

    /// Earlier moments first; of equal ones the one stated first.
    pub(crate) fn order(&self) -> (Date, u8, Timestamp) {
        let within_day = match self.moment {
            BalanceMoment::StartOf(_) => 0,
            BalanceMoment::Now => 1,
            BalanceMoment::EndOf(_) => 2,
        };
        (self.day(), within_day, self.seen_at)
    }
}

/// What the stated balances say about an account: about its movements, and, where those fit, about its opening balance.
/// `ledger_minor` is opening balance and booked rows together, `None` where the opening is not known yet.
pub fn prove_account(
    balances: &[StatedBalance],
    movements: &[Movement],
    history_from: Option<Date>,
    ledger_minor: Option<i64>,
) -> Proof {
    let proof = prove(balances, movements, history_from);
    if matches!(proof, Proof::Diverged { .. }) {
        return proof;
    }
    let stated = |balance: &&StatedBalance| balance.kind == BalanceKind::Booked && balance.lies_within(history_from);
    let last = balances.iter().filter(stated).max_by_key(|balance| balance.order());
    let (Some(last), Some(ledger_minor)) = (last, ledger_minor) else { return proof };
    // Rows that are no part of the balance do not count against it.
    let later: i64 = movements.iter().filter(|movement| !last.contains(movement)).map(|movement| movement.minor).sum();
    match last.minor - (ledger_minor - later) {
        0 => proof,
        by_minor => Proof::OpeningDiffers { by_minor },
    }
}

/// What the stated balances prove about the movements. `history_from` is the first day whose rows are in the books;
/// movements that came later as older history moved the opening balance and must be left out by the caller.
pub fn prove(balances: &[StatedBalance], movements: &[Movement], history_from: Option<Date>) -> Proof {
    if balances.is_empty() {
        return Proof::NotProvable { because: NotProvable::NoBalance };
    }
    let mut booked: Vec<&StatedBalance> = balances
        .iter()
        .filter(|balance| balance.kind == BalanceKind::Booked && balance.lies_within(history_from))
        .collect();
    booked.sort_by_key(|balance| balance.order());
    let (Some(first), Some(last)) = (booked.first().copied(), booked.last().copied()) else {
        return Proof::NotProvable { because: NotProvable::OnlyUnbookedKinds };
    };
    if booked.iter().all(|balance| balance.moment == first.moment && balance.seen_at == first.seen_at) {
        return Proof::NotProvable { because: NotProvable::OnlyOneBalance };
    }
    let drift = |balance: &StatedBalance| {
        let between: i64 = movements
            .iter()
            .map(|movement| {
                movement.minor * (i64::from(balance.contains(movement)) - i64::from(first.contains(movement)))
            })
            .sum();
        balance.minor - first.minor - between
    };
    let by_minor = drift(last);
    if by_minor == 0 {
        return Proof::Proven { since: first.day(), through: last.seen_at };
    }
    let breaks_at = booked.iter().rev().take_while(|balance| drift(balance) != 0).last();
    Proof::Diverged { since: breaks_at.map_or(last.day(), |balance| balance.day()), by_minor }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn seen(day: i8) -> Timestamp {
        date(2026, 11, day).at(7, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp()
    }

    fn now(day: i8, minor: i64) -> StatedBalance {
        StatedBalance { kind: BalanceKind::Booked, moment: BalanceMoment::Now, minor, seen_at: seen(day) }
    }

    fn end_of(day: i8, minor: i64, seen_on: i8) -> StatedBalance {
        let moment = BalanceMoment::EndOf(date(2026, 11, day));
        StatedBalance { kind: BalanceKind::Booked, moment, minor, seen_at: seen(seen_on) }
    }

    fn movement(booked: i8, seen_on: i8, minor: i64) -> Movement {
        Movement { booked_on: date(2026, 11, booked), seen_at: seen(seen_on), minor }
    }

    #[test]
    fn two_balances_of_one_fetch_prove_what_lies_between() {
        let rows = [movement(1, 10, 1000), movement(5, 10, -300), movement(9, 10, -50)];
        let balances = [end_of(4, 5000, 10), now(10, 4650)];
        assert_eq!(prove(&balances, &rows, None), Proof::Proven { since: date(2026, 11, 4), through: seen(10) });
    }

    #[test]
    fn a_missing_row_is_dated_by_the_first_balance_that_does_not_fit() {
        let rows = [movement(5, 10, -300)];
        let balances = [end_of(4, 5000, 10), end_of(6, 4700, 10), end_of(8, 4600, 10), now(10, 4600)];
        assert_eq!(prove(&balances, &rows, None), Proof::Diverged { since: date(2026, 11, 8), by_minor: -100 });
    }

    #[test]
    fn a_gap_that_heals_is_forgiven() {
        // The bank booked a row between our two calls of the 10th: the balance knew it a day before the rows did.
        let rows = [movement(5, 8, -300), movement(10, 11, -40)];
        let balances = [now(8, 5000), now(9, 5000), now(11, 4960)];
        assert_eq!(prove(&balances, &rows, None), Proof::Proven { since: date(2026, 11, 8), through: seen(11) });
    }

    #[test]
    fn an_opening_that_is_not_the_banks_is_told_apart_from_a_missing_row() {
        let rows = [movement(5, 8, -300), movement(9, 10, -50)];
        let balances = [now(8, 5000), now(10, 4950)];
        let proven = Proof::Proven { since: date(2026, 11, 8), through: seen(10) };
        assert_eq!(prove_account(&balances, &rows, None, Some(4950)), proven);
        assert_eq!(
            prove_account(&balances, &rows, None, None),
            proven,
            "an opening that is not known differs from nothing"
        );
        assert_eq!(prove_account(&balances, &rows, None, Some(-50)), Proof::OpeningDiffers { by_minor: 5000 });
        let typed_since = [rows[0], rows[1], movement(12, 12, -700)];
        assert_eq!(prove_account(&balances, &typed_since, None, Some(4250)), proven);
        let diverged = prove_account(&[now(8, 5000), now(10, 4000)], &rows, None, Some(0));
        assert!(matches!(diverged, Proof::Diverged { by_minor: -950, .. }), "{diverged:?}");
        let one = prove_account(&balances[1..], &rows, None, Some(4950));
        assert_eq!(one, Proof::NotProvable { because: NotProvable::OnlyOneBalance });
    }

    #[test]
    fn expected_and_available_balances_never_prove() {
        let of_kind = |kind| StatedBalance { kind, ..now(10, 1) };
        let balances = [of_kind(BalanceKind::Expected), of_kind(BalanceKind::Available)];
        assert_eq!(prove(&balances, &[], None), Proof::NotProvable { because: NotProvable::OnlyUnbookedKinds });
        assert_eq!(prove(&[], &[], None), Proof::NotProvable { because: NotProvable::NoBalance });
        assert_eq!(prove(&[now(10, 1)], &[], None), Proof::NotProvable { because: NotProvable::OnlyOneBalance });
    }

    #[test]
    fn balances_from_before_the_history_are_no_witnesses() {
        let rows = [movement(5, 10, -300)];
        let balances = [end_of(1, 9999, 10), end_of(4, 5000, 10), now(10, 4700)];
        assert!(matches!(prove(&balances, &rows, Some(date(2026, 11, 5))), Proof::Proven { .. }));
    }
}
