//! Playing a story: every step is done to the house and to the oracle, and what must hold is looked at after each.

use anyhow::{Result, ensure};
use bankside_domain::BatchId;
use jiff::Span;

use crate::bank::{PAYEES, Trouble};
use crate::books::{BookRow, Books, Person, Wants, Worked};
use crate::house::{End, House, RowChange};
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
}

impl<H: House> Play<H> {
    pub(crate) async fn begin(house: H) -> Result<Self> {
        let books = house.books().await?;
        Ok(Self { house, person: Person::default(), books, deeds: Vec::new(), is_current: true })
    }

    pub(crate) async fn take(&mut self, step: Step) -> Result<()> {
        match step {
            Step::Book { account, late_days, amount, payee } => {
                self.house.bank().book(account, late_days, amount, payee);
            }
            Step::Twin { account } => _ = self.house.bank().twin(account),
            Step::Hold { account, payee } => self.house.bank().hold(account, payee),
            Step::Settle { nth, is_renamed } => _ = self.house.bank().settle(nth, is_renamed),
            Step::SettleWithTip { nth } => _ = self.house.bank().settle_with_tip(nth),
            Step::DropPending { nth } => _ = self.house.bank().drop_pending(nth),
            Step::MakeAnew { account, nth } => _ = self.house.bank().make_anew(account, nth),
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
        if trouble.breaks_off.is_none() {
            self.is_current = true;
            self.person.check(&self.house.bank(), &self.books)?;
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

    fn did(&mut self, batches: Vec<BatchId>, before: (Books, Person)) {
        self.deeds.push(Deed { batches, before, after: (self.books.clone(), self.person.clone()) });
    }

    async fn renew(&mut self, kill_at: Option<u16>) -> Result<()> {
        self.house.renew(kill_at).await?;
        self.books = self.read().await?;
        self.is_current = true;
        self.deeds.clear();
        self.person.check(&self.house.bank(), &self.books)
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
        let end = self.house.change(id, &row_change(&row, work, target), kill_at).await?;
        self.books = self.read().await?;
        let is_done = match &end {
            End::Done(batch) => batch.is_some(),
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
        if self.is_current { self.person.check(&self.house.bank(), &self.books) } else { Ok(()) }
    }

    /// What the oracle will know of a row after some work on it; `None` where it cannot say which fact the row is.
    fn worked(&self, account: usize, target: usize, row: &BookRow, work: Work) -> Option<Worked> {
        let mut worked = match self.person.worked.get(&row.id) {
            Some(worked) => worked.clone(),
            None => Worked {
                account,
                fact: Some(self.person.fact_of(&self.house.bank(), account, row)?),
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
            Work::Day(days) => wants.day = Some(row.dated_on.saturating_add(Span::new().days(days))),
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
        let (id, batch) = self.house.type_row(account, minor, today, PAYEES[payee % PAYEES.len()]).await?;
        // The number goes up in any case, so that no other row gets this amount.
        let fact = self.house.bank().book_typed(account, minor, payee);
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
