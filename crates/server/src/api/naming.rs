//! The names that people choose from: payees and tags.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::problem::{ApiMember, Asked, Problem};

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
