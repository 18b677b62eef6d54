//! Applying a plan (`apply.rs` in the store): new rows, and changes to everything else, written and recorded by the same means.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use bankside_domain::account::OpeningSource;
use bankside_domain::balance::StatedBalance;
use bankside_domain::batch::{Change, EXISTS, Entity, claim_value};
use bankside_domain::edit::{Line, Standing};
use bankside_domain::reconcile::{Action, ClaimState, Entry, Plan, SameAs, Snapshot};
use bankside_domain::row::RowStatus;
use bankside_domain::{BatchId, Code, FeedRowId, FeedRowVersionId, Id, TransactionId, opening};
use jiff::civil::Date;
use uuid::Uuid;

use super::ledger::{Batch, FeedRow, Ledger, Row};
use super::source::place;
use super::{Fetched, MemoryHouse, Run, stated};

/// What a plan comes to, while it is worked out.
#[derive(Default)]
pub(super) struct Work<'a> {
    claimed: HashSet<FeedRowId>,
    updated: Vec<(TransactionId, &'a Entry)>,
    removed: Vec<TransactionId>,
    pub(super) changes: Vec<Change>,
    /// What rows older than the opening balance come to, in minor units, where there are any.
    pub(super) older_minor: Option<i64>,
}

impl MemoryHouse {
    /// Writes what a plan has decided. Answers with the batch, if the books changed.
    pub(super) fn apply(
        &mut self,
        run: &Run,
        account: usize,
        fetched: Fetched,
        snapshot: &Snapshot,
        plan: &Plan,
    ) -> Result<Option<BatchId>> {
        let mut work = Work::default();
        self.carry_out(account, snapshot, plan, self.sources[account].applied_on.is_some(), &mut work)?;
        let Work { mut changes, older_minor, .. } = work;
        for change in &changes {
            self.ledger.write(change)?;
        }
        let source = &mut self.sources[account];
        let opened = self.ledger.opening(account, source.import_from, Some(fetched), older_minor);
        for change in &opened {
            self.ledger.write(change)?;
        }
        changes.extend(opened);
        source.applied_on = Some(self.today);
        source.latest_run = Some(run.number);
        let asked_from = run.asked_from[account];
        // What an undone batch had brought is here again, if this run asked from there.
        source.refetch_from = source.refetch_from.filter(|from| !fetched.is_complete || *from < asked_from);
        let lost = plan.evidence.iter().filter(|(_, shown)| shown.distrust().is_some()).map(|(kind, _)| *kind);
        let lost: Vec<_> = lost.filter(|kind| !self.distrusted.contains(kind)).collect();
        self.distrusted.extend(lost);
        if changes.is_empty() {
            return Ok(None);
        }
        let of_run = Some((account, asked_from));
        Ok(Some(self.ledger.record(Batch { of_run, ..Batch::of(changes) })))
    }

