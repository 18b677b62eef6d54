//! *Sync with asset*: one bank account, the asset, the account there, and the day to import from. And ignoring a bank account.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::asset::Asset;
use bankside_domain::{AssetId, BankAccountId, ConnectionId, Currency};
use bankside_engine::{EngineError, LinkChoice, LinkTarget, Offered};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::assets::forms::{day, refusal};
use crate::pages::links::SignChoice;
use crate::pages::shell;
use crate::session::Member;
use crate::view::FieldView;
use crate::view::picker::{Picker, Picking};
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "asset_sync.html")]
struct AssetSyncHtml {
    shell: Shell,
    name: String,
    /// Its bank, its number and its holder.
    facts: String,
    balance: String,
    currency: String,
    as_of: String,
    /// Where this page is, without what it is asked.
    here: String,
    link_url: String,
    step: Step,
    error: Option<String>,
}

enum Step {
    /// Which asset.
    Asset(Picker),
    /// Which account there, and from which day.
    Account(Box<AccountStep>),
}

struct AccountStep {
    asset: String,
    path: String,
    /// What is chosen: `new` or the id of an account.
    target: String,
    /// Accounts of the asset that no bank feeds: id and name.
    options: Vec<(String, String)>,
    name: FieldView,
    from: FieldView,
    today: String,
    sign: Option<SignChoice>,
}

/// What the address may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    find: String,
    /// The asset that was chosen.
    #[serde(default)]
    asset: Option<String>,
}

/// What was chosen.
#[derive(Deserialize)]
pub(crate) struct Chosen {
    asset: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    sign: String,
}

type Ids = (ConnectionId, BankAccountId);

fn ids(connection: &str, bank_account: &str) -> Result<Ids, PageError> {
    let found = connection.parse().ok().zip(bank_account.parse().ok());
    found.ok_or_else(PageError::not_found)
}

