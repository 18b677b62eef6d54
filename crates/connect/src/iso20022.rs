//! What banks of Europe say in the words of ISO 20022, whichever provider hands it on: kinds of accounts, and numbers by which they
//! are recognised.

use bankside_domain::CurrencyCode;
use bankside_domain::account::AccountKind;
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::text::fold;

/// By what an account is recognised: its whole number with its currency, and the end of it with everything else that is known.
pub(crate) fn match_keys(
    number: Option<&str>,
    mask: Option<&str>,
    holder: Option<&str>,
    currency: CurrencyCode,
    institution_key: &str,
) -> Vec<MatchKey> {
    let compact = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
    };
    let mut keys = Vec::new();
    if let Some(number) = number.map(compact).filter(|number| number.len() >= 8) {
        keys.push(MatchKey { kind: MatchKeyKind::Iban, value: format!("{number}|{currency}") });
    }
    if let Some(mask) = mask.map(compact) {
        let tail = &mask[mask.len().saturating_sub(4)..];
        let holder = holder.map(fold).unwrap_or_default();
        let value = format!("{tail}|{currency}|{holder}|{institution_key}");
        keys.push(MatchKey { kind: MatchKeyKind::Mask, value });
    }
    keys
}

/// What an account is, by its type.
pub(crate) fn kind(code: Option<&str>) -> AccountKind {
    match code.map(str::to_ascii_uppercase).as_deref() {
        Some("SVGS" | "MGLD" | "MOMA") => AccountKind::Savings,
        Some("CARD") => AccountKind::CreditCard,
        Some("LOAN") => AccountKind::Loan,
        Some("CASH") => AccountKind::Cash,
        _ => AccountKind::Checking,
    }
}
