//! The oracle: what must stand in the books, by what has truly happened and what the person has made of it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail, ensure};
use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, Asker, TransactionId};
use bankside_engine::{Engine, RegisterQuery, RegisterRow};
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
    /// What they took out of the books.
    pub(crate) dismissed: BTreeSet<FactId>,
}

/// The books as they stand: the rows of each account, and what each account comes to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Books {
    pub(crate) rows: [Vec<RegisterRow>; ACCOUNTS],
    pub(crate) balances: [(i64, i64); ACCOUNTS],
}

impl Books {
    pub(crate) async fn read(engine: &Engine, asker: &Asker, accounts: &[AccountId; ACCOUNTS]) -> Result<Self> {
        let mut rows: [Vec<RegisterRow>; ACCOUNTS] = Default::default();
        let mut balances = [(0, 0); ACCOUNTS];
        for (index, account) in accounts.iter().enumerate() {
            loop {
                let offset = i64::try_from(rows[index].len())?;
                let query = RegisterQuery { account: Some(*account), offset, limit: 500, ..RegisterQuery::default() };
                let page = engine.register(asker, &query).await?;
                rows[index].extend(page.rows);
                if i64::try_from(rows[index].len())? >= page.total {
                    break;
                }
            }
            let view = engine.account(asker, *account).await?.account;
            balances[index] = (view.opening_minor, view.balance_minor());
            let booked = rows[index].iter().filter(|row| row.status == RowStatus::Booked);
            let sum: i64 = booked.map(|row| row.amount_minor).sum();
            ensure!(
                view.opening_minor + sum == view.balance_minor(),
                "account {index} says that it comes to {}, and its rows come to {}",
                view.balance_minor(),
                view.opening_minor + sum
            );
        }
        Ok(Self { rows, balances })
    }

    /// The n-th row of all.
    pub(crate) fn nth(&self, nth: usize) -> Option<(usize, &RegisterRow)> {
        let all: Vec<(usize, &RegisterRow)> = self
            .rows
            .iter()
            .enumerate()
            .flat_map(|(account, rows)| rows.iter().map(move |row| (account, row)))
            .collect();
        if all.is_empty() { None } else { Some(all[nth % all.len()]) }
    }

    pub(crate) fn find(&self, id: TransactionId) -> Option<(usize, &RegisterRow)> {
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
                        let RegisterRow { dated_on, amount_minor, payee, note, status, lines, .. } = row;
                        format!("{dated_on} {amount_minor} {payee:?} {note:?} {status:?} {lines} lines")
                    })
                    .collect()
            };
            let (mine, theirs) = (texts(self), texts(other));
            said.extend(mine.iter().filter(|row| !theirs.contains(row)).map(|row| format!("only before: {row}")));
            said.extend(theirs.iter().filter(|row| !mine.contains(row)).map(|row| format!("only after: {row}")));
            if self.balances[account] != other.balances[account] {
                said.push(format!("balances {:?} and {:?}", self.balances[account], other.balances[account]));
            }
        }
        if said.is_empty() { "the same rows, other marks or ids".to_owned() } else { said.join("\n    ") }
    }
}

fn content(row: &RegisterRow) -> Content {
    Content {
        day: row.dated_on,
        minor: row.amount_minor,
        payee: row.payee.clone().unwrap_or_default(),
        is_pending: row.status == RowStatus::Pending,
    }
}

impl Person {
    /// The fact behind a row that nobody has worked on: any of those with this content that no other row stands for.
    pub(crate) fn fact_of(&self, bank: &Bank, account: usize, row: &RegisterRow) -> Option<FactId> {
        let taken: BTreeSet<FactId> = self.worked.values().filter_map(|worked| worked.fact).collect();
        let wanted = content(row);
        bank.facts[account]
            .iter()
            .map(|fact| ((account, fact.serial), fact))
            .find(|(id, fact)| !taken.contains(id) && !self.dismissed.contains(id) && fact.content() == wanted)
            .map(|(id, _)| id)
    }

