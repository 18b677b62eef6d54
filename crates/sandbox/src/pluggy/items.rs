//! Items (fact sheet §4): making, reading and deleting them. Updates are in `updates`.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::accounts::{look, times};
use super::connectors::{self, Connector, PRODUCTS};
use super::consent;
use super::execution::{CHOICE, Question, Run};
use super::fields::{Fields, PathId, Query};
use super::item::{Item, Standing};
use super::problem::Problem;
use super::records::{Plan, Records};
use super::tokens::Reach;
use super::wire::time;
use crate::{Sandbox, SandboxError, Switches};

/// An item as it is shown.
pub(super) fn wire(sandbox: &Sandbox, id: Uuid, item: &Item, now: Timestamp) -> Value {
    let (status, execution) = item.words();
    let connector = connectors::find(item.connector).map(|connector| connector.wire(sandbox, false));
    let products: Vec<String> =
        if item.products.is_empty() { PRODUCTS.map(str::to_owned).to_vec() } else { item.products.clone() };
    let (parameter, action) = open_question(sandbox, id, item);
    let error = item.error.as_ref().filter(|_| item.run.is_none()).map(super::execution::Failure::wire);
    json!({
        "id": id, "connector": connector, "status": status, "executionStatus": execution,
        "statusDetail": status_detail(item, now), "error": error, "createdAt": time(item.created),
        "updatedAt": time(item.last_sync(now).map_or(item.updated, |sync| sync.max(item.updated))),
        "lastUpdatedAt": item.last_sync(now).map(time), "parameter": parameter, "userAction": action,
        "webhookUrl": item.webhook_url, "clientUserId": item.client_user_id,
        "consecutiveFailedLoginAttempts": item.failed_logins, "nextAutoSyncAt": item.next_auto_sync(now).map(time),
        "autoSyncDisabledAt": item.auto_sync_disabled.map(time),
        "consentExpiresAt": item.consent.map(|consent| time(consent.ends)), "products": products,
        "oauthRedirectUri": item.oauth_redirect_uri,
    })
}

/// `parameter` and `userAction` of an item that waits for a person.
fn open_question(sandbox: &Sandbox, id: Uuid, item: &Item) -> (Value, Value) {
    let (Some(question), Some(run)) = (item.question(), &item.run) else { return (Value::Null, Value::Null) };
    let mut parameter = json!({
        "name": question.parameter(), "label": "Token", "type": "number", "data": null, "options": null,
        "expiresAt": time(run.answer_by()),
    });
    match question {
        Question::Token => {}
        Question::Choice => {
            let option = |value: &str, label: &str| json!({ "value": value, "label": label });
            parameter["label"] = "Device".into();
            parameter["type"] = "select".into();
            parameter["options"] = json!([option(CHOICE, "Application"), option("sms", "SMS")]);
        }
        Question::Authorization => {
            parameter["label"] = "Authorization".into();
            parameter["type"] = "text".into();
            parameter["data"] = sandbox.url(&consent::path_of(id)).into();
        }
        Question::Qr => {
            let action = json!({
                "instructions": "Scan the code with the application of the bank.", "type": "qr",
                "attributes": { "qrCode": consent::path_of(id) }, "expiresAt": time(run.answer_by()),
            });
            return (Value::Null, action);
        }
    }
    (parameter, Value::Null)
}

/// What came and what did not, product by product. A plain success says nothing (§4).
fn status_detail(item: &Item, now: Timestamp) -> Value {
    let user = item.parameters.get("user").map(String::as_str).unwrap_or_default();
    let warns = user == "user-ok-account-warning";
    let is_done = item.run.is_none() && item.standing == Standing::Updated;
    if !is_done || (item.execution == "SUCCESS" && !warns) {
        return Value::Null;
    }
    let updated = item.last_sync(now).map(time);
    let whole = json!({ "isUpdated": true, "lastUpdatedAt": updated, "warnings": [] });
    let mut accounts = whole.clone();
    let warning = json!({ "code": "001", "message": "Some accounts could not be read.", "providerMessage": null });
    accounts["warnings"] = json!([warning]);
    if item.execution == "PARTIAL_SUCCESS" {
        accounts["isUpdated"] = false.into();
        accounts["lastUpdatedAt"] = Value::Null;
    }
    json!({
        "accounts": accounts, "creditCards": whole, "transactions": whole, "investments": null,
        "investmentTransactions": null, "investmentsTransactions": null, "identity": whole, "paymentData": null,
        "loans": null, "accountStatements": null,
    })
}

/// Texts of a body's `parameters`; numbers are read as their text.
pub(super) fn parameters_of(fields: &Fields) -> Result<Option<BTreeMap<String, String>>, Problem> {
    match fields.0.get("parameters") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(typed)) => {
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            Ok(Some(typed.iter().map(|(name, value)| (name.clone(), text(value))).collect()))
        }
        // §4: they may be one encrypted text. Nobody has the key of this sandbox, so nobody can have written one.
        Some(_) => Err(Problem::parameter("parameters", "INVALID_PARAMETER", "parameters could not be decrypted")),
    }
}

/// What the plan forbids (§0.8, §10). Which status it is forbidden with is `[?]`.
pub(super) fn plan_refusal(description: &str, message: &str, switches: &Switches) -> Problem {
    let status =
        if switches.pluggy_plan_refusals_are_forbidden { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST };
    Problem::coded(status, description, message)
}

