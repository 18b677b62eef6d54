//! Items and their executions (fact sheet §4, §9).

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::kit::{BANK, MEU, World};

fn user(name: &str) -> Value {
    json!({ "user": name, "password": "password-ok" })
}

fn id_of(item: &Value) -> String {
    item["id"].as_str().unwrap().to_owned()
}

fn pair(words: &(String, String)) -> (&str, &str) {
    (&words.0, &words.1)
}

#[tokio::test]
async fn two_items_are_there_from_the_first_start() {
    let world = World::new().await;
    assert_eq!(world.credentials()["itemIds"], format!("{BANK},{MEU}"));
    let bank = world.item(BANK).await;
    assert_eq!((&bank["status"], &bank["executionStatus"]), (&json!("UPDATED"), &json!("SUCCESS")));
    assert_eq!(
        (&bank["connector"]["name"], &bank["connector"]["isOpenFinance"]),
        (&json!("Banco Aroeira"), &json!(true))
    );
    assert_eq!(
        (&bank["lastUpdatedAt"], &bank["nextAutoSyncAt"]),
        (&json!("2026-11-20T07:00:00.000Z"), &json!("2026-11-21T07:00:00.000Z"))
    );
    assert_eq!(bank["consentExpiresAt"], "2027-10-11T07:00:00.000Z");
    let shared = world.item(MEU).await;
    assert_eq!((&shared["connector"]["id"], &shared["connector"]["name"]), (&json!(200), &json!("MeuPluggy")));
    assert!(shared["consentExpiresAt"].is_null());
}

#[tokio::test]
async fn an_execution_goes_from_its_creation_to_data() {
    let world = World::new().await;
    let made = world.create(0, user("user-ok")).await;
    assert_eq!((&made["status"], &made["executionStatus"]), (&json!("UPDATING"), &json!("CREATED")));
    assert!(made["lastUpdatedAt"].is_null() && made["nextAutoSyncAt"].is_null());
    let id = id_of(&made);
    assert_eq!(world.get(&format!("/accounts?itemId={id}")).await.ok()["total"], 0, "nothing has been fetched");
    let seen = world.follow(&id).await;
    let words: Vec<_> = seen.iter().map(pair).collect();
    assert_eq!(
        words,
        [("UPDATING", "LOGIN_IN_PROGRESS"), ("UPDATING", "TRANSACTIONS_IN_PROGRESS"), ("UPDATED", "SUCCESS")]
    );
    let item = world.item(&id).await;
    assert!(item["statusDetail"].is_null() && item["error"].is_null() && item["nextAutoSyncAt"].is_string());
    let account = world.account(&id, "CHECKING_ACCOUNT").await;
    assert_eq!((&account["owner"], &account["taxNumber"]), (&json!("John Doe"), &json!("416.799.495-00")));
    let rows = world.rows(&account, "").await;
    assert!(rows.len() > 500 && rows.iter().all(|row| row["date"].as_str().unwrap() > "2025-11-20"), "365 days");
}

#[tokio::test]
async fn every_sandbox_user_ends_as_documented() {
    let world = World::new().await;
    let table = [
        ("user-ok", "UPDATED", "SUCCESS"),
        ("user-ok-account-error", "UPDATED", "PARTIAL_SUCCESS"),
        ("user-ok-account-warning", "UPDATED", "SUCCESS"),
        ("user-logged", "OUTDATED", "ALREADY_LOGGED_IN"),
        ("user-locked", "OUTDATED", "ACCOUNT_LOCKED"),
        ("user-error", "OUTDATED", "UNEXPECTED_ERROR"),
        ("user-unavailable", "OUTDATED", "SITE_NOT_AVAILABLE"),
        ("user-account-need-actions", "OUTDATED", "ACCOUNT_NEEDS_ACTION"),
        ("user-account-need-actions-provider-message", "OUTDATED", "ACCOUNT_NEEDS_ACTION"),
        ("user-connection-error", "OUTDATED", "CONNECTION_ERROR"),
        ("user-account-credentials-reset", "LOGIN_ERROR", "ACCOUNT_CREDENTIALS_RESET"),
        ("user-not-supported", "OUTDATED", "USER_NOT_SUPPORTED"),
        ("somebody", "LOGIN_ERROR", "INVALID_CREDENTIALS"),
    ];
    for (name, status, execution) in table {
        let id = id_of(&world.create(0, user(name)).await);
        let seen = world.follow(&id).await;
        assert_eq!(pair(seen.last().unwrap()), (status, execution), "{name}");
        let item = world.item(&id).await;
        let is_fine = status == "UPDATED";
        assert_eq!(item["error"]["code"].as_str(), (!is_fine).then_some(execution), "{name}");
        assert_eq!(item["error"]["providerMessage"].is_string(), name.ends_with("provider-message"));
        assert_eq!(item["consecutiveFailedLoginAttempts"], u32::from(status == "LOGIN_ERROR"), "{name}");
        assert_eq!(item["nextAutoSyncAt"].is_string(), is_fine, "{name}");
        let accounts = &item["statusDetail"]["accounts"];
        assert_eq!(accounts["warnings"][0]["code"] == "001", name.starts_with("user-ok-account"), "{name}");
        assert_eq!(accounts["isUpdated"] == false, name == "user-ok-account-error");
    }
    let wrong = world.create(0, json!({ "user": "user-ok", "password": "password-no" })).await;
    assert_eq!(pair(world.follow(&id_of(&wrong)).await.last().unwrap()), ("LOGIN_ERROR", "INVALID_CREDENTIALS"));
}

