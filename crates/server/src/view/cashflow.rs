//! The tabs of the cashflow of an asset, or of all accounts.

use bankside_domain::AssetId;
use bankside_engine::MOST_COUNTED;

use super::shell::{Place, Shell};

/// Which tab is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CashflowPage {
    Figures,
    Unmapped,
    Mapped,
    Plan,
}

impl CashflowPage {
    /// In the order in which they stand, with their labels and the ends of their addresses.
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Figures, "Cashflow", ""),
        (Self::Unmapped, "Unmapped", "/unmapped"),
        (Self::Mapped, "Mapped", "/mapped"),
        (Self::Plan, "Plan", "/plan"),
    ];
}

/// A tab.
#[derive(Debug, Clone)]
pub(crate) struct CashflowTab {
    pub(crate) label: &'static str,
    pub(crate) url: String,
    pub(crate) is_open: bool,
    /// How many rows wait there, where that is told.
    pub(crate) count: Option<String>,
}

/// Under which path of the organization the cashflow of an asset is, or that of all accounts.
pub(crate) fn path(asset: Option<AssetId>) -> String {
    asset.map_or_else(|| "cashflow".to_owned(), |asset| format!("assets/{asset}/cashflow"))
}

/// Which of the places of the shell the cashflow of an asset belongs to, or that of all accounts.
pub(crate) fn place(asset: Option<AssetId>) -> Place {
    if asset.is_some() { Place::Assets } else { Place::Cashflow }
}

/// The tabs, with how many rows are left to map where the page knows.
pub(crate) fn tabs(
    shell: &Shell,
    asset: Option<AssetId>,
    open: CashflowPage,
    unmapped: Option<i64>,
) -> Vec<CashflowTab> {
    let tab = |(page, label, end): &(CashflowPage, &'static str, &str)| CashflowTab {
        label,
        url: shell.at(&format!("{}{end}", path(asset))),
        is_open: *page == open,
        count: unmapped.filter(|_| *page == CashflowPage::Unmapped).map(|count| up_to(shell, count)),
    };
    CashflowPage::ALL.iter().map(tab).collect()
}

/// A count that was not counted to its end.
fn up_to(shell: &Shell, count: i64) -> String {
    if count > MOST_COUNTED {
        format!("more than {}", shell.today.grouped(MOST_COUNTED))
    } else {
        shell.today.grouped(count)
    }
}
