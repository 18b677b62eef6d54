//! What Sophtron calls a connection, and what of its past decides how it is fetched.

use bankside_domain::CurrencyCode;
use bankside_domain::fault::FaultClass;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::owed::Owed;
use crate::fault::Fault;
use crate::step::RemoteRef;

/// What was read from the bank so recently needs no reading anew.
const FRESH_FOR: SignedDuration = SignedDuration::from_hours(1);
/// A bank that asks the person again within this asks every time. One that wants a new proof now and then waits longer: a
/// month at the least, usually three.
const ASKS_AGAIN_WITHIN: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A login at Sophtron.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remote {
    /// Its `UserInstitutionID`.
    pub(super) login: String,
    /// Whether it was made here, and is deleted with the connection. Others belong to whoever made them.
    pub(super) made_here: bool,
    /// What `$` is at this bank, if anything has said so.
    pub(super) dollar: Option<CurrencyCode>,
    /// Whose positive balances of cards and loans are.
    #[serde(default)]
    pub(super) owed: Owed,
    /// When connecting or renewing has last had it read from the bank.
    pub(super) read_at: Option<Timestamp>,
    /// The job of that, while rows were still coming.
    pub(super) job: Option<String>,
    /// When connecting or renewing had to ask the person, if the last one had to.
    pub(super) asked_at: Option<Timestamp>,
    /// Whether the bank asks the person each time. Then only renewing has it read anew.
    pub(super) asks_every_time: bool,
}

impl Remote {
    pub(super) fn read(remote: &RemoteRef) -> Result<Self, Fault> {
        serde_json::from_value(remote.0.clone()).map_err(|error| unreadable().with_source(error))
    }

    pub(super) fn to_ref(&self) -> Result<RemoteRef, Fault> {
        serde_json::to_value(self).map(RemoteRef).map_err(|error| unreadable().with_source(error))
    }

    /// Whether what Sophtron has was read from the bank just now.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.read_at.is_some_and(|at| now.duration_since(at) < FRESH_FOR)
    }

    /// The past of a login after a renewal in which the bank asked or did not.
    pub(super) fn asked(&mut self, before: Option<&Self>, has_asked: bool, now: Timestamp) {
        let last = before.and_then(|before| before.asked_at);
        let again = last.is_some_and(|at| now.duration_since(at) < ASKS_AGAIN_WITHIN);
        let did = before.is_some_and(|before| before.asks_every_time);
        self.asked_at = has_asked.then_some(now);
        self.asks_every_time = has_asked && (again || did);
    }
}

fn unreadable() -> Fault {
    Fault::new(FaultClass::Bug, "sophtron.remote", "The reference of this connection cannot be read.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> Timestamp {
        "2026-11-20T12:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * days)
    }

    fn remote() -> Remote {
        let login = "a1".to_owned();
        Remote {
            login,
            made_here: true,
            dollar: None,
            owed: Owed::new(),
            read_at: Some(at(0)),
            job: None,
            asked_at: None,
            asks_every_time: false,
        }
    }

    /// The past of a login whose bank did or did not ask on these days, the first time when it was connected.
    fn after(days: &[(i64, bool)]) -> Remote {
        let mut before: Option<Remote> = None;
        for (day, has_asked) in days {
            let mut next = remote();
            next.asked(before.as_ref(), *has_asked, at(*day));
            before = Some(next);
        }
        before.unwrap()
    }

    #[test]
    fn a_bank_asks_every_time_when_it_asks_again_soon() {
        for (days, every_time) in [
            (&[(0, true)][..], false),
            (&[(0, true), (2, true)], true),
            (&[(0, true), (90, true)], false),
            (&[(0, true), (2, true), (60, true)], true),
            (&[(0, true), (2, true), (4, false)], false),
            (&[(0, false), (2, true)], false),
        ] {
            assert_eq!(after(days).asks_every_time, every_time, "{days:?}");
        }
    }

    #[test]
    fn it_is_fresh_for_an_hour() {
        let hours = |hours: i64| at(0) + SignedDuration::from_mins(60 * hours - 1);
        assert!(remote().is_fresh(hours(1)));
        assert!(!remote().is_fresh(hours(2)));
        assert_eq!(Remote::read(&remote().to_ref().unwrap()).unwrap(), remote());
    }
}
