//! Connecting a bank and renewing a connection: the loop of steps, kept in a flow that survives a restart and a change of
//! browser.

mod answering;
mod everywhere;
mod finish;
mod giving_up;
mod institutions;
mod logins;
mod looking;
mod memory;
mod returning;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bankside_connect::connector::Return;
use bankside_connect::{Connected, Input, Intent, Step};
use bankside_domain::fault::FaultClass;
use bankside_domain::quota::Presence;
use bankside_domain::{AccountId, Asker, ConnectionId, FlowId, Right};
use bankside_store::{Flow, FlowStage, NewFlow, StoreError};
use bankside_vault::{DataKey, Place};
use data_encoding::BASE64URL_NOPAD;
use jiff::SignedDuration;
use sha2::{Digest as _, Sha256};
use url::Url;

pub use everywhere::{BankEverywhere, BankOffer, Everywhere};
pub(crate) use finish::{kept_balance, other_accounts};
pub(crate) use institutions::InstitutionLists;
pub use logins::LoginView;
pub(crate) use looking::LOOK_AFTER;
pub use memory::{FlowPage, FlowView};
use memory::{Memory, StepMemory};
pub use returning::Returned;

use crate::naming::sync_name;
use crate::provider::Provider;
use crate::{Engine, EngineError};

/// The path under `public_url` to which providers send people back.
pub(crate) const CALLBACK_PATH: &str = "connect/callback";
/// The path under `public_url` to which providers post notices that a flow has moved on.
const NOTICE_PATH: &str = "connect/notice";
/// What a new flow is for.
struct Purpose<'a> {
    provider: &'a str,
    intent: Intent<'a>,
    bank: String,
    /// What the person calls it, where they were asked.
    name: Option<String>,
    account: Option<AccountId>,
    renews: Option<ConnectionId>,
}

impl<'a> Purpose<'a> {
    fn new(provider: &'a str, intent: Intent<'a>, bank: String, account: Option<AccountId>) -> Self {
        Self { provider, intent, bank, name: None, account, renews: None }
    }
}

