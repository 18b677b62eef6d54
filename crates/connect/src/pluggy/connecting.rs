//! Connecting: an item is taken up as it is, and renewed by having it read anew, by answering its bank, or by putting
//! another item in its place.
//!
//! Source: sections 4 and 10 of the fact sheet. A refusal to read the bank anew, which is the rule on free plans, says
//! nothing against the data that is there: it is told, and the renewal goes on with what Pluggy has.

use std::collections::BTreeMap;

use bankside_domain::Secret;
use bankside_domain::consent::Consent;
use bankside_domain::fault::{FaultClass, UserAction};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::challenge::{self, Challenge};
use super::client::Client;
use super::item::{self, Standing};
use super::logins::{bank_of, item_id, no_item_id};
use super::wire::{Account, Item};
use super::{DESCRIPTOR, Remote, accounts, problem, time_zone};
use crate::connector::Intent;
use crate::fault::Fault;
use crate::step::{Answered, Browser, Connected, FlowState, Form, FormField, Input, Institution, Shown, Step};

const POLL_SECS: u32 = 3;
/// Signing in takes up to five minutes and reading some more (fact sheet §4); what takes longer is not waited for.
const PATIENCE_MINUTES: i64 = 20;
/// How far back Pluggy reads when an item is made (fact sheet §4).
const HISTORY_DAYS: i64 = 365;
/// What the answer with another item is called.
const ITEM_FIELD: &str = "item_id";

/// What an item is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Purpose {
    Adopt,
    Renew,
}

/// What a flow needs to go on.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
enum Walking {
    /// An item is being read.
    Reading { item: String, purpose: Purpose, since: Timestamp },
    /// Another item is asked for. `item` is the one that is there, if it is.
    Replacing { item: Option<String>, message: String },
    /// The person is told why the item was not read anew.
    Telling { item: String, message: String },
}

impl Walking {
    fn state(&self) -> Result<FlowState, Fault> {
        serde_json::to_value(self).map(FlowState).map_err(|error| broken_state().with_source(error))
    }
}

fn broken_state() -> Fault {
    Fault::new(FaultClass::Bug, "pluggy.flow_state", "The state of this connecting flow cannot be read.")
}

/// Begins. There is no way to make a new item here.
pub(super) async fn begin(client: &Client<'_>, intent: Intent<'_>) -> Result<Step, Fault> {
    match intent {
        Intent::New { .. } | Intent::Hosted { .. } => Err(Fault::no_such_way(DESCRIPTOR.name)),
        Intent::Adopt { login } => {
            let id =
                item_id(login).ok_or_else(|| Fault::new(FaultClass::Bug, "pluggy.item_id_wrong", no_item_id(login)))?;
            adopt(client, client.item(&id).await?).await
        }
        Intent::Renew { remote, .. } => renew(client, &Remote::read(remote)?.item).await,
    }
}

/// Takes up an item. What it has is there to be read, whatever its last reading was like.
async fn adopt(client: &Client<'_>, item: Item) -> Result<Step, Fault> {
    let now = client.cx.ambient.now();
    let is_first = item::fault(&item, now).is_some_and(|fault| fault.class() == FaultClass::Busy);
    if !is_first {
        let (accounts, unread) = accounts::of_item(client, &item.id).await?;
        if !accounts.is_empty() {
            return connected(client, &item, &accounts, unread);
        }
    }
    go_on(client, item, Purpose::Adopt, now, None).await
}

