//! Why a transaction is left as it is although somebody wants it otherwise.

/// Why a transaction is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Somebody else has changed this field since the person saw it.
    ChangedMeanwhile(&'static str),
    /// It was compared with a statement and locked.
    Reconciled,
    /// Its day, or the day wanted, lies in a period that is locked.
    LockedPeriod,
    /// A bank states its amount.
    BankAmount,
    /// A bank books it; there is nothing to tick.
    BankClears,
    /// It is split: its lines have amounts and categories of their own.
    Split,
    /// The lines do not sum to the amount.
    LinesDoNotSum,
    /// The other account is in another currency.
    OtherCurrency,
}

impl Refused {
    /// A stable code for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::ChangedMeanwhile(_) => "changed_meanwhile",
            Self::Reconciled => "reconciled",
            Self::LockedPeriod => "locked",
            Self::BankAmount => "bank_amount",
            Self::BankClears => "bank_clears",
            Self::Split => "split",
            Self::LinesDoNotSum => "lines_do_not_sum",
            Self::OtherCurrency => "other_currency",
        }
    }

    /// The same as a sentence for people, without its point.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::ChangedMeanwhile(_) => "somebody else has changed this since you saw it",
            Self::Reconciled => "this was compared with a statement and is locked",
            Self::LockedPeriod => "the books are locked for this day",
            Self::BankAmount => "the bank states this amount, so it stands",
            Self::BankClears => "the bank books this, so there is nothing to tick",
            Self::Split => "this is split, so its lines have amounts and categories of their own",
            Self::LinesDoNotSum => "the lines do not sum to the amount",
            Self::OtherCurrency => "the other account is in another currency",
        }
    }

    /// Whether what was asked for does not do, rather than what is there.
    pub fn is_about_input(self) -> bool {
        matches!(self, Self::BankAmount | Self::BankClears | Self::Split | Self::LinesDoNotSum | Self::OtherCurrency)
    }

    /// The field that it is about, where it is about one.
    pub fn field(self) -> Option<&'static str> {
        match self {
            Self::ChangedMeanwhile(field) => Some(field),
            Self::BankAmount => Some("amount"),
            Self::BankClears => Some("is_cleared"),
            Self::Split | Self::LinesDoNotSum => Some("lines"),
            Self::OtherCurrency => Some("account"),
            Self::Reconciled | Self::LockedPeriod => None,
        }
    }
}
