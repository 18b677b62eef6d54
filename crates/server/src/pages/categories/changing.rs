//! One category: its name, its place, and whether it goes.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{CategoryId, OrganizationKind};
use bankside_engine::CategoryView;
use serde::Deserialize;

use super::{category_id, refusal, require, used};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::FieldView;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "category.html")]
struct CategoryHtml {
    shell: Shell,
    path: String,
    /// Where this page is.
    url: String,
    is_fixed: bool,
    /// The name that the person has seen.
    seen: String,
    name: FieldView,
    /// Where it may stand: id and name; an empty id is as a main category.
    places: Vec<(String, String)>,
    place: String,
    used: String,
    is_used: bool,
    has_below: bool,
    /// The categories that it may become one with: id and path.
    others: Vec<(String, String)>,
    /// What refuses all of it.
    error: Option<String>,
}

/// What a category is to be.
#[derive(Deserialize)]
pub(crate) struct ChangeForm {
    name: String,
    parent: String,
    seen: String,
}

/// What was sent and why it does not do.
struct Wrong {
    form: Option<ChangeForm>,
    says: String,
}

/// Shows it.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, category)): Path<(String, String)>,
) -> Result<Response, PageError> {
    one_page(&app, &member, category_id(&category)?, None).await
}

async fn one_page(app: &App, member: &Member, id: CategoryId, wrong: Option<Wrong>) -> Result<Response, PageError> {
    require(member)?;
    let views = app.engine.categories_in_use(member.asker()).await?;
    let view = views.iter().find(|view| view.category.id == id).ok_or_else(PageError::not_found)?;
    let shell = shell(app, member, Place::Settings, None).await?;
    let has_below = views.iter().any(|other| other.category.parent == Some(id));
    let is_company = member.membership.organization.kind == OrganizationKind::Company;
    let parent = view.category.parent.map(|parent| parent.to_string()).unwrap_or_default();
    let status = if wrong.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let (form, error) = wrong.map(|wrong| (wrong.form, wrong.says)).unzip();
    let form = form.flatten();
    let html = CategoryHtml {
        path: view.category.path.clone(),
        url: shell.at(&format!("categories/{id}")),
        is_fixed: view.category.is_fixed,
        seen: view.category.name.clone(),
        places: places(&views, view, has_below, is_company),
        used: used(view.used, &shell.today),
        is_used: !view.used.is_none(),
        others: others(&views, id),
        name: FieldView::of(form.as_ref().map_or_else(|| view.category.name.clone(), |form| form.name.clone())),
        place: form.map_or(parent, |form| form.parent),
        has_below,
        error,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// Where a category may stand. What stands elsewhere already may stay there.
fn places(views: &[CategoryView], view: &CategoryView, has_below: bool, is_company: bool) -> Vec<(String, String)> {
    let mut places = Vec::new();
    if !is_company || view.category.parent.is_none() {
        places.push((String::new(), "Main category".to_owned()));
    }
    if !has_below {
        let mains = views.iter().map(|other| &other.category);
        let mains = mains.filter(|other| other.parent.is_none() && other.id != view.category.id);
        places.extend(mains.map(|main| (main.id.to_string(), format!("Below {}", main.name))));
    }
    places
}

/// Every other category: id and path.
pub(super) fn others(views: &[CategoryView], id: CategoryId) -> Vec<(String, String)> {
    let others = views.iter().map(|other| &other.category).filter(|other| other.id != id);
    others.map(|other| (other.id.to_string(), other.path.clone())).collect()
}

/// Gives it another name or place.
pub(crate) async fn change(
    State(app): State<App>,
    member: Member,
    Path((organization, category)): Path<(String, String)>,
    Form(form): Form<ChangeForm>,
) -> Result<Response, PageError> {
    let id = category_id(&category)?;
    let parent = if form.parent.is_empty() { None } else { Some(category_id(&form.parent)?) };
    let changed =
        app.engine.change_category(member.asker(), id, Some(&form.name), Some(parent), Some(&form.seen)).await;
    match changed {
        Ok(()) => Ok(Redirect::to(&format!("/o/{organization}/categories#c-{id}")).into_response()),
        Err(error) => {
            let says = refusal(error)?;
            one_page(&app, &member, id, Some(Wrong { form: Some(form), says })).await
        }
    }
}

/// Deletes it, if nothing uses it.
pub(crate) async fn delete(
    State(app): State<App>,
    member: Member,
    Path((organization, category)): Path<(String, String)>,
) -> Result<Response, PageError> {
    require(&member)?;
    let id = category_id(&category)?;
    let categories = app.engine.categories(member.asker()).await?;
    let path = categories.into_iter().find(|one| one.id == id).map(|one| one.path).ok_or_else(PageError::not_found)?;
    match app.engine.delete_category(member.asker(), id).await {
        Ok(()) => {
            let said = url::form_urlencoded::Serializer::new(String::new()).append_pair("deleted", &path).finish();
            Ok(Redirect::to(&format!("/o/{organization}/categories?{said}")).into_response())
        }
        Err(error) => {
            let says = refusal(error)?;
            one_page(&app, &member, id, Some(Wrong { form: None, says })).await
        }
    }
}
