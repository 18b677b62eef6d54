//! Errors as the two services write them (fact sheet §2, §5, §10): three shapes, each with a code of its own.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::wire;
use crate::{SandboxError, Switches};

/// What is said, in the shape of whoever says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Access: a code, and a text; a bank's own words are business, everything else is technical.
    Access { code: &'static str, message: String, is_business: bool },
    /// OAuth, which has a format of its own.
    Oauth { error: &'static str, description: &'static str },
    /// The web form.
    Form { code: &'static str, description: String },
    /// The web form about one field of a request.
    Field { field: String, message: String },
}

/// A refusal. The gate adds where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    said: Said,
}

impl Problem {
    pub(super) fn access(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, said: Said::Access { code, message: message.into(), is_business: false } }
    }

    /// What a bank says, for the person to read.
    pub(super) fn business(code: &'static str, message: impl Into<String>) -> Self {
        let said = Said::Access { code, message: message.into(), is_business: true };
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, said }
    }

    pub(super) fn oauth(status: StatusCode, error: &'static str, description: &'static str) -> Self {
        Self { status, said: Said::Oauth { error, description } }
    }

    pub(super) fn form(status: StatusCode, code: &'static str, description: impl Into<String>) -> Self {
        Self { status, said: Said::Form { code, description: description.into() } }
    }

    pub(super) fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, said: Said::Field { field: field.into(), message: message.into() } }
    }

    /// A token that Access does not take; fact sheet §2: not in the normal format.
    pub(super) fn invalid_token() -> Self {
        Self::oauth(StatusCode::UNAUTHORIZED, "invalid_token", "Invalid access token")
    }

    /// A token that the web form does not take.
    pub(super) fn unauthorized() -> Self {
        Self::form(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "Invalid access token")
    }

    pub(super) fn bad_credentials() -> Self {
        Self::oauth(StatusCode::BAD_REQUEST, "invalid_grant", "Bad credentials")
    }

    pub(super) fn user_locked() -> Self {
        Self::oauth(StatusCode::LOCKED, "user_locked", "User is locked after too many failed logins")
    }

    pub(super) fn bad_value(message: impl Into<String>) -> Self {
        Self::access(StatusCode::UNPROCESSABLE_ENTITY, "ILLEGAL_FIELD_VALUE", message)
    }

    pub(super) fn unknown(what: &str, id: &str) -> Self {
        Self::access(StatusCode::NOT_FOUND, "UNKNOWN_ENTITY", format!("{what} with id {id} not found"))
    }

    pub(super) fn forbidden() -> Self {
        Self::access(StatusCode::FORBIDDEN, "FORBIDDEN", "This token does not reach that")
    }

    pub(super) fn locked() -> Self {
        Self::access(StatusCode::LOCKED, "LOCKED", "The bank connection is being imported or updated")
    }

    pub(super) fn form_not_found() -> Self {
        Self::form(StatusCode::NOT_FOUND, "NOT_FOUND", "Not found")
    }

    /// The whole answer.
    pub(super) fn written(&self, endpoint: &str, request_id: &str, at: Timestamp, switches: &Switches) -> Response {
        let body: Value = match &self.said {
            Said::Access { code, message, is_business } => json!({
                "errors": [{
                    "message": message, "code": code, "type": if *is_business { "BUSINESS" } else { "TECHNICAL" },
                }],
                "date": wire::instant(at), "requestId": request_id, "endpoint": endpoint, "authContext": "1/1/1",
            }),
            Said::Oauth { error, description } => json!({ "error": error, "error_description": description }),
            Said::Form { code, description } => json!({
                "code": code, "description": description, "timestamp": wire::form_time(at, switches), "endpoint": endpoint,
            }),
            Said::Field { field, message } => json!({
                "errors": [{ "field": field, "message": message }],
                "timestamp": wire::form_time(at, switches), "endpoint": endpoint,
            }),
        };
        (self.status, Json(body)).into_response()
    }
}

impl From<SandboxError> for Problem {
    fn from(error: SandboxError) -> Self {
        Self::access(StatusCode::INTERNAL_SERVER_ERROR, "UNEXPECTED_ERROR", error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
