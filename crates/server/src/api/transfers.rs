//! Transfers between own accounts: linked, taken apart, and looked for.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::{Path, State};
use bankside_domain::amount::Amount;
use bankside_domain::transfer::Transit;
use bankside_domain::{Code, TransactionId};
use bankside_engine::{Candidate, ProposedTransfer, TransferMark, TransferView};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};
use crate::api::transactions::{TransactionBody, decimal};

/// What a row is of a transfer between own accounts.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransferMarkBody {
    /// `linked`; or, where its bank names an own account as its other side and no row of that is linked: `in_transit`, `missing` where
    /// it should have come by now, `before_the_books` where the other account's books begin later.
    state: &'static str,
    /// The other account; `null` where it is out of sight.
    account: Option<String>,
    account_name: Option<String>,
    /// The other row, where it is linked and in sight.
    transaction: Option<String>,
}

impl TransferMarkBody {
    pub(crate) fn of(mark: &TransferMark) -> Self {
        match mark {
            TransferMark::Linked(other) => Self {
                state: "linked",
                account: other.as_ref().map(|other| other.account.to_string()),
                account_name: other.as_ref().map(|other| other.account_name.clone()),
                transaction: other.as_ref().map(|other| other.transaction.to_string()),
            },
            TransferMark::InTransit { account, account_name, transit } => Self {
                state: match transit {
                    Transit::OnItsWay => "in_transit",
                    Transit::Missing => "missing",
                    Transit::BeforeTheBooks => "before_the_books",
                },
                account: Some(account.to_string()),
                account_name: Some(account_name.clone()),
                transaction: None,
            },
        }
    }
}

/// The transfer that a transaction is part of.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransferBody {
    /// The other row.
    other: TransactionBody,
    /// `rows` where what they say linked them, or `person`.
    linked_by: &'static str,
    /// Who, where that was a person.
    who: Option<String>,
    /// When (RFC 3339).
    at: String,
    /// The batch that linked them.
    batch: String,
    /// Why they are one transfer, each ground as a sentence.
    why: Vec<String>,
    /// What was lost on the way, which is spending: exact decimal text, zero or less. Zero, too, where it is not known: between two
    /// currencies a row has to state the amount.
    fee: String,
    fee_minor: i64,
    /// The currency of the fee, and how many digits its amounts have after the point: in an exchange either row's may be the one.
    fee_currency: String,
    fee_scale: u8,
}

impl TransferBody {
    pub(crate) fn of(view: TransferView) -> Self {
        let fee = view.fee.unwrap_or(Amount::new(0, view.other.currency));
        Self {
            linked_by: view.stored.link.by.code(),
            who: view.stored.person,
            at: view.stored.linked_at.to_string(),
            batch: view.stored.batch.to_string(),
            why: view.why,
            fee: decimal(fee.minor, fee.currency),
            fee_minor: fee.minor,
            fee_currency: fee.currency.code.to_string(),
            fee_scale: fee.currency.scale,
            other: TransactionBody::of(view.other),
        }
    }
}

/// Two rows that look like a transfer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProposedTransferBody {
    /// Names this suspicion.
    id: String,
    /// The row that money left by.
    out: TransactionBody,
    /// The row that it came in by.
    into: TransactionBody,
    /// Why, each ground as a sentence.
    why: Vec<String>,
    /// Whether other rows fit equally well.
    is_one_of_several: bool,
    /// What may be said to it: `link`, `no_transfer`.
    choices: [&'static str; 2],
}

impl ProposedTransferBody {
    pub(crate) fn of(proposed: ProposedTransfer) -> Self {
        Self {
            id: bankside_domain::suspicion::Suspicion::Transfer(proposed.out.id, proposed.into.id).to_string(),
            out: TransactionBody::of(proposed.out),
            into: TransactionBody::of(proposed.into),
            why: proposed.why,
            is_one_of_several: proposed.is_one_of_several,
            choices: ["link", "no_transfer"],
        }
    }
}

