//! The feed of an account: what it does with what the bank sends.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::account::PendingPolicy;
use bankside_domain::{AccountId, Code};
use bankside_engine::{EngineError, FeedChange, FeedEffect, FeedView};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Body, Problem, id};
use crate::api::transactions::decimal;

/// How the bank's balance, less the rows, comes to an opening balance: exact decimal text.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpeningSumBody {
    bank: String,
    rows: String,
    opening: String,
}

/// The feed of an account.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeedBody {
    connection: String,
    bank: String,
    bank_account: String,
    bank_account_name: String,
    /// `booked_only`, `shown` or `counted`.
    pending_policy: &'static str,
    /// Whether the bank's signs are turned round.
    flips_sign: bool,
    /// The bank's balance as last stated, as it is booked: exact decimal text.
    stated: Option<String>,
    /// How that balance comes to an opening balance, once rows are there.
    opening_sum: Option<OpeningSumBody>,
    /// The opening balance of the account: exact decimal text.
    opening: String,
    currency: String,
    /// Whether a person has said that the sign and the opening balance are right.
    is_confirmed: bool,
}

impl FeedBody {
    fn of(view: &FeedView) -> Self {
        let ledger = &view.account.account;
        let text = |minor| decimal(minor, ledger.currency);
        Self {
            connection: view.connection.id.to_string(),
            bank: view.connection.institution_name.clone(),
            bank_account: view.bank_account.id.to_string(),
            bank_account_name: view.bank_account.name.clone(),
            pending_policy: ledger.pending_policy.code(),
            flips_sign: view.bank_account.flips_sign,
            stated: view.bank.as_ref().map(|bank| text(bank.stated.minor)),
            opening_sum: view.opening.map(|sum| OpeningSumBody {
                bank: text(sum.bank_minor),
                rows: text(sum.rows_minor),
                opening: text(sum.opening_minor),
            }),
            opening: text(ledger.opening_minor),
            currency: ledger.currency.code.to_string(),
            is_confirmed: view.is_confirmed,
        }
    }
}

/// What to change of a feed: one thing at a time.
#[derive(Deserialize, ToSchema)]
pub(crate) struct FeedChangeBody {
    /// `booked_only`, `shown` or `counted`.
    pending_policy: Option<String>,
    /// Whether the bank's signs are turned round. It is the whole history that turns, or nothing: `409` with `sign_stays` where a row
    /// is reconciled or lies in a locked period.
    flips_sign: Option<bool>,
}

impl FeedChangeBody {
    fn read(&self) -> Result<FeedChange, EngineError> {
        let policy = self.pending_policy.as_deref().map(PendingPolicy::from_code).transpose();
        let policy = policy.map_err(|error| EngineError::invalid("pending_policy", format!("{error}.")))?;
        match (policy, self.flips_sign) {
            (Some(policy), None) => Ok(FeedChange::Pending(policy)),
            (None, Some(flips_sign)) => Ok(FeedChange::Sign { flips_sign }),
            (None, None) => Err(EngineError::invalid("pending_policy", "Say what is to change.")),
            (Some(_), Some(_)) => Err(EngineError::invalid("flips_sign", "Change one thing at a time.")),
        }
    }
}

/// What a change of a feed did, or would do.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeedEffectBody {
    /// The batch, which can be undone; `null` of a preview, and where nothing differs.
    batch: Option<String>,
    /// How many rows come into the books.
    rows_in: usize,
    /// How many rows leave them, and keep what people wrote on them.
    rows_out: usize,
    /// How many rows change their sign.
    rows_turned: usize,
    /// Exact decimal text.
    balance_before: String,
    /// Exact decimal text.
    balance_after: String,
    /// Exact decimal text.
    opening_before: String,
    /// Exact decimal text.
    opening_after: String,
}

impl FeedEffectBody {
    fn of(effect: &FeedEffect) -> Self {
        Self {
            batch: effect.batch.map(|batch| batch.to_string()),
            rows_in: effect.rows_in,
            rows_out: effect.rows_out,
            rows_turned: effect.rows_turned,
            balance_before: decimal(effect.before.balance_minor(), effect.before.currency),
            balance_after: decimal(effect.after.balance_minor(), effect.after.currency),
            opening_before: decimal(effect.before.opening_minor, effect.before.currency),
            opening_after: decimal(effect.after.opening_minor, effect.after.currency),
        }
    }
}

/// The feed of an account that has a bank behind it.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts/{account}/feed",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = OK, body = FeedBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn feed(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<Json<FeedBody>, Problem> {
    Ok(Json(FeedBody::of(&app.engine.feed(member.asker(), id(&account)?).await?)))
}

/// Changes a feed: for every sync to come and for the rows that are here, as one batch that can be undone.
#[utoipa::path(patch, path = "/api/v1/organizations/{organization}/accounts/{account}/feed",
    params(("organization" = String, Path), ("account" = String, Path)), request_body = FeedChangeBody,
    responses((status = OK, body = FeedEffectBody), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn change_feed(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Body(body): Body<FeedChangeBody>,
) -> Result<Json<FeedEffectBody>, Problem> {
    let account: AccountId = id(&account)?;
    let effect = app.engine.change_feed(member.asker(), account, body.read()?).await?;
    Ok(Json(FeedEffectBody::of(&effect)))
}

/// What a change of a feed would do. Nothing is written.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/accounts/{account}/feed/preview",
    params(("organization" = String, Path), ("account" = String, Path)), request_body = FeedChangeBody,
    responses((status = OK, body = FeedEffectBody), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn preview_feed(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Body(body): Body<FeedChangeBody>,
) -> Result<Json<FeedEffectBody>, Problem> {
    let account: AccountId = id(&account)?;
    let effect = app.engine.preview_feed(member.asker(), account, body.read()?).await?;
    Ok(Json(FeedEffectBody::of(&effect)))
}

/// That the sign and the opening balance of a feed are right.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ConfirmationBody {
    /// The sign that was looked at: whether the bank's signs are turned round.
    flips_sign: bool,
}

/// Keeps that a person has looked at how the bank's amounts are booked, and found it right. Who finds it wrong turns the sign instead, which
/// confirms it as well. `409` where the sign is another one by now.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/accounts/{account}/feed/confirmation",
    params(("organization" = String, Path), ("account" = String, Path)), request_body = ConfirmationBody,
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem)))]
pub(crate) async fn confirm_feed(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Body(body): Body<ConfirmationBody>,
) -> Result<StatusCode, Problem> {
    app.engine.confirm_feed(member.asker(), id(&account)?, body.flips_sign).await?;
    Ok(StatusCode::NO_CONTENT)
}
