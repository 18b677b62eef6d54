//! Our ledger accounts and the policies that they carry.

use serde::{Deserialize, Serialize};

/// What an account is. Its name in the database and in the API is the snake case of the variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// Everyday money.
    Checking,
    /// Money put aside.
    Savings,
    /// A card that is paid later; what is owed is negative.
    CreditCard,
    /// Money owed; negative.
    Loan,
    /// Securities and the like.
    Investment,
    /// Notes and coins.
    Cash,
    /// Anything else.
    Other,
}

impl AccountKind {
    /// Every kind, in the order in which people are offered them.
    pub const ALL: [Self; 7] =
        [Self::Checking, Self::Savings, Self::CreditCard, Self::Loan, Self::Investment, Self::Cash, Self::Other];

    /// The kind as people read it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Checking => "Checking",
            Self::Savings => "Savings",
            Self::CreditCard => "Credit card",
            Self::Loan => "Loan",
            Self::Investment => "Investment",
            Self::Cash => "Cash",
            Self::Other => "Other",
        }
    }
}

/// What an account does with pending rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PendingPolicy {
    /// Pending rows stay out of the books.
    BookedOnly,
    /// They are shown, but the balance does not count them.
    #[default]
    Shown,
    /// They are shown and counted.
    Counted,
}

/// Where an account's opening balance came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpeningSource {
    /// A person typed it.
    Person,
    /// It was worked out from the bank's balance when the account was linked.
    Bank,
    /// It waits for the first balance of the bank.
    Unknown,
}
