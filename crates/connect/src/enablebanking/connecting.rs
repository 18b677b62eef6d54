//! Connecting: the application is looked at, a bank is chosen, the person walks to it and comes back with a code, and the code is
//! exchanged. Source: sections 1 to 4 of the fact sheet.

use std::collections::BTreeMap;

use bankside_domain::Secret;
use bankside_domain::consent::Consent;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::text::fold;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::accounts;
use super::client::{Client, parse};
use super::session::Remote;
use super::{CONTROL_PANEL, DESCRIPTOR, problem, wire};
use crate::connector::{Checked, Intent, Return};
use crate::fault::Fault;
use crate::step::{
    Answered, BankQuery, Browser, Connected, FlowState, Form, FormField, Input, Institution, RemoteRef, Step,
};

const DAY_SECS: i64 = 86_400;
/// What banks allow that do not say it.
const USUAL_SECS: i64 = 90 * DAY_SECS;
/// Clocks differ, and a consent that is too long by a moment is refused.
const MARGIN_SECS: i64 = 3600;
const POLL_SECS: u32 = 5;
/// The one question of ours.
const KIND: &str = "psu_type";
const PERSONAL: &str = "personal";

/// A flow, as far as it has come.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Walking {
    institution: Institution,
    country: String,
    /// The longest consent of the bank.
    longest_secs: i64,
    stage: Stage,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// The person says of which kind their accounts are.
    Choosing { psu_types: Vec<String>, back: Url, reference: String },
    /// They are on their way.
    Open { psu_type: String, url: String, expires_at: Timestamp },
    /// They are back, and their code could not be exchanged yet.
    Exchanging { psu_type: String, code: String },
}

/// Looks whether the keys are an application's, and whether it may read accounts.
pub(super) async fn check(client: &Client<'_>) -> Result<Checked, Fault> {
    let application = application(client).await?;
    let reads_accounts = application.services.is_empty() || application.services.iter().any(|one| one == "AIS");
    if application.active == Some(false) || !reads_accounts {
        return Err(problem::inactive());
    }
    Ok(Checked::AsTyped)
}

async fn application(client: &Client<'_>) -> Result<wire::Application, Fault> {
    parse(&client.get(client.url(["application"])?, "application").await?)
}

/// The banks of a country, by name.
pub(super) async fn institutions(client: &Client<'_>, query: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
    let BankQuery::Country(country) = query else { return Ok(Vec::new()) };
    let mut institutions: Vec<Institution> = Vec::new();
    for aspsp in aspsps(client, country).await? {
        let listed = institution(aspsp);
        if !listed.name.trim().is_empty() && institutions.iter().all(|known| known.key != listed.key) {
            institutions.push(listed);
        }
    }
    institutions.sort_by_cached_key(|institution| fold(&institution.name));
    Ok(institutions)
}

async fn aspsps(client: &Client<'_>, country: &str) -> Result<Vec<wire::Aspsp>, Fault> {
    let mut url = client.url(["aspsps"])?;
    url.query_pairs_mut().append_pair("country", &country.to_ascii_uppercase()).append_pair("service", "AIS");
    let answer: wire::Aspsps = parse(&client.get(url, "aspsps").await?)?;
    Ok(answer.aspsps)
}

/// What a bank is called: its country, and its name there.
fn key(country: &str, name: &str) -> String {
    format!("{country}:{name}")
}

/// The country of a key.
pub(super) fn country_of(key: &str) -> &str {
    key.split_once(':').map_or("", |(country, _)| country)
}

fn institution(aspsp: wire::Aspsp) -> Institution {
    Institution {
        key: key(&aspsp.country, &aspsp.name),
        name: aspsp.name,
        bic: aspsp.bic,
        countries: vec![aspsp.country],
        logo: aspsp.logo,
        max_history_days: None,
        max_consent_days: aspsp.maximum_consent_validity.map(|secs| secs / DAY_SECS),
    }
}

