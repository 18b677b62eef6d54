//! The last step of a flow: a connection comes about, or is renewed.

use bankside_connect::{AccountInfo, Connected, Fault, RemoteRef, zones};
use bankside_domain::bank_account::MatchKey;
use bankside_domain::fault::FaultClass;
use bankside_domain::reconcile::Digest;
use bankside_domain::text::mask_account_number;
use bankside_domain::{Asker, BankAccountId, ConnectionId};
use bankside_store::{
    Connection, Flow, FlowStage, KeptBalance, NewBankAccount, NewConnection, RenewedConnection, StoreError,
};
use bankside_vault::{DataKey, Place, Purpose, Sealed};
use jiff::Timestamp;

use super::memory::{FlowView, Memory, StepMemory};
use crate::provider::Provider;
use crate::{Engine, EngineError};

impl Engine {
    /// Adds the connection that a flow came to.
    pub(super) async fn finish_connecting(
        &self,
        asker: &Asker,
        flow: Flow,
        mut memory: Memory,
        key: &DataKey,
        connected: Connected,
    ) -> Result<FlowView, EngineError> {
        let id: ConnectionId = self.ambient.id();
        let place = Place::of(asker.organization, id, "remote");
        let (remote_key, data_key) = self.vault.new_data_key(place, &self.ambient);
        let name = memory.name.clone().unwrap_or_else(|| connected.institution.name.clone());
        memory.bank.clone_from(&connected.institution.name);
        memory.step = StepMemory::Done { connection: id };
        let time_zone = connected.country.as_deref().map_or("UTC", zones::of_country);
        let connection = NewConnection {
            id,
            provider: flow.provider.clone(),
            name,
            institution_key: connected.institution.key.clone(),
            institution_name: connected.institution.name.clone(),
            country: connected.country.clone(),
            time_zone: time_zone.to_owned(),
            data_key,
            login: self.login_digest(asker, &flow.provider, &connected.remote),
            remote: remote_key.seal(place, &serde_json::to_vec(&connected.remote)?, &self.ambient),
            consent: connected.consent,
            max_history_days: connected.institution.max_history_days,
            unread_accounts: i64::try_from(connected.unread.len()).unwrap_or(i64::MAX),
        };
        let accounts = self.bank_accounts_of(asker, &connected)?;
        let sealed = self.sealed(&flow, &memory, key)?;
        match self.store.finish_flow(asker, &flow, &sealed, &connection, &accounts).await {
            // Another browser was faster; its connection is the one that counts.
            Ok(_) | Err(StoreError::Stale) => self.flow(asker, flow.id).await,
            Err(StoreError::Conflict(says)) => {
                self.fail(asker, &flow, memory, key, taken_up(says)).await?;
                self.flow(asker, flow.id).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// By what a login is told from the others at its provider; `None` where there are none.
    fn login_digest(&self, asker: &Asker, provider: &str, remote: &RemoteRef) -> Option<Digest> {
        let login = self.connectors.get(provider)?.login_of(remote)?;
        Some(self.vault.digester(asker.organization, Purpose::BankAccount).digest(&[b"login", login.as_bytes()]))
    }

    /// Puts the new access in the place of the old one, and only then ends the old one at the provider.
    pub(super) async fn finish_renewal(
        &self,
        asker: &Asker,
        provider: &Provider,
        (flow, memory, key): (Flow, Memory, &DataKey),
        connection: ConnectionId,
        connected: Connected,
    ) -> Result<FlowView, EngineError> {
        let before = self.store.connection(asker, connection).await?;
        let renewed = RenewedConnection {
            id: connection,
            remote: self.sealed_remote(asker, &before, &connected.remote)?,
            login: self.login_digest(asker, &flow.provider, &connected.remote),
            consent: connected.consent,
            max_history_days: connected.institution.max_history_days,
            unread: connected.unread.clone(),
        };
        let accounts = self.bank_accounts_of(asker, &connected)?;
        let valid_until = connected.consent.valid_until;
        let result = if before.ended_at.is_some() {
            Ok(Err(ended_meanwhile()))
        } else {
            let state = |outcome: &_| {
                let step = StepMemory::Renewed { connection, valid_until, outcome: *outcome };
                Ok(self.sealed(&flow, &Memory { step, ..memory.clone() }, key)?)
            };
            let result = self.store.finish_renewal(asker, &flow, &renewed, &accounts, state).await;
            result.map(|outcome| outcome.map_err(|_| other_accounts(&memory.bank)))
        };
        let useless = match result {
            Ok(Ok((_, replaced))) => {
                self.due.notify_one();
                let replaced = self.open_remote(asker, &before, &replaced)?;
                self.relist_login(asker, provider, &replaced, &connected.remote).await;
                replaced
            }
            Ok(Err(fault)) => {
                self.fail(asker, &flow, memory, key, fault).await?;
                connected.remote
            }
            // The login is another sync's: there is nothing to end.
            Err(StoreError::Conflict(says)) => {
                self.fail(asker, &flow, memory, key, taken_up(says)).await?;
                return self.flow(asker, flow.id).await;
            }
            // Another browser was faster with the same step.
            Err(StoreError::Stale) => return self.flow(asker, flow.id).await,
            // It was ended between two looks.
            Err(StoreError::NotFound(_)) => {
                self.fail(asker, &flow, memory, key, ended_meanwhile()).await?;
                connected.remote
            }
            Err(error) => return Err(error.into()),
        };
        let in_use = self.store.connection(asker, connection).await?;
        let used = self.remote(asker, &in_use)?;
        // A renewal may go on with the same login at the provider under another reference; ending one would end the other.
        let login = provider.connector.login_of(&useless);
        let is_same_login = login.is_some() && login == provider.connector.login_of(&used);
        let is_another = in_use.ended_at.is_some() || (used != useless && !is_same_login);
        if is_another && let Err(fault) = provider.connector.revoke(&provider.cx(), &useless).await {
            tracing::warn!(
                code = fault.code(),
                "an access that is not used any more could not be ended at the provider"
            );
        }
        self.flow(asker, flow.id).await
    }

    /// Ends a flow that came to nothing, unless another browser took the step first.
    async fn fail(
        &self,
        asker: &Asker,
        flow: &Flow,
        mut memory: Memory,
        key: &DataKey,
        fault: Fault,
    ) -> Result<(), EngineError> {
        memory.step = StepMemory::Failed { fault: fault.into_record() };
        match self.keep(asker, flow, &memory, key, FlowStage::Failed).await {
            Ok(()) | Err(EngineError::Store(StoreError::Stale)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn sealed_remote(&self, asker: &Asker, connection: &Connection, remote: &RemoteRef) -> Result<Sealed, EngineError> {
        let place = Place::of(asker.organization, connection.id, "remote");
        let key = self.vault.data_key(&connection.data_key, place)?;
        Ok(key.seal(place, &serde_json::to_vec(remote)?, &self.ambient))
    }

    fn bank_accounts_of(&self, asker: &Asker, connected: &Connected) -> Result<Vec<NewBankAccount>, EngineError> {
        let institution = (connected.institution.key.as_str(), connected.institution.name.as_str());
        self.new_bank_accounts(asker, institution, &connected.accounts)
    }

    /// What is kept of bank accounts that one answer shows, at the institution of this key and name.
    pub(crate) fn new_bank_accounts(
        &self,
        asker: &Asker,
        institution: (&str, &str),
        shown: &[AccountInfo],
    ) -> Result<Vec<NewBankAccount>, EngineError> {
        let all = || shown.iter().flat_map(|account| &account.match_keys);
        // A number that several accounts of one answer share tells none of them apart.
        let shared = |key: &MatchKey| key.kind.is_strong() && all().filter(|other| *other == key).count() > 1;
        let own = |account: &AccountInfo| {
            let match_keys = account.match_keys.iter().filter(|key| !shared(key)).cloned().collect();
            AccountInfo { match_keys, ..account.clone() }
        };
        shown.iter().map(own).map(|account| self.bank_account(asker, institution, &account)).collect()
    }

    fn bank_account(
        &self,
        asker: &Asker,
        (institution_key, institution_name): (&str, &str),
        info: &AccountInfo,
    ) -> Result<NewBankAccount, EngineError> {
        let id: BankAccountId = self.ambient.id();
        let place = Place::of(asker.organization, id, "bank-account");
        let (key, data_key) = self.vault.new_data_key(place, &self.ambient);
        let details = serde_json::json!({ "number": info.number });
        let digester = self.vault.digester(asker.organization, Purpose::BankAccount);
        let seen_at = self.ambient.now();
        let (institution_key, institution_name) = match &info.bank {
            Some(bank) => (bank.key.clone(), bank.name.clone()),
            None => (institution_key.to_owned(), institution_name.to_owned()),
        };
        Ok(NewBankAccount {
            id,
            institution_key,
            institution_name,
            provider_account_id: info.provider_account_id.clone(),
            name: info.name.clone(),
            holder: info.holder.clone(),
            masked_number: info.number.as_deref().map(mask_account_number),
            kind: info.kind,
            currency: info.currency,
            match_keys: info
                .match_keys
                .iter()
                .map(|key| (key.kind, digester.digest(&[key.value.as_bytes()])))
                .collect(),
            data_key,
            details: key.seal(place, &serde_json::to_vec(&details)?, &self.ambient),
            balances: info.balances.iter().map(|balance| kept_balance(balance, seen_at)).collect::<Vec<KeptBalance>>(),
        })
    }
}

/// A balance as it is kept: with the bank's own sign.
pub(crate) fn kept_balance(balance: &bankside_connect::FetchedBalance, seen_at: Timestamp) -> KeptBalance {
    KeptBalance {
        stated: bankside_domain::balance::StatedBalance {
            kind: balance.kind,
            moment: balance.moment,
            minor: balance.amount.minor,
            seen_at,
        },
        provider_kind: balance.provider_kind.as_str().to_owned(),
        currency: balance.amount.currency.code,
    }
}

pub(crate) fn other_accounts(bank: &str) -> Fault {
    let message = format!(
        "{bank} showed other accounts than those of this sync, as if somebody else had signed in. Nothing has changed."
    );
    Fault::new(FaultClass::NeedsUser, "renewal.other_accounts", message)
}

fn taken_up(says: &str) -> Fault {
    Fault::new(FaultClass::NeedsUser, "connecting.login_taken", format!("{says}. Nothing has changed."))
}

fn ended_meanwhile() -> Fault {
    let message = "This sync was ended while its access was being renewed. Nothing has changed.";
    Fault::new(FaultClass::NeedsUser, "renewal.ended", message)
}
