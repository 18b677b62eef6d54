//! Fetching: one request for all accounts in each window, the newest first; what came is kept whatever comes after it.
//!
//! An answer is shared by the accounts of one fetch and forgotten with it. Source: sections 2 to 6 of the fact sheet.

use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::row::RowStatus;
use bankside_domain::run::AccountStep;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

use super::accounts::{self, bank_of};
use super::client::Client;
use super::errors;
use super::map;
use super::window::{Window, Windows};
use super::wire::Answer;
use crate::connector::FetchEnd;
use crate::fault::Fault;
use crate::fetch::{AccountRequest, FetchEvent, FetchPlan, FetchedBalance, RawRow, Sink};

/// After so many fetches without an account, a person is asked: it may have come back under another id.
const PATIENT_FAILURES: u32 = 3;

/// What has become of one account of a fetch.
#[derive(Default)]
struct Account {
    /// Whether all windows so far had a list of its rows.
    has_rows: bool,
    /// Whether that is all that there is.
    is_whole: bool,
    balances: Vec<FetchedBalance>,
    /// What is wrong with it.
    fault: Option<Fault>,
}

pub(super) async fn fetch(client: &Client<'_>, plan: &FetchPlan, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
    let Some(first) = plan.accounts.first() else { return Ok(()) };
    sink.accept(&first.provider_account_id, FetchEvent::Step(AccountStep::Rows)).await?;
    let from = plan.accounts.iter().map(|request| request.from).min().unwrap_or(first.from);
    let today = client.cx.ambient.now().to_zoned(TimeZone::UTC).date();
    let mut windows = Windows::new(from, today);
    let mut accounts: Vec<Account> = Vec::new();
    let mut refused = None;
    while let Some(window) = windows.next() {
        let body = client.accounts(&window.query()).await?;
        let answer = Answer::read(&body)?;
        let capped = errors::capped(&answer);
        if capped.is_some_and(|days| windows.shorten(days)) {
            tracing::warn!(?capped, "a window was cut, so shorter ones are asked for");
            continue;
        }
        refused = refused.or(errors::access(&answer));
        if window.is_newest {
            accounts = plan.accounts.iter().map(|request| newest(client, &answer, request)).collect();
        }
        let mut is_empty = true;
        for (place, (request, account)) in plan.accounts.iter().zip(&mut accounts).enumerate() {
            if !window.is_newest && request.from >= window.end {
                continue;
            }
            if window.is_newest && place > 0 {
                sink.accept(&request.provider_account_id, FetchEvent::Step(AccountStep::Rows)).await?;
            }
            let rows = rows(client, &answer, request, account, &window);
            is_empty &= !rows.iter().any(|row| row.status == RowStatus::Booked);
            sink.accept(&request.provider_account_id, FetchEvent::Rows(rows)).await?;
        }
        windows.came(&window, is_empty);
    }
    for (request, account) in plan.accounts.iter().zip(accounts) {
        end(sink, request, account, windows.is_cut(request.from)).await?;
    }
    match refused {
        Some(fault) => Err(fault.into()),
        None => Ok(()),
    }
}

/// What the newest answer says of an account.
fn newest(client: &Client<'_>, answer: &Answer<'_>, request: &AccountRequest) -> Account {
    let Some(account) = answer.account(&request.provider_account_id) else {
        return Account { fault: Some(missing(request.failures_before)), ..Account::default() };
    };
    let currency = accounts::currency(account, client.cx.currencies);
    let balances = currency.map(|currency| accounts::balances(account, currency)).unwrap_or_default();
    Account { has_rows: true, is_whole: true, balances, fault: None }
}

/// An account that is not listed is not closed by that: it is reported, and stays linked.
fn missing(failures_before: u32) -> Fault {
    let message = "SimpleFIN does not list this account at the moment. It stays linked.";
    if failures_before < PATIENT_FAILURES {
        return Fault::new(FaultClass::RetryLater, "simplefin.account_missing", message);
    }
    Fault::new(FaultClass::NeedsUser, "simplefin.account_missing", message).with_action(UserAction::Renew)
}

/// The rows of an account in an answer that are asked for, and what the answer says is wrong with it. Pending ones of whichever day
/// are wanted, booked ones from the first day on.
fn rows(
    client: &Client<'_>,
    answer: &Answer<'_>,
    request: &AccountRequest,
    account: &mut Account,
    window: &Window,
) -> Vec<RawRow> {
    let Some(listed) = answer.account(&request.provider_account_id) else {
        account.has_rows = false;
        return Vec::new();
    };
    if let Some(told) = errors::of_account(answer, listed) {
        account.is_whole = false;
        let fault = || errors::fault(&told, &bank_of(answer, listed).name, &client.server());
        account.fault = account.fault.take().or_else(|| Some(fault()));
    }
    account.has_rows &= listed.transactions.is_some();
    listed.transactions.iter().flatten().filter_map(|raw| wanted(raw, request.from, window)).collect()
}

fn wanted(raw: &RawValue, from: Date, window: &Window) -> Option<RawRow> {
    let bytes = raw.get().as_bytes().to_vec();
    let (status, day) = map::arriving(&bytes);
    let is_wanted = match status {
        RowStatus::Booked => day.is_none_or(|day| day >= from),
        // An older window may show them again although it does not ask for them.
        RowStatus::Pending | RowStatus::Scheduled | RowStatus::Declined => window.is_newest,
    };
    is_wanted.then_some(RawRow { status, bytes })
}

async fn end(sink: &mut dyn Sink, request: &AccountRequest, account: Account, is_cut: bool) -> Result<(), FetchEnd> {
    let id = &request.provider_account_id;
    if account.has_rows {
        let ended =
            FetchEvent::RowsEnd { booked_complete: account.is_whole && !is_cut, pending_complete: account.is_whole };
        sink.accept(id, ended).await?;
        sink.accept(id, FetchEvent::Step(AccountStep::Balance)).await?;
        sink.accept(id, FetchEvent::Balances(account.balances)).await?;
    }
    let fault = match (account.fault, account.has_rows) {
        (Some(fault), _) => Some(fault),
        (None, false) => {
            Some(super::problem::later("simplefin.no_rows", "SimpleFIN sent no transactions of this account."))
        }
        (None, true) => None,
    };
    if let Some(fault) = fault {
        sink.accept(id, FetchEvent::Fault(fault)).await?;
    }
    Ok(())
}
