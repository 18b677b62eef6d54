//! People, their sessions, and the throttle on their attempts to sign in. People belong to the installation, not to an
//! organization, therefore everything here is `_as_system`.

use bankside_domain::text::fold;
use bankside_domain::{Code as _, DateFormat, FormatChoice, Granted, Id, NumberFormat, OrganizationId, PersonId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{instant, micros};
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::{NewOrganization, Store, StoreError};

/// A session's last use is written down at most this often.
const SEEN_EVERY_MICROS: i64 = 60 * 1_000_000;

/// Someone who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// Their name, by which they may sign in.
    pub name: String,
    /// Their address, by which they may sign in too.
    pub email: Option<String>,
    /// Whether they own the installation.
    pub is_operator: bool,
    /// How they chose to read figures and days.
    pub formats: FormatChoice,
}

/// A person with what proves that it is them.
#[derive(Clone)]
pub struct PersonSecrets {
    /// The person.
    pub person: Person,
    /// The hash of their password, in PHC form.
    pub password_hash: String,
}

/// A person to add.
#[derive(Clone)]
pub struct NewPerson {
    /// Their name, unique when folded.
    pub name: String,
    /// Their address, unique when folded.
    pub email: Option<String>,
    /// The hash of their password, in PHC form.
    pub password_hash: String,
    /// Whether they own the installation.
    pub is_operator: bool,
}

/// Failed attempts in one bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttle {
    /// How many in a row.
    pub failures: i64,
    /// Until when no further one is looked at.
    pub blocked_until: Timestamp,
    /// When the last one was.
    pub changed_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct PersonRow {
    id: Uuid,
    name: String,
    email: Option<String>,
    password_hash: String,
    is_operator: bool,
    number_format: Option<String>,
    date_format: Option<String>,
}

impl From<PersonRow> for PersonSecrets {
    fn from(row: PersonRow) -> Self {
        // A format that this version does not know is no reason to keep anybody out.
        let formats = FormatChoice {
            numbers: row.number_format.and_then(|code| NumberFormat::from_code(&code).ok()),
            dates: row.date_format.and_then(|code| DateFormat::from_code(&code).ok()),
        };
        let person =
            Person { id: row.id.into(), name: row.name, email: row.email, is_operator: row.is_operator, formats };
        Self { person, password_hash: row.password_hash }
    }
}

