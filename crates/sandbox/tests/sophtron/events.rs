//! What happens without a client doing it.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::kit::*;

async fn happen(world: &World, event: Value) -> Answer {
    world.control("sophtron/events", event).await
}

#[tokio::test]
async fn credentials_stop_working_until_others_are_given() {
    let world = World::new();
    let login = text(&world.logins().await[0]["UserInstitutionID"]);
    let before = world.accounts(&login).await;
    let event = json!({ "event": "refuse", "of": login });
    assert_eq!(happen(&world, event.clone()).await.ok()["happened"], event);
    world.days_pass(2).await;
    assert_eq!(world.refresh(&login).await.1["SuccessFlag"], false);
    assert_eq!(world.accounts(&login).await, before, "the cache is still read");
    let body = json!({ "UserInstitutionID": login, "UserName": "me", "Password": "new" });
    let job = world.post("/UserInstitution/UpdateUserInstitution", body).await.ok();
    let (asked, end) = world.finish(&text(&job["JobID"])).await;
    assert_eq!((asked, &end["SuccessFlag"]), (vec!["TokenInput"], &json!(true)));
    assert_ne!(world.accounts(&login).await, before);
}

#[tokio::test]
async fn a_bank_begins_to_ask_always_and_leaves_off() {
    let world = World::new();
    let login = text(&world.logins().await[1]["UserInstitutionID"]);
    happen(&world, json!({ "event": "ask_always", "of": bank_id(LARKSPUR) })).await.ok();
    assert_eq!(world.refresh(&login).await.0, ["TokenMethod", "TokenInput"]);
    let account = world.accounts(&login).await.remove(0);
    let body = json!({ "AccountID": account["AccountID"] });
    let started = world.post("/UserInstitutionAccount/RefreshUserInstitutionAccount", body).await.ok();
    assert_ne!(started["JobID"], "", "what asks is not done at once");
    happen(&world, json!({ "event": "ask_always", "of": login, "asks": false })).await.ok();
    assert!(world.refresh(&login).await.0.is_empty());
    let millrace = world.linked(MILLRACE).await;
    assert_eq!(world.refresh(&millrace).await.0, ["TokenMethod", "TokenInput"], "by itself");
}

#[tokio::test]
async fn an_untracked_account_is_passed_over() {
    let world = World::new();
    let login = text(&world.logins().await[0]["UserInstitutionID"]);
    let account = world.accounts(&login).await.remove(0);
    happen(&world, json!({ "event": "untrack", "of": account["AccountID"] })).await.ok();
    world.days_pass(2).await;
    world.refresh(&login).await;
    let accounts = world.accounts(&login).await;
    let seen: Vec<_> =
        accounts.iter().map(|one| (text(&one["Status"]), one["LastUpdated"] == account["LastUpdated"])).collect();
    let tracked = ("Tracked".to_owned(), false);
    assert_eq!(seen, [("Untracked".to_owned(), true), tracked.clone(), tracked]);
    happen(&world, json!({ "event": "untrack", "of": login, "tracked": true })).await.ok();
    assert_eq!(world.accounts(&login).await[0]["Status"], "Tracked");
}

#[tokio::test]
async fn a_login_is_deleted_at_the_provider() {
    let world = World::new();
    happen(&world, json!({ "event": "delete", "of": bank_id(HARBORLIGHT) })).await.ok();
    assert_eq!(world.logins().await.len(), 1);
    assert_eq!(happen(&world, json!({ "event": "delete", "of": bank_id(HARBORLIGHT) })).await.status, 404);
}

#[tokio::test]
async fn the_months_requests_are_used_up_where_the_switch_says_so() {
    let world = World::with("sophtron_month_is_limited");
    happen(&world, json!({ "event": "spend", "requests": 9_999 })).await.ok();
    world.get("/v2/customers").await.ok();
    let refused = world.get("/v2/customers").await;
    assert_eq!((refused.status.as_u16(), refused.body["Message"].is_string()), (429, true));
    assert_eq!(world.raw("GET", "/UserInstitution/Ping", None, "").await.status, 200);
    assert_eq!(world.raw("GET", "/v2/customers", None, "").await.status, 401, "the signature comes first");
    world.days_pass(11).await;
    world.get("/v2/customers").await.ok();
    let world = World::new();
    happen(&world, json!({ "event": "spend", "requests": 20_000 })).await.ok();
    world.get("/v2/customers").await.ok();
}

#[tokio::test]
async fn what_cannot_happen_is_refused_with_words() {
    let world = World::new();
    assert_eq!(happen(&world, json!({ "event": "rain" })).await.status, 400);
    assert_eq!(happen(&world, json!({ "event": "refuse", "of": "x" })).await.status, 404);
    let request = Request::post("/_control/sophtron/events").header("sec-fetch-site", "cross-site");
    let answer = world.send(request.body(Body::from("{\"event\":\"spend\",\"requests\":1}")).unwrap()).await;
    assert_eq!(answer.status, 403, "a stranger's page");
}
