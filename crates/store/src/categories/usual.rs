//! With which categories an organization begins, and what it is.

use bankside_domain::category::{MAIN_OF_COMPANIES, UsualCategory, usual};
use bankside_domain::text::fold;
use bankside_domain::{Asker, CategoryId, Code, Granted, Id, OrganizationId, OrganizationKind, Right};
use uuid::Uuid;

use crate::convert::{count, micros};
use crate::db::{Session, on, run, sql};
use crate::dialect::ROWS_PER_STATEMENT;
use crate::{Store, StoreError};

/// A category to write.
struct New {
    id: CategoryId,
    parent: Option<CategoryId>,
    name: &'static str,
    is_fixed: bool,
    position: i64,
}

impl Store {
    /// Adds the categories with which an organization of a kind begins.
    pub(crate) async fn add_usual_within(
        &self,
        session: &mut Session,
        organization: OrganizationId,
        kind: OrganizationKind,
    ) -> Result<(), StoreError> {
        let is_fixed = kind == OrganizationKind::Company;
        let mut all: Vec<New> = Vec::new();
        for main in usual(kind) {
            let id: CategoryId = self.ambient.id();
            all.push(New { id, parent: None, name: main.name, is_fixed, position: count(all.len()) });
            for name in main.subcategories {
                let position = count(all.len());
                all.push(New { id: self.ambient.id(), parent: Some(id), name, is_fixed: false, position });
            }
        }
        self.insert_categories(session, organization, &all).await
    }

    async fn insert_categories(
        &self,
        session: &mut Session,
        organization: OrganizationId,
        all: &[New],
    ) -> Result<(), StoreError> {
        let now = micros(self.ambient.now());
        for chunk in all.chunks(ROWS_PER_STATEMENT) {
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO categories (organization_id, id, parent_id, name, name_folded, is_builtin, position, \
                     created_at) ",
                );
                insert.push_values(chunk, |mut row, new| {
                    row.push_bind(organization.uuid())
                        .push_bind(new.id.uuid())
                        .push_bind(new.parent.map(Id::uuid))
                        .push_bind(new.name)
                        .push_bind(fold(new.name))
                        .push_bind(new.is_fixed)
                        .push_bind(new.position)
                        .push_bind(now);
                });
                // Two servers may open one database at once.
                insert.push(" ON CONFLICT DO NOTHING");
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// Adds the usual categories to an organization that has none.
    pub async fn add_usual_categories(&self, asker: &Asker) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageCategories)?).await?;
        let kind = self.lock_categories(&mut session, asker).await?;
        let text = sql!("SELECT COUNT(*) FROM categories WHERE organization_id = $1 AND gone_at IS NULL");
        let there: i64 =
            on!(session, c => sqlx::query_scalar(text).bind(asker.organization.uuid()).fetch_one(c).await?);
        if there > 0 {
            return Err(StoreError::Conflict("there are categories already"));
        }
        self.add_usual_within(&mut session, asker.organization, kind).await?;
        session.commit().await
    }

    /// Says what an organization is. A company has the seven main categories from then on, beside what is there; a household may do
    /// with all of its own as it likes.
    pub async fn set_organization_kind(&self, asker: &Asker, kind: OrganizationKind) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageCategories)?).await?;
        if self.lock_categories(&mut session, asker).await? == kind {
            return Ok(());
        }
        let organization = asker.organization.uuid();
        let text = sql!("UPDATE organizations SET kind = $2 WHERE id = $1");
        run!(session, sqlx::query(text).bind(organization).bind(kind.code()));
        match kind {
            OrganizationKind::Company => self.complete_mains(&mut session, asker.organization).await?,
            OrganizationKind::Household => {
                let text = sql!("UPDATE categories SET is_builtin = $2 WHERE organization_id = $1");
                run!(session, sqlx::query(text).bind(organization).bind(false));
            }
        }
        let subject = asker.organization.to_string();
        self.audit_within(&mut session, asker, "organization.kind", &subject, kind.code()).await?;
        session.commit().await
    }

    /// Gives every company the seven main categories: those that were there before them have what they had besides.
    pub(crate) async fn complete_companies(&self) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sql!(
            "SELECT o.id FROM organizations o WHERE o.kind = 'company' AND (SELECT COUNT(*) FROM categories k
                WHERE k.organization_id = o.id AND k.parent_id IS NULL AND k.is_builtin) < $1"
        );
        let companies: Vec<Uuid> =
            on!(session, c => sqlx::query_scalar(text).bind(count(MAIN_OF_COMPANIES.len())).fetch_all(c).await?);
        for company in companies {
            self.complete_mains(&mut session, company.into()).await?;
        }
        session.commit().await
    }

    /// The seven main categories of a company, each its own of the same name where it has one.
    async fn complete_mains(&self, session: &mut Session, organization: OrganizationId) -> Result<(), StoreError> {
        let mut missing: Vec<New> = Vec::new();
        // Before all that are there already.
        for (position, UsualCategory { name, .. }) in (-count(MAIN_OF_COMPANIES.len())..).zip(MAIN_OF_COMPANIES) {
            let text = sql!(
                "UPDATE categories SET is_builtin = $4, name = $3, position = $5
                 WHERE organization_id = $1 AND parent_id IS NULL AND gone_at IS NULL AND name_folded = $2"
            );
            let found = run!(
                session,
                sqlx::query(text).bind(organization.uuid()).bind(fold(name)).bind(name).bind(true).bind(position)
            );
            if found == 0 {
                missing.push(New { id: self.ambient.id(), parent: None, name, is_fixed: true, position });
            }
        }
        self.insert_categories(session, organization, &missing).await
    }
}
