//! Importing a file at an asset: bring it, say what its columns are and which account is which, look at what would come of it, import it.

mod showing;

use axum::extract::{Form, Path, Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{AccountId, AssetFileId, AssetId};
use bankside_engine::{AssetFileView, FileChoice};

use self::showing::{file_html, offer_html};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::assets::asset_id;
use crate::pages::shell;
use crate::pages::statement_files::{ImportForm, WAITS_FOR, choice_of, lay_over, posted, refusal};
use crate::pages::waiting::Shown;
use crate::session::Member;
use crate::view::shell::Place;

/// What a form says where rows stay out.
const OUT: &str = "out";

fn file_id(file: &str) -> Result<AssetFileId, PageError> {
    file.parse().map_err(|_| PageError::not_found())
}

/// Where a file is brought, and what was brought before.
pub(crate) async fn offer(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
) -> Result<Response, PageError> {
    offer_page(&app, &member, asset_id(&asset)?, None).await
}

async fn offer_page(app: &App, member: &Member, asset: AssetId, error: Option<String>) -> Result<Response, PageError> {
    let offer = app.engine.asset_file_offer(member.asker(), asset).await?;
    let shell = shell(app, member, Place::Assets, None).await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&offer_html(asset, &offer, error, shell))?).into_response())
}

/// Takes a file. Who may not is told so before it is read.
pub(crate) async fn upload(
    State(app): State<App>,
    member: Member,
    Path((organization, asset)): Path<(String, String)>,
    request: Request,
) -> Result<Response, PageError> {
    let asset = asset_id(&asset)?;
    app.engine.asset_file_offer(member.asker(), asset).await?;
    let (name, bytes) = match posted(&app, request).await {
        Ok(file) => file,
        Err(says) => return offer_page(&app, &member, asset, Some(says)).await,
    };
    match app.engine.upload_asset_file(member.asker(), asset, &name, &bytes).await {
        Ok(file) => Ok(to_file(&organization, asset, file)),
        Err(error) => offer_page(&app, &member, asset, Some(refusal(error)?)).await,
    }
}

/// A file, as far as it has got.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, asset, file)): Path<(String, String, String)>,
) -> Result<Response, PageError> {
    let view = app.engine.asset_file(member.asker(), asset_id(&asset)?, file_id(&file)?).await?;
    file_page(&app, &member, &view, None).await
}

async fn file_page(
    app: &App,
    member: &Member,
    view: &AssetFileView,
    error: Option<String>,
) -> Result<Response, PageError> {
    let shell = shell(app, member, Place::Assets, None).await?;
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok((status, page(&file_html(view, error, shell))?).into_response())
}

/// Whether there is more to see than a page that waits shows. It is drawn anew then.
pub(crate) async fn look(
    State(app): State<App>,
    member: Member,
    Path((_, asset, file)): Path<(String, String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    let progress = app.engine.asset_file_progress(member.asker(), asset_id(&asset)?, file_id(&file)?).await?;
    Ok(shown.answer(|seen| progress.is_busy && progress.done == seen))
}

/// Has a file read as the form says.
pub(crate) async fn choose(
    State(app): State<App>,
    member: Member,
    Path((organization, asset, file)): Path<(String, String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let (asset, file) = (asset_id(&asset)?, file_id(&file)?);
    let mut view = app.engine.asset_file(member.asker(), asset, file).await?;
    let choice: FileChoice = choice_of(&fields, &view.profile);
    match app.engine.choose_asset_columns(member.asker(), asset, file, &choice).await {
        Ok(()) => Ok(to_file(&organization, asset, file)),
        Err(error) => {
            lay_over((&mut view.profile, view.guess.as_mut()), choice);
            file_page(&app, &member, &view, Some(refusal(error)?)).await
        }
    }
}

/// Says which account is which.
pub(crate) async fn divide(
    State(app): State<App>,
    member: Member,
    Path((organization, asset, file)): Path<(String, String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let (asset, file) = (asset_id(&asset)?, file_id(&file)?);
    let view = app.engine.asset_file(member.asker(), asset, file).await?;
    let Some(chosen) = accounts_of(&fields, view.shares.len()) else {
        let says = "Say of each which account it is, or that it stays out.";
        return file_page(&app, &member, &view, Some(says.to_owned())).await;
    };
    match app.engine.divide_asset_file(member.asker(), asset, file, &chosen).await {
        Ok(()) => {
            app.engine.wait_for_asset_file(member.asker(), asset, file, WAITS_FOR).await?;
            Ok(to_file(&organization, asset, file))
        }
        Err(error) => file_page(&app, &member, &view, Some(refusal(error)?)).await,
    }
}

/// The account of each value; `None` where of one nothing is said.
fn accounts_of(fields: &[(String, String)], count: usize) -> Option<Vec<Option<AccountId>>> {
    let said = |number: usize| {
        let name = format!("account-{number}");
        let value = fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str())?;
        if value == OUT { Some(None) } else { value.parse().ok().map(Some) }
    };
    (0..count).map(said).collect()
}

/// Imports a file as it was looked at.
pub(crate) async fn import(
    State(app): State<App>,
    member: Member,
    Path((organization, asset, file)): Path<(String, String, String)>,
    Form(form): Form<ImportForm>,
) -> Result<Response, PageError> {
    let (asset, file) = (asset_id(&asset)?, file_id(&file)?);
    let (looked_at, without_refused) = form.said();
    match app.engine.import_asset_file(member.asker(), asset, file, looked_at, without_refused).await {
        Ok(()) => {
            app.engine.wait_for_asset_file(member.asker(), asset, file, WAITS_FOR).await?;
            Ok(to_file(&organization, asset, file))
        }
        Err(error) => {
            let says = refusal(error)?;
            let view = app.engine.asset_file(member.asker(), asset, file).await?;
            file_page(&app, &member, &view, Some(says)).await
        }
    }
}

/// Lets a file go.
pub(crate) async fn discard(
    State(app): State<App>,
    member: Member,
    Path((organization, asset, file)): Path<(String, String, String)>,
) -> Result<Response, PageError> {
    let asset = asset_id(&asset)?;
    app.engine.discard_asset_file(member.asker(), asset, file_id(&file)?).await?;
    Ok(Redirect::to(&format!("/o/{organization}/assets/{asset}/files")).into_response())
}

fn to_file(organization: &str, asset: AssetId, file: AssetFileId) -> Response {
    Redirect::to(&format!("/o/{organization}/assets/{asset}/files/{file}")).into_response()
}
