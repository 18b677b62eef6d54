//! Logins, which version 1 calls `UserInstitution`s (fact sheet §3).

use serde_json::{Value, json};
use uuid::Uuid;

use super::super::ask::Ask;
use super::super::gate::{Answered, Reply};
use super::super::jobs::Wants;
use super::super::logins::{self, Order, Typed};
use super::super::problem::Problem;
use super::super::records::guid;
use super::super::{USER, USER_ID, wire};
use super::done;
use crate::Sandbox;

/// What was found; where nothing was, the answer is not documented.
pub(super) fn found(sandbox: &Sandbox, value: Option<Value>) -> Answered {
    match value {
        Some(value) => Ok(Reply::Json(value)),
        None if sandbox.switches().sophtron_unknown_ids_are_null => Ok(Reply::Json(Value::Null)),
        None => Err(Problem::not_found()),
    }
}

/// A call that is about a user is about the one who signs.
pub(super) fn own_user(ask: &Ask, field: &str) -> Result<(), Problem> {
    if ask.body.id(field)? == USER { Ok(()) } else { Err(Problem::forbidden()) }
}

/// `User/GetUserIntegrationKey`
pub(super) fn integration_key(_: &Sandbox, ask: &Ask) -> Answered {
    own_user(ask, "Id")?;
    Ok(Reply::Json(json!({ "IntegrationKey": guid(&["integration key", USER_ID]) })))
}

fn typed(ask: &Ask) -> Result<Typed<'_>, Problem> {
    let user_name = ask.body.text("UserName")?;
    let password = ask.body.text_or_none("Password");
    let (pin, company_id) = (ask.body.text_or_none("PIN"), ask.body.text_or_none("CompanyID"));
    if user_name.is_empty() {
        Err(Problem::missing("UserName"))
    } else {
        Ok(Typed { user_name, password, pin, company_id })
    }
}

/// Without a job the id of one is the empty one.
fn started(login: Uuid, job: Option<Uuid>) -> Reply {
    Reply::Json(json!({ "JobID": job.unwrap_or_default(), "UserInstitutionID": login }))
}

fn create_as(sandbox: &Sandbox, ask: &Ask, wants: Option<Wants>) -> Answered {
    own_user(ask, "UserID")?;
    let order = wants.map(|wants| Order::new("add", wants));
    let (login, job) = logins::add(sandbox, ask.body.id("InstitutionID")?, None, &typed(ask)?, order.as_ref())?;
    Ok(started(login, job))
}

const REFRESH: Wants = Wants { rows: true, full_history: false, profile: false, full_numbers: false, choice: false };

/// `UserInstitution/CreateUserInstitution`: lists the accounts; whether it reads rows is not documented.
pub(super) fn create(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let rows = sandbox.switches().sophtron_plain_create_reads_rows;
    create_as(sandbox, ask, Some(Wants { rows, ..Wants::default() }))
}

pub(super) fn create_with_refresh(sandbox: &Sandbox, ask: &Ask) -> Answered {
    create_as(sandbox, ask, Some(REFRESH))
}

pub(super) fn create_with_full_history(sandbox: &Sandbox, ask: &Ask) -> Answered {
    create_as(sandbox, ask, Some(Wants { full_history: true, ..REFRESH }))
}

pub(super) fn create_with_profile(sandbox: &Sandbox, ask: &Ask) -> Answered {
    create_as(sandbox, ask, Some(Wants { profile: true, ..Wants::default() }))
}

pub(super) fn create_with_numbers(sandbox: &Sandbox, ask: &Ask) -> Answered {
    create_as(sandbox, ask, Some(Wants { full_numbers: true, ..Wants::default() }))
}

pub(super) fn create_with_all(sandbox: &Sandbox, ask: &Ask) -> Answered {
    create_as(sandbox, ask, Some(Wants { full_history: true, full_numbers: true, ..REFRESH }))
}

pub(super) fn create_with_everything(sandbox: &Sandbox, ask: &Ask) -> Answered {
    create_as(sandbox, ask, Some(Wants { full_history: true, full_numbers: true, profile: true, ..REFRESH }))
}

/// `UserInstitution/CreateUserInstitutionWOJob`
pub(super) fn create_only(sandbox: &Sandbox, ask: &Ask) -> Answered {
    create_as(sandbox, ask, None)
}

/// `UserInstitution/UpdateUserInstitution`
pub(super) fn update(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.body.id("UserInstitutionID")?;
    let job = logins::change(sandbox, id, &typed(ask)?, &Order::new("update", REFRESH))?;
    Ok(started(id, Some(job)))
}

/// `UserInstitution/RetryAddingUserInstitution`
pub(super) fn retry(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.body.id("UserInstitutionID")?;
    Ok(started(id, Some(logins::retry(sandbox, id)?)))
}

/// `UserInstitution/RefreshUserInstitution`: all accounts of a login.
pub(super) fn refresh(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.body.id("UserInstitutionID")?;
    Ok(started(id, Some(logins::refresh(sandbox, id, None, &Order::refresh())?)))
}

/// `UserInstitution/GetUserInstitutionProfileInfor`: a job that fetches name and address.
pub(super) fn profile(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.body.id("UserInstitutionID")?;
    let order = Order::new("profile", Wants { profile: true, ..Wants::default() });
    Ok(started(id, Some(logins::refresh(sandbox, id, None, &order)?)))
}

/// `UserInstitution/DeleteUserInstitution`
pub(super) fn delete(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let has_worked = logins::delete(sandbox, ask.body.id("UserInstitutionID")?)?;
    match (sandbox.switches().sophtron_delete_says_a_number, has_worked) {
        (true, _) => Ok(done(has_worked)),
        (false, true) => Ok(Reply::Empty),
        (false, false) => Err(Problem::not_found()),
    }
}

/// `UserInstitution/GetUserInstitutionsByUser`, the oldest first.
pub(super) fn by_user(sandbox: &Sandbox, ask: &Ask) -> Answered {
    own_user(ask, "UserID")?;
    Ok(Reply::Json(sandbox.read(|state, _| {
        let logins = state.sophtron.logins_in_order(|_| true);
        logins.into_iter().map(|(id, login)| wire::user_institution(id, login)).collect()
    })))
}

/// `UserInstitution/GetUserInstitutionByID`
pub(super) fn by_id(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.body.id("UserInstitutionID")?;
    let login = sandbox.read(|state, _| state.sophtron.logins.get(&id).map(|login| wire::user_institution(id, login)));
    found(sandbox, login)
}
