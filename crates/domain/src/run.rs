//! Runs: one attempt to sync, its steps and its result.

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Banks book late: each sync reads this many days again.
const OVERLAP_DAYS: i64 = 10;

/// What started a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// Accounts were linked just now.
    Linked,
    /// The access was renewed just now: what came meanwhile is fetched.
    Renewed,
    /// A person pressed the button.
    Person,
    /// The schedule.
    Schedule,
    /// The provider called.
    Webhook,
}

/// Where a run stands. Runs are the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Over.
    Finished,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Everything that was asked for is in the books.
    Done,
    /// Some accounts or some scopes are, others are not.
    Partly,
    /// Nothing came in.
    Failed,
}

/// How far one account of a run has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountStep {
    /// Waits its turn.
    Waiting,
    /// Rows are being fetched.
    Rows,
    /// The balance is being fetched.
    Balance,
    /// What came is being matched and booked.
    Match,
    /// In the books.
    Done,
    /// Did not work; its fault says why.
    Failed,
}

/// What one account of a run brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Rows that the source sent.
    pub received: i64,
    /// Rows that are new in the books.
    pub added: i64,
    /// Rows that met a row somebody had typed.
    pub matched: i64,
    /// Pending rows that were booked.
    pub settled: i64,
    /// Known rows whose content changed.
    pub updated: i64,
    /// Rows that were known already or stay out for a good reason.
    pub left_alone: i64,
    /// Rows held back for a person.
    pub held_back: i64,
    /// Pending rows that the bank no longer shows.
    pub vanished: i64,
}

impl RowCounts {
    /// Whether the run changed the books.
    pub fn changed_books(&self) -> bool {
        self.added + self.matched + self.settled + self.updated + self.vanished > 0
    }
}

/// The first day to ask for: the day chosen at linking, later some days before the bank's latest booked row, or where a batch that
/// was undone began. By the bank's own dates; only where it has booked for a day to come, as some do, by `applied_on`, the day on which
/// rows last came in: what is booked after that was not there yet. It is `None` until rows have come in, and `latest_booked_on` until
/// there were any.
pub fn first_day(
    import_from: Date,
    latest_booked_on: Option<Date>,
    refetch_from: Option<Date>,
    applied_on: Option<Date>,
) -> Date {
    let seen_to = latest_booked_on.zip(applied_on).map(|(latest, applied)| latest.min(applied));
    let usual = seen_to.map_or(import_from, |day| day.saturating_sub(Span::new().days(OVERLAP_DAYS)));
    refetch_from.map_or(usual, |again| usual.min(again)).max(import_from)
}

/// The outcome of a run, from how its accounts ended.
pub fn outcome(accounts_done: usize, accounts_with_faults: usize) -> RunOutcome {
    match (accounts_done, accounts_with_faults) {
        (_, 0) => RunOutcome::Done,
        (0, _) => RunOutcome::Failed,
        _ => RunOutcome::Partly,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_sync_asks_from_some_days_before_the_latest_row_or_from_where_a_batch_was_undone() {
        let (linked, latest) = (date(2026, 10, 1), Some(date(2026, 11, 20)));
        let applied = Some(date(2026, 11, 22));
        assert_eq!(first_day(linked, None, None, None), linked);
        assert_eq!(first_day(linked, latest, None, None), linked, "nothing has come in by this feed");
        assert_eq!(first_day(linked, None, None, applied), linked);
        // Case E 14 of the connector model: a booking for a day to come skips nothing that is booked before it, however late the next
        // sync is.
        assert_eq!(first_day(linked, Some(date(2026, 12, 30)), None, applied), date(2026, 11, 12));
        assert_eq!(first_day(linked, latest, None, applied), date(2026, 11, 10));
        assert_eq!(first_day(linked, latest, Some(date(2026, 11, 2)), applied), date(2026, 11, 2));
        assert_eq!(first_day(linked, latest, Some(date(2026, 11, 15)), applied), date(2026, 11, 10));
        assert_eq!(first_day(linked, Some(date(2026, 10, 3)), Some(date(2026, 9, 1)), applied), linked);
    }
}
