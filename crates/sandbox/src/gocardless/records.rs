//! What the simulator keeps: agreements, requisitions, accounts and their quotas.
//!
//! What follows from the clock (an expired agreement, its requisition and accounts) is not kept but asked for.

use std::collections::BTreeMap;

use bankside_domain::Ambient;
use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::reconfirmation::Reconfirmations;
use crate::banks::{Card, Processing};

/// What an agreement lets a client read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    Balances,
    Details,
    Transactions,
}

impl Scope {
    /// All of them, in the order of the documents.
    pub(super) const ALL: [Self; 3] = [Self::Balances, Self::Details, Self::Transactions];

    /// Its word on the wire.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Balances => "balances",
            Self::Details => "details",
            Self::Transactions => "transactions",
        }
    }

    /// What errors call it (fact sheet §7).
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Balances => "account balances",
            Self::Details => "account details",
            Self::Transactions => "account transactions",
        }
    }
}

/// An end-user agreement (fact sheet §4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Agreement {
    pub(super) serial: u64,
    pub(super) created: Timestamp,
    pub(super) institution_id: String,
    pub(super) max_historical_days: u16,
    pub(super) access_valid_for_days: u16,
    pub(super) access_scope: Vec<Scope>,
    pub(super) accepted: Option<Timestamp>,
    /// What is kept of its reconfirmation, where that is enabled.
    #[serde(default)]
    pub(super) reconfirmations: Option<Reconfirmations>,
}

impl Agreement {
    /// When it ends; the clock of a consent starts when it is given (fact sheet §4).
    pub(super) fn ends_at(&self) -> Option<Timestamp> {
        let days = SignedDuration::from_hours(24 * i64::from(self.access_valid_for_days));
        self.accepted?.checked_add(days).ok()
    }

    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.ends_at().is_some_and(|end| end <= now)
    }
}

/// Failures one after the other that suspend an account (fact sheet §7).
const FAILURES_TO_SUSPENSION: u32 = 10;

/// How far a requisition has got (fact sheet §5), as far as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    #[serde(rename = "CR")]
    Created,
    #[serde(rename = "GC")]
    GivingConsent,
    #[serde(rename = "UA")]
    UndergoingAuthentication,
    #[serde(rename = "RJ")]
    Rejected,
    #[serde(rename = "SA")]
    SelectingAccounts,
    #[serde(rename = "GA")]
    GrantingAccess,
    #[serde(rename = "LN")]
    Linked,
    /// Too many failures of one of its accounts.
    #[serde(rename = "SU")]
    Suspended,
    /// Never kept: it follows from the agreement and the clock.
    #[serde(rename = "EX")]
    Expired,
}

impl Status {
    /// Its word on the wire.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Created => "CR",
            Self::GivingConsent => "GC",
            Self::UndergoingAuthentication => "UA",
            Self::Rejected => "RJ",
            Self::SelectingAccounts => "SA",
            Self::GrantingAccess => "GA",
            Self::Linked => "LN",
            Self::Suspended => "SU",
            Self::Expired => "EX",
        }
    }
}

/// A requisition (fact sheet §5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Requisition {
    pub(super) serial: u64,
    pub(super) created: Timestamp,
    pub(super) redirect: Option<String>,
    pub(super) status: Status,
    pub(super) institution_id: String,
    pub(super) agreement: Uuid,
    pub(super) reference: String,
    pub(super) accounts: Vec<Uuid>,
    pub(super) user_language: Option<String>,
    /// The id in its link, which is not its own (fact sheet §5).
    pub(super) link: Uuid,
    pub(super) ssn: Option<String>,
    pub(super) account_selection: bool,
    pub(super) redirect_immediate: bool,
    /// The bank's accounts that were chosen, once they were.
    pub(super) chosen: Option<Vec<String>>,
    /// Whether the person has revoked it at the bank, which its status does not show.
    #[serde(default)]
    pub(super) revoked: bool,
    /// A status that it has because someone said so, whatever the documents know.
    #[serde(default)]
    pub(super) stated: Option<String>,
}

/// A consent that contains an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Consent<'a> {
    pub(super) agreement_id: Uuid,
    pub(super) agreement: &'a Agreement,
    pub(super) requisition: &'a Requisition,
}

/// Whether an account's data can be had yet (fact sheet §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Readiness {
    Ready,
    /// After so many more metadata calls.
    AfterPolls(u32),
    At(Timestamp),
}

impl Readiness {
    /// How an account of this bank starts.
    pub(super) fn start(processing: Processing, now: Timestamp) -> Self {
        match processing {
            Processing::Ready => Self::Ready,
            Processing::Polls(polls) => Self::AfterPolls(polls),
            Processing::Seconds(seconds) => {
                Self::At(now.checked_add(SignedDuration::from_secs(i64::from(seconds))).unwrap_or(now))
            }
        }
    }

