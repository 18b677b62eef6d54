//! Suspicions: what waits for a person, and what they say to it.

use axum::Json;
use axum::extract::{Path, State};
use bankside_domain::row::RowIdKind;
use bankside_domain::suspicion::{HeldChoice, Suspicion};
use bankside_domain::{Code, TransactionId};
use bankside_engine::{EngineError, HeldView, Suspicions};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Body, Problem, id};
use crate::api::transactions::{BankRowBody, TransactionBody, decimal};

/// Everything that waits for a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuspicionsBody {
    /// Rows that were held back, the latest first.
    held: Vec<HeldBody>,
}

/// A row that was held back.
#[derive(Serialize, ToSchema)]
pub(crate) struct HeldBody {
    /// Names this suspicion.
    id: String,
    account: String,
    account_name: String,
    /// The run that brought it.
    run: Option<String>,
    /// When the bank showed it last (RFC 3339).
    last_seen_at: String,
    /// Why it waits, as a sentence.
    why: Option<String>,
    /// A civil date; `null` where the bank names none, or it cannot be read.
    date: Option<String>,
    /// Exact decimal text; out is negative.
    amount: Option<String>,
    currency: Option<String>,
    /// Its ids as received.
    ids: Vec<RowIdBody>,
    /// What the bank sent.
    sent: BankRowBody,
    /// The row of the books whose id it carries.
    known: Option<TransactionBody>,
    /// What may be said to it: `new_row`, `correction` (of `known`), `leave_out`.
    choices: Vec<&'static str>,
}

/// An id of a row.
#[derive(Serialize, ToSchema)]
pub(crate) struct RowIdBody {
    /// `provider`, `bank` or `reference`.
    kind: &'static str,
    value: String,
}

impl HeldBody {
    fn of(view: HeldView) -> Self {
        let read = view.bank_row.read.as_ref().ok();
        let row_id = |row_id: &bankside_domain::row::RowId| RowIdBody {
            kind: match row_id.kind {
                RowIdKind::Provider => "provider",
                RowIdKind::Bank => "bank",
                RowIdKind::Reference => "reference",
            },
            value: row_id.value.clone(),
        };
        Self {
            id: Suspicion::Held(view.held.feed_row).to_string(),
            account: view.account.id.to_string(),
            account_name: view.account.name,
            run: view.held.run.map(|run| run.to_string()),
            last_seen_at: view.held.last_seen_at.to_string(),
            why: view.bank_row.reason.as_ref().map(bankside_domain::reconcile::Reason::in_words),
            date: view.held.day.map(|day| day.to_string()),
            amount: read.map(|row| decimal(row.amount.minor, row.amount.currency)),
            currency: read.map(|row| row.amount.currency.code.to_string()),
            ids: read.map(|row| row.ids.iter().map(row_id).collect()).unwrap_or_default(),
            sent: BankRowBody::of(&view.bank_row),
            known: view.known.map(TransactionBody::of),
            choices: view.choices.into_iter().map(HeldChoice::code).collect(),
        }
    }
}

impl SuspicionsBody {
    fn of(suspicions: Suspicions) -> Self {
        Self { held: suspicions.held.into_iter().map(HeldBody::of).collect() }
    }
}

/// Everything that waits for a person.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/suspicions", params(("organization" = String, Path)),
    responses((status = OK, body = SuspicionsBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn suspicions(State(app): State<App>, member: ApiMember) -> Result<Json<SuspicionsBody>, Problem> {
    Ok(Json(SuspicionsBody::of(app.engine.suspicions(member.asker()).await?)))
}

/// What a person says to a suspicion.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DecisionBody {
    /// One of its choices.
    choice: String,
    /// With `correction`: the transaction that the bank has corrected.
    transaction: Option<String>,
}

/// What deciding came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct DecidedBody {
    /// The batch, which can be undone.
    batch: String,
}

/// Carries out what a person says to a suspicion.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/suspicions/{suspicion}/decide",
    params(("organization" = String, Path), ("suspicion" = String, Path)), request_body = DecisionBody,
    responses((status = OK, body = DecidedBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn decide(
    State(app): State<App>,
    member: ApiMember,
    Path((_, suspicion)): Path<(String, String)>,
    Body(body): Body<DecisionBody>,
) -> Result<Json<DecidedBody>, Problem> {
    let Suspicion::Held(feed_row) = id(&suspicion)?;
    let choice =
        HeldChoice::from_code(&body.choice).map_err(|_| EngineError::invalid("choice", "Choose what it is."))?;
    let corrected: Option<TransactionId> = body.transaction.as_deref().map(id).transpose()?;
    let batch = app.engine.decide_held(member.asker(), feed_row, choice, corrected).await?;
    Ok(Json(DecidedBody { batch: batch.to_string() }))
}
