//! Customers, whom logins belong to (fact sheet §4).

use uuid::Uuid;

use super::super::ask::Ask;
use super::super::gate::{Answered, Reply};
use super::super::problem::Problem;
use super::super::records::{Customer, Records};
use super::super::wire;
use crate::Sandbox;

fn shown(records: &Records, id: Uuid, customer: &Customer) -> serde_json::Value {
    let members: Vec<_> = records.logins_in_order(|login| login.customer == id).into_iter().map(|(id, _)| id).collect();
    wire::customer(id, customer, &members)
}

/// `GET /v2/customers[?uniqueID=x]`, the oldest first.
#[expect(clippy::unnecessary_wraps, reason = "every call is answered so")]
pub(super) fn list(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let only = ask.query.text_or_none("uniqueID");
    Ok(Reply::Json(sandbox.read(|state, _| {
        let records = &state.sophtron;
        let fits = |(_, customer): &(&Uuid, &Customer)| only.is_none_or(|only| customer.unique_id == only);
        let mut customers: Vec<_> = records.customers.iter().filter(fits).collect();
        customers.sort_by_key(|(_, customer)| customer.serial);
        customers.into_iter().map(|(id, customer)| shown(records, *id, customer)).collect()
    })))
}

/// `POST /v2/customers {UniqueID, Name, Source}`. One who is there already stays the same; the body may be empty.
pub(super) fn create(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let unique_id = ask.body.text("UniqueID")?;
    let name = ask.body.text_or_none("Name").unwrap_or(unique_id);
    let new_id = sandbox.uuid();
    let made = sandbox.change(|state, _| {
        let records = &mut state.sophtron;
        let known = records.customers.iter().find(|(_, customer)| customer.unique_id == unique_id).map(|(id, _)| *id);
        let id = known.unwrap_or(new_id);
        if known.is_none() {
            let serial = records.next();
            let customer = Customer { serial, unique_id: unique_id.to_owned(), name: name.to_owned() };
            records.customers.insert(id, customer);
        }
        let customer = records.customers.get(&id).ok_or_else(Problem::not_found)?;
        Ok::<_, Problem>(shown(records, id, customer))
    })?;
    if sandbox.switches().sophtron_new_customer_is_shown { Ok(Reply::Json(made)) } else { Ok(Reply::Empty) }
}

/// `GET /v2/customers/{cid}`
pub(super) fn retrieve(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.param_id(0)?;
    sandbox.read(|state, _| {
        let customer = state.sophtron.customers.get(&id).ok_or_else(Problem::not_found)?;
        Ok(Reply::Json(shown(&state.sophtron, id, customer)))
    })
}

/// `PUT /v2/customers/{cid}`: another name.
pub(super) fn change(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (id, name) = (ask.param_id(0)?, ask.body.text_or_none("Name"));
    sandbox.change(|state, _| {
        let customer = state.sophtron.customers.get_mut(&id).ok_or_else(Problem::not_found)?;
        if let Some(name) = name {
            name.clone_into(&mut customer.name);
        }
        let customer = customer.clone();
        Ok(Reply::Json(shown(&state.sophtron, id, &customer)))
    })
}

/// `DELETE /v2/customers/{cid}`: the logins go along.
pub(super) fn delete(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let id = ask.param_id(0)?;
    sandbox.change(|state, _| {
        state.sophtron.customers.remove(&id).ok_or_else(Problem::not_found)?;
        state.sophtron.logins.retain(|_, login| login.customer != id);
        Ok(Reply::Empty)
    })
}
