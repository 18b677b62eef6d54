//! Rules: kept, asked, written into their layer, and taken back.

use bankside_domain::rules::{Names, Places, Prepared, RuleRefused, read};
use bankside_domain::{BatchId, RuleId, TransactionId};

use crate::tests::on_both;
use crate::tests::world::{World, booked};
use crate::{
    BatchToAsk, Edit, NewRule, RegisterQuery, RegisterRow, RuleLogQuery, RulesApplied, RulesAsked, RulesBrought,
    StoreError, ToAsk, TypedLine,
};

impl World {
    async fn names(&self) -> Names {
        let categories = self.store.categories(&self.asker).await.unwrap();
        Names { categories: categories.into_iter().map(|one| (one.id, one.path)).collect(), ..Names::default() }
    }

    async fn new_rule(&self, text: &str) -> NewRule {
        let read = read(text, &self.names().await).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        read.into_iter().next().unwrap().into()
    }

    pub(super) async fn rule(&self, text: &str) -> RuleId {
        self.store.add_rule(&self.asker, &self.new_rule(text).await).await.unwrap()
    }

    async fn prepared(&self) -> Prepared {
        let rules = self.store.rules(&self.asker).await.unwrap();
        Prepared::new(rules.into_iter().map(|one| one.rule), Places::default()).unwrap()
    }

    pub(super) async fn applied(&self, batch: Option<BatchId>) -> RulesApplied {
        let ids = self.store.ids_for_rules(&self.asker, None, 500).await.unwrap();
        self.applied_to(&ids, batch).await
    }

    async fn applied_to(&self, ids: &[TransactionId], batch: Option<BatchId>) -> RulesApplied {
        let rules = self.prepared().await;
        let asked = RulesAsked { rules: &rules, only: None, batch, summary: "Rules applied" };
        self.store.apply_rules(&self.asker, ids, asked).await.unwrap()
    }

    pub(super) async fn ruled_rows(&self) -> Vec<RegisterRow> {
        let query = RegisterQuery { account: Some(self.account), limit: 100, ..RegisterQuery::default() };
        self.store.register(&self.asker, &query).await.unwrap().rows
    }

    async fn told_by_rules(&self) -> Vec<String> {
        let mut told: Vec<String> = self
            .ruled_rows()
            .await
            .into_iter()
            .map(|row| {
                let category = row.category_path.unwrap_or_default();
                format!(
                    "{} | {} | {category} | {}",
                    row.payee.unwrap_or_default(),
                    row.note.unwrap_or_default(),
                    row.tags.join(" ")
                )
            })
            .collect();
        told.sort();
        told
    }

    async fn ordered(&self) -> Vec<String> {
        self.store.rules(&self.asker).await.unwrap().into_iter().map(|one| one.rule.name).collect()
    }
}

const AMAZON: &str = "rule \"Amazon\"\nif payee contains \"amzn\"\nthen set payee \"Amazon\"\nthen set category \"Food\"\nthen \
                      append to note \"bought\"\nthen add tag \"web\"";

