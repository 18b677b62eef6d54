//! Statement files: brought, read, looked at, imported.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use bankside_domain::statement::FileCounts;
use bankside_domain::{AccountId, Code, Currency, SourceId};
use bankside_engine::csv::{FileProblem, Profile, Refusal, Role};
use bankside_engine::{
    EngineError, FileChoice, FileGuess, FileSaid, FileView, ImportedFile, MAX_FILE_BYTES, PreviewRow, code_in_file,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};
use crate::api::transactions::decimal;

/// An answer waits so long for the worker; who wants more asks again.
pub(super) const WAITS_FOR: Duration = Duration::from_secs(3);

/// What came of a file, or would.
#[derive(Serialize, ToSchema)]
pub(crate) struct FileCountsBody {
    /// Rows that could be read.
    rows: i64,
    /// Rows that are new.
    added: i64,
    /// Rows that meet one that somebody typed.
    matched: i64,
    /// Rows that book a pending one.
    settled: i64,
    /// Rows that were there already.
    known: i64,
    /// Of those that were there or typed, the ones recognised by amount and day alone.
    uncertain: i64,
    /// Rows that stay out.
    left_out: i64,
    /// Of those, the ones that somebody took out of the books.
    dismissed: i64,
}

impl From<FileCounts> for FileCountsBody {
    fn from(counts: FileCounts) -> Self {
        let FileCounts { rows, added, matched, settled, known, by_money, left_out, dismissed } = counts;
        Self { rows, added, matched, settled, known, uncertain: by_money, left_out, dismissed }
    }
}

/// A file that was imported.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportedFileBody {
    id: String,
    name: String,
    counts: FileCountsBody,
    /// When its rows came into the books.
    imported_at: String,
    is_undone: bool,
}

impl ImportedFileBody {
    fn of(file: &ImportedFile) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name.clone(),
            counts: file.counts.into(),
            imported_at: file.changed_at.to_string(),
            is_undone: file.is_undone,
        }
    }
}

/// The files of an account.
#[derive(Serialize, ToSchema)]
pub(crate) struct FilesBody {
    /// The file that somebody has begun with.
    open: Option<String>,
    /// Those that were imported, the latest first.
    imported: Vec<ImportedFileBody>,
}

/// A column of a file.
#[derive(Serialize, ToSchema)]
pub(crate) struct FileColumnBody {
    name: String,
    samples: Vec<String>,
    /// `ignore`, `booked_on`, `value_on`, `transacted_on`, `payee`, `payer`, `purpose`, `amount`, `debit`, `credit`, `direction`,
    /// `currency`, `balance`, `reference`, `counterparty_account`, `status` or `own_account`.
    says: String,
}

/// How a file is read.
#[derive(Serialize, ToSchema)]
pub(crate) struct HowReadBody {
    /// `utf8`, `windows1252`, `iso885915`, `utf16_le` or `utf16_be`.
    encoding: String,
    /// `comma`, `semicolon`, `tab` or `pipe`.
    delimiter: String,
    /// `year_first`, `day_first` or `month_first`; `null` where it has to be said.
    dates: Option<String>,
    /// `comma` or `point`; `null` where it has to be said.
    decimals: Option<String>,
    /// Whether what goes out is positive in it.
    turns_sign: bool,
    columns: Vec<FileColumnBody>,
}

impl HowReadBody {
    /// `asks` is the guess as long as a person has to say what it does not.
    pub(super) fn of(profile: &Profile, guess: Option<&FileGuess>, asks: Option<&FileGuess>) -> Self {
        let asks = |question: fn(&FileGuess) -> bool| asks.is_some_and(question);
        let column = |(at, role): (usize, &Role)| FileColumnBody {
            name: profile.name_of(at),
            samples: guess
                .and_then(|guess| guess.columns.get(at))
                .map(|(_, samples)| samples.clone())
                .unwrap_or_default(),
            says: code_in_file(role),
        };
        Self {
            encoding: code_in_file(profile.encoding),
            delimiter: code_in_file(profile.delimiter),
            dates: (!asks(|guess| guess.asks_date_order)).then(|| code_in_file(profile.dates)),
            decimals: (!asks(|guess| guess.asks_decimals)).then(|| code_in_file(profile.decimals)),
            turns_sign: profile.turns_sign,
            columns: profile.columns.iter().enumerate().map(column).collect(),
        }
    }
}

