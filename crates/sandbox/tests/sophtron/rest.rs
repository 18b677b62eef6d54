//! Versions 2 and 3 over the same store (fact sheet §4).

use serde_json::{Value, json};

use crate::kit::*;

async fn put(world: &World, path: &str, body: Value) -> Answer {
    world.call("PUT", path, &body).await
}

async fn customer(world: &World) -> String {
    let body = json!({ "UniqueID": "house-7", "Name": "House", "Source": "Test" });
    text(&world.post("/v2/customers", body).await.ok()["CustomerID"])
}

#[tokio::test]
async fn both_generations_show_the_same_logins_accounts_and_rows() {
    let world = World::new();
    let customers = world.get("/v2/customers").await.ok();
    let own = text(&customers[0]["CustomerID"]);
    let logins = world.logins().await;
    let ids: Vec<_> = logins.iter().map(|login| login["UserInstitutionID"].clone()).collect();
    assert_eq!(customers[0]["MemberIDs"], json!(ids));
    let members = world.get(&format!("/v2/customers/{own}/members")).await.ok();
    assert_eq!((&members[0]["MemberID"], &members[0]["InstitutionID"]), (&ids[0], &logins[0]["InstitutionID"]));
    let login = text(&ids[0]);
    assert_eq!(world.get(&format!("/v2/customers/{own}/members/{login}")).await.ok(), members[0]);
    let accounts = world.accounts(&login).await;
    let through = world.get(&format!("/v2/customers/{own}/members/{login}/accounts")).await.ok();
    assert_eq!(through.as_array().unwrap()[..2], accounts[..2]);
    assert!(cents(&through[2]["creditCardData"]["availableCredit"]) > 0);
    assert_eq!(world.get(&format!("/v2/customers/{own}/accounts")).await.ok().as_array().unwrap().len(), 5);
    let id = text(&accounts[0]["AccountID"]);
    assert_eq!(world.get(&format!("/v2/customers/{own}/accounts/{id}")).await.ok(), accounts[0]);
    assert_eq!(world.get(&format!("/v2/customers/{own}/accounts/{id}/holdings")).await.ok(), json!([]));
    let rows = world.rows(&accounts[0], "2026-10-01", "2026-10-31").await;
    for version in ["v2", "v3"] {
        let path =
            format!("/{version}/customers/{own}/accounts/{id}/transactions?startDate=2026-10-01&endDate=2026-10-31");
        assert_eq!(world.get(&path).await.ok(), json!(rows));
    }
    let identity = world.get(&format!("/v3/customers/{own}/Members/{login}/identity")).await.ok();
    assert_eq!((&identity["MemberID"], &identity["OwnerName"]), (&json!(login), &json!("Demo Household")));
    let owned = world.get(&format!("/v3/customers/{own}/Members/{login}/accounts/{id}")).await.ok();
    assert_eq!(owned["OwnerName"], "Demo Household");
    assert_eq!(world.get(&format!("/v3/customers/{own}/Members/{login}/accounts")).await.ok()[0], owned);
    assert_eq!(world.get(&format!("/v3/customers/{own}/accounts/{id}")).await.ok(), owned);
    assert_eq!(world.get(&format!("/v3/customers/{own}/accounts")).await.ok()[0], owned);
}

#[tokio::test]
async fn customers_come_and_go_with_their_members() {
    let world = World::new();
    let id = customer(&world).await;
    assert_eq!(customer(&world).await, id, "the same one under its own id");
    let found = world.get("/v2/customers?uniqueID=house-7").await.ok();
    assert_eq!((&found[0]["UniqueID"], found.as_array().unwrap().len()), (&json!("house-7"), 1));
    let path = format!("/v2/customers/{id}");
    assert_eq!(put(&world, &path, json!({ "Name": "Other" })).await.ok()["Name"], "Other");
    assert_eq!(world.get(&path).await.ok()["Name"], "Other");
    let body = json!({ "UserName": "me", "Password": "None", "InstitutionID": bank_id(NO_MFA) });
    let made = world.post(&format!("{path}/members/agg"), body).await.ok();
    let member = text(&made["MemberID"]);
    assert!(world.logins().await.iter().any(|login| login["UserInstitutionID"] == member), "version 1 sees it");
    let other = text(&world.logins().await[0]["UserInstitutionID"]);
    assert_eq!(world.get(&format!("{path}/members/{other}")).await.status, 404, "somebody else's");
    assert_eq!(world.call("DELETE", &format!("{path}/members/{other}"), &Value::Null).await.status, 404);
    assert_eq!(world.call("DELETE", &path, &Value::Null).await.status, 200);
    assert_eq!(world.get(&path).await.status, 404);
    assert_eq!(world.get(&format!("{path}/members")).await.status, 404);
    assert_eq!(world.get(&format!("{path}/accounts")).await.status, 404);
    assert_eq!(world.logins().await.len(), 2, "the login went along");
    assert_eq!(world.post("/v2/customers", json!({ "Name": "x" })).await.status, 400);
}

