//! Streams of events: what goes on, told to whoever looks.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _};
use tokio::time::timeout;

use crate::App;

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
