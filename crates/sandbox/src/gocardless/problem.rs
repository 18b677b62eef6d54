//! Errors in the shapes that the provider really sends (fact sheet §7).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};
use uuid::Uuid;

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

    /// Fact sheet §6.1: the trailing space is real.
    pub(super) fn invalid_account_id(id: &str) -> Self {
        Self::bad_request("Invalid Account ID", &format!("{id} is not a valid Account UUID. "))
    }

    /// Fact sheet §6.1: as the data endpoints say it.
    pub(super) fn unknown_account(id: &str) -> Self {
        let detail = "Please check whether you specified a valid Account ID";
        Self::new(StatusCode::NOT_FOUND, &format!("Account ID {id} not found"), detail)
    }

    /// Fact sheet §6.1: as the metadata call says it.
    pub(super) fn no_account_matches() -> Self {
        let text = "No Account matches the given query.";
        Self::new(StatusCode::NOT_FOUND, text, text)
    }

    /// Fact sheet §6.4.
    pub(super) fn incorrect_date_range(from: Date, to: Date) -> Self {
        let detail = format!(
            "Starting date '{from}' is greater than end date '{to}'. \
             When specifying date range, starting date must precede the end date"
        );
        Self::bad_request("Incorrect date range", &detail)
    }

    /// Fact sheet §2.
    pub(super) fn authentication_failed() -> Self {
        let detail = "No active account found with the given credentials";
        Self::new(StatusCode::UNAUTHORIZED, "Authentication failed", detail)
    }

    /// Fact sheet §7: the consent is over.
    pub(super) fn agreement_expired(agreement: Uuid, days: u16, ended_at: Timestamp) -> Self {
        let detail = format!(
            "EUA was valid for {days} days and it expired at {}. \
             The end user must connect the account once more with new EUA and Requisition",
            ended_at.strftime("%Y-%m-%d %H:%M:%S%.6f+00:00")
        );
        let summary = format!("End User Agreement (EUA) {agreement} has expired");
        Self::new(StatusCode::UNAUTHORIZED, &summary, &detail)
    }

    /// Fact sheet §7: what the institution answers about a part of an account, with the provider's `type`.
    pub(super) fn of_institution(status: StatusCode, what: &str, kind: &str, detail: &str) -> Self {
        Self::typed(status, &format!("Couldn't update {what}"), detail, kind)
    }

    /// Fact sheet §7: revoked at the bank.
    pub(super) fn access_expired(what: &str) -> Self {
        let detail = "Access has expired or it has been revoked. To restore access reconnect the account.";
        Self::of_institution(StatusCode::UNAUTHORIZED, what, "AccessExpiredError", detail)
    }

    /// Fact sheet §7: the bank has no such thing for this account.
    pub(super) fn resource_unavailable(what: &str) -> Self {
        let detail = "The requested resource is unavailable for this account. \
                      Certain resources may be restricted or unsupported for specific accounts.";
        Self::of_institution(StatusCode::FORBIDDEN, what, "AccountResourceUnavailable", detail)
    }

    /// Fact sheet §7: the agreement does not contain this scope.
    pub(super) fn scope_missing(what: &str) -> Self {
        let detail = format!(
            "EUA doesn't allow access to {what}. Check EUA access scope. Or create new EUA with correct access scope"
        );
        Self::new(StatusCode::FORBIDDEN, "End User Agreement (EUA) access scope error", &detail)
    }

    /// Fact sheet §7: its requisition has been deleted.
    pub(super) fn no_agreement() -> Self {
        let detail = "Account exists but there is no valid End User Agreement permitting you to access it";
        Self::new(StatusCode::FORBIDDEN, "No valid End User Agreement", detail)
    }

    /// Fact sheet §7: too many failures one after the other.
    pub(super) fn suspended() -> Self {
        let detail = "This account or its requisition was suspended due to numerous errors \
                      that occurred while accessing it.";
        Self::new(StatusCode::CONFLICT, "Account suspended", detail)
    }

    /// Fact sheet §7: right after linking; the error names the way out, which is the metadata call.
    pub(super) fn processing() -> Self {
        let detail = "Your account data is currently being processed. \
                      Please try again shortly, or poll /accounts/<id>/ endpoint and retry when status is READY";
        Self::typed(StatusCode::CONFLICT, "Account is Processing", detail, "AccountProcessing")
    }

    /// Fact sheet §7: the institution's own limit.
    pub(super) fn institution_limit(what: &str) -> Self {
        let detail = "Daily request limit set by the Institution has been exceeded.";
        Self::of_institution(StatusCode::TOO_MANY_REQUESTS, what, "RateLimitError", detail)
    }

    /// Fact sheet §4: nobody accepts twice.
    pub(super) fn accepted_twice() -> Self {
        let detail = "End User Agreements cannot be accepted more than once";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "EUA cannot be accepted more than once", detail)
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
    /// The error of a field that has one object.
    pub(super) fn object(&mut self, field: &str, summary: &str, detail: &str) {
        self.0.insert(field.to_owned(), json!({ "summary": summary, "detail": detail }));
    }

    /// One more error of a field that has a list of objects.
    pub(super) fn add(&mut self, field: &str, summary: &str, detail: &str) {
        let error = json!({ "summary": summary, "detail": detail });
        match self.0.get_mut(field) {
            Some(Value::Array(errors)) => errors.push(error),
            _ => _ = self.0.insert(field.to_owned(), json!([error])),
        }
    }

    /// The error of a field whose shape is documented as a list and recorded as an object.
    pub(super) fn object_or_list(&mut self, sandbox: &Sandbox, field: &str, summary: &str, detail: &str) {
        if sandbox.switches().days_errors_are_lists {
            self.add(field, summary, detail);
        } else {
            self.object(field, summary, detail);
        }
    }

    /// An error of the framework: a list with one sentence.
    pub(super) fn text(&mut self, field: &str, message: &str) {
        self.0.insert(field.to_owned(), json!([message]));
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
