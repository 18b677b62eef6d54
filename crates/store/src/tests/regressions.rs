//! What other bank feeds get wrong, each as a story with the name under which people report it.

use bankside_domain::account::AccountKind;
use bankside_domain::reconcile::Distrust;
use bankside_domain::row::RowIdKind;
use bankside_domain::run::RunOutcome;
use jiff::civil::date;

use crate::tests::held::entry;
use crate::tests::on_both;
use crate::tests::world::{Sent, World, booked, pending};
use crate::{Edit, HeldDecision, Lease, NewAccount, NewTransaction, RegisterQuery, RegisterRow, Selection};

impl World {
    async fn only_row(&self) -> RegisterRow {
        let query = RegisterQuery { limit: 2, ..RegisterQuery::default() };
        let mut rows = self.store.register(&self.asker, &query).await.unwrap().rows;
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    async fn register(&self) -> Vec<RegisterRow> {
        let query = RegisterQuery { limit: 20, ..RegisterQuery::default() };
        self.store.register(&self.asker, &query).await.unwrap().rows
    }

    /// What has come is put into the books, and the run is over.
    async fn finish(&self, lease: &Lease, rows: &[Sent]) {
        let (stored, plan) = self.plan(lease, rows).await;
        self.apply(lease, &stored, &plan).await.unwrap();
        self.store.finish_run(&self.asker, lease, RunOutcome::Done, None).await.unwrap();
    }

    async fn add_cash(&self) -> bankside_domain::AccountId {
        let cash = NewAccount {
            name: "Cash".into(),
            kind: AccountKind::Cash,
            currency: "EUR".parse().unwrap(),
            opening_minor: Some(0),
            asset: None,
        };
        self.store.add_account(&self.asker, &cash).await.unwrap()
    }
}

/// The same rows under other ids.
fn renamed(rows: &[Sent], ids: &[&'static str]) -> Vec<Sent> {
    rows.iter().zip(ids).map(|(sent, id)| Sent { id, ..sent.clone() }).collect()
}

fn fortnight() -> Vec<Sent> {
    vec![
        booked(12, -280, "Café am Kai", "a1"),
        booked(12, -280, "Café am Kai", "a2"),
        booked(5, 284_000, "Werft Nord", "a3"),
    ]
}

on_both! {
    re_consent_with_all_new_ids(world) {
        world.sync(&fortnight()).await;
        let before = world.rows().await;
        let asker = world.asker.clone();
        // The bank account has another name at the provider, and every row another id.
        let (_, again) = world.connect(&asker, "DE89370400440532013000", "acc-2").await;
        assert_eq!(again, world.bank_account);
        world.sync(&renamed(&fortnight(), &["b1", "b2", "b3"])).await;
        assert_eq!(world.rows().await, before);
        world.check_claims().await;
    }

    positional_references_with_one_late_insert(world) {
        let (wage, market) = (booked(5, 284_000, "Werft Nord", "1"), booked(5, -900, "Markt", "2"));
        world.sync(&[wage.clone(), market.clone()]).await;
        let late = booked(5, -50, "Kiosk", "1");
        world.sync(&[late, Sent { id: "2", ..wage }, Sent { id: "3", ..market }]).await;
        let rows = world.rows().await;
        assert_eq!(rows.len(), 3, "{rows:?}");
        assert!(rows.iter().any(|row| row.starts_with("2026-11-05 284000 Werft Nord")), "{rows:?}");
    }

    five_fetches_with_random_ids(world) {
        let ids = [["q", "w", "e"], ["r", "t", "z"], ["u", "i", "o"], ["p", "a", "s"], ["d", "f", "g"]];
        for ids in ids {
            world.sync(&renamed(&fortnight(), &ids)).await;
            assert_eq!(world.rows().await.len(), 3);
        }
        let lost = world.store.lost_trust(&world.asker).await.unwrap();
        assert_eq!(lost.iter().map(|lost| (lost.kind, lost.why)).collect::<Vec<_>>(), [
            (RowIdKind::Bank, Distrust::Reissued)
        ]);
    }

    two_equal_coffees(world) {
        let coffee = booked(12, -280, "Café am Kai", "");
        world.sync(std::slice::from_ref(&coffee)).await;
        world.sync(&[coffee.clone(), coffee.clone()]).await;
        world.sync(&[coffee.clone(), coffee]).await;
        assert_eq!(world.rows().await.len(), 2);
    }

    pending_to_booked_with_tip(world) {
        world.sync(&[pending(11, -4_000, "Gasthaus Anker")]).await;
        world.sync(&[booked(12, -4_400, "Gasthaus Anker", "a1")]).await;
        let rows = world.rows().await;
        assert_eq!(rows.len(), 1, "not both: {rows:?}");
        assert!(rows[0].contains("-4400") && rows[0].contains("Booked"), "{rows:?}");
        // What a person wrote on the pending one is in `what_was_written_on_a_row_that_went_is_offered_to_the_booked_one`.
    }

    pending_vanishes(world) {
        world.sync(&[pending(11, -4_000, "Tankstelle Süd")]).await;
        assert_eq!(world.sync(&[]).await.counts.vanished, 1);
        assert!(world.rows().await.is_empty());
        assert_eq!(world.sync(&[]).await.counts.vanished, 0, "nothing is stuck");
    }

    delete_and_create_across_closing(world) {
        // Around the closing of a card the bank deletes its rows and makes them anew, one of them on the next day.
        let before = [booked(12, -1_990, "Livraria", "x1"), booked(12, -500, "Padaria", "x2")];
        world.sync(&before).await;
        let row = "2026-11-12 -1990 Livraria";
        assert!(world.rows().await.iter().any(|shown| shown.starts_with(row)));
        world.sync(&[booked(13, -1_990, "Livraria", "y1"), booked(12, -500, "Padaria", "y2")]).await;
        assert_eq!(world.rows().await.len(), 2);
        world.check_claims().await;
    }

    undo_then_resync(world) {
        let batch = world.sync(&fortnight()).await.batch.unwrap();
        let after = world.rows().await;
        world.store.undo(&world.asker, batch).await.unwrap();
        assert!(world.rows().await.is_empty());
        world.sync(&fortnight()).await;
        assert_eq!(world.rows().await, after);
        world.check_claims().await;
    }

    deleted_then_resync(world) {
        let sent = booked(12, -280, "Café am Kai", "a1");
        world.sync(std::slice::from_ref(&sent)).await;
        let row = world.only_row().await;
        world.store.delete_transactions(&world.asker, &Selection::These(vec![row.id]), false).await.unwrap();
        world.sync(std::slice::from_ref(&sent)).await;
        world.sync(&renamed(std::slice::from_ref(&sent), &["b1"])).await;
        assert!(world.rows().await.is_empty());
    }

    deleted_then_told_otherwise_then_undone(world) {
        // The bank tells the row otherwise while it is out of the books, and did so already before that, but nobody had planned it.
        for (place, was_on_the_way) in [(0, false), (1, true)] {
            let id = ["a1", "b1"][place];
            let amount = [-280, -281][place];
            let old = booked(12, amount, "Café am Kai", id);
            let new = Sent { payee: "Café am Kai 4711", ..old.clone() };
            world.sync(std::slice::from_ref(&old)).await;
            let row = world.register().await.into_iter().find(|row| row.amount_minor == amount).unwrap();
            let these = Selection::These(vec![row.id]);
            let lease = if was_on_the_way {
                let lease = world.start_run().await;
                world.receive(&lease, std::slice::from_ref(&new)).await.unwrap();
                Some(lease)
            } else {
                None
            };
            world.clock.advance_days(1);
            let deleted = world.store.delete_transactions(&world.asker, &these, false).await.unwrap().batch.unwrap();
            world.clock.advance_days(1);
            match lease {
                Some(lease) => world.finish(&lease, std::slice::from_ref(&new)).await,
                None => _ = world.sync(std::slice::from_ref(&new)).await,
            }
            world.store.undo(&world.asker, deleted).await.unwrap();
            let again = world.sync(std::slice::from_ref(&new)).await.counts;
            assert_eq!((again.added, again.updated), (0, 1), "on the way: {was_on_the_way}");
            let rows = world.rows().await;
            assert!(rows.contains(&format!("2026-11-12 {amount} Café am Kai 4711 Booked about Café am Kai 4711")), "{rows:?}");
            world.check_claims().await;
            // Once is enough.
            assert_eq!(world.sync(std::slice::from_ref(&new)).await.batch, None);
        }
    }

    deleted_then_undone_as_it_was(world) {
        let sent = booked(12, -280, "Café am Kai", "a1");
        world.sync(std::slice::from_ref(&sent)).await;
        let these = Selection::These(vec![world.only_row().await.id]);
        world.clock.advance_days(1);
        let deleted = world.store.delete_transactions(&world.asker, &these, false).await.unwrap().batch.unwrap();
        world.clock.advance_days(1);
        world.sync(std::slice::from_ref(&sent)).await;
        world.store.undo(&world.asker, deleted).await.unwrap();
        // The bank says nothing new of it, so nothing waits for a decision.
        assert_eq!(world.sync(std::slice::from_ref(&sent)).await.batch, None);
    }

    moved_then_resync(world) {
        let sent = booked(12, -280, "Café am Kai", "a1");
        world.sync(std::slice::from_ref(&sent)).await;
        let cash = world.add_cash().await;
        let row = world.only_row().await;
        world.change(&row, Edit { account: Some(cash), ..Edit::default() }).await;
        world.sync(std::slice::from_ref(&sent)).await;
        world.sync(&renamed(std::slice::from_ref(&sent), &["b1"])).await;
        assert!(world.rows().await.is_empty(), "it stays where it was put");
        assert_eq!(world.only_row().await.account, cash);
    }

    split_then_resync(world) {
        let sent = booked(12, -280, "Café am Kai", "a1");
        world.sync(std::slice::from_ref(&sent)).await;
        let row = world.only_row().await;
        let line = |amount_minor, note: &str| crate::TypedLine { amount_minor, note: Some(note.into()), ..Default::default() };
        let lines = vec![line(-200, "coffee"), line(-80, "tip")];
        world.change(&row, Edit { lines: Some(lines), ..Edit::default() }).await;
        world.sync(&renamed(std::slice::from_ref(&sent), &["b1"])).await;
        let row = world.only_row().await;
        assert_eq!((row.lines, row.note.as_deref()), (2, Some("coffee")));
    }

    a_typed_row_and_its_sync_are_one(world) {
        let typed = NewTransaction::new(date(2026, 11, 10), -280).with("Café am Kai");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        world.sync(&[booked(12, -280, "Café am Kai", "a1")]).await;
        assert_eq!(world.only_row().await.dated_on, date(2026, 11, 10));
    }

    a_typed_row_is_no_more_that_of_a_pending_one_that_vanished(world) {
        let typed = NewTransaction::new(date(2026, 11, 6), -280).with("Café am Kai");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        let (first, second) = (pending(1, -280, "Café am Kai"), pending(1, -280, "Stadtwerke Nordhafen"));
        world.sync(std::slice::from_ref(&first)).await;
        world.sync(&[]).await;
        let batch = world.sync(std::slice::from_ref(&second)).await.batch.unwrap();
        world.check_claims().await;
        assert_eq!(world.rows().await.len(), 1);
        let undone = world.store.undo(&world.asker, batch).await.unwrap();
        world.store.undo(&world.asker, undone.batch).await.unwrap();
        world.check_claims().await;
        // The bank shows the first again: two rows of its own are two rows of the books.
        world.sync(&[second, first]).await;
        assert_eq!(world.rows().await.len(), 2);
        world.check_claims().await;
        world.check_sums().await;
    }

    multi_currency_accounts_under_one_iban(world) {
        let asker = world.asker.clone();
        // A key is of IBAN and currency: what a connector joins into one value tells two pockets apart.
        let (_, euros) = world.connect(&asker, "DE89370400440532013000", "acc-1").await;
        let (_, dollars) = world.connect(&asker, "DE89370400440532013000 USD", "acc-1-usd").await;
        assert_eq!(euros, world.bank_account);
        assert_ne!(dollars, world.bank_account);
    }

    joint_accounts_seen_twice(world) {
        world.sync(&fortnight()).await;
        let before = world.rows().await;
        let asker = world.asker.clone();
        // The other holder connects the same bank: it is the same bank account, and it stays with its feed.
        let (other, again) = world.connect(&asker, "DE89370400440532013000", "theirs-1").await;
        assert_eq!(again, world.bank_account);
        let seen = world.store.bank_accounts(&asker, other).await.unwrap();
        assert_eq!(seen.iter().map(|one| one.feeds.map(|(account, _)| account)).collect::<Vec<_>>(), [Some(world.account)]);
        world.sync(&fortnight()).await;
        assert_eq!(world.rows().await, before);
    }

    renewal_flood_into_locked_period(world) {
        world.sync(&[booked(12, -280, "Café am Kai", "a3")]).await;
        let before = world.rows().await;
        let locked = world.store.lock_period(&world.asker, world.account, Some(date(2026, 11, 10))).await.unwrap();
        assert_eq!(world.store.lock_period(&world.asker, world.account, Some(date(2026, 11, 10))).await.unwrap(), None);
        // A fresh consent lets the bank tell of older days.
        let flood = [booked(12, -280, "Café am Kai", "a3"), booked(5, 284_000, "Werft Nord", "a2"), booked(3, -900, "Markt", "a1")];
        let counts = world.sync(&flood).await.counts;
        assert_eq!((counts.added, counts.held_back), (0, 2));
        assert_eq!(world.rows().await, before);
        // Nothing is lost by it: without the lock a person brings them in, once each.
        world.store.undo(&world.asker, locked.unwrap()).await.unwrap();
        assert_eq!(world.store.account(&world.asker, world.account).await.unwrap().locked_through, None);
        assert_eq!(world.rows().await, before);
        world.sync(&flood).await;
        let held = world.store.held_rows(&world.asker, 10).await.unwrap();
        for (waiting, sent) in held.iter().zip(&flood[1..]) {
            assert_eq!(waiting.amount_minor, Some(sent.minor));
            world.decide(waiting, HeldDecision::NewRow(entry(sent))).await.unwrap();
            world.sync(&flood).await;
        }
        assert_eq!((held.len(), world.rows().await.len()), (2, 3));
        world.check_claims().await;
    }
}
