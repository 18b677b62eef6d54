//! *Get accounts*: the bank accounts of a connection are listed anew, without its person signing in.

use std::collections::HashMap;

use bankside_connect::connector::Known;
use bankside_connect::{AccountInfo, FetchedBalance, ShownAccount};
use bankside_domain::fault::FaultRecord;
use bankside_domain::quota::Presence;
use bankside_domain::{Asker, ConnectionId, CurrencyCode, Right};
use bankside_store::{KeptBalance, Listed, ListedAccounts, StoreError};

use crate::connecting::{kept_balance, other_accounts};
use crate::{Engine, EngineError};

/// What listing the bank accounts of a connection came to.
#[derive(Debug, Clone)]
pub struct GotAccounts {
    /// How many are known, new and missing.
    pub listed: Listed,
    /// What kept balances from being read, where something did: those are as they were before.
    pub held_back: Option<FaultRecord>,
    /// Whether the provider shows accounts that were opened since without its person signing in again.
    pub shows_new_accounts: bool,
    /// The provider's name.
    pub provider_name: &'static str,
}

impl Engine {
    /// Lists the bank accounts of a connection anew, with their balances, as far as the provider shows them without its person signing
    /// in. What is linked stays linked; calls count as a person's do.
    pub async fn get_accounts(&self, asker: &Asker, id: ConnectionId) -> Result<GotAccounts, EngineError> {
        asker.require(Right::ManageBanks)?;
        let connection = self.store.connection(asker, id).await?;
        if connection.ended_at.is_some() {
            return Err(EngineError::Conflict("this sync was ended; connect the bank anew"));
        }
        let ready = self.provider(asker, &connection.provider, Presence::PersonPresent).await?;
        let ready = ready.visited_by(self.visitor.clone());
        let remote = self.remote(asker, &connection)?;
        let before = self.store.bank_accounts(asker, id).await?;
        let called: HashMap<&str, CurrencyCode> = before
            .iter()
            .filter(|account| account.is_shown)
            .map(|account| (account.provider_account_id.as_str(), account.currency))
            .collect();
        let names: Vec<String> = called.keys().map(|name| (*name).to_owned()).collect();
        let known = Known { institution_key: &connection.institution_key, accounts: &names };
        let shown = ready.connector.accounts(&ready.cx(), &remote, &known).await?;
        let seen_at = self.ambient.now();
        let (mut described, mut named): (Vec<AccountInfo>, Vec<(String, Vec<KeptBalance>)>) = Default::default();
        for account in shown.accounts {
            match account {
                ShownAccount::Described(account) => described.push(*account),
                ShownAccount::Named { provider_account_id, balances } => {
                    let currency = called.get(provider_account_id.as_str()).copied();
                    let is_own = |balance: &&FetchedBalance| Some(balance.amount.currency.code) == currency;
                    let kept = balances.iter().filter(is_own).map(|balance| kept_balance(balance, seen_at)).collect();
                    named.push((provider_account_id, kept));
                }
            }
        }
        let institution = (connection.institution_key.as_str(), connection.institution_name.as_str());
        let listed = ListedAccounts {
            connection: id,
            remote: connection.remote.clone(),
            valid_until: shown.valid_until,
            described: self.new_bank_accounts(asker, institution, &described)?,
            named,
            unread: shown.unread,
        };
        let listed = match self.store.keep_listed_accounts(asker, &listed).await {
            Ok(Ok(listed)) => listed,
            Ok(Err(_)) => return Err(other_accounts(&connection.institution_name).into()),
            Err(StoreError::Stale) => {
                return Err(EngineError::Conflict("access was renewed a moment ago; get the accounts once more"));
            }
            Err(error) => return Err(error.into()),
        };
        self.report_progress();
        let descriptor = ready.connector.descriptor();
        Ok(GotAccounts {
            listed,
            held_back: shown.held_back.map(bankside_connect::Fault::into_record),
            shows_new_accounts: descriptor.shows_new_accounts,
            provider_name: descriptor.name,
        })
    }
}
