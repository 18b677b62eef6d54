//! A Sophtron that answers what a test tells it to, and keeps what it was asked.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bankside_domain::quota::{QuotaRule, QuotaStatement};
use bankside_domain::{Ambient, Clock, Currency, CurrencyCode, Entropy, Secret};
use jiff::Timestamp;
use serde_json::{Value, json};
use url::Url;

use crate::connector::{Connector, Cx, Intent, QuotaLedger, Return, TokenStore};
use crate::fault::Fault;
use crate::http::{Http, Pauses};
use crate::peer::Remembered;
use crate::sophtron::Sophtron;
use crate::step::{Connected, FlowState, Form, Input, RemoteRef, Step};

/// The institution of most tests.
pub(super) const BANK: &str = "US_0c5f-11";

/// Time that passes only in pauses and by hand.
pub(super) struct Time(AtomicI64);

impl Time {
    pub(super) fn pass(&self, secs: i64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Clock for Time {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

impl Entropy for Time {
    fn fill(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

#[async_trait]
impl Pauses for Time {
    async fn pause(&self, length: Duration) {
        self.pass(i64::try_from(length.as_secs()).unwrap());
    }
}

struct Nothing;

#[async_trait]
impl TokenStore for Nothing {
    async fn load(&self) -> Option<Secret> {
        None
    }
    async fn save(&self, _: &Secret, _: Timestamp) {}
    async fn forget(&self) {}
}

/// Counts debits.
#[derive(Default)]
struct Counting(AtomicI64);

#[async_trait]
impl QuotaLedger for Counting {
    async fn debit(&self, _: &str, _: &QuotaRule) -> Result<(), Fault> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
    async fn refund(&self, _: &str, _: &QuotaRule) {}
    async fn correct(&self, _: &str, _: &QuotaRule, _: QuotaStatement) {}
}

/// What is answered, by the last part of the path; the last answer of each stays.
#[derive(Default)]
struct Script {
    answers: HashMap<String, VecDeque<(u16, String)>>,
    calls: Vec<(String, Value)>,
}

/// The scripted Sophtron, and a connector's context to call it with.
pub(super) struct Scripted {
    script: Arc<Mutex<Script>>,
    pub(super) time: Arc<Time>,
    http: Http,
    ambient: Ambient,
    base_url: Url,
    keys: BTreeMap<String, Secret>,
    debits: Counting,
    keepsakes: Remembered,
    currencies: HashMap<CurrencyCode, Currency>,
}

impl Scripted {
    /// Listens on loopback, with these answers besides those of an ordinary bank.
    pub(super) fn new(answers: &[(&str, Value)]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/api/", listener.local_addr().unwrap()).parse().unwrap();
        let script: Arc<Mutex<Script>> = Arc::default();
        let shared = Arc::clone(&script);
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| serve(stream, &shared)));
        let noon: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let time = Arc::new(Time(AtomicI64::new(noon.as_second())));
        let ambient = Ambient::new(time.clone(), time.clone());
        let keys = [("user_id", "7f3b2c1a-0d4e-4a5b-9c6d-1e2f3a4b5c6d"), ("access_key", "c2ltdWxhdG9y")];
        let iso = |code| Currency::iso(code).map(|currency| (currency.code, currency)).unwrap();
        let scripted = Self {
            script,
            http: Http::with_pauses(ambient.clone(), time.clone()).unwrap(),
            time,
            ambient,
            base_url,
            keys: keys.into_iter().map(|(name, key)| (name.to_owned(), Secret::new(key))).collect(),
            debits: Counting::default(),
            keepsakes: Remembered::default(),
            currencies: ["USD", "CAD"].into_iter().map(iso).collect(),
        };
        scripted.answers("GetInstitutionByID", &institution("US"));
        scripted.answers("GetUserInstitutionsByUser", &json!([]));
        scripted.answers("GetUserInstitutionAccounts", &json!([checking(), card()]));
        scripted
            .answers("CreateUserInstitutionWithRefresh", &json!({"JobID": "job-1", "UserInstitutionID": "login-1"}));
        scripted.answers("RefreshUserInstitution", &json!({"JobID": "job-9"}));
        for (endpoint, answer) in answers {
            scripted.answers(endpoint, answer);
        }
        scripted
    }

    /// From now on this is answered.
    pub(super) fn answers(&self, endpoint: &str, answer: &Value) {
        self.answers_each(endpoint, &[(200, answer.to_string())]);
    }

    /// From now on these are answered one after the other, the last one for good.
    pub(super) fn answers_each(&self, endpoint: &str, answers: &[(u16, String)]) {
        let answers = answers.iter().cloned().collect();
        self.script.lock().unwrap().answers.insert(endpoint.to_owned(), answers);
    }

    /// The same for the states of a job.
    pub(super) fn jobs(&self, states: &[Value]) {
        let states: Vec<_> = states.iter().map(|state| (200, state.to_string())).collect();
        self.answers_each("GetJobInformationByID", &states);
    }

    /// The endpoints that were called since the last look, in their order.
    pub(super) fn called(&self) -> Vec<String> {
        self.bodies().into_iter().map(|(endpoint, _)| endpoint).collect()
    }

    /// The same with what was sent.
    pub(super) fn bodies(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.script.lock().unwrap().calls)
    }

    pub(super) fn debits(&self) -> i64 {
        self.debits.0.load(Ordering::SeqCst)
    }

    pub(super) fn cx(&self) -> Cx<'_> {
        Cx {
            http: &self.http,
            ambient: &self.ambient,
            base_url: &self.base_url,
            keys: &self.keys,
            tokens: &Nothing,
            keepsakes: &self.keepsakes,
            quota: &self.debits,
            visitor: None,
            currencies: &self.currencies,
        }
    }

    pub(super) async fn begin(&self, intent: Intent<'_>) -> Result<Step, Fault> {
        let back = Return { url: self.base_url.clone(), reference: "unused".to_owned(), notice: None };
        Sophtron.begin(&self.cx(), intent, &back).await
    }

    pub(super) async fn renew(&self, remote: &RemoteRef) -> Result<Step, Fault> {
        self.begin(Intent::Renew { institution_key: BANK, remote }).await
    }

    pub(super) async fn poll(&self, state: &FlowState) -> Step {
        Sophtron.resume(&self.cx(), state, Input::Poll).await.unwrap()
    }

    pub(super) async fn answer(&self, state: &FlowState, answers: &[(&str, &str)]) -> Step {
        self.try_answer(state, answers).await.unwrap()
    }

    pub(super) async fn try_answer(&self, state: &FlowState, answers: &[(&str, &str)]) -> Result<Step, Fault> {
        let answers = answers.iter().map(|(key, answer)| ((*key).to_owned(), Secret::new(*answer))).collect();
        Sophtron.resume(&self.cx(), state, Input::Answers(answers)).await
    }

    /// Begins a new connection and signs in; answers with the state of the job that waits.
    pub(super) async fn sign_in(&self) -> FlowState {
        let (_, state) = asked(self.begin(Intent::New { institution_key: BANK }).await.unwrap());
        waits(self.answer(&state, &[("UserName", "canary-name"), ("Password", "canary-password")]).await)
    }
}

/// The form and what to go on with; nothing typed may be in either.
pub(super) fn asked(step: Step) -> (Form, FlowState) {
    let Step::Ask(form, state) = step else { panic!("it does not ask but: {step:?}") };
    (*form, keeps_silent(&state))
}

pub(super) fn waits(step: Step) -> FlowState {
    let Step::Wait { state, .. } = step else { panic!("it does not wait but: {step:?}") };
    keeps_silent(&state)
}

pub(super) fn done(step: Step) -> Connected {
    let Step::Done(connected) = step else { panic!("it is not done but: {step:?}") };
    assert!(!connected.remote.0.to_string().contains("canary"));
    *connected
}

pub(super) fn failed(step: Step) -> Fault {
    let Step::Failed(fault) = step else { panic!("it has not failed but: {step:?}") };
    fault
}

fn keeps_silent(state: &FlowState) -> FlowState {
    let text = state.0.to_string();
    assert!(!text.contains("canary"), "something typed is kept: {text}");
    serde_json::from_str(&serde_json::to_string(state).unwrap()).unwrap()
}

pub(super) fn institution(country: &str) -> Value {
    json!({"InstitutionID": "0c5f-11", "InstitutionName": "Prairie Credit Union", "CountryCode": country,
        "InstitutionDetail": {"LoginFormUserName": "User ID", "LoginFormPassword": "Password"}})
}

pub(super) fn checking() -> Value {
    json!({"AccountID": "a-1", "AccountName": "Primary Checking", "AccountNumber": "xxx1234", "AccountType": "Checking",
        "Balance": 1234.56, "AvailableBalance": 1100.00, "BalanceCurrency": "$", "LastUpdated": "2026-11-19T18:00:00",
        "Status": "Tracked"})
}

pub(super) fn card() -> Value {
    json!({"accountId": "a-2", "accountName": "Visa", "accountNumber": "xxx9876", "accountType": "CreditCard",
        "balance": "-250.10", "balanceCurrency": "USD", "status": "Tracked"})
}

/// Serves one call: the connection is closed after it.
fn serve(mut stream: TcpStream, script: &Mutex<Script>) {
    let Some((path, header, body)) = received(&mut stream) else { return };
    let endpoint = path.rsplit('/').next().unwrap_or_default().to_owned();
    let is_signed = header.starts_with("FIApiAUTH:") && header.ends_with(&format!(":/{}", endpoint.to_lowercase()));
    let mut script = script.lock().unwrap();
    let answer = match script.answers.get_mut(&endpoint) {
        _ if !is_signed => (401, String::new()),
        Some(answers) if answers.len() > 1 => answers.pop_front().unwrap_or_default(),
        Some(answers) => answers.front().cloned().unwrap_or_default(),
        None => (404, String::new()),
    };
    script.calls.push((endpoint, serde_json::from_slice(&body).unwrap_or_default()));
    let (status, text) = answer;
    let head = format!(
        "HTTP/1.1 {status} x\r\nconnection: close\r\nretry-after: 30\r\ncontent-length: {}\r\n\r\n",
        text.len()
    );
    // Whoever has gone does not read it.
    let _ = stream.write_all(format!("{head}{text}").as_bytes());
}

fn received(stream: &mut TcpStream) -> Option<(String, String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let header = |name: &str| {
                let lines = head.lines().filter_map(|line| line.split_once(": "));
                lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
            };
            let length: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
            if bytes.len() >= head.len() + 4 + length {
                let path = head.split(' ').nth(1)?.to_owned();
                return Some((path, header("authorization").unwrap_or_default(), bytes[head.len() + 4..].to_vec()));
            }
        }
        match stream.read(&mut chunk) {
            Ok(length) if length > 0 => bytes.extend_from_slice(&chunk[..length]),
            _ => return None,
        }
    }
}
