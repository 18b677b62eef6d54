//! Folding text, so that what people and banks write alike compares alike.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Folds text for search and comparison: lower case, without accents, white space collapsed.
///
/// It is done here and not in SQL because `SQLite` lowers ASCII only and both databases must find the same rows.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        if c.is_whitespace() || c.is_control() {
            if !folded.is_empty() && !folded.ends_with(' ') {
                folded.push(' ');
            }
        } else {
            folded.push(c);
        }
    }
    if folded.ends_with(' ') {
        folded.pop();
    }
    folded
}

/// Trims and collapses white space; what is left empty is `None`.
pub fn tidy(text: &str) -> Option<String> {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Masks an account number for people: country and last four stay, `DE•• •••• 3308`.
pub fn mask_account_number(number: &str) -> String {
    let compact: Vec<char> = number.chars().filter(|c| c.is_alphanumeric()).collect();
    let tail: String = compact[compact.len().saturating_sub(4)..].iter().collect();
    let has_country = compact.len() > 8 && compact.iter().take(2).all(char::is_ascii_alphabetic);
    if has_country {
        format!("{}{}•• •••• {tail}", compact[0], compact[1])
    } else {
        format!("•••• {tail}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_ignores_case_accents_and_spacing() {
        assert_eq!(fold("  Café\u{a0} Ärzte\n\nHaus "), "cafe arzte haus");
        assert_eq!(fold("ΑΓΟΡΆ"), fold("αγορα"));
    }

    #[test]
    fn masks_keep_the_country_and_the_last_four() {
        assert_eq!(mask_account_number("DE89 3704 0044 0532 0130 00"), "DE•• •••• 3000");
        assert_eq!(mask_account_number("12345678"), "•••• 5678");
        assert_eq!(mask_account_number("12"), "•••• 12");
    }
}
