//! The peer: a scripted server on loopback, and everything that a connector works with. For tests.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bankside_domain::quota::{QuotaRule, QuotaStatement};
use bankside_domain::{Ambient, Clock, Currency, CurrencyCode, Entropy, Secret};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use crate::connector::{Cx, Keepsakes, QuotaLedger, TokenStore};
use crate::fault::Fault;
use crate::http::{Http, Pauses};

/// A call as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Method, path and query.
    pub(crate) line: String,
    pub(crate) body: String,
    /// What `x-api-key` said.
    pub(crate) key: String,
    /// What `authorization` said.
    pub(crate) authorization: String,
    /// What `content-length` said.
    pub(crate) length: Option<String>,
    /// How often this very line was asked before.
    pub(crate) before: usize,
}

/// A clock that pauses turn, and randomness that is none.
struct Turned(AtomicI64);

impl Clock for Turned {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

impl Entropy for Turned {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

#[async_trait]
impl Pauses for Turned {
    async fn pause(&self, length: Duration) {
        self.0.fetch_add(i64::try_from(length.as_secs()).unwrap(), Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Kept(Mutex<Option<Secret>>);

#[async_trait]
impl TokenStore for Kept {
    async fn load(&self) -> Option<Secret> {
        self.0.lock().unwrap().clone()
    }

    async fn save(&self, token: &Secret, _: Timestamp) {
        *self.0.lock().unwrap() = Some(token.clone());
    }

    async fn forget(&self) {
        *self.0.lock().unwrap() = None;
    }
}

/// Keepsakes in memory.
#[derive(Default)]
pub(crate) struct Remembered(Mutex<BTreeMap<String, Secret>>);

#[async_trait]
impl Keepsakes for Remembered {
    async fn keep_once(&self, name: &str, new: &Secret) -> Result<Secret, Fault> {
        Ok(self.0.lock().unwrap().entry(name.to_owned()).or_insert_with(|| new.clone()).clone())
    }
}

/// A ledger that lets every call through.
struct Open;

#[async_trait]
impl QuotaLedger for Open {
    async fn debit(&self, _: &str, _: &QuotaRule) -> Result<(), Fault> {
        Ok(())
    }

    async fn refund(&self, _: &str, _: &QuotaRule) {}

    async fn correct(&self, _: &str, _: &QuotaRule, _: QuotaStatement) {}
}

/// A server with everything around it.
pub(crate) struct Peer {
    pub(crate) base_url: Url,
    asked: Arc<Mutex<Vec<Asked>>>,
    http: Http,
    ambient: Ambient,
    clock: Arc<Turned>,
    tokens: Kept,
    keepsakes: Remembered,
    ledger: Open,
    currencies: HashMap<CurrencyCode, Currency>,
    pub(crate) keys: BTreeMap<String, Secret>,
}

impl Peer {
    /// Opens one that answers so; `POST /auth` it answers by itself where the function has nothing to say (status 0).
    pub(crate) async fn with_keys<const N: usize>(
        keys: [(&str, &str); N],
        answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, Arc::clone(&asked), answers));
        let start: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let clock = Arc::new(Turned(AtomicI64::new(start.as_second())));
        let ambient = Ambient::new(clock.clone(), clock.clone());
        let known = ["BRL", "USD"].map(|code| Currency::iso(code).unwrap());
        Self {
            base_url,
            asked,
            http: Http::with_pauses(ambient.clone(), clock.clone()).unwrap(),
            ambient,
            clock,
            tokens: Kept::default(),
            keepsakes: Remembered::default(),
            ledger: Open,
            currencies: known.into_iter().map(|currency| (currency.code, currency)).collect(),
            keys: keys.into_iter().map(|(name, key)| (name.to_owned(), Secret::new(key))).collect(),
        }
    }

    pub(crate) fn cx(&self) -> Cx<'_> {
        Cx {
            http: &self.http,
            ambient: &self.ambient,
            base_url: &self.base_url,
            keys: &self.keys,
            tokens: &self.tokens,
            keepsakes: &self.keepsakes,
            quota: &self.ledger,
            visitor: None,
            currencies: &self.currencies,
        }
    }

    /// Everything that was asked so far, without the keys' exchange.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.line != "POST /auth").cloned().collect()
    }

    /// How often keys were exchanged.
    pub(crate) fn keys_bought(&self) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.line == "POST /auth").count()
    }

    pub(crate) fn later(&self, length: SignedDuration) {
        self.clock.0.fetch_add(length.as_secs(), Ordering::Relaxed);
    }
}

async fn serve(
    listener: TcpListener,
    all: Arc<Mutex<Vec<Asked>>>,
    answers: impl Fn(&Asked) -> (u16, String) + Send + Sync + 'static,
) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let Some(mut asked) = read(&mut stream).await else { continue };
        let (status, body) = {
            let mut all = all.lock().unwrap();
            asked.before = all.iter().filter(|other| other.line == asked.line).count();
            all.push(asked.clone());
            match answers(&asked) {
                (0, _) if asked.line == "POST /auth" => (200, format!(r#"{{"apiKey":"key {}"}}"#, asked.before)),
                (0, _) => (404, r#"{"code":404,"message":"Not found"}"#.to_owned()),
                answer => answer,
            }
        };
        let length = body.len();
        let head = format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
        let _ = stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).await;
        let _ = stream.shutdown().await;
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let mut lines = head.lines().filter_map(|line| line.split_once(':'));
                lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
            };
            let length: usize = header("content-length").and_then(|length| length.parse().ok()).unwrap_or_default();
            if body.len() >= length {
                let line = head.lines().next()?.rsplit_once(' ')?.0.to_owned();
                let key = header("x-api-key").unwrap_or_default();
                let (authorization, length) = (header("authorization").unwrap_or_default(), header("content-length"));
                return Some(Asked { line, body: body.to_owned(), key, authorization, length, before: 0 });
            }
        }
        match stream.read(&mut chunk).await.ok()? {
            0 => return None,
            count => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}
