//! What a worker has of a statement file while it reads or imports it: a lease, which every write checks.

use bankside_domain::statement::{FileCounts, FileStage};
use bankside_domain::{Asker, Code, Granted, Id, OrganizationId, SourceId};
use bankside_vault::Sealed;
use jiff::SignedDuration;
use uuid::Uuid;

use crate::convert::micros;
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// What holds a file while a worker reads or imports it: its attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLease {
    /// The file.
    pub id: SourceId,
    /// The attempt that holds it.
    pub attempt: i64,
}

/// The lease is the right: only who has claimed a file has one, and every write checks that it still holds.
impl From<&FileLease> for Granted {
    fn from(_: &FileLease) -> Self {
        Self::as_system()
    }
}

/// A file that a worker has claimed.
#[derive(Debug, Clone, Copy)]
pub struct DueFile {
    /// The organization that it works for.
    pub organization: OrganizationId,
    /// The lease.
    pub lease: FileLease,
}

impl Store {
    /// Claims the file that has waited longest to be read or imported, or one whose worker has fallen silent.
    pub async fn claim_statement_file_as_system(
        &self,
        lease_for: SignedDuration,
    ) -> Result<Option<DueFile>, StoreError> {
        const TEXT: &str = "UPDATE statement_files SET attempt = attempt + 1, lease_until = $2, rows_done = 0
             WHERE stage IN ('reading', 'importing') AND (lease_until IS NULL OR lease_until < $1)
                AND id = (SELECT f.id FROM statement_files f WHERE f.stage IN ('reading', 'importing')
                    AND (f.lease_until IS NULL OR f.lease_until < $1) ORDER BY f.created_at, f.id LIMIT 1";
        const END: &str = ") RETURNING organization_id, id, attempt";
        let now = self.ambient.now();
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}{END}", session.skip_locked()));
        let claimed: Option<(Uuid, Uuid, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(micros(now))
            .bind(micros(now + lease_for))
            .fetch_optional(c)
            .await?);
        session.commit().await?;
        Ok(claimed.map(|(organization, id, attempt)| DueFile {
            organization: organization.into(),
            lease: FileLease { id: id.into(), attempt },
        }))
    }

    /// Prolongs a lease that still holds, and tells how far the work has got.
    pub async fn prolong_statement_file(
        &self,
        asker: &Asker,
        lease: &FileLease,
        lease_for: SignedDuration,
        (rows_done, rows_total): (i64, i64),
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        let text = sql!(
            "UPDATE statement_files SET lease_until = $4, rows_done = $5, rows_total = $6
             WHERE organization_id = $1 AND id = $2 AND attempt = $3 AND stage IN ('reading', 'importing')"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(lease.id.uuid())
                .bind(lease.attempt)
                .bind(micros(self.ambient.now() + lease_for))
                .bind(rows_done)
                .bind(rows_total)
        );
        if done == 0 { Err(StoreError::LeaseLost) } else { session.commit().await }
    }

    /// Checks that a lease on a file still holds, and holds it until the end of the transaction.
    pub(crate) async fn check_file_lease(
        &self,
        session: &mut Session,
        asker: &Asker,
        lease: &FileLease,
    ) -> Result<(), StoreError> {
        const TEXT: &str = "SELECT attempt FROM statement_files WHERE organization_id = $1 AND id = $2
             AND stage IN ('reading', 'importing')";
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let attempt: Option<i64> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(lease.id.uuid())
            .fetch_optional(c)
            .await?);
        if attempt == Some(lease.attempt) { Ok(()) } else { Err(StoreError::LeaseLost) }
    }

    /// Ends the reading of a file, with what would come of it, sealed, or why it cannot be read.
    pub async fn end_reading_file(
        &self,
        asker: &Asker,
        lease: &FileLease,
        result: Result<(&Sealed, FileCounts), &str>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        self.check_file_lease(&mut session, asker, lease).await?;
        let (stage, answer, counts, problem) = match result {
            Ok((answer, counts)) => {
                (FileStage::Ready, Some(answer.as_bytes()), Some(serde_json::to_string(&counts)?), None)
            }
            Err(problem) => (FileStage::Failed, None, None, Some(problem)),
        };
        let text = sql!(
            "UPDATE statement_files SET stage = $3, answer = $4, counts = $5, problem = $6, lease_until = NULL, changed_at = $7
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(lease.id.uuid())
                .bind(stage.code())
                .bind(answer)
                .bind(&counts)
                .bind(problem)
                .bind(micros(self.ambient.now()))
        );
        session.commit().await
    }
}
