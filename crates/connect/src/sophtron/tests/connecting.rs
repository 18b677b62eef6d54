use bankside_domain::account::AccountKind;
use bankside_domain::fault::FaultClass;
use serde_json::{Value, json};

use super::scripted::{BANK, Scripted, asked, card, checking, done, failed, institution, waits};
use crate::connector::{Connector, Intent};
use crate::sophtron::Sophtron;
use crate::sophtron::remote::Remote;
use crate::step::{Answered, Step};

/// One pixel.
const PICTURE: &str = "iVBORw0KGgo=";

fn running() -> Value {
    json!({"JobID": "job-1", "SuccessFlag": null, "LastStatus": "Started", "LastStep": "LogInPanel"})
}

fn with(members: &Value) -> Value {
    let mut job = running();
    for (key, value) in members.as_object().unwrap() {
        job[key] = value.clone();
    }
    job
}

fn ready() -> Value {
    json!({"JobID": "job-1", "SuccessFlag": null, "LastStatus": "AccountsReady"})
}

fn finished() -> Value {
    json!({"JobID": "job-1", "SuccessFlag": true, "LastStatus": "Completed"})
}

fn refused() -> Value {
    json!({"JobID": "job-1", "SuccessFlag": false, "LastStatus": "Completed", "LastStep": "LogInPanel"})
}

