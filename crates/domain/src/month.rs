//! Months of the civil calendar: what books are looked back on by.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};

/// A month. Its text is `2026-11`, in addresses and in the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month that a day is in.
    pub fn of(day: Date) -> Self {
        Self { year: day.year(), month: day.month() }
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        date(self.year, self.month, 1)
    }

    /// Its last day.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }

    /// So many months later; earlier where `months` is negative. Stays within the calendar.
    pub fn plus(self, months: i32) -> Self {
        let index = i32::from(self.year) * 12 + i32::from(self.month) - 1 + months;
        let index = index.clamp(-9999 * 12, 9999 * 12 + 11);
        let year = i16::try_from(index.div_euclid(12)).unwrap_or(0);
        let month = i8::try_from(index.rem_euclid(12) + 1).unwrap_or(1);
        Self { year, month }
    }

    /// How many months it is from this one to another; negative where that one was before.
    pub fn until(self, other: Self) -> i32 {
        (i32::from(other.year) - i32::from(self.year)) * 12 + i32::from(other.month) - i32::from(self.month)
    }

    /// Every month from this one to another, both included; none where that one was before.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (0..=self.until(last)).map(move |months| self.plus(months))
    }

    /// The first month of its year.
    pub fn january(self) -> Self {
        Self { month: 1, ..self }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// A text that is no month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a month is written like 2026-11")]
pub struct NoMonth;

impl FromStr for Month {
    type Err = NoMonth;

    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let (year, month) = text.split_once('-').ok_or(NoMonth)?;
        let is_plain = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_plain(year, 4) || !is_plain(month, 2) {
            return Err(NoMonth);
        }
        let day = Date::new(year.parse().map_err(|_| NoMonth)?, month.parse().map_err(|_| NoMonth)?, 1);
        day.map(Self::of).map_err(|_| NoMonth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn months_count_over_the_turn_of_years() {
        assert_eq!(month("2026-11").plus(2), month("2027-01"));
        assert_eq!(month("2026-01").plus(-1), month("2025-12"));
        assert_eq!(month("2025-11").until(month("2026-11")), 12);
        let shown: Vec<String> = month("2025-12").through(month("2026-02")).map(|month| month.to_string()).collect();
        assert_eq!(shown, ["2025-12", "2026-01", "2026-02"]);
        assert_eq!(month("2026-02").through(month("2026-01")).count(), 0);
        assert_eq!(month("2024-02").last_day(), date(2024, 2, 29));
        assert_eq!(month("2026-11").january(), month("2026-01"));
    }

    #[test]
    fn only_months_are_months() {
        for text in ["", "2026", "2026-13", "2026-00", "2026-1", "26-11", "2026-11-20", "+026-11"] {
            assert_eq!(text.parse::<Month>(), Err(NoMonth), "{text}");
        }
    }
}
