//! A provider whose accounts have other ids after each consent, and whose way back works once.

use std::collections::BTreeMap;

use bankside_domain::balance::Proof;
use bankside_domain::run::RunOutcome;
use bankside_domain::status::Status;
use bankside_domain::{ConnectionId, Secret};
use bankside_engine::{EngineError, FlowPage, Returned};
use bankside_sandbox::{Answers, EnableBankingEvent};

use crate::house::{House, on_both};

const PROVIDER: &str = "enablebanking";
const NORDHAFEN: &str = "DE:Nordhafen Bank";

/// Keys, connection, links and the first sync.
async fn imported(house: &House) -> ConnectionId {
    house.type_keys_of(PROVIDER).await;
    let connection = house.connect_through(PROVIDER, NORDHAFEN).await;
    house.link_all(connection).await;
    assert!(house.engine.work_once().await.unwrap());
    assert_eq!(house.latest_run().await.run.outcome, Some(RunOutcome::Done));
    connection
}

/// The page of the bank that a flow waits for, walked to its end: what the way back says.
async fn walked(house: &House, flow: bankside_domain::FlowId) -> BTreeMap<String, String> {
    let FlowPage::Open { url, .. } = house.engine.flow(&house.asker, flow).await.unwrap().page else {
        panic!("no page to open")
    };
    let back = house.sandbox.visit(&url.parse().unwrap(), &Answers::default()).await.unwrap();
    back.query_pairs().into_owned().collect()
}

on_both! {
    a_whole_history_comes_over_an_empty_page_and_its_balance_is_proven(house) {
        let connection = imported(house).await;
        let current = house.account("Girokonto").await;
        let rows = house.rows(current.account.id).await;
        assert!(rows.len() > 300, "a year has more than {} rows", rows.len());
        assert!(matches!(current.status.status, Status::UpToDate { .. }), "{:?}", current.status.status);
        let page_two = house.sandbox.calls().iter().filter(|call| {
            call.query.as_deref().is_some_and(|query| query.contains("continuation_key"))
        }).count();
        assert!(page_two > 5, "{page_two} further pages");
        // The next day brings what is new, and nothing twice.
        house.clock.advance_days(1);
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
        let later = house.rows(current.account.id).await;
        let times = |rows: &[String], row: &String| rows.iter().filter(|other| *other == row).count();
        for row in rows.iter().filter(|row| row.contains("Booked")) {
            assert_eq!(times(&later, row), times(&rows, row), "{row}");
        }
        for view in house.engine.accounts(&house.asker).await.unwrap() {
            assert!(matches!(view.status.proof, Some(Proof::Proven { .. })), "{:?}", view.status.proof);
        }
    }

    a_renewal_finds_the_accounts_by_their_hash_and_ends_the_old_session(house) {
        let connection = imported(house).await;
        let before = house.rows(house.account("Girokonto").await.account.id).await.len();
        house.clock.advance_days(100);
        let flow = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
        let fields = walked(house, flow).await;
        house.engine.returned(fields.clone(), house.asker.person()).await.unwrap();
        let page = house.engine.flow(&house.asker, flow).await.unwrap().page;
        let FlowPage::Renewed { outcome, .. } = page else { panic!("{page:?}") };
        assert_eq!((outcome.recognised, outcome.new, outcome.missing), (2, 0, 0));
        // What comes back a second time changes nothing.
        let again = house.engine.returned(fields, house.asker.person()).await.unwrap();
        assert!(matches!(again, Returned::Resumed { .. }));
        assert!(house.engine.work_once().await.unwrap());
        let run = house.latest_run().await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Done), "{:?}", run.run);
        assert!(house.rows(house.account("Girokonto").await.account.id).await.len() > before);
        let closed = house.sandbox.calls().iter().filter(|call| {
            call.label == "enablebanking/sessions/id" && call.method == "DELETE" && call.status == Some(200)
        }).count();
        assert_eq!(closed, 1, "the old session is closed");
    }

    a_consent_that_was_revoked_asks_for_the_person_and_keeps_everything(house) {
        let connection = imported(house).await;
        house.sandbox.happen_at_enablebanking(EnableBankingEvent::Revoke { of: "Nordhafen Bank".into() }).unwrap();
        let run = house.sync(connection).await;
        assert_ne!(run.run.outcome, Some(RunOutcome::Done));
        let status = house.account("Girokonto").await.status.status;
        assert!(!matches!(status, Status::UpToDate { .. } | Status::Retrying(_)), "{status:?}");
        assert!(!house.rows(house.account("Girokonto").await.account.id).await.is_empty());
    }

    keys_of_several_lines_are_kept_and_those_that_are_none_are_refused(house) {
        let keys = |key: &str| BTreeMap::from([
            ("application_id".to_owned(), Secret::new("eb5a0000-0000-4000-8000-000000000001")),
            ("private_key".to_owned(), Secret::new(key)),
        ]);
        for key in ["no key at all", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
            let refused = house.engine.keep_keys(&house.asker, PROVIDER, keys(key)).await;
            assert!(matches!(refused, Err(EngineError::Outside(fault)) if fault.code == "enablebanking.no_key"));
        }
        assert_eq!(house.sandbox.calls().len(), 0, "nothing was asked with them");
        house.type_keys_of(PROVIDER).await;
        // A field that is left empty keeps what was typed, over a restart too.
        house.restart().await;
        house.engine.keep_keys(&house.asker, PROVIDER, keys("")).await.unwrap();
        house.connect_through(PROVIDER, NORDHAFEN).await;
    }
}
