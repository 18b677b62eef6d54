//! As banks write through GoCardless (its fact sheet, §6.4), some of them with habits that are known (§12).

use bankside_domain::account::AccountKind;
use bankside_domain::row::RowIdKind;
use jiff::Span;
use serde_json::{Map, Value, json};

use super::{Tongue, Wire, decimal, units};

const CURRENCIES: [&str; 3] = ["EUR", "EUR", "CHF"];

/// Its banks: a plain one, one that is short of words, and three with habits of their own.
pub(super) const TONGUES: &[Tongue] = &[
    Tongue { institution: "NORDHAFEN_NHBKDE22", country: "DE", currencies: CURRENCIES, write: plain },
    Tongue { institution: "LOCKSIDE_LOCKGB2L", country: "GB", currencies: ["GBP", "GBP", "EUR"], write: terse },
    Tongue { institution: "ING_PL_INGBPLPW", country: "PL", currencies: ["PLN", "PLN", "EUR"], write: by_value_day },
    Tongue { institution: "ABANCA_CAGLESMM", country: "ES", currencies: CURRENCIES, write: name_in_structured_text },
    Tongue { institution: "NBG_ETHNGRAAXXX", country: "GR", currencies: CURRENCIES, write: purchases_turned_round },
];

/// As documented. What is booked has the id that GoCardless adds and maybe one of the bank; a pending row has the day of its value
/// alone.
fn plain(wire: &Wire, _: AccountKind) -> Value {
    let mut row = Map::new();
    let mut put = |name: &str, value: Value| _ = row.insert(name.to_owned(), value);
    for (name, kind) in [
        ("transactionId", RowIdKind::Bank),
        ("internalTransactionId", RowIdKind::Provider),
        ("entryReference", RowIdKind::Reference),
    ] {
        if let Some(id) = wire.id(kind) {
            put(name, id.into());
        }
    }
    put("transactionAmount", json!({ "amount": decimal(wire.minor), "currency": wire.currency }));
    let when: Value = wire.at.map_or_else(|| wire.day.to_string(), |at| at.to_string()).into();
    let (booked, valued) = match wire.at {
        Some(_) => ("bookingDateTime", "valueDateTime"),
        None => ("bookingDate", "valueDate"),
    };
    if !wire.is_pending {
        put(booked, when.clone());
    }
    put(valued, when);
    // The holder is on the other side.
    let (theirs, own) = if wire.is_out() { ("creditorName", "debtorName") } else { ("debtorName", "creditorName") };
    put(theirs, wire.payee.as_str().into());
    put(own, "Demo Household".into());
    put("remittanceInformationUnstructured", wire.about().into());
    Value::Object(row)
}

/// Amounts are numbers, texts are lists, and an id that there is not is said not to be.
fn terse(wire: &Wire, kind: AccountKind) -> Value {
    let mut row = plain(wire, kind);
    row["transactionAmount"]["amount"] = units(wire.minor);
    row["remittanceInformationUnstructured"] = Value::Null;
    row["remittanceInformationUnstructuredArray"] = json!(["about", wire.payee]);
    if wire.id(RowIdKind::Bank).is_none() {
        row["transactionId"] = "NOTPROVIDED".into();
    }
    row
}

/// The day of the value is the row's, and the bank says that it was booked on the next one.
fn by_value_day(wire: &Wire, kind: AccountKind) -> Value {
    let mut row = plain(wire, kind);
    if !wire.is_pending && wire.at.is_none() {
        row["bookingDate"] = wire.day.saturating_add(Span::new().days(1)).to_string().into();
    }
    row
}

/// The other side is named in the structured text.
fn name_in_structured_text(wire: &Wire, kind: AccountKind) -> Value {
    let mut row = plain(wire, kind);
    let theirs = if wire.is_out() { "creditorName" } else { "debtorName" };
    row[theirs] = "TARJETA".into();
    row["remittanceInformationStructured"] = wire.payee.as_str().into();
    row
}

/// What has no id of the bank and begins like a purchase has its sign the other way round.
fn purchases_turned_round(wire: &Wire, kind: AccountKind) -> Value {
    let mut row = plain(wire, kind);
    if wire.is_out() && wire.id(RowIdKind::Bank).is_none() {
        row["transactionAmount"]["amount"] = decimal(-wire.minor).into();
        row["remittanceInformationUnstructured"] = format!("ΑΓΟΡΑ {}", wire.about()).into();
    }
    row
}
