//! Fetching: the item, then account by account transactions and balance. What came is kept whatever comes after it,
//! and an item that could not be read anew still shows what it had.

use std::collections::HashSet;

use bankside_domain::CurrencyCode;
use bankside_domain::bill::Bill;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::RowStatus;
use bankside_domain::run::AccountStep;
use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};
use serde_json::value::RawValue;
use url::form_urlencoded;

use super::client::{Client, parse};
use super::item::Standing;
use super::map::Arriving;
use super::wire::{CursorPage, Item, NumberedPage};
use super::{Remote, accounts, bills, item, map, problem, time_zone};
use crate::connector::{FetchEnd, LEDGER};
use crate::fault::Fault;
use crate::fetch::{AccountRequest, FetchEvent, FetchPlan, RawRow, Sink};
use crate::http::UNREACHABLE;
use crate::step::RemoteRef;

/// Rows of a card stay pending until its bill is closed (fact sheet §6), so rows are looked for this far back,
/// whatever the window is: pending ones before it would seem to have vanished otherwise.
const PENDING_DAYS: i64 = 60;
/// The first reading of an item takes less.
const FIRST_READING_HOURS: i64 = 24;
/// Pages of 500 rows; no account has more.
const MAX_PAGES: usize = 400;
/// The most rows that there may be on a page of the old endpoint (fact sheet §1).
const PAGE_SIZE: &str = "500";

/// Fetches what the plan asks for. A fault of the item is told after everything that it still shows.
pub(super) async fn fetch(
    client: &Client<'_>,
    remote: &RemoteRef,
    plan: &FetchPlan,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    let item = client.item(&Remote::read(remote)?.item).await?;
    let standing = item::fault(&item, client.cx.ambient.now());
    match standing {
        Some(fault) if fault.class() == FaultClass::Busy => return Err(fault.into()),
        _ => {}
    }
    for request in &plan.accounts {
        match fetch_account(client, &item, request, sink).await {
            Err(FetchEnd::Fault(fault)) if concerns_all(&fault) => return Err(fault.into()),
            Err(FetchEnd::Fault(fault)) => sink.accept(&request.provider_account_id, FetchEvent::Fault(fault)).await?,
            result => result?,
        }
    }
    match standing {
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
        FaultClass::RetryLater => matches!(fault.code(), UNREACHABLE | LEDGER | problem::KEY_REFUSED),
        _ => false,
    }
}

async fn fetch_account(
    client: &Client<'_>,
    item: &Item,
    request: &AccountRequest,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    let id = request.provider_account_id.as_str();
    sink.accept(id, FetchEvent::Step(AccountStep::Rows)).await?;
    fetch_rows(client, item, request, sink).await?;
    // While Pluggy reads the bank, rows go and come again under other ids (fact sheet §0.6).
    let is_still = item::standing(item) != Standing::Reading;
    sink.accept(id, FetchEvent::RowsEnd { booked_complete: is_still, pending_complete: is_still }).await?;
    sink.accept(id, FetchEvent::Step(AccountStep::Balance)).await?;
    let account = accounts::one(client, id).await.map_err(of_account)?;
    let currency = accounts::row_account(&account).and_then(|row| client.cx.currencies.get(&row.currency));
    sink.accept(id, FetchEvent::Balances(accounts::balances(currency, &account))).await?;
    if let Some(fault) = item::left_out(item, account.is_card()) {
        sink.accept(id, FetchEvent::Fault(fault)).await?;
    }
    if let Some(row) = accounts::row_account(&account).filter(|_| account.is_card()) {
        sink.accept(id, FetchEvent::Bills(bills_of(client, id, row.currency).await?)).await?;
    }
    Ok(())
}

/// The bills of a card; none where Pluggy lists none for this bank.
async fn bills_of(client: &Client<'_>, id: &str, own: CurrencyCode) -> Result<Vec<Bill>, Fault> {
    match bills::of_card(client, id, own).await {
        Err(fault) if fault.code() == problem::NOT_FOUND => Ok(Vec::new()),
        result => result,
    }
}

/// An account whose item is there, but which is not, was closed or is not shared any more.
fn of_account(fault: Fault) -> Fault {
    if fault.code() != problem::NOT_FOUND {
        return fault;
    }
    let message = "Pluggy does not show this account any more.";
    Fault::new(FaultClass::Gone, "pluggy.account_gone", message)
        .with_status(fault.http_status().unwrap_or_default())
        .with_reference(fault.record().reference.clone())
}

/// Which rows of an answer are wanted.
struct Wanted {
    /// From which day on booked rows are.
    from: Date,
    /// Booked rows from before that are too, if Pluggy has made or changed them since: those of a bill that was
    /// closed, which were pending before, and those that came late (fact sheet §6). What came with the first reading
    /// of the item is no news.
    since: Option<Timestamp>,
    /// From which day on rows are asked for.
    asked_from: Date,
    /// Today at the bank.
    today: Date,
}

