//! The register: the transactions of all accounts or of one, and typing one in.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::account::PendingPolicy;
use bankside_domain::asset::SEPARATOR;
use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, BatchId, Currency};
use bankside_engine::{
    AccountView, EngineError, LineInput, NewTransactionInput, RegisterPage, RegisterQuery, RegisterRow, RowState,
};
use serde::Deserialize;

use crate::App;
use crate::api::FilterBody;
use crate::error::{PageError, page};
use crate::pages::{shell, today};
use crate::session::Member;
use crate::view::FieldView;
use crate::view::day::Today;
use crate::view::picker::PathView;
use crate::view::shell::{Place, Shell};
use crate::view::status::{Note, StatusView, proof};
use crate::view::transfer::TransferWord;

const ROWS_PER_PAGE: i64 = 50;
/// Feed lines on the page of all accounts; each account's own page has its own.
const MAX_FEED_LINES: usize = 6;

/// What a register's address may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    page: Option<i64>,
    /// The batch in which pending rows have just left the books with the link of the account.
    #[serde(default)]
    unlinked: String,
}

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterHtml {
    shell: Shell,
    title: String,
    balance: String,
    balance_note: String,
    account: Option<OpenAccount>,
    /// Where it is taken back that pending rows have just left the books with the link of the account.
    unlinked: Option<String>,
    /// When the bill has to be paid whose rows are asked for.
    bill_due: Option<String>,
    /// The account whose rows alone are asked for among those of all accounts.
    only_account: Option<String>,
    /// Whose cashflow the rows are of, where that is asked for.
    cashflow_of: Option<String>,
    can_sync: bool,
    feed_lines: Vec<FeedLine>,
    search: String,
    is_filtered: bool,
    /// Where the element finds the API.
    api: String,
    /// How often its accounts have moved, so that the element hears of what moves from now on.
    revision: i64,
    home: String,
    scale: u8,
    today_iso: String,
    count_note: String,
    rows: Vec<Row>,
    /// What an account began with; not where a filter shows a part of its rows.
    opening: Option<OpeningRow>,
    pager: Pager,
}

struct OpenAccount {
    id: String,
    connection: Option<String>,
    has_bills: bool,
    /// The asset that it belongs to.
    path: Option<PathView>,
    /// What to say of its status, where that is not healthy.
    note: Option<Note>,
}

impl OpenAccount {
    /// Whether nothing comes in before somebody has taken the step of its note, which is the first thing to do then.
    fn has_stopped(&self) -> bool {
        self.note
            .as_ref()
            .is_some_and(|note| note.mark.tone == "is-stop" && note.action.as_ref().is_some_and(|it| it.is_post))
    }
}

struct FeedLine {
    account_id: String,
    account: String,
    account_path: Option<String>,
    bank: Option<String>,
    ledger: String,
    as_of: Option<String>,
    mark: StatusView,
}

struct Row {
    date: String,
    account: String,
    /// The path of the asset that the account belongs to.
    account_path: Option<String>,
    payee: String,
    note: String,
    category: String,
    /// What a narrow screen shows in front of the category.
    when: String,
    amount: String,
    currency: Option<String>,
    is_in: bool,
    is_pending: bool,
    /// Nobody has looked at it.
    is_new: bool,
    /// A person has written over what the bank says.
    is_edited: bool,
    /// What it is of a transfer between own accounts.
    transfer: Option<TransferWord>,
    tone: &'static str,
    icon: &'static str,
    state: &'static str,
}

struct OpeningRow {
    date: String,
    note: &'static str,
    amount: String,
}

struct Pager {
    page: i64,
    pages: i64,
    previous: Option<String>,
    next: Option<String>,
}

impl Pager {
    /// `asked` is the query of the page's address: what is filtered by goes on to the other pages.
    fn new(page: i64, total: i64, asked: &str) -> Self {
        let pages = (total + ROWS_PER_PAGE - 1) / ROWS_PER_PAGE;
        let link = |page: i64| {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            let others = url::form_urlencoded::parse(asked.as_bytes());
            query.extend_pairs(others.filter(|(name, value)| name != "page" && !value.is_empty()));
            format!("?{}", query.append_pair("page", &page.to_string()).finish())
        };
        Self { page, pages, previous: (page > 1).then(|| link(page - 1)), next: (page < pages).then(|| link(page + 1)) }
    }
}

