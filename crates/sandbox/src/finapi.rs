//! The simulator of finAPI, Access version 2 and Web Form 2.0, after its fact sheet, `finapi.md`.
//!
//! What this folder is for: `gate` stands before every call of both services (paths, tokens, armed faults), one file per
//! resource answers it, `hosted` is the form as pages, `callbacks` is what
//! clients are told meanwhile, `banks` are the banks with their sign-ins, `download` is what finAPI has
//! fetched of their books and when, and `wire` writes it. Comments such as “fact sheet §6” name the section of a rule.
//! What it is not: payments, categories and batch updates are not simulated. Callbacks are sent to this machine alone.
//! What always holds: rows come with a download and never change afterwards but for the day that finAPI gives bookings to come.

mod accounts;
mod banks;
mod callbacks;
mod connections;
mod download;
mod events;
mod faults;
mod fields;
mod forms;
mod gate;
mod hosted;
mod problem;
mod records;
mod tasks;
mod tokens;
mod transactions;
mod users;
mod wire;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};

use crate::Sandbox;
use crate::control::refuse_strangers;
use crate::home::BankLine;
use crate::provider::{Credential, Provider, Typed};

pub use callbacks::Delivery as FinApiDelivery;
pub use events::{FinApiEvent, FinApiEventError};
pub(crate) use records::Records;

const ACCESS_PATH: &str = "/finapi";
/// The other service has an address of its own, beside that of the first one.
const FORM_PATH: &str = "/finapi-webform";
const CLIENT_ID: &str = "f1a0e000-0000-4000-8000-0000000000a1";
const CLIENT_SECRET: &str = "f1a0e000-0000-4000-8000-0000000000a2";
const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// How this provider stands in the list.
pub(crate) const PROVIDER: Provider = Provider {
    id: "finapi",
    name: "finAPI",
    base_path: ACCESS_PATH,
    credentials: &[
        Credential { name: "clientId", label: "Client ID", value: Typed::Fixed(CLIENT_ID) },
        Credential { name: "clientSecret", label: "Client secret", value: Typed::Fixed(CLIENT_SECRET) },
    ],
    about: "Access version 2, with Web Form 2.0 at /finapi-webform: users, banks, hosted forms with terms, sign-in and codes, \
            updates in the background, accounts, booked and pending rows. At the test banks the sign-in is demo with demo, and \
            every code is 123456; at the others any sign-in does.",
    routes,
    labels: gate::labels,
    faults: faults::kinds,
};

/// All banks, for the index page.
pub(crate) fn bank_lines() -> Vec<BankLine> {
    let line = |bank: &banks::Bank| BankLine {
        id: bank.id.to_string(),
        name: bank.name,
        country: bank.location,
        about: bank.about,
    };
    banks::ALL.iter().map(line).collect()
}

fn routes(sandbox: &Sandbox) -> Router<Sandbox> {
    let access = Router::new()
        .route("/api/v2/oauth/token", post(tokens::token))
        .route("/api/v2/oauth/revoke", post(tokens::revoke))
        .route("/api/v2/users", get(users::show).post(users::create).delete(users::delete))
        .route("/api/v2/banks", get(banks::list))
        .route("/api/v2/banks/{id}", get(banks::retrieve))
        .route("/api/v2/bankConnections", get(connections::list))
        .route("/api/v2/bankConnections/{id}", get(connections::retrieve).delete(connections::delete))
        .route("/api/v2/accounts", get(accounts::list))
        .route("/api/v2/accounts/{id}", get(accounts::retrieve))
        .route("/api/v2/transactions", get(transactions::list))
        .route("/api/v2/pendingTransactions", get(transactions::pending))
        .fallback(any(gate::nothing_here))
        .layer(from_fn_with_state(sandbox.clone(), gate::access));
    let form = Router::new()
        .route("/api/webForms/bankConnectionImport", post(forms::import))
        .route("/api/webForms", get(forms::list))
        .route("/api/webForms/{id}", get(forms::retrieve).delete(forms::delete))
        .route("/api/tasks/backgroundUpdate", post(tasks::update))
        .route("/api/tasks", get(tasks::list))
        .route("/api/tasks/{id}", get(tasks::retrieve))
        .fallback(any(gate::nothing_here))
        .layer(from_fn_with_state(sandbox.clone(), gate::form));
    Router::new()
        .nest(ACCESS_PATH, access)
        .route(&format!("{FORM_PATH}/wf/{{id}}"), get(hosted::show).post(hosted::submit))
        .route(&format!("{FORM_PATH}/wf/{{id}}/app"), get(hosted::app).post(hosted::confirm))
        .route(&format!("{FORM_PATH}/wf/{{id}}/picture.svg"), get(hosted::picture))
        .nest(FORM_PATH, form)
        .route("/_control/finapi/events", post(events::happen).layer(from_fn(refuse_strangers)))
        .layer(from_fn_with_state(sandbox.clone(), callbacks::tell))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
}
