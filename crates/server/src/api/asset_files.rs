//! Files that are brought at an asset: divided among its accounts, looked at, imported.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use bankside_domain::{AccountId, AssetFileId, AssetId, Code};
use bankside_engine::{AssetFileView, FileChoice, FileShare, ImportedAssetFile, code_in_file};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};
use crate::api::statement_files::{
    FileBody, FileCountsBody, HowReadBody, ImportFileBody, NamedFile, ReadFileBody, WAITS_FOR, csv_of,
};

/// A file that was imported at an asset.
#[derive(Serialize, ToSchema)]
pub(crate) struct ImportedAssetFileBody {
    id: String,
    name: String,
    /// Into how many accounts.
    accounts: i64,
    counts: FileCountsBody,
    /// When it was over.
    imported_at: String,
}

impl ImportedAssetFileBody {
    fn of(file: &ImportedAssetFile) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name.clone(),
            accounts: file.accounts,
            counts: file.counts.into(),
            imported_at: file.changed_at.to_string(),
        }
    }
}

/// The files of an asset.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetFilesBody {
    /// The file that somebody has begun with.
    open: Option<String>,
    /// Those that were imported, the latest first.
    imported: Vec<ImportedAssetFileBody>,
}

/// What stands in the column that names the account.
#[derive(Serialize, ToSchema)]
pub(crate) struct FileShareBody {
    /// The value; blank where lines name none.
    named: String,
    lines: usize,
    /// The account that is meant; absent where these lines stay out.
    account: Option<String>,
    /// `number`, `name`, `before` (as in the last file), `chosen` or `nothing`: why it is taken for that.
    because: String,
}

impl FileShareBody {
    fn of(share: &FileShare) -> Self {
        Self {
            named: share.named.clone(),
            lines: share.lines,
            account: share.account.map(|account| account.to_string()),
            because: code_in_file(share.ground),
        }
    }
}

/// The part of a file that is of one account.
#[derive(Serialize, ToSchema)]
pub(crate) struct FilePartBody {
    account: String,
    /// As a file of that account.
    file: FileBody,
}

/// A file of an asset as it stands.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetFileBody {
    id: String,
    name: String,
    /// `open` (say how it is read and which account is which), `divided` (look at it), `importing`, `done` or `abandoned`.
    stage: &'static str,
    /// Whether parts of it are being read or imported.
    is_busy: bool,
    #[serde(flatten)]
    how_read: HowReadBody,
    /// What stands in the column that names the account; none where it has to be said first how the file is read.
    shares: Vec<FileShareBody>,
    /// One for each account.
    parts: Vec<FilePartBody>,
    /// All parts together.
    counts: FileCountsBody,
    /// How many lines cannot be read.
    refused_total: usize,
}

impl AssetFileBody {
    fn of(view: &AssetFileView) -> Self {
        Self {
            id: view.id.to_string(),
            name: view.name.clone(),
            stage: view.stage.code(),
            is_busy: view.is_busy(),
            how_read: HowReadBody::of(&view.profile, view.guess.as_ref(), view.asks()),
            shares: view.shares.iter().map(FileShareBody::of).collect(),
            parts: view
                .parts
                .iter()
                .map(|part| FilePartBody { account: part.account.account.id.to_string(), file: FileBody::of(part) })
                .collect(),
            counts: view.counts().into(),
            refused_total: view.refused_total(),
        }
    }
}

/// Which account is which.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DivideFileBody {
    /// The account of each of `shares`, in their order; `null` where its lines stay out.
    accounts: Vec<Option<String>>,
}

/// The files of an asset: the one that somebody has begun with, and those that were imported.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/assets/{asset}/files",
    params(("organization" = String, Path), ("asset" = String, Path)),
    responses((status = OK, body = AssetFilesBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn asset_files(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset)): Path<(String, String)>,
) -> Result<Json<AssetFilesBody>, Problem> {
    let offer = app.engine.asset_file_offer(member.asker(), id(&asset)?).await?;
    Ok(Json(AssetFilesBody {
        open: offer.open.map(|id| id.to_string()),
        imported: offer.imported.iter().map(ImportedAssetFileBody::of).collect(),
    }))
}

