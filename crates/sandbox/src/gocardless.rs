//! The simulator of `GoCardless` Bank Account Data (version 2), after its fact sheet, `gocardless.md`.
//!
//! What this folder is for: `gate` stands before every call (paths, tokens, general limits, headers), one file per
//! resource answers it, `records` is what is kept, `wire` writes bank data in the provider's words, and `flow` is the
//! consent in the browser. Comments such as “fact sheet §5” name the section that a rule comes from.
//! What it is not: there are no faults here that nobody asked for; `faults` has those that can be armed.
//! What always holds: nothing expires by a timer. Whether a consent, a quota or a token still holds is asked of the
//! sandbox clock at each call.

mod accounts;
mod admission;
mod agreements;
mod dialects;
mod events;
mod faults;
mod fields;
mod flow;
mod gate;
mod institutions;
mod paging;
mod problem;
mod quota;
mod reconfirmation;
mod records;
mod requisitions;
mod throttle;
mod tokens;
mod wire;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, post, put};

use crate::Sandbox;
use crate::control::refuse_strangers;
use crate::provider::{Credential, Provider, Typed};

pub use events::{Event, EventError};
pub(crate) use records::Records;
pub(crate) use throttle::Throttle;

const API_PATH: &str = "/gocardless/api/v2";
const SECRET_ID: &str = "5a6d0000-0000-4000-8000-000000000001";
const SECRET_KEY: &str = "sandbox-gocardless-key-that-is-worth-nothing";
const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// How this provider stands in the list.
pub(crate) const PROVIDER: Provider = Provider {
    id: "gocardless",
    name: "GoCardless Bank Account Data",
    base_path: "/gocardless/api/v2/",
    credentials: &[
        Credential { name: "secret_id", label: "Secret ID", value: Typed::Fixed(SECRET_ID) },
        Credential { name: "secret_key", label: "Secret key", value: Typed::Fixed(SECRET_KEY) },
    ],
    about: "The whole API version 2: tokens, institutions, agreements, requisitions with consent pages in the browser, \
            accounts with balances, details and transactions. Limits, errors and expiry are the provider's.",
    routes,
    labels: gate::labels,
    faults: faults::kinds,
};

fn routes(sandbox: &Sandbox) -> Router<Sandbox> {
    let api = Router::new()
        .route("/token/new/", post(tokens::create))
        .route("/token/refresh/", post(tokens::refresh))
        .route("/institutions/", get(institutions::list))
        .route("/institutions/{id}/", get(institutions::retrieve))
        .route("/agreements/enduser/", get(agreements::list).post(agreements::create))
        .route("/agreements/enduser/{id}/", get(agreements::retrieve).delete(agreements::delete))
        .route("/agreements/enduser/{id}/accept/", put(agreements::accept))
        .route("/agreements/enduser/{id}/reconfirm/", get(reconfirmation::retrieve).post(reconfirmation::create))
        .route("/requisitions/", get(requisitions::list).post(requisitions::create))
        .route("/requisitions/{id}/", get(requisitions::retrieve).delete(requisitions::delete))
        .route("/accounts/{id}/", get(accounts::metadata))
        .route("/accounts/{id}/balances/", get(accounts::balances))
        .route("/accounts/{id}/details/", get(accounts::details))
        .route("/accounts/{id}/transactions/", get(accounts::transactions))
        .fallback(any(gate::nothing_here))
        .layer(from_fn_with_state(sandbox.clone(), gate::gate));
    Router::new()
        .nest(API_PATH, api)
        // The root of the API is not a path below it.
        .route("/gocardless/api/v2/", any(gate::nothing_here))
        .route("/gocardless/ob-psd2/start/{link}/{institution_id}", get(flow::show).post(flow::submit))
        .route(
            &format!("{}/{{link}}/{{institution_id}}", reconfirmation::PATH),
            get(reconfirmation::show).post(reconfirmation::submit),
        )
        .route("/gocardless/logos/{file}", get(institutions::logo))
        .route("/_control/gocardless/events", post(events::happen).layer(from_fn(refuse_strangers)))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
}
