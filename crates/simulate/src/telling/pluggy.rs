//! As Pluggy.ai writes (its fact sheet, §0 and §6).

use bankside_domain::account::AccountKind;
use bankside_domain::row::RowIdKind;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Tongue, Wire, units};

const CURRENCIES: [&str; 3] = ["BRL", "BRL", "USD"];

/// Its banks: one that says all there is to say, and one that says little.
pub(super) const TONGUES: &[Tongue] = &[
    Tongue { institution: "601", country: "BR", currencies: CURRENCIES, write: talkative },
    Tongue { institution: "602", country: "BR", currencies: CURRENCIES, write: taciturn },
];

/// With three digits after the second, always.
fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

fn talkative(wire: &Wire, kind: AccountKind) -> Value {
    let is_card = kind == AccountKind::CreditCard;
    // On cards what goes out is positive (§0.3).
    let signed = |minor: i64| units(if is_card { -minor } else { minor });
    let side = |name: &str| json!({ "name": name, "branchNumber": "0001", "accountNumber": "55501-2", "routingNumber": "777" });
    let (theirs, own) = (side(&wire.payee), side("Demo Household"));
    let (payer, receiver) = if wire.is_out() { (own, theirs) } else { (theirs, own) };
    let payment = json!({ "payer": payer, "receiver": receiver, "paymentMethod": "PIX", "reason": null });
    // A purchase abroad has its amount in the currency of the shop, and beside it the one that counts (§0.4).
    let is_abroad = is_card && wire.is_out() && wire.payee.starts_with("Werft");
    let (amount, currency, counts) = if is_abroad {
        (signed(wire.minor * 2), "EUR", signed(wire.minor))
    } else {
        (signed(wire.minor), wire.currency, Value::Null)
    };
    json!({
        "id": wire.id(RowIdKind::Provider), "date": wire.at.map(time), "description": wire.about(),
        "descriptionRaw": wire.about().to_uppercase(), "currencyCode": currency, "amount": amount,
        "amountInAccountCurrency": counts, "balance": if is_card { units(0) } else { Value::Null },
        "type": if wire.is_out() { "DEBIT" } else { "CREDIT" },
        "status": if wire.is_pending { "PENDING" } else { "POSTED" },
        "providerId": wire.id(RowIdKind::Bank), "operationType": if is_card { Value::Null } else { "PIX".into() },
        "merchant": if is_card { json!({ "name": wire.payee, "businessName": "COMERCIO LTDA" }) } else { Value::Null },
        "paymentData": if is_card { Value::Null } else { payment },
        "creditCardMetadata": if is_card { json!({ "cardNumber": "8201", "payeeMCC": 5411 }) } else { Value::Null },
        "createdAt": wire.since.map(time), "updatedAt": wire.since.map(time),
    })
}

/// What may be missing is: a status that is missing is one of a posted row, and a direction is said by the sign (§6).
fn taciturn(wire: &Wire, kind: AccountKind) -> Value {
    let signed = if kind == AccountKind::CreditCard { -wire.minor } else { wire.minor };
    let mut row = json!({
        "id": wire.id(RowIdKind::Provider), "date": wire.at.map(time), "description": wire.about(),
        "currencyCode": wire.currency, "amount": units(signed), "merchant": { "businessName": wire.payee },
        "createdAt": wire.since.map(time),
    });
    if wire.is_pending {
        row["status"] = "PENDING".into();
    }
    if let Some(id) = wire.id(RowIdKind::Bank) {
        row["providerId"] = id.into();
    }
    row
}
