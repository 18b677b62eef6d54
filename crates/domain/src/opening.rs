//! The opening balance: worked out once, when an account is linked, by arithmetic that a person can redo.

use crate::balance::{BalanceKind, StatedBalance};

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

/// Works out the opening balance from the latest balances of the bank and the sums of the rows that are in the books now.
///
/// A booked balance is used before an expected one (from which the pending rows are taken off too), that one before an
/// available one. `None` when the bank stated none of these.
pub fn work_out(balances: &[StatedBalance], booked_minor: i64, pending_minor: i64) -> Option<OpeningSum> {
    let latest = |kind| {
        balances
            .iter()
            .filter(|balance| balance.kind == kind && balance.moment == crate::balance::BalanceMoment::Now)
            .max_by_key(|balance| balance.seen_at)
    };
    let chosen = [BalanceKind::Booked, BalanceKind::Expected, BalanceKind::Available].into_iter().find_map(latest)?;
    let rows_minor = match chosen.kind {
        BalanceKind::Booked | BalanceKind::Other => booked_minor,
        BalanceKind::Expected | BalanceKind::Available => booked_minor.checked_add(pending_minor)?,
    };
    let opening_minor = chosen.minor.checked_sub(rows_minor)?;
    Some(OpeningSum { bank_minor: chosen.minor, kind: chosen.kind, rows_minor, opening_minor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::balance::BalanceMoment;

    #[test]
    fn booked_beats_expected_beats_available() {
        let stated = |kind, minor| StatedBalance {
            kind,
            moment: BalanceMoment::Now,
            minor,
            seen_at: "2026-11-20T07:00:00Z".parse().unwrap(),
        };
        let all = [
            stated(BalanceKind::Available, 9000),
            stated(BalanceKind::Expected, 1900),
            stated(BalanceKind::Booked, 2000),
        ];
        assert_eq!(work_out(&all, 1500, -100).map(|sum| sum.opening_minor), Some(500));
        assert_eq!(work_out(&all[..2], 1500, -100).map(|sum| sum.opening_minor), Some(500));
        assert_eq!(work_out(&[], 1500, -100), None);
    }
}
