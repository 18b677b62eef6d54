//! A visitor: walks the consent pages as a person would, for the demo and for programs that have no browser.
//!
//! It reads the same pages and posts the same forms that a browser would; nothing is skipped and nothing is known beforehand
//! but what to type.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use tower::ServiceExt;
use url::{Url, form_urlencoded};

use crate::Sandbox;

/// No walk has more pages.
const MAX_PAGES: usize = 12;
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// What the visitor types at the bank.
#[derive(Debug, Clone)]
pub struct Answers {
    /// The user id; `reject` is refused, `down` finds the bank down.
    pub user_id: String,
    /// The code.
    pub code: String,
    /// The password, where a page asks for one beside a code.
    pub pin: String,
    /// By what a bank is looked for, where a page asks for that. The first one that is found is taken.
    pub search: String,
    /// Whether to call it off on the first page.
    pub cancels: bool,
}

impl Default for Answers {
    fn default() -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            user_id: text("demo"),
            code: text("123456"),
            pin: text("demo"),
            search: text("Nordhafen"),
            cancels: false,
        }
    }
}

/// Why a walk did not end with a way back.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The link is none of the sandbox.
    #[error("{0} is no page of the sandbox")]
    Elsewhere(Url),
    /// A page answered unexpectedly.
    #[error("a consent page answered with {0}")]
    Answer(StatusCode),
    /// A page could not be read.
    #[error("a consent page cannot be read")]
    Unreadable,
    /// There are more pages than there should be.
    #[error("the consent pages do not end")]
    Endless,
}

impl Sandbox {
    /// Opens a link and walks to its end. Answers with the address to which the person is sent back.
    pub async fn visit(&self, link: &Url, answers: &Answers) -> Result<Url, VisitError> {
        let router = self.router();
        if link.origin().ascii_serialization() != self.origin() {
            return Err(VisitError::Elsewhere(link.clone()));
        }
        let query = link.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{query}", link.path());
        for _ in 0..MAX_PAGES {
            let page = send(&router, Method::GET, &path, Body::empty()).await?;
            if let Some(back) = away(&page) {
                return Ok(back);
            }
            let text = text_of(page).await?;
            let answer = send(&router, Method::POST, &path, Body::from(form(&text, answers)?)).await?;
            match answer.status() {
                StatusCode::SEE_OTHER => {}
                StatusCode::FOUND => return away(&answer).ok_or(VisitError::Unreadable),
                status => return Err(VisitError::Answer(status)),
            }
        }
        Err(VisitError::Endless)
    }
}

async fn send(router: &Router, method: Method, path: &str, body: Body) -> Result<Response<Body>, VisitError> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body)
        .map_err(|_| VisitError::Unreadable)?;
    let Ok(response) = router.clone().oneshot(request).await;
    Ok(response)
}

/// Where an answer leads, if it leads away.
fn away(answer: &Response<Body>) -> Option<Url> {
    if answer.status() != StatusCode::FOUND {
        return None;
    }
    Url::parse(answer.headers().get(header::LOCATION)?.to_str().ok()?).ok()
}

async fn text_of(page: Response<Body>) -> Result<String, VisitError> {
    if page.status() != StatusCode::OK {
        return Err(VisitError::Answer(page.status()));
    }
    let bytes = to_bytes(page.into_body(), MAX_PAGE_BYTES).await.map_err(|_| VisitError::Unreadable)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| VisitError::Unreadable)
}

/// Of these the first one that there is to choose is chosen.
const CHOICES: [&str; 3] = ["bank", "terms", "method"];

/// Fills in the form of a page: its step, what is typed, the first of each choice, and every account that may be ticked. A page
/// without steps has two buttons, and the second one says no.
fn form(page: &str, answers: &Answers) -> Result<String, VisitError> {
    let mut form = form_urlencoded::Serializer::new(String::new());
    let Some(step) = attributes(page, "name=\"step\" value=\"").into_iter().next() else {
        let buttons = attributes(page, "name=\"action\" value=\"");
        let pressed = buttons.get(usize::from(answers.cancels)).ok_or(VisitError::Unreadable)?;
        return Ok(form.append_pair("action", pressed).finish());
    };
    form.append_pair("step", step);
    if answers.cancels {
        form.append_pair("action", "cancel");
    }
    form.append_pair("user_id", &answers.user_id).append_pair("code", &answers.code);
    form.append_pair("pin", &answers.pin).append_pair("search", &answers.search);
    for name in CHOICES {
        if let Some(first) = attributes(page, &format!("name=\"{name}\" value=\"")).first() {
            form.append_pair(name, first);
        }
    }
    for account in attributes(page, "name=\"account\" value=\"") {
        form.append_pair("account", account);
    }
    Ok(form.finish())
}

/// The values that follow a text up to the closing quote.
fn attributes<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    page.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}
