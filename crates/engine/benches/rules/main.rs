//! Rules that are looked at and applied to all of the books, and the inbox while every row waits in it, in books of 1 000, 10 000 and
//! 100 000 rows: what grows faster than the rows shows from one column to the next.
//!
//! `BANKSIDE_ROWS=100000` measures that size only, `BANKSIDE_ASKS=inbox` leaves out the rules. `PostgreSQL` is measured where a test cluster is there: `tests/postgres run cargo bench …`.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

#[path = "../register/fill.rs"]
mod fill;
#[path = "../common/house.rs"]
mod house;
#[path = "../common/told.rs"]
mod told;

use std::fmt::Write as _;
use std::time::Duration;

use bankside_engine::{InboxQuery, InboxShown, RegisterQuery};
use house::House;
use sqlx::Connection as _;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const ACCOUNTS: usize = 5;
const RULES: usize = 50;
const TIMES: usize = 7;

#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
async fn timed<T>(work: impl Future<Output = T>) -> (Duration, T) {
    let began = std::time::Instant::now();
    let done = work.await;
    (began.elapsed(), done)
}

/// Rules as people write them; together they change half of the rows.
fn rules() -> String {
    let mut text =
        "rule \"Clean\" in stage before\nif bank text matches \"^nordmarkt \\d+\"\nthen set payee \"Nordmarkt\"\n"
            .to_owned();
    for number in 0..RULES {
        let condition =
            format!("if payee is \"Stadtwerke {}\"\nor note contains \"kundennummer 4{number:02}\"", 2 + 8 * number);
        write!(text, "\nrule \"Rule {number}\"\n{condition}\nthen add tag \"t{number}\"\n").unwrap();
    }
    text + "\nrule \"Rest\" in stage last\nif category is empty\nthen set category \"Groceries\"\n"
}

/// Everything waits in the inbox.
async fn open_all(house: &House) {
    const TEXT: &str = "UPDATE transactions SET inbox = 'waiting', reviewed_at = NULL";
    if house.url.starts_with("sqlite:") {
        let mut connection = sqlx::SqliteConnection::connect(&house.url).await.unwrap();
        sqlx::query(TEXT).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = sqlx::PgConnection::connect(&house.url).await.unwrap();
        sqlx::query(TEXT).execute(&mut connection).await.unwrap();
        sqlx::query("VACUUM ANALYZE").execute(&mut connection).await.unwrap();
    }
}

/// The median of a page of the inbox, with the count of what waits.
async fn inbox(house: &House, offset: usize) -> Duration {
    let rows = RegisterQuery { offset: i64::try_from(offset).unwrap(), limit: 50, ..RegisterQuery::default() };
    let query = InboxQuery { asset: None, shown: InboxShown::Waiting, rows };
    let ask = async || {
        let count = house.engine.count_inbox(&house.asker).await.unwrap();
        house.engine.inbox(&house.asker, &query, count).await.unwrap()
    };
    ask().await;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        times.push(timed(ask()).await.0);
    }
    times.sort_unstable();
    times[times.len() / 2]
}

async fn measured(engine: bankside_testkit::Engine, rows: usize) -> Vec<(&'static str, Duration)> {
    let house = House::new(engine, Vec::new()).await;
    fill::fill(&house, rows, ACCOUNTS).await;
    house.store.switch_inbox(&house.asker, true).await.unwrap();
    open_all(&house).await;
    let house = house.reopened().await;
    let (engine, asker) = (&house.engine, &house.asker);
    let mut told =
        vec![("inbox, first rows", inbox(&house, 0).await), ("inbox, in the middle", inbox(&house, rows / 2).await)];
    if std::env::var("BANKSIDE_ASKS").map_or(true, |word| "rules".contains(&word)) {
        engine.bring_rules(asker, &rules()).await.unwrap();
        let (looked, tried) = timed(engine.try_all_rules(asker)).await;
        let tried = tried.unwrap();
        assert_eq!(tried.looked_at, rows);
        let (applied, done) = timed(engine.apply_all_rules(asker, None)).await;
        assert_eq!(done.unwrap().changed, tried.changed);
        let (again, left) = timed(engine.apply_all_rules(asker, None)).await;
        assert_eq!(left.unwrap().changed, 0);
        eprintln!("{rows} rows, of which rules change {}", tried.changed);
        told.extend([("rules looked at", looked), ("rules applied", applied), ("rules applied again", again)]);
    }
    house.store.close().await;
    told
}

fn main() {
    let runtime = told::runtime();
    let sizes = told::sizes(&SIZES);
    for engine in told::engines() {
        let measured = sizes.iter().map(|rows| runtime.block_on(measured(engine, *rows)));
        let (names, columns): (Vec<Vec<&str>>, Vec<Vec<Duration>>) =
            measured.map(|lines| lines.into_iter().unzip::<_, _, Vec<_>, Vec<_>>()).unzip();
        let heads: Vec<String> = sizes.iter().map(usize::to_string).collect();
        told::print_table(engine, &heads, &names[0], &columns);
    }
}
