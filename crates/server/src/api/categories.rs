//! Categories: what lines are for.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::CategoryId;
use bankside_engine::CategoryView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Body, Problem, id};
use crate::api::transactions::present;

/// A category.
#[derive(Serialize, ToSchema)]
pub(crate) struct CategoryBody {
    id: String,
    name: String,
    /// With the one above it, such as `House ▸ Repairs`.
    path: String,
    parent: Option<String>,
    /// How many transactions of the books that are in sight have a line of it.
    used: i64,
    /// Whether it is one of the seven main categories of a company, which stay.
    is_fixed: bool,
}

/// The categories of an organization, each after the one above it.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/categories",
    params(("organization" = String, Path)), responses((status = OK, body = [CategoryBody])))]
pub(crate) async fn categories(State(app): State<App>, member: ApiMember) -> Result<Json<Vec<CategoryBody>>, Problem> {
    let categories = app.engine.categories_in_use(member.asker()).await?;
    let body = |CategoryView { category, used }: CategoryView| CategoryBody {
        id: category.id.to_string(),
        name: category.name,
        path: category.path,
        parent: category.parent.map(|parent| parent.to_string()),
        used: used.transactions,
        is_fixed: category.is_fixed,
    };
    Ok(Json(categories.into_iter().map(body).collect()))
}

/// A category to add.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCategoryBody {
    name: String,
    /// The one above it, which has none above itself. A company needs one.
    parent: Option<String>,
}

/// Adds a category.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/categories",
    params(("organization" = String, Path)), request_body = NewCategoryBody,
    responses((status = CREATED, body = MadeBody), (status = CONFLICT, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn add_category(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<NewCategoryBody>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let parent = body.parent.as_deref().map(id).transpose()?;
    let made = app.engine.add_category(member.asker(), &body.name, parent).await?;
    Ok((StatusCode::CREATED, Json(MadeBody { id: made.to_string() })))
}

/// Adds the usual categories of a household or of a company where there is none yet.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/categories/usual",
    params(("organization" = String, Path)),
    responses((status = NO_CONTENT), (status = CONFLICT, body = Problem)))]
pub(crate) async fn add_usual_categories(State(app): State<App>, member: ApiMember) -> Result<StatusCode, Problem> {
    app.engine.add_usual_categories(member.asker()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a category is to be; what is absent stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangedCategoryBody {
    name: Option<String>,
    /// The one above it; `null` makes it a main category.
    #[serde(default, deserialize_with = "present")]
    parent: Option<Option<String>>,
    /// The name that was seen. If it has another one by now, nothing changes.
    seen: Option<String>,
}

/// Gives a category another name, another place, or both.
#[utoipa::path(patch, path = "/api/v1/organizations/{organization}/categories/{category}",
    params(("organization" = String, Path), ("category" = String, Path)), request_body = ChangedCategoryBody,
    responses((status = NO_CONTENT), (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn change_category(
    State(app): State<App>,
    member: ApiMember,
    Path((_, category)): Path<(String, String)>,
    Body(body): Body<ChangedCategoryBody>,
) -> Result<StatusCode, Problem> {
    let category: CategoryId = id(&category)?;
    let parent = match body.parent {
        Some(Some(parent)) => Some(Some(id(&parent)?)),
        Some(None) => Some(None),
        None => None,
    };
    let (name, seen) = (body.name.as_deref(), body.seen.as_deref());
    app.engine.change_category(member.asker(), category, name, parent, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a category that nothing uses. What is used is refused, saying by what.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/categories/{category}",
    params(("organization" = String, Path), ("category" = String, Path)),
    responses((status = NO_CONTENT), (status = CONFLICT, body = Problem)))]
pub(crate) async fn delete_category(
    State(app): State<App>,
    member: ApiMember,
    Path((_, category)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.delete_category(member.asker(), id(&category)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Into which category one is merged.
#[derive(Deserialize, ToSchema)]
pub(crate) struct MergeBody {
    into: String,
    /// How many transactions were told to whoever decides. If there are others by now, nothing changes.
    transactions: Option<i64>,
}

/// What merging came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct MergedBody {
    /// The batch, which can be undone; absent where no row had the category.
    batch: Option<String>,
    /// How many transactions changed.
    changed: usize,
}

/// Makes one category of two. This one goes; its lines and its mappings are those of the other.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/categories/{category}/merge",
    params(("organization" = String, Path), ("category" = String, Path)), request_body = MergeBody,
    responses((status = OK, body = MergedBody), (status = CONFLICT, body = Problem)))]
pub(crate) async fn merge_category(
    State(app): State<App>,
    member: ApiMember,
    Path((_, category)): Path<(String, String)>,
    Body(body): Body<MergeBody>,
) -> Result<Json<MergedBody>, Problem> {
    let (from, into) = (id(&category)?, id(&body.into)?);
    let merged = app.engine.merge_categories(member.asker(), from, into, body.transactions).await?;
    Ok(Json(MergedBody { batch: merged.batch.map(|batch| batch.to_string()), changed: merged.changed }))
}
