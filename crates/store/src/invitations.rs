//! Invitations: who has been asked to join, and how they join. Of a token only its digest is kept.

use bankside_domain::member::may_place;
use bankside_domain::text::fold;
use bankside_domain::{
    Asker, AssetId, Code, Granted, GroupId, Id, InvitationId, MailId, OrganizationId, OrganizationKind, PersonId,
    Right, Role,
};
use bankside_vault::{Sealed, WrappedKey};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{code, ids, instant, instants, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::mails::MailReason;
use crate::{NewPerson, Placing, Store, StoreError};

/// Somebody to invite.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// Which one it will be.
    pub id: InvitationId,
    /// Their address.
    pub email: String,
    /// The place that they will have.
    pub placing: Placing,
    /// The digest of the token in their link.
    pub token_digest: [u8; 32],
    /// Until when they can accept.
    pub expires_at: Timestamp,
    /// The mail that tells them; `None` where the one who invites passes the link on.
    pub mail: Option<NewMail>,
}

/// A mail to send.
#[derive(Debug, Clone)]
pub struct NewMail {
    /// Which one it will be.
    pub id: MailId,
    /// Its subject.
    pub subject: String,
    /// The key that seals its text.
    pub data_key: WrappedKey,
    /// Its text, sealed.
    pub body: Sealed,
}

/// Somebody who has been invited and has not come yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Which one.
    pub id: InvitationId,
    /// Their address.
    pub email: String,
    /// The role that they will have.
    pub role: Role,
    /// The group that they will be in.
    pub group: Option<GroupId>,
    /// Below which asset they will see.
    pub asset: Option<AssetId>,
    /// Who has invited them.
    pub invited_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when they can accept.
    pub expires_at: Timestamp,
    /// How far the mail has come; `None` where none was sent.
    pub mail: Option<MailState>,
}

/// How far a mail has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailState {
    /// It waits for a worker, or for the next try after what went wrong.
    Waiting(Option<String>),
    /// The mail server has taken it.
    Sent(Timestamp),
    /// It could not be sent, and nobody tries any more.
    GivenUp(Option<String>),
}

/// An invitation as the one who holds its link sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// To which organization.
    pub organization: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// What it is.
    pub organization_kind: OrganizationKind,
    /// The address that was invited.
    pub email: String,
    /// The role that they will have.
    pub role: Role,
    /// Who has invited them.
    pub invited_by: String,
    /// Until when they can accept.
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    email: String,
    role: String,
    group_id: Option<Uuid>,
    asset_id: Option<Uuid>,
    invited_by: String,
    created_at: i64,
    expires_at: i64,
    mail_id: Option<Uuid>,
    sent_at: Option<i64>,
    given_up_at: Option<i64>,
    fault: Option<String>,
}

impl Row {
    fn into_invitation(self) -> Result<Invitation, StoreError> {
        let mail = match (self.mail_id, instants(self.sent_at)?) {
            (None, _) => None,
            (Some(_), Some(sent_at)) => Some(MailState::Sent(sent_at)),
            (Some(_), None) if self.given_up_at.is_some() => Some(MailState::GivenUp(self.fault)),
            (Some(_), None) => Some(MailState::Waiting(self.fault)),
        };
        Ok(Invitation {
            id: self.id.into(),
            email: self.email,
            role: code(&self.role)?,
            group: ids(self.group_id),
            asset: ids(self.asset_id),
            invited_by: self.invited_by,
            created_at: instant(self.created_at)?,
            expires_at: instant(self.expires_at)?,
            mail,
        })
    }
}

#[derive(sqlx::FromRow)]
struct OpenRow {
    id: Uuid,
    organization_id: Uuid,
    name: String,
    kind: String,
    email: String,
    role: String,
    own_role: String,
    group_id: Option<Uuid>,
    asset_id: Option<Uuid>,
    invited_by: String,
    expires_at: i64,
}

const NOT_OPEN: StoreError = StoreError::NotFound("the invitation");

