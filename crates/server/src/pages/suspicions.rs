//! Suspicions: every doubt is on one page and can be decided.

mod held;
mod pair;
mod transfer;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::row::RowStatus;
use bankside_domain::suspicion::{HeldChoice, Suspicion};
use bankside_domain::{BatchId, Code, TransactionId};
use bankside_engine::{MOST_SUSPICIONS, PairDecision, VanishedRow};
use serde::Deserialize;

use self::held::HeldCard;
use self::pair::{KeepForm, PairCard};
use self::transfer::TransferCard;
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::pages::undo::is_in_force;
use crate::session::Member;
use crate::view::shell::{Place, Shell, address};

#[derive(Template)]
#[template(path = "suspicions.html")]
struct SuspicionsHtml {
    shell: Shell,
    /// Where what was just decided is taken back.
    undo_url: Option<String>,
    held: Vec<HeldCard>,
    pairs: Vec<PairCard>,
    transfers: Vec<TransferCard>,
    /// What looking through all of the books came to, where somebody has just had that done.
    found: Option<String>,
    vanished: Vec<VanishedLine>,
    /// How many of a kind are shown, where there may be more.
    most: Option<usize>,
}

/// A pending row that a bank stopped showing.
struct VanishedLine {
    day: String,
    payee: String,
    note: String,
    amount: String,
    currency: String,
    account: String,
    account_path: Option<String>,
    last_seen: String,
}

impl VanishedLine {
    fn of(row: &VanishedRow, shell: &Shell) -> Self {
        let today = &shell.today;
        Self {
            day: today.day(row.dated_on),
            payee: row.payee.clone().unwrap_or_default(),
            note: row.note.clone().unwrap_or_default(),
            amount: today.signed(row.amount_minor, row.currency),
            currency: row.currency.code.to_string(),
            account: row.account_name.clone(),
            account_path: shell.account_path(row.account),
            last_seen: today.moment(row.last_seen_at),
        }
    }
}

/// What the address may say: what was just decided.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    decided: String,
    /// How many transfers were found by looking through all of the books.
    found: Option<i64>,
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
        Ok(batch) if is_in_force(&app, &member, batch).await? => {
            Some(shell.at(&format!("batches/{batch}/undo?suspicions=true")))
        }
        _ => None,
    };
    let html = SuspicionsHtml {
        undo_url,
        most: (suspicions.held.len() == MOST_SUSPICIONS).then_some(MOST_SUSPICIONS),
        held: suspicions.held.iter().map(|view| HeldCard::of(view, &shell)).collect(),
        pairs: suspicions.pairs.iter().map(|view| PairCard::of(view, &shell)).collect(),
        transfers: suspicions.transfers.iter().map(|view| TransferCard::of(view, &shell)).collect(),
        found: asked.found.map(|found| found_word(found, &shell)),
        vanished: suspicions.vanished.iter().map(|row| VanishedLine::of(row, &shell)).collect(),
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// What a person says.
#[derive(Deserialize)]
pub(crate) struct Said {
    choice: String,
    #[serde(default)]
    transaction: String,
    #[serde(flatten)]
    keep: KeepForm,
}

/// Decides, and goes back to what is left.
pub(crate) async fn decide(
    State(app): State<App>,
    member: Member,
    Path((_, suspicion)): Path<(String, String)>,
    Form(said): Form<Said>,
) -> Result<Redirect, PageError> {
    let batch = match suspicion.parse().map_err(|_| PageError::not_found())? {
        Suspicion::Held(feed_row) => {
            let choice = HeldChoice::from_code(&said.choice).map_err(|_| PageError::not_found())?;
            let corrected: Option<TransactionId> = said.transaction.parse().ok();
            Some(app.engine.decide_held(member.asker(), feed_row, choice, corrected).await?)
        }
        Suspicion::Pair(first, second) => {
            let decision = match said.choice.as_str() {
                "same" => PairDecision::Same(said.keep.chosen()),
                "different" => PairDecision::Different,
                _ => return Err(PageError::not_found()),
            };
            app.engine.decide_pair(member.asker(), (first, second), decision).await?
        }
        Suspicion::Transfer(out, into) => Some(match said.choice.as_str() {
            "link" => app.engine.link_transfer(member.asker(), out, into).await?,
            "no_transfer" => app.engine.reject_transfer(member.asker(), out, into).await?,
            _ => return Err(PageError::not_found()),
        }),
    };
    let decided = batch.map(|batch| format!("?decided={batch}")).unwrap_or_default();
    Ok(Redirect::to(&address(member.membership.organization.id, &format!("suspicions{decided}"))))
}

/// Looks through all of the books for transfers, and goes back to what is left.
pub(crate) async fn find_transfers(State(app): State<App>, member: Member) -> Result<Redirect, PageError> {
    let found = app.engine.find_past_transfers(member.asker()).await?;
    let decided = found.batch.map(|batch| format!("&decided={batch}")).unwrap_or_default();
    let path = format!("suspicions?found={}{decided}", found.linked);
    Ok(Redirect::to(&address(member.membership.organization.id, &path)))
}

/// `12 transfers found and linked.`
fn found_word(found: i64, shell: &Shell) -> String {
    match found {
        0 => "No further transfer is there without a doubt.".to_owned(),
        found => format!("{} found and linked.", shell.today.counted(found, "transfer", "transfers")),
    }
}

/// How far a bank has got with a row.
fn status(status: RowStatus) -> &'static str {
    match status {
        RowStatus::Booked => "Booked",
        RowStatus::Pending => "Pending",
        RowStatus::Scheduled => "Scheduled",
        RowStatus::Declined => "Declined",
    }
}
