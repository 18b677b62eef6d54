//! What the tests share: a sandbox that listens, an engine that points to it, a person who has signed in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use bankside_connect::Registry;
use bankside_connect::http::{Http, Pauses};
use bankside_domain::{AccountId, Ambient, Asker, ConnectionId, OrganizationKind, RunId, Secret};
use bankside_engine::{Engine, FlowPage, Person, ProviderSettings, RegisterQuery, RunView, RunsQuery, SetUp, Settings};
use bankside_sandbox::{Answers, ClockMode, Sandbox, SandboxConfig, Switches};
use bankside_store::Store;
use bankside_testkit::{TestClock, TestDatabase, prepared};
use bankside_vault::{MasterKey, Vault};
use sqlx::Connection as _;
use tokio_util::sync::CancellationToken;
use url::Url;

pub(crate) const NORDHAFEN: &str = "NORDHAFEN_NHBKDE22";
pub(crate) const LOCKSIDE: &str = "LOCKSIDE_LKSDGB21";

/// A running house.
pub(crate) struct House {
    pub(crate) engine: Engine,
    pub(crate) asker: Asker,
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Arc<TestClock>,
    /// Calls of account data that the sandbox has answered.
    pub(crate) data_calls: Arc<AtomicU64>,
    base_url: Url,
    master: MasterKey,
    ambient: Ambient,
    database: TestDatabase,
    stop: CancellationToken,
}

/// Brings a database up to date, with nothing in it.
async fn empty(url: String) {
    let (ambient, _) = bankside_testkit::ambient();
    Store::open(&url, ambient).await.unwrap().close().await;
}

impl House {
    pub(crate) async fn open(engine: bankside_testkit::Engine) -> Self {
        Self::open_with(engine, Switches::default()).await
    }

    /// A house whose provider has the open facts in these positions.
    pub(crate) async fn open_with(engine: bankside_testkit::Engine, switches: Switches) -> Self {
        Self::open_in(engine, switches, "Europe/Berlin").await
    }

