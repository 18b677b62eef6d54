//! SimpleFIN against a scripted server: tokens, addresses that lead astray, and what is asked of a server.

mod claiming;
mod fetching;

use bankside_domain::Secret;
use data_encoding::BASE64;

use super::*;
use crate::peer::{Asked, Peer};

/// A server with this in the place of the keys; the address of the server stands for `@`.
async fn peer(typed: &str, answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static) -> Peer {
    let mut peer = Peer::with_keys([], answers).await;
    let address = peer.base_url.as_str().trim_end_matches('/').to_owned();
    peer.keys.insert(ACCESS_URL.to_owned(), Secret::new(typed.replace('@', &address)));
    peer
}

/// A setup token for an address.
fn token(address: &str) -> String {
    BASE64.encode(address.as_bytes())
}
