//! Days on which banks book.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};

/// How many bank days may lie between the two rows of a transfer, in either order: some banks show what comes in before others show
/// that it went out.
pub const MAX_BANK_DAYS: i64 = 5;

/// So many days of the calendar hold [`MAX_BANK_DAYS`] bank days, whichever day of the week it is.
pub const WINDOW_DAYS: i32 = 9;

/// How many bank days after one day another one is; negative where it is before it. Saturdays and Sundays are none; holidays, which
/// differ from bank to bank, are not known here.
pub fn bank_days(from: Date, to: Date) -> i64 {
    if to < from {
        return -bank_days(to, from);
    }
    let days = i64::from((to - from).get_days());
    let whole_weeks = days / 7;
    let mut count = whole_weeks * 5;
    let mut day = from.saturating_add((whole_weeks * 7).days());
    while day < to {
        day = day.saturating_add(1.day());
        if !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn weekends_are_no_bank_days() {
        let friday = date(2026, 11, 6);
        for (day, expected) in [(6, 0), (7, 0), (8, 0), (9, 1), (13, 5), (15, 5), (16, 6), (20, 10), (5, -1), (1, -5)] {
            assert_eq!(bank_days(friday, date(2026, 11, day)), expected, "{day}");
        }
        assert_eq!(bank_days(date(2026, 11, 15), friday), -5);
        for start in 1..=7 {
            let start = date(2026, 11, start);
            let last = start.saturating_add(i64::from(WINDOW_DAYS).days());
            assert!(bank_days(start, last.saturating_add(1.day())) > MAX_BANK_DAYS, "{start}");
        }
    }
}
