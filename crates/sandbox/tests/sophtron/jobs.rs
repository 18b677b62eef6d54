//! The job machine (fact sheet §6).

use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::kit::*;

async fn give(world: &World, job: &str, call: &str, mut body: Value) -> Value {
    body["JobID"] = job.into();
    world.post(&format!("/Job/{call}"), body).await.ok()
}

#[tokio::test]
async fn the_test_bank_asks_everything_in_the_documented_order() {
    let world = World::new();
    let (login, job) = world.add(SOPHTRON, "asdfg12X").await;
    let (asked, end) = world.finish(&job).await;
    assert_eq!(asked, ["CaptchaImage", "SecurityQuestion", "TokenMethod", "TokenInput"]);
    assert_eq!((&end["SuccessFlag"], &end["LastStatus"]), (&json!(true), &json!("Completed")));
    assert_eq!((&end["TokenInput"], &end["CaptchaInput"]), (&json!("123456"), &json!("HKLTX")), "answers echo");
    assert_eq!((&end["CaptchaImage"], &end["SecurityQuestion"]), (&Value::Null, &Value::Null));
    let names: Vec<_> = world.accounts(&login).await.iter().map(|one| text(&one["AccountName"])).collect();
    assert_eq!(names, ["Primary Checking", "Primary Savings"]);
}

#[tokio::test]
async fn a_job_moves_on_by_one_step_each_time_it_is_asked_about() {
    let world = World::new();
    let (login, job) = world.add(NO_MFA, "me").await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        let shown = world.poll(&job).await;
        seen.push((shown["LastStep"].clone(), shown["LastStatus"].clone(), shown["SuccessFlag"].clone()));
        let listed = world.accounts(&login).await;
        assert_eq!(listed.is_empty(), shown["LastStatus"] == "Started");
        if shown["LastStatus"] == "AccountsReady" {
            assert!(world.rows(&listed[0], "2026-01-01", "2026-12-31").await.is_empty(), "rows come later");
        }
    }
    let step = |step: &str, status: &str, flag: Value| (json!(step), json!(status), flag);
    assert_eq!(
        seen,
        [
            step("LogInPanel", "Started", Value::Null),
            step("LogInPanel", "AccountsReady", Value::Null),
            step("TransactionTable", "AccountsReady", Value::Null),
            step("TransactionTable", "Completed", json!(true)),
            step("TransactionTable", "Completed", json!(true)),
            step("TransactionTable", "Completed", json!(true)),
        ]
    );
}

