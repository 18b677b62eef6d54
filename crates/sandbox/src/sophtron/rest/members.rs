//! Members, which are the logins of version 1 under the same ids (fact sheet §4).

use serde_json::json;
use uuid::Uuid;

use super::super::ask::Ask;
use super::super::gate::{Answered, Reply};
use super::super::jobs::Wants;
use super::super::logins::{self, Order, Typed};
use super::super::problem::Problem;
use super::super::wire;
use super::login_of;
use crate::Sandbox;

/// Reads job types, joined by bars: the newest words and those of older clients.
fn order(types: &str) -> Result<Order, Problem> {
    let mut wants = Wants::default();
    for word in types.split('|') {
        match word.to_lowercase().as_str() {
            "aggregate" | "agg" | "aggregation" => wants.rows = true,
            "history" | "fullhistory" => (wants.rows, wants.full_history) = (true, true),
            "identity" | "identify" => wants.profile = true,
            "verification" | "verify" => wants.choice = true,
            word if word.starts_with("auth") => wants.full_numbers = true,
            _ => return Err(Problem::bad_request()),
        }
    }
    Ok(Order::new(types, wants))
}

fn typed(ask: &Ask) -> Result<Typed<'_>, Problem> {
    Ok(Typed {
        user_name: ask.body.text("UserName")?,
        password: ask.body.text_or_none("Password"),
        pin: ask.body.text_or_none("Pin"),
        company_id: None,
    })
}

fn started(member: Uuid, job: Option<Uuid>) -> Reply {
    Reply::Json(json!({ "MemberID": member, "JobID": job }))
}

/// A customer and one of its members, both from the path.
fn known(sandbox: &Sandbox, ask: &Ask) -> Result<Uuid, Problem> {
    let (customer, id) = (ask.param_id(0)?, ask.param_id(1)?);
    sandbox.read(|state, _| login_of(&state.sophtron, customer, id).map(|_| id))
}

/// `GET /v2/customers/{cid}/members`
pub(super) fn list(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let customer = ask.param_id(0)?;
    sandbox.read(|state, _| {
        if !state.sophtron.customers.contains_key(&customer) {
            return Err(Problem::not_found());
        }
        let logins = state.sophtron.logins_in_order(|login| login.customer == customer);
        Ok(Reply::Json(logins.into_iter().map(|(id, login)| wire::member(id, login)).collect()))
    })
}

/// `POST /v2/customers/{cid}/members/{jobTypes}`
pub(super) fn create(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (customer, order) = (ask.param_id(0)?, order(ask.param(1))?);
    if !sandbox.read(|state, _| state.sophtron.customers.contains_key(&customer)) {
        return Err(Problem::not_found());
    }
    let institution = ask.body.id("InstitutionID")?;
    let (member, job) = logins::add(sandbox, institution, Some(customer), &typed(ask)?, Some(&order))?;
    Ok(started(member, job))
}

/// `GET /v2/customers/{cid}/members/{mid}`
pub(super) fn retrieve(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (customer, id) = (ask.param_id(0)?, ask.param_id(1)?);
    sandbox.read(|state, _| login_of(&state.sophtron, customer, id).map(|login| Reply::Json(wire::member(id, login))))
}

/// `DELETE /v2/customers/{cid}/members/{mid}`
pub(super) fn delete(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = known(sandbox, ask)?;
    logins::delete(sandbox, id).map(|_| Reply::Empty)
}

/// `PUT /v2/customers/{cid}/members/{mid}/{jobTypes}`: other credentials.
pub(super) fn change(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (id, order) = (known(sandbox, ask)?, order(ask.param(2))?);
    Ok(started(id, Some(logins::change(sandbox, id, &typed(ask)?, &order)?)))
}

/// `POST /v2/customers/{cid}/members/{mid}/{jobTypes}`: a refresh.
pub(super) fn refresh(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (id, order) = (known(sandbox, ask)?, order(ask.param(2))?);
    Ok(started(id, Some(logins::refresh(sandbox, id, None, &order)?)))
}

/// `GET /v3/customers/{cid}/members/{mid}/identity`
pub(super) fn identity(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (customer, id) = (ask.param_id(0)?, ask.param_id(1)?);
    sandbox.read(|state, _| login_of(&state.sophtron, customer, id).map(|login| Reply::Json(wire::identity(id, login))))
}
