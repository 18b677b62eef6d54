//! Dates as banks write them.

use bankside_domain::text::fold;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The order of day, month and year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateOrder {
    /// 2026-11-05.
    YearFirst,
    /// 05.11.2026.
    DayFirst,
    /// 11/05/2026.
    MonthFirst,
}

impl DateOrder {
    /// Each.
    pub const ALL: [Self; 3] = [Self::YearFirst, Self::DayFirst, Self::MonthFirst];

    /// In words, with an example.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::YearFirst => "year, month, day – 2026-11-05",
            Self::DayFirst => "day, month, year – 05.11.2026",
            Self::MonthFirst => "month, day, year – 11/05/2026",
        }
    }
}

/// Years that a statement can be of.
const YEARS: std::ops::RangeInclusive<i16> = 1950..=2150;

/// The first letters of months: English, German, French, Spanish, Portuguese, Italian and Dutch, folded. The longer ones come first.
const MONTHS: [(&str, i8); 43] = [
    ("juill", 7),
    ("juin", 6),
    ("january", 1),
    ("jan", 1),
    ("jän", 1),
    ("janv", 1),
    ("ene", 1),
    ("gen", 1),
    ("feb", 2),
    ("fev", 2),
    ("mar", 3),
    ("mrz", 3),
    ("mae", 3),
    ("maa", 3),
    ("mrt", 3),
    ("apr", 4),
    ("avr", 4),
    ("abr", 4),
    ("mai", 5),
    ("may", 5),
    ("mei", 5),
    ("mag", 5),
    ("jun", 6),
    ("giu", 6),
    ("jul", 7),
    ("jui", 7),
    ("lug", 7),
    ("aug", 8),
    ("aou", 8),
    ("ago", 8),
    ("sep", 9),
    ("set", 9),
    ("oct", 10),
    ("okt", 10),
    ("out", 10),
    ("ott", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("dic", 12),
    ("dez", 12),
    ("des", 12),
    ("dis", 12),
];

/// One part of a date.
enum Part {
    /// How many digits, and their number.
    Number(usize, i16),
    Month(i8),
}

/// Reads a date; a time behind it is passed over. Four digits that come first are the year in whatever order.
pub(super) fn parse(text: &str, order: DateOrder) -> Option<Date> {
    let text = text.trim();
    // No date is longer, and what comes from elsewhere may be.
    if text.len() > 64 {
        return None;
    }
    let (parts, rest) = parts(text)?;
    if !is_time(rest) {
        return None;
    }
    let (year, month, day) = match parts.as_slice() {
        [Part::Number(8, _)] => return compact(text.get(..8)?, order),
        [Part::Number(4, year), Part::Number(_, month), Part::Number(_, day)] => (*year, *month, *day),
        [Part::Number(a, first), Part::Number(b, second), Part::Number(c, third)] if *a <= 2 && *b <= 2 => {
            match order {
                DateOrder::YearFirst => (full_year(*a, *first)?, *second, *third),
                DateOrder::DayFirst => (full_year(*c, *third)?, *second, *first),
                DateOrder::MonthFirst => (full_year(*c, *third)?, *first, *second),
            }
        }
        [Part::Number(4, year), Part::Month(month), Part::Number(_, day)] => (*year, i16::from(*month), *day),
        [Part::Number(a, day), Part::Month(month), Part::Number(c, year)] if *a <= 2 => {
            (full_year(*c, *year)?, i16::from(*month), *day)
        }
        [Part::Month(month), Part::Number(b, day), Part::Number(c, year)] if *b <= 2 => {
            (full_year(*c, *year)?, i16::from(*month), *day)
        }
        _ => return None,
    };
    date(year, month, day)
}

/// The first three parts of a text, or one of eight digits, and what stands behind them.
fn parts(text: &str) -> Option<(Vec<Part>, &str)> {
    let mut parts = Vec::with_capacity(3);
    let mut rest = text;
    while parts.len() < 3 {
        rest = rest.trim_start_matches(['.', '-', '/', ' ', ',', '\u{a0}']);
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 {
            let (number, behind) = rest.split_at(digits);
            if digits == 8 && parts.is_empty() {
                return Some((vec![Part::Number(8, 0)], behind));
            }
            parts.push(Part::Number(digits, number.parse().ok()?));
            rest = behind;
            continue;
        }
        let letters = rest.len() - rest.trim_start_matches(char::is_alphabetic).len();
        if letters == 0 {
            return None;
        }
        let (name, behind) = rest.split_at(letters);
        let name = fold(name);
        let month = MONTHS.iter().find(|(start, _)| name.starts_with(start))?;
        parts.push(Part::Month(month.1));
        rest = behind;
    }
    Some((parts, rest))
}

/// Whether what stands behind a date is nothing, a full stop or a time of day.
fn is_time(rest: &str) -> bool {
    let rest = rest.trim_end_matches('.');
    rest.is_empty()
        || (rest.starts_with([' ', 'T', ',', ';', '\u{a0}', '-'])
            && rest.contains(|c: char| c.is_ascii_digit())
            && rest.chars().all(|c| c.is_ascii_alphanumeric() || " :.,;+-/_\u{a0}".contains(c)))
}

fn compact(digits: &str, order: DateOrder) -> Option<Date> {
    let number = |range: std::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    match order {
        DateOrder::YearFirst => date(number(0..4)?, number(4..6)?, number(6..8)?),
        DateOrder::DayFirst => date(number(4..8)?, number(2..4)?, number(0..2)?),
        DateOrder::MonthFirst => date(number(4..8)?, number(0..2)?, number(2..4)?),
    }
}

/// A year of two digits is of this century, up to 69.
fn full_year(digits: usize, year: i16) -> Option<i16> {
    match digits {
        4 => Some(year),
        2 if year < 70 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    if !YEARS.contains(&year) {
        return None;
    }
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, order: DateOrder) -> Option<String> {
        parse(text, order).map(|day| day.to_string())
    }

    #[test]
    fn dates_of_many_houses_are_read() {
        for (text, order) in [
            ("2026-11-05", DateOrder::YearFirst),
            ("2026/11/5", DateOrder::DayFirst),
            ("20261105", DateOrder::YearFirst),
            ("05112026", DateOrder::DayFirst),
            ("05.11.2026", DateOrder::DayFirst),
            ("5.11.26", DateOrder::DayFirst),
            ("05.11.2026.", DateOrder::DayFirst),
            ("05-11-2026", DateOrder::DayFirst),
            ("11/05/2026", DateOrder::MonthFirst),
            ("26/11/05", DateOrder::YearFirst),
            ("5 Nov 2026", DateOrder::MonthFirst),
            ("Nov 5, 2026", DateOrder::DayFirst),
            ("05-NOV-26", DateOrder::DayFirst),
            ("2026-11-05T23:59:59.000Z", DateOrder::YearFirst),
            ("2026-11-05 08:03:12", DateOrder::YearFirst),
            ("05/11/2026 08:03", DateOrder::DayFirst),
            (" 05.11.2026 ", DateOrder::DayFirst),
        ] {
            assert_eq!(read(text, order).as_deref(), Some("2026-11-05"), "{text}");
        }
        assert_eq!(read("5 août 2026", DateOrder::DayFirst).as_deref(), Some("2026-08-05"));
        assert_eq!(read("14 juillet 2026", DateOrder::DayFirst).as_deref(), Some("2026-07-14"));
        assert_eq!(read("3 März 2026", DateOrder::DayFirst).as_deref(), Some("2026-03-03"));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "31.02.2026",
            "13.13.2026",
            "Summe",
            "05.11.",
            "12,50",
            "0",
            "2026",
            "1.1.1",
            "05.11.2026 Miete",
            "99991231",
        ] {
            assert_eq!(read(text, DateOrder::DayFirst), None, "{text}");
        }
        assert_eq!(read("13/05/2026", DateOrder::MonthFirst), None);
    }
}
