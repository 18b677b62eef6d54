//! The hosted form as pages: every step, every way to confirm, and every way in which it can end.

use bankside_sandbox::Answers;
use serde_json::{Value, json};

use crate::kit::*;

/// Opens the page of a form; its answer is a page.
async fn shown(world: &World, form: &Value) -> String {
    let page = world.page(form["url"].as_str().unwrap()).await;
    assert_eq!(page.status, 200, "{}", page.text);
    page.text
}

/// Sends a step, which is taken.
async fn sent(world: &World, form: &Value, body: &str) {
    let answer = world.post_form(form["url"].as_str().unwrap().strip_prefix(BASE).unwrap(), body).await;
    assert!(matches!(answer.status, 200 | 302 | 303), "{} {}", answer.status, answer.text);
}

/// Sends a step that is not taken; answers with the page.
async fn refused(world: &World, form: &Value, body: &str) -> String {
    let answer = world.post_form(form["url"].as_str().unwrap().strip_prefix(BASE).unwrap(), body).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    answer.text
}

async fn status(world: &World, form: &Value) -> (String, Option<String>) {
    let form = world.look(form).await;
    (form["status"].as_str().unwrap().to_owned(), form["payload"]["errorCode"].as_str().map(str::to_owned))
}

fn ended(status: &str, code: Option<&str>) -> (String, Option<String>) {
    (status.to_owned(), code.map(str::to_owned))
}

/// A form at the test bank, up to the choice of a way to confirm.
async fn signed_in(world: &World) -> Value {
    let form = world.form(&json!({ "bank": { "id": 280_001 } })).await;
    sent(world, &form, "step=terms&terms=accepted").await;
    sent(world, &form, "step=login&user_id=demo&pin=demo").await;
    form
}

