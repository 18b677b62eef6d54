//! Streams of events: what goes on, told to whoever looks.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use bankside_domain::OrganizationId;
use bankside_engine::Membership;
use futures_util::{Stream, StreamExt as _};
use tokio::time::timeout;

use crate::App;
use crate::session;

/// A stream ends after this long, since a browser that is gone would hold it for ever; one that looks opens a new one.
const MAX_STREAM: Duration = Duration::from_mins(10);

/// Sends what comes until nothing more does, its time is over, or the server stops, which would wait for it.
pub(crate) fn events<S>(app: &App, events: S) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<S>>
where
    S: Stream<Item = Event> + Send + 'static,
{
    let end = timeout(MAX_STREAM, app.stopping.clone().cancelled_owned());
    Sse::new(events.map(Ok).take_until(end)).keep_alive(KeepAlive::default())
}

/// Who looks at a stream: it outlives the request in which they were let in.
pub(crate) struct Looker {
    token: String,
    organization: OrganizationId,
}

impl Looker {
    /// Whoever has this session, in this organization.
    pub(crate) fn of(app: &App, headers: &HeaderMap, organization: OrganizationId) -> Self {
        Self { token: session::token(headers, &app.engine.settings().public_url).unwrap_or_default(), organization }
    }

    /// What they may do by now; `None` once they may not look any more.
    pub(crate) async fn membership(&self, app: &App) -> Option<Membership> {
        let person = app.engine.session(&self.token).await.ok()??;
        app.engine.membership(person.id, self.organization).await.ok()
    }
}
