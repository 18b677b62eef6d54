//! What GoCardless alone has of connecting: confirmations, requisitions, and accounts that are prepared or cannot be read.

use bankside_connect::connector::Intent;
use bankside_connect::{Connected, FlowState, Input, RemoteRef, Step};
use bankside_domain::quota::QuotaScope;
use bankside_sandbox::ArmedFault;
use jiff::SignedDuration;

use super::*;
use crate::stand::Stand;

/// A bank of cards that have no number but a masked one.
const CARD_BANK: &str = "SEB_CARD_ESSESESS";

async fn open(turned: Option<&str>) -> (Stand, Sandbox) {
    let open = Open::new(turned).await.unwrap();
    let sandbox = open.0.sandbox.clone();
    (Stand::new(Arc::new(GoCardless), Box::new(open)).unwrap(), sandbox)
}

/// What the address of a return says.
fn back_with(error: &str) -> Input {
    Input::Callback(BTreeMap::from([("ref".to_owned(), "r".to_owned()), ("error".to_owned(), error.to_owned())]))
}

/// One step, without waiting for what comes after it.
async fn resume(stand: &Stand, state: &FlowState, input: Input) -> Result<Step, bankside_connect::Fault> {
    stand.connector.resume(&stand.cx(), state, input).await
}

/// The page that a person is sent to.
async fn begin_at(stand: &Stand, institution_key: &str, renew: Option<&RemoteRef>) -> (Url, FlowState) {
    let intent = match renew {
        Some(remote) => Intent::Renew { institution_key, remote },
        None => Intent::New { institution_key },
    };
    match stand.begin(intent).await.unwrap() {
        Step::Open(browser, state) => (browser.url.parse().unwrap(), state),
        other => panic!("{other:?}"),
    }
}

fn done(step: Step) -> Connected {
    match step {
        Step::Done(connected) => *connected,
        other => panic!("{other:?}"),
    }
}

/// A flow whose person has given the consent and is on the way back.
async fn given(stand: &Stand) -> FlowState {
    let (link, state) = begin_at(stand, BANK.key, None).await;
    stand.simulator.walk(&link, Walk::Consents).await.unwrap();
    state
}

#[tokio::test]
async fn an_agreement_is_confirmed_in_its_time_and_while_its_accounts_live() {
    let (stand, sandbox) = open(Some("company_may_reconfirm")).await;
    let connected = stand.connect_at(Scene::Strict).await.unwrap();
    let way = async || {
        let (link, _) = begin_at(&stand, STRICT_BANK, Some(&connected.remote)).await;
        if link.path().contains("/reconfirm/") { "confirmed" } else { "anew" }
    };
    assert_eq!(way().await, "anew", "the page would be closed for another 76 days");
    stand.simulator.clock().advance_days(80);
    assert_eq!(way().await, "confirmed");
    let of = connected.accounts[0].provider_account_id.clone();
    for status in ["SUSPENDED", "EXPIRED", "ERROR"] {
        sandbox.happen(Event::Status { of: of.clone(), status: Some(status.to_owned()) }).unwrap();
        assert_eq!(way().await, "anew", "confirming does not bring back what is {status}");
    }
    sandbox.happen(Event::Status { of, status: None }).unwrap();
    assert_eq!(way().await, "confirmed");
}

#[tokio::test]
async fn an_error_in_the_address_is_believed_only_as_far_as_the_requisition_bears_it_out() {
    let (stand, sandbox) = open(None).await;
    let state = given(&stand).await;
    for error in ["UserCancelledSession", "RequisitionLinkReused", "UnknownError"] {
        let connected = done(resume(&stand, &state, back_with(error)).await.unwrap());
        assert!(connected.accounts.len() >= 2, "{error}");
    }
    let (_, state) = begin_at(&stand, BANK.key, None).await;
    let reused = resume(&stand, &state, back_with("RequisitionLinkReused")).await.unwrap();
    assert!(matches!(reused, Step::Open(..)), "{reused:?}");
    let unknown = resume(&stand, &state, back_with("UnknownError")).await.unwrap();
    assert!(matches!(unknown, Step::Failed(..)), "{unknown:?}");
    sandbox.arm(ArmedFault { times: None, ..ArmedFault::new("requisitions/id", "proxy_empty") }).unwrap();
    let unknown = resume(&stand, &state, back_with("UnknownError")).await.unwrap_err();
    assert_eq!(unknown.class(), FaultClass::RetryLater);
    for error in ["UserCancelledSession", "UserSessionRejected"] {
        let cancelled = resume(&stand, &state, back_with(error)).await.unwrap();
        assert!(matches!(cancelled, Step::Cancelled { .. }), "{cancelled:?}");
    }
}

