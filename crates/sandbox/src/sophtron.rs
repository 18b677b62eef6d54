//! The simulator of Sophtron, after its fact sheet, `sophtron.md`.
//!
//! What this folder is for: `gate` stands before every call (paths in any casing, signature, the month's requests, armed
//! faults), `v1` and `rest` answer the two generations of the API over one store, `jobs` is the machine that signs in at a
//! bank, `banks` is what is found there (their books are those of `crate::banks::dollars`), and `wire` writes it in the
//! provider's words. Comments such as “fact sheet §6” name the section that a rule comes from.
//! What it is not: it has no widget, no signed data and no `OAuth`; those calls are not found.
//! What always holds: data is cached. Balances and rows move on only when a refresh has been completed, and they are those
//! of its moment on the sandbox clock.

mod ask;
mod banks;
mod captcha;
mod events;
mod faults;
mod gate;
mod jobs;
mod logins;
mod problem;
mod records;
mod rest;
mod signature;
mod v1;
mod wire;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{any, post};
use uuid::Uuid;

use crate::Sandbox;
use crate::control::refuse_strangers;
use crate::home::BankLine;
use crate::provider::{Credential, Provider, Typed};

pub use events::{SophtronEvent, SophtronEventError};
pub(crate) use records::Records;

const API_PATH: &str = "/sophtron/api";
const USER_ID: &str = "7f3b2c1a-0d4e-4a5b-9c6d-1e2f3a4b5c6d";
/// The same as an id.
const USER: Uuid = Uuid::from_u128(0x7f3b_2c1a_0d4e_4a5b_9c6d_1e2f_3a4b_5c6d);
const ACCESS_KEY: &str = "c2ltdWxhdG9yLWFjY2Vzcy1rZXktMDEyMzQ1Njc4OQ==";
const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// How this provider stands in the list.
pub(crate) const PROVIDER: Provider = Provider {
    id: "sophtron",
    name: "Sophtron",
    base_path: API_PATH,
    credentials: &[
        Credential { name: "userId", label: "User ID", value: Typed::Fixed(USER_ID) },
        Credential { name: "accessKey", label: "Access key", value: Typed::Fixed(ACCESS_KEY) },
    ],
    about: "American and Canadian banks by their own logins: version 1 of the API and the same through versions 2 and 3, \
            with jobs that ask for captchas, answers and tokens, and data that stays as it is until it is refreshed. \
            Two logins are there from the start. Any user name and password will do; the user name “wrong” is refused, \
            “endless” never ends and “timeout” takes too long.",
    routes,
    labels: gate::labels,
    faults: faults::kinds,
};

/// All banks, for the index page.
pub(crate) fn bank_lines() -> Vec<BankLine> {
    let line = |bank: &banks::Bank| BankLine {
        id: bank.id().to_string(),
        name: bank.name,
        country: bank.country.code(),
        about: bank.about,
    };
    banks::ALL.iter().map(line).collect()
}

fn routes(_: &Sandbox) -> Router<Sandbox> {
    Router::new()
        .route("/sophtron/api", any(gate::gate))
        .route("/sophtron/api/{*path}", any(gate::gate))
        .route("/_control/sophtron/events", post(events::happen).layer(from_fn(refuse_strangers)))
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_is_one() {
        assert_eq!(USER.to_string(), USER_ID);
    }
}
