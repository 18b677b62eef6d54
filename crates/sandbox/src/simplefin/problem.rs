//! What is said when a call is refused (fact sheet §2, §5). Only the body of the 429 is known; the others are sentences.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::SandboxError;

/// A refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// A parameter that is none.
    BadRequest(&'static str),
    /// The subscription has lapsed.
    PaymentRequired,
    /// User and password are not known, not known any more, or the token was used.
    Forbidden,
    NothingHere,
    MethodNotAllowed,
    /// A claim without `Content-Length: 0`.
    LengthRequired,
    TooMany,
    Internal,
}

impl Problem {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::PaymentRequired => StatusCode::PAYMENT_REQUIRED,
            Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NothingHere => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::LengthRequired => StatusCode::LENGTH_REQUIRED,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let text = match self {
            Self::TooMany => {
                let message = "Too many requests. SimpleFIN data is only refreshed once every 24 hours. Expected usage of \
                               this API is 24 requests per day.";
                return (self.status(), axum::Json(json!({ "errors": [message] }))).into_response();
            }
            Self::BadRequest(text) => text,
            Self::PaymentRequired => "Payment required",
            Self::Forbidden => "Forbidden",
            Self::NothingHere => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::LengthRequired => "Length required",
            Self::Internal => "Internal server error",
        };
        (self.status(), [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
    }
}

impl From<SandboxError> for Problem {
    fn from(_: SandboxError) -> Self {
        Self::Internal
    }
}
