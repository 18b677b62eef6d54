//! Runs while they go on: each change of a page as an event.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use bankside_domain::RunId;
use futures_util::Stream;
use tokio::sync::watch;

use super::detail::RunParts;
use super::list::{Asked, RunList, Shown};
use super::run_id;
use crate::App;
use crate::error::PageError;
use crate::pages::today;
use crate::session::Member;
use crate::streaming::{self, Looker};

/// A page looks this often even if nothing has been reported: another machine may do the work.
const LOOK_EVERY: Duration = Duration::from_millis(700);

/// What a stream of events shows.
#[derive(Clone, Copy)]
enum Subject {
    Run(RunId),
    List(Shown),
}

/// A run as it goes on: each change of the page as an event, and one last when it is over.
pub(crate) async fn events(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Path((_, run)): Path<(String, String)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, PageError> {
    let run = run_id(&run)?;
    app.engine.run(member.asker(), run).await?;
    Ok(stream(&app, member, &headers, Subject::Run(run)))
}

/// The list of runs as they go on, until none is open.
pub(crate) async fn list_events(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, PageError> {
    let shown = Shown::from(&asked);
    RunList::read(&app, &member, &today(&app, &member), shown).await?;
    Ok(stream(&app, member, &headers, Subject::List(shown)))
}

fn stream(
    app: &App,
    member: Member,
    headers: &HeaderMap,
    subject: Subject,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let looker = Looker::of(app, headers, member.membership.organization.id);
    let progress = app.engine.watch_progress();
    let watched = Watched { progress, app: app.clone(), member, looker, subject, sent: None, is_over: false };
    let views = futures_util::stream::unfold(watched, |mut watched| async move {
        if watched.is_over {
            return None;
        }
        Some((watched.next().await?, watched))
    });
    streaming::events(app, views)
}

struct Watched {
    app: App,
    member: Member,
    looker: Looker,
    subject: Subject,
    progress: watch::Receiver<u64>,
    sent: Option<String>,
    is_over: bool,
}

impl Watched {
    /// The next event: the view when it has changed, `done` when everything in it is over. None once the person may not look
    /// any more.
    async fn next(&mut self) -> Option<Event> {
        loop {
            self.member.membership = self.looker.membership(&self.app).await?;
            let (html, is_over) = self.look().await?;
            if self.sent.as_ref() != Some(&html) {
                self.sent = Some(html.clone());
                return Some(Event::default().event("view").data(html));
            }
            if is_over {
                self.is_over = true;
                // Without data a browser would not tell the page of it.
                return Some(Event::default().event("done").data("finished"));
            }
            let _ = tokio::time::timeout(LOOK_EVERY, self.progress.changed()).await;
        }
    }

    /// What there is to see, and whether everything in it is over.
    async fn look(&self) -> Option<(String, bool)> {
        let today = today(&self.app, &self.member);
        match self.subject {
            Subject::Run(run) => {
                let view = self.app.engine.run(self.member.asker(), run).await.ok()?;
                let tree = self.app.engine.tree(self.member.asker()).await.ok()?;
                let parts = RunParts::of(&self.app, &view, &self.member, &tree, &today);
                Some((parts.render().ok()?, view.is_finished()))
            }
            Subject::List(shown) => {
                let (list, _) = RunList::read(&self.app, &self.member, &today, shown).await.ok()?;
                Some((list.render().ok()?, !list.has_open))
            }
        }
    }
}