    /// Writes feed rows and new rows, and notes everything else that a plan changes. `is_news` says whether nobody has looked at new
    /// rows.
    pub(super) fn carry_out<'a>(
        &mut self,
        account: usize,
        snapshot: &Snapshot,
        plan: &'a Plan,
        is_news: bool,
        work: &mut Work<'a>,
    ) -> Result<()> {
        self.decide(account, snapshot, plan, is_news, work)?;
        for vanished in &plan.vanished {
            self.ledger.claim(work, vanished.feed_row, ClaimState::Superseded, vanished.transaction);
            work.removed.extend(vanished.transaction);
        }
        for feed_row in &plan.lapsed {
            self.ledger
                .feed_rows
                .get_mut(feed_row)
                .context("a pending row that nobody knows has lapsed")?
                .is_vanished = true;
        }
        self.ledger.take_out(work);
        self.ledger.bring_up_to_date(work)
    }

    fn decide<'a>(
        &mut self,
        account: usize,
        snapshot: &Snapshot,
        plan: &'a Plan,
        is_news: bool,
        work: &mut Work<'a>,
    ) -> Result<()> {
        let came: HashMap<FeedRowVersionId, usize> =
            snapshot.arrived.iter().enumerate().map(|(place, arrived)| (arrived.version, place)).collect();
        let mut decided: HashMap<FeedRowVersionId, FeedRowId> = HashMap::new();
        for decision in &plan.decisions {
            let place_in_answer = *came.get(&decision.version).context("a decision about a row that did not come")?;
            let feed_row = decision.feed_row.unwrap_or_else(|| self.ledger.fresh());
            decided.insert(decision.version, feed_row);
            self.sources[account].decide(decision.version, Some(feed_row), &decision.reason);
            let status = self.sources[account].version(decision.version).status;
            self.ledger.move_feed_row(account, feed_row, decision.version, status);
            match &decision.action {
                Action::Add(entry) => {
                    // Banks list the newest row first; later positions stand higher in the register.
                    let height = i64::try_from(came.len() - place_in_answer)?;
                    let id = self.ledger.add(account, entry, height, is_news, work);
                    self.ledger.claim(work, feed_row, ClaimState::Applied, Some(id));
                }
                Action::Match(id, entry) | Action::Update(id, entry) | Action::Settle(id, entry) => {
                    if matches!(decision.action, Action::Match(..)) {
                        self.ledger.release_vanished(work, *id, feed_row);
                    }
                    work.updated.push((*id, entry));
                    self.ledger.claim(work, feed_row, ClaimState::Applied, Some(*id));
                }
                Action::Hold => self.ledger.claim(work, feed_row, ClaimState::Quarantined, None),
                Action::Leave => {}
            }
        }
        for aside in &plan.set_aside {
            let feed_row = match aside.of {
                Some(SameAs::Known(feed_row)) => Some(feed_row),
                Some(SameAs::Arrived(version)) => decided.get(&version).copied(),
                None => None,
            };
            self.sources[account].decide(aside.version, feed_row, &aside.reason);
        }
        Ok(())
    }
}

impl Ledger {
    /// A feed row that is there moves on to its new version.
    fn move_feed_row(&mut self, account: usize, id: FeedRowId, version: FeedRowVersionId, status: RowStatus) {
        let version = place(version);
        let (claim, since) = self.feed_rows.get(&id).map_or((None, 0), |row| (row.claim, row.since));
        self.feed_rows.insert(id, FeedRow { account, version, status, is_vanished: false, claim, since });
    }

    /// Adds a row that a bank sent.
    pub(super) fn add(
        &mut self,
        account: usize,
        entry: &Entry,
        height: i64,
        is_news: bool,
        work: &mut Work<'_>,
    ) -> TransactionId {
        let payee = entry.payee.as_deref().and_then(|name| self.payee_of(name));
        let blank = self.blank_row(account, entry.minor, entry.dated_on, payee);
        let id = blank.standing.id;
        let line =
            Line { note: entry.note.clone(), provider_note: entry.note.clone(), ..blank.standing.lines[0].clone() };
        let standing = Standing {
            status: entry.status,
            provider_dated_on: Some(entry.dated_on),
            provider_payee: payee,
            reviewed_at: (!is_news).then_some(self.now()),
            lines: vec![line],
            ..blank.standing
        };
        let (booked_on, value_on, position) = (entry.booked_on, entry.value_on, blank.position + height);
        self.rows.insert(id, Row { standing, booked_on, value_on, position, ..blank });
        work.changes.push(comes(id));
        if entry.moves_opening {
            *work.older_minor.get_or_insert_default() += entry.minor;
        }
        id
    }

    /// A typed row that another feed row confirms now is no more that of a pending one that vanished (`release_vanished` in the store).
    fn release_vanished(&self, work: &mut Work<'_>, id: TransactionId, by: FeedRowId) {
        for other in self.claims_on.get(&id).into_iter().flatten().filter(|other| **other != by) {
            if matches!(self.feed_rows[other].claim, Some((ClaimState::Superseded, _))) {
                self.claim(work, *other, ClaimState::Superseded, None);
            }
        }
    }

