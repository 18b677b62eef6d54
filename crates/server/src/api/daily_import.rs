//! The daily import.

use axum::Json;
use axum::extract::State;
use bankside_domain::schedule::DailyImport;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Body, Problem};

/// When an organization's syncs run by themselves.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct DailyImportBody {
    /// Whether they do.
    is_on: bool,
    /// At which hour of the organization's day, 0 to 23; each sync begins some minutes after it.
    hour: i8,
}

impl From<DailyImport> for DailyImportBody {
    fn from(daily: DailyImport) -> Self {
        Self { is_on: daily.is_on, hour: daily.hour }
    }
}

/// When syncs run by themselves. Not there where this server runs none.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/daily-import",
    params(("organization" = String, Path)),
    responses((status = OK, body = DailyImportBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn daily_import(State(app): State<App>, member: ApiMember) -> Result<Json<DailyImportBody>, Problem> {
    Ok(Json(app.engine.daily_import(member.asker()).await?.ok_or_else(Problem::not_found)?.into()))
}

/// Sets when syncs run by themselves.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/daily-import",
    params(("organization" = String, Path)), request_body = DailyImportBody,
    responses((status = OK, body = DailyImportBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn set_daily_import(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<DailyImportBody>,
) -> Result<Json<DailyImportBody>, Problem> {
    let daily = DailyImport { is_on: body.is_on, hour: body.hour };
    app.engine.set_daily_import(member.asker(), daily).await?;
    Ok(Json(daily.into()))
}
