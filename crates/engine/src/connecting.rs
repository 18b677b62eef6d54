//! Connecting a bank: the loop of steps, kept in a flow that survives a restart and a change of browser.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use bankside_connect::connector::Return;
use bankside_connect::{AccountInfo, Connected, Descriptor, FlowState, Input, Institution, Step, zones};
use bankside_domain::fault::FaultRecord;
use bankside_domain::quota::Presence;
use bankside_domain::text::mask_account_number;
use bankside_domain::{AccountId, Asker, BankAccountId, ConnectionId, FlowId, OrganizationId, PersonId, Right};
use bankside_store::{Flow, FlowStage, KeptBalance, NewBankAccount, NewConnection, NewFlow, StoreError};
use bankside_vault::{DataKey, Place, Purpose};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Engine, EngineError};

/// How long a list of banks is believed.
const INSTITUTIONS_FOR: SignedDuration = SignedDuration::from_hours(6);
/// The path under `public_url` to which providers send people back.
pub(crate) const CALLBACK_PATH: &str = "connect/callback";
/// More than any provider sends back.
const MAX_CALLBACK_FIELDS: usize = 20;

/// What a flow remembers between two steps; sealed where it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Memory {
    bank: String,
    step: StepMemory,
    /// What somebody brought back from the provider without being signed in as the one who began.
    parked: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
enum StepMemory {
    Open { url: String, expires_at: Timestamp, connector: FlowState },
    Wait { message: String, poll_after_secs: u32, connector: FlowState },
    Done { connection: ConnectionId },
    Cancelled { message: String },
    Failed { fault: FaultRecord },
}

impl StepMemory {
    /// What the connector goes on with, while it has not come to an end.
    fn connector(&self) -> Option<&FlowState> {
        match self {
            Self::Open { connector, .. } | Self::Wait { connector, .. } => Some(connector),
            Self::Done { .. } | Self::Cancelled { .. } | Self::Failed { .. } => None,
        }
    }
}

/// A flow as a page shows it.
#[derive(Debug, Clone)]
pub struct FlowView {
    /// Which one.
    pub id: FlowId,
    /// Through which provider.
    pub descriptor: &'static Descriptor,
    /// With which bank.
    pub bank: String,
    /// The account that is to be linked, if the person came from one.
    pub account: Option<AccountId>,
    /// What the page shows.
    pub page: FlowPage,
}

/// What the page of a flow shows.
#[derive(Debug, Clone)]
pub enum FlowPage {
    /// The person opens the provider's page.
    Open {
        /// Where.
        url: String,
        /// Until when.
        expires_at: Timestamp,
    },
    /// Somebody came back in another browser with a code: was it this person?
    Confirm,
    /// The provider is still working.
    Wait {
        /// What it is doing.
        message: String,
        /// When to look again.
        poll_after_secs: u32,
    },
    /// Connected.
    Done {
        /// The connection.
        connection: ConnectionId,
    },
    /// Called off; nothing has changed.
    Cancelled {
        /// Who and why.
        message: String,
    },
    /// It did not work.
    Failed {
        /// Why.
        fault: FaultRecord,
    },
    /// The time to come back is over.
    Expired,
}

/// What became of somebody who came back from a provider.
#[derive(Debug, Clone)]
pub enum Returned {
    /// It was the person who began, and the flow has gone on.
    Resumed {
        /// In which organization.
        organization: OrganizationId,
        /// The flow.
        flow: FlowId,
    },
    /// It was somebody else, or somebody who is not signed in. The person who began goes on where they began.
    Parked,
    /// Nobody began this.
    Unknown,
}

/// Lists of banks that were fetched already.
#[derive(Default)]
pub(crate) struct InstitutionLists(Mutex<HashMap<ListKey, KeptList>>);

/// Whose list, of which provider, for which country.
type ListKey = (OrganizationId, String, String);

/// A list, and when it was fetched.
type KeptList = (Timestamp, Arc<Vec<Institution>>);