impl Store {
    /// Who has been invited and has not come yet, the latest first; also those whose time is over.
    pub async fn invitations(&self, asker: &Asker) -> Result<Vec<Invitation>, StoreError> {
        let mut session = self.db.read(asker.require(Right::ManagePeople)?).await?;
        let text = sql!(
            "SELECT i.id, i.email, COALESCE(g.role, i.role) AS role, i.group_id, COALESCE(g.asset_id, i.asset_id) AS asset_id,
                    p.name AS invited_by, i.created_at, i.expires_at, x.id AS mail_id, x.sent_at, x.given_up_at, x.fault
             FROM invitations i JOIN people p ON p.id = i.invited_by
             LEFT JOIN member_groups g ON g.organization_id = i.organization_id AND g.id = i.group_id
             LEFT JOIN mails x ON x.organization_id = i.organization_id AND x.invitation_id = i.id
             WHERE i.organization_id = $1 AND i.accepted_at IS NULL AND i.taken_back_at IS NULL
             ORDER BY i.created_at DESC, i.id DESC"
        );
        let rows: Vec<Row> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        rows.into_iter().map(Row::into_invitation).collect()
    }

    /// Invites somebody. An invitation to the same address that is still open is taken back: its link works no longer.
    pub async fn invite(&self, asker: &Asker, new: &NewInvitation) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManagePeople)?).await?;
        let own = asker.person().ok_or(StoreError::NotFound("the member"))?;
        self.lock_members(&mut session, asker).await?;
        let (placing, place) = self.placed(&mut session, asker, new.placing).await?;
        may_place(asker.role(), None, Some(place), 1)?;
        let email = fold(&new.email);
        let text = sql!(
            "SELECT 1 FROM members m JOIN people p ON p.id = m.person_id WHERE m.organization_id = $1 AND p.email_folded = $2"
        );
        let is_here = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(&email)
            .fetch_optional(c)
            .await?
            .is_some());
        if is_here {
            return Err(StoreError::Conflict("somebody with this address is a member already"));
        }
        let text = sql!(
            "SELECT id FROM invitations WHERE organization_id = $1 AND email_folded = $2 AND accepted_at IS NULL
                AND taken_back_at IS NULL"
        );
        let open: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(&email)
            .fetch_optional(c)
            .await?);
        if let Some(open) = open {
            self.close_invitation(&mut session, asker, open.into()).await?;
        }
        let now = micros(self.ambient.now());
        let text = sql!(
            "INSERT INTO invitations (organization_id, id, email, email_folded, role, group_id, asset_id, token_digest,
                invited_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(new.id.uuid())
                .bind(&new.email)
                .bind(&email)
                .bind(placing.role.code())
                .bind(uuids(placing.group))
                .bind(uuids(placing.asset))
                .bind(new.token_digest.as_slice())
                .bind(own.uuid())
                .bind(now)
                .bind(micros(new.expires_at))
        );
        if let Some(mail) = &new.mail {
            self.enqueue_mail(&mut session, asker, MailReason::Invitation(new.id), &new.email, mail).await?;
        }
        self.audit_within(&mut session, asker, "member.invited", &new.email, place.role.code()).await?;
        session.commit().await
    }

    /// Takes an invitation back: its link works no longer.
    pub async fn take_back_invitation(&self, asker: &Asker, id: InvitationId) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManagePeople)?).await?;
        let email = self.close_invitation(&mut session, asker, id).await?.ok_or(NOT_OPEN)?;
        self.audit_within(&mut session, asker, "invitation.taken_back", &email, "").await?;
        session.commit().await
    }

    /// Takes back what somebody has invited who may not invite any more.
    pub(crate) async fn take_back_invitations_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        person: PersonId,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "SELECT id FROM invitations WHERE organization_id = $1 AND invited_by = $2 AND accepted_at IS NULL
                AND taken_back_at IS NULL"
        );
        let open: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(person.uuid())
            .fetch_all(c)
            .await?);
        for id in open {
            self.close_invitation(session, asker, id.into()).await?;
        }
        Ok(())
    }

    /// Closes an open invitation and stops its mail; answers with its address.
    async fn close_invitation(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: InvitationId,
    ) -> Result<Option<String>, StoreError> {
        let now = micros(self.ambient.now());
        let text = sql!(
            "UPDATE invitations SET taken_back_at = $3
             WHERE organization_id = $1 AND id = $2 AND accepted_at IS NULL AND taken_back_at IS NULL RETURNING email"
        );
        let email: Option<String> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .bind(now)
            .fetch_optional(c)
            .await?);
        self.stop_mails_of(session, asker.organization, id).await?;
        Ok(email)
    }

    async fn stop_mails_of(
        &self,
        session: &mut Session,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE mails SET given_up_at = $3, body = NULL
             WHERE organization_id = $1 AND invitation_id = $2 AND sent_at IS NULL AND given_up_at IS NULL"
        );
        run!(session, sqlx::query(text).bind(organization.uuid()).bind(id.uuid()).bind(micros(self.ambient.now())));
        Ok(())
    }

    /// The invitation behind a token, as long as it can be accepted.
    pub async fn invited_as_system(&self, token_digest: &[u8]) -> Result<Invited, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let open = self.open_invitation(&mut session, token_digest).await?;
        Ok(Invited {
            organization: open.organization_id.into(),
            organization_name: open.name,
            organization_kind: code(&open.kind)?,
            email: open.email,
            role: code(&open.role)?,
            invited_by: open.invited_by,
            expires_at: instant(open.expires_at)?,
        })
    }

    async fn open_invitation(&self, session: &mut Session, token_digest: &[u8]) -> Result<OpenRow, StoreError> {
        let text = sql!(
            "SELECT i.id, i.organization_id, o.name, o.kind, i.email, COALESCE(g.role, i.role) AS role, i.role AS own_role,
                    i.group_id, i.asset_id, p.name AS invited_by, i.expires_at
             FROM invitations i JOIN organizations o ON o.id = i.organization_id JOIN people p ON p.id = i.invited_by
             LEFT JOIN member_groups g ON g.organization_id = i.organization_id AND g.id = i.group_id
             WHERE i.token_digest = $1 AND i.expires_at > $2 AND i.accepted_at IS NULL AND i.taken_back_at IS NULL"
        );
        let row: Option<OpenRow> = on!(session, c => sqlx::query_as(text)
            .bind(token_digest)
            .bind(micros(self.ambient.now()))
            .fetch_optional(c)
            .await?);
        row.ok_or(NOT_OPEN)
    }

    /// Somebody who can sign in already joins. The invitation is used up by it.
    pub async fn join_as_system(&self, token_digest: &[u8], person: PersonId) -> Result<OrganizationId, StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let organization = self.join(&mut session, token_digest, person).await?;
        session.commit().await?;
        Ok(organization)
    }

    /// Somebody new joins, all of it or nothing: the person and their membership.
    pub async fn join_as_new_as_system(
        &self,
        token_digest: &[u8],
        person: &NewPerson,
    ) -> Result<(PersonId, OrganizationId), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        // Who holds no link must not find out by it whose names are taken.
        self.open_invitation(&mut session, token_digest).await?;
        let person = self.insert_person(&mut session, person).await?;
        let organization = self.join(&mut session, token_digest, person).await?;
        session.commit().await?;
        Ok((person, organization))
    }

    async fn join(
        &self,
        session: &mut Session,
        token_digest: &[u8],
        person: PersonId,
    ) -> Result<OrganizationId, StoreError> {
        let open = self.open_invitation(session, token_digest).await?;
        let now = micros(self.ambient.now());
        let organization: OrganizationId = open.organization_id.into();
        // Whoever comes second, with the same link at the same time, finds it used up.
        let text = sql!(
            "UPDATE invitations SET accepted_at = $3, accepted_by = $4
             WHERE organization_id = $1 AND id = $2 AND accepted_at IS NULL AND taken_back_at IS NULL"
        );
        let done =
            run!(session, sqlx::query(text).bind(open.organization_id).bind(open.id).bind(now).bind(person.uuid()));
        if done == 0 {
            return Err(NOT_OPEN);
        }
        self.stop_mails_of(session, organization, open.id.into()).await?;
        let text = sql!(
            "INSERT INTO members (organization_id, person_id, role, group_id, asset_id, joined_at)
             VALUES ($1, $2, $3, $4, $5, $6)"
        );
        let joined = on!(session, c => sqlx::query(text)
            .bind(open.organization_id)
            .bind(person.uuid())
            .bind(&open.own_role)
            .bind(open.group_id)
            .bind(open.asset_id)
            .bind(now)
            .execute(c)
            .await
            .map(|_| ()));
        or_conflict(joined, "you are a member already")?;
        let asker = Asker::member(organization, person, code(&open.role)?);
        self.audit_within(session, &asker, "member.joined", &open.email, &open.role).await?;
        Ok(organization)
    }
}
