//! The banks of this provider: how they are listed, what they ask, and how they write.
//!
//! Two of them are the provider's own test banks (fact sheet §9); the others are invented, one for each habit that the
//! facts know of.

use uuid::Uuid;

use crate::banks::dollars::{Household, Role};

mod list;

pub(super) use list::{ALL, ASKED_ALWAYS};

/// A family of ids that are easily told apart from random ones.
const FIRST_ID: u128 = 0x50f7_0000_0000_4000_8000_0000_0000_0000;

/// One bank.
pub(super) struct Bank {
    /// Its number; the id follows from it.
    pub(super) number: u16,
    pub(super) name: &'static str,
    pub(super) url: &'static str,
    pub(super) country: Country,
    pub(super) sort: Sort,
    /// What is special about it, for the index page.
    pub(super) about: &'static str,
    pub(super) routing_numbers: &'static [&'static str],
    pub(super) form: Form,
    /// What it asks when a login is added or changed, in this order.
    pub(super) asks: &'static [Prompt],
    /// What it asks at each refresh.
    pub(super) asks_on_refresh: &'static [Prompt],
    pub(super) habit: Habit,
    pub(super) dialect: Dialect,
    pub(super) household: Household,
    pub(super) accounts: &'static [Plan],
}

/// Where a bank is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Country {
    UnitedStates,
    Canada,
}

impl Country {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::UnitedStates => "US",
            Self::Canada => "CA",
        }
    }

    /// The ISO code of its currency, which the provider hardly ever sends (§0.6).
    pub(super) fn currency(self) -> &'static str {
        match self {
            Self::UnitedStates => "USD",
            Self::Canada => "CAD",
        }
    }
}

/// What kind of institution it is, as searches ask for it (fact sheet §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    Bank,
    Card,
}

impl Sort {
    /// Its number and its word.
    pub(super) fn codes(self) -> (&'static str, &'static str) {
        match self {
            Self::Bank => ("1", "bank"),
            Self::Card => ("2", "card"),
        }
    }
}

/// What a bank's form asks for (fact sheet §5).
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) user_name: &'static str,
    /// `None` as text means that there is no such field.
    pub(super) password: &'static str,
    /// Fields of its own; empty where the two above say everything.
    pub(super) fields: &'static [Field],
}

/// One field of a form of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) maps_to: &'static str,
    pub(super) display_text: &'static str,
    pub(super) optional: bool,
}

impl Form {
    /// Whether nobody can sign in without a PIN.
    pub(super) fn needs_pin(&self) -> bool {
        self.fields.iter().any(|field| field.maps_to == "PIN" && !field.optional)
    }
}

/// What a bank asks during a job (fact sheet §6).
#[derive(Debug, Clone, Copy)]
pub(super) enum Prompt {
    Captcha,
    /// Questions, as a JSON array in a string.
    Questions(&'static [&'static str]),
    /// The same with single quotes around each, as the help shows it; the texts hold HTML entities.
    QuotedQuestions(&'static [&'static str]),
    /// Ways to be sent a token.
    Methods(&'static [&'static str]),
    /// The token, under the name of its field.
    Token(&'static str),
    /// A number to confirm on the phone.
    Read(&'static str),
}

/// What a bank does that others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    None,
    /// Any answer is right, as at the provider's own test banks.
    AnythingGoes,
    /// The first job of a login times out.
    FirstJobTimesOut,
    /// Refreshing one account answers a blank job id and is done at once.
    BlankJob,
}

/// How a bank's rows and balances differ from the documented shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// The key of the row's id.
    pub(super) id_key: &'static str,
    pub(super) amounts_are_text: bool,
    /// Whether `Type` says DEBIT or CREDIT.
    pub(super) has_types: bool,
    /// Rows say whether they are pending; where they do not, what is pending is not listed.
    pub(super) has_status: bool,
    /// Amounts have no sign; `Type` says which way.
    pub(super) amounts_are_unsigned: bool,
    pub(super) currency: Money,
    /// What is owed on a card is a positive balance.
    pub(super) debt_is_positive: bool,
    /// Rows have a running balance.
    pub(super) has_running_balance: bool,
    /// Rows name the merchant and a category.
    pub(super) names_merchants: bool,
    pub(super) posting: Posting,
}

/// How money is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Money {
    /// As documented: `$`, whatever dollar it is.
    Symbol,
    Iso,
    Missing,
}

/// What becomes of a pending row's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Posting {
    /// What the switch says (fact sheet §5 `[?]`).
    Open,
    Keeps,
    Changes,
}

impl Dialect {
    pub(super) const PLAIN: Self = Self {
        id_key: "TransactionID",
        amounts_are_text: false,
        has_types: true,
        has_status: true,
        amounts_are_unsigned: false,
        currency: Money::Symbol,
        debt_is_positive: false,
        has_running_balance: true,
        names_merchants: false,
        posting: Posting::Open,
    };
}

/// An account as a bank lists it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    pub(super) role: Role,
    pub(super) name: &'static str,
    /// Its last four digits.
    pub(super) mask: &'static str,
    /// Free text (fact sheet §5).
    pub(super) account_type: &'static str,
    pub(super) sub_type: Option<&'static str>,
    /// Whether the bank tells its balance.
    pub(super) has_balance: bool,
}

impl Bank {
    /// Its id.
    pub(super) fn id(&self) -> Uuid {
        Uuid::from_u128(FIRST_ID + u128::from(self.number))
    }

    pub(super) fn find(id: Uuid) -> Option<&'static Self> {
        ALL.iter().find(|bank| bank.id() == id)
    }

    /// The account of this mask.
    pub(super) fn plan(&self, mask: &str) -> Option<&'static Plan> {
        self.accounts.iter().find(|plan| plan.mask == mask)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const PAGE: &str = include_str!("../../../../docs/sandbox.md");

    #[test]
    fn numbers_names_and_masks_are_unique_and_the_page_tells_of_each_bank() {
        let numbers: HashSet<_> = ALL.iter().map(|bank| bank.number).collect();
        let names: HashSet<_> = ALL.iter().map(|bank| bank.name).collect();
        assert_eq!((numbers.len(), names.len()), (ALL.len(), ALL.len()));
        for bank in ALL {
            let masks: HashSet<_> = bank.accounts.iter().map(|plan| plan.mask).collect();
            assert_eq!(masks.len(), bank.accounts.len(), "{}", bank.name);
            assert!(!masks.is_empty(), "{}", bank.name);
            let line = format!("| `{}` | {} | {} | {} |", bank.id(), bank.name, bank.country.code(), bank.about);
            assert!(PAGE.contains(&line), "the page lacks:\n{line}");
        }
    }
}