#[tokio::test]
async fn an_error_in_the_address_does_not_undo_what_was_confirmed() {
    let (stand, sandbox) = open(Some("company_may_reconfirm")).await;
    let connected = stand.connect_at(Scene::Strict).await.unwrap();
    stand.simulator.clock().advance_days(80);
    let (link, state) = begin_at(&stand, STRICT_BANK, Some(&connected.remote)).await;
    let waits = resume(&stand, &state, back_with("RequisitionLinkReused")).await.unwrap();
    assert!(matches!(waits, Step::Open(..)), "{waits:?}");
    let cancelled = resume(&stand, &state, back_with("UserCancelledSession")).await.unwrap();
    assert!(matches!(cancelled, Step::Cancelled { .. }), "{cancelled:?}");
    stand.simulator.clock().advance(SignedDuration::from_mins(1));
    stand.simulator.walk(&link, Walk::Consents).await.unwrap();
    sandbox.arm(ArmedFault::new("accounts/metadata", "proxy_empty")).unwrap();
    let later = resume(&stand, &state, back_with("UserCancelledSession")).await.unwrap_err();
    assert_eq!(later.class(), FaultClass::RetryLater);
    let renewed = done(resume(&stand, &state, back_with("UserCancelledSession")).await.unwrap());
    assert_eq!(renewed.remote, connected.remote);
}

#[tokio::test]
async fn an_account_whose_metadata_cannot_be_read_does_not_lose_the_others() {
    let (stand, sandbox) = open(None).await;
    let before = stand.connect().await.unwrap();
    let account = before.accounts[0].provider_account_id.clone();
    for kind in ["not_found", "html_page", "field_texts"] {
        let fault = ArmedFault { account: Some(account.clone()), ..ArmedFault::new("accounts/metadata", kind) };
        sandbox.arm(fault).unwrap();
        let state = given(&stand).await;
        if kind == "html_page" {
            // What passes is asked for again.
            let fault = resume(&stand, &state, Input::Poll).await.unwrap_err();
            assert_eq!(fault.class(), FaultClass::RetryLater);
            continue;
        }
        let connected = done(resume(&stand, &state, Input::Poll).await.unwrap());
        assert_eq!(connected.unread, [account.as_str()], "{kind}");
        assert_eq!(connected.accounts.len(), before.accounts.len() - 1, "{kind}");
        stand.simulator.clock().advance_days(2);
    }
}

#[tokio::test]
async fn an_account_that_is_prepared_for_ever_does_not_keep_the_others_waiting_for_ever() {
    let (stand, sandbox) = open(None).await;
    let before = stand.connect().await.unwrap();
    let account = before.accounts[0].provider_account_id.clone();
    let wait = async |state: FlowState| match resume(&stand, &state, Input::Poll).await.unwrap() {
        Step::Wait { state, .. } => state,
        other => panic!("{other:?}"),
    };
    let state = given(&stand).await;
    let process = |seconds| Event::Process { of: account.clone(), seconds, polls: None };
    sandbox.happen(process(Some(1_000_000))).unwrap();
    let mut state = wait(state).await;
    for _ in 0..9 {
        stand.simulator.clock().advance(SignedDuration::from_mins(1));
        state = wait(state).await;
    }
    stand.simulator.clock().advance(SignedDuration::from_mins(1));
    let connected = done(resume(&stand, &state, Input::Poll).await.unwrap());
    assert_eq!(connected.unread, [account.as_str()]);
    assert_eq!(connected.accounts.len(), before.accounts.len() - 1);
    for other in &before.accounts {
        let of = other.provider_account_id.clone();
        sandbox.happen(Event::Process { of, seconds: Some(1_000_000), polls: None }).unwrap();
    }
    wait(state).await;
}

#[tokio::test]
async fn what_a_limit_keeps_from_us_is_asked_for_again_when_it_is_over() {
    let (stand, sandbox) = open(None).await;
    let account = stand.connect().await.unwrap().accounts[0].provider_account_id.clone();
    let state = given(&stand).await;
    let arm = |on: &str, kind: &str| {
        sandbox.arm(ArmedFault { account: Some(account.clone()), ..ArmedFault::new(on, kind) }).unwrap();
    };
    // The metadata have its number: the details are no must, but nothing says its currency.
    arm("accounts/details", "daily_limit_retry_after");
    arm("accounts/balances", "service_error");
    let fault = resume(&stand, &state, Input::Poll).await.unwrap_err();
    assert_eq!(fault.class(), FaultClass::RateLimited);
    assert!(fault.record().retry_at.is_some_and(|at| at > stand.now()), "{fault}");
    stand.simulator.clock().advance_days(1);
    arm("accounts/details", "service_error");
    let connected = done(resume(&stand, &state, Input::Poll).await.unwrap());
    assert!(connected.accounts.iter().all(|account| !account.match_keys.is_empty()));
}

#[tokio::test]
async fn an_account_without_a_number_is_not_listed_before_its_details_are_there() {
    let (stand, sandbox) = open(None).await;
    let (link, state) = begin_at(&stand, CARD_BANK, None).await;
    stand.simulator.walk(&link, Walk::Consents).await.unwrap();
    sandbox.arm(ArmedFault::new("accounts/details", "service_error")).unwrap();
    let fault = resume(&stand, &state, Input::Poll).await.unwrap_err();
    assert_eq!(fault.class(), FaultClass::RetryLater);
    let connected = done(resume(&stand, &state, Input::Poll).await.unwrap());
    assert!(connected.accounts.iter().all(|account| !account.match_keys.is_empty()));
    assert!(!stand.ledger.windows(QuotaScope::AccountAndKind).is_empty());
}