#[tokio::test]
async fn a_member_is_made_answered_verified_refreshed_and_changed() {
    let world = World::new();
    let id = customer(&world).await;
    let body = json!({ "UserName": "me", "Password": "x", "InstitutionID": bank_id(SOPHTRON) });
    let path = format!("/v2/customers/{id}/members");
    let made = world.post(&format!("{path}/verification|history"), body.clone()).await.ok();
    let (member, job) = (text(&made["MemberID"]), text(&made["JobID"]));
    let poll = async || world.get(&format!("/v2/job/{job}")).await.ok();
    let answer = async |kind: &str, text: Value| {
        put(&world, &format!("/v2/job/{job}/challenge/{kind}"), json!({ "AnswerText": text })).await.ok()
    };
    assert_eq!(answer("CaptchaImage", json!("x")).await, -1);
    let mut answered = Vec::new();
    let end = loop {
        let shown = poll().await;
        let open = |prompt: &str, given: &str| !shown[prompt].is_null() && shown[given].is_null();
        let (kind, text) = match () {
            () if !shown["SuccessFlag"].is_null() => break shown,
            () if open("CaptchaImage", "CaptchaInput") => ("CaptchaImage", json!("x")),
            () if open("SecurityQuestion", "SecurityAnswer") => ("SecurityQuestion", json!("[\"x\"]")),
            () if open("TokenMethod", "TokenChoice") => ("TokenMethod", json!("Text me at xxx-xxx-1234")),
            () if open("TokenSentFlag", "TokenInput") => ("TokenInput", json!("1")),
            () if shown["LastStatus"] == "AccountsReady" && answered.len() == 4 => {
                poll().await;
                assert_eq!(poll().await["LastStatus"], "AccountsReady", "it waits for a choice");
                let accounts = world.get(&format!("{path}/{member}/accounts")).await.ok();
                ("single_account_select", accounts[1]["AccountID"].clone())
            }
            () => continue,
        };
        assert_eq!(answer(kind, text).await, 0, "{kind}");
        answered.push(kind);
    };
    assert_eq!(answered.len(), 5);
    assert_eq!((&end["SuccessFlag"], &end["JobType"]), (&json!(true), &json!("verification|history")));
    let accounts = world.get(&format!("{path}/{member}/accounts")).await.ok();
    let verified: Vec<_> = (0..2).map(|index| accounts[index]["FullAccountNumber"].is_string()).collect();
    assert_eq!(verified, [false, true]);
    let unknown = put(&world, &format!("/v2/job/{job}/challenge/nonsense"), json!({ "AnswerText": "x" })).await;
    assert_eq!(unknown.status, 400);

    let again = world.call("POST", &format!("{path}/{member}/aggregate"), &Value::Null).await.ok();
    assert_eq!(world.finish(&text(&again["JobID"])).await.0.len(), 0, "a refresh asks nothing here");
    assert_eq!(world.get(&format!("{path}/{member}")).await.ok()["JobID"], again["JobID"]);
    let changed =
        put(&world, &format!("{path}/{member}/agg"), json!({ "UserName": "wrong", "Password": "y" })).await.ok();
    assert_eq!(world.finish(&text(&changed["JobID"])).await.1["SuccessFlag"], false);
    assert_eq!(world.post(&format!("{path}/{member}/juggle"), Value::Null).await.status, 400);
    assert_eq!(world.post(&format!("{path}/juggle"), body).await.status, 400);
}
