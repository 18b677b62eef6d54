//! The opening balance: worked out once, when an account is linked, by arithmetic that a person can redo.

use jiff::civil::Date;

use crate::balance::{BalanceKind, BalanceMoment, StatedBalance};

/// The sum that gives an opening balance: `bank − rows = opening`, all in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpeningSum {
    /// The balance that was used.
    pub bank_minor: i64,
    /// What it contained, so that people can be told.
    pub kind: BalanceKind,
    /// The sum of the rows that it contains.
    pub rows_minor: i64,
    /// What is left.
    pub opening_minor: i64,
}

/// Chooses the balance from which an opening balance can be worked out, of those that one fetch stated.
///
/// A booked balance of this moment is used first, then one of a day from which on the rows are in the books, then an expected
/// one (from which the pending rows are taken off too), and only then an available one, which may contain a credit limit.
/// `None` when the bank stated none of these.
pub fn choose(balances: &[StatedBalance], import_from: Date) -> Option<StatedBalance> {
    let now = |kind| {
        let of_kind = balances.iter().filter(move |balance| balance.kind == kind);
        of_kind.filter(|balance| balance.moment == BalanceMoment::Now).max_by_key(|balance| balance.seen_at)
    };
    let day_before = import_from.yesterday().unwrap_or(import_from);
    let of_a_day = || {
        let booked = balances.iter().filter(|balance| balance.kind == BalanceKind::Booked);
        booked
            .filter(|balance| last_day(balance.moment).is_some_and(|day| day >= day_before))
            .max_by_key(|balance| last_day(balance.moment))
    };
    now(BalanceKind::Booked)
        .or_else(of_a_day)
        .or_else(|| now(BalanceKind::Expected))
        .or_else(|| now(BalanceKind::Available))
        .copied()
}

/// The last day whose booked rows a balance contains; `None` where it contains all that are known.
pub fn last_day(moment: BalanceMoment) -> Option<Date> {
    match moment {
        BalanceMoment::Now => None,
        BalanceMoment::EndOf(day) => Some(day),
        BalanceMoment::StartOf(day) => day.yesterday().ok(),
    }
}

/// Works out the opening balance from a chosen balance and the sums of the rows that it contains: booked ones up to its
/// [`last_day`], and the pending ones.
pub fn work_out(chosen: StatedBalance, booked_minor: i64, pending_minor: i64) -> Option<OpeningSum> {
    let rows_minor = match chosen.kind {
        BalanceKind::Booked | BalanceKind::Other => booked_minor,
        BalanceKind::Expected | BalanceKind::Available => booked_minor.checked_add(pending_minor)?,
    };
    let opening_minor = chosen.minor.checked_sub(rows_minor)?;
    Some(OpeningSum { bank_minor: chosen.minor, kind: chosen.kind, rows_minor, opening_minor })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn stated(kind: BalanceKind, moment: BalanceMoment, minor: i64) -> StatedBalance {
        StatedBalance { kind, moment, minor, seen_at: "2026-11-20T07:00:00Z".parse().unwrap() }
    }

    #[test]
    fn booked_beats_a_day_beats_expected_beats_available() {
        let from = date(2026, 11, 1);
        let all = [
            stated(BalanceKind::Available, BalanceMoment::Now, 9000),
            stated(BalanceKind::Expected, BalanceMoment::Now, 1900),
            stated(BalanceKind::Booked, BalanceMoment::EndOf(date(2026, 11, 15)), 1800),
            stated(BalanceKind::Booked, BalanceMoment::Now, 2000),
        ];
        let chosen = |count: usize| choose(&all[..count], from).map(|balance| balance.minor);
        assert_eq!(
            [chosen(4), chosen(3), chosen(2), chosen(1), chosen(0)],
            [Some(2000), Some(1800), Some(1900), Some(9000), None]
        );
        assert_eq!(work_out(all[3], 1500, -100).map(|sum| sum.opening_minor), Some(500));
        assert_eq!(work_out(all[1], 1500, -100).map(|sum| sum.opening_minor), Some(500));
    }

    #[test]
    fn a_day_before_the_rows_begin_says_nothing() {
        let closing = [stated(BalanceKind::Booked, BalanceMoment::EndOf(date(2026, 10, 31)), 1800)];
        assert!(choose(&closing, date(2026, 11, 2)).is_none());
        assert!(choose(&closing, date(2026, 11, 1)).is_some());
        let start = [stated(BalanceKind::Booked, BalanceMoment::StartOf(date(2026, 11, 1)), 1800)];
        assert!(choose(&start, date(2026, 11, 1)).is_some());
    }
}
