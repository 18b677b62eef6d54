//! Listing the accounts of a requisition: which there are costs nothing of their daily limits. The balances of those that are known cost
//! one call each; of others the details are asked for, too.

use bankside_domain::fault::FaultClass;

use super::accounts::{account, balances};
use super::client::{Client, Resource};
use super::connecting::{self, Remote};
use super::{consent, problem, wire};
use crate::connector::Known;
use crate::fault::Fault;
use crate::step::{RemoteRef, Shown, ShownAccount};

pub(super) async fn shown(client: &Client<'_>, remote: &RemoteRef, known: &Known<'_>) -> Result<Shown, Fault> {
    let requisition = match connecting::requisition(client, &Remote::read(remote)?.requisition).await {
        Err(fault) if fault.class() == FaultClass::Gone => return Err(problem::consent_ended()),
        read => read?,
    };
    if matches!(requisition.status.as_str(), "EX" | "SU") {
        return Err(problem::consent_ended());
    }
    let valid_until = match &requisition.agreement {
        Some(id) => consent::consent(&consent::agreement(client, id).await?, None).valid_until,
        None => None,
    };
    let mut shown = Shown { valid_until, accounts: Vec::new(), unread: Vec::new(), held_back: None };
    for id in &requisition.accounts {
        // An account that has ended says so itself, and keeps no other back.
        match one(client, id, known, &mut shown.held_back).await {
            Ok(account) => shown.accounts.push(account),
            Err(fault) if is_of_all(&fault) => return Err(fault),
            Err(fault) => {
                tracing::warn!(code = fault.code(), "an account of a connection cannot be read");
                shown.unread.push(id.clone());
                shown.held_back.get_or_insert(fault);
            }
        }
    }
    Ok(shown)
}

async fn one(
    client: &Client<'_>,
    id: &str,
    known: &Known<'_>,
    held_back: &mut Option<Fault>,
) -> Result<ShownAccount, Fault> {
    if !known.accounts.iter().any(|account| account == id) {
        let metadata = connecting::metadata(client, id).await?;
        if let Some(fault) = problem::of_account(metadata.status.as_deref(), client.cx.ambient.now()) {
            return Err(fault);
        }
        let row: wire::InstitutionRow =
            client.get(client.url(&["institutions", known.institution_key])?, "institutions/id").await?;
        let described = account(client, id, metadata, &connecting::institution(row)).await?;
        return Ok(ShownAccount::Described(Box::new(described)));
    }
    let balances = match client.account_data(id, Resource::Balances, &[]).await {
        Ok(body) => balances(client, known.institution_key, &body)?,
        // Some accounts have no balance to give.
        Err(fault) if fault.class() == FaultClass::Unsupported => Vec::new(),
        Err(fault) if is_of_all(&fault) => return Err(fault),
        Err(fault) => {
            held_back.get_or_insert(fault);
            Vec::new()
        }
    };
    Ok(ShownAccount::Named { provider_account_id: id.to_owned(), balances })
}

/// A fault of the keys, the consent, or a limit of all calls meets every account alike.
fn is_of_all(fault: &Fault) -> bool {
    fault.class() == FaultClass::NeedsOperator
        || matches!(fault.code(), problem::CONSENT_ENDED | problem::GENERAL_LIMIT | problem::INVALID_TOKEN)
}
