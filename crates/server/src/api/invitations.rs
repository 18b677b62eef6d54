//! Invitations: who is asked to join, and joining.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use bankside_domain::Code;
use bankside_engine::{Invitation, Invited, InvitedNow, MailState};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::me::visitor;
use crate::api::people::PlacingBody;
use crate::api::problem::{ApiMember, Body, Problem, id};

/// Somebody who is invited.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitationBody {
    id: String,
    email: String,
    /// `owner`, `admin`, `member` or `viewer`.
    role: &'static str,
    group: Option<String>,
    /// The asset below which they will see; absent where that is everything.
    asset: Option<String>,
    /// The name of the one who invited them.
    invited_by: String,
    /// When they were invited (RFC 3339).
    invited_at: String,
    /// Until when the link works (RFC 3339).
    expires_at: String,
    /// What became of the mail with the link: `sent`, `waiting` or `given_up`; absent where the link is passed on by hand.
    mail: Option<&'static str>,
}

impl From<Invitation> for InvitationBody {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email,
            role: invitation.role.code(),
            group: invitation.group.map(|group| group.to_string()),
            asset: invitation.asset.map(|asset| asset.to_string()),
            invited_by: invitation.invited_by,
            invited_at: invitation.created_at.to_string(),
            expires_at: invitation.expires_at.to_string(),
            mail: invitation.mail.map(|mail| match mail {
                MailState::Sent(_) => "sent",
                MailState::Waiting(_) => "waiting",
                MailState::GivenUp(_) => "given_up",
            }),
        }
    }
}

/// Those who are invited and have not come yet.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/invitations", params(("organization" = String, Path)),
    responses((status = OK, body = [InvitationBody]), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn invitations(
    State(app): State<App>,
    member: ApiMember,
) -> Result<Json<Vec<InvitationBody>>, Problem> {
    let invitations = app.engine.invitations(member.asker()).await?;
    Ok(Json(invitations.into_iter().map(InvitationBody::from).collect()))
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
pub(crate) struct InviteBody {
    /// Their addresses, at most 20.
    emails: Vec<String>,
    #[serde(flatten)]
    place: PlacingBody,
}

/// Somebody who has just been invited.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitedNowBody {
    id: String,
    email: String,
    /// The link that lets them in, where this server sends no mail. It is told this once.
    link: Option<String>,
}

impl From<InvitedNow> for InvitedNowBody {
    fn from(invited: InvitedNow) -> Self {
        let link = invited.link.map(|link| link.expose().to_owned());
        Self { id: invited.id.to_string(), email: invited.email, link }
    }
}

/// Invites people; each gets a link that works once, and for 7 days.
#[utoipa::path(post, path = "/api/v1/organizations/{organization}/invitations", params(("organization" = String, Path)),
    request_body = InviteBody,
    responses((status = CREATED, body = [InvitedNowBody]), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem), (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn invite(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<InviteBody>,
) -> Result<(StatusCode, Json<Vec<InvitedNowBody>>), Problem> {
    let invited = app.engine.invite(member.asker(), &body.emails.join(","), body.place.placing()?).await?;
    Ok((StatusCode::CREATED, Json(invited.into_iter().map(InvitedNowBody::from).collect())))
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/api/v1/organizations/{organization}/invitations/{invitation}",
    params(("organization" = String, Path), ("invitation" = String, Path)),
    responses((status = NO_CONTENT), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn take_back_invitation(
    State(app): State<App>,
    member: ApiMember,
    Path((_, invitation)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    app.engine.take_back_invitation(member.asker(), id(&invitation)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation asks to, for whoever holds its link.
#[derive(Serialize, ToSchema)]
pub(crate) struct InvitedBody {
    organization: String,
    /// Its name.
    organization_name: String,
    /// `household` or `company`.
    kind: &'static str,
    /// The address that was invited.
    email: String,
    /// `owner`, `admin`, `member` or `viewer`.
    role: &'static str,
    /// The name of the one who invites.
    invited_by: String,
    /// Until when the link works (RFC 3339).
    expires_at: String,
}

impl From<Invited> for InvitedBody {
    fn from(invited: Invited) -> Self {
        Self {
            organization: invited.organization.to_string(),
            organization_name: invited.organization_name,
            kind: invited.organization_kind.code(),
            email: invited.email,
            role: invited.role.code(),
            invited_by: invited.invited_by,
            expires_at: invited.expires_at.to_string(),
        }
    }
}

/// The invitation behind a link, by the last part of that. Whoever is new here joins on the page.
#[utoipa::path(get, path = "/api/v1/invitations/{token}", params(("token" = String, Path)),
    responses((status = OK, body = InvitedBody), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn invited(State(app): State<App>, Path(token): Path<String>) -> Result<Json<InvitedBody>, Problem> {
    Ok(Json(app.engine.invited(&token).await?.into()))
}

/// Where somebody has joined.
#[derive(Serialize, ToSchema)]
pub(crate) struct JoinedBody {
    organization: String,
}

/// The signed-in person accepts an invitation.
#[utoipa::path(post, path = "/api/v1/invitations/{token}/accept", params(("token" = String, Path)),
    responses((status = OK, body = JoinedBody), (status = UNAUTHORIZED, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = CONFLICT, body = Problem)))]
pub(crate) async fn accept(
    State(app): State<App>,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Json<JoinedBody>, Problem> {
    let person = visitor(&app, &headers).await?;
    let organization = app.engine.join(&token, person.id).await?;
    Ok(Json(JoinedBody { organization: organization.to_string() }))
}
