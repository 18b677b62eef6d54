//! Sessions: what a connection is at the provider, how one stands, and its end. Source: section 4 of the fact sheet.

use bankside_domain::fault::FaultClass;
use serde::{Deserialize, Serialize};

use super::client::{Client, parse};
use super::{problem, wire};
use crate::fault::Fault;
use crate::step::RemoteRef;

/// What fetching and renewing need.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remote {
    pub(super) session: String,
    /// Of what kind the customer is, in the provider's words.
    pub(super) psu_type: String,
    /// The headers about the person that the bank wants, where somebody is there.
    #[serde(default)]
    pub(super) psu_headers: Vec<String>,
}

impl Remote {
    pub(super) fn read(remote: &RemoteRef) -> Result<Self, Fault> {
        serde_json::from_value(remote.0.clone()).map_err(|error| broken().with_source(error))
    }

    pub(super) fn write(&self) -> Result<RemoteRef, Fault> {
        serde_json::to_value(self).map(RemoteRef).map_err(|error| broken().with_source(error))
    }
}

fn broken() -> Fault {
    Fault::new(FaultClass::Bug, "enablebanking.remote", "The reference of this connection cannot be read.")
}

/// Whether a session still opens its accounts.
pub(super) async fn is_alive(client: &Client<'_>, session: &str) -> Result<bool, Fault> {
    Ok(open(client, session).await?.is_some())
}

/// A session, as long as it opens its accounts.
pub(super) async fn open(client: &Client<'_>, session: &str) -> Result<Option<wire::Session>, Fault> {
    match client.get(client.url(["sessions", session])?, "sessions/id").await {
        Ok(body) => {
            let session: wire::Session = parse(&body)?;
            let is_closed =
                matches!(session.status.as_str(), "INVALID" | "EXPIRED" | "CLOSED" | "REVOKED" | "CANCELLED");
            Ok(Some(session).filter(|_| !is_closed))
        }
        Err(fault) if is_over(&fault) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Whether a fault says that there is no session, or none that holds.
fn is_over(fault: &Fault) -> bool {
    matches!(fault.code(), problem::CONSENT_ENDED | problem::ACCOUNT_UNKNOWN)
}

/// Closes a session, and the consent at the bank where that can be. One that is over is as good.
pub(super) async fn close(client: &Client<'_>, remote: &RemoteRef) -> Result<(), Fault> {
    let session = Remote::read(remote)?.session;
    match client.delete(["sessions", &session], "sessions/id").await {
        Err(fault) if is_over(&fault) => Ok(()),
        result => result,
    }
}
