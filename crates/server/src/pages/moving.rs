//! Moving the feed of an account to another connection: choose, compare, choose the day, move.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, Currency};
use bankside_engine::{
    Comparison, EngineError, FeedEnd, MoveCandidate, MoveDecision, MoveOffer, MovePage, MoveRow, MoveView, OneSided,
};
use jiff::civil::Date;
use serde::Deserialize;

use crate::App;
use crate::error::{PageError, page, sentence};
use crate::pages::shell;
use crate::pages::waiting::Shown;
use crate::session::Member;
use crate::view::FieldView;
use crate::view::day::Today;
use crate::view::fault::{FaultView, Occasion};
use crate::view::shell::{Place, Shell};

/// How many of the rows that come in are listed.
const MOST_LISTED: usize = 100;

#[derive(Template)]
#[template(path = "move.html")]
struct MoveHtml {
    shell: Shell,
    account_id: String,
    account_name: String,
    from: End,
    step: MoveStep,
    /// What was wrong with what was posted.
    error: Option<String>,
}

/// Up to so many that cannot be chosen stand beside those that can.
const MOST_KEPT: usize = 10;

/// Where the guide has got to.
enum MoveStep {
    /// Those that cannot be chosen are folded up where they are many.
    Choose {
        candidates: Vec<Candidate>,
        folded: Vec<Candidate>,
        can_choose: bool,
    },
    Fetching {
        to: End,
        rows: Option<String>,
        seen: i64,
    },
    Failed {
        to: End,
        fault: Box<FaultView>,
        target: String,
    },
    Blocked {
        to: End,
        why: String,
    },
    Ready {
        to: End,
        compared: Box<Compared>,
    },
}

/// One end of a move.
struct End {
    /// The connection's name, which tells two of one bank apart.
    sync: String,
    name: String,
    number: Option<String>,
    balance: Option<String>,
}

struct Candidate {
    value: String,
    end: End,
    why: &'static str,
    /// Why it cannot be chosen.
    obstacle: Option<String>,
    is_chosen: bool,
}

/// What the new feed shows beside the books.
struct Compared {
    id: String,
    revision: i64,
    since: String,
    as_of: String,
    same: String,
    only_there: Side,
    only_here: Side,
    /// What stands out, with its tone and icon.
    warnings: Vec<(&'static str, &'static str, String)>,
    there: Option<String>,
    ledger: String,
    day: FieldView,
    /// The attributes of its field: what days can be chosen.
    day_attributes: String,
    /// What moving does, an icon and a sentence each.
    follows: Vec<(&'static str, String)>,
    added: Vec<Line>,
    can_move: bool,
}

/// The rows that only one side has.
struct Side {
    count: usize,
    lines: Vec<Line>,
    more: usize,
}

struct Line {
    day: String,
    payee: String,
    amount: String,
    is_in: bool,
    is_pending: bool,
}

/// What an address may ask about.
#[derive(Deserialize)]
pub(crate) struct LookedAt {
    /// The day on which the new feed is to take over.
    #[serde(default)]
    day: String,
    /// What is to feed the account, where the person comes from there.
    #[serde(default)]
    to: String,
}

fn account_id(account: &str) -> Result<AccountId, PageError> {
    account.parse().map_err(|_| PageError::not_found())
}

fn day_of(text: &str) -> Result<Option<Date>, EngineError> {
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| EngineError::invalid("cut_over", "This is no day.")),
    }
}

/// The guide, where it has got to.
pub(crate) async fn show(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
    Query(looked_at): Query<LookedAt>,
) -> Result<Response, PageError> {
    guide(&app, &member, account_id(&account)?, &looked_at, None).await
}

