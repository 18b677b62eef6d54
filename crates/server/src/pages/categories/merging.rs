//! Two categories become one: what that would change, and doing it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::CategoryId;
use serde::Deserialize;

use super::{category_id, refusal, require};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "category_merge.html")]
struct MergeHtml {
    shell: Shell,
    from: String,
    into: String,
    into_id: String,
    /// How many transactions the person is told.
    count: i64,
    transactions: String,
    mappings: Option<String>,
    /// How many plans plan for the one that goes, as the beginning of a sentence.
    plans: Option<String>,
    back: String,
    error: Option<String>,
}

/// Into which one.
#[derive(Deserialize)]
pub(crate) struct Into {
    #[serde(default)]
    into: String,
}

/// Into which one, and how many transactions the person was told.
#[derive(Deserialize)]
pub(crate) struct MergeForm {
    into: String,
    count: i64,
}

/// Says what merging would change.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, category)): Path<(String, String)>,
    Query(asked): Query<Into>,
) -> Result<Response, PageError> {
    merge_page(&app, &member, category_id(&category)?, category_id(&asked.into)?, None).await
}

async fn merge_page(
    app: &App,
    member: &Member,
    from: CategoryId,
    into: CategoryId,
    error: Option<String>,
) -> Result<Response, PageError> {
    require(member)?;
    let views = app.engine.categories_in_use(member.asker()).await?;
    let find = |id| views.iter().find(|view| view.category.id == id).ok_or_else(PageError::not_found);
    let (goes, stays) = (find(from)?, find(into)?);
    let shell = shell(app, member, Place::Settings, None).await?;
    let today = &shell.today;
    let html = MergeHtml {
        from: goes.category.path.clone(),
        into: stays.category.path.clone(),
        into_id: into.to_string(),
        count: goes.used.transactions,
        transactions: today.counted(goes.used.transactions, "transaction becomes", "transactions become"),
        mappings: (goes.used.mappings > 0).then(|| today.counted(goes.used.mappings, "mapping leads", "mappings lead")),
        plans: (goes.used.plans > 0).then(|| today.counted(goes.used.plans, "plan plans", "plans plan")),
        back: shell.at(&format!("categories/{from}")),
        error,
        shell,
    };
    let status = if html.error.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    Ok((status, page(&html)?).into_response())
}

/// Merges, and goes back to the list.
pub(crate) async fn merge(
    State(app): State<App>,
    member: Member,
    Path((organization, category)): Path<(String, String)>,
    Form(form): Form<MergeForm>,
) -> Result<Response, PageError> {
    require(&member)?;
    let (from, into) = (category_id(&category)?, category_id(&form.into)?);
    let categories = app.engine.categories(member.asker()).await?;
    let path =
        categories.into_iter().find(|one| one.id == from).map(|one| one.path).ok_or_else(PageError::not_found)?;
    match app.engine.merge_categories(member.asker(), from, into, Some(form.count)).await {
        Ok(merged) => {
            let mut said = url::form_urlencoded::Serializer::new(String::new());
            said.append_pair("merged", &path).append_pair("changed", &merged.changed.to_string());
            if let Some(batch) = merged.batch {
                said.append_pair("batch", &batch.to_string());
            }
            Ok(Redirect::to(&format!("/o/{organization}/categories?{}", said.finish())).into_response())
        }
        Err(error) => {
            let says = refusal(error)?;
            merge_page(&app, &member, from, into, Some(says)).await
        }
    }
}