    /// Compares the books with the truth, after a sync in which everything came.
    pub(crate) fn check(&mut self, bank: &Bank, books: &Books) -> Result<()> {
        self.find_typed(bank, books);
        self.forget_vanished(bank, books)?;
        for (id, worked) in &self.worked {
            let Some((account, row)) = books.find(*id) else {
                bail!("a row that a person worked on is gone: {worked:?}");
            };
            ensure!(
                account == worked.account,
                "a row is in account {account} that a person wants in {}",
                worked.account
            );
            check_row(worked, worked.fact.and_then(|fact| find(bank, fact)), row)?;
        }
        let taken: BTreeSet<FactId> = self.worked.values().filter_map(|worked| worked.fact).collect();
        for (account, rows) in books.rows.iter().enumerate() {
            let mut shown: Vec<Content> =
                rows.iter().filter(|row| !self.worked.contains_key(&row.id)).map(content).collect();
            let mut expected: Vec<Content> = bank.facts[account]
                .iter()
                .filter(|fact| fact.state != State::Gone)
                .filter(|fact| {
                    !taken.contains(&(account, fact.serial)) && !self.dismissed.contains(&(account, fact.serial))
                })
                .map(Fact::content)
                .collect();
            shown.sort();
            expected.sort();
            if shown != expected {
                bail!("account {account} is wrong:\n    {}", difference(&expected, &shown, &bank.facts[account]));
            }
        }
        Ok(())
    }

    /// A typed row becomes the bank's where the bank books it.
    pub(crate) fn find_typed(&mut self, bank: &Bank, books: &Books) {
        for (id, worked) in self.worked.iter_mut().filter(|(_, worked)| worked.is_typed && worked.fact.is_none()) {
            let Some((_, row)) = books.find(*id).filter(|(_, row)| row.is_from_bank) else { continue };
            let facts = bank
                .facts
                .iter()
                .enumerate()
                .flat_map(|(account, facts)| facts.iter().map(move |fact| (account, fact)));
            let minor = row.amount_minor;
            worked.fact =
                facts.into_iter().find(|(_, fact)| fact.minor == minor).map(|(account, fact)| (account, fact.serial));
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
        self.worked.retain(|_, worked| !gone(worked));
        Ok(())
    }
}

pub(crate) fn find(bank: &Bank, (account, serial): FactId) -> Option<&Fact> {
    bank.facts[account].iter().find(|fact| fact.serial == serial)
}

fn check_row(worked: &Worked, fact: Option<&Fact>, row: &RegisterRow) -> Result<()> {
    let Wants { payee, note, day, minor, lines, is_ticked } = &worked.wants;
    let is = |what: &str, is_right: bool| {
        ensure!(is_right, "the {what} of a row is not what a person wants ({worked:?}): {row:?}");
        Ok(())
    };
    is("payee", payee.as_ref().is_none_or(|payee| row.payee.as_ref() == Some(payee)))?;
    is("note", note.as_ref().is_none_or(|note| row.note == *note))?;
    is("day", day.is_none_or(|day| row.dated_on == day))?;
    is("amount", minor.is_none_or(|minor| row.amount_minor == minor))?;
    is("split", lines.is_none_or(|lines| row.lines == lines))?;
    is("tick", is_ticked.is_none_or(|is_ticked| row.is_ticked == is_ticked))?;
    let Some(fact) = fact else { return Ok(()) };
    let content = fact.content();
    let fits = |what: &str, fits: bool| {
        ensure!(fits, "the {what} of a row that a person worked on is not the bank's ({fact:?}): {row:?}");
        Ok(())
    };
    fits("amount", minor.is_some() || row.amount_minor == content.minor)?;
    fits("state", (row.status == RowStatus::Pending) == content.is_pending)?;
    fits("day", day.is_some() || worked.is_typed || row.dated_on == content.day)?;
    fits("payee", payee.is_some() || worked.is_typed || row.payee.as_ref() == Some(&content.payee))
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
    let like_it = |fact: &&Fact| counts.keys().any(|content| content.minor == fact.minor);
    said.extend(facts.iter().filter(like_it).map(|fact| format!("the bank has {fact:?}")));
    said.join("\n    ")
}
