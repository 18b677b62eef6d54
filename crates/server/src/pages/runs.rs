//! Runs: starting one, watching it, and what it brought.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::account::OpeningSource;
use bankside_domain::fault::FaultRecord;
use bankside_domain::run::{AccountStep, RowCounts, RunOutcome, RunState, Trigger};
use bankside_domain::{ConnectionId, RunId};
use bankside_engine::{EngineError, RunView, RunViewAccount};
use futures_util::{Stream, StreamExt as _};
use serde::Deserialize;
use tokio::sync::watch;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::undo::{self, Undo};
use crate::pages::{shell, today};
use crate::session::{self, Member};
use crate::view::counted;
use crate::view::day::Today;
use crate::view::fault::FaultView;
use crate::view::money::{amount, grouped, signed};
use crate::view::shell::{Place, Shell, address};
use crate::view::status::{StatusView, proof};

/// A page looks this often even if nothing has been reported: another machine may do the work.
const LOOK_EVERY: Duration = Duration::from_millis(700);
/// A stream ends after this long; the browser opens a new one.
const MAX_STREAM: Duration = Duration::from_mins(10);
const RUNS_SHOWN: i64 = 50;

/// The part of a run's page that renews itself.
#[derive(Template)]
#[template(path = "run_view.html")]
struct RunParts {
    connection: String,
    mark: StatusView,
    /// After linking: that it has worked.
    linked: Option<&'static str>,
    summary: Option<String>,
    fault: Option<FaultView>,
    accounts: Vec<AccountPart>,
    is_finished: bool,
    percent: usize,
    accounts_url: String,
    facts: Vec<(&'static str, String)>,
    sums: Vec<SumPart>,
}

struct AccountPart {
    name: String,
    note: String,
    steps: Vec<StepPart>,
    fault: Option<FaultView>,
    /// How undoing its import stands; known once the run is over.
    undo: Option<Undo>,
}

struct StepPart {
    class: &'static str,
    icon: &'static str,
    word: String,
}

struct SumPart {
    account: String,
    opening_label: String,
    opening: String,
    rows_label: String,
    rows: String,
    ledger: String,
    bank: Option<String>,
    mark: StatusView,
}

#[derive(Template)]
#[template(path = "run.html")]
struct RunHtml {
    shell: Shell,
    title: String,
    events_url: String,
    /// What an undoing did from which the person has just come back, and where it is taken back.
    undone: Option<(String, String)>,
    view: RunParts,
}

/// The good news of the first run after linking, once its rows are in.
fn linked(view: &RunView) -> Option<&'static str> {
    let done = view.accounts.iter().filter(|account| account.run.step == AccountStep::Done).count();
    match done {
        _ if view.run.trigger != Trigger::Linked || !view.is_finished() => None,
        0 => None,
        1 => Some("Your account is now linked."),
        _ => Some("Your accounts are now linked."),
    }
}

/// What a run brought, as one sentence.
fn summary(view: &RunView) -> Option<String> {
    if !view.is_finished() {
        return None;
    }
    let mut total = RowCounts::default();
    let mut days: Option<(i64, i64)> = None;
    for account in &view.accounts {
        let counts = account.run.counts.unwrap_or_default();
        total.received += counts.received;
        total.added += counts.added;
        total.matched += counts.matched;
        total.settled += counts.settled;
        total.updated += counts.updated;
        total.held_back += counts.held_back;
        total.vanished += counts.vanished;
        if let (Some(asked), Some((from, to))) = (account.run.asked_from, account.run.served) {
            let asked_days = i64::from((to - asked).get_days());
            let got_days = i64::from((to - from).get_days());
            let best = days.get_or_insert((asked_days, got_days));
            *best = (best.0.max(asked_days), best.1.max(got_days));
        }
    }
    let parts: Vec<String> = [
        (total.added, "new"),
        (total.matched, "matched with rows you had typed"),
        (total.settled, "settled"),
        (total.updated, "updated"),
        (total.vanished, "no longer pending"),
        (total.held_back, "held back for you"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, word)| format!("{} {word}", grouped(count)))
    .collect();
    let accounts = counted(i64::try_from(view.accounts.len()).unwrap_or(0), "account", "accounts");
    if view.run.outcome == Some(RunOutcome::Failed) {
        return Some(format!("{} brought nothing this time.", view.connection_name));
    }
    let rows = counted(total.received, "row", "rows");
    let brought = if parts.is_empty() { "nothing new".to_owned() } else { parts.join(", ") };
    let window = match (view.run.trigger, days) {
        (Trigger::Linked, Some((asked, got))) => {
            format!(" Asked for {}, got {got} from this bank.", counted(asked, "day", "days"))
        }
        _ => String::new(),
    };
    Some(format!("{}: {accounts}, {rows}: {brought}.{window}", view.bank))
}

