//! Armed faults and the log of calls.

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use bankside_sandbox::{ArmedFault, Sandbox};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::kit::{API, NORDHAFEN, Setup, World};

/// A world with its sandbox beside it, and an account.
async fn linked() -> (World, Sandbox, String) {
    let sandbox = Setup::default().sandbox().unwrap();
    let mut world = World { router: sandbox.router(), token: String::new() };
    world.sign_in().await;
    let account = world.link(NORDHAFEN).await.accounts.remove(0);
    sandbox.forget_calls();
    (world, sandbox, account)
}

async fn control(world: &World, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(format!("/_control/{path}"));
    let answer = world.send(request.body(Body::from(body.to_string())).unwrap()).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn a_fault_fires_at_its_call_and_is_listed_with_what_it_did() {
    let (world, sandbox, account) = linked().await;
    let fault = json!({ "on": "accounts/balances", "kind": "access_expired", "skip": 1, "account": account });
    let (status, armed) = control(&world, Method::POST, "faults", &fault).await;
    assert_eq!((status.as_u16(), &armed["fired"], &armed["times"]), (201, &json!(0), &json!(1)));
    let path = format!("/accounts/{account}/balances/");
    world.get(&path).await.ok();
    let body = json!({
        "summary": "Couldn't update account balances", "type": "AccessExpiredError", "status_code": 401,
        "detail": "Access has expired or it has been revoked. To restore access reconnect the account.",
    });
    let struck = world.get(&path).await;
    struck.is(401, &body);
    assert_eq!(struck.header("http_x_ratelimit_limit"), "100", "it is an answer of the provider's");
    world.get(&path).await.ok();

    let (_, listed) = control(&world, Method::GET, "faults", &Value::Null).await;
    let state = &listed["armed"][0];
    assert_eq!((&state["skipped"], &state["fired"], &state["kind"]), (&json!(1), &json!(1), &json!("access_expired")));
    assert!(listed["kinds"].as_array().unwrap().iter().any(|kind| kind["name"] == "access_expired"));
    let statuses: Vec<_> = sandbox.calls().iter().map(|call| (call.label, call.status, call.fault)).collect();
    let call = |status, fault| ("accounts/balances", Some(status), fault);
    assert_eq!(statuses, [call(200, None), call(401, Some("access_expired")), call(200, None)]);
    control(&world, Method::DELETE, "faults", &Value::Null).await;
    assert!(sandbox.armed().is_empty());
}

#[tokio::test]
async fn what_cannot_be_armed_is_refused_with_words() {
    let (world, sandbox, _) = linked().await;
    for (fault, words) in [
        (json!({ "on": "accounts/balances" }), "missing field"),
        (json!({ "on": "accounts/balances", "kind": "plague" }), "plague"),
        (json!({ "on": "nowhere", "kind": "not_found" }), "nowhere"),
        (json!({ "on": "*", "kind": "not_found", "times": 0 }), "at least once"),
        (json!({ "on": "*", "kind": "not_found", "wen": 0 }), "wen"),
    ] {
        let (status, body) = control(&world, Method::POST, "faults", &fault).await;
        assert_eq!(status, 400);
        assert!(body["error"].as_str().unwrap().contains(words), "{body}");
    }
    let request = Request::post("/_control/faults").header("sec-fetch-site", "cross-site");
    let fault = json!({ "on": "*", "kind": "not_found" }).to_string();
    assert_eq!(world.send(request.body(Body::from(fault)).unwrap()).await.status, 403, "a stranger's page");
    assert!(sandbox.armed().is_empty());
}

#[tokio::test]
async fn a_fault_waits_for_a_call_that_would_be_served() {
    let (mut world, sandbox, account) = linked().await;
    sandbox.arm(ArmedFault::new("*", "maintenance")).unwrap();
    let token = std::mem::take(&mut world.token);
    assert_eq!(world.get(&format!("/accounts/{account}/")).await.status, 401);
    world.token = token;
    assert_eq!(world.delete(&format!("/accounts/{account}/")).await.status, 405);
    let answer = world.get(&format!("/accounts/{account}/")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["summary"]),
        (503, &json!(format!("Institution {NORDHAFEN} is not operational")))
    );
    sandbox.arm(ArmedFault::new("agreements", "maintenance")).unwrap();
    let answer = world.post("/agreements/enduser/", &json!({ "institution_id": "KANALBANK_KNLBNL2A" })).await;
    assert_eq!(answer.body["summary"], "Institution KANALBANK_KNLBNL2A is not operational");
    sandbox.arm(ArmedFault { seconds: Some(17), ..ArmedFault::new("*", "rate_limited") }).unwrap();
    let answer = world.get("/requisitions/").await;
    let headers = ["limit", "remaining", "reset"].map(|name| answer.header(&format!("http_x_ratelimit_{name}")));
    assert_eq!((headers, answer.text.contains("in 17 seconds")), (["100", "0", "17"], true));
}

