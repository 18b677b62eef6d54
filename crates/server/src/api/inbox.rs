//! The inbox: what waits, with flags and suggestions, and what is done with it.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::Code;
use bankside_domain::inbox::{Flag, InboxState};
use bankside_engine::{
    AcceptLine, AcceptTarget, DoneBefore, EngineError, FlagView, InboxFlag, InboxQuery, InboxRow, InboxShown,
    RegisterQuery, Reviewed,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::mapping::{MappingLineBody, line_body};
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};
use crate::api::transactions::{FilterBody, TransactionBody, decimal, present};

/// Which rows are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboxRowsQuery {
    /// Of the accounts of this asset and of what lies below it; absent is of all.
    asset: Option<String>,
    /// `waiting` or `hidden`; absent is `waiting`.
    shown: Option<String>,
    /// How many to skip.
    offset: Option<i64>,
    /// How many to show, at most 100; absent is 50.
    limit: Option<i64>,
}

/// Why a row wants more than a glance.
#[derive(Serialize, ToSchema)]
pub(crate) struct FlagBody {
    /// `new_payee`, `unusual_amount`, `possible_twin`, `proposed_transfer` or `in_transit`.
    flag: &'static str,
    /// Of an unusual amount: how many earlier rows of the payee there are.
    earlier: Option<usize>,
    /// Of an unusual amount: the least and the most of those, decimal text without a sign.
    least: Option<String>,
    most: Option<String>,
    /// The other row, of a possible twin or a proposed transfer.
    transaction: Option<String>,
    /// The account whose row is missing, of a transfer that is in transit.
    account: Option<String>,
}

/// What somebody asks about a row.
#[derive(Serialize, ToSchema)]
pub(crate) struct AskedBody {
    from: Option<String>,
    from_name: Option<String>,
    to: String,
    to_name: String,
    note: String,
    asked_at: String,
}

/// A row in the inbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboxRowBody {
    transaction: TransactionBody,
    /// Its lines, each with the categories that are suggested.
    lines: Vec<MappingLineBody>,
    flags: Vec<FlagBody>,
    asked: Option<AskedBody>,
    /// Whether nobody has to think about it: what it is for is known or strongly suggested, it has no flag, is recent enough to be compared
    /// with other rows, and is not split unless each of its lines has a category.
    is_strong: bool,
}

/// A page of the inbox.
#[derive(Serialize, ToSchema)]
pub(crate) struct InboxBody {
    /// Whether rows that come wait in it.
    is_on: bool,
    /// How many rows wait, counted up to 1000.
    waiting: i64,
    /// Of how many of them the one who asks is asked, counted up to 1000.
    asked_of_me: i64,
    /// Those that the one who asks is asked about come first, then the latest.
    rows: Vec<InboxRowBody>,
    /// Whether there are more behind these.
    has_more: bool,
}

fn flag_body(view: &FlagView, row: &InboxRow) -> FlagBody {
    let flag = view.flag.code();
    let bare = FlagBody { flag, earlier: None, least: None, most: None, transaction: None, account: None };
    let amount = |minor: u64| Some(decimal(i64::try_from(minor).unwrap_or(i64::MAX), row.row.currency));
    match view.flag {
        Flag::NewPayee => bare,
        Flag::UnusualAmount(usual) => FlagBody {
            earlier: Some(usual.rows),
            least: amount(usual.least_minor),
            most: amount(usual.most_minor),
            ..bare
        },
        Flag::PossibleTwin(other) | Flag::ProposedTransfer(other) => {
            FlagBody { transaction: Some(other.to_string()), ..bare }
        }
        Flag::InTransit(account) => FlagBody { account: Some(account.to_string()), ..bare },
    }
}

fn asked_body(asked: InboxFlag) -> AskedBody {
    AskedBody {
        from: asked.from.map(|person| person.to_string()),
        from_name: asked.from_name,
        to: asked.to.to_string(),
        to_name: asked.to_name,
        note: asked.note,
        asked_at: asked.flagged_at.to_string(),
    }
}

