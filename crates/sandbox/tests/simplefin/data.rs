//! What one answer has: rows in half-open windows, pending ones where they are asked for, balances that add up.

use serde_json::Value;

use crate::kit::*;

#[tokio::test]
async fn a_window_has_its_first_moment_and_not_its_last() {
    let world = World::new();
    let whole = world.between("2026-09-01", "2026-11-20", "").await;
    let rows_of = |answer: &Value| rows(answer, CHECKING);
    let all = rows_of(&whole);
    let posted: Vec<i64> = all.iter().map(|row| row["posted"].as_i64().unwrap()).collect();
    assert!(posted.is_sorted() && posted.len() > 20, "{}", posted.len());
    // A day with rows at its very beginning.
    let border = posted[posted.len() / 2];
    let at = |from: i64, to: i64| format!("/accounts?version=2&start-date={from}&end-date={to}");
    let before = rows_of(&world.get(&at(seconds("2026-09-01"), border)).await.ok());
    let after = rows_of(&world.get(&at(border, seconds("2026-11-20"))).await.ok());
    assert!(before.iter().all(|row| row["posted"].as_i64().unwrap() < border));
    assert!(after.iter().any(|row| row["posted"] == border));
    assert_eq!([before, after].concat(), all, "nothing is lost or doubled");
}

#[tokio::test]
async fn what_is_pending_is_there_where_it_is_asked_for() {
    let world = World::new();
    let pending = |answer: &Value| -> Vec<Value> {
        rows(answer, CARD).into_iter().filter(|row| row["pending"] == true).collect()
    };
    let (from, to) = ("2026-11-01", "2026-11-21");
    assert!(pending(&world.between(from, to, "").await).is_empty());
    let shown = pending(&world.between(from, to, "&pending=1").await);
    assert!(!shown.is_empty());
    for row in &shown {
        assert!(row["posted"] == 0 && row["transacted_at"].as_i64().unwrap() > 0, "{row}");
    }
    assert_eq!(pending(&world.between(from, to, "&pending=0").await), shown, "any value asks for them");
    let kestrel = rows(&world.between(from, to, "&pending=1").await, "ACT-kestrel-chequing-0");
    assert!(kestrel.iter().all(|row| row.get("pending").is_none()), "many banks never send them");
    world.days_pass(7).await;
    let later = rows(&world.between(from, "2026-11-28", "").await, CARD);
    for row in &shown {
        let settled =
            later.iter().filter(|one| one["transacted_at"] == row["transacted_at"] && one["amount"] == row["amount"]);
        let settled: Vec<_> = settled.collect();
        assert_eq!(settled.len(), 1, "{row}");
        assert_ne!(settled[0]["id"], row["id"], "under another id");
    }
}

#[tokio::test]
async fn balances_are_what_the_rows_come_to() {
    let world = World::new();
    let before = world.get("/accounts?version=2&balances-only=1").await.ok();
    assert!(account(&before, CHECKING).get("transactions").is_none());
    world.days_pass(30).await;
    let after = world.get("/accounts?version=2&balances-only=1").await.ok();
    let between = world.between("2026-11-20", "2026-12-20", "").await;
    for id in [CHECKING, CARD, "ACT-quillback-savings-0", "ACT-kestrel-chequing-0"] {
        let moved: i64 = rows(&between, id).iter().map(|row| cents(&row["amount"])).sum();
        let balance = |answer: &Value| cents(&account(answer, id)["balance"]);
        assert_eq!(balance(&after) - balance(&before), moved, "{id}");
    }
}

#[tokio::test]
async fn banks_are_read_once_a_day() {
    let world = World::new();
    let read_at = async || account(&world.get("/accounts?version=2").await.ok(), CHECKING)["balance-date"].clone();
    assert_eq!(read_at().await, "2026-11-20T10:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second());
    world.days_pass(1).await;
    assert_eq!(read_at().await, "2026-11-21T10:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second());
}

#[tokio::test]
async fn accounts_can_be_asked_for_by_their_ids() {
    let world = World::new();
    let listed = async |query: &str| -> Vec<String> {
        let answer = world.get(&format!("/accounts?version=2{query}")).await.ok();
        ids(answer["accounts"].as_array().unwrap())
    };
    assert_eq!(listed("").await.len(), 7);
    assert_eq!(listed(&format!("&account={CARD}&account={CHECKING}")).await, [CHECKING, CARD]);
    assert_eq!(listed("&account=ACT-nobody").await, [""; 0]);
    let calls = world.sandbox.calls();
    let accounts: Vec<_> = calls.iter().map(|call| call.account.as_deref()).collect();
    assert_eq!(accounts, [None, None, Some("ACT-nobody")]);
}

#[tokio::test]
async fn both_versions_say_the_same() {
    let world = World::new();
    let window = format!("start-date={}&end-date={}", seconds("2026-11-01"), seconds("2026-11-20"));
    let old = world.get(&format!("/accounts?{window}")).await.ok();
    let new = world.get(&format!("/accounts?version=2&{window}")).await.ok();
    assert!(old.get("errlist").is_none() && old.get("connections").is_none());
    assert_eq!(new["connections"].as_array().unwrap().len(), 3);
    assert_eq!(account(&old, CARD)["org"]["domain"], "quillback.example");
    assert_eq!(account(&new, CARD)["conn_id"], "CON-quillback-0");
    assert_eq!(rows(&old, CARD), rows(&new, CARD));
}

#[tokio::test]
async fn currencies_may_be_addresses_and_accounts_may_hold_papers() {
    let world = World::new();
    let answer = world.between("2026-11-01", "2026-11-20", "").await;
    let address = account(&answer, "ACT-waxwing-points-0")["currency"].as_str().unwrap().to_owned();
    let path = address.strip_prefix(&format!("{BASE}{API}")).unwrap();
    assert_eq!(world.get(path).await.ok()["abbr"], "WAXP");
    let brokerage = account(&answer, "ACT-waxwing-brokerage-0");
    assert_eq!(brokerage["holdings"][0]["symbol"], "WRLDX");
    assert_eq!(brokerage["transactions"].as_array().unwrap().len(), 0);
}
