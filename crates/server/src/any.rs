//! How handlers come into the router: each forgets its type first.
//!
//! What axum builds around a handler it builds for the type of every handler anew, and for each of those types the compiler
//! proves again that the whole future behind it may cross threads: more than half of what compiling the server took. So they
//! all become one type here (docs/decisions/2026-11-26-one-handler-type.md).

use std::pin::Pin;

use axum::extract::{Request, State};
use axum::response::Response;

use crate::App;

/// A handler, whatever it takes and answers.
pub(crate) type AnyHandler = fn(State<App>, Request) -> Pin<Box<dyn Future<Output = Response> + Send>>;

/// A handler as an [`AnyHandler`].
macro_rules! any {
    ($handler:path) => {{
        let any: $crate::any::AnyHandler =
            |axum::extract::State(app), request| Box::pin(axum::handler::Handler::call($handler, request, app));
        any
    }};
}
