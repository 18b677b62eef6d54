//! The general limits, per company (fact sheet §8). Memory only: after a restart every bucket is full again.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;

use super::problem::Problem;

/// What is counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Bucket {
    TokenNew,
    TokenRefresh,
    Institutions,
    Agreements(Verb),
    AgreementAccept,
    Requisitions(Verb),
    /// Metadata and all data of all accounts.
    Accounts,
}

/// Reading, writing and deleting are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Verb {
    Read,
    Write,
    Delete,
}

impl Verb {
    pub(super) fn of(method: &Method) -> Self {
        match *method {
            Method::GET | Method::HEAD | Method::OPTIONS => Self::Read,
            Method::DELETE => Self::Delete,
            _ => Self::Write,
        }
    }
}

impl Bucket {
    /// Calls, the period in seconds, and the period's name in messages.
    fn rule(self) -> (u32, i64, &'static str) {
        match self {
            Self::TokenNew => (100, 3600, "hour"),
            Self::Institutions | Self::Agreements(Verb::Read) | Self::Requisitions(Verb::Read) => (300, 60, "min"),
            _ => (100, 60, "min"),
        }
    }
}

#[derive(Debug)]
struct Window {
    since: Timestamp,
    used: u32,
}

/// Every bucket that has been used.
#[derive(Debug, Default)]
pub(crate) struct Throttle(HashMap<Bucket, Window>);

/// What a bucket says about itself on each answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    bucket: Bucket,
    pub(super) remaining: u32,
    reset_secs: i64,
    pub(super) allowed: bool,
}

impl Throttle {
    /// Takes one call out of a bucket, if there is one left.
    pub(super) fn take(&mut self, bucket: Bucket, at: Timestamp) -> Standing {
        let mut standing = self.look(bucket, at);
        if standing.allowed {
            standing.remaining -= 1;
            self.0.entry(bucket).or_insert(Window { since: at, used: 0 }).used += 1;
        }
        standing
    }

    /// How a bucket stands. A window that is over is forgotten.
    pub(super) fn look(&mut self, bucket: Bucket, at: Timestamp) -> Standing {
        let (limit, period, _) = bucket.rule();
        let age = |window: &Window| at.as_second() - window.since.as_second();
        if self.0.get(&bucket).is_some_and(|window| !(0..period).contains(&age(window))) {
            self.0.remove(&bucket);
        }
        let window = self.0.get(&bucket);
        let used = window.map_or(0, |window| window.used);
        let reset_secs = period - window.map_or(0, age);
        Standing { bucket, remaining: limit - used.min(limit), reset_secs, allowed: used < limit }
    }
}

impl Standing {
    /// The headers that stand on every answer (fact sheet §1), lower case with underscores.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.insert("http_x_ratelimit_limit", self.bucket.rule().0.into());
        headers.insert("http_x_ratelimit_remaining", self.remaining.into());
        headers.insert("http_x_ratelimit_reset", HeaderValue::from(self.reset_secs));
    }

    /// The answer when nothing is left.
    pub(super) fn problem(self) -> Problem {
        let (limit, _, period) = self.bucket.rule();
        Problem::rate_limited(&format!("{limit}/{period}"), self.reset_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_empties_and_refills_with_its_window() {
        let mut throttle = Throttle::default();
        let start = Timestamp::UNIX_EPOCH;
        let later = |seconds| Timestamp::from_second(seconds).unwrap();
        for used in 1..=100 {
            assert_eq!(throttle.take(Bucket::Accounts, start).remaining, 100 - used);
        }
        let refused = throttle.take(Bucket::Accounts, later(13));
        assert!(!refused.allowed);
        let detail = refused.problem().body["detail"].clone();
        assert_eq!(detail, "The rate limit for this resource is 100/min. Please try again in 47 seconds");
        assert!(throttle.take(Bucket::Institutions, start).allowed, "another bucket");
        assert!(throttle.take(Bucket::Accounts, later(60)).allowed);
        assert_eq!(throttle.look(Bucket::Accounts, later(60)).remaining, 99);
        assert_eq!(throttle.take(Bucket::TokenNew, start).reset_secs, 3600);
    }
}
