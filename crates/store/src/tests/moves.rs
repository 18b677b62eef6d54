//! Moves of feeds: joined bank accounts, who may be joined, and whose they are.

use bankside_domain::moving::{MoveStage, Obstacle};
use bankside_domain::run::RunOutcome;
use bankside_domain::{BankAccountId, ConnectionId, Granted, MoveId};
use bankside_vault::Place;
use jiff::SignedDuration;
use jiff::civil::date;

use crate::db::{on, sql};
use crate::tests::on_both;
use crate::tests::world::{World, add_organization, booked};
use crate::{FeedMove, NewMove, StoreError, TakeOver};

const OTHER_IBAN: &str = "DE02120300000000202051";

impl World {
    /// A move to a bank account, fetched.
    async fn ready_move(&self, connection: ConnectionId, bank_account: BankAccountId) -> FeedMove {
        let id: MoveId = self.ambient.id();
        let place = Place::of(self.asker.organization, id, "move");
        let (key, data_key) = self.vault.new_data_key(place, &self.ambient);
        let asked_from = date(2026, 9, 1);
        let new = NewMove { id, account: self.account, bank_account, connection, asked_from, data_key };
        self.store.begin_move(&self.asker, &new).await.unwrap();
        let due = self.store.claim_move_as_system(SignedDuration::from_secs(20)).await.unwrap().unwrap();
        let sealed = key.seal(place, b"{}", &self.ambient);
        self.store.end_move_fetch(&self.asker, due.lease, Ok((&sealed, 0)), 1).await.unwrap();
        self.store.open_move(&self.asker, self.account).await.unwrap().unwrap()
    }

    async fn take_over(&self, of: &FeedMove) -> Result<(), StoreError> {
        let revision = self.store.account(&self.asker, self.account).await.unwrap().revision;
        let take_over = TakeOver { of, import_from: date(2026, 11, 1), revision, details: None };
        self.store.take_over(&self.asker, &take_over).await.map(|_| ())
    }

    async fn moves(&self) -> Vec<(String, bool)> {
        let mut session = self.store.db.read(Granted::as_system()).await.unwrap();
        let text = sql!("SELECT stage, answer IS NULL FROM moves ORDER BY created_at, id");
        on!(session, c => sqlx::query_as(text).fetch_all(c).await.unwrap())
    }
}

