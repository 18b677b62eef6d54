//! The simulator of SimpleFIN, protocol and Bridge, after their fact sheet, `simplefin.md`.
//!
//! What this folder is for: `gate` stands before every call (paths, Basic auth, the day's requests, armed faults), `claims`
//! hands out setup tokens and exchanges them, `accounts` answers the one call that has all data, `banks` is what a person has
//! connected at the Bridge, `records` is what is kept, and `wire` writes it in both versions of the protocol. Comments such as
//! “fact sheet §6” name the section that a rule comes from.
//! What it is not: nobody connects a bank on its pages; all accesses show the same three.
//! What always holds: the Bridge reads its banks once a day, and shows them as they were then.

mod accounts;
mod banks;
mod claims;
mod events;
mod faults;
mod gate;
mod problem;
mod records;
mod wire;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post};
use data_encoding::BASE64;

use crate::Sandbox;
use crate::control::refuse_strangers;
use crate::home::BankLine;
use crate::provider::{Credential, Provider, Typed};

pub use events::{SimpleFinEvent, SimpleFinEventError};
pub(crate) use records::Records;

const API_PATH: &str = "/simplefin";
/// The token that may be claimed again and again, and the user and password that it is exchanged for (fact sheet §7).
const DEMO: &str = "demo";
const BODY_LIMIT_BYTES: usize = 4 * 1024;

/// How this provider stands in the list.
pub(crate) const PROVIDER: Provider = Provider {
    id: "simplefin",
    name: "SimpleFIN",
    base_path: API_PATH,
    credentials: &[
        Credential { name: "setupToken", label: "Setup token", value: Typed::At(demo_token) },
        Credential { name: "accessUrl", label: "Access URL", value: Typed::At(demo_access) },
    ],
    about: "The protocol in both versions, with the Bridge's ways: setup tokens that are claimed once, one call for all accounts, \
            windows of 90 days, errors beside good data, about 24 requests a day. Three banks are connected. The setup token \
            here may be claimed again and again; /simplefin/create makes others, which work once.",
    routes,
    labels: gate::labels,
    faults: faults::kinds,
};

/// All banks, for the index page.
pub(crate) fn bank_lines() -> Vec<BankLine> {
    let line = |bank: &banks::Bank| BankLine {
        id: bank.connection_id(0),
        name: bank.name,
        country: bank.country,
        about: bank.about,
    };
    banks::ALL.iter().map(line).collect()
}

fn demo_token(sandbox: &Sandbox) -> String {
    setup_token(sandbox, DEMO)
}

fn demo_access(sandbox: &Sandbox) -> String {
    access_url(sandbox, DEMO, DEMO)
}

/// A setup token: the address to claim, in base64 (fact sheet §1).
fn setup_token(sandbox: &Sandbox, token: &str) -> String {
    BASE64.encode(sandbox.url(&format!("{API_PATH}/claim/{token}")).as_bytes())
}

/// An access URL (fact sheet §1). What a password may not have in an address stands there in its escaped form.
fn access_url(sandbox: &Sandbox, user: &str, password: &str) -> String {
    let escaped = password.replace('%', "%25").replace('/', "%2F").replace('@', "%40").replace(':', "%3A");
    let (scheme, rest) = sandbox.origin().split_once("://").unwrap_or(("http", sandbox.origin()));
    format!("{scheme}://{user}:{escaped}@{rest}{API_PATH}")
}

fn routes(sandbox: &Sandbox) -> Router<Sandbox> {
    let api = Router::new()
        .route("/info", get(claims::info))
        .route("/create", get(claims::create_page).post(claims::create))
        .route("/claim/{token}", post(claims::claim))
        .route("/accounts", get(accounts::list))
        .route("/currency/points", get(accounts::points))
        .fallback(any(gate::nothing_here))
        .layer(from_fn_with_state(sandbox.clone(), gate::gate));
    Router::new()
        .nest(API_PATH, api)
        .route("/_control/simplefin/events", post(events::happen).layer(from_fn(refuse_strangers)))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
}
