//! Rows that were held back: what a person decides holds for every later sync, and can be taken back.

use bankside_domain::edit::Refused;
use bankside_domain::reconcile::Entry;
use bankside_domain::{BatchId, Granted, Id};
use jiff::civil::date;

use crate::tests::on_both;
use crate::tests::world::{Sent, World, booked};
use crate::{HeldDecision, HeldRow, RegisterQuery, StoreError};

const KNOWN: &str = "2026-11-10 -280 Café Booked about Café";

fn known() -> Sent {
    booked(10, -280, "Café", "x")
}

fn other() -> Sent {
    booked(12, -990, "Cinema", "x")
}

impl World {
    async fn only_held(&self) -> HeldRow {
        let mut held = self.store.held_rows(&self.asker, 10).await.unwrap();
        assert_eq!(held.len(), 1, "{held:?}");
        held.remove(0)
    }

    pub(crate) async fn decide(&self, held: &HeldRow, decision: HeldDecision) -> Result<BatchId, Refused> {
        let account = self.store.account(&self.asker, held.account).await.unwrap();
        let batch = self.store.decide_held(&self.asker, &account, held, &decision).await.unwrap();
        self.check_sums().await;
        batch
    }

    /// The known row in the books, and the other one held back because it carries the known row's id.
    async fn with_held(&self) -> HeldRow {
        self.sync(&[known()]).await;
        assert_eq!(self.sync(&[other()]).await.counts.held_back, 1);
        assert_eq!(self.rows().await, [KNOWN]);
        self.only_held().await
    }

    pub(crate) async fn lock_through(&self, day: i8) {
        let mut session = self.store.db.write(Granted::as_system()).await.unwrap();
        let text = "UPDATE accounts SET locked_through = $1";
        crate::db::on!(session, c => {
            sqlx::query(text).bind(crate::convert::date(date(2026, 11, day))).execute(c).await.unwrap();
        });
        session.commit().await.unwrap();
    }
}

/// A row that was sent, as it will stand in the books.
pub(crate) fn entry(sent: &Sent) -> Entry {
    Entry::of(&sent.row(), sent.day, None)
}

