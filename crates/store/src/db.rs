//! The two engines behind one face: pools, transactions, and the macros that run one body on either.

use std::collections::BTreeSet;
use std::str::FromStr;

use bankside_domain::{AccountId, Granted, Id as _, Sight};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgConnection, Postgres, SqlSafeStr as _, SqlStr, Sqlite, SqliteConnection, Transaction};

use crate::error::StoreError;

const SQLITE_READERS: u32 = 4;
const POSTGRES_CONNECTIONS: u32 = 16;
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);
const ACQUIRE_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(15);
/// How long a reader of `SQLite` lives: what is measured of the tables is read when it begins.
const READER_LIFETIME: std::time::Duration = std::time::Duration::from_hours(1);
/// So many entries of each index are looked at to measure it: enough for the right plan, and long tables cost no more than short ones.
const MEASURED_ENTRIES: u32 = 1_000;

/// Of so many keys `PostgreSQL` is asked at once.
const KEYS_PER_STATEMENT: usize = 200;

/// An open database.
#[derive(Debug, Clone)]
pub(crate) enum Db {
    /// A file inside the installation: one writer, several readers.
    Sqlite {
        /// One connection; its queue is the order of writes.
        writer: SqlitePool,
        /// Connections that see the last committed state.
        reader: SqlitePool,
    },
    /// A server that several machines share.
    Postgres(PgPool),
}

/// A connection of either engine, with or without a transaction around it. A transaction that is dropped rolls back.
pub(crate) enum Session {
    /// On the file.
    Sqlite(SqliteHandle),
    /// On the server.
    Postgres(PostgresHandle),
}

/// A connection from a pool, or one with a transaction.
pub(crate) enum Handle<C, T> {
    /// Statement by statement.
    Plain(C),
    /// All or nothing.
    Transaction(T),
}

pub(crate) type SqliteHandle = Handle<PoolConnection<Sqlite>, Transaction<'static, Sqlite>>;
pub(crate) type PostgresHandle = Handle<PoolConnection<Postgres>, Transaction<'static, Postgres>>;

