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
    "a balance that a limit of its own refuses keeps the rows" => limited_balance;
    "a balance that fails keeps the rows" => failed_balance;
    "a balance that the bank does not give keeps the rows, and is no fault" => unsupported_balance;
    "who takes no more events gets no more, and no further account is asked for" => closed;
}

fn whole(fetched: &Fetched) -> Result<(), Miss> {
    match fetched.any_fault() {
        Some(fault) => Err(fail(format!("an undisturbed fetch: {fault}"))),
        None => Ok(()),
    }
}

async fn everything(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let fetched = stand.fetch(&connected).await;
    whole(&fetched)?;
    for account in &connected.accounts {
        let brought = fetched.of(&account.provider_account_id)?;
        demand(brought.ended.is_some(), || "the end of the rows is not said".to_owned())?;
        demand(!brought.rows_after_end, || "rows come after their end".to_owned())?;
        demand(!brought.balances.is_empty(), || "no balance came".to_owned())?;
        for raw in &brought.rows {
            if let MappedRow::Unreadable { why } = stand.map(&connected, &account.provider_account_id, raw)? {
                return Err(fail(format!("a row cannot be read: {why}")));
            }
        }
    }
    let rows: usize = fetched.accounts.values().map(|brought| brought.rows.len()).sum();
    demand(rows > 0, || "no rows came".to_owned())
}

async fn borders(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let from = stand.days_ago(60);
    let all = stand.fetch_from(&connected, from).await;
    whole(&all)?;
    let first = &connected.accounts[0].provider_account_id;
    let rows = stand.booked(&connected, first, &all.of(first)?.rows)?;
    let early = rows.iter().find(|(day, _)| *day < from && !stand.simulator.sends_late_rows());
    demand(early.is_none(), || format!("a row is older than asked for: {:?}", early.map(|row| row.0)))?;
    // Days with rows, so that a border cuts between rows and not through nothing.
    let mut days: Vec<_> = rows.iter().map(|(day, _)| *day).filter(|day| *day >= from).collect();
    days.dedup();
    demand(days.len() >= 3, || "the simulator shows rows on too few days".to_owned())?;
    for border in [days[days.len() / 2], days[days.len() - 1]] {
        let later = stand.fetch_from(&connected, border).await;
        whole(&later)?;
        let mut got = stand.booked(&connected, first, &later.of(first)?.rows)?;
        if stand.simulator.sends_late_rows() {
            // Those that come late have to be rows that there are.
            let stranger = got.iter().find(|row| !rows.contains(row)).map(|row| row.0);
            demand(stranger.is_none(), || format!("a row of {stranger:?} is in the smaller window alone"))?;
            got.retain(|(day, _)| *day >= border);
        }
        let expected: Vec<_> = rows.iter().filter(|(day, _)| *day >= border).cloned().collect();
        demand(got == expected, || {
            format!("from {border} on there are {} rows in one window and {} in the other", expected.len(), got.len())
        })?;
    }
    Ok(())
}

async fn again(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let (once, twice) = (stand.fetch(&connected).await, stand.fetch(&connected).await);
    whole(&once)?;
    whole(&twice)?;
    for account in &connected.accounts {
        let id = &account.provider_account_id;
        let of = |fetched: &Fetched| stand.booked(&connected, id, &fetched.of(id)?.rows);
        demand(of(&once)? == of(&twice)?, || "booked rows differ".to_owned())?;
    }
    Ok(())
}

async fn tomorrow(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let tomorrow = stand.days_ago(-1);
    whole(&stand.fetch_from(&connected, tomorrow).await)
}

async fn one_fails(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
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

async fn limited_balance(stand: &Stand) -> Result<(), Miss> {
    refused_balance(stand, FaultClass::RateLimited).await
}

async fn failed_balance(stand: &Stand) -> Result<(), Miss> {
    refused_balance(stand, FaultClass::RetryLater).await
}

async fn unsupported_balance(stand: &Stand) -> Result<(), Miss> {
    refused_balance(stand, FaultClass::Unsupported).await
}

async fn refused_balance(stand: &Stand, class: FaultClass) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let account = connected.accounts[0].provider_account_id.clone();
    without(stand.simulator.arm(Trouble::Class(class), Call::Balances, Some(&account), Some(1)))?;
    let fetched = stand.fetch(&connected).await;
    let brought = fetched.of(&account)?;
    demand(brought.ended.is_some() && !brought.rows.is_empty(), || "the rows are lost".to_owned())?;
    demand(brought.balances.is_empty(), || "a balance came all the same".to_owned())?;
    let is_told = brought.fault.is_some() || fetched.fault.is_some();
    demand(is_told == (class != FaultClass::Unsupported), || format!("told is {is_told}"))?;
    stand.simulator.disarm();
    stand.simulator.clock().advance_days(2);
    whole(&stand.fetch(&connected).await)
}

async fn closed(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let before = stand.simulator.accounts_called().len();
    let fetched = stand.fetch_with(&connected, stand.days_ago(60), 2, 0).await;
    demand(fetched.was_closed, || "it does not say that it stopped".to_owned())?;
    demand(fetched.accounts.len() == 1, || "another account was told of".to_owned())?;
    let calls = stand.simulator.accounts_called().split_off(before);
    let own: Vec<&String> = calls.iter().flatten().collect();
    let others = own.iter().find(|account| fetched.accounts.keys().all(|told| told != **account));
    demand(others.is_none(), || format!("{others:?} was asked for"))?;
    demand(own.len() <= 2, || format!("{} calls about the account were made", own.len()))?;
    let (of_all, most) = (calls.len() - own.len(), stand.simulator.calls_of_all());
    demand(of_all <= most, || format!("{of_all} calls that are about no account were made, and {most} are needed"))
}
