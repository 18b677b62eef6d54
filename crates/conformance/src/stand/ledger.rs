//! Tokens, keepsakes and the ledger of calls, in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bankside_connect::{Fault, QuotaLedger, TokenStore};
use bankside_domain::Secret;
use bankside_domain::fault::FaultClass;
use bankside_domain::quota::{Presence, QuotaRule, QuotaScope, QuotaStatement, QuotaWindow, correct, debit, refund};
use jiff::Timestamp;

use super::held;
use crate::simulator::Simulator;

/// The token as it is kept, and all that ever were.
#[derive(Default)]
pub(crate) struct Tokens {
    kept: Mutex<Option<Secret>>,
    seen: Mutex<Vec<String>>,
}

impl Tokens {
    /// As if it had run out.
    pub(crate) fn lose(&self) {
        *held(&self.kept) = None;
    }

    /// Every text that has been part of a token.
    pub(crate) fn seen(&self) -> Vec<String> {
        held(&self.seen).clone()
    }
}

#[async_trait]
impl TokenStore for Tokens {
    async fn load(&self) -> Option<Secret> {
        held(&self.kept).clone()
    }

    async fn save(&self, token: &Secret, _: Timestamp) {
        held(&self.seen).push(token.expose().to_owned());
        *held(&self.kept) = Some(token.clone());
    }

    async fn forget(&self) {
        *held(&self.kept) = None;
    }
}

/// What was made at the provider once and for all.
#[derive(Default)]
pub(crate) struct Keepsakes(Mutex<BTreeMap<String, Secret>>);

impl Keepsakes {
    /// Everything that is kept.
    pub(crate) fn all(&self) -> Vec<String> {
        held(&self.0).values().map(|kept| kept.expose().to_owned()).collect()
    }
}

#[async_trait]
impl bankside_connect::Keepsakes for Keepsakes {
    async fn keep_once(&self, name: &str, new: &Secret) -> Result<Secret, Fault> {
        Ok(held(&self.0).entry(name.to_owned()).or_insert_with(|| new.clone()).clone())
    }
}

/// A debit, with what the simulator had been asked before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Debited {
    pub(crate) scope: QuotaScope,
    /// All calls.
    pub(crate) calls_before: usize,
    /// Those that spend the accounts' own limits.
    pub(crate) spent_before: usize,
}

/// The ledger of calls, by the rules of the domain.
pub(crate) struct Ledger {
    simulator: Arc<dyn Simulator>,
    presence: Mutex<Presence>,
    windows: Mutex<BTreeMap<String, (QuotaWindow, QuotaScope)>>,
    /// Debits so far.
    debits: Mutex<Vec<Debited>>,
}

impl Ledger {
    /// An empty one.
    pub(super) fn new(simulator: Arc<dyn Simulator>) -> Self {
        let presence = Mutex::new(Presence::PersonPresent);
        Self { simulator, presence, windows: Mutex::default(), debits: Mutex::default() }
    }

    fn now(&self) -> Timestamp {
        self.simulator.ambient().now()
    }

    pub(crate) fn presence(&self) -> Presence {
        *held(&self.presence)
    }

    pub(crate) fn set_presence(&self, presence: Presence) {
        *held(&self.presence) = presence;
    }

    /// The windows of a scope, by subject.
    pub(crate) fn windows(&self, scope: QuotaScope) -> BTreeMap<String, QuotaWindow> {
        let windows = held(&self.windows);
        windows.iter().filter(|(_, kept)| kept.1 == scope).map(|(subject, kept)| (subject.clone(), kept.0)).collect()
    }

    pub(crate) fn debits(&self) -> Vec<Debited> {
        held(&self.debits).clone()
    }
}

#[async_trait]
impl QuotaLedger for Ledger {
    async fn debit(&self, subject: &str, rule: &QuotaRule) -> Result<(), Fault> {
        let mut windows = held(&self.windows);
        let window = windows.get(subject).map(|kept| kept.0);
        match debit(window, rule, *held(&self.presence), self.now()) {
            Ok(window) => {
                windows.insert(subject.to_owned(), (window, rule.scope));
                held(&self.debits).push(Debited {
                    scope: rule.scope,
                    calls_before: self.simulator.calls(),
                    spent_before: self.simulator.spent().into_values().sum(),
                });
                Ok(())
            }
            Err(until) => {
                Err(Fault::new(FaultClass::RateLimited, "quota.spent", "The limit is used up.")
                    .with_retry_at(Some(until)))
            }
        }
    }

    async fn refund(&self, subject: &str, rule: &QuotaRule) {
        let mut windows = held(&self.windows);
        if let Some(kept) = windows.get_mut(subject) {
            kept.0 = refund(kept.0, rule);
        }
    }

    async fn correct(&self, subject: &str, rule: &QuotaRule, statement: QuotaStatement) {
        let mut windows = held(&self.windows);
        let window = windows.get(subject).map(|kept| kept.0);
        windows.insert(subject.to_owned(), (correct(window, rule, statement, self.now()), rule.scope));
    }
}
