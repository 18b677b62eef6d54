//! The door that an invitation opens: whoever holds its link joins, as somebody new or as who they are.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::Secret;
use bankside_engine::{EngineError, Invited};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::people::role_word;
use crate::session::{self, Visitor};
use crate::view::FieldView;
use crate::view::shell::address;

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationHtml {
    organization: String,
    invited_by: String,
    role: String,
    email: String,
    token: String,
    /// Who is signed in.
    person: Option<String>,
    name: FieldView,
    password: FieldView,
    wrong: Option<String>,
    is_plain_http: bool,
}

fn over() -> PageError {
    PageError::plain(
        StatusCode::NOT_FOUND,
        "This invitation does not work any more",
        "It was used already, was taken back, or its time is over.",
    )
    .who("Whoever invited you: ask them for another one.")
}

async fn invited(app: &App, token: &str) -> Result<Invited, PageError> {
    match app.engine.invited(token).await {
        Err(EngineError::NotFound(_)) => Err(over()),
        invited => Ok(invited?),
    }
}

fn html(app: &App, invited: Invited, token: String, person: Option<String>) -> InvitationHtml {
    InvitationHtml {
        organization: invited.organization_name,
        invited_by: invited.invited_by,
        role: role_word(invited.role).to_lowercase(),
        email: invited.email,
        token,
        person,
        name: FieldView::default(),
        password: FieldView::default(),
        wrong: None,
        is_plain_http: crate::security::is_plain_http(&app.engine.settings().public_url),
    }
}

/// Says who invites whom to what, and how to come in.
pub(crate) async fn show(
    State(app): State<App>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    let invited = invited(&app, &token).await?;
    let person = session::person(&app, &headers).await?;
    Ok(page(&html(&app, invited, token, person.map(|person| person.name)))?.into_response())
}

/// The one who is signed in joins.
pub(crate) async fn join(
    State(app): State<App>,
    Visitor(person): Visitor,
    Path(token): Path<String>,
) -> Result<Response, PageError> {
    let open = invited(&app, &token).await?;
    match app.engine.join(&token, person.id).await {
        Ok(organization) => Ok(Redirect::to(&address(organization, "overview")).into_response()),
        Err(EngineError::NotFound(_)) => Err(over()),
        Err(EngineError::Conflict(why)) => {
            let html = InvitationHtml { wrong: Some(sentence(why)), ..html(&app, open, token, Some(person.name)) };
            Ok((StatusCode::CONFLICT, page(&html)?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

/// Somebody new.
#[derive(Deserialize)]
pub(crate) struct AccountForm {
    name: String,
    password: String,
}

/// Somebody new joins, and is signed in.
pub(crate) async fn join_as_new(
    State(app): State<App>,
    Path(token): Path<String>,
    Form(form): Form<AccountForm>,
) -> Result<Response, PageError> {
    let open = invited(&app, &token).await?;
    let (field, message) = match app.engine.join_as_new(&token, &form.name, Secret::new(form.password)).await {
        Ok((signed_in, organization)) => {
            let home = &app.engine.settings().public_url;
            let cookie = session::begin(home, &signed_in, app.engine.ambient().now());
            return Ok((cookie, Redirect::to(&address(organization, "overview"))).into_response());
        }
        Err(EngineError::NotFound(_)) => return Err(over()),
        Err(EngineError::Invalid { field, message }) => (field, message),
        Err(EngineError::Conflict(_)) => {
            let message = "Somebody here has this name, or your address. If that is you, sign in instead.".to_owned();
            ("name", message)
        }
        Err(error) => return Err(error.into()),
    };
    let view = |name: &str, value: &str| FieldView {
        value: value.to_owned(),
        error: (name == field).then(|| message.clone()),
    };
    let again = InvitationHtml {
        name: view("name", &form.name),
        password: view("password", ""),
        ..html(&app, open, token, None)
    };
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&again)?).into_response())
}
