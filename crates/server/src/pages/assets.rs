//! The tree of assets, whole or below one of them, and that one with its accounts and where it stood.

pub(crate) mod forms;
pub(crate) mod moving;

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::asset::{Asset, Places};
use bankside_domain::{AssetId, Code};
use bankside_engine::{AccountView, Standing};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell_around;
use crate::session::Member;
use crate::view::counted;
use crate::view::day::Today;
use crate::view::picker::PathView;
use crate::view::shell::{Place, Shell};
use crate::view::status::StatusView;
use crate::view::tree::{Drawing, DrawnTree, MOST_BESIDE};

/// So many of what a search finds are listed.
const MOST_FOUND: usize = 60;
/// So many accounts are listed at an asset.
const MOST_ACCOUNTS: usize = 100;

/// What the address of the tree may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// What somebody searches for.
    #[serde(default)]
    find: String,
    /// What is open: ids with commas between them.
    open: Option<String>,
    /// What is opened or closed.
    #[serde(default)]
    turn: String,
    /// Whether closed assets are shown, too.
    #[serde(default)]
    closed: bool,
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "assets.html")]
struct AssetsHtml {
    shell: Shell,
    /// The asset whose page this is; `None` is that of the whole tree.
    asset: Option<OpenAsset>,
    /// Where this page is.
    here: String,
    find: String,
    /// What a search has found; `None` where nobody searches.
    found: Option<Found>,
    tree: DrawnTree,
    shows_closed: bool,
    has_closed: bool,
    /// How many are in what is shown.
    count_note: String,
    previous: Option<usize>,
    next: Option<usize>,
    accounts: Vec<AccountLine>,
    more_accounts: Option<String>,
    /// Accounts that belong to no asset, on the page of the whole tree.
    without: Option<String>,
}

struct OpenAsset {
    id: String,
    name: String,
    /// The assets above it with their pages, the outermost first.
    above: Vec<(String, String)>,
    facts: String,
    closed_on: Option<String>,
    /// Where it stood, the latest first; nothing where it has never been moved.
    stays: Vec<StayLine>,
}

/// A time at one place.
pub(crate) struct StayLine {
    /// The path, or what stands for none.
    pub(crate) path: String,
    pub(crate) when: String,
}

struct Found {
    lines: Vec<PathView>,
    note: String,
}

struct AccountLine {
    name: String,
    url: String,
    balance: String,
    currency: String,
    mark: StatusView,
    bank: String,
}

/// Where something stood, the latest first; nothing where it has never been moved. `none` stands for no asset.
pub(crate) fn stays(places: &Places, shell: &Shell, none: &str) -> Vec<StayLine> {
    let stays = places.stays();
    if stays.len() < 2 {
        return Vec::new();
    }
    // To whoever sees a part, a place out of sight is none as well.
    let none = if shell.sees_whole() { none } else { "Elsewhere" };
    let day = |day: jiff::civil::Date| shell.today.day(day);
    let line = |stay: &bankside_domain::asset::Stay| StayLine {
        path: stay.under.map_or_else(|| none.to_owned(), |asset| shell.tree.path(asset)),
        when: match (stay.from, stay.until.and_then(|until| until.yesterday().ok())) {
            (Some(from), None) => format!("from {}", day(from)),
            (Some(from), Some(last)) => format!("{} to {}", day(from), day(last)),
            (None, Some(last)) => format!("until {}", day(last)),
            (None, None) => String::new(),
        },
    };
    stays.iter().rev().map(line).collect()
}

/// How many open accounts belong to each asset itself.
fn counts(standing: &Standing) -> HashMap<AssetId, usize> {
    let mut counts: HashMap<AssetId, usize> = HashMap::new();
    for account in standing.accounts.iter().map(|view| &view.account).filter(|account| !account.is_closed) {
        if let Some(asset) = account.asset {
            *counts.entry(asset).or_default() += 1;
        }
    }
    counts
}

/// The id in an address.
pub(crate) fn asset_id(asset: &str) -> Result<AssetId, PageError> {
    asset.parse().map_err(|_| PageError::not_found())
}

/// The whole tree.
pub(crate) async fn whole(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    show(&app, &member, None, asked).await
}

/// One asset.
pub(crate) async fn one(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    show(&app, &member, Some(asset_id(&asset)?), asked).await
}

