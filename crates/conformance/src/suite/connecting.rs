//! Connecting, calling it off, and renewing.

use std::collections::{BTreeMap, BTreeSet};

use bankside_connect::connector::{Intent, Known};
use bankside_connect::{BankQuery, Connected, Input, Institution, ShownAccount, Step, Way};
use bankside_domain::fault::FaultClass;

use super::{Miss, checks, demand, fail};
use crate::simulator::{Beginning, Scene, Walk};
use crate::stand::{Ended, Fetched, Stand, link};

checks! { "Connecting":
    "a consent that is given ends in a connection with accounts that can be recognised" => connect, each;
    "the accounts of a connection are listed again without a step of the person, under the same ids" => listed_again;
    "each way of the descriptor leads to a connection" => ways;
    "a way that the descriptor does not name is refused, and no call is made for it" => no_way;
    "before the person has been at the bank the flow waits" => waits;
    "who cancels at the bank has changed nothing" => cancels;
    "a return that arrives twice is as good as once" => twice;
    "a flow that is called off leaves no open door, and calling it off again is as good" => abandon;
    "a renewal shows the same accounts again, by their match keys and whatever their ids, and fetches" => renews, each;
    "until a renewal is done the old access works, and a cancelled one leaves it" => old_access_stays;
}

async fn connect(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    sound(stand, &connected)?;
    demand(connected.institution.key == stand.simulator.bank().key, || "it is at another bank".to_owned())
}

/// What every connection has.
fn sound(stand: &Stand, connected: &Connected) -> Result<(), Miss> {
    let accounts = &connected.accounts;
    demand(accounts.len() >= 2, || format!("it shows {} accounts", accounts.len()))?;
    demand(ids(connected).len() == accounts.len(), || "two accounts have the same id".to_owned())?;
    demand(accounts.iter().all(|account| !account.match_keys.is_empty()), || "one has no match key".to_owned())?;
    demand(accounts.iter().all(|account| !account.name.trim().is_empty()), || "one has no name".to_owned())?;
    let end = connected.consent.valid_until;
    demand(end.is_none_or(|end| end > stand.now()), || "the consent is over when it is given".to_owned())?;
    let kept = serde_json::to_value(&connected.remote).map_err(|error| fail(error.to_string()))?;
    demand(!kept.is_null(), || "it has no reference to fetch with".to_owned())
}

async fn listed_again(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let known: Vec<String> = ids(&connected).into_iter().collect();
    let known = Known { institution_key: &connected.institution.key, accounts: &known };
    let shown = stand.connector.accounts(&stand.cx(), &connected.remote, &known).await?;
    let names = shown.accounts.iter().map(|account| match account {
        ShownAccount::Described(account) => account.provider_account_id.clone(),
        ShownAccount::Named { provider_account_id, .. } => provider_account_id.clone(),
    });
    let names: Vec<String> = names.collect();
    let listed: BTreeSet<String> = names.iter().cloned().collect();
    demand(names.len() == listed.len(), || "an account is listed twice".to_owned())?;
    demand(listed == ids(&connected), || format!("{listed:?} are not {:?}", ids(&connected)))?;
    demand(shown.held_back.is_none(), || format!("balances were held back: {:?}", shown.held_back))?;
    let balances = |account: &ShownAccount| match account {
        ShownAccount::Described(account) => account.balances.len(),
        ShownAccount::Named { balances, .. } => balances.len(),
    };
    demand(shown.accounts.iter().any(|account| balances(account) > 0), || "no balance came".to_owned())?;
    // Where accounts are described again, they are recognised as before.
    for account in &shown.accounts {
        let ShownAccount::Described(account) = account else { continue };
        let before = connected.accounts.iter().find(|one| one.provider_account_id == account.provider_account_id);
        let is_same = before.is_some_and(|before| before.match_keys == account.match_keys);
        demand(is_same, || "the match keys of an account differ".to_owned())?;
    }
    let end = connected.consent.valid_until;
    demand(shown.valid_until.is_none() || shown.valid_until == end, || {
        format!("access ends at {:?}, and it was {end:?}", shown.valid_until)
    })
}

/// The bank of the usual way, as a list names it.
async fn listed(stand: &Stand, query: BankQuery<'_>) -> Result<Institution, Miss> {
    let key = stand.simulator.bank().key;
    let banks = stand.connector.institutions(&stand.cx(), query).await?;
    banks.into_iter().find(|bank| bank.key == key).ok_or_else(|| fail(format!("{query:?} does not list {key}")))
}

