//! *Get accounts*: the accounts of a sync are listed anew without a sign-in. What is new waits for a link, what has gone is told, nothing
//! is doubled, and the calls count.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use bankside_domain::balance::Proof;
use bankside_domain::fault::FaultClass;
use bankside_domain::run::RunOutcome;
use bankside_domain::status::Status;
use bankside_domain::{BankAccountId, ConnectionId, Secret};
use bankside_engine::{ConnectedAccount, EngineError, GotAccounts, Listed};
use bankside_sandbox::{Event, SimpleFinEvent};

use crate::house::{House, LOCKSIDE, NORDHAFEN, on_both};

const QUILLBACK: &str = "ACT-quillback-checking-0";

async fn got(house: &House, connection: ConnectionId) -> Listed {
    house.engine.get_accounts(&house.asker, connection).await.unwrap().listed
}

async fn accounts(house: &House, connection: ConnectionId) -> Vec<ConnectedAccount> {
    let views = house.engine.connections(&house.asker).await.unwrap();
    views.into_iter().find(|view| view.connection.id == connection).unwrap().bank_accounts
}

fn ids(accounts: &[ConnectedAccount]) -> BTreeSet<BankAccountId> {
    accounts.iter().map(|one| one.bank_account.id).collect()
}

/// An access at the Bridge, taken up.
async fn with_access(house: &House) -> ConnectionId {
    let token = house.sandbox.make_setup_token().unwrap();
    let keys = BTreeMap::from([("access_url".to_owned(), Secret::new(token))]);
    house.engine.keep_keys(&house.asker, "simplefin", keys).await.unwrap();
    house.engine.adopt_logins(&house.asker, "simplefin").await.unwrap();
    house.engine.connections(&house.asker).await.unwrap()[0].connection.id
}

/// What the balances prove of each account.
async fn proofs(house: &House) -> Vec<Option<Proof>> {
    let views = house.engine.accounts(&house.asker).await.unwrap();
    views.into_iter().map(|view| view.status.proof).collect()
}

fn hide(house: &House, account: &str, hidden: bool) {
    house.sandbox.happen_at_simplefin(SimpleFinEvent::Hide { of: account.into(), hidden }).unwrap();
}

on_both! {
    what_is_new_waits_for_a_link_what_has_gone_keeps_it_and_comes_back_as_itself(house) {
        hide(house, "ACT-kestrel-savings-0", true);
        let connection = with_access(house).await;
        house.link_all(connection).await;
        assert!(house.engine.work_once().await.unwrap());
        let before = accounts(house, connection).await;
        assert_eq!(got(house, connection).await, Listed { recognised: before.len(), new: 0, missing: 0 });

        hide(house, "ACT-kestrel-savings-0", false);
        hide(house, QUILLBACK, true);
        let books = house.engine.accounts(&house.asker).await.unwrap().len();
        let listed = got(house, connection).await;
        assert_eq!(listed, Listed { recognised: before.len() - 1, new: 1, missing: 1 });
        let after = accounts(house, connection).await;
        let new: Vec<_> = after.iter().filter(|one| !ids(&before).contains(&one.bank_account.id)).collect();
        assert_eq!(new.len(), 1);
        assert!(new[0].feeds.is_none() && new[0].balance.is_some(), "it waits for a link, and its balance is known");
        let gone: Vec<_> = after.iter().filter(|one| !one.bank_account.is_shown).collect();
        assert_eq!(gone.len(), 1, "{after:?}");
        let fed = gone[0].feeds.as_ref().unwrap();
        assert!(matches!(&fed.status.status, Status::AnswerNeeded(fault) if fault.code == "account.not_shown"), "{fed:?}");
        // The others are synced as before.
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));

        hide(house, QUILLBACK, false);
        assert_eq!(got(house, connection).await, Listed { recognised: after.len(), new: 0, missing: 0 });
        let again = accounts(house, connection).await;
        assert_eq!(ids(&again), ids(&after), "nothing is doubled");
        assert!(again.iter().all(|one| one.bank_account.is_shown));
        assert_eq!(house.engine.accounts(&house.asker).await.unwrap().len(), books, "and no account is made");
        let store = house.store().await;
        let audit = store.audit_entries(&house.asker).await.unwrap();
        assert_eq!(audit.iter().filter(|line| line.action == "connection.accounts_listed").count(), 3);
    }

    balances_are_refreshed_within_the_daily_limit_and_then_say_when_again(house) {
        let connection = house.with_bank(LOCKSIDE).await;
        let proofs = proofs(house).await;
        let seen_at = |accounts: &[ConnectedAccount]| -> Vec<_> {
            accounts.iter().map(|one| one.balance.as_ref().unwrap().stated.seen_at).collect()
        };
        let before = seen_at(&accounts(house, connection).await);
        let asked = || house.data_calls.load(Ordering::SeqCst);
        let start = asked();
        let again = |got: &GotAccounts| (got.held_back.is_none() && !got.shows_new_accounts).then_some(got.listed);
        let mut after = before.clone();
        let mut rounds = 0;
        // Each round asks once for each account, as long as the provider answers: a few times a day.
        let held_back = loop {
            house.clock.advance(jiff::SignedDuration::from_mins(5));
            let calls = asked();
            let got = house.engine.get_accounts(&house.asker, connection).await.unwrap();
            let Some(listed) = again(&got) else {
                assert_eq!(asked(), calls, "the ledger knows that there are none left, and nothing is asked");
                assert_eq!(got.listed.recognised, before.len(), "they are listed all the same");
                break got.held_back.unwrap();
            };
            assert_eq!(listed, Listed { recognised: before.len(), new: 0, missing: 0 });
            let now = seen_at(&accounts(house, connection).await);
            assert!(after.iter().zip(&now).all(|(before, now)| before < now), "{after:?} {now:?}");
            after = now;
            rounds += 1;
            assert!(rounds < 12, "no limit is met");
        };
        assert_eq!(asked() - start, rounds * u64::try_from(before.len()).unwrap());
        assert_eq!(held_back.class, FaultClass::RateLimited);
        assert!(held_back.retry_at.is_some());
        assert_eq!(seen_at(&accounts(house, connection).await), after, "the balances are those of before");
        // What was stated without a sync is no witness about rows.
        assert_eq!(self::proofs(house).await, proofs);
    }

    access_that_has_ended_lists_nothing_and_changes_nothing(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let before = accounts(house, connection).await;
        house.sandbox.happen(Event::Status { of: NORDHAFEN.into(), status: Some("EX".into()) }).unwrap();
        let refused = house.engine.get_accounts(&house.asker, connection).await;
        assert!(
            matches!(&refused, Err(EngineError::Outside(fault)) if fault.class == FaultClass::NeedsUser),
            "{refused:?}"
        );
        assert_eq!(ids(&accounts(house, connection).await), ids(&before));
        house.engine.unsync(&house.asker, connection).await.unwrap();
        let ended = house.engine.get_accounts(&house.asker, connection).await;
        assert!(matches!(ended, Err(EngineError::Conflict(_))), "{ended:?}");
    }
}
