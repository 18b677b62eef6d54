//! Transfers between own accounts, in words.

use bankside_domain::transfer::Transit;
use bankside_engine::{RegisterRow, TransferMark};

/// What a row of the register says of its transfer.
pub(crate) struct TransferWord {
    /// `Transfer to Savings`, `In transit to Savings`.
    pub(crate) word: String,
    pub(crate) icon: &'static str,
    pub(crate) tone: &'static str,
}

impl TransferWord {
    pub(crate) fn of(row: &RegisterRow) -> Option<Self> {
        let way = if row.amount_minor < 0 { "to" } else { "from" };
        let named = |what: &str, name: &str| format!("{what} {way} {name}");
        Some(match row.transfer.as_ref()? {
            TransferMark::Linked(Some(other)) => Self::quiet(named("Transfer", &other.account_name)),
            TransferMark::Linked(None) => Self::quiet("Transfer".to_owned()),
            TransferMark::InTransit { account_name, transit, .. } => match transit {
                Transit::OnItsWay => Self { word: named("In transit", account_name), icon: "clock", tone: "is-off" },
                Transit::Missing => Self { word: named("Not arrived", account_name), icon: "help", tone: "is-act" },
                Transit::BeforeTheBooks => Self::quiet(named("Transfer", account_name)),
            },
        })
    }

    fn quiet(word: String) -> Self {
        Self { word, icon: "swap", tone: "is-off" }
    }
}
