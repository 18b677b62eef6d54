//! Asking a colleague about a row.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{PersonId, Right, TransactionId};
use bankside_engine::EngineError;
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::row_list::with;
use crate::pages::shell;
use crate::session::Member;
use crate::view::FieldView;
use crate::view::shell::{Place, Shell, address};

#[derive(Template)]
#[template(path = "inbox_ask.html")]
struct AskHtml {
    shell: Shell,
    /// What tells the row apart.
    label: String,
    colleagues: Vec<(String, String)>,
    chosen: String,
    /// What is wrong with who is chosen.
    error: Option<String>,
    note: FieldView,
    /// Whether something is asked already, and of whom.
    asked: Option<String>,
    back: String,
}

/// Who is asked, and what.
#[derive(Deserialize)]
pub(crate) struct AskForm {
    #[serde(default)]
    to: String,
    #[serde(default)]
    note: String,
    /// `back` takes back what was asked.
    #[serde(default)]
    act: String,
}

fn row_id(text: &str) -> Result<TransactionId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

/// The form.
pub(crate) async fn form(
    State(app): State<App>,
    member: Member,
    Path((_, transaction)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let html = ask_page(&app, &member, row_id(&transaction)?).await?;
    Ok(page(&html)?.into_response())
}

async fn ask_page(app: &App, member: &Member, id: TransactionId) -> Result<AskHtml, PageError> {
    member.asker().require(Right::EditBooks).map_err(EngineError::from)?;
    let (row, asked) = app.engine.waiting_row(member.asker(), id).await?;
    let shell = shell(app, member, Place::Inbox, None).await?;
    let colleagues = app.engine.colleagues(member.asker()).await?;
    let amount = shell.today.signed(row.amount_minor, row.currency);
    let payee = row.payee.as_deref().unwrap_or("No payee");
    Ok(AskHtml {
        label: format!("{payee}, {}, {amount} {}", shell.today.day(row.dated_on), row.currency.code),
        colleagues: colleagues.into_iter().map(|(person, name)| (person.to_string(), name)).collect(),
        chosen: asked.as_ref().map(|asked| asked.to.to_string()).unwrap_or_default(),
        error: None,
        note: FieldView::of(asked.as_ref().map(|asked| asked.note.clone()).unwrap_or_default()),
        asked: asked.map(|asked| asked.to_name),
        back: shell.at("inbox"),
        shell,
    })
}

/// Asks, or takes back what was asked.
pub(crate) async fn ask(
    State(app): State<App>,
    member: Member,
    Path((_, transaction)): Path<(String, String)>,
    Form(form): Form<AskForm>,
) -> Result<Response, PageError> {
    let id = row_id(&transaction)?;
    let back = |said: &[(&str, String)]| {
        Redirect::to(&with(&address(member.membership.organization.id, "inbox"), said)).into_response()
    };
    if form.act == "back" {
        app.engine.take_flag_off(member.asker(), id).await?;
        return Ok(back(&[("what", "settled".to_owned())]));
    }
    let asked = match form.to.parse::<PersonId>() {
        Ok(to) => app.engine.flag_for(member.asker(), id, to, &form.note).await,
        Err(_) => Err(EngineError::invalid("to", "Choose whom to ask.")),
    };
    let (field, message) = match asked {
        Ok(()) => {
            let colleagues = app.engine.colleagues(member.asker()).await?;
            let name = colleagues.into_iter().find(|(person, _)| person.to_string() == form.to).map(|(_, name)| name);
            return Ok(back(&[("what", "asked".to_owned()), ("by", name.unwrap_or_default())]));
        }
        Err(EngineError::Invalid { field, message }) => (field, message),
        Err(error) => return Err(error.into()),
    };
    let mut html = ask_page(&app, &member, id).await?;
    html.chosen = form.to;
    html.note = FieldView { value: form.note, error: (field == "note").then(|| message.clone()) };
    html.error = (field != "note").then_some(message);
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&html)?).into_response())
}