async fn ways(stand: &Stand) -> Result<(), Miss> {
    let bank = stand.simulator.bank();
    demand(!stand.connector.descriptor().ways.is_empty(), || "it has none".to_owned())?;
    for way in stand.connector.descriptor().ways {
        let beginning = match way {
            Way::Country => Beginning::New(listed(stand, BankQuery::Country(bank.country)).await?.key),
            Way::Name => Beginning::New(listed(stand, BankQuery::Name(bank.name)).await?.key),
            Way::Hosted => Beginning::Hosted("Household".to_owned()),
            Way::Login => {
                let logins = stand.connector.logins(&stand.cx()).await?;
                let first = logins.into_iter().next().ok_or_else(|| fail("no login is listed"))?;
                Beginning::Adopt(first.key)
            }
        };
        let connected = stand.done(stand.begin_at(&beginning).await?).await?;
        sound(stand, &connected)?;
        demand(connected.institution.key == bank.key, || format!("{way:?}: it is at another bank"))?;
        match stand.fetch(&connected).await.any_fault() {
            None => {}
            Some(fault) => return Err(fail(format!("{way:?}: fetching with it: {fault}"))),
        }
    }
    Ok(())
}

async fn no_way(stand: &Stand) -> Result<(), Miss> {
    let ways = stand.connector.descriptor().ways;
    let key = stand.simulator.bank().key;
    let mut lacking = Vec::new();
    if !ways.contains(&Way::Login) {
        lacking.push(Intent::Adopt { login: "1b0f3cd5-c902-4836-b68b-04cbd847f99a" });
    }
    if !ways.iter().any(|way| matches!(way, Way::Country | Way::Name)) {
        lacking.push(Intent::New { institution_key: key });
    }
    if !ways.contains(&Way::Hosted) {
        lacking.push(Intent::Hosted { name: "Household" });
    }
    if lacking.is_empty() {
        return Err(Miss::NotApplicable("it has every way".to_owned()));
    }
    for intent in lacking {
        match stand.begin(intent).await {
            Err(Miss::Fault(fault)) => demand(fault.class() == FaultClass::Unsupported, || fault.to_string())?,
            Err(miss) => return Err(miss),
            Ok(step) => return Err(fail(format!("it answers with {step:?}"))),
        }
    }
    demand(stand.simulator.calls() == 0, || format!("{} calls were made", stand.simulator.calls()))
}

/// The same step as before, as far as a person can tell.
fn is_same(before: &Step, now: &Step) -> bool {
    match (before, now) {
        (Step::Ask(one, _), Step::Ask(other, _)) => one == other,
        (Step::Open(one, _), Step::Open(other, _)) => one.url == other.url,
        _ => false,
    }
}

async fn waits(stand: &Stand) -> Result<(), Miss> {
    let mut reasons = Vec::new();
    for scene in [Scene::Page, Scene::Asked] {
        let mut step = match stand.meet(scene).await {
            Err(Miss::NotApplicable(why)) => {
                reasons.push(why);
                continue;
            }
            met => met?,
        };
        for _ in 0..3 {
            let (Step::Ask(_, state) | Step::Open(_, state)) = &step else {
                return Err(fail(format!("{scene:?} begins with {step:?}")));
            };
            let next = stand.resume(state, Input::Poll).await?;
            demand(is_same(&step, &next), || format!("{scene:?}: {step:?} has become {next:?}"))?;
            step = next;
        }
    }
    if reasons.len() == 2 { Err(Miss::NotApplicable(reasons.join("; "))) } else { Ok(()) }
}

async fn cancels(stand: &Stand) -> Result<(), Miss> {
    let step = stand.meet(Scene::Page).await?;
    let said = match (stand.go_on(step, Walk::Cancels).await?, stand.simulator.refusals_are_faults()) {
        (Ended::Cancelled { message }, false) => message,
        (Ended::Failed(fault), true) if fault.class() == FaultClass::NeedsUser => fault.record().message.clone(),
        (other, _) => return Err(fail(format!("it ends in {other:?}"))),
    };
    demand(!said.trim().is_empty(), || "it does not say so".to_owned())
}

async fn twice(stand: &Stand) -> Result<(), Miss> {
    let Step::Open(browser, state) = stand.meet(Scene::Page).await? else { return Err(fail("there is no page")) };
    let back = stand.simulator.walk(&link(&browser.url)?, Walk::Consents).await.map_err(fail)?;
    let mut seen = Vec::new();
    for _ in 0..2 {
        match stand.resume(&state, Input::Callback(back.clone())).await? {
            Step::Done(connected) => seen.push((ids(&connected), connected)),
            // It says so, and the connection that there is goes on.
            Step::Cancelled { message } if seen.len() == 1 && stand.simulator.codes_work_once() => {
                demand(!message.trim().is_empty(), || "it does not say so".to_owned())?;
                return match stand.fetch(&seen[0].1).await.any_fault() {
                    None => Ok(()),
                    Some(fault) => Err(fail(format!("what the first has opened: {fault}"))),
                };
            }
            other => return Err(fail(format!("it answers with {other:?}"))),
        }
    }
    demand(!stand.simulator.codes_work_once(), || "a code has worked twice".to_owned())?;
    let is_same = seen[0].0 == seen[1].0 && seen[0].1.remote == seen[1].1.remote;
    demand(is_same, || "the second is another connection".to_owned())
}