#[tokio::test]
async fn speed_users_have_so_many_times_the_rows_up_to_a_limit() {
    let world = World::new().await;
    let mut counts = Vec::new();
    for name in ["user-ok", "user-ok-perf-3", "user-ok-perf-100"] {
        let id = id_of(&world.create(0, user(name)).await);
        world.follow(&id).await;
        let card = world.account(&id, "CREDIT_CARD").await;
        counts.push(world.rows(&card, "&dateFrom=2026-11-17").await.len());
        let old = world.rows(&card, "&dateFrom=2026-07-15&dateTo=2026-08-01").await.len();
        assert_eq!(old > 0, !name.ends_with("100"), "no more than 5000, the newest");
    }
    assert!(counts[0] > 0);
    assert_eq!(counts[1..], [3 * counts[0], 100 * counts[0]]);
}

#[tokio::test]
async fn wrong_credentials_are_refused_before_anybody_is_asked() {
    let world = World::new().await;
    let body = json!({ "connectorId": 0, "parameters": { "user": "u" } });
    let answer = world.post("/items", &body).await;
    answer.is(400, "CONNECTOR_VALIDATION_ERROR");
    let parameters: Vec<_> = answer.body["details"].as_array().unwrap().iter().map(|one| &one["parameter"]).collect();
    assert_eq!(parameters, ["user", "password"]);
    let valid = world.post("/connectors/0/validate", &user("user-ok")).await.ok();
    assert_eq!((&valid["errors"], &valid["parameters"]["user"]), (&json!([]), &json!("user-ok")));
    assert_eq!(world.post("/connectors/4/validate", &user("user-ok")).await.ok()["errors"][0]["parameter"], "token");
    world.post("/items", &json!({ "connectorId": 12345 })).await.is(400, "");
    world.post("/items", &json!({ "connectorId": 0, "parameters": "ZW5jcnlwdGVk" })).await.is(400, "");
    world
        .post("/items", &json!({ "connectorId": 701, "parameters": user("user-ok") }))
        .await
        .is(409, "CONNECTOR_OFFLINE");
    let twin = json!({ "connectorId": 0, "parameters": user("user-ok"), "avoidDuplicates": true });
    let made = world.post("/items", &twin).await.ok();
    let answer = world.post("/items", &twin).await;
    answer.is(400, "ITEM_USER_ALREADY_EXISTS");
    assert_eq!(answer.body["items"][0]["id"], made["id"]);
}

#[tokio::test]
async fn one_step_asks_for_the_code_at_once() {
    let world = World::new().await;
    for (token, end) in [("123456", ("UPDATED", "SUCCESS")), ("654321", ("LOGIN_ERROR", "INVALID_CREDENTIALS_MFA"))] {
        let mut parameters = user("user-ok");
        parameters["token"] = token.into();
        let id = id_of(&world.create(4, parameters).await);
        assert_eq!(pair(world.follow(&id).await.last().unwrap()), end);
    }
}

