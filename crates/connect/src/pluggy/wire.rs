//! The wire: what Pluggy sends, read leniently. Unknown fields are skipped, absent ones are `None`, and no list of
//! words is closed. Shapes: sections 1, 4, 5 and 6 of the fact sheet.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::{Decimal, lenient, lenient_list, lenient_number};

/// The answer of `POST /auth`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewKey {
    pub(super) api_key: String,
}

/// A login at a bank, as Pluggy keeps it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) id: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) connector: Option<BankConnector>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) execution_status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status_detail: Option<StatusDetail>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) error: Option<ItemError>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) last_updated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) next_auto_sync_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) consent_expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) parameter: Option<Parameter>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) user_action: Option<PersonAction>,
}

/// What connects Pluggy to one bank.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BankConnector {
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) id: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) image_url: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) country: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) is_sandbox: Option<bool>,
}

/// Why the last reading failed.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemError {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) provider_message: Option<String>,
}

/// How far the last reading got with each product; `None` where it was not asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StatusDetail {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) accounts: Option<ProductDetail>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) credit_cards: Option<ProductDetail>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) transactions: Option<ProductDetail>,
}

/// How far the last reading got with one product.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProductDetail {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) is_updated: Option<bool>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) warnings: Vec<Warning>,
}

/// What Pluggy says of a product that it could not read whole.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Warning {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) message: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) provider_message: Option<String>,
}

/// What the bank wants to know while it is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) label: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(super) kind: Option<String>,
    /// A picture in base64, or an address to open.
    #[serde(default, deserialize_with = "lenient")]
    pub(super) data: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) assistive_text: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) instructions: Option<String>,
    #[serde(default, deserialize_with = "lenient_list")]
    pub(super) options: Vec<Choice>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) expires_at: Option<Timestamp>,
}

/// One of the answers to choose from.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Choice {
    pub(super) value: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) label: Option<String>,
}

/// What the person has to do elsewhere while the bank is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PersonAction {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) instructions: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(super) kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) attributes: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) expires_at: Option<Timestamp>,
}

/// A page of `GET /accounts` and of `GET /transactions`; members stay as they came.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NumberedPage<'a> {
    #[serde(borrow)]
    pub(super) results: Vec<&'a RawValue>,
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) total_pages: Option<i64>,
}

/// A page of `GET /v2/transactions`. `next` is a bare query, or null on the last page.
#[derive(Debug, Deserialize)]
pub(super) struct CursorPage<'a> {
    #[serde(borrow)]
    pub(super) results: Vec<&'a RawValue>,
    #[serde(default)]
    pub(super) next: Option<String>,
}

/// A bank account or a card.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Account {
    pub(super) id: String,
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(super) kind: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) subtype: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) number: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) marketing_name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) balance: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) owner: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) currency_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bank_data: Option<BankData>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) credit_data: Option<CreditData>,
}

impl Account {
    /// Whether it is a card, whose amounts are those of the one who is owed.
    pub(super) fn is_card(&self) -> bool {
        self.kind.as_deref() == Some("CREDIT")
    }
}

/// What only bank accounts have.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BankData {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) transfer_number: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) automatically_invested_balance: Option<Decimal>,
}

/// What only cards have.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreditData {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) available_credit_limit: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) credit_limit: Option<Decimal>,
}

/// A transaction. What cannot be read of it loses itself alone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transaction {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) provider_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) description_raw: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) currency_code: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) amount: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) amount_in_account_currency: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) balance: Option<Decimal>,
    #[serde(default, rename = "type", deserialize_with = "lenient")]
    pub(super) direction: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) merchant: Option<Merchant>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) category: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) category_id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) payment_data: Option<PaymentData>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) credit_card_metadata: Option<CardMetadata>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) updated_at: Option<Timestamp>,
}

/// A shop.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Merchant {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) business_name: Option<String>,
}

/// Who paid whom, and for what.
#[derive(Debug, Deserialize)]
pub(super) struct PaymentData {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) payer: Option<Party>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) receiver: Option<Party>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) reason: Option<String>,
}

/// One side of a payment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Party {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) routing_number: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) branch_number: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) account_number: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) document_number: Option<Document>,
}

/// The tax number of a person or a company.
#[derive(Debug, Deserialize)]
pub(super) struct Document {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) value: Option<String>,
}

/// What only rows of cards have.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CardMetadata {
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) installment_number: Option<i64>,
    #[serde(default, deserialize_with = "lenient_number")]
    pub(super) total_installments: Option<i64>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) purchase_date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) bill_id: Option<String>,
}

/// A bill that has closed. Its days may lack a zone (fact sheet §6).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bill {
    #[serde(default, deserialize_with = "lenient")]
    pub(super) id: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) due_date: Option<String>,
    #[serde(default, rename = "billClosingDate", deserialize_with = "lenient")]
    pub(super) closing_date: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) total_amount: Option<Decimal>,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) total_amount_currency_code: Option<String>,
}

/// A notice that Pluggy posts to a web address (fact sheet §8).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Notice {
    pub(super) event: String,
    #[serde(default, deserialize_with = "lenient")]
    pub(super) item_id: Option<String>,
}

#[cfg(test)]
mod tests;
