//! Keeps everything that links and syncs out of reach while the operator has switched it off, or while the organization lacks a
//! subscription that this server asks for; for pages and the API alike.

use axum::RequestExt;
use axum::extract::{RawPathParams, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bankside_engine::{ACCOUNT_SYNCING, EngineError};

use crate::api::Problem;
use crate::error::PageError;
use crate::{App, session};

/// Refuses, with the name of the switch or the subscription. What ends something (`DELETE`) goes through, and so does whoever is not signed in:
/// they are sent to sign in, and told nothing.
pub(crate) async fn only_while_on(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match refusal(&app, &mut request).await {
        None => next.run(request).await,
        Some(error) if request.uri().path().starts_with("/api/") => Problem::from(error).into_response(),
        Some(error) => PageError::from(error).into_response(),
    }
}

async fn refusal(app: &App, request: &mut Request) -> Option<EngineError> {
    if request.method() == Method::DELETE {
        return None;
    }
    let Ok(Some(person)) = session::person(app, request.headers()).await else { return None };
    let params = request.extract_parts::<RawPathParams>().await.ok();
    let named = |wanted: &str| params.as_ref()?.iter().find(|(name, _)| *name == wanted).map(|(_, id)| id.to_owned());
    let off = match named("provider") {
        Some(id) => app.engine.require_provider(&id).await.err(),
        None => app.engine.require_on(&ACCOUNT_SYNCING).await.err(),
    };
    if off.is_some() {
        return off;
    }
    // Whoever does not belong there is told by the handler that nothing is there.
    let organization = named("organization")?.parse().ok()?;
    let membership = app.engine.membership(person.id, organization).await.ok()?;
    app.engine.require_subscription(&membership.asker).await.err()
}
