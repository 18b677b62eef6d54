//! The balance check of an account.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::balance::{BalanceMoment, Proof};
use bankside_domain::difference::Verdict;
use bankside_domain::{AccountId, Code};
use bankside_engine::{BalanceCheck, EngineError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Body, Problem, id};
use crate::api::transactions::decimal;

/// One balance of the bank beside the ledger: exact decimal text.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalanceLineBody {
    /// `now`, `end_of` or `start_of` its day.
    moment: &'static str,
    day: String,
    /// When the bank stated it (RFC 3339).
    stated_at: String,
    bank: String,
    ledger: String,
    /// Bank minus ledger.
    apart: String,
}

/// A row that may be why bank and ledger part.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuspectBody {
    transaction: Option<String>,
    day: String,
    payee: Option<String>,
    /// Exact decimal text.
    amount: String,
    /// `pending`, `typed`, `taken_out`, `moved`, `held_back` or `twin`.
    grounds: &'static str,
    /// Whether it alone would explain the whole difference.
    explains: bool,
}

/// What a person has said about a difference.
#[derive(Serialize, ToSchema)]
pub(crate) struct VerdictBody {
    id: String,
    /// `accepted` or `ignored`.
    verdict: &'static str,
    /// Bank minus ledger: exact decimal text.
    by: String,
    /// The day from which they differ; absent when they have been apart from the start.
    since: Option<String>,
    person: Option<String>,
    /// RFC 3339.
    at: String,
}

/// Bank and ledger, balance by balance.
#[derive(Serialize, ToSchema)]
pub(crate) struct BalanceCheckBody {
    /// `proven`, `accepted`, `ignored`, `diverged`, `opening_differs` or `not_provable`.
    proof: &'static str,
    /// The difference that waits for a person: exact decimal text, bank minus ledger.
    open: Option<String>,
    open_minor: Option<i64>,
    /// The first day that does not fit.
    since: Option<String>,
    /// Oldest first.
    lines: Vec<BalanceLineBody>,
    suspects: Vec<SuspectBody>,
    verdicts: Vec<VerdictBody>,
    currency: String,
}

impl BalanceCheckBody {
    fn of(check: &BalanceCheck) -> Self {
        let currency = check.account.account.currency;
        let text = |minor| decimal(minor, currency);
        let (proof, since) = match check.proof {
            Proof::Proven { .. } => ("proven", None),
            Proof::Accepted { .. } => ("accepted", None),
            Proof::Ignored { since, .. } => ("ignored", since),
            Proof::Diverged { since, .. } => ("diverged", Some(since)),
            Proof::OpeningDiffers { .. } => ("opening_differs", None),
            Proof::NotProvable { .. } => ("not_provable", None),
        };
        let lines = check.lines.iter().map(|line| BalanceLineBody {
            moment: match line.stated.moment {
                BalanceMoment::Now => "now",
                BalanceMoment::EndOf(_) => "end_of",
                BalanceMoment::StartOf(_) => "start_of",
            },
            day: line.stated.day().to_string(),
            stated_at: line.stated.seen_at.to_string(),
            bank: text(line.stated.minor),
            ledger: text(line.ledger_minor),
            apart: text(line.apart_minor()),
        });
        let suspects = check.suspects.iter().map(|suspect| SuspectBody {
            transaction: suspect.row.transaction.map(|id| id.to_string()),
            day: suspect.row.day.to_string(),
            payee: suspect.row.payee.clone(),
            amount: text(suspect.row.amount_minor),
            grounds: suspect.grounds.code(),
            explains: suspect.explains,
        });
        let verdicts = check.verdicts.iter().map(|kept| VerdictBody {
            id: kept.id.to_string(),
            verdict: kept.judged.verdict.code(),
            by: text(kept.judged.by_minor),
            since: kept.judged.found.map(|(day, _)| day.to_string()),
            person: kept.person.clone(),
            at: kept.made_at.to_string(),
        });
        Self {
            proof,
            open: check.open_minor().map(text),
            open_minor: check.open_minor(),
            since: since.map(|day| day.to_string()),
            lines: lines.collect(),
            suspects: suspects.collect(),
            verdicts: verdicts.collect(),
            currency: currency.code.to_string(),
        }
    }
}

/// Bank and ledger of an account that has a bank behind it.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts/{account}/balance",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = OK, body = BalanceCheckBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn balance_check(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<Json<BalanceCheckBody>, Problem> {
    Ok(Json(BalanceCheckBody::of(&app.engine.balance_check(member.asker(), id(&account)?).await?)))
}

/// What a person says about the difference that they saw.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewVerdictBody {
    /// `accepted`: it is known from here on, and what comes later is measured from there. `ignored`: it is quiet as long as it is this one.
    verdict: String,
    /// The difference, as `open_minor` says it; of another one nothing is said.
    by_minor: i64,
}

/// Accepts or ignores a difference. The books stay as they are.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/accounts/{account}/balance/verdicts",
    params(("organization" = String, Path), ("account" = String, Path)), request_body = NewVerdictBody,
    responses((status = CREATED, body = MadeBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn judge_balance(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Body(body): Body<NewVerdictBody>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let account: AccountId = id(&account)?;
    let verdict =
        Verdict::from_code(&body.verdict).map_err(|error| EngineError::invalid("verdict", format!("{error}.")))?;
    let made = app.engine.judge_balance(member.asker(), account, verdict, body.by_minor).await?;
    Ok((StatusCode::CREATED, Json(MadeBody { id: made.to_string() })))
}

/// Takes back what was said about a difference.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/accounts/{account}/balance/verdicts/{verdict}",
    params(("organization" = String, Path), ("account" = String, Path), ("verdict" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn take_back_verdict(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account, verdict)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.take_back_verdict(member.asker(), id(&account)?, id(&verdict)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
