//! Somebody comes back from a provider, in the browser in which they began or in another one.

use std::collections::BTreeMap;

use bankside_connect::Input;
use bankside_domain::{Asker, FlowId, OrganizationId, PersonId};
use bankside_store::{FlowStage, StoreError};

use super::{FlowView, reference_digest};
use crate::{Engine, EngineError};

/// More than any provider sends back.
const MAX_CALLBACK_FIELDS: usize = 20;

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

impl Engine {
    /// Somebody comes back from a provider with these query parameters.
    pub async fn returned(
        &self,
        fields: BTreeMap<String, String>,
        signed_in: Option<PersonId>,
    ) -> Result<Returned, EngineError> {
        let reference = ["state", "ref"].into_iter().find_map(|name| fields.get(name));
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
                    // The provider has trouble at the moment; the flow's page goes on by itself.
                    Ok(_) | Err(EngineError::Outside(_) | EngineError::Store(StoreError::Stale)) => Ok(resumed),
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
}
