//! Ending a connection: *Unsync*.

use bankside_connect::{Fault, RemoteRef};
use bankside_domain::fault::{FaultClass, FaultRecord};
use bankside_domain::quota::Presence;
use bankside_domain::{Asker, BatchId, ConnectionId, Right};
use bankside_store::Connection;

use crate::{Engine, EngineError};

/// What became of a connection that was ended.
#[derive(Debug, Clone)]
pub struct Unsynced {
    /// Its name.
    pub name: String,
    /// Why the provider could not be told, if it could not: the access runs on there until its end.
    pub not_revoked: Option<FaultRecord>,
    /// The batch in which the pending rows of its accounts have left the books, which can be undone, where there were any.
    pub left: Option<BatchId>,
}

impl Engine {
    /// One connection.
    pub async fn connection(&self, asker: &Asker, id: ConnectionId) -> Result<Connection, EngineError> {
        Ok(self.store.connection(asker, id).await?)
    }

    /// Ends a connection: its access is revoked at the provider, its bank accounts leave the lists, its links end. Booked
    /// transactions stay, pending ones leave the books. That the provider cannot be told keeps nothing from being ended here.
    pub async fn unsync(&self, asker: &Asker, id: ConnectionId) -> Result<Unsynced, EngineError> {
        asker.require(Right::ManageBanks)?;
        let connection = self.store.connection(asker, id).await?;
        if connection.ended_at.is_some() {
            return Err(EngineError::NotFound("the connection"));
        }
        let remote = self.remote(asker, &connection)?;
        let mut not_revoked = self.revoke(asker, &connection, &remote).await?;
        let told = match &not_revoked {
            None => "revoked at the provider".to_owned(),
            Some(fault) => format!("not revoked at the provider: {}", fault.code),
        };
        let ended = Fault::new(FaultClass::Gone, "connection.ended", "This sync was ended before it was through.");
        let (last, left) = self.store.end_connection(asker, id, ended.record(), &told).await?;
        // A renewal may have put another access in place a moment ago.
        let last = self.open_remote(asker, &connection, &last)?;
        if last != remote {
            not_revoked = self.revoke(asker, &connection, &last).await?;
        }
        self.report_progress();
        Ok(Unsynced { name: connection.name, not_revoked, left })
    }

    /// Ends an access at the provider; answers why that did not work, if it did not.
    async fn revoke(
        &self,
        asker: &Asker,
        connection: &Connection,
        remote: &RemoteRef,
    ) -> Result<Option<FaultRecord>, EngineError> {
        let provider = match self.provider_to_end(asker, &connection.provider, Presence::PersonPresent).await {
            Ok(provider) => provider,
            Err(EngineError::Outside(fault)) => return Ok(Some(*fault)),
            Err(error) => return Err(error),
        };
        Ok(provider.connector.revoke(&provider.cx(), remote).await.err().map(Fault::into_record))
    }
}
