//! A locked period stays as it is, whoever writes: syncs, edits, undoings.

use jiff::civil::date;

use crate::tests::on_both;
use crate::tests::world::{Sent, booked, pending};
use crate::{RegisterQuery, StoreError};

on_both! {
    a_sync_leaves_the_rows_of_a_locked_period_as_they_are(world) {
        let (wage, coffee) = (booked(5, 284_000, "Werft Nord", "a1"), booked(12, -280, "Café am Kai", "a2"));
        world.sync(&[wage.clone(), coffee.clone()]).await;
        let before = world.rows().await;
        world.store.lock_period(&world.asker, world.account, Some(date(2026, 11, 10))).await.unwrap();
        let renamed = Sent { payee: "Werft Nord GmbH", ..wage };
        let counts = world.sync(&[renamed.clone(), coffee.clone()]).await.counts;
        assert_eq!((counts.updated, counts.held_back, counts.left_alone), (0, 0, 1), "{counts:?}");
        world.sync(&[renamed, coffee]).await;
        assert_eq!(world.rows().await, before);
        world.check_claims().await;
    }

    rows_that_come_out_of_a_locked_period_say_what_the_bank_says_by_now(world) {
        let (wage, coffee) = (booked(5, 284_000, "Werft Nord", "a1"), booked(12, -280, "Café am Kai", "a2"));
        world.sync(&[wage.clone(), coffee.clone()]).await;
        let told = |day| Sent { payee: "Werft Nord GmbH", day: date(2026, 11, day), ..wage.clone() };
        let says_so = "2026-11-05 284000 Werft Nord GmbH Booked about Werft Nord GmbH";
        for is_undone in [false, true] {
            let before = world.rows().await;
            let lock = |day: i8| world.store.lock_period(&world.asker, world.account, Some(date(2026, 11, day)));
            let locked = lock(10).await.unwrap().unwrap();
            // The bank's other text of the second round is the first one.
            let answer = if is_undone { [wage.clone(), coffee.clone()] } else { [told(5), coffee.clone()] };
            world.sync(&answer).await;
            assert_eq!(world.rows().await, before, "nothing changes while it is locked");
            if is_undone {
                world.store.undo(&world.asker, locked).await.unwrap();
            } else {
                lock(7).await.unwrap();
                assert_eq!(world.sync(&answer).await.counts.updated, 0, "its day is locked still");
                world.store.lock_period(&world.asker, world.account, None).await.unwrap();
            }
            assert_eq!(world.sync(&answer).await.counts.updated, 1);
            assert_eq!(world.rows().await.contains(&says_so.to_owned()), !is_undone);
            assert_eq!(world.sync(&answer).await.batch, None);
            world.check_claims().await;
        }
    }

    undoing_leaves_the_rows_of_a_locked_period(world) {
        let rows = [booked(5, 284_000, "Werft Nord", "a1"), booked(12, -280, "Café am Kai", "a2")];
        let batch = world.sync(&rows).await.batch.unwrap();
        let before = world.rows().await;
        let locked = world.store.lock_period(&world.asker, world.account, Some(date(2026, 11, 10))).await.unwrap();
        let tally = world.store.preview_undo(&world.asker, batch).await.unwrap().tally();
        assert_eq!((tally.leave, tally.stay_locked), (1, 1));
        world.store.undo(&world.asker, batch).await.unwrap();
        assert_eq!(world.rows().await, before[..1]);
        world.check_sums().await;
        world.check_claims().await;
        // The lock itself is taken off by undoing it, and the next sync brings back what the bank still shows.
        world.store.undo(&world.asker, locked.unwrap()).await.unwrap();
        world.sync(&rows).await;
        assert_eq!(world.rows().await, before);
    }

    a_period_with_pending_rows_is_not_locked(world) {
        world.sync(&[pending(5, -280, "Café am Kai"), booked(12, -900, "Markt", "a2")]).await;
        let lock = |day| world.store.lock_period(&world.asker, world.account, Some(date(2026, 11, day)));
        assert!(matches!(lock(10).await, Err(StoreError::Conflict(why)) if why.contains("when the bank has booked them")));
        assert!(lock(4).await.unwrap().is_some());
        // Where no bank will ever book them, since somebody took back that they left with the link, it is said what helps, and that does.
        let left = world.store.unlink(&world.asker, world.account).await.unwrap().unwrap();
        world.store.undo(&world.asker, left).await.unwrap();
        assert!(matches!(lock(10).await, Err(StoreError::Conflict(why)) if why.contains("delete these rows")));
        let query = RegisterQuery { search: Some("Café".into()), limit: 1, ..RegisterQuery::default() };
        let row = world.store.register(&world.asker, &query).await.unwrap().rows[0].id;
        world.store.delete_transaction(&world.asker, row).await.unwrap();
        assert!(lock(10).await.unwrap().is_some());
    }

    another_opening_would_change_what_a_locked_period_came_to(world) {
        world.sync(&[booked(5, -280, "Café am Kai", "a1")]).await;
        world.store.lock_period(&world.asker, world.account, Some(date(2026, 11, 10))).await.unwrap();
        let revision = world.store.account(&world.asker, world.account).await.unwrap().revision;
        let taken = world.store.take_bank_opening(&world.asker, world.account, 100, revision).await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
    }
}
