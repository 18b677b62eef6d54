//! The provider's words: fit to be shown to a person and to be written to a log.

use bankside_domain::account::AccountKind;

/// No text is longer.
const MAX_CHARS: usize = 160;
/// A word with more digits than a date has is a number of something: an account, a person, a token.
const MAX_DIGITS: usize = 8;
/// Words are not longer; tokens are.
const MAX_WORD_CHARS: usize = 30;

/// One line of at most 160 characters, in which what may be an id, an account number or a token stands as `…`.
pub(crate) fn quoted(text: &str) -> String {
    let mut line = String::new();
    let visible = text.chars().map(|c| if c.is_control() || is_format(c) { ' ' } else { c }).collect::<String>();
    for word in visible.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(if is_telling(word) { "…" } else { word });
        if line.chars().count() > MAX_CHARS {
            return line.chars().take(MAX_CHARS).chain(['…']).collect();
        }
    }
    line
}

/// Whether an id, a name or a text is one: banks have a word for having none.
pub(crate) fn says_something(text: &str) -> bool {
    let word = text.trim();
    let says_none = word.eq_ignore_ascii_case("NOTPROVIDED") || word.eq_ignore_ascii_case("NOT PROVIDED");
    !(word.is_empty() || says_none)
}

fn is_telling(word: &str) -> bool {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let is_id = word.matches('-').count() >= 4 && word.len() >= 32;
    digits > MAX_DIGITS || is_id || word.chars().count() > MAX_WORD_CHARS
}

/// Characters that are not seen but turn what stands beside them.
fn is_format(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What an account is, by a text for people: a type, `Credit Card` as well as `CreditCard`, or a name.
pub(crate) fn kind_in(text: Option<&str>) -> AccountKind {
    let word: String = text.unwrap_or_default().chars().filter(char::is_ascii_alphabetic).collect();
    let word = word.to_ascii_lowercase();
    let names = |words: &[&str]| words.iter().any(|part| word.contains(part));
    if names(&["loan", "mortgage", "lineofcredit"]) {
        AccountKind::Loan
    } else if names(&["credit"]) {
        AccountKind::CreditCard
    } else if names(&["saving", "moneymarket"]) {
        AccountKind::Savings
    } else if names(&["checking", "chequing"]) {
        AccountKind::Checking
    } else if names(&["investment", "brokerage", "retirement"]) {
        AccountKind::Investment
    } else {
        AccountKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_one_line_and_tell_nobody_anything() {
        assert_eq!(quoted("a\nb\u{7}\u{202e}c  d"), "a b c d");
        assert_eq!(quoted("max_historical_days must be > 0 and <= 90"), "max_historical_days must be > 0 and <= 90");
        assert_eq!(
            quoted("'2026-11-21' can't be greater than 2026-11-20."),
            "'2026-11-21' can't be greater than 2026-11-20."
        );
        assert_eq!(quoted("Account ID 68d5b037-0706-41b7-ad63-5e62df8684d9 not found"), "Account ID … not found");
        assert_eq!(quoted("token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.e30.x is bad"), "token … is bad");
        assert_eq!(quoted("GL3510230000010234 is closed"), "… is closed");
        let long = quoted(&"word ".repeat(1000));
        assert_eq!(long.chars().count(), MAX_CHARS + 1);
    }

    #[test]
    fn types_are_free_text() {
        for (text, expected) in [
            ("Checking", AccountKind::Checking),
            ("Savings", AccountKind::Savings),
            ("CreditCard", AccountKind::CreditCard),
            ("Credit Card", AccountKind::CreditCard),
            ("credit-card", AccountKind::CreditCard),
            ("Auto Loan", AccountKind::Loan),
            ("Mortgage", AccountKind::Loan),
            ("Home Equity Line of Credit", AccountKind::Loan),
            ("Investment", AccountKind::Investment),
            ("", AccountKind::Other),
            ("Rewards", AccountKind::Other),
        ] {
            assert_eq!(kind_in(Some(text)), expected, "{text}");
        }
    }
}
