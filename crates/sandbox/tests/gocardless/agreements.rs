//! End-user agreements (fact sheet §4).

use axum::http::Method;
use serde_json::{Value, json};

use crate::kit::{KANALBANK, LOCKSIDE, NORDHAFEN, SANDBOX_FINANCE, Setup, World};

const PATH: &str = "/agreements/enduser/";
const WISLANA: &str = "WISLANA_WSLNPLPW";

async fn create(world: &World, body: Value) -> Value {
    world.post(PATH, &body).await.ok()
}

#[tokio::test]
async fn defaults_are_ninety_days_and_everything() {
    let world = World::new().await;
    let answer = world.post(PATH, &json!({ "institution_id": NORDHAFEN })).await;
    assert_eq!(answer.status, 201);
    let mut row = answer.ok();
    let id = row["id"].take();
    let expected = json!({
        "id": null, "created": "2026-11-20T12:00:00.000000Z", "institution_id": NORDHAFEN, "max_historical_days": 90,
        "access_valid_for_days": 90, "access_scope": ["balances", "details", "transactions"], "accepted": null,
        "reconfirmation": false,
    });
    assert_eq!(row, expected);
    row["id"] = id.clone();
    assert_eq!(world.get(&format!("{PATH}{}/", id.as_str().unwrap())).await.ok(), row);
}

#[tokio::test]
async fn numbers_may_be_text_and_bodies_forms() {
    let world = World::new().await;
    let body = json!({ "institution_id": NORDHAFEN, "max_historical_days": "365", "access_valid_for_days": "180" });
    let row = create(&world, body).await;
    assert_eq!((&row["max_historical_days"], &row["access_valid_for_days"]), (&json!(365), &json!(180)));

    let request = axum::http::Request::post(format!("{}{PATH}", crate::kit::API))
        .header("authorization", format!("Bearer {}", world.token))
        .header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
    let body = format!("institution_id={NORDHAFEN}&max_historical_days=30&access_scope=details&access_scope=balances");
    let row = world.send(request.body(body.into()).unwrap()).await.ok();
    assert_eq!((&row["max_historical_days"], &row["access_scope"]), (&json!(30), &json!(["details", "balances"])));
}

#[tokio::test]
async fn days_are_capped_by_the_institution() {
    let world = World::new().await;
    let body = json!({ "institution_id": SANDBOX_FINANCE, "max_historical_days": 91, "access_valid_for_days": 181 });
    let history = "max_historical_days must be > 0 and <= SANDBOXFINANCE_SFIN0000 transaction_total_days (90)";
    let expected = json!({
        "max_historical_days": { "summary": "Incorrect max_historical_days", "detail": history },
        "access_valid_for_days": {
            "summary": "Incorrect access_valid_for_days", "detail": "access_valid_for_days must be > 0 and <= 180",
        },
        "status_code": 400,
    });
    world.post(PATH, &body).await.is(400, &expected);
    for days in [json!(0), json!(-1), json!(365), json!("99999999999")] {
        let body = json!({ "institution_id": KANALBANK, "access_valid_for_days": days });
        let answer = world.post(PATH, &body).await;
        assert_eq!(answer.body["access_valid_for_days"]["detail"], "access_valid_for_days must be > 0 and <= 90");
    }
    let body = json!({ "institution_id": KANALBANK, "access_valid_for_days": "soon" });
    let expected = json!({ "access_valid_for_days": ["A valid integer is required."], "status_code": 400 });
    world.post(PATH, &body).await.is(400, &expected);
}

#[tokio::test]
async fn caps_and_shapes_are_switches() {
    let world = Setup::with("access_days_follow_institution").start().await;
    let body = json!({ "institution_id": KANALBANK, "access_valid_for_days": 180 });
    assert_eq!(create(&world, body).await["access_valid_for_days"], 180);

    let world = Setup::with("days_errors_are_lists").start().await;
    let answer = world.post(PATH, &json!({ "institution_id": NORDHAFEN, "max_historical_days": 0 })).await;
    assert_eq!(answer.body["max_historical_days"][0]["summary"], "Incorrect max_historical_days");

    let world = Setup::with("scope_dependencies_are_keyed").start().await;
    let answer = world.post(PATH, &json!({ "institution_id": WISLANA, "access_scope": ["details"] })).await;
    assert_eq!(answer.body["access_scope"][0]["summary"], "Institution access scope dependencies error");
}