fn mark(view: &RunView) -> StatusView {
    let (tone, icon, word) = match (view.run.state, view.run.outcome) {
        (RunState::Queued, _) => ("is-wait", "clock", "Waiting".to_owned()),
        (RunState::Running, _) => {
            let done = view.accounts.iter().filter(|account| is_over(account)).count();
            let word = if view.accounts.is_empty() {
                "Syncing".to_owned()
            } else {
                format!("Syncing {}/{}", (done + 1).min(view.accounts.len()), view.accounts.len())
            };
            ("is-busy", "ring", word)
        }
        (RunState::Finished, Some(RunOutcome::Done)) => ("is-ok", "check", "Up to date".to_owned()),
        (RunState::Finished, Some(RunOutcome::Partly)) => ("is-busy", "half", "Partly synced".to_owned()),
        (RunState::Finished, _) => ("is-act", "warn", "Did not work".to_owned()),
    };
    StatusView { tone, icon, word, cause: None, is_quiet: false }
}

fn is_over(account: &RunViewAccount) -> bool {
    matches!(account.run.step, AccountStep::Done | AccountStep::Failed)
}

fn account_part(account: &RunViewAccount, fault: Option<FaultView>) -> AccountPart {
    let run = &account.run;
    let note = match (run.step, run.counts) {
        (AccountStep::Done, Some(counts)) if counts.changed_books() => {
            format!("{} · {} new", counted(counts.received, "row", "rows"), grouped(counts.added))
        }
        (AccountStep::Done, _) => "nothing new".to_owned(),
        (AccountStep::Waiting, _) => "waits its turn".to_owned(),
        (AccountStep::Failed, _) => "did not work".to_owned(),
        _ => format!("{} so far", counted(run.rows_received, "row", "rows")),
    };
    let step = |at: AccountStep, word: &str| {
        let (class, icon) = if run.step == AccountStep::Failed {
            ("", "close")
        } else if run.step > at || run.step == AccountStep::Done {
            ("done", "check")
        } else if run.step == at {
            ("now", "ring")
        } else {
            ("", "outline")
        };
        StepPart { class, icon, word: word.to_owned() }
    };
    let rows = if run.rows_received > 0 { counted(run.rows_received, "row", "rows") } else { "Rows".to_owned() };
    AccountPart {
        name: account.account.name.clone(),
        note,
        steps: vec![
            step(AccountStep::Rows, &rows),
            step(AccountStep::Balance, "Balance"),
            step(AccountStep::Match, "Match"),
        ],
        fault,
        undo: None,
    }
}

fn sum_part(account: &RunViewAccount, today: &Today) -> Option<SumPart> {
    if account.run.step != AccountStep::Done || account.account.opening_source == OpeningSource::Unknown {
        return None;
    }
    let ledger = &account.account;
    let money = |minor: i64| amount(minor, ledger.currency);
    let bank = match account.proof {
        Some(bankside_domain::balance::Proof::Proven { .. }) => Some(money(ledger.balance_minor())),
        Some(bankside_domain::balance::Proof::Diverged { by_minor, .. }) => {
            Some(money(ledger.balance_minor().saturating_add(by_minor)))
        }
        _ => None,
    };
    Some(SumPart {
        account: ledger.name.clone(),
        opening_label: match ledger.opening_on {
            Some(day) => format!("opens on {} with", today.day(day)),
            None => "opens with".to_owned(),
        },
        opening: money(ledger.opening_minor),
        rows_label: "booked rows since".to_owned(),
        rows: signed(ledger.booked_minor, ledger.currency),
        ledger: money(ledger.opening_minor.saturating_add(ledger.booked_minor)),
        bank,
        mark: proof(account.proof, ledger.currency, today),
    })
}

