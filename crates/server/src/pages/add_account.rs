//! + Add account: an account without a bank first, then one row per provider.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::account::AccountKind;
use bankside_domain::asset::Asset;
use bankside_domain::{AccountId, AmountError, Code, Currency, CurrencyCode, Right};
use bankside_engine::{EngineError, KeySource, NewAccountInput, ProviderView};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::keys::first_step;
use crate::pages::{monogram, shell};
use crate::session::Member;
use crate::view::FieldView;
use crate::view::day::Today;
use crate::view::picker::{Picker, Picking};
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "add_account.html")]
struct ChooseHtml {
    shell: Shell,
    account_name: Option<String>,
    connect_url: String,
    providers: Vec<ProviderRow>,
}

/// A provider as a page shows it.
pub(crate) struct ProviderRow {
    pub(crate) name: &'static str,
    pub(crate) monogram: String,
    pub(crate) coverage: &'static str,
    pub(crate) notice: &'static str,
    pub(crate) keys: Option<String>,
    pub(crate) has_keys: bool,
    pub(crate) has_own_keys: bool,
    pub(crate) is_off: bool,
    pub(crate) is_elsewhere: bool,
    /// The name of its switch, while it is experimental.
    pub(crate) experimental: Option<&'static str>,
    /// Whether that switch is off.
    pub(crate) is_switched_off: bool,
    pub(crate) link_url: String,
    pub(crate) keys_url: String,
    pub(crate) reset_url: String,
}

impl ProviderRow {
    fn of(view: &ProviderView, shell: &Shell, member: &Member, account: Option<AccountId>) -> Self {
        let id = view.descriptor.id;
        let then = account.map(|account| format!("?account={account}")).unwrap_or_default();
        Self {
            name: view.descriptor.name,
            monogram: monogram(view.descriptor.name),
            coverage: view.descriptor.coverage,
            notice: view.descriptor.notice,
            keys: view
                .keys
                .as_ref()
                .filter(|_| shell.may_manage_banks())
                .map(|keys| keys_in_words(keys, member.person.is_operator, &shell.today)),
            has_keys: view.keys.is_some(),
            has_own_keys: matches!(view.keys, Some(KeySource::Page { .. })),
            is_off: view.is_off,
            is_elsewhere: view.is_elsewhere,
            experimental: view.experimental.as_ref().map(|switch| switch.feature.name),
            is_switched_off: view.experimental.as_ref().is_some_and(|switch| !switch.is_on),
            link_url: shell.at(&format!("{}{then}", first_step(view.descriptor))),
            keys_url: shell.at(&format!("providers/{id}/keys{then}")),
            reset_url: shell.at(&format!("providers/{id}/reset")),
        }
    }
}

/// Where keys of the server were read from. Where its files lie concerns who runs it.
pub(crate) fn place(read_from: &str, is_operator: bool) -> &str {
    if is_operator { read_from } else { "the configuration of this server" }
}

/// Where keys came from, as a sentence.
pub(crate) fn keys_in_words(keys: &KeySource, is_operator: bool, today: &Today) -> String {
    match keys {
        KeySource::Page { hint, since } => {
            let day = today.day(since.to_zoned(today.zone.clone()).date());
            format!("Keys typed here on {day}: {hint}")
        }
        KeySource::Installation { read_from, hint, .. } => {
            let place = place(read_from, is_operator);
            format!("Keys from {place}, read when the server started: {hint}")
        }
    }
}

/// Offers every way to add an account.
pub(crate) async fn choose(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    choose_page(&app, &member, None).await
}

/// Offers every way to link an account that is there.
pub(crate) async fn link_existing(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let account: AccountId = account.parse().map_err(|_| PageError::not_found())?;
    member.asker().require(Right::ManageBanks).map_err(EngineError::from)?;
    choose_page(&app, &member, Some(account)).await
}

async fn choose_page(app: &App, member: &Member, account: Option<AccountId>) -> Result<Response, PageError> {
    let account_name = match account {
        Some(id) => Some(app.engine.account(member.asker(), id).await?.account.name),
        None => None,
    };
    let shell = shell(app, member, Place::AddAccount, account).await?;
    let views = if shell.sees_whole() { app.engine.providers(member.asker()).await? } else { Vec::new() };
    let providers = views.iter().map(|view| ProviderRow::of(view, &shell, member, account)).collect();
    let then = account.map(|account| format!("?account={account}")).unwrap_or_default();
    let connect_url = shell.at(&format!("connect-bank{then}"));
    Ok(page(&ChooseHtml { shell, account_name, connect_url, providers })?.into_response())
}

#[derive(Template)]
#[template(path = "new_account.html")]
struct NewAccountHtml {
    shell: Shell,
    name: FieldView,
    kinds: Vec<(&'static str, &'static str)>,
    kind_code: String,
    currency: FieldView,
    opening: FieldView,
    /// The asset that it belongs to, where there are assets.
    picker: Option<Picker>,
    /// What is wrong with that.
    asset_error: Option<String>,
}

