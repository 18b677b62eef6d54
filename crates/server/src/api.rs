//! The REST API under `/api/v1`: the verbs that pages offer, for programs.
//!
//! Errors are `application/problem+json` with a stable `code`. The description is served at `/api/openapi.json`.

mod asset_files;
mod assets;
mod balances;
mod bills;
mod books;
mod cashflow;
mod cashflow_rates;
mod categories;
mod connecting;
mod connections;
mod daily_import;
mod events;
mod features;
mod feeds;
mod flows;
mod history;
mod inbox;
mod invitations;
mod mapping;
mod me;
mod moves;
mod naming;
mod notice_mails;
mod organizations;
mod overview;
mod people;
mod plans;
mod problem;
mod reconciling;
mod rules;
mod runs;
mod statement_files;
mod subscription;
mod suspicions;
mod transactions;
mod transfers;

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
    description = "Connects banks to books. Every verb that the pages offer, but set-up, sign-in, and what one signs in with: that happens on pages.",
    license(name = "See the project")
))]
struct Description;

/// Handlers of one address and their descriptions. Both are found by the handler's name, so an `AnyHandler` takes it over.
macro_rules! described {
    ($module:ident: $($handler:ident),+) => {{
        use $module::*;
        $(let $handler = any!($module::$handler);)+
        routes!($($handler),+)
    }};
}

/// Everything, described; what links and syncs goes through `guard`.
fn described(guard: impl FnOnce(OpenApiRouter<App>) -> OpenApiRouter<App>) -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Description::openapi())
        .merge(guard(syncing()))
        .routes(described!(features: features))
        .routes(described!(features: switch))
        .routes(described!(me: formats, set_formats))
        .routes(described!(books: version))
        .routes(described!(organizations: organizations, add_organization))
        .routes(described!(organizations: organization, change_organization))
        .routes(described!(organizations: set_kind))
        .routes(described!(organizations: leave))
        .routes(described!(organizations: hand_over))
        .routes(described!(people: members))
        .routes(described!(people: place_member))
        .routes(described!(people: remove_member))
        .routes(described!(people: groups, add_group))
        .routes(described!(people: change_group, remove_group))
        .routes(described!(invitations: invitations, invite))
        .routes(described!(invitations: take_back_invitation))
        .routes(described!(invitations: invited))
        .routes(described!(invitations: accept))
        .routes(described!(books: accounts, add_account))
        .routes(described!(assets: assets, add_asset))
        .routes(described!(assets: asset, change_asset))
        .routes(described!(assets: move_asset))
        .routes(described!(assets: order_asset))
        .routes(described!(assets: close_asset, reopen_asset))
        .routes(described!(assets: account_asset, move_account))
        .routes(described!(assets: ignore, take_up))
        .routes(described!(transactions: transactions, add_transaction))
        .routes(described!(transactions: unfinished))
        .routes(described!(transactions: transaction, change_transaction, delete_transaction))
        .routes(described!(transactions: edit_transactions))
        .routes(described!(transactions: delete_transactions))
        .routes(described!(transactions: duplicate_transactions))
        .routes(described!(categories: categories, add_category))
        .routes(described!(categories: add_usual_categories))
        .routes(described!(categories: change_category, delete_category))
        .routes(described!(categories: merge_category))
        .routes(described!(rules: rules, add_rule))
        .routes(described!(rules: change_rule, delete_rule, place_rule))
        .routes(described!(rules: try_rule))
        .routes(described!(rules: apply_rules))
        .routes(described!(rules: rule_history))
        .routes(described!(rules: rules_text, bring_rules))
        .routes(described!(mapping: mapping, map_lines))
        .routes(described!(mapping: alike, map_alike))
        .routes(described!(mapping: provider_categories, map_provider_category))
        .routes(described!(inbox: inbox))
        .routes(described!(inbox: accept_rows))
        .routes(described!(inbox: place_in_inbox))
        .routes(described!(inbox: ask_member, ask_no_more))
        .routes(described!(inbox: switch_inbox))
        .routes(described!(inbox: want_inbox))
        .routes(described!(naming: payees))
        .routes(described!(naming: tags))
        .routes(described!(reconciling: stands, reconcile))
        .routes(described!(reconciling: lock))
        .routes(described!(history: preview_undo, undo))
        .routes(described!(history: undo_step))
        .routes(described!(history: redo_step))
        .routes(described!(history: mine))
        .routes(described!(suspicions: suspicions))
        .routes(described!(suspicions: decide))
        .routes(described!(transfers: candidates))
        .routes(described!(transfers: link_transfer, break_transfer))
        .routes(described!(transfers: find_transfers))
        .routes(described!(events: events))
        .routes(described!(overview: overview))
        .routes(described!(cashflow: cashflow))
        .routes(described!(cashflow_rates: rates, set_rate))
        .routes(described!(cashflow_rates: set_rates_of_file))
        .routes(described!(plans: plans, bring_plan))
        .routes(described!(plans: plan, discard_plan))
        .routes(described!(plans: hold_plan))
        .routes(described!(plans: end_plan))
        .routes(described!(books: take_bank_opening))
        .routes(described!(balances: balance_check))
        .routes(described!(balances: judge_balance))
        .routes(described!(bills: bills))
        .routes(described!(balances: take_back_verdict))
        .routes(described!(feeds: feed, change_feed))
        .routes(described!(feeds: preview_feed))
        .routes(described!(feeds: confirm_feed))
        .routes(described!(moves: move_candidates))
        .routes(described!(statement_files: files, bring_file))
        .routes(described!(statement_files: file, read_file, discard_file))
        .routes(described!(statement_files: import_file))
        .routes(described!(asset_files: asset_files, bring_asset_file))
        .routes(described!(asset_files: asset_file, read_asset_file, discard_asset_file))
        .routes(described!(asset_files: divide_asset_file))
        .routes(described!(asset_files: import_asset_file))
        .routes(described!(connecting: providers))
        .routes(described!(connections: connections))
        .routes(described!(daily_import: daily_import, set_daily_import))
        .routes(described!(notice_mails: notice_mails, set_notice_mails))
        .routes(described!(subscription: subscription))
        .routes(described!(connecting: rename, unsync))
        .routes(described!(connecting: unlink))
        .routes(described!(runs: latest))
        .routes(described!(runs: run))
        .routes(described!(runs: rows))
}

