//! Mapping: lines get categories and lose them, those that are alike are found, and what people decided is told as it was.

use std::collections::BTreeSet;

use bankside_domain::category::{CategoryRefused, CategoryUse};
use bankside_domain::suggest::{Decision, Likeness};
use bankside_domain::{AccountId, Asker, CategoryId, Granted, Id, LineId, Role, TransactionId};
use jiff::civil::date;

use crate::db::{run, sql};
use crate::tests::on_both;
use crate::tests::world::{Told, World, booked};
use crate::{
    Direction, Filter, LikenessKey, LineTarget, NewTransaction, ProviderCategoryTarget, RegisterQuery, RegisterRow,
    StoreError, TypedLine, UnmappedLines,
};

impl World {
    async fn rows_where(&self, asker: &Asker, filter: Filter) -> Vec<RegisterRow> {
        let query = RegisterQuery { filter, limit: 500, ..RegisterQuery::default() };
        self.store.register(asker, &query).await.unwrap().rows
    }

    /// The only line of each row whose payee has this name.
    async fn lines_with(&self, payee: &str) -> Vec<LineId> {
        let rows = self.rows_where(&self.asker, Filter::default()).await;
        let ids: Vec<TransactionId> =
            rows.iter().filter(|row| row.payee.as_deref() == Some(payee)).map(|row| row.id).collect();
        let lines = self.store.lines(&self.asker, &ids).await.unwrap();
        ids.iter().map(|id| lines[id][0].id).collect()
    }

    async fn map(&self, lines: &[LineId], category: Option<CategoryId>) -> crate::Edited {
        let targets: Vec<LineTarget> = lines.iter().map(|line| LineTarget { line: *line, category }).collect();
        self.store.map_lines(&self.asker, &targets).await.unwrap()
    }

    /// The keys of the first row with a payee.
    async fn keys_of(&self, payee: &str) -> Vec<LikenessKey> {
        let rows = self.rows_where(&self.asker, Filter::default()).await;
        let id = rows.iter().find(|row| row.payee.as_deref() == Some(payee)).unwrap().id;
        self.store.likenesses(&self.asker, &[id]).await.unwrap().remove(&id).unwrap().keys
    }

    /// How many decisions there are for each likeness of a row with this payee, and for which categories.
    async fn decided(&self, asker: &Asker, payee: &str) -> Vec<(Likeness, Vec<CategoryId>)> {
        let keys = self.keys_of(payee).await;
        let found = self.store.decisions(asker, &keys.iter().cloned().collect()).await.unwrap();
        let of = |key: &LikenessKey| {
            let decisions: Vec<Decision> = found.get(key).cloned().unwrap_or_default();
            let mut categories: Vec<CategoryId> = decisions.iter().map(|decision| decision.category).collect();
            categories.sort_unstable();
            (key.likeness(), categories)
        };
        keys.iter().map(of).collect()
    }
}

fn without() -> Filter {
    Filter { category: Some(None), ..Filter::default() }
}

fn mapped() -> Filter {
    Filter { is_mapped: true, ..Filter::default() }
}

