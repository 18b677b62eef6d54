//! Errors as pages.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use bankside_engine::EngineError;

use crate::view::day::Today;
use crate::view::fault::FaultView;

/// An error page. It says what happened and what can be done; it never shows what is inside.
#[derive(Debug)]
pub(crate) struct PageError {
    status: StatusCode,
    title: String,
    message: String,
    fault: Option<FaultView>,
    sign_in: bool,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    message: &'a str,
    fault: Option<&'a FaultView>,
}

impl PageError {
    pub(crate) fn plain(status: StatusCode, title: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, title: title.into(), message: message.into(), fault: None, sign_in: false }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// Nobody is signed in: the way leads to the sign-in page.
    pub(crate) fn sign_in() -> Self {
        Self { sign_in: true, ..Self::plain(StatusCode::UNAUTHORIZED, "Sign in", "Sign in first.") }
    }

    pub(crate) fn not_found() -> Self {
        Self::plain(
            StatusCode::NOT_FOUND,
            "Not found",
            "There is nothing at this address, or nothing that you may see.",
        )
    }
}

impl From<EngineError> for PageError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound(_) => Self::not_found(),
            EngineError::Denied(denied) => Self::plain(
                StatusCode::FORBIDDEN,
                "You may look, not act",
                format!("For this you need another role: {denied}."),
            ),
            EngineError::Invalid { message, .. } => {
                Self::plain(StatusCode::UNPROCESSABLE_ENTITY, "That does not do", message)
            }
            EngineError::SwitchedOff(feature) => Self::plain(
                StatusCode::CONFLICT,
                format!("{} is switched off", feature.name),
                format!(
                    "What is there stays as it is. Whoever runs this server can switch it on: Settings, Show advanced \
                     settings, Show experimental features, {}.",
                    feature.name
                ),
            ),
            EngineError::Conflict(what) => Self::plain(StatusCode::CONFLICT, "That does not fit", sentence(what)),
            EngineError::Outside(fault) => {
                let today = Today::new(jiff::Timestamp::UNIX_EPOCH, "UTC");
                let mut record = *fault;
                // Told on its own page without a clock, so without a time.
                record.retry_at = None;
                let view = FaultView::of(&record, &today);
                Self {
                    fault: Some(view),
                    ..Self::plain(StatusCode::BAD_GATEWAY, "The provider could not do this", record.message)
                }
            }
            EngineError::WrongPassword { .. } | EngineError::Throttled { .. } => {
                Self::plain(StatusCode::UNAUTHORIZED, "Sign in", error.to_string())
            }
            EngineError::Store(_) | EngineError::Vault(_) | EngineError::Inside(_) => {
                tracing::error!(%error, "a request failed");
                Self::plain(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Something is wrong on this server",
                    "It has been written to the log. Nothing was half written; try again, and tell whoever runs this server.",
                )
            }
        }
    }
}

/// A conflict in the words of the store, as a sentence.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        if self.sign_in {
            return Redirect::to("/sign-in").into_response();
        }
        let page = ErrorPage { title: &self.title, message: &self.message, fault: self.fault.as_ref() };
        match page.render() {
            Ok(html) => (self.status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, "the error page cannot be rendered");
                (self.status, self.message).into_response()
            }
        }
    }
}

/// Renders a template.
pub(crate) fn page(template: &impl Template) -> Result<Html<String>, PageError> {
    template.render().map(Html).map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        PageError::plain(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Something is wrong on this server",
            "A page could not be made.",
        )
    })
}
