//! Undo and redo: of a batch, and of one's own edits step by step.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::{Path, State};
use bankside_domain::batch::UndoTally;
use bankside_engine::{EngineError, SteppedBack};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::problem::{ApiMember, Asked, Problem, id};
use crate::pages::undo::later;

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

/// How to undo.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UndoParams {
    /// What later syncs do with the bank's rows that leave the books: `bring_in` them again while the bank still shows them, or
    /// `leave_out`, as if each had been deleted; `bring_in` if not said.
    later: Option<String>,
}

/// What undoing would do, counted in rows.
#[derive(Serialize, ToSchema)]
pub(crate) struct UndoPreviewBody {
    /// Rows that leave the books.
    leave: usize,
    /// Rows that come back into them.
    come_back: usize,
    /// Rows that become what they were before.
    change_back: usize,
    /// Rows that stay, because somebody has worked on them since.
    stay: usize,
    /// Rows of which only that stays which was written later.
    stay_in_part: usize,
    /// Rows that stay, because their period is locked.
    stay_locked: usize,
    /// Whether an account's opening balance becomes what it was before.
    opening_changes: bool,
    /// Whether pending transactions are treated as they were before.
    policy_changes: bool,
    /// Whether the bank's sign is read as it was before.
    sign_changes: bool,
    /// Whether a period is locked as it was before.
    lock_changes: bool,
    /// Whether an account belongs to the asset that it belonged to before.
    asset_changes: bool,
    /// Whether what a file says of balances counts as it did before.
    balances_change: bool,
}

/// Says what undoing a batch would do, and does nothing.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/batches/{batch}/undo",
    params(("organization" = String, Path), ("batch" = String, Path)),
    responses((status = OK, body = UndoPreviewBody), (status = CONFLICT, body = Problem)))]
pub(crate) async fn preview_undo(
    State(app): State<App>,
    member: ApiMember,
    Path((_, batch)): Path<(String, String)>,
) -> Result<Json<UndoPreviewBody>, Problem> {
    let plan = app.engine.preview_undo(member.asker(), id(&batch)?).await?;
    let tally = plan.tally();
    let UndoTally { leave, come_back, change_back, stay, stay_in_part, stay_locked, .. } = tally;
    let UndoTally {
        opening_changes, policy_changes, sign_changes, lock_changes, asset_changes, balances_change, ..
    } = tally;
    Ok(Json(UndoPreviewBody {
        leave,
        come_back,
        change_back,
        stay,
        stay_in_part,
        stay_locked,
        opening_changes,
        policy_changes,
        sign_changes,
        lock_changes,
        asset_changes,
        balances_change,
    }))
}

/// Undoes a batch, as far as nobody has built on it since.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/batches/{batch}/undo",
    params(("organization" = String, Path), ("batch" = String, Path), UndoParams),
    responses((status = OK, body = UndoneBody), (status = CONFLICT, body = Problem)))]
pub(crate) async fn undo(
    State(app): State<App>,
    member: ApiMember,
    Path((_, batch)): Path<(String, String)>,
    Asked(params): Asked<UndoParams>,
) -> Result<Json<UndoneBody>, Problem> {
    let later = params.later.as_deref().map(later).transpose()?.unwrap_or_default();
    let outcome = app.engine.undo_with(member.asker(), id(&batch)?, later).await?;
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
