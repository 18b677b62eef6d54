//! Below which asset a member or a group sees: a page of its own, because a tree has no room in a row.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{AssetId, GroupId, PersonId, Right};
use bankside_engine::{EngineError, MembersView, Placing};
use serde::Deserialize;

use super::forms::{asset, mendable};
use super::groups::group_id;
use super::{Tab, own_asset, person_id};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::picker::{Picker, Picking};
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "people_sees.html")]
struct SeesHtml {
    shell: Shell,
    name: String,
    back: String,
    picker: Picker,
    wrong: Option<String>,
}

/// What is searched for.
#[derive(Deserialize)]
pub(crate) struct Finding {
    #[serde(default)]
    find: String,
}

/// What was chosen; blank is everything.
#[derive(Deserialize)]
pub(crate) struct SeesForm {
    #[serde(default)]
    asset: String,
}

/// Whose sight it is.
#[derive(Clone, Copy)]
enum Whose {
    Member(PersonId),
    Group(GroupId),
}

impl Whose {
    fn tab(self) -> Tab {
        match self {
            Self::Member(_) => Tab::Active,
            Self::Group(_) => Tab::Groups,
        }
    }

    /// Their name, and below which asset they see. Of a member whose group says that, there is no such page.
    fn of(self, view: &MembersView) -> Result<(String, Option<AssetId>), PageError> {
        let found = match self {
            Self::Member(id) => {
                let member = view.members.iter().find(|member| member.person == id);
                member.and_then(|member| Some((member.name.clone(), own_asset(view, member)?)))
            }
            Self::Group(id) => {
                view.groups.iter().find(|group| group.id == id).map(|group| (group.name.clone(), group.asset))
            }
        };
        found.ok_or_else(PageError::not_found)
    }
}

/// Everything, or one asset and what lies below it.
pub(super) fn picking(shell: &Shell, chosen: Option<AssetId>, find: String, legend: String) -> Picker {
    Picking { tree: &shell.tree, legend, none: Some("Everything"), chosen: Some(chosen), find, off: &|_| None }.make()
}

async fn sees_page(
    app: &App,
    member: &Member,
    whose: Whose,
    find: String,
    wrong: Option<(Option<AssetId>, String)>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManagePeople).map_err(EngineError::from)?;
    let (name, holds) = whose.of(&app.engine.members(member.asker()).await?)?;
    let shell = shell(app, member, Place::Settings, None).await?;
    let (status, chosen, wrong) = match wrong {
        Some((chosen, message)) => (StatusCode::UNPROCESSABLE_ENTITY, chosen, Some(message)),
        None => (StatusCode::OK, holds, None),
    };
    let legend = match whose {
        Whose::Member(_) => format!("What does {name} see?"),
        Whose::Group(_) => format!("What do members of {name} see?"),
    };
    let picker = picking(&shell, chosen, find, legend);
    let html = SeesHtml { name, back: shell.at(whose.tab().path()), picker, wrong, shell };
    Ok((status, page(&html)?).into_response())
}

async fn save(
    app: &App,
    member: &Member,
    organization: &str,
    whose: Whose,
    form: &SeesForm,
) -> Result<Response, PageError> {
    let asset = asset(&form.asset)?;
    let view = app.engine.members(member.asker()).await?;
    let asker = member.asker();
    let result = match whose {
        Whose::Member(id) => {
            let of = view.members.iter().find(|member| member.person == id).ok_or_else(PageError::not_found)?;
            app.engine.place_member(asker, id, Placing { role: of.role, group: of.group, asset }).await
        }
        Whose::Group(id) => {
            let of = view.groups.iter().find(|group| group.id == id).ok_or_else(PageError::not_found)?;
            app.engine.change_group(asker, id, &of.name, of.role, asset).await
        }
    };
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/o/{organization}/{}", whose.tab().path())).into_response()),
        Err(error) => {
            let message = mendable(error)?;
            sees_page(app, member, whose, String::new(), Some((asset, message))).await
        }
    }
}

/// Asks what a member sees.
pub(crate) async fn of_member(
    State(app): State<App>,
    member: Member,
    Path((_, person)): Path<(String, String)>,
    Query(query): Query<Finding>,
) -> Result<Response, PageError> {
    sees_page(&app, &member, Whose::Member(person_id(&person)?), query.find, None).await
}

/// Has a member see that.
pub(crate) async fn save_of_member(
    State(app): State<App>,
    member: Member,
    Path((organization, person)): Path<(String, String)>,
    Form(form): Form<SeesForm>,
) -> Result<Response, PageError> {
    save(&app, &member, &organization, Whose::Member(person_id(&person)?), &form).await
}

/// Asks what the members of a group see.
pub(crate) async fn of_group(
    State(app): State<App>,
    member: Member,
    Path((_, group)): Path<(String, String)>,
    Query(query): Query<Finding>,
) -> Result<Response, PageError> {
    sees_page(&app, &member, Whose::Group(group_id(&group)?), query.find, None).await
}

/// Has the members of a group see that.
pub(crate) async fn save_of_group(
    State(app): State<App>,
    member: Member,
    Path((organization, group)): Path<(String, String)>,
    Form(form): Form<SeesForm>,
) -> Result<Response, PageError> {
    save(&app, &member, &organization, Whose::Group(group_id(&group)?), &form).await
}
