//! The inbox: what banks and files have brought and nobody has reviewed, with what there is to say of each row.

pub(crate) mod acting;
pub(crate) mod asking;
mod rows;
pub(crate) mod switching;

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, RawQuery, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::{AccountId, AssetId, BatchId};
use bankside_engine::{InboxCount, InboxQuery, InboxRow, InboxShown, MOST_COUNTED, RegisterQuery, Standing};
use serde::Deserialize;

use self::rows::RowView;
use crate::App;
use crate::api::FilterBody;
use crate::error::{PageError, page};
use crate::pages::mapping::{Group, groups};
use crate::pages::undo::is_in_force;
use crate::pages::{row_list, shell_around};
use crate::session::Member;
use crate::view::shell::{Place, Shell};

/// Fields of the address that say what was done, and go with it.
const OF_DEEDS: [&str; 9] = ["done", "count", "left", "overtaken", "before", "by", "what", "wrong", "undone"];

/// What the address says.
#[derive(Default, Deserialize)]
pub(crate) struct Asked {
    page: Option<i64>,
    asset: Option<String>,
    #[serde(default)]
    done: String,
    #[serde(default)]
    count: i64,
    /// How many rows stay as they are, because the books are locked for their days.
    #[serde(default)]
    left: i64,
    /// How many rows stay as they are, because a line of them has another category than the page showed.
    #[serde(default)]
    overtaken: i64,
    /// How many rows did not wait any more.
    #[serde(default)]
    before: i64,
    /// Who was quicker, where that was one person.
    #[serde(default)]
    by: String,
    /// What was done: `accepted`, `hidden`, `shown`, `asked` or `settled`.
    #[serde(default)]
    what: String,
    /// What does not do.
    #[serde(default)]
    wrong: String,
    /// Whether something was taken back.
    undone: Option<u8>,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxHtml {
    shell: Shell,
    is_hidden: bool,
    is_on: bool,
    /// Where the page is, with what it is filtered by.
    here: String,
    /// The same without.
    base: String,
    /// Where what moves in the books is told, and the sum of the accounts' revisions that the page shows.
    events: String,
    revision: i64,
    /// How much waits, in words.
    waiting: String,
    /// Rows about which the person is asked.
    asked: Vec<RowView>,
    days: Vec<DayView>,
    /// How many rows of the page may be accepted together.
    strong: usize,
    groups: Vec<Group>,
    filter: FilterForm,
    said: Option<Said>,
    wrong: Option<&'static str>,
    previous: Option<String>,
    next: Option<String>,
    /// Whether colleagues can be asked.
    has_colleagues: bool,
}

/// The rows of a day.
struct DayView {
    day: String,
    rows: Vec<RowView>,
}

/// What the rows are filtered by.
struct FilterForm {
    search: String,
    account: String,
    asset: String,
    accounts: Vec<(String, String)>,
    assets: Vec<(String, String)>,
    is_used: bool,
}

/// What was done last.
struct Said {
    text: String,
    /// Where it is taken back.
    undo: Option<String>,
}

/// How much waits for the person, where they have the inbox beside the other pages. Who is asked about a row has it all the same.
pub(crate) async fn beside(app: &App, member: &Member, place: Place) -> Result<Option<InboxCount>, PageError> {
    let switches = app.engine.inbox_switches(member.asker()).await?;
    if !switches.is_on {
        return Ok(None);
    }
    let count = app.engine.count_inbox(member.asker()).await?;
    Ok((switches.is_wanted || count.asked > 0 || place == Place::Inbox).then_some(count))
}

/// What waits.
pub(crate) async fn waiting(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
    Query(filter): Query<FilterBody>,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    show(&app, &member, InboxShown::Waiting, &asked, &filter, raw).await
}

/// What was hidden.
pub(crate) async fn hidden(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
    Query(filter): Query<FilterBody>,
    RawQuery(raw): RawQuery,
) -> Result<Response, PageError> {
    show(&app, &member, InboxShown::Hidden, &asked, &filter, raw).await
}

/// Where a list is within the organization.
pub(crate) fn path(shown: InboxShown) -> &'static str {
    match shown {
        InboxShown::Waiting => "inbox",
        InboxShown::Hidden => "inbox/hidden",
    }
}

