//! Applying plans: what stands in the books afterwards, and that it can be taken back.

use bankside_domain::batch::Later;
use bankside_domain::reconcile::Distrust;
use bankside_domain::row::RowIdKind;
use bankside_domain::run::RunOutcome;
use jiff::SignedDuration;
use jiff::civil::date;

use crate::tests::on_both;
use crate::tests::world::{Sent, booked, pending};
use crate::{NewTransaction, StoreError, TypedLine};

fn month() -> Vec<Sent> {
    vec![
        booked(12, -11_800, "Fernwärme Nord", "a5"),
        booked(10, -280, "Café am Kai", "a4"),
        booked(10, -280, "Café am Kai", "a3"),
        booked(5, 284_000, "Werft Nord", "a2"),
        booked(2, -96_00, "Stadtwerke Nordhafen", "a1"),
    ]
}

on_both! {
    rows_arrive_once_each(world) {
        let applied = world.sync(&month()).await;
        assert_eq!(applied.counts.added, 5);
        let before = world.rows().await;
        assert_eq!(before.len(), 5);
        assert_eq!(before[0], "2026-11-02 -9600 Stadtwerke Nordhafen Booked about Stadtwerke Nordhafen");

        let again = world.sync(&month()).await;
        assert_eq!(again.batch, None);
        assert_eq!(world.rows().await, before);
    }

    the_register_keeps_the_order_of_the_bank_within_a_day(world) {
        world.sync(&[booked(10, -3, "third", "c"), booked(10, -2, "second", "b"), booked(10, -1, "first", "a")]).await;
        let query = crate::RegisterQuery { limit: 10, ..crate::RegisterQuery::default() };
        let page = world.store.register(&world.asker, &query).await.unwrap();
        let payees: Vec<_> = page.rows.iter().filter_map(|row| row.payee.as_deref()).collect();
        assert_eq!(payees, ["third", "second", "first"]);
    }

    a_pending_row_vanishes_although_somebody_gave_it_another_day(world) {
        world.sync(&[pending(11, -11_800, "Fernwärme Nord")]).await;
        let query = crate::RegisterQuery { limit: 1, ..crate::RegisterQuery::default() };
        let row = world.store.register(&world.asker, &query).await.unwrap().rows.remove(0);
        let edit = crate::Edit { dated_on: Some(date(2026, 11, 9)), ..crate::Edit::default() };
        let these = crate::Selection::These(vec![row.id]);
        world.store.edit_transactions(&world.asker, &these, &edit, &bankside_domain::edit::Seen::default()).await.unwrap();
        assert_eq!(world.sync(&[]).await.counts.vanished, 1);
        assert!(world.rows().await.is_empty());
    }

    a_pending_row_vanishes_although_its_last_change_was_undone(world) {
        world.sync(&[Sent { id: "p1", ..pending(11, -11_800, "Fernwärme Nord") }]).await;
        let changed = world.sync(&[Sent { id: "p1", ..pending(12, -11_800, "Fernwärme Nord") }]).await;
        assert_eq!(changed.counts.updated, 1);
        world.store.undo(&world.asker, changed.batch.unwrap()).await.unwrap();
        assert_eq!(world.rows().await.len(), 1);
        assert_eq!(world.sync(&[]).await.counts.vanished, 1);
        assert!(world.rows().await.is_empty());
        // And it has vanished for good.
        assert_eq!(world.sync(&[]).await.counts.vanished, 0);
    }

    undo_restores_what_was(world) {
        let typed = NewTransaction::new(date(2026, 11, 3), -9600).with("Electricity");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        world.sync(&[pending(11, -11_800, "Fernwärme Nord")]).await;
        let before = world.rows().await;
        let applied = world.sync(&month()).await;
        assert_eq!((applied.counts.added, applied.counts.matched, applied.counts.settled), (3, 1, 1));
        let after = world.rows().await;
        assert!(after.contains(&"2026-11-03 -9600 Electricity Booked about Stadtwerke Nordhafen".to_owned()), "{after:?}");

        let preview = world.store.preview_undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        let undone = world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        assert_eq!(undone.taken_back, preview.write.len());
        assert_eq!(undone.stay, []);
        assert_eq!(world.rows().await, before);
        world.check_sums().await;

        // Undoing the undoing brings it all back, claims included: the next sync adds nothing.
        world.store.undo(&world.asker, undone.batch).await.unwrap();
        assert_eq!(world.rows().await, after);
        assert_eq!(world.sync(&month()).await.counts.added, 0);
        assert_eq!(world.rows().await, after);
    }

    after_an_undo_a_sync_brings_the_rows_again(world) {
        let applied = world.sync(&month()).await;
        let after = world.rows().await;
        world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        assert!(world.rows().await.is_empty());
        assert_eq!(world.sync(&month()).await.counts.added, 5);
        assert_eq!(world.rows().await, after);
    }

    undo_then_resync_leaves_out_what_a_person_left_out(world) {
        world.sync(&[pending(11, -11_800, "Fernwärme Nord")]).await;
        let before = world.rows().await;
        let applied = world.sync(&month()).await;
        let after = world.rows().await;
        let left_out = world.store.undo_with(&world.asker, applied.batch.unwrap(), Later::LeaveOut).await.unwrap();
        assert_eq!(world.rows().await, before);
        // What leaves stays out; what only changed follows the bank again.
        let again = world.sync(&month()).await.counts;
        assert_eq!((again.added, again.updated), (0, 1), "{again:?}");
        assert_eq!(world.rows().await.len(), 1);
        // Under other ids too.
        let renamed: Vec<Sent> = month().into_iter().map(|sent| Sent { id: "", ..sent }).collect();
        assert_eq!(world.sync(&renamed).await.counts.added, 0);
        world.check_sums().await;

        // Taking it back brings the rows back, and no sync doubles them.
        world.store.undo(&world.asker, left_out.batch).await.unwrap();
        world.sync(&month()).await;
        assert_eq!(world.rows().await, after);
        world.check_claims().await;
    }

    what_a_sync_brought_again_is_not_doubled_by_taking_the_undo_back(world) {
        let applied = world.sync(&month()).await;
        let after = world.rows().await;
        let undone = world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        assert_eq!(world.sync(&month()).await.counts.added, 5);
        let refused = world.store.undo(&world.asker, undone.batch).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        assert_eq!(world.rows().await, after);
        world.check_claims().await;
    }

    undo_and_redo_and_undo_again(world) {
        let applied = world.sync(&month()).await;
        let after = world.rows().await;
        let first = world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        world.store.undo(&world.asker, first.batch).await.unwrap();
        assert_eq!(world.rows().await, after);
        world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        assert!(world.rows().await.is_empty());
        world.check_claims().await;
    }

    a_chain_of_undoings_says_what_is_in_force(world) {
        let batch = world.sync(&month()).await.batch.unwrap();
        let undoing_of = || world.store.undoing_of(&world.asker, batch);
        let mut last = batch;
        let mut first_undoing = None;
        for step in 0..6 {
            last = world.store.undo(&world.asker, last).await.unwrap().batch;
            first_undoing.get_or_insert(last);
            let is_undone = step % 2 == 0;
            assert_eq!(undoing_of().await.unwrap(), first_undoing.filter(|_| is_undone), "after {step}");
            assert_eq!(world.rows().await.is_empty(), is_undone);
        }
        world.check_sums().await;
        world.check_claims().await;
    }

    a_match_whose_row_has_changed_since_goes_back_whole_or_not_at_all(world) {
        let typed = NewTransaction::new(date(2026, 11, 4), -280).with("Stadtwerke Nordhafen");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        let matched = world.sync(&[booked(1, -280, "Café am Kai", "a4")]).await;
        world.sync(&[booked(2, -280, "Café am Kai", "")]).await;
        let before = world.rows().await;
        let undone = world.store.undo(&world.asker, matched.batch.unwrap()).await;
        assert!(matches!(undone, Err(StoreError::Conflict(_))), "{undone:?}");
        assert_eq!(world.rows().await, before);
        world.check_sums().await;
        world.check_claims().await;
        world.sync(&[]).await;
        assert_eq!(world.rows().await, before);
    }

    a_settlement_that_was_undone_is_made_again_by_the_next_sync(world) {
        world.sync(&[pending(11, -11_800, "Fernwärme Nord")]).await;
        let before = world.rows().await;
        let answer = [booked(12, -11_800, "Fernwärme Nord", "a5")];
        let settled = world.sync(&answer).await;
        let after = world.rows().await;
        world.store.undo(&world.asker, settled.batch.unwrap()).await.unwrap();
        assert_eq!(world.rows().await, before);
        let again = world.sync(&answer).await;
        assert_eq!((again.counts.added, world.rows().await), (0, after));
        world.check_claims().await;
    }

    a_text_that_comes_back_after_another_holds_again(world) {
        let row = |payee| [booked(12, -11_800, payee, "a5")];
        world.sync(&row("Fernwärme")).await;
        world.sync(&row("Fernwärme Nord")).await;
        assert_eq!(world.rows().await, ["2026-11-12 -11800 Fernwärme Nord Booked about Fernwärme Nord"]);
        world.sync(&row("Fernwärme")).await;
        assert_eq!(world.rows().await, ["2026-11-12 -11800 Fernwärme Booked about Fernwärme"]);
    }

    an_equal_row_under_a_new_id_is_another_row_once_both_are_shown(world) {
        let first = booked(12, -280, "Café am Kai", "a1");
        let second = booked(12, -280, "Café am Kai", "a2");
        world.sync(std::slice::from_ref(&first)).await;
        // The bank forgets the first for a moment and shows an equal one: it could be the same under a new id.
        world.sync(std::slice::from_ref(&second)).await;
        assert_eq!(world.rows().await.len(), 1);
        world.sync(&[first.clone(), second.clone()]).await;
        assert_eq!(world.rows().await.len(), 2);
        world.sync(&[first, second]).await;
        assert_eq!(world.rows().await.len(), 2);
        world.check_claims().await;
    }

    an_account_that_is_linked_while_a_run_goes_on_gets_a_run_of_its_own(world) {
        use bankside_domain::run::Trigger;
        let going_on = world.start_run().await;
        let waiting = world.store.enqueue_run(&world.asker, world.connection, Trigger::Linked).await.unwrap();
        assert_ne!(waiting, going_on.run);
        let again = world.store.enqueue_run(&world.asker, world.connection, Trigger::Linked).await.unwrap();
        assert_eq!(again, waiting, "one waits, not more");
        let claim = || world.store.claim_run_as_system("other", SignedDuration::from_secs(60));
        assert!(claim().await.unwrap().is_none(), "one at a time");
        world.store.finish_run(&world.asker, &going_on, RunOutcome::Done, None).await.unwrap();
        assert_eq!(claim().await.unwrap().unwrap().lease.run, waiting);
    }

    a_typed_row_outlives_the_pending_row_that_met_it(world) {
        let typed = NewTransaction {
            lines: vec![TypedLine { amount_minor: -5000, note: Some("deposit".into()), ..TypedLine::default() }],
            ..NewTransaction::new(date(2026, 11, 10), -5000).with("Garage")
        };
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        let before = world.rows().await;
        world.sync(&[pending(11, -5000, "Garage am Hafen")]).await;
        assert_eq!(world.rows().await.len(), 1);
        // The bank books another amount: the pending row is gone, and what was typed is as it was.
        let applied = world.sync(&[booked(12, -5500, "Garage am Hafen", "g1")]).await;
        assert_eq!((applied.counts.added, applied.counts.vanished), (1, 1));
        let after = world.rows().await;
        assert_eq!(after.len(), 2);
        assert!(after.contains(&before[0]), "{after:?}");
        world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        assert_eq!(world.rows().await.len(), 1);
        world.check_sums().await;
    }

    undo_twice_is_refused(world) {
        let applied = world.sync(&month()).await;
        world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        let second = world.store.undo(&world.asker, applied.batch.unwrap()).await;
        assert!(matches!(second, Err(StoreError::Conflict(_))), "{second:?}");
    }

    what_was_deleted_stays_deleted(world) {
        world.sync(&month()).await;
        let query = crate::RegisterQuery { limit: 10, ..crate::RegisterQuery::default() };
        let first = world.store.register(&world.asker, &query).await.unwrap().rows[0].id;
        world.store.delete_transaction(&world.asker, first).await.unwrap();
        let before = world.rows().await;
        world.sync(&month()).await;
        let mut reissued = month();
        reissued[0].id = "b5";
        world.sync(&reissued).await;
        assert_eq!(world.rows().await, before);
    }

    a_pending_row_vanishes_and_returns_with_its_row(world) {
        let shown = [pending(11, -1000, "Burgers")];
        world.sync(&shown).await;
        assert_eq!(world.rows().await.len(), 1);
        assert_eq!(world.sync(&[]).await.counts.vanished, 1);
        assert!(world.rows().await.is_empty());
        world.sync(&shown).await;
        assert_eq!(world.rows().await.len(), 1);
        let settled = world.sync(&[booked(12, -1000, "Burgers", "x")]).await;
        assert_eq!(settled.counts.settled, 1);
        assert_eq!(world.rows().await, ["2026-11-12 -1000 Burgers Booked about Burgers"]);
    }

    a_plan_for_an_account_that_changed_is_refused(world) {
        let lease = world.start_run().await;
        world.receive(&lease, &month()).await.unwrap();
        let (stored, plan) = world.plan(&lease, &month()).await;
        let typed = NewTransaction::new(date(2026, 11, 1), 5);
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        let refused = world.apply(&lease, &stored, &plan).await;
        assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
        let (stored, plan) = world.plan(&lease, &month()).await;
        assert_eq!(world.apply(&lease, &stored, &plan).await.unwrap().counts.added, 5);
        world.check_sums().await;
    }

    a_worker_that_lost_its_lease_cannot_write(world) {
        let old = world.start_run().await;
        world.receive(&old, &month()).await.unwrap();
        let (stored, plan) = world.plan(&old, &month()).await;
        world.clock.advance(SignedDuration::from_secs(61));
        let new = world.claim().await;
        assert_eq!((new.run, new.attempt), (old.run, old.attempt + 1));
        for refused in [
            world.apply(&old, &stored, &plan).await.map(|_| ()),
            world.receive(&old, &month()).await.map(|_| ()),
            world.store.finish_run(&world.asker, &old, RunOutcome::Done, None).await,
            world.store.prolong_lease(&world.asker, &old, SignedDuration::from_secs(60)).await,
        ] {
            assert!(matches!(refused, Err(StoreError::LeaseLost)), "{refused:?}");
        }
        let (stored, plan) = world.plan(&new, &month()).await;
        assert_eq!(world.apply(&new, &stored, &plan).await.unwrap().counts.added, 5);
    }

    one_run_of_a_connection_at_a_time(world) {
        use bankside_domain::run::Trigger;
        let first = world.store.enqueue_run(&world.asker, world.connection, Trigger::Person).await.unwrap();
        let second = world.store.enqueue_run(&world.asker, world.connection, Trigger::Schedule).await.unwrap();
        assert_eq!(first, second);
        let lease = world.claim().await;
        assert!(world.store.claim_run_as_system("other", SignedDuration::from_secs(60)).await.unwrap().is_none());
        world.store.finish_run(&world.asker, &lease, RunOutcome::Done, None).await.unwrap();
        let third = world.store.enqueue_run(&world.asker, world.connection, Trigger::Person).await.unwrap();
        assert_ne!(first, third);
    }

    searching_finds_text_and_amounts(world) {
        world.sync(&month()).await;
        let find = |text: &str| crate::RegisterQuery {
            search: Some(text.to_owned()),
            limit: 50,
            ..crate::RegisterQuery::default()
        };
        for (text, expected) in
            [("FERNWARME", 1), ("about cafe", 2), ("2.80", 2), ("2840", 1), ("100%", 0), ("_", 0), ("", 5)]
        {
            let page = world.store.register(&world.asker, &find(text)).await.unwrap();
            assert_eq!(page.total, expected, "{text}");
        }
        let paged = crate::RegisterQuery { offset: 1, limit: 1, ..find("cafe") };
        let page = world.store.register(&world.asker, &paged).await.unwrap();
        assert_eq!((page.rows.len(), page.total), (1, 2));
    }

    a_bank_account_comes_back_under_a_new_name(world) {
        let (connection, bank_account) = world.connect(&world.asker.clone(), "DE89370400440532013000", "acc-99").await;
        assert_ne!(connection, world.connection);
        assert_eq!(bank_account, world.bank_account);
    }
}

