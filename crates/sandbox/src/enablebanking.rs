//! The simulator of Enable Banking's account information, after its fact sheet, `enablebanking.md`.
//!
//! What this folder is for: `gate` stands before every call (signed tokens, armed faults), `listing` has the application and
//! its banks, `auth` begins an authorisation, `walk` is the consent in the browser, `sessions` exchanges its code, and
//! `accounts` serves what a session opens. `banks` says how each bank behaves, `records` is what is kept, and `wire` writes
//! bank data in the provider's words. Comments such as “fact sheet §5” name the section that a rule comes from.
//! What it is not: there are no payments, and one application for everybody.
//! What always holds: nothing expires by a timer. Whether a session or a code still holds is asked of the sandbox clock.

mod accounts;
mod auth;
mod banks;
mod events;
mod faults;
mod gate;
mod listing;
mod paging;
mod problem;
mod records;
mod sessions;
mod token;
mod walk;
mod wire;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};

use crate::Sandbox;
use crate::control::refuse_strangers;
use crate::home::BankLine;
use crate::provider::{Credential, Provider, Typed};

pub use events::{EnableBankingEvent, EnableBankingEventError};
pub(crate) use records::Records;

const API_PATH: &str = "/enablebanking";
const BODY_LIMIT_BYTES: usize = 16 * 1024;
/// The one application, and the private key that belongs to it. Both are known to everybody and open nothing but this.
const APPLICATION_ID: &str = "eb5a0000-0000-4000-8000-000000000001";
const PRIVATE_KEY: &str = include_str!("../assets/enablebanking.pem");

/// How this provider stands in the list.
pub(crate) const PROVIDER: Provider = Provider {
    id: "enablebanking",
    name: "Enable Banking",
    base_path: "/enablebanking/",
    credentials: &[
        Credential { name: "application_id", label: "Application ID", value: Typed::Fixed(APPLICATION_ID) },
        Credential { name: "private_key", label: "Private key", value: Typed::Fixed(PRIVATE_KEY) },
    ],
    about: "Account information: one application whose tokens are signed by the client and really verified, banks by country and \
            kind of customer, consent pages in the browser, codes that work once, sessions, paging with empty pages. \
            Redirects to this machine are always allowed.",
    routes,
    labels: gate::labels,
    faults: faults::kinds,
};

/// All banks, for the index page.
pub(crate) fn bank_lines() -> Vec<BankLine> {
    let line = |bank: &banks::Bank| BankLine {
        id: format!("{}, {}", bank.country, bank.name()),
        name: bank.name(),
        country: bank.country,
        about: bank.about,
    };
    banks::ALL.iter().map(line).collect()
}

fn routes(sandbox: &Sandbox) -> Router<Sandbox> {
    let api = Router::new()
        .route("/application", get(listing::application))
        .route("/aspsps", get(listing::aspsps))
        .route("/auth", post(auth::start))
        .route("/sessions", post(sessions::exchange))
        .route("/sessions/{id}", get(sessions::retrieve).delete(sessions::close))
        .route("/accounts/{id}/details", get(accounts::details))
        .route("/accounts/{id}/balances", get(accounts::balances))
        .route("/accounts/{id}/transactions", get(accounts::transactions))
        .route("/accounts/{id}/transactions/{transaction}", get(accounts::transaction))
        .fallback(any(gate::nothing_here))
        .layer(from_fn_with_state(sandbox.clone(), gate::gate));
    Router::new()
        .nest(API_PATH, api)
        .route(&format!("{}/{{id}}", walk::PATH), get(walk::show).post(walk::submit))
        .route("/_control/enablebanking/events", post(events::happen).layer(from_fn(refuse_strangers)))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
}
