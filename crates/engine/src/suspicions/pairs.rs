//! Pairs of rows that may be one, counted, shown and decided.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use bankside_domain::edit::Refused;
use bankside_domain::merge::{Chosen, Keeps, Merge};
use bankside_domain::suspicion::pairs::{Pair, PairKind, find_pairs, may_be_one};
use bankside_domain::{AccountId, Asker, AssetId, BatchId, OrganizationId, Right, TransactionId};
use bankside_store::{RegisterRow, TransactionDetails};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{MOST_SUSPICIONS, RECENT_DAYS};
use crate::{Engine, EngineError, Standing};

/// Pairs are looked for among this many rows, the latest.
const MOST_ROWS: i64 = 5_000;
/// So many are looked at more closely.
const MOST_CANDIDATES: usize = 500;

/// Two rows that may be one.
#[derive(Debug, Clone)]
pub struct PairView {
    /// Which two, and why.
    pub pair: Pair,
    /// The row that would stay.
    pub stays: PairRowView,
    /// The row that would go.
    pub goes: PairRowView,
    /// Whose values would hold.
    pub proposed: Keeps,
}

/// One of the two.
#[derive(Debug, Clone)]
pub struct PairRowView {
    /// As the register shows it.
    pub row: RegisterRow,
    /// The bank account that brought it; `None` where a person typed it.
    pub brought_by: Option<String>,
}

/// What a person says to a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairDecision {
    /// They are one; whose values hold.
    Same(Chosen),
    /// They are two, and nobody asks again.
    Different,
}

/// How many pairs and proposed transfers there were when the accounts that somebody sees had these revisions.
#[derive(Debug)]
struct Counted {
    on: Date,
    revisions: Vec<(AccountId, i64)>,
    pairs: usize,
}

/// Whose rows were counted, and below which asset.
type Key = (OrganizationId, Option<AssetId>);

/// The latest count of each organization, and of each asset below which somebody sees: what one of them sees is not what another does.
#[derive(Debug, Default)]
pub(crate) struct CountedPairs(Mutex<HashMap<Key, Counted>>);

impl CountedPairs {
    fn take(&self, key: Key, on: Date, revisions: &[(AccountId, i64)]) -> Option<usize> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = counted.get(&key)?;
        (counted.on == on && counted.revisions == revisions).then_some(counted.pairs)
    }

    fn put(&self, key: Key, counted: Counted) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, counted);
    }
}

impl Engine {
    /// How many pairs and proposed transfers wait for a person. They are looked for anew when an account has changed.
    pub(super) async fn count_pairs(&self, asker: &Asker, standing: &Standing) -> Result<usize, EngineError> {
        let revisions: Vec<(AccountId, i64)> =
            standing.accounts.iter().map(|view| (view.account.id, view.account.revision)).collect();
        let (on, key) = (self.today(), (asker.organization, asker.sight().asset()));
        if let Some(pairs) = self.counted_pairs.take(key, on, &revisions) {
            return Ok(pairs);
        }
        let pairs = self.pairs(asker).await?.len() + self.proposals(asker).await?.len();
        self.counted_pairs.put(key, Counted { on, revisions, pairs });
        Ok(pairs)
    }

    pub(crate) fn today(&self) -> Date {
        self.ambient.now().to_zoned(TimeZone::UTC).date()
    }

    /// Rows that may be one: by what they say, and by where they come from.
    pub(crate) async fn pairs(&self, asker: &Asker) -> Result<Vec<Pair>, EngineError> {
        let since = self.today().saturating_sub(RECENT_DAYS.days());
        let rows = self.store.pair_rows(asker, since, MOST_ROWS).await?;
        let different = self.store.different_pairs(asker).await?;
        let mut pairs = find_pairs(&rows, &different, MOST_CANDIDATES);
        let ends: BTreeSet<TransactionId> = pairs.iter().flat_map(|pair| [pair.first, pair.second]).collect();
        let shown = self.store.shown(asker, &ends).await?;
        let of = |id: &TransactionId| shown.get(id).map(Vec::as_slice).unwrap_or_default();
        pairs.retain(|pair| pair.kind == PairKind::Settlement || may_be_one(of(&pair.first), of(&pair.second)));
        pairs.truncate(MOST_SUSPICIONS);
        Ok(pairs)
    }

    /// The pairs that wait for a person, the latest first.
    pub(super) async fn pair_views(&self, asker: &Asker) -> Result<Vec<PairView>, EngineError> {
        let mut views = Vec::new();
        for pair in self.pairs(asker).await? {
            let first = self.store.transaction(asker, pair.first).await?;
            let second = self.store.transaction(asker, pair.second).await?;
            let merge = Merge::of(&first.standing, &second.standing);
            let (stays, goes) = if merge.stays.id == first.standing.id { (&first, &second) } else { (&second, &first) };
            views.push(PairView {
                pair,
                stays: self.pair_row_view(asker, stays).await?,
                goes: self.pair_row_view(asker, goes).await?,
                proposed: merge.proposed(),
            });
        }
        Ok(views)
    }

    async fn pair_row_view(&self, asker: &Asker, of: &TransactionDetails) -> Result<PairRowView, EngineError> {
        Ok(PairRowView {
            row: self.store.register_row(asker, of.standing.id).await?,
            brought_by: of.feed_rows.first().map(|feed_row| feed_row.bank_account_name.clone()),
        })
    }

    /// Carries out what a person says to a pair. Merging is a batch that can be undone; that two are two is remembered.
    pub async fn decide_pair(
        &self,
        asker: &Asker,
        (first, second): (TransactionId, TransactionId),
        decision: PairDecision,
    ) -> Result<Option<BatchId>, EngineError> {
        asker.require_within(Right::EditBooks)?;
        let done: Result<Option<BatchId>, Refused> = match decision {
            PairDecision::Same(chosen) => self.store.merge(asker, first, second, chosen).await?.map(Some),
            PairDecision::Different => {
                self.store.keep_apart(asker, first, second).await?;
                Ok(None)
            }
        };
        self.report_progress();
        done.map_err(EngineError::Refused)
    }
}
