//! Applying a plan: one transaction that writes rows, claims, changes, sums and the result of the run, or nothing.

mod deciding;
mod entries;
mod importing;
mod leaving;
mod pending_policy;
mod updates;
mod work;

use bankside_domain::account::OpeningSource;
use bankside_domain::balance::StatedBalance;
use bankside_domain::batch::{BatchActor, Entity};
use bankside_domain::reconcile::Plan;
use bankside_domain::run::{AccountStep, RowCounts};
use bankside_domain::{AccountId, Asker, BankAccountId, BatchId, Code, Id, OutboxId, opening};
use jiff::civil::Date;

pub use self::deciding::HeldDecision;
pub use self::importing::{FileRows, FileTried};
use self::work::Work;
use crate::asking::ToAsk;
use crate::batches::{NewBatch, change};
use crate::convert::{date, micros, uuids};
use crate::db::{Session, on, run, sql};
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
    /// What the bank stated in the same fetch, where this is the moment to fix the opening balance; otherwise nothing.
    pub opening_from: &'a [StatedBalance],
    /// How many rows came back byte for byte.
    pub seen_again: i64,
}

/// An opening balance, and the day from which rows follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Opening {
    minor: i64,
    on: Date,
}

/// What applying came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// The batch; `None` when the books did not change.
    pub batch: Option<BatchId>,
    /// What the plan did, counted.
    pub counts: RowCounts,
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
        let mut session = self.db.write(context.lease.into()).await?;
        self.check_lease(&mut session, asker, context.lease).await?;
        if self.lock_account(&mut session, asker, account.id).await?.revision != account.revision {
            return Err(StoreError::Stale);
        }
        let mut work = Work::from_plan(plan, snapshot, &self.ambient);
        work.brings_news = self.has_synced_before(&mut session, asker, context.bank_account, account.id).await?;
        work.has_inbox = self.has_inbox(&mut session, asker).await?;
        let payees = self.payees_of(&mut session, asker, work.payee_names()).await?;
        self.prepare_updates(&mut session, asker, account.id, &mut work, &payees).await?;
        let import_from = snapshot.state.import_from;
        let stated = opening::choose(context.opening_from, import_from);
        let moves = work.opening_move(account, import_from);
        let batch = if work.changes.is_empty() && stated.is_none() && moves.is_none() {
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
            let fixed = match stated {
                Some(stated) => self.work_out_opening(&mut session, asker, account, &work, stated, import_from).await?,
                None => moves,
            };
            if let Some(opening) = fixed {
                self.fix_opening(&mut session, asker, account, &mut work, opening).await?;
            }
            self.write_changes(&mut session, asker, batch, &work.changes).await?;
            self.is_to_be_asked(&mut session, asker, batch, ToAsk::Rows).await?;
        }
        for (account, sums) in &work.sums {
            self.move_account_sums(&mut session, asker, *account, *sums).await?;
        }
        self.keep_evidence(&mut session, asker, context.lease.run, &plan.evidence).await?;
        let counts = plan.counts(context.seen_again);
        self.record_result(&mut session, asker, account.id, context, batch, counts).await?;
        session.commit().await?;
        Ok(Applied { batch, counts })
    }

    /// Whether rows of a bank account have been put into an account before.
    async fn has_synced_before(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: BankAccountId,
        account: AccountId,
    ) -> Result<bool, StoreError> {
        let text = sql!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM run_accounts WHERE organization_id = $1 AND bank_account_id = $2
                AND account_id = $3 AND applied_at IS NOT NULL LIMIT 1) x"
        );
        let runs: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(bank_account.uuid())
            .bind(account.uuid())
            .fetch_one(c)
            .await?);
        Ok(runs > 0)
    }

    /// Works out the opening balance from what the bank stated and the rows that stand in the books now.
    async fn work_out_opening(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: &crate::Account,
        work: &Work<'_>,
        stated: StatedBalance,
        import_from: Date,
    ) -> Result<Option<Opening>, StoreError> {
        let moved = work.sums.get(&account.id).copied().unwrap_or_default();
        let (mut booked, pending) = (
            account.booked_minor.saturating_add(moved.booked_minor),
            account.pending_minor.saturating_add(moved.pending_minor),
        );
        if let Some(day) = opening::last_day(stated.moment) {
            let text = sql!(
                "SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM transactions
                 WHERE organization_id = $1 AND account_id = $2 AND deleted_at IS NULL AND status = 'booked'
                    AND COALESCE(booked_on, dated_on) > $3"
            );
            let later: i64 = on!(session, c => sqlx::query_scalar(text)
                .bind(asker.organization.uuid())
                .bind(account.id.uuid())
                .bind(date(day))
                .fetch_one(c)
                .await?);
            booked = booked.saturating_sub(later);
        }
        Ok(opening::work_out(stated, booked, pending).map(|sum| Opening { minor: sum.opening_minor, on: import_from }))
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
        // What an undone batch had brought is here again, if this run asked from there.
        let text = sql!(
            "UPDATE feeds SET refetch_from = NULL
             WHERE organization_id = $1 AND bank_account_id = $2 AND account_id = $3 AND until_at IS NULL
                AND refetch_from >= (SELECT x.asked_from FROM run_accounts x WHERE x.organization_id = $1
                    AND x.run_id = $4 AND x.bank_account_id = $2 AND x.booked_complete)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(context.bank_account.uuid())
                .bind(account.uuid())
                .bind(context.lease.run.uuid())
        );
        match batch {
            Some(batch) => self.tell_of_books(session, asker, (account, batch), &counts).await,
            None => Ok(()),
        }
    }

    /// Has it told that a batch has changed the books of an account; `counts` is what came of it, as JSON.
    async fn tell_of_books(
        &self,
        session: &mut Session,
        asker: &Asker,
        (account, batch): (AccountId, BatchId),
        counts: &str,
    ) -> Result<(), StoreError> {
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
                .bind(micros(self.ambient.now()))
        );
        Ok(())
    }
}
