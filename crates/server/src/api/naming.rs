//! The names that people choose from: categories, payees, tags.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};

/// A category.
#[derive(Serialize, ToSchema)]
pub(crate) struct CategoryBody {
    id: String,
    name: String,
    /// With the one above it, such as `House ▸ Repairs`.
    path: String,
    parent: Option<String>,
    /// How many lines have it.
    used: i64,
}

/// The categories of an organization, each after the one above it.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/categories",
    params(("organization" = String, Path)), responses((status = OK, body = [CategoryBody])))]
pub(crate) async fn categories(State(app): State<App>, member: ApiMember) -> Result<Json<Vec<CategoryBody>>, Problem> {
    let categories = app.engine.categories(member.asker()).await?;
    let body = |category: bankside_engine::Category| CategoryBody {
        id: category.id.to_string(),
        name: category.name,
        path: category.path,
        parent: category.parent.map(|parent| parent.to_string()),
        used: category.used,
    };
    Ok(Json(categories.into_iter().map(body).collect()))
}

/// A category to add.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCategoryBody {
    name: String,
    /// The one above it, which has none above itself.
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

/// Which payees to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PayeesQuery {
    /// With this text in their names.
    #[serde(default)]
    search: String,
    /// How many, at most 100; absent is 20.
    limit: Option<i64>,
}

/// A payee.
#[derive(Serialize, ToSchema)]
pub(crate) struct PayeeBody {
    id: String,
    name: String,
    /// The category that its latest categorised transaction has.
    last_category_id: Option<String>,
    /// That category's path.
    last_category: Option<String>,
}

/// Payees, those met last first.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/payees",
    params(("organization" = String, Path), PayeesQuery), responses((status = OK, body = [PayeeBody])))]
pub(crate) async fn payees(
    State(app): State<App>,
    member: ApiMember,
    Asked(asked): Asked<PayeesQuery>,
) -> Result<Json<Vec<PayeeBody>>, Problem> {
    let payees = app.engine.payees(member.asker(), &asked.search, asked.limit.unwrap_or(20)).await?;
    let body = |payee: bankside_engine::Payee| {
        let (last_category_id, last_category) = payee.last_category.unzip();
        let last_category_id = last_category_id.map(|id| id.to_string());
        PayeeBody { id: payee.id.to_string(), name: payee.name, last_category_id, last_category }
    };
    Ok(Json(payees.into_iter().map(body).collect()))
}

/// A tag.
#[derive(Serialize, ToSchema)]
pub(crate) struct TagBody {
    id: String,
    /// Its word, without a mark in front.
    name: String,
}

/// The tags of an organization, by name.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/tags",
    params(("organization" = String, Path)), responses((status = OK, body = [TagBody])))]
pub(crate) async fn tags(State(app): State<App>, member: ApiMember) -> Result<Json<Vec<TagBody>>, Problem> {
    let tags = app.engine.tags(member.asker()).await?;
    Ok(Json(tags.into_iter().map(|tag| TagBody { id: tag.id.to_string(), name: tag.name }).collect()))
}
