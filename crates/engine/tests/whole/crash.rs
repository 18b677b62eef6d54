//! Workers that die: whatever was fetched is in the books exactly once afterwards, and the status is true.

use std::sync::atomic::Ordering;

use bankside_domain::run::{RunOutcome, RunState};
use bankside_domain::status::Status;
use bankside_store::StoreError;
use jiff::SignedDuration;

use crate::house::{NORDHAFEN, on_both};

on_both! {
    killed_between_fetch_and_apply(house) {
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        let run = house.link_all(connection).await;
        let due = house.engine.claim().await.unwrap().unwrap();
        house.engine.fetch_phase(&due).await.unwrap();
        assert_eq!(house.account("Girokonto").await.account.transaction_count, 0);
        assert_eq!(house.account("Girokonto").await.status.status, Status::Syncing);
        let spent = house.data_calls.load(Ordering::SeqCst);

        house.restart().await;
        assert!(!house.engine.work_once().await.unwrap(), "the lease of the dead worker still holds");
        house.clock.advance(SignedDuration::from_secs(61));
        assert!(house.engine.work_once().await.unwrap());
        let view = house.engine.run(&house.asker, run).await.unwrap();
        assert_eq!((view.run.state, view.run.outcome), (RunState::Finished, Some(RunOutcome::Done)));
        assert_eq!(house.data_calls.load(Ordering::SeqCst), spent, "what was fetched is not fetched again");
        let giro = house.account("Girokonto").await;
        assert!(matches!(giro.status.status, Status::UpToDate { .. }), "{:?}", giro.status);
        let line = house.engine.bank_line(&house.asker, &giro.status).await.unwrap().unwrap();
        assert_eq!(line.bank.stated.minor, giro.account.balance_minor());
    }

    killed_between_apply_and_answer(house) {
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        let run = house.link_all(connection).await;
        let due = house.engine.claim().await.unwrap().unwrap();
        house.engine.fetch_phase(&due).await.unwrap();
        house.engine.books_phase(&due).await.unwrap();
        let giro = house.account("Girokonto").await;
        let before = house.rows(giro.account.id).await;
        assert!(!before.is_empty());
        assert_eq!(giro.status.status, Status::Syncing, "the run is not over, and the status says so");

        house.restart().await;
        house.clock.advance(SignedDuration::from_secs(61));
        assert!(house.engine.work_once().await.unwrap());
        let view = house.engine.run(&house.asker, run).await.unwrap();
        assert_eq!(view.run.outcome, Some(RunOutcome::Done));
        assert_eq!(house.rows(giro.account.id).await, before, "nothing is doubled");
        let after = house.sync(connection).await;
        assert!(after.accounts.iter().all(|account| account.run.batch.is_none()));
    }

    a_worker_that_was_only_slow_writes_nothing_more(house) {
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        house.link_all(connection).await;
        let slow = house.engine.claim().await.unwrap().unwrap();
        house.engine.fetch_phase(&slow).await.unwrap();
        house.clock.advance(SignedDuration::from_secs(61));
        assert!(house.engine.work_once().await.unwrap());
        let giro = house.account("Girokonto").await.account;
        let before = house.rows(giro.id).await;
        for refused in [
            house.engine.fetch_phase(&slow).await.map(|_| ()),
            house.engine.end_phase(&slow, None).await,
        ] {
            assert!(
                matches!(refused, Err(bankside_engine::EngineError::Store(StoreError::LeaseLost))),
                "{refused:?}"
            );
        }
        assert_eq!(house.rows(giro.id).await, before);
    }

    a_run_that_brings_down_every_worker_is_given_up(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let run = house.engine.sync_connection(&house.asker, connection).await.unwrap();
        for _ in 0..5 {
            house.engine.claim().await.unwrap().unwrap();
            house.clock.advance(SignedDuration::from_secs(61));
        }
        assert!(house.engine.work_once().await.unwrap());
        let view = house.engine.run(&house.asker, run).await.unwrap();
        assert_eq!(view.run.outcome, Some(RunOutcome::Failed));
        assert_eq!(view.run.fault.unwrap().code, "run.given_up");
        let next = house.sync(connection).await;
        assert_eq!(next.run.outcome, Some(RunOutcome::Done), "the next sync starts afresh");
    }
}
