//! Updates in the background: tasks, who is wanted, and what they bring.

use bankside_sandbox::Answers;
use serde_json::json;

use crate::kit::*;

#[tokio::test]
async fn a_task_goes_on_as_it_is_looked_at_and_locks_its_connection() {
    let mut world = World::new().await;
    let connection = world.connect("Nordhafen").await;
    world.pass(10).await;
    let body = json!({ "bankConnectionIds": [connection] });
    let task = world.post(&format!("{FORM}/tasks/backgroundUpdate"), &body).await.ok();
    assert_eq!(
        (task["status"].as_str(), task["type"].as_str()),
        (Some("NOT_YET_STARTED"), Some("BANK_CONNECTION_UPDATE"))
    );
    world.post(&format!("{FORM}/tasks/backgroundUpdate"), &body).await.is(423, "LOCKED");
    world.delete(&format!("{ACCESS}/bankConnections/{connection}")).await.is(423, "LOCKED");
    let path = format!("{FORM}/tasks/{}", task["id"].as_str().unwrap());
    for status in ["IN_PROGRESS", "COMPLETED", "COMPLETED"] {
        assert_eq!(world.get(&path).await.ok()["status"], status);
    }
    let path = format!("{ACCESS}/bankConnections/{connection}");
    assert_eq!(world.get(&path).await.ok()["updateStatus"], "IN_PROGRESS");
    world.pass(5).await;
    let read = world.get(&path).await.ok();
    assert_eq!(
        (read["updateStatus"].as_str(), read["interfaces"][0]["userActionRequired"].as_bool()),
        (Some("READY"), Some(false))
    );
    assert_eq!(read["interfaces"][0]["lastAutoUpdate"]["result"], "OK");
    world.delete(&path).await.ok();
    world.get(&path).await.is(404, "UNKNOWN_ENTITY");
}

#[tokio::test]
async fn a_consent_that_has_ended_wants_the_person_who_finds_what_is_new() {
    let mut world = World::new().await;
    let connection = world.connect("DEMO0001").await;
    assert_eq!(world.accounts(connection).await.len(), 3);
    world.happen(json!({ "event": "open_account", "of": "280001" }));
    world.days_pass(181).await;
    let path = format!("{ACCESS}/bankConnections/{connection}");
    assert_eq!(world.get(&path).await.ok()["interfaces"][0]["userActionRequired"], true);
    let task = world.update(json!({ "bankConnectionId": connection })).await;
    assert_eq!(task["status"], "WEB_FORM_REQUIRED");
    let form = &task["payload"]["webForm"];
    world.walk(form["url"].as_str().unwrap(), &Answers { cancels: true, ..Answers::default() }).await;
    let task = world.get(&format!("{FORM}/tasks/{}", task["id"].as_str().unwrap())).await.ok();
    assert_eq!(
        (task["status"].as_str(), task["payload"]["webForm"]["status"].as_str()),
        (Some("COMPLETED_WITH_ERROR"), Some("ABORTED"))
    );
    assert_eq!(world.accounts(connection).await.len(), 3, "what was there stays readable");
    let task = world.update(json!({ "bankConnectionId": connection })).await;
    world.walk(task["payload"]["webForm"]["url"].as_str().unwrap(), &Answers::default()).await;
    let task = world.get(&format!("{FORM}/tasks/{}", task["id"].as_str().unwrap())).await.ok();
    assert_eq!(task["status"], "COMPLETED");
    assert_eq!(world.accounts(connection).await.len(), 4);
    assert_eq!(world.get(&path).await.ok()["interfaces"][0]["userActionRequired"], false);
}

#[tokio::test]
async fn who_wants_the_form_gets_it_and_others_are_told_what_the_bank_says() {
    let world = World::new().await;
    let connection = world.connect("Nordhafen").await;
    for wish in [json!({ "manageSavedSettings": ["CREDENTIALS"] }), json!({ "importNewAccountsMode": "FORCED" })] {
        let mut body = wish;
        body["bankConnectionIds"] = json!([connection]);
        assert_eq!(world.update(body).await["status"], "WEB_FORM_REQUIRED");
    }
    world.happen(json!({ "event": "refuse", "of": "290001" }));
    let task = world.update(json!({ "bankConnectionIds": [connection] })).await;
    assert_eq!(
        (task["status"].as_str(), task["payload"]["errorCode"].as_str()),
        (Some("COMPLETED_WITH_ERROR"), Some("BANK_SERVER_REJECTION"))
    );
    let metadata = json!({ "bankConnectionIds": [connection], "userMetadata": { "ipAddress": "192.0.2.7" } });
    world.post(&format!("{FORM}/tasks/backgroundUpdate"), &metadata).await.is(400, "userMetadata.deviceOs");
    world
        .post(&format!("{FORM}/tasks/backgroundUpdate"), &json!({ "bankConnectionIds": [1] }))
        .await
        .is(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_older_generation_takes_one_id() {
    let world = World::with("finapi_updates_take_one_id_only").await;
    let connection = world.connect("Nordhafen").await;
    let list = json!({ "bankConnectionIds": [connection] });
    world.post(&format!("{FORM}/tasks/backgroundUpdate"), &list).await.is(400, "bankConnectionId");
    assert_eq!(world.update(json!({ "bankConnectionId": connection })).await["status"], "COMPLETED");
}
