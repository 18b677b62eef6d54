//! Institutions: searched, found and asked for (fact sheet §3, §5).

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::kit::*;

async fn search(world: &World, body: Value) -> Vec<String> {
    let found = world.post("/Institution/GetInstitutionByName", body).await.ok();
    found.as_array().unwrap().iter().map(|one| text(&one["InstitutionName"])).collect()
}

#[tokio::test]
async fn names_are_searched_from_two_letters_on() {
    let world = World::new();
    assert_eq!(
        search(&world, json!({ "InstitutionName": "sophtron" })).await,
        ["Sophtron Bank", "Sophtron Bank NoMFA"]
    );
    assert_eq!(
        search(&world, json!({ "institutionname": "ferry" })).await,
        ["Maple Ferry Trust"],
        "where a word begins"
    );
    assert!(search(&world, json!({ "InstitutionName": "erry" })).await.is_empty());
    let wide = json!({ "InstitutionName": "erry", "Extensive": true, "InstitutionType": "All" });
    assert_eq!(search(&world, wide).await, ["Maple Ferry Trust"]);
    assert_eq!(search(&world, json!({ "InstitutionName": "gull", "InstitutionType": "card" })).await.len(), 1);
    assert!(search(&world, json!({ "InstitutionName": "gull", "InstitutionType": "bank" })).await.is_empty());
    for words in [json!("s"), json!(" s "), Value::Null] {
        let answer = world.post("/Institution/GetInstitutionByName", json!({ "InstitutionName": words })).await;
        assert_eq!(answer.status, 400);
    }
    let through_v2 = world.get("/v2/institutions?query=gull&type=2&extensive=true").await.ok();
    assert_eq!(through_v2[0]["InstitutionID"], bank_id(GULLWING));
    assert_eq!(world.get("/v2/institutions?query=gull&type=1").await.ok(), json!([]));
}

#[tokio::test]
async fn an_institution_says_what_its_form_asks_for() {
    let world = World::new();
    let by_id = async |bank| {
        let body = json!({ "InstitutionID": bank_id(bank) });
        world.post("/Institution/GetInstitutionByID", body).await.ok()
    };
    let bank = by_id(SOPHTRON).await;
    assert_eq!((&bank["InstitutionName"], &bank["CountryCode"]), (&json!("Sophtron Bank"), &json!("US")));
    let detail = &bank["InstitutionDetail"];
    assert_eq!((&detail["LoginFormUserName"], &detail["LoginFormPassword"]), (&json!("User ID"), &json!("Password")));
    assert_eq!(detail["LoginFormFields"], json!([]));
    assert_eq!(by_id(GULLWING).await["InstitutionDetail"]["LoginFormPassword"], "None");
    assert_eq!(by_id(MAPLE_FERRY).await["CountryCode"], "CA");
    let fields = by_id(THREE_GATES).await["InstitutionDetail"]["LoginFormFields"].clone();
    let maps: Vec<_> = fields.as_array().unwrap().iter().map(|field| text(&field["MappedField"])).collect();
    assert_eq!(maps, ["UserName", "Password", "PIN"]);
    let unknown = json!({ "InstitutionID": "00000000-0000-4000-8000-000000000000" });
    assert_eq!(world.post("/Institution/GetInstitutionByID", unknown).await.status, 404);
    let routed =
        world.post("/Institution/GetInstitutionByRoutingNumber", json!({ "RoutingNumber": "990000034" })).await;
    assert_eq!(routed.ok()["InstitutionName"], "Harborlight Bank", "any of its numbers");
    let nowhere = world.post("/Institution/GetInstitutionByRoutingNumber", json!({ "RoutingNumber": "1" })).await;
    assert_eq!(nowhere.status, 404);
    let own = world.post("/Institution/GetInstitutionsByUser", json!({ "userID": world.user_id })).await.ok();
    assert_eq!(own.as_array().unwrap().len(), 2, "those with a login");
}

#[tokio::test]
async fn the_index_page_tells_people_about_them() {
    let world = World::new();
    let page = world.send(Request::get("/").body(Body::empty()).unwrap()).await.text;
    for words in ["Banks of Sophtron", "Maple Ferry Trust", &bank_id(THREE_GATES), &world.access_key, "/sophtron/api"] {
        assert!(page.contains(words), "{words}");
    }
}

#[tokio::test]
async fn one_that_lacks_is_asked_for_and_has_no_form() {
    let world = World::new();
    let add = async |name: &str| {
        let body = json!({ "InstitutionName": name, "URL": "https://pebble.example" });
        text(&world.post("/Institution/AddInstitution", body).await.ok())
    };
    assert_eq!(add("").await, "00000000-0000-0000-0000-000000000000");
    let id = add("Pebble Bank").await;
    let found = world.post("/Institution/GetInstitutionByName", json!({ "InstitutionName": "pebble" })).await.ok();
    assert_eq!((&found[0]["InstitutionID"], &found[0]["InstitutionDetail"]), (&json!(id), &Value::Null));
    let body = json!({ "UserID": world.user_id, "InstitutionID": id, "UserName": "me", "Password": "x" });
    let made = world.post("/UserInstitution/CreateUserInstitutionWithRefresh", body).await.ok();
    assert_eq!(world.finish(&text(&made["JobID"])).await.1["SuccessFlag"], false, "nobody can sign in there yet");
}
