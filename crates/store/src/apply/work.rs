//! A plan, turned into the rows to write.

use std::collections::{BTreeMap, HashMap};

use bankside_domain::batch::{Change, EXISTS, Entity, claim_value};
use bankside_domain::reconcile::{Action, ClaimState, Entry, Plan, Reason, SameAs, SetAside};
use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, Ambient, FeedRowId, FeedRowVersionId, Id, LineId, TransactionId};
use jiff::civil::Date;

use super::Opening;
use crate::accounts::{Account, Sums};
use crate::batches::change;
use crate::convert::{count, micros};
use crate::held_rows::HeldRow;
use crate::snapshot::{StoredSnapshot, StoredVersion};

/// A version that a plan has decided about.
pub(super) struct DecidedVersion<'a> {
    pub(super) version: FeedRowVersionId,
    pub(super) feed_row: FeedRowId,
    pub(super) status: RowStatus,
    pub(super) reason: &'a Reason,
}

/// A version that is no row of its own.
pub(super) struct AsideVersion<'a> {
    pub(super) version: FeedRowVersionId,
    /// Which row it is once more, if it is one.
    pub(super) feed_row: Option<FeedRowId>,
    pub(super) reason: &'a Reason,
}

/// A claim to write.
pub(super) struct NewClaim {
    pub(super) feed_row: FeedRowId,
    pub(super) state: ClaimState,
    pub(super) transaction: Option<TransactionId>,
}

/// A transaction to add.
pub(super) struct NewEntry<'a> {
    pub(super) id: TransactionId,
    pub(super) line: LineId,
    pub(super) entry: &'a Entry,
    pub(super) position: i64,
    pub(super) seen_at: i64,
}

/// A transaction to bring up to date.
pub(super) struct UpdatedEntry<'a> {
    pub(super) id: TransactionId,
    pub(super) entry: &'a Entry,
    pub(super) seen_at: i64,
}

/// Everything that applying a plan writes.
#[derive(Default)]
pub(super) struct Work<'a> {
    pub(super) versions: Vec<DecidedVersion<'a>>,
    pub(super) set_aside: Vec<AsideVersion<'a>>,
    pub(super) claims: Vec<NewClaim>,
    pub(super) added: Vec<NewEntry<'a>>,
    pub(super) updated: Vec<UpdatedEntry<'a>>,
    /// Those of them that somebody has typed and that a bank confirms now.
    pub(super) matched: Vec<TransactionId>,
    pub(super) removed: Vec<TransactionId>,
    /// Pending rows that waited outside the books and are shown no more.
    pub(super) lapsed: &'a [FeedRowId],
    pub(super) changes: Vec<Change>,
    pub(super) sums: BTreeMap<AccountId, Sums>,
    /// Whether nobody has seen what is added: not what comes with the first sync of a bank account.
    pub(super) brings_news: bool,
    /// Whether news wait in the inbox, and what a bank changes comes back there.
    pub(super) has_inbox: bool,
}

impl<'a> Work<'a> {
    pub(super) fn from_plan(plan: &'a Plan, snapshot: &StoredSnapshot, ambient: &Ambient) -> Self {
        let account = snapshot.state.account.id;
        let claims: HashMap<FeedRowId, (ClaimState, Option<TransactionId>)> =
            snapshot.known.iter().filter_map(|known| Some((known.feed_row, known.claim?))).collect();
        let received: HashMap<FeedRowVersionId, (i64, &StoredVersion)> = snapshot
            .versions
            .iter()
            .enumerate()
            .map(|(index, version)| (version.id, (count(index), version)))
            .collect();
        let mut work = Self { brings_news: true, ..Self::default() };
        // Banks list the newest row first; later positions stand higher in the register.
        let top = micros(ambient.now()) + count(snapshot.versions.len());
        for decision in &plan.decisions {
            let Some((index, version)) = received.get(&decision.version).copied() else { continue };
            let feed_row = decision.feed_row.unwrap_or_else(|| ambient.id());
            work.versions.push(DecidedVersion {
                version: decision.version,
                feed_row,
                status: version.status,
                reason: &decision.reason,
            });
            // Seen when its bytes first came, also when it comes into the books again later: balances go by that.
            let seen_at = micros(version.received_at);
            work.decide(&decision.action, feed_row, claims.get(&feed_row).copied(), ambient, top - index, seen_at);
        }
        let decided: HashMap<FeedRowVersionId, FeedRowId> =
            work.versions.iter().map(|decided| (decided.version, decided.feed_row)).collect();
        for SetAside { version, of, reason } in &plan.set_aside {
            let feed_row = match of {
                Some(SameAs::Known(feed_row)) => Some(*feed_row),
                Some(SameAs::Arrived(version)) => decided.get(version).copied(),
                None => None,
            };
            work.set_aside.push(AsideVersion { version: *version, feed_row, reason });
        }
        for vanished in &plan.vanished {
            let before = claims.get(&vanished.feed_row).copied();
            work.claim(vanished.feed_row, before, ClaimState::Superseded, vanished.transaction);
            work.removed.extend(vanished.transaction);
        }
        work.lapsed = &plan.lapsed;
        if !plan.lapsed.is_empty() {
            // Nothing of the books changes, and what is suspected of them may.
            work.sums.entry(account).or_default();
        }
        work.count_added(account);
        work
    }

