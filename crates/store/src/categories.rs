//! Categories: what lines are for, two levels deep.

use std::collections::{BTreeSet, HashMap};

use bankside_domain::text::fold;
use bankside_domain::{Asker, CategoryId, Id, Right, Sight};
use uuid::Uuid;

use crate::convert::{count, ids, micros, uuids};
use crate::db::{Session, on, sql};
use crate::dialect::push_list;
use crate::error::or_conflict;
use crate::{Store, StoreError};

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
    /// How many lines have it.
    pub used: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    parent_id: Option<Uuid>,
    name: String,
    above: Option<String>,
    used: i64,
}

impl Row {
    fn into_category(self) -> Category {
        Category {
            id: self.id.into(),
            parent: ids(self.parent_id),
            path: path(&self.name, self.above.as_deref()),
            name: self.name,
            used: self.used,
        }
    }
}

impl Store {
    /// The categories of an organization, each after the one above it.
    pub async fn categories(&self, asker: &Asker) -> Result<Vec<Category>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = sql!(
            "SELECT k.id, k.parent_id, k.name, m.name AS above,
                (SELECT COUNT(*) FROM transaction_lines l WHERE l.organization_id = k.organization_id
                    AND l.category_id = k.id) AS used
             FROM categories k
             LEFT JOIN categories m ON m.organization_id = k.organization_id AND m.id = k.parent_id
             WHERE k.organization_id = $1
             ORDER BY COALESCE(m.position, k.position), COALESCE(m.name_folded, k.name_folded),
                CASE WHEN k.parent_id IS NULL THEN 0 ELSE 1 END, k.position, k.name_folded, k.id"
        );
        let rows: Vec<Row> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let mut categories: Vec<Category> = rows.into_iter().map(Row::into_category).collect();
        if *sight != Sight::Whole {
            let used = self.used_in_sight(&mut session, asker).await?;
            for category in &mut categories {
                category.used = used.get(&category.id.uuid()).copied().unwrap_or(0);
            }
        }
        Ok(categories)
    }

    /// How many lines of each category are in sight.
    async fn used_in_sight(&self, session: &mut Session, asker: &Asker) -> Result<HashMap<Uuid, i64>, StoreError> {
        let text = session.in_sight(
            sql!(
                "SELECT l.category_id, COUNT(*) FROM transaction_lines l
                 JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
                 WHERE l.organization_id = $1 AND l.category_id IS NOT NULL /* in sight: t.account_id */
                 GROUP BY l.category_id"
            ),
            asker.sight(),
        );
        let rows: Vec<(Uuid, i64)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        Ok(rows.into_iter().collect())
    }

    /// Adds a category; the one above it must have none above itself.
    pub async fn add_category(
        &self,
        asker: &Asker,
        name: &str,
        parent: Option<CategoryId>,
    ) -> Result<CategoryId, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageCategories)?).await?;
        let organization = asker.organization.uuid();
        if let Some(parent) = parent {
            let text = sql!("SELECT parent_id IS NULL FROM categories WHERE organization_id = $1 AND id = $2");
            let is_main: Option<bool> = on!(session, c => sqlx::query_scalar(text).bind(organization).bind(parent.uuid()).fetch_optional(c).await?);
            if !is_main.ok_or(StoreError::NotFound("the category above it"))? {
                return Err(StoreError::Conflict("categories have two levels and no more"));
            }
        }
        let id: CategoryId = self.ambient.id();
        let text = sql!(
            "INSERT INTO categories (organization_id, id, parent_id, name, name_folded, is_builtin, position, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
        );
        let made: Result<u64, sqlx::Error> = on!(session, c => sqlx::query(text)
            .bind(organization)
            .bind(id.uuid())
            .bind(uuids(parent))
            .bind(name)
            .bind(fold(name))
            .bind(false)
            .bind(micros(self.ambient.now()))
            .execute(c)
            .await
            .map(|done| done.rows_affected()));
        or_conflict(made, "there is a category of this name already")?;
        session.commit().await?;
        Ok(id)
    }

    /// Every one of these must be there.
    pub(crate) async fn check_categories(
        &self,
        session: &mut Session,
        asker: &Asker,
        categories: &BTreeSet<CategoryId>,
    ) -> Result<(), StoreError> {
        let found: i64 = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT COUNT(*) FROM categories WHERE organization_id = ");
            query.push_bind(asker.organization.uuid()).push(" AND id IN ");
            push_list(&mut query, categories.iter().map(|id| id.uuid()));
            query.build_query_scalar().fetch_one(c).await?
        });
        if found < count(categories.len()) { Err(StoreError::NotFound("the category")) } else { Ok(()) }
    }
}

/// A category's name with that of the one above it.
pub(crate) fn path(name: &str, above: Option<&str>) -> String {
    above.map_or_else(|| name.to_owned(), |above| format!("{above} ▸ {name}"))
}
