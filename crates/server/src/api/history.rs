//! Undo and redo: of a batch, and of one's own edits step by step.

use axum::Json;
use axum::extract::{Path, State};
use bankside_engine::{EngineError, SteppedBack};
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Problem, id};

/// What undoing came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct UndoneBody {
    /// The batch that the undoing is; it can be undone too.
    batch: String,
    /// How many changes were taken back.
    taken_back: usize,
    /// How many stay, because they were worked on since.
    stay: usize,
}

/// Undoes a batch, as far as nobody has built on it since.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/batches/{batch}/undo",
    params(("organization" = String, Path), ("batch" = String, Path)),
    responses((status = OK, body = UndoneBody), (status = CONFLICT, body = Problem)))]
pub(crate) async fn undo(
    State(app): State<App>,
    member: ApiMember,
    Path((_, batch)): Path<(String, String)>,
) -> Result<Json<UndoneBody>, Problem> {
    let outcome = app.engine.undo(member.asker(), id(&batch)?).await?;
    Ok(Json(UndoneBody { batch: outcome.batch.to_string(), taken_back: outcome.taken_back, stay: outcome.stay.len() }))
}

/// An edit of one's own.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepBody {
    /// What it was, such as `Payee changed`.
    summary: String,
    /// When (RFC 3339).
    at: String,
}

impl StepBody {
    fn of(step: &bankside_engine::Step) -> Self {
        Self { summary: step.summary.clone(), at: step.made_at.to_string() }
    }
}

/// What one can take back and do again.
#[derive(Serialize, ToSchema)]
pub(crate) struct StepsBody {
    undo: Option<StepBody>,
    redo: Option<StepBody>,
}

/// What the signed-in person can take back and do again.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/history/mine",
    params(("organization" = String, Path)), responses((status = OK, body = StepsBody)))]
pub(crate) async fn mine(State(app): State<App>, member: ApiMember) -> Result<Json<StepsBody>, Problem> {
    let steps = app.engine.steps(member.asker()).await?;
    let first = |steps: &[bankside_engine::Step]| steps.first().map(StepBody::of);
    Ok(Json(StepsBody { undo: first(&steps.undo), redo: first(&steps.redo) }))
}

/// A step that was taken back or done again.
#[derive(Serialize, ToSchema)]
pub(crate) struct SteppedBody {
    batch: String,
    undone: StepBody,
    /// How many changes were taken back.
    taken_back: usize,
    /// How many stay, because somebody has worked on them since.
    stay: usize,
}

impl SteppedBody {
    fn of(stepped: &SteppedBack) -> Self {
        Self {
            batch: stepped.outcome.batch.to_string(),
            undone: StepBody::of(&stepped.step),
            taken_back: stepped.outcome.taken_back,
            stay: stepped.outcome.stay.len(),
        }
    }
}

/// Takes back one's latest edit.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/undo", params(("organization" = String, Path)),
    responses((status = OK, body = SteppedBody), (status = CONFLICT, body = Problem)))]
pub(crate) async fn undo_step(State(app): State<App>, member: ApiMember) -> Result<Json<SteppedBody>, Problem> {
    match app.engine.undo_step(member.asker()).await {
        Ok(stepped) => Ok(Json(SteppedBody::of(&stepped))),
        Err(EngineError::Conflict(what)) => Err(Problem::conflict("nothing_to_undo", crate::error::sentence(what))),
        Err(error) => Err(error.into()),
    }
}

/// Does again what one took back last.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/redo", params(("organization" = String, Path)),
    responses((status = OK, body = SteppedBody), (status = CONFLICT, body = Problem)))]
pub(crate) async fn redo_step(State(app): State<App>, member: ApiMember) -> Result<Json<SteppedBody>, Problem> {
    match app.engine.redo_step(member.asker()).await {
        Ok(stepped) => Ok(Json(SteppedBody::of(&stepped))),
        Err(EngineError::Conflict(what)) => Err(Problem::conflict("nothing_to_redo", crate::error::sentence(what))),
        Err(error) => Err(error.into()),
    }
}
