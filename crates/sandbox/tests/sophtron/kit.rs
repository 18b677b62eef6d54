//! What the tests share: a sandbox on a clock of its own, and a client that signs.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use bankside_domain::{Ambient, Clock, Entropy};
use bankside_sandbox::{ClockMode, Sandbox, SandboxConfig, Switches};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;
use tower::ServiceExt;

pub(crate) const BASE: &str = "http://127.0.0.1:5007";
pub(crate) const API: &str = "/sophtron/api";

/// The banks by their numbers.
pub(crate) const SOPHTRON: u16 = 1;
pub(crate) const NO_MFA: u16 = 2;
pub(crate) const HARBORLIGHT: u16 = 3;
pub(crate) const LARKSPUR: u16 = 4;
pub(crate) const COPPER_FERN: u16 = 5;
pub(crate) const THISTLE: u16 = 6;
pub(crate) const SLOWWATER: u16 = 7;
pub(crate) const MILLRACE: u16 = 8;
pub(crate) const MAPLE_FERRY: u16 = 9;
pub(crate) const GULLWING: u16 = 10;
pub(crate) const THREE_GATES: u16 = 11;

pub(crate) fn bank_id(number: u16) -> String {
    format!("50f70000-0000-4000-8000-{number:012x}")
}

/// Real time and randomness, as far as a test has them.
pub(crate) struct Fake {
    micros: AtomicI64,
    drawn: AtomicU64,
}

