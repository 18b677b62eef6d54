//! The daily import: at which hour, and what is known of each sync when it is asked whether it is due.

use std::collections::HashMap;

use bankside_domain::consent::Consent;
use bankside_domain::fault::FaultRecord;
use bankside_domain::run::Trigger;
use bankside_domain::schedule::{DailyImport, LastRun, SyncFacts};
use bankside_domain::{Asker, ConnectionId, Granted, Id, OrganizationId, Right};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{instant, instants};
use crate::db::{on, run, sql};
use crate::{Store, StoreError};

/// A sync that may be due by itself.
#[derive(Debug, Clone)]
pub struct ScheduledSync {
    /// Whose.
    pub organization: OrganizationId,
    /// The connection.
    pub connection: ConnectionId,
    /// The IANA name of the organization's time zone.
    pub time_zone: String,
    /// The organization's hour.
    pub daily: DailyImport,
    /// What is known of it.
    pub facts: SyncFacts,
}

#[derive(sqlx::FromRow)]
struct Row {
    organization_id: Uuid,
    id: Uuid,
    time_zone: String,
    imports_daily: bool,
    import_hour: i64,
    consent_given_at: Option<i64>,
    consent_valid_until: Option<i64>,
    last_begun_at: Option<i64>,
    is_under_way: bool,
    finished_at: Option<i64>,
    fault: Option<String>,
    failures: i64,
}

impl Row {
    fn into_sync(self, account_faults: Vec<FaultRecord>) -> Result<ScheduledSync, StoreError> {
        let fault = self.fault.as_deref().map(serde_json::from_str).transpose()?;
        let failures = u32::try_from(self.failures).unwrap_or(u32::MAX);
        let finished_at = instants(self.finished_at)?;
        let consent =
            Consent { given_at: instants(self.consent_given_at)?, valid_until: instants(self.consent_valid_until)? };
        Ok(ScheduledSync {
            organization: self.organization_id.into(),
            connection: self.id.into(),
            time_zone: self.time_zone,
            daily: daily(self.imports_daily, self.import_hour),
            facts: SyncFacts {
                spread: self.id.as_u128(),
                consent,
                is_under_way: self.is_under_way,
                last_begun_at: instants(self.last_begun_at)?,
                last: finished_at.map(|finished_at| LastRun { finished_at, fault, account_faults, failures }),
            },
        })
    }
}

fn daily(is_on: bool, hour: i64) -> DailyImport {
    DailyImport { is_on, hour: i8::try_from(hour).unwrap_or_default() }
}

