//! Limits: the ledger is debited before a call, corrected by its answer, and nothing is asked beyond it.

use std::collections::BTreeMap;

use bankside_domain::fault::FaultClass;
use bankside_domain::quota::{Counts, Presence, QuotaRule, QuotaScope};

use super::{Miss, checks, demand, fail, without};
use crate::simulator::{Call, Scene, Trouble};
use crate::stand::Stand;

checks! { "Limits":
    "each call is debited before it is made" => debited_before;
    "the ledger agrees with what the provider counts" => corrected, each;
    "what another client has spent is in the ledger after the next answer" => others_spend;
    "while no token can be had no call of an account is spent" => token_is_out;
    "once a limit is spent no call goes beyond it, and afterwards it goes on" => spent, each;
    "unattended fetches leave a call to the person" => leaves_one;
    "a call that fails does not spend what counts successes" => failures_are_free;
    "a limit that all calls share is waited for where that is soon, and leaves the accounts' own alone" => of_all_soon;
    "where it is long it stops all calls until it is over" => of_all_long;
    "keys are exchanged for a token no more often than needed" => tokens;
    "a token that is refused once is replaced, and one that is refused for ever ends the fetch" => refused_token;
}

async fn debited_before(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    stand.fetch(&connected).await;
    let debits = stand.ledger.debits();
    let of = |scope: QuotaScope| debits.iter().filter(move |debited| debited.scope == scope);
    // Counted at the moment of each debit: there are no more calls than debits before it, and the last call has had one too.
    for (before, debited) in debits.iter().enumerate() {
        let calls = debited.calls_before;
        demand(calls <= before, || format!("{calls} calls after {before} debits"))?;
    }
    for (before, debited) in of(QuotaScope::Credentials).enumerate() {
        let calls = debited.calls_before;
        demand(calls <= before, || format!("{calls} calls after {before} debits to the limit of the keys"))?;
    }
    for (before, debited) in of(QuotaScope::AccountAndKind).enumerate() {
        let calls = debited.spent_before;
        demand(calls <= before, || format!("{calls} calls of accounts after {before} debits to their limits"))?;
    }
    let (total, calls) = (debits.len(), stand.simulator.calls());
    demand(total >= calls, || format!("{calls} calls and {total} debits"))?;
    let (own, spent) = (of(QuotaScope::AccountAndKind).count(), stand.simulator.spent().into_values().sum());
    demand(own >= spent, || format!("{spent} calls of accounts and {own} debits to their limits"))
}

/// The limit of each account and kind of call, where there is one.
fn of_accounts(stand: &Stand) -> Result<&'static QuotaRule, Miss> {
    let rules = stand.connector.descriptor().quotas;
    let rule = rules.iter().find(|rule| rule.scope == QuotaScope::AccountAndKind);
    rule.ok_or_else(|| Miss::NotApplicable("accounts have no limit of their own".to_owned()))
}

async fn others_spend(stand: &Stand) -> Result<(), Miss> {
    of_accounts(stand)?;
    if !stand.simulator.says_what_is_left() {
        return Err(Miss::NotApplicable("answers say nothing of what is left".to_owned()));
    }
    let connected = stand.connect().await?;
    for _ in 0..2 {
        if let Some(fault) = stand.fetch_elsewhere(&connected).await.any_fault() {
            return Err(fail(format!("the other client: {fault}")));
        }
    }
    stand.fetch(&connected).await;
    agrees(stand)
}

async fn token_is_out(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    if stand.simulator.calls_of(Call::Token) == 0 {
        return Err(Miss::NotApplicable("keys are not exchanged".to_owned()));
    }
    let before = stand.ledger.windows(QuotaScope::AccountAndKind);
    stand.tokens.lose();
    without(stand.simulator.arm(Trouble::LimitOfAll { seconds: 900 }, Call::Token, None, None))?;
    for _ in 0..3 {
        let fetched = stand.fetch(&connected).await;
        demand(fetched.any_fault().is_some(), || "it is not told".to_owned())?;
    }
    let after = stand.ledger.windows(QuotaScope::AccountAndKind);
    demand(after == before, || "calls of accounts were debited that nobody made".to_owned())
}

async fn corrected(stand: &Stand) -> Result<(), Miss> {
    let rules = stand.connector.descriptor().quotas;
    demand(!rules.is_empty(), || "the descriptor names no limit".to_owned())?;
    let connected = stand.connect().await?;
    stand.fetch(&connected).await;
    if of_accounts(stand).is_err() {
        return all_are_counted(stand);
    }
    agrees(stand)
}