    /// A house whose people live in another zone.
    pub(crate) async fn open_in(engine: bankside_testkit::Engine, switches: Switches, time_zone: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (ambient, clock) = bankside_testkit::ambient();
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let public_url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let config = SandboxConfig {
            public_url: public_url.clone(),
            state_file: None,
            clock: ClockMode::Running,
            daily_limit_everywhere: true,
        };
        let sandbox = Sandbox::open_with(config, ambient.clone(), switches).unwrap();
        let data_calls = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&data_calls);
        let router = sandbox.router().layer(from_fn(move |request: Request, next: Next| {
            let path = request.uri().path();
            let is_data = ["/transactions/", "/balances/", "/details/"].iter().any(|end| path.ends_with(end));
            counter.fetch_add(u64::from(is_data), Ordering::SeqCst);
            next.run(request)
        }));
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move {
            let _ = axum::serve(listener, router).with_graceful_shutdown(stopped.cancelled_owned()).await;
        });
        let base_url = public_url.join("gocardless/api/v2/").unwrap();
        let database = prepared(engine, empty).await;
        let master = MasterKey::generate(&ambient);
        let store = Store::open(&database.url, ambient.clone()).await.unwrap();
        let (vault, record) = Vault::create(&master, None, &ambient);
        store.keep_key_record(&record).await.unwrap();
        let engine = start(store, vault, &base_url, &ambient, &clock);
        let set_up = SetUp {
            name: "owner".into(),
            email: None,
            password: Secret::new("correct horse battery"),
            organization: "Demo household".into(),
            kind: OrganizationKind::Household,
            currency: "EUR".parse().unwrap(),
            time_zone: time_zone.into(),
        };
        let signed_in = engine.set_up(set_up).await.unwrap();
        let asker = engine.memberships(signed_in.person).await.unwrap()[0].asker.clone();
        Self { engine, asker, sandbox, clock, data_calls, base_url, master, ambient, database, stop }
    }

    /// Takes the sandbox away.
    pub(crate) async fn stop_sandbox(&self) {
        self.stop.cancel();
        while tokio::net::TcpStream::connect((self.base_url.host_str().unwrap(), self.base_url.port().unwrap()))
            .await
            .is_ok()
        {
            tokio::task::yield_now().await;
        }
    }

    /// What a restart of the process does: everything but the database is new.
    pub(crate) async fn restart(&mut self) {
        self.restart_with(Registry::all(), |_| ()).await;
    }

    /// A restart after somebody has changed the configuration, or the program.
    pub(crate) async fn restart_with(&mut self, connectors: Registry, change: impl FnOnce(&mut Settings)) {
        let store = self.store().await;
        let record = store.key_record().await.unwrap().unwrap();
        let vault = Vault::open(&self.master, &record).unwrap();
        let mut settings = settings(&self.base_url);
        change(&mut settings);
        let http = http(&self.ambient, &self.clock);
        self.engine = Engine::new(store, vault, connectors, http, settings, self.ambient.clone());
    }

    /// Changes the database by hand, past everything; on SQLite.
    pub(crate) async fn sql(&self, text: &'static str) -> u64 {
        let mut connection = sqlx::SqliteConnection::connect(&self.database.url).await.unwrap();
        sqlx::query(text).execute(&mut connection).await.unwrap().rows_affected()
    }

    /// The same database, past the engine.
    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.database.url, self.ambient.clone()).await.unwrap()
    }

    /// The person who set the house up.
    pub(crate) async fn owner(&self) -> Person {
        let signed_in = self.engine.sign_in("owner", Secret::new("correct horse battery"), "test").await.unwrap();
        self.engine.session(signed_in.token.expose()).await.unwrap().unwrap()
    }

    /// The sandbox's keys.
    pub(crate) fn keys(&self) -> BTreeMap<String, Secret> {
        let index = self.sandbox.index();
        let credentials = &index["providers"][0]["credentials"];
        ["secret_id", "secret_key"]
            .into_iter()
            .map(|name| (name.to_owned(), Secret::new(credentials[name].as_str().unwrap())))
            .collect()
    }

    /// Types the keys of another provider, which the sandbox names in the provider's own words.
    pub(crate) async fn type_keys_of(&self, provider: &str) {
        if let Some(feature) = self.engine.provider_view(&self.asker, provider).await.unwrap().experimental {
            self.engine.switch_feature(&self.owner().await, feature.feature.key, true).await.unwrap();
        }
        let index = self.sandbox.index();
        let known = index["providers"].as_array().unwrap().iter().find(|known| known["id"] == provider).unwrap();
        let snake = |name: &str| {
            let parts = name
                .chars()
                .map(|c| if c.is_ascii_uppercase() { format!("_{}", c.to_ascii_lowercase()) } else { c.into() });
            parts.collect::<String>()
        };
        let keys = known["credentials"].as_object().unwrap().iter();
        let keys = keys.map(|(name, value)| (snake(name), Secret::new(value.as_str().unwrap()))).collect();
        self.engine.keep_keys(&self.asker, provider, keys).await.unwrap();
    }

    /// Types the sandbox's keys.
    pub(crate) async fn type_keys(&self) {
        self.engine.keep_keys(&self.asker, "gocardless", self.keys()).await.unwrap();
    }

    /// Connects a bank by walking its consent pages.
    pub(crate) async fn connect(&self, bank: &str) -> ConnectionId {
        self.connect_through("gocardless", bank).await
    }

    /// The same through another provider.
    pub(crate) async fn connect_through(&self, provider: &str, bank: &str) -> ConnectionId {
        let flow = self.engine.begin_connecting(&self.asker, provider, bank, None).await.unwrap();
        let FlowPage::Open { url, .. } = self.engine.flow(&self.asker, flow).await.unwrap().page else {
            panic!("no page to open")
        };
        let back = self.sandbox.visit(&url.parse().unwrap(), &Answers::default()).await.unwrap();
        let fields = back.query_pairs().into_owned().collect();
        self.engine.returned(fields, self.asker.person()).await.unwrap();
        match self.engine.poll_flow(&self.asker, flow).await.unwrap().page {
            FlowPage::Done { connection } => connection,
            other => panic!("{other:?}"),
        }
    }

    /// Links every bank account of a connection with a new account.
    pub(crate) async fn link_all(&self, connection: ConnectionId) -> RunId {
        let choices = self.engine.link_offer(&self.asker, connection, None).await.unwrap().all_as_new();
        self.engine.link(&self.asker, connection, &choices).await.unwrap()
    }

    /// Keys, connection, links and the first sync.
    pub(crate) async fn with_bank(&self, bank: &str) -> ConnectionId {
        self.type_keys().await;
        let connection = self.connect(bank).await;
        let run = self.link_all(connection).await;
        assert!(self.engine.work_once().await.unwrap());
        assert!(self.engine.run(&self.asker, run).await.unwrap().is_finished());
        connection
    }

    /// A sync from the button to its end.
    pub(crate) async fn sync(&self, connection: ConnectionId) -> RunView {
        let run = self.engine.sync_connection(&self.asker, connection).await.unwrap();
        assert!(self.engine.work_once().await.unwrap());
        self.engine.run(&self.asker, run).await.unwrap()
    }

    /// The run that was asked for last.
    pub(crate) async fn latest_run(&self) -> RunView {
        let query = RunsQuery { connection: None, offset: 0, limit: 1 };
        let latest = self.engine.runs(&self.asker, &query).await.unwrap().remove(0);
        self.engine.run(&self.asker, latest.run.id).await.unwrap()
    }

    /// Every row of an account, in short.
    pub(crate) async fn rows(&self, account: AccountId) -> Vec<String> {
        let mut rows = Vec::new();
        loop {
            let offset = i64::try_from(rows.len()).unwrap();
            let query = RegisterQuery { account: Some(account), offset, limit: 500, ..RegisterQuery::default() };
            let page = self.engine.register(&self.asker, &query).await.unwrap();
            if page.rows.is_empty() {
                return rows;
            }
            rows.extend(page.rows.iter().map(|row| {
                format!("{} {} {:?} {:?} {:?}", row.dated_on, row.amount_minor, row.payee, row.note, row.status)
            }));
        }
    }

    /// Today in UTC, so many days later.
    pub(crate) fn clock_day(&self, days: i64) -> jiff::civil::Date {
        let today = self.ambient.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        today.saturating_add(jiff::Span::new().days(days))
    }

    /// The accounts of the organization, by name.
    pub(crate) async fn account(&self, name: &str) -> bankside_engine::AccountView {
        let accounts = self.engine.accounts(&self.asker).await.unwrap();
        accounts.into_iter().find(|view| view.account.name == name).unwrap()
    }
}

