//! Users (fact sheet §3): one for each organization that asks.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fields;
use super::gate::Reach;
use super::problem::Problem;
use crate::Sandbox;

/// A user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(super) password: String,
    /// Wrong passwords in a row.
    pub(super) failures: u32,
    is_auto_update_enabled: bool,
}

fn wire(id: &str, user: &User, password: &str) -> Value {
    json!({ "id": id, "password": password, "isAutoUpdateEnabled": user.is_auto_update_enabled })
}

fn is_id(text: &str) -> bool {
    (1..=36).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.+@".contains(c))
}

/// `POST /api/v2/users`, with the client's token. The password is shown this once.
pub(super) async fn create(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Problem> {
    reach.require_client()?;
    let fields = fields::body(&body, |message| Problem::access(StatusCode::BAD_REQUEST, "BAD_REQUEST", message))?;
    let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = text("id").unwrap_or_else(|| sandbox.uuid().to_string());
    let password = text("password").unwrap_or_else(|| sandbox.uuid().to_string());
    if !is_id(&id) {
        return Err(Problem::bad_value("id has up to 36 letters, digits and -_.+@"));
    }
    if !(6..=128).contains(&password.len()) {
        return Err(Problem::bad_value("password has 6 to 128 characters"));
    }
    sandbox.change(|state, _| {
        let users = &mut state.finapi.users;
        if users.contains_key(&id) {
            let message = "User with this id already exists";
            return Err(Problem::access(StatusCode::UNPROCESSABLE_ENTITY, "ENTITY_EXISTS", message));
        }
        let auto = fields.get("isAutoUpdateEnabled").and_then(Value::as_bool).unwrap_or(false);
        let user = User { password: password.clone(), failures: 0, is_auto_update_enabled: auto };
        let answer = wire(&id, &user, &password);
        users.insert(id, user);
        Ok((StatusCode::CREATED, Json(answer)))
    })
}

/// `GET /api/v2/users`: the user of the token.
pub(super) async fn show(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
) -> Result<Json<Value>, Problem> {
    let id = reach.user()?;
    sandbox.read(|state, _| {
        let user = state.finapi.users.get(id).ok_or_else(Problem::invalid_token)?;
        Ok(Json(wire(id, user, "XXXXX")))
    })
}

/// `DELETE /api/v2/users`: the user of the token, with everything.
pub(super) async fn delete(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
) -> Result<StatusCode, Problem> {
    let id = reach.user()?;
    sandbox.change(|state, _| {
        let records = &mut state.finapi;
        records.users.remove(id);
        records.connections.retain(|_, connection| connection.user != id);
        records.forms.retain(|_, form| form.user != id);
        Ok(StatusCode::OK)
    })
}
