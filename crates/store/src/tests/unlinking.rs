//! Feeds that end: booked rows stay, pending ones leave with them, and nothing is stuck.

use jiff::Timestamp;
use jiff::civil::date;

use crate::StoreError;
use crate::tests::on_both;
use crate::tests::world::{booked, ended, shown_with_pending};

on_both! {
    pending_rows_leave_with_the_link_and_come_back_with_it(world) {
        world.sync(&shown_with_pending()).await;
        world.write_note("Cinema", "with Anna").await;
        let before = world.rows().await;
        let since = world.ambient.now();
        let batch = world.store.unlink(&world.asker, world.account).await.unwrap();
        assert!(batch.is_some());
        assert_eq!(world.rows().await, ["2026-11-10 -280 Café am Kai Booked about Café am Kai"]);
        world.check_sums().await;
        world.check_claims().await;
        let gone = world.store.vanished_rows(&world.asker, since, 10).await.unwrap();
        let told: Vec<_> = gone.iter().map(|row| (row.payee.as_deref(), row.note.as_deref())).collect();
        assert_eq!(gone.len(), 2, "they are history as those are that a bank shows no more: {told:?}");
        assert!(told.contains(&(Some("Cinema"), Some("with Anna"))), "with what somebody wrote");
        // Nothing that is pending keeps a period open any more.
        assert!(world.store.lock_period(&world.asker, world.account, Some(date(2026, 11, 20))).await.unwrap().is_some());
        world.store.lock_period(&world.asker, world.account, None).await.unwrap();

        world.link_again().await;
        world.sync(&shown_with_pending()).await;
        assert_eq!(world.rows().await, before, "the bank shows them still, and they are the rows that they were");
        world.check_claims().await;
    }

    what_was_pending_is_booked_once_after_it_is_linked_again(world) {
        world.sync(&shown_with_pending()).await;
        world.write_note("Cinema", "with Anna").await;
        world.store.unlink(&world.asker, world.account).await.unwrap();
        world.link_again().await;
        world.sync(&[booked(20, -4_500, "Cinema", "a5"), booked(10, -280, "Café am Kai", "a3")]).await;
        let rows = world.rows().await;
        assert_eq!(rows.iter().filter(|row| row.contains("Cinema")).count(), 1, "{rows:?}");
        assert_eq!(rows.len(), 2, "{rows:?}");
        world.check_claims().await;
    }

    unlinking_is_undone_with_the_rows_that_left(world) {
        world.sync(&shown_with_pending()).await;
        world.write_note("Cinema", "with Anna").await;
        let before = world.rows().await;
        let batch = world.store.unlink(&world.asker, world.account).await.unwrap().unwrap();
        let plan = world.store.preview_undo(&world.asker, batch).await.unwrap();
        assert_eq!(plan.tally().come_back, 2);
        let undone = world.store.undo(&world.asker, batch).await.unwrap();
        assert_eq!(world.rows().await, before);
        world.check_sums().await;
        world.check_claims().await;
        // No bank books them, and it is said what helps, if somebody wants to lock them.
        let lock = world.store.lock_period(&world.asker, world.account, Some(date(2026, 11, 20))).await;
        assert!(matches!(lock, Err(StoreError::Conflict(why)) if why.contains("delete these rows")));
        world.store.undo(&world.asker, undone.batch).await.unwrap();
        assert_eq!(world.rows().await.len(), 1);
        world.check_claims().await;
    }

    an_account_without_pending_rows_is_unlinked_without_a_batch(world) {
        world.sync(&shown_with_pending()[2..]).await;
        let batches = world.latest_batches().await;
        assert_eq!(world.store.unlink(&world.asker, world.account).await.unwrap(), None);
        assert_eq!(world.latest_batches().await, batches);
    }

    a_sync_that_ends_takes_the_pending_rows_of_its_accounts_along(world) {
        world.sync(&shown_with_pending()).await;
        world.store.end_connection(&world.asker, world.connection, &ended(), "revoked").await.unwrap();
        assert_eq!(world.rows().await, ["2026-11-10 -280 Café am Kai Booked about Café am Kai"]);
        world.check_sums().await;
        world.check_claims().await;
        assert_eq!(world.store.vanished_rows(&world.asker, Timestamp::UNIX_EPOCH, 10).await.unwrap().len(), 2);
    }
}
