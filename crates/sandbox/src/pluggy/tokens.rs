//! Keys and connect tokens (fact sheet §1): signed, with an `exp` that is measured on the sandbox clock.

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::fields::{Fields, parse_uuid};
use super::problem::Problem;
use super::{CLIENT_ID, CLIENT_SECRET};
use crate::{Sandbox, jwt};

const KEY_SECONDS: i64 = 2 * 3600;
const CONNECT_SECONDS: i64 = 30 * 60;
/// Where a key comes in a request.
const HEADER: &str = "x-api-key";

/// What a key reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Everything of the client.
    Everything,
    /// One connection in the browser: its own item, if it has one.
    Connect(Option<Uuid>),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    client_id: String,
    /// Present in connect tokens only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    connect: Option<Connect>,
    jti: String,
    iat: i64,
    exp: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connect {
    item_id: Option<Uuid>,
}

/// `POST /auth`
pub(super) async fn authenticate(State(sandbox): State<Sandbox>, fields: Fields) -> Result<Json<Value>, Problem> {
    let id = fields.text("clientId").unwrap_or_default();
    if parse_uuid(id).is_none() {
        return Err(Problem::parameter("clientId", "INVALID_PARAMETER", "clientId must be a UUID"));
    }
    if id != CLIENT_ID || fields.text("clientSecret") != Some(CLIENT_SECRET) {
        let message = "Client keys are invalid";
        return Err(Problem::coded(StatusCode::UNAUTHORIZED, "CLIENT_KEYS_UNAUTHORIZED", message));
    }
    if sandbox.read(|state, _| state.pluggy.is_disabled) {
        return Err(disabled(sandbox.switches().pluggy_disabled_client_is_forbidden));
    }
    Ok(Json(json!({ "apiKey": issue(&sandbox, None) })))
}

/// Fact sheet §1: 401, and one consumer treats 403 as the same `[?]`.
fn disabled(is_forbidden: bool) -> Problem {
    let status = if is_forbidden { StatusCode::FORBIDDEN } else { StatusCode::UNAUTHORIZED };
    Problem::coded(status, "CLIENT_DISABLED", "Client is disabled")
}

/// `POST /api`, where keys came from in old times (fact sheet §1).
pub(super) async fn old_path() -> Problem {
    Problem::forbidden()
}

/// `POST /connect_token`: options stand inside `options`; those that do not are refused, because they would be lost.
pub(super) async fn connect_token(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    fields: Fields,
) -> Result<Json<Value>, Problem> {
    reach.require_everything()?;
    if let Some(stranger) = fields.0.keys().find(|name| !["itemId", "options"].contains(&name.as_str())) {
        let message = format!("property {stranger} should not exist");
        return Err(Problem::parameter(stranger, "UNKNOWN_PARAMETER", &message));
    }
    let item = match fields.text("itemId") {
        None => None,
        Some(text) => {
            let id = parse_uuid(text).ok_or_else(Problem::item_not_found)?;
            sandbox.read(|state, _| state.pluggy.item(id, &sandbox.switches()).map(|_| ()))?;
            Some(id)
        }
    };
    Ok(Json(json!({ "accessToken": issue(&sandbox, Some(Connect { item_id: item })) })))
}

fn issue(sandbox: &Sandbox, connect: Option<Connect>) -> String {
    let jti = sandbox.uuid().to_string();
    let seconds = if connect.is_some() { CONNECT_SECONDS } else { KEY_SECONDS };
    sandbox.read(|state, now| {
        let iat = now.as_second();
        let claims = Claims { client_id: CLIENT_ID.to_owned(), connect, jti, iat, exp: iat + seconds };
        jwt::write(&state.pluggy.signing_key, &claims)
    })
}

/// What the key of a request reaches; an error when there is none, or when it is over.
pub(super) fn reach_of(sandbox: &Sandbox, headers: &HeaderMap) -> Result<Reach, Problem> {
    let token = headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let claims = sandbox.read(|state, now| {
        let claims = jwt::read::<Claims>(&state.pluggy.signing_key, token);
        claims.filter(|claims| claims.exp > now.as_second())
    });
    let refused = || {
        if sandbox.switches().pluggy_bad_key_is_forbidden { Problem::forbidden() } else { Problem::unauthorized() }
    };
    let claims = claims.ok_or_else(refused)?;
    Ok(claims.connect.map_or(Reach::Everything, |connect| Reach::Connect(connect.item_id)))
}

impl Reach {
    /// Connect tokens reach no more than their own item (fact sheet §1).
    pub(super) fn require_everything(self) -> Result<(), Problem> {
        if self == Self::Everything { Ok(()) } else { Err(Problem::forbidden()) }
    }

    /// Whether an item may be looked at.
    pub(super) fn require_item(self, id: Uuid) -> Result<(), Problem> {
        match self {
            Self::Everything => Ok(()),
            Self::Connect(own) if own == Some(id) => Ok(()),
            Self::Connect(_) => Err(Problem::forbidden()),
        }
    }
}
