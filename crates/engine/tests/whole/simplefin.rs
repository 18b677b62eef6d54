//! A provider whose keys work only once, and whose one connection has accounts of several banks.

use std::collections::BTreeMap;

use bankside_domain::run::RunOutcome;
use bankside_domain::status::Status;
use bankside_domain::{ConnectionId, Secret};
use bankside_engine::EngineError;
use bankside_sandbox::SimpleFinEvent;

use crate::house::{House, on_both};

const QUILLBACK: &str = "CON-quillback-0";

/// Types a setup token, or whatever else is pasted.
async fn paste(house: &House, text: &str) -> Result<(), EngineError> {
    let keys = BTreeMap::from([("access_url".to_owned(), Secret::new(text))]);
    house.engine.keep_keys(&house.asker, "simplefin", keys).await
}

/// Types a token and takes up what it shows; the token too.
async fn connected(house: &House) -> (ConnectionId, String) {
    let token = house.sandbox.make_setup_token().unwrap();
    paste(house, &token).await.unwrap();
    house.engine.adopt_logins(&house.asker, "simplefin").await.unwrap();
    let views = house.engine.connections(&house.asker).await.unwrap();
    assert_eq!(views.len(), 1, "one access is one connection");
    assert_eq!(views[0].connection.unread_accounts, 1, "one is in points, and that is told");
    (views[0].connection.id, token)
}

/// Connects, links everything and imports it.
async fn imported(house: &House) -> ConnectionId {
    let (connection, _) = connected(house).await;
    house.link_all(connection).await;
    assert!(house.engine.work_once().await.unwrap());
    assert_eq!(house.latest_run().await.run.outcome, Some(RunOutcome::Done));
    connection
}

/// How often all accounts were asked for.
fn requests(house: &House) -> usize {
    house.sandbox.calls().iter().filter(|call| call.label == "simplefin/accounts").count()
}

/// The status of each account, by its name.
async fn statuses(house: &House) -> BTreeMap<String, Status> {
    let views = house.engine.accounts(&house.asker).await.unwrap();
    views.into_iter().map(|view| (view.account.name, view.status.status)).collect()
}

on_both! {
    a_token_is_used_up_when_it_is_typed_and_what_it_gave_is_kept(house) {
        let (connection, token) = connected(house).await;
        let claims = |house: &House| house.sandbox.calls().iter().filter(|call| call.label == "simplefin/claim").count();
        assert_eq!((claims(house), requests(house)), (1, 1));
        let again = paste(house, &token).await;
        assert!(matches!(again, Err(EngineError::Outside(fault)) if fault.code == "simplefin.token_used"));
        // What was kept works on, over a restart too, and a field that is left empty leaves it.
        house.restart().await;
        paste(house, "").await.unwrap();
        house.link_all(connection).await;
        assert!(house.engine.work_once().await.unwrap());
        let run = house.latest_run().await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Done), "{:?}", run.run);
        assert_eq!(claims(house), 2, "the second was the one that was refused");
        // Another token takes the place of the first, and the connection goes on.
        paste(house, &house.sandbox.make_setup_token().unwrap()).await.unwrap();
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
    }

    each_account_names_its_bank_and_one_request_a_window_has_them_all(house) {
        let connection = imported(house).await;
        let views = house.engine.connections(&house.asker).await.unwrap();
        let banks: Vec<_> =
            views[0].bank_accounts.iter().map(|one| one.bank_account.institution_name.clone()).collect();
        assert_eq!(banks.iter().filter(|bank| *bank == "Quillback Bank").count(), 3, "{banks:?}");
        assert_eq!(banks.iter().filter(|bank| *bank == "Kestrel Bay Credit Union").count(), 2);
        let before = requests(house);
        house.clock.advance_days(2);
        let run = house.sync(connection).await;
        assert_eq!((run.run.outcome, run.accounts.len()), (Some(RunOutcome::Done), 6));
        // The account that never had a row is asked for from its first day on, which takes a second window.
        assert_eq!(requests(house), before + 2);
        for (name, status) in statuses(house).await {
            assert!(matches!(status, Status::UpToDate { .. }), "{name}: {status:?}");
        }
    }

    one_bank_that_wants_the_person_and_one_account_that_is_not_listed_leave_the_others_alone(house) {
        let connection = imported(house).await;
        house.sandbox.happen_at_simplefin(SimpleFinEvent::NeedPerson { of: QUILLBACK.into(), needs: true }).unwrap();
        let hidden = SimpleFinEvent::Hide { of: "ACT-kestrel-savings-0".into(), hidden: true };
        house.sandbox.happen_at_simplefin(hidden).unwrap();
        let run = house.sync(connection).await;
        assert_eq!(run.run.outcome, Some(RunOutcome::Partly));
        let statuses = statuses(house).await;
        for (name, status) in &statuses {
            match name.as_str() {
                "Chequing" | "Brokerage 0093" => assert!(matches!(status, Status::UpToDate { .. }), "{name}: {status:?}"),
                "Tax-Free Savings" => {
                    assert!(matches!(status, Status::Retrying(fault) if fault.code == "simplefin.account_missing"));
                }
                _ => assert!(matches!(status, Status::AnswerNeeded(fault) if fault.code == "simplefin.bank_needs_you")),
            }
        }
        let views = house.engine.connections(&house.asker).await.unwrap();
        assert!(views[0].bank_accounts.iter().all(|one| one.feeds.is_some()), "nothing was unlinked");
        house.sandbox.happen_at_simplefin(SimpleFinEvent::NeedPerson { of: QUILLBACK.into(), needs: false }).unwrap();
        house.sandbox
            .happen_at_simplefin(SimpleFinEvent::Hide { of: "ACT-kestrel-savings-0".into(), hidden: false })
            .unwrap();
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
    }
}
