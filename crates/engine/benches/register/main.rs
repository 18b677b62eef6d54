//! What a register asks for while it opens, scrolls, is sorted, filtered and searched, in books of 100 000 and of 1 000 000 rows: the
//! median of each, beside the same question to books of 1 000 rows, which is what it costs whatever the size.
//!
//! `BANKSIDE_ROWS=100000` measures that size only, `BANKSIDE_ASKS=map` those with this word in their names. `PostgreSQL` is measured where a test cluster is there: `tests/postgres run cargo bench …`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

mod asks;
mod fill;
#[path = "../common/house.rs"]
mod house;
#[path = "../common/told.rs"]
mod told;

use std::time::Duration;

use house::House;
use tokio::runtime::Runtime;

const FLOOR: usize = 1_000;
const SIZES: [usize; 2] = [100_000, 1_000_000];
const MANY_ACCOUNTS: usize = 20;
/// No ask is repeated more often than this, nor for longer.
const MOST_TIMES: usize = 15;
const LONGEST: Duration = Duration::from_secs(2);

#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn timed(runtime: &Runtime, work: impl Future<Output = ()>) -> Duration {
    let began = std::time::Instant::now();
    runtime.block_on(work);
    began.elapsed()
}

/// Whether a question is asked.
fn is_asked(name: &str) -> bool {
    std::env::var("BANKSIDE_ASKS").map_or(true, |word| name.contains(&word))
}

/// The median of each ask of books of so many rows.
fn medians(runtime: &Runtime, engine: bankside_testkit::Engine, rows: usize, accounts: usize) -> Vec<Duration> {
    let house = runtime.block_on(House::new(engine, Vec::new()));
    let filled = timed(runtime, fill::fill(&house, rows, accounts));
    eprintln!("{engine:?}: {rows} rows in {accounts} accounts, written in {:.1} s", filled.as_secs_f64());
    let house = runtime.block_on(house.reopened());
    let asks = runtime.block_on(asks::all(&house, rows, accounts == 1));
    let median = |ask: &asks::Ask| {
        // The first time everything is read from the disk.
        timed(runtime, ask.answer(&house));
        let mut times = Vec::new();
        while times.len() < MOST_TIMES && times.iter().sum::<Duration>() < LONGEST {
            times.push(timed(runtime, ask.answer(&house)));
        }
        times.sort_unstable();
        times[times.len() / 2]
    };
    let names = asks::names();
    let medians = names.iter().zip(&asks).filter(|(name, _)| is_asked(name)).map(|(_, ask)| median(ask)).collect();
    runtime.block_on(house.store.close());
    medians
}

fn main() {
    let runtime = told::runtime();
    let sizes = told::sizes(&SIZES);
    for engine in told::engines() {
        let shapes: Vec<(usize, usize)> = std::iter::once((FLOOR, 1))
            .chain(sizes.iter().flat_map(|rows| [(*rows, 1), (*rows, MANY_ACCOUNTS)]))
            .collect();
        let columns: Vec<Vec<Duration>> =
            shapes.iter().map(|(rows, accounts)| medians(&runtime, engine, *rows, *accounts)).collect();
        let heads: Vec<String> = shapes.iter().map(|(rows, accounts)| format!("{rows} in {accounts}")).collect();
        let names: Vec<String> = asks::names().into_iter().filter(|name| is_asked(name)).collect();
        told::print_table(engine, &heads, &names, &columns);
    }
}
