//! Notices that providers post: taken without a word, or not known here.

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use bankside_domain::OrganizationId;
use bankside_engine::EngineError;

use serde::Deserialize;

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

#[derive(Deserialize)]
pub(crate) struct OfFlow {
    #[serde(default)]
    state: String,
}

/// Takes a notice that a connecting flow has moved on. What it says is not read.
pub(crate) async fn take_of_flow(State(app): State<App>, Query(of): Query<OfFlow>) -> StatusCode {
    match app.engine.take_flow_notice(&of.state).await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(EngineError::NotFound(_)) => StatusCode::NOT_FOUND,
        Err(error) => {
            tracing::error!(%error, "a notice of a flow could not be taken");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    }
}
