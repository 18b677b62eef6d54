//! The house in memory: books that are kept in maps and decided about by the domain, as the engine has it decide. It plays hundreds of
//! steps in the time of one on a database.
//!
//! What it stands for is what the engine fetches and the store writes; whatever those two decide by themselves is repeated here, each
//! time with the place where they do. A test plays the same stories here and there (`twin.rs`), so that this house cannot drift from
//! the real one.

mod apply;
mod doubts;
mod ledger;
mod pairs;
mod person;
mod sign;
mod source;
mod undo;

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use bankside_domain::account::PendingPolicy;
use bankside_domain::balance::{BalanceKind, BalanceMoment, StatedBalance};
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::batch::Entity;
use bankside_domain::reconcile::{Arrived, Coverage, Policy, Snapshot, Window, plan};
use bankside_domain::renewal::{Shown, renew};
use bankside_domain::row::RowIdKind;
use bankside_domain::run::first_day;
use bankside_domain::suspicion::HeldChoice;
use bankside_domain::{BankAccountId, BatchId, FeedRowId, TransactionId};
use jiff::Timestamp;
use jiff::civil::Date;

use self::ledger::{Batch, Ledger};
use self::source::{Desk, Now, Source};
use self::undo::TakenBack;
use crate::bank::{ACCOUNTS, Answer, Bank};
use crate::books::Books;
use crate::habits::Tale;
use crate::house::{Asked, End, House, Pair, RowChange, Undone};
use crate::provider::Provider;

/// What a whole answer said of one account.
#[derive(Debug, Clone, Copy)]
struct Fetched {
    /// Whether it showed everything from the day that was asked for.
    is_complete: bool,
    /// What the bank stated that the booked rows come to, in minor units.
    booked_minor: i64,
}

/// Under which terms rows are planned (`Terms` in the engine's `sync/books.rs`).
#[derive(Debug, Clone, Copy)]
struct Terms {
    pending: PendingPolicy,
    booked_coverage: Option<Coverage>,
    pending_complete: bool,
}

/// One attempt to sync.
struct Run {
    number: u32,
    asked_from: [Date; ACCOUNTS],
    /// Only where all rows came.
    fetched: [Option<Fetched>; ACCOUNTS],
}

/// Books in memory with one bank, whose accounts are linked.
pub(crate) struct MemoryHouse {
    provider: Provider,
    today: Date,
    sources: [Source; ACCOUNTS],
    ledger: Ledger,
    /// By which a bank account is recognised.
    match_keys: Vec<(MatchKey, BankAccountId)>,
    /// Kinds of ids that have lost their trust.
    distrusted: Vec<RowIdKind>,
    /// Pairs of rows that a person has said are two.
    different: BTreeSet<Pair>,
    runs: u32,
    /// What the latest run has written.
    latest: Vec<BatchId>,
}

impl MemoryHouse {
    /// Connects the bank of a tale and links its accounts.
    pub(crate) fn open(tale: Tale) -> Result<Self> {
        let bank = Bank::new(tale);
        let today = bank.today;
        let telling = bank.habits.telling;
        let provider = Provider::of(Arc::new(Mutex::new(bank)));
        let connected = provider.connected();
        let history = jiff::Span::new().days(connected.institution.max_history_days.unwrap_or_default());
        let import_from = today.saturating_sub(history);
        let ledger = Ledger::new(today, telling)?;
        let mut sources = Vec::new();
        let mut match_keys = Vec::new();
        for (account, shown) in connected.accounts.iter().enumerate() {
            let desk = Desk::of(provider.reader().clone(), telling, account)?;
            let source =
                Source::new(ledger.accounts[account].fed_by, shown.provider_account_id.clone(), import_from, desk);
            match_keys.extend(shown.match_keys.iter().map(|key| (key.clone(), source.bank_account)));
            sources.push(source);
        }
        let sources = sources.try_into().map_err(|_| anyhow::anyhow!("an account is missing"))?;
        let mut house = Self {
            provider,
            today,
            sources,
            ledger,
            match_keys,
            distrusted: Vec::new(),
            different: BTreeSet::new(),
            runs: 0,
            latest: Vec::new(),
        };
        // Whoever links accounts gets their first sync.
        house.run(None)?;
        Ok(house)
    }

