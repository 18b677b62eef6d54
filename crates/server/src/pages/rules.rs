//! Settings ▸ Rules: what follows for rows from what they say, in the order in which rules have their turn.

pub(crate) mod all;
pub(crate) mod editor;
mod form;
pub(crate) mod history;
pub(crate) mod text;
mod tried;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::rules::{Names, Stage, action_words, condition_words};
use bankside_domain::{BatchId, Code, Right, RuleId};
use bankside_engine::{EngineError, StoredRule};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell, address};

#[derive(Template)]
#[template(path = "rules.html")]
struct RulesHtml {
    shell: Shell,
    /// What was done last, as a sentence, and where it is taken back.
    done: Option<(String, Option<String>)>,
    /// What was cut off, as a sentence, and where it is finished.
    cut_off: Option<(String, Option<String>)>,
    stages: Vec<StageView>,
    count: usize,
}

/// The rules of a stage.
struct StageView {
    name: &'static str,
    says: &'static str,
    rules: Vec<Line>,
}

/// A rule in the list.
struct Line {
    id: String,
    name: String,
    url: String,
    when: Vec<String>,
    then: Vec<String>,
    joint: &'static str,
    is_on: bool,
    hits: String,
    last: String,
    may_up: bool,
    may_down: bool,
    /// Whether the button that moved it has the focus again.
    focuses_up: bool,
    focuses_down: bool,
}

/// What the address may say: what has just been done.
#[derive(Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    saved: String,
    #[serde(default)]
    deleted: String,
    #[serde(default)]
    changed: i64,
    #[serde(default)]
    batch: String,
    #[serde(default)]
    moved: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    added: i64,
    #[serde(default)]
    brought: bool,
}

/// What a page of rules needs a person to be.
fn require(member: &Member) -> Result<(), PageError> {
    Ok(member.asker().require(Right::ManageRules).map(|_| ()).map_err(EngineError::from)?)
}

fn rule_id(rule: &str) -> Result<RuleId, PageError> {
    rule.parse().map_err(|_| PageError::not_found())
}

/// What of a refusal a form can say; another error is the answer.
fn refusal(error: EngineError) -> Result<String, PageError> {
    match error {
        EngineError::Invalid { message, .. } => Ok(message),
        EngineError::RuleRefused(refused) => Ok(refused.in_words()),
        EngineError::Conflict(what) => Ok(crate::error::sentence(what)),
        other => Err(other.into()),
    }
}

/// An address of this organization with a query.
fn with_query(member: &Member, path: &str, said: &[(&str, String)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(said).finish();
    format!("{}?{query}", address(member.membership.organization.id, path))
}

/// The name of a stage, and what it is for.
pub(crate) fn stage_words(stage: Stage) -> (&'static str, &'static str) {
    match stage {
        Stage::Before => ("First", "These have their turn before all others: where payees are cleaned up."),
        Stage::Normal => ("Then", "These see what the ones before them have written."),
        Stage::Last => ("Last", "These have the last word."),
    }
}

/// The list.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let rules = app.engine.rules(member.asker()).await?;
    let names = app.engine.rule_references(member.asker()).await?;
    let shell = shell(&app, &member, Place::Settings, None).await?;
    let stages = Stage::ALL.map(|stage| stage_view(stage, &rules, &names, &asked, &shell));
    let html = RulesHtml {
        done: done(&app, &member, &asked, &shell).await?,
        cut_off: history::cut_off(&app, &member, &shell).await?,
        stages: stages.into_iter().filter(|stage| !stage.rules.is_empty()).collect(),
        count: rules.len(),
        shell,
    };
    Ok(page(&html)?.into_response())
}

