//! Updates of items (fact sheet §4): asking for a fresh synchronisation, answering a question, stopping auto-sync.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::connectors;
use super::execution::{Question, Run};
use super::fields::{Fields, PathId};
use super::item::{Item, Standing};
use super::items::{check_connector, parameters_of, plan_refusal, wire};
use super::problem::Problem;
use super::records::{Plan, Records};
use super::wire::time;
use crate::{Sandbox, Switches};

/// More failures than this one after the other, and the provider wants to hear of it.
const MOST_FAILURES: u32 = 5;
/// More failed logins than this, and it has to rest.
const MOST_FAILED_LOGINS: u32 = 5;
const REST: SignedDuration = SignedDuration::from_hours(24);

fn conflict(description: &str, message: &str) -> Problem {
    Problem::coded(StatusCode::CONFLICT, description, message)
}

fn refused(description: &str, message: &str) -> Problem {
    Problem::coded(StatusCode::BAD_REQUEST, description, message)
}

/// `PATCH /items/{id}`: with what was typed before, or with new `parameters`.
pub(super) async fn update(State(sandbox): State<Sandbox>, id: PathId, fields: Fields) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    let typed = parameters_of(&fields)?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        let records = &mut state.pluggy;
        records.settle(now, &switches);
        let item = records.item(id, &switches)?;
        check(records, item, typed.is_some(), now, &switches)?;
        let pace = records.pace;
        let item = records.item_mut(id, &switches)?;
        let mut parameters = item.parameters.clone();
        parameters.extend(typed.unwrap_or_default());
        if let Some(connector) = connectors::find(item.connector) {
            check_connector(connector, &parameters)?;
            check_renewed(connector.renewed_parameter(), &fields)?;
        }
        item.parameters = parameters;
        let text = |name: &str| fields.text(name).map(str::to_owned);
        item.webhook_url = text("webhookUrl").or(item.webhook_url.take());
        item.client_user_id = text("clientUserId").or(item.client_user_id.take());
        item.products = fields.texts("products").unwrap_or_else(|| item.products.clone());
        if item.consent.is_some_and(|consent| consent.ends <= now || consent.revoked.is_some()) {
            // It has to be given anew.
            item.consent = None;
        }
        item.run = Some(Run::new(pace, now));
        (item.touched, item.updated) = (now, now);
        Ok(Json(wire(&sandbox, id, item, now)))
    })
}

/// The checks of §4, in an order in which each can be met.
fn check(
    records: &Records,
    item: &Item,
    is_typed_anew: bool,
    now: Timestamp,
    switches: &Switches,
) -> Result<(), Problem> {
    let is_sandbox = connectors::find(item.connector).is_some_and(|connector| connector.is_sandbox);
    if records.plan != Plan::Paid && !is_sandbox {
        let message = "Current client subscription level can only update Sandbox (Pluggy Bank) items";
        return Err(plan_refusal("SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED", message, switches));
    }
    if item.run.is_some() {
        let message = "An update is already in progress, wait until the last execution ends";
        return Err(conflict("ITEM_ALREADY_UPDATING", message));
    }
    if item.failed_logins > MOST_FAILED_LOGINS
        && let Ok(again) = item.updated.checked_add(REST)
        && now < again
    {
        let problem = refused("TOO_MANY_CONSECUTIVE_LOGIN_FAILURES", "Too many consecutive login failures");
        return Err(problem.with_data(json!({ "canRetryAfterDate": time(again), "readableBackoffTime": "24 hours" })));
    }
    if item.standing == Standing::LoginError && !is_typed_anew {
        let message = "The last execution had a login error, new parameters are needed";
        return Err(refused("LAST_EXECUTION_HAD_LOGIN_ERROR", message));
    }
    if item.failures > MOST_FAILURES && item.standing == Standing::Outdated {
        let message = "There have been more than 5 failing synchronization, please contact support";
        return Err(refused("TOO_MANY_CONSECUTIVE_ERRORS", message));
    }
    let hours = SignedDuration::from_hours(i64::from(records.update_hours));
    let last = item.last_sync(now).filter(|last| now.duration_since(*last) < hours);
    if let Some(last) = last.filter(|_| item.standing == Standing::Updated && !is_typed_anew) {
        let message = format!(
            "Client updates on this item are allowed at most every {} hours. The last update was at {}.",
            records.update_hours,
            time(last)
        );
        let problem = conflict("CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY", &message);
        return Err(problem.with_data(json!({ "minUpdateFrequencyAllowedInHours": records.update_hours })));
    }
    Ok(())
}

/// A code that is part of the credentials has to be a new one.
fn check_renewed(name: Option<&str>, fields: &Fields) -> Result<(), Problem> {
    let Some(name) = name else { return Ok(()) };
    if fields.0.get("parameters").is_some_and(|typed| typed.get(name).is_some()) {
        return Ok(());
    }
    let message = format!("The parameter {name} is required to be renewed for item update.");
    Err(refused("CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR", &message))
}

/// `POST /items/{id}/mfa`: the body is the asked parameter, flat.
pub(super) async fn answer(State(sandbox): State<Sandbox>, id: PathId, fields: Fields) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        state.pluggy.settle(now, &switches);
        let item = state.pluggy.item_mut(id, &switches)?;
        let question = item.question().filter(|question| matches!(question, Question::Token | Question::Choice));
        let Some(question) = question else { return Err(no_question(item)) };
        let Some(answer) = fields.0.get(question.parameter()) else {
            let message = format!("The parameter {} is expected", question.parameter());
            return Err(refused("ITEM_MFA_PARAMETER_EXPECTED_MISMATCH", &message));
        };
        let answer = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        item.answer(&answer, now);
        Ok(Json(wire(&sandbox, id, item, now)))
    })
}

/// Why there is nothing to be answered.
fn no_question(item: &Item) -> Problem {
    if item.run.as_ref().is_some_and(|run| run.answer.is_some()) {
        return refused("ITEM_MFA_ALREADY_PROVIDED", "The parameter was already provided");
    }
    if item.execution == "USER_INPUT_TIMEOUT" {
        return refused("ITEM_MFA_EXPIRED", "The time to provide the parameter is over");
    }
    refused("ITEM_MFA_NOT_FOUND", "The item is not waiting for a parameter")
}

/// `PATCH /items/{id}/disable-auto-sync`
pub(super) async fn disable_auto_sync(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        state.pluggy.settle(now, &switches);
        let item = state.pluggy.item_mut(id, &switches)?;
        item.auto_sync_disabled = item.auto_sync_disabled.or(Some(now));
        item.stop_syncs(now);
        Ok(Json(wire(&sandbox, id, item, now)))
    })
}
