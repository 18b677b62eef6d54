//! How a person reads figures and days: the five ways each that are offered, writing in them, and reading what was typed.
//!
//! What always holds: nothing here is a float, and what was written in a format is read back as the same amount. A typed text is
//! read in one way or refused; it is never guessed.

mod languages;

use jiff::civil::Date;

use crate::{Amount, AmountError, Currency};

/// A narrow space on which no line breaks.
const NARROW_SPACE: char = '\u{202f}';
const MINUS: char = '\u{2212}';

/// How figures are grouped and where their decimals begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NumberFormat {
    /// `1,234.56`
    #[default]
    CommaPoint,
    /// `1.234,56`
    PointComma,
    /// `1 234,56`, with a narrow space.
    SpaceComma,
    /// `1’234.56`
    ApostrophePoint,
    /// `12,34,567.89`: after the thousands, pairs.
    Indian,
}

/// How days are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DateFormat {
    /// `20 Nov 2026`
    #[default]
    Worded,
    /// `20.11.2026`
    Points,
    /// `20/11/2026`
    DayFirst,
    /// `11/20/2026`
    MonthFirst,
    /// `2026-11-20`
    Iso,
}

/// How somebody reads figures and days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Formats {
    /// Figures.
    pub numbers: NumberFormat,
    /// Days.
    pub dates: DateFormat,
}

/// What somebody chose of it; what they left open follows their browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct FormatChoice {
    /// Figures.
    pub numbers: Option<NumberFormat>,
    /// Days.
    pub dates: Option<DateFormat>,
}

impl FormatChoice {
    /// What holds: the choice, else what the languages of an `Accept-Language` header suggest.
    pub fn with_languages(self, accept_language: &str) -> Formats {
        let suggested = languages::formats(accept_language);
        Formats { numbers: self.numbers.unwrap_or(suggested.numbers), dates: self.dates.unwrap_or(suggested.dates) }
    }
}

impl NumberFormat {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Self; 5] =
        [Self::CommaPoint, Self::PointComma, Self::SpaceComma, Self::ApostrophePoint, Self::Indian];

    /// The mark between groups of digits.
    const fn group_mark(self) -> char {
        match self {
            Self::CommaPoint | Self::Indian => ',',
            Self::PointComma => '.',
            Self::SpaceComma => NARROW_SPACE,
            Self::ApostrophePoint => '\u{2019}',
        }
    }

    /// The mark before the decimals.
    const fn decimal_mark(self) -> char {
        match self {
            Self::CommaPoint | Self::ApostrophePoint | Self::Indian => '.',
            Self::PointComma | Self::SpaceComma => ',',
        }
    }

    /// Whether a typed character is this format's mark between groups: people type the one that their keyboard has.
    fn is_group_mark(self, typed: char) -> bool {
        match self {
            Self::SpaceComma => matches!(typed, ' ' | '\u{a0}' | NARROW_SPACE),
            Self::ApostrophePoint => matches!(typed, '\'' | '\u{2019}'),
            Self::CommaPoint | Self::PointComma | Self::Indian => typed == self.group_mark(),
        }
    }

    /// Whether a mark stands before the digit that has `after` digits from itself to the end of the whole part.
    fn begins_group(self, after: usize) -> bool {
        match self {
            Self::Indian => after == 3 || (after > 3 && !after.is_multiple_of(2)),
            _ => after.is_multiple_of(3),
        }
    }

    fn push_grouped(self, text: &mut String, digits: &str) {
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && self.begins_group(digits.len() - index) {
                text.push(self.group_mark());
            }
            text.push(digit);
        }
    }

    /// A count: `1,204`.
    pub fn count(self, number: i64) -> String {
        let mut text = if number < 0 { String::from(MINUS) } else { String::new() };
        self.push_grouped(&mut text, &number.unsigned_abs().to_string());
        text
    }

    /// An amount without its currency: `−1,204.10`.
    pub fn amount(self, minor: i64, currency: Currency) -> String {
        let plain = Amount::new(minor, currency).to_decimal_text();
        let unsigned = plain.trim_start_matches('-');
        let (whole, decimals) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let mut text = if minor < 0 { String::from(MINUS) } else { String::new() };
        self.push_grouped(&mut text, whole);
        if !decimals.is_empty() {
            text.push(self.decimal_mark());
            text.push_str(decimals);
        }
        text
    }

    /// Reads a typed amount in this format, or as plain decimal text where that means nothing else. The error quotes what was
    /// typed.
    pub fn read(self, typed: &str, currency: Currency) -> Result<Amount, AmountError> {
        Amount::parse(&self.plain(typed)?, currency).map_err(|error| match error {
            AmountError::TooPrecise(_, code) => AmountError::TooPrecise(quoted(typed), code),
            other => other,
        })
    }

    /// The plain decimal text of what was typed, such as `-1204.10`. A mark that could be meant in two ways has the meaning that it
    /// has in this format: `1.234` is 1234 under `1.234,56`.
    pub fn plain(self, typed: &str) -> Result<String, AmountError> {
        let text = typed.trim();
        let (sign, unsigned) = match text.strip_prefix(['-', MINUS]) {
            Some(rest) => ("-", rest.trim_start()),
            None => ("", text.strip_prefix('+').unwrap_or(text).trim_start()),
        };
        let plain = self.ungrouped(unsigned).or_else(|| is_plain(unsigned).then(|| unsigned.to_owned()));
        plain.map(|plain| format!("{sign}{plain}")).ok_or_else(|| AmountError::NotANumber(quoted(typed)))
    }

    /// The digits of a text in this format, with a full stop before the decimals; nothing where the marks stand elsewhere.
    fn ungrouped(self, text: &str) -> Option<String> {
        let (whole, decimals) = match text.split_once(self.decimal_mark()) {
            Some((whole, decimals)) => (whole, Some(decimals)),
            None => (text, None),
        };
        let groups: Vec<&str> = whole.split(|typed| self.is_group_mark(typed)).collect();
        let digits = groups.concat();
        let fits = groups.len() == 1 || (self.is_grouped(&groups) && !digits.starts_with('0'));
        if !fits || !is_digits(&digits) || decimals.is_some_and(|decimals| !is_digits(decimals)) {
            return None;
        }
        Some(match decimals {
            Some(decimals) => format!("{digits}.{decimals}"),
            None => digits,
        })
    }

    /// Whether marks stand where this format has them.
    fn is_grouped(self, groups: &[&str]) -> bool {
        let between = if self == Self::Indian { 2 } else { 3 };
        match groups {
            [first, inner @ .., last] => {
                (1..=between).contains(&first.len())
                    && inner.iter().all(|group| group.len() == between)
                    && last.len() == 3
            }
            _ => true,
        }
    }
}

