//! Organizations and who belongs to them.

use std::collections::HashMap;

use bankside_domain::{
    AccountId, Actor, Asker, Code, CurrencyCode, Granted, Id, OrganizationId, OrganizationKind, PersonId, Right, Role,
    Sight,
};
use uuid::Uuid;

use crate::convert::{code, currency, micros};
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
    /// Whether it begins with the categories that are usual for what it is.
    pub begins_with_categories: bool,
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
    /// Whether the person has chosen to begin with this one.
    pub is_beginning: bool,
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
    is_beginning: bool,
}

impl MembershipRow {
    fn into_membership(self, person: PersonId, sight: Sight) -> Result<Membership, StoreError> {
        let role = code(&self.role)?;
        let organization = Organization {
            id: self.id.into(),
            name: self.name,
            kind: code(&self.kind)?,
            currency: currency(&self.currency)?,
            time_zone: self.time_zone,
        };
        let actor = Actor::Member { person, role, sight };
        let is_beginning = self.is_beginning;
        Ok(Membership { asker: Asker { organization: organization.id, actor }, organization, role, is_beginning })
    }
}

impl Store {
    /// Has everybody wait who wants to change what an organization has once, and answers what it is.
    pub(crate) async fn lock_organization(
        &self,
        session: &mut Session,
        asker: &Asker,
    ) -> Result<OrganizationKind, StoreError> {
        let lock = session.for_no_key_update();
        let kind: Option<String> = on!(session, c => {
            let mut query = sqlx::QueryBuilder::new("SELECT kind FROM organizations WHERE id = ");
            query.push_bind(asker.organization.uuid()).push(lock);
            query.build_query_scalar().fetch_optional(c).await?
        });
        code(&kind.ok_or(StoreError::NotFound("the organization"))?)
    }

    /// Adds an organization with its owner.
    pub async fn add_organization_as_system(
        &self,
        new: &NewOrganization,
        owner: PersonId,
    ) -> Result<OrganizationId, StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
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
        if new.begins_with_categories {
            self.add_usual_within(session, id, new.kind).await?;
        }
        Ok(id)
    }

    /// Everywhere a person belongs, by name.
    pub async fn memberships_as_system(&self, person: PersonId) -> Result<Vec<Membership>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT o.id, o.name, o.kind, o.currency, o.time_zone, COALESCE(g.role, m.role) AS role,
                    COALESCE(g.asset_id, m.asset_id) AS asset_id, COALESCE(p.begins_with = o.id, FALSE) AS is_beginning
             FROM members m JOIN organizations o ON o.id = m.organization_id JOIN people p ON p.id = m.person_id
             LEFT JOIN member_groups g ON g.organization_id = m.organization_id AND g.id = m.group_id
             WHERE m.person_id = $1 ORDER BY o.name, o.id"
        );
        let rows: Vec<MembershipRow> = on!(session, c => sqlx::query_as(text).bind(person.uuid()).fetch_all(c).await?);
        let mut memberships = Vec::with_capacity(rows.len());
        for row in rows {
            let sight = self.sight(&mut session, row.id, row.asset_id).await?;
            memberships.push(row.into_membership(person, sight)?);
        }
        Ok(memberships)
    }

    /// A person's place in one organization. Who does not belong there learns nothing about it.
    pub async fn membership_as_system(
        &self,
        person: PersonId,
        organization: OrganizationId,
    ) -> Result<Membership, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT o.id, o.name, o.kind, o.currency, o.time_zone, COALESCE(g.role, m.role) AS role,
                    COALESCE(g.asset_id, m.asset_id) AS asset_id, COALESCE(p.begins_with = o.id, FALSE) AS is_beginning
             FROM members m JOIN organizations o ON o.id = m.organization_id JOIN people p ON p.id = m.person_id
             LEFT JOIN member_groups g ON g.organization_id = m.organization_id AND g.id = m.group_id
             WHERE m.person_id = $1 AND m.organization_id = $2"
        );
        let row: Option<MembershipRow> = on!(session, c => sqlx::query_as(text)
            .bind(person.uuid())
            .bind(organization.uuid())
            .fetch_optional(c)
            .await?);
        let row = row.ok_or(StoreError::NotFound("the organization"))?;
        let sight = self.sight(&mut session, row.id, row.asset_id).await?;
        row.into_membership(person, sight)
    }

    /// How far somebody sees whose sight ends below an asset, or nowhere.
    async fn sight(&self, session: &mut Session, organization: Uuid, asset: Option<Uuid>) -> Result<Sight, StoreError> {
        let Some(asset) = asset else { return Ok(Sight::Whole) };
        // `UNION` leaves out what was there before, so that a ring in the tree cannot go on for ever.
        let text = sql!(
            "WITH RECURSIVE below (id) AS (
                SELECT id FROM assets WHERE organization_id = $1 AND id = $2
                UNION SELECT x.id FROM assets x JOIN below b ON x.parent_id = b.id WHERE x.organization_id = $1)
             SELECT a.id FROM accounts a JOIN below b ON b.id = a.asset_id WHERE a.organization_id = $1"
        );
        let accounts: Vec<Uuid> =
            on!(session, c => sqlx::query_scalar(text).bind(organization).bind(asset).fetch_all(c).await?);
        Ok(Sight::below(asset.into(), accounts.into_iter().map(AccountId::from)))
    }

    /// The organization that is asked about.
    pub async fn organization(&self, asker: &Asker) -> Result<Organization, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!("SELECT id, name, kind, currency, time_zone FROM organizations WHERE id = $1");
        let row: Option<(Uuid, String, String, String, String)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_optional(c).await?);
        let (id, name, kind, money, time_zone) = row.ok_or(StoreError::NotFound("the organization"))?;
        Ok(Organization { id: id.into(), name, kind: code(&kind)?, currency: currency(&money)?, time_zone })
    }

    /// Gives the organization another name and time zone.
    pub async fn change_organization(&self, asker: &Asker, name: &str, time_zone: &str) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManagePeople)?).await?;
        let text = sql!("UPDATE organizations SET name = $2, time_zone = $3 WHERE id = $1");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(name).bind(time_zone));
        let id = asker.organization.to_string();
        self.audit_within(&mut session, asker, "organization.changed", &id, &format!("{name}, {time_zone}")).await?;
        session.commit().await
    }

    /// The names of those who belong to the organization, or once did something in it.
    pub async fn people_names(&self, asker: &Asker) -> Result<HashMap<PersonId, String>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
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
