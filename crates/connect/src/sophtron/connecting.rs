//! Connecting: a login at Sophtron is taken up, made, or read anew, and the bank's questions are put to the person meanwhile.
//!
//! What is typed goes to Sophtron and is in no state: a state knows which prompt was answered, never what with. A login is made
//! once; whoever signs in again changes it. Nothing that the bank has refused is sent again unless the person says so.

use std::collections::BTreeMap;

use bankside_domain::consent::Consent;
use bankside_domain::fault::FaultClass;
use bankside_domain::{CurrencyCode, Secret};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::accounts::{self, dollar_of};
use super::client::Client;
use super::flow::{Flow, Pending, Purpose, Running, Stage};
use super::job::{Failure, Open, Standing};
use super::logins;
use super::owed;
use super::remote::Remote;
use super::sign_in::SignIn;
use super::wire::{AccountRow, InstitutionRow, SignInDetail};
use super::{currency, institutions, problem, prompt, refreshing};
use crate::connector::Intent;
use crate::fault::Fault;
use crate::step::{Connected, FlowState, Input, Institution, RemoteRef, Shown, Step};

/// A person waits for the job, so it is looked at often at first, as Sophtron's own programs do, and then less: at most some
/// fifty requests for a login.
const POLL_SECS: u32 = 5;
const LATER_POLL_SECS: u32 = 15;
const OFTEN_FOR: SignedDuration = SignedDuration::from_mins(2);
/// A job in which nothing happens for so long is over. Other programs wait four minutes.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_mins(10);
/// A job that says that it is over, and for so long not how, has what it has.
const OVER_AFTER: SignedDuration = SignedDuration::from_mins(1);

pub(super) async fn begin(client: &Client<'_>, intent: Intent<'_>) -> Result<Step, Fault> {
    match intent {
        Intent::New { institution_key } => {
            let row = institutions::by_id(client, institutions::id_of(institution_key)).await?;
            Flow::new(Purpose::New, institutions::institution(&row), SignIn::of(&row.sign_in))
                .ask_to_sign_in(None, false)
        }
        Intent::Hosted { .. } => Err(Fault::no_such_way(super::DESCRIPTOR.name)),
        Intent::Adopt { login } => adopt(client, login).await,
        Intent::Renew { institution_key, remote } => {
            let before = Remote::read(remote)?;
            let row = known_or_nameless(client, institutions::id_of(institution_key)).await?;
            // Its key stays what it was, whatever is told of its country now.
            let institution = Institution { key: institution_key.to_owned(), ..institutions::institution(&row) };
            let login = before.login.clone();
            let dollar = before.dollar;
            let flow = Flow::new(Purpose::Renew(Box::new(before)), institution, SignIn::of(&row.sign_in));
            let flow = Flow { login: Some(login.clone()), dollar: dollar.or(flow.dollar), ..flow };
            let job = client.refresh(&login).await.map_err(gone_with_its_login)?;
            started(client, flow, job).await
        }
    }
}

/// Takes up a login that somebody else has made: its accounts are there.
async fn adopt(client: &Client<'_>, login: &str) -> Result<Step, Fault> {
    let row = logins::row(client, login).await?;
    let id = row.institution.as_deref().ok_or_else(|| {
        let message = "Sophtron does not say at which bank this sign-in is.";
        Fault::new(FaultClass::Unsupported, "sophtron.no_institution", message)
    })?;
    let institution = known_or_nameless(client, id).await?;
    let flow = Flow::new(Purpose::Adopt, institutions::institution(&institution), SignIn::of(&institution.sign_in));
    connected(client, Flow { login: Some(row.id), ..flow }, None).await
}

/// An institution; one that Sophtron cannot name any more does not keep its login from being used.
async fn known_or_nameless(client: &Client<'_>, id: &str) -> Result<InstitutionRow, Fault> {
    match institutions::by_id(client, id).await {
        Err(fault) if fault.code() == problem::NOT_FOUND => Ok(InstitutionRow {
            id: id.to_owned(),
            name: "A bank at Sophtron".to_owned(),
            country: None,
            logo: None,
            is_biller: false,
            sign_in: SignInDetail::default(),
        }),
        result => result,
    }
}

fn gone_with_its_login(fault: Fault) -> Fault {
    if fault.code() == problem::NOT_FOUND { problem::login_gone() } else { fault }
}