/// Has an item read anew, because a person asks for it. One whose sign-in was refused is not tried with the same again.
async fn renew(client: &Client<'_>, id: &str) -> Result<Step, Fault> {
    let now = client.cx.ambient.now();
    let item = match client.item(id).await {
        Ok(item) => item,
        Err(fault) if fault.code() == problem::ITEM_GONE => return replace(None, &fault.record().message, None),
        Err(fault) => return Err(fault),
    };
    let is_refused = item.status.as_deref() == Some("LOGIN_ERROR");
    if is_refused || item::standing(&item) != Standing::Still {
        return go_on(client, item, Purpose::Renew, now, None).await;
    }
    match client.refresh(id).await {
        Ok(item) => go_on(client, item, Purpose::Renew, now, None).await,
        Err(fault) if fault.code() == problem::READING_ALREADY => wait(&item, Purpose::Renew, now),
        Err(fault) if !is_refusal(&fault) => Err(fault),
        // What is wrong with the item itself comes first: without that put right, there is nothing to go on with.
        Err(fault) => match item::fault(&item, now) {
            Some(own) if own.class() == FaultClass::NeedsUser => replace(Some(&item), &own.record().message, None),
            _ if fault.class() == FaultClass::NeedsUser => replace(Some(&item), &fault.record().message, None),
            _ => tell(&item, &fault),
        },
    }
}

/// What Pluggy itself refuses an item, as against trouble with keys, limits or the line.
fn is_refusal(fault: &Fault) -> bool {
    let is_told = match fault.class() {
        FaultClass::NeedsUser | FaultClass::Unsupported | FaultClass::RateLimited => true,
        FaultClass::RetryLater => matches!(fault.http_status(), Some(400 | 409)),
        FaultClass::NeedsOperator => fault.code() == "pluggy.trial",
        _ => false,
    };
    is_told && !matches!(fault.code(), problem::LIMITED | problem::KEY_REFUSED | "pluggy.intercepted")
}

pub(super) async fn resume(client: &Client<'_>, state: &FlowState, input: Input) -> Result<Step, Fault> {
    let walking = serde_json::from_value(state.0.clone()).map_err(|error| broken_state().with_source(error))?;
    match (walking, input) {
        (Walking::Reading { item, purpose, since }, Input::Answers(answers)) => {
            answer(client, &item, (purpose, since), &answers).await
        }
        (Walking::Reading { item, purpose, since }, _) => {
            go_on(client, client.item(&item).await?, purpose, since, None).await
        }
        (Walking::Replacing { item, message }, Input::Answers(answers)) => {
            replaced(client, item, message, &answers).await
        }
        (Walking::Telling { item, .. }, Input::Answers(_)) => finish(client, &client.item(&item).await?).await,
        (walking @ Walking::Replacing { .. }, _) => ask_for_item(&walking, None),
        (Walking::Telling { item, message }, _) => ask_to_go_on(item, message),
    }
}

/// Hands an answer on to the bank, or looks again where there was only something to confirm.
async fn answer(
    client: &Client<'_>,
    id: &str,
    (purpose, since): (Purpose, Timestamp),
    answers: &BTreeMap<String, Secret>,
) -> Result<Step, Fault> {
    let item = client.item(id).await?;
    let wanted = item.parameter.as_ref().filter(|_| item::standing(&item) == Standing::WantsAnswer);
    let Some((parameter, given)) = wanted.and_then(|parameter| Some((parameter, answers.get(&parameter.name)?))) else {
        return go_on(client, item, purpose, since, None).await;
    };
    let value = Secret::new(challenge::value_of(Some(parameter), given.expose()).to_owned());
    match client.answer(id, &parameter.name, &value).await {
        Ok(item) => go_on(client, item, purpose, since, None).await,
        Err(fault) if fault.code() == problem::READING_ALREADY => wait(&item, purpose, since),
        Err(fault) if fault.code() == problem::ANSWER_MISMATCH => {
            let said = fault.record().message.clone();
            go_on(client, client.item(id).await?, purpose, since, Some(said)).await
        }
        Err(fault) if fault.code() == problem::ANSWER_LATE => Ok(Step::Failed(fault)),
        Err(fault) => Err(fault),
    }
}

