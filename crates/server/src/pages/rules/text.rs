//! All rules as text: read, kept elsewhere, and brought back.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_engine::EngineError;
use serde::Deserialize;

use super::{refusal, require, with_query};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "rules_text.html")]
struct TextHtml {
    shell: Shell,
    text: String,
    /// What is wrong: where, and what.
    wrong: Vec<(String, String)>,
    error: Option<String>,
    may_manage: bool,
}

/// A text of rules.
#[derive(Deserialize)]
pub(crate) struct TextForm {
    text: String,
}

/// Shows the text.
pub(crate) async fn show(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    let text = app.engine.rules_as_text(member.asker()).await?;
    text_page(&app, &member, text, Vec::new(), None).await
}

async fn text_page(
    app: &App,
    member: &Member,
    text: String,
    wrong: Vec<(String, String)>,
    error: Option<String>,
) -> Result<Response, PageError> {
    let is_wrong = !wrong.is_empty() || error.is_some();
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let shell = shell(app, member, Place::Settings, None).await?;
    let html = TextHtml { text, wrong, error, may_manage: shell.may_manage_rules(), shell };
    Ok((status, page(&html)?).into_response())
}

/// The text as a file.
pub(crate) async fn file(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    let text = app.engine.rules_as_text(member.asker()).await?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"rules.txt\""),
    ];
    Ok((headers, text).into_response())
}

/// Brings what the text says.
pub(crate) async fn bring(
    State(app): State<App>,
    member: Member,
    Form(form): Form<TextForm>,
) -> Result<Response, PageError> {
    require(&member)?;
    match app.engine.bring_rules(member.asker(), &form.text).await {
        Ok(told) => {
            let said = [
                ("brought", "true".to_owned()),
                ("added", told.added.to_string()),
                ("changed", told.changed.to_string()),
            ];
            Ok(Redirect::to(&with_query(&member, "rules", &said)).into_response())
        }
        Err(EngineError::RulesUnreadable(wrong)) => {
            let wrong = wrong
                .into_iter()
                .map(|error| (format!("Line {}, column {}", error.line, error.column), error.says))
                .collect();
            text_page(&app, &member, form.text, wrong, None).await
        }
        Err(error) => {
            let says = refusal(error)?;
            text_page(&app, &member, form.text, Vec::new(), Some(says)).await
        }
    }
}
