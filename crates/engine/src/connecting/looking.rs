//! Flows that are looked at while nobody has their page open, at providers where people finish without coming back: when the provider has
//! posted a notice, and while it prepares the accounts.
//!
//! A notice is nobody's word: it is not signed and not read, and only has the provider asked how the flow stands.

use bankside_connect::Input;
use bankside_domain::{Asker, Id as _};
use bankside_store::{DueFlow, Flow, FlowStage, StoreError};
use jiff::SignedDuration;
use url::{Host, Url};

use super::memory::{FlowPage, FlowView, Memory};
use super::{NOTICE_PATH, reference_digest};
use crate::features::ACCOUNT_SYNCING;
use crate::{Engine, EngineError};

/// A flow whose provider is at work is looked at so long after its last step; whoever has its page open looks sooner.
pub(crate) const LOOK_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// However many notices come, a flow is looked at no more often.
const LOOK_NO_SOONER: SignedDuration = SignedDuration::from_secs(1);
/// The longer a flow takes the less often it is looked at: after this share of its age, and at least once a minute.
const SHARE_OF_AGE: i32 = 10;

impl Engine {
    /// Where a provider may post that a flow has moved on, if it can.
    pub(super) fn notice_of_flow(&self, provider: &Url, reference: &str) -> Result<Option<Url>, EngineError> {
        let home = &self.settings.public_url;
        if !is_reached(home, provider) {
            return Ok(None);
        }
        let mut url = home.join(NOTICE_PATH).map_err(|error| EngineError::Inside(error.to_string()))?;
        url.query_pairs_mut().append_pair("state", reference);
        Ok(Some(url))
    }

    /// A notice has come for the flow of this reference: it is looked at in a moment, unless it is over already. Whoever names no flow is
    /// told that there is none.
    pub async fn take_flow_notice(&self, reference: &str) -> Result<(), EngineError> {
        let digest = reference_digest(reference);
        if self.store.wake_flow_as_system(&digest, self.ambient.now() + LOOK_NO_SOONER).await? {
            self.due.notify_one();
            return Ok(());
        }
        let known = self.store.flow_by_reference_as_system(&digest).await?;
        known.map(|_| ()).ok_or(EngineError::NotFound("the connecting flow"))
    }

    pub(super) fn finishes_alone(&self, flow: &Flow) -> bool {
        self.descriptor(&flow.provider).is_some_and(|descriptor| descriptor.finishes_alone)
    }

    /// Looks at a claimed flow for whoever began it, and says when to look again: while the provider is at work, and where it cannot be
    /// asked at the moment.
    pub(crate) async fn look_at_claimed_flow(&self, due: &DueFlow) {
        let flow = &due.flow;
        let now = self.ambient.now();
        let again_secs = match self.look_at(flow).await {
            Ok(Some(FlowView { page: FlowPage::Wait { poll_after_secs, .. }, .. })) => {
                let age = now.duration_since(flow.created_at) / SHARE_OF_AGE;
                Some(SignedDuration::from_secs(poll_after_secs.into()).max(age.min(LOOK_AFTER)))
            }
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(flow = %flow.id.uuid(), %error, "a flow could not be looked at");
                Some(LOOK_AFTER)
            }
        };
        let asker = Asker::system(flow.organization);
        let again_at = again_secs.map(|after| now + after);
        if let Err(error) = self.store.look_at_flow(&asker, due, again_at).await {
            tracing::warn!(flow = %flow.id.uuid(), %error, "when to look at a flow again could not be written");
        }
    }

    /// Asks the provider how a flow stands. `None` where whoever began it has no place here any more.
    async fn look_at(&self, flow: &Flow) -> Result<Option<FlowView>, EngineError> {
        let Some(asker) = self.who_began(flow).await? else { return Ok(None) };
        self.poll_flow(&asker, flow.id).await.map(Some)
    }

    /// Whoever began a flow, as far as they may do so today.
    async fn who_began(&self, flow: &Flow) -> Result<Option<Asker>, EngineError> {
        match self.store.membership_as_system(flow.person, flow.organization).await {
            Ok(membership) => Ok(Some(membership.asker)),
            Err(StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks once more at a flow whose time is over: what was finished at the provider in time is taken up. Answers whether the flow
    /// goes on or has come to an end by that.
    pub(super) async fn finish_late(&self, flow: &Flow, memory: &Memory) -> Result<bool, EngineError> {
        if !self.finishes_alone(flow) || memory.has_parked_code() || memory.step.connector().is_none() {
            return Ok(false);
        }
        // While syncing is off nothing comes about, and nothing stays that nobody knows of.
        if !self.is_on(&ACCOUNT_SYNCING).await? {
            return Ok(false);
        }
        let Some(asker) = self.who_began(flow).await? else { return Ok(false) };
        let (memory, key) = (memory.clone(), self.memory_of(flow)?.1);
        self.advance(&asker, flow.clone(), memory, &key, Input::Poll).await?;
        let after = self.store.flow(&asker, flow.id).await?;
        Ok(after.stage != FlowStage::Open || after.expires_at > self.ambient.now())
    }
}

/// Whether a provider posts to our address: to none that is not `https`, unless both are on this very machine, as the sandbox is.
fn is_reached(home: &Url, provider: &Url) -> bool {
    home.scheme() == "https" || (is_loopback(home) && is_loopback(provider))
}

/// Whether an address is of this very machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn providers_are_told_an_address_that_they_can_post_to() {
        const ABROAD: &str = "https://live.finapi.io/";
        const HERE: &str = "http://127.0.0.1:5007/finapi/";
        for (home, provider, expected) in [
            ("https://money.example/", ABROAD, true),
            ("https://money.example/", HERE, true),
            ("http://money.example/", ABROAD, false),
            ("http://192.168.1.2:5006/", HERE, false),
            ("http://127.0.0.1:5006/", ABROAD, false),
            ("http://127.0.0.1:5006/", HERE, true),
            ("http://localhost:5006/", HERE, true),
            ("http://[::1]:5006/", HERE, true),
        ] {
            assert_eq!(is_reached(&home.parse().unwrap(), &provider.parse().unwrap()), expected, "{home} {provider}");
        }
    }
}
