//! The stand on which a connector is checked: a simulator, keys, tokens and a ledger in memory, and a sink that keeps
//! everything.

mod fetched;
mod flow;
mod ledger;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bankside_connect::connector::FetchEnd;
use bankside_connect::http::{Http, Pauses};
use bankside_connect::{AccountRequest, Connected, Connector, Cx, FetchPlan, MapContext, RawRow, RowAccount, zones};
use bankside_domain::row::{MappedRow, RowStatus};
use bankside_domain::{Currency, CurrencyCode, Secret};
use bankside_sandbox::Sandbox;
use bankside_testkit::TestClock;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

pub(crate) use self::fetched::Fetched;
use self::fetched::Keeping;
pub(crate) use self::flow::{Ended, Flows, link};
use self::ledger::{Keepsakes, Ledger, Tokens};
use crate::simulator::Simulator;
use crate::suite::{Miss, fail};

/// How far back a fetch asks if nothing else is said.
const USUAL_DAYS: i64 = 30;

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Pauses turn the clock.
struct Turned(Arc<TestClock>);

#[async_trait]
impl Pauses for Turned {
    async fn pause(&self, length: Duration) {
        self.0.advance(length.try_into().unwrap_or(jiff::SignedDuration::MAX));
    }
}

/// A connector on its stand.
pub(crate) struct Stand {
    pub(crate) simulator: Arc<dyn Simulator>,
    pub(crate) connector: Arc<dyn Connector>,
    pub(crate) tokens: Tokens,
    pub(crate) keepsakes: Keepsakes,
    pub(crate) ledger: Ledger,
    pub(crate) keys: BTreeMap<String, Secret>,
    /// What went through the flows.
    pub(crate) flows: Flows,
    http: Http,
    currencies: HashMap<CurrencyCode, Currency>,
}

impl Stand {
    /// The names of everything that can go wrong at all, for the checks that nothing of it makes a fetch panic, hang or tell a secret.
    pub(crate) fn all_troubles(&self) -> Vec<&'static str> {
        Sandbox::fault_kinds_of(self.connector.descriptor().id).into_iter().map(|kind| kind.name).collect()
    }

    pub(crate) fn new(connector: Arc<dyn Connector>, simulator: Box<dyn Simulator>) -> Result<Self, Miss> {
        let simulator: Arc<dyn Simulator> = Arc::from(simulator);
        let http = Http::with_pauses(simulator.ambient().clone(), Arc::new(Turned(Arc::clone(simulator.clock()))))?;
        let ledger = Ledger::new(Arc::clone(&simulator));
        let known = ["EUR", "GBP", "USD", "CAD", "CHF", "SEK", "JPY", "BRL"]
            .into_iter()
            .filter_map(|code| Currency::iso(code).ok());
        let currencies = known.map(|currency| (currency.code, currency)).collect();
        let keys = simulator.keys();
        Ok(Self {
            simulator,
            connector,
            tokens: Tokens::default(),
            keepsakes: Keepsakes::default(),
            flows: Flows::default(),
            ledger,
            keys,
            http,
            currencies,
        })
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
            keepsakes: &self.keepsakes,
            quota: &self.ledger,
            visitor: None,
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
            presence: self.ledger.presence(),
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

    /// Reads a row of an account, as a sync does.
    pub(crate) fn map(&self, connected: &Connected, account: &str, raw: &RawRow) -> Result<MappedRow, Miss> {
        let info = connected.accounts.iter().find(|info| info.provider_account_id == account);
        let info = info.ok_or_else(|| fail("a row is of an account that is not connected"))?;
        let zone = zones::of_country(connected.country.as_deref().unwrap_or_default());
        let time_zone = TimeZone::get(zone).map_err(|error| fail(error.to_string()))?;
        let context = MapContext {
            institution_key: &connected.institution.key,
            today: self.now().to_zoned(time_zone.clone()).date(),
            time_zone: &time_zone,
            account: RowAccount { kind: info.kind, currency: info.currency },
            currencies: &self.currencies,
        };
        Ok(self.connector.map(&context, raw))
    }

    /// The booked rows of an account with their days, sorted.
    pub(crate) fn booked(
        &self,
        connected: &Connected,
        account: &str,
        rows: &[RawRow],
    ) -> Result<Vec<(Date, Vec<u8>)>, Miss> {
        let mut booked = Vec::new();
        for raw in rows.iter().filter(|raw| raw.status == RowStatus::Booked) {
            match self.map(connected, account, raw)? {
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
