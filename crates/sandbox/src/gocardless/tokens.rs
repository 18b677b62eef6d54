//! Tokens (fact sheet §2): stateless, signed, with a real `exp` that is measured on the sandbox clock.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::fields::Fields;
use super::problem::{FieldErrors, Problem};
use super::{Records, SECRET_ID, SECRET_KEY};
use crate::{Sandbox, jwt};

const ACCESS_SECONDS: i64 = 86_400;
const REFRESH_SECONDS: i64 = 2_592_000;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum TokenType {
    Access,
    Refresh,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    token_type: TokenType,
    exp: i64,
    jti: String,
    secret_id: String,
}

/// `POST token/new/`
pub(super) async fn create(State(sandbox): State<Sandbox>, fields: Fields) -> Result<Json<Value>, Problem> {
    let mut errors = FieldErrors::default();
    let id = fields.required_text(&mut errors, "secret_id");
    let key = fields.required_text(&mut errors, "secret_key");
    check(&sandbox, errors)?;
    if id.as_deref() != Some(SECRET_ID) || key.as_deref() != Some(SECRET_KEY) {
        return Err(Problem::authentication_failed());
    }
    Ok(Json(json!({
        "access": issue(&sandbox, TokenType::Access),
        "access_expires": ACCESS_SECONDS,
        "refresh": issue(&sandbox, TokenType::Refresh),
        "refresh_expires": REFRESH_SECONDS,
    })))
}

/// `POST token/refresh/`
pub(super) async fn refresh(State(sandbox): State<Sandbox>, fields: Fields) -> Result<Json<Value>, Problem> {
    let mut errors = FieldErrors::default();
    let token = fields.required_text(&mut errors, "refresh");
    check(&sandbox, errors)?;
    if !is_valid(&sandbox, &token.unwrap_or_default(), TokenType::Refresh) {
        return Err(Problem::invalid_token());
    }
    let mut answer = json!({ "access": issue(&sandbox, TokenType::Access), "access_expires": ACCESS_SECONDS });
    if sandbox.switches().refresh_token_rotates {
        answer["refresh"] = issue(&sandbox, TokenType::Refresh).into();
        answer["refresh_expires"] = REFRESH_SECONDS.into();
    }
    Ok(Json(answer))
}

fn check(sandbox: &Sandbox, errors: FieldErrors) -> Result<(), Problem> {
    errors.check().map_err(|problem| {
        if sandbox.switches().token_field_errors_have_status_code { problem } else { problem.without_status_code() }
    })
}

fn issue(sandbox: &Sandbox, token_type: TokenType) -> String {
    let jti = sandbox.uuid().simple().to_string();
    sandbox.read(|state, now| write_token(&state.gocardless, token_type, now, jti))
}

fn write_token(records: &Records, token_type: TokenType, now: Timestamp, jti: String) -> String {
    let seconds = if token_type == TokenType::Access { ACCESS_SECONDS } else { REFRESH_SECONDS };
    let claims = Claims { token_type, exp: now.as_second() + seconds, jti, secret_id: SECRET_ID.to_owned() };
    jwt::write(&records.signing_key, &claims)
}

/// Whether a token is ours, of this type and not over.
pub(super) fn is_valid(sandbox: &Sandbox, token: &str, token_type: TokenType) -> bool {
    sandbox.read(|state, now| {
        let claims = jwt::read::<Claims>(&state.gocardless.signing_key, token);
        claims.is_some_and(|claims| claims.token_type == token_type && claims.exp > now.as_second())
    })
}

/// The id that answers carry in their headers instead of a real company's.
pub(super) const COMPANY: Uuid = Uuid::from_u128(0x5a6d_0000_0000_4000_8000_0000_0000_00c0);
