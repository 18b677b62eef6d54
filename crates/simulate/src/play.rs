//! Playing a story: every step is done to the house and to the oracle, and what must hold is looked at after each.

mod pairs;

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use bankside_domain::account::PendingPolicy;
use bankside_domain::row::RowStatus;
use bankside_domain::suspicion::HeldChoice;
use bankside_domain::{BatchId, TransactionId};
use jiff::Span;

use crate::bank::{ACCOUNTS, Fact, PAYEES, Trouble};
use crate::books::{BookRow, Books, FactId, Person, Wants, Worked, content, find};
use crate::habits::Ids;
use crate::house::{End, House, Pair, RowChange, Undone};
use crate::story::{Step, Work};
use crate::tally::{Event, Tally};

/// The note of the first line of a row that was split.
const FIRST_PART: &str = "first part";

/// Something that can be taken back.
struct Deed {
    by: By,
    /// Its batches, in the order in which they were made.
    batches: Vec<BatchId>,
    before: (Books, Person),
    after: (Books, Person),
}

/// A story that is being played.
pub(crate) struct Play<H> {
    house: H,
    person: Person,
    books: Books,
    deeds: Vec<Deed>,
    /// Whether everything that the bank shows is in the books.
    is_current: bool,
    /// Where rows may be held back for a reason.
    may_hold: [bool; ACCOUNTS],
    /// Pairs of rows that a person has said are two.
    different: BTreeSet<Pair>,
    tally: Tally,
}

/// What a person's verb came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    Batch(BatchId),
    /// It was killed after it was done, and nobody was told of its batch.
    Unseen,
    Nothing,
}

/// Whose deed something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Sync,
    Person,
}

impl<H: House> Play<H> {
    pub(crate) async fn begin(house: H) -> Result<Self> {
        let books = house.books().await?;
        Ok(Self {
            house,
            person: Person::default(),
            books,
            deeds: Vec::new(),
            is_current: true,
            may_hold: [false; ACCOUNTS],
            different: BTreeSet::new(),
            tally: Tally::default(),
        })
    }

    /// What has happened so far.
    pub(crate) fn tally(&self) -> Tally {
        let mut all = self.house.bank().tally.clone();
        all.add(&self.tally);
        all
    }

