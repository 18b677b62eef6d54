//! What moves in the books, as it moves: the revision of each account.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use futures_util::{Stream, stream};
use tokio::sync::watch;

use crate::App;
use crate::api::problem::{ApiMember, Problem};
use crate::streaming::{self, Looker};

/// A stream looks this often even if nothing has been reported: another machine may write.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A stream of events named `books`: the revisions of the accounts, at once and whenever one has moved.
#[utoipa::path(get, path = "/api/v1/organizations/{organization}/events", params(("organization" = String, Path)),
    responses((status = OK, content_type = "text/event-stream", body = String), (status = NOT_FOUND, body = Problem)))]
pub(crate) async fn events(
    State(app): State<App>,
    ApiMember(member): ApiMember,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    app.engine.revisions(member.asker()).await?;
    let looker = Looker::of(&app, &headers, member.membership.organization.id);
    let progress = app.engine.watch_progress();
    let watched = Watched { app: app.clone(), looker, progress, sent: None };
    let moved = stream::unfold(watched, |mut watched| async move { Some((watched.next().await?, watched)) });
    Ok(streaming::events(&app, moved))
}

struct Watched {
    app: App,
    looker: Looker,
    progress: watch::Receiver<u64>,
    sent: Option<BTreeMap<String, i64>>,
}

impl Watched {
    /// The next event, once something has moved. None once the person may not look any more.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let membership = self.looker.membership(&self.app).await?;
            let revisions = self.app.engine.revisions(&membership.asker).await.ok()?;
            let now: BTreeMap<String, i64> =
                revisions.into_iter().map(|(account, revision)| (account.to_string(), revision)).collect();
            if self.sent.as_ref() != Some(&now) {
                let data = serde_json::json!({ "accounts": &now }).to_string();
                self.sent = Some(now);
                return Some(Event::default().event("books").data(data));
            }
            let _ = tokio::time::timeout(LOOK_EVERY, self.progress.changed()).await;
        }
    }
}
