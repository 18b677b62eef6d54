//! Whether the sign and the opening balance of a feed are right: asked once after linking, with what the bank has really sent.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use bankside_domain::{AccountId, RunId};
use bankside_engine::FeedView;
use serde::Deserialize;

use super::{Arithmetic, account_id, arithmetic, said};
use crate::App;
use crate::error::PageError;
use crate::session::Member;
use crate::view::shell::Shell;

/// So many accounts are asked about on one page.
const MOST_AT_ONCE: usize = 5;

/// The question about one account.
#[derive(Template)]
#[template(path = "parts/confirmation.html")]
pub(crate) struct Confirmation {
    account_id: String,
    account: String,
    /// What the bank says of its balance, and how its latest rows are booked.
    says: Vec<(&'static str, String)>,
    opening: Option<Arithmetic>,
    feed_url: String,
    balance_url: String,
    /// The run from whose page it is answered, if it is asked there.
    run: Option<String>,
    /// The sign as it is, and the other one.
    as_it_is: bool,
    turned: bool,
    /// Whether it is the first of several, whose answer is the first thing to do.
    is_first: bool,
}

impl Confirmation {
    /// `None` where there is nothing to ask, or nobody who may answer.
    pub(super) fn of(view: &FeedView, shell: &Shell) -> Option<Self> {
        if !shell.may_manage_banks() || !view.account.status.is_to_confirm {
            return None;
        }
        let (ledger, flips) = (&view.account.account, view.bank_account.flips_sign);
        let feed_url = shell.at(&format!("accounts/{}/feed", ledger.id));
        let icons = view.bank.iter().map(|_| "bank").chain(std::iter::repeat("rows"));
        Some(Self {
            account_id: ledger.id.to_string(),
            account: shell.named(ledger.id, &ledger.name),
            says: icons.zip(said(view, &shell.today)).collect(),
            opening: arithmetic(view, &shell.today),
            balance_url: shell.at(&format!("accounts/{}/balance", ledger.id)),
            feed_url,
            run: None,
            as_it_is: flips,
            turned: !flips,
            is_first: true,
        })
    }
}

/// What is asked about these accounts on the page of a run: of some at once, whose places the next ones take as they are answered; and how
/// many more there are.
pub(crate) async fn of_run(
    app: &App,
    member: &Member,
    run: RunId,
    accounts: &[AccountId],
    shell: &Shell,
) -> Result<(Vec<Confirmation>, usize), PageError> {
    let mut asked = Vec::new();
    if !shell.may_manage_banks() {
        return Ok((asked, 0));
    }
    let mut waiting = app.engine.accounts(member.asker()).await?;
    waiting.retain(|view| view.status.is_to_confirm && accounts.contains(&view.account.id));
    for view in waiting.iter().take(MOST_AT_ONCE) {
        let feed = app.engine.feed(member.asker(), view.account.id).await?;
        let is_first = asked.is_empty();
        asked.extend(Confirmation::of(&feed, shell).map(|asked| Confirmation {
            run: Some(run.to_string()),
            is_first,
            ..asked
        }));
    }
    Ok((asked, waiting.len().saturating_sub(MOST_AT_ONCE)))
}

/// Which sign was looked at, and on the page of which run, if on one.
#[derive(Deserialize)]
pub(crate) struct Confirmed {
    flips_sign: bool,
    #[serde(default)]
    run: String,
}

/// Keeps that all of it is right, and goes back to where that was said.
pub(crate) async fn confirm(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    Form(form): Form<Confirmed>,
) -> Result<Redirect, PageError> {
    let id = account_id(&account)?;
    app.engine.confirm_feed(member.asker(), id, form.flips_sign).await?;
    let to = match form.run.parse::<RunId>() {
        Ok(run) => format!("runs/{run}?confirmed={id}"),
        Err(_) => format!("accounts/{id}/feed?confirmed=true"),
    };
    Ok(Redirect::to(&format!("/o/{organization}/{to}")))
}
