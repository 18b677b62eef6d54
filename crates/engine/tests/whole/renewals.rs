//! Access that is renewed in place, and access that ends: links stay, gaps are filled, nothing is doubled, and what does not work
//! out changes nothing.

use std::collections::BTreeMap;

use bankside_domain::run::{RunOutcome, Trigger};
use bankside_domain::status::Status;
use bankside_domain::{ConnectionId, FlowId};
use bankside_engine::{EngineError, FlowPage, LinkTarget, Renewed};
use bankside_sandbox::{Answers, Switches};

use crate::house::{House, LOCKSIDE, NORDHAFEN, on_both};

const SANDBOX_FINANCE: &str = "SANDBOXFINANCE_SFIN0000";

/// Begins to renew, walks the bank's pages and comes back.
pub(crate) async fn renew(house: &House, connection: ConnectionId, answers: &Answers) -> FlowPage {
    let flow = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
    come_back(house, flow, answers).await
}

async fn come_back(house: &House, flow: FlowId, answers: &Answers) -> FlowPage {
    let FlowPage::Open { url, .. } = house.engine.flow(&house.asker, flow).await.unwrap().page else {
        panic!("no page to open")
    };
    let back = house.sandbox.visit(&url.parse().unwrap(), answers).await.unwrap();
    let fields: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
    house.engine.returned(fields, house.asker.person()).await.unwrap();
    house.engine.poll_flow(&house.asker, flow).await.unwrap().page
}

fn renewed(page: &FlowPage) -> Renewed {
    match page {
        FlowPage::Renewed { outcome, .. } => *outcome,
        other => panic!("{other:?}"),
    }
}

/// The whole life of a connection whose access runs out, is renewed late, and goes on.
async fn runs_out_and_is_renewed(house: &mut House) {
    let connection = house.with_bank(NORDHAFEN).await;
    let giro = house.account("Girokonto").await.account.id;
    let before = house.rows(giro).await;
    let accounts_before = house.engine.accounts(&house.asker).await.unwrap().len();
    house.clock.advance_days(185);
    assert_eq!(house.account("Girokonto").await.status.status, Status::RenewNow);

    let page = renew(house, connection, &Answers::default()).await;
    let outcome = renewed(&page);
    assert_eq!((outcome.new, outcome.missing), (0, 0), "{outcome:?}");
    assert_eq!(house.account("Girokonto").await.status.status, Status::Syncing);
    assert!(house.engine.work_once().await.unwrap());
    let run = house.engine.run(&house.asker, outcome.run.unwrap()).await.unwrap();
    assert_eq!((run.run.trigger, run.run.outcome), (Trigger::Renewed, Some(RunOutcome::Done)));

    let views = house.engine.connections(&house.asker).await.unwrap();
    assert_eq!(views.iter().map(|view| view.connection.id).collect::<Vec<_>>(), [connection], "in place");
    assert_eq!(outcome.recognised, views[0].bank_accounts.len());
    assert!(views[0].bank_accounts.iter().all(|account| account.feeds.is_some()), "links are kept");
    assert_eq!(house.engine.accounts(&house.asker).await.unwrap().len(), accounts_before);
    let after = house.rows(giro).await;
    assert!(after.len() > before.len(), "the gap is filled");
    let settled: Vec<&String> = before.iter().filter(|row| !row.contains("Pending")).collect();
    assert!(settled.iter().all(|row| after.contains(row)), "nothing that was booked is lost or changed");
    let giro = house.account("Girokonto").await;
    assert!(matches!(giro.status.status, Status::UpToDate { .. }), "{:?}", giro.status);
    assert!(giro.status.is_proven(), "no row is doubled or missing: the bank's balance proves it");
    let of_giro = run.accounts.iter().find(|account| account.account.id == giro.account.id).unwrap();
    assert!(of_giro.run.asked_from.unwrap() > day("2026-11-01"), "old rows are not asked for again");

    let again = house.sync(connection).await;
    assert_eq!(again.run.outcome, Some(RunOutcome::Done));
    assert_eq!(again.accounts.iter().map(|account| account.run.counts.unwrap().added).sum::<i64>(), 0);
}

