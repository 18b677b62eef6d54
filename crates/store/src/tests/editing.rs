//! Editing, and everything that a register asks of its rows.

use bankside_domain::Id;
use bankside_domain::edit::{Refused, Seen};
use jiff::civil::date;

use crate::tests::on_both;
use crate::tests::world::{World, booked, pending};
use crate::{
    Direction, Edit, Filter, NewTransaction, Reconciled, RegisterQuery, RegisterRow, RowState, Selection, Sort,
    StoreError, TypedLine,
};

impl World {
    async fn all(&self) -> Vec<RegisterRow> {
        self.shown(&RegisterQuery { account: Some(self.account), ..RegisterQuery::default() }).await
    }

    async fn shown(&self, query: &RegisterQuery) -> Vec<RegisterRow> {
        let page = self.store.register(&self.asker, &RegisterQuery { limit: 500, ..query.clone() }).await.unwrap();
        assert_eq!(page.total, i64::try_from(page.rows.len()).unwrap(), "the count is that of the rows");
        for sum in &page.sums {
            let of_currency = || page.rows.iter().filter(|row| row.currency == sum.currency);
            assert_eq!(sum.minor, of_currency().map(|row| row.amount_minor).sum::<i64>());
        }
        page.rows
    }

    async fn payees(&self, query: &RegisterQuery) -> Vec<String> {
        self.shown(query).await.into_iter().filter_map(|row| row.payee).collect()
    }

    pub(super) async fn change(&self, row: &RegisterRow, edit: Edit) -> crate::Edited {
        let these = Selection::These(vec![row.id]);
        self.store.edit_transactions(&self.asker, &these, &edit, &Seen::default()).await.unwrap()
    }
}

fn note(text: &str) -> Edit {
    Edit { note: Some(Some(text.to_owned())), ..Edit::default() }
}

