//! Settings ▸ Categories: what lines are for, in two levels, with what uses each.

pub(crate) mod changing;
pub(crate) mod merging;
pub(crate) mod providers;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::category::CategoryUse;
use bankside_domain::{BatchId, CategoryId, OrganizationKind, Right};
use bankside_engine::{CategoryView, EngineError};
use serde::Deserialize;

use self::providers::{FiledLine, filed};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::mapping::{Group, groups};
use crate::pages::shell;
use crate::session::Member;
use crate::view::FieldView;
use crate::view::day::Today;
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "categories.html")]
struct CategoriesHtml {
    shell: Shell,
    is_company: bool,
    /// What was done last, as a sentence, and where it is taken back.
    done: Option<(String, Option<String>)>,
    mains: Vec<MainLine>,
    /// The main categories that a new one may stand below: id and name.
    below: Vec<(String, String)>,
    chosen: String,
    name: FieldView,
    /// What providers file rows under.
    filed: Vec<FiledLine>,
    groups: Vec<Group>,
}

/// A main category with those below it.
struct MainLine {
    line: Line,
    below: Vec<Line>,
}

/// A category in the list.
struct Line {
    id: String,
    name: String,
    used: String,
    is_fixed: bool,
}

/// What the address may say: what has just been done.
#[derive(Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    deleted: String,
    #[serde(default)]
    merged: String,
    #[serde(default)]
    changed: i64,
    #[serde(default)]
    batch: String,
}

/// A category as it is typed.
#[derive(Default, Deserialize)]
pub(crate) struct NewForm {
    name: String,
    #[serde(default)]
    parent: String,
}

/// What a page of categories needs a person to be.
fn require(member: &Member) -> Result<(), PageError> {
    Ok(member.asker().require(Right::ManageCategories).map(|_| ()).map_err(EngineError::from)?)
}

fn category_id(category: &str) -> Result<CategoryId, PageError> {
    category.parse().map_err(|_| PageError::not_found())
}

/// What of a refusal a form can say; another error is the answer.
fn refusal(error: EngineError) -> Result<String, PageError> {
    match error {
        EngineError::Invalid { message, .. } => Ok(message),
        EngineError::CategoryRefused(refused) => Ok(refused.in_words()),
        other => Err(other.into()),
    }
}

/// `12 transactions, 2 mappings`, or that nothing does.
fn used(used: CategoryUse, today: &Today) -> String {
    let by = [
        (used.transactions, "transaction", "transactions"),
        (used.mappings, "mapping", "mappings"),
        (used.plans, "plan", "plans"),
        (used.rules, "rule", "rules"),
    ];
    let by = by.iter().filter(|(count, ..)| *count > 0);
    let by: Vec<String> = by.map(|(count, one, many)| today.counted(*count, one, many)).collect();
    if by.is_empty() { "not used".to_owned() } else { by.join(", ") }
}

fn line(view: &CategoryView, today: &Today) -> Line {
    Line {
        id: view.category.id.to_string(),
        name: view.category.name.clone(),
        used: used(view.used, today),
        is_fixed: view.category.is_fixed,
    }
}

/// The list.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    list_page(&app, &member, &asked, &NewForm::default(), None).await
}

async fn list_page(
    app: &App,
    member: &Member,
    asked: &Asked,
    form: &NewForm,
    wrong: Option<String>,
) -> Result<Response, PageError> {
    let shell = shell(app, member, Place::Settings, None).await?;
    let views = app.engine.categories_in_use(member.asker()).await?;
    let mut mains: Vec<MainLine> = Vec::new();
    for view in &views {
        let line = line(view, &shell.today);
        match mains.last_mut().filter(|_| view.category.parent.is_some()) {
            Some(main) => main.below.push(line),
            None => mains.push(MainLine { line, below: Vec::new() }),
        }
    }
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = CategoriesHtml {
        is_company: member.membership.organization.kind == OrganizationKind::Company,
        done: done(app, member, asked, &shell).await?,
        below: mains.iter().map(|main| (main.line.id.clone(), main.line.name.clone())).collect(),
        chosen: form.parent.clone(),
        name: FieldView { value: form.name.clone(), error: wrong },
        filed: filed(app, member).await?,
        groups: groups(&views.into_iter().map(|view| view.category).collect::<Vec<_>>()),
        mains,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// What was done last.
async fn done(
    app: &App,
    member: &Member,
    asked: &Asked,
    shell: &Shell,
) -> Result<Option<(String, Option<String>)>, PageError> {
    if !asked.deleted.is_empty() {
        return Ok(Some((format!("{} is deleted.", asked.deleted), None)));
    }
    if asked.merged.is_empty() {
        return Ok(None);
    }
    let count = shell.today.counted(asked.changed, "transaction has", "transactions have");
    let says = format!("{} is merged: {count} the other category.", asked.merged);
    let undo = match asked.batch.parse::<BatchId>() {
        Ok(batch) if crate::pages::undo::is_in_force(app, member, batch).await? => {
            Some(shell.at(&format!("batches/{batch}/undo?back=categories")))
        }
        _ => None,
    };
    Ok(Some((says, undo)))
}

/// Adds a category.
pub(crate) async fn add(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<NewForm>,
) -> Result<Response, PageError> {
    let parent = if form.parent.is_empty() { None } else { Some(category_id(&form.parent)?) };
    match app.engine.add_category(member.asker(), &form.name, parent).await {
        Ok(id) => Ok(Redirect::to(&format!("/o/{organization}/categories#c-{id}")).into_response()),
        Err(error) => list_page(&app, &member, &Asked::default(), &form, Some(refusal(error)?)).await,
    }
}

/// Adds the usual ones where there is none.
pub(crate) async fn add_usual(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Redirect, PageError> {
    app.engine.add_usual_categories(member.asker()).await?;
    Ok(Redirect::to(&format!("/o/{organization}/categories")))
}

/// What somebody says the organization is.
#[derive(Deserialize)]
pub(crate) struct KindForm {
    kind: String,
}

/// Says whether the organization is a household or a company.
pub(crate) async fn set_kind(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<KindForm>,
) -> Result<Redirect, PageError> {
    let kind = bankside_domain::Code::from_code(&form.kind).map_err(|_| PageError::not_found())?;
    app.engine.set_organization_kind(member.asker(), kind).await?;
    Ok(Redirect::to(&format!("/o/{organization}/settings#kind")))
}
