//! What it costs to reconcile 10 000 incoming rows with a window of 100 000 known ones, beside its floor: a hash map of as many keys, built
//! and asked for as many.
//!
//! Half of the rows that come are known by their ids, a quarter is known by content because its ids were issued anew, and a quarter is new.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bankside_domain::account::PendingPolicy;
use bankside_domain::amount::{Amount, Currency};
use bankside_domain::reconcile::{Action, Arrived, ClaimState, Coverage, Digest, Known, Policy, Snapshot, plan};
use bankside_domain::row::{Counterparty, MappedRow, Row, RowIdKind, RowStatus};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use uuid::Uuid;

const KNOWN: usize = 100_000;
const ARRIVED: usize = 10_000;
const ROWS_A_DAY: usize = 13;
const TIMES: usize = 15;

/// What no row of the bank's other than this has.
fn digest(what: u8, number: usize) -> Digest {
    // Spread over all bits, as those of a keyed hash are.
    let scattered = (number as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) ^ u128::from(what);
    Digest(scattered.to_be_bytes())
}

fn day(number: usize) -> Date {
    date(2006, 1, 1) + i64::try_from(number / ROWS_A_DAY).unwrap().days()
}

fn minor(number: usize) -> i64 {
    -i64::try_from(number * 7_919 % 100_000 + 1).unwrap()
}

fn payee(number: usize) -> String {
    format!("Shop {}", number % 300)
}

fn known(number: usize) -> Known {
    let id = |what: u128| Uuid::from_u128(what << 64 | number as u128);
    Known {
        feed_row: id(1).into(),
        ids: vec![(RowIdKind::Bank, digest(1, number))],
        fingerprint: digest(2, number),
        status: RowStatus::Booked,
        minor: Some(minor(number)),
        currency: Some("EUR".parse().unwrap()),
        day: Some(day(number)),
        payee_folded: Some(payee(number).to_lowercase()),
        seen: false,
        claim: Some((ClaimState::Applied, Some(id(2).into()))),
        since: None,
        is_in_books: true,
        is_settled: false,
        is_locked: false,
        day_by_person: None,
        is_vanished: false,
        is_from_elsewhere: false,
    }
}

/// The row of a number; what of its ids is of another time is another id.
fn arrived(number: usize, is_issued_anew: bool) -> Arrived {
    let row = Row {
        status: RowStatus::Booked,
        ids: Vec::new(),
        booked_on: Some(day(number)),
        value_on: Some(day(number)),
        transacted_on: None,
        dated_on: None,
        happened_at: None,
        amount: Amount::new(minor(number), Currency::iso("EUR").unwrap()),
        counterparty: Counterparty { name: Some(payee(number)), account: None },
        remittance: Some(format!("Receipt {number}, thank you")),
        balance_after: None,
        original_amount: None,
        instalment: None,
        bill: None,
        end_to_end: None,
        is_placeholder: false,
        creditor: None,
        provider_category: None,
    };
    Arrived {
        version: Uuid::from_u128(3 << 64 | number as u128).into(),
        known_as: None,
        is_left_over: false,
        row: MappedRow::Readable(Box::new(row)),
        ids: vec![(RowIdKind::Bank, digest(if is_issued_anew { 3 } else { 1 }, number))],
        fingerprint: digest(2, number),
    }
}

fn snapshot() -> Snapshot {
    let first = KNOWN - ARRIVED * 3 / 4;
    Snapshot {
        known: (0..KNOWN).map(known).collect(),
        arrived: (0..ARRIVED).map(|nth| arrived(first + nth, (ARRIVED / 2..ARRIVED * 3 / 4).contains(&nth))).collect(),
        typed: Vec::new(),
        policy: Policy {
            currency: "EUR".parse().unwrap(),
            start_on: None,
            history_from: None,
            locked_through: None,
            pending: PendingPolicy::Shown,
            fallback_day: day(KNOWN + ARRIVED),
            booked_coverage: Some(Coverage { from: Some(day(first)), to: None }),
            pending_complete: true,
            distrusted: Vec::new(),
        },
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn main() {
    let snapshot = snapshot();
    let added = plan(&snapshot).decisions.iter().filter(|decision| matches!(decision.action, Action::Add(_))).count();
    assert_eq!(added, ARRIVED / 4, "what is new comes in, and nothing else does");
    let keys: Vec<Digest> = snapshot.known.iter().map(|known| known.fingerprint).collect();
    let (mut plans, mut floors) = (Vec::new(), Vec::new());
    // In turns, so that what else the machine does meets both.
    for _ in 0..TIMES {
        plans.push(timed(|| _ = black_box(plan(black_box(&snapshot)))));
        floors.push(timed(|| {
            let mut places: HashMap<Digest, usize> = HashMap::new();
            places.extend(black_box(&keys).iter().enumerate().map(|(place, key)| (*key, place)));
            let found = snapshot.arrived.iter().filter(|row| places.contains_key(&row.fingerprint)).count();
            assert_eq!(black_box(found), ARRIVED * 3 / 4);
        }));
    }
    let (plan, floor) = (median(plans), median(floors));
    println!("{ARRIVED} rows against a window of {KNOWN}, medians of {TIMES}");
    println!("reconcile {:>8.2} ms", plan.as_secs_f64() * 1000.0);
    println!("hash map  {:>8.2} ms", floor.as_secs_f64() * 1000.0);
    println!("ratio     {:>8.2}", plan.as_secs_f64() / floor.as_secs_f64());
}
