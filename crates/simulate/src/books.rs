//! The oracle: what must stand in the books, by what has truly happened and what the person has made of it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};
use bankside_domain::account::PendingPolicy;
use bankside_domain::row::RowStatus;
use bankside_domain::text::fold;
use bankside_domain::{FeedRowId, TransactionId};
use jiff::civil::Date;

use crate::bank::{ACCOUNTS, Bank, Content, Fact, State};

/// Which fact: of which bank account, and its serial number.
pub(crate) type FactId = (usize, u32);

/// What a person has said of a row; `None` is as the bank has it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wants {
    pub(crate) payee: Option<String>,
    pub(crate) note: Option<Option<String>>,
    pub(crate) day: Option<Date>,
    pub(crate) minor: Option<i64>,
    pub(crate) lines: Option<i64>,
    pub(crate) is_ticked: Option<bool>,
}

/// A row that a person has worked on, or has typed.
#[derive(Debug, Clone)]
pub(crate) struct Worked {
    /// The account in which it stands.
    pub(crate) account: usize,
    /// What it is at the bank; `None` for what was only typed.
    pub(crate) fact: Option<FactId>,
    pub(crate) wants: Wants,
    pub(crate) is_typed: bool,
}

/// What the person has done so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Person {
    pub(crate) worked: BTreeMap<TransactionId, Worked>,
    /// What they took out of the books, or left out of them, or took for another row of the books.
    pub(crate) dismissed: BTreeSet<FactId>,
    /// Pending facts that they took for a booked row: none of their own as long as the bank does not book them after all.
    pub(crate) merged: BTreeSet<FactId>,
    /// The last locked day of each account.
    pub(crate) locks: [Option<Date>; ACCOUNTS],
    /// What they had worked on and the bank has not booked: pending rows that went.
    pub(crate) gone: BTreeMap<TransactionId, Worked>,
    /// Contents of rows, with the bank's sign, that went when the sync was taken back that had brought them. The bank may not show them
    /// any more.
    pub(crate) missing: Vec<(usize, Content)>,
    /// What each account does with pending rows.
    pub(crate) policies: [PendingPolicy; ACCOUNTS],
    /// Whether the signs of each bank account are turned round.
    pub(crate) turned: [bool; ACCOUNTS],
}

/// A row as it stands in the books.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BookRow {
    pub(crate) id: TransactionId,
    pub(crate) dated_on: Date,
    pub(crate) minor: i64,
    pub(crate) payee: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) status: RowStatus,
    pub(crate) lines: i64,
    pub(crate) is_from_bank: bool,
    pub(crate) is_ticked: bool,
    pub(crate) marks: Marks,
}

/// What else a register shows of a row: the oracle does not know it, but it comes back with an undoing like everything.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Marks {
    pub(crate) is_new: bool,
    pub(crate) is_edited: bool,
    pub(crate) is_reconciled: bool,
    pub(crate) balance_minor: Option<i64>,
}

/// A row that waits outside the books for what a person says.
#[derive(Debug, Clone)]
pub(crate) struct HeldRow {
    pub(crate) feed_row: FeedRowId,
    pub(crate) content: Content,
}

/// What the bank says of a row that waits is the bank's, and no undoing takes it back.
impl PartialEq for HeldRow {
    fn eq(&self, other: &Self) -> bool {
        self.feed_row == other.feed_row
    }
}

/// What an account comes to, in minor units, and what a person has said of it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Balance {
    pub(crate) opening: i64,
    pub(crate) now: i64,
    pub(crate) policy: PendingPolicy,
    pub(crate) locked_through: Option<Date>,
}

/// The books as they stand: of each account its rows, those that were held back, and its balance.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Books {
    pub(crate) rows: [Vec<BookRow>; ACCOUNTS],
    pub(crate) held: [Vec<HeldRow>; ACCOUNTS],
    pub(crate) balances: [Balance; ACCOUNTS],
}

