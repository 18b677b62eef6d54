//! Armed faults: what goes wrong at which call, because someone asked for it.
//!
//! What this is for: each documented error and each kind of bad weather on the line can be had at will, at exactly one
//! call of a walk. What it is not: chance; nothing fires that was not armed. The kinds that speak a provider's words are a
//! table in the provider's folder; those of the line itself are in [`line`].
//! What always holds: a fault fires only at calls that would have been served. Armed faults live in memory only.

pub(crate) mod line;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::provider;

/// How many may be armed at once.
const MOST_ARMED: usize = 1000;
/// No limit says to wait longer than some days.
const LONGEST_SECONDS: u32 = 200_000;

/// A fault that waits for its calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArmedFault {
    /// At which calls: a label such as `accounts/transactions`, or the beginning of labels and a star: `accounts/*`, `*`.
    pub on: String,
    /// What happens: the name of a [`FaultKind`].
    pub kind: String,
    /// Only at calls of this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only at calls of this account, by its id in the path.
    #[serde(default)]
    pub account: Option<String>,
    /// So many matching calls are served first.
    #[serde(default)]
    pub skip: u32,
    /// How often it fires; `None` until it is disarmed.
    #[serde(default = "once")]
    pub times: Option<u32>,
    /// How long an answer is held back, or how long a limit says to wait; each kind has a default.
    #[serde(default)]
    pub seconds: Option<u32>,
    /// Where a redirect leads.
    #[serde(default)]
    pub location: Option<Url>,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of a field that may be empty")]
fn once() -> Option<u32> {
    Some(1)
}

impl ArmedFault {
    /// A fault that fires once, at the first call of this label.
    pub fn new(on: &str, kind: &str) -> Self {
        let (on, kind) = (on.to_owned(), kind.to_owned());
        Self { on, kind, method: None, account: None, skip: 0, times: once(), seconds: None, location: None }
    }

    fn matches(&self, label: &str, method: &str, account: Option<&str>) -> bool {
        covers(&self.on, label)
            && provider::of_call(label).is_some_and(|provider| provider.knows_kind(&self.kind))
            && self.method.as_deref().is_none_or(|only| only.eq_ignore_ascii_case(method))
            && self.account.as_deref().is_none_or(|only| account == Some(only))
    }
}

fn covers(pattern: &str, label: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == label, |start| label.starts_with(start))
}

/// A fault with what has become of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultState {
    /// Its number, in the order of arming.
    pub id: u64,
    /// What was armed.
    #[serde(flatten)]
    pub fault: ArmedFault,
    /// Matching calls that were served because of `skip`.
    pub skipped: u32,
    /// How often it has fired.
    pub fired: u32,
}

/// One kind of fault, as the list of them has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultKind {
    /// Its name.
    pub name: &'static str,
    /// The status of its answer; `None` where the call's own answer is spoilt or none is sent.
    pub status: Option<u16>,
    /// The line of the provider's fact sheet that it comes from.
    pub source: &'static str,
    /// What it is.
    pub about: &'static str,
}

/// Why a fault was not armed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ArmError {
    /// No provider has a fault of this kind.
    #[error("there is no fault of the kind “{0}”; GET /_control/faults lists them")]
    UnknownKind(String),
    /// No provider that knows the kind has a call that this label covers.
    #[error("no call that can meet this kind is labelled “{0}”; GET /_control/faults lists them")]
    UnknownCall(String),
    /// It would fire zero times.
    #[error("a fault fires at least once")]
    NeverFires,
    /// It would take longer than anyone waits.
    #[error("no more than {LONGEST_SECONDS} seconds")]
    TooLong,
    /// So many are armed that something must have gone wrong.
    #[error("no more than {MOST_ARMED} faults can be armed")]
    TooMany,
}

/// What is armed.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    serial: u64,
    armed: Vec<FaultState>,
}

