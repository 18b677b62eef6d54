//! As banks write through Enable Banking (its fact sheet, §5): days alone, and amounts whose sign stands in a word, in themselves, or in
//! both.

use bankside_domain::account::AccountKind;
use bankside_domain::row::RowIdKind;
use jiff::Span;
use serde_json::{Value, json};

use super::{Tongue, Wire, decimal};

const CURRENCIES: [&str; 3] = ["EUR", "EUR", "CHF"];

/// Its banks: one as documented, one that puts everything into labelled lines, and one that is short of words.
pub(super) const TONGUES: &[Tongue] = &[
    Tongue { institution: "DE:Nordhafen Bank", country: "DE", currencies: CURRENCIES, write: documented },
    Tongue { institution: "NL:ABN AMRO", country: "NL", currencies: CURRENCIES, write: labelled },
    Tongue { institution: "FI:Satamapankki", country: "FI", currencies: ["EUR", "EUR", "SEK"], write: terse },
];

fn documented(wire: &Wire, _: AccountKind) -> Value {
    // The holder is on the other side.
    let (theirs, own) = if wire.is_out() { ("creditor", "debtor") } else { ("debtor", "creditor") };
    let mut row = json!({
        "transaction_id": wire.id(RowIdKind::Bank), "entry_reference": wire.id(RowIdKind::Reference),
        "transaction_amount": { "currency": wire.currency, "amount": decimal(wire.minor.abs()) },
        "credit_debit_indicator": if wire.is_out() { "DBIT" } else { "CRDT" },
        "status": if wire.is_pending { "PDNG" } else { "BOOK" }, "value_date": wire.day.to_string(),
        "remittance_information": [wire.about()],
    });
    row[theirs] = json!({ "name": wire.payee });
    row[own] = json!({ "name": "Demo Household" });
    if !wire.is_pending {
        row["booking_date"] = wire.day.to_string().into();
        row["value_date"] = wire.day.saturating_add(Span::new().days(1)).to_string().into();
    }
    row
}

/// The name stands in a line of the text. What is pending may have a reference that is none, and amounts have their sign besides.
fn labelled(wire: &Wire, kind: AccountKind) -> Value {
    let mut row = documented(wire, kind);
    row["transaction_amount"]["amount"] = decimal(wire.minor).into();
    row["remittance_information"] = json!([format!("Naam: {}", wire.payee), format!("Omschrijving: {}", wire.about())]);
    row[if wire.is_out() { "creditor" } else { "debtor" }] = Value::Null;
    if wire.is_pending && wire.id(RowIdKind::Reference).is_none() {
        row["entry_reference"] = "0".into();
    }
    row
}

/// No indicator, no currency but the account's, the text as a note, and the name in an address.
fn terse(wire: &Wire, _: AccountKind) -> Value {
    let theirs = if wire.is_out() { "creditor" } else { "debtor" };
    let day = if wire.is_pending { "transaction_date" } else { "booking_date" };
    let mut row = json!({
        "transaction_id": wire.id(RowIdKind::Bank), "entry_reference": wire.id(RowIdKind::Reference),
        "transaction_amount": { "amount": decimal(wire.minor) }, "note": wire.about(),
    });
    row[theirs] = json!({ "postal_address": { "address_line": [wire.payee] } });
    row[day] = wire.day.to_string().into();
    row
}