impl Session {
    pub(crate) fn connected(&mut self) -> Connected<'_> {
        match self {
            Self::Sqlite(Handle::Plain(connection)) => Connected::Sqlite(connection),
            Self::Sqlite(Handle::Transaction(transaction)) => Connected::Sqlite(transaction),
            Self::Postgres(Handle::Plain(connection)) => Connected::Postgres(connection),
            Self::Postgres(Handle::Transaction(transaction)) => Connected::Postgres(transaction),
        }
    }

    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(Handle::Transaction(transaction)) => transaction.commit().await?,
            Self::Postgres(Handle::Transaction(transaction)) => transaction.commit().await?,
            Self::Sqlite(Handle::Plain(_)) | Self::Postgres(Handle::Plain(_)) => {}
        }
        Ok(())
    }

    /// Has everybody wait who wants to add people. `SQLite` has one writer, who holds the lock already.
    pub(crate) async fn lock_people(&mut self) -> Result<(), StoreError> {
        if let Self::Postgres(Handle::Transaction(transaction)) = self {
            sqlx::query("LOCK TABLE people IN SHARE ROW EXCLUSIVE MODE").execute(&mut **transaction).await?;
        }
        Ok(())
    }

    /// Passes over rows that another worker has locked, and locks those that it has selected. `SQLite` has one writer.
    pub(crate) fn skip_locked(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// What a text is in the index of notes that the engine must be asked for by name, where it is long enough for that: folded,
    /// three characters or more. `PostgreSQL` finds its index by itself.
    pub(crate) fn note_phrase(&self, folded: &str) -> Option<String> {
        match self {
            Self::Sqlite(_) if folded.chars().count() >= 3 => Some(format!("\"{}\"", folded.replace('"', "\"\""))),
            Self::Sqlite(_) | Self::Postgres(_) => None,
        }
    }

    /// What stands behind the lines of a register that is sorted by notes. `SQLite` thinks that an organization has few lines and sorts
    /// them all, unless it is told which index has them in their order.
    pub(crate) fn by_notes(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => " INDEXED BY lines_by_start_of_note",
            Self::Postgres(_) => "",
        }
    }

    /// How rows are found for each of some keys.
    pub(crate) fn per_key(&self) -> PerKey {
        match self {
            Self::Sqlite(_) => PerKey { most_keys: 1, lateral: "", is_kept: true },
            Self::Postgres(_) => PerKey { most_keys: KEYS_PER_STATEMENT, lateral: "LATERAL ", is_kept: false },
        }
    }

    /// What joins the parts of a large set. `PostgreSQL` can tell how large it will be only where each stands in it once.
    pub(crate) fn union(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => " UNION ALL ",
            Self::Postgres(_) => " UNION ",
        }
    }

    /// A text whose marks `/* in sight: column */` let through only what is of accounts in sight. The mark is a comment, so that the
    /// text is whole without it, too. Ids are written out, since they are nothing but digits.
    ///
    /// # Panics
    ///
    /// Where sight is restricted and the text has no mark: it would show what is out of sight.
    pub(crate) fn in_sight(&self, text: &'static str, sight: &Sight) -> SqlStr {
        const MARK: &str = "/* in sight: ";
        let Some(accounts) = sight.accounts() else { return SqlStr::from_static(text) };
        assert!(text.contains(MARK), "this text has no mark for what is in sight: {text}");
        let list = self.list_of(accounts);
        let mut whole = String::with_capacity(text.len() + list.len());
        for (number, part) in text.split(MARK).enumerate() {
            match part.split_once(" */").filter(|_| number > 0) {
                Some((column, rest)) => whole.extend(["AND ", column, " IN (", &list, ")", rest]),
                None => whole.push_str(part),
            }
        }
        sqlx::AssertSqlSafe(whole).into_sql_str()
    }

    fn list_of(&self, accounts: &BTreeSet<AccountId>) -> String {
        let quoted = |account: &AccountId| match self {
            Self::Sqlite(_) => format!("x'{}'", account.uuid().simple()),
            Self::Postgres(_) => format!("'{}'::uuid", account.uuid()),
        };
        let ids: Vec<String> = accounts.iter().map(quoted).collect();
        if ids.is_empty() { "NULL".to_owned() } else { ids.join(", ") }
    }

    /// Locks the rows that a query has selected. `SQLite` has one writer, who holds the lock already.
    pub(crate) fn for_update(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " FOR UPDATE",
        }
    }

    /// The same against others who do the same, while what only refers to these rows may be written.
    pub(crate) fn for_no_key_update(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "",
            Self::Postgres(_) => " FOR NO KEY UPDATE",
        }
    }
}

/// How rows are found for each of some keys, the latest few of each: a subquery that is asked of every key. `PostgreSQL` is asked of many
/// keys at once, which it plans as one; `SQLite` knows no `LATERAL`, has nobody between itself and us, and keeps the statement for one key.
pub(crate) struct PerKey {
    /// So many keys go into one statement, as rows of a table `keys`.
    pub(crate) most_keys: usize,
    /// What stands before the subquery in `FROM keys k CROSS JOIN …`.
    pub(crate) lateral: &'static str,
    /// Whether the statement is worth keeping prepared.
    pub(crate) is_kept: bool,
}

impl PerKey {
    /// A column of the key that the subquery is asked of.
    pub(crate) fn of_key(&self, column: &str) -> String {
        if self.lateral.is_empty() { format!("(SELECT {column} FROM keys)") } else { format!("k.{column}") }
    }
}

