//! What a sync cannot be quicker than: plain SQL that inserts the very rows that it wrote, once more, into the same tables with the same
//! indexes, triggers and references, in one transaction.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};

use super::house::House;
use super::timed;

/// The tables that get rows for each row that comes, in an order that their references allow, with what names a row of each.
const TABLES: [(&str, &str); 8] = [
    ("payees", "organization_id, id"),
    ("sources", "organization_id, id"),
    ("feed_rows", "organization_id, id"),
    ("feed_row_versions", "organization_id, id"),
    ("transactions", "organization_id, id"),
    ("transaction_lines", "organization_id, id"),
    ("claims", "organization_id, feed_row_id"),
    ("changes", "organization_id, batch_id, position"),
];

/// What was there before.
pub(super) struct Floor;

/// The body is one, the drivers are two.
macro_rules! each {
    ($connection:expr, $texts:expr) => {{
        for text in $texts {
            sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut $connection).await.unwrap();
        }
    }};
}

/// A statement for each table.
fn for_each(statement: impl Fn(&str, &str) -> String) -> Vec<String> {
    TABLES.iter().map(|(table, key)| statement(table, key)).collect()
}

impl Floor {
    /// Notes which rows there are.
    pub(super) async fn before(house: &House) -> Self {
        let texts = for_each(|table, key| format!("CREATE TABLE before_{table} AS SELECT {key} FROM {table}"));
        if house.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&house.url).await.unwrap();
            each!(connection, texts);
            connection.close().await.unwrap();
        } else {
            let mut connection = PgConnection::connect(&house.url).await.unwrap();
            each!(connection, texts);
            connection.close().await.unwrap();
        }
        Self
    }

    /// Takes out what has come since, puts it back, and tells how long that took.
    pub(super) async fn again(self, house: &House) -> Duration {
        let mut aside = for_each(|table, key| {
            format!(
                "CREATE TABLE new_{table} AS SELECT t.* FROM {table} t LEFT JOIN before_{table} b USING ({key}) \
                 WHERE b.organization_id IS NULL"
            )
        });
        aside.extend(for_each(|table, _| format!("DROP TABLE before_{table}")));
        let mut out =
            for_each(|table, key| format!("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM new_{table})"));
        out.reverse();
        let back = for_each(|table, _| format!("INSERT INTO {table} SELECT * FROM new_{table}"));
        let away = for_each(|table, _| format!("DROP TABLE new_{table}"));
        // Rows that stay refer to those that are taken out, until they are back.
        if house.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&house.url).await.unwrap();
            each!(connection, aside.into_iter().chain(["PRAGMA foreign_keys = OFF".to_owned()]).chain(out));
            each!(connection, ["PRAGMA wal_checkpoint(TRUNCATE)".to_owned(), "PRAGMA foreign_keys = ON".to_owned()]);
            let took = timed(async {
                let mut transaction = connection.begin().await.unwrap();
                each!(*transaction, back);
                transaction.commit().await.unwrap();
            });
            let took = took.await;
            each!(connection, away);
            connection.close().await.unwrap();
            took
        } else {
            let mut connection = PgConnection::connect(&house.url).await.unwrap();
            each!(
                connection,
                aside.into_iter().chain(["SET session_replication_role = replica".to_owned()]).chain(out)
            );
            each!(connection, ["SET session_replication_role = DEFAULT".to_owned()]);
            let took = timed(async {
                let mut transaction = connection.begin().await.unwrap();
                each!(*transaction, back);
                transaction.commit().await.unwrap();
            });
            let took = took.await;
            each!(connection, away);
            connection.close().await.unwrap();
            took
        }
    }
}
