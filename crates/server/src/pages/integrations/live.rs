//! Bank integrations while somebody looks: each change as an event.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use bankside_domain::{ConnectionId, Right};
use bankside_engine::EngineError;
use futures_util::Stream;
use tokio::sync::watch;

use super::{ListHtml, Shown};
use crate::App;
use crate::error::PageError;
use crate::pages::shell;
use crate::session::Member;
use crate::streaming::{self, Looker};
use crate::view::shell::Place;

/// A page looks this often even if nothing has been reported: another machine may do the work.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// Nor more often than this, however much is reported: a sync reports each of its steps, many may go on, and the page is as long as
/// there are bank accounts.
const REST: Duration = Duration::from_secs(2);

/// The list of syncs each time that it has changed.
pub(crate) async fn events(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Query(shown): Query<Shown>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, PageError> {
    member.asker().require(Right::SeeBooks).map_err(EngineError::from)?;
    let looker = Looker::of(&app, &headers, member.membership.organization.id);
    let (only, progress) = (shown.only()?, app.engine.watch_progress());
    let watched = Watched { progress, app: app.clone(), member, looker, only, sent: None };
    let views = futures_util::stream::unfold(watched, |mut watched| async move {
        let event = watched.next().await?;
        Some((event, watched))
    });
    Ok(streaming::events(&app, views))
}

struct Watched {
    app: App,
    member: Member,
    looker: Looker,
    only: Option<ConnectionId>,
    progress: watch::Receiver<u64>,
    sent: Option<String>,
}

impl Watched {
    /// The next view that differs from the last. None once the person may not look any more.
    async fn next(&mut self) -> Option<Event> {
        loop {
            self.member.membership = self.looker.membership(&self.app).await?;
            let shell = shell(&self.app, &self.member, Place::Banks, None).await.ok()?;
            let html = ListHtml::read(&self.app, &self.member, &shell, self.only).await.ok()?.render().ok()?;
            if self.sent.as_ref() != Some(&html) {
                self.sent = Some(html.clone());
                return Some(Event::default().event("view").data(html));
            }
            tokio::time::sleep(REST).await;
            let _ = tokio::time::timeout(LOOK_EVERY, self.progress.changed()).await;
        }
    }
}
