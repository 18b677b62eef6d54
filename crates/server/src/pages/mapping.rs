//! Unmapped and Mapped: the rows of an asset, or of all accounts, without and with a category.

pub(crate) mod acting;
pub(crate) mod alike;
pub(crate) mod rows;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::{AccountId, AssetId, BatchId};
use bankside_engine::{Category, MappingQuery, MappingTab, RegisterQuery, Standing};
use serde::Deserialize;

use self::rows::RowView;
use crate::App;
use crate::api::FilterBody;
use crate::error::{PageError, page};
use crate::pages::cashflow::CashflowPlace;
use crate::pages::undo::is_in_force;
use crate::pages::{row_list, shell_around};
use crate::session::Member;
use crate::view::cashflow::{CashflowPage, CashflowTab, path, place, tabs};
use crate::view::shell::{Place, Shell};

/// What the address says of what was done last.
#[derive(Default, Deserialize)]
pub(crate) struct Asked {
    page: Option<i64>,
    #[serde(default)]
    done: String,
    #[serde(default)]
    count: i64,
    #[serde(default)]
    left: i64,
    /// The category that all of them got; blank where they got several, or lost theirs.
    #[serde(default)]
    into: String,
    /// What does not do.
    #[serde(default)]
    wrong: String,
    /// Whether something was taken back.
    undone: Option<u8>,
}

/// Fields of the address that say what was done, and go with it.
const OF_DEEDS: [&str; 6] = ["done", "count", "left", "into", "wrong", "undone"];

#[derive(Template)]
#[template(path = "mapping.html")]
struct MappingHtml {
    shell: Shell,
    is_unmapped: bool,
    /// Whose rows these are.
    place: CashflowPlace,
    tabs: Vec<CashflowTab>,
    /// Where the page is, with what it is filtered by.
    here: String,
    /// The same without.
    base: String,
    rows: Vec<RowView>,
    groups: Vec<Group>,
    filter: FilterForm,
    said: Option<Said>,
    wrong: Option<&'static str>,
    previous: Option<String>,
    next: Option<String>,
    /// How many rows of the page have a strong suggestion.
    strong: usize,
    categories_url: String,
}

/// A main category with those below it, to choose from.
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) below: Vec<(String, String)>,
}

/// What the rows are filtered by.
struct FilterForm {
    search: String,
    account: String,
    from: String,
    to: String,
    min: String,
    max: String,
    category: String,
    accounts: Vec<(String, String)>,
    is_used: bool,
}

/// What was done last.
struct Said {
    text: String,
    /// Where it is taken back.
    undo: Option<String>,
}

/// Which rows, as the address says it.
pub(crate) struct Spot {
    pub(crate) asset: Option<AssetId>,
    pub(crate) tab: MappingTab,
}

impl Spot {
    pub(crate) fn of(params: &HashMap<String, String>, tab: MappingTab) -> Result<Self, PageError> {
        let asset = params.get("asset").map(|id| id.parse().map_err(|_| PageError::not_found())).transpose()?;
        Ok(Self { asset, tab })
    }

    /// Which of the places of the shell is open.
    pub(crate) fn place(&self) -> Place {
        place(self.asset)
    }

    /// Where it is within the organization.
    pub(crate) fn path(&self) -> String {
        let tab = if self.tab == MappingTab::Unmapped { "unmapped" } else { "mapped" };
        format!("{}/{tab}", path(self.asset))
    }
}

/// Rows without a category.
pub(crate) async fn unmapped(
    State(app): State<App>,
    member: Member,
    Path(params): Path<HashMap<String, String>>,
    Query(asked): Query<Asked>,
    Query(filter): Query<FilterBody>,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    show(&app, &member, &Spot::of(&params, MappingTab::Unmapped)?, &asked, &filter, raw).await
}

/// Rows with one.
pub(crate) async fn mapped(
    State(app): State<App>,
    member: Member,
    Path(params): Path<HashMap<String, String>>,
    Query(asked): Query<Asked>,
    Query(filter): Query<FilterBody>,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    show(&app, &member, &Spot::of(&params, MappingTab::Mapped)?, &asked, &filter, raw).await
}

