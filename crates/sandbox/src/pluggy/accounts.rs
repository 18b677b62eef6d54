//! Accounts (fact sheet §5), and what the provider has fetched of them: everything as of the item's last
//! synchronisation.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::books::{Account, Bill, Row, Style};
use super::execution::times_of;
use super::fields::{PathId, Query};
use super::item::{Happened, Item};
use super::paging;
use super::problem::Problem;
use super::records::Records;
use super::tokens::Reach;
use super::wire;
use crate::{Sandbox, SandboxError, Switches};

/// How far back the first synchronisation goes (fact sheet §4).
const FIRST_WINDOW: SignedDuration = SignedDuration::from_hours(24 * 365);
/// No more rows than this for the users that test speed (fact sheet §9).
const MOST_ROWS: usize = 5000;

/// An account of an item, as far as it has been fetched.
pub(super) struct Seen<'a> {
    pub(super) id: Uuid,
    pub(super) item_id: Uuid,
    pub(super) item: &'a Item,
    pub(super) style: &'static Style,
    pub(super) account: &'static Account,
    /// The first synchronisation and the last one.
    pub(super) first_sync: Timestamp,
    pub(super) sync: Timestamp,
}

/// A row that the provider shows.
pub(super) struct Shown {
    pub(super) id: Uuid,
    pub(super) row: Row,
    /// When it was fetched first under this id.
    pub(super) created: Timestamp,
}

impl Seen<'_> {
    fn happened(&self, key: &str) -> Happened {
        self.item.happened.get(key).cloned().unwrap_or_default()
    }

    fn rows(&self, at: Timestamp) -> Arc<Vec<Row>> {
        self.style.rows(self.account, at, &self.happened(self.account.key), &self.happened("card"))
    }

    /// The balance of the last synchronisation, in the owner's view.
    pub(super) fn balance_minor(&self) -> i64 {
        self.account.balance_minor(&self.rows(self.sync), self.sync)
    }

    /// The bills of the card that had closed by then.
    pub(super) fn bills(&self) -> Vec<Bill> {
        let bills = self.style.bills(self.sync, &self.happened("card"));
        let first = self.first_sync.checked_sub(FIRST_WINDOW).unwrap_or(self.first_sync);
        bills.into_iter().filter(|bill| bill.closed_at >= first).collect()
    }

    /// Every row that is shown, the oldest first.
    pub(super) fn shown(&self) -> Vec<Shown> {
        self.shown_since(Timestamp::MIN)
    }

    /// Those of them that are not older than an instant.
    pub(super) fn shown_since(&self, since: Timestamp) -> Vec<Shown> {
        let first = self.first_sync.checked_sub(FIRST_WINDOW).unwrap_or(self.first_sync);
        let reissued: Vec<Timestamp> =
            self.happened(self.account.key).reissued.into_iter().filter(|at| *at <= self.sync).collect();
        let made_again = reissued.last().copied();
        let mut rows: Vec<Row> =
            self.rows(self.sync).iter().filter(|row| row.is_known(self.sync) && row.at >= first).cloned().collect();
        if self.item.times > 1 {
            rows = rows.iter().flat_map(|row| self.repeated(row)).collect();
            rows.drain(..rows.len().saturating_sub(MOST_ROWS));
        }
        let show = |row: Row| {
            let known = row.from.max(self.first_sync).max(made_again.unwrap_or(row.from));
            let created = self.item.first_sync_from(known).unwrap_or(self.sync);
            let version = format!("{}.{}", row.version, reissued.len());
            let id = wire::derived_id(&["transaction", &self.id.to_string(), &row.number, &version]);
            Shown { id, row, created }
        };
        rows.into_iter().filter(|row| row.at >= since).map(show).collect()
    }

    fn repeated(&self, row: &Row) -> impl Iterator<Item = Row> {
        (0..self.item.times).map(|copy| Row { number: format!("{}x{copy}", row.number), ..row.clone() })
    }
}

