//! Plans: at most one holds at a place, and what has ended can be brought back.

use bankside_domain::asset::{AssetKind, AssetStage};
use bankside_domain::cashflow::plan::Planned;
use bankside_domain::category::{CategoryRefused, CategoryUse};
use bankside_domain::{Actor, Asker, AssetId, Currency, PlanId, Role, Sight};

use crate::tests::on_both;
use crate::tests::world::{World, add_organization};
use crate::{NewAsset, StoreError};

fn planned(month: &str, minor: i64) -> Planned {
    Planned { currency: Currency::iso("EUR").unwrap(), month: month.parse().unwrap(), category: None, minor }
}

async fn asset(world: &World, name: &str, under: Option<AssetId>) -> AssetId {
    let new = NewAsset { name: name.into(), kind: AssetKind::Structuring, stage: AssetStage::Active, under };
    world.store.add_asset(&world.asker, &new).await.unwrap()
}

/// What the plans that hold come to in 2026, of some assets and perhaps of the organization.
async fn holds(world: &World, asker: &Asker, assets: &[AssetId], with_organization: bool) -> i64 {
    let year = ("2026-01".parse().unwrap(), "2026-12".parse().unwrap());
    let planned = world.store.planned_of(asker, assets, with_organization, year).await.unwrap();
    planned.iter().map(|planned| planned.minor).sum()
}

async fn bring(world: &World, asset: Option<AssetId>, minor: i64) -> PlanId {
    let lines = [planned("2026-02", minor), planned("2025-12", 1)];
    world.store.bring_plan(&world.asker, asset, "plan.csv", &lines).await.unwrap()
}

