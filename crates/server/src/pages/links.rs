//! Linking a connection's bank accounts with accounts.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{AccountId, ConnectionId, Currency};
use bankside_engine::{EngineError, LinkChoice, LinkOffer, LinkTarget, Offered};
use jiff::civil::Date;
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::shell;
use crate::session::{Member, Present};
use crate::view::counted;
use crate::view::finding::left_out;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "link.html")]
struct LinkHtml {
    shell: Shell,
    bank: String,
    provider_name: String,
    count_note: String,
    history_note: String,
    table: LinkTable,
    error: Option<String>,
}

/// Bank accounts, with what can be chosen for each.
#[derive(Template)]
#[template(path = "link_rows.html")]
pub(crate) struct LinkTable {
    pub(crate) rows: Vec<LinkRow>,
    /// The last day from which can be imported.
    pub(crate) today: String,
    /// That accounts are left out, where some are.
    pub(crate) left_out: Option<String>,
}

impl LinkTable {
    /// Whether any of them can be linked.
    pub(crate) fn has_free(&self) -> bool {
        self.rows.iter().any(|row| row.linked.is_none())
    }
}

pub(crate) struct LinkRow {
    id: String,
    /// The bank, where the table has accounts of several.
    bank: Option<String>,
    /// Whether it is only linked where somebody says so, and whether somebody has.
    asked: Option<bool>,
    name: String,
    number: Option<String>,
    holder: Option<String>,
    currency: String,
    balance: String,
    balance_note: String,
    /// How the balance would be booked, where one was stated.
    sign: Option<SignChoice>,
    /// The account that it is linked with already.
    linked: Option<String>,
    /// The accounts whose bank account it may be, each with where it would go on in that one.
    resembles: Vec<(String, String)>,
    /// The name that is suggested for a new account, and the one in the form.
    suggested_name: String,
    new_name: String,
    name_error: Option<String>,
    /// What is chosen: `new`, `skip`, or the id of an account; blank until the person says whether it is one that is here.
    target: String,
    target_error: Option<String>,
    /// Ids of accounts with their names.
    options: Vec<(String, String)>,
    import_from: String,
    from_error: Option<String>,
    reason: &'static str,
    reason_icon: &'static str,
}

/// Which way round a bank's sign is read.
pub(crate) struct SignChoice {
    /// What the bank says, and what that means as it is read now.
    pub(crate) says: String,
    /// The value that leaves it so, and the one that turns it.
    pub(crate) as_it_is: bool,
    pub(crate) turned: bool,
    pub(crate) is_turned: bool,
}

impl SignChoice {
    /// What is asked about the sign of a bank account that stated a balance; `posted` is the value that was chosen.
    pub(crate) fn of(offered: &Offered, shell: &Shell, posted: Option<&str>) -> Option<Self> {
        let (bank_account, balance) = (&offered.bank_account, offered.balance.as_ref()?);
        let currency =
            Currency::iso(bank_account.currency.as_str()).unwrap_or(Currency { code: bank_account.currency, scale: 2 });
        Some(Self {
            says: shell.today.stated(balance.stated.minor, bank_account.flips_sign, currency),
            as_it_is: bank_account.flips_sign,
            turned: !bank_account.flips_sign,
            is_turned: posted.is_some_and(|sign| sign == (!bank_account.flips_sign).to_string()),
        })
    }
}

/// A field of a form in which every row is asked about first; `sync-` with the id of a bank account says yes.
const ASKED: &str = "asked";

/// The fields of the form, `target-`, `name-`, `from-` and `sign-` with the id of a bank account each.
pub(crate) type Posted = HashMap<String, String>;

/// A form that was refused: it comes back as it was posted, with what was wrong at its place.
pub(crate) struct Refused<'a> {
    pub(crate) posted: &'a Posted,
    pub(crate) field: &'static str,
    pub(crate) message: String,
}

impl Refused<'_> {
    fn value(&self, prefix: &str, id: &str) -> Option<String> {
        self.posted.get(&format!("{prefix}-{id}")).cloned()
    }

    /// What to say at a field of a bank account. The engine names the field; for which bank accounts it does not do is plain
    /// from what was posted.
    fn error_at(&self, field: &str, id: &str, today: Date) -> Option<String> {
        let target = self.value("target", id)?;
        if self.posted.contains_key(ASKED) && self.value("sync", id).is_none() {
            return None;
        }
        let is_wrong = field == self.field
            && match field {
                "name" => target == "new" && self.value("name", id).is_some_and(|name| name.trim().is_empty()),
                "import_from" => {
                    let day = self.value("from", id).and_then(|day| day.parse::<Date>().ok());
                    target != "skip" && day.is_none_or(|day| day > today)
                }
                _ => {
                    let same = |(name, value): (&String, &String)| name.starts_with("target-") && *value == target;
                    target.is_empty()
                        || !["new", "skip"].contains(&target.as_str())
                            && self.posted.iter().filter(|other| same(*other)).count() > 1
                }
            };
        is_wrong.then(|| self.message.clone())
    }
}

