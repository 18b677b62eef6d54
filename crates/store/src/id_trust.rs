//! Trust in the ids of an institution's rows: what its answers have shown, and which kinds have lost their trust.

use bankside_domain::reconcile::{Distrust, IdEvidence};
use bankside_domain::row::RowIdKind;
use bankside_domain::{Asker, BankAccountId, Code, Id, Right, RunId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{code, instant, micros};
use crate::db::{Session, on, run, sql};
use crate::{Connection, Store, StoreError};

/// A kind of id that has lost its trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostTrust {
    /// The provider through which the institution is reached.
    pub provider: String,
    /// The institution.
    pub institution_key: String,
    /// Which kind.
    pub kind: RowIdKind,
    /// Why.
    pub why: Distrust,
    /// When that was found.
    pub at: Timestamp,
    /// The run that found it.
    pub run: RunId,
}

impl LostTrust {
    /// Whether it is about the bank of a connection.
    pub fn is_of(&self, connection: &Connection) -> bool {
        self.provider == connection.provider && self.institution_key == connection.institution_key
    }
}

#[derive(sqlx::FromRow)]
struct LostTrustRow {
    provider: String,
    institution_key: String,
    kind: String,
    lost: String,
    lost_at: i64,
    run_id: Uuid,
}

impl LostTrustRow {
    fn into_lost_trust(self) -> Result<LostTrust, StoreError> {
        Ok(LostTrust {
            provider: self.provider,
            institution_key: self.institution_key,
            kind: code(&self.kind)?,
            why: code(&self.lost)?,
            at: instant(self.lost_at)?,
            run: self.run_id.into(),
        })
    }
}

impl Store {
    /// The kinds of ids that have lost their trust, at all institutions of the organization.
    pub async fn lost_trust(&self, asker: &Asker) -> Result<Vec<LostTrust>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT provider, institution_key, kind, lost, lost_at, run_id FROM id_trust
             WHERE organization_id = $1 AND lost IS NOT NULL
             ORDER BY provider, institution_key, lost_at, kind"
        );
        let rows: Vec<LostTrustRow> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        rows.into_iter().map(LostTrustRow::into_lost_trust).collect()
    }

    /// The kinds of ids that have lost their trust at the institution of a bank account that feeds an account.
    pub(crate) async fn distrusted_kinds(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
    ) -> Result<Vec<RowIdKind>, StoreError> {
        let text = sql!(
            "SELECT i.kind FROM feeds f
             JOIN connections c ON c.organization_id = f.organization_id AND c.id = f.connection_id
             JOIN id_trust i ON i.organization_id = c.organization_id AND i.provider = c.provider
                AND i.institution_key = c.institution_key
             WHERE f.organization_id = $1 AND f.bank_account_id = $2 AND f.until_at IS NULL AND NOT f.is_shadow
                AND i.lost IS NOT NULL"
        );
        let kinds: Vec<String> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?);
        kinds.iter().map(|kind| code(kind)).collect()
    }

    /// Keeps what an answer shows against ids. A kind that has lost its trust does not win it back.
    pub(crate) async fn keep_evidence(
        &self,
        session: &mut Session,
        asker: &Asker,
        run: RunId,
        evidence: &[(RowIdKind, IdEvidence)],
    ) -> Result<(), StoreError> {
        let text = sql!(
            "INSERT INTO id_trust (organization_id, provider, institution_key, kind, reissued, reused, lost, lost_at, run_id)
             SELECT r.organization_id, c.provider, c.institution_key, $3, $4, $5, $6, $7, r.id
             FROM runs r
             JOIN connections c ON c.organization_id = r.organization_id AND c.id = r.connection_id
             WHERE r.organization_id = $1 AND r.id = $2
             ON CONFLICT (organization_id, provider, institution_key, kind) DO UPDATE SET
                reissued = id_trust.reissued + excluded.reissued,
                reused = id_trust.reused + excluded.reused,
                lost = COALESCE(id_trust.lost, excluded.lost),
                lost_at = CASE WHEN id_trust.lost IS NULL THEN excluded.lost_at ELSE id_trust.lost_at END,
                run_id = CASE WHEN id_trust.lost IS NULL THEN excluded.run_id ELSE id_trust.run_id END"
        );
        let now = micros(self.ambient.now());
        for (kind, shown) in evidence.iter().filter(|(_, shown)| shown.reissued > 0 || shown.reused > 0) {
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(run.uuid())
                    .bind(kind.code())
                    .bind(shown.reissued)
                    .bind(shown.reused)
                    .bind(shown.distrust().map(Code::code))
                    .bind(now)
            );
        }
        Ok(())
    }
}
