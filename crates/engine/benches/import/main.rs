//! What importing costs: into an account without rows, and rows of which half are known into accounts that have many, with and without
//! ids of the bank's, beside plain SQL that inserts the same rows into the same tables.
//!
//! A whole sync is measured, from the button to the proven balance: rows are sealed and stored as received, read back, planned, applied
//! with their batch, and proven. Only the network is missing. The cost of a row must not grow with the account, and neither must the
//! memory that a sync takes: that of an account of 500 000 rows is asserted to be what one of 50 000 takes, give or take a quarter.
//!
//! `BANKSIDE_ROWS=50000` measures accounts of that size only. `PostgreSQL` is measured where a test cluster is there.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

mod bank;
mod floor;
#[path = "../common/house.rs"]
mod house;
mod memory;
#[path = "../common/told.rs"]
mod told;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bank::{FIRST_DAY, Ids, Memory, row};
use bankside_connect::Connector;
use bankside_domain::{ConnectionId, Secret};
use bankside_engine::{FlowPage, LinkChoice, LinkTarget};
use floor::Floor;
use house::House;

const SIZES: [usize; 3] = [1_000, 50_000, 500_000];
/// How many rows come at once, half of them known.
const COMING: [usize; 2] = [1_000, 5_000];
const WHOLE: usize = 50_000;
const TIMES: usize = 5;
/// What one sync takes more than another by chance, in KiB.
const CHANCE_KIB: u64 = 2 * 1024;

/// An installation with an account that a bank feeds.
struct Linked {
    house: House,
    bank: Arc<Memory>,
    connection: ConnectionId,
    ids: Ids,
    rows: usize,
}

#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
pub(crate) async fn timed(work: impl Future<Output = ()>) -> Duration {
    let began = Instant::now();
    work.await;
    began.elapsed()
}

impl Linked {
    /// Without rows.
    async fn new(engine: bankside_testkit::Engine, ids: Ids) -> Self {
        let bank = Arc::new(Memory::default());
        let house = House::new(engine, vec![Arc::clone(&bank) as Arc<dyn Connector>]).await;
        let (asker, to) = (&house.asker, &house.engine);
        let keys = ["secret_id", "secret_key"].map(|name| (name.to_owned(), Secret::new("x")));
        to.keep_keys(asker, "gocardless", keys.into()).await.unwrap();
        let flow = to.begin_connecting(asker, "gocardless", "NORDHAFEN_NHBKDE22", None).await.unwrap();
        let FlowPage::Done { connection } = to.poll_flow(asker, flow).await.unwrap().page else {
            panic!("not connected")
        };
        let offer = to.link_offer(asker, connection, None).await.unwrap();
        let choice = LinkChoice {
            bank_account: offer.accounts[0].bank_account.id,
            target: LinkTarget::New("Checking".to_owned()),
            import_from: FIRST_DAY,
            flips_sign: None,
            asset: None,
        };
        to.link(asker, connection, &[choice]).await.unwrap();
        assert!(to.work_once().await.unwrap());
        Self { house, bank, connection, ids, rows: 0 }
    }

    /// So many rows come, the first of which are known.
    async fn import(&mut self, rows: usize, known: usize) -> Duration {
        let first = self.rows - known;
        self.bank.rows.lock().unwrap().extend((first..first + rows).map(|number| row(number, self.ids)));
        let (engine, asker) = (&self.house.engine, &self.house.asker);
        let took = timed(async {
            engine.sync_connection(asker, self.connection).await.unwrap();
            assert!(engine.work_once().await.unwrap());
        });
        let took = took.await;
        self.rows = first + rows;
        let count = engine.accounts(asker).await.unwrap()[0].account.transaction_count;
        assert_eq!(usize::try_from(count).unwrap(), self.rows, "each row once");
        took
    }
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1000.0
}

fn report(what: &str, rows: usize, sync: f64, floor: f64, kib: Option<u64>) {
    let of_a_row = sync * 1000.0 / f64::from(u32::try_from(rows).unwrap());
    let kib = kib.map_or_else(|| "-".to_owned(), |kib| kib.to_string());
    println!("{what:<58}{sync:>10.1}{floor:>10.1}{:>8.2}{of_a_row:>10.1}{kib:>12}", sync / floor);
}

/// The memory that a sync takes is that of its window, however many rows the account has.
fn assert_bounded(memory: &[(usize, usize, Ids, u64)]) {
    for (size, rows, ids, kib) in memory.iter().filter(|(size, ..)| *size >= 50_000) {
        let of_less =
            memory.iter().filter(|(less, like, of, _)| (like, of) == (rows, ids) && less < size && *less >= 50_000);
        for (less, .., before) in of_less {
            assert!(
                *kib <= before + before / 4 + CHANCE_KIB,
                "{rows} rows: {kib} KiB of {size}, {before} KiB of {less}"
            );
        }
    }
}

async fn measure(engine: bankside_testkit::Engine, sizes: &[usize]) {
    let heads = ("sync, ms", "SQL, ms", "ratio", "us a row", "memory, KiB");
    println!(
        "\n{:<58}{:>10}{:>10}{:>8}{:>10}{:>12}",
        format!("{engine:?}"),
        heads.0,
        heads.1,
        heads.2,
        heads.3,
        heads.4
    );
    let mut floors = Vec::new();
    let mut syncs = Vec::new();
    for _ in 0..3 {
        let mut linked = Linked::new(engine, Ids::Given).await;
        let floor = Floor::before(&linked.house).await;
        syncs.push(linked.import(WHOLE, 0).await);
        floors.push(floor.again(&linked.house).await);
    }
    let kib = Linked::new(engine, Ids::Given).await.import_measured(WHOLE, 0);
    report(&format!("{WHOLE} into an account without rows"), WHOLE, median(syncs), median(floors), kib);
    let mut memory = Vec::new();
    for size in sizes {
        for ids in [Ids::Given, Ids::Left] {
            let mut linked = Linked::new(engine, ids).await;
            linked.import(*size, 0).await;
            // As housekeeping does soon after so much was written.
            linked.house = linked.house.reopened().await;
            for rows in COMING.into_iter().filter(|rows| rows / 2 <= *size) {
                let (mut syncs, mut floors) = (Vec::new(), Vec::new());
                for _ in 0..TIMES {
                    let floor = Floor::before(&linked.house).await;
                    syncs.push(linked.import(rows, rows / 2).await);
                    floors.push(floor.again(&linked.house).await);
                }
                let with = if ids == Ids::Given { "with ids" } else { "without ids" };
                let what = format!("{rows}, half known, {with}, into an account of {size}");
                let kib = linked.import_measured(rows, rows / 2);
                memory.extend(kib.map(|kib| (*size, rows, ids, kib)));
                report(&what, rows, median(syncs), median(floors), kib);
            }
        }
    }
    assert_bounded(&memory);
}

fn main() {
    if memory::measures() {
        return;
    }
    let runtime = told::runtime();
    let sizes = told::sizes(&SIZES);
    for engine in told::engines() {
        runtime.block_on(measure(engine, &sizes));
    }
}
