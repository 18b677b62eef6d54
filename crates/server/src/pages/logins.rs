//! The logins that are at a provider already, with the accounts of all of them in one table.

use std::collections::{BTreeMap, HashMap};

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{AccountId, BankAccountId, ConnectionId, Right};
use bankside_engine::{EngineError, LinkChoice, LinkOffer, LoginView, Way};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::links::{
    LinkRow, LinkTable, Posted, Refused, Wanted, account_names, link_rows, read_choices, refusal,
};
use crate::pages::{monogram, shell};
use crate::session::{Member, Present};
use crate::view::fault::{FaultView, Occasion};
use crate::view::finding::left_out;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "logins.html")]
struct LoginsHtml {
    shell: Shell,
    provider_name: &'static str,
    logins: Vec<LoginRow>,
    /// Why the logins cannot be told, if so.
    fault: Option<FaultView>,
    table: LinkTable,
    error: Option<String>,
    here: String,
    adopt_url: String,
    account: String,
    /// How to have the provider tell of news, and where.
    notices: Option<(&'static str, String)>,
    /// Where logins are named among the keys.
    keys_url: Option<String>,
    /// Where banks are looked for.
    search_url: Option<String>,
}

/// A login as a template shows it.
struct LoginRow {
    key: String,
    name: String,
    monogram: String,
    state: String,
    updated: Option<String>,
    fault: Option<FaultView>,
    /// Where its access is renewed, if it is connected.
    renew_url: Option<String>,
}

impl LoginRow {
    fn of(login: LoginView, provider: &str, shell: &Shell, told: impl Fn(FaultView) -> FaultView) -> Self {
        let name = login.name.unwrap_or_else(|| format!("A login at {provider}"));
        let occasion = if login.connection.is_some() { Occasion::Sync } else { Occasion::Connecting };
        Self {
            monogram: monogram(&name),
            name,
            state: login.state.trim_end_matches('.').to_owned(),
            updated: login.updated_at.map(|at| shell.today.moment(at)),
            fault: login.fault.map(|fault| told(FaultView::of(&fault, occasion, &shell.today))),
            renew_url: login.connection.map(|id| shell.at(&format!("connections/{id}/renew"))),
            key: login.key,
        }
    }
}

/// Shows the accounts of all logins at a provider.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, provider)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageError> {
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    logins_page(&app, &member, &provider, &wanted, None).await
}