on_both! {
    what_rules_write_lies_below_a_person_and_is_taken_back_exactly(world) {
        world.store.add_category(&world.asker, "Food", None).await.unwrap();
        world.sync(&[booked(10, -1299, "AMZN Mktp DE", "a1"), booked(11, -500, "AMZN Prime", "a2"), booked(12, -1, "Rewe", "r1")]).await;
        let before = world.told_by_rules().await;
        let own = world.ruled_rows().await.into_iter().find(|row| row.payee.as_deref() == Some("AMZN Prime")).unwrap();
        world.change(&own, Edit { payee: Some(Some("My films".to_owned())), ..Edit::default() }).await;
        let id = world.rule(AMAZON).await;
        let applied = world.applied(None).await;
        assert_eq!(applied.changed, 1, "a rule asks for the payee, and a person has written another one");
        assert_eq!(
            world.told_by_rules().await,
            ["Amazon | about AMZN Mktp DE bought | Food | web", "My films | about AMZN Prime |  | ", "Rewe | about Rewe |  | "]
        );
        assert_eq!(world.applied(None).await, RulesApplied::default(), "asked again, rules change nothing");
        let stored = world.store.rules_with_hits(&world.asker).await.unwrap();
        assert_eq!((stored[0].rule.id, stored[0].changed_rows, stored[0].last_hit_at.is_some()), (id, 1, true));
        let log = world.store.rule_log(&world.asker, &RuleLogQuery { rule: Some(id), ..RuleLogQuery::default() }).await.unwrap();
        assert_eq!((log[0].matched, log[0].changed, log[0].undone_by, log[0].batch), (1, 1, None, applied.batch.unwrap()));
        // What a bank says later does not touch it, and undoing gives the field back to what the bank says then.
        world.sync(&[booked(10, -1299, "AMZN EU SARL", "a1")]).await;
        assert_eq!(world.told_by_rules().await[0], "Amazon | about AMZN Mktp DE bought | Food | web");
        let undone = world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        assert_eq!(undone.stay, []);
        assert_eq!(world.told_by_rules().await[0], "AMZN EU SARL | about AMZN EU SARL |  | ");
        assert_eq!(world.store.rules_with_hits(&world.asker).await.unwrap()[0].changed_rows, 0);
        let redone = world.store.undo(&world.asker, undone.batch).await.unwrap();
        assert_eq!(redone.stay, []);
        assert_eq!(world.told_by_rules().await[0], "Amazon | about AMZN Mktp DE bought | Food | web");
        assert_eq!(before.len(), 3);
    }

    a_person_over_a_rule_goes_back_to_the_rule(world) {
        world.sync(&[booked(10, -1299, "AMZN Mktp DE", "a1")]).await;
        world.rule("rule \"Amazon\"\nif bank text contains \"amzn\"\nthen set payee \"Amazon\"").await;
        world.applied(None).await;
        let row = world.ruled_rows().await.remove(0);
        let edit = |payee: &str| Edit { payee: Some(Some(payee.to_owned())), ..Edit::default() };
        let batch = world.change(&row, edit("Bookshop")).await.batch.unwrap();
        assert_eq!(world.applied(None).await, RulesApplied::default());
        // What the bank says is a person's word where a rule says otherwise.
        world.change(&row, edit("AMZN Mktp DE")).await;
        assert_eq!(world.applied(None).await, RulesApplied::default());
        world.change(&row, edit("Bookshop")).await;
        assert!(world.store.undo(&world.asker, batch).await.is_ok());
        let details = world.store.transaction(&world.asker, row.id).await.unwrap();
        assert_eq!(details.standing.rule_layers.len(), 1);
    }

    what_an_undone_rule_wrote_does_not_become_a_persons_word(world) {
        world.store.add_category(&world.asker, "Food", None).await.unwrap();
        let home = world.store.add_category(&world.asker, "Home", None).await.unwrap();
        world.sync(&[booked(10, -1299, "AMZN Mktp DE", "a1"), booked(11, -500, "AMZN Prime", "a2")]).await;
        let before = world.told_by_rules().await;
        world.rule(AMAZON).await;
        let ruled = world.applied(None).await.batch.unwrap();
        let rows = world.ruled_rows().await;
        let half = |minor: i64| TypedLine { amount_minor: minor, category: Some(home), ..TypedLine::default() };
        let lines = |minor: i64| Some(vec![half(minor / 2), half(minor - minor / 2)]);
        let edited = world.change(&rows[0], Edit { category: Some(Some(home)), tags: Some(Vec::new()), ..Edit::default() }).await;
        let split = world.change(&rows[1], Edit { lines: lines(rows[1].amount_minor), ..Edit::default() }).await;
        world.store.undo(&world.asker, ruled).await.unwrap();
        world.store.undo(&world.asker, edited.batch.unwrap()).await.unwrap();
        world.store.undo(&world.asker, split.batch.unwrap()).await.unwrap();
        assert_eq!(world.told_by_rules().await, before);
        assert_eq!(world.applied(None).await.changed, 2, "rules write there again");
    }

    a_run_is_undone_with_the_rows_that_rules_have_written_to(world) {
        let applied = world.sync(&[booked(10, -1299, "AMZN Mktp DE", "a1")]).await;
        world.rule("rule \"Amazon\"\nif payee contains \"amzn\"\nthen set payee \"Amazon\"").await;
        world.applied(None).await;
        let undone = world.store.undo(&world.asker, applied.batch.unwrap()).await.unwrap();
        assert_eq!((undone.stay, world.told_by_rules().await.len()), (Vec::new(), 0));
    }

    one_batch_goes_on_over_parts_and_no_further_once_it_is_undone(world) {
        world.sync(&[booked(10, -1, "AMZN a", "a1"), booked(11, -2, "AMZN b", "a2"), booked(12, -3, "AMZN c", "a3")]).await;
        world.rule("rule \"Amazon\"\nif payee contains \"amzn\"\nthen set payee \"Amazon\"").await;
        let ids = world.store.ids_for_rules(&world.asker, None, 500).await.unwrap();
        assert_eq!(world.store.ids_for_rules(&world.asker, Some(ids[0]), 1).await.unwrap(), [ids[1]]);
        let first = world.applied_to(&ids[..1], None).await;
        let second = world.applied_to(&ids[1..2], first.batch).await;
        assert_eq!((second.batch, second.changed), (first.batch, 1));
        assert_eq!(world.store.rules_with_hits(&world.asker).await.unwrap()[0].changed_rows, 2);
        let undone = world.store.undo(&world.asker, first.batch.unwrap()).await.unwrap();
        assert_eq!(undone.stay, []);
        assert!(world.told_by_rules().await.iter().all(|row| row.starts_with("AMZN")));
        let rules = world.prepared().await;
        let asked = RulesAsked { rules: &rules, only: None, batch: first.batch, summary: "" };
        let refused = world.store.apply_rules(&world.asker, &ids[2..], asked).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))));
    }

    what_nobody_has_been_asked_about_waits_until_somebody_has(world) {
        let take = async || world.store.take_batches_to_ask_as_system(10).await.unwrap();
        let a = world.sync(&[booked(10, -1, "AMZN a", "a1"), booked(11, -2, "AMZN b", "a2")]).await.batch.unwrap();
        assert_eq!(take().await, [], "whoever wrote it is still to ask");
        world.clock.advance(jiff::SignedDuration::from_mins(6));
        let waiting = BatchToAsk { organization: world.asker.organization, batch: a, what: ToAsk::Rows };
        assert_eq!(take().await, [waiting]);
        assert_eq!(take().await, [], "somebody has just taken it");
        world.clock.advance(jiff::SignedDuration::from_mins(6));
        assert_eq!(take().await, [waiting], "and has not come to the end");
        world.clock.advance(jiff::SignedDuration::from_mins(6));
        assert_eq!(take().await, [], "the longer it does not work the later it is asked again");
        world.store.were_asked(&world.asker, &[a]).await.unwrap();
        world.clock.advance(jiff::SignedDuration::from_hours(48));
        assert_eq!(take().await, []);
        let first = world.store.touched_by(&world.asker, &[a], None, 1).await.unwrap();
        let second = world.store.touched_by(&world.asker, &[a], Some(first[0].0), 1).await.unwrap();
        let ids = world.store.ids_for_rules(&world.asker, None, 9).await.unwrap();
        assert_eq!([first[0].0, second[0].0], ids[..]);
        assert_eq!(world.store.touched_by(&world.asker, &[a], Some(ids[1]), 1).await.unwrap(), []);
    }

    a_row_that_is_gone_leaves_the_others_to_be_asked_about(world) {
        world.sync(&[booked(10, -1, "AMZN a", "a1"), booked(11, -2, "AMZN b", "a2")]).await;
        let ids = world.store.ids_for_rules(&world.asker, None, 9).await.unwrap();
        world.store.delete_transactions(&world.asker, &crate::Selection::These(vec![ids[0]]), false).await.unwrap();
        let rows = world.store.rule_rows(&world.asker, &ids).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.row.transaction).collect::<Vec<_>>(), [ids[1]]);
    }

    what_is_locked_or_a_persons_stays(world) {
        world.sync(&[booked(10, -1, "AMZN a", "a1"), booked(20, -2, "AMZN b", "a2")]).await;
        world.store.lock_period(&world.asker, world.account, Some(jiff::civil::date(2026, 11, 15))).await.unwrap();
        world.rule("rule \"Amazon\"\nif payee contains \"amzn\"\nthen set payee \"Amazon\"").await;
        assert_eq!(world.applied(None).await.changed, 1);
        let told = world.told_by_rules().await;
        assert_eq!((told[0].split(" | ").next(), told[1].split(" | ").next()), (Some("AMZN a"), Some("Amazon")));
    }

    rules_have_an_order_and_whoever_saw_an_older_one_is_told(world) {
        let first = world.rule("rule \"A\"\nif anything\nthen add tag \"a\"").await;
        let second = world.rule("rule \"B\"\nif anything\nthen add tag \"b\"").await;
        let early = world.rule("rule \"C\" in stage before\nif anything\nthen add tag \"c\"").await;
        assert_eq!(world.ordered().await, ["C", "A", "B"]);
        world.store.move_rule(&world.asker, second, true).await.unwrap();
        world.store.move_rule(&world.asker, second, true).await.unwrap();
        world.store.move_rule(&world.asker, early, false).await.unwrap();
        assert_eq!(world.ordered().await, ["C", "B", "A"]);
        let new = world.new_rule("rule \"B\" in stage last, off\nif anything\nthen add tag \"d\"").await;
        world.store.change_rule(&world.asker, second, &new, 1).await.unwrap();
        let late = world.store.change_rule(&world.asker, second, &new, 1).await;
        assert!(matches!(late, Err(StoreError::RuleRefused(RuleRefused::ChangedMeanwhile { .. }))));
        assert_eq!(world.ordered().await, ["C", "A", "B"]);
        let taken = NewRule { name: " a ".to_owned(), ..new };
        let refused = world.store.add_rule(&world.asker, &taken).await;
        assert!(matches!(refused, Err(StoreError::RuleRefused(RuleRefused::NameTaken { .. }))));
        world.store.switch_rule(&world.asker, second, true).await.unwrap();
        assert!(world.store.has_rules(&world.asker).await.unwrap());
        world.store.delete_rule(&world.asker, first, Some(1)).await.unwrap();
        assert!(matches!(world.store.delete_rule(&world.asker, first, None).await, Err(StoreError::NotFound(_))));
        assert_eq!(world.ordered().await, ["C", "B"]);
        assert_eq!(world.store.rule_names(&world.asker, &[first]).await.unwrap()[&first], "A");
    }

    rules_are_brought_by_their_names_all_or_none(world) {
        world.rule("rule \"Own\"\nif anything\nthen add tag \"own\"").await;
        world.rule("rule \"Same\"\nif anything\nthen add tag \"same\"").await;
        let names = world.names().await;
        let text = "rule \"New\"\nif anything\nthen add tag \"new\"\n\nrule \"same\"\nif note is empty\nthen add tag \"same\"";
        let brought: Vec<NewRule> = read(text, &names).unwrap().into_iter().map(NewRule::from).collect();
        let told = world.store.bring_rules(&world.asker, &brought).await.unwrap();
        assert_eq!(told, RulesBrought { added: 1, changed: 1, same: 0 });
        assert_eq!(world.ordered().await, ["Own", "same", "New"], "a rule that is there keeps its place");
        let told = world.store.bring_rules(&world.asker, &brought).await.unwrap();
        assert_eq!(told, RulesBrought { added: 0, changed: 0, same: 2 });
        let bad = NewRule { name: "Bad".to_owned(), says: bankside_domain::rules::Definition::default(), ..brought[0].clone() };
        let other = NewRule { name: "Other".to_owned(), ..brought[0].clone() };
        assert!(world.store.bring_rules(&world.asker, &[other, bad]).await.is_err());
        assert_eq!(world.ordered().await, ["Own", "same", "New"]);
        let all = "rule \"New\"\nif anything\nthen add tag \"new\"\n\nrule \"Own\"\nif anything\nthen add tag \"own\"\n\n\
                   rule \"same\"\nif note is empty\nthen add tag \"same\"";
        let all: Vec<NewRule> = read(all, &names).unwrap().into_iter().map(NewRule::from).collect();
        assert_eq!(world.store.bring_rules(&world.asker, &all).await.unwrap().same, 3);
        assert_eq!(world.ordered().await, ["New", "Own", "same"], "where all were brought, their order came too");
    }

    rules_have_so_many_patterns_between_them_and_no_more(world) {
        let rule = |name: &str, patterns: usize| {
            let conditions = (0..patterns).map(|number| format!("{} note matches \"{number}\"\n", if number == 0 { "if" } else { "or" }));
            format!("rule \"{name}\"\n{}then add tag \"x\"\n\n", conditions.collect::<String>())
        };
        let names = world.names().await;
        let text: String = (0..6).map(|number| rule(&format!("R{number}"), 40)).collect();
        let all: Vec<NewRule> = read(&text, &names).unwrap().into_iter().map(NewRule::from).collect();
        world.store.bring_rules(&world.asker, &all).await.unwrap();
        let more = world.new_rule(&rule("More", 11)).await;
        let refused = world.store.add_rule(&world.asker, &more).await;
        assert!(matches!(refused, Err(StoreError::RuleRefused(RuleRefused::TooManyPatterns))));
        assert_eq!(world.ordered().await.len(), 6);
        let last = world.rule(&rule("Last", 10)).await;
        let refused = world.store.change_rule(&world.asker, last, &more, 1).await;
        assert!(matches!(refused, Err(StoreError::RuleRefused(RuleRefused::TooManyPatterns))));
    }

    a_category_that_a_rule_names_stays_and_is_merged_with_it(world) {
        let food = world.store.add_category(&world.asker, "Food", None).await.unwrap();
        let eating = world.store.add_category(&world.asker, "Eating", None).await.unwrap();
        world.rule("rule \"A\"\nif category is empty\nthen set category \"Food\"").await;
        assert_eq!(world.store.category_uses(&world.asker).await.unwrap()[&food].rules, 1);
        assert!(matches!(world.store.delete_category(&world.asker, food).await, Err(StoreError::CategoryRefused(_))));
        world.store.merge_categories(&world.asker, food, eating, None).await.unwrap();
        let rules = world.store.rules(&world.asker).await.unwrap();
        assert_eq!((rules[0].rule.says.categories().contains(&eating), rules[0].revision), (true, 2));
    }
}

#[tokio::test]
async fn rules_never_write_for_whoever_may_not_manage_them() {
    let world = World::open(bankside_testkit::Engine::Sqlite).await;
    let (organization, person) = (world.asker.organization, world.owner);
    for role in [bankside_domain::Role::Member, bankside_domain::Role::Viewer] {
        let asker = bankside_domain::Asker::member(organization, person, role);
        let new = world.new_rule("rule \"A\"\nif anything\nthen add tag \"a\"").await;
        assert!(matches!(world.store.add_rule(&asker, &new).await, Err(StoreError::Denied(_))));
        assert!(world.store.rules(&asker).await.is_ok());
    }
}
