//! The server: pages, API and sign-in. Each handler extracts, calls one verb of the engine, and shows what came of it.
//!
//! What it is not: it decides nothing, holds no SQL and knows no provider. What always holds: no answer leaves without the
//! security headers, no write enters that did not come from our own pages, and an address with another organization's id
//! leads nowhere.

mod api;
mod error;
mod pages;
mod security;
mod session;
mod syncing;
mod told;
mod view;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use bankside_engine::Engine;
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
}

/// Everything that the server serves.
pub fn router(engine: Engine) -> Router {
    let app = App { engine };
    let compressed = SizeAbove::new(512).and(NotForContentType::SSE).and(NotForContentType::IMAGES);
    Router::new()
        .merge(page_routes())
        .merge(syncing_routes().route_layer(from_fn_with_state(app.clone(), syncing::only_while_on)))
        .merge(api::routes(&app))
        .fallback(pages::not_found)
        .layer(from_fn_with_state(app.clone(), security::own_pages_only))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), told::tell))
        .layer(CompressionLayer::new().compress_when(compressed))
        .layer(from_fn(security::headers))
        .layer(TraceLayer::new_for_http())
        .with_state(app)
}

/// The pages that are there as long as account syncing is on.
fn syncing_routes() -> Router<App> {
    use pages::{add_account, banks, consents, flows, keys, links, runs};
    Router::new()
        .route("/o/{organization}/accounts/{account}/link", get(add_account::link_existing))
        .route("/o/{organization}/providers/{provider}/keys", get(keys::form).post(keys::keep))
        .route("/o/{organization}/providers/{provider}/banks", get(banks::choose).post(banks::begin))
        .route("/o/{organization}/providers/{provider}/banks/{country}/{institution}/logo", get(banks::logo))
        .route("/o/{organization}/flows/{flow}", get(flows::show))
        .route("/o/{organization}/flows/{flow}/look", get(flows::look))
        .route("/o/{organization}/flows/{flow}/confirm", post(flows::confirm))
        .route("/o/{organization}/connections/{connection}/link", get(links::form).post(links::link))
        .route("/o/{organization}/connections/{connection}/sync", post(runs::sync_one))
        .route("/o/{organization}/connections/{connection}/renew", post(consents::renew))
        .route("/o/{organization}/sync", post(runs::sync_all))
}

/// Every other page, in one list.
fn page_routes() -> Router<App> {
    use pages::{
        add_account, consents, design, doors, files, flows, integrations, keys, links, overview, palette, register,
        runs, settings, sidebar, undo,
    };
    Router::new()
        .route("/", get(doors::home))
        .route("/setup", get(doors::setup_form).post(doors::setup))
        .route("/sign-in", get(doors::sign_in_form).post(doors::sign_in))
        .route("/sign-out", post(doors::sign_out))
        .route("/healthz", get(files::health))
        .route("/favicon.svg", get(files::favicon))
        .route("/assets/{version}/{name}", get(files::asset))
        .route("/design", get(design::show))
        .route("/connect/callback", get(flows::callback))
        .route("/o/{organization}/overview", get(overview::show))
        .route("/o/{organization}/sidebar", get(sidebar::show))
        .route("/o/{organization}/transactions", get(register::all_accounts))
        .route("/o/{organization}/accounts/{account}", get(register::one_account))
        .route("/o/{organization}/accounts/{account}/transactions/new", get(register::new_form).post(register::add))
        .route("/o/{organization}/accounts/{account}/unlink", post(links::unlink))
        .route("/o/{organization}/accounts/{account}/opening", post(register::take_opening))
        .route("/o/{organization}/add-account", get(add_account::choose))
        .route("/o/{organization}/add-account/without-bank", get(add_account::new_form).post(add_account::add))
        .route("/o/{organization}/providers/{provider}/reset", get(keys::reset_form).post(keys::reset))
        .route("/o/{organization}/flows/{flow}/cancel", post(flows::cancel))
        .route("/o/{organization}/connections/{connection}/unsync", get(consents::unsync_form).post(consents::unsync))
        .route("/o/{organization}/runs", get(runs::list::show))
        .route("/o/{organization}/runs/events", get(runs::live::list_events))
        .route("/o/{organization}/runs/{run}", get(runs::show))
        .route("/o/{organization}/runs/{run}/events", get(runs::live::events))
        .route("/o/{organization}/runs/{run}/rows", get(runs::rows::show))
        .route("/o/{organization}/batches/{batch}/undo", get(undo::form).post(undo::undo))
        .route("/o/{organization}/banks", get(integrations::show))
        .route("/o/{organization}/palette", get(palette::offers))
        .route("/o/{organization}/settings", get(settings::show))
        .route("/o/{organization}/settings/formats", post(settings::formats::save))
        .route("/o/{organization}/settings/shown", post(settings::advanced::unfold))
        .route("/o/{organization}/settings/features/{feature}", post(settings::advanced::switch))
}
