//! Keys and institutions.

use std::collections::{BTreeMap, BTreeSet};

use bankside_connect::{BankQuery, Checked, Way};
use bankside_domain::Secret;
use bankside_domain::fault::FaultClass;

use super::{Miss, checks, demand, fail};
use crate::stand::Stand;

checks! { "Keys and banks":
    "right keys are accepted" => right_keys;
    "wrong keys are the operator's to put right, and no token is bought twice for them" => wrong_keys;
    "without keys no call is made" => no_keys;
    "the descriptor names each key once and shows nothing of secret ones" => descriptor;
    "the banks of a country, or those of a name, have unique keys and names" => banks;
    "a country or a name that there is not is answered, and blames no consent" => no_banks;
    "where there is no list of banks nobody is asked for one" => no_list;
}

async fn right_keys(stand: &Stand) -> Result<(), Miss> {
    match stand.connector.check(&stand.cx()).await? {
        Checked::AsTyped => Ok(()),
        Checked::Exchanged(_) => Err(fail("keys that last are exchanged")),
    }
}

async fn wrong_keys(stand: &Stand) -> Result<(), Miss> {
    let garbled = stand.keys.keys().map(|name| (name.clone(), Secret::new("not the right one"))).collect();
    for wrong in [garbled, stand.simulator.strange_keys()] {
        demand(wrong.keys().eq(stand.keys.keys()), || "the simulator's wrong keys lack some".to_owned())?;
        let before = stand.simulator.calls();
        match stand.connector.check(&stand.cx_with(&wrong)).await {
            Err(fault) if fault.class() == FaultClass::NeedsOperator => {
                let calls = stand.simulator.calls() - before;
                demand(calls <= 1, || format!("{calls} calls were made"))?;
            }
            Err(fault) => return Err(fault.into()),
            Ok(_) => return Err(fail("they are accepted")),
        }
    }
    demand(stand.simulator.calls() > 0, || "no wrong keys were ever tried".to_owned())
}

async fn no_keys(stand: &Stand) -> Result<(), Miss> {
    match stand.connector.check(&stand.cx_with(&BTreeMap::new())).await {
        Err(fault) if fault.class() == FaultClass::NeedsOperator => {
            demand(stand.simulator.calls() == 0, || "a call was made".to_owned())
        }
        Err(fault) => Err(fault.into()),
        Ok(_) => Err(fail("no keys are accepted")),
    }
}

async fn descriptor(stand: &Stand) -> Result<(), Miss> {
    let descriptor = stand.connector.descriptor();
    let names: BTreeSet<&str> = descriptor.fields.iter().map(|field| field.key).collect();
    demand(names.len() == descriptor.fields.len(), || "two fields have the same key".to_owned())?;
    let offered: BTreeSet<&str> = stand.keys.keys().map(String::as_str).collect();
    demand(names == offered, || format!("the simulator's keys are {offered:?}, the descriptor's {names:?}"))?;
    let shown = descriptor.fields.iter().find(|field| field.kind.is_secret() && field.shown_chars > 0);
    demand(shown.is_none(), || "characters of a secret field are shown".to_owned())?;
    demand(descriptor.base_url.starts_with("https://"), || "the public address is not https".to_owned())
}

/// The ways in which banks are listed, each with a query that finds the usual bank and one that finds none.
fn lists(stand: &Stand) -> Result<Vec<(BankQuery<'static>, BankQuery<'static>)>, Miss> {
    let bank = stand.simulator.bank();
    let list = |way: &Way| match way {
        Way::Country => Some((BankQuery::Country(bank.country), BankQuery::Country("QQ"))),
        Way::Name => Some((BankQuery::Name(bank.name), BankQuery::Name("qqqq"))),
        Way::Login | Way::Hosted => None,
    };
    let lists: Vec<_> = stand.connector.descriptor().ways.iter().filter_map(list).collect();
    if lists.is_empty() { Err(Miss::NotApplicable("it has no list of banks".to_owned())) } else { Ok(lists) }
}

async fn banks(stand: &Stand) -> Result<(), Miss> {
    let key = stand.simulator.bank().key;
    for (query, _) in lists(stand)? {
        let banks = stand.connector.institutions(&stand.cx(), query).await?;
        let keys: BTreeSet<&str> = banks.iter().map(|bank| bank.key.as_str()).collect();
        demand(keys.len() == banks.len(), || "two banks have the same key".to_owned())?;
        demand(keys.contains(key), || format!("{key} is not among them"))?;
        demand(banks.iter().all(|bank| !bank.name.trim().is_empty()), || "a bank has no name".to_owned())?;
    }
    Ok(())
}

async fn no_banks(stand: &Stand) -> Result<(), Miss> {
    for (_, query) in lists(stand)? {
        match stand.connector.institutions(&stand.cx(), query).await {
            Ok(banks) => demand(banks.is_empty(), || "it has banks".to_owned())?,
            Err(fault) if matches!(fault.class(), FaultClass::NeedsUser | FaultClass::NeedsOperator) => {
                return Err(fault.into());
            }
            Err(_) => {}
        }
    }
    Ok(())
}

async fn no_list(stand: &Stand) -> Result<(), Miss> {
    if lists(stand).is_ok() {
        return Err(Miss::NotApplicable("it lists banks".to_owned()));
    }
    let bank = stand.simulator.bank();
    for query in [BankQuery::Country(bank.country), BankQuery::Name(bank.name)] {
        let banks = stand.connector.institutions(&stand.cx(), query).await?;
        demand(banks.is_empty(), || format!("{query:?} lists banks"))?;
    }
    demand(stand.simulator.calls() == 0, || "a call was made".to_owned())
}