async fn logins_page(
    app: &App,
    member: &Member,
    provider: &str,
    wanted: &Wanted,
    refused: Option<Refused<'_>>,
) -> Result<Response, PageError> {
    let view = app.engine.provider_view(member.asker(), provider).await?;
    let shell = shell(app, member, Place::AddAccount, None).await?;
    let then = if wanted.account.is_empty() { String::new() } else { format!("?account={}", wanted.account) };
    if view.keys.is_none() {
        return Ok(Redirect::to(&shell.at(&format!("providers/{provider}/keys{then}"))).into_response());
    }
    let told = |fault: FaultView| fault.told_by(Some(view.descriptor));
    let (logins, fault) = match app.engine.logins(member.asker(), provider).await {
        Ok(logins) => (logins, None),
        Err(EngineError::Outside(fault)) => {
            (Vec::new(), Some(told(FaultView::of(&fault, Occasion::Connecting, &shell.today).at(shell.today.now))))
        }
        Err(error) => return Err(error.into()),
    };
    let offers = offers(app, member, provider, wanted).await?;
    let names = account_names(app, member).await?;
    let rows: Vec<LinkRow> = offers
        .iter()
        .flat_map(|offer| {
            let bank = &offer.connection.name;
            let rows = link_rows(offer, &names, &shell, refused.as_ref());
            rows.into_iter().map(|row| row.asked(bank, wanted, refused.as_ref())).collect::<Vec<_>>()
        })
        .collect();
    let notice_url = app.engine.notice_url(member.asker(), provider)?;
    let has_list = !app.engine.listed_keys(member.asker(), provider).await?.is_empty();
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = LoginsHtml {
        provider_name: view.descriptor.name,
        logins: logins.into_iter().map(|login| LoginRow::of(login, view.descriptor.name, &shell, told)).collect(),
        fault,
        table: LinkTable {
            rows,
            today: offers.iter().map(|offer| offer.today.to_string()).max().unwrap_or_default(),
            left_out: left_out(offers.iter().map(|offer| offer.connection.unread_accounts).sum()),
        },
        error: refused.map(|refused| refused.message),
        here: shell.at(&format!("providers/{provider}/accounts{then}")),
        adopt_url: shell.at(&format!("providers/{provider}/logins")),
        account: wanted.account.clone(),
        notices: view.descriptor.notices.zip(notice_url.map(String::from)),
        keys_url: has_list.then(|| shell.at(&format!("providers/{provider}/keys{then}"))),
        search_url: view
            .descriptor
            .ways
            .iter()
            .any(|way| matches!(way, Way::Name | Way::Country))
            .then(|| shell.at(&format!("providers/{provider}/banks{then}"))),
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// What each connection through the provider offers.
async fn offers(app: &App, member: &Member, provider: &str, wanted: &Wanted) -> Result<Vec<LinkOffer>, PageError> {
    let mut offers = Vec::new();
    for view in app.engine.connections(member.asker()).await? {
        if view.connection.provider == provider {
            let wanted = wanted.account.parse().ok();
            offers.push(app.engine.link_offer(member.asker(), view.connection.id, wanted).await?);
        }
    }
    Ok(offers)
}

/// A login to take up.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    login: String,
    #[serde(default)]
    account: String,
}

/// Takes up a login.
pub(crate) async fn adopt(
    State(app): State<App>,
    member: Member,
    Path((organization, provider)): Path<(String, String)>,
    Form(chosen): Form<Chosen>,
) -> Result<Redirect, PageError> {
    let account: Option<AccountId> = chosen.account.parse().ok();
    let flow = app.engine.adopt_login(member.asker(), &provider, &chosen.login, account).await?;
    Ok(Redirect::to(&format!("/o/{organization}/flows/{flow}")))
}

/// Links what was chosen, of whichever bank, and shows the first syncs.
pub(crate) async fn link(
    State(app): State<App>,
    member: Member,
    present: Present,
    Path((organization, provider)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    Form(posted): Form<Posted>,
) -> Result<Response, PageError> {
    let offers = offers(&app, &member, &provider, &wanted).await?;
    let result = match by_connection(&offers, &posted) {
        Ok(chosen) => present.asks(&app).link_several(member.asker(), &chosen).await,
        Err(error) => Err(error),
    };
    let (field, message) = match result {
        Ok(runs) => {
            let place = match runs.as_slice() {
                [only] => format!("runs/{only}"),
                _ => "runs".to_owned(),
            };
            return Ok(Redirect::to(&format!("/o/{organization}/{place}")).into_response());
        }
        Err(error) => refusal(error)?,
    };
    logins_page(&app, &member, &provider, &wanted, Some(Refused { posted: &posted, field, message })).await
}

/// What was chosen, by the connection that shows each bank account.
fn by_connection(
    offers: &[LinkOffer],
    posted: &Posted,
) -> Result<BTreeMap<ConnectionId, Vec<LinkChoice>>, EngineError> {
    let shown_by: HashMap<BankAccountId, ConnectionId> = offers
        .iter()
        .flat_map(|offer| offer.accounts.iter().map(|offered| (offered.bank_account.id, offer.connection.id)))
        .collect();
    let mut chosen: BTreeMap<ConnectionId, Vec<LinkChoice>> = BTreeMap::new();
    for choice in read_choices(posted)? {
        let shown_by = shown_by.get(&choice.bank_account).ok_or(EngineError::NotFound("the bank account"))?;
        chosen.entry(*shown_by).or_default().push(choice);
    }
    Ok(chosen)
}
