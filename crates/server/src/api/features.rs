//! Features of the installation, which its operator can switch.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use bankside_engine::{FeatureView, Person};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{Body, Problem};
use crate::error::PageError;
use crate::session;

/// A feature.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeatureBody {
    key: &'static str,
    name: &'static str,
    says: &'static str,
    is_on: bool,
    /// Whether the configuration says how it stands; then it cannot be switched here.
    is_fixed: bool,
}

impl From<FeatureView> for FeatureBody {
    fn from(view: FeatureView) -> Self {
        let FeatureView { feature, is_on, fixed_by } = view;
        Self { key: feature.key, name: feature.name, says: feature.says, is_on, is_fixed: fixed_by.is_some() }
    }
}

/// How a feature is to stand.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SwitchBody {
    is_on: bool,
}

async fn visitor(app: &App, headers: &HeaderMap) -> Result<Person, Problem> {
    Ok(session::person(app, headers).await?.ok_or_else(PageError::sign_in)?)
}

/// The features of this server.
#[utoipa::path(get, path = "/api/v1/features",
    responses((status = OK, body = [FeatureBody]), (status = UNAUTHORIZED, body = Problem)))]
pub(crate) async fn features(State(app): State<App>, headers: HeaderMap) -> Result<Json<Vec<FeatureBody>>, Problem> {
    visitor(&app, &headers).await?;
    Ok(Json(app.engine.features().await?.into_iter().map(Into::into).collect()))
}

/// Switches a feature for every organization of this server. Only its operator may.
#[utoipa::path(put, path = "/api/v1/features/{feature}", params(("feature" = String, Path)), request_body = SwitchBody,
    responses((status = OK, body = FeatureBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn switch(
    State(app): State<App>,
    headers: HeaderMap,
    Path(feature): Path<String>,
    Body(body): Body<SwitchBody>,
) -> Result<Json<FeatureBody>, Problem> {
    let person = visitor(&app, &headers).await?;
    Ok(Json(app.engine.switch_feature(&person, &feature, body.is_on).await?.into()))
}
