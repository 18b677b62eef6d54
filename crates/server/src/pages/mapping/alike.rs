//! All rows that are like one: how many, some of them, and which category they get.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{CategoryId, LineId, Right};
use bankside_engine::{Alike, EngineError, LineTarget, MappingTab};
use serde::Deserialize;

use super::acting::said;
use super::rows::{Chip, RowView, SampleRow};
use super::{Group, Spot, groups};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::row_list::with;
use crate::pages::shell_around;
use crate::session::Member;
use crate::view::picker::PathView;
use crate::view::shell::{Shell, address};

#[derive(Template)]
#[template(path = "mapping_alike.html")]
struct AlikeHtml {
    shell: Shell,
    of: Option<PathView>,
    line: String,
    /// The row that the line is of.
    row: String,
    payee: String,
    /// `in` or `out`.
    way: &'static str,
    count: usize,
    counted: String,
    sums: Vec<String>,
    sample: Vec<SampleRow>,
    more: Option<String>,
    chips: Vec<Chip>,
    groups: Vec<Group>,
    chosen: String,
    back: String,
    error: Option<String>,
}

/// Like which one.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    line: String,
}

/// What they get, and how many the person was told.
#[derive(Deserialize)]
pub(crate) struct AlikeForm {
    line: String,
    #[serde(default)]
    to: String,
    count: usize,
}

/// `12 rows`, or `12 rows with 14 lines` where some of them are split.
fn counted(alike: &Alike, shell: &Shell) -> String {
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let rows = shell.today.counted(count(alike.transactions), "row", "rows");
    if alike.lines == alike.transactions {
        return rows;
    }
    format!("{rows} with {}", shell.today.counted(count(alike.lines), "line", "lines"))
}

fn line_id(text: &str) -> Result<LineId, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

/// Says how many there are, and shows some.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path(params): Path<HashMap<String, String>>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let spot = Spot::of(&params, MappingTab::Unmapped)?;
    alike_page(&app, &member, &spot, line_id(&asked.line)?, String::new(), None).await
}

async fn alike_page(
    app: &App,
    member: &Member,
    spot: &Spot,
    line: LineId,
    chosen: String,
    error: Option<String>,
) -> Result<Response, PageError> {
    member.asker().require_within(Right::EditBooks).map_err(EngineError::from)?;
    let standing = app.engine.standing(member.asker()).await?;
    let shell = shell_around(app, member, spot.place(), None, &standing).await?;
    let alike = app.engine.alike(member.asker(), spot.asset, line).await?;
    let categories = app.engine.categories(member.asker()).await?;
    let row = RowView::of(&alike.line, &standing, &shell, spot);
    let more = alike.lines.saturating_sub(alike.sample.len());
    let html = AlikeHtml {
        of: shell.path_of(spot.asset),
        line: line.to_string(),
        row: alike.line.row.id.to_string(),
        payee: row.payee,
        way: if alike.line.row.amount_minor < 0 { "out" } else { "in" },
        count: alike.lines,
        counted: counted(&alike, &shell),
        sums: alike
            .sums
            .iter()
            .map(|sum| format!("{} {}", shell.today.signed(sum.minor, sum.currency), sum.currency.code))
            .collect(),
        sample: alike.sample.iter().map(|line| SampleRow::of(line, &shell)).collect(),
        more: (more > 0).then(|| shell.today.counted(i64::try_from(more).unwrap_or(i64::MAX), "more", "more")),
        chosen: if chosen.is_empty() {
            row.chips.first().map(|chip| chip.category.clone()).unwrap_or_default()
        } else {
            chosen
        },
        chips: row.chips,
        groups: groups(&categories),
        back: shell.at(&spot.path()),
        error,
        shell,
    };
    let status = if html.error.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    Ok((status, page(&html)?).into_response())
}

/// Maps them all.
pub(crate) async fn map(
    State(app): State<App>,
    member: Member,
    Path(params): Path<HashMap<String, String>>,
    Form(form): Form<AlikeForm>,
) -> Result<Response, PageError> {
    let spot = Spot::of(&params, MappingTab::Unmapped)?;
    let line = line_id(&form.line)?;
    if form.to.is_empty() {
        let says = "Choose a category first.".to_owned();
        return alike_page(&app, &member, &spot, line, String::new(), Some(says)).await;
    }
    let category: CategoryId = form.to.parse().map_err(|_| PageError::not_found())?;
    match app.engine.map_alike(member.asker(), spot.asset, line, category, Some(form.count)).await {
        Ok(edited) => {
            let here = address(member.membership.organization.id, &spot.path());
            let told = said(&edited, &[LineTarget { line, category: Some(category) }]);
            Ok(Redirect::to(&with(&here, &told)).into_response())
        }
        Err(EngineError::CategoryRefused(refused)) => {
            alike_page(&app, &member, &spot, line, form.to, Some(refused.in_words())).await
        }
        Err(error) => Err(error.into()),
    }
}
