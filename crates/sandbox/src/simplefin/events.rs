//! What happens to banks, accounts and accesses without a client doing it: at the bank, or at the Bridge.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::banks::{ALL, Bank};
use super::records::Records;
use crate::{Sandbox, SandboxError, control};

/// Something that happens. `of` is the id of a bank's connection, or of an account where that is said; `*` is every one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum SimpleFinEvent {
    /// The bank wants the person, who has to go to the Bridge; its data stays as it is until then.
    NeedPerson {
        /// Of which bank.
        of: String,
        /// Whether it wants them.
        #[serde(default = "yes")]
        needs: bool,
    },
    /// The bank is connected anew at the Bridge: it and its accounts have other ids from then on.
    Relink {
        /// Which bank.
        of: String,
    },
    /// An account could not be read.
    Fail {
        /// Which account.
        of: String,
        /// Whether it fails.
        #[serde(default = "yes")]
        fails: bool,
    },
    /// Rows of an account are missing.
    MissData {
        /// Of which account.
        of: String,
        /// Whether they are missing.
        #[serde(default = "yes")]
        misses: bool,
    },
    /// An account is not listed.
    Hide {
        /// Which account.
        of: String,
        /// Whether it is hidden.
        #[serde(default = "yes")]
        hidden: bool,
    },
    /// The person revokes every access.
    Revoke {
        /// Whether it is revoked.
        #[serde(default = "yes")]
        revoked: bool,
    },
    /// Nobody has paid.
    Lapse {
        /// Whether that is so.
        #[serde(default = "yes")]
        lapsed: bool,
    },
    /// So many requests of the day are used up.
    Spend {
        /// How many.
        requests: usize,
    },
}

fn yes() -> bool {
    true
}

/// Why something cannot happen.
#[derive(Debug, thiserror::Error)]
pub enum SimpleFinEventError {
    /// There is no such bank or account.
    #[error("there is no bank or account under “{0}”")]
    NothingThere(String),
    /// It could not be kept.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

/// The banks that are meant.
fn banks(records: &Records, of: &str) -> Result<Vec<&'static Bank>, SimpleFinEventError> {
    let is_meant = |bank: &&Bank| of == "*" || bank.connection_id(records.standing(bank.key).relinks) == of;
    let meant: Vec<_> = ALL.iter().filter(is_meant).collect();
    if meant.is_empty() { Err(SimpleFinEventError::NothingThere(of.to_owned())) } else { Ok(meant) }
}

/// The accounts that are meant, by their ids.
fn accounts(records: &Records, of: &str) -> Result<Vec<String>, SimpleFinEventError> {
    let ids = ALL.iter().flat_map(|bank| {
        let relinks = records.standing(bank.key).relinks;
        bank.accounts.iter().map(move |plan| plan.id(bank, relinks))
    });
    let meant: Vec<_> = ids.filter(|id| of == "*" || id == of).collect();
    if meant.is_empty() { Err(SimpleFinEventError::NothingThere(of.to_owned())) } else { Ok(meant) }
}

/// Puts ids into a set or takes them out.
fn put(set: &mut std::collections::BTreeSet<String>, ids: Vec<String>, is_in: bool) {
    for id in ids {
        if is_in {
            set.insert(id);
        } else {
            set.remove(&id);
        }
    }
}

impl Sandbox {
    /// Lets something happen at the simulator of SimpleFIN.
    pub fn happen_at_simplefin(&self, event: SimpleFinEvent) -> Result<(), SimpleFinEventError> {
        self.change(|state, now| {
            let records = &mut state.simplefin;
            match event {
                SimpleFinEvent::NeedPerson { of, needs } => {
                    for bank in banks(records, &of)? {
                        let standing = records.standing_mut(bank.key);
                        standing.needs_person_since = needs.then(|| standing.needs_person_since.unwrap_or(now));
                    }
                }
                SimpleFinEvent::Relink { of } => {
                    for bank in banks(records, &of)? {
                        let standing = records.standing_mut(bank.key);
                        standing.relinks += 1;
                        standing.needs_person_since = None;
                    }
                }
                SimpleFinEvent::Fail { of, fails } => {
                    let ids = accounts(records, &of)?;
                    put(&mut records.failing, ids, fails);
                }
                SimpleFinEvent::MissData { of, misses } => {
                    let ids = accounts(records, &of)?;
                    put(&mut records.incomplete, ids, misses);
                }
                SimpleFinEvent::Hide { of, hidden } => {
                    let ids = accounts(records, &of)?;
                    put(&mut records.hidden, ids, hidden);
                }
                SimpleFinEvent::Revoke { revoked } => records.revoke(revoked),
                SimpleFinEvent::Lapse { lapsed } => records.has_lapsed = lapsed,
                SimpleFinEvent::Spend { requests } => records.spend(requests, now),
            }
            Ok(())
        })
    }
}

/// `POST /_control/simplefin/events`.
pub(super) async fn happen(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let event = match serde_json::from_slice::<SimpleFinEvent>(&body) {
        Ok(event) => event,
        Err(error) => return control::fault(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match sandbox.happen_at_simplefin(event.clone()) {
        Ok(()) => Json(json!({ "happened": event })).into_response(),
        Err(error @ SimpleFinEventError::NothingThere(_)) => control::fault(StatusCode::NOT_FOUND, &error.to_string()),
        Err(error) => control::fault(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