async fn show(
    app: &App,
    member: &Member,
    spot: &Spot,
    asked: &Asked,
    filter: &FilterBody,
    raw: Option<String>,
) -> Result<Response, PageError> {
    let raw = raw.unwrap_or_default();
    let standing = app.engine.standing(member.asker()).await?;
    let shell = shell_around(app, member, spot.place(), None, &standing).await?;
    let categories = app.engine.categories(member.asker()).await?;
    let size = row_list::rows_beside(categories.len());
    let number = asked.page.unwrap_or(1).clamp(1, 1_000_000);
    let account: Option<AccountId> = filter.account.as_deref().and_then(|id| id.parse().ok());
    let rows = RegisterQuery { account, offset: (number - 1) * size, limit: size, ..filter.of_all()? };
    let query = MappingQuery { asset: spot.asset, tab: spot.tab, rows };
    let found = app.engine.mapping(member.asker(), &query).await?;
    let is_unmapped = spot.tab == MappingTab::Unmapped;
    let open = if is_unmapped { CashflowPage::Unmapped } else { CashflowPage::Mapped };
    let base = shell.at(&spot.path());
    let rows: Vec<RowView> = found.lines.iter().map(|line| RowView::of(line, &standing, &shell, spot)).collect();
    let html = MappingHtml {
        is_unmapped,
        place: CashflowPlace::of(spot.asset, &shell)?,
        tabs: tabs(&shell, spot.asset, open, Some(found.unmapped)),
        here: address(&base, &raw, None),
        previous: (number > 1).then(|| address(&base, &raw, Some(number - 1))),
        next: found.has_more.then(|| address(&base, &raw, Some(number + 1))),
        strong: rows.iter().filter(|row| row.strong.is_some()).count(),
        rows,
        groups: groups(&categories),
        filter: FilterForm::of(&raw, &standing, spot.asset, &shell),
        said: said(app, member, asked, &categories, &shell, &address(&spot.path(), &raw, None)).await?,
        wrong: wrong(&asked.wrong),
        categories_url: shell.at("categories"),
        base,
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// The address of a page, with what it is filtered by and without what was done last.
fn address(base: &str, raw: &str, number: Option<i64>) -> String {
    row_list::address(base, raw, number, &OF_DEEDS)
}

/// The categories to choose from, those below a main one under it.
pub(crate) fn groups(categories: &[Category]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for category in categories {
        let (id, name) = (category.id.to_string(), category.name.clone());
        match groups.last_mut().filter(|_| category.parent.is_some()) {
            Some(group) => group.below.push((id, name)),
            None => groups.push(Group { id, name, below: Vec::new() }),
        }
    }
    groups
}

fn wrong(code: &str) -> Option<&'static str> {
    match code {
        "nothing" => Some("Choose rows first: tick them."),
        "button" => Some("Nothing was mapped: press the button of a row, or one below for all that are ticked."),
        "category" => Some("Choose a category first."),
        _ => None,
    }
}

async fn said(
    app: &App,
    member: &Member,
    asked: &Asked,
    categories: &[Category],
    shell: &Shell,
    here: &str,
) -> Result<Option<Said>, PageError> {
    if asked.undone.is_some() {
        return Ok(Some(Said { text: "Taken back: these rows are as they were.".to_owned(), undo: None }));
    }
    let stays = match asked.left {
        0 => String::new(),
        left => format!(
            " {} as they were: the books are locked for their days.",
            shell.today.counted(left, "row stays", "rows stay")
        ),
    };
    let Ok(batch) = asked.done.parse::<BatchId>() else {
        let text = stays.trim_start().to_owned();
        return Ok((asked.left > 0).then_some(Said { text, undo: None }));
    };
    if !is_in_force(app, member, batch).await? {
        return Ok(None);
    }
    let rows = shell.today.counted(asked.count, "row", "rows");
    let to = categories.iter().find(|category| category.id.to_string() == asked.into).map(|category| &category.path);
    let text = match to {
        Some(path) => format!("{rows} mapped to {path}.{stays}"),
        None if asked.into == "none" => format!("{rows} un-mapped.{stays}"),
        None => format!("{rows} mapped.{stays}"),
    };
    let back = row_list::with(here, &[("undone", "1".to_owned())]);
    let back = url::form_urlencoded::byte_serialize(back.as_bytes()).collect::<String>();
    let undo = shell.may_edit().then(|| shell.at(&format!("batches/{batch}/undo?back={back}")));
    Ok(Some(Said { text, undo }))
}

impl FilterForm {
    fn of(raw: &str, standing: &Standing, asset: Option<AssetId>, shell: &Shell) -> Self {
        let pairs: HashMap<String, String> = url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        let value = |name: &str| pairs.get(name).cloned().unwrap_or_default();
        let accounts = standing.accounts.iter().map(|view| &view.account);
        let accounts = accounts.filter(|account| asset.is_none() || account.asset == asset);
        let form = Self {
            search: value("search"),
            account: value("account"),
            from: value("from"),
            to: value("to"),
            min: value("min"),
            max: value("max"),
            category: value("category"),
            accounts: accounts
                .map(|account| (account.id.to_string(), shell.named(account.id, &account.name)))
                .collect(),
            is_used: false,
        };
        let texts = [&form.search, &form.account, &form.from, &form.to, &form.min, &form.max, &form.category];
        Self { is_used: texts.iter().any(|text| !text.is_empty()), ..form }
    }
}
