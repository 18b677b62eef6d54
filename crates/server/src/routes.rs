//! Which address leads to which page.
//!
//! The rights test reads this list: an address that is added here has to say there what it needs.

use axum::Router;
use axum::routing::{get, post};

use crate::{App, pages};

/// The pages that are there as long as account syncing is on.
pub(crate) fn syncing_routes() -> Router<App> {
    use pages::{
        add_account, asset_sync, banks, connect_bank, consents, flows, integrations, keys, links, logins, moving,
        naming, runs,
    };
    Router::new()
        .route("/o/{organization}/connect-bank", get(any!(connect_bank::show)))
        .route("/o/{organization}/accounts/{account}/link", get(any!(add_account::link_existing)))
        .route("/o/{organization}/accounts/{account}/move", get(any!(moving::show)).post(any!(moving::begin)))
        .route("/o/{organization}/accounts/{account}/move/look", get(any!(moving::look)))
        .route("/o/{organization}/accounts/{account}/move/commit", post(any!(moving::commit)))
        .route("/o/{organization}/providers/{provider}/keys", get(any!(keys::form)).post(any!(keys::keep)))
        .route("/o/{organization}/providers/{provider}/accounts", get(any!(logins::show)).post(any!(logins::link)))
        .route("/o/{organization}/providers/{provider}/logins", post(any!(logins::adopt)))
        .route("/o/{organization}/providers/{provider}/sync", get(any!(naming::show)).post(any!(naming::begin)))
        .route("/o/{organization}/providers/{provider}/banks", get(any!(banks::choose)).post(any!(banks::begin)))
        .route("/o/{organization}/providers/{provider}/banks/{country}/{institution}/logo", get(any!(banks::logo)))
        .route("/o/{organization}/flows/{flow}", get(any!(flows::show)))
        .route("/o/{organization}/flows/{flow}/look", get(any!(flows::look)))
        .route("/o/{organization}/flows/{flow}/confirm", post(any!(flows::confirm)))
        .route("/o/{organization}/flows/{flow}/answers", post(any!(flows::answer)))
        .route("/o/{organization}/flows/{flow}/returned", post(any!(flows::returned)))
        .route("/o/{organization}/connections/{connection}/link", get(any!(links::form)).post(any!(links::link)))
        .route(
            "/o/{organization}/connections/{connection}/bank-accounts/{bank_account}/asset",
            get(any!(asset_sync::form)).post(any!(asset_sync::link)),
        )
        .route("/o/{organization}/connections/{connection}/sync", post(any!(runs::sync_one)))
        .route("/o/{organization}/connections/{connection}/renew", post(any!(consents::renew)))
        .route("/o/{organization}/connections/{connection}/accounts", post(any!(integrations::getting::get)))
        .route("/o/{organization}/sync", post(any!(runs::sync_all)))
}

/// The pages that take whole files.
pub(crate) fn file_routes() -> Router<App> {
    use pages::{asset_files, cashflow, statement_files};
    Router::new()
        .route("/o/{organization}/assets/{asset}/files", get(any!(asset_files::offer)).post(any!(asset_files::upload)))
        .route(
            "/o/{organization}/accounts/{account}/files",
            get(any!(statement_files::offer)).post(any!(statement_files::upload)),
        )
        .route("/o/{organization}/cashflow/rates/file", post(any!(cashflow::rates::upload)))
        .route("/o/{organization}/cashflow/plan/file", post(any!(cashflow::plan::upload_of_organization)))
        .route("/o/{organization}/assets/{asset}/cashflow/plan/file", post(any!(cashflow::plan::upload_of_asset)))
}

/// Every other page.
pub(crate) fn page_routes() -> Router<App> {
    Router::new()
        .merge(doors())
        .merge(books())
        .merge(assets())
        .merge(cashflow())
        .merge(banks())
        .merge(people())
        .merge(settings())
}

/// What is there before somebody is in an organization, and the files of the pages.
fn doors() -> Router<App> {
    use pages::{design, doors, files, flows, invitations, organizations, settings};
    Router::new()
        .route("/", get(any!(doors::home)))
        .route("/setup", get(any!(doors::setup_form)).post(any!(doors::setup)))
        .route("/sign-in", get(any!(doors::sign_in_form)).post(any!(doors::sign_in)))
        .route("/sign-out", post(any!(doors::sign_out)))
        .route("/invitations/{token}", get(any!(invitations::show)))
        .route("/invitations/{token}/join", post(any!(invitations::join)))
        .route("/invitations/{token}/account", post(any!(invitations::join_as_new)))
        .route("/address/{token}", get(any!(settings::own::address)).post(any!(settings::own::take_address)))
        .route("/organizations/new", get(any!(organizations::new_form)).post(any!(organizations::make)))
        .route("/healthz", get(any!(files::health)))
        .route("/favicon.svg", get(any!(files::favicon)))
        .route("/assets/{version}/{name}", get(any!(files::asset)))
        .route("/design", get(any!(design::show)))
        .route("/connect/callback", get(any!(flows::callback)))
}

