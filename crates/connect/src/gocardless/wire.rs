//! The wire: what GoCardless sends, read leniently. Unknown fields are skipped, absent ones are `None`, and no list of words
//! is closed. Shapes: the provider's API reference of version 2 and recorded answers.
#![expect(clippy::struct_field_names, reason = "the fields are named as the provider names them")]

use std::collections::BTreeMap;

use bankside_domain::row::RowStatus;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::fetch::RawRow;
use crate::lenient::{Decimal, lenient, lenient_lines, lenient_list, lenient_number};

#[derive(Debug, Deserialize)]
pub(super) struct NewToken {
    pub(super) access: String,
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) access_expires: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) refresh: Option<String>,
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) refresh_expires: Option<i64>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct InstitutionRow {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bic: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) countries: Vec<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) logo: Option<String>,
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) transaction_total_days: Option<i64>,
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) max_access_valid_for_days: Option<i64>,
    /// Only where consents can be confirmed anew.
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) max_access_valid_for_days_reconfirmation: Option<i64>,
    #[serde(default, deserialize_with = "lenient_lines")]
    pub(super) supported_features: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Agreement {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) access_valid_for_days: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) accepted: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) reconfirmation: Option<bool>,
}

/// How the confirming of an agreement stands, account by account.
#[derive(Debug, Deserialize)]
pub(super) struct Reconfirmation {
    pub(super) reconfirmation_url: String,
    #[serde(default, deserialize_with = "lenient")]
    url_valid_from: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    url_valid_to: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    last_submitted: Option<String>,
    #[serde(default)]
    pub(super) accounts: BTreeMap<String, ReconfirmedAccount>,
}

/// Blank or absent where it has not happened.
fn moment(text: Option<&String>) -> Option<Timestamp> {
    text?.parse().ok()
}

impl Reconfirmation {
    /// Whether its page takes an answer. The provider gives an address before its time too; then that page is closed.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        moment(self.url_valid_from.as_ref()).is_none_or(|from| from <= now)
            && moment(self.url_valid_to.as_ref()).is_none_or(|to| now <= to)
    }

    /// When the person last sent the page.
    pub(super) fn submitted_at(&self) -> Option<Timestamp> {
        moment(self.last_submitted.as_ref())
    }

    /// The latest moment at which the person has said anything.
    pub(super) fn last_word_at(&self) -> Option<Timestamp> {
        let answers = self.accounts.values().filter_map(ReconfirmedAccount::answered_at);
        answers.chain(self.submitted_at()).max()
    }
}

/// When an account was confirmed or rejected; blank or absent where neither has happened.
#[derive(Debug, Deserialize)]
pub(super) struct ReconfirmedAccount {
    #[serde(default, deserialize_with = "lenient")]
    reconfirmed: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    rejected: Option<String>,
}

impl ReconfirmedAccount {
    pub(super) fn reconfirmed_at(&self) -> Option<Timestamp> {
        moment(self.reconfirmed.as_ref())
    }

    /// When the person answered for this account, whatever they said.
    pub(super) fn answered_at(&self) -> Option<Timestamp> {
        self.reconfirmed_at().max(moment(self.rejected.as_ref()))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Requisition {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) institution_id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) agreement: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) accounts: Vec<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) link: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct AccountMetadata {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) iban: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bban: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) owner_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
}

impl AccountMetadata {
    /// Whether they have a number by which the account is recognised.
    pub(super) fn has_number(&self) -> bool {
        [&self.iban, &self.bban].into_iter().flatten().any(|number| !number.trim().is_empty())
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct AccountDetails {
    #[serde(default)]
    pub(super) account: Details,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Details {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) iban: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bban: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) scan: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) masked_pan: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) currency: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) owner_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) display_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) product: Option<String>,
    /// A description of the account, which stands for its name at some banks of cards.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) details: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) cash_account_type: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Balances {
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) balances: Vec<Balance>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Balance {
    pub(super) balance_amount: Money,
    pub(super) balance_type: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) reference_date: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Money {
    pub(super) amount: Decimal,
    pub(super) currency: String,
}

