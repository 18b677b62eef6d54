//! Reconcile against small books in memory (`books`).

mod books;

use proptest::prelude::*;

use self::books::{Books, Sent, Standing, booked, pending};
use super::*;

const B: RowStatus = RowStatus::Booked;
const P: RowStatus = RowStatus::Pending;

#[test]
fn two_equal_coffees_are_two_rows() {
    let mut books = Books::default();
    let coffees = [booked(1, -280, "Café"), booked(1, -280, "Café")];
    books.sync(&coffees[..1], 0);
    books.sync(&coffees, 0);
    assert_eq!(books.rows(), [(B, -280, "Café"), (B, -280, "Café")]);
    assert_eq!(books.sync(&coffees, 0).counts(2).added, 0);
}

/// Case E 14 of the connector model: what stands for rows that are not there is never a movement, whatever it looks like.
#[test]
fn a_placeholder_is_no_movement_and_settles_nothing() {
    let mut books = Books::default();
    books.sync(&[pending(1, -280, "Café"), booked(1, 1500, "Salary")], 0);
    let typed = books.type_in(2, -990, "Cinema");
    let between = [
        pending(1, -280, "Café"),
        booked(1, 1500, "Salary"),
        booked(1, -280, "Café").placeholder(),
        booked(2, -990, "Cinema").placeholder(),
    ];
    for _ in 0..2 {
        let plan = books.sync(&between, 0);
        assert_eq!(plan.counts(0).added, 0);
        let left = plan.decisions.iter().filter(|decision| decision.reason == Reason::PlaceholderStaysOut).count();
        assert_eq!(left, 2);
        assert_eq!(books.rows().len(), 3);
        assert!(!books.transactions[&typed].claimed, "what was typed waits for its own row");
    }
}

#[test]
fn reissued_ids_double_nothing() {
    let mut books = Books::default();
    for round in ["a", "b", "c", "d", "e"] {
        let rows = [
            booked(1, -280, "Café").id(&format!("{round}1")),
            booked(1, -280, "Café").id(&format!("{round}2")),
            booked(2, 1500, "Jennifer").id(&format!("{round}3")),
        ];
        books.sync(&rows, 0);
        assert_eq!(books.rows().len(), 3, "round {round}");
    }
}

#[test]
fn another_connection_tells_the_same_rows_in_other_words() {
    let mut books = Books::default();
    let before = [
        booked(1, -280, "Café").id("a1"),
        booked(1, -280, "Café").id("a2"),
        booked(2, 150_000, "Salary").id("a3"),
        booked(3, -990, "Cinema").id("a4"),
    ];
    books.sync(&before, 0);
    let cinema = books.transactions.iter().find(|(_, row)| row.payee.as_deref() == Some("Cinema")).map(|(id, _)| *id);
    books.delete(cinema.unwrap());
    let words = [
        booked(1, -280, "CAFE 0012 CARD").id("b1"),
        booked(2, -280, "CAFE 0012 CARD").id("b2"),
        booked(2, 150_000, "SALARY NOV").id("b3"),
        booked(3, -990, "KINO").id("b4"),
        booked(4, -280, "CAFE 0012 CARD").id("b5"),
    ];
    // Of the same connection they would be other rows; a row of another one is known by its money and its day.
    books.move_feed();
    let plan = books.sync(&words, 0);
    assert_eq!(
        books.rows(),
        [
            (B, -280, "CAFE 0012 CARD"),
            (B, -280, "CAFE 0012 CARD"),
            (B, -280, "CAFE 0012 CARD"),
            (B, 150_000, "SALARY NOV")
        ]
    );
    assert_eq!(plan.counts(0).added, 1, "the third coffee: {plan:?}");
    assert!(plan.decisions.iter().any(|decision| decision.reason == Reason::StaysDismissed), "the cinema stays out");
    assert!(plan.decisions.iter().any(|decision| decision.reason == Reason::SameMoney { days: 1 }));
    let again = books.sync(&words, 0);
    assert_eq!((again.counts(5).added, books.rows().len()), (0, 4));
}

#[test]
fn rows_of_the_same_connection_are_not_known_by_their_money_alone() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("a1")], 0);
    let plan = books.sync(&[booked(1, -280, "Kiosk").id("b1")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::New);
}

