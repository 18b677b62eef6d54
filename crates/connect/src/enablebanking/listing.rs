//! Listing the accounts of a session: which there are costs nothing, and their balances one read of each. Source: sections 4 and 5 of
//! the fact sheet.

use bankside_domain::fault::FaultClass;

use super::accounts::balances;
use super::client::{Client, Resource};
use super::problem;
use super::session::{self, Remote};
use crate::connector::Known;
use crate::fault::Fault;
use crate::step::{RemoteRef, Shown, ShownAccount};

pub(super) async fn shown(client: Client<'_>, remote: &RemoteRef, known: &Known<'_>) -> Result<Shown, Fault> {
    let remote = Remote::read(remote)?;
    let client = &client.told_of_person(&remote.psu_headers);
    let Some(session) = session::open(client, &remote.session).await? else { return Err(problem::consent_ended()) };
    let mut shown = Shown {
        valid_until: session.access.and_then(|access| access.valid_until),
        accounts: Vec::with_capacity(session.accounts.len()),
        unread: Vec::new(),
        held_back: None,
    };
    for id in session.accounts {
        // What an account is stands in the answer to the person's code alone, and not one comes after that.
        if !known.accounts.contains(&id) {
            shown.unread.push(id);
            continue;
        }
        let balances = match client.account_data(&id, Resource::Balances, &[], false).await {
            Ok(body) => balances(&body, client.cx.currencies)?,
            Err(fault) if is_of_all(&fault) => return Err(fault),
            Err(fault) => {
                shown.held_back.get_or_insert(fault);
                Vec::new()
            }
        };
        shown.accounts.push(ShownAccount::Named { provider_account_id: id, balances });
    }
    Ok(shown)
}

/// A fault of the application or the session meets every account alike.
fn is_of_all(fault: &Fault) -> bool {
    fault.class() == FaultClass::NeedsOperator || fault.code() == problem::CONSENT_ENDED
}
