//! Syncs and their runs.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::Code;
use bankside_engine::RunView;
use serde::Serialize;
use utoipa::ToSchema;

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Problem, id};

/// A run.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunBody {
    id: String,
    connection: String,
    /// `linked`, `renewed`, `person`, `schedule` or `webhook`.
    trigger: &'static str,
    /// `queued`, `running` or `finished`.
    state: &'static str,
    /// `done`, `partly` or `failed`, once it is finished.
    outcome: Option<&'static str>,
    /// What went wrong with all of it.
    fault: Option<FaultBody>,
    /// Calls that it spent.
    calls: i64,
    created_at: String,
    finished_at: Option<String>,
    accounts: Vec<RunAccountBody>,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct FaultBody {
    code: String,
    message: String,
    /// When trying again makes sense (RFC 3339).
    retry_at: Option<String>,
}

impl FaultBody {
    pub(crate) fn of(fault: &bankside_domain::fault::FaultRecord) -> Self {
        Self {
            code: fault.code.clone(),
            message: fault.message.clone(),
            retry_at: fault.retry_at.map(|at| at.to_string()),
        }
    }
}

/// One account of a run.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunAccountBody {
    account: String,
    /// `waiting`, `rows`, `balance`, `match`, `done` or `failed`.
    step: &'static str,
    rows_received: i64,
    added: i64,
    matched: i64,
    settled: i64,
    updated: i64,
    held_back: i64,
    /// The batch that can be undone, if the books changed.
    batch: Option<String>,
    fault: Option<FaultBody>,
}

impl From<RunView> for RunBody {
    fn from(view: RunView) -> Self {
        let accounts = view.accounts.iter().map(|account| {
            let counts = account.run.counts.unwrap_or_default();
            RunAccountBody {
                account: account.account.id.to_string(),
                step: account.run.step.code(),
                rows_received: account.run.rows_received,
                added: counts.added,
                matched: counts.matched,
                settled: counts.settled,
                updated: counts.updated,
                held_back: counts.held_back,
                batch: account.run.batch.map(|batch| batch.to_string()),
                fault: account.run.fault.as_ref().map(FaultBody::of),
            }
        });
        Self {
            id: view.run.id.to_string(),
            connection: view.run.connection.to_string(),
            trigger: view.run.trigger.code(),
            state: view.run.state.code(),
            outcome: view.run.outcome.map(Code::code),
            fault: view.run.fault.as_ref().map(FaultBody::of),
            calls: view.run.calls,
            created_at: view.run.created_at.to_string(),
            finished_at: view.run.finished_at.map(|at| at.to_string()),
            accounts: accounts.collect(),
        }
    }
}

/// Asks for a sync of everything; answers with the runs.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/sync", params(("organization" = String, Path)),
    responses((status = ACCEPTED, body = [MadeBody])))]
pub(crate) async fn sync_all(
    State(app): State<App>,
    member: ApiMember,
) -> Result<(StatusCode, Json<Vec<MadeBody>>), Problem> {
    let runs = app.engine.sync_all(member.asker()).await?;
    Ok((StatusCode::ACCEPTED, Json(runs.into_iter().map(|run| MadeBody { id: run.to_string() }).collect())))
}

/// Asks for a sync of one connection; answers with the run. One that waits or goes on already is the answer.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/connections/{connection}/sync",
    params(("organization" = String, Path), ("connection" = String, Path)),
    responses((status = ACCEPTED, body = MadeBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn sync_connection(
    State(app): State<App>,
    member: ApiMember,
    Path((_, connection)): Path<(String, String)>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let run = app.engine.sync_connection(member.asker(), id(&connection)?).await?;
    Ok((StatusCode::ACCEPTED, Json(MadeBody { id: run.to_string() })))
}

/// The latest runs, newest first.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/runs", params(("organization" = String, Path)),
    responses((status = OK, body = [RunBody])))]
pub(crate) async fn latest(State(app): State<App>, member: ApiMember) -> Result<Json<Vec<RunBody>>, Problem> {
    let views = app.engine.latest_runs(member.asker(), 50).await?;
    Ok(Json(views.into_iter().map(RunBody::from).collect()))
}

/// One run.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/runs/{run}",
    params(("organization" = String, Path), ("run" = String, Path)),
    responses((status = OK, body = RunBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn run(
    State(app): State<App>,
    member: ApiMember,
    Path((_, run)): Path<(String, String)>,
) -> Result<Json<RunBody>, Problem> {
    Ok(Json(app.engine.run(member.asker(), id(&run)?).await?.into()))
}