impl Row {
    fn of(row: RegisterRow, shell: &Shell, home: &str, names_account: bool) -> Self {
        let today = &shell.today;
        let account_path = shell.account_path(row.account).filter(|_| names_account);
        let date = today.day(row.dated_on);
        let (tone, icon, state) = match row.state() {
            RowState::Pending => ("is-wait", "clock", "Pending"),
            RowState::Scheduled => ("is-wait", "clock", "Scheduled"),
            RowState::Declined => ("is-off", "close", "Declined"),
            RowState::Reconciled => ("", "lock", "Reconciled"),
            RowState::Cleared => ("is-off", "check", "Cleared"),
            RowState::Typed => ("is-off", "pen", "Typed"),
        };
        let category = if row.lines > 1 {
            format!("Split in {}", row.lines)
        } else {
            row.category_path.clone().unwrap_or_default()
        };
        let mut when = match &account_path {
            _ if !names_account => date.clone(),
            // There is room for what tells it from others: the end of the path.
            Some(path) => {
                let own = path.rsplit(SEPARATOR).next().unwrap_or(path);
                format!("{date} · {own}{SEPARATOR}{}", row.account_name)
            }
            None => format!("{date} · {}", row.account_name),
        };
        let transfer = TransferWord::of(&row);
        if !category.is_empty() || transfer.is_some() {
            when.push_str(" · ");
        }
        Self {
            when,
            date,
            payee: row.payee.unwrap_or_default(),
            note: row.note.unwrap_or_default(),
            category,
            amount: today.signed(row.amount_minor, row.currency),
            currency: (row.currency.code.as_str() != home).then(|| row.currency.code.to_string()),
            is_in: row.amount_minor > 0,
            is_pending: row.status == RowStatus::Pending,
            is_new: row.is_new,
            is_edited: row.is_edited,
            transfer,
            account: row.account_name,
            account_path,
            tone,
            icon,
            state,
        }
    }
}

/// All accounts.
pub(crate) async fn all_accounts(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
    Query(filter): Query<FilterBody>,
    RawQuery(address): RawQuery,
) -> Result<Response, PageError> {
    show(&app, &member, None, asked, &filter, &address.unwrap_or_default()).await
}

/// One account.
pub(crate) async fn one_account(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    Query(filter): Query<FilterBody>,
    RawQuery(address): RawQuery,
) -> Result<Response, PageError> {
    let account: AccountId = account.parse().map_err(|_| PageError::not_found())?;
    let view = app.engine.account(member.asker(), account).await?;
    show(&app, &member, Some(view), asked, &filter, &address.unwrap_or_default()).await
}

