//! What a person says of an account, and of the rows that were held back (`locking.rs`, `apply/deciding.rs` and
//! `apply/pending_policy.rs` in the store).

use anyhow::{Context, Result};
use bankside_domain::account::PendingPolicy;
use bankside_domain::batch::{Change, Entity, LOCKED_THROUGH, Unlocked};
use bankside_domain::edit::Refused;
use bankside_domain::reconcile::{Action, ClaimState, Entry, Reason, Window, plan};
use bankside_domain::row::RowStatus;
use bankside_domain::suspicion::HeldChoice;
use bankside_domain::{BatchId, Code, FeedRowId, Id, TransactionId};
use jiff::civil::Date;

use super::apply::Work;
use super::ledger::{Batch, FeedRow, Ledger, Row};
use super::source::Source;
use super::undo::waits;
use super::{MemoryHouse, Terms};
use crate::bank::{ACCOUNTS, Content};
use crate::books::HeldRow;
use crate::house::End;

impl Ledger {
    /// Locks an account up to and including a day, or takes the lock off. Answers with the feed rows that the next sync is to show, too.
    pub(super) fn lock(
        &mut self,
        account: usize,
        through: Option<Date>,
        sources: &[Source; ACCOUNTS],
    ) -> Result<(End<Option<BatchId>>, Vec<FeedRowId>)> {
        self.tick();
        let before = self.accounts[account].locked_through;
        if before == through {
            return Ok((End::Done(None), Vec::new()));
        }
        if through.is_some_and(|through| self.has_pending(account, through)) {
            return Ok((End::Refused("rows up to this day are pending".to_owned()), Vec::new()));
        }
        let text = |day: Option<Date>| day.map(|day| day.to_string());
        let mut changes = vec![self.account_change(account, LOCKED_THROUGH, text(before), text(through))];
        let unlocked = self.what_was_locked(&changes, sources);
        changes.extend(unlocked.iter().map(|(feed_row, id)| waits(*feed_row, *id)));
        let batch = self.commit(Batch::of(changes))?;
        Ok((End::Done(Some(batch)), unlocked.into_iter().map(|(feed_row, _)| feed_row).collect()))
    }

    /// Claims of rows that come out of a locked period with these changes, and that the bank has told otherwise while they were in it
    /// (`await_what_was_locked` in the store).
    pub(super) fn what_was_locked(
        &self,
        changes: &[Change],
        sources: &[Source; ACCOUNTS],
    ) -> Vec<(FeedRowId, TransactionId)> {
        let mut found = Vec::new();
        for unlocked in changes.iter().filter_map(Unlocked::of) {
            let is_free = |row: &&Row| {
                let standing = &row.standing;
                row.is_there && standing.account == unlocked.account && unlocked.frees(standing.dated_on)
            };
            for id in self.rows.values().filter(is_free).map(|row| row.standing.id) {
                let stayed =
                    |row: &FeedRow| matches!(sources[row.account].at(row.version).reason, Some(Reason::StaysLocked));
                found.extend(self.applied_on(id).filter(|(_, row)| stayed(row)).map(|(feed_row, _)| (feed_row, id)));
            }
        }
        found
    }

    pub(super) fn account_change(
        &self,
        account: usize,
        field: &str,
        before: Option<String>,
        after: Option<String>,
    ) -> Change {
        let id = self.accounts[account].id.uuid();
        Change { entity: Entity::Account, id, owner: id, field: field.to_owned(), before, after }
    }
}

impl MemoryHouse {
    /// What was held back, for each account.
    pub(super) fn held(&self) -> Result<[Vec<HeldRow>; ACCOUNTS]> {
        let mut held: [Vec<HeldRow>; ACCOUNTS] = Default::default();
        for (id, row) in &self.ledger.feed_rows {
            if !matches!(row.claim, Some((ClaimState::Quarantined, _))) {
                continue;
            }
            let flips_sign = self.ledger.accounts[row.account].flips_sign;
            let content =
                self.sources[row.account].content(row.version, flips_sign).context("a held row cannot be read")?;
            let content = Content {
                day: content.day().context("a held row has no day")?,
                minor: content.amount.minor,
                payee: content.counterparty.name.unwrap_or_default(),
                is_pending: content.status == RowStatus::Pending,
            };
            held[row.account].push(HeldRow { feed_row: *id, content });
        }
        for held in &mut held {
            held.sort_by_key(|row| row.feed_row);
        }
        Ok(held)
    }

    /// A person decides about a row that was held back.
    pub(super) fn decide_held(&mut self, id: FeedRowId, choice: HeldChoice) -> Result<End<BatchId>> {
        self.ledger.tick();
        let row = self.ledger.feed_rows.get(&id).context("there is no such feed row")?;
        let account = row.account;
        let flips_sign = self.ledger.accounts[account].flips_sign;
        let content = self.sources[account].content(row.version, flips_sign).context("a held row cannot be read")?;
        let day = content.day().context("a held row has no day")?;
        let ours = &self.ledger.accounts[account];
        let entry = Entry::of(&content, day, ours.history_from());
        let action = match choice {
            HeldChoice::LeaveOut => Action::Leave,
            _ if ours.locked_through.is_some_and(|through| day <= through) => {
                return Ok(End::Refused(Refused::LockedPeriod.in_words().to_owned()));
            }
            _ => Action::Add(entry),
        };
        let mut work = Work::default();
        match &action {
            Action::Add(entry) => {
                let added = self.ledger.add(account, entry, 0, false, &mut work);
                self.ledger.claim(&mut work, id, ClaimState::Applied, Some(added));
            }
            _ => self.ledger.claim(&mut work, id, ClaimState::Dismissed, None),
        }
        let moved = self.ledger.opening(account, self.sources[account].import_from, None, work.older_minor);
        let changes = work.changes.into_iter().chain(moved).collect();
        self.ledger.commit(Batch::of(changes)).map(End::Done)
    }

    /// Gives an account another policy for pending rows, and carries it out for those that are here.
    pub(super) fn change_policy(&mut self, account: usize, policy: PendingPolicy) -> Result<Option<BatchId>> {
        self.ledger.tick();
        let before = self.ledger.accounts[account].pending_policy;
        if before == policy {
            return Ok(None);
        }
        let source = &self.sources[account];
        let arrived = match before {
            PendingPolicy::BookedOnly => source.pending_outside(&self.ledger),
            PendingPolicy::Shown | PendingPolicy::Counted => Vec::new(),
        };
        let window = Window::around(arrived.iter().filter_map(|arrived| source.version(arrived.version).day));
        // No answer is at hand: nothing is missing because it did not come.
        let terms = Terms { pending: policy, booked_coverage: None, pending_complete: false };
        let snapshot = self.snapshot(None, account, arrived, window, terms);
        let plan = plan(&snapshot);
        let mut work = Work::default();
        self.carry_out(account, &snapshot, &plan, false, &mut work)?;
        let code = |policy: PendingPolicy| Some(policy.code().to_owned());
        let turned = self.ledger.account_change(account, "pending_policy", code(before), code(policy));
        let changes = std::iter::once(turned).chain(work.changes).collect();
        self.ledger.commit(Batch::of(changes)).map(Some)
    }
}