pub(super) async fn resume(client: &Client<'_>, state: &FlowState, input: Input) -> Result<Step, Fault> {
    let flow = Flow::read(state)?;
    match (flow.stage.clone(), input) {
        (Stage::SignIn { may_be_empty, .. }, Input::Answers(answers)) => {
            sign_in(client, flow, &answers, may_be_empty).await
        }
        (Stage::SignIn { error, may_be_empty }, _) => flow.ask_to_sign_in(error, may_be_empty),
        (Stage::Job(running), Input::Answers(answers)) => answer(client, flow, running, &answers).await,
        (Stage::Job(running), _) => look(client, flow, running).await,
        (Stage::Owed { job }, Input::Answers(answers)) => {
            let owed =
                flow.owed.iter().map(|(id, is_owed)| (id.clone(), *is_owed)).chain(owed::said(&answers)).collect();
            connected(client, Flow { owed, ..flow }, job).await
        }
        // The question follows from the accounts, so they are looked at again.
        (Stage::Owed { job }, _) => connected(client, flow, job).await,
        (Stage::Currency { job }, Input::Answers(answers)) => match currency::chosen(&answers) {
            Some(dollar) => connected(client, Flow { dollar: Some(dollar), ..flow }, job).await,
            None => flow.ask_for_currency(job),
        },
        (Stage::Currency { job }, _) => flow.ask_for_currency(job),
    }
}

/// Hands on what was typed into the sign-in form.
async fn sign_in(
    client: &Client<'_>,
    mut flow: Flow,
    answers: &BTreeMap<String, Secret>,
    may_be_empty: bool,
) -> Result<Step, Fault> {
    if may_be_empty && answers.is_empty() {
        let job = again(client, &flow).await?;
        return started(client, flow, job).await;
    }
    if let Some(label) = flow.sign_in.missing(answers) {
        let error = format!("{label} is missing.");
        return flow.ask_to_sign_in(Some(error), may_be_empty);
    }
    if let (None, Some(before)) = (&flow.login, &flow.lost) {
        flow.login = logins::only_new(client, &flow.institution, before).await?;
    }
    match flow.login.clone() {
        Some(login) => {
            let body = request(&flow, answers, "UserInstitutionID", &login);
            let job =
                client.start("UserInstitution/UpdateUserInstitution", &body).await.map_err(gone_with_its_login)?;
            // It is not documented whether changing a login starts a job.
            let job = if job.is_some() { job } else { again(client, &flow).await? };
            flow.was_retyped = true;
            started(client, flow, job).await
        }
        None => create(client, flow, answers).await,
    }
}

fn request(flow: &Flow, answers: &BTreeMap<String, Secret>, key: &str, value: &str) -> Value {
    let mut body = Map::new();
    body.insert(key.to_owned(), value.into());
    flow.sign_in.fill(&mut body, answers);
    body.into()
}

/// Has the login tried again with what Sophtron has of it.
async fn again(client: &Client<'_>, flow: &Flow) -> Result<Option<String>, Fault> {
    let login = flow.login.as_deref().unwrap_or_default();
    let result = match flow.purpose {
        Purpose::New | Purpose::Adopt => {
            let body = json!({ "UserInstitutionID": login });
            client.start("UserInstitution/RetryAddingUserInstitution", &body).await
        }
        Purpose::Renew(_) => client.refresh(login).await,
    };
    result.map_err(gone_with_its_login)
}

/// Makes the login. Where the answer is lost nobody knows whether it was made, so the next try looks for it first.
async fn create(client: &Client<'_>, mut flow: Flow, answers: &BTreeMap<String, Secret>) -> Result<Step, Fault> {
    let before = match flow.lost.take() {
        Some(before) => before,
        None => logins::of_institution(client, &flow.institution).await?,
    };
    let mut body = request(&flow, answers, "UserID", client.user_id());
    body["InstitutionID"] = institutions::id_of(&flow.institution.key).into();
    match logins::create(client, &body).await {
        Ok((login, job)) => {
            flow.login = Some(login);
            started(client, flow, job).await
        }
        Err(fault) if logins::may_have_been_made(&fault) => {
            tracing::warn!(code = fault.code(), "the answer to a new login was lost");
            flow.lost = Some(before);
            let error = "Sophtron's answer was lost on the way. Sign in once more.".to_owned();
            flow.ask_to_sign_in(Some(error), false)
        }
        Err(fault) => Err(fault),
    }
}

