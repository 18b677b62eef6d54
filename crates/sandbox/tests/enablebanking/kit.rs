//! What the tests share: a sandbox whose real time stands still, and a client that signs its own tokens.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use bankside_sandbox::{Answers, ClockMode, EnableBankingEvent, Sandbox, SandboxConfig, Switches};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use jiff::SignedDuration;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};
use tower::ServiceExt;
use url::Url;

use crate::still::still;

pub(crate) const BASE: &str = "http://127.0.0.1:5007";
pub(crate) const API: &str = "/enablebanking";
pub(crate) const BACK: &str = "http://127.0.0.1:9999/back?from=bank";

/// A bank, by country and name.
pub(crate) type Bank = (&'static str, &'static str);
pub(crate) const NORDHAFEN: Bank = ("DE", "Nordhafen Bank");
pub(crate) const KANALBANK: Bank = ("NL", "Kanalbank");
pub(crate) const LOCKSIDE: Bank = ("GB", "Lockside Bank");
pub(crate) const DUNAHID: Bank = ("HU", "Dunahíd Bank");

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

    /// Asserts an error: its status and its word, which the body has both.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, word: &str) {
        assert_eq!((self.status.as_u16(), self.body["error"].as_str()), (status, Some(word)), "{}", self.text);
        assert_eq!(self.body["code"], status);
    }
}

/// A sandbox, and who asks it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    router: Router,
    key: RsaKeyPair,
    pub(crate) application: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::open(Switches::default())
    }

    /// A world with one switch turned.
    pub(crate) fn with(switch: &str) -> Self {
        Self::open(Switches::default().turned(switch).unwrap())
    }

    fn open(switches: Switches) -> Self {
        let config = SandboxConfig {
            public_url: BASE.parse().unwrap(),
            state_file: None,
            clock: ClockMode::Running,
            daily_limit_everywhere: true,
        };
        let sandbox = Sandbox::open_with(config, still(), switches).unwrap();
        let pem = credential(&sandbox, "private_key");
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let key = RsaKeyPair::from_pkcs8(&BASE64.decode(body.as_bytes()).unwrap()).unwrap();
        Self { router: sandbox.router(), application: credential(&sandbox, "application_id"), sandbox, key }
    }

    /// A token with these parts, rightly signed.
    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let text = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
        format!("{text}.{}", BASE64URL_NOPAD.encode(&signature))
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "typ": "JWT", "alg": "RS256", "kid": self.application })
    }

    pub(crate) fn claims(&self) -> Value {
        let now = self.sandbox.now().as_second();
        json!({ "iss": "enablebanking.com", "aud": "api.enablebanking.com", "iat": now, "exp": now + 3600 })
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let text = String::from_utf8(to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap();
        Answer { status, body: serde_json::from_str(&text).unwrap_or_default(), text }
    }

    /// A call with a token of its own, and headers.
    pub(crate) async fn call_with(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let token = self.signed(&self.header(), &self.claims());
        let mut request = Request::builder().method(method).uri(format!("{API}{path}"));
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call_with(Method::GET, path, None, &[]).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call_with(Method::POST, path, Some(body), &[]).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call_with(Method::DELETE, path, None, &[]).await
    }

    /// What to ask of a bank, for so many days.
    pub(crate) fn asking(&self, bank: Bank, days: i64) -> Value {
        let until = self.sandbox.now() + SignedDuration::from_hours(24 * days);
        json!({
            "access": { "valid_until": until.to_string() }, "aspsp": { "country": bank.0, "name": bank.1 },
            "state": "st-1", "redirect_url": BACK, "psu_type": "personal",
        })
    }

    /// Walks the pages; answers with what the way back says.
    pub(crate) async fn walk(&self, begun: &Value, answers: &Answers) -> Vec<(String, String)> {
        let link: Url = begun["url"].as_str().unwrap().parse().unwrap();
        let back = self.sandbox.visit(&link, answers).await.unwrap();
        assert!(back.as_str().starts_with(BACK), "{back}");
        back.query_pairs().into_owned().collect()
    }

    /// A code that was given for a bank.
    pub(crate) async fn code(&self, bank: Bank) -> String {
        let begun = self.post("/auth", &self.asking(bank, 90)).await.ok();
        let back = self.walk(&begun, &Answers::default()).await;
        value(&back, "code").unwrap()
    }

    /// A whole consent; answers with what the code was exchanged for.
    pub(crate) async fn session(&self, bank: Bank) -> Value {
        let code = self.code(bank).await;
        self.post("/sessions", &json!({ "code": code })).await.ok()
    }

    /// All pages of the rows of an account, each with its rows.
    pub(crate) async fn pages(&self, uid: &str, query: &str) -> Vec<Vec<Value>> {
        let mut pages = Vec::new();
        let mut key = String::new();
        loop {
            let answer = self.get(&format!("/accounts/{uid}/transactions?{query}{key}")).await.ok();
            pages.push(answer["transactions"].as_array().unwrap().clone());
            match answer["continuation_key"].as_str() {
                Some(next) => key = format!("&continuation_key={next}"),
                None => return pages,
            }
        }
    }

    pub(crate) fn happen(&self, event: EnableBankingEvent) {
        self.sandbox.happen_at_enablebanking(event).unwrap();
    }

    /// Turns the clock.
    pub(crate) async fn pass(&self, length: Value) {
        let request = Request::post("/_control/clock").header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(length.to_string())).unwrap()).await.ok();
    }
}

/// What `/index.json` has of this provider.
fn credential(sandbox: &Sandbox, name: &str) -> String {
    let index = sandbox.index();
    let providers = index["providers"].as_array().unwrap();
    let provider = providers.iter().find(|provider| provider["id"] == "enablebanking").unwrap();
    assert_eq!(provider["base_url"], format!("{BASE}{API}/"));
    provider["credentials"][name].as_str().unwrap().to_owned()
}

pub(crate) fn value(back: &[(String, String)], name: &str) -> Option<String> {
    back.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

/// The uid of an account of a session, by its place.
pub(crate) fn uid(session: &Value, place: usize) -> String {
    session["accounts"][place]["uid"].as_str().unwrap().to_owned()
}
