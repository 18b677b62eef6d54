use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::date;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::amount::Currency;
use crate::suspicion::pairs::in_order;
use crate::text::fold;

mod scenarios;

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

#[test]
fn a_link_is_read_as_it_is_written() {
    let grounds = Grounds {
        out_names_in: true,
        in_names_out: false,
        same_reference: false,
        named_in_text: true,
        fit: Fit::Fee { minor: 350 },
        loses_much: false,
        bank_days: 3,
    };
    for (by, grounds) in [(LinkedBy::Rows, Some(grounds)), (LinkedBy::Person, None)] {
        let link = Link { other: id(7).into(), by, grounds };
        assert_eq!(link_of(&link_value(&link)), Some(link));
    }
    let before = r#"{"other":"00000000-0000-0000-0000-000000000007","by":"rows","grounds":{"out_names_in":true,"in_names_out":false,
        "same_reference":false,"named_in_text":true,"fit":{"is":"fee","minor":350},"bank_days":3}}"#;
    let link = Link { other: id(7).into(), by: LinkedBy::Rows, grounds: Some(grounds) };
    assert_eq!(link_of(before), Some(link), "as it was written when nobody asked how much was lost");
    let exchanged = r#"{"other":"00000000-0000-0000-0000-000000000007","by":"rows","grounds":{"out_names_in":true,"in_names_out":false,
        "same_reference":false,"named_in_text":true,"fit":{"is":"exchanged","fee_minor":350},"bank_days":3}}"#;
    let fit = Fit::Exchanged { fee_minor: 350, fee_of: None };
    let link = Link { other: id(7).into(), by: LinkedBy::Rows, grounds: Some(Grounds { fit, ..grounds }) };
    assert_eq!(link_of(exchanged), Some(link), "as it was written when nobody asked in which currency");
    assert_eq!([Side::Out, Side::In].map(|side| fit.exchange_fee_minor(side)), [0, 0], "which nobody can tell by now");
    let known = Fit::Exchanged { fee_minor: 350, fee_of: Some(Side::In) };
    assert_eq!([Side::Out, Side::In].map(|side| known.exchange_fee_minor(side)), [0, 350]);
    assert_eq!(link_of("7"), None);
}

#[test]
fn numbers_and_references_are_compared_in_one_form() {
    assert_eq!(number_text("de58 9990 0001 0001 2345 00"), Some("DE58999000010001234500".to_owned()));
    for none in ["", "4500", "**** **** 1234 5678", "XXXX-XXXX-4321", "DE•• •••• 3308"] {
        assert_eq!(number_text(none), None, "{none}");
    }
    assert_eq!(reference_text(" 2026-11/Sparen "), Some("202611SPAREN".to_owned()));
    for none in ["", "NOTPROVIDED", "not provided", "000000", "12"] {
        assert_eq!(reference_text(none), None, "{none}");
    }
}

#[test]
fn who_waits_for_the_other_side_waits_as_long_as_it_may_come() {
    let friday = date(2026, 11, 6);
    for (history_from, today, expected) in [
        (None, friday, Transit::OnItsWay),
        (None, date(2026, 11, 13), Transit::OnItsWay),
        (None, date(2026, 11, 16), Transit::Missing),
        (Some(friday), friday, Transit::OnItsWay),
        (Some(date(2026, 11, 7)), date(2026, 11, 16), Transit::BeforeTheBooks),
    ] {
        assert_eq!(transit_of(friday, history_from, today), expected, "{history_from:?} {today}");
    }
}

/// A row in short: account, day, amount, the account whose number it names, reference, and whether it states an amount in the other
/// currency.
type Drawn = (u128, i64, i64, Option<u128>, Option<u8>, Option<i64>);

fn drawn() -> impl Strategy<Value = Drawn> {
    (
        0..4_u128,
        0..14_i64,
        prop_oneof![Just(-1000_i64), Just(1000), Just(-1010), Just(990), -3..3_i64],
        proptest::option::of(0..5_u128),
        proptest::option::of(0..2_u8),
        proptest::option::of(prop_oneof![Just(1000_i64), Just(990)]),
    )
}

