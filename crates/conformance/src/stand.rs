//! The stand on which a connector is checked: a simulator, keys, tokens and a ledger in memory, and a sink that keeps
//! everything.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bankside_connect::connector::{FetchEnd, Intent, Return};
use bankside_connect::http::{Http, Pauses};
use bankside_connect::{
    AccountRequest, Connected, Connector, Cx, Fault, FetchEvent, FetchPlan, FetchedBalance, FlowState, Input,
    MapContext, QuotaLedger, RawRow, RemoteRef, RowAccount, Sink, SinkClosed, Step, TokenStore,
};
use bankside_domain::account::AccountKind;
use bankside_domain::fault::FaultClass;
use bankside_domain::quota::{Presence, QuotaRule, QuotaScope, QuotaStatement, QuotaWindow, correct, debit, refund};
use bankside_domain::row::{MappedRow, RowStatus};
use bankside_domain::{Currency, CurrencyCode, Secret};
use bankside_testkit::TestClock;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use url::Url;

use crate::simulator::{Simulator, Walk};
use crate::suite::{Miss, fail};

/// A flow that is not over after so many looks never is.
const MAX_LOOKS: usize = 20;
/// How far back a fetch asks if nothing else is said.
const USUAL_DAYS: i64 = 60;

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The token as it is kept, and all that ever were.
#[derive(Default)]
pub(crate) struct Tokens {
    kept: Mutex<Option<Secret>>,
    seen: Mutex<Vec<String>>,
}

impl Tokens {
    /// As if it had run out.
    pub(crate) fn lose(&self) {
        *held(&self.kept) = None;
    }

    /// Every text that has been part of a token.
    pub(crate) fn seen(&self) -> Vec<String> {
        held(&self.seen).clone()
    }
}

#[async_trait]
impl TokenStore for Tokens {
    async fn load(&self) -> Option<Secret> {
        held(&self.kept).clone()
    }

    async fn save(&self, token: &Secret, _: Timestamp) {
        held(&self.seen).push(token.expose().to_owned());
        *held(&self.kept) = Some(token.clone());
    }

    async fn forget(&self) {
        *held(&self.kept) = None;
    }
}

/// A debit, with what the simulator had been asked before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Debited {
    pub(crate) scope: QuotaScope,
    /// All calls.
    pub(crate) calls_before: usize,
    /// Those that spend the accounts' own limits.
    pub(crate) spent_before: usize,
}

/// The ledger of calls, by the rules of the domain.
pub(crate) struct Ledger {
    simulator: Arc<dyn Simulator>,
    presence: Mutex<Presence>,
    windows: Mutex<BTreeMap<String, (QuotaWindow, QuotaScope)>>,
    /// Debits so far.
    debits: Mutex<Vec<Debited>>,
}

impl Ledger {
    /// An empty one.
    fn new(simulator: Arc<dyn Simulator>) -> Self {
        let presence = Mutex::new(Presence::PersonPresent);
        Self { simulator, presence, windows: Mutex::default(), debits: Mutex::default() }
    }

    fn now(&self) -> Timestamp {
        self.simulator.ambient().now()
    }

    pub(crate) fn set_presence(&self, presence: Presence) {
        *held(&self.presence) = presence;
    }

    /// The windows of a scope, by subject.
    pub(crate) fn windows(&self, scope: QuotaScope) -> BTreeMap<String, QuotaWindow> {
        let windows = held(&self.windows);
        windows.iter().filter(|(_, kept)| kept.1 == scope).map(|(subject, kept)| (subject.clone(), kept.0)).collect()
    }

    pub(crate) fn debits(&self) -> Vec<Debited> {
        held(&self.debits).clone()
    }
}

