//! What an account does with pending rows: it acts at once, holds on every sync, and can be taken back.

use bankside_domain::account::PendingPolicy;

use crate::Resolve;
use crate::tests::on_both;
use crate::tests::world::{booked, shown_with_pending};

on_both! {
    a_preview_says_what_is_done_and_does_nothing(world) {
        world.sync(&shown_with_pending()).await;
        let before = world.rows().await;
        let batches = world.latest_batches().await;
        let preview = world.set_pending(PendingPolicy::BookedOnly, &shown_with_pending(), Resolve::Preview).await;
        assert_eq!((preview.rows_in, preview.rows_out, preview.batch), (0, 2, None));
        assert_eq!(world.rows().await, before);
        assert_eq!(world.latest_batches().await, batches);
        let counted = world.set_pending(PendingPolicy::Counted, &shown_with_pending(), Resolve::Preview).await;
        assert_eq!((counted.before.balance_minor(), counted.after.balance_minor()), (-280, -6_780));
        let done = world.set_pending(PendingPolicy::BookedOnly, &shown_with_pending(), Resolve::Commit).await;
        assert_eq!((done.rows_in, done.rows_out, &done.after), (0, 2, &preview.after));
    }

    back_and_forth_nothing_is_lost_and_nothing_doubles(world) {
        world.sync(&shown_with_pending()).await;
        world.write_note("Cinema", "with Anna").await;
        let before = world.rows().await;
        for _ in 0..2 {
            world.set_pending(PendingPolicy::BookedOnly, &shown_with_pending(), Resolve::Commit).await;
            assert_eq!(world.rows().await.len(), 1);
            assert_eq!(world.sync(&shown_with_pending()).await.batch, None, "the policy holds on the next sync");
            let back = world.set_pending(PendingPolicy::Counted, &shown_with_pending(), Resolve::Commit).await;
            assert_eq!(back.rows_in, 2);
            assert_eq!(world.rows().await, before, "with what people wrote");
            assert_eq!(world.sync(&shown_with_pending()).await.batch, None);
            world.set_pending(PendingPolicy::Shown, &shown_with_pending(), Resolve::Commit).await;
        }
        assert_eq!(world.rows().await, before);
    }

    rows_that_never_stood_in_the_books_come_in_at_once(world) {
        world.set_pending(PendingPolicy::BookedOnly, &[], Resolve::Commit).await;
        world.sync(&shown_with_pending()).await;
        assert_eq!(world.rows().await.len(), 1);
        // One is no longer shown by the time the policy changes.
        world.sync(&shown_with_pending()[1..]).await;
        let effect = world.set_pending(PendingPolicy::Shown, &shown_with_pending(), Resolve::Commit).await;
        assert_eq!(effect.rows_in, 1);
        let rows = world.rows().await;
        assert_eq!(rows.len(), 2);
        assert_eq!(world.sync(&shown_with_pending()[1..]).await.batch, None);
        // What the bank has brought is nobody's typed row: it vanishes when the bank takes it back.
        assert_eq!(world.sync(&shown_with_pending()[2..]).await.counts.vanished, 1);
        assert_eq!(world.rows().await.len(), 1);
    }

    what_waits_outside_settles_with_what_people_wrote(world) {
        world.sync(&shown_with_pending()).await;
        world.write_note("Cinema", "with Anna").await;
        world.set_pending(PendingPolicy::BookedOnly, &shown_with_pending(), Resolve::Commit).await;
        let later = [booked(20, -4_500, "Cinema", "a9"), shown_with_pending()[1].clone(), shown_with_pending()[2].clone()];
        assert_eq!(world.sync(&later).await.counts.settled, 1);
        let rows = world.rows().await;
        assert_eq!(rows[1], "2026-11-20 -4500 Cinema Booked with Anna");
        assert_eq!(rows.len(), 2);
        world.check_claims().await;
    }

    what_waits_outside_and_is_shown_no_more_offers_what_people_wrote(world) {
        world.sync(&shown_with_pending()).await;
        world.write_note("Cinema", "with Anna").await;
        world.set_pending(PendingPolicy::BookedOnly, &shown_with_pending(), Resolve::Commit).await;
        let gone = async || world.store.gone_pair_rows(&world.asker, jiff::civil::date(2026, 11, 1), 9).await.unwrap();
        world.sync(&shown_with_pending()).await;
        assert!(gone().await.is_empty(), "while the bank shows it, it waits");
        let later = &shown_with_pending()[1..];
        assert_eq!(world.sync(later).await.batch, None);
        let rows = gone().await;
        assert_eq!(rows.iter().map(|row| row.minor).collect::<Vec<_>>(), [-4_500]);
        world.sync(later).await;
        assert_eq!(gone().await, rows);
        world.sync(&shown_with_pending()).await;
        assert!(gone().await.is_empty(), "the bank shows it again");
    }

    a_typed_row_that_a_pending_one_met_stays_and_is_met_again(world) {
        let typed = crate::NewTransaction::new(jiff::civil::date(2026, 11, 18), -2_000).with("Burgers");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        assert_eq!(world.sync(&shown_with_pending()).await.counts.matched, 1);
        world.set_pending(PendingPolicy::BookedOnly, &shown_with_pending(), Resolve::Commit).await;
        assert_eq!(world.rows().await.len(), 2, "what somebody typed stays");
        assert_eq!(world.sync(&shown_with_pending()).await.batch, None);
        assert_eq!(world.sync(&shown_with_pending()).await.counts.vanished, 0);
        world.set_pending(PendingPolicy::Shown, &shown_with_pending(), Resolve::Commit).await;
        assert_eq!(world.rows().await.len(), 3);
    }

    undoing_gives_back_the_policy_and_the_rows(world) {
        world.sync(&shown_with_pending()).await;
        let before = world.rows().await;
        let done = world.set_pending(PendingPolicy::BookedOnly, &shown_with_pending(), Resolve::Commit).await;
        world.sync(&shown_with_pending()).await;
        let undone = world.store.undo(&world.asker, done.batch.unwrap()).await.unwrap();
        assert!(undone.stay.is_empty());
        assert_eq!(world.rows().await, before);
        let account = world.store.account(&world.asker, world.account).await.unwrap();
        assert_eq!(account.pending_policy, PendingPolicy::Shown);
        assert_eq!(world.sync(&shown_with_pending()).await.batch, None);
        // And again: taken back, it holds on the next sync.
        world.store.undo(&world.asker, undone.batch).await.unwrap();
        assert_eq!(world.rows().await.len(), 1);
        assert_eq!(world.sync(&shown_with_pending()).await.batch, None);
        world.check_sums().await;
    }
}
