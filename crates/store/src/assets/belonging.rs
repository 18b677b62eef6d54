//! Which asset an account belongs to, and belonged to on which day. Saying so is a batch, so it can be taken back.

use std::collections::BTreeMap;

use bankside_domain::asset::{ASSET, AssetRefused, Earlier, Places, Tree};
use bankside_domain::batch::{BatchActor, Entity};
use bankside_domain::{AccountId, Asker, AssetId, BatchId, Id};
use jiff::civil::Date;
use uuid::Uuid;

use super::may_manage;
use crate::accounts::Sums;
use crate::batches::{NewBatch, change};
use crate::convert::{SqlDate, date, ids, uuids};
use crate::db::{Session, on, run, sql};
use crate::dialect::push_list;
use crate::{Store, StoreError};

impl Store {
    /// Has an account belong to an asset, or to none: from a day on, or as if it had always been so. `None` where it is so already.
    pub async fn move_account(
        &self,
        asker: &Asker,
        account: AccountId,
        to: Option<AssetId>,
        from: Option<Date>,
    ) -> Result<Option<BatchId>, StoreError> {
        let mut session = self.db.write(may_manage(asker)?).await?;
        // In the order in which undoing locks them, so that neither ever waits for the other.
        self.lock_account(&mut session, asker, account).await?;
        let tree = self.lock_tree(&mut session, asker).await?;
        let id = account.uuid();
        let before = self.places_of_accounts(&mut session, asker, &[id]).await?.remove(&id).unwrap_or_default();
        let after = before.moved(to, from);
        if before == after {
            return Ok(None);
        }
        let at = |place: Option<AssetId>| place.map_or_else(|| "no asset".to_owned(), |id| tree.path(id));
        // Without a name: whoever sees the account once need not see where it was moved to.
        let summary = if to.is_some() { "Moved to another asset" } else { "Moved out of all assets" };
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        let changes = [change(Entity::Account, id, id, ASSET, before.value(), after.value())];
        self.write_fields(&mut session, asker, batch, &changes).await?;
        self.write_changes(&mut session, asker, batch, &changes).await?;
        let since = from.map_or_else(|| "from the beginning".to_owned(), |day| format!("from {day}"));
        let detail = format!("{} → {}, {since}", at(before.now), at(to));
        self.audit_within(&mut session, asker, "account.moved", &account.to_string(), &detail).await?;
        // Whoever shows the account hears of it.
        self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        session.commit().await?;
        Ok(Some(batch))
    }

    /// Writes to which assets accounts belong and belonged. Whoever undoes writes here, too, and meets the same refusals.
    pub(crate) async fn write_places(
        &self,
        session: &mut Session,
        asker: &Asker,
        accounts: &[Uuid],
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        may_manage(asker)?;
        let tree = self.lock_tree(session, asker).await?;
        let after = Places::of_value(value)?;
        let known = self.places_of_accounts(session, asker, accounts).await?;
        for account in accounts {
            let before = known.get(account).ok_or(StoreError::NotFound("the account"))?;
            if before.now != after.now {
                check_belonging(&tree, after.now)?;
            }
            let locked = self.lock_account(session, asker, AccountId::from(*account)).await?.locked_through;
            if locked.is_some_and(|through| !before.agrees_through(&after, through)) {
                return Err(AssetRefused::Locked.into());
            }
            self.write_places_of(session, asker, *account, &after).await?;
        }
        Ok(())
    }

    async fn write_places_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: Uuid,
        places: &Places,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let text = sql!("UPDATE accounts SET asset_id = $3 WHERE organization_id = $1 AND id = $2");
        run!(session, sqlx::query(text).bind(organization).bind(account).bind(uuids(places.now)));
        let text = sql!("DELETE FROM earlier_assets WHERE organization_id = $1 AND account_id = $2");
        run!(session, sqlx::query(text).bind(organization).bind(account));
        for earlier in &places.earlier {
            let text = sql!(
                "INSERT INTO earlier_assets (organization_id, account_id, until_on, asset_id) VALUES ($1, $2, $3, $4)"
            );
            run!(
                session,
                sqlx::query(text).bind(organization).bind(account).bind(date(earlier.until)).bind(uuids(earlier.under))
            );
        }
        Ok(())
    }

    /// To which assets accounts belong and belonged; of those that are there.
    pub(crate) async fn places_of_accounts(
        &self,
        session: &mut Session,
        asker: &Asker,
        accounts: &[Uuid],
    ) -> Result<BTreeMap<Uuid, Places>, StoreError> {
        let now: Vec<(Uuid, Option<Uuid>)> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT id, asset_id FROM accounts WHERE organization_id = ");
            query.push_bind(asker.organization.uuid()).push(" AND id IN ");
            push_list(&mut query, accounts.iter().copied());
            query.build_query_as().fetch_all(c).await?
        });
        let mut places: BTreeMap<Uuid, Places> =
            now.into_iter().map(|(id, asset)| (id, Places { now: ids(asset), earlier: Vec::new() })).collect();
        let earlier: Vec<(Uuid, SqlDate, Option<Uuid>)> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT account_id, until_on, asset_id FROM earlier_assets WHERE organization_id = ",
            );
            query.push_bind(asker.organization.uuid()).push(" AND account_id IN ");
            push_list(&mut query, accounts.iter().copied());
            query.push(" ORDER BY account_id, until_on");
            query.build_query_as().fetch_all(c).await?
        });
        for (account, until, under) in earlier {
            if let Some(places) = places.get_mut(&account) {
                places.earlier.push(Earlier { until: until.to_jiff(), under: ids(under) });
            }
        }
        Ok(places)
    }

    /// The asset that a new account belongs to; what is found holds until the transaction ends. Whoever sees one asset adds accounts
    /// there or below: elsewhere they would not see them.
    pub(crate) async fn asset_of_new(
        &self,
        session: &mut Session,
        asker: &Asker,
        chosen: Option<AssetId>,
    ) -> Result<Option<AssetId>, StoreError> {
        let asset = chosen.or(asker.sight().asset());
        if asset.is_none() {
            return Ok(None);
        }
        check_belonging(&self.lock_tree(session, asker).await?, asset)?;
        Ok(asset)
    }
}

fn check_belonging(tree: &Tree, asset: Option<AssetId>) -> Result<(), StoreError> {
    let Some(asset) = asset else { return Ok(()) };
    Ok(tree.get(asset).ok_or(StoreError::NotFound("the asset"))?.may_have_accounts()?)
}
