//! Undo: what taking a batch back would do, and doing it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::batch::{Later, UndoPlan, UndoTally};
use bankside_domain::{BatchId, Code, RunId};
use bankside_engine::{EngineError, RunView};
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page};
use crate::pages::{shell, today};
use crate::session::Member;
use crate::view::day::Today;
use crate::view::shell::{Place, Shell, address};

#[derive(Template)]
#[template(path = "undo.html")]
struct UndoHtml {
    shell: Shell,
    title: String,
    /// Icons with sentences.
    lines: Vec<(&'static str, String)>,
    /// Of rows that leave: when it is asked what becomes of them, and what brings them in again.
    asks_for_later: Option<(&'static str, &'static str)>,
    may_undo: bool,
    back_url: String,
    /// Whether the person came from a page that has nothing to do with banks.
    is_of_books: bool,
}

/// The page from which the person came: a run's, that of suspicions, or another one by its path.
#[derive(Deserialize)]
pub(crate) struct From {
    #[serde(default)]
    run: String,
    #[serde(default)]
    suspicions: bool,
    #[serde(default)]
    back: String,
}

impl From {
    /// The page of the organization to which the person goes back, where they came from no run. A path that leads out of it is none.
    fn path(&self) -> &str {
        let is_within = |path: &&str| {
            let (path, query) = path.split_once('?').unwrap_or((path, ""));
            let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-');
            // What forms write into addresses.
            let is_asked =
                |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '=' | '&' | '%' | '+' | '.' | '_' | '*');
            !path.is_empty() && !path.starts_with('/') && path.chars().all(is_plain) && query.chars().all(is_asked)
        };
        match Some(self.back.as_str()).filter(is_within) {
            Some(path) => path,
            None if self.suspicions => "suspicions",
            None => "transactions",
        }
    }
}

/// What the person says about it.
#[derive(Deserialize)]
pub(crate) struct Answer {
    later: Option<String>,
}

/// What a plan of undoing says in words.
pub(crate) struct Tally(UndoTally);

impl Tally {
    pub(crate) fn of(plan: &UndoPlan) -> Self {
        Self(plan.tally())
    }

    /// What undoing would do, a sentence per kind of row.
    fn lines(&self, today: &Today) -> Vec<(&'static str, String)> {
        let mut lines = Vec::new();
        if self.0.sign_changes {
            lines.push((
                "swap",
                "The sign of the bank account is turned back, for every row that is here now.".to_owned(),
            ));
        }
        let mut say = |count: usize, icon, one: &str, many: &str| {
            if count > 0 {
                lines.push((icon, sentence(today, count, one, many)));
            }
        };
        say(self.0.leave, "close", "row leaves the books.", "rows leave the books.");
        say(self.0.come_back, "rows", "row comes back into the books.", "rows come back into the books.");
        say(self.0.change_back, "undo", "row becomes what it was before.", "rows become what they were before.");
        let stays = "row stays, because somebody has worked on it since.";
        say(self.0.stay, "lock", stays, "rows stay, because somebody has worked on them since.");
        let stays = "row stays in part: what was written later is left alone.";
        say(self.0.stay_in_part, "lock", stays, "rows stay in part: what was written later is left alone.");
        let stays = "row stays, because its period is locked.";
        say(self.0.stay_locked, "lock", stays, "rows stay, because their period is locked.");
        if self.0.opening_changes {
            lines.push(("undo", "The opening balance becomes what it was before.".to_owned()));
        }
        if self.0.lock_changes {
            lines.push(("lock", "The books are locked up to the same day as before.".to_owned()));
        }
        if self.0.asset_changes {
            lines.push(("undo", "The account belongs to the asset that it belonged to before.".to_owned()));
        }
        if self.0.balances_change {
            lines.push(("check", "What the file says of balances counts as it did before.".to_owned()));
        }
        if self.0.policy_changes {
            lines.push(("clock", "Pending transactions are treated as they were before.".to_owned()));
        }
        lines
    }

    /// What an undoing did, told by the plan that would take it back.
    pub(crate) fn done(&self, today: &Today) -> String {
        let mut parts = Vec::new();
        let mut say = |count: usize, one: &str, many: &str| {
            if count > 0 {
                parts.push(sentence(today, count, one, many));
            }
        };
        say(self.0.come_back, "row has left the books", "rows have left the books");
        say(self.0.leave, "row has come back", "rows have come back");
        say(self.0.change_back, "row is what it was before", "rows are what they were before");
        if parts.is_empty() { "Undone.".to_owned() } else { format!("Undone: {}.", parts.join(", ")) }
    }
}