/// The guide with a day that was typed. One that does not do comes back with what is wrong, over what is suggested.
async fn guide(
    app: &App,
    member: &Member,
    account: AccountId,
    looked_at: &LookedAt,
    error: Option<String>,
) -> Result<Response, PageError> {
    let typed = looked_at.day.as_str();
    let looked = match day_of(typed) {
        Ok(day) => app.engine.feed_move(member.asker(), account, day).await,
        Err(error) => Err(error),
    };
    let (view, wrong) = match looked {
        Err(EngineError::Invalid { message, .. }) => {
            (app.engine.feed_move(member.asker(), account, None).await?, Some(message))
        }
        view => (view?, None),
    };
    let shell = shell(app, member, Place::Transactions, Some(account)).await?;
    let status = if wrong.is_some() || error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let html = match view {
        Some(view) => {
            let day = wrong.map(|error| FieldView { value: typed.trim().to_owned(), error: Some(error) });
            of_move(app, &view, day, error, shell)
        }
        None => of_offer(&app.engine.move_offer(member.asker(), account).await?, &looked_at.to, error, shell),
    };
    Ok((status, page(&html)?).into_response())
}

fn of_offer(offer: &MoveOffer, to: &str, error: Option<String>, shell: Shell) -> MoveHtml {
    let ledger = &offer.account.account;
    let comes_from_one = offer.candidates.iter().any(|one| one.obstacle.is_none() && target(&one.end) == to);
    let candidate = |one: &MoveCandidate| Candidate {
        value: target(&one.end),
        end: End::of(&one.end, ledger.currency, &shell.today),
        why: one.likeness.in_words(),
        obstacle: one.obstacle.map(|obstacle| sentence(obstacle.in_words())),
        is_chosen: if comes_from_one { target(&one.end) == to } else { one.is_suggested },
    };
    let (free, kept): (Vec<_>, Vec<_>) = offer.candidates.iter().partition(|one| one.obstacle.is_none());
    let can_choose = !free.is_empty();
    let folds = kept.len() > MOST_KEPT;
    let shown = free.into_iter().chain(kept.iter().copied().filter(|_| !folds)).map(candidate).collect();
    let folded = if folds { kept.iter().copied().map(candidate).collect() } else { Vec::new() };
    let step = MoveStep::Choose { candidates: shown, folded, can_choose };
    MoveHtml {
        account_id: ledger.id.to_string(),
        account_name: ledger.name.clone(),
        from: End::of(&offer.from, ledger.currency, &shell.today),
        step,
        error,
        shell,
    }
}

fn of_move(app: &App, view: &MoveView, day: Option<FieldView>, error: Option<String>, shell: Shell) -> MoveHtml {
    let (ledger, today) = (&view.account.account, &shell.today);
    let to = End::of(&view.to, ledger.currency, today);
    let step = match &view.page {
        MovePage::Fetching { rows } => MoveStep::Fetching {
            to,
            rows: (*rows > 0).then(|| today.counted(*rows, "row so far", "rows so far")),
            seen: *rows,
        },
        MovePage::Failed { fault } => {
            let descriptor = app.engine.descriptor(&view.to.connection.provider);
            let fault = FaultView::of(fault, Occasion::Moving, today).at(view.changed_at).told_by(descriptor);
            MoveStep::Failed { to, fault: Box::new(fault), target: target(&view.to) }
        }
        MovePage::Blocked { why } => MoveStep::Blocked { to, why: sentence(why) },
        MovePage::Ready(comparison) => {
            let compared = Box::new(Compared::of(view, comparison, day, today));
            MoveStep::Ready { to, compared }
        }
    };
    MoveHtml {
        account_id: ledger.id.to_string(),
        account_name: ledger.name.clone(),
        from: End::of(&view.from, ledger.currency, today),
        step,
        error,
        shell,
    }
}

/// What names one end in the form.
fn target(end: &FeedEnd) -> String {
    format!("{}/{}", end.connection.id, end.bank_account.id)
}

impl End {
    fn of(end: &FeedEnd, currency: Currency, today: &Today) -> Self {
        Self {
            sync: end.connection.name.clone(),
            name: end.bank_account.name.clone(),
            number: end.bank_account.masked_number.clone(),
            balance: end.balance.as_ref().map(|balance| today.amount(balance.stated.minor, currency)),
        }
    }
}