impl Books {
    /// Every account comes to its opening and its booked rows.
    pub(crate) fn prove(&self) -> Result<()> {
        for (account, (rows, balance)) in self.rows.iter().zip(self.balances).enumerate() {
            let counts = |row: &&BookRow| {
                let is_counted = balance.policy == PendingPolicy::Counted;
                row.status == RowStatus::Booked || is_counted && row.status == RowStatus::Pending
            };
            let sum: i64 = rows.iter().filter(counts).map(|row| row.minor).sum();
            ensure!(
                balance.opening + sum == balance.now,
                "account {account} says that it comes to {}, and its rows come to {}",
                balance.now,
                balance.opening + sum
            );
        }
        Ok(())
    }

    /// What stands in a period that is locked: it stays as it is, whatever the bank shows.
    pub(crate) fn locked(&self, locks: &[Option<Date>; ACCOUNTS]) -> Vec<BookRow> {
        let locked = |(rows, lock): (&Vec<BookRow>, &Option<Date>)| -> Vec<BookRow> {
            let within = rows.iter().filter(|row| Some(row.dated_on) <= *lock);
            // That a bank confirms what somebody typed changes nothing of it.
            within.map(|row| BookRow { marks: Marks::default(), is_from_bank: true, ..row.clone() }).collect()
        };
        self.rows.iter().zip(locks).flat_map(locked).collect()
    }

    /// The n-th of the rows that were held back.
    pub(crate) fn nth_held(&self, nth: usize) -> Option<(usize, &HeldRow)> {
        let all: Vec<(usize, &HeldRow)> = self
            .held
            .iter()
            .enumerate()
            .flat_map(|(account, held)| held.iter().map(move |row| (account, row)))
            .collect();
        if all.is_empty() { None } else { Some(all[nth % all.len()]) }
    }

    /// The n-th row of all.
    pub(crate) fn nth(&self, nth: usize) -> Option<(usize, &BookRow)> {
        let all: Vec<(usize, &BookRow)> = self
            .rows
            .iter()
            .enumerate()
            .flat_map(|(account, rows)| rows.iter().map(move |row| (account, row)))
            .collect();
        if all.is_empty() { None } else { Some(all[nth % all.len()]) }
    }

    pub(crate) fn find(&self, id: TransactionId) -> Option<(usize, &BookRow)> {
        self.rows.iter().enumerate().find_map(|(account, rows)| Some((account, rows.iter().find(|row| row.id == id)?)))
    }

    /// In what it differs from other books, in short.
    pub(crate) fn difference(&self, other: &Self) -> String {
        let mut said = Vec::new();
        for account in 0..ACCOUNTS {
            let texts = |books: &Self| -> Vec<String> {
                books.rows[account]
                    .iter()
                    .map(|row| {
                        let BookRow { dated_on, minor, payee, note, status, lines, .. } = row;
                        format!("{dated_on} {minor} {payee:?} {note:?} {status:?} {lines} lines")
                    })
                    .collect()
            };
            let (mine, theirs) = (texts(self), texts(other));
            said.extend(mine.iter().filter(|row| !theirs.contains(row)).map(|row| format!("only before: {row}")));
            said.extend(theirs.iter().filter(|row| !mine.contains(row)).map(|row| format!("only after: {row}")));
            if self.held[account] != other.held[account] {
                said.push(format!("held back: {:?} and {:?}", self.held[account], other.held[account]));
            }
            if self.balances[account] != other.balances[account] {
                said.push(format!("balances {:?} and {:?}", self.balances[account], other.balances[account]));
            }
        }
        if said.is_empty() { "the same rows, other marks or ids".to_owned() } else { said.join("\n    ") }
    }
}

pub(crate) fn content(row: &BookRow) -> Content {
    Content {
        day: row.dated_on,
        minor: row.minor,
        payee: row.payee.clone().unwrap_or_default(),
        is_pending: row.status == RowStatus::Pending,
    }
}