impl Engine {
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
        let bank = self.bank_name(asker, provider, institution_key);
        let intent = Intent::New { institution_key };
        self.begin_flow(asker, Purpose::new(provider, intent, bank, account)).await
    }

    /// Begins to connect a bank that is chosen on the provider's own page. `name` is what the person calls it.
    pub async fn begin_hosted(
        &self,
        asker: &Asker,
        provider: &str,
        name: &str,
        account: Option<AccountId>,
    ) -> Result<FlowId, EngineError> {
        asker.require(Right::ManageBanks)?;
        if let Some(account) = account {
            self.store.account(asker, account).await?;
        }
        let name = sync_name(name)?;
        let intent = Intent::Hosted { name: &name };
        let purpose = Purpose::new(provider, intent, name.clone(), account);
        self.begin_flow(asker, Purpose { name: Some(name.clone()), ..purpose }).await
    }

    /// Takes up a login that is at the provider already. One that is connected is not connected twice.
    pub async fn adopt_login(
        &self,
        asker: &Asker,
        provider: &str,
        login: &str,
        account: Option<AccountId>,
    ) -> Result<FlowId, EngineError> {
        if let Some(account) = account {
            self.store.account(asker, account).await?;
        }
        let listed = self.logins(asker, provider).await?;
        let login = listed.iter().find(|listed| listed.key == login).ok_or(EngineError::NotFound("the login"))?;
        self.adopt(asker, provider, login, account).await
    }

    async fn adopt(
        &self,
        asker: &Asker,
        provider: &str,
        login: &LoginView,
        account: Option<AccountId>,
    ) -> Result<FlowId, EngineError> {
        if login.connection.is_some() {
            return Err(EngineError::Conflict("this login is connected already"));
        }
        let bank = match &login.name {
            Some(name) => name.clone(),
            None => self.connector(provider)?.descriptor().name.to_owned(),
        };
        let intent = Intent::Adopt { login: &login.key };
        self.begin_flow(asker, Purpose::new(provider, intent, bank, account)).await
    }

    /// Begins to renew the access of a connection in place: *Resync*. What is there works on until the last step is done. A renewal
    /// that the person has begun already is gone on with.
    pub async fn begin_renewal(&self, asker: &Asker, connection: ConnectionId) -> Result<FlowId, EngineError> {
        asker.require(Right::ManageBanks)?;
        let connection = self.store.connection(asker, connection).await?;
        if connection.ended_at.is_some() {
            return Err(EngineError::Conflict("this sync was ended; connect the bank anew"));
        }
        if let Some(open) = self.store.open_renewal(asker, connection.id).await? {
            return Ok(open);
        }
        let remote = self.remote(asker, &connection)?;
        let intent = Intent::Renew { institution_key: &connection.institution_key, remote: &remote };
        let bank = connection.institution_name.clone();
        let renews = Some(connection.id);
        let purpose = Purpose::new(&connection.provider, intent, bank, None);
        self.begin_flow(asker, Purpose { renews, ..purpose }).await
    }

    /// Where providers send people back to.
    pub fn callback_url(&self) -> Result<Url, EngineError> {
        self.settings.public_url.join(CALLBACK_PATH).map_err(|error| EngineError::Inside(error.to_string()))
    }

    async fn begin_flow(&self, asker: &Asker, purpose: Purpose<'_>) -> Result<FlowId, EngineError> {
        let ready = self.provider(asker, purpose.provider, Presence::PersonPresent).await?;
        let ready = ready.visited_by(self.visitor.clone());
        let reference = BASE64URL_NOPAD.encode(&self.ambient.random::<24>());
        let url = self.callback_url()?;
        let notice = self.notice_of_flow(&ready.base_url, &reference)?;
        let back = Return { url, reference, notice };
        let taken = Taken::of(ready.connector.begin(&ready.cx(), purpose.intent, &back).await?);
        let id: FlowId = self.ambient.id();
        let place = Place::of(asker.organization, id, "flow");
        let (key, data_key) = self.vault.new_data_key(place, &self.ambient);
        let (step, stage, connected) = match taken {
            Taken::On(step, stage) => (step, stage, None),
            // Should the process end before the connection is there, nothing has come about.
            Taken::Done(connected) => (StepMemory::Expired, FlowStage::Open, Some(connected)),
        };
        let flow_minutes = SignedDuration::from_mins(ready.connector.descriptor().flow_minutes);
        // A form that the bank does not wait for any longer is not the end: the bank asks anew.
        let expires_at = match &step {
            StepMemory::Open { expires_at, .. } => *expires_at,
            _ => self.ambient.now() + flow_minutes,
        };
        let memory = Memory { bank: purpose.bank, name: purpose.name, step, parked: None };
        let new = NewFlow {
            id,
            provider: purpose.provider.to_owned(),
            renews: purpose.renews,
            account: purpose.account,
            reference_digest: reference_digest(&back.reference).to_vec(),
            data_key,
            state: key.seal(place, &serde_json::to_vec(&memory)?, &self.ambient),
            expires_at,
        };
        self.store.add_flow(asker, &new).await?;
        let flow = self.store.flow(asker, id).await?;
        if let Some(connected) = connected {
            self.finish(asker, &ready, (flow, memory, &key), *connected).await?;
        } else if stage != FlowStage::Open {
            self.keep(asker, &flow, &memory, &key, stage).await?;
        }
        Ok(id)
    }

    /// The last step: a connection comes about, or is renewed.
    async fn finish(
        &self,
        asker: &Asker,
        provider: &Provider,
        (flow, memory, key): (Flow, Memory, &DataKey),
        connected: Connected,
    ) -> Result<FlowView, EngineError> {
        match flow.connection {
            Some(renews) => self.finish_renewal(asker, provider, (flow, memory, key), renews, connected).await,
            None => self.finish_connecting(asker, flow, memory, key, connected).await,
        }
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
        if flow.stage != FlowStage::Open || flow.expires_at <= self.ambient.now() || memory.has_parked_code() {
            return self.view(&flow, &memory);
        }
        let input = memory.parked.clone().map_or(Input::Poll, Input::Callback);
        self.advance(asker, flow, memory, &key, input).await
    }

    /// Takes one step. Two browsers at once take it one after the other, so that nothing is asked for twice; the slower one goes
    /// on from what the faster one did.
    async fn advance(
        &self,
        asker: &Asker,
        flow: Flow,
        memory: Memory,
        key: &DataKey,
        input: Input,
    ) -> Result<FlowView, EngineError> {
        let _turn = self.flow_turns.of(flow.id).await;
        let flow = self.store.flow(asker, flow.id).await?;
        let before = self.memory_of(&flow)?.0;
        let Some(connector) = before.step.connector().cloned().filter(|_| flow.stage == FlowStage::Open) else {
            return self.view(&flow, &before);
        };
        // What was parked is being taken up now; what somebody has parked meanwhile stays.
        let parked = before.parked.clone().filter(|parked| memory.parked.as_ref() != Some(parked));
        let mut memory = Memory { parked, ..before.clone() };
        let ready = self.provider(asker, &flow.provider, Presence::PersonPresent).await?;
        let step = ready.connector.resume(&ready.cx(), &connector, input).await;
        let stage = match step {
            Err(fault) if passes(fault.class()) => return Err(fault.into()),
            Ok(step) => match Taken::of(step) {
                Taken::Done(connected) => return self.finish(asker, &ready, (flow, memory, key), *connected).await,
                Taken::On(step, stage) => {
                    memory.step = step;
                    stage
                }
            },
            Err(fault) => {
                memory.step = StepMemory::Failed { fault: fault.into_record() };
                FlowStage::Failed
            }
        };
        if stage == FlowStage::Open && memory == before {
            return self.view(&flow, &memory);
        }
        match self.keep(asker, &flow, &memory, key, stage).await {
            Ok(()) if stage == FlowStage::Open => {}
            Ok(()) => self.take_back(asker, &flow, Some(connector)).await,
            Err(EngineError::Store(StoreError::Stale)) => {}
            Err(error) => return Err(error),
        }
        self.flow(asker, flow.id).await
    }
}

