//! Keeps everything that links and syncs out of reach while the operator has switched it off, for pages and the API alike.

use axum::RequestExt;
use axum::extract::{RawPathParams, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bankside_engine::{ACCOUNT_SYNCING, EngineError};

use crate::api::Problem;
use crate::error::PageError;
use crate::{App, session};

/// Refuses, with the name of the switch. What ends something (`DELETE`) goes through, and so does whoever is not signed in:
/// they are sent to sign in, and told nothing.
pub(crate) async fn only_while_on(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match refusal(&app, &mut request).await {
        None => next.run(request).await,
        Some(error) if request.uri().path().starts_with("/api/") => Problem::from(error).into_response(),
        Some(error) => PageError::from(error).into_response(),
    }
}

async fn refusal(app: &App, request: &mut Request) -> Option<EngineError> {
    if request.method() == Method::DELETE || !matches!(session::person(app, request.headers()).await, Ok(Some(_))) {
        return None;
    }
    let params = request.extract_parts::<RawPathParams>().await.ok();
    let provider = params.as_ref().and_then(|params| params.iter().find(|(name, _)| *name == "provider"));
    match provider {
        Some((_, id)) => app.engine.require_provider(id).await.err(),
        None => app.engine.require_on(&ACCOUNT_SYNCING).await.err(),
    }
}