impl Person {
    /// The fact behind a row that nobody has worked on: any of those with this content that no other row stands for. It cannot be
    /// known where a fact had this content until the bank gave it another text: where the sync was undone that brought the text, the
    /// row is this fact, and may as well be another one that the undone sync or none has brought.
    pub(crate) fn fact_of(
        &self,
        bank: &Bank,
        account: usize,
        wanted: &Content,
        spoken_for: Option<FactId>,
    ) -> Option<FactId> {
        let worked = self.worked.values().filter_map(|worked| worked.fact);
        let taken: BTreeSet<FactId> = worked.chain(spoken_for).collect();
        let free = bank.facts[account]
            .iter()
            .map(|fact| ((account, fact.serial), fact))
            .filter(|(id, fact)| !taken.contains(id) && !self.is_left_out(*id, fact));
        let signed = |content: Content| Content { minor: self.signed(account, content.minor), ..content };
        if free.clone().any(|(_, fact)| fact.content_before().map(signed).as_ref() == Some(wanted)) {
            return None;
        }
        let like_it: Vec<(FactId, &Fact)> = free.filter(|(_, fact)| self.content(account, fact) == *wanted).collect();
        let in_sight = like_it.iter().find(|(_, fact)| !bank.hides(account, fact));
        in_sight.or(like_it.first()).map(|(id, _)| *id)
    }

    /// A sync is taken back: what it had brought is missing until the bank shows it again, and what it had only changed is told anew.
    pub(crate) fn miss(&mut self, bank: &mut Bank, (after, person): (&Books, &Self), before: &Books) {
        let mut changed: BTreeSet<(usize, Content)> = BTreeSet::new();
        // A row that a person worked on may say something else than the bank does.
        let banks = |row: &BookRow, bank: &Bank| {
            let fact = person.worked.get(&row.id)?.fact?;
            Some((fact.0, find(bank, fact)?.content()))
        };
        for (account, rows) in after.rows.iter().enumerate() {
            for row in rows {
                let was = before.find(row.id).map(|(_, was)| was);
                // A typed row that the sync had only confirmed is nobody's but its person's again.
                if was.is_none_or(|was| row.is_from_bank && !was.is_from_bank) {
                    self.missing.push((account, self.sent(account, row)));
                    self.missing.extend(banks(row, bank));
                }
                if was.is_some_and(|was| content(was) != content(row)) {
                    changed.insert((account, self.sent(account, row)));
                    changed.extend(banks(row, bank));
                }
            }
        }
        for (account, held) in after.held.iter().enumerate() {
            for held in held.iter().filter(|held| !before.held[account].contains(held)) {
                let minor = self.signed(account, held.content.minor);
                self.missing.push((account, Content { minor, ..held.content.clone() }));
            }
        }
        bank.untell(|account, fact| changed.contains(&(account, fact.content())));
    }

    /// What a row says, with the bank's sign.
    fn sent(&self, account: usize, row: &BookRow) -> Content {
        Content { minor: self.signed(account, row.minor), ..content(row) }
    }

    /// Whether a fact may be out of the books because the sync was taken back that had brought it, and the bank shows it no more.
    fn may_miss(&self, bank: &Bank, account: usize, fact: &Fact) -> bool {
        let is_shown_no_more = fact.state == State::Withdrawn || bank.hides(account, fact);
        is_shown_no_more && self.missing.contains(&(account, fact.content()))
    }

