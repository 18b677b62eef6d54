//! Transfers: money that moves between two accounts of one organization, and stands in the books as two rows.
//!
//! The two rows are linked, and none is made up: what only one account shows is in transit until the other one shows it, too. What
//! decides is the number of the account that a row names as its other side. Amounts, days and references come after it, and
//! names last: what only looks like a transfer is proposed, and what fits several rows equally well is never guessed.

mod days;
mod grounds;
mod plan;
mod transit;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::amount::{Amount, CurrencyCode};
use crate::id::{AccountId, TransactionId};
use crate::reconcile::Digest;
use crate::row::RowStatus;

pub use self::days::{MAX_BANK_DAYS, WINDOW_DAYS, bank_days};
pub use self::grounds::{Fit, Grounds, Refusal, Side, grounds, may_be_linked};
pub use self::plan::{Match, Matches, find_transfers};
pub use self::transit::{Transit, transit_of};

/// The field of a change that links a transaction with another one: its value is that of [`link_value`], or absent.
pub const TRANSFER: &str = "transfer";

/// The beginning of the field of a change that says that a transaction and another one are no transfer: what follows is the id of the
/// other one. Its value is `1` or absent.
pub const NO_TRANSFER: &str = "no_transfer:";

/// Whether a field says what a transaction belongs together with, rather than what it is: that may change in a locked period, too.
pub fn is_of_transfers(field: &str) -> bool {
    field == TRANSFER || field.starts_with(NO_TRANSFER)
}

/// A row of the books, as far as it takes to find transfers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    /// Which one.
    pub transaction: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// What moved, in the currency of the account.
    pub amount: Amount,
    /// Its day.
    pub day: Date,
    /// How far the bank has got.
    pub status: RowStatus,
    /// A keyed digest of the account number that the bank names as the other side.
    pub counterparty: Option<Digest>,
    /// A keyed digest of the reference that goes with a payment from end to end.
    pub end_to_end: Option<Digest>,
    /// The amount in another currency that the bank states beside it.
    pub original: Option<Amount>,
    /// Payee and note, folded.
    pub text_folded: String,
}

/// What is known of one of the organization's accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnAccount {
    /// Keyed digests of the numbers by which banks know it.
    pub numbers: BTreeSet<Digest>,
    /// What it is called here and at its banks, and whose it is; folded.
    pub names_folded: BTreeSet<String>,
}

/// The organization's accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnAccounts(pub BTreeMap<AccountId, OwnAccount>);

/// What a row says of another account as its other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// It names that account's number.
    It,
    /// It names the number of another account, whoever's.
    Another,
    /// It names a number, and no number of that account is known.
    SomeNumber,
    /// It names none.
    Nothing,
}

impl OwnAccounts {
    /// The accounts that have a number. Those in several currencies may have one in common.
    pub fn with_number(&self, number: Digest) -> impl Iterator<Item = AccountId> + '_ {
        self.0.iter().filter(move |(_, own)| own.numbers.contains(&number)).map(|(account, _)| *account)
    }

    fn numbers(&self, account: AccountId) -> impl Iterator<Item = Digest> + '_ {
        self.0.get(&account).into_iter().flat_map(|own| own.numbers.iter().copied())
    }

    fn says(&self, row: &TransferRow, other: AccountId) -> Says {
        let Some(number) = row.counterparty else { return Says::Nothing };
        let has = |account: AccountId| self.numbers(account).any(|own| own == number);
        if has(other) {
            return Says::It;
        }
        // Some banks name the account itself, which says nothing of the other side.
        if has(row.account) {
            return Says::Nothing;
        }
        let is_known = self.numbers(other).next().is_some() || self.with_number(number).next().is_some();
        if is_known { Says::Another } else { Says::SomeNumber }
    }

    /// Whether a text names an account, or whose it is. Shorter names stand in any text.
    fn is_named_in(&self, account: AccountId, text_folded: &str) -> bool {
        const MIN_NAME_CHARS: usize = 4;
        let names = self.0.get(&account).into_iter().flat_map(|own| own.names_folded.iter());
        names.filter(|name| name.chars().count() >= MIN_NAME_CHARS).any(|name| text_folded.contains(name.as_str()))
    }
}

/// Who has linked two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkedBy {
    /// Bankside itself, by what the rows say.
    Rows,
    /// A person.
    Person,
}

/// A link as it stands in a change: the other transaction, who linked them, and on what grounds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The other transaction.
    pub other: TransactionId,
    /// Who has linked them.
    pub by: LinkedBy,
    /// What the rows said at that time; nothing where a person has linked what does not look like a transfer.
    pub grounds: Option<Grounds>,
}

/// A link as the value of a change.
pub fn link_value(link: &Link) -> String {
    serde_json::to_string(link).unwrap_or_default()
}

/// The link that a change speaks of; `None` where it speaks of none.
pub fn link_of(value: &str) -> Option<Link> {
    serde_json::from_str(value).ok()
}

/// The account number in a text, in the form of which digests are made; `None` where there is none, or only part of one.
pub fn number_text(text: &str) -> Option<String> {
    const MIN_CHARS: usize = 8;
    let hides = text.contains(['*', '•', '…']) || text.to_ascii_uppercase().contains("XXX");
    let compact: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect();
    (!hides && compact.len() >= MIN_CHARS).then_some(compact)
}

/// A reference from end to end, in the form of which digests are made; `None` where it is one that many payments have.
pub fn reference_text(text: &str) -> Option<String> {
    const MIN_CHARS: usize = 6;
    let compact: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let varies = compact.chars().any(|letter| !compact.starts_with(letter));
    (compact.len() >= MIN_CHARS && varies && compact != "NOTPROVIDED").then_some(compact)
}

/// Which line of a transaction a fee stands in, by the amounts of the lines: the one that is exactly the fee, where somebody has split it
/// off, and else the first.
pub fn fee_line(lines_minor: &[i64], fee_minor: i64) -> usize {
    lines_minor.iter().position(|minor| *minor == fee_minor).unwrap_or(0)
}

/// An amount stated in a currency, for what is looked up by it.
type Sum = (CurrencyCode, i64);

#[cfg(test)]
mod tests;
