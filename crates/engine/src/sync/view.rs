//! A run as pages, the API and the command line show it.

use bankside_domain::balance::Proof;
use bankside_domain::{Asker, BankAccountId, RunId};
use bankside_store::{Account, BroughtRow, KeptBalance, LostTrust, ReasonCount, Run, RunAccount, RunsQuery};

use crate::{Engine, EngineError};

/// A run with its accounts, as they stand now.
#[derive(Debug, Clone)]
pub struct RunView {
    /// The run.
    pub run: Run,
    /// Its accounts, in their order.
    pub accounts: Vec<RunViewAccount>,
    /// Kinds of ids that have lost their trust by what it brought.
    pub lost_trust: Vec<LostTrust>,
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
    /// The bank's balance as last stated.
    pub bank: Option<KeptBalance>,
}

/// A run in a list.
#[derive(Debug, Clone)]
pub struct RunLine {
    /// The run.
    pub run: Run,
    /// What it did with its accounts, in their order.
    pub accounts: Vec<RunAccount>,
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
        let mut accounts = Vec::new();
        for account in self.store.run_accounts(asker, run.id).await? {
            let ledger = self.store.account(asker, account.account).await?;
            let standing = statuses.of(ledger.id);
            let bank = self.bank_line(asker, &standing).await?.map(|line| line.bank);
            accounts.push(RunViewAccount { run: account, account: ledger, proof: standing.proof, bank });
        }
        let mut lost_trust = self.store.lost_trust(asker).await?;
        lost_trust.retain(|lost| lost.run == run.id);
        Ok(RunView { run, accounts, lost_trust })
    }

    /// Runs of an organization, newest first.
    pub async fn runs(&self, asker: &Asker, query: &RunsQuery) -> Result<Vec<RunLine>, EngineError> {
        let runs = self.store.runs(asker, query).await?;
        Ok(runs.into_iter().map(|(run, accounts)| RunLine { run, accounts }).collect())
    }

    /// How many rows a run brought for the first time, by why they were treated as they were.
    pub async fn run_reasons(&self, asker: &Asker, run: RunId) -> Result<Vec<ReasonCount>, EngineError> {
        Ok(self.store.run_reasons(asker, run).await?)
    }

    /// Rows that a run brought for the first time, the newest first.
    pub async fn run_rows(
        &self,
        asker: &Asker,
        run: RunId,
        bank_account: Option<BankAccountId>,
        offset: i64,
        limit: i64,
    ) -> Result<Vec<BroughtRow>, EngineError> {
        Ok(self.store.run_rows(asker, run, bank_account, offset, limit).await?)
    }
}