fn row_body(mut row: InboxRow) -> InboxRowBody {
    let flags = std::mem::take(&mut row.flags);
    InboxRowBody {
        flags: flags.iter().map(|flag| flag_body(flag, &row)).collect(),
        is_strong: row.is_strong,
        asked: row.asked.map(asked_body),
        lines: row.lines.into_iter().map(line_body).collect(),
        transaction: TransactionBody::of(row.row),
    }
}

/// What waits in the inbox, or was hidden there.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/inbox",
    params(("organization" = String, Path), InboxRowsQuery, FilterBody),
    responses((status = OK, body = InboxBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn inbox(
    State(app): State<App>,
    member: ApiMember,
    Asked(asked): Asked<InboxRowsQuery>,
    Asked(filter): Asked<FilterBody>,
) -> Result<Json<InboxBody>, Problem> {
    let shown = match asked.shown.as_deref().map(InboxState::from_code) {
        None | Some(Ok(InboxState::Waiting)) => InboxShown::Waiting,
        Some(Ok(InboxState::Hidden)) => InboxShown::Hidden,
        Some(Err(_)) => return Err(EngineError::invalid("shown", "It is either waiting or hidden.").into()),
    };
    let rows = RegisterQuery {
        offset: asked.offset.unwrap_or_default(),
        limit: asked.limit.unwrap_or(50),
        ..filter.query(&app, &member).await?
    };
    let asset = asked.asset.as_deref().map(id).transpose()?;
    let count = app.engine.count_inbox(member.asker()).await?;
    let page = app.engine.inbox(member.asker(), &InboxQuery { asset, shown, rows }, count).await?;
    Ok(Json(InboxBody {
        is_on: app.engine.inbox_switches(member.asker()).await?.is_on,
        waiting: count.waiting,
        asked_of_me: count.asked,
        rows: page.asked.into_iter().chain(page.rows).map(row_body).collect(),
        has_more: page.has_more,
    }))
}

/// A row to be accepted.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AcceptBody {
    transaction: String,
    /// The categories that its lines get; those of which nothing is said stay as they are.
    #[serde(default)]
    lines: Vec<AcceptLineBody>,
}

/// A line of it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AcceptLineBody {
    line: String,
    category_id: String,
    /// The category that it had when it was looked at, `null` for none. If it has another one by now, its row is left as it is.
    #[serde(default, deserialize_with = "present")]
    seen: Option<Option<String>>,
}

/// A row that did not wait any more.
#[derive(Serialize, ToSchema)]
pub(crate) struct DoneBeforeBody {
    transaction: String,
    /// The name of whoever reviewed it, hid it or showed it again, `a rule` where a rule did; absent where that was the one who asks, or where it is not in the books any more.
    by: Option<String>,
}

/// A row that stays as it is.
#[derive(Serialize, ToSchema)]
pub(crate) struct LeftRowBody {
    transaction: String,
    /// A stable code for programs.
    code: &'static str,
    /// Why.
    says: &'static str,
}

/// What reviewing came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReviewedBody {
    /// How many rows it changed.
    changed: usize,
    /// The change, which can be undone; absent where nothing changed.
    batch: Option<String>,
    left: Vec<LeftRowBody>,
    /// Rows that somebody else has reviewed meanwhile: nothing was done with them.
    done_before: Vec<DoneBeforeBody>,
}

impl ReviewedBody {
    fn of(reviewed: Reviewed) -> Self {
        let done = |one: DoneBefore| DoneBeforeBody { transaction: one.transaction.to_string(), by: one.by };
        let left = reviewed.left.into_iter().map(|(transaction, why)| LeftRowBody {
            transaction: transaction.to_string(),
            code: why.code(),
            says: why.in_words(),
        });
        Self {
            changed: reviewed.changed,
            batch: reviewed.batch.map(|batch| batch.to_string()),
            left: left.collect(),
            done_before: reviewed.done_before.into_iter().map(done).collect(),
        }
    }
}