async fn show(
    app: &App,
    member: &Member,
    shown: InboxShown,
    asked: &Asked,
    filter: &FilterBody,
    raw: Option<String>,
) -> Result<Response, PageError> {
    let raw = raw.unwrap_or_default();
    let standing = app.engine.standing(member.asker()).await?;
    let shell = shell_around(app, member, Place::Inbox, None, &standing).await?;
    let categories = app.engine.categories(member.asker()).await?;
    let limit = row_list::rows_beside(categories.len());
    let number = asked.page.unwrap_or(1).clamp(1, 1_000_000);
    let account: Option<AccountId> = filter.account.as_deref().and_then(|id| id.parse().ok());
    let asset: Option<AssetId> = asked.asset.as_deref().and_then(|id| id.parse().ok());
    let rows = RegisterQuery { account, offset: (number - 1) * limit, limit, ..filter.of_all()? };
    // Where there is no inbox, the sidebar says nothing of one, and rows may wait in it that came while there was one.
    let count = match shell.inbox {
        Some(count) => count,
        None => app.engine.count_inbox(member.asker()).await?,
    };
    let found = app.engine.inbox(member.asker(), &InboxQuery { asset, shown, rows }, count).await?;
    let base = shell.at(path(shown));
    let view = |row: &InboxRow| RowView::of(row, &standing, &shell);
    let mine: Vec<RowView> = found.asked.iter().map(view).collect();
    let html = InboxHtml {
        is_hidden: shown == InboxShown::Hidden,
        is_on: shell.inbox.is_some(),
        here: address(&base, &raw, None),
        events: format!("/api/v1/organizations/{}/events", shell.organization),
        revision: standing.accounts.iter().map(|view| view.account.revision).sum(),
        waiting: waiting_word(count, &shell),
        strong: found.asked.iter().chain(&found.rows).filter(|row| row.is_strong).count(),
        days: days(&found.rows, &shell, view),
        asked: mine,
        groups: groups(&categories),
        filter: FilterForm::of(&raw, &standing, &shell),
        said: said(app, member, asked, &shell, &address(path(shown), &raw, None)).await?,
        wrong: wrong(&asked.wrong),
        previous: (number > 1).then(|| address(&base, &raw, Some(number - 1))),
        next: found.has_more.then(|| address(&base, &raw, Some(number + 1))),
        has_colleagues: !app.engine.colleagues(member.asker()).await?.is_empty(),
        base,
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// `12 rows to review`.
fn waiting_word(count: InboxCount, shell: &Shell) -> String {
    match count.waiting {
        0 => "Nothing is left to review.".to_owned(),
        many if many > MOST_COUNTED => format!("More than {} rows to review.", shell.today.grouped(MOST_COUNTED)),
        count => format!("{} to review.", shell.today.counted(count, "row", "rows")),
    }
}

/// Rows by day, in the order in which they come.
fn days(rows: &[InboxRow], shell: &Shell, view: impl Fn(&InboxRow) -> RowView) -> Vec<DayView> {
    let by_day = rows.chunk_by(|one, other| one.row.dated_on == other.row.dated_on);
    let day = |rows: &[InboxRow]| DayView {
        day: rows.first().map(|row| shell.today.day(row.row.dated_on)).unwrap_or_default(),
        rows: rows.iter().map(|row| RowView { day: None, ..view(row) }).collect(),
    };
    by_day.map(day).collect()
}

/// The address of a page, with what it is filtered by and without what was done last.
pub(crate) fn address(base: &str, raw: &str, number: Option<i64>) -> String {
    row_list::address(base, raw, number, &OF_DEEDS)
}

fn wrong(code: &str) -> Option<&'static str> {
    match code {
        "nothing" => Some("Choose rows first: tick them."),
        "button" => Some("Nothing was done: press the button of a row, or one below for all that are ticked."),
        _ => None,
    }
}

async fn said(app: &App, member: &Member, asked: &Asked, shell: &Shell, here: &str) -> Result<Option<Said>, PageError> {
    if asked.undone.is_some() {
        return Ok(Some(Said { text: "Taken back: these rows are as they were.".to_owned(), undo: None }));
    }
    let batch: Option<BatchId> = asked.done.parse().ok();
    let is_open = match batch {
        Some(batch) => is_in_force(app, member, batch).await?,
        None => false,
    };
    let mut text = Vec::new();
    if is_open || matches!(asked.what.as_str(), "asked" | "settled") {
        text.push(deed(asked, shell));
    }
    if asked.before > 0 {
        text.push(before(asked, shell));
    }
    if asked.left > 0 {
        let rows = shell.today.counted(asked.left, "row stays", "rows stay");
        text.push(format!("{rows} as they were: the books are locked for their days."));
    }
    if asked.overtaken > 0 {
        let rows = shell.today.counted(asked.overtaken, "row stays", "rows stay");
        text.push(format!("{rows} here: another category has come since the page was shown."));
    }
    if text.is_empty() {
        return Ok(None);
    }
    let back = row_list::with(here, &[("undone", "1".to_owned())]);
    let back = url::form_urlencoded::byte_serialize(back.as_bytes()).collect::<String>();
    let undo = batch.filter(|_| is_open && shell.may_edit());
    let undo = undo.map(|batch| shell.at(&format!("batches/{batch}/undo?back={back}")));
    Ok(Some(Said { text: text.join(" "), undo }))
}

/// `41 rows accepted.`
fn deed(asked: &Asked, shell: &Shell) -> String {
    let rows = shell.today.counted(asked.count, "row", "rows");
    match asked.what.as_str() {
        "hidden" => format!("{rows} hidden. They stay in the books."),
        "shown" => format!("{rows} shown in the inbox again."),
        "asked" => format!("{} is asked.", asked.by),
        "settled" => "What was asked is taken back.".to_owned(),
        _ => format!("{rows} accepted."),
    }
}

/// `1 row was reviewed or hidden by Kim meanwhile, so nothing was done with it.`
fn before(asked: &Asked, shell: &Shell) -> String {
    let them = if asked.before == 1 { "it" } else { "them" };
    if asked.by.is_empty() {
        let rows = shell.today.counted(asked.before, "row does not", "rows do not");
        return format!("{rows} wait any more, so nothing was done with {them}.");
    }
    let rows = shell.today.counted(asked.before, "row was", "rows were");
    format!("{rows} reviewed or hidden by {} meanwhile, so nothing was done with {them}.", asked.by)
}

impl FilterForm {
    fn of(raw: &str, standing: &Standing, shell: &Shell) -> Self {
        let pairs: HashMap<String, String> = url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
        let value = |name: &str| pairs.get(name).cloned().unwrap_or_default();
        let accounts = || standing.accounts.iter().map(|view| &view.account);
        let mut assets: Vec<AssetId> = accounts().filter_map(|account| account.asset).collect();
        assets.sort_by_key(|asset| shell.tree.place(*asset));
        assets.dedup();
        let form = Self {
            search: value("search"),
            account: value("account"),
            asset: value("asset"),
            accounts: accounts()
                .map(|account| (account.id.to_string(), shell.named(account.id, &account.name)))
                .collect(),
            assets: assets.into_iter().map(|asset| (asset.to_string(), shell.tree.path(asset))).collect(),
            is_used: false,
        };
        let is_used = [&form.search, &form.account, &form.asset].iter().any(|text| !text.is_empty());
        Self { is_used, ..form }
    }
}
