//! Requisitions (fact sheet §5).

use serde_json::{Value, json};

use crate::kit::{API, BASE, KANALBANK, LOCKSIDE, NORDHAFEN, SANDBOX_FINANCE, Setup, World};

const PATH: &str = "/requisitions/";
const UNKNOWN: &str = "3fa85f64-5717-4562-b3fc-2c963f66afa6";

/// The error of a field in a refused body.
async fn refused(world: &World, field: &str, more: Value) -> Value {
    let mut body = json!({ "institution_id": NORDHAFEN, "redirect": "https://client.example/back" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = world.post(PATH, &body).await;
    assert_eq!((answer.status.as_u16(), &answer.body["status_code"]), (400, &json!(400)), "{}", answer.text);
    assert_eq!(answer.body.as_object().unwrap().len(), 2, "{}", answer.text);
    answer.body[field].clone()
}

#[tokio::test]
async fn a_small_body_gets_an_agreement_a_reference_and_a_link() {
    let world = World::new().await;
    let body = json!({ "institution_id": SANDBOX_FINANCE, "redirect": "https://www.example.com" });
    let answer = world.post(PATH, &body).await;
    assert_eq!(answer.status, 201);
    let row = answer.ok();
    let id = row["id"].as_str().unwrap();
    let agreement = row["agreement"].as_str().unwrap();
    let expected = json!({
        "id": id, "created": "2026-11-20T12:00:00.000000Z", "redirect": "https://www.example.com", "status": "CR",
        "institution_id": SANDBOX_FINANCE, "agreement": agreement, "reference": id, "accounts": [], "link": row["link"],
        "ssn": null, "account_selection": false, "redirect_immediate": false,
    });
    assert_eq!(row, expected, "no user_language unless it was given");
    let link = row["link"].as_str().unwrap();
    assert!(link.starts_with(&format!("{BASE}/gocardless/ob-psd2/start/")) && link.ends_with(SANDBOX_FINANCE));
    assert!(!link.contains(id), "the link has an id of its own");
    let agreement = world.get(&format!("/agreements/enduser/{agreement}/")).await.ok();
    assert_eq!((&agreement["max_historical_days"], &agreement["access_valid_for_days"]), (&json!(90), &json!(90)));
    assert_eq!(world.get(&format!("{PATH}{id}/")).await.ok(), row);
}

#[tokio::test]
async fn what_is_given_is_kept() {
    let world = World::new().await;
    let more = json!({
        "reference": "mine", "user_language": "en", "account_selection": "true", "redirect_immediate": true, "ssn": null,
    });
    let row = world.request(KANALBANK, more).await;
    assert_eq!((&row["reference"], &row["user_language"]), (&json!("mine"), &json!("EN")));
    assert_eq!((&row["account_selection"], &row["redirect_immediate"]), (&json!(true), &json!(true)));
    let ssn = world.request("FJORDLYS_FJLYNOK2", json!({ "ssn": "01019012345" })).await;
    assert_eq!(ssn["ssn"], "01019012345");
}

#[tokio::test]
async fn required_fields_are_named() {
    let world = World::new().await;
    let required = json!(["This field is required."]);
    let expected = json!({ "redirect": required, "institution_id": required, "status_code": 400 });
    world.post(PATH, &json!({})).await.is(400, &expected);
}

#[tokio::test]
async fn each_field_has_its_error() {
    let world = World::new().await;
    world.request(NORDHAFEN, json!({ "reference": "taken" })).await;
    let error = |summary: &str, detail: &str| json!({ "summary": summary, "detail": detail });
    assert_eq!(
        refused(&world, "reference", json!({ "reference": "taken" })).await,
        error("Client reference must be unique", "Client reference: taken already exists")
    );
    assert_eq!(
        refused(&world, "redirect", json!({ "redirect": null })).await[0]["summary"],
        "Redirect URL is required"
    );
    for redirect in ["nowhere", "https://x.example/a b", "https://x.example/\u{e4}"] {
        assert_eq!(
            refused(&world, "redirect", json!({ "redirect": redirect })).await,
            json!([error("Invalid redirect URI", "Redirect URI must have a valid URI structure")])
        );
    }
    assert_eq!(
        refused(&world, "user_language", json!({ "user_language": "AB" })).await,
        error("Provided user_language is invalid or not supported", "'AB' is an invalid or unsupported language")
    );
    assert_eq!(
        refused(&world, "ssn", json!({ "ssn": "1" })).await,
        json!([error("SSN verification not supported", &format!("SSN verification not supported for {NORDHAFEN}"))])
    );
    assert_eq!(
        refused(&world, "account_selection", json!({ "account_selection": true })).await,
        error("Account selection not supported", &format!("Account selection not supported for {NORDHAFEN}"))
    );
    assert_eq!(
        refused(&world, "institution_id", json!({ "institution_id": "foo" })).await["summary"],
        "Unknown Institution ID foo"
    );
    let long = "x".repeat(257);
    let texts = [
        (json!({ "reference": "" }), "This field may not be blank."),
        (json!({ "reference": null }), "This field may not be null."),
        (json!({ "reference": [] }), "Not a valid string."),
        (json!({ "reference": long }), "Ensure this field has no more than 256 characters."),
    ];
    for (more, message) in texts {
        assert_eq!(refused(&world, "reference", more).await, json!([message]));
    }
    assert_eq!(
        refused(&world, "redirect_immediate", json!({ "redirect_immediate": 7 })).await,
        json!(["Must be a valid boolean."])
    );
}

#[tokio::test]
async fn an_agreement_is_used_once_and_for_its_institution() {
    let world = World::new().await;
    let agreement = world.post("/agreements/enduser/", &json!({ "institution_id": LOCKSIDE })).await.ok()["id"].clone();
    let id = agreement.as_str().unwrap();
    let mismatch = refused(&world, "agreement", json!({ "agreement": id })).await;
    assert_eq!(mismatch["summary"], format!("Incorrect Institution ID {NORDHAFEN}"));
    let detail = format!(
        "Provided Institution ID: '{NORDHAFEN}' for requisition does not match EUA institution ID '{LOCKSIDE}'. \
         Please provide correct institution ID: '{LOCKSIDE}'"
    );
    assert_eq!(mismatch["detail"], detail);
    let first = world.request(LOCKSIDE, json!({ "agreement": id })).await;
    let again = refused(&world, "agreement", json!({ "agreement": id, "institution_id": LOCKSIDE })).await;
    assert_eq!(again[0]["summary"], format!("Agreement {id} is already associated"));
    assert!(again[0]["detail"].as_str().unwrap().contains(first["id"].as_str().unwrap()));
    let malformed = refused(&world, "agreement", json!({ "agreement": "nonsense" })).await;
    assert_eq!(malformed[0]["summary"], "Invalid EndUserAgreement ID");
    let body = json!({ "institution_id": LOCKSIDE, "redirect": "https://x.example", "agreement": UNKNOWN });
    let error = json!({
        "summary": format!("ID {UNKNOWN} not found"), "detail": "Please check whether you specified a valid ID",
    });
    world.post(PATH, &body).await.is(404, &json!({ "agreement": error, "status_code": 404 }));
}

#[tokio::test]
async fn unknown_fields_and_ids_are_refused() {
    let world = World::new().await;
    let body = json!({ "institution_id": NORDHAFEN, "redirect": "https://x.example", "b": 1, "a": 2 });
    let detail = "Unknown fields {a, b} in {payload}";
    world.post(PATH, &body).await.is_error(400, "Unknown fields", detail);
    world.get("/requisitions/?page=2").await.is_error(400, "Unknown fields", "Unknown fields {page} in {query}");
    world.get("/requisitions/nonsense/").await.is_error(400, "Invalid ID", "nonsense is not a valid UUID.");
    world.delete(&format!("{PATH}{UNKNOWN}/")).await.is_error(404, "Not found.", "Not found.");
    let other = Setup::with("bad_requisition_id_is_not_found").start().await;
    other.get("/requisitions/nonsense/").await.is_error(404, "Not found.", "Not found.");
}

#[tokio::test]
async fn without_a_way_back_the_walk_ends_with_a_page() {
    let world = Setup::with("redirect_may_be_null").start().await;
    let row = world.request(NORDHAFEN, json!({ "redirect": null })).await;
    let end = world.walk(row["link"].as_str().unwrap()).await;
    assert_eq!((end.status.as_u16(), end.text.contains("You can close this page.")), (200, true));
    let path = row["link"].as_str().unwrap().strip_prefix(BASE).unwrap();
    assert!(world.page(path).await.text.contains("already been used"));
}

#[tokio::test]
async fn lists_have_pages() {
    let world = World::new().await;
    for number in 0..3 {
        world.request(NORDHAFEN, json!({ "reference": format!("r{number}") })).await;
    }
    let page = world.get("/requisitions/?limit=1").await.ok();
    assert_eq!(page["next"], json!(format!("{BASE}{API}{PATH}?limit=1&offset=1")));
    assert_eq!((&page["count"], &page["previous"]), (&json!(3), &Value::Null));
    assert_eq!(page["results"][0]["reference"], "r2");
    let last = world.get("/requisitions/?limit=1&offset=2").await.ok();
    assert_eq!((&last["next"], &last["results"][0]["reference"]), (&Value::Null, &json!("r0")));
}

#[tokio::test]
async fn deleting_takes_the_agreement_and_the_permission_along() {
    let world = World::new().await;
    let linked = world.link(NORDHAFEN).await;
    let account = &linked.accounts[0];
    world.get(&format!("/accounts/{account}/balances/")).await.ok();
    let deleted = world.delete(&format!("{PATH}{}/", linked.requisition)).await.ok();
    let detail = format!("Requisition {} deleted with all its End User Agreements", linked.requisition);
    assert_eq!(deleted, json!({ "summary": "Requisition deleted", "detail": detail }));
    assert_eq!(world.get(&format!("/agreements/enduser/{}/", linked.agreement)).await.status, 404);
    let detail = "Account exists but there is no valid End User Agreement permitting you to access it";
    for data in ["balances", "details", "transactions"] {
        let answer = world.get(&format!("/accounts/{account}/{data}/")).await;
        answer.is_error(403, "No valid End User Agreement", detail);
    }
    assert_eq!(world.page(linked.link.strip_prefix(BASE).unwrap()).await.status, 404);
}

#[tokio::test]
async fn an_account_of_two_requisitions_survives_one_deletion() {
    let world = World::new().await;
    let first = world.link(NORDHAFEN).await;
    let second = world.link(NORDHAFEN).await;
    assert_eq!(first.accounts, second.accounts);
    world.delete(&format!("{PATH}{}/", first.requisition)).await.ok();
    world.get(&format!("/accounts/{}/balances/", second.accounts[0])).await.ok();
}

#[tokio::test]
async fn the_free_tier_ends_after_fifty_a_month() {
    let mut world = Setup::with("free_tier_is_limited").start().await;
    for _ in 0..50 {
        let id = world.request(NORDHAFEN, json!({})).await["id"].as_str().unwrap().to_owned();
        world.delete(&format!("{PATH}{id}/")).await.ok();
    }
    let body = json!({ "institution_id": NORDHAFEN, "redirect": "https://x.example" });
    world.post(PATH, &body).await.is_error(402, "Payment Required", "Free usage limit exceeded");
    world.days_pass(11).await;
    world.request(NORDHAFEN, json!({})).await;
}
