//! Connecting: a token is exchanged when it is typed, and everything that the access shows is taken up at once. Source: sections
//! 1 and 6 of the fact sheet.

use std::collections::BTreeMap;

use bankside_domain::consent::Consent;
use bankside_domain::fault::FaultClass;
use serde::{Deserialize, Serialize};

use super::access::Pasted;
use super::client::{Client, claim, pasted};
use super::wire::Answer;
use super::{ACCESS_URL, DESCRIPTOR, accounts, errors};
use crate::connector::{Checked, Cx, Intent};
use crate::fault::Fault;
use crate::step::{Connected, Institution, Login, RemoteRef, Step};

/// An access is one login, whichever banks hang on it, and also when another access takes its place.
const LOGIN: &str = "all";

/// What a connection needs beside the keys: nothing but which login it is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Remote {
    login: String,
}

/// Reads the reference of a connection.
pub(super) fn read(remote: &RemoteRef) -> Result<Remote, Fault> {
    serde_json::from_value(remote.0.clone()).map_err(|error| broken().with_source(error))
}

fn broken() -> Fault {
    Fault::new(FaultClass::Bug, "simplefin.remote", "The reference of this connection cannot be read.")
}

pub(super) fn login_of(remote: &RemoteRef) -> Option<String> {
    read(remote).ok().map(|remote| remote.login)
}

/// The one login that there is.
pub(super) fn login() -> Login {
    Login {
        key: LOGIN.to_owned(),
        name: Some(DESCRIPTOR.name.to_owned()),
        state: "All banks that are connected at SimpleFIN".to_owned(),
        updated_at: None,
        fault: None,
    }
}

/// Claims a token, or looks whether an access URL works. What a token was exchanged for is kept whatever comes then, for there is
/// no second time.
pub(super) async fn check(cx: &Cx<'_>) -> Result<Checked, Fault> {
    match pasted(cx)? {
        Pasted::Token(address) => {
            let access = claim(cx, address).await?;
            Ok(Checked::Exchanged(BTreeMap::from([(ACCESS_URL.to_owned(), access)])))
        }
        Pasted::Access(_) => {
            let body = Client::new(cx)?.accounts(&balances_only()).await?;
            match errors::access(&Answer::read(&body)?) {
                Some(refused) => Err(refused),
                None => Ok(Checked::AsTyped),
            }
        }
    }
}

fn balances_only() -> [(&'static str, String); 1] {
    [("balances-only", "1".to_owned())]
}

pub(super) async fn begin(cx: &Cx<'_>, intent: Intent<'_>) -> Result<Step, Fault> {
    match intent {
        Intent::New { .. } | Intent::Hosted { .. } => Err(Fault::no_such_way(DESCRIPTOR.name)),
        Intent::Adopt { login } if login != LOGIN => {
            Err(Fault::new(FaultClass::Bug, "simplefin.login", "There is no such login at SimpleFIN."))
        }
        Intent::Adopt { .. } => connected(&Client::new(cx)?).await,
        // Access never ends by itself; what a renewal brings is accounts that are new there.
        Intent::Renew { remote, .. } => {
            read(remote)?;
            connected(&Client::new(cx)?).await
        }
    }
}

/// Everything that the access shows at the moment. What is wrong with one bank keeps no other from being taken up; a sync tells it.
pub(super) async fn connected(client: &Client<'_>) -> Result<Step, Fault> {
    let body = client.accounts(&balances_only()).await?;
    let answer = Answer::read(&body)?;
    if let Some(refused) = errors::access(&answer) {
        return Err(refused);
    }
    let (mut infos, mut unread) = (Vec::new(), Vec::new());
    for account in &answer.accounts {
        if let Some(currency) = accounts::currency(account, client.cx.currencies) {
            infos.push(accounts::info(&answer, account, currency));
        } else {
            tracing::warn!("an account is in a currency that is not known here");
            unread.push(answer.key_of(account));
        }
    }
    if infos.is_empty() {
        let message = if unread.is_empty() && answer.unread == 0 {
            "SimpleFIN shows no accounts. Connect a bank there first."
        } else {
            "SimpleFIN shows no accounts that can be read here."
        };
        let fault = Fault::new(FaultClass::NeedsUser, "simplefin.no_accounts", message);
        return Ok(Step::Failed(fault.with_action(bankside_domain::fault::UserAction::Visit(client.server()))));
    }
    let remote =
        serde_json::to_value(Remote { login: LOGIN.to_owned() }).map_err(|error| broken().with_source(error))?;
    Ok(Step::Done(Box::new(Connected {
        remote: RemoteRef(remote),
        institution: Institution {
            key: DESCRIPTOR.id.to_owned(),
            name: DESCRIPTOR.name.to_owned(),
            bic: None,
            countries: Vec::new(),
            logo: None,
            max_history_days: None,
            max_consent_days: None,
        },
        // No country, so days are those of UTC.
        country: None,
        consent: Consent { given_at: None, valid_until: None },
        accounts: infos,
        unread,
    })))
}
