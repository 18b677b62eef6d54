//! The simulator of Pluggy.ai, after its fact sheet, `pluggy.md`.
//!
//! What this folder is for: `gate` stands before every call (paths, keys, limits, armed faults), one file per resource
//! answers it, `records` is what is kept, `execution` carries an item from its creation to its data, `books` are the
//! banks, and `wire` writes their rows in the provider's words. Comments such as “fact sheet §6” name the section of a
//! rule. What it is not: webhooks are kept and never sent, and payments are not simulated at all.
//! What always holds: nothing happens by a timer. Synchronisations, consents and limits are asked of the sandbox clock
//! at each call, and what a bank knows on a day does not change when the clock is turned.

mod accounts;
mod bills;
mod books;
mod categories;
mod connectors;
mod consent;
mod events;
mod execution;
mod faults;
mod fields;
mod gate;
mod item;
mod items;
mod paging;
mod people;
mod problem;
mod records;
mod throttle;
mod tokens;
mod transactions;
mod updates;
mod webhooks;
mod wire;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get, patch, post};
use uuid::Uuid;

use crate::Sandbox;
use crate::control::refuse_strangers;
use crate::provider::{Credential, Provider, Typed};

pub use events::{Plan, PluggyEvent, PluggyEventError};
pub(crate) use records::Records;
pub(crate) use throttle::Throttle;

const API_PATH: &str = "/pluggy";
const CLIENT_ID: &str = "5a6d0000-0000-4000-8000-0000000000a1";
const CLIENT_SECRET: &str = "5a6d0000-0000-4000-8000-0000000000a2";
/// The items that are there from the first start: a bank by Open Finance, and one shared through Meu Pluggy.
const BANK_ITEM: Uuid = Uuid::from_u128(0x5a6d_0000_0000_4000_8000_0000_0000_00b1);
const MEU_ITEM: Uuid = Uuid::from_u128(0x5a6d_0000_0000_4000_8000_0000_0000_00b2);
const ITEM_IDS: &str = "5a6d0000-0000-4000-8000-0000000000b1,5a6d0000-0000-4000-8000-0000000000b2";
const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// How this provider stands in the list.
pub(crate) const PROVIDER: Provider = Provider {
    id: "pluggy",
    name: "Pluggy.ai",
    base_path: API_PATH,
    credentials: &[
        Credential { name: "clientId", label: "Client ID", value: Typed::Fixed(CLIENT_ID) },
        Credential { name: "clientSecret", label: "Client secret", value: Typed::Fixed(CLIENT_SECRET) },
        Credential { name: "itemIds", label: "Item IDs", value: Typed::Fixed(ITEM_IDS) },
    ],
    about: "The data side of the API: connectors, items with their executions, accounts, transactions by cursor, \
            bills. Two items are there from the start: Banco Aroeira by Open Finance, and a bank shared through \
            Meu Pluggy. Others are made with the provider's sandbox users, such as user-ok with password-ok and the \
            code 123456.",
    routes,
    labels: gate::labels,
    faults: faults::kinds,
};

fn routes(sandbox: &Sandbox) -> Router<Sandbox> {
    let items = Router::new()
        .route("/items", get(items::list_v1).post(items::create))
        .route("/v2/items", get(items::list))
        .route("/items/{id}", get(items::retrieve).patch(updates::update).delete(items::delete))
        .route("/items/{id}/mfa", post(updates::answer))
        .route("/items/{id}/disable-auto-sync", patch(updates::disable_auto_sync));
    let data = Router::new()
        .route("/accounts", get(accounts::list))
        .route("/accounts/{id}", get(accounts::retrieve))
        .route("/accounts/{id}/balance", get(accounts::balance))
        .route("/accounts/{id}/statements", get(accounts::statements))
        .route("/v2/transactions", get(transactions::list))
        .route("/transactions", get(transactions::list_v1))
        .route("/transactions/{id}", get(transactions::retrieve).patch(transactions::categorise))
        .route("/bills", get(bills::list))
        .route("/bills/{id}", get(bills::retrieve))
        .route("/investments", get(people::no_investments))
        .route("/loans", get(people::no_loans))
        .route("/identity", get(people::identity_of_item))
        .route("/identity/{id}", get(people::identity))
        .route("/consents", get(people::consents))
        .route("/consents/{id}", get(people::consent));
    let api = Router::new()
        .route("/auth", post(tokens::authenticate))
        .route("/api", post(tokens::old_path))
        .route("/connect_token", post(tokens::connect_token))
        .route("/connectors", get(connectors::list))
        .route("/connectors/{id}", get(connectors::retrieve))
        .route("/connectors/{id}/validate", post(connectors::validate))
        .route("/categories", get(categories::list))
        .route("/categories/{id}", get(categories::retrieve))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route("/webhooks/{id}", get(webhooks::retrieve).patch(webhooks::update).delete(webhooks::delete))
        .merge(items)
        .merge(data)
        .fallback(any(gate::nothing_here))
        .layer(from_fn_with_state(sandbox.clone(), gate::gate));
    Router::new()
        .nest(API_PATH, api)
        .route(&format!("{}/{{item}}", consent::PATH), get(consent::show).post(consent::submit))
        .route("/_control/pluggy/events", post(events::happen).layer(from_fn(refuse_strangers)))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
}
