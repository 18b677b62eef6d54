//! What Enable Banking alone has: kinds of customers, periods, codes that wait, and accounts that are found again by their hashes.

use bankside_connect::connector::Intent;
use bankside_connect::{Checked, Fault, FlowState, Input, Step};
use bankside_domain::bank_account::MatchKeyKind;
use bankside_domain::row::MappedRow;
use bankside_sandbox::ArmedFault;
use jiff::{SignedDuration, Span};

use super::*;
use crate::overheard::Overheard;
use crate::stand::Stand;

async fn open(turned: Option<&str>) -> (Stand, Sandbox) {
    let open = Open::new(turned).await.unwrap();
    let sandbox = open.0.sandbox.clone();
    (Stand::new(Arc::new(EnableBanking), Box::new(open)).unwrap(), sandbox)
}

async fn connected_at(stand: &Stand, institution_key: &str) -> bankside_connect::Connected {
    let step = stand.begin(Intent::New { institution_key }).await.unwrap();
    stand.done(step).await.unwrap()
}

/// A flow whose person is on the way back, with what they bring.
async fn given(stand: &Stand) -> (FlowState, Input) {
    let Step::Open(browser, state) = stand.begin(Intent::New { institution_key: BANK.key }).await.unwrap() else {
        panic!("there is a page")
    };
    let back = stand.simulator.walk(&browser.url.parse().unwrap(), Walk::Consents).await.unwrap();
    (state, Input::Callback(back))
}

#[tokio::test(flavor = "current_thread")]
async fn neither_key_nor_token_nor_code_is_in_any_log() {
    let (stand, _) = open(None).await;
    let overheard = Overheard::default();
    let code = {
        let _listening = overheard.listen();
        let (state, back) = given(&stand).await;
        let Input::Callback(query) = &back else { panic!("the person is back") };
        let code = query["code"].clone();
        let Step::Done(connected) = stand.resume(&state, back).await.unwrap() else { panic!("it is done") };
        assert!(stand.fetch(&connected).await.any_fault().is_none());
        code
    };
    let heard = overheard.text();
    assert!(heard.contains("provider answered"));
    // Every token begins with its header, in base64.
    let line = stand.keys["private_key"].expose().lines().nth(5).unwrap().to_owned();
    for secret in ["eyJ0eXAi", "eyJhbGci", "eyJraWQi", &code, &line] {
        assert!(!heard.contains(secret), "a secret of {} characters is in the log", secret.len());
    }
}

#[tokio::test]
async fn an_application_that_is_not_active_is_told_and_works_once_it_is() {
    let (stand, sandbox) = open(None).await;
    sandbox.happen_at_enablebanking(EnableBankingEvent::Deactivate { inactive: true }).unwrap();
    let fault: Fault = stand.connector.check(&stand.cx()).await.unwrap_err();
    assert_eq!((fault.code(), fault.class()), ("enablebanking.inactive", FaultClass::NeedsOperator));
    sandbox.happen_at_enablebanking(EnableBankingEvent::Deactivate { inactive: false }).unwrap();
    assert!(matches!(stand.connector.check(&stand.cx()).await.unwrap(), Checked::AsTyped));
}

#[tokio::test]
async fn a_code_waits_for_the_provider_and_is_exchanged_once() {
    let (stand, sandbox) = open(None).await;
    let (state, back) = given(&stand).await;
    sandbox
        .arm(ArmedFault { times: Some(2), ..ArmedFault::new("enablebanking/sessions", "enablebanking_bad_gateway") })
        .unwrap();
    let Step::Done(connected) = stand.resume(&state, back.clone()).await.unwrap() else { panic!("it is done") };
    assert_eq!(connected.accounts.len(), 2);
    // The answer is lost, and nobody can have it a second time.
    let (state, back) = given(&stand).await;
    sandbox.arm(ArmedFault::new("enablebanking/sessions", "answer_lost")).unwrap();
    let ended = stand.resume(&state, back).await.unwrap();
    assert!(matches!(ended, Step::Cancelled { .. }), "{ended:?}");
}

