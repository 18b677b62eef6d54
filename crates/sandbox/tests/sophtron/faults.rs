//! Armed faults.

use bankside_sandbox::{ArmError, ArmedFault, Sandbox};
use serde_json::{Value, json};

use crate::kit::*;

const CALL: &str = "sophtron/GetUserInstitutionsByUser";
const PATH: &str = "/UserInstitution/GetUserInstitutionsByUser";

#[tokio::test]
async fn every_kind_with_a_status_answers_as_it_is_listed() {
    let world = World::new();
    let mut seen = 0;
    for kind in Sandbox::fault_kinds_of("sophtron") {
        let Some(status) = kind.status else { continue };
        world.sandbox.arm(ArmedFault::new(CALL, kind.name)).unwrap();
        let answer = world.post(PATH, json!({ "UserID": world.user_id })).await;
        assert_eq!(answer.status.as_u16(), status, "{}", kind.name);
        let call = world.sandbox.calls().pop().unwrap();
        assert_eq!((call.status, call.fault), (Some(status), Some(kind.name)));
        seen += 1;
    }
    assert!(seen > 15, "{seen}");
    assert_eq!(world.logins().await.len(), 2, "all are used up");
}

#[tokio::test]
async fn odd_successes_are_those_of_the_documents() {
    let world = World::new();
    let strike = async |kind: &str| {
        world.sandbox.arm(ArmedFault::new("sophtron/RefreshUserInstitution", kind)).unwrap();
        let login = text(&world.logins().await[0]["UserInstitutionID"]);
        world.post("/UserInstitution/RefreshUserInstitution", json!({ "UserInstitutionID": login })).await
    };
    assert_eq!(strike("sophtron_empty").await.text, "");
    assert_eq!(strike("sophtron_null").await.text, "null");
    assert_eq!((strike("sophtron_minus_one").await.body, strike("sophtron_zero").await.body), (json!(-1), json!(0)));
    assert_eq!(strike("sophtron_blank_job").await.body, json!({ "JobID": "" }));
    assert!(strike("sophtron_text").await.body.is_null());
    assert!(strike("sophtron_bad_gateway").await.text.contains("<h1>"));
    assert_eq!(strike("sophtron_retry_after").await.header("retry-after"), "60");
    let whole = text(&strike("truncated_json").await.body.to_string().into());
    assert_eq!(whole, "null", "half of it is no JSON");
    assert_eq!(strike("redirect_elsewhere").await.status, 302);
}

#[tokio::test]
async fn what_is_served_and_lost_has_happened() {
    let world = World::new();
    world.sandbox.arm(ArmedFault::new("sophtron/v2/customers", "sophtron_empty_after")).unwrap();
    let made = world.post("/v2/customers", json!({ "UniqueID": "a" })).await;
    assert_eq!((made.status.as_u16(), made.text.as_str()), (200, ""));
    world.sandbox.arm(ArmedFault::new("sophtron/v2/customers", "sophtron_empty")).unwrap();
    world.post("/v2/customers", json!({ "UniqueID": "b" })).await;
    let known = world.get("/v2/customers").await.ok();
    let names: Vec<_> = known.as_array().unwrap().iter().map(|one| text(&one["UniqueID"])).collect();
    assert_eq!(names, ["sandbox", "a"]);
}

#[tokio::test]
async fn a_fault_is_for_an_account_and_only_for_calls_that_would_be_served() {
    let world = World::new();
    let login = text(&world.logins().await[0]["UserInstitutionID"]);
    let accounts = world.accounts(&login).await;
    let account = Some(text(&accounts[1]["AccountID"]));
    let call = "sophtron/GetTransactionsByTransactionDate";
    world.sandbox.arm(ArmedFault { account, ..ArmedFault::new(call, "sophtron_internal_error") }).unwrap();
    let read = async |index: usize| {
        let body =
            json!({ "AccountID": accounts[index]["AccountID"], "StartDate": "2026-11-01", "EndDate": "2026-11-02" });
        world.post("/Transaction/GetTransactionsByTransactionDate", body).await.status.as_u16()
    };
    let header = world.sign("GET", "/x");
    let unsigned = world.raw("POST", "/Transaction/GetTransactionsByTransactionDate", Some(&header), "{}").await;
    assert_eq!((unsigned.status.as_u16(), read(0).await, read(1).await, read(1).await), (401, 200, 500, 200));
}

#[tokio::test]
async fn kinds_meet_the_calls_of_their_own_provider() {
    let world = World::new();
    world.sandbox.arm(ArmedFault { times: None, ..ArmedFault::new("*", "institution_limit") }).unwrap();
    world.get("/v2/customers").await.ok();
    assert_eq!(world.sandbox.armed()[0].fired, 0, "it waits for a call of the provider that knows it");
    let refused = world.sandbox.arm(ArmedFault::new(CALL, "institution_limit"));
    assert_eq!(refused, Err(ArmError::UnknownCall(CALL.into())));
    let refused = world.sandbox.arm(ArmedFault::new("accounts/balances", "sophtron_forbidden"));
    assert_eq!(refused, Err(ArmError::UnknownCall("accounts/balances".into())));
    world.sandbox.disarm();
    world.sandbox.arm(ArmedFault::new("*", "html_page")).unwrap();
    assert!(world.get("/v2/customers").await.text.contains("<title>Welcome"));
    let mut names: Vec<_> = Sandbox::fault_kinds().iter().map(|kind| kind.name).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "each name once");
    assert_eq!(Sandbox::fault_kinds_of("nobody"), []);
    assert_eq!(world.get("/v2/customers").await.body[0]["UniqueID"], Value::from("sandbox"));
}