fn started_by(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Linked => "linking accounts",
        Trigger::Renewed => "renewed access",
        Trigger::Person => "a person",
        Trigger::Schedule => "the schedule",
        Trigger::Webhook => "the provider",
    }
}

fn parts(app: &App, view: &RunView, member: &Member, today: &Today) -> RunParts {
    let run = &view.run;
    let descriptor = app.engine.descriptor(&view.provider);
    let at = run.finished_at.or(run.started_at).unwrap_or(run.created_at);
    let fault_view = |fault: &FaultRecord| FaultView::of(fault, today).at(at).of_run(run.id).told_by(descriptor);
    let account_part = |account| account_part(account, account.run.fault.as_ref().map(fault_view));
    let steps: usize = view.accounts.iter().map(|account| progress(account.run.step)).sum();
    let percent = if view.is_finished() { 100 } else { steps * 100 / (view.accounts.len().max(1) * 4) };
    let window = |pick: fn(&RunViewAccount) -> Option<jiff::civil::Date>, latest: bool| {
        let days = view.accounts.iter().filter_map(pick);
        if latest { days.max() } else { days.min() }
    };
    let mut facts = vec![("Started by", format!("{}, {}", started_by(run.trigger), today.moment(run.created_at)))];
    if let Some(from) = window(|account| account.run.asked_from, false) {
        facts.push(("Asked for", format!("everything since {}", today.day(from))));
    }
    let from = window(|account| account.run.served.map(|served| served.0), false);
    let to = window(|account| account.run.served.map(|served| served.1), true);
    if let (Some(from), Some(to)) = (from, to) {
        facts.push(("Bank gave", format!("{} to {}", today.day(from), today.day(to))));
    }
    facts.push(("Calls", format!("{} spent", run.calls)));
    if let (Some(from), Some(to)) = (run.started_at, run.finished_at) {
        let seconds = to.duration_since(from).as_secs_f64().max(0.0);
        facts.push(("Took", format!("{seconds:.1} s")));
    }
    facts.push(("Reference", run.id.to_string()));
    RunParts {
        connection: view.connection_name.clone(),
        mark: mark(view),
        linked: linked(view),
        summary: summary(view),
        fault: run.fault.as_ref().map(fault_view),
        accounts: view.accounts.iter().map(account_part).collect(),
        is_finished: view.is_finished(),
        percent,
        accounts_url: address(member.membership.organization.id, "transactions"),
        facts,
        sums: view.accounts.iter().filter_map(|account| sum_part(account, today)).collect(),
    }
}

fn progress(step: AccountStep) -> usize {
    match step {
        AccountStep::Waiting => 0,
        AccountStep::Rows => 1,
        AccountStep::Balance => 2,
        AccountStep::Match => 3,
        AccountStep::Done | AccountStep::Failed => 4,
    }
}

fn run_id(run: &str) -> Result<RunId, PageError> {
    run.parse().map_err(|_| PageError::not_found())
}

/// What a run's address may say.
#[derive(Deserialize)]
pub(crate) struct CameFrom {
    #[serde(default)]
    undone: String,
}

/// One run.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, run)): Path<(String, String)>,
    Query(from): Query<CameFrom>,
) -> Result<Response, PageError> {
    let id = run_id(&run)?;
    let view = app.engine.run(member.asker(), id).await?;
    let shell = shell(&app, &member, Place::Banks, None).await?;
    let mut run_parts = parts(&app, &view, &member, &shell.today);
    for (part, account) in run_parts.accounts.iter_mut().zip(&view.accounts) {
        if let Some(batch) = account.run.batch.filter(|_| view.is_finished()) {
            part.undo = undo::standing(&app, &member, id, batch).await?;
        }
    }
    let html = RunHtml {
        title: format!("Sync of {}", shell.today.moment(view.run.created_at)),
        events_url: shell.at(&format!("runs/{run}/events")),
        undone: undo::just_done(&app, &member, id, &from.undone).await?,
        view: run_parts,
        shell,
    };
    Ok(page(&html)?.into_response())
}

/// What a stream of events shows.
#[derive(Clone, Copy)]
enum Subject {
    Run(RunId),
    Latest,
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
    Ok(stream(app, member, &headers, Subject::Run(run)))
}

/// The list of runs as they go on, until none is open.
pub(crate) async fn latest_events(
    State(app): State<App>,
    member: Member,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    stream(app, member, &headers, Subject::Latest)
}

