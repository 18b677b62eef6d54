//! An installation that asks organizations for a subscription: without one nothing is begun, when it ends syncs pause, and what is there
//! stays.

use bankside_connect::Registry;
use bankside_domain::Role;
use bankside_domain::run::{RunOutcome, Trigger};
use bankside_domain::schedule::NextImport;
use bankside_domain::status::Status;
use bankside_domain::subscription::Subscription;
use bankside_engine::{EngineError, MailSettings};

use crate::house::{House, NORDHAFEN, on_both};
use crate::mail::MailServer;
use crate::notices::text;

impl House {
    async fn sell(&mut self, mail: Option<MailSettings>) {
        self.restart_with(Registry::all(), move |all| {
            all.requires_subscription = true;
            all.mail = mail;
        })
        .await;
    }

    async fn subscribe(&self, days: i64) {
        self.engine.subscribe(self.asker.organization, self.clock_day(days)).await.unwrap();
    }
}

fn is_refused<T: std::fmt::Debug>(result: &Result<T, EngineError>, code: &str) {
    assert!(matches!(result, Err(EngineError::Outside(fault)) if fault.code == code), "{result:?}");
}

on_both! {
    without_one_nothing_is_begun_and_everything_else_works(house) {
        assert_eq!(house.engine.subscription(&house.asker).await.unwrap(), None, "a household of one's own needs none");
        house.sell(None).await;
        assert_eq!(house.engine.subscription(&house.asker).await.unwrap(), Some(Subscription::None));
        house.type_keys().await;
        is_refused(&house.engine.begin_connecting(&house.asker, "gocardless", NORDHAFEN, None).await, "subscription.none");
        is_refused(&house.engine.begin_hosted(&house.asker, "gocardless", "House", None).await, "subscription.none");
        is_refused(&house.engine.sync_all(&house.asker).await, "subscription.none");
        is_refused(&house.engine.logins(&house.asker, "gocardless").await, "subscription.none");
        assert!(house.engine.accounts(&house.asker).await.unwrap().is_empty());
        let nothing_to_end = house.engine.end_subscription(house.asker.organization).await;
        assert!(matches!(nothing_to_end, Err(EngineError::Conflict(_))), "{nothing_to_end:?}");
        house.subscribe(0).await;
        house.connect(NORDHAFEN).await;
    }

    when_it_ends_syncs_pause_and_say_why_and_with_another_they_go_on(house) {
        house.sell(None).await;
        house.subscribe(2).await;
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = house.rows(giro).await;
        house.clock.advance_days(2);
        assert_eq!(house.engine.enqueue_due_imports().await.unwrap(), 1, "the last day belongs to it");
        assert!(house.engine.work_once().await.unwrap());
        assert_eq!(house.latest_run().await.run.outcome, Some(RunOutcome::Done));
        let before = if house.rows(giro).await.len() > before.len() { house.rows(giro).await } else { before };
        // What waits in the queue when it ends, ends too.
        let run = house.engine.sync_connection(&house.asker, connection).await.unwrap();
        house.clock.advance_days(1);
        let calls = house.data_calls.load(std::sync::atomic::Ordering::SeqCst);
        assert!(house.engine.work_once().await.unwrap());
        let ended = house.engine.run(&house.asker, run).await.unwrap().run;
        assert_eq!(ended.outcome, Some(RunOutcome::Failed));
        assert_eq!(ended.fault.unwrap().code, "subscription.ended");

        house.clock.advance_days(3);
        assert_eq!(house.engine.enqueue_due_imports().await.unwrap(), 0);
        assert_eq!(house.engine.next_imports(&house.asker).await.unwrap()[&connection], NextImport::NeedsPerson);
        is_refused(&house.engine.sync_connection(&house.asker, connection).await, "subscription.ended");
        is_refused(&house.engine.get_accounts(&house.asker, connection).await, "subscription.ended");
        is_refused(&house.engine.begin_renewal(&house.asker, connection).await, "subscription.ended");
        assert_eq!(house.data_calls.load(std::sync::atomic::Ordering::SeqCst), calls, "no bank is asked");
        let status = house.account("Girokonto").await.status.status;
        assert!(matches!(&status, Status::OperatorNeeded(fault) if fault.message.contains("Syncs are paused")), "{status:?}");
        assert_eq!(house.rows(giro).await, before, "what is there stays");

        house.subscribe(30).await;
        assert_eq!(house.engine.enqueue_due_imports().await.unwrap(), 1, "and what was missed is caught up with");
        assert!(house.engine.work_once().await.unwrap());
        let run = house.latest_run().await.run;
        assert_eq!((run.trigger, run.outcome), (Trigger::Schedule, Some(RunOutcome::Done)));
        house.engine.end_subscription(house.asker.organization).await.unwrap();
        assert!(matches!(house.engine.subscription(&house.asker).await.unwrap(), Some(Subscription::Ended { .. })));
        assert!(house.engine.unsync(&house.asker, connection).await.unwrap().not_revoked.is_none(), "ending goes on");
    }

    those_who_manage_banks_are_told_before_its_end_and_once_at_it(house) {
        house.join("ada", Role::Admin).await;
        house.join("bo", Role::Member).await;
        let server = MailServer::start(&[]).await;
        house.sell(Some(server.settings())).await;
        assert_eq!(house.look().await, 0, "what there has never been cannot end");
        house.subscribe(20).await;
        assert_eq!(house.look().await, 0);
        house.clock.advance_days(8);
        assert_eq!(house.look().await, 1);
        assert_eq!(house.look().await, 0, "once");
        house.clock.advance_days(13);
        assert_eq!(house.look().await, 1);
        house.clock.advance_days(40);
        assert_eq!(house.look().await, 0);
        let mails: Vec<String> = server.taken().iter().map(|mail| text(mail)).collect();
        assert!(mails.iter().all(|mail| mail.contains("ada@example.org")), "{mails:?}");
        assert!(mails[0].contains("ends with") && mails[0].contains("/banks"), "{}", mails[0]);
        assert!(mails[1].contains("Syncs are paused"), "{}", mails[1]);
        // Another one is told of anew.
        house.subscribe(3).await;
        assert_eq!(house.look().await, 1);
    }
}
