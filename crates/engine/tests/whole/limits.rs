//! Limits and failures that come again, through the whole house: what is counted for whom, who waits, and when a failing account
//! is looked at.

use bankside_domain::balance::Proof;
use bankside_domain::fault::{FaultClass, FaultRecord};
use bankside_domain::run::RunOutcome;
use bankside_domain::status::Status;
use bankside_engine::RunView;
use bankside_sandbox::{ArmedFault, Event};
use jiff::SignedDuration;

use crate::house::{LOCKSIDE, NORDHAFEN, on_both};

fn fault(run: &RunView) -> FaultRecord {
    let of_account = run.accounts.iter().find_map(|account| account.run.fault.clone());
    of_account.or_else(|| run.run.fault.clone()).unwrap()
}

on_both! {
    a_limit_of_all_keeps_other_connections_waiting_and_no_accounts_own_window(house) {
        let strict = house.with_bank(LOCKSIDE).await;
        let other = house.connect(NORDHAFEN).await;
        house.link_all(other).await;
        assert!(house.engine.work_once().await.unwrap());
        let limit = ArmedFault { seconds: Some(900), ..ArmedFault::new("accounts/transactions", "rate_limited") };
        house.sandbox.arm(limit).unwrap();
        let refused = house.sync(strict).await;
        let told = fault(&refused);
        assert_eq!((told.class, told.code.as_str()), (FaultClass::RateLimited, "gocardless.rate_limited"));
        assert_eq!(told.http_status, Some(429));
        assert!(matches!(house.account("Current Account").await.status.status, Status::WaitingForBank(_)));

        house.sandbox.forget_calls();
        let waiting = house.sync(other).await;
        assert_eq!(fault(&waiting).code, "gocardless.rate_limited", "the other connection waits for it too");
        assert_eq!(house.sandbox.calls(), [], "and asks nothing meanwhile");

        house.clock.advance(SignedDuration::from_secs(901));
        for connection in [strict, other] {
            let run = house.sync(connection).await;
            assert_eq!(run.run.outcome, Some(RunOutcome::Done), "{:?}", fault(&run));
        }
    }

    a_429_on_balances_after_transactions_keeps_the_rows(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = house.rows(giro).await.len();
        house.clock.advance_days(6);
        let limit = ArmedFault { seconds: Some(7_200), times: None, ..ArmedFault::new("accounts/balances", "rate_limited") };
        house.sandbox.arm(limit).unwrap();
        let refused = house.sync(connection).await;
        assert!(refused.is_finished());
        assert_eq!(fault(&refused).class, FaultClass::RateLimited);
        let rows = house.rows(giro).await;
        assert!(rows.len() > before, "what was brought stays");
        house.sandbox.disarm();
        house.clock.advance(SignedDuration::from_hours(3));
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
        assert_eq!(house.rows(giro).await, rows, "and comes once");
        let proof = house.account("Girokonto").await.status.proof;
        assert!(matches!(proof, Some(Proof::Proven { .. })), "{proof:?}");
    }

    a_limit_that_is_over_soon_is_waited_for_within_the_run(house) {
        let connection = house.with_bank(LOCKSIDE).await;
        house.sandbox.arm(ArmedFault::new("accounts/balances", "rate_limited")).unwrap();
        let run = house.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Done));
    }

    what_a_day_allows_comes_back_after_a_day_and_failed_calls_cost_nothing_of_it(house) {
        let connection = house.with_bank(LOCKSIDE).await;
        let failing = ArmedFault { times: Some(6), ..ArmedFault::new("accounts/transactions", "connection_error") };
        house.sandbox.arm(failing).unwrap();
        for _ in 0..6 {
            let run = house.sync(connection).await;
            assert_eq!(fault(&run).code, "gocardless.bank_down");
            assert_eq!(run.run.calls, 0, "a call that failed is not spent");
        }
        let run = house.sync(connection).await;
        assert_eq!((run.run.outcome, run.run.calls), (Some(RunOutcome::Done), 2));
        house.sandbox.arm(ArmedFault::new("accounts/transactions", "daily_limit_text")).unwrap();
        let refused = fault(&house.sync(connection).await);
        assert_eq!(refused.code, "gocardless.daily_limit");
        house.sandbox.forget_calls();
        let spent = fault(&house.sync(connection).await);
        assert_eq!((spent.class, spent.retry_at), (FaultClass::RateLimited, refused.retry_at));
        assert_eq!(house.sandbox.calls(), [], "the account's own window is spent");
        house.clock.advance_days(1);
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
    }

    an_account_that_is_prepared_for_long_says_when_to_ask_again(house) {
        let connection = house.with_bank(LOCKSIDE).await;
        let busy = ArmedFault { times: None, ..ArmedFault::new("accounts/transactions", "account_processing") };
        house.sandbox.arm(busy).unwrap();
        let told = fault(&house.sync(connection).await);
        assert_eq!(told.class, FaultClass::Busy);
        assert!(told.retry_at.unwrap() > bankside_domain::Clock::now(house.clock.as_ref()));
        assert!(matches!(house.account("Current Account").await.status.status, Status::Retrying(_)));
        house.sandbox.disarm();
        house.clock.advance(SignedDuration::from_mins(11));
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
    }

    an_account_that_fails_again_and_again_is_looked_at_before_it_is_suspended(house) {
        let connection = house.with_bank(LOCKSIDE).await;
        let account = house.engine.connections(&house.asker).await.unwrap()[0].bank_accounts[0].bank_account.clone();
        let of = account.provider_account_id;
        let failing = ArmedFault { times: None, ..ArmedFault::new("accounts/transactions", "unknown_request") };
        house.sandbox.arm(failing).unwrap();
        let status = |word: &str| Event::Status { of: of.clone(), status: Some(word.to_owned()) };
        house.sandbox.happen(status("ERROR")).unwrap();
        house.sandbox.forget_calls();
        for _ in 0..2 {
            assert_eq!(fault(&house.sync(connection).await).code, "gocardless.bank_error");
        }
        let looks = || house.sandbox.calls().iter().filter(|call| call.label == "accounts/metadata").count();
        assert_eq!(looks(), 0, "one failure or two say nothing");
        let rests = fault(&house.sync(connection).await);
        assert_eq!((rests.code.as_str(), looks()), ("gocardless.account_error", 1));
        assert!(rests.retry_at.is_some());
        house.sandbox.happen(status("SUSPENDED")).unwrap();
        let suspended = fault(&house.sync(connection).await);
        assert_eq!((suspended.class, suspended.code.as_str()), (FaultClass::NeedsUser, "gocardless.suspended"));
        assert_eq!(suspended.retry_at, None, "waiting does not help");
        assert_eq!(house.account("Current Account").await.status.status, Status::RenewNow);
    }
}
