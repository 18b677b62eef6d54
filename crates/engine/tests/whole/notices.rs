//! Mails about access that ends and syncs that fail: when one is sent, to whom, what it says, and that none comes twice.

use bankside_domain::status::Status;
use bankside_domain::{Asker, ConnectionId, Role, Secret};
use bankside_engine::Placing;
use bankside_sandbox::Answers;
use jiff::{SignedDuration, Timestamp};

use crate::house::{House, LOCKSIDE, NORDHAFEN, on_both};
use crate::mail::MailServer;
use crate::renewals::renew;

impl House {
    /// Somebody who is invited, joins, and has an address.
    pub(crate) async fn join(&self, name: &str, role: Role) -> Asker {
        let invited =
            self.engine.invite(&self.asker, &format!("{name}@example.org"), Placing::role(role)).await.unwrap();
        let link = invited[0].link.as_ref().unwrap().expose().to_owned();
        let token = link.rsplit('/').next().unwrap();
        let (signed_in, _) = self.engine.join_as_new(token, name, Secret::new("correct horse battery")).await.unwrap();
        self.engine.memberships(signed_in.person).await.unwrap()[0].asker.clone()
    }

    async fn ends_at(&self, connection: ConnectionId) -> Timestamp {
        let views = self.engine.connections(&self.asker).await.unwrap();
        let view = views.iter().find(|view| view.connection.id == connection).unwrap();
        view.connection.consent.valid_until.unwrap()
    }

    /// Turns the clock to so many hours before a moment, or after it.
    fn turn_to(&self, moment: Timestamp, hours: i64) {
        let to = moment + SignedDuration::from_hours(hours);
        self.clock.advance(to.duration_since(self.engine.ambient().now()));
    }

    /// Looks at what is due and sends it; answers how many mails there were.
    pub(crate) async fn look(&self) -> usize {
        let queued = self.engine.send_due_notices().await.unwrap();
        while self.engine.send_once().await.unwrap() {}
        queued
    }
}

/// The text of a mail, with its folded lines whole again.
pub(crate) fn text(mail: &str) -> String {
    mail.replace("=\r\n", "").replace("\r\n", "\n")
}

