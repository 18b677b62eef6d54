//! What happens to items and accounts without the client doing it: at the bank, at the provider, or with a person.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::accounts::of_item;
use super::execution::{Pace, standing_after};
use super::fields::parse_uuid;
use super::item::{Item, LateRow, Standing};
pub use super::records::Plan;
use super::records::Records;
use crate::{Sandbox, SandboxError, control};

/// Something that happens. `of` is the id of an item, or of an account where the event says so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum PluggyEvent {
    /// An execution fails with this execution status: the one on its way, or one that came and went just now. What is
    /// no matter of the login is healed by the next auto-sync, unless it lasts.
    Fail {
        /// Of which item.
        of: String,
        /// Such as `INVALID_CREDENTIALS`.
        code: String,
        /// Whether auto-sync stops.
        #[serde(default)]
        lasts: bool,
    },
    /// The consent ends now.
    ExpireConsent {
        /// Of which item.
        of: String,
    },
    /// The person revokes the consent at the bank.
    Revoke {
        /// Of which item.
        of: String,
    },
    /// A synchronisation comes now, and the next one a day later.
    Sync {
        /// Of which item.
        of: String,
    },
    /// The person scans, or agrees on the bank's page.
    Approve {
        /// Of which item.
        of: String,
    },
    /// The person refuses on the bank's page.
    Refuse {
        /// Of which item.
        of: String,
    },
    /// The item is deleted by somebody else.
    Delete {
        /// Which item.
        of: String,
    },
    /// The person connects the bank anew: the item is gone, and another one in its place has the same accounts and rows under ids of
    /// its own.
    Reconnect {
        /// Which item.
        of: String,
        /// The id of the new one.
        id: String,
    },
    /// The item belongs to another client from now on.
    Foreign {
        /// Which item.
        of: String,
    },
    /// The card closes now. What is fetched next has the rows anew.
    CloseCard {
        /// Which account.
        of: String,
    },
    /// All rows are deleted and made again under new ids, with the next synchronisation.
    Reissue {
        /// Of which account.
        of: String,
    },
    /// The bank comes up with a row of an earlier day. It is there with the next synchronisation.
    LateRow {
        /// Of which account.
        of: String,
        /// So many days ago.
        days: u16,
        /// Cents in the owner's view: out is negative.
        minor: i64,
        /// What it says.
        text: String,
    },
    /// Executions that begin from now on go through every stage: with so many looks each, or with so many seconds of
    /// the clock each; with neither they are quick again.
    Pace {
        /// Looks at the item.
        #[serde(default)]
        looks: Option<u32>,
        /// Seconds of the sandbox clock.
        #[serde(default)]
        seconds: Option<u32>,
    },
    /// The client's subscription, and what it allows.
    Client {
        /// Its plan.
        #[serde(default)]
        plan: Option<Plan>,
        /// How many hours lie between two updates.
        #[serde(default)]
        update_hours: Option<u32>,
        /// How many items it may have.
        #[serde(default)]
        items_limit: Option<usize>,
        /// Whether its keys are switched off.
        #[serde(default)]
        disabled: Option<bool>,
    },
}

/// Why something cannot happen.
#[derive(Debug, thiserror::Error)]
pub enum PluggyEventError {
    /// There is no such item or account.
    #[error("there is no item and no account “{0}”")]
    Unknown(String),
    /// The item is there, but not in a state in which this can happen.
    #[error("{0}")]
    NotNow(&'static str),
    /// It could not be kept.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
}

fn item<'a>(records: &'a mut Records, of: &str) -> Result<&'a mut Item, PluggyEventError> {
    let id = parse_uuid(of).filter(|id| records.items.contains_key(id));
    id.and_then(|id| records.items.get_mut(&id)).ok_or_else(|| PluggyEventError::Unknown(of.to_owned()))
}

/// The item of an account, and the account's key.
fn account(records: &Records, of: &str, now: Timestamp) -> Result<(Uuid, &'static str), PluggyEventError> {
    let id = parse_uuid(of);
    let mut all = records.items.iter().flat_map(|(item_id, item)| of_item(*item_id, item, now));
    let found = all.find(|seen| Some(seen.id) == id).map(|seen| (seen.item_id, seen.account.key));
    found.ok_or_else(|| PluggyEventError::Unknown(of.to_owned()))
}