/// What comes next for an item. `wrong` is what was wrong with the answer before.
async fn go_on(
    client: &Client<'_>,
    item: Item,
    purpose: Purpose,
    since: Timestamp,
    wrong: Option<String>,
) -> Result<Step, Fault> {
    let now = client.cx.ambient.now();
    let bank = item::bank_name(&item).unwrap_or_else(|| "the bank".to_owned());
    let until = since + SignedDuration::from_mins(PATIENCE_MINUTES);
    let challenge = match item::standing(&item) {
        Standing::Still => return settled(client, &item, purpose).await,
        Standing::WantsAnswer => challenge::question(&item, &bank, client.cx.base_url, until),
        Standing::WantsAction => challenge::action(&item, &bank, client.cx.base_url, until),
        Standing::Reading => None,
    };
    let state = || Walking::Reading { item: item.id.clone(), purpose, since }.state();
    match challenge {
        Some(Challenge::Form(form)) => Ok(Step::Ask(Box::new(Form { error: wrong, ..*form }), state()?)),
        Some(Challenge::Page { url, expires_at }) => Ok(Step::Open(Browser { url, expires_at }, state()?)),
        None if now > until => Ok(Step::Failed(endless())),
        None => wait(&item, purpose, since),
    }
}

fn wait(item: &Item, purpose: Purpose, since: Timestamp) -> Result<Step, Fault> {
    let state = Walking::Reading { item: item.id.clone(), purpose, since }.state()?;
    Ok(Step::Wait { message: item::progress(item).to_owned(), poll_after_secs: POLL_SECS, state })
}

fn endless() -> Fault {
    let message =
        "Pluggy has been reading this bank for long and is not through. What it brings comes with a later sync.";
    Fault::new(FaultClass::RetryLater, "pluggy.endless_reading", message)
}

/// The reading is over, one way or the other.
async fn settled(client: &Client<'_>, item: &Item, purpose: Purpose) -> Result<Step, Fault> {
    match (item::fault(item, client.cx.ambient.now()), purpose) {
        (None, _) => finish(client, item).await,
        (Some(fault), Purpose::Adopt) => Ok(Step::Failed(fault)),
        (Some(fault), Purpose::Renew) if fault.class() == FaultClass::NeedsUser => {
            replace(Some(item), &fault.record().message, None)
        }
        (Some(fault), Purpose::Renew) => tell(item, &fault),
    }
}

/// Says why the item was not read anew, and when Pluggy does so by itself.
fn tell(item: &Item, fault: &Fault) -> Result<Step, Fault> {
    let next = fault.record().retry_at.or(item.next_auto_sync_at).map(|at| {
        let at = at.to_zoned(time_zone()).strftime("%Y-%m-%d %H:%M").to_string();
        format!(" Pluggy reads it by itself, next about {at} in São Paulo.")
    });
    let message = format!("{}{}", fault.record().message, next.unwrap_or_default());
    ask_to_go_on(item.id.clone(), message)
}

fn ask_to_go_on(item: String, message: String) -> Result<Step, Fault> {
    let form = Form {
        title: "Not read anew".to_owned(),
        message: format!("{message} What Pluggy has already can be synced as before."),
        is_from_bank: false,
        error: None,
        picture: None,
        shown: None,
        fields: Vec::new(),
        submit: "Go on with it".to_owned(),
        expires_at: None,
    };
    Ok(Step::Ask(Box::new(form), Walking::Telling { item, message }.state()?))
}

/// Asks for another item in the place of one that is gone or does not work any more.
fn replace(item: Option<&Item>, why: &str, wrong: Option<String>) -> Result<Step, Fault> {
    let message = match item.map(item::place) {
        None => format!("{why} Copy the ID of the item that has taken its place in the Pluggy dashboard."),
        Some((_, page)) => {
            format!("{why} Go on here once that is done. If it has made another item, copy its ID at {page} too.")
        }
    };
    ask_for_item(&Walking::Replacing { item: item.map(|item| item.id.clone()), message }, wrong)
}

fn ask_for_item(walking: &Walking, wrong: Option<String>) -> Result<Step, Fault> {
    let Walking::Replacing { item, message } = walking else { return Err(broken_state()) };
    let hint = match item {
        Some(_) => "Empty if the item is the same.",
        None => "32 letters and digits in five groups with dashes between.",
    };
    let field = FormField {
        key: ITEM_FIELD.to_owned(),
        label: "New item ID".to_owned(),
        hint: hint.to_owned(),
        answered: Answered::Text,
        is_optional: item.is_some(),
    };
    let form = Form {
        title: "Another item".to_owned(),
        message: message.clone(),
        is_from_bank: false,
        error: wrong,
        picture: None,
        shown: None,
        fields: vec![field],
        submit: "Go on".to_owned(),
        expires_at: None,
    };
    Ok(Step::Ask(Box::new(form), walking.state()?))
}

