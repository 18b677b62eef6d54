//! The audit: an append-only list of what was done to connections, credentials, roles and exports.

use bankside_domain::{Asker, AuditId, Id, PersonId, Right};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{ids, instant, micros};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// One line of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who; `None` for Bankside itself.
    pub person: Option<PersonId>,
    /// What, such as `connection.created`.
    pub action: String,
    /// To what: an id or a provider.
    pub subject: String,
    /// More, in words. Never a secret.
    pub detail: String,
}

impl Store {
    /// Appends a line on its own.
    pub async fn audit(&self, asker: &Asker, action: &str, subject: &str, detail: &str) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::SeeBooks)?.0).await?;
        self.audit_within(&mut session, asker, action, subject, detail).await?;
        session.commit().await
    }

    /// Appends a line in the transaction of what it tells about.
    pub(crate) async fn audit_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        action: &str,
        subject: &str,
        detail: &str,
    ) -> Result<(), StoreError> {
        let id: AuditId = self.ambient.id();
        let text = sql!(
            "INSERT INTO audit (id, organization_id, at, person_id, action, subject, detail)
             VALUES ($1, $2, $3, $4, $5, $6, $7)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(id.uuid())
                .bind(asker.organization.uuid())
                .bind(micros(self.ambient.now()))
                .bind(asker.person().map(Id::uuid))
                .bind(action)
                .bind(subject)
                .bind(detail)
        );
        Ok(())
    }

    /// The latest lines of an organization, newest first, at most 500.
    pub async fn audit_entries(&self, asker: &Asker) -> Result<Vec<AuditEntry>, StoreError> {
        let mut session = self.db.read(asker.require(Right::ManagePeople)?).await?;
        let text = sql!(
            "SELECT at, person_id, action, subject, detail FROM audit
             WHERE organization_id = $1 ORDER BY at DESC, id DESC LIMIT 500"
        );
        let rows: Vec<(i64, Option<Uuid>, String, String, String)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        rows.into_iter()
            .map(|(at, person, action, subject, detail)| {
                Ok(AuditEntry { at: instant(at)?, person: ids(person), action, subject, detail })
            })
            .collect()
    }
}
