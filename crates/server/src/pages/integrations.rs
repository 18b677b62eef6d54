//! Bank integrations: every connection with its bank accounts, its access and its status, as they stand while somebody looks.

pub(crate) mod getting;
pub(crate) mod live;
mod words;

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bankside_domain::schedule::NextImport;
use bankside_domain::status::Status;
use bankside_domain::subscription::Subscription;
use bankside_domain::{BatchId, ConnectionId, Currency};
use bankside_engine::{ConnectedAccount, ConnectionView, Descriptor, EngineError};
use serde::Deserialize;

use self::getting::{GotView, Told};
use self::words::{found, lag, last_import, last_success, session};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::daily_import::{self, Hour};
use crate::pages::{monogram, shell};
use crate::session::Member;
use crate::view::counted;
use crate::view::day::Today;
use crate::view::finding::{findings, left_out};
use crate::view::picker::PathView;
use crate::view::shell::{Place, Shell};
use crate::view::status::{Note, StatusView};

/// With more bank accounts than these each sync shows only those of its accounts that wait for somebody, and leads to a page of its own.
const MOST_ACCOUNTS: usize = 100;

/// Of those that wait a sync shows so many beside others.
const MOST_WAITING: usize = 5;

/// Which syncs are shown.
#[derive(Default, Deserialize)]
pub(crate) struct Shown {
    /// Only this one, with all of its accounts; blank is all.
    #[serde(default)]
    sync: String,
    /// The batch in which the pending rows of a sync that has just been ended have left the books.
    #[serde(default)]
    left: String,
}

impl Shown {
    fn only(&self) -> Result<Option<ConnectionId>, PageError> {
        let only = (!self.sync.is_empty()).then(|| self.sync.parse());
        only.transpose().map_err(|_| PageError::not_found())
    }
}

#[derive(Template)]
#[template(path = "integrations.html")]
struct IntegrationsHtml {
    shell: Shell,
    /// The sync's name, where the page is about one.
    only: Option<String>,
    /// Where it is taken back that pending rows have left the books with a sync that has just been ended.
    undo: Option<String>,
    events_url: String,
    /// What came of getting the accounts of one sync, where that was just done.
    got: Option<GotView>,
    /// The part that renews itself.
    list: String,
    is_empty: bool,
    /// Who connects banks, for whoever may not.
    managers: Option<String>,
    /// The hours to choose from for the daily import; `None` where this server runs none.
    hours: Option<Vec<Hour>>,
}

/// The syncs: the part of the page that renews itself.
#[derive(Template)]
#[template(path = "integrations_view.html")]
struct ListHtml<'a> {
    shell: &'a Shell,
    /// The whole in a few figures.
    strip: Vec<Figure>,
    groups: Vec<Group>,
}

struct Figure {
    label: &'static str,
    value: String,
    tone: &'static str,
}

/// Syncs that have something in common.
struct Group {
    title: &'static str,
    syncs: Vec<BankSync>,
}

struct BankSync {
    name: String,
    monogram: String,
    bank: String,
    provider: &'static str,
    owner: Option<String>,
    mark: StatusView,
    note: Option<Note>,
    /// How many bank accounts wait for an account, where none of the sync is linked.
    found: Option<String>,
    session: String,
    /// When rows came in last, where any account is linked.
    last: Option<String>,
    /// When it runs next by itself.
    next: Option<String>,
    /// What was found out about the bank's data.
    findings: Vec<String>,
    /// Whether Resync is what the status asks for.
    renew_first: bool,
    accounts: Vec<SyncAccount>,
    /// Where all of its accounts are, and how many: where not all are here.
    folded: Option<(String, String)>,
    may_start: bool,
    has_unlinked: bool,
    /// The bank accounts about which nothing is asked.
    ignored: Vec<IgnoredAccount>,
    start_url: String,
    link_url: String,
    renew_url: String,
    accounts_url: String,
    rename_url: String,
    unsync_url: String,
}

