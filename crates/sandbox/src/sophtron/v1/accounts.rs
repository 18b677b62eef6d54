//! Accounts and their transactions in version 1: what the last refresh has left (fact sheet §3, §5).

use serde_json::json;

use super::super::ask::Ask;
use super::super::gate::{Answered, Reply};
use super::super::jobs::Stage;
use super::super::logins;
use super::super::wire::{self, Between, Generation};
use super::logins::found;
use crate::Sandbox;

/// `UserInstitution/GetUserInstitutionAccounts`
pub(super) fn of_login(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.body.id("UserInstitutionID")?;
    let switches = sandbox.switches();
    let accounts = sandbox.read(|state, _| {
        let login = state.sophtron.logins.get(&id)?;
        let accounts = login.accounts_in_order().into_iter();
        Some(accounts.map(|one| wire::account((id, login), one, Generation::First, &switches)).collect())
    });
    found(sandbox, accounts)
}

/// `UserInstitutionAccount/GetUserInstitutionAccountByID`
pub(super) fn by_id(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.body.id("AccountID")?;
    let switches = sandbox.switches();
    let account = sandbox.read(|state, _| {
        let (login_id, login, account) = state.sophtron.account(id)?;
        Some(wire::account((login_id, login), (id, account), Generation::First, &switches))
    });
    found(sandbox, account)
}

/// `UserInstitutionAccount/RefreshUserInstitutionAccount`; the job's id may be blank.
pub(super) fn refresh(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (login, job) = logins::refresh_account(sandbox, ask.body.id("AccountID")?)?;
    let job = job.map(|job| job.to_string()).unwrap_or_default();
    Ok(Reply::Json(json!({ "JobID": job, "UserInstitutionID": login })))
}

/// `UserInstitutionAccount/GetFullAccountNumberWithinJob`: only while that job is signed in.
pub(super) fn full_number(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (account, id) = (ask.body.id("AccountID")?, ask.body.id("JobID")?);
    sandbox.change(|state, _| {
        let records = &mut state.sophtron;
        if let Some(job) = records.jobs.get(&id)
            && matches!(job.stage, Stage::AccountsReady | Stage::Choosing | Stage::Loading)
            && let Some(login) = records.logins.get_mut(&job.login)
            && let Some(account) = login.accounts.get_mut(&account)
        {
            account.has_full_number = true;
        }
        Ok::<_, super::super::problem::Problem>(())
    })?;
    super::jobs::show(sandbox, id)
}

/// `Transaction/GetTransactionsByTransactionDate`; both days are included.
pub(super) fn transactions(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.body.id("AccountID")?;
    let between = Between { first: Some(ask.body.date("StartDate")?), last: Some(ask.body.date("EndDate")?) };
    let switches = sandbox.switches();
    let rows = sandbox.read(|state, _| {
        let (_, login, account) = state.sophtron.account(id)?;
        Some(wire::rows(login, (id, account), between, &switches))
    });
    found(sandbox, rows)
}