    /// Notes a claim and the change that it makes, unless it stands already.
    pub(super) fn claim(
        &self,
        work: &mut Work<'_>,
        id: FeedRowId,
        state: ClaimState,
        transaction: Option<TransactionId>,
    ) {
        let before = self.feed_rows.get(&id).and_then(|row| row.claim);
        if before == Some((state, transaction)) {
            return;
        }
        work.claimed.insert(id);
        work.changes.push(Change {
            entity: Entity::Claim,
            id: id.uuid(),
            owner: transaction.map_or_else(|| id.uuid(), Id::uuid),
            field: "claim".to_owned(),
            before: before.map(|(state, transaction)| claim_value(state, transaction)),
            after: Some(claim_value(state, transaction)),
        });
    }

    /// Takes out of the books what has vanished, unless another feed row stands for it. A row that somebody typed stays: the bank has only
    /// taken back what confirmed it (`prepare_updates` in the store).
    fn take_out(&self, work: &mut Work<'_>) {
        for id in &work.removed {
            let is_shared = self.applied_on(*id).any(|(feed_row, _)| !work.claimed.contains(&feed_row));
            let Some(row) = self.rows.get(id).filter(|_| !is_shared) else { continue };
            if row.is_typed {
                let follower = row.follower();
                work.changes.extend(follower.changes_to(&follower.let_go()));
            } else {
                work.changes.push(goes(*id));
            }
        }
    }

    /// Has rows follow what their feed rows say now.
    fn bring_up_to_date(&mut self, work: &mut Work<'_>) -> Result<()> {
        for (id, entry) in &work.updated {
            let payee = entry.payee.as_deref().and_then(|name| self.payee_of(name));
            let row = self.rows.get(id).context("there is no such row")?;
            let follower = row.follower();
            work.changes.extend(follower.changes_to(&follower.follow(entry, payee, row.by_hand())));
        }
        Ok(())
    }

    /// The changes of an account's opening balance: worked out once, from what the bank stated and the rows that stand in the books
    /// now; moved where rows came that are older.
    pub(super) fn opening(
        &self,
        account: usize,
        import_from: Date,
        fetched: Option<Fetched>,
        older_minor: Option<i64>,
    ) -> Vec<Change> {
        let ours = &self.accounts[account];
        let is_unknown = ours.opening_source == OpeningSource::Unknown;
        let fixed = if is_unknown {
            let (booked, pending) = (self.sum(account, RowStatus::Booked), self.sum(account, RowStatus::Pending));
            let stated: Vec<StatedBalance> =
                fetched.map(|fetched| stated(fetched, ours.flips_sign)).into_iter().collect();
            let worked_out =
                opening::choose(&stated, import_from).and_then(|stated| opening::work_out(stated, booked, pending));
            worked_out.map(|sum| (sum.opening_minor, import_from))
        } else {
            let on = ours.opening_on.map_or(import_from, |on| on.min(import_from));
            older_minor.map(|older| (ours.opening_minor - older, on))
        };
        let Some((minor, on)) = fixed else { return Vec::new() };
        let source = if is_unknown { OpeningSource::Bank } else { ours.opening_source };
        let fields = [
            ("opening_minor", Some(ours.opening_minor.to_string()), minor.to_string()),
            ("opening_on", ours.opening_on.map(|day| day.to_string()), on.to_string()),
            ("opening_source", Some(ours.opening_source.code().to_owned()), source.code().to_owned()),
        ];
        let moved = fields.into_iter().map(|(field, before, after)| (field, before, Some(after)));
        moved
            .filter(|(_, before, after)| before != after)
            .map(|(field, before, after)| self.account_change(account, field, before, after))
            .collect()
    }
}

/// A row comes into the books.
pub(super) fn comes(id: TransactionId) -> Change {
    exists(id.uuid(), None, Some("1".to_owned()))
}

/// A row leaves the books.
pub(super) fn goes(id: TransactionId) -> Change {
    exists(id.uuid(), Some("1".to_owned()), None)
}

fn exists(id: Uuid, before: Option<String>, after: Option<String>) -> Change {
    Change { entity: Entity::Transaction, id, owner: id, field: EXISTS.to_owned(), before, after }
}