#[tokio::test]
async fn a_prompt_stays_until_it_is_processed_and_takes_only_what_it_asks() {
    let world = World::new();
    let (_, job) = world.add(SOPHTRON, "me").await;
    let early = give(&world, &job, "UpdateJobCaptchaInput", json!({ "CaptchaInput": "X" })).await;
    assert_eq!(early, -1, "nothing is asked yet");
    world.poll(&job).await;
    let shown = world.poll(&job).await;
    let picture = BASE64.decode(text(&shown["CaptchaImage"]).as_bytes()).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() < 8_000);
    assert_eq!(world.poll(&job).await, shown, "it waits");
    let answer = json!({ "SecurityAnswer": "[\"blue\"]" });
    assert_eq!(give(&world, &job, "UpdateJobSecurityAnswer", answer.clone()).await, -1, "out of order");
    assert_eq!(give(&world, &job, "UpdateJobCaptcha", json!({ "CaptchaInput": "HK" })).await, 0, "the samples' name");
    assert_eq!(give(&world, &job, "UpdateJobCaptcha", json!({ "CaptchaInput": "HK" })).await, -1, "answered already");
    let shown = world.poll(&job).await;
    assert_eq!((shown["CaptchaImage"].is_string(), &shown["CaptchaInput"]), (true, &json!("HK")));
    let shown = world.poll(&job).await;
    assert_eq!((&shown["CaptchaImage"], &shown["CaptchaInput"]), (&Value::Null, &json!("HK")));
    assert_eq!(shown["SecurityQuestion"], "[\"What is your favorite color?\"]");
    for bad in ["blue", "[\"blue\",\"red\"]", "[1]"] {
        assert_eq!(give(&world, &job, "UpdateJobSecurityAnswer", json!({ "SecurityAnswer": bad })).await, -1, "{bad}");
    }
    assert_eq!(give(&world, &job, "UpdateJobSecurityAnswer", answer).await, 0);
    world.poll(&job).await;
    let shown = world.poll(&job).await;
    let ways: Vec<String> = serde_json::from_str(&text(&shown["TokenMethod"])).unwrap();
    assert!(ways.iter().any(|way| way.contains("xxx-xxx-1234")), "{ways:?}");
    for bad in [json!({ "TokenChoice": "a pigeon" }), json!({ "TokenChoice": ways[1], "TokenInput": "1" }), json!({})] {
        assert_eq!(give(&world, &job, "UpdateJobTokenInput", bad).await, -1);
    }
    assert_eq!(give(&world, &job, "UpdateJobTokenInput", json!({ "TokenChoice": ways[1] })).await, 0);
    world.poll(&job).await;
    let shown = world.poll(&job).await;
    assert_eq!((&shown["TokenSentFlag"], &shown["TokenInputName"]), (&json!(true), &json!("Token")));
    assert_eq!((&shown["LastStep"], &shown["TokenChoice"]), (&json!("TokenInput"), &json!(ways[1])));
    assert_eq!(world.finish(&job).await.0, ["TokenInput"]);
    assert_eq!(give(&world, &job, "UpdateJobTokenInput", json!({ "TokenInput": "1" })).await, -1, "it is over");
}

#[tokio::test]
async fn other_banks_ask_other_things() {
    let world = World::new();
    let (_, job) = world.add(COPPER_FERN, "me").await;
    world.poll(&job).await;
    assert_eq!(world.poll(&job).await["TokenRead"], "47");
    assert_eq!(give(&world, &job, "UpdateJobTokenInput", json!({ "VerifyPhoneFlag": false })).await, -1);
    let (asked, end) = world.finish(&job).await;
    assert_eq!((asked, &end["VerifyPhoneFlag"]), (vec!["TokenRead"], &json!(true)));

    let (_, job) = world.add(THISTLE, "me").await;
    world.poll(&job).await;
    let questions = text(&world.poll(&job).await["SecurityQuestion"]);
    assert!(questions.starts_with("['What is your mother&#39;s") && questions.ends_with("where?']"), "{questions}");
    assert!(serde_json::from_str::<Value>(&questions).is_err(), "it is no JSON");
    assert_eq!(world.finish(&job).await.0, ["SecurityQuestion"]);

    let (_, job) = world.add(GULLWING, "me").await;
    world.poll(&job).await;
    assert_eq!(world.poll(&job).await["TokenInputName"], "PIN");
}

#[tokio::test]
async fn some_jobs_do_not_end_well() {
    let world = World::new();
    let (login, job) = world.add(NO_MFA, "wrong").await;
    let (_, end) = world.finish(&job).await;
    assert_eq!((&end["SuccessFlag"], &end["LastStatus"]), (&json!(false), &json!("Completed")));
    assert!(world.accounts(&login).await.is_empty());
    let update = json!({ "UserInstitutionID": login, "UserName": "me", "Password": "right" });
    let started = world.post("/UserInstitution/UpdateUserInstitution", update).await.ok();
    assert_eq!(world.finish(&text(&started["JobID"])).await.1["SuccessFlag"], true);
    assert_eq!(world.accounts(&login).await.len(), 2, "under the same id");

    let (login, job) = world.add(SLOWWATER, "me").await;
    let (_, end) = world.finish(&job).await;
    assert_eq!((&end["SuccessFlag"], &end["LastStatus"]), (&json!(false), &json!("Timeout")));
    let body = json!({ "UserInstitutionID": login });
    let again = world.post("/UserInstitution/RetryAddingUserInstitution", body).await.ok();
    assert_eq!(world.finish(&text(&again["JobID"])).await.1["SuccessFlag"], true);

    let (_, job) = world.add(NO_MFA, "endless").await;
    for _ in 0..50 {
        assert_eq!(world.poll(&job).await["SuccessFlag"], Value::Null);
    }
    let (_, job) = world.add(NO_MFA, "timeout").await;
    assert_eq!(world.finish(&job).await.1["LastStatus"], "Timeout");
}