/// The connection of a session, of whichever engine.
pub(crate) enum Connected<'a> {
    /// On the file.
    Sqlite(&'a mut SqliteConnection),
    /// On the server.
    Postgres(&'a mut PgConnection),
}

/// Runs one body on whichever engine the session is of.
macro_rules! on {
    ($session:expr, $connection:ident => $body:expr) => {
        match $session.connected() {
            $crate::db::Connected::Sqlite($connection) => $body,
            $crate::db::Connected::Postgres($connection) => $body,
        }
    };
}

/// Executes one query on whichever engine the session is of; answers how many rows it wrote.
macro_rules! run {
    ($session:expr, $query:expr) => {
        match $session.connected() {
            $crate::db::Connected::Sqlite(connection) => $query.execute(connection).await?.rows_affected(),
            $crate::db::Connected::Postgres(connection) => $query.execute(connection).await?.rows_affected(),
        }
    };
}

/// Marks an SQL text. A test reads the sources, collects what is marked, and has both engines prepare each.
macro_rules! sql {
    ($text:expr) => {
        $text
    };
}

pub(crate) use {on, run, sql};

/// Has `PostgreSQL` run statements as they are. It compiles those that it thinks are long, and of tables that have grown since they were
/// measured it thinks that of nearly all: compiling takes a hundred times what most of ours do.
async fn plan_quickly(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SET jit = off").execute(connection).await?;
    Ok(())
}

impl Db {
    /// Connects by URL: `sqlite://path` (the file is made when it is not there) or `postgres://…`.
    pub(crate) async fn connect(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("sqlite:") {
            Self::connect_sqlite(url).await
        } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            let options = PgConnectOptions::from_str(url)?.application_name("bankside");
            let pool = PgPoolOptions::new()
                .max_connections(POSTGRES_CONNECTIONS)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .after_connect(|connection, _| Box::pin(plan_quickly(connection)));
            Ok(Self::Postgres(pool.connect_with(options).await?))
        } else {
            Err(StoreError::BadUrl)
        }
    }

    async fn connect_sqlite(url: &str) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .pragma("cache_size", "-32000")
            // A sync of a long account touches more pages than the usual thousand; writing them back pays off less often.
            .pragma("wal_autocheckpoint", "4000")
            .analysis_limit(MEASURED_ENTRIES)
            .optimize_on_close(true, MEASURED_ENTRIES);
        let pool = || SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).idle_timeout(None);
        let writer = pool().max_connections(1).max_lifetime(None).connect_with(options.clone()).await?;
        // They begin when the first is needed, which is after the tables have been migrated and measured.
        let options = options.read_only(true).optimize_on_close(false, None);
        let reader = pool().max_connections(SQLITE_READERS).max_lifetime(READER_LIFETIME).connect_lazy_with(options);
        Ok(Self::Sqlite { writer, reader })
    }

    /// A connection for reading, for somebody who has been asked for the right.
    pub(crate) async fn read(&self, _granted: Granted) -> Result<Session, StoreError> {
        Ok(match self {
            Self::Sqlite { reader, .. } => Session::Sqlite(Handle::Plain(reader.acquire().await?)),
            Self::Postgres(pool) => Session::Postgres(Handle::Plain(pool.acquire().await?)),
        })
    }

    /// A transaction. `SQLite` takes its write lock at the start, so that what has begun can finish.
    pub(crate) async fn write(&self, _granted: Granted) -> Result<Session, StoreError> {
        Ok(match self {
            Self::Sqlite { writer, .. } => {
                Session::Sqlite(Handle::Transaction(writer.begin_with("BEGIN IMMEDIATE").await?))
            }
            Self::Postgres(pool) => Session::Postgres(Handle::Transaction(pool.begin().await?)),
        })
    }

    pub(crate) async fn migrate(&self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite { writer, .. } => sqlx::migrate!("migrations/sqlite").run(writer).await?,
            Self::Postgres(pool) => sqlx::migrate!("migrations/postgres").run(pool).await?,
        }
        Ok(())
    }

    /// Measures the tables of `SQLite` that have grown or shrunk by much, so that statements are planned by what is in them: without that,
    /// a page may read a million rows for fifty. `PostgreSQL` does it by itself.
    pub(crate) async fn measure(&self) -> Result<(), StoreError> {
        if let Self::Sqlite { writer, .. } = self {
            // 0x10000 looks at all tables and not only at those that this connection has asked, 0x2 measures.
            sqlx::query("PRAGMA optimize = 0x10002").execute(writer).await?;
        }
        Ok(())
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, reader } => {
                reader.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}