#[test]
fn positional_ids_with_a_late_insert_relabel_nothing() {
    let mut books = Books::default();
    books.sync(&[booked(1, 1500, "Salary").id("1"), booked(1, -900, "Market").id("2")], 0);
    // A late row pushes the others down by one: every id now belongs to another row.
    let late = [booked(1, -50, "Kiosk").id("1"), booked(1, 1500, "Salary").id("2"), booked(1, -900, "Market").id("3")];
    let before = books.transactions.clone();
    let plan = books.sync(&late, 0);
    assert_eq!(books.rows(), [(B, -900, "Market"), (B, -50, "Kiosk"), (B, 1500, "Salary")]);
    assert_eq!((plan.counts(0).added, plan.counts(0).held_back), (1, 0));
    assert!(before.iter().all(|(id, standing)| books.transactions[id] == *standing), "each is who it was");
}

/// Ids that count the rows of a day have moved one row through several places; its twin now stands where it once stood.
#[test]
fn two_earlier_tellings_of_one_row_in_one_answer_are_two_rows() {
    let mut books = Books::default();
    let coffee = |id| booked(1, -280, "Café").id(id);
    for id in ["1", "2", "3"] {
        books.sync(&[coffee(id)], 0);
        assert_eq!(books.rows(), [(B, -280, "Café")], "place {id}");
    }
    let plan = books.sync(&[coffee("1"), coffee("2")], 0);
    assert_eq!(books.rows(), [(B, -280, "Café"), (B, -280, "Café")], "{plan:?}");
    assert_eq!(books.sync(&[coffee("1"), coffee("2")], 0).counts(2).added, 0);
}

#[test]
fn trust_in_ids_is_lost_where_two_answers_disagree() {
    let distrust = |plan: &Plan| {
        let only = |kind: &RowIdKind| *kind == RowIdKind::Bank;
        plan.evidence.iter().filter(|(kind, _)| only(kind)).find_map(|(_, shown)| shown.distrust())
    };
    let mut books = Books::default();
    let page = [booked(1, 1500, "Salary").id("1"), booked(2, -900, "Market").id("2"), booked(3, -50, "Kiosk").id("3")];
    assert_eq!(distrust(&books.sync(&page, 0)), None);
    assert_eq!(distrust(&books.sync(&page, 0)), None);
    // One row that the bank made anew says nothing about the others.
    let anew = [page[0].clone(), page[1].clone(), booked(3, -50, "Kiosk").id("4")];
    assert_eq!(distrust(&books.sync(&anew, 0)), None);
    let reissued =
        [booked(1, 1500, "Salary").id("a"), booked(2, -900, "Market").id("b"), booked(3, -50, "Kiosk").id("c")];
    assert_eq!(distrust(&books.sync(&reissued, 0)), Some(Distrust::Reissued));
    // A text that changed under an id that stayed is still the same row.
    let plan = books.sync(&[reissued[0].clone(), booked(2, -900, "Market Square").id("b"), reissued[2].clone()], 0);
    assert!(matches!(plan.decisions[0].action, Action::Update(..)), "{plan:?}");
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn an_id_that_went_over_to_another_row_holds_none_back_any_more() {
    let mut books = Books::default();
    books.sync(&[booked(1, 1500, "Salary").id("1"), booked(1, -900, "Market").id("2")], 0);
    let late = [booked(1, -50, "Kiosk").id("1"), booked(1, 1500, "Salary").id("2"), booked(1, -900, "Market").id("3")];
    let plan = books.sync(&late, 0);
    let bank = plan.evidence.iter().find(|(kind, _)| *kind == RowIdKind::Bank);
    assert_eq!(bank.and_then(|(_, shown)| shown.distrust()), Some(Distrust::Reused));
    // The market's row is not in this answer any more; its id is, on another.
    let plan = books.sync_within(
        &[booked(2, -70, "Bakery").id("3")],
        Some(Coverage { from: Some(booked(2, 0, "").date()), to: None }),
    );
    assert_eq!(plan.decisions[0].reason, Reason::New);
    assert_eq!(books.rows().len(), 4);
}

#[test]
fn positional_ids_with_a_late_insert_of_the_same_amount_relabel_nothing() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("1-1")], 0);
    let cafe = *books.transactions.keys().next().unwrap();
    books.sync(&[booked(1, -280, "Kiosk").id("1-1"), booked(1, -280, "Café").id("1-2")], 0);
    assert_eq!(books.transactions[&cafe].payee.as_deref(), Some("Café"));
    assert_eq!(books.rows(), [(B, -280, "Café"), (B, -280, "Kiosk")]);
}

