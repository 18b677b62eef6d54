//! What happens to sessions, accounts and the application without a client doing it: at the bank, or at the provider.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::banks;
use super::records::{Records, Session};
use crate::{Sandbox, SandboxError, control};

/// Something that happens. `of` is the id of a session, or the name of a bank for all sessions there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum EnableBankingEvent {
    /// The person revokes access at the bank.
    Revoke {
        /// Of whom.
        of: String,
    },
    /// A session shows this word as its status; `None` gives it back its own.
    Status {
        /// Of whom.
        of: String,
        /// Any word.
        #[serde(default)]
        status: Option<String>,
    },
    /// The first account of each session is blocked: sessions to come show it without a uid, and what there was is gone.
    Block {
        /// Of whom.
        of: String,
    },
    /// The application is not active.
    Deactivate {
        /// Whether that is so.
        #[serde(default = "yes")]
        inactive: bool,
    },
    /// These redirects are registered, beside those to this machine.
    Register {
        /// Which.
        redirect_urls: Vec<String>,
    },
}

fn yes() -> bool {
    true
}

/// Why something cannot happen.
#[derive(Debug, thiserror::Error)]
pub enum EnableBankingEventError {
    /// There is no such session, and no session at such a bank.
    #[error("there is no session under “{0}”")]
    NothingThere(String),
    /// It could not be kept.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// The sessions that are meant.
fn sessions<'a>(records: &'a mut Records, of: &str) -> Result<Vec<&'a mut Session>, EnableBankingEventError> {
    let id = Uuid::try_parse(of).ok();
    let is_there = |session: &Session| banks::by_id(&session.asked.bank).is_some_and(|bank| bank.name() == of);
    let meant: Vec<_> = records
        .sessions
        .iter_mut()
        .filter(|(key, session)| Some(**key) == id || is_there(session))
        .map(|(_, session)| session)
        .collect();
    if meant.is_empty() { Err(EnableBankingEventError::NothingThere(of.to_owned())) } else { Ok(meant) }
}

impl Sandbox {
    /// Lets something happen at the simulator of Enable Banking.
    pub fn happen_at_enablebanking(&self, event: EnableBankingEvent) -> Result<(), EnableBankingEventError> {
        self.change(|state, _| {
            let records = &mut state.enablebanking;
            match event {
                EnableBankingEvent::Revoke { of } => {
                    sessions(records, &of)?.into_iter().for_each(|session| session.is_revoked = true);
                }
                EnableBankingEvent::Status { of, status } => {
                    sessions(records, &of)?.into_iter().for_each(|session| session.stated.clone_from(&status));
                }
                EnableBankingEvent::Block { of } => {
                    for session in sessions(records, &of)? {
                        session.accounts.iter_mut().take(1).for_each(|account| account.is_blocked = true);
                    }
                }
                EnableBankingEvent::Deactivate { inactive } => records.is_inactive = inactive,
                EnableBankingEvent::Register { redirect_urls } => records.redirect_urls = redirect_urls,
            }
            Ok(())
        })
    }
}

/// `POST /_control/enablebanking/events`
pub(super) async fn happen(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let event = match serde_json::from_slice::<EnableBankingEvent>(&body) {
        Ok(event) => event,
        Err(error) => return control::fault(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match sandbox.happen_at_enablebanking(event.clone()) {
        Ok(()) => Json(json!({ "happened": event })).into_response(),
        Err(error @ EnableBankingEventError::NothingThere(_)) => {
            control::fault(StatusCode::NOT_FOUND, &error.to_string())
        }
        Err(error) => control::fault(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
