//! Moving an asset, with all that is below it, under another one.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::AssetId;
use bankside_domain::asset::Asset;
use serde::Deserialize;

use super::forms::{day, refusal, require};
use super::{StayLine, asset_id, stays};
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::FieldView;
use crate::view::picker::{Picker, Picking};
use crate::view::shell::{Place, Shell};

#[derive(Template)]
#[template(path = "asset_move.html")]
struct MoveHtml {
    shell: Shell,
    title: String,
    crumb: (String, String),
    lede: &'static str,
    picker: Picker,
    from: FieldView,
    today: String,
    submit: &'static str,
    stays: Vec<StayLine>,
    /// What has just been done, with where it is taken back.
    done: Option<String>,
    error: Option<String>,
}

/// What the picker of the page is asked for.
#[derive(Deserialize)]
pub(crate) struct Finding {
    #[serde(default)]
    find: String,
}

/// Where it goes, and from which day; blank are the top, and the beginning.
#[derive(Deserialize)]
pub(crate) struct MoveForm {
    #[serde(default)]
    asset: Option<String>,
    #[serde(default)]
    from: String,
}

impl MoveForm {
    /// The asset that was chosen; `Err` where none was.
    pub(crate) fn chosen(&self) -> Result<Option<AssetId>, bankside_engine::EngineError> {
        let nothing = || bankside_engine::EngineError::invalid("asset", "Choose one of the list.");
        match self.asset.as_deref() {
            None => Err(nothing()),
            Some("") => Ok(None),
            Some(id) => id.parse().map(Some).map_err(|_| nothing()),
        }
    }

    pub(crate) fn from(&self) -> &str {
        &self.from
    }
}

/// Asks where an asset goes.
pub(crate) async fn form(
    State(app): State<App>,
    member: Member,
    Path((_, asset)): Path<(String, String)>,
    Query(query): Query<Finding>,
) -> Result<Response, PageError> {
    move_page(&app, &member, asset_id(&asset)?, query.find, None).await
}

async fn move_page(
    app: &App,
    member: &Member,
    id: AssetId,
    find: String,
    wrong: Option<(&MoveForm, (Option<&'static str>, String))>,
) -> Result<Response, PageError> {
    require(member)?;
    let shell = shell(app, member, Place::Assets, None).await?;
    let asset = shell.tree.get(id).ok_or_else(PageError::not_found)?;
    let places = app.engine.asset_places(member.asker(), id).await?;
    let chosen = match &wrong {
        Some((form, _)) => form.chosen().ok(),
        None => Some(asset.parent),
    };
    let off = |other: &Asset| {
        if other.id == id {
            Some("this one".to_owned())
        } else {
            shell.tree.is_within(other.id, id).then(|| format!("below {}", asset.name))
        }
    };
    let picking = Picking {
        tree: &shell.tree,
        legend: format!("Under what does {} stand?", asset.name),
        none: Some("At the top"),
        chosen,
        find,
        off: &off,
    };
    let today = shell.today.date().to_string();
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (from, error) = from_field(wrong, &today);
    let html = MoveHtml {
        title: format!("Move {}", asset.name),
        crumb: (shell.tree.path(id), shell.at(&format!("assets/{id}"))),
        lede: "What is below it moves along. Its accounts, their rows and what was counted before that day stay as they are.",
        picker: picking.make(),
        from,
        today,
        submit: "Move",
        stays: stays(&places, &shell, "At the top"),
        done: None,
        error,
        shell,
    };
    Ok((status, page(&html)?).into_response())
}

/// The field of the day, and what refuses the whole form.
pub(crate) fn from_field(
    wrong: Option<(&MoveForm, (Option<&'static str>, String))>,
    today: &str,
) -> (FieldView, Option<String>) {
    match wrong {
        Some((form, (Some("from"), message))) => (FieldView { value: form.from.clone(), error: Some(message) }, None),
        Some((form, (_, message))) => (FieldView::of(form.from.clone()), Some(message)),
        None => (FieldView::of(today), None),
    }
}

/// Moves an asset.
pub(crate) async fn act(
    State(app): State<App>,
    member: Member,
    Path((organization, asset)): Path<(String, String)>,
    Query(query): Query<Finding>,
    Form(form): Form<MoveForm>,
) -> Result<Response, PageError> {
    let id = asset_id(&asset)?;
    let wanted = form.chosen().and_then(|under| Ok((under, day(&form.from)?)));
    let result = match wanted {
        Ok((under, from)) => app.engine.move_asset(member.asker(), id, under, from).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/o/{organization}/assets/{id}")).into_response()),
        Err(error) => move_page(&app, &member, id, query.find, Some((&form, refusal(error)?))).await,
    }
}

/// The asset of an account: the same page.
pub(crate) struct AccountPage {
    pub(crate) shell: Shell,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) picker: Picker,
    pub(crate) from: FieldView,
    pub(crate) stays: Vec<StayLine>,
    pub(crate) done: Option<String>,
    pub(crate) error: Option<String>,
}

impl AccountPage {
    pub(crate) fn into_response(self, status: StatusCode) -> Result<Response, PageError> {
        let today = self.shell.today.date().to_string();
        let html = MoveHtml {
            shell: self.shell,
            title: "Asset".to_owned(),
            crumb: (self.name, self.url),
            lede: "What the account is for. Its rows count for an asset from the day on which it belonged there; days before keep theirs.",
            picker: self.picker,
            from: self.from,
            today,
            submit: "Save",
            stays: self.stays,
            done: self.done,
            error: self.error,
        };
        Ok((status, page(&html)?).into_response())
    }
}
