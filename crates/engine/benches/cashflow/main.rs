//! Cashflow of 2 000 assets with 500 accounts: 1 000 000 rows spread over twenty years, and the same rows all within one. Four of a hundred
//! rows are sides of transfers, some of which cost a fee. The median of each question; what the first one costs after a start, when nothing
//! has been read from the disk; and what it takes where nothing is remembered from a question before, as after each write.
//!
//! `BANKSIDE_ROWS=100000` measures that size only. `PostgreSQL` is measured where a test cluster is there: `tests/postgres run cargo bench …`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

mod fill;
#[path = "../common/house.rs"]
mod house;
#[path = "../common/told.rs"]
mod told;

use std::time::Duration;

use bankside_domain::Month;
use bankside_domain::cashflow::{Extent, Reach};
use bankside_engine::{CashflowQuery, Filter, RegisterQuery};
use fill::{Filled, LAST_DAY, Shape, fill};
use house::House;
use tokio::runtime::Runtime;

const ROWS: usize = 1_000_000;
const ASSETS: usize = 2_000;
const ACCOUNTS: usize = 500;
/// No question is repeated more often than this, nor for longer.
const MOST_TIMES: usize = 15;
const LONGEST: Duration = Duration::from_secs(2);

#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn timed(runtime: &Runtime, work: impl Future<Output = ()>) -> Duration {
    let began = std::time::Instant::now();
    runtime.block_on(work);
    began.elapsed()
}

/// What is asked: its name, and of a cashflow its query, or what stands behind a figure.
enum Ask {
    Cashflow(CashflowQuery),
    Register(Box<RegisterQuery>),
}

fn asks(filled: &Filled) -> Vec<(&'static str, Ask)> {
    let through = Month::of(LAST_DAY);
    let of = |asset, extent, months: i32| {
        let reach = Reach { asset, extent };
        Ask::Cashflow(CashflowQuery { reach, from: through.plus(1 - months), through, into: None, with_plan: false })
    };
    let behind = Filter {
        cashflow: Some(Reach { asset: Some(filled.country), extent: Extent::WithBelow }),
        main_category: Some(filled.category),
        from: Some(through.plus(-1).first_day()),
        to: Some(through.plus(-1).last_day()),
        ..Filter::default()
    };
    let register = RegisterQuery { filter: behind, limit: 100, ..RegisterQuery::default() };
    vec![
        ("organization, 12 months", of(None, Extent::WithBelow, 12)),
        ("organization, ten years", of(None, Extent::WithBelow, 120)),
        ("a country and below, 12 months", of(Some(filled.country), Extent::WithBelow, 12)),
        ("a country and below, ten years", of(Some(filled.country), Extent::WithBelow, 120)),
        ("one asset, 12 months", of(Some(filled.site), Extent::Alone, 12)),
        ("rows behind a figure of a country", Ask::Register(Box::new(register))),
    ]
}

async fn answer(house: &House, ask: &Ask) {
    match ask {
        Ask::Cashflow(query) => drop(house.engine.cashflow(&house.asker, query).await.unwrap()),
        Ask::Register(query) => drop(house.engine.register(&house.asker, query).await.unwrap()),
    }
}

/// The same from the database, whatever was asked before.
async fn answer_anew(house: &House, ask: &Ask) {
    match ask {
        Ask::Cashflow(query) => {
            drop(house.store.cashflow(&house.asker, query.reach, query.from, query.through).await.unwrap());
        }
        Ask::Register(_) => answer(house, ask).await,
    }
}

/// The median of many answers, in milliseconds.
fn median(runtime: &Runtime, answered: impl AsyncFn()) -> f64 {
    let mut times = Vec::new();
    while times.len() < MOST_TIMES && times.iter().sum::<Duration>() < LONGEST {
        times.push(timed(runtime, answered()));
    }
    times.sort_unstable();
    millis(times[times.len() / 2])
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The first answer, the median of each question, and the median where nothing is remembered, in milliseconds.
fn measure(runtime: &Runtime, engine: bankside_testkit::Engine, shape: Shape) -> Vec<(&'static str, [f64; 3])> {
    let house = runtime.block_on(House::new(engine, Vec::new()));
    let mut filled = None;
    let took = timed(runtime, async { filled = Some(fill(&house, shape).await) });
    eprintln!("{engine:?}: {shape:?}, written in {:.1} s", took.as_secs_f64());
    let house = runtime.block_on(house.reopened());
    let mut lines = Vec::new();
    for (name, ask) in asks(&filled.unwrap()) {
        let first = millis(timed(runtime, answer(&house, &ask)));
        let again = median(runtime, async || answer(&house, &ask).await);
        lines.push((name, [first, again, median(runtime, async || answer_anew(&house, &ask).await)]));
    }
    runtime.block_on(house.store.close());
    lines
}

fn main() {
    let runtime = told::runtime();
    let rows = told::asked_rows().unwrap_or(ROWS);
    for engine in told::engines() {
        for days in [7_300, 330] {
            let shape = Shape { rows, assets: ASSETS, accounts: ACCOUNTS, days };
            let lines = measure(&runtime, engine, shape);
            println!("\n{engine:?}, {rows} rows over {days} days, milliseconds");
            println!("{:<40}{:>12}{:>12}{:>12}", "", "first", "median", "uncached");
            for (name, [first, again, anew]) in lines {
                println!("{name:<40}{first:>12.1}{again:>12.1}{anew:>12.1}");
            }
        }
    }
}
