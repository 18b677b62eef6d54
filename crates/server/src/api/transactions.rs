//! Transactions: the register, one in full, and every edit.

mod bodies;
mod query;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::TransactionId;
use bankside_engine::{EngineError, LineInput, MOST_COUNTED, NewTransactionInput, RegisterSum, Selection, Unfinished};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};
pub(crate) use bodies::{BankRowBody, TransactionBody, decimal, present};
use bodies::{DetailBody, NewLineBody, SeenBody, SetBody};
use query::{AccountQuery, PageQuery, day};
pub(crate) use query::{FilterBody, extent};

/// A page of transactions.
#[derive(Serialize, ToSchema)]
pub(crate) struct TransactionsBody {
    /// How many there are in all; at least, where they are not counted.
    total: i64,
    /// Whether all are counted: always, unless `totals` is `false`.
    is_counted: bool,
    /// What all of them come to by currency; empty where nothing is left out, and where they are not counted.
    sums: Vec<SumBody>,
    transactions: Vec<TransactionBody>,
}

/// What the transactions of one currency come to.
#[derive(Serialize, ToSchema)]
pub(crate) struct SumBody {
    currency: String,
    /// Exact decimal text; out is negative.
    amount: String,
    amount_minor: i64,
    count: i64,
    /// What of that is of lines that are asked for, where rows were split; only where a category is asked for, a direction of a
    /// cashflow, or rows of a cashflow among which a transfer has a fee: of that row only the fee is counted.
    lines_amount: Option<String>,
    lines_amount_minor: Option<i64>,
}

impl SumBody {
    fn of(sum: &RegisterSum) -> Self {
        Self {
            currency: sum.currency.code.to_string(),
            amount: decimal(sum.minor, sum.currency),
            amount_minor: sum.minor,
            count: sum.count,
            lines_amount: sum.lines_minor.map(|minor| decimal(minor, sum.currency)),
            lines_amount_minor: sum.lines_minor,
        }
    }
}

/// A page of transactions, newest first unless asked otherwise.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/transactions",
    params(("organization" = String, Path), FilterBody, PageQuery),
    responses((status = OK, body = TransactionsBody), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn transactions(
    State(app): State<App>,
    member: ApiMember,
    Asked(filter): Asked<FilterBody>,
    Asked(page): Asked<PageQuery>,
) -> Result<Json<TransactionsBody>, Problem> {
    let query = page.onto(filter.query(&app, &member).await?)?;
    let page = app.engine.register(member.asker(), &query).await?;
    Ok(Json(TransactionsBody {
        total: page.total,
        is_counted: page.is_counted,
        sums: page.sums.iter().map(SumBody::of).collect(),
        transactions: page.rows.into_iter().map(TransactionBody::of).collect(),
    }))
}

/// How much is left to do.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnfinishedBody {
    /// Transactions that banks have brought and nobody has looked at.
    new: i64,
    /// Transactions with a line that wants a category and has none.
    without_category: i64,
    /// Counting stops beyond this many; a count above it says that there are more.
    counted_to: i64,
}

