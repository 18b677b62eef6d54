//! What single values look like, where nothing names their column, and what those of a direction mean.

use bankside_domain::CurrencyCode;
use bankside_domain::text::fold;

use super::dates::{self, DateOrder};
use super::numbers::{self, DecimalMark};

/// Whether a value is a date in any order.
pub(super) fn is_date(value: &str) -> bool {
    // A plain number of eight digits may be anything.
    DateOrder::ALL.iter().any(|order| dates::parse(value, *order).is_some())
}

/// Whether a value is an amount in any style: a number, and no plain id.
pub(super) fn is_amount(value: &str) -> bool {
    let is_plain = value.len() > 9 && value.bytes().all(|byte| byte.is_ascii_digit());
    !is_plain && !is_date(value) && is_number(value)
}

pub(super) fn is_number(value: &str) -> bool {
    DecimalMark::ALL.iter().any(|mark| numbers::parse(value, *mark).is_some())
}

/// Whether a value has the form of an IBAN.
pub(super) fn is_iban(value: &str) -> bool {
    let compact: Vec<u8> = value.bytes().filter(|byte| *byte != b' ').collect();
    (15..=34).contains(&compact.len())
        && compact[..2].iter().all(u8::is_ascii_uppercase)
        && compact[2..4].iter().all(u8::is_ascii_digit)
        && compact[4..].iter().all(u8::is_ascii_alphanumeric)
}

/// The currency that a value names.
pub(super) fn currency(value: &str) -> Option<CurrencyCode> {
    let code = match value {
        "€" => "EUR",
        "$" | "US$" => "USD",
        "£" => "GBP",
        "R$" => "BRL",
        "zł" => "PLN",
        "Kč" => "CZK",
        other => other,
    };
    code.parse().ok()
}

/// Whether a value names a currency of ISO 4217.
pub(super) fn is_currency(value: &str) -> bool {
    currency(value).is_some_and(|code| code.iso_scale().is_some())
}

/// Whether money goes out, by a value that only says that.
pub(super) fn is_out(value: &str) -> Option<bool> {
    match fold(value).trim_matches('.') {
        "s" | "soll" | "d" | "dr" | "db" | "debit" | "dbit" | "debet" | "debito" | "out" | "outgoing" | "af"
        | "sent" | "withdrawal" | "payment" | "lastschrift" | "belastung" | "ausgang" | "-" => Some(true),
        "h" | "haben" | "c" | "cr" | "crdt" | "credit" | "kredit" | "credito" | "in" | "incoming" | "bij"
        | "received" | "deposit" | "gutschrift" | "eingang" | "+" => Some(false),
        _ => None,
    }
}
