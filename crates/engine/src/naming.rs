//! *Rename*: a connection gets another name.

use bankside_domain::{Asker, ConnectionId, Right};
use bankside_store::StoreError;

use crate::{Engine, EngineError};

/// No name of a connection that a person gives is longer, and no provider takes a longer one.
const MAX_NAME_CHARS: usize = 64;

/// A name for a connection, as it was typed, without what nobody sees.
pub(crate) fn sync_name(typed: &str) -> Result<String, EngineError> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if (1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
        Ok(name)
    } else {
        Err(EngineError::invalid("name", format!("A name has between one and {MAX_NAME_CHARS} letters.")))
    }
}

impl Engine {
    /// Gives a connection another name, which no other one has; answers what it is called then.
    pub async fn rename_connection(&self, asker: &Asker, id: ConnectionId, name: &str) -> Result<String, EngineError> {
        asker.require(Right::ManageBanks)?;
        let name = sync_name(name)?;
        match self.store.rename_connection(asker, id, &name).await {
            Ok(()) => {}
            Err(StoreError::Conflict(says)) => return Err(EngineError::invalid("name", format!("{says}."))),
            Err(error) => return Err(error.into()),
        }
        self.report_progress();
        Ok(name)
    }
}