#[async_trait]
impl QuotaLedger for Ledger {
    async fn debit(&self, subject: &str, rule: &QuotaRule) -> Result<(), Fault> {
        let mut windows = held(&self.windows);
        let window = windows.get(subject).map(|kept| kept.0);
        match debit(window, rule, *held(&self.presence), self.now()) {
            Ok(window) => {
                windows.insert(subject.to_owned(), (window, rule.scope));
                held(&self.debits).push(Debited {
                    scope: rule.scope,
                    calls_before: self.simulator.calls(),
                    spent_before: self.simulator.spent().into_values().sum(),
                });
                Ok(())
            }
            Err(until) => {
                Err(Fault::new(FaultClass::RateLimited, "quota.spent", "The limit is used up.")
                    .with_retry_at(Some(until)))
            }
        }
    }

    async fn refund(&self, subject: &str, rule: &QuotaRule) {
        let mut windows = held(&self.windows);
        if let Some(kept) = windows.get_mut(subject) {
            kept.0 = refund(kept.0, rule);
        }
    }

    async fn correct(&self, subject: &str, rule: &QuotaRule, statement: QuotaStatement) {
        let mut windows = held(&self.windows);
        let window = windows.get(subject).map(|kept| kept.0);
        windows.insert(subject.to_owned(), (correct(window, rule, statement, self.now()), rule.scope));
    }
}

/// Pauses turn the clock.
struct Turned(Arc<TestClock>);

#[async_trait]
impl Pauses for Turned {
    async fn pause(&self, length: Duration) {
        self.0.advance(length.try_into().unwrap_or(jiff::SignedDuration::MAX));
    }
}

/// What a fetch brought for one account.
#[derive(Default)]
pub(crate) struct Brought {
    pub(crate) rows: Vec<RawRow>,
    /// Whether booked and pending rows were said to be complete.
    pub(crate) ended: Option<(bool, bool)>,
    pub(crate) balances: Vec<FetchedBalance>,
    pub(crate) fault: Option<Fault>,
    /// Whether rows came after it was said that none follow.
    pub(crate) rows_after_end: bool,
}

/// What a fetch brought.
#[derive(Default)]
pub(crate) struct Fetched {
    pub(crate) accounts: BTreeMap<String, Brought>,
    /// The fault that ended it.
    pub(crate) fault: Option<Fault>,
    pub(crate) was_closed: bool,
}

impl Fetched {
    pub(crate) fn of(&self, account: &str) -> Result<&Brought, Miss> {
        self.accounts.get(account).ok_or_else(|| fail("nothing was told of an account that was asked for"))
    }

    /// The fault of an account, or of all.
    pub(crate) fn fault_of(&self, account: &str) -> Option<&Fault> {
        self.accounts.get(account).and_then(|brought| brought.fault.as_ref()).or(self.fault.as_ref())
    }

    /// The first fault of anything.
    pub(crate) fn any_fault(&self) -> Option<&Fault> {
        self.fault.as_ref().or_else(|| self.accounts.values().find_map(|brought| brought.fault.as_ref()))
    }
}

struct Keeping<'a> {
    fetched: &'a mut Fetched,
    /// After so many events nothing more is taken.
    takes: usize,
}

#[async_trait]
impl Sink for Keeping<'_> {
    async fn accept(&mut self, account: &str, event: FetchEvent) -> Result<(), SinkClosed> {
        self.takes = self.takes.checked_sub(1).ok_or(SinkClosed)?;
        let brought = self.fetched.accounts.entry(account.to_owned()).or_default();
        match event {
            FetchEvent::Step(_) => {}
            FetchEvent::Rows(rows) => {
                brought.rows_after_end |= brought.ended.is_some();
                brought.rows.extend(rows);
            }
            FetchEvent::RowsEnd { booked_complete, pending_complete } => {
                brought.ended = Some((booked_complete, pending_complete));
            }
            FetchEvent::Balances(balances) => brought.balances.extend(balances),
            FetchEvent::Fault(fault) => brought.fault = brought.fault.take().or(Some(fault)),
        }
        Ok(())
    }
}

/// A connector on its stand.
pub(crate) struct Stand {
    pub(crate) simulator: Arc<dyn Simulator>,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) tokens: Tokens,
    pub(crate) ledger: Ledger,
    pub(crate) keys: BTreeMap<String, Secret>,
    http: Http,
    currencies: HashMap<CurrencyCode, Currency>,
}

