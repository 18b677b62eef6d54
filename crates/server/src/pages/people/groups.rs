//! Groups: named places that members have in common.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{Code, GroupId, Role};
use bankside_engine::EngineError;
use serde::Deserialize;

use super::forms::{again, asset};
use super::{Said, Tab};
use crate::App;
use crate::error::PageError;
use crate::session::Member;

/// A group as it is typed.
#[derive(Deserialize)]
pub(crate) struct GroupForm {
    name: String,
    role: String,
    #[serde(default)]
    asset: String,
}

fn role(text: &str) -> Result<Role, PageError> {
    Role::from_code(text).map_err(|_| PageError::not_found())
}

pub(super) fn group_id(text: &str) -> Result<GroupId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

async fn then(
    app: &App,
    member: &Member,
    organization: &str,
    result: Result<(), EngineError>,
) -> Result<Response, PageError> {
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/o/{organization}/people?tab=groups")).into_response()),
        Err(error) => again(app, member, Tab::Groups, error, Said::default()).await,
    }
}

/// Adds a group. Where there are assets, what its members see is asked next: before anybody is in it.
pub(crate) async fn add(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<GroupForm>,
) -> Result<Response, PageError> {
    let (role, asset) = (role(&form.role)?, asset(&form.asset)?);
    let added = app.engine.add_group(member.asker(), &form.name, role, asset).await;
    match added {
        Ok(group) if role < Role::Admin && !app.engine.tree(member.asker()).await?.is_empty() => {
            Ok(Redirect::to(&format!("/o/{organization}/people/groups/{group}/sees")).into_response())
        }
        added => then(&app, &member, &organization, added.map(|_| ())).await,
    }
}

/// Changes a group.
pub(crate) async fn change(
    State(app): State<App>,
    member: Member,
    Path((organization, group)): Path<(String, String)>,
    Form(form): Form<GroupForm>,
) -> Result<Response, PageError> {
    let (group, role, asset) = (group_id(&group)?, role(&form.role)?, asset(&form.asset)?);
    let changed = app.engine.change_group(member.asker(), group, &form.name, role, asset).await;
    then(&app, &member, &organization, changed).await
}

/// Removes a group.
pub(crate) async fn remove(
    State(app): State<App>,
    member: Member,
    Path((organization, group)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let removed = app.engine.remove_group(member.asker(), group_id(&group)?).await;
    then(&app, &member, &organization, removed).await
}
