//! Keys and institutions.

use std::collections::{BTreeMap, BTreeSet};

use bankside_connect::{BankQuery, FieldKind};
use bankside_domain::Secret;
use bankside_domain::fault::FaultClass;

use super::{Miss, checks, demand, fail};
use crate::stand::Stand;

checks! { "Keys and banks":
    "right keys are accepted" => right_keys;
    "wrong keys are the operator's to put right, and no token is bought twice for them" => wrong_keys;
    "without keys no call is made" => no_keys;
    "the descriptor names each key once and shows nothing of secret ones" => descriptor;
    "the banks of a country have unique keys, names and limits" => banks;
    "a country that there is not is answered, and blames no consent" => no_country;
}

async fn right_keys(stand: &Stand) -> Result<(), Miss> {
    Ok(stand.connector.check(&stand.cx()).await?)
}

async fn wrong_keys(stand: &Stand) -> Result<(), Miss> {
    let wrong: BTreeMap<String, Secret> =
        stand.keys.keys().map(|name| (name.clone(), Secret::new("not the right one"))).collect();
    match stand.connector.check(&stand.cx_with(&wrong)).await {
        Err(fault) if fault.class() == FaultClass::NeedsOperator => {
            demand(stand.simulator.calls() <= 1, || format!("{} calls were made", stand.simulator.calls()))
        }
        Err(fault) => Err(fault.into()),
        Ok(()) => Err(fail("they are accepted")),
    }
}

async fn no_keys(stand: &Stand) -> Result<(), Miss> {
    match stand.connector.check(&stand.cx_with(&BTreeMap::new())).await {
        Err(fault) if fault.class() == FaultClass::NeedsOperator => {
            demand(stand.simulator.calls() == 0, || "a call was made".to_owned())
        }
        Err(fault) => Err(fault.into()),
        Ok(()) => Err(fail("no keys are accepted")),
    }
}

async fn descriptor(stand: &Stand) -> Result<(), Miss> {
    let descriptor = stand.connector.descriptor();
    let names: BTreeSet<&str> = descriptor.fields.iter().map(|field| field.key).collect();
    demand(names.len() == descriptor.fields.len(), || "two fields have the same key".to_owned())?;
    let offered: BTreeSet<&str> = stand.keys.keys().map(String::as_str).collect();
    demand(names == offered, || format!("the simulator's keys are {offered:?}, the descriptor's {names:?}"))?;
    let shown = descriptor.fields.iter().find(|field| field.kind == FieldKind::Secret && field.shown_chars > 0);
    demand(shown.is_none(), || "characters of a secret field are shown".to_owned())?;
    demand(descriptor.base_url.starts_with("https://"), || "the public address is not https".to_owned())
}

async fn banks(stand: &Stand) -> Result<(), Miss> {
    let (country, bank) = stand.simulator.bank();
    let banks = stand.connector.institutions(&stand.cx(), BankQuery::Country(country)).await?;
    let keys: BTreeSet<&str> = banks.iter().map(|bank| bank.key.as_str()).collect();
    demand(keys.len() == banks.len(), || "two banks have the same key".to_owned())?;
    demand(keys.contains(bank), || format!("{bank} is not among them"))?;
    demand(banks.iter().all(|bank| !bank.name.trim().is_empty()), || "a bank has no name".to_owned())
}

async fn no_country(stand: &Stand) -> Result<(), Miss> {
    match stand.connector.institutions(&stand.cx(), BankQuery::Country("QQ")).await {
        Ok(banks) => demand(banks.is_empty(), || "it has banks".to_owned()),
        Err(fault) if matches!(fault.class(), FaultClass::NeedsUser | FaultClass::NeedsOperator) => Err(fault.into()),
        Err(_) => Ok(()),
    }
}
