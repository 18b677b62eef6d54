//! What a subscription allows (fact sheet §0.7, §0.8, §10).

use serde_json::json;

use crate::kit::{BANK, World};

#[tokio::test]
async fn the_free_plan_reads_only() {
    let world = World::new().await;
    world.happen(json!({ "event": "client", "plan": "free" }));
    let sandbox_item = json!({ "connectorId": 0, "parameters": { "user": "user-ok", "password": "password-ok" } });
    world.post("/items", &sandbox_item).await.is(403, "CREATE_ITEMS_API_FREE_DISABLED");
    world.patch(&format!("/items/{BANK}"), &json!({})).await.is(403, "SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED");
    assert!(world.item(BANK).await["nextAutoSyncAt"].is_string());
    assert!(!world.rows(&world.account(BANK, "CREDIT_CARD").await, "").await.is_empty());
    let turned = World::with("pluggy_plan_refusals_are_forbidden").await;
    turned.happen(json!({ "event": "client", "plan": "free" }));
    turned.post("/items", &sandbox_item).await.is(400, "CREATE_ITEMS_API_FREE_DISABLED");
}

#[tokio::test]
async fn a_trial_is_for_sandbox_items() {
    let world = World::new().await;
    world.happen(json!({ "event": "client", "plan": "trial", "update_hours": 0 }));
    let real = json!({ "connectorId": 700, "parameters": { "cpf": "123.456.789-09" } });
    world.post("/items", &real).await.is(403, "TRIAL_CLIENT_ITEM_CREATE_NOT_ALLOWED");
    world.patch(&format!("/items/{BANK}"), &json!({})).await.is(403, "SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED");
    let made = world.create(0, json!({ "user": "user-ok", "password": "password-ok" })).await;
    let id = made["id"].as_str().unwrap();
    world.follow(id).await;
    world.patch(&format!("/items/{id}"), &json!({})).await.ok();
}

#[tokio::test]
async fn items_are_listed_for_few() {
    let world = World::new().await;
    world.get("/items").await.is(401, "");
    world.get("/v2/items").await.is(403, "LIST_ITEMS_FEATURE_NOT_ENABLED");
    let listing = World::with("pluggy_items_can_be_listed").await;
    let all = listing.get("/v2/items").await.ok();
    assert_eq!((all["results"].as_array().unwrap().len(), &all["results"][0]["id"]), (2, &json!(BANK)));
    assert!(all["next"].is_null());
    listing.get("/v2/items?page=1").await.is(400, "");
}

#[tokio::test]
async fn a_client_may_have_so_many_items() {
    let world = World::new().await;
    world.happen(json!({ "event": "client", "items_limit": 3 }));
    world.create(0, json!({ "user": "user-ok", "password": "password-ok" })).await;
    let body = json!({ "connectorId": 0, "parameters": { "user": "user-ok", "password": "password-ok" } });
    let answer = world.post("/items", &body).await;
    answer.is(409, "ITEM_CREATION_LIMIT_EXCEEDED");
    assert_eq!(answer.body["data"]["itemsLimit"], 3);
}
