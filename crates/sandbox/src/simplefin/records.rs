//! What the simulator keeps: tokens, accesses with their requests, and what is the matter with banks and accounts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::DEMO;
use super::problem::Problem;

/// Expected requests in a day, and those at which an access is blocked (fact sheet §5).
const EXPECTED_A_DAY: usize = 24;
const BLOCKED_AT: usize = 96;
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// Tokens that nobody claims are forgotten beyond this, the oldest first.
const MOST_TOKENS: usize = 500;

/// An access: what a token was exchanged for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Access {
    pub(super) password: String,
    pub(super) is_revoked: bool,
    /// When it was used within the last day: the quota refills over the day.
    requests: Vec<Timestamp>,
}

/// What is the matter with a bank.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    /// Since when it wants the person; what is shown is as old.
    pub(super) needs_person_since: Option<Timestamp>,
    /// How often it was connected anew: it has other ids since.
    pub(super) relinks: u32,
}

/// Everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Records {
    serial: u64,
    /// Setup tokens that nobody has claimed yet, with their numbers.
    tokens: BTreeMap<String, u64>,
    accesses: BTreeMap<String, Access>,
    /// By the bank's key.
    standings: BTreeMap<String, Standing>,
    /// Ids of accounts that could not be read.
    pub(super) failing: BTreeSet<String>,
    /// Ids of accounts of which rows are missing.
    pub(super) incomplete: BTreeSet<String>,
    /// Ids of accounts that are not listed.
    pub(super) hidden: BTreeSet<String>,
    /// Whether nobody has paid.
    pub(super) has_lapsed: bool,
}

impl Records {
    /// Makes the access that is there from the start.
    pub(crate) fn furnish(&mut self) {
        self.accesses
            .entry(DEMO.to_owned())
            .or_insert_with(|| Access { password: DEMO.to_owned(), ..Access::default() });
    }

    /// Takes a token up, to be claimed once.
    pub(super) fn add_token(&mut self, token: String) {
        self.serial += 1;
        self.tokens.insert(token, self.serial);
        while self.tokens.len() > MOST_TOKENS {
            let oldest = self.tokens.iter().min_by_key(|(_, serial)| **serial).map(|(token, _)| token.clone());
            let Some(oldest) = oldest else { return };
            self.tokens.remove(&oldest);
        }
    }

    /// Exchanges a token, once.
    pub(super) fn claim(&mut self, token: &str, user: &str, password: &str) -> Result<(), Problem> {
        self.tokens.remove(token).ok_or(Problem::Forbidden)?;
        self.accesses.insert(user.to_owned(), Access { password: password.to_owned(), ..Access::default() });
        Ok(())
    }

    /// Whether user and password are right and were not revoked.
    pub(super) fn lets_in(&self, user: &str, password: &str) -> bool {
        self.accesses.get(user).is_some_and(|access| access.password == password && !access.is_revoked)
    }

    /// Counts a request; whether it is one too many.
    pub(super) fn count(&mut self, user: &str, has_leeway: bool, now: Timestamp) -> Result<(), Problem> {
        let access = self.accesses.get_mut(user).ok_or(Problem::Forbidden)?;
        access.requests.retain(|at| now.duration_since(*at) < A_DAY);
        let most = if has_leeway { BLOCKED_AT } else { EXPECTED_A_DAY };
        if access.requests.len() >= most {
            return Err(Problem::TooMany);
        }
        access.requests.push(now);
        Ok(())
    }

    /// Uses up so many requests of every access.
    pub(super) fn spend(&mut self, requests: usize, now: Timestamp) {
        for access in self.accesses.values_mut() {
            access.requests.extend(std::iter::repeat_n(now, requests.min(BLOCKED_AT)));
        }
    }

    /// Revokes every access, or gives those back that there were.
    pub(super) fn revoke(&mut self, revoked: bool) {
        self.accesses.values_mut().for_each(|access| access.is_revoked = revoked);
    }

    pub(super) fn standing(&self, bank: &str) -> Standing {
        self.standings.get(bank).cloned().unwrap_or_default()
    }

    pub(super) fn standing_mut(&mut self, bank: &str) -> &mut Standing {
        self.standings.entry(bank.to_owned()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_so_many_requests_and_refills_over_the_day() {
        let start: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let hour = |hours: i64| start + SignedDuration::from_hours(hours);
        let mut records = Records::default();
        records.furnish();
        for hours in 0..24 {
            assert_eq!(records.count(DEMO, false, hour(hours)), Ok(()), "{hours}");
        }
        assert_eq!(records.count(DEMO, false, hour(23)), Err(Problem::TooMany));
        assert_eq!(records.count(DEMO, true, hour(23)), Ok(()), "there is leeway");
        assert_eq!(records.count("nobody", true, hour(23)), Err(Problem::Forbidden));
        let mut records = Records::default();
        records.furnish();
        records.spend(24, start);
        assert_eq!(records.count(DEMO, false, hour(23)), Err(Problem::TooMany));
        assert_eq!(records.count(DEMO, false, hour(24)), Ok(()));
    }

    #[test]
    fn the_oldest_tokens_are_forgotten() {
        let mut records = Records::default();
        for number in 0..=MOST_TOKENS {
            records.add_token(format!("token {number}"));
        }
        assert_eq!(records.claim("token 0", "a", "b"), Err(Problem::Forbidden));
        assert_eq!(records.claim("token 1", "a", "b"), Ok(()));
        assert_eq!(records.claim("token 1", "a", "b"), Err(Problem::Forbidden), "once");
        assert!(records.lets_in("a", "b") && !records.lets_in("a", "c"));
    }
}
