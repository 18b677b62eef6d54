//! What the tests share: a sandbox whose real time stands still, a client with a key, and ways to look at rows.

use std::collections::BTreeMap;
use std::path::PathBuf;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request};
use bankside_sandbox::{ClockMode, PluggyEvent, Sandbox, SandboxConfig, Switches};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::still::still;

pub(crate) const BASE: &str = "http://127.0.0.1:5007";
/// The item of Banco Aroeira, which comes by Open Finance, and that of Meu Pluggy.
pub(crate) const BANK: &str = "5a6d0000-0000-4000-8000-0000000000b1";
pub(crate) const MEU: &str = "5a6d0000-0000-4000-8000-0000000000b2";

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.body
    }

    /// Asserts an error: its status, which stands in the body too, its word, and an id of its own.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, word: &str) {
        assert_eq!((self.status, &self.body["code"]), (status, &json!(status)), "{}", self.text);
        assert_eq!(self.body["codeDescription"].as_str().unwrap_or_default(), word, "{}", self.text);
        assert_eq!(self.body["errorId"].as_str().map(str::len), Some(36), "{}", self.text);
    }
}

/// A sandbox and a client.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    router: Router,
    pub(crate) key: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::open(Switches::default(), None).await
    }

    pub(crate) async fn with(switch: &str) -> Self {
        Self::open(Switches::default().turned(switch).unwrap(), None).await
    }

    pub(crate) async fn open(switches: Switches, state_file: Option<PathBuf>) -> Self {
        let config = SandboxConfig {
            public_url: BASE.parse().unwrap(),
            state_file,
            clock: ClockMode::Running,
            daily_limit_everywhere: true,
        };
        let sandbox = Sandbox::open_with(config, still(), switches).unwrap();
        let mut world = Self { router: sandbox.router(), sandbox, key: String::new() };
        world.sign_in().await;
        world
    }

    pub(crate) fn credentials(&self) -> Value {
        let index = self.sandbox.index();
        let all = index["providers"].as_array().unwrap();
        all.iter().find(|provider| provider["id"] == "pluggy").unwrap()["credentials"].clone()
    }

    pub(crate) async fn sign_in(&mut self) {
        let answer = self.post("/auth", &self.credentials()).await.ok();
        answer["apiKey"].as_str().unwrap().clone_into(&mut self.key);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text, body }
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = Request::builder().method(method).uri(format!("/pluggy{path}")).header("x-api-key", &self.key);
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.header("content-type", "application/json").body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PATCH, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// Turns the clock; the key is renewed, because it lasts two hours.
    pub(crate) async fn pass(&mut self, seconds: i64) {
        let command = json!({ "advance_seconds": seconds }).to_string();
        let answer = self.send(Request::post("/_control/clock").body(Body::from(command)).unwrap()).await;
        answer.ok();
        self.sign_in().await;
    }

    pub(crate) async fn days_pass(&mut self, days: i64) {
        self.pass(days * 86_400).await;
    }

    #[track_caller]
    pub(crate) fn happen(&self, event: Value) {
        let event: PluggyEvent = serde_json::from_value(event).unwrap();
        self.sandbox.happen_at_pluggy(event).unwrap();
    }

    pub(crate) async fn item(&self, id: &str) -> Value {
        self.get(&format!("/items/{id}")).await.ok()
    }

    /// A new item of a sandbox connector, just made.
    pub(crate) async fn create(&self, connector: u32, parameters: Value) -> Value {
        self.post("/items", &json!({ "connectorId": connector, "parameters": parameters })).await.ok()
    }

    /// Looks at an item until it stands still, and gives each pair of words that it had.
    pub(crate) async fn follow(&self, id: &str) -> Vec<(String, String)> {
        let mut seen = Vec::new();
        for _ in 0..30 {
            let item = self.item(id).await;
            let word = |name: &str| item[name].as_str().unwrap().to_owned();
            seen.push((word("status"), word("executionStatus")));
            if item["status"] != "UPDATING" {
                return seen;
            }
        }
        panic!("the execution does not end: {seen:?}");
    }

    /// The account of an item that is of this subtype.
    pub(crate) async fn account(&self, item: &str, subtype: &str) -> Value {
        let accounts = self.get(&format!("/accounts?itemId={item}")).await.ok();
        let all = accounts["results"].as_array().unwrap();
        all.iter().find(|account| account["subtype"] == subtype).unwrap().clone()
    }

    /// Every transaction of an account, page by page as the documents say.
    pub(crate) async fn rows(&self, account: &Value, filter: &str) -> Vec<Value> {
        let id = account["id"].as_str().unwrap();
        let mut path = format!("/v2/transactions?accountId={id}{filter}");
        let mut rows = Vec::new();
        for _ in 0..20 {
            let page = self.get(&path).await.ok();
            rows.extend(page["results"].as_array().unwrap().iter().cloned());
            let Some(next) = page["next"].as_str() else { return rows };
            assert!(next.starts_with("?accountId="), "{next}");
            let after = next.split("&after=").nth(1).unwrap();
            path = format!("/v2/transactions?accountId={id}{filter}&after={after}");
        }
        panic!("the pages do not end");
    }
}

/// The amount of a number in cents, read from its digits.
pub(crate) fn cents(number: &Value) -> i64 {
    let text = number.to_string();
    let (units, rest) = text.split_once('.').unwrap_or((&text, ""));
    assert!(rest.len() <= 2, "{text}");
    format!("{units}{rest:0<2}").parse().unwrap()
}

/// Rows by a field that is a text.
pub(crate) fn by<'a>(rows: &'a [Value], field: &str) -> BTreeMap<&'a str, &'a Value> {
    rows.iter().map(|row| (row[field].as_str().unwrap(), row)).collect()
}
