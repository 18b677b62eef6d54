//! A run as pages, the API and the command line show it.

use bankside_domain::balance::Proof;
use bankside_domain::{Asker, RunId};
use bankside_store::{Account, Run, RunAccount};

use crate::status::Statuses;
use crate::{Engine, EngineError};

/// A run with its accounts.
#[derive(Debug, Clone)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// The name of its connection.
    pub connection_name: String,
    /// The bank.
    pub bank: String,
    /// The id of the provider through which it is reached.
    pub provider: String,
    /// Its accounts, in their order.
    pub accounts: Vec<RunViewAccount>,
}

/// One account of a run.
#[derive(Debug, Clone)]
pub struct RunViewAccount {
    /// What the run did with it.
    pub run: RunAccount,
    /// The account that it feeds, as it stands now.
    pub account: Account,
    /// What its balances prove.
    pub proof: Option<Proof>,
}

impl RunView {
    /// Whether the run is over.
    pub fn is_finished(&self) -> bool {
        self.run.finished_at.is_some()
    }
}

impl Engine {
    /// A run with its accounts.
    pub async fn run(&self, asker: &Asker, id: RunId) -> Result<RunView, EngineError> {
        let run = self.store.run(asker, id).await?;
        let statuses = self.account_statuses(asker).await?;
        self.run_view(asker, run, &statuses).await
    }

    async fn run_view(&self, asker: &Asker, run: Run, statuses: &Statuses) -> Result<RunView, EngineError> {
        let connection = self.store.connection(asker, run.connection).await?;
        let mut accounts = Vec::new();
        for account in self.store.run_accounts(asker, run.id).await? {
            let ledger = self.store.account(asker, account.account).await?;
            let proof = statuses.of(ledger.id).proof;
            accounts.push(RunViewAccount { run: account, account: ledger, proof });
        }
        Ok(RunView {
            run,
            connection_name: connection.name,
            bank: connection.institution_name,
            provider: connection.provider,
            accounts,
        })
    }

    /// The latest runs of an organization.
    pub async fn latest_runs(&self, asker: &Asker, limit: i64) -> Result<Vec<RunView>, EngineError> {
        let statuses = self.account_statuses(asker).await?;
        let mut views = Vec::new();
        for run in self.store.latest_runs(asker, limit).await? {
            views.push(self.run_view(asker, run, &statuses).await?);
        }
        Ok(views)
    }
}