on_both! {
    trust_in_ids_is_learned_and_kept(world) {
        let bank = |sent: Sent, id| Sent { id, ..sent };
        let (wage, market, kiosk) =
            (booked(5, 284_000, "Werft Nord", "1"), booked(5, -900, "Markt", "2"), booked(5, -50, "Kiosk", "1"));
        world.sync(&[wage.clone(), market.clone()]).await;
        assert_eq!(world.store.lost_trust(&world.asker).await.unwrap(), []);
        // A row that comes late takes the first number, and the others move on.
        let late = [kiosk, bank(wage, "2"), bank(market, "3")];
        let applied = world.sync(&late).await.counts;
        assert_eq!((applied.added, applied.held_back), (1, 0));
        let lost = world.store.lost_trust(&world.asker).await.unwrap();
        assert_eq!(lost.iter().map(|lost| (lost.kind, lost.why)).collect::<Vec<_>>(), [(RowIdKind::Bank, Distrust::Reused)]);
        // From now on such a number holds nothing back, and it was found once.
        let counts = world.sync(&[booked(6, -70, "Bäckerei Thomsen", "3")]).await.counts;
        assert_eq!((counts.added, counts.held_back), (1, 0));
        assert_eq!(world.store.lost_trust(&world.asker).await.unwrap(), lost);
    }
}
