//! Whoever sees one asset sees and changes what lies below it, and learns of nothing else.

use bankside_domain::asset::{AssetKind, AssetStage, Places};
use bankside_domain::edit::Seen;
use bankside_domain::merge::Chosen;
use bankside_domain::run::Trigger;
use bankside_domain::{AccountId, Asker, AssetId, Granted, Id, PersonId, Right, Role, TransactionId};
use jiff::civil::date;
use uuid::Uuid;

use crate::db::{run, sql};
use crate::tests::on_both;
use crate::tests::world::{World, booked};
use crate::{
    AssetChange, Edit, Filter, NewAccount, NewAsset, NewPerson, NewTransaction, RegisterQuery, RunsQuery, Selection,
    StoreError, TypedLine,
};

/// Two plants of one organization: the bank feeds the account of the north, and the south keeps a till.
struct Plants {
    north: AssetId,
    south: AssetId,
    till: AccountId,
    /// Of the south.
    secret: TransactionId,
    /// Of the north.
    coffee: TransactionId,
}

impl World {
    async fn plants(&mut self) -> Plants {
        let applied = self.sync(&[booked(1, -280, "Café", "a")]).await;
        assert!(applied.batch.is_some());
        let coffee = self.store.register(&self.asker, &all()).await.unwrap().rows[0].id;
        let till = NewAccount {
            name: "Till".into(),
            kind: bankside_domain::account::AccountKind::Cash,
            currency: "JPY".parse().unwrap(),
            opening_minor: Some(5),
            asset: None,
        };
        let till = self.store.add_account(&self.asker, &till).await.unwrap();
        let country = self.add_asset(None, "Germany").await;
        let north = self.add_asset(Some(country), "North").await;
        let south = self.add_asset(Some(country), "South").await;
        let hall = self.add_asset(Some(north), "Hall").await;
        self.hang(self.account, hall).await;
        self.hang(till, south).await;
        let line = TypedLine { id: None, amount_minor: -700, category: None, note: None, tags: vec!["lawyer".into()] };
        let typed =
            NewTransaction { lines: vec![line], ..NewTransaction::new(date(2026, 8, 2), -700).with("Secret & Co") };
        let (secret, _) = self.store.add_transaction(&self.asker, till, &typed).await.unwrap();
        Plants { north, south, till, secret, coffee }
    }

    pub(crate) async fn add_asset(&self, under: Option<AssetId>, name: &str) -> AssetId {
        let new = NewAsset { name: name.into(), kind: AssetKind::Production, stage: AssetStage::Active, under };
        self.store.add_asset(&self.asker, &new).await.unwrap()
    }

    pub(crate) async fn hang(&self, account: AccountId, asset: AssetId) {
        self.store.move_account(&self.asker, account, Some(asset), None).await.unwrap();
    }

    /// A new member, as the store knows them.
    pub(crate) async fn member_below(&self, name: &str, role: Role, asset: Option<AssetId>) -> Asker {
        let person = NewPerson { name: name.into(), email: None, password_hash: "x".into(), is_operator: false };
        let person: PersonId = self.store.add_person_as_system(&person).await.unwrap();
        let mut session = self.store.db.write(Granted::as_system()).await.unwrap();
        let text = sql!(
            "INSERT INTO members (organization_id, person_id, role, asset_id, joined_at) VALUES ($1, $2, $3, $4, 0)"
        );
        let insert = async || {
            run!(
                session,
                sqlx::query(text)
                    .bind(self.asker.organization.uuid())
                    .bind(person.uuid())
                    .bind(bankside_domain::Code::code(role))
                    .bind(asset.map(Id::uuid))
            );
            session.commit().await
        };
        insert().await.unwrap();
        self.store.membership_as_system(person, self.asker.organization).await.unwrap().asker
    }
}

fn is_not_found<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound(_))), "{result:?}");
}

fn is_denied<T: std::fmt::Debug>(result: &Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::Denied(_))), "{result:?}");
}

fn all() -> RegisterQuery {
    RegisterQuery { limit: 50, ..RegisterQuery::default() }
}