/// Whether every call is in a window of the keys, where there are no others.
fn all_are_counted(stand: &Stand) -> Result<(), Miss> {
    let windows = stand.ledger.windows(QuotaScope::Credentials);
    let used: i64 = windows.values().map(|window| window.used).sum();
    let calls = stand.simulator.calls();
    demand(usize::try_from(used) == Ok(calls), || format!("the ledger says {used}, and {calls} calls were made"))
}

/// Whether each window of the ledger is what the provider has counted.
fn agrees(stand: &Stand) -> Result<(), Miss> {
    let counted: BTreeMap<String, usize> = stand.simulator.spent();
    let kept = stand.ledger.windows(QuotaScope::AccountAndKind);
    for (subject, window) in &kept {
        let count = counted.get(subject).copied().unwrap_or_default();
        demand(usize::try_from(window.used) == Ok(count), || {
            format!("the ledger says {} of {} used, the provider counts {count}", window.used, window.max)
        })?;
    }
    demand(kept.len() == counted.len(), || format!("{} windows for {} limits", kept.len(), counted.len()))
}

async fn spent(stand: &Stand) -> Result<(), Miss> {
    let rule = of_accounts(stand)?;
    let connected = stand.connect_at(Scene::Strict).await?;
    let account = connected.accounts[0].provider_account_id.clone();
    let mut refused = None;
    for _ in 0..=rule.max {
        let fetched = stand.fetch(&connected).await;
        refused = fetched.fault_of(&account).map(|fault| (fault.class(), fault.record().retry_at));
    }
    let Some((class, Some(until))) = refused else { return Err(fail("nothing is told of it")) };
    demand(class == FaultClass::RateLimited, || format!("it is told as {class:?}"))?;
    demand(until > stand.now(), || "it says a time that is over".to_owned())?;
    let before = stand.simulator.calls();
    stand.fetch(&connected).await;
    let more = stand.simulator.calls() - before;
    demand(more == 0, || format!("{more} calls are made although all limits are spent"))?;
    let most = stand.simulator.spent().into_values().max().unwrap_or_default();
    demand(i64::try_from(most).is_ok_and(|most| most <= rule.max), || format!("{most} calls of one kind"))?;
    stand.simulator.clock().advance_days(1);
    match stand.fetch(&connected).await.any_fault() {
        None => Ok(()),
        Some(fault) => Err(fail(format!("a day later: {fault}"))),
    }
}

async fn leaves_one(stand: &Stand) -> Result<(), Miss> {
    of_accounts(stand)?;
    let connected = stand.connect_at(Scene::Strict).await?;
    stand.ledger.set_presence(Presence::Unattended);
    for _ in 0..5 {
        stand.fetch(&connected).await;
    }
    let rows_left = || {
        let windows = stand.ledger.windows(QuotaScope::AccountAndKind);
        windows.values().map(bankside_domain::quota::QuotaWindow::remaining).min().unwrap_or_default()
    };
    demand(rows_left() >= 1, || "none is left".to_owned())?;
    stand.ledger.set_presence(Presence::PersonPresent);
    match stand.fetch(&connected).await.any_fault() {
        None => Ok(()),
        // Connecting has spent calls of other kinds before.
        Some(fault) if fault.class() == FaultClass::RateLimited => Err(fail("the person cannot spend it")),
        Some(fault) => Err(fail(fault.to_string())),
    }
}

async fn failures_are_free(stand: &Stand) -> Result<(), Miss> {
    let rules = stand.connector.descriptor().quotas;
    if !rules.iter().any(|rule| rule.counts == Counts::Successes) {
        return Err(Miss::NotApplicable("all calls count".to_owned()));
    }
    let connected = stand.connect().await?;
    let account = connected.accounts[0].provider_account_id.clone();
    let before = stand.ledger.windows(QuotaScope::AccountAndKind);
    let trouble = Trouble::Class(FaultClass::RetryLater);
    without(stand.simulator.arm(trouble, Call::Rows, Some(&account), None))?;
    for _ in 0..6 {
        let fetched = stand.fetch(&connected).await;
        let fault = fetched.fault_of(&account).ok_or_else(|| fail("it is not told"))?;
        demand(fault.class() == FaultClass::RetryLater, || format!("it is told as {fault}"))?;
        stand.simulator.clock().advance(jiff::SignedDuration::from_mins(2));
    }
    let after = stand.ledger.windows(QuotaScope::AccountAndKind);
    let used = |windows: &BTreeMap<String, bankside_domain::quota::QuotaWindow>| -> i64 {
        windows.iter().filter(|(subject, _)| subject.starts_with(&account)).map(|(_, window)| window.used).sum()
    };
    demand(used(&after) == used(&before), || format!("{} of {} are used", used(&after), used(&before)))
}

