//! Pairs of rows that may be one, counted, shown and decided.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bankside_domain::edit::{Refused, Standing as RowStanding};
use bankside_domain::merge::{Chosen, Keeps, Merge};
use bankside_domain::suspicion::pairs::{Pair, PairKind, PairRow, find_pairs, may_be_one};
use bankside_domain::transfer::Match;
use bankside_domain::{AccountId, Asker, AssetId, BatchId, OrganizationId, Right, TransactionId};
use bankside_store::{Account, RegisterRow, StoreError};
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{MOST_SUSPICIONS, RECENT_DAYS};
use crate::{Engine, EngineError, Standing};

/// Pairs are looked for among this many rows, the latest.
const MOST_ROWS: i64 = 5_000;
/// So many pending rows that banks stopped showing are looked at beside them, the latest.
const MOST_GONE: i64 = 500;
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
    /// Whether it has left the books already: a pending row that its bank stopped showing.
    pub is_gone: bool,
}

/// What a person says to a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairDecision {
    /// They are one; whose values hold.
    Same(Chosen),
    /// They are two, and nobody asks again.
    Different,
}

/// Everything about rows of the books that looks like something else: all of it, however much a page shows.
#[derive(Debug)]
pub(crate) struct Doubts {
    /// Rows that may be one, the latest first.
    pub(crate) pairs: Vec<Pair>,
    /// Rows that look like a transfer, the best first.
    pub(crate) transfers: Vec<Match>,
    /// From this day on each row was compared with all others near it. Of an earlier one nobody knows.
    pub(crate) since: Date,
}

/// The doubts when the accounts that somebody sees had these revisions.
#[derive(Debug)]
struct Known {
    on: Date,
    revisions: Revisions,
    doubts: Arc<Doubts>,
}

/// The revisions of accounts.
type Revisions = BTreeMap<AccountId, i64>;

/// Whose rows were looked at, and below which asset.
type Key = (OrganizationId, Option<AssetId>);

/// The latest doubts of each organization, and of each asset below which somebody sees: what one of them sees is not what another does.
#[derive(Debug, Default)]
pub(crate) struct KnownDoubts(Mutex<HashMap<Key, Known>>);

impl KnownDoubts {
    fn take(&self, key: Key, on: Date, revisions: &Revisions) -> Option<Arc<Doubts>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&key)?;
        (known.on == on && known.revisions == *revisions).then(|| known.doubts.clone())
    }

    fn put(&self, key: Key, known: Known) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, known);
    }
}

impl Engine {
    /// How many pairs and proposed transfers wait for a person, each counted up to [`MOST_SUSPICIONS`].
    pub(super) async fn count_pairs(&self, asker: &Asker, standing: &Standing) -> Result<usize, EngineError> {
        let doubts = self.doubts(asker, standing.accounts.iter().map(|view| &view.account)).await?;
        Ok(doubts.pairs.len().min(MOST_SUSPICIONS) + doubts.transfers.len().min(MOST_SUSPICIONS))
    }

