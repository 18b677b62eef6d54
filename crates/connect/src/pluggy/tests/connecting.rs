//! Taking up items and renewing them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use bankside_domain::Secret;
use bankside_domain::fault::{FaultClass, UserAction};
use jiff::SignedDuration;

use super::peer::Peer;
use super::{ITEM, OTHER, Pluggy, Remote, accounts, item, refusal, updated};
use crate::connector::{Connector as _, Intent, Return};
use crate::fault::Fault;
use crate::step::{Connected, FlowState, Form, Input, Step};

pub(super) async fn begin(peer: &Peer, intent: Intent<'_>) -> Result<Step, Fault> {
    let back = Return {
        url: "http://127.0.0.1:5006/connect/callback".parse().unwrap(),
        reference: "r".to_owned(),
        notice: None,
    };
    Pluggy.begin(&peer.cx(), intent, &back).await
}

async fn renew(peer: &Peer) -> Result<Step, Fault> {
    let remote = Remote { item: ITEM.to_owned() }.keep().unwrap();
    begin(peer, Intent::Renew { institution_key: "601", remote: &remote }).await
}

async fn answer(peer: &Peer, state: &FlowState, answers: &[(&str, &str)]) -> Step {
    let answers: BTreeMap<_, _> = answers.iter().map(|(key, text)| ((*key).to_owned(), Secret::new(*text))).collect();
    Pluggy.resume(&peer.cx(), state, Input::Answers(answers)).await.unwrap()
}

async fn poll(peer: &Peer, state: &FlowState) -> Step {
    Pluggy.resume(&peer.cx(), state, Input::Poll).await.unwrap()
}

fn asked(step: Step) -> (Form, FlowState) {
    match step {
        Step::Ask(form, state) => (*form, state),
        other => panic!("{other:?}"),
    }
}

fn waited(step: Step) -> FlowState {
    match step {
        Step::Wait { state, .. } => state,
        other => panic!("{other:?}"),
    }
}

fn done(step: Step) -> Connected {
    match step {
        Step::Done(connected) => *connected,
        other => panic!("{other:?}"),
    }
}

fn failed(step: Step) -> Fault {
    match step {
        Step::Failed(fault) => fault,
        other => panic!("{other:?}"),
    }
}

/// Accounts for whoever asks for them.
fn others(line: &str) -> (u16, String) {
    if line.starts_with("GET /accounts?") { (200, accounts()) } else { (0, String::new()) }
}

#[tokio::test]
async fn an_item_is_taken_up_as_it_is() {
    let fields =
        r#""status":"OUTDATED","executionStatus":"SITE_NOT_AVAILABLE","consentExpiresAt":"2027-03-01T00:00:00.000Z""#;
    let peer = Peer::open(move |asked| match asked.line.as_str() {
        line if line.starts_with("GET /items/") => (200, item(ITEM, fields)),
        line => others(line),
    })
    .await;
    let connected = done(begin(&peer, Intent::Adopt { login: ITEM }).await.unwrap());
    assert_eq!((connected.institution.key.as_str(), connected.institution.name.as_str()), ("601", "Banco Azul"));
    assert_eq!(connected.country.as_deref(), Some("BR"));
    assert_eq!(connected.consent.valid_until, "2027-03-01T00:00:00Z".parse().ok());
    assert_eq!(connected.accounts.len(), 2);
    assert_eq!(connected.accounts[1].balances[0].amount.minor, -14_241);
    assert_eq!(Pluggy.login_of(&connected.remote).as_deref(), Some(ITEM));
    let line = format!("GET /accounts?itemId={ITEM}&page=1&pageSize=500");
    assert_eq!(peer.asked().last().map(|asked| asked.line.clone()), Some(line));
    assert!(peer.asked().iter().all(|asked| asked.line.starts_with("GET ")), "nobody asked for a refresh");
}

