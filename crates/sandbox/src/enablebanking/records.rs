//! What the simulator keeps: authorisations that were begun, sessions with their accounts, and the application's own state.
//!
//! What follows from the clock (an expired session, an old code) is not kept but asked for.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::banks::Card;

/// A code that nobody exchanges is worth nothing after so long. No document says how long.
const CODE_HOLDS: SignedDuration = SignedDuration::from_mins(10);
/// A bank's day of calls.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// Right after a consent banks show all they have (fact sheet §7).
const ONLINE: SignedDuration = SignedDuration::from_hours(1);

/// What a client has asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// The bank, by its id in the directory.
    pub(super) bank: String,
    pub(super) psu_type: String,
    pub(super) valid_until: Timestamp,
    pub(super) balances: bool,
    pub(super) transactions: bool,
    pub(super) psu_id_hash: String,
}

/// How far a person has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Step {
    Consent,
    SignIn,
    /// The person has been sent back, with a code or without.
    Over,
}

/// An authorisation (fact sheet §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Authorization {
    pub(super) asked: Asked,
    pub(super) created: Timestamp,
    pub(super) redirect_url: String,
    pub(super) state: String,
    pub(super) step: Step,
    pub(super) code: Option<Code>,
}

/// What a person brings back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(super) text: String,
    pub(super) issued: Timestamp,
    pub(super) is_used: bool,
}

impl Code {
    pub(super) fn is_old(&self, now: Timestamp) -> bool {
        now.duration_since(self.issued) >= CODE_HOLDS
    }
}

/// An account as a session names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(super) uid: Uuid,
    pub(super) card: Card,
    /// When it was read while nobody was there, by kind of data.
    pub(super) calls: BTreeMap<String, Vec<Timestamp>>,
    /// The bank does not give it any more, and it has no uid.
    #[serde(default)]
    pub(super) is_blocked: bool,
}

impl Account {
    /// Counts a call; `false` where it is one too many.
    pub(super) fn count(&mut self, kind: &str, most: usize, now: Timestamp) -> bool {
        let calls = self.calls.entry(kind.to_owned()).or_default();
        calls.retain(|at| now.duration_since(*at) < A_DAY);
        let is_free = calls.len() < most;
        if is_free {
            calls.push(now);
        }
        is_free
    }
}

/// A session (fact sheet §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(super) asked: Asked,
    pub(super) created: Timestamp,
    pub(super) closed: Option<Timestamp>,
    pub(super) is_revoked: bool,
    pub(super) accounts: Vec<Account>,
    /// A status that it has because someone said so.
    #[serde(default)]
    pub(super) stated: Option<String>,
}

impl Session {
    /// Its status on the wire.
    pub(super) fn status(&self, now: Timestamp) -> String {
        let own = if self.closed.is_some() {
            "CLOSED"
        } else if self.is_revoked {
            "REVOKED"
        } else if self.asked.valid_until <= now {
            "EXPIRED"
        } else {
            "AUTHORIZED"
        };
        self.stated.clone().unwrap_or_else(|| own.to_owned())
    }

    /// Whether the person has just been at the bank.
    pub(super) fn is_online(&self, now: Timestamp) -> bool {
        now.duration_since(self.created) < ONLINE
    }
}

/// Everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Records {
    pub(super) authorizations: BTreeMap<Uuid, Authorization>,
    pub(super) sessions: BTreeMap<Uuid, Session>,
    /// Whether the application has not been activated.
    pub(super) is_inactive: bool,
    /// Redirects that were registered, beside those to this machine.
    pub(super) redirect_urls: Vec<String>,
}

impl Records {
    /// The session that calls an account so, with the account's place in it.
    pub(super) fn account(&self, uid: Uuid) -> Option<(Uuid, usize)> {
        self.sessions.iter().find_map(|(id, session)| {
            let place = session.accounts.iter().position(|account| account.uid == uid && !account.is_blocked)?;
            Some((*id, place))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_read_so_often_a_day_and_each_kind_for_itself() {
        let start: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let card = crate::banks::find("LOCKSIDE_LKSDGB21").unwrap().service.unwrap().books;
        let card = card.accounts(crate::banks::Numbering::Fixed).unwrap().remove(0);
        let mut account = Account { uid: Uuid::from_u128(1), card, calls: BTreeMap::new(), is_blocked: false };
        for _ in 0..4 {
            assert!(account.count("balances", 4, start));
        }
        assert!(!account.count("balances", 4, start));
        assert!(account.count("transactions", 4, start));
        assert!(account.count("balances", 4, start + A_DAY));
    }
}
