//! The asset that an account belongs to.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::asset::Asset;
use bankside_domain::{AccountId, BatchId};
use serde::Deserialize;

use crate::App;
use crate::error::PageError;
use crate::pages::assets::forms::{day, refusal, require};
use crate::pages::assets::moving::{AccountPage, MoveForm, from_field};
use crate::pages::assets::stays;
use crate::pages::shell;
use crate::session::Member;
use crate::view::picker::Picking;
use crate::view::shell::Place;

/// What the address may say: what is searched for, and what has just been done.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    find: String,
    #[serde(default)]
    done: String,
}

fn account_id(account: &str) -> Result<AccountId, PageError> {
    account.parse().map_err(|_| PageError::not_found())
}

/// Asks which asset it is.
pub(crate) async fn form(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    form_page(&app, &member, account_id(&account)?, asked, None).await
}

async fn form_page(
    app: &App,
    member: &Member,
    id: AccountId,
    asked: Asked,
    wrong: Option<(&MoveForm, (Option<&'static str>, String))>,
) -> Result<Response, PageError> {
    require(member)?;
    let account = app.engine.account(member.asker(), id).await?.account;
    let shell = shell(app, member, Place::Transactions, Some(id)).await?;
    let places = app.engine.account_places(member.asker(), id).await?;
    let chosen = match &wrong {
        Some((form, _)) => form.chosen().ok(),
        None => Some(account.asset),
    };
    let off = |asset: &Asset| asset.may_have_accounts().err().map(|_| "conceptual: it has no accounts yet".to_owned());
    let picking = Picking {
        tree: &shell.tree,
        legend: "Which asset does it belong to?".to_owned(),
        none: Some("No asset"),
        chosen,
        find: asked.find,
        off: &off,
    };
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (from, error) = from_field(wrong, &shell.today.date().to_string());
    let done = asked.done.parse::<BatchId>().ok().map(|batch| shell.at(&format!("batches/{batch}/undo")));
    let picker = picking.make();
    let page = AccountPage {
        name: account.name,
        url: shell.at(&format!("accounts/{id}")),
        picker,
        from,
        stays: stays(&places, &shell, "No asset"),
        done,
        error,
        shell,
    };
    page.into_response(status)
}

/// Has it belong to an asset.
pub(crate) async fn act(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    Query(asked): Query<Asked>,
    Form(form): Form<MoveForm>,
) -> Result<Response, PageError> {
    let id = account_id(&account)?;
    let wanted = form.chosen().and_then(|asset| Ok((asset, day(form.from())?)));
    let result = match wanted {
        Ok((asset, from)) => app.engine.move_account(member.asker(), id, asset, from).await,
        Err(error) => Err(error),
    };
    match result {
        Ok(Some(batch)) => {
            Ok(Redirect::to(&format!("/o/{organization}/accounts/{id}/asset?done={batch}")).into_response())
        }
        Ok(None) => Ok(Redirect::to(&format!("/o/{organization}/accounts/{id}")).into_response()),
        Err(error) => form_page(&app, &member, id, asked, Some((&form, refusal(error)?))).await,
    }
}