    pub(crate) async fn take(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Book { account, late_days, amount, payee } => {
                let mut bank = self.house.bank();
                // A row whose text changes while another comes with its old one looks as if its id had moved on to a new row, as ids do
                // that count the rows of a day: which of the two it is nobody can know.
                if !self.is_current && bank.says_what_another_said(account, late_days, amount, payee) {
                    return Ok(());
                }
                bank.book(account, late_days, amount, payee);
            }
            Step::Twin { account } => _ = self.house.bank().twin(account),
            Step::Hold { account, payee } => self.house.bank().hold(account, payee),
            Step::Settle { nth, is_renamed } => _ = self.house.bank().settle(nth, is_renamed),
            Step::SettleWithTip { nth, lingers } => _ = self.house.bank().settle_with_tip(nth, lingers),
            Step::DropPending { nth } => _ = self.house.bank().drop_pending(nth),
            Step::MakeAnew { account, nth } => _ = self.house.bank().make_anew(account, nth),
            Step::Amend { account, nth } => {
                // A row that is booked and has another text before anybody has seen that is another row to everyone.
                if !self.is_current {
                    return Ok(());
                }
                let lock = self.person.locks[account];
                let may = |fact: &Fact| Some(fact.day) > lock;
                _ = self.house.bank().amend(account, nth, may);
            }
            Step::Withdraw { account, nth } => {
                // What never came into the books is not missed there.
                if !self.is_current || !self.house.bank().withdraw(account, nth) {
                    return Ok(());
                }
                // Its reference or place may come on another row, and nobody but a person knows whether the bank has corrected it.
                self.may_hold[account] |= matches!(self.house.bank().habits.ids, Ids::Recurring | Ids::Positional);
                self.deeds.clear();
            }
            Step::Window { days } => self.house.bank().show(days),
            Step::Days(days) => {
                let today = self.house.bank().today.saturating_add(Span::new().days(days));
                self.house.bank().today = today;
                self.house.turn_to(today)?;
            }
            Step::Sync { repeats_pages, breaks_off, kill_at } => {
                let trouble = Trouble { repeats_pages, breaks_off };
                return self.sync(trouble, kill_at).await;
            }
            Step::Renew { kill_at } => return self.renew(kill_at).await,
            Step::Change { nth, work, kill_at } => return self.change(nth, work, kill_at).await,
            Step::Jot { nth } => return self.jot(nth).await,
            Step::Type { account, payee, is_booked, kill_at } => {
                return self.type_row(account, payee, is_booked, kill_at).await;
            }
            Step::Lock { account, days_ago, kill_at } => return self.lock(account, days_ago, kill_at).await,
            Step::Policy { account, policy, kill_at } => return self.set_policy(account, policy, kill_at).await,
            Step::Turn { account, kill_at } => return self.turn(account, kill_at).await,
            Step::Decide { nth, choice, kill_at } => return self.decide(nth, choice, kill_at).await,
            Step::Pair { nth, is_one, kill_at } => return self.pair(nth, is_one, kill_at).await,
            Step::Undo { and_redo, kill_at } => return self.undo(and_redo, kill_at).await,
        }
        self.is_current = false;
        Ok(())
    }

    /// The story is over: whatever was open is brought in, and everything must be there.
    pub(crate) async fn end(&mut self) -> Result<()> {
        self.sync(Trouble::default(), None).await?;
        let before = self.books.clone();
        self.sync(Trouble::default(), None).await?;
        ensure!(self.books == before, "a sync that brings nothing new changed: {}", before.difference(&self.books));
        Ok(())
    }

    async fn read(&self) -> Result<Books> {
        let books = self.house.books().await?;
        books.prove()?;
        Ok(books)
    }

    async fn sync(&mut self, trouble: Trouble, kill_at: Option<u16>) -> Result<()> {
        let before = (self.books.clone(), self.person.clone());
        self.house.bank().trouble = trouble;
        let was_killed = matches!(self.house.sync(kill_at).await?, End::Killed);
        self.house.bank().trouble = Trouble::default();
        self.house.bank().told();
        self.tally.count(if was_killed { Event::SyncKilled } else { Event::Synced });
        self.books = self.read().await?;
        self.person.find_typed(&self.house.bank(), &self.books);
        self.check_locks(&before.0)?;
        if trouble.breaks_off.is_none() {
            self.is_current = true;
            self.check()?;
        }
        let batches = self.house.batches_of_latest_sync().await?;
        if was_killed || trouble.breaks_off.is_some() {
            // Parts of it may have come with another run.
            self.deeds.clear();
        } else if batches.is_empty() {
            ensure!(before.0 == self.books, "a sync without a batch changed: {}", before.0.difference(&self.books));
        } else {
            self.did(By::Sync, batches, before);
        }
        Ok(())
    }

    /// The latest that a person did, where something is to be killed within the next.
    async fn step_before(&self, kill_at: Option<u16>) -> Result<Option<BatchId>> {
        if kill_at.is_some() { self.house.latest_step().await } else { Ok(None) }
    }

    /// What a person's verb came to: one that was killed has left its whole batch behind, or nothing.
    async fn ended(
        &mut self,
        end: End<Option<BatchId>>,
        step_before: Option<BatchId>,
        before: &Books,
        killed: Event,
    ) -> Result<Came> {
        self.books = self.read().await?;
        let End::Killed = end else {
            return Ok(if let End::Done(Some(batch)) = end { Came::Batch(batch) } else { Came::Nothing });
        };
        self.tally.count(killed);
        let latest = self.house.latest_step().await?;
        let came = match latest.filter(|latest| Some(*latest) != step_before) {
            Some(batch) => Came::Batch(batch),
            None if self.books != *before => Came::Unseen,
            None => Came::Nothing,
        };
        self.tally.count(if came == Came::Nothing { Event::KilledBefore } else { Event::KilledAfter });
        Ok(came)
    }

    /// What a person did can be taken back, if it is known what that was.
    fn person_did(&mut self, came: Came, before: (Books, Person)) {
        match came {
            Came::Batch(batch) => self.did(By::Person, vec![batch], before),
            Came::Unseen => self.deeds.clear(),
            Came::Nothing => {}
        }
    }

    /// Fails unless something was refused exactly where it had to be.
    fn refused<T>(&mut self, end: &End<T>, must_be: bool, what: &str) -> Result<()> {
        end.expect_refused(must_be, what)?;
        if let End::Refused(_) = end {
            self.tally.count(Event::Refused);
        }
        Ok(())
    }

    /// The fact behind a row, another than one that is spoken for, or that there is none; `None` where the oracle cannot say.
    fn fact_behind(&self, id: TransactionId, spoken_for: Option<FactId>) -> Option<Option<FactId>> {
        if let Some(worked) = self.person.worked.get(&id) {
            return Some(worked.fact);
        }
        let (account, row) = self.books.find(id)?;
        self.person.fact_of(&self.house.bank(), account, &content(row), spoken_for).map(Some)
    }

    fn did(&mut self, by: By, batches: Vec<BatchId>, before: (Books, Person)) {
        self.deeds.push(Deed { by, batches, before, after: (self.books.clone(), self.person.clone()) });
    }

    async fn renew(&mut self, kill_at: Option<u16>) -> Result<()> {
        let was_killed = matches!(self.house.renew(kill_at).await?, End::Killed);
        self.house.bank().told();
        self.tally.count(if was_killed { Event::RenewalKilled } else { Event::Renewed });
        let now = self.read().await?;
        let before = std::mem::replace(&mut self.books, now);
        self.is_current = true;
        self.deeds.clear();
        self.check_locks(&before)?;
        self.check()
    }

    /// Compares the books with the truth.
    fn check(&mut self) -> Result<()> {
        self.person.check(&self.house.bank(), &self.books)?;
        for (account, held) in self.books.held.iter().enumerate() {
            ensure!(held.is_empty() || self.may_hold[account], "a row is held back for no reason: {held:?}");
        }
        Ok(())
    }

    /// What stands in locked periods is as it was.
    fn check_locks(&self, before: &Books) -> Result<()> {
        let (before, now) = (before.locked(&self.person.locks), self.books.locked(&self.person.locks));
        ensure!(before == now, "a locked period changed from {before:?}\n    to {now:?}");
        Ok(())
    }

    async fn lock(&mut self, account: usize, days_ago: Option<i64>, kill_at: Option<u16>) -> Result<()> {
        if !self.is_current {
            return Ok(());
        }
        let today = self.house.bank().today;
        let through = days_ago.map(|days| today.saturating_sub(Span::new().days(days)));
        let before = (self.books.clone(), self.person.clone());
        let is_pending = |row: &BookRow| row.status == RowStatus::Pending && Some(row.dated_on) <= through;
        let has_pending = self.books.rows[account].iter().any(is_pending);
        let step = self.step_before(kill_at).await?;
        let end = self.house.lock(account, through, kill_at).await?;
        let may_not = has_pending && through != self.person.locks[account];
        self.refused(&end, may_not, "locking a period, with pending rows or without,")?;
        let came = self.ended(end, step, &before.0, Event::LockKilled).await?;
        if came == Came::Nothing {
            return Ok(());
        }
        self.tally.count(if through.is_some() { Event::Locked } else { Event::Unlocked });
        self.person.locks[account] = through;
        self.may_hold[account] |= through.is_some();
        self.person_did(came, before);
        self.check()
    }

    async fn set_policy(&mut self, account: usize, policy: PendingPolicy, kill_at: Option<u16>) -> Result<()> {
        let before = (self.books.clone(), self.person.clone());
        let step = self.step_before(kill_at).await?;
        let end = self.house.set_policy(account, policy, kill_at).await?;
        let came = self.ended(end, step, &before.0, Event::PolicyKilled).await?;
        if came == Came::Nothing {
            return Ok(());
        }
        self.tally.count(Event::PolicyChanged);
        self.person.policies[account] = policy;
        self.check_locks(&before.0)?;
        self.person_did(came, before);
        if self.is_current { self.check() } else { Ok(()) }
    }

    async fn turn(&mut self, account: usize, kill_at: Option<u16>) -> Result<()> {
        let turned = !self.person.turned[account];
        let before = (self.books.clone(), self.person.clone());
        let step = self.step_before(kill_at).await?;
        let end = self.house.turn_sign(account, turned, kill_at).await?;
        // What is out of the books and was locked when it left is known to the house alone.
        if self.person.locks.iter().all(Option::is_none) {
            end.expect_refused(false, "turning a sign")?;
        } else if self.person.has_locked_fact(&self.house.bank(), &self.books, account) {
            self.refused(&end, true, "turning the sign of a row in a locked period")?;
        }
        let was_killed = matches!(end, End::Killed);
        let mut came = self.ended(end, step, &before.0, Event::TurnKilled).await?;
        if was_killed && came == Came::Nothing {
            // Where no row shows it, whoever presses again sees whether it was done.
            came = match self.house.turn_sign(account, turned, None).await? {
                End::Done(None) => Came::Unseen,
                End::Done(Some(batch)) => Came::Batch(batch),
                End::Refused(_) | End::Killed => Came::Nothing,
            };
            self.books = self.read().await?;
        }
        if came == Came::Nothing {
            return Ok(());
        }
        self.tally.count(Event::SignTurned);
        self.person.turn(account);
        self.person_did(came, before);
        if self.is_current { self.check() } else { Ok(()) }
    }

    async fn decide(&mut self, nth: usize, choice: HeldChoice, kill_at: Option<u16>) -> Result<()> {
        let Some((account, held)) = self.books.nth_held(nth).map(|(account, held)| (account, held.clone())) else {
            return Ok(());
        };
        let Some(fact) = self.person.fact_of(&self.house.bank(), account, &held.content, None) else { return Ok(()) };
        let before = (self.books.clone(), self.person.clone());
        let may_not = choice == HeldChoice::NewRow && self.person.is_locked(account, held.content.day);
        let step = self.step_before(kill_at).await?;
        let end = self.house.decide(held.feed_row, choice, kill_at).await?;
        self.refused(&end, may_not, &format!("taking in the held row {held:?}"))?;
        let came = self.ended(end.map(Some), step, &before.0, Event::DecisionKilled).await?;
        if came == Came::Nothing {
            return Ok(());
        }
        if choice == HeldChoice::LeaveOut {
            self.person.dismissed.insert(fact);
        }
        self.tally.count(if choice == HeldChoice::LeaveOut { Event::HeldLeftOut } else { Event::HeldTakenIn });
        self.person_did(came, before);
        if self.is_current { self.check() } else { Ok(()) }
    }

    /// A person writes a note on a pending row.
    async fn jot(&mut self, nth: usize) -> Result<()> {
        let rows = self.books.rows.iter().enumerate();
        let rows = rows.flat_map(|(account, rows)| rows.iter().map(move |row| (account, row)));
        let pending: Vec<(usize, BookRow)> = rows
            .filter(|(_, row)| row.status == RowStatus::Pending)
            .map(|(account, row)| (account, row.clone()))
            .collect();
        let Some((account, row)) = (!pending.is_empty()).then(|| pending[nth % pending.len()].clone()) else {
            return Ok(());
        };
        self.change_row(account, &row, Work::Note, None).await
    }

    async fn change(&mut self, nth: usize, work: Work, kill_at: Option<u16>) -> Result<()> {
        let Some((account, row)) = self.books.nth(nth).map(|(account, row)| (account, row.clone())) else {
            return Ok(());
        };
        self.change_row(account, &row, work, kill_at).await
    }

    async fn change_row(&mut self, account: usize, row: &BookRow, work: Work, kill_at: Option<u16>) -> Result<()> {
        let target = match work {
            // Rows move within one currency only.
            Work::Move if account < 2 => 1 - account,
            Work::Move => return Ok(()),
            // What the bank states stands.
            Work::Amount | Work::Tick if row.is_from_bank => return Ok(()),
            _ => account,
        };
        let Some(worked) = self.worked(account, target, row, work) else { return Ok(()) };
        let before = (self.books.clone(), self.person.clone());
        let id = row.id;
        let change = row_change(row, work, target);
        let day = if let RowChange::Day(day) = change { day } else { row.dated_on };
        let may_not = self.person.is_locked(account, row.dated_on) || self.person.is_locked(target, day);
        let step = self.step_before(kill_at).await?;
        let end = self.house.change(id, &change, kill_at).await?;
        // Where nothing would change, nothing is refused.
        if !matches!(end, End::Done(None)) {
            self.refused(&end, may_not, &format!("a change of {row:?}"))?;
        }
        let came = self.ended(end, step, &before.0, Event::ChangeKilled).await?;
        if came == Came::Nothing {
            ensure!(self.books == before.0, "nothing was done, and yet: {}", before.0.difference(&self.books));
            return Ok(());
        }
        self.tally.count(work.event());
        if work == Work::Delete {
            ensure!(self.books.find(id).is_none(), "a row was deleted and is still there: {row:?}");
            self.person.worked.remove(&id);
            self.person.dismissed.extend(worked.fact);
        } else {
            ensure!(self.books.find(id).is_some(), "a row was changed and is gone: {row:?}");
            self.person.worked.insert(id, worked);
        }
        self.person_did(came, before);
        if self.is_current { self.check() } else { Ok(()) }
    }

    /// What the oracle will know of a row after some work on it; `None` where it cannot say which fact the row is.
    fn worked(&self, account: usize, target: usize, row: &BookRow, work: Work) -> Option<Worked> {
        let mut worked = match self.person.worked.get(&row.id) {
            Some(worked) => worked.clone(),
            None => Worked {
                account,
                fact: Some(self.person.fact_of(&self.house.bank(), account, &content(row), None)?),
                wants: Wants::default(),
                is_typed: false,
            },
        };
        worked.account = target;
        let wants = &mut worked.wants;
        match work {
            Work::Payee(payee) => wants.payee = Some(mine(payee)),
            Work::Note => wants.note = Some(Some(note_of(row))),
            Work::BlankNote => wants.note = Some(None),
            // Back on the bank's day it follows the bank again; which day that is of a pending row the oracle cannot say any more.
            Work::Day(_) if wants.day.is_some() && row.status == RowStatus::Pending => return None,
            Work::Day(days) => {
                let banks = worked.fact.and_then(|fact| find(&self.house.bank(), fact).map(|fact| fact.day));
                let day = row.dated_on.saturating_add(Span::new().days(days));
                wants.day = Some(day).filter(|day| Some(*day) != banks);
            }
            Work::Amount => {
                (wants.minor, wants.lines) = (Some(row.minor - 7), Some(1));
                // Of a split row the lines are said too, with a note.
                if row.lines > 1 {
                    wants.note = Some(Some(note_of(row)));
                }
            }
            Work::Split => (wants.note, wants.lines) = (Some(Some(FIRST_PART.to_owned())), Some(2)),
            Work::Tick => wants.is_ticked = Some(!row.is_ticked),
            Work::Move | Work::Delete => {}
        }
        Some(worked)
    }

    async fn type_row(&mut self, account: usize, payee: usize, is_booked: bool, kill_at: Option<u16>) -> Result<()> {
        let before = (self.books.clone(), self.person.clone());
        let (minor, today) = self.house.bank().rare();
        let step = self.step_before(kill_at).await?;
        let end = self.house.type_row(account, minor, today, PAYEES[payee % PAYEES.len()], kill_at).await?;
        let may_not = self.person.is_locked(account, today);
        self.refused(&end, may_not, "typing a row")?;
        let came = self.ended(end.map(Some), step, &before.0, Event::TypingKilled).await?;
        if came == Came::Nothing {
            return Ok(());
        }
        let id = self.books.rows[account].iter().map(|row| row.id).find(|id| before.0.find(*id).is_none());
        let id = id.context("a row was typed and is not there")?;
        // The number goes up in any case, so that no other row gets this amount.
        let fact = self.house.bank().book_typed(account, self.person.signed(account, minor), payee);
        self.tally.count(if is_booked { Event::TypedIsBooked } else { Event::Typed });
        if is_booked {
            self.is_current = false;
        } else {
            self.house.bank().facts[account].retain(|one| one.serial != fact);
        }
        let wants = Wants { minor: Some(minor), ..Wants::default() };
        self.person.worked.insert(id, Worked { account, fact: None, wants, is_typed: true });
        self.person_did(came, before);
        Ok(())
    }

    async fn undo(&mut self, and_redo: bool, kill_at: Option<u16>) -> Result<()> {
        let Some(deed) = self.deeds.pop() else { return Ok(()) };
        ensure!(self.books == deed.after.0, "something changed by itself: {}", deed.after.0.difference(&self.books));
        let mut undoings = Vec::new();
        for (number, batch) in deed.batches.iter().rev().enumerate() {
            let outcome = self.take_back(*batch, kill_at.filter(|_| number == 0)).await?;
            ensure!(outcome.stays.is_empty(), "nobody has built on it, and yet this stays: {:?}", outcome.stays);
            undoings.push(outcome.batch);
        }
        ensure!(self.books == deed.before.0, "taking back left: {}", deed.before.0.difference(&self.books));
        self.tally.count(if deed.by == By::Sync { Event::SyncUndone } else { Event::Undone });
        if and_redo {
            for (number, batch) in undoings.iter().rev().enumerate() {
                self.take_back(*batch, kill_at.filter(|_| number == 0)).await?;
            }
            ensure!(self.books == deed.after.0, "doing again left: {}", deed.after.0.difference(&self.books));
            self.tally.count(Event::DoneAgain);
            self.deeds.push(deed);
        } else {
            // What an earlier undoing took out is still out.
            let missing = std::mem::take(&mut self.person.missing);
            self.person = Person { missing, ..deed.before.1 };
            if deed.by == By::Sync {
                let after = (&deed.after.0, &deed.after.1);
                self.person.miss(&mut self.house.bank(), after, &deed.before.0);
            }
            self.is_current = false;
        }
        Ok(())
    }

    /// Takes a batch back. Killed within it, the person looks whether that was done, and presses again if it was not.
    async fn take_back(&mut self, batch: BatchId, kill_at: Option<u16>) -> Result<Undone> {
        let before = self.books.clone();
        let mut end = self.house.undo(batch, kill_at).await?;
        if let End::Killed = end {
            self.tally.count(Event::UndoKilled);
            self.books = self.read().await?;
            if let Some(undoing) = self.house.undoing_of(batch).await? {
                self.tally.count(Event::KilledAfter);
                end = End::Done(Undone { batch: undoing, stays: Vec::new() });
            } else {
                self.tally.count(Event::KilledBefore);
                ensure!(self.books == before, "nothing was taken back, and yet: {}", before.difference(&self.books));
                end = self.house.undo(batch, None).await?;
            }
        }
        self.books = self.read().await?;
        match end {
            End::Done(undone) => Ok(undone),
            End::Refused(words) => bail!("it cannot be taken back: {words}"),
            End::Killed => bail!("it was killed by nobody"),
        }
    }
}

fn mine(payee: usize) -> String {
    format!("My {}", PAYEES[payee % PAYEES.len()])
}

fn note_of(row: &BookRow) -> String {
    format!("note of {}", row.minor)
}

/// What a person says of a row when they work on it.
fn row_change(row: &BookRow, work: Work, target: usize) -> RowChange {
    match work {
        Work::Payee(payee) => RowChange::Payee(mine(payee)),
        Work::Note => RowChange::Note(note_of(row)),
        Work::BlankNote => RowChange::Note(String::new()),
        Work::Day(days) => RowChange::Day(row.dated_on.saturating_add(Span::new().days(days))),
        Work::Amount => {
            let minor = row.minor - 7;
            // Of a split row the lines are said too.
            let lines = if row.lines > 1 { vec![(minor, note_of(row))] } else { Vec::new() };
            RowChange::Amount { minor, lines }
        }
        Work::Split => RowChange::Lines(vec![(row.minor - 3, FIRST_PART.to_owned()), (3, "second part".to_owned())]),
        Work::Tick => RowChange::Tick(!row.is_ticked),
        Work::Move => RowChange::Move(target),
        Work::Delete => RowChange::Delete,
    }
}
