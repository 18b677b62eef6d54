//! Fetching: the bank is read anew where that can be, then come the rows and balances that Sophtron has, account by account.
//! What came is kept whatever comes after it.

use bankside_domain::CurrencyCode;
use bankside_domain::fault::{FaultClass, UserAction};
use bankside_domain::quota::Presence;
use bankside_domain::row::RowStatus;
use bankside_domain::run::AccountStep;
use jiff::Span;
use jiff::tz::TimeZone;
use serde_json::json;
use serde_json::value::RawValue;

use super::accounts::{self, Money, money};
use super::client::{Client, list};
use super::institutions::country_of;
use super::json::Object;
use super::owed::Owed;
use super::problem;
use super::refreshing::{Stale, refresh};
use super::remote::Remote;
use super::wire::{AccountRow, TransactionRow};
use crate::connector::FetchEnd;
use crate::fault::Fault;
use crate::fetch::{AccountRequest, FetchEvent, FetchPlan, FetchedBalance, RawRow, Sink};
use crate::step::RemoteRef;
use crate::zones;

/// Sophtron's windows go by the day of the transaction and ours by the day it was posted, which is a few days later.
const DAYS_UNTIL_POSTED: i64 = 7;

pub(super) async fn fetch(
    client: &Client<'_>,
    remote: &RemoteRef,
    plan: &FetchPlan,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    let remote = Remote::read(remote)?;
    let Some(first) = plan.accounts.first() else { return Ok(()) };
    sink.accept(&first.provider_account_id, FetchEvent::Step(AccountStep::Rows)).await?;
    let stale = refresh(client, &remote).await?;
    let listed = match accounts::list_of(client, &remote.login).await {
        Ok(rows) => Ok(rows),
        Err(fault) if fault.code() == problem::NOT_FOUND => return Err(problem::login_gone().into()),
        Err(fault) if problem::concerns_all(&fault) => return Err(fault.into()),
        // Rows can be read all the same.
        Err(fault) => Err(Stale::NotAsked(fault)),
    };
    for request in &plan.accounts {
        let id = &request.provider_account_id;
        let all = All {
            stale: stale.as_ref(),
            listed: listed.as_deref(),
            institution_key: &plan.institution_key,
            dollar: remote.dollar,
            owed: &remote.owed,
            presence: plan.presence,
        };
        match fetch_account(client, &all, request, sink).await {
            Err(FetchEnd::Fault(fault)) if problem::concerns_all(&fault) => return Err(fault.into()),
            Err(FetchEnd::Fault(fault)) => sink.accept(id, FetchEvent::Fault(fault)).await?,
            result => result?,
        }
    }
    Ok(())
}

/// What is known of all accounts of a fetch.
struct All<'a> {
    stale: Option<&'a Stale>,
    listed: Result<&'a [AccountRow], &'a Stale>,
    institution_key: &'a str,
    dollar: Option<CurrencyCode>,
    owed: &'a Owed,
    presence: Presence,
}

async fn fetch_account(
    client: &Client<'_>,
    all: &All<'_>,
    request: &AccountRequest,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    let id = request.provider_account_id.as_str();
    let account = match all.listed {
        Ok(rows) => Some(rows.iter().find(|row| row.id == id).ok_or_else(not_there)?),
        Err(_) => None,
    };
    if account.is_some_and(|account| !account.is_tracked) {
        return Err(untracked().into());
    }
    sink.accept(id, FetchEvent::Step(AccountStep::Rows)).await?;
    sink.accept(id, FetchEvent::Rows(rows(client, all.institution_key, request).await?)).await?;
    let is_whole = !all.stale.is_some_and(Stale::is_partial);
    sink.accept(id, FetchEvent::RowsEnd { booked_complete: is_whole, pending_complete: is_whole }).await?;

    sink.accept(id, FetchEvent::Step(AccountStep::Balance)).await?;
    if let Some(account) = account {
        sink.accept(id, FetchEvent::Balances(balances(client, account, all))).await?;
    }
    let as_of = account.and_then(|account| account.updated_on);
    let today = client.cx.ambient.now().to_zoned(TimeZone::UTC).date();
    let told = all.stale.filter(|stale| !stale.is_expected(all.presence, as_of, today)).or(all.listed.err());
    match told.map(|stale| stale.fault(as_of)) {
        // Without balances an account has still its rows.
        Some(fault) if fault.class() == FaultClass::Unsupported => Ok(()),
        Some(fault) => Err(fault.into()),
        None => Ok(()),
    }
}

/// The rows of an account from a day on, as they came.
async fn rows(client: &Client<'_>, institution_key: &str, request: &AccountRequest) -> Result<Vec<RawRow>, Fault> {
    let tomorrow = client.cx.ambient.now().to_zoned(TimeZone::UTC).date().saturating_add(Span::new().days(1));
    let since = request.from.saturating_sub(Span::new().days(DAYS_UNTIL_POSTED)).min(tomorrow);
    let body = json!({
        "AccountID": request.provider_account_id,
        "StartDate": since.to_string(),
        // The last day is part of the answer, and at the bank it may be tomorrow already.
        "EndDate": tomorrow.to_string(),
    });
    let answer = client.post("Transaction/GetTransactionsByTransactionDate", &body).await?;
    let zone = zones::of_country(country_of(institution_key).unwrap_or_default());
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    // What is pending has no day yet that could lie before the window.
    let is_asked_for = |raw: &RawRow| {
        let Some(object) = Object::read(&raw.bytes) else { return true };
        let (posted, transacted) = TransactionRow::read(&object).days(&zone);
        raw.status == RowStatus::Pending || posted.or(transacted).is_none_or(|day| day >= request.from)
    };
    Ok(list(&answer)?.into_iter().map(raw_row).filter(is_asked_for).collect())
}

/// A row as it came, with how far the bank has got.
pub(super) fn raw_row(raw: &RawValue) -> RawRow {
    let is_pending = Object::of(raw).is_some_and(|object| TransactionRow::read(&object).is_pending);
    let status = if is_pending { RowStatus::Pending } else { RowStatus::Booked };
    RawRow { status, bytes: raw.get().as_bytes().to_vec() }
}

/// The balances of an account whose currency is known.
fn balances(client: &Client<'_>, account: &AccountRow, all: &All<'_>) -> Vec<FetchedBalance> {
    match money(account.currency.as_deref(), all.dollar) {
        Money::Of(code) => match client.cx.currencies.get(&code) {
            Some(currency) => accounts::balances(account, *currency, all.owed),
            None => Vec::new(),
        },
        Money::Dollars | Money::Unknown => Vec::new(),
    }
}

fn not_there() -> Fault {
    let message = "Sophtron does not list this account any more. It may have been closed.";
    Fault::new(FaultClass::Gone, "sophtron.account_gone", message)
}

fn untracked() -> Fault {
    let what = "Have the account tracked again in your account at Sophtron.".to_owned();
    Fault::new(FaultClass::NeedsUser, "sophtron.untracked", "Sophtron does not track this account any more.")
        .with_action(UserAction::ActAtBank(what))
}
