//! Bad weather on the straight road: wrong keys, a dead provider, consents that end, limits that are spent, people who
//! cancel, and people from elsewhere.

use std::collections::BTreeMap;

use bankside_domain::consent::RENEW_WITHIN_DAYS;
use bankside_domain::fault::FaultClass;
use bankside_domain::run::RunOutcome;
use bankside_domain::status::Status;
use bankside_domain::{Asker, Role, Secret};
use bankside_engine::{EngineError, FlowPage, KeySource, Returned};
use bankside_sandbox::Answers;

use crate::house::{LOCKSIDE, NORDHAFEN, on_both};

fn fault_of<T: std::fmt::Debug>(result: Result<T, EngineError>) -> bankside_domain::fault::FaultRecord {
    match result {
        Err(EngineError::Outside(fault)) => *fault,
        other => panic!("{other:?}"),
    }
}

on_both! {
    wrong_keys_are_not_kept(house) {
        let keys = BTreeMap::from([
            ("secret_id".to_owned(), Secret::new("wrong")),
            ("secret_key".to_owned(), Secret::new("wrong")),
        ]);
        let fault = fault_of(house.engine.keep_keys(&house.asker, "gocardless", keys).await);
        assert_eq!((fault.class, fault.code.as_str()), (FaultClass::NeedsOperator, "gocardless.keys_refused"));
        assert!(house.engine.provider_view(&house.asker, "gocardless").await.unwrap().keys.is_none());
        let blank = house.engine.keep_keys(&house.asker, "gocardless", BTreeMap::new()).await;
        assert!(matches!(blank, Err(EngineError::Invalid { field: "secret_id", .. })), "{blank:?}");
    }

    kept_keys_show_only_a_hint(house) {
        house.type_keys().await;
        let view = house.engine.provider_view(&house.asker, "gocardless").await.unwrap();
        let Some(KeySource::Page { hint, .. }) = view.keys else { panic!("{:?}", view.keys) };
        assert_eq!(hint, "5a6d0000…");
    }

    a_sync_without_keys_says_what_is_missing(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        house.engine.reset_keys(&house.asker, "gocardless").await.unwrap();
        let before = house.rows(house.account("Girokonto").await.account.id).await;
        let run = house.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Failed));
        assert_eq!(run.run.fault.as_ref().map(|fault| fault.code.as_str()), Some("keys.missing"));
        let giro = house.account("Girokonto").await;
        assert!(matches!(giro.status.status, Status::KeysNeeded(_)), "{:?}", giro.status);
        assert_eq!(house.rows(giro.account.id).await, before, "rows stay");
    }

    a_consent_that_ends_is_announced_and_then_stops(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        house.clock.advance_days(180 - RENEW_WITHIN_DAYS);
        house.sync(connection).await;
        let giro = house.account("Girokonto").await;
        assert!(matches!(giro.status.status, Status::RenewBy { days: 14, .. }), "{:?}", giro.status);
        house.clock.advance_days(RENEW_WITHIN_DAYS + 1);
        assert_eq!(house.account("Girokonto").await.status.status, Status::RenewNow);
        let run = house.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Failed));
        let fault = run.run.fault.or_else(|| run.accounts[0].run.fault.clone()).unwrap();
        assert_eq!((fault.class, fault.code.as_str()), (FaultClass::NeedsUser, "gocardless.consent_ended"));
    }

    a_spent_limit_waits_and_a_person_may_not_overdraw_it(house) {
        let connection = house.with_bank(LOCKSIDE).await;
        let mut last = None;
        for _ in 0..4 {
            last = Some(house.sync(connection).await);
        }
        let last = last.unwrap();
        let fault = last.accounts[0].run.fault.clone().unwrap();
        assert_eq!(fault.class, FaultClass::RateLimited);
        assert!(fault.retry_at.is_some());
        house.clock.advance_days(1);
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
    }

    cancelling_at_the_bank_changes_nothing(house) {
        house.type_keys().await;
        for (answers, expected) in [
            (Answers { cancels: true, ..Answers::default() }, "cancelled"),
            (Answers { user_id: "reject".into(), ..Answers::default() }, "cancelled"),
            (Answers { user_id: "down".into(), ..Answers::default() }, "failed"),
        ] {
            let flow = house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await.unwrap();
            let FlowPage::Open { url, .. } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!() };
            let back = house.sandbox.visit(&url.parse().unwrap(), &answers).await.unwrap();
            let fields: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
            house.engine.returned(fields, house.asker.person()).await.unwrap();
            let page = house.engine.flow(&house.asker, flow).await.unwrap().page;
            match (&page, expected) {
                (FlowPage::Cancelled { .. }, "cancelled") | (FlowPage::Failed { .. }, "failed") => {}
                other => panic!("{other:?}"),
            }
        }
        assert!(house.engine.connections(&house.asker).await.unwrap().is_empty());
    }

    what_is_called_off_leaves_no_open_door_at_the_provider(house) {
        house.type_keys().await;
        let flow = house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await.unwrap();
        let FlowPage::Open { url, .. } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!() };
        house.engine.cancel_flow(&house.asker, flow).await.unwrap();
        let late = house.sandbox.visit(&url.parse().unwrap(), &Answers::default()).await;
        assert!(late.is_err(), "the bank's page of a cancelled flow is gone: {late:?}");
    }

    a_return_in_another_browser_and_twice_and_late(house) {
        house.type_keys().await;
        let flow = house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await.unwrap();
        let FlowPage::Open { url, .. } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!() };
        let back = house.sandbox.visit(&url.parse().unwrap(), &Answers::default()).await.unwrap();
        let fields: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
        let parked = house.engine.returned(fields.clone(), None).await.unwrap();
        assert!(matches!(parked, Returned::Parked));
        house.restart().await;
        let page = house.engine.poll_flow(&house.asker, flow).await.unwrap().page;
        let FlowPage::Done { connection } = page else { panic!("{page:?}") };
        for _ in 0..2 {
            let again = house.engine.returned(fields.clone(), house.asker.person()).await.unwrap();
            assert!(matches!(again, Returned::Resumed { .. }));
        }
        assert_eq!(house.engine.connections(&house.asker).await.unwrap().len(), 1);
        house.clock.advance_days(2);
        assert!(matches!(house.engine.poll_flow(&house.asker, flow).await.unwrap().page, FlowPage::Done { connection: one } if one == connection));
        let unknown = BTreeMap::from([("ref".to_owned(), "guessed".to_owned())]);
        assert!(matches!(house.engine.returned(unknown, None).await.unwrap(), Returned::Unknown));
    }

    a_code_from_another_browser_needs_a_yes(house) {
        house.type_keys().await;
        let flow = house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await.unwrap();
        let FlowPage::Open { url, .. } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!() };
        let back = house.sandbox.visit(&url.parse().unwrap(), &Answers::default()).await.unwrap();
        let mut fields: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
        fields.insert("code".to_owned(), "worth a connection".to_owned());
        house.engine.returned(fields, None).await.unwrap();
        let page = house.engine.poll_flow(&house.asker, flow).await.unwrap().page;
        assert!(matches!(page, FlowPage::Confirm), "{page:?}");
        let page = house.engine.confirm_return(&house.asker, flow).await.unwrap().page;
        assert!(matches!(page, FlowPage::Done { .. }), "{page:?}");
    }

    a_flow_that_is_over_stays_over(house) {
        house.type_keys().await;
        let flow = house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await.unwrap();
        house.clock.advance_days(1);
        assert!(matches!(house.engine.poll_flow(&house.asker, flow).await.unwrap().page, FlowPage::Expired));
        let other = house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await.unwrap();
        let page = house.engine.cancel_flow(&house.asker, other).await.unwrap().page;
        assert!(matches!(page, FlowPage::Cancelled { .. }));
    }

    guessing_passwords_is_slowed_down(house) {
        for tries_left in (0..5).rev() {
            let wrong = house.engine.sign_in("owner", Secret::new("wrong one"), "192.0.2.1").await;
            assert!(matches!(wrong, Err(EngineError::WrongPassword { tries_left: left }) if left == tries_left), "{wrong:?}");
        }
        let right = || Secret::new("correct horse battery");
        let blocked = house.engine.sign_in("owner", right(), "192.0.2.2").await;
        assert!(matches!(blocked, Err(EngineError::Throttled { .. })), "{blocked:?}");
        house.clock.advance(jiff::SignedDuration::from_secs(61));
        let signed_in = house.engine.sign_in("OWNER", right(), "192.0.2.1").await.unwrap();
        let token = signed_in.token.expose().to_owned();
        assert!(house.engine.session(&token).await.unwrap().is_some());
        house.engine.sign_out(&token).await.unwrap();
        assert!(house.engine.session(&token).await.unwrap().is_none());
        let nobody = house.engine.sign_in("nobody", right(), "192.0.2.1").await;
        assert!(matches!(nobody, Err(EngineError::WrongPassword { .. })));
    }

    many_guesses_at_once_are_no_more_than_one_after_the_other(house) {
        let guesses: Vec<_> = (0..12)
            .map(|number| {
                let engine = house.engine.clone();
                tokio::spawn(async move {
                    engine.sign_in("owner", Secret::new("wrong one"), &format!("192.0.2.{number}")).await
                })
            })
            .collect();
        let mut looked_at = 0;
        for guess in guesses {
            match guess.await.unwrap() {
                Err(EngineError::WrongPassword { .. }) => looked_at += 1,
                Err(EngineError::Throttled { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(looked_at, 5);
    }

    a_viewer_may_look_and_not_touch(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let viewer = Asker::member(house.asker.organization, house.asker.person().unwrap(), Role::Viewer);
        assert_eq!(house.engine.accounts(&viewer).await.unwrap().len(), 2);
        for refused in [
            house.engine.sync_connection(&viewer, connection).await.map(|_| ()),
            house.engine.reset_keys(&viewer, "gocardless").await,
            house.engine.begin_connecting(&viewer, "gocardless", NORDHAFEN, None).await.map(|_| ()),
            house.engine.link_offer(&viewer, connection, None).await.map(|_| ()),
        ] {
            assert!(matches!(refused, Err(EngineError::Denied(_))), "{refused:?}");
        }
    }
}

#[tokio::test]
async fn a_dead_provider_is_retried_and_blames_nobody() {
    let house = crate::house::House::open(bankside_testkit::Engine::Sqlite).await;
    let connection = house.with_bank(NORDHAFEN).await;
    house.stop_sandbox().await;
    let run = house.sync(connection).await;
    assert_eq!(run.run.outcome, Some(RunOutcome::Failed));
    assert_eq!(run.run.fault.as_ref().map(|fault| fault.class), Some(FaultClass::RetryLater));
    assert!(matches!(house.account("Girokonto").await.status.status, Status::Retrying(_)));
}
