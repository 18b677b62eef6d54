//! Mails about banks.

use axum::Json;
use axum::extract::State;
use bankside_engine::NoticeMails;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::App;
use crate::api::problem::{ApiMember, Body, Problem};

/// Whether the signed-in owner or admin is told by mail of access that ends and of syncs that fail.
#[derive(Serialize, ToSchema)]
pub(crate) struct NoticeMailsBody {
    /// Whether they want to be.
    are_wanted: bool,
    /// Whether this server sends mail.
    are_sent: bool,
}

/// A choice.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NoticeMailsChoice {
    /// Whether they want to be.
    are_wanted: bool,
}

impl From<NoticeMails> for NoticeMailsBody {
    fn from(mails: NoticeMails) -> Self {
        Self { are_wanted: mails.are_wanted, are_sent: mails.are_sent }
    }
}

/// Whether the signed-in owner or admin is told by mail of access that ends and of syncs that fail.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/notice-mails",
    params(("organization" = String, Path)),
    responses((status = OK, body = NoticeMailsBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn notice_mails(State(app): State<App>, member: ApiMember) -> Result<Json<NoticeMailsBody>, Problem> {
    Ok(Json(app.engine.notice_mails(member.asker()).await?.into()))
}

/// Sets whether the signed-in owner or admin is told by mail. It holds for this organization.
#[utoipa::path(put, path = "/api/v1/organizations/{organization}/notice-mails",
    params(("organization" = String, Path)), request_body = NoticeMailsChoice,
    responses((status = OK, body = NoticeMailsBody), (status = FORBIDDEN, body = Problem), (status = NOT_FOUND, body = Problem),
        (status = UNPROCESSABLE_ENTITY, body = Problem)))]
pub(crate) async fn set_notice_mails(
    State(app): State<App>,
    member: ApiMember,
    Body(body): Body<NoticeMailsChoice>,
) -> Result<Json<NoticeMailsBody>, Problem> {
    app.engine.set_notice_mails(member.asker(), body.are_wanted).await?;
    Ok(Json(app.engine.notice_mails(member.asker()).await?.into()))
}
