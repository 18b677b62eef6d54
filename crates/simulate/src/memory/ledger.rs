//! The books: accounts, their rows with lines and layers, the claims on them, and the changes of every batch.

mod fields;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use anyhow::{Context, Result};
use bankside_domain::account::{OpeningSource, PendingPolicy};
use bankside_domain::batch::Change;
use bankside_domain::edit::{Line, Standing};
use bankside_domain::follow::{ByHand, Follower};
use bankside_domain::reconcile::{ClaimState, Typed, Window};
use bankside_domain::row::RowStatus;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, BankAccountId, BatchId, CurrencyCode, FeedRowId, Id, PayeeId, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::bank::ACCOUNTS;
use crate::books::{Balance, BookRow, Books, Marks};
use crate::telling::Telling;

/// What a verb takes of the clock, in microseconds: more than a sync brings rows, so that positions of rows do not overlap.
const TICK: i64 = 1_000_000;

/// An account.
pub(super) struct Account {
    pub(super) id: AccountId,
    pub(super) currency: CurrencyCode,
    /// Minor units.
    pub(super) opening_minor: i64,
    pub(super) opening_on: Option<Date>,
    pub(super) opening_source: OpeningSource,
    pub(super) pending_policy: PendingPolicy,
    pub(super) locked_through: Option<Date>,
    /// The bank account that feeds it.
    pub(super) fed_by: BankAccountId,
    /// Whether the signs of that are turned round.
    pub(super) flips_sign: bool,
}

impl Account {
    /// From which day on rows follow an opening balance that the bank's rows were counted from (`Account` in the store).
    pub(super) fn history_from(&self) -> Option<Date> {
        self.opening_on.filter(|_| self.opening_source == OpeningSource::Bank)
    }
}

/// A transaction, in the books or taken out of them.
pub(super) struct Row {
    /// With the layers of lines that it had before, too: they may come back.
    pub(super) standing: Standing,
    pub(super) is_there: bool,
    pub(super) booked_on: Option<Date>,
    pub(super) value_on: Option<Date>,
    /// Where it stands within its day: the greater, the higher up.
    pub(super) position: i64,
    /// Whether a person brought it into the books, and no bank.
    pub(super) is_typed: bool,
    /// When it was made, in microseconds.
    pub(super) created_at: i64,
    /// When it left the books, unless it is there.
    pub(super) left_at: Option<i64>,
}

impl Row {
    /// What of it a bank's row speaks of.
    pub(super) fn follower(&self) -> Follower {
        let row = &self.standing;
        let line = &row.lines[0];
        Follower {
            id: row.id,
            line: line.id,
            is_there: self.is_there,
            status: row.status,
            amount_minor: row.amount_minor,
            line_minor: line.amount_minor,
            dated_on: row.dated_on,
            payee: row.payee,
            booked_on: self.booked_on,
            value_on: self.value_on,
            provider_dated_on: row.provider_dated_on,
            provider_payee: row.provider_payee,
            note: line.note.clone(),
            provider_note: line.provider_note.clone(),
        }
    }

    /// What of it a person has written.
    pub(super) fn by_hand(&self) -> ByHand {
        let is_written = |id: Uuid, field: &str| self.standing.layers.contains_key(&(id, field.to_owned()));
        let (id, line) = (self.standing.id.uuid(), self.standing.lines[0].id.uuid());
        ByHand {
            dated_on: is_written(id, "dated_on"),
            payee: is_written(id, "payee_id"),
            note: is_written(line, "note"),
        }
    }

    /// Whether a person has written over what the bank says (`EDITED` in the store's `register/filter.rs`).
    pub(super) fn is_edited(&self) -> bool {
        let row = &self.standing;
        let is_own = |id: Uuid| id == row.id.uuid() || row.lines.iter().any(|line| line.id.uuid() == id);
        row.is_from_bank() && row.layers.keys().any(|(id, _)| is_own(*id))
    }
}

/// A feed row: one transaction as the bank sent it.
pub(super) struct FeedRow {
    /// Of which account.
    pub(super) account: usize,
    /// Its present version, by its place among those of its bank account.
    pub(super) version: usize,
    pub(super) status: RowStatus,
    /// Whether the bank has stopped showing it while it was pending.
    pub(super) is_vanished: bool,
    pub(super) claim: Option<(ClaimState, Option<TransactionId>)>,
    /// How many batches there were when it came to stand for its transaction.
    pub(super) since: usize,
}

/// A write to the books.
pub(super) struct Batch {
    pub(super) changes: Vec<Change>,
    /// Microseconds, once it is recorded.
    pub(super) made_at: i64,
    /// Of a sync: which account it brought up to date, and from which day it had asked.
    pub(super) of_run: Option<(usize, Date)>,
    pub(super) undoes: Option<BatchId>,
    pub(super) undone_by: Option<BatchId>,
}

