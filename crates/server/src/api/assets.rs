//! The tree of assets, and which account belongs to which.
#![expect(unused_qualifications, reason = "the macro that describes parameters writes them")]

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::asset::{Asset, AssetKind, AssetStage, Places, Tree};
use bankside_domain::{AssetId, Code, Right};
use bankside_engine::{AssetInput, EngineError};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::api::books::MadeBody;
use crate::api::problem::{ApiMember, Asked, Body, Problem, id};

/// An asset.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetBody {
    id: String,
    name: String,
    /// With all above it, such as `Germany ▸ Fund C ▸ Site 1`.
    path: String,
    /// What it stands under; absent at the top.
    under: Option<String>,
    /// `structuring` or `production`.
    kind: &'static str,
    /// `active` or `conceptual`.
    stage: &'static str,
    /// The day from which it is closed.
    closed_on: Option<String>,
    /// How many accounts that are open belong to it itself.
    accounts: usize,
}

impl AssetBody {
    fn of(asset: &Asset, tree: &Tree, accounts: usize) -> Self {
        Self {
            id: asset.id.to_string(),
            name: asset.name.clone(),
            path: tree.path(asset.id),
            under: asset.parent.map(|parent| parent.to_string()),
            kind: asset.kind.code(),
            stage: asset.stage.code(),
            closed_on: asset.closed_on.map(|day| day.to_string()),
            accounts,
        }
    }
}

/// A time at one place.
#[derive(Serialize, ToSchema)]
pub(crate) struct StayBody {
    /// The asset; absent at the top, or of an account that belonged to none.
    asset: Option<String>,
    /// What it is called today, with all above it.
    path: Option<String>,
    /// The first day; absent where it is the beginning.
    from: Option<String>,
    /// The first day after it; absent where it goes on.
    until: Option<String>,
}

fn stays(places: &Places, tree: &Tree) -> Vec<StayBody> {
    let body = |stay: bankside_domain::asset::Stay| StayBody {
        asset: stay.under.map(|asset| asset.to_string()),
        path: stay.under.map(|asset| tree.path(asset)),
        from: stay.from.map(|day| day.to_string()),
        until: stay.until.map(|day| day.to_string()),
    };
    places.stays().into_iter().map(body).collect()
}

/// An asset with where it stood, the oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct AssetDetailsBody {
    #[serde(flatten)]
    asset: AssetBody,
    stays: Vec<StayBody>,
}

/// How many open accounts belong to each asset itself.
async fn counts(app: &App, member: &ApiMember) -> Result<HashMap<AssetId, usize>, Problem> {
    let mut counts: HashMap<AssetId, usize> = HashMap::new();
    for view in app.engine.accounts(member.asker()).await? {
        if let Some(asset) = view.account.asset.filter(|_| !view.account.is_closed) {
            *counts.entry(asset).or_default() += 1;
        }
    }
    Ok(counts)
}

/// What the list of assets may be asked for.
#[derive(Deserialize, IntoParams)]
pub(crate) struct AssetsParams {
    /// Words that must stand in the name or the path; at least one of them in the name.
    #[serde(default)]
    search: String,
}

/// The assets of an organization, each followed by those below it; closed ones too.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/assets",
    params(("organization" = String, Path), AssetsParams), responses((status = OK, body = [AssetBody])))]
pub(crate) async fn assets(
    State(app): State<App>,
    member: ApiMember,
    Asked(params): Asked<AssetsParams>,
) -> Result<Json<Vec<AssetBody>>, Problem> {
    let tree = app.engine.tree(member.asker()).await?;
    let counts = counts(&app, &member).await?;
    let found: Vec<&Asset> = if params.search.trim().is_empty() {
        tree.all().iter().collect()
    } else {
        tree.search(&params.search).collect()
    };
    let body = |asset: &Asset| AssetBody::of(asset, &tree, counts.get(&asset.id).copied().unwrap_or_default());
    Ok(Json(found.into_iter().map(body).collect()))
}

