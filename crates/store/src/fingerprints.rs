//! Fingerprints of contents, made anew where the normal form that they are made from has changed since.
//!
//! The old ones are not read again as soon as the program is a newer one: a run renews those that it looks at, before it plans.

use bankside_domain::account::AccountKind;
use bankside_domain::reconcile::Digest;
use bankside_domain::row::{FINGERPRINT_VERSION, RowStatus};
use bankside_domain::{Asker, BankAccountId, ConnectionId, CurrencyCode, FeedRowVersionId, Id, Right, SourceId};
use bankside_vault::{Sealed, WrappedKey};
use uuid::Uuid;

use crate::convert::{code, currency, ids};
use crate::db::{on, run, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

/// A content as it was received.
#[derive(Debug, Clone)]
pub struct SealedVersion {
    /// Which one.
    pub id: FeedRowVersionId,
    /// How far the bank had got.
    pub status: RowStatus,
    /// Its bytes.
    pub raw: Sealed,
    /// The connection that brought it; statement files have none.
    pub connection: Option<ConnectionId>,
    /// Where it came from.
    pub source: SourceId,
    /// Of which bank account.
    pub bank_account: BankAccountId,
    /// What that is.
    pub account_kind: AccountKind,
    /// Its currency.
    pub account_currency: CurrencyCode,
    /// Its key.
    pub data_key: WrappedKey,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    status: String,
    raw: Vec<u8>,
    connection_id: Option<Uuid>,
    source_id: Uuid,
    bank_account_id: Uuid,
    kind: String,
    currency: String,
    data_key: Vec<u8>,
}

impl Row {
    fn into_version(self) -> Result<SealedVersion, StoreError> {
        Ok(SealedVersion {
            id: self.id.into(),
            status: code(&self.status)?,
            raw: Sealed::from_bytes(self.raw),
            connection: ids(self.connection_id),
            source: self.source_id.into(),
            bank_account: self.bank_account_id.into(),
            account_kind: code(&self.kind)?,
            account_currency: currency(&self.currency)?,
            data_key: WrappedKey::from_bytes(self.data_key),
        })
    }
}

impl Store {
    /// These contents.
    pub async fn sealed_versions(
        &self,
        asker: &Asker,
        versions: &[FeedRowVersionId],
    ) -> Result<Vec<SealedVersion>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let mut found = Vec::with_capacity(versions.len());
        for chunk in versions.chunks(VALUES_PER_LIST) {
            let rows: Vec<Row> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT v.id, v.status, v.raw, s.connection_id, v.source_id, v.bank_account_id, b.kind, b.currency, b.data_key \
                     FROM feed_row_versions v \
                     JOIN bank_accounts b ON b.organization_id = v.organization_id AND b.id = v.bank_account_id \
                     JOIN sources s ON s.organization_id = v.organization_id AND s.id = v.source_id \
                     WHERE v.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND v.id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            for row in rows {
                found.push(row.into_version()?);
            }
        }
        Ok(found)
    }

    /// Keeps fingerprints of the present normal form. Nothing else of a content changes.
    pub async fn renew_fingerprints(
        &self,
        asker: &Asker,
        fingerprints: &[(FeedRowVersionId, Digest)],
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "UPDATE feed_row_versions SET fingerprint = $3, fingerprint_version = $4
             WHERE organization_id = $1 AND id = $2"
        );
        for (id, fingerprint) in fingerprints {
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(id.uuid())
                    .bind(fingerprint.0.as_slice())
                    .bind(FINGERPRINT_VERSION)
            );
        }
        session.commit().await
    }
}
