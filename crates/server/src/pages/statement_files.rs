//! Importing a statement file: bring it, say what its columns are, look at what would come of it, import it.

pub(super) mod showing;

use std::time::Duration;

use axum::extract::{Form, FromRequest as _, Multipart, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{AccountId, SourceId};
use bankside_engine::csv::{Profile, Role};
use bankside_engine::{EngineError, FileChoice, FileGuess, MAX_FILE_BYTES, from_code_in_file};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use self::showing::{file_html, offer_html};
use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::shell;
use crate::pages::waiting::Shown;
use crate::session::Member;
use crate::view::shell::Place;

/// A page waits so long for the worker before it says that the work goes on.
pub(super) const WAITS_FOR: Duration = Duration::from_secs(3);
/// More than the largest file, by what a form puts around it. A file that is too large is told so, rather than broken off.
pub(crate) const MAX_UPLOAD_BYTES: usize = MAX_FILE_BYTES + 1024 * 1024;

fn account_id(account: &str) -> Result<AccountId, PageError> {
    account.parse().map_err(|_| PageError::not_found())
}

pub(super) fn file_id(file: &str) -> Result<SourceId, PageError> {
    file.parse().map_err(|_| PageError::not_found())
}

/// Where a file is brought, and what was brought before.
pub(crate) async fn offer(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
) -> Result<Response, PageError> {
    offer_page(&app, &member, account_id(&account)?, None).await
}

async fn offer_page(
    app: &App,
    member: &Member,
    account: AccountId,
    error: Option<String>,
) -> Result<Response, PageError> {
    let offer = app.engine.file_offer(member.asker(), account).await?;
    let shell = shell(app, member, Place::Transactions, Some(account)).await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&offer_html(&offer, error, shell))?).into_response())
}

/// Takes a file. Who may not is told so before it is read.
pub(crate) async fn upload(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    request: Request,
) -> Result<Response, PageError> {
    let account = account_id(&account)?;
    app.engine.file_offer(member.asker(), account).await?;
    let (name, bytes) = match posted(&app, request).await {
        Ok(file) => file,
        Err(says) => return offer_page(&app, &member, account, Some(says)).await,
    };
    match app.engine.upload_file(member.asker(), account, &name, &bytes).await {
        Ok(file) => {
            app.engine.wait_for_file(member.asker(), account, file, WAITS_FOR).await?;
            Ok(to_file(&organization, account, file))
        }
        Err(error) => offer_page(&app, &member, account, Some(refusal(error)?)).await,
    }
}

/// The file of a form, and its name.
pub(super) async fn posted(app: &App, request: Request) -> Result<(String, Vec<u8>), String> {
    let unreadable = || "The file did not arrive whole. Choose it again.".to_owned();
    let too_large = || bankside_engine::csv::FileProblem::TooLarge.to_string();
    let mut form = Multipart::from_request(request, app).await.map_err(|_| unreadable())?;
    while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
        if field.name() != Some("file") {
            continue;
        }
        let name = field.file_name().unwrap_or_default().to_owned();
        let bytes = field.bytes().await.map_err(|error| match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => too_large(),
            _ => unreadable(),
        })?;
        if name.is_empty() && bytes.is_empty() {
            break;
        }
        return Ok((name, bytes.to_vec()));
    }
    Err("Choose a file first.".to_owned())
}

/// What a page says of an error that a person can act on.
pub(super) fn refusal(error: EngineError) -> Result<String, PageError> {
    match error {
        EngineError::Invalid { message, .. } => Ok(message),
        EngineError::Conflict(why) => Ok(sentence(why)),
        error => Err(error.into()),
    }
}

/// A file, as far as it has got.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, account, file)): Path<(String, String, String)>,
) -> Result<Response, PageError> {
    file_page(&app, &member, (account_id(&account)?, file_id(&file)?), None, None).await
}

async fn file_page(
    app: &App,
    member: &Member,
    (account, file): (AccountId, SourceId),
    typed: Option<FileChoice>,
    error: Option<String>,
) -> Result<Response, PageError> {
    let mut view = app.engine.statement_file(member.asker(), account, file).await?;
    if let Some(typed) = typed {
        lay_over((&mut view.profile, view.guess.as_mut()), typed);
    }
    let whole_url = match view.part_of {
        Some(whole) => app.engine.asset_of_part(member.asker(), view.id).await?.map(|asset| (asset, whole)),
        None => None,
    };
    let shell = shell(app, member, Place::Transactions, Some(account)).await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let whole_url = whole_url.map(|(asset, whole)| shell.at(&format!("assets/{asset}/files/{whole}")));
    Ok((status, page(&file_html(&view, whole_url, error, shell))?).into_response())
}

