//! What happens without the client, and what survives a restart.

use std::fs;

use axum::body::Body;
use axum::http::Request;
use bankside_sandbox::Switches;
use serde_json::{Value, json};

use crate::kit::{BANK, MEU, World, by, cents};

fn words(item: &Value) -> (&str, &str) {
    (item["status"].as_str().unwrap(), item["executionStatus"].as_str().unwrap())
}

#[tokio::test]
async fn weather_passes_with_the_next_auto_sync_unless_it_lasts() {
    let mut world = World::new().await;
    world.happen(json!({ "event": "fail", "of": BANK, "code": "SITE_NOT_AVAILABLE" }));
    let item = world.item(BANK).await;
    assert_eq!(
        (words(&item), &item["error"]["code"]),
        (("OUTDATED", "SITE_NOT_AVAILABLE"), &json!("SITE_NOT_AVAILABLE"))
    );
    assert_eq!(item["nextAutoSyncAt"], "2026-11-21T07:00:00.000Z");
    assert_eq!(world.get(&format!("/accounts?itemId={BANK}")).await.ok()["total"], 2, "the old data stays");
    world.days_pass(1).await;
    assert_eq!(words(&world.item(BANK).await), ("UPDATED", "SUCCESS"));

    world.happen(json!({ "event": "fail", "of": BANK, "code": "SITE_NOT_AVAILABLE", "lasts": true }));
    world.happen(json!({ "event": "fail", "of": MEU, "code": "INVALID_CREDENTIALS" }));
    world.days_pass(5).await;
    assert_eq!(words(&world.item(BANK).await), ("OUTDATED", "SITE_NOT_AVAILABLE"));
    let lost = world.item(MEU).await;
    assert_eq!((words(&lost), &lost["nextAutoSyncAt"]), (("LOGIN_ERROR", "INVALID_CREDENTIALS"), &Value::Null));
    assert_eq!(lost["lastUpdatedAt"], "2026-11-21T07:00:00.000Z");
}

#[tokio::test]
async fn an_execution_can_be_doomed() {
    let world = World::new().await;
    let made = world.create(0, json!({ "user": "user-ok", "password": "password-ok" })).await;
    let id = made["id"].as_str().unwrap();
    world.happen(json!({ "event": "fail", "of": id, "code": "ACCOUNT_LOCKED" }));
    assert_eq!(world.follow(id).await.pop().unwrap(), ("OUTDATED".to_owned(), "ACCOUNT_LOCKED".to_owned()));
    assert!(world.item(id).await["lastUpdatedAt"].is_null());

    world.patch(&format!("/items/{BANK}"), &json!({})).await.ok();
    world.happen(json!({ "event": "fail", "of": BANK, "code": "CONNECTION_ERROR" }));
    assert_eq!(world.follow(BANK).await.pop().unwrap().1, "CONNECTION_ERROR");
    assert_eq!(world.item(BANK).await["nextAutoSyncAt"], "2026-11-21T07:00:00.000Z", "auto-sync tries again");
}

#[tokio::test]
async fn a_consent_ends_with_its_time_or_by_command() {
    let mut world = World::new().await;
    world.days_pass(324).await;
    assert_eq!(words(&world.item(BANK).await), ("UPDATED", "SUCCESS"));
    world.days_pass(2).await;
    let item = world.item(BANK).await;
    assert_eq!(words(&item), ("OUTDATED", "USER_AUTHORIZATION_REVOKED"));
    assert_eq!(
        (&item["consentExpiresAt"], &item["lastUpdatedAt"]),
        (&json!("2027-10-11T07:00:00.000Z"), &json!("2027-10-11T07:00:00.000Z"))
    );
    assert!(item["nextAutoSyncAt"].is_null());
    world.item(MEU).await;

    // Who updates it agrees anew.
    world.patch(&format!("/items/{BANK}"), &json!({})).await.ok();
    assert_eq!(world.follow(BANK).await.pop().unwrap().0, "WAITING_USER_INPUT");
    world.happen(json!({ "event": "approve", "of": BANK }));
    assert_eq!(world.follow(BANK).await.pop().unwrap().0, "UPDATED");
    assert_eq!(world.item(BANK).await["consentExpiresAt"], "2028-10-11T12:00:00.000Z");

    let turned = World::with("pluggy_ended_consent_is_login_error").await;
    turned.happen(json!({ "event": "expire_consent", "of": BANK }));
    assert_eq!(words(&turned.item(BANK).await).0, "LOGIN_ERROR");
    let world = World::new().await;
    world.happen(json!({ "event": "revoke", "of": BANK }));
    assert_eq!(words(&world.item(BANK).await).0, "OUTDATED");
    let consents = world.get(&format!("/consents?itemId={BANK}")).await.ok();
    assert_eq!(consents["results"][0]["revokedAt"], "2026-11-20T12:00:00.000Z");
}