/// How much is left to do in an account, or in all.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/transactions/unfinished",
    params(("organization" = String, Path), AccountQuery),
    responses((status = OK, body = UnfinishedBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn unfinished(
    State(app): State<App>,
    member: ApiMember,
    Asked(of): Asked<AccountQuery>,
) -> Result<Json<UnfinishedBody>, Problem> {
    let account = of.account(&app, &member).await?;
    let Unfinished { new, without_category } = app.engine.unfinished(member.asker(), account).await?;
    Ok(Json(UnfinishedBody { new, without_category, counted_to: MOST_COUNTED }))
}

/// One transaction in full: its lines, where its fields come from, what the bank sent, what was done to it.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/transactions/{transaction}",
    params(("organization" = String, Path), ("transaction" = String, Path)),
    responses((status = OK, body = DetailBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn transaction(
    State(app): State<App>,
    member: ApiMember,
    Path((_, transaction)): Path<(String, String)>,
) -> Result<Json<DetailBody>, Problem> {
    Ok(Json(DetailBody::of(app.engine.transaction(member.asker(), id(&transaction)?).await?)))
}

/// A transaction that somebody types.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewTransactionBody {
    account: String,
    /// A civil date.
    date: String,
    /// Exact decimal text; out is negative.
    amount: String,
    payee: Option<String>,
    /// The note of the only line.
    note: Option<String>,
    /// The category of the only line.
    category_id: Option<String>,
    /// The tags of the only line.
    #[serde(default)]
    tags: Vec<String>,
    /// Ticked as cleared.
    #[serde(default)]
    is_cleared: bool,
    /// More than one line; they sum to the amount.
    #[serde(default)]
    lines: Vec<NewLineBody>,
}

/// What was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedBody {
    id: String,
    /// The batch, which can be undone.
    batch: String,
    transaction: TransactionBody,
}

/// Adds a transaction that somebody typed.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/transactions",
    params(("organization" = String, Path)), request_body = NewTransactionBody,
    responses((status = CREATED, body = AddedBody), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn add_transaction(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<NewTransactionBody>,
) -> Result<(StatusCode, Json<AddedBody>), Problem> {
    let dated_on = day("date", Some(&body.date))?
        .ok_or_else(|| EngineError::invalid("date", "A day is needed, such as 2026-11-20."))?;
    let lines = if body.lines.is_empty() {
        let category = query::identified("category_id", body.category_id.as_deref())?;
        let note = body.note.unwrap_or_default();
        vec![LineInput { note, category, tags: body.tags, ..LineInput::default() }]
    } else {
        body.lines.into_iter().map(NewLineBody::input).collect::<Result<_, _>>()?
    };
    let payee = body.payee.unwrap_or_default();
    let input = NewTransactionInput { dated_on, amount: body.amount, payee, is_cleared: body.is_cleared, lines };
    let (made, batch) = app.engine.add_transaction(member.asker(), id(&body.account)?, &input).await?;
    let row = app.engine.transaction(member.asker(), made).await?.row;
    let added = AddedBody { id: made.to_string(), batch: batch.to_string(), transaction: TransactionBody::of(row) };
    Ok((StatusCode::CREATED, Json(added)))
}

/// A change of one transaction.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TransactionChangeBody {
    #[serde(flatten)]
    set: SetBody,
    #[serde(default)]
    seen: SeenBody,
    /// Whether the lock of a reconciliation may be taken off.
    #[serde(default)]
    unlock: bool,
}

/// What a change came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangedBody {
    /// The batch, which can be undone; `null` where nothing differed.
    batch: Option<String>,
    transaction: DetailBody,
}

/// Changes one transaction.
#[utoipa::path(patch, path = "/api/v1/organizations/{organization}/transactions/{transaction}",
    params(("organization" = String, Path), ("transaction" = String, Path)), request_body = TransactionChangeBody,
    responses((status = OK, body = ChangedBody), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn change_transaction(
    State(app): State<App>,
    member: ApiMember,
    Path((_, transaction)): Path<(String, String)>,
    Body(body): Body<TransactionChangeBody>,
) -> Result<Json<ChangedBody>, Problem> {
    let transaction: TransactionId = id(&transaction)?;
    let (set, seen) = (body.set.input(body.unlock)?, body.seen.input()?);
    let batch = app.engine.edit_transaction(member.asker(), transaction, &set, &seen).await?;
    let view = app.engine.transaction(member.asker(), transaction).await?;
    let batch = batch.map(|batch| batch.to_string());
    Ok(Json(ChangedBody { batch, transaction: DetailBody::of(view) }))
}

/// Which transactions are meant: these, or all that fit.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SelectionBody {
    /// Exactly these.
    ids: Option<Vec<String>>,
    /// All that fit.
    filter: Option<FilterBody>,
}

impl SelectionBody {
    async fn selection(&self, app: &App, member: &ApiMember) -> Result<Selection, Problem> {
        match (&self.ids, &self.filter) {
            (Some(ids), None) => Ok(Selection::These(ids.iter().map(|text| id(text)).collect::<Result<_, _>>()?)),
            (None, Some(filter)) => Ok(Selection::Matching(Box::new(filter.query(app, member).await?))),
            _ => Err(EngineError::invalid("ids", "Name either ids or a filter.").into()),
        }
    }
}

/// A change of many transactions.
#[derive(Deserialize, ToSchema)]
pub(crate) struct EditBody {
    #[serde(flatten)]
    selection: SelectionBody,
    set: SetBody,
    /// Whether the lock of a reconciliation may be taken off.
    #[serde(default)]
    unlock: bool,
}

/// What a change of many transactions came to.
#[derive(Serialize, ToSchema)]
pub(crate) struct EditedBody {
    /// The batch, which can be undone; `null` where nothing differed.
    batch: Option<String>,
    /// How many transactions it changed.
    changed: usize,
    /// How many were left, because it is not theirs to change.
    left: usize,
    /// Why the first of those was left, as a sentence.
    why: Option<String>,
}

impl EditedBody {
    pub(crate) fn of(edited: &bankside_engine::Edited) -> Self {
        Self {
            batch: edited.batch.map(|batch| batch.to_string()),
            changed: edited.changed,
            left: edited.left.len(),
            why: edited.left.first().map(|(_, why)| crate::error::sentence(why.in_words())),
        }
    }
}

/// Changes many transactions alike, as one batch.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/transactions/edit",
    params(("organization" = String, Path)), request_body = EditBody,
    responses((status = OK, body = EditedBody), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn edit_transactions(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<EditBody>,
) -> Result<Json<EditedBody>, Problem> {
    let selection = body.selection.selection(&app, &member).await?;
    let edited = app.engine.edit_transactions(member.asker(), &selection, &body.set.input(body.unlock)?).await?;
    Ok(Json(EditedBody::of(&edited)))
}

/// Which transactions go.
#[derive(Deserialize, ToSchema)]
pub(crate) struct DeleteBody {
    #[serde(flatten)]
    selection: SelectionBody,
    /// Whether the lock of a reconciliation may be taken off.
    #[serde(default)]
    unlock: bool,
}

/// Takes transactions out of the books. No sync brings them back.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/transactions/delete",
    params(("organization" = String, Path)), request_body = DeleteBody,
    responses((status = OK, body = EditedBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem)))]
