//! The plan beside the cashflow: what was planned, what came, and the difference; and the files that plans come from.

mod comparing;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::cashflow::plan::PlanProblem;
use bankside_domain::cashflow::{Extent, Reach, Table};
use bankside_domain::{AssetId, Month, PlanId};
use bankside_engine::csv::DecimalMark;
use bankside_engine::{CashflowQuery, EngineError, Plan, PlanBrought};
use jiff::civil::date;
use serde::Deserialize;

use self::comparing::Comparison;
use super::uploads::Sent;
use super::{CashflowPlace, Choice, reaches};
use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::assets::asset_id;
use crate::pages::{shell, today};
use crate::session::Member;
use crate::view::cashflow::{self, CashflowPage, CashflowTab, tabs};
use crate::view::day::Today;
use crate::view::shell::{Shell, address};

/// So many lines of a file are told that cannot be read.
const MOST_TOLD: usize = 50;
/// So many plans that have ended are listed.
const MOST_EARLIER: usize = 20;

/// What the address of a plan may say.
#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    /// Through which month it is compared; this one if none is said.
    #[serde(default)]
    month: String,
    /// `alone` is without what lies below.
    #[serde(default)]
    reach: String,
}

#[derive(Template)]
#[template(path = "cashflow_plan.html")]
struct PlanHtml {
    shell: Shell,
    place: CashflowPlace,
    tabs: Vec<CashflowTab>,
    may_plan: bool,
    is_conceptual: bool,
    reaches: Vec<Choice>,
    month: String,
    previous: (String, String),
    next: (String, String),
    comparisons: Vec<Comparison>,
    /// What was brought and is not confirmed.
    draft: Option<Draft>,
    /// The plan that holds.
    held: Option<PlanView>,
    /// Plans that have ended, the latest first.
    earlier: Vec<PlanView>,
    file_error: Option<String>,
    asks_decimals: bool,
    /// Lines of a file that cannot be read: which, in which column, and why.
    problems: Vec<(u64, &'static str, String)>,
    more_problems: usize,
}

struct PlanView {
    id: String,
    name: String,
    /// Who brought it, and when.
    brought: String,
}

impl PlanView {
    fn of(plan: &Plan, today: &Today) -> Self {
        let by = plan.brought_by.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
        let brought = format!("{}{by}", today.moment(plan.brought_at));
        Self { id: plan.id.to_string(), name: plan.name.clone(), brought }
    }
}

/// A file that is looked at.
struct Draft {
    plan: PlanView,
    tables: Vec<DraftTable>,
}

struct DraftTable {
    currency: String,
    months: Vec<String>,
    rows: Vec<DraftRow>,
}

struct DraftRow {
    name: String,
    is_below: bool,
    is_group: bool,
    is_sum: bool,
    cells: Vec<String>,
}

/// What keeps a file from being taken.
#[derive(Default)]
struct Wrong {
    file: Option<String>,
    asks_decimals: bool,
    problems: Vec<PlanProblem>,
}

/// Of the organization.
pub(crate) async fn of_organization(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    plan_page(&app, &member, None, &asked, Wrong::default()).await
}

/// Of an asset.
pub(crate) async fn of_asset(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    plan_page(&app, &member, Some(asset_id(&asset)?), &asked, Wrong::default()).await
}

async fn plan_page(
    app: &App,
    member: &Member,
    asset: Option<AssetId>,
    asked: &Asked,
    wrong: Wrong,
) -> Result<Response, PageError> {
    let month: Month = asked.month.parse().unwrap_or_else(|_| Month::of(today(app, member).date()));
    let extent = if asked.reach == "alone" { Extent::Alone } else { Extent::WithBelow };
    let reach = Reach { asset, extent };
    let from = Month::of(date(month.first_day().year(), 1, 1));
    let query = CashflowQuery { reach, from, through: from.plus(11), into: None, with_plan: true };
    let figures = app.engine.cashflow(member.asker(), &query).await?;
    let shell = shell(app, member, cashflow::place(asset), None).await?;
    // The plan of the organization itself is of those who see all of it; others see those of their assets.
    let plans =
        if asset.is_some() || shell.sees_whole() { app.engine.plans(member.asker(), asset).await? } else { Vec::new() };
    let draft = match plans.iter().find(|plan| plan.confirmed_at.is_none()) {
        Some(plan) => {
            let tables = app.engine.plan_tables(member.asker(), asset, plan.id).await?;
            let tables = tables.iter().map(|table| draft_table(table, &shell.today)).collect();
            Some(Draft { plan: PlanView::of(plan, &shell.today), tables })
        }
        None => None,
    };
    let place = CashflowPlace::of(asset, &shell)?;
    let at = |month: Month, extent: Extent| {
        let reach = if extent == Extent::Alone { "&reach=alone" } else { "" };
        format!("{}/plan?month={month}{reach}", place.base)
    };
    let beside = |month: Month| (at(month, extent), named(month));
    let status = if wrong.file.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let told = wrong.problems.iter().take(MOST_TOLD);
    let html = PlanHtml {
        may_plan: shell.may_edit() && (asset.is_some() || shell.sees_whole()) && !figures.is_conceptual,
        is_conceptual: figures.is_conceptual,
        reaches: reaches(&shell, reach, |extent| at(month, extent)),
        month: named(month),
        previous: beside(month.plus(-1)),
        next: beside(month.plus(1)),
        comparisons: comparing::of(&figures, month, &shell.today),
        draft,
        held: plans.iter().find(|plan| plan.holds()).map(|plan| PlanView::of(plan, &shell.today)),
        earlier: plans
            .iter()
            .filter(|plan| plan.ended_at.is_some())
            .take(MOST_EARLIER)
            .map(|plan| PlanView::of(plan, &shell.today))
            .collect(),
        problems: told.map(|problem| (problem.line, problem.column.name(), problem.says.clone())).collect(),
        more_problems: wrong.problems.len().saturating_sub(MOST_TOLD),
        asks_decimals: wrong.asks_decimals,
        file_error: wrong.file,
        tabs: tabs(&shell, asset, CashflowPage::Plan, None),
        place,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

fn named(month: Month) -> String {
    month.first_day().strftime("%B %Y").to_string()
}

fn draft_table(table: &Table, today: &Today) -> DraftTable {
    let amount = |minor: i64| if minor == 0 { "–".to_owned() } else { today.amount(minor, table.currency) };
    let row = |name: String, flows: &[bankside_engine::Flow], total: bankside_engine::Flow| DraftRow {
        name,
        is_below: false,
        is_group: false,
        is_sum: false,
        cells: flows.iter().chain([&total]).map(|flow| amount(flow.left_minor())).collect(),
    };
    let mut rows = Vec::new();
    for group in &table.groups {
        let line = &group.line;
        let name = if line.category.is_none() { super::tables::UNMAPPED.to_owned() } else { line.name.clone() };
        rows.push(DraftRow { is_group: !group.below.is_empty(), ..row(name, &line.flows, line.total) });
        for below in &group.below {
            let is_itself = below.category == line.category;
            let name = if is_itself { super::tables::ITSELF.to_owned() } else { below.name.clone() };
            rows.push(DraftRow { is_below: true, ..row(name, &below.flows, below.total) });
        }
    }
    rows.push(DraftRow { is_sum: true, ..row("Left".to_owned(), &table.sums, table.total) });
    DraftTable {
        currency: table.currency.code.to_string(),
        months: table.months.iter().map(|month| month.first_day().strftime("%b %y").to_string()).collect(),
        rows,
    }
}

/// Takes a file for the organization.
pub(crate) async fn upload_of_organization(
    State(app): State<App>,
    member: Member,
    request: Request,
) -> Result<Response, PageError> {
    upload(&app, &member, None, request).await
}

/// Takes a file for an asset.
pub(crate) async fn upload_of_asset(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
    request: Request,
) -> Result<Response, PageError> {
    upload(&app, &member, Some(asset_id(&asset)?), request).await
}

/// Who may not is told so before the file is read.
async fn upload(app: &App, member: &Member, asset: Option<AssetId>, request: Request) -> Result<Response, PageError> {
    app.engine.may_plan(member.asker(), asset).await?;
    let sent = match Sent::of(app, request).await {
        Ok(sent) => sent,
        Err(says) => {
            let wrong = Wrong { file: Some(says), ..Wrong::default() };
            return plan_page(app, member, asset, &Asked::default(), wrong).await;
        }
    };
    let decimals = match sent.field("decimals") {
        "comma" => Some(DecimalMark::Comma),
        "point" => Some(DecimalMark::Point),
        _ => None,
    };
    let wrong = match app.engine.bring_plan(member.asker(), asset, &sent.name, &sent.bytes, decimals).await {
        Ok(PlanBrought::Draft(_)) => return Ok(to_plan(member, asset, "#draft")),
        Ok(PlanBrought::Refused(problems)) => {
            let says = "Nothing of the file was kept. These lines cannot be read:".to_owned();
            Wrong { file: Some(says), problems, ..Wrong::default() }
        }
        Err(EngineError::Invalid { field, message }) => {
            Wrong { file: Some(message), asks_decimals: field == "decimals", ..Wrong::default() }
        }
        Err(EngineError::Conflict(why)) => Wrong { file: Some(sentence(why)), ..Wrong::default() },
        Err(error) => return Err(error.into()),
    };
    plan_page(app, member, asset, &Asked::default(), wrong).await
}

fn to_plan(member: &Member, asset: Option<AssetId>, mark: &str) -> Response {
    let here = address(member.membership.organization.id, &cashflow::path(asset));
    Redirect::to(&format!("{here}/plan{mark}")).into_response()
}

/// Which plan is meant, and what is done with it.
#[derive(Deserialize)]
pub(crate) struct PlanForm {
    /// `hold`, `end` or `discard`.
    act: String,
    /// The plan that the person saw.
    #[serde(default)]
    plan: String,
}

/// Does something with a plan of the organization.
pub(crate) async fn act_of_organization(
    State(app): State<App>,
    member: Member,
    Form(form): Form<PlanForm>,
) -> Result<Response, PageError> {
    act(&app, &member, None, &form).await
}

/// Does something with a plan of an asset.
pub(crate) async fn act_of_asset(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
    Form(form): Form<PlanForm>,
) -> Result<Response, PageError> {
    act(&app, &member, Some(asset_id(&asset)?), &form).await
}

async fn act(app: &App, member: &Member, asset: Option<AssetId>, form: &PlanForm) -> Result<Response, PageError> {
    app.engine.may_plan(member.asker(), asset).await?;
    let plan: PlanId = form.plan.parse().map_err(|_| PageError::not_found())?;
    match form.act.as_str() {
        "end" => app.engine.end_plan(member.asker(), asset, plan).await?,
        "discard" => app.engine.discard_plan(member.asker(), asset, plan).await?,
        "hold" => app.engine.hold_plan(member.asker(), asset, plan).await?,
        _ => return Err(PageError::not_found()),
    }
    Ok(to_plan(member, asset, ""))
}
