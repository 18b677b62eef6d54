//! The first phase: fetching, with everything stored as it comes. And the last: the result.

use bankside_connect::connector::FetchEnd;
use bankside_connect::{AccountRequest, Fault, FetchPlan, RemoteRef};
use bankside_domain::fault::{FaultClass, FaultRecord};
use bankside_domain::quota::Presence;
use bankside_domain::run::{AccountStep, Trigger, first_day, outcome};
use bankside_domain::{Asker, Id};
use bankside_store::{BankAccount, Connection, DueRun, Feed, RunAccount, StoreError};
use bankside_vault::{Place, Sealed};
use jiff::civil::Date;

use super::ingest::Ingest;
use crate::linking::day_at;
use crate::{Engine, EngineError};

impl Engine {
    /// Fetches for every account that has not been fetched yet. A fault of the whole connection is an answer, not an error.
    pub async fn fetch_phase(&self, due: &DueRun) -> Result<Option<FaultRecord>, EngineError> {
        let asker = &Asker::system(due.organization);
        let connection = self.store.connection(asker, due.connection).await?;
        let feeds = self.store.feeds_of(asker, connection.id).await?;
        let mut windows = Vec::with_capacity(feeds.len());
        for feed in feeds {
            windows.push((feed, self.first_day(asker, &connection, &feed).await?));
        }
        self.store.begin_run_accounts(asker, &due.lease, &windows).await?;
        let open: Vec<RunAccount> = self
            .store
            .run_accounts(asker, due.lease.run)
            .await?
            .into_iter()
            .filter(|account| account.fetched_at.is_none())
            .collect();
        if open.is_empty() {
            return Ok(None);
        }
        for account in &open {
            self.store.restart_run_account(asker, &due.lease, account.bank_account).await?;
        }
        self.report_progress();
        match Box::pin(self.fetch(asker, due, &connection, &open)).await {
            Ok(()) => Ok(None),
            Err(EngineError::Outside(fault)) => Ok(Some(*fault)),
            Err(error) => Err(error),
        }
    }

    async fn fetch(
        &self,
        asker: &Asker,
        due: &DueRun,
        connection: &Connection,
        open: &[RunAccount],
    ) -> Result<(), EngineError> {
        let presence = match due.trigger {
            Trigger::Linked | Trigger::Renewed | Trigger::Person => Presence::PersonPresent,
            Trigger::Schedule | Trigger::Webhook => Presence::Unattended,
        };
        let visitor = self.visitor_of(due.lease.run);
        let provider = self.provider(asker, &connection.provider, presence).await?.visited_by(visitor);
        let remote = self.remote(asker, connection)?;
        let bank_accounts: Vec<BankAccount> = self
            .store
            .bank_accounts(asker, connection.id)
            .await?
            .into_iter()
            .filter(|bank_account| open.iter().any(|account| account.bank_account == bank_account.id))
            .collect();
        let mut requests = Vec::with_capacity(open.len());
        for account in open {
            let bank_account = bank_accounts.iter().find(|bank_account| bank_account.id == account.bank_account);
            if let (Some(bank_account), Some(from)) = (bank_account, account.asked_from) {
                let failures_before = self.store.failures_in_a_row(asker, bank_account.id).await?;
                let provider_account_id = bank_account.provider_account_id.clone();
                requests.push(AccountRequest { provider_account_id, from, failures_before });
            }
        }
        let institution_key = connection.institution_key.clone();
        let plan = FetchPlan { institution_key, accounts: requests, presence };
        let mut ingest = Ingest::new(self, asker.clone(), &due.lease, connection, &provider, bank_accounts);
        let result = provider.connector.fetch(&provider.cx(), &remote, &plan, &mut ingest).await;
        self.store.count_calls(asker, due.lease.run, provider.calls()).await?;
        let wants_person = match &result {
            Err(FetchEnd::Fault(fault)) if fault.class() == FaultClass::NeedsUser => Some(fault.record()),
            _ => None,
        };
        ingest.end(wants_person).await?;
        match result {
            Ok(()) => Ok(()),
            Err(FetchEnd::Fault(fault)) => Err(fault.into()),
            Err(FetchEnd::Closed(_)) => Err(EngineError::Store(StoreError::LeaseLost)),
        }
    }

    async fn first_day(&self, asker: &Asker, connection: &Connection, feed: &Feed) -> Result<Date, EngineError> {
        let state = self.store.sync_state(asker, feed).await?;
        let applied_on = state.last_applied_at.map(|at| day_at(connection, at));
        Ok(first_day(feed.import_from, state.latest_booked_on, state.refetch_from, applied_on))
    }

    /// The provider's own reference of a connection.
    pub(crate) fn remote(&self, asker: &Asker, connection: &Connection) -> Result<RemoteRef, EngineError> {
        self.open_remote(asker, connection, &connection.remote)
    }

    /// A reference of a connection that is kept sealed.
    pub(crate) fn open_remote(
        &self,
        asker: &Asker,
        connection: &Connection,
        sealed: &Sealed,
    ) -> Result<RemoteRef, EngineError> {
        let place = Place::of(asker.organization, connection.id, "remote");
        let key = self.vault.data_key(&connection.data_key, place)?;
        Ok(serde_json::from_slice(&key.open(place, sealed)?)?)
    }

    /// Writes how the run ended.
    pub async fn end_phase(&self, due: &DueRun, fault: Option<FaultRecord>) -> Result<(), EngineError> {
        let asker = &Asker::system(due.organization);
        let accounts = self.store.run_accounts(asker, due.lease.run).await?;
        let done = accounts.iter().filter(|account| account.step == AccountStep::Done).count();
        let faulty = accounts.iter().filter(|account| account.fault.is_some()).count();
        let outcome = outcome(done, faulty + usize::from(fault.is_some()));
        self.store.finish_run(asker, &due.lease, outcome, fault.as_ref()).await?;
        tracing::info!(connection = %due.connection.uuid(), ?outcome, accounts = accounts.len(), "run finished");
        self.report_progress();
        Ok(())
    }

    /// Ends a run that has been tried too often.
    pub(crate) async fn give_up(&self, due: &DueRun) -> Result<(), EngineError> {
        let fault = Fault::new(
            FaultClass::Bug,
            "run.given_up",
            "This sync was interrupted again and again. What had arrived is kept.",
        );
        self.end_phase(due, Some(fault.into_record())).await
    }
}
