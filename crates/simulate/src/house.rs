//! The house that a story is played in: what a person can do there, and what the books come to.

use std::sync::MutexGuard;

use anyhow::{Result, ensure};
use bankside_domain::account::PendingPolicy;
use bankside_domain::edit::Refused;
use bankside_domain::suspicion::HeldChoice;
use bankside_domain::{BatchId, FeedRowId, TransactionId};
use jiff::civil::Date;

use crate::bank::Bank;
use crate::books::{BookRow, Books};

/// How a verb ended.
pub(crate) enum End<T> {
    /// With its answer.
    Done(T),
    /// It was refused, in these words; nothing has changed.
    Refused(String),
    /// The process was killed within it, and has started again.
    Killed,
}

impl<T> From<Result<T, Refused>> for End<T> {
    fn from(result: Result<T, Refused>) -> Self {
        result.map_or_else(|why| Self::Refused(why.in_words().to_owned()), Self::Done)
    }
}

impl<T> End<T> {
    /// With another answer.
    pub(crate) fn map<U>(self, answer: impl FnOnce(T) -> U) -> End<U> {
        match self {
            Self::Done(done) => End::Done(answer(done)),
            Self::Refused(words) => End::Refused(words),
            Self::Killed => End::Killed,
        }
    }

    /// Fails unless it was refused exactly where it had to be. A killed process is asked for nothing.
    pub(crate) fn expect_refused(&self, must_be: bool, what: &str) -> Result<()> {
        match self {
            Self::Done(_) => ensure!(!must_be, "{what} was not refused"),
            Self::Refused(words) => ensure!(must_be, "{what} was refused: {words}"),
            Self::Killed => {}
        }
        Ok(())
    }
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

/// Two rows of the books, in a fixed order.
pub(crate) type Pair = (TransactionId, TransactionId);

/// Two rows that a person is asked about.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) pair: Pair,
    /// The one of them that has left the books, a pending row with something on it that a person wrote.
    pub(crate) gone: Option<BookRow>,
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
    async fn renew(&mut self, kill_at: Option<u16>) -> Result<End<()>>;

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
        kill_at: Option<u16>,
    ) -> Result<End<BatchId>>;

    /// A person locks an account up to and including a day, or takes the lock off.
    async fn lock(
        &mut self,
        account: usize,
        through: Option<Date>,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>>;

    /// A person says what an account does with pending rows.
    async fn set_policy(
        &mut self,
        account: usize,
        policy: PendingPolicy,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>>;

    /// A person says whether the bank's signs are turned round.
    async fn turn_sign(
        &mut self,
        account: usize,
        flips_sign: bool,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>>;

    /// A person decides about a row that was held back.
    async fn decide(&mut self, held: FeedRowId, choice: HeldChoice, kill_at: Option<u16>) -> Result<End<BatchId>>;

    /// Rows that may be one.
    async fn pairs(&self) -> Result<Vec<Asked>>;

    /// A person says that two rows are one, with what is proposed, or that they are two for ever, which is no batch.
    async fn decide_pair(&mut self, pair: Pair, is_one: bool, kill_at: Option<u16>) -> Result<End<Option<BatchId>>>;

    /// A person takes a batch back, which comes to what its preview has promised.
    async fn undo(&mut self, batch: BatchId, kill_at: Option<u16>) -> Result<End<Undone>>;

    /// The undoing of a batch that is in force, if it is undone.
    async fn undoing_of(&self, batch: BatchId) -> Result<Option<BatchId>>;

    /// The latest that a person did to rows and has not taken back.
    async fn latest_step(&self) -> Result<Option<BatchId>>;
}
