//! Runs in words: who started one, how it stands, what it brought, and why rows were treated as they were.

use bankside_domain::reconcile::{Reason, RowOutcome};
use bankside_domain::run::{AccountStep, RowCounts, RunOutcome, RunState, Trigger};
use bankside_engine::{Run, RunAccount};

use crate::view::counted;
use crate::view::money::grouped;
use crate::view::status::StatusView;

/// Who or what started a run.
pub(super) fn started_by(run: &Run) -> String {
    let person = run.person.as_deref().unwrap_or("a person");
    match run.trigger {
        Trigger::Linked => format!("{person}, linking accounts"),
        Trigger::Renewed => format!("{person}, with renewed access"),
        Trigger::Person => person.to_owned(),
        Trigger::Schedule => "the schedule".to_owned(),
        Trigger::Webhook => "the provider".to_owned(),
    }
}

/// How a run stands.
pub(super) fn mark(run: &Run, accounts: &[&RunAccount]) -> StatusView {
    let is_over = |account: &RunAccount| matches!(account.step, AccountStep::Done | AccountStep::Failed);
    let (tone, icon, word) = match (run.state, run.outcome) {
        (RunState::Queued, _) => ("is-wait", "clock", "Waiting".to_owned()),
        (RunState::Running, _) if accounts.is_empty() => ("is-busy", "ring", "Syncing".to_owned()),
        (RunState::Running, _) => {
            let done = accounts.iter().filter(|account| is_over(account)).count();
            ("is-busy", "ring", format!("Syncing {}/{}", (done + 1).min(accounts.len()), accounts.len()))
        }
        (RunState::Finished, Some(RunOutcome::Done)) => ("is-ok", "check", "Up to date".to_owned()),
        (RunState::Finished, Some(RunOutcome::Partly)) => ("is-busy", "half", "Partly synced".to_owned()),
        (RunState::Finished, _) => ("is-act", "warn", "Did not work".to_owned()),
    };
    StatusView { tone, icon, word, cause: None, is_quiet: false }
}

/// How long a run took, once it is over.
pub(super) fn took(run: &Run) -> Option<String> {
    let seconds = run.finished_at?.duration_since(run.started_at?).as_secs_f64().max(0.0);
    Some(format!("{seconds:.1} s"))
}

/// The good news of the first run after linking, once its rows are in.
pub(super) fn linked(run: &Run, accounts: &[&RunAccount]) -> Option<&'static str> {
    let done = accounts.iter().filter(|account| account.step == AccountStep::Done).count();
    match done {
        _ if run.trigger != Trigger::Linked || run.finished_at.is_none() => None,
        0 => None,
        1 => Some("Your account is now linked."),
        _ => Some("Your accounts are now linked."),
    }
}

/// What a run brought, as one sentence, once it is over.
pub(super) fn summary(run: &Run, accounts: &[&RunAccount]) -> Option<String> {
    run.finished_at?;
    if run.outcome == Some(RunOutcome::Failed) {
        return Some(format!("{} brought nothing this time.", run.connection_name));
    }
    let mut total = RowCounts::default();
    let mut days: Option<(i64, i64)> = None;
    for account in accounts {
        let counts = account.counts.unwrap_or_default();
        total.received += counts.received;
        total.added += counts.added;
        total.matched += counts.matched;
        total.settled += counts.settled;
        total.updated += counts.updated;
        total.held_back += counts.held_back;
        total.vanished += counts.vanished;
        if let (Some(asked), Some((from, to))) = (account.asked_from, account.served) {
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
    let bank = &run.institution_name;
    let of_accounts = counted(i64::try_from(accounts.len()).unwrap_or(0), "account", "accounts");
    let rows = counted(total.received, "row", "rows");
    let brought = if parts.is_empty() { "nothing new".to_owned() } else { parts.join(", ") };
    let window = match (run.trigger, days) {
        (Trigger::Linked, Some((asked, got))) => {
            format!(" Asked for {}, got {got} from this bank.", counted(asked, "day", "days"))
        }
        _ => String::new(),
    };
    Some(format!("{bank}: {of_accounts}, {rows}: {brought}.{window}"))
}

/// What became of a row, in a word or two.
pub(super) fn outcome(reason: Option<&Reason>) -> &'static str {
    match reason.map(Reason::outcome) {
        None => "Not decided yet",
        Some(RowOutcome::New) => "New",
        Some(RowOutcome::Known) => "Known",
        Some(RowOutcome::Settled) => "Settled",
        Some(RowOutcome::Matched) => "Matched",
        Some(RowOutcome::CameBack) => "Came back",
        Some(RowOutcome::LeftOut) => "Left out",
        Some(RowOutcome::HeldBack) => "Held back",
    }
}

/// Why, as a sentence.
pub(super) fn why(reason: Option<&Reason>) -> String {
    reason.map_or_else(|| "It has arrived and is kept; it is not in the books yet.".to_owned(), Reason::in_words)
}