#[test]
fn a_late_row_of_the_same_amount_is_not_taken_for_a_deleted_twin() {
    // What else the bank says of the rows is another thing each time, so that none of them comes back byte for byte.
    let coffee = |id: &str, reference| booked(1, -280, "Café").id(id).reference(reference);
    for is_reversed in [false, true] {
        let mut books = Books::default();
        books.sync(&[coffee("1-1", "a"), coffee("1-2", "b")], 0);
        if is_reversed {
            books.feed_rows.reverse();
        }
        let first = books.feed_rows.iter().find(|row| row.raw.id.as_deref() == Some("1-1")).unwrap();
        books.delete(first.known.claim.and_then(|claim| claim.1).unwrap());
        // The late row has the place of the deleted one, and its id.
        let late = booked(1, -280, "Kiosk").id("1-1").reference("c");
        let plan = books.sync(&[late, coffee("1-2", "d"), coffee("1-3", "e")], 0);
        assert_eq!(books.rows(), [(B, -280, "Café"), (B, -280, "Kiosk")], "{plan:?}");
    }
}

#[test]
fn a_row_that_both_of_its_ids_name_has_another_text_although_a_new_one_has_its_old() {
    let mut books = Books::default();
    let coffee = booked(1, -280, "Café").id("a").provider_id("x");
    books.sync(std::slice::from_ref(&coffee), 0);
    books.delete(*books.transactions.keys().next().unwrap());
    let renamed = Sent { payee: "Café 4711", ..coffee };
    let plan = books.sync(&[renamed, booked(1, -280, "Café").id("b").provider_id("y")], 0);
    // What was deleted stays deleted under its new text, and the second coffee is here.
    assert_eq!(books.rows(), [(B, -280, "Café")], "{plan:?}");
    assert_eq!(plan.evidence.iter().find(|(_, shown)| shown.distrust().is_some()), None);
}