impl Engine {
    /// The banks of a country, by name. The list is believed for some hours.
    pub async fn institutions(
        &self,
        asker: &Asker,
        provider: &str,
        country: &str,
    ) -> Result<Arc<Vec<Institution>>, EngineError> {
        asker.require(Right::ManageBanks)?;
        let connector = self.connector(provider)?;
        let country = country.to_ascii_uppercase();
        if !connector.descriptor().countries.contains(&country.as_str()) {
            return Err(EngineError::invalid("country", "This provider does not work in this country."));
        }
        let key = (asker.organization, provider.to_owned(), country);
        let now = self.ambient.now();
        let kept = self.institution_lists.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if let Some((since, list)) = kept
            && since + INSTITUTIONS_FOR > now
        {
            return Ok(list);
        }
        let ready = self.provider(asker, provider, Presence::PersonPresent).await?;
        let list = Arc::new(ready.connector.institutions(&ready.cx(), &key.2).await?);
        self.institution_lists.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, (now, Arc::clone(&list)));
        Ok(list)
    }

    /// Begins to connect a bank.
    pub async fn begin_connecting(
        &self,
        asker: &Asker,
        provider: &str,
        institution_key: &str,
        account: Option<AccountId>,
    ) -> Result<FlowId, EngineError> {
        asker.require(Right::ManageBanks)?;
        if let Some(account) = account {
            self.store.account(asker, account).await?;
        }
        let ready = self.provider(asker, provider, Presence::PersonPresent).await?;
        let reference = BASE64URL_NOPAD.encode(&self.ambient.random::<24>());
        let url =
            self.settings.public_url.join(CALLBACK_PATH).map_err(|error| EngineError::Inside(error.to_string()))?;
        let back = Return { url, reference };
        let step = ready.connector.begin(&ready.cx(), institution_key, &back).await?;
        let id: FlowId = self.ambient.id();
        let place = Place::of(asker.organization, id, "flow");
        let (key, data_key) = self.vault.new_data_key(place, &self.ambient);
        let Step::Open(browser, connector) = step else {
            return Err(EngineError::Inside("the first step of this provider cannot be shown".to_owned()));
        };
        let expires_at = browser.expires_at;
        let bank = self.bank_name(asker, provider, institution_key);
        let step = StepMemory::Open { url: browser.url, expires_at, connector };
        let memory = Memory { bank, step, parked: None };
        let new = NewFlow {
            id,
            provider: provider.to_owned(),
            account,
            reference_digest: reference_digest(&back.reference).to_vec(),
            data_key,
            state: key.seal(place, &serde_json::to_vec(&memory)?, &self.ambient),
            expires_at,
        };
        self.store.add_flow(asker, &new).await?;
        Ok(id)
    }

    /// The name of a bank that was listed before.
    fn bank_name(&self, asker: &Asker, provider: &str, institution_key: &str) -> String {
        let lists = self.institution_lists.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = lists
            .iter()
            .filter(|((organization, id, _), _)| *organization == asker.organization && id == provider)
            .flat_map(|(_, (_, list))| list.iter())
            .find(|institution| institution.key == institution_key);
        known.map_or_else(|| institution_key.to_owned(), |institution| institution.name.clone())
    }

    /// A flow as it stands, without asking the provider.
    pub async fn flow(&self, asker: &Asker, id: FlowId) -> Result<FlowView, EngineError> {
        let flow = self.store.flow(asker, id).await?;
        let (memory, _) = self.memory_of(&flow)?;
        self.view(&flow, &memory)
    }

    /// Asks the provider how a flow stands and goes on as far as that goes.
    pub async fn poll_flow(&self, asker: &Asker, id: FlowId) -> Result<FlowView, EngineError> {
        let flow = self.store.flow(asker, id).await?;
        let (memory, key) = self.memory_of(&flow)?;
        if flow.stage != FlowStage::Open || flow.expires_at <= self.ambient.now() {
            return self.view(&flow, &memory);
        }
        let input = match &memory.parked {
            // A code is worth a connection: whoever began must say that it was them.
            Some(fields) if fields.contains_key("code") => return self.view(&flow, &memory),
            Some(fields) => Input::Callback(fields.clone()),
            None => Input::Poll,
        };
        self.advance(asker, flow, memory, &key, input).await
    }

    /// The person who began says that it was them who came back in another browser.
    pub async fn confirm_return(&self, asker: &Asker, id: FlowId) -> Result<FlowView, EngineError> {
        let flow = self.store.flow(asker, id).await?;
        let (memory, key) = self.memory_of(&flow)?;
        match memory.parked.clone() {
            Some(fields) if flow.stage == FlowStage::Open && asker.person() == Some(flow.person) => {
                self.advance(asker, flow, memory, &key, Input::Callback(fields)).await
            }
            _ => self.view(&flow, &memory),
        }
    }

    /// Calls a flow off. Nothing has changed.
    pub async fn cancel_flow(&self, asker: &Asker, id: FlowId) -> Result<FlowView, EngineError> {
        let flow = self.store.flow(asker, id).await?;
        let (mut memory, key) = self.memory_of(&flow)?;
        if flow.stage == FlowStage::Open {
            let left = memory.step.connector().cloned();
            memory.step = StepMemory::Cancelled { message: "You called it off. Nothing has changed.".to_owned() };
            self.keep(asker, &flow, &memory, &key, FlowStage::Cancelled).await?;
            if let Some(state) = left
                && let Err(error) = self.abandon(asker, &flow.provider, &state).await
            {
                tracing::warn!(%error, "what a cancelled flow left at the provider could not be taken back");
            }
        }
        self.flow(asker, id).await
    }

    async fn abandon(&self, asker: &Asker, provider: &str, state: &FlowState) -> Result<(), EngineError> {
        let ready = self.provider(asker, provider, Presence::PersonPresent).await?;
        Ok(ready.connector.abandon(&ready.cx(), state).await?)
    }

    /// Somebody comes back from a provider with these query parameters.
    pub async fn returned(
        &self,
        fields: BTreeMap<String, String>,
        signed_in: Option<PersonId>,
    ) -> Result<Returned, EngineError> {
        let reference = ["ref", "state"].into_iter().find_map(|name| fields.get(name));
        let Some(reference) = reference.filter(|_| fields.len() <= MAX_CALLBACK_FIELDS) else {
            return Ok(Returned::Unknown);
        };
        let Some(flow) = self.store.flow_by_reference_as_system(&reference_digest(reference)).await? else {
            return Ok(Returned::Unknown);
        };
        let (mut memory, key) = self.memory_of(&flow)?;
        let membership = match signed_in.filter(|person| *person == flow.person) {
            Some(person) => self.store.membership_as_system(person, flow.organization).await.ok(),
            None => None,
        };
        let is_open = flow.stage == FlowStage::Open && flow.expires_at > self.ambient.now();
        let resumed = Returned::Resumed { organization: flow.organization, flow: flow.id };
        match membership {
            Some(membership) if is_open => {
                let advanced = self.advance(&membership.asker, flow, memory, &key, Input::Callback(fields)).await;
                match advanced {
                    Ok(_) | Err(EngineError::Store(StoreError::Stale)) => Ok(resumed),
                    Err(error) => Err(error),
                }
            }
            Some(_) => Ok(resumed),
            None => {
                if is_open && memory.parked.is_none() {
                    memory.parked = Some(fields);
                    let asker = Asker::system(flow.organization);
                    match self.keep(&asker, &flow, &memory, &key, FlowStage::Open).await {
                        Ok(()) | Err(EngineError::Store(StoreError::Stale)) => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(Returned::Parked)
            }
        }
    }

    /// Takes one step. When two browsers take it at once, the slower one shows what the faster one did.
    async fn advance(
        &self,
        asker: &Asker,
        flow: Flow,
        mut memory: Memory,
        key: &DataKey,
        input: Input,
    ) -> Result<FlowView, EngineError> {
        let Some(connector) = memory.step.connector() else {
            return self.view(&flow, &memory);
        };
        let ready = self.provider(asker, &flow.provider, Presence::PersonPresent).await?;
        let step = ready.connector.resume(&ready.cx(), connector, input).await;
        memory.parked = None;
        let stage = match step {
            Ok(Step::Open(browser, connector)) => {
                memory.step = StepMemory::Open { url: browser.url, expires_at: browser.expires_at, connector };
                FlowStage::Open
            }
            Ok(Step::Wait { message, poll_after_secs, state }) => {
                memory.step = StepMemory::Wait { message, poll_after_secs, connector: state };
                FlowStage::Open
            }
            Ok(Step::Cancelled { message }) => {
                memory.step = StepMemory::Cancelled { message };
                FlowStage::Cancelled
            }
            Ok(Step::Done(connected)) => return self.finish(asker, flow, memory, key, *connected).await,
            Err(fault) if passes(&fault) => return Err(fault.into()),
            Err(fault) => {
                memory.step = StepMemory::Failed { fault: fault.into_record() };
                FlowStage::Failed
            }
        };
        match self.keep(asker, &flow, &memory, key, stage).await {
            Ok(()) | Err(EngineError::Store(StoreError::Stale)) => self.flow(asker, flow.id).await,
            Err(error) => Err(error),
        }
    }

    async fn finish(
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
        memory.bank.clone_from(&connected.institution.name);
        memory.step = StepMemory::Done { connection: id };
        let time_zone = connected.country.as_deref().map_or("UTC", zones::of_country);
        let connection = NewConnection {
            id,
            provider: flow.provider.clone(),
            name: self.free_name(asker, &connected.institution.name).await?,
            institution_key: connected.institution.key.clone(),
            institution_name: connected.institution.name.clone(),
            country: connected.country.clone(),
            time_zone: time_zone.to_owned(),
            data_key,
            remote: remote_key.seal(place, &serde_json::to_vec(&connected.remote)?, &self.ambient),
            consent: connected.consent,
            max_history_days: connected.institution.max_history_days,
        };
        let accounts: Vec<NewBankAccount> = connected
            .accounts
            .iter()
            .map(|account| self.bank_account(asker, &connected.institution, account))
            .collect::<Result<_, _>>()?;
        let sealed = self.sealed(&flow, &memory, key)?;
        match self.store.finish_flow(asker, &flow, &sealed, &connection, &accounts).await {
            // Another browser was faster; its connection is the one that counts.
            Ok(_) | Err(StoreError::Stale) => self.flow(asker, flow.id).await,
            Err(error) => Err(error.into()),
        }
    }

    /// The bank's name, with a number where the organization has connected it before.
    async fn free_name(&self, asker: &Asker, bank: &str) -> Result<String, EngineError> {
        let taken: Vec<String> = self.store.connections(asker).await?.into_iter().map(|one| one.name).collect();
        let mut name = bank.to_owned();
        let mut number = 2;
        while taken.contains(&name) {
            name = format!("{bank} {number}");
            number += 1;
        }
        Ok(name)
    }

    fn bank_account(
        &self,
        asker: &Asker,
        institution: &Institution,
        info: &AccountInfo,
    ) -> Result<NewBankAccount, EngineError> {
        let id: BankAccountId = self.ambient.id();
        let place = Place::of(asker.organization, id, "bank-account");
        let (key, data_key) = self.vault.new_data_key(place, &self.ambient);
        let details = serde_json::json!({ "number": info.number });
        let digester = self.vault.digester(asker.organization, Purpose::BankAccount);
        let seen_at = self.ambient.now();
        Ok(NewBankAccount {
            id,
            institution_key: institution.key.clone(),
            institution_name: institution.name.clone(),
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
            balances: info
                .balances
                .iter()
                .map(|balance| kept_balance(balance, false, seen_at))
                .collect::<Vec<KeptBalance>>(),
        })
    }

    fn memory_of(&self, flow: &Flow) -> Result<(Memory, DataKey), EngineError> {
        let place = Place::of(flow.organization, flow.id, "flow");
        let key = self.vault.data_key(&flow.data_key, place)?;
        let memory = serde_json::from_slice(&key.open(place, &flow.state)?)?;
        Ok((memory, key))
    }

    fn sealed(&self, flow: &Flow, memory: &Memory, key: &DataKey) -> Result<bankside_vault::Sealed, EngineError> {
        let place = Place::of(flow.organization, flow.id, "flow");
        Ok(key.seal(place, &serde_json::to_vec(memory)?, &self.ambient))
    }

    async fn keep(
        &self,
        asker: &Asker,
        flow: &Flow,
        memory: &Memory,
        key: &DataKey,
        stage: FlowStage,
    ) -> Result<(), EngineError> {
        Ok(self.store.advance_flow(asker, flow, &self.sealed(flow, memory, key)?, stage).await?)
    }

    fn view(&self, flow: &Flow, memory: &Memory) -> Result<FlowView, EngineError> {
        let descriptor = self.connector(&flow.provider)?.descriptor();
        let is_over = flow.stage == FlowStage::Open && flow.expires_at <= self.ambient.now();
        let page = match &memory.step {
            _ if is_over => FlowPage::Expired,
            StepMemory::Open { .. } | StepMemory::Wait { .. }
                if memory.parked.as_ref().is_some_and(|fields| fields.contains_key("code")) =>
            {
                FlowPage::Confirm
            }
            StepMemory::Open { url, expires_at, .. } => FlowPage::Open { url: url.clone(), expires_at: *expires_at },
            StepMemory::Wait { message, poll_after_secs, .. } => {
                FlowPage::Wait { message: message.clone(), poll_after_secs: *poll_after_secs }
            }
            StepMemory::Done { connection } => FlowPage::Done { connection: *connection },
            StepMemory::Cancelled { message } => FlowPage::Cancelled { message: message.clone() },
            StepMemory::Failed { fault } => FlowPage::Failed { fault: fault.clone() },
        };
        Ok(FlowView { id: flow.id, descriptor, bank: memory.bank.clone(), account: flow.account, page })
    }
}

/// A balance as it is kept. Amounts turn round where the bank account's signs do.
pub(crate) fn kept_balance(
    balance: &bankside_connect::FetchedBalance,
    flips_sign: bool,
    seen_at: Timestamp,
) -> KeptBalance {
    let minor = if flips_sign { balance.amount.minor.saturating_neg() } else { balance.amount.minor };
    KeptBalance {
        stated: bankside_domain::balance::StatedBalance { kind: balance.kind, moment: balance.moment, minor, seen_at },
        provider_kind: balance.provider_kind.as_str().to_owned(),
        currency: balance.amount.currency.code,
    }
}

/// Faults after which asking again in a moment may work; they do not end a flow.
fn passes(fault: &bankside_connect::Fault) -> bool {
    use bankside_domain::fault::FaultClass;
    fault.http_status().is_none_or(|status| status >= 500 || status == 429)
        && matches!(fault.class(), FaultClass::RetryLater | FaultClass::RateLimited | FaultClass::Busy)
        && !fault.code().ends_with(".bank_down")
}

fn reference_digest(reference: &str) -> [u8; 32] {
    Sha256::digest(reference.as_bytes()).into()
}
