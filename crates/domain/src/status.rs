//! Status, derived from facts each time it is shown. Nothing ever stores one.

use jiff::Timestamp;

use crate::balance::Proof;
use crate::consent::{Consent, ConsentStanding};
use crate::fault::{FaultClass, FaultRecord, UserAction};
use crate::run::RunOutcome;

/// What is known about an account's feed.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The feed's connection, if there is one.
    pub connection: Option<ConnectionFacts>,
    /// What the balances prove; `None` before the first sync.
    pub proof: Option<Proof>,
}

/// What is known about a connection, seen from one of its accounts.
#[derive(Debug, Clone, Default)]
pub struct ConnectionFacts {
    /// Its consent.
    pub consent: Option<Consent>,
    /// Whether a person paused it.
    pub paused: bool,
    /// Whether it was ended (unsynced).
    pub ended: bool,
    /// What keeps every run from beginning, such as keys that are missing.
    pub blocked: Option<FaultRecord>,
    /// That the last renewal did not show the bank account, if it did not.
    pub not_shown: Option<FaultRecord>,
    /// Whether a run is queued or going on.
    pub running: bool,
    /// How the last finished run ended for this account.
    pub last: Option<LastResult>,
    /// When this account's rows last came in completely.
    pub last_success_at: Option<Timestamp>,
}

/// How the last finished run ended for an account.
#[derive(Debug, Clone)]
pub struct LastResult {
    /// The outcome.
    pub outcome: RunOutcome,
    /// What went wrong, if something did.
    pub fault: Option<FaultRecord>,
}

/// What is shown. Each has an icon, a word and a colour; none is shown by colour alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// The account has no bank behind it.
    WithoutBank,
    /// The last run was complete.
    UpToDate {
        /// When.
        at: Timestamp,
    },
    /// Linked, but nothing has come in yet.
    NeverSynced,
    /// A run is queued or going on.
    Syncing,
    /// Rows are saved, but a scope was refused.
    Partly(FaultRecord),
    /// The quota is spent or the bank asks to wait.
    WaitingForBank(FaultRecord),
    /// A fault that passes by itself.
    Retrying(FaultRecord),
    /// The consent still works, but ends soon.
    RenewBy {
        /// When it ends.
        until: Timestamp,
        /// In how many days.
        days: i64,
    },
    /// The provider has said that the consent is dead, or its end has passed.
    RenewNow,
    /// A person must do something else than renew.
    AnswerNeeded(FaultRecord),
    /// The keys are missing or wrong.
    KeysNeeded(FaultRecord),
    /// Whoever runs the server must do something else than type keys.
    OperatorNeeded(FaultRecord),
    /// Bank and ledger differ.
    CheckData {
        /// Bank minus ledger, in minor units.
        by_minor: i64,
        /// The first day that does not fit; `None` when they have been apart from the start.
        since: Option<jiff::civil::Date>,
    },
    /// A person paused it.
    Paused,
    /// The connection was ended; the rows stay.
    Unsynced,
}

/// Derives the status from the facts. What a person must act on comes before what passes by itself.
pub fn derive(facts: &Facts, now: Timestamp) -> Status {
    let Some(connection) = &facts.connection else {
        return Status::WithoutBank;
    };
    if connection.ended {
        return Status::Unsynced;
    }
    if connection.paused {
        return Status::Paused;
    }
    if let Some(fault) = &connection.blocked {
        return of_fault(fault, None);
    }
    let standing = connection.consent.map(|consent| consent.standing(now));
    if standing == Some(ConsentStanding::Ended) {
        return Status::RenewNow;
    }
    if let Some(fault) = &connection.not_shown {
        return of_fault(fault, None);
    }
    if connection.running {
        return Status::Syncing;
    }
    let last = connection.last.as_ref();
    if let Some(fault) = last.and_then(|last| last.fault.as_ref()) {
        return of_fault(fault, last.map(|last| last.outcome));
    }
    match facts.proof {
        Some(Proof::Diverged { since, by_minor }) => return Status::CheckData { by_minor, since: Some(since) },
        Some(Proof::OpeningDiffers { by_minor }) => return Status::CheckData { by_minor, since: None },
        Some(Proof::Proven { .. } | Proof::Accepted { .. } | Proof::Ignored { .. } | Proof::NotProvable { .. })
        | None => {}
    }
    if let (Some(ConsentStanding::EndsIn(days)), Some(Consent { valid_until: Some(until), .. })) =
        (standing, connection.consent)
    {
        return Status::RenewBy { until, days };
    }
    match connection.last_success_at {
        Some(at) => Status::UpToDate { at },
        None => Status::NeverSynced,
    }
}

