//! Versions 2 and 3: the same store as resources (fact sheet §4).

use axum::http::Method;
use uuid::Uuid;

use super::ask::Ask;
use super::gate::{Answered, Reply, Route};
use super::problem::Problem;
use super::records::{Account, Login, Records};
use super::v1::Search;
use super::wire::{self, Between, Generation};
use crate::Sandbox;

mod customers;
mod jobs;
mod members;

const fn get(label: &'static str, path: &'static str, serve: fn(&Sandbox, &Ask) -> Answered) -> Route {
    Route::new(label, Method::GET, path, serve)
}

/// The calls of §4. Members and their jobs have one path: what stands there is an id or job types, and the method tells.
pub(super) const ROUTES: &[Route] = &[
    get("sophtron/v2/institutions", "/v2/institutions", institutions),
    get("sophtron/v2/customers", "/v2/customers", customers::list),
    Route::new("sophtron/v2/customers", Method::POST, "/v2/customers", customers::create),
    get("sophtron/v2/customers/id", "/v2/customers/{}", customers::retrieve),
    Route::new("sophtron/v2/customers/id", Method::PUT, "/v2/customers/{}", customers::change),
    Route::new("sophtron/v2/customers/id", Method::DELETE, "/v2/customers/{}", customers::delete),
    get("sophtron/v2/members", "/v2/customers/{}/members", members::list),
    get("sophtron/v2/members/id", "/v2/customers/{}/members/{}", members::retrieve),
    Route::new("sophtron/v2/members/id", Method::DELETE, "/v2/customers/{}/members/{}", members::delete),
    Route::new("sophtron/v2/members/id", Method::POST, "/v2/customers/{}/members/{}", members::create),
    get("sophtron/v2/members/accounts", "/v2/customers/{}/members/{}/accounts", of_member),
    Route::new("sophtron/v2/members/jobs", Method::PUT, "/v2/customers/{}/members/{}/{}", members::change),
    Route::new("sophtron/v2/members/jobs", Method::POST, "/v2/customers/{}/members/{}/{}", members::refresh),
    get("sophtron/v2/accounts", "/v2/customers/{}/accounts", of_customer),
    get("sophtron/v2/accounts/id", "/v2/customers/{}/accounts/{}", account),
    get("sophtron/v2/accounts/holdings", "/v2/customers/{}/accounts/{}/holdings", holdings),
    get("sophtron/v2/accounts/transactions", "/v2/customers/{}/accounts/{}/transactions", transactions),
    get("sophtron/v2/job", "/v2/job/{}", jobs::retrieve),
    Route::new("sophtron/v2/job/challenge", Method::PUT, "/v2/job/{}/challenge/{}", jobs::answer),
    get("sophtron/v3/identity", "/v3/customers/{}/members/{}/identity", members::identity),
    get("sophtron/v3/members/accounts", "/v3/customers/{}/members/{}/accounts", of_member_with_owner),
    get("sophtron/v3/members/accounts/id", "/v3/customers/{}/members/{}/accounts/{}", account_of_member),
    get("sophtron/v3/accounts", "/v3/customers/{}/accounts", of_customer_with_owner),
    get("sophtron/v3/accounts/id", "/v3/customers/{}/accounts/{}", account_with_owner),
    get("sophtron/v3/accounts/transactions", "/v3/customers/{}/accounts/{}/transactions", transactions),
];

/// `GET /v2/institutions`
fn institutions(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let search = Search {
        words: ask.query.text("query")?,
        is_extensive: ask.query.says_yes("extensive"),
        sort: ask.query.text_or_none("type"),
    };
    search.answer(sandbox)
}

/// A customer's login.
fn login_of(records: &Records, customer: Uuid, id: Uuid) -> Result<&Login, Problem> {
    records.logins.get(&id).filter(|login| login.customer == customer).ok_or_else(Problem::not_found)
}

/// A customer's account, with its login.
fn account_of(records: &Records, customer: Uuid, id: Uuid) -> Result<(Uuid, &Login, &Account), Problem> {
    records.account(id).filter(|(_, login, _)| login.customer == customer).ok_or_else(Problem::not_found)
}

