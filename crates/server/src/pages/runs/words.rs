//! Runs in words: who started one, how it stands, what it brought, and why rows were treated as they were.

use bankside_domain::reconcile::{Reason, RowOutcome};
use bankside_domain::run::{AccountStep, RowCounts, RunOutcome, RunState, Trigger};
use bankside_engine::{Run, RunAccount};
use jiff::civil::Date;

use crate::view::counted;
use crate::view::day::Today;
use crate::view::status::StatusView;

/// What a run is called.
pub(super) fn title(run: &Run, today: &Today) -> String {
    format!("Run of {}", today.moment(run.created_at))
}

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
pub(super) fn summary(run: &Run, accounts: &[&RunAccount], today: &Today) -> Option<String> {
    run.finished_at?;
    if run.outcome == Some(RunOutcome::Failed) {
        return Some(format!("{} brought nothing this time.", run.connection_name));
    }
    let mut total = RowCounts::default();
    for account in accounts {
        let counts = account.counts.unwrap_or_default();
        total.received += counts.received;
        total.added += counts.added;
        total.matched += counts.matched;
        total.settled += counts.settled;
        total.updated += counts.updated;
        total.held_back += counts.held_back;
        total.vanished += counts.vanished;
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
    .map(|(count, word)| format!("{} {word}", today.grouped(count)))
    .collect();
    let bank = &run.institution_name;
    let of_accounts = counted(i64::try_from(accounts.len()).unwrap_or(0), "account", "accounts");
    let rows = today.counted(total.received, "row", "rows");
    let brought = if parts.is_empty() { "nothing new".to_owned() } else { parts.join(", ") };
    let asked = accounts.iter().filter_map(|account| account.asked_from).min();
    let window = match asked.filter(|_| run.trigger == Trigger::Linked) {
        Some(asked) => {
            let first = accounts.iter().filter_map(|account| Some(account.served?.0)).min();
            window(asked, first, run.created_at.to_zoned(today.zone.clone()).date(), today)
        }
        None => String::new(),
    };
    Some(format!("{bank}: {of_accounts}, {rows}: {brought}.{window}"))
}

/// How far back the bank was asked, and how far back its rows reach, both from the day of the run.
fn window(asked: Date, first: Option<Date>, on: Date, today: &Today) -> String {
    let days_back = |from: Date| i64::from((on - from).get_days()).max(0);
    let asked = today.counted(days_back(asked), "day", "days");
    match first {
        Some(first) => format!(" Asked for {asked}, got {} from this bank.", today.grouped(days_back(first))),
        None => format!(" Asked for {asked}, got no rows from this bank."),
    }
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_days_count_to_the_run_whenever_the_last_row_was() {
        let on = date(2026, 11, 20);
        let asked = date(2025, 11, 20);
        let today = Today::new(jiff::Timestamp::UNIX_EPOCH, "UTC", bankside_domain::Formats::default());
        assert_eq!(window(asked, Some(date(2026, 8, 22)), on, &today), " Asked for 365 days, got 90 from this bank.");
        assert_eq!(window(asked, None, on, &today), " Asked for 365 days, got no rows from this bank.");
        assert_eq!(window(on, Some(on), on, &today), " Asked for 0 days, got 0 from this bank.");
    }
}