/// Of four accounts the last has no number that anybody knows, and the third is in another currency.
fn own() -> OwnAccounts {
    let account = |number: u128| OwnAccount {
        numbers: if number < 3 { BTreeSet::from([digest(number)]) } else { BTreeSet::new() },
        names_folded: BTreeSet::new(),
    };
    OwnAccounts((0..4).map(|number| (id(900 + number).into(), account(number))).collect())
}

fn digest(number: u128) -> Digest {
    Digest(number.to_be_bytes())
}

fn rows(drawn: &[Drawn]) -> Vec<TransferRow> {
    let (euro, dollar) = (Currency::iso("EUR").unwrap(), Currency::iso("USD").unwrap());
    let currencies = |account: u128| if account == 2 { (dollar, euro) } else { (euro, dollar) };
    let row = |(number, (account, day, minor, names, reference, stated)): (usize, &Drawn)| TransferRow {
        transaction: id(1 + number as u128).into(),
        account: id(900 + account).into(),
        amount: Amount::new(*minor, currencies(*account).0),
        day: date(2026, 11, 1).saturating_add(day.days()),
        status: if *day == 13 { RowStatus::Scheduled } else { RowStatus::Booked },
        counterparty: names.map(digest),
        end_to_end: reference.map(|reference| digest(u128::from(reference))),
        original: stated.map(|stated| Amount::new(stated, currencies(*account).1)),
        text_folded: String::new(),
    };
    drawn.iter().enumerate().map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn each_row_has_one_other_side_at_most_and_every_pair_could_be_one(
        drawn in proptest::collection::vec(drawn(), 0..24), rejected in 0..24_u128,
    ) {
        let rows = rows(&drawn);
        let of = |id: TransactionId| rows.iter().find(|row| row.transaction == id).unwrap();
        let rejected = BTreeSet::from([in_order(id(rejected).into(), id(rejected + 1).into())]);
        let found = find_transfers(&rows, &own(), &rejected);
        let mut ends = BTreeSet::new();
        for found in found.linked.iter().chain(&found.proposed) {
            prop_assert!(ends.insert(found.out) && ends.insert(found.into), "{found:?} has a row of another pair");
            let (out, into) = (of(found.out), of(found.into));
            prop_assert_eq!(may_be_linked(out, into), Ok((out, into)));
            prop_assert_eq!(may_be_linked(into, out), Ok((out, into)));
            prop_assert!(out.account != into.account && out.amount.minor < 0 && into.amount.minor > 0);
            prop_assert!(bank_days(out.day, into.day).abs() <= MAX_BANK_DAYS);
            prop_assert!(!rejected.contains(&in_order(found.out, found.into)));
            // Whatever number a row names, it is not that of a third account.
            for (row, other) in [(out, into), (into, out)] {
                if let Some(number) = row.counterparty {
                    let owners: Vec<_> = own().with_number(number).collect();
                    prop_assert!(owners.is_empty() || owners.contains(&other.account) || owners.contains(&row.account));
                }
            }
        }
        for found in &found.linked {
            prop_assert!(found.grounds.is_strong() && !found.is_one_of_several);
        }
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(drawn in proptest::collection::vec(drawn(), 0..24), by in 0..24_usize) {
        let mut rows = rows(&drawn);
        let found = find_transfers(&rows, &own(), &BTreeSet::new());
        let by = by.min(rows.len());
        rows.rotate_left(by);
        prop_assert_eq!(&find_transfers(&rows, &own(), &BTreeSet::new()), &found);
        rows.reverse();
        prop_assert_eq!(&find_transfers(&rows, &own(), &BTreeSet::new()), &found);
    }

    #[test]
    fn what_is_linked_leaves_nothing_to_link(drawn in proptest::collection::vec(drawn(), 0..24)) {
        let rows = rows(&drawn);
        let found = find_transfers(&rows, &own(), &BTreeSet::new());
        let linked: BTreeSet<TransactionId> = found.linked.iter().flat_map(|found| [found.out, found.into]).collect();
        let left: Vec<TransferRow> = rows.into_iter().filter(|row| !linked.contains(&row.transaction)).collect();
        // What was contested is contested still: looking again guesses no more than looking once.
        prop_assert_eq!(find_transfers(&left, &own(), &BTreeSet::new()).linked, []);
    }
}
