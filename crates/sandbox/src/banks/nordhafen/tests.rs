use std::collections::{BTreeMap, HashSet};

use super::*;
use crate::banks::calendar::previous_business;
use crate::banks::iban::is_valid;
use crate::banks::ledger::Entry;

fn cards() -> Vec<Card> {
    Nordhafen.accounts(Numbering::Fixed).unwrap()
}

fn statement(key: &str, today: Date) -> Statement {
    let card = cards().into_iter().find(|card| card.key == key).unwrap();
    Nordhafen.statement(&card, today)
}

fn opening(key: &str) -> i64 {
    if key == SAVINGS { OPENING_SAVINGS_MINOR } else { OPENING_GIRO_MINOR }
}

fn sum_until(rows: &[Entry], day: Date) -> i64 {
    rows.iter().filter(|row| row.booked_on <= day).map(|row| row.amount.minor).sum()
}

fn balance(statement: &Statement, kind: BalanceKind) -> (i64, Date) {
    let stated = statement.balances.iter().find(|stated| stated.kind == kind).unwrap();
    (stated.amount.minor, stated.on)
}

/// Two hundred days, a week and a day apart, so that each weekday and month comes up.
fn sample_days() -> impl Iterator<Item = Date> {
    (0..200).map(|index| plus_days(date(2023, 1, 1), index * 8))
}

#[test]
fn every_balance_is_the_sum_of_its_rows_on_two_hundred_days() {
    for (today, key) in sample_days().flat_map(|day| [(day, GIRO), (day, SAVINGS)]) {
        let statement = statement(key, today);
        let expect = |day| opening(key) + sum_until(&statement.booked, day);
        let yesterday = previous_business(today);
        let last_month = today.first_of_month().yesterday().unwrap();
        let pending: i64 = statement.pending.iter().map(|row| row.amount.minor).sum();
        assert_eq!(balance(&statement, BalanceKind::InterimBooked), (expect(today), today), "{key} {today}");
        assert_eq!(balance(&statement, BalanceKind::ClosingBooked), (expect(yesterday), yesterday), "{key} {today}");
        assert_eq!(balance(&statement, BalanceKind::PreviouslyClosedBooked), (expect(last_month), last_month));
        assert_eq!(balance(&statement, BalanceKind::Expected), (expect(today) + pending, today));
        let after = statement.booked.last().map_or(opening(key), |row| row.balance_after.unwrap().minor);
        assert_eq!(after, expect(today));
    }
}

#[test]
fn history_only_grows() {
    let full = statement(GIRO, date(2027, 12, 31)).booked;
    for today in sample_days() {
        let rows = statement(GIRO, today).booked;
        assert_eq!(rows, full[..rows.len()], "{today}");
        assert!(full.get(rows.len()).is_none_or(|next| next.booked_on > today), "{today}");
    }
}

#[test]
fn pending_rows_settle_within_three_days_at_the_same_amount_and_merchant() {
    for today in days(date(2026, 1, 1), date(2026, 6, 30)) {
        let now = statement(GIRO, today);
        assert!((1..=3).contains(&now.pending.len()), "{today}: {}", now.pending.len());
        let settled = statement(GIRO, plus_days(today, 3)).booked.split_off(now.booked.len());
        for pending in &now.pending {
            let count = |rows: &[Pending]| rows.iter().filter(|row| *row == pending).count();
            let matches = settled.iter().filter(|row| {
                row.amount == pending.amount
                    && row.party.as_ref().map(|party| &party.name) == pending.party.as_ref()
                    && row.booked_on > pending.on
                    && row.booked_on <= plus_days(pending.on, 3)
            });
            assert!(matches.count() >= count(&now.pending), "{today} {pending:?}");
        }
    }
}

#[test]
fn a_month_looks_like_a_household() {
    let months = |key| {
        let mut months: BTreeMap<String, usize> = BTreeMap::new();
        for row in statement(key, date(2026, 10, 31)).booked.iter().filter(|row| row.booked_on >= date(2023, 2, 1)) {
            *months.entry(row.booked_on.strftime("%Y-%m").to_string()).or_default() += 1;
        }
        months
    };
    for (month, count) in months(GIRO) {
        assert!((34..=48).contains(&count), "{month}: {count}");
    }
    for (month, count) in months(SAVINGS) {
        assert!((2..=3).contains(&count), "{month}: {count}");
    }
}

#[test]
fn rows_are_numbered_once_and_never_on_a_weekend() {
    for key in [GIRO, SAVINGS] {
        let rows = statement(key, date(2026, 11, 20)).booked;
        let numbers: HashSet<_> = rows.iter().map(|row| &row.number).collect();
        assert_eq!(numbers.len(), rows.len());
        assert!(rows.iter().all(|row| is_business(row.booked_on)));
        assert!(rows.is_sorted_by_key(|row| row.booked_on));
    }
}

#[test]
fn the_current_account_stays_within_a_households_means() {
    let rows = statement(GIRO, date(2035, 1, 1)).booked;
    let balances = rows.iter().filter_map(|row| row.balance_after).map(|amount| amount.minor);
    assert!(balances.clone().min().unwrap() > 0, "lowest: {:?}", balances.clone().min());
    assert!(balances.clone().max().unwrap() < 900_000, "highest: {:?}", balances.clone().max());
}

#[test]
fn some_days_have_two_equal_coffees_and_some_things_go_back() {
    let rows = statement(GIRO, date(2026, 11, 20)).booked;
    let twins = rows.windows(2).filter(|pair| {
        pair[0].text == pair[1].text && pair[0].amount == pair[1].amount && pair[0].booked_on == pair[1].booked_on
    });
    assert!(twins.count() > 20);
    let refunds = rows.iter().filter(|row| row.code == code::CARD && row.amount.minor > 0);
    assert!((10..80).contains(&refunds.count()));
}

#[test]
fn transfers_have_both_sides() {
    let internal = |key| {
        let rows = statement(key, date(2026, 11, 20)).booked.into_iter();
        let rows = rows.filter(|row| row.party.as_ref().is_some_and(|party| party.name == HOLDER));
        rows.map(|row| (row.booked_on, row.amount.minor)).collect::<Vec<_>>()
    };
    let other: Vec<_> = internal(SAVINGS).into_iter().map(|(day, minor)| (day, -minor)).collect();
    assert_eq!(internal(GIRO), other);
    assert!(other.len() > 40);
}

#[test]
fn account_numbers_are_valid_and_belong_to_no_bank() {
    for card in cards() {
        assert!(is_valid(card.number()), "{}", card.number());
        assert!(card.number()[4..].starts_with("99900001"));
    }
}

#[test]
fn before_the_first_day_there_is_nothing() {
    let statement = statement(GIRO, date(1970, 1, 1));
    assert!(statement.booked.is_empty() && statement.pending.is_empty());
    assert_eq!(balance(&statement, BalanceKind::InterimBooked).0, OPENING_GIRO_MINOR);
}
