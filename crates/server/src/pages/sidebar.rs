//! The accounts of the sidebar by themselves, for a page whose books have moved on.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::AccountId;
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell_for;
use crate::session::Member;
use crate::view::shell::{Place, Shell};
use crate::view::side::Looker;

/// Which page the list stands beside.
#[derive(Deserialize)]
pub(crate) struct Asked {
    /// The account that is open.
    account: Option<String>,
    /// Whether the page of all accounts is.
    #[serde(default)]
    all: bool,
    /// The groups that are unfolded, by number, with commas between them.
    #[serde(default)]
    unfolded: String,
}

#[derive(Template)]
#[template(path = "sidebar.html")]
struct SidebarHtml {
    shell: Shell,
}

/// The list.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let open: Option<AccountId> = asked.account.as_deref().and_then(|account| account.parse().ok());
    // Which of the other pages it is makes no difference to the list.
    let place = if asked.all || open.is_some() { Place::Transactions } else { Place::Overview };
    let unfolded = asked.unfolded.split(',').filter_map(|number| number.parse().ok()).collect();
    let standing = app.engine.standing(member.asker()).await?;
    let looker = Looker { unfolded, ..Looker::default() };
    let shell = shell_for(&app, &member, place, open, &standing, looker).await?;
    Ok(page(&SidebarHtml { shell })?.into_response())
}
