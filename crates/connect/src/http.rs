//! The one HTTP policy: time-outs, body limits, pacing, retries and what is logged.
//!
//! Only what cannot have had an effect is tried again here: a `GET` for which not even a connection came about. An answer,
//! whatever it says, is the connector's to judge, because banks count failures and lock accounts for them; and a call whose
//! answer was lost may have been counted.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use backon::{ExponentialBuilder, Retryable, Sleeper};
use bankside_domain::fault::FaultClass;
use bankside_domain::{Ambient, Secret};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method};
use url::{Url, form_urlencoded};

use crate::fault::Fault;
use crate::guard;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const CALL_TIMEOUT: Duration = Duration::from_secs(90);
const RETRIES: usize = 2;
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
const MAX_IMAGE_BYTES: usize = 256 * 1024;
const USER_AGENT: &str = concat!("bankside/", env!("CARGO_PKG_VERSION"));

/// No answer came, and the call cannot have had an effect.
pub const UNREACHABLE: &str = "network.unreachable";

/// The address leads to a place that nobody may send us to.
pub const REFUSED: &str = "network.refused";

/// Lets time pass. The program waits; a test turns its clock instead.
#[async_trait]
pub trait Pauses: Send + Sync {
    /// Returns when so much time has passed.
    async fn pause(&self, length: Duration);
}

struct RealPauses;

#[async_trait]
impl Pauses for RealPauses {
    async fn pause(&self, length: Duration) {
        tokio::time::sleep(length).await;
    }
}

/// The pauses between one try and the next.
struct Between(Arc<dyn Pauses>);

impl Sleeper for Between {
    type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

    fn sleep(&self, length: Duration) -> Self::Sleep {
        let pauses = Arc::clone(&self.0);
        Box::pin(async move { pauses.pause(length).await })
    }
}

/// How fast calls of one kind may follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// What is counted together, such as a provider and a digest of its keys.
    pub key: String,
    /// Calls per minute.
    pub per_minute: NonZeroU32,
}

/// What proves that we may call; never logged.
#[derive(Debug, Clone)]
pub enum Proof {
    /// A bearer token.
    Bearer(Secret),
    /// A header of the provider's own, such as `x-api-key`.
    Header(&'static str, Secret),
}

impl Proof {
    /// The header that carries it.
    fn header(&self) -> Result<(HeaderName, HeaderValue), Fault> {
        let (name, text) = match self {
            Self::Bearer(token) => (AUTHORIZATION, format!("Bearer {}", token.expose())),
            Self::Header(name, value) => (HeaderName::from_static(name), value.expose().to_owned()),
        };
        let text = Secret::new(text);
        let value = HeaderValue::from_str(text.expose());
        let mut value = value.map_err(|error| bug("network.header", "A token cannot be sent.").with_source(error))?;
        value.set_sensitive(true);
        Ok((name, value))
    }
}

/// Whose address a call goes to.
#[derive(Debug, Clone, Default)]
pub enum Address {
    /// The configured one of the provider.
    #[default]
    Configured,
    /// One that a person or a provider has supplied: it must be public and `https`, unless it is where the configured one is.
    Supplied {
        /// The configured address.
        home: Url,
    },
}

/// The body of a call; never logged.
#[derive(Debug, Clone)]
pub enum Body {
    /// JSON.
    Json(Secret),
    /// The fields of a form, each with its value, escaped as addresses are.
    Form(Secret),
}

impl Body {
    /// Fields as a form has them.
    pub fn form(fields: &[(&str, &str)]) -> Self {
        Self::Form(Secret::new(form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()))
    }

    fn content(&self) -> (&'static str, &Secret) {
        match self {
            Self::Json(text) => ("application/json", text),
            Self::Form(text) => ("application/x-www-form-urlencoded", text),
        }
    }
}

/// A call to make.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// What it is, for the log: a path without ids.
    pub label: &'static str,
    /// What proves that we may call.
    pub proof: Option<Proof>,
    /// What is sent.
    pub body: Option<Body>,
    /// How fast.
    pub pace: Option<Pace>,
    /// Whose address it is.
    pub address: Address,
    /// How long to wait for the whole answer, where that is longer than usual.
    pub patience: Option<Duration>,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the status is one of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Makes calls. Cheap to clone.
#[derive(Clone)]
pub struct Http {
    providers: Client,
    strangers: Client,
    paces: Arc<Mutex<HashMap<String, Timestamp>>>,
    turns: Arc<Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>>,
    pauses: Arc<dyn Pauses>,
    ambient: Ambient,
}

impl Http {
    /// Builds the clients. The process must have chosen its TLS provider before.
    pub fn new(ambient: Ambient) -> Result<Self, Fault> {
        Self::with_pauses(ambient, Arc::new(RealPauses))
    }

