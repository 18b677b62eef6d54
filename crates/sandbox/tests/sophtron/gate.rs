//! Signatures, paths, methods and bodies (fact sheet §2, §3, §8).

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::kit::*;

#[tokio::test]
async fn every_call_but_the_open_one_is_signed() {
    let world = World::new();
    assert_eq!(world.raw("GET", "/UserInstitution/Ping", None, "").await.text, "OK");
    let health = world.get("/Institution/HealthCheckAuth").await;
    assert_eq!((health.status.as_u16(), health.text.as_str()), (200, "OK"));
    assert!(health.header("content-type").starts_with("text/plain"));
    let right = world.sign("GET", "/healthcheckauth");
    let stranger = right.replace(&world.user_id, "7f3b2c1a-0d4e-4a5b-9c6d-000000000000");
    let cut = right.replace("=:/", ":/");
    for (header, why) in [
        (None, "nothing"),
        (Some("Bearer abc".to_owned()), "another scheme"),
        (Some(stranger), "another user"),
        (Some(cut), "a signature without its padding"),
        (Some(world.sign("POST", "/healthcheckauth")), "another method"),
        (Some(world.sign("GET", "/customers")), "another path"),
        (Some(world.sign("GET", "/HealthCheckAuth")), "not in lower case"),
        (Some(world.sign("GET", "")), "no path"),
    ] {
        let answer = world.raw("GET", "/Institution/HealthCheckAuth", header.as_deref(), "").await;
        let body = json!({ "Message": "Authorization has been denied for this request." });
        assert_eq!((answer.status.as_u16(), answer.body), (401, body), "{why}");
    }
    let mut other = World::new();
    other.access_key = "b3RoZXI=".to_owned();
    assert_eq!(other.get("/Institution/HealthCheckAuth").await.status, 401);
    assert_eq!(other.get("/v2/customers").await.status, 401);
}

#[tokio::test]
async fn the_variants_of_other_clients_are_let_in_and_a_header_can_be_used_again() {
    let world = World::new();
    let long = world.sign("POST", "/userinstitution/getuserinstitutionsbyuser");
    let body = json!({ "userID": world.user_id }).to_string();
    for _ in 0..2 {
        let path = "/UserInstitution/GetUserInstitutionsByUser";
        assert_eq!(world.raw("POST", path, Some(&long), &body).await.ok().as_array().unwrap().len(), 2);
    }
    let other_casing = world.raw("POST", "/userinstitution/GETuserinstitutionsBYuser", Some(&long), &body).await;
    assert_eq!(other_casing.status, 200);
    let slash = world.sign("GET", "/?uniqueid=sandbox");
    let answer = world.raw("GET", "/v2/customers/?uniqueId=sandbox", Some(&slash), "").await.ok();
    assert_eq!(answer.as_array().unwrap().len(), 1);
    let query = world.sign("GET", "/customers?uniqueid=sandbox");
    assert_eq!(world.raw("GET", "/v2/customers?uniqueID=sandbox", Some(&query), "").await.status, 200);
    let stripped = world.sign("GET", "/customers");
    assert_eq!(world.raw("GET", "/v2/customers?uniqueID=sandbox", Some(&stripped), "").await.status, 401);
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_is_wrong_is_refused() {
    let world = World::new();
    for path in ["/nothing", "/v2", "", "/v2/customers//members", "/Job"] {
        assert_eq!(world.raw("GET", path, None, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(world.get("/Job/GetJobInformationByID").await.status, StatusCode::METHOD_NOT_ALLOWED);
    let path = "/UserInstitution/GetUserInstitutionAccounts";
    let header = world.sign("POST", "/getuserinstitutionaccounts");
    for body in ["{", "[1]", "{}", "", "{\"UserInstitutionID\":\"x\"}", "{\"UserInstitutionID\":7}"] {
        let answer = world.raw("POST", path, Some(&header), body).await;
        assert_eq!((answer.status.as_u16(), answer.body["Message"].is_string()), (400, true), "{body}");
    }
    let long = format!("{{\"UserInstitutionID\":\"{}\"}}", "x".repeat(70 * 1024));
    assert_eq!(world.raw("POST", path, Some(&header), &long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let unknown = json!({ "UserInstitutionID": "00000000-0000-4000-8000-000000000000" });
    assert_eq!(world.post(path, unknown).await.status, 404);
    for call in ["/UserInstitution/GetUserInstitutionsByUser", "/Institution/GetInstitutionsByUser"] {
        let stranger = json!({ "UserID": "00000000-0000-4000-8000-000000000000" });
        assert_eq!(world.post(call, stranger).await.status, 403, "{call}");
    }
    let mut dates =
        json!({ "AccountID": "00000000-0000-4000-8000-000000000000", "StartDate": "soon", "EndDate": "2026-01-01" });
    let path = "/Transaction/GetTransactionsByTransactionDate";
    assert_eq!(world.post(path, dates.clone()).await.status, 400);
    dates["StartDate"] = Value::Null;
    assert_eq!(world.post(path, dates).await.status, 400);
}

#[tokio::test]
async fn calls_are_noted_under_their_labels() {
    let world = World::new();
    let login = text(&world.logins().await[0]["UserInstitutionID"]);
    let account = world.accounts(&login).await.remove(0);
    world.rows(&account, "2026-11-01", "2026-11-20").await;
    let id = text(&account["AccountID"]);
    let path =
        format!("/v2/customers/{}/accounts/{id}/transactions?startDate=2026-11-01&endDate=2026-11-02", world.user_id);
    world.get(&path).await.ok();
    world.raw("GET", "/v2/customers", None, "").await;
    let calls = world.sandbox.calls();
    let seen: Vec<_> = calls.iter().map(|call| (call.label, call.status, call.account.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("sophtron/GetUserInstitutionsByUser", Some(200), None),
            ("sophtron/GetUserInstitutionAccounts", Some(200), None),
            ("sophtron/GetTransactionsByTransactionDate", Some(200), Some(id.as_str())),
            ("sophtron/v2/accounts/transactions", Some(200), Some(id.as_str())),
            ("sophtron/v2/customers", Some(401), None),
        ]
    );
}