#[test]
fn a_page_that_comes_twice_doubles_nothing() {
    let mut books = Books::default();
    let page = [booked(1, -280, "Café").id("a"), booked(1, -280, "Café").id("b"), pending(2, -990, "Cinema").id("p")];
    let twice = [page.clone(), page.clone()].concat();
    let plan = books.sync(&twice, 0);
    assert_eq!(books.rows(), [(P, -990, "Cinema"), (B, -280, "Café"), (B, -280, "Café")]);
    assert_eq!(plan.counts(0).left_alone, 3);
    assert!(plan.set_aside.iter().all(|aside| aside.of.is_some() && aside.reason == Reason::SentTwice));
    // Also when only a later answer repeats itself, and when the one after does not.
    books.sync(&twice, 0);
    books.sync(&page, 0);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn equal_rows_under_an_id_that_means_nothing_are_twins() {
    let mut books = Books::default();
    let rows = [booked(1, -280, "Café").id("0"), booked(1, -280, "Café").id("0"), booked(2, -990, "Cinema").id("0")];
    books.sync(&rows, 0);
    books.sync(&rows, 0);
    assert_eq!(books.rows(), [(B, -990, "Cinema"), (B, -280, "Café"), (B, -280, "Café")]);
}

#[test]
fn what_a_broken_fetch_left_over_doubles_nothing() {
    for coverage in [Some(Coverage { from: Some(booked(0, 0, "").date()), to: None }), None] {
        // Two attempts broke off, and each time the bank called the row otherwise. One row only they have shown.
        let left_over =
            vec![booked(1, -280, "Café").id("a"), booked(1, -280, "Café").id("b"), booked(3, -990, "Cinema").id("c")];
        let mut books = Books { left_over, ..Books::default() };
        let plan = books.sync_within(&[booked(1, -280, "Café").id("d")], coverage);
        let left_over = plan.set_aside.iter().filter(|aside| aside.reason == Reason::LeftOver).count();
        match coverage {
            Some(_) => assert_eq!((books.rows().len(), left_over), (1, 3), "a whole answer says all there is"),
            None => assert_eq!((books.rows().len(), left_over), (2, 2), "half an answer takes nothing away"),
        }
    }
}

#[test]
fn what_a_broken_fetch_left_over_says_nothing_of_which_rows_are_one() {
    for coverage in [Some(Coverage { from: Some(booked(0, 0, "").date()), to: None }), None] {
        // Ids count the rows of a day from the top: the row that was left over has another one now, and its twin has its id.
        let (first, second) = (booked(1, -280, "Café").id("1"), booked(1, -280, "Café").id("2"));
        let mut books = Books { left_over: vec![first.clone()], ..Books::default() };
        books.sync_within(&[first, second], coverage);
        assert_eq!(books.rows(), [(B, -280, "Café"); 2]);
    }
    // The id stood on another row then; a page that comes twice is one page all the same.
    let page = [booked(1, -280, "Café").id("1")];
    let mut books = Books { left_over: vec![booked(1, -990, "Cinema").id("1")], ..Books::default() };
    books.sync(&[page.clone(), page].concat(), 0);
    assert_eq!(books.rows(), [(B, -280, "Café")]);
}

#[test]
fn a_row_that_was_left_over_and_has_another_text_by_now_comes_once() {
    let old = booked(1, -280, "Markthalle").id("a");
    let mut books = Books { left_over: vec![old.clone()], ..Books::default() };
    books.sync_within(&[booked(1, -280, "Markthalle 4711").id("a")], None);
    assert_eq!(books.rows(), [(B, -280, "Markthalle 4711")]);
    // Under its id another amount may stand: then it is another row.
    let mut books = Books { left_over: vec![old], ..Books::default() };
    books.sync_within(&[booked(1, -990, "Cinema").id("a")], None);
    assert_eq!(books.rows().len(), 2);
}

#[test]
fn a_row_that_waits_outside_a_locked_period_settles_outside_it_and_is_held_within() {
    // A person had given it a day of its own, or not.
    let chosen = |day| Some(booked(day, 0, "").date());
    for (locked_through, day, is_held) in
        [(5, None, false), (8, None, true), (5, chosen(4), true), (8, chosen(9), false)]
    {
        let mut books = Books::default();
        books.sync(&[pending(5, -280, "Café")], 0);
        books.shows_booked_only = true;
        books.sync(&[pending(5, -280, "Café")], 0);
        books.feed_rows[0].known.day_by_person = day;
        books.locked_through = Some(booked(locked_through, 0, "").date());
        let plan = books.sync(&[booked(7, -280, "Café")], 0);
        assert_eq!(matches!(plan.decisions[0].action, Action::Hold), is_held);
        assert_eq!(books.rows().len(), usize::from(!is_held));
    }
}

#[test]
fn a_held_pending_row_waits_for_nobody_once_the_bank_does_not_show_it() {
    let mut books = Books { locked_through: Some(booked(5, 0, "").date()), ..Books::default() };
    let plan = books.sync(&[pending(5, -280, "Café")], 0);
    assert!(matches!(plan.decisions[0].action, Action::Hold));
    let plan = books.sync(&[], 0);
    assert_eq!(plan.vanished.len(), 1);
    assert_eq!(books.feed_rows[0].known.claim, Some((ClaimState::Superseded, None)));
    assert_eq!(books.sync(&[], 0).vanished, [], "once");
}

#[test]
fn an_id_that_moves_on_is_no_clash_and_one_that_disagrees_is() {
    let mut books = Books::default();
    books.sync(&[booked(1, 1500, "Salary").id("1")], 0);
    let plan = books.sync(&[booked(1, -50, "Kiosk").id("1")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::IdDisagrees { kind: RowIdKind::Bank });
    assert_eq!(books.rows(), [(B, 1500, "Salary")]);
}

#[test]
fn a_reference_of_a_series_names_no_row_at_the_edge_of_the_window() {
    let mut books = Books::default();
    let coffee = |day| booked(day, -280, "Café").reference("CARD");
    books.sync(&[coffee(1), coffee(3)], 0);
    // Both stand before the window; the third is three days from the second.
    books.sync(&[coffee(6)], 5);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn unrelated_rows_that_share_an_id_both_come_in() {
    let mut books = Books::default();
    let rows = [booked(1, -280, "Café").id("0"), booked(2, -990, "Cinema").id("0")];
    books.sync(&rows, 0);
    books.sync(&rows, 0);
    assert_eq!(books.rows(), [(B, -990, "Cinema"), (B, -280, "Café")]);
}

#[test]
fn a_reference_that_recurs_names_no_row() {
    let mut books = Books::default();
    let wage = |day, id: &str| booked(day, 120_000, "Werft Nord").id(id).reference("WAGE");
    books.sync(&[wage(1, "a")], 0);
    // Two weeks and a month later; the earlier rows are not in the window any more.
    books.sync(&[wage(15, "b")], 5);
    books.sync(&[wage(31, "c")], 21);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn a_pending_row_that_names_nobody_settles_under_any_name() {
    let mut books = Books::default();
    books.sync(&[pending(1, -990, "")], 0);
    let plan = books.sync(&[booked(3, -990, "Rewe")], 0);
    assert_eq!(plan.counts(0).settled, 1);
    assert_eq!(books.rows(), [(B, -990, "Rewe")]);
}

#[test]
fn an_id_whose_content_disagrees_is_held_back() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("x")], 0);
    let plan = books.sync(&[booked(1, -820, "Café").id("x")], 0);
    assert_eq!(plan.decisions[0].action, Action::Hold);
    assert_eq!(books.rows(), [(B, -280, "Café")]);
}

#[test]
fn another_text_settles_no_doubt_about_an_id() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("x")], 0);
    books.sync(&[booked(1, -820, "Cinema").id("x")], 0);
    let plan = books.sync(&[booked(1, -820, "Cinema on Kai").id("x")], 0);
    assert_eq!(plan.decisions[0].action, Action::Hold);
    assert_eq!(books.rows(), [(B, -280, "Café")]);
    // Under an id of its own it is a row of its own.
    books.sync(&[booked(1, -820, "Cinema on Kai").id("y")], 0);
    assert_eq!(books.rows(), [(B, -820, "Cinema on Kai"), (B, -280, "Café")]);
}

