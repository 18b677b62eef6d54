//! Rules through the whole house: asked as rows come, tried before they are applied, and written as text.

use std::collections::BTreeSet;

use bankside_domain::rules::{
    AmountOf, AmountTest, Condition, Field, Figure, Places, Prepared, RuleRefused, Test, TextOf, TextTest,
};
use bankside_domain::{Asker, BatchId, RuleId};
use bankside_engine::{
    EngineError, LineInput, NewRule, NewTransactionInput, RegisterQuery, RegisterRow, RuleHit, RuleLogQuery, SeenInput,
};
use bankside_store::{RULES_IN_PART, RulesAsked};

use crate::house::{House, NORDHAFEN, on_both};

impl House {
    async fn ruled(&self, search: &str) -> Vec<RegisterRow> {
        let search = Some(search.to_owned()).filter(|search| !search.is_empty());
        let query = RegisterQuery { limit: 500, search, ..RegisterQuery::default() };
        self.engine.register(&self.asker, &query).await.unwrap().rows
    }

    async fn rule_of(&self, text: &str) -> NewRule {
        let names = self.engine.rule_references(&self.asker).await.unwrap();
        let read = bankside_domain::rules::read(text, &names).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        read.into_iter().next().unwrap().into()
    }
}

on_both! {
    rows_that_a_sync_brings_are_looked_at_once_and_say_which_rule_wrote(house) {
        let own = "rule \"Own\"\nif row is a transfer\nthen add tag \"own\"";
        let other = "rule \"Shop\"\nif bank text contains \"kornblume\"\nthen set payee \"Corner shop\"\nthen append to note \"food\"";
        house.engine.bring_rules(&house.asker, &format!("{own}\n\n{other}")).await.unwrap();
        let connection = house.with_bank(NORDHAFEN).await;
        let shops = house.ruled("corner shop").await;
        assert!(shops.len() > 3, "{shops:?}");
        assert!(shops.iter().all(|row| row.note.as_deref().unwrap().ends_with("food")));
        let tagged: Vec<RegisterRow> = house.ruled("").await.into_iter().filter(|row| row.tags == ["own"]).collect();
        assert!(tagged.len() >= 4, "transfers are linked before rules that ask for them have their last turn");
        let log = house.engine.rule_log(&house.asker, &RuleLogQuery::default()).await.unwrap();
        let names: BTreeSet<&str> = log.iter().map(|hit| hit.name.as_str()).collect();
        assert_eq!(names, BTreeSet::from(["Own", "Shop"]));
        assert!(log.iter().all(|hit| hit.person.is_none() && hit.changed > 0 && hit.matched >= hit.changed));
        // A sync that brings nothing new asks no rule about anything.
        house.sync(connection).await;
        assert_eq!(house.engine.rule_log(&house.asker, &RuleLogQuery::default()).await.unwrap().len(), log.len());
        let view = house.engine.transaction(&house.asker, shops[0].id).await.unwrap();
        assert_eq!(view.by_rule("payee_id"), Some(Some("Shop")));
    }

    what_is_tried_is_what_is_applied_and_goes_back_whole(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let food = engine.add_category(asker, "Corner food", None).await.unwrap();
        house.with_bank(NORDHAFEN).await;
        let before = house.ruled("kornblume").await;
        let by_hand = bankside_engine::EditInput { category: Some(Some(food)), ..Default::default() };
        engine.edit_transaction(asker, before[0].id, &by_hand, &SeenInput::default()).await.unwrap();
        let new = house.rule_of("rule \"Shop\"\nif bank text contains \"kornblume\"\nthen set category \"Corner food\"\nthen set payee \"Eckladen\"").await;
        let tried = engine.try_rule(asker, None, &new).await.unwrap();
        assert_eq!((tried.matched, tried.changed, tried.conflicts.len()), (before.len(), before.len(), 0));
        let fields: Vec<Field> = tried.rows.iter().find(|row| row.transaction != before[0].id).unwrap().diffs.iter().map(|diff| diff.field).collect();
        assert_eq!(fields, [Field::Payee, Field::Category]);
        assert!(house.ruled("eckladen").await.is_empty(), "trying changes nothing");
        let id: RuleId = engine.add_rule(asker, &new).await.unwrap();
        let late = engine.apply_rule(asker, id, Some(7)).await;
        assert!(matches!(late, Err(EngineError::RuleRefused(_))));
        let applied = engine.apply_rule(asker, id, Some(1)).await.unwrap();
        assert_eq!((applied.changed, house.ruled("eckladen").await.len()), (tried.changed, before.len()));
        // Another rule that sets the same field comes later: it would win, and both are told.
        let last = house.rule_of("rule \"Last\" in stage last\nif bank text contains \"kornblume\"\nthen set payee \"Market\"").await;
        let tried = engine.try_rule(asker, None, &last).await.unwrap();
        let conflict = &tried.conflicts[0];
        assert_eq!((conflict.winner.1.as_str(), conflict.loser.1.as_str(), conflict.rows), ("Last", "Shop", before.len()));
        let undone = engine.undo(asker, applied.batch.unwrap()).await.unwrap();
        assert_eq!(undone.stay, []);
        let after = house.ruled("kornblume").await;
        assert_eq!(
            after.iter().map(|row| (row.id, row.payee.clone())).collect::<Vec<_>>(),
            before.iter().map(|row| (row.id, row.payee.clone())).collect::<Vec<_>>()
        );
        assert_eq!(after.iter().filter(|row| row.category == Some(food)).count(), 1, "a person's word stays");
    }

    all_rules_are_looked_at_before_they_are_applied_and_do_just_that(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        engine.add_category(asker, "Corner food", None).await.unwrap();
        house.with_bank(NORDHAFEN).await;
        let shops = house.ruled("kornblume").await.len();
        let clean = "rule \"Clean\" in stage before\nif bank text contains \"kornblume\"\nthen set payee \"Eckladen\"";
        let food = "rule \"Food\"\nif payee is \"Eckladen\"\nthen set category \"Corner food\"";
        let market = "rule \"Market\" in stage last\nif bank text contains \"kornblume\"\nthen set payee \"Market\"";
        let never = "rule \"Never\"\nif payee is \"Nobody at all\"\nthen add tag \"x\"";
        let off = "rule \"Off\", off\nif anything\nthen add tag \"off\"";
        engine.bring_rules(asker, &[clean, food, market, never, off].join("\n\n")).await.unwrap();
        let tried = engine.try_all_rules(asker).await.unwrap();
        assert_eq!((tried.looked_at > shops, tried.matched, tried.changed), (true, shops, shops));
        let counts: Vec<(&str, usize, usize)> = tried.rules.iter().map(|one| (one.name.as_str(), one.matched, one.changed)).collect();
        // What Market sets lies over what Clean has set, and Food has found what Clean wrote.
        assert_eq!(counts, [("Clean", shops, 0), ("Food", shops, shops), ("Never", 0, 0), ("Market", shops, shops)]);
        let conflict = &tried.conflicts[0];
        assert_eq!((conflict.winner.1.as_str(), conflict.loser.1.as_str(), conflict.rows), ("Market", "Clean", shops));
        let diffs = &tried.rows[0].diffs;
        assert_eq!((diffs[0].field, diffs[0].after.as_deref(), diffs[0].by.as_slice()), (Field::Payee, Some("Market"), &["Market".to_owned()][..]));
        assert_eq!(engine.try_all_rules(asker).await.unwrap().seen, tried.seen, "looking changes nothing");
        assert!(house.ruled("market").await.is_empty());

        // As many rows, and something else: another category, then a row fewer.
        engine.add_category(asker, "Other food", None).await.unwrap();
        engine.bring_rules(asker, &food.replace("Corner", "Other")).await.unwrap();
        let refused = engine.apply_all_rules(asker, Some(&tried.seen)).await;
        assert!(matches!(refused, Err(EngineError::RuleRefused(RuleRefused::WouldDoOtherwise { changed })) if changed == shops), "{refused:?}");
        engine.bring_rules(asker, food).await.unwrap();
        let row = house.ruled("kornblume").await.remove(0);
        let by_hand = bankside_engine::EditInput { payee: Some("Mine".to_owned()), ..Default::default() };
        let edit = engine.edit_transaction(asker, row.id, &by_hand, &SeenInput::default()).await.unwrap();
        let refused = engine.apply_all_rules(asker, Some(&tried.seen)).await;
        assert!(matches!(refused, Err(EngineError::RuleRefused(RuleRefused::WouldDoOtherwise { changed })) if changed == shops - 1), "{refused:?}");
        assert!(house.ruled("market").await.is_empty(), "nothing was done");
        engine.undo(asker, edit.unwrap()).await.unwrap();

        let applied = engine.apply_all_rules(asker, Some(&tried.seen)).await.unwrap();
        assert_eq!((applied.changed, house.ruled("market").await.len()), (shops, shops));
        let left = engine.try_all_rules(asker).await.unwrap();
        assert_eq!((left.changed, left.rows.len()), (0, 0));
        let refused = engine.apply_all_rules(asker, Some(&tried.seen)).await;
        assert!(matches!(refused, Err(EngineError::RuleRefused(RuleRefused::WouldDoOtherwise { changed: 0 }))));
    }

    a_transfer_that_somebody_links_or_takes_apart_gives_rules_a_turn(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        house.with_bank(NORDHAFEN).await;
        engine.bring_rules(asker, "rule \"Own\"\nif row is a transfer\nthen add tag \"own\"").await.unwrap();
        engine.apply_all_rules(asker, None).await.unwrap();
        let own = async || house.ruled("").await.into_iter().filter(|row| row.tags == ["own"]).collect::<Vec<RegisterRow>>();
        let before = own().await;
        let one = before[0].id;
        let other = engine.transaction(asker, one).await.unwrap().transfer.unwrap().other.id;
        engine.break_transfer(asker, one).await.unwrap();
        assert_eq!(own().await.len(), before.len() - 2);
        let linked = engine.link_transfer(asker, one, other).await.unwrap();
        assert_eq!(own().await.len(), before.len());
        engine.undo(asker, linked).await.unwrap();
        assert_eq!(own().await.len(), before.len() - 2);
        assert_eq!(engine.find_past_transfers(asker).await.unwrap().linked, 0, "somebody has taken it apart");
    }

    rows_that_nobody_was_asked_about_have_their_turn_later(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        house.with_bank(NORDHAFEN).await;
        engine.bring_rules(asker, "rule \"Shop\"\nif payee is \"Corner\"\nthen add tag \"shop\"").await.unwrap();
        let account = house.account("Girokonto").await.account.id;
        let new = bankside_store::NewTransaction::new(house.clock_day(0), -500).with("Corner");
        // Whoever wrote it was cut off before rules were asked.
        house.store().await.add_transaction(asker, account, &new).await.unwrap();
        let tags = async || house.ruled("corner").await.remove(0).tags;
        engine.ask_about_what_waits().await.unwrap();
        assert_eq!(tags().await, Vec::<String>::new(), "whoever wrote it may still ask");
        house.clock.advance(jiff::SignedDuration::from_mins(6));
        engine.ask_about_what_waits().await.unwrap();
        assert_eq!(tags().await, ["shop"]);
        let log = engine.rule_log(asker, &RuleLogQuery::default()).await.unwrap().len();
        house.clock.advance(jiff::SignedDuration::from_hours(48));
        engine.ask_about_what_waits().await.unwrap();
        assert_eq!(engine.rule_log(asker, &RuleLogQuery::default()).await.unwrap().len(), log);
    }

    a_row_without_a_payee_suggests_its_text_and_one_without_any_nothing(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let food = engine.add_category(asker, "Corner food", None).await.unwrap();
        house.with_bank(NORDHAFEN).await;
        let account = house.account("Girokonto").await.account.id;
        let typed = async |note: &str| {
            let line = LineInput { note: note.to_owned(), amount: "-5.00".to_owned(), ..LineInput::default() };
            let (dated_on, amount, payee) = (house.clock_day(0), "-5.00".to_owned(), String::new());
            let new = NewTransactionInput { dated_on, amount, payee, is_cleared: false, lines: vec![line] };
            engine.add_transaction(asker, account, &new).await.unwrap().0
        };
        let draft = engine.draft_rule(asker, typed("Coffee machine 12").await, Some(food)).await.unwrap();
        let starts = TextTest::Starts("Coffee machine".to_owned());
        let out = Test::Amount(AmountOf::Amount, AmountTest::Below(Figure::ZERO));
        let tests = [Test::Text(TextOf::Note, starts), out];
        assert_eq!(draft.rule.says.conditions, tests.map(|test| Condition { is_not: false, test }));
        assert_eq!(engine.try_rule(asker, None, &draft.rule).await.unwrap().matched, 1);
        let draft = engine.draft_rule(asker, typed("").await, None).await.unwrap();
        assert_eq!(draft.rule.says.conditions.len(), 1, "nobody means every row by one");
        let named = NewRule { name: "Any".to_owned(), ..draft.rule };
        assert!(matches!(engine.try_rule(asker, None, &named).await, Err(EngineError::RuleRefused(_))));
    }

    a_rule_of_rows_that_are_mapped_together_says_which_way_their_money_goes(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let food = engine.add_category(asker, "Corner food", None).await.unwrap();
        let account = house.add_account("Giro").await;
        house.bring_rows(account, &[("2026-10-01", "Eckladen", "-5.00"), ("2026-10-02", "Eckladen", "-6.00"), ("2026-10-03", "Eckladen", "2.00")]).await;
        let rows = house.ruled("eckladen").await;
        let of = |minor: i64| rows.iter().find(|row| row.amount_minor == minor).unwrap().id;
        let reached = async |minor: i64, category| {
            let draft = engine.draft_rule(asker, of(minor), category).await.unwrap();
            let named = NewRule { name: "Any".to_owned(), ..draft.rule };
            engine.try_rule(asker, None, &named).await.map(|tried| tried.matched).ok()
        };
        assert_eq!((reached(-500, Some(food)).await, reached(200, Some(food)).await), (Some(2), Some(1)));
        // What a row suggests by itself is about all that are like it.
        engine.edit_transaction(asker, of(-500), &bankside_engine::EditInput { category: Some(Some(food)), ..Default::default() }, &SeenInput::default()).await.unwrap();
        assert_eq!(reached(-500, None).await, Some(3));
    }

    what_was_cut_off_is_told_until_it_is_finished(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        house.with_bank(NORDHAFEN).await;
        let text = "rule \"Shop\"\nif bank text contains \"kornblume\"\nthen set payee \"Eckladen\"\n\nrule \"Other\"\nif bank text contains \"kornblume\"\nthen add tag \"x\"";
        engine.bring_rules(asker, text).await.unwrap();
        let rules = engine.rules(asker).await.unwrap();
        let later = || house.clock.advance(jiff::SignedDuration::from_secs(1));
        let (shop, other) = (rules[0].rule.id, rules[1].rule.id);
        let rows = house.ruled("kornblume").await;
        let store = house.store().await;
        let prepared = |only: &str| Prepared::new(rules.iter().map(|one| one.rule.clone()).filter(|rule| only.is_empty() || rule.name == only), Places::default()).unwrap();
        // The process ended after the first part: of one rule, then of all of them.
        for (only, rule, summary, row) in [("Shop", Some(shop), "Rule Shop applied", 0), ("", None, "All rules applied", 1)] {
            let (prepared, summary) = (prepared(only), format!("{summary}{RULES_IN_PART}"));
            let asked = RulesAsked { rules: &prepared, only: rule, batch: None, summary: &summary };
            later();
            assert_eq!(store.apply_rules(asker, &[rows[row].id], asked).await.unwrap().changed, 1);
            assert_eq!(engine.rules_cut_off(asker).await.unwrap().unwrap().summary, summary);
        }
        later();
        // Finishing another rule, or this one, leaves what is left of all of them.
        engine.apply_rule(asker, other, None).await.unwrap();
        let summaries = async || -> BTreeSet<String> {
            let log = engine.rule_log(asker, &RuleLogQuery::default()).await.unwrap();
            log.into_iter().filter(RuleHit::is_in_part).map(|hit| hit.summary).collect()
        };
        assert_eq!(summaries().await.len(), 2);
        later();
        engine.apply_rule(asker, shop, None).await.unwrap();
        assert_eq!(summaries().await, BTreeSet::from(["All rules applied to a part of the rows".to_owned()]));
        // Nothing is left, and that is said, too.
        assert_eq!(engine.apply_all_rules(asker, None).await.unwrap().batch, None);
        assert_eq!((summaries().await.len(), engine.rules_cut_off(asker).await.unwrap()), (0, None));
        let log = engine.rule_log(asker, &RuleLogQuery { rule: Some(shop), ..RuleLogQuery::default() }).await.unwrap();
        let told: Vec<&str> = log.iter().rev().map(|hit| hit.summary.as_str()).collect();
        assert_eq!(told, ["Rule Shop applied, and finished later", "All rules applied, and finished later", "Rule Shop applied"]);
        assert_eq!(log.iter().map(|hit| hit.changed).sum::<i64>(), i64::try_from(rows.len()).unwrap(), "each row once");
        // The log is read page by page, of all or of one.
        let page = async |rule, offset, limit| -> Vec<(RuleId, BatchId)> {
            let log = engine.rule_log(asker, &RuleLogQuery { rule, offset, limit }).await.unwrap();
            log.into_iter().map(|hit| (hit.rule, hit.batch)).collect()
        };
        let all = page(None, 0, 500).await;
        assert_eq!([page(None, 0, 2).await, page(None, 2, 500).await].concat(), all);
        assert_eq!(page(Some(shop), 1, 1).await, [(shop, log[1].batch)]);
        assert_eq!(page(None, 500, 50).await, []);
    }

    a_row_suggests_the_rule_that_says_the_same_of_all_like_it(house) {
        let (engine, asker) = (&house.engine, &house.asker);
        let food = engine.add_category(asker, "Corner food", None).await.unwrap();
        house.with_bank(NORDHAFEN).await;
        let row = house.ruled("kornblume").await.remove(0);
        let draft = engine.draft_rule(asker, row.id, Some(food)).await.unwrap();
        let tried = engine.try_rule(asker, None, &draft.rule).await.unwrap();
        assert!(tried.changed > 1, "{draft:?}");
        engine.add_rule(asker, &draft.rule).await.unwrap();
        let text = engine.rules_as_text(asker).await.unwrap();
        assert!(text.contains("then set category \"Corner food\""), "{text}");
        let told = engine.bring_rules(asker, &text).await.unwrap();
        assert_eq!((told.added, told.changed, told.same), (0, 0, 1));
        let wrong = engine.bring_rules(asker, "rule \"X\"\nif anything\nthen set category \"None of ours\"").await;
        assert!(matches!(wrong, Err(EngineError::RulesUnreadable(wrong)) if wrong[0].line == 3 && wrong[0].column == 19));
        let viewer = Asker::member(asker.organization, asker.person().unwrap(), bankside_domain::Role::Member);
        assert!(matches!(engine.apply_all_rules(&viewer, None).await, Err(EngineError::Denied(_))));
        assert!(matches!(engine.try_all_rules(&viewer).await, Err(EngineError::Denied(_))));
    }
}
