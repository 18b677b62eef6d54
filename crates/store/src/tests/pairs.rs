//! Rows that may be one: merged, they are one for every later sync; told apart, they are two for good.

use std::collections::BTreeSet;

use bankside_domain::edit::{Refused, Seen};
use bankside_domain::merge::Chosen;
use bankside_domain::row::RowStatus;
use bankside_domain::run::RunOutcome;
use bankside_domain::suspicion::pairs::{Pair, PairKind, find_pairs, may_be_one};
use bankside_domain::{Asker, BatchId, Role, TransactionId};
use jiff::SignedDuration;
use jiff::civil::date;

use crate::tests::on_both;
use crate::tests::world::{Sent, World, add_organization, booked, pending};
use crate::{Edit, NewTransaction, RegisterQuery, Selection, StoreError, TypedLine};

const ONE: &str = "2026-11-10 -280 Café am Kai Booked about Café am Kai";

impl World {
    /// Pairs as a person is asked about them.
    async fn pairs(&self) -> Vec<Pair> {
        let mut rows = self.store.pair_rows(&self.asker, date(2026, 9, 1), 500).await.unwrap();
        rows.extend(self.store.gone_pair_rows(&self.asker, date(2026, 9, 1), 500).await.unwrap());
        let different = self.store.different_pairs(&self.asker).await.unwrap();
        let mut pairs = find_pairs(&rows, &different, 50);
        let ends: BTreeSet<_> = pairs.iter().flat_map(|pair| [pair.first, pair.second]).collect();
        let shown = self.store.shown(&self.asker, &ends).await.unwrap();
        let of = |id: &TransactionId| shown.get(id).map(Vec::as_slice).unwrap_or_default();
        pairs.retain(|pair| pair.kind == PairKind::Settlement || may_be_one(of(&pair.first), of(&pair.second)));
        pairs
    }

    async fn only_pair(&self) -> Pair {
        let pairs = self.pairs().await;
        assert_eq!(pairs.len(), 1, "{pairs:?}");
        pairs[0]
    }

    async fn merge_pair(&self, pair: Pair) -> BatchId {
        let merged = self.store.merge(&self.asker, pair.first, pair.second, Chosen::default()).await.unwrap();
        self.check_sums().await;
        merged.unwrap()
    }

    /// The account is fed by another bank account of another sync from now on. Answers with the batch in which pending rows have left.
    async fn move_feed(&mut self) -> Option<BatchId> {
        let left = self.store.unlink(&self.asker, self.account).await.unwrap();
        let asker = self.asker.clone();
        (self.connection, self.bank_account) = self.connect(&asker, "DE02120300000000202051", "acc-2").await;
        self.link_again().await;
        left
    }

    async fn note_on(&self, payee: &str, note: &str) {
        let query = RegisterQuery { search: Some(payee.to_owned()), limit: 5, ..RegisterQuery::default() };
        let row = self.store.register(&self.asker, &query).await.unwrap().rows.remove(0);
        let edit = Edit { note: Some(Some(note.to_owned())), ..Edit::default() };
        let these = Selection::These(vec![row.id]);
        self.store.edit_transactions(&self.asker, &these, &edit, &Seen::default()).await.unwrap();
    }
}