#[tokio::test]
async fn every_kind_answers_as_it_is_listed() {
    let (world, sandbox, account) = linked().await;
    let path = format!("/accounts/{account}/transactions/");
    let kinds = Sandbox::fault_kinds_of("gocardless");
    assert!(kinds.len() > 45, "{}", kinds.len());
    let mut seen = 0;
    for kind in kinds {
        let Some(status) = kind.status else { continue };
        sandbox.arm(ArmedFault::new("accounts/transactions", kind.name)).unwrap();
        let answer = world.get(&path).await;
        assert_eq!(answer.status.as_u16(), status, "{}", kind.name);
        let call = sandbox.calls().pop().unwrap();
        assert_eq!((call.status, call.fault), (Some(status), Some(kind.name)));
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
    world.get(&path).await.ok();
}

#[tokio::test]
async fn the_odd_shapes_are_those_of_the_documents() {
    let (world, sandbox, account) = linked().await;
    let path = format!("/accounts/{account}/details/");
    let strike = async |kind: &str| {
        sandbox.arm(ArmedFault::new("accounts/details", kind)).unwrap();
        world.get(&path).await
    };
    assert!(strike("field_object").await.body["institution_id"].is_object());
    assert!(strike("field_objects").await.body["institution_id"][0].is_object());
    assert!(strike("field_texts").await.body["institution_id"][0].is_string());
    let lists = strike("text_lists").await.body;
    assert!(lists["summary"].is_array() && lists["detail"].is_array());
    let dump = strike("account_dump").await.body;
    assert_eq!((&dump["id"], &dump["status"], dump.get("summary")), (&json!(account), &json!("ERROR"), None));
    let page = strike("proxy_page").await;
    assert_eq!((page.header("content-type"), page.header("x-c-uuid")), ("text/html; charset=utf-8", ""));
    assert_eq!(strike("proxy_empty").await.text, "");
    assert_eq!(strike("institution_limit_without_status_code").await.body.get("status_code"), None);
}

#[tokio::test]
async fn the_daily_limit_says_how_long_in_one_place_only() {
    let (world, sandbox, account) = linked().await;
    let places = ["retry-after", "http_x_ratelimit_reset", "http_x_ratelimit_account_success_reset"];
    for (kind, place) in [
        ("daily_limit_text", None),
        ("daily_limit_retry_after", Some(places[0])),
        ("daily_limit_reset", Some(places[1])),
        ("daily_limit_account_reset", Some(places[2])),
        ("daily_limit_silent", None),
    ] {
        sandbox.arm(ArmedFault { seconds: Some(4711), ..ArmedFault::new("accounts/balances", kind) }).unwrap();
        let answer = world.get(&format!("/accounts/{account}/balances/")).await;
        assert_eq!(answer.status, 429);
        for name in places {
            assert_eq!(answer.header(name), if Some(name) == place { "4711" } else { "" }, "{kind} {name}");
        }
        assert_eq!(answer.text.contains("4711 seconds"), kind == "daily_limit_text", "{}", answer.text);
        assert!(!answer.header("x-c-uuid").is_empty());
    }
}

/// A sandbox that listens, and what a client without manners gets from it.
async fn raw(address: SocketAddr, token: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET {API}{path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn the_line_breaks_as_armed() {
    let (world, sandbox, account) = linked().await;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = sandbox.router();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let path = format!("/accounts/{account}/details/");
    let whole = raw(address, &world.token, &path).await;
    let body_of = |answer: &str| answer.split_once("\r\n\r\n").unwrap().1.to_owned();
    assert!(whole.starts_with("HTTP/1.1 200"));
    let strike = async |kind: &str| {
        let fault = ArmedFault { seconds: Some(1), ..ArmedFault::new("accounts/details", kind) };
        sandbox.arm(fault).unwrap();
        raw(address, &world.token, &path).await
    };
    for kind in ["connection_closed", "answer_lost", "never_answers"] {
        assert_eq!(strike(kind).await, "", "{kind}");
        let call = sandbox.calls().pop().unwrap();
        assert_eq!((call.status, call.fault), (None, Some(kind)));
    }
    let length = |answer: &str| {
        let head = answer.split("\r\n").find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        head.parse::<usize>().unwrap()
    };
    let cut = strike("body_cut").await;
    assert_eq!((length(&cut), body_of(&cut).len()), (body_of(&whole).len(), body_of(&whole).len() / 2));
    let truncated = strike("truncated_json").await;
    assert_eq!((body_of(&truncated), length(&truncated)), (body_of(&cut), body_of(&cut).len()));
    let mislabelled = strike("wrong_content_type").await;
    assert!(mislabelled.contains("content-type: text/plain") && body_of(&mislabelled) == body_of(&whole));
    assert!(strike("html_page").await.contains("accept the terms"));
    assert!(strike("huge_body").await.len() > 16 * 1024 * 1024);
    assert!(strike("redirect_elsewhere").await.contains("location: http://127.0.0.1:9/elsewhere"));
}

#[tokio::test]
async fn a_call_is_noted_even_when_the_client_does_not_wait() {
    let (world, sandbox, account) = linked().await;
    sandbox.arm(ArmedFault { seconds: Some(60), ..ArmedFault::new("*", "never_answers") }).unwrap();
    let path = format!("/accounts/{account}/");
    // Not a sleep: the call is dropped as soon as it waits for something.
    let mut call = Box::pin(world.get(&path));
    std::future::poll_fn(|context| {
        assert!(call.as_mut().poll(context).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
    drop(call);
    let noted = sandbox.calls().pop().unwrap();
    assert_eq!((noted.label, noted.status, noted.fault), ("accounts/metadata", None, Some("never_answers")));
}

#[tokio::test]
async fn a_lost_answer_has_had_its_effect_and_a_closed_connection_none() {
    let (world, sandbox, _) = linked().await;
    let body = json!({ "institution_id": NORDHAFEN });
    let count = async || world.get("/agreements/enduser/").await.ok()["count"].as_u64().unwrap();
    let before = count().await;
    for (kind, after) in [("connection_closed", before), ("answer_lost", before + 1)] {
        let fault = ArmedFault { method: Some("POST".into()), ..ArmedFault::new("agreements", kind) };
        sandbox.arm(fault).unwrap();
        let request = Request::post(format!("{API}/agreements/enduser/"))
            .header("authorization", format!("Bearer {}", world.token))
            .header("content-type", "application/json");
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = tower::ServiceExt::oneshot(world.router.clone(), request).await.unwrap();
        assert!(axum::body::to_bytes(response.into_body(), usize::MAX).await.is_err());
        assert_eq!(count().await, after, "{kind}");
    }
}

#[tokio::test]
async fn calls_are_noted_with_what_they_asked() {
    let (world, sandbox, account) = linked().await;
    world.get(&format!("/accounts/{account}/transactions/?date_from=2026-11-01")).await.ok();
    world.get("/requisitions/").await.ok();
    let (_, noted) = control(&world, Method::GET, "calls", &Value::Null).await;
    let call = |label: &str, account: Option<&str>, query: Option<&str>| json!({ "label": label, "method": "GET", "account": account, "query": query, "status": 200, "fault": null });
    let expected = [
        call("accounts/transactions", Some(account.as_str()), Some("date_from=2026-11-01")),
        call("requisitions", None, None),
    ];
    assert_eq!(noted["calls"], json!(expected));
    control(&world, Method::DELETE, "calls", &Value::Null).await;
    assert!(sandbox.calls().is_empty());
}