/// A job was started, or there is none and what there is can be read.
async fn started(client: &Client<'_>, flow: Flow, job: Option<String>) -> Result<Step, Fault> {
    match job {
        Some(id) => wait(flow, Running::new(id, client.cx.ambient.now()), client.cx.ambient.now()),
        None => connected(client, flow, None).await,
    }
}

fn wait(flow: Flow, running: Running, now: Timestamp) -> Result<Step, Fault> {
    let is_early = now.duration_since(running.since) < OFTEN_FOR;
    Ok(Step::Wait {
        message: format!("Sophtron signs in to {} and reads the accounts.", flow.institution.name),
        poll_after_secs: if is_early { POLL_SECS } else { LATER_POLL_SECS },
        state: Flow { stage: Stage::Job(running), ..flow }.state()?,
    })
}

/// Looks at the job.
async fn look(client: &Client<'_>, mut flow: Flow, mut running: Running) -> Result<Step, Fault> {
    let job = match refreshing::job(client, &running.id).await {
        // Sophtron has forgotten the job, and the login stands as it was.
        Err(fault) if fault.code() == problem::NOT_FOUND => return failed(flow, Failure::Elsewhere),
        job => job?,
    };
    let now = client.cx.ambient.now();
    let waited = now.duration_since(running.since);
    match job.standing {
        Standing::Done => return connected(client, flow, None).await,
        Standing::AccountsReady => return accounts_ready(client, flow, running).await,
        Standing::Failed(failure) => return failed(flow, failure),
        Standing::Over if waited > OVER_AFTER => return connected(client, flow, None).await,
        Standing::Over | Standing::Running => {}
    }
    if let Some((open, is_again)) = running.answers.next(job.open, now) {
        flow.was_asked = true;
        return ask(flow, running, &open, is_again, now);
    }
    running.pending = None;
    if waited > LONGEST_WAIT {
        let message = format!("Sophtron could not finish with {}. Try again later.", flow.institution.name);
        return Ok(Step::Failed(problem::later("sophtron.job_endless", &message)));
    }
    wait(flow, running, now)
}

/// Accounts can be listed while their rows are still coming; the first fetch waits for those.
async fn accounts_ready(client: &Client<'_>, flow: Flow, running: Running) -> Result<Step, Fault> {
    let login = flow.login.as_deref().unwrap_or_default();
    let rows = accounts::list_of(client, login).await.map_err(gone_with_its_login)?;
    let now = client.cx.ambient.now();
    if rows.is_empty() && now.duration_since(running.since) <= LONGEST_WAIT {
        return wait(flow, running, now);
    }
    finish(client, flow, &rows, Some(running.id))
}

/// Puts a prompt to the person.
fn ask(flow: Flow, mut running: Running, open: &Open, is_again: bool, now: Timestamp) -> Result<Step, Fault> {
    let digest = open.digest();
    let pending = match running.pending.take().filter(|pending| pending.digest == digest) {
        // One that is shown already keeps its countdown, and what was said of the answer before.
        Some(shown) if shown.expires_at() > now => shown,
        // The bank still waits after all.
        Some(shown) => Pending { asked_at: now, ..shown },
        None => Pending { digest, prompt: open.prompt.clone(), is_again, asked_at: now },
    };
    let bank = &flow.institution.name;
    let form = prompt::form(&open.prompt, open.picture.as_deref(), bank, pending.is_again, pending.expires_at());
    let form = match form {
        Ok(form) => form,
        Err(fault) => return Ok(Step::Failed(fault)),
    };
    running.pending = Some(pending);
    Ok(Step::Ask(Box::new(form), Flow { stage: Stage::Job(running), ..flow }.state()?))
}

/// Hands on the answer to a prompt.
async fn answer(
    client: &Client<'_>,
    flow: Flow,
    mut running: Running,
    answers: &BTreeMap<String, Secret>,
) -> Result<Step, Fault> {
    let Some(pending) = running.pending.take() else { return look(client, flow, running).await };
    let now = client.cx.ambient.now();
    if prompt::answer(client, &running.id, &pending.prompt, answers).await? {
        running.answers.note(pending.digest, &pending.prompt, now);
        running.since = now;
        return wait(flow, running, now);
    }
    // Sophtron did not take it: it is asked again, unless the job is over by now.
    running.pending = Some(Pending { is_again: true, ..pending });
    look(client, flow, running).await
}

