//! Fetching: the bank is read anew, what that brings is waited for, and then come rows and balance, account by account. What came is kept
//! whatever comes after it, and a bank that could not be read anew still shows what it had. Source: sections 6 to 9 of the fact sheet.

use bankside_domain::fault::FaultClass;
use bankside_domain::row::RowStatus;
use bankside_domain::run::AccountStep;
use serde_json::value::RawValue;

use super::client::{Client, parse};
use super::wire::{Account, PendingTransactions, Transactions};
use super::{Remote, accounts, connection, map, problem, updating};
use crate::connector::{FetchEnd, KEEPSAKE, LEDGER};
use crate::fault::Fault;
use crate::fetch::{AccountRequest, FetchEvent, FetchPlan, RawRow, Sink};
use crate::http::UNREACHABLE;

/// The most rows that there may be on a page, and more pages than any account has.
const PER_PAGE: &str = "500";
const MAX_PAGES: i64 = 400;

pub(super) async fn fetch(
    client: &Client<'_>,
    remote: &Remote,
    plan: &FetchPlan,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    let Some(first) = plan.accounts.first() else { return Ok(()) };
    sink.accept(&first.provider_account_id, FetchEvent::Step(AccountStep::Rows)).await?;
    let id = remote.connection.as_str();
    let before = client.connection(id).await.map_err(connection::or_gone)?;
    let reread = updating::in_background(client, &before).await?;
    if reread.was_begun || !connection::is_ready(&before) || !connection::is_categorized(&before) {
        // Rows go and come while a bank is being read.
        updating::until_ready(client, id).await?;
    }
    for (place, request) in plan.accounts.iter().enumerate() {
        let account = &request.provider_account_id;
        if place > 0 {
            sink.accept(account, FetchEvent::Step(AccountStep::Rows)).await?;
        }
        match fetch_account(client, request, sink).await {
            Err(FetchEnd::Fault(fault)) if concerns_all(&fault) => return Err(fault.into()),
            Err(FetchEnd::Fault(fault)) => sink.accept(account, FetchEvent::Fault(of_account(fault))).await?,
            result => result?,
        }
    }
    match reread.fault {
        Some(fault) => Err(fault.into()),
        None => Ok(()),
    }
}

/// A fault of the keys, a limit of all or the way there meets every account alike.
fn concerns_all(fault: &Fault) -> bool {
    match fault.class() {
        FaultClass::NeedsOperator => true,
        FaultClass::RateLimited => fault.code() == problem::LIMITED,
        // An answer that is late or breaks off is one account's: its rows may be many.
        FaultClass::RetryLater => matches!(fault.code(), UNREACHABLE | LEDGER | KEEPSAKE | problem::TOKEN_REFUSED),
        _ => false,
    }
}

/// An account whose connection is there, but which is not, was closed.
fn of_account(fault: Fault) -> Fault {
    if fault.code() != problem::NOT_FOUND {
        return fault;
    }
    Fault::new(FaultClass::Gone, "finapi.account_gone", "finAPI does not show this account any more.")
        .with_status(fault.http_status().unwrap_or_default())
        .with_reference(fault.record().reference.clone())
}

async fn fetch_account(client: &Client<'_>, request: &AccountRequest, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
    let id = request.provider_account_id.as_str();
    booked(client, request, sink).await?;
    // Few banks send them; a refusal takes nothing away from what is booked.
    let pending = pending(client, id, sink).await;
    let (are_there, refused) = match pending {
        Ok(()) => (true, None),
        Err(FetchEnd::Fault(fault)) if concerns_all(&fault) => return Err(fault.into()),
        Err(FetchEnd::Fault(fault)) if fault.class() == FaultClass::Unsupported => (true, None),
        Err(FetchEnd::Fault(fault)) => (false, Some(fault)),
        Err(closed) => return Err(closed),
    };
    sink.accept(id, FetchEvent::RowsEnd { booked_complete: true, pending_complete: are_there }).await?;
    sink.accept(id, FetchEvent::Step(AccountStep::Balance)).await?;
    let account = accounts::one(client, id).await?;
    let currency = accounts::currency(&account, client.cx.currencies);
    let balances = currency.map(|currency| accounts::balances(&account, currency)).unwrap_or_default();
    sink.accept(id, FetchEvent::Balances(balances)).await?;
    if let Some(fault) = refused.or_else(|| left_out(&account)) {
        sink.accept(id, FetchEvent::Fault(fault)).await?;
    }
    Ok(())
}