#[tokio::test]
async fn an_item_that_shows_nothing_says_why() {
    for (fields, code) in
        [(r#""status":"UPDATED""#, "pluggy.no_accounts"), (r#""status":"LOGIN_ERROR""#, "pluggy.login_error")]
    {
        let peer = Peer::open(move |asked| match asked.line.as_str() {
            line if line.starts_with("GET /items/") => (200, item(ITEM, fields)),
            line if line.starts_with("GET /accounts?") => {
                (200, r#"{"results":[],"total":0,"totalPages":0}"#.to_owned())
            }
            _ => (0, String::new()),
        })
        .await;
        let fault = failed(begin(&peer, Intent::Adopt { login: ITEM }).await.unwrap());
        assert_eq!((fault.class(), fault.code()), (FaultClass::NeedsUser, code));
        assert!(matches!(fault.record().action, Some(UserAction::Visit(_))));
    }
    let peer = Peer::open(|_| (0, String::new())).await;
    let gone = begin(&peer, Intent::Adopt { login: ITEM }).await.unwrap_err();
    assert_eq!((gone.class(), gone.code()), (FaultClass::Gone, "pluggy.item_gone"));
    assert_eq!(begin(&peer, Intent::Adopt { login: "601" }).await.unwrap_err().code(), "pluggy.item_id_wrong");
}

#[tokio::test]
async fn a_refusal_of_the_plan_is_told_and_the_renewal_goes_on() {
    let refusals = [
        (refusal(400, "SANDBOX_CLIENT_ITEM_UPDATE_NOT_ALLOWED"), "does not allow reading the bank on request"),
        (refusal(403, "TRIAL_CLIENT_ITEM_UPDATE_NOT_ALLOWED"), "while the trial runs or after it has lapsed"),
        (refusal(409, "ITEM_IN_ERROR_COOLDOWN"), "rest for a while"),
        (refusal(409, "CONNECTOR_OFFLINE"), "cannot reach this bank"),
        (
            (
                409,
                r#"{"code":409,"codeDescription":"CLIENT_IS_UPDATING_BEFORE_ALLOWED_FREQUENCY","message":"m",
                    "data":{"minUpdateFrequencyAllowedInHours":24}}"#
                    .to_owned(),
            ),
            "only once in 24 hours",
        ),
    ];
    for (refused, words) in refusals {
        let peer = Peer::open(move |asked| match asked.line.as_str() {
            line if line.starts_with("PATCH") => refused.clone(),
            line if line.starts_with("GET /items/") => {
                (200, item(ITEM, r#""status":"UPDATED","nextAutoSyncAt":"2026-11-21T02:30:00.000Z""#))
            }
            line => others(line),
        })
        .await;
        let (form, state) = asked(renew(&peer).await.unwrap());
        assert!(form.message.contains(words), "{}", form.message);
        assert!(form.message.contains("next about 2026-11-20 23:30 in São Paulo"), "{}", form.message);
        assert!(form.fields.is_empty());
        let (again, state_again) = asked(poll(&peer, &state).await);
        assert_eq!((&again, &state_again), (&form, &state), "a look changes nothing");
        assert_eq!(done(answer(&peer, &state, &[]).await).accounts.len(), 2);
    }
}

#[tokio::test]
async fn trouble_on_the_way_to_a_refresh_is_no_refusal() {
    let peer = Peer::open(|asked| match asked.line.as_str() {
        line if line.starts_with("PATCH") => (503, "{}".to_owned()),
        _ => (if asked.line.starts_with("GET") { 200 } else { 0 }, updated(ITEM)),
    })
    .await;
    assert_eq!(renew(&peer).await.unwrap_err().code(), "pluggy.maintenance");
}

#[tokio::test]
async fn another_item_takes_the_place_of_one_that_is_gone() {
    let peer = Peer::open(|asked| match asked.line.as_str() {
        line if line == format!("GET /items/{OTHER}") => (200, updated(OTHER)),
        line => others(line),
    })
    .await;
    let (form, state) = asked(renew(&peer).await.unwrap());
    assert_eq!((form.fields[0].label.as_str(), form.fields[0].is_optional), ("New item ID", false));
    let (form, state) = asked(answer(&peer, &state, &[("item_id", "Banco Azul")]).await);
    assert!(form.error.is_some_and(|error| error.contains("“Banco Azul”")));
    let (form, state) = asked(answer(&peer, &state, &[("item_id", ITEM)]).await);
    assert!(form.error.is_some_and(|error| error.contains(ITEM)));
    let connected = done(answer(&peer, &state, &[("item_id", &format!(" {} ", OTHER.to_uppercase()))]).await);
    assert_eq!(Pluggy.login_of(&connected.remote).as_deref(), Some(OTHER));
    assert!(peer.asked().iter().all(|asked| !asked.line.starts_with("PATCH")));
}

#[tokio::test]
async fn a_refused_sign_in_is_not_tried_again_but_put_right_elsewhere() {
    let looks = AtomicUsize::new(0);
    let peer = Peer::open(move |asked| match asked.line.as_str() {
        line if line.starts_with("GET /items/") && looks.fetch_add(1, Ordering::Relaxed) < 2 => {
            (200, item(ITEM, r#""status":"LOGIN_ERROR","error":{"code":"INVALID_CREDENTIALS"}"#))
        }
        line if line.starts_with("GET /items/") => (200, updated(ITEM)),
        line => others(line),
    })
    .await;
    let (form, state) = asked(renew(&peer).await.unwrap());
    assert!(form.message.contains("https://dashboard.pluggy.ai") && form.fields[0].is_optional, "{form:?}");
    let (form, state) = asked(answer(&peer, &state, &[]).await);
    assert!(form.error.is_some_and(|error| error.contains("does not accept the sign-in")));
    assert_eq!(done(answer(&peer, &state, &[]).await).accounts.len(), 2);
    assert!(peer.asked().iter().all(|asked| !asked.line.starts_with("PATCH")));
}

#[tokio::test]
async fn a_bank_that_asks_while_it_is_read_gets_its_answer() {
    let looks = AtomicUsize::new(0);
    let reading = item(ITEM, r#""status":"UPDATING","executionStatus":"LOGIN_IN_PROGRESS""#);
    let asking = item(
        ITEM,
        r#""status":"WAITING_USER_INPUT","executionStatus":"WAITING_USER_INPUT",
           "parameter":{"name":"token","label":"Token","type":"number","expiresAt":"2026-11-20T12:05:00.000Z"}"#,
    );
    let peer = Peer::open(move |asked| match asked.line.as_str() {
        line if line == format!("PATCH /items/{ITEM}") => (200, reading.clone()),
        line if line == format!("POST /items/{ITEM}/mfa") && asked.before == 0 => {
            refusal(400, "ITEM_MFA_PARAMETER_EXPECTED_MISMATCH")
        }
        line if line == format!("POST /items/{ITEM}/mfa") => (200, reading.clone()),
        line if line.starts_with("GET /items/") => match looks.fetch_add(1, Ordering::Relaxed) {
            0 | 6 => (200, updated(ITEM)),
            1 => (200, reading.clone()),
            _ => (200, asking.clone()),
        },
        line => others(line),
    })
    .await;
    let state = waited(renew(&peer).await.unwrap());
    let state = waited(poll(&peer, &state).await);
    let (form, state) = asked(poll(&peer, &state).await);
    assert_eq!((form.fields[0].label.as_str(), form.error), ("Token", None));
    assert!(!state.0.to_string().contains("token"), "what is asked is asked anew each time: {}", state.0);
    let (form, state) = asked(answer(&peer, &state, &[("token", "12")]).await);
    assert_eq!(form.error.as_deref(), Some("The bank asked for something else."));
    let state = waited(answer(&peer, &state, &[("token", "123456")]).await);
    assert!(!state.0.to_string().contains("123456"));
    assert_eq!(done(poll(&peer, &state).await).accounts.len(), 2);
    let sent: Vec<_> = peer.asked().into_iter().filter(|asked| asked.line.starts_with("POST")).collect();
    assert_eq!(sent[1].body, r#"{"token":"123456"}"#);
    let patched = peer.asked().into_iter().find(|asked| asked.line.starts_with("PATCH")).map(|asked| asked.body);
    assert_eq!(patched.as_deref(), Some("{}"));
}

#[tokio::test]
async fn a_code_that_was_wrong_or_late_ends_the_renewal_in_words() {
    let asking = item(ITEM, r#""status":"WAITING_USER_INPUT","parameter":{"name":"token"}"#);
    for (word, code) in [("ITEM_MFA_EXPIRED", "pluggy.answer_late"), ("ITEM_MFA_NOT_FOUND", "pluggy.answer_late")] {
        let asking = asking.clone();
        let peer = Peer::open(move |asked| match asked.line.as_str() {
            line if line.starts_with("GET /items/") => (200, asking.clone()),
            line if line.starts_with("POST /items/") => refusal(400, word),
            line => others(line),
        })
        .await;
        let (_, state) = asked(renew(&peer).await.unwrap());
        assert_eq!(failed(answer(&peer, &state, &[("token", "1")]).await).code(), code);
    }
    let wrong = item(ITEM, r#""status":"LOGIN_ERROR","error":{"code":"INVALID_CREDENTIALS_MFA"}"#);
    let peer = Peer::open(move |asked| match asked.line.as_str() {
        line if line.starts_with("GET /items/") => (200, asking.clone()),
        line if line.starts_with("POST /items/") => (200, wrong.clone()),
        line => others(line),
    })
    .await;
    let (_, state) = asked(renew(&peer).await.unwrap());
    let (form, _) = asked(answer(&peer, &state, &[("token", "1")]).await);
    assert!(form.message.contains("did not accept the code"), "{}", form.message);
}

#[tokio::test]
async fn a_reading_without_end_is_left_to_a_later_sync() {
    let reading = item(ITEM, r#""status":"UPDATING","executionStatus":"ACCOUNTS_IN_PROGRESS""#);
    let peer = Peer::open(move |asked| match asked.line.as_str() {
        line if line.starts_with("GET /items/") => (200, reading.clone()),
        line => others(line),
    })
    .await;
    let state = waited(begin(&peer, Intent::Adopt { login: ITEM }).await.unwrap());
    peer.later(SignedDuration::from_mins(19));
    let state = waited(poll(&peer, &state).await);
    peer.later(SignedDuration::from_mins(2));
    let fault = failed(poll(&peer, &state).await);
    assert_eq!((fault.class(), fault.code()), (FaultClass::RetryLater, "pluggy.endless_reading"));
}
