//! As finAPI writes (its fact sheet, §9): days alone, amounts as numbers, other names in what is pending, and nothing that is null.

use bankside_domain::account::AccountKind;
use bankside_domain::row::RowIdKind;
use jiff::Span;
use serde_json::{Value, json};

use super::{Tongue, Wire, units};

const CURRENCIES: [&str; 3] = ["EUR", "EUR", "CHF"];

/// Its banks: one as documented, and one that leaves the currency to the account and of which older answers have a time behind the day.
pub(super) const TONGUES: &[Tongue] = &[
    Tongue { institution: "290001", country: "DE", currencies: CURRENCIES, write: documented },
    Tongue { institution: "290003", country: "AT", currencies: ["EUR", "EUR", "USD"], write: older },
];

/// A number that names a row.
fn number(wire: &Wire) -> Option<Value> {
    serde_json::from_str(wire.id(RowIdKind::Provider)?).ok()
}

fn documented(wire: &Wire, _: AccountKind) -> Value {
    let mut row = json!({
        "amount": units(wire.minor), "currency": wire.currency, "purpose": wire.about(), "valueDate": wire.day.to_string(),
    });
    if let Some(since) = wire.since {
        row["importDate"] = since.to_string().into();
    }
    if wire.is_pending {
        row["counterpartyName"] = wire.payee.as_str().into();
        row["type"] = "Vorgemerkt".into();
        return row;
    }
    if let Some(id) = number(wire) {
        row["id"] = id;
    }
    row["counterpartName"] = wire.payee.as_str().into();
    row["bankBookingDate"] = wire.day.to_string().into();
    // Value days differ, and finAPI's own day is not looked at.
    row["valueDate"] = wire.day.saturating_add(Span::new().days(1)).to_string().into();
    row["finapiBookingDate"] = wire.day.saturating_add(Span::new().days(3)).to_string().into();
    for name in ["isPotentialDuplicate", "isAdjustingEntry"] {
        row[name] = false.into();
    }
    row
}

fn older(wire: &Wire, kind: AccountKind) -> Value {
    let mut row = documented(wire, kind);
    if let Some(fields) = row.as_object_mut() {
        fields.remove("currency");
        for name in ["bankBookingDate", "valueDate"] {
            if let Some(day) = fields.get_mut(name) {
                *day = format!("{} 00:00:00.000", day.as_str().unwrap_or_default()).into();
            }
        }
        // Who is paid stands elsewhere where somebody else is paid for.
        if wire.is_out() && !wire.is_pending {
            fields.remove("counterpartName");
            fields.insert("differentCreditor".to_owned(), wire.payee.as_str().into());
        }
    }
    row
}