impl Batch {
    /// The batch of a person.
    pub(super) fn of(changes: Vec<Change>) -> Self {
        Self { changes, made_at: 0, of_run: None, undoes: None, undone_by: None }
    }
}

/// Payees, found by their folded names.
#[derive(Default)]
pub(super) struct Payees {
    by_folded: HashMap<String, PayeeId>,
    /// Name and folded name.
    names: HashMap<PayeeId, (String, String)>,
}

impl Payees {
    fn name(&self, id: PayeeId) -> &str {
        &self.names[&id].0
    }

    pub(super) fn folded(&self, id: PayeeId) -> &str {
        &self.names[&id].1
    }
}

/// All that is kept.
pub(super) struct Ledger {
    pub(super) accounts: [Account; ACCOUNTS],
    pub(super) rows: BTreeMap<TransactionId, Row>,
    pub(super) feed_rows: BTreeMap<FeedRowId, FeedRow>,
    /// The feed rows whose claims name a transaction.
    pub(super) claims_on: BTreeMap<TransactionId, BTreeSet<FeedRowId>>,
    pub(super) payees: Payees,
    pub(super) batches: BTreeMap<BatchId, Batch>,
    /// The latest id.
    latest: u128,
    /// Microseconds.
    now: i64,
}

impl Ledger {
    pub(super) fn new(today: Date, telling: Telling) -> Result<Self> {
        let account = |place: usize| Account {
            id: AccountId::from(Uuid::from_u128(place as u128 + 1)),
            currency: telling.currency(place),
            opening_minor: 0,
            opening_on: None,
            opening_source: OpeningSource::Unknown,
            pending_policy: PendingPolicy::Shown,
            locked_through: None,
            fed_by: BankAccountId::from(Uuid::from_u128((ACCOUNTS + place) as u128 + 1)),
            flips_sign: false,
        };
        let mut ledger = Self {
            accounts: std::array::from_fn(account),
            rows: BTreeMap::new(),
            feed_rows: BTreeMap::new(),
            claims_on: BTreeMap::new(),
            payees: Payees::default(),
            batches: BTreeMap::new(),
            latest: 2 * ACCOUNTS as u128,
            now: 0,
        };
        ledger.turn_to(today)?;
        Ok(ledger)
    }

    /// A new id: what is made later sorts later.
    pub(super) fn fresh<I: Id>(&mut self) -> I {
        self.latest += 1;
        I::from(Uuid::from_u128(self.latest))
    }

    /// Time goes on.
    pub(super) fn tick(&mut self) {
        self.now += TICK;
    }

    /// It is noon of another day, or some time after that.
    pub(super) fn turn_to(&mut self, day: Date) -> Result<()> {
        let noon: jiff::Timestamp = format!("{day}T12:00:00Z").parse()?;
        self.now = noon.as_microsecond().max(self.now + TICK);
        Ok(())
    }