#[tokio::test]
async fn a_late_row_comes_with_its_own_day_and_is_found_by_when_it_was_created() {
    let mut world = World::new().await;
    let account = world.account(BANK, "CHECKING_ACCOUNT").await;
    let before = world.rows(&account, "&dateFrom=2026-10-01").await;
    let late =
        json!({ "event": "late_row", "of": account["id"], "days": 30, "minor": -1234, "text": "Tarifa esquecida" });
    world.happen(late);
    assert_eq!(world.rows(&account, "&dateFrom=2026-10-01").await, before, "nobody has fetched it");
    world.happen(json!({ "event": "sync", "of": BANK }));
    let found: Vec<_> = world.rows(&account, "&createdAtFrom=2026-11-20T11:59:00.000Z").await;
    let row = found.iter().find(|row| row["description"] == "Tarifa esquecida").unwrap();
    assert_eq!(
        (cents(&row["amount"]), &row["type"], &row["date"]),
        (-1234, &json!("DEBIT"), &json!("2026-10-21T12:00:00.000Z"))
    );
    assert_eq!(row["createdAt"], "2026-11-20T12:00:00.000Z");
    let after = world.account(BANK, "CHECKING_ACCOUNT").await;
    let fetched: i64 = found.iter().map(|row| cents(&row["amount"])).sum();
    assert_eq!(cents(&after["balance"]) - cents(&account["balance"]), fetched);
    world.days_pass(1).await;
    let next = world.rows(&account, "&createdAtFrom=2026-11-20T12:00:01.000Z").await;
    assert!(!next.is_empty() && next.iter().all(|row| row["createdAt"] == "2026-11-21T12:00:00.000Z"), "{next:?}");
}

#[tokio::test]
async fn ids_are_issued_anew_by_command() {
    let world = World::new().await;
    let account = world.account(MEU, "CHECKING_ACCOUNT").await;
    let before = world.rows(&account, "&dateFrom=2026-09-01").await;
    world.happen(json!({ "event": "reissue", "of": account["id"] }));
    world.happen(json!({ "event": "sync", "of": MEU }));
    let after = world.rows(&account, "&dateFrom=2026-09-01").await;
    let old = by(&before, "id");
    assert!(after.iter().all(|row| !old.contains_key(row["id"].as_str().unwrap())));
    let again = by(&after, "providerCode");
    for row in &before {
        let new = again[row["providerCode"].as_str().unwrap()];
        assert_eq!((&new["amount"], &new["date"]), (&row["amount"], &row["date"]));
        assert_eq!(new["createdAt"], "2026-11-20T12:00:00.000Z");
    }
}