pub(crate) async fn delete_transactions(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<DeleteBody>,
) -> Result<Json<EditedBody>, Problem> {
    let selection = body.selection.selection(&app, &member).await?;
    let deleted = app.engine.delete_transactions(member.asker(), &selection, body.unlock).await?;
    Ok(Json(EditedBody::of(&deleted)))
}

/// Takes a transaction out of the books. No sync brings it back.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/transactions/{transaction}",
    params(("organization" = String, Path), ("transaction" = String, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn delete_transaction(
    State(app): State<App>,
    member: ApiMember,
    Path((_, transaction)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.delete_transaction(member.asker(), id(&transaction)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The copies.
#[derive(Serialize, ToSchema)]
pub(crate) struct DuplicatedBody {
    /// The batch, which can be undone.
    batch: String,
    /// How many there are.
    changed: usize,
    ids: Vec<String>,
}

/// Copies transactions as typed rows of the same day and account.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/transactions/duplicate",
    params(("organization" = String, Path)), request_body = SelectionBody,
    responses((status = OK, body = DuplicatedBody), (status = NOT_FOUND, body = Problem), (status = CONFLICT, body = Problem)))]
pub(crate) async fn duplicate_transactions(
    State(app): State<App>,
    member: ApiMember,
    Body(which): Body<SelectionBody>,
) -> Result<Json<DuplicatedBody>, Problem> {
    let selection = which.selection(&app, &member).await?;
    let (batch, copies) = app.engine.duplicate_transactions(member.asker(), &selection).await?;
    let ids: Vec<String> = copies.iter().map(ToString::to_string).collect();
    Ok(Json(DuplicatedBody { batch: batch.to_string(), changed: ids.len(), ids }))
}