#[tokio::test]
async fn two_steps_ask_for_the_code_after_the_login() {
    let world = World::new().await;
    for (token, end) in [("123456", ("UPDATED", "SUCCESS")), ("000000", ("LOGIN_ERROR", "INVALID_CREDENTIALS_MFA"))] {
        let id = id_of(&world.create(5, user("user-ok")).await);
        let mfa = format!("/items/{id}/mfa");
        world.post(&mfa, &json!({ "token": token })).await.is(400, "ITEM_MFA_NOT_FOUND");
        let seen = world.follow(&id).await;
        assert_eq!(pair(seen.last().unwrap()), ("WAITING_USER_INPUT", "WAITING_USER_INPUT"));
        let item = world.item(&id).await;
        assert_eq!(
            (&item["parameter"]["name"], &item["parameter"]["expiresAt"]),
            (&json!("token"), &json!("2026-11-20T12:05:00.000Z"))
        );
        world.post(&mfa, &json!({ "code": token })).await.is(400, "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH");
        let answered = world.post(&mfa, &json!({ "token": token })).await.ok();
        assert_eq!(
            (&answered["status"], &answered["executionStatus"]),
            (&json!("UPDATING"), &json!("LOGIN_MFA_IN_PROGRESS"))
        );
        world.post(&mfa, &json!({ "token": token })).await.is(400, "ITEM_MFA_ALREADY_PROVIDED");
        assert_eq!(pair(world.follow(&id).await.last().unwrap()), end);
    }
    let wrong = world.create(5, user("nobody")).await;
    assert_eq!(pair(world.follow(&id_of(&wrong)).await.last().unwrap()), ("LOGIN_ERROR", "INVALID_CREDENTIALS"));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_waited_for_five_minutes() {
    let mut world = World::new().await;
    let id = id_of(&world.create(5, user("user-ok")).await);
    world.follow(&id).await;
    world.pass(299).await;
    assert_eq!(world.item(&id).await["status"], "WAITING_USER_INPUT");
    world.pass(1).await;
    let item = world.item(&id).await;
    assert_eq!((&item["status"], &item["executionStatus"]), (&json!("OUTDATED"), &json!("USER_INPUT_TIMEOUT")));
    assert_eq!(item["error"]["code"], "USER_INPUT_TIMEOUT");
    world.post(&format!("/items/{id}/mfa"), &json!({ "token": "123456" })).await.is(400, "ITEM_MFA_EXPIRED");
}

#[tokio::test]
async fn a_choice_and_a_picture_are_asked_for_too() {
    let world = World::new().await;
    let id = id_of(&world.create(7, user("user-ok")).await);
    world.follow(&id).await;
    let item = world.item(&id).await;
    assert_eq!(
        (&item["parameter"]["type"], &item["parameter"]["options"][0]["value"]),
        (&json!("select"), &json!("app"))
    );
    world.post(&format!("/items/{id}/mfa"), &json!({ "device": "app" })).await.ok();
    assert_eq!(pair(world.follow(&id).await.last().unwrap()), ("UPDATED", "SUCCESS"));

    let id = id_of(&world.create(6, user("user-ok")).await);
    assert_eq!(pair(world.follow(&id).await.last().unwrap()), ("WAITING_USER_ACTION", "WAITING_USER_ACTION"));
    let item = world.item(&id).await;
    assert_eq!((&item["userAction"]["type"], &item["parameter"]), (&json!("qr"), &Value::Null));
    world.happen(json!({ "event": "approve", "of": id }));
    assert_eq!(pair(world.follow(&id).await.last().unwrap()), ("UPDATED", "SUCCESS"));
}

async fn press(world: &World, page: &str, action: &str) -> crate::kit::Answer {
    let request = Request::post(page).header("content-type", "application/x-www-form-urlencoded");
    world.send(request.body(Body::from(format!("action={action}"))).unwrap()).await
}

#[tokio::test]
async fn open_finance_leads_to_the_banks_page() {
    let world = World::new().await;
    for (cpf, action, end) in [
        ("761.092.776-73", "agree", ("UPDATED", "SUCCESS")),
        ("238.242.640-30", "agree", ("UPDATED", "SUCCESS")),
        ("051.177.670-55", "agree", ("OUTDATED", "USER_AUTHORIZATION_NOT_GRANTED")),
        ("761.092.776-73", "refuse", ("OUTDATED", "USER_AUTHORIZATION_NOT_GRANTED")),
    ] {
        let body = json!({
            "connectorId": 700, "parameters": { "cpf": cpf }, "oauthRedirectUri": "https://client.example/back?x=1",
        });
        let id = id_of(&world.post("/items", &body).await.ok());
        world.follow(&id).await;
        let item = world.item(&id).await;
        assert_eq!((&item["status"], &item["parameter"]["name"]), (&json!("WAITING_USER_INPUT"), &json!("oauth_code")));
        let page = item["parameter"]["data"].as_str().unwrap().strip_prefix(crate::kit::BASE).unwrap().to_owned();
        let shown = world.send(Request::get(&page).body(Body::empty()).unwrap()).await;
        assert!(shown.status == 200 && shown.text.contains("Banco Aroeira"));
        let back = press(&world, &page, action).await;
        assert_eq!(
            (back.status, back.header("location")),
            (302, format!("https://client.example/back?x=1&itemId={id}").as_str())
        );
        assert_eq!(press(&world, &page, action).await.status, 404, "it was answered");
        let seen = world.follow(&id).await;
        assert_eq!(pair(seen.last().unwrap()), end, "{cpf} {action}");
        let pending = seen.iter().any(|words| words.1 == "USER_AUTHORIZATION_PENDING");
        assert_eq!(pending, cpf == "238.242.640-30", "somebody else has to agree too");
        assert_eq!(world.item(&id).await["consentExpiresAt"].is_string(), end.0 == "UPDATED");
    }
}

#[tokio::test]
async fn executions_may_take_every_stage_by_looks_or_by_the_clock() {
    let mut world = World::new().await;
    world.happen(json!({ "event": "pace", "looks": 1 }));
    let id = id_of(&world.create(0, user("user-ok")).await);
    let seen = world.follow(&id).await;
    let words: Vec<_> = seen.iter().map(|words| words.1.as_str()).collect();
    let expected = [
        "LOGIN_IN_PROGRESS",
        "ACCOUNTS_IN_PROGRESS",
        "CREDITCARDS_IN_PROGRESS",
        "TRANSACTIONS_IN_PROGRESS",
        "INVESTMENTS_IN_PROGRESS",
        "INVESTMENTS_TRANSACTIONS_IN_PROGRESS",
        "PAYMENT_DATA_IN_PROGRESS",
        "IDENTITY_IN_PROGRESS",
        "LOANS_IN_PROGRESS",
        "ACCOUNT_STATEMENTS_IN_PROGRESS",
        "MERGING",
        "SUCCESS",
    ];
    assert_eq!(words, expected);

    world.happen(json!({ "event": "pace", "seconds": 10 }));
    let id = id_of(&world.create(0, user("user-ok")).await);
    for _ in 0..3 {
        assert_eq!(world.item(&id).await["executionStatus"], "CREATED", "looks do not move it");
    }
    world.pass(35).await;
    assert_eq!(world.item(&id).await["executionStatus"], "CREDITCARDS_IN_PROGRESS");
    world.pass(85).await;
    let item = world.item(&id).await;
    assert_eq!((&item["status"], &item["lastUpdatedAt"]), (&json!("UPDATED"), &json!("2026-11-20T12:02:00.000Z")));
}

#[tokio::test]
async fn auto_sync_comes_once_a_day() {
    let mut world = World::new().await;
    world.days_pass(2).await;
    let item = world.item(BANK).await;
    assert_eq!(item["lastUpdatedAt"], "2026-11-22T07:00:00.000Z");
    assert_eq!(item["nextAutoSyncAt"], "2026-11-23T07:00:00.000Z");
    let stopped = world.patch(&format!("/items/{BANK}/disable-auto-sync"), &json!({})).await.ok();
    assert_eq!(
        (&stopped["nextAutoSyncAt"], &stopped["autoSyncDisabledAt"]),
        (&Value::Null, &json!("2026-11-22T12:00:00.000Z"))
    );
    world.days_pass(2).await;
    assert_eq!(world.item(BANK).await["lastUpdatedAt"], "2026-11-22T07:00:00.000Z");
}

#[tokio::test]
async fn an_update_fetches_now_and_not_too_often() {
    let mut world = World::new().await;
    let path = format!("/items/{BANK}");
    let body = json!({ "id": BANK });
    let updating = world.patch(&path, &body).await.ok();
    assert_eq!(updating["status"], "UPDATING");
    assert_eq!(updating["lastUpdatedAt"], "2026-11-20T07:00:00.000Z", "what was there stays readable");
    world.patch(&path, &body).await.is(409, "ITEM_ALREADY_UPDATING");
    assert_eq!(pair(world.follow(BANK).await.last().unwrap()), ("UPDATED", "SUCCESS"), "nobody is asked again");
    assert_eq!(world.item(BANK).await["lastUpdatedAt"], "2026-11-20T12:00:00.000Z");
    let early = world.patch(&path, &body).await;
    early.is(409, "CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY");
    assert_eq!(early.body["data"]["minUpdateFrequencyAllowedInHours"], 1);
    world.pass(3600).await;
    world.patch(&path, &body).await.ok();
    world.patch("/items/5a6d0000-0000-4000-8000-0000000000ff", &body).await.is(404, "ITEM_NOT_FOUND");
}

#[tokio::test]
async fn a_lost_login_needs_new_credentials_and_rest_after_too_many() {
    let mut world = World::new().await;
    let id = id_of(&world.create(0, json!({ "user": "user-ok", "password": "password-no" })).await);
    world.follow(&id).await;
    let path = format!("/items/{id}");
    world.patch(&path, &json!({})).await.is(400, "LAST_EXECUTION_HAD_LOGIN_ERROR");
    let wrong = json!({ "parameters": { "password": "password-no" } });
    for attempts in 2..=6 {
        world.patch(&path, &wrong).await.ok();
        world.follow(&id).await;
        assert_eq!(world.item(&id).await["consecutiveFailedLoginAttempts"], attempts);
    }
    let right = json!({ "parameters": { "password": "password-ok" } });
    let rest = world.patch(&path, &right).await;
    rest.is(400, "TOO_MANY_CONSECUTIVE_LOGIN_FAILURES");
    assert_eq!(rest.body["data"]["canRetryAfterDate"], "2026-11-21T12:00:00.000Z");
    world.days_pass(1).await;
    world.patch(&path, &right).await.ok();
    assert_eq!(pair(world.follow(&id).await.last().unwrap()), ("UPDATED", "SUCCESS"));
    assert_eq!(world.item(&id).await["consecutiveFailedLoginAttempts"], 0);
}

#[tokio::test]
async fn updates_that_keep_failing_are_refused_and_codes_have_to_be_new() {
    let world = World::new().await;
    let id = id_of(&world.create(0, user("user-unavailable")).await);
    world.follow(&id).await;
    for _ in 0..5 {
        world.patch(&format!("/items/{id}"), &json!({})).await.ok();
        world.follow(&id).await;
    }
    world.patch(&format!("/items/{id}"), &json!({})).await.is(400, "TOO_MANY_CONSECUTIVE_ERRORS");

    let mut parameters = user("user-ok");
    parameters["token"] = "123456".into();
    world.happen(json!({ "event": "client", "update_hours": 0 }));
    let id = id_of(&world.create(4, parameters).await);
    world.follow(&id).await;
    let path = format!("/items/{id}");
    world.patch(&path, &json!({})).await.is(400, "CONNECTOR_REQUIRED_PARAMETER_VALIDATION_ERROR");
    world.patch(&path, &json!({ "parameters": { "token": "123456" } })).await.ok();
}

#[tokio::test]
async fn a_deleted_item_is_gone_with_its_data() {
    let world = World::new().await;
    let account = world.account(BANK, "CREDIT_CARD").await;
    assert_eq!(world.delete(&format!("/items/{BANK}")).await.ok(), json!({ "count": 1 }));
    world.get(&format!("/items/{BANK}")).await.is(404, "ITEM_NOT_FOUND");
    world.get(&format!("/accounts?itemId={BANK}")).await.is(404, "ITEM_NOT_FOUND");
    let id = account["id"].as_str().unwrap();
    world.get(&format!("/v2/transactions?accountId={id}")).await.is(404, "ACCOUNT_NOT_FOUND");
    world.delete(&format!("/items/{BANK}")).await.is(404, "ITEM_NOT_FOUND");
    world.item(MEU).await;
}

#[tokio::test]
async fn untouched_sandbox_items_are_swept_after_thirty_days() {
    for (switch, is_swept) in
        [("pluggy_bill_days_have_a_zone", true), ("pluggy_untouched_sandbox_items_are_deleted", false)]
    {
        let mut world = World::with(switch).await;
        let id = id_of(&world.create(0, user("user-ok")).await);
        world.follow(&id).await;
        world.days_pass(30).await;
        world.item(&id).await;
        world.days_pass(1).await;
        assert_eq!(world.get(&format!("/items/{id}")).await.status == 404, is_swept);
        world.item(BANK).await;
    }
}
