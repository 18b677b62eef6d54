//! Linking: two windows at once, and the question that follows it.

use bankside_engine::{EngineError, FeedChange};

use crate::house::{NORDHAFEN, on_both};

on_both! {
    two_windows_that_link_one_bank_account_link_it_once(house) {
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        // Both have the page open, on which nothing is linked yet.
        let choices = house.engine.link_offer(&house.asker, connection, None).await.unwrap().all_as_new();
        let link = || house.engine.link(&house.asker, connection, &choices);
        let (one, other) = tokio::join!(link(), link());
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        for lost in [one, other].into_iter().filter_map(Result::err) {
            assert!(matches!(&lost, EngineError::Conflict(why) if why.contains("linked meanwhile")), "{lost:?}");
        }
        let late = link().await;
        assert!(matches!(&late, Err(EngineError::Conflict(why)) if why.contains("linked meanwhile")), "{late:?}");
        while house.engine.work_once().await.unwrap() {}
        let accounts = house.engine.accounts(&house.asker).await.unwrap();
        assert_eq!(accounts.len(), choices.len(), "no account came twice");
        assert!(accounts.iter().all(|view| view.status.is_proven()), "{accounts:?}");
    }

    after_the_first_sync_it_is_asked_whether_it_is_right(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let savings = house.account("Tagesgeld").await.account.id;
        let feed = house.engine.feed(&house.asker, giro).await.unwrap();
        assert!(feed.account.status.is_to_confirm && !feed.is_confirmed);
        let (bank, opening) = (feed.bank.as_ref().unwrap(), feed.opening.unwrap());
        assert_eq!(opening.bank_minor, bank.stated.minor, "one real balance, with its arithmetic");
        assert_eq!(opening.bank_minor - opening.rows_minor, opening.opening_minor);
        assert_eq!(opening.opening_minor, feed.account.account.opening_minor);
        assert!(feed.examples.iter().any(|row| row.amount_minor < 0), "one real purchase");

        let next = house.engine.next_to_confirm(&house.asker, connection).await.unwrap();
        assert_eq!(next.map(|view| view.account.id), Some(giro));
        house.engine.confirm_feed(&house.asker, giro, false).await.unwrap();
        assert!(!house.engine.feed(&house.asker, giro).await.unwrap().account.status.is_to_confirm);
        let next = house.engine.next_to_confirm(&house.asker, connection).await.unwrap();
        assert_eq!(next.map(|view| view.account.id), Some(savings), "one leads to the next");
        let turned = FeedChange::Sign { flips_sign: true };
        house.engine.change_feed(&house.asker, savings, turned).await.unwrap();
        assert!(house.engine.next_to_confirm(&house.asker, connection).await.unwrap().is_none());
        house.sync(connection).await;
        assert!(house.engine.next_to_confirm(&house.asker, connection).await.unwrap().is_none(), "and it stays so");
    }
}
