//! Bills of cards (fact sheet §6): closed ones only.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::accounts::{self, Seen, find, look};
use super::books::{Bill, Kind, local_day};
use super::fields::{PathId, Query};
use super::paging;
use super::problem::Problem;
use super::wire::{bill_id, time, units};
use crate::{Sandbox, Switches};

fn wire(seen: &Seen<'_>, bill: &Bill, switches: &Switches) -> Value {
    // Days come with or without a zone behind them (§6 `[?]`).
    let zone = if switches.pluggy_bill_days_have_a_zone { ".000Z" } else { "" };
    let day = |day: jiff::civil::Date| format!("{day}T00:00:00{zone}");
    let id = bill_id(seen.id, bill.closed_at);
    let is_paid = bill.paid_at() <= seen.sync;
    let payment = json!({
        "id": format!("{id}-1"), "valueType": "FULL_PAYMENT", "paymentDate": day(bill.due_on),
        "paymentMode": "DEBIT_ACCOUNT", "amount": units(bill.total_minor), "currencyCode": "BRL",
    });
    json!({
        "id": id, "dueDate": day(bill.due_on), "billClosingDate": day(local_day(bill.closed_at)),
        "totalAmount": units(bill.total_minor), "totalAmountCurrencyCode": "BRL",
        "minimumPaymentAmount": units(bill.total_minor * 15 / 100), "allowsInstallments": true, "financeCharges": [],
        "payments": if is_paid { vec![payment] } else { Vec::new() }, "createdAt": time(bill.closed_at),
        "updatedAt": time(if is_paid { bill.paid_at() } else { bill.closed_at }),
    })
}

/// `GET /bills?accountId=`, the newest first. Accounts that are no cards have none.
pub(super) async fn list(State(sandbox): State<Sandbox>, query: Query) -> Result<Json<Value>, Problem> {
    let account = query.uuid("accountId")?;
    look(&sandbox, |records, switches, now| {
        let seen = find(records, account, switches, now)?;
        let bills = if seen.account.kind == Kind::Card { seen.bills() } else { Vec::new() };
        let all = bills.iter().rev().map(|bill| wire(&seen, bill, switches)).collect();
        paging::page(&query, all, switches)
    })
}

/// `GET /bills/{id}`
pub(super) async fn retrieve(State(sandbox): State<Sandbox>, id: PathId) -> Result<Json<Value>, Problem> {
    let id = id.uuid()?;
    look(&sandbox, |records, switches, now| {
        let cards = records.own_items().into_iter().flat_map(|(item_id, item)| accounts::of_item(item_id, item, now));
        for seen in cards.filter(|seen| seen.account.kind == Kind::Card) {
            let bill = seen.bills().into_iter().find(|bill| bill_id(seen.id, bill.closed_at) == id);
            if let Some(bill) = bill {
                return Ok(Json(wire(&seen, &bill, switches)));
            }
        }
        Err(Problem::not_found("BILL_NOT_FOUND", "Bill not found"))
    })
}