fn day(text: &str) -> jiff::civil::Date {
    text.parse().unwrap()
}

on_both! {
    access_that_ran_out_is_renewed_in_place(house) {
        runs_out_and_is_renewed(house).await;
        assert_eq!(house.sandbox.consents(), 1, "the old access is ended at the provider");
    }

    a_renewal_that_does_not_work_out_changes_nothing(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let until = house.engine.connections(&house.asker).await.unwrap()[0].connection.consent.valid_until;
        for answers in [
            Answers { cancels: true, ..Answers::default() },
            Answers { user_id: "reject".into(), ..Answers::default() },
            Answers { user_id: "down".into(), ..Answers::default() },
        ] {
            let page = renew(house, connection, &answers).await;
            assert!(matches!(page, FlowPage::Cancelled { .. } | FlowPage::Failed { .. }), "{page:?}");
            let run = house.sync(connection).await;
            assert_eq!(run.run.outcome, Some(RunOutcome::Done), "the old access works on");
            house.clock.advance_days(1);
        }
        let views = house.engine.connections(&house.asker).await.unwrap();
        assert_eq!(views[0].connection.consent.valid_until, until);
        assert_eq!(views.len(), 1);
    }

    until_the_new_access_is_there_the_old_one_works(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let flow = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
        assert_eq!(house.engine.begin_renewal(&house.asker, connection).await.unwrap(), flow, "pressed twice is one");
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
        house.restart().await;
        house.clock.advance(jiff::SignedDuration::from_mins(20));
        let page = come_back(house, flow, &Answers::default()).await;
        assert_eq!(renewed(&page).missing, 0);
        let twice = house.engine.poll_flow(&house.asker, flow).await.unwrap().page;
        assert!(matches!(twice, FlowPage::Renewed { .. }));
        assert!(house.engine.work_once().await.unwrap());
        assert!(!house.engine.work_once().await.unwrap(), "one sync follows, not two");
    }

    somebody_else_signing_in_is_no_renewal(house) {
        // The provider's own sandbox bank shows other numbers after each consent.
        let connection = house.with_bank(SANDBOX_FINANCE).await;
        let page = renew(house, connection, &Answers::default()).await;
        let FlowPage::Failed { fault } = &page else { panic!("{page:?}") };
        assert_eq!(fault.code, "renewal.other_accounts");
        assert_eq!(house.sandbox.consents(), 1, "the useless access is ended at once");
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done), "the old one works on");
    }

    a_flow_that_nobody_comes_back_to_leaves_nothing_behind(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let flow = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
        let FlowPage::Open { url, .. } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!() };
        house.engine.tidy_flows().await.unwrap();
        assert_eq!(house.sandbox.consents(), 2, "its time is not over");
        // They agree at the bank, but their browser never comes back.
        house.sandbox.visit(&url.parse().unwrap(), &Answers::default()).await.unwrap();
        house.clock.advance(jiff::SignedDuration::from_mins(75));
        house.engine.tidy_flows().await.unwrap();
        assert_eq!(house.sandbox.consents(), 1);
        assert!(matches!(house.engine.poll_flow(&house.asker, flow).await.unwrap().page, FlowPage::Expired));
        assert_ne!(house.engine.begin_renewal(&house.asker, connection).await.unwrap(), flow);
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
    }

    unsync_keeps_the_rows_and_a_new_sync_doubles_nothing(house) {
        let connection = house.with_bank(LOCKSIDE).await;
        let accounts = house.engine.accounts(&house.asker).await.unwrap();
        let account = accounts[0].account.clone();
        let before = house.rows(account.id).await;
        let run = house.engine.sync_connection(&house.asker, connection).await.unwrap();
        let ended = house.engine.unsync(&house.asker, connection).await.unwrap();
        assert!(ended.not_revoked.is_none(), "{ended:?}");
        assert_eq!(house.sandbox.consents(), 0, "revoked at the provider");
        assert_eq!(house.engine.run(&house.asker, run).await.unwrap().run.outcome, Some(RunOutcome::Failed));
        assert!(!house.engine.work_once().await.unwrap(), "nothing is left to do");
        assert!(house.engine.connections(&house.asker).await.unwrap().is_empty());
        let view = house.engine.account(&house.asker, account.id).await.unwrap();
        assert_eq!(view.status.status, Status::WithoutBank);
        assert_eq!(house.rows(account.id).await, before);
        for answer in [
            house.engine.unsync(&house.asker, connection).await.map(|_| ()),
            house.engine.sync_connection(&house.asker, connection).await.map(|_| ()),
        ] {
            assert!(matches!(answer, Err(EngineError::NotFound(_))), "{answer:?}");
        }
        let answer = house.engine.begin_renewal(&house.asker, connection).await;
        assert!(matches!(answer, Err(EngineError::Conflict(_))), "{answer:?}");

        house.clock.advance_days(2);
        let anew = house.connect(LOCKSIDE).await;
        let offer = house.engine.link_offer(&house.asker, anew, None).await.unwrap();
        let choices: Vec<_> = offer
            .accounts
            .iter()
            .map(|offered| bankside_engine::LinkChoice {
                bank_account: offered.bank_account.id,
                asset: None,
                target: offered.suggestion.clone(),
                import_from: offered.import_from,
                flips_sign: None,
            })
            .collect();
        assert!(choices.iter().any(|choice| choice.target == LinkTarget::Existing(account.id)), "{choices:?}");
        house.engine.link(&house.asker, anew, &choices).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        assert_eq!(house.engine.accounts(&house.asker).await.unwrap().len(), accounts.len());
        let after = house.rows(account.id).await;
        let booked = |rows: &[String]| rows.iter().filter(|row| !row.contains("Pending")).count();
        assert!(booked(&after) >= booked(&before));
        let settled: Vec<&String> = before.iter().filter(|row| !row.contains("Pending")).collect();
        assert!(settled.iter().all(|row| after.contains(row)));
        let view = house.engine.account(&house.asker, account.id).await.unwrap();
        let line = house.engine.bank_line(&house.asker, &view.status).await.unwrap().unwrap();
        assert_eq!(line.bank.stated.minor, view.account.balance_minor());
        house.clock.advance_days(1);
        house.sync(anew).await;
        let view = house.engine.account(&house.asker, account.id).await.unwrap();
        assert!(view.status.is_proven(), "{:?}", view.status);
    }

    an_account_that_is_unlinked_during_a_run_does_not_bring_it_down(house) {
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        let run = house.link_all(connection).await;
        let giro = house.account("Girokonto").await.account.id;
        let due = house.engine.claim().await.unwrap().unwrap();
        house.engine.fetch_phase(&due).await.unwrap();
        house.engine.unlink(&house.asker, giro).await.unwrap();
        house.engine.books_phase(&due).await.unwrap();
        house.engine.end_phase(&due, None).await.unwrap();
        let run = house.engine.run(&house.asker, run).await.unwrap();
        assert_eq!(run.run.outcome, Some(RunOutcome::Partly));
        assert!(house.rows(giro).await.is_empty());
        let savings = house.account("Tagesgeld").await;
        assert!(matches!(savings.status.status, Status::UpToDate { .. }), "the other one is whole: {:?}", savings.status);
    }

    a_return_long_after_its_time_connects_nothing(house) {
        house.type_keys().await;
        let flow = house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await.unwrap();
        let FlowPage::Open { url, .. } = house.engine.flow(&house.asker, flow).await.unwrap().page else { panic!() };
        let back = house.sandbox.visit(&url.parse().unwrap(), &Answers::default()).await.unwrap();
        let fields: BTreeMap<String, String> = back.query_pairs().into_owned().collect();
        house.clock.advance(jiff::SignedDuration::from_mins(61));
        house.engine.returned(fields, house.asker.person()).await.unwrap();
        assert!(matches!(house.engine.poll_flow(&house.asker, flow).await.unwrap().page, FlowPage::Expired));
        assert!(house.engine.connections(&house.asker).await.unwrap().is_empty());
        house.clock.advance(jiff::SignedDuration::from_mins(11));
        house.engine.tidy_flows().await.unwrap();
        assert_eq!(house.sandbox.consents(), 0, "what was agreed too late does not run on");
    }

    unsync_works_without_the_provider_and_says_so(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        house.stop_sandbox().await;
        let ended = house.engine.unsync(&house.asker, connection).await.unwrap();
        assert_eq!(ended.not_revoked.map(|fault| fault.code), Some("network.unreachable".to_owned()));
        assert!(house.engine.connections(&house.asker).await.unwrap().is_empty());
        let audit = house.engine.audit(&house.asker).await.unwrap();
        assert!(audit.iter().any(|entry| entry.action == "connection.ended" && entry.detail.contains("not revoked")));
    }
}

