//! A connection as a whole: *Resync* renews its consent in place, *Rename* calls it otherwise, *Unsync* ends it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{ConnectionId, Right};
use bankside_engine::EngineError;
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::{Member, Present};
use crate::view::fault::{FaultView, Occasion};
use crate::view::shell::{Place, Shell};
use crate::view::{FieldView, counted};

#[derive(Template)]
#[template(path = "unsync.html")]
struct UnsyncHtml {
    shell: Shell,
    name: String,
    provider_name: &'static str,
    accounts: String,
    linked: Vec<String>,
}

#[derive(Template)]
#[template(path = "unsynced.html")]
struct UnsyncedHtml {
    shell: Shell,
    name: String,
    fault: FaultView,
    /// Where it is taken back that pending rows have left the books.
    undo: Option<String>,
}

fn connection_id(connection: &str) -> Result<ConnectionId, PageError> {
    connection.parse().map_err(|_| PageError::not_found())
}

/// Begins to renew the access of a connection.
pub(crate) async fn renew(
    State(app): State<App>,
    member: Member,
    present: Present,
    Path((organization, connection)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let connection = connection_id(&connection)?;
    let flow = present.asks(&app).begin_renewal(member.asker(), connection).await?;
    Ok(Redirect::to(&format!("/o/{organization}/flows/{flow}")))
}

#[derive(Template)]
#[template(path = "rename.html")]
struct RenameHtml {
    shell: Shell,
    /// What it is called so far.
    before: String,
    bank: String,
    name: FieldView,
}

/// What a connection shall be called.
#[derive(Deserialize)]
pub(crate) struct Named {
    #[serde(default)]
    name: String,
}

/// Asks for another name.
pub(crate) async fn rename_form(
    State(app): State<App>,
    member: Member,
    Path((_, connection)): Path<(String, String)>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    rename_page(&app, &member, connection_id(&connection)?, None).await
}

/// `refused` is what was typed, and why it does not do.
async fn rename_page(
    app: &App,
    member: &Member,
    id: ConnectionId,
    refused: Option<(String, String)>,
) -> Result<Response, PageError> {
    let connection = app.engine.connection(member.asker(), id).await?;
    if connection.ended_at.is_some() {
        return Err(PageError::not_found());
    }
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let name = match refused {
        Some((value, error)) => FieldView { value, error: Some(error) },
        None => FieldView { value: connection.name.clone(), error: None },
    };
    let shell = shell(app, member, Place::Banks, None).await?;
    let html = RenameHtml { shell, before: connection.name, bank: connection.institution_name, name };
    Ok((status, page(&html)?).into_response())
}

/// Gives a connection another name.
pub(crate) async fn rename(
    State(app): State<App>,
    member: Member,
    Path((organization, connection)): Path<(String, String)>,
    Form(named): Form<Named>,
) -> Result<Response, PageError> {
    let id = connection_id(&connection)?;
    match app.engine.rename_connection(member.asker(), id, &named.name).await {
        Ok(_) => Ok(Redirect::to(&format!("/o/{organization}/banks")).into_response()),
        Err(EngineError::Invalid { message, .. }) => rename_page(&app, &member, id, Some((named.name, message))).await,
        Err(error) => Err(error.into()),
    }
}

/// Says what ending a connection does.
pub(crate) async fn unsync_form(
    State(app): State<App>,
    member: Member,
    Path((_, connection)): Path<(String, String)>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    let id = connection_id(&connection)?;
    let views = app.engine.connections(member.asker()).await?;
    let view = views.into_iter().find(|view| view.connection.id == id).ok_or_else(PageError::not_found)?;
    let accounts = i64::try_from(view.bank_accounts.len()).unwrap_or(i64::MAX);
    let shell = shell(&app, &member, Place::Banks, None).await?;
    let fed = view.bank_accounts.iter().filter_map(|account| account.feeds.as_ref());
    let html = UnsyncHtml {
        linked: fed.map(|fed| shell.named(fed.id, &fed.name)).collect(),
        shell,
        name: view.connection.name,
        provider_name: view.provider_name,
        accounts: counted(accounts, "account", "accounts"),
    };
    Ok(page(&html)?.into_response())
}

/// Ends a connection. Where the provider could not be told, that is said.
pub(crate) async fn unsync(
    State(app): State<App>,
    member: Member,
    Path((organization, connection)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let id = connection_id(&connection)?;
    let provider = app.engine.connection(member.asker(), id).await?.provider;
    let ended = app.engine.unsync(member.asker(), id).await?;
    let Some(fault) = ended.not_revoked else {
        let left = ended.left.map(|batch| format!("?left={batch}")).unwrap_or_default();
        return Ok(Redirect::to(&format!("/o/{organization}/banks{left}")).into_response());
    };
    let shell = shell(&app, &member, Place::Banks, None).await?;
    let undo = ended.left.map(|batch| shell.at(&format!("batches/{batch}/undo?back=banks")));
    let fault = FaultView::of(&fault, Occasion::Ending, &shell.today).at(shell.today.now);
    let fault = fault.told_by(app.engine.descriptor(&provider));
    Ok(page(&UnsyncedHtml { name: ended.name, fault, undo, shell })?.into_response())
}
