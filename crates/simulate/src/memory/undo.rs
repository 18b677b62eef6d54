//! Undoing a batch (`undo.rs` in the store).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use anyhow::{Context, Result, ensure};
use bankside_domain::batch::{
    Change, Lockable, Rejoined, UndoPlan, claims_taken_back, locked_rows, plan_undo, restored_claims, restored_rows,
};
use bankside_domain::edit::Standing;
use bankside_domain::reconcile::ClaimState;
use bankside_domain::{BatchId, FeedRowId, Id, TransactionId, edit};
use jiff::civil::Date;
use uuid::Uuid;

use super::ledger::{Batch, Ledger, Row};
use super::person::claim_change;
use super::source::Source;
use crate::bank::ACCOUNTS;
use crate::house::Undone;

/// What taking a batch back came to.
pub(super) struct TakenBack {
    pub(super) undone: Undone,
    /// The account whose next sync asks again, and from which day.
    pub(super) again: Option<(usize, Date)>,
    /// Feed rows that the next sync is to show.
    pub(super) to_show: Vec<FeedRowId>,
}

impl Ledger {
    /// Takes a batch back.
    pub(super) fn undo(&mut self, id: BatchId, sources: &[Source; ACCOUNTS]) -> Result<TakenBack> {
        self.tick();
        let batch = self.batches.get(&id).context("there is no such batch")?;
        ensure!(batch.undone_by.is_none(), "this was undone already");
        let of_run = batch.of_run;
        let plan = match self.undo_of_turning(&batch.changes)? {
            Some(plan) => plan,
            None => self.undo_plan(id, batch),
        };
        ensure!(!plan.write.is_empty(), "nothing of this can be undone any more");
        for change in &plan.write {
            self.write(change)?;
        }
        let mut changes = plan.write;
        if of_run.is_some() {
            let waiting = self.await_again(&changes);
            for change in &waiting {
                self.write(change)?;
            }
            changes.extend(waiting);
        }
        let mut moved_on = self.what_moved_on(&self.batches[&id], &changes, sources);
        moved_on.extend(self.what_was_locked(&changes, sources));
        for claim in moved_on.iter().map(|(feed_row, id)| waits(*feed_row, *id)) {
            self.write(&claim)?;
            changes.push(claim);
        }
        let undoing = self.record(Batch { undoes: Some(id), ..Batch::of(changes) });
        self.mark_undone(id, undoing);
        let stays = plan.stay.iter().map(|stay| format!("{stay:?}")).collect();
        let to_show = moved_on.into_iter().map(|(feed_row, _)| feed_row).collect();
        Ok(TakenBack { undone: Undone { batch: undoing, stays }, again: of_run, to_show })
    }

    fn undo_plan(&self, id: BatchId, batch: &Batch) -> UndoPlan {
        let now = self.values_now(&batch.changes);
        let mine: BTreeSet<Uuid> = batch.changes.iter().map(|change| change.owner).collect();
        let later = self.batches.range((Bound::Excluded(id), Bound::Unbounded)).map(|(_, batch)| batch);
        // What was undone, and the undoing itself, cancel each other out.
        let in_force = later.filter(|batch| batch.undone_by.is_none() && batch.undoes.is_none());
        let written = in_force.flat_map(|batch| &batch.changes).map(|change| change.owner);
        let worked_on = written.filter(|owner| mine.contains(owner)).collect();
        let mut plan = plan_undo(&batch.changes, &now, &worked_on, &self.locked_among(&batch.changes, &mine));
        edit::give_back(&mut plan.write, &now);
        plan
    }

    fn locked_among(&self, changes: &[Change], owners: &BTreeSet<Uuid>) -> BTreeSet<Uuid> {
        let locked: BTreeMap<Uuid, Date> =
            self.accounts.iter().filter_map(|account| Some((account.id.uuid(), account.locked_through?))).collect();
        if locked.is_empty() {
            return BTreeSet::new();
        }
        let rows = owners.iter().filter_map(|owner| self.rows.get(&TransactionId::from(*owner)));
        let lockable = |row: &Row| {
            let Standing { id, account, dated_on, .. } = &row.standing;
            Lockable { row: id.uuid(), account: account.uuid(), day: *dated_on, is_there: row.is_there }
        };
        let standing: Vec<Lockable> = rows.map(lockable).collect();
        locked_rows(changes, &standing, &locked)
    }

    /// The claims of rows that stay with what they were before wait for their next decision.
    fn await_again(&self, written: &[Change]) -> Vec<Change> {
        let restored = restored_rows(written).into_iter().map(TransactionId::from);
        let claims = restored.flat_map(|id| self.applied_on(id).map(move |(feed_row, _)| (feed_row, id)));
        claims.map(|(feed_row, id)| waits(feed_row, id)).collect()
    }

    /// Restored claims of feed rows that have moved on without the rows that came back (`await_what_moved_on` in the store).
    fn what_moved_on(
        &self,
        batch: &Batch,
        written: &[Change],
        sources: &[Source; ACCOUNTS],
    ) -> Vec<(FeedRowId, TransactionId)> {
        let taken_back = batch.of_run.map(|_| claims_taken_back(written)).unwrap_or_default();
        let of = |id: Uuid| {
            let feed_row = FeedRowId::from(id);
            let row = &self.feed_rows.get(&feed_row)?;
            let (state, transaction) = row.claim?;
            let version = sources[row.account].at(row.version);
            let rejoined = Rejoined {
                bank_status: row.status,
                status: self.rows.get(&transaction?)?.standing.status,
                came_since: version.received_at > batch.made_at,
                stood_elsewhere: taken_back.contains(&id),
                reason: version.reason.as_ref(),
            };
            (state == ClaimState::Applied && rejoined.has_moved_on()).then_some((feed_row, transaction?))
        };
        restored_claims(written).into_iter().filter_map(of).collect()
    }

    /// What a batch had undone itself is in force again once that is undone, what that one had undone is not, and so on.
    fn mark_undone(&mut self, id: BatchId, undoing: BatchId) {
        let (mut current, mut undone_by) = (id, Some(undoing));
        while let Some(batch) = self.batches.get_mut(&current) {
            batch.undone_by = undone_by;
            let Some(before) = batch.undoes else { return };
            undone_by = if undone_by.is_some() { None } else { Some(current) };
            current = before;
        }
    }
}

/// The claim of a feed row waits for its next decision.
pub(super) fn waits(feed_row: FeedRowId, id: TransactionId) -> Change {
    claim_change(feed_row, id, ClaimState::Applied, ClaimState::Superseded)
}