fn stream(
    app: App,
    member: Member,
    headers: &HeaderMap,
    subject: Subject,
) -> Sse<impl Stream<Item = Result<Event, Infallible>> + use<>> {
    let token = session::token(headers, &app.engine.settings().public_url).unwrap_or_default();
    let progress = app.engine.watch_progress();
    let watched = Watched { progress, app, member, token, subject, sent: None, is_over: false };
    let stream = futures_util::stream::unfold(watched, |mut watched| async move {
        if watched.is_over {
            return None;
        }
        let event = watched.next().await?;
        Some((Ok(event), watched))
    });
    // A browser that is gone does not hold its stream for ever.
    let limited = stream.take_until(tokio::time::sleep(MAX_STREAM));
    Sse::new(limited).keep_alive(KeepAlive::default())
}

struct Watched {
    app: App,
    member: Member,
    /// The token of the session that opened the stream.
    token: String,
    subject: Subject,
    progress: watch::Receiver<u64>,
    sent: Option<String>,
    is_over: bool,
}

impl Watched {
    /// The next event: the view when it has changed, `done` when everything in it is over. None once the person may not look
    /// any more: a stream outlives the request in which they were let in.
    async fn next(&mut self) -> Option<Event> {
        loop {
            let person = self.app.engine.session(&self.token).await.ok()??;
            let organization = self.member.membership.organization.id;
            self.member.membership = self.app.engine.membership(person.id, organization).await.ok()?;
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
                Some((parts(&self.app, &view, &self.member, &today).render().ok()?, view.is_finished()))
            }
            Subject::Latest => {
                let list = RunList::latest(&self.app, &self.member, &today).await.ok()?;
                Some((list.render().ok()?, !list.has_open))
            }
        }
    }
}

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsHtml {
    shell: Shell,
    events_url: String,
    list: RunList,
}

/// The part of the list's page that renews itself.
#[derive(Template)]
#[template(path = "runs_view.html")]
struct RunList {
    runs: Vec<RunLine>,
    has_open: bool,
}

struct RunLine {
    url: String,
    when: String,
    connection: String,
    started_by: &'static str,
    summary: String,
    mark: StatusView,
}

impl RunList {
    async fn latest(app: &App, member: &Member, today: &Today) -> Result<Self, PageError> {
        let views = app.engine.latest_runs(member.asker(), RUNS_SHOWN).await?;
        let runs = views.iter().map(|view| RunLine {
            url: address(member.membership.organization.id, &format!("runs/{}", view.run.id)),
            when: today.moment(view.run.created_at),
            connection: view.connection_name.clone(),
            started_by: started_by(view.run.trigger),
            summary: summary(view).unwrap_or_else(|| "goes on".to_owned()),
            mark: mark(view),
        });
        Ok(Self { runs: runs.collect(), has_open: views.iter().any(|view| !view.is_finished()) })
    }
}

/// The latest runs.
pub(crate) async fn latest(State(app): State<App>, member: Member) -> Result<Response, PageError> {
    let shell = shell(&app, &member, Place::Banks, None).await?;
    let list = RunList::latest(&app, &member, &shell.today).await?;
    Ok(page(&RunsHtml { events_url: shell.at("runs/events"), list, shell })?.into_response())
}

/// Starts a sync of one connection.
pub(crate) async fn sync_one(
    State(app): State<App>,
    member: Member,
    Path((organization, connection)): Path<(String, String)>,
) -> Result<Redirect, PageError> {
    let connection: ConnectionId = connection.parse().map_err(|_| PageError::not_found())?;
    let run = app.engine.sync_connection(member.asker(), connection).await?;
    Ok(Redirect::to(&format!("/o/{organization}/runs/{run}")))
}

/// Starts a sync of everything. One sync is watched on its page, several in their list.
pub(crate) async fn sync_all(
    State(app): State<App>,
    member: Member,
    Path(organization): Path<String>,
) -> Result<Redirect, PageError> {
    let runs = app.engine.sync_all(member.asker()).await?;
    match runs.as_slice() {
        [] => Err(EngineError::Conflict("no account has a bank behind it yet").into()),
        [run] => Ok(Redirect::to(&format!("/o/{organization}/runs/{run}"))),
        _ => Ok(Redirect::to(&format!("/o/{organization}/runs"))),
    }
}