/// Which rows to offer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CandidatesQuery {
    /// A text of payee, note or the account's name; without one rows are offered that are at most a month away.
    #[serde(default)]
    q: String,
}

/// Rows that may be the other side.
#[derive(Serialize, ToSchema)]
pub(crate) struct CandidatesBody {
    /// At most twenty, those for which most speaks first.
    candidates: Vec<CandidateBody>,
}

/// A row that may be the other side.
#[derive(Serialize, ToSchema)]
pub(crate) struct CandidateBody {
    transaction: TransactionBody,
    /// What speaks for it, each ground as a sentence; empty where a person alone can say.
    why: Vec<String>,
}

impl CandidateBody {
    fn of(candidate: Candidate) -> Self {
        Self { transaction: TransactionBody::of(candidate.row), why: candidate.why }
    }
}

/// Rows that may be the other side of a transaction: of other accounts, the other way, and part of no transfer.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/transactions/{transaction}/transfer/candidates",
    params(("organization" = String, Path), ("transaction" = String, Path), CandidatesQuery),
    responses((status = OK, body = CandidatesBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn candidates(
    State(app): State<App>,
    member: ApiMember,
    Path((_, transaction)): Path<(String, String)>,
    Asked(query): Asked<CandidatesQuery>,
) -> Result<Json<CandidatesBody>, Problem> {
    let found = app.engine.transfer_candidates(member.asker(), id(&transaction)?, &query.q).await?;
    Ok(Json(CandidatesBody { candidates: found.into_iter().map(CandidateBody::of).collect() }))
}

/// The other side.
#[derive(Deserialize, ToSchema)]
pub(crate) struct OtherSideBody {
    /// The id of the other transaction.
    other: String,
}

/// What linking or taking apart came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct LinkedBody {
    /// The batch, which can be undone.
    batch: String,
}

/// Makes a transfer of two transactions.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/transactions/{transaction}/transfer",
    params(("organization" = String, Path), ("transaction" = String, Path)), request_body = OtherSideBody,
    responses((status = OK, body = LinkedBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn link_transfer(
    State(app): State<App>,
    member: ApiMember,
    Path((_, transaction)): Path<(String, String)>,
    Body(body): Body<OtherSideBody>,
) -> Result<Json<LinkedBody>, Problem> {
    let other: TransactionId = id(&body.other)?;
    let batch = app.engine.link_transfer(member.asker(), id(&transaction)?, other).await?;
    Ok(Json(LinkedBody { batch: batch.to_string() }))
}

/// Takes a transfer apart. Both rows stay as they are, and nobody is asked about the two again.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/transactions/{transaction}/transfer",
    params(("organization" = String, Path), ("transaction" = String, Path)),
    responses((status = OK, body = LinkedBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem)))]
pub(crate) async fn break_transfer(
    State(app): State<App>,
    member: ApiMember,
    Path((_, transaction)): Path<(String, String)>,
) -> Result<Json<LinkedBody>, Problem> {
    let batch = app.engine.break_transfer(member.asker(), id(&transaction)?).await?;
    Ok(Json(LinkedBody { batch: batch.to_string() }))
}

/// What looking through all of the books came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct LookedThroughBody {
    /// How many transfers were linked.
    linked: usize,
    /// The batch that linked them, which can be undone; `null` where there was nothing to link.
    batch: Option<String>,
}

/// Looks through all of the books and links what is a transfer without a doubt.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/transfers/find", params(("organization" = String, Path)),
    responses((status = OK, body = LookedThroughBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn find_transfers(
    State(app): State<App>,
    member: ApiMember,
) -> Result<Json<LookedThroughBody>, Problem> {
    let found = app.engine.find_past_transfers(member.asker()).await?;
    Ok(Json(LookedThroughBody { linked: found.linked, batch: found.batch.map(|batch| batch.to_string()) }))
}
