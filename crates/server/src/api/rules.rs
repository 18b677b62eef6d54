//! Rules. A rule is told and taken as a paragraph of text, the same that pages show and files hold (`docs/rules.md`).
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::rules::{Names, read, write};
use bankside_domain::{Code, RuleId};
use bankside_engine::{EngineError, NewRule, RuleHit, RuleLogQuery, RuleTried, RulesApplied, StoredRule};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};

/// A rule.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleBody {
    id: String,
    name: String,
    /// When it has its turn: `before`, `normal` or `last`.
    stage: &'static str,
    is_on: bool,
    /// The rule as a paragraph of text.
    text: String,
    /// Rises with every change: whoever changes the rule names the one that they saw.
    revision: i64,
    /// How many changes of rows it has made that are in force: a row that it has changed twice counts twice.
    changed_rows: i64,
    /// When it did so last (RFC 3339).
    last_hit_at: Option<String>,
}

impl RuleBody {
    fn of(stored: StoredRule, names: &Names) -> Self {
        Self {
            id: stored.rule.id.to_string(),
            name: stored.rule.name.clone(),
            stage: stored.rule.stage.code(),
            is_on: stored.rule.is_on,
            revision: stored.revision,
            changed_rows: stored.changed_rows,
            last_hit_at: stored.last_hit_at.map(|at| at.to_string()),
            text: write(&[stored.rule], names),
        }
    }
}

/// The rules in the order in which they have their turn.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/rules",
    params(("organization" = String, Path)), responses((status = OK, body = [RuleBody])))]
pub(crate) async fn rules(State(app): State<App>, member: ApiMember) -> Result<Json<Vec<RuleBody>>, Problem> {
    let names = app.engine.rule_references(member.asker()).await?;
    let rules = app.engine.rules(member.asker()).await?;
    Ok(Json(rules.into_iter().map(|stored| RuleBody::of(stored, &names)).collect()))
}

/// A rule as a paragraph of text.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewRuleBody {
    /// Such as `rule "Food"`, `if payee contains "rewe"` and `then set category "Food"`, each on its own line.
    text: String,
}