/// A step as a flow keeps it.
enum Taken {
    /// It goes on, or has ended without a connection.
    On(StepMemory, FlowStage),
    /// There is a connection.
    Done(Box<Connected>),
}

impl Taken {
    fn of(step: Step) -> Self {
        let (memory, stage) = match step {
            Step::Ask(form, connector) => (StepMemory::Ask { form, connector }, FlowStage::Open),
            Step::Open(browser, connector) => {
                (StepMemory::Open { url: browser.url, expires_at: browser.expires_at, connector }, FlowStage::Open)
            }
            Step::Wait { message, poll_after_secs, state } => {
                (StepMemory::Wait { message, poll_after_secs, connector: state }, FlowStage::Open)
            }
            Step::Cancelled { message } => (StepMemory::Cancelled { message }, FlowStage::Cancelled),
            Step::Failed(fault) => (StepMemory::Failed { fault: fault.into_record() }, FlowStage::Failed),
            Step::Done(connected) => return Self::Done(connected),
        };
        Self::On(memory, stage)
    }
}

/// Whose turn it is with a flow, in this process. Between machines its revision decides.
#[derive(Default)]
pub(crate) struct FlowTurns(Mutex<HashMap<FlowId, Weak<tokio::sync::Mutex<()>>>>);

impl FlowTurns {
    /// Waits until nobody else in this process is at the flow.
    async fn of(&self, flow: FlowId) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            let turn = turns.get(&flow).and_then(Weak::upgrade).unwrap_or_default();
            turns.insert(flow, Arc::downgrade(&turn));
            turn
        };
        turn.lock_owned().await
    }
}

/// Faults after which asking again in a moment may work; they do not end a flow.
fn passes(class: FaultClass) -> bool {
    matches!(class, FaultClass::RetryLater | FaultClass::RateLimited | FaultClass::Busy)
}

fn reference_digest(reference: &str) -> [u8; 32] {
    Sha256::digest(reference.as_bytes()).into()
}
