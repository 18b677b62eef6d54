//! Runs: the queue, its leases, and what each account of a run brought.
//!
//! A worker claims a run with a lease that has an attempt number. Every write of a run checks that this attempt still holds
//! the lease, so a worker that was thought dead cannot write beside the one that took over.

use bankside_domain::fault::FaultRecord;
use bankside_domain::run::{AccountStep, RunOutcome, Trigger};
use bankside_domain::{Asker, BankAccountId, Code, ConnectionId, Granted, Id, OrganizationId, Right, RunId};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::convert::{SqlDate, code, count, date, dates, instants, micros};
use crate::db::{Session, on, run, sql};
use crate::feeds::Feed;
use crate::{Store, StoreError};

/// What holds a run: its attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// The attempt that holds it.
    pub attempt: i64,
}

/// A run that a worker has claimed.
#[derive(Debug, Clone)]
pub struct DueRun {
    /// The organization that it works for.
    pub organization: OrganizationId,
    /// The lease.
    pub lease: Lease,
    /// The connection to sync.
    pub connection: ConnectionId,
    /// What started it.
    pub trigger: Trigger,
}

/// What to write about an account of a run; `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct RunAccountUpdate {
    /// How far it has got.
    pub step: Option<AccountStep>,
    /// More rows that came, and how many of them were known.
    pub more_rows: Option<(i64, i64)>,
    /// The days of those rows.
    pub served: Option<(Date, Date)>,
    /// No more rows follow: whether booked and pending ones are complete.
    pub complete: Option<(bool, bool)>,
    /// Everything is stored that this fetch can bring for the account; it may be planned, and need not be fetched again.
    pub is_fetched: bool,
    /// What went wrong.
    pub fault: Option<FaultRecord>,
}

/// From where the next sync of a feed goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncState {
    /// When its rows last came in.
    pub last_applied_at: Option<Timestamp>,
    /// From where to ask again, because a batch was undone.
    pub refetch_from: Option<Date>,
    /// The latest booked day that the bank has sent.
    pub latest_booked_on: Option<Date>,
}

/// The lease is the right: only who has claimed a run has one, and every write checks that it still holds.
impl From<&Lease> for Granted {
    fn from(_: &Lease) -> Self {
        Self::as_system()
    }
}

impl Store {
    /// Asks for a sync of a connection. When one waits already, that one is the answer; so is one that goes on, unless accounts
    /// were linked or access was renewed since it began: it knows nothing of that, so another run follows it.
    pub async fn enqueue_run(
        &self,
        asker: &Asker,
        connection: ConnectionId,
        trigger: Trigger,
    ) -> Result<RunId, StoreError> {
        let mut session = self.db.write(asker.require(Right::EditBooks)?).await?;
        let run = self.enqueue_run_within(&mut session, asker, connection, trigger).await?;
        session.commit().await?;
        Ok(run)
    }