    /// What looks like something else among the rows of these accounts, which are all that are in sight, as they were read before. It is
    /// looked for anew when one of them has changed.
    pub(crate) async fn doubts<'a>(
        &self,
        asker: &Asker,
        accounts: impl Iterator<Item = &'a Account> + Send,
    ) -> Result<Arc<Doubts>, EngineError> {
        let revisions: Revisions = accounts.map(|account| (account.id, account.revision)).collect();
        let (on, key) = (self.today(), (asker.organization, asker.sight().asset()));
        if let Some(doubts) = self.known_doubts.take(key, on, &revisions) {
            return Ok(doubts);
        }
        let (pairs, pairs_since) = self.all_pairs(asker).await?;
        let (transfers, transfers_since) = self.all_proposals(asker).await?;
        let doubts = Arc::new(Doubts { pairs, transfers, since: pairs_since.max(transfers_since) });
        self.known_doubts.put(key, Known { on, revisions, doubts: doubts.clone() });
        Ok(doubts)
    }

    pub(crate) fn today(&self) -> Date {
        self.ambient.now().to_zoned(TimeZone::UTC).date()
    }

    /// Rows that may be one, by what they say and by where they come from, the latest first; and the day from which on none is missing.
    async fn all_pairs(&self, asker: &Asker) -> Result<(Vec<Pair>, Date), EngineError> {
        let recent = self.today().saturating_sub(RECENT_DAYS.days());
        let mut rows = self.store.pair_rows(asker, recent, MOST_ROWS).await?;
        let different = self.store.different_pairs(asker).await?;
        let in_books = rows.len();
        rows.extend(self.store.gone_pair_rows(asker, recent, MOST_GONE).await?);
        let mut pairs = find_pairs(&rows, &different, MOST_CANDIDATES);
        let since = whole_since(recent, &rows[..in_books], &pairs);
        let ends: BTreeSet<TransactionId> = pairs.iter().flat_map(|pair| [pair.first, pair.second]).collect();
        let shown = self.store.shown(asker, &ends).await?;
        let of = |id: &TransactionId| shown.get(id).map(Vec::as_slice).unwrap_or_default();
        pairs.retain(|pair| pair.kind == PairKind::Settlement || may_be_one(of(&pair.first), of(&pair.second)));
        Ok((pairs, since))
    }

    /// The first of these pairs, with their rows.
    pub(super) async fn pair_views(&self, asker: &Asker, pairs: &[Pair]) -> Result<Vec<PairView>, EngineError> {
        let mut views = Vec::new();
        for &pair in pairs.iter().take(MOST_SUSPICIONS) {
            let (first, second) =
                (self.end_of_pair(asker, pair.first).await?, self.end_of_pair(asker, pair.second).await?);
            let merge = match (first.1.is_gone, second.1.is_gone) {
                (true, _) => Merge::with_gone(&second.0, &first.0),
                (_, true) => Merge::with_gone(&first.0, &second.0),
                _ => Merge::of(&first.0, &second.0),
            };
            let (is_first, proposed) = (merge.stays.id == pair.first, merge.proposed());
            let (stays, goes) = if is_first { (first.1, second.1) } else { (second.1, first.1) };
            views.push(PairView { pair, stays, goes, proposed });
        }
        Ok(views)
    }

    /// One of two rows that may be one: in the books, or a pending row that has left them.
    async fn end_of_pair(&self, asker: &Asker, id: TransactionId) -> Result<(RowStanding, PairRowView), EngineError> {
        let (of, row, is_gone) = match self.store.transaction(asker, id).await {
            Ok(of) => (of, self.store.register_row(asker, id).await?, false),
            Err(StoreError::NotFound(what)) => {
                let of = self.store.gone_transaction(asker, id).await?;
                let row = self.store.gone_rows_of(asker, &[id]).await?.remove(&id);
                (of, row.ok_or(StoreError::NotFound(what))?, true)
            }
            Err(error) => return Err(error.into()),
        };
        let brought_by = of.feed_rows.first().map(|feed_row| feed_row.bank_account_name.clone());
        Ok((of.standing, PairRowView { row, brought_by, is_gone }))
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

/// The day from which on each of these rows, which are the latest, was compared with all others near it: no earlier than `recent`, and after
/// the last day of which rows, or pairs of them, may be left out because there are too many.
fn whole_since(recent: Date, rows: &[PairRow], pairs: &[Pair]) -> Date {
    let after = |day: Date| day.tomorrow().unwrap_or(day);
    let mut since = recent;
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) >= MOST_ROWS {
        since = rows.iter().map(|row| after(row.day)).min().unwrap_or(recent).max(since);
    }
    if pairs.len() >= MOST_CANDIDATES {
        // The last of them is the earliest, by the later of its two rows.
        let ends =
            |row: &&PairRow| pairs.last().is_some_and(|last| [last.first, last.second].contains(&row.transaction));
        since = rows.iter().filter(ends).map(|row| after(row.day)).max().unwrap_or(recent).max(since);
    }
    since
}
