//! Bank data in the provider's words (fact sheet §6). Everything is optional on the wire, so absent keys are left out.

use bankside_domain::Amount;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::dialects::{self, Shape};
use crate::banks::{BalanceKind, Card, Dialect, Entry, Party, Pending, Stated, Statement};

/// The IBAN as the metadata call has it; at some banks of cards a masked number stands in its place.
pub(super) fn iban(card: &Card, dialect: Dialect) -> Option<String> {
    if dialect == Dialect::MaskedCard { card.masked_pan.clone() } else { card.iban.clone() }
}

/// `{"account": …}` (§6.3).
pub(super) fn details(card: &Card, dialect: Dialect) -> Value {
    let mut account = json!({
        "resourceId": card.resource_id,
        "currency": card.currency.code.as_str(),
        "ownerName": card.owner,
        "name": card.name,
        "product": card.product,
        "cashAccountType": card.cash_account_type,
    });
    for (name, text) in [("iban", &card.iban), ("maskedPan", &card.masked_pan), ("scan", &card.scan)] {
        if let Some(text) = text {
            account[name] = text.as_str().into();
        }
    }
    if let (Dialect::MaskedCard, Value::Object(fields)) = (dialect, &mut account) {
        let pan = fields.remove("maskedPan");
        fields.insert("iban".to_owned(), pan.unwrap_or_default());
        let name = fields.remove("name");
        fields.insert("details".to_owned(), name.unwrap_or_default());
    }
    json!({ "account": account })
}

/// `{"balances": […]}` (§6.2).
pub(super) fn balances(statement: &Statement, dialect: Dialect) -> Value {
    let shape = dialects::shape(dialect);
    let balance = |stated: &Stated| {
        let kind = balance_type(stated.kind);
        let kind = if shape.capital_balance_types { capitalised(kind) } else { kind.to_owned() };
        json!({
            "balanceAmount": amount(stated.amount, shape),
            "balanceType": kind,
            "referenceDate": stated.on.to_string(),
        })
    };
    json!({ "balances": statement.balances.iter().map(balance).collect::<Vec<_>>() })
}

fn balance_type(kind: BalanceKind) -> &'static str {
    match kind {
        BalanceKind::InterimBooked => "interimBooked",
        BalanceKind::ClosingBooked => "closingBooked",
        BalanceKind::PreviouslyClosedBooked => "previouslyClosedBooked",
        BalanceKind::Expected | BalanceKind::Owed => "expected",
        BalanceKind::InterimAvailable => "interimAvailable",
        BalanceKind::NonInvoiced => "nonInvoiced",
        BalanceKind::Information => "information",
    }
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(characters).collect()
}

/// What ids are made of: of the account, and at some banks of this very fetch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ids {
    pub(super) from: Uuid,
    pub(super) fetch: Uuid,
}

/// `{"transactions": {"booked": […], "pending": […]}, "last_updated": …}`, the newest first (§6.4).
pub(super) fn transactions(statement: &Statement, dialect: Dialect, ids: Ids, now: Timestamp) -> Value {
    let shape = dialects::shape(dialect);
    let booked: Vec<_> = statement.booked.iter().rev().map(|entry| booked(entry, shape, ids)).collect();
    let mut lists = json!({ "booked": booked });
    if shape.sends_pending {
        let rows = statement.pending.iter().enumerate().rev();
        lists["pending"] = rows.map(|(index, row)| pending(index, row, shape)).collect();
    }
    json!({ "transactions": lists, "last_updated": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() })
}

/// A row as documented, and then as the bank writes it.
fn booked(entry: &Entry, shape: &Shape, ids: Ids) -> Value {
    let mut row = Map::new();
    let mut put = |name: &str, value: Value| _ = row.insert(name.to_owned(), value);
    put("transactionId", entry.number.as_str().into());
    put("entryReference", entry.number.as_str().into());
    put("internalTransactionId", internal_id(ids.from, &entry.number).into());
    put("bookingDate", entry.booked_on.to_string().into());
    put("valueDate", entry.value_on.to_string().into());
    put("transactionAmount", amount(entry.amount, shape));
    put("bankTransactionCode", entry.code.into());
    put("remittanceInformationUnstructured", entry.text.join(" ").into());
    if let Some(code) = entry.own_code {
        put("proprietaryBankTransactionCode", code.into());
    }
    if let Some(mandate) = &entry.mandate {
        put("mandateId", mandate.id.as_str().into());
        put("creditorId", mandate.creditor.into());
    }
    if let (true, Some(balance)) = (shape.sends_running_balance, entry.balance_after) {
        // Capitalised inside a row (§6.2).
        put(
            "balanceAfterTransaction",
            json!({ "balanceAmount": amount(balance, shape), "balanceType": "InterimBooked" }),
        );
    }
    if let Some(party) = &entry.party {
        put_party(&mut row, entry.amount, party);
    }
    (shape.booked)(&mut row, entry, ids);
    Value::Object(row)
}

/// No ids and no booking date: it is not booked (§6.4).
fn pending(index: usize, pending: &Pending, shape: &Shape) -> Value {
    let mut row = Map::new();
    row.insert("transactionAmount".to_owned(), amount(pending.amount, shape));
    row.insert("valueDate".to_owned(), pending.on.to_string().into());
    row.insert("remittanceInformationUnstructured".to_owned(), pending.text.as_str().into());
    if let Some(name) = &pending.party {
        put_party(&mut row, pending.amount, &Party { name: name.clone(), iban: None });
    }
    (shape.pending)(&mut row, pending, index);
    Value::Object(row)
}

/// Money out goes to a creditor, money in comes from a debtor.
fn put_party(row: &mut Map<String, Value>, amount: Amount, party: &Party) {
    let side = if amount.minor < 0 { "creditor" } else { "debtor" };
    row.insert(format!("{side}Name"), party.name.as_str().into());
    if let Some(iban) = &party.iban {
        row.insert(format!("{side}Account"), json!({ "iban": iban }));
    }
}

fn amount(amount: Amount, shape: &Shape) -> Value {
    let text = amount.to_decimal_text();
    let text = if shape.trims_amounts && text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    };
    json!({ "amount": text, "currency": amount.currency.code.as_str() })
}

/// 32 hex digits, stable per account (§6.4).
fn internal_id(ids_from: Uuid, number: &str) -> String {
    let digest = Sha256::new().chain_update(ids_from.as_bytes()).chain_update(number.as_bytes()).finalize();
    HEXLOWER.encode(&digest[..16])
}

#[cfg(test)]
mod tests {
    use bankside_domain::Currency;

    use super::*;

    #[test]
    fn terse_amounts_have_no_superfluous_zeros() {
        let terse = |code, minor| {
            amount(Amount::new(minor, Currency::iso(code).unwrap()), dialects::shape(Dialect::Terse))["amount"].clone()
        };
        assert_eq!(terse("GBP", 500), "5");
        assert_eq!(terse("GBP", -1250), "-12.5");
        assert_eq!(terse("GBP", 1234), "12.34");
        assert_eq!(terse("GBP", 0), "0");
        assert_eq!(terse("JPY", 1500), "1500");
    }

    #[test]
    fn internal_ids_are_32_hex_digits_and_belong_to_one_account() {
        let id = internal_id(Uuid::from_u128(1), "NHG202611200001");
        assert_eq!(id.len(), 32);
        assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(id, internal_id(Uuid::from_u128(2), "NHG202611200001"));
    }
}