/// An asset to add.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewAssetBody {
    name: String,
    /// What it stands under; absent puts it at the top.
    under: Option<String>,
    /// `structuring` or `production`; `structuring` if not said.
    kind: Option<String>,
    /// `active` or `conceptual`; `active` if not said. Only production assets have a conceptual stage.
    stage: Option<String>,
}

fn kind(code: &str) -> Result<AssetKind, EngineError> {
    AssetKind::from_code(code).map_err(|error| EngineError::invalid("kind", format!("{error}.")))
}

fn stage(code: &str) -> Result<AssetStage, EngineError> {
    AssetStage::from_code(code).map_err(|error| EngineError::invalid("stage", format!("{error}.")))
}

fn day(text: Option<&str>) -> Result<Option<Date>, EngineError> {
    let parse =
        |text: &str| text.parse().map_err(|_| EngineError::invalid("from", "A day is needed, such as 2026-11-20."));
    text.map(parse).transpose()
}

/// Adds an asset, as the last of those beside it.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/assets", params(("organization" = String, Path)),
    request_body = NewAssetBody,
    responses((status = CREATED, body = MadeBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn add_asset(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<NewAssetBody>,
) -> Result<(StatusCode, Json<MadeBody>), Problem> {
    let input = AssetInput {
        name: body.name,
        kind: body.kind.as_deref().map_or(Ok(AssetKind::Structuring), kind)?,
        stage: body.stage.as_deref().map_or(Ok(AssetStage::Active), stage)?,
    };
    let under = body.under.as_deref().map(id).transpose()?;
    let made = app.engine.add_asset(member.asker(), &input, under).await?;
    Ok((StatusCode::CREATED, Json(MadeBody { id: made.to_string() })))
}

/// One asset.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/assets/{asset}",
    params(("organization" = String, Path), ("asset" = String, Path)),
    responses((status = OK, body = AssetDetailsBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn asset(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset)): Path<(String, String)>,
) -> Result<Json<AssetDetailsBody>, Problem> {
    let tree = app.engine.tree(member.asker()).await?;
    let asset = tree.get(id(&asset)?).ok_or_else(Problem::not_found)?;
    let places = app.engine.asset_places(member.asker(), asset.id).await?;
    let accounts = counts(&app, &member).await?.get(&asset.id).copied().unwrap_or_default();
    Ok(Json(AssetDetailsBody { asset: AssetBody::of(asset, &tree, accounts), stays: stays(&places, &tree) }))
}

/// What to change of an asset; what is absent stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct AssetChangeBody {
    name: Option<String>,
    /// `structuring` or `production`.
    kind: Option<String>,
    /// `active` or `conceptual`.
    stage: Option<String>,
}

/// Renames an asset, or says what it is.
#[utoipa::path(patch, path = "/api/v1/organizations/{organization}/assets/{asset}",
    params(("organization" = String, Path), ("asset" = String, Path)), request_body = AssetChangeBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn change_asset(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset)): Path<(String, String)>,
    Body(body): Body<AssetChangeBody>,
) -> Result<StatusCode, Problem> {
    member.asker().require(Right::ManageAssets).map_err(EngineError::from)?;
    let tree = app.engine.tree(member.asker()).await?;
    let before = tree.get(id(&asset)?).ok_or_else(Problem::not_found)?;
    let input = AssetInput {
        name: body.name.unwrap_or_else(|| before.name.clone()),
        kind: body.kind.as_deref().map_or(Ok(before.kind), kind)?,
        stage: body.stage.as_deref().map_or(Ok(before.stage), stage)?,
    };
    app.engine.change_asset(member.asker(), before.id, &input).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where an asset is to stand.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PlaceBody {
    /// Under which asset; absent puts it at the top.
    under: Option<String>,
    /// From which day, which must have come; absent says that it has always stood there.
    from: Option<String>,
}

/// Moves an asset with all that is below it. What was said of the days from then on is replaced; the days before stay as they were.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/assets/{asset}/place",
    params(("organization" = String, Path), ("asset" = String, Path)), request_body = PlaceBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn move_asset(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset)): Path<(String, String)>,
    Body(body): Body<PlaceBody>,
) -> Result<StatusCode, Problem> {
    let under = body.under.as_deref().map(id).transpose()?;
    app.engine.move_asset(member.asker(), id(&asset)?, under, day(body.from.as_deref())?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where an asset is to come among those beside it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct OrderBody {
    /// The asset beside it that it comes before; absent makes it the last.
    before: Option<String>,
}

/// Puts an asset before another one beside it, or as the last.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/assets/{asset}/order",
    params(("organization" = String, Path), ("asset" = String, Path)), request_body = OrderBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn order_asset(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset)): Path<(String, String)>,
    Body(body): Body<OrderBody>,
) -> Result<StatusCode, Problem> {
    let before = body.before.as_deref().map(id).transpose()?;
    app.engine.order_asset(member.asker(), id(&asset)?, before).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// From when an asset is closed.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ClosedBody {
    /// A day that has come; absent is today.
    from: Option<String>,
}

