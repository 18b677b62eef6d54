//! The list of runs, page by page, of all syncs or of one.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bankside_domain::ConnectionId;
use bankside_engine::{RunAccount, RunLine, RunsQuery};
use serde::Deserialize;

use super::words;
use crate::App;
use crate::error::{PageError, page};
use crate::pages::shell;
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Place, Shell, address};
use crate::view::status::StatusView;

const RUNS_PER_PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsHtml {
    shell: Shell,
    events_url: String,
    /// The syncs to choose from: id, name, and whether it is the chosen one.
    syncs: Vec<(String, String, bool)>,
    list: RunList,
    newer: Option<String>,
    older: Option<String>,
}

/// The part of the list's page that renews itself.
#[derive(Template)]
#[template(path = "runs_view.html")]
pub(super) struct RunList {
    runs: Vec<RunRow>,
    pub(super) has_open: bool,
}

struct RunRow {
    url: String,
    when: String,
    connection: String,
    started_by: String,
    summary: String,
    calls: i64,
    took: String,
    mark: StatusView,
}

/// What the list's address may say.
#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    sync: String,
    page: Option<i64>,
}

/// Which runs a list shows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    connection: Option<ConnectionId>,
    page: i64,
}

impl From<&Asked> for Shown {
    fn from(asked: &Asked) -> Self {
        Self { connection: asked.sync.parse().ok(), page: asked.page.unwrap_or(1).clamp(1, 1_000_000) }
    }
}

impl Shown {
    fn query(self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(connection) = self.connection {
            query.append_pair("sync", &connection.to_string());
        }
        query.append_pair("page", &self.page.to_string()).finish()
    }

    fn at(self, page: i64) -> String {
        format!("?{}", Self { page, ..self }.query())
    }
}

impl RunList {
    /// The runs of a page, and whether there are older ones.
    pub(super) async fn read(
        app: &App,
        member: &Member,
        today: &Today,
        shown: Shown,
    ) -> Result<(Self, bool), PageError> {
        let (connection, offset) = (shown.connection, (shown.page - 1) * RUNS_PER_PAGE);
        let query = RunsQuery { connection, offset, limit: RUNS_PER_PAGE + 1 };
        let mut lines = app.engine.runs(member.asker(), &query).await?;
        let has_more = i64::try_from(lines.len()).unwrap_or(0) > RUNS_PER_PAGE;
        lines.truncate(usize::try_from(RUNS_PER_PAGE).unwrap_or(0));
        let has_open = lines.iter().any(|line| line.run.finished_at.is_none());
        let row = |line: &RunLine| RunRow::of(line, member, today);
        Ok((Self { runs: lines.iter().map(row).collect(), has_open }, has_more))
    }
}

impl RunRow {
    fn of(line: &RunLine, member: &Member, today: &Today) -> Self {
        let run = &line.run;
        let accounts: Vec<&RunAccount> = line.accounts.iter().collect();
        Self {
            url: address(member.membership.organization.id, &format!("runs/{}", run.id)),
            when: today.moment(run.created_at),
            connection: run.connection_name.clone(),
            started_by: words::started_by(run),
            summary: words::summary(run, &accounts, today).unwrap_or_else(|| "goes on".to_owned()),
            calls: run.calls,
            took: words::took(run).unwrap_or_default(),
            mark: words::mark(run, &accounts),
        }
    }
}

/// The runs.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Query(asked): Query<Asked>,
) -> Result<Response, PageError> {
    let shown = Shown::from(&asked);
    let shell = shell(&app, &member, Place::Banks, None).await?;
    let (list, has_more) = RunList::read(&app, &member, &shell.today, shown).await?;
    let names = app.engine.connection_names(member.asker()).await?;
    let syncs = names.into_iter().map(|(id, name)| (id.to_string(), name, shown.connection == Some(id)));
    let html = RunsHtml {
        events_url: shell.at(&format!("runs/events?{}", shown.query())),
        syncs: syncs.collect(),
        newer: (shown.page > 1).then(|| shown.at(shown.page - 1)),
        older: has_more.then(|| shown.at(shown.page + 1)),
        list,
        shell,
    };
    Ok(page(&html)?.into_response())
}
