//! The bills of a card: what the bank charged, and the transactions that stand on each.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::AccountId;
use bankside_engine::BillView;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "bills.html")]
struct BillsHtml {
    shell: Shell,
    account_id: String,
    account_name: String,
    currency: String,
    bills: Vec<Bill>,
}

struct Bill {
    id: String,
    due: String,
    closed: String,
    owed: String,
    /// `12 transactions`; `None` where there are none.
    count: Option<String>,
    sum: String,
    /// What no transaction of it explains.
    unexplained: Option<String>,
}

impl Bill {
    fn of(view: &BillView, today: &Today) -> Self {
        let BillView { bill, currency } = view;
        let unexplained = view.unexplained_minor();
        Self {
            id: bill.id.to_string(),
            due: today.long_day(bill.due_on),
            closed: bill.closed_on.map(|day| today.day(day)).unwrap_or_default(),
            owed: today.amount(bill.owed_minor, *currency),
            count: (bill.rows > 0).then(|| today.counted(bill.rows, "transaction", "transactions")),
            sum: today.amount(bill.rows_minor, *currency),
            unexplained: (unexplained != 0).then(|| today.amount(unexplained, *currency)),
        }
    }
}

/// All bills of an account.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let id: AccountId = account.parse().map_err(|_| PageError::not_found())?;
    let view = app.engine.account(member.asker(), id).await?;
    let bills = app.engine.bills(member.asker(), id).await?;
    let shell = shell(&app, &member, Place::Transactions, Some(id)).await?;
    let html = BillsHtml {
        account_id: id.to_string(),
        account_name: view.account.name,
        currency: view.account.currency.code.to_string(),
        bills: bills.iter().map(|bill| Bill::of(bill, &shell.today)).collect(),
        shell,
    };
    Ok(page(&html)?.into_response())
}
