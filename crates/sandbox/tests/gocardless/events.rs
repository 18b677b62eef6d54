//! What happens at the bank or at the provider without the client: processing, revoking, suspending, words for a status.

use axum::body::Body;
use axum::http::Request;
use bankside_sandbox::{ArmedFault, Event, EventError};
use serde_json::{Value, json};

use crate::kit::{Answer, NORDHAFEN, Setup, World};

async fn happen(world: &World, event: Value) -> Answer {
    world.send(Request::post("/_control/gocardless/events").body(Body::from(event.to_string())).unwrap()).await
}

async fn status(world: &World, account: &str) -> Value {
    world.get(&format!("/accounts/{account}/")).await.ok()["status"].clone()
}

async fn requisition_status(world: &World, requisition: &str) -> Value {
    world.get(&format!("/requisitions/{requisition}/")).await.ok()["status"].clone()
}

async fn balances(world: &World, account: &str) -> Answer {
    world.get(&format!("/accounts/{account}/balances/")).await
}

#[tokio::test]
async fn a_bank_may_process_for_as_long_as_someone_says() {
    let setup = Setup::default();
    let world = setup.start().await;
    happen(&world, json!({ "event": "process", "of": NORDHAFEN, "seconds": 600 })).await.ok();
    let account = world.link(NORDHAFEN).await.accounts.remove(0);
    setup.real.pass(599);
    assert_eq!(status(&world, &account).await, "PROCESSING");
    let waiting = balances(&world, &account).await;
    assert_eq!((waiting.status.as_u16(), &waiting.body["type"]), (409, &json!("AccountProcessing")));
    setup.real.pass(1);
    assert_eq!(status(&world, &account).await, "READY");
    balances(&world, &account).await.ok();

    happen(&world, json!({ "event": "process", "of": account, "polls": 1 })).await.ok();
    assert_eq!(status(&world, &account).await, "PROCESSING");
    assert_eq!(status(&world, &account).await, "READY");
    happen(&world, json!({ "event": "process", "of": account, "seconds": 60 })).await.ok();
    happen(&world, json!({ "event": "process", "of": account })).await.ok();
    balances(&world, &account).await.ok();
}

#[tokio::test]
async fn a_revoked_consent_stays_linked_and_data_calls_find_out() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    let account = &linked.accounts[0];
    happen(&world, json!({ "event": "revoke", "of": linked.requisition })).await.ok();
    assert_eq!(status(&world, account).await, "READY", "nobody knows yet");
    let body = json!({
        "summary": "Couldn't update account balances", "type": "AccessExpiredError", "status_code": 401,
        "detail": "Access has expired or it has been revoked. To restore access reconnect the account.",
    });
    balances(&world, account).await.is(401, &body);
    assert_eq!(requisition_status(&world, &linked.requisition).await, "LN");
    assert_eq!(status(&world, account).await, "ERROR");

    let again = world.link(NORDHAFEN).await;
    assert_eq!(&again.accounts[0], account);
    balances(&world, account).await.ok();
    assert_eq!(status(&world, account).await, "READY");
}

#[tokio::test]
async fn ten_failures_one_after_the_other_suspend() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    let account = &linked.accounts[0];
    happen(&world, json!({ "event": "revoke", "of": account })).await.ok();
    for _ in 0..10 {
        assert_eq!(requisition_status(&world, &linked.requisition).await, "LN");
        assert_eq!(balances(&world, account).await.status, 401);
    }
    assert_eq!(requisition_status(&world, &linked.requisition).await, "SU");
    assert_eq!(status(&world, account).await, "SUSPENDED");
    let detail = "This account or its requisition was suspended due to numerous errors \
                  that occurred while accessing it.";
    balances(&world, account).await.is_error(409, "Account suspended", detail);
    balances(&world, &linked.accounts[1]).await.is_error(409, "Account suspended", detail);

    let again = world.link(NORDHAFEN).await;
    assert_eq!(requisition_status(&world, &linked.requisition).await, "SU", "only a new requisition helps");
    assert_eq!(requisition_status(&world, &again.requisition).await, "LN");
    balances(&world, account).await.ok();
}