/// A row of a file.
#[derive(Serialize, ToSchema)]
pub(crate) struct FileRowBody {
    line: u64,
    dated_on: String,
    payee: Option<String>,
    note: Option<String>,
    /// Exact decimal text.
    amount: String,
    /// Why it is treated as it is.
    reason: String,
}

impl FileRowBody {
    fn of(row: &PreviewRow, currency: Currency) -> Self {
        Self {
            line: row.line,
            dated_on: row.dated_on.to_string(),
            payee: row.payee.clone(),
            note: row.note.clone(),
            amount: decimal(row.minor, currency),
            reason: row.reason.clone(),
        }
    }
}

/// A line that cannot be read.
#[derive(Serialize, ToSchema)]
pub(crate) struct RefusedLineBody {
    line: u64,
    column: String,
    found: String,
    /// All of it as a sentence.
    says: String,
}

impl RefusedLineBody {
    fn of(refusal: &Refusal) -> Self {
        Self {
            line: refusal.line,
            column: refusal.column_name.clone(),
            found: refusal.found.clone(),
            says: refusal.in_words(),
        }
    }
}

/// A file as it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct FileBody {
    id: String,
    name: String,
    /// `open` (say how it is read), `reading`, `ready` (look at it), `importing`, `done`, `failed` or `abandoned`.
    stage: &'static str,
    #[serde(flatten)]
    how_read: HowReadBody,
    /// Why it could not be read.
    problem: Option<String>,
    counts: Option<FileCountsBody>,
    /// How many of its rows have been dealt with while it is read or imported.
    rows_done: i64,
    rows_total: i64,
    /// The first of its new rows.
    added: Vec<FileRowBody>,
    /// Rows that are recognised by amount and day alone.
    uncertain: Vec<FileRowBody>,
    /// Rows that stay out.
    left_out: Vec<FileRowBody>,
    /// The first of the lines that cannot be read.
    refused: Vec<RefusedLineBody>,
    /// How many lines cannot be read.
    refused_total: usize,
    /// How many lines are pending, and stay out until they are booked.
    pending: usize,
    /// How many lines say that no money moved: declined, cancelled.
    void: usize,
    /// Of how many days it states a balance.
    balance_days: usize,
    /// Of how many of them nothing has stated that balance yet, where no bank feeds the account: importing it brings these in.
    new_balance_days: usize,
    /// Why its balances are left out, where they are.
    balances_left_out: Option<String>,
    /// The batch that it made; it can be undone.
    batch: Option<String>,
    is_undone: bool,
}

impl FileBody {
    pub(super) fn of(view: &FileView) -> Self {
        let currency = view.account.account.currency;
        let preview = view.preview.clone().unwrap_or_default();
        let rows = |rows: &[PreviewRow]| rows.iter().map(|row| FileRowBody::of(row, currency)).collect();
        Self {
            id: view.id.to_string(),
            name: view.name.clone(),
            stage: view.stage.code(),
            how_read: HowReadBody::of(&view.profile, view.guess.as_ref(), view.asks()),
            problem: view.problem.clone(),
            counts: view.counts.map(FileCountsBody::from),
            rows_done: view.progress.0,
            rows_total: view.progress.1,
            added: rows(&preview.added),
            uncertain: rows(&preview.by_money),
            left_out: rows(&preview.left_out),
            refused: preview.refused.iter().map(RefusedLineBody::of).collect(),
            refused_total: preview.refused_total,
            pending: preview.pending,
            void: preview.void,
            balance_days: preview.balance_days,
            new_balance_days: view.new_balance_days(),
            balances_left_out: preview.balances_left_out,
            batch: view.batch.map(|batch| batch.to_string()),
            is_undone: view.is_undone,
        }
    }
}

/// What the file is called.
#[derive(Deserialize, utoipa::IntoParams)]
pub(crate) struct NamedFile {
    /// Its name, for people.
    #[serde(default)]
    pub(super) name: String,
}

/// How a file is to be read; what is left out stays as it is. Where encoding or delimiter change, the columns are guessed anew and wait
/// to be confirmed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadFileBody {
    encoding: Option<String>,
    delimiter: Option<String>,
    dates: Option<String>,
    decimals: Option<String>,
    turns_sign: Option<bool>,
    /// What each column says, in their order.
    columns: Option<Vec<String>>,
}

