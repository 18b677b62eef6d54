//! Periods: from which day on a bank is asked, and from which instead where it does not give so much. Source: sections 5 and 7 of the
//! fact sheet.

use jiff::Span;
use jiff::civil::Date;

use crate::fault::Fault;

/// What banks give at any time; more is there right after a consent only.
const USUAL_DAYS: i64 = 90;
/// What is tried where a bank does not say from when it would answer.
const SHORTER_DAYS: [i64; 3] = [89, 60, 30];

/// A period up to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Period {
    today: Date,
    from: Date,
    /// Whether it is shorter than what was wanted.
    pub(super) is_cut: bool,
}

impl Period {
    /// The whole period from a day on. One that begins tomorrow at the bank begins today where the provider counts.
    pub(super) fn new(from: Date, today: Date) -> Self {
        Self { today, from: from.min(today), is_cut: false }
    }

    fn days_ago(&self, days: i64) -> Date {
        self.today.saturating_sub(Span::new().days(days))
    }

    /// The parameters of a call. A long period is asked for as the longest that there is, so that the bank cuts it rather than refuse it.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![("date_from", self.from.to_string())];
        if self.from < self.days_ago(USUAL_DAYS) {
            query.push(("strategy", "longest".to_owned()));
        }
        query
    }

    /// The next shorter period after one that was refused; `None` where nothing shorter is left to try.
    pub(super) fn shorter(&self, refused: &Fault) -> Option<Self> {
        let said = refused.first_day().filter(|day| *day > self.from && *day <= self.today);
        let tried = || SHORTER_DAYS.into_iter().map(|days| self.days_ago(days)).find(|day| *day > self.from);
        Some(Self { from: said.or_else(tried)?, is_cut: true, ..*self })
    }
}

#[cfg(test)]
mod tests {
    use bankside_domain::fault::FaultClass;
    use jiff::civil::date;

    use super::*;

    fn refused(day: Option<Date>) -> Fault {
        Fault::new(FaultClass::Unsupported, "x", "x").with_first_day(day)
    }

    #[test]
    fn a_long_period_is_asked_for_as_the_longest() {
        let today = date(2026, 11, 20);
        let query = |from: Date| Period::new(from, today).query().len();
        assert_eq!(query(date(2026, 8, 22)), 1, "ninety days");
        assert_eq!(query(date(2026, 8, 21)), 2);
        assert_eq!(Period::new(date(2026, 11, 21), today).query(), [("date_from", "2026-11-20".to_owned())]);
    }

    #[test]
    fn what_the_bank_says_comes_first_and_otherwise_it_is_tried() {
        let today = date(2026, 11, 20);
        let long = Period::new(date(2026, 1, 1), today);
        let said = long.shorter(&refused(Some(date(2026, 9, 21)))).unwrap();
        assert_eq!((said.from, said.is_cut), (date(2026, 9, 21), true));
        let mut tried = Vec::new();
        let mut period = Some(long);
        while let Some(next) = period.and_then(|period| period.shorter(&refused(None))) {
            tried.push(next.from);
            period = Some(next);
        }
        assert_eq!(tried, [date(2026, 8, 23), date(2026, 9, 21), date(2026, 10, 21)]);
        // What makes nothing shorter is not believed.
        for absurd in [date(2026, 1, 1), date(2025, 1, 1), date(2027, 1, 1)] {
            assert_eq!(long.shorter(&refused(Some(absurd))).unwrap().from, date(2026, 8, 23), "{absurd}");
        }
    }
}