/// The books: overview, register, one account with its balances, feed and files, and what waits for a decision.
fn books() -> Router<App> {
    use pages::{
        add_account, balance, belonging, bills, feed, inbox, links, lock, moving, overview, palette, register, sidebar,
        statement_files, suspicions, undo,
    };
    Router::new()
        .route("/o/{organization}/overview", get(any!(overview::show)))
        .route("/o/{organization}/sidebar", get(any!(sidebar::show)))
        .route("/o/{organization}/transactions", get(any!(register::all_accounts)))
        .route("/o/{organization}/accounts/{account}", get(any!(register::one_account)))
        .route(
            "/o/{organization}/accounts/{account}/transactions/new",
            get(any!(register::new_form)).post(any!(register::add)),
        )
        .route("/o/{organization}/accounts/{account}/unlink", post(any!(links::unlink)))
        .route("/o/{organization}/accounts/{account}/asset", get(any!(belonging::form)).post(any!(belonging::act)))
        .route("/o/{organization}/accounts/{account}/balance", get(any!(balance::show)))
        .route("/o/{organization}/accounts/{account}/balance/verdicts", post(any!(balance::judge)))
        .route("/o/{organization}/accounts/{account}/balance/verdicts/{verdict}/back", post(any!(balance::take_back)))
        .route("/o/{organization}/accounts/{account}/bills", get(any!(bills::show)))
        .route("/o/{organization}/accounts/{account}/feed", get(any!(feed::show)))
        .route("/o/{organization}/accounts/{account}/feed/pending", post(any!(feed::set_pending)))
        .route("/o/{organization}/accounts/{account}/feed/sign", post(any!(feed::turn_sign)))
        .route("/o/{organization}/accounts/{account}/feed/confirm", post(any!(feed::confirming::confirm)))
        .route("/o/{organization}/accounts/{account}/files/{file}", get(any!(statement_files::show)))
        .route("/o/{organization}/accounts/{account}/files/{file}/look", get(any!(statement_files::look)))
        .route("/o/{organization}/accounts/{account}/files/{file}/columns", post(any!(statement_files::choose)))
        .route("/o/{organization}/accounts/{account}/files/{file}/import", post(any!(statement_files::import)))
        .route("/o/{organization}/accounts/{account}/files/{file}/discard", post(any!(statement_files::discard)))
        .route("/o/{organization}/accounts/{account}/lock", get(any!(lock::form)).post(any!(lock::lock)))
        .route("/o/{organization}/accounts/{account}/move/abandon", post(any!(moving::abandon)))
        .route("/o/{organization}/accounts/{account}/opening", post(any!(register::take_opening)))
        .route("/o/{organization}/add-account", get(any!(add_account::choose)))
        .route(
            "/o/{organization}/add-account/without-bank",
            get(any!(add_account::new_form)).post(any!(add_account::add)),
        )
        .route("/o/{organization}/suspicions", get(any!(suspicions::show)))
        .route("/o/{organization}/suspicions/{suspicion}", post(any!(suspicions::decide)))
        .route("/o/{organization}/transfers/find", post(any!(suspicions::find_transfers)))
        .route("/o/{organization}/batches/{batch}/undo", get(any!(undo::form)).post(any!(undo::undo)))
        .route("/o/{organization}/inbox", get(any!(inbox::waiting)).post(any!(inbox::acting::act)))
        .route("/o/{organization}/inbox/hidden", get(any!(inbox::hidden)).post(any!(inbox::acting::act_on_hidden)))
        .route(
            "/o/{organization}/inbox/{transaction}/ask",
            get(any!(inbox::asking::form)).post(any!(inbox::asking::ask)),
        )
        .route("/o/{organization}/palette", get(any!(palette::offers)))
}

