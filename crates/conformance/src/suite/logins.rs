//! Logins that are at the provider already.

use std::collections::BTreeSet;

use bankside_connect::{Login, Way};

use super::connecting::{ids, login_keys, same_accounts};
use super::{Miss, checks, demand, fail, without};
use crate::simulator::{Beginning, Call, Scene};
use crate::stand::Stand;

checks! { "Logins":
    "logins are listed once each, with a bank and how they stand" => listed;
    "a login that cannot be read does not keep others from being listed" => one_unread, each;
    "the same login adopted twice gives the same accounts and match keys" => twice, each;
    "a connection names the login that it has adopted" => named;
    "ending a connection leaves a login that it has adopted as it is" => left_alone;
}

/// The logins; no occasion where no way leads to them.
async fn logins(stand: &Stand) -> Result<Vec<Login>, Miss> {
    if !stand.connector.descriptor().ways.contains(&Way::Login) {
        return Err(Miss::NotApplicable("no login is there beforehand".to_owned()));
    }
    let logins = stand.connector.logins(&stand.cx()).await?;
    let are_enough = logins.len() >= stand.simulator.fewest_logins();
    demand(are_enough, || format!("{} logins are listed", logins.len()))?;
    Ok(logins)
}

async fn listed(stand: &Stand) -> Result<(), Miss> {
    let logins = logins(stand).await?;
    let keys: BTreeSet<&str> = logins.iter().map(|login| login.key.as_str()).collect();
    demand(keys.len() == logins.len(), || "one is listed twice".to_owned())?;
    for login in &logins {
        demand(!login.state.trim().is_empty(), || format!("{} has no state in words", login.key))?;
        demand(login.fault.is_none(), || format!("{} has a fault: {:?}", login.key, login.fault))?;
        let is_named = login.name.as_ref().is_some_and(|name| !name.trim().is_empty());
        demand(is_named, || format!("{} has no bank", login.key))?;
    }
    Ok(())
}

async fn one_unread(stand: &Stand) -> Result<(), Miss> {
    let before = logins(stand).await?;
    let spoilt = &before[0].key;
    without(stand.simulator.spoil_login(spoilt))?;
    let after = logins(stand).await?;
    let keys = |logins: &[Login]| logins.iter().map(|login| login.key.clone()).collect::<Vec<_>>();
    demand(keys(&before) == keys(&after), || format!("the list is {:?} and was {:?}", keys(&after), keys(&before)))?;
    for login in &after {
        let is_whole = login.fault.is_none() && login.name.is_some();
        demand(is_whole != (login.key == *spoilt), || format!("{} is read: {is_whole}", login.key))?;
        demand(!login.state.trim().is_empty(), || format!("{} has no state in words", login.key))?;
    }
    Ok(())
}

async fn adopt(stand: &Stand, login: &str) -> Result<bankside_connect::Connected, Miss> {
    stand.done(stand.begin_at(&Beginning::Adopt(login.to_owned())).await?).await
}

async fn twice(stand: &Stand) -> Result<(), Miss> {
    for login in logins(stand).await? {
        let (once, again) = (adopt(stand, &login.key).await?, adopt(stand, &login.key).await?);
        demand(ids(&once) == ids(&again), || "the accounts have other ids".to_owned())?;
        let keys = |connected: &bankside_connect::Connected| -> Vec<_> {
            connected.accounts.iter().map(|account| account.match_keys.clone()).collect()
        };
        demand(keys(&once) == keys(&again), || "the match keys differ".to_owned())?;
        demand(once.institution == again.institution, || "the banks differ".to_owned())?;
        same_accounts(&once, &again)?;
    }
    Ok(())
}

async fn named(stand: &Stand) -> Result<(), Miss> {
    for login in logins(stand).await? {
        let connected = adopt(stand, &login.key).await?;
        let own = stand.connector.login_of(&connected.remote);
        demand(own.as_ref() == Some(&login.key), || format!("{} was adopted, and it names {own:?}", login.key))?;
    }
    match stand.connect_at(Scene::Made).await {
        Ok(made) => {
            let own = stand.connector.login_of(&made.remote);
            let own = own.ok_or_else(|| fail("a connection that was made here names no login"))?;
            demand(login_keys(stand).await?.contains(&own), || format!("it names {own}, which is not listed"))
        }
        Err(Miss::NotApplicable(_)) => Ok(()),
        Err(miss) => Err(miss),
    }
}

async fn left_alone(stand: &Stand) -> Result<(), Miss> {
    let login = logins(stand).await?.remove(0);
    let connected = adopt(stand, &login.key).await?;
    let before = stand.simulator.calls_of(Call::Revoke);
    stand.connector.revoke(&stand.cx(), &connected.remote).await?;
    demand(stand.simulator.calls_of(Call::Revoke) == before, || "it is ended at the provider".to_owned())?;
    demand(login_keys(stand).await?.contains(&login.key), || "it is not listed any more".to_owned())?;
    match stand.fetch(&connected).await.any_fault() {
        None => Ok(()),
        Some(fault) => Err(fail(format!("whoever else uses it: {fault}"))),
    }
}
