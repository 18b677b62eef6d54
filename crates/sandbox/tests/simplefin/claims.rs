//! Setup tokens, what they are exchanged for, and who is let in.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use bankside_sandbox::{SimpleFinEvent, Switches};
use data_encoding::BASE64;
use url::Url;

use crate::kit::*;

#[tokio::test]
async fn a_setup_token_is_claimed_once_and_its_access_lasts() {
    let mut world = World::new();
    let token = world.sandbox.make_setup_token().unwrap();
    let claimed = world.claim(&token).await;
    assert_eq!(claimed.status, StatusCode::OK, "{}", claimed.text);
    let access: Url = claimed.text.parse().unwrap();
    assert_eq!((access.host_str(), access.path()), (Some("127.0.0.1"), API));
    assert_eq!(world.claim(&token).await.status, StatusCode::FORBIDDEN, "a second time");
    let password = access.password().unwrap().replace("%3A", ":").replace("%2F", "/").replace("%3D", "=");
    assert!(password.contains(':'), "{password}");
    world.access = (access.username().to_owned(), password);
    assert_eq!(world.get("/accounts").await.status, StatusCode::OK);
    world.days_pass(400).await;
    assert_eq!(world.get("/accounts").await.status, StatusCode::OK, "it never ends by itself");
    world.happen(SimpleFinEvent::Revoke { revoked: true });
    assert_eq!(world.get("/accounts").await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn the_demo_token_may_be_claimed_again_and_others_must_be_known() {
    let world = World::new();
    let demo = credential(&world.sandbox, "setupToken");
    for _ in 0..2 {
        assert_eq!(world.claim(&demo).await.text, credential(&world.sandbox, "accessUrl"));
    }
    let stranger = BASE64.encode(format!("{BASE}{API}/claim/nobodys").as_bytes());
    assert_eq!(world.claim(&stranger).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_claim_is_a_post_with_no_body_that_says_so() {
    let world = World::new();
    let path = format!("{API}/claim/demo");
    let send = async |request: Request<Body>| world.send(request).await.status;
    assert_eq!(send(Request::post(&path).body(Body::empty()).unwrap()).await, StatusCode::LENGTH_REQUIRED);
    let long = Request::post(&path).header(header::CONTENT_LENGTH, "2").body(Body::from("{}")).unwrap();
    assert_eq!(send(long).await, StatusCode::BAD_REQUEST);
    assert_eq!(send(Request::get(&path).body(Body::empty()).unwrap()).await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn the_page_makes_tokens_that_work() {
    let world = World::new();
    let page = world.send(Request::get(format!("{API}/create")).body(Body::empty()).unwrap()).await;
    assert!(page.text.contains("Make a setup token") && !page.text.contains("<code>"));
    let made = world.send(Request::post(format!("{API}/create")).body(Body::empty()).unwrap()).await;
    let token = made.text.split("<code>").nth(1).and_then(|rest| rest.split("</code>").next()).unwrap();
    assert_eq!(world.claim(token).await.status, StatusCode::OK, "{token}");
}

#[tokio::test]
async fn nobody_else_is_let_in() {
    let mut world = World::new();
    assert_eq!(world.get("/info").await.ok()["versions"][0], "1.0");
    for access in [("demo", "wrong"), ("nobody", "demo"), ("", "")] {
        world.access = (access.0.to_owned(), access.1.to_owned());
        assert_eq!(world.get("/accounts").await.status, StatusCode::FORBIDDEN, "{access:?}");
    }
    let without = Request::get(format!("{API}/accounts")).body(Body::empty()).unwrap();
    assert_eq!(world.send(without).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get("/transactions").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn tokens_and_accesses_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = Some(folder.path().join("state.json"));
    let world = World::open(file.clone(), Switches::default());
    let (open, used) = (world.sandbox.make_setup_token().unwrap(), world.sandbox.make_setup_token().unwrap());
    world.claim(&used).await;
    drop(world);
    let world = World::open(file, Switches::default());
    assert_eq!(world.claim(&used).await.status, StatusCode::FORBIDDEN);
    assert_eq!(world.claim(&open).await.status, StatusCode::OK);
}
