//! The history of runs: what each was asked for, what it brought, and why each row was treated as it was.

use bankside_domain::fault::{FaultClass, FaultRecord};
use bankside_domain::reconcile::Reason;
use bankside_domain::row::RowStatus;
use bankside_domain::run::{AccountStep, RowCounts, RunOutcome, RunState, Trigger};
use bankside_domain::{
    AccountId, Asker, BankAccountId, BatchId, ConnectionId, CurrencyCode, Id, Right, RunId, TransactionId,
};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use crate::convert::{SqlDate, code, currency, ids, instant, instants, uuids};
use crate::db::{on, sql};
use crate::{Store, StoreError};

/// A run as people see it.
#[derive(Debug, Clone)]
pub struct Run {
    /// Which one.
    pub id: RunId,
    /// The connection.
    pub connection: ConnectionId,
    /// Its name.
    pub connection_name: String,
    /// The bank's name.
    pub institution_name: String,
    /// Through which provider.
    pub provider: String,
    /// What started it.
    pub trigger: Trigger,
    /// The name of who started it, if it was a person.
    pub person: Option<String>,
    /// Where it stands.
    pub state: RunState,
    /// How it ended.
    pub outcome: Option<RunOutcome>,
    /// What went wrong with all of it.
    pub fault: Option<FaultRecord>,
    /// Calls that it spent.
    pub calls: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// One account of a run.
#[derive(Debug, Clone)]
pub struct RunAccount {
    /// The run.
    pub run: RunId,
    /// The bank account.
    pub bank_account: BankAccountId,
    /// Its name at the bank.
    pub bank_account_name: String,
    /// The account that it feeds.
    pub account: AccountId,
    /// Its name.
    pub account_name: String,
    /// How far it has got.
    pub step: AccountStep,
    /// The first day that was asked for.
    pub asked_from: Option<Date>,
    /// Whether the answer showed all booked rows of the window.
    pub booked_complete: bool,
    /// Whether the answer showed all pending rows.
    pub pending_complete: bool,
    /// The days of the rows that came.
    pub served: Option<(Date, Date)>,
    /// How many rows came.
    pub rows_received: i64,
    /// How many of them were known byte for byte.
    pub rows_seen_again: i64,
    /// When all rows were stored.
    pub fetched_at: Option<Timestamp>,
    /// When they were in the books.
    pub applied_at: Option<Timestamp>,
    /// The batch that brought them there.
    pub batch: Option<BatchId>,
    /// What they came to.
    pub counts: Option<RowCounts>,
    /// What went wrong.
    pub fault: Option<FaultRecord>,
}

/// Which runs to read, the newest first.
#[derive(Debug, Clone, Copy)]
pub struct RunsQuery {
    /// Of one connection only.
    pub connection: Option<ConnectionId>,
    /// How many to pass over.
    pub offset: i64,
    /// How many to read, at most 500.
    pub limit: i64,
}

/// Rows that a run brought for the first time and that were treated alike.
#[derive(Debug, Clone)]
pub struct ReasonCount {
    /// Of which bank account.
    pub bank_account: BankAccountId,
    /// Why they were treated so; `None` while nothing is decided.
    pub reason: Option<Reason>,
    /// How many they are.
    pub rows: i64,
}

/// A row that a run brought for the first time.
#[derive(Debug, Clone)]
pub struct BroughtRow {
    /// Of which bank account.
    pub bank_account: BankAccountId,
    /// How far the bank had got.
    pub status: RowStatus,
    /// Its day, if it says one.
    pub day: Option<Date>,
    /// Its amount in minor units; `None` when it could not be read.
    pub amount_minor: Option<i64>,
    /// Its currency; `None` when it could not be read.
    pub currency: Option<CurrencyCode>,
    /// Whom it was with, as its transaction says now.
    pub payee: Option<String>,
    /// Why it was treated as it was; `None` while nothing is decided.
    pub reason: Option<Reason>,
    /// The transaction that it is, if it stands in the books.
    pub transaction: Option<TransactionId>,
    /// Whether it still waits for a person.
    pub is_waiting: bool,
}

#[derive(sqlx::FromRow)]
struct RunRow {
    id: Uuid,
    connection_id: Uuid,
    trigger_kind: String,
    connection_name: String,
    institution_name: String,
    provider: String,
    person_name: Option<String>,
    state: String,
    outcome: Option<String>,
    fault: Option<String>,
    calls: i64,
    created_at: i64,
    started_at: Option<i64>,
    finished_at: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    run_id: Uuid,
    bank_account_id: Uuid,
    bank_account_name: String,
    account_id: Uuid,
    account_name: String,
    step: String,
    asked_from: Option<SqlDate>,
    booked_complete: bool,
    pending_complete: bool,
    served_from: Option<SqlDate>,
    served_to: Option<SqlDate>,
    rows_received: i64,
    rows_seen_again: i64,
    fetched_at: Option<i64>,
    applied_at: Option<i64>,
    batch_id: Option<Uuid>,
    counts: Option<String>,
    fault: Option<String>,
}

fn json<T: serde::de::DeserializeOwned>(text: Option<&str>) -> Result<Option<T>, StoreError> {
    Ok(text.map(serde_json::from_str).transpose()?)
}

impl RunRow {
    fn into_run(self) -> Result<Run, StoreError> {
        Ok(Run {
            id: self.id.into(),
            connection: self.connection_id.into(),
            connection_name: self.connection_name,
            institution_name: self.institution_name,
            provider: self.provider,
            trigger: code(&self.trigger_kind)?,
            person: self.person_name,
            state: code(&self.state)?,
            outcome: self.outcome.as_deref().map(code).transpose()?,
            fault: json(self.fault.as_deref())?,
            calls: self.calls,
            created_at: instant(self.created_at)?,
            started_at: instants(self.started_at)?,
            finished_at: instants(self.finished_at)?,
        })
    }
}

impl AccountRow {
    fn into_account(self) -> Result<RunAccount, StoreError> {
        Ok(RunAccount {
            run: self.run_id.into(),
            bank_account: self.bank_account_id.into(),
            bank_account_name: self.bank_account_name,
            account: self.account_id.into(),
            account_name: self.account_name,
            step: code(&self.step)?,
            asked_from: self.asked_from.map(SqlDate::to_jiff),
            booked_complete: self.booked_complete,
            pending_complete: self.pending_complete,
            served: self.served_from.map(SqlDate::to_jiff).zip(self.served_to.map(SqlDate::to_jiff)),
            rows_received: self.rows_received,
            rows_seen_again: self.rows_seen_again,
            fetched_at: instants(self.fetched_at)?,
            applied_at: instants(self.applied_at)?,
            batch: ids(self.batch_id),
            counts: json(self.counts.as_deref())?,
            fault: json(self.fault.as_deref())?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct Brought {
    bank_account_id: Uuid,
    status: String,
    day: Option<SqlDate>,
    amount_minor: Option<i64>,
    currency: Option<String>,
    payee: Option<String>,
    reason: Option<String>,
    transaction_id: Option<Uuid>,
    is_waiting: bool,
}

impl Brought {
    fn into_row(self) -> Result<BroughtRow, StoreError> {
        Ok(BroughtRow {
            bank_account: self.bank_account_id.into(),
            status: code(&self.status)?,
            day: self.day.map(SqlDate::to_jiff),
            amount_minor: self.amount_minor,
            currency: self.currency.as_deref().map(currency).transpose()?,
            payee: self.payee,
            reason: json(self.reason.as_deref())?,
            transaction: ids(self.transaction_id),
            is_waiting: self.is_waiting,
        })
    }
}

impl Store {
    /// One run.
    pub async fn run(&self, asker: &Asker, id: RunId) -> Result<Run, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT r.id, r.connection_id, c.name AS connection_name, c.institution_name, c.provider, r.trigger_kind,
                    p.name AS person_name, r.state, r.outcome, r.fault, r.calls, r.created_at, r.started_at, r.finished_at
             FROM runs r
             JOIN connections c ON c.organization_id = r.organization_id AND c.id = r.connection_id
             LEFT JOIN people p ON p.id = r.person_id
             WHERE r.organization_id = $1 AND r.id = $2"
        );
        let row: Option<RunRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        row.ok_or(StoreError::NotFound("the run"))?.into_run()
    }

    /// Runs of an organization, newest first, each with its accounts.
    pub async fn runs(&self, asker: &Asker, query: &RunsQuery) -> Result<Vec<(Run, Vec<RunAccount>)>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT r.id, r.connection_id, c.name AS connection_name, c.institution_name, c.provider, r.trigger_kind,
                    p.name AS person_name, r.state, r.outcome, r.fault, r.calls, r.created_at, r.started_at, r.finished_at
             FROM runs r
             JOIN connections c ON c.organization_id = r.organization_id AND c.id = r.connection_id
             LEFT JOIN people p ON p.id = r.person_id
             WHERE r.organization_id = $1 AND (r.connection_id = $2 OR $2 IS NULL)
             ORDER BY r.created_at DESC, r.id DESC LIMIT $3 OFFSET $4"
        );
        let runs: Vec<RunRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(uuids(query.connection))
            .bind(query.limit.clamp(1, 500))
            .bind(query.offset.max(0))
            .fetch_all(c)
            .await?);
        let text = sql!(
            "SELECT x.run_id, x.bank_account_id, b.name AS bank_account_name, x.account_id, a.name AS account_name, x.step,
                    x.asked_from, x.booked_complete, x.pending_complete, x.served_from, x.served_to, x.rows_received,
                    x.rows_seen_again, x.fetched_at, x.applied_at, x.batch_id, x.counts, x.fault
             FROM run_accounts x
             JOIN bank_accounts b ON b.organization_id = x.organization_id AND b.id = x.bank_account_id
             JOIN accounts a ON a.organization_id = x.organization_id AND a.id = x.account_id
             WHERE x.organization_id = $1 AND x.run_id IN (SELECT r.id FROM runs r
                WHERE r.organization_id = $1 AND (r.connection_id = $2 OR $2 IS NULL)
                ORDER BY r.created_at DESC, r.id DESC LIMIT $3 OFFSET $4)
             ORDER BY x.run_id, x.position"
        );
        let accounts: Vec<AccountRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(uuids(query.connection))
            .bind(query.limit.clamp(1, 500))
            .bind(query.offset.max(0))
            .fetch_all(c)
            .await?);
        let mut read = Vec::with_capacity(runs.len());
        for run in runs {
            read.push((run.into_run()?, Vec::new()));
        }
        for account in accounts {
            let account = account.into_account()?;
            if let Some((_, of_run)) = read.iter_mut().find(|(run, _)| run.id == account.run) {
                of_run.push(account);
            }
        }
        Ok(read)
    }

    /// The accounts of a run, in their order.
    pub async fn run_accounts(&self, asker: &Asker, run: RunId) -> Result<Vec<RunAccount>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT x.run_id, x.bank_account_id, b.name AS bank_account_name, x.account_id, a.name AS account_name, x.step,
                    x.asked_from, x.booked_complete, x.pending_complete, x.served_from, x.served_to, x.rows_received,
                    x.rows_seen_again, x.fetched_at, x.applied_at, x.batch_id, x.counts, x.fault
             FROM run_accounts x
             JOIN bank_accounts b ON b.organization_id = x.organization_id AND b.id = x.bank_account_id
             JOIN accounts a ON a.organization_id = x.organization_id AND a.id = x.account_id
             WHERE x.organization_id = $1 AND x.run_id = $2 ORDER BY x.position"
        );
        let rows: Vec<AccountRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(run.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(AccountRow::into_account).collect()
    }

    /// How many rows a run brought for the first time, by why they were treated as they were.
    pub async fn run_reasons(&self, asker: &Asker, run: RunId) -> Result<Vec<ReasonCount>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT bank_account_id, reason, COUNT(*) FROM feed_row_versions
             WHERE organization_id = $1 AND run_id = $2 GROUP BY bank_account_id, reason ORDER BY COUNT(*) DESC, reason"
        );
        let rows: Vec<(Uuid, Option<String>, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(run.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter()
            .map(|(bank_account, reason, rows)| {
                Ok(ReasonCount { bank_account: bank_account.into(), reason: json(reason.as_deref())?, rows })
            })
            .collect()
    }

    /// Rows that a run brought for the first time, the newest first.
    pub async fn run_rows(
        &self,
        asker: &Asker,
        run: RunId,
        bank_account: Option<BankAccountId>,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<BroughtRow>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT v.bank_account_id, v.status, v.day,
                    CASE WHEN b.flips_sign THEN -v.amount_minor ELSE v.amount_minor END AS amount_minor, v.currency,
                    p.name AS payee, v.reason, t.id AS transaction_id,
                    COALESCE(k.state = 'quarantined', FALSE) AS is_waiting
             FROM feed_row_versions v
             JOIN bank_accounts b ON b.organization_id = v.organization_id AND b.id = v.bank_account_id
             LEFT JOIN claims k ON k.organization_id = v.organization_id AND k.feed_row_id = v.feed_row_id
                AND k.state IN ('applied', 'quarantined')
             LEFT JOIN transactions t ON t.organization_id = v.organization_id AND t.id = k.transaction_id
                AND t.deleted_at IS NULL
             LEFT JOIN payees p ON p.organization_id = t.organization_id AND p.id = t.payee_id
             WHERE v.organization_id = $1 AND v.run_id = $2 AND (v.bank_account_id = $3 OR $3 IS NULL)
             ORDER BY CASE WHEN v.day IS NULL THEN 1 ELSE 0 END, v.day DESC, v.position, v.id LIMIT $4 OFFSET $5"
        );
        let rows: Vec<Brought> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(run.uuid())
            .bind(uuids(bank_account))
            .bind(limit.clamp(1, 500))
            .bind(offset.max(0))
            .fetch_all(c)
            .await?);
        rows.into_iter().map(Brought::into_row).collect()
    }

    /// How many runs in a row have not brought a bank account's rows because of a fault that passes by itself. Runs that did
    /// not get as far as the account say nothing about it.
    pub async fn failures_in_a_row(&self, asker: &Asker, bank_account: BankAccountId) -> Result<u32, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!(
            "SELECT x.fault, x.applied_at FROM run_accounts x
             JOIN runs r ON r.organization_id = x.organization_id AND r.id = x.run_id AND r.state = 'finished'
             WHERE x.organization_id = $1 AND x.bank_account_id = $2
                AND (x.fault IS NOT NULL OR x.applied_at IS NOT NULL)
             ORDER BY r.created_at DESC, r.id DESC LIMIT 10"
        );
        let rows: Vec<(Option<String>, Option<i64>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .fetch_all(c)
            .await?);
        let mut failures = 0;
        for (fault, applied_at) in rows {
            let fault: Option<FaultRecord> = json(fault.as_deref())?;
            if applied_at.is_some() || fault.is_none_or(|fault| fault.class != FaultClass::RetryLater) {
                break;
            }
            failures += 1;
        }
        Ok(failures)
    }
}