#[tokio::test]
async fn a_consent_is_as_long_as_the_bank_allows_less_an_hour() {
    let (stand, _) = open(None).await;
    for (key, days) in [(BANK.key, 180), ("NL:Kanalbank", 90)] {
        let connected = connected_at(&stand, key).await;
        let left = connected.consent.valid_until.unwrap().duration_since(stand.now());
        // Moments are given in whole seconds.
        let expected = SignedDuration::from_hours(24 * days - 1);
        assert!(left <= expected && expected - left < SignedDuration::from_secs(1), "{key}: {left}");
    }
}

#[tokio::test]
async fn renewing_keeps_the_kind_of_customer_and_finds_accounts_by_their_hash() {
    let (stand, _) = open(None).await;
    let before = connected_at(&stand, "HU:Dunahíd Bank").await;
    let Step::Open(..) = stand.begin_renewal(&before).await.unwrap() else { panic!("nothing is asked again") };
    let after = stand.renew(&before).await.unwrap();
    let hash = |connected: &bankside_connect::Connected| {
        let key = connected.accounts[0].match_keys[0].clone();
        assert_eq!(key.kind, MatchKeyKind::ProviderHash);
        key.value
    };
    assert_eq!(hash(&before), hash(&after));
    assert_ne!(before.accounts[0].provider_account_id, after.accounts[0].provider_account_id);
}

#[tokio::test]
async fn a_period_that_a_bank_does_not_give_is_shortened() {
    for key in ["NL:Kanalbank", "HU:Dunahíd Bank"] {
        let (stand, sandbox) = open(None).await;
        let connected = connected_at(&stand, key).await;
        let from = stand.today().saturating_sub(Span::new().days(85));
        // Right after the consent the bank gives all that it has.
        let long = stand.fetch_from(&connected, from).await;
        let account = &connected.accounts[0].provider_account_id;
        assert_eq!(long.of(account).unwrap().ended, Some((true, true)), "{key}");
        stand.simulator.clock().advance_days(2);
        sandbox.forget_calls();
        let later = stand.fetch_from(&connected, from).await;
        assert!(later.any_fault().is_none(), "{key}: {:?}", later.any_fault());
        let is_whole = later.of(account).unwrap().ended == Some((true, true));
        assert_eq!(is_whole, key != "NL:Kanalbank", "what is cut is said to be: {key}");
        let older = later.of(account).unwrap().rows.len() < long.of(account).unwrap().rows.len();
        assert!(older || key != "NL:Kanalbank");
    }
}

#[tokio::test]
async fn rows_of_every_bank_can_be_read_with_the_sign_of_the_indicator() {
    for turned in [None, Some("enablebanking_amounts_are_signed")] {
        let (stand, _) = open(turned).await;
        for key in [BANK.key, "NL:Kanalbank", STRICT_BANK, "HU:Dunahíd Bank"] {
            let connected = connected_at(&stand, key).await;
            let fetched = stand.fetch(&connected).await;
            let (mut ins, mut outs) = (0, 0);
            for account in &connected.accounts {
                for raw in &fetched.of(&account.provider_account_id).unwrap().rows {
                    let MappedRow::Readable(row) = stand.map(&connected, &account.provider_account_id, raw).unwrap()
                    else {
                        // Forints are no currency of this stand.
                        assert!(key.starts_with("HU"), "{key}");
                        continue;
                    };
                    ins += usize::from(row.amount.minor > 0);
                    outs += usize::from(row.amount.minor < 0);
                    assert!(row.ids.iter().all(|id| id.value != "0"), "{key}");
                }
            }
            assert!(key.starts_with("HU") || (ins > 0 && outs > 0), "{key}: {ins} in, {outs} out");
        }
    }
}
