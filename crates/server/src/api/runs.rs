//! Syncs and their runs.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::fault::{FaultClass, FaultRecord, UserAction};
use bankside_domain::reconcile::Reason;
use bankside_domain::{Amount, Code, Currency};
use bankside_engine::{RunLine, RunsQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Asked, Problem, id};
use crate::view::fault::{FaultView, Occasion};

/// A run.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunBody {
    id: String,
    connection: String,
    connection_name: String,
    /// `linked`, `renewed`, `person`, `schedule` or `webhook`.
    trigger: &'static str,
    /// The name of who started it, if it was a person.
    person: Option<String>,
    /// `queued`, `running` or `finished`.
    state: &'static str,
    /// `done`, `partly` or `failed`, once it is finished.
    outcome: Option<&'static str>,
    /// What went wrong with all of it.
    fault: Option<FaultBody>,
    /// Calls that it spent.
    calls: i64,
    created_at: String,
    started_at: Option<String>,
    finished_at: Option<String>,
    accounts: Vec<RunAccountBody>,
}

/// What went wrong.
#[derive(Serialize, ToSchema)]
pub(crate) struct FaultBody {
    /// `needs_user`, `needs_operator`, `retry_later`, `rate_limited`, `busy`, `partial`, `unsupported`, `gone` or `bug`.
    #[schema(value_type = String)]
    class: FaultClass,
    /// A stable code, such as `gocardless.access_expired`.
    code: String,
    message: String,
    /// What the person can do: `renew`, `visit`, `fix_credentials`, `act_at_bank` or `pay`.
    action: Option<&'static str>,
    /// Who must act, and what, as a sentence.
    who_acts: String,
    /// What happens without anybody, as a sentence.
    by_itself: String,
    /// When trying again makes sense (RFC 3339).
    retry_at: Option<String>,
    /// What to tell the provider's support.
    reference: Option<String>,
}

impl FaultBody {
    pub(crate) fn of(fault: &FaultRecord, occasion: Occasion) -> Self {
        let view = FaultView::without_clock(fault, occasion);
        Self {
            class: fault.class,
            code: fault.code.clone(),
            message: fault.message.clone(),
            action: fault.action.as_ref().map(|action| match action {
                UserAction::Renew => "renew",
                UserAction::Visit(_) => "visit",
                UserAction::FixCredentials => "fix_credentials",
                UserAction::ActAtBank(_) => "act_at_bank",
                UserAction::Pay(_) => "pay",
            }),
            who_acts: view.who,
            by_itself: view.by_itself,
            retry_at: fault.retry_at.map(|at| at.to_string()),
            reference: fault.reference.clone(),
        }
    }
}

/// One account of a run.
#[derive(Serialize, ToSchema)]
pub(crate) struct RunAccountBody {
    account: String,
    account_name: String,
    bank_account: String,
    /// `waiting`, `rows`, `balance`, `match`, `done` or `failed`.
    step: &'static str,
    /// The first day that was asked for.
    asked_from: Option<String>,
    /// The first day of the rows that came.
    served_from: Option<String>,
    /// The last day of the rows that came.
    served_to: Option<String>,
    rows_received: i64,
    /// How many of them came exactly as before.
    rows_seen_again: i64,
    added: i64,
    matched: i64,
    settled: i64,
    updated: i64,
    vanished: i64,
    held_back: i64,
    /// The batch that can be undone, if the books changed.
    batch: Option<String>,
    fault: Option<FaultBody>,
}

impl From<RunLine> for RunBody {
    fn from(line: RunLine) -> Self {
        let accounts = line.accounts.iter().map(|account| {
            let counts = account.counts.unwrap_or_default();
            RunAccountBody {
                account: account.account.to_string(),
                account_name: account.account_name.clone(),
                bank_account: account.bank_account.to_string(),
                step: account.step.code(),
                asked_from: account.asked_from.map(|day| day.to_string()),
                served_from: account.served.map(|days| days.0.to_string()),
                served_to: account.served.map(|days| days.1.to_string()),
                rows_received: account.rows_received,
                rows_seen_again: account.rows_seen_again,
                added: counts.added,
                matched: counts.matched,
                settled: counts.settled,
                updated: counts.updated,
                vanished: counts.vanished,
                held_back: counts.held_back,
                batch: account.batch.map(|batch| batch.to_string()),
                fault: account.fault.as_ref().map(|fault| FaultBody::of(fault, Occasion::Sync)),
            }
        });
        Self {
            id: line.run.id.to_string(),
            connection: line.run.connection.to_string(),
            connection_name: line.run.connection_name,
            trigger: line.run.trigger.code(),
            person: line.run.person,
            state: line.run.state.code(),
            outcome: line.run.outcome.map(Code::code),
            fault: line.run.fault.as_ref().map(|fault| FaultBody::of(fault, Occasion::Sync)),
            calls: line.run.calls,
            created_at: line.run.created_at.to_string(),
            started_at: line.run.started_at.map(|at| at.to_string()),
            finished_at: line.run.finished_at.map(|at| at.to_string()),
            accounts: accounts.collect(),
        }
    }
}

