//! What happens to consents and accounts without a client doing it: at the bank, or at the provider.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::fields::parse_uuid;
use super::records::{Readiness, Records, Status};
use crate::banks::{self, Processing};
use crate::{Sandbox, SandboxError, control};

/// Something that happens. `of` is the id of an account or a requisition, or of an institution for all of its consents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// The person revokes access at the bank. The requisition stays linked; data calls find out.
    Revoke {
        /// Of whom.
        of: String,
    },
    /// Too many errors: the requisitions are suspended.
    Suspend {
        /// Of whom.
        of: String,
    },
    /// Accounts are being processed: for so many seconds, or until they were asked about so often, or no longer. An
    /// institution's word holds for its accounts from their next linking on.
    Process {
        /// Of whom.
        of: String,
        /// By the sandbox clock.
        #[serde(default)]
        seconds: Option<u32>,
        /// By metadata calls.
        #[serde(default)]
        polls: Option<u32>,
    },
    /// Requisitions, or the account where `of` is one, show this word as their status; `None` gives them back their own.
    Status {
        /// Of whom.
        of: String,
        /// Any word.
        #[serde(default)]
        status: Option<String>,
    },
}

/// Why something cannot happen.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// There is no such account, requisition or institution, or it has no consent.
    #[error("nothing is linked under “{0}”")]
    NothingLinked(String),
    /// It could not be kept.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// What an event is about.
struct Target {
    requisitions: Vec<Uuid>,
    accounts: Vec<Uuid>,
}

impl Target {
    fn find(records: &Records, of: &str) -> Result<Self, EventError> {
        let id = parse_uuid(of);
        if let Some(account) = id.filter(|id| records.accounts.contains_key(id)) {
            let contains =
                |(_, requisition): &(&Uuid, &super::records::Requisition)| requisition.accounts.contains(&account);
            let requisitions = records.requisitions.iter().filter(contains).map(|(id, _)| *id).collect();
            return Ok(Self { requisitions, accounts: vec![account] });
        }
        let meant = records
            .requisitions
            .iter()
            .filter(|(key, requisition)| Some(**key) == id || requisition.institution_id == of);
        let (requisitions, accounts): (Vec<_>, Vec<_>) =
            meant.map(|(id, requisition)| (*id, requisition.accounts.clone())).unzip();
        if requisitions.is_empty() {
            return Err(EventError::NothingLinked(of.to_owned()));
        }
        Ok(Self { requisitions, accounts: accounts.concat() })
    }
}

impl Sandbox {
    /// Lets something happen.
    pub fn happen(&self, event: Event) -> Result<(), EventError> {
        self.change(|state, now| {
            let records = &mut state.gocardless;
            match event {
                Event::Revoke { of } => {
                    for id in Target::find(records, &of)?.requisitions {
                        records.requisitions.entry(id).and_modify(|requisition| requisition.revoked = true);
                    }
                }
                Event::Suspend { of } => {
                    for id in Target::find(records, &of)?.requisitions {
                        records.requisitions.entry(id).and_modify(|requisition| requisition.status = Status::Suspended);
                    }
                }
                Event::Process { of, seconds, polls } => {
                    let processing = match (seconds, polls) {
                        (Some(seconds), _) => Processing::Seconds(seconds),
                        (None, Some(polls)) => Processing::Polls(polls),
                        (None, None) => Processing::Ready,
                    };
                    if banks::find(&of).is_some() {
                        records.processing.insert(of, processing);
                        return Ok(());
                    }
                    for id in Target::find(records, &of)?.accounts {
                        let readiness = Readiness::start(processing, now);
                        records.accounts.entry(id).and_modify(|account| account.readiness = readiness);
                    }
                }
                Event::Status { of, status } => {
                    let target = Target::find(records, &of)?;
                    if let Some(account) = parse_uuid(&of).and_then(|id| records.accounts.get_mut(&id)) {
                        account.stated = status;
                        return Ok(());
                    }
                    for id in target.requisitions {
                        records.requisitions.entry(id).and_modify(|requisition| requisition.stated.clone_from(&status));
                    }
                }
            }
            Ok(())
        })
    }
}

/// `POST /_control/gocardless/events`
pub(super) async fn happen(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let event = match serde_json::from_slice::<Event>(&body) {
        Ok(event) => event,
        Err(error) => return control::fault(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match sandbox.happen(event.clone()) {
        Ok(()) => Json(json!({ "happened": event })).into_response(),
        Err(error @ EventError::NothingLinked(_)) => control::fault(StatusCode::NOT_FOUND, &error.to_string()),
        Err(error) => control::fault(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
