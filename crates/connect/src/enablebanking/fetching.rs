//! Fetching: the pages of the rows, then the balances, account by account. What came is kept whatever comes after it. Source: section 5 of
//! the fact sheet.

use std::collections::HashSet;

use bankside_domain::fault::FaultClass;
use bankside_domain::row::RowStatus;
use bankside_domain::run::AccountStep;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::accounts::balances;
use super::client::{Client, Resource, parse};
use super::map::arriving;
use super::period::Period;
use super::session::{self, Remote};
use super::{problem, wire};
use crate::connector::{FetchEnd, LEDGER};
use crate::fault::Fault;
use crate::fetch::{AccountRequest, FetchEvent, FetchPlan, RawRow, Sink};
use crate::http::UNREACHABLE;
use crate::step::RemoteRef;

/// No account has more pages.
const MAX_PAGES: usize = 500;

pub(super) async fn fetch(
    client: &Client<'_>,
    remote: &RemoteRef,
    plan: &FetchPlan,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    let remote = Remote::read(remote)?;
    for request in &plan.accounts {
        let fault = match fetch_account(client, request, sink).await {
            Err(FetchEnd::Fault(fault)) => looked_at(client, &remote, fault).await,
            result => {
                result?;
                continue;
            }
        };
        if concerns_all(&fault) {
            return Err(fault.into());
        }
        sink.accept(&request.provider_account_id, FetchEvent::Fault(fault)).await?;
    }
    Ok(())
}

/// Of an account that is not known it is asked whether its session is: only that says whether the others are affected.
async fn looked_at(client: &Client<'_>, remote: &Remote, fault: Fault) -> Fault {
    if fault.code() != problem::ACCOUNT_UNKNOWN {
        return fault;
    }
    match session::is_alive(client, &remote.session).await {
        Ok(true) => fault,
        Ok(false) => problem::consent_ended(),
        // Nobody knows, and it is asked again.
        Err(unknown) => unknown,
    }
}

/// A fault of the application, the session or the way there meets every account alike.
fn concerns_all(fault: &Fault) -> bool {
    match fault.class() {
        FaultClass::NeedsOperator => true,
        FaultClass::NeedsUser => fault.code() == problem::CONSENT_ENDED,
        FaultClass::RateLimited => fault.code() == problem::PACED,
        // An answer that is late or breaks off is one account's: its rows may be many.
        FaultClass::RetryLater => matches!(fault.code(), UNREACHABLE | LEDGER),
        _ => false,
    }
}

async fn fetch_account(client: &Client<'_>, request: &AccountRequest, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
    let id = request.provider_account_id.as_str();
    sink.accept(id, FetchEvent::Step(AccountStep::Rows)).await?;
    let (period, mut body) = first_page(client, request).await?;
    let query = period.query();
    let mut seen = HashSet::new();
    let mut broken = None;
    loop {
        let (rows, next) = read(&body, request.from)?;
        // An empty page, too: whoever takes no more says so then.
        sink.accept(id, FetchEvent::Rows(rows)).await?;
        let Some(key) = next else { break };
        if !seen.insert(key.clone()) || seen.len() >= MAX_PAGES {
            broken = Some(problem::endless());
            break;
        }
        // The same parameters on every page.
        let mut query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        query.push(("continuation_key", &key));
        match client.account_data(id, Resource::Transactions, &query, true).await {
            Ok(page) => body = page,
            Err(fault) if is_of_pages(&fault) => {
                broken = Some(problem::page_failed(fault));
                break;
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    let is_whole = broken.is_none();
    let ended = FetchEvent::RowsEnd { booked_complete: is_whole && !period.is_cut, pending_complete: is_whole };
    sink.accept(id, ended).await?;
    if let Some(fault) = broken {
        sink.accept(id, FetchEvent::Fault(fault)).await?;
    }
    sink.accept(id, FetchEvent::Step(AccountStep::Balance)).await?;
    let body = client.account_data(id, Resource::Balances, &[], false).await?;
    let stated = balances(&body, client.cx.currencies)?;
    sink.accept(id, FetchEvent::Balances(stated)).await?;
    Ok(())
}

/// Some banks refuse every page but the first (fact sheet, section 5); what else goes wrong is what it is.
fn is_of_pages(fault: &Fault) -> bool {
    matches!(fault.class(), FaultClass::Bug | FaultClass::Unsupported)
}

/// The first page, of the longest period that the bank takes.
async fn first_page(client: &Client<'_>, request: &AccountRequest) -> Result<(Period, Vec<u8>), Fault> {
    let today = client.cx.ambient.now().to_zoned(TimeZone::UTC).date();
    let mut period = Period::new(request.from, today);
    loop {
        let query = period.query();
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        match client.account_data(&request.provider_account_id, Resource::Transactions, &query, false).await {
            Ok(body) => return Ok((period, body)),
            Err(fault) if fault.code() == problem::PERIOD => match period.shorter(&fault) {
                Some(shorter) => period = shorter,
                None => return Err(fault),
            },
            Err(fault) => return Err(fault),
        }
    }
}

/// The rows of a page, and the key of the next one. Booked rows from before the first day are left out, which some banks send.
fn read(body: &[u8], from: Date) -> Result<(Vec<RawRow>, Option<String>), Fault> {
    let page: wire::Page<'_> = parse(body)?;
    let wanted = |bytes: Vec<u8>| {
        let (status, day) = arriving(&bytes);
        let is_early = status == RowStatus::Booked && day.is_some_and(|day| day < from);
        (!is_early).then_some(RawRow { status, bytes })
    };
    let rows = page.transactions.iter().filter_map(|row| wanted(row.get().as_bytes().to_vec())).collect();
    Ok((rows, page.next().map(str::to_owned)))
}
