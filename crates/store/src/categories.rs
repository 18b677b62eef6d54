//! Categories: what lines are for, two levels deep.

mod changing;
mod merging;
mod usual;

use std::collections::{BTreeSet, HashMap};

use bankside_domain::category::{CategoryUse, SEPARATOR};
use bankside_domain::{Asker, AssetId, CategoryId, Id, Right};
use uuid::Uuid;

use crate::convert::{count, ids};
use crate::db::{Session, on, sql};
use crate::dialect::push_list;
use crate::{Store, StoreError};

pub use merging::Merged;

/// A category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    /// Which one.
    pub id: CategoryId,
    /// The one above it.
    pub parent: Option<CategoryId>,
    /// Its name.
    pub name: String,
    /// Its name with that of the one above it: `House ▸ Repairs`.
    pub path: String,
    /// Whether it is one of a company's seven main ones.
    pub is_fixed: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    parent_id: Option<Uuid>,
    name: String,
    above: Option<String>,
    is_fixed: bool,
}

/// That a category `k` is there. One that was merged or deleted is there while a row of the books has it or one below it: an undoing
/// brings such rows back. The list of categories and that of their names for cashflow and plans say the same.
const IS_THERE: &str = "(k.gone_at IS NULL OR EXISTS (SELECT 1 FROM categories below \
     JOIN transaction_lines g ON g.organization_id = below.organization_id AND g.category_id = below.id \
     JOIN transactions gt ON gt.organization_id = g.organization_id AND gt.id = g.transaction_id \
     WHERE below.organization_id = k.organization_id AND (below.id = k.id OR below.parent_id = k.id) \
     AND gt.deleted_at IS NULL))";

impl Row {
    fn into_category(self) -> Category {
        Category {
            id: self.id.into(),
            parent: ids(self.parent_id),
            path: path(&self.name, self.above.as_deref()),
            name: self.name,
            is_fixed: self.is_fixed,
        }
    }
}

impl Store {
    /// The categories of an organization, each after the one above it.
    pub async fn categories(&self, asker: &Asker) -> Result<Vec<Category>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!(
            "SELECT k.id, k.parent_id, k.name, m.name AS above, k.is_builtin AS is_fixed
             FROM categories k
             LEFT JOIN categories m ON m.organization_id = k.organization_id AND m.id = k.parent_id
             WHERE k.organization_id = $1 AND (k.gone_at IS NULL OR EXISTS (SELECT 1 FROM categories below
                JOIN transaction_lines g ON g.organization_id = below.organization_id AND g.category_id = below.id
                JOIN transactions gt ON gt.organization_id = g.organization_id AND gt.id = g.transaction_id
                WHERE below.organization_id = k.organization_id AND (below.id = k.id OR below.parent_id = k.id)
                    AND gt.deleted_at IS NULL))
             ORDER BY COALESCE(m.position, k.position), COALESCE(m.name_folded, k.name_folded),
                CASE WHEN k.parent_id IS NULL THEN 0 ELSE 1 END, k.position, k.name_folded, k.id"
        );
        let rows: Vec<Row> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        Ok(rows.into_iter().map(Row::into_category).collect())
    }

    /// What uses each category, of what is in sight; those that nothing uses are left out. A plan counts also while it does not hold: it
    /// can be brought back.
    pub async fn category_uses(&self, asker: &Asker) -> Result<HashMap<CategoryId, CategoryUse>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT l.category_id, COUNT(DISTINCT l.transaction_id) FROM transaction_lines l
                 JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
                 WHERE l.organization_id = $1 AND l.category_id IS NOT NULL AND t.deleted_at IS NULL
                    /* in sight: t.account_id */
                 GROUP BY l.category_id"
            ),
            sight,
        );
        let transactions: Vec<(Uuid, i64)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let text = sql!(
            "SELECT category_id, COUNT(*) FROM provider_categories
             WHERE organization_id = $1 AND category_id IS NOT NULL GROUP BY category_id"
        );
        let mappings: Vec<(Uuid, i64)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let text = sql!(
            "SELECT m.category_id, n.asset_id, COUNT(DISTINCT n.id) FROM planned_amounts m
             JOIN plans n ON n.organization_id = m.organization_id AND n.id = m.plan_id
             WHERE m.organization_id = $1 GROUP BY m.category_id, n.asset_id"
        );
        let plans: Vec<(Uuid, Option<Uuid>, i64)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let tree = self.tree_within(&mut session, asker).await?;
        let rules = if asker.is_restricted() { Vec::new() } else { self.rules_within(&mut session, asker).await? };
        let mut uses: HashMap<CategoryId, CategoryUse> = HashMap::new();
        for (id, transactions) in transactions {
            uses.entry(id.into()).or_default().transactions = transactions;
        }
        for category in rules.iter().flat_map(|one| one.rule.says.categories()) {
            uses.entry(category).or_default().rules += 1;
        }
        for (id, mappings) in mappings {
            uses.entry(id.into()).or_default().mappings = mappings;
        }
        for (id, asset, plans) in plans {
            let asset: Option<AssetId> = ids(asset);
            let is_in_sight = asset.map_or(!asker.is_restricted(), |asset| tree.get(asset).is_some());
            // A category of zeros is none.
            if is_in_sight && !id.is_nil() {
                uses.entry(id.into()).or_default().plans += plans;
            }
        }
        Ok(uses)
    }

    /// Every one of these must be there.
    pub(crate) async fn check_categories(
        &self,
        session: &mut Session,
        asker: &Asker,
        categories: &BTreeSet<CategoryId>,
    ) -> Result<(), StoreError> {
        let found: i64 = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT COUNT(*) FROM categories k WHERE k.organization_id = ");
            query.push_bind(asker.organization.uuid()).push(" AND ").push(IS_THERE).push(" AND k.id IN ");
            push_list(&mut query, categories.iter().map(|id| id.uuid()));
            query.build_query_scalar().fetch_one(c).await?
        });
        if found < count(categories.len()) { Err(StoreError::NotFound("the category")) } else { Ok(()) }
    }
}

/// A category's name with that of the one above it.
pub(crate) fn path(name: &str, above: Option<&str>) -> String {
    above.map_or_else(|| name.to_owned(), |above| format!("{above}{SEPARATOR}{name}"))
}