pub(super) async fn begin(client: &Client<'_>, intent: Intent<'_>, back: &Return) -> Result<Step, Fault> {
    let (wanted, renewed) = match intent {
        Intent::New { institution_key } => (institution_key, None),
        Intent::Renew { institution_key, remote } => (institution_key, Some(Remote::read(remote)?)),
        Intent::Adopt { .. } | Intent::Hosted { .. } => return Err(Fault::no_such_way(DESCRIPTOR.name)),
    };
    let country = country_of(wanted).to_owned();
    let listed = aspsps(client, &country).await?;
    let Some(aspsp) = listed.into_iter().find(|one| key(&one.country, &one.name) == wanted) else {
        let message = "Enable Banking does not list this bank any more. It may have another name now.";
        return Err(Fault::new(FaultClass::Gone, "enablebanking.bank_gone", message));
    };
    let (longest, psu_types) = (aspsp.maximum_consent_validity, aspsp.psu_types.clone());
    let mut walking = Walking {
        country,
        longest_secs: longest.filter(|secs| *secs > 0).unwrap_or(USUAL_SECS),
        institution: institution(aspsp),
        stage: Stage::Choosing { psu_types, back: back.url.clone(), reference: back.reference.clone() },
    };
    let Stage::Choosing { psu_types, .. } = &walking.stage else { return Err(broken_state()) };
    let only = match (renewed, psu_types.as_slice()) {
        (Some(renewed), _) => Some(renewed.psu_type),
        (None, []) => Some(PERSONAL.to_owned()),
        (None, [only]) => Some(only.clone()),
        (None, _) => None,
    };
    match only {
        Some(psu_type) => open(client, &mut walking, psu_type, &back.url, &back.reference).await,
        None => ask(&walking),
    }
}

/// What a kind of customer is called here.
fn in_words(psu_type: &str) -> String {
    match psu_type {
        PERSONAL => "Personal".to_owned(),
        "business" => "Business".to_owned(),
        other => other.to_owned(),
    }
}

fn ask(walking: &Walking) -> Result<Step, Fault> {
    let Stage::Choosing { psu_types, .. } = &walking.stage else { return Err(broken_state()) };
    let form = Form {
        title: "Which accounts?".to_owned(),
        message: format!("{} has another sign-in for businesses than for people.", walking.institution.name),
        is_from_bank: false,
        error: None,
        picture: None,
        shown: None,
        fields: vec![FormField {
            key: KIND.to_owned(),
            label: "Kind of accounts".to_owned(),
            hint: String::new(),
            answered: Answered::OneOf(psu_types.iter().map(|kind| in_words(kind)).collect()),
            is_optional: false,
        }],
        submit: "Continue".to_owned(),
        expires_at: None,
    };
    Ok(Step::Ask(Box::new(form), flow_state(walking)?))
}

/// Begins an authorisation and sends the person to it.
async fn open(
    client: &Client<'_>,
    walking: &mut Walking,
    psu_type: String,
    back: &Url,
    reference: &str,
) -> Result<Step, Fault> {
    let begun = match start(client, walking, &psu_type, back.as_str(), reference).await {
        Err(fault) if fault.code() == problem::REDIRECT => {
            let other = another_redirect(client, back).await?;
            start(client, walking, &psu_type, &other, reference).await?
        }
        result => result?,
    };
    let expires_at = client.cx.ambient.now() + SignedDuration::from_mins(DESCRIPTOR.flow_minutes);
    walking.stage = Stage::Open { psu_type, url: begun.url, expires_at };
    opened(walking)
}

async fn start(
    client: &Client<'_>,
    walking: &Walking,
    psu_type: &str,
    redirect_url: &str,
    reference: &str,
) -> Result<wire::Begun, Fault> {
    let margin = MARGIN_SECS.min(walking.longest_secs / 2);
    let until = client.cx.ambient.now() + SignedDuration::from_secs(walking.longest_secs - margin);
    let body = json!({
        "access": { "valid_until": until.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(), "balances": true, "transactions": true },
        "aspsp": { "country": walking.country, "name": walking.institution.name },
        "state": reference,
        "redirect_url": redirect_url,
        "psu_type": psu_type,
        "language": "en",
    });
    parse(&client.post("auth", &body).await?)
}

/// Another redirect of the application: the one that ends like ours, or else any. The person is led there, and pastes its address here.
async fn another_redirect(client: &Client<'_>, back: &Url) -> Result<String, Fault> {
    let registered = application(client).await?.redirect_urls;
    let is_alike = |text: &&String| text.parse::<Url>().is_ok_and(|url| url.path() == back.path());
    let other = registered.iter().find(is_alike).or(registered.first()).cloned();
    other.ok_or_else(problem::redirect_not_registered)
}

fn opened(walking: &Walking) -> Result<Step, Fault> {
    let Stage::Open { url, expires_at, .. } = &walking.stage else { return Err(broken_state()) };
    Ok(Step::Open(Browser { url: url.clone(), expires_at: *expires_at }, flow_state(walking)?))
}

fn flow_state(walking: &Walking) -> Result<FlowState, Fault> {
    serde_json::to_value(walking).map(FlowState).map_err(|error| broken_state().with_source(error))
}

