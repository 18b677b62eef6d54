//! Plans for programs.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bankside_domain::AssetId;
use bankside_engine::csv::DecimalMark;
use bankside_engine::{EngineError, Plan, PlanBrought};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::cashflow::CashflowTableBody;
use crate::api::cashflow_rates::{SheetProblemBody, SheetRefusedBody, sheet_bytes};
use crate::api::problem::{ApiMember, Asked, Problem, id};

/// Whose plan.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanPlace {
    /// Of this asset; absent is of the organization.
    asset: Option<String>,
}

impl PlanPlace {
    fn asset(&self) -> Result<Option<AssetId>, Problem> {
        self.asset.as_deref().map(id).transpose()
    }
}

/// Whose plan, and how its file is to be read.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NewPlanAsked {
    /// Of this asset; absent is of the organization.
    asset: Option<String>,
    /// The name of the file, for people.
    #[serde(default)]
    name: String,
    /// `comma` or `point`: what stands before the decimals. It has to be said where the file can be read in two ways.
    decimals: Option<String>,
}

/// A plan.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanBody {
    id: String,
    /// The name of the file.
    name: String,
    brought_by: Option<String>,
    brought_at: String,
    /// When it was confirmed; before that it counts for nothing.
    confirmed_at: Option<String>,
    /// When another one took its place, or it was ended.
    ended_at: Option<String>,
    /// Whether it is the one that holds.
    holds: bool,
}

impl PlanBody {
    fn of(plan: &Plan) -> Self {
        Self {
            id: plan.id.to_string(),
            name: plan.name.clone(),
            brought_by: plan.brought_by.clone(),
            brought_at: plan.brought_at.to_string(),
            confirmed_at: plan.confirmed_at.map(|at| at.to_string()),
            ended_at: plan.ended_at.map(|at| at.to_string()),
            holds: plan.holds(),
        }
    }
}

/// A plan that was brought.
#[derive(Serialize, ToSchema)]
pub(crate) struct PlanDraftBody {
    /// It counts for nothing until it holds.
    id: String,
}

/// The plans of an asset or of the organization, the latest first.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/cashflow/plans",
    params(("organization" = String, Path), PlanPlace),
    responses((status = OK, body = Vec<PlanBody>), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn plans(
    State(app): State<App>,
    member: ApiMember,
    Asked(place): Asked<PlanPlace>,
) -> Result<Json<Vec<PlanBody>>, Problem> {
    let plans = app.engine.plans(member.asker(), place.asset()?).await?;
    Ok(Json(plans.iter().map(PlanBody::of).collect()))
}

/// What a plan plans, a table for each currency.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/cashflow/plans/{plan}",
    params(("organization" = String, Path), ("plan" = String, Path), PlanPlace),
    responses((status = OK, body = Vec<CashflowTableBody>), (status = FORBIDDEN, body = Problem),
        (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn plan(
    State(app): State<App>,
    member: ApiMember,
    Path((_, plan)): Path<(String, String)>,
    Asked(place): Asked<PlanPlace>,
) -> Result<Json<Vec<CashflowTableBody>>, Problem> {
    let tables = app.engine.plan_tables(member.asker(), place.asset()?, id(&plan)?).await?;
    Ok(Json(tables.iter().map(CashflowTableBody::of).collect()))
}

/// Brings a CSV file with the columns `month`, `category` and `amount`, perhaps `subcategory` and `currency`. It is kept to be looked at, or
/// nothing of it is.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/cashflow/plans",
    params(("organization" = String, Path), NewPlanAsked), request_body(content = String, content_type = "text/csv"),
    responses((status = OK, body = PlanDraftBody), (status = BAD_REQUEST, body = SheetRefusedBody),
        (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn bring_plan(
    State(app): State<App>,
    member: ApiMember,
    Asked(asked): Asked<NewPlanAsked>,
    request: Request,
) -> Result<Response, Problem> {
    let asset = asked.asset.as_deref().map(id).transpose()?;
    let decimals = match asked.decimals.as_deref() {
        None => None,
        Some("comma") => Some(DecimalMark::Comma),
        Some("point") => Some(DecimalMark::Point),
        Some(_) => return Err(EngineError::invalid("decimals", "`comma` and `point` are known.").into()),
    };
    match app.engine.bring_plan(member.asker(), asset, &asked.name, &sheet_bytes(request).await?, decimals).await? {
        PlanBrought::Draft(id) => Ok(Json(PlanDraftBody { id: id.to_string() }).into_response()),
        PlanBrought::Refused(problems) => {
            let problems = problems.into_iter().map(|problem| SheetProblemBody {
                line: problem.line,
                column: problem.column.name().to_owned(),
                says: problem.says,
            });
            let body = SheetRefusedBody { problems: problems.collect() };
            Ok((StatusCode::BAD_REQUEST, Json(body)).into_response())
        }
    }
}

/// Has a plan hold, whether it is new or ended before. The one that held until now ends.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/cashflow/plans/{plan}/hold",
    params(("organization" = String, Path), ("plan" = String, Path), PlanPlace),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn hold_plan(
    State(app): State<App>,
    member: ApiMember,
    Path((_, plan)): Path<(String, String)>,
    Asked(place): Asked<PlanPlace>,
) -> Result<StatusCode, Problem> {
    app.engine.hold_plan(member.asker(), place.asset()?, id(&plan)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the plan that holds. It can be brought back. One that does not hold is a conflict.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/cashflow/plans/{plan}/end",
    params(("organization" = String, Path), ("plan" = String, Path), PlanPlace),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn end_plan(
    State(app): State<App>,
    member: ApiMember,
    Path((_, plan)): Path<(String, String)>,
    Asked(place): Asked<PlanPlace>,
) -> Result<StatusCode, Problem> {
    app.engine.end_plan(member.asker(), place.asset()?, id(&plan)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets go a plan that was brought and never confirmed. One that was confirmed is a conflict.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/cashflow/plans/{plan}",
    params(("organization" = String, Path), ("plan" = String, Path), PlanPlace),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn discard_plan(
    State(app): State<App>,
    member: ApiMember,
    Path((_, plan)): Path<(String, String)>,
    Asked(place): Asked<PlanPlace>,
) -> Result<StatusCode, Problem> {
    app.engine.discard_plan(member.asker(), place.asset()?, id(&plan)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
