//! Connecting, calling it off, and renewing.

use std::collections::{BTreeMap, BTreeSet};

use bankside_connect::{Connected, Input, Step};

use super::{Miss, checks, demand, fail};
use crate::simulator::Walk;
use crate::stand::Stand;

checks! { "Connecting":
    "a consent that is given ends in a connection with accounts that can be recognised" => connect, each;
    "before the person has been at the bank the flow waits" => waits;
    "who cancels at the bank has changed nothing" => cancels;
    "a return that arrives twice is as good as once" => twice;
    "a flow that is called off leaves no open door, and calling it off again is as good" => abandon;
    "a renewal shows the same accounts again, by their match keys and whatever their ids, and fetches" => renews, each;
    "until a renewal is done the old access works, and a cancelled one leaves it" => old_access_stays;
}

async fn connect(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect(None).await?;
    let accounts = &connected.accounts;
    demand(accounts.len() >= 2, || format!("it shows {} accounts", accounts.len()))?;
    let ids: BTreeSet<&str> = accounts.iter().map(|account| account.provider_account_id.as_str()).collect();
    demand(ids.len() == accounts.len(), || "two accounts have the same id".to_owned())?;
    demand(accounts.iter().all(|account| !account.match_keys.is_empty()), || "one has no match key".to_owned())?;
    demand(accounts.iter().all(|account| !account.name.trim().is_empty()), || "one has no name".to_owned())?;
    let end = connected.consent.valid_until;
    demand(end.is_none_or(|end| end > stand.now()), || "the consent is over when it is given".to_owned())?;
    demand(connected.institution.key == stand.simulator.bank().1, || "it is at another bank".to_owned())?;
    let kept = serde_json::to_value(&connected.remote).map_err(|error| fail(error.to_string()))?;
    demand(!kept.is_null(), || "it has no reference to fetch with".to_owned())
}

async fn waits(stand: &Stand) -> Result<(), Miss> {
    let (_, state) = stand.begin(None).await?;
    match stand.connector.resume(&stand.cx(), &state, Input::Poll).await? {
        Step::Open(..) | Step::Wait { .. } => Ok(()),
        other => Err(fail(format!("it answers with {other:?}"))),
    }
}

async fn cancels(stand: &Stand) -> Result<(), Miss> {
    let (link, state) = stand.begin(None).await?;
    let back = stand.simulator.walk(&link, Walk::Cancels).await.map_err(fail)?;
    match stand.go_on(state, Input::Callback(back)).await? {
        Step::Cancelled { message } => demand(!message.is_empty(), || "it does not say so".to_owned()),
        other => Err(fail(format!("it answers with {other:?}"))),
    }
}

async fn twice(stand: &Stand) -> Result<(), Miss> {
    let (link, state) = stand.begin(None).await?;
    let back = stand.simulator.walk(&link, Walk::Consents).await.map_err(fail)?;
    let mut seen = Vec::new();
    for _ in 0..2 {
        match stand.go_on(state.clone(), Input::Callback(back.clone())).await? {
            Step::Done(connected) => seen.push((ids(&connected), connected.remote)),
            other => return Err(fail(format!("it answers with {other:?}"))),
        }
    }
    demand(seen[0] == seen[1], || "the second is another connection".to_owned())
}

async fn abandon(stand: &Stand) -> Result<(), Miss> {
    let (link, state) = stand.begin(None).await?;
    for _ in 0..2 {
        stand.connector.abandon(&stand.cx(), &state).await?;
    }
    let late = stand.simulator.walk(&link, Walk::Consents).await;
    let is_open = late.is_ok_and(|back| !back.contains_key("error"));
    demand(!is_open, || "the bank's page still takes a consent".to_owned())
}

fn ids(connected: &Connected) -> BTreeSet<String> {
    connected.accounts.iter().map(|account| account.provider_account_id.clone()).collect()
}

async fn renews(stand: &Stand) -> Result<(), Miss> {
    let before = stand.connect(None).await?;
    let after = stand.connect(Some(&before.remote)).await?;
    let are_new = ids(&before).is_disjoint(&ids(&after));
    demand(are_new == stand.simulator.changes_ids_at_renewal(), || format!("ids are new: {are_new}"))?;
    meet(&before, &after)?;
    let fetched = stand.fetch(&after).await;
    match fetched.any_fault() {
        None => Ok(()),
        Some(fault) => Err(fail(format!("fetching with the renewed access: {fault}"))),
    }
}

/// Each account of before is recognised in exactly one of after, by its strongest key.
fn meet(before: &Connected, after: &Connected) -> Result<(), Miss> {
    let strongest = |connected: &Connected| -> BTreeMap<String, usize> {
        let mut keys = BTreeMap::new();
        for account in &connected.accounts {
            if let Some(key) = account.match_keys.first() {
                *keys.entry(format!("{:?} {}", key.kind, key.value)).or_default() += 1;
            }
        }
        keys
    };
    let (before, after) = (strongest(before), strongest(after));
    demand(before == after, || "the match keys of the accounts differ".to_owned())?;
    demand(before.values().all(|count| *count == 1), || "two accounts share a match key".to_owned())
}

async fn old_access_stays(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect(None).await?;
    let (link, state) = stand.begin(Some(&connected.remote)).await?;
    let works = |fetched: &crate::stand::Fetched, when: &str| match fetched.any_fault() {
        None => Ok(()),
        Some(fault) => Err(fail(format!("{when}: {fault}"))),
    };
    works(&stand.fetch(&connected).await, "while the renewal goes on")?;
    let back = stand.simulator.walk(&link, Walk::Cancels).await.map_err(fail)?;
    match stand.go_on(state.clone(), Input::Callback(back)).await? {
        Step::Cancelled { .. } => {}
        other => return Err(fail(format!("cancelling answers with {other:?}"))),
    }
    stand.connector.abandon(&stand.cx(), &state).await?;
    works(&stand.fetch(&connected).await, "after the renewal was cancelled")
}