async fn of_all_soon(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let began = stand.now();
    stand.fetch(&connected).await;
    // Some providers are waited for anyhow.
    let usual = stand.now().duration_since(began).as_secs();
    without(stand.simulator.arm(Trouble::LimitOfAll { seconds: 42 }, Call::Rows, None, Some(1)))?;
    let began = stand.now();
    if let Some(fault) = stand.fetch(&connected).await.any_fault() {
        return Err(fail(format!("it is not waited for: {fault}")));
    }
    let waited = stand.now().duration_since(began).as_secs() - usual;
    demand((42..120).contains(&waited), || format!("it waited for {waited} s"))?;
    accounts_are_left_alone(stand)
}

async fn of_all_long(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    without(stand.simulator.arm(Trouble::LimitOfAll { seconds: 900 }, Call::Rows, None, Some(1)))?;
    let fetched = stand.fetch(&connected).await;
    let fault = fetched.fault.as_ref().ok_or_else(|| fail("it does not end the fetch"))?;
    demand(fault.class() == FaultClass::RateLimited, || fault.to_string())?;
    accounts_are_left_alone(stand)?;
    let before = stand.simulator.calls();
    let again = stand.fetch(&connected).await;
    let more = stand.simulator.calls() - before;
    demand(more == 0 && again.fault.is_some(), || format!("{more} calls are made all the same"))?;
    stand.simulator.clock().advance(jiff::SignedDuration::from_secs(901));
    match stand.fetch(&connected).await.any_fault() {
        None => Ok(()),
        Some(fault) => Err(fail(format!("when it is over: {fault}"))),
    }
}

fn accounts_are_left_alone(stand: &Stand) -> Result<(), Miss> {
    let windows = stand.ledger.windows(QuotaScope::AccountAndKind);
    let spent = windows.values().find(|window| window.remaining() == 0);
    demand(spent.is_none(), || "an account's own limit is said to be spent".to_owned())
}

async fn tokens(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    if stand.simulator.calls_of(Call::Token) == 0 {
        return Err(Miss::NotApplicable("keys are not exchanged".to_owned()));
    }
    let (one, two, three) = (stand.fetch(&connected), stand.fetch(&connected), stand.fetch(&connected));
    tokio::join!(one, two, three);
    let bought = stand.simulator.calls_of(Call::Token);
    demand(bought == 1, || format!("{bought} were bought"))?;
    stand.simulator.clock().advance_days(2);
    let (one, two, three) = (stand.fetch(&connected), stand.fetch(&connected), stand.fetch(&connected));
    tokio::join!(one, two, three);
    let bought = stand.simulator.calls_of(Call::Token);
    demand(bought <= 2, || format!("{bought} were bought once the first was over"))
}

async fn refused_token(stand: &Stand) -> Result<(), Miss> {
    let connected = stand.connect().await?;
    let bought = stand.simulator.calls_of(Call::Token);
    if bought == 0 {
        return Err(Miss::NotApplicable("keys are not exchanged".to_owned()));
    }
    without(stand.simulator.arm(Trouble::Line("refused token"), Call::Rows, None, Some(1)))?;
    if let Some(fault) = stand.fetch(&connected).await.any_fault() {
        return Err(fail(format!("once: {fault}")));
    }
    demand(stand.simulator.calls_of(Call::Token) == bought + 1, || "no other token was bought".to_owned())?;
    without(stand.simulator.arm(Trouble::Line("refused token"), Call::Rows, None, None))?;
    let before = stand.simulator.calls();
    let fetched = stand.fetch(&connected).await;
    demand(fetched.fault.is_some(), || "for ever: the fetch goes on".to_owned())?;
    let calls = stand.simulator.calls() - before;
    demand(calls <= 4, || format!("for ever: {calls} calls were made"))
}
