//! What happens at banks without a client doing it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::banks;
use super::callbacks::Delivery;
use crate::{Sandbox, SandboxError, control};

/// Something that happens. `of` is the id of a bank; `*` is every one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum FinApiEvent {
    /// The person withdraws access at the bank, or gives it back.
    Withdraw {
        /// At which bank.
        of: String,
        /// Whether it is withdrawn.
        #[serde(default = "yes")]
        withdrawn: bool,
    },
    /// The bank wants the person at the next update, of which nothing tells before.
    AskPerson {
        /// Which bank.
        of: String,
    },
    /// The person opens another account; the test banks have one.
    OpenAccount {
        /// At which bank.
        of: String,
    },
    /// The person closes that account again.
    CloseAccount {
        /// At which bank.
        of: String,
    },
    /// Somebody deletes every connection with a bank at finAPI.
    Delete {
        /// With which bank.
        of: String,
    },
    /// The bank announces what it will book.
    Announce {
        /// Which bank.
        of: String,
        /// So many days ahead, from the next update on.
        days: u16,
    },
    /// The bank refuses every update in its own words.
    Refuse {
        /// Which bank.
        of: String,
        /// Whether it refuses.
        #[serde(default = "yes")]
        refuses: bool,
    },
    /// The download of every connection with a bank goes on for so long.
    Download {
        /// With which bank.
        of: String,
        /// How long; 0 ends it.
        seconds: u32,
    },
    /// Categorizing goes on for so long once data is there, from now on.
    Categorize {
        /// How long; 0 is not at all.
        seconds: u32,
    },
    /// Callbacks come in another way from now on.
    Callbacks {
        /// How: `once`, as they should; `never`; `twice`; or `lying`.
        delivery: Delivery,
    },
    /// Every user is locked, or unlocked.
    LockUsers {
        /// Whether they are locked.
        #[serde(default = "yes")]
        locked: bool,
    },
}

fn yes() -> bool {
    true
}

/// Why something cannot happen.
#[derive(Debug, thiserror::Error)]
pub enum FinApiEventError {
    /// There is no such bank.
    #[error("there is no bank under “{0}”")]
    NothingThere(String),
    /// It could not be kept.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// The banks that are meant.
fn meant(of: &str) -> Result<Vec<u64>, FinApiEventError> {
    let ids = banks::ALL.iter().map(|bank| bank.id).filter(|id| of == "*" || of == id.to_string());
    let ids: Vec<u64> = ids.collect();
    if ids.is_empty() { Err(FinApiEventError::NothingThere(of.to_owned())) } else { Ok(ids) }
}

impl Sandbox {
    /// Lets something happen at the simulator of finAPI.
    pub fn happen_at_finapi(&self, event: FinApiEvent) -> Result<(), FinApiEventError> {
        self.change(|state, now| {
            let records = &mut state.finapi;
            match event {
                FinApiEvent::Withdraw { of, withdrawn } => {
                    let ids = meant(&of)?;
                    for connection in records.connections.values_mut().filter(|one| ids.contains(&one.bank)) {
                        connection.is_withdrawn = withdrawn;
                    }
                }
                FinApiEvent::AskPerson { of } => {
                    let ids = meant(&of)?;
                    for connection in records.connections.values_mut().filter(|one| ids.contains(&one.bank)) {
                        connection.asks = true;
                    }
                }
                FinApiEvent::OpenAccount { of } => records.opened.extend(meant(&of)?),
                FinApiEvent::CloseAccount { of } => {
                    for id in meant(&of)? {
                        records.opened.remove(&id);
                        let at_bank = records.connections.values_mut().filter(|one| one.bank == id);
                        at_bank.for_each(|one| one.accounts.retain(|account| account.key != banks::OPENED_LATER));
                    }
                }
                FinApiEvent::Delete { of } => {
                    let ids = meant(&of)?;
                    records.connections.retain(|_, one| !ids.contains(&one.bank));
                }
                FinApiEvent::Announce { of, days } => {
                    records.announcing.extend(meant(&of)?.into_iter().map(|id| (id, i32::from(days))));
                }
                FinApiEvent::Refuse { of, refuses } => {
                    for id in meant(&of)? {
                        if refuses {
                            records.refusing.insert(id, "Bitte ändern Sie zuerst Ihre PIN.".to_owned());
                        } else {
                            records.refusing.remove(&id);
                        }
                    }
                }
                FinApiEvent::Download { of, seconds } => {
                    let ids = meant(&of)?;
                    for connection in records.connections.values_mut().filter(|one| ids.contains(&one.bank)) {
                        connection.ready_at = now + SignedDuration::from_secs(seconds.into());
                    }
                }
                FinApiEvent::Categorize { seconds } => records.categorizing = seconds,
                FinApiEvent::Callbacks { delivery } => records.delivery = delivery,
                FinApiEvent::LockUsers { locked } => {
                    for user in records.users.values_mut() {
                        user.failures = if locked { u32::MAX } else { 0 };
                    }
                    if locked {
                        records.tokens.clear();
                    }
                }
            }
            Ok(())
        })
    }
}

/// `POST /_control/finapi/events`.
pub(super) async fn happen(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let event = match serde_json::from_slice::<FinApiEvent>(&body) {
        Ok(event) => event,
        Err(error) => return control::fault(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match sandbox.happen_at_finapi(event.clone()) {
        Ok(()) => Json(json!({ "happened": event })).into_response(),
        Err(error @ FinApiEventError::NothingThere(_)) => control::fault(StatusCode::NOT_FOUND, &error.to_string()),
        Err(error) => control::fault(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
