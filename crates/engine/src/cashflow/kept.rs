//! Sums that were read before. They hold as long as no account that is seen, and nothing in the tree, has been written to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bankside_domain::cashflow::Reach;
use bankside_domain::{AccountId, Asker, AssetId, Month, OrganizationId};
use bankside_store::CashflowSums;

use super::CashflowQuery;
use crate::{Engine, EngineError};

/// More than this many are forgotten all at once: then each is read again when it is asked for.
const MOST_KEPT: usize = 200;

/// How often figures are read again that are written to while they are read.
const TRIES: usize = 4;

/// Whose they are, below which asset somebody sees, and what was asked for.
type Key = (OrganizationId, Option<AssetId>, Reach, Month, Month);

/// The revision of every account that is seen, and of the tree.
type Moment = (Vec<(AccountId, i64)>, i64);

/// Sums, and of which moment they are.
type Kept = (Moment, Arc<[CashflowSums]>);

/// What was read before.
#[derive(Debug, Default)]
pub(crate) struct KeptCashflows(Mutex<HashMap<Key, Kept>>);

impl KeptCashflows {
    fn get(&self, key: &Key, moment: &Moment) -> Option<Arc<[CashflowSums]>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(of, _)| of == moment).map(|(_, sums)| Arc::clone(sums))
    }

    fn put(&self, key: Key, moment: Moment, sums: &Arc<[CashflowSums]>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, (moment, Arc::clone(sums)));
    }
}

impl Engine {
    /// The sums of one moment: where somebody writes while they are read, they are read again.
    pub(super) async fn cashflow_sums(
        &self,
        asker: &Asker,
        query: &CashflowQuery,
    ) -> Result<Arc<[CashflowSums]>, EngineError> {
        let key = (asker.organization, asker.sight().asset(), query.reach, query.from, query.through);
        let mut before = self.moment(asker).await?;
        if let Some(sums) = self.kept_cashflows.get(&key, &before) {
            return Ok(sums);
        }
        let mut tries = TRIES;
        loop {
            let sums = self.store.cashflow(asker, query.reach, query.from, query.through).await?;
            let sums: Arc<[CashflowSums]> = sums.into();
            let after = self.moment(asker).await?;
            if before == after {
                self.kept_cashflows.put(key, after, &sums);
                return Ok(sums);
            }
            tries -= 1;
            if tries == 0 {
                return Ok(sums);
            }
            before = after;
        }
    }

    async fn moment(&self, asker: &Asker) -> Result<Moment, EngineError> {
        let mut revisions: Vec<(AccountId, i64)> = self.store.revisions(asker).await?.into_iter().collect();
        revisions.sort_unstable();
        Ok((revisions, self.store.tree_revision(asker).await?))
    }
}
