//! What the tests share: a sandbox whose real time stands still, and a client with an access.

use std::path::PathBuf;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use bankside_sandbox::{ClockMode, Sandbox, SandboxConfig, SimpleFinEvent, Switches};
use data_encoding::BASE64;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use crate::still::still;

pub(crate) const BASE: &str = "http://127.0.0.1:5007";
pub(crate) const API: &str = "/simplefin";
pub(crate) const CHECKING: &str = "ACT-quillback-checking-0";
pub(crate) const CARD: &str = "ACT-quillback-card-0";

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
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
}

/// A sandbox, and who asks it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    router: Router,
    /// User and password.
    pub(crate) access: (String, String),
}

impl World {
    pub(crate) fn new() -> Self {
        Self::open(None, Switches::default())
    }

    /// A world with one switch turned.
    pub(crate) fn with(switch: &str) -> Self {
        Self::open(None, Switches::default().turned(switch).unwrap())
    }

    pub(crate) fn open(state_file: Option<PathBuf>, switches: Switches) -> Self {
        let config = SandboxConfig {
            public_url: BASE.parse().unwrap(),
            state_file,
            clock: ClockMode::Running,
            daily_limit_everywhere: true,
        };
        let sandbox = Sandbox::open_with(config, still(), switches).unwrap();
        let access: Url = credential(&sandbox, "accessUrl").parse().unwrap();
        let access = (access.username().to_owned(), access.password().unwrap().to_owned());
        Self { router: sandbox.router(), access, sandbox }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let text = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
        Answer { status, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let (user, password) = &self.access;
        let basic = format!("Basic {}", BASE64.encode(format!("{user}:{password}").as_bytes()));
        let request = Request::get(format!("{API}{path}")).header(header::AUTHORIZATION, basic);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Claims a token as the protocol has it.
    pub(crate) async fn claim(&self, setup_token: &str) -> Answer {
        let address = String::from_utf8(BASE64.decode(setup_token.as_bytes()).unwrap()).unwrap();
        let path = address.strip_prefix(BASE).unwrap();
        let request = Request::post(path).header(header::CONTENT_LENGTH, "0");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Everything of version 2 between two days, the second one not included.
    pub(crate) async fn between(&self, from: &str, to: &str, more: &str) -> Value {
        self.get(&format!("/accounts?version=2&start-date={}&end-date={}{more}", seconds(from), seconds(to))).await.ok()
    }

    pub(crate) fn happen(&self, event: SimpleFinEvent) {
        self.sandbox.happen_at_simplefin(event).unwrap();
    }

    /// Turns the clock.
    pub(crate) async fn days_pass(&self, days: i64) {
        let request = Request::post("/_control/clock").header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(json!({ "advance_days": days }).to_string())).unwrap()).await.ok();
    }
}

/// What `/index.json` has of this provider.
pub(crate) fn credential(sandbox: &Sandbox, name: &str) -> String {
    let index = sandbox.index();
    let providers = index["providers"].as_array().unwrap();
    let provider = providers.iter().find(|provider| provider["id"] == "simplefin").unwrap();
    assert_eq!(provider["base_url"], format!("{BASE}{API}"));
    provider["credentials"][name].as_str().unwrap().to_owned()
}

/// The seconds at which a day begins.
pub(crate) fn seconds(day: &str) -> i64 {
    day.parse::<Date>().unwrap().to_zoned(TimeZone::UTC).unwrap().timestamp().as_second()
}

pub(crate) fn account(answer: &Value, id: &str) -> Value {
    let accounts = answer["accounts"].as_array().unwrap();
    accounts.iter().find(|account| account["id"] == id).unwrap_or_else(|| panic!("{id} is not listed")).clone()
}

pub(crate) fn rows(answer: &Value, id: &str) -> Vec<Value> {
    account(answer, id)["transactions"].as_array().unwrap().clone()
}

pub(crate) fn ids(rows: &[Value]) -> Vec<String> {
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// Cents of a decimal text.
pub(crate) fn cents(value: &Value) -> i64 {
    let dollar = bankside_domain::Currency::iso("USD").unwrap();
    bankside_domain::Amount::parse(value.as_str().unwrap(), dollar).unwrap().minor
}

/// The codes of the errors of version 2, with what they are about.
pub(crate) fn errors(answer: &Value) -> Vec<(String, Option<String>)> {
    let about = |error: &Value| error["account_id"].as_str().or(error["conn_id"].as_str()).map(str::to_owned);
    let errors = answer["errlist"].as_array().unwrap();
    errors.iter().map(|error| (error["code"].as_str().unwrap().to_owned(), about(error))).collect()
}
