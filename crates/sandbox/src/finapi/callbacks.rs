//! Callbacks (fact sheet §5, §6): what is posted when a form or a task comes to its end, and when a task wants its person.
//!
//! Nobody signs them, the answer is ignored, and none is sent again. Nothing leaves this machine: addresses elsewhere are kept and not
//! called. As the sandbox has no certificates, one on this machine may be `http`, which the provider refuses.

use std::io;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::{Host, Url};

use super::problem::Problem;
use super::records::Records;
use crate::{Sandbox, SandboxError};

/// Nobody is waited for longer.
const PATIENCE: Duration = Duration::from_secs(5);

const LONGEST_ADDRESS: usize = 2048;

/// How callbacks come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// As they should.
    #[default]
    Once,
    /// They get lost.
    Never,
    /// Each comes twice.
    Twice,
    /// They say that all is completed as soon as something has begun, and nothing when it is.
    Lying,
}

/// The addresses that a client wants to be called at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Addresses {
    finalised: Option<Url>,
    web_form_required: Option<Url>,
}

/// Where an address is of this very machine.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether the provider would take an address: the pattern of its document wants `https`, a dot in it, and no character but these.
fn is_taken(text: &str) -> bool {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "-@:%._+~#=()?&/".contains(c);
    let rest = text.strip_prefix("https://").filter(|rest| text.len() <= LONGEST_ADDRESS && rest.chars().all(is_known));
    let has_dot =
        |(before, after): (&str, &str)| !before.is_empty() && after.starts_with(|c: char| c.is_ascii_alphanumeric());
    rest.and_then(|rest| rest.split('/').next()).and_then(|host| host.split_once('.')).is_some_and(has_dot)
}

impl Addresses {
    /// Those that a call names: what the provider would take, and what is on this machine.
    pub(super) fn read(fields: &Map<String, Value>) -> Result<Self, Problem> {
        let read = |name: &str| {
            let text = fields.get("callbacks").and_then(|named| named.get(name)).and_then(Value::as_str);
            let Some(text) = text else { return Ok(None) };
            let url = Url::parse(text).ok();
            let url = url.filter(|url| is_taken(text) || (url.scheme() == "http" && is_near(url)));
            url.map(Some).ok_or_else(|| Problem::field(format!("callbacks.{name}"), "Only HTTPS URLs are allowed"))
        };
        Ok(Self { finalised: read("finalised")?, web_form_required: read("webFormRequired")? })
    }
}

/// What is to be told of a form or of a task, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Telling {
    addresses: Addresses,
    /// Whether it was told that the person is wanted.
    has_called: bool,
    /// Whether it was told that it is over.
    is_over: bool,
}

/// Where something stands that may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    GoesOn,
    WantsPerson,
    Over,
}

impl Telling {
    pub(super) fn new(addresses: Addresses) -> Self {
        Self { addresses, ..Self::default() }
    }

    fn has_news(&self) -> bool {
        !self.is_over && (self.addresses.finalised.is_some() || self.addresses.web_form_required.is_some())
    }

    /// Where to post something, and how often, now that it stands like this. What was told is not told again.
    fn due(&mut self, standing: Standing, delivery: Delivery) -> (Option<Url>, usize) {
        let times = match delivery {
            Delivery::Never => 0,
            Delivery::Once | Delivery::Lying => 1,
            Delivery::Twice => 2,
        };
        let is_over = delivery == Delivery::Lying || standing == Standing::Over;
        if is_over && !self.is_over {
            self.is_over = true;
            return (self.addresses.finalised.clone(), times);
        }
        if standing == Standing::WantsPerson && !self.has_called && !self.is_over {
            self.has_called = true;
            return (self.addresses.web_form_required.clone(), times);
        }
        (None, 0)
    }
}

/// One callback.
#[derive(Debug)]
struct Post {
    url: Url,
    body: Value,
}

impl Post {
    /// Sends it, and waits for an answer that nobody reads.
    async fn send(self) -> io::Result<()> {
        let body = self.body.to_string();
        let host = match self.url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Ok(()),
        };
        let mut stream = TcpStream::connect((host, self.url.port_or_known_default().unwrap_or(80))).await?;
        let path = &self.url[url::Position::BeforePath..url::Position::AfterQuery];
        let at = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {at}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body.as_bytes()).await?;
        let mut answer = [0; 256];
        while stream.read(&mut answer).await? > 0 {}
        Ok(())
    }
}

impl Records {
    /// What is to be posted by now.
    fn callbacks_due(&mut self, sandbox: &Sandbox, now: Timestamp) -> Vec<Post> {
        self.settle(now);
        let delivery = self.delivery;
        let mut posts = Vec::new();
        let mut post = |(url, times): (Option<Url>, usize), body: Value| {
            let near = url.filter(|url| url.scheme() == "http" && is_near(url));
            posts.extend(near.into_iter().flat_map(|url| {
                std::iter::repeat_with(move || url.clone()).take(times).map(|url| Post { url, body: body.clone() })
            }));
        };
        let says = |status: Value| if delivery == Delivery::Lying { json!("COMPLETED") } else { status };
        for (id, form) in &mut self.forms {
            let standing = if form.status.is_final() { Standing::Over } else { Standing::GoesOn };
            let due = form.telling.due(standing, delivery);
            post(due, json!({ "webFormId": id, "status": says(json!(form.status)) }));
        }
        for (id, task) in &mut self.tasks {
            let due = task.telling.due(task.standing(), delivery);
            post(due, task.told(sandbox, *id, &self.forms, says));
        }
        posts
    }

    fn may_tell(&self) -> bool {
        let forms = self.forms.values().map(|form| &form.telling);
        forms.chain(self.tasks.values().map(|task| &task.telling)).any(Telling::has_news)
    }
}

/// Stands around every call and every page: what has come to its end by one of them is told once it was answered.
pub(super) async fn tell(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if sandbox.read(|state, _| state.finapi.may_tell()) {
        let due = sandbox.change(|state, now| Ok::<_, SandboxError>(state.finapi.callbacks_due(&sandbox, now)));
        for post in due.unwrap_or_default() {
            // Whether it arrives is nobody's business here.
            tokio::spawn(
                async move { tokio::time::timeout(PATIENCE, post.send()).await.is_ok_and(|sent| sent.is_ok()) },
            );
        }
    }
    response
}