    /// The same with another way of letting time pass.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that builds clients")]
    pub fn with_pauses(ambient: Ambient, pauses: Arc<dyn Pauses>) -> Result<Self, Fault> {
        let base = || {
            Client::builder()
                .user_agent(USER_AGENT)
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(CALL_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
        };
        let failed = |error| {
            Fault::new(FaultClass::NeedsOperator, "network.client", "The HTTP client could not be set up.")
                .with_source(error)
        };
        Ok(Self {
            providers: base().build().map_err(failed)?,
            // A proxy would resolve names for us and so walk round the guard.
            strangers: base().https_only(true).no_proxy().dns_resolver(guard::PublicOnly).build().map_err(failed)?,
            paces: Arc::default(),
            turns: Arc::default(),
            pauses,
            ambient,
        })
    }

    /// Calls a provider at its configured address.
    pub async fn call(&self, call: &Call) -> Result<Answer, Fault> {
        if let Some(pace) = &call.pace {
            let wait = self.wait_for(pace);
            if !wait.is_zero() {
                self.pause(wait).await;
            }
        }
        let started_at = self.ambient.now();
        let attempt = || self.once(call);
        let answer = if call.method == Method::GET {
            let policy = ExponentialBuilder::default().with_max_times(RETRIES).with_jitter();
            let between = Between(Arc::clone(&self.pauses));
            attempt.retry(policy).sleep(between).when(|fault: &Fault| fault.code() == UNREACHABLE).await
        } else {
            attempt().await
        };
        let took_ms = self.ambient.now().duration_since(started_at).as_millis();
        match &answer {
            Ok(answer) => {
                tracing::debug!(call = call.label, method = %call.method, status = answer.status, took_ms, "provider answered");
            }
            Err(fault) => {
                tracing::warn!(call = call.label, method = %call.method, code = fault.code(), took_ms, "call failed")
            }
        }
        answer
    }

    /// Lets time pass.
    pub async fn pause(&self, length: Duration) {
        self.pauses.pause(length).await;
    }

    /// Waits for one's turn at something that may go on only once at a time, such as buying a token with one set of keys. The
    /// turn is over when the answer is dropped.
    pub async fn turn(&self, name: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(name.to_owned()).or_default())
        };
        turn.lock_owned().await
    }

    async fn once(&self, call: &Call) -> Result<Answer, Fault> {
        let client = match &call.address {
            Address::Configured => &self.providers,
            Address::Supplied { home } => self.client_for(&call.url, home)?,
        };
        let mut request = client.request(call.method.clone(), call.url.clone()).header(ACCEPT, "application/json");
        if let Some(patience) = call.patience {
            request = request.timeout(patience);
        }
        if let Some(proof) = &call.proof {
            let (name, value) = proof.header()?;
            request = request.header(name, value);
        }
        if let Some((kind, body)) = call.body.as_ref().map(Body::content) {
            request = request.header(CONTENT_TYPE, kind).body(body.expose().to_owned());
        } else if call.method == Method::POST {
            // Some servers wait for a body otherwise, or refuse.
            request = request.header(CONTENT_LENGTH, 0);
        }
        let response = request.send().await.map_err(|error| unreached(&error))?;
        read(response, MAX_BODY_BYTES).await
    }

    /// Fetches a small picture from an address that a provider supplied. `home` is the provider's configured address.
    pub async fn picture(&self, url: &Url, home: &Url) -> Result<Answer, Fault> {
        let client = self.client_for(url, home)?;
        let response = client.get(url.clone()).send().await.map_err(|error| unreached(&error))?;
        read(response, MAX_IMAGE_BYTES).await
    }

    /// The client for an address that somebody has supplied. What lies at the provider's configured address is trusted as the
    /// provider itself is; everything else must be public and `https`.
    fn client_for(&self, url: &Url, home: &Url) -> Result<&Client, Fault> {
        if url.origin() == home.origin() {
            return Ok(&self.providers);
        }
        guard::check(url)
            .map_err(|refused| Fault::new(FaultClass::Unsupported, REFUSED, format!("Not fetched: {refused}.")))?;
        Ok(&self.strangers)
    }

    /// How long a call waits for its place. So many calls as there are in a minute may come at once; after that they come one
    /// by one, as the minute allows.
    fn wait_for(&self, pace: &Pace) -> Duration {
        let minute = SignedDuration::from_mins(1);
        let between = SignedDuration::from_micros(60_000_000 / i64::from(pace.per_minute.get()));
        let now = self.ambient.now();
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        // When a place would be free if calls came evenly.
        let place = paces.entry(pace.key.clone()).or_insert(now);
        let free_at = now.max(*place);
        *place = free_at + between;
        Duration::try_from(free_at.duration_since(now) - (minute - between)).unwrap_or_default()
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Http")
    }
}

async fn read(mut response: reqwest::Response, limit: usize) -> Result<Answer, Fault> {
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreached(&error))? {
        // What is counted is what comes out, so that a small answer cannot unpack to a large one.
        if body.len() + chunk.len() > limit {
            return Err(bug("network.too_large", "The answer is larger than we take.").with_status(status));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, headers, body })
}

fn bug(code: &str, message: &str) -> Fault {
    Fault::new(FaultClass::Bug, code, message)
}

/// No answer, or only part of one. The error is kept without its address, which may hold secrets.
fn unreached(error: &reqwest::Error) -> Fault {
    let (code, message) = if error.is_connect() {
        (UNREACHABLE, "The provider could not be reached.")
    } else if error.is_timeout() {
        ("network.timeout", "The provider did not answer in time.")
    } else {
        ("network.broken_off", "The connection to the provider broke off before its answer was complete.")
    };
    let mut causes = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    Fault::new(FaultClass::RetryLater, code, message).with_source(causes.join(": "))
}

#[cfg(test)]
mod tests {
    use bankside_domain::{Clock, Entropy};

    use super::*;

    struct Still;

    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }
    }

    impl Entropy for Still {
        fn fill(&self, _: &mut [u8]) {}
    }

    #[test]
    fn calls_beyond_a_minutes_worth_wait_for_their_places() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = Http::new(Ambient::new(Arc::new(Still), Arc::new(Still))).unwrap();
        let pace = |key: &str| Pace { key: key.to_owned(), per_minute: NonZeroU32::new(60).unwrap() };
        for call in 0..60 {
            assert_eq!(http.wait_for(&pace("a")), Duration::ZERO, "{call}");
        }
        assert_eq!(http.wait_for(&pace("a")), Duration::from_secs(1));
        assert_eq!(http.wait_for(&pace("a")), Duration::from_secs(2));
        assert_eq!(http.wait_for(&pace("b")), Duration::ZERO, "another pace");
    }
}
