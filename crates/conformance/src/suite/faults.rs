//! Faults: the nine classes, and bad weather on the line.

use bankside_connect::Fault;
use bankside_domain::fault::FaultClass;

use super::{Miss, checks, demand, fail, in_turn, without};
use crate::simulator::{Call, Scene, Trouble};
use crate::stand::Stand;

checks! { "Faults":
    "a person must act: the fault says what they can do" => needs_user;
    "the operator must act" => needs_operator;
    "what passes by itself blames nobody" => retry_later;
    "a limit says until when" => rate_limited;
    "an account that is being prepared is waited for" => busy_and_then_ready;
    "one that is being prepared for long says when to ask again" => busy_for_long;
    "part of an answer fails" => partial;
    "what a bank does not have is said as such" => unsupported;
    "what is gone is said as such" => gone;
    "a request that is refused as wrong is our mistake" => bug;
    "a consent withdrawn at the bank needs the person, and the others of the fetch are told the truth" => withdrawn, each;
    "weather on the line never looks like a dead consent, and passes" => line;
    "weather at one account leaves the others of the fetch alone" => line_of_one;
    "whatever goes wrong at rows or balances, a fetch ends with what can be shown" => whatever;
}

/// Arms a class at the rows of the first account; answers with the fault that was told.
async fn told(stand: &Stand, class: FaultClass) -> Result<Fault, Miss> {
    let connected = stand.connect_at(Scene::Troubled(class)).await?;
    let account = connected.accounts[0].provider_account_id.clone();
    without(stand.simulator.arm(Trouble::Class(class), Call::Rows, Some(&account), None))?;
    let mut fetched = stand.fetch(&connected).await;
    let fault = fetched.accounts.get_mut(&account).and_then(|brought| brought.fault.take()).or(fetched.fault.take());
    let fault = fault.ok_or_else(|| fail("nothing is told"))?;
    demand(fault.class() == class, || format!("{fault} is of class {:?}", fault.class()))?;
    fit_to_be_shown(&fault)?;
    stand.simulator.disarm();
    stand.simulator.clock().advance_days(2);
    let fetched = stand.fetch(&connected).await;
    match fetched.any_fault() {
        None => Ok(fault),
        Some(other) => Err(fail(format!("once it is over: {other}"))),
    }
}

pub(super) fn fit_to_be_shown(fault: &Fault) -> Result<(), Miss> {
    let record = fault.record();
    demand(!record.message.trim().is_empty(), || format!("{} says nothing", record.code))?;
    let is_plain = !record.message.chars().any(char::is_control) && record.message.chars().count() <= 400;
    demand(is_plain, || format!("{} is not one short line: {}", record.code, record.message))?;
    let is_code = record.code.contains('.') && !record.code.contains(char::is_whitespace);
    demand(is_code, || format!("“{}” is no code", record.code))?;
    let kept = serde_json::to_string(record).and_then(|text| serde_json::from_str(&text));
    let kept: bankside_domain::fault::FaultRecord = kept.map_err(|error| fail(error.to_string()))?;
    demand(kept == *record, || format!("{} is another once it has been kept", record.code))
}

async fn needs_user(stand: &Stand) -> Result<(), Miss> {
    let fault = told(stand, FaultClass::NeedsUser).await?;
    demand(fault.record().action.is_some(), || "it does not say what they can do".to_owned())
}

async fn needs_operator(stand: &Stand) -> Result<(), Miss> {
    told(stand, FaultClass::NeedsOperator).await.map(|_| ())
}

async fn retry_later(stand: &Stand) -> Result<(), Miss> {
    let fault = told(stand, FaultClass::RetryLater).await?;
    demand(fault.record().action.is_none(), || "it asks somebody to act".to_owned())
}

async fn rate_limited(stand: &Stand) -> Result<(), Miss> {
    let began = stand.now();
    let fault = told(stand, FaultClass::RateLimited).await?;
    let at = fault.record().retry_at.ok_or_else(|| fail("it does not say until when"))?;
    demand(at > began, || "it says a time that is over".to_owned())?;
    let longest = jiff::SignedDuration::from_hours(25);
    demand(at <= began + longest, || format!("it says {at}, later than any limit lasts"))
}

async fn busy_and_then_ready(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let account = connected.accounts[0].provider_account_id.clone();
    without(stand.simulator.arm(Trouble::Class(FaultClass::Busy), Call::Rows, Some(&account), Some(1)))?;
    let fetched = stand.fetch(&connected).await;
    match fetched.any_fault() {
        None => demand(fetched.of(&account)?.ended.is_some(), || "its rows did not come".to_owned()),
        Some(fault) => Err(fail(fault.to_string())),
    }
}

