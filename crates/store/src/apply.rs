//! Applying a plan: one transaction that writes rows, claims, changes, sums and the result of the run, or nothing.

mod entries;
mod work;

use bankside_domain::account::OpeningSource;
use bankside_domain::batch::{BatchActor, Entity};
use bankside_domain::reconcile::{ClaimState, Plan};
use bankside_domain::run::{AccountStep, RowCounts};
use bankside_domain::{AccountId, Asker, BankAccountId, BatchId, Code, Id, OutboxId, TransactionId};
use jiff::Timestamp;
use jiff::civil::Date;

use self::work::Work;
use crate::batches::{NewBatch, change};
use crate::convert::{micros, uuids};
use crate::db::{Session, run, sql};
use crate::runs::Lease;
use crate::snapshot::StoredSnapshot;
use crate::{Store, StoreError};

/// What a plan is applied for.
#[derive(Debug, Clone, Copy)]
pub struct ApplyContext<'a> {
    /// The run that fetched the rows; its lease must still hold.
    pub lease: &'a Lease,
    /// The bank account that sent them.
    pub bank_account: BankAccountId,
    /// When the rows were fetched.
    pub seen_at: Timestamp,
    /// The opening balance, where this is the moment to fix it.
    pub opening: Option<Opening>,
    /// How many rows came back byte for byte.
    pub seen_again: i64,
}

/// An opening balance that was worked out from the bank's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Minor units.
    pub minor: i64,
    /// The day from which rows follow it.
    pub on: Date,
}

/// What applying came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The batch; `None` when the books did not change.
    pub batch: Option<BatchId>,
    /// What the plan did, counted.
    pub counts: RowCounts,
}

/// A claim as it stands in a change: its state and its transaction.
pub(crate) fn claim_value(state: ClaimState, transaction: Option<TransactionId>) -> String {
    match transaction {
        Some(transaction) => format!("{}:{transaction}", state.code()),
        None => format!("{}:", state.code()),
    }
}

impl Store {
    /// Applies a plan that was made from a snapshot.
    ///
    /// Answers [`StoreError::Stale`] when the account has changed since the snapshot (plan again) and
    /// [`StoreError::LeaseLost`] when another attempt has taken the run over (stop).
    pub async fn apply(
        &self,
        asker: &Asker,
        snapshot: &StoredSnapshot,
        plan: &Plan,
        context: ApplyContext<'_>,
    ) -> Result<Applied, StoreError> {
        let account = &snapshot.state.account;
        let mut session = self.db.write().await?;
        self.check_lease(&mut session, asker, context.lease).await?;
        if self.lock_account(&mut session, asker, account.id).await?.revision != account.revision {
            return Err(StoreError::Stale);
        }
        let mut work = Work::from_plan(plan, snapshot, &self.ambient, context.seen_at);
        let payees = self.payees_of(&mut session, asker, work.payee_names()).await?;
        self.prepare_updates(&mut session, asker, &mut work, &payees).await?;
        let opening = work.opening_change(account, context.opening, snapshot.state.import_from);
        let batch = if work.changes.is_empty() && opening.is_none() {
            None
        } else {
            let summary = format!("Sync of {}", account.name);
            let batch =
                NewBatch { actor: BatchActor::Run, run: Some(context.lease.run), summary: &summary, undoes: None };
            Some(self.begin_batch(&mut session, asker, batch).await?)
        };
        self.write_feed_rows(&mut session, asker, context.bank_account, &work).await?;
        if let Some(batch) = batch {
            self.write_entries(&mut session, asker, account.id, batch, &work, &payees).await?;
            if let Some(opening) = opening {
                self.fix_opening(&mut session, asker, account, &mut work, opening).await?;
            }
            self.write_changes(&mut session, asker, batch, &work.changes).await?;
        }
        for (account, sums) in &work.sums {
            self.move_account_sums(&mut session, asker, *account, *sums).await?;
        }
        let counts = plan.counts(context.seen_again);
        self.record_result(&mut session, asker, account.id, context, batch, counts).await?;
        session.commit().await?;
        Ok(Applied { batch, counts })
    }

    async fn fix_opening(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: &crate::Account,
        work: &mut Work<'_>,
        opening: Opening,
    ) -> Result<(), StoreError> {
        let source = match account.opening_source {
            OpeningSource::Unknown => OpeningSource::Bank,
            known => known,
        };
        self.set_opening(session, asker, account.id, opening.minor, Some(opening.on), source).await?;
        let id = account.id.uuid();
        let mut moved = |field: &str, before: Option<String>, after: Option<String>| {
            if before != after {
                work.changes.push(change(Entity::Account, id, id, field, before, after));
            }
        };
        moved("opening_minor", Some(account.opening_minor.to_string()), Some(opening.minor.to_string()));
        moved("opening_on", account.opening_on.map(|day| day.to_string()), Some(opening.on.to_string()));
        moved("opening_source", Some(account.opening_source.code().to_owned()), Some(source.code().to_owned()));
        // The balance has changed, even if no row did: whoever holds a snapshot must read again.
        work.sums.entry(account.id).or_default();
        Ok(())
    }

    async fn record_result(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        context: ApplyContext<'_>,
        batch: Option<BatchId>,
        counts: RowCounts,
    ) -> Result<(), StoreError> {
        let now = micros(self.ambient.now());
        let counts = serde_json::to_string(&counts)?;
        let text = sql!(
            "UPDATE run_accounts SET step = $4, applied_at = $5, batch_id = $6, counts = $7
             WHERE organization_id = $1 AND run_id = $2 AND bank_account_id = $3"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(context.lease.run.uuid())
                .bind(context.bank_account.uuid())
                .bind(AccountStep::Done.code())
                .bind(now)
                .bind(uuids(batch))
                .bind(&counts)
        );
        let Some(batch) = batch else { return Ok(()) };
        let message: OutboxId = self.ambient.id();
        let payload = format!(r#"{{"account":"{account}","batch":"{batch}","counts":{counts}}}"#);
        let text =
            sql!("INSERT INTO outbox (organization_id, id, topic, payload, created_at) VALUES ($1, $2, $3, $4, $5)");
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(message.uuid())
                .bind("books.changed")
                .bind(payload)
                .bind(now)
        );
        Ok(())
    }
}
