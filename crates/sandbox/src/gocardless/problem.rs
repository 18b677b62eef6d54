//! Errors in the shapes that the provider really sends (fact sheet §7).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::quota::Left;
use crate::{Sandbox, SandboxError};

/// An error answer: a status and the body that goes with it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) body: Value,
    /// What is left of an account's daily limit, where the answer says so.
    pub(super) left: Option<Left>,
}

impl Problem {
    /// The canonical shape.
    pub(super) fn new(status: StatusCode, summary: &str, detail: &str) -> Self {
        Self::with_body(status, json!({ "summary": summary, "detail": detail }))
    }

    /// The canonical shape with a `type`, as faults of institutions have it.
    pub(super) fn typed(status: StatusCode, summary: &str, detail: &str, kind: &str) -> Self {
        Self::with_body(status, json!({ "summary": summary, "detail": detail, "type": kind }))
    }

    /// Any object; `status_code` is added to it.
    pub(super) fn with_body(status: StatusCode, mut body: Value) -> Self {
        if let Value::Object(fields) = &mut body {
            fields.insert("status_code".to_owned(), status.as_u16().into());
        }
        Self { status, body, left: None }
    }

    /// The same without `status_code`.
    pub(super) fn without_status_code(mut self) -> Self {
        if let Value::Object(fields) = &mut self.body {
            fields.remove("status_code");
        }
        self
    }

    pub(super) fn bad_request(summary: &str, detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, summary, detail)
    }

    /// Fact sheet §3, §5.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found.", "Not found.")
    }

    /// Fact sheet §2.
    pub(super) fn invalid_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Invalid token", "Token is invalid or expired")
    }

    /// Fact sheet §7. `limit` is such as `100/min`.
    pub(super) fn rate_limited(limit: &str, seconds: i64) -> Self {
        let detail =
            format!("The rate limit for this resource is {limit}. Please try again in {} seconds", seconds.max(1));
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded", &detail)
    }

    /// Fact sheet §4, §5: more requisitions than the free tier has.
    pub(super) fn payment_required() -> Self {
        Self::new(StatusCode::PAYMENT_REQUIRED, "Payment Required", "Free usage limit exceeded")
    }
}

impl From<SandboxError> for Problem {
    fn from(error: SandboxError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "The sandbox itself failed", &error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        if let Some(left) = self.left {
            left.write(response.headers_mut());
        }
        response
    }
}

/// Errors keyed by field; all fields of a body are checked before it is refused (fact sheet §4, §5).
#[derive(Debug, Default)]
pub(super) struct FieldErrors(Map<String, Value>);

impl FieldErrors {
    /// An error with summary and detail.
    pub(super) fn object(&mut self, sandbox: &Sandbox, field: &str, summary: &str, detail: &str) {
        let error = json!({ "summary": summary, "detail": detail });
        let error = if sandbox.switches().field_errors_are_lists { json!([error]) } else { error };
        self.0.insert(field.to_owned(), error);
    }

    /// An error that is always a list of objects.
    pub(super) fn list(&mut self, field: &str, errors: Vec<Value>) {
        self.0.insert(field.to_owned(), Value::Array(errors));
    }

    /// An error of the framework: a list with one sentence.
    pub(super) fn text(&mut self, field: &str, message: &str) {
        self.0.insert(field.to_owned(), json!([message]));
    }

    pub(super) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Fine, or a 400 with all of them.
    pub(super) fn check(self) -> Result<(), Problem> {
        self.check_as(StatusCode::BAD_REQUEST)
    }

    /// Fine, or this status with all of them.
    pub(super) fn check_as(self, status: StatusCode) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(Problem::with_body(status, Value::Object(self.0))) }
    }
}
