//! The limits per minute and address (fact sheet §1). Every client is at the same address here. Memory only.

use std::collections::HashMap;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;

use crate::Switches;

const PERIOD_SECONDS: i64 = 60;

/// A row of the table; each is counted on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Bucket {
    Auth,
    Transactions,
    Investments,
    /// Asking an item for a fresh synchronisation.
    ItemUpdates,
}

impl Bucket {
    fn limit(self) -> u32 {
        if self == Self::ItemUpdates { 20 } else { 360 }
    }
}

#[derive(Debug)]
struct Window {
    since: Timestamp,
    used: u32,
}

/// Every row that has been used.
#[derive(Debug, Default)]
pub(crate) struct Throttle(HashMap<Bucket, Window>);

/// How a row stands after a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    limit: u32,
    remaining: u32,
    reset_secs: i64,
    pub(super) allowed: bool,
}

impl Throttle {
    /// Counts one call, if there is one left.
    pub(super) fn take(&mut self, bucket: Bucket, at: Timestamp) -> Standing {
        let age = |window: &Window| at.as_second() - window.since.as_second();
        if self.0.get(&bucket).is_some_and(|window| !(0..PERIOD_SECONDS).contains(&age(window))) {
            self.0.remove(&bucket);
        }
        let window = self.0.entry(bucket).or_insert(Window { since: at, used: 0 });
        let limit = bucket.limit();
        let allowed = window.used < limit;
        window.used += u32::from(allowed);
        Standing { limit, remaining: limit - window.used, reset_secs: PERIOD_SECONDS - age(window), allowed }
    }
}

impl Standing {
    /// How it stands where an armed limit says so.
    pub(super) fn used_up(reset_secs: i64) -> Self {
        Self { limit: 360, remaining: 0, reset_secs, allowed: false }
    }

    /// The headers (fact sheet §1). One source always saw a whole minute in `Retry-After`.
    pub(super) fn write(self, headers: &mut HeaderMap, switches: &Switches) {
        if self.allowed && !switches.pluggy_limit_headers_are_on_every_answer {
            return;
        }
        headers.insert("ratelimit-limit", self.limit.into());
        headers.insert("ratelimit-remaining", self.remaining.into());
        headers.insert("ratelimit-reset", self.reset_secs.into());
        if !self.allowed {
            let always = switches.pluggy_retry_after_is_a_minute && self.reset_secs <= PERIOD_SECONDS;
            headers.insert(header::RETRY_AFTER, if always { PERIOD_SECONDS } else { self.reset_secs }.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_so_many_calls_and_each_row_its_own() {
        let mut throttle = Throttle::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        for used in 1..=20 {
            assert_eq!(throttle.take(Bucket::ItemUpdates, at(100)).remaining, 20 - used);
        }
        let refused = throttle.take(Bucket::ItemUpdates, at(113));
        assert_eq!((refused.allowed, refused.reset_secs), (false, 47));
        assert_eq!(throttle.take(Bucket::Auth, at(113)).remaining, 359);
        assert_eq!(throttle.take(Bucket::ItemUpdates, at(160)).remaining, 19);
    }

    #[test]
    fn headers_say_when_to_come_back() {
        let mut headers = HeaderMap::new();
        Standing::used_up(47).write(&mut headers, &Switches::default());
        assert_eq!(
            (&headers["retry-after"], &headers["ratelimit-reset"]),
            (&"60".parse().unwrap(), &"47".parse().unwrap())
        );
        let exact = Switches::default().turned("pluggy_retry_after_is_a_minute").unwrap();
        Standing::used_up(47).write(&mut headers, &exact);
        assert_eq!(headers["retry-after"], "47");
    }
}