#[tokio::test]
async fn a_card_closes_by_command() {
    let world = World::new().await;
    let card = world.account(BANK, "CREDIT_CARD").await;
    let bills = format!("/bills?accountId={}", card["id"].as_str().unwrap());
    let count = world.get(&bills).await.ok()["total"].as_u64().unwrap();
    let before = world.rows(&card, "&dateFrom=2026-11-02&dateTo=2026-11-15").await;
    world.happen(json!({ "event": "close_card", "of": card["id"] }));
    world.happen(json!({ "event": "sync", "of": BANK }));
    let listed = world.get(&bills).await.ok();
    assert_eq!(listed["total"].as_u64(), Some(count + 1));
    assert_eq!(listed["results"][0]["billClosingDate"], "2026-11-20T00:00:00");
    let after = world.rows(&card, "&dateFrom=2026-11-02&dateTo=2026-11-15").await;
    let new = by(&after, "providerId");
    let bought: Vec<_> = before.iter().filter(|row| row["categoryId"] != "05100000").collect();
    assert!(bought.len() > 3);
    for row in bought {
        let again = new[row["providerId"].as_str().unwrap()];
        assert!(again["id"] != row["id"] && again["creditCardMetadata"]["billId"] == listed["results"][0]["id"]);
    }
}

#[tokio::test]
async fn what_is_of_another_client_is_not_found_or_forbidden() {
    for (switch, status) in [("pluggy_bill_days_have_a_zone", 404), ("pluggy_foreign_item_is_forbidden", 403)] {
        let world = World::with(switch).await;
        let account = world.account(BANK, "CREDIT_CARD").await["id"].as_str().unwrap().to_owned();
        world.happen(json!({ "event": "foreign", "of": BANK }));
        for path in [format!("/items/{BANK}"), format!("/accounts?itemId={BANK}"), format!("/accounts/{account}")] {
            assert_eq!(world.get(&path).await.status, status, "{path}");
        }
        world.item(MEU).await;
    }
}

#[tokio::test]
async fn events_come_over_http_and_say_what_they_cannot_do() {
    let world = World::new().await;
    let send = async |event: Value| {
        world.send(Request::post("/_control/pluggy/events").body(Body::from(event.to_string())).unwrap()).await
    };
    send(json!({ "event": "delete", "of": MEU })).await.ok();
    world.get(&format!("/items/{MEU}")).await.is(404, "ITEM_NOT_FOUND");
    assert_eq!(send(json!({ "event": "delete", "of": MEU })).await.status, 404);
    assert_eq!(send(json!({ "event": "reissue", "of": BANK })).await.status, 404, "an item is no account");
    assert_eq!(send(json!({ "event": "approve", "of": BANK })).await.status, 409);
    assert_eq!(send(json!({ "event": "fail", "of": BANK, "code": "SUCCESS" })).await.status, 409);
    assert_eq!(send(json!({ "event": "party", "of": BANK })).await.status, 400);
    let request = Request::post("/_control/pluggy/events").header("sec-fetch-site", "cross-site");
    assert_eq!(world.send(request.body(Body::from("{}")).unwrap()).await.status, 403);
}

#[tokio::test]
async fn everything_survives_a_restart_and_states_without_it_still_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let mut world = World::open(Switches::default(), Some(path.clone())).await;
    let made = world.create(5, json!({ "user": "user-ok", "password": "password-ok" })).await;
    let id = made["id"].as_str().unwrap().to_owned();
    world.follow(&id).await;
    world.happen(json!({ "event": "client", "plan": "trial" }));
    world.pass(60).await;
    let (item, key) = (world.item(&id).await, world.key.clone());
    drop(world);
    let mut again = World::open(Switches::default(), Some(path.clone())).await;
    again.key = key;
    assert_eq!(again.item(&id).await, item, "the same item, and the key still opens it");
    again.patch(&format!("/items/{BANK}"), &json!({})).await.is(403, "SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED");
    drop(again);

    let mut state: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    state.as_object_mut().unwrap().remove("pluggy").unwrap();
    fs::write(&path, state.to_string()).unwrap();
    let old = World::open(Switches::default(), Some(path)).await;
    assert_eq!(old.item(BANK).await["status"], "UPDATED");
    old.get(&format!("/items/{id}")).await.is(404, "ITEM_NOT_FOUND");
}