    /// A verb of a person, killed before anything is written or after all of it.
    fn persons<T>(&mut self, kill_at: Option<u16>, verb: impl FnOnce(&mut Self) -> Result<End<T>>) -> Result<End<T>> {
        match kill_at {
            None => verb(self),
            Some(moment) => {
                if moment % 2 == 1 {
                    verb(self)?;
                }
                Ok(End::Killed)
            }
        }
    }

    fn bank_now(&self) -> MutexGuard<'_, Bank> {
        self.provider.bank.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run from its first call to its last word, killed within or not.
    ///
    /// There are no writes between which it could be killed, so it is after a page, or when all have come. What an attempt brought that
    /// died on the way counts as left over, unless it comes again (`restart_run_account` in the store). One that dies while it brings
    /// accounts into the books leaves nothing behind: the next goes on with the next account.
    fn run(&mut self, kill_at: Option<u16>) -> Result<End<()>> {
        self.runs += 1;
        self.ledger.tick();
        let asked_from = std::array::from_fn(|account| {
            let Source { import_from, latest_booked_on, refetch_from, applied_on, .. } = self.sources[account];
            first_day(import_from, latest_booked_on, refetch_from, applied_on)
        });
        let mut run = Run { number: self.runs, asked_from, fetched: Default::default() };
        if let Some(kill_at) = kill_at {
            let answers = self.ask(&run);
            let pages: usize = answers.iter().flatten().map(|answer| answer.pages.len()).sum();
            self.fetch(&mut run, &answers, usize::from(kill_at) % (pages + 1));
            run.fetched = Default::default();
            self.sources.iter_mut().for_each(|source| source.restart(run.number));
        }
        let answers = self.ask(&run);
        self.fetch(&mut run, &answers, usize::MAX);
        self.book(&run)?;
        Ok(if kill_at.is_some() { End::Killed } else { End::Done(()) })
    }

    /// What the bank answers for each account, under the name that it is known by; nothing where the bank does not know that name.
    fn ask(&self, run: &Run) -> [Option<Answer>; ACCOUNTS] {
        let mut bank = self.bank_now();
        std::array::from_fn(|place| {
            let account = bank.account_of(&self.sources[place].alias)?;
            Some(bank.answer(account, run.asked_from[place]))
        })
    }

    /// Stores what has come, up to so many pages in all.
    fn fetch(&mut self, run: &mut Run, answers: &[Option<Answer>; ACCOUNTS], pages: usize) {
        let mut left = pages;
        let now = Now { day: self.today, micros: self.ledger.now() };
        for (account, answer) in answers.iter().enumerate() {
            let Some(answer) = answer else { continue };
            let shown = if answer.breaks_off { &answer.pages[..answer.pages.len().min(1)] } else { &answer.pages };
            let mut came = HashMap::new();
            for page in shown {
                if left == 0 {
                    return;
                }
                left -= 1;
                self.sources[account].receive(run.number, now, page, &mut came);
            }
            // An answer without a page has nothing after which it could break off.
            if !answer.breaks_off || shown.is_empty() {
                let Answer { is_complete, booked_minor, .. } = *answer;
                run.fetched[account] = Some(Fetched { is_complete, booked_minor });
            }
        }
    }

