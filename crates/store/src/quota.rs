//! The quota ledger: calls are debited before they are made, and corrected by what the answer says.

use bankside_domain::quota::{Presence, QuotaRule, QuotaStatement, QuotaWindow, correct, debit, refund};
use bankside_domain::{Asker, Id, Right};
use jiff::Timestamp;

use crate::convert::{instant, micros};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

impl Store {
    /// Debits one call, or answers until when to wait.
    pub async fn debit_call(
        &self,
        asker: &Asker,
        provider: &str,
        subject: &str,
        rule: &QuotaRule,
        presence: Presence,
    ) -> Result<Result<QuotaWindow, Timestamp>, StoreError> {
        let mut session = self.db.write(asker.require(Right::SeeBooks)?).await?;
        // A row that is not there cannot be locked; a window that is over long since is as good as none.
        let text = sql!(
            "INSERT INTO quota_ledger (organization_id, provider, subject, max_calls, used_calls, resets_at, changed_at)
             VALUES ($1, $2, $3, 0, 0, 0, 0) ON CONFLICT (organization_id, provider, subject) DO NOTHING"
        );
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(provider).bind(subject));
        let window = self.quota_window(&mut session, asker, provider, subject).await?;
        let answer = debit(window, rule, presence, self.ambient.now());
        if let Ok(window) = answer {
            self.keep_quota_window(&mut session, asker, provider, subject, window).await?;
        }
        session.commit().await?;
        Ok(answer)
    }

    /// Takes a debit back, where the rule counts successes only and the call failed.
    pub async fn refund_call(
        &self,
        asker: &Asker,
        provider: &str,
        subject: &str,
        rule: &QuotaRule,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::SeeBooks)?).await?;
        if let Some(window) = self.quota_window(&mut session, asker, provider, subject).await? {
            self.keep_quota_window(&mut session, asker, provider, subject, refund(window, rule)).await?;
        }
        session.commit().await
    }

    /// Corrects a window by what the provider said.
    pub async fn correct_quota(
        &self,
        asker: &Asker,
        provider: &str,
        subject: &str,
        rule: &QuotaRule,
        statement: QuotaStatement,
    ) -> Result<(), StoreError> {
        let now = self.ambient.now();
        let mut session = self.db.write(asker.require(Right::SeeBooks)?).await?;
        let window = self.quota_window(&mut session, asker, provider, subject).await?;
        let window = correct(window, rule, statement, now);
        self.keep_quota_window(&mut session, asker, provider, subject, window).await?;
        session.commit().await
    }

    async fn quota_window(
        &self,
        session: &mut Session,
        asker: &Asker,
        provider: &str,
        subject: &str,
    ) -> Result<Option<QuotaWindow>, StoreError> {
        const TEXT: &str = "SELECT max_calls, used_calls, resets_at FROM quota_ledger
             WHERE organization_id = $1 AND provider = $2 AND subject = $3";
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let row: Option<(i64, i64, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(provider)
            .bind(subject)
            .fetch_optional(c)
            .await?);
        row.map(|(max, used, resets_at)| Ok(QuotaWindow { max, used, resets_at: instant(resets_at)? })).transpose()
    }

    async fn keep_quota_window(
        &self,
        session: &mut Session,
        asker: &Asker,
        provider: &str,
        subject: &str,
        window: QuotaWindow,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "INSERT INTO quota_ledger (organization_id, provider, subject, max_calls, used_calls, resets_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (organization_id, provider, subject) DO UPDATE SET max_calls = excluded.max_calls,
             used_calls = excluded.used_calls, resets_at = excluded.resets_at, changed_at = excluded.changed_at"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(provider)
                .bind(subject)
                .bind(window.max)
                .bind(window.used)
                .bind(micros(window.resets_at))
                .bind(micros(self.ambient.now()))
        );
        Ok(())
    }
}
