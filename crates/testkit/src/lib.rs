//! What tests share: a clock that can be turned, seeded randomness, and a database per test on either engine.
//!
//! Only tests depend on this crate.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use bankside_domain::{Ambient, Clock, Entropy};
use jiff::{SignedDuration, Timestamp};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use tokio::sync::OnceCell;

/// Where the test cluster of `PostgreSQL` listens; `make test` starts one and sets it.
pub const POSTGRES_VARIABLE: &str = "BANKSIDE_TEST_POSTGRES";

/// A clock that stands still until it is turned.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that shows this instant.
    pub fn at(instant: &str) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(parse(instant).as_microsecond())))
    }

    /// Turns it forward.
    pub fn advance(&self, by: SignedDuration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Turns it forward by whole days.
    pub fn advance_days(&self, days: i64) {
        self.advance(SignedDuration::from_hours(24 * days));
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        // Every reading takes a microsecond, so that what happens later is later.
        Timestamp::from_microsecond(self.0.fetch_add(1, Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

/// Randomness that repeats: splitmix64 from a seed.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_be_bytes()[..chunk.len()]);
        }
    }
}

/// A clock at noon of 20 November 2026 and randomness from seed 1.
pub fn ambient() -> (Ambient, Arc<TestClock>) {
    let clock = TestClock::at("2026-11-20T12:00:00Z");
    (Ambient::new(clock.clone(), SeededEntropy::new(1)), clock)
}

/// A database engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// A file in a temporary folder.
    Sqlite,
    /// A database of the test cluster.
    Postgres,
}

/// A database of one test; it goes with this value, or with the test cluster.
#[derive(Debug)]
pub struct TestDatabase {
    /// Where to connect.
    pub url: String,
    _folder: Option<tempfile::TempDir>,
}

/// Makes an empty database.
///
/// # Panics
/// When it cannot be made: without a test cluster, tests on `PostgreSQL` fail rather than pass unseen.
pub async fn database(engine: Engine) -> TestDatabase {
    match engine {
        Engine::Sqlite => in_folder(None),
        Engine::Postgres => in_cluster(None).await,
    }
}

/// Makes a database that `prepare` has brought up to date and closed. That runs once per process and engine, since it takes longer than most
/// tests: all further ones are copies, whatever their `prepare` would do.
///
/// # Panics
/// As [`database`], and where `prepare` has left it open.
pub async fn prepared(engine: Engine, prepare: impl AsyncFnOnce(String)) -> TestDatabase {
    static FILE: OnceCell<Vec<u8>> = OnceCell::const_new();
    static NAME: OnceCell<String> = OnceCell::const_new();
    let made = async || {
        let database = database(engine).await;
        prepare(database.url.clone()).await;
        database
    };
    match engine {
        Engine::Sqlite => {
            let bytes = FILE.get_or_init(async || {
                let database = made().await;
                let file = database.url.trim_start_matches("sqlite://");
                assert!(!Path::new(&format!("{file}-wal")).exists(), "{file} is open still");
                std::fs::read(file).unwrap_or_else(|error| panic!("{file}: {error}"))
            });
            in_folder(Some(bytes.await))
        }
        Engine::Postgres => {
            let name = NAME.get_or_init(async || {
                let options: PgConnectOptions = parsed("the prepared database", &made().await.url);
                options.get_database().unwrap_or_default().to_owned()
            });
            in_cluster(Some(name.await)).await
        }
    }
}

fn in_folder(bytes: Option<&Vec<u8>>) -> TestDatabase {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no temporary folder: {error}"));
    let file = folder.path().join("bankside.sqlite");
    if let Some(bytes) = bytes {
        std::fs::write(&file, bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }
    TestDatabase { url: format!("sqlite://{}", file.display()), _folder: Some(folder) }
}

async fn in_cluster(template: Option<&String>) -> TestDatabase {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let base = std::env::var(POSTGRES_VARIABLE).unwrap_or_else(|_| {
        panic!("{POSTGRES_VARIABLE} is not set: run `make test`, or `tests/postgres run cargo test`")
    });
    let options: PgConnectOptions = parsed(POSTGRES_VARIABLE, &base);
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::SeqCst));
    let mut connection = options.clone().connect().await.unwrap_or_else(|error| panic!("{POSTGRES_VARIABLE}: {error}"));
    let like = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}{like}"));
    connection.execute(create).await.unwrap_or_else(|error| panic!("no database: {error}"));
    let _ = connection.close().await;
    TestDatabase { url: options.database(&name).to_url_lossy().to_string(), _folder: None }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(what: &str, text: &str) -> T {
    text.parse().unwrap_or_else(|error| panic!("{what}: {error}"))
}

fn parse(instant: &str) -> Timestamp {
    parsed(instant, instant)
}
