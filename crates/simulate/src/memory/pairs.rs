//! Pairs of rows that may be one (`suspicions/pairs.rs` in the engine, `pairs.rs` in the store).

use anyhow::{Context, Result, ensure};
use bankside_domain::batch::{Change, Entity, claim_value};
use bankside_domain::edit::Refused;
use bankside_domain::merge::{Chosen, Merge};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::row::RowStatus;
use bankside_domain::suspicion::pairs::{PairKind, PairRow, Shown, find_pairs, may_be_one};
use bankside_domain::text::fold;
use bankside_domain::{BatchId, FeedRowId, Id, SourceId, TransactionId};
use jiff::Span;
use uuid::Uuid;

use super::MemoryHouse;
use super::ledger::{Batch, Ledger, Row};
use crate::house::{Asked, End, Pair};

/// How far back pairs are looked for, how many are looked at more closely, and how many are shown, as the engine has it.
const RECENT_DAYS: i64 = 90;
const MOST_CANDIDATES: usize = 500;
const MOST_SUSPICIONS: usize = 100;

impl MemoryHouse {
    /// Rows that may be one, the latest first; among them pending rows that went, to which somebody had written something.
    pub(super) fn pairs_now(&self) -> Vec<Asked> {
        let since = self.today.saturating_sub(Span::new().days(RECENT_DAYS));
        let rows = self.ledger.rows.values().filter(|row| {
            let is_offered = || self.ledger.is_gone(row) && row.is_edited();
            row.standing.dated_on >= since && (row.is_there || is_offered())
        });
        let rows: Vec<PairRow> = rows.map(|row| self.ledger.pair_row(row)).collect();
        let mut pairs = find_pairs(&rows, &self.different, MOST_CANDIDATES);
        pairs.retain(|pair| {
            pair.kind == PairKind::Settlement || may_be_one(&self.shown(pair.first), &self.shown(pair.second))
        });
        pairs.truncate(MOST_SUSPICIONS);
        let asked = |pair: (TransactionId, TransactionId)| {
            let mut rows = [pair.0, pair.1].into_iter().map(|id| &self.ledger.rows[&id]);
            let gone = rows.find(|row| !row.is_there).map(|row| self.ledger.book_row(row, None));
            Asked { pair, gone }
        };
        pairs.into_iter().map(|pair| asked((pair.first, pair.second))).collect()
    }

    /// What the bank has shown of a row, through all versions of the feed rows behind it, by the numbers of the runs. There is one
    /// connection, which stays the same when access is renewed.
    fn shown(&self, id: TransactionId) -> Vec<Shown> {
        let source = SourceId::from(Uuid::nil());
        let spans = self.ledger.applied_on(id).filter_map(|(id, row)| self.sources[row.account].shown(id));
        spans.map(|(from, until)| Shown { source, from: from.into(), until: until.into() }).collect()
    }

    /// A person says that two rows are one, or two for ever.
    pub(super) fn decide_about_pair(&mut self, pair: Pair, is_one: bool) -> Result<End<Option<BatchId>>> {
        self.ledger.tick();
        if is_one {
            return Ok(self.ledger.merge(pair)?.map(Some).into());
        }
        self.different.insert(pair);
        Ok(End::Done(None))
    }
}

impl Ledger {
    fn pair_row(&self, row: &Row) -> PairRow {
        let standing = &row.standing;
        PairRow {
            transaction: standing.id,
            account: standing.account,
            minor: standing.amount_minor,
            day: standing.dated_on,
            status: standing.status,
            is_from_bank: standing.is_from_bank(),
            is_gone: !row.is_there,
            payee_folded: standing.payee.map(|payee| self.payees.folded(payee).to_owned()),
            note_folded: standing.lines[0].note.as_deref().map(fold),
        }
    }

    /// Whether a row has left the books because its bank stopped showing it while it was pending (`GONE` in the store).
    fn is_gone(&self, row: &Row) -> bool {
        let claims = self.claims_on.get(&row.standing.id).into_iter().flatten().map(|id| &self.feed_rows[id]);
        let mut vanished = claims.filter(|row| row.is_vanished && row.status == RowStatus::Pending);
        !row.is_there && vanished.any(|row| matches!(row.claim, Some((ClaimState::Superseded, _))))
    }

    /// Merges two rows with what is proposed: one stays, with whatever feed rows stood for either, and the other goes, or has gone
    /// already.
    fn merge(&mut self, (first, second): Pair) -> Result<Result<BatchId, Refused>> {
        let (first, second) = (&self.rows[&first], &self.rows[&second]);
        let (is_first_gone, is_second_gone) = (self.is_gone(first), self.is_gone(second));
        ensure!(first.is_there || is_first_gone, "there is no such row");
        ensure!(second.is_there || is_second_gone, "there is no such row");
        let (first, second) = (first.standing.clone(), second.standing.clone());
        let merge = match (is_first_gone, is_second_gone) {
            (true, _) => Merge::with_gone(&second, &first),
            (_, true) => Merge::with_gone(&first, &second),
            _ => Merge::of(&first, &second),
        };
        let around = self.around(self.place_of(merge.stays.account)?);
        let mut changes = match merge.plan(merge.keeps(Chosen::default()), around, &mut || self.fresh()) {
            Ok(changes) => changes,
            Err(why) => return Ok(Err(why)),
        };
        for feed_row in self.claims_on.get(&merge.goes.id).into_iter().flatten() {
            changes.extend(self.moved_claim(*feed_row, &merge)?);
        }
        self.commit(Batch::of(changes)).map(Ok)
    }

    /// A feed row of the row that goes stands for the one that stays. The change belongs to the row that goes.
    fn moved_claim(&self, feed_row: FeedRowId, merge: &Merge<'_>) -> Result<Option<Change>> {
        let (state, _) = self.feed_rows[&feed_row].claim.context("a claim that is none")?;
        let of = |id: TransactionId| Some(claim_value(state, Some(id)));
        let change = || Change {
            entity: Entity::Claim,
            id: feed_row.uuid(),
            owner: merge.goes.id.uuid(),
            field: "claim".to_owned(),
            before: of(merge.goes.id),
            after: of(merge.stays.id),
        };
        Ok(matches!(state, ClaimState::Applied | ClaimState::Superseded).then(change))
    }
}
