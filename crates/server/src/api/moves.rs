//! Moving the feed of an account to another connection.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::{AccountId, Code, Currency};
use bankside_engine::{
    Comparison, EngineError, FeedEnd, MoveCandidate, MoveDecision, MoveOffer, MovePage, MoveRow, MoveView, OneSided,
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};
use crate::api::transactions::decimal;

/// A bank account, as a connection shows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct FeedEndBody {
    connection: String,
    /// The name of the connection.
    connection_name: String,
    bank: String,
    bank_account: String,
    name: String,
    holder: Option<String>,
    masked_number: Option<String>,
    /// Its balance as last stated, as it is booked: exact decimal text.
    balance: Option<String>,
}

impl FeedEndBody {
    fn of(end: &FeedEnd, currency: Currency) -> Self {
        Self {
            connection: end.connection.id.to_string(),
            connection_name: end.connection.name.clone(),
            bank: end.connection.institution_name.clone(),
            bank_account: end.bank_account.id.to_string(),
            name: end.bank_account.name.clone(),
            holder: end.bank_account.holder.clone(),
            masked_number: end.bank_account.masked_number.clone(),
            balance: end.balance.as_ref().map(|balance| decimal(balance.stated.minor, currency)),
        }
    }
}

/// A bank account that may feed the account from now on.
#[derive(Serialize, ToSchema)]
pub(crate) struct MoveCandidateBody {
    #[serde(flatten)]
    end: FeedEndBody,
    /// What speaks for it: `same`, `similar`, `same_bank` or `other`.
    likeness: &'static str,
    /// The same in words.
    reason: &'static str,
    /// What keeps it from feeding the account: `feeds_another`, `has_rows` or `side_by_side`.
    obstacle: Option<&'static str>,
    /// Whether it is the one that is suggested.
    is_suggested: bool,
}

impl MoveCandidateBody {
    fn of(candidate: &MoveCandidate, currency: Currency) -> Self {
        Self {
            end: FeedEndBody::of(&candidate.end, currency),
            likeness: candidate.likeness.code(),
            reason: candidate.likeness.in_words(),
            obstacle: candidate.obstacle.map(Code::code),
            is_suggested: candidate.is_suggested,
        }
    }
}

/// What moving the feed of an account offers.
#[derive(Serialize, ToSchema)]
pub(crate) struct MoveOfferBody {
    /// What feeds it now.
    from: FeedEndBody,
    /// What may feed it from now on, the likeliest first.
    candidates: Vec<MoveCandidateBody>,
}

/// A row that only one side has.
#[derive(Serialize, ToSchema)]
pub(crate) struct MoveRowBody {
    dated_on: String,
    payee: Option<String>,
    note: Option<String>,
    /// Exact decimal text.
    amount: String,
    /// `booked` or `pending`.
    status: &'static str,
}

impl MoveRowBody {
    fn of(row: &MoveRow, currency: Currency) -> Self {
        Self {
            dated_on: row.dated_on.to_string(),
            payee: row.payee.clone(),
            note: row.note.clone(),
            amount: decimal(row.minor, currency),
            status: row.status.code(),
        }
    }
}

/// Rows that only one side has.
#[derive(Serialize, ToSchema)]
pub(crate) struct OneSidedBody {
    /// How many there are.
    total: usize,
    /// The latest of them, the latest first.
    rows: Vec<MoveRowBody>,
}

impl OneSidedBody {
    fn of(side: &OneSided, currency: Currency) -> Self {
        Self { total: side.total, rows: side.rows.iter().map(|row| MoveRowBody::of(row, currency)).collect() }
    }
}

/// What the first sync does, should the new feed take over on the day.
#[derive(Serialize, ToSchema)]
pub(crate) struct FirstSyncBody {
    /// Rows that come in.
    added: i64,
    /// Rows that meet one that somebody typed.
    matched: i64,
    /// Pending rows that are booked.
    settled: i64,
    /// Rows that are known already.
    known: i64,
    /// Rows that are held back for a person.
    held_back: i64,
    /// Pending rows that leave the books.
    vanished: i64,
    /// By how much the sum of the booked rows moves: exact decimal text.
    booked: String,
    /// By how much the opening balance moves: exact decimal text.
    opening: String,
    /// The rows that come in, the latest first.
    rows: Vec<MoveRowBody>,
}

/// What the new feed shows beside the books.
#[derive(Serialize, ToSchema)]
pub(crate) struct ComparisonBody {
    /// The first day that both cover.
    from: String,
    /// How many rows both have.
    same: usize,
    only_there: OneSidedBody,
    only_here: OneSidedBody,
    /// By how many days most of the common rows are dated later in the new feed.
    shifted_days: Option<i64>,
    /// Whether the rows fit once the signs are turned round, and do not as they are. Such a feed cannot take over.
    signs_look_turned: bool,
    /// Whether the answer has everything that was asked for.
    is_whole: bool,
    /// The balance that the new feed states, as it would be booked: exact decimal text.
    balance: Option<String>,
    /// The first day on which it can take over.
    earliest: String,
    /// The last.
    latest: String,
    /// The one that is suggested.
    suggested: String,
    /// The one that was looked at.
    cut_over: String,
    first_sync: FirstSyncBody,
    /// The revision of the account that was looked at; whoever commits says it.
    revision: i64,
}

