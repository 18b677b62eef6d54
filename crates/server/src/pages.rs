//! Pages, one module per place that a person can be in.

pub(crate) mod add_account;
pub(crate) mod asset_files;
pub(crate) mod asset_sync;
pub(crate) mod assets;
pub(crate) mod balance;
pub(crate) mod banks;
pub(crate) mod belonging;
pub(crate) mod bills;
pub(crate) mod cashflow;
pub(crate) mod categories;
pub(crate) mod connect_bank;
pub(crate) mod consents;
pub(crate) mod daily_import;
pub(crate) mod design;
pub(crate) mod doors;
pub(crate) mod feed;
pub(crate) mod files;
pub(crate) mod flows;
pub(crate) mod inbox;
pub(crate) mod integrations;
pub(crate) mod invitations;
pub(crate) mod keys;
pub(crate) mod links;
pub(crate) mod lock;
pub(crate) mod logins;
pub(crate) mod mapping;
pub(crate) mod moving;
pub(crate) mod naming;
pub(crate) mod notices;
pub(crate) mod organizations;
pub(crate) mod overview;
pub(crate) mod palette;
pub(crate) mod people;
pub(crate) mod register;
mod row_list;
pub(crate) mod rules;
pub(crate) mod runs;
pub(crate) mod settings;
pub(crate) mod sidebar;
pub(crate) mod statement_files;
pub(crate) mod suspicions;
pub(crate) mod undo;
mod waiting;

use bankside_domain::AccountId;
use bankside_engine::{ACCOUNT_SYNCING, Standing};

use crate::App;
use crate::error::PageError;
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Around, Place, ServerFacts, Shell};
use crate::view::side::Looker;

/// The shell of a page.
pub(crate) async fn shell(
    app: &App,
    member: &Member,
    place: Place,
    open: Option<AccountId>,
) -> Result<Shell, PageError> {
    let standing = app.engine.standing(member.asker()).await?;
    shell_around(app, member, place, open, &standing).await
}

/// The shell of a page that knows already how accounts and connections stand.
pub(crate) async fn shell_around(
    app: &App,
    member: &Member,
    place: Place,
    open: Option<AccountId>,
    standing: &Standing,
) -> Result<Shell, PageError> {
    let memberships = app.engine.memberships(member.person.id).await?;
    let looker = Looker::of(&member.person.name, &member.membership, &memberships, member.has_folded_side);
    shell_for(app, member, place, open, standing, looker).await
}

pub(crate) async fn shell_for(
    app: &App,
    member: &Member,
    place: Place,
    open: Option<AccountId>,
    standing: &Standing,
    looker: Looker,
) -> Result<Shell, PageError> {
    let tree = app.engine.tree(member.asker()).await?;
    let server = ServerFacts {
        is_plain_http: crate::security::is_plain_http(&app.engine.settings().public_url),
        is_syncing_on: app.engine.is_on(&ACCOUNT_SYNCING).await?,
        subscription: app.engine.subscription(member.asker()).await?,
    };
    let suspicions = app.engine.count_suspicions(member.asker(), standing).await?;
    let inbox = inbox::beside(app, member, place).await?;
    let around = Around { membership: &member.membership, standing, tree: &tree, suspicions, inbox };
    Ok(Shell::new(around, looker, place, open, today(app, member), &server))
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