/// What finAPI says of an account that it could not read with the others.
fn left_out(account: &Account) -> Option<Fault> {
    let has = |word: &str| account.interfaces.iter().any(|one| one.status.as_deref() == Some(word));
    let is_read =
        account.interfaces.iter().any(|one| one.status.as_deref().is_some_and(|word| word.starts_with("UPDATED")));
    (has("DOWNLOAD_FAILED") && !is_read).then(|| {
        let message = "finAPI could not read this account when it last tried. It tries again with the next sync.";
        Fault::new(FaultClass::Partial, "finapi.account_failed", message)
    })
}

/// Booked rows by the bank's own day, the oldest first, page by page.
async fn booked(client: &Client<'_>, request: &AccountRequest, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
    let id = request.provider_account_id.as_str();
    let from = request.from.to_string();
    for number in 1..=MAX_PAGES {
        let page = number.to_string();
        let query = [
            // Rows as the bank sent them: the other view shows what users have split.
            ("view", "bankView"),
            ("accountIds", id),
            ("minBankBookingDate", from.as_str()),
            ("order", "bankBookingDate,asc"),
            ("perPage", PER_PAGE),
            ("page", page.as_str()),
        ];
        let body = client.get(&["transactions"], &query, "transactions").await?;
        let answer: Transactions<'_> = parse(&body)?;
        let is_last = is_last(answer.paging.page_count, number, answer.transactions.is_empty());
        let wanted = |row: &RawRow| map::booked_on(&row.bytes).is_none_or(|day| day >= request.from);
        let rows = raw(&answer.transactions, RowStatus::Booked).filter(wanted).collect();
        sink.accept(id, FetchEvent::Rows(rows)).await?;
        if is_last {
            return Ok(());
        }
    }
    Err(endless().into())
}

async fn pending(client: &Client<'_>, id: &str, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
    for number in 1..=MAX_PAGES {
        let page = number.to_string();
        let query = [("accountIds", id), ("perPage", PER_PAGE), ("page", page.as_str())];
        let body = client.get(&["pendingTransactions"], &query, "pendingTransactions").await?;
        let answer: PendingTransactions<'_> = parse(&body)?;
        let is_last = is_last(answer.paging.page_count, number, answer.pending_transactions.is_empty());
        let rows: Vec<RawRow> = raw(&answer.pending_transactions, RowStatus::Pending).collect();
        if !rows.is_empty() {
            sink.accept(id, FetchEvent::Rows(rows)).await?;
        }
        if is_last {
            return Ok(());
        }
    }
    Err(endless().into())
}

/// A list that does not say how many pages it has ends with an empty one.
fn is_last(pages: Option<i64>, number: i64, is_empty: bool) -> bool {
    is_empty || pages.is_some_and(|pages| number >= pages)
}

fn raw<'r>(rows: &'r [&'r RawValue], status: RowStatus) -> impl Iterator<Item = RawRow> + 'r {
    rows.iter().map(move |row| RawRow { status, bytes: row.get().as_bytes().to_vec() })
}

fn endless() -> Fault {
    Fault::new(FaultClass::Bug, "finapi.endless_rows", "The list of rows at finAPI does not end.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_that_was_left_out_is_told() {
        let of = |interfaces: &str| {
            let account: Account = serde_json::from_str(&format!(r#"{{"id":1,"interfaces":[{interfaces}]}}"#)).unwrap();
            left_out(&account).map(|fault| fault.class())
        };
        assert_eq!(of(r#"{"status":"DOWNLOAD_FAILED"}"#), Some(FaultClass::Partial));
        assert_eq!(of(r#"{"status":"DOWNLOAD_FAILED"},{"status":"UPDATED_FIXED"}"#), None, "another way has read it");
        assert_eq!(of(r#"{"status":"DEPRECATED"}"#), None);
    }
}
