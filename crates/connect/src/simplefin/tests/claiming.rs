//! Claiming a token, and where nobody may send us.

use bankside_domain::fault::{FaultClass, UserAction};

use super::*;

/// Checks a token for `/claim/x` at a server that answers so; what came of it, and how often it was asked.
async fn claimed(status: u16, body: &'static str) -> (Result<String, Fault>, Vec<Asked>) {
    let mut peer = peer("", move |asked| match asked.line.as_str() {
        "POST /simplefin/claim/x" => (status, body.to_owned()),
        _ => (404, String::new()),
    })
    .await;
    let typed = token(&format!("{}simplefin/claim/x", peer.base_url));
    peer.keys.insert(ACCESS_URL.to_owned(), Secret::new(typed));
    let result = SimpleFin.check(&peer.cx()).await.map(|checked| match checked {
        Checked::Exchanged(keys) => keys[ACCESS_URL].expose().to_owned(),
        Checked::AsTyped => panic!("a token is not kept"),
    });
    (result, peer.asked())
}

#[tokio::test]
async fn a_token_is_exchanged_with_one_call_that_has_no_body() {
    let (result, asked) = claimed(200, "https://user:pass@bridge.example/simplefin\n").await;
    assert_eq!(result.unwrap(), "https://user:pass@bridge.example/simplefin");
    let lines: Vec<_> = asked.iter().map(|asked| (asked.line.as_str(), asked.length.as_deref())).collect();
    assert_eq!(lines, [("POST /simplefin/claim/x", Some("0"))]);
    assert!(asked[0].authorization.is_empty() && asked[0].body.is_empty());
}

#[tokio::test]
async fn a_token_that_was_used_may_be_compromised() {
    let (result, asked) = claimed(403, "Forbidden").await;
    let fault = result.unwrap_err();
    assert_eq!((fault.code(), fault.class()), ("simplefin.token_used", FaultClass::NeedsOperator));
    assert_eq!(fault.record().action, Some(UserAction::FixCredentials));
    assert!(fault.record().message.contains("compromised"), "{fault}");
    assert!(DESCRIPTOR.advice.iter().any(|advice| advice.code == fault.code() && advice.what.contains("disable")));
    assert_eq!(asked.len(), 1);
}

#[tokio::test]
async fn what_comes_back_has_to_be_an_access_url() {
    for body in ["", "<html>", "https://bridge.example/simplefin", "ok", "ftp://a:b@bridge.example/"] {
        let (result, asked) = claimed(200, body).await;
        assert_eq!(result.unwrap_err().code(), "simplefin.claim_lost", "{body}");
        assert_eq!(asked.len(), 1, "{body}");
    }
    let (result, asked) = claimed(500, "").await;
    assert_eq!(result.unwrap_err().code(), "simplefin.down");
    assert_eq!(asked.len(), 1, "a claim is not tried again");
    let (result, asked) = claimed(302, "").await;
    assert_eq!(result.unwrap_err().code(), "simplefin.redirected");
    assert_eq!(asked.len(), 1, "nobody is sent elsewhere");
}

#[tokio::test]
async fn nothing_is_sent_to_places_inside_and_nothing_in_the_clear() {
    for address in [
        "http://bridge.example/simplefin/claim/x",
        "http://127.0.0.1:9/simplefin/claim/x",
        "https://127.0.0.1/simplefin/claim/x",
        "https://[::1]/claim/x",
        "https://169.254.169.254/claim/x",
        "https://10.0.0.7/claim/x",
        "https://0x7f000001/claim/x",
    ] {
        let typed = token(address);
        let peer = peer(&typed, |_| (200, String::new())).await;
        let fault = SimpleFin.check(&peer.cx()).await.unwrap_err();
        assert_eq!(
            (fault.code(), fault.class()),
            ("simplefin.address_refused", FaultClass::NeedsOperator),
            "{address}"
        );
        assert!(peer.asked().is_empty());
    }
    for access in
        ["http://a:b@bridge.example/simplefin", "https://a:b@192.168.1.1/simplefin", "http://a:b@127.0.0.1:9/"]
    {
        let peer = Peer::with_keys([(ACCESS_URL, access)], |_| (200, String::new())).await;
        let fault = SimpleFin.check(&peer.cx()).await.unwrap_err();
        assert_eq!(fault.code(), "simplefin.address_refused", "{access}");
    }
}

#[tokio::test]
async fn an_access_url_is_tried_and_kept_as_it_is() {
    let accounts = r#"{"errlist":[],"accounts":[]}"#;
    let mut peer = peer("", move |_| (200, accounts.to_owned())).await;
    let address = peer.base_url.as_str().replace("http://", "http://a:p%3Aw@");
    peer.keys.insert(ACCESS_URL.to_owned(), Secret::new(format!("{address}simplefin")));
    assert!(matches!(SimpleFin.check(&peer.cx()).await.unwrap(), Checked::AsTyped));
    let asked = peer.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].line, "GET /simplefin/accounts?version=2&balances-only=1");
    assert_eq!(asked[0].authorization, format!("Basic {}", BASE64.encode(b"a:p:w")));
}

#[tokio::test]
async fn a_token_in_a_configuration_is_not_used_up() {
    let peer = peer(&token("https://bridge.example/claim/x"), |_| (200, String::new())).await;
    let fault = SimpleFin.logins(&peer.cx()).await.unwrap_err();
    assert_eq!((fault.code(), fault.class()), ("simplefin.token_in_configuration", FaultClass::NeedsOperator));
    assert!(peer.asked().is_empty());
}
