//! Feed rows: one transaction as a source sent it, read into our words.
//!
//! A connector maps its raw rows to these, again and again if need be; [`crate::reconcile`] decides what they mean for the books.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::amount::Amount;
use crate::text::{fold, tidy};

/// The version of [`fingerprint_text`]. A new version is computed by runs for the window they look at, never by a migration.
pub const FINGERPRINT_VERSION: i64 = 1;

/// How far the bank has got with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowStatus {
    /// It will happen.
    Scheduled,
    /// It is on its way and may still change or vanish.
    Pending,
    /// It has happened.
    Booked,
    /// It did not happen.
    Declined,
}

/// Which of a row's ids this is. How far a kind is trusted is learned per institution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowIdKind {
    /// Minted by the provider (`internalTransactionId`).
    Provider,
    /// The bank's own (`transactionId`).
    Bank,
    /// The bank's booking reference (`entryReference`).
    Reference,
}

impl RowIdKind {
    /// Every kind, most trusted first.
    pub const LADDER: [Self; 3] = [Self::Provider, Self::Bank, Self::Reference];
}

/// One id of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowId {
    /// Which one.
    pub kind: RowIdKind,
    /// As received.
    pub value: String,
}

/// The other side of a transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterparty {
    /// Its name.
    pub name: Option<String>,
    /// Its account: an IBAN, another number or a masked card number.
    pub account: Option<String>,
}

/// Which part of a purchase that is paid in parts: 3 of 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Instalment {
    number: u16,
    of: u16,
}

impl Instalment {
    /// `None` where these are no numbers of parts: both count from 1, there are at least two parts, and the first number is not
    /// beyond the second.
    pub fn new(number: u16, of: u16) -> Option<Self> {
        (number >= 1 && of >= 2 && number <= of).then_some(Self { number, of })
    }

    /// Which part, from 1 on.
    pub fn number(self) -> u16 {
        self.number
    }

    /// How many parts there are.
    pub fn of(self) -> u16 {
        self.of
    }
}

impl std::fmt::Display for Instalment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

/// What a provider files a row under, in its own words. Nobody's decision: it is only ever suggested from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProviderCategory {
    /// Its code, with the provider or the scheme in front, so that it is one of its kind: `pluggy:07010000`, `mcc:5411`.
    pub code: String,
    /// What it is called.
    pub name: String,
}

impl ProviderCategory {
    /// A merchant category code of ISO 18245, which several providers pass on. `None` of what is no such code.
    pub fn merchant(code: &str) -> Option<Self> {
        let code = code.trim();
        let is_code = code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit()) && code != "0000";
        is_code.then(|| Self { code: format!("mcc:{code}"), name: format!("Merchant category {code}") })
    }

    /// One of a provider's own. `None` where it has no code.
    pub fn of_provider(provider: &str, code: &str, name: Option<&str>) -> Option<Self> {
        let code = tidy(code)?;
        let name = name.and_then(tidy).unwrap_or_else(|| code.clone());
        Some(Self { code: format!("{provider}:{code}"), name })
    }
}

/// A feed row in our words. Money and dates are the owner's: out is negative, dates are civil dates at the institution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// How far the bank has got.
    pub status: RowStatus,
    /// Its ids, those without a meaning (`NOTPROVIDED`) left out.
    pub ids: Vec<RowId>,
    /// The day it was booked.
    pub booked_on: Option<Date>,
    /// The day it counts from.
    pub value_on: Option<Date>,
    /// The day it happened.
    pub transacted_on: Option<Date>,
    /// The day that orders it where the habits of its bank make that another one than these dates would.
    pub dated_on: Option<Date>,
    /// The instant one of these dates was read from, when the bank gave one.
    pub happened_at: Option<Timestamp>,
    /// The amount.
    pub amount: Amount,
    /// The other side.
    pub counterparty: Counterparty,
    /// What the transaction was for, as one text for people.
    pub remittance: Option<String>,
    /// The balance after this row, when the bank gives one.
    pub balance_after: Option<Amount>,
    /// The amount in the currency of the purchase, where that is another one.
    pub original_amount: Option<Amount>,
    /// Which part of a purchase in parts it is.
    pub instalment: Option<Instalment>,
    /// What the provider calls the bill that it stands on, as received.
    pub bill: Option<String>,
    /// The reference that whoever paid gave the payment, which goes with it from end to end; one without a meaning is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_to_end: Option<String>,
    /// Whether the provider has put it in the place of rows that it does not have, so that its sums come out right. Nothing of its kind
    /// happened, so it is no movement of the account.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_placeholder: bool,
    /// Who collects by direct debit, as far as the bank identifies them: the mandate, or else the creditor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor: Option<String>,
    /// What the provider files it under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider_category: Option<ProviderCategory>,
}

/// A raw row after mapping: readable, or kept as it is with the reason why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappedRow {
    /// It could be read.
    Readable(Box<Row>),
    /// It could not: an amount that does not fit, no date at all. It is quarantined, never dropped.
    Unreadable {
        /// Why, in one sentence.
        why: String,
    },
}

impl Row {
    /// The day that orders this row among others: the one that its bank's habits choose, else booked, else value, else
    /// transaction day.
    pub fn day(&self) -> Option<Date> {
        self.dated_on.or(self.booked_on).or(self.value_on).or(self.transacted_on)
    }
}

/// The text that a row's content fingerprint is made from: what stays the same when ids change and dates shift by a day.
pub fn fingerprint_text(row: &Row) -> String {
    let part = |text: &Option<String>| text.as_deref().map(fold).unwrap_or_default();
    format!(
        "{}\u{1f}{}\u{1f}{}\u{1f}{}",
        row.amount.currency.code,
        row.amount.minor,
        part(&row.counterparty.name),
        part(&row.remittance)
    )
}
