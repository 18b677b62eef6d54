//! Days as banks count them: Monday to Friday are business days, and a bank's day starts at midnight in its own zone.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// Where a bank's clock hangs. The rules are written out, so that no time zone database has to be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Zone {
    /// Berlin, Amsterdam and their neighbours.
    CentralEurope,
    /// London.
    London,
    /// No zone at all.
    Utc,
}

impl Zone {
    /// The civil date at this bank.
    pub(crate) fn date(self, instant: Timestamp) -> Date {
        let rule = match self {
            Self::CentralEurope => "CET-1CEST,M3.5.0,M10.5.0/3",
            Self::London => "GMT0BST,M3.5.0/1,M10.5.0",
            Self::Utc => "UTC0",
        };
        // The three rules above are valid; a test reads them.
        let zone = TimeZone::posix(rule).unwrap_or(TimeZone::UTC);
        instant.to_zoned(zone).date()
    }
}

/// So many days later, or earlier.
pub(crate) fn plus_days(day: Date, days: i32) -> Date {
    day.saturating_add(days.days())
}

/// Whether banks book on this day.
pub(crate) fn is_business(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The first business day after this day.
pub(crate) fn next_business(day: Date) -> Date {
    let mut next = plus_days(day, 1);
    while !is_business(next) {
        next = plus_days(next, 1);
    }
    next
}

/// The last business day before this day.
pub(crate) fn previous_business(day: Date) -> Date {
    let mut previous = plus_days(day, -1);
    while !is_business(previous) {
        previous = plus_days(previous, -1);
    }
    previous
}

/// Which business day of its month this day is, counted from 1; 0 for a weekend.
pub(crate) fn business_day_of_month(day: Date) -> u8 {
    if !is_business(day) {
        return 0;
    }
    let first = day.first_of_month().weekday().to_monday_zero_offset();
    let (weeks, rest) = (day.day() / 7, day.day() % 7);
    let business = weeks * 5 + (0..rest).map(|offset| i8::from((first + offset) % 7 < 5)).sum::<i8>();
    u8::try_from(business).unwrap_or(0)
}

/// Whether this is the last business day of its month.
pub(crate) fn is_last_business_of_month(day: Date) -> bool {
    is_business(day) && next_business(day).month() != day.month()
}

/// Every day from the first to the last, both included; none when the last lies before the first.
pub(crate) fn days(first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(first), |day| day.tomorrow().ok()).take_while(move |day| *day <= last)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn midnight_is_the_banks_own() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(Zone::CentralEurope.date(at("2026-01-15T22:59:59Z")), date(2026, 1, 15));
        assert_eq!(Zone::CentralEurope.date(at("2026-01-15T23:00:00Z")), date(2026, 1, 16));
        assert_eq!(Zone::CentralEurope.date(at("2026-07-15T22:00:00Z")), date(2026, 7, 16));
        assert_eq!(Zone::London.date(at("2026-07-15T23:00:00Z")), date(2026, 7, 16));
        assert_eq!(Zone::London.date(at("2026-01-15T23:00:00Z")), date(2026, 1, 15));
        assert_eq!(Zone::Utc.date(at("2026-07-15T23:59:59Z")), date(2026, 7, 15));
    }

    #[test]
    fn business_days_are_counted_within_the_month() {
        for day in days(date(2023, 1, 1), date(2026, 12, 31)).filter(|day| is_business(*day)) {
            let counted = days(day.first_of_month(), day).filter(|day| is_business(*day)).count();
            assert_eq!(usize::from(business_day_of_month(day)), counted, "{day}");
        }
        assert_eq!(business_day_of_month(date(2026, 11, 1)), 0, "a Sunday");
        assert_eq!(business_day_of_month(date(2026, 11, 2)), 1);
        assert_eq!(business_day_of_month(date(2026, 11, 30)), 21);
        assert!(is_last_business_of_month(date(2026, 11, 30)));
        assert!(is_last_business_of_month(date(2026, 10, 30)), "a Friday before a weekend at the end");
        assert!(!is_last_business_of_month(date(2026, 10, 31)));
        assert_eq!(previous_business(date(2026, 11, 2)), date(2026, 10, 30));
        assert_eq!(next_business(date(2026, 10, 30)), date(2026, 11, 2));
    }
}
