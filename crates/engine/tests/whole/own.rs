//! What a person changes of themselves: address and password, each with the password that they have.

use bankside_domain::Secret;
use bankside_engine::{AddressChanged, EngineError, Person};

use crate::house::{House, on_both};
use crate::mail::MailServer;
use crate::notices::text;

const PASSWORD: &str = "correct horse battery";

impl House {
    async fn me(&self) -> (Person, String) {
        let signed_in = self.engine.sign_in("owner", Secret::new(PASSWORD), "test").await.unwrap();
        let token = signed_in.token.expose().to_owned();
        (self.engine.session(&token).await.unwrap().unwrap(), token)
    }

    async fn change(&self, person: &Person, password: &str, email: &str) -> Result<AddressChanged, EngineError> {
        self.engine.change_address(&self.asker, person, Secret::new(password), email).await
    }
}

fn field<T: std::fmt::Debug>(result: Result<T, EngineError>) -> &'static str {
    match result {
        Err(EngineError::Invalid { field, .. }) => field,
        other => panic!("{other:?}"),
    }
}

/// The token of the link in a mail.
fn token(mail: &str) -> String {
    let text = text(mail);
    let (_, rest) = text.split_once("/address/").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

on_both! {
    an_address_is_changed_at_once_where_nobody_mails_and_only_with_the_password(house) {
        let (me, _) = house.me().await;
        assert_eq!(field(house.change(&me, "wrong", "ada@example.org").await), "current");
        assert_eq!(field(house.change(&me, PASSWORD, "no address").await), "email");
        assert_eq!(house.change(&me, PASSWORD, " ada@example.org ").await.unwrap(), AddressChanged::AtOnce);
        house.engine.sign_in("ADA@example.org", Secret::new(PASSWORD), "test").await.unwrap();
        assert_eq!(house.change(&me, PASSWORD, "").await.unwrap(), AddressChanged::AtOnce);
        assert!(house.engine.sign_in("ada@example.org", Secret::new(PASSWORD), "test").await.is_err());
        // Guessing is paused as it is at the door.
        for _ in 0..5 {
            assert_eq!(field(house.change(&me, "wrong", "ada@example.org").await), "current");
        }
        let paused = house.change(&me, PASSWORD, "ada@example.org").await;
        assert!(matches!(paused, Err(EngineError::Throttled { .. })), "{paused:?}");
    }

    a_new_address_holds_once_its_link_is_opened_and_the_old_one_is_told(house) {
        let (me, _) = house.me().await;
        house.change(&me, PASSWORD, "old@example.org").await.unwrap();
        let server = MailServer::start(&[]).await;
        house.with_mail(&server).await;
        let (me, _) = house.me().await;
        assert_eq!(house.change(&me, PASSWORD, "first@example.org").await.unwrap(), AddressChanged::LinkSent);
        assert_eq!(house.change(&me, PASSWORD, "new@example.org").await.unwrap(), AddressChanged::LinkSent);
        while house.engine.send_once().await.unwrap() {}
        let mails = server.taken();
        let to = |address: &str| mails.iter().filter(|mail| mail.contains(&format!("RCPT TO:<{address}>"))).collect::<Vec<_>>();
        assert_eq!((to("first@example.org").len(), to("new@example.org").len(), to("old@example.org").len()), (1, 1, 2));
        assert!(!text(to("old@example.org")[0]).contains("/address/"), "the link goes to the new one alone");
        assert_eq!(house.engine.address_in_waiting(&me).await.unwrap().as_deref(), Some("new@example.org"));
        assert_eq!(house.me().await.0.email.as_deref(), Some("old@example.org"), "nothing has changed yet");
        let superseded = house.engine.take_address(&token(to("first@example.org")[0])).await;
        assert!(matches!(superseded, Err(EngineError::NotFound(_))), "{superseded:?}");
        let link = token(to("new@example.org")[0]);
        assert_eq!(house.engine.wanted_address(&link).await.unwrap(), ("owner".to_owned(), "new@example.org".to_owned()));
        house.engine.take_address(&link).await.unwrap();
        assert_eq!(house.me().await.0.email.as_deref(), Some("new@example.org"));
        assert!(house.engine.take_address(&link).await.is_err(), "it works once");
        assert_eq!(house.engine.address_in_waiting(&me).await.unwrap(), None);
        // Whoever changes their password after the mail to the old address has called it off.
        house.change(&me, PASSWORD, "thief@example.org").await.unwrap();
        while house.engine.send_once().await.unwrap() {}
        let mails = server.taken();
        let stolen = token(mails.iter().find(|mail| mail.contains("RCPT TO:<thief@example.org>")).unwrap());
        let (me, session) = house.me().await;
        house.engine.change_password(&me, Secret::new(PASSWORD), Secret::new(PASSWORD), &session).await.unwrap();
        assert!(matches!(house.engine.take_address(&stolen).await, Err(EngineError::NotFound(_))));
        // A day later a link leads nowhere.
        house.change(&me, PASSWORD, "late@example.org").await.unwrap();
        while house.engine.send_once().await.unwrap() {}
        let late = server.taken().into_iter().rfind(|mail| mail.contains("late@example.org") && mail.contains("address/")).unwrap();
        house.clock.advance_days(2);
        assert!(house.engine.take_address(&token(&late)).await.is_err());
    }

    another_password_ends_every_other_session(house) {
        let (me, here) = house.me().await;
        let (_, elsewhere) = house.me().await;
        let change = |current: &'static str, new: &'static str| {
            house.engine.change_password(&me, Secret::new(current), Secret::new(new), &here)
        };
        assert_eq!(field(change("wrong", "another good one").await), "current");
        assert_eq!(field(change(PASSWORD, "short").await), "password");
        change(PASSWORD, "another good one").await.unwrap();
        assert!(house.engine.session(&here).await.unwrap().is_some());
        assert!(house.engine.session(&elsewhere).await.unwrap().is_none());
        assert!(house.engine.sign_in("owner", Secret::new(PASSWORD), "test").await.is_err());
        house.engine.sign_in("owner", Secret::new("another good one"), "test").await.unwrap();
    }
}
