//! What importing costs: 1 000 rows of which half are known, into accounts of 1 000 and of 50 000 rows on SQLite, beside
//! plain SQL that inserts as many rows.
//!
//! A whole sync is measured, from the button to the proven balance: rows are sealed and stored as received, read back,
//! planned, applied with their batch, and proven. Only the network is missing. The cost of a row must not grow with the
//! account.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bankside_connect::connector::{Checked, FetchEnd, Intent, Return};
use bankside_connect::gocardless::GoCardless;
use bankside_connect::http::Http;
use bankside_connect::{
    AccountInfo, BankQuery, Browser, Connected, Connector, Cx, Descriptor, Fault, FetchEvent, FetchPlan, FlowState,
    Input, Institution, MapContext, RawRow, Registry, RemoteRef, Sink, Step,
};
use bankside_domain::account::AccountKind;
use bankside_domain::bank_account::{MatchKey, MatchKeyKind};
use bankside_domain::consent::Consent;
use bankside_domain::row::{MappedRow, RowStatus};
use bankside_domain::{Ambient, Asker, ConnectionId, OrganizationKind, Secret};
use bankside_engine::{Engine, FlowPage, LinkChoice, LinkTarget, RegisterQuery, SetUp, Settings};
use bankside_store::Store;
use bankside_vault::{MasterKey, Vault};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use url::Url;

const ROWS: usize = 1_000;
const SIZES: [usize; 2] = [1_000, 50_000];
const FIRST_DAY: Date = date(2016, 1, 1);
const ROWS_A_DAY: usize = 13;

/// A bank that answers from memory, in the words of GoCardless.
struct Memory {
    rows: Mutex<Vec<RawRow>>,
}

#[async_trait]
impl Connector for Memory {
    fn descriptor(&self) -> &'static Descriptor {
        GoCardless.descriptor()
    }

    async fn check(&self, _: &Cx<'_>) -> Result<Checked, Fault> {
        Ok(Checked::AsTyped)
    }

    async fn institutions(&self, _: &Cx<'_>, _: BankQuery<'_>) -> Result<Vec<Institution>, Fault> {
        Ok(vec![institution()])
    }

    async fn begin(&self, cx: &Cx<'_>, _: Intent<'_>, _: &Return) -> Result<Step, Fault> {
        let expires_at = cx.ambient.now() + jiff::SignedDuration::from_hours(1);
        Ok(Step::Open(Browser { url: "http://127.0.0.1/".to_owned(), expires_at }, FlowState(serde_json::Value::Null)))
    }

    async fn resume(&self, _: &Cx<'_>, _: &FlowState, _: Input) -> Result<Step, Fault> {
        let account = AccountInfo {
            bank: None,
            provider_account_id: "one".to_owned(),
            match_keys: vec![MatchKey { kind: MatchKeyKind::ProviderHash, value: "one".to_owned() }],
            name: "Checking".to_owned(),
            holder: None,
            number: None,
            currency: "EUR".parse().unwrap(),
            kind: AccountKind::Checking,
            balances: Vec::new(),
        };
        Ok(Step::Done(Box::new(Connected {
            remote: RemoteRef(serde_json::Value::Null),
            institution: institution(),
            country: Some("DE".to_owned()),
            consent: Consent { given_at: None, valid_until: None },
            accounts: vec![account],
            unread: Vec::new(),
        })))
    }

    async fn abandon(&self, _: &Cx<'_>, _: &FlowState) -> Result<(), Fault> {
        Ok(())
    }

    async fn revoke(&self, _: &Cx<'_>, _: &RemoteRef) -> Result<(), Fault> {
        Ok(())
    }

    async fn fetch(&self, _: &Cx<'_>, _: &RemoteRef, _: &FetchPlan, sink: &mut dyn Sink) -> Result<(), FetchEnd> {
        let rows = std::mem::take(&mut *self.rows.lock().unwrap());
        sink.accept("one", FetchEvent::Rows(rows)).await?;
        sink.accept("one", FetchEvent::RowsEnd { booked_complete: true, pending_complete: true }).await?;
        Ok(())
    }

    fn map(&self, context: &MapContext<'_>, raw: &RawRow) -> MappedRow {
        GoCardless.map(context, raw)
    }
}

fn institution() -> Institution {
    Institution {
        key: "NORDHAFEN_NHBKDE22".to_owned(),
        name: "Nordhafen Bank".to_owned(),
        bic: None,
        countries: vec!["DE".to_owned()],
        logo: None,
        max_history_days: None,
        max_consent_days: None,
    }
}

