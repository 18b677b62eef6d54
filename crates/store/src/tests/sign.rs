//! The sign of a bank account: turned with its whole history, recognised afterwards, and taken back.

use bankside_domain::Granted;
use bankside_domain::balance::Proof;
use bankside_domain::edit::Seen;
use bankside_domain::sign::SignRefused;
use jiff::civil::date;

use crate::db::{on, sql};
use crate::tests::on_both;
use crate::tests::world::{Sent, World, booked, pending};
use crate::{Edit, FeedEffect, NewTransaction, RegisterQuery, Resolve, Selection, SignTurned, TypedLine};

/// A card whose bank counts what is spent as more than nothing; 120.50 are owed, and the bank says 120.50.
fn card() -> Vec<Sent> {
    vec![
        pending(19, 4_500, "Cinema"),
        booked(12, 1_230, "REWE", "c3"),
        booked(10, 5_000, "Fuel", "c2"),
        booked(5, -20_000, "Payment received", "c1"),
    ]
}

const SAID: i64 = 12_050;

async fn turn(world: &World, flips_sign: bool, how: Resolve) -> SignTurned {
    let turned = world.store.turn_sign(&world.asker, world.bank_account, world.account, flips_sign, how).await.unwrap();
    world.check_sums().await;
    world.check_lines().await;
    turned
}

async fn turned(world: &World, flips_sign: bool) -> FeedEffect {
    match turn(world, flips_sign, Resolve::Commit).await {
        SignTurned::Turned(effect) => *effect,
        SignTurned::Refused(refused) => panic!("{refused:?}"),
    }
}

async fn standing(world: &World) -> (Vec<String>, i64, i64) {
    let account = world.store.account(&world.asker, world.account).await.unwrap();
    (world.rows().await, account.opening_minor, account.balance_minor())
}

async fn is_proven(world: &World) -> bool {
    let proof = world.store.prove_account(&world.asker, world.account, world.bank_account).await.unwrap();
    matches!(proof, Proof::Proven { .. })
}

async fn split(world: &World, payee: &str, amounts: [i64; 2]) {
    let query = RegisterQuery { search: Some(payee.into()), limit: 1, ..RegisterQuery::default() };
    let row = world.store.register(&world.asker, &query).await.unwrap().rows.remove(0);
    let lines = amounts.map(|amount_minor| TypedLine { amount_minor, ..TypedLine::default() });
    let edit = Edit { lines: Some(lines.to_vec()), ..Edit::default() };
    let these = Selection::These(vec![row.id]);
    let edited = world.store.edit_transactions(&world.asker, &these, &edit, &Seen::default()).await.unwrap();
    assert!(edited.left.is_empty(), "{:?}", edited.left);
}

