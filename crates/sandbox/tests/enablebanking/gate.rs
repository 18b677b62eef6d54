//! Tokens are really verified, and faults that are armed are met.

use axum::body::Body;
use axum::http::{Method, Request, header};
use bankside_sandbox::{ArmedFault, EnableBankingEvent, Sandbox};
use serde_json::{Value, json};

use crate::kit::*;

async fn with_token(world: &World, token: &str) -> Answer {
    let request = Request::get(format!("{API}/application")).header(header::AUTHORIZATION, format!("Bearer {token}"));
    world.send(request.body(Body::empty()).unwrap()).await
}

fn changed(of: &Value, name: &str, value: impl Into<Value>) -> Value {
    let mut changed = of.clone();
    changed[name] = value.into();
    changed
}

#[tokio::test]
async fn a_token_counts_only_as_the_application_has_signed_it() {
    let world = World::new();
    let (header, claims) = (world.header(), world.claims());
    let now = world.sandbox.now().as_second();
    with_token(&world, &world.signed(&header, &claims)).await.ok();
    // A day is as long as a token may last, and a clock may be a little ahead.
    with_token(&world, &world.signed(&header, &changed(&claims, "exp", now + 86_400))).await.ok();
    with_token(&world, &world.signed(&header, &changed(&claims, "iat", now + 30))).await.ok();
    for wrong in [
        changed(&claims, "iss", "someone.else"),
        changed(&claims, "aud", "api.someone.else"),
        changed(&claims, "exp", now),
        changed(&claims, "exp", now + 86_401),
        changed(&claims, "iat", now + 61),
        json!({}),
    ] {
        with_token(&world, &world.signed(&header, &wrong)).await.is(401, "UNAUTHORIZED_ACCESS");
    }
    for wrong in [
        changed(&header, "kid", "eb5a0000-0000-4000-8000-000000000002"),
        changed(&header, "alg", "HS256"),
        changed(&header, "alg", "none"),
    ] {
        with_token(&world, &world.signed(&wrong, &claims)).await.is(401, "UNAUTHORIZED_ACCESS");
    }
    // The signature of one token says nothing about another, nor does a token without one.
    let (one, other) = (world.signed(&header, &claims), world.signed(&header, &changed(&claims, "exp", now + 60)));
    let (text, _) = one.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    for token in [format!("{text}.{signature}"), format!("{text}."), text.to_owned(), "x".to_owned()] {
        with_token(&world, &token).await.is(401, "UNAUTHORIZED_ACCESS");
    }
    let bare = Request::get(format!("{API}/application")).body(Body::empty()).unwrap();
    world.send(bare).await.is(401, "AUTHORIZATION_NOT_PROVIDED");
}

#[tokio::test]
async fn an_application_that_is_not_active_is_shown_and_opens_nothing() {
    let world = World::new();
    assert_eq!(world.get("/application").await.ok()["active"], true);
    world.happen(EnableBankingEvent::Deactivate { inactive: true });
    assert_eq!(world.get("/application").await.ok()["active"], false);
    world.get("/aspsps").await.is(403, "ACCESS_DENIED");
}

#[tokio::test]
async fn paths_and_methods_that_there_are_not_are_refused() {
    let world = World::new();
    assert_eq!(world.get("/nothing").await.status, 404);
    assert_eq!(world.call_with(Method::PUT, "/aspsps", None, &[]).await.status, 405);
    assert_eq!(world.delete("/application").await.status, 405);
}

#[tokio::test]
async fn every_armed_fault_is_met() {
    let world = World::new();
    let uid = uid(&world.session(NORDHAFEN).await, 0);
    for kind in Sandbox::fault_kinds_of("enablebanking").into_iter().filter(|kind| kind.source != "the line") {
        world.sandbox.arm(ArmedFault::new("enablebanking/accounts/transactions", kind.name)).unwrap();
        let answer = world.get(&format!("/accounts/{uid}/transactions")).await;
        assert_eq!(Some(answer.status.as_u16()), kind.status, "{}", kind.name);
        let call = world.sandbox.calls().pop().unwrap();
        assert_eq!((call.fault, call.account.as_deref()), (Some(kind.name), Some(uid.as_str())));
    }
}
