//! The list of simulated providers. A new one is a folder beside `gocardless` and one line here.

use axum::Router;

use crate::faults::FaultKind;
use crate::{Sandbox, enablebanking, finapi, gocardless, pluggy, simplefin, sophtron};

/// One field that a person types somewhere, and what to type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credential {
    /// Its name in `/index.json`, which is the provider's own.
    pub(crate) name: &'static str,
    /// Its label, as the provider's portal and clients have it.
    pub(crate) label: &'static str,
    /// What to type. Well known and worth nothing.
    pub(crate) value: Typed,
}

/// What to type somewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Typed {
    /// Always the same.
    Fixed(&'static str),
    /// A text that names the sandbox's own address.
    At(fn(&Sandbox) -> String),
}

impl Typed {
    /// The text, for this sandbox.
    pub(crate) fn text(self, sandbox: &Sandbox) -> String {
        match self {
            Self::Fixed(text) => text.to_owned(),
            Self::At(text) => text(sandbox),
        }
    }
}

/// A provider as the index page shows it.
pub(crate) struct Provider {
    /// Its id in `/index.json`.
    pub(crate) id: &'static str,
    /// Its name.
    pub(crate) name: &'static str,
    /// What its API's paths start with.
    pub(crate) base_path: &'static str,
    /// What clients must know.
    pub(crate) credentials: &'static [Credential],
    /// What is simulated, in two or three sentences.
    pub(crate) about: &'static str,
    /// Everything it serves.
    pub(crate) routes: fn(&Sandbox) -> Router<Sandbox>,
    /// What its calls are labelled.
    pub(crate) labels: fn() -> Vec<&'static str>,
    /// What faults its calls can meet.
    pub(crate) faults: fn() -> Vec<FaultKind>,
}

/// All of them.
pub(crate) const ALL: &[Provider] = &[
    gocardless::PROVIDER,
    enablebanking::PROVIDER,
    finapi::PROVIDER,
    pluggy::PROVIDER,
    simplefin::PROVIDER,
    sophtron::PROVIDER,
];

impl Provider {
    /// Whether its calls can meet faults of this kind.
    pub(crate) fn knows_kind(&self, kind: &str) -> bool {
        (self.faults)().iter().any(|known| known.name == kind)
    }
}

/// The provider with this id.
pub(crate) fn find(id: &str) -> Option<&'static Provider> {
    ALL.iter().find(|provider| provider.id == id)
}

/// The provider whose calls have this label.
pub(crate) fn of_call(label: &str) -> Option<&'static Provider> {
    ALL.iter().find(|provider| (provider.labels)().contains(&label))
}