impl Faults {
    pub(crate) fn arm(&mut self, fault: ArmedFault) -> Result<FaultState, ArmError> {
        let mut know_the_kind = provider::ALL.iter().filter(|provider| provider.knows_kind(&fault.kind)).peekable();
        if know_the_kind.peek().is_none() {
            return Err(ArmError::UnknownKind(fault.kind));
        }
        // A kind fires at the calls of its own provider only.
        let knows_call =
            |provider: &provider::Provider| (provider.labels)().iter().any(|label| covers(&fault.on, label));
        if !know_the_kind.any(knows_call) {
            return Err(ArmError::UnknownCall(fault.on));
        }
        if fault.times == Some(0) {
            return Err(ArmError::NeverFires);
        }
        if fault.seconds.is_some_and(|seconds| seconds > LONGEST_SECONDS) {
            return Err(ArmError::TooLong);
        }
        if self.armed.len() == MOST_ARMED {
            return Err(ArmError::TooMany);
        }
        self.serial += 1;
        let state = FaultState { id: self.serial, fault, skipped: 0, fired: 0 };
        self.armed.push(state.clone());
        Ok(state)
    }

    /// The fault that a call meets, which has fired with that: the first armed that is not used up.
    pub(crate) fn meet(&mut self, label: &str, method: &str, account: Option<&str>) -> Option<ArmedFault> {
        for state in &mut self.armed {
            let used_up = state.fault.times.is_some_and(|times| state.fired >= times);
            // A star covers calls of providers that have no fault of this kind; those pass.
            let is_meant = state.fault.matches(label, method, account);
            if used_up || !is_meant {
                continue;
            }
            if state.skipped < state.fault.skip {
                state.skipped += 1;
                continue;
            }
            state.fired += 1;
            return Some(state.fault.clone());
        }
        None
    }

    pub(crate) fn all(&self) -> Vec<FaultState> {
        self.armed.clone()
    }

    pub(crate) fn disarm(&mut self) {
        self.armed.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON: &str = "accounts/balances";

    fn met(faults: &mut Faults, account: &str) -> Option<String> {
        faults.meet(ON, "GET", Some(account)).map(|fault| fault.kind)
    }

    #[test]
    fn a_fault_skips_fires_and_is_used_up() {
        let mut faults = Faults::default();
        faults.arm(ArmedFault { skip: 1, times: Some(2), ..ArmedFault::new(ON, "service_error") }).unwrap();
        let answers: Vec<_> = (0..4).map(|_| met(&mut faults, "a").is_some()).collect();
        assert_eq!(answers, [false, true, true, false]);
        let state = &faults.all()[0];
        assert_eq!((state.skipped, state.fired), (1, 2));
        faults.disarm();
        assert!(faults.all().is_empty());
    }

    #[test]
    fn a_fault_is_for_its_label_method_and_account() {
        let mut faults = Faults::default();
        let own =
            ArmedFault { account: Some("a".into()), method: Some("get".into()), ..ArmedFault::new(ON, "not_found") };
        faults.arm(own).unwrap();
        assert_eq!(met(&mut faults, "b"), None);
        assert_eq!(faults.meet(ON, "HEAD", Some("a")), None);
        assert_eq!(faults.meet("accounts/details", "GET", Some("a")), None);
        assert_eq!(met(&mut faults, "a").as_deref(), Some("not_found"));
        faults.arm(ArmedFault { times: None, ..ArmedFault::new("accounts/*", "ip_denied") }).unwrap();
        for _ in 0..3 {
            assert_eq!(met(&mut faults, "b").as_deref(), Some("ip_denied"));
        }
        assert_eq!(faults.meet("requisitions", "GET", None), None);
    }

    #[test]
    fn what_can_never_fire_is_refused() {
        let mut faults = Faults::default();
        let mut refused = |fault| faults.arm(fault).unwrap_err();
        assert_eq!(refused(ArmedFault::new(ON, "plague")), ArmError::UnknownKind("plague".into()));
        assert_eq!(refused(ArmedFault::new("accounts", "not_found")), ArmError::UnknownCall("accounts".into()));
        assert_eq!(refused(ArmedFault { times: Some(0), ..ArmedFault::new("*", "not_found") }), ArmError::NeverFires);
        let long = ArmedFault { seconds: Some(LONGEST_SECONDS + 1), ..ArmedFault::new("*", "never_answers") };
        assert_eq!(refused(long), ArmError::TooLong);
    }
}
