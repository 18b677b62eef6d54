//! Notices that providers post: taken without a word, or not known here.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use bankside_domain::OrganizationId;
use bankside_engine::EngineError;

use crate::App;

/// Takes a notice. Providers wait a few seconds for an answer, so that nothing is asked for here: a sync becomes due.
pub(crate) async fn take(
    State(app): State<App>,
    Path((provider, organization, token)): Path<(String, String, String)>,
    body: Bytes,
) -> StatusCode {
    let Ok(organization) = organization.parse::<OrganizationId>() else { return StatusCode::NOT_FOUND };
    match app.engine.take_notice(&provider, organization, &token, &body).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(EngineError::NotFound(_)) => StatusCode::NOT_FOUND,
        Err(error) => {
            tracing::error!(%error, provider, "a notice could not be taken");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}