/// The account that the person came from.
#[derive(Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    pub(crate) account: String,
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
    link_page(&app, &member, connection_id(&connection)?, &wanted, None).await
}

async fn link_page(
    app: &App,
    member: &Member,
    connection: ConnectionId,
    wanted: &Wanted,
    refused: Option<Refused<'_>>,
) -> Result<Response, PageError> {
    let offer = app.engine.link_offer(member.asker(), connection, wanted.account.parse().ok()).await?;
    let shell = shell(app, member, Place::Banks, None).await?;
    let names = account_names(app, member).await?;
    let provider = app.engine.provider_view(member.asker(), &offer.connection.provider).await?;
    let rows = link_rows(&offer, &names, &shell, refused.as_ref());
    let found = i64::try_from(rows.len()).unwrap_or(0);
    let history_note = match offer.connection.max_history_days {
        Some(days) => {
            format!("This bank gives {} of history. You can undo the import as a whole.", counted(days, "day", "days"))
        }
        None => "You can undo the import as a whole.".to_owned(),
    };
    let status = if refused.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = LinkHtml {
        bank: offer.connection.institution_name.clone(),
        provider_name: provider.descriptor.name.to_owned(),
        count_note: format!("{} found", counted(found, "account", "accounts")),
        history_note,
        table: LinkTable { rows, today: offer.today.to_string(), left_out: left_out(offer.connection.unread_accounts) },
        error: refused.map(|refused| refused.message),
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// The names of all accounts.
pub(crate) async fn account_names(app: &App, member: &Member) -> Result<HashMap<AccountId, String>, PageError> {
    let views = app.engine.accounts(member.asker()).await?;
    Ok(views.into_iter().map(|view| (view.account.id, view.account.name)).collect())
}

/// The rows of a connection's bank accounts, but of those that are ignored.
pub(crate) fn link_rows(
    offer: &LinkOffer,
    names: &HashMap<AccountId, String>,
    shell: &Shell,
    refused: Option<&Refused<'_>>,
) -> Vec<LinkRow> {
    let asked = offer.accounts.iter().filter(|offered| !offered.bank_account.is_ignored);
    asked.map(|offered| row(offered, offer, names, shell, refused)).collect()
}

impl LinkRow {
    /// Whether the bank has stated a balance already.
    fn has_balance(&self) -> bool {
        self.sign.is_some()
    }

    /// A row among those of other banks, which is asked about first: somebody who came from an account wants that one.
    pub(crate) fn asked(self, bank: &str, wanted: &Wanted, refused: Option<&Refused<'_>>) -> Self {
        let is_chosen = match refused {
            Some(refused) => refused.value("sync", &self.id).is_some(),
            None => !wanted.account.is_empty() && self.target == wanted.account,
        };
        let bank = self.bank.unwrap_or_else(|| bank.to_owned());
        Self { bank: Some(bank), asked: Some(is_chosen), ..self }
    }
}

fn row(
    offered: &Offered,
    offer: &LinkOffer,
    names: &HashMap<AccountId, String>,
    shell: &Shell,
    refused: Option<&Refused<'_>>,
) -> LinkRow {
    let bank_account = &offered.bank_account;
    let id = bank_account.id.to_string();
    let posted = |prefix: &str| refused.and_then(|refused| refused.value(prefix, &id));
    let error = |field: &str| refused.and_then(|refused| refused.error_at(field, &id, offer.today));
    let currency =
        Currency::iso(bank_account.currency.as_str()).unwrap_or(Currency { code: bank_account.currency, scale: 2 });
    let suggested = match &offered.suggestion {
        LinkTarget::Existing(account) => Some(*account),
        LinkTarget::New(_) | LinkTarget::Skip => None,
    };
    let suggested_name = match &offered.suggestion {
        LinkTarget::New(name) => name.clone(),
        LinkTarget::Existing(_) | LinkTarget::Skip => bank_account.name.clone(),
    };
    let options = offer
        .free
        .iter()
        .filter(|account| account.currency.code == bank_account.currency)
        .map(|account| (account.id.to_string(), shell.named(account.id, &account.name)));
    LinkRow {
        name: bank_account.name.clone(),
        number: bank_account.masked_number.clone(),
        holder: bank_account.holder.clone(),
        currency: bank_account.currency.to_string(),
        balance: offered
            .balance
            .as_ref()
            .map_or_else(|| "not stated".to_owned(), |balance| shell.today.amount(balance.stated.minor, currency)),
        balance_note: offered
            .balance
            .as_ref()
            .map(|balance| shell.today.moment(balance.stated.seen_at))
            .unwrap_or_default(),
        sign: SignChoice::of(offered, shell, posted("sign").as_deref()),
        resembles: offered
            .resembles
            .iter()
            .filter_map(|account| {
                let name = shell.named(*account, names.get(account)?);
                Some((name, shell.at(&format!("accounts/{account}/move?to={}/{id}", offer.connection.id))))
            })
            .collect(),
        linked: bank_account
            .feeds
            .map(|(account, _)| shell.named(account, names.get(&account).map(String::as_str).unwrap_or_default())),
        new_name: posted("name").unwrap_or_else(|| suggested_name.clone()),
        suggested_name,
        name_error: error("name"),
        target: posted("target").unwrap_or_else(|| match suggested {
            Some(account) => account.to_string(),
            // What may be a known one is nothing before the person has said so.
            None if !offered.resembles.is_empty() => String::new(),
            None => "new".to_owned(),
        }),
        target_error: error("target"),
        options: options.collect(),
        import_from: posted("from").unwrap_or_else(|| offered.import_from.to_string()),
        from_error: error("import_from"),
        // Of a connection that shows accounts of several banks.
        bank: (bank_account.institution_name != offer.connection.institution_name)
            .then(|| bank_account.institution_name.clone()),
        asked: None,
        reason: offered.reason,
        reason_icon: if suggested.is_some() { "link" } else { "info" },
        id,
    }
}

/// Links what was chosen and shows the first sync.
pub(crate) async fn link(
    State(app): State<App>,
    member: Member,
    present: Present,
    Path((organization, connection)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    Form(posted): Form<Posted>,
) -> Result<Response, PageError> {
    let connection = connection_id(&connection)?;
    let result = match read_choices(&posted) {
        Ok(choices) => present.asks(&app).link(member.asker(), connection, &choices).await,
        Err(error) => Err(error),
    };
    let (field, message) = match result {
        Ok(run) => return Ok(Redirect::to(&format!("/o/{organization}/runs/{run}")).into_response()),
        Err(error) => refusal(error)?,
    };
    link_page(&app, &member, connection, &wanted, Some(Refused { posted: &posted, field, message })).await
}

/// At which field linking was refused, and why.
pub(crate) fn refusal(error: EngineError) -> Result<(&'static str, String), PageError> {
    match error {
        EngineError::Invalid { field, message } => Ok((field, message)),
        EngineError::Conflict(what) => Ok(("target", sentence(what))),
        error => Err(error.into()),
    }
}

/// Reads what was chosen; one choice per field `target-<bank account>`. Of what is skipped nothing else counts.
pub(crate) fn read_choices(posted: &Posted) -> Result<Vec<LinkChoice>, EngineError> {
    let mut choices = Vec::new();
    for (field, value) in posted {
        let Some(id) = field.strip_prefix("target-") else { continue };
        let other = |prefix: &str| posted.get(&format!("{prefix}-{id}")).cloned().unwrap_or_default();
        let target = match value.as_str() {
            "skip" => continue,
            _ if posted.contains_key(ASKED) && !posted.contains_key(&format!("sync-{id}")) => continue,
            "" => {
                let says = "Say first whether it is an account that is here: go on in that one, or choose what it is.";
                return Err(EngineError::invalid("target", says));
            }
            "new" => LinkTarget::New(other("name")),
            account => LinkTarget::Existing(
                account.parse().map_err(|_| EngineError::invalid("target", "Choose an account from the list."))?,
            ),
        };
        choices.push(LinkChoice {
            bank_account: id.parse().map_err(|_| EngineError::invalid("target", "This bank account is not known."))?,
            target,
            import_from: other("from")
                .parse()
                .map_err(|_| EngineError::invalid("import_from", "Choose the day to import from."))?,
            flips_sign: other("sign").parse().ok(),
            asset: None,
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
    let batch = app.engine.unlink(member.asker(), account).await?;
    let told = batch.map(|batch| format!("?unlinked={batch}")).unwrap_or_default();
    Ok(Redirect::to(&format!("/o/{organization}/accounts/{account}{told}")))
}
