//! What Pluggy alone has: keys that it does not take any more, and who holds the consent.

use bankside_connect::TokenStore as _;
use jiff::SignedDuration;

use super::*;
use crate::stand::Stand;

async fn open(turned: Option<&str>) -> Stand {
    Stand::new(Arc::new(Pluggy), Box::new(Open::new(turned).await.unwrap())).unwrap()
}

/// Spoils the signature of the kept key, as if Pluggy had forgotten it before its end.
async fn spoil_key(stand: &Stand) {
    let kept = stand.tokens.load().await.unwrap();
    let mut kept: Value = serde_json::from_str(kept.expose()).unwrap();
    let key = kept["api_key"].as_str().unwrap();
    let (rest, signature) = key.rsplit_once('.').unwrap();
    assert!(kept["bought_at"].is_string(), "{kept}");
    kept["api_key"] = format!("{rest}.{}", signature.chars().rev().collect::<String>()).into();
    stand.tokens.save(&Secret::new(kept.to_string()), stand.now() + SignedDuration::from_hours(1)).await;
}

#[tokio::test]
async fn a_key_that_is_not_taken_any_more_is_replaced_whatever_the_refusal_is_called() {
    for turned in [None, Some("pluggy_bad_key_is_forbidden")] {
        let stand = open(turned).await;
        let connected = stand.connect().await.unwrap();
        stand.simulator.clock().advance(SignedDuration::from_mins(20));
        spoil_key(&stand).await;
        let fetched = stand.fetch(&connected).await;
        assert!(fetched.any_fault().is_none(), "{turned:?}: {:?}", fetched.any_fault());
        assert_eq!(stand.simulator.calls_of(Call::Token), 2, "{turned:?}");
    }
}

#[tokio::test]
async fn keys_that_are_switched_off_are_the_operators_to_put_right() {
    for turned in [None, Some("pluggy_disabled_client_is_forbidden")] {
        let open = Open::new(turned).await.unwrap();
        let event = PluggyEvent::Client { plan: None, update_hours: None, items_limit: None, disabled: Some(true) };
        open.happen(event).unwrap();
        let stand = Stand::new(Arc::new(Pluggy), Box::new(open)).unwrap();
        let fault = stand.connector.check(&stand.cx()).await.unwrap_err();
        assert_eq!(fault.class(), FaultClass::NeedsOperator, "{turned:?}: {fault}");
    }
}
