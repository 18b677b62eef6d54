//! Mails on their way: kept in the transaction of what they tell about, sent by a worker, tried again.

use bankside_domain::{Asker, Granted, Id, InvitationId, MailId, OrganizationId, PersonId};
use bankside_vault::{Sealed, WrappedKey};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::convert::{micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::{NewMail, Store, StoreError};

/// Why a mail is sent: what stops it when it holds no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailReason {
    /// Somebody has been invited.
    Invitation(InvitationId),
    /// There is something to tell a member of the organization's banks.
    Notices(PersonId),
    /// Somebody has another address, or wants one. Nothing stops it: a link that counts no more leads nowhere.
    Address,
}

/// The right of a worker to send a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailLease {
    /// Of which organization.
    pub organization: OrganizationId,
    /// The mail.
    pub id: MailId,
    /// The attempt that holds it.
    pub attempt: i64,
}

// The lease is the right: only who has claimed a mail has one, and every write checks that it still holds.
impl From<&MailLease> for Granted {
    fn from(_: &MailLease) -> Self {
        Self::as_system()
    }
}

/// A mail that a worker has claimed.
#[derive(Debug, Clone)]
pub struct DueMail {
    /// The worker's right to it.
    pub lease: MailLease,
    /// To whom.
    pub recipient: String,
    /// Its subject.
    pub subject: String,
    /// The key that seals its text.
    pub data_key: WrappedKey,
    /// Its text, sealed.
    pub body: Sealed,
}

#[derive(sqlx::FromRow)]
struct Row {
    organization_id: Uuid,
    id: Uuid,
    attempt: i64,
    recipient: String,
    subject: String,
    data_key: Vec<u8>,
    body: Vec<u8>,
}

impl Store {
    pub(crate) async fn enqueue_mail(
        &self,
        session: &mut Session,
        asker: &Asker,
        reason: MailReason,
        recipient: &str,
        mail: &NewMail,
    ) -> Result<(), StoreError> {
        let (invitation, person) = match reason {
            MailReason::Invitation(invitation) => (Some(invitation), None),
            MailReason::Notices(person) => (None, Some(person)),
            MailReason::Address => (None, None),
        };
        let text = sql!(
            "INSERT INTO mails (organization_id, id, invitation_id, recipient, subject, data_key, body, attempt, next_at,
                created_at, person_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8, $9)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(mail.id.uuid())
                .bind(uuids(invitation))
                .bind(recipient)
                .bind(&mail.subject)
                .bind(mail.data_key.as_bytes())
                .bind(mail.body.as_bytes())
                .bind(micros(self.ambient.now()))
                .bind(uuids(person))
        );
        Ok(())
    }

    /// Claims the mail that is due longest, or one whose worker has fallen silent.
    pub async fn claim_mail_as_system(&self, lease_for: SignedDuration) -> Result<Option<DueMail>, StoreError> {
        const TEXT: &str = "UPDATE mails SET attempt = attempt + 1, lease_until = $2
             WHERE sent_at IS NULL AND given_up_at IS NULL AND next_at <= $1 AND (lease_until IS NULL OR lease_until < $1)
                AND id = (SELECT m.id FROM mails m WHERE m.sent_at IS NULL AND m.given_up_at IS NULL AND m.next_at <= $1
                    AND (m.lease_until IS NULL OR m.lease_until < $1) ORDER BY m.next_at, m.id LIMIT 1";
        const END: &str = ") RETURNING organization_id, id, attempt, recipient, subject, data_key, body";
        let now = self.ambient.now();
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}{END}", session.skip_locked()));
        let claimed: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(micros(now))
            .bind(micros(now + lease_for))
            .fetch_optional(c)
            .await?);
        session.commit().await?;
        Ok(claimed.map(|row| DueMail {
            lease: MailLease { organization: row.organization_id.into(), id: row.id.into(), attempt: row.attempt },
            recipient: row.recipient,
            subject: row.subject,
            data_key: WrappedKey::from_bytes(row.data_key),
            body: Sealed::from_bytes(row.body),
        }))
    }

    /// The mail server has taken it. Its text is forgotten.
    pub async fn mail_sent(&self, lease: &MailLease) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        let text = sql!(
            "UPDATE mails SET sent_at = $4, body = NULL, lease_until = NULL, fault = NULL
             WHERE organization_id = $1 AND id = $2 AND attempt = $3 AND sent_at IS NULL AND given_up_at IS NULL"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(lease.organization.uuid())
                .bind(lease.id.uuid())
                .bind(lease.attempt)
                .bind(micros(self.ambient.now()))
        );
        if done == 0 { Err(StoreError::LeaseLost) } else { session.commit().await }
    }

    /// It did not work. `next_at` is when to try again; `None` gives it up, and forgets its text.
    pub async fn mail_failed(
        &self,
        lease: &MailLease,
        fault: &str,
        next_at: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        let now = micros(self.ambient.now());
        let text = sql!(
            "UPDATE mails SET fault = $4, lease_until = NULL, next_at = COALESCE($5, next_at),
                given_up_at = CASE WHEN $5 IS NULL THEN CAST($6 AS BIGINT) END, body = CASE WHEN $5 IS NULL THEN NULL ELSE body END
             WHERE organization_id = $1 AND id = $2 AND attempt = $3 AND sent_at IS NULL AND given_up_at IS NULL"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(lease.organization.uuid())
                .bind(lease.id.uuid())
                .bind(lease.attempt)
                .bind(fault)
                .bind(next_at.map(micros))
                .bind(now)
        );
        if done == 0 { Err(StoreError::LeaseLost) } else { session.commit().await }
    }
}
