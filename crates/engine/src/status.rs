//! Status, gathered from facts and derived by the domain each time it is asked for.

use std::collections::{BTreeSet, HashMap};

use bankside_connect::Fault;
use bankside_domain::balance::Proof;
use bankside_domain::fault::{FaultClass, FaultRecord, UserAction};
use bankside_domain::run::RunOutcome;
use bankside_domain::status::{ConnectionFacts, Facts, LastResult, Status, derive};
use bankside_domain::{AccountId, Asker, AssetId, BankAccountId, Code, ConnectionId, RunId};
use bankside_store::{Account, BankAccount, Connection, FeedFacts, KeptBalance, LostTrust};
use jiff::Timestamp;

use crate::accounts::AccountView;
use crate::linking::shown_balance;
use crate::{Engine, EngineError};

/// The status of an account, with what it was derived from as far as pages need it.
#[derive(Debug, Clone)]
pub struct AccountStatus {
    /// What is shown.
    pub status: Status,
    /// Since when it is so, where that is known.
    pub since: Option<Timestamp>,
    /// What the provider has said of access that is over, where it has: for some that is no end, but a bank that wants its person.
    pub said: Option<String>,
    /// When its rows last came in completely.
    pub last_success_at: Option<Timestamp>,
    /// The last finished run of the connection.
    pub last_run: Option<RunId>,
    /// The connection behind the account.
    pub connection: Option<ConnectionId>,
    /// The name of the bank behind it.
    pub bank: Option<String>,
    /// The bank account that feeds it.
    pub bank_account: Option<BankAccountId>,
    /// Whether a person has yet to say that the sign and the opening balance of its feed are right.
    pub is_to_confirm: bool,
    /// What the balances prove.
    pub proof: Option<Proof>,
}

impl AccountStatus {
    /// Of an account that no bank feeds; its files may have stated balances that prove something.
    fn without_bank(proof: Option<Proof>) -> Self {
        Self {
            status: Status::WithoutBank,
            since: None,
            said: None,
            last_success_at: None,
            last_run: None,
            connection: None,
            bank: None,
            bank_account: None,
            is_to_confirm: false,
            proof,
        }
    }

    /// Whether the bank's balances prove the account's rows, beside differences that a person has accepted.
    pub fn is_proven(&self) -> bool {
        matches!(self.proof, Some(Proof::Proven { .. } | Proof::Accepted { .. }))
    }
}

/// A connection with its bank accounts.
#[derive(Debug, Clone)]
pub struct ConnectionView {
    /// The connection.
    pub connection: Connection,
    /// Its bank accounts, each with the account that it feeds and the status of that.
    pub bank_accounts: Vec<ConnectedAccount>,
    /// The most pressing status of all of them.
    pub status: AccountStatus,
    /// The provider's name.
    pub provider_name: &'static str,
    /// The name of the one who connected it.
    pub owner: Option<String>,
    /// Kinds of ids of its bank that have lost their trust.
    pub lost_trust: Vec<LostTrust>,
}

/// A bank account of a connection.
#[derive(Debug, Clone)]
pub struct ConnectedAccount {
    /// The bank account.
    pub bank_account: BankAccount,
    /// The account that it feeds.
    pub feeds: Option<FedAccount>,
    /// Its balance, as last stated.
    pub balance: Option<KeptBalance>,
}

/// An account that a bank feeds.
#[derive(Debug, Clone)]
pub struct FedAccount {
    /// Which one.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// The asset that it belongs to.
    pub asset: Option<AssetId>,
    /// Its status.
    pub status: AccountStatus,
}

/// Accounts and connections as they stand.
#[derive(Debug, Clone)]
pub struct Standing {
    /// All accounts with their status.
    pub accounts: Vec<AccountView>,
    /// The statuses of connections that feed no account.
    pub unlinked: Vec<AccountStatus>,
}

/// The statuses of all accounts of an organization, and of the connections that feed none.
pub(crate) struct Statuses {
    by_account: HashMap<AccountId, AccountStatus>,
    unlinked: Vec<AccountStatus>,
}

impl Statuses {
    pub(crate) fn of(&self, account: AccountId) -> AccountStatus {
        self.by_account.get(&account).cloned().unwrap_or_else(|| AccountStatus::without_bank(None))
    }
}