fn stage_view(stage: Stage, rules: &[StoredRule], names: &Names, asked: &Asked, shell: &Shell) -> StageView {
    let of_stage: Vec<&StoredRule> = rules.iter().filter(|one| one.rule.stage == stage).collect();
    let last = of_stage.len().saturating_sub(1);
    let line = |(place, one): (usize, &&StoredRule)| {
        let id = one.rule.id.to_string();
        let was_moved = asked.moved == id;
        let (may_up, may_down) = (place > 0, place < last);
        Line {
            url: shell.at(&format!("rules/{id}")),
            name: one.rule.name.clone(),
            when: one.rule.says.conditions.iter().map(|condition| condition_words(condition, names)).collect(),
            then: one.rule.says.actions.iter().map(|action| action_words(action, names)).collect(),
            joint: if one.rule.says.combine == bankside_domain::rules::Combine::Any { "or" } else { "and" },
            is_on: one.rule.is_on,
            hits: shell.today.counted(one.changed_rows, "change", "changes"),
            last: one.last_hit_at.map_or_else(|| "never".to_owned(), |at| shell.today.moment(at)),
            may_up,
            may_down,
            focuses_up: was_moved && may_up && (asked.to == "up" || !may_down),
            focuses_down: was_moved && may_down && (asked.to == "down" || !may_up),
            id,
        }
    };
    let (name, says) = stage_words(stage);
    StageView { name, says, rules: of_stage.iter().enumerate().map(line).collect() }
}

/// What was done last.
async fn done(
    app: &App,
    member: &Member,
    asked: &Asked,
    shell: &Shell,
) -> Result<Option<(String, Option<String>)>, PageError> {
    if asked.brought {
        let says = format!(
            "{} added, {} changed.",
            shell.today.counted(asked.added, "rule", "rules"),
            shell.today.counted(asked.changed, "rule", "rules")
        );
        return Ok(Some((says, None)));
    }
    if !asked.deleted.is_empty() {
        return Ok(Some((format!("{} is deleted. What it has written stays.", asked.deleted), None)));
    }
    if asked.batch == "none" {
        return Ok(Some(("No row had to be changed.".to_owned(), None)));
    }
    if !asked.batch.is_empty() {
        let rows = shell.today.counted(asked.changed, "row was", "rows were");
        let undo = match asked.batch.parse::<BatchId>() {
            Ok(batch) if crate::pages::undo::is_in_force(app, member, batch).await? => {
                Some(shell.at(&format!("batches/{batch}/undo?back=rules")))
            }
            // Whoever comes back from undoing it is told nothing of it any more.
            _ => return Ok(None),
        };
        return Ok(Some((format!("{rows} changed."), undo)));
    }
    if asked.saved.is_empty() {
        return Ok(None);
    }
    Ok(Some((format!("{} is saved. Rows that come from now on are looked at by it.", asked.saved), None)))
}

/// Which way a rule goes.
#[derive(Deserialize)]
pub(crate) struct OrderForm {
    to: String,
}

/// Puts a rule one place earlier or later.
pub(crate) async fn order(
    State(app): State<App>,
    member: Member,
    Path((_, rule)): Path<(String, String)>,
    Form(form): Form<OrderForm>,
) -> Result<Redirect, PageError> {
    app.engine.move_rule(member.asker(), rule_id(&rule)?, form.to == "up").await?;
    let to = if form.to == "up" { "up" } else { "down" };
    // Without a fragment: where there is one, browsers give nothing the focus by themselves.
    Ok(Redirect::to(&with_query(&member, "rules", &[("moved", rule), ("to", to.to_owned())])))
}

/// Whether a rule is to be on.
#[derive(Deserialize)]
pub(crate) struct SwitchForm {
    #[serde(default)]
    on: bool,
}

/// Turns a rule on or off.
pub(crate) async fn switch(
    State(app): State<App>,
    member: Member,
    Path((_, rule)): Path<(String, String)>,
    Form(form): Form<SwitchForm>,
) -> Result<Redirect, PageError> {
    app.engine.switch_rule(member.asker(), rule_id(&rule)?, form.on).await?;
    let here = address(member.membership.organization.id, "rules");
    Ok(Redirect::to(&format!("{here}#r-{rule}")))
}

/// Deletes a rule.
pub(crate) async fn delete(
    State(app): State<App>,
    member: Member,
    Path((_, rule)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    require(&member)?;
    let id = rule_id(&rule)?;
    let name = app.engine.rule(member.asker(), id).await?.rule.name;
    app.engine.delete_rule(member.asker(), id, None).await?;
    Ok(Redirect::to(&with_query(&member, "rules", &[("deleted", name)])))
}

/// The stages to choose from: code and name.
fn stage_options() -> Vec<(String, String)> {
    let words = |stage: Stage| match stage {
        Stage::Before => "Before the others",
        Stage::Normal => "In its order",
        Stage::Last => "After the others",
    };
    Stage::ALL.map(|stage| (stage.code().to_owned(), words(stage).to_owned())).into()
}
