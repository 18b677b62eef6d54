//! Notices: what was sent stands beside the mails that tell it, both or neither, and mails stop with the place of their recipient.

use bankside_domain::notice::{DueNotice, Notice};
use bankside_domain::{Asker, PersonId, Role};
use bankside_vault::Sealed;
use jiff::{SignedDuration, Timestamp};

use crate::tests::on_both;
use crate::tests::world::World;
use crate::{NewMail, NewPerson, NoticeMail, NoticeOrganization, Placing, StoreError};

impl World {
    async fn to_notice(&self) -> NoticeOrganization {
        self.store.to_notice_as_system().await.unwrap().remove(0)
    }

    pub(crate) fn system(&self) -> Asker {
        Asker::system(self.asker.organization)
    }

    /// Somebody with an address and a place.
    async fn somebody(&self, name: &str, placing: Placing) -> PersonId {
        let new = NewPerson {
            name: name.into(),
            email: Some(format!("{name}@example.org")),
            password_hash: "x".into(),
            is_operator: false,
        };
        let person = self.store.add_person_as_system(&new).await.unwrap();
        let invitation = crate::NewInvitation {
            id: self.ambient.id(),
            email: format!("{name}@example.org"),
            placing,
            token_digest: self.ambient.random(),
            expires_at: self.ambient.now() + SignedDuration::from_hours(24),
            mail: None,
        };
        self.store.invite(&self.asker, &invitation).await.unwrap();
        self.store.join_as_system(&invitation.token_digest, person).await.unwrap();
        person
    }

    /// Mails to everybody who wants them.
    async fn notices(&self) -> Vec<NoticeMail> {
        let recipients = self.store.notice_recipients(&self.system()).await.unwrap();
        let mail = || NewMail {
            id: self.ambient.id(),
            subject: "Access ends".into(),
            data_key: self.wrapped.clone(),
            body: Sealed::from_bytes(vec![1, 2, 3]),
        };
        recipients.into_iter().map(|to| NoticeMail { to, mail: mail() }).collect()
    }

    fn due(&self, notice: Notice) -> Vec<(bankside_domain::ConnectionId, DueNotice)> {
        let about_at: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        vec![(self.connection, DueNotice { notice, about_at, days_left: None })]
    }

    async fn send(&self, seen: i64, notice: Notice) -> Result<bool, StoreError> {
        self.store.send_notices(&self.system(), seen, &self.due(notice), &self.notices().await).await
    }

    /// To whom mails are on their way, which are sent with this.
    async fn on_their_way(&self) -> Vec<String> {
        let mut to = Vec::new();
        while let Some(mail) = self.store.claim_mail_as_system(SignedDuration::from_mins(5)).await.unwrap() {
            self.store.mail_sent(&mail.lease).await.unwrap();
            to.push(mail.recipient);
        }
        to.sort();
        to
    }
}

on_both! {
    what_was_sent_stands_beside_its_mails_or_neither_does(world) {
        world.somebody("ada", Placing::role(Role::Admin)).await;
        world.somebody("bo", Placing::role(Role::Member)).await;
        assert_eq!(world.to_notice().await.sent_count, 0);
        // A mail that cannot be written: its id is taken.
        let mut mails = world.notices().await;
        mails.push(mails[0].clone());
        let broken = world.store.send_notices(&world.system(), 0, &world.due(Notice::EndsWithin7), &mails).await;
        assert!(broken.is_err());
        assert_eq!(world.to_notice().await.sent_count, 0, "nothing counts as told");
        assert!(world.on_their_way().await.is_empty());

        assert!(world.send(0, Notice::EndsWithin7).await.unwrap());
        assert!(!world.send(0, Notice::EndsWithin1).await.unwrap(), "somebody was faster");
        assert_eq!(world.on_their_way().await, ["ada@example.org"], "only who manages banks and has an address");
        let known = world.to_notice().await;
        let sent = &known.connections[0].sent;
        assert_eq!((known.sent_count, sent.len(), sent[0].notice), (1, 1, Notice::EndsWithin7));
        assert_eq!(known.last_at, Some(sent[0].sent_at));
        let denied = world.store.send_notices(&world.asker, 1, &world.due(Notice::Ended), &[]).await;
        assert!(matches!(denied, Err(StoreError::Denied(_))), "only Bankside itself sends: {denied:?}");
    }

    mails_that_wait_stop_with_the_place_of_their_recipient(world) {
        let group = world.store.add_group(&world.asker, "Treasury", Role::Admin, None).await.unwrap();
        let in_group = Placing { group: Some(group), ..Placing::role(Role::Viewer) };
        let ada = world.somebody("ada", Placing::role(Role::Admin)).await;
        let eve = world.somebody("eve", Placing::role(Role::Admin)).await;
        world.somebody("joe", in_group).await;
        world.somebody("kim", Placing::role(Role::Admin)).await;
        assert!(world.send(0, Notice::EndsWithin7).await.unwrap());
        world.store.remove_member(&world.asker, ada).await.unwrap();
        world.store.place_member(&world.asker, eve, Placing::role(Role::Viewer)).await.unwrap();
        world.store.change_group(&world.asker, group, "Treasury", Role::Viewer, None).await.unwrap();
        assert_eq!(world.on_their_way().await, ["kim@example.org"]);
        assert!(world.send(1, Notice::EndsWithin1).await.unwrap());
        assert_eq!(world.on_their_way().await, ["kim@example.org"]);
    }
}
