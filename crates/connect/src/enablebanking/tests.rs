//! Enable Banking against a scripted server: what is asked of it, and what becomes of its answers.

mod connecting;
mod fetching;

use super::*;
use crate::peer::{Asked, Peer};

const KEY: &str = include_str!("signing/key_pkcs8.pem");

/// A server, with an application of its own.
async fn peer(answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Peer {
    Peer::with_keys([(APPLICATION_ID, "app-1"), (PRIVATE_KEY, KEY)], answers).await
}

/// An error with a word.
fn error(status: u16, word: &str) -> (u16, String) {
    (status, serde_json::json!({ "message": "x", "code": status, "error": word, "detail": null }).to_string())
}