on_both! {
    merged_rows_never_come_back(world) {
        world.sync(&[booked(10, -280, "Café am Kai", "a1")]).await;
        world.move_feed().await;
        let twin = booked(11, -280, "SUMUP *CAFE AM KAI", "z9");
        world.sync(std::slice::from_ref(&twin)).await;
        let before = world.rows().await;
        assert_eq!(before.len(), 2, "another source has brought it once more");
        let batch = world.merge_pair(world.only_pair().await).await;
        assert_eq!(world.rows().await, [ONE]);

        // The same bytes, another text, another id, another day, nothing at all.
        for again in [
            vec![twin.clone()],
            vec![Sent { payee: "CAFE AM KAI 0815", ..twin.clone() }],
            vec![Sent { payee: "CAFE AM KAI 0815", id: "z10", ..twin.clone() }],
            vec![Sent { payee: "CAFE AM KAI 0815", id: "z10", ..booked(12, -280, "", "") }],
            vec![],
        ] {
            world.sync(&again).await;
            let rows = world.rows().await;
            assert_eq!(rows.len(), 1, "{again:?}: {rows:?}");
            assert!(world.pairs().await.is_empty());
        }
        world.store.undo(&world.asker, batch).await.unwrap();
        world.check_sums().await;
        assert_eq!(world.rows().await.len(), 2, "taken back, they are two again");
        world.sync(std::slice::from_ref(&twin)).await;
        assert_eq!(world.rows().await.len(), 2);
    }

    rows_of_one_answer_are_never_suspected(world) {
        let coffees = [booked(10, -280, "Café am Kai", "a1"), booked(11, -280, "Café am Kai", "a2")];
        world.sync(&coffees).await;
        assert_eq!(world.pairs().await, []);
        // One after the other, without ever being shown together, they are.
        let shown = |id| booked(20, -990, "Cinema", id);
        world.sync(&[shown("c1")]).await;
        world.clock.advance(SignedDuration::from_hours(24));
        world.sync(&[booked(22, -990, "Cinema", "c2")]).await;
        assert_eq!(world.only_pair().await.kind, PairKind::Twins);
    }

    a_second_coffee_of_the_day_beside_the_first_is_not_suspected(world) {
        let coffees = [booked(10, -280, "Café am Kai", "a1"), booked(10, -280, "Café am Kai", "a2")];
        world.sync(&coffees[..1]).await;
        world.clock.advance(SignedDuration::from_hours(24));
        // Their pages take some time to come, and the one that is known comes first.
        let lease = world.start_run().await;
        world.receive(&lease, &coffees[..1]).await.unwrap();
        world.clock.advance(SignedDuration::from_secs(5));
        world.receive(&lease, &coffees[1..]).await.unwrap();
        let (stored, plan) = world.plan(&lease, &coffees).await;
        world.apply(&lease, &stored, &plan).await.unwrap();
        world.store.finish_run(&world.asker, &lease, RunOutcome::Done, None).await.unwrap();
        assert_eq!(world.rows().await.len(), 2);
        assert_eq!(world.pairs().await, []);
    }

    what_is_booked_after_all_is_no_part_of_a_merged_row_that_was_deleted(world) {
        for id in ["", "p1"] {
            let day = if id.is_empty() { 10 } else { 20 };
            let hold = Sent { id, ..pending(day, -4_000, "Gasthaus Anker") };
            let bill = booked(day + 1, -4_400, "Gasthaus Anker", if id.is_empty() { "b1" } else { "b2" });
            world.sync(&[hold.clone(), bill.clone()]).await;
            world.merge_pair(world.only_pair().await).await;
            let query = RegisterQuery { limit: 5, ..RegisterQuery::default() };
            let row = world.store.register(&world.asker, &query).await.unwrap().rows.remove(0);
            assert_eq!(row.amount_minor, -4_400);
            let these = Selection::These(vec![row.id]);
            world.store.delete_transactions(&world.asker, &these, false).await.unwrap();
            // Still shown, it stays out; booked, it is another row than the one that was deleted.
            assert_eq!(world.sync(&[hold.clone(), bill.clone()]).await.counts.added, 0);
            let booked = Sent { status: RowStatus::Booked, ..hold };
            assert_eq!(world.sync(&[booked.clone(), bill.clone()]).await.counts.added, 1, "id {id:?}");
            assert_eq!(world.sync(&[booked, bill]).await.counts.added, 0);
        }
        assert_eq!(world.rows().await, [
            "2026-11-10 -4000 Gasthaus Anker Booked about Gasthaus Anker",
            "2026-11-20 -4000 Gasthaus Anker Booked about Gasthaus Anker",
        ]);
        world.check_claims().await;
    }

    what_is_booked_after_all_comes_again_when_that_sync_is_undone(world) {
        let hold = Sent { id: "p1", ..pending(10, -4_000, "Gasthaus Anker") };
        let bill = booked(11, -4_400, "Gasthaus Anker", "b1");
        world.sync(&[hold.clone(), bill.clone()]).await;
        world.merge_pair(world.only_pair().await).await;
        let before = world.rows().await;
        let answer = [Sent { status: RowStatus::Booked, ..hold }, bill];
        world.sync(&answer).await;
        let after = world.rows().await;
        assert_eq!((before.len(), after.len()), (1, 2));
        for _ in 0..2 {
            let latest = world.latest_batches().await[0];
            world.store.undo(&world.asker, latest).await.unwrap();
            assert_eq!(world.rows().await, before);
            assert_eq!(world.sync(&answer).await.counts.added, 1);
            assert_eq!(world.rows().await, after);
        }
        world.check_claims().await;
    }

    a_typed_row_is_merged_into_the_banks(world) {
        world.sync(&[booked(10, -280, "Café am Kai", "a1")]).await;
        let typed = NewTransaction {
            lines: vec![TypedLine { amount_minor: -280, note: Some("with Kim".into()), ..TypedLine::default() }],
            ..NewTransaction::new(date(2026, 11, 9), -280).with("Café am Kai")
        };
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        let before = world.rows().await;
        let batch = world.merge_pair(world.only_pair().await).await;
        let merged = ["2026-11-09 -280 Café am Kai Booked with Kim"];
        assert_eq!(world.rows().await, merged, "what somebody typed holds");
        world.sync(&[booked(10, -280, "Café am Kai", "a1")]).await;
        world.sync(&[booked(10, -280, "CAFE AM KAI", "a1")]).await;
        assert_eq!(world.rows().await, merged);
        world.check_claims().await;
        world.store.undo(&world.asker, batch).await.unwrap();
        let after = world.rows().await;
        assert_eq!((after.len(), &after[0]), (2, &before[0]));
    }

    a_typed_row_and_a_pending_one_settle_together(world) {
        world.sync(&[pending(10, -280, "Café am Kai")]).await;
        let typed = NewTransaction::new(date(2026, 11, 10), -280).with("Café am Kai");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        world.merge_pair(world.only_pair().await).await;
        assert_eq!(world.rows().await.len(), 1);
        let settled = world.sync(&[booked(11, -280, "Café am Kai", "a1")]).await;
        assert_eq!((settled.counts.settled, world.rows().await.len()), (1, 1));
        world.check_claims().await;
    }

    different_for_ever_is_never_asked_again(world) {
        world.sync(&[booked(10, -280, "Café am Kai", "a1")]).await;
        let typed = NewTransaction::new(date(2026, 11, 11), -280).with("Café am Kai");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        let pair = world.only_pair().await;
        let revision = world.store.account(&world.asker, world.account).await.unwrap().revision;
        // Whichever way round, and more than once.
        world.store.keep_apart(&world.asker, pair.second, pair.first).await.unwrap();
        world.store.keep_apart(&world.asker, pair.first, pair.second).await.unwrap();
        assert!(world.store.account(&world.asker, world.account).await.unwrap().revision > revision);
        assert_eq!(world.pairs().await, []);
        world.sync(&[booked(10, -280, "Café am Kai", "a1")]).await;
        assert_eq!((world.pairs().await, world.rows().await.len()), (vec![], 2));
    }

    a_doubtful_settlement_keeps_what_people_wrote(world) {
        let shown = pending(10, -5000, "Garage");
        let charged = booked(12, -5500, "Garage", "g1");
        world.sync(std::slice::from_ref(&shown)).await;
        world.note_on("Garage", "new tyres").await;
        world.sync(&[shown.clone(), charged.clone()]).await;
        assert_eq!(world.rows().await.len(), 2);
        let pair = world.only_pair().await;
        assert_eq!(pair.kind, PairKind::Settlement);
        let batch = world.merge_pair(pair).await;
        let settled = "2026-11-12 -5500 Garage Booked new tyres";
        assert_eq!(world.rows().await, [settled]);

        // The bank shows the pending row on, no more, with another text; nothing comes back.
        for again in [
            vec![shown.clone(), charged.clone()],
            vec![charged.clone()],
            vec![shown.clone(), charged.clone()],
            vec![Sent { payee: "Garage am Hafen", ..shown.clone() }, charged.clone()],
        ] {
            world.sync(&again).await;
            let rows = world.rows().await;
            assert!(rows.contains(&settled.to_owned()), "{again:?}: {rows:?}");
        }
        // What is booked with the very amount is a row of its own.
        world.sync(&[charged.clone(), booked(13, -5000, "Garage", "g2")]).await;
        let rows = world.rows().await;
        assert!(rows.contains(&"2026-11-13 -5000 Garage Booked about Garage".to_owned()), "{rows:?}");
        world.store.undo(&world.asker, batch).await.unwrap();
        world.check_sums().await;
    }

    what_was_written_on_a_row_that_went_is_offered_to_the_booked_one(world) {
        let (shown, charged) = (pending(11, -4_000, "Gasthaus Anker"), booked(12, -4_400, "Gasthaus Anker", "a1"));
        let booked_alone = "2026-11-12 -4400 Gasthaus Anker Booked about Gasthaus Anker";
        world.sync(std::slice::from_ref(&shown)).await;
        world.note_on("Gasthaus", "with the whole team").await;
        // One answer drops the pending row and brings the booked one, with a tip.
        world.sync(std::slice::from_ref(&charged)).await;
        assert_eq!(world.rows().await, [booked_alone]);
        let pair = world.only_pair().await;
        assert_eq!(pair.kind, PairKind::Settlement);
        let gone = if world.store.transaction(&world.asker, pair.first).await.is_ok() { pair.second } else { pair.first };
        let told = world.store.gone_transaction(&world.asker, gone).await.unwrap();
        assert_eq!((told.standing.amount_minor, told.feed_rows.len()), (-4_000, 1));
        let row = world.store.gone_rows_of(&world.asker, &[gone]).await.unwrap().remove(&gone).unwrap();
        assert_eq!(row.note.as_deref(), Some("with the whole team"));

        let batch = world.merge_pair(pair).await;
        let settled = "2026-11-12 -4400 Gasthaus Anker Booked with the whole team";
        assert_eq!((world.rows().await, world.pairs().await), (vec![settled.to_owned()], vec![]));
        // The bank shows the pending row once more, and no more.
        for again in [vec![shown.clone(), charged.clone()], vec![charged.clone()]] {
            world.sync(&again).await;
            assert_eq!(world.rows().await, [settled], "{again:?}");
        }
        // Taken back, it is asked about as before; told apart, it is not.
        world.store.undo(&world.asker, batch).await.unwrap();
        world.check_sums().await;
        assert_eq!(world.rows().await, [booked_alone]);
        let again = world.only_pair().await;
        assert_eq!(again, pair);
        world.store.keep_apart(&world.asker, pair.first, pair.second).await.unwrap();
        world.sync(&[charged]).await;
        assert_eq!((world.rows().await.len(), world.pairs().await), (1, vec![]));
    }

    of_a_row_that_went_with_nothing_on_it_nobody_is_asked(world) {
        world.sync(&[pending(11, -4_000, "Gasthaus Anker"), pending(11, -900, "Kiosk")]).await;
        world.sync(&[booked(12, -4_400, "Gasthaus Anker", "a1")]).await;
        assert_eq!(world.pairs().await, []);
        // Nor of one that was booked with its very amount.
        world.sync(&[pending(14, -4_000, "Gasthaus Anker")]).await;
        world.note_on("Gasthaus", "lunch").await;
        world.sync(&[booked(15, -4_000, "Gasthaus Anker", "a2"), booked(15, -4_100, "Gasthaus Anker", "a3")]).await;
        assert_eq!(world.pairs().await, []);
    }

    a_shared_row_stays_as_long_as_one_of_its_feed_rows_does(world) {
        world.sync(&[pending(10, -280, "Café am Kai")]).await;
        let left = world.move_feed().await.unwrap();
        world.store.undo(&world.asker, left).await.unwrap();
        world.sync(&[pending(10, -280, "SUMUP *CAFE AM KAI")]).await;
        world.merge_pair(world.only_pair().await).await;
        assert_eq!(world.rows().await.len(), 1);
        world.sync(&[]).await;
        assert_eq!(world.rows().await.len(), 1, "the first source has not taken its row back");
    }

    merging_is_refused_where_the_books_are_closed_and_to_whoever_may_not(world) {
        world.sync(&[booked(10, -280, "Café am Kai", "a1"), booked(10, -990, "Cinema", "a2")]).await;
        let typed = NewTransaction::new(date(2026, 11, 11), -280).with("Café am Kai");
        world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        let pair = world.only_pair().await;
        let query = RegisterQuery { search: Some("Cinema".into()), limit: 1, ..RegisterQuery::default() };
        let other = world.store.register(&world.asker, &query).await.unwrap().rows[0].id;
        let merge = async |asker: &Asker, a, b| world.store.merge(asker, a, b, Chosen::default()).await;
        let no_pair = merge(&world.asker, pair.first, other).await;
        assert!(matches!(no_pair, Err(StoreError::Conflict(_))), "{no_pair:?}");
        let stranger = add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        let foreign = merge(&stranger, pair.first, pair.second).await;
        assert!(matches!(foreign, Err(StoreError::NotFound(_))), "{foreign:?}");
        let foreign = world.store.keep_apart(&stranger, pair.first, pair.second).await;
        assert!(matches!(foreign, Err(StoreError::NotFound(_))), "{foreign:?}");
        let viewer = Asker::member(world.asker.organization, world.owner, Role::Viewer);
        let denied = merge(&viewer, pair.first, pair.second).await;
        assert!(matches!(denied, Err(StoreError::Denied(_))), "{denied:?}");
        world.lock_through(10).await;
        assert_eq!(merge(&world.asker, pair.first, pair.second).await.unwrap(), Err(Refused::LockedPeriod));
        assert_eq!(world.rows().await.len(), 3);
    }

    what_vanished_is_told(world) {
        let now = world.ambient.now();
        world.sync(&[pending(10, -280, "Café am Kai")]).await;
        world.sync(&[]).await;
        let vanished = world.store.vanished_rows(&world.asker, now, 10).await.unwrap();
        assert_eq!(vanished.len(), 1);
        assert_eq!((vanished[0].payee.as_deref(), vanished[0].amount_minor), (Some("Café am Kai"), -280));
        world.sync(&[pending(10, -280, "Café am Kai")]).await;
        assert_eq!(world.store.vanished_rows(&world.asker, now, 10).await.unwrap(), []);
    }
}
