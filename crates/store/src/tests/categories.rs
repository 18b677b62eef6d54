//! Categories: with which an organization begins, and what may be done to them.

use bankside_domain::category::{CategoryRefused, CategoryUse, MAIN_OF_COMPANIES, usual};
use bankside_domain::edit::Seen;
use bankside_domain::{AccountId, Actor, Asker, CategoryId, Granted, Id, OrganizationKind, Role, Sight};
use jiff::civil::date;
use uuid::Uuid;

use crate::db::{run, sql};
use crate::tests::on_both;
use crate::tests::world::{World, booked};
use crate::{Edit, NewOrganization, NewTransaction, Selection, Store, StoreError, TypedLine};

async fn organization(world: &World, kind: OrganizationKind) -> Asker {
    let new = NewOrganization {
        name: "Another".into(),
        kind,
        currency: "EUR".parse().unwrap(),
        time_zone: "Europe/Berlin".into(),
        begins_with_categories: true,
    };
    let id = world.store.add_organization_as_system(&new, world.owner).await.unwrap();
    Asker::member(id, world.owner, Role::Owner)
}

async fn paths(store: &Store, asker: &Asker) -> Vec<String> {
    store.categories(asker).await.unwrap().into_iter().map(|one| one.path).collect()
}

async fn named(store: &Store, asker: &Asker, path: &str) -> CategoryId {
    store.categories(asker).await.unwrap().iter().find(|one| one.path == path).unwrap().id
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> CategoryRefused {
    match result {
        Err(StoreError::CategoryRefused(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

/// Rows of the bank, with this category.
async fn mapped(world: &mut World, rows: &[(i8, i64)], category: CategoryId) {
    let sent: Vec<_> = rows.iter().map(|(day, minor)| booked(*day, *minor, "Landlord", "")).collect();
    world.sync(&sent).await;
    let query = crate::RegisterQuery { limit: 500, ..crate::RegisterQuery::default() };
    let ids = world.store.register(&world.asker, &query).await.unwrap().rows.iter().map(|row| row.id).collect();
    let edit = Edit { category: Some(Some(category)), ..Edit::default() };
    let (these, seen) = (Selection::These(ids), Seen::default());
    let done = world.store.edit_transactions(&world.asker, &these, &edit, &seen).await;
    assert_eq!(done.unwrap().changed, rows.len());
}

on_both! {
    an_organization_begins_with_what_is_usual_for_it(world) {
        for kind in [OrganizationKind::Household, OrganizationKind::Company] {
            let asker = organization(world, kind).await;
            let mut wanted = Vec::new();
            for main in usual(kind) {
                wanted.push(main.name.to_owned());
                wanted.extend(main.subcategories.iter().map(|name| format!("{} ▸ {name}", main.name)));
            }
            assert_eq!(paths(&world.store, &asker).await, wanted);
            let fixed = world.store.categories(&asker).await.unwrap().iter().filter(|one| one.is_fixed).count();
            assert_eq!(fixed, if kind == OrganizationKind::Company { 7 } else { 0 });
        }
        assert!(paths(&world.store, &world.asker).await.is_empty());
        world.store.add_usual_categories(&world.asker).await.unwrap();
        assert!(matches!(world.store.add_usual_categories(&world.asker).await, Err(StoreError::Conflict(_))));
    }

    a_company_of_before_has_the_seven_and_keeps_its_own(world) {
        let asker = world.asker.clone();
        let own = world.store.add_category(&asker, "Greenhouse", None).await.unwrap();
        let taxes = world.store.add_category(&asker, "TAXES", None).await.unwrap();
        let mut session = world.store.db.write(Granted::as_system()).await.unwrap();
        run_kind(&mut session, &asker).await;
        session.commit().await.unwrap();
        // It was a company before there were seven.
        world.store.complete_companies().await.unwrap();
        world.store.complete_companies().await.unwrap();
        let categories = world.store.categories(&asker).await.unwrap();
        let fixed: Vec<&str> = categories.iter().filter(|one| one.is_fixed).map(|one| one.name.as_str()).collect();
        assert_eq!(fixed, MAIN_OF_COMPANIES.map(|main| main.name));
        assert_eq!(categories.len(), 8);
        assert!(categories.iter().any(|one| one.id == own && !one.is_fixed));
        assert!(categories.iter().any(|one| one.id == taxes && one.is_fixed && one.name == "Taxes"));
        assert_eq!(refused(world.store.add_category(&asker, "House", None).await), CategoryRefused::MainsAreFixed);
        assert!(matches!(refused(world.store.delete_category(&asker, taxes).await), CategoryRefused::Fixed { .. }));
        world.store.change_category(&asker, own, None, Some(Some(taxes)), None).await.unwrap();
        assert!(paths(&world.store, &asker).await.contains(&"Taxes ▸ Greenhouse".to_owned()));
        world.store.set_organization_kind(&asker, OrganizationKind::Household).await.unwrap();
        world.store.change_category(&asker, taxes, Some("Duties"), None, Some("Taxes")).await.unwrap();
        world.store.set_organization_kind(&asker, OrganizationKind::Company).await.unwrap();
        // What it is already is no change, and no line about one.
        world.store.set_organization_kind(&asker, OrganizationKind::Company).await.unwrap();
        let audit = world.store.audit_entries(&asker).await.unwrap();
        let told: Vec<&str> =
            audit.iter().filter(|line| line.action == "organization.kind").map(|line| line.detail.as_str()).collect();
        assert_eq!(told, ["company", "household"]);
        let categories = world.store.categories(&asker).await.unwrap();
        assert_eq!((categories.iter().filter(|one| one.is_fixed).count(), categories.len()), (7, 9));
    }

    what_is_used_stays_and_two_who_change_at_once_are_told(world) {
        let asker = world.asker.clone();
        let house = world.store.add_category(&asker, "House", None).await.unwrap();
        let rent = world.store.add_category(&asker, "Rent", Some(house)).await.unwrap();
        mapped(world, &[(3, -90_000), (4, -500)], rent).await;
        let used = CategoryUse { transactions: 2, ..CategoryUse::default() };
        let says = refused(world.store.delete_category(&asker, rent).await);
        assert_eq!(says, CategoryRefused::Used { name: "Rent".into(), used });
        assert_eq!(world.store.category_uses(&asker).await.unwrap()[&rent], used);
        assert!(matches!(refused(world.store.delete_category(&asker, house).await), CategoryRefused::HasSubcategories { count: 1, .. }));
        world.store.change_category(&asker, rent, Some("Rent and heat"), None, Some("Rent")).await.unwrap();
        let late = world.store.change_category(&asker, rent, Some("Flat"), None, Some("Rent")).await;
        assert_eq!(refused(late), CategoryRefused::ChangedMeanwhile { name: "Rent and heat".into() });
        let other = world.store.add_category(&asker, "rent", Some(house)).await.unwrap();
        let taken = world.store.change_category(&asker, other, Some("RENT and heat"), None, None).await;
        assert_eq!(refused(taken), CategoryRefused::NameTaken { name: "RENT and heat".into() });
        world.store.delete_category(&asker, other).await.unwrap();
        assert_eq!(paths(&world.store, &asker).await, ["House", "House ▸ Rent and heat"]);
        // A name that went is free.
        world.store.add_category(&asker, "Rent", Some(house)).await.unwrap();
    }

    a_transaction_counts_once_for_a_category_however_many_lines_of_it_there_are(world) {
        let asker = world.asker.clone();
        let rent = world.store.add_category(&asker, "Rent", None).await.unwrap();
        let line = |minor, category| TypedLine { amount_minor: minor, category, ..TypedLine::default() };
        let mut split = NewTransaction::new(date(2026, 11, 5), -600);
        split.lines = vec![line(-100, Some(rent)), line(-200, None), line(-300, Some(rent))];
        let (split, _) = world.store.add_transaction(&asker, world.account, &split).await.unwrap();
        mapped(world, &[(3, -90_000)], rent).await;
        let used = async |asker: &Asker| world.store.category_uses(asker).await.unwrap().get(&rent).map(|used| used.transactions);
        assert_eq!(used(&asker).await, Some(2));
        // Announced: in no sum of a month, and in use.
        let mut session = world.store.db.write(Granted::as_system()).await.unwrap();
        let text = sql!("UPDATE transactions SET status = 'scheduled' WHERE organization_id = $1 AND id = $2");
        let mut write = async || {
            Ok::<u64, StoreError>(run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(split.uuid())))
        };
        assert_eq!(write().await.unwrap(), 1);
        session.commit().await.unwrap();
        assert_eq!(used(&asker).await, Some(2));
        let sees = |accounts: &[AccountId]| {
            let sight = Sight::below(Uuid::from_u128(7).into(), accounts.iter().copied());
            Asker { actor: Actor::Member { person: world.owner, role: Role::Member, sight }, ..asker.clone() }
        };
        assert_eq!(used(&sees(&[world.account])).await, Some(2));
        assert_eq!(used(&sees(&[])).await, None);
        world.store.delete_transactions(&asker, &Selection::These(vec![split]), false).await.unwrap();
        assert_eq!(used(&asker).await, Some(1));
    }

    merging_takes_all_lines_along_and_is_one_change_that_can_be_undone(world) {
        let asker = world.asker.clone();
        let house = world.store.add_category(&asker, "House", None).await.unwrap();
        let rent = world.store.add_category(&asker, "Rent", Some(house)).await.unwrap();
        let flat = world.store.add_category(&asker, "Flat", Some(house)).await.unwrap();
        mapped(world, &[(3, -90_000), (4, -500)], rent).await;
        // A row that is split, and one that is taken out of the books.
        let line = |minor, category| TypedLine { amount_minor: minor, category, ..TypedLine::default() };
        let mut split = NewTransaction::new(date(2026, 11, 5), -300);
        split.lines = vec![line(-100, Some(rent)), line(-200, None)];
        world.store.add_transaction(&asker, world.account, &split).await.unwrap();
        let mut gone = NewTransaction::new(date(2026, 11, 6), -7);
        gone.lines = vec![line(-7, Some(rent))];
        let (gone, _) = world.store.add_transaction(&asker, world.account, &gone).await.unwrap();
        let deleted = world.store.delete_transactions(&asker, &Selection::These(vec![gone]), false).await.unwrap();

        let other = refused(world.store.merge_categories(&asker, rent, flat, Some(2)).await);
        assert_eq!(other, CategoryRefused::OtherCount { transactions: 3 });
        assert_eq!(refused(world.store.merge_categories(&asker, rent, rent, None).await), CategoryRefused::Itself);
        let merged = world.store.merge_categories(&asker, rent, flat, Some(3)).await.unwrap();
        assert_eq!(merged.changed, 3);
        assert_eq!(paths(&world.store, &asker).await, ["House", "House ▸ Flat"]);
        assert_eq!(world.store.category_uses(&asker).await.unwrap()[&flat].transactions, 3);
        assert_eq!(world.store.count_without_category(&asker, None, 9).await.unwrap(), 1, "the other line stays blank");
        let gone_now = Edit { category: Some(Some(rent)), ..Edit::default() };
        let all = Selection::Matching(Box::default());
        let seen = Seen::default();
        let result = world.store.edit_transactions(&asker, &all, &gone_now, &seen).await;
        assert!(matches!(result, Err(StoreError::NotFound("the category"))), "{result:?}");

        // What is taken back has it again, and then it is there.
        let undone = world.store.undo(&asker, merged.batch.unwrap()).await.unwrap();
        assert_eq!(undone.stay, []);
        assert_eq!(world.store.category_uses(&asker).await.unwrap()[&rent].transactions, 3);
        assert_eq!(paths(&world.store, &asker).await, ["House", "House ▸ Rent", "House ▸ Flat"]);
        world.store.undo(&asker, undone.batch).await.unwrap();
        assert_eq!(paths(&world.store, &asker).await, ["House", "House ▸ Flat"]);
        // So has a row that comes back into the books.
        world.store.undo(&asker, deleted.batch.unwrap()).await.unwrap();
        assert_eq!(paths(&world.store, &asker).await, ["House", "House ▸ Rent", "House ▸ Flat"]);
        assert_eq!(named(&world.store, &asker, "House ▸ Rent").await, rent);
    }

    a_locked_period_keeps_its_categories(world) {
        let asker = world.asker.clone();
        let rent = world.store.add_category(&asker, "Rent", None).await.unwrap();
        let flat = world.store.add_category(&asker, "Flat", None).await.unwrap();
        mapped(world, &[(3, -90_000), (14, -500)], rent).await;
        world.store.lock_period(&asker, world.account, Some(date(2026, 11, 10))).await.unwrap();
        let says = refused(world.store.merge_categories(&asker, rent, flat, None).await);
        assert_eq!(says, CategoryRefused::Locked { name: "Rent".into(), transactions: 1 });
        assert_eq!(world.store.category_uses(&asker).await.unwrap()[&rent].transactions, 2, "nothing was half done");
    }

    whoever_does_not_manage_changes_nothing_and_other_organizations_have_their_own(world) {
        let rent = world.store.add_category(&world.asker, "Rent", None).await.unwrap();
        let flat = world.store.add_category(&world.asker, "Flat", None).await.unwrap();
        let member = Asker::member(world.asker.organization, world.owner, Role::Member);
        let other = organization(world, OrganizationKind::Household).await;
        let store = &world.store;
        assert!(matches!(store.change_category(&member, rent, Some("x"), None, None).await, Err(StoreError::Denied(_))));
        assert!(matches!(store.delete_category(&member, rent).await, Err(StoreError::Denied(_))));
        assert!(matches!(store.merge_categories(&member, rent, flat, None).await, Err(StoreError::Denied(_))));
        assert!(matches!(store.change_category(&other, rent, Some("x"), None, None).await, Err(StoreError::NotFound(_))));
        assert!(matches!(store.delete_category(&other, rent).await, Err(StoreError::NotFound(_))));
        assert!(matches!(store.merge_categories(&other, rent, flat, None).await, Err(StoreError::NotFound(_))));
        assert!(matches!(store.add_category(&other, "x", Some(rent)).await, Err(StoreError::NotFound(_))));
    }
}

async fn run_kind(session: &mut crate::db::Session, asker: &Asker) {
    use bankside_domain::Id as _;
    let text = sql!("UPDATE organizations SET kind = 'company' WHERE id = $1");
    let changed = async { Ok::<u64, StoreError>(run!(session, sqlx::query(text).bind(asker.organization.uuid()))) };
    assert_eq!(changed.await.unwrap(), 1);
}