/// Pauses turn the clock: nobody sleeps in a test.
struct TurnedPauses(Arc<TestClock>);

#[async_trait::async_trait]
impl Pauses for TurnedPauses {
    async fn pause(&self, length: std::time::Duration) {
        self.0.advance(length.try_into().unwrap());
    }
}

fn http(ambient: &Ambient, clock: &Arc<TestClock>) -> Http {
    Http::with_pauses(ambient.clone(), Arc::new(TurnedPauses(Arc::clone(clock)))).unwrap()
}

fn start(store: Store, vault: Vault, base_url: &Url, ambient: &Ambient, clock: &Arc<TestClock>) -> Engine {
    Engine::new(store, vault, Registry::all(), http(ambient, clock), settings(base_url), ambient.clone())
}

fn settings(base_url: &Url) -> Settings {
    let at = |url: Url| ProviderSettings { base_url: Some(url), ..ProviderSettings::default() };
    let beside = |path: &str| at(base_url.join(path).unwrap());
    Settings {
        public_url: Url::parse("http://127.0.0.1:5006/").unwrap(),
        providers: BTreeMap::from([
            ("gocardless".to_owned(), at(base_url.clone())),
            ("enablebanking".to_owned(), beside("/enablebanking/")),
            ("pluggy".to_owned(), beside("/pluggy")),
            ("finapi".to_owned(), beside("/finapi")),
            ("simplefin".to_owned(), beside("/simplefin")),
            ("sophtron".to_owned(), beside("/sophtron/api")),
        ]),
        trusted_proxies: Vec::new(),
        mail: None,
        features: BTreeMap::new(),
        requires_subscription: false,
    }
}

/// Makes one test per engine from an `async` body.
macro_rules! on_both {
    ($($name:ident($house:ident) $body:block)*) => {$(
        async fn $name($house: &mut crate::house::House) $body

        mod $name {
            #[tokio::test]
            async fn sqlite() {
                let mut house = crate::house::House::open(bankside_testkit::Engine::Sqlite).await;
                super::$name(&mut house).await;
            }

            #[tokio::test]
            async fn postgres() {
                let mut house = crate::house::House::open(bankside_testkit::Engine::Postgres).await;
                super::$name(&mut house).await;
            }
        }
    )*};
}
pub(crate) use on_both;
