//! Flows that come to nothing: called off, or over before their end. What they left at the provider is taken back.

use bankside_connect::FlowState;
use bankside_domain::quota::Presence;
use bankside_domain::{Asker, FlowId, Id as _};
use bankside_store::{Flow, FlowStage, StoreError};
use jiff::SignedDuration;

use super::memory::StepMemory;
use super::{FlowView, passes};
use crate::{Engine, EngineError};

/// Flows whose time is over are tidied so many at a time.
const TIDIED_AT_ONCE: i64 = 200;
/// A flow is tidied so long after its time: whoever comes back in its last second is let through.
const TIDY_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// For so long after its time a flow's leftovers are tried to be taken back.
const TIDY_FOR: SignedDuration = SignedDuration::from_hours(48);

impl Engine {
    /// Calls a flow off. Nothing has changed.
    pub async fn cancel_flow(&self, asker: &Asker, id: FlowId) -> Result<FlowView, EngineError> {
        let flow = self.store.flow(asker, id).await?;
        let (mut memory, key) = self.memory_of(&flow)?;
        if flow.stage == FlowStage::Open {
            let left = memory.step.connector().cloned();
            memory.step = StepMemory::Cancelled { message: "You called it off. Nothing has changed.".to_owned() };
            match self.keep(asker, &flow, &memory, &key, FlowStage::Cancelled).await {
                Ok(()) => self.take_back(asker, &flow, left).await,
                // It has come to another end a moment ago.
                Err(EngineError::Store(StoreError::Stale)) => {}
                Err(error) => return Err(error),
            }
        }
        self.flow(asker, id).await
    }

    /// Takes back what a flow that has ended without success left at the provider.
    pub(super) async fn take_back(&self, asker: &Asker, flow: &Flow, left: Option<FlowState>) {
        if let Some(state) = left
            && let Err(error) = self.abandon(asker, &flow.provider, &state).await
        {
            tracing::warn!(%error, "what a flow left at the provider could not be taken back");
        }
    }

    async fn abandon(&self, asker: &Asker, provider: &str, state: &FlowState) -> Result<(), EngineError> {
        let ready = self.provider_to_end(asker, provider, Presence::PersonPresent).await?;
        Ok(ready.connector.abandon(&ready.cx(), state).await?)
    }

    /// Ends flows whose time is over, and takes back what they left at the provider. What was finished there without anybody coming back
    /// is taken up instead, where the provider has that. One whose provider cannot be reached stays for the next time, for two days.
    pub async fn tidy_flows(&self) -> Result<(), EngineError> {
        let overdue_at = self.ambient.now() - TIDY_AFTER;
        for flow in self.store.overdue_flows_as_system(overdue_at, TIDIED_AT_ONCE).await? {
            let asker = Asker::system(flow.organization);
            let (mut memory, key) = match self.memory_of(&flow) {
                Ok(read) => read,
                Err(error) => {
                    tracing::error!(flow = %flow.id.uuid(), %error, "a flow cannot be read");
                    continue;
                }
            };
            let may_wait = flow.expires_at + TIDY_FOR > self.ambient.now();
            match self.finish_late(&flow, &memory).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%error, "a flow whose time is over could not be looked at once more");
                    // Where nothing may be connected any more, nothing is waited for.
                    if may_wait && !matches!(&error, EngineError::Outside(fault) if !passes(fault.class)) {
                        continue;
                    }
                }
            }
            if let Some(state) = memory.step.connector().cloned()
                && let Err(error) = self.abandon(&asker, &flow.provider, &state).await
            {
                tracing::warn!(%error, "what a flow left at the provider could not be taken back");
                if may_wait {
                    continue;
                }
            }
            memory.step = StepMemory::Expired;
            match self.keep(&asker, &flow, &memory, &key, FlowStage::Cancelled).await {
                Ok(()) | Err(EngineError::Store(StoreError::Stale)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
