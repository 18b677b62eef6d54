//! Syncing: the queue's worker, and a run from its first call to its last word.
//!
//! A run has three phases, and a crash may come between any two of them or within one: *fetch* stores rows as they come,
//! *books* plans and applies what is stored, *end* writes the result. Whoever takes a run over begins with the first phase
//! that is not over; nothing that was fetched is fetched again, nothing that was applied is applied again.

pub(crate) mod books;
mod fetch;
pub(crate) mod ingest;
mod opening;
pub mod view;
pub(crate) mod worker;

use bankside_domain::run::Trigger;
use bankside_domain::{Asker, ConnectionId, RunId};

use crate::{Engine, EngineError};

impl Engine {
    /// Asks for a sync of one connection.
    pub async fn sync_connection(&self, asker: &Asker, connection: ConnectionId) -> Result<RunId, EngineError> {
        self.require_subscription(asker).await?;
        let run = self.store.enqueue_run(asker, connection, Trigger::Person).await?;
        self.attend(run);
        self.due.notify_one();
        Ok(run)
    }

    /// Asks for a sync of every connection that feeds an account.
    pub async fn sync_all(&self, asker: &Asker) -> Result<Vec<RunId>, EngineError> {
        self.require_subscription(asker).await?;
        let mut runs = Vec::new();
        for connection in self.store.connections(asker).await? {
            if !connection.is_paused && !self.store.feeds_of(asker, connection.id).await?.is_empty() {
                let run = self.store.enqueue_run(asker, connection.id, Trigger::Person).await?;
                self.attend(run);
                runs.push(run);
            }
        }
        self.due.notify_one();
        Ok(runs)
    }
}