fn day_of(number: usize) -> Date {
    FIRST_DAY + i64::try_from(number / ROWS_A_DAY).unwrap().days()
}

/// The row of a number: the same number is the same row.
fn row(number: usize) -> RawRow {
    let day = day_of(number);
    let cents = number * 7_919 % 100_000 + 1;
    let bytes = format!(
        r#"{{"transactionId":"t{number}","internalTransactionId":"i{number}","bookingDate":"{day}","valueDate":"{day}","transactionAmount":{{"amount":"-{}.{:02}","currency":"EUR"}},"creditorName":"Shop {}","remittanceInformationUnstructured":"Receipt {number}, thank you"}}"#,
        cents / 100,
        cents % 100,
        number % 300,
    );
    RawRow { status: RowStatus::Booked, bytes: bytes.into_bytes() }
}

/// An installation in a folder.
struct House {
    engine: Engine,
    asker: Asker,
    connection: ConnectionId,
    bank: Arc<Memory>,
    store: Store,
}

/// A folder with an account of so many rows, and what opens its vault.
struct Base {
    folder: TempDir,
    master: MasterKey,
    ambient: Ambient,
    asker: Asker,
    connection: ConnectionId,
    size: usize,
}

fn database_of(folder: &Path) -> PathBuf {
    folder.join("bankside.sqlite")
}

/// Copies to the disk, so that no measured commit has to wait for it.
fn copy_file(from: &Path, to: &Path) {
    std::fs::copy(from, to).unwrap();
    std::fs::File::open(to).unwrap().sync_all().unwrap();
}

fn engine_over(store: &Store, vault: Vault, ambient: &Ambient) -> (Engine, Arc<Memory>) {
    let bank = Arc::new(Memory { rows: Mutex::default() });
    let registry = Registry::of([Arc::clone(&bank) as Arc<dyn Connector>]);
    let public_url = Url::parse("http://127.0.0.1:5006/").unwrap();
    let settings =
        Settings { public_url, providers: BTreeMap::new(), trusted_proxies: Vec::new(), features: BTreeMap::new() };
    let http = Http::new(ambient.clone()).unwrap();
    (Engine::new(store.clone(), vault, registry, http, settings, ambient.clone()), bank)
}

impl Base {
    async fn with_rows(size: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (ambient, _) = bankside_testkit::ambient();
        let url = format!("sqlite://{}", database_of(folder.path()).display());
        let store = Store::open(&url, ambient.clone()).await.unwrap();
        let master = MasterKey::generate(&ambient);
        let (vault, record) = Vault::create(&master, None, &ambient);
        store.keep_key_record(&record).await.unwrap();
        let (engine, bank) = engine_over(&store, vault, &ambient);
        let set_up = SetUp {
            name: "owner".to_owned(),
            email: None,
            password: Secret::new("correct horse battery"),
            organization: "Demo household".to_owned(),
            kind: OrganizationKind::Household,
            currency: "EUR".parse().unwrap(),
            time_zone: "Europe/Berlin".to_owned(),
        };
        let person = engine.set_up(set_up).await.unwrap().person;
        let asker = engine.memberships(person).await.unwrap()[0].asker;
        let keys = ["secret_id", "secret_key"].map(|name| (name.to_owned(), Secret::new("x")));
        engine.keep_keys(&asker, "gocardless", keys.into()).await.unwrap();
        let flow = engine.begin_connecting(&asker, "gocardless", "NORDHAFEN_NHBKDE22", None).await.unwrap();
        let FlowPage::Done { connection } = engine.poll_flow(&asker, flow).await.unwrap().page else {
            panic!("not connected")
        };
        let offer = engine.link_offer(&asker, connection, None).await.unwrap();
        let choice = LinkChoice {
            bank_account: offer.accounts[0].bank_account.id,
            asset: None,
            target: LinkTarget::New("Checking".to_owned()),
            import_from: FIRST_DAY,
            flips_sign: None,
        };
        bank.rows.lock().unwrap().extend((0..size).map(row));
        engine.link(&asker, connection, &[choice]).await.unwrap();
        assert!(engine.work_once().await.unwrap());
        let count = engine.accounts(&asker).await.unwrap()[0].account.transaction_count;
        assert_eq!(usize::try_from(count).unwrap(), size, "the base has all its rows");
        store.close().await;
        Self { folder, master, ambient, asker, connection, size }
    }

