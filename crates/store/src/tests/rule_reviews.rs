//! Rules that review: what they take out of the inbox, what they leave there, and what comes back with the undoing.

use bankside_domain::Role;
use bankside_domain::inbox::InboxState;

use crate::tests::on_both;
use crate::tests::world::booked;
use crate::{BY_RULE, DoneBefore, Edit, InboxRows, RegisterQuery, RuleLogQuery, RulesApplied};

const FEES: &str = "rule \"Fees\"\nif payee starts with \"fee\"\nthen mark as reviewed";
const FEES_WITH_TAG: &str = "rule \"Fees\"\nif payee starts with \"fee\"\nthen add tag \"fee\"\nthen mark as reviewed";

on_both! {
    a_rule_takes_rows_out_of_the_inbox_and_its_undoing_brings_them_back(world) {
        world.with_inbox().await;
        let rows = world.sync_to_inbox(&[booked(5, -10, "Fee A", "a"), booked(6, -20, "Fee B", "b"), booked(7, -30, "Shop", "c")]).await;
        let id = world.rule(FEES).await;
        let applied = world.applied(None).await;
        assert_eq!((applied.changed, world.waiting().await), (2, vec!["Shop".to_owned()]));
        assert!(!world.store.register_row(&world.asker, rows[0].id).await.unwrap().is_new);
        assert_eq!(world.applied(None).await, RulesApplied::default(), "asked again, it changes nothing");
        let log = world.store.rule_log(&world.asker, &RuleLogQuery { rule: Some(id), ..RuleLogQuery::default() }).await.unwrap();
        assert_eq!((log[0].matched, log[0].changed), (2, 2));
        let standing = world.store.transaction(&world.asker, rows[0].id).await.unwrap().standing;
        assert!(standing.rule_layers.is_empty() && standing.layers.is_empty(), "a review lies in no layer");

        // Whoever is second is told that it was a rule, and not who had it applied.
        let late = world.accept(&world.asker, &rows[0]).await;
        assert_eq!((late.batch, late.done_before), (None, vec![DoneBefore { transaction: rows[0].id, by: Some(BY_RULE.to_owned()) }]));

        let undone = world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        assert_eq!((undone.stay, world.waiting().await.len()), (Vec::new(), 3));
        assert!(world.store.register_row(&world.asker, rows[0].id).await.unwrap().is_new);
        let again = world.store.undo(&world.asker, undone.batch).await.unwrap();
        assert_eq!((again.stay, world.waiting().await.len()), (Vec::new(), 1));
    }

    what_a_person_has_worked_on_since_stays_reviewed_when_the_rule_is_undone(world) {
        world.with_inbox().await;
        let sent = [booked(5, -10, "Fee A", "a"), booked(6, -20, "Fee B", "b"), booked(7, -30, "Fee C", "c")];
        let rows = world.sync_to_inbox(&sent).await;
        world.rule(FEES_WITH_TAG).await;
        let ruled = world.applied(None).await.batch.unwrap();
        world.clock.advance_days(1);
        world.change(&rows[0], Edit { note: Some(Some("mine".to_owned())), ..Edit::default() }).await;
        // Not what somebody has taken back again, nor what their bank or another rule does to a row.
        let note = world.change(&rows[1], Edit { note: Some(Some("no".to_owned())), ..Edit::default() }).await.batch.unwrap();
        world.store.undo(&world.asker, note).await.unwrap();
        world.rule("rule \"More\"\nif payee starts with \"fee c\"\nthen append to note \"more\"").await;
        assert_eq!(world.applied(None).await.changed, 1);
        let plan = world.store.preview_undo(&world.asker, ruled).await.unwrap();
        assert_eq!((plan.tally().change_back, plan.tally().stay_in_part), (3, 1));
        world.store.undo(&world.asker, ruled).await.unwrap();
        assert_eq!(world.waiting().await, ["Fee B", "Fee C"]);
        let tags: Vec<usize> = world.ruled_rows().await.iter().map(|row| row.tags.len()).collect();
        assert!(tags.iter().all(|tags| *tags == 0), "the rest goes back of all");
    }

    what_somebody_keeps_for_somebodys_eyes_no_rule_reviews(world) {
        world.with_inbox().await;
        let kim = world.member_below("Kim", Role::Member, None).await;
        let sent = [booked(5, -10, "Fee A", "a"), booked(6, -20, "Fee B", "b"), booked(7, -30, "Fee C", "c")];
        let rows = world.sync_to_inbox(&sent).await;
        world.store.flag_for(&world.asker, rows[0].id, kim.person().unwrap(), "Was this you?").await.unwrap();
        world.store.place_in_inbox(&world.asker, &[rows[1].id], InboxState::Hidden).await.unwrap();
        world.rule(FEES).await;
        assert_eq!(world.applied(None).await.changed, 1);
        assert_eq!(world.waiting().await, ["Fee A"]);
        assert_eq!(world.in_inbox(&world.asker, InboxRows::Hidden).await.len(), 1);
        // Once they have settled it, it is a row like any other.
        world.store.take_flag_off(&world.asker, rows[0].id).await.unwrap();
        assert_eq!((world.applied(None).await.changed, world.waiting().await.len()), (1, 0));
    }

    what_a_rule_has_reviewed_goes_with_its_sync_and_comes_back_where_its_bank_changes_it(world) {
        world.with_inbox().await;
        world.rule(FEES).await;
        world.clock.advance_days(1);
        let synced = world.sync(&[booked(5, -10, "Fee A", "a")]).await;
        world.applied(None).await;
        assert!(world.waiting().await.is_empty());
        // Another payee: it is looked at again, and no rule holds for it. The review was the rule's; that it stays one is its sync's to say.
        assert_eq!(world.sync_to_inbox(&[booked(5, -10, "Shop", "a")]).await.len(), 1);
        assert_eq!((world.applied(None).await.changed, world.waiting().await.len()), (0, 1));
        world.store.undo(&world.asker, synced.batch.unwrap()).await.unwrap_err();
        // The same payee again: the rule holds once more.
        assert_eq!(world.sync_to_inbox(&[booked(5, -10, "Fee A", "a")]).await.len(), 1);
        assert_eq!((world.applied(None).await.changed, world.waiting().await.len()), (1, 0));
        let later = world.sync(&[booked(5, -10, "Fee A", "a"), booked(8, -10, "Fee D", "d")]).await.batch.unwrap();
        assert_eq!(world.applied(None).await.changed, 1);
        assert_eq!(world.store.undo(&world.asker, later).await.unwrap().stay, [], "a rule's review is no work of a person");
        let rows = world.store.register(&world.asker, &RegisterQuery { limit: 9, ..RegisterQuery::default() }).await.unwrap();
        assert!(rows.rows.iter().all(|row| row.payee.as_deref() != Some("Fee D")));
    }

    where_there_is_no_inbox_rows_are_not_new_any_more_and_what_is_locked_stays(world) {
        world.sync(&[booked(1, -100, "History", "h")]).await;
        world.clock.advance_days(1);
        world.sync(&[booked(5, -10, "Fee A", "a"), booked(16, -20, "Fee B", "b")]).await;
        world.store.lock_period(&world.asker, world.account, Some(jiff::civil::date(2026, 11, 15))).await.unwrap();
        world.rule(FEES).await;
        assert_eq!(world.applied(None).await.changed, 1);
        let rows = world.ruled_rows().await;
        let new: Vec<&str> = rows.iter().filter(|row| row.is_new).filter_map(|row| row.payee.as_deref()).collect();
        assert_eq!(new, ["Fee A"]);
    }
}
