//! Errors in the provider's one shape (fact sheet §6).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::SandboxError;

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    body: Value,
}

impl Problem {
    /// An error with its word.
    pub(super) fn new(status: StatusCode, word: &str, message: &str) -> Self {
        Self { status, body: json!({ "message": message, "code": status.as_u16(), "error": word, "detail": null }) }
    }

    /// With more about it.
    pub(super) fn detailed(mut self, detail: Value) -> Self {
        self.body["detail"] = detail;
        self
    }

    /// What cannot be understood, or asks for what there is not.
    pub(super) fn wrong(detail: &str) -> Self {
        let message = "Wrong request parameters provided";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "WRONG_REQUEST_PARAMETERS", message).detailed(detail.into())
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED_ACCESS", "Unauthorized access")
    }

    pub(super) fn no_authorization() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "AUTHORIZATION_NOT_PROVIDED", "Authorization header is not provided")
    }

    pub(super) fn access_denied() -> Self {
        let message = "Access to this resource is denied. Check services available for your application.";
        Self::new(StatusCode::FORBIDDEN, "ACCESS_DENIED", message)
    }

    pub(super) fn no_session() -> Self {
        let message = "No session found matching provided id";
        Self::new(StatusCode::NOT_FOUND, "SESSION_DOES_NOT_EXIST", message)
    }

    pub(super) fn no_account() -> Self {
        Self::new(StatusCode::NOT_FOUND, "ACCOUNT_DOES_NOT_EXIST", "No account found matching provided id")
    }

    pub(super) fn rate_limit() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "ASPSP_RATE_LIMIT_EXCEEDED", "ASPSP Rate limit exceeded")
    }

    /// A period that a bank does not take, as the provider says it.
    pub(super) fn period(from: jiff::civil::Date) -> Self {
        let message = "Wrong transactions period requested";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "WRONG_TRANSACTIONS_PERIOD", message)
            .detailed(json!({ "date_from": from.to_string() }))
    }

    /// The same in a bank's own word (fact sheet §5, quirks).
    pub(super) fn period_invalid() -> Self {
        let body = json!({ "message": "The requested period is invalid", "code": "PERIOD_INVALID" });
        Self { status: StatusCode::UNPROCESSABLE_ENTITY, body }
    }

    /// A path or a method that there is not, as a framework says it.
    pub(super) fn plain(status: StatusCode) -> Self {
        let message = status.canonical_reason().unwrap_or_default();
        Self { status, body: json!({ "message": message, "code": status.as_u16() }) }
    }
}

impl From<SandboxError> for Problem {
    fn from(error: SandboxError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ASPSP_ERROR", &error.to_string())
    }
}

impl From<bankside_domain::AmountError> for Problem {
    fn from(error: bankside_domain::AmountError) -> Self {
        Self::from(SandboxError::from(error))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}