/// Adds a rule as the last of its stage.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/rules",
    params(("organization" = String, Path)), request_body = NewRuleBody,
    responses((status = CREATED, body = MadeBody), (status = CONFLICT, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn add_rule(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<NewRuleBody>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let new = one_rule(&app, &member, &body.text).await?;
    let made = app.engine.add_rule(member.asker(), &new).await?;
    Ok((StatusCode::CREATED, Json(MadeBody { id: made.to_string() })))
}

/// A rule as it is to be.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ChangedRuleBody {
    /// The rule as a paragraph of text.
    text: String,
    /// The revision that was seen. If it has another one by now, nothing changes.
    revision: i64,
}

/// Has a rule be what a text says.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/rules/{rule}",
    params(("organization" = String, Path), ("rule" = String, Path)), request_body = ChangedRuleBody,
    responses((status = NO_CONTENT), (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn change_rule(
    State(app): State<App>,
    member: ApiMember,
    Path((_, rule)): Path<(String, String)>,
    Body(body): Body<ChangedRuleBody>,
) -> Result<StatusCode, Problem> {
    let rule: RuleId = id(&rule)?;
    let new = one_rule(&app, &member, &body.text).await?;
    app.engine.change_rule(member.asker(), rule, &new, body.revision).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a rule. What it has written stays.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/rules/{rule}",
    params(("organization" = String, Path), ("rule" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn delete_rule(
    State(app): State<App>,
    member: ApiMember,
    Path((_, rule)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.delete_rule(member.asker(), id(&rule)?, None).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether a rule is on, and whether it goes one place earlier or later. What is absent stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PlacedRuleBody {
    is_on: Option<bool>,
    /// `true` is one place earlier among the rules of its stage, `false` one place later.
    is_earlier: Option<bool>,
}

/// Turns a rule on or off, or moves it.
#[utoipa::path(patch, path = "/api/v1/organizations/{organization}/rules/{rule}",
    params(("organization" = String, Path), ("rule" = String, Path)), request_body = PlacedRuleBody,
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn place_rule(
    State(app): State<App>,
    member: ApiMember,
    Path((_, rule)): Path<(String, String)>,
    Body(body): Body<PlacedRuleBody>,
) -> Result<StatusCode, Problem> {
    let rule: RuleId = id(&rule)?;
    if let Some(is_on) = body.is_on {
        app.engine.switch_rule(member.asker(), rule, is_on).await?;
    }
    if let Some(is_earlier) = body.is_earlier {
        app.engine.move_rule(member.asker(), rule, is_earlier).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A rule to try.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TryRuleBody {
    /// The rule as a paragraph of text; absent are all rules that are on, as they are.
    text: Option<String>,
    /// The rule whose place it takes; absent is a new one.
    rule: Option<String>,
}

/// What a rule, or all that are on, would do.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleTriedBody {
    /// How many rows were looked at.
    looked_at: usize,
    /// For how many it holds, or at least one of them.
    matched: usize,
    /// How many would change.
    changed: usize,
    /// How many stay in part, because a person has decided there.
    kept: usize,
    /// How many stay, because their period is locked.
    locked: usize,
    /// What each rule would do that was tried, in the order in which they have their turn. A row that two rules change counts for both.
    rules: Vec<RuleCountBody>,
    /// A word that is the same as long as the same rows would change in the same way: hand it to `apply` as `seen`.
    seen: String,
    conflicts: Vec<RuleConflictBody>,
    /// Some of the rows that would change, the latest first.
    rows: Vec<TriedRowBody>,
}

/// What one rule would do among the others.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleCountBody {
    /// Its id; that of a rule which is not there yet means nothing.
    rule: String,
    name: String,
    /// For how many rows it holds.
    matched: usize,
    /// How many it would change.
    changed: usize,
}

/// Two rules that set one field differently; the later one wins.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleConflictBody {
    /// `payee`, `note`, `category`, `tags` or `reviewed`.
    field: &'static str,
    /// The name of the rule whose word holds.
    winner: String,
    /// The name of the other one.
    loser: String,
    /// For how many rows.
    rows: usize,
}

/// A row that a rule would change.
#[derive(Serialize, ToSchema)]
pub(crate) struct TriedRowBody {
    transaction: String,
    date: String,
    payee: Option<String>,
    changes: Vec<TriedChangeBody>,
}

/// A field before and after.
#[derive(Serialize, ToSchema)]
pub(crate) struct TriedChangeBody {
    /// `payee`, `note`, `category`, `tags` or `reviewed`.
    field: &'static str,
    before: Option<String>,
    after: Option<String>,
    /// The names of the rules by which it changes.
    by: Vec<String>,
}

impl RuleTriedBody {
    fn of(tried: RuleTried) -> Self {
        let conflict = |one: bankside_engine::RuleConflict| RuleConflictBody {
            field: one.field.code(),
            winner: one.winner.1,
            loser: one.loser.1,
            rows: one.rows,
        };
        let row = |row: bankside_engine::TriedRow| TriedRowBody {
            transaction: row.transaction.to_string(),
            date: row.day.to_string(),
            payee: row.payee,
            changes: row
                .diffs
                .into_iter()
                .map(|diff| TriedChangeBody {
                    field: diff.field.code(),
                    before: diff.before,
                    after: diff.after,
                    by: diff.by,
                })
                .collect(),
        };
        let count = |rule: bankside_engine::RuleCount| RuleCountBody {
            rule: rule.rule.to_string(),
            name: rule.name,
            matched: rule.matched,
            changed: rule.changed,
        };
        Self {
            looked_at: tried.looked_at,
            matched: tried.matched,
            changed: tried.changed,
            kept: tried.kept,
            locked: tried.locked,
            rules: tried.rules.into_iter().map(count).collect(),
            seen: tried.seen,
            conflicts: tried.conflicts.into_iter().map(conflict).collect(),
            rows: tried.rows.into_iter().map(row).collect(),
        }
    }
}

/// What a rule, or all that are on, would do to all rows that are there. Nothing changes.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/rules/try",
    params(("organization" = String, Path)), request_body = TryRuleBody,
    responses((status = OK, body = RuleTriedBody), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn try_rule(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<TryRuleBody>,
) -> Result<Json<RuleTriedBody>, Problem> {
    let Some(text) = body.text else {
        if body.rule.is_some() {
            return Err(EngineError::invalid("text", "Say what the rule is to be.").into());
        }
        return Ok(Json(RuleTriedBody::of(app.engine.try_all_rules(member.asker()).await?)));
    };
    let rule = body.rule.as_deref().map(id).transpose()?;
    let new = one_rule(&app, &member, &text).await?;
    Ok(Json(RuleTriedBody::of(app.engine.try_rule(member.asker(), rule, &new).await?)))
}

/// Which rule is applied.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ApplyRulesBody {
    /// The rule; absent are all that are on.
    rule: Option<String>,
    /// The revision of the rule that was seen. If it has another one by now, nothing changes.
    revision: Option<i64>,
    /// For all rules: the `seen` of what `try` told. If they would do anything else by now, nothing changes.
    seen: Option<String>,
}

/// What applying came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesAppliedBody {
    /// The batch, which can be undone; absent where nothing changed.
    batch: Option<String>,
    /// How many rows changed.
    changed: usize,
}

impl RulesAppliedBody {
    fn of(applied: &RulesApplied) -> Self {
        Self { batch: applied.batch.map(|batch| batch.to_string()), changed: applied.changed }
    }
}

/// Applies a rule, or all that are on, to all rows that are there, as one change.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/rules/apply",
    params(("organization" = String, Path)), request_body = ApplyRulesBody,
    responses((status = OK, body = RulesAppliedBody), (status = CONFLICT, body = Problem)))]
pub(crate) async fn apply_rules(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<ApplyRulesBody>,
) -> Result<Json<RulesAppliedBody>, Problem> {
    if body.rule.is_some() && body.seen.is_some() {
        return Err(EngineError::invalid("seen", "Of one rule, say the revision that was seen.").into());
    }
    let applied = match body.rule.as_deref() {
        Some(rule) => app.engine.apply_rule(member.asker(), id(rule)?, body.revision).await?,
        None => app.engine.apply_all_rules(member.asker(), body.seen.as_deref()).await?,
    };
    Ok(Json(RulesAppliedBody::of(&applied)))
}

/// What a rule did in one batch.
#[derive(Serialize, ToSchema)]
pub(crate) struct RuleHitBody {
    rule: String,
    name: String,
    batch: String,
    /// When (RFC 3339).
    at: String,
    /// The person who had it applied; absent where it was asked about rows that came, or applied on the command line.
    person: Option<String>,
    /// For how many rows it held.
    matched: i64,
    /// How many it changed.
    changed: i64,
    is_undone: bool,
    /// Whether not all rows have been reached: it goes on, or was cut off by the end of the server. Applying again does what is left.
    is_in_part: bool,
}

impl RuleHitBody {
    fn of(hit: RuleHit) -> Self {
        Self {
            is_in_part: hit.is_in_part(),
            rule: hit.rule.to_string(),
            name: hit.name,
            batch: hit.batch.to_string(),
            at: hit.made_at.to_string(),
            person: hit.person,
            matched: hit.matched,
            changed: hit.changed,
            is_undone: hit.undone_by.is_some(),
        }
    }
}

/// Which part of what rules did.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RuleLogParams {
    /// Of one rule only, also of one that was deleted.
    rule: Option<String>,
    /// How many to pass over.
    offset: Option<i64>,
    /// How many to read, at most 500; 50 if not said.
    limit: Option<i64>,
}

/// What rules did, the latest first.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/rules/history",
    params(("organization" = String, Path), RuleLogParams), responses((status = OK, body = [RuleHitBody])))]
pub(crate) async fn rule_history(
    State(app): State<App>,
    member: ApiMember,
    Asked(asked): Asked<RuleLogParams>,
) -> Result<Json<Vec<RuleHitBody>>, Problem> {
    let query = RuleLogQuery {
        rule: asked.rule.as_deref().map(id).transpose()?,
        offset: asked.offset.unwrap_or(0),
        limit: asked.limit.unwrap_or(50),
    };
    let log = app.engine.rule_log(member.asker(), &query).await?;
    Ok(Json(log.into_iter().map(RuleHitBody::of).collect()))
}

/// All rules as text.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct RulesTextBody {
    /// A paragraph for each rule.
    text: String,
}

