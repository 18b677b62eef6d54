//! The REST API under `/api/v1`: the verbs that pages offer, for programs.
//!
//! Errors are `application/problem+json` with a stable `code`. The description is served at `/api/openapi.json`.

mod books;
mod connecting;
mod events;
mod features;
mod history;
mod me;
mod naming;
mod overview;
mod problem;
mod reconciling;
mod runs;
mod transactions;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::syncing::only_while_on;
pub(crate) use problem::Problem;
pub(crate) use transactions::FilterBody;

#[derive(OpenApi)]
#[openapi(info(
    title = "Bankside",
    description = "Connects banks to books. Every verb that the pages offer, but set-up and sign-in: they happen on pages.",
    license(name = "See the project")
))]
struct Description;

/// Everything, described; what links and syncs goes through `guard`.
fn described(guard: impl FnOnce(OpenApiRouter<App>) -> OpenApiRouter<App>) -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(guard(syncing()))
        .routes(routes!(features::features))
        .routes(routes!(features::switch))
        .routes(routes!(me::formats, me::set_formats))
        .routes(routes!(books::version))
        .routes(routes!(books::organizations))
        .routes(routes!(books::accounts, books::add_account))
        .routes(routes!(transactions::transactions, transactions::add_transaction))
        .routes(routes!(transactions::transaction, transactions::change_transaction, transactions::delete_transaction))
        .routes(routes!(transactions::edit_transactions))
        .routes(routes!(transactions::delete_transactions))
        .routes(routes!(transactions::duplicate_transactions))
        .routes(routes!(naming::categories, naming::add_category))
        .routes(routes!(naming::payees))
        .routes(routes!(naming::tags))
        .routes(routes!(reconciling::stands, reconciling::reconcile))
        .routes(routes!(history::undo))
        .routes(routes!(history::undo_step))
        .routes(routes!(history::redo_step))
        .routes(routes!(history::mine))
        .routes(routes!(events::events))
        .routes(routes!(overview::overview))
        .routes(routes!(books::take_bank_opening))
        .routes(routes!(connecting::providers))
        .routes(routes!(connecting::connections))
        .routes(routes!(connecting::unsync))
        .routes(routes!(connecting::unlink))
        .routes(routes!(runs::latest))
        .routes(routes!(runs::run))
        .routes(routes!(runs::rows))
}

/// What is there as long as account syncing is on; what ends something is there always.
fn syncing() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(connecting::keep_keys, connecting::reset_keys))
        .routes(routes!(connecting::institutions))
        .routes(routes!(connecting::begin))
        .routes(routes!(connecting::flow, connecting::cancel))
        .routes(routes!(connecting::confirm))
        .routes(routes!(connecting::renew))
        .routes(routes!(connecting::link_offer, connecting::link))
        .routes(routes!(runs::sync_all))
        .routes(routes!(runs::sync_connection))
}

/// The API and its description.
pub(crate) fn routes(app: &App) -> Router<App> {
    let guard = from_fn_with_state(app.clone(), only_while_on);
    let (router, description) = described(|router| router.route_layer(guard)).split_for_parts();
    let json = description.to_json().unwrap_or_default();
    router
        .route(
            "/api/openapi.json",
            get(move || async move { ([(axum::http::header::CONTENT_TYPE, "application/json")], json) }),
        )
        .route("/api/{*rest}", any(|| async { Problem::not_found() }))
}

/// The description of the API, for the snapshot and for `bankside openapi`.
pub fn openapi_json() -> String {
    described(|router| router).split_for_parts().1.to_pretty_json().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_openapi_description_is_the_contract() {
        insta::assert_snapshot!("openapi", super::openapi_json());
    }
}
