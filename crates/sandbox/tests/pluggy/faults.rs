//! Armed faults: each documented error at will, and breaks of the line.

use axum::body::{Body, to_bytes};
use axum::http::Request;
use bankside_sandbox::{ArmError, ArmedFault, Sandbox};
use serde_json::json;
use tower::ServiceExt;

use crate::kit::{BANK, World};

const ON: &str = "pluggy/v2/transactions";

async fn path(world: &World) -> String {
    let account = world.account(BANK, "CREDIT_CARD").await;
    format!("/v2/transactions?accountId={}&dateFrom=2026-11-01", account["id"].as_str().unwrap())
}

#[tokio::test]
async fn every_kind_answers_as_it_is_listed() {
    let world = World::new().await;
    let path = path(&world).await;
    let kinds = Sandbox::fault_kinds_of("pluggy");
    assert!(kinds.len() > 35, "{}", kinds.len());
    for kind in kinds {
        let Some(status) = kind.status else { continue };
        world.sandbox.arm(ArmedFault::new(ON, kind.name)).unwrap();
        let answer = world.get(&path).await;
        assert_eq!(answer.status, status, "{}", kind.name);
        if kind.source != "the line" {
            assert_eq!(
                (&answer.body["code"], answer.body["errorId"].is_string()),
                (&json!(status), true),
                "{}",
                kind.name
            );
        }
        let call = world.sandbox.calls().pop().unwrap();
        assert_eq!((call.label, call.status, call.fault), (ON, Some(status), Some(kind.name)));
    }
    world.get(&path).await.ok();
}

#[tokio::test]
async fn a_fault_is_for_its_account_and_for_calls_of_its_provider() {
    let world = World::new().await;
    let path = path(&world).await;
    let account = path.split(['=', '&']).nth(1).unwrap().to_owned();
    let other = ArmedFault { account: Some(BANK.to_owned()), ..ArmedFault::new(ON, "pluggy_internal_error") };
    world.sandbox.arm(other).unwrap();
    world.get(&path).await.ok();
    let own = ArmedFault { account: Some(account), ..ArmedFault::new("pluggy/*", "pluggy_internal_error") };
    world.sandbox.arm(own).unwrap();
    world.get(&path).await.is(500, "INTERNAL_SERVER_ERROR");
    // Kinds of another provider never fire here.
    world.sandbox.disarm();
    world.sandbox.arm(ArmedFault::new("*", "service_error")).unwrap();
    world.get(&path).await.ok();
    assert_eq!(world.sandbox.armed()[0].fired, 0);
    let refused = world.sandbox.arm(ArmedFault::new(ON, "service_error")).unwrap_err();
    assert_eq!(refused, ArmError::UnknownCall(ON.to_owned()));
}

#[tokio::test]
async fn an_armed_limit_says_how_long() {
    let world = World::new().await;
    let path = path(&world).await;
    world.sandbox.arm(ArmedFault { seconds: Some(90), ..ArmedFault::new(ON, "pluggy_rate_limited") }).unwrap();
    let answer = world.get(&path).await;
    answer.is(429, "");
    assert_eq!((answer.header("retry-after"), answer.header("ratelimit-reset")), ("90", "90"));
}

#[tokio::test]
async fn the_line_breaks_as_armed() {
    let world = World::new().await;
    let path = path(&world).await;
    let whole = world.get(&path).await.text;
    for kind in ["connection_closed", "answer_lost", "never_answers", "body_cut"] {
        world.sandbox.arm(ArmedFault { seconds: Some(0), ..ArmedFault::new(ON, kind) }).unwrap();
        let request =
            Request::get(format!("/pluggy{path}")).header("x-api-key", &world.key).body(Body::empty()).unwrap();
        let response = world.sandbox.router().oneshot(request).await.unwrap();
        assert!(to_bytes(response.into_body(), usize::MAX).await.is_err(), "{kind}");
        let call = world.sandbox.calls().pop().unwrap();
        assert_eq!((call.status.is_none(), call.fault), (kind != "body_cut", Some(kind)));
    }
    let strike = async |kind: &str| {
        world.sandbox.arm(ArmedFault::new(ON, kind)).unwrap();
        world.get(&path).await
    };
    assert_eq!(strike("truncated_json").await.text, whole[..whole.len() / 2]);
    let mislabelled = strike("wrong_content_type").await;
    assert!(mislabelled.header("content-type").starts_with("text/plain") && mislabelled.text == whole);
    assert!(strike("html_page").await.text.contains("accept the terms"));
    assert_eq!(strike("redirect_elsewhere").await.header("location"), "http://127.0.0.1:9/elsewhere");
    assert!(strike("pluggy_proxy_page").await.text.starts_with("<!DOCTYPE html>"));
}

#[tokio::test]
async fn a_lost_answer_has_had_its_effect() {
    let world = World::new().await;
    world
        .sandbox
        .arm(ArmedFault { method: Some("DELETE".to_owned()), ..ArmedFault::new("pluggy/items/id", "answer_lost") })
        .unwrap();
    let request = Request::delete(format!("/pluggy/items/{BANK}")).header("x-api-key", &world.key);
    let response = world.sandbox.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert!(to_bytes(response.into_body(), usize::MAX).await.is_err());
    world.get(&format!("/items/{BANK}")).await.is(404, "ITEM_NOT_FOUND");
}
