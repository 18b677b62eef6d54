//! What of the sums is neither income nor spending: both rows of a transfer, but not what was lost on the way.

use bankside_domain::Month;
use bankside_domain::cashflow::Flow;
use bankside_store::{CategorySum, MonthSum, PairedRow};

/// Sums that are added to those of all rows, so that of transfers nothing is left but their fees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Transfers {
    pub(super) months: Vec<MonthSum>,
    pub(super) categories: Vec<CategorySum>,
}

impl Transfers {
    /// Of these rows, as far as they are in the windows of the months and of the categories.
    pub(super) fn of(rows: &[PairedRow], months_from: Month, (from, through): (Month, Month)) -> Self {
        let mut transfers = Self::default();
        for row in rows {
            let less = |moved: Flow| MonthSum {
                account: row.account,
                month: row.month,
                is_pending: row.is_pending,
                in_minor: moved.in_minor.saturating_neg(),
                out_minor: moved.out_minor.saturating_neg(),
            };
            if row.month >= months_from {
                transfers.months.push(less(row.moved()));
            }
            if (from..=through).contains(&row.month) {
                let line = |(category, moved)| CategorySum { category, sum: less(moved) };
                transfers.categories.extend(row.moved_lines().map(line));
            }
        }
        transfers
    }
}