on_both! {
    card_with_positive_owed(world) {
        world.sync_stating(&card(), SAID).await;
        assert_eq!(standing(world).await.2, SAID, "as the bank says it: as if we had it");
        turned(world, true).await;
        let (rows, _, balance) = standing(world).await;
        assert_eq!(balance, -SAID);
        assert!(rows.contains(&"2026-11-12 -1230 REWE Booked about REWE".to_owned()), "{rows:?}");
        assert!(rows.contains(&"2026-11-05 20000 Payment received Booked about Payment received".to_owned()));
        world.sync_stating(&card(), SAID).await;
        assert!(is_proven(world).await, "the bank's balances turn with its rows");
    }

    card_with_negative_owed(world) {
        let card: Vec<Sent> = card().into_iter().map(|sent| Sent { minor: -sent.minor, ..sent }).collect();
        world.sync_stating(&card, -SAID).await;
        world.sync_stating(&card, -SAID).await;
        assert_eq!(standing(world).await.2, -SAID);
        assert!(is_proven(world).await, "there is nothing to turn");
    }

    a_preview_says_what_turns_and_does_nothing(world) {
        world.sync_stating(&card(), SAID).await;
        let before = standing(world).await;
        let SignTurned::Turned(preview) = turn(world, true, Resolve::Preview).await else { panic!() };
        assert_eq!((preview.rows_turned, preview.batch), (4, None));
        assert_eq!((preview.before.balance_minor(), preview.after.balance_minor()), (SAID, -SAID));
        assert_eq!(standing(world).await, before);
        assert_eq!(turned(world, true).await.after, preview.after);
        assert_eq!(turned(world, true).await.batch, None, "it has that sign already");
    }

    a_flip_and_the_next_sync_change_nothing_twice(world) {
        world.sync_stating(&card(), SAID).await;
        split(world, "Fuel", [3_000, 2_000]).await;
        turned(world, true).await;
        let after = standing(world).await;
        assert_eq!(world.sync_stating(&card(), SAID).await.batch, None, "the same bytes");
        assert_eq!(standing(world).await, after);
        // The same rows under other ids, as when a bank counts anew: recognised by what they say.
        let renamed: Vec<Sent> =
            card().into_iter().zip(["", "d3", "d2", "d1"]).map(|(sent, id)| Sent { id, ..sent }).collect();
        assert_eq!(world.sync_stating(&renamed, SAID).await.counts.added, 0);
        assert_eq!(standing(world).await, after);
        // A known row comes with another text, and the pending one is booked: each is the row that it was.
        let mut later = renamed.clone();
        later[0] = booked(20, 4_500, "Cinema", "d4");
        later[1] = Sent { payee: "REWE Markt", ..later[1].clone() };
        let counts = world.sync_stating(&later, SAID + 4_500).await.counts;
        assert_eq!((counts.added, counts.settled, counts.updated, counts.held_back), (0, 1, 1, 0), "{counts:?}");
        assert_eq!(standing(world).await.2, -SAID - 4_500);
        assert!(is_proven(world).await);
        world.check_claims().await;
    }

    undoing_a_flip_restores_every_row(world) {
        let typed = NewTransaction::new(date(2026, 11, 3), -700).with("Cash");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        world.sync_stating(&card(), SAID).await;
        split(world, "Fuel", [3_000, 2_000]).await;
        let before = standing(world).await;
        let flip = turned(world, true).await;
        let after = standing(world).await;
        assert_eq!(after.2, -SAID, "the opening takes up what the bank never sent");
        assert!(after.0.contains(&"2026-11-03 -700 Cash Booked ".to_owned()), "a typed row keeps its sign");
        let undone = world.store.undo(&world.asker, flip.batch.unwrap()).await.unwrap();
        assert_eq!(standing(world).await, before);
        assert!(!world.flips_sign().await);
        world.check_lines().await;
        assert_eq!(world.sync_stating(&card(), SAID).await.batch, None);
        world.store.undo(&world.asker, undone.batch).await.unwrap();
        assert_eq!(standing(world).await, after, "taken back, it is turned again");
        assert!(world.flips_sign().await);
        world.check_sums().await;
    }

    rows_that_came_after_a_flip_turn_back_with_it(world) {
        world.sync_stating(&card(), SAID).await;
        let flip = turned(world, true).await;
        let mut later = card();
        later.insert(0, booked(21, 900, "Bakery", "c4"));
        world.sync_stating(&later, SAID + 900).await;
        assert_eq!(standing(world).await.2, -SAID - 900);
        world.store.undo(&world.asker, flip.batch.unwrap()).await.unwrap();
        let (rows, _, balance) = standing(world).await;
        assert_eq!(balance, SAID + 900);
        assert!(rows.contains(&"2026-11-21 900 Bakery Booked about Bakery".to_owned()), "{rows:?}");
        assert_eq!(world.sync_stating(&later, SAID + 900).await.batch, None);
        assert!(is_proven(world).await);
    }

    rows_outside_the_books_turn_as_well(world) {
        world.sync_stating(&card(), SAID).await;
        let query = RegisterQuery { search: Some("REWE".into()), limit: 1, ..RegisterQuery::default() };
        let rewe = world.store.register(&world.asker, &query).await.unwrap().rows.remove(0).id;
        world.store.delete_transaction(&world.asker, rewe).await.unwrap();
        let deleted = world.latest_batches().await[0];
        turned(world, true).await;
        world.store.undo(&world.asker, deleted).await.unwrap();
        let (rows, _, balance) = standing(world).await;
        assert!(rows.contains(&"2026-11-12 -1230 REWE Booked about REWE".to_owned()), "{rows:?}");
        assert_eq!(balance, -SAID);
    }

    a_reconciled_row_keeps_the_sign_of_all(world) {
        world.sync_stating(&card(), SAID).await;
        let cleared = world.store.reconciliation(&world.asker, world.account, date(2026, 11, 10)).await.unwrap();
        world.store.reconcile(&world.asker, world.account, date(2026, 11, 10), cleared.cleared_minor).await.unwrap();
        let before = standing(world).await;
        let refused = turn(world, true, Resolve::Commit).await;
        assert_eq!(refused, SignTurned::Refused(SignRefused { reconciled: 2, in_locked_period: 0 }));
        assert_eq!(standing(world).await, before);
        assert!(!world.flips_sign().await);
    }
}

impl World {
    pub(crate) async fn flips_sign(&self) -> bool {
        let mut session = self.store.db.read(Granted::as_system()).await.unwrap();
        let text = sql!("SELECT flips_sign FROM bank_accounts WHERE id = $1");
        on!(session, c => {
            sqlx::query_scalar(text).bind(bankside_domain::Id::uuid(self.bank_account)).fetch_one(c).await.unwrap()
        })
    }
}