    /// As [`Store::enqueue_run`], in the transaction of what the run follows.
    pub(crate) async fn enqueue_run_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        connection: ConnectionId,
        trigger: Trigger,
    ) -> Result<RunId, StoreError> {
        let id: RunId = self.ambient.id();
        let now = micros(self.ambient.now());
        let text = sql!(
            "INSERT INTO runs (organization_id, id, connection_id, trigger_kind, person_id, state, due_at, attempt, calls,
                created_at)
             SELECT $1, $2, c.id, $4, $5, 'queued', $6, 0, 0, $6 FROM connections c
             WHERE c.organization_id = $1 AND c.id = $3 AND c.ended_at IS NULL
                AND ($4 IN ('linked', 'renewed', 'webhook') OR NOT EXISTS (SELECT 1 FROM runs o WHERE o.organization_id = $1
                    AND o.connection_id = $3 AND o.state = 'running'))
             ON CONFLICT (organization_id, connection_id) WHERE state = 'queued' DO NOTHING"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(connection.uuid())
                .bind(trigger.code())
                .bind(asker.person().map(Id::uuid))
                .bind(now)
        );
        let text = sql!(
            "SELECT id FROM runs
             WHERE organization_id = $1 AND connection_id = $2 AND state IN ('queued', 'running')
             ORDER BY state LIMIT 1"
        );
        let open: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .fetch_optional(c)
            .await?);
        Ok(open.ok_or(StoreError::NotFound("the connection"))?.into())
    }

    /// Claims the run that is due longest, or one whose worker has fallen silent.
    pub async fn claim_run_as_system(
        &self,
        owner: &str,
        lease_for: SignedDuration,
    ) -> Result<Option<DueRun>, StoreError> {
        #[derive(sqlx::FromRow)]
        struct Claimed {
            organization_id: Uuid,
            id: Uuid,
            attempt: i64,
            connection_id: Uuid,
            trigger_kind: String,
        }
        const TEXT: &str =
            "UPDATE runs SET state = 'running', attempt = attempt + 1, lease_owner = $1, lease_until = $3,
                started_at = COALESCE(started_at, $2)
             WHERE ((state = 'queued' AND due_at <= $2) OR (state = 'running' AND lease_until < $2))
                AND id = (SELECT r.id FROM runs r
                    WHERE (r.state = 'queued' AND r.due_at <= $2 AND NOT EXISTS (SELECT 1 FROM runs o
                            WHERE o.organization_id = r.organization_id AND o.connection_id = r.connection_id
                            AND o.state = 'running'))
                        OR (r.state = 'running' AND r.lease_until < $2)
                    ORDER BY r.due_at, r.id LIMIT 1";
        const END: &str = ") RETURNING organization_id, id, attempt, connection_id, trigger_kind";
        let now = self.ambient.now();
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}{END}", session.skip_locked()));
        let claimed: Option<Claimed> = on!(session, c => sqlx::query_as(text)
            .bind(owner)
            .bind(micros(now))
            .bind(micros(now + lease_for))
            .fetch_optional(c)
            .await?);
        let Some(claimed) = claimed else { return Ok(None) };
        let text = sql!(
            "INSERT INTO run_attempts (organization_id, run_id, attempt, lease_owner, started_at)
             VALUES ($1, $2, $3, $4, $5)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(claimed.organization_id)
                .bind(claimed.id)
                .bind(claimed.attempt)
                .bind(owner)
                .bind(micros(now))
        );
        session.commit().await?;
        Ok(Some(DueRun {
            organization: claimed.organization_id.into(),
            lease: Lease { run: claimed.id.into(), attempt: claimed.attempt },
            connection: claimed.connection_id.into(),
            trigger: code(&claimed.trigger_kind)?,
        }))
    }

    /// Prolongs a lease that still holds.
    pub async fn prolong_lease(
        &self,
        asker: &Asker,
        lease: &Lease,
        lease_for: SignedDuration,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        let text = sql!(
            "UPDATE runs SET lease_until = $4
             WHERE organization_id = $1 AND id = $2 AND attempt = $3 AND state = 'running'"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(lease.run.uuid())
                .bind(lease.attempt)
                .bind(micros(self.ambient.now() + lease_for))
        );
        if done == 0 {
            return Err(StoreError::LeaseLost);
        }
        session.commit().await
    }

    /// Fences a write: fails unless this attempt still holds the run, and keeps it held until the transaction ends.
    pub(crate) async fn check_lease(
        &self,
        session: &mut Session,
        asker: &Asker,
        lease: &Lease,
    ) -> Result<(), StoreError> {
        const TEXT: &str = "SELECT 1 FROM runs
             WHERE organization_id = $1 AND id = $2 AND attempt = $3 AND state = 'running'";
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let held = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(lease.run.uuid())
            .bind(lease.attempt)
            .fetch_optional(c)
            .await?
            .is_some());
        if held { Ok(()) } else { Err(StoreError::LeaseLost) }
    }

    /// The feeds that a sync of a connection serves, in the order in which they were linked: those whose bank accounts it shows.
    pub async fn feeds_of(&self, asker: &Asker, connection: ConnectionId) -> Result<Vec<Feed>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT f.id, f.bank_account_id, f.account_id, f.import_from FROM feeds f
             WHERE f.organization_id = $1 AND f.connection_id = $2 AND f.until_at IS NULL AND NOT f.is_shadow
                AND EXISTS (SELECT 1 FROM aliases x WHERE x.organization_id = $1 AND x.connection_id = $2
                    AND x.bank_account_id = f.bank_account_id AND x.until_at IS NULL)
             ORDER BY f.from_at, f.id"
        );
        let rows: Vec<(Uuid, Uuid, Uuid, SqlDate)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(connection.uuid())
            .fetch_all(c)
            .await?);
        Ok(rows
            .into_iter()
            .map(|(id, bank_account, account, import_from)| Feed {
                id: id.into(),
                bank_account: bank_account.into(),
                account: account.into(),
                import_from: import_from.to_jiff(),
            })
            .collect())
    }

    /// Writes down which accounts a run serves and from which day it asks; an attempt before this one may have done so.
    pub async fn begin_run_accounts(
        &self,
        asker: &Asker,
        lease: &Lease,
        accounts: &[(Feed, Date)],
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        self.check_lease(&mut session, asker, lease).await?;
        for (position, (feed, asked_from)) in accounts.iter().enumerate() {
            let text = sql!(
                "INSERT INTO run_accounts (organization_id, run_id, bank_account_id, account_id, step, position,
                    asked_from, booked_complete, pending_complete, rows_received, rows_seen_again)
                 VALUES ($1, $2, $3, $4, 'waiting', $5, $6, $7, $7, 0, 0)
                 ON CONFLICT (organization_id, run_id, bank_account_id) DO NOTHING"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(lease.run.uuid())
                    .bind(feed.bank_account.uuid())
                    .bind(feed.account.uuid())
                    .bind(count(position))
                    .bind(date(*asked_from))
                    .bind(false)
            );
        }
        session.commit().await
    }

    /// Writes how an account of a run goes on.
    pub async fn update_run_account(
        &self,
        asker: &Asker,
        lease: &Lease,
        bank_account: BankAccountId,
        update: &RunAccountUpdate,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        self.check_lease(&mut session, asker, lease).await?;
        let fault = update.fault.as_ref().map(serde_json::to_string).transpose()?;
        let (more, seen_again) = update.more_rows.unwrap_or_default();
        let text = sql!(
            "UPDATE run_accounts SET step = COALESCE($4, step), rows_received = rows_received + $5,
                rows_seen_again = rows_seen_again + $6,
                served_from = CASE WHEN served_from IS NULL OR $7 < served_from THEN COALESCE($7, served_from)
                    ELSE served_from END,
                served_to = CASE WHEN served_to IS NULL OR $8 > served_to THEN COALESCE($8, served_to)
                    ELSE served_to END,
                booked_complete = COALESCE($9, booked_complete), pending_complete = COALESCE($10, pending_complete),
                fetched_at = COALESCE($11, fetched_at), fault = COALESCE($12, fault)
             WHERE organization_id = $1 AND run_id = $2 AND bank_account_id = $3"
        );
        let fetched_at = update.is_fetched.then(|| micros(self.ambient.now()));
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(lease.run.uuid())
                .bind(bank_account.uuid())
                .bind(update.step.map(Code::code))
                .bind(more)
                .bind(seen_again)
                .bind(dates(update.served.map(|served| served.0)))
                .bind(dates(update.served.map(|served| served.1)))
                .bind(update.complete.map(|complete| complete.0))
                .bind(update.complete.map(|complete| complete.1))
                .bind(fetched_at)
                .bind(fault)
        );
        session.commit().await
    }

    /// Starts an account of a run over: what an earlier attempt counted is counted again.
    pub async fn restart_run_account(
        &self,
        asker: &Asker,
        lease: &Lease,
        bank_account: BankAccountId,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        self.check_lease(&mut session, asker, lease).await?;
        let text = sql!(
            "UPDATE run_accounts SET step = 'rows', rows_received = 0, rows_seen_again = 0, fault = NULL,
                booked_complete = $4, pending_complete = $4
             WHERE organization_id = $1 AND run_id = $2 AND bank_account_id = $3"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(lease.run.uuid())
                .bind(bank_account.uuid())
                .bind(false)
        );
        // What an attempt brought that died on the way counts as left over, unless it comes again.
        let text = sql!(
            "UPDATE feed_row_versions SET last_seen_run_id = NULL
             WHERE organization_id = $1 AND last_seen_run_id = $2 AND bank_account_id = $3"
        );
        run!(
            session,
            sqlx::query(text).bind(asker.organization.uuid()).bind(lease.run.uuid()).bind(bank_account.uuid())
        );
        session.commit().await
    }

    /// Counts calls that a run has spent.
    pub async fn count_calls(&self, asker: &Asker, run: RunId, calls: i64) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::Work)?).await?;
        let text = sql!("UPDATE runs SET calls = calls + $3 WHERE organization_id = $1 AND id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(run.uuid()).bind(calls));
        session.commit().await
    }

    /// Ends a run.
    pub async fn finish_run(
        &self,
        asker: &Asker,
        lease: &Lease,
        outcome: RunOutcome,
        fault: Option<&FaultRecord>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(lease.into()).await?;
        self.check_lease(&mut session, asker, lease).await?;
        let fault = fault.map(serde_json::to_string).transpose()?;
        let text = sql!(
            "UPDATE runs SET state = 'finished', outcome = $4, fault = $5, finished_at = $6, lease_owner = NULL,
                lease_until = NULL
             WHERE organization_id = $1 AND id = $2 AND attempt = $3"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(lease.run.uuid())
                .bind(lease.attempt)
                .bind(outcome.code())
                .bind(fault)
                .bind(micros(self.ambient.now()))
        );
        session.commit().await
    }

    /// From where the next sync of a feed goes on: when its rows last came in, and the latest booked day that the bank has
    /// sent, by the bank's own dates.
    pub async fn sync_state(&self, asker: &Asker, feed: &Feed) -> Result<SyncState, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT
                (SELECT MAX(x.applied_at) FROM run_accounts x
                    JOIN feeds f ON f.organization_id = x.organization_id AND f.id = $3 AND x.applied_at >= f.from_at
                    WHERE x.organization_id = $1 AND x.bank_account_id = $2 AND x.account_id = f.account_id),
                (SELECT refetch_from FROM feeds WHERE organization_id = $1 AND id = $3),
                (SELECT day FROM feed_row_versions
                    WHERE organization_id = $1 AND bank_account_id = $2 AND day IS NOT NULL AND status = 'booked'
                    AND feed_row_id IS NOT NULL
                 ORDER BY day DESC LIMIT 1)"
        );
        let (applied_at, refetch_from, day): (Option<i64>, Option<SqlDate>, Option<SqlDate>) = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(feed.bank_account.uuid())
            .bind(feed.id.uuid())
            .fetch_one(c)
            .await?);
        Ok(SyncState {
            last_applied_at: instants(applied_at)?,
            refetch_from: refetch_from.map(SqlDate::to_jiff),
            latest_booked_on: day.map(SqlDate::to_jiff),
        })
    }
}
