//! Sessions: what a code is exchanged for (fact sheet §4).

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::banks;
use super::problem::Problem;
use super::records::{Account, Asked, Session};
use super::wire;
use crate::banks::Numbering;
use crate::clock::wire_time;
use crate::{Sandbox, Switches};

#[derive(Deserialize)]
struct Body {
    code: String,
}

/// `POST /sessions`: a code works once. Full account data is in this answer only.
pub(super) async fn exchange(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>, Problem> {
    let body: Body = serde_json::from_slice(&body).map_err(|error| Problem::wrong(&error.to_string()))?;
    let id = sandbox.uuid();
    sandbox.change(|state, now| {
        let records = &mut state.enablebanking;
        let begun = records
            .authorizations
            .values_mut()
            .find(|one| one.code.as_ref().is_some_and(|code| code.text == body.code));
        let refused = |word: &str, message: &str| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, word, message);
        let (code, asked) = begun
            .and_then(|one| one.code.as_mut().map(|code| (code, one.asked.clone())))
            .ok_or_else(|| refused("WRONG_AUTHORIZATION_CODE", "Wrong authorization code provided"))?;
        if code.is_used {
            return Err(refused("ALREADY_AUTHORIZED", "Session is already authorized"));
        }
        if code.is_old(now) {
            return Err(refused("EXPIRED_AUTHORIZATION_CODE", "Authorization code is expired"));
        }
        code.is_used = true;
        let session = Session {
            accounts: opened(&sandbox, &asked)?,
            asked,
            created: now,
            closed: None,
            is_revoked: false,
            stated: None,
        };
        let answer = authorized(id, &session)?;
        records.sessions.insert(id, session);
        Ok(Json(answer))
    })
}

/// The bank's accounts, under uids that are new in each session.
fn opened(sandbox: &Sandbox, asked: &Asked) -> Result<Vec<Account>, Problem> {
    let service = banks::by_id(&asked.bank).and_then(banks::Bank::service).ok_or_else(Problem::no_session)?;
    let cards = service.books.accounts(Numbering::Fixed)?;
    let account = |card| Account { uid: sandbox.uuid(), card, calls: BTreeMap::new(), is_blocked: false };
    Ok(cards.into_iter().map(account).collect())
}

fn aspsp(asked: &Asked) -> Result<Value, Problem> {
    let bank = banks::by_id(&asked.bank).ok_or_else(Problem::no_session)?;
    Ok(json!({ "name": bank.name(), "country": bank.country }))
}

fn access(asked: &Asked) -> Value {
    json!({
        "valid_until": wire_time(asked.valid_until), "balances": asked.balances, "transactions": asked.transactions,
    })
}

fn authorized(id: Uuid, session: &Session) -> Result<Value, Problem> {
    let bank = banks::by_id(&session.asked.bank).ok_or_else(Problem::no_session)?;
    Ok(json!({
        "session_id": id, "accounts": session.accounts.iter().map(|one| wire::account(bank, one)).collect::<Vec<_>>(),
        "aspsp": aspsp(&session.asked)?, "psu_type": session.asked.psu_type, "access": access(&session.asked),
    }))
}

/// `GET /sessions/{id}`.
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::no_session())?;
    sandbox.read(|state, now| {
        let session = state.enablebanking.sessions.get(&id).ok_or_else(Problem::no_session)?;
        let open: Vec<_> = session.accounts.iter().filter(|one| !one.is_blocked).collect();
        let data = |one: &&Account| {
            let hashes = wire::identification_hashes(&one.card);
            json!({ "uid": one.uid, "identification_hash": hashes[0], "identification_hashes": hashes })
        };
        let mut row = json!({
            "status": session.status(now), "accounts": open.iter().map(|one| one.uid).collect::<Vec<_>>(),
            "accounts_data": open.iter().map(data).collect::<Vec<_>>(), "aspsp": aspsp(&session.asked)?,
            "psu_type": session.asked.psu_type, "psu_id_hash": session.asked.psu_id_hash,
            "access": access(&session.asked), "created": wire_time(session.created),
            "authorized": wire_time(session.created),
        });
        if let Some(closed) = session.closed {
            row["closed"] = wire_time(closed).into();
        }
        Ok(Json(row))
    })
}

/// `DELETE /sessions/{id}`.
pub(super) async fn close(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    let id = Uuid::try_parse(&id).map_err(|_| Problem::no_session())?;
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        let session = state.enablebanking.sessions.get_mut(&id).ok_or_else(Problem::no_session)?;
        check(session, &switches, now)?;
        session.closed = Some(now);
        Ok(Json(json!({ "message": "OK" })))
    })
}

/// Whether a session still opens anything.
pub(super) fn check(session: &Session, switches: &Switches, now: Timestamp) -> Result<(), Problem> {
    let unauthorized = switches.enablebanking_session_errors_are_unauthorized;
    let status = if unauthorized { StatusCode::UNAUTHORIZED } else { StatusCode::UNPROCESSABLE_ENTITY };
    match session.status(now).as_str() {
        "AUTHORIZED" => Ok(()),
        "EXPIRED" => Err(Problem::new(status, "EXPIRED_SESSION", "Session is expired")),
        "CLOSED" => Err(Problem::new(status, "CLOSED_SESSION", "Session is closed")),
        "REVOKED" => Err(Problem::new(status, "REVOKED_SESSION", "Session is revoked")),
        _ => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "WRONG_SESSION_STATUS", "Wrong session status")),
    }
}
