//! Errors of the API: `application/problem+json` with a stable code.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bankside_domain::Asker;
use bankside_domain::fault::{FaultClass, FaultRecord};
use bankside_engine::EngineError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::error::PageError;
use crate::session::Member;
use crate::told::Telling;
use crate::view::fault::FaultView;

/// An error (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// The HTTP status.
    status: u16,
    /// A stable code, such as `not_found` or `gocardless.keys_refused`.
    code: String,
    /// What happened, as a sentence.
    detail: String,
    /// The field that does not do.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// When trying again makes sense (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_at: Option<String>,
    /// What to tell the provider's support.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// Who must act, and what, as a sentence.
    who_acts: String,
    /// What happens without anybody, as a sentence.
    by_itself: String,
    /// Names the request, here and in the log of the server.
    request: String,
    /// When it was (RFC 3339).
    at: String,
    /// The provider's fault; what it means is known with the path that was asked for.
    #[serde(skip)]
    fault: Option<Box<FaultRecord>>,
}

const NOTHING_CHANGED: &str = "Nothing: what was there is as it was.";

impl Problem {
    fn new(status: StatusCode, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            status: status.as_u16(),
            code: code.into(),
            detail: detail.into(),
            field: None,
            retry_at: None,
            reference: None,
            who_acts: "Whoever wrote the request: send another one.".to_owned(),
            by_itself: NOTHING_CHANGED.to_owned(),
            request: String::new(),
            at: String::new(),
            fault: None,
        }
    }

    fn about(self, fault: Box<FaultRecord>) -> Self {
        Self { fault: Some(fault), ..self }
    }

    fn who(self, who_acts: impl Into<String>) -> Self {
        Self { who_acts: who_acts.into(), ..self }
    }

    /// An answer that no handler of ours has made.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let says = status.canonical_reason().unwrap_or("Refused");
        Self::new(status, says.to_ascii_lowercase().replace([' ', '-'], "_"), format!("{says}."))
    }

    /// The answer, for a request with this reference at this time.
    pub(crate) fn told(self, telling: &Telling<'_>) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut told = Self { request: telling.reference.to_owned(), at: format!("{:.0}", telling.at), ..self };
        if let Some(fault) = &told.fault {
            let view = FaultView::without_clock(fault, telling.occasion());
            (told.who_acts, told.by_itself) = (view.who, view.by_itself);
        }
        let mut response = (status, Json(told)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }

    /// A path or a body that cannot be read.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// A write that did not come from our own address.
    pub(crate) fn elsewhere(detail: impl Into<String>, who: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "wrong_origin", detail).who(who)
    }

    /// It contradicts what is there, in a way that programs can tell.
    pub(crate) fn conflict(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// An id that is none.
    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing at this address, or nothing that you may see.")
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound(_) => Self::not_found(),
            EngineError::Denied(denied) => Self::new(StatusCode::FORBIDDEN, "denied", denied.to_string())
                .who("Somebody who has that right, or who can give it."),
            EngineError::Invalid { field, message } => Self {
                field: Some(field.to_owned()),
                ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
            },
            EngineError::SignStays(refused) => Self::new(
                StatusCode::CONFLICT,
                "sign_stays",
                format!(
                    "{} rows are reconciled, {} more lie in a locked period: {}.",
                    refused.reconciled,
                    refused.in_locked_period,
                    refused.in_words()
                ),
            )
            .who("Whoever locked them can unlock them."),
            EngineError::AssetRefused(refused) => Self::new(StatusCode::CONFLICT, refused.code(), refused.in_words()),
            EngineError::CategoryRefused(refused) => {
                Self::new(StatusCode::CONFLICT, refused.code(), refused.in_words())
            }
            EngineError::RuleRefused(refused) => {
                let status =
                    if refused.is_conflict() { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
                Self::new(status, refused.code(), refused.in_words())
            }
            EngineError::RulesUnreadable(wrong) => {
                let told: Vec<String> =
                    wrong.iter().map(|one| format!("Line {}, column {}: {}", one.line, one.column, one.says)).collect();
                Self {
                    field: Some("text".to_owned()),
                    ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "rule.unreadable", told.join(" "))
                }
            }
            EngineError::SwitchedOff(_) => Self::new(StatusCode::CONFLICT, "switched_off", format!("{error}."))
                .who("Whoever runs this server can switch it on."),
            EngineError::Refused(why) => {
                let status = if why.is_about_input() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::CONFLICT };
                Self {
                    field: why.field().map(str::to_owned),
                    ..Self::new(status, why.code(), crate::error::sentence(why.in_words()))
                }
            }
            EngineError::Conflict(what) => Self::new(StatusCode::CONFLICT, "conflict", what),
            EngineError::Outside(fault) => {
                let status = match fault.class {
                    FaultClass::RateLimited => StatusCode::TOO_MANY_REQUESTS,
                    FaultClass::NeedsOperator | FaultClass::NeedsUser => StatusCode::FAILED_DEPENDENCY,
                    _ => StatusCode::BAD_GATEWAY,
                };
                Self {
                    retry_at: fault.retry_at.map(|at| at.to_string()),
                    reference: fault.reference.clone(),
                    ..Self::new(status, fault.code.clone(), fault.message.clone())
                }
                .about(fault)
            }
            EngineError::WrongPassword { .. } | EngineError::Throttled { .. } => {
                Self::new(StatusCode::UNAUTHORIZED, "unauthorised", error.to_string())
            }
            EngineError::Store(_) | EngineError::Vault(_) | EngineError::Inside(_) => {
                tracing::error!(%error, "a request of the API failed");
                Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "internal",
                    "Something is wrong on this server. Nothing was half written.",
                )
                .who("Whoever runs this server: its log says more, under the request's reference.")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A member of the organization that the address names; errors are problems, not pages.
pub(crate) struct ApiMember(pub(crate) Member);

impl ApiMember {
    pub(crate) fn asker(&self) -> &Asker {
        self.0.asker()
    }
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        match error.status() {
            StatusCode::UNAUTHORIZED => Self::new(StatusCode::UNAUTHORIZED, "unauthorised", "Sign in first.")
                .who("Whoever sent the request: with the cookie of a session."),
            StatusCode::NOT_FOUND => Self::not_found(),
            status => Self::new(status, "refused", "This was refused."),
        }
    }
}

impl FromRequestParts<App> for ApiMember {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(Member::from_request_parts(parts, app).await?))
    }
}

/// A JSON body; what is wrong with it is said with its place.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Self, Problem> {
        let Json(body) =
            Json::from_request(request, state).await.map_err(|error: JsonRejection| match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Problem::new(error.status(), "too_large", "This is too much at once."),
                _ => Problem::bad_request(error.body_text()),
            })?;
        Ok(Self(body))
    }
}

/// A query; what is wrong with it is said with its place.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: serde::de::DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Query(query) = axum::extract::Query::from_request_parts(parts, state)
            .await
            .map_err(|error: QueryRejection| Problem::bad_request(error.body_text()))?;
        Ok(Self(query))
    }
}

/// An id in a path.
pub(crate) fn id<I: std::str::FromStr>(text: &str) -> Result<I, Problem> {
    text.parse().map_err(|_| Problem::not_found())
}
