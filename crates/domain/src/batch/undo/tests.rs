//! What goes back when a batch is undone, and what stays.

use jiff::civil::date;

use super::*;
use crate::transfer::{Link, LinkedBy, link_value};

fn change(id: u128, field: &str, before: Option<&str>, after: Option<&str>) -> Change {
    Change {
        entity: Entity::Transaction,
        id: Uuid::from_u128(id),
        owner: Uuid::from_u128(id),
        field: field.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}

/// The values as the batch left them.
fn as_left(changes: &[Change]) -> BTreeMap<FieldKey, Option<String>> {
    changes.iter().map(|change| (change.key(), change.after.clone())).collect()
}

fn nobody() -> BTreeSet<Uuid> {
    BTreeSet::new()
}

fn claim(feed_row: u128, transaction: u128, before: Option<&str>, after: Option<&str>) -> Change {
    Change {
        entity: Entity::Claim,
        id: Uuid::from_u128(feed_row),
        owner: Uuid::from_u128(transaction),
        field: "claim".to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    }
}

#[test]
fn a_row_has_moved_on_where_the_bank_booked_it_or_told_it_otherwise_meanwhile() {
    const B: RowStatus = RowStatus::Booked;
    const P: RowStatus = RowStatus::Pending;
    let cases = [
        (B, B, (false, false), Reason::New, false),
        (B, P, (false, false), Reason::New, true),
        (B, B, (true, false), Reason::New, true),
        (B, B, (false, true), Reason::New, true),
        (B, B, (false, false), Reason::StaysDismissed, true),
        (P, P, (true, true), Reason::StaysDismissed, false),
    ];
    for (bank_status, status, (came_since, stood_elsewhere), reason, has_moved_on) in cases {
        let rejoined = Rejoined { bank_status, status, came_since, stood_elsewhere, reason: Some(&reason) };
        assert_eq!(rejoined.has_moved_on(), has_moved_on, "{rejoined:?}");
    }
}

#[test]
fn undo_reverses_in_reverse_order() {
    let made = [change(1, EXISTS, None, Some("1")), change(2, "payee", Some("a"), Some("b"))];
    let plan = plan_undo(&made, &as_left(&made), &nobody(), &nobody());
    assert_eq!(plan.stay, []);
    assert_eq!(plan.write, [change(2, "payee", Some("b"), Some("a")), change(1, EXISTS, Some("1"), None)]);
}

#[test]
fn a_transfer_is_taken_apart_on_both_sides_or_on_none_and_in_a_locked_period_too() {
    let link = |other: u128| {
        let other = Uuid::from_u128(other).into();
        link_value(&Link { other, by: LinkedBy::Rows, grounds: None })
    };
    let made = [change(1, TRANSFER, None, Some(&link(2))), change(2, TRANSFER, None, Some(&link(1)))];
    let locked = BTreeSet::from([Uuid::from_u128(1)]);
    let plan = plan_undo(&made, &as_left(&made), &nobody(), &locked);
    assert_eq!((plan.write.len(), plan.stay.len()), (2, 0));
    let mut now = as_left(&made);
    now.insert(made[1].key(), Some(link(3)));
    let plan = plan_undo(&made, &now, &nobody(), &nobody());
    assert_eq!(plan.write, []);
    assert!(plan.stay.iter().all(|(_, why)| *why == Untouchable::WrittenLater));
}

#[test]
fn what_somebody_wrote_later_stays() {
    let made = [change(1, "payee", Some("a"), Some("b")), change(1, "dated_on", Some("x"), Some("y"))];
    let mut now = as_left(&made);
    now.insert(made[0].key(), Some("c".to_owned()));
    let plan = plan_undo(&made, &now, &nobody(), &nobody());
    assert_eq!(plan.stay, [(made[0].clone(), Untouchable::WrittenLater)]);
    assert_eq!(plan.write, [change(1, "dated_on", Some("y"), Some("x"))]);
}

#[test]
fn what_a_rule_has_reviewed_stays_reviewed_where_a_person_has_worked_since() {
    let reviewed = |id: u128| change(id, REVIEWED, None, Some("7"));
    let made = [reviewed(1), change(1, "payee_id", Some("a"), Some("b")), reviewed(2), reviewed(3)];
    let mut plan = plan_undo(&made, &as_left(&made), &nobody(), &nobody());
    plan.keep_reviews(&BTreeSet::from([Uuid::from_u128(1), Uuid::from_u128(2)]));
    let back =
        |change: &Change| Change { before: change.after.clone(), after: change.before.clone(), ..change.clone() };
    assert_eq!(plan.write, [back(&made[3]), back(&made[1])]);
    let stay: BTreeMap<Uuid, Untouchable> = plan.stay.iter().map(|(change, why)| (change.id, *why)).collect();
    let expected = [(Uuid::from_u128(1), Untouchable::WrittenLater), (Uuid::from_u128(2), Untouchable::WorkedOnSince)];
    assert_eq!(stay, BTreeMap::from(expected));
    assert!(plan.stay.iter().all(|(change, _)| made.contains(change)));
    assert_eq!((plan.tally().change_back, plan.tally().stay, plan.tally().stay_in_part), (2, 1, 1));
}

#[test]
fn a_claim_that_waits_waits_again_when_the_undoing_is_taken_back() {
    let made = [change(1, EXISTS, None, Some("1")), claim(7, 1, None, Some("applied:1"))];
    let mut now = as_left(&made);
    now.insert(made[1].key(), Some("superseded:1".to_owned()));
    let plan = plan_undo(&made, &now, &nobody(), &nobody());
    assert_eq!(plan.write[0], claim(7, 1, Some("superseded:1"), None));
}

#[test]
fn a_field_that_was_written_twice_goes_back_to_the_first() {
    let made = [change(1, "payee", Some("a"), Some("b")), change(1, "payee", Some("b"), Some("c"))];
    let now = BTreeMap::from([(made[0].key(), Some("c".to_owned()))]);
    let plan = plan_undo(&made, &now, &nobody(), &nobody());
    assert_eq!(plan.write, [change(1, "payee", Some("c"), Some("b")), change(1, "payee", Some("b"), Some("a"))]);
}

#[test]
fn a_row_that_somebody_has_worked_on_stays_whole() {
    let made = [change(1, EXISTS, None, Some("1")), claim(7, 1, None, Some("applied:1"))];
    let plan = plan_undo(&made, &as_left(&made), &BTreeSet::from([Uuid::from_u128(1)]), &nobody());
    assert_eq!(plan.write, []);
    assert!(plan.stay.iter().all(|(_, why)| *why == Untouchable::WorkedOnSince));
}

#[test]
fn a_row_does_not_come_back_without_its_claim() {
    let made = [change(1, EXISTS, Some("1"), None), claim(7, 1, Some("applied:1"), None)];
    let mut now = as_left(&made);
    now.insert(made[1].key(), Some("applied:2".to_owned()));
    let plan = plan_undo(&made, &now, &nobody(), &nobody());
    assert_eq!(plan.write, [], "the bank's row stands in the books already, as another transaction");
    assert_eq!(plan.stay.len(), 2);
}

#[test]
fn rows_are_decided_anew_unless_the_undoing_has_settled_that() {
    let written = [
        change(1, "payee", Some("b"), Some("a")),
        change(2, EXISTS, Some("1"), None),
        claim(7, 3, Some("applied:3"), Some("applied:4")),
        change(3, "payee", Some("b"), Some("a")),
    ];
    assert_eq!(restored_rows(&written), BTreeSet::from([Uuid::from_u128(1)]));
}

fn there(row: Uuid, account: Uuid, day: Date) -> Lockable {
    Lockable { row, account, day, is_there: true }
}

#[test]
fn a_row_of_a_locked_period_stays_and_none_goes_back_into_one() {
    let made = [
        change(1, "payee", Some("a"), Some("b")),
        change(2, "dated_on", Some("2026-09-30"), Some("2026-10-05")),
        change(3, "payee", Some("a"), Some("b")),
    ];
    let account = Uuid::from_u128(9);
    let standing = [
        there(Uuid::from_u128(1), account, date(2026, 9, 30)),
        there(Uuid::from_u128(2), account, date(2026, 10, 5)),
        there(Uuid::from_u128(3), account, date(2026, 10, 1)),
    ];
    let locked = locked_rows(&made, &standing, &BTreeMap::from([(account, date(2026, 9, 30))]));
    assert_eq!(locked, BTreeSet::from([Uuid::from_u128(1), Uuid::from_u128(2)]));
    let plan = plan_undo(&made, &as_left(&made), &nobody(), &locked);
    assert_eq!(plan.write, [change(3, "payee", Some("b"), Some("a"))]);
    assert_eq!((plan.tally().stay_locked, plan.tally().stay), (2, 0));
}

#[test]
fn a_row_that_leaves_with_an_undoing_may_have_stood_in_what_is_locked_now() {
    let (account, through) = (Uuid::from_u128(1), date(2026, 11, 2));
    let settled = [
        change(2, EXISTS, None, Some("1")),
        change(2, "status", Some("pending"), Some("booked")),
        change(2, "dated_on", Some("2026-11-01"), Some("2026-11-08")),
    ];
    let standing = [there(Uuid::from_u128(2), account, date(2026, 11, 8))];
    let locked = BTreeMap::from([(account, through)]);
    assert!(locked_rows(&settled, &standing, &locked).is_empty());
    assert_eq!(locked_rows(&settled[2..], &standing, &locked).len(), 1, "one that stays would go back into it");

    // Taken back itself, it comes to stand after what is locked again.
    let undone = settled.map(|change| Change { before: change.after, after: change.before, ..change });
    let standing = [Lockable { is_there: false, ..there(Uuid::from_u128(2), account, date(2026, 11, 1)) }];
    assert!(locked_rows(&undone, &standing, &locked).is_empty());
    assert_eq!(locked_rows(&undone[..2], &standing, &locked).len(), 1, "it may not come into it either");
    assert!(locked_rows(&undone[1..2], &standing, &locked).is_empty(), "it stays where it is, which is nowhere");
}