fn check_plan(plan: Plan, connector: &Connector, switches: &Switches) -> Result<(), Problem> {
    match plan {
        Plan::Free => {
            let message = "Free subscription can only create items through our Connect Widget";
            Err(plan_refusal("CREATE_ITEMS_API_FREE_DISABLED", message, switches))
        }
        Plan::Trial if !connector.is_sandbox => {
            let message = "Trial clients can only create items of sandbox connectors";
            Err(plan_refusal("TRIAL_CLIENT_ITEM_CREATE_NOT_ALLOWED", message, switches))
        }
        Plan::Trial | Plan::Paid => Ok(()),
    }
}

/// `POST /items`
pub(super) async fn create(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    reach.require_everything()?;
    let number = fields.0.get("connectorId").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    let wrong = || Problem::parameter("connectorId", "INVALID_PARAMETER", "connectorId must be a connector's id");
    let connector = number.and_then(connectors::find).ok_or_else(wrong)?;
    let parameters = parameters_of(&fields)?.unwrap_or_default();
    let id = sandbox.uuid();
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        let records = &mut state.pluggy;
        records.settle(now, &switches);
        check_plan(records.plan, connector, &switches)?;
        if let Some(limit) = records.items_limit.filter(|limit| records.own_items().len() >= *limit) {
            let message = format!("Client exceeded item creation limit {limit} for the current subscription level.");
            let problem = Problem::coded(StatusCode::CONFLICT, "ITEM_CREATION_LIMIT_EXCEEDED", &message);
            return Err(problem.with_data(json!({ "itemsLimit": limit })));
        }
        check_connector(connector, &parameters)?;
        if fields.flag("avoidDuplicates") {
            refuse_duplicate(&sandbox, records, connector, &parameters, now)?;
        }
        let item = new_item(records, connector, parameters, &fields, now);
        let answer = wire(&sandbox, id, &item, now);
        records.items.insert(id, item);
        Ok(Json(answer))
    })
}

/// What is refused before anybody is asked.
pub(super) fn check_connector(connector: &Connector, typed: &BTreeMap<String, String>) -> Result<(), Problem> {
    if connector.is_offline {
        let message = "The connector is offline, please try again later";
        return Err(Problem::coded(StatusCode::CONFLICT, "CONNECTOR_OFFLINE", message));
    }
    let errors = connector.errors(|name| typed.get(name).cloned());
    if errors.is_empty() { Ok(()) } else { Err(Problem::connector_validation(errors)) }
}

fn new_item(
    records: &mut Records,
    connector: &Connector,
    parameters: BTreeMap<String, String>,
    fields: &Fields,
    now: Timestamp,
) -> Item {
    let mut item = Item::new(records.next_serial(), connector.id, connector.book, now);
    let text = |name: &str| fields.text(name).map(str::to_owned);
    item.times = times(parameters.get("user").map(String::as_str).unwrap_or_default());
    item.parameters = parameters;
    item.products = fields.texts("products").unwrap_or_default();
    (item.webhook_url, item.client_user_id) = (text("webhookUrl"), text("clientUserId"));
    item.oauth_redirect_uri = text("oauthRedirectUri");
    item.run = Some(Run::new(records.pace, now));
    item
}

fn refuse_duplicate(
    sandbox: &Sandbox,
    records: &Records,
    connector: &Connector,
    typed: &BTreeMap<String, String>,
    now: Timestamp,
) -> Result<(), Problem> {
    let who = |parameters: &BTreeMap<String, String>| {
        parameters.get("user").or_else(|| parameters.get("cpf")).cloned().unwrap_or_default()
    };
    let same = |(_, item): &(Uuid, &Item)| item.connector == connector.id && who(&item.parameters) == who(typed);
    let twins: Vec<Value> =
        records.own_items().into_iter().filter(same).map(|(id, item)| wire(sandbox, id, item, now)).collect();
    if twins.is_empty() {
        return Ok(());
    }
    let message = "An item of this user already exists";
    let mut problem = Problem::coded(StatusCode::BAD_REQUEST, "ITEM_USER_ALREADY_EXISTS", message);
    problem.body["items"] = twins.into();
    Err(problem)
}

/// `GET /items/{id}`: an execution moves on with each look, unless it goes by the clock.
pub(super) async fn retrieve(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    id: PathId,
) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    reach.require_item(id)?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        state.pluggy.settle(now, &switches);
        // What was settled is kept, whatever the answer is.
        Ok::<_, SandboxError>(state.pluggy.item_mut(id, &switches).map(|item| {
            item.look(now);
            Json(wire(&sandbox, id, item, now))
        }))
    })?
}

/// `DELETE /items/{id}`: its data goes along, and its consent is revoked (§4).
pub(super) async fn delete(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        state.pluggy.settle(now, &switches);
        state.pluggy.item(id, &switches)?;
        state.pluggy.items.remove(&id);
        Ok(Json(json!({ "count": 1 })))
    })
}

/// `GET /items`: nobody may (§0.7).
pub(super) async fn list_v1() -> Problem {
    Problem::unauthorized()
}

/// `GET /v2/items`: for clients that have it enabled (§0.7).
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    query.refuse_unknown(&["after"])?;
    if !sandbox.switches().pluggy_items_can_be_listed {
        let message = "List items feature is not enabled for this client";
        return Err(Problem::coded(StatusCode::FORBIDDEN, "LIST_ITEMS_FEATURE_NOT_ENABLED", message));
    }
    look(&sandbox, |records, _, now| {
        let all: Vec<Value> = records.own_items().into_iter().map(|(id, item)| wire(&sandbox, id, item, now)).collect();
        Ok(Json(json!({ "results": all, "next": null })))
    })
}
