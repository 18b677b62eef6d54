//! Fetching: transactions, then balances, account by account. What came is kept whatever comes after it.

use bankside_domain::fault::FaultClass;
use bankside_domain::run::AccountStep;
use jiff::tz::TimeZone;

use super::accounts::balances;
use super::client::{Client, Resource, parse};
use super::connecting::Remote;
use super::map::keeps;
use super::wire;
use crate::connector::FetchEnd;
use crate::fault::Fault;
use crate::fetch::{AccountRequest, FetchEvent, FetchPlan, Sink};
use crate::step::RemoteRef;

pub(super) async fn fetch(
    client: &Client<'_>,
    remote: &RemoteRef,
    plan: &FetchPlan,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    Remote::read(remote)?;
    for request in &plan.accounts {
        let id = &request.provider_account_id;
        match fetch_account(client, &plan.institution_key, request, sink).await {
            Err(FetchEnd::Fault(fault)) if concerns_all(&fault) => return Err(fault.into()),
            Err(FetchEnd::Fault(fault)) => sink.accept(id, FetchEvent::Fault(fault)).await?,
            result => result?,
        }
    }
    Ok(())
}

/// A fault of the keys, the consent or the way there meets every account alike.
fn concerns_all(fault: &Fault) -> bool {
    match fault.class() {
        FaultClass::NeedsOperator => true,
        FaultClass::NeedsUser => fault.code() == "gocardless.consent_ended",
        FaultClass::RetryLater => fault.http_status().is_none(),
        _ => false,
    }
}

async fn fetch_account(
    client: &Client<'_>,
    institution_key: &str,
    request: &AccountRequest,
    sink: &mut dyn Sink,
) -> Result<(), FetchEnd> {
    let id = request.provider_account_id.as_str();
    sink.accept(id, FetchEvent::Step(AccountStep::Rows)).await?;
    // No last day: one in the provider's future is refused, and clocks differ. The first day is no later than today where the
    // provider counts, in UTC: at the bank it may be tomorrow already.
    let today = client.cx.ambient.now().to_zoned(TimeZone::UTC).date();
    let query = [("date_from", request.from.min(today).to_string())];
    let body = client.account_data(id, Resource::Transactions, &query).await?;
    let answer: wire::TransactionsAnswer<'_> = parse(&body)?;
    let mut received = answer.transactions.rows();
    // What a bank sends as pending and is nothing is not kept: it has no id, and is another tomorrow.
    received.retain(|raw| keeps(institution_key, raw));
    sink.accept(id, FetchEvent::Rows(received)).await?;
    // The answer is not paged. A bank that sends no pending rows has none to show.
    sink.accept(id, FetchEvent::RowsEnd { booked_complete: true, pending_complete: true }).await?;

    sink.accept(id, FetchEvent::Step(AccountStep::Balance)).await?;
    match client.account_data(id, Resource::Balances, &[]).await {
        Ok(body) => sink.accept(id, FetchEvent::Balances(balances(client, institution_key, &body)?)).await?,
        // Some accounts have no balance to give; that is no fault of the sync.
        Err(fault) if fault.class() == FaultClass::Unsupported => {}
        Err(fault) => return Err(fault.into()),
    }
    Ok(())
}
