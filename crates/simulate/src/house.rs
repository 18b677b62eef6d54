//! The house that a story is played in: what a person can do there, and what the books come to.

use std::sync::MutexGuard;

use anyhow::Result;
use bankside_domain::{BatchId, TransactionId};
use jiff::civil::Date;

use crate::bank::Bank;
use crate::books::Books;

/// How a verb ended.
pub(crate) enum End<T> {
    /// With its answer.
    Done(T),
    /// The process was killed within it, and has started again.
    Killed,
}

/// What a person changes of a row. Amounts are minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowChange {
    Payee(String),
    /// An empty one is none.
    Note(String),
    Day(Date),
    /// With its lines, where it is split.
    Amount {
        minor: i64,
        lines: Vec<(i64, String)>,
    },
    Lines(Vec<(i64, String)>),
    Tick(bool),
    Move(usize),
    Delete,
}

/// What came of an undoing.
pub(crate) struct Undone {
    /// Its own batch.
    pub(crate) batch: BatchId,
    /// What stayed, and why.
    pub(crate) stays: Vec<String>,
}

/// A house with one bank, whose accounts are linked.
pub(crate) trait House {
    /// The bank of the story.
    fn bank(&self) -> MutexGuard<'_, Bank>;

    /// It is another day.
    fn turn_to(&mut self, day: Date) -> Result<()>;

    /// The books as they stand.
    async fn books(&self) -> Result<Books>;

    /// Syncs. A process that is killed comes up again and finishes; the answer tells that it was.
    async fn sync(&mut self, kill_at: Option<u16>) -> Result<End<()>>;

    /// What the latest sync has written, in its order.
    async fn batches_of_latest_sync(&self) -> Result<Vec<BatchId>>;

    /// Renews the access to the bank, which calls its accounts by other names from then on, and syncs.
    async fn renew(&mut self, kill_at: Option<u16>) -> Result<()>;

    /// A person changes a row. Answers with the batch, if anything changed.
    async fn change(
        &mut self,
        row: TransactionId,
        change: &RowChange,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>>;

    /// A person types a row.
    async fn type_row(
        &mut self,
        account: usize,
        minor: i64,
        day: Date,
        payee: &str,
    ) -> Result<(TransactionId, BatchId)>;

    /// A person takes a batch back, which comes to what its preview has promised.
    async fn undo(&mut self, batch: BatchId) -> Result<Undone>;
}