impl Fake {
    fn at(text: &str) -> Arc<Self> {
        let start: Timestamp = text.parse().unwrap();
        Arc::new(Self { micros: AtomicI64::new(start.as_microsecond()), drawn: AtomicU64::new(1) })
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

/// A sandbox whose real time stands at a Friday noon.
pub(crate) fn open(state_file: Option<PathBuf>, switches: Switches) -> Sandbox {
    let config = SandboxConfig {
        public_url: BASE.parse().unwrap(),
        state_file,
        clock: ClockMode::Running,
        daily_limit_everywhere: true,
    };
    let real = Fake::at("2026-11-20T17:00:00Z");
    Sandbox::open_with(config, Ambient::new(real.clone(), real), switches).unwrap()
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
    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.text);
        self.body
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}

/// A sandbox and a client with its keys.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    router: Router,
    pub(crate) user_id: String,
    pub(crate) access_key: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(open(None, Switches::default()))
    }

    /// A world with one switch turned.
    pub(crate) fn with(switch: &str) -> Self {
        Self::of(open(None, Switches::default().turned(switch).unwrap()))
    }

    pub(crate) fn of(sandbox: Sandbox) -> Self {
        let index = sandbox.index();
        let providers = index["providers"].as_array().unwrap();
        let provider = providers.iter().find(|provider| provider["id"] == "sophtron").unwrap();
        assert_eq!(provider["base_url"], format!("{BASE}{API}"));
        let field = |name: &str| provider["credentials"][name].as_str().unwrap().to_owned();
        Self { router: sandbox.router(), user_id: field("userId"), access_key: field("accessKey"), sandbox }
    }

    /// The header for what is signed.
    pub(crate) fn sign(&self, method: &str, auth_path: &str) -> String {
        let key = BASE64.decode(self.access_key.as_bytes()).unwrap();
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
        mac.update(format!("{method}\n{auth_path}").as_bytes());
        let signature = BASE64.encode(&mac.finalize().into_bytes());
        format!("FIApiAUTH:{}:{signature}:{auth_path}", self.user_id)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: parts.status, headers: parts.headers, text, body }
    }

    /// A call with a header of the test's own.
    pub(crate) async fn raw(&self, method: &str, path: &str, authorization: Option<&str>, body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{API}{path}"));
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// A signed call: what is behind the last slash, in lower case, with the query.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let start = path.rfind('/').unwrap();
        let authorization = self.sign(method, &path[start..].to_lowercase());
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.raw(method, path, Some(&authorization), &body).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null).await
    }

    /// Makes a login with the best-known call; the ids of login and job.
    pub(crate) async fn add(&self, bank: u16, user_name: &str) -> (String, String) {
        let body = json!({
            "UserID": self.user_id, "InstitutionID": bank_id(bank), "UserName": user_name, "Password": "secret", "PIN": "1",
        });
        let made = self.post("/UserInstitution/CreateUserInstitutionWithRefresh", body).await.ok();
        (text(&made["UserInstitutionID"]), text(&made["JobID"]))
    }

    pub(crate) async fn poll(&self, job: &str) -> Value {
        self.post("/Job/GetJobInformationByID", json!({ "JobID": job })).await.ok()
    }

    /// Asks about a job until it is over, and answers what it asks, as the official sample does; the order in which it
    /// was asked and the job at the end.
    pub(crate) async fn finish(&self, job: &str) -> (Vec<&'static str>, Value) {
        let mut asked = Vec::new();
        for _ in 0..40 {
            let shown = self.poll(job).await;
            if !shown["SuccessFlag"].is_null() {
                return (asked, shown);
            }
            let is_open = |prompt: &str, answer: &str| !shown[prompt].is_null() && shown[answer].is_null();
            let (name, call, mut body) = if is_open("SecurityQuestion", "SecurityAnswer") {
                let count = shown["SecurityQuestion"].as_str().unwrap().matches('?').count();
                let answer = json!(vec!["blue"; count]).to_string();
                ("SecurityQuestion", "UpdateJobSecurityAnswer", json!({ "SecurityAnswer": answer }))
            } else if is_open("TokenMethod", "TokenChoice") {
                let ways: Vec<String> = serde_json::from_str(shown["TokenMethod"].as_str().unwrap()).unwrap();
                ("TokenMethod", "UpdateJobTokenInput", json!({ "TokenChoice": ways[0], "TokenInput": null }))
            } else if shown["TokenSentFlag"] == true && shown["TokenInput"].is_null() {
                ("TokenInput", "UpdateJobTokenInput", json!({ "TokenInput": "123456" }))
            } else if is_open("TokenRead", "VerifyPhoneFlag") {
                ("TokenRead", "UpdateJobTokenInput", json!({ "VerifyPhoneFlag": true }))
            } else if is_open("CaptchaImage", "CaptchaInput") {
                ("CaptchaImage", "UpdateJobCaptchaInput", json!({ "CaptchaInput": "HKLTX" }))
            } else {
                continue;
            };
            body["JobID"] = job.into();
            assert_eq!(self.post(&format!("/Job/{call}"), body).await.ok(), 0);
            asked.push(name);
        }
        panic!("the job does not end");
    }

    /// A login whose first job went well.
    pub(crate) async fn linked(&self, bank: u16) -> String {
        let (login, job) = self.add(bank, "me").await;
        assert_eq!(self.finish(&job).await.1["SuccessFlag"], true);
        login
    }

    pub(crate) async fn accounts(&self, login: &str) -> Vec<Value> {
        let body = json!({ "UserInstitutionID": login });
        let accounts = self.post("/UserInstitution/GetUserInstitutionAccounts", body).await.ok();
        accounts.as_array().unwrap().clone()
    }

    pub(crate) async fn rows(&self, account: &Value, first: &str, last: &str) -> Vec<Value> {
        let body = json!({ "AccountID": account["AccountID"], "StartDate": first, "EndDate": last });
        let rows = self.post("/Transaction/GetTransactionsByTransactionDate", body).await.ok();
        rows.as_array().unwrap().clone()
    }

    /// The logins, oldest first: those that are there from the start come first.
    pub(crate) async fn logins(&self) -> Vec<Value> {
        let body = json!({ "UserID": self.user_id });
        let logins = self.post("/UserInstitution/GetUserInstitutionsByUser", body).await.ok();
        logins.as_array().unwrap().clone()
    }

    /// Refreshes all accounts of a login, and answers what is asked.
    pub(crate) async fn refresh(&self, login: &str) -> (Vec<&'static str>, Value) {
        let body = json!({ "UserInstitutionID": login });
        let started = self.post("/UserInstitution/RefreshUserInstitution", body).await.ok();
        self.finish(&text(&started["JobID"])).await
    }

    /// Turns the clock.
    pub(crate) async fn days_pass(&self, days: i64) {
        self.control("clock", json!({ "advance_days": days })).await.ok();
    }

    pub(crate) async fn control(&self, path: &str, body: Value) -> Answer {
        let request = Request::post(format!("/_control/{path}")).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap()).await
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Cents of a number or a text.
pub(crate) fn cents(value: &Value) -> i64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let dollar = bankside_domain::Currency::iso("USD").unwrap();
    bankside_domain::Amount::parse(&text, dollar).unwrap().minor
}