/// Asks for a sync of everything; answers with the runs.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/sync", params(("organization" = String, Path)),
    responses((status = ACCEPTED, body = [MadeBody])))]
pub(crate) async fn sync_all(
    State(app): State<App>,
    member: ApiMember,
) -> Result<(StatusCode, Json<Vec<MadeBody>>), Problem> {
    let runs = app.engine.sync_all(member.asker()).await?;
    Ok((StatusCode::ACCEPTED, Json(runs.into_iter().map(|run| MadeBody { id: run.to_string() }).collect())))
}

/// Asks for a sync of one connection; answers with the run. One that waits or goes on already is the answer.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/connections/{connection}/sync",
    params(("organization" = String, Path), ("connection" = String, Path)),
    responses((status = ACCEPTED, body = MadeBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn sync_connection(
    State(app): State<App>,
    member: ApiMember,
    Path((_, connection)): Path<(String, String)>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let run = app.engine.sync_connection(member.asker(), id(&connection)?).await?;
    Ok((StatusCode::ACCEPTED, Json(MadeBody { id: run.to_string() })))
}

/// Which runs.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RunsParams {
    /// Of one connection only.
    connection: Option<String>,
    /// How many to pass over.
    offset: Option<i64>,
    /// How many to read, at most 500; 50 if not said.
    limit: Option<i64>,
}

/// The runs, newest first.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/runs",
    params(("organization" = String, Path), RunsParams), responses((status = OK, body = [RunBody])))]
pub(crate) async fn latest(
    State(app): State<App>,
    member: ApiMember,
    Asked(asked): Asked<RunsParams>,
) -> Result<Json<Vec<RunBody>>, Problem> {
    let query = RunsQuery {
        connection: asked.connection.as_deref().map(id).transpose()?,
        offset: asked.offset.unwrap_or(0),
        limit: asked.limit.unwrap_or(50),
    };
    let runs = app.engine.runs(member.asker(), &query).await?;
    Ok(Json(runs.into_iter().map(RunBody::from).collect()))
}

/// Which rows of a run.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RowsParams {
    /// Of one bank account only.
    bank_account: Option<String>,
    /// How many to pass over.
    offset: Option<i64>,
    /// How many to read, at most 500; 200 if not said.
    limit: Option<i64>,
}

/// A row that a run brought for the first time.
#[derive(Serialize, ToSchema)]
pub(crate) struct BroughtBody {
    bank_account: String,
    /// `booked`, `pending`, `scheduled` or `declined`.
    status: &'static str,
    day: Option<String>,
    /// Exact decimal text; absent when it could not be read.
    amount: Option<String>,
    currency: Option<String>,
    payee: Option<String>,
    /// The transaction that it is, if it stands in the books.
    transaction: Option<String>,
    /// `new`, `known`, `settled`, `matched`, `came_back`, `left_out` or `held_back`; absent while nothing is decided.
    outcome: Option<&'static str>,
    /// Why, in words.
    why: Option<String>,
}

/// The rows that a run brought for the first time, newest first, with what became of each and why.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/runs/{run}/rows",
    params(("organization" = String, Path), ("run" = String, Path), RowsParams),
    responses((status = OK, body = [BroughtBody]), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn rows(
    State(app): State<App>,
    member: ApiMember,
    Path((_, run)): Path<(String, String)>,
    Asked(asked): Asked<RowsParams>,
) -> Result<Json<Vec<BroughtBody>>, Problem> {
    let run = id(&run)?;
    app.engine.run(member.asker(), run).await?;
    let bank_account = asked.bank_account.as_deref().map(id).transpose()?;
    let (offset, limit) = (asked.offset.unwrap_or(0), asked.limit.unwrap_or(200));
    let rows = app.engine.run_rows(member.asker(), run, bank_account, offset, limit).await?;
    let bodies = rows.into_iter().map(|row| {
        let amount = row.amount_minor.zip(row.currency).map(|(minor, code)| {
            let currency = Currency::iso(code.as_str()).unwrap_or(Currency { code, scale: 2 });
            Amount::new(minor, currency).to_decimal_text()
        });
        BroughtBody {
            bank_account: row.bank_account.to_string(),
            status: row.status.code(),
            day: row.day.map(|day| day.to_string()),
            amount,
            currency: row.currency.map(|code| code.to_string()),
            payee: row.payee,
            transaction: row.transaction.map(|transaction| transaction.to_string()),
            outcome: row.reason.as_ref().map(|reason| reason.outcome().code()),
            why: row.reason.as_ref().map(Reason::in_words),
        }
    });
    Ok(Json(bodies.collect()))
}

/// One run.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/runs/{run}",
    params(("organization" = String, Path), ("run" = String, Path)),
    responses((status = OK, body = RunBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn run(
    State(app): State<App>,
    member: ApiMember,
    Path((_, run)): Path<(String, String)>,
) -> Result<Json<RunBody>, Problem> {
    let view = app.engine.run(member.asker(), id(&run)?).await?;
    let accounts = view.accounts.into_iter().map(|account| account.run).collect();
    Ok(Json(RunLine { run: view.run, accounts }.into()))
}