/// What later syncs shall do, by its code.
pub(crate) fn later(code: &str) -> Result<Later, EngineError> {
    Later::from_code(code).map_err(|error| EngineError::invalid("later", format!("{error}.")))
}

fn sentence(today: &Today, count: usize, one: &str, many: &str) -> String {
    today.counted(i64::try_from(count).unwrap_or(i64::MAX), one, many)
}

fn batch_id(batch: &str) -> Result<BatchId, PageError> {
    batch.parse().map_err(|_| PageError::not_found())
}

/// The run from whose page the person came, if they came from one.
async fn run_of(app: &App, member: &Member, from: &From) -> Result<Option<RunView>, PageError> {
    match from.run.parse::<RunId>() {
        Ok(run) => Ok(Some(app.engine.run(member.asker(), run).await?)),
        Err(_) => Ok(None),
    }
}

/// Says what undoing would do.
pub(crate) async fn form(
    State(app): State<App>,
    member: Member,
    Path((_, batch)): Path<(String, String)>,
    Query(from): Query<From>,
) -> Result<Response, PageError> {
    let batch = batch_id(&batch)?;
    let plan = app.engine.preview_undo(member.asker(), batch).await?;
    let run = run_of(&app, &member, &from).await?;
    let imported = run.iter().flat_map(|run| &run.accounts).find(|account| account.run.batch == Some(batch));
    let file = match run {
        Some(_) => None,
        None => app.engine.file_of_batch(member.asker(), batch).await?,
    };
    // A file is undone from the account that it was imported into.
    let (place, open) = match &file {
        Some((account, ..)) => (Place::Transactions, Some(*account)),
        None => (Place::Banks, None),
    };
    let shell = shell(&app, &member, place, open).await?;
    let title = match (&run, imported) {
        (_, Some(account)) => format!("Undo the import of {}?", account.account.name),
        (Some(_), None) => "Undo the last undo?".to_owned(),
        (None, None) => file
            .as_ref()
            .map_or_else(|| "Undo this change?".to_owned(), |(.., name)| format!("Undo the import of {name}?")),
    };
    let tally = Tally::of(&plan);
    let mut lines = tally.lines(&shell.today);
    let may_undo = !plan.is_empty();
    let asks_for_later = match (imported, &file) {
        _ if tally.0.leave == 0 => None,
        (Some(_), _) => Some(("at the next Bank sync", "Bring them in again, if the bank still shows them")),
        (None, Some(_)) => Some(("when a file or the bank has them again", "Bring them in again")),
        (None, None) => None,
    };
    if may_undo {
        if imported.is_some() {
            lines.push(("shield", "What the bank sent stays kept, sealed as it came.".to_owned()));
        }
        lines.push(("info", "This can be undone too.".to_owned()));
    } else {
        lines.insert(0, ("info", "Nothing of this can be undone any more.".to_owned()));
    }
    let back_url = match &run {
        Some(run) => shell.at(&format!("runs/{}", run.run.id)),
        None => shell.at(from.path()),
    };
    let is_of_books = run.is_none() && (!from.back.is_empty() || file.is_some());
    Ok(page(&UndoHtml { shell, title, lines, asks_for_later, may_undo, back_url, is_of_books })?.into_response())
}

/// Undoes, and goes back to where the person came from.
pub(crate) async fn undo(
    State(app): State<App>,
    member: Member,
    Path((_, batch)): Path<(String, String)>,
    Query(from): Query<From>,
    Form(answer): Form<Answer>,
) -> Result<Redirect, PageError> {
    let run = run_of(&app, &member, &from).await?;
    let later = answer.later.as_deref().map(later).transpose()?.unwrap_or_default();
    let outcome = app.engine.undo_with(member.asker(), batch_id(&batch)?, later).await?;
    let path = match run {
        Some(run) => format!("runs/{}?undone={}", run.run.id, outcome.batch),
        None => from.path().to_owned(),
    };
    Ok(Redirect::to(&address(member.membership.organization.id, &path)))
}

/// How undoing the import of an account stands, for the page of its run.
pub(crate) enum Undo {
    /// It can be undone.
    May {
        /// Where that is asked for.
        url: String,
    },
    /// It was undone.
    Was {
        /// Where the undoing is taken back.
        url: String,
    },
}

