//! The consent in the browser (fact sheet §4): what `url` of an authorisation leads to. First the provider's own page, then
//! the bank's, and back with a code or an error.
//!
//! Plain forms, no scripts: each form posts to the page's own address, and a form of another step than the current one
//! changes nothing.

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::banks::{self, Bank};
use super::records::{Authorization, Code, Step};
use crate::{Sandbox, SandboxError, page};

/// Where the pages are.
pub(super) const PATH: &str = "/enablebanking-pages/auth";

/// User ids at which the bank ends a walk.
const REFUSED_USER: &str = "reject";
const FAILING_USER: &str = "down";

#[derive(Template)]
#[template(path = "enablebanking_walk.html")]
struct WalkPage<'a> {
    action: String,
    bank: &'a Bank,
    logo: String,
    step: &'static str,
    asker: String,
    until: String,
    is_decoupled: bool,
    problem: bool,
}

/// What comes after a form.
enum Next {
    Show { problem: bool },
    Again,
    Away(Result<String, (&'static str, &'static str)>),
}

/// `GET`.
pub(super) async fn show(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    let found = Uuid::try_parse(&id).ok().and_then(|id| {
        sandbox.read(|state, _| state.enablebanking.authorizations.get(&id).cloned()).map(|found| (id, found))
    });
    match found {
        Some((_, over)) if over.step == Step::Over => used_up(),
        Some((id, authorization)) => draw(&sandbox, id, &authorization, false),
        None => unknown(),
    }
}

/// `POST`.
pub(super) async fn submit(State(sandbox): State<Sandbox>, Path(id): Path<String>, body: Bytes) -> Response {
    let Ok(id) = Uuid::try_parse(&id) else { return unknown() };
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let code = BASE64URL_NOPAD.encode(&[*sandbox.uuid().as_bytes(), *sandbox.uuid().as_bytes()].concat());
    let done = sandbox.change(|state, now| {
        let Some(authorization) = state.enablebanking.authorizations.get_mut(&id) else { return Ok(None) };
        let next = take(authorization, &fields, code, now);
        Ok::<_, SandboxError>(Some((authorization.clone(), next)))
    });
    match done {
        Ok(Some((_, Next::Again))) => Redirect::to(&format!("{PATH}/{id}")).into_response(),
        Ok(Some((authorization, Next::Show { problem }))) => draw(&sandbox, id, &authorization, problem),
        Ok(Some((authorization, Next::Away(end)))) => away(&authorization, &end),
        Ok(None) => unknown(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn word(step: Step) -> &'static str {
    match step {
        Step::Consent => "consent",
        Step::SignIn => "sign_in",
        Step::Over => "over",
    }
}

fn take(authorization: &mut Authorization, fields: &[(String, String)], code: String, now: Timestamp) -> Next {
    let get = |name: &str| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim());
    if get("step") != word(authorization.step) {
        return Next::Again;
    }
    if get("action") == "cancel" && authorization.step != Step::Over {
        authorization.step = Step::Over;
        return Next::Away(Err(("access_denied", "Cancelled by user")));
    }
    match authorization.step {
        Step::Over => Next::Again,
        Step::Consent => {
            authorization.step = Step::SignIn;
            Next::Again
        }
        Step::SignIn => match get("user_id") {
            "" => Next::Show { problem: true },
            REFUSED_USER => {
                authorization.step = Step::Over;
                Next::Away(Err(("access_denied", "Denied by the bank")))
            }
            FAILING_USER => {
                authorization.step = Step::Over;
                Next::Away(Err(("server_error", "Error interacting with ASPSP")))
            }
            _ => {
                authorization.step = Step::Over;
                authorization.code = Some(Code { text: code.clone(), issued: now, is_used: false });
                Next::Away(Ok(code))
            }
        },
    }
}

fn draw(sandbox: &Sandbox, id: Uuid, authorization: &Authorization, problem: bool) -> Response {
    let Some(bank) = banks::by_id(&authorization.asked.bank) else { return unknown() };
    let asker = Url::parse(&authorization.redirect_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let page = WalkPage {
        action: format!("{PATH}/{id}"),
        bank,
        logo: sandbox.url(&format!("/gocardless/logos/{}.svg", bank.directory_id)),
        step: word(authorization.step),
        asker: asker.unwrap_or_default(),
        until: authorization.asked.valid_until.strftime("%-d %B %Y").to_string(),
        is_decoupled: bank.approaches == ["DECOUPLED"],
        problem,
    };
    page::html(if problem { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }, &page)
}

/// Back to the program, with what the person brings (fact sheet §4).
fn away(authorization: &Authorization, end: &Result<String, (&str, &str)>) -> Response {
    let Ok(mut url) = Url::parse(&authorization.redirect_url) else { return unknown() };
    {
        let mut query = url.query_pairs_mut();
        match end {
            Ok(code) => query.append_pair("code", code),
            Err((error, about)) => query.append_pair("error", error).append_pair("error_description", about),
        };
        query.append_pair("state", &authorization.state);
    }
    match HeaderValue::try_from(url.as_str()) {
        Ok(place) => (StatusCode::FOUND, [(header::LOCATION, place)]).into_response(),
        Err(_) => unknown(),
    }
}

fn used_up() -> Response {
    let text = "This authorisation is over. Start again in the program that sent you here.";
    page::notice(StatusCode::GONE, "This link has been used", text)
}

fn unknown() -> Response {
    let text = "There is no authorisation behind this link. Start again in the program that sent you here.";
    page::notice(StatusCode::NOT_FOUND, "This link is not known", text)
}