#[test]
fn an_id_of_several_rows_in_the_books_raises_no_doubt() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("x"), booked(2, -990, "Cinema").id("x")], 0);
    let plan = books.sync(&[booked(20, -440, "Kiosk").id("x")], 15);
    assert_eq!(plan.counts(0).added, 1);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn a_locked_period_stays_as_it_is() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "CAFE 123").id("x"), booked(5, -990, "Cinema").id("y"), pending(6, -50, "Kiosk")], 0);
    books.locked_through = Some(booked(3, 0, "").date());
    let of_period = |books: &Books| -> Vec<Standing> {
        let locked = books.transactions.values().filter(|standing| Some(standing.dated_on) <= books.locked_through);
        locked.cloned().collect()
    };
    let was = of_period(&books);
    // A row of it has another text, one comes late, and two of the open days are booked back into it.
    let answer = [
        booked(1, -280, "Café am Kai").id("x"),
        booked(2, -700, "Market").id("z"),
        booked(3, -990, "Cinema").id("y"),
        booked(5, -50, "Kiosk").id("w"),
    ];
    let plan = books.sync(&answer, 0);
    let reasons: Vec<_> = plan.decisions.iter().map(|decision| decision.reason.clone()).collect();
    assert!(reasons.contains(&Reason::StaysLocked), "{reasons:?}");
    assert!(reasons.contains(&Reason::PeriodLocked { through: booked(3, 0, "").date() }), "{reasons:?}");
    assert_eq!(
        (of_period(&books), books.transactions.len()),
        (was.clone(), 3),
        "nothing changes in it or comes into it"
    );
    assert_eq!(books.rows().iter().filter(|row| row.0 == P).count(), 0, "what is open settles");
    books.sync(&answer, 0);
    assert_eq!((of_period(&books), books.transactions.len()), (was, 3));
}

#[test]
fn what_was_typed_into_a_period_that_is_locked_is_confirmed_as_it_was_typed() {
    for sent in [booked(5, -280, "Kiosk am Hafen"), pending(5, -280, "Kiosk am Hafen")] {
        let mut books = Books::default();
        let typed = books.type_in(4, -280, "Kiosk");
        books.locked_through = Some(booked(4, 0, "").date());
        let plan = books.sync(&[sent.id("a")], 0);
        let Action::Match(matched, entry) = &plan.decisions[0].action else { panic!("{plan:?}") };
        let says = (entry.status, entry.dated_on, entry.payee.as_deref(), entry.note.as_deref());
        assert_eq!((*matched, says), (typed, (RowStatus::Booked, booked(4, 0, "").date(), None, None)));
    }
}

#[test]
fn a_changed_text_under_the_same_id_updates_the_row() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "CAFE 123").id("x")], 0);
    let plan = books.sync(&[booked(1, -280, "Café am Kai").id("x")], 0);
    assert!(matches!(plan.decisions[0].action, Action::Update(..)));
    assert_eq!(books.rows(), [(B, -280, "Café am Kai")]);
}