    /// Compares the books with the truth, after a sync in which everything came.
    pub(crate) fn check(&mut self, bank: &Bank, books: &Books) -> Result<()> {
        self.find_typed(bank, books);
        self.forget_vanished(bank, books)?;
        let (mut missing, mut waiting) = (Vec::new(), BTreeSet::new());
        for (id, worked) in &self.worked {
            if worked.fact.is_some_and(|fact| self.waits_outside(bank, fact)) {
                ensure!(books.find(*id).is_none(), "a pending row is shown that nobody wants to see: {worked:?}");
                continue;
            }
            let Some((account, row)) = books.find(*id) else {
                // It was in no books before the sync that was taken back: its account shows booked rows only.
                let is_held = |id: FactId| {
                    let says =
                        |fact: &Fact| books.held[id.0].iter().any(|held| held.content == self.content(id.0, fact));
                    self.locks[id.0].is_some() && find(bank, id).is_some_and(says)
                };
                // It was to come back into a period that was locked meanwhile.
                if let Some(fact) = worked.fact.filter(|fact| is_held(*fact)) {
                    waiting.insert(fact);
                    continue;
                }
                let missed =
                    |id: FactId| find(bank, id).filter(|fact| self.may_miss(bank, id.0, fact)).map(|fact| (id.0, fact));
                let missed = worked.fact.and_then(missed);
                ensure!(missed.is_some(), "a row that a person worked on is gone: {worked:?}");
                missing.extend(missed.map(|(account, fact)| (account, fact.content())));
                continue;
            };
            ensure!(
                account == worked.account,
                "a row is in account {account} that a person wants in {}",
                worked.account
            );
            let fact = worked.fact.and_then(|fact| Some(self.content(fact.0, find(bank, fact)?)));
            check_row(worked, fact.as_ref(), row)?;
        }
        let stand = self.worked.values().filter_map(|worked| worked.fact);
        let taken: BTreeSet<FactId> = stand.filter(|fact| !waiting.contains(fact)).collect();
        for (account, rows) in books.rows.iter().enumerate() {
            let mut shown: Vec<Content> =
                rows.iter().filter(|row| !self.worked.contains_key(&row.id)).map(content).collect();
            shown.extend(books.held[account].iter().map(|held| held.content.clone()));
            let mut expected: Vec<Content> = bank.facts[account]
                .iter()
                .filter(|fact| fact.state != State::Gone && !self.waits_outside(bank, (account, fact.serial)))
                .filter(|fact| {
                    let id = (account, fact.serial);
                    !taken.contains(&id) && !self.is_left_out(id, fact)
                })
                .filter(|fact| !self.may_miss(bank, account, fact))
                .map(|fact| self.content(account, fact))
                .collect();
            // They may be there as well: what a fetch left over that broke off comes in without the bank.
            let mut may_be: Vec<Content> = bank.facts[account]
                .iter()
                .filter(|fact| !taken.contains(&(account, fact.serial)) && self.may_miss(bank, account, fact))
                .filter(|fact| !self.is_left_out((account, fact.serial), fact))
                .map(|fact| self.content(account, fact))
                .collect();
            shown.sort();
            expected.sort();
            let mut unexplained = expected.clone();
            for content in &shown {
                if let Ok(place) = unexplained.binary_search(content) {
                    unexplained.remove(place);
                } else if let Some(place) = may_be.iter().position(|hidden| hidden == content) {
                    may_be.remove(place);
                    expected.push(content.clone());
                }
            }
            expected.sort();
            let sent = |content: Content| Content { minor: self.signed(account, content.minor), ..content };
            missing.extend(may_be.into_iter().map(|content| (account, sent(content))));
            if shown != expected {
                bail!("account {account} is wrong:\n    {}", difference(&expected, &shown, &bank.facts[account]));
            }
        }
        self.missing = missing;
        Ok(())
    }

    /// What of a fact is seen in the books.
    fn content(&self, account: usize, fact: &Fact) -> Content {
        Content { minor: self.signed(account, fact.minor), ..fact.content() }
    }

    /// An amount of a bank account with the other sign, where it is turned.
    pub(crate) fn signed(&self, account: usize, minor: i64) -> i64 {
        signed(self.turned[account], minor)
    }

    /// The sign of a bank account is turned over all of its rows.
    pub(crate) fn turn(&mut self, account: usize) {
        self.turned[account] = !self.turned[account];
        for worked in self.worked.values_mut().filter(|worked| worked.fact.is_some_and(|fact| fact.0 == account)) {
            worked.wants.minor = worked.wants.minor.map(|minor| -minor);
        }
    }