/// Brings a CSV file with rows of several accounts of an asset and of what lies below it: its bytes are the body. Which account is which is
/// guessed, and nothing is imported. One that was begun before gives way.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/assets/{asset}/files",
    params(("organization" = String, Path), ("asset" = String, Path), NamedFile),
    request_body(content = Vec<u8>, content_type = "text/csv"),
    responses((status = CREATED, body = AssetFileBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn bring_asset_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset)): Path<(String, String)>,
    Asked(named): Asked<NamedFile>,
    request: Request,
) -> Result<(StatusCode, Json<AssetFileBody>), Problem> {
    let asset: AssetId = id(&asset)?;
    // Who may not is told so before anything is read.
    app.engine.asset_file_offer(member.asker(), asset).await?;
    let bytes = csv_of(request).await?;
    let file = app.engine.upload_asset_file(member.asker(), asset, &named.name, &bytes).await?;
    Ok((StatusCode::CREATED, shown(&app, &member, asset, file).await?))
}

async fn shown(
    app: &App,
    member: &ApiMember,
    asset: AssetId,
    file: AssetFileId,
) -> Result<Json<AssetFileBody>, Problem> {
    Ok(Json(AssetFileBody::of(&app.engine.asset_file(member.asker(), asset, file).await?)))
}

/// A file of an asset as it stands, with what would come of it.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/assets/{asset}/files/{file}",
    params(("organization" = String, Path), ("asset" = String, Path), ("file" = String, Path)),
    responses((status = OK, body = AssetFileBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn asset_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset, file)): Path<(String, String, String)>,
) -> Result<Json<AssetFileBody>, Problem> {
    shown(&app, &member, id(&asset)?, id(&file)?).await
}

/// Has a file of an asset read in another way. Which account is which is guessed anew.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/assets/{asset}/files/{file}",
    params(("organization" = String, Path), ("asset" = String, Path), ("file" = String, Path)), request_body = ReadFileBody,
    responses((status = OK, body = AssetFileBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn read_asset_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset, file)): Path<(String, String, String)>,
    Body(body): Body<ReadFileBody>,
) -> Result<Json<AssetFileBody>, Problem> {
    let (asset, file) = (id(&asset)?, id(&file)?);
    let view = app.engine.asset_file(member.asker(), asset, file).await?;
    let choice = FileChoice::said(&body.said(), &view.profile, view.asks())?;
    app.engine.choose_asset_columns(member.asker(), asset, file, &choice).await?;
    shown(&app, &member, asset, file).await
}

/// Says which account is which: the file is divided among them, and each part is laid beside the books.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/assets/{asset}/files/{file}/accounts",
    params(("organization" = String, Path), ("asset" = String, Path), ("file" = String, Path)), request_body = DivideFileBody,
    responses((status = OK, body = AssetFileBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn divide_asset_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset, file)): Path<(String, String, String)>,
    Body(body): Body<DivideFileBody>,
) -> Result<Json<AssetFileBody>, Problem> {
    let (asset, file) = (id(&asset)?, id(&file)?);
    let account = |account: &Option<String>| account.as_deref().map(id::<AccountId>).transpose();
    let chosen = body.accounts.iter().map(account).collect::<Result<Vec<_>, _>>()?;
    app.engine.divide_asset_file(member.asker(), asset, file, &chosen).await?;
    app.engine.wait_for_asset_file(member.asker(), asset, file, WAITS_FOR).await?;
    shown(&app, &member, asset, file).await
}

/// Lets a file of an asset go that was not imported.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/assets/{asset}/files/{file}",
    params(("organization" = String, Path), ("asset" = String, Path), ("file" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn discard_asset_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset, file)): Path<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.discard_asset_file(member.asker(), id(&asset)?, id(&file)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Imports all parts of a file of an asset as they were read. `422` where lines cannot be read and nobody has said that it goes without them.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/assets/{asset}/files/{file}/import",
    params(("organization" = String, Path), ("asset" = String, Path), ("file" = String, Path)), request_body = ImportFileBody,
    responses((status = OK, body = AssetFileBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn import_asset_file(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset, file)): Path<(String, String, String)>,
    Body(body): Body<ImportFileBody>,
) -> Result<Json<AssetFileBody>, Problem> {
    let (asset, file) = (id(&asset)?, id(&file)?);
    app.engine.import_asset_file(member.asker(), asset, file, None, body.without_refused).await?;
    app.engine.wait_for_asset_file(member.asker(), asset, file, WAITS_FOR).await?;
    shown(&app, &member, asset, file).await
}