#[test]
fn a_date_that_shifts_by_a_day_is_the_same_row() {
    let mut books = Books::default();
    books.sync(&[booked(3, -280, "Café"), booked(4, -280, "Café")], 0);
    books.sync(&[booked(2, -280, "Café"), booked(3, -280, "Café")], 0);
    assert_eq!(books.rows().len(), 2);
    books.sync(&[booked(2, -280, "Café"), booked(3, -280, "Café"), booked(6, -280, "Café")], 0);
    assert_eq!(books.rows().len(), 3);
}

#[test]
fn a_pending_row_settles_and_keeps_what_people_wrote() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "Emperor's Burgers")], 0);
    books.transactions.values_mut().next().unwrap().category = Some("eating out");
    let plan = books.sync(&[booked(3, -1000, "Emperor's Burgers").id("b1")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::Settled { days: 2 });
    assert_eq!(books.rows(), [(B, -1000, "Emperor's Burgers")]);
    assert_eq!(books.transactions.values().next().unwrap().category, Some("eating out"));
}

#[test]
fn of_two_rows_that_a_person_said_are_one_the_first_speaks() {
    for swaps in [false, true] {
        let mut books = Books::default();
        books.sync(&[booked(4, -280, "Kiosk").id("a"), booked(5, -280, "Kiosk").id("b")], 0);
        let claims: Vec<_> = books.feed_rows.iter().filter_map(|row| row.known.claim?.1).collect();
        let (stays, goes) = if swaps { (claims[1], claims[0]) } else { (claims[0], claims[1]) };
        books.transactions.remove(&goes);
        for row in &mut books.feed_rows {
            let is_moved = row.known.claim == Some((ClaimState::Applied, Some(goes)));
            row.known.since = Some(uuid::Uuid::from_u128(if is_moved { 2 } else { 1 }).into());
            row.known.claim = Some((ClaimState::Applied, Some(stays)));
        }
        let before = books.transactions[&stays].clone();

        // All ids are issued anew, and the bank has found other words for both.
        books.sync(&[booked(4, -280, "Kiosk").id("c"), booked(5, -280, "Kiosk").id("d")], 0);
        assert_eq!(books.transactions[&stays], before);
        let plan = books.sync(&[booked(4, -280, "Kiosk 1").id("c"), booked(5, -280, "Kiosk 2").id("d")], 0);
        let payee = if swaps { "Kiosk 2" } else { "Kiosk 1" };
        assert_eq!(books.transactions[&stays], Standing { payee: Some(payee.to_owned()), ..before });
        assert_eq!(plan.decisions.iter().filter(|decision| decision.reason == Reason::StaysMerged).count(), 1);
        assert_eq!(books.transactions.len(), 1);
    }
}

#[test]
fn a_terminal_text_settles_into_the_name_it_holds() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "RESERVED PAYMENT EMPEROR'S BURGERS 12")], 0);
    let plan = books.sync(&[booked(2, -1000, "Emperor's Burgers").id("b")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::Settled { days: 1 });
    books.sync(&[pending(5, -700, "Cinema")], 0);
    let plan = books.sync(&[booked(6, -700, "Market").id("c")], 0);
    assert_eq!((plan.counts(0).added, plan.vanished.len()), (1, 1));
}

#[test]
fn a_pending_row_that_is_still_shown_does_not_settle() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "Burgers")], 0);
    books.sync(&[pending(1, -1000, "Burgers"), booked(2, -1000, "Burgers").id("other")], 0);
    assert_eq!(books.rows(), [(P, -1000, "Burgers"), (B, -1000, "Burgers")]);
}

#[test]
fn a_pending_row_that_vanishes_leaves_the_books_and_may_come_back() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "Burgers")], 0);
    assert_eq!(books.sync(&[], 0).vanished.len(), 1);
    assert_eq!(books.rows(), []);
    let plan = books.sync(&[pending(1, -1000, "Burgers")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::CameBack);
    assert_eq!(books.rows(), [(P, -1000, "Burgers")]);
}