/// Asks for the asset, and when that is known for the account there.
pub(crate) async fn form(
    State(app): State<App>,
    member: Member,
    Path((_, connection, bank_account)): Path<(String, String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    form_page(&app, &member, ids(&connection, &bank_account)?, asked, None).await
}

async fn form_page(
    app: &App,
    member: &Member,
    (connection, bank_account): Ids,
    asked: Asked,
    wrong: Option<(&Chosen, (Option<&'static str>, String))>,
) -> Result<Response, PageError> {
    let offer = app.engine.link_offer(member.asker(), connection, None).await?;
    let shell = shell(app, member, Place::Banks, None).await?;
    let offered = offer.accounts.iter().find(|offered| offered.bank_account.id == bank_account);
    let offered = offered.ok_or_else(PageError::not_found)?;
    if offered.bank_account.feeds.is_some() {
        return Ok(Redirect::to(&shell.at("banks")).into_response());
    }
    let asset = asked.asset.as_deref().and_then(|id| shell.tree.get(id.parse::<AssetId>().ok()?));
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut error = None;
    let step = match asset {
        Some(asset) if asset.may_have_accounts().is_ok() => {
            let there = offer.free.iter().filter(|account| {
                account.asset == Some(asset.id) && account.currency.code == offered.bank_account.currency
            });
            let options = there.map(|account| (account.id.to_string(), account.name.clone())).collect();
            let (step, message) = account_step(asset, offered, options, &offer.today.to_string(), &shell, wrong);
            error = message;
            Step::Account(Box::new(step))
        }
        _ => {
            error = error.or(wrong.map(|(_, (_, message))| message));
            Step::Asset(picker(&shell, asked.find))
        }
    };
    let bank = &offered.bank_account;
    let currency = Currency::iso(bank.currency.as_str()).unwrap_or(Currency { code: bank.currency, scale: 2 });
    let facts = [Some(bank.institution_name.clone()), bank.masked_number.clone(), bank.holder.clone()];
    let balance = offered.balance.as_ref();
    let html = AssetSyncHtml {
        name: bank.name.clone(),
        facts: facts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        balance: balance
            .map_or_else(|| "not stated".to_owned(), |balance| shell.today.amount(balance.stated.minor, currency)),
        currency: bank.currency.to_string(),
        as_of: balance.map(|balance| shell.today.moment(balance.stated.seen_at)).unwrap_or_default(),
        here: shell.at(&format!("connections/{connection}/bank-accounts/{bank_account}/asset")),
        link_url: shell.at(&format!("connections/{connection}/link")),
        step,
        error,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

fn picker(shell: &Shell, find: String) -> Picker {
    let off = |asset: &Asset| asset.may_have_accounts().err().map(|_| "conceptual: it has no accounts yet".to_owned());
    let picking = Picking {
        tree: &shell.tree,
        legend: "Which asset is it for?".to_owned(),
        none: None,
        chosen: None,
        find,
        off: &off,
    };
    picking.make()
}

fn account_step(
    asset: &Asset,
    offered: &Offered,
    options: Vec<(String, String)>,
    today: &str,
    shell: &Shell,
    wrong: Option<(&Chosen, (Option<&'static str>, String))>,
) -> (AccountStep, Option<String>) {
    let suggested = match &offered.suggestion {
        LinkTarget::New(name) => name.clone(),
        LinkTarget::Existing(_) | LinkTarget::Skip => offered.bank_account.name.clone(),
    };
    // The only one there is the one that is meant, more likely than not.
    let target = match options.as_slice() {
        [(only, _)] => only.clone(),
        _ => "new".to_owned(),
    };
    let mut step = AccountStep {
        asset: asset.id.to_string(),
        path: shell.tree.path(asset.id),
        target,
        options,
        name: FieldView::of(suggested),
        from: FieldView::of(offered.import_from.to_string()),
        today: today.to_owned(),
        sign: SignChoice::of(offered, shell, None),
    };
    let Some((chosen, (field, message))) = wrong else { return (step, None) };
    step.target.clone_from(&chosen.target);
    step.name = FieldView::of(chosen.name.clone());
    step.from = FieldView::of(chosen.from.clone());
    step.sign = SignChoice::of(offered, shell, Some(&chosen.sign));
    match field {
        Some("name") => step.name.error = Some(message),
        Some("from" | "import_from") => step.from.error = Some(message),
        _ => return (step, Some(message)),
    }
    (step, None)
}

/// Links the bank account with an account of the asset and shows the first sync.
pub(crate) async fn link(
    State(app): State<App>,
    member: Member,
    Path((organization, connection, bank_account)): Path<(String, String, String)>,
    Form(chosen): Form<Chosen>,
) -> Result<Response, PageError> {
    let ids = ids(&connection, &bank_account)?;
    let result = match choice(ids.1, &chosen) {
        Ok(choice) => app.engine.link(member.asker(), ids.0, &[choice]).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(run) => Ok(Redirect::to(&format!("/o/{organization}/runs/{run}")).into_response()),
        Err(error) => {
            let asked = Asked { find: String::new(), asset: Some(chosen.asset.clone()) };
            form_page(&app, &member, ids, asked, Some((&chosen, refusal(error)?))).await
        }
    }
}

fn choice(bank_account: BankAccountId, chosen: &Chosen) -> Result<LinkChoice, EngineError> {
    let asset = chosen.asset.parse().map_err(|_| EngineError::invalid("asset", "Choose an asset."))?;
    let target = match chosen.target.as_str() {
        "new" => LinkTarget::New(chosen.name.clone()),
        account => LinkTarget::Existing(
            account.parse().map_err(|_| EngineError::invalid("target", "Choose an account from the list."))?,
        ),
    };
    let import_from =
        day(&chosen.from)?.ok_or_else(|| EngineError::invalid("import_from", "Choose the day to import from."))?;
    Ok(LinkChoice { bank_account, target, import_from, flips_sign: chosen.sign.parse().ok(), asset: Some(asset) })
}

/// Has nothing asked about a bank account any more.
pub(crate) async fn ignore(
    State(app): State<App>,
    member: Member,
    Path((organization, bank_account)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    set_ignored(&app, &member, &organization, &bank_account, true).await
}

/// Asks about a bank account again.
pub(crate) async fn take_up(
    State(app): State<App>,
    member: Member,
    Path((organization, bank_account)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    set_ignored(&app, &member, &organization, &bank_account, false).await
}

async fn set_ignored(
    app: &App,
    member: &Member,
    organization: &str,
    bank_account: &str,
    is_ignored: bool,
) -> Result<Redirect, PageError> {
    let id = bank_account.parse().map_err(|_| PageError::not_found())?;
    app.engine.ignore_bank_account(member.asker(), id, is_ignored).await?;
    Ok(Redirect::to(&format!("/o/{organization}/banks#bank-account-{id}")))
}
