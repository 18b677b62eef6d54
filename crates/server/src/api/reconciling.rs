//! Reconciling an account with a statement, and locking a period of it.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::{Path, State};
use bankside_domain::AccountId;
use bankside_engine::{EngineError, Reconciled};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};
use crate::api::transactions::decimal;

/// The end of a statement.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ThroughQuery {
    /// A civil date.
    through: String,
}

/// How an account stands against a statement.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReconciliationBody {
    /// The balance that the account opened with.
    opening: String,
    /// Opening balance and every cleared row up to the day.
    cleared: String,
    cleared_minor: i64,
    /// Opening balance and what is locked already.
    reconciled: String,
    /// Typed rows up to the day that nobody has ticked.
    uncleared_count: i64,
    /// Cleared rows up to the day that are not locked yet.
    to_lock: i64,
    currency: String,
    scale: u8,
}

fn through(text: &str) -> Result<Date, EngineError> {
    text.parse().map_err(|_| EngineError::invalid("through", "A day is needed, such as 2026-11-30."))
}

/// How an account stands at the end of a day.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts/{account}/reconciliation",
    params(("organization" = String, Path), ("account" = String, Path), ThroughQuery),
    responses((status = OK, body = ReconciliationBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn stands(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Asked(asked): Asked<ThroughQuery>,
) -> Result<Json<ReconciliationBody>, Problem> {
    let account: AccountId = id(&account)?;
    let stands = app.engine.reconciliation(member.asker(), account, through(&asked.through)?).await?;
    let account = app.engine.account(member.asker(), account).await?.account;
    let text = |minor| decimal(minor, account.currency);
    Ok(Json(ReconciliationBody {
        opening: text(account.opening_minor),
        cleared: text(stands.cleared_minor),
        cleared_minor: stands.cleared_minor,
        reconciled: text(stands.reconciled_minor),
        uncleared_count: stands.uncleared,
        to_lock: stands.to_lock,
        currency: account.currency.code.to_string(),
        scale: account.currency.scale,
    }))
}

/// A statement.
#[derive(Deserialize, ToSchema)]
pub(crate) struct StatementBody {
    /// Its last day.
    through: String,
    /// Its last balance: exact decimal text.
    balance: String,
}

/// What reconciling came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReconciledBody {
    /// The batch, which can be undone; `null` where every row was locked before.
    batch: Option<String>,
    /// How many rows are locked now that were not before.
    locked: usize,
}

/// Locks what a statement confirms, if it does.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/accounts/{account}/reconciliation",
    params(("organization" = String, Path), ("account" = String, Path)), request_body = StatementBody,
    responses((status = OK, body = ReconciledBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn reconcile(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Body(body): Body<StatementBody>,
) -> Result<Json<ReconciledBody>, Problem> {
    let account: AccountId = id(&account)?;
    match app.engine.reconcile(member.asker(), account, through(&body.through)?, &body.balance).await? {
        Reconciled::Locked(batch, locked) => Ok(Json(ReconciledBody { batch: Some(batch.to_string()), locked })),
        Reconciled::AlreadyLocked => Ok(Json(ReconciledBody { batch: None, locked: 0 })),
        Reconciled::Differs(by_minor) => {
            let account = app.engine.account(member.asker(), account).await?.account;
            let by = decimal(by_minor, account.currency);
            let detail =
                format!("Statement and cleared rows are {by} {} apart; nothing was locked.", account.currency.code);
            Err(Problem::conflict("does_not_reconcile", detail))
        }
    }
}

/// Up to which day an account is locked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockBody {
    /// The last locked day; `null` takes the lock off.
    through: Option<String>,
}

/// What locking came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct LockedBody {
    /// The batch, which can be undone; `null` where it stood so already.
    batch: Option<String>,
}

/// Locks a period: up to and including that day nothing comes in, leaves or changes any more, whoever writes.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/accounts/{account}/lock",
    params(("organization" = String, Path), ("account" = String, Path)), request_body = LockBody,
    responses((status = OK, body = LockedBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn lock(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Body(body): Body<LockBody>,
) -> Result<Json<LockedBody>, Problem> {
    let through = body.through.as_deref().map(through).transpose()?;
    let batch = app.engine.lock_period(member.asker(), id(&account)?, through).await?;
    Ok(Json(LockedBody { batch: batch.map(|batch| batch.to_string()) }))
}
