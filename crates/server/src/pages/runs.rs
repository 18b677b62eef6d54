//! Runs: starting one, watching it, what it brought, and those that were.

mod detail;
pub(crate) mod list;
pub(crate) mod live;
pub(crate) mod rows;
mod words;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{ConnectionId, RunId};
use bankside_engine::{EngineError, RunViewAccount};
use serde::Deserialize;

use self::detail::RunParts;
use crate::App;
use crate::error::{PageError, page};
use crate::pages::{shell, undo};
use crate::session::{Member, Present};
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "run.html")]
struct RunHtml {
    shell: Shell,
    title: String,
    events_url: String,
    /// What an undoing did from which the person has just come back, and where it is taken back.
    undone: Option<(String, String)>,
    /// The account of which it has just been said that its feed is right.
    confirmed: Option<String>,
    view: RunParts,
}

fn run_id(run: &str) -> Result<RunId, PageError> {
    run.parse().map_err(|_| PageError::not_found())
}

/// What a run's address may say.
#[derive(Deserialize)]
pub(crate) struct CameFrom {
    #[serde(default)]
    undone: String,
    #[serde(default)]
    confirmed: String,
}

/// One run.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, run)): Path<(String, String)>,
    Query(from): Query<CameFrom>,
) -> Result<Response, PageError> {
    let id = run_id(&run)?;
    let view = app.engine.run(member.asker(), id).await?;
    let shell = shell(&app, &member, Place::Banks, None).await?;
    let mut run_parts = RunParts::of(&app, &view, &member, &shell.tree, &shell.today);
    run_parts.explain(&app, &view, &member, &shell).await?;
    for (part, account) in run_parts.accounts.iter_mut().zip(&view.accounts) {
        if let Some(batch) = account.run.batch.filter(|_| view.is_finished()) {
            part.undo = undo::standing(&app, &member, id, batch).await?;
        }
    }
    let is_it = |account: &&RunViewAccount| account.account.id.to_string() == from.confirmed;
    let html = RunHtml {
        confirmed: view.accounts.iter().find(is_it).map(|it| shell.named(it.account.id, &it.account.name)),
        title: words::title(&view.run, &shell.today),
        events_url: shell.at(&format!("runs/{run}/events")),
        undone: undo::just_done(&app, &member, id, &from.undone).await?,
        view: run_parts,
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// Starts a sync of one connection.
pub(crate) async fn sync_one(
    State(app): State<App>,
    member: Member,
    present: Present,
    Path((organization, connection)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let connection: ConnectionId = connection.parse().map_err(|_| PageError::not_found())?;
    let run = present.asks(&app).sync_connection(member.asker(), connection).await?;
    Ok(Redirect::to(&format!("/o/{organization}/runs/{run}")))
}

/// Starts a sync of everything. One sync is watched on its page, several in their list.
pub(crate) async fn sync_all(
    State(app): State<App>,
    member: Member,
    present: Present,
    Path(organization): Path<String>,
) -> Result<Redirect, PageError> {
    let runs = present.asks(&app).sync_all(member.asker()).await?;
    match runs.as_slice() {
        [] => Err(EngineError::Conflict("no account has a bank behind it yet").into()),
        [run] => Ok(Redirect::to(&format!("/o/{organization}/runs/{run}"))),
        _ => Ok(Redirect::to(&format!("/o/{organization}/runs"))),
    }
}