struct IgnoredAccount {
    id: String,
    name: String,
    number: Option<String>,
    take_up_url: String,
}

struct SyncAccount {
    id: String,
    asset_url: String,
    ignore_url: String,
    name: String,
    /// Its bank, where the sync shows accounts of several.
    bank: Option<String>,
    number: Option<String>,
    holder: String,
    balance: String,
    currency: String,
    as_of: String,
    linked: Option<Linked>,
}

struct Linked {
    name: String,
    url: String,
    unlink_url: String,
    /// The asset that the account belongs to.
    path: Option<PathView>,
    asset_url: String,
    mark: StatusView,
    /// When it was imported last, where others of the sync have been since.
    lag: Option<String>,
}

fn account(view: &ConnectionView, connected: &ConnectedAccount, shell: &Shell) -> SyncAccount {
    let bank_account = &connected.bank_account;
    let currency =
        Currency::iso(bank_account.currency.as_str()).unwrap_or(Currency { code: bank_account.currency, scale: 2 });
    let (connection, id) = (view.connection.id, bank_account.id);
    SyncAccount {
        id: id.to_string(),
        asset_url: shell.at(&format!("connections/{connection}/bank-accounts/{id}/asset")),
        ignore_url: shell.at(&format!("bank-accounts/{id}/ignore")),
        name: bank_account.name.clone(),
        bank: (bank_account.institution_name != view.connection.institution_name)
            .then(|| bank_account.institution_name.clone()),
        number: bank_account.masked_number.clone(),
        holder: bank_account.holder.clone().unwrap_or_else(|| "not stated".to_owned()),
        balance: connected
            .balance
            .as_ref()
            .map_or_else(|| "not stated".to_owned(), |balance| shell.today.amount(balance.stated.minor, currency)),
        currency: bank_account.currency.to_string(),
        as_of: connected.balance.as_ref().map(|balance| shell.today.moment(balance.stated.seen_at)).unwrap_or_default(),
        linked: connected.feeds.as_ref().map(|fed| Linked {
            name: fed.name.clone(),
            path: shell.path_of(fed.asset),
            asset_url: shell.at(&format!("accounts/{}/asset", fed.id)),
            url: shell.at(&format!("accounts/{}", fed.id)),
            unlink_url: shell.at(&format!("accounts/{}/unlink", fed.id)),
            mark: StatusView::of(&fed.status.status, Some(currency), &shell.today),
            lag: lag(view, &fed.status, &shell.today),
        }),
    }
}

/// How an account stands, where it is linked.
fn stands(account: &ConnectedAccount) -> Option<&Status> {
    account.feeds.as_ref().map(|fed| &fed.status.status)
}

/// Whether all accounts of a sync stand alike: then the sync says what they wait for.
fn stand_alike(view: &ConnectionView) -> bool {
    let mut all = view.bank_accounts.iter().map(stands);
    let first = all.next();
    all.all(|other| Some(other) == first)
}

/// Whether an account waits for somebody. What all accounts of a sync wait for is said of the sync.
fn waits(account: &ConnectedAccount, are_alike: bool) -> bool {
    stands(account).is_none_or(|status| !are_alike && Note::needs_somebody(status))
}

fn ignored_account(connected: &ConnectedAccount, shell: &Shell) -> IgnoredAccount {
    let bank_account = &connected.bank_account;
    IgnoredAccount {
        id: bank_account.id.to_string(),
        name: bank_account.name.clone(),
        number: bank_account.masked_number.clone(),
        take_up_url: shell.at(&format!("bank-accounts/{}/take-up", bank_account.id)),
    }
}

