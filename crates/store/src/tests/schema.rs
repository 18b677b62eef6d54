//! The schema: both engines have the same tables, and both understand every SQL text.

use bankside_domain::Granted;
use std::collections::BTreeMap;
use std::path::Path;

use sqlx::{AssertSqlSafe, Executor, SqlSafeStr};

use crate::asset_files::{end_where, select_files};
use crate::db::{Connected, on};
use crate::rules::select_hits;
use crate::statement_files::abandon_where;
use crate::tests::on_both;

on_both! {
    every_sql_text_can_be_prepared(world) {
        let mut texts = Vec::new();
        collect_sql(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
        assert!(texts.len() > 70, "only {} texts were found", texts.len());
        let mut session = world.store.db.read(Granted::as_system()).await.unwrap();
        for (place, text) in texts {
            let statement = AssertSqlSafe(text.clone()).into_sql_str();
            let result = on!(session, c => c.prepare(statement).await.map(|_| ()));
            assert!(result.is_ok(), "{place}: {result:?}\n{text}");
        }
    }

    opening_again_changes_nothing(world) {
        world.store.db.migrate().await.unwrap();
        world.store.seed_currencies().await.unwrap();
        let currencies = world.store.currencies().await.unwrap();
        assert!(currencies.len() > 150);
        assert_eq!(currencies[&"JPY".parse().unwrap()].scale, 0);
    }

    statements_are_run_as_they_are(world) {
        for mut session in [
            world.store.db.read(Granted::as_system()).await.unwrap(),
            world.store.db.write(Granted::as_system()).await.unwrap(),
        ] {
            if let Connected::Postgres(connection) = session.connected() {
                let compiles: String = sqlx::query_scalar("SHOW jit").fetch_one(connection).await.unwrap();
                assert_eq!(compiles, "off");
            }
        }
    }

    the_audit_is_append_only(world) {
        world.store.audit(&world.asker, "test.done", "x", "").await.unwrap();
        let mut session = world.store.db.write(Granted::as_system()).await.unwrap();
        let update = on!(session, c => sqlx::query("UPDATE audit SET action = 'other'").execute(c).await.map(|_| ()));
        assert!(update.unwrap_err().to_string().contains("append-only"));
        drop(session);
        let mut session = world.store.db.write(Granted::as_system()).await.unwrap();
        let delete = on!(session, c => sqlx::query("DELETE FROM audit").execute(c).await.map(|_| ()));
        assert!(delete.unwrap_err().to_string().contains("append-only"));
    }
}

#[tokio::test]
async fn both_engines_have_the_same_tables_and_columns() {
    let mut shapes = Vec::new();
    for engine in [bankside_testkit::Engine::Sqlite, bankside_testkit::Engine::Postgres] {
        let world = crate::tests::world::World::open(engine).await;
        let mut session = world.store.db.read(Granted::as_system()).await.unwrap();
        let sqlite =
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type IN ('table', 'view')";
        let postgres = "SELECT table_name::text, column_name::text FROM information_schema.columns
             WHERE table_schema = 'public'";
        let rows: Vec<(String, String)> = match session.connected() {
            Connected::Sqlite(c) => sqlx::query_as(sqlite).fetch_all(c).await.unwrap(),
            Connected::Postgres(c) => sqlx::query_as(postgres).fetch_all(c).await.unwrap(),
        };
        let mut shape: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (table, column) in rows {
            // An index of SQLite's is made of tables.
            if !table.starts_with("_sqlx") && !table.starts_with("sqlite_") && !table.starts_with("note_index") {
                shape.entry(table).or_default().push(column);
            }
        }
        for columns in shape.values_mut() {
            columns.sort();
        }
        shapes.push(shape);
    }
    assert_eq!(shapes[0], shapes[1]);
    let global = [
        "installation",
        "settings",
        "currencies",
        "people",
        "address_changes",
        "sessions",
        "throttles",
        "organizations",
    ];
    for (table, columns) in &shapes[0] {
        let scoped = columns.iter().any(|column| column == "organization_id");
        assert!(scoped != global.contains(&table.as_str()), "{table}");
    }
}

/// Collects what the sources mark as SQL: the literal after `sql!(`, or after one of the macros that put the same words before each.
fn collect_sql(folder: &Path, texts: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                collect_sql(&path, texts);
            }
            continue;
        }
        let source = std::fs::read_to_string(&path).unwrap();
        let marks = [
            ("sql!(", ""),
            ("abandon_where!(", abandon_where!("")),
            ("end_where!(", end_where!("")),
            ("select_files!(", select_files!("")),
            ("select_hits!(", select_hits!("")),
        ];
        for (mark, before) in marks {
            for (at, _) in source.match_indices(mark) {
                let rest = source[at + mark.len()..].trim_start();
                if let Some((text, _)) = rest.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
                    let line = source[..at].lines().count();
                    texts
                        .push((format!("{}:{line}", path.display()), format!("{before}{}", text.replace("\\\n", " "))));
                }
            }
        }
    }
}