#[test]
fn a_tip_replaces_the_pending_row_and_doubles_nothing() {
    let mut books = Books::default();
    books.sync(&[pending(1, -1000, "Burgers")], 0);
    let plan = books.sync(&[booked(2, -1150, "Burgers").id("b")], 0);
    assert_eq!((plan.counts(0).added, plan.vanished.len()), (1, 1));
    assert_eq!(books.rows(), [(B, -1150, "Burgers")]);
}

#[test]
fn a_typed_row_is_matched_same_payee_first() {
    let mut books = Books::default();
    let other = books.type_in(5, -9600, "Somebody else");
    let same = books.type_in(1, -9600, "Stadtwerke");
    let plan = books.sync(&[booked(5, -9600, "STADTWERKE").id("b")], 0);
    assert!(matches!(plan.decisions[0].action, Action::Match(id, _) if id == same));
    assert_eq!(plan.decisions[0].reason, Reason::Typed { same_payee: true, days: 4 });
    assert!(!books.transactions[&other].claimed);
    assert_eq!(books.transactions[&same].category, Some("typed"));
}

#[test]
fn no_typed_row_is_doubled_because_another_was_nearer() {
    let mut books = Books::default();
    books.type_in(3, -9600, "Stadtwerke");
    books.type_in(10, -9600, "Stadtwerke");
    books.sync(&[booked(9, -9600, "Stadtwerke").id("a"), booked(15, -9600, "Stadtwerke").id("b")], 0);
    assert_eq!(books.rows().len(), 2);
}

#[test]
fn a_typed_row_more_than_seven_days_away_is_another_one() {
    let mut books = Books::default();
    books.type_in(1, -9600, "Stadtwerke");
    books.sync(&[booked(9, -9600, "Stadtwerke").id("b")], 0);
    assert_eq!(books.rows().len(), 2);
}

