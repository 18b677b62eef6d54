//! What a flow remembers between two steps, and how it is shown.

use std::collections::BTreeMap;

use bankside_connect::{Descriptor, FlowState, Form};
use bankside_domain::fault::FaultRecord;
use bankside_domain::{AccountId, Asker, ConnectionId, FlowId};
use bankside_store::{Flow, FlowStage, Renewed};
use bankside_vault::{DataKey, Place, Sealed};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::looking::LOOK_AFTER;
use crate::{Engine, EngineError};

/// How long a flow goes on while the provider prepares the accounts.
const WAIT_FOR: SignedDuration = SignedDuration::from_hours(24);

/// What a flow remembers between two steps; sealed where it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    pub(super) bank: String,
    /// What the person calls the connection; none where they were not asked.
    #[serde(default)]
    pub(super) name: Option<String>,
    pub(super) step: StepMemory,
    /// What somebody brought back from the provider without being signed in as the one who began.
    pub(super) parked: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(super) enum StepMemory {
    Ask { form: Box<Form>, connector: FlowState },
    Open { url: String, expires_at: Timestamp, connector: FlowState },
    Wait { message: String, poll_after_secs: u32, connector: FlowState },
    Done { connection: ConnectionId },
    Renewed { connection: ConnectionId, valid_until: Option<Timestamp>, outcome: Renewed },
    Cancelled { message: String },
    Failed { fault: FaultRecord },
    Expired,
}

impl StepMemory {
    /// What the connector goes on with, while it has not come to an end.
    pub(super) fn connector(&self) -> Option<&FlowState> {
        match self {
            Self::Ask { connector, .. } | Self::Open { connector, .. } | Self::Wait { connector, .. } => {
                Some(connector)
            }
            Self::Done { .. } | Self::Renewed { .. } | Self::Cancelled { .. } | Self::Failed { .. } | Self::Expired => {
                None
            }
        }
    }
}

impl Memory {
    /// What was brought back in another browser and is worth a connection: whoever began must say that it was them.
    pub(super) fn has_parked_code(&self) -> bool {
        self.parked.as_ref().is_some_and(|fields| fields.contains_key("code"))
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
    /// The connection whose access is renewed, if it is not a new one that comes about.
    pub renews: Option<ConnectionId>,
    /// What the page shows.
    pub page: FlowPage,
}

/// What the page of a flow shows.
#[derive(Debug, Clone)]
pub enum FlowPage {
    /// The person fills in a form.
    Ask {
        /// The form.
        form: Box<Form>,
    },
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
    /// The access of a connection was renewed.
    Renewed {
        /// The connection.
        connection: ConnectionId,
        /// When access ends now, if that is known.
        valid_until: Option<Timestamp>,
        /// What became of its bank accounts, and the sync that follows.
        outcome: Renewed,
    },
    /// Called off; nothing has changed.
    Cancelled {
        /// Who and why.
        message: String,
    },
    /// It did not work; nothing has changed.
    Failed {
        /// Why.
        fault: FaultRecord,
    },
    /// The time to come back is over.
    Expired,
}

impl Engine {
    pub(super) fn memory_of(&self, flow: &Flow) -> Result<(Memory, DataKey), EngineError> {
        let place = Place::of(flow.organization, flow.id, "flow");
        let key = self.vault.data_key(&flow.data_key, place)?;
        let memory = serde_json::from_slice(&key.open(place, &flow.state)?)?;
        Ok((memory, key))
    }

    pub(super) fn sealed(&self, flow: &Flow, memory: &Memory, key: &DataKey) -> Result<Sealed, serde_json::Error> {
        let place = Place::of(flow.organization, flow.id, "flow");
        Ok(key.seal(place, &serde_json::to_vec(memory)?, &self.ambient))
    }

    pub(super) async fn keep(
        &self,
        asker: &Asker,
        flow: &Flow,
        memory: &Memory,
        key: &DataKey,
        stage: FlowStage,
    ) -> Result<(), EngineError> {
        // What the provider prepares may take hours; nobody has to sit and wait for it.
        let expires_at = match memory.step {
            StepMemory::Wait { .. } => Some(flow.expires_at.max(self.ambient.now() + WAIT_FOR)),
            _ => None,
        };
        let look_at = match memory.step {
            StepMemory::Wait { .. } if self.finishes_alone(flow) => Some(self.ambient.now() + LOOK_AFTER),
            _ => None,
        };
        let sealed = self.sealed(flow, memory, key)?;
        Ok(self.store.advance_flow(asker, flow, (&sealed, stage), expires_at, look_at).await?)
    }

    pub(super) fn view(&self, flow: &Flow, memory: &Memory) -> Result<FlowView, EngineError> {
        let descriptor = self.connector(&flow.provider)?.descriptor();
        let is_over = flow.stage == FlowStage::Open && flow.expires_at <= self.ambient.now();
        let page = match memory.step.clone() {
            _ if is_over => FlowPage::Expired,
            StepMemory::Open { .. } | StepMemory::Wait { .. } if memory.has_parked_code() => FlowPage::Confirm,
            StepMemory::Ask { form, .. } => FlowPage::Ask { form },
            StepMemory::Open { url, expires_at, .. } => FlowPage::Open { url, expires_at },
            StepMemory::Wait { message, poll_after_secs, .. } => FlowPage::Wait { message, poll_after_secs },
            StepMemory::Done { connection } => FlowPage::Done { connection },
            StepMemory::Renewed { connection, valid_until, outcome } => {
                FlowPage::Renewed { connection, valid_until, outcome }
            }
            StepMemory::Cancelled { message } => FlowPage::Cancelled { message },
            StepMemory::Failed { fault } => FlowPage::Failed { fault },
            StepMemory::Expired => FlowPage::Expired,
        };
        // A new connection's flow learns its connection with its last step.
        let renews = flow.connection.filter(|_| !matches!(page, FlowPage::Done { .. }));
        Ok(FlowView { id: flow.id, descriptor, bank: memory.bank.clone(), account: flow.account, renews, page })
    }
}
