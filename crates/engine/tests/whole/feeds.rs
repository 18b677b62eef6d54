//! What an account's feed does with what the bank sends, and changing that.

use bankside_domain::account::PendingPolicy;
use bankside_domain::{Asker, Id as _, Role};
use bankside_engine::{EngineError, FeedChange, LinkChoice};

use crate::house::{NORDHAFEN, on_both};

const BOOKED_ONLY: FeedChange = FeedChange::Pending(PendingPolicy::BookedOnly);

on_both! {
    the_pending_policy_acts_at_once_and_holds_on_every_sync(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let before = house.rows(giro).await;
        let pending = |rows: &[String]| rows.iter().filter(|row| row.ends_with("Pending")).count();
        assert!(pending(&before) > 0, "the bank has pending rows on every day");

        let preview = house.engine.preview_feed(&house.asker, giro, BOOKED_ONLY).await.unwrap();
        assert_eq!((preview.rows_in, preview.rows_out), (0, pending(&before)));
        assert_eq!(house.rows(giro).await, before);
        house.engine.change_feed(&house.asker, giro, BOOKED_ONLY).await.unwrap();
        assert_eq!(pending(&house.rows(giro).await), 0);
        for _ in 0..3 {
            house.clock.advance_days(1);
            house.sync(connection).await;
            assert_eq!(pending(&house.rows(giro).await), 0);
            assert!(house.account("Girokonto").await.status.is_proven());
        }
        let shown = FeedChange::Pending(PendingPolicy::Shown);
        let back = house.engine.change_feed(&house.asker, giro, shown).await.unwrap();
        assert!(back.rows_in > 0, "rows that only ever waited outside are read from what is stored");
        let after = house.rows(giro).await;
        let again = house.sync(connection).await;
        assert!(again.accounts.iter().all(|account| account.run.batch.is_none()), "{again:?}");
        assert_eq!(house.rows(giro).await, after);
    }

    a_feed_is_changed_by_those_who_manage_banks_and_only_where_there_is_one(house) {
        house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account.id;
        let member = Asker::member(house.asker.organization, house.asker.person().unwrap(), Role::Member);
        let denied = house.engine.change_feed(&member, giro, BOOKED_ONLY).await;
        assert!(matches!(denied, Err(EngineError::Denied(_))), "{denied:?}");
        assert!(house.engine.feed(&member, giro).await.is_ok(), "seeing it is another thing");
        let stranger = Asker::member(bankside_domain::OrganizationId::from(giro.uuid()), house.asker.person().unwrap(), Role::Owner);
        assert!(matches!(house.engine.feed(&stranger, giro).await, Err(EngineError::NotFound(_))));
        house.engine.unlink(&house.asker, giro).await.unwrap();
        assert!(matches!(house.engine.feed(&house.asker, giro).await, Err(EngineError::NotFound(_))));
    }

    a_turned_sign_holds_on_every_sync_and_is_taken_back(house) {
        let connection = house.with_bank(NORDHAFEN).await;
        let giro = house.account("Girokonto").await.account;
        let before = house.rows(giro.id).await;
        let turned = FeedChange::Sign { flips_sign: true };
        let effect = house.engine.change_feed(&house.asker, giro.id, turned).await.unwrap();
        assert_eq!(effect.rows_turned, before.len());
        assert_eq!(effect.after.balance_minor(), -giro.balance_minor());
        let again = house.sync(connection).await;
        assert!(again.accounts.iter().all(|account| account.run.batch.is_none()), "{again:?}");
        house.clock.advance_days(3);
        house.sync(connection).await;
        assert!(house.account("Girokonto").await.status.is_proven());
        house.engine.undo(&house.asker, effect.batch.unwrap()).await.unwrap();
        let view = house.account("Girokonto").await;
        assert!(view.status.is_proven());
        let line = house.engine.bank_line(&house.asker, &view.status).await.unwrap().unwrap();
        assert_eq!(line.bank.stated.minor, view.account.balance_minor());
        let booked = |rows: &[String]| rows.iter().filter(|row| row.ends_with("Booked")).cloned().collect::<Vec<_>>();
        assert!(booked(&house.rows(giro.id).await).ends_with(&booked(&before)), "history is what it was");
    }

    a_sign_that_is_turned_while_linking_holds_from_the_first_row(house) {
        house.type_keys().await;
        let connection = house.connect(NORDHAFEN).await;
        let offer = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        let said = offer.accounts[0].balance.as_ref().unwrap().stated.minor;
        let turned = |choice| LinkChoice { flips_sign: Some(true), ..choice };
        let choices: Vec<LinkChoice> = offer.all_as_new().into_iter().map(turned).collect();
        house.engine.link(&house.asker, connection, &choices).await.unwrap();
        assert!(house.engine.work_once().await.unwrap());
        let view = house.account("Girokonto").await;
        assert!(view.status.is_proven());
        assert_eq!(view.account.balance_minor(), -said);
        let feed = house.engine.feed(&house.asker, view.account.id).await.unwrap();
        assert!(feed.bank_account.flips_sign);
        assert_eq!(feed.opening.map(|sum| sum.opening_minor), Some(view.account.opening_minor));
        let shown = house.engine.link_offer(&house.asker, connection, None).await.unwrap();
        assert_eq!(shown.accounts[0].balance.as_ref().unwrap().stated.minor, -said, "as it is booked");
    }
}
