//! Windows: half-open ranges of days within the longest that is answered for, the newest first, walked back for history. Source:
//! section 5 of the fact sheet.

use jiff::Span;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How long a window may be. Sources say 90, 60 and 45 days; a server that takes less says so.
const LONGEST_DAYS: i64 = 60;
/// What is pending is looked for so far back, whatever the window is: pending rows before it would seem to have vanished.
const PENDING_DAYS: i64 = 30;
/// History ends where so many windows in a row are empty, and no more than so many are asked for.
const MAX_EMPTY: usize = 2;
const MAX_WINDOWS: usize = 6;
/// A server that takes less is believed so often.
const MAX_SHORTER: usize = 2;

/// Days from the first on, until before the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: Date,
    /// The first day that is not in it.
    pub(super) end: Date,
    /// Whether it is the one with the present in it.
    pub(super) is_newest: bool,
}

impl Window {
    /// The parameters of a call. Only the newest window asks for pending rows: leaving the parameter out is the only way not to.
    pub(super) fn query(&self) -> Vec<(&'static str, String)> {
        let mut query = vec![("start-date", seconds(self.start)), ("end-date", seconds(self.end))];
        if self.is_newest {
            query.push(("pending", "1".to_owned()));
        }
        query
    }
}

/// The second at which a day begins in UTC.
fn seconds(day: Date) -> String {
    day.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp().as_second()).unwrap_or_default().to_string()
}

/// The windows of one fetch.
#[derive(Debug)]
pub(super) struct Windows {
    from: Date,
    /// Until before which day nothing was asked for yet.
    end: Date,
    longest_days: i64,
    asked: usize,
    empty: usize,
    shortened: usize,
    pub(super) today: Date,
}

impl Windows {
    /// From a day on, until the end of today.
    pub(super) fn new(from: Date, today: Date) -> Self {
        let end = today.saturating_add(Span::new().days(1));
        Self { from, end, longest_days: LONGEST_DAYS, asked: 0, empty: 0, shortened: 0, today }
    }

    /// The window to ask for; `None` where everything was.
    pub(super) fn next(&self) -> Option<Window> {
        let is_newest = self.asked == 0;
        let is_over = self.end <= self.from || self.empty >= MAX_EMPTY || self.asked >= MAX_WINDOWS;
        if is_over && !is_newest {
            return None;
        }
        let since = self.today.saturating_sub(Span::new().days(PENDING_DAYS));
        let first = if is_newest { self.from.min(since) } else { self.from };
        let longest = self.end.saturating_sub(Span::new().days(self.longest_days));
        Some(Window { start: first.max(longest), end: self.end, is_newest })
    }

    /// A window has come.
    pub(super) fn came(&mut self, window: &Window, is_empty: bool) {
        self.end = window.start;
        self.asked += 1;
        self.empty = if is_empty { self.empty + 1 } else { 0 };
    }

    /// The server takes no longer windows than this; whether asking once more with shorter ones makes sense.
    pub(super) fn shorten(&mut self, longest_days: i64) -> bool {
        let is_shorter = (1..self.longest_days).contains(&longest_days) && self.shortened < MAX_SHORTER;
        if is_shorter {
            self.shortened += 1;
            self.longest_days = longest_days;
        }
        is_shorter
    }

    /// Whether rows from this day on were left out that there may be.
    pub(super) fn is_cut(&self, from: Date) -> bool {
        self.end > from && self.empty < MAX_EMPTY
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const TODAY: Date = date(2026, 11, 20);

    fn all(from: Date, is_empty: impl Fn(&Window) -> bool) -> Vec<Window> {
        let mut windows = Windows::new(from, TODAY);
        let mut all = Vec::new();
        while let Some(window) = windows.next() {
            windows.came(&window, is_empty(&window));
            all.push(window);
        }
        all
    }

    fn days(window: &Window) -> i64 {
        i64::from(window.start.until(window.end).unwrap().get_days())
    }

    /// Case E 13 of the connector model: a window that is off by one.
    #[test]
    fn windows_are_half_open_and_none_is_longer_than_it_may_be() {
        let windows = all(date(2026, 6, 1), |_| false);
        assert_eq!(windows[0].end, date(2026, 11, 21), "today is in it, and tomorrow is not");
        assert_eq!(windows.iter().map(days).collect::<Vec<_>>(), [60, 60, 53]);
        for pair in windows.windows(2) {
            assert_eq!(pair[0].start, pair[1].end, "what ends one is the first moment of the other");
        }
        assert_eq!(windows[2].start, date(2026, 6, 1));
        let of_a_day = Window { start: date(2026, 11, 19), end: date(2026, 11, 20), is_newest: false };
        assert_eq!(of_a_day.query(), [("start-date", "1795046400".to_owned()), ("end-date", "1795132800".to_owned())]);
    }

    #[test]
    fn only_the_newest_window_asks_for_what_is_pending_and_goes_back_far_enough_for_it() {
        let short = all(date(2026, 11, 15), |_| false);
        assert_eq!(short.len(), 1);
        assert_eq!(short[0].start, date(2026, 10, 21));
        let long = all(date(2026, 8, 1), |_| false);
        let asks: Vec<_> =
            long.iter().map(|window| window.query().iter().any(|(name, _)| *name == "pending")).collect();
        assert_eq!(asks, [true, false]);
        assert_eq!(all(date(2026, 11, 21), |_| false).len(), 1, "a day that has not come yet");
    }

    #[test]
    fn history_ends_after_two_empty_windows_or_six() {
        let from = date(2020, 1, 1);
        assert_eq!(all(from, |_| true).len(), 2);
        assert_eq!(all(from, |window| window.end < date(2026, 9, 1)).len(), 4);
        assert_eq!(all(from, |_| false).len(), 6);
        let mut windows = Windows::new(from, TODAY);
        for _ in 0..6 {
            let window = windows.next().unwrap();
            windows.came(&window, false);
        }
        assert!(windows.is_cut(from) && !windows.is_cut(date(2026, 1, 1)));
    }

    #[test]
    fn a_server_that_takes_less_is_asked_for_less() {
        let mut windows = Windows::new(date(2026, 1, 1), TODAY);
        assert!(windows.shorten(45));
        assert_eq!(days(&windows.next().unwrap()), 45);
        for odd in [45, 90, 0, -1] {
            assert!(!windows.shorten(odd), "{odd}");
        }
        assert!(windows.shorten(44) && !windows.shorten(43), "nobody is led on for ever");
    }

    proptest! {
        #[test]
        fn no_day_is_asked_for_twice_or_left_out(back in 0_i64..360, longest in 1_i64..60) {
            let from = TODAY.saturating_sub(Span::new().days(back));
            let mut windows = Windows::new(from, TODAY);
            windows.shorten(longest);
            let mut next = TODAY.saturating_add(Span::new().days(1));
            while let Some(window) = windows.next() {
                prop_assert!(window.start < window.end && days(&window) <= longest);
                prop_assert_eq!(window.end, next);
                next = window.start;
                windows.came(&window, false);
            }
            prop_assert!(windows.is_cut(from) || next <= from);
        }
    }
}