async fn show(
    app: &App,
    member: &Member,
    open: Option<AccountView>,
    asked: Asked,
    filter: &FilterBody,
    address: &str,
) -> Result<Response, PageError> {
    let engine = &app.engine;
    // Before the rows: what moves after this reading is news to the page.
    let views = match &open {
        Some(view) => vec![view.clone()],
        None => engine.accounts(member.asker()).await?,
    };
    let only_account = match (&open, filter.account.as_deref()) {
        (None, Some(id)) if !id.is_empty() => {
            let id: AccountId = id.parse().map_err(|_| PageError::not_found())?;
            Some(views.iter().find(|view| view.account.id == id).ok_or_else(PageError::not_found)?)
        }
        _ => None,
    };
    let page_number = asked.page.unwrap_or(1).clamp(1, 1_000_000);
    let query = RegisterQuery {
        account: open.as_ref().or(only_account).map(|view| view.account.id),
        search: Some(asked.q.clone()),
        offset: (page_number - 1) * ROWS_PER_PAGE,
        limit: ROWS_PER_PAGE,
        ..filter.of_all()?
    };
    let register = engine.register(member.asker(), &query).await?;
    let shell = shell(app, member, Place::Transactions, open.as_ref().map(|view| view.account.id)).await?;
    let today = &shell.today;
    let home = match &open {
        Some(view) => view.account.currency.code.to_string(),
        None => shell.total_currency.clone(),
    };
    let scale = match &open {
        Some(view) => view.account.currency.scale,
        None => Currency::iso(&home).map_or(2, |currency| currency.scale),
    };
    let pager = Pager::new(page_number, register.total, address);
    let is_filtered = query.is_filtered() || only_account.is_some();
    let can_sync = views.iter().any(|view| view.status.connection.is_some()) && shell.may_sync();
    let feed_lines = feed_lines(app, member, &views, &shell).await?;
    let account = match &open {
        Some(view) => Some(open_account(app, member, view, &shell).await?),
        None => None,
    };
    let bill_due = match query.filter.bill {
        Some(bill) => engine.bill_due(member.asker(), bill).await?.map(|due| today.long_day(due)),
        None => None,
    };
    let cashflow_of = query.filter.cashflow.map(|reach| match reach.asset {
        Some(asset) => shell.tree.path(asset),
        None => shell.organization_name.clone(),
    });
    let is_unlinked = open.as_ref().is_some_and(|view| view.status.connection.is_none());
    let unlinked = asked.unlinked.parse::<BatchId>().ok().filter(|_| is_unlinked && shell.may_manage_banks());
    let back = open.as_ref().map(|view| format!("accounts/{}", view.account.id)).unwrap_or_default();
    let only_account = only_account.map(|view| shell.named(view.account.id, &view.account.name));
    let html = RegisterHtml {
        unlinked: unlinked.map(|batch| shell.at(&format!("batches/{batch}/undo?back={back}"))),
        bill_due,
        only_account,
        cashflow_of,
        title: open.as_ref().map_or_else(|| "All accounts".to_owned(), |view| view.account.name.clone()),
        balance: open.as_ref().map_or_else(
            || shell.total.clone(),
            |view| today.amount(view.account.balance_minor(), view.account.currency),
        ),
        balance_note: open
            .as_ref()
            .map_or_else(|| format!("{} · {}", shell.total_currency, shell.total_note()), |view| note_of(view, today)),
        account,
        can_sync,
        feed_lines,
        is_filtered,
        api: format!("/api/v1/organizations/{}", member.membership.organization.id),
        revision: views.iter().map(|view| view.account.revision).sum(),
        scale,
        home: home.clone(),
        today_iso: today.date().to_string(),
        count_note: if is_filtered {
            found_note(&register, today)
        } else {
            today.counted(register.total, "transaction", "transactions")
        },
        search: asked.q,
        rows: register.rows.into_iter().map(|row| Row::of(row, &shell, &home, open.is_none())).collect(),
        opening: open.as_ref().filter(|_| !is_filtered).and_then(|view| opening(view, today)),
        pager,
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// `3 found · −12.40 EUR`; of split rows also what only the lines come to that are asked for: `3 found · −2.40 of −12.40 EUR`.
fn found_note(register: &RegisterPage, today: &Today) -> String {
    let mut note = format!("{} found", today.grouped(register.total));
    for sum in &register.sums {
        let amount = |minor| today.amount(minor, sum.currency);
        note.push_str(" · ");
        if let Some(lines) = sum.lines_minor.filter(|lines| *lines != sum.minor) {
            note.push_str(&amount(lines));
            note.push_str(" of ");
        }
        note.push_str(&amount(sum.minor));
        note.push(' ');
        note.push_str(sum.currency.code.as_str());
    }
    note
}

/// The account that is open: what can be done with it, and what is to be said of it.
async fn open_account(app: &App, member: &Member, view: &AccountView, shell: &Shell) -> Result<OpenAccount, PageError> {
    let (engine, account) = (&app.engine, &view.account);
    let provider = match view.status.connection {
        Some(connection) => engine.descriptor(&engine.connection(member.asker(), connection).await?.provider),
        None => None,
    };
    Ok(OpenAccount {
        id: account.id.to_string(),
        connection: view.status.connection.map(|connection| connection.to_string()),
        path: shell.path_of(account.asset),
        has_bills: engine.has_bills(member.asker(), account.id).await?,
        note: Note::of(&view.status, Some(account.id), provider, Some(account.currency), shell),
    })
}

/// Takes the bank's opening balance.
pub(crate) async fn take_opening(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let id: AccountId = account.parse().map_err(|_| PageError::not_found())?;
    app.engine.take_bank_opening(member.asker(), id).await?;
    Ok(Redirect::to(&format!("/o/{organization}/accounts/{account}")))
}

/// `EUR · Nordhafen Bank`.
fn note_of(view: &AccountView, today: &Today) -> String {
    let mut note = view.account.currency.code.to_string();
    if let Some(bank) = &view.status.bank {
        note.push_str(" · ");
        note.push_str(bank);
    }
    if view.account.pending_minor != 0 && view.account.pending_policy == PendingPolicy::Shown {
        note.push_str(" · pending ");
        note.push_str(&today.signed(view.account.pending_minor, view.account.currency));
        note.push_str(" not counted");
    }
    note
}

fn opening(view: &AccountView, today: &Today) -> Option<OpeningRow> {
    use bankside_domain::account::OpeningSource;
    let account = &view.account;
    let note = match account.opening_source {
        OpeningSource::Bank => "The bank's balance less the rows since",
        OpeningSource::Person => "As typed",
        OpeningSource::Unknown => return None,
    };
    Some(OpeningRow {
        date: account.opening_on.map(|day| today.day(day)).unwrap_or_default(),
        note,
        amount: today.amount(account.opening_minor, account.currency),
    })
}

async fn feed_lines(
    app: &App,
    member: &Member,
    views: &[AccountView],
    shell: &Shell,
) -> Result<Vec<FeedLine>, PageError> {
    let today = &shell.today;
    let mut lines = Vec::new();
    let fed = views
        .iter()
        .filter(|view| (view.status.bank_account.is_some() || view.status.proof.is_some()) && !view.account.is_closed);
    for view in fed.take(MAX_FEED_LINES) {
        let account = &view.account;
        let line = app.engine.bank_line(member.asker(), &view.status).await?;
        let mark = match &view.status.status {
            bankside_domain::status::Status::UpToDate { .. } | bankside_domain::status::Status::WithoutBank => {
                proof(view.status.proof, account.currency, today)
            }
            other => StatusView::of(other, Some(account.currency), today),
        };
        lines.push(FeedLine {
            account_id: account.id.to_string(),
            account: account.name.clone(),
            account_path: shell.account_path(account.id).filter(|_| views.len() > 1),
            bank: line.as_ref().map(|line| today.amount(line.bank.stated.minor, account.currency)),
            ledger: today.amount(account.balance_minor(), account.currency),
            as_of: line.as_ref().map(|line| today.moment(line.bank.stated.seen_at)),
            mark,
        });
    }
    Ok(lines)
}

#[derive(Template)]
#[template(path = "new_transaction.html")]
struct NewTransactionHtml {
    shell: Shell,
    account_id: String,
    account_name: String,
    currency: String,
    dated_on: FieldView,
    payee: FieldView,
    note: FieldView,
    amount: FieldView,
}

/// The form of a transaction.
#[derive(Deserialize)]
pub(crate) struct NewTransactionForm {
    dated_on: String,
    #[serde(default)]
    payee: String,
    #[serde(default)]
    note: String,
    amount: String,
}

/// Asks for a transaction.
pub(crate) async fn new_form(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
) -> Result<Response, PageError> {
    member.asker().require_within(bankside_domain::Right::EditBooks).map_err(EngineError::from)?;
    let blank = NewTransactionForm {
        dated_on: today(&app, &member).date().to_string(),
        payee: String::new(),
        note: String::new(),
        amount: String::new(),
    };
    form_page(&app, &member, &account, &blank, None).await
}

async fn form_page(
    app: &App,
    member: &Member,
    account: &str,
    form: &NewTransactionForm,
    wrong: Option<(&'static str, String)>,
) -> Result<Response, PageError> {
    let account: AccountId = account.parse().map_err(|_| PageError::not_found())?;
    let view = app.engine.account(member.asker(), account).await?;
    let field = |name: &str, value: &str| FieldView {
        value: value.to_owned(),
        error: wrong.as_ref().filter(|(field, _)| *field == name).map(|(_, message)| message.clone()),
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = NewTransactionHtml {
        shell: shell(app, member, Place::Transactions, Some(account)).await?,
        account_id: account.to_string(),
        account_name: view.account.name,
        currency: view.account.currency.code.to_string(),
        dated_on: field("dated_on", &form.dated_on),
        payee: field("payee", &form.payee),
        note: field("note", &form.note),
        amount: field("amount", &form.amount),
    };
    Ok((status, page(&html)?).into_response())
}

/// Adds a transaction.
pub(crate) async fn add(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    Form(form): Form<NewTransactionForm>,
) -> Result<Response, PageError> {
    let id: AccountId = account.parse().map_err(|_| PageError::not_found())?;
    let Ok(dated_on) = form.dated_on.parse() else {
        let wrong = ("dated_on", "A day is missing, such as 2026-11-20.".to_owned());
        return form_page(&app, &member, &account, &form, Some(wrong)).await;
    };
    let currency = app.engine.account(member.asker(), id).await?.account.currency;
    let amount = match member.formats.numbers.read(&form.amount, currency) {
        Ok(amount) => amount.to_decimal_text(),
        Err(error) => return form_page(&app, &member, &account, &form, Some(("amount", format!("{error}.")))).await,
    };
    let input = NewTransactionInput {
        dated_on,
        amount,
        payee: form.payee.clone(),
        is_cleared: false,
        lines: vec![LineInput { note: form.note.clone(), ..LineInput::default() }],
    };
    match app.engine.add_transaction(member.asker(), id, &input).await {
        Ok(_) => Ok(Redirect::to(&format!("/o/{organization}/accounts/{account}")).into_response()),
        Err(EngineError::Invalid { field, message }) => {
            form_page(&app, &member, &account, &form, Some((field, message))).await
        }
        Err(error) => Err(error.into()),
    }
}