fn sync(
    view: &ConnectionView,
    descriptor: Option<&'static Descriptor>,
    next: Option<NextImport>,
    is_folded: bool,
    shell: &Shell,
) -> BankSync {
    let id = view.connection.id;
    let note = Note::of(&view.status, None, descriptor, None, shell);
    let asked = || view.bank_accounts.iter().filter(|account| !account.bank_account.is_ignored);
    let ignored = view.bank_accounts.iter().filter(|account| account.bank_account.is_ignored);
    let are_alike = stand_alike(view);
    BankSync {
        name: view.connection.name.clone(),
        monogram: monogram(&view.connection.institution_name),
        bank: view.connection.institution_name.clone(),
        provider: view.provider_name,
        owner: view.owner.clone(),
        mark: StatusView::of(&view.status.status, None, &shell.today),
        renew_first: matches!(view.status.status, Status::RenewNow | Status::RenewBy { .. } | Status::AnswerNeeded(_)),
        found: found(view, &shell.today),
        // Of what is linked with nothing there is nothing to wait for.
        note: note
            .filter(|_| view.status.status != Status::NeverSynced || asked().any(|account| account.feeds.is_some())),
        session: session(view, &shell.today),
        last: last_import(view, &shell.today),
        next: daily_import::next(next, &shell.today),
        findings: left_out(view.connection.unread_accounts)
            .into_iter()
            .chain(findings(&view.lost_trust, &view.connection.institution_name))
            .collect(),
        may_start: view.bank_accounts.iter().any(|account| account.feeds.is_some()),
        has_unlinked: asked().any(|account| account.feeds.is_none()),
        accounts: if is_folded {
            asked()
                .filter(|account| waits(account, are_alike))
                .take(MOST_WAITING)
                .map(|one| account(view, one, shell))
                .collect()
        } else {
            asked().map(|connected| account(view, connected, shell)).collect()
        },
        folded: is_folded.then(|| {
            let count = i64::try_from(asked().count()).unwrap_or(i64::MAX);
            (shell.at(&format!("banks?sync={id}")), shell.today.counted(count, "account", "accounts"))
        }),
        ignored: ignored.filter(|_| !is_folded).map(|connected| ignored_account(connected, shell)).collect(),
        start_url: shell.at(&format!("connections/{id}/sync")),
        link_url: shell.at(&format!("connections/{id}/link")),
        renew_url: shell.at(&format!("connections/{id}/renew")),
        accounts_url: shell.at(&format!("connections/{id}/accounts")),
        rename_url: shell.at(&format!("connections/{id}/rename")),
        unsync_url: shell.at(&format!("connections/{id}/unsync")),
    }
}

/// The whole in a few figures.
fn strip(views: &[ConnectionView], next: &HashMap<ConnectionId, NextImport>, today: &Today) -> Vec<Figure> {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let banks: BTreeSet<&str> = views.iter().map(|view| view.connection.institution_name.as_str()).collect();
    let all = || views.iter().flat_map(|view| &view.bank_accounts).filter(|account| !account.bank_account.is_ignored);
    let linked = all().filter(|account| account.feeds.is_some()).count();
    let free = all().count() - linked;
    let latest = views.iter().filter_map(last_success).max();
    let waiting = views.iter().filter(|view| Note::needs_somebody(&view.status.status)).count();
    let figure = |label, value| Figure { label, value, tone: "" };
    let mut figures = vec![
        figure("Syncs", format!("{}, at {}", views.len(), counted(count(banks.len()), "bank", "banks"))),
        figure(
            "Bank accounts",
            match free {
                0 => format!("{linked} linked"),
                free => format!("{linked} linked, {free} not"),
            },
        ),
        figure("Last sync", latest.map_or_else(|| "not yet".to_owned(), |at| today.moment(at))),
    ];
    let soonest = next.values().filter_map(|next| match next {
        NextImport::At(at) => Some((*at).max(today.now)),
        _ => None,
    });
    figures.extend(soonest.min().map(|at| figure("Next import", today.until(at))));
    if waiting > 0 {
        figures.push(Figure { label: "Needs you", value: counted(count(waiting), "sync", "syncs"), tone: "is-act" });
    }
    figures
}