/// A card has no number that only it has: it is known by what the provider calls it, or by its last digits.
mod cards {
    use super::*;

    const CARD: &str = "AMERICAN_EXPRESS_AESUDEF1";

    async fn unsynced_and_back(house: &mut House) {
        let connection = house.with_bank(CARD).await;
        let accounts = house.engine.accounts(&house.asker).await.unwrap();
        let before = house.rows(accounts[0].account.id).await;
        assert!(!before.is_empty());
        house.engine.unsync(&house.asker, connection).await.unwrap();
        house.clock.advance_days(1);
        let anew = house.connect(CARD).await;
        let offer = house.engine.link_offer(&house.asker, anew, None).await.unwrap();
        assert_eq!(offer.accounts[0].suggestion, LinkTarget::Existing(accounts[0].account.id));
        assert_eq!(offer.accounts[0].bank_account.fed_before.map(|(account, _)| account), Some(accounts[0].account.id));
        let choices: Vec<_> = offer
            .accounts
            .iter()
            .map(|offered| bankside_engine::LinkChoice {
                bank_account: offered.bank_account.id,
                asset: None,
                target: offered.suggestion.clone(),
                import_from: offered.import_from,
                flips_sign: None,
            })
            .collect();
        house.engine.link(&house.asker, anew, &choices).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        let after = house.rows(accounts[0].account.id).await;
        let booked = |rows: &[String]| {
            let mut booked: Vec<String> = rows.iter().filter(|row| !row.contains("Pending")).cloned().collect();
            booked.sort();
            booked
        };
        let (booked_before, booked_after) = (booked(&before), booked(&after));
        assert!(booked_before.iter().all(|row| booked_after.contains(row)));
        assert!(booked_after.len() <= booked_before.len() + 5, "{} and {}", booked_before.len(), booked_after.len());

        let outcome = renewed(&renew(house, anew, &Answers::default()).await);
        assert_eq!((outcome.new, outcome.missing), (0, 0), "{outcome:?}");
    }