/// The tree of assets, and what belongs to one.
fn assets() -> Router<App> {
    use pages::{asset_files, assets};
    Router::new()
        .route("/o/{organization}/assets", get(any!(assets::whole)))
        .route("/o/{organization}/assets/new", get(any!(assets::forms::new_form)).post(any!(assets::forms::add)))
        .route("/o/{organization}/assets/{asset}", get(any!(assets::one)))
        .route("/o/{organization}/assets/{asset}/files/{file}", get(any!(asset_files::show)))
        .route("/o/{organization}/assets/{asset}/files/{file}/look", get(any!(asset_files::look)))
        .route("/o/{organization}/assets/{asset}/files/{file}/columns", post(any!(asset_files::choose)))
        .route("/o/{organization}/assets/{asset}/files/{file}/accounts", post(any!(asset_files::divide)))
        .route("/o/{organization}/assets/{asset}/files/{file}/import", post(any!(asset_files::import)))
        .route("/o/{organization}/assets/{asset}/files/{file}/discard", post(any!(asset_files::discard)))
        .route(
            "/o/{organization}/assets/{asset}/edit",
            get(any!(assets::forms::edit_form)).post(any!(assets::forms::edit)),
        )
        .route("/o/{organization}/assets/{asset}/move", get(any!(assets::moving::form)).post(any!(assets::moving::act)))
        .route("/o/{organization}/assets/{asset}/shift", post(any!(assets::forms::shift)))
        .route(
            "/o/{organization}/assets/{asset}/close",
            get(any!(assets::forms::close_form)).post(any!(assets::forms::close)),
        )
        .route("/o/{organization}/assets/{asset}/reopen", post(any!(assets::forms::reopen)))
}

/// Cashflow, and what rows are for.
fn cashflow() -> Router<App> {
    use pages::{cashflow, mapping};
    Router::new()
        .route("/o/{organization}/cashflow", get(any!(cashflow::of_organization)))
        .route("/o/{organization}/cashflow/figures.csv", get(any!(cashflow::download::of_organization)))
        .route("/o/{organization}/cashflow/plan", get(any!(cashflow::plan::of_organization)))
        .route("/o/{organization}/cashflow/plan/act", post(any!(cashflow::plan::act_of_organization)))
        .route("/o/{organization}/cashflow/rates", get(any!(cashflow::rates::show)).post(any!(cashflow::rates::set)))
        .route("/o/{organization}/assets/{asset}/cashflow", get(any!(cashflow::of_asset)))
        .route("/o/{organization}/assets/{asset}/cashflow/plan", get(any!(cashflow::plan::of_asset)))
        .route("/o/{organization}/assets/{asset}/cashflow/plan/act", post(any!(cashflow::plan::act_of_asset)))
        .route("/o/{organization}/assets/{asset}/cashflow/figures.csv", get(any!(cashflow::download::of_asset)))
        .route("/o/{organization}/cashflow/unmapped", get(any!(mapping::unmapped)).post(any!(mapping::acting::map)))
        .route(
            "/o/{organization}/cashflow/unmapped/alike",
            get(any!(mapping::alike::show)).post(any!(mapping::alike::map)),
        )
        .route("/o/{organization}/cashflow/mapped", get(any!(mapping::mapped)).post(any!(mapping::acting::remap)))
        .route(
            "/o/{organization}/assets/{asset}/cashflow/unmapped",
            get(any!(mapping::unmapped)).post(any!(mapping::acting::map)),
        )
        .route(
            "/o/{organization}/assets/{asset}/cashflow/unmapped/alike",
            get(any!(mapping::alike::show)).post(any!(mapping::alike::map)),
        )
        .route(
            "/o/{organization}/assets/{asset}/cashflow/mapped",
            get(any!(mapping::mapped)).post(any!(mapping::acting::remap)),
        )
}

/// Syncs with banks, and their runs: what is there also while account syncing is off.
fn banks() -> Router<App> {
    use pages::{asset_sync, consents, daily_import, flows, integrations, keys, runs};
    Router::new()
        .route("/o/{organization}/providers/{provider}/reset", get(any!(keys::reset_form)).post(any!(keys::reset)))
        .route("/o/{organization}/flows/{flow}/cancel", post(any!(flows::cancel)))
        .route(
            "/o/{organization}/connections/{connection}/unsync",
            get(any!(consents::unsync_form)).post(any!(consents::unsync)),
        )
        .route(
            "/o/{organization}/connections/{connection}/rename",
            get(any!(consents::rename_form)).post(any!(consents::rename)),
        )
        .route("/o/{organization}/runs", get(any!(runs::list::show)))
        .route("/o/{organization}/runs/events", get(any!(runs::live::list_events)))
        .route("/o/{organization}/runs/{run}", get(any!(runs::show)))
        .route("/o/{organization}/runs/{run}/events", get(any!(runs::live::events)))
        .route("/o/{organization}/runs/{run}/rows", get(any!(runs::rows::show)))
        .route("/o/{organization}/bank-accounts/{bank_account}/ignore", post(any!(asset_sync::ignore)))
        .route("/o/{organization}/bank-accounts/{bank_account}/take-up", post(any!(asset_sync::take_up)))
        .route("/o/{organization}/banks", get(any!(integrations::show)))
        .route("/o/{organization}/banks/events", get(any!(integrations::live::events)))
        .route("/o/{organization}/banks/daily-import", post(any!(daily_import::save)))
}