#[tokio::test]
async fn armed_failures_count_and_a_success_starts_anew() {
    let setup = Setup::default();
    let sandbox = setup.sandbox().unwrap();
    let mut world = World { router: sandbox.router(), token: String::new() };
    world.sign_in().await;
    let linked = world.link(NORDHAFEN).await;
    let account = &linked.accounts[0];
    let fail = async |kind: &str, times: u32| {
        sandbox.arm(ArmedFault { times: Some(times), ..ArmedFault::new("accounts/balances", kind) }).unwrap();
        for _ in 0..times {
            assert!(balances(&world, account).await.status.as_u16() >= 400);
        }
    };
    fail("unknown_request", 9).await;
    assert_eq!(status(&world, account).await, "ERROR");
    balances(&world, account).await.ok();
    assert_eq!(status(&world, account).await, "READY");
    fail("service_error", 12).await;
    fail("connection_error", 12).await;
    assert_eq!(status(&world, account).await, "READY", "the line down is nobody's failure");
    let switches = json!({ "open_failures_count_to_suspension": true });
    let request = Request::post("/_control/switches").header("content-type", "application/json");
    world.send(request.body(Body::from(switches.to_string())).unwrap()).await.ok();
    fail("connection_error", 10).await;
    assert_eq!(status(&world, account).await, "SUSPENDED");
}

#[tokio::test]
async fn any_word_can_be_a_status() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    for word in ["ID", "ER", "ZZ"] {
        happen(&world, json!({ "event": "status", "of": linked.requisition, "status": word })).await.ok();
        assert_eq!(requisition_status(&world, &linked.requisition).await, word);
    }
    happen(&world, json!({ "event": "status", "of": NORDHAFEN })).await.ok();
    assert_eq!(requisition_status(&world, &linked.requisition).await, "LN");
    happen(&world, json!({ "event": "status", "of": linked.accounts[1], "status": "DISCOVERED" })).await.ok();
    assert_eq!(status(&world, &linked.accounts[1]).await, "DISCOVERED");
    assert_eq!(requisition_status(&world, &linked.requisition).await, "LN");
}

#[tokio::test]
async fn what_cannot_happen_is_refused() {
    let setup = Setup::default();
    let world = setup.start().await;
    assert_eq!(happen(&world, json!({ "event": "revoke", "of": "nobody" })).await.status, 404);
    assert_eq!(happen(&world, json!({ "event": "rain", "of": NORDHAFEN })).await.status, 400);
    let unlinked = setup.sandbox().unwrap().happen(Event::Suspend { of: NORDHAFEN.into() });
    assert!(matches!(unlinked, Err(EventError::NothingLinked(_))), "{unlinked:?}");
    let request = Request::post("/_control/gocardless/events").header("sec-fetch-site", "same-site");
    let event = json!({ "event": "process", "of": NORDHAFEN }).to_string();
    assert_eq!(world.send(request.body(Body::from(event)).unwrap()).await.status, 403, "a stranger's page");
}

#[tokio::test]
async fn a_suspended_consent_lets_nobody_in() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    happen(&world, json!({ "event": "suspend", "of": NORDHAFEN })).await.ok();
    assert_eq!(requisition_status(&world, &linked.requisition).await, "SU");
    assert_eq!(balances(&world, &linked.accounts[1]).await.status, 409);
}

#[tokio::test]
async fn switches_turn_while_it_runs() {
    let world = World::new().await;
    let set = async |body: Value| {
        let request = Request::post("/_control/switches").header("content-type", "application/json");
        world.send(request.body(Body::from(body.to_string())).unwrap()).await
    };
    let first = world.link(NORDHAFEN).await;
    assert_eq!(world.link(NORDHAFEN).await.accounts, first.accounts);
    let switches = set(json!({ "account_ids_survive_relink": false })).await.ok();
    assert_eq!(
        (&switches["account_ids_survive_relink"], &switches["refresh_token_rotates"]),
        (&json!(false), &json!(false))
    );
    assert_ne!(world.link(NORDHAFEN).await.accounts, first.accounts);
    assert_eq!(world.page("/_control/switches").await.ok(), switches);
    assert_eq!(set(json!({ "no_such_switch": true })).await.status, 400);
}
