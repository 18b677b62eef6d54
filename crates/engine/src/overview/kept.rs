//! Sums that were read before, by account and revision.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bankside_domain::{AccountId, Asker, AssetId, Month, OrganizationId};
use bankside_store::{CategorySum, MonthSum};

use super::transfers::Transfers;
use super::{Read, Windows};
use crate::{Engine, EngineError};

/// More than this many are forgotten all at once: then each is read again when it is asked for.
const MOST_KEPT: usize = 20_000;

/// How often accounts are read again that are written to while they are read.
const TRIES: usize = 4;

/// The sums of an account over one window. They hold for one revision of the account.
#[derive(Debug)]
struct Kept<S> {
    revision: i64,
    sums: Arc<[S]>,
}

type Key = (OrganizationId, AccountId, Month, Month);

/// Sums by account and window.
#[derive(Debug)]
struct Shelf<S>(Mutex<HashMap<Key, Kept<S>>>);

impl<S> Default for Shelf<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S: Clone> Shelf<S> {
    /// Appends what is kept of the accounts as they stand, and answers with those that have to be read.
    fn take(&self, accounts: &[(AccountId, i64)], key: impl Fn(AccountId) -> Key, into: &mut Vec<S>) -> Vec<AccountId> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut missing = Vec::new();
        for (account, revision) in accounts {
            match kept.get(&key(*account)).filter(|kept| kept.revision == *revision) {
                Some(kept) => into.extend_from_slice(&kept.sums),
                None => missing.push(*account),
            }
        }
        missing
    }

    fn put(&self, accounts: &[(AccountId, i64)], key: impl Fn(AccountId) -> Key, sums: &[S], of: fn(&S) -> AccountId) {
        let mut by_account: HashMap<AccountId, Vec<S>> = HashMap::new();
        for sum in sums {
            by_account.entry(of(sum)).or_default().push(sum.clone());
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() + accounts.len() > MOST_KEPT {
            kept.clear();
        }
        for (account, revision) in accounts {
            let sums = by_account.remove(account).unwrap_or_default().into();
            kept.insert(key(*account), Kept { revision: *revision, sums });
        }
    }
}

/// Whose transfers they are, below which asset somebody sees, and the window.
type TransfersKey = (OrganizationId, Option<AssetId>, Windows);

/// What transfers come to, and the revision of every account that is seen. They are not kept by account: whoever takes a row out of
/// one ends a transfer of the other, whose revision stays.
type KeptTransfers = (Vec<(AccountId, i64)>, Arc<Transfers>);

/// More of these are forgotten all at once.
const MOST_TRANSFERS_KEPT: usize = 200;

#[derive(Debug, Default)]
struct TransfersShelf(Mutex<HashMap<TransfersKey, KeptTransfers>>);

impl TransfersShelf {
    fn get(&self, key: &TransfersKey, revisions: &[(AccountId, i64)]) -> Option<Arc<Transfers>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|(of, _)| of == revisions).map(|(_, transfers)| Arc::clone(transfers))
    }

    fn put(&self, key: TransfersKey, revisions: Vec<(AccountId, i64)>, transfers: &Arc<Transfers>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_TRANSFERS_KEPT {
            kept.clear();
        }
        kept.insert(key, (revisions, Arc::clone(transfers)));
    }
}

/// What was read before.
#[derive(Debug, Default)]
pub(crate) struct KeptSums {
    months: Shelf<MonthSum>,
    categories: Shelf<CategorySum>,
    transfers: TransfersShelf,
}

impl Engine {
    /// Accounts and their sums, of one moment: where somebody writes to an account while it is read, it is read again.
    pub(super) async fn read_sums(&self, asker: &Asker, windows: Windows) -> Result<Read, EngineError> {
        let mut tries = TRIES;
        loop {
            let standing = self.standing(asker).await?;
            let revisions: Vec<(AccountId, i64)> =
                standing.accounts.iter().map(|view| (view.account.id, view.account.revision)).collect();
            let by_month = |account| (asker.organization, account, windows.months_from, windows.months_from);
            let by_category = |account| (asker.organization, account, windows.categories_from, windows.month);
            let (mut months, mut categories) = (Vec::new(), Vec::new());
            let no_months = self.kept_sums.months.take(&revisions, by_month, &mut months);
            let no_categories = self.kept_sums.categories.take(&revisions, by_category, &mut categories);
            let transfers_key = (asker.organization, asker.sight().asset(), windows);
            let kept_transfers = self.kept_sums.transfers.get(&transfers_key, &revisions);
            let transfers = match kept_transfers {
                Some(transfers) if no_months.is_empty() && no_categories.is_empty() => {
                    return Ok(Read { standing, months, categories, transfers });
                }
                Some(transfers) => transfers,
                None => Arc::new(self.read_transfers(asker, windows).await?),
            };
            let new_months = self.store.month_sums(asker, &no_months, windows.months_from).await?;
            let new_categories =
                self.store.category_sums(asker, &no_categories, windows.categories_from, windows.month).await?;
            let now = self.store.revisions(asker).await?;
            tries -= 1;
            let is_one_moment = revisions.iter().all(|(account, revision)| now.get(account) == Some(revision));
            if !is_one_moment && tries > 0 {
                continue;
            }
            if is_one_moment {
                let with_revision = |accounts: &[AccountId]| -> Vec<(AccountId, i64)> {
                    accounts.iter().filter_map(|account| Some((*account, *now.get(account)?))).collect()
                };
                self.kept_sums.months.put(&with_revision(&no_months), by_month, &new_months, |sum| sum.account);
                let of = |sum: &CategorySum| sum.sum.account;
                self.kept_sums.categories.put(&with_revision(&no_categories), by_category, &new_categories, of);
                self.kept_sums.transfers.put(transfers_key, revisions, &transfers);
            }
            months.extend(new_months);
            categories.extend(new_categories);
            return Ok(Read { standing, months, categories, transfers });
        }
    }

    /// What of the sums is neither income nor spending.
    async fn read_transfers(&self, asker: &Asker, windows: Windows) -> Result<Transfers, EngineError> {
        let from = windows.months_from.min(windows.categories_from);
        let rows = self.store.paired_rows(asker, from).await?;
        Ok(Transfers::of(&rows, windows.months_from, (windows.categories_from, windows.month)))
    }
}
