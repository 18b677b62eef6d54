//! What rules did: for each batch, for how many rows each held and how many it changed, with the way back.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::{Right, RuleId};
use bankside_engine::{RULES_HAD_THEIR_TURN, RuleHit, RuleLogQuery};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};

const HITS_PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "rules_history.html")]
struct HistoryHtml {
    shell: Shell,
    /// The rules to choose from: id, name, and whether it is the chosen one.
    rules: Vec<(String, String, bool)>,
    hits: Vec<HitView>,
    /// What was cut off, as a sentence, and where it is finished.
    cut_off: Option<(String, Option<String>)>,
    /// Whether this is a part of the log: of one rule, or a later page.
    is_part: bool,
    newer: Option<String>,
    older: Option<String>,
}

/// What the page's address may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    rule: String,
    page: Option<i64>,
}

/// Which part of the log a page shows.
#[derive(Debug, Clone, Copy)]
struct Shown {
    rule: Option<RuleId>,
    page: i64,
}

impl Shown {
    fn address(self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(rule) = self.rule {
            query.append_pair("rule", &rule.to_string());
        }
        format!("rules/history?{}", query.append_pair("page", &self.page.to_string()).finish())
    }
}

/// What a rule did in a batch.
struct HitView {
    at: String,
    name: String,
    by: String,
    matched: String,
    changed: String,
    is_undone: bool,
    /// Whether it has seen only a part of the rows.
    is_in_part: bool,
    /// Where the batch, or its undoing, is taken back; only at the first rule of each batch.
    undo: Option<String>,
}

/// How a batch came to be that no person of the organization has made.
fn made_by_itself(hit: &RuleHit) -> &'static str {
    if hit.summary == RULES_HAD_THEIR_TURN { "as rows came" } else { "on the command line" }
}

/// The log, the latest first, page by page, of all rules or of one.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let rule: Option<RuleId> = asked.rule.parse().ok();
    let shown = Shown { rule, page: asked.page.unwrap_or(1).clamp(1, 1_000_000) };
    let query = RuleLogQuery { rule, offset: (shown.page - 1) * HITS_PER_PAGE, limit: HITS_PER_PAGE + 1 };
    let mut log = app.engine.rule_log(member.asker(), &query).await?;
    let has_older = i64::try_from(log.len()).unwrap_or(0) > HITS_PER_PAGE;
    log.truncate(usize::try_from(HITS_PER_PAGE).unwrap_or(0));
    let shell = shell(&app, &member, Place::Settings, None).await?;
    let at = |page: i64| shell.at(&Shown { page, ..shown }.address());
    let html = HistoryHtml {
        rules: choices(&app, &member, rule, &log).await?,
        hits: hit_views(&log, shown, &shell),
        cut_off: cut_off(&app, &member, &shell).await?,
        is_part: rule.is_some() || shown.page > 1,
        newer: (shown.page > 1).then(|| at(shown.page - 1)),
        older: has_older.then(|| at(shown.page + 1)),
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// What was cut off while it was applied to all rows, and what to do then.
pub(super) async fn cut_off(
    app: &App,
    member: &Member,
    shell: &Shell,
) -> Result<Option<(String, Option<String>)>, PageError> {
    let Some(hit) = app.engine.rules_cut_off(member.asker()).await? else { return Ok(None) };
    let (began, may) = (shell.today.moment(hit.made_at), shell.may_manage_rules());
    let of_one = hit.of_one().is_some();
    // The log keeps the rule's name, also where the rule itself has gone: then nobody can finish it.
    let is_there = !of_one || app.engine.rules(member.asker()).await?.iter().any(|one| one.rule.id == hit.rule);
    let to = if of_one { format!("rules/{}", hit.rule) } else { "rules/apply".to_owned() };
    let which = if of_one { format!("The rule {} was", hit.name) } else { "All rules were".to_owned() };
    let what = match (is_there, of_one) {
        (false, _) => "The rule is deleted by now, so the rest stays as it is.",
        (true, true) => "To finish it, try the rule and apply it again: what is done already stays as it is.",
        (true, false) => "To finish it, look at what is left and apply that: what is done already stays as it is.",
    };
    let says = format!(
        "{which} applied ({began}), and not all rows have been reached: either it still goes on, or the server ended meanwhile. {what}"
    );
    Ok(Some((says, (is_there && may).then(|| shell.at(&to)))))
}

fn hit_views(log: &[RuleHit], shown: Shown, shell: &Shell) -> Vec<HitView> {
    let may_undo = shell.asker.may(Right::EditBooks);
    let back: String = url::form_urlencoded::byte_serialize(shown.address().as_bytes()).collect();
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
            is_in_part: hit.is_in_part(),
            undo: (is_first && may_undo).then(|| shell.at(&format!("batches/{batch}/undo?back={back}"))),
        }
    };
    log.iter().map(view).collect()
}

/// The rules to choose from. One that was deleted is among them while it is chosen.
async fn choices(
    app: &App,
    member: &Member,
    chosen: Option<RuleId>,
    log: &[RuleHit],
) -> Result<Vec<(String, String, bool)>, PageError> {
    let stored = app.engine.rules(member.asker()).await?;
    let mut rules: Vec<(RuleId, String)> = stored.into_iter().map(|one| (one.rule.id, one.rule.name)).collect();
    let gone = log.first().filter(|hit| chosen == Some(hit.rule) && rules.iter().all(|(id, _)| *id != hit.rule));
    rules.extend(gone.map(|hit| (hit.rule, format!("{} (deleted)", hit.name))));
    Ok(rules.into_iter().map(|(id, name)| (id.to_string(), name, chosen == Some(id))).collect())
}