/// Whether a batch is in force and may be undone by who asks.
pub(crate) async fn is_in_force(app: &App, member: &Member, batch: BatchId) -> Result<bool, PageError> {
    match app.engine.undoing_of(member.asker(), batch).await {
        Ok(undoing) => Ok(undoing.is_none()),
        Err(EngineError::Denied(_) | EngineError::NotFound(_)) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// How undoing a batch stands. For whoever may not undo there is nothing to say.
pub(crate) async fn standing(
    app: &App,
    member: &Member,
    run: RunId,
    batch: BatchId,
) -> Result<Option<Undo>, PageError> {
    let url = |batch: BatchId| address(member.membership.organization.id, &format!("batches/{batch}/undo?run={run}"));
    match app.engine.undoing_of(member.asker(), batch).await {
        Ok(None) => Ok(Some(Undo::May { url: url(batch) })),
        Ok(Some(undoing)) => Ok(Some(Undo::Was { url: url(undoing) })),
        Err(EngineError::Denied(_) | EngineError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What an undoing that has just been done did, and where it is taken back. Of one that was taken back there is nothing to
/// say any more.
pub(crate) async fn just_done(
    app: &App,
    member: &Member,
    run: RunId,
    undoing: &str,
) -> Result<Option<(String, String)>, PageError> {
    let Ok(batch) = undoing.parse::<BatchId>() else { return Ok(None) };
    match app.engine.preview_undo(member.asker(), batch).await {
        Ok(plan) => {
            let url = address(member.membership.organization.id, &format!("batches/{batch}/undo?run={run}"));
            Ok(Some((Tally::of(&plan).done(&today(app, member)), url)))
        }
        Err(EngineError::Conflict(_) | EngineError::Denied(_) | EngineError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use bankside_domain::Id as _;
    use bankside_domain::batch::{Change, EXISTS, Entity, Untouchable};

    use super::*;

    fn today() -> Today {
        Today::new(jiff::Timestamp::UNIX_EPOCH, "UTC", bankside_domain::Formats::default())
    }

    fn change(entity: Entity, row: u8, field: &str, after: Option<&str>) -> Change {
        let id: BatchId = format!("01a00000-0000-7000-8000-0000000000{row:02}").parse().unwrap();
        let owner = id.uuid();
        Change { entity, id: owner, owner, field: field.to_owned(), before: None, after: after.map(str::to_owned) }
    }

    #[test]
    fn the_way_back_keeps_what_a_page_was_filtered_by_and_stays_within_the_organization() {
        let path = |back: &str| {
            let from = From { run: String::new(), suspicions: false, back: back.to_owned() };
            from.path().to_owned()
        };
        for back in ["cashflow/unmapped?undone=1", "cashflow/mapped?search=caf%C3%A9+x&min=1.50&page=2&undone=1"] {
            assert_eq!(path(back), back);
        }
        for back in ["", "/elsewhere", "../other", "a%2f..", "https://example.org", "a?b=<c>", "a?b#c"] {
            assert_eq!(path(back), "transactions", "{back}");
        }
    }

    #[test]
    fn a_row_counts_once_however_much_of_it_changes() {
        let write = vec![
            change(Entity::Transaction, 1, EXISTS, None),
            change(Entity::Claim, 1, "claim", None),
            change(Entity::Transaction, 2, "status", Some("pending")),
            change(Entity::Line, 2, "note", Some("before")),
            change(Entity::Account, 9, "opening_minor", Some("0")),
        ];
        let stay = vec![
            (change(Entity::Transaction, 3, EXISTS, None), Untouchable::WorkedOnSince),
            (change(Entity::Claim, 3, "claim", None), Untouchable::WorkedOnSince),
            (change(Entity::Transaction, 4, "dated_on", None), Untouchable::WrittenLater),
        ];
        let lines = Tally::of(&UndoPlan { write, stay, ..UndoPlan::default() }).lines(&today());
        let lines: Vec<&str> = lines.iter().map(|(_, line)| line.as_str()).collect();
        assert_eq!(
            lines,
            [
                "1 row leaves the books.",
                "1 row becomes what it was before.",
                "1 row stays, because somebody has worked on it since.",
                "1 row stays in part: what was written later is left alone.",
                "The opening balance becomes what it was before.",
            ]
        );
    }

    #[test]
    fn an_undoing_is_told_by_what_would_take_it_back() {
        let write = vec![change(Entity::Transaction, 1, EXISTS, Some("1"))];
        assert_eq!(
            Tally::of(&UndoPlan { write, ..UndoPlan::default() }).done(&today()),
            "Undone: 1 row has left the books."
        );
    }
}
