//! Linking a connection's bank accounts with accounts.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{AccountId, ConnectionId, Currency};
use bankside_engine::{EngineError, LinkChoice, LinkOffer, LinkTarget, Offered};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::counted;
use crate::view::money::amount;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkHtml {
    shell: Shell,
    bank: String,
    provider_name: String,
    count_note: String,
    history_note: String,
    rows: Vec<LinkRow>,
    import_from: String,
    today: String,
    can_link: bool,
    link_words: String,
    error: Option<String>,
}

struct LinkRow {
    id: String,
    name: String,
    number: Option<String>,
    holder: Option<String>,
    currency: String,
    balance: String,
    balance_note: String,
    /// The account that it is linked with already.
    linked: Option<String>,
    new_name: String,
    suggests_new: bool,
    /// Value, words, whether it is suggested.
    options: Vec<(String, String, bool)>,
    reason: &'static str,
    reason_icon: &'static str,
}

/// The account that the person came from.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    account: String,
}

fn connection_id(connection: &str) -> Result<ConnectionId, PageError> {
    connection.parse().map_err(|_| PageError::not_found())
}

/// Offers the bank accounts of a connection.
pub(crate) async fn form(
    State(app): State<App>,
    member: Member,
    Path((_, connection)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, PageError> {
    let wanted: Option<AccountId> = wanted.account.parse().ok();
    link_page(&app, &member, connection_id(&connection)?, wanted, None).await
}

async fn link_page(
    app: &App,
    member: &Member,
    connection: ConnectionId,
    wanted: Option<AccountId>,
    error: Option<String>,
) -> Result<Response, PageError> {
    let offer = app.engine.link_offer(member.asker(), connection, wanted).await?;
    let shell = shell(app, member, Place::Banks, None).await?;
    let names: HashMap<AccountId, String> = app
        .engine
        .accounts(member.asker())
        .await?
        .into_iter()
        .map(|view| (view.account.id, view.account.name))
        .collect();
    let provider = app.engine.provider_view(member.asker(), &offer.connection.provider).await?;
    let rows: Vec<LinkRow> = offer.accounts.iter().map(|offered| row(offered, &offer, &names, &shell)).collect();
    let open = i64::try_from(rows.iter().filter(|row| row.linked.is_none()).count()).unwrap_or(0);
    let found = i64::try_from(rows.len()).unwrap_or(0);
    let history_note = match offer.connection.max_history_days {
        Some(days) => {
            format!("This bank gives {} of history. You can undo the import as a whole.", counted(days, "day", "days"))
        }
        None => "You can undo the import as a whole.".to_owned(),
    };
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = LinkHtml {
        bank: offer.connection.institution_name.clone(),
        provider_name: provider.descriptor.name.to_owned(),
        count_note: format!("{} found", counted(found, "account", "accounts")),
        history_note,
        rows,
        import_from: offer.import_from.to_string(),
        today: offer.today.to_string(),
        can_link: open > 0,
        link_words: format!("Link {}", if open == 1 { "account".to_owned() } else { format!("{open} accounts") }),
        error,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

fn row(offered: &Offered, offer: &LinkOffer, names: &HashMap<AccountId, String>, shell: &Shell) -> LinkRow {
    let bank_account = &offered.bank_account;
    let currency =
        Currency::iso(bank_account.currency.as_str()).unwrap_or(Currency { code: bank_account.currency, scale: 2 });
    let suggested = match &offered.suggestion {
        LinkTarget::Existing(account) => Some(*account),
        LinkTarget::New(_) | LinkTarget::Skip => None,
    };
    let new_name = match &offered.suggestion {
        LinkTarget::New(name) => name.clone(),
        LinkTarget::Existing(_) | LinkTarget::Skip => bank_account.name.clone(),
    };
    let options = offer
        .free
        .iter()
        .filter(|account| account.currency.code == bank_account.currency)
        .map(|account| (account.id.to_string(), account.name.clone(), suggested == Some(account.id)));
    LinkRow {
        id: bank_account.id.to_string(),
        name: bank_account.name.clone(),
        number: bank_account.masked_number.clone(),
        holder: bank_account.holder.clone(),
        currency: bank_account.currency.to_string(),
        balance: offered
            .balance
            .as_ref()
            .map_or_else(|| "not stated".to_owned(), |balance| amount(balance.stated.minor, currency)),
        balance_note: offered
            .balance
            .as_ref()
            .map(|balance| shell.today.moment(balance.stated.seen_at))
            .unwrap_or_default(),
        linked: bank_account.feeds.map(|(account, _)| names.get(&account).cloned().unwrap_or_default()),
        suggests_new: suggested.is_none(),
        options: options.collect(),
        reason: offered.reason,
        reason_icon: if suggested.is_some() { "link" } else { "info" },
        new_name,
    }
}

/// Links what was chosen and shows the first sync.
pub(crate) async fn link(
    State(app): State<App>,
    member: Member,
    Path((organization, connection)): Path<(String, String)>,
    Form(form): Form<HashMap<String, String>>,
) -> Result<Response, PageError> {
    let connection = connection_id(&connection)?;
    let choices = match read_choices(&form) {
        Ok(choices) => choices,
        Err(message) => return link_page(&app, &member, connection, None, Some(message)).await,
    };
    match app.engine.link(member.asker(), connection, &choices).await {
        Ok(run) => Ok(Redirect::to(&format!("/o/{organization}/runs/{run}")).into_response()),
        Err(EngineError::Invalid { message, .. }) => link_page(&app, &member, connection, None, Some(message)).await,
        Err(error) => Err(error.into()),
    }
}

/// Reads what was chosen; one choice per field `target-<bank account>`.
fn read_choices(form: &HashMap<String, String>) -> Result<Vec<LinkChoice>, String> {
    let mut choices = Vec::new();
    for (field, value) in form {
        let Some(id) = field.strip_prefix("target-") else { continue };
        let other = |prefix: &str| form.get(&format!("{prefix}-{id}")).cloned().unwrap_or_default();
        let target = match value.as_str() {
            "skip" => LinkTarget::Skip,
            "new" => LinkTarget::New(other("name")),
            account => {
                LinkTarget::Existing(account.parse().map_err(|_| "Choose an account from the list.".to_owned())?)
            }
        };
        choices.push(LinkChoice {
            bank_account: id.parse().map_err(|_| "This bank account is not known.".to_owned())?,
            target,
            import_from: other("from").parse().map_err(|_| "Choose the day to import from.".to_owned())?,
        });
    }
    choices.sort_by_key(|choice| choice.bank_account);
    Ok(choices)
}

/// Unlinks an account.
pub(crate) async fn unlink(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let account: AccountId = account.parse().map_err(|_| PageError::not_found())?;
    app.engine.unlink(member.asker(), account).await?;
    Ok(Redirect::to(&format!("/o/{organization}/accounts/{account}")))
}
