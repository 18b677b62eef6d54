//! Playing a story: every step is done to the house and to the oracle, and what must hold is looked at after each.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use bankside_domain::account::PendingPolicy;
use bankside_domain::row::RowStatus;
use bankside_domain::suspicion::HeldChoice;
use bankside_domain::{BatchId, TransactionId};
use jiff::Span;

use crate::bank::{ACCOUNTS, Fact, PAYEES, Trouble};
use crate::books::{BookRow, Books, FactId, Person, Wants, Worked, content, find};
use crate::habits::Ids;
use crate::house::{End, House, Pair, RowChange};
use crate::story::{Step, Work};

/// The note of the first line of a row that was split.
const FIRST_PART: &str = "first part";

/// Something that can be taken back.
struct Deed {
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
        })
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
            Step::Type { account, payee, is_booked } => return self.type_row(account, payee, is_booked).await,
            Step::Lock { account, days_ago } => return self.lock(account, days_ago).await,
            Step::Policy { account, policy } => return self.set_policy(account, policy).await,
            Step::Turn { account } => return self.turn(account).await,
            Step::Decide { nth, choice } => return self.decide(nth, choice).await,
            Step::Pair { nth, is_one } => return self.pair(nth, is_one).await,
            Step::Undo { and_redo } => return self.undo(and_redo).await,
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
            self.did(batches, before);
        }
        Ok(())
    }

    async fn pair(&mut self, nth: usize, is_one: bool) -> Result<()> {
        let pairs = self.house.pairs().await?;
        ensure!(
            !pairs.iter().any(|pair| self.different.contains(pair)),
            "two rows are asked about once more: {pairs:?}"
        );
        let Some(pair) = (!pairs.is_empty()).then(|| pairs[nth % pairs.len()]) else { return Ok(()) };
        let Some(first) = self.fact_behind(pair.0, None) else { return Ok(()) };
        let Some(second) = self.fact_behind(pair.1, first) else { return Ok(()) };
        let rows = [pair.0, pair.1].map(|id| self.books.find(id));
        // Lines are not taken over to another amount; a person would join them first.
        if let [Some((_, one)), Some((_, other))] = rows
            && one.minor != other.minor
            && (one.lines > 1 || other.lines > 1)
        {
            return Ok(());
        }
        let is_locked = |(account, row): (usize, &BookRow)| self.person.is_locked(account, row.dated_on);
        let may_not = is_one && rows.into_iter().flatten().any(is_locked);
        let before = (self.books.clone(), self.person.clone());
        let end = self.house.decide_pair(pair, is_one).await?;
        end.expect_refused(may_not, &format!("merging {rows:?}"))?;
        self.books = self.read().await?;
        match end {
            End::Done(Some(batch)) => {
                let facts = [(pair.0, first), (pair.1, second)];
                self.person.merge(&self.house.bank(), (&before.0, &self.books), facts)?;
                self.did(vec![batch], before);
            }
            End::Done(None) => _ = self.different.insert(pair),
            End::Refused(_) | End::Killed => {}
        }
        if self.is_current { self.check() } else { Ok(()) }
    }

    /// The fact behind a row, another than one that is spoken for, or that there is none; `None` where the oracle cannot say.
    fn fact_behind(&self, id: TransactionId, spoken_for: Option<FactId>) -> Option<Option<FactId>> {
        if let Some(worked) = self.person.worked.get(&id) {
            return Some(worked.fact);
        }
        let (account, row) = self.books.find(id)?;
        self.person.fact_of(&self.house.bank(), account, &content(row), spoken_for).map(Some)
    }

    fn did(&mut self, batches: Vec<BatchId>, before: (Books, Person)) {
        self.deeds.push(Deed { batches, before, after: (self.books.clone(), self.person.clone()) });
    }

    async fn renew(&mut self, kill_at: Option<u16>) -> Result<()> {
        self.house.renew(kill_at).await?;
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

    async fn lock(&mut self, account: usize, days_ago: Option<i64>) -> Result<()> {
        if !self.is_current {
            return Ok(());
        }
        let today = self.house.bank().today;
        let through = days_ago.map(|days| today.saturating_sub(Span::new().days(days)));
        let before = (self.books.clone(), self.person.clone());
        let is_pending = |row: &BookRow| row.status == RowStatus::Pending && Some(row.dated_on) <= through;
        let has_pending = self.books.rows[account].iter().any(is_pending);
        let end = self.house.lock(account, through).await?;
        let may_not = has_pending && through != self.person.locks[account];
        end.expect_refused(may_not, "locking a period, with pending rows or without,")?;
        let End::Done(Some(batch)) = end else { return Ok(()) };
        self.person.locks[account] = through;
        self.may_hold[account] |= through.is_some();
        self.books = self.read().await?;
        self.did(vec![batch], before);
        self.check()
    }

    async fn set_policy(&mut self, account: usize, policy: PendingPolicy) -> Result<()> {
        let before = (self.books.clone(), self.person.clone());
        let Some(batch) = self.house.set_policy(account, policy).await? else { return Ok(()) };
        self.person.policies[account] = policy;
        self.books = self.read().await?;
        self.check_locks(&before.0)?;
        self.did(vec![batch], before);
        if self.is_current { self.check() } else { Ok(()) }
    }

    async fn turn(&mut self, account: usize) -> Result<()> {
        let turned = !self.person.turned[account];
        let before = (self.books.clone(), self.person.clone());
        let end = self.house.turn_sign(account, turned).await?;
        // What is out of the books and was locked when it left is known to the house alone.
        if self.person.locks.iter().all(Option::is_none) {
            end.expect_refused(false, "turning a sign")?;
        } else if self.person.has_locked_fact(&self.house.bank(), &self.books, account) {
            end.expect_refused(true, "turning the sign of a row in a locked period")?;
        }
        let End::Done(Some(batch)) = end else { return Ok(()) };
        self.person.turn(account);
        self.books = self.read().await?;
        self.did(vec![batch], before);
        if self.is_current { self.check() } else { Ok(()) }
    }

    async fn decide(&mut self, nth: usize, choice: HeldChoice) -> Result<()> {
        let Some((account, held)) = self.books.nth_held(nth).map(|(account, held)| (account, held.clone())) else {
            return Ok(());
        };
        let Some(fact) = self.person.fact_of(&self.house.bank(), account, &held.content, None) else { return Ok(()) };
        let before = (self.books.clone(), self.person.clone());
        let may_not = choice == HeldChoice::NewRow && self.person.is_locked(account, held.content.day);
        let end = self.house.decide(held.feed_row, choice).await?;
        end.expect_refused(may_not, &format!("taking in the held row {held:?}"))?;
        let End::Done(batch) = end else { return Ok(()) };
        if choice == HeldChoice::LeaveOut {
            self.person.dismissed.insert(fact);
        }
        self.books = self.read().await?;
        self.did(vec![batch], before);
        if self.is_current { self.check() } else { Ok(()) }
    }

    async fn change(&mut self, nth: usize, work: Work, kill_at: Option<u16>) -> Result<()> {
        let Some((account, row)) = self.books.nth(nth).map(|(account, row)| (account, row.clone())) else {
            return Ok(());
        };
        let target = match work {
            // Rows move within one currency only.
            Work::Move if account < 2 => 1 - account,
            Work::Move => return Ok(()),
            // What the bank states stands.
            Work::Amount | Work::Tick if row.is_from_bank => return Ok(()),
            _ => account,
        };
        let Some(worked) = self.worked(account, target, &row, work) else { return Ok(()) };
        let before = (self.books.clone(), self.person.clone());
        let id = row.id;
        let change = row_change(&row, work, target);
        let day = if let RowChange::Day(day) = change { day } else { row.dated_on };
        let may_not = self.person.is_locked(account, row.dated_on) || self.person.is_locked(target, day);
        let end = self.house.change(id, &change, kill_at).await?;
        // Where nothing would change, nothing is refused.
        if !matches!(end, End::Done(None)) {
            end.expect_refused(may_not, &format!("a change of {row:?}"))?;
        }
        self.books = self.read().await?;
        let is_done = match &end {
            End::Done(batch) => batch.is_some(),
            End::Refused(_) => false,
            End::Killed => self.books != before.0,
        };
        if !is_done {
            ensure!(self.books == before.0, "nothing was done, and yet: {}", before.0.difference(&self.books));
            // Or it is not to be seen: the same lines once more are others.
            if matches!(end, End::Killed) {
                self.deeds.clear();
            }
            return Ok(());
        }
        if work == Work::Delete {
            ensure!(self.books.find(id).is_none(), "a row was deleted and is still there: {row:?}");
            self.person.worked.remove(&id);
            self.person.dismissed.extend(worked.fact);
        } else {
            ensure!(self.books.find(id).is_some(), "a row was changed and is gone: {row:?}");
            self.person.worked.insert(id, worked);
        }
        match end {
            End::Done(Some(batch)) => self.did(vec![batch], before),
            _ => self.deeds.clear(),
        }
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

    async fn type_row(&mut self, account: usize, payee: usize, is_booked: bool) -> Result<()> {
        let before = (self.books.clone(), self.person.clone());
        let (minor, today) = self.house.bank().rare();
        let end = self.house.type_row(account, minor, today, PAYEES[payee % PAYEES.len()]).await?;
        let may_not = self.person.is_locked(account, today);
        end.expect_refused(may_not, "typing a row")?;
        let End::Done((id, batch)) = end else { return Ok(()) };
        // The number goes up in any case, so that no other row gets this amount.
        let fact = self.house.bank().book_typed(account, self.person.signed(account, minor), payee);
        if is_booked {
            self.is_current = false;
        } else {
            self.house.bank().facts[account].retain(|one| one.serial != fact);
        }
        self.books = self.read().await?;
        let wants = Wants { minor: Some(minor), ..Wants::default() };
        self.person.worked.insert(id, Worked { account, fact: None, wants, is_typed: true });
        self.did(vec![batch], before);
        Ok(())
    }

    async fn undo(&mut self, and_redo: bool) -> Result<()> {
        let Some(deed) = self.deeds.pop() else { return Ok(()) };
        ensure!(self.books == deed.after.0, "something changed by itself: {}", deed.after.0.difference(&self.books));
        let mut undoings = Vec::new();
        for batch in deed.batches.iter().rev() {
            let outcome = self.house.undo(*batch).await?;
            ensure!(outcome.stays.is_empty(), "nobody has built on it, and yet this stays: {:?}", outcome.stays);
            undoings.push(outcome.batch);
        }
        self.books = self.read().await?;
        ensure!(self.books == deed.before.0, "taking back left: {}", deed.before.0.difference(&self.books));
        if and_redo {
            for batch in undoings.iter().rev() {
                self.house.undo(*batch).await?;
            }
            self.books = self.read().await?;
            ensure!(self.books == deed.after.0, "doing again left: {}", deed.after.0.difference(&self.books));
            self.deeds.push(deed);
        } else {
            self.person = deed.before.1;
            self.is_current = false;
        }
        Ok(())
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
