//! What can be done with logins and their jobs, whichever generation of the API asks for it.

use jiff::Timestamp;
use uuid::Uuid;

use super::banks::{Bank, Habit};
use super::jobs::{Answer, Job, Round, Wants};
use super::problem::Problem;
use super::records::{Credentials, Login, Records};
use crate::{Sandbox, Switches};

/// What a person typed into a bank's form.
pub(super) struct Typed<'a> {
    pub(super) user_name: &'a str,
    pub(super) password: Option<&'a str>,
    pub(super) pin: Option<&'a str>,
    pub(super) company_id: Option<&'a str>,
}

/// What a job is called and what it fetches.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) word: String,
    pub(super) wants: Wants,
}

impl Order {
    pub(super) fn new(word: &str, wants: Wants) -> Self {
        Self { word: word.to_owned(), wants }
    }

    /// A refresh of everything that is shown.
    pub(super) fn refresh() -> Self {
        Self::new("refresh", Wants { rows: true, ..Wants::default() })
    }
}

/// Makes a login, and the job that signs in where there is an order for one. A second login at the same bank is another
/// one, with accounts of its own (fact sheet §6).
pub(super) fn add(
    sandbox: &Sandbox,
    institution: Uuid,
    customer: Option<Uuid>,
    typed: &Typed<'_>,
    order: Option<&Order>,
) -> Result<(Uuid, Option<Uuid>), Problem> {
    let (login_id, job_id) = (sandbox.uuid(), sandbox.uuid());
    sandbox.change(|state, now| {
        let records = &mut state.sophtron;
        if Bank::find(institution).is_none() && !records.wished_for.contains_key(&institution) {
            return Err(Problem::not_found());
        }
        let customer = customer.unwrap_or_else(|| records.own_customer());
        let credentials = Credentials::of(typed.user_name, typed.password);
        let mut login = records.draft(institution, customer, typed.user_name, credentials, now);
        login.has_pin = typed.pin.is_some_and(|pin| !pin.is_empty());
        login.company_id = typed.company_id.map(str::to_owned);
        records.logins.insert(login_id, login);
        let job = order.map(|order| start(records, job_id, login_id, None, Round::Adding, order, now));
        Ok((login_id, job.map(|()| job_id)))
    })
}

/// Gives a login other credentials and signs in with them.
pub(super) fn change(sandbox: &Sandbox, id: Uuid, typed: &Typed<'_>, order: &Order) -> Result<Uuid, Problem> {
    let job_id = sandbox.uuid();
    sandbox.change(|state, now| {
        let records = &mut state.sophtron;
        let login = records.logins.get_mut(&id).ok_or_else(Problem::not_found)?;
        login.credentials = Credentials::of(typed.user_name, typed.password);
        typed.user_name.clone_into(&mut login.user_name);
        if let Some(pin) = typed.pin {
            login.has_pin = !pin.is_empty();
        }
        login.modified = now;
        start(records, job_id, id, None, Round::Adding, order, now);
        Ok(job_id)
    })
}

/// Signs in again with what is known, as if the login were new.
pub(super) fn retry(sandbox: &Sandbox, id: Uuid) -> Result<Uuid, Problem> {
    run(sandbox, id, None, Round::Adding, &Order::new("add", Order::refresh().wants))
}

/// Fetches anew: all accounts of a login, or one.
pub(super) fn refresh(sandbox: &Sandbox, id: Uuid, account: Option<Uuid>, order: &Order) -> Result<Uuid, Problem> {
    run(sandbox, id, account, Round::Refreshing, order)
}

fn run(sandbox: &Sandbox, id: Uuid, account: Option<Uuid>, round: Round, order: &Order) -> Result<Uuid, Problem> {
    let job_id = sandbox.uuid();
    sandbox.change(|state, now| {
        let records = &mut state.sophtron;
        if !records.logins.contains_key(&id) {
            return Err(Problem::not_found());
        }
        start(records, job_id, id, account, round, order, now);
        Ok(job_id)
    })
}

fn start(
    records: &mut Records,
    job_id: Uuid,
    login: Uuid,
    account: Option<Uuid>,
    round: Round,
    order: &Order,
    now: Timestamp,
) {
    let mut job = Job::new(records.next(), &order.word, login, round, order.wants, now);
    job.account = account;
    records.start(job_id, job);
}

/// Refreshes one account. Where the bank answers a blank job id, `None`, it is done at once (fact sheet §3).
pub(super) fn refresh_account(sandbox: &Sandbox, account: Uuid) -> Result<(Uuid, Option<Uuid>), Problem> {
    let found = sandbox.read(|state, _| {
        let (id, login, _) = state.sophtron.account(account)?;
        Some((id, login.clone()))
    });
    let (id, login) = found.ok_or_else(Problem::not_found)?;
    let is_at_once = login.bank().is_some_and(|bank| bank.habit == Habit::BlankJob) && !login.asks_always;
    if !is_at_once {
        return Ok((id, Some(refresh(sandbox, id, Some(account), &Order::refresh())?)));
    }
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        let order = Order::refresh();
        let login = state.sophtron.logins.get_mut(&id).ok_or_else(Problem::not_found)?;
        if login.credentials == Credentials::Good {
            let mut job = Job::new(0, &order.word, id, Round::Refreshing, order.wants, now);
            job.account = Some(account);
            job.deliver(login, &switches, now);
        }
        Ok((id, None))
    })
}

/// Deletes a login with its accounts; `false` when there is none.
pub(super) fn delete(sandbox: &Sandbox, id: Uuid) -> Result<bool, Problem> {
    sandbox.change(|state, _| Ok(state.sophtron.logins.remove(&id).is_some()))
}

/// Moves a job on by one step and shows it; `None` when there is none.
pub(super) fn poll<T>(
    sandbox: &Sandbox,
    id: Uuid,
    show: impl FnOnce(&Job, Option<&Login>, &Switches) -> T,
) -> Result<Option<T>, Problem> {
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        let Records { jobs, logins, .. } = &mut state.sophtron;
        let Some(job) = jobs.get_mut(&id) else { return Ok(None) };
        let mut login = logins.get_mut(&job.login);
        job.poll(login.as_deref_mut(), &switches, now);
        Ok(Some(show(job, login.as_deref(), &switches)))
    })
}

/// Gives an answer to a job; `false` when it fits nothing that is asked.
pub(super) fn answer(sandbox: &Sandbox, id: Uuid, answer: Answer) -> Result<bool, Problem> {
    sandbox.change(|state, now| {
        let Records { jobs, logins, .. } = &mut state.sophtron;
        let Some(job) = jobs.get_mut(&id) else { return Ok(false) };
        let login = logins.get_mut(&job.login);
        Ok(login.is_some_and(|login| job.answer(login, answer, now)))
    })
}
