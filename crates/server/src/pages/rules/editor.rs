//! One rule: its conditions and what follows, tried before it is saved, saved, and applied to what is there.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::rules::{Definition, Names, Stage};
use bankside_domain::{CategoryId, RuleId, TransactionId};
use bankside_engine::{EngineError, NewRule};
use serde::Deserialize;

use super::form::{RuleForm, action_options, how_groups, subject_options};
use super::tried::{Tried, TriedView};
use super::{refusal, require, rule_id, stage_options, with_query};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};

type Options = Vec<(&'static str, &'static str)>;

#[derive(Template)]
#[template(path = "rule.html")]
struct RuleHtml {
    shell: Shell,
    title: String,
    /// Where the form is sent.
    url: String,
    form: RuleForm,
    is_new: bool,
    stages: Vec<(String, String)>,
    subjects: Options,
    hows: [(&'static str, &'static [&'static str]); 5],
    kinds: Options,
    /// Names that a field may mean.
    offers: Vec<String>,
    tried: Option<TriedView>,
    error: Option<String>,
    may_manage: bool,
}

/// Like which row a new rule is, and with which category.
#[derive(Default, Deserialize)]
pub(crate) struct Like {
    #[serde(default)]
    like: String,
    #[serde(default)]
    to: String,
}

/// What is shown beside the fields.
struct Beside {
    tried: Option<TriedView>,
    error: Option<String>,
    status: StatusCode,
}

impl Beside {
    fn nothing() -> Self {
        Self { tried: None, error: None, status: StatusCode::OK }
    }

    fn wrong(says: Option<String>) -> Self {
        Self { tried: None, error: says, status: StatusCode::UNPROCESSABLE_ENTITY }
    }
}

async fn rule_page(
    app: &App,
    member: &Member,
    id: Option<RuleId>,
    (form, names): (RuleForm, Names),
    beside: Beside,
) -> Result<Response, PageError> {
    let shell = shell(app, member, Place::Settings, None).await?;
    let title = match (id, form.name.trim()) {
        (None, _) => "New rule".to_owned(),
        (Some(_), name) => name.to_owned(),
    };
    let url = shell.at(&id.map_or_else(|| "rules/new".to_owned(), |id| format!("rules/{id}")));
    let offers = names.categories.into_iter().map(|(_, name)| name);
    let offers = offers.chain(names.accounts.into_iter().map(|(_, name)| name));
    let html = RuleHtml {
        title,
        url,
        form: form.padded(),
        is_new: id.is_none(),
        stages: stage_options(),
        subjects: subject_options(),
        hows: how_groups(),
        kinds: action_options(),
        offers: offers.chain(names.assets.into_iter().map(|(_, name)| name)).collect(),
        tried: beside.tried,
        error: beside.error,
        may_manage: shell.may_manage_rules(),
        shell,
    };
    Ok((beside.status, page(&html)?).into_response())
}

/// A new rule: empty, or as a row suggests it, with what it would do.
pub(crate) async fn new_form(
    State(app): State<App>,
    member: Member,
    Query(like): Query<Like>,
) -> Result<Response, PageError> {
    require(&member)?;
    let names = app.engine.rule_references(member.asker()).await?;
    if like.like.is_empty() {
        let says = Definition::default();
        let empty = NewRule { name: String::new(), stage: Stage::Normal, is_on: true, says };
        let form = RuleForm::of(&empty, &names, None);
        return rule_page(&app, &member, None, (form, names), Beside::nothing()).await;
    }
    let row = row_of(&app, &member, &like.like).await?;
    let category: Option<CategoryId> = like.to.parse().ok();
    let draft = app.engine.draft_rule(member.asker(), row, category).await?;
    let form = RuleForm::of(&draft.rule, &names, None);
    // What it reaches is said before anything else; a row that has nothing to pass on yet says what is missing.
    let beside = match tried(&app, &member, None, &draft.rule).await? {
        Ok(tried) => Beside { tried: Some(tried), ..Beside::nothing() },
        Err(says) => Beside { error: Some(says), ..Beside::nothing() },
    };
    rule_page(&app, &member, None, (form, names), beside).await
}

/// A row that the person sees.
async fn row_of(app: &App, member: &Member, id: &str) -> Result<TransactionId, PageError> {
    let id: TransactionId = id.parse().map_err(|_| PageError::not_found())?;
    app.engine.transaction(member.asker(), id).await?;
    Ok(id)
}

async fn tried(
    app: &App,
    member: &Member,
    id: Option<RuleId>,
    rule: &NewRule,
) -> Result<Result<TriedView, String>, PageError> {
    let shell = shell(app, member, Place::Settings, None).await?;
    match app.engine.try_rule(member.asker(), id, rule).await {
        Ok(tried) => {
            let cut_off = app.engine.rules_cut_off(member.asker()).await?.and_then(|hit| hit.of_one());
            let finishes = cut_off.is_some_and(|rule| id == Some(rule));
            Ok(Ok(TriedView { finishes, ..TriedView::of(&tried, Tried::One, &shell) }))
        }
        Err(error) => Ok(Err(refusal(error)?)),
    }
}

/// A rule that is there.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, rule)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let id = rule_id(&rule)?;
    let stored = app.engine.rule(member.asker(), id).await?;
    let names = app.engine.rule_references(member.asker()).await?;
    let rule = stored.rule;
    let new = NewRule { name: rule.name, stage: rule.stage, is_on: rule.is_on, says: rule.says };
    let form = RuleForm::of(&new, &names, Some(stored.revision));
    rule_page(&app, &member, Some(id), (form, names), Beside::nothing()).await
}

/// What somebody does with a new rule.
pub(crate) async fn add(
    State(app): State<App>,
    member: Member,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    act(&app, &member, None, &fields).await
}

/// What somebody does with a rule that is there.
pub(crate) async fn change(
    State(app): State<App>,
    member: Member,
    Path((_, rule)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    act(&app, &member, Some(rule_id(&rule)?), &fields).await
}

async fn act(
    app: &App,
    member: &Member,
    id: Option<RuleId>,
    fields: &[(String, String)],
) -> Result<Response, PageError> {
    require(member)?;
    if let Some(id) = id {
        app.engine.rule(member.asker(), id).await?;
    }
    let names = app.engine.rule_references(member.asker()).await?;
    let mut form = RuleForm::sent(fields);
    if form.act == "more" {
        return rule_page(app, member, id, (form, names), Beside::nothing()).await;
    }
    let Some(rule) = form.read(&names) else {
        return rule_page(app, member, id, (form, names), Beside::wrong(None)).await;
    };
    if form.act == "save" {
        return match save(app, member, id, &rule, form.seen).await {
            Ok(_) => Ok(Redirect::to(&with_query(member, "rules", &[("saved", rule.name)])).into_response()),
            Err(error) => {
                let says = refusal(error)?;
                rule_page(app, member, id, (form, names), Beside::wrong(Some(says))).await
            }
        };
    }
    let tried = match tried(app, member, id, &rule).await? {
        Ok(tried) => tried,
        Err(says) => return rule_page(app, member, id, (form, names), Beside::wrong(Some(says))).await,
    };
    if form.act != "apply" {
        let beside = Beside { tried: Some(tried), ..Beside::nothing() };
        return rule_page(app, member, id, (form, names), beside).await;
    }
    if form.expected != Some(tried.changed) {
        let says = format!("By now it would change {}. Look again.", tried.rows);
        let beside = Beside { tried: Some(tried), error: Some(says), status: StatusCode::CONFLICT };
        return rule_page(app, member, id, (form, names), beside).await;
    }
    let saved = match save(app, member, id, &rule, form.seen).await {
        Ok(saved) => saved,
        Err(error) => {
            let says = refusal(error)?;
            return rule_page(app, member, id, (form, names), Beside::wrong(Some(says))).await;
        }
    };
    let applied = app.engine.apply_rule(member.asker(), saved, None).await?;
    let batch = applied.batch.map_or_else(|| "none".to_owned(), |batch| batch.to_string());
    let said = [("saved", rule.name), ("changed", applied.changed.to_string()), ("batch", batch)];
    Ok(Redirect::to(&with_query(member, "rules", &said)).into_response())
}

/// Keeps a rule as it is typed. One that is there stays as it is where somebody else has changed it meanwhile.
async fn save(
    app: &App,
    member: &Member,
    id: Option<RuleId>,
    rule: &NewRule,
    seen: Option<i64>,
) -> Result<RuleId, EngineError> {
    match id {
        None => app.engine.add_rule(member.asker(), rule).await,
        Some(id) => {
            app.engine.change_rule(member.asker(), id, rule, seen.unwrap_or_default()).await?;
            Ok(id)
        }
    }
}
