//! Mails about banks: whether the one who looks gets them.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::Redirect;
use bankside_domain::Right;
use serde::Deserialize;

use super::Side;
use crate::App;
use crate::error::PageError;
use crate::session::Member;

/// The section of the page.
pub(super) struct MailsSection {
    pub(super) are_wanted: bool,
    /// What keeps them from coming, whatever is wanted.
    pub(super) obstacle: Option<&'static str>,
}

impl MailsSection {
    /// The section for whoever is told of banks; `None` for others.
    pub(super) async fn of(app: &App, member: &Member) -> Result<Option<Self>, PageError> {
        if !member.asker().may(Right::ManageBanks) {
            return Ok(None);
        }
        let mails = app.engine.notice_mails(member.asker()).await?;
        let obstacle = match (mails.are_sent, &member.person.email) {
            (false, _) => Some("This server sends no mail: what ends and what fails stands on the overview."),
            (true, None) => {
                Some("Bankside does not know your address: what ends and what fails stands on the overview.")
            }
            (true, Some(_)) => None,
        };
        Ok(Some(Self { are_wanted: mails.are_wanted, obstacle }))
    }
}

/// Which way.
#[derive(Deserialize)]
pub(crate) struct MailsForm {
    to: Side,
}

/// Switches them.
pub(crate) async fn save(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
    Form(form): Form<MailsForm>,
) -> Result<Redirect, PageError> {
    app.engine.set_notice_mails(member.asker(), form.to == Side::On).await?;
    Ok(Redirect::to(&format!("/o/{organization}/settings#mails")))
}
