//! What a benchmark is run for, and how its figures are told.
#![allow(dead_code, reason = "not every benchmark tells all of it")]

use std::time::Duration;

use bankside_testkit::{Engine, POSTGRES_VARIABLE};
use tokio::runtime::Runtime;

/// Ready to run whole houses in.
pub(super) fn runtime() -> Runtime {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Runtime::new().unwrap()
}

/// How many rows are asked for with `BANKSIDE_ROWS`.
pub(super) fn asked_rows() -> Option<usize> {
    std::env::var("BANKSIDE_ROWS").ok().map(|rows| rows.parse().unwrap())
}

/// So many rows, or those that are asked for.
pub(super) fn sizes(usual: &[usize]) -> Vec<usize> {
    asked_rows().map_or(usual.to_vec(), |rows| vec![rows])
}

/// The engines that are there.
pub(super) fn engines() -> Vec<Engine> {
    let postgres = std::env::var_os(POSTGRES_VARIABLE).map(|_| Engine::Postgres);
    std::iter::once(Engine::Sqlite).chain(postgres).collect()
}

/// A table of milliseconds: a line for each name, a column for each head.
pub(super) fn print_table(engine: Engine, heads: &[String], names: &[impl AsRef<str>], columns: &[Vec<Duration>]) {
    println!("\n{engine:?}, milliseconds");
    print!("{:<34}", "");
    for head in heads {
        print!("{head:>16}");
    }
    println!();
    for (at, name) in names.iter().enumerate() {
        print!("{:<34}", name.as_ref());
        for column in columns {
            print!("{:>16.1}", column[at].as_secs_f64() * 1000.0);
        }
        println!();
    }
}
