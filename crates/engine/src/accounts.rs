//! Accounts, as pages and the API show them.

use std::collections::HashMap;

use bankside_domain::account::AccountKind;
use bankside_domain::balance::Proof;
use bankside_domain::text::tidy;
use bankside_domain::{AccountId, Amount, Asker, AssetId, BatchId, CurrencyCode, Right};
use bankside_store::{Account, AuditEntry, KeptBalance, NewAccount, Organization};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::linking::shown_balance;
use crate::people::required;
use crate::status::AccountStatus;
use crate::{Engine, EngineError};

/// An account with its status.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// The account.
    pub account: Account,
    /// Its status, derived just now.
    pub status: AccountStatus,
}

/// Bank against ledger.
#[derive(Debug, Clone)]
pub struct BankLine {
    /// The bank's balance, as last stated.
    pub bank: KeptBalance,
    /// What the balances prove.
    pub proof: Option<Proof>,
}

/// An account without a bank, as a person types it.
#[derive(Debug, Clone)]
pub struct NewAccountInput {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: AccountKind,
    /// Its currency.
    pub currency: CurrencyCode,
    /// What it opens with, as decimal text; blank is zero.
    pub opening: String,
    /// The asset that it belongs to.
    pub asset: Option<AssetId>,
}

impl Engine {
    /// All accounts of an organization with their status.
    pub async fn accounts(&self, asker: &Asker) -> Result<Vec<AccountView>, EngineError> {
        let accounts = self.store.accounts(asker).await?;
        let statuses = self.account_statuses(asker).await?;
        Ok(accounts.into_iter().map(|account| AccountView { status: statuses.of(account.id), account }).collect())
    }

    /// The revision of each account: whose has moved on, something was written to.
    pub async fn revisions(&self, asker: &Asker) -> Result<HashMap<AccountId, i64>, EngineError> {
        Ok(self.store.revisions(asker).await?)
    }

    /// One account with its status.
    pub async fn account(&self, asker: &Asker, id: AccountId) -> Result<AccountView, EngineError> {
        let account = self.store.account(asker, id).await?;
        let statuses = self.account_statuses(asker).await?;
        Ok(AccountView { status: statuses.of(id), account })
    }

    /// Bank against ledger for an account that a bank feeds.
    pub async fn bank_line(&self, asker: &Asker, status: &AccountStatus) -> Result<Option<BankLine>, EngineError> {
        let Some(bank_account) = status.bank_account else { return Ok(None) };
        let balances = self.store.latest_balances(asker, bank_account).await?;
        Ok(shown_balance(&balances).map(|bank| BankLine { bank, proof: status.proof }))
    }

    /// Takes the bank's opening balance, where the movements fit and bank and ledger have been apart from the start.
    pub async fn take_bank_opening(&self, asker: &Asker, id: AccountId) -> Result<BatchId, EngineError> {
        asker.require_account(Right::EditBooks, id)?;
        let view = self.account(asker, id).await?;
        let Some(Proof::OpeningDiffers { by_minor }) = view.status.proof else {
            return Err(EngineError::Conflict("the opening balance does not differ from the bank's any more"));
        };
        Ok(self.store.take_bank_opening(asker, id, by_minor, view.account.revision).await?)
    }

    /// Locks an account up to and including a day that is over, or takes the lock off. `None` where it stands so already.
    pub async fn lock_period(
        &self,
        asker: &Asker,
        id: AccountId,
        through: Option<Date>,
    ) -> Result<Option<BatchId>, EngineError> {
        let today = self.today_in(&self.store.organization(asker).await?);
        if through.is_some_and(|day| day > today) {
            return Err(EngineError::invalid("through", "This day has not come yet."));
        }
        let batch = self.store.lock_period(asker, id, through).await?;
        self.report_progress();
        Ok(batch)
    }

    /// Adds an account without a bank.
    pub async fn add_account(&self, asker: &Asker, input: &NewAccountInput) -> Result<AccountId, EngineError> {
        let name = required("name", &input.name, "Give the account a name.")?;
        let currencies = self.store.currencies().await?;
        let currency = currencies
            .get(&input.currency)
            .ok_or_else(|| EngineError::invalid("currency", "This currency is not known here."))?;
        // Blank is zero until a bank that is linked says better.
        let opening = tidy(&input.opening).map(|text| Amount::parse(&text, *currency)).transpose();
        let opening = opening.map_err(|error| EngineError::invalid("opening", format!("{error}.")))?;
        let opening_minor = opening.map(|amount| amount.minor);
        let new = NewAccount { name, kind: input.kind, currency: input.currency, opening_minor, asset: input.asset };
        Ok(self.store.add_account(asker, &new).await?)
    }

    /// Today, where an organization is.
    pub(crate) fn today_in(&self, organization: &Organization) -> Date {
        let zone = TimeZone::get(&organization.time_zone).unwrap_or(TimeZone::UTC);
        self.ambient.now().to_zoned(zone).date()
    }

    /// The latest lines of the audit.
    pub async fn audit(&self, asker: &Asker) -> Result<Vec<AuditEntry>, EngineError> {
        Ok(self.store.audit_entries(asker).await?)
    }

    /// Something small that was remembered, such as the country looked at last.
    pub async fn remembered(&self, name: &str) -> Result<Option<String>, EngineError> {
        Ok(self.store.setting(name).await?)
    }

    /// Remembers something small.
    pub async fn remember(&self, name: &str, value: &str) -> Result<(), EngineError> {
        Ok(self.store.set_setting(name, value).await?)
    }

    /// Which database is behind this, for people.
    pub fn database(&self) -> &'static str {
        self.store.engine()
    }
}
