//! Addresses of people: changed at once, or when the link is opened that was sent to the new one.

use bankside_domain::text::fold;
use bankside_domain::{Asker, Granted, Id as _, PersonId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::micros;
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::invitations::NewMail;
use crate::mails::MailReason;
use crate::{Store, StoreError};

const TAKEN: &str = "somebody else has this address already";

/// An address that somebody wants to have.
#[derive(Debug, Clone)]
pub struct WantedAddress {
    /// Who.
    pub person: PersonId,
    /// Which address.
    pub email: String,
    /// The digest of the token in the link.
    pub token_digest: [u8; 32],
    /// When the link leads nowhere any more.
    pub expires_at: Timestamp,
}

/// The address that somebody gives up, and the mail that tells it.
#[derive(Debug)]
pub struct OldAddress {
    /// Where it goes.
    pub email: String,
    /// What it says.
    pub mail: NewMail,
}

impl Store {
    /// Gives a person another address, or none. One that they wanted before is wanted no more.
    pub async fn set_address(
        &self,
        asker: &Asker,
        person: PersonId,
        email: Option<&str>,
        told: Option<&OldAddress>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        self.write_address(&mut session, person, email).await?;
        self.tell_old_address(&mut session, asker, told).await?;
        session.commit().await
    }

    async fn write_address(
        &self,
        session: &mut Session,
        person: PersonId,
        email: Option<&str>,
    ) -> Result<(), StoreError> {
        let text = sql!("UPDATE people SET email = $2, email_folded = $3 WHERE id = $1");
        let result = on!(session, c => sqlx::query(text)
            .bind(person.uuid())
            .bind(email)
            .bind(email.map(fold))
            .execute(c)
            .await
            .map(|_| ()));
        or_conflict(result, TAKEN)?;
        let text = sql!("DELETE FROM address_changes WHERE person_id = $1");
        run!(session, sqlx::query(text).bind(person.uuid()));
        Ok(())
    }

    /// Keeps which address a person wants, in the place of one that they wanted before, and puts the mail with the link on its way, and the
    /// one to the old address: all or none. They go out for the organization of the one who asks.
    pub async fn want_address(
        &self,
        asker: &Asker,
        wanted: &WantedAddress,
        mail: &NewMail,
        told: Option<&OldAddress>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sql!(
            "INSERT INTO address_changes (person_id, email, token_digest, expires_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (person_id) DO UPDATE SET email = excluded.email, token_digest = excluded.token_digest,
                expires_at = excluded.expires_at"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(wanted.person.uuid())
                .bind(&wanted.email)
                .bind(wanted.token_digest.as_slice())
                .bind(micros(wanted.expires_at))
        );
        self.enqueue_mail(&mut session, asker, MailReason::Address, &wanted.email, mail).await?;
        self.tell_old_address(&mut session, asker, told).await?;
        session.commit().await
    }

    async fn tell_old_address(
        &self,
        session: &mut Session,
        asker: &Asker,
        told: Option<&OldAddress>,
    ) -> Result<(), StoreError> {
        match told {
            Some(old) => self.enqueue_mail(session, asker, MailReason::Address, &old.email, &old.mail).await,
            None => Ok(()),
        }
    }

    /// Who wants which address by a link, as long as it counts: their name and the address.
    pub async fn wanted_address_as_system(&self, token_digest: &[u8]) -> Result<(String, String), StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let (_, name, email) = self.wanted_within(&mut session, token_digest).await?;
        Ok((name, email))
    }

    /// Gives a person the address that they wanted, because its link was opened.
    pub async fn take_address_as_system(&self, token_digest: &[u8]) -> Result<(), StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let (person, _, email) = self.wanted_within(&mut session, token_digest).await?;
        self.write_address(&mut session, person, Some(&email)).await?;
        session.commit().await
    }

    async fn wanted_within(
        &self,
        session: &mut Session,
        token_digest: &[u8],
    ) -> Result<(PersonId, String, String), StoreError> {
        let text = sql!(
            "SELECT p.id, p.name, a.email FROM address_changes a JOIN people p ON p.id = a.person_id
             WHERE a.token_digest = $1 AND a.expires_at > $2"
        );
        let row: Option<(Uuid, String, String)> = on!(session, c => sqlx::query_as(text)
            .bind(token_digest)
            .bind(micros(self.ambient.now()))
            .fetch_optional(c)
            .await?);
        let (id, name, email) = row.ok_or(StoreError::NotFound("the link"))?;
        Ok((id.into(), name, email))
    }

    /// The address that a person wants and has not confirmed yet.
    pub async fn address_in_waiting_as_system(&self, person: PersonId) -> Result<Option<String>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!("SELECT email FROM address_changes WHERE person_id = $1 AND expires_at > $2");
        Ok(on!(session, c => sqlx::query_scalar(text)
            .bind(person.uuid())
            .bind(micros(self.ambient.now()))
            .fetch_optional(c)
            .await?))
    }
}