async fn busy_for_long(stand: &Stand) -> Result<(), Miss> {
    let began = stand.now();
    let fault = told(stand, FaultClass::Busy).await?;
    let at = fault.record().retry_at.ok_or_else(|| fail("it does not say when"))?;
    demand(at > began, || "it says a time that is over".to_owned())
}

async fn partial(stand: &Stand) -> Result<(), Miss> {
    told(stand, FaultClass::Partial).await.map(|_| ())
}

async fn unsupported(stand: &Stand) -> Result<(), Miss> {
    told(stand, FaultClass::Unsupported).await.map(|_| ())
}

async fn gone(stand: &Stand) -> Result<(), Miss> {
    told(stand, FaultClass::Gone).await.map(|_| ())
}

async fn bug(stand: &Stand) -> Result<(), Miss> {
    told(stand, FaultClass::Bug).await.map(|_| ())
}

async fn withdrawn(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    without(stand.simulator.arm(Trouble::Withdrawn, Call::Rows, None, None))?;
    let fetched = stand.fetch(&connected).await;
    for account in &connected.accounts {
        let fault = fetched.fault_of(&account.provider_account_id).ok_or_else(|| fail("nothing is told"))?;
        demand(fault.class() == FaultClass::NeedsUser, || fault.to_string())?;
    }
    Ok(())
}

async fn line(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let account = connected.accounts[0].provider_account_id.clone();
    for (turn, name) in stand.simulator.line_troubles().into_iter().enumerate() {
        for call in in_turn(turn, &[Call::Rows, Call::Balances]) {
            without(stand.simulator.arm(Trouble::Line(name), call, Some(&account), None))?;
            let fetched = stand.fetch(&connected).await;
            if let Some(fault) = fetched.fault_of(&account) {
                let blames = matches!(fault.class(), FaultClass::NeedsUser | FaultClass::Gone);
                demand(!blames, || format!("{name} at {call:?}: {fault}"))?;
                fit_to_be_shown(fault)?;
            } else {
                let brought = fetched.of(&account)?;
                let is_whole = brought.ended.is_some() && !brought.balances.is_empty();
                demand(is_whole, || format!("{name} at {call:?}: something is missing, and no fault is told"))?;
            }
            stand.simulator.disarm();
            stand.simulator.clock().advance_days(2);
            if let Some(fault) = stand.fetch(&connected).await.any_fault() {
                return Err(fail(format!("after {name} at {call:?}: {fault}")));
            }
            stand.simulator.clock().advance_days(2);
        }
    }
    Ok(())
}

async fn line_of_one(stand: &Stand) -> Result<(), Miss> {
    if stand.simulator.answers_for_all() {
        return Err(Miss::NotApplicable("one answer has the rows of all accounts".to_owned()));
    }
    let connected = stand.connect().await?;
    let account = connected.accounts[0].provider_account_id.clone();
    for name in stand.simulator.line_troubles() {
        without(stand.simulator.arm(Trouble::Line(name), Call::Rows, Some(&account), None))?;
        let fetched = stand.fetch(&connected).await;
        for other in &connected.accounts[1..] {
            let brought = fetched.accounts.get(&other.provider_account_id);
            let is_whole = brought.is_some_and(|brought| brought.ended.is_some() && !brought.balances.is_empty());
            demand(is_whole, || format!("{name}: another account did not come: {:?}", fetched.fault))?;
        }
        stand.simulator.disarm();
        stand.simulator.clock().advance_days(2);
    }
    Ok(())
}

async fn whatever(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let account = connected.accounts[0].provider_account_id.clone();
    for (turn, name) in stand.all_troubles().into_iter().enumerate() {
        for (call, failures_before) in in_turn(turn, &[(Call::Rows, 0), (Call::Balances, 0), (Call::Rows, 5)]) {
            stand.simulator.arm_by_name(name, call, Some(&account));
            let fetched = stand.fetch_with(&connected, stand.days_ago(30), usize::MAX, failures_before).await;
            let brought = fetched.of(&account)?;
            let is_told = fetched.fault_of(&account).is_some();
            let is_whole = brought.ended.is_some();
            demand(is_told || is_whole, || format!("{name} at {call:?} is not told"))?;
            for fault in fetched.accounts.values().filter_map(|brought| brought.fault.as_ref()).chain(&fetched.fault) {
                fit_to_be_shown(fault)?;
            }
            stand.simulator.disarm();
            stand.simulator.clock().advance(jiff::SignedDuration::from_hours(12));
        }
    }
    Ok(())
}