    /// What a person has decided about a row that was held back. Who decides has looked at it, so it is no news.
    pub(super) fn from_person(held: &HeldRow, action: &'a Action, ambient: &Ambient) -> Self {
        let mut work = Self::default();
        let before = Some((ClaimState::Quarantined, None));
        match action {
            Action::Leave => work.claim(held.feed_row, before, ClaimState::Dismissed, None),
            action => {
                let seen_at = micros(held.row.received_at);
                work.decide(action, held.feed_row, before, ambient, micros(ambient.now()), seen_at);
            }
        }
        work.count_added(held.account);
        // Also where nothing comes in: a plan that was made before must be made again.
        work.sums.entry(held.account).or_default();
        work
    }

    fn count_added(&mut self, account: AccountId) {
        for new in &self.added {
            self.sums.entry(account).or_default().add(Sums::of(new.entry.status, new.entry.minor));
        }
    }

    fn decide(
        &mut self,
        action: &'a Action,
        feed_row: FeedRowId,
        before: Option<(ClaimState, Option<TransactionId>)>,
        ambient: &Ambient,
        position: i64,
        seen_at: i64,
    ) {
        match action {
            Action::Add(entry) => {
                let id: TransactionId = ambient.id();
                self.added.push(NewEntry { id, line: ambient.id(), entry, position, seen_at });
                let owner = id.uuid();
                self.changes.push(change(Entity::Transaction, owner, owner, EXISTS, None, Some("1".to_owned())));
                self.claim(feed_row, before, ClaimState::Applied, Some(id));
            }
            Action::Match(id, entry) | Action::Update(id, entry) | Action::Settle(id, entry) => {
                if matches!(action, Action::Match(..)) {
                    self.matched.push(*id);
                }
                self.updated.push(UpdatedEntry { id: *id, entry, seen_at });
                self.claim(feed_row, before, ClaimState::Applied, Some(*id));
            }
            Action::Hold => self.claim(feed_row, before, ClaimState::Quarantined, None),
            Action::Leave => {}
        }
    }

    /// Writes a claim and the change that it makes, unless it stands already.
    pub(super) fn claim(
        &mut self,
        feed_row: FeedRowId,
        before: Option<(ClaimState, Option<TransactionId>)>,
        state: ClaimState,
        transaction: Option<TransactionId>,
    ) {
        if before == Some((state, transaction)) {
            return;
        }
        let owner = transaction.map_or_else(|| feed_row.uuid(), Id::uuid);
        let before = before.map(|(state, transaction)| claim_value(state, transaction));
        let after = Some(claim_value(state, transaction));
        self.changes.push(change(Entity::Claim, feed_row.uuid(), owner, "claim", before, after));
        self.claims.push(NewClaim { feed_row, state, transaction });
    }

    /// The names of all payees that the entries name.
    pub(super) fn payee_names(&self) -> impl Iterator<Item = &str> {
        let added = self.added.iter().map(|new| new.entry);
        let updated = self.updated.iter().map(|updated| updated.entry);
        added.chain(updated).filter_map(|entry| entry.payee.as_deref())
    }

    /// The opening balance after this plan, where rows that are older than it move it.
    pub(super) fn opening_move(&self, account: &Account, import_from: Date) -> Option<Opening> {
        let older: i64 = self.added.iter().filter(|new| new.entry.moves_opening).map(|new| new.entry.minor).sum();
        let has_older = self.added.iter().any(|new| new.entry.moves_opening);
        has_older.then(|| Opening {
            minor: account.opening_minor.saturating_sub(older),
            on: account.opening_on.map_or(import_from, |on| on.min(import_from)),
        })
    }
}
