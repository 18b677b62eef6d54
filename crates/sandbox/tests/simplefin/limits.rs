//! The day's requests, the longest window, and faults that are armed.

use axum::http::StatusCode;
use bankside_sandbox::{ArmedFault, Sandbox, SimpleFinEvent};

use crate::kit::*;

#[tokio::test]
async fn ninety_days_are_answered_for_and_one_second_more_is_capped() {
    let world = World::new();
    let end = seconds("2026-11-20");
    let ask =
        async |start: i64| world.get(&format!("/accounts?version=2&start-date={start}&end-date={end}")).await.ok();
    let ninety = ask(end - 90 * 86_400).await;
    assert!(errors(&ninety).is_empty());
    let more = ask(end - 90 * 86_400 - 1).await;
    assert_eq!(errors(&more), [("gen.api".to_owned(), None)]);
    assert_eq!(more["errlist"][0]["msg"], "Requested date range exceeds limit of 90 days and was capped.");
    assert_eq!(rows(&more, CHECKING), rows(&ninety, CHECKING), "the rest is there");
    let shorter = World::with("simplefin_range_is_45_days");
    let capped = shorter.between("2026-10-01", "2026-11-20", "").await;
    assert_eq!(capped["errlist"][0]["msg"], "Requested date range exceeds limit of 45 days and was capped.");
}

#[tokio::test]
async fn a_day_has_about_24_requests() {
    let strict = World::with("simplefin_day_has_no_leeway");
    for _ in 0..24 {
        strict.get("/accounts?balances-only=1").await.ok();
    }
    let refused = strict.get("/accounts?balances-only=1").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.body["errors"][0].as_str().unwrap().contains("24 requests per day"), "{}", refused.text);
    strict.days_pass(1).await;
    strict.get("/accounts?balances-only=1").await.ok();
    let usual = World::new();
    usual.happen(SimpleFinEvent::Spend { requests: 95 });
    usual.get("/accounts?balances-only=1").await.ok();
    assert_eq!(usual.get("/accounts").await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn every_armed_fault_is_met() {
    let world = World::new();
    for kind in Sandbox::fault_kinds_of("simplefin").into_iter().filter(|kind| kind.source != "the line") {
        world.sandbox.arm(ArmedFault::new("simplefin/accounts", kind.name)).unwrap();
        let answer = world.get("/accounts?version=2&balances-only=1").await;
        assert_eq!(answer.status.as_u16(), kind.status.unwrap_or(200), "{}", kind.name);
        assert_eq!(world.sandbox.calls().last().unwrap().fault, Some(kind.name));
    }
    world.sandbox.arm(ArmedFault::new("simplefin/accounts", "simplefin_unknown_error")).unwrap();
    let answer = world.get("/accounts?version=2").await.ok();
    assert_eq!(errors(&answer), [("gen.maintenance".to_owned(), None)]);
    assert_eq!(answer["accounts"].as_array().unwrap().len(), 7, "with the data");
}
