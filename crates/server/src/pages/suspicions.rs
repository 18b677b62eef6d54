//! Suspicions: every doubt is on one page and can be decided.

mod held;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::suspicion::{HeldChoice, Suspicion};
use bankside_domain::{BatchId, Code, TransactionId};
use bankside_engine::{EngineError, MOST_SUSPICIONS};
use serde::Deserialize;

use self::held::HeldCard;
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::shell::{Place, Shell, address};

#[derive(Template)]
#[template(path = "suspicions.html")]
struct SuspicionsHtml {
    shell: Shell,
    /// Where what was just decided is taken back.
    undo_url: Option<String>,
    held: Vec<HeldCard>,
    /// How many of a kind are shown, where there may be more.
    most: Option<usize>,
}

/// What the address may say: what was just decided.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    decided: String,
}

/// The page.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let suspicions = app.engine.suspicions(member.asker()).await?;
    let shell = shell(&app, &member, Place::Suspicions, None).await?;
    let undo_url = match asked.decided.parse::<BatchId>() {
        Ok(batch) if can_be_undone(&app, &member, batch).await? => {
            Some(shell.at(&format!("batches/{batch}/undo?suspicions=true")))
        }
        _ => None,
    };
    let html = SuspicionsHtml {
        undo_url,
        most: (suspicions.held.len() == MOST_SUSPICIONS).then_some(MOST_SUSPICIONS),
        held: suspicions.held.iter().map(|view| HeldCard::of(view, &shell)).collect(),
        shell,
    };
    Ok(page(&html)?.into_response())
}

async fn can_be_undone(app: &App, member: &Member, batch: BatchId) -> Result<bool, PageError> {
    match app.engine.undoing_of(member.asker(), batch).await {
        Ok(undoing) => Ok(undoing.is_none()),
        Err(EngineError::Denied(_) | EngineError::NotFound(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// What a person says.
#[derive(Deserialize)]
pub(crate) struct Said {
    choice: String,
    #[serde(default)]
    transaction: String,
}

/// Decides, and goes back to what is left.
pub(crate) async fn decide(
    State(app): State<App>,
    member: Member,
    Path((_, suspicion)): Path<(String, String)>,
    Form(said): Form<Said>,
) -> Result<Redirect, PageError> {
    let Suspicion::Held(feed_row) = suspicion.parse().map_err(|_| PageError::not_found())?;
    let choice = HeldChoice::from_code(&said.choice).map_err(|_| PageError::not_found())?;
    let corrected: Option<TransactionId> = said.transaction.parse().ok();
    let batch = app.engine.decide_held(member.asker(), feed_row, choice, corrected).await?;
    Ok(Redirect::to(&address(member.membership.organization.id, &format!("suspicions?decided={batch}"))))
}
