//! Adding an asset, saying what it is, closing it and opening it again.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::asset::{Asset, AssetKind, AssetRefused, AssetStage};
use bankside_domain::{AssetId, Code, Right};
use bankside_engine::{AssetInput, EngineError, Shift};
use jiff::civil::Date;
use serde::Deserialize;

use super::asset_id;
use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell};
use crate::view::{FieldView, counted};

#[derive(Template)]
#[template(path = "asset_form.html")]
struct AssetFormHtml {
    shell: Shell,
    title: &'static str,
    /// The path of what it stands under, or of itself, and where that is.
    crumb: (String, String),
    name: FieldView,
    kinds: Vec<(&'static str, &'static str)>,
    kind: String,
    stages: Vec<(&'static str, &'static str)>,
    stage: String,
    /// What refuses the whole form.
    error: Option<String>,
    submit: &'static str,
}

/// The form of an asset.
#[derive(Deserialize)]
pub(crate) struct AssetForm {
    name: String,
    kind: String,
    stage: String,
}

impl AssetForm {
    fn input(&self) -> AssetInput {
        AssetInput {
            name: self.name.clone(),
            kind: AssetKind::from_code(&self.kind).unwrap_or(AssetKind::Structuring),
            stage: AssetStage::from_code(&self.stage).unwrap_or(AssetStage::Active),
        }
    }
}

/// Under what an asset is added.
#[derive(Deserialize)]
pub(crate) struct Under {
    #[serde(default)]
    under: String,
}

