use std::collections::{HashMap, HashSet};

use bankside_domain::Currency;
use bankside_domain::row::Row;
use jiff::civil::date;
use jiff::tz::TimeZone;

use super::*;

/// Rows that differ from the first in one thing each, and days and moments where days and clocks change.
fn rows(telling: Telling, account: usize) -> Vec<Wire> {
    let id = |kind, value: &str| RowId { kind, value: value.to_owned() };
    let moment = |day: Date, hour, minute| Some(day.at(hour, minute, 0, 0).in_tz(telling.zone()).unwrap().timestamp());
    let at = |day, hour, minute| moment(day, hour, minute).filter(|_| telling.teller.moments != Moments::Days);
    // Where two ids stand side by side the other one is written among the last.
    let is_backed = telling.teller.ids.contains(&Ids::Backed);
    let main = |number: u32| {
        let value = if telling.teller.numbers_rows { format!("{number}") } else { format!("tx-{number}") };
        id(if is_backed { RowIdKind::Provider } else { telling.teller.main_id }, &value)
    };
    let pending = |wire: Wire| {
        let ids = if telling.teller.names_pending { wire.ids.clone() } else { Vec::new() };
        Wire { is_pending: true, ids, ..wire }
    };
    let day = date(2026, 11, 1);
    let must_be = telling.teller.moments == Moments::Midnights;
    let first = Wire {
        ids: vec![main(1)],
        day,
        at: if must_be { at(day, 0, 0) } else { None },
        minor: -1550,
        currency: telling.tongue.currencies[account],
        payee: "Werft Nord".to_owned(),
        is_pending: false,
        since: None,
    };
    let mut rows = vec![
        Wire { ids: vec![main(2)], ..first.clone() },
        Wire { minor: 1550, ..first.clone() },
        Wire { minor: -9600, ..first.clone() },
        Wire { minor: -5, ..first.clone() },
        Wire { payee: "Café am Kai 4711".to_owned(), ..first.clone() },
        pending(first.clone()),
    ];
    if is_backed {
        let ids = vec![main(1), id(RowIdKind::Bank, "own-1")];
        rows.push(Wire { ids, ..first.clone() });
    }
    if telling.teller.ids.contains(&Ids::Recurring) {
        rows.push(Wire { ids: vec![id(RowIdKind::Reference, "M-1")], ..first.clone() });
    }
    if telling.teller.says_since {
        rows.push(Wire { since: moment(day, 12, 0), ..first.clone() });
    }
    // Nights in which clocks change, in Europe and in North America, and one in which they do not.
    for day in [date(2026, 10, 25), date(2027, 3, 28), date(2026, 11, 1), date(2027, 3, 14), date(2026, 12, 31)] {
        for (hour, minute) in [(0, 5), (2, 30), (23, 55)] {
            rows.push(Wire { day, at: at(day, hour, minute), ..first.clone() });
            rows.push(pending(Wire { day, at: at(day, hour, minute), ..first.clone() }));
        }
    }
    rows.push(first);
    rows
}

fn read(telling: Telling, account: usize, wire: &Wire) -> Row {
    let zone = TimeZone::get(telling.zone()).unwrap();
    let codes = telling.tongue.currencies.into_iter().chain(["EUR"]);
    let currencies: HashMap<_, _> =
        codes.map(|code| Currency::iso(code).unwrap()).map(|currency| (currency.code, currency)).collect();
    let context = MapContext {
        institution_key: telling.tongue.institution,
        time_zone: &zone,
        today: date(2027, 3, 28),
        account: telling.row_account(account),
        currencies: &currencies,
    };
    let reader = Reader::of(telling);
    let told = reader.map(&context, &telling.raw(account, wire));
    assert_eq!(told, reader.read(&context, account, wire), "it is read otherwise before it is sent");
    match told {
        MappedRow::Readable(row) => *row,
        MappedRow::Unreadable { why } => panic!("{telling}: {wire:?}: {why}"),
    }
}

fn all() -> Vec<(Telling, usize)> {
    let banks = TELLERS.iter().flat_map(|teller| teller.tongues.iter().map(move |tongue| Telling { teller, tongue }));
    banks.flat_map(|telling| (0..ACCOUNTS).map(move |account| (telling, account))).collect()
}

#[test]
fn every_bank_is_read_as_it_means_its_rows() {
    for (telling, account) in all() {
        for wire in rows(telling, account) {
            let row = read(telling, account, &wire);
            let what = format!("{telling}, account {account}: {wire:?}");
            assert_eq!((row.day(), row.status), (Some(wire.day), wire.status()), "{what}");
            assert_eq!((row.amount.minor, row.amount.currency.code.as_str()), (wire.minor, wire.currency), "{what}");
            assert_eq!(row.counterparty.name.as_ref(), Some(&wire.payee), "{what}");
            let text = row.remittance.unwrap();
            assert_eq!(text.to_lowercase(), wire.about().to_lowercase(), "{what}");
            assert_eq!(row.ids, wire.ids, "{what}");
        }
    }
}

/// The house in memory takes rows for one that are the same to the bank, the real one those whose bytes are.
#[test]
fn rows_that_differ_are_never_told_alike() {
    for (telling, account) in all() {
        let rows = rows(telling, account);
        let raw = |wire| telling.raw(account, wire);
        let told: HashSet<(RowStatus, Vec<u8>)> = rows.iter().map(raw).map(|raw| (raw.status, raw.bytes)).collect();
        assert_eq!(told.len(), rows.iter().collect::<HashSet<_>>().len(), "{telling}");
    }
}

#[test]
fn every_teller_gets_its_share_of_the_seeds_and_all_of_its_ways_with_ids() {
    for teller in &TELLERS {
        let mut seeds: Vec<usize> = (1..61).filter(|seed| Teller::of(*seed).id == teller.id).collect();
        if ["simplefin", "enablebanking", "finapi"].contains(&teller.id) {
            assert!(seeds.is_empty(), "it tells where it is asked to");
            seeds = (1..61).step_by(teller.every).collect();
        }
        assert_eq!(seeds.len() * teller.every, 60, "{}", teller.id);
        let ways: HashSet<usize> = seeds.iter().map(|seed| seed / teller.every % teller.ids.len()).collect();
        assert_eq!(ways.len(), teller.ids.len(), "{}", teller.id);
    }
}
