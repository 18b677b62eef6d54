//! Bank connections (fact sheet §7).

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::banks;
use super::fields::{PathNumber, Query};
use super::gate::Reach;
use super::problem::Problem;
use super::records::{Connection, Records};
use super::wire::{instant, without_nulls};
use crate::Sandbox;

fn wire(sandbox: &Sandbox, records: &Records, id: u64, connection: &Connection, now: Timestamp) -> Option<Value> {
    let bank = banks::find(connection.bank)?;
    let is_ready = connection.ready_at <= now;
    let is_categorized = connection.ready_at + SignedDuration::from_secs(records.categorizing.into()) <= now;
    let categorization = match (is_ready, is_categorized) {
        (false, _) => "PENDING",
        (true, false) => "IN_PROGRESS",
        (true, true) => "READY",
    };
    let needs_person = connection.needs_person(now);
    let read_at = connection.downloads.last().map_or(now, |download| download.at);
    let result = match records.refusing.get(&bank.id) {
        Some(message) => json!({
            "result": "BANK_SERVER_REJECTION", "errorMessage": message, "errorType": "BUSINESS", "timestamp": instant(read_at),
        }),
        None => json!({ "result": "OK", "timestamp": instant(read_at) }),
    };
    let (manual, auto) = if connection.was_manual { (result, Value::Null) } else { (Value::Null, result) };
    let consent = connection.consent_ends.map(|end| {
        let status = if needs_person { "NOT_PRESENT" } else { "PRESENT" };
        json!({ "status": status, "expiresAt": instant(end), "supportsImportNewAccounts": false })
    });
    let interface = without_nulls(json!({
        "bankingInterface": bank.interface(), "loginCredentials": [{ "label": "Anmeldename", "value": connection.login }],
        "twoStepProcedures": [], "aisConsent": consent, "lastManualUpdate": manual, "lastAutoUpdate": auto,
        "userActionRequired": needs_person, "maxDaysForDownload": 89,
    }));
    Some(without_nulls(json!({
        "id": id, "bank": bank.wire(sandbox), "name": (!connection.name.is_empty()).then_some(&connection.name),
        "updateStatus": if is_ready { "READY" } else { "IN_PROGRESS" },
        "categorizationStatus": categorization, "interfaces": [interface],
        "accountIds": connection.accounts.iter().map(|account| account.id).collect::<Vec<_>>(),
    })))
}

/// `GET /api/v2/bankConnections`.
pub(super) async fn list(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    let ids = query.numbers("ids")?;
    sandbox.read(|state, now| {
        let own = state.finapi.connections.iter().filter(|(id, connection)| {
            connection.user == user && ids.as_ref().is_none_or(|wanted| wanted.contains(id))
        });
        let all = own.filter_map(|(id, connection)| wire(&sandbox, &state.finapi, *id, connection, now));
        Ok(Json(json!({ "connections": all.collect::<Vec<_>>() })))
    })
}

/// `GET /api/v2/bankConnections/{id}`.
pub(super) async fn retrieve(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    PathNumber(id): PathNumber,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    sandbox.read(|state, now| {
        let connection = state.finapi.connection(id, user)?;
        let unknown = || Problem::unknown("Bank connection", &id.to_string());
        wire(&sandbox, &state.finapi, id, connection, now).map(Json).ok_or_else(unknown)
    })
}

/// `DELETE /api/v2/bankConnections/{id}`: with all accounts and rows, and the consent at the bank.
pub(super) async fn delete(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    PathNumber(id): PathNumber,
) -> Result<StatusCode, Problem> {
    let user = reach.user()?;
    sandbox.change(|state, now| {
        let records = &mut state.finapi;
        records.settle(now);
        records.connection(id, user)?;
        if records.tasks.values().any(|task| task.locks(id)) {
            return Err(Problem::locked());
        }
        records.connections.remove(&id);
        Ok(StatusCode::OK)
    })
}