impl Stand {
    pub(crate) fn new(connector: Arc<dyn Connector>, simulator: Box<dyn Simulator>) -> Result<Self, Miss> {
        let simulator: Arc<dyn Simulator> = Arc::from(simulator);
        let http = Http::with_pauses(simulator.ambient().clone(), Arc::new(Turned(Arc::clone(simulator.clock()))))?;
        let ledger = Ledger::new(Arc::clone(&simulator));
        let known =
            ["EUR", "GBP", "USD", "CHF", "SEK", "JPY", "BRL"].into_iter().filter_map(|code| Currency::iso(code).ok());
        let currencies = known.map(|currency| (currency.code, currency)).collect();
        let keys = simulator.keys();
        Ok(Self { simulator, connector, tokens: Tokens::default(), ledger, keys, http, currencies })
    }

    pub(crate) fn cx(&self) -> Cx<'_> {
        self.cx_with(&self.keys)
    }

    pub(crate) fn cx_with<'a>(&'a self, keys: &'a BTreeMap<String, Secret>) -> Cx<'a> {
        Cx {
            http: &self.http,
            ambient: self.simulator.ambient(),
            base_url: self.simulator.base_url(),
            keys,
            tokens: &self.tokens,
            quota: &self.ledger,
            currencies: &self.currencies,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.simulator.ambient().now()
    }

    pub(crate) fn today(&self) -> Date {
        self.now().to_zoned(TimeZone::UTC).date()
    }

    pub(crate) fn days_ago(&self, days: i64) -> Date {
        self.today().saturating_sub(Span::new().days(days))
    }

    /// Begins to connect; answers with the page to open.
    pub(crate) async fn begin(&self, renew: Option<&RemoteRef>) -> Result<(Url, FlowState), Miss> {
        self.begin_at(self.simulator.bank().1, renew).await
    }

    pub(crate) async fn begin_at(
        &self,
        institution_key: &str,
        renew: Option<&RemoteRef>,
    ) -> Result<(Url, FlowState), Miss> {
        let intent = match renew {
            Some(remote) => Intent::Renew { institution_key, remote },
            None => Intent::New { institution_key },
        };
        let url = Url::parse("http://127.0.0.1:5006/connect/callback").map_err(|error| fail(error.to_string()))?;
        let reference = format!("{:032x}", u128::from_be_bytes(self.simulator.ambient().random()));
        match self.connector.begin(&self.cx(), intent, &Return { url, reference }).await? {
            Step::Open(browser, state) => {
                let link = browser.url.parse::<Url>().map_err(|error| fail(format!("the page to open: {error}")))?;
                if browser.expires_at <= self.now() {
                    return Err(fail("the page to open is over before it is opened"));
                }
                Ok((link, kept_and_read(&state)?))
            }
            other => Err(fail(format!("beginning answers with {other:?} and not with a page to open"))),
        }
    }

    /// Goes on until the flow is over.
    pub(crate) async fn go_on(&self, mut state: FlowState, mut input: Input) -> Result<Step, Miss> {
        for _ in 0..MAX_LOOKS {
            match self.connector.resume(&self.cx(), &state, input).await? {
                Step::Wait { state: next, poll_after_secs, .. } => {
                    self.simulator.clock().advance(jiff::SignedDuration::from_secs(poll_after_secs.into()));
                    state = kept_and_read(&next)?;
                    input = Input::Poll;
                }
                step => return Ok(step),
            }
        }
        Err(fail("the flow never ends"))
    }

    /// From the first page to the connection, new or renewed.
    pub(crate) async fn connect(&self, renew: Option<&RemoteRef>) -> Result<Connected, Miss> {
        let (link, state) = self.begin(renew).await?;
        self.walk_on(link, state).await
    }

    /// The same at the bank at which the provider's own limits hold.
    pub(crate) async fn connect_strictly(&self) -> Result<Connected, Miss> {
        let (link, state) = self.begin_at(self.simulator.strict_bank(), None).await?;
        self.walk_on(link, state).await
    }

    async fn walk_on(&self, link: Url, state: FlowState) -> Result<Connected, Miss> {
        let back = self.simulator.walk(&link, Walk::Consents).await.map_err(fail)?;
        match self.go_on(state, Input::Callback(back)).await? {
            Step::Done(connected) => Ok(*connected),
            other => Err(fail(format!("a consent that was given ends in {other:?}"))),
        }
    }

    /// Fetches all accounts of a connection.
    pub(crate) async fn fetch(&self, connected: &Connected) -> Fetched {
        self.fetch_from(connected, self.days_ago(USUAL_DAYS)).await
    }

    pub(crate) async fn fetch_from(&self, connected: &Connected, from: Date) -> Fetched {
        self.fetch_with(connected, from, usize::MAX, 0).await
    }

    /// Fetches as another client with the same keys would, of which our ledger knows nothing.
    pub(crate) async fn fetch_elsewhere(&self, connected: &Connected) -> Fetched {
        let ledger = Ledger::new(Arc::clone(&self.simulator));
        let cx = Cx { quota: &ledger, ..self.cx() };
        self.fetch_by(&cx, connected, self.days_ago(USUAL_DAYS), usize::MAX, 0).await
    }

    /// Fetches with a sink that takes only so many events, after so many failures.
    pub(crate) async fn fetch_with(
        &self,
        connected: &Connected,
        from: Date,
        takes: usize,
        failures_before: u32,
    ) -> Fetched {
        self.fetch_by(&self.cx(), connected, from, takes, failures_before).await
    }

    async fn fetch_by(
        &self,
        cx: &Cx<'_>,
        connected: &Connected,
        from: Date,
        takes: usize,
        failures_before: u32,
    ) -> Fetched {
        let request = |account: &bankside_connect::AccountInfo| AccountRequest {
            provider_account_id: account.provider_account_id.clone(),
            from,
            failures_before,
        };
        let plan = FetchPlan {
            institution_key: connected.institution.key.clone(),
            accounts: connected.accounts.iter().map(request).collect(),
            presence: *held(&self.ledger.presence),
        };
        let mut fetched = Fetched::default();
        let mut sink = Keeping { fetched: &mut fetched, takes };
        match self.connector.fetch(cx, &connected.remote, &plan, &mut sink).await {
            Ok(()) => {}
            Err(FetchEnd::Fault(fault)) => fetched.fault = Some(fault),
            Err(FetchEnd::Closed(_)) => fetched.was_closed = true,
        }
        fetched
    }

    /// Reads a row, as a sync does.
    pub(crate) fn map(&self, raw: &RawRow) -> MappedRow {
        let context = MapContext {
            institution_key: self.simulator.bank().1,
            time_zone: &TimeZone::UTC,
            today: self.today(),
            account: RowAccount { kind: AccountKind::Checking, currency: CurrencyCode::NONE },
            currencies: &self.currencies,
        };
        self.connector.map(&context, raw)
    }

    /// The booked rows with their days, sorted.
    pub(crate) fn booked(&self, rows: &[RawRow]) -> Result<Vec<(Date, Vec<u8>)>, Miss> {
        let mut booked = Vec::new();
        for raw in rows.iter().filter(|raw| raw.status == RowStatus::Booked) {
            match self.map(raw) {
                MappedRow::Readable(row) => {
                    let day = row.day().ok_or_else(|| fail("a booked row has no day"))?;
                    booked.push((day, raw.bytes.clone()));
                }
                MappedRow::Unreadable { why } => return Err(fail(format!("a row cannot be read: {why}"))),
            }
        }
        booked.sort();
        Ok(booked)
    }
}

/// What a flow knows is kept between two steps, over a restart too.
fn kept_and_read(state: &FlowState) -> Result<FlowState, Miss> {
    let read = serde_json::to_vec(state).and_then(|kept| serde_json::from_slice::<FlowState>(&kept));
    let read = read.map_err(|error| fail(format!("the state of a flow cannot be kept: {error}")))?;
    if read == *state { Ok(read) } else { Err(fail("the state of a flow is another once it has been kept")) }
}