impl Store {
    /// Whether anybody can sign in yet.
    pub async fn has_people_as_system(&self) -> Result<bool, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!("SELECT 1 FROM people LIMIT 1");
        Ok(on!(session, c => sqlx::query(text).fetch_optional(c).await?.is_some()))
    }

    /// Adds a person.
    pub async fn add_person_as_system(&self, new: &NewPerson) -> Result<PersonId, StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let id = self.insert_person(&mut session, new).await?;
        session.commit().await?;
        Ok(id)
    }

    /// The first start, all of it or nothing: the first person and their organization. Answers nothing when there is somebody
    /// already, also when two begin at once.
    pub async fn set_up_as_system(
        &self,
        person: &NewPerson,
        organization: &NewOrganization,
    ) -> Result<Option<(PersonId, OrganizationId)>, StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        session.lock_people().await?;
        let text = sql!("SELECT 1 FROM people LIMIT 1");
        if on!(session, c => sqlx::query(text).fetch_optional(c).await?.is_some()) {
            return Ok(None);
        }
        let person = self.insert_person(&mut session, person).await?;
        let organization = self.insert_organization(&mut session, organization, person).await?;
        session.commit().await?;
        Ok(Some((person, organization)))
    }

    pub(crate) async fn insert_person(&self, session: &mut Session, new: &NewPerson) -> Result<PersonId, StoreError> {
        let id: PersonId = self.ambient.id();
        let text = sql!(
            "INSERT INTO people (id, name, name_folded, email, email_folded, password_hash, is_operator, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        );
        let result = on!(session, c => sqlx::query(text)
            .bind(id.uuid())
            .bind(&new.name)
            .bind(fold(&new.name))
            .bind(&new.email)
            .bind(new.email.as_deref().map(fold))
            .bind(&new.password_hash)
            .bind(new.is_operator)
            .bind(micros(self.ambient.now()))
            .execute(c)
            .await
            .map(|_| ()));
        or_conflict(result, "somebody has this name or this address already")?;
        Ok(id)
    }

    /// Finds a person by name or address.
    pub async fn person_by_login_as_system(&self, login: &str) -> Result<Option<PersonSecrets>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT id, name, email, password_hash, is_operator, number_format, date_format FROM people
             WHERE name_folded = $1 OR email_folded = $1"
        );
        let row: Option<PersonRow> = on!(session, c => sqlx::query_as(text).bind(fold(login)).fetch_optional(c).await?);
        Ok(row.map(PersonSecrets::from))
    }

    /// The hash of a person's password.
    pub async fn password_hash_as_system(&self, person: PersonId) -> Result<Option<String>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!("SELECT password_hash FROM people WHERE id = $1");
        Ok(on!(session, c => sqlx::query_scalar(text).bind(person.uuid()).fetch_optional(c).await?))
    }

    /// Replaces a person's password and ends their sessions, but for the one with this digest.
    pub async fn set_password_as_system(
        &self,
        person: PersonId,
        password_hash: &str,
        kept: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let update = sql!("UPDATE people SET password_hash = $2 WHERE id = $1");
        run!(session, sqlx::query(update).bind(person.uuid()).bind(password_hash));
        let end = sql!("DELETE FROM sessions WHERE person_id = $1 AND token_digest <> $2");
        // No digest is empty.
        run!(session, sqlx::query(end).bind(person.uuid()).bind(kept.unwrap_or_default()));
        // Whoever asked for another address may have had the password that goes.
        let forget = sql!("DELETE FROM address_changes WHERE person_id = $1");
        run!(session, sqlx::query(forget).bind(person.uuid()));
        session.commit().await
    }

    /// Keeps how a person reads figures and days.
    pub async fn set_formats_as_system(&self, person: PersonId, formats: FormatChoice) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sql!("UPDATE people SET number_format = $2, date_format = $3 WHERE id = $1");
        run!(
            session,
            sqlx::query(text)
                .bind(person.uuid())
                .bind(formats.numbers.map(NumberFormat::code))
                .bind(formats.dates.map(DateFormat::code))
        );
        session.commit().await
    }

    /// With which organization a person begins; `None` is the first by name.
    pub async fn set_beginning_as_system(
        &self,
        person: PersonId,
        organization: OrganizationId,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sql!(
            "UPDATE people SET begins_with = $2 WHERE id = $1 AND EXISTS (SELECT 1 FROM members m
                WHERE m.person_id = $1 AND m.organization_id = $2)"
        );
        let done = run!(session, sqlx::query(text).bind(person.uuid()).bind(organization.uuid()));
        if done == 0 { Err(StoreError::NotFound("the organization")) } else { session.commit().await }
    }

    /// Starts a session; only the digest of its token is kept.
    pub async fn start_session_as_system(
        &self,
        person: PersonId,
        token_digest: &[u8],
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let now = micros(self.ambient.now());
        let mut session = self.db.write(Granted::as_system()).await?;
        let old = sql!("DELETE FROM sessions WHERE expires_at < $1");
        run!(session, sqlx::query(old).bind(now));
        let text = sql!(
            "INSERT INTO sessions (token_digest, person_id, created_at, seen_at, expires_at)
             VALUES ($1, $2, $3, $3, $4)"
        );
        run!(session, sqlx::query(text).bind(token_digest).bind(person.uuid()).bind(now).bind(micros(expires_at)));
        session.commit().await
    }

    /// The person of a session that has not expired.
    pub async fn session_person_as_system(&self, token_digest: &[u8]) -> Result<Option<Person>, StoreError> {
        #[derive(sqlx::FromRow)]
        struct Found {
            #[sqlx(flatten)]
            person: PersonRow,
            seen_at: i64,
        }
        let now = micros(self.ambient.now());
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT p.id, p.name, p.email, p.password_hash, p.is_operator, p.number_format, p.date_format, s.seen_at
             FROM sessions s JOIN people p ON p.id = s.person_id
             WHERE s.token_digest = $1 AND s.expires_at > $2"
        );
        let found: Option<Found> =
            on!(session, c => sqlx::query_as(text).bind(token_digest).bind(now).fetch_optional(c).await?);
        drop(session);
        let Some(found) = found else { return Ok(None) };
        if found.seen_at + SEEN_EVERY_MICROS < now {
            let mut session = self.db.write(Granted::as_system()).await?;
            let touch = sql!("UPDATE sessions SET seen_at = $2 WHERE token_digest = $1");
            run!(session, sqlx::query(touch).bind(token_digest).bind(now));
            session.commit().await?;
        }
        Ok(Some(PersonSecrets::from(found.person).person))
    }

    /// Ends a session.
    pub async fn end_session_as_system(&self, token_digest: &[u8]) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sql!("DELETE FROM sessions WHERE token_digest = $1");
        run!(session, sqlx::query(text).bind(token_digest));
        session.commit().await
    }

    /// Rewrites the attempts of a bucket by what they are now. Whoever comes at the same time waits, so that none is lost.
    pub async fn rewrite_throttle_as_system(
        &self,
        bucket: &str,
        rewrite: impl FnOnce(Throttle) -> Throttle + Send,
    ) -> Result<(), StoreError> {
        const TEXT: &str = "SELECT failures, blocked_until, changed_at FROM throttles WHERE bucket = $1";
        let mut session = self.db.write(Granted::as_system()).await?;
        // A row that is not there cannot be locked.
        let text = sql!(
            "INSERT INTO throttles (bucket, failures, blocked_until, changed_at) VALUES ($1, 0, 0, 0)
             ON CONFLICT (bucket) DO NOTHING"
        );
        run!(session, sqlx::query(text).bind(bucket));
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let (failures, blocked_until, changed_at): (i64, i64, i64) =
            on!(session, c => sqlx::query_as(text).bind(bucket).fetch_one(c).await?);
        let throttle =
            rewrite(Throttle { failures, blocked_until: instant(blocked_until)?, changed_at: instant(changed_at)? });
        let text = sql!("UPDATE throttles SET failures = $2, blocked_until = $3, changed_at = $4 WHERE bucket = $1");
        run!(
            session,
            sqlx::query(text)
                .bind(bucket)
                .bind(throttle.failures)
                .bind(micros(throttle.blocked_until))
                .bind(micros(throttle.changed_at))
        );
        session.commit().await
    }
}