    /// A copy that one measurement may change.
    async fn copy(&self) -> (TempDir, House) {
        let folder = tempfile::tempdir().unwrap();
        copy_file(&database_of(self.folder.path()), &database_of(folder.path()));
        let url = format!("sqlite://{}", database_of(folder.path()).display());
        let store = Store::open(&url, self.ambient.clone()).await.unwrap();
        let record = store.key_record().await.unwrap().unwrap();
        let vault = Vault::open(&self.master, &record).unwrap();
        let (engine, bank) = engine_over(&store, vault, &self.ambient);
        (folder, House { engine, asker: self.asker, connection: self.connection, bank, store })
    }
}

/// The last rows of the account again, and as many that are new.
fn import(runtime: &Runtime, base: &Base) -> Duration {
    let (_folder, house) = runtime.block_on(base.copy());
    let first = base.size - ROWS / 2;
    house.bank.rows.lock().unwrap().extend((first..first + ROWS).map(row));
    let took = timed(runtime, async {
        house.engine.sync_connection(&house.asker, house.connection).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
    });
    runtime.block_on(async {
        let count = house.engine.accounts(&house.asker).await.unwrap()[0].account.transaction_count;
        assert_eq!(usize::try_from(count).unwrap(), base.size + ROWS / 2, "half were known");
        house.store.close().await;
    });
    took
}

/// As many rows into one table with one index, in one transaction of the same file.
fn plain_sql(runtime: &Runtime, base: &Base) -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let path = database_of(folder.path());
    copy_file(&database_of(base.folder.path()), &path);
    let url = format!("sqlite://{}", path.display());
    let mut connection = runtime.block_on(async {
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(
            "CREATE TABLE plain (id INTEGER PRIMARY KEY, account BLOB, dated_on TEXT, amount_minor INTEGER, payee TEXT, \
             note TEXT, raw BLOB) STRICT; CREATE INDEX plain_by_day ON plain (account, dated_on);",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        connection
    });
    timed(runtime, async {
        let mut transaction = connection.begin().await.unwrap();
        for number in 0..ROWS {
            sqlx::query(
                "INSERT INTO plain (account, dated_on, amount_minor, payee, note, raw) VALUES ($1, $2, $3, $4, $5, $6)",
            )
            .bind([7_u8; 16].as_slice())
            .bind(day_of(number).to_string())
            .bind(i64::try_from(number).unwrap())
            .bind(format!("Shop {}", number % 300))
            .bind(format!("Receipt {number}, thank you"))
            .bind(row(number).bytes)
            .execute(&mut *transaction)
            .await
            .unwrap();
        }
        transaction.commit().await.unwrap();
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn timed(runtime: &Runtime, work: impl Future<Output = ()>) -> Duration {
    let began = std::time::Instant::now();
    runtime.block_on(work);
    began.elapsed()
}

fn import_and_plain_sql(criterion: &mut Criterion) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("1000 rows, half known");
    group.sample_size(10).throughput(Throughput::Elements(ROWS as u64));
    for size in SIZES {
        let base = runtime.block_on(Base::with_rows(size));
        for (name, work) in [("sync", import as fn(&Runtime, &Base) -> Duration), ("plain SQL", plain_sql)] {
            group.bench_function(BenchmarkId::new(name, format!("account of {size}")), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| work(&runtime, &base)).sum());
            });
        }
    }
    group.finish();
}

/// What a person waits for in a long account: its first page, a late one, and a search.
fn register(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let base = runtime.block_on(Base::with_rows(SIZES[1]));
    let (_folder, house) = runtime.block_on(base.copy());
    let account = runtime.block_on(house.engine.accounts(&house.asker)).unwrap()[0].account.id;
    let mut group = criterion.benchmark_group(format!("register of {}", base.size));
    group.sample_size(10);
    for (name, offset, search) in
        [("first page", 0, None), ("late page", 40_000, None), ("search", 0, Some("receipt 4711".to_owned()))]
    {
        let query = RegisterQuery { account: Some(account), offset, limit: 100, search, ..RegisterQuery::default() };
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(house.engine.register(&house.asker, &query)).unwrap().rows.len());
        });
    }
    group.finish();
}

criterion_group!(long_accounts, import_and_plain_sql, register);
criterion_main!(long_accounts);