on_both! {
    joined_bank_accounts_go_on_as_one(world) {
        let rows = [booked(5, -280, "Café", "a1"), booked(6, -990, "Cinema", "a2")];
        world.sync(&rows).await;
        let asker = world.asker.clone();
        let (second, other) = world.connect(&asker, OTHER_IBAN, "acc-2").await;
        assert_ne!(other, world.bank_account);
        let of = world.ready_move(second, other).await;
        assert_eq!((of.stage, of.from_bank_account), (MoveStage::Ready, world.bank_account));
        world.take_over(&of).await.unwrap();
        assert_eq!(world.moves().await, [("done".to_owned(), true)], "what was fetched is gone");
        world.connection = second;
        let again = [booked(5, -280, "CAFE 12", "b1"), booked(6, -990, "KINO", "b2"), booked(7, -50, "Kiosk", "b3")];
        let applied = world.sync(&again).await;
        assert_eq!((applied.counts.added, world.rows().await.len()), (1, 3), "{applied:?}");
        world.check_claims().await;

        // By either number it is the one.
        let (_, by_old) = world.connect(&asker, "DE89370400440532013000", "acc-3").await;
        let (_, by_new) = world.connect(&asker, OTHER_IBAN, "acc-4").await;
        assert_eq!((by_old, by_new), (world.bank_account, world.bank_account));
        let twice = world.take_over(&of).await;
        assert!(matches!(twice, Err(StoreError::NotFound(_) | StoreError::Stale)), "{twice:?}");
    }

    a_run_of_the_old_feed_writes_nothing_once_it_has_moved(world) {
        let asker = world.asker.clone();
        world.sync(&[booked(5, -280, "Café", "a1")]).await;
        let (second, same) = world.connect(&asker, "DE89370400440532013000", "acc-2").await;
        assert_eq!(same, world.bank_account);
        let lease = world.start_run().await;
        world.receive(&lease, &[booked(5, -280, "Café", "a1"), booked(6, -990, "Cinema", "a2")]).await.unwrap();
        let of = world.ready_move(second, same).await;
        world.take_over(&of).await.unwrap();
        let late = world.store.snapshot(&asker, lease.run, same, world.account).await;
        assert!(matches!(late, Err(StoreError::NotFound(_))), "{late:?}");
        world.store.finish_run(&asker, &lease, RunOutcome::Failed, None).await.unwrap();
        // What it had brought is left over; the new feed's whole answer tells what there is.
        world.connection = second;
        let lease = world.start_run().await;
        let rows = [booked(6, -990, "KINO", "b2"), booked(5, -280, "CAFE", "b1")];
        world.receive(&lease, &rows).await.unwrap();
        let all = [rows.to_vec(), vec![booked(6, -990, "Cinema", "a2")]].concat();
        let (stored, plan) = world.plan(&lease, &all).await;
        world.apply(&lease, &stored, &plan).await.unwrap();
        assert_eq!(world.rows().await.len(), 2, "{:?}", world.rows().await);
    }

    a_login_that_shows_both_of_two_that_were_joined_shows_two(world) {
        let asker = world.asker.clone();
        let (second, other) = world.connect(&asker, OTHER_IBAN, "acc-2").await;
        let of = world.ready_move(second, other).await;
        world.take_over(&of).await.unwrap();
        let numbers = ["DE89370400440532013000", OTHER_IBAN];
        let seen = world.connect_showing(&numbers).await;
        assert_eq!(seen[0], world.bank_account);
        assert_ne!(seen[1], world.bank_account);
    }

    a_bank_account_with_rows_of_its_own_is_not_joined(world) {
        let asker = world.asker.clone();
        let (second, other) = world.connect(&asker, OTHER_IBAN, "acc-2").await;
        let account = world.link_new(&asker, second, other, "Another").await;
        let targets = world.store.move_targets(&asker, world.account, world.bank_account).await.unwrap();
        assert_eq!(targets[0].standing.obstacle(), Some(Obstacle::FeedsAnother));
        let (first, ours, fed) = (world.connection, world.bank_account, world.account);
        (world.connection, world.bank_account, world.account) = (second, other, account);
        world.sync(&[booked(5, -280, "Café", "a1")]).await;
        world.store.unlink(&asker, account).await.unwrap();
        (world.connection, world.bank_account, world.account) = (first, ours, fed);
        let of = world.ready_move(second, other).await;
        let refused = world.take_over(&of).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        let targets = world.store.move_targets(&asker, fed, ours).await.unwrap();
        assert_eq!(targets[0].standing.obstacle(), Some(Obstacle::HasRows));
        world.sync(&[booked(6, -50, "Kiosk", "a2")]).await;
        assert_eq!(world.rows().await.len(), 1, "the old feed goes on");
    }

    moves_are_of_one_organization_and_one_at_a_time(world) {
        let asker = world.asker.clone();
        let (second, other) = world.connect(&asker, OTHER_IBAN, "acc-2").await;
        let before = world.ready_move(second, other).await;
        let of = world.ready_move(second, other).await;
        assert_eq!(world.moves().await, [("abandoned".to_owned(), true), ("ready".to_owned(), false)]);
        let stale = world.take_over(&before).await;
        assert!(matches!(stale, Err(StoreError::Stale)), "{stale:?}");
        let stranger = add_organization(&world.store, world.owner, "Elsewhere").await;
        assert!(world.store.open_move(&stranger, world.account).await.unwrap().is_none());
        let revision = world.store.account(&asker, world.account).await.unwrap().revision;
        let foreign = TakeOver { of: &of, import_from: date(2026, 11, 1), revision, details: None };
        for refused in [
            world.store.take_over(&stranger, &foreign).await.map(|_| ()),
            world.store.move_snapshot(&stranger, &foreign, &[], None).await.map(|_| ()),
            world.store.abandon_move(&stranger, world.account).await,
            world.store.bank_account_details(&stranger, other).await.map(|_| ()),
        ] {
            assert!(matches!(refused, Err(StoreError::NotFound(_))), "{refused:?}");
        }
        assert!(world.store.move_targets(&stranger, world.account, world.bank_account).await.unwrap().is_empty());
        world.store.lock_period(&asker, world.account, Some(date(2026, 11, 1))).await.unwrap();
        let locked = world.take_over(&of).await;
        assert!(matches!(locked, Err(StoreError::Conflict(_))), "{locked:?}");
        world.store.unlink(&asker, world.account).await.unwrap();
        let unlinked = world.take_over(&of).await;
        assert!(unlinked.is_err(), "{unlinked:?}");
    }
}