impl ReadFileBody {
    pub(super) fn said(&self) -> FileSaid<'_> {
        FileSaid {
            encoding: self.encoding.as_deref(),
            delimiter: self.delimiter.as_deref(),
            columns: self.columns.as_deref(),
            dates: self.dates.as_deref(),
            decimals: self.decimals.as_deref(),
            turns_sign: self.turns_sign,
        }
    }
}

/// Whether lines that cannot be read are left out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportFileBody {
    /// Needed where there are any.
    #[serde(default)]
    pub(super) without_refused: bool,
}

/// The files of an account: the one that somebody has begun with, and those that were imported.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts/{account}/files",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = OK, body = FilesBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn files(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<Json<FilesBody>, Problem> {
    let offer = app.engine.file_offer(member.asker(), id(&account)?).await?;
    Ok(Json(FilesBody {
        open: offer.open.map(|id| id.to_string()),
        imported: offer.imported.iter().map(ImportedFileBody::of).collect(),
    }))
}

/// Brings a CSV file: its bytes are the body. It is read beside the books, and nothing is imported. One that was begun before gives way.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/accounts/{account}/files",
    params(("organization" = String, Path), ("account" = String, Path), NamedFile),
    request_body(content = Vec<u8>, content_type = "text/csv"),
    responses((status = CREATED, body = FileBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn bring_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Asked(named): Asked<NamedFile>,
    request: Request,
) -> Result<(StatusCode, Json<FileBody>), Problem> {
    let account: AccountId = id(&account)?;
    // Who may not is told so before anything is read.
    app.engine.file_offer(member.asker(), account).await?;
    let bytes = csv_of(request).await?;
    let file = app.engine.upload_file(member.asker(), account, &named.name, &bytes).await?;
    Ok((StatusCode::CREATED, waited(&app, &member, account, file).await?))
}

/// The bytes of a file that is brought.
pub(super) async fn csv_of(request: Request) -> Result<Bytes, EngineError> {
    let too_large = |_| EngineError::invalid("file", FileProblem::TooLarge.to_string());
    axum::body::to_bytes(request.into_body(), MAX_FILE_BYTES + 1).await.map_err(too_large)
}

/// A file after the worker has had some time for it.
async fn waited(app: &App, member: &ApiMember, account: AccountId, file: SourceId) -> Result<Json<FileBody>, Problem> {
    app.engine.wait_for_file(member.asker(), account, file, WAITS_FOR).await?;
    Ok(Json(FileBody::of(&app.engine.statement_file(member.asker(), account, file).await?)))
}

/// A file as it stands, with what would come of it.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts/{account}/files/{file}",
    params(("organization" = String, Path), ("account" = String, Path), ("file" = String, Path)),
    responses((status = OK, body = FileBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account, file)): Path<(String, String, String)>,
) -> Result<Json<FileBody>, Problem> {
    Ok(Json(FileBody::of(&app.engine.statement_file(member.asker(), id(&account)?, id(&file)?).await?)))
}

/// Has a file read in another way, beside the books.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/accounts/{account}/files/{file}",
    params(("organization" = String, Path), ("account" = String, Path), ("file" = String, Path)), request_body = ReadFileBody,
    responses((status = OK, body = FileBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn read_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account, file)): Path<(String, String, String)>,
    Body(body): Body<ReadFileBody>,
) -> Result<Json<FileBody>, Problem> {
    let (account, file) = (id(&account)?, id(&file)?);
    let view = app.engine.statement_file(member.asker(), account, file).await?;
    let choice = FileChoice::said(&body.said(), &view.profile, view.asks())?;
    app.engine.choose_columns(member.asker(), account, file, &choice).await?;
    waited(&app, &member, account, file).await
}

/// Lets a file go that was not imported.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/accounts/{account}/files/{file}",
    params(("organization" = String, Path), ("account" = String, Path), ("file" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn discard_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account, file)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.discard_file(member.asker(), id(&account)?, id(&file)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Imports a file as it was read. `422` where lines cannot be read and nobody has said that it goes without them.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/accounts/{account}/files/{file}/import",
    params(("organization" = String, Path), ("account" = String, Path), ("file" = String, Path)), request_body = ImportFileBody,
    responses((status = OK, body = FileBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn import_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account, file)): Path<(String, String, String)>,
    Body(body): Body<ImportFileBody>,
) -> Result<Json<FileBody>, Problem> {
    let (account, file) = (id(&account)?, id(&file)?);
    app.engine.import_file(member.asker(), account, file, None, body.without_refused).await?;
    waited(&app, &member, account, file).await
}
