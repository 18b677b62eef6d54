//! From the list of banks to a session, and to its end.

use axum::body::Body;
use axum::http::Request;
use bankside_sandbox::{Answers, EnableBankingEvent};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::kit::*;

fn names(answer: &Value) -> Vec<String> {
    answer["aspsps"].as_array().unwrap().iter().map(|bank| bank["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn banks_are_listed_by_country_and_kind_of_customer() {
    let world = World::new();
    assert_eq!(names(&world.get("/aspsps").await.ok()).len(), 4);
    assert_eq!(names(&world.get("/aspsps?country=de&service=AIS").await.ok()), ["Nordhafen Bank"]);
    assert_eq!(names(&world.get("/aspsps?psu_type=business").await.ok()), ["Dunahíd Bank"]);
    assert_eq!(names(&world.get("/aspsps?country=QQ").await.ok()), Vec::<String>::new());
    assert_eq!(names(&world.get("/aspsps?service=PIS").await.ok()), Vec::<String>::new());
    world.get("/aspsps?country=Germany").await.is(422, "WRONG_REQUEST_PARAMETERS");
    world.get("/aspsps?colour=red").await.is(422, "WRONG_REQUEST_PARAMETERS");
    let kanalbank = world.get("/aspsps?country=NL").await.ok()["aspsps"][0].clone();
    assert_eq!(kanalbank["maximum_consent_validity"], 7_776_000);
    assert_eq!(kanalbank["required_psu_headers"], json!(["Psu-Ip-Address", "Psu-User-Agent"]));
}

#[tokio::test]
async fn what_is_wrong_with_an_authorisation_is_said() {
    let world = World::new();
    let usual = world.asking(NORDHAFEN, 90);
    let changed = |name: &str, value: Value| {
        let mut body = usual.clone();
        body[name] = value;
        body
    };
    world.post("/auth", &usual).await.ok();
    for (body, word) in [
        (changed("aspsp", json!({ "name": "Nobody", "country": "DE" })), "WRONG_ASPSP_PROVIDED"),
        (changed("aspsp", json!({ "name": "Nordhafen Bank", "country": "NL" })), "WRONG_ASPSP_PROVIDED"),
        (changed("psu_type", "business".into()), "WRONG_REQUEST_PARAMETERS"),
        (changed("auth_method", "magic".into()), "WRONG_REQUEST_PARAMETERS"),
        (changed("credentials", json!({ "userId": "me" })), "WRONG_REQUEST_PARAMETERS"),
        (changed("language", "EN".into()), "WRONG_REQUEST_PARAMETERS"),
        (changed("access", json!({})), "WRONG_REQUEST_PARAMETERS"),
        (changed("access", json!({ "valid_until": "2026-11-19T00:00:00Z" })), "WRONG_REQUEST_PARAMETERS"),
        (changed("access", json!({ "valid_until": "2027-01-01" })), "WRONG_REQUEST_PARAMETERS"),
        (changed("redirect_url", "https://somewhere.example/back".into()), "REDIRECT_URI_NOT_ALLOWED"),
    ] {
        world.post("/auth", &body).await.is(422, word);
    }
    let registered = EnableBankingEvent::Register { redirect_urls: vec!["https://somewhere.example/back".into()] };
    world.happen(registered);
    world.post("/auth", &changed("redirect_url", "https://somewhere.example/back".into())).await.ok();
    assert_eq!(world.get("/application").await.ok()["redirect_urls"], json!(["https://somewhere.example/back"]));
}

#[tokio::test]
async fn a_consent_lasts_no_moment_longer_than_the_bank_allows() {
    let world = World::new();
    let mut body = world.asking(KANALBANK, 90);
    world.post("/auth", &body).await.ok();
    let more = world.sandbox.now() + SignedDuration::from_hours(24 * 90) + SignedDuration::from_micros(1);
    body["access"]["valid_until"] = more.to_string().into();
    let refused = world.post("/auth", &body).await;
    refused.is(422, "WRONG_REQUEST_PARAMETERS");
    assert_eq!(refused.body["detail"], "Kanalbank does not support consent validity more than 7776000 seconds");
}

#[tokio::test]
async fn a_code_works_once_and_not_for_long() {
    let world = World::new();
    let code = world.code(NORDHAFEN).await;
    let session = world.post("/sessions", &json!({ "code": code })).await.ok();
    assert_eq!(session["accounts"].as_array().unwrap().len(), 2);
    assert_eq!(session["aspsp"], json!({ "name": "Nordhafen Bank", "country": "DE" }));
    world.post("/sessions", &json!({ "code": code })).await.is(422, "ALREADY_AUTHORIZED");
    world.post("/sessions", &json!({ "code": "another" })).await.is(422, "WRONG_AUTHORIZATION_CODE");
    world.post("/sessions", &json!({})).await.is(422, "WRONG_REQUEST_PARAMETERS");
    let late = world.code(NORDHAFEN).await;
    world.pass(json!({ "advance_seconds": 600 })).await;
    world.post("/sessions", &json!({ "code": late })).await.is(422, "EXPIRED_AUTHORIZATION_CODE");
}

#[tokio::test]
async fn who_goes_back_brings_an_error_and_no_code_and_the_page_is_over() {
    let world = World::new();
    let ends = [
        (Answers { cancels: true, ..Answers::default() }, "access_denied"),
        (Answers { user_id: "reject".into(), ..Answers::default() }, "access_denied"),
        (Answers { user_id: "down".into(), ..Answers::default() }, "server_error"),
    ];
    for (answers, error) in ends {
        let begun = world.post("/auth", &world.asking(NORDHAFEN, 90)).await.ok();
        let back = world.walk(&begun, &answers).await;
        assert_eq!(value(&back, "error").as_deref(), Some(error));
        assert_eq!((value(&back, "state").as_deref(), value(&back, "code")), (Some("st-1"), None));
        let page = begun["url"].as_str().unwrap().strip_prefix(BASE).unwrap();
        let again = world.send(Request::get(page).body(Body::empty()).unwrap()).await;
        assert_eq!(again.status, 410);
    }
}

#[tokio::test]
async fn a_session_is_shown_and_ends_in_each_of_its_ways() {
    let world = World::new();
    let mut seen = Vec::new();
    for end in ["CLOSED", "REVOKED", "EXPIRED", "INVALID"] {
        let session = world.session(NORDHAFEN).await;
        let (id, uid) = (session["session_id"].as_str().unwrap().to_owned(), uid(&session, 0));
        let path = format!("/sessions/{id}");
        let row = world.get(&path).await.ok();
        assert_eq!((row["status"].as_str(), &row["accounts"][0]), (Some("AUTHORIZED"), &json!(uid)));
        world.get(&format!("/accounts/{uid}/balances")).await.ok();
        match end {
            "CLOSED" => assert_eq!(world.delete(&path).await.ok(), json!({ "message": "OK" })),
            "REVOKED" => world.happen(EnableBankingEvent::Revoke { of: id.clone() }),
            "EXPIRED" => world.pass(json!({ "advance_days": 90 })).await,
            other => world.happen(EnableBankingEvent::Status { of: id.clone(), status: Some(other.into()) }),
        }
        assert_eq!(world.get(&path).await.ok()["status"], end);
        let refused = world.get(&format!("/accounts/{uid}/balances")).await;
        match end {
            "INVALID" => refused.is(422, "WRONG_SESSION_STATUS"),
            _ => refused.is(401, &format!("{end}_SESSION")),
        }
        seen.push((session["accounts"][0]["identification_hash"].clone(), uid));
    }
    assert!(seen.iter().all(|(hash, _)| *hash == seen[0].0), "an account is known by its hash");
    assert!(seen[1..].iter().all(|(_, uid)| *uid != seen[0].1), "its uid is another in each session");
    world.get("/sessions/eb5a0000-0000-4000-8000-00000000ffff").await.is(404, "SESSION_DOES_NOT_EXIST");
    let other = World::with("enablebanking_session_errors_are_unauthorized");
    let session = other.session(NORDHAFEN).await;
    other.happen(EnableBankingEvent::Revoke { of: "Nordhafen Bank".into() });
    other.get(&format!("/accounts/{}/balances", uid(&session, 0))).await.is(422, "REVOKED_SESSION");
}
