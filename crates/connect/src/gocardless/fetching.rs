//! Fetching: transactions, then balances, account by account. What came is kept whatever comes after it.

use std::slice::Iter;
use std::time::Duration;

use bankside_domain::fault::FaultClass;
use bankside_domain::run::AccountStep;
use jiff::tz::TimeZone;

use super::accounts::balances;
use super::client::{Client, Resource, parse};
use super::connecting::Remote;
use super::map::keeps;
use super::running;
use super::{problem, wire};
use crate::connector::{FetchEnd, LEDGER};
use crate::fault::Fault;
use crate::fetch::{AccountRequest, FetchEvent, FetchPlan, Sink};
use crate::http::UNREACHABLE;
use crate::step::RemoteRef;

/// How long a fetch waits for accounts that are being prepared, between one look and the next; all accounts share these.
const PROCESSING_PAUSES_SECS: [u64; 6] = [1, 2, 4, 8, 15, 30];
/// After so many failures in a row the account itself is looked at: GoCardless suspends it after ten.
const FAILURES_BEFORE_A_LOOK: u32 = 2;

pub(super) async fn fetch(
    client: &Client<'_>,
    remote: &RemoteRef,
    plan: &FetchPlan,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    Remote::read(remote)?;
    let mut pauses = PROCESSING_PAUSES_SECS.iter();
    for request in &plan.accounts {
        let id = &request.provider_account_id;
        match fetch_account(client, &plan.institution_key, request, &mut pauses, sink).await {
            Err(FetchEnd::Fault(fault)) if concerns_all(&fault) => return Err(fault.into()),
            Err(FetchEnd::Fault(fault)) => sink.accept(id, FetchEvent::Fault(fault)).await?,
            result => result?,
        }
    }
    Ok(())
}

/// A fault of the keys, the consent, a limit of all or the way there meets every account alike.
fn concerns_all(fault: &Fault) -> bool {
    match fault.class() {
        FaultClass::NeedsOperator => true,
        FaultClass::NeedsUser => fault.code() == problem::CONSENT_ENDED,
        FaultClass::RateLimited => fault.code() == problem::GENERAL_LIMIT,
        // An answer that is late or breaks off is one account's: its rows may be many.
        FaultClass::RetryLater => matches!(fault.code(), UNREACHABLE | LEDGER | problem::INVALID_TOKEN),
        _ => false,
    }
}

async fn fetch_account(
    client: &Client<'_>,
    institution_key: &str,
    request: &AccountRequest,
    pauses: &mut Iter<'_, u64>,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    let id = request.provider_account_id.as_str();
    sink.accept(id, FetchEvent::Step(AccountStep::Rows)).await?;
    let body = transactions(client, request, pauses).await?;
    let answer: wire::TransactionsAnswer<'_> = parse(&body)?;
    let mut received = answer.transactions.rows();
    // What a bank sends as pending and is nothing is not kept: it has no id, and is another tomorrow.
    received.retain(|raw| keeps(institution_key, raw));
    let running = running::before_the_oldest(institution_key, &received, client.cx.currencies);
    sink.accept(id, FetchEvent::Rows(received)).await?;
    // The answer is not paged. A bank that sends no pending rows has none to show.
    sink.accept(id, FetchEvent::RowsEnd { booked_complete: true, pending_complete: true }).await?;

    sink.accept(id, FetchEvent::Step(AccountStep::Balance)).await?;
    match client.account_data(id, Resource::Balances, &[]).await {
        Ok(body) => {
            let stated = running::complete(balances(client, institution_key, &body)?, running);
            sink.accept(id, FetchEvent::Balances(stated)).await?;
        }
        // Some accounts have no balance to give; that is no fault of the sync.
        Err(fault) if fault.class() == FaultClass::Unsupported => {}
        Err(fault) => return Err(fault.into()),
    }
    Ok(())
}

async fn transactions(
    client: &Client<'_>,
    request: &AccountRequest,
    pauses: &mut Iter<'_, u64>,
) -> Result<Vec<u8>, Fault> {
    let id = request.provider_account_id.as_str();
    // No last day: one in the provider's future is refused, and clocks differ. The first day is no later than today where the
    // provider counts, in UTC: at the bank it may be tomorrow already.
    let today = client.cx.ambient.now().to_zoned(TimeZone::UTC).date();
    let query = [("date_from", request.from.min(today).to_string())];
    let answer = match client.account_data(id, Resource::Transactions, &query).await {
        Err(fault) if fault.code() == problem::PROCESSING => {
            wait_until_ready(client, id, fault, pauses).await?;
            client.account_data(id, Resource::Transactions, &query).await
        }
        answer => answer,
    };
    match answer {
        Err(fault) if fails_at_the_bank(&fault) && request.failures_before >= FAILURES_BEFORE_A_LOOK => {
            Err(look_closer(client, id, fault).await)
        }
        answer => answer,
    }
}

/// Looks at the account's metadata, which costs nothing of its daily limit, until its data can be had. When the pauses are
/// used up the fault is the answer, and a later sync asks again.
async fn wait_until_ready(
    client: &Client<'_>,
    id: &str,
    mut fault: Fault,
    pauses: &mut Iter<'_, u64>,
) -> Result<(), Fault> {
    while fault.code() == problem::PROCESSING {
        let Some(secs) = pauses.next() else { return Err(fault) };
        client.cx.http.pause(Duration::from_secs(*secs)).await;
        match standing(client, id).await? {
            None => return Ok(()),
            Some(other) => fault = other,
        }
    }
    Err(fault)
}

/// What keeps an account from being read, if its metadata say so.
async fn standing(client: &Client<'_>, id: &str) -> Result<Option<Fault>, Fault> {
    let metadata: wire::AccountMetadata = client.get(client.url(&["accounts", id])?, "accounts/id").await?;
    Ok(problem::of_account(metadata.status.as_deref(), client.cx.ambient.now()))
}

/// A failure that GoCardless counts towards suspending the account.
fn fails_at_the_bank(fault: &Fault) -> bool {
    fault.class() == FaultClass::RetryLater && fault.http_status().is_some_and(|status| status >= 500)
}

/// What the account's metadata make of a failure that comes again and again.
async fn look_closer(client: &Client<'_>, id: &str, fault: Fault) -> Fault {
    match standing(client, id).await {
        Ok(Some(standing)) if standing.class() != FaultClass::Busy => standing,
        _ => fault,
    }
}
