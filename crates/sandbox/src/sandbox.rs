//! The sandbox as one value: configuration, state, clock and the router over all of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use bankside_domain::{Ambient, Clock};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::calls::{Call, Calls};
use crate::clock::{ClockMode, ClockState, Turn, TurnError};
use crate::faults::{ArmError, ArmedFault, FaultKind, FaultState, Faults};
use crate::gocardless::{Records, Throttle};
use crate::state::{State, StateFile};
use crate::switches::Switches;
use crate::{control, home, pluggy, provider};

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// Where browsers and clients reach it, such as `http://127.0.0.1:5007`. Links, logos and paging URLs start with it.
    pub public_url: Url,
    /// Where its state is kept; `None` keeps it in memory only.
    pub state_file: Option<PathBuf>,
    /// How its clock goes.
    pub clock: ClockMode,
    /// Whether every bank has the provider's limit of four calls a day per account and scope, which is the truth;
    /// `false` leaves it to the banks that are known for one.
    pub daily_limit_everywhere: bool,
}

/// What can go wrong with a sandbox itself.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The state file could not be read or written.
    #[error("the sandbox state {path}: {source}")]
    StateFile {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The state file is there but does not hold a state that this program wrote.
    #[error("the sandbox state {path} cannot be read: {why}; move it away to start with a new sandbox")]
    Corrupt {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        why: String,
    },
    /// The public URL cannot have paths below it.
    #[error("the public URL {0} is not of the form http://host:port")]
    PublicUrl(Url),
    /// A bank's own data is wrong, which is a mistake in this crate.
    #[error("a bank of the sandbox is described wrongly: {0}")]
    Bank(#[from] bankside_domain::AmountError),
}

/// A running sandbox. Clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox(Arc<Inner>);

struct Inner {
    public_url: String,
    file: Option<StateFile>,
    daily_limit_everywhere: bool,
    switches: Mutex<Arc<Switches>>,
    ambient: Ambient,
    state: Mutex<State>,
    throttle: Mutex<Throttle>,
    throttle_pluggy: Mutex<pluggy::Throttle>,
    faults: Mutex<Faults>,
    calls: Mutex<Calls>,
}

impl Sandbox {
    /// Loads the state, or creates it, with every open fact in its likeliest position.
    pub fn open(config: SandboxConfig, ambient: Ambient) -> Result<Self, SandboxError> {
        Self::open_with(config, ambient, Switches::default())
    }

    /// Loads the state, or creates it, with the open facts in these positions.
    pub fn open_with(config: SandboxConfig, ambient: Ambient, switches: Switches) -> Result<Self, SandboxError> {
        if config.public_url.cannot_be_a_base() || !config.public_url.has_host() {
            return Err(SandboxError::PublicUrl(config.public_url));
        }
        let real = ambient.now();
        let file = config.state_file.map(StateFile::new);
        let mut state = match file.as_ref().map(StateFile::load).transpose()?.flatten() {
            Some(mut state) => {
                state.clock = state.clock.resume(config.clock, real);
                state
            }
            None => State::new(ClockState::start(config.clock, real), Records::new(&ambient)),
        };
        let now = state.clock.now(real);
        state.pluggy.start(&ambient, now);
        state.simplefin.furnish();
        state.sophtron.furnish(now);
        if let Some(file) = &file {
            file.save(&state)?;
        }
        Ok(Self(Arc::new(Inner {
            public_url: config.public_url.as_str().trim_end_matches('/').to_owned(),
            file,
            daily_limit_everywhere: config.daily_limit_everywhere,
            switches: Mutex::new(Arc::new(switches)),
            ambient,
            state: Mutex::new(state),
            throttle: Mutex::new(Throttle::default()),
            throttle_pluggy: Mutex::default(),
            faults: Mutex::default(),
            calls: Mutex::default(),
        })))
    }

    /// Scheme, host and port at which it is reached.
    pub(crate) fn origin(&self) -> &str {
        &self.0.public_url
    }

    /// Everything that the sandbox serves.
    pub fn router(&self) -> Router {
        let shared = home::routes().merge(control::routes());
        let all = provider::ALL.iter().fold(shared, |router, provider| router.merge((provider.routes)(self)));
        all.with_state(self.clone())
    }

    /// What time it is in the sandbox.
    pub fn now(&self) -> Timestamp {
        self.lock().clock.now(self.0.ambient.now())
    }

    /// The body of `/index.json`: each provider with its base URL and the credentials to use.
    pub fn index(&self) -> Value {
        let entry = |provider: &provider::Provider| {
            let field = |field: &provider::Credential| (field.name.to_owned(), Value::from(field.value.text(self)));
            let fields = provider.credentials.iter().map(field);
            json!({
                "id": provider.id,
                "base_url": self.url(provider.base_path),
                "credentials": fields.collect::<serde_json::Map<_, _>>(),
            })
        };
        json!({ "providers": provider::ALL.iter().map(entry).collect::<Vec<_>>() })
    }

    /// How many consents `gocardless` knows, given or only asked for; those that were deleted are none.
    pub fn consents(&self) -> usize {
        self.lock().gocardless.consents()
    }

    /// Arms a fault. It fires at the calls that it names, after those that were armed before it.
    pub fn arm(&self, fault: ArmedFault) -> Result<FaultState, ArmError> {
        hold(&self.0.faults).arm(fault)
    }

    /// What is armed, with how often each has fired.
    pub fn armed(&self) -> Vec<FaultState> {
        hold(&self.0.faults).all()
    }

    /// Takes all faults back.
    pub fn disarm(&self) {
        hold(&self.0.faults).disarm();
    }

    /// Every kind of fault that can be armed. Those of the line come once, although every provider's calls meet them.
    pub fn fault_kinds() -> Vec<FaultKind> {
        let mut kinds: Vec<FaultKind> = Vec::new();
        for kind in provider::ALL.iter().flat_map(|provider| (provider.faults)()) {
            if !kinds.iter().any(|known| known.name == kind.name) {
                kinds.push(kind);
            }
        }
        kinds
    }

    /// The kinds that the calls of one provider can meet, by its id in `/index.json`; none where there is no such
    /// provider.
    pub fn fault_kinds_of(provider: &str) -> Vec<FaultKind> {
        provider::find(provider).map(|provider| (provider.faults)()).unwrap_or_default()
    }

    /// The labels of all calls, which faults are armed by.
    pub fn call_labels() -> Vec<&'static str> {
        provider::ALL.iter().flat_map(|provider| (provider.labels)()).collect()
    }

    /// The calls that were answered, or left unanswered, the oldest first.
    pub fn calls(&self) -> Vec<Call> {
        hold(&self.0.calls).all()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        hold(&self.0.calls).forget();
    }

    /// The fault that a call meets; it has fired then.
    pub(crate) fn meet(&self, call: &Call) -> Option<ArmedFault> {
        hold(&self.0.faults).meet(call.label, &call.method, call.account.as_deref())
    }

    pub(crate) fn note(&self, call: Call) {
        hold(&self.0.calls).note(call);
    }

    /// An absolute URL for a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.0.public_url)
    }

    /// The open facts in their positions.
    pub fn switches(&self) -> Arc<Switches> {
        Arc::clone(&hold(&self.0.switches))
    }

    /// Puts the open facts into these positions from the next call on.
    pub fn set_switches(&self, switches: Switches) {
        *hold(&self.0.switches) = Arc::new(switches);
    }

    pub(crate) fn daily_limit_everywhere(&self) -> bool {
        self.0.daily_limit_everywhere
    }

    /// A new random id, as providers have them (version 4).
    pub(crate) fn uuid(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.0.ambient.random()).into_uuid()
    }

    /// Looks at the state, and at the clock.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&State, Timestamp) -> T) -> T {
        let state = self.lock();
        let now = state.clock.now(self.0.ambient.now());
        look(&state, now)
    }

    /// Changes the state and keeps the change, or keeps everything as it was when there is an error.
    ///
    /// The file is small and local, so it is written while the request waits.
    pub(crate) fn change<T, E: From<SandboxError>>(
        &self,
        change: impl FnOnce(&mut State, Timestamp) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut state = self.lock();
        let mut next = state.clone();
        let now = next.clock.now(self.0.ambient.now());
        let answer = change(&mut next, now)?;
        if next != *state {
            if let Some(file) = &self.0.file {
                file.save(&next)?;
            }
            *state = next;
        }
        Ok(answer)
    }

    /// Turns the clock and says what time it is then.
    pub(crate) fn turn(&self, turn: Turn) -> Result<Timestamp, TurnFault> {
        let real = self.0.ambient.now();
        self.change(|state, _| {
            state.clock = state.clock.turn(real, turn)?;
            Ok(state.clock.now(real))
        })
    }

    /// The general rate limits, with the time that they count in.
    pub(crate) fn throttle<T>(&self, count: impl FnOnce(&mut Throttle, Timestamp) -> T) -> T {
        let at = self.lock().clock.flowing(self.0.ambient.now());
        count(&mut hold(&self.0.throttle), at)
    }

    /// The limits per minute of `pluggy`, with the time that they count in.
    pub(crate) fn throttle_pluggy<T>(&self, count: impl FnOnce(&mut pluggy::Throttle, Timestamp) -> T) -> T {
        let at = self.lock().clock.flowing(self.0.ambient.now());
        count(&mut hold(&self.0.throttle_pluggy), at)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A change replaces the state only when it is complete, so a panic in between leaves a whole one.
        hold(&self.0.state)
    }
}

fn hold<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Clock for Sandbox {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sandbox({})", self.0.public_url)
    }
}

/// Why turning the clock failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TurnFault {
    #[error(transparent)]
    Refused(#[from] TurnError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}
