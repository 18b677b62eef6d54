//! Rows (fact sheet §9): booked ones with their filters, and those on their way. Both are paged.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::accounts::open;
use super::fields::{self, Query};
use super::gate::Reach;
use super::problem::Problem;
use super::records::Records;
use super::wire;
use crate::Sandbox;
use crate::banks::Zone;

/// The accounts that are asked for; one that is not the user's is told.
fn wanted(records: &Records, query: &Query, user: &str) -> Result<Vec<u64>, Problem> {
    let own = records.connections.values().filter(|connection| connection.user == user);
    let own: Vec<u64> = own.flat_map(|connection| connection.accounts.iter().map(|account| account.id)).collect();
    match query.numbers("accountIds")? {
        None => Ok(own),
        Some(ids) => match ids.iter().find(|id| !own.contains(id)) {
            Some(stranger) => Err(Problem::unknown("Account", &stranger.to_string())),
            None => Ok(ids),
        },
    }
}

/// `GET /api/v2/transactions`.
pub(super) async fn list(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    if !matches!(query.get("view"), Some("userView" | "bankView")) {
        return Err(Problem::access(StatusCode::BAD_REQUEST, "MISSING_FIELD", "view must be userView or bankView"));
    }
    let (from, to) = (query.date("minBankBookingDate")?, query.date("maxBankBookingDate")?);
    let imported = query.date("minImportDate")?;
    let oldest_first = match query.get("order") {
        None | Some("bankBookingDate,desc") => false,
        Some("bankBookingDate,asc") => true,
        Some(_) => return Err(Problem::access(StatusCode::BAD_REQUEST, "UNSUPPORTED_ORDER", "unsupported order")),
    };
    let page = query.page()?;
    sandbox.read(|state, _| {
        let records = &state.finapi;
        let mut rows = Vec::new();
        for id in wanted(records, &query, user)? {
            let Some((number, connection, account)) = records.account(id, user) else { continue };
            let Some(open) = open(records, number, connection, account)? else { continue };
            let fits = |row: &&super::download::Row| {
                from.is_none_or(|day| row.booked_on >= day)
                    && to.is_none_or(|day| row.booked_on <= day)
                    && imported.is_none_or(|day| Zone::CentralEurope.date(row.imported) >= day)
            };
            rows.extend(open.shown.rows.iter().filter(fits).map(|row| (row.booked_on, wire::transaction(id, row))));
        }
        if oldest_first {
            rows.sort_by_key(|(day, _)| *day);
        } else {
            rows.sort_by_key(|(day, _)| Reverse(*day));
        }
        let (rows, paging) = fields::paged(rows, page);
        let rows: Vec<Value> = rows.into_iter().map(|(_, row)| row).collect();
        Ok(Json(json!({ "transactions": rows, "paging": paging, "income": 0, "spending": 0, "balance": 0 })))
    })
}

/// `GET /api/v2/pendingTransactions`.
pub(super) async fn pending(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let user = reach.user()?;
    let page = query.page()?;
    sandbox.read(|state, _| {
        let records = &state.finapi;
        let mut rows = Vec::new();
        for id in wanted(records, &query, user)? {
            let Some((number, connection, account)) = records.account(id, user) else { continue };
            let Some(open) = open(records, number, connection, account)? else { continue };
            let read_at = open.shown.read_at;
            rows.extend(open.shown.pending.iter().map(|(row_id, row)| wire::pending(id, *row_id, row, read_at)));
        }
        let (rows, paging) = fields::paged(rows, page);
        Ok(Json(json!({ "pendingTransactions": rows, "paging": paging })))
    })
}