fn all_accounts(sandbox: &Sandbox, ask: &Ask, generation: Generation) -> Answered {
    let customer = ask.param_id(0)?;
    let switches = sandbox.switches();
    sandbox.read(|state, _| {
        let records = &state.sophtron;
        if !records.customers.contains_key(&customer) {
            return Err(Problem::not_found());
        }
        let logins = records.logins_in_order(|login| login.customer == customer);
        let accounts = logins.into_iter().flat_map(|(id, login)| {
            let accounts = login.accounts_in_order().into_iter();
            accounts.map(move |one| ((id, login), one))
        });
        Ok(Reply::Json(accounts.map(|(login, one)| wire::account(login, one, generation, &switches)).collect()))
    })
}

fn of_customer(sandbox: &Sandbox, ask: &Ask) -> Answered {
    all_accounts(sandbox, ask, Generation::Second)
}

fn of_customer_with_owner(sandbox: &Sandbox, ask: &Ask) -> Answered {
    all_accounts(sandbox, ask, Generation::Third)
}

fn member_accounts(sandbox: &Sandbox, ask: &Ask, generation: Generation) -> Answered {
    let (customer, id) = (ask.param_id(0)?, ask.param_id(1)?);
    let switches = sandbox.switches();
    sandbox.read(|state, _| {
        let login = login_of(&state.sophtron, customer, id)?;
        let accounts = login.accounts_in_order().into_iter();
        Ok(Reply::Json(accounts.map(|one| wire::account((id, login), one, generation, &switches)).collect()))
    })
}

fn of_member(sandbox: &Sandbox, ask: &Ask) -> Answered {
    member_accounts(sandbox, ask, Generation::Second)
}

fn of_member_with_owner(sandbox: &Sandbox, ask: &Ask) -> Answered {
    member_accounts(sandbox, ask, Generation::Third)
}

/// One account; where the path names a login, it is that one's.
fn one_account(sandbox: &Sandbox, customer: Uuid, login: Option<Uuid>, id: Uuid, generation: Generation) -> Answered {
    let switches = sandbox.switches();
    sandbox.read(|state, _| {
        let (login_id, found, account) = account_of(&state.sophtron, customer, id)?;
        if login.is_some_and(|login| login != login_id) {
            return Err(Problem::not_found());
        }
        Ok(Reply::Json(wire::account((login_id, found), (id, account), generation, &switches)))
    })
}

fn account(sandbox: &Sandbox, ask: &Ask) -> Answered {
    one_account(sandbox, ask.param_id(0)?, None, ask.param_id(1)?, Generation::Second)
}

fn account_with_owner(sandbox: &Sandbox, ask: &Ask) -> Answered {
    one_account(sandbox, ask.param_id(0)?, None, ask.param_id(1)?, Generation::Third)
}

fn account_of_member(sandbox: &Sandbox, ask: &Ask) -> Answered {
    one_account(sandbox, ask.param_id(0)?, Some(ask.param_id(1)?), ask.param_id(2)?, Generation::Third)
}

/// `…/holdings`: no bank here keeps securities.
fn holdings(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (customer, id) = (ask.param_id(0)?, ask.param_id(1)?);
    sandbox.read(|state, _| account_of(&state.sophtron, customer, id).map(|_| Reply::Json(serde_json::json!([]))))
}

/// `…/transactions?startDate=&endDate=`; whether both are required is not documented (§4 `[?]`).
fn transactions(sandbox: &Sandbox, ask: &Ask) -> Answered {
    let (customer, id) = (ask.param_id(0)?, ask.param_id(1)?);
    let switches = sandbox.switches();
    let between = if switches.sophtron_rest_dates_are_required {
        Between { first: Some(ask.query.date("startDate")?), last: Some(ask.query.date("endDate")?) }
    } else {
        Between { first: ask.query.date_or_none("startDate")?, last: ask.query.date_or_none("endDate")? }
    };
    sandbox.read(|state, _| {
        let (_, login, account) = account_of(&state.sophtron, customer, id)?;
        Ok(Reply::Json(wire::rows(login, (id, account), between, &switches)))
    })
}
