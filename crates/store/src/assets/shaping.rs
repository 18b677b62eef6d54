//! Writing the tree: adding, renaming, moving, ordering, closing.

use bankside_domain::asset::{Asset, AssetRefused, Places, Tree};
use bankside_domain::text::fold;
use bankside_domain::{Asker, AssetId, Code, Id};
use jiff::civil::Date;
use uuid::Uuid;

use super::{AssetChange, NewAsset, may_manage};
use crate::convert::{date, dates, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// One of the tree.
fn known(tree: &Tree, id: AssetId) -> Result<&Asset, StoreError> {
    tree.get(id).ok_or(StoreError::NotFound("the asset"))
}

/// What an asset is to stand under, which must be there.
fn parent(tree: &Tree, under: Option<AssetId>) -> Result<(), StoreError> {
    under.map_or(Ok(()), |id| known(tree, id).map(|_| ()))
}

impl Store {
    /// Adds an asset, as the last of those beside it.
    pub async fn add_asset(&self, asker: &Asker, new: &NewAsset) -> Result<AssetId, StoreError> {
        let mut session = self.db.write(may_manage(asker)?).await?;
        let tree = self.lock_tree(&mut session, asker).await?;
        parent(&tree, new.under)?;
        tree.may_stand(None, &new.name, new.under)?;
        let asset = Asset {
            id: self.ambient.id(),
            parent: new.under,
            name: new.name.clone(),
            kind: new.kind,
            stage: new.stage,
            position: last_position(&tree, new.under),
            closed_on: None,
        };
        asset.may_be(&[])?;
        let text = sql!(
            "INSERT INTO assets (organization_id, id, parent_id, kind, stage, name, name_folded, position, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(asset.id.uuid())
                .bind(uuids(asset.parent))
                .bind(asset.kind.code())
                .bind(asset.stage.code())
                .bind(&asset.name)
                .bind(fold(&asset.name))
                .bind(asset.position)
                .bind(micros(self.ambient.now()))
        );
        let detail = match new.under {
            Some(under) => format!("{}, under {}", asset.name, tree.path(under)),
            None => asset.name.clone(),
        };
        self.audit_within(&mut session, asker, "asset.added", &asset.id.to_string(), &detail).await?;
        session.commit().await?;
        Ok(asset.id)
    }

    /// Renames an asset, or says what it is.
    pub async fn change_asset(&self, asker: &Asker, id: AssetId, to: &AssetChange) -> Result<(), StoreError> {
        let mut session = self.db.write(may_manage(asker)?).await?;
        let tree = self.lock_tree(&mut session, asker).await?;
        let before = known(&tree, id)?;
        let change = AssetChange { name: before.name.clone(), kind: before.kind, stage: before.stage };
        if change == *to {
            return Ok(());
        }
        if before.closed_on.is_some() {
            return Err(AssetRefused::Closed { name: before.name.clone() }.into());
        }
        tree.may_stand(Some(id), &to.name, before.parent)?;
        let accounts = self.open_accounts(&mut session, asker, std::slice::from_ref(before)).await?;
        Asset { kind: to.kind, stage: to.stage, ..before.clone() }.may_be(&accounts)?;
        let text = sql!(
            "UPDATE assets SET name = $3, name_folded = $4, kind = $5, stage = $6 WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(&to.name)
                .bind(fold(&to.name))
                .bind(to.kind.code())
                .bind(to.stage.code())
        );
        let says = |of: &AssetChange| format!("{}, {}, {}", of.name, of.kind.code(), of.stage.code());
        let detail = format!("{} → {}", says(&change), says(to));
        self.audit_within(&mut session, asker, "asset.changed", &id.to_string(), &detail).await?;
        session.commit().await
    }

    /// Moves an asset, with all that is below it, under another or to the top: from a day on, or as if it had always stood there.
    pub async fn move_asset(
        &self,
        asker: &Asker,
        id: AssetId,
        under: Option<AssetId>,
        from: Option<Date>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(may_manage(asker)?).await?;
        let tree = self.lock_tree(&mut session, asker).await?;
        let asset = known(&tree, id)?;
        parent(&tree, under)?;
        tree.may_stand(Some(id), &asset.name, under)?;
        let mut earlier = self.earlier_parents(&mut session, asker).await?;
        let before = Places { now: asset.parent, earlier: earlier.remove(&id).unwrap_or_default() };
        let after = before.moved(under, from);
        if after == before {
            return Ok(());
        }
        tree.may_have_stood(&earlier, id, under, from)?;
        if asset.parent != under {
            let text = sql!("UPDATE assets SET parent_id = $3, position = $4 WHERE organization_id = $1 AND id = $2");
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(id.uuid())
                    .bind(uuids(under))
                    .bind(last_position(&tree, under))
            );
        }
        self.write_earlier_parents(&mut session, asker, id, &after).await?;
        let at = |place: Option<AssetId>| place.map_or_else(|| "the top".to_owned(), |id| tree.path(id));
        let since = from.map_or_else(|| "from the beginning".to_owned(), |day| format!("from {day}"));
        let detail = format!("{}: {} → {}, {since}", asset.name, at(asset.parent), at(under));
        self.audit_within(&mut session, asker, "asset.moved", &id.to_string(), &detail).await?;
        session.commit().await
    }

    async fn write_earlier_parents(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AssetId,
        places: &Places,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let text = sql!("DELETE FROM earlier_parents WHERE organization_id = $1 AND asset_id = $2");
        run!(session, sqlx::query(text).bind(organization).bind(id.uuid()));
        for earlier in &places.earlier {
            let text = sql!(
                "INSERT INTO earlier_parents (organization_id, asset_id, until_on, parent_id) VALUES ($1, $2, $3, $4)"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(organization)
                    .bind(id.uuid())
                    .bind(date(earlier.until))
                    .bind(uuids(earlier.under))
            );
        }
        Ok(())
    }

    /// Puts an asset before another one beside it, or as the last.
    pub async fn order_asset(&self, asker: &Asker, id: AssetId, before: Option<AssetId>) -> Result<(), StoreError> {
        let mut session = self.db.write(may_manage(asker)?).await?;
        let tree = self.lock_tree(&mut session, asker).await?;
        let asset = known(&tree, id)?;
        let position = match before {
            None => last_position(&tree, asset.parent),
            Some(other) => {
                let other = known(&tree, other)?;
                if other.parent != asset.parent {
                    return Err(StoreError::Conflict("only assets that stand beside each other have an order"));
                }
                // Those from there on make room; no two beside each other ever have the same place.
                let text = sql!(
                    "UPDATE assets SET position = position + 1
                     WHERE organization_id = $1 AND position >= $3 AND parent_id IS NOT DISTINCT FROM $2"
                );
                run!(
                    session,
                    sqlx::query(text).bind(asker.organization.uuid()).bind(uuids(asset.parent)).bind(other.position)
                );
                other.position
            }
        };
        let text = sql!("UPDATE assets SET position = $3 WHERE organization_id = $1 AND id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()).bind(position));
        session.commit().await
    }

    /// Closes an asset, with all that is below it, from a day on. Refused while accounts are open there.
    pub async fn close_asset(&self, asker: &Asker, id: AssetId, from: Date) -> Result<(), StoreError> {
        let mut session = self.db.write(may_manage(asker)?).await?;
        let tree = self.lock_tree(&mut session, asker).await?;
        let asset = known(&tree, id)?;
        if asset.closed_on.is_some() {
            return Err(AssetRefused::Closed { name: asset.name.clone() }.into());
        }
        let below = tree.subtree(id);
        Tree::may_close(&self.open_accounts(&mut session, asker, below).await?)?;
        for asset in below.iter().filter(|asset| asset.closed_on.is_none()) {
            self.set_closed(&mut session, asker, asset.id, Some(from)).await?;
        }
        let detail = format!("{}, from {from}", tree.path(id));
        self.audit_within(&mut session, asker, "asset.closed", &id.to_string(), &detail).await?;
        session.commit().await
    }

    /// Opens a closed asset again; what is below it stays closed.
    pub async fn reopen_asset(&self, asker: &Asker, id: AssetId) -> Result<(), StoreError> {
        let mut session = self.db.write(may_manage(asker)?).await?;
        let tree = self.lock_tree(&mut session, asker).await?;
        let asset = known(&tree, id)?;
        if asset.closed_on.is_none() {
            return Err(StoreError::Conflict("this asset is open"));
        }
        tree.may_stand(Some(id), &asset.name, asset.parent)?;
        self.set_closed(&mut session, asker, id, None).await?;
        self.audit_within(&mut session, asker, "asset.reopened", &id.to_string(), &tree.path(id)).await?;
        session.commit().await
    }

    async fn set_closed(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AssetId,
        from: Option<Date>,
    ) -> Result<(), StoreError> {
        let text = sql!("UPDATE assets SET closed_on = $3 WHERE organization_id = $1 AND id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()).bind(dates(from)));
        Ok(())
    }

    /// The names of the open accounts that belong to some assets.
    async fn open_accounts(
        &self,
        session: &mut Session,
        asker: &Asker,
        of: &[Asset],
    ) -> Result<Vec<String>, StoreError> {
        let text = sql!(
            "SELECT asset_id, name FROM accounts
             WHERE organization_id = $1 AND asset_id IS NOT NULL AND closed_at IS NULL ORDER BY position, id"
        );
        let rows: Vec<(Uuid, String)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let of: std::collections::HashSet<Uuid> = of.iter().map(|asset| asset.id.uuid()).collect();
        Ok(rows.into_iter().filter(|(asset, _)| of.contains(asset)).map(|(_, name)| name).collect())
    }
}

/// The place after all that are beside it.
fn last_position(tree: &Tree, under: Option<AssetId>) -> i64 {
    tree.children(under).map(|asset| asset.position).max().map_or(0, |last| last.saturating_add(1))
}
