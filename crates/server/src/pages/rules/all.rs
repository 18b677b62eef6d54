//! All rules and all rows: what the rules would do to them, and doing that.

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::rules::RuleRefused;
use bankside_engine::{EngineError, RuleTried};
use serde::Deserialize;

use super::tried::{Tried, TriedView};
use super::{require, with_query};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "rules_all.html")]
struct AllHtml {
    shell: Shell,
    tried: TriedView,
    /// What each rule holds for and would change; only those that hold for a row or change one.
    rules: Vec<CountView>,
    /// How many hold for no row, as a sentence.
    others: Option<String>,
    /// What the person has seen when they press the button.
    seen: String,
    error: Option<String>,
}

/// Up to so many rows are looked at before the page is there; more are looked at while it says so.
const MOST_AT_ONCE: i64 = 10_000;

#[derive(Template)]
#[template(path = "rules_looking.html")]
struct LookingHtml {
    shell: Shell,
    /// How many rows there are, as `1 000 000 rows`.
    rows: String,
}

/// What the address may say: that the page may take its time.
#[derive(Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    now: String,
}

/// What one rule would do.
struct CountView {
    name: String,
    url: String,
    matched: String,
    changed: String,
}

fn count_views(tried: &RuleTried, shell: &Shell) -> (Vec<CountView>, Option<String>) {
    let grouped = |count: usize| shell.today.grouped(i64::try_from(count).unwrap_or(i64::MAX));
    let (some, none): (Vec<_>, Vec<_>) = tried.rules.iter().partition(|rule| rule.matched + rule.changed > 0);
    let view = |rule: &bankside_engine::RuleCount| CountView {
        name: rule.name.clone(),
        url: shell.at(&format!("rules/{}", rule.rule)),
        matched: grouped(rule.matched),
        changed: grouped(rule.changed),
    };
    let others = match none.as_slice() {
        [] => None,
        [one] => Some(format!("{} holds for no row.", one.name)),
        many if some.is_empty() => Some(format!("None of the {} rules that are on holds for any row.", many.len())),
        many => Some(format!("{} other rules hold for no row.", many.len())),
    };
    (some.into_iter().map(view).collect(), others)
}

async fn look(app: &App, member: &Member, error: Option<String>) -> Result<Response, PageError> {
    let tried = app.engine.try_all_rules(member.asker()).await?;
    let shell = shell(app, member, Place::Settings, None).await?;
    let (rules, others) = count_views(&tried, &shell);
    let status = if error.is_some() { StatusCode::CONFLICT } else { StatusCode::OK };
    let cut_off = app.engine.rules_cut_off(member.asker()).await?;
    let finishes = cut_off.is_some_and(|hit| hit.of_one().is_none());
    let view = TriedView { finishes, ..TriedView::of(&tried, Tried::All, &shell) };
    let html = AllHtml { tried: view, rules, others, seen: tried.seen, error, shell };
    Ok((status, page(&html)?).into_response())
}

/// What all rules that are on would do to all of the books.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    require(&member)?;
    if asked.now.is_empty() {
        let rows = app.engine.accounts(member.asker()).await?.iter().map(|one| one.account.transaction_count).sum();
        if rows > MOST_AT_ONCE {
            let shell = shell(&app, &member, Place::Settings, None).await?;
            let html = LookingHtml { rows: shell.today.counted(rows, "row", "rows"), shell };
            return Ok(page(&html)?.into_response());
        }
    }
    look(&app, &member, None).await
}

/// What the person saw.
#[derive(Deserialize)]
pub(crate) struct SeenForm {
    #[serde(default)]
    seen: String,
}

/// Applies all rules that are on to all of the books, if they would do what the person saw.
pub(crate) async fn apply(
    State(app): State<App>,
    member: Member,
    Form(form): Form<SeenForm>,
) -> Result<Response, PageError> {
    require(&member)?;
    let applied = match app.engine.apply_all_rules(member.asker(), Some(&form.seen)).await {
        Ok(applied) => applied,
        Err(EngineError::RuleRefused(refused @ RuleRefused::WouldDoOtherwise { .. })) => {
            return look(&app, &member, Some(refused.in_words())).await;
        }
        Err(error) => return Err(error.into()),
    };
    let batch = applied.batch.map_or_else(|| "none".to_owned(), |batch| batch.to_string());
    let said = [("changed", applied.changed.to_string()), ("batch", batch)];
    Ok(Redirect::to(&with_query(&member, "rules", &said)).into_response())
}
