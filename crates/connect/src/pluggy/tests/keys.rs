//! Keys and the items beside them.

use bankside_domain::Secret;
use bankside_domain::fault::{FaultClass, UserAction};

use super::peer::Peer;
use super::{ITEM, OTHER, Pluggy, THIRD, accounts, item, refusal, updated};
use crate::connector::Connector as _;

async fn checked(item_ids: &str) -> (Option<(String, String)>, Vec<String>) {
    let mut peer = Peer::open(|asked| match asked.line.strip_prefix("GET /items/") {
        Some(ITEM) => (200, updated(ITEM)),
        Some(OTHER) => (403, r#"{"code":403,"message":"Forbidden"}"#.to_owned()),
        Some(_) => refusal(404, "ITEM_NOT_FOUND"),
        None => (0, String::new()),
    })
    .await;
    peer.keys.insert("item_ids".to_owned(), Secret::new(item_ids));
    let fault = Pluggy.check(&peer.cx()).await.err().map(|fault| {
        assert_eq!(fault.class(), FaultClass::NeedsOperator);
        assert_eq!(fault.record().action, Some(UserAction::FixCredentials));
        (fault.code().to_owned(), fault.record().message.clone())
    });
    (fault, peer.asked().into_iter().map(|asked| asked.line).collect())
}

#[tokio::test]
async fn each_item_is_looked_at_and_the_wrong_one_is_named() {
    let (fault, asked) = checked(&format!(" {}, {ITEM} ,", ITEM.to_uppercase())).await;
    assert_eq!((fault, asked), (None, vec![format!("GET /items/{ITEM}")]), "one item, whichever way it is typed");
    for unknown in [OTHER, THIRD] {
        let (code, message) = checked(&format!("{ITEM},{unknown}")).await.0.unwrap();
        assert_eq!(code, "pluggy.item_unknown");
        assert!(message.contains(unknown), "{message}");
    }
    let (fault, asked) = checked(&format!("{ITEM},Banco Azul")).await;
    let (code, message) = fault.unwrap();
    assert_eq!((code.as_str(), asked.len()), ("pluggy.item_id_wrong", 0));
    assert!(message.contains("“Banco Azul”"), "{message}");
    let (code, message) = checked(" , ").await.0.unwrap();
    assert_eq!(code, "pluggy.item_ids_missing");
    assert!(message.contains("Copiar Item ID"), "{message}");
}

#[tokio::test]
async fn keys_that_are_refused_are_the_operators() {
    for (status, word) in [(401, "CLIENT_KEYS_UNAUTHORIZED"), (400, "VALIDATION"), (403, "")] {
        let peer = Peer::open(move |_| refusal(status, word)).await;
        let fault = Pluggy.check(&peer.cx()).await.unwrap_err();
        assert_eq!((fault.class(), fault.code()), (FaultClass::NeedsOperator, "pluggy.keys_refused"), "{word}");
        assert_eq!((peer.keys_bought(), peer.asked().len()), (1, 0));
    }
    let peer = Peer::open(|_| refusal(401, "CLIENT_DISABLED")).await;
    assert_eq!(Pluggy.check(&peer.cx()).await.unwrap_err().code(), "pluggy.client_disabled");
    let peer = Peer::open(|_| (401, "<html>".to_owned())).await;
    let fault = Pluggy.check(&peer.cx()).await.unwrap_err();
    assert_eq!((fault.class(), fault.code()), (FaultClass::RetryLater, "pluggy.intercepted"));
}

#[tokio::test]
async fn each_login_says_how_it_stands_and_none_stops_the_others() {
    let mut peer = Peer::open(|asked| match asked.line.as_str() {
        line if line == format!("GET /items/{ITEM}") => (200, updated(ITEM)),
        line if line == format!("GET /items/{OTHER}") => {
            let behind = r#""status":"LOGIN_ERROR","error":{"code":"INVALID_CREDENTIALS"}"#;
            (200, item(OTHER, behind).replace("601", "200").replace("Banco Azul", "MeuPluggy"))
        }
        line if line.starts_with("GET /items/") => refusal(404, "ITEM_NOT_FOUND"),
        line if line.starts_with("GET /accounts?") => (200, accounts()),
        _ => (0, String::new()),
    })
    .await;
    peer.keys.insert("item_ids".to_owned(), Secret::new(format!("{ITEM},{OTHER},{THIRD},x")));
    let logins = Pluggy.logins(&peer.cx()).await.unwrap();
    let told: Vec<_> = logins
        .iter()
        .map(|login| (login.key.as_str(), login.name.as_deref(), login.fault.as_ref().map(crate::Fault::code)))
        .collect();
    let expected = [
        (ITEM, Some("Banco Azul"), None),
        (OTHER, Some("Conta"), Some("pluggy.login_error")),
        (THIRD, None, Some("pluggy.item_gone")),
        ("x", None, Some("pluggy.item_id_wrong")),
    ];
    assert_eq!(told, expected);
    assert_eq!(logins[0].state, "Up to date.");
    assert_eq!(logins[0].updated_at, "2026-11-20T09:00:00Z".parse().ok());
    assert!(logins[1].state.contains("Meu Pluggy"), "{}", logins[1].state);
    assert_eq!(peer.keys_bought(), 1);
}

#[tokio::test]
async fn trouble_with_the_keys_is_one_of_all_logins() {
    let peer = Peer::open(|_| refusal(401, "CLIENT_KEYS_UNAUTHORIZED")).await;
    assert_eq!(Pluggy.logins(&peer.cx()).await.unwrap_err().code(), "pluggy.keys_refused");
}
