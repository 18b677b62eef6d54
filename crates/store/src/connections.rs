//! Connections: one consent or login at one institution through one provider.

use std::collections::HashMap;

use bankside_domain::consent::Consent;
use bankside_domain::reconcile::Digest;
use bankside_domain::{Asker, ConnectionId, Id, PersonId, Right, Sight, SourceId};
use bankside_vault::{Sealed, WrappedKey};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{ids, instant, instants, micros};
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::{Store, StoreError};

/// What is said where a login is one connection already. Two can find that out at the same time.
pub(crate) const LOGIN_TAKEN: &str = "This login is connected already, as another sync";

/// What is said where a name is taken.
const NAME_TAKEN: &str = "Another sync has this name";

/// A connection.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Which one.
    pub id: ConnectionId,
    /// Through which provider.
    pub provider: String,
    /// Its name, on screen "sync name".
    pub name: String,
    /// The institution as the provider lists it.
    pub institution_key: String,
    /// Its name for people.
    pub institution_name: String,
    /// Its country, as two letters.
    pub country: Option<String>,
    /// The IANA name of the institution's zone.
    pub time_zone: String,
    /// Who connected it.
    pub owner: Option<PersonId>,
    /// The data key that seals the remote reference.
    pub data_key: WrappedKey,
    /// The provider's own reference, sealed.
    pub remote: Sealed,
    /// What the provider stated about the consent.
    pub consent: Consent,
    /// How many days of history the institution gives, if it says.
    pub max_history_days: Option<i64>,
    /// How many of its accounts are left out because they cannot be read here.
    pub unread_accounts: i64,
    /// When it was connected.
    pub created_at: Timestamp,
    /// Whether a person paused it.
    pub is_paused: bool,
    /// When it was ended, if it was.
    pub ended_at: Option<Timestamp>,
}

/// A connection to add.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// Its id, made before because its secrets are sealed to it.
    pub id: ConnectionId,
    /// Through which provider.
    pub provider: String,
    /// The name that is wanted for it; where another connection has that, it gets a number.
    pub name: String,
    /// The institution as the provider lists it.
    pub institution_key: String,
    /// Its name for people.
    pub institution_name: String,
    /// Its country.
    pub country: Option<String>,
    /// The institution's zone.
    pub time_zone: String,
    /// The data key that seals the remote reference.
    pub data_key: WrappedKey,
    /// The provider's own reference, sealed.
    pub remote: Sealed,
    /// Digest of the login that it uses at the provider, where there are such.
    pub login: Option<Digest>,
    /// What the provider stated about the consent.
    pub consent: Consent,
    /// How many days of history the institution gives, if it says.
    pub max_history_days: Option<i64>,
    /// How many of its accounts are left out because they cannot be read here.
    pub unread_accounts: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    provider: String,
    name: String,
    institution_key: String,
    institution_name: String,
    country: Option<String>,
    time_zone: String,
    owner_id: Option<Uuid>,
    data_key: Vec<u8>,
    remote: Vec<u8>,
    consent_given_at: Option<i64>,
    consent_valid_until: Option<i64>,
    max_history_days: Option<i64>,
    unread_accounts: i64,
    created_at: i64,
    paused_at: Option<i64>,
    ended_at: Option<i64>,
}

impl Row {
    fn into_connection(self) -> Result<Connection, StoreError> {
        Ok(Connection {
            id: self.id.into(),
            provider: self.provider,
            name: self.name,
            institution_key: self.institution_key,
            institution_name: self.institution_name,
            country: self.country,
            time_zone: self.time_zone,
            owner: ids(self.owner_id),
            data_key: WrappedKey::from_bytes(self.data_key),
            remote: Sealed::from_bytes(self.remote),
            consent: Consent {
                given_at: instants(self.consent_given_at)?,
                valid_until: instants(self.consent_valid_until)?,
            },
            max_history_days: self.max_history_days,
            unread_accounts: self.unread_accounts,
            created_at: instant(self.created_at)?,
            is_paused: self.paused_at.is_some(),
            ended_at: instants(self.ended_at)?,
        })
    }
}