on_both! {
    a_plan_counts_once_it_is_confirmed_and_until_it_ends(world) {
        let (store, asker) = (&world.store, &world.asker);
        let mill = asset(world, "Mill", None).await;
        let first = bring(world, Some(mill), 100).await;
        assert_eq!(holds(world, asker, &[mill], true).await, 0);
        store.hold_plan(asker, Some(mill), first).await.unwrap();
        assert_eq!(holds(world, asker, &[mill], false).await, 100);
        let second = bring(world, Some(mill), 7).await;
        store.hold_plan(asker, Some(mill), second).await.unwrap();
        assert_eq!(holds(world, asker, &[mill], false).await, 7);
        store.hold_plan(asker, Some(mill), first).await.unwrap();
        assert_eq!(holds(world, asker, &[mill], false).await, 100);
        // Whoever saw the other one hold ends nothing.
        let late = store.end_plan(asker, Some(mill), second).await;
        assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
        assert_eq!(holds(world, asker, &[mill], false).await, 100);
        store.end_plan(asker, Some(mill), first).await.unwrap();
        assert_eq!(holds(world, asker, &[mill], false).await, 0);
        let again = store.end_plan(asker, Some(mill), first).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        assert_eq!(store.plans(asker, Some(mill)).await.unwrap().len(), 2);
    }

    a_category_that_is_planned_for_stays_and_merging_takes_its_plans_along(world) {
        let (store, asker) = (&world.store, &world.asker);
        let mill = asset(world, "Mill", None).await;
        let (rent, flat) = (
            store.add_category(asker, "Rent", None).await.unwrap(),
            store.add_category(asker, "Flat", None).await.unwrap(),
        );
        let amount = |category, month, minor| Planned { category: Some(category), ..planned(month, minor) };
        let lines = [amount(rent, "2026-02", -7), amount(flat, "2026-02", -1), amount(rent, "2026-03", -5)];
        let plan = store.bring_plan(asker, Some(mill), "plan.csv", &lines).await.unwrap();
        let other = store.bring_plan(asker, None, "plan.csv", &lines[..1]).await.unwrap();
        let used = CategoryUse { plans: 2, ..CategoryUse::default() };
        assert_eq!(store.category_uses(asker).await.unwrap()[&rent], used);
        let actor = Actor::Member { person: world.owner, role: Role::Member, sight: Sight::below(mill, []) };
        let miller = Asker { organization: asker.organization, actor };
        assert_eq!(store.category_uses(&miller).await.unwrap()[&rent].plans, 1);
        match store.delete_category(asker, rent).await {
            Err(StoreError::CategoryRefused(CategoryRefused::Used { used: told, .. })) => assert_eq!(told, used),
            other => panic!("{other:?}"),
        }
        assert_eq!(store.merge_categories(asker, rent, flat, Some(0)).await.unwrap().changed, 0);
        let now = [amount(flat, "2026-02", -8), amount(flat, "2026-03", -5)];
        assert_eq!(store.planned(asker, Some(mill), plan).await.unwrap(), now);
        assert_eq!(store.planned(asker, None, other).await.unwrap(), [amount(flat, "2026-02", -7)]);
        // What has gone has no name any more, so that no plan is read into it.
        let names = store.category_names(asker).await.unwrap();
        assert_eq!(names.iter().map(|named| named.id).collect::<Vec<_>>(), [flat]);
    }

    what_was_never_confirmed_gives_way_and_another_place_is_another_plan(world) {
        let (store, asker) = (&world.store, &world.asker);
        let mill = asset(world, "Mill", None).await;
        let draft = bring(world, Some(mill), 100).await;
        let own = bring(world, None, 5).await;
        let latest = bring(world, Some(mill), 7).await;
        assert_eq!(store.planned(asker, Some(mill), draft).await.unwrap(), []);
        assert_eq!(store.planned(asker, None, own).await.unwrap().len(), 2);
        // The plan of one place does not hold at another.
        let elsewhere = store.hold_plan(asker, Some(mill), own).await;
        assert!(matches!(elsewhere, Err(StoreError::NotFound("the plan"))), "{elsewhere:?}");
        store.hold_plan(asker, None, own).await.unwrap();
        assert_eq!((holds(world, asker, &[mill], true).await, holds(world, asker, &[mill], false).await), (5, 0));
        // Whoever saw the first draft, or names what holds, lets nothing go.
        for other in [draft, own] {
            let late = store.discard_plan(asker, Some(mill), other).await;
            assert!(matches!(late, Err(StoreError::Conflict(_))), "{late:?}");
        }
        assert_eq!(store.planned(asker, Some(mill), latest).await.unwrap().len(), 2);
        store.discard_plan(asker, Some(mill), latest).await.unwrap();
        assert_eq!(store.plans(asker, Some(mill)).await.unwrap(), []);
    }

    whoever_sees_one_asset_plans_for_it_and_hears_of_no_other(world) {
        let (mill, harbour) = (asset(world, "Mill", None).await, asset(world, "Harbour", None).await);
        let actor = Actor::Member { person: world.owner, role: Role::Member, sight: Sight::below(mill, []) };
        let miller = Asker { organization: world.asker.organization, actor };
        for place in [Some(mill), Some(harbour), None] {
            let plan = bring(world, place, 10).await;
            world.store.hold_plan(&world.asker, place, plan).await.unwrap();
        }
        assert_eq!(holds(world, &miller, &[mill, harbour], true).await, 10);
        assert_eq!(holds(world, &world.asker, &[mill, harbour], true).await, 30);
        let lines = [planned("2026-03", 3)];
        assert!(world.store.bring_plan(&miller, Some(mill), "x", &lines).await.is_ok());
        let hidden = world.store.bring_plan(&miller, Some(harbour), "x", &lines).await;
        assert!(matches!(hidden, Err(StoreError::NotFound("the asset"))), "{hidden:?}");
        let whole = world.store.bring_plan(&miller, None, "x", &lines).await;
        assert!(matches!(whole, Err(StoreError::Denied(_))), "{whole:?}");
        let other = add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        assert!(matches!(world.store.plans(&other, Some(mill)).await, Err(StoreError::NotFound("the asset"))));
    }
}
