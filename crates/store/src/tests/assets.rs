//! The tree of assets: what it becomes, what it refuses, and which account belonged where on which day.

use bankside_domain::asset::{AssetKind, AssetRefused, AssetStage, Tree};
use bankside_domain::{AccountId, Asker, AssetId, Role};
use jiff::civil::{Date, date};

use crate::tests::on_both;
use crate::tests::world::{World, add_organization, booked};
use crate::{AssetChange, NewAccount, NewAsset, NewLink, StoreError};

fn november(day: i8) -> Date {
    date(2026, 11, day)
}

async fn add(world: &World, name: &str, under: Option<AssetId>) -> AssetId {
    let new = NewAsset { name: name.into(), kind: AssetKind::Structuring, stage: AssetStage::Active, under };
    world.store.add_asset(&world.asker, &new).await.unwrap()
}

async fn tree(world: &World) -> Tree {
    world.store.tree(&world.asker).await.unwrap()
}

/// The whole tree, a line for each, indented by its depth.
async fn drawn(world: &World) -> Vec<String> {
    let tree = tree(world).await;
    tree.all().iter().map(|asset| format!("{}{}", "-".repeat(tree.depth(asset.id)), asset.name)).collect()
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> AssetRefused {
    match result {
        Err(StoreError::AssetRefused(refused)) => refused,
        other => panic!("not refused: {other:?}"),
    }
}

async fn actions(world: &World) -> Vec<String> {
    let entries = world.store.audit_entries(&world.asker).await.unwrap();
    let mut actions: Vec<String> = entries.into_iter().map(|entry| entry.action).collect();
    actions.retain(|action| action.starts_with("asset.") || action == "account.moved");
    actions.reverse();
    actions
}

async fn account_at(world: &World, asset: Option<AssetId>, name: &str) -> Result<AccountId, StoreError> {
    let kind = bankside_domain::account::AccountKind::Checking;
    let new = NewAccount { name: name.into(), kind, currency: "EUR".parse().unwrap(), opening_minor: None, asset };
    world.store.add_account(&world.asker, &new).await
}

on_both! {
    a_tree_is_added_to_renamed_moved_and_put_in_order(world) {
        let germany = add(world, "Germany", None).await;
        let fund = add(world, "Fund C", Some(germany)).await;
        add(world, "Site 1", Some(fund)).await;
        let spain = add(world, "Spain", None).await;
        let mill = add(world, "Mill", None).await;
        assert_eq!(drawn(world).await, ["Germany", "-Fund C", "--Site 1", "Spain", "Mill"]);
        let store = &world.store;
        let before = store.tree_revision(&world.asker).await.unwrap();
        store.order_asset(&world.asker, mill, Some(germany)).await.unwrap();
        store.order_asset(&world.asker, germany, None).await.unwrap();
        assert_eq!(drawn(world).await, ["Mill", "Spain", "Germany", "-Fund C", "--Site 1"]);
        store.order_asset(&world.asker, spain, Some(mill)).await.unwrap();
        store.move_asset(&world.asker, fund, Some(spain), Some(november(20))).await.unwrap();
        let to = AssetChange { name: "Fund D".into(), kind: AssetKind::Structuring, stage: AssetStage::Active };
        store.change_asset(&world.asker, fund, &to).await.unwrap();
        assert_eq!(drawn(world).await, ["Spain", "-Fund D", "--Site 1", "Mill", "Germany"]);
        let places = store.asset_places(&world.asker, fund).await.unwrap();
        assert_eq!((places.on(november(19)), places.on(november(20))), (Some(germany), Some(spain)));
        assert!(store.tree_revision(&world.asker).await.unwrap() > before);
        let added = ["asset.added"; 5].into_iter();
        assert_eq!(actions(world).await, added.chain(["asset.moved", "asset.changed"]).collect::<Vec<_>>());
        assert!(matches!(store.order_asset(&world.asker, fund, Some(mill)).await, Err(StoreError::Conflict(_))));
    }

    what_the_tree_refuses_leaves_it_as_it_was(world) {
        let germany = add(world, "Germany", None).await;
        let fund = add(world, "Fund C", Some(germany)).await;
        let spain = add(world, "Spain", None).await;
        let before = (drawn(world).await, world.store.tree_revision(&world.asker).await.unwrap());
        let store = &world.store;
        let below = store.move_asset(&world.asker, germany, Some(fund), None).await;
        assert_eq!(refused(below).code(), "asset.below_itself");
        let twin = NewAsset { name: "SPAIN".into(), kind: AssetKind::Structuring, stage: AssetStage::Active, under: None };
        assert_eq!(refused(store.add_asset(&world.asker, &twin).await).code(), "asset.name_taken");
        let concept = NewAsset { name: "Mill".into(), stage: AssetStage::Conceptual, ..twin };
        assert_eq!(refused(store.add_asset(&world.asker, &concept).await).code(), "asset.no_concept");
        let nowhere = store.move_asset(&world.asker, spain, Some(world.ambient.id()), None).await;
        assert!(matches!(nowhere, Err(StoreError::NotFound(_))), "{nowhere:?}");
        assert_eq!((drawn(world).await, store.tree_revision(&world.asker).await.unwrap()), before);
    }

    an_account_belongs_where_it_was_moved_from_that_day_on(world) {
        let (spain, mill) = (add(world, "Spain", None).await, add(world, "Mill", None).await);
        world.sync(&[booked(5, -280, "Café am Kai", "a1")]).await;
        let (store, account) = (&world.store, world.account);
        let revision = store.account(&world.asker, account).await.unwrap().revision;
        store.move_account(&world.asker, account, Some(spain), None).await.unwrap().unwrap();
        let moved = store.move_account(&world.asker, account, Some(mill), Some(november(10))).await.unwrap().unwrap();
        assert_eq!(store.move_account(&world.asker, account, Some(mill), Some(november(10))).await.unwrap(), None);
        for (day, asset) in [(1, spain), (9, spain), (10, mill), (30, mill)] {
            assert_eq!(store.accounts_on(&world.asker, november(day)).await.unwrap()[&account], asset, "{day}");
        }
        let now = store.account(&world.asker, account).await.unwrap();
        assert_eq!((now.asset, now.revision > revision), (Some(mill), true));
        assert_eq!(actions(world).await[2..], ["account.moved", "account.moved"]);
        // Undone, it has never been away; undone again, it has.
        assert!(store.preview_undo(&world.asker, moved).await.unwrap().tally().asset_changes);
        let undone = store.undo(&world.asker, moved).await.unwrap().batch;
        let places = store.account_places(&world.asker, account).await.unwrap();
        assert_eq!((places.now, places.earlier.len()), (Some(spain), 0));
        store.undo(&world.asker, undone).await.unwrap();
        assert_eq!(store.account_places(&world.asker, account).await.unwrap().on(november(9)), Some(spain));
        assert_eq!(store.account(&world.asker, account).await.unwrap().asset, Some(mill));
        world.check_sums().await;
    }

    a_locked_period_keeps_the_asset_that_it_counts_for(world) {
        let spain = add(world, "Spain", None).await;
        let (store, account) = (&world.store, world.account);
        store.lock_period(&world.asker, account, Some(november(10))).await.unwrap();
        for from in [None, Some(november(10))] {
            let moved = store.move_account(&world.asker, account, Some(spain), from).await;
            assert_eq!(refused(moved).code(), "asset.locked");
        }
        let moved = store.move_account(&world.asker, account, Some(spain), Some(november(11))).await.unwrap().unwrap();
        store.lock_period(&world.asker, account, Some(november(12))).await.unwrap();
        assert_eq!(refused(store.undo(&world.asker, moved).await).code(), "asset.locked");
        assert_eq!(store.account(&world.asker, account).await.unwrap().asset, Some(spain));
    }

    an_asset_with_open_accounts_below_is_not_closed(world) {
        let spain = add(world, "Spain", None).await;
        let site = add(world, "Site 1", Some(spain)).await;
        let (store, account) = (&world.store, world.account);
        let moved = store.move_account(&world.asker, account, Some(site), None).await.unwrap().unwrap();
        let closed = refused(store.close_asset(&world.asker, spain, november(20)).await);
        assert_eq!(closed, AssetRefused::OpenAccounts { names: vec!["Joint checking".into()], more: 0 });
        let conceptual = AssetChange { name: "Site 1".into(), kind: AssetKind::Production, stage: AssetStage::Conceptual };
        let changed = store.change_asset(&world.asker, site, &conceptual).await;
        assert_eq!(refused(changed).code(), "asset.open_accounts");
        let undone = store.undo(&world.asker, moved).await.unwrap().batch;
        store.close_asset(&world.asker, spain, november(20)).await.unwrap();
        let now = tree(world).await;
        assert!(now.all().iter().all(|asset| asset.closed_on == Some(november(20))));
        // Nothing comes back to a closed one, whoever writes.
        assert_eq!(refused(store.undo(&world.asker, undone).await).code(), "asset.closed");
        assert_eq!(refused(account_at(world, Some(site), "Site account").await).code(), "asset.closed");
        let moved = store.move_account(&world.asker, account, Some(site), None).await;
        assert_eq!(refused(moved).code(), "asset.closed");
        // From the top down they are opened again, one by one.
        assert_eq!(refused(store.reopen_asset(&world.asker, site).await).code(), "asset.closed");
        store.reopen_asset(&world.asker, spain).await.unwrap();
        store.reopen_asset(&world.asker, site).await.unwrap();
        let made = account_at(world, Some(site), "Site account").await.unwrap();
        assert_eq!(store.account(&world.asker, made).await.unwrap().asset, Some(site));
        assert!(matches!(store.reopen_asset(&world.asker, site).await, Err(StoreError::Conflict(_))));
    }

    nobody_but_an_owner_or_admin_changes_the_tree(world) {
        let spain = add(world, "Spain", None).await;
        let moved = world.store.move_account(&world.asker, world.account, Some(spain), None).await.unwrap().unwrap();
        let (store, organization) = (&world.store, world.asker.organization);
        let new = NewAsset { name: "Mill".into(), kind: AssetKind::Production, stage: AssetStage::Active, under: None };
        let change = AssetChange { name: "Mill".into(), kind: AssetKind::Production, stage: AssetStage::Active };
        for role in [Role::Viewer, Role::Member] {
            let asker = Asker::member(organization, world.owner, role);
            let results = [
                store.add_asset(&asker, &new).await.map(|_| ()),
                store.change_asset(&asker, spain, &change).await,
                store.move_asset(&asker, spain, None, None).await,
                store.order_asset(&asker, spain, None).await,
                store.close_asset(&asker, spain, november(1)).await,
                store.reopen_asset(&asker, spain).await,
                store.move_account(&asker, world.account, None, None).await.map(|_| ()),
                store.undo(&asker, moved).await.map(|_| ()),
                store.ignore_bank_account(&asker, world.bank_account, true).await,
            ];
            for (number, result) in results.into_iter().enumerate() {
                assert!(matches!(result, Err(StoreError::Denied(_))), "{role:?} {number}: {result:?}");
            }
            assert_eq!(store.tree(&asker).await.unwrap().all().len(), 1, "they see it");
        }
        let admin = Asker::member(organization, world.owner, Role::Admin);
        store.change_asset(&admin, spain, &change).await.unwrap();
    }

    another_organization_has_another_tree(world) {
        let spain = add(world, "Spain", None).await;
        let other = add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        let store = &world.store;
        assert!(store.tree(&other).await.unwrap().is_empty());
        let change = AssetChange { name: "Mine".into(), kind: AssetKind::Production, stage: AssetStage::Active };
        let below = NewAsset { name: "Mine".into(), kind: AssetKind::Structuring, stage: AssetStage::Active, under: Some(spain) };
        let results = [
            store.add_asset(&other, &below).await.map(|_| ()),
            store.change_asset(&other, spain, &change).await,
            store.move_asset(&other, spain, None, None).await,
            store.order_asset(&other, spain, None).await,
            store.close_asset(&other, spain, november(1)).await,
            store.reopen_asset(&other, spain).await,
            store.asset_places(&other, spain).await.map(|_| ()),
            store.account_places(&other, world.account).await.map(|_| ()),
            store.move_account(&other, world.account, None, None).await.map(|_| ()),
            store.ignore_bank_account(&other, world.bank_account, true).await,
        ];
        for (number, result) in results.into_iter().enumerate() {
            assert!(matches!(result, Err(StoreError::NotFound(_))), "{number}: {result:?}");
        }
        assert!(store.accounts_on(&other, november(1)).await.unwrap().is_empty());
        assert_eq!(tree(world).await.path(spain), "Spain");
    }

    what_is_ignored_is_asked_about_again_once_it_is_linked(world) {
        let second = world.connect_showing(&["DE02120300000000202051"]).await[0];
        let store = &world.store;
        let linked = store.ignore_bank_account(&world.asker, world.bank_account, true).await;
        assert!(matches!(linked, Err(StoreError::Conflict(_))), "{linked:?}");
        store.ignore_bank_account(&world.asker, second, true).await.unwrap();
        let connections = store.connections(&world.asker).await.unwrap();
        let connection = connections.iter().find(|connection| connection.id != world.connection).unwrap().id;
        let is_ignored = async || {
            let shown = store.bank_accounts(&world.asker, connection).await.unwrap();
            shown.iter().find(|shown| shown.id == second).unwrap().is_ignored
        };
        assert!(is_ignored().await);
        store.ignore_bank_account(&world.asker, second, false).await.unwrap();
        assert!(!is_ignored().await);
        store.ignore_bank_account(&world.asker, second, true).await.unwrap();
        let account = account_at(world, None, "Savings").await.unwrap();
        let link = NewLink { bank_account: second, account: Ok(account), import_from: november(1), flips_sign: false };
        store.link(&world.asker, connection, &[link]).await.unwrap();
        assert!(!is_ignored().await);
    }
}

#[tokio::test]
async fn two_moves_at_once_make_no_ring() {
    let world = World::open(bankside_testkit::Engine::Postgres).await;
    let (one, two) = (add(&world, "One", None).await, add(&world, "Two", None).await);
    let both = tokio::join!(
        world.store.move_asset(&world.asker, one, Some(two), None),
        world.store.move_asset(&world.asker, two, Some(one), None),
    );
    let refused =
        [both.0, both.1].into_iter().filter(|result| matches!(result, Err(StoreError::AssetRefused(_)))).count();
    assert_eq!(refused, 1);
    assert_eq!(tree(&world).await.all().len(), 2, "both can be reached from the top");
}
