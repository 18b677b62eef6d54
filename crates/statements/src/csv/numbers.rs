//! Amounts as banks write them.

use serde::{Deserialize, Serialize};

/// What stands before the decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// 1.234,56 and 1 234,56.
    Comma,
    /// 1,234.56 and 1'234.56.
    Point,
}

impl DecimalMark {
    /// Each.
    pub const ALL: [Self; 2] = [Self::Comma, Self::Point];

    /// In words, with examples.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Comma => "comma – 1.234,56",
            Self::Point => "point – 1,234.56",
        }
    }

    fn of(self) -> char {
        match self {
            Self::Comma => ',',
            Self::Point => '.',
        }
    }

    fn groups(self) -> char {
        match self {
            Self::Comma => '.',
            Self::Point => ',',
        }
    }
}

/// A number as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Number {
    /// Whether it says that money goes out: a minus on either side, parentheses, or a letter behind it.
    pub(super) is_out: bool,
    /// Its digits, with a point before the decimals, without a sign.
    pub(super) digits: String,
}

impl Number {
    /// As decimal text.
    pub(super) fn text(&self) -> String {
        if self.is_out { format!("-{}", self.digits) } else { self.digits.clone() }
    }
}

const MINUS: [char; 4] = ['-', '\u{2212}', '\u{2013}', '\u{2012}'];

fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{a0}' | '\u{202f}' | '\u{2009}' | '\u{2007}')
}

/// Letters behind an amount that say which way it goes.
fn direction(letters: &str) -> Option<bool> {
    match letters.trim_matches('.').to_ascii_uppercase().as_str() {
        "S" | "D" | "DR" | "DB" => Some(true),
        "H" | "C" | "CR" => Some(false),
        _ => None,
    }
}

/// Reads an amount. A currency may stand on either side of it.
pub(super) fn parse(text: &str, mark: DecimalMark) -> Option<Number> {
    if text.len() > 80 {
        return None;
    }
    let mut rest = text.trim_matches(is_space);
    let mut is_out = false;
    if let Some(inside) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (is_out, rest) = (true, inside.trim_matches(is_space));
    }
    let mut signs = 0;
    let mut currencies = 0;
    // What stands around the digits: at most one sign and one currency, in whatever order.
    loop {
        let before = rest;
        // An abbreviation may end in a full stop.
        rest = rest.strip_suffix('.').filter(|rest| rest.ends_with(is_currency)).unwrap_or(rest);
        let first = rest.chars().next()?;
        let last = rest.chars().next_back()?;
        if MINUS.contains(&first) || first == '+' {
            rest = &rest[first.len_utf8()..];
            is_out |= first != '+';
            signs += 1;
        } else if MINUS.contains(&last) || last == '+' {
            rest = &rest[..rest.len() - last.len_utf8()];
            is_out |= last != '+';
            signs += 1;
        } else if is_currency(first) {
            rest = rest.trim_start_matches(|c| is_currency(c) || c == '.');
            currencies += 1;
        } else if is_currency(last) {
            let kept = rest.trim_end_matches(is_currency);
            if let Some(out) = direction(&rest[kept.len()..]) {
                is_out |= out;
                signs += 1;
            } else {
                currencies += 1;
            }
            rest = kept;
        }
        rest = rest.trim_matches(is_space);
        if before == rest {
            break;
        }
        if signs > 1 || currencies > 1 {
            return None;
        }
    }
    Some(Number { is_out, digits: digits(rest, mark)? })
}

fn is_currency(c: char) -> bool {
    c.is_alphabetic() || matches!(c, '€' | '$' | '£' | '¥' | '₹' | '₺' | '₽' | '₴' | '₪' | '₩' | '฿')
}

/// The digits of an unsigned number, as decimal text.
fn digits(text: &str, mark: DecimalMark) -> Option<String> {
    let (whole, decimals) = match text.split_once(mark.of()) {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (text, None),
    };
    let is_group = |c: char| c == mark.groups() || c == '\'' || c == '’' || is_space(c);
    let groups: Vec<&str> = whole.split(is_group).collect();
    let only_digits = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !groups.iter().all(only_digits) || !decimals.iter().all(only_digits) {
        return None;
    }
    if let [first, between @ .., last] = groups.as_slice() {
        // In India all but the last group have two digits.
        let fits = (1..=3).contains(&first.len())
            && last.len() == 3
            && (between.iter().all(|group| group.len() == 3) || between.iter().all(|group| group.len() == 2));
        if !fits {
            return None;
        }
    }
    let whole = groups.concat();
    let decimals = decimals.unwrap_or_default();
    if whole.is_empty() && decimals.is_empty() {
        return None;
    }
    let whole = if whole.is_empty() { "0" } else { &whole };
    Some(if decimals.is_empty() { whole.to_owned() } else { format!("{whole}.{decimals}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, mark: DecimalMark) -> Option<String> {
        parse(text, mark).map(|number| number.text())
    }

    #[test]
    fn amounts_of_many_houses_are_read() {
        use DecimalMark::{Comma, Point};
        for (text, mark, means) in [
            ("1.234,56", Comma, "1234.56"),
            ("-1.234,56", Comma, "-1234.56"),
            ("1.234,56-", Comma, "-1234.56"),
            ("1,234.56", Point, "1234.56"),
            ("1 234,56", Comma, "1234.56"),
            ("1\u{a0}234,56 €", Comma, "1234.56"),
            ("1\u{202f}234,56", Comma, "1234.56"),
            ("1'234.56", Point, "1234.56"),
            ("1’234’567.80", Point, "1234567.80"),
            ("(12.50)", Point, "-12.50"),
            ("($12.50)", Point, "-12.50"),
            ("-$12.50", Point, "-12.50"),
            ("$-12.50", Point, "-12.50"),
            ("R$ 1.234,56", Comma, "1234.56"),
            ("EUR 12,50", Comma, "12.50"),
            ("12,50 EUR", Comma, "12.50"),
            ("−12,50", Comma, "-12.50"),
            ("+12,50", Comma, "12.50"),
            ("12,50 S", Comma, "-12.50"),
            ("12,50H", Comma, "12.50"),
            ("12.50 DR", Point, "-12.50"),
            ("12.50CR", Point, "12.50"),
            ("12.50 Cr.", Point, "12.50"),
            ("1,00,000.00", Point, "100000.00"),
            (".50", Point, "0.50"),
            ("12,", Comma, "12"),
            ("100", Comma, "100"),
            ("0", Point, "0"),
        ] {
            assert_eq!(read(text, mark).as_deref(), Some(means), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in
            ["", "-", "EUR", "12.3.4", "1.23,45", "--5", "-5-", "5 S H", "1,2,3", "12;5", "=1+1", "05.11.2026", "1 2"]
        {
            assert_eq!(read(text, DecimalMark::Comma), None, "{text}");
        }
        assert_eq!(read("1.234,56", DecimalMark::Point), None);
    }
}