#[test]
fn what_was_deleted_stays_deleted() {
    let mut books = Books::default();
    books.sync(&[booked(1, -280, "Café").id("a")], 0);
    let id = *books.transactions.keys().next().unwrap();
    books.delete(id);
    books.sync(&[booked(1, -280, "Café").id("a")], 0);
    let plan = books.sync(&[booked(1, -280, "Café").id("reissued")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::StaysDismissed);
    assert_eq!(books.rows(), []);
}

#[test]
fn rows_before_the_start_stay_out_and_an_older_start_moves_the_opening() {
    let mut books = Books { start_on: Some(booked(5, 0, "").date()), ..Books::default() };
    let rows = [booked(4, -100, "Old").id("1"), booked(5, -200, "New").id("2")];
    books.sync(&rows, 0);
    assert_eq!(books.rows(), [(B, -200, "New")]);
    books.start_on = Some(booked(1, 0, "").date());
    let plan = books.sync(&rows, 0);
    assert_eq!(plan.counts(1).added, 1);
    assert_eq!(books.rows(), [(B, -200, "New"), (B, -100, "Old")]);
}

#[test]
fn half_an_answer_doubles_nothing_and_a_whole_one_brings_the_twin() {
    let mut books = Books::default();
    let (first, second) = (booked(1, -280, "Café").id("a"), booked(1, -280, "Café").id("b"));
    books.sync(std::slice::from_ref(&first), 0);
    // Half an answer shows a coffee under another id. It may be the first one, or a second one.
    books.sync_within(std::slice::from_ref(&second), None);
    assert_eq!(books.rows().len(), 1);
    books.sync(&[first, second], 0);
    assert_eq!(books.rows().len(), 2);
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ids {
    Stable,
    Reissued,
    Missing,
}

fn truth() -> impl Strategy<Value = Vec<(i16, i16, i64, &'static str)>> {
    let payees = prop::sample::select(vec!["Café", "Market", ""]);
    let minors = prop::sample::select(vec![-280_i64, -280, -990, 1500]);
    prop::collection::vec((0_i16..30, 0_i16..4, minors, payees), 0..40)
}

fn shown(truth: &[(i16, i16, i64, &'static str)], ids: Ids, round: i16, from: i16, today: i16) -> Vec<Sent> {
    truth
        .iter()
        .enumerate()
        .filter(|(_, (day, late, ..))| *day >= from && day + late <= today)
        .map(|(index, (day, _, minor, payee))| {
            let row = booked(*day, *minor, payee);
            match ids {
                Ids::Stable => row.id(&format!("id{index}")),
                Ids::Reissued => row.id(&format!("id{round}-{index}")),
                Ids::Missing => row,
            }
        })
        .collect()
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_doubled(
        truth in truth(),
        ids in prop::sample::select(vec![Ids::Stable, Ids::Reissued, Ids::Missing]),
        steps in prop::collection::vec(1_i16..6, 1..10),
    ) {
        let mut books = Books::default();
        let mut today = 0;
        for (round, step) in steps.iter().enumerate() {
            let from = if round == 0 { 0 } else { (today - 10).max(0) };
            today += step;
            let rows = shown(&truth, ids, i16::try_from(round).unwrap(), from, today);
            books.sync(&rows, from);
            let mut expected: Vec<_> =
                shown(&truth, ids, 0, 0, today).iter().map(|row| (row.status, row.minor, row.payee)).collect();
            expected.sort_unstable();
            prop_assert_eq!(books.rows(), expected, "after day {}", today);
        }
    }

    #[test]
    fn planning_a_window_again_changes_nothing(
        truth in truth(),
        ids in prop::sample::select(vec![Ids::Stable, Ids::Reissued, Ids::Missing]),
    ) {
        let mut books = Books::default();
        books.sync(&shown(&truth, ids, 0, 0, 40), 0);
        let before = books.transactions.clone();
        let plan = books.sync(&shown(&truth, ids, 1, 0, 40), 0);
        prop_assert_eq!(plan.counts(0).added, 0);
        prop_assert!(plan.vanished.is_empty());
        prop_assert_eq!(before, books.transactions);
    }

    #[test]
    fn the_order_of_the_rows_does_not_matter(
        truth in truth(),
        typed in prop::collection::vec((0_i16..30, prop::sample::select(vec![-280_i64, -990])), 0..6),
        shuffle in any::<prop::sample::Index>(),
    ) {
        let run = |turn: usize| {
            let mut books = Books::default();
            for (day, minor) in &typed {
                books.type_in(*day, *minor, "Market");
            }
            books.sync(&shown(&truth, Ids::Stable, 0, 0, 15), 0);
            let mut rows = shown(&truth, Ids::Stable, 1, 5, 40);
            if !rows.is_empty() {
                let turn = turn % rows.len();
                rows.rotate_left(turn);
                rows[turn..].reverse();
            }
            books.sync(&rows, 5);
            let mut standing: Vec<_> = books.transactions.into_values().collect();
            standing.sort();
            standing
        };
        prop_assert_eq!(run(0), run(shuffle.index(1000)));
    }
}

#[test]
fn where_only_booked_rows_are_shown_pending_ones_leave_wait_and_settle_once() {
    let mut books = Books::default();
    let shown = [pending(1, -1000, "Burgers"), pending(2, -700, "Cinema"), booked(1, -50, "Kiosk").id("k")];
    books.sync(&shown, 0);
    books.shows_booked_only = true;
    assert_eq!(books.sync(&shown, 0).counts(0).vanished, 2);
    assert_eq!(books.rows(), [(B, -50, "Kiosk")]);
    let again = books.sync(&shown, 0);
    assert_eq!((again.counts(0).vanished, again.counts(0).added), (0, 0), "what is outside leaves once");
    books.sync(&[booked(3, -1000, "Burgers").id("b"), shown[1].clone(), shown[2].clone()], 0);
    assert_eq!(books.rows(), [(B, -1000, "Burgers"), (B, -50, "Kiosk")]);
    books.shows_booked_only = false;
    books.sync(&[booked(3, -1000, "Burgers").id("b"), shown[1].clone(), shown[2].clone()], 0);
    assert_eq!(books.rows(), [(P, -700, "Cinema"), (B, -1000, "Burgers"), (B, -50, "Kiosk")]);
}

/// A standing order has one reference for all of its payments: found by a story of a bank that says nothing else.
#[test]
fn where_only_booked_rows_are_shown_nobody_is_asked_about_a_pending_one() {
    let mut books = Books { shows_booked_only: true, ..Books::default() };
    books.sync(&[booked(1, -1000, "Wharf").reference("M")], 0);
    let plan = books.sync(&[pending(2, -1200, "Wharf").reference("M")], 0);
    assert_eq!(plan.decisions[0].reason, Reason::PendingStaysOut);
    assert_eq!(books.claim_of(plan.decisions[0].feed_row).map(|claim| claim.0), None);
    books.sync(&[booked(2, -1200, "Wharf").reference("M")], 0);
    assert_eq!(books.rows(), [(B, -1200, "Wharf"), (B, -1000, "Wharf")]);
}
