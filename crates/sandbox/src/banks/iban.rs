//! Account numbers with right check digits and bank codes that no bank has.

use super::draw::Draw;

/// The bank code of Nordhafen Bank. German bank codes start with 1 to 8.
pub(super) const NORDHAFEN_CODE: &str = "99900001";

/// The IBAN of a country and a national account number (ISO 13616, check digits by ISO 7064 mod 97-10).
pub(crate) fn iban(country: &str, national: &str) -> String {
    let rest = remainder(&format!("{national}{country}00"));
    format!("{country}{:02}{national}", 98 - rest)
}

/// The German IBAN of an invented business: the same name always has the same one.
pub(super) fn german_iban_of(name: &str) -> String {
    let mut draw = Draw::of_text(name);
    let bank = 99_900_002 + draw.below(7);
    iban("DE", &format!("{bank:08}{:010}", draw.below(10_000_000_000)))
}

/// Digits modulo 97, letters counting as 10 to 35. Anything else counts as nothing.
fn remainder(text: &str) -> u64 {
    let digits = text.chars().filter_map(|character| character.to_digit(36)).map(u64::from);
    digits.fold(0, |rest, digit| if digit < 10 { (rest * 10 + digit) % 97 } else { (rest * 100 + digit) % 97 })
}

/// Whether the check digits are right.
#[cfg(test)]
pub(crate) fn is_valid(iban: &str) -> bool {
    iban.len() > 4 && remainder(&format!("{}{}", &iban[4..], &iban[..4])) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standard() {
        assert_eq!(iban("DE", "370400440532013000"), "DE89370400440532013000", "the registry's own example");
        assert_eq!(iban("GB", "NWBK60161331926819"), "GB29NWBK60161331926819", "the registry's own example");
        // Recorded at the provider's sandbox bank (fact sheet §9).
        assert_eq!(iban("GL", "10230000010234"), "GL3510230000010234");
        assert!(is_valid(&german_iban_of("Kornblume Markt")));
        assert!(!is_valid("DE88370400440532013000"));
    }

    #[test]
    fn invented_businesses_have_invented_banks() {
        assert!(german_iban_of("Kornblume Markt")[4..].starts_with("9990000"));
        assert_ne!(german_iban_of("Kornblume Markt"), german_iban_of("Frischkiste"));
    }
}
