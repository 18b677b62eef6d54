//! Bank data in the provider's words (fact sheet §6). Everything is optional on the wire, so absent keys are left out.

use bankside_domain::Amount;
use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::banks::{BalanceKind, Card, Dialect, Entry, Party, Pending, Stated, Statement};

/// `{"account": …}` (§6.3).
pub(super) fn details(card: &Card) -> Value {
    let mut account = json!({
        "resourceId": card.resource_id,
        "iban": card.iban,
        "currency": card.currency.code.as_str(),
        "ownerName": card.owner,
        "name": card.name,
        "product": card.product,
        "cashAccountType": card.cash_account_type,
    });
    if let Some(scan) = &card.scan {
        account["scan"] = scan.as_str().into();
    }
    json!({ "account": account })
}

/// `{"balances": […]}` (§6.2).
pub(super) fn balances(statement: &Statement, dialect: Dialect) -> Value {
    let balance = |stated: &Stated| {
        json!({
            "balanceAmount": amount(stated.amount, dialect),
            "balanceType": balance_type(stated.kind),
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
        BalanceKind::Expected => "expected",
        BalanceKind::InterimAvailable => "interimAvailable",
    }
}

/// `{"transactions": {"booked": […], "pending": […]}, "last_updated": …}`, the newest first (§6.4).
pub(super) fn transactions(statement: &Statement, dialect: Dialect, ids_from: Uuid, now: Timestamp) -> Value {
    let booked: Vec<_> = statement.booked.iter().rev().map(|entry| booked(entry, dialect, ids_from)).collect();
    let mut lists = json!({ "booked": booked });
    if dialect == Dialect::Plain {
        lists["pending"] = statement.pending.iter().rev().map(|row| pending(row, dialect)).collect();
    }
    json!({ "transactions": lists, "last_updated": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string() })
}

fn booked(entry: &Entry, dialect: Dialect, ids_from: Uuid) -> Value {
    let mut row = Map::new();
    let mut put = |name: &str, value: Value| _ = row.insert(name.to_owned(), value);
    if dialect == Dialect::Plain {
        put("transactionId", entry.number.as_str().into());
        put("entryReference", entry.number.as_str().into());
    }
    put("internalTransactionId", internal_id(ids_from, &entry.number).into());
    put("bookingDate", entry.booked_on.to_string().into());
    put("valueDate", entry.value_on.to_string().into());
    put("transactionAmount", amount(entry.amount, dialect));
    put("bankTransactionCode", entry.code.into());
    match dialect {
        Dialect::Plain => put("remittanceInformationUnstructured", entry.text.join(" ").into()),
        Dialect::Terse => put("remittanceInformationUnstructuredArray", entry.text.clone().into()),
    }
    if let Some(code) = entry.own_code {
        put("proprietaryBankTransactionCode", code.into());
    }
    if let Some(mandate) = &entry.mandate {
        put("mandateId", mandate.id.as_str().into());
        put("creditorId", mandate.creditor.into());
    }
    if let (Dialect::Plain, Some(balance)) = (dialect, entry.balance_after) {
        // Capitalised inside a row (§6.2).
        put(
            "balanceAfterTransaction",
            json!({ "balanceAmount": amount(balance, dialect), "balanceType": "InterimBooked" }),
        );
    }
    if let Some(party) = &entry.party {
        put_party(&mut row, entry.amount, party);
    }
    Value::Object(row)
}

/// No ids and no booking date: it is not booked (§6.4).
fn pending(row: &Pending, dialect: Dialect) -> Value {
    let mut value = json!({
        "transactionAmount": amount(row.amount, dialect),
        "valueDate": row.on.to_string(),
        "remittanceInformationUnstructured": row.text,
    });
    if let (Some(name), Value::Object(fields)) = (&row.party, &mut value) {
        put_party(fields, row.amount, &Party { name: name.clone(), iban: None });
    }
    value
}

/// Money out goes to a creditor, money in comes from a debtor.
fn put_party(row: &mut Map<String, Value>, amount: Amount, party: &Party) {
    let side = if amount.minor < 0 { "creditor" } else { "debtor" };
    row.insert(format!("{side}Name"), party.name.as_str().into());
    if let Some(iban) = &party.iban {
        row.insert(format!("{side}Account"), json!({ "iban": iban }));
    }
}

fn amount(amount: Amount, dialect: Dialect) -> Value {
    let text = amount.to_decimal_text();
    let text = match dialect {
        Dialect::Terse if text.contains('.') => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        _ => text,
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
        let terse =
            |code, minor| amount(Amount::new(minor, Currency::iso(code).unwrap()), Dialect::Terse)["amount"].clone();
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
