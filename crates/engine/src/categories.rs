//! The categories of an organization: its verbs, and what uses each.

use bankside_domain::category::CategoryUse;
use bankside_domain::{Asker, CategoryId, OrganizationKind, Right};
use bankside_store::{Category, Merged};

use crate::people::required;
use crate::{Engine, EngineError};

/// A category with what uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryView {
    /// The category.
    pub category: Category,
    /// What uses it, of what is in sight.
    pub used: CategoryUse,
}

impl Engine {
    /// The categories of an organization, each after the one above it.
    pub async fn categories(&self, asker: &Asker) -> Result<Vec<Category>, EngineError> {
        Ok(self.store.categories(asker).await?)
    }

    /// The same, with what uses each.
    pub async fn categories_in_use(&self, asker: &Asker) -> Result<Vec<CategoryView>, EngineError> {
        let categories = self.store.categories(asker).await?;
        let uses = self.store.category_uses(asker).await?;
        let view =
            |category: Category| CategoryView { used: uses.get(&category.id).copied().unwrap_or_default(), category };
        Ok(categories.into_iter().map(view).collect())
    }

    /// Adds a category.
    pub async fn add_category(
        &self,
        asker: &Asker,
        name: &str,
        parent: Option<CategoryId>,
    ) -> Result<CategoryId, EngineError> {
        asker.require(Right::ManageCategories)?;
        let name = required("name", name, "Give the category a name.")?;
        Ok(self.store.add_category(asker, &name, parent).await?)
    }

    /// Adds the usual categories to an organization that has none.
    pub async fn add_usual_categories(&self, asker: &Asker) -> Result<(), EngineError> {
        Ok(self.store.add_usual_categories(asker).await?)
    }

    /// Gives a category another name, another place, or both. `seen` is the name that the person saw, where they saw one.
    pub async fn change_category(
        &self,
        asker: &Asker,
        id: CategoryId,
        name: Option<&str>,
        parent: Option<Option<CategoryId>>,
        seen: Option<&str>,
    ) -> Result<(), EngineError> {
        asker.require(Right::ManageCategories)?;
        let name = name.map(|name| required("name", name, "Give the category a name.")).transpose()?;
        Ok(self.store.change_category(asker, id, name.as_deref(), parent, seen).await?)
    }

    /// Makes one category of two: `from` goes, and all of its lines and mappings are those of `into`. `expected` is how many
    /// transactions the person was told, where they were told.
    pub async fn merge_categories(
        &self,
        asker: &Asker,
        from: CategoryId,
        into: CategoryId,
        expected: Option<i64>,
    ) -> Result<Merged, EngineError> {
        let merged = self.store.merge_categories(asker, from, into, expected).await?;
        self.report_progress();
        Ok(merged)
    }

    /// Deletes a category that nothing uses.
    pub async fn delete_category(&self, asker: &Asker, id: CategoryId) -> Result<(), EngineError> {
        Ok(self.store.delete_category(asker, id).await?)
    }

    /// Says whether an organization is a household or a company.
    pub async fn set_organization_kind(&self, asker: &Asker, kind: OrganizationKind) -> Result<(), EngineError> {
        Ok(self.store.set_organization_kind(asker, kind).await?)
    }
}