    #[tokio::test]
    async fn under_the_same_id() {
        unsynced_and_back(&mut House::open(bankside_testkit::Engine::Sqlite).await).await;
    }

    #[tokio::test]
    async fn under_another_id() {
        let switches = Switches::default().turned("account_ids_survive_relink").unwrap();
        unsynced_and_back(&mut House::open_with(bankside_testkit::Engine::Postgres, switches).await).await;
    }
}

/// A British bank whose consents are confirmed anew every 90 days (fact sheet §4).
mod reconfirmed {
    use bankside_domain::consent::days_between;

    use super::*;

    async fn every_ninety_days(house: &mut House) {
        let connection = house.with_bank(LOCKSIDE).await;
        let days_left = async |house: &House| {
            let view = house.engine.connections(&house.asker).await.unwrap().remove(0);
            days_between(house.engine.ambient().now(), view.connection.consent.valid_until.unwrap())
        };
        assert_eq!(days_left(house).await, 90);
        house.clock.advance_days(80);
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
        let account = house.engine.accounts(&house.asker).await.unwrap().remove(0);
        assert!(matches!(account.status.status, Status::RenewBy { days: 10, .. }), "{:?}", account.status);

        let page = renew(house, connection, &Answers { cancels: true, ..Answers::default() }).await;
        assert!(
            matches!(page, FlowPage::Cancelled { .. } | FlowPage::Failed { .. } | FlowPage::Open { .. }),
            "{page:?}"
        );
        if let FlowPage::Open { .. } = page {
            let open = house.engine.begin_renewal(&house.asker, connection).await.unwrap();
            house.engine.cancel_flow(&house.asker, open).await.unwrap();
        }
        assert_eq!(house.sandbox.consents(), 1, "what is called off leaves the access that is in use alone");
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));

        let outcome = renewed(&renew(house, connection, &Answers::default()).await);
        assert_eq!((outcome.new, outcome.missing), (0, 0));
        assert_eq!(house.sandbox.consents(), 1, "it is the same consent, confirmed, and not another one");
        assert_eq!(days_left(house).await, 90);
        assert!(house.engine.work_once().await.unwrap());
        house.clock.advance_days(20);
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done), "beyond the 90th day");

        // Too late to confirm: a consent anew, with the same button.
        house.clock.advance_days(200);
        let account = house.engine.accounts(&house.asker).await.unwrap().remove(0);
        assert_eq!(account.status.status, Status::RenewNow);
        renewed(&renew(house, connection, &Answers::default()).await);
        assert!(house.engine.work_once().await.unwrap());
        assert_eq!(house.sandbox.consents(), 1);
        let account = house.engine.accounts(&house.asker).await.unwrap().remove(0);
        assert!(matches!(account.status.status, Status::UpToDate { .. }), "{:?}", account.status);
    }

    fn switches() -> Switches {
        Switches::default().turned("company_may_reconfirm").unwrap()
    }

    #[tokio::test]
    async fn sqlite() {
        let mut house = House::open_with(bankside_testkit::Engine::Sqlite, switches()).await;
        every_ninety_days(&mut house).await;
    }

    #[tokio::test]
    async fn postgres() {
        let mut house = House::open_with(bankside_testkit::Engine::Postgres, switches()).await;
        every_ninety_days(&mut house).await;
    }
}

