//! Accounts (fact sheet §8), which are not paged.

use axum::Json;
use axum::extract::{Extension, State};
use serde_json::{Value, json};

use super::banks;
use super::download::{self, Shown};
use super::fields::{PathNumber, Query};
use super::gate::Reach;
use super::problem::Problem;
use super::records::{Account, Connection, Records};
use super::wire;
use crate::banks::Card;
use crate::{Sandbox, SandboxError};

/// An account with its card and what is shown of it.
pub(super) struct Open<'a> {
    pub(super) connection: u64,
    pub(super) account: &'a Account,
    card: Card,
    interface: &'static str,
    pub(super) shown: Shown,
}

impl Open<'_> {
    fn wire(&self) -> Value {
        wire::account(self.account.id, self.connection, self.interface, self.account, &self.card, &self.shown)
    }
}

/// Opens an account; `None` where its bank does not have it any more.
pub(super) fn open<'a>(
    records: &Records,
    number: u64,
    connection: &'a Connection,
    account: &'a Account,
) -> Result<Option<Open<'a>>, Problem> {
    let Some(bank) = banks::find(connection.bank) else { return Ok(None) };
    let cards = bank.cards(records.opened.contains(&bank.id)).map_err(SandboxError::from)?;
    Ok(cards.into_iter().find(|card| card.key == account.key).map(|card| Open {
        connection: number,
        account,
        shown: download::shown(bank, connection, account, &card),
        interface: bank.interface(),
        card,
    }))
}

/// `GET /api/v2/accounts`.
pub(super) async fn list(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    let (ids, connections) = (query.numbers("ids")?, query.numbers("bankConnectionIds")?);
    sandbox.read(|state, _| {
        let records = &state.finapi;
        let mut accounts = Vec::new();
        for (number, connection) in records.connections.iter().filter(|(_, connection)| connection.user == user) {
            if connections.as_ref().is_some_and(|wanted| !wanted.contains(number)) {
                continue;
            }
            for account in &connection.accounts {
                if ids.as_ref().is_none_or(|wanted| wanted.contains(&account.id)) {
                    accounts.extend(open(records, *number, connection, account)?.map(|open| open.wire()));
                }
            }
        }
        Ok(Json(json!({ "accounts": accounts })))
    })
}

/// `GET /api/v2/accounts/{id}`.
pub(super) async fn retrieve(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    PathNumber(id): PathNumber,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    let unknown = || Problem::unknown("Account", &id.to_string());
    sandbox.read(|state, _| {
        let (number, connection, account) = state.finapi.account(id, user).ok_or_else(unknown)?;
        Ok(Json(open(&state.finapi, number, connection, account)?.ok_or_else(unknown)?.wire()))
    })
}
