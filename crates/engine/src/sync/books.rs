//! The second phase: planning what is stored, and applying the plan.

use bankside_connect::Fault;
use bankside_domain::account::{OpeningSource, PendingPolicy};
use bankside_domain::fault::FaultClass;
use bankside_domain::reconcile::{Arrived, Coverage, Plan, Policy, Snapshot, plan};
use bankside_domain::run::AccountStep;
use bankside_domain::{Asker, BatchId, Id};
use bankside_store::{
    Applied, ApplyContext, BankAccount, Connection, DueRun, RunAccount, RunAccountUpdate, StoreError, StoredSnapshot,
};
use jiff::civil::Date;

use crate::status::not_shown;
use crate::{Engine, EngineError};

/// How often a plan is made again because somebody wrote to the account meanwhile.
pub(crate) const MAX_PLANS: usize = 8;

/// Under which terms stored rows are planned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// What to do with pending rows.
    pub(crate) pending: PendingPolicy,
    /// For which booked rows the answer is complete; `None` where there was none, or it broke off.
    pub(crate) booked_coverage: Option<Coverage>,
    /// Whether the answer showed the whole set of pending rows.
    pub(crate) pending_complete: bool,
}

impl Engine {
    /// Plans and applies for every account whose rows are stored and not yet in the books.
    pub async fn books_phase(&self, due: &DueRun) -> Result<(), EngineError> {
        let asker = &Asker::system(due.organization);
        let connection = self.store.connection(asker, due.connection).await?;
        let bank_accounts = self.store.bank_accounts(asker, connection.id).await?;
        for account in self.store.run_accounts(asker, due.lease.run).await? {
            let bank_account = bank_accounts.iter().find(|bank_account| bank_account.id == account.bank_account);
            if account.applied_at.is_some() {
                continue;
            }
            let fault = match (bank_account, account.fetched_at) {
                (Some(bank_account), Some(_)) => {
                    match self.book(asker, due, &connection, bank_account, &account).await {
                        Ok(()) => continue,
                        // Somebody took the feed away while the run went on. The other accounts go on.
                        Err(EngineError::NotFound(_)) => Some(unlinked_meanwhile()),
                        Err(error) => return Err(error),
                    }
                }
                // A renewal took it away while the run went on.
                (bank_account, None) if account.fault.is_none() && bank_account.is_none_or(|one| !one.is_shown) => {
                    Some(not_shown(&connection))
                }
                _ => None,
            };
            let fault = fault.map(Fault::into_record);
            let update = RunAccountUpdate { step: Some(AccountStep::Failed), fault, ..RunAccountUpdate::default() };
            self.store.update_run_account(asker, &due.lease, account.bank_account, &update).await?;
            self.report_progress();
        }
        // Once all accounts are in the books: the two sides of a transfer may have come with this very run, and an attempt that was cut
        // off before this finds what it has missed.
        let accounts = self.store.run_accounts(asker, due.lease.run).await?;
        let batches: Vec<BatchId> = accounts.iter().filter_map(|account| account.batch).collect();
        self.rows_came(due.organization, &batches).await;
        Ok(())
    }

    async fn book(
        &self,
        asker: &Asker,
        due: &DueRun,
        connection: &Connection,
        bank_account: &BankAccount,
        account: &RunAccount,
    ) -> Result<(), EngineError> {
        let step = RunAccountUpdate { step: Some(AccountStep::Match), ..RunAccountUpdate::default() };
        self.store.update_run_account(asker, &due.lease, bank_account.id, &step).await?;
        self.report_progress();
        let mut tries = 0;
        let applied = loop {
            let stored = self.store.snapshot(asker, due.lease.run, bank_account.id, account.account).await?;
            if self.renew_fingerprints(asker, &stored).await? {
                continue;
            }
            let terms = Terms {
                pending: stored.state.account.pending_policy,
                booked_coverage: account.booked_complete.then_some(Coverage { from: account.asked_from, to: None }),
                pending_complete: account.pending_complete,
            };
            let plan = self.plan(asker, connection, bank_account, &stored, terms).await?;
            match self.apply(asker, due, bank_account, account, &stored, &plan).await {
                Err(StoreError::Stale) if tries < MAX_PLANS => tries += 1,
                result => break result?,
            }
        };
        tracing::info!(account = %account.account.uuid(), counts = ?applied.counts, "rows are in the books");
        self.store.prove_account(asker, account.account, bank_account.id).await?;
        self.report_progress();
        Ok(())
    }

    /// Opens the stored rows and has the domain decide about them.
    pub(crate) async fn plan(
        &self,
        asker: &Asker,
        connection: &Connection,
        bank_account: &BankAccount,
        stored: &StoredSnapshot,
        terms: Terms,
    ) -> Result<Plan, EngineError> {
        let arrived = self.open_versions(asker, connection, bank_account, stored).await?;
        Ok(plan(&planned_from(stored, arrived, terms, self.today_at(connection))))
    }

    async fn apply(
        &self,
        asker: &Asker,
        due: &DueRun,
        bank_account: &BankAccount,
        account: &RunAccount,
        stored: &StoredSnapshot,
        plan: &Plan,
    ) -> Result<Applied, StoreError> {
        // Only balances of this very fetch speak of the moment at which these rows stand in the books.
        let balances = match stored.state.account.opening_source {
            OpeningSource::Unknown => self.store.balances_of_run(asker, due.lease.run, bank_account.id).await?,
            OpeningSource::Person | OpeningSource::Bank => Vec::new(),
        };
        let context = ApplyContext {
            lease: &due.lease,
            bank_account: bank_account.id,
            opening_from: &balances,
            seen_again: account.rows_seen_again,
        };
        self.store.apply(asker, stored, plan, context).await
    }
}

/// What a plan is made from, with the rows opened. `today` is the day at the bank.
pub(crate) fn planned_from(stored: &StoredSnapshot, arrived: Vec<Arrived>, terms: Terms, today: Date) -> Snapshot {
    let ledger = &stored.state.account;
    Snapshot {
        known: stored.known.clone(),
        arrived,
        typed: stored.typed.clone(),
        policy: Policy {
            currency: ledger.currency.code,
            start_on: Some(stored.state.import_from),
            history_from: ledger.history_from(),
            locked_through: ledger.locked_through,
            pending: terms.pending,
            fallback_day: today,
            booked_coverage: terms.booked_coverage,
            pending_complete: terms.pending_complete,
            distrusted: stored.state.distrusted.clone(),
        },
    }
}

fn unlinked_meanwhile() -> Fault {
    Fault::new(
        FaultClass::RetryLater,
        "run.unlinked",
        "This account was unlinked while the sync went on. Nothing was written to it.",
    )
}
