//! General limits and the daily one (fact sheet §8).

use serde_json::json;

use crate::kit::{Answer, Fake, KANALBANK, LOCKSIDE, NORDHAFEN, SANDBOX_FINANCE, Setup, World};

async fn balances(world: &World, account: &str) -> Answer {
    world.get(&format!("/accounts/{account}/balances/")).await
}

fn account_limit(answer: &Answer) -> [&str; 3] {
    ["limit", "remaining", "reset"].map(|name| answer.header(&format!("http_x_ratelimit_account_success_{name}")))
}

/// Four calls of Lockside's, each ten seconds after the other.
async fn used_up(setup: &Setup) -> (World, String) {
    let world = setup.start().await;
    let account = world.link(LOCKSIDE).await.accounts.remove(0);
    for (remaining, reset) in [("3", "86400"), ("2", "86390"), ("1", "86380"), ("0", "86370")] {
        let answer = balances(&world, &account).await;
        assert_eq!((answer.status.as_u16(), account_limit(&answer)), (200, ["4", remaining, reset]));
        setup.real.pass(10);
    }
    (world, account)
}

#[tokio::test]
async fn the_fifth_call_of_a_day_is_refused_and_the_window_ends() {
    let setup = Setup::default();
    let (mut world, account) = used_up(&setup).await;
    let refused = balances(&world, &account).await;
    let detail = "The rate limit for this resource is 4/day. Please try again in 86360 seconds";
    refused.is_error(429, "Rate limit exceeded", detail);
    assert_eq!(account_limit(&refused), ["", "", ""], "only on successes");
    assert_eq!(refused.header("http_x_ratelimit_limit"), "100", "the general ones on everything");
    world.get(&format!("/accounts/{account}/details/")).await.ok();
    world.get(&format!("/accounts/{account}/")).await.ok();
    world.turn(json!({ "advance_seconds": 86_359 })).await.ok();
    world.sign_in().await;
    assert_eq!(balances(&world, &account).await.status, 429);
    setup.real.pass(1);
    assert_eq!(account_limit(&balances(&world, &account).await), ["4", "3", "86400"]);
}

#[tokio::test]
async fn a_rolling_window_gives_calls_back_one_by_one() {
    let setup = Setup::with("daily_window_is_fixed");
    let (mut world, account) = used_up(&setup).await;
    world.turn(json!({ "advance_seconds": 86_360 })).await.ok();
    world.sign_in().await;
    assert_eq!(account_limit(&balances(&world, &account).await), ["4", "0", "10"]);
    let detail = "The rate limit for this resource is 4/day. Please try again in 10 seconds";
    balances(&world, &account).await.is_error(429, "Rate limit exceeded", detail);
}

#[tokio::test]
async fn the_limits_answer_has_other_shapes() {
    let (world, account) = used_up(&Setup::with("daily_limit_is_the_institutions")).await;
    let body = json!({
        "summary": "Couldn't update account balances", "type": "RateLimitError", "status_code": 429,
        "detail": "Daily request limit set by the Institution has been exceeded.",
    });
    balances(&world, &account).await.is(429, &body);

    let mut setup = Setup::with("daily_limit_is_the_institutions");
    setup.switches.institution_limit_has_status_code = false;
    let (world, account) = used_up(&setup).await;
    assert_eq!(balances(&world, &account).await.body.get("status_code"), None);

    let (world, account) = used_up(&Setup::with("account_limit_headers_on_429")).await;
    assert_eq!(account_limit(&balances(&world, &account).await), ["4", "0", "86360"]);
}

#[tokio::test]
async fn failed_calls_are_not_counted() {
    let world = World::new().await;
    let account = world.link(LOCKSIDE).await.accounts.remove(0);
    let path = format!("/accounts/{account}/transactions/");
    for _ in 0..6 {
        assert_eq!(world.get(&format!("{path}?date_from=2030-01-01")).await.status, 400);
    }
    assert_eq!(account_limit(&world.get(&path).await)[1], "3");
}

#[tokio::test]
async fn banks_have_their_own_limits() {
    let world = World::new().await;
    let nordhafen = world.link(NORDHAFEN).await.accounts.remove(0);
    assert_eq!(account_limit(&balances(&world, &nordhafen).await)[..2], ["1000", "999"]);

    let everywhere_off = Setup { daily_limit_everywhere: false, ..Setup::default() }.start().await;
    let lockside = everywhere_off.link(LOCKSIDE).await.accounts.remove(0);
    for _ in 0..6 {
        let answer = balances(&everywhere_off, &lockside).await;
        assert_eq!((answer.status.as_u16(), account_limit(&answer)), (200, ["", "", ""]));
    }
    let kanalbank = everywhere_off.link(KANALBANK).await.accounts.remove(0);
    for _ in 0..2 {
        everywhere_off.get(&format!("/accounts/{kanalbank}/")).await.ok();
    }
    assert_eq!(account_limit(&balances(&everywhere_off, &kanalbank).await)[0], "4", "marked so");

    let exempt = Setup::with("sandbox_bank_has_daily_limit").start().await;
    let account = exempt.link(SANDBOX_FINANCE).await.accounts.remove(0);
    assert_eq!(account_limit(&balances(&exempt, &account).await), ["", "", ""]);
}

#[tokio::test]
async fn a_relink_does_not_refill_the_day() {
    let (world, account) = used_up(&Setup::default()).await;
    assert_eq!(world.link(LOCKSIDE).await.accounts[0], account);
    assert_eq!(balances(&world, &account).await.status, 429);
}

#[tokio::test]
async fn general_limits_count_everything_and_refill() {
    let setup = Setup::default();
    let mut world = setup.start().await;
    for remaining in (0..300).rev() {
        let answer = world.get("/institutions/NOBANK/").await;
        assert_eq!(answer.header("http_x_ratelimit_remaining"), remaining.to_string());
    }
    let detail = "The rate limit for this resource is 300/min. Please try again in 60 seconds";
    let refused = world.get("/institutions/").await;
    refused.is_error(429, "Rate limit exceeded", detail);
    assert_eq!((refused.header("http_x_ratelimit_remaining"), refused.header("http_x_ratelimit_reset")), ("0", "60"));
    world.get("/requisitions/").await.ok();
    setup.real.pass(60);
    world.get("/institutions/").await.ok();
    for _ in 1..100 {
        world.sign_in().await;
    }
    let answer = world.post("/token/new/", &crate::kit::credentials()).await;
    assert_eq!((answer.status.as_u16(), answer.header("http_x_ratelimit_limit")), (429, "100"));
    world.turn(json!({ "advance_seconds": 3600 })).await.ok();
    world.sign_in().await;
}

#[tokio::test]
async fn general_limits_refill_while_the_clock_stands_still() {
    let real = Fake::at("2026-11-20T12:00:00Z");
    let setup = Setup { clock: bankside_sandbox::ClockMode::Frozen, real: real.clone(), ..Setup::default() };
    let world = setup.start().await;
    for _ in 0..300 {
        world.get("/requisitions/").await.ok();
    }
    assert_eq!(world.get("/requisitions/").await.status, 429);
    real.pass(60);
    world.get("/requisitions/").await.ok();
    assert_eq!(world.page("/_control/clock").await.body["now"], "2026-11-20T12:00:00.000000Z");
}
