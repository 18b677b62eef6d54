//! Keys, connect tokens and limits (fact sheet §1).

use axum::body::Body;
use axum::http::{Method, Request};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::kit::{BANK, MEU, World};

fn claims(token: &str) -> Value {
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(claims.as_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_key_is_a_jwt_that_lasts_two_hours_of_the_sandbox_clock() {
    let mut world = World::new().await;
    let claims = claims(&world.key);
    let now = world.sandbox.now().as_second();
    assert_eq!(claims["exp"].as_i64().unwrap() - now, 7200);
    let old = world.key.clone();
    world.pass(7199).await;
    let fresh = std::mem::replace(&mut world.key, old.clone());
    world.item(BANK).await;
    world.key = fresh;
    world.pass(1).await;
    world.key = old;
    let answer = world.get(&format!("/items/{BANK}")).await;
    answer.is(401, "");
    assert_eq!(answer.body["message"], "Unauthorized");
}

#[tokio::test]
async fn wrong_keys_are_refused_as_documented() {
    let world = World::new().await;
    let mut body = world.credentials();
    body["clientId"] = "me".into();
    let answer = world.post("/auth", &body).await;
    answer.is(400, "");
    assert_eq!(answer.body["details"][0]["parameter"], "clientId");
    body["clientId"] = BANK.into();
    world.post("/auth", &body).await.is(401, "CLIENT_KEYS_UNAUTHORIZED");
    world.post("/api", &world.credentials()).await.is(403, "");
    world.happen(json!({ "event": "client", "disabled": true }));
    world.post("/auth", &world.credentials()).await.is(401, "CLIENT_DISABLED");
    world.happen(json!({ "event": "client", "disabled": false }));
    let request = Request::get("/pluggy/connectors").body(Body::empty()).unwrap();
    world.send(request).await.is(401, "");
    let forbidding = World::with("pluggy_bad_key_is_forbidden").await;
    let request = Request::get("/pluggy/connectors").header("x-api-key", "no").body(Body::empty()).unwrap();
    forbidding.send(request).await.is(403, "");
    let disabling = World::with("pluggy_disabled_client_is_forbidden").await;
    disabling.happen(json!({ "event": "client", "disabled": true }));
    disabling.post("/auth", &disabling.credentials()).await.is(403, "CLIENT_DISABLED");
}

#[tokio::test]
async fn unknown_paths_and_methods_have_their_errors() {
    let world = World::new().await;
    world.get("/nothing").await.is(404, "");
    world.get("/items/").await.is(404, "");
    world.delete("/accounts").await.is(405, "");
    world.get("/items/mine").await.is(400, "");
}

#[tokio::test]
async fn a_connect_token_reaches_its_own_item_only_and_for_half_an_hour() {
    let mut world = World::new().await;
    world
        .post("/connect_token", &json!({ "itemId": "5a6d0000-0000-4000-8000-0000000000ff" }))
        .await
        .is(404, "ITEM_NOT_FOUND");
    world.post("/connect_token", &json!({ "clientUserId": "me" })).await.is(400, "");
    let options = json!({ "itemId": BANK, "options": { "clientUserId": "me", "avoidDuplicates": true } });
    let token = world.post("/connect_token", &options).await.ok()["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(claims(&token)["exp"].as_i64().unwrap() - world.sandbox.now().as_second(), 1800);
    let key = std::mem::replace(&mut world.key, token.clone());
    assert_eq!(world.item(BANK).await["status"], "UPDATED");
    let accounts = world.get(&format!("/accounts?itemId={BANK}")).await.ok();
    assert_eq!((accounts["total"].as_u64(), accounts["results"][0].get("balance")), (Some(2), None));
    for path in [format!("/items/{MEU}"), format!("/accounts?itemId={MEU}"), "/connectors".to_owned()] {
        world.get(&path).await.is(403, "");
    }
    world.delete(&format!("/items/{BANK}")).await.is(403, "");
    world.post("/connect_token", &json!({})).await.is(403, "");
    world.key = key;
    world.pass(1800).await;
    world.key = token;
    world.get(&format!("/items/{BANK}")).await.is(401, "");
}

#[tokio::test]
async fn each_row_of_the_table_has_a_minute_of_its_own() {
    let mut world = World::new().await;
    let update = format!("/items/{BANK}");
    for _ in 0..20 {
        assert_ne!(world.patch(&update, &json!({})).await.status, 429);
    }
    let answer = world.patch(&update, &json!({})).await;
    answer.is(429, "");
    let message = "Too many requests. Please try again later (see Retry-After header in seconds)";
    assert_eq!(answer.body["message"], message);
    let headers = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "retry-after"];
    assert_eq!(headers.map(|name| answer.header(name)), ["20", "0", "60", "60"]);
    world.item(BANK).await;
    world.pass(60).await;
    assert_ne!(world.patch(&update, &json!({})).await.status, 429);

    let id = world.account(BANK, "CHECKING_ACCOUNT").await["id"].as_str().unwrap().to_owned();
    let path = format!("/v2/transactions?accountId={id}&dateFrom=2026-11-19");
    for _ in 0..360 {
        assert_eq!(world.call(Method::GET, "/transactions", None).await.status, 410);
    }
    world.get(&path).await.is(429, "");
    let mut switches = world.sandbox.switches().as_ref().clone();
    switches.set("pluggy_version_2_is_limited", false).unwrap();
    switches.set("pluggy_limit_headers_are_on_every_answer", true).unwrap();
    world.sandbox.set_switches(switches);
    world.get(&path).await.ok();
    assert_eq!(world.get(&format!("/investments?itemId={BANK}")).await.header("ratelimit-remaining"), "359");
}