impl Wanted {
    fn of(client: &Client<'_>, item: &Item, from: Date) -> Self {
        let zone = time_zone();
        let today = client.cx.ambient.now().to_zoned(zone.clone()).date();
        let asked_from = from.min(today.saturating_sub(Span::new().days(PENDING_DAYS)));
        let read_at =
            item.created_at.and_then(|at| at.checked_add(SignedDuration::from_hours(FIRST_READING_HOURS)).ok());
        let since = from.to_zoned(zone).ok().map(|midnight| midnight.timestamp());
        Self { from, since: since.map(|since| read_at.map_or(since, |at| at.max(since))), asked_from, today }
    }

    /// The wanted rows of a page, as they came. Pluggy goes by UTC and we by the bank's days, so that the last hours
    /// of the day before come too; they are left out with the other booked rows from before the window.
    fn rows(&self, page: &[&RawValue]) -> Vec<RawRow> {
        let zone = time_zone();
        let read = |row: &&RawValue| {
            let bytes = row.get().as_bytes().to_vec();
            let Arriving { status, day, changed_at } = map::arriving(&bytes, self.today, &zone);
            let is_within = day.is_none_or(|day| day >= self.from);
            let is_news = self.since.zip(changed_at).is_some_and(|(since, changed_at)| changed_at >= since);
            (status != RowStatus::Booked || is_within || is_news).then_some(RawRow { status, bytes })
        };
        page.iter().filter_map(read).collect()
    }
}

async fn fetch_rows(
    client: &Client<'_>,
    item: &Item,
    request: &AccountRequest,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    let wanted = Wanted::of(client, item, request.from);
    match by_cursor(client, &request.provider_account_id, &wanted, sink).await {
        Err(FetchEnd::Fault(absent)) if absent.code() == problem::NOT_FOUND => {
            // Either the account is gone, or an older installation of the service has the old endpoint alone.
            match by_number(client, &request.provider_account_id, &wanted, sink).await {
                Err(FetchEnd::Fault(fault)) if matches!(fault.code(), problem::NOT_FOUND | problem::SWITCHED_OFF) => {
                    Err(of_account(absent).into())
                }
                result => result,
            }
        }
        result => result,
    }
}

/// `GET /v2/transactions`: the cursor of each page is sent again with the same filters (fact sheet §1 and §6).
async fn by_cursor(client: &Client<'_>, id: &str, wanted: &Wanted, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
    let from = wanted.asked_from.to_string();
    let mut cursors = HashSet::new();
    let mut after: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let mut query = vec![("accountId", id), ("dateFrom", from.as_str())];
        query.extend(after.as_deref().map(|after| ("after", after)));
        let body = client.get(&["v2", "transactions"], &query, "v2/transactions").await?;
        let page: CursorPage<'_> = parse(&body)?;
        sink.accept(id, FetchEvent::Rows(wanted.rows(&page.results))).await?;
        let Some(next) = &page.next else { return Ok(()) };
        let cursor = cursor_in(next).ok_or_else(|| {
            Fault::new(FaultClass::Bug, "pluggy.no_cursor", "Pluggy says that more rows follow, but not where.")
        })?;
        if !cursors.insert(cursor.clone()) {
            let message = "Pluggy leads from page to page in a circle, so the rows may not be complete.";
            return Err(Fault::new(FaultClass::Bug, "pluggy.cursor_loop", message).into());
        }
        after = Some(cursor);
    }
    Err(endless().into())
}

/// `GET /transactions`, page by page. Only where there is no other: most keys get 410 for it (fact sheet §0.1).
async fn by_number(client: &Client<'_>, id: &str, wanted: &Wanted, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
    let from = wanted.asked_from.to_string();
    for number in 1..=MAX_PAGES {
        let number_text = number.to_string();
        let query =
            [("accountId", id), ("from", from.as_str()), ("page", number_text.as_str()), ("pageSize", PAGE_SIZE)];
        let body = client.get(&["transactions"], &query, "transactions").await?;
        let page: NumberedPage<'_> = parse(&body)?;
        sink.accept(id, FetchEvent::Rows(wanted.rows(&page.results))).await?;
        let pages = page.total_pages.and_then(|pages| usize::try_from(pages).ok());
        // An empty list has no page or one, and one that does not say how many it has ends with an empty one.
        if page.results.is_empty() || pages.is_some_and(|pages| number >= pages) {
            return Ok(());
        }
    }
    Err(endless().into())
}

fn endless() -> Fault {
    Fault::new(FaultClass::Bug, "pluggy.endless_rows", "The list of rows at Pluggy does not end.")
}

/// The cursor in `next`, which is a bare query or a whole address. It is base64, in which a space can only be a `+`
/// that was not escaped.
fn cursor_in(next: &str) -> Option<String> {
    let query = next.split_once('?').map_or(next, |(_, query)| query);
    let (_, cursor) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "after")?;
    (!cursor.is_empty()).then(|| cursor.replace(' ', "+"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_read_from_queries_and_addresses() {
        for (next, cursor) in [
            ("?accountId=x&after=eyJpZCI6MX0%3D", Some("eyJpZCI6MX0=")),
            ("accountId=x&after=a%2Bb%2F", Some("a+b/")),
            ("https://api.pluggy.ai/v2/transactions?after=a+b", Some("a+b")),
            ("?accountId=x", None),
            ("?after=", None),
            ("", None),
        ] {
            assert_eq!(cursor_in(next).as_deref(), cursor, "{next}");
        }
    }
}