/// What a flow has made at the provider: pages still open, and logins.
async fn abandon(stand: &Stand) -> Result<(), Miss> {
    let beginning = stand.scene(Scene::Made).await?;
    let before = login_keys(stand).await?;
    // As far as a person can go before the last step.
    let mut step = stand.begin_at(&beginning).await?;
    let (mut page, mut last) = (None, None);
    loop {
        match step {
            Step::Open(browser, state) => {
                (page, last) = (Some(link(&browser.url)?), Some(state));
                break;
            }
            Step::Ask(form, state) => {
                last = Some(state.clone());
                let answers = stand.typed(&form, Walk::Consents).ok_or_else(|| fail("the person leaves a form"))?;
                let next = stand.connector.resume(&stand.cx(), &state, Input::Answers(answers)).await?;
                if let Step::Wait { state, .. } = &next {
                    last = Some(state.clone());
                }
                step = stand.settled(next).await?;
            }
            _ => break,
        }
    }
    let state = last.ok_or_else(|| fail("nothing is to be done by the person"))?;
    for _ in 0..2 {
        stand.connector.abandon(&stand.cx(), &state).await?;
    }
    if let Some(page) = page.filter(|_| !stand.simulator.pages_outlive_flows()) {
        let late = stand.simulator.walk(&page, Walk::Consents).await;
        let is_open = late.is_ok_and(|back| !back.contains_key("error"));
        demand(!is_open, || "the bank's page still takes a consent".to_owned())?;
    }
    demand(login_keys(stand).await? == before, || "a login stays at the provider".to_owned())
}

/// The logins at the provider, by what it calls them.
pub(super) async fn login_keys(stand: &Stand) -> Result<BTreeSet<String>, Miss> {
    Ok(stand.connector.logins(&stand.cx()).await?.into_iter().map(|login| login.key).collect())
}

pub(super) fn ids(connected: &Connected) -> BTreeSet<String> {
    connected.accounts.iter().map(|account| account.provider_account_id.clone()).collect()
}

async fn renews(stand: &Stand) -> Result<(), Miss> {
    let before = stand.connect().await?;
    let after = stand.renew(&before).await?;
    let are_new = ids(&before).is_disjoint(&ids(&after));
    demand(are_new == stand.simulator.changes_ids_at_renewal(), || format!("ids are new: {are_new}"))?;
    demand(before.institution.key == after.institution.key, || "the bank has another key".to_owned())?;
    same_accounts(&before, &after)?;
    let fetched = stand.fetch(&after).await;
    match fetched.any_fault() {
        None => Ok(()),
        Some(fault) => Err(fail(format!("fetching with the renewed access: {fault}"))),
    }
}

/// Each account of before is recognised in exactly one of after, by its strongest key.
pub(super) fn same_accounts(before: &Connected, after: &Connected) -> Result<(), Miss> {
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
    let connected = stand.connect_at(Scene::RenewalAsks).await?;
    let step = stand.begin_renewal(&connected).await?;
    let (Step::Ask(_, state) | Step::Open(_, state)) = &step else {
        return Err(fail(format!("renewing takes no step of the person: {step:?}")));
    };
    let state = state.clone();
    works(stand, &connected, &stand.fetch(&connected).await, "while the renewal goes on")?;
    match stand.go_on(step, Walk::Cancels).await? {
        Ended::Cancelled { .. } | Ended::Left => {}
        other => return Err(fail(format!("cancelling answers with {other:?}"))),
    }
    stand.connector.abandon(&stand.cx(), &state).await?;
    works(stand, &connected, &stand.fetch(&connected).await, "after the renewal was cancelled")
}

/// Whether a fetch brings everything. Where a renewal happens to the access that there is, fetches may say that the person is
/// waited for, after they have brought everything.
fn works(stand: &Stand, connected: &Connected, fetched: &Fetched, when: &str) -> Result<(), Miss> {
    let is_told = |fault: &&bankside_connect::Fault| {
        !(stand.simulator.renews_in_place() && fault.class() == FaultClass::NeedsUser)
    };
    if let Some(fault) = fetched.any_fault().filter(is_told) {
        return Err(fail(format!("{when}: {fault}")));
    }
    for account in &connected.accounts {
        let brought = fetched.of(&account.provider_account_id)?;
        let is_whole = brought.ended.is_some() && !brought.balances.is_empty();
        demand(is_whole, || format!("{when}: an account did not come"))?;
    }
    Ok(())
}