#[tokio::test]
async fn a_person_walks_through_every_page() {
    let world = World::new().await;
    let form = world.form(&json!({ "bankConnectionName": "Our house" })).await;
    assert_eq!(
        (form["status"].as_str(), form["type"].as_str()),
        (Some("NOT_YET_OPENED"), Some("BANK_CONNECTION_IMPORT"))
    );
    assert!(shown(&world, &form).await.contains("Our house"));
    assert_eq!(world.look(&form).await["status"], "IN_PROGRESS");
    assert!(refused(&world, &form, "step=search&search=qqq").await.contains("No bank fits"));
    assert!(refused(&world, &form, "step=search").await.contains("Type a name"));
    sent(&world, &form, "step=search&search=DE02999000110000280001").await;
    sent(&world, &form, "step=search&search=demo").await;
    let found = shown(&world, &form).await;
    assert!(found.contains("finAPI Test Bank") && found.contains("DEMO0002"));
    sent(&world, &form, "step=search&search=demo&bank=280001").await;
    assert!(refused(&world, &form, "step=terms").await.contains("Accept the terms"));
    sent(&world, &form, "step=terms&terms=accepted").await;
    assert!(refused(&world, &form, "step=login&user_id=demo&pin=wrong").await.contains("does not accept this sign-in"));
    sent(&world, &form, "step=login&user_id=demo&pin=demo").await;
    let methods = shown(&world, &form).await;
    assert!(["smsTAN", "pushTAN", "chipTAN QR", "photoTAN"].iter().all(|name| methods.contains(name)));
    assert!(refused(&world, &form, "step=method").await.contains("Choose a way"));
    sent(&world, &form, "step=method&method=photo").await;
    let code = shown(&world, &form).await;
    let picture = code.split("<img src=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(world.page(picture).await.text.starts_with("<svg"));
    assert!(refused(&world, &form, "step=code&code=000000").await.contains("does not accept this code"));
    sent(&world, &form, "step=code&code=123456").await;
    let done = world.look(&form).await;
    assert_eq!(done["status"], "COMPLETED");
    let connection = done["payload"]["bankConnectionId"].as_u64().unwrap();
    let connection = world.get(&format!("{ACCESS}/bankConnections/{connection}")).await.ok();
    assert_eq!(
        (connection["name"].as_str(), connection["updateStatus"].as_str()),
        (Some("Our house"), Some("IN_PROGRESS"))
    );
}

#[tokio::test]
async fn an_application_confirms_or_refuses() {
    let world = World::new().await;
    for (action, end) in
        [("agree", ended("COMPLETED", None)), ("refuse", ended("COMPLETED_WITH_ERROR", Some("BANK_SERVER_REJECTION")))]
    {
        let form = signed_in(&world).await;
        sent(&world, &form, "step=method&method=push").await;
        shown(&world, &form).await;
        assert!(refused(&world, &form, "step=app").await.contains("still waits"));
        let app = format!("{}/app", form["url"].as_str().unwrap());
        assert!(world.page(&app).await.text.contains("Confirm the sign-in?"));
        world.post_form(app.strip_prefix(BASE).unwrap(), &format!("action={action}")).await;
        let _ = world.post_form(form["url"].as_str().unwrap().strip_prefix(BASE).unwrap(), "step=app").await;
        assert_eq!(status(&world, &form).await, end, "{action}");
        assert_eq!(world.page(&app).await.status, 404, "nothing waits any more");
    }
}

#[tokio::test]
async fn a_bank_of_its_own_page_says_nothing_of_a_cancellation() {
    let world = World::new().await;
    let form = world.form(&json!({ "bank": { "search": "DEMO0002" } })).await;
    sent(&world, &form, "step=terms&terms=accepted").await;
    assert!(shown(&world, &form).await.contains("The bank’s own page"));
    sent(&world, &form, "step=bank&action=cancel").await;
    assert_eq!(status(&world, &form).await, ended("COMPLETED_WITH_ERROR", Some("BANK_SERVER_REJECTION")));
    world.connect("DEMO0002").await;
}

#[tokio::test]
async fn forms_end_in_every_way() {
    let mut world = World::new().await;
    // Cancelled, and the person is sent back.
    let form = world.form(&json!({})).await;
    world.walk(form["url"].as_str().unwrap(), &Answers { cancels: true, ..Answers::default() }).await;
    assert_eq!(status(&world, &form).await, ended("ABORTED", None));
    // The page of a code is loaded again.
    let form = signed_in(&world).await;
    sent(&world, &form, "step=method&method=sms").await;
    shown(&world, &form).await;
    world.page(form["url"].as_str().unwrap()).await;
    assert_eq!(status(&world, &form).await, ended("COMPLETED_WITH_ERROR", Some("INTERRUPTED")));
    // Wrong three times.
    let form = signed_in(&world).await;
    sent(&world, &form, "step=method&method=sms").await;
    for _ in 0..2 {
        refused(&world, &form, "step=code&code=111111").await;
    }
    sent(&world, &form, "step=code&code=111111").await;
    assert_eq!(status(&world, &form).await, ended("COMPLETED_WITH_ERROR", Some("BANK_SERVER_REJECTION")));
    // The same sign-in is connected already.
    world.connect("Nordhafen").await;
    let form = world.form(&json!({})).await;
    world.walk(form["url"].as_str().unwrap(), &Answers::default()).await;
    assert_eq!(status(&world, &form).await, ended("COMPLETED_WITH_ERROR", Some("ENTITY_EXISTS")));
    // Too late.
    let form = world.form(&json!({})).await;
    let deleted = world.form(&json!({})).await;
    world.pass(1800).await;
    assert_eq!(status(&world, &form).await, ended("EXPIRED", None));
    // Deleted.
    world.delete(&format!("{FORM}/webForms/{}", deleted["id"].as_str().unwrap())).await.ok();
    assert_eq!(world.page(deleted["url"].as_str().unwrap()).await.status, 404);
}

#[tokio::test]
async fn a_token_that_ends_ends_the_form() {
    let mut world = World::new().await;
    world.pass(3000).await;
    let form = world.form(&json!({ "bank": { "id": 290_001 } })).await;
    world.happen(json!({ "event": "lock_users" }));
    world.happen(json!({ "event": "lock_users", "locked": false }));
    sent(&world, &form, "step=terms&terms=accepted").await;
    world.sign_in().await;
    assert_eq!(status(&world, &form).await, ended("COMPLETED_WITH_ERROR", Some("INVALID_TOKEN")));
}

#[tokio::test]
async fn requests_that_are_wrong_say_which_field() {
    let world = World::new().await;
    let import = async |body| world.post(&format!("{FORM}/webForms/bankConnectionImport"), &body).await;
    import(json!({ "bankConnectionName": "x".repeat(65) })).await.is(400, "bankConnectionName");
    import(json!({ "callbacks": { "finalised": "http://money.example/" } })).await.is(400, "callbacks.finalised");
    import(json!({ "bank": { "id": 1 } })).await.is(422, "BANK_NOT_SUPPORTED");
    import(json!({ "bank": { "search": "finAPI" } })).await.is(422, "BANK_NOT_UNIQUE");
    import(json!({ "redirectUrl": "https://money.example/" })).await.is(422, "INVALID_REDIRECT_URL");
    world.get(&format!("{FORM}/webForms/x")).await.is(404, "NOT_FOUND");
    let listed = world.get(&format!("{FORM}/webForms")).await.ok();
    assert_eq!(listed["items"], json!([]));
}