/// The accounts of an item. There are none before its first synchronisation.
pub(super) fn of_item(id: Uuid, item: &Item, now: Timestamp) -> Vec<Seen<'_>> {
    let (Some(first), Some(sync)) = (item.syncs.first(), item.last_sync(now)) else { return Vec::new() };
    let style = item.book.style();
    let seen = |account: &'static Account| Seen {
        id: account_id(id, account.key),
        item_id: id,
        item,
        style,
        account,
        first_sync: first.from,
        sync,
    };
    style.accounts.iter().map(seen).collect()
}

/// Accounts have another id in each item (fact sheet §10).
fn account_id(item: Uuid, key: &str) -> Uuid {
    wire::derived_id(&["account", &item.to_string(), key])
}

/// The account with this id, of any item of this client.
pub(super) fn find<'a>(
    records: &'a Records,
    id: Uuid,
    switches: &Switches,
    now: Timestamp,
) -> Result<Seen<'a>, Problem> {
    let all = records.items.iter().flat_map(|(item_id, item)| of_item(*item_id, item, now));
    let seen = all.into_iter().find(|seen| seen.id == id).ok_or_else(Problem::account_not_found)?;
    if seen.item.is_foreign {
        return Err(if switches.pluggy_foreign_item_is_forbidden {
            Problem::forbidden()
        } else {
            Problem::account_not_found()
        });
    }
    Ok(seen)
}

/// Looks at the records after they have been brought up to now.
pub(super) fn look<T>(
    sandbox: &Sandbox,
    look: impl FnOnce(&Records, &Switches, Timestamp) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let switches = sandbox.switches();
    sandbox.change(|state, now| {
        state.pluggy.settle(now, &switches);
        // What was settled is kept, whatever the answer is.
        Ok::<_, SandboxError>(look(&state.pluggy, &switches, now))
    })?
}

/// `GET /accounts?itemId=`
pub(super) async fn list(
    State(sandbox): State<Sandbox>,
    Extension(reach): Extension<Reach>,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let item_id = query.uuid("itemId")?;
    reach.require_item(item_id)?;
    let kind = query.get("type");
    if kind.is_some_and(|kind| !["BANK", "CREDIT"].contains(&kind)) {
        return Err(Problem::parameter("type", "INVALID_PARAMETER", "type must be one of BANK, CREDIT"));
    }
    look(&sandbox, |records, switches, now| {
        let item = records.item(item_id, switches)?;
        let all = of_item(item_id, item, now).iter().map(|seen| wire::account(seen, switches)).collect::<Vec<_>>();
        let all = all.into_iter().filter(|account| kind.is_none_or(|kind| account["type"] == kind));
        let reduce = |account| if reach == Reach::Everything { account } else { wire::reduced(&account) };
        paging::page(&query, all.map(reduce).collect(), switches)
    })
}

/// `GET /accounts/{id}`
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    look(&sandbox, |records, switches, now| Ok(Json(wire::account(&find(records, id, switches, now)?, switches))))
}

/// `GET /accounts/{id}/balance`: asked of the bank at once, where it is connected by Open Finance.
pub(super) async fn balance(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    look(&sandbox, |records, switches, now| {
        let mut seen = find(records, id, switches, now)?;
        if !seen.style.has_balance_call {
            return Err(Problem::not_found("ACCOUNT_BALANCE_NOT_FOUND", "Balance not available for this account"));
        }
        // The bank answers for this very moment, unless it has stopped answering.
        if seen.item.consent.is_some_and(|consent| consent.ends > now && consent.revoked.is_none()) {
            seen.sync = now;
        }
        let account = wire::account(&seen, switches);
        Ok(Json(json!({
            "balance": account["balance"], "blockedBalance": null, "automaticallyInvestedBalance": null,
            "currencyCode": "BRL", "updateDateTime": wire::time(seen.sync),
        })))
    })
}

/// `GET /accounts/{id}/statements`: no bank here has any.
pub(super) async fn statements(
    State(sandbox): State<Sandbox>,
    id: PathId,
    query: Query,
) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    look(&sandbox, |records, switches, now| {
        find(records, id, switches, now)?;
        paging::page(&query, Vec::new(), switches)
    })
}

/// How many times the rows an item has, by the user that was typed.
pub(super) fn times(user: &str) -> u32 {
    times_of(user).unwrap_or(1)
}
