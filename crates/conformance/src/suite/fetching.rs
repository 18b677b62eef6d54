//! Fetching: rows, windows, balances, and parts that fail.

use bankside_domain::fault::FaultClass;
use bankside_domain::row::MappedRow;

use super::{Miss, checks, demand, fail, without};
use crate::simulator::{Call, Trouble};
use crate::stand::{Fetched, Stand};

checks! { "Fetching":
    "rows and balances of every account come, every row can be read, and the end of the rows is said" => everything, each;
    "no row is lost or doubled at the border of a window, whichever day it begins with" => borders, each;
    "what is fetched again is byte for byte the same" => again;
    "a window that begins tomorrow at the bank is fetched" => tomorrow;
    "one account that fails does not keep the others" => one_fails;
    "a balance that is refused keeps the rows" => refused_balance;
    "who takes no more events gets no more, and no further account is asked for" => closed;
}

fn whole(fetched: &Fetched) -> Result<(), Miss> {
    match fetched.any_fault() {
        Some(fault) => Err(fail(format!("an undisturbed fetch: {fault}"))),
        None => Ok(()),
    }
}

async fn everything(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect(None).await?;
    let fetched = stand.fetch(&connected).await;
    whole(&fetched)?;
    for account in &connected.accounts {
        let brought = fetched.of(&account.provider_account_id)?;
        demand(brought.ended.is_some(), || "the end of the rows is not said".to_owned())?;
        demand(!brought.rows_after_end, || "rows come after their end".to_owned())?;
        demand(!brought.balances.is_empty(), || "no balance came".to_owned())?;
        for raw in &brought.rows {
            if let MappedRow::Unreadable { why } = stand.map(raw) {
                return Err(fail(format!("a row cannot be read: {why}")));
            }
        }
    }
    let rows: usize = fetched.accounts.values().map(|brought| brought.rows.len()).sum();
    demand(rows > 0, || "no rows came".to_owned())
}

async fn borders(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect(None).await?;
    let from = stand.days_ago(60);
    let all = stand.fetch_from(&connected, from).await;
    whole(&all)?;
    let first = &connected.accounts[0].provider_account_id;
    let rows = stand.booked(&all.of(first)?.rows)?;
    let early = rows.iter().find(|(day, _)| *day < from);
    demand(early.is_none(), || format!("a row is older than asked for: {:?}", early.map(|row| row.0)))?;
    // Days with rows, so that a border cuts between rows and not through nothing.
    let mut days: Vec<_> = rows.iter().map(|(day, _)| *day).collect();
    days.dedup();
    demand(days.len() >= 3, || "the simulator shows rows on too few days".to_owned())?;
    for border in [days[days.len() / 2], days[days.len() - 1]] {
        let later = stand.fetch_from(&connected, border).await;
        whole(&later)?;
        let got = stand.booked(&later.of(first)?.rows)?;
        let expected: Vec<_> = rows.iter().filter(|(day, _)| *day >= border).cloned().collect();
        demand(got == expected, || {
            format!("from {border} on there are {} rows in one window and {} in the other", expected.len(), got.len())
        })?;
    }
    Ok(())
}

async fn again(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect(None).await?;
    let (once, twice) = (stand.fetch(&connected).await, stand.fetch(&connected).await);
    whole(&once)?;
    whole(&twice)?;
    for account in &connected.accounts {
        let of = |fetched: &Fetched| stand.booked(&fetched.of(&account.provider_account_id)?.rows);
        demand(of(&once)? == of(&twice)?, || "booked rows differ".to_owned())?;
    }
    Ok(())
}

async fn tomorrow(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect(None).await?;
    let tomorrow = stand.days_ago(-1);
    whole(&stand.fetch_from(&connected, tomorrow).await)
}

async fn one_fails(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect(None).await?;
    let failing = connected.accounts[0].provider_account_id.clone();
    let trouble = Trouble::Class(FaultClass::RetryLater);
    without(stand.simulator.arm(trouble, Call::Rows, Some(&failing), None))?;
    let fetched = stand.fetch(&connected).await;
    demand(fetched.fault.is_none(), || "it ends the whole fetch".to_owned())?;
    demand(fetched.of(&failing)?.fault.is_some(), || "its fault is not told".to_owned())?;
    for account in &connected.accounts[1..] {
        let brought = fetched.of(&account.provider_account_id)?;
        demand(brought.fault.is_none() && brought.ended.is_some(), || "another account did not come".to_owned())?;
    }
    stand.simulator.disarm();
    whole(&stand.fetch(&connected).await)
}

async fn refused_balance(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect(None).await?;
    let account = connected.accounts[0].provider_account_id.clone();
    for class in [FaultClass::RateLimited, FaultClass::RetryLater, FaultClass::Unsupported] {
        without(stand.simulator.arm(Trouble::Class(class), Call::Balances, Some(&account), Some(1)))?;
        let fetched = stand.fetch(&connected).await;
        let brought = fetched.of(&account)?;
        demand(brought.ended.is_some() && !brought.rows.is_empty(), || format!("{class:?}: the rows are lost"))?;
        demand(brought.balances.is_empty(), || format!("{class:?}: a balance came all the same"))?;
        let is_told = brought.fault.is_some() || fetched.fault.is_some();
        demand(is_told == (class != FaultClass::Unsupported), || format!("{class:?}: told is {is_told}"))?;
        stand.simulator.disarm();
        stand.simulator.clock().advance_days(2);
    }
    Ok(())
}

async fn closed(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect(None).await?;
    let before = stand.simulator.calls();
    let fetched = stand.fetch_with(&connected, stand.days_ago(60), 2, 0).await;
    demand(fetched.was_closed, || "it does not say that it stopped".to_owned())?;
    demand(fetched.accounts.len() == 1, || "another account was told of".to_owned())?;
    let calls = stand.simulator.calls() - before;
    demand(calls <= 2, || format!("{calls} calls were made"))
}
