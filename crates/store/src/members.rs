//! Members of an organization and the groups that they are in.

use bankside_domain::member::{Place, PlaceRefused, may_leave, may_place};
use bankside_domain::text::fold;
use bankside_domain::{Asker, AssetId, Code, GroupId, Id, PersonId, Right, Role};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{code, ids, instant, uuids};
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::{Store, StoreError};

/// Somebody who belongs to an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: Option<String>,
    /// The role that holds: their group's, where they are in one.
    pub role: Role,
    /// Their group.
    pub group: Option<GroupId>,
    /// Below which asset they see; `None` where they see all. A group's restriction comes before one of their own.
    pub asset: Option<AssetId>,
    /// Since when they belong here.
    pub joined_at: Timestamp,
}

/// A named place that members have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Which one.
    pub id: GroupId,
    /// Its name.
    pub name: String,
    /// The role of its members.
    pub role: Role,
    /// Below which asset they see; `None` where they see all.
    pub asset: Option<AssetId>,
    /// How many members it has.
    pub members: i64,
    /// How many are invited into it.
    pub invited: i64,
}

/// The place that somebody is to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placing {
    /// A role of their own; one in a group has the group's.
    pub role: Role,
    /// A group.
    pub group: Option<GroupId>,
    /// Below which asset they shall see, where the group does not say.
    pub asset: Option<AssetId>,
}

impl Placing {
    /// A role, and sight of all.
    pub const fn role(role: Role) -> Self {
        Self { role, group: None, asset: None }
    }
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    id: Uuid,
    name: String,
    email: Option<String>,
    role: String,
    group_id: Option<Uuid>,
    asset_id: Option<Uuid>,
    joined_at: i64,
}

#[derive(sqlx::FromRow)]
struct GroupRow {
    id: Uuid,
    name: String,
    role: String,
    asset_id: Option<Uuid>,
    members: i64,
    invited: i64,
}

impl From<PlaceRefused> for StoreError {
    fn from(refused: PlaceRefused) -> Self {
        Self::Conflict(refused.in_words())
    }
}