impl Compared {
    fn of(view: &MoveView, comparison: &Comparison, day: Option<FieldView>, today: &Today) -> Self {
        let currency = comparison.currency;
        let text = |minor| today.amount(minor, currency);
        Self {
            id: view.id.to_string(),
            revision: comparison.revision,
            since: today.day(comparison.from),
            as_of: today.moment(view.changed_at),
            same: today.counted(count(comparison.same), "row is in both", "rows are in both"),
            only_there: Side::of(&comparison.only_there, currency, today),
            only_here: Side::of(&comparison.only_here, currency, today),
            warnings: warnings(comparison, today),
            there: comparison.balance.as_ref().map(|balance| text(balance.stated.minor)),
            ledger: text(view.account.account.balance_minor()),
            day: day.unwrap_or_else(|| FieldView::of(comparison.cut_over.to_string())),
            day_attributes: format!(
                " type=date required min={} max={}",
                comparison.days.earliest, comparison.days.latest
            ),
            follows: follows(view, comparison, today),
            added: comparison
                .first_sync
                .added
                .iter()
                .take(MOST_LISTED)
                .map(|entry| Line::of(&MoveRow::of(entry), currency, today))
                .collect(),
            can_move: !comparison.signs_look_turned,
        }
    }
}

/// What stands out in a comparison.
fn warnings(comparison: &Comparison, today: &Today) -> Vec<(&'static str, &'static str, String)> {
    let mut warnings = Vec::new();
    if comparison.signs_look_turned {
        let says = "The signs look turned round: what goes out here comes in there. Every row would be doubled, so this feed cannot \
                    take over.";
        warnings.push(("is-stop", "swap", says.to_owned()));
    }
    if let Some(days) = comparison.shifted_days {
        let by = today.counted(days.abs(), "day", "days");
        let which = if days > 0 { "later" } else { "earlier" };
        warnings.push(("is-act", "clock", format!("The new feed dates most rows {by} {which}. They are recognised.")));
    }
    if !comparison.is_whole {
        let says =
            "The bank's answer broke off, so older rows are missing from this comparison. Compare again if you can.";
        warnings.push(("is-act", "half", says.to_owned()));
    }
    warnings
}

/// What moving the feed does.
fn follows(view: &MoveView, comparison: &Comparison, today: &Today) -> Vec<(&'static str, String)> {
    let (first, counts) = (&comparison.first_sync, comparison.first_sync.counts);
    let text = |minor| today.signed(minor, comparison.currency);
    let mut lines = vec![match counts.added {
        0 => ("rows", "The first sync adds no row.".to_owned()),
        added => {
            let rows = today.counted(added, "row", "rows");
            let moves =
                if first.booked_minor == 0 { String::new() } else { format!(", {} in all", text(first.booked_minor)) };
            ("rows", format!("The first sync adds {rows}{moves}."))
        }
    }];
    if first.opening_minor != 0 {
        lines.push((
            "bank",
            format!("Rows older than your books move the opening balance by {}.", text(first.opening_minor)),
        ));
    }
    let mut told = |icon, rows: i64, one: &str, many: &str| {
        if rows > 0 {
            lines.push((icon, format!("{}.", today.counted(rows, one, many))));
        }
    };
    told("check", counts.settled, "pending row is booked", "pending rows are booked");
    told("pen", counts.matched, "row meets one that you typed", "rows meet ones that you typed");
    told("help", counts.held_back, "row waits under Suspicions", "rows wait under Suspicions");
    told("leave", counts.vanished, "pending row leaves the books", "pending rows leave the books");
    told(
        "link",
        counts.updated + counts.left_alone,
        "row stays as it is, with what you wrote",
        "rows stay as they are, with what you wrote",
    );
    if view.from.bank_account.id != view.to.bank_account.id {
        lines.push(("bank", "The two become one bank account here. That cannot be undone.".to_owned()));
    }
    lines.push((
        "loop",
        format!(
            "{} stays connected and feeds this account no more. You can move back the same way.",
            view.from.connection.name
        ),
    ));
    lines
}

