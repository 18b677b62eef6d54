//! The clock's controls and what survives a restart.

use std::fs;

use axum::body::Body;
use axum::http::Request;
use bankside_sandbox::{ClockMode, SandboxError};
use serde_json::json;

use crate::kit::{Fake, LOCKSIDE, NORDHAFEN, Setup, World};

#[tokio::test]
async fn the_clock_is_read_and_turned() {
    let world = World::new().await;
    assert_eq!(world.page("/_control/clock").await.ok(), json!({ "now": "2026-11-20T12:00:00.000000Z" }));
    let answers = [
        (json!({ "advance_days": 1 }), "2026-11-21T12:00:00.000000Z"),
        (json!({ "advance_seconds": 90 }), "2026-11-21T12:01:30.000000Z"),
        (json!({ "set": "2026-12-01T00:00:00+01:00" }), "2026-11-30T23:00:00.000000Z"),
        (json!({ "advance_days": 0 }), "2026-11-30T23:00:00.000000Z"),
    ];
    for (command, now) in answers {
        assert_eq!(world.turn(command).await.ok(), json!({ "now": now }));
    }
    for command in [json!({ "advance_days": -1 }), json!({ "set": "2026-11-30T22:59:59Z" }), json!({}), json!("x")] {
        let answer = world.turn(command.clone()).await;
        assert_eq!((answer.status.as_u16(), answer.body["error"].is_string()), (400, true), "{command}");
    }
    assert_eq!(world.page("/_control/clock").await.ok()["now"], "2026-11-30T23:00:00.000000Z");
}

#[tokio::test]
async fn people_turn_it_from_the_index_page_and_strangers_do_not() {
    let world = World::new().await;
    let answer = world.form("/_control/clock", &[("advance_days", "30")]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"));
    assert_eq!(world.page("/_control/clock").await.ok()["now"], "2026-12-20T12:00:00.000000Z");
    let request = Request::post("/_control/clock")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    let answer = world.send(request.body(Body::from("advance_days=1")).unwrap()).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn everything_survives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup { state_file: Some(folder.path().join("deep/state.json")), ..Setup::default() };
    let world = setup.start().await;
    let linked = world.link(LOCKSIDE).await;
    let balances = format!("/accounts/{}/balances/", linked.accounts[0]);
    for _ in 0..4 {
        world.get(&balances).await.ok();
    }
    world.turn(json!({ "advance_seconds": 3600 })).await.ok();
    let before = world.get("/requisitions/").await.ok();
    let token = world.token.clone();
    drop(world);

    let mut again = World { router: setup.sandbox().unwrap().router(), token };
    assert_eq!(again.get("/requisitions/").await.ok(), before, "the same records, and the token still opens them");
    assert_eq!(again.page("/_control/clock").await.ok()["now"], "2026-11-20T13:00:00.000000Z");
    assert_eq!(again.get(&balances).await.status, 429, "the day's calls are still used up");
    again.days_pass(1).await;
    again.get(&balances).await.ok();
    assert!(fs::read_dir(folder.path().join("deep")).unwrap().count() == 1, "no file is left beside it");
}

#[tokio::test]
async fn a_frozen_clock_stays_where_the_first_start_put_it() {
    let folder = tempfile::tempdir().unwrap();
    let real = Fake::at("2026-11-20T12:00:00Z");
    let state_file = Some(folder.path().join("state.json"));
    let setup = Setup { state_file, clock: ClockMode::Frozen, real: real.clone(), ..Setup::default() };
    let first = setup.sandbox().unwrap();
    real.pass(1_000_000);
    assert_eq!(first.now(), "2026-11-20T12:00:00Z".parse().unwrap());
    let again = setup.sandbox().unwrap();
    assert_eq!(again.now(), first.now());
    let running = Setup { clock: ClockMode::Running, ..setup }.sandbox().unwrap();
    assert!(running.now() > first.now());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let setup = Setup { state_file: Some(path.clone()), ..Setup::default() };
    setup.start().await.request(NORDHAFEN, json!({})).await;
    let good = fs::read_to_string(&path).unwrap();
    for text in ["", "{", "{}", &good[..good.len() / 2], &good.replace("\"version\": 1", "\"version\": 99")] {
        fs::write(&path, text).unwrap();
        let error = setup.sandbox().unwrap_err();
        assert!(matches!(error, SandboxError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("state.json"));
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "never reset");
    }
}

#[tokio::test]
async fn a_change_that_cannot_be_kept_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("gone");
    let setup = Setup { state_file: Some(inner.join("state.json")), ..Setup::default() };
    let world = setup.start().await;
    fs::remove_dir_all(&inner).unwrap();
    fs::write(&inner, "a file where the folder was").unwrap();
    let body = json!({ "institution_id": NORDHAFEN, "redirect": "https://x.example" });
    assert_eq!(world.post("/requisitions/", &body).await.status, 500);
    assert_eq!(world.get("/requisitions/").await.ok()["count"], 0);
}

#[test]
fn a_public_url_must_be_one() {
    let config = bankside_sandbox::SandboxConfig {
        public_url: "mailto:x@y.example".parse().unwrap(),
        state_file: None,
        clock: ClockMode::Running,
        daily_limit_everywhere: true,
    };
    let real = Fake::at("2026-11-20T12:00:00Z");
    let ambient = bankside_domain::Ambient::new(real.clone(), real);
    let error = bankside_sandbox::Sandbox::open(config, ambient).unwrap_err();
    assert!(matches!(error, SandboxError::PublicUrl(_)));
}
