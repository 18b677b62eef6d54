//! The bank's page on which a person agrees or refuses (fact sheet §3, §4): for Open Finance, Meu Pluggy and the code
//! that is to be scanned.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use uuid::Uuid;

use super::connectors;
use super::execution::Question;
use super::fields::parse_uuid;
use crate::{Sandbox, SandboxError, page};

/// What the page's path starts with.
pub(super) const PATH: &str = "/pluggy-consent";

/// The page of an item.
pub(super) fn path_of(item: Uuid) -> String {
    format!("{PATH}/{item}")
}

#[derive(Template)]
#[template(path = "pluggy_consent.html")]
struct ConsentPage {
    bank: &'static str,
}

/// What was pressed.
#[derive(Deserialize)]
pub(super) struct Pressed {
    #[serde(default)]
    action: String,
}

fn nothing_open() -> Response {
    let text = "Nobody is asked anything here, or no longer. Begin again in the program that sent you.";
    page::notice(StatusCode::NOT_FOUND, "There is nothing to agree to", text)
}

/// Where a person is sent back, where the client has said so.
fn back(uri: Option<String>, item: Uuid) -> Response {
    let place = uri.and_then(|uri| {
        let mut url = url::Url::parse(&uri).ok()?;
        url.query_pairs_mut().append_pair("itemId", &item.to_string());
        HeaderValue::try_from(url.as_str()).ok()
    });
    match place {
        Some(place) => (StatusCode::FOUND, [(header::LOCATION, place)]).into_response(),
        None => page::notice(StatusCode::OK, "That was all", "You can go back to the program that sent you."),
    }
}

/// `GET`
pub(super) async fn show(State(sandbox): State<Sandbox>, Path(item): Path<String>) -> Response {
    let bank = parse_uuid(&item).and_then(|id| {
        sandbox.read(|state, _| {
            let item = state.pluggy.items.get(&id).filter(|item| is_open(item.question()))?;
            connectors::find(item.connector).map(|connector| connector.name)
        })
    });
    bank.map_or_else(nothing_open, |bank| page::html(StatusCode::OK, &ConsentPage { bank }))
}

fn is_open(question: Option<Question>) -> bool {
    matches!(question, Some(Question::Authorization | Question::Qr))
}

/// `POST`
pub(super) async fn submit(
    State(sandbox): State<Sandbox>,
    Path(item): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Response {
    let Some(id) = parse_uuid(&item) else { return nothing_open() };
    let switches = sandbox.switches();
    let answered = sandbox.change(|state, now| {
        state.pluggy.settle(now, &switches);
        let item = state.pluggy.items.get_mut(&id).filter(|item| is_open(item.question()));
        Ok::<_, SandboxError>(item.map(|item| {
            item.answer(if pressed.action == "refuse" { "refused" } else { "granted" }, now);
            item.oauth_redirect_uri.clone()
        }))
    });
    match answered {
        Ok(Some(uri)) => back(uri, id),
        Ok(None) => nothing_open(),
        Err(error) => page::notice(StatusCode::INTERNAL_SERVER_ERROR, "The sandbox itself failed", &error.to_string()),
    }
}