fn with_account(
    records: &mut Records,
    of: &str,
    now: Timestamp,
    change: impl FnOnce(&mut Item, &'static str),
) -> Result<(), PluggyEventError> {
    let (item_id, key) = account(records, of, now)?;
    if let Some(item) = records.items.get_mut(&item_id) {
        change(item, key);
    }
    Ok(())
}

fn fail(item: &mut Item, code: &str, lasts: bool, now: Timestamp) -> Result<(), PluggyEventError> {
    if standing_after(code) == Standing::Updated {
        return Err(PluggyEventError::NotNow("a success is no failure"));
    }
    match &mut item.run {
        Some(run) => run.doom(code, lasts),
        None => item.fail_by_command(code, lasts, now),
    }
    Ok(())
}

/// A person does something with the question that is open.
fn decide(item: &mut Item, answer: &str, now: Timestamp) -> Result<(), PluggyEventError> {
    if item.question().is_none() {
        return Err(PluggyEventError::NotNow("the item does not wait for a person"));
    }
    item.answer(answer, now);
    Ok(())
}

fn happen_to(records: &mut Records, event: PluggyEvent, now: Timestamp) -> Result<(), PluggyEventError> {
    match event {
        PluggyEvent::Fail { of, code, lasts } => fail(item(records, &of)?, &code, lasts, now)?,
        PluggyEvent::ExpireConsent { of } => match &mut item(records, &of)?.consent {
            Some(consent) => consent.ends = consent.ends.min(now),
            None => return Err(PluggyEventError::NotNow("the item has no consent")),
        },
        PluggyEvent::Revoke { of } => match &mut item(records, &of)?.consent {
            Some(consent) => consent.revoked = consent.revoked.or(Some(now)),
            None => return Err(PluggyEventError::NotNow("the item has no consent")),
        },
        PluggyEvent::Sync { of } => {
            let item = item(records, &of)?;
            if item.run.is_some() || item.syncs.is_empty() {
                return Err(PluggyEventError::NotNow("the item is not done with its first execution"));
            }
            item.succeed("SUCCESS", now);
            item.sync_from(now);
        }
        PluggyEvent::Approve { of } => decide(item(records, &of)?, "granted", now)?,
        PluggyEvent::Refuse { of } => decide(item(records, &of)?, "refused", now)?,
        PluggyEvent::Delete { of } => {
            item(records, &of)?;
            records.items.retain(|id, _| Some(*id) != parse_uuid(&of));
        }
        PluggyEvent::Reconnect { of, id } => {
            let new = parse_uuid(&id).filter(|id| !records.items.contains_key(id));
            let new = new.ok_or(PluggyEventError::NotNow("the new id is none, or is taken"))?;
            item(records, &of)?;
            let gone = parse_uuid(&of).and_then(|id| records.items.remove(&id));
            records.items.extend(gone.map(|item| (new, item)));
        }
        PluggyEvent::Foreign { of } => item(records, &of)?.is_foreign = true,
        PluggyEvent::CloseCard { of } => {
            with_account(records, &of, now, |item, key| item.happened_mut(key).closings.push(now))?;
        }
        PluggyEvent::Reissue { of } => {
            with_account(records, &of, now, |item, key| item.happened_mut(key).reissued.push(now))?;
        }
        PluggyEvent::LateRow { of, days, minor, text } => {
            let at = now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(now);
            let row = LateRow { at, known: now, owner_minor: minor, text };
            with_account(records, &of, now, |item, key| item.happened_mut(key).late.push(row))?;
        }
        PluggyEvent::Pace { looks, seconds } => {
            records.pace = match (seconds, looks) {
                (Some(seconds), _) => Pace::Seconds(seconds),
                (None, Some(looks)) => Pace::Looks(looks),
                (None, None) => Pace::Quick,
            };
        }
        PluggyEvent::Client { plan, update_hours, items_limit, disabled } => {
            records.plan = plan.unwrap_or(records.plan);
            records.update_hours = update_hours.unwrap_or(records.update_hours);
            records.items_limit = items_limit.or(records.items_limit);
            records.is_disabled = disabled.unwrap_or(records.is_disabled);
        }
    }
    Ok(())
}

impl Sandbox {
    /// Lets something happen at `pluggy`.
    pub fn happen_at_pluggy(&self, event: PluggyEvent) -> Result<(), PluggyEventError> {
        let switches = self.switches();
        self.change(|state, now| {
            state.pluggy.settle(now, &switches);
            happen_to(&mut state.pluggy, event, now)?;
            state.pluggy.settle(now, &switches);
            Ok(())
        })
    }
}

/// `POST /_control/pluggy/events`
pub(super) async fn happen(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let event = match serde_json::from_slice::<PluggyEvent>(&body) {
        Ok(event) => event,
        Err(error) => return control::fault(StatusCode::BAD_REQUEST, &error.to_string()),
    };
    match sandbox.happen_at_pluggy(event.clone()) {
        Ok(()) => Json(json!({ "happened": event })).into_response(),
        Err(error @ PluggyEventError::Unknown(_)) => control::fault(StatusCode::NOT_FOUND, &error.to_string()),
        Err(error @ PluggyEventError::NotNow(_)) => control::fault(StatusCode::CONFLICT, &error.to_string()),
        Err(error) => control::fault(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