/// What was typed, shortened for a message.
fn quoted(typed: &str) -> String {
    typed.trim().chars().take(40).collect()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_plain(text: &str) -> bool {
    match text.split_once('.') {
        Some((whole, decimals)) => (whole.is_empty() || is_digits(whole)) && is_digits(decimals),
        None => is_digits(text),
    }
}

impl DateFormat {
    /// Every one, in the order in which they are offered.
    pub const ALL: [Self; 5] = [Self::Worded, Self::Points, Self::DayFirst, Self::MonthFirst, Self::Iso];

    /// A day with its year.
    pub fn long(self, day: Date) -> String {
        let pattern = match self {
            Self::Worded => "%-d %b %Y",
            Self::Points => "%-d.%-m.%Y",
            Self::DayFirst => "%d/%m/%Y",
            Self::MonthFirst => "%m/%d/%Y",
            Self::Iso => "%Y-%m-%d",
        };
        day.strftime(pattern).to_string()
    }

    /// A day of this year.
    pub fn short(self, day: Date) -> String {
        let pattern = match self {
            Self::Worded => "%-d %b",
            Self::Points => "%-d.%-m.",
            Self::DayFirst => "%d/%m",
            Self::MonthFirst => "%m/%d",
            // Without its year it would not be told from other numbers.
            Self::Iso => "%Y-%m-%d",
        };
        day.strftime(pattern).to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::amount::MAX_SCALE;

    fn currency(code: &str) -> Currency {
        Currency::iso(code).unwrap()
    }

    #[test]
    fn amounts_and_counts_are_grouped_as_each_format_has_it() {
        use NumberFormat::*;
        let eur = currency("EUR");
        for (format, large, small) in [
            (CommaPoint, "\u{2212}1,234,567.89", "0.07"),
            (PointComma, "\u{2212}1.234.567,89", "0,07"),
            (SpaceComma, "\u{2212}1\u{202f}234\u{202f}567,89", "0,07"),
            (ApostrophePoint, "\u{2212}1\u{2019}234\u{2019}567.89", "0.07"),
            (Indian, "\u{2212}12,34,567.89", "0.07"),
        ] {
            assert_eq!((format.amount(-123_456_789, eur), format.amount(7, eur)), (large.to_owned(), small.to_owned()));
        }
        assert_eq!(CommaPoint.amount(1_234_567, currency("JPY")), "1,234,567");
        assert_eq!(CommaPoint.amount(i64::MIN, eur), "\u{2212}92,233,720,368,547,758.08");
        assert_eq!(
            (CommaPoint.count(1284), CommaPoint.count(12), PointComma.count(-1000)),
            ("1,284".into(), "12".into(), "\u{2212}1.000".into())
        );
        assert_eq!(
            (Indian.count(100), Indian.count(1000), Indian.count(123_456)),
            ("100".into(), "1,000".into(), "1,23,456".into())
        );
    }

    #[test]
    fn what_is_typed_is_read_in_one_way() {
        use NumberFormat::*;
        for (format, typed, plain) in [
            (PointComma, "1.234", "1234"),
            (PointComma, "1.234,5", "1234.5"),
            (PointComma, "-12.40", "-12.40"),
            (PointComma, "1234,56", "1234.56"),
            (PointComma, "0.500", "0.500"),
            (PointComma, "1234.567", "1234.567"),
            (CommaPoint, "1,234.5", "1234.5"),
            (CommaPoint, "1.234", "1.234"),
            (CommaPoint, "\u{2212} 12.4", "-12.4"),
            (CommaPoint, "+5", "5"),
            (SpaceComma, "1 234,5", "1234.5"),
            (SpaceComma, "1\u{a0}234", "1234"),
            (SpaceComma, "1.5", "1.5"),
            (ApostrophePoint, "1'234.50", "1234.50"),
            (Indian, "12,34,567.89", "1234567.89"),
            (Indian, "1,234", "1234"),
        ] {
            assert_eq!(format.plain(typed).as_deref(), Ok(plain), "{typed} under {format:?}");
        }
        for (format, typed) in [
            (CommaPoint, "1,50"),
            (CommaPoint, "1,2345"),
            (CommaPoint, "1.234,56"),
            (CommaPoint, "0,500"),
            (PointComma, "1,234.56"),
            (PointComma, "1.23.456"),
            (PointComma, "1,2,3"),
            (SpaceComma, "12 34"),
            (ApostrophePoint, "1,50"),
            (Indian, "1234,567"),
            (Indian, "1,234,567"),
            (CommaPoint, ""),
            (CommaPoint, "-"),
            (CommaPoint, "1."),
            (CommaPoint, "1e2"),
            (CommaPoint, "12 EUR"),
        ] {
            assert!(matches!(format.plain(typed), Err(AmountError::NotANumber(_))), "{typed} under {format:?}");
        }
    }

    #[test]
    fn too_many_decimals_are_refused_in_the_words_that_were_typed() {
        let eur = currency("EUR");
        let refused = |format: NumberFormat, typed: &str| format.read(typed, eur).unwrap_err().to_string();
        assert_eq!(refused(NumberFormat::CommaPoint, "1.234"), "“1.234” has more decimals than EUR has");
        assert_eq!(refused(NumberFormat::SpaceComma, "1,234"), "“1,234” has more decimals than EUR has");
        assert_eq!(NumberFormat::CommaPoint.read("1.234", currency("KWD")).map(|amount| amount.minor), Ok(1234));
    }

    #[test]
    fn days_are_written_in_each_way() {
        let day = date(2026, 3, 4);
        let written = DateFormat::ALL.map(|format| (format.long(day), format.short(day)));
        let expected = [
            ("4 Mar 2026", "4 Mar"),
            ("4.3.2026", "4.3."),
            ("04/03/2026", "04/03"),
            ("03/04/2026", "03/04"),
            ("2026-03-04", "2026-03-04"),
        ];
        assert_eq!(written, expected.map(|(long, short)| (long.to_owned(), short.to_owned())));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(minor in any::<i64>(), scale in 0_u8..=MAX_SCALE, format in 0..5_usize) {
            let currency = Currency { code: "TST".parse().unwrap(), scale };
            let format = NumberFormat::ALL[format];
            let written = format.amount(minor, currency);
            prop_assert_eq!(format.read(&written, currency), Ok(Amount::new(minor, currency)));
            // Plain decimals are read as well, unless a mark in them means thousands here.
            let plain = Amount::new(minor, currency).to_decimal_text();
            if format != NumberFormat::PointComma || scale != 3 {
                prop_assert_eq!(format.read(&plain, currency), Ok(Amount::new(minor, currency)));
            }
        }

        #[test]
        fn nothing_that_is_typed_breaks_it(typed in "\\PC{0,24}", format in 0..5_usize) {
            let _ = NumberFormat::ALL[format].read(&typed, currency("EUR"));
        }
    }
}
