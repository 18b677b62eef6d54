//! Tokens (fact sheet §2).

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

use crate::kit::{Setup, World, credentials};

fn claims(token: &Value) -> Value {
    let token = token.as_str().unwrap();
    let parts: Vec<_> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    serde_json::from_slice(&BASE64URL_NOPAD.decode(parts[1].as_bytes()).unwrap()).unwrap()
}

#[tokio::test]
async fn a_pair_is_issued_with_real_expiry() {
    let world = World::new().await;
    let pair = world.post("/token/new/", &credentials()).await.ok();
    assert_eq!((&pair["access_expires"], &pair["refresh_expires"]), (&json!(86_400), &json!(2_592_000)));
    let noon = "2026-11-20T12:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    for (name, life) in [("access", 86_400), ("refresh", 2_592_000)] {
        let claims = claims(&pair[name]);
        assert_eq!((&claims["token_type"], &claims["exp"]), (&json!(name), &json!(noon + life)));
    }
}

#[tokio::test]
async fn wrong_credentials_are_401() {
    let world = World::new().await;
    let body = json!({ "secret_id": "someone", "secret_key": "else" });
    let detail = "No active account found with the given credentials";
    world.post("/token/new/", &body).await.is_error(401, "Authentication failed", detail);
}

#[tokio::test]
async fn missing_fields_are_named() {
    let world = World::new().await;
    let required = json!(["This field is required."]);
    let expected = json!({ "secret_id": required, "secret_key": required, "status_code": 400 });
    world.post("/token/new/", &json!({})).await.is(400, &expected);
    let expected = json!({ "refresh": ["This field may not be blank."], "status_code": 400 });
    world.post("/token/refresh/", &json!({ "refresh": "" })).await.is(400, &expected);

    let other = Setup::with("token_field_errors_have_status_code").start().await;
    other.post("/token/refresh/", &json!({})).await.is(400, &json!({ "refresh": required }));
}

#[tokio::test]
async fn refreshing_gives_access_only() {
    let world = World::new().await;
    let pair = world.post("/token/new/", &credentials()).await.ok();
    let fresh = world.post("/token/refresh/", &json!({ "refresh": pair["refresh"] })).await.ok();
    assert_eq!(fresh.as_object().unwrap().keys().collect::<Vec<_>>(), ["access", "access_expires"]);
    assert_eq!(claims(&fresh["access"])["token_type"], "access");
    let detail = "Token is invalid or expired";
    let with_access = world.post("/token/refresh/", &json!({ "refresh": pair["access"] })).await;
    with_access.is_error(401, "Invalid token", detail);

    let other = Setup::with("refresh_token_rotates").start().await;
    let pair = other.post("/token/new/", &credentials()).await.ok();
    let fresh = other.post("/token/refresh/", &json!({ "refresh": pair["refresh"] })).await.ok();
    assert_eq!(claims(&fresh["refresh"])["token_type"], "refresh");
}

#[tokio::test]
async fn tokens_expire_on_the_sandbox_clock() {
    let mut world = World::new().await;
    let pair = world.post("/token/new/", &credentials()).await.ok();
    world.turn(json!({ "advance_seconds": 86_399 })).await.ok();
    assert_eq!(world.get("/requisitions/").await.status, 200);
    world.turn(json!({ "advance_seconds": 1 })).await.ok();
    world.get("/requisitions/").await.is_error(401, "Invalid token", "Token is invalid or expired");
    let fresh = world.post("/token/refresh/", &json!({ "refresh": pair["refresh"] })).await.ok();
    world.token = fresh["access"].as_str().unwrap().to_owned();
    assert_eq!(world.get("/requisitions/").await.status, 200);
    world.turn(json!({ "advance_days": 29 })).await.ok();
    let late = world.post("/token/refresh/", &json!({ "refresh": pair["refresh"] })).await;
    late.is_error(401, "Invalid token", "Token is invalid or expired");
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let mut world = World::new().await;
    let token = world.token.clone();
    let (head, signature) = token.rsplit_once('.').unwrap();
    let claims = json!({ "token_type": "access", "exp": 9_999_999_999_i64, "jti": "x", "secret_id": "y" });
    let forged = BASE64URL_NOPAD.encode(claims.to_string().as_bytes());
    let header = head.split('.').next().unwrap();
    for token in [format!("{head}.AAAA"), format!("{header}.{forged}.{signature}"), head.to_owned(), "x".to_owned()] {
        world.token = token;
        world.get("/institutions/").await.is_error(401, "Invalid token", "Token is invalid or expired");
    }
}

#[tokio::test]
async fn a_call_without_a_token_is_401() {
    let mut world = World::new().await;
    world.token.clear();
    let text = "Authentication credentials were not provided.";
    world.get("/institutions/").await.is_error(401, text, text);

    let mut other = Setup::with("missing_token_has_summary").start().await;
    other.token.clear();
    other.get("/institutions/").await.is(401, &json!({ "detail": text, "status_code": 401 }));
}