impl Store {
    /// The members of an organization: owners first, then by name.
    pub async fn members(&self, asker: &Asker) -> Result<Vec<Member>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT p.id, p.name, p.email, COALESCE(g.role, m.role) AS role, m.group_id,
                    COALESCE(g.asset_id, m.asset_id) AS asset_id, m.joined_at
             FROM members m JOIN people p ON p.id = m.person_id
             LEFT JOIN member_groups g ON g.organization_id = m.organization_id AND g.id = m.group_id
             WHERE m.organization_id = $1 ORDER BY p.name_folded, p.id"
        );
        let rows: Vec<MemberRow> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let member = |row: MemberRow| {
            Ok(Member {
                person: row.id.into(),
                name: row.name,
                email: row.email,
                role: code(&row.role)?,
                group: ids(row.group_id),
                asset: ids(row.asset_id),
                joined_at: instant(row.joined_at)?,
            })
        };
        let mut members: Vec<Member> = rows.into_iter().map(member).collect::<Result<_, StoreError>>()?;
        members.sort_by_key(|member| std::cmp::Reverse(member.role));
        Ok(members)
    }

    /// The names of those who manage an organization: owners first, then by name. Whoever sees a part of it knows whom to ask, too.
    pub async fn manager_names(&self, asker: &Asker) -> Result<Vec<String>, StoreError> {
        let (granted, _) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = sql!(
            "SELECT p.name FROM members m JOIN people p ON p.id = m.person_id
             LEFT JOIN member_groups g ON g.organization_id = m.organization_id AND g.id = m.group_id
             WHERE m.organization_id = $1 AND COALESCE(g.role, m.role) IN ('owner', 'admin')
             ORDER BY CASE COALESCE(g.role, m.role) WHEN 'owner' THEN 0 ELSE 1 END, p.name_folded, p.id"
        );
        Ok(on!(session, c => sqlx::query_scalar(text).bind(asker.organization.uuid()).fetch_all(c).await?))
    }

    /// The groups of an organization, by name.
    pub async fn groups(&self, asker: &Asker) -> Result<Vec<Group>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT g.id, g.name, g.role, g.asset_id,
                (SELECT COUNT(*) FROM members m WHERE m.organization_id = g.organization_id AND m.group_id = g.id) AS members,
                (SELECT COUNT(*) FROM invitations i WHERE i.organization_id = g.organization_id AND i.group_id = g.id
                    AND i.accepted_at IS NULL AND i.taken_back_at IS NULL) AS invited
             FROM member_groups g WHERE g.organization_id = $1 ORDER BY g.name_folded, g.id"
        );
        let rows: Vec<GroupRow> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let group = |row: GroupRow| {
            Ok(Group {
                id: row.id.into(),
                name: row.name,
                role: code(&row.role)?,
                asset: ids(row.asset_id),
                members: row.members,
                invited: row.invited,
            })
        };
        rows.into_iter().map(group).collect()
    }

    /// Adds a group.
    pub async fn add_group(
        &self,
        asker: &Asker,
        name: &str,
        role: Role,
        asset: Option<AssetId>,
    ) -> Result<GroupId, StoreError> {
        let mut session = self.db.write(asker.require(Right::ManagePeople)?).await?;
        self.check_group(&mut session, asker, role, asset).await?;
        let id: GroupId = self.ambient.id();
        let text = sql!(
            "INSERT INTO member_groups (organization_id, id, name, name_folded, role, asset_id)
             VALUES ($1, $2, $3, $4, $5, $6)"
        );
        let added = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .bind(name)
            .bind(fold(name))
            .bind(role.code())
            .bind(uuids(asset))
            .execute(c)
            .await
            .map(|_| ()));
        or_conflict(added, "there is a group of this name")?;
        self.audit_within(&mut session, asker, "group.added", name, role.code()).await?;
        session.commit().await?;
        Ok(id)
    }

    /// Changes a group, and with it the place of all its members.
    pub async fn change_group(
        &self,
        asker: &Asker,
        id: GroupId,
        name: &str,
        role: Role,
        asset: Option<AssetId>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManagePeople)?).await?;
        self.check_group(&mut session, asker, role, asset).await?;
        if asset.is_some() || role >= Role::Admin {
            // What the group says holds for its members; what some of them have of their own must not contradict it.
            let text = sql!("UPDATE members SET asset_id = NULL WHERE organization_id = $1 AND group_id = $2");
            run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()));
            let text = sql!("UPDATE invitations SET asset_id = NULL WHERE organization_id = $1 AND group_id = $2");
            run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()));
        }
        let text = sql!(
            "UPDATE member_groups SET name = $3, name_folded = $4, role = $5, asset_id = $6
             WHERE organization_id = $1 AND id = $2"
        );
        let changed = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .bind(name)
            .bind(fold(name))
            .bind(role.code())
            .bind(uuids(asset))
            .execute(c)
            .await
            .map(|done| done.rows_affected()));
        if or_conflict(changed, "there is a group of this name")? == 0 {
            return Err(StoreError::NotFound("the group"));
        }
        if role < Role::Admin {
            self.stop_notices_to_group(&mut session, asker, id).await?;
        }
        self.audit_within(&mut session, asker, "group.changed", name, role.code()).await?;
        session.commit().await
    }

    /// Removes a group in which nobody is and into which nobody is invited.
    pub async fn remove_group(&self, asker: &Asker, id: GroupId) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManagePeople)?).await?;
        let text = sql!(
            "SELECT (SELECT COUNT(*) FROM members WHERE organization_id = $1 AND group_id = $2)
                + (SELECT COUNT(*) FROM invitations WHERE organization_id = $1 AND group_id = $2
                    AND accepted_at IS NULL AND taken_back_at IS NULL)"
        );
        let used: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_one(c)
            .await?);
        if used > 0 {
            return Err(StoreError::Conflict("somebody is in this group, or invited into it"));
        }
        let text = sql!("UPDATE invitations SET group_id = NULL WHERE organization_id = $1 AND group_id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()));
        let text = sql!("DELETE FROM member_groups WHERE organization_id = $1 AND id = $2 RETURNING name");
        let name: Option<String> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        let name = name.ok_or(StoreError::NotFound("the group"))?;
        self.audit_within(&mut session, asker, "group.removed", &name, "").await?;
        session.commit().await
    }

    async fn check_group(
        &self,
        session: &mut Session,
        asker: &Asker,
        role: Role,
        asset: Option<AssetId>,
    ) -> Result<(), StoreError> {
        if role == Role::Owner {
            return Err(StoreError::Conflict("a group has no owners: make somebody an owner by themselves"));
        }
        may_place(asker.role(), None, Some(Place { role, is_restricted: asset.is_some() }), 1)?;
        match asset {
            Some(asset) => self.check_asset(session, asker, asset).await,
            None => Ok(()),
        }
    }

    async fn check_asset(&self, session: &mut Session, asker: &Asker, asset: AssetId) -> Result<(), StoreError> {
        let text = sql!("SELECT 1 FROM assets WHERE organization_id = $1 AND id = $2");
        let is_there = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(asset.uuid())
            .fetch_optional(c)
            .await?
            .is_some());
        if is_there { Ok(()) } else { Err(StoreError::NotFound("the asset")) }
    }

    /// What a placing comes to, with the group's word where there is one. An asset of the asker's own beside a group's is dropped.
    pub(crate) async fn placed(
        &self,
        session: &mut Session,
        asker: &Asker,
        placing: Placing,
    ) -> Result<(Placing, Place), StoreError> {
        let Some(group) = placing.group else {
            if let Some(asset) = placing.asset {
                self.check_asset(session, asker, asset).await?;
            }
            return Ok((placing, Place { role: placing.role, is_restricted: placing.asset.is_some() }));
        };
        let text = sql!("SELECT role, asset_id FROM member_groups WHERE organization_id = $1 AND id = $2");
        let row: Option<(String, Option<Uuid>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(group.uuid())
            .fetch_optional(c)
            .await?);
        let (role, of_group) = row.ok_or(StoreError::NotFound("the group"))?;
        let role: Role = code(&role)?;
        let own = if of_group.is_some() { None } else { placing.asset };
        if let Some(asset) = own {
            self.check_asset(session, asker, asset).await?;
        }
        let place = Place { role, is_restricted: of_group.is_some() || own.is_some() };
        Ok((Placing { role, group: Some(group), asset: own }, place))
    }

    /// Gives a member another place.
    pub async fn place_member(&self, asker: &Asker, person: PersonId, placing: Placing) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManagePeople)?).await?;
        let (from, other_owners) = self.lock_member(&mut session, asker, person).await?;
        let (placing, place) = self.placed(&mut session, asker, placing).await?;
        may_place(asker.role(), Some(from), Some(place), other_owners)?;
        self.write_place(&mut session, asker, person, placing).await?;
        if place.role < Role::Admin {
            self.take_back_invitations_of(&mut session, asker, person).await?;
            self.stop_notices_to(&mut session, asker, person).await?;
        }
        let what = format!("{} to {}", from.code(), place.role.code());
        self.audit_within(&mut session, asker, "member.placed", &person.to_string(), &what).await?;
        session.commit().await
    }

    /// Makes another member an owner and the asker, an owner, an admin: both or neither.
    pub async fn hand_over(&self, asker: &Asker, to: PersonId) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManagePeople)?).await?;
        let own = asker.person().ok_or(StoreError::NotFound("the member"))?;
        let (role, _) = self.lock_member(&mut session, asker, own).await?;
        if role != Role::Owner {
            return Err(PlaceRefused::OnlyOwners.into());
        }
        if own == to {
            return Err(StoreError::Conflict("hand over to somebody else"));
        }
        self.lock_member(&mut session, asker, to).await?;
        self.write_place(&mut session, asker, to, Placing::role(Role::Owner)).await?;
        self.write_place(&mut session, asker, own, Placing::role(Role::Admin)).await?;
        self.audit_within(&mut session, asker, "organization.handed_over", &to.to_string(), "").await?;
        session.commit().await
    }

    /// Removes a member. What they did stays, with their name.
    pub async fn remove_member(&self, asker: &Asker, person: PersonId) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManagePeople)?).await?;
        let (from, other_owners) = self.lock_member(&mut session, asker, person).await?;
        may_place(asker.role(), Some(from), None, other_owners)?;
        self.delete_member(&mut session, asker, person, "member.removed").await?;
        session.commit().await
    }

    /// Leaves the organization.
    pub async fn leave(&self, asker: &Asker) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::SeeBooks)?.0).await?;
        let own = asker.person().ok_or(StoreError::NotFound("the member"))?;
        let (role, other_owners) = self.lock_member(&mut session, asker, own).await?;
        may_leave(role, other_owners)?;
        self.delete_member(&mut session, asker, own, "member.left").await?;
        session.commit().await
    }

    async fn delete_member(
        &self,
        session: &mut Session,
        asker: &Asker,
        person: PersonId,
        action: &str,
    ) -> Result<(), StoreError> {
        let text = sql!("DELETE FROM members WHERE organization_id = $1 AND person_id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(person.uuid()));
        let text = sql!("UPDATE people SET begins_with = NULL WHERE id = $2 AND begins_with = $1");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(person.uuid()));
        self.take_back_invitations_of(session, asker, person).await?;
        self.stop_notices_to(session, asker, person).await?;
        self.audit_within(session, asker, action, &person.to_string(), "").await
    }

    async fn write_place(
        &self,
        session: &mut Session,
        asker: &Asker,
        person: PersonId,
        placing: Placing,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE members SET role = $3, group_id = $4, asset_id = $5 WHERE organization_id = $1 AND person_id = $2"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(person.uuid())
                .bind(placing.role.code())
                .bind(uuids(placing.group))
                .bind(uuids(placing.asset))
        );
        Ok(())
    }

    /// Has everybody wait who wants to change the members of this organization.
    pub(crate) async fn lock_members(&self, session: &mut Session, asker: &Asker) -> Result<(), StoreError> {
        const TEXT: &str = "SELECT 1 FROM organizations WHERE id = $1";
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let is_there =
            on!(session, c => sqlx::query(text).bind(asker.organization.uuid()).fetch_optional(c).await?.is_some());
        if is_there { Ok(()) } else { Err(StoreError::NotFound("the organization")) }
    }

    /// A member's role, and how many owners there are beside them, until the end of the transaction.
    async fn lock_member(
        &self,
        session: &mut Session,
        asker: &Asker,
        person: PersonId,
    ) -> Result<(Role, u64), StoreError> {
        self.lock_members(session, asker).await?;
        let text = sql!(
            "SELECT COALESCE(g.role, m.role) FROM members m
             LEFT JOIN member_groups g ON g.organization_id = m.organization_id AND g.id = m.group_id
             WHERE m.organization_id = $1 AND m.person_id = $2"
        );
        let role: Option<String> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(person.uuid())
            .fetch_optional(c)
            .await?);
        let role = code(&role.ok_or(StoreError::NotFound("the member"))?)?;
        let text = sql!(
            "SELECT COUNT(*) FROM members WHERE organization_id = $1 AND person_id <> $2 AND role = 'owner' AND group_id IS NULL"
        );
        let others: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(person.uuid())
            .fetch_one(c)
            .await?);
        Ok((role, u64::try_from(others).unwrap_or(0)))
    }
}
