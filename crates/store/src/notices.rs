//! Notices of access that ends and of syncs that fail: what is known of each connection, what was sent, who wants to hear of it. What is
//! sent is written down in the transaction that puts the mails on their way.

use bankside_domain::consent::Consent;
use bankside_domain::notice::{DueNotice, SentNotice};
use bankside_domain::{
    Asker, Code as _, ConnectionId, DateFormat, FormatChoice, Granted, GroupId, Id, NumberFormat, OrganizationId,
    PersonId, Right,
};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{code, instant, instants, micros};
use crate::db::{Session, on, run, sql};
use crate::mails::MailReason;
use crate::{NewMail, Store, StoreError};

/// An organization with the connections of which there may be something to tell.
#[derive(Debug, Clone)]
pub struct NoticeOrganization {
    /// Which one.
    pub id: OrganizationId,
    /// The IANA name of its time zone.
    pub time_zone: String,
    /// How many notices were sent, ever: who sends more says how many there were.
    pub sent_count: i64,
    /// When the latest was.
    pub last_at: Option<Timestamp>,
    /// Its connections that feed an account and are neither paused nor ended.
    pub connections: Vec<NoticeConnection>,
}

/// A connection of which there may be something to tell.
#[derive(Debug, Clone)]
pub struct NoticeConnection {
    /// Which one.
    pub id: ConnectionId,
    /// Its bank.
    pub institution_name: String,
    /// Its consent.
    pub consent: Consent,
    /// When its latest run was over.
    pub latest_at: Option<Timestamp>,
    /// When the first run was over that was not complete, where none has been since.
    pub unwell_since: Option<Timestamp>,
    /// What was sent about it.
    pub sent: Vec<SentNotice>,
}

/// Somebody who hears of an organization's banks by mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRecipient {
    /// Who.
    pub person: PersonId,
    /// Their address.
    pub email: String,
    /// How they chose to read days.
    pub formats: FormatChoice,
}

/// A mail to one of them.
#[derive(Debug, Clone)]
pub struct NoticeMail {
    /// To whom.
    pub to: NoticeRecipient,
    /// What.
    pub mail: NewMail,
}

