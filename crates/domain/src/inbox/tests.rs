use jiff::civil::{Date, date};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::row::RowStatus;

fn euro(minor: i64) -> Sum {
    Sum { minor, currency: "EUR".parse().unwrap() }
}

fn yen(minor: i64) -> Sum {
    Sum { minor, currency: "JPY".parse().unwrap() }
}

fn facts(minor: i64, earlier: &[Sum]) -> Facts<'_> {
    Facts { sum: euro(minor), earlier: Some(earlier), twin: None, proposed: None, in_transit: None }
}

fn other() -> TransactionId {
    Uuid::from_u128(7).into()
}

#[test]
fn a_payee_is_new_while_no_earlier_row_has_it() {
    assert_eq!(flags(&facts(-280, &[])), [Flag::NewPayee]);
    assert_eq!(flags(&facts(-280, &[euro(-990)])), []);
    // Also where what came before was of another kind.
    assert_eq!(flags(&facts(-280, &[yen(280)])), []);
    assert_eq!(flags(&Facts { earlier: None, ..facts(-280, &[]) }), []);
}

#[test]
fn an_unusual_amount_is_told_with_what_came_before() {
    let earlier = [euro(-4_000), euro(-5_200), euro(-4_400), euro(-4_600), euro(900), yen(-90_000)];
    let usual = Usual { rows: 4, least_minor: 4_000, most_minor: 5_200, is_latest: false };
    for (minor, expected) in [
        (-5_200, None),
        (-7_800, None),
        (-7_801, Some(usual)),
        (-2_000, None),
        (-1_999, Some(usual)),
        // Money that comes in is another matter, of which there is too little to tell.
        (7_801, None),
    ] {
        assert_eq!(unusual(euro(minor), &earlier), expected, "{minor}");
    }
    assert_eq!(unusual(euro(-7_801), &earlier[1..]), None, "three are not enough");
    let many = vec![euro(-100); 50];
    assert!(unusual(euro(-151), &many).unwrap().is_latest);
    assert_eq!(unusual(euro(i64::MIN), &many).unwrap().rows, 50);
}

#[test]
fn what_lies_between_own_accounts_has_no_new_payee() {
    let transfer = Facts { proposed: Some(other()), ..facts(-280, &[]) };
    assert_eq!(flags(&transfer), [Flag::ProposedTransfer(other())]);
    let account: AccountId = Uuid::from_u128(9).into();
    let on_its_way = Facts { in_transit: Some(account), twin: Some(other()), ..facts(-280, &[]) };
    assert_eq!(flags(&on_its_way), [Flag::PossibleTwin(other()), Flag::InTransit(account)]);
}

#[test]
fn strong_is_what_nobody_has_to_think_about() {
    let strong = Purpose::Suggested(Strength::Strong);
    assert!(is_strong(&[], false, &[Purpose::Known]));
    assert!(is_strong(&[], false, &[strong, Purpose::Known]));
    for lines in [&[][..], &[Purpose::Unknown], &[strong, Purpose::Unknown], &[Purpose::Suggested(Strength::Fair)]] {
        assert!(!is_strong(&[], false, lines), "{lines:?}");
    }
    assert!(!is_strong(&[Flag::NewPayee], false, &[strong]));
    assert!(!is_strong(&[], true, &[strong]));
}

fn row() -> Follower {
    Follower {
        id: Uuid::from_u128(1).into(),
        line: Uuid::from_u128(2).into(),
        is_there: true,
        status: RowStatus::Pending,
        amount_minor: -280,
        line_minor: -280,
        dated_on: date(2026, 11, 20),
        payee: Some(Uuid::from_u128(3).into()),
        booked_on: None,
        value_on: None,
        provider_dated_on: Some(date(2026, 11, 20)),
        provider_payee: Some(Uuid::from_u128(3).into()),
        note: Some("Card".into()),
        provider_note: Some("Card".into()),
    }
}

#[test]
fn only_another_amount_day_or_payee_brings_a_row_back() {
    let day: Date = date(2026, 11, 21);
    for (next, expected) in [
        (row(), false),
        (Follower { status: RowStatus::Booked, booked_on: Some(day), value_on: Some(day), ..row() }, false),
        (Follower { note: None, provider_note: None, ..row() }, false),
        // What the bank says below what a person wrote changes nothing in the books.
        (Follower { provider_dated_on: Some(day), provider_payee: None, ..row() }, false),
        (Follower { amount_minor: -300, line_minor: -300, ..row() }, true),
        (Follower { dated_on: day, ..row() }, true),
        (Follower { payee: None, ..row() }, true),
        (Follower { payee: None, is_there: false, ..row() }, false),
    ] {
        assert_eq!(returns(&row(), &next), expected, "{next:?}");
    }
    // A row that somebody typed was never in the inbox; that a bank confirms it is no change of the bank's.
    let typed = Follower { provider_dated_on: None, ..row() };
    assert!(!returns(&typed, &Follower { dated_on: day, ..row() }));
}

proptest! {
    #[test]
    fn what_lies_within_what_came_before_is_never_unusual(
        earlier in prop::collection::vec(-1_000_000_i64..-1, 1..50),
        pick in any::<prop::sample::Index>(),
        between in 0_i64..=100,
    ) {
        let earlier: Vec<Sum> = earlier.into_iter().map(euro).collect();
        let (one, least) = (earlier[pick.index(earlier.len())].minor, earlier.iter().map(|sum| sum.minor).max().unwrap());
        prop_assert_eq!(unusual(euro(one), &earlier), None);
        let within = one + (least - one) * between / 100;
        prop_assert_eq!(unusual(euro(within), &earlier), None);
    }

    #[test]
    fn the_order_and_the_size_of_money_make_no_difference(
        mut earlier in prop::collection::vec(1_i64..1_000_000, 0..50),
        minor in 1_i64..3_000_000,
        times in 1_i64..1_000,
    ) {
        let flagged = |minor: i64, amounts: &[i64]| {
            let sums: Vec<Sum> = amounts.iter().copied().map(euro).collect();
            unusual(euro(minor), &sums).is_some()
        };
        let expected = flagged(minor, &earlier);
        let scaled: Vec<i64> = earlier.iter().map(|amount| amount * times).collect();
        prop_assert_eq!(flagged(minor * times, &scaled), expected);
        let turned: Vec<i64> = earlier.iter().map(|amount| -amount).collect();
        prop_assert_eq!(flagged(-minor, &turned), expected);
        earlier.reverse();
        prop_assert_eq!(flagged(minor, &earlier), expected);
    }

    #[test]
    fn nothing_with_a_flag_is_strong(new in any::<bool>(), twin in any::<bool>(), proposed in any::<bool>(), minor in -9_000_i64..9_000) {
        let earlier = vec![euro(-100); if new { 0 } else { 6 }];
        let facts = Facts {
            twin: twin.then(other),
            proposed: proposed.then(other),
            ..facts(minor, &earlier)
        };
        let flags = flags(&facts);
        prop_assert_eq!(is_strong(&flags, false, &[Purpose::Known]), flags.is_empty());
        prop_assert_eq!(flags.contains(&Flag::NewPayee), new && !proposed);
        prop_assert_eq!(flags.contains(&Flag::PossibleTwin(other())), twin);
    }
}
