//! Differences between bank and ledger: found with their suspects, accepted, ignored, and taken back.

use bankside_domain::balance::Proof;
use bankside_domain::difference::{Judged, Verdict, found_at, stretch};
use bankside_domain::suspect::{Grounds, suspects};

use crate::tests::on_both;
use crate::tests::world::{Sent, World, booked, pending};
use crate::{RegisterQuery, StoreError};

fn month() -> Vec<Sent> {
    vec![booked(10, -280, "Café am Kai", "a2"), booked(2, -9_600, "Stadtwerke Nordhafen", "a1")]
}

/// Two syncs with balances that fit, and a row of the second that somebody takes out of the books.
async fn apart(world: &World) -> (i64, Vec<Sent>) {
    world.sync_stating(&month(), 50_000).await;
    let mut later = month();
    later.insert(0, booked(21, -900, "Bakery", "a3"));
    later.insert(0, pending(21, -450, "Kiosk"));
    world.sync_stating(&later, 49_100).await;
    assert!(matches!(prove(world).await, Proof::Proven { .. }));
    let query = RegisterQuery { search: Some("Bakery".into()), limit: 1, ..RegisterQuery::default() };
    let bakery = world.store.register(&world.asker, &query).await.unwrap().rows.remove(0).id;
    world.store.delete_transaction(&world.asker, bakery).await.unwrap();
    (-900, later)
}

async fn prove(world: &World) -> Proof {
    world.store.prove_account(&world.asker, world.account, world.bank_account).await.unwrap()
}

async fn judge(world: &World, verdict: Verdict, by_minor: i64) -> bankside_domain::VerdictId {
    let (state, evidence) = world.store.evidence(&world.asker, world.account, world.bank_account).await.unwrap();
    let lines = evidence.lines();
    let found = stretch(&lines).map(|stretch| found_at(&lines[stretch.breaks].stated));
    let judged = Judged { verdict, found, by_minor };
    let store = &world.store;
    store.judge_balance(&world.asker, world.account, world.bank_account, judged, state.revision).await.unwrap()
}

on_both! {
    the_row_that_was_taken_out_is_the_first_suspect(world) {
        let (by_minor, _) = apart(world).await;
        assert!(matches!(prove(world).await, Proof::Diverged { by_minor: -900, .. }));
        let (_, evidence) = world.store.evidence(&world.asker, world.account, world.bank_account).await.unwrap();
        let lines = evidence.lines();
        let part = stretch(&lines).unwrap();
        let (from, to) = (lines[part.fits].stated.day(), lines[part.breaks].stated.day());
        let rows = world.store.rows_near(&world.asker, world.account, world.bank_account, from, to).await.unwrap();
        let found = suspects(&rows, from, to, by_minor);
        let short: Vec<_> = found.iter().map(|one| (one.row.amount_minor, one.grounds, one.explains)).collect();
        assert_eq!(short, [(-900, Grounds::TakenOut, true), (-450, Grounds::Pending, false)]);
    }

    a_row_that_is_missing_after_a_long_pause_is_told_apart_from_an_opening_that_is_wrong(world) {
        world.sync_stating(&month(), 50_000).await;
        world.sync_stating(&month(), 50_000).await;
        assert!(matches!(prove(world).await, Proof::Proven { .. }));
        world.clock.advance_days(400);
        // The bank has booked 9.00 of which it shows nothing any more.
        world.sync_stating(&month(), 49_100).await;
        let proof = prove(world).await;
        assert!(matches!(proof, Proof::Diverged { by_minor: -900, .. }), "{proof:?}");
    }

    an_accepted_difference_is_known_until_it_is_taken_back(world) {
        let (by_minor, mut later) = apart(world).await;
        let id = judge(world, Verdict::Accepted, by_minor).await;
        assert!(matches!(prove(world).await, Proof::Accepted { by_minor: -900, .. }));
        later.insert(0, booked(22, -100, "Kiosk", "a4"));
        world.sync_stating(&later, 49_000).await;
        assert!(matches!(prove(world).await, Proof::Accepted { .. }), "what comes later is measured from there");
        world.sync_stating(&later, 48_000).await;
        assert!(matches!(prove(world).await, Proof::Diverged { by_minor: -1_000, .. }));
        world.store.take_back_verdict(&world.asker, world.account, id).await.unwrap();
        assert!(matches!(prove(world).await, Proof::Diverged { by_minor: -1_900, .. }));
        let again = world.store.take_back_verdict(&world.asker, world.account, id).await;
        assert!(matches!(again, Err(StoreError::NotFound(_))), "{again:?}");
    }

    an_ignored_difference_is_back_when_it_changes(world) {
        let (by_minor, later) = apart(world).await;
        judge(world, Verdict::Ignored, by_minor).await;
        assert!(matches!(prove(world).await, Proof::Ignored { since: Some(_), by_minor: -900 }));
        world.sync_stating(&later, 49_000).await;
        assert!(matches!(prove(world).await, Proof::Diverged { by_minor: -1_000, .. }));
        let kept = world.store.verdicts(&world.asker, world.account, world.bank_account).await.unwrap();
        assert_eq!(kept[0].person.as_deref(), Some("Owner"));
    }

    a_verdict_is_about_the_account_as_it_was_seen(world) {
        apart(world).await;
        let judged = Judged { verdict: Verdict::Ignored, found: None, by_minor: 1 };
        let stale = world.store.judge_balance(&world.asker, world.account, world.bank_account, judged, 0).await;
        assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
    }
}
