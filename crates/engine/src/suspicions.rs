//! Suspicions: every doubt that waits for a person, and what they say to it.

mod pairs;

use bankside_domain::reconcile::{Entry, Reason};
use bankside_domain::row::Row;
use bankside_domain::suspicion::{HeldChoice, held_choices};
use bankside_domain::{Asker, BatchId, FeedRowId, Right, TransactionId};
use bankside_store::{Account, HeldDecision, HeldRow, RegisterRow, StoreError, VanishedRow};
use jiff::SignedDuration;
use jiff::civil::Date;

use crate::details::BankRowView;
use crate::transfers::ProposedTransfer;
use crate::{Engine, EngineError, Standing};

pub(crate) use pairs::KnownDoubts;
pub use pairs::{PairDecision, PairRowView, PairView};

/// Pairs are looked for, and what vanished is told, this far back.
pub(crate) const RECENT_DAYS: i32 = 90;

/// More doubts of one kind are not shown at once, and not counted.
pub const MOST_SUSPICIONS: usize = 100;

/// How often a decision is carried out again because somebody wrote to the account meanwhile.
const MAX_TRIES: usize = 8;

/// Everything that waits for a person.
#[derive(Debug, Clone)]
pub struct Suspicions {
    /// Rows that were held back, the latest first.
    pub held: Vec<HeldView>,
    /// Rows of the books that may be one, the latest first.
    pub pairs: Vec<PairView>,
    /// Rows that look like a transfer between own accounts, the best first.
    pub transfers: Vec<ProposedTransfer>,
    /// Pending rows that banks stopped showing: history, with nothing to decide.
    pub vanished: Vec<VanishedRow>,
}

/// A row that was held back.
#[derive(Debug, Clone)]
pub struct HeldView {
    /// What is stored of it.
    pub held: HeldRow,
    /// The account that it would come into.
    pub account: Account,
    /// What the bank sent.
    pub bank_row: BankRowView,
    /// The row of the books whose id it carries.
    pub known: Option<RegisterRow>,
    /// What may be said to it.
    pub choices: Vec<HeldChoice>,
}

impl Engine {
    /// Everything that waits for a person.
    pub async fn suspicions(&self, asker: &Asker) -> Result<Suspicions, EngineError> {
        let limit = i64::try_from(MOST_SUSPICIONS).unwrap_or(i64::MAX);
        let mut held = Vec::new();
        for row in self.store.held_rows(asker, limit).await? {
            held.push(self.held_view(asker, row).await?);
        }
        let since = self.ambient.now() - SignedDuration::from_hours(24 * i64::from(RECENT_DAYS));
        let vanished = self.store.vanished_rows(asker, since, limit).await?;
        let doubts = self.doubts(asker, self.store.accounts(asker).await?.iter()).await?;
        let transfers = self.proposed_transfers(asker, &doubts.transfers).await?;
        Ok(Suspicions { held, pairs: self.pair_views(asker, &doubts.pairs).await?, transfers, vanished })
    }

    /// How many doubts wait for a person, each kind counted up to [`MOST_SUSPICIONS`] and one more.
    pub async fn count_suspicions(&self, asker: &Asker, standing: &Standing) -> Result<i64, EngineError> {
        let at_most = i64::try_from(MOST_SUSPICIONS + 1).unwrap_or(i64::MAX);
        let pairs = i64::try_from(self.count_pairs(asker, standing).await?).unwrap_or(i64::MAX);
        Ok(self.store.count_held(asker, at_most).await?.saturating_add(pairs))
    }

    async fn held_view(&self, asker: &Asker, held: HeldRow) -> Result<HeldView, EngineError> {
        let account = self.store.account(asker, held.account).await?;
        let bank_row = self.bank_row(asker, &held.row).await?;
        let known = match &held.row.reason {
            Some(Reason::IdDisagrees { kind }) => {
                self.store.transactions_with_id(asker, held.row.version, *kind).await?.first().copied()
            }
            _ => None,
        };
        let known = match known {
            Some(known) => Some(self.store.register_row(asker, known).await?),
            None => None,
        };
        let day = match &bank_row.read {
            Ok(row) => Some(self.day_of(asker, &held, row).await?),
            Err(_) => None,
        };
        let is_locked = account.locked_through.zip(day).is_some_and(|(through, day)| day <= through);
        let choices = held_choices(held.row.reason.as_ref(), known.is_some(), is_locked);
        Ok(HeldView { held, account, bank_row, known, choices })
    }

    /// The day on which a row stands in the books: without one of its own, today at the bank.
    async fn day_of(&self, asker: &Asker, held: &HeldRow, row: &Row) -> Result<Date, EngineError> {
        match (row.day(), held.row.connection) {
            (Some(day), _) => Ok(day),
            (None, Some(connection)) => Ok(self.today_at(&self.store.connection(asker, connection).await?)),
            (None, None) => Err(EngineError::Conflict("this row has no day")),
        }
    }

    /// Carries out what a person says to a row that was held back. `corrected` is the transaction that they saw beside it.
    pub async fn decide_held(
        &self,
        asker: &Asker,
        feed_row: FeedRowId,
        choice: HeldChoice,
        corrected: Option<TransactionId>,
    ) -> Result<BatchId, EngineError> {
        asker.require_within(Right::EditBooks)?;
        let mut tries = 0;
        loop {
            let held = self.store.held_row(asker, feed_row).await?;
            let account = self.store.account(asker, held.account).await?;
            let decision = match choice {
                HeldChoice::LeaveOut => HeldDecision::LeaveOut,
                HeldChoice::NewRow => HeldDecision::NewRow(self.entry_of(asker, &account, &held, choice).await?),
                HeldChoice::Correction => {
                    let corrected = corrected.ok_or_else(|| {
                        EngineError::invalid("transaction", "Say which transaction the bank has corrected.")
                    })?;
                    HeldDecision::Correction(corrected, self.entry_of(asker, &account, &held, choice).await?)
                }
            };
            match self.store.decide_held(asker, &account, &held, &decision).await {
                Err(StoreError::Stale) if tries < MAX_TRIES => tries += 1,
                result => {
                    let done = result?;
                    if let Ok(batch) = done {
                        self.rows_came(asker.organization, &[batch]).await;
                    }
                    self.report_progress();
                    return done.map_err(EngineError::Refused);
                }
            }
        }
    }

    /// A row that was held back as it will stand in the books, where it may come in at all. That its day is locked is said by the
    /// books themselves.
    async fn entry_of(
        &self,
        asker: &Asker,
        account: &Account,
        held: &HeldRow,
        choice: HeldChoice,
    ) -> Result<Entry, EngineError> {
        if !held_choices(held.row.reason.as_ref(), true, false).contains(&choice) {
            return Err(EngineError::Conflict("a row that was held back for this can only be left out"));
        }
        let row = self.bank_row(asker, &held.row).await?.read;
        let row = row.map_err(|_| EngineError::Conflict("this row cannot be read"))?;
        if row.amount.currency.code != account.currency.code {
            return Err(EngineError::Conflict("this row is in another currency than its account"));
        }
        Ok(Entry::of(&row, self.day_of(asker, held, &row).await?, account.history_from()))
    }
}