/// A job has failed: the person may sign in anew, and decides whether the same is tried again.
fn failed(flow: Flow, failure: Failure) -> Result<Step, Fault> {
    let bank = &flow.institution.name;
    let (error, may_be_empty) = match failure {
        Failure::SignIn => (
            format!(
                "{bank} did not accept this. Look closely before you try again: banks lock an access after a few failures."
            ),
            false,
        ),
        Failure::TimedOut => (format!("{bank} took too long, or waited too long for you."), true),
        Failure::Elsewhere => (format!("The sign-in broke off at {bank}."), true),
    };
    flow.ask_to_sign_in(Some(error), may_be_empty)
}

/// The accounts of a login as Sophtron has them, without having its bank read.
pub(super) async fn shown(client: &Client<'_>, remote: &RemoteRef, institution_key: &str) -> Result<Shown, Fault> {
    let before = Remote::read(remote)?;
    let row = known_or_nameless(client, institutions::id_of(institution_key)).await?;
    let institution = Institution { key: institution_key.to_owned(), ..institutions::institution(&row) };
    let (login, dollar) = (before.login.clone(), before.dollar);
    let flow = Flow::new(Purpose::Renew(Box::new(before)), institution, SignIn::of(&row.sign_in));
    let flow = Flow { login: Some(login), dollar: dollar.or(flow.dollar), ..flow };
    Shown::of(connected(client, flow, None).await?)
}

/// Everything was read, or is being read by this job.
async fn connected(client: &Client<'_>, flow: Flow, job: Option<String>) -> Result<Step, Fault> {
    let login = flow.login.as_deref().unwrap_or_default();
    let rows = accounts::list_of(client, login).await.map_err(gone_with_its_login)?;
    finish(client, flow, &rows, job)
}

/// The accounts are there.
fn finish(client: &Client<'_>, flow: Flow, rows: &[AccountRow], job: Option<String>) -> Result<Step, Fault> {
    let sorted = currency::sort(rows, flow.dollar.or_else(|| dollar_of(flow.country())));
    if sorted.has_nameless_dollars {
        return flow.ask_for_currency(job);
    }
    let unclear = owed::unclear(&sorted.known, &flow.owed, |code| client.cx.currencies.get(&code).copied());
    if !unclear.is_empty() {
        let form = owed::form(&flow.institution.name, &unclear);
        return flow.ask_about(form, Stage::Owed { job });
    }
    let now = client.cx.ambient.now();
    let account = |(row, code): &(&AccountRow, CurrencyCode)| {
        accounts::account(row, *code, &flow.institution, client.cx.currencies, &flow.owed)
    };
    let accounts: Vec<_> = sorted.known.iter().map(account).collect();
    if accounts.is_empty() {
        let message = format!("{} shows no accounts that can be read for this sign-in.", flow.institution.name);
        return Ok(Step::Failed(Fault::new(FaultClass::Unsupported, "sophtron.no_accounts", message)));
    }
    Ok(Step::Done(Box::new(Connected {
        remote: flow.remote(job, now).to_ref()?,
        country: flow.country().map(str::to_owned),
        // Neither Sophtron nor the banks behind it say how long a sign-in holds.
        consent: Consent { given_at: flow.given_at(now), valid_until: None },
        institution: flow.institution,
        accounts,
        unread: sorted.unread,
    })))
}

/// Deletes a login that this flow has made. One that was there before stays.
pub(super) async fn abandon(client: &Client<'_>, state: &FlowState) -> Result<(), Fault> {
    let flow = Flow::read(state)?;
    if !matches!(flow.purpose, Purpose::New) {
        return Ok(());
    }
    let made = match (&flow.login, &flow.lost) {
        (Some(login), _) => Some(login.clone()),
        (None, Some(before)) => logins::only_new(client, &flow.institution, before).await?,
        (None, None) => None,
    };
    match made {
        Some(login) => logins::delete(client, &login).await,
        None => Ok(()),
    }
}

/// Deletes the login where it was made here; one that somebody else has made is left to them.
pub(super) async fn revoke(client: &Client<'_>, remote: &RemoteRef) -> Result<(), Fault> {
    let remote = Remote::read(remote)?;
    if remote.made_here { logins::delete(client, &remote.login).await } else { Ok(()) }
}
