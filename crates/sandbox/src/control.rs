//! The controls that no provider has: the clock, armed faults, switches, the log of calls.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::clock::{Turn, wire_time};
use crate::sandbox::TurnFault;
use crate::{ArmedFault, Sandbox, Switches};

const BODY_LIMIT_BYTES: usize = 4 * 1024;

pub(crate) fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/_control/clock", get(clock).post(turn_clock))
        .route("/_control/faults", get(armed).post(arm).delete(disarm))
        .route("/_control/switches", get(switches).post(set_switches))
        .route("/_control/calls", get(calls).delete(forget_calls))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(from_fn(refuse_strangers))
}

/// Pages of strangers may not write here; browsers say where a call comes from.
pub(crate) async fn refuse_strangers(request: Request, next: Next) -> Response {
    if request.method() != Method::GET && is_from_elsewhere(request.headers()) {
        return fault(StatusCode::FORBIDDEN, "the controls are for the sandbox's own page and for programs only");
    }
    next.run(request).await
}

/// What can be armed and what is.
async fn armed(State(sandbox): State<Sandbox>) -> Json<Value> {
    let (kinds, calls) = (Sandbox::fault_kinds(), Sandbox::call_labels());
    Json(json!({ "armed": sandbox.armed(), "kinds": kinds, "calls": calls }))
}

async fn arm(State(sandbox): State<Sandbox>, body: Bytes) -> Response {
    let fault = serde_json::from_slice::<ArmedFault>(&body).map_err(|error| error.to_string());
    match fault.and_then(|fault| sandbox.arm(fault).map_err(|error| error.to_string())) {
        Ok(state) => (StatusCode::CREATED, Json(state)).into_response(),
        Err(why) => self::fault(StatusCode::BAD_REQUEST, &why),
    }
}

async fn disarm(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.disarm();
    StatusCode::NO_CONTENT
}

async fn switches(State(sandbox): State<Sandbox>) -> Json<Switches> {
    Json(sandbox.switches().as_ref().clone())
}

/// Takes the switches that are to change.
async fn set_switches(State(sandbox): State<Sandbox>, Json(asked): Json<BTreeMap<String, bool>>) -> Response {
    let mut switches = sandbox.switches().as_ref().clone();
    for (name, position) in asked {
        match switches.set(&name, position) {
            Some(()) => {}
            None => return fault(StatusCode::BAD_REQUEST, &format!("there is no switch “{name}”")),
        }
    }
    sandbox.set_switches(switches.clone());
    Json(switches).into_response()
}

async fn calls(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({ "calls": sandbox.calls() }))
}

async fn forget_calls(State(sandbox): State<Sandbox>) -> StatusCode {
    sandbox.forget_calls();
    StatusCode::NO_CONTENT
}

async fn clock(State(sandbox): State<Sandbox>) -> Json<Value> {
    Json(json!({ "now": wire_time(sandbox.now()) }))
}

/// Takes JSON from programs and the form of the index page from people, who are sent back there.
async fn turn_clock(State(sandbox): State<Sandbox>, headers: HeaderMap, body: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let from_form = kind.starts_with("application/x-www-form-urlencoded");
    let command = if from_form { form_command(&body) } else { serde_json::from_slice(&body).unwrap_or_default() };
    match Turn::read(&command).map_err(TurnFault::from).and_then(|turn| sandbox.turn(turn)) {
        Ok(_) if from_form => Redirect::to("/").into_response(),
        Ok(now) => Json(json!({ "now": wire_time(now) })).into_response(),
        Err(TurnFault::Refused(error)) => fault(StatusCode::BAD_REQUEST, &error.to_string()),
        Err(TurnFault::Sandbox(error)) => fault(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn form_command(body: &[u8]) -> Value {
    let fields = form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned().into()));
    Value::Object(fields.collect::<Map<_, _>>())
}

/// A form on a stranger's page could turn the clock, too; browsers say so.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

pub(crate) fn fault(status: StatusCode, detail: &str) -> Response {
    (status, Json(json!({ "error": detail }))).into_response()
}
