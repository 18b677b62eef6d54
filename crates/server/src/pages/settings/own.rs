//! The person's own address and password.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bankside_domain::Secret;
use bankside_engine::{AddressChanged, EngineError};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::shell;
use crate::session::{self, Member};
use crate::view::FieldView;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "own.html")]
struct OwnHtml {
    shell: Shell,
    done: Option<String>,
    sends_mail: bool,
    /// An address that waits for its link to be opened.
    waiting: Option<String>,
    email: FieldView,
    /// The password that they have, in the form for the address.
    address_password: FieldView,
    /// The same in the form for the password.
    current: FieldView,
    password: FieldView,
}

#[derive(Template)]
#[template(path = "address.html")]
struct AddressHtml {
    name: String,
    email: String,
    token: String,
    /// Whether it holds.
    is_taken: bool,
    wrong: Option<String>,
}

/// What a page says beside its forms.
#[derive(Default)]
struct Said {
    done: Option<String>,
    email: Option<String>,
    /// The form, the field, and what is wrong with it.
    wrong: Option<(Which, &'static str, String)>,
}

/// Which of the two forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Address,
    Password,
}

async fn own_page(app: &App, member: &Member, said: Said) -> Result<Response, PageError> {
    let shell = shell(app, member, Place::Settings, None).await?;
    let view = |form: Which, name: &str, value: String| FieldView {
        value,
        error: said
            .wrong
            .as_ref()
            .filter(|(which, field, _)| *which == form && *field == name)
            .map(|wrong| wrong.2.clone()),
    };
    let email = said.email.clone().or_else(|| member.person.email.clone()).unwrap_or_default();
    let html = OwnHtml {
        sends_mail: app.engine.sends_mail(),
        waiting: app.engine.address_in_waiting(&member.person).await?,
        email: view(Which::Address, "email", email),
        address_password: view(Which::Address, "current", String::new()),
        current: view(Which::Password, "current", String::new()),
        password: view(Which::Password, "password", String::new()),
        done: said.done.clone(),
        shell,
    };
    let status = if said.wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&html)?).into_response())
}

/// What was wrong, where the person can mend it.
fn wrong(form: Which, error: EngineError) -> Result<(Which, &'static str, String), PageError> {
    match error {
        EngineError::Invalid { field, message } => Ok((form, field, message)),
        EngineError::Conflict(why) if form == Which::Address => Ok((form, "email", sentence(why))),
        EngineError::Throttled { .. } => {
            Ok((form, "current", "Too many tries. Wait a while, then try again.".to_owned()))
        }
        error => Err(error.into()),
    }
}

/// The page.
pub(crate) async fn show(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    own_page(&app, &member, Said::default()).await
}

/// Another address.
#[derive(Deserialize)]
pub(crate) struct AddressForm {
    #[serde(default)]
    email: String,
    address_password: String,
}

/// Changes the address, or sends a link there.
pub(crate) async fn change_address(
    State(app): State<App>,
    mut member: Member,
    Form(form): Form<AddressForm>,
) -> Result<Response, PageError> {
    let current = Secret::new(form.address_password);
    let said = match app.engine.change_address(member.asker(), &member.person, current, &form.email).await {
        Ok(AddressChanged::LinkSent) => {
            let email = form.email.trim();
            Said {
                done: Some(format!("A link is on its way to {email}. The address holds once it is opened.")),
                ..Said::default()
            }
        }
        Ok(AddressChanged::AtOnce) => {
            let email = form.email.trim();
            member.person.email = (!email.is_empty()).then(|| email.to_owned());
            let done = if email.is_empty() { "You have no address any more." } else { "Your address is changed." };
            Said { done: Some(done.to_owned()), ..Said::default() }
        }
        Err(error) => Said { wrong: Some(wrong(Which::Address, error)?), email: Some(form.email), ..Said::default() },
    };
    own_page(&app, &member, said).await
}

/// Another password.
#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    current: String,
    password: String,
}

/// Changes the password; whoever is signed in elsewhere is signed out.
pub(crate) async fn change_password(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Form(form): Form<PasswordForm>,
) -> Result<Response, PageError> {
    let token = session::token(&headers, &app.engine.settings().public_url).unwrap_or_default();
    let (current, new) = (Secret::new(form.current), Secret::new(form.password));
    let said = match app.engine.change_password(&member.person, current, new, &token).await {
        Ok(()) => {
            let done = "Your password is changed. Wherever else you were signed in, you are signed out.".to_owned();
            Said { done: Some(done), ..Said::default() }
        }
        Err(error) => Said { wrong: Some(wrong(Which::Password, error)?), ..Said::default() },
    };
    own_page(&app, &member, said).await
}

fn over() -> PageError {
    PageError::plain(
        StatusCode::NOT_FOUND,
        "This link does not work any more",
        "It was used already, another one has taken its place, or its time is over.",
    )
    .who("You: ask for another one in the settings.")
}

async fn wanted(app: &App, token: &str) -> Result<(String, String), PageError> {
    match app.engine.wanted_address(token).await {
        Err(EngineError::NotFound(_)) => Err(over()),
        wanted => Ok(wanted?),
    }
}

/// Where the link in the mail leads: opening a page changes nothing yet, because programs that read mail open pages, too.
pub(crate) async fn address(State(app): State<App>, Path(token): Path<String>) -> Result<Response, PageError> {
    let (name, email) = wanted(&app, &token).await?;
    Ok(page(&AddressHtml { name, email, token, is_taken: false, wrong: None })?.into_response())
}

/// The address holds from now on.
pub(crate) async fn take_address(State(app): State<App>, Path(token): Path<String>) -> Result<Response, PageError> {
    let (name, email) = wanted(&app, &token).await?;
    let (status, is_taken, wrong) = match app.engine.take_address(&token).await {
        Ok(()) => (StatusCode::OK, true, None),
        Err(EngineError::NotFound(_)) => return Err(over()),
        Err(EngineError::Conflict(why)) => (StatusCode::CONFLICT, false, Some(sentence(why))),
        Err(error) => return Err(error.into()),
    };
    Ok((status, page(&AddressHtml { name, email, token, is_taken, wrong })?).into_response())
}
