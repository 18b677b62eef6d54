//! As Sophtron writes (its fact sheet, §5 and §7): what is optional differs from bank to bank, and so does the spelling of keys (§0.8).

use bankside_domain::account::AccountKind;
use bankside_domain::row::RowIdKind;
use serde_json::{Value, json};

use super::{Tongue, Wire, decimal, units};

const UNITED_STATES: [&str; 3] = ["USD", "USD", "CAD"];

/// Its banks: as documented, one that tells the direction by a word alone, one that does so by the sign, and one of Canada.
pub(super) const TONGUES: &[Tongue] = &[
    Tongue { institution: "US_0c5f-11", country: "US", currencies: UNITED_STATES, write: documented },
    Tongue { institution: "US_0c5f-12", country: "US", currencies: UNITED_STATES, write: unsigned },
    Tongue { institution: "US_0c5f-13", country: "US", currencies: UNITED_STATES, write: signed },
    Tongue { institution: "CA_0c5f-14", country: "CA", currencies: ["CAD", "CAD", "USD"], write: documented_in_canada },
];

/// A day has a time that is midnight, an instant has a zone.
fn when(wire: &Wire) -> String {
    wire.at.map_or_else(|| format!("{}T00:00:00", wire.day), |at| at.to_string())
}

fn documented_with(wire: &Wire, dollar: &str) -> Value {
    // A sign where there is one, a code where there is none (§0.6).
    let currency = if wire.currency == dollar { "$" } else { wire.currency };
    let id = wire.id(RowIdKind::Provider);
    json!({
        "ID": id, "TransactionID": id, "Status": if wire.is_pending { "Pending" } else { "Posted" },
        "Type": if wire.is_out() { "DEBIT" } else { "CREDIT" }, "Amount": units(wire.minor), "Currency": currency,
        "Date": when(wire), "TransactionDate": when(wire), "PostDate": (!wire.is_pending).then(|| when(wire)),
        "Description": wire.about(), "Merchant": wire.payee, "Category": "Food", "CheckNum": "", "Memo": "",
        "CheckImage": "", "LastModifiedUtc": wire.since.map(|since| since.to_string()),
    })
}

fn documented(wire: &Wire, _: AccountKind) -> Value {
    documented_with(wire, "USD")
}

fn documented_in_canada(wire: &Wire, _: AccountKind) -> Value {
    documented_with(wire, "CAD")
}

/// Amounts have no sign, and come as texts.
fn unsigned(wire: &Wire, _: AccountKind) -> Value {
    json!({
        "transactionId": wire.id(RowIdKind::Provider), "status": if wire.is_pending { "pending" } else { "posted" },
        "type": if wire.is_out() { "Debit" } else { "Credit" }, "amount": decimal(wire.minor.abs()),
        "currency": wire.currency, "transactionDate": when(wire), "description": wire.about(), "memo": wire.about(),
        "merchant": wire.payee, "lastModified": wire.since.map(|since| since.to_string()),
    })
}

/// No direction but the sign, no currency but the account's, no status once it is posted, and a day on which that was.
fn signed(wire: &Wire, _: AccountKind) -> Value {
    let mut row = json!({
        "TransactionId": wire.id(RowIdKind::Provider), "Amount": units(wire.minor), "Date": when(wire),
        "Description": wire.about(), "Merchant": wire.payee, "LastModified": wire.since.map(|since| since.to_string()),
    });
    let (name, value) = if wire.is_pending { ("Status", "Pending".to_owned()) } else { ("PostDate", when(wire)) };
    row[name] = value.into();
    row
}