/// An answer with transactions; each row is kept as the bytes that came.
#[derive(Debug, Deserialize)]
pub(super) struct TransactionsAnswer<'a> {
    #[serde(borrow)]
    pub(super) transactions: TransactionLists<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct TransactionLists<'a> {
    #[serde(borrow, default)]
    pub(super) booked: Option<Vec<&'a RawValue>>,
    /// Some banks never send it.
    #[serde(borrow, default)]
    pub(super) pending: Option<Vec<&'a RawValue>>,
}

impl TransactionLists<'_> {
    /// The rows of both lists, as they came.
    pub(super) fn rows(&self) -> Vec<RawRow> {
        let of = |list: &Option<Vec<&RawValue>>, status| -> Vec<RawRow> {
            list.iter().flatten().map(|row| RawRow { status, bytes: row.get().as_bytes().to_vec() }).collect()
        };
        let mut rows = of(&self.booked, RowStatus::Booked);
        rows.extend(of(&self.pending, RowStatus::Pending));
        rows
    }
}

/// A transaction; only its amount is sure to be there.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction {
    pub(super) transaction_amount: Money,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) transaction_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) internal_transaction_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) entry_reference: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) booking_date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) booking_date_time: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) value_date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) value_date_time: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) creditor_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) ultimate_creditor: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) creditor_account: Option<PartyAccount>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) debtor_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) ultimate_debtor: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) debtor_account: Option<PartyAccount>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) remittance_information_unstructured: Option<String>,
    #[serde(default, deserialize_with = "lenient_lines")]
    pub(super) remittance_information_unstructured_array: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) remittance_information_structured: Option<String>,
    #[serde(default, deserialize_with = "lenient_lines")]
    pub(super) remittance_information_structured_array: Option<Vec<String>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) additional_information: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) mandate_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) creditor_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) merchant_category_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) end_to_end_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) proprietary_bank_transaction_code: Option<String>,
    /// Documented as a list, seen as an object too.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) currency_exchange: Option<OneOrMany<Exchange>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) balance_after_transaction: Option<BalanceAfter>,
}

impl Transaction {
    /// The same with its texts on one line each: where a bank breaks lines says nothing. White space keeps its width, because
    /// some banks write in columns.
    pub(super) fn on_one_line(mut self) -> Self {
        let texts = [
            &mut self.creditor_name,
            &mut self.ultimate_creditor,
            &mut self.debtor_name,
            &mut self.ultimate_debtor,
            &mut self.remittance_information_unstructured,
            &mut self.remittance_information_structured,
            &mut self.additional_information,
            &mut self.end_to_end_id,
            &mut self.proprietary_bank_transaction_code,
        ];
        let arrays =
            [&mut self.remittance_information_unstructured_array, &mut self.remittance_information_structured_array];
        let lines = arrays.into_iter().flatten().flatten();
        for text in texts.into_iter().flatten().chain(lines) {
            let line: String =
                text.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect();
            line.trim().clone_into(text);
        }
        self
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct PartyAccount {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) iban: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bban: Option<String>,
    #[serde(default, rename = "maskedPan", deserialize_with = "lenient")]
    pub(super) masked_pan: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> OneOrMany<T> {
    pub(super) fn first(&self) -> Option<&T> {
        match self {
            Self::Many(many) => many.first(),
            Self::One(one) => Some(one),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Exchange {
    pub(super) instructed_amount: Option<MoneyText>,
}

/// Money inside a value that was read before: its amount is a string there, or a number that `serde_json` has parsed.
#[derive(Debug, Deserialize)]
pub(super) struct MoneyText {
    pub(super) amount: serde_json::Value,
    pub(super) currency: String,
}

impl MoneyText {
    pub(super) fn amount_text(&self) -> Option<String> {
        match &self.amount {
            serde_json::Value::String(text) => Some(text.clone()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BalanceAfter {
    pub(super) balance_amount: Option<MoneyText>,
}

#[cfg(test)]
mod tests;