#[tokio::test]
async fn a_wrong_answer_is_refused_except_at_the_test_banks() {
    let world = World::new();
    for (bank, flag) in [(HARBORLIGHT, false), (SOPHTRON, true)] {
        let (_, job) = world.add(bank, "me").await;
        for _ in 0..30 {
            let shown = world.poll(&job).await;
            if shown["TokenSentFlag"] == true && shown["TokenInput"].is_null() {
                assert_eq!(give(&world, &job, "UpdateJobTokenInput", json!({ "TokenInput": "wrong" })).await, 0);
                break;
            }
            let answers = [
                ("CaptchaImage", "UpdateJobCaptchaInput", json!({ "CaptchaInput": "wrong" })),
                ("SecurityQuestion", "UpdateJobSecurityAnswer", json!({ "SecurityAnswer": "[\"wrong\"]" })),
                ("TokenMethod", "UpdateJobTokenInput", json!({ "TokenChoice": "Text me at xxx-xxx-1234" })),
            ];
            for (prompt, call, body) in answers {
                if !shown[prompt].is_null() {
                    give(&world, &job, call, body).await;
                }
            }
        }
        assert_eq!(world.finish(&job).await.1["SuccessFlag"], flag, "{bank}");
    }
}

#[tokio::test]
async fn nobody_waits_for_an_answer_for_ever() {
    let world = World::new();
    let (_, job) = world.add(SOPHTRON, "me").await;
    world.poll(&job).await;
    world.poll(&job).await;
    world.control("clock", json!({ "advance_seconds": 599 })).await.ok();
    assert_eq!(world.poll(&job).await["SuccessFlag"], Value::Null);
    world.control("clock", json!({ "advance_seconds": 1 })).await.ok();
    assert_eq!(world.poll(&job).await["LastStatus"], "Timeout");
    assert_eq!(give(&world, &job, "UpdateJobCaptchaInput", json!({ "CaptchaInput": "X" })).await, -1);
}

#[tokio::test]
async fn a_job_that_nobody_knows_is_not_found_and_takes_no_answer() {
    let world = World::new();
    let nobody = "00000000-0000-4000-8000-000000000000";
    let asked = world.post("/Job/GetJobInformationByID", json!({ "JobID": nobody })).await;
    assert_eq!(asked.status, 404);
    assert_eq!(give(&world, nobody, "UpdateJobTokenInput", json!({ "TokenInput": "1" })).await, -1);
    let blank = world.post("/Job/GetJobInformationByID", json!({ "JobID": "" })).await;
    assert_eq!(blank.status, 400);
}

#[tokio::test]
async fn three_gates_wants_its_pin() {
    let world = World::new();
    let mut body = json!({
        "UserID": world.user_id, "InstitutionID": bank_id(THREE_GATES), "UserName": "me", "Password": "secret",
    });
    for (pin, flag) in [(Value::Null, false), (json!("1234"), true)] {
        body["PIN"] = pin;
        let made = world.post("/UserInstitution/CreateUserInstitutionWithRefresh", body.clone()).await.ok();
        assert_eq!(world.finish(&text(&made["JobID"])).await.1["SuccessFlag"], flag);
    }
}
