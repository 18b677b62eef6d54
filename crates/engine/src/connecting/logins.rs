//! Logins that are at a provider already, and which of them are connected here.

use std::collections::HashMap;

use bankside_connect::{Connector, Login};
use bankside_domain::fault::{FaultClass, FaultRecord};
use bankside_domain::quota::Presence;
use bankside_domain::{Asker, ConnectionId, Right};
use jiff::Timestamp;

use crate::{Engine, EngineError};

/// A login that is at the provider already.
#[derive(Debug, Clone)]
pub struct LoginView {
    /// What the provider calls it.
    pub key: String,
    /// The bank's name, if the provider tells it.
    pub name: Option<String>,
    /// How it stands, in one short sentence.
    pub state: String,
    /// When the provider last read it from the bank.
    pub updated_at: Option<Timestamp>,
    /// What keeps it from being read, if something does.
    pub fault: Option<FaultRecord>,
    /// The connection that uses it.
    pub connection: Option<ConnectionId>,
}

impl Engine {
    /// The logins that are at a provider already, as it tells them now.
    pub async fn logins(&self, asker: &Asker, provider: &str) -> Result<Vec<LoginView>, EngineError> {
        asker.require(Right::ManageBanks)?;
        let ready = self.provider(asker, provider, Presence::PersonPresent).await?;
        let logins = ready.connector.logins(&ready.cx()).await?;
        let connections = self.connections_by_login(asker, ready.connector.as_ref()).await?;
        let view = |login: Login| LoginView {
            connection: connections.get(&login.key).copied(),
            key: login.key,
            name: login.name,
            state: login.state,
            updated_at: login.updated_at,
            fault: login.fault.map(bankside_connect::Fault::into_record),
        };
        Ok(logins.into_iter().map(view).collect())
    }

    /// Takes up every login that is at a provider and not used here yet, and needs no person for that. One that cannot be taken up
    /// keeps no other from it.
    pub async fn adopt_logins(&self, asker: &Asker, provider: &str) -> Result<(), EngineError> {
        for login in self.logins(asker, provider).await? {
            if login.connection.is_some() || login.fault.as_ref().is_some_and(|fault| fault.class == FaultClass::Gone) {
                continue;
            }
            match self.adopt(asker, provider, &login, None).await {
                Ok(_) => {}
                Err(error @ (EngineError::Outside(_) | EngineError::Conflict(_))) => {
                    tracing::warn!(%error, provider, "a login could not be taken up");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The organization's connections through a provider that were not ended, by the login that each uses.
    pub(crate) async fn connections_by_login(
        &self,
        asker: &Asker,
        connector: &dyn Connector,
    ) -> Result<HashMap<String, ConnectionId>, EngineError> {
        let mut found = HashMap::new();
        for connection in self.store.connections(asker).await? {
            if connection.provider == connector.descriptor().id && connection.ended_at.is_none() {
                let remote = self.remote(asker, &connection)?;
                found.extend(connector.login_of(&remote).map(|login| (login, connection.id)));
            }
        }
        Ok(found)
    }
}