    /// Microseconds.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    pub(super) fn place_of(&self, account: AccountId) -> Result<usize> {
        self.accounts.iter().position(|one| one.id == account).context("there is no such account")
    }

    fn account_of(&self, row: &Row) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == row.standing.account)
    }

    /// A row that stands in the books.
    pub(super) fn row_there(&self, id: TransactionId) -> Result<&Row> {
        self.rows.get(&id).filter(|row| row.is_there).context("there is no such row")
    }

    /// A new row with one line, of which no bank has said anything. It is not there until the change is written that brings it in.
    pub(super) fn blank_row(&mut self, account: usize, minor: i64, day: Date, payee: Option<PayeeId>) -> Row {
        let line = Line {
            id: self.fresh(),
            amount_minor: minor,
            category: None,
            note: None,
            provider_note: None,
            tags: BTreeSet::new(),
        };
        let standing = Standing {
            id: self.fresh(),
            account: self.accounts[account].id,
            currency: self.accounts[account].currency,
            status: RowStatus::Booked,
            amount_minor: minor,
            dated_on: day,
            payee,
            payee_name: None,
            provider_dated_on: None,
            provider_payee: None,
            cleared_at: None,
            reconciled_at: None,
            reviewed_at: Some(self.now),
            lines: vec![line],
            layers: BTreeMap::new(),
            rule_layers: BTreeMap::new(),
        };
        Row {
            standing,
            is_there: false,
            booked_on: None,
            value_on: None,
            position: self.now,
            is_typed: false,
            created_at: self.now,
            left_at: None,
        }
    }

    /// The payee of a name, made where it is new; none of a blank one.
    pub(super) fn payee_of(&mut self, name: &str) -> Option<PayeeId> {
        let folded = fold(name);
        if folded.is_empty() {
            return None;
        }
        if let Some(id) = self.payees.by_folded.get(&folded) {
            return Some(*id);
        }
        let id = self.fresh();
        self.payees.names.insert(id, (name.to_owned(), folded.clone()));
        self.payees.by_folded.insert(folded, id);
        Some(id)
    }

    /// The feed rows that stand for a transaction.
    pub(super) fn applied_on(&self, id: TransactionId) -> impl Iterator<Item = (FeedRowId, &FeedRow)> {
        let claims = self.claims_on.get(&id).into_iter().flatten().map(|id| (*id, &self.feed_rows[id]));
        claims.filter(|(_, row)| matches!(row.claim, Some((ClaimState::Applied, _))))
    }

    /// Whether another, booked feed row stands for a row, or did when it was taken out of the books.
    pub(super) fn is_settled_beside(&self, feed_row: FeedRowId, row: &Row) -> bool {
        let claims = self.claims_on.get(&row.standing.id).into_iter().flatten();
        let mut others = claims.filter(|other| **other != feed_row);
        others.any(|other| self.feed_rows[other].status == RowStatus::Booked)
    }

    /// Whether a row stands in a locked period.
    pub(super) fn is_locked(&self, row: &Row) -> bool {
        let locked_through = self.account_of(row).and_then(|account| account.locked_through);
        locked_through.is_some_and(|through| row.standing.dated_on <= through)
    }

    /// Rows of an account near the window that no feed row claims (`typed_rows` in the store).
    pub(super) fn typed(&self, account: usize, window: Window) -> Vec<Typed> {
        let account = self.accounts[account].id;
        let rows = self.rows.values().filter(|row| {
            row.is_there
                && row.standing.account == account
                && !row.standing.is_from_bank()
                && window.contains(row.standing.dated_on)
                && self.applied_on(row.standing.id).next().is_none()
        });
        rows.map(|row| Typed {
            transaction: row.standing.id,
            minor: row.standing.amount_minor,
            dated_on: row.standing.dated_on,
            payee_folded: row.standing.payee.map(|payee| self.payees.folded(payee).to_owned()),
        })
        .collect()
    }

    fn rows_of(&self, account: usize) -> impl Iterator<Item = &Row> {
        let account = self.accounts[account].id;
        self.rows.values().filter(move |row| row.is_there && row.standing.account == account)
    }

    /// Whether a row up to a day is pending.
    pub(super) fn has_pending(&self, account: usize, through: Date) -> bool {
        self.rows_of(account).any(|row| row.standing.status == RowStatus::Pending && row.standing.dated_on <= through)
    }

    /// What an account's rows of a status come to, in minor units.
    pub(super) fn sum(&self, account: usize, status: RowStatus) -> i64 {
        self.rows_of(account).filter(|row| row.standing.status == status).map(|row| row.standing.amount_minor).sum()
    }

    fn counts(&self, account: usize, status: RowStatus) -> bool {
        let counts_pending = self.accounts[account].pending_policy == PendingPolicy::Counted;
        status == RowStatus::Booked || (status == RowStatus::Pending && counts_pending)
    }

    /// The books as the register shows them: the latest first, each with what the account came to with it.
    pub(super) fn books(&self) -> Books {
        let mut books = Books::default();
        for account in 0..ACCOUNTS {
            let mut rows: Vec<&Row> = self.rows_of(account).collect();
            rows.sort_unstable_by_key(|row| Reverse((row.standing.dated_on, row.position, row.standing.id)));
            let counted = rows.iter().filter(|row| self.counts(account, row.standing.status));
            let opening = self.accounts[account].opening_minor;
            let mut balance = opening + counted.map(|row| row.standing.amount_minor).sum::<i64>();
            books.balances[account] = Balance {
                opening,
                now: balance,
                policy: self.accounts[account].pending_policy,
                locked_through: self.accounts[account].locked_through,
            };
            books.rows[account] = rows
                .into_iter()
                .map(|row| {
                    let counts = self.counts(account, row.standing.status);
                    let shown = self.book_row(row, counts.then_some(balance));
                    balance -= if counts { row.standing.amount_minor } else { 0 };
                    shown
                })
                .collect();
        }
        books
    }

    pub(super) fn book_row(&self, row: &Row, balance_minor: Option<i64>) -> BookRow {
        let standing = &row.standing;
        BookRow {
            id: standing.id,
            dated_on: standing.dated_on,
            minor: standing.amount_minor,
            payee: standing.payee.map(|payee| self.payees.name(payee).to_owned()),
            note: standing.lines[0].note.clone(),
            status: standing.status,
            lines: i64::try_from(standing.lines.len()).unwrap_or(i64::MAX),
            is_from_bank: standing.is_from_bank(),
            is_ticked: standing.cleared_at.is_some(),
            marks: Marks {
                is_new: standing.reviewed_at.is_none(),
                is_edited: row.is_edited(),
                is_reconciled: standing.reconciled_at.is_some(),
                balance_minor,
            },
        }
    }
}