    /// Plans and applies for every account whose rows all came.
    fn book(&mut self, run: &Run) -> Result<()> {
        self.latest.clear();
        for account in 0..ACCOUNTS {
            let Some(fetched) = run.fetched[account] else { continue };
            self.ledger.tick();
            let source = &self.sources[account];
            let flips_sign = self.ledger.accounts[account].flips_sign;
            let arrived = source.undecided(run.number, flips_sign, &self.ledger);
            let window = Window::around(arrived.iter().filter_map(|arrived| source.version(arrived.version).day));
            let coverage = Coverage { from: Some(run.asked_from[account]), to: None };
            let terms = Terms {
                pending: self.ledger.accounts[account].pending_policy,
                booked_coverage: fetched.is_complete.then_some(coverage),
                pending_complete: true,
            };
            let snapshot = self.snapshot(Some(run.number), account, arrived, window, terms);
            let plan = plan(&snapshot);
            let batch = self.apply(run, account, fetched, &snapshot, &plan)?;
            self.latest.extend(batch);
        }
        Ok(())
    }

    /// Everything that a plan for one account is made from (`snapshot.rs` in the store, `sync/books.rs` in the engine); `run` is the
    /// one that is planned for, if it is one.
    fn snapshot(
        &self,
        run: Option<u32>,
        account: usize,
        arrived: Vec<Arrived>,
        window: Option<Window>,
        terms: Terms,
    ) -> Snapshot {
        let (source, ours) = (&self.sources[account], &self.ledger.accounts[account]);
        Snapshot {
            known: source.known(run, account, window, &arrived, &self.ledger),
            typed: window.map(|window| self.ledger.typed(account, window)).unwrap_or_default(),
            arrived,
            policy: Policy {
                currency: ours.currency,
                start_on: Some(source.import_from),
                history_from: ours.history_from(),
                locked_through: ours.locked_through,
                pending: terms.pending,
                fallback_day: self.today,
                booked_coverage: terms.booked_coverage,
                pending_complete: terms.pending_complete,
                distrusted: self.distrusted.clone(),
            },
        }
    }

    /// Has the next sync ask for feed rows.
    fn ask_for(&mut self, feed_rows: &[FeedRowId]) {
        for row in feed_rows.iter().map(|id| &self.ledger.feed_rows[id]) {
            let source = &mut self.sources[row.account];
            if let Some(day) = source.at(row.version).day {
                source.ask_again(day);
            }
        }
    }

    /// The bank accounts under the names that the bank has for them now (`renewals.rs` in the store).
    fn rename(&mut self) -> Result<()> {
        let connected = self.provider.connected();
        let known = self.sources.each_ref().map(|source| source.bank_account);
        let candidates: Vec<Shown> = connected
            .accounts
            .iter()
            .map(|account| {
                let hits: Vec<(MatchKeyKind, BankAccountId)> = self
                    .match_keys
                    .iter()
                    .filter(|(key, _)| account.match_keys.contains(key))
                    .map(|(key, bank_account)| (key.kind, *bank_account))
                    .collect();
                Shown { hits, same_id: None }
            })
            .collect();
        let renewal = renew(&known, &[], &candidates)?;
        for (account, bank_account) in connected.accounts.into_iter().zip(renewal.shown) {
            let source = self.sources.iter_mut().find(|source| Some(source.bank_account) == bank_account);
            source.context("a bank account was not recognised")?.alias = account.provider_account_id;
        }
        Ok(())
    }
}

/// What the bank stated in a fetch, with its sign as the owner sees it.
fn stated(fetched: Fetched, flips_sign: bool) -> StatedBalance {
    let Fetched { booked_minor, .. } = fetched;
    StatedBalance {
        kind: BalanceKind::Booked,
        moment: BalanceMoment::Now,
        minor: if flips_sign { -booked_minor } else { booked_minor },
        seen_at: Timestamp::UNIX_EPOCH,
    }
}

