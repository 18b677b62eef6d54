//! What of the sums is neither income nor spending: both rows of a transfer, but not what was lost on the way.

use bankside_domain::Month;
use bankside_domain::transfer::fee_line;
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
            let sum = |in_minor, out_minor| MonthSum {
                account: row.account,
                month: row.month,
                is_pending: row.is_pending,
                in_minor,
                out_minor,
            };
            let less =
                |minor: i64| if minor < 0 { sum(0, minor.saturating_neg()) } else { sum(minor.saturating_neg(), 0) };
            if row.month >= months_from {
                transfers.months.push(less(row.amount_minor));
                transfers.months.push(sum(0, row.fee_minor));
            }
            if row.month < from || row.month > through {
                continue;
            }
            for (category, minor) in &row.lines {
                transfers.categories.push(CategorySum { category: *category, sum: less(*minor) });
            }
            let minors: Vec<i64> = row.lines.iter().map(|(_, minor)| *minor).collect();
            if let Some((category, _)) = row.lines.get(fee_line(&minors, row.fee_minor)).filter(|_| row.fee_minor != 0)
            {
                transfers.categories.push(CategorySum { category: *category, sum: sum(0, row.fee_minor) });
            }
        }
        transfers
    }
}
