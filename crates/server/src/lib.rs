//! The server: pages, API and sign-in. Each handler extracts, calls one verb of the engine, and shows what came of it.
//!
//! What it is not: it decides nothing, holds no SQL and knows no provider. What always holds: no answer leaves without the
//! security headers, no write enters that did not come from our own pages, and an address with another organization's id
//! leads nowhere.

#[macro_use]
mod any;
mod api;
mod error;
mod pages;
mod routes;
mod security;
mod session;
mod streaming;
mod syncing;
mod told;
mod view;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::post;
use bankside_engine::Engine;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::trace::TraceLayer;

pub use api::openapi_json;

/// More than any form has.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// What handlers work with.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    /// Cancelled when the server stops.
    pub(crate) stopping: CancellationToken,
}

/// Everything that the server serves; what would go on for ever ends with `stopping`.
pub fn router(engine: Engine, stopping: CancellationToken) -> Router {
    let app = App { engine, stopping };
    let compressed = SizeAbove::new(512).and(NotForContentType::SSE).and(NotForContentType::IMAGES);
    Router::new()
        .merge(routes::page_routes())
        .merge(routes::file_routes().route_layer(DefaultBodyLimit::max(pages::statement_files::MAX_UPLOAD_BYTES)))
        .merge(routes::syncing_routes().route_layer(from_fn_with_state(app.clone(), syncing::only_while_on)))
        .merge(api::routes(&app))
        .fallback(pages::not_found)
        .layer(from_fn_with_state(app.clone(), security::own_pages_only))
        // Providers post from elsewhere; the address itself is what they prove themselves with.
        .route("/notices/{provider}/{organization}/{token}", post(pages::notices::take))
        .route("/connect/notice", post(pages::notices::take_of_flow))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), told::tell))
        .layer(CompressionLayer::new().compress_when(compressed))
        .layer(from_fn(security::headers))
        .layer(TraceLayer::new_for_http().make_span_with(span))
        .with_state(app)
}

/// What the log says of a request: its path, and nothing of what stands behind the question mark, where a bank may have put a code.
fn span<B>(request: &axum::http::Request<B>) -> tracing::Span {
    tracing::debug_span!("request", method = %request.method(), path = request.uri().path())
}
