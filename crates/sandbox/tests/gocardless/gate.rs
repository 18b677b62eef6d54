//! Paths, methods, bodies and the headers of every answer (fact sheet §1).

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};

use crate::kit::{API, NORDHAFEN, World};

#[tokio::test]
async fn every_answer_has_the_recorded_headers() {
    let mut world = World::new().await;
    let good = world.get("/requisitions/").await;
    let bad = world.get("/requisitions/x/").await;
    let missing = world.get("/nothing/").await;
    world.token.clear();
    let unsigned = world.get("/requisitions/").await;
    for (answer, status) in [(&good, 200), (&bad, 400), (&missing, 404), (&unsigned, 401)] {
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"));
        assert_eq!(answer.header("vary"), "Accept, Accept-Language, Cookie");
        assert_eq!((answer.header("content-language"), answer.header("cache-control")), ("en", "no-store"));
        assert!(!answer.header("x-c-uuid").is_empty() && !answer.header("x-u-uuid").is_empty());
    }
    for answer in [&good, &bad, &unsigned] {
        assert_eq!(answer.header("http_x_ratelimit_limit"), "300");
        assert!(!answer.header("http_x_ratelimit_reset").is_empty());
        assert!(answer.header("allow").starts_with("GET"));
    }
    assert_eq!(good.header("allow"), "GET, POST, HEAD, OPTIONS");
    assert_eq!(
        unsigned.header("http_x_ratelimit_remaining"),
        good.header("http_x_ratelimit_remaining").replace("299", "298")
    );
}

#[tokio::test]
async fn a_missing_slash_moves_and_keeps_the_query() {
    let world = World::new().await;
    let account = "3fa85f64-5717-4562-b3fc-2c963f66afa6";
    for path in [
        format!("/accounts/{account}/transactions?date_from=2026-01-01&date_to=2026-02-01"),
        format!("/accounts/{account}"),
        "/institutions?country=de".to_owned(),
    ] {
        let answer = world.get(&path).await;
        let (before, query) =
            path.split_once('?').map_or((path.as_str(), String::new()), |(p, q)| (p, format!("?{q}")));
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::MOVED_PERMANENTLY, format!("{API}{before}/{query}").as_str())
        );
    }
    assert_eq!(world.get("/nothing").await.status, 404);
    assert_eq!(world.delete(&format!("/requisitions/{account}")).await.status, StatusCode::MOVED_PERMANENTLY);
    assert_eq!(world.post("/requisitions", &json!({})).await.status, 404, "a body would be lost");
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let world = World::new().await;
    for path in ["/", "/nothing/", "/accounts//", "/accounts/%FF/", "/institutions/%FF/", "/accounts/x/y/"] {
        world.get(path).await.is_error(404, "Not found.", "Not found.");
    }
}

#[tokio::test]
async fn methods_are_checked() {
    let world = World::new().await;
    let answer = world.call(Method::PATCH, "/requisitions/", None).await;
    let text = "Method \"PATCH\" not allowed.";
    answer.is_error(405, text, text);
    assert_eq!(answer.header("allow"), "GET, POST, HEAD, OPTIONS");
    assert_eq!(world.call(Method::OPTIONS, "/requisitions/", None).await.status, 200);
    assert_eq!(world.call(Method::HEAD, "/requisitions/", None).await.status, 200);
    assert_eq!(world.get("/token/new/").await.status, 405);
}

async fn raw(world: &World, kind: &str, body: impl Into<Body>) -> (u16, Value) {
    let request = Request::post(format!("{API}/requisitions/"))
        .header("authorization", format!("Bearer {}", world.token))
        .header("content-type", kind);
    let answer = world.send(request.body(body.into()).unwrap()).await;
    (answer.status.as_u16(), answer.body)
}

#[tokio::test]
async fn bad_bodies_say_where() {
    let world = World::new().await;
    let (status, body) = raw(&world, "application/json", "{\n  \"redirect\": oops\n}").await;
    assert_eq!((status, &body["status_code"], &body["summary"]), (400, &json!(400), &json!("JSON parse error")));
    assert!(body["detail"].as_str().unwrap().ends_with("at line 2 column 15"), "{body}");
    let (status, body) = raw(&world, "application/json", "[1]").await;
    assert_eq!((status, body["non_field_errors"].is_array()), (400, true));
    let (status, body) = raw(&world, "text/plain", "hello").await;
    assert_eq!((status, &body["detail"]), (415, &json!("Unsupported media type \"text/plain\" in request.")));
    let (status, body) = raw(&world, "application/json", "x".repeat(70 * 1024)).await;
    assert_eq!((status, &body["status_code"]), (413, &json!(413)));
    let (status, _) = raw(&world, "application/json", "").await;
    assert_eq!(status, 400, "nothing is an empty body");
}

#[tokio::test]
async fn the_index_is_for_programs_and_for_people() {
    let world = World::new().await;
    let index = world.page("/index.json").await.ok();
    let expected = json!({
        "id": "gocardless",
        "base_url": "http://127.0.0.1:5007/gocardless/api/v2/",
        "credentials": {
            "secret_id": "5a6d0000-0000-4000-8000-000000000001",
            "secret_key": "sandbox-gocardless-key-that-is-worth-nothing",
        },
    });
    assert_eq!(index["providers"][0], expected, "it stays the first");
    let page = world.page("/").await.text;
    for text in ["gocardless/api/v2/", "Secret key", "Nordhafen Bank", "Kanalbank", NORDHAFEN, "20 November 2026"] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(world.page("/healthz").await.status, 200);
    let nothing = world.page("/nothing").await;
    assert_eq!((nothing.status, nothing.text.contains("There is no such page")), (StatusCode::NOT_FOUND, true));
}