impl Store {
    /// Every sync that feeds an account and is neither paused nor ended: of one organization, or of all.
    pub async fn scheduled_as_system(
        &self,
        organization: Option<OrganizationId>,
    ) -> Result<Vec<ScheduledSync>, StoreError> {
        let mut session = self.db.read(Granted::as_system()).await?;
        let text = sql!(
            "SELECT c.organization_id, c.id, o.time_zone, o.imports_daily, o.import_hour, c.consent_given_at, c.consent_valid_until,
                    (SELECT MAX(b.created_at) FROM runs b WHERE b.organization_id = c.organization_id
                        AND b.connection_id = c.id) AS last_begun_at,
                    EXISTS (SELECT 1 FROM runs w WHERE w.organization_id = c.organization_id AND w.connection_id = c.id
                        AND w.state IN ('queued', 'running')) AS is_under_way,
                    l.finished_at, l.fault,
                    (SELECT COUNT(*) FROM runs n WHERE n.organization_id = c.organization_id AND n.connection_id = c.id
                        AND n.state = 'finished' AND n.outcome <> 'done' AND n.created_at > COALESCE(
                            (SELECT MAX(d.created_at) FROM runs d WHERE d.organization_id = c.organization_id
                                AND d.connection_id = c.id AND d.outcome = 'done'), 0)) AS failures
             FROM connections c
             JOIN organizations o ON o.id = c.organization_id
             LEFT JOIN runs l ON l.organization_id = c.organization_id AND l.id =
                (SELECT f.id FROM runs f WHERE f.organization_id = c.organization_id AND f.connection_id = c.id
                    AND f.state = 'finished' ORDER BY f.created_at DESC, f.id DESC LIMIT 1)
             WHERE c.ended_at IS NULL AND c.paused_at IS NULL AND c.organization_id = COALESCE($1, c.organization_id)
                AND EXISTS (SELECT 1 FROM feeds g JOIN aliases x ON x.organization_id = g.organization_id
                    AND x.connection_id = g.connection_id AND x.bank_account_id = g.bank_account_id AND x.until_at IS NULL
                    WHERE g.organization_id = c.organization_id AND g.connection_id = c.id AND g.until_at IS NULL AND NOT g.is_shadow)"
        );
        let rows: Vec<Row> =
            on!(session, c => sqlx::query_as(text).bind(organization.map(Id::uuid)).fetch_all(c).await?);
        let text = sql!(
            "SELECT c.id, a.fault FROM connections c
             JOIN run_accounts a ON a.organization_id = c.organization_id AND a.fault IS NOT NULL AND a.run_id =
                (SELECT f.id FROM runs f WHERE f.organization_id = c.organization_id AND f.connection_id = c.id
                    AND f.state = 'finished' ORDER BY f.created_at DESC, f.id DESC LIMIT 1)
             WHERE c.ended_at IS NULL AND c.paused_at IS NULL AND c.organization_id = COALESCE($1, c.organization_id)"
        );
        let faults: Vec<(Uuid, String)> =
            on!(session, c => sqlx::query_as(text).bind(organization.map(Id::uuid)).fetch_all(c).await?);
        let mut by_connection: HashMap<Uuid, Vec<FaultRecord>> = HashMap::new();
        for (connection, fault) in faults {
            by_connection.entry(connection).or_default().push(serde_json::from_str(&fault)?);
        }
        rows.into_iter()
            .map(|row| {
                let account_faults = by_connection.remove(&row.id).unwrap_or_default();
                row.into_sync(account_faults)
            })
            .collect()
    }

    /// Asks for a sync that is due by itself, unless one was asked for since the schedule was looked at: several machines look.
    pub async fn enqueue_scheduled_as_system(
        &self,
        organization: OrganizationId,
        connection: ConnectionId,
        last_begun_at: Option<Timestamp>,
    ) -> Result<bool, StoreError> {
        let asker = Asker::system(organization);
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sql!("SELECT MAX(created_at) FROM runs WHERE organization_id = $1 AND connection_id = $2");
        let latest: Option<i64> = on!(session, c => sqlx::query_scalar(text)
            .bind(organization.uuid())
            .bind(connection.uuid())
            .fetch_one(c)
            .await?);
        if latest.map(instant).transpose()? != last_begun_at {
            return Ok(false);
        }
        self.enqueue_run_within(&mut session, &asker, connection, Trigger::Schedule).await?;
        session.commit().await?;
        Ok(true)
    }

    /// When an organization's syncs run by themselves.
    pub async fn daily_import(&self, asker: &Asker) -> Result<DailyImport, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!("SELECT imports_daily, import_hour FROM organizations WHERE id = $1");
        let (is_on, hour): (bool, i64) =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_one(c).await?);
        Ok(daily(is_on, hour))
    }

    /// Sets when an organization's syncs run by themselves.
    pub async fn set_daily_import(&self, asker: &Asker, daily: DailyImport) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::ManageBanks)?).await?;
        let text = sql!("UPDATE organizations SET imports_daily = $2, import_hour = $3 WHERE id = $1");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(daily.is_on).bind(i64::from(daily.hour)));
        let what = if daily.is_on { format!("every day at {:02}:00", daily.hour) } else { "off".to_owned() };
        let id = asker.organization.to_string();
        self.audit_within(&mut session, asker, "daily_import.set", &id, &what).await?;
        session.commit().await
    }
}