on_both! {
    lines_are_mapped_and_given_back_as_one_change(world) {
        let asker = world.asker.clone();
        let food = world.store.add_category(&asker, "Food", None).await.unwrap();
        let house = world.store.add_category(&asker, "House", None).await.unwrap();
        world.sync(&[booked(3, -280, "Café", "a"), booked(4, -900, "Baker", "b"), booked(14, -70, "Café", "c")]).await;
        let line = |minor| TypedLine { amount_minor: minor, ..TypedLine::default() };
        let mut split = NewTransaction::new(date(2026, 11, 5), -300).with("Market");
        split.lines = vec![line(-100), line(-200)];
        let (split, _) = world.store.add_transaction(&asker, world.account, &split).await.unwrap();
        let parts = world.store.lines(&asker, &[split]).await.unwrap().remove(&split).unwrap();

        // One of two lines: the transaction is in both lists.
        let done = world.map(&[parts[1].id], Some(food)).await;
        assert_eq!((done.changed, done.left.len()), (1, 0));
        assert_eq!(world.rows_where(&asker, without()).await.len(), 4);
        assert_eq!(world.rows_where(&asker, mapped()).await.iter().map(|row| row.id).collect::<Vec<_>>(), [split]);
        // Several at once, to several categories.
        let cafe = world.lines_with("Café").await;
        let targets = [
            LineTarget { line: cafe[0], category: Some(food) },
            LineTarget { line: cafe[1], category: Some(food) },
            LineTarget { line: parts[0].id, category: Some(house) },
        ];
        let done = world.store.map_lines(&asker, &targets).await.unwrap();
        assert_eq!(done.changed, 3);
        assert_eq!(world.rows_where(&asker, without()).await.len(), 1);
        assert_eq!(world.rows_where(&asker, mapped()).await.len(), 3);
        assert_eq!(world.store.count_unmapped(&asker, None, 9).await.unwrap(), 1);
        let accounts = |account: AccountId| Some(BTreeSet::from([account]));
        assert_eq!(world.store.count_unmapped(&asker, accounts(world.account).as_ref(), 9).await.unwrap(), 1);
        let elsewhere = AccountId::from(food.uuid());
        assert_eq!(world.store.count_unmapped(&asker, accounts(elsewhere).as_ref(), 9).await.unwrap(), 0);
        let of_none = Filter { accounts: Some(BTreeSet::new()), ..mapped() };
        assert!(world.rows_where(&asker, of_none).await.is_empty());
        // The same again changes nothing; taken back, all three are as they were.
        assert_eq!(world.store.map_lines(&asker, &targets).await.unwrap().batch, None);
        assert_eq!(world.store.undo(&asker, done.batch.unwrap()).await.unwrap().stay, []);
        assert_eq!(world.rows_where(&asker, without()).await.len(), 4);
        let halves = world.store.lines(&asker, &[split]).await.unwrap().remove(&split).unwrap();
        assert_eq!(halves.iter().map(|line| (line.amount_minor, line.category)).collect::<Vec<_>>(), [(-100, None), (-200, Some(food))]);
        // Un-mapped, and a period that is locked.
        world.map(&cafe, Some(food)).await;
        world.store.lock_period(&asker, world.account, Some(date(2026, 11, 10))).await.unwrap();
        let done = world.map(&cafe, None).await;
        assert_eq!((done.changed, done.left.len()), (1, 1));
        assert_eq!(world.rows_where(&asker, mapped()).await.len(), 2);
    }

    whoever_does_not_see_a_line_maps_nothing(world) {
        let asker = world.asker.clone();
        let food = world.store.add_category(&asker, "Food", None).await.unwrap();
        world.sync(&[booked(3, -280, "Café", "a")]).await;
        let line = world.lines_with("Café").await[0];
        let target = [LineTarget { line, category: Some(food) }];
        let north = world.add_asset(None, "North").await;
        let south = world.add_asset(None, "South").await;
        world.hang(world.account, north).await;
        let sees = world.member_below("Kim", Role::Member, Some(north)).await;
        let blind = world.member_below("Lou", Role::Member, Some(south)).await;
        let viewer = world.member_below("Max", Role::Viewer, None).await;
        let store = &world.store;
        assert!(matches!(store.map_lines(&blind, &target).await, Err(StoreError::NotFound(_))));
        assert!(matches!(store.map_lines(&viewer, &target).await, Err(StoreError::Denied(_))));
        assert!(matches!(store.transaction_of_line(&blind, line).await, Err(StoreError::NotFound(_))));
        let id = store.transaction_of_line(&sees, line).await.unwrap();
        assert!(matches!(store.lines(&blind, &[id]).await, Err(StoreError::NotFound(_))));
        assert!(store.likenesses(&blind, &[id]).await.unwrap().is_empty());
        let unknown = [LineTarget { line: LineId::from(food.uuid()), category: None }];
        assert!(matches!(store.map_lines(&asker, &unknown).await, Err(StoreError::NotFound("the line"))));
        let nowhere = [LineTarget { line, category: Some(CategoryId::from(line.uuid())) }];
        assert!(matches!(store.map_lines(&asker, &nowhere).await, Err(StoreError::NotFound("the category"))));
        assert_eq!(store.map_lines(&sees, &target).await.unwrap().changed, 1);
        // What others decided out of sight is not told.
        let keys: BTreeSet<LikenessKey> = world.keys_of("Café").await.into_iter().collect();
        assert!(store.decisions(&blind, &keys).await.unwrap().is_empty());
        assert_eq!(store.decisions(&sees, &keys).await.unwrap().len(), keys.len());
    }

    rows_that_are_alike_are_found_and_counted(world) {
        let asker = world.asker.clone();
        let food = world.store.add_category(&asker, "Food", None).await.unwrap();
        world
            .sync(&[
                booked(1, -100, "REWE Sagt Danke 4301", "a"),
                booked(2, -200, "REWE sagt danke 4302", "b"),
                booked(3, 300, "REWE sagt danke 4303", "c"),
                booked(4, -400, "REWE Center", "d"),
                booked(5, -500, "REWE sagt danke 4301", "e"),
            ])
            .await;
        let pattern = "rewe sagt danke".to_owned();
        let filter = Filter { pattern: Some(pattern.clone()), direction: Some(Direction::Out), ..without() };
        let query = RegisterQuery { filter, ..RegisterQuery::default() };
        let UnmappedLines { transactions, lines } = world.store.unmapped_lines(&asker, &query).await.unwrap();
        assert_eq!((transactions, lines.len()), (3, 3));
        let key = (pattern, true);
        let keys = BTreeSet::from([key.clone(), ("rewe".to_owned(), true), ("rewe center".to_owned(), false)]);
        let counts = world.store.count_alike(&asker, None, &keys, 9).await.unwrap();
        assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(key.clone(), 3)]);
        assert_eq!(world.store.count_alike(&asker, None, &keys, 2).await.unwrap()[&key], 2);
        let nowhere = BTreeSet::new();
        assert!(world.store.count_alike(&asker, Some(&nowhere), &keys, 9).await.unwrap().is_empty());
        world.map(&lines, Some(food)).await;
        assert!(world.store.count_alike(&asker, None, &keys, 9).await.unwrap().is_empty());
        // The one that came back is like the others in its payee alone, and what was decided about those is known.
        let told = world.decided(&asker, "REWE sagt danke 4303").await;
        assert_eq!(told, [(Likeness::Payee, vec![]), (Likeness::Pattern, vec![food; 3])]);
        // Payees that came before there were patterns get theirs.
        let mut session = world.store.db.write(Granted::as_system()).await.unwrap();
        let text = sql!("UPDATE payees SET pattern = NULL WHERE organization_id = $1");
        let blank = async || Ok::<u64, StoreError>(run!(session, sqlx::query(text).bind(asker.organization.uuid())));
        assert_eq!({ blank }().await.unwrap(), 4);
        session.commit().await.unwrap();
        world.store.complete_patterns().await.unwrap();
        assert_eq!(world.decided(&asker, "REWE sagt danke 4303").await, told);
    }

    a_shop_of_every_day_does_not_hide_the_others_of_its_chain(world) {
        let food = world.store.add_category(&world.asker.clone(), "Food", None).await.unwrap();
        world.sync(&[booked(1, -700, "REWE sagt danke 4301", "first")]).await;
        let first = world.lines_with("REWE sagt danke 4301").await;
        world.map(&first, Some(food)).await;
        let visit = |number: i64| {
            let day = 1 + i8::try_from(number % 28).unwrap();
            booked(day, -100 - number, "REWE sagt danke 4302", format!("visit-{number}").leak())
        };
        let daily: Vec<_> = (0..560).map(visit).collect();
        world.sync(&daily).await;
        let told = world.decided(&world.asker.clone(), "REWE sagt danke 4302").await;
        assert_eq!(told, [(Likeness::Payee, vec![]), (Likeness::Pattern, vec![food])]);
    }

    only_what_people_decided_counts_and_each_row_once(world) {
        let asker = world.asker.clone();
        let (power, food) = (
            world.store.add_category(&asker, "Power", None).await.unwrap(),
            world.store.add_category(&asker, "Food", None).await.unwrap(),
        );
        let told = |creditor, filed| Told { account: Some("DE89370400440532013000"), creditor: Some(creditor), filed };
        world.told.insert("Stadtwerke", told("DE98ZZZ01", Some("Utilities")));
        world.told.insert("Stadtwerke Kiel", told("DE98ZZZ01", None));
        world.told.insert("SWK Energie", told("DE98ZZZ01", None));
        world.told.insert("Wasser", told("DE98ZZZ02", None));
        world
            .sync(&[
                booked(1, -5_000, "Stadtwerke", "a"),
                booked(2, -5_100, "Stadtwerke", "b"),
                booked(3, -5_200, "SWK Energie", "c"),
                booked(4, -900, "Wasser", "d"),
            ])
            .await;
        let lines = world.lines_with("Stadtwerke").await;
        world.map(&lines, Some(power)).await;
        // Another payee, and the same creditor or the same account.
        let energy = world.decided(&asker, "SWK Energie").await;
        let both = vec![power, power];
        assert_eq!(energy, [
            (Likeness::Creditor, both.clone()),
            (Likeness::Account, both.clone()),
            (Likeness::Payee, vec![]),
            (Likeness::Pattern, vec![]),
        ]);
        assert_eq!(world.decided(&asker, "Wasser").await[..2], [(Likeness::Creditor, vec![]), (Likeness::Account, both)]);
        // A row whose text has changed has two contents and was decided once.
        world.sync(&[booked(2, -5_100, "Stadtwerke", "b"), booked(1, -5_000, "Stadtwerke Kiel", "a")]).await;
        assert_eq!(world.decided(&asker, "SWK Energie").await[1].1.len(), 2);
        // What a rule wrote counts only once a person has said it, too.
        let mut session = world.store.db.write(Granted::as_system()).await.unwrap();
        let text = sql!("UPDATE field_layers SET layer = 'rule' WHERE organization_id = $1 AND entity_id = $2");
        let write = async || {
            Ok::<u64, StoreError>(run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(lines[0].uuid())))
        };
        assert_eq!({ write }().await.unwrap(), 1);
        session.commit().await.unwrap();
        assert_eq!(world.decided(&asker, "SWK Energie").await[1].1, [power]);
        world.map(&lines[..1], Some(food)).await;
        let mut now = vec![power, food];
        now.sort_unstable();
        assert_eq!(world.decided(&asker, "SWK Energie").await[1].1, now);
    }

    what_providers_file_rows_under_is_mapped_by_a_table(world) {
        let asker = world.asker.clone();
        let (power, food) = (
            world.store.add_category(&asker, "Power", None).await.unwrap(),
            world.store.add_category(&asker, "Food", None).await.unwrap(),
        );
        world.told.insert("Stadtwerke", Told { filed: Some("Utilities"), ..Told::default() });
        world.sync(&[booked(1, -5_000, "Stadtwerke", "a"), booked(2, -5_100, "Stadtwerke", "b")]).await;
        let seen = world.store.provider_categories(&asker).await.unwrap();
        assert_eq!((seen.len(), seen[0].code.as_str(), seen[0].name.as_str(), seen[0].category), (1, "test:Utilities", "Utilities", None));
        let id = world.rows_where(&asker, Filter::default()).await[0].id;
        let likenesses = world.store.likenesses(&asker, &[id]).await.unwrap();
        assert_eq!(likenesses[&id].provider_category.as_deref(), Some("test:Utilities"));
        let store = &world.store;
        let target = |code: &str, seen, category| [ProviderCategoryTarget { code: code.into(), seen, category }];
        store.map_provider_categories(&asker, &target("test:Utilities", None, Some(power))).await.unwrap();
        // Whoever saw none changes nothing, not even beside what they saw right; the same again is no conflict.
        let late = target("test:Utilities", Some(None), Some(food));
        let both = [late.clone(), late].concat();
        let refused = store.map_provider_categories(&asker, &both).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        assert_eq!(store.provider_categories(&asker).await.unwrap()[0].category, Some(power));
        store.map_provider_categories(&asker, &target("test:Utilities", Some(None), Some(power))).await.unwrap();
        let other = store.map_provider_categories(&asker, &target("test:Other", None, Some(power))).await;
        assert!(matches!(other, Err(StoreError::NotFound(_))), "{other:?}");
        let member = Asker::member(asker.organization, world.owner, Role::Member);
        let denied = store.map_provider_categories(&member, &target("test:Utilities", None, None)).await;
        assert!(matches!(denied, Err(StoreError::Denied(_))), "{denied:?}");
        // A mapping uses its category, and goes along when that is merged.
        let used = CategoryUse { mappings: 1, ..CategoryUse::default() };
        let refused = store.delete_category(&asker, power).await;
        assert!(matches!(refused, Err(StoreError::CategoryRefused(CategoryRefused::Used { used: told, .. })) if told == used));
        assert_eq!(store.merge_categories(&asker, power, food, Some(0)).await.unwrap().batch, None);
        assert_eq!(store.provider_categories(&asker).await.unwrap()[0].category, Some(food));
        store.map_provider_categories(&asker, &target("test:Utilities", Some(Some(food)), None)).await.unwrap();
        store.delete_category(&asker, food).await.unwrap();
        assert!(store.categories(&asker).await.unwrap().is_empty());
    }
}