    /// Whether a row of a bank account stands in a period that is locked.
    pub(crate) fn has_locked_fact(&self, bank: &Bank, books: &Books, account: usize) -> bool {
        let is_of_it = |place: usize, row: &BookRow| match self.worked.get(&row.id) {
            Some(worked) => worked.fact.is_some_and(|fact| fact.0 == account),
            None => place == account && self.fact_of(bank, account, &content(row), None).is_some(),
        };
        let rows = books.rows.iter().enumerate().flat_map(|(place, rows)| rows.iter().map(move |row| (place, row)));
        rows.into_iter().any(|(place, row)| self.is_locked(place, row.dated_on) && is_of_it(place, row))
    }

    /// Whether a person wants no row for a fact.
    fn is_left_out(&self, id: FactId, fact: &Fact) -> bool {
        self.dismissed.contains(&id) || (fact.state == State::Pending && self.merged.contains(&id))
    }

    /// Two rows are one from now on: the row that stays, as it is shown now, stands for both. Whether the other was pending is what the
    /// person saw, and not what the bank has made of it since.
    pub(crate) fn merge(
        &mut self,
        bank: &Bank,
        (seen, books): (&Books, &Books),
        facts: [(TransactionId, Option<FactId>); 2],
    ) -> Result<()> {
        let ([(stays, fact), (goes, other)], account, row) = match facts.map(|(id, _)| books.find(id)) {
            [Some((account, row)), None] => (facts, account, row),
            [None, Some((account, row))] => ([facts[1], facts[0]], account, row),
            _ => bail!("of two rows that are one, not one is left: {facts:?}"),
        };
        self.worked.remove(&goes);
        self.gone.remove(&goes);
        if let Some(other) = other {
            // What had left the books before was pending.
            let was_pending = seen.find(goes).is_none_or(|(_, row)| row.status == RowStatus::Pending);
            if was_pending {
                self.merged.insert(other)
            } else {
                self.dismissed.insert(other)
            };
        }
        let before =
            self.worked.remove(&stays).unwrap_or(Worked { account, fact, wants: Wants::default(), is_typed: false });
        // What came from the row that went is a person's choice from now on.
        let bank_says = fact.and_then(|fact| find(bank, fact));
        // What the bank says of it by now, and what it said before that, which nobody has fetched yet perhaps.
        let said: Vec<String> = bank_says
            .into_iter()
            .flat_map(|fact| [Some(fact.content()), fact.content_before()])
            .flatten()
            .map(|content| content.payee)
            .collect();
        // Banks write capitals, and words of their own before it.
        let is_banks = |note: &str| said.iter().any(|payee| fold(note).contains(&fold(&format!("about {payee}"))));
        let note = match (&row.note, bank_says) {
            (Some(note), _) if is_banks(note) => None,
            (None, None) => None,
            (note, _) => Some(note.clone()),
        };
        let payee = row.payee.clone().filter(|payee| !said.contains(payee));
        let day = bank_says.is_none_or(|fact| fact.day != row.dated_on).then_some(row.dated_on);
        let wants = Wants { payee, note, day, lines: Some(row.lines), ..before.wants };
        self.worked.insert(stays, Worked { wants, ..before });
        Ok(())
    }

    /// Whether a fact is pending and its account shows none that are.
    fn waits_outside(&self, bank: &Bank, fact: FactId) -> bool {
        let is_pending = find(bank, fact).is_some_and(|fact| fact.state == State::Pending);
        is_pending && self.policies[fact.0] == PendingPolicy::BookedOnly
    }

    /// Whether a day of an account is locked.
    pub(crate) fn is_locked(&self, account: usize, day: Date) -> bool {
        self.locks[account].is_some_and(|through| day <= through)
    }