on_both! {
    id_of_another_amount_waits_and_is_decided(world) {
        let held = world.with_held().await;
        assert_eq!((held.amount_minor, held.day), (Some(-990), Some(date(2026, 11, 12))));
        world.sync(&[other()]).await;
        assert_eq!(world.rows().await, [KNOWN], "it waits as long as nobody decides");
        let batch = world.decide(&held, HeldDecision::NewRow(entry(&other()))).await.unwrap();
        let both = [KNOWN, "2026-11-12 -990 Cinema Booked about Cinema"];
        assert_eq!(world.rows().await, both);
        assert_eq!(world.store.count_held(&world.asker, 10).await.unwrap(), 0);

        // The same bytes, both of them, another id, another text under the disputed id: nothing is asked again or doubled.
        world.sync(&[other()]).await;
        world.sync(&[other(), known()]).await;
        world.sync(&[Sent { id: "y", ..other() }]).await;
        assert_eq!(world.rows().await, both);
        world.sync(&[other()]).await;
        assert_eq!(world.rows().await, both);
        world.sync(&[Sent { payee: "Cinema on Kai", ..other() }]).await;
        assert_eq!(world.rows().await, [KNOWN, "2026-11-12 -990 Cinema on Kai Booked about Cinema on Kai"]);
        assert_eq!(world.store.count_held(&world.asker, 10).await.unwrap(), 0);
        world.check_claims().await;
        // The bank has worked on it since, so it does not leave by an undoing any more.
        let undone = world.store.undo(&world.asker, batch).await;
        assert!(matches!(undone, Err(StoreError::Conflict(_))), "{undone:?}");
    }

    a_decision_is_taken_back_and_the_row_waits_again(world) {
        let held = world.with_held().await;
        for decision in [HeldDecision::NewRow(entry(&other())), HeldDecision::LeaveOut] {
            let batch = world.decide(&held, decision).await.unwrap();
            assert_eq!(world.store.count_held(&world.asker, 10).await.unwrap(), 0);
            let steps = world.store.own_edits(&world.asker).await.unwrap();
            assert_eq!(steps[0].batch, batch, "whoever decided can step back");
            assert_eq!(world.store.undo(&world.asker, batch).await.unwrap().stay, []);
            world.check_sums().await;
            assert_eq!(world.rows().await, [KNOWN]);
            world.sync(&[other()]).await;
            assert_eq!((world.rows().await, world.only_held().await.feed_row), (vec![KNOWN.to_owned()], held.feed_row));
        }
    }

    dismissed_row_stays_out_on_the_next_sync(world) {
        let held = world.with_held().await;
        world.decide(&held, HeldDecision::LeaveOut).await.unwrap();
        for again in [
            vec![other()],
            vec![known(), other()],
            vec![Sent { payee: "Cinema on Kai", ..other() }],
            vec![Sent { id: "y", payee: "Cinema on Kai", ..other() }],
        ] {
            world.sync(&again).await;
            assert_eq!(world.rows().await, [KNOWN], "{again:?}");
            assert_eq!(world.store.count_held(&world.asker, 10).await.unwrap(), 0);
        }
    }

    a_corrected_row_takes_the_content_and_keeps_what_people_wrote(world) {
        let held = world.with_held().await;
        let query = RegisterQuery { limit: 1, ..RegisterQuery::default() };
        let row = world.store.register(&world.asker, &query).await.unwrap().rows.remove(0);
        let edit = crate::Edit { note: Some(Some("with Kim".into())), ..crate::Edit::default() };
        let these = crate::Selection::These(vec![row.id]);
        world.store.edit_transactions(&world.asker, &these, &edit, &bankside_domain::edit::Seen::default()).await.unwrap();
        let before = world.rows().await;
        let with_id = world
            .store
            .transactions_with_id(&world.asker, held.row.version, bankside_domain::row::RowIdKind::Bank)
            .await
            .unwrap();
        assert_eq!(with_id, [row.id]);
        let batch = world.decide(&held, HeldDecision::Correction(row.id, entry(&other()))).await.unwrap();
        let corrected = ["2026-11-12 -990 Cinema Booked with Kim"];
        assert_eq!(world.rows().await, corrected);
        world.sync(&[other()]).await;
        world.sync(&[other(), known()]).await;
        assert_eq!(world.rows().await, corrected);
        world.store.undo(&world.asker, batch).await.unwrap();
        world.check_sums().await;
        assert_eq!(world.rows().await, before);
        // Decided once more, it follows what the bank writes later.
        let held = world.only_held().await;
        world.decide(&held, HeldDecision::Correction(row.id, entry(&other()))).await.unwrap();
        world.sync(&[Sent { payee: "Cinema on Kai", ..other() }]).await;
        assert_eq!(world.rows().await, ["2026-11-12 -990 Cinema on Kai Booked with Kim"]);
    }

    a_locked_period_and_a_split_row_are_refused(world) {
        let held = world.with_held().await;
        let known = world.store.transactions_with_id(&world.asker, held.row.version, bankside_domain::row::RowIdKind::Bank);
        let known = known.await.unwrap()[0];
        let line = |minor| crate::TypedLine { amount_minor: minor, ..crate::TypedLine::default() };
        let edit = crate::Edit { lines: Some(vec![line(-100), line(-180)]), ..crate::Edit::default() };
        let these = crate::Selection::These(vec![known]);
        world.store.edit_transactions(&world.asker, &these, &edit, &bankside_domain::edit::Seen::default()).await.unwrap();
        let correction = HeldDecision::Correction(known, entry(&other()));
        assert_eq!(world.decide(&held, correction.clone()).await, Err(Refused::Split));
        world.lock_through(11).await;
        assert_eq!(world.decide(&held, correction).await, Err(Refused::LockedPeriod));
        world.lock_through(12).await;
        assert_eq!(world.decide(&held, HeldDecision::NewRow(entry(&other()))).await, Err(Refused::LockedPeriod));
        assert_eq!(world.store.count_held(&world.asker, 10).await.unwrap(), 1);
        world.decide(&held, HeldDecision::LeaveOut).await.unwrap();
    }

    a_row_that_does_not_wait_any_more_is_refused(world) {
        let held = world.with_held().await;
        let account = world.store.account(&world.asker, held.account).await.unwrap();
        world.decide(&held, HeldDecision::LeaveOut).await.unwrap();
        let stale = world.store.decide_held(&world.asker, &account, &held, &HeldDecision::LeaveOut).await;
        assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
        let account = world.store.account(&world.asker, held.account).await.unwrap();
        let twice = world.store.decide_held(&world.asker, &account, &held, &HeldDecision::LeaveOut).await;
        assert!(matches!(twice, Err(StoreError::Conflict(_))), "{twice:?}");
        let unknown = world.store.held_row(&world.asker, world.account.uuid().into()).await;
        assert!(matches!(unknown, Err(StoreError::NotFound(_))), "{unknown:?}");
    }
}
