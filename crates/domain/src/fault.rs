//! What can go wrong outside, in nine classes, and who has to act.
//!
//! Connectors produce these; runs store them; status and pages read them. A transport fault never looks like a dead
//! consent, because only [`FaultClass::NeedsUser`] says anything about a consent.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The nine classes. The engine reacts to the class alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultClass {
    /// A person must do something; automatic runs of this connection stop.
    NeedsUser,
    /// The keys or the configuration are wrong; an admin must act.
    NeedsOperator,
    /// Temporary; we try again by ourselves.
    RetryLater,
    /// A limit is used up; we wait until it resets.
    RateLimited,
    /// The provider is still working on it; we ask again soon.
    Busy,
    /// Some accounts failed, the rest is good.
    Partial,
    /// The bank lacks this feature; we stop asking for it.
    Unsupported,
    /// The remote thing is gone.
    Gone,
    /// Our request was wrong or the answer cannot be read; to be reported.
    Bug,
}

/// What the person can do about a [`FaultClass::NeedsUser`] fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "action", content = "detail")]
pub enum UserAction {
    /// Renew the consent: *Resync*.
    Renew,
    /// Go to an address of the provider.
    Visit(String),
    /// Type the keys again.
    FixCredentials,
    /// Do something at the bank itself.
    ActAtBank(String),
    /// Pay at the provider.
    Pay(String),
}

/// A fault as it is kept and shown: nothing secret, enough to find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultRecord {
    /// The class.
    pub class: FaultClass,
    /// A stable code of ours, such as `gocardless.access_expired`.
    pub code: String,
    /// One sentence for a person: what happened.
    pub message: String,
    /// What the person can do, if a person must act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<UserAction>,
    /// When trying again makes sense, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Timestamp>,
    /// What to tell the provider's support, if the provider gave a reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The HTTP status of the provider's answer, if there was an answer. Records from before it was kept have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_status: Option<u16>,
}

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhoActs {
    /// The owner of the connection.
    Person,
    /// Someone who keeps the keys or runs the server.
    Admin,
    /// Nobody: it goes on by itself.
    Nobody,
}

impl FaultClass {
    /// Who has to act.
    pub fn who_acts(self) -> WhoActs {
        match self {
            Self::NeedsUser | Self::Gone => WhoActs::Person,
            Self::NeedsOperator | Self::Bug => WhoActs::Admin,
            Self::RetryLater | Self::RateLimited | Self::Busy | Self::Partial | Self::Unsupported => WhoActs::Nobody,
        }
    }
}
