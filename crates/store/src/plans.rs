//! Plans: what is expected of each month and category, of an asset or of the organization. A file is a plan once it is confirmed; the plan
//! before it ends then, and can be brought back.

use bankside_domain::cashflow::plan::Planned;
use bankside_domain::{Asker, AssetId, CategoryId, Granted, Id, Month, PlanId, Right};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{ids, instant, instants, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::dialect::{ROWS_PER_STATEMENT, push_list};
use crate::error::or_conflict;
use crate::register::scaled;
use crate::{Store, StoreError};

/// A plan, as one file brought it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which one.
    pub id: PlanId,
    /// Of which asset; `None` is the organization.
    pub asset: Option<AssetId>,
    /// The name of the file.
    pub name: String,
    /// Who brought it.
    pub brought_by: Option<String>,
    /// When.
    pub brought_at: Timestamp,
    /// When it was confirmed; before that it is looked at and counts for nothing.
    pub confirmed_at: Option<Timestamp>,
    /// When another one took its place, or it was removed.
    pub ended_at: Option<Timestamp>,
}

impl Plan {
    /// Whether it is the plan that holds.
    pub fn holds(&self) -> bool {
        self.confirmed_at.is_some() && self.ended_at.is_none()
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    asset_id: Option<Uuid>,
    name: String,
    brought_by: Option<String>,
    brought_at: i64,
    confirmed_at: Option<i64>,
    ended_at: Option<i64>,
}

impl Row {
    fn into_plan(self) -> Result<Plan, StoreError> {
        Ok(Plan {
            id: self.id.into(),
            asset: ids(self.asset_id),
            name: self.name,
            brought_by: self.brought_by,
            brought_at: instant(self.brought_at)?,
            confirmed_at: instants(self.confirmed_at)?,
            ended_at: instants(self.ended_at)?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct AmountRow {
    currency: String,
    scale: i64,
    month: String,
    category_id: Uuid,
    amount_minor: i64,
}

impl AmountRow {
    fn into_planned(self) -> Result<Planned, StoreError> {
        let category: Option<CategoryId> = ids(Some(self.category_id).filter(|id| !id.is_nil()));
        Ok(Planned {
            currency: scaled(&self.currency, self.scale)?,
            month: self.month.parse().map_err(|error| StoreError::Corrupt(format!("a month: {error}")))?,
            category,
            minor: self.amount_minor,
        })
    }
}

/// What is asked of whom: the plan of an asset is of those who see it, that of the organization of those who see all of it.
fn granted(asker: &Asker, asset: Option<AssetId>, right: Right) -> Result<Granted, StoreError> {
    Ok(if asset.is_some() { asker.require_within(right)?.0 } else { asker.require(right)? })
}

impl Store {
    /// The plans of an asset, or of the organization: the latest first.
    pub async fn plans(&self, asker: &Asker, asset: Option<AssetId>) -> Result<Vec<Plan>, StoreError> {
        let mut session = self.db.read(granted(asker, asset, Right::SeeBooks)?).await?;
        self.check_place(&mut session, asker, asset).await?;
        let text = sql!(
            "SELECT n.id, n.asset_id, n.name, p.name AS brought_by, n.brought_at, n.confirmed_at, n.ended_at
             FROM plans n LEFT JOIN people p ON p.id = n.person_id
             WHERE n.organization_id = $1 AND (n.asset_id = $2 OR ($2 IS NULL AND n.asset_id IS NULL))
             ORDER BY n.brought_at DESC, n.id DESC"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(uuids(asset))
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Row::into_plan).collect()
    }

    /// What a plan plans, whether it holds or not.
    pub async fn planned(&self, asker: &Asker, asset: Option<AssetId>, id: PlanId) -> Result<Vec<Planned>, StoreError> {
        let mut session = self.db.read(granted(asker, asset, Right::SeeBooks)?).await?;
        self.check_place(&mut session, asker, asset).await?;
        let text = sql!(
            "SELECT m.currency, u.scale, m.month, m.category_id, m.amount_minor FROM plans n
             JOIN planned_amounts m ON m.organization_id = n.organization_id AND m.plan_id = n.id
             JOIN currencies u ON u.code = m.currency
             WHERE n.organization_id = $1 AND n.id = $3 AND (n.asset_id = $2 OR ($2 IS NULL AND n.asset_id IS NULL))
             ORDER BY m.month, m.currency, m.category_id"
        );
        let rows: Vec<AmountRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(uuids(asset))
            .bind(id.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(AmountRow::into_planned).collect()
    }

    /// What the plans that hold come to, of some assets and, where that is asked for, of the organization itself: from one month through
    /// another. Out of sight is no plan.
    pub async fn planned_of(
        &self,
        asker: &Asker,
        assets: &[AssetId],
        with_organization: bool,
        (from, through): (Month, Month),
    ) -> Result<Vec<Planned>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let tree = self.tree_within(&mut session, asker).await?;
        let seen = assets.iter().filter(|asset| tree.get(**asset).is_some()).map(|asset| asset.uuid());
        let rows: Vec<AmountRow> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT m.currency, u.scale, m.month, m.category_id, CAST(SUM(m.amount_minor) AS BIGINT) AS amount_minor \
                 FROM plans n JOIN planned_amounts m ON m.organization_id = n.organization_id AND m.plan_id = n.id \
                 JOIN currencies u ON u.code = m.currency \
                 WHERE n.confirmed_at IS NOT NULL AND n.ended_at IS NULL AND n.organization_id = ",
            );
            query.push_bind(asker.organization.uuid());
            query.push(" AND m.month >= ").push_bind(from.to_string());
            query.push(" AND m.month <= ").push_bind(through.to_string()).push(" AND (n.asset_id IN ");
            push_list(&mut query, seen);
            if with_organization && !asker.is_restricted() {
                query.push(" OR n.asset_id IS NULL");
            }
            query.push(") GROUP BY m.currency, u.scale, m.month, m.category_id");
            query.build_query_as().persistent(false).fetch_all(c).await?
        });
        rows.into_iter().map(AmountRow::into_planned).collect()
    }

    /// Keeps what a file plans, to be looked at. What was brought before and never confirmed goes.
    pub async fn bring_plan(
        &self,
        asker: &Asker,
        asset: Option<AssetId>,
        name: &str,
        planned: &[Planned],
    ) -> Result<PlanId, StoreError> {
        let mut session = self.db.write(granted(asker, asset, Right::EditBooks)?).await?;
        self.check_place(&mut session, asker, asset).await?;
        self.drop_drafts(&mut session, asker, asset, None).await?;
        let organization = asker.organization.uuid();
        let id: PlanId = self.ambient.id();
        let text = sql!(
            "INSERT INTO plans (organization_id, id, asset_id, name, person_id, brought_at) VALUES ($1, $2, $3, $4, $5, $6)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(organization)
                .bind(id.uuid())
                .bind(uuids(asset))
                .bind(name)
                .bind(asker.person().map(Id::uuid))
                .bind(micros(self.ambient.now()))
        );
        for chunk in planned.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO planned_amounts (organization_id, plan_id, currency, month, category_id, amount_minor) ",
                );
                insert.push_values(chunk, |mut row, planned| {
                    row.push_bind(organization)
                        .push_bind(id.uuid())
                        .push_bind(planned.currency.code.to_string())
                        .push_bind(planned.month.to_string())
                        .push_bind(planned.category.map_or(Uuid::nil(), Id::uuid))
                        .push_bind(planned.minor);
                });
                insert.build().execute(c).await?;
            });
        }
        session.commit().await?;
        Ok(id)
    }

    /// Lets go what was brought and never confirmed: the draft that the person saw. Another one that has come meanwhile stays.
    pub async fn discard_plan(&self, asker: &Asker, asset: Option<AssetId>, id: PlanId) -> Result<(), StoreError> {
        let mut session = self.db.write(granted(asker, asset, Right::EditBooks)?).await?;
        self.check_place(&mut session, asker, asset).await?;
        if self.drop_drafts(&mut session, asker, asset, Some(id)).await? == 0 {
            return Err(StoreError::Conflict("this plan is no draft any more: look again"));
        }
        session.commit().await
    }

    /// Has a plan hold, whether it is new or ended before; the one that held until now ends.
    pub async fn hold_plan(&self, asker: &Asker, asset: Option<AssetId>, id: PlanId) -> Result<(), StoreError> {
        let mut session = self.db.write(granted(asker, asset, Right::EditBooks)?).await?;
        self.check_place(&mut session, asker, asset).await?;
        self.end_plans(&mut session, asker, asset, None).await?;
        let now = micros(self.ambient.now());
        let text = sql!(
            "UPDATE plans SET confirmed_at = COALESCE(confirmed_at, $4), ended_at = NULL
             WHERE organization_id = $1 AND id = $3 AND (asset_id = $2 OR ($2 IS NULL AND asset_id IS NULL))"
        );
        let held: Result<u64, sqlx::Error> = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(uuids(asset))
            .bind(id.uuid())
            .bind(now)
            .execute(c)
            .await
            .map(|done| done.rows_affected()));
        if or_conflict(held, "another plan was taken at the same moment: look again")? == 0 {
            return Err(StoreError::NotFound("the plan"));
        }
        self.audit_within(&mut session, asker, "plan.held", &id.to_string(), &place_in_words(asset)).await?;
        session.commit().await
    }

    /// Ends the plan that holds: the one that the person saw. It stays, and can be brought back.
    pub async fn end_plan(&self, asker: &Asker, asset: Option<AssetId>, id: PlanId) -> Result<(), StoreError> {
        let mut session = self.db.write(granted(asker, asset, Right::EditBooks)?).await?;
        self.check_place(&mut session, asker, asset).await?;
        if self.end_plans(&mut session, asker, asset, Some(id)).await? == 0 {
            return Err(StoreError::Conflict("this plan does not hold any more: look again"));
        }
        self.audit_within(&mut session, asker, "plan.ended", &id.to_string(), &place_in_words(asset)).await?;
        session.commit().await
    }

    /// Ends the plan that holds, where it is the one that is meant; answers how many that were.
    async fn end_plans(
        &self,
        session: &mut Session,
        asker: &Asker,
        asset: Option<AssetId>,
        only: Option<PlanId>,
    ) -> Result<u64, StoreError> {
        let text = sql!(
            "UPDATE plans SET ended_at = $3 WHERE organization_id = $1 AND ended_at IS NULL AND confirmed_at IS NOT NULL
                AND (asset_id = $2 OR ($2 IS NULL AND asset_id IS NULL)) AND (id = $4 OR $4 IS NULL)"
        );
        Ok(run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(uuids(asset))
                .bind(micros(self.ambient.now()))
                .bind(uuids(only))
        ))
    }

    /// Drops drafts, or the one that is meant; answers how many that were.
    async fn drop_drafts(
        &self,
        session: &mut Session,
        asker: &Asker,
        asset: Option<AssetId>,
        only: Option<PlanId>,
    ) -> Result<u64, StoreError> {
        let text = sql!(
            "DELETE FROM planned_amounts WHERE organization_id = $1 AND plan_id IN (SELECT n.id FROM plans n
                WHERE n.organization_id = $1 AND n.confirmed_at IS NULL
                AND (n.asset_id = $2 OR ($2 IS NULL AND n.asset_id IS NULL)) AND (n.id = $3 OR $3 IS NULL))"
        );
        let organization = asker.organization.uuid();
        run!(session, sqlx::query(text).bind(organization).bind(uuids(asset)).bind(uuids(only)));
        let text = sql!(
            "DELETE FROM plans WHERE organization_id = $1 AND confirmed_at IS NULL
                AND (asset_id = $2 OR ($2 IS NULL AND asset_id IS NULL)) AND (id = $3 OR $3 IS NULL)"
        );
        Ok(run!(session, sqlx::query(text).bind(organization).bind(uuids(asset)).bind(uuids(only))))
    }

    /// An asset must be in sight.
    async fn check_place(
        &self,
        session: &mut Session,
        asker: &Asker,
        asset: Option<AssetId>,
    ) -> Result<(), StoreError> {
        let Some(id) = asset else { return Ok(()) };
        let tree = self.tree_within(session, asker).await?;
        tree.get(id).map(|_| ()).ok_or(StoreError::NotFound("the asset"))
    }
}

fn place_in_words(asset: Option<AssetId>) -> String {
    asset.map_or_else(|| "organization".to_owned(), |asset| asset.to_string())
}