/// What is there as long as account syncing is on; what ends something is there always.
fn syncing() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(described!(connecting: keep_keys, reset_keys))
        .routes(described!(connecting: institutions))
        .routes(described!(connecting: logins))
        .routes(described!(flows: begin))
        .routes(described!(flows: flow, cancel))
        .routes(described!(flows: answer))
        .routes(described!(flows: confirm))
        .routes(described!(flows: renew))
        .routes(described!(connections: get_accounts))
        .routes(described!(connecting: link_offer, link))
        .routes(described!(moves: feed_move, begin_move, abandon_move))
        .routes(described!(moves: commit_move))
        .routes(described!(runs: sync_all))
        .routes(described!(runs: sync_connection))
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
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    /// Every source below a folder.
    fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|end| end == "rs") {
                into.push(path);
            }
        }
    }

    /// Of two shapes with one name the description keeps one, and says nothing.
    #[test]
    fn every_shape_has_a_name_of_its_own() {
        let mut files = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
        let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for file in files {
            let source = std::fs::read_to_string(&file).unwrap();
            for derived in source
                .split("#[derive(")
                .skip(1)
                .filter(|rest| rest.split(')').next().is_some_and(|list| list.contains("ToSchema")))
            {
                let mut words = derived.split_whitespace().skip_while(|word| !matches!(*word, "struct" | "enum"));
                let name = words.nth(1).unwrap().trim_end_matches(|letter: char| !letter.is_alphanumeric());
                let name = name.split(['<', '(', '{', ';']).next().unwrap();
                places.entry(name.to_owned()).or_default().push(file.clone());
            }
        }
        assert!(places.len() > 100, "{}", places.len());
        let double: Vec<_> = places.iter().filter(|(_, files)| files.len() > 1).collect();
        assert!(double.is_empty(), "{double:#?}");
    }

    #[test]
    fn the_openapi_description_is_the_contract() {
        insta::assert_snapshot!("openapi", super::openapi_json());
    }
}
