//! Notices: what a provider posts to an address of ours when it has news. A notice is nobody's word; it only makes a sync due.

use bankside_domain::run::Trigger;
use bankside_domain::{Asker, Id as _, OrganizationId, Right};
use bankside_vault::Purpose;
use data_encoding::BASE64URL_NOPAD;
use url::Url;

use crate::features::ACCOUNT_SYNCING;
use crate::{Engine, EngineError};

/// The path under `public_url` to which providers post notices, with the provider, the organization and what only the provider knows.
pub(crate) const NOTICE_PATH: &str = "notices";

impl Engine {
    /// Where a provider may tell an organization of news; `None` where it tells of none.
    pub fn notice_url(&self, asker: &Asker, provider: &str) -> Result<Option<Url>, EngineError> {
        asker.require(Right::ManageBanks)?;
        let connector = self.connector(provider)?;
        if connector.descriptor().notices.is_none() {
            return Ok(None);
        }
        let organization = asker.organization;
        let path = format!("{NOTICE_PATH}/{provider}/{organization}/{}", self.notice_token(organization, provider));
        let url = self.settings.public_url.join(&path).map_err(|error| EngineError::Inside(error.to_string()))?;
        Ok(Some(url))
    }

    /// A notice has come. Syncs become due for the connections that it speaks of and that feed an account; whoever does not know the
    /// address is told that it does not exist.
    pub async fn take_notice(
        &self,
        provider: &str,
        organization: OrganizationId,
        token: &str,
        body: &[u8],
    ) -> Result<(), EngineError> {
        const NOBODY: EngineError = EngineError::NotFound("the address");
        let connector = self.connectors.get(provider).ok_or(NOBODY)?;
        let digester = self.vault.digester(organization, Purpose::Notice);
        // Of texts that were digested with a key it does not matter how long they are compared.
        let same = digester.digest(&[token.as_bytes()])
            == digester.digest(&[self.notice_token(organization, provider).as_bytes()]);
        if !same || connector.descriptor().notices.is_none() {
            return Err(NOBODY);
        }
        let asker = Asker::system(organization);
        let news = connector.news_of(body);
        if news.is_empty() || !self.is_on(&ACCOUNT_SYNCING).await? || self.unsubscribed(&asker).await?.is_some() {
            return Ok(());
        }
        let connections = self.connections_by_login(&asker, connector.as_ref()).await?;
        for connection in news.iter().filter_map(|login| connections.get(login)) {
            if !self.store.feeds_of(&asker, *connection).await?.is_empty() {
                self.store.enqueue_run(&asker, *connection, Trigger::Webhook).await?;
                self.due.notify_one();
            }
        }
        Ok(())
    }

    /// What only the provider knows of the address. It follows from the key of the installation, so nothing of it is kept.
    fn notice_token(&self, organization: OrganizationId, provider: &str) -> String {
        let digester = self.vault.digester(organization, Purpose::Notice);
        BASE64URL_NOPAD.encode(&digester.digest(&[organization.uuid().as_bytes(), provider.as_bytes()]).0)
    }
}
