//! The daily limit per account and scope (fact sheet §8): it counts successes, and its window follows the sandbox clock.

use axum::http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// How a window ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Window {
    /// All at once, 24 hours after its first call.
    Fixed,
    /// Call by call, each 24 hours after itself.
    Rolling,
}

/// What is left after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Left {
    limit: usize,
    remaining: usize,
    pub(super) reset_secs: i64,
}

impl Left {
    /// The headers of a successful data call (fact sheet §1, §8).
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert("http_x_ratelimit_account_success_limit", self.limit.into());
        headers.insert("http_x_ratelimit_account_success_remaining", self.remaining.into());
        headers.insert("http_x_ratelimit_account_success_reset", self.reset_secs.into());
    }
}

/// Counts a success; an error says what is left when there is none.
pub(super) fn take(calls: &mut Vec<Timestamp>, limit: usize, now: Timestamp, window: Window) -> Result<Left, Left> {
    let over = |call: &Timestamp| now.duration_since(*call) >= WINDOW;
    match window {
        Window::Fixed if calls.first().is_some_and(over) => calls.clear(),
        Window::Fixed => {}
        Window::Rolling => calls.retain(|call| !over(call)),
    }
    let allowed = calls.len() < limit;
    if allowed {
        calls.push(now);
    }
    let passed = calls.first().map_or(SignedDuration::ZERO, |first| now.duration_since(*first));
    let rest = WINDOW - passed;
    // Rounded up: who waits that long is let in.
    let reset_secs = rest.as_secs() + i64::from(rest.subsec_nanos() > 0);
    let left = Left { limit, remaining: limit - calls.len().min(limit), reset_secs };
    if allowed { Ok(left) } else { Err(left) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_fixed_window_ends_a_day_after_its_first_call() {
        let mut calls = Vec::new();
        for (index, second) in [0, 100, 200, 300].into_iter().enumerate() {
            let left = take(&mut calls, 4, at(second), Window::Fixed).unwrap();
            assert_eq!((left.remaining, left.reset_secs), (3 - index, 86_400 - second));
        }
        assert_eq!(take(&mut calls, 4, at(86_399), Window::Fixed).unwrap_err().reset_secs, 1);
        assert_eq!(take(&mut calls, 4, at(86_400), Window::Fixed).unwrap().remaining, 3);
    }

    #[test]
    fn in_a_rolling_window_calls_come_back_one_by_one() {
        let mut calls = Vec::new();
        for second in [0, 100, 200, 300] {
            assert!(take(&mut calls, 4, at(second), Window::Rolling).is_ok());
        }
        assert!(take(&mut calls, 4, at(86_399), Window::Rolling).is_err());
        assert!(take(&mut calls, 4, at(86_400), Window::Rolling).is_ok());
        assert_eq!(take(&mut calls, 4, at(86_401), Window::Rolling).unwrap_err().reset_secs, 99);
    }
}
