//! What a person types to find a bank, as finAPI is asked for it: it knows banks by name, bank code, BIC and city, and by no IBAN (fact
//! sheet §4). In Germany and Austria the bank code stands in the IBAN, and that is all of it that leaves this house.

use std::borrow::Cow;

/// Where the bank code stands in the IBANs of a country, and how long those are.
const CODES: [(&str, std::ops::Range<usize>, usize); 2] = [("DE", 4..12, 22), ("AT", 4..9, 20)];
/// No IBAN is shorter, or longer.
const IBAN_CHARS: std::ops::RangeInclusive<usize> = 15..=34;

/// What to ask for. `None` is an IBAN of another country, of which finAPI finds nothing.
pub(super) fn wanted(typed: &str) -> Option<Cow<'_, str>> {
    let compact: String = typed.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    if !compact.is_empty() && compact.chars().all(|c| c.is_ascii_digit()) {
        return Some(Cow::Owned(compact));
    }
    for (country, place, most_chars) in CODES {
        let digits = compact.strip_prefix(country).filter(|rest| rest.chars().all(|c| c.is_ascii_digit()));
        // Whoever has typed as far as the end of the code has typed enough.
        if let Some(code) = compact.get(place).filter(|_| digits.is_some() && compact.len() <= most_chars) {
            return Some(Cow::Owned(code.to_owned()));
        }
    }
    (!is_iban(&compact)).then_some(Cow::Borrowed(typed))
}

/// Whether a text is an IBAN, by its shape and its check digits.
fn is_iban(text: &str) -> bool {
    let shape: Vec<bool> = text.chars().take(4).map(|c| c.is_ascii_digit()).collect();
    if shape != [false, false, true, true]
        || !IBAN_CHARS.contains(&text.len())
        || !text.chars().all(|c| c.is_ascii_alphanumeric())
    {
        return false;
    }
    let turned = text.chars().skip(4).chain(text.chars().take(4));
    let rest = turned
        .filter_map(|c| c.to_digit(36))
        .fold(0, |rest, digit| (if digit > 9 { rest * 100 } else { rest * 10 } + digit) % 97);
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ibans_of_germany_and_austria_become_bank_codes_and_everything_else_is_asked_for_as_it_is() {
        for (typed, expected) in [
            ("DE89 3704 0044 0532 0130 00", Some("37040044")),
            ("de89370400440532013000", Some("37040044")),
            // Typed as far as the code, and with a digit that is wrong.
            ("DE89 3704 0044", Some("37040044")),
            ("DE88 3704 0044 0532 0130 00", Some("37040044")),
            ("AT61 1904 3002 3457 3201", Some("19043")),
            ("at611904300234573201", Some("19043")),
            ("AT61 1904 3", Some("19043")),
            // Not that far yet.
            ("DE89 3704 00", Some("DE89 3704 00")),
            ("AT61", Some("AT61")),
            // Longer than any, so it is something else.
            ("DE89 3704 0044 0532 0130 001", Some("DE89 3704 0044 0532 0130 001")),
            ("AT61 1904 3002 3457 3201 0", Some("AT61 1904 3002 3457 3201 0")),
            // Elsewhere the code is no bank code of finAPI's.
            ("NL91 ABNA 0417 1643 00", None),
            ("GB29NWBK60161331926819", None),
            ("NL92 ABNA 0417 1643 00", Some("NL92 ABNA 0417 1643 00")),
            // Names, codes, BICs and cities.
            ("Sparkasse Köln", Some("Sparkasse Köln")),
            ("370 400 44", Some("37040044")),
            ("37040044", Some("37040044")),
            ("COBADEFFXXX", Some("COBADEFFXXX")),
            ("DEMO0001", Some("DEMO0001")),
            ("Attersee", Some("Attersee")),
            ("Demmin", Some("Demmin")),
            ("", Some("")),
        ] {
            assert_eq!(wanted(typed).as_deref(), expected, "{typed}");
        }
    }
}
