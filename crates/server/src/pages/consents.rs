//! The consent of a connection: *Resync* renews it in place, *Unsync* ends it.

use std::net::SocketAddr;

use askama::Template;
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{ConnectionId, Right};
use bankside_engine::Visitor;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::security::client_address;
use crate::session::Member;
use crate::view::counted;
use crate::view::fault::{FaultView, Occasion};
use crate::view::shell::{Place, Shell};

/// More than any browser calls itself.
const MAX_USER_AGENT_CHARS: usize = 1000;

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
}

fn connection_id(connection: &str) -> Result<ConnectionId, PageError> {
    connection.parse().map_err(|_| PageError::not_found())
}

/// Begins to renew the access of a connection.
pub(crate) async fn renew(
    State(app): State<App>,
    member: Member,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Path((organization, connection)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let address = client_address(from.ip(), &headers, &app.engine.settings().trusted_proxies);
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let visitor = Visitor { address, user_agent: user_agent.chars().take(MAX_USER_AGENT_CHARS).collect() };
    let connection = connection_id(&connection)?;
    let flow = app.engine.begin_renewal_by(member.asker(), connection, Some(visitor)).await?;
    Ok(Redirect::to(&format!("/o/{organization}/flows/{flow}")))
}

/// Says what ending a connection does.
pub(crate) async fn unsync_form(
    State(app): State<App>,
    member: Member,
    Path((_, connection)): Path<(String, String)>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(bankside_engine::EngineError::from)?;
    let id = connection_id(&connection)?;
    let views = app.engine.connections(member.asker()).await?;
    let view = views.into_iter().find(|view| view.connection.id == id).ok_or_else(PageError::not_found)?;
    let accounts = i64::try_from(view.bank_accounts.len()).unwrap_or(i64::MAX);
    let html = UnsyncHtml {
        shell: shell(&app, &member, Place::Banks, None).await?,
        name: view.connection.name,
        provider_name: view.provider_name,
        accounts: counted(accounts, "account", "accounts"),
        linked: view.bank_accounts.into_iter().filter_map(|account| Some(account.feeds?.name)).collect(),
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
        return Ok(Redirect::to(&format!("/o/{organization}/banks")).into_response());
    };
    let shell = shell(&app, &member, Place::Banks, None).await?;
    let fault = FaultView::of(&fault, Occasion::Ending, &shell.today).at(shell.today.now);
    let fault = fault.told_by(app.engine.descriptor(&provider));
    Ok(page(&UnsyncedHtml { name: ended.name, fault, shell })?.into_response())
}
