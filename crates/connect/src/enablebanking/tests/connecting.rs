//! The steps from a bank to a session.

use std::collections::BTreeMap;

use bankside_domain::Secret;
use bankside_domain::fault::FaultClass;
use serde_json::{Value, json};

use super::*;

const BANKS: &str = r#"{"aspsps":[
    {"name":"Both","country":"FI","psu_types":["personal","business"],"maximum_consent_validity":15552000,"auth_methods":[],"beta":false},
    {"name":"One","country":"FI","psu_types":["personal"],"maximum_consent_validity":7776000,"bic":"ONEXFIHH"},
    {"name":"One","country":"FI","psu_types":["personal"]},
    {"name":"Brief","country":"FI","psu_types":[],"maximum_consent_validity":60}, {"country":"FI"}, 7]}"#;

fn back() -> Return {
    Return {
        url: "http://books.example/connect/callback".parse().unwrap(),
        reference: "ref-1".to_owned(),
        notice: None,
    }
}

/// A server that knows the banks, and answers other calls so.
async fn bank(answers: impl Fn(&Asked) -> Option<(u16, String)> + Send + Sync + 'static) -> Peer {
    peer(move |asked| match answers(asked) {
        Some(answer) => answer,
        None if asked.line.starts_with("GET /aspsps") => (200, BANKS.to_owned()),
        None if asked.line == "POST /auth" => (200, json!({ "url": "https://bank.example/go" }).to_string()),
        None => (500, String::new()),
    })
    .await
}

