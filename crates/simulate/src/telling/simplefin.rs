//! As SimpleFIN writes (its fact sheet, §3 and §6): moments in seconds, of which days are made in UTC, and a zero where nothing is posted.

use bankside_domain::account::AccountKind;
use bankside_domain::row::RowIdKind;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Tongue, Wire, decimal};

const CURRENCIES: [&str; 3] = ["USD", "USD", "CAD"];

/// Its banks, all without a country: one that says when a payment was made, and one that knows days and flags alone.
pub(super) const TONGUES: &[Tongue] = &[
    Tongue { institution: "simplefin", country: "", currencies: CURRENCIES, write: talkative },
    Tongue { institution: "simplefin", country: "", currencies: CURRENCIES, write: flagged },
];

/// The second, or that of midnight.
fn seconds(wire: &Wire) -> i64 {
    let midnight = || wire.day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).unwrap_or_default();
    wire.at.unwrap_or_else(midnight).as_second()
}

fn talkative(wire: &Wire, _: AccountKind) -> Value {
    json!({
        "id": wire.id(RowIdKind::Provider), "posted": if wire.is_pending { 0 } else { seconds(wire) },
        "transacted_at": seconds(wire), "amount": decimal(wire.minor), "description": wire.about(),
        "payee": wire.payee, "memo": "", "pending": wire.is_pending, "mcc": "5999",
    })
}

fn flagged(wire: &Wire, _: AccountKind) -> Value {
    let mut row = json!({
        "id": wire.id(RowIdKind::Provider), "posted": seconds(wire), "amount": decimal(wire.minor),
        "description": wire.about(), "payee": wire.payee, "memo": wire.about(),
    });
    if wire.is_pending {
        row["pending"] = true.into();
    }
    row
}
