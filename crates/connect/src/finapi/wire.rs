//! The wire: what both services send, read leniently. Unknown fields are skipped, absent ones are `None`, and no list of words is
//! closed. Shapes: sections 2 and 4 to 9 of the fact sheet.

#![expect(clippy::struct_field_names, reason = "the fields are named as the provider names them")]

use bankside_domain::row::ProviderCategory;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::lenient::{Decimal, lenient, lenient_list, lenient_number};

/// A number that names something: whole, and kept as its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number(pub(super) String);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Decimal::deserialize(deserializer)?.0;
        let is_number = !text.is_empty() && text.len() <= 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { Ok(Self(text)) } else { Err(serde::de::Error::custom("no id")) }
    }
}

/// An answer of `POST /oauth/token`.
#[derive(Deserialize)]
pub(super) struct NewToken {
    pub(super) access_token: String,
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) expires_in: Option<i64>,
}

/// Which page an answer is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Paging {
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) page_count: Option<i64>,
}

/// A page of banks.
#[derive(Deserialize)]
pub(super) struct Banks {
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) banks: Vec<Bank>,
}

/// A bank.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bank {
    pub(super) id: Number,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bic: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) location: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) logo: Option<Picture>,
}

/// Where a picture lies.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Picture {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) url: Option<String>,
}

/// A hosted form.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WebForm {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) url: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: Option<String>,
    /// `yyyy-MM-dd'T'HH:mm:ss.SSSZ`, of which no document says whether the last letter is an offset or stands for itself.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) payload: Option<FormPayload>,
}

/// What has become of a form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FormPayload {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bank_connection_id: Option<Number>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) error_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) error_message: Option<String>,
}

/// An update in the background.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Task {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) payload: Option<TaskPayload>,
}

/// What has become of a task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskPayload {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) web_form: Option<WebForm>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) error_code: Option<String>,
}

/// A connection with a bank.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BankConnection {
    pub(super) id: Number,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) update_status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) categorization_status: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) interfaces: Vec<Interface>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bank: Option<Bank>,
}

/// One of the ways in which a bank is read.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Interface {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) ais_consent: Option<AisConsent>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) user_action_required: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) last_manual_update: Option<UpdateResult>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) last_auto_update: Option<UpdateResult>,
}

/// The consent for one way.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AisConsent {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) expires_at: Option<Timestamp>,
}

/// How the last update went.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UpdateResult {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) result: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) error_message: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) error_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) timestamp: Option<Timestamp>,
}

/// An answer with accounts, each as it came.
#[derive(Deserialize)]
pub(super) struct Accounts<'a> {
    #[serde(borrow)]
    pub(super) accounts: Vec<&'a RawValue>,
}

/// An account. Everything but what names it may be missing.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) id: Number,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) account_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) iban: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) account_number: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) sub_account_number: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) account_holder_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) account_currency: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) account_type: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) balance: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) available_funds: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) interfaces: Vec<AccountInterface>,
}

/// How an account stands in one of the ways.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountInterface {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: Option<String>,
}

/// A page of booked rows, each as it came.
#[derive(Deserialize)]
pub(super) struct Transactions<'a> {
    #[serde(borrow)]
    pub(super) transactions: Vec<&'a RawValue>,
    #[serde(default)]
    pub(super) paging: Paging,
}

/// A page of rows on their way, each as it came.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PendingTransactions<'a> {
    #[serde(borrow)]
    pub(super) pending_transactions: Vec<&'a RawValue>,
    #[serde(default)]
    pub(super) paging: Paging,
}

/// A row, booked or on its way: some fields have another name there.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) id: Option<Number>,
    #[serde(default)]
    pub(super) amount: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) currency: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) value_date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bank_booking_date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) purpose: Option<String>,
    #[serde(default, alias = "counterpartyName", deserialize_with = "lenient")]
    pub(super) counterpart_name: Option<String>,
    #[serde(default, alias = "counterpartyIban", deserialize_with = "lenient")]
    pub(super) counterpart_iban: Option<String>,
    #[serde(default, alias = "counterpartyAccountNumber", deserialize_with = "lenient")]
    pub(super) counterpart_account_number: Option<String>,
    #[serde(default, alias = "differentDebtor", deserialize_with = "lenient")]
    pub(super) different_debitor: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) different_creditor: Option<String>,
    /// What kind of row it is, in German.
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(super) kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) original_amount: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) original_currency: Option<String>,
    #[serde(default, rename = "endToEndReference", alias = "endToEndId", deserialize_with = "lenient")]
    pub(super) end_to_end: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) is_adjusting_entry: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) counterpart_mandate_reference: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) counterpart_creditor_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) category: Option<Category>,
}

/// What a row is filed under.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Category {
    #[serde(default, deserialize_with = "lenient")]
    id: Option<Number>,
    #[serde(default, deserialize_with = "lenient")]
    name: Option<String>,
}

impl Category {
    /// The same in our words.
    pub(super) fn filed(&self) -> Option<ProviderCategory> {
        ProviderCategory::of_provider("finapi", &self.id.as_ref()?.0, self.name.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_another_shape_loses_itself_alone() {
        let account: Account = serde_json::from_str(
            r#"{"id":"9007199254740993","iban":7,"balance":0.1000000000000000055511151231257827,"interfaces":"x","new":{}}"#,
        )
        .unwrap();
        assert_eq!((account.id.0.as_str(), account.iban), ("9007199254740993", None));
        assert_eq!(account.balance.unwrap().0, "0.1000000000000000055511151231257827", "never a float");
        for odd in [r#"{"id":1.5}"#, r#"{"id":-1}"#, r#"{"id":"../1"}"#, r#"{"id":""}"#, "{}"] {
            assert!(serde_json::from_str::<Account>(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn a_forms_time_is_read_with_an_offset_or_a_letter() {
        for text in ["2026-11-20T12:00:00.000+0000", "2026-11-20T12:00:00.000Z", "2026-11-20T13:00:00.000+01:00"] {
            let form: WebForm = serde_json::from_str(&format!(r#"{{"id":"x","expiresAt":"{text}"}}"#)).unwrap();
            assert_eq!(form.expires_at, "2026-11-20T12:00:00Z".parse().ok(), "{text}");
        }
    }
}
