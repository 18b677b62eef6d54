//! Accounts and rows: that they add up, and everything that surprises.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::kit::*;

fn sum(rows: &[Value]) -> i64 {
    rows.iter().map(|row| cents(&row["amount"])).sum()
}

#[tokio::test]
async fn rows_and_balance_move_together_and_ids_stay() {
    let mut world = World::new().await;
    let connection = world.connect("Nordhafen").await;
    let before = world.accounts(connection).await;
    let rows_before = world.rows(&before[0], "").await;
    assert!(rows_before.len() > 500, "more than a page");
    world.days_pass(20).await;
    assert_eq!(world.rows(&before[0], "").await, rows_before, "nothing comes without an update");
    world.update(json!({ "bankConnectionIds": [connection] })).await;
    let after = world.accounts(connection).await;
    let rows_after = world.rows(&after[0], "").await;
    assert_eq!(
        cents(&after[0]["balance"]) - cents(&before[0]["balance"]),
        sum(&rows_after) - sum(&rows_before),
        "what the balance has moved by has come in rows"
    );
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].as_u64().unwrap()).collect::<BTreeSet<_>>();
    assert_eq!(ids(&rows_after).len(), rows_after.len());
    assert!(ids(&rows_before).is_subset(&ids(&rows_after)));
    let bounded = world.rows(&after[0], "&minBankBookingDate=2026-11-23&maxBankBookingDate=2026-11-27").await;
    assert!(
        !bounded.is_empty()
            && bounded
                .iter()
                .all(|row| ("2026-11-23"..="2026-11-27").contains(&row["bankBookingDate"].as_str().unwrap()))
    );
    let fresh = world.rows(&after[0], "&minImportDate=2026-12-01").await;
    assert_eq!(ids(&fresh), &ids(&rows_after) - &ids(&rows_before));
}

#[tokio::test]
async fn a_gap_between_two_updates_leaves_an_adjusting_entry() {
    let mut world = World::new().await;
    let connection = world.connect("Nordhafen").await;
    let before = world.accounts(connection).await;
    let rows_before = world.rows(&before[0], "").await;
    world.days_pass(150).await;
    world.update(json!({ "bankConnectionIds": [connection] })).await;
    let after = world.accounts(connection).await;
    let rows = world.rows(&after[0], "").await;
    let adjusting: Vec<&Value> = rows.iter().filter(|row| row["isAdjustingEntry"] == true).collect();
    assert_eq!(adjusting.len(), 1);
    assert_eq!(adjusting[0]["purpose"], "Zwischensaldo");
    assert_eq!(after[0]["interfaces"][0]["status"], "UPDATED_FIXED");
    assert_eq!(cents(&after[0]["balance"]) - cents(&before[0]["balance"]), sum(&rows) - sum(&rows_before));
}

#[tokio::test]
async fn bookings_to_come_duplicates_and_pending_rows() {
    let mut world = World::new().await;
    // The day before a rent.
    world.days_pass(10).await;
    let connection = world.connect("Nordhafen").await;
    let accounts = world.accounts(connection).await;
    let rows = world.rows(&accounts[0], "").await;
    let ahead: Vec<&Value> =
        rows.iter().filter(|row| row["bankBookingDate"].as_str().unwrap() > "2026-11-30").collect();
    assert_eq!(ahead.len(), 1, "{ahead:?}");
    assert_eq!(
        (ahead[0]["finapiBookingDate"].as_str(), ahead[0]["purpose"].as_str()),
        (Some("2026-11-30"), Some("Miete Wohnung 3.2 12/2026"))
    );
    assert!(rows.iter().any(|row| row["isPotentialDuplicate"] == true));
    assert!(rows.iter().any(|row| row.get("currency").is_none()), "some leave it to the account");
    let id = accounts[0]["id"].as_u64().unwrap();
    let pending = world.get(&format!("{ACCESS}/pendingTransactions?accountIds={id}")).await.ok();
    let pending = pending["pendingTransactions"].as_array().unwrap().clone();
    assert!(!pending.is_empty() && pending.iter().all(|row| row["counterpartyName"].is_string()));
    world.get(&format!("{ACCESS}/transactions?accountIds={id}")).await.is(400, "MISSING_FIELD");
    world.get(&format!("{ACCESS}/transactions?view=bankView&accountIds=1")).await.is(404, "UNKNOWN_ENTITY");
}

#[tokio::test]
async fn a_bank_by_fints_names_no_end_and_leaves_out_what_may_be_missing() {
    let world = World::new().await;
    let connection = world.connect("Elbmarsch").await;
    let read = world.get(&format!("{ACCESS}/bankConnections/{connection}")).await.ok();
    assert_eq!(read["interfaces"][0]["bankingInterface"], "FINTS_SERVER");
    assert!(read["interfaces"][0].get("aisConsent").is_none());
    let accounts = world.accounts(connection).await;
    let share = &accounts[1];
    assert_eq!((share["accountType"].as_str(), share["accountNumber"].as_str()), (Some("Membership"), Some("417799")));
    assert!(["iban", "accountCurrency", "accountHolderName"].iter().all(|name| share.get(name).is_none()));
    let id = share["id"].as_u64().unwrap();
    assert_eq!(&world.get(&format!("{ACCESS}/accounts/{id}")).await.ok(), share);
}