on_both! {
    sight_ends_at_the_asset(world) {
        let plants = world.plants().await;
        let member = world.member_below("north", Role::Member, Some(plants.north)).await;
        let store = &world.store;
        let accounts: Vec<AccountId> = store.accounts(&member).await.unwrap().iter().map(|one| one.id).collect();
        assert_eq!(accounts, [world.account]);
        assert_eq!(store.revisions(&member).await.unwrap().len(), 1);
        assert_eq!(store.first_month(&member).await.unwrap(), Some("2026-11".parse().unwrap()));
        let tree = store.tree(&member).await.unwrap();
        let hall = store.account(&member, world.account).await.unwrap().asset.unwrap();
        assert_eq!(tree.path(hall), "North ▸ Hall", "what lies above is out of sight");
        assert_eq!((tree.all().len(), tree.get(plants.north).unwrap().parent), (2, None));
        let page = store.register(&member, &all()).await.unwrap();
        assert_eq!((page.total, page.rows.len()), (1, 1));
        for search in ["Secret", "lawyer", "700"] {
            let found = RegisterQuery { search: Some(search.into()), ..all() };
            assert_eq!(store.register(&member, &found).await.unwrap().total, 0, "{search}");
            assert_eq!(store.register(&world.asker, &found).await.unwrap().total, 1, "{search}");
        }
        let larger = Filter { min: Some([1, 10, 100, 1000, 10_000]), ..Filter::default() };
        let larger = store.register(&member, &RegisterQuery { filter: larger, ..all() }).await.unwrap();
        assert_eq!((larger.total, larger.sums.len()), (1, 1));
        let there = RegisterQuery { account: Some(plants.till), ..all() };
        assert_eq!(store.register(&member, &there).await.unwrap().total, 0);
        let payees: Vec<String> = store.payees(&member, "", 9).await.unwrap().into_iter().map(|one| one.name).collect();
        assert_eq!(payees, ["Café"]);
        let all_payees = store.payees(&world.asker, "", 9).await.unwrap();
        let ids: Vec<_> = all_payees.iter().map(|one| one.id).collect();
        assert_eq!(store.payee_names(&member, &ids).await.unwrap().into_values().collect::<Vec<_>>(), ["Café"]);
        assert_eq!(store.payee_names(&world.asker, &ids).await.unwrap().len(), 2);
        assert!(store.tags(&member).await.unwrap().is_empty());
        assert_eq!(store.tags(&world.asker).await.unwrap().len(), 1);
        let from = "2026-01".parse().unwrap();
        let both = [world.account, plants.till];
        assert_eq!(store.month_sums(&member, &both, from).await.unwrap().len(), 1);
        assert_eq!(store.category_sums(&member, &both, from, "2026-12".parse().unwrap()).await.unwrap().len(), 1);
        let new = store.count_new(&world.asker, Some(world.account), 9).await.unwrap();
        assert_eq!(store.count_new(&member, None, 9).await.unwrap(), new);
        assert_eq!(store.count_without_category(&member, None, 9).await.unwrap(), 1);
        assert_eq!(store.count_without_category(&world.asker, None, 9).await.unwrap(), 2);
        assert_eq!(store.pair_rows(&member, date(2026, 1, 1), 9).await.unwrap().len(), 1);
        assert_eq!(store.feed_facts(&member).await.unwrap().len(), 1);
        assert_eq!(store.connections(&member).await.unwrap().len(), 1);
        assert!(store.latest_balances(&member, world.bank_account).await.is_ok());
    }

    what_is_out_of_sight_is_not_there(world) {
        let plants = world.plants().await;
        let member = world.member_below("south", Role::Member, Some(plants.south)).await;
        let store = &world.store;
        is_not_found(&store.account(&member, world.account).await);
        is_not_found(&store.connection(&member, world.connection).await);
        is_not_found(&store.transaction(&member, plants.coffee).await);
        is_not_found(&store.account_of(&member, plants.coffee).await);
        is_not_found(&store.story(&member, plants.coffee).await);
        is_not_found(&store.register_row(&member, plants.coffee).await);
        is_not_found(&store.latest_balances(&member, world.bank_account).await);
        is_not_found(&store.evidence(&member, world.account, world.bank_account).await);
        is_not_found(&store.verdicts(&member, world.account, world.bank_account).await);
        is_not_found(&store.reconciliation(&member, world.account, date(2026, 11, 30)).await);
        is_not_found(&store.bills(&member, world.account).await);
        is_not_found(&store.delete_transaction(&member, plants.coffee).await);
        is_not_found(&store.duplicate_transactions(&member, &Selection::These(vec![plants.secret, plants.coffee])).await);
        is_not_found(&store.keep_apart(&member, plants.secret, plants.coffee).await);
        is_not_found(&store.merge(&member, plants.secret, plants.coffee, Chosen::default()).await);
        is_not_found(&store.lock_period(&member, world.account, Some(date(2026, 11, 30))).await);
        is_not_found(&store.reconcile(&member, world.account, date(2026, 11, 30), 0).await);
        is_not_found(&store.take_bank_opening(&member, world.account, 1, 1).await);
        is_not_found(&store.add_transaction(&member, world.account, &NewTransaction::new(date(2026, 11, 1), 1)).await);
        let note = Edit { note: Some(Some("mine".into())), ..Edit::default() };
        let these = Selection::These(vec![plants.coffee]);
        is_not_found(&store.edit_transactions(&member, &these, &note, &Seen::default()).await);
        let there = Edit { account: Some(world.account), ..Edit::default() };
        let these = Selection::These(vec![plants.secret]);
        is_not_found(&store.edit_transactions(&member, &these, &there, &Seen::default()).await);
        let edited = store.edit_transactions(&member, &Selection::Matching(Box::new(all())), &note, &Seen::default()).await;
        assert_eq!(edited.unwrap().changed, 1, "a selection by a search ends where sight does");
        assert!(store.connections(&member).await.unwrap().is_empty());
        assert!(store.feed_facts(&member).await.unwrap().is_empty());
        is_denied(&store.bank_accounts(&member, world.connection).await);
        is_denied(&store.runs(&member, &RunsQuery { connection: None, offset: 0, limit: 9 }).await);
        is_denied(&store.enqueue_run(&member, world.connection, Trigger::Person).await);
        is_denied(&store.people_names(&member).await);
    }

    the_tree_ends_where_sight_does(world) {
        let plants = world.plants().await;
        let member = world.member_below("north", Role::Member, Some(plants.north)).await;
        let store = &world.store;
        let hall = store.account(&member, world.account).await.unwrap().asset.unwrap();
        // It stood in the south once, which whoever sees the north must not learn.
        store.move_account(&world.asker, world.account, Some(plants.south), None).await.unwrap();
        let moved = store.move_account(&world.asker, world.account, Some(hall), Some(date(2026, 11, 10))).await.unwrap();
        let places = store.account_places(&member, world.account).await.unwrap();
        assert_eq!((places.now, places.on(date(2026, 11, 9)), places.earlier.len()), (Some(hall), None, 1));
        assert_eq!(store.account_places(&world.asker, world.account).await.unwrap().on(date(2026, 11, 9)), Some(plants.south));
        assert!(store.accounts_on(&member, date(2026, 11, 9)).await.unwrap().is_empty());
        let on_the_day = store.accounts_on(&member, date(2026, 11, 10)).await.unwrap();
        assert_eq!(on_the_day.into_iter().collect::<Vec<_>>(), [(world.account, hall)]);
        assert_eq!(store.asset_places(&member, plants.north).await.unwrap(), Places::default());
        assert_eq!(store.asset_places(&member, hall).await.unwrap().now, Some(plants.north));
        is_not_found(&store.asset_places(&member, plants.south).await);
        is_not_found(&store.account_places(&member, plants.till).await);
        // What was written of the move is told without a name.
        let summaries = [store.preview_undo(&member, moved.unwrap()).await.map(|undo| format!("{undo:?}"))];
        assert!(summaries.iter().flatten().all(|text| !text.contains("South")), "{summaries:?}");

        let here = NewAsset { name: "X".into(), kind: AssetKind::Structuring, stage: AssetStage::Active, under: Some(hall) };
        let change = AssetChange { name: "X".into(), kind: AssetKind::Structuring, stage: AssetStage::Active };
        is_denied(&store.add_asset(&member, &here).await);
        is_denied(&store.change_asset(&member, hall, &change).await);
        is_denied(&store.move_asset(&member, hall, None, None).await);
        is_denied(&store.order_asset(&member, hall, None).await);
        is_denied(&store.close_asset(&member, hall, date(2026, 11, 1)).await);
        is_denied(&store.reopen_asset(&member, hall).await);
        is_denied(&store.move_account(&member, world.account, Some(plants.north), None).await);
        is_denied(&store.ignore_bank_account(&member, world.bank_account, true).await);
        is_denied(&store.undo(&member, moved.unwrap()).await);
    }

    batches_are_taken_back_by_whoever_sees_all_that_they_touched(world) {
        let plants = world.plants().await;
        let member = world.member_below("south", Role::Member, Some(plants.south)).await;
        let whole = world.member_below("whole", Role::Member, None).await;
        let store = &world.store;
        let note = |text: &str| Edit { note: Some(Some(text.into())), ..Edit::default() };
        let both = Selection::These(vec![plants.secret, plants.coffee]);
        let both = store.edit_transactions(&whole, &both, &note("both"), &Seen::default()).await.unwrap().batch.unwrap();
        is_not_found(&store.preview_undo(&member, both).await);
        is_not_found(&store.undoing_of(&member, both).await);
        is_not_found(&store.undo(&member, both).await);
        store.undo(&whole, both).await.unwrap();
        let own = Selection::These(vec![plants.secret]);
        let own = store.edit_transactions(&member, &own, &note("own"), &Seen::default()).await.unwrap().batch.unwrap();
        let undone = store.undo(&member, own).await.unwrap();
        assert!(undone.taken_back > 0 && undone.stay.is_empty());
    }

    what_a_restricted_member_adds_is_in_their_sight(world) {
        let plants = world.plants().await;
        let member = world.member_below("south", Role::Member, Some(plants.south)).await;
        let viewer = world.member_below("viewer", Role::Viewer, Some(plants.south)).await;
        let new = NewAccount {
            name: "Petty cash".into(),
            kind: bankside_domain::account::AccountKind::Cash,
            currency: "EUR".parse().unwrap(),
            opening_minor: None,
            asset: None,
        };
        is_denied(&world.store.add_account(&viewer, &new).await);
        let added = world.store.add_account(&member, &new).await.unwrap();
        let again = world.store.membership_as_system(member.person().unwrap(), member.organization).await.unwrap();
        assert!(again.asker.sees(added) && !again.asker.sees(world.account));
        assert_eq!(world.store.account(&again.asker, added).await.unwrap().asset, Some(plants.south));
        let shed = world.add_asset(Some(plants.south), "Shed").await;
        let there = NewAccount { asset: Some(shed), ..new.clone() };
        let added = world.store.add_account(&member, &there).await.unwrap();
        assert_eq!(world.store.account(&world.asker, added).await.unwrap().asset, Some(shed));
        let elsewhere = NewAccount { asset: Some(plants.north), ..new };
        is_not_found(&world.store.add_account(&member, &elsewhere).await);
        is_denied(&world.store.add_category(&member, "Mine", None).await);
    }

    an_asset_without_accounts_shows_none(world) {
        world.plants().await;
        let empty = world.add_asset(None, "Empty").await;
        let member = world.member_below("nobody", Role::Member, Some(empty)).await;
        assert!(member.may(Right::EditBooks) && member.is_restricted());
        assert!(world.store.accounts(&member).await.unwrap().is_empty());
        assert_eq!(world.store.register(&member, &all()).await.unwrap().total, 0);
        is_not_found(&world.store.account(&member, world.account).await);
        is_not_found(&world.store.account(&member, AccountId::from(Uuid::nil())).await);
    }
}
