//! Amounts as people read them: grouped, with a real minus, in tabular figures.

use bankside_domain::{Amount, Currency};

/// Digits grouped by thousands: `1,204`.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 3);
    if number < 0 {
        text.push('\u{2212}');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount without its currency: `−1,204.10`.
pub(crate) fn amount(minor: i64, currency: Currency) -> String {
    let text = Amount::new(minor, currency).to_decimal_text();
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("\u{2212}", rest),
        None => ("", text.as_str()),
    };
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut grouped = String::with_capacity(text.len() + 6);
    grouped.push_str(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !part.is_empty() {
        grouped.push('.');
        grouped.push_str(part);
    }
    grouped
}

/// An amount of a register: money in carries its plus.
pub(crate) fn signed(minor: i64, currency: Currency) -> String {
    let text = amount(minor, currency);
    if minor > 0 { format!("+{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_and_signed() {
        let eur = Currency::iso("EUR").unwrap();
        assert_eq!(amount(-31_245, eur), "\u{2212}312.45");
        assert_eq!(amount(18_944_107, eur), "189,441.07");
        assert_eq!(amount(7, eur), "0.07");
        assert_eq!(signed(284_000, eur), "+2,840.00");
        assert_eq!(signed(0, eur), "0.00");
        assert_eq!(amount(1_234_567, Currency::iso("JPY").unwrap()), "1,234,567");
        assert_eq!(amount(i64::MIN, eur), "\u{2212}92,233,720,368,547,758.08");
        assert_eq!((grouped(1284), grouped(12), grouped(-1000)), ("1,284".into(), "12".into(), "\u{2212}1,000".into()));
    }
}