/// What was wrong with a form: the field, or none where it is about the whole.
type Wrong = Option<(Option<&'static str>, String)>;

/// Why a form comes back, or the error that no form can show.
pub(crate) fn refusal(error: EngineError) -> Result<(Option<&'static str>, String), PageError> {
    match error {
        EngineError::Invalid { field, message } => Ok((Some(field), message)),
        EngineError::AssetRefused(AssetRefused::NameTaken { name }) => {
            Ok((Some("name"), AssetRefused::NameTaken { name }.in_words()))
        }
        EngineError::AssetRefused(refused) => Ok((None, refused.in_words())),
        EngineError::Conflict(what) => Ok((None, sentence(what))),
        error => Err(error.into()),
    }
}

/// Whoever may not change the tree learns so before they have typed anything.
pub(crate) fn require(member: &Member) -> Result<(), PageError> {
    member.asker().require(Right::ManageAssets).map_err(EngineError::from)?;
    Ok(())
}

/// Asks for a new asset.
pub(crate) async fn new_form(
    State(app): State<App>,
    member: Member,
    Query(query): Query<Under>,
) -> Result<Response, PageError> {
    let blank = AssetForm {
        name: String::new(),
        kind: AssetKind::Structuring.code().to_owned(),
        stage: AssetStage::Active.code().to_owned(),
    };
    new_page(&app, &member, query.under.parse().ok(), &blank, None).await
}

async fn new_page(
    app: &App,
    member: &Member,
    under: Option<AssetId>,
    form: &AssetForm,
    wrong: Wrong,
) -> Result<Response, PageError> {
    require(member)?;
    let shell = shell(app, member, Place::Assets, None).await?;
    let crumb = match under {
        Some(id) => {
            shell.tree.get(id).ok_or_else(PageError::not_found)?;
            (format!("Under {}", shell.tree.path(id)), shell.at(&format!("assets/{id}")))
        }
        None => (shell.organization_name.clone(), shell.at("assets")),
    };
    form_page(shell, ("Add asset", "Add asset"), crumb, form, wrong)
}

fn form_page(
    shell: Shell,
    (title, submit): (&'static str, &'static str),
    crumb: (String, String),
    form: &AssetForm,
    wrong: Wrong,
) -> Result<Response, PageError> {
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (of_name, of_all) = match wrong {
        Some((Some("name"), message)) => (Some(message), None),
        Some((_, message)) => (None, Some(message)),
        None => (None, None),
    };
    let html = AssetFormHtml {
        shell,
        title,
        crumb,
        name: FieldView { value: form.name.clone(), error: of_name },
        kinds: AssetKind::ALL.iter().map(|kind| (kind.code(), kind.label())).collect(),
        kind: form.kind.clone(),
        stages: AssetStage::ALL.iter().map(|stage| (stage.code(), stage.label())).collect(),
        stage: form.stage.clone(),
        error: of_all,
        submit,
    };
    Ok((status, page(&html)?).into_response())
}

/// Adds an asset.
pub(crate) async fn add(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Query(query): Query<Under>,
    Form(form): Form<AssetForm>,
) -> Result<Response, PageError> {
    let under = if query.under.is_empty() { None } else { Some(asset_id(&query.under)?) };
    match app.engine.add_asset(member.asker(), &form.input(), under).await {
        Ok(id) => Ok(Redirect::to(&format!("/o/{organization}/assets/{id}")).into_response()),
        Err(error) => new_page(&app, &member, under, &form, Some(refusal(error)?)).await,
    }
}

/// Asks what an asset is called and what it is.
pub(crate) async fn edit_form(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
) -> Result<Response, PageError> {
    edit_page(&app, &member, asset_id(&asset)?, None).await
}

async fn edit_page(
    app: &App,
    member: &Member,
    id: AssetId,
    posted: Option<(&AssetForm, Wrong)>,
) -> Result<Response, PageError> {
    require(member)?;
    let shell = shell(app, member, Place::Assets, None).await?;
    let asset = shell.tree.get(id).ok_or_else(PageError::not_found)?;
    let standing = AssetForm {
        name: asset.name.clone(),
        kind: asset.kind.code().to_owned(),
        stage: asset.stage.code().to_owned(),
    };
    let crumb = (shell.tree.path(id), shell.at(&format!("assets/{id}")));
    let (form, wrong) = posted.unwrap_or((&standing, None));
    form_page(shell, ("Rename or change", "Save"), crumb, form, wrong)
}

/// Renames an asset, or says what it is.
pub(crate) async fn edit(
    State(app): State<App>,
    member: Member,
    Path((organization, asset)): Path<(String, String)>,
    Form(form): Form<AssetForm>,
) -> Result<Response, PageError> {
    let id = asset_id(&asset)?;
    match app.engine.change_asset(member.asker(), id, &form.input()).await {
        Ok(()) => Ok(Redirect::to(&format!("/o/{organization}/assets/{id}")).into_response()),
        Err(error) => edit_page(&app, &member, id, Some((&form, Some(refusal(error)?)))).await,
    }
}

#[derive(Template)]
#[template(path = "asset_close.html")]
struct CloseHtml {
    shell: Shell,
    id: String,
    name: String,
    path: String,
    /// How many assets close with it.
    below: Option<String>,
    /// The accounts that stand in the way: name, path, and where each is moved.
    accounts: Vec<(String, String, String)>,
    more: Option<String>,
    from: FieldView,
    today: String,
    error: Option<String>,
}

/// From which day it is closed.
#[derive(Deserialize)]
pub(crate) struct CloseForm {
    from: String,
}

/// So many accounts are named that stand in the way.
const MOST_NAMED: usize = 20;

/// Asks from which day an asset is closed, or says what stands in the way.
pub(crate) async fn close_form(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
) -> Result<Response, PageError> {
    close_page(&app, &member, asset_id(&asset)?, None).await
}

async fn close_page(
    app: &App,
    member: &Member,
    id: AssetId,
    wrong: Option<(String, (Option<&'static str>, String))>,
) -> Result<Response, PageError> {
    require(member)?;
    let shell = shell(app, member, Place::Assets, None).await?;
    let asset = shell.tree.get(id).ok_or_else(PageError::not_found)?;
    let open = |asset: &&Asset| asset.closed_on.is_none();
    let below = shell.tree.subtree(id).iter().skip(1).filter(open).count();
    let views = app.engine.accounts(member.asker()).await?;
    let mut accounts: Vec<(String, String, String)> = views
        .iter()
        .map(|view| &view.account)
        .filter(|account| !account.is_closed)
        .filter_map(|account| {
            let at = account.asset.filter(|at| shell.tree.is_within(*at, id))?;
            let url = shell.at(&format!("accounts/{}/asset", account.id));
            Some((account.name.clone(), shell.tree.path(at), url))
        })
        .collect();
    let more = accounts.len().checked_sub(MOST_NAMED).filter(|more| *more > 0);
    accounts.truncate(MOST_NAMED);
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let today = shell.today.date().to_string();
    let (from, error) = match wrong {
        Some((value, (Some("from"), message))) => (FieldView { value, error: Some(message) }, None),
        Some((value, (_, message))) => (FieldView::of(value), Some(message)),
        None => (FieldView::of(today.clone()), None),
    };
    let html = CloseHtml {
        id: id.to_string(),
        name: asset.name.clone(),
        path: shell.tree.path(id),
        below: (below > 0).then(|| counted(i64::try_from(below).unwrap_or(i64::MAX), "asset", "assets")),
        accounts,
        more: more.map(|more| counted(i64::try_from(more).unwrap_or(i64::MAX), "account", "accounts")),
        from,
        today,
        error,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// A day of a form; blank is none.
pub(crate) fn day(text: &str) -> Result<Option<Date>, EngineError> {
    match text.trim() {
        "" => Ok(None),
        day => day.parse().map(Some).map_err(|_| EngineError::invalid("from", "This is no day.")),
    }
}

/// Closes an asset.
pub(crate) async fn close(
    State(app): State<App>,
    member: Member,
    Path((organization, asset)): Path<(String, String)>,
    Form(form): Form<CloseForm>,
) -> Result<Response, PageError> {
    let id = asset_id(&asset)?;
    let result = match day(&form.from) {
        Ok(from) => app.engine.close_asset(member.asker(), id, from).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/o/{organization}/assets/{id}")).into_response()),
        Err(error) => close_page(&app, &member, id, Some((form.from, refusal(error)?))).await,
    }
}

/// Opens a closed asset again.
pub(crate) async fn reopen(
    State(app): State<App>,
    member: Member,
    Path((organization, asset)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let id = asset_id(&asset)?;
    app.engine.reopen_asset(member.asker(), id).await?;
    Ok(Redirect::to(&format!("/o/{organization}/assets/{id}")))
}

/// Which way an asset goes among those beside it: `up` or `down`.
#[derive(Deserialize)]
pub(crate) struct ShiftForm {
    to: String,
}

/// Puts an asset one place further among those beside it.
pub(crate) async fn shift(
    State(app): State<App>,
    member: Member,
    Path((organization, asset)): Path<(String, String)>,
    Form(form): Form<ShiftForm>,
) -> Result<Redirect, PageError> {
    let id = asset_id(&asset)?;
    let to = if form.to == "up" { Shift::Up } else { Shift::Down };
    app.engine.shift_asset(member.asker(), id, to).await?;
    let parent = app.engine.tree(member.asker()).await?.get(id).and_then(|asset| asset.parent);
    let at = parent.map_or_else(|| "assets".to_owned(), |parent| format!("assets/{parent}"));
    Ok(Redirect::to(&format!("/o/{organization}/{at}#asset-{id}")))
}