on_both! {
    an_end_is_told_of_three_times_before_and_once_after_and_a_renewal_begins_anew(house) {
        house.join("ada", Role::Admin).await;
        house.join("bo", Role::Member).await;
        let server = MailServer::start(&[]).await;
        house.with_mail(&server).await;
        let connection = house.with_bank(NORDHAFEN).await;
        assert_eq!(house.look().await, 0);
        let end = house.ends_at(connection).await;
        let day = 24;
        house.turn_to(end, -14 * day - 1);
        assert_eq!(house.look().await, 0);
        for (hours, left) in [(-14 * day, "14 days left"), (-7 * day, "7 days left"), (-day, "1 day left")] {
            house.turn_to(end, hours);
            let status = house.account("Girokonto").await.status.status;
            let Status::RenewBy { days, .. } = status else { panic!("{status:?}") };
            assert!(left.starts_with(&format!("{days} ")), "mail and page say the same: {days}");
            let (one, other) = tokio::join!(house.engine.send_due_notices(), house.engine.send_due_notices());
            assert_eq!(one.unwrap() + other.unwrap(), 1, "two machines look, and only those who manage banks are told");
            assert_eq!(house.look().await, 0);
            let mail = text(server.taken().last().unwrap());
            assert!(mail.contains("ada@example.org") && mail.contains(left), "{mail}");
            house.clock.advance(SignedDuration::from_hours(8));
            assert_eq!(house.look().await, 0, "once");
        }
        let mail = text(&server.taken()[0]);
        for part in [
            "Subject: Nordhafen Bank: access ends on ",
            "Girokonto (ending in ",
            "The limit is the bank's and the provider's. Resync takes a minute and keeps all links.",
            &format!("http://127.0.0.1:5006/o/{}/banks", house.asker.organization),
        ] {
            assert!(mail.contains(part), "{part}: {mail}");
        }
        house.turn_to(end, 1);
        assert_eq!(house.look().await, 1);
        assert!(text(server.taken().last().unwrap()).contains("Access has ended."));
        house.clock.advance_days(30);
        assert_eq!(house.look().await, 0);
        assert_eq!(server.taken().len(), 4);

        renew(house, connection, &Answers::default()).await;
        assert_eq!(house.look().await, 0);
        let anew = house.ends_at(connection).await;
        assert!(anew > end);
        // Nothing ran for a while: of what was missed, the nearest is told.
        house.turn_to(anew, -3 * day);
        assert_eq!(house.look().await, 1);
        assert!(text(server.taken().last().unwrap()).contains(" 3 days left"));
        house.clock.advance(SignedDuration::from_hours(20));
        assert_eq!(house.look().await, 0);
    }

    all_that_is_due_is_told_in_one_mail_to_each_and_what_waits_is_tried_again(house) {
        house.join("ada", Role::Admin).await;
        house.join("eve", Role::Owner).await;
        let server = MailServer::start(&["451 busy, come again"]).await;
        house.with_mail(&server).await;
        house.with_bank(NORDHAFEN).await;
        let lockside = house.connect(LOCKSIDE).await;
        house.link_all(lockside).await;
        assert!(house.engine.work_once().await.unwrap());
        house.clock.advance_days(200);
        assert_eq!(house.look().await, 2, "one for each of both");
        assert_eq!(server.taken().len(), 1);
        house.clock.advance(SignedDuration::from_mins(2));
        assert_eq!(house.look().await, 0);
        let taken = server.taken();
        assert_eq!(taken.len(), 2);
        let mails: Vec<String> = taken.iter().map(|mail| text(mail)).collect();
        for mail in &mails {
            assert!(mail.contains("Subject: News of 2 bank syncs of Demo household"), "{mail}");
            assert!(mail.contains("Nordhafen Bank\n") && mail.contains("Lockside"), "{mail}");
        }
        assert!(["ada@", "eve@"].iter().all(|who| mails.iter().any(|mail| mail.contains(who))));
    }

    a_failing_is_told_of_when_it_has_lasted_a_day_or_at_once_where_somebody_must_act(house) {
        house.join("ada", Role::Admin).await;
        let server = MailServer::start(&[]).await;
        house.with_mail(&server).await;
        let connection = house.with_bank(NORDHAFEN).await;
        house.stop_sandbox().await;
        house.clock.advance_days(1);
        house.sync(connection).await;
        assert_eq!(house.look().await, 0, "it may pass");
        house.clock.advance_days(1);
        assert_eq!(house.look().await, 0, "it has not been tried again");
        house.sync(connection).await;
        assert_eq!(house.look().await, 1);
        let mail = text(server.taken().last().unwrap());
        assert!(mail.contains("Subject: Nordhafen Bank: syncs fail") && mail.contains("goes on trying by itself"), "{mail}");
        house.clock.advance_days(2);
        house.sync(connection).await;
        assert_eq!(house.look().await, 0, "once");
        house.engine.reset_keys(&house.asker, "gocardless").await.unwrap();
        house.sync(connection).await;
        assert_eq!(house.look().await, 1, "what was said to pass does not");
        assert!(text(server.taken().last().unwrap()).contains("waiting does not help"));
        house.clock.advance_days(1);
        house.sync(connection).await;
        assert_eq!(house.look().await, 0);
    }

    whoever_wants_none_gets_none_and_nothing_counts_as_told_that_nobody_was_told(house) {
        let server = MailServer::start(&[]).await;
        let connection = house.with_bank(NORDHAFEN).await;
        let end = house.ends_at(connection).await;
        house.turn_to(end, -10 * 24);
        assert_eq!(house.look().await, 0, "no mail server");
        let ada = house.join("ada", Role::Admin).await;
        house.with_mail(&server).await;
        house.engine.set_notice_mails(&ada, false).await.unwrap();
        assert_eq!(house.look().await, 0, "the owner has no address, and nobody else wants any");
        house.turn_to(end, -6 * 24);
        house.engine.set_notice_mails(&ada, true).await.unwrap();
        assert_eq!(house.engine.send_due_notices().await.unwrap(), 1);
        house.engine.set_notice_mails(&ada, false).await.unwrap();
        assert!(!house.engine.send_once().await.unwrap(), "what waits is stopped, too");
        house.engine.set_notice_mails(&ada, true).await.unwrap();
        house.engine.unsync(&house.asker, connection).await.unwrap();
        house.turn_to(end, 24);
        assert_eq!(house.look().await, 0, "nobody is told of what was ended");
        assert!(server.taken().is_empty());
    }
}