/// The form of an account. Blank fields are those of a form that nobody has filled in yet.
#[derive(Deserialize)]
pub(crate) struct NewAccountForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    currency: String,
    #[serde(default)]
    opening: String,
    /// The id of an asset; blank is none.
    #[serde(default)]
    asset: String,
    /// What is searched for among the assets.
    #[serde(default)]
    find: String,
}

/// Asks for an account without a bank. Who searches among the assets keeps what was typed.
pub(crate) async fn new_form(
    State(app): State<App>,
    member: Member,
    Query(typed): Query<NewAccountForm>,
) -> Result<Response, PageError> {
    member.asker().require_within(Right::EditBooks).map_err(EngineError::from)?;
    let or = |typed: String, usual: String| if typed.is_empty() { usual } else { typed };
    let form = NewAccountForm {
        kind: or(typed.kind, AccountKind::Checking.code().to_owned()),
        currency: or(typed.currency, member.membership.organization.currency.to_string()),
        ..typed
    };
    form_page(&app, &member, &form, None).await
}

/// The assets that a new account may belong to.
fn picking(shell: &Shell, form: &NewAccountForm) -> Option<Picker> {
    if shell.tree.is_empty() {
        return None;
    }
    let off = |asset: &Asset| asset.may_have_accounts().err().map(|_| "conceptual: it has no accounts yet".to_owned());
    // Whoever sees below one asset only adds accounts there.
    let own = shell.asker.sight().asset();
    let picking = Picking {
        tree: &shell.tree,
        legend: "Which asset does it belong to?".to_owned(),
        none: own.is_none().then_some("No asset"),
        chosen: Some(form.asset.parse().ok().or(own)),
        find: form.find.clone(),
        off: &off,
    };
    Some(picking.make().keeping(shell.at("add-account/without-bank")))
}

async fn form_page(
    app: &App,
    member: &Member,
    form: &NewAccountForm,
    wrong: Option<(&'static str, String)>,
) -> Result<Response, PageError> {
    let field = |name: &str, value: &str| FieldView {
        value: value.to_owned(),
        error: wrong.as_ref().filter(|(field, _)| *field == name).map(|(_, message)| message.clone()),
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shell = shell(app, member, Place::AddAccount, None).await?;
    let html = NewAccountHtml {
        picker: picking(&shell, form),
        asset_error: field("asset", "").error,
        shell,
        name: field("name", &form.name),
        kinds: AccountKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect(),
        kind_code: form.kind.clone(),
        currency: field("currency", &form.currency),
        opening: field("opening", &form.opening),
    };
    Ok((status, page(&html)?).into_response())
}

/// Adds an account without a bank.
pub(crate) async fn add(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<NewAccountForm>,
) -> Result<Response, PageError> {
    let kind = AccountKind::from_code(&form.kind).unwrap_or(AccountKind::Other);
    let asset = match form.asset.as_str() {
        "" => None,
        id => Some(id.parse().map_err(|_| PageError::not_found())?),
    };
    let result = match form.currency.parse() {
        Ok(currency) => match opening(&form.opening, currency, &member) {
            Ok(opening) => {
                let input = NewAccountInput { name: form.name.clone(), kind, currency, opening, asset };
                app.engine.add_account(member.asker(), &input).await
            }
            Err(error) => Err(EngineError::invalid("opening", format!("{error}."))),
        },
        Err(_) => Err(EngineError::invalid("currency", "A currency has three letters, such as EUR.")),
    };
    match result {
        Ok(id) => Ok(Redirect::to(&format!("/o/{organization}/accounts/{id}")).into_response()),
        Err(EngineError::Invalid { field, message }) => form_page(&app, &member, &form, Some((field, message))).await,
        Err(EngineError::AssetRefused(why)) => form_page(&app, &member, &form, Some(("asset", why.in_words()))).await,
        Err(error) => Err(error.into()),
    }
}

/// What an account opens with, as plain decimal text; blank stays blank. A currency that ISO 4217 does not know is looked up by the
/// verb, which also counts its decimals.
fn opening(typed: &str, currency: CurrencyCode, member: &Member) -> Result<String, AmountError> {
    let numbers = member.formats.numbers;
    match (typed.trim(), Currency::iso(currency.as_str())) {
        ("", _) => Ok(String::new()),
        (typed, Ok(currency)) => Ok(numbers.read(typed, currency)?.to_decimal_text()),
        (typed, Err(_)) => numbers.plain(typed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_files_lie_is_told_to_whoever_runs_the_server() {
        let keys = KeySource::Installation {
            read_from: "the file /srv/bankside/config.json".to_owned(),
            hint: "abcd…".to_owned(),
            since: jiff::Timestamp::UNIX_EPOCH,
        };
        let today = Today::new(jiff::Timestamp::UNIX_EPOCH, "UTC", bankside_domain::Formats::default());
        assert!(keys_in_words(&keys, true, &today).contains("/srv/bankside/config.json"));
        let told = keys_in_words(&keys, false, &today);
        assert!(!told.contains('/') && told.contains("the configuration of this server"), "{told}");
    }
}
