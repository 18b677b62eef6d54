//! Removing a member, leaving, and handing over before an owner leaves.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{PersonId, Right, Role};
use bankside_engine::EngineError;
use serde::Deserialize;

use super::person_id;
use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "remove_member.html")]
struct RemoveHtml {
    shell: Shell,
    name: String,
}

#[derive(Template)]
#[template(path = "leave.html")]
struct LeaveHtml {
    shell: Shell,
    /// Whether somebody else must become an owner first.
    is_last_owner: bool,
    /// Whether the person owns it, and may hand over.
    is_owner: bool,
    /// To whom: id and name.
    others: Vec<(String, String)>,
    wrong: Option<String>,
}

/// Asks whether a member shall be removed.
pub(crate) async fn remove_form(
    State(app): State<App>,
    member: Member,
    Path((_, person)): Path<(String, String)>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManagePeople).map_err(EngineError::from)?;
    let person = person_id(&person)?;
    let view = app.engine.members(member.asker()).await?;
    let one = view.members.into_iter().find(|one| one.person == person).ok_or_else(PageError::not_found)?;
    let shell = shell(&app, &member, Place::Settings, None).await?;
    Ok(page(&RemoveHtml { shell, name: one.name })?.into_response())
}

/// Removes a member.
pub(crate) async fn remove(
    State(app): State<App>,
    member: Member,
    Path((organization, person)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    app.engine.remove_member(member.asker(), person_id(&person)?).await?;
    Ok(Redirect::to(&format!("/o/{organization}/people")))
}

async fn leave_page(app: &App, member: &Member, wrong: Option<String>) -> Result<Response, PageError> {
    let is_owner = member.asker().role() == Role::Owner;
    // Whoever sees less than all knows nobody here, and has nothing to hand over.
    let members =
        if member.asker().is_restricted() { Vec::new() } else { app.engine.members(member.asker()).await?.members };
    let others = members.iter().filter(|one| one.person != member.person.id);
    let is_last_owner = is_owner && !others.clone().any(|one| one.role == Role::Owner);
    let shell = shell(app, member, Place::Settings, None).await?;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = LeaveHtml {
        is_last_owner,
        is_owner,
        others: others.map(|one| (one.person.to_string(), one.name.clone())).collect(),
        wrong,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// Asks whether the person wants to leave.
pub(crate) async fn leave_form(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    leave_page(&app, &member, None).await
}

/// Leaves.
pub(crate) async fn leave(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    match app.engine.leave(member.asker()).await {
        Ok(()) => Ok(Redirect::to("/").into_response()),
        Err(EngineError::Conflict(why)) => leave_page(&app, &member, Some(sentence(why))).await,
        Err(error) => Err(error.into()),
    }
}

/// To whom to hand over.
#[derive(Deserialize)]
pub(crate) struct HandOverForm {
    to: String,
}

/// Makes somebody else the owner.
pub(crate) async fn hand_over(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<HandOverForm>,
) -> Result<Response, PageError> {
    let to: PersonId = person_id(&form.to)?;
    match app.engine.hand_over(member.asker(), to).await {
        Ok(()) => Ok(Redirect::to(&format!("/o/{organization}/people")).into_response()),
        Err(EngineError::Conflict(why)) => leave_page(&app, &member, Some(sentence(why))).await,
        Err(error) => Err(error.into()),
    }
}
