//! Organizations and who belongs to them.

use std::collections::HashMap;

use bankside_domain::{Actor, Asker, Code, CurrencyCode, Id, OrganizationId, OrganizationKind, PersonId, Right, Role};
use uuid::Uuid;

use crate::convert::{code, currency, ids, micros};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// A household or a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Which one.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OrganizationKind,
    /// The currency in which it counts.
    pub currency: CurrencyCode,
    /// The IANA name of its time zone.
    pub time_zone: String,
}

/// An organization to add.
#[derive(Debug, Clone)]
pub struct NewOrganization {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: OrganizationKind,
    /// The currency in which it counts.
    pub currency: CurrencyCode,
    /// The IANA name of its time zone.
    pub time_zone: String,
}

/// A person's place in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The organization.
    pub organization: Organization,
    /// The person, as one who asks about it.
    pub asker: Asker,
    /// Their role.
    pub role: Role,
}

#[derive(sqlx::FromRow)]
struct MembershipRow {
    id: Uuid,
    name: String,
    kind: String,
    currency: String,
    time_zone: String,
    role: String,
    asset_id: Option<Uuid>,
}

impl MembershipRow {
    fn into_membership(self, person: PersonId) -> Result<Membership, StoreError> {
        let role = code(&self.role)?;
        let organization = Organization {
            id: self.id.into(),
            name: self.name,
            kind: code(&self.kind)?,
            currency: currency(&self.currency)?,
            time_zone: self.time_zone,
        };
        let actor = Actor::Member { person, role, only_below: ids(self.asset_id) };
        Ok(Membership { asker: Asker { organization: organization.id, actor }, organization, role })
    }
}

impl Store {
    /// Adds an organization with its owner.
    pub async fn add_organization_as_system(
        &self,
        new: &NewOrganization,
        owner: PersonId,
    ) -> Result<OrganizationId, StoreError> {
        let mut session = self.db.write().await?;
        let id = self.insert_organization(&mut session, new, owner).await?;
        session.commit().await?;
        Ok(id)
    }

    pub(crate) async fn insert_organization(
        &self,
        session: &mut Session,
        new: &NewOrganization,
        owner: PersonId,
    ) -> Result<OrganizationId, StoreError> {
        let id: OrganizationId = self.ambient.id();
        let now = micros(self.ambient.now());
        let text = sql!(
            "INSERT INTO organizations (id, name, kind, currency, time_zone, created_at)
             VALUES ($1, $2, $3, $4, $5, $6)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(id.uuid())
                .bind(&new.name)
                .bind(new.kind.code())
                .bind(new.currency.as_str())
                .bind(&new.time_zone)
                .bind(now)
        );
        let text = sql!("INSERT INTO members (organization_id, person_id, role, joined_at) VALUES ($1, $2, $3, $4)");
        run!(session, sqlx::query(text).bind(id.uuid()).bind(owner.uuid()).bind(Role::Owner.code()).bind(now));
        Ok(id)
    }

    /// Everywhere a person belongs, by name.
    pub async fn memberships_as_system(&self, person: PersonId) -> Result<Vec<Membership>, StoreError> {
        let mut session = self.db.read().await?;
        let text = sql!(
            "SELECT o.id, o.name, o.kind, o.currency, o.time_zone, m.role, m.asset_id
             FROM members m JOIN organizations o ON o.id = m.organization_id
             WHERE m.person_id = $1 ORDER BY o.name, o.id"
        );
        let rows: Vec<MembershipRow> = on!(session, c => sqlx::query_as(text).bind(person.uuid()).fetch_all(c).await?);
        rows.into_iter().map(|row| row.into_membership(person)).collect()
    }

    /// A person's place in one organization. Who does not belong there learns nothing about it.
    pub async fn membership_as_system(
        &self,
        person: PersonId,
        organization: OrganizationId,
    ) -> Result<Membership, StoreError> {
        let mut session = self.db.read().await?;
        let text = sql!(
            "SELECT o.id, o.name, o.kind, o.currency, o.time_zone, m.role, m.asset_id
             FROM members m JOIN organizations o ON o.id = m.organization_id
             WHERE m.person_id = $1 AND m.organization_id = $2"
        );
        let row: Option<MembershipRow> = on!(session, c => sqlx::query_as(text)
            .bind(person.uuid())
            .bind(organization.uuid())
            .fetch_optional(c)
            .await?);
        row.ok_or(StoreError::NotFound("the organization"))?.into_membership(person)
    }

    /// The organization that is asked about.
    pub async fn organization(&self, asker: &Asker) -> Result<Organization, StoreError> {
        let mut session = self.db.read().await?;
        let text = sql!("SELECT id, name, kind, currency, time_zone FROM organizations WHERE id = $1");
        let row: Option<(Uuid, String, String, String, String)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_optional(c).await?);
        let (id, name, kind, money, time_zone) = row.ok_or(StoreError::NotFound("the organization"))?;
        Ok(Organization { id: id.into(), name, kind: code(&kind)?, currency: currency(&money)?, time_zone })
    }

    /// The names of those who belong to the organization, or once did something in it.
    pub async fn people_names(&self, asker: &Asker) -> Result<HashMap<PersonId, String>, StoreError> {
        asker.require(Right::SeeBooks)?;
        let mut session = self.db.read().await?;
        let text = sql!(
            "SELECT p.id, p.name FROM people p
             WHERE EXISTS (SELECT 1 FROM members m WHERE m.organization_id = $1 AND m.person_id = p.id)
                OR EXISTS (SELECT 1 FROM connections c WHERE c.organization_id = $1 AND c.owner_id = p.id)"
        );
        let rows: Vec<(Uuid, String)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        Ok(rows.into_iter().map(|(id, name)| (id.into(), name)).collect())
    }
}
