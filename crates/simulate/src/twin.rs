//! Two houses at once, the real one and the one in memory: the same is done to both, and they must come to the same books.

use std::collections::{BTreeSet, HashMap};
use std::sync::MutexGuard;

use anyhow::{Context, Result, bail, ensure};
use bankside_domain::account::PendingPolicy;
use bankside_domain::suspicion::HeldChoice;
use bankside_domain::suspicion::pairs::in_order;
use bankside_domain::{BatchId, FeedRowId, TransactionId};
use jiff::civil::Date;

use crate::bank::{ACCOUNTS, Bank};
use crate::books::{BookRow, Books};
use crate::habits::Tale;
use crate::house::{Asked, End, House, Pair, RowChange, Undone};
use crate::memory::MemoryHouse;
use crate::real::RealHouse;

/// Both houses. Its ids are those of the real one.
pub(crate) struct TwinHouse {
    real: RealHouse,
    memory: MemoryHouse,
    /// What the real house calls a row, a batch and a row that was held back, and what the other one does.
    rows: HashMap<TransactionId, TransactionId>,
    batches: HashMap<BatchId, BatchId>,
    held: HashMap<FeedRowId, FeedRowId>,
}

impl TwinHouse {
    pub(crate) async fn open(tale: Tale) -> Result<Self> {
        let real = RealHouse::open(tale, bankside_testkit::Engine::Sqlite).await?;
        let memory = MemoryHouse::open(tale)?;
        let mut house = Self { real, memory, rows: HashMap::new(), batches: HashMap::new(), held: HashMap::new() };
        house.compare().await?;
        Ok(house)
    }

    /// Both banks are the same until both are asked.
    fn share_bank(&mut self) {
        let bank = self.real.bank().clone();
        *self.memory.bank() = bank;
    }

    /// After everything that was done to both: row by row the books are the same, ids aside. A second goes by, so that rows which come
    /// later stand higher in either.
    async fn compare(&mut self) -> Result<()> {
        let today = self.real.bank().today;
        self.real.turn_to(today)?;
        let (real, memory) = (self.real.books().await?, self.memory.books().await?);
        let mut translated = memory;
        for account in 0..ACCOUNTS {
            for (mine, other) in real.rows[account].iter().zip(&mut translated.rows[account]) {
                if is_same(mine, other) {
                    let known = self.rows.insert(mine.id, other.id);
                    ensure!(known.is_none_or(|known| known == other.id), "a row has become another: {mine:?}");
                    other.id = mine.id;
                }
            }
        }
        for (mine, other) in real.held.iter().zip(&mut translated.held) {
            let (mut mine, theirs) = (mine.clone(), &mut *other);
            mine.sort_by(|a, b| a.content.cmp(&b.content));
            theirs.sort_by(|a, b| a.content.cmp(&b.content));
            for (mine, other) in
                mine.iter().zip(theirs.iter_mut()).filter(|(mine, other)| mine.content == other.content)
            {
                self.held.insert(mine.feed_row, other.feed_row);
                other.feed_row = mine.feed_row;
            }
            other.sort_by_key(|row| row.feed_row);
        }
        ensure!(real == translated, "in memory it came to other books: {}", told(&real, &translated));
        Ok(())
    }

    /// Both houses have come to the same end, and to the same books.
    async fn ended<T: Copy + Into<Option<BatchId>>>(&mut self, real: End<T>, memory: End<T>) -> Result<End<T>> {
        ended_alike(&real, &memory)?;
        if let (End::Done(real), End::Done(memory)) = (&real, &memory) {
            let batches = [*real, *memory].map(|batch| -> Vec<BatchId> { batch.into().into_iter().collect() });
            self.pair_up(&batches[0], &batches[1])?;
        }
        self.compare().await?;
        Ok(real)
    }

    fn pair_up(&mut self, real: &[BatchId], memory: &[BatchId]) -> Result<()> {
        ensure!(real.len() == memory.len(), "{} batches, and in memory {}", real.len(), memory.len());
        self.batches.extend(real.iter().copied().zip(memory.iter().copied()));
        Ok(())
    }
}

/// Both houses have done it, or both have refused it.
fn ended_alike<T, U>(real: &End<T>, memory: &End<U>) -> Result<()> {
    match (real, memory) {
        (End::Done(_), End::Done(_)) | (End::Refused(_), End::Refused(_)) | (End::Killed, End::Killed) => Ok(()),
        (End::Refused(words), _) => bail!("in memory it was not refused: {words}"),
        (_, End::Refused(words)) => bail!("only in memory it was refused: {words}"),
        _ => bail!("only one house was killed"),
    }
}

/// Whether two rows show the same.
fn is_same(mine: &BookRow, other: &BookRow) -> bool {
    BookRow { id: mine.id, ..other.clone() } == *mine
}

fn told(real: &Books, memory: &Books) -> String {
    let rows = |books: &Books| -> String {
        let rows: Vec<String> = books.rows.iter().flatten().map(|row| format!("{row:?}")).collect();
        rows.join("\n    ")
    };
    format!("{}\n  real:\n    {}\n  in memory:\n    {}", real.difference(memory), rows(real), rows(memory))
}