impl Store {
    /// Adds a connection and its source of feed rows.
    pub(crate) async fn add_connection_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        new: &NewConnection,
    ) -> Result<(), StoreError> {
        asker.require(Right::ManageBanks)?;
        let now = micros(self.ambient.now());
        let name = free_name(&self.lock_names(session, asker).await?, &new.name);
        let text = sql!(
            "INSERT INTO connections (organization_id, id, provider, name, institution_key, institution_name, country,
                time_zone, owner_id, data_key, remote, consent_given_at, consent_valid_until, max_history_days, created_at,
                login_digest, unread_accounts)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
        );
        let result = on!(session, c => sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(new.id.uuid())
                .bind(&new.provider)
                .bind(&name)
                .bind(&new.institution_key)
                .bind(&new.institution_name)
                .bind(&new.country)
                .bind(&new.time_zone)
                .bind(asker.person().map(Id::uuid))
                .bind(new.data_key.as_bytes())
                .bind(new.remote.as_bytes())
                .bind(new.consent.given_at.map(micros))
                .bind(new.consent.valid_until.map(micros))
                .bind(new.max_history_days)
                .bind(now)
                .bind(new.login.map(|digest| digest.0.to_vec()))
                .bind(new.unread_accounts)
                .execute(c)
                .await
                .map(|_| ()));
        or_conflict(result, LOGIN_TAKEN)?;
        let source: SourceId = self.ambient.id();
        let text = sql!(
            "INSERT INTO sources (organization_id, id, kind, connection_id, name, created_at)
             VALUES ($1, $2, 'connection', $3, $4, $5)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(source.uuid())
                .bind(new.id.uuid())
                .bind(&name)
                .bind(now)
        );
        let what = format!("{} through {}", new.institution_name, new.provider);
        self.audit_within(session, asker, "connection.created", &new.id.to_string(), &what).await
    }

    /// The connections of an organization, by name; those that were ended are left out.
    pub async fn connections(&self, asker: &Asker) -> Result<Vec<Connection>, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = sql!(
            "SELECT id, provider, name, institution_key, institution_name, country, time_zone, owner_id, data_key,
                    remote, consent_given_at, consent_valid_until, max_history_days, unread_accounts, created_at, paused_at,
                    ended_at
             FROM connections WHERE organization_id = $1 AND ended_at IS NULL ORDER BY name, id"
        );
        let rows: Vec<Row> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let feeding = match sight {
            Sight::Whole => None,
            Sight::Below(_) => Some(self.connections_in_sight(&mut session, asker).await?),
        };
        let is_in_sight = |row: &Row| feeding.as_ref().is_none_or(|feeding| feeding.get(&row.id) == Some(&true));
        rows.into_iter().filter(is_in_sight).map(Row::into_connection).collect()
    }

    /// The connections that bring, or once brought, something into the accounts in sight; with each, whether they still do.
    async fn connections_in_sight(
        &self,
        session: &mut Session,
        asker: &Asker,
    ) -> Result<HashMap<Uuid, bool>, StoreError> {
        let text = session.in_sight(
            sql!(
                "SELECT connection_id, MAX(CASE WHEN until_at IS NULL THEN 1 ELSE 0 END) FROM feeds
                 WHERE organization_id = $1 /* in sight: account_id */ GROUP BY connection_id"
            ),
            asker.sight(),
        );
        let rows: Vec<(Uuid, i32)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        Ok(rows.into_iter().map(|(id, still)| (id, still == 1)).collect())
    }

    /// One connection. Whoever does not see all finds those that brought something into what they see.
    pub async fn connection(&self, asker: &Asker, id: ConnectionId) -> Result<Connection, StoreError> {
        let (granted, sight) = asker.require_within(Right::SeeBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = sql!(
            "SELECT id, provider, name, institution_key, institution_name, country, time_zone, owner_id, data_key,
                    remote, consent_given_at, consent_valid_until, max_history_days, unread_accounts, created_at, paused_at,
                    ended_at
             FROM connections WHERE organization_id = $1 AND id = $2"
        );
        let row: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        let row = row.ok_or(StoreError::NotFound("the connection"))?;
        if *sight != Sight::Whole && !self.connections_in_sight(&mut session, asker).await?.contains_key(&row.id) {
            return Err(StoreError::NotFound("the connection"));
        }
        row.into_connection()
    }

    /// Gives a connection another name, and keeps both in the audit.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such connection or it was ended, [`StoreError::Conflict`] where another one has the
    /// name.
    pub async fn rename_connection(&self, asker: &Asker, id: ConnectionId, name: &str) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let rows = self.lock_names(&mut session, asker).await?;
        let is_it = |(of, _): &&(Uuid, String)| *of == id.uuid();
        let (_, before) = rows.iter().find(is_it).ok_or(StoreError::NotFound("the connection"))?;
        if before == name {
            return Ok(());
        }
        if rows.iter().any(|(_, other)| other == name) {
            return Err(StoreError::Conflict(NAME_TAKEN));
        }
        for text in [
            sql!("UPDATE connections SET name = $3 WHERE organization_id = $1 AND id = $2"),
            sql!("UPDATE sources SET name = $3 WHERE organization_id = $1 AND connection_id = $2"),
        ] {
            run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()).bind(name));
        }
        let what = format!("{before}, from now on {name}");
        self.audit_within(&mut session, asker, "connection.renamed", &id.to_string(), &what).await?;
        session.commit().await
    }

    /// The names of all connections, while nobody else gives one: two that are given at once would not know of each other.
    async fn lock_names(&self, session: &mut Session, asker: &Asker) -> Result<Vec<(Uuid, String)>, StoreError> {
        self.lock_organization(session, asker).await?;
        let text = sql!("SELECT id, name FROM connections WHERE organization_id = $1 AND ended_at IS NULL");
        Ok(on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?))
    }
}

/// The name that is wanted, or that with the first number with which no other connection has it.
fn free_name(taken: &[(Uuid, String)], wanted: &str) -> String {
    let is_taken = |name: &str| taken.iter().any(|(_, other)| other == name);
    let mut name = wanted.to_owned();
    let mut number = 2;
    while is_taken(&name) {
        name = format!("{wanted} {number}");
        number += 1;
    }
    name
}
