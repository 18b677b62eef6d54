//! Locking a period of an account, and taking the lock off.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::AccountId;
use bankside_engine::EngineError;
use jiff::civil::Date;
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::shell;
use crate::session::Member;
use crate::view::FieldView;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "lock.html")]
struct LockHtml {
    shell: Shell,
    account_name: String,
    account_url: String,
    /// The last locked day, if there is one.
    locked: Option<String>,
    through: FieldView,
}

/// Up to which day; blank takes the lock off.
#[derive(Deserialize)]
pub(crate) struct LockForm {
    through: String,
}

fn account_id(account: &str) -> Result<AccountId, PageError> {
    account.parse().map_err(|_| PageError::not_found())
}

/// Asks up to which day.
pub(crate) async fn form(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
) -> Result<Response, PageError> {
    form_page(&app, &member, account_id(&account)?, None).await
}

async fn form_page(
    app: &App,
    member: &Member,
    id: AccountId,
    wrong: Option<(String, String)>,
) -> Result<Response, PageError> {
    let account = app.engine.account(member.asker(), id).await?.account;
    let shell = shell(app, member, Place::Transactions, Some(id)).await?;
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let through = match wrong {
        Some((value, error)) => FieldView { value, error: Some(error) },
        None => FieldView::of(account.locked_through.map(|day| day.to_string()).unwrap_or_default()),
    };
    let html = LockHtml {
        account_name: account.name,
        account_url: shell.at(&format!("accounts/{id}")),
        locked: account.locked_through.map(|day| shell.today.day(day)),
        through,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// Locks, or takes the lock off.
pub(crate) async fn lock(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    Form(form): Form<LockForm>,
) -> Result<Response, PageError> {
    let id = account_id(&account)?;
    let through: Result<Option<Date>, EngineError> = match form.through.trim() {
        "" => Ok(None),
        day => day.parse().map(Some).map_err(|_| EngineError::invalid("through", "This is no day.")),
    };
    let result = match through {
        Ok(through) => app.engine.lock_period(member.asker(), id, through).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(_) => Ok(Redirect::to(&format!("/o/{organization}/accounts/{id}")).into_response()),
        Err(EngineError::Invalid { message, .. }) => form_page(&app, &member, id, Some((form.through, message))).await,
        Err(EngineError::Conflict(why)) => form_page(&app, &member, id, Some((form.through, sentence(why)))).await,
        Err(error) => Err(error.into()),
    }
}
