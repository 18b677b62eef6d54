//! The rows that a run brought for the first time, each with what became of it and why.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::row::RowStatus;
use bankside_domain::{BankAccountId, Currency};
use bankside_engine::BroughtRow;
use serde::Deserialize;

use super::{run_id, words};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Place, Shell};

const ROWS_PER_PAGE: i64 = 200;

#[derive(Template)]
#[template(path = "run_rows.html")]
struct RowsHtml {
    shell: Shell,
    title: String,
    run_title: String,
    run_url: String,
    rows: Vec<Row>,
    newer: Option<String>,
    older: Option<String>,
}

struct Row {
    day: String,
    payee: String,
    amount: String,
    currency: String,
    outcome: &'static str,
    why: String,
    is_pending: bool,
    /// Whether it still waits for a person.
    is_waiting: bool,
}

impl Row {
    fn of(row: &BroughtRow, today: &Today) -> Self {
        let amount = row.amount_minor.zip(row.currency).map(|(minor, code)| {
            today.signed(minor, Currency::iso(code.as_str()).unwrap_or(Currency { code, scale: 2 }))
        });
        Self {
            day: row.day.map_or_else(|| "no day".to_owned(), |day| today.day(day)),
            payee: match (&row.payee, row.transaction) {
                (Some(payee), _) => payee.clone(),
                (None, Some(_)) => String::new(),
                (None, None) => "not in the books".to_owned(),
            },
            amount: amount.unwrap_or_else(|| "unreadable".to_owned()),
            currency: row.currency.map(|code| code.to_string()).unwrap_or_default(),
            outcome: words::outcome(row.reason.as_ref()),
            why: words::why(row.reason.as_ref()),
            is_pending: row.status == RowStatus::Pending,
            is_waiting: row.is_waiting,
        }
    }
}

/// What the address may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    account: String,
    page: Option<i64>,
}

/// The rows.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, run)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let id = run_id(&run)?;
    let view = app.engine.run(member.asker(), id).await?;
    let bank_account: Option<BankAccountId> = asked.account.parse().ok();
    let number = asked.page.unwrap_or(1).clamp(1, 1_000_000);
    let (offset, limit) = ((number - 1) * ROWS_PER_PAGE, ROWS_PER_PAGE + 1);
    let mut rows = app.engine.run_rows(member.asker(), id, bank_account, offset, limit).await?;
    let has_more = i64::try_from(rows.len()).unwrap_or(0) > ROWS_PER_PAGE;
    rows.truncate(usize::try_from(ROWS_PER_PAGE).unwrap_or(0));
    let shell = shell(&app, &member, Place::Banks, None).await?;
    let account = view.accounts.iter().find(|account| Some(account.run.bank_account) == bank_account);
    let at = |page: i64| match bank_account {
        Some(account) => format!("?account={account}&page={page}"),
        None => format!("?page={page}"),
    };
    let html = RowsHtml {
        title: match account {
            Some(account) => format!("New from the bank for {}", account.account.name),
            None => "New from the bank".to_owned(),
        },
        run_title: words::title(&view.run, &shell.today),
        run_url: shell.at(&format!("runs/{run}")),
        rows: rows.iter().map(|row| Row::of(row, &shell.today)).collect(),
        newer: (number > 1).then(|| at(number - 1)),
        older: has_more.then(|| at(number + 1)),
        shell,
    };
    Ok(page(&html)?.into_response())
}