impl<'a> ListHtml<'a> {
    async fn read(app: &App, member: &Member, shell: &'a Shell, only: Option<ConnectionId>) -> Result<Self, PageError> {
        let mut views = app.engine.connections(member.asker()).await?;
        views.retain(|view| only.is_none_or(|only| view.connection.id == only));
        if only.is_some() && views.is_empty() {
            return Err(PageError::not_found());
        }
        let is_folded =
            only.is_none() && views.iter().map(|view| view.bank_accounts.len()).sum::<usize>() > MOST_ACCOUNTS;
        let next = app.engine.next_imports(member.asker()).await?;
        let mut strip = if only.is_some() { Vec::new() } else { strip(&views, &next, &shell.today) };
        if only.is_none()
            && let Some(Subscription::Active { through }) = shell.subscription
        {
            strip.push(Figure {
                label: "Subscription",
                value: format!("until {}", shell.today.day(through)),
                tone: "",
            });
        }
        let (waiting, running): (Vec<&ConnectionView>, Vec<&ConnectionView>) =
            views.iter().partition(|view| Note::needs_somebody(&view.status.status));
        let group = |title, views: Vec<&ConnectionView>| {
            let sync = |view: &ConnectionView| {
                let next = next.get(&view.connection.id).copied();
                sync(view, app.engine.descriptor(&view.connection.provider), next, is_folded, shell)
            };
            Group { title, syncs: views.into_iter().map(sync).collect() }
        };
        let groups = [group("Needs you", waiting), group("In order", running)];
        Ok(Self { shell, strip, groups: groups.into_iter().filter(|group| !group.syncs.is_empty()).collect() })
    }
}

/// The page: of all syncs, or of one.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(got): Query<Told>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    let got = got.view(&app, &member).await?;
    page_with(&app, &member, got, shown.only()?, shown.left.parse().ok()).await
}

async fn page_with(
    app: &App,
    member: &Member,
    got: Option<GotView>,
    only: Option<ConnectionId>,
    left: Option<BatchId>,
) -> Result<Response, PageError> {
    let shell = shell(app, member, Place::Banks, None).await?;
    let managers = || async { Ok::<_, PageError>(app.engine.manager_names(member.asker()).await?.join(", ")) };
    if !shell.sees_whole() {
        return Err(of_the_whole(&shell.organization_name, &managers().await?));
    }
    let managers = if shell.may_end_syncs() { None } else { Some(managers().await?) };
    let list = ListHtml::read(app, member, &shell, only).await?;
    let name = || list.groups.iter().flat_map(|group| &group.syncs).map(|sync| sync.name.clone()).next();
    let (is_empty, name) = (list.groups.is_empty(), only.and_then(|_| name()));
    let list = list.render().map_err(|error| EngineError::Inside(error.to_string()))?;
    let hours = app.engine.daily_import(member.asker()).await?.map(daily_import::hours);
    let events_url = match only {
        Some(only) => shell.at(&format!("banks/events?sync={only}")),
        None => shell.at("banks/events"),
    };
    let undo = left.filter(|_| shell.may_manage_banks());
    let undo = undo.map(|batch| shell.at(&format!("batches/{batch}/undo?back=banks")));
    Ok(page(&IntegrationsHtml { shell, only: name, undo, events_url, got, list, is_empty, managers, hours })?
        .into_response())
}

/// Whoever sees a part of an organization is told whose these syncs are.
fn of_the_whole(organization: &str, managers: &str) -> PageError {
    let message = format!(
        "Syncs bring rows into accounts of all of {organization}, and you see a part of it. Whether your own accounts are up to date \
         stands beside each of them."
    );
    PageError::plain(StatusCode::FORBIDDEN, "Bank integrations are about the whole", message)
        .who(format!("Connecting banks, renewing and ending syncs is for an owner or admin: {managers}."))
}