impl Engine {
    pub(crate) async fn account_statuses(&self, asker: &Asker) -> Result<Statuses, EngineError> {
        let connections: HashMap<ConnectionId, Connection> =
            self.store.connections(asker).await?.into_iter().map(|connection| (connection.id, connection)).collect();
        let blocked = self.blocked_providers(asker, connections.values()).await?;
        let mut statuses = HashMap::new();
        for facts in self.store.feed_facts(asker).await? {
            let proof = self.proof_of(asker, &facts).await?;
            let connection = connections.get(&facts.connection);
            let known = connection_facts(connection, &blocked, &facts)?;
            let status = derive(&Facts { connection: Some(known), proof }, self.ambient.now());
            let account = AccountStatus {
                since: since(&status, connection, facts.failing_since),
                said: said(&status, &facts)?,
                status,
                last_success_at: facts.last_success_at,
                last_run: facts.last_run,
                connection: Some(facts.connection),
                bank: connection.map(|connection| connection.institution_name.clone()),
                bank_account: Some(facts.bank_account),
                is_to_confirm: facts.is_to_confirm,
                proof,
            };
            statuses.insert(facts.account, account);
        }
        for facts in self.store.file_proof_facts(asker).await? {
            let kept = facts.proof.as_deref().filter(|_| facts.proof_revision == Some(facts.account_revision));
            let proof = match kept.and_then(|text| serde_json::from_str(text).ok()) {
                Some(proof) => proof,
                None => self.store.prove_account(asker, facts.account, facts.bank_account).await?,
            };
            statuses.insert(facts.account, AccountStatus::without_bank(Some(proof)));
        }
        let feeding: BTreeSet<ConnectionId> = statuses.values().filter_map(|status| status.connection).collect();
        let unlinked = connections.values().filter(|connection| !feeding.contains(&connection.id));
        let unlinked = unlinked.map(|connection| self.status_of_connection(connection, &blocked)).collect();
        Ok(Statuses { by_account: statuses, unlinked })
    }

    /// Accounts and connections as they stand.
    pub async fn standing(&self, asker: &Asker) -> Result<Standing, EngineError> {
        let accounts = self.store.accounts(asker).await?;
        let statuses = self.account_statuses(asker).await?;
        let accounts =
            accounts.into_iter().map(|account| AccountView { status: statuses.of(account.id), account }).collect();
        Ok(Standing { accounts, unlinked: statuses.unlinked })
    }

    /// The status of a connection by itself, whatever it feeds.
    fn status_of_connection(&self, connection: &Connection, blocked: &HashMap<String, FaultRecord>) -> AccountStatus {
        let known = facts_of_connection(connection, blocked);
        let status = derive(&Facts { connection: Some(known), proof: None }, self.ambient.now());
        AccountStatus {
            since: since(&status, Some(connection), None),
            said: None,
            status,
            last_success_at: None,
            last_run: None,
            connection: Some(connection.id),
            bank: Some(connection.institution_name.clone()),
            bank_account: None,
            is_to_confirm: false,
            proof: None,
        }
    }

    /// What keeps the providers of connections from being called, by provider.
    async fn blocked_providers(
        &self,
        asker: &Asker,
        connections: impl Iterator<Item = &Connection>,
    ) -> Result<HashMap<String, FaultRecord>, EngineError> {
        let providers: BTreeSet<&str> = connections.map(|connection| connection.provider.as_str()).collect();
        let mut blocked = HashMap::new();
        for provider in providers {
            if let Some(fault) = self.blocked(asker, provider).await? {
                blocked.insert(provider.to_owned(), fault);
            }
        }
        Ok(blocked)
    }

    /// The kept proof where it is of the account as it stands; otherwise a new one.
    async fn proof_of(&self, asker: &Asker, facts: &FeedFacts) -> Result<Option<Proof>, EngineError> {
        if facts.last_success_at.is_none() {
            return Ok(None);
        }
        if facts.proof_revision == Some(facts.account_revision)
            && let Some(proof) = facts.proof.as_deref().and_then(|text| serde_json::from_str(text).ok())
        {
            return Ok(Some(proof));
        }
        Ok(Some(self.store.prove_account(asker, facts.account, facts.bank_account).await?))
    }

    /// The connections of an organization by name.
    pub async fn connection_names(&self, asker: &Asker) -> Result<Vec<(ConnectionId, String)>, EngineError> {
        let connections = self.store.connections(asker).await?;
        Ok(connections.into_iter().map(|connection| (connection.id, connection.name)).collect())
    }