#[tokio::test]
async fn the_institution_must_be_known() {
    let world = World::new().await;
    let error = json!({
        "summary": "Unknown Institution ID foo",
        "detail": "Get Institution IDs from /institutions/?country={$COUNTRY_CODE}",
    });
    let answer = world.post(PATH, &json!({ "institution_id": "foo" })).await;
    answer.is(400, &json!({ "institution_id": error, "status_code": 400 }));

    // Recorded: all fields are checked, with the general cap where there is no institution.
    let answer = world.post(PATH, &json!({ "access_valid_for_days": 999 })).await;
    let expected = json!({
        "institution_id": ["This field is required."],
        "access_valid_for_days": {
            "summary": "Incorrect access_valid_for_days", "detail": "access_valid_for_days must be > 0 and <= 180",
        },
        "status_code": 400,
    });
    answer.is(400, &expected);
}

#[tokio::test]
async fn scopes_are_checked() {
    let world = World::new().await;
    let answer = world.post(PATH, &json!({ "institution_id": NORDHAFEN, "access_scope": ["x", "details"] })).await;
    let expected = json!({
        "access_scope": [{
            "summary": "Unknown value 'x' in access_scope",
            "detail": "Choose one or several from ['balances', 'details', 'transactions']",
        }],
        "status_code": 400,
    });
    answer.is(400, &expected);
    let answer = world.post(PATH, &json!({ "institution_id": NORDHAFEN, "access_scope": [] })).await;
    let summary = &answer.body["access_scope"][0]["summary"];
    assert_eq!((answer.status.as_u16(), summary), (400, &json!("Field 'access_scope' may not be an empty list.")));
    let answer = world.post(PATH, &json!({ "institution_id": NORDHAFEN, "access_scope": 7 })).await;
    assert_eq!(answer.body["access_scope"], json!(["Expected a list of items."]));

    let answer = world.post(PATH, &json!({ "institution_id": WISLANA, "access_scope": ["details"] })).await;
    let expected = json!({
        "summary": ["Institution access scope dependencies error"],
        "detail": ["For this institution the following scopes are required together: ['details', 'balances']"],
        "status_code": 400,
    });
    answer.is(400, &expected);
    create(&world, json!({ "institution_id": WISLANA, "access_scope": ["details", "balances"] })).await;

    let body = json!({ "institution_id": "SPARKRUKAN_SPKRSE21", "access_scope": ["transactions"] });
    let expected = json!({
        "access_scope": [
            {
                "summary": "Institution access scope dependencies error",
                "detail": "The following scopes are mandatory for this institution: ['details']",
            },
            {
                "summary": "Unsupported access scope selected.",
                "detail": "The access scopes supported by the institution are ['balances', 'details']. \
                           The following scopes are not supported: ['transactions']",
            },
        ],
        "status_code": 400,
    });
    world.post(PATH, &body).await.is(400, &expected);
}

#[tokio::test]
async fn reconfirmation_is_british_and_not_for_us() {
    let world = World::new().await;
    let ask =
        |id: &str, days: u16| json!({ "institution_id": id, "access_valid_for_days": days, "reconfirmation": true });
    let answer = world.post(PATH, &ask(NORDHAFEN, 180)).await;
    assert_eq!(answer.body["reconfirmation"]["detail"], format!("Reconfirmation not supported for {NORDHAFEN}"));
    let answer = world.post(PATH, &ask(LOCKSIDE, 90)).await;
    let error = json!({
        "summary": "Reconfirmation is not allowed",
        "detail": "Reconfirmation is not allowed when access_valid_for_days <= 90 days.",
    });
    answer.is(400, &json!({ "reconfirmation": error, "status_code": 400 }));
    let answer = world.post(PATH, &ask(LOCKSIDE, 180)).await;
    answer.is_error(403, "", "You do not have permission to enable reconfirmation.");

    let id = create(&world, json!({ "institution_id": LOCKSIDE })).await["id"].as_str().unwrap().to_owned();
    for method in [Method::GET, Method::POST] {
        let answer = world.call(method, &format!("{PATH}{id}/reconfirm/"), Some(&json!({}))).await;
        let detail = format!("Reconfirmation is not enabled for agreement '{id}'.");
        answer.is_error(400, "Reconfirmation is not enabled.", &detail);
    }
}