fn count(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

impl Side {
    fn of(side: &OneSided, currency: Currency, today: &Today) -> Self {
        Self {
            count: side.total,
            lines: side.rows.iter().map(|row| Line::of(row, currency, today)).collect(),
            more: side.total - side.rows.len(),
        }
    }
}

impl Line {
    fn of(row: &MoveRow, currency: Currency, today: &Today) -> Self {
        let payee = row.payee.as_deref().or(row.note.as_deref()).unwrap_or("No payee");
        Self {
            day: today.day(row.dated_on),
            payee: payee.to_owned(),
            amount: today.signed(row.minor, currency),
            is_in: row.minor > 0,
            is_pending: row.status == RowStatus::Pending,
        }
    }
}

/// Whether there is more to see than a page that waits shows. It is drawn anew then.
pub(crate) async fn look(
    State(app): State<App>,
    member: Member,
    Path((_, account)): Path<(String, String)>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageError> {
    let view = app.engine.feed_move(member.asker(), account_id(&account)?, None).await?;
    let fetched = view.and_then(|view| match view.page {
        MovePage::Fetching { rows } => Some(rows),
        _ => None,
    });
    Ok(shown.answer(|seen| fetched == Some(seen)))
}

/// What is to feed the account: a connection and a bank account.
#[derive(Deserialize)]
pub(crate) struct ChooseForm {
    #[serde(default)]
    target: String,
}

/// Begins to move the feed.
pub(crate) async fn begin(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    Form(form): Form<ChooseForm>,
) -> Result<Response, PageError> {
    let id = account_id(&account)?;
    let chosen = form.target.split_once('/').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let result = match chosen {
        Some((connection, bank_account)) => app.engine.begin_move(member.asker(), id, connection, bank_account).await,
        None => Err(EngineError::invalid("target", "Choose where the rows are to come from.")),
    };
    match result {
        Ok(_) => Ok(back(&organization, &account)),
        Err(error) => refused(&app, &member, id, LookedAt { day: String::new(), to: form.target }, error).await,
    }
}

/// The decision, by what was looked at.
#[derive(Deserialize)]
pub(crate) struct CommitForm {
    id: String,
    day: String,
    revision: i64,
}

/// Moves the feed, and shows the sync that follows.
pub(crate) async fn commit(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
    Form(form): Form<CommitForm>,
) -> Result<Response, PageError> {
    let id = account_id(&account)?;
    let cut_over = form.day.parse().map_err(|_| PageError::not_found())?;
    let of = form.id.parse().map_err(|_| PageError::not_found())?;
    let decision = MoveDecision { id: of, cut_over, revision: form.revision };
    match app.engine.commit_move(member.asker(), id, decision).await {
        Ok(run) => Ok(Redirect::to(&format!("/o/{organization}/runs/{run}")).into_response()),
        Err(error) => refused(&app, &member, id, LookedAt { day: form.day, to: String::new() }, error).await,
    }
}

/// The guide again, with what was wrong.
async fn refused(
    app: &App,
    member: &Member,
    account: AccountId,
    looked_at: LookedAt,
    error: EngineError,
) -> Result<Response, PageError> {
    let says = match error {
        EngineError::Invalid { message, .. } => message,
        EngineError::Conflict(why) => sentence(why),
        error => return Err(error.into()),
    };
    guide(app, member, account, &looked_at, Some(says)).await
}

/// Gives the move up.
pub(crate) async fn abandon(
    State(app): State<App>,
    member: Member,
    Path((organization, account)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let id = account_id(&account)?;
    app.engine.account(member.asker(), id).await?;
    match app.engine.abandon_move(member.asker(), id).await {
        // Somebody else was faster; it is given up in either case.
        Ok(()) | Err(EngineError::NotFound(_)) => Ok(back(&organization, &account)),
        Err(error) => Err(error.into()),
    }
}

fn back(organization: &str, account: &str) -> Response {
    Redirect::to(&format!("/o/{organization}/accounts/{account}/move")).into_response()
}