#[tokio::test]
async fn a_bank_that_asks_everything_is_connected_question_by_question() {
    let sophtron = Scripted::new(&[
        ("UpdateJobCaptchaInput", json!(0)),
        ("UpdateJobSecurityAnswer", json!(0)),
        ("UpdateJobTokenInput", json!(0)),
    ]);
    let state = sophtron.sign_in().await;
    let created = &sophtron.bodies()[2];
    assert_eq!(created.0, "CreateUserInstitutionWithRefresh");
    assert_eq!(
        created.1,
        json!({"UserID": "7f3b2c1a-0d4e-4a5b-9c6d-1e2f3a4b5c6d", "InstitutionID": "0c5f-11",
            "UserName": "canary-name", "Password": "canary-password"})
    );

    sophtron.jobs(&[running()]);
    let state = waits(sophtron.poll(&state).await);
    sophtron.jobs(&[with(&json!({"CaptchaImage": PICTURE}))]);
    let (form, state) = asked(sophtron.poll(&state).await);
    assert_eq!(form.picture.unwrap().png_base64, PICTURE);
    let (again, same) = asked(sophtron.poll(&state).await);
    assert_eq!((again.expires_at, &same), (form.expires_at, &state), "a look changes nothing");
    sophtron.time.pass(301);
    let (still, state) = asked(sophtron.poll(&state).await);
    assert!(still.expires_at > form.expires_at, "the bank still waits after all");
    let state = waits(sophtron.answer(&state, &[("picture", "canary")]).await);

    sophtron.jobs(&[with(&json!({"CaptchaImage": PICTURE, "SecurityQuestion": "['What&#39;s your color?','Pet?']"}))]);
    let (form, state) = asked(sophtron.poll(&state).await);
    assert_eq!(form.fields[0].label, "What's your color?");
    sophtron.called();
    let state = waits(sophtron.answer(&state, &[("answer_1", "canary \"red\""), ("answer_2", "canary")]).await);
    let body = json!({"JobID": "job-1", "SecurityAnswer": r#"["canary \"red\"","canary"]"#});
    assert_eq!(sophtron.bodies(), [("UpdateJobSecurityAnswer".to_owned(), body)]);

    sophtron.jobs(&[with(&json!({"TokenMethod": "[\"Text  me &amp; wait\",\"Call\"]"}))]);
    let (form, state) = asked(sophtron.poll(&state).await);
    assert_eq!(form.fields[0].answered, Answered::OneOf(vec!["Text me & wait".into(), "Call".into()]));
    sophtron.called();
    let state = waits(sophtron.answer(&state, &[("choice", "Text me & wait")]).await);
    assert_eq!(sophtron.bodies()[0].1["TokenChoice"], "Text  me &amp; wait", "word for word as Sophtron has it");

    sophtron.jobs(&[with(&json!({"TokenSentFlag": true, "TokenInputName": "Token"}))]);
    let (_, state) = asked(sophtron.poll(&state).await);
    sophtron.called();
    let state = waits(sophtron.answer(&state, &[("code", "canary")]).await);
    let body = json!({"JobID": "job-1", "TokenChoice": null, "TokenInput": "canary", "VerifyPhoneFlag": null});
    assert_eq!(sophtron.bodies(), [("UpdateJobTokenInput".to_owned(), body)]);

    sophtron.jobs(&[with(&json!({"TokenRead": "4711"}))]);
    let (form, state) = asked(sophtron.poll(&state).await);
    assert_eq!((form.shown.as_deref(), form.fields.len()), (Some("4711"), 0));
    let state = waits(sophtron.answer(&state, &[]).await);

    sophtron.jobs(&[ready()]);
    let connected = done(sophtron.poll(&state).await);
    assert_eq!((connected.institution.key.as_str(), connected.country.as_deref()), (BANK, Some("US")));
    let accounts: Vec<_> = connected.accounts.iter().map(|one| (one.provider_account_id.as_str(), one.kind)).collect();
    assert_eq!(accounts, [("a-1", AccountKind::Checking), ("a-2", AccountKind::CreditCard)]);
    let remote = Remote::read(&connected.remote).unwrap();
    assert_eq!((remote.login.as_str(), remote.made_here, remote.job.as_deref()), ("login-1", true, Some("job-1")));
    assert!(!remote.asks_every_time, "once says nothing");
}

#[tokio::test]
async fn a_refused_sign_in_is_typed_anew_and_never_makes_a_second_login() {
    let sophtron =
        Scripted::new(&[("UpdateUserInstitution", json!({"JobID": "job-2"})), ("DeleteUserInstitution", json!(0))]);
    let state = sophtron.sign_in().await;
    sophtron.jobs(&[refused()]);
    let (form, state) = asked(sophtron.poll(&state).await);
    assert!(form.error.unwrap().contains("did not accept") && form.fields.iter().all(|field| !field.is_optional));
    sophtron.called();
    let (form, state) = asked(sophtron.poll(&state).await);
    assert!(form.error.is_some());
    let (_, state) = asked(sophtron.answer(&state, &[]).await);
    let (form, state) = asked(sophtron.answer(&state, &[("UserName", "canary")]).await);
    assert_eq!(form.error.as_deref(), Some("Password is missing."));
    assert_eq!(sophtron.called(), [] as [String; 0], "nothing is sent by itself");

    waits(sophtron.answer(&state, &[("UserName", "canary"), ("Password", "canary-2")]).await);
    let body = json!({"UserInstitutionID": "login-1", "UserName": "canary", "Password": "canary-2"});
    assert_eq!(sophtron.bodies(), [("UpdateUserInstitution".to_owned(), body)]);

    Sophtron.abandon(&sophtron.cx(), &state).await.unwrap();
    let body = json!({"UserInstitutionID": "login-1"});
    assert_eq!(sophtron.bodies(), [("DeleteUserInstitution".to_owned(), body)]);
    // The same number says that it is gone and that it stays; the list decides.
    sophtron.answers("DeleteUserInstitution", &json!(-1));
    sophtron.answers("GetUserInstitutionsByUser", &json!([]));
    Sophtron.abandon(&sophtron.cx(), &state).await.unwrap();
    sophtron.answers("GetUserInstitutionsByUser", &json!([{"UserInstitutionID": "LOGIN-1", "InstitutionID": null}]));
    let fault = Sophtron.abandon(&sophtron.cx(), &state).await.unwrap_err();
    assert_eq!(fault.code(), "sophtron.not_deleted");
}

#[tokio::test]
async fn what_took_too_long_can_be_tried_again_without_typing() {
    let sophtron = Scripted::new(&[("RetryAddingUserInstitution", json!({"JobID": "job-2"}))]);
    let state = sophtron.sign_in().await;
    sophtron.jobs(&[json!({"SuccessFlag": null, "LastStatus": "Timeout", "LastStep": "TokenInput"})]);
    let (form, state) = asked(sophtron.poll(&state).await);
    assert!(form.fields.iter().all(|field| field.is_optional));
    sophtron.called();
    let state = waits(sophtron.answer(&state, &[]).await);
    assert_eq!(sophtron.called(), ["RetryAddingUserInstitution"]);
    sophtron.jobs(&[finished()]);
    assert_eq!(Remote::read(&done(sophtron.poll(&state).await).remote).unwrap().job, None);
}

#[tokio::test]
async fn a_job_that_sophtron_has_forgotten_can_be_tried_again() {
    let sophtron = Scripted::new(&[]);
    let state = sophtron.sign_in().await;
    sophtron.answers_each("GetJobInformationByID", &[(404, String::new())]);
    let (form, _) = asked(sophtron.poll(&state).await);
    assert!(form.error.is_some() && form.fields.iter().all(|field| field.is_optional));
}

#[tokio::test]
async fn a_login_whose_answer_was_lost_is_found_and_not_made_twice() {
    let login = |id: &str, institution: &str| json!({"UserInstitutionID": id, "InstitutionID": institution});
    let before = json!([login("old", "0C5F-11"), login("elsewhere", "77")]);
    let after = json!([login("old", "0C5F-11"), login("elsewhere", "77"), login("login-7", "0c5f-11")]);
    let typed = [("UserName", "canary"), ("Password", "canary")];
    for (was_made, expected) in [
        (true, vec!["GetUserInstitutionsByUser", "UpdateUserInstitution"]),
        (false, vec!["GetUserInstitutionsByUser", "CreateUserInstitutionWithRefresh"]),
    ] {
        let sophtron = Scripted::new(&[
            ("GetUserInstitutionsByUser", before.clone()),
            ("UpdateUserInstitution", json!({"JobID": "job-2"})),
            ("DeleteUserInstitution", json!(0)),
        ]);
        sophtron.answers_each(
            "CreateUserInstitutionWithRefresh",
            &[(504, String::new()), (200, json!({"JobID": "job-1", "UserInstitutionID": "login-1"}).to_string())],
        );
        let (_, state) = asked(sophtron.begin(Intent::New { institution_key: BANK }).await.unwrap());
        let (form, state) = asked(sophtron.answer(&state, &typed).await);
        assert!(form.error.unwrap().contains("lost"));
        if was_made {
            sophtron.answers("GetUserInstitutionsByUser", &after);
        }
        sophtron.called();
        waits(sophtron.answer(&state, &typed).await);
        assert_eq!(sophtron.called(), expected);
        Sophtron.abandon(&sophtron.cx(), &state).await.unwrap();
        let deleted = sophtron.bodies().into_iter().filter(|(endpoint, _)| endpoint == "DeleteUserInstitution");
        let deleted: Vec<_> = deleted.map(|(_, body)| body["UserInstitutionID"].clone()).collect();
        assert_eq!(deleted, if was_made { vec![json!("login-7")] } else { vec![] });
    }
}

#[tokio::test]
async fn a_login_that_was_refused_as_such_is_not_looked_for() {
    let sophtron = Scripted::new(&[]);
    for (status, class) in [(400, FaultClass::Bug), (401, FaultClass::NeedsOperator)] {
        sophtron.answers_each("CreateUserInstitutionWithRefresh", &[(status, String::new())]);
        let (_, state) = asked(sophtron.begin(Intent::New { institution_key: BANK }).await.unwrap());
        let typed = [("UserName", "canary"), ("Password", "canary")];
        let fault = sophtron.try_answer(&state, &typed).await.unwrap_err();
        assert_eq!(fault.class(), class);
        assert!(!format!("{fault:?}").contains("canary"));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_asked_again() {
    let sophtron = Scripted::new(&[("UpdateJobTokenInput", json!(-1))]);
    let state = sophtron.sign_in().await;
    sophtron.jobs(&[with(&json!({"TokenSentFlag": true}))]);
    let (form, state) = asked(sophtron.poll(&state).await);
    assert_eq!(form.error, None);
    let (form, state) = asked(sophtron.answer(&state, &[("code", "canary")]).await);
    assert!(form.error.is_some());
    let (form, state) = asked(sophtron.poll(&state).await);
    assert!(form.error.is_some(), "it stays there at the next look");
    sophtron.answers("UpdateJobTokenInput", &json!("0"));
    let state = waits(sophtron.answer(&state, &[("code", "canary")]).await);
    let state = waits(sophtron.poll(&state).await);
    sophtron.jobs(&[with(&json!({"TokenSentFlag": true, "TokenInput": "canary"}))]);
    let state = waits(sophtron.poll(&state).await);
    sophtron.jobs(&[with(&json!({"TokenSentFlag": true, "TokenInput": null}))]);
    let (form, _) = asked(sophtron.poll(&state).await);
    assert!(form.error.is_some(), "the bank asks it again");
}

#[tokio::test]
async fn the_picture_goes_where_older_programs_send_it_too() {
    let sophtron = Scripted::new(&[("UpdateJobCaptcha", json!(0))]);
    let state = sophtron.sign_in().await;
    sophtron.jobs(&[with(&json!({"CaptchaImage": PICTURE}))]);
    let (_, state) = asked(sophtron.poll(&state).await);
    sophtron.called();
    waits(sophtron.answer(&state, &[("picture", "canary")]).await);
    assert_eq!(sophtron.called(), ["UpdateJobCaptchaInput", "UpdateJobCaptcha"]);
}

#[tokio::test]
async fn a_job_without_an_end_has_one_here() {
    let sophtron = Scripted::new(&[]);
    let mut state = sophtron.sign_in().await;
    sophtron.jobs(&[running()]);
    sophtron.called();
    let step = loop {
        match sophtron.poll(&state).await {
            Step::Wait { state: next, poll_after_secs, .. } => {
                state = next;
                sophtron.time.pass(poll_after_secs.into());
            }
            step => break step,
        }
    };
    assert_eq!(failed(step).code(), "sophtron.job_endless");
    let looks = sophtron.called().len();
    assert!((40..70).contains(&looks), "{looks} requests");

    sophtron.jobs(&[json!({"SuccessFlag": null, "LastStatus": "Completed"})]);
    let state = sophtron.sign_in().await;
    let state = waits(sophtron.poll(&state).await);
    sophtron.time.pass(61);
    done(sophtron.poll(&state).await);
}

#[tokio::test]
async fn of_which_country_a_dollar_is_the_person_says_where_nobody_else_does() {
    let mut odd = checking();
    odd["AccountID"] = json!("a-3");
    odd["BalanceCurrency"] = json!("§");
    let mut hidden = checking();
    hidden["AccountID"] = json!("a-4");
    hidden["Status"] = json!("Untracked");
    let sophtron = Scripted::new(&[
        ("GetInstitutionByID", institution("")),
        ("GetUserInstitutionsByUser", json!([{"UserInstitutionID": "login-5", "InstitutionID": "0c5f-11"}])),
        ("GetUserInstitutionAccounts", json!([checking(), card(), odd, hidden])),
    ]);
    let (form, state) = asked(sophtron.begin(Intent::Adopt { login: "login-5" }).await.unwrap());
    assert_eq!(form.title, "Which dollars?");
    let (_, state) = asked(sophtron.poll(&state).await);
    let connected = done(sophtron.answer(&state, &[("currency", "Canadian dollars (CAD)")]).await);
    let currencies: Vec<_> = connected.accounts.iter().map(|account| account.currency.to_string()).collect();
    assert_eq!((currencies, connected.unread), (vec!["CAD".to_owned(), "USD".to_owned()], vec!["a-3".to_owned()]));
    assert_eq!(Remote::read(&connected.remote).unwrap().dollar.unwrap().to_string(), "CAD");
    assert_eq!(connected.institution.key, "0c5f-11");
}

#[tokio::test]
async fn a_renewal_reads_the_login_anew_and_learns_who_asks_every_time() {
    let sophtron = Scripted::new(&[("UpdateJobTokenInput", json!(0)), ("UpdateUserInstitution", json!({"JobID": ""}))]);
    let state = sophtron.sign_in().await;
    sophtron.jobs(&[finished()]);
    let mut connected = done(sophtron.poll(&state).await);
    for (days, asks_every_time) in [(0, false), (2, true), (40, true)] {
        sophtron.time.pass(days * 86_400);
        let state = waits(sophtron.renew(&connected.remote).await.unwrap());
        sophtron.jobs(&[with(&json!({"TokenSentFlag": true}))]);
        let (_, state) = asked(sophtron.poll(&state).await);
        let state = waits(sophtron.answer(&state, &[("code", "canary")]).await);
        sophtron.jobs(&[finished()]);
        connected = done(sophtron.poll(&state).await);
        let remote = Remote::read(&connected.remote).unwrap();
        assert_eq!((remote.asks_every_time, remote.made_here), (asks_every_time, true), "after {days} days");
    }
    // Without a job, and without a question, it is read at once and asks no more.
    sophtron.answers("RefreshUserInstitution", &json!({"JobID": "00000000-0000-0000-0000-000000000000"}));
    connected = done(sophtron.renew(&connected.remote).await.unwrap());
    assert!(!Remote::read(&connected.remote).unwrap().asks_every_time);

    // Signing in anew changes the login; a change without a job has it read.
    sophtron.answers("RefreshUserInstitution", &json!({"JobID": "job-9"}));
    let state = waits(sophtron.renew(&connected.remote).await.unwrap());
    sophtron.jobs(&[refused()]);
    let (_, state) = asked(sophtron.poll(&state).await);
    sophtron.called();
    waits(sophtron.answer(&state, &[("UserName", "canary"), ("Password", "canary")]).await);
    assert_eq!(sophtron.called(), ["UpdateUserInstitution", "RefreshUserInstitution"]);
    Sophtron.abandon(&sophtron.cx(), &state).await.unwrap();
    assert_eq!(sophtron.called(), [] as [String; 0], "the login is in use");

    sophtron.answers_each("RefreshUserInstitution", &[(404, String::new())]);
    let gone = sophtron.renew(&connected.remote).await.unwrap_err();
    assert_eq!((gone.class(), gone.code()), (FaultClass::Gone, "sophtron.login_gone"));
}
