//! Tokens, users and the list of banks.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;

use crate::kit::*;

#[tokio::test]
async fn tokens_are_the_clients_or_a_users_and_last_an_hour() {
    let mut world = World::new().await;
    world.get(&format!("{ACCESS}/accounts")).await.ok();
    world.call(&world.client, Method::GET, &format!("{ACCESS}/accounts"), None).await.is(403, "FORBIDDEN");
    world.call(&world.user, Method::POST, &format!("{ACCESS}/users"), Some(&json!({}))).await.is(403, "FORBIDDEN");
    world.call("nothing", Method::GET, &format!("{ACCESS}/accounts"), None).await.is(401, "invalid_token");
    world.call("nothing", Method::GET, &format!("{FORM}/webForms"), None).await.is(401, "UNAUTHORIZED");
    let old = world.user.clone();
    world.pass(3600).await;
    world.call(&old, Method::GET, &format!("{ACCESS}/users"), None).await.is(401, "invalid_token");
    let user = world.get(&format!("{ACCESS}/users")).await.ok();
    assert_eq!((user["id"].as_str(), user["password"].as_str()), (Some("household-1"), Some("XXXXX")));
    let revoke = Request::post(format!("{ACCESS}/oauth/revoke?token={}", world.user));
    let revoke = revoke.header("authorization", format!("Bearer {}", world.client)).body(Body::empty()).unwrap();
    world.send(revoke).await;
    // The client's own was over too, so the user's lasts.
    world.get(&format!("{ACCESS}/users")).await.ok();
}

#[tokio::test]
async fn wrong_secrets_are_told_apart_and_lock_a_user() {
    let world = World::new().await;
    let wrong = "grant_type=client_credentials&client_id=a&client_secret=b";
    world.post_form(&format!("{ACCESS}/oauth/token"), wrong).await.is(401, "invalid_client");
    let sign_in = async |user: &str, password: &str| {
        world.token(&[("grant_type", "password"), ("username", user), ("password", password)]).await
    };
    sign_in("nobody", "long enough").await.is(400, "invalid_grant");
    for _ in 0..5 {
        sign_in("household-1", "wrong one").await.is(400, "invalid_grant");
    }
    sign_in("household-1", "long enough").await.is(423, "user_locked");
    world.happen(json!({ "event": "lock_users", "locked": false }));
    let answer = sign_in("household-1", "long enough").await.ok();
    assert_eq!(answer["expires_in"], 3600);
    let refresh = answer["refresh_token"].as_str().unwrap();
    world.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await.ok();
}

#[tokio::test]
async fn a_user_is_made_once_and_leaves_with_everything() {
    let world = World::new().await;
    let make = async |body| world.call(&world.client, Method::POST, &format!("{ACCESS}/users"), Some(&body)).await;
    make(json!({ "id": "household-1", "password": "another one" })).await.is(422, "ENTITY_EXISTS");
    make(json!({ "id": "with space" })).await.is(422, "ILLEGAL_FIELD_VALUE");
    make(json!({ "password": "short" })).await.is(422, "ILLEGAL_FIELD_VALUE");
    assert_eq!(make(json!({})).await.status, 201);
    world.connect("Nordhafen").await;
    world.delete(&format!("{ACCESS}/users")).await.ok();
    assert_eq!(world.sandbox.finapi_connections(), 0);
    world.get(&format!("{ACCESS}/users")).await.is(401, "invalid_token");
}

#[tokio::test]
async fn banks_are_found_by_all_four_keys_and_come_in_pages() {
    let world = World::new().await;
    let found = async |query: &str| {
        let answer = world.call(&world.client, Method::GET, &format!("{ACCESS}/banks?{query}"), None).await.ok();
        let names = answer["banks"].as_array().unwrap().iter().map(|bank| bank["id"].as_u64().unwrap());
        (names.collect::<Vec<_>>(), answer["paging"]["totalCount"].as_u64().unwrap())
    };
    for search in ["nordhafen", "99900001", "NHBKDE22", "m%C3%B6wental"] {
        assert_eq!(found(&format!("search={search}")).await, (vec![290_001], 1), "{search}");
    }
    assert_eq!(found("isTestBank=true").await.0, [280_001, 280_002]);
    assert_eq!(found("perPage=3&page=2").await, (vec![290_002], 4));
    assert_eq!(found("location=AT").await.1, 0);
    let one = world.get(&format!("{ACCESS}/banks/280001")).await.ok();
    assert_eq!(one["interfaces"][0]["loginCredentials"][1]["isSecret"], true);
    world.get(&format!("{ACCESS}/banks/1")).await.is(404, "UNKNOWN_ENTITY");
    world.get(&format!("{ACCESS}/banks?perPage=501")).await.is(400, "ILLEGAL_PAGE_SIZE");
}
