//! Whether the sign and the opening balance of a feed are right: asked until somebody has said so, and of the same two not again.

use crate::tests::on_both;
use crate::tests::world::{World, booked};
use crate::{Resolve, SignTurned, StoreError};

async fn is_asked(world: &World) -> bool {
    let facts = world.store.feed_facts(&world.asker).await.unwrap();
    facts.into_iter().find(|facts| facts.account == world.account).is_some_and(|facts| facts.is_to_confirm)
}

on_both! {
    it_is_asked_once_there_is_something_to_tell_it_by_and_until_it_is_said(world) {
        assert!(!is_asked(world).await, "nothing has come yet");
        world.sync(&[]).await;
        assert!(!is_asked(world).await, "there is nothing to look at");
        world.sync(&[booked(5, -280, "Café am Kai", "a1")]).await;
        assert!(is_asked(world).await);
        world.sync(&[booked(5, -280, "Café am Kai", "a1")]).await;
        assert!(is_asked(world).await, "also after the next sync");
        assert_eq!(world.store.is_feed_confirmed(&world.asker, world.account).await.unwrap(), Some(false));
        world.store.confirm_feed(&world.asker, world.account, false).await.unwrap();
        world.store.confirm_feed(&world.asker, world.account, false).await.unwrap();
        assert!(!is_asked(world).await);
        assert_eq!(world.store.is_feed_confirmed(&world.asker, world.account).await.unwrap(), Some(true));
    }

    a_balance_alone_is_something_to_tell_it_by(world) {
        world.sync_stating(&[], 12_050).await;
        assert!(is_asked(world).await);
    }

    who_turns_the_sign_has_looked_at_it(world) {
        world.sync(&[booked(5, 280, "Café am Kai", "a1")]).await;
        let turn = |how| world.store.turn_sign(&world.asker, world.bank_account, world.account, true, how);
        turn(Resolve::Preview).await.unwrap();
        assert!(is_asked(world).await, "a preview answers nothing");
        let SignTurned::Turned(effect) = turn(Resolve::Commit).await.unwrap() else { panic!("refused") };
        assert!(!is_asked(world).await);
        assert_eq!(effect.rows_turned, 1);
    }

    a_sign_that_somebody_else_has_turned_is_not_confirmed_unseen(world) {
        world.sync(&[booked(5, 280, "Café am Kai", "a1")]).await;
        let stale = world.store.confirm_feed(&world.asker, world.account, true).await;
        assert!(matches!(stale, Err(StoreError::Conflict(_))), "{stale:?}");
        assert!(is_asked(world).await);
    }

    what_was_confirmed_is_not_asked_again_when_the_same_two_are_linked_again(world) {
        let rows = [booked(5, -280, "Café am Kai", "a1")];
        world.sync(&rows).await;
        world.store.unlink(&world.asker, world.account).await.unwrap();
        assert!(matches!(
            world.store.confirm_feed(&world.asker, world.account, false).await,
            Err(StoreError::NotFound(_))
        ));
        world.link_again().await;
        world.sync(&rows).await;
        assert!(is_asked(world).await, "nobody had said so");
        world.store.confirm_feed(&world.asker, world.account, false).await.unwrap();
        world.store.unlink(&world.asker, world.account).await.unwrap();
        world.link_again().await;
        world.sync(&rows).await;
        assert!(!is_asked(world).await);
    }
}