async fn show(app: &App, member: &Member, below: Option<AssetId>, asked: Asked) -> Result<Response, PageError> {
    let standing = app.engine.standing(member.asker()).await?;
    let shell = shell_around(app, member, Place::Assets, None, &standing).await?;
    let asset = match below {
        Some(id) => {
            let asset = shell.tree.get(id).ok_or_else(PageError::not_found)?;
            let places = app.engine.asset_places(member.asker(), id).await?;
            Some(open_asset(asset, &places, &shell))
        }
        None => None,
    };
    let counts = counts(&standing);
    let page_number = asked.page.unwrap_or(1).clamp(1, 100_000);
    let open = asked.open.map(|open| open.split(',').filter_map(|id| id.parse().ok()).collect::<BTreeSet<AssetId>>());
    let drawing = Drawing {
        tree: &shell.tree,
        below,
        open,
        turned: asked.turn.parse().ok(),
        shows_closed: asked.closed || asset.as_ref().is_some_and(|asset| asset.closed_on.is_some()),
        skip: (page_number - 1) * MOST_BESIDE,
        accounts: &counts,
    };
    let at = |account: &AccountView| !account.account.is_closed && account.account.asset == below && below.is_some();
    let there: Vec<&AccountView> = standing.accounts.iter().filter(|view| at(view)).collect();
    let without =
        standing.accounts.iter().filter(|view| !view.account.is_closed && view.account.asset.is_none()).count();
    let count = drawing.count();
    let all = below.map_or(shell.tree.all(), |id| shell.tree.subtree(id).get(1..).unwrap_or_default());
    let all = all.iter().filter(|asset| drawing.shows_closed || asset.closed_on.is_none()).count();
    let html =
        AssetsHtml {
            here: below.map_or_else(|| shell.at("assets"), |id| shell.at(&format!("assets/{id}"))),
            found: (!asked.find.trim().is_empty()).then(|| found(&asked.find, asked.closed, &shell)),
            find: asked.find,
            tree: drawing.draw(),
            shows_closed: drawing.shows_closed,
            has_closed: shell.tree.all().iter().any(|asset| asset.closed_on.is_some()),
            count_note: shell.today.counted(i64::try_from(all).unwrap_or(i64::MAX), "asset", "assets"),
            previous: (page_number > 1).then(|| page_number - 1),
            next: (page_number * MOST_BESIDE < count).then_some(page_number + 1),
            more_accounts: there.len().checked_sub(MOST_ACCOUNTS).filter(|more| *more > 0).map(|more| {
                shell.today.counted(i64::try_from(more).unwrap_or(i64::MAX), "account more", "accounts more")
            }),
            accounts: there.into_iter().take(MOST_ACCOUNTS).map(|view| account_line(view, &shell)).collect(),
            without: (below.is_none() && without > 0 && !shell.tree.is_empty())
                .then(|| counted(i64::try_from(without).unwrap_or(i64::MAX), "account belongs", "accounts belong")),
            asset,
            shell,
        };
    Ok(page(&html)?.into_response())
}

fn open_asset(asset: &Asset, places: &Places, shell: &Shell) -> OpenAsset {
    let mut above: Vec<(String, String)> = shell
        .tree
        .way(asset.id)
        .into_iter()
        .map(|above| (above.name.clone(), shell.at(&format!("assets/{}", above.id))))
        .collect();
    above.pop();
    OpenAsset {
        id: asset.id.to_string(),
        name: asset.name.clone(),
        above,
        facts: format!("{} asset, {}", asset.kind.label(), asset.stage.code()),
        closed_on: asset.closed_on.map(|day| shell.today.day(day)),
        stays: stays(places, shell, "At the top"),
    }
}

fn found(find: &str, shows_closed: bool, shell: &Shell) -> Found {
    let all: Vec<&Asset> = shell.tree.search(find).filter(|asset| shows_closed || asset.closed_on.is_none()).collect();
    let count = shell.today.counted(i64::try_from(all.len()).unwrap_or(i64::MAX), "asset", "assets");
    let note = match all.len() {
        0 => format!("Nothing fits “{}”", find.trim()),
        many if many > MOST_FOUND => format!("{count} found, the first {MOST_FOUND} are here. Type more of the path."),
        _ => format!("{count} found"),
    };
    let lines = all.into_iter().take(MOST_FOUND).filter_map(|asset| shell.path_of(Some(asset.id)));
    Found { lines: lines.collect(), note }
}

fn account_line(view: &AccountView, shell: &Shell) -> AccountLine {
    let account = &view.account;
    let today: &Today = &shell.today;
    AccountLine {
        name: account.name.clone(),
        url: shell.at(&format!("accounts/{}", account.id)),
        balance: today.amount(account.balance_minor(), account.currency),
        currency: account.currency.code.to_string(),
        mark: StatusView::of(&view.status.status, Some(account.currency), today),
        bank: view.status.bank.clone().unwrap_or_else(|| "without a bank".to_owned()),
    }
}