fn broken_state() -> Fault {
    Fault::new(FaultClass::Bug, "enablebanking.flow_state", "The state of this connecting flow cannot be read.")
}

pub(super) async fn resume(client: &Client<'_>, state: &FlowState, input: Input) -> Result<Step, Fault> {
    let mut walking: Walking =
        serde_json::from_value(state.0.clone()).map_err(|error| broken_state().with_source(error))?;
    match (walking.stage.clone(), input) {
        (Stage::Choosing { psu_types, back, reference }, Input::Answers(answers)) => {
            match chosen(&psu_types, &answers) {
                Some(psu_type) => open(client, &mut walking, psu_type, &back, &reference).await,
                None => ask(&walking),
            }
        }
        (Stage::Choosing { .. }, _) => ask(&walking),
        (Stage::Open { psu_type, .. }, Input::Callback(query)) => match (query.get("error"), query.get("code")) {
            (Some(error), _) => Ok(refused(error, &walking.institution.name)),
            (None, Some(code)) => exchange(client, &mut walking, psu_type, code.clone()).await,
            (None, None) => opened(&walking),
        },
        (Stage::Open { .. }, _) => opened(&walking),
        (Stage::Exchanging { psu_type, code }, _) => exchange(client, &mut walking, psu_type, code).await,
    }
}

fn chosen(psu_types: &[String], answers: &BTreeMap<String, Secret>) -> Option<String> {
    let answer = answers.get(KIND)?.expose();
    psu_types.iter().find(|kind| in_words(kind) == answer).cloned()
}

/// Exchanges a code. It works once, and is kept while the exchange could not be tried or has no answer that counts.
async fn exchange(client: &Client<'_>, walking: &mut Walking, psu_type: String, code: String) -> Result<Step, Fault> {
    match client.post("sessions", &json!({ "code": code })).await {
        Ok(body) => connected(client, walking, psu_type, parse(&body)?),
        Err(fault) if fault.code() == problem::CODE_REFUSED => {
            Ok(Step::Cancelled { message: fault.record().message.clone() })
        }
        Err(fault) if matches!(fault.class(), FaultClass::RetryLater | FaultClass::RateLimited | FaultClass::Busy) => {
            tracing::info!(code = fault.code(), "what the person came back with is exchanged a little later");
            walking.stage = Stage::Exchanging { psu_type, code };
            Ok(Step::Wait {
                message: format!("Enable Banking is asked for the accounts at {}.", walking.institution.name),
                poll_after_secs: POLL_SECS,
                state: flow_state(walking)?,
            })
        }
        Err(fault) => Ok(Step::Failed(fault)),
    }
}

/// What the bank or the provider says when it sends the person back without success: words of OAuth, and of the provider.
fn refused(error: &str, bank: &str) -> Step {
    match error {
        "access_denied" | "cancelled" | "user_cancelled" => Step::Cancelled {
            message: format!("You cancelled at {bank}, or the bank did not agree. Nothing has changed."),
        },
        other => {
            let word = other.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
            let message = format!("{bank} could not be connected: it answered with an error. Try again later.");
            Step::Failed(
                Fault::new(FaultClass::RetryLater, "enablebanking.refused", message).with_reference(Some(word)),
            )
        }
    }
}

/// Full data of accounts is in this answer alone, so all that is needed is taken from it.
fn connected(
    client: &Client<'_>,
    walking: &Walking,
    psu_type: String,
    answer: wire::Authorized,
) -> Result<Step, Fault> {
    let key = walking.institution.key.as_str();
    let mut unread = Vec::new();
    let mut infos = Vec::new();
    for account in &answer.accounts {
        match accounts::info(account, key) {
            Some(info) => infos.push(info),
            None => unread.extend(account.identification_hash.clone()),
        }
    }
    if infos.is_empty() {
        let message = format!("{} showed no account that can be read.", walking.institution.name);
        let fault = Fault::new(FaultClass::NeedsUser, "enablebanking.no_accounts", message);
        return Ok(Step::Failed(fault.with_action(UserAction::Visit(CONTROL_PANEL.to_owned()))));
    }
    let valid_until = answer.access.and_then(|access| access.valid_until);
    let remote: RemoteRef = Remote { session: answer.session_id, psu_type }.write()?;
    Ok(Step::Done(Box::new(Connected {
        remote,
        institution: walking.institution.clone(),
        country: Some(walking.country.clone()),
        consent: Consent { given_at: Some(client.cx.ambient.now()), valid_until },
        accounts: infos,
        unread,
    })))
}