/// All rules as text.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/rules/text",
    params(("organization" = String, Path)), responses((status = OK, body = RulesTextBody)))]
pub(crate) async fn rules_text(State(app): State<App>, member: ApiMember) -> Result<Json<RulesTextBody>, Problem> {
    Ok(Json(RulesTextBody { text: app.engine.rules_as_text(member.asker()).await? }))
}

/// What bringing rules came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct RulesBroughtBody {
    added: usize,
    changed: usize,
    same: usize,
}

/// Brings rules as text: those whose names are there become what it says, the others are added; rules that are not in it stay. All or
/// nothing.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/rules/text",
    params(("organization" = String, Path)), request_body = RulesTextBody,
    responses((status = OK, body = RulesBroughtBody), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn bring_rules(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<RulesTextBody>,
) -> Result<Json<RulesBroughtBody>, Problem> {
    let told = app.engine.bring_rules(member.asker(), &body.text).await?;
    Ok(Json(RulesBroughtBody { added: told.added, changed: told.changed, same: told.same }))
}

/// The only rule of a text, for whoever may write it.
async fn one_rule(app: &App, member: &ApiMember, text: &str) -> Result<NewRule, Problem> {
    member.asker().require(bankside_domain::Right::ManageRules).map_err(EngineError::from)?;
    let names = app.engine.rule_references(member.asker()).await?;
    let rules = read(text, &names).map_err(EngineError::RulesUnreadable)?;
    match <[_; 1]>::try_from(rules) {
        Ok([rule]) => Ok(NewRule::from(rule)),
        Err(_) => Err(EngineError::invalid("text", "Write exactly one rule.").into()),
    }
}