impl House for MemoryHouse {
    fn bank(&self) -> MutexGuard<'_, Bank> {
        self.bank_now()
    }

    fn turn_to(&mut self, day: Date) -> Result<()> {
        self.today = day;
        self.ledger.turn_to(day)
    }

    async fn books(&self) -> Result<Books> {
        Ok(Books { held: self.held()?, ..self.ledger.books() })
    }

    async fn sync(&mut self, kill_at: Option<u16>) -> Result<End<()>> {
        self.run(kill_at)
    }

    async fn batches_of_latest_sync(&self) -> Result<Vec<BatchId>> {
        Ok(self.latest.clone())
    }

    async fn renew(&mut self, kill_at: Option<u16>) -> Result<End<()>> {
        // Killed before the new names are written, the person presses again, and the bank has others still.
        let attempts = if kill_at.is_some_and(|kill_at| kill_at % 2 == 0) { 2 } else { 1 };
        self.bank_now().consents += attempts;
        self.rename()?;
        self.run(kill_at)
    }

    async fn change(
        &mut self,
        row: TransactionId,
        change: &RowChange,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        self.persons(kill_at, |house| Ok(house.ledger.change(row, change)?.into()))
    }

    async fn type_row(
        &mut self,
        account: usize,
        minor: i64,
        day: Date,
        payee: &str,
        kill_at: Option<u16>,
    ) -> Result<End<BatchId>> {
        self.persons(kill_at, |house| Ok(house.ledger.type_row(account, minor, day, payee)?.map(|done| done.1).into()))
    }

    async fn lock(
        &mut self,
        account: usize,
        through: Option<Date>,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        self.persons(kill_at, |house| {
            let (end, to_show) = house.ledger.lock(account, through, &house.sources)?;
            house.ask_for(&to_show);
            Ok(end)
        })
    }

    async fn set_policy(
        &mut self,
        account: usize,
        policy: PendingPolicy,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        self.persons(kill_at, |house| Ok(End::Done(house.change_policy(account, policy)?)))
    }

    async fn turn_sign(
        &mut self,
        account: usize,
        flips_sign: bool,
        kill_at: Option<u16>,
    ) -> Result<End<Option<BatchId>>> {
        self.persons(kill_at, |house| house.ledger.turn_sign(account, flips_sign))
    }

    async fn decide(&mut self, held: FeedRowId, choice: HeldChoice, kill_at: Option<u16>) -> Result<End<BatchId>> {
        self.persons(kill_at, |house| house.decide_held(held, choice))
    }

    async fn pairs(&self) -> Result<Vec<Asked>> {
        Ok(self.pairs_now())
    }

    async fn decide_pair(&mut self, pair: Pair, is_one: bool, kill_at: Option<u16>) -> Result<End<Option<BatchId>>> {
        self.persons(kill_at, |house| house.decide_about_pair(pair, is_one))
    }

    async fn undo(&mut self, batch: BatchId, kill_at: Option<u16>) -> Result<End<Undone>> {
        self.persons(kill_at, |house| {
            let TakenBack { undone, again, to_show } = house.ledger.undo(batch, &house.sources)?;
            house.ask_for(&to_show);
            if let Some((account, from)) = again {
                house.sources[account].ask_again(from);
            }
            Ok(End::Done(undone))
        })
    }

    async fn undoing_of(&self, batch: BatchId) -> Result<Option<BatchId>> {
        Ok(self.ledger.batches.get(&batch).context("there is no such batch")?.undone_by)
    }

    async fn latest_step(&self) -> Result<Option<BatchId>> {
        let is_of_rows = |batch: &Batch| {
            let mut entities = batch.changes.iter().map(|change| change.entity);
            entities.any(|entity| matches!(entity, Entity::Transaction | Entity::Line | Entity::Claim))
        };
        let is_step = |batch: &Batch| {
            let is_persons = batch.of_run.is_none() && batch.undoes.is_none();
            is_persons && batch.undone_by.is_none() && is_of_rows(batch)
        };
        Ok(self.ledger.batches.iter().rev().find(|(_, batch)| is_step(batch)).map(|(id, _)| *id))
    }
}