    /// A typed row becomes the bank's where the bank books it.
    pub(crate) fn find_typed(&mut self, bank: &Bank, books: &Books) {
        let turned = self.turned;
        for (id, worked) in self.worked.iter_mut().filter(|(_, worked)| worked.is_typed && worked.fact.is_none()) {
            let Some((_, row)) = books.find(*id).filter(|(_, row)| row.is_from_bank) else { continue };
            let facts = bank
                .facts
                .iter()
                .enumerate()
                .flat_map(|(account, facts)| facts.iter().map(move |fact| (account, fact)));
            let minor = row.minor;
            worked.fact = facts
                .into_iter()
                .find(|(account, fact)| signed(turned[*account], fact.minor) == minor)
                .map(|(account, fact)| (account, fact.serial));
        }
    }

    /// Rows whose fact is gone are gone too, and with them what a person had made of them.
    fn forget_vanished(&mut self, bank: &Bank, books: &Books) -> Result<()> {
        let gone = |worked: &Worked| {
            worked.fact.and_then(|fact| find(bank, fact)).is_some_and(|fact| fact.state == State::Gone)
        };
        for (id, worked) in self.worked.iter().filter(|(_, worked)| gone(worked)) {
            ensure!(books.find(*id).is_none(), "a pending row has vanished and still stands in the books: {worked:?}");
        }
        let vanished: Vec<TransactionId> =
            self.worked.iter().filter(|(_, worked)| gone(worked)).map(|(id, _)| *id).collect();
        for id in vanished {
            self.gone.extend(self.worked.remove(&id).map(|worked| (id, worked)));
        }
        Ok(())
    }
}

pub(crate) fn find(bank: &Bank, (account, serial): FactId) -> Option<&Fact> {
    bank.facts[account].iter().find(|fact| fact.serial == serial)
}

fn check_row(worked: &Worked, fact: Option<&Content>, row: &BookRow) -> Result<()> {
    let Wants { payee, note, day, minor, lines, is_ticked } = &worked.wants;
    let is = |what: &str, is_right: bool| {
        ensure!(is_right, "the {what} of a row is not what a person wants ({worked:?}): {row:?}");
        Ok(())
    };
    is("payee", payee.as_ref().is_none_or(|payee| row.payee.as_ref() == Some(payee)))?;
    is("note", note.as_ref().is_none_or(|note| row.note == *note))?;
    is("day", day.is_none_or(|day| row.dated_on == day))?;
    is("amount", minor.is_none_or(|minor| row.minor == minor))?;
    is("split", lines.is_none_or(|lines| row.lines == lines))?;
    is("tick", is_ticked.is_none_or(|is_ticked| row.is_ticked == is_ticked))?;
    let Some(content) = fact else { return Ok(()) };
    let fits = |what: &str, fits: bool| {
        ensure!(fits, "the {what} of a row that a person worked on is not the bank's ({content:?}): {row:?}");
        Ok(())
    };
    fits("amount", minor.is_some() || row.minor == content.minor)?;
    fits("state", (row.status == RowStatus::Pending) == content.is_pending)?;
    fits("day", day.is_some() || worked.is_typed || row.dated_on == content.day)?;
    fits("payee", payee.is_some() || worked.is_typed || row.payee.as_ref() == Some(&content.payee))
}

fn signed(is_turned: bool, minor: i64) -> i64 {
    if is_turned { -minor } else { minor }
}

/// What is lost and what is too many, and the facts that could be meant.
fn difference(expected: &[Content], shown: &[Content], facts: &[Fact]) -> String {
    let mut counts: BTreeMap<&Content, i64> = BTreeMap::new();
    for content in expected {
        *counts.entry(content).or_default() += 1;
    }
    for content in shown {
        *counts.entry(content).or_default() -= 1;
    }
    counts.retain(|_, count| *count != 0);
    let mut said: Vec<String> = counts
        .iter()
        .map(|(content, count)| {
            let what = if *count > 0 { "lost" } else { "too many" };
            format!("{} {what}: {content:?}", count.abs())
        })
        .collect();
    let like_it = |fact: &&Fact| counts.keys().any(|content| content.minor.abs() == fact.minor.abs());
    said.extend(facts.iter().filter(like_it).map(|fact| format!("the bank has {fact:?}")));
    said.join("\n    ")
}
