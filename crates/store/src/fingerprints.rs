//! Fingerprints of contents, made anew where the normal form that they are made from has changed since.
//!
//! The old ones are not read again as soon as the program is a newer one: a run renews those that it looks at, before it plans.

use bankside_domain::reconcile::Digest;
use bankside_domain::row::{FINGERPRINT_VERSION, RowStatus};
use bankside_domain::{Asker, ConnectionId, FeedRowVersionId, Id, Right};
use bankside_vault::Sealed;
use uuid::Uuid;

use crate::convert::{code, ids};
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
            let rows: Vec<(Uuid, String, Vec<u8>, Option<Uuid>)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT v.id, v.status, v.raw, s.connection_id FROM feed_row_versions v \
                     JOIN sources s ON s.organization_id = v.organization_id AND s.id = v.source_id \
                     WHERE v.organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND v.id IN ");
                push_list(&mut query, chunk.iter().map(|id| id.uuid()));
                query.build_query_as().fetch_all(c).await?
            });
            for (id, status, raw, connection) in rows {
                let (id, status, connection) = (id.into(), code(&status)?, ids(connection));
                found.push(SealedVersion { id, status, raw: Sealed::from_bytes(raw), connection });
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
