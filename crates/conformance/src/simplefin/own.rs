//! What SimpleFIN alone has: tokens that are claimed once, windows, and banks that are connected anew.

use bankside_connect::{Checked, Fault};
use bankside_domain::bank_account::MatchKeyKind;
use bankside_domain::quota::QuotaScope;
use bankside_domain::row::RowStatus;
use bankside_sandbox::ArmedFault;
use jiff::{SignedDuration, Span};

use super::*;
use crate::overheard::Overheard;
use crate::stand::Stand;

async fn open(turned: Option<&str>) -> (Stand, Sandbox) {
    let open = Open::new(turned).await.unwrap();
    let sandbox = open.running.sandbox.clone();
    (Stand::new(Arc::new(SimpleFin), Box::new(open)).unwrap(), sandbox)
}

/// Types a text as the key; answers with what is kept of it.
async fn typed(stand: &Stand, text: &str) -> Result<Secret, Fault> {
    let keys = BTreeMap::from([("access_url".to_owned(), Secret::new(text))]);
    match stand.connector.check(&stand.cx_with(&keys)).await? {
        Checked::AsTyped => Ok(Secret::new(text)),
        Checked::Exchanged(kept) => Ok(kept["access_url"].clone()),
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_token_is_exchanged_for_an_access_that_fetches_and_is_in_no_log() {
    let (mut stand, sandbox) = open(None).await;
    let token = sandbox.make_setup_token().unwrap();
    let overheard = Overheard::default();
    let kept = {
        let _listening = overheard.listen();
        let kept = typed(&stand, &token).await.unwrap();
        stand.keys = BTreeMap::from([("access_url".to_owned(), kept.clone())]);
        let connected = stand.connect().await.unwrap();
        assert!(stand.fetch(&connected).await.any_fault().is_none());
        assert_eq!(typed(&stand, kept.expose()).await.unwrap().expose(), kept.expose(), "it lasts");
        kept
    };
    let used = typed(&stand, &token).await.unwrap_err();
    assert_eq!((used.code(), used.class()), ("simplefin.token_used", FaultClass::NeedsOperator));
    let access: Url = kept.expose().parse().unwrap();
    let secrets = [access.username(), access.password().unwrap(), &token, kept.expose()];
    let heard = overheard.text();
    assert!(heard.contains("provider answered"));
    for secret in secrets {
        assert!(!heard.contains(secret), "a secret of {} characters is in the log", secret.len());
    }
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_not_tried_again_and_says_what_that_means() {
    for kind in ["answer_lost", "body_cut", "html_page", "never_answers"] {
        let (stand, sandbox) = open(None).await;
        let token = sandbox.make_setup_token().unwrap();
        sandbox.arm(ArmedFault { seconds: Some(0), ..ArmedFault::new("simplefin/claim", kind) }).unwrap();
        let fault = typed(&stand, &token).await.unwrap_err();
        assert_eq!(fault.code(), "simplefin.claim_lost", "{kind}");
        assert_eq!(sandbox.calls().iter().filter(|call| call.label == "simplefin/claim").count(), 1, "{kind}");
    }
}

/// The windows of the calls so far, in days.
fn windows(sandbox: &Sandbox) -> Vec<i64> {
    let seconds = |query: &str, name: &str| -> Option<i64> {
        query.split('&').find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    };
    let of = |query: &str| Some((seconds(query, "end-date")? - seconds(query, "start-date")?) / 86_400);
    sandbox.calls().iter().filter_map(|call| of(call.query.as_deref()?)).collect()
}

#[tokio::test]
async fn one_request_per_window_has_all_accounts_whatever_a_server_takes() {
    for (turned, expected) in [(None, vec![60, 60, 1]), (Some("simplefin_range_is_45_days"), vec![60, 45, 45, 31])] {
        let (stand, sandbox) = open(turned).await;
        let connected = stand.connect().await.unwrap();
        sandbox.forget_calls();
        let from = stand.today().saturating_sub(Span::new().days(120));
        let fetched = stand.fetch_from(&connected, from).await;
        assert!(fetched.any_fault().is_none(), "{:?}", fetched.any_fault());
        assert_eq!(windows(&sandbox), expected);
        assert_eq!(sandbox.calls().len(), expected.len());
        assert!(fetched.accounts.values().all(|brought| brought.ended == Some((true, true))));
    }
}

#[tokio::test]
async fn history_that_ends_is_not_asked_for_again_and_again() {
    let (stand, sandbox) = open(None).await;
    let connected = stand.connect().await.unwrap();
    sandbox.forget_calls();
    stand.simulator.clock().advance(SignedDuration::from_hours(1));
    let from = stand.today().saturating_sub(Span::new().days(3000));
    let fetched = stand.fetch_from(&connected, from).await;
    assert!(fetched.any_fault().is_none());
    assert_eq!(sandbox.calls().len(), 6, "four with rows, of which there are 240 days, and two without");
}

#[tokio::test]
async fn one_bank_that_wants_the_person_leaves_the_others_alone() {
    for turned in [None, Some("simplefin_knows_version_1_only"), Some("simplefin_errors_say_message")] {
        let (stand, sandbox) = open(turned).await;
        let connected = stand.connect().await.unwrap();
        sandbox.happen_at_simplefin(SimpleFinEvent::NeedPerson { of: FIRST_BANK.into(), needs: true }).unwrap();
        let fetched = stand.fetch(&connected).await;
        assert!(fetched.fault.is_none());
        for account in &connected.accounts {
            let brought = fetched.of(&account.provider_account_id).unwrap();
            let is_its = account.bank.as_ref().unwrap().name == "Quillback Bank";
            let told = brought.fault.as_ref().map(Fault::code);
            assert_eq!(told, is_its.then_some("simplefin.bank_needs_you"), "{turned:?} {}", account.name);
            assert_eq!(brought.ended, Some((!is_its, !is_its)), "what is there comes");
        }
    }
}

#[tokio::test]
async fn a_bank_that_is_connected_anew_is_missed_and_found_again_by_its_names() {
    let (stand, sandbox) = open(None).await;
    let before = stand.connect().await.unwrap();
    sandbox.happen_at_simplefin(SimpleFinEvent::Relink { of: FIRST_BANK.into() }).unwrap();
    let fetched = stand.fetch(&before).await;
    let told = |account: &str| fetched.fault_of(account).map(|fault| (fault.code().to_owned(), fault.class()));
    let missing = Some(("simplefin.account_missing".to_owned(), FaultClass::RetryLater));
    for account in &before.accounts {
        let is_its = account.provider_account_id.contains("quillback");
        assert_eq!(told(&account.provider_account_id), missing.clone().filter(|_| is_its));
    }
    let after = stand.renew(&before).await.unwrap();
    let looks = |connected: &bankside_connect::Connected| -> std::collections::BTreeSet<String> {
        let keys = connected.accounts.iter().flat_map(|account| &account.match_keys);
        keys.filter(|key| key.kind == MatchKeyKind::Mask).map(|key| key.value.clone()).collect()
    };
    assert_eq!(looks(&before), looks(&after));
}

/// Case E 18 of the connector model: a currency that is none of ISO's.
#[tokio::test]
async fn points_are_left_out_and_foreign_money_is_not() {
    let (stand, _) = open(None).await;
    let connected = stand.connect().await.unwrap();
    assert_eq!(connected.unread, ["ACT-waxwing-points-0"]);
    let currencies: Vec<_> = connected.accounts.iter().map(|account| account.currency.to_string()).collect();
    assert_eq!(currencies, ["USD", "USD", "USD", "CAD", "CAD", "USD"]);
    let fetched = stand.fetch(&connected).await;
    assert!(fetched.any_fault().is_none() && !fetched.accounts.contains_key("ACT-waxwing-points-0"));
}

#[tokio::test]
async fn pending_rows_come_and_the_days_requests_are_counted() {
    let (stand, _) = open(None).await;
    let connected = stand.connect().await.unwrap();
    let fetched = stand.fetch(&connected).await;
    let card = fetched.of("ACT-quillback-card-0").unwrap();
    assert!(card.rows.iter().any(|row| row.status == RowStatus::Pending));
    let windows = stand.ledger.windows(QuotaScope::Credentials);
    let (used, max) = windows.values().map(|window| (window.used, window.max)).next().unwrap();
    assert_eq!((used, max), (2, 24), "one to connect, one to fetch");
    for _ in 0..22 {
        assert!(stand.fetch(&connected).await.any_fault().is_none());
    }
    let refused = stand.fetch(&connected).await.fault.unwrap();
    assert_eq!((refused.code(), refused.class()), ("simplefin.rate_limited", FaultClass::RateLimited));
    assert_eq!(stand.simulator.calls(), 24, "and no call was made for it");
}

#[tokio::test]
async fn who_has_not_paid_or_has_revoked_the_access_is_told_so() {
    let (stand, sandbox) = open(None).await;
    let connected = stand.connect().await.unwrap();
    sandbox.happen_at_simplefin(SimpleFinEvent::Lapse { lapsed: true }).unwrap();
    let fault = stand.fetch(&connected).await.fault.unwrap();
    assert_eq!((fault.code(), fault.class()), ("simplefin.payment_required", FaultClass::NeedsUser));
    sandbox.happen_at_simplefin(SimpleFinEvent::Lapse { lapsed: false }).unwrap();
    sandbox.happen_at_simplefin(SimpleFinEvent::Revoke { revoked: true }).unwrap();
    let fault = stand.fetch(&connected).await.fault.unwrap();
    assert_eq!((fault.code(), fault.class()), ("simplefin.access_refused", FaultClass::NeedsOperator));
}
