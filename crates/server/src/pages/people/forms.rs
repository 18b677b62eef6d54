//! What is done to members and invitations on the page.

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::{AssetId, Code, Role};
use bankside_engine::{EngineError, Placing};
use serde::Deserialize;

use super::{Said, Tab, people_page, person_id};
use crate::App;
use crate::error::{PageError, sentence};
use crate::session::Member;

/// A place, as forms choose it: a role or a group, and perhaps an asset.
#[derive(Deserialize)]
pub(crate) struct PlaceForm {
    /// A role's code, or the id of a group.
    pub(super) group: String,
    /// The id of an asset; blank is everything.
    #[serde(default)]
    pub(super) asset: String,
}

impl PlaceForm {
    pub(super) fn placing(&self) -> Result<Placing, PageError> {
        let asset = asset(&self.asset)?;
        if let Ok(role) = Role::from_code(&self.group) {
            return Ok(Placing { role, group: None, asset });
        }
        let group = self.group.parse().map_err(|_| PageError::not_found())?;
        Ok(Placing { role: Role::Viewer, group: Some(group), asset })
    }
}

/// The asset that a form names; blank is none.
pub(super) fn asset(text: &str) -> Result<Option<AssetId>, PageError> {
    match text {
        "" => Ok(None),
        id => id.parse().map(Some).map_err(|_| PageError::not_found()),
    }
}

/// Shows the page again with what was wrong, where the person can mend it; anything else is an error of its own.
pub(super) async fn again(
    app: &App,
    member: &Member,
    tab: Tab,
    error: EngineError,
    said: Said,
) -> Result<Response, PageError> {
    let wrong = mendable(error)?;
    people_page(app, member, tab, Said { wrong: Some(wrong), ..said }).await
}

/// What was wrong, where the person can mend it.
pub(super) fn mendable(error: EngineError) -> Result<String, PageError> {
    match error {
        EngineError::Invalid { message, .. } => Ok(message),
        EngineError::Conflict(why) => Ok(sentence(why)),
        error => Err(error.into()),
    }
}

/// Whom to invite, and where to.
#[derive(Deserialize)]
pub(crate) struct InviteForm {
    emails: String,
    #[serde(flatten)]
    place: PlaceForm,
}

/// Invites. Links that nobody mails are shown now and never again.
pub(crate) async fn invite(
    State(app): State<App>,
    member: Member,
    Form(form): Form<InviteForm>,
) -> Result<Response, PageError> {
    let placing = form.place.placing()?;
    match app.engine.invite(member.asker(), &form.emails, placing).await {
        Ok(links) => {
            let names: Vec<&str> = links.iter().map(|one| one.email.as_str()).collect();
            let done = match names.as_slice() {
                [one] => format!("{one} is invited."),
                many => format!("{} are invited.", many.join(", ")),
            };
            people_page(&app, &member, Tab::Pending, Said { done: Some(done), links, ..Said::default() }).await
        }
        Err(error) => {
            let said = Said { emails: form.emails, chosen: Some(placing), ..Said::default() };
            again(&app, &member, Tab::Pending, error, said).await
        }
    }
}

/// Takes an invitation back.
pub(crate) async fn take_back(
    State(app): State<App>,
    member: Member,
    Path((organization, invitation)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let invitation = invitation.parse().map_err(|_| PageError::not_found())?;
    app.engine.take_back_invitation(member.asker(), invitation).await?;
    Ok(Redirect::to(&format!("/o/{organization}/people?tab=pending")))
}

/// Gives a member another place.
pub(crate) async fn place(
    State(app): State<App>,
    member: Member,
    Path((organization, person)): Path<(String, String)>,
    Form(form): Form<PlaceForm>,
) -> Result<Response, PageError> {
    match app.engine.place_member(member.asker(), person_id(&person)?, form.placing()?).await {
        Ok(()) => Ok(Redirect::to(&format!("/o/{organization}/people")).into_response()),
        Err(error) => again(&app, &member, Tab::Active, error, Said::default()).await,
    }
}
