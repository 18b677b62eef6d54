//! Errors as pages: what happened, who must act, what happens by itself, and a reference to copy.
//!
//! A handler answers with a [`PageError`]; what the page needs besides, the reference of the request and the time, is known
//! to the layer in `told.rs`, which makes the page.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use bankside_domain::Right;
use bankside_domain::fault::FaultRecord;
use bankside_engine::EngineError;

use crate::told::Telling;
use crate::view::fault::FaultView;

/// An error page. It says what happened and what can be done; it never shows what is inside.
#[derive(Debug, Clone)]
pub(crate) struct PageError {
    status: StatusCode,
    code: String,
    title: String,
    message: String,
    /// Who must act, and what.
    who: String,
    /// What happens without anybody.
    by_itself: &'static str,
    fault: Option<Box<FaultRecord>>,
    sign_in: bool,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    title: &'a str,
    message: &'a str,
    who: &'a str,
    by_itself: &'a str,
    fault: Option<FaultView>,
    reference: &'a str,
    at: String,
    details: String,
}

const NOTHING_CHANGED: &str = "Nothing: what was there is as it was.";

impl PageError {
    /// An error that the person who meets it can act on.
    pub(crate) fn plain(status: StatusCode, title: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: format!("page.{}", status.as_u16()),
            title: title.into(),
            message: message.into(),
            who: "You: go back and try it another way.".to_owned(),
            by_itself: NOTHING_CHANGED,
            fault: None,
            sign_in: false,
        }
    }

    /// Says who must act.
    pub(crate) fn who(self, who: impl Into<String>) -> Self {
        Self { who: who.into(), ..self }
    }

    fn code(self, code: impl Into<String>) -> Self {
        Self { code: code.into(), ..self }
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
        .who("You: check the address, or ask whoever gave it to you whether you may see it.")
    }

    /// An answer that no handler of ours has made.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => {
                Self::plain(status, "Not this way", "This address is there, but not for what was asked of it.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::plain(status, "Too much at once", "This is more than the server takes.")
            }
            status if status.is_server_error() => Self::inside().status_of(status),
            status => Self::plain(status, "That cannot be read", "What was sent is not what this address expects."),
        }
    }

    fn status_of(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    fn inside() -> Self {
        Self {
            by_itself: "Nothing was half written. Trying again may help.",
            ..Self::plain(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something is wrong on this server",
                "This could not be done.",
            )
        }
        .who("Whoever runs this server: its log says more, under the reference below.")
        .code("inside")
    }

    fn outside(fault: FaultRecord) -> Self {
        let code = fault.code.clone();
        let (status, title) = match code.as_str() {
            "subscription.none" | "subscription.ended" => (StatusCode::CONFLICT, "This takes a subscription"),
            _ => (StatusCode::BAD_GATEWAY, "The provider could not do this"),
        };
        let page = Self::plain(status, title, String::new()).code(code);
        Self { fault: Some(Box::new(fault)), ..page }
    }

    fn switched_off(name: &str) -> Self {
        Self::plain(StatusCode::CONFLICT, format!("{name} is switched off"), "What is there stays as it is.")
            .who(format!(
                "Whoever runs this server can switch it on: Settings, Show advanced settings, Show experimental \
                 features, {name}."
            ))
            .code("switched_off")
    }

    /// The page, for a request with this reference at this time.
    pub(crate) fn page(&self, telling: &Telling<'_>) -> Response {
        let fault = self.fault.as_deref().map(|fault| {
            FaultView::without_clock(fault, telling.occasion()).at(telling.at).told_by(telling.provider(&fault.code))
        });
        let page = ErrorPage {
            title: &self.title,
            message: &self.message,
            who: &self.who,
            by_itself: self.by_itself,
            fault,
            reference: telling.reference,
            at: telling.at.strftime("%-d %b %Y %H:%M:%S UTC").to_string(),
            details: telling.details(&self.code),
        };
        match page.render() {
            Ok(html) => (self.status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(%error, "the error page cannot be rendered");
                (self.status, self.message.clone()).into_response()
            }
        }
    }
}

impl From<EngineError> for PageError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::NotFound(_) => Self::not_found(),
            EngineError::Denied(denied) if denied.is_in_part => {
                let message = "This is about the whole organization, and you see a part of it.";
                Self::plain(StatusCode::FORBIDDEN, "You see a part of it", message)
                    .who("An owner or admin of this organization, for you or with another place for you.")
            }
            EngineError::Denied(denied) => {
                let who = match denied.right {
                    Right::RunInstallation => "Whoever runs this server.",
                    _ => "An owner or admin of this organization, for you or with another role for you.",
                };
                let message = format!("For this you need another role: {denied}.");
                Self::plain(StatusCode::FORBIDDEN, "You may look, not act", message).who(who)
            }
            EngineError::Invalid { message, .. } => {
                Self::plain(StatusCode::UNPROCESSABLE_ENTITY, "That does not do", message)
                    .who("You: go back and correct it.")
            }
            EngineError::SwitchedOff(feature) => Self::switched_off(feature.name),
            EngineError::Refused(why) => {
                Self::plain(StatusCode::CONFLICT, "That does not fit", sentence(why.in_words()))
                    .who("You: go back and look how it stands now.")
            }
            EngineError::AssetRefused(refused) => {
                Self::plain(StatusCode::CONFLICT, "The tree stays as it is", refused.in_words())
                    .who("You: go back and look how it stands now.")
            }
            EngineError::CategoryRefused(refused) => {
                Self::plain(StatusCode::CONFLICT, "The categories stay as they are", refused.in_words())
                    .who("You: go back and look how they stand now.")
            }
            EngineError::RuleRefused(refused) => {
                Self::plain(StatusCode::CONFLICT, "The rules stay as they are", refused.in_words())
                    .who("You: go back and look how they stand now.")
            }
            EngineError::RulesUnreadable(_) => {
                Self::plain(StatusCode::UNPROCESSABLE_ENTITY, "This text cannot be read", sentence(&error.to_string()))
                    .who("You: go back and look at the text.")
            }
            EngineError::SignStays(refused) => {
                Self::plain(StatusCode::CONFLICT, "The sign stays", sentence(refused.in_words()))
                    .who("You: go back; the page of the bank feed says which rows are locked.")
            }
            EngineError::Conflict(what) => Self::plain(StatusCode::CONFLICT, "That does not fit", sentence(what))
                .who("You: go back, look how it stands now, and do it again if it still makes sense."),
            EngineError::Outside(fault) => Self::outside(*fault),
            EngineError::WrongPassword { .. } | EngineError::Throttled { .. } => {
                Self::plain(StatusCode::UNAUTHORIZED, "Sign in", error.to_string())
            }
            EngineError::Store(_) | EngineError::Vault(_) | EngineError::Inside(_) => {
                tracing::error!(%error, "a request failed");
                Self::inside()
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
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Renders a template.
pub(crate) fn page(template: &impl Template) -> Result<Html<String>, PageError> {
    template.render().map(Html).map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        PageError::inside()
    })
}
