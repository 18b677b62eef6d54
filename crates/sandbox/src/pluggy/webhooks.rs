//! Webhooks (fact sheet §8): they are kept as asked for, and nothing is ever sent to them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use uuid::Uuid;

use super::fields::{Fields, PathId, Query};
use super::paging;
use super::problem::Problem;
use super::records::{Records, Webhook};
use super::wire::time;
use crate::Sandbox;

/// The events of data; those of payments are not simulated.
const EVENTS: [&str; 12] = [
    "all",
    "item/created",
    "item/updated",
    "item/deleted",
    "item/error",
    "item/waiting_user_input",
    "item/waiting_user_action",
    "item/login_succeeded",
    "connector/status_updated",
    "transactions/created",
    "transactions/updated",
    "transactions/deleted",
];

fn wire(id: Uuid, webhook: &Webhook) -> Value {
    json!({
        "id": id, "event": webhook.event, "url": webhook.url, "createdAt": time(webhook.created),
        "updatedAt": time(webhook.updated), "disabledAt": webhook.disabled.map(time),
    })
}

fn check(event: &str, url: &str) -> Result<(), Problem> {
    if !EVENTS.contains(&event) {
        return Err(Problem::parameter("event", "INVALID_PARAMETER", "event is not a known event"));
    }
    if !url.starts_with("https://") {
        return Err(Problem::parameter("url", "INVALID_PARAMETER", "url must be an https URL"));
    }
    Ok(())
}

fn headers_of(fields: &Fields) -> BTreeMap<String, String> {
    let headers = fields.0.get("headers").and_then(Value::as_object).into_iter().flatten();
    headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn find(records: &mut Records, id: Uuid) -> Result<&mut Webhook, Problem> {
    records.webhooks.get_mut(&id).ok_or_else(|| Problem::not_found("WEBHOOK_NOT_FOUND", "Webhook not found"))
}

/// `GET /webhooks`, the oldest first.
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    let all = sandbox.read(|state, _| {
        let mut webhooks: Vec<_> = state.pluggy.webhooks.iter().collect();
        webhooks.sort_by_key(|(_, webhook)| webhook.serial);
        webhooks.into_iter().map(|(id, webhook)| wire(*id, webhook)).collect()
    });
    paging::page(&query, all, &sandbox.switches())
}

/// `POST /webhooks`
pub(super) async fn create(State(sandbox): State<Sandbox>, fields: Fields) -> Result<Json<Value>, Problem> {
    let (event, url) = (fields.text("event").unwrap_or_default(), fields.text("url").unwrap_or_default());
    check(event, url)?;
    let id = sandbox.uuid();
    sandbox.change(|state, now| {
        let webhook = Webhook {
            serial: state.pluggy.next_serial(),
            event: event.to_owned(),
            url: url.to_owned(),
            headers: headers_of(&fields),
            created: now,
            updated: now,
            disabled: None,
        };
        let answer = wire(id, &webhook);
        state.pluggy.webhooks.insert(id, webhook);
        Ok(Json(answer))
    })
}

/// `GET /webhooks/{id}`
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    sandbox.change(|state, _| Ok(Json(wire(id, find(&mut state.pluggy, id)?))))
}

/// `PATCH /webhooks/{id}`: what is sent is changed; `enabled` switches it off and on.
pub(super) async fn update(State(sandbox): State<Sandbox>, id: PathId, fields: Fields) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    sandbox.change(|state, now| {
        let webhook = find(&mut state.pluggy, id)?;
        for (name, slot) in [("event", &mut webhook.event), ("url", &mut webhook.url)] {
            if let Some(text) = fields.text(name) {
                text.clone_into(slot);
            }
        }
        check(&webhook.event, &webhook.url)?;
        if fields.0.contains_key("headers") {
            webhook.headers = headers_of(&fields);
        }
        match fields.0.get("enabled").and_then(Value::as_bool) {
            Some(true) => webhook.disabled = None,
            Some(false) => webhook.disabled = webhook.disabled.or(Some(now)),
            None => {}
        }
        webhook.updated = now;
        Ok(Json(wire(id, webhook)))
    })
}

/// `DELETE /webhooks/{id}`
pub(super) async fn delete(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    sandbox.change(|state, _| {
        find(&mut state.pluggy, id)?;
        state.pluggy.webhooks.remove(&id);
        Ok(Json(json!({ "count": 1 })))
    })
}