/// Closes an asset with all that is below it. Refused while accounts are open there; the answer names them.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/assets/{asset}/closed",
    params(("organization" = String, Path), ("asset" = String, Path)), request_body = ClosedBody,
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn close_asset(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset)): Path<(String, String)>,
    Body(body): Body<ClosedBody>,
) -> Result<StatusCode, Problem> {
    app.engine.close_asset(member.asker(), id(&asset)?, day(body.from.as_deref())?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Opens a closed asset again; what is below it stays closed.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/assets/{asset}/closed",
    params(("organization" = String, Path), ("asset" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn reopen_asset(
    State(app): State<App>,
    member: ApiMember,
    Path((_, asset)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.reopen_asset(member.asker(), id(&asset)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// To which assets an account belongs and belonged, the oldest first.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/accounts/{account}/asset",
    params(("organization" = String, Path), ("account" = String, Path)),
    responses((status = OK, body = [StayBody]), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn account_asset(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
) -> Result<Json<Vec<StayBody>>, Problem> {
    let tree = app.engine.tree(member.asker()).await?;
    let places = app.engine.account_places(member.asker(), id(&account)?).await?;
    Ok(Json(stays(&places, &tree)))
}

/// To which asset an account is to belong.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BelongsBody {
    /// The asset; absent is none.
    asset: Option<String>,
    /// From which day, which must have come; absent says that it has always been so.
    from: Option<String>,
}

/// What came of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct BelongsMadeBody {
    /// The batch, which can be undone; absent where it was so already.
    batch: Option<String>,
}

/// Has an account belong to an asset. What was said of the days from then on is replaced; the days before stay as they were.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/accounts/{account}/asset",
    params(("organization" = String, Path), ("account" = String, Path)), request_body = BelongsBody,
    responses((status = OK, body = BelongsMadeBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn move_account(
    State(app): State<App>,
    member: ApiMember,
    Path((_, account)): Path<(String, String)>,
    Body(body): Body<BelongsBody>,
) -> Result<Json<BelongsMadeBody>, Problem> {
    let to = body.asset.as_deref().map(id).transpose()?;
    let from = day(body.from.as_deref())?;
    let batch = app.engine.move_account(member.asker(), id(&account)?, to, from).await?;
    Ok(Json(BelongsMadeBody { batch: batch.map(|batch| batch.to_string()) }))
}

/// Has nothing asked about a bank account any more. One that feeds an account is unlinked first.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/bank-accounts/{bank_account}/ignored",
    params(("organization" = String, Path), ("bank_account" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn ignore(
    State(app): State<App>,
    member: ApiMember,
    Path((_, bank_account)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.ignore_bank_account(member.asker(), id(&bank_account)?, true).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks about a bank account again.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/bank-accounts/{bank_account}/ignored",
    params(("organization" = String, Path), ("bank_account" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn take_up(
    State(app): State<App>,
    member: ApiMember,
    Path((_, bank_account)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.ignore_bank_account(member.asker(), id(&bank_account)?, false).await?;
    Ok(StatusCode::NO_CONTENT)
}