fn of_fault(fault: &FaultRecord, outcome: Option<RunOutcome>) -> Status {
    match fault.class {
        FaultClass::NeedsUser if fault.action == Some(UserAction::Renew) => Status::RenewNow,
        // Renewing brings nothing back that the bank has closed: the person unlinks it.
        FaultClass::NeedsUser | FaultClass::Gone => Status::AnswerNeeded(fault.clone()),
        FaultClass::NeedsOperator if fault.action == Some(UserAction::FixCredentials) => {
            Status::KeysNeeded(fault.clone())
        }
        FaultClass::NeedsOperator => Status::OperatorNeeded(fault.clone()),
        _ if outcome == Some(RunOutcome::Partly) => Status::Partly(fault.clone()),
        FaultClass::RateLimited => Status::WaitingForBank(fault.clone()),
        FaultClass::RetryLater | FaultClass::Busy | FaultClass::Bug | FaultClass::Partial | FaultClass::Unsupported => {
            Status::Retrying(fault.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(class: FaultClass, action: Option<UserAction>) -> FaultRecord {
        FaultRecord {
            class,
            code: "test".into(),
            message: "It failed.".into(),
            action,
            retry_at: None,
            reference: None,
            http_status: None,
        }
    }

    fn facts(last_fault: Option<FaultRecord>) -> Facts {
        let outcome = if last_fault.is_some() { RunOutcome::Failed } else { RunOutcome::Done };
        Facts {
            connection: Some(ConnectionFacts {
                consent: Some(Consent { given_at: None, valid_until: "2027-05-01T00:00:00Z".parse().ok() }),
                last: Some(LastResult { outcome, fault: last_fault }),
                last_success_at: "2026-11-20T07:12:00Z".parse().ok(),
                ..ConnectionFacts::default()
            }),
            proof: None,
        }
    }

    #[test]
    fn a_transport_fault_never_looks_like_a_dead_consent() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        assert!(matches!(derive(&facts(Some(fault(FaultClass::RetryLater, None))), now), Status::Retrying(_)));
        let dead = fault(FaultClass::NeedsUser, Some(UserAction::Renew));
        assert_eq!(derive(&facts(Some(dead)), now), Status::RenewNow);
    }

    #[test]
    fn an_ended_consent_is_known_without_asking() {
        let now = "2027-05-01T00:00:01Z".parse().unwrap();
        assert_eq!(derive(&facts(None), now), Status::RenewNow);
        let soon = "2027-04-20T00:00:00Z".parse().unwrap();
        assert!(matches!(derive(&facts(None), soon), Status::RenewBy { days: 11, .. }));
    }

    #[test]
    fn an_account_that_a_renewal_did_not_show_waits_for_a_person() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let mut facts = facts(None);
        let connection = facts.connection.as_mut().unwrap();
        connection.not_shown = Some(fault(FaultClass::Gone, None));
        connection.running = true;
        assert!(matches!(derive(&facts, now), Status::AnswerNeeded(_)));
    }

    #[test]
    fn missing_keys_are_said_before_anything_else_is_tried() {
        let now = "2027-05-01T00:00:01Z".parse().unwrap();
        let mut facts = facts(None);
        let connection = facts.connection.as_mut().unwrap();
        connection.blocked = Some(fault(FaultClass::NeedsOperator, Some(UserAction::FixCredentials)));
        assert!(matches!(derive(&facts, now), Status::KeysNeeded(_)));
        let connection = facts.connection.as_mut().unwrap();
        connection.blocked = Some(fault(FaultClass::NeedsOperator, None));
        assert!(
            matches!(derive(&facts, now), Status::OperatorNeeded(_)),
            "an address that is refused is no matter of keys"
        );
    }

    #[test]
    fn divergence_is_shown_once_the_feed_is_healthy() {
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        let proof = Some(Proof::Diverged { since: jiff::civil::date(2026, 11, 17), by_minor: -1240 });
        let diverged = Facts { proof, ..facts(None) };
        assert!(matches!(derive(&diverged, now), Status::CheckData { by_minor: -1240, since: Some(_) }));
        let ignored = Facts { proof: Some(Proof::Ignored { since: None, by_minor: -1240 }), ..facts(None) };
        assert!(!matches!(derive(&ignored, now), Status::CheckData { .. }), "nobody wants to hear of it");
        assert_eq!(derive(&Facts::default(), now), Status::WithoutBank);
    }
}
