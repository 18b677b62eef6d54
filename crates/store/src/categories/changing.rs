//! Adding, renaming, moving and deleting categories. Whoever changes them waits for whoever else does.

use bankside_domain::category::{CategoryFacts, CategoryRefused, CategoryUse, may_add};
use bankside_domain::text::fold;
use bankside_domain::{Asker, CategoryId, Id, OrganizationKind, Right};
use uuid::Uuid;

use crate::convert::{ids, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct FactsRow {
    parent_id: Option<Uuid>,
    name: String,
    is_builtin: bool,
    subcategories: i64,
}

impl From<CategoryRefused> for StoreError {
    fn from(refused: CategoryRefused) -> Self {
        Self::CategoryRefused(refused)
    }
}

impl Store {
    /// Adds a category; the one above it must have none above itself.
    pub async fn add_category(
        &self,
        asker: &Asker,
        name: &str,
        parent: Option<CategoryId>,
    ) -> Result<CategoryId, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageCategories)?).await?;
        let kind = self.lock_categories(&mut session, asker).await?;
        let below = match parent {
            Some(parent) => Some(self.category_facts(&mut session, asker, parent).await?),
            None => None,
        };
        may_add(kind, below.as_ref())?;
        let id: CategoryId = self.ambient.id();
        let text = sql!(
            "INSERT INTO categories (organization_id, id, parent_id, name, name_folded, is_builtin, position, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7)"
        );
        let made = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .bind(uuids(parent))
            .bind(name)
            .bind(fold(name))
            .bind(false)
            .bind(micros(self.ambient.now()))
            .execute(c)
            .await
            .map(|_| ()));
        or_taken(made, name)?;
        session.commit().await?;
        Ok(id)
    }

    /// Gives a category another name, another place, or both. `seen` is the name that the person saw, where they saw one.
    pub async fn change_category(
        &self,
        asker: &Asker,
        id: CategoryId,
        name: Option<&str>,
        parent: Option<Option<CategoryId>>,
        seen: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageCategories)?).await?;
        let kind = self.lock_categories(&mut session, asker).await?;
        let facts = self.category_facts(&mut session, asker, id).await?;
        if seen.is_some_and(|seen| seen != facts.name) {
            return Err(CategoryRefused::ChangedMeanwhile { name: facts.name }.into());
        }
        let name = name.filter(|name| *name != facts.name);
        if name.is_some() {
            facts.may_be_renamed()?;
        }
        let parent = parent.filter(|parent| *parent != facts.parent);
        if let Some(parent) = parent {
            let below = match parent {
                Some(parent) => Some(self.category_facts(&mut session, asker, parent).await?),
                None => None,
            };
            facts.may_move(kind, below.as_ref())?;
        }
        let name = name.unwrap_or(&facts.name);
        let text = sql!(
            "UPDATE categories SET name = $3, name_folded = $4, parent_id = $5 WHERE organization_id = $1 AND id = $2"
        );
        let written = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .bind(name)
            .bind(fold(name))
            .bind(uuids(parent.unwrap_or(facts.parent)))
            .execute(c)
            .await
            .map(|_| ()));
        or_taken(written, name)?;
        session.commit().await
    }

    /// Deletes a category that nothing uses.
    pub async fn delete_category(&self, asker: &Asker, id: CategoryId) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageCategories)?).await?;
        self.lock_categories(&mut session, asker).await?;
        let facts = self.category_facts(&mut session, asker, id).await?;
        facts.may_go(self.category_use(&mut session, asker, id).await?)?;
        self.let_go(&mut session, asker, id).await?;
        session.commit().await
    }

    /// How many transactions of the books, mappings, plans and rules use a category.
    pub(super) async fn category_use(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: CategoryId,
    ) -> Result<CategoryUse, StoreError> {
        let text = sql!(
            "SELECT (SELECT COUNT(DISTINCT l.transaction_id) FROM transaction_lines l
                JOIN transactions t ON t.organization_id = l.organization_id AND t.id = l.transaction_id
                WHERE l.organization_id = $1 AND l.category_id = $2 AND t.deleted_at IS NULL),
                (SELECT COUNT(*) FROM provider_categories p WHERE p.organization_id = $1 AND p.category_id = $2),
                (SELECT COUNT(DISTINCT m.plan_id) FROM planned_amounts m
                WHERE m.organization_id = $1 AND m.category_id = $2)"
        );
        let (transactions, mappings, plans): (i64, i64, i64) = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_one(c)
            .await?);
        let rules = self.rules_with_category(session, asker, id).await?;
        Ok(CategoryUse { transactions, mappings, plans, rules })
    }

    /// A category is there no more. Its row stays: what is undone later may bring lines of it back.
    pub(super) async fn let_go(&self, session: &mut Session, asker: &Asker, id: CategoryId) -> Result<(), StoreError> {
        let text = sql!("UPDATE categories SET gone_at = $3 WHERE organization_id = $1 AND id = $2");
        run!(
            session,
            sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()).bind(micros(self.ambient.now()))
        );
        Ok(())
    }

    /// Has everybody wait who wants to change categories, and answers what the organization is.
    pub(crate) async fn lock_categories(
        &self,
        session: &mut Session,
        asker: &Asker,
    ) -> Result<OrganizationKind, StoreError> {
        self.lock_organization(session, asker).await
    }

    /// A category, held so that nobody gives it to a line meanwhile.
    pub(super) async fn category_facts(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: CategoryId,
    ) -> Result<CategoryFacts, StoreError> {
        let lock = session.for_update();
        let row: Option<FactsRow> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new(
                "SELECT k.parent_id, k.name, k.is_builtin, (SELECT COUNT(*) FROM categories s \
                 WHERE s.organization_id = k.organization_id AND s.parent_id = k.id AND s.gone_at IS NULL) AS subcategories \
                 FROM categories k WHERE k.organization_id = ",
            );
            query.push_bind(asker.organization.uuid()).push(" AND k.id = ").push_bind(id.uuid());
            query.push(" AND ").push(super::IS_THERE).push(lock);
            query.build_query_as().fetch_optional(c).await?
        });
        let row = row.ok_or(StoreError::NotFound("the category"))?;
        Ok(CategoryFacts {
            id,
            parent: ids(row.parent_id),
            name: row.name,
            is_fixed: row.is_builtin,
            subcategories: row.subcategories,
        })
    }
}

/// What a unique index refuses is a name that is taken.
fn or_taken(result: Result<(), sqlx::Error>, name: &str) -> Result<(), StoreError> {
    result.map_err(|error| {
        if StoreError::is_duplicate(&error) {
            CategoryRefused::NameTaken { name: name.to_owned() }.into()
        } else {
            error.into()
        }
    })
}