#[tokio::test]
async fn unknown_fields_are_refused() {
    let body = json!({ "institution_id": NORDHAFEN, "colour": "red" });
    let answer = World::new().await.post(PATH, &body).await;
    answer.is_error(400, "Unknown fields", "Unknown fields {colour} in {payload}");
    let other = Setup::with("agreements_refuse_unknown_fields").start().await;
    create(&other, body).await;
}

#[tokio::test]
async fn ids_are_checked() {
    let world = World::new().await;
    world.get(&format!("{PATH}nonsense/")).await.is_error(400, "Invalid ID", "nonsense is not a valid UUID.");
    let unknown = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    world.get(&format!("{PATH}{unknown}/")).await.is_error(404, "Not found.", "Not found.");
    let other = Setup::with("bad_agreement_id_names_its_kind").start().await;
    let detail = "nonsense is not a valid EndUserAgreement UUID. ";
    other.get(&format!("{PATH}nonsense/")).await.is_error(400, "Invalid EndUserAgreement ID", detail);
}

#[tokio::test]
async fn accepting_is_for_the_form_only() {
    let world = World::new().await;
    let id = create(&world, json!({ "institution_id": NORDHAFEN })).await["id"].as_str().unwrap().to_owned();
    let details = json!({ "user_agent": "x", "ip_address": "127.0.0.1" });
    let answer = world.call(Method::PUT, &format!("{PATH}{id}/accept/"), Some(&details)).await;
    assert_eq!((answer.status.as_u16(), &answer.body["summary"]), (403, &json!("Insufficient permissions")));
    let linked = world.link(NORDHAFEN).await;
    let answer = world.call(Method::PUT, &format!("{PATH}{}/accept/", linked.agreement), Some(&details)).await;
    let detail = "End User Agreements cannot be accepted more than once";
    answer.is_error(405, "EUA cannot be accepted more than once", detail);
}

#[tokio::test]
async fn deleting_has_two_contradicting_rules() {
    let world = World::new().await;
    let id = create(&world, json!({ "institution_id": NORDHAFEN })).await["id"].as_str().unwrap().to_owned();
    let deleted = world.delete(&format!("{PATH}{id}/")).await.ok();
    let detail = format!("End User Agreement {id} deleted");
    assert_eq!(deleted, json!({ "summary": "End User Agreement deleted", "detail": detail }));
    assert_eq!(world.get(&format!("{PATH}{id}/")).await.status, 404);
    let linked = world.link(NORDHAFEN).await;
    let answer = world.delete(&format!("{PATH}{}/", linked.agreement)).await;
    assert_eq!((answer.status.as_u16(), &answer.body["summary"]), (400, &json!("Cannot delete End User Agreement")));

    let other = Setup::with("unaccepted_agreements_can_be_deleted").start().await;
    let id = create(&other, json!({ "institution_id": NORDHAFEN })).await["id"].as_str().unwrap().to_owned();
    let answer = other.delete(&format!("{PATH}{id}/")).await;
    answer.is_error(400, "End user agreement needs to be accepted.", &format!("EUA '{id}' is not accepted."));
    let linked = other.link(NORDHAFEN).await;
    other.delete(&format!("{PATH}{}/", linked.agreement)).await.ok();
}

#[tokio::test]
async fn lists_have_pages() {
    let world = World::new().await;
    for days in 1..=5 {
        create(&world, json!({ "institution_id": NORDHAFEN, "max_historical_days": days })).await;
    }
    let page = world.get(&format!("{PATH}?limit=2&offset=2")).await.ok();
    let url = |query: &str| json!(format!("{}{}{PATH}{query}", crate::kit::BASE, crate::kit::API));
    assert_eq!((&page["count"], &page["next"]), (&json!(5), &url("?limit=2&offset=4")));
    assert_eq!(page["previous"], url("?limit=2"));
    let days: Vec<_> = page["results"].as_array().unwrap().iter().map(|row| &row["max_historical_days"]).collect();
    assert_eq!(days, [3, 2], "the newest first");
    let page = world.get(&format!("{PATH}?limit=0&offset=x")).await.ok();
    assert_eq!((&page["next"], &page["previous"]), (&Value::Null, &Value::Null));
    assert_eq!(page["results"].as_array().unwrap().len(), 5);
}
