//! What the tests share: a sandbox whose real time stands still, a client with a user, and somebody at the hosted form.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use bankside_sandbox::{Answers, ClockMode, FinApiEvent, Sandbox, SandboxConfig, Switches};
use serde_json::{Value, json};
use tower::ServiceExt;
use url::form_urlencoded;

use crate::still::still;

pub(crate) const BASE: &str = "http://127.0.0.1:5007";
pub(crate) const ACCESS: &str = "/finapi/api/v2";
pub(crate) const FORM: &str = "/finapi-webform/api";
pub(crate) const BACK: &str = "https://money.example/connect/callback?state=x7";

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.text);
        self.body
    }

    /// Asserts a refusal, and the code that it has in whichever of the shapes.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, code: &str) {
        let told = [
            &self.body["errors"][0]["code"],
            &self.body["code"],
            &self.body["error"],
            &self.body["errors"][0]["field"],
        ];
        let told = told.into_iter().find_map(Value::as_str).unwrap_or_default();
        assert_eq!((self.status, told), (status, code), "{}", self.text);
    }
}

/// A sandbox, and who asks it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    router: Router,
    pub(crate) client: String,
    pub(crate) user: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::open(Switches::default()).await
    }

    pub(crate) async fn with(switch: &str) -> Self {
        Self::open(Switches::default().turned(switch).unwrap()).await
    }

    async fn open(switches: Switches) -> Self {
        let config = SandboxConfig {
            public_url: BASE.parse().unwrap(),
            state_file: None,
            clock: ClockMode::Running,
            daily_limit_everywhere: true,
        };
        let sandbox = Sandbox::open_with(config, still(), switches).unwrap();
        let mut world = Self { router: sandbox.router(), sandbox, client: String::new(), user: String::new() };
        let token = world.token(&[("grant_type", "client_credentials")]).await.ok();
        token["access_token"].as_str().unwrap().clone_into(&mut world.client);
        let made = json!({ "id": "household-1", "password": "long enough" });
        world.call(&world.client, Method::POST, &format!("{ACCESS}/users"), Some(&made)).await.ok();
        world.sign_in().await;
        world
    }

    /// Asks for a token with the right client.
    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Answer {
        let index = self.sandbox.index();
        let keys =
            index["providers"].as_array().unwrap().iter().find(|one| one["id"] == "finapi").unwrap()["credentials"]
                .clone();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("client_id", keys["clientId"].as_str().unwrap());
        form.append_pair("client_secret", keys["clientSecret"].as_str().unwrap());
        form.extend_pairs(fields);
        self.post_form(&format!("{ACCESS}/oauth/token"), &form.finish()).await
    }

    pub(crate) async fn sign_in(&mut self) {
        let fields = [("grant_type", "password"), ("username", "household-1"), ("password", "long enough")];
        self.token(&fields).await.ok()["access_token"].as_str().unwrap().clone_into(&mut self.user);
    }

    pub(crate) async fn post_form(&self, path: &str, body: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let text = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: parts.status.as_u16(), text, body }
    }

    pub(crate) async fn call(&self, token: &str, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.header("content-type", "application/json").body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(&self.user, Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(&self.user, Method::POST, path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(&self.user, Method::DELETE, path, None).await
    }

    /// A page, as a browser asks for it.
    pub(crate) async fn page(&self, url: &str) -> Answer {
        self.send(Request::get(url.strip_prefix(BASE).unwrap_or(url)).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn pass(&mut self, seconds: i64) {
        let command = json!({ "advance_seconds": seconds }).to_string();
        self.send(Request::post("/_control/clock").body(Body::from(command)).unwrap()).await.ok();
        self.sign_in().await;
    }

    pub(crate) async fn days_pass(&mut self, days: i64) {
        self.pass(days * 86_400).await;
    }

    #[track_caller]
    pub(crate) fn happen(&self, event: Value) {
        let event: FinApiEvent = serde_json::from_value(event).unwrap();
        self.sandbox.happen_at_finapi(event).unwrap();
    }

    /// A new form.
    pub(crate) async fn form(&self, body: &Value) -> Value {
        self.post(&format!("{FORM}/webForms/bankConnectionImport"), body).await.ok()
    }

    /// Walks a form to its end as the sandbox's visitor does.
    pub(crate) async fn walk(&self, url: &str, answers: &Answers) {
        let link =
            format!("{url}?redirectUrl={}", form_urlencoded::byte_serialize(BACK.as_bytes()).collect::<String>());
        assert_eq!(self.sandbox.visit(&link.parse().unwrap(), answers).await.unwrap().as_str(), BACK);
    }

    pub(crate) async fn look(&self, form: &Value) -> Value {
        self.get(&format!("{FORM}/webForms/{}", form["id"].as_str().unwrap())).await.ok()
    }

    /// Connects a bank by its name; answers with the connection's number.
    pub(crate) async fn connect(&self, search: &str) -> u64 {
        let form = self.form(&json!({ "bankConnectionName": "Household" })).await;
        let answers = Answers { search: search.to_owned(), ..Answers::default() };
        self.walk(form["url"].as_str().unwrap(), &answers).await;
        let form = self.look(&form).await;
        assert_eq!(form["status"], "COMPLETED", "{form}");
        form["payload"]["bankConnectionId"].as_u64().unwrap()
    }

    /// Reads a bank anew in the background, to the end of the task.
    pub(crate) async fn update(&self, body: Value) -> Value {
        let task = self.post(&format!("{FORM}/tasks/backgroundUpdate"), &body).await.ok();
        let path = format!("{FORM}/tasks/{}", task["id"].as_str().unwrap());
        self.get(&path).await.ok();
        self.get(&path).await.ok()
    }

    pub(crate) async fn accounts(&self, connection: u64) -> Vec<Value> {
        let answer = self.get(&format!("{ACCESS}/accounts?bankConnectionIds={connection}")).await.ok();
        answer["accounts"].as_array().unwrap().clone()
    }

    /// Every row of an account, page by page.
    pub(crate) async fn rows(&self, account: &Value, more: &str) -> Vec<Value> {
        let id = account["id"].as_u64().unwrap();
        let mut rows = Vec::new();
        for page in 1.. {
            let path = format!(
                "{ACCESS}/transactions?view=bankView&accountIds={id}&order=bankBookingDate,asc&perPage=500&page={page}{more}"
            );
            let answer = self.get(&path).await.ok();
            rows.extend(answer["transactions"].as_array().unwrap().iter().cloned());
            if answer["paging"]["pageCount"].as_u64().unwrap() <= page {
                break;
            }
        }
        rows
    }
}

/// Cents of a JSON number, read from its digits.
pub(crate) fn cents(number: &Value) -> i64 {
    let text = number.to_string();
    let (units, rest) = text.split_once('.').unwrap_or((&text, ""));
    assert!(rest.len() <= 2, "{text}");
    format!("{units}{rest:0<2}").parse().unwrap()
}