/// What was typed comes back as it was typed.
pub(super) fn lay_over((profile, guess): (&mut Profile, Option<&mut FileGuess>), typed: FileChoice) {
    let known = profile.clone();
    *profile = Profile {
        columns: typed.columns,
        dates: typed.dates.unwrap_or(known.dates),
        decimals: typed.decimals.unwrap_or(known.decimals),
        turns_sign: typed.turns_sign,
        ..known
    };
    profile.columns.resize(known.columns.len(), Role::Ignore);
    if let Some(guess) = guess {
        guess.asks_date_order &= typed.dates.is_none();
        guess.asks_decimals &= typed.decimals.is_none();
    }
}

/// Whether there is more to see than a page that waits shows. It is drawn anew then.
pub(crate) async fn look(
    State(app): State<App>,
    member: Member,
    Path((_, account, file)): Path<(String, String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    let view = app.engine.statement_file(member.asker(), account_id(&account)?, file_id(&file)?).await?;
    Ok(shown.answer(|seen| view.stage.is_due() && view.progress.0 == seen))
}

/// Has a file read as the form says.
pub(crate) async fn choose(
    State(app): State<App>,
    member: Member,
    Path((organization, account, file)): Path<(String, String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let (account, file) = (account_id(&account)?, file_id(&file)?);
    let view = app.engine.statement_file(member.asker(), account, file).await?;
    let choice = choice_of(&fields, &view.profile);
    match app.engine.choose_columns(member.asker(), account, file, &choice).await {
        Ok(()) => {
            app.engine.wait_for_file(member.asker(), account, file, WAITS_FOR).await?;
            Ok(to_file(&organization, account, file))
        }
        Err(error) => file_page(&app, &member, (account, file), Some(choice), Some(refusal(error)?)).await,
    }
}

/// What a form says; what it does not say is as it was, except where that has to be said.
pub(super) fn choice_of(fields: &[(String, String)], known: &Profile) -> FileChoice {
    let said = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let columns = (0..known.columns.len())
        .map(|column| said(&format!("column-{column}")).and_then(of_code).unwrap_or(Role::Ignore))
        .collect();
    FileChoice {
        encoding: said("encoding").and_then(of_code).unwrap_or(known.encoding),
        delimiter: said("delimiter").and_then(of_code).unwrap_or(known.delimiter),
        columns,
        dates: said("dates").and_then(of_code),
        decimals: said("decimals").and_then(of_code),
        turns_sign: said("turns_sign").is_some(),
    }
}

fn of_code<T: DeserializeOwned>(code: &str) -> Option<T> {
    from_code_in_file(code).ok()
}

/// How a file is to be imported.
#[derive(Deserialize)]
pub(crate) struct ImportForm {
    /// When the file had last changed, as the page showed it.
    looked_at: Option<i64>,
    /// Whether lines that cannot be read are left out.
    without_refused: Option<String>,
}

impl ImportForm {
    /// When the file had last changed as it was looked at, and whether lines that cannot be read are left out.
    pub(super) fn said(&self) -> (Option<Timestamp>, bool) {
        (self.looked_at.and_then(|at| Timestamp::from_microsecond(at).ok()), self.without_refused.is_some())
    }
}

/// Imports a file as it was looked at.
pub(crate) async fn import(
    State(app): State<App>,
    member: Member,
    Path((organization, account, file)): Path<(String, String, String)>,
    Form(form): Form<ImportForm>,
) -> Result<Response, PageError> {
    let (account, file) = (account_id(&account)?, file_id(&file)?);
    let (looked_at, without_refused) = form.said();
    match app.engine.import_file(member.asker(), account, file, looked_at, without_refused).await {
        Ok(()) => {
            app.engine.wait_for_file(member.asker(), account, file, WAITS_FOR).await?;
            Ok(to_file(&organization, account, file))
        }
        Err(error) => file_page(&app, &member, (account, file), None, Some(refusal(error)?)).await,
    }
}

/// Lets a file go.
pub(crate) async fn discard(
    State(app): State<App>,
    member: Member,
    Path((organization, account, file)): Path<(String, String, String)>,
) -> Result<Response, PageError> {
    let account = account_id(&account)?;
    app.engine.discard_file(member.asker(), account, file_id(&file)?).await?;
    Ok(Redirect::to(&format!("/o/{organization}/accounts/{account}/files")).into_response())
}

fn to_file(organization: &str, account: AccountId, file: SourceId) -> Response {
    Redirect::to(&format!("/o/{organization}/accounts/{account}/files/{file}")).into_response()
}