#[derive(sqlx::FromRow)]
struct Row {
    organization_id: Uuid,
    id: Uuid,
    time_zone: String,
    institution_name: String,
    consent_given_at: Option<i64>,
    consent_valid_until: Option<i64>,
    latest_at: Option<i64>,
    unwell_since: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct SentRow {
    organization_id: Uuid,
    connection_id: Uuid,
    notice: String,
    about_at: i64,
    sent_at: i64,
}

#[derive(sqlx::FromRow)]
struct RecipientRow {
    id: Uuid,
    email: String,
    number_format: Option<String>,
    date_format: Option<String>,
}

impl Row {
    fn into_connection(self) -> Result<NoticeConnection, StoreError> {
        Ok(NoticeConnection {
            id: self.id.into(),
            institution_name: self.institution_name,
            consent: Consent {
                given_at: instants(self.consent_given_at)?,
                valid_until: instants(self.consent_valid_until)?,
            },
            latest_at: instants(self.latest_at)?,
            unwell_since: instants(self.unwell_since)?,
            sent: Vec::new(),
        })
    }
}

impl Store {
    /// Every organization that has a connection of which there may be something to tell.
    pub async fn to_notice_as_system(&self) -> Result<Vec<NoticeOrganization>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT c.organization_id, c.id, o.time_zone, c.institution_name, c.consent_given_at, c.consent_valid_until,
                    (SELECT l.finished_at FROM runs l WHERE l.organization_id = c.organization_id AND l.connection_id = c.id
                        AND l.state = 'finished' ORDER BY l.created_at DESC, l.id DESC LIMIT 1) AS latest_at,
                    (SELECT MIN(n.finished_at) FROM runs n WHERE n.organization_id = c.organization_id AND n.connection_id = c.id
                        AND n.state = 'finished' AND n.outcome <> 'done' AND n.created_at > COALESCE(
                            (SELECT MAX(d.created_at) FROM runs d WHERE d.organization_id = c.organization_id
                                AND d.connection_id = c.id AND d.outcome = 'done'), 0)) AS unwell_since
             FROM connections c JOIN organizations o ON o.id = c.organization_id
             WHERE c.ended_at IS NULL AND c.paused_at IS NULL AND EXISTS (SELECT 1 FROM feeds f
                WHERE f.organization_id = c.organization_id AND f.connection_id = c.id AND f.until_at IS NULL AND NOT f.is_shadow)
             ORDER BY c.organization_id, c.name, c.id"
        );
        let rows: Vec<Row> = on!(session, c => sqlx::query_as(text).fetch_all(c).await?);
        let text = sql!("SELECT organization_id, connection_id, notice, about_at, sent_at FROM notices_sent");
        let sent: Vec<SentRow> = on!(session, c => sqlx::query_as(text).fetch_all(c).await?);
        let mut organizations: Vec<NoticeOrganization> = Vec::new();
        for row in rows {
            let id = row.organization_id.into();
            if organizations.last().is_none_or(|last| last.id != id) {
                let time_zone = row.time_zone.clone();
                organizations.push(NoticeOrganization {
                    id,
                    time_zone,
                    sent_count: 0,
                    last_at: None,
                    connections: Vec::new(),
                });
            }
            if let Some(last) = organizations.last_mut() {
                last.connections.push(row.into_connection()?);
            }
        }
        for row in sent {
            let id = row.organization_id.into();
            if let Some(organization) = organizations.iter_mut().find(|organization| organization.id == id) {
                organization.keep(&row)?;
            }
        }
        Ok(organizations)
    }

    /// Owners and admins who have an address and want to hear of the organization's banks, by name.
    pub async fn notice_recipients(&self, asker: &Asker) -> Result<Vec<NoticeRecipient>, StoreError> {
        let mut session = self.db.read(asker.require(Right::Work)?).await?;
        let text = sql!(
            "SELECT p.id, p.email, p.number_format, p.date_format FROM members m JOIN people p ON p.id = m.person_id
             LEFT JOIN member_groups g ON g.organization_id = m.organization_id AND g.id = m.group_id
             WHERE m.organization_id = $1 AND COALESCE(g.role, m.role) IN ('owner', 'admin') AND m.wants_notices
                AND p.email IS NOT NULL
             ORDER BY p.name_folded, p.id"
        );
        let rows: Vec<RecipientRow> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let recipient = |row: RecipientRow| NoticeRecipient {
            person: row.id.into(),
            email: row.email,
            formats: FormatChoice {
                numbers: row.number_format.and_then(|code| NumberFormat::from_code(&code).ok()),
                dates: row.date_format.and_then(|code| DateFormat::from_code(&code).ok()),
            },
        };
        Ok(rows.into_iter().map(recipient).collect())
    }

    /// Puts mails with notices on their way and writes down that they were sent, both or neither. Answers whether it did: not where
    /// somebody else has sent notices of the organization since `sent_count` was read, because several machines look.
    pub async fn send_notices(
        &self,
        asker: &Asker,
        sent_count: i64,
        notices: &[(ConnectionId, DueNotice)],
        mails: &[NoticeMail],
    ) -> Result<bool, StoreError> {
        let mut session = self.db.write(asker.require(Right::Work)?).await?;
        self.lock_members(&mut session, asker).await?;
        let text = sql!("SELECT COUNT(*) FROM notices_sent WHERE organization_id = $1");
        let count: i64 =
            on!(session, c => sqlx::query_scalar(text).bind(asker.organization.uuid()).fetch_one(c).await?);
        if count != sent_count {
            return Ok(false);
        }
        let now = micros(self.ambient.now());
        for (connection, due) in notices {
            // What was sent by a clock that was ahead counts from now on.
            let text = sql!(
                "INSERT INTO notices_sent (organization_id, connection_id, notice, about_at, sent_at) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (organization_id, connection_id, notice, about_at) DO UPDATE SET sent_at = excluded.sent_at"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(connection.uuid())
                    .bind(due.notice.code())
                    .bind(micros(due.about_at))
                    .bind(now)
            );
        }
        for NoticeMail { to, mail } in mails {
            self.enqueue_mail(&mut session, asker, MailReason::Notices(to.person), &to.email, mail).await?;
        }
        session.commit().await?;
        Ok(true)
    }

    /// Whether the one who asks wants to hear of the organization's banks by mail.
    pub async fn wants_notices(&self, asker: &Asker) -> Result<bool, StoreError> {
        let mut session = self.db.read(asker.require(Right::ManageBanks)?).await?;
        let own = asker.person().ok_or(StoreError::NotFound("the member"))?;
        let text = sql!("SELECT wants_notices FROM members WHERE organization_id = $1 AND person_id = $2");
        let wants: Option<bool> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(own.uuid())
            .fetch_optional(c)
            .await?);
        wants.ok_or(StoreError::NotFound("the member"))
    }

    /// Sets that. Whoever wants none gets none of those that wait either.
    pub async fn set_wants_notices(&self, asker: &Asker, wants: bool) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let own = asker.person().ok_or(StoreError::NotFound("the member"))?;
        let text = sql!("UPDATE members SET wants_notices = $3 WHERE organization_id = $1 AND person_id = $2");
        let done = run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(own.uuid()).bind(wants));
        if done == 0 {
            return Err(StoreError::NotFound("the member"));
        }
        if !wants {
            self.stop_notices_to(&mut session, asker, own).await?;
        }
        session.commit().await
    }

    /// Stops the mails with notices that wait for somebody.
    pub(crate) async fn stop_notices_to(
        &self,
        session: &mut Session,
        asker: &Asker,
        person: PersonId,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE mails SET given_up_at = $3, body = NULL
             WHERE organization_id = $1 AND person_id = $2 AND sent_at IS NULL AND given_up_at IS NULL"
        );
        run!(
            session,
            sqlx::query(text).bind(asker.organization.uuid()).bind(person.uuid()).bind(micros(self.ambient.now()))
        );
        Ok(())
    }

    /// The same for everybody in a group.
    pub(crate) async fn stop_notices_to_group(
        &self,
        session: &mut Session,
        asker: &Asker,
        group: GroupId,
    ) -> Result<(), StoreError> {
        let text = sql!("SELECT person_id FROM members WHERE organization_id = $1 AND group_id = $2");
        let people: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(group.uuid())
            .fetch_all(c)
            .await?);
        for person in people {
            self.stop_notices_to(session, asker, person.into()).await?;
        }
        Ok(())
    }
}

impl NoticeOrganization {
    /// Keeps what was sent; of connections that are not here any more, only that and when.
    fn keep(&mut self, row: &SentRow) -> Result<(), StoreError> {
        let sent_at = instant(row.sent_at)?;
        self.sent_count += 1;
        self.last_at = self.last_at.max(Some(sent_at));
        let id = row.connection_id.into();
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.id == id) {
            connection.sent.push(SentNotice { notice: code(&row.notice)?, about_at: instant(row.about_at)?, sent_at });
        }
        Ok(())
    }
}