/// The provider calls every account and every row something new after a renewal.
mod under_new_ids {
    use super::*;

    fn switches() -> Switches {
        let turned = Switches::default().turned("account_ids_survive_relink");
        turned.and_then(|switches| switches.turned("internal_ids_survive_relink")).unwrap()
    }

    #[tokio::test]
    async fn sqlite() {
        let mut house = House::open_with(bankside_testkit::Engine::Sqlite, switches()).await;
        runs_out_and_is_renewed(&mut house).await;
    }

    #[tokio::test]
    async fn postgres() {
        let mut house = House::open_with(bankside_testkit::Engine::Postgres, switches()).await;
        runs_out_and_is_renewed(&mut house).await;
    }

    /// The normal form of contents has changed since the rows came: a renewal after which only their contents recognise them.
    #[tokio::test]
    async fn contents_of_an_older_normal_form_are_recognised() {
        let house = House::open_with(bankside_testkit::Engine::Sqlite, switches()).await;
        let connection = house.with_bank(LOCKSIDE).await;
        let account = house.engine.accounts(&house.asker).await.unwrap().remove(0).account.id;
        let before = house.rows(account).await;
        let older = "UPDATE feed_row_versions SET fingerprint = randomblob(16), fingerprint_version = 0";
        let all = house.sql(older).await;
        renewed(&renew(&house, connection, &Answers::default()).await);
        assert!(house.engine.work_once().await.unwrap());
        assert_eq!(house.rows(account).await, before);
        // Only what a run looks at is made anew, and that once.
        let renewed = house.sql("UPDATE feed_row_versions SET position = position WHERE fingerprint_version > 0").await;
        assert!(renewed >= 10 && renewed < all, "{renewed} of {all}");
        assert_eq!(house.sync(connection).await.run.outcome, Some(RunOutcome::Done));
        assert_eq!(house.rows(account).await, before);
    }
}
