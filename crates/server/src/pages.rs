//! Pages, one module per place that a person can be in.

pub(crate) mod add_account;
pub(crate) mod banks;
pub(crate) mod consents;
pub(crate) mod design;
pub(crate) mod doors;
pub(crate) mod files;
pub(crate) mod flows;
pub(crate) mod integrations;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod palette;
pub(crate) mod register;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod undo;

use bankside_domain::AccountId;
use bankside_engine::ACCOUNT_SYNCING;

use crate::App;
use crate::error::PageError;
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Place, ServerFacts, Shell};

/// The shell of a page.
pub(crate) async fn shell(
    app: &App,
    member: &Member,
    place: Place,
    open: Option<AccountId>,
) -> Result<Shell, PageError> {
    let accounts = app.engine.accounts(member.asker()).await?;
    let today = today(app, member);
    let server = ServerFacts {
        is_plain_http: crate::security::is_plain_http(&app.engine.settings().public_url),
        is_syncing_on: app.engine.is_on(&ACCOUNT_SYNCING).await?,
    };
    Ok(Shell::new(&member.membership, place, open, &accounts, today, server))
}

/// Now, in the organization's zone, told as the person reads.
pub(crate) fn today(app: &App, member: &Member) -> Today {
    Today::new(app.engine.ambient().now(), &member.membership.organization.time_zone, member.formats)
}

/// The first letter of a name, for its monogram.
pub(crate) fn monogram(name: &str) -> String {
    name.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().to_string()).unwrap_or_default()
}

/// Nothing is here.
pub(crate) async fn not_found() -> PageError {
    PageError::not_found()
}
