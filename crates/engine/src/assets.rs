//! The tree of assets: its verbs, and which account belongs to which asset.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bankside_domain::asset::{AssetKind, AssetStage, Places, Tree};
use bankside_domain::{AccountId, Asker, AssetId, BankAccountId, BatchId, OrganizationId, Right};
use bankside_store::{AssetChange, NewAsset};
use jiff::civil::Date;

use crate::people::required;
use crate::{Engine, EngineError};

/// More trees than this are forgotten all at once: then each is read again when it is asked for.
const MOST_KEPT: usize = 1_000;

/// What an asset is called and what it is, as a person types it.
#[derive(Debug, Clone)]
pub struct AssetInput {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: AssetKind,
    /// How far it has come.
    pub stage: AssetStage,
}

/// Which way an asset goes among those beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// Before the one before it.
    Up,
    /// After the one after it.
    Down,
}

/// Whose tree it is, and below which asset; `None` is all of it.
type TreeKey = (OrganizationId, Option<AssetId>);

/// Trees that were read before. Each holds for one revision of its organization's tree.
#[derive(Debug, Default)]
pub(crate) struct KeptTrees(Mutex<HashMap<TreeKey, (i64, Arc<Tree>)>>);

impl KeptTrees {
    fn get(&self, key: TreeKey, revision: i64) -> Option<Arc<Tree>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(&key).filter(|(of, _)| *of == revision).map(|(_, tree)| Arc::clone(tree))
    }

    fn put(&self, key: TreeKey, revision: i64, tree: &Arc<Tree>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(key, (revision, Arc::clone(tree)));
    }
}

impl AssetInput {
    fn change(&self) -> Result<AssetChange, EngineError> {
        let name = required("name", &self.name, "Give the asset a name.")?;
        Ok(AssetChange { name, kind: self.kind, stage: self.stage })
    }
}

impl Engine {
    /// The tree of an organization's assets, as far as it is in sight.
    pub async fn tree(&self, asker: &Asker) -> Result<Arc<Tree>, EngineError> {
        // Before the tree: what changes in between makes the next look read it again.
        let revision = self.store.tree_revision(asker).await?;
        let key = (asker.organization, asker.sight().asset());
        if let Some(tree) = self.kept_trees.get(key, revision) {
            return Ok(tree);
        }
        let tree = Arc::new(self.store.tree(asker).await?);
        self.kept_trees.put(key, revision, &tree);
        Ok(tree)
    }

    /// Adds an asset under another, or at the top, as the last of those there.
    pub async fn add_asset(
        &self,
        asker: &Asker,
        input: &AssetInput,
        under: Option<AssetId>,
    ) -> Result<AssetId, EngineError> {
        asker.require(Right::ManageAssets)?;
        let AssetChange { name, kind, stage } = input.change()?;
        Ok(self.store.add_asset(asker, &NewAsset { name, kind, stage, under }).await?)
    }

    /// Renames an asset, or says what it is.
    pub async fn change_asset(&self, asker: &Asker, id: AssetId, input: &AssetInput) -> Result<(), EngineError> {
        asker.require(Right::ManageAssets)?;
        Ok(self.store.change_asset(asker, id, &input.change()?).await?)
    }

    /// Moves an asset with all that is below it: from a day that has come, or as if it had always stood there.
    pub async fn move_asset(
        &self,
        asker: &Asker,
        id: AssetId,
        under: Option<AssetId>,
        from: Option<Date>,
    ) -> Result<(), EngineError> {
        asker.require(Right::ManageAssets)?;
        self.has_come("from", asker, from).await?;
        Ok(self.store.move_asset(asker, id, under, from).await?)
    }

    /// Puts an asset before another one beside it, or as the last.
    pub async fn order_asset(&self, asker: &Asker, id: AssetId, before: Option<AssetId>) -> Result<(), EngineError> {
        Ok(self.store.order_asset(asker, id, before).await?)
    }

    /// Puts an asset one place further among the open ones beside it. Where there is none further, it stays.
    pub async fn shift_asset(&self, asker: &Asker, id: AssetId, to: Shift) -> Result<(), EngineError> {
        asker.require(Right::ManageAssets)?;
        let tree = self.tree(asker).await?;
        let parent = tree.get(id).ok_or(EngineError::NotFound("the asset"))?.parent;
        let beside: Vec<AssetId> = tree
            .children(parent)
            .filter(|asset| asset.closed_on.is_none() || asset.id == id)
            .map(|asset| asset.id)
            .collect();
        let place = beside.iter().position(|other| *other == id).unwrap_or_default();
        let before = match to {
            Shift::Up => match place.checked_sub(1) {
                Some(place) => Some(beside[place]),
                None => return Ok(()),
            },
            Shift::Down if place + 1 >= beside.len() => return Ok(()),
            Shift::Down => beside.get(place + 2).copied(),
        };
        self.order_asset(asker, id, before).await
    }

    /// Closes an asset, with all that is below it, from a day that has come; from today if none is said.
    pub async fn close_asset(&self, asker: &Asker, id: AssetId, from: Option<Date>) -> Result<(), EngineError> {
        asker.require(Right::ManageAssets)?;
        self.has_come("from", asker, from).await?;
        let from = match from {
            Some(day) => day,
            None => self.today_in(&self.store.organization(asker).await?),
        };
        Ok(self.store.close_asset(asker, id, from).await?)
    }

    /// Opens a closed asset again; what is below it stays closed.
    pub async fn reopen_asset(&self, asker: &Asker, id: AssetId) -> Result<(), EngineError> {
        Ok(self.store.reopen_asset(asker, id).await?)
    }

    /// Where an asset stands and stood.
    pub async fn asset_places(&self, asker: &Asker, id: AssetId) -> Result<Places, EngineError> {
        Ok(self.store.asset_places(asker, id).await?)
    }

    /// To which asset an account belongs and belonged.
    pub async fn account_places(&self, asker: &Asker, account: AccountId) -> Result<Places, EngineError> {
        Ok(self.store.account_places(asker, account).await?)
    }

    /// To which asset each account belonged on a day; those that belonged to none are left out.
    pub async fn accounts_on(&self, asker: &Asker, day: Date) -> Result<HashMap<AccountId, AssetId>, EngineError> {
        Ok(self.store.accounts_on(asker, day).await?)
    }

    /// Has an account belong to an asset, or to none: from a day that has come, or as if it had always been so. `None` where it is
    /// so already; the batch can be undone.
    pub async fn move_account(
        &self,
        asker: &Asker,
        account: AccountId,
        to: Option<AssetId>,
        from: Option<Date>,
    ) -> Result<Option<BatchId>, EngineError> {
        asker.require(Right::ManageAssets)?;
        self.has_come("from", asker, from).await?;
        let batch = self.store.move_account(asker, account, to, from).await?;
        self.report_progress();
        Ok(batch)
    }

    /// Says of a bank account that nothing is asked about it, or takes that back.
    pub async fn ignore_bank_account(
        &self,
        asker: &Asker,
        id: BankAccountId,
        is_ignored: bool,
    ) -> Result<(), EngineError> {
        self.store.ignore_bank_account(asker, id, is_ignored).await?;
        self.report_progress();
        Ok(())
    }

    async fn has_come(&self, field: &'static str, asker: &Asker, day: Option<Date>) -> Result<(), EngineError> {
        let Some(day) = day else { return Ok(()) };
        if day > self.today_in(&self.store.organization(asker).await?) {
            return Err(EngineError::invalid(field, "This day has not come yet."));
        }
        Ok(())
    }
}
