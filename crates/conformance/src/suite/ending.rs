//! Ending a consent.

use bankside_domain::fault::FaultClass;

use super::{Miss, checks, demand, fail, without};
use crate::simulator::{Call, Scene, Trouble};
use crate::stand::Stand;

checks! { "Ending":
    "after a consent was ended a fetch says that it is gone" => revoke, each;
    "ending what has ended is as good" => again;
    "where the provider fails, ending says so and can be tried again" => fails;
}

async fn revoke(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect_at(Scene::Made).await?;
    stand.connector.revoke(&stand.cx(), &connected.remote).await?;
    let fetched = stand.fetch(&connected).await;
    for account in &connected.accounts {
        let fault = fetched.fault_of(&account.provider_account_id).ok_or_else(|| fail("nothing is told"))?;
        let is_gone = matches!(fault.class(), FaultClass::NeedsUser | FaultClass::Gone);
        demand(is_gone, || fault.to_string())?;
    }
    demand(fetched.accounts.values().all(|brought| brought.rows.is_empty()), || "rows come all the same".to_owned())
}

async fn again(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect_at(Scene::Made).await?;
    for _ in 0..2 {
        stand.connector.revoke(&stand.cx(), &connected.remote).await?;
    }
    Ok(())
}

async fn fails(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect_at(Scene::Made).await?;
    without(stand.simulator.arm(Trouble::Class(FaultClass::RetryLater), Call::Revoke, None, Some(1)))?;
    match stand.connector.revoke(&stand.cx(), &connected.remote).await {
        Err(fault) => demand(fault.class() == FaultClass::RetryLater, || fault.to_string())?,
        Ok(()) => return Err(fail("it says that it has ended")),
    }
    Ok(stand.connector.revoke(&stand.cx(), &connected.remote).await?)
}