/// Accepts rows that wait, as one change that can be undone.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/inbox/accept",
    params(("organization" = String, Path)), request_body = [AcceptBody],
    responses((status = OK, body = ReviewedBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn accept_rows(
    State(app): State<App>,
    member: ApiMember,
    Body(rows): Body<Vec<AcceptBody>>,
) -> Result<Json<ReviewedBody>, Problem> {
    let line = |body: &AcceptLineBody| -> Result<AcceptLine, Problem> {
        let seen = body.seen.as_ref().map(|seen| seen.as_deref().map(id).transpose()).transpose()?;
        Ok(AcceptLine { line: id(&body.line)?, category: id(&body.category_id)?, seen })
    };
    let target = |body: &AcceptBody| -> Result<AcceptTarget, Problem> {
        let lines = body.lines.iter().map(line).collect::<Result<_, _>>()?;
        Ok(AcceptTarget { transaction: id(&body.transaction)?, lines })
    };
    let targets = rows.iter().map(target).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(ReviewedBody::of(app.engine.accept(member.asker(), &targets).await?)))
}

/// Rows, and where they are to stand.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PlaceInInboxBody {
    transactions: Vec<String>,
    /// `hidden`, or `waiting` for those that were hidden.
    to: String,
}

/// Hides rows that wait, or has hidden ones wait again, as one change that can be undone. They stay in the books as they are.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/inbox/place",
    params(("organization" = String, Path)), request_body = PlaceInInboxBody,
    responses((status = OK, body = ReviewedBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn place_in_inbox(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<PlaceInInboxBody>,
) -> Result<Json<ReviewedBody>, Problem> {
    let to =
        InboxState::from_code(&body.to).map_err(|_| EngineError::invalid("to", "It is either waiting or hidden."))?;
    let ids = body.transactions.iter().map(|text| id(text)).collect::<Result<Vec<_>, _>>()?;
    Ok(Json(ReviewedBody::of(app.engine.place_in_inbox(member.asker(), &ids, to).await?)))
}

/// Who is asked, and what.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AskBody {
    /// A member who may change the books and sees the account.
    to: String,
    /// At most 300 characters.
    #[serde(default)]
    note: String,
}

/// Asks a member about a row that waits, in place of whatever was asked about it before.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/inbox/{transaction}/asked",
    params(("organization" = String, Path), ("transaction" = String, Path)), request_body = AskBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn ask_member(
    State(app): State<App>,
    member: ApiMember,
    Path((_, transaction)): Path<(String, String)>,
    Body(body): Body<AskBody>,
) -> Result<StatusCode, Problem> {
    app.engine.flag_for(member.asker(), id(&transaction)?, id(&body.to)?, &body.note).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back what is asked about a row.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/inbox/{transaction}/asked",
    params(("organization" = String, Path), ("transaction" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn ask_no_more(
    State(app): State<App>,
    member: ApiMember,
    Path((_, transaction)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.take_flag_off(member.asker(), id(&transaction)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether there is an inbox.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct InboxSwitchBody {
    /// Whether rows that come wait in it. What is in the books when it is turned on does not.
    is_on: bool,
}

/// Has rows that come wait in an inbox from now on, or not any more. What waits stays where it is.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/inbox/switch",
    params(("organization" = String, Path)), request_body = InboxSwitchBody,
    responses((status = OK, body = InboxSwitchBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn switch_inbox(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<InboxSwitchBody>,
) -> Result<Json<InboxSwitchBody>, Problem> {
    app.engine.switch_inbox(member.asker(), body.is_on).await?;
    Ok(Json(body))
}

/// Whether somebody wants the inbox.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct InboxWantedBody {
    /// Whether it stands among their pages, with how much waits.
    is_wanted: bool,
}

/// Whether the one who asks has the inbox among their pages.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/inbox/own",
    params(("organization" = String, Path)), request_body = InboxWantedBody,
    responses((status = OK, body = InboxWantedBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn want_inbox(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<InboxWantedBody>,
) -> Result<Json<InboxWantedBody>, Problem> {
    app.engine.want_inbox(member.asker(), body.is_wanted).await?;
    Ok(Json(body))
}
