//! What Enable Banking sends. Unknown fields are kept out, and a field of another shape than expected loses itself alone. Source: the
//! provider's API reference; sections 3 to 5 of the fact sheet.

#![expect(clippy::struct_field_names, reason = "fields are called as the provider calls them")]

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{Decimal, lenient, lenient_lines, lenient_list, lenient_number};

/// `GET /application`.
#[derive(Debug, Deserialize)]
pub(super) struct Application {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) active: Option<bool>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) services: Vec<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) redirect_urls: Vec<String>,
}

/// `GET /aspsps`.
#[derive(Debug, Deserialize)]
pub(super) struct Aspsps {
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) aspsps: Vec<Aspsp>,
}

/// A bank in one country; both names together are its identity.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Aspsp {
    pub(super) name: String,
    pub(super) country: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) logo: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) psu_types: Vec<String>,
    /// The headers about the person that the bank wants, where somebody is there.
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) required_psu_headers: Vec<String>,
    /// In seconds.
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) maximum_consent_validity: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bic: Option<String>,
}

/// `POST /auth`.
#[derive(Debug, Deserialize)]
pub(super) struct Begun {
    pub(super) url: String,
}

/// `POST /sessions`.
#[derive(Debug, Deserialize)]
pub(super) struct Authorized {
    pub(super) session_id: String,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) accounts: Vec<Account>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) access: Option<Access>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Access {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) valid_until: Option<Timestamp>,
}

/// `GET /sessions/{id}`.
#[derive(Debug, Deserialize)]
pub(super) struct Session {
    pub(super) status: String,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) accounts: Vec<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) access: Option<Access>,
}

/// An account, as the answer to a code describes it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Account {
    /// It has none where it is closed or blocked.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) uid: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) account_id: Option<AccountId>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) all_account_ids: Vec<Identification>,
    /// Whose it is.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    /// What the bank, or the person, calls it.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) details: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) product: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) cash_account_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) currency: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) identification_hash: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) identification_hashes: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct AccountId {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) iban: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) other: Option<Identification>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Identification {
    pub(super) identification: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) scheme_name: Option<String>,
}

/// `GET /accounts/{uid}/balances`.
#[derive(Debug, Deserialize)]
pub(super) struct Balances {
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) balances: Vec<Balance>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Balance {
    pub(super) balance_amount: Money,
    pub(super) balance_type: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) reference_date: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Money {
    pub(super) amount: Decimal,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) currency: Option<String>,
}

/// `GET /accounts/{uid}/transactions`: a page, whose rows are kept as the bytes that came.
#[derive(Debug, Deserialize)]
pub(super) struct Page<'a> {
    #[serde(borrow)]
    pub(super) transactions: Vec<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient")]
    continuation_key: Option<String>,
}

impl Page<'_> {
    /// The key of the next page, if there is one. A page may be empty and have one.
    pub(super) fn next(&self) -> Option<&str> {
        self.continuation_key.as_deref().filter(|key| !key.is_empty())
    }
}

/// A row; only its amount is sure to be there.
#[derive(Debug, Deserialize)]
pub(super) struct Transaction {
    pub(super) transaction_amount: Money,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) credit_debit_indicator: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) entry_reference: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) merchant_category_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) transaction_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) booking_date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) value_date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) transaction_date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) creditor: Option<Party>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) creditor_account: Option<AccountId>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) debtor: Option<Party>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) debtor_account: Option<AccountId>,
    #[serde(default, deserialize_with = "lenient_lines")]
    pub(super) remittance_information: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) note: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bank_transaction_code: Option<Code>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) balance_after_transaction: Option<Money>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) exchange_rate: Option<Exchange>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Party {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) postal_address: Option<PostalAddress>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PostalAddress {
    #[serde(default, deserialize_with = "lenient_lines")]
    pub(super) address_line: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Code {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Exchange {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) instructed_amount: Option<Money>,
}
