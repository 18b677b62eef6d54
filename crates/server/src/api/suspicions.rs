//! Suspicions: what waits for a person, and what they say to it.

use axum::Json;
use axum::extract::{Path, State};
use bankside_domain::merge::Chosen;
use bankside_domain::row::RowIdKind;
use bankside_domain::suspicion::{HeldChoice, Suspicion};
use bankside_domain::{Code, TransactionId};
use bankside_engine::{EngineError, HeldView, PairDecision, PairView, Suspicions, VanishedRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Body, Problem, id};
use crate::api::transactions::{BankRowBody, TransactionBody, decimal};
use crate::api::transfers::ProposedTransferBody;

/// Everything that waits for a person.
#[derive(Serialize, ToSchema)]
pub(crate) struct SuspicionsBody {
    /// Rows that were held back, the latest first.
    held: Vec<HeldBody>,
    /// Rows of the books that may be one, the latest first.
    pairs: Vec<PairBody>,
    /// Rows of the books that look like a transfer between own accounts, the best first.
    transfers: Vec<ProposedTransferBody>,
    /// Pending rows that banks stopped showing in the last 90 days: there is nothing to decide.
    vanished: Vec<VanishedBody>,
}

/// Two rows that may be one.
#[derive(Serialize, ToSchema)]
pub(crate) struct PairBody {
    /// Names this suspicion.
    id: String,
    /// `twins`, or `settlement`: a pending row that may have been booked with another amount.
    kind: &'static str,
    /// The row that would stay.
    stays: TransactionBody,
    /// The row that would go.
    goes: TransactionBody,
    /// Whether that one has left the books already: a pending row that its bank stopped showing, with something on it that a person wrote.
    is_gone: bool,
    /// Whose values would hold.
    proposed: ProposedBody,
    /// What may be said to it: `same`, `different`.
    choices: [&'static str; 2],
}

/// Whose values would hold: `stays` or `goes`, field by field.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProposedBody {
    date: &'static str,
    payee: &'static str,
    note: &'static str,
    category: &'static str,
}

/// A pending row that a bank stopped showing, as it last stood in the books.
#[derive(Serialize, ToSchema)]
pub(crate) struct VanishedBody {
    account: String,
    account_name: String,
    /// A civil date.
    date: String,
    payee: Option<String>,
    note: Option<String>,
    /// Exact decimal text; out is negative.
    amount: String,
    currency: String,
    /// When the bank showed it last (RFC 3339).
    last_seen_at: String,
    /// When it left the books (RFC 3339).
    vanished_at: String,
}

impl PairBody {
    fn of(view: PairView) -> Self {
        let proposed = view.proposed;
        Self {
            id: Suspicion::Pair(view.pair.first, view.pair.second).to_string(),
            kind: view.pair.kind.code(),
            stays: TransactionBody::of(view.stays.row),
            is_gone: view.goes.is_gone,
            goes: TransactionBody::of(view.goes.row),
            proposed: ProposedBody {
                date: proposed.date.code(),
                payee: proposed.payee.code(),
                note: proposed.note.code(),
                category: proposed.category.code(),
            },
            choices: ["same", "different"],
        }
    }
}

impl VanishedBody {
    fn of(row: VanishedRow) -> Self {
        Self {
            account: row.account.to_string(),
            account_name: row.account_name,
            date: row.dated_on.to_string(),
            payee: row.payee,
            note: row.note,
            amount: decimal(row.amount_minor, row.currency),
            currency: row.currency.code.to_string(),
            last_seen_at: row.last_seen_at.to_string(),
            vanished_at: row.vanished_at.to_string(),
        }
    }
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
        Self {
            held: suspicions.held.into_iter().map(HeldBody::of).collect(),
            pairs: suspicions.pairs.into_iter().map(PairBody::of).collect(),
            transfers: suspicions.transfers.into_iter().map(ProposedTransferBody::of).collect(),
            vanished: suspicions.vanished.into_iter().map(VanishedBody::of).collect(),
        }
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
    /// With `same`: whose values hold.
    #[serde(default)]
    keep: KeepBody,
}

/// Whose values hold, each the id of one of the two rows; what is left out is as proposed.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct KeepBody {
    date: Option<String>,
    payee: Option<String>,
    note: Option<String>,
    /// Where one of the two is split, all lines.
    category: Option<String>,
}

impl KeepBody {
    fn chosen(&self) -> Result<Chosen, Problem> {
        let of = |text: &Option<String>| text.as_deref().map(id).transpose();
        Ok(Chosen {
            date: of(&self.date)?,
            payee: of(&self.payee)?,
            note: of(&self.note)?,
            category: of(&self.category)?,
        })
    }
}

/// What deciding came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct DecidedBody {
    /// The batch, which can be undone; `null` where the books stay as they are.
    batch: Option<String>,
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
    let unknown = || EngineError::invalid("choice", "Choose what it is.");
    let batch = match id(&suspicion)? {
        Suspicion::Held(feed_row) => {
            let choice = HeldChoice::from_code(&body.choice).map_err(|_| unknown())?;
            let corrected: Option<TransactionId> = body.transaction.as_deref().map(id).transpose()?;
            Some(app.engine.decide_held(member.asker(), feed_row, choice, corrected).await?)
        }
        Suspicion::Pair(first, second) => {
            let decision = match body.choice.as_str() {
                "same" => PairDecision::Same(body.keep.chosen()?),
                "different" => PairDecision::Different,
                _ => return Err(unknown().into()),
            };
            app.engine.decide_pair(member.asker(), (first, second), decision).await?
        }
        Suspicion::Transfer(out, into) => Some(match body.choice.as_str() {
            "link" => app.engine.link_transfer(member.asker(), out, into).await?,
            "no_transfer" => app.engine.reject_transfer(member.asker(), out, into).await?,
            _ => return Err(unknown().into()),
        }),
    };
    Ok(Json(DecidedBody { batch: batch.map(|batch| batch.to_string()) }))
}
