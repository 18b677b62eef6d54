//! Whole conversations with a small peer on loopback, which answers as the fact sheet says Pluggy does.

mod connecting;
mod fetching;
mod keys;
mod peer;

use bankside_domain::fault::FaultClass;
use peer::Peer;

use super::*;

const ITEM: &str = "1b0f3cd5-c902-4836-b68b-04cbd847f99a";
const OTHER: &str = "2b0f3cd5-c902-4836-b68b-04cbd847f99b";
const THIRD: &str = "3b0f3cd5-c902-4836-b68b-04cbd847f99c";
const BANK: &str = "a658c848-e475-457b-8565-d1fffba127c4";
const CARD: &str = "4f61bd6d-0000-4000-8000-d1fffba127c5";

/// An item at a bank, with more fields.
fn item(id: &str, fields: &str) -> String {
    format!(r#"{{"id":"{id}","connector":{{"id":601,"name":"Banco Azul","country":"BR"}},{fields}}}"#)
}

fn updated(id: &str) -> String {
    item(id, r#""status":"UPDATED","executionStatus":"SUCCESS","lastUpdatedAt":"2026-11-20T09:00:00.000Z""#)
}

/// An error of Pluggy's.
fn refusal(status: u16, word: &str) -> (u16, String) {
    let message = "Not now";
    (status, format!(r#"{{"code":{status},"codeDescription":"{word}","message":"{message}","errorId":"e-1"}}"#))
}

fn bank_account() -> String {
    format!(
        r#"{{"id":"{BANK}","type":"BANK","subtype":"CHECKING_ACCOUNT","number":"0001/12345-0","name":"Conta",
            "balance":1500.25,"owner":"Demo Household","currencyCode":"BRL","creditData":null,
            "bankData":{{"transferNumber":"123/0001/12345-0"}}}}"#
    )
}

fn card() -> String {
    format!(
        r#"{{"id":"{CARD}","type":"CREDIT","subtype":"CREDIT_CARD","number":"1234","name":"Cartao","balance":142.41,
            "currencyCode":"BRL","bankData":null,"creditData":{{"creditLimit":51800}}}}"#
    )
}

fn accounts() -> String {
    format!(r#"{{"results":[{},{}],"page":1,"total":2,"totalPages":1}}"#, bank_account(), card())
}

#[test]
fn notices_name_the_items_that_they_are_of() {
    let news = |body: &str| Pluggy.news_of(body.as_bytes());
    let updated =
        format!(r#"{{"event":"item/updated","eventId":"e","id":"{ITEM}","itemId":"{ITEM}","triggeredBy":"SYNC"}}"#);
    assert_eq!(news(&updated), [ITEM]);
    let created =
        format!(r#"{{"event":"transactions/created","itemId":"{OTHER}","accountId":"{BANK}","transactionsCount":3}}"#);
    assert_eq!(news(&created), [OTHER]);
    let nothing: [&str; 0] = [];
    for odd in [
        format!(r#"{{"event":"connector/status_updated","itemId":"{ITEM}"}}"#),
        r#"{"event":"item/updated","itemId":"../admin"}"#.to_owned(),
        r#"{"event":"item/updated","itemId":7}"#.to_owned(),
        r#"{"event":"item/updated"}"#.to_owned(),
        "<html>".to_owned(),
        String::new(),
    ] {
        assert_eq!(news(&odd), nothing, "{odd}");
    }
}

#[test]
fn an_advice_is_of_a_fault_that_there_is() {
    let sources =
        [include_str!("problem.rs"), include_str!("item.rs"), include_str!("logins.rs"), include_str!("connecting.rs")];
    for advice in advice::ADVICE {
        let code = format!("\"{}\"", advice.code);
        assert!(sources.iter().any(|source| source.contains(&code)), "{code}");
    }
}

#[tokio::test]
async fn ending_a_sync_leaves_the_item_of_the_person_alone() {
    let peer = Peer::open(|_| (500, String::new())).await;
    let remote = Remote { item: ITEM.to_owned() }.keep().unwrap();
    Pluggy.revoke(&peer.cx(), &remote).await.unwrap();
    Pluggy.abandon(&peer.cx(), &FlowState(serde_json::Value::Null)).await.unwrap();
    assert_eq!(Pluggy.login_of(&remote).as_deref(), Some(ITEM));
    assert!(peer.asked().is_empty());
    let new = connecting::begin(&peer, Intent::New { institution_key: "601" }).await.unwrap_err();
    assert_eq!(new.class(), FaultClass::Unsupported);
}