/// Everything that `POST /auth` was asked, which the peer's own list leaves out for others.
fn asked_of(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

async fn begin(peer: &Peer, key: &str) -> Result<Step, Fault> {
    EnableBanking.begin(&peer.cx(), Intent::New { institution_key: key }, &back()).await
}

async fn resume(peer: &Peer, state: &FlowState, input: Input) -> Step {
    EnableBanking.resume(&peer.cx(), state, input).await.unwrap()
}

fn came_with(pairs: &[(&str, &str)]) -> Input {
    Input::Callback(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

#[tokio::test]
async fn banks_are_named_by_country_and_name_and_none_comes_twice() {
    let peer = bank(|_| None).await;
    let banks = EnableBanking.institutions(&peer.cx(), BankQuery::Country("fi")).await.unwrap();
    let keys: Vec<_> = banks.iter().map(|bank| bank.key.as_str()).collect();
    assert_eq!(keys, ["FI:Both", "FI:Brief", "FI:One"]);
    assert_eq!(banks[2].max_consent_days, Some(90));
    assert_eq!(peer.asked()[0].line, "GET /aspsps?country=FI&service=AIS");
}

#[tokio::test]
async fn who_may_be_a_person_or_a_business_is_asked_once() {
    let peer = bank(|_| None).await;
    let Step::Ask(form, state) = begin(&peer, "FI:Both").await.unwrap() else { panic!("it asks") };
    assert_eq!(form.fields[0].answered, crate::Answered::OneOf(vec!["Personal".into(), "Business".into()]));
    let answers = |text: &str| Input::Answers(BTreeMap::from([("psu_type".to_owned(), Secret::new(text))]));
    assert!(matches!(resume(&peer, &state, answers("neither")).await, Step::Ask(..)));
    let Step::Open(browser, state) = resume(&peer, &state, answers("Business")).await else { panic!("it opens") };
    assert_eq!(browser.url, "https://bank.example/go");
    assert_eq!(state.0["stage"]["open"]["psu_type"], "business");
    assert!(matches!(begin(&peer, "FI:One").await.unwrap(), Step::Open(..)));
    assert_eq!(begin(&peer, "FI:Nobody").await.unwrap_err().class(), FaultClass::Gone);
}

#[tokio::test]
async fn a_consent_ends_an_hour_before_the_bank_would_refuse_it() {
    for (key, until) in [("FI:One", "2027-02-18T11:00:00+00:00"), ("FI:Brief", "2026-11-20T12:00:30+00:00")] {
        let seen = std::sync::Arc::new(std::sync::Mutex::new(Value::Null));
        let writes = std::sync::Arc::clone(&seen);
        let peer = bank(move |asked| {
            if asked.line == "POST /auth" {
                *writes.lock().unwrap() = asked_of(&asked.body);
            }
            None
        })
        .await;
        begin(&peer, key).await.unwrap();
        let body = seen.lock().unwrap().clone();
        assert_eq!(body["access"]["valid_until"], until);
        assert_eq!((&body["state"], &body["psu_type"]), (&json!("ref-1"), &json!("personal")));
        assert_eq!(body["redirect_url"], "http://books.example/connect/callback");
    }
}

#[tokio::test]
async fn another_redirect_of_the_application_does_where_ours_is_not_registered() {
    let application = |urls: Value| json!({ "active": true, "services": ["AIS"], "redirect_urls": urls }).to_string();
    let with = |urls: Value| {
        let application = application(urls);
        move |asked: &Asked| match asked.line.as_str() {
            "GET /application" => Some((200, application.clone())),
            "POST /auth" if asked.body.contains("http://books.example") => Some(error(422, "REDIRECT_URI_NOT_ALLOWED")),
            _ => None,
        }
    };
    let peer = bank(with(json!(["https://else.example/", "https://books.example/connect/callback"]))).await;
    assert!(matches!(begin(&peer, "FI:One").await.unwrap(), Step::Open(..)));
    let peer = bank(with(json!([]))).await;
    let fault = begin(&peer, "FI:One").await.unwrap_err();
    assert_eq!((fault.class(), fault.code()), (FaultClass::NeedsOperator, problem::REDIRECT));
}

#[tokio::test]
async fn a_code_that_could_not_be_exchanged_is_kept_and_one_that_was_used_ends_the_flow() {
    let session = json!({
        "session_id": "s-1", "accounts": [{ "uid": "u", "currency": "USD", "cash_account_type": "CACC", "identification_hash": "h",
        "identification_hashes": ["h"] }], "access": { "valid_until": "2027-01-01T00:00:00Z" },
    });
    let peer = bank(move |asked| match (asked.line.as_str(), asked.before) {
        ("POST /sessions", 0) => Some((503, "<html>".to_owned())),
        ("POST /sessions", 1) => Some((200, session.to_string())),
        ("POST /sessions", _) => Some(error(422, "ALREADY_AUTHORIZED")),
        _ => None,
    })
    .await;
    let Step::Open(_, state) = begin(&peer, "FI:One").await.unwrap() else { panic!("it opens") };
    assert!(matches!(resume(&peer, &state, Input::Poll).await, Step::Open(..)), "nobody is back yet");
    let back = came_with(&[("code", "c-1"), ("state", "ref-1")]);
    let Step::Wait { state: waiting, .. } = resume(&peer, &state, back.clone()).await else { panic!("it waits") };
    let Step::Done(connected) = resume(&peer, &waiting, Input::Poll).await else { panic!("it is done") };
    assert_eq!(connected.consent.valid_until, Some("2027-01-01T00:00:00Z".parse().unwrap()));
    assert!(matches!(resume(&peer, &state, back).await, Step::Cancelled { .. }));
    let denied = resume(&peer, &state, came_with(&[("error", "access_denied")])).await;
    assert!(matches!(denied, Step::Cancelled { .. }));
    let broken = resume(&peer, &state, came_with(&[("error", "server_error")])).await;
    assert!(matches!(broken, Step::Failed(fault) if fault.class() == FaultClass::RetryLater));
}

#[tokio::test]
async fn an_application_that_is_not_active_says_what_to_do() {
    for (body, code) in [
        (r#"{"active":false,"services":["AIS"]}"#, Some("enablebanking.inactive")),
        (r#"{"active":true,"services":["PIS"]}"#, Some("enablebanking.inactive")),
        (r#"{"active":true,"services":["AIS","PIS"]}"#, None),
        ("{}", None),
    ] {
        let peer = peer(|_| (200, body.to_owned())).await;
        let checked = EnableBanking.check(&peer.cx()).await;
        assert_eq!(checked.err().map(|fault| fault.code().to_owned()).as_deref(), code, "{body}");
    }
}