/// Looks at the item that was named, or again at the same. Its accounts are matched by their keys, whatever their ids.
async fn replaced(
    client: &Client<'_>,
    same: Option<String>,
    message: String,
    answers: &BTreeMap<String, Secret>,
) -> Result<Step, Fault> {
    let again =
        |wrong: String| ask_for_item(&Walking::Replacing { item: same.clone(), message: message.clone() }, Some(wrong));
    let typed = answers.get(ITEM_FIELD).map(|typed| typed.expose().trim()).filter(|typed| !typed.is_empty());
    let id = match (typed, &same) {
        (Some(typed), _) => match item_id(typed) {
            Some(id) => id,
            None => return again(no_item_id(typed)),
        },
        (None, Some(same)) => same.clone(),
        (None, None) => return again("An item ID is needed.".to_owned()),
    };
    let now = client.cx.ambient.now();
    let item = match client.item(&id).await {
        Ok(item) => item,
        Err(fault) if fault.code() == problem::ITEM_GONE => return again(fault.record().message.clone()),
        Err(fault) => return Err(fault),
    };
    match item::fault(&item, now) {
        Some(fault) if item::standing(&item) == Standing::Still && fault.class() == FaultClass::NeedsUser => {
            again(fault.record().message.clone())
        }
        _ => go_on(client, item, Purpose::Renew, now, None).await,
    }
}

/// The accounts of an item as Pluggy has them, without having its bank read.
pub(super) async fn shown(client: &Client<'_>, remote: &Remote) -> Result<Shown, Fault> {
    let item = client.item(&remote.item).await?;
    match item::fault(&item, client.cx.ambient.now()) {
        Some(first) if first.class() == FaultClass::Busy => Err(first),
        // What was read before stays readable, whatever else is wrong with the item.
        _ => Shown::of(finish(client, &item).await?),
    }
}

async fn finish(client: &Client<'_>, item: &Item) -> Result<Step, Fault> {
    let (accounts, unread) = accounts::of_item(client, &item.id).await?;
    if accounts.is_empty() {
        let (place, page) = item::place(item);
        let message = format!("This item shows no accounts. Look in {place} whether they are shared.");
        let fault = Fault::new(FaultClass::NeedsUser, "pluggy.no_accounts", message);
        return Ok(Step::Failed(fault.with_action(UserAction::Visit(page.to_owned()))));
    }
    connected(client, item, &accounts, unread)
}

fn connected(client: &Client<'_>, item: &Item, found: &[Account], unread: Vec<String>) -> Result<Step, Fault> {
    let institution = institution(item, found);
    let accounts = found.iter().map(|account| accounts::info(client, item, account)).collect::<Result<_, _>>()?;
    Ok(Step::Done(Box::new(Connected {
        remote: Remote { item: item.id.clone() }.keep()?,
        country: institution.countries.first().cloned(),
        institution,
        // The provider says when it ends, never when it was given.
        consent: Consent { given_at: None, valid_until: item.consent_expires_at },
        accounts,
        unread,
    })))
}

fn institution(item: &Item, accounts: &[Account]) -> Institution {
    let connector = item.connector.as_ref();
    let country = connector.and_then(|connector| connector.country.clone());
    let country = country.filter(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
    Institution {
        key: connector.and_then(|connector| connector.id).unwrap_or_default().to_string(),
        name: bank_of(item, accounts).unwrap_or_else(|| DESCRIPTOR.name.to_owned()),
        bic: None,
        countries: vec![country.unwrap_or_else(|| "BR".to_owned())],
        logo: connector.and_then(|connector| connector.image_url.clone()),
        max_history_days: Some(HISTORY_DAYS),
        max_consent_days: None,
    }
}