on_both! {
    a_persons_words_outlive_what_the_bank_says_later(world) {
        world.sync(&[booked(10, -280, "Café am Kai", "c1")]).await;
        let row = world.all().await.remove(0);
        let edit = Edit { payee: Some(Some("Café".into())), dated_on: Some(date(2026, 11, 8)), ..note("with Kim") };
        let batch = world.change(&row, edit).await.batch.unwrap();
        let edited = world.all().await.remove(0);
        assert!(edited.is_edited && edited.is_from_bank);
        // The bank books it once more under another text.
        world.sync(&[booked(10, -280, "CAFE AM KAI 0815", "c1")]).await;
        let now = world.all().await;
        assert_eq!(now.len(), 1);
        assert_eq!((now[0].payee.as_deref(), now[0].note.as_deref()), (Some("Café"), Some("with Kim")));
        assert_eq!(now[0].dated_on, date(2026, 11, 8));
        // Taken back, it says what the bank says now, not what it said then.
        let undone = world.store.undo(&world.asker, batch).await.unwrap();
        assert_eq!(undone.stay, []);
        let now = world.all().await.remove(0);
        assert_eq!(now.payee.as_deref(), Some("CAFE AM KAI 0815"));
        assert!(!now.is_edited);
        world.store.undo(&world.asker, undone.batch).await.unwrap();
        assert_eq!(world.all().await.remove(0).payee.as_deref(), Some("Café"));
    }

    what_is_unfinished_is_counted_as_the_filters_find_it(world) {
        // What comes with the first sync is history, and no news.
        world.sync(&[booked(9, -100, "Werft", "w1")]).await;
        let rows: Vec<_> = (10..=14).map(|day| booked(day, -280, "Café", "")).collect();
        world.sync(&rows).await;
        let all = world.all().await;
        let food = world.store.add_category(&world.asker, "Eating out", None).await.unwrap();
        world.change(&all[0], Edit { category: Some(Some(food)), ..Edit::default() }).await;
        // Two lines without a category are one row without.
        let half = || TypedLine { amount_minor: -140, ..TypedLine::default() };
        world.change(&all[1], Edit { lines: Some(vec![half(), half()]), ..Edit::default() }).await;
        world.store.delete_transactions(&world.asker, &Selection::These(vec![all[2].id]), false).await.unwrap();
        let new = Filter { is_new: true, ..Filter::default() };
        let without = Filter { category: Some(None), ..Filter::default() };
        for account in [None, Some(world.account), Some(world.ambient.id())] {
            let found = async |filter: &Filter| {
                let page = world.shown(&RegisterQuery { account, filter: filter.clone(), ..RegisterQuery::default() }).await;
                i64::try_from(page.len()).unwrap()
            };
            let (store, asker) = (&world.store, &world.asker);
            for at_most in [1, 3, 100] {
                let counted = store.count_new(asker, account, at_most).await.unwrap();
                assert_eq!(counted, found(&new).await.min(at_most));
                let counted = store.count_without_category(asker, account, at_most).await.unwrap();
                assert_eq!(counted, found(&without).await.min(at_most));
            }
        }
        assert_eq!(world.store.count_without_category(&world.asker, None, 100).await.unwrap(), 4);
    }

    many_rows_are_one_batch(world) {
        world.sync(&[booked(10, -280, "Café", "c1"), booked(11, -281, "Café", "c2"), booked(12, 900, "Werft", "w1")]).await;
        let food = world.store.add_category(&world.asker, "Eating out", None).await.unwrap();
        let matching = RegisterQuery { search: Some("cafe".into()), ..RegisterQuery::default() };
        let edit = Edit { category: Some(Some(food)), add_tags: vec!["#trip".into(), "Trip".into()], ..Edit::default() };
        let edited =
            world.store.edit_transactions(&world.asker, &Selection::Matching(Box::new(matching)), &edit, &Seen::default()).await.unwrap();
        assert_eq!((edited.changed, edited.left.len()), (2, 0));
        let of_food = RegisterQuery { filter: Filter { category: Some(Some(food)), ..Filter::default() }, ..RegisterQuery::default() };
        assert_eq!(world.payees(&of_food).await, ["Café", "Café"]);
        assert_eq!(world.shown(&of_food).await[0].tags, ["trip"]);
        let without = Filter { category: Some(None), ..Filter::default() };
        assert_eq!(world.payees(&RegisterQuery { filter: without, ..RegisterQuery::default() }).await, ["Werft"]);
        world.store.undo(&world.asker, edited.batch.unwrap()).await.unwrap();
        assert!(world.shown(&of_food).await.is_empty());
        let sub = world.store.add_category(&world.asker, "Cafés", Some(food)).await.unwrap();
        assert!(matches!(world.store.add_category(&world.asker, "x", Some(sub)).await, Err(StoreError::CategoryRefused(_))));
        assert!(matches!(world.store.add_category(&world.asker, "CAFÉS", Some(food)).await, Err(StoreError::CategoryRefused(_))));
        let paths: Vec<_> = world.store.categories(&world.asker).await.unwrap().into_iter().map(|c| c.path).collect();
        assert_eq!(paths, ["Eating out", "Eating out ▸ Cafés"]);
    }

    a_split_sums_and_comes_back_whole(world) {
        world.sync(&[booked(10, -10_000, "Bauhof", "b1")]).await;
        let row = world.all().await.remove(0);
        let part = |minor, text: &str, tag: &str| TypedLine {
            amount_minor: minor, note: Some(text.into()), tags: vec![tag.into()], ..TypedLine::default()
        };
        let wrong = Edit { lines: Some(vec![part(-1, "a", "x"), part(-2, "b", "y")]), ..Edit::default() };
        assert_eq!(world.change(&row, wrong).await.left, [(row.id, Refused::LinesDoNotSum)]);
        let split = Edit { lines: Some(vec![part(-7_000, "Paint", "roof"), part(-3_000, "Ladder", "shared")]), ..Edit::default() };
        let batch = world.change(&row, split).await.batch.unwrap();
        let shown = world.all().await.remove(0);
        assert_eq!((shown.lines, shown.note.as_deref(), shown.tags.as_slice()), (2, Some("Paint"), &["roof".to_owned()][..]));
        let found = RegisterQuery { search: Some("ladder".into()), ..RegisterQuery::default() };
        assert_eq!(world.shown(&found).await.len(), 1);
        // A sync that says it again leaves the lines alone.
        world.sync(&[booked(10, -10_000, "Bauhof 24", "b1")]).await;
        assert_eq!(world.all().await.remove(0).note.as_deref(), Some("Paint"));
        world.store.undo(&world.asker, batch).await.unwrap();
        let shown = world.all().await.remove(0);
        assert_eq!((shown.lines, shown.tags.len()), (1, 0));
        // Line ids of another transaction are new lines of this one.
        let other = world.store.add_transaction(&world.asker, world.account, &NewTransaction::new(date(2026, 11, 1), -5)).await.unwrap().0;
        let foreign = world.store.transaction(&world.asker, other).await.unwrap().standing.lines[0].id;
        let stolen = TypedLine { id: Some(foreign), ..part(-3_000, "Ladder", "shared") };
        let split = Edit { lines: Some(vec![part(-7_000, "Paint", "roof"), stolen]), ..Edit::default() };
        assert!(world.change(&row, split).await.batch.is_some());
        assert_eq!(world.store.transaction(&world.asker, other).await.unwrap().standing.lines.len(), 1);
    }

    what_a_register_can_be_asked(world) {
        world.sync(&[booked(10, -280, "Café", "c1"), booked(11, 90_000, "Werft", "w1"), pending(12, -50, "Kiosk")]).await;
        let typed = NewTransaction::new(date(2026, 11, 9), -1234).with("Baker");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        let filtered = |filter: Filter| RegisterQuery { filter, ..RegisterQuery::default() };
        let any = Filter::default;
        for (filter, fits) in [
            (Filter { from: Some(date(2026, 11, 11)), ..any() }, &["Kiosk", "Werft"][..]),
            (Filter { to: Some(date(2026, 11, 9)), ..any() }, &["Baker"]),
            (Filter { direction: Some(Direction::In), ..any() }, &["Werft"]),
            (Filter { direction: Some(Direction::Out), min: Some([2, 20, 200, 2000, 20_000]), ..any() }, &["Café", "Baker"]),
            (Filter { max: Some([1, 10, 100, 1000, 10_000]), ..any() }, &["Kiosk"]),
            (Filter { state: Some(RowState::Pending), ..any() }, &["Kiosk"]),
            (Filter { state: Some(RowState::Cleared), ..any() }, &["Werft", "Café"]),
            (Filter { state: Some(RowState::Typed), ..any() }, &["Baker"]),
            (Filter { is_edited: true, ..any() }, &[]),
            (Filter { is_new: true, ..any() }, &[]),
        ] {
            assert_eq!(world.payees(&filtered(filter.clone())).await, fits, "{filter:?}");
        }
        let sorted = |sort, is_ascending| RegisterQuery { sort, is_ascending, ..RegisterQuery::default() };
        for (sort, order) in [
            (Sort::Date, ["Baker", "Café", "Werft", "Kiosk"]),
            (Sort::Payee, ["Baker", "Café", "Kiosk", "Werft"]),
            (Sort::Amount, ["Baker", "Café", "Kiosk", "Werft"]),
            (Sort::State, ["Kiosk", "Baker", "Café", "Werft"]),
        ] {
            assert_eq!(world.payees(&sorted(sort, true)).await, order, "{sort:?}");
            let mut backwards = world.payees(&sorted(sort, false)).await;
            backwards.reverse();
            assert_eq!(backwards, order, "{sort:?}");
        }
        for sort in [Sort::Account, Sort::Note, Sort::Category] {
            assert_eq!(world.payees(&sorted(sort, true)).await.len(), 4);
        }
        assert_eq!(world.store.payees(&world.asker, "ca", 10).await.unwrap()[0].name, "Café");
    }

    the_balance_runs_along_every_page(world) {
        for day in 1..=9_i8 {
            let typed = NewTransaction::new(date(2026, 11, day), -100 * i64::from(day));
            world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        }
        world.sync(&[pending(8, -50, "Kiosk")]).await;
        let query = |offset, is_ascending| RegisterQuery {
            account: Some(world.account), offset, is_ascending, limit: 3, ..RegisterQuery::default()
        };
        for is_ascending in [false, true] {
            let mut seen = Vec::new();
            for offset in [0, 3, 6, 9] {
                seen.extend(world.store.register(&world.asker, &query(offset, is_ascending)).await.unwrap().rows);
            }
            assert_eq!(seen.len(), 10);
            assert!(seen.is_sorted_by_key(|row| if is_ascending { row.dated_on.day() } else { -row.dated_on.day() }));
            for row in seen {
                let day = i64::from(row.dated_on.day());
                let expected = (row.payee.is_none()).then_some(-100 * day * (day + 1) / 2);
                assert_eq!(row.balance_minor, expected, "{row:?}");
            }
        }
    }

    an_amount_is_looked_for_in_every_currency(world) {
        world.sync(&[booked(10, -280, "Café", "c1")]).await;
        let yen = crate::NewAccount {
            name: "Yen".into(), kind: bankside_domain::account::AccountKind::Cash,
            currency: "JPY".parse().unwrap(), opening_minor: Some(0), asset: None,
        };
        let yen = world.store.add_account(&world.asker, &yen).await.unwrap();
        world.store.add_transaction(&world.asker, yen, &NewTransaction::new(date(2026, 11, 11), 280).with("Sushi")).await.unwrap();
        // 2 to 3 of whatever it is; then 200 to 300.
        let few = Filter { min: Some([2, 20, 200, 2000, 20_000]), max: Some([3, 30, 300, 3000, 30_000]), ..Filter::default() };
        let many = Filter { min: Some([200, 2000, 20_000, 200_000, 2_000_000]), max: Some([300; 5]), ..Filter::default() };
        for (filter, account, fits) in [
            (&few, None, &["Café"][..]), (&few, Some(world.account), &["Café"]), (&few, Some(yen), &[]),
            (&many, None, &["Sushi"]), (&many, Some(world.account), &[]), (&many, Some(yen), &["Sushi"]),
        ] {
            let query = RegisterQuery { account, filter: filter.clone(), ..RegisterQuery::default() };
            assert_eq!(world.payees(&query).await, fits, "{query:?}");
            let sums = world.store.register(&world.asker, &query).await.unwrap().sums;
            assert_eq!(sums.iter().map(|sum| sum.count).sum::<i64>(), i64::try_from(fits.len()).unwrap());
        }
    }

    only_what_comes_later_is_news(world) {
        world.sync(&[booked(10, -280, "Café", "c1")]).await;
        let is_new = RegisterQuery { filter: Filter { is_new: true, ..Filter::default() }, ..RegisterQuery::default() };
        assert!(world.shown(&is_new).await.is_empty(), "the first sync brings history");
        world.sync(&[booked(10, -280, "Café", "c1"), booked(12, -300, "Kiosk", "k1"), booked(13, -301, "Kiosk", "k2")]).await;
        let news = world.shown(&is_new).await;
        assert_eq!(news.len(), 2);
        world.change(&news[0], note("sweets")).await;
        world.change(&news[1], Edit { is_reviewed: Some(true), ..Edit::default() }).await;
        assert!(world.shown(&is_new).await.is_empty());
    }

    reconciling_locks_what_the_statement_confirms(world) {
        world.sync(&[booked(10, -280, "Café", "c1"), booked(20, -999, "Later", "l1")]).await;
        let typed = NewTransaction::new(date(2026, 11, 9), -1234).with("Baker");
        let (baker, _) = world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        let through = date(2026, 11, 15);
        let stands = world.store.reconciliation(&world.asker, world.account, through).await.unwrap();
        assert_eq!((stands.cleared_minor, stands.uncleared, stands.to_lock), (-280, 1, 1));
        let reconcile = async |minor| world.store.reconcile(&world.asker, world.account, through, minor).await.unwrap();
        assert_eq!(reconcile(-1514).await, Reconciled::Differs(-1234));
        let rows = world.all().await;
        let baker = rows.iter().find(|row| row.id == baker).unwrap();
        world.change(baker, Edit { is_cleared: Some(true), ..Edit::default() }).await;
        let Reconciled::Locked(batch, 2) = reconcile(-1514).await else { panic!("two rows are locked") };
        assert_eq!(reconcile(-1514).await, Reconciled::AlreadyLocked);
        let later = Edit { dated_on: Some(date(2026, 11, 11)), ..Edit::default() };
        assert_eq!(world.change(baker, later.clone()).await.left, [(baker.id, Refused::Reconciled)]);
        assert!(world.store.delete_transaction(&world.asker, baker.id).await.is_err());
        assert_eq!(world.change(baker, note("rolls")).await.changed, 1);
        assert_eq!(world.change(baker, Edit { unlocks: true, ..later }).await.changed, 1);
        let undone = world.store.undo(&world.asker, batch).await.unwrap();
        assert_eq!(undone.stay.len(), 1, "one was unlocked by hand since");
    }

    steps_are_taken_back_one_by_one_and_done_again(world) {
        world.sync(&[booked(10, -280, "Café", "c1")]).await;
        let row = world.all().await.remove(0);
        for text in ["one", "two"] {
            world.change(&row, note(text)).await;
        }
        let steps = world.store.own_edits(&world.asker).await.unwrap();
        assert_eq!(steps.len(), 2, "a sync and an account are no edits of a transaction");
        assert!(steps.iter().all(|step| step.undone_by.is_none()));
        let undone = world.store.undo(&world.asker, steps[0].batch).await.unwrap();
        let steps = world.store.own_edits(&world.asker).await.unwrap();
        assert_eq!((steps.len(), steps[0].undone_by), (2, Some(undone.batch)));
        let story = world.store.story(&world.asker, row.id).await.unwrap();
        assert_eq!(story.len(), 4);
        assert!(story[0].is_undoing && story[1].is_undone && story[0].is_own);
    }

    copies_are_typed_rows_and_moves_keep_the_sums(world) {
        world.sync(&[booked(10, -280, "Café", "c1")]).await;
        let row = world.all().await.remove(0);
        let (batch, copies) = world.store.duplicate_transactions(&world.asker, &Selection::These(vec![row.id])).await.unwrap();
        let shown = world.all().await;
        assert_eq!((shown.len(), shown[0].state()), (2, RowState::Typed));
        assert_eq!(shown[0].payee.as_deref(), Some("Café"));
        world.check_sums().await;
        let cash = crate::NewAccount {
            name: "Cash".into(), kind: bankside_domain::account::AccountKind::Cash,
            currency: "EUR".parse().unwrap(), opening_minor: Some(500), asset: None,
        };
        let cash = world.store.add_account(&world.asker, &cash).await.unwrap();
        let copy = shown.iter().find(|row| copies.contains(&row.id)).unwrap();
        let moved = world.change(copy, Edit { account: Some(cash), ..Edit::default() }).await;
        assert_eq!(world.store.account(&world.asker, cash).await.unwrap().balance_minor(), 220);
        world.check_sums().await;
        world.store.undo(&world.asker, moved.batch.unwrap()).await.unwrap();
        assert_eq!(world.store.account(&world.asker, cash).await.unwrap().balance_minor(), 500);
        world.check_sums().await;
        world.store.undo(&world.asker, batch).await.unwrap();
        assert_eq!(world.all().await.len(), 1);
        assert!(world.store.accounts_that_do_not_add_up_as_system().await.unwrap().is_empty());
    }

    all_that_a_filter_finds_is_copied_at_once(world) {
        world.sync(&[booked(10, -280, "Café", "c1"), booked(11, -281, "Café", "c2"), booked(12, 500, "Till", "t1")]).await;
        let filter = Filter { direction: Some(Direction::Out), ..Filter::default() };
        let query = RegisterQuery { filter, limit: 1, offset: 1, ..RegisterQuery::default() };
        let all = Selection::Matching(Box::new(query));
        let (batch, copies) = world.store.duplicate_transactions(&world.asker, &all).await.unwrap();
        assert_eq!((copies.len(), world.all().await.len()), (2, 5), "which part of a list is shown does not count");
        let of_copies = world.all().await.into_iter().filter(|row| copies.contains(&row.id));
        assert_eq!(of_copies.map(|row| row.amount_minor).sum::<i64>(), -561);
        world.check_sums().await;
        world.store.undo(&world.asker, batch).await.unwrap();
        assert_eq!(world.all().await.len(), 3);
        let none = RegisterQuery { search: Some("nobody".into()), ..RegisterQuery::default() };
        let none = world.store.duplicate_transactions(&world.asker, &Selection::Matching(Box::new(none))).await;
        assert!(matches!(none, Err(StoreError::NotFound(_))), "{none:?}");
    }

    what_somebody_deletes_comes_back_with_its_claim(world) {
        world.sync(&[booked(10, -280, "Café", "c1"), booked(11, -281, "Café", "c2")]).await;
        let rows = world.all().await;
        let ids = rows.iter().map(|row| row.id).collect();
        let deleted = world.store.delete_transactions(&world.asker, &Selection::These(ids), false).await.unwrap();
        assert_eq!(deleted.changed, 2);
        world.sync(&[booked(10, -280, "Café", "c1"), booked(11, -281, "Café", "c2")]).await;
        assert!(world.all().await.is_empty(), "no sync brings them back");
        world.store.undo(&world.asker, deleted.batch.unwrap()).await.unwrap();
        assert_eq!(world.all().await, rows);
        world.check_claims().await;
    }

    ids_of_others_are_not_found(world) {
        world.sync(&[booked(10, -280, "Café", "c1")]).await;
        let row = world.all().await.remove(0);
        let other = crate::tests::world::add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        let category = world.store.add_category(&other, "Theirs", None).await.unwrap();
        let these = Selection::These(vec![row.id]);
        let seen = Seen::default();
        let not_found = |result: Result<(), StoreError>| assert!(matches!(result, Err(StoreError::NotFound(_))), "{result:?}");
        not_found(world.store.edit_transactions(&other, &these, &note("x"), &seen).await.map(drop));
        not_found(world.store.delete_transactions(&other, &these, false).await.map(drop));
        not_found(world.store.duplicate_transactions(&other, &these).await.map(drop));
        not_found(world.store.transaction(&other, row.id).await.map(drop));
        not_found(world.store.reconcile(&other, world.account, date(2026, 11, 1), 0).await.map(drop));
        let theirs = Edit { category: Some(Some(category)), ..Edit::default() };
        not_found(world.store.edit_transactions(&world.asker, &these, &theirs, &seen).await.map(drop));
        let theirs = Edit { account: Some(bankside_domain::AccountId::from(category.uuid())), ..Edit::default() };
        not_found(world.store.edit_transactions(&world.asker, &these, &theirs, &seen).await.map(drop));
        assert!(world.store.story(&other, row.id).await.unwrap().is_empty());
        assert!(world.store.payees(&other, "", 10).await.unwrap().is_empty());
        assert!(world.store.tags(&other).await.unwrap().is_empty());
        assert_eq!(world.all().await.remove(0), row);
    }
}
