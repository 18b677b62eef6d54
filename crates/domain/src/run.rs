//! Runs: one attempt to sync, its steps and its result.

use serde::{Deserialize, Serialize};

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

/// The outcome of a run, from how its accounts ended.
pub fn outcome(accounts_done: usize, accounts_with_faults: usize) -> RunOutcome {
    match (accounts_done, accounts_with_faults) {
        (_, 0) => RunOutcome::Done,
        (0, _) => RunOutcome::Failed,
        _ => RunOutcome::Partly,
    }
}
