//! What is said when a call cannot be served. Statuses are facts; bodies are not documented (fact sheet §8 `[?]`).

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::{SandboxError, Switches};

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, message: &str) -> Self {
        Self { status, message: message.to_owned() }
    }

    pub(super) fn bad_request() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "The request is invalid.")
    }

    /// A field is not there, or is not what it should be.
    pub(super) fn missing(name: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, &format!("The request is invalid: {name}."))
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Authorization has been denied for this request.")
    }

    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "This user may not do that.")
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Nothing was found under this id.")
    }

    pub(super) fn no_such_call() -> Self {
        Self::new(StatusCode::NOT_FOUND, "No HTTP resource was found that matches the request URI.")
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "The requested resource does not support this method.")
    }

    pub(super) fn too_long() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "The request is too long.")
    }

    pub(super) fn too_many_requests() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too many requests.")
    }

    pub(super) fn month_used_up() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "The requests of this month are used up.")
    }

    pub(super) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "An error has occurred.")
    }

    pub(super) fn unavailable() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "The service is unavailable.")
    }

    /// As JSON or as text, whichever the switch says.
    pub(super) fn response(&self, switches: &Switches) -> Response {
        if switches.sophtron_errors_are_json {
            return (self.status, axum::Json(json!({ "Message": self.message }))).into_response();
        }
        (self.status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], self.message.clone()).into_response()
    }
}

impl From<SandboxError> for Problem {
    fn from(_: SandboxError) -> Self {
        Self::internal()
    }
}