    /// The connections of an organization with their bank accounts.
    pub async fn connections(&self, asker: &Asker) -> Result<Vec<ConnectionView>, EngineError> {
        let statuses = self.account_statuses(asker).await?;
        let known: HashMap<AccountId, Account> =
            self.store.accounts(asker).await?.into_iter().map(|account| (account.id, account)).collect();
        let people = self.store.people_names(asker).await?;
        let connections = self.store.connections(asker).await?;
        let blocked = self.blocked_providers(asker, connections.iter()).await?;
        let lost_trust = self.store.lost_trust(asker).await?;
        let balances = self.store.all_latest_balances(asker).await?;
        let mut views = Vec::new();
        for connection in connections {
            let mut bank_accounts = Vec::new();
            for bank_account in self.store.bank_accounts(asker, connection.id).await? {
                let balance = balances.get(&bank_account.id).and_then(|stated| shown_balance(stated));
                let feeds = bank_account.feeds.map(|(id, _)| FedAccount {
                    id,
                    name: known.get(&id).map(|account| account.name.clone()).unwrap_or_default(),
                    asset: known.get(&id).and_then(|account| account.asset),
                    status: statuses.of(id),
                });
                bank_accounts.push(ConnectedAccount { bank_account, feeds, balance });
            }
            let worst = bank_accounts
                .iter()
                .filter_map(|account| account.feeds.as_ref().map(|fed| &fed.status))
                .max_by_key(|standing| urgency(&standing.status));
            let status = worst.cloned().unwrap_or_else(|| self.status_of_connection(&connection, &blocked));
            let descriptor = self.connectors.get(&connection.provider).map(|connector| connector.descriptor());
            views.push(ConnectionView {
                bank_accounts,
                status,
                provider_name: descriptor.map_or("", |descriptor| descriptor.name),
                owner: connection.owner.and_then(|owner| people.get(&owner).cloned()),
                lost_trust: lost_trust.iter().filter(|lost| lost.is_of(&connection)).cloned().collect(),
                connection,
            });
        }
        Ok(views)
    }
}

/// What was said with the last run of access that is over.
fn said(status: &Status, facts: &FeedFacts) -> Result<Option<String>, EngineError> {
    let Some(fault) = facts.last_fault.as_deref().filter(|_| *status == Status::RenewNow) else { return Ok(None) };
    let fault: FaultRecord = serde_json::from_str(fault)?;
    let is_about_access = fault.class == FaultClass::NeedsUser && fault.action == Some(UserAction::Renew);
    Ok(is_about_access.then_some(fault.message))
}

/// Since when a status is so.
fn since(status: &Status, connection: Option<&Connection>, failing_since: Option<Timestamp>) -> Option<Timestamp> {
    match status {
        Status::UpToDate { at } => Some(*at),
        // The end that the bank named comes before the first sync that met it.
        Status::RenewNow => {
            let end = connection.and_then(|connection| connection.consent.valid_until);
            [end, failing_since].into_iter().flatten().min()
        }
        Status::Partly(_)
        | Status::WaitingForBank(_)
        | Status::Retrying(_)
        | Status::AnswerNeeded(_)
        | Status::KeysNeeded(_)
        | Status::OperatorNeeded(_) => failing_since,
        Status::WithoutBank
        | Status::NeverSynced
        | Status::Syncing
        | Status::RenewBy { .. }
        | Status::CheckData { .. }
        | Status::Paused
        | Status::Unsynced => None,
    }
}

fn facts_of_connection(connection: &Connection, blocked: &HashMap<String, FaultRecord>) -> ConnectionFacts {
    ConnectionFacts {
        blocked: blocked.get(&connection.provider).cloned(),
        consent: Some(connection.consent),
        paused: connection.is_paused,
        ended: connection.ended_at.is_some(),
        ..ConnectionFacts::default()
    }
}

/// Why nothing comes for a bank account that a renewal did not show.
pub(crate) fn not_shown(connection: &Connection) -> Fault {
    let message = format!("{} did not show this account when access was renewed.", connection.institution_name);
    Fault::new(FaultClass::Gone, "account.not_shown", message)
}

fn connection_facts(
    connection: Option<&Connection>,
    blocked: &HashMap<String, FaultRecord>,
    facts: &FeedFacts,
) -> Result<ConnectionFacts, EngineError> {
    let fault: Option<FaultRecord> = facts.last_fault.as_deref().map(serde_json::from_str).transpose()?;
    let outcome = facts.last_outcome.as_deref().and_then(|code| RunOutcome::from_code(code).ok());
    let base = match connection {
        Some(connection) => facts_of_connection(connection, blocked),
        None => ConnectionFacts { ended: true, ..ConnectionFacts::default() },
    };
    Ok(ConnectionFacts {
        not_shown: connection.filter(|_| !facts.is_shown).map(|connection| not_shown(connection).into_record()),
        running: facts.is_running,
        last: outcome.map(|outcome| LastResult { outcome, fault }),
        last_success_at: facts.last_success_at,
        ..base
    })
}

/// How much a status wants a person: the worst that can be acted on stands for the whole connection.
fn urgency(status: &Status) -> u8 {
    match status {
        Status::RenewNow => 9,
        Status::KeysNeeded(_) | Status::OperatorNeeded(_) => 8,
        Status::AnswerNeeded(_) => 7,
        Status::CheckData { .. } => 6,
        Status::RenewBy { .. } => 5,
        Status::Syncing => 4,
        Status::Partly(_) => 3,
        Status::Retrying(_) => 2,
        Status::WaitingForBank(_) => 1,
        Status::WithoutBank | Status::UpToDate { .. } | Status::NeverSynced | Status::Paused | Status::Unsynced => 0,
    }
}
