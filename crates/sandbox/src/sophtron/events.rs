//! What happens to logins and accounts without a client doing it: at the bank, or at the provider.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::records::{Credentials, Login, Records};
use crate::{Sandbox, SandboxError, control};

/// Something that happens. `of` is the id of a login or an account, or of an institution for all logins there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum SophtronEvent {
    /// User name and password stop working: jobs are refused until others are given.
    Refuse {
        /// Of whom.
        of: String,
    },
    /// The bank asks for a token at each refresh, or no longer does.
    AskAlways {
        /// Of whom.
        of: String,
        /// Whether it asks.
        #[serde(default = "yes")]
        asks: bool,
    },
    /// Accounts become untracked, so that refreshes pass them over, or tracked again.
    Untrack {
        /// Of whom.
        of: String,
        /// Whether they are tracked.
        #[serde(default)]
        tracked: bool,
    },
    /// Logins are deleted at the provider, with their accounts.
    Delete {
        /// Of whom.
        of: String,
    },
    /// So many of the month's requests are used up.
    Spend {
        /// How many.
        requests: u32,
    },
}

fn yes() -> bool {
    true
}

/// Why something cannot happen.
#[derive(Debug, thiserror::Error)]
pub enum SophtronEventError {
    /// There is no such login, account or institution, or nobody has a login there.
    #[error("there is no login or account under “{0}”")]
    NothingThere(String),
    /// It could not be kept.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// The logins that are meant, and the one account where only that is.
fn meant(records: &Records, of: &str) -> Result<(Vec<Uuid>, Option<Uuid>), SophtronEventError> {
    let nothing = || SophtronEventError::NothingThere(of.to_owned());
    let id: Uuid = of.parse().map_err(|_| nothing())?;
    if let Some(login) = records.login_of(id) {
        return Ok((vec![login], Some(id)));
    }
    let fits = |(key, login): &(&Uuid, &Login)| **key == id || login.institution == id;
    let logins: Vec<_> = records.logins.iter().filter(fits).map(|(id, _)| *id).collect();
    if logins.is_empty() { Err(nothing()) } else { Ok((logins, None)) }
}

impl Sandbox {
    /// Lets something happen at the simulator of Sophtron.
    pub fn happen_at_sophtron(&self, event: SophtronEvent) -> Result<(), SophtronEventError> {
        self.change(|state, now| {
            let records = &mut state.sophtron;
            let change = |records: &mut Records, of: &str, change: &dyn Fn(&mut Login, Option<Uuid>)| {
                let (logins, account) = meant(records, of)?;
                for id in logins {
                    records.logins.entry(id).and_modify(|login| change(login, account));
                }
                Ok(())
            };
            match event {
                SophtronEvent::Refuse { of } => {
                    change(records, &of, &|login, _| login.credentials = Credentials::Refused)
                }
                SophtronEvent::AskAlways { of, asks } => change(records, &of, &|login, _| login.asks_always = asks),
                SophtronEvent::Untrack { of, tracked } => change(records, &of, &|login, only| {
                    let accounts = login.accounts.iter_mut().filter(|(id, _)| only.is_none_or(|only| only == **id));
                    accounts.for_each(|(_, account)| account.is_tracked = tracked);
                }),
                SophtronEvent::Delete { of } => {
                    let (logins, _) = meant(records, &of)?;
                    records.logins.retain(|id, _| !logins.contains(id));
                    Ok(())
                }
                SophtronEvent::Spend { requests } => {
                    records.month.take(requests, now);
                    Ok(())
                }
            }
        })
    }
}

/// `POST /_control/sophtron/events`
pub(super) async fn happen(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let event = match serde_json::from_slice::<SophtronEvent>(&body) {
        Ok(event) => event,
        Err(error) => return control::fault(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match sandbox.happen_at_sophtron(event.clone()) {
        Ok(()) => Json(json!({ "happened": event })).into_response(),
        Err(error @ SophtronEventError::NothingThere(_)) => control::fault(StatusCode::NOT_FOUND, &error.to_string()),
        Err(error) => control::fault(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
