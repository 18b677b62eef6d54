//! What the tests share: a sandbox on a clock of its own, a client with a token, and a walker of consent pages.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use bankside_domain::{Ambient, Clock, Entropy};
use bankside_sandbox::{ClockMode, Sandbox, SandboxConfig, Switches};
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;
use url::form_urlencoded;

pub(crate) const BASE: &str = "http://127.0.0.1:5007";
pub(crate) const API: &str = "/gocardless/api/v2";
pub(crate) const NORDHAFEN: &str = "NORDHAFEN_NHBKDE22";
pub(crate) const KANALBANK: &str = "KANALBANK_KNLBNL2A";
pub(crate) const LOCKSIDE: &str = "LOCKSIDE_LKSDGB21";
pub(crate) const SANDBOX_FINANCE: &str = "SANDBOXFINANCE_SFIN0000";

/// Real time and randomness, as far as a test has them.
pub(crate) struct Fake {
    micros: AtomicI64,
    drawn: AtomicU64,
}

impl Fake {
    pub(crate) fn at(text: &str) -> Arc<Self> {
        let start: Timestamp = text.parse().unwrap();
        Arc::new(Self { micros: AtomicI64::new(start.as_microsecond()), drawn: AtomicU64::new(1) })
    }

    pub(crate) fn pass(&self, seconds: i64) {
        self.micros.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for Fake {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.micros.load(Ordering::Relaxed)).unwrap()
    }
}

impl Entropy for Fake {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let number = self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&number.to_be_bytes()[..chunk.len()]);
        }
    }
}

/// How a test sets up its sandbox.
pub(crate) struct Setup {
    pub(crate) switches: Switches,
    pub(crate) state_file: Option<PathBuf>,
    pub(crate) clock: ClockMode,
    pub(crate) daily_limit_everywhere: bool,
    pub(crate) real: Arc<Fake>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            switches: Switches::default(),
            state_file: None,
            clock: ClockMode::Running,
            daily_limit_everywhere: true,
            // A Friday noon.
            real: Fake::at("2026-11-20T12:00:00Z"),
        }
    }
}

impl Setup {
    pub(crate) fn with(switch: &str) -> Self {
        let switches = Switches::default().turned(switch).unwrap();
        Self { switches, ..Self::default() }
    }

    pub(crate) fn sandbox(&self) -> Result<Sandbox, bankside_sandbox::SandboxError> {
        let config = SandboxConfig {
            public_url: BASE.parse().unwrap(),
            state_file: self.state_file.clone(),
            clock: self.clock,
            daily_limit_everywhere: self.daily_limit_everywhere,
        };
        let ambient = Ambient::new(self.real.clone(), self.real.clone());
        Sandbox::open_with(config, ambient, self.switches.clone())
    }

    /// An open sandbox and a client that has a token.
    pub(crate) async fn start(&self) -> World {
        let mut world = World { router: self.sandbox().unwrap().router(), token: String::new() };
        world.sign_in().await;
        world
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
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
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.body
    }

    /// Asserts an error: status and the whole body.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &Value) {
        assert_eq!((self.status.as_u16(), &self.body), (status, body));
    }

    /// Asserts the canonical error.
    #[track_caller]
    pub(crate) fn is_error(&self, status: u16, summary: &str, detail: &str) {
        self.is(status, &json!({ "summary": summary, "detail": detail, "status_code": status }));
    }
}

/// A sandbox and a client.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) token: String,
}

/// What a finished walk leaves.
pub(crate) struct Linked {
    pub(crate) agreement: String,
    pub(crate) requisition: String,
    pub(crate) link: String,
    pub(crate) accounts: Vec<String>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Setup::default().start().await
    }

    pub(crate) async fn sign_in(&mut self) {
        let answer = self.post("/token/new/", &credentials()).await.ok();
        answer["access"].as_str().unwrap().clone_into(&mut self.token);
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, text, body }
    }

    /// A call of the API with the client's token.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{API}{path}"));
        if !self.token.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Method::DELETE, path, None).await
    }

    /// A page outside the API.
    pub(crate) async fn page(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Posts a form.
    pub(crate) async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Turns the clock.
    pub(crate) async fn turn(&self, command: Value) -> Answer {
        let request = Request::post("/_control/clock").header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(command.to_string())).unwrap()).await
    }

    pub(crate) async fn days_pass(&mut self, days: i64) {
        self.turn(json!({ "advance_days": days })).await.ok();
        self.sign_in().await;
    }

    /// A requisition with its own agreement; returns the requisition.
    pub(crate) async fn request(&self, institution: &str, more: Value) -> Value {
        let mut body = json!({ "institution_id": institution, "redirect": "https://client.example/back" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.post("/requisitions/", &body).await.ok()
    }

    /// Walks a link to its end like a machine: reads the step out of each page, fills what it knows, presses the main button.
    pub(crate) async fn walk(&self, link: &str) -> Answer {
        let path = link.strip_prefix(BASE).unwrap();
        for _ in 0..10 {
            let page = self.page(path).await;
            if page.status == StatusCode::FOUND {
                return page;
            }
            assert_eq!(page.status, StatusCode::OK, "{}", page.text);
            let step = hidden_step(&page.text);
            let mut fields = vec![("step", step.as_str()), ("user_id", "me"), ("code", "123456")];
            let accounts = attributes(&page.text, "name=\"account\" value=\"");
            fields.extend(accounts.iter().map(|key| ("account", key.as_str())));
            let answer = self.form(path, &fields).await;
            if answer.status != StatusCode::SEE_OTHER {
                return answer;
            }
            assert_eq!(answer.header("location"), path);
        }
        panic!("the walk does not end");
    }

    /// A whole consent, with the longest history and access that the bank gives.
    pub(crate) async fn link(&self, institution: &str) -> Linked {
        let row = self.get(&format!("/institutions/{institution}/")).await.ok();
        let agreement = json!({
            "institution_id": institution,
            "max_historical_days": row["transaction_total_days"],
            "access_valid_for_days": row["max_access_valid_for_days"],
        });
        let agreement = self.post("/agreements/enduser/", &agreement).await.ok()["id"].clone();
        let requisition = self.request(institution, json!({ "agreement": agreement })).await;
        let link = requisition["link"].as_str().unwrap().to_owned();
        let end = self.walk(&link).await;
        assert_eq!(end.status, StatusCode::FOUND);
        let requisition = requisition["id"].as_str().unwrap().to_owned();
        let linked = self.get(&format!("/requisitions/{requisition}/")).await.ok();
        assert_eq!(linked["status"], "LN");
        let accounts = linked["accounts"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned());
        let agreement = agreement.as_str().unwrap().to_owned();
        Linked { agreement, requisition, link, accounts: accounts.collect() }
    }
}

pub(crate) fn credentials() -> Value {
    let sandbox = Setup::default().sandbox().unwrap();
    sandbox.index()["providers"][0]["credentials"].clone()
}

/// The value of a page's hidden field.
pub(crate) fn hidden_step(page: &str) -> String {
    attributes(page, "name=\"step\" value=\"").remove(0)
}

fn attributes(page: &str, before: &str) -> Vec<String> {
    page.split(before).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Minor units of a decimal amount with two places or none.
pub(crate) fn minor(amount: &Value) -> i64 {
    let text = amount["amount"].as_str().unwrap();
    let code = amount["currency"].as_str().unwrap();
    let currency = bankside_domain::Currency::iso(code).unwrap();
    bankside_domain::Amount::parse(text, currency).unwrap().minor
}
