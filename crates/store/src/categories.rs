//! Categories: what lines are for, two levels deep.

mod changing;
mod merging;
mod usual;

use std::collections::{BTreeSet, HashMap};

use bankside_domain::category::{CategoryUse, SEPARATOR};
use bankside_domain::{Asker, AssetId, CategoryId, Id, Right, Sight};
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
        let transactions = self.transactions_by_category(&mut session, asker, sight).await?;
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

    /// How many transactions in sight have a line of each category. There may be a million of them: how many lines there are is kept.
    /// What several lines of one row have in common is taken off again, and rows whose lines are not among them are counted.
    async fn transactions_by_category(
        &self,
        session: &mut Session,
        asker: &Asker,
        sight: &Sight,
    ) -> Result<HashMap<Uuid, i64>, StoreError> {
        let lines = session.in_sight(
            sql!(
                "SELECT category_id, CAST(SUM(line_count) AS BIGINT) FROM line_counts
                 WHERE organization_id = $1 /* in sight: account_id */ GROUP BY category_id"
            ),
            sight,
        );
        // A line's category is not asked to be there before the other line's: SQLite would begin with all that have one.
        let in_common = session.in_sight(
            sql!(
                "SELECT l.category_id, -COUNT(*) FROM transaction_lines l
                 JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
                 WHERE l.organization_id = $1 AND l.position > 0
                    AND t.deleted_at IS NULL AND t.status IN ('booked', 'pending') /* in sight: t.account_id */
                    AND EXISTS (SELECT 1 FROM transaction_lines e WHERE e.organization_id = l.organization_id
                        AND e.transaction_id = l.transaction_id AND e.category_id = l.category_id AND e.position < l.position)
                 GROUP BY l.category_id"
            ),
            sight,
        );
        let in_no_sum = session.in_sight(
            sql!(
                "SELECT l.category_id, COUNT(DISTINCT l.transaction_id) FROM transactions t
                 JOIN transaction_lines l ON l.organization_id = t.organization_id AND l.transaction_id = t.id
                 WHERE t.organization_id = $1 AND t.status IN ('scheduled', 'declined') AND t.deleted_at IS NULL
                    AND l.category_id IS NOT NULL /* in sight: t.account_id */ GROUP BY l.category_id"
            ),
            sight,
        );
        let mut found: HashMap<Uuid, i64> = HashMap::new();
        for text in [lines, in_common, in_no_sum] {
            let counts: Vec<(Uuid, i64)> =
                on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
            for (category, count) in counts {
                *found.entry(category).or_default() += count;
            }
        }
        // A category of zeros is none.
        found.retain(|category, transactions| !category.is_nil() && *transactions > 0);
        Ok(found)
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
