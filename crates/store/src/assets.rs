//! Assets: the tree of an organization, and where its nodes stood before.

mod belonging;
mod shaping;

use std::collections::{BTreeMap, HashMap};

use bankside_domain::asset::{Asset, AssetKind, AssetRefused, AssetStage, Earlier, Places, Tree};
use bankside_domain::{AccountId, Asker, AssetId, Denied, Granted, Id, Right};
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, code, ids};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// An asset to add.
#[derive(Debug, Clone)]
pub struct NewAsset {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: AssetKind,
    /// How far it has come.
    pub stage: AssetStage,
    /// What it stands under; `None` is the organization itself.
    pub under: Option<AssetId>,
}

/// What an asset is called and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetChange {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: AssetKind,
    /// How far it has come.
    pub stage: AssetStage,
}

/// Whether somebody may change the tree, and say which account belongs to which asset. Whoever sees but a part of it may not.
pub(crate) fn may_manage(asker: &Asker) -> Result<Granted, Denied> {
    asker.require(Right::ManageAssets)
}

#[derive(sqlx::FromRow)]
struct AssetRow {
    id: Uuid,
    parent_id: Option<Uuid>,
    name: String,
    kind: String,
    stage: String,
    position: i64,
    closed_on: Option<SqlDate>,
}

impl AssetRow {
    fn into_asset(self) -> Result<Asset, StoreError> {
        Ok(Asset {
            id: self.id.into(),
            parent: ids(self.parent_id),
            name: self.name,
            kind: code(&self.kind)?,
            stage: code(&self.stage)?,
            position: self.position,
            closed_on: self.closed_on.map(SqlDate::to_jiff),
        })
    }
}

impl From<AssetRefused> for StoreError {
    fn from(refused: AssetRefused) -> Self {
        Self::AssetRefused(refused)
    }
}

impl Store {
    /// Rises with every write to the assets of the organization: a tree that was read holds as long as this stays.
    pub async fn tree_revision(&self, asker: &Asker) -> Result<i64, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!("SELECT tree_revision FROM organizations WHERE id = $1");
        let revision: Option<i64> =
            on!(session, c => sqlx::query_scalar(text).bind(asker.organization.uuid()).fetch_optional(c).await?);
        revision.ok_or(StoreError::NotFound("the organization"))
    }

    /// The tree, as far as it is in sight: whoever sees one asset has that at the top.
    pub async fn tree(&self, asker: &Asker) -> Result<Tree, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        self.tree_within(&mut session, asker).await
    }

    pub(crate) async fn tree_within(&self, session: &mut Session, asker: &Asker) -> Result<Tree, StoreError> {
        let text =
            sql!("SELECT id, parent_id, name, kind, stage, position, closed_on FROM assets WHERE organization_id = $1");
        let rows: Vec<AssetRow> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let assets: Result<Vec<Asset>, StoreError> = rows.into_iter().map(AssetRow::into_asset).collect();
        let whole = Tree::new(assets?);
        Ok(match asker.sight().asset() {
            Some(top) => whole.below(top),
            None => whole,
        })
    }

    /// Has whoever else wants to change the tree wait, and reads it. Two moves at once could otherwise put each below the other.
    pub(crate) async fn lock_tree(&self, session: &mut Session, asker: &Asker) -> Result<Tree, StoreError> {
        let text = sql!("UPDATE organizations SET tree_revision = tree_revision + 1 WHERE id = $1");
        if run!(session, sqlx::query(text).bind(asker.organization.uuid())) == 0 {
            return Err(StoreError::NotFound("the organization"));
        }
        self.tree_within(session, asker).await
    }

    /// Where an asset stands and stood. A place out of sight is none.
    pub async fn asset_places(&self, asker: &Asker, id: AssetId) -> Result<Places, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let tree = self.tree_within(&mut session, asker).await?;
        let now = tree.get(id).ok_or(StoreError::NotFound("the asset"))?.parent;
        let earlier = self.earlier_parents(&mut session, asker).await?.remove(&id).unwrap_or_default();
        Ok(Places { now, earlier }.within(&tree))
    }

    /// Under what the assets of an organization stood before: of those that have been moved.
    pub(crate) async fn earlier_parents(
        &self,
        session: &mut Session,
        asker: &Asker,
    ) -> Result<BTreeMap<AssetId, Vec<Earlier>>, StoreError> {
        let text = sql!(
            "SELECT asset_id, until_on, parent_id FROM earlier_parents WHERE organization_id = $1
             ORDER BY asset_id, until_on"
        );
        let rows: Vec<(Uuid, SqlDate, Option<Uuid>)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let mut earlier: BTreeMap<AssetId, Vec<Earlier>> = BTreeMap::new();
        for (asset, until, under) in rows {
            earlier.entry(asset.into()).or_default().push(Earlier { until: until.to_jiff(), under: ids(under) });
        }
        Ok(earlier)
    }

    /// To which asset an account belongs and belonged. One out of sight is none.
    pub async fn account_places(&self, asker: &Asker, account: AccountId) -> Result<Places, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::SeeBooks, account)?).await?;
        let places = self.places_of_accounts(&mut session, asker, &[account.uuid()]).await?.remove(&account.uuid());
        let tree = self.tree_within(&mut session, asker).await?;
        Ok(places.ok_or(StoreError::NotFound("the account"))?.within(&tree))
    }

    /// To which asset each account belonged on a day; those that belonged to none, or to one out of sight, are left out.
    pub async fn accounts_on(&self, asker: &Asker, day: Date) -> Result<HashMap<AccountId, AssetId>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let tree = self.tree_within(&mut session, asker).await?;
        let text = session.in_sight(
            sql!(
                "SELECT a.id, CASE WHEN e.until_on IS NULL THEN a.asset_id ELSE e.asset_id END FROM accounts a
             LEFT JOIN earlier_assets e ON e.organization_id = a.organization_id AND e.account_id = a.id
                AND e.until_on = (SELECT MIN(n.until_on) FROM earlier_assets n
                    WHERE n.organization_id = a.organization_id AND n.account_id = a.id AND n.until_on > $2)
             WHERE a.organization_id = $1 /* in sight: a.id */"
            ),
            sight,
        );
        let rows: Vec<(Uuid, Option<Uuid>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(crate::convert::date(day))
            .fetch_all(c)
            .await?);
        let seen = |(account, asset): (Uuid, Option<Uuid>)| {
            let asset = AssetId::from(asset?);
            tree.get(asset).map(|_| (account.into(), asset))
        };
        Ok(rows.into_iter().filter_map(seen).collect())
    }
}