impl ComparisonBody {
    fn of(comparison: &Comparison) -> Self {
        let currency = comparison.currency;
        let (first, counts) = (&comparison.first_sync, comparison.first_sync.counts);
        Self {
            from: comparison.from.to_string(),
            same: comparison.same,
            only_there: OneSidedBody::of(&comparison.only_there, currency),
            only_here: OneSidedBody::of(&comparison.only_here, currency),
            shifted_days: comparison.shifted_days,
            signs_look_turned: comparison.signs_look_turned,
            is_whole: comparison.is_whole,
            balance: comparison.balance.as_ref().map(|balance| decimal(balance.stated.minor, currency)),
            earliest: comparison.days.earliest.to_string(),
            latest: comparison.days.latest.to_string(),
            suggested: comparison.days.suggested.to_string(),
            cut_over: comparison.cut_over.to_string(),
            first_sync: FirstSyncBody {
                added: counts.added,
                matched: counts.matched,
                settled: counts.settled,
                known: counts.updated + counts.left_alone,
                held_back: counts.held_back,
                vanished: counts.vanished,
                booked: decimal(first.booked_minor, currency),
                opening: decimal(first.opening_minor, currency),
                rows: first.added.iter().map(|entry| MoveRowBody::of(&MoveRow::of(entry), currency)).collect(),
            },
            revision: comparison.revision,
        }
    }
}

/// The open move of an account's feed.
#[derive(Serialize, ToSchema)]
pub(crate) struct MoveBody {
    id: String,
    /// `fetching`, `failed`, `blocked` or `ready`.
    stage: &'static str,
    from: FeedEndBody,
    to: FeedEndBody,
    /// How many rows have come while it is being fetched.
    rows: Option<i64>,
    /// The code of what went wrong, or why it cannot take over as things stand.
    problem: Option<String>,
    /// The same as a sentence.
    says: Option<String>,
    comparison: Option<ComparisonBody>,
}

impl MoveBody {
    fn of(view: &MoveView) -> Self {
        let currency = view.account.account.currency;
        let body = Self {
            id: view.id.to_string(),
            stage: "ready",
            from: FeedEndBody::of(&view.from, currency),
            to: FeedEndBody::of(&view.to, currency),
            rows: None,
            problem: None,
            says: None,
            comparison: None,
        };
        match &view.page {
            MovePage::Fetching { rows } => Self { stage: "fetching", rows: Some(*rows), ..body },
            MovePage::Failed { fault } => {
                Self { stage: "failed", problem: Some(fault.code.clone()), says: Some(fault.message.clone()), ..body }
            }
            MovePage::Blocked { why } => Self {
                stage: "blocked",
                problem: Some("conflict".to_owned()),
                says: Some(crate::error::sentence(why)),
                ..body
            },
            MovePage::Ready(comparison) => Self { comparison: Some(ComparisonBody::of(comparison)), ..body },
        }
    }
}

/// Which day to look at.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct LookedAt {
    /// The first day that comes from the new feed; the one that is suggested if none is named.
    cut_over: Option<String>,
}

/// What is to feed the account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BeginMoveBody {
    /// The connection.
    connection: String,
    /// The bank account that it shows.
    bank_account: String,
}

/// What somebody has decided, by what they looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommitMoveBody {
    /// The move.
    id: String,
    /// The first day that comes from the new feed.
    cut_over: String,
    /// The revision of the account that the comparison named.
    revision: i64,
}

fn day(text: &str) -> Result<Date, EngineError> {
    text.parse().map_err(|_| EngineError::invalid("cut_over", "A day is needed, such as 2026-11-20."))
}

/// What may feed an account that a bank feeds, from now on.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts/{account}/move/candidates",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = OK, body = MoveOfferBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn move_candidates(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<Json<MoveOfferBody>, Problem> {
    let MoveOffer { account, from, candidates } = app.engine.move_offer(member.asker(), id(&account)?).await?;
    let currency = account.account.currency;
    Ok(Json(MoveOfferBody {
        from: FeedEndBody::of(&from, currency),
        candidates: candidates.iter().map(|one| MoveCandidateBody::of(one, currency)).collect(),
    }))
}

/// The open move of an account's feed, and what would come of it.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts/{account}/move",
    params(("organization" = String, Path), ("account" = String, Path), LookedAt),
    responses((status = OK, body = MoveBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn feed_move(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Asked(looked_at): Asked<LookedAt>,
) -> Result<Json<MoveBody>, Problem> {
    let cut_over = looked_at.cut_over.as_deref().map(day).transpose()?;
    let view = app.engine.feed_move(member.asker(), id(&account)?, cut_over).await?;
    Ok(Json(MoveBody::of(&view.ok_or_else(Problem::not_found)?)))
}

/// Begins to move the feed of an account: what the new feed shows is fetched beside the books. A move that is open gives way.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/accounts/{account}/move",
    params(("organization" = String, Path), ("account" = String, Path)), request_body = BeginMoveBody,
    responses((status = ACCEPTED, body = MadeBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn begin_move(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Body(body): Body<BeginMoveBody>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let account: AccountId = id(&account)?;
    let (connection, bank_account) = (id(&body.connection)?, id(&body.bank_account)?);
    let made = app.engine.begin_move(member.asker(), account, connection, bank_account).await?;
    Ok((StatusCode::ACCEPTED, Json(MadeBody { id: made.to_string() })))
}

/// Gives the open move of an account's feed up. The account is fed as before.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/accounts/{account}/move",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn abandon_move(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.abandon_move(member.asker(), id(&account)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Moves the feed of an account and starts the sync that follows; answers with its run. `409` where the books or the feed have changed
/// since they were looked at.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/accounts/{account}/move/commit",
    params(("organization" = String, Path), ("account" = String, Path)), request_body = CommitMoveBody,
    responses((status = ACCEPTED, body = MadeBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn commit_move(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Body(body): Body<CommitMoveBody>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let decision = MoveDecision { id: id(&body.id)?, cut_over: day(&body.cut_over)?, revision: body.revision };
    let run = app.engine.commit_move(member.asker(), id(&account)?, decision).await?;
    Ok((StatusCode::ACCEPTED, Json(MadeBody { id: run.to_string() })))
}