    pub(super) fn is_ready(self, now: Timestamp) -> bool {
        match self {
            Self::Ready | Self::AfterPolls(0) => true,
            Self::AfterPolls(_) => false,
            Self::At(instant) => instant <= now,
        }
    }

    /// The state that a metadata call leaves behind.
    pub(super) fn polled(self) -> Self {
        if let Self::AfterPolls(polls) = self { Self::AfterPolls(polls.saturating_sub(1)) } else { self }
    }
}

/// An account that was linked at least once (fact sheet §6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(super) created: Timestamp,
    pub(super) last_accessed: Option<Timestamp>,
    pub(super) institution_id: String,
    pub(super) card: Card,
    pub(super) readiness: Readiness,
    /// What internal transaction ids are derived from.
    pub(super) ids_from: Uuid,
    /// Successful calls of the current window.
    pub(super) calls: BTreeMap<Scope, Vec<Timestamp>>,
    /// Failures at the bank since the last success.
    #[serde(default)]
    pub(super) failures: u32,
    /// A status that it has because someone said so.
    #[serde(default)]
    pub(super) stated: Option<String>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Records {
    /// Signs tokens; 64 hex digits.
    pub(super) signing_key: String,
    serial: u64,
    pub(super) agreements: BTreeMap<Uuid, Agreement>,
    pub(super) requisitions: BTreeMap<Uuid, Requisition>,
    pub(super) accounts: BTreeMap<Uuid, Account>,
    /// New requisitions by month, `2026-11`; deleted ones count.
    pub(super) requisitions_by_month: BTreeMap<String, u32>,
    /// How long accounts of an institution are being processed, where someone said so.
    #[serde(default)]
    pub(super) processing: BTreeMap<String, Processing>,
}

impl Records {
    /// How many requisitions there are.
    pub(crate) fn consents(&self) -> usize {
        self.requisitions.len()
    }

    /// The records of a first start.
    pub(crate) fn new(ambient: &Ambient) -> Self {
        Self {
            signing_key: HEXLOWER.encode(&ambient.random::<32>()),
            serial: 0,
            agreements: BTreeMap::new(),
            requisitions: BTreeMap::new(),
            accounts: BTreeMap::new(),
            requisitions_by_month: BTreeMap::new(),
            processing: BTreeMap::new(),
        }
    }

    /// Orders what was created at the same instant, which a clock that stands still makes the rule.
    pub(super) fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// The status that the world sees: linked ones expire with their agreement (fact sheet §5).
    pub(super) fn status_of(&self, requisition: &Requisition, now: Timestamp) -> String {
        let expired =
            || self.agreements.get(&requisition.agreement).is_some_and(|agreement| agreement.has_expired(now));
        let status =
            if requisition.status == Status::Linked && expired() { Status::Expired } else { requisition.status };
        requisition.stated.clone().unwrap_or_else(|| status.word().to_owned())
    }

    /// The consents that contain an account, the newest first.
    pub(super) fn consents_of(&self, account: Uuid) -> Vec<Consent<'_>> {
        let linked = self.requisitions.values().filter(|requisition| requisition.accounts.contains(&account));
        let mut consents: Vec<_> = linked
            .filter_map(|requisition| {
                let agreement_id = requisition.agreement;
                Some(Consent { agreement_id, agreement: self.agreements.get(&agreement_id)?, requisition })
            })
            .collect();
        consents.sort_by_key(|consent| std::cmp::Reverse((consent.agreement.accepted, consent.agreement.serial)));
        consents
    }

    /// Counts a failure at the bank. The tenth one after the other suspends every consent with the account (§7).
    pub(super) fn fail(&mut self, id: Uuid) {
        let Some(account) = self.accounts.get_mut(&id) else { return };
        account.failures += 1;
        if account.failures >= FAILURES_TO_SUSPENSION {
            self.suspend(id);
        }
    }

    /// Suspends every consent with an account.
    pub(super) fn suspend(&mut self, id: Uuid) {
        let linked = self.requisitions.values_mut().filter(|requisition| requisition.status == Status::Linked);
        for requisition in linked.filter(|requisition| requisition.accounts.contains(&id)) {
            requisition.status = Status::Suspended;
        }
    }

    /// An account, by the id in a path.
    pub(super) fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.get(&Uuid::try_parse(id).ok()?)
    }

    /// The requisition that a link leads to.
    pub(super) fn by_link(&self, link: Uuid) -> Option<Uuid> {
        self.requisitions.iter().find(|(_, requisition)| requisition.link == link).map(|(id, _)| *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_become_ready_by_polls_or_by_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert!(Readiness::start(Processing::Ready, at(0)).is_ready(at(0)));
        let polled = Readiness::start(Processing::Polls(2), at(0)).polled();
        assert!(
            !polled.is_ready(at(9_999)) && polled.polled().is_ready(at(0)) && polled.polled().polled().is_ready(at(0))
        );
        let timed = Readiness::start(Processing::Seconds(30), at(100));
        assert!(!timed.polled().is_ready(at(129)) && timed.is_ready(at(130)));
    }
}
