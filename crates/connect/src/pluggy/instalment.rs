//! Instalments that stand in the text of a row alone, as some banks write them (fact sheet §6).

use std::sync::LazyLock;

use bankside_domain::row::Instalment;
use regex::Regex;

/// `PARC 03/12`, `Parcela 3 de 12`, `PARC.03/12`: the word makes it sure, whatever the numbers are.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|[^\p{L}])parc(?:ela(?:mento)?)?\.?[\s:-]*(\d{1,2})\s*(?:/|\bde\b)\s*(\d{1,2})(?:[^\d/]|$)")
        .ok()
});

/// `3/12` or `(3/12)` at the end, with a first number of one digit and nothing before a zero. A day of a month is
/// written with two digits, so `03/12` and `12/10` may be dates and are left alone.
static AT_THE_END: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?:^|\s)(?:\(([1-9])/([1-9]\d?)\)|([1-9])/([1-9]\d?))$").ok());

/// The instalment that a text of a card's row tells of, only where it is surely one.
pub(super) fn in_text(text: &str) -> Option<Instalment> {
    let found = [&*NAMED, &*AT_THE_END].into_iter().flatten().find_map(|pattern| pattern.captures(text.trim()))?;
    let mut numbers = found.iter().skip(1).flatten().map(|number| number.as_str().parse().ok());
    Instalment::new(numbers.next()??, numbers.next()??)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instalments_are_read_from_texts_that_surely_tell_of_one() {
        for (text, expected) in [
            ("LOJA AZUL PARC 03/12", "3/12"),
            ("PARC.03/12 LOJA AZUL", "3/12"),
            ("Loja Azul - Parcela 3/5", "3/5"),
            ("Parcela 10 de 12 Loja Azul", "10/12"),
            ("PARCELAMENTO 2/6", "2/6"),
            ("LOJA PARC12/12", "12/12"),
            ("Loja Azul 3/5", "3/5"),
            ("Loja Azul (3/12)", "3/12"),
            ("Loja Azul - 3/12 ", "3/12"),
        ] {
            assert_eq!(in_text(text).map(|part| part.to_string()).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn dates_fractions_and_other_numbers_are_none() {
        for text in [
            "COMPRA 12/10",
            "COMPRA 03/12",
            "LOJA (03/12)",
            "MENSALIDADE 05/24",
            "REF 3/2026",
            "PARC 03/12/2026",
            "COMPRA 3/12/2026",
            "PIZZA 1/2 CALABRESA",
            "PARCERIA 03/12",
            "SPARC 03/12",
            "PARC 13/12",
            "PARC 0/12",
            "LOJA 5/3",
            "LOJA 1/1",
            "PARC",
            "LINHA 4-3/5",
            "99999999999/2",
            "",
        ] {
            assert_eq!(in_text(text), None, "{text}");
        }
    }
}