/// Who belongs to an organization.
fn people() -> Router<App> {
    use pages::{organizations, people};
    Router::new()
        .route("/o/{organization}/begin-here", post(any!(organizations::begin_here)))
        .route("/o/{organization}/people", get(any!(people::show)))
        .route("/o/{organization}/people/invitations", post(any!(people::invite)))
        .route("/o/{organization}/people/invitations/{invitation}/take-back", post(any!(people::take_back)))
        .route("/o/{organization}/people/members/{person}/place", post(any!(people::place)))
        .route(
            "/o/{organization}/people/members/{person}/sees",
            get(any!(people::sees::of_member)).post(any!(people::sees::save_of_member)),
        )
        .route(
            "/o/{organization}/people/members/{person}/remove",
            get(any!(people::leaving::remove_form)).post(any!(people::leaving::remove)),
        )
        .route(
            "/o/{organization}/people/leave",
            get(any!(people::leaving::leave_form)).post(any!(people::leaving::leave)),
        )
        .route("/o/{organization}/people/hand-over", post(any!(people::leaving::hand_over)))
        .route("/o/{organization}/people/groups", post(any!(people::groups::add)))
        .route("/o/{organization}/people/groups/{group}", post(any!(people::groups::change)))
        .route("/o/{organization}/people/groups/{group}/remove", post(any!(people::groups::remove)))
        .route(
            "/o/{organization}/people/groups/{group}/sees",
            get(any!(people::sees::of_group)).post(any!(people::sees::save_of_group)),
        )
}

/// Settings: categories, rules, formats, and what one is told.
fn settings() -> Router<App> {
    use pages::{categories, inbox, rules, settings};
    Router::new()
        .route("/o/{organization}/categories", get(any!(categories::show)).post(any!(categories::add)))
        .route("/o/{organization}/categories/providers", post(any!(categories::providers::save)))
        .route("/o/{organization}/categories/usual", post(any!(categories::add_usual)))
        .route(
            "/o/{organization}/categories/{category}",
            get(any!(categories::changing::show)).post(any!(categories::changing::change)),
        )
        .route(
            "/o/{organization}/categories/{category}/merge",
            get(any!(categories::merging::show)).post(any!(categories::merging::merge)),
        )
        .route("/o/{organization}/categories/{category}/delete", post(any!(categories::changing::delete)))
        .route("/o/{organization}/rules", get(any!(rules::show)))
        .route("/o/{organization}/rules/new", get(any!(rules::editor::new_form)).post(any!(rules::editor::add)))
        .route("/o/{organization}/rules/apply", get(any!(rules::all::show)).post(any!(rules::all::apply)))
        .route("/o/{organization}/rules/history", get(any!(rules::history::show)))
        .route("/o/{organization}/rules/text", get(any!(rules::text::show)).post(any!(rules::text::bring)))
        .route("/o/{organization}/rules/rules.txt", get(any!(rules::text::file)))
        .route("/o/{organization}/rules/{rule}", get(any!(rules::editor::show)).post(any!(rules::editor::change)))
        .route("/o/{organization}/rules/{rule}/order", post(any!(rules::order)))
        .route("/o/{organization}/rules/{rule}/switch", post(any!(rules::switch)))
        .route("/o/{organization}/rules/{rule}/delete", post(any!(rules::delete)))
        .route("/o/{organization}/settings", get(any!(settings::show)))
        .route("/o/{organization}/settings/formats", post(any!(settings::formats::save)))
        .route("/o/{organization}/settings/inbox", post(any!(inbox::switching::switch)))
        .route("/o/{organization}/settings/inbox/own", post(any!(inbox::switching::want)))
        .route("/o/{organization}/settings/kind", post(any!(categories::set_kind)))
        .route("/o/{organization}/settings/mails", post(any!(settings::mails::save)))
        .route("/o/{organization}/settings/organization", post(any!(settings::change_organization)))
        .route("/o/{organization}/settings/own", get(any!(settings::own::show)))
        .route("/o/{organization}/settings/own/address", post(any!(settings::own::change_address)))
        .route("/o/{organization}/settings/own/password", post(any!(settings::own::change_password)))
        .route("/o/{organization}/settings/shown", post(any!(settings::advanced::unfold)))
        .route("/o/{organization}/settings/features/{feature}", post(any!(settings::advanced::switch)))
}
