//! Keys that organizations typed, and the short-lived tokens that they buy. Both are sealed; neither is ever shown again.

use bankside_domain::{Asker, CredentialsId, Id, PersonId, Right};
use bankside_vault::{Sealed, WrappedKey};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{ids, instant, micros};
use crate::db::{on, run, sql};
use crate::{Store, StoreError};

/// Keys of one provider that an organization typed.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Which ones; part of the place where the fields are sealed.
    pub id: CredentialsId,
    /// Of which provider.
    pub provider: String,
    /// The data key that seals the fields.
    pub data_key: WrappedKey,
    /// The fields, as JSON, sealed.
    pub fields: Sealed,
    /// What people may see of them, such as the first characters of an id.
    pub hint: String,
    /// Who typed them.
    pub created_by: Option<PersonId>,
    /// When.
    pub created_at: Timestamp,
}

/// A token of a provider, kept until it expires.
#[derive(Debug, Clone)]
pub struct ProviderToken {
    /// The data key that seals it.
    pub data_key: WrappedKey,
    /// The token, sealed.
    pub token: Sealed,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What was made at a provider for an organization, once and for all.
#[derive(Debug, Clone)]
pub struct Keepsake {
    /// The data key that seals it.
    pub data_key: WrappedKey,
    /// What it is, sealed.
    pub content: Sealed,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    provider: String,
    data_key: Vec<u8>,
    fields: Vec<u8>,
    hint: String,
    created_by: Option<Uuid>,
    created_at: i64,
}

impl Store {
    /// The keys of one provider.
    pub async fn credentials(&self, asker: &Asker, provider: &str) -> Result<Option<Credentials>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        let text = sql!(
            "SELECT id, provider, data_key, fields, hint, created_by, created_at FROM credentials
             WHERE organization_id = $1 AND provider = $2"
        );
        let row: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(provider)
            .fetch_optional(c)
            .await?);
        row.map(|row| {
            Ok(Credentials {
                id: row.id.into(),
                provider: row.provider,
                data_key: WrappedKey::from_bytes(row.data_key),
                fields: Sealed::from_bytes(row.fields),
                hint: row.hint,
                created_by: ids(row.created_by),
                created_at: instant(row.created_at)?,
            })
        })
        .transpose()
    }

    /// Keeps keys that were checked, in place of those that were there.
    pub async fn keep_credentials(&self, asker: &Asker, new: &Credentials) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let text = sql!("DELETE FROM credentials WHERE organization_id = $1 AND provider = $2");
        let replaced = run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(&new.provider));
        let text = sql!(
            "INSERT INTO credentials (organization_id, id, provider, data_key, fields, hint, created_by, created_at,
                checked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(new.id.uuid())
                .bind(&new.provider)
                .bind(new.data_key.as_bytes())
                .bind(new.fields.as_bytes())
                .bind(&new.hint)
                .bind(asker.person().map(Id::uuid))
                .bind(micros(new.created_at))
        );
        let action = if replaced > 0 { "credentials.replaced" } else { "credentials.added" };
        self.audit_within(&mut session, asker, action, &new.provider, &new.hint).await?;
        session.commit().await
    }

    /// Forgets the keys of a provider and every token that they bought.
    pub async fn forget_credentials(&self, asker: &Asker, provider: &str) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let text = sql!("DELETE FROM credentials WHERE organization_id = $1 AND provider = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(provider));
        let text = sql!("DELETE FROM provider_tokens WHERE organization_id = $1 AND provider = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(provider));
        self.audit_within(&mut session, asker, "credentials.reset", provider, "").await?;
        session.commit().await
    }

    /// What is kept under a digest of its name; where nothing is, `new` is. It stays when keys are forgotten: whoever types them again
    /// finds what was made with them.
    pub async fn keep_once(
        &self,
        asker: &Asker,
        provider: &str,
        name_digest: &[u8],
        new: &Keepsake,
    ) -> Result<Keepsake, StoreError> {
        let mut session = self.db.write(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "INSERT INTO provider_keepsakes (organization_id, provider, name_digest, data_key, content, made_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (organization_id, provider, name_digest) DO NOTHING"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(provider)
                .bind(name_digest)
                .bind(new.data_key.as_bytes())
                .bind(new.content.as_bytes())
                .bind(micros(self.ambient.now()))
        );
        let text = sql!(
            "SELECT data_key, content FROM provider_keepsakes
             WHERE organization_id = $1 AND provider = $2 AND name_digest = $3"
        );
        let (data_key, content): (Vec<u8>, Vec<u8>) = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(provider)
            .bind(name_digest)
            .fetch_one(c)
            .await?);
        session.commit().await?;
        Ok(Keepsake { data_key: WrappedKey::from_bytes(data_key), content: Sealed::from_bytes(content) })
    }

    /// A token that was bought with these keys, unless it has expired.
    pub async fn provider_token(
        &self,
        asker: &Asker,
        provider: &str,
        keys_digest: &[u8],
    ) -> Result<Option<ProviderToken>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT data_key, token, expires_at FROM provider_tokens
             WHERE organization_id = $1 AND provider = $2 AND keys_digest = $3 AND expires_at > $4"
        );
        let row: Option<(Vec<u8>, Vec<u8>, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(provider)
            .bind(keys_digest)
            .bind(micros(self.ambient.now()))
            .fetch_optional(c)
            .await?);
        row.map(|(data_key, token, expires_at)| {
            Ok(ProviderToken {
                data_key: WrappedKey::from_bytes(data_key),
                token: Sealed::from_bytes(token),
                expires_at: instant(expires_at)?,
            })
        })
        .transpose()
    }

    /// Keeps a token; `None` forgets the one that is there.
    pub async fn keep_provider_token(
        &self,
        asker: &Asker,
        provider: &str,
        keys_digest: &[u8],
        token: Option<&ProviderToken>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::SeeBooks)?).await?;
        let text =
            sql!("DELETE FROM provider_tokens WHERE organization_id = $1 AND provider = $2 AND keys_digest = $3");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(provider).bind(keys_digest));
        if let Some(token) = token {
            let text = sql!(
                "INSERT INTO provider_tokens (organization_id, provider, keys_digest, data_key, token, expires_at)
                 VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (organization_id, provider, keys_digest)
                 DO UPDATE SET data_key = excluded.data_key, token = excluded.token, expires_at = excluded.expires_at"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(provider)
                    .bind(keys_digest)
                    .bind(token.data_key.as_bytes())
                    .bind(token.token.as_bytes())
                    .bind(micros(token.expires_at))
            );
        }
        session.commit().await
    }
}