impl House for TwinHouse {
    fn bank(&self) -> MutexGuard<'_, Bank> {
        self.real.bank()
    }

    fn turn_to(&mut self, day: Date) -> Result<()> {
        self.real.turn_to(day)?;
        self.memory.turn_to(day)
    }

    async fn books(&self) -> Result<Books> {
        self.real.books().await
    }

    async fn sync(&mut self, kill_at: Option<u16>) -> Result<End<()>> {
        self.share_bank();
        self.memory.sync(kill_at).await?;
        let end = self.real.sync(kill_at).await?;
        let (real, memory) = (self.real.batches_of_latest_sync().await?, self.memory.batches_of_latest_sync().await?);
        self.pair_up(&real, &memory)?;
        self.compare().await?;
        Ok(end)
    }

    async fn batches_of_latest_sync(&self) -> Result<Vec<BatchId>> {
        self.real.batches_of_latest_sync().await
    }

    async fn renew(&mut self, kill_at: Option<u16>) -> Result<End<()>> {
        self.share_bank();
        self.memory.renew(kill_at).await?;
        let end = self.real.renew(kill_at).await?;
        self.compare().await?;
        Ok(end)
    }

    async fn change(
        &mut self,
        row: TransactionId,
        change: &RowChange,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        let there = *self.rows.get(&row).context("a row that is not in memory")?;
        let memory = self.memory.change(there, change, kill_at).await?;
        let real = self.real.change(row, change, kill_at).await?;
        self.ended(real, memory).await
    }

    async fn type_row(
        &mut self,
        account: usize,
        minor: i64,
        day: Date,
        payee: &str,
        kill_at: Option<u16>,
    ) -> Result<End<BatchId>> {
        let memory = self.memory.type_row(account, minor, day, payee, kill_at).await?;
        let real = self.real.type_row(account, minor, day, payee, kill_at).await?;
        self.ended(real, memory).await
    }

    async fn lock(
        &mut self,
        account: usize,
        through: Option<Date>,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        let memory = self.memory.lock(account, through, kill_at).await?;
        let real = self.real.lock(account, through, kill_at).await?;
        self.ended(real, memory).await
    }

    async fn set_policy(
        &mut self,
        account: usize,
        policy: PendingPolicy,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        let memory = self.memory.set_policy(account, policy, kill_at).await?;
        let real = self.real.set_policy(account, policy, kill_at).await?;
        self.ended(real, memory).await
    }

    async fn turn_sign(
        &mut self,
        account: usize,
        flips_sign: bool,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        let memory = self.memory.turn_sign(account, flips_sign, kill_at).await?;
        let real = self.real.turn_sign(account, flips_sign, kill_at).await?;
        self.ended(real, memory).await
    }

    async fn decide(&mut self, held: FeedRowId, choice: HeldChoice, kill_at: Option<u16>) -> Result<End<BatchId>> {
        let there = *self.held.get(&held).context("a held row that is not in memory")?;
        let memory = self.memory.decide(there, choice, kill_at).await?;
        let real = self.real.decide(held, choice, kill_at).await?;
        self.ended(real, memory).await
    }

    async fn pairs(&self) -> Result<Vec<Asked>> {
        let real = self.real.pairs().await?;
        let there = |(a, b): Pair| Some(in_order(*self.rows.get(&a)?, *self.rows.get(&b)?));
        let translated: BTreeSet<_> = real.iter().map(|asked| (there(asked.pair), asked.gone.is_some())).collect();
        let memory = self.memory.pairs().await?.into_iter();
        let memory: BTreeSet<_> = memory.map(|asked| (Some(asked.pair), asked.gone.is_some())).collect();
        ensure!(translated == memory, "in memory other rows may be one: {translated:?} and {memory:?}");
        Ok(real)
    }

    async fn decide_pair(&mut self, pair: Pair, is_one: bool, kill_at: Option<u16>) -> Result<End<Option<BatchId>>> {
        let there = |id: TransactionId| self.rows.get(&id).copied().context("a row that is not in memory");
        let there = in_order(there(pair.0)?, there(pair.1)?);
        let memory = self.memory.decide_pair(there, is_one, kill_at).await?;
        let real = self.real.decide_pair(pair, is_one, kill_at).await?;
        self.ended(real, memory).await
    }

    async fn undo(&mut self, batch: BatchId, kill_at: Option<u16>) -> Result<End<Undone>> {
        let there = *self.batches.get(&batch).context("a batch that is not in memory")?;
        let memory = self.memory.undo(there, kill_at).await?;
        let real = self.real.undo(batch, kill_at).await?;
        if let (End::Done(real), End::Done(memory)) = (&real, &memory) {
            ensure!(real.stays.len() == memory.stays.len(), "{:?} stays, and in memory {:?}", real.stays, memory.stays);
            self.pair_up(&[real.batch], &[memory.batch])?;
        }
        ended_alike(&real, &memory)?;
        self.compare().await?;
        Ok(real)
    }

    async fn undoing_of(&self, batch: BatchId) -> Result<Option<BatchId>> {
        self.real.undoing_of(batch).await
    }

    async fn latest_step(&self) -> Result<Option<BatchId>> {
        self.real.latest_step().await
    }
}
