//! Errors as the provider writes them (fact sheet §1): `code` is the HTTP status, `codeDescription` what clients branch
//! on.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::SandboxError;

/// An error answer. The gate adds the `errorId`, which is another one each time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Problem {
    /// An error without a word for machines, as the general ones are.
    pub(super) fn plain(status: StatusCode, message: &str) -> Self {
        Self { status, body: json!({ "code": status.as_u16(), "message": message }) }
    }

    /// An error with its word.
    pub(super) fn coded(status: StatusCode, description: &str, message: &str) -> Self {
        let mut problem = Self::plain(status, message);
        problem.body["codeDescription"] = description.into();
        problem
    }

    /// The same with `data`.
    pub(super) fn with_data(mut self, data: Value) -> Self {
        self.body["data"] = data;
        self
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, message)
    }

    /// A parameter that is wrong or unknown, with its detail.
    pub(super) fn parameter(name: &str, code: &str, message: &str) -> Self {
        let mut problem = Self::bad_request(message);
        problem.body["details"] = json!([{ "code": code, "message": message, "parameter": name }]);
        problem
    }

    /// Fact sheet §4: credentials that the connector refuses before anybody is asked.
    pub(super) fn connector_validation(details: Vec<Value>) -> Self {
        let mut problem =
            Self::coded(StatusCode::BAD_REQUEST, "CONNECTOR_VALIDATION_ERROR", "Connector validation failed");
        problem.body["details"] = details.into();
        problem
    }

    pub(super) fn unauthorized() -> Self {
        Self::plain(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    pub(super) fn forbidden() -> Self {
        Self::plain(StatusCode::FORBIDDEN, "Forbidden")
    }

    /// Something that is not there, as `ITEM_NOT_FOUND`.
    pub(super) fn not_found(description: &str, message: &str) -> Self {
        Self::coded(StatusCode::NOT_FOUND, description, message)
    }

    pub(super) fn item_not_found() -> Self {
        Self::not_found("ITEM_NOT_FOUND", "Item not found")
    }

    /// Fact sheet §5 `[?]`.
    pub(super) fn account_not_found() -> Self {
        Self::not_found("ACCOUNT_NOT_FOUND", "Account not found")
    }

    pub(super) fn nothing_here() -> Self {
        Self::plain(StatusCode::NOT_FOUND, "Not Found")
    }

    /// Fact sheet §6: the call that is taken away.
    pub(super) fn deprecated() -> Self {
        let message = "This endpoint is deprecated. Use GET /v2/transactions with cursor pagination instead.";
        Self::coded(StatusCode::GONE, "ENDPOINT_DEPRECATED", message)
    }

    /// Fact sheet §1: one of the limits per minute is used up.
    pub(super) fn too_many() -> Self {
        let message = "Too many requests. Please try again later (see Retry-After header in seconds)";
        Self::plain(StatusCode::TOO_MANY_REQUESTS, message)
    }

    /// The body with the id that support would ask for.
    pub(super) fn with_id(mut self, id: Uuid) -> Self {
        self.body["errorId"] = id.to_string().into();
        self
    }
}

impl From<SandboxError> for Problem {
    fn from(error: SandboxError) -> Self {
        Self::coded(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_SERVER_ERROR", &error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self.body)).into_response();
        response.extensions_mut().insert(self);
        response
    }
}
