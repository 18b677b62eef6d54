//! What rules did: for each batch, for how many rows each held and how many it changed, with the way back.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bankside_domain::Right;
use bankside_engine::{RULES_HAD_THEIR_TURN, RuleHit};

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "rules_history.html")]
struct HistoryHtml {
    shell: Shell,
    hits: Vec<HitView>,
}

/// What a rule did in a batch.
struct HitView {
    at: String,
    name: String,
    by: String,
    matched: String,
    changed: String,
    is_undone: bool,
    /// Where the batch, or its undoing, is taken back; only at the first rule of each batch.
    undo: Option<String>,
}

/// How a batch came to be that no person of the organization has made.
fn made_by_itself(hit: &RuleHit) -> &'static str {
    if hit.summary == RULES_HAD_THEIR_TURN { "as rows came" } else { "on the command line" }
}

/// The log, the latest first.
pub(crate) async fn show(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    let log = app.engine.rule_log(member.asker(), None).await?;
    let shell = shell(&app, &member, Place::Settings, None).await?;
    let may_undo = member.asker().may(Right::EditBooks);
    let mut last = None;
    let view = |hit: &RuleHit| {
        let is_first = last.replace(hit.batch) != Some(hit.batch);
        let batch = hit.undone_by.unwrap_or(hit.batch);
        HitView {
            at: shell.today.moment(hit.made_at),
            name: hit.name.clone(),
            by: hit.person.clone().unwrap_or_else(|| made_by_itself(hit).to_owned()),
            matched: shell.today.grouped(hit.matched),
            changed: shell.today.grouped(hit.changed),
            is_undone: hit.undone_by.is_some(),
            undo: (is_first && may_undo).then(|| shell.at(&format!("batches/{batch}/undo?back=rules/history"))),
        }
    };
    let hits = log.iter().map(view).collect();
    Ok(page(&HistoryHtml { shell, hits })?.into_response())
}
