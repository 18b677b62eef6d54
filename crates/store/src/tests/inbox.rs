//! The inbox: what comes waits, is accepted once by whoever is first, goes with its sync, and comes back where its bank changes it.

use bankside_domain::account::PendingPolicy;
use bankside_domain::edit::Refused;
use bankside_domain::inbox::InboxState;
use bankside_domain::{Asker, CategoryId, Granted, Id, LineId, PersonId, Role, TransactionId};
use jiff::civil::date;

use crate::db::{run, sql};
use crate::tests::on_both;
use crate::tests::world::{Sent, World, booked, pending};
use crate::{
    AcceptLine, AcceptTarget, DoneBefore, Edit, Filter, InboxCount, InboxRows, InboxSwitches, NewTransaction,
    RegisterQuery, RegisterRow, Resolve, Reviewed, Selection, StoreError,
};

impl World {
    /// An inbox, after a first sync that is history.
    pub(super) async fn with_inbox(&self) {
        self.sync(&[booked(1, -100, "History", "h")]).await;
        self.store.switch_inbox(&self.asker, true).await.unwrap();
    }

    /// A sync, and the rows that wait afterwards, by payee.
    pub(super) async fn sync_to_inbox(&self, rows: &[Sent]) -> Vec<RegisterRow> {
        self.clock.advance_days(1);
        self.sync(rows).await;
        self.in_inbox(&self.asker, InboxRows::Waiting).await
    }

    pub(super) async fn in_inbox(&self, asker: &Asker, rows: InboxRows) -> Vec<RegisterRow> {
        let filter = Filter { inbox: Some(rows), ..Filter::default() };
        let query = RegisterQuery { filter, limit: 500, leaves_totals: true, ..RegisterQuery::default() };
        let mut rows = self.store.register(asker, &query).await.unwrap().rows;
        rows.sort_by(|a, b| a.payee.cmp(&b.payee));
        rows
    }

    pub(super) async fn waiting(&self) -> Vec<String> {
        payees(&self.in_inbox(&self.asker, InboxRows::Waiting).await)
    }

    async fn target(&self, row: &RegisterRow, category: Option<CategoryId>) -> AcceptTarget {
        let lines = self.store.lines(&self.asker, &[row.id]).await.unwrap().remove(&row.id).unwrap();
        let line = |line: &bankside_domain::edit::Line| {
            Some(AcceptLine { line: line.id, category: category?, seen: Some(line.category) })
        };
        AcceptTarget { transaction: row.id, lines: lines.iter().filter_map(line).collect() }
    }

    /// Writes a category without any verb.
    async fn write_category(&self, line: LineId, category: CategoryId) -> Result<(), StoreError> {
        let mut session = self.store.db.write(Granted::as_system()).await?;
        let text = sql!("UPDATE transaction_lines SET category_id = $3 WHERE organization_id = $1 AND id = $2");
        let organization = self.asker.organization.uuid();
        run!(session, sqlx::query(text).bind(organization).bind(line.uuid()).bind(category.uuid()));
        session.commit().await
    }

    pub(super) async fn accept(&self, asker: &Asker, row: &RegisterRow) -> Reviewed {
        self.store.accept(asker, &[self.target(row, None).await]).await.unwrap()
    }
}

fn payees(rows: &[RegisterRow]) -> Vec<String> {
    rows.iter().map(|row| row.payee.clone().unwrap_or_default()).collect()
}

fn person(asker: &Asker) -> PersonId {
    asker.person().unwrap()
}

fn three() -> [Sent; 3] {
    [booked(5, -280, "Café", "a"), booked(6, -900, "Baker", "b"), pending(7, -70, "Kiosk")]
}

on_both! {
    what_comes_waits_only_where_there_is_an_inbox(world) {
        let asker = world.asker.clone();
        world.sync(&[booked(1, -100, "History", "h")]).await;
        world.sync(&[booked(2, -200, "Before", "p")]).await;
        assert_eq!(world.store.inbox_switches(&asker).await.unwrap(), InboxSwitches { is_on: false, is_wanted: true });
        world.store.switch_inbox(&asker, true).await.unwrap();
        assert!(world.waiting().await.is_empty(), "what is in the books counts as reviewed");
        assert_eq!(payees(&world.sync_to_inbox(&three()).await), ["Baker", "Café", "Kiosk"]);
        // Not what somebody types.
        let typed = NewTransaction::new(date(2026, 11, 8), -500).with("Market");
        world.store.add_transaction(&asker, world.account, &typed).await.unwrap();
        assert_eq!(world.store.count_inbox(&asker, 9).await.unwrap(), InboxCount { waiting: 3, asked: 0 });
        assert_eq!(world.store.count_inbox(&asker, 2).await.unwrap().waiting, 2);
        // Off: what waits stays where it is, and nothing joins it.
        world.store.switch_inbox(&asker, false).await.unwrap();
        world.sync_to_inbox(&[&three()[..], &[booked(9, -1, "Later", "z")]].concat()).await;
        assert_eq!(world.waiting().await, ["Baker", "Café", "Kiosk"]);
        world.store.want_inbox(&asker, false).await.unwrap();
        assert_eq!(world.store.inbox_switches(&asker).await.unwrap(), InboxSwitches { is_on: false, is_wanted: false });
        let viewer = world.member_below("Max", Role::Viewer, None).await;
        assert!(matches!(world.store.switch_inbox(&viewer, true).await, Err(StoreError::Denied(_))));
        assert!(world.store.inbox_switches(&viewer).await.unwrap().is_wanted, "each for themselves");
    }

    pending_rows_that_another_policy_brings_wait_too(world) {
        world.with_inbox().await;
        world.set_pending(PendingPolicy::BookedOnly, &[], Resolve::Commit).await;
        assert_eq!(payees(&world.sync_to_inbox(&three()).await), ["Baker", "Café"]);
        let effect = world.set_pending(PendingPolicy::Shown, &three(), Resolve::Commit).await;
        assert_eq!(effect.rows_in, 1);
        assert_eq!(world.waiting().await, ["Baker", "Café", "Kiosk"]);
    }

    accepting_maps_and_is_taken_back_as_one(world) {
        let asker = world.asker.clone();
        world.with_inbox().await;
        let food = world.store.add_category(&asker, "Food", None).await.unwrap();
        let rows = world.sync_to_inbox(&three()).await;
        let targets = [world.target(&rows[0], Some(food)).await, world.target(&rows[1], None).await];
        let done = world.store.accept(&asker, &targets).await.unwrap();
        assert_eq!((done.changed, done.left.len(), done.done_before.len()), (2, 0, 0));
        assert_eq!(world.waiting().await, ["Kiosk"]);
        let now = world.store.register_row(&asker, rows[0].id).await.unwrap();
        assert_eq!((now.category, now.is_new), (Some(food), false));
        let undone = world.store.undo(&asker, done.batch.unwrap()).await.unwrap();
        assert_eq!(undone.stay, []);
        assert_eq!(world.waiting().await, ["Baker", "Café", "Kiosk"]);
        let now = world.store.register_row(&asker, rows[0].id).await.unwrap();
        assert_eq!((now.category, now.is_new), (None, true));
        // Whatever somebody has worked on elsewhere, they have looked at.
        let edit = Edit { payee: Some(Some("Bakery".into())), ..Edit::default() };
        let these = Selection::These(vec![rows[0].id]);
        world.store.edit_transactions(&asker, &these, &edit, &bankside_domain::edit::Seen::default()).await.unwrap();
        assert_eq!(world.waiting().await, ["Café", "Kiosk"]);
        // In a period that is locked a row is reviewed, and nothing of it changes.
        world.store.lock_period(&asker, world.account, Some(date(2026, 11, 6))).await.unwrap();
        let refused = world.store.accept(&asker, &[world.target(&rows[1], Some(food)).await]).await.unwrap();
        assert_eq!((refused.batch, refused.left), (None, vec![(rows[1].id, Refused::LockedPeriod)]));
        assert_eq!(world.accept(&asker, &rows[1]).await.changed, 1);
        assert_eq!(world.waiting().await, ["Kiosk"]);
    }

    who_is_second_is_told_and_writes_nothing(world) {
        let asker = world.asker.clone();
        world.with_inbox().await;
        let food = world.store.add_category(&asker, "Food", None).await.unwrap();
        let house = world.store.add_category(&asker, "House", None).await.unwrap();
        let rows = world.sync_to_inbox(&three()).await;
        let kim = world.member_below("Kim", Role::Member, None).await;
        world.store.accept(&kim, &[world.target(&rows[0], Some(food)).await]).await.unwrap();
        let both = [world.target(&rows[0], Some(house)).await, world.target(&rows[1], Some(house)).await];
        let done = world.store.accept(&asker, &both).await.unwrap();
        assert_eq!(done.changed, 1);
        assert_eq!(done.done_before, [DoneBefore { transaction: rows[0].id, by: Some("Kim".into()) }]);
        assert_eq!(world.store.register_row(&asker, rows[0].id).await.unwrap().category, Some(food), "Kim's stays");
        // Of many each is told by itself, and hiding is something that is done, too.
        let lou = world.member_below("Lou", Role::Member, None).await;
        world.store.place_in_inbox(&lou, &[rows[2].id], InboxState::Hidden).await.unwrap();
        let all = [world.target(&rows[0], None).await, world.target(&rows[1], None).await, world.target(&rows[2], None).await];
        let done = world.store.accept(&asker, &all).await.unwrap().done_before;
        let by = |row: &RegisterRow| done.iter().find(|one| one.transaction == row.id).unwrap().by.as_deref();
        assert_eq!([by(&rows[0]), by(&rows[1]), by(&rows[2])], [Some("Kim"), None, Some("Lou")]);
        world.store.place_in_inbox(&kim, &[rows[2].id], InboxState::Waiting).await.unwrap();
        // Twice by oneself, and of a row that is gone.
        let twice = world.accept(&asker, &rows[1]).await;
        assert_eq!((twice.batch, twice.done_before), (None, vec![DoneBefore { transaction: rows[1].id, by: None }]));
        let gone = world.target(&rows[2], None).await;
        world.store.delete_transaction(&kim, rows[2].id).await.unwrap();
        let done = world.store.accept(&asker, &[gone]).await.unwrap();
        assert_eq!((done.batch, done.done_before), (None, vec![DoneBefore { transaction: rows[2].id, by: None }]));
        assert!(world.waiting().await.is_empty());
        // What never came in is not there to be accepted.
        let history = world.store.register(&asker, &RegisterQuery { limit: 500, ..RegisterQuery::default() }).await.unwrap();
        let history = history.rows.iter().find(|row| row.payee.as_deref() == Some("History")).unwrap();
        let nothing = AcceptTarget { transaction: history.id, lines: Vec::new() };
        assert!(matches!(world.store.accept(&asker, &[nothing]).await, Err(StoreError::NotFound(_))));
    }

    what_a_line_got_since_somebody_looked_is_not_written_over(world) {
        let asker = world.asker.clone();
        world.with_inbox().await;
        let food = world.store.add_category(&asker, "Food", None).await.unwrap();
        let house = world.store.add_category(&asker, "House", None).await.unwrap();
        let rows = world.sync_to_inbox(&three()).await;
        let (other, same) = (world.target(&rows[0], Some(house)).await, world.target(&rows[1], Some(food)).await);
        let unseen = world.target(&rows[2], Some(house)).await;
        let unseen = AcceptTarget { lines: vec![AcceptLine { seen: None, ..unseen.lines[0] }], ..unseen };
        // As a rule does: the lines get a category, and nobody has looked at the rows.
        for target in [&other, &same, &unseen] {
            world.write_category(target.lines[0].line, food).await.unwrap();
        }
        let done = world.store.accept(&asker, &[other.clone(), same, unseen]).await.unwrap();
        assert_eq!((done.changed, done.left), (2, vec![(rows[0].id, Refused::ChangedMeanwhile("category"))]));
        assert_eq!(world.waiting().await, ["Baker"]);
        assert_eq!(world.store.register_row(&asker, rows[0].id).await.unwrap().category, Some(food));
        // Without a word of what they saw it is as they say.
        assert_eq!(world.store.register_row(&asker, rows[2].id).await.unwrap().category, Some(house));
        let again = world.store.accept(&asker, &[world.target(&rows[0], Some(house)).await]).await.unwrap();
        assert_eq!((again.changed, again.left.len()), (1, 0));
        assert_eq!(world.store.register_row(&asker, rows[0].id).await.unwrap().category, Some(house));
    }

    what_is_hidden_stays_in_the_books_and_is_shown_again(world) {
        let asker = world.asker.clone();
        world.with_inbox().await;
        let rows = world.sync_to_inbox(&three()).await;
        let ids: Vec<TransactionId> = rows.iter().map(|row| row.id).collect();
        let hidden = world.store.place_in_inbox(&asker, &ids[..2], InboxState::Hidden).await.unwrap();
        assert_eq!(hidden.changed, 2);
        assert_eq!(world.waiting().await, ["Kiosk"]);
        assert_eq!(payees(&world.in_inbox(&asker, InboxRows::Hidden).await), ["Baker", "Café"]);
        assert_eq!(world.rows().await.len(), 4);
        // Hidden rows are not accepted by whoever still sees them, and hiding twice is nothing.
        assert_eq!(world.accept(&asker, &rows[0]).await.done_before.len(), 1);
        assert_eq!(world.store.place_in_inbox(&asker, &ids[..1], InboxState::Hidden).await.unwrap().batch, None);
        world.store.place_in_inbox(&asker, &ids[..1], InboxState::Waiting).await.unwrap();
        assert_eq!(world.waiting().await, ["Baker", "Kiosk"]);
        // The rest of that batch is taken back; what was shown again since is as it is.
        world.store.undo(&asker, hidden.batch.unwrap()).await.unwrap();
        assert_eq!(world.waiting().await, ["Baker", "Café", "Kiosk"]);
    }

    a_sync_takes_its_rows_along_and_changes_bring_rows_back(world) {
        let asker = world.asker.clone();
        world.with_inbox().await;
        let rows = world.sync_to_inbox(&three()).await;
        let run = world.latest_batches().await[0];
        world.store.place_in_inbox(&asker, &[rows[0].id], InboxState::Hidden).await.unwrap();
        world.store.undo(&asker, run).await.unwrap();
        assert!(world.waiting().await.is_empty());
        assert!(world.in_inbox(&asker, InboxRows::Hidden).await.is_empty(), "that it was hidden is no work on a row");
        world.store.undo(&asker, world.latest_batches().await[0]).await.unwrap();
        assert_eq!(world.waiting().await, ["Café", "Kiosk"]);

        for row in &rows[1..] {
            world.accept(&asker, row).await;
        }
        world.store.flag_for(&asker, rows[1].id, person(&asker), "x").await.unwrap_err();
        // The pending row settles on its day with its amount: nothing new. A text is nothing new either.
        let [cafe, baker, kiosk] = three();
        let settled = Sent { status: bankside_domain::row::RowStatus::Booked, id: "k", ..kiosk.clone() };
        assert!(world.sync_to_inbox(&[cafe.clone(), baker.clone(), settled.clone()]).await.is_empty());
        // Another payee is, also of what was hidden.
        let renamed = Sent { payee: "Café am Kai", ..cafe };
        let sons = Sent { payee: "Baker and sons", ..baker };
        assert_eq!(payees(&world.sync_to_inbox(&[renamed, sons, settled]).await), ["Baker and sons", "Café am Kai"]);
        assert!(world.in_inbox(&asker, InboxRows::Hidden).await.is_empty());
        // Without that sync all is reviewed, and hidden, as it was before.
        world.store.undo(&asker, world.latest_batches().await[0]).await.unwrap();
        assert!(world.waiting().await.is_empty());
        assert_eq!(payees(&world.in_inbox(&asker, InboxRows::Hidden).await), ["Baker"]);
    }

    a_colleague_is_asked_and_sees_it(world) {
        let asker = world.asker.clone();
        world.with_inbox().await;
        let rows = world.sync_to_inbox(&three()).await;
        let kim = world.member_below("Kim", Role::Member, None).await;
        world.store.flag_for(&asker, rows[1].id, person(&kim), "Was this you?").await.unwrap();
        assert_eq!(world.store.count_inbox(&kim, 9).await.unwrap(), InboxCount { waiting: 3, asked: 1 });
        assert_eq!(world.store.count_inbox(&asker, 9).await.unwrap(), InboxCount { waiting: 3, asked: 0 });
        assert_eq!(payees(&world.in_inbox(&kim, InboxRows::AskedOf(person(&kim))).await), ["Café"]);
        assert_eq!(payees(&world.in_inbox(&kim, InboxRows::NotAskedOf(person(&kim))).await), ["Baker", "Kiosk"]);
        let flags = world.store.inbox_flags(&kim, &[rows[0].id, rows[1].id]).await.unwrap();
        assert_eq!(flags.len(), 1);
        let flag = &flags[&rows[1].id];
        assert_eq!((flag.from_name.as_deref(), flag.to_name.as_str(), flag.note.as_str()), (Some("Owner"), "Kim", "Was this you?"));
        // Accepting settles it, and taking that back asks again.
        let done = world.accept(&kim, &rows[1]).await;
        assert_eq!(world.store.count_inbox(&kim, 9).await.unwrap().asked, 0);
        world.store.undo(&kim, done.batch.unwrap()).await.unwrap();
        assert_eq!(world.store.count_inbox(&kim, 9).await.unwrap().asked, 1);
        world.store.take_flag_off(&kim, rows[1].id).await.unwrap();
        assert_eq!(world.store.count_inbox(&kim, 9).await.unwrap().asked, 0);
        let nobody = world.store.flag_for(&asker, rows[1].id, rows[1].id.to_string().parse().unwrap(), "").await;
        assert!(matches!(nobody, Err(StoreError::NotFound("the member"))));
    }

    nobody_reviews_what_is_out_of_their_sight(world) {
        let asker = world.asker.clone();
        world.with_inbox().await;
        let rows = world.sync_to_inbox(&three()).await;
        let north = world.add_asset(None, "North").await;
        let south = world.add_asset(None, "South").await;
        world.hang(world.account, north).await;
        let sees = world.member_below("Kim", Role::Member, Some(north)).await;
        let blind = world.member_below("Lou", Role::Member, Some(south)).await;
        let viewer = world.member_below("Max", Role::Viewer, None).await;
        world.store.flag_for(&asker, rows[0].id, person(&blind), "").await.unwrap();
        let target = [world.target(&rows[0], None).await];
        let store = &world.store;
        assert_eq!(store.count_inbox(&blind, 9).await.unwrap(), InboxCount::default());
        assert_eq!(store.count_inbox(&sees, 9).await.unwrap().waiting, 3);
        assert!(world.in_inbox(&blind, InboxRows::Waiting).await.is_empty());
        assert!(store.inbox_flags(&blind, &[rows[0].id]).await.unwrap().is_empty());
        assert!(store.earlier_of_payee(&blind, &[rows[0].id]).await.unwrap().is_empty());
        assert!(matches!(store.accept(&blind, &target).await, Err(StoreError::NotFound(_))));
        assert!(matches!(store.place_in_inbox(&blind, &[rows[0].id], InboxState::Hidden).await, Err(StoreError::NotFound(_))));
        assert!(matches!(store.take_flag_off(&blind, rows[0].id).await, Err(StoreError::NotFound(_))));
        assert!(matches!(store.accept(&viewer, &target).await, Err(StoreError::Denied(_))));
        assert!(matches!(store.flag_for(&sees, rows[0].id, person(&viewer), "").await, Err(StoreError::Denied(_))));
        assert_eq!(store.accept(&sees, &target).await.unwrap().changed, 1);
    }

    earlier_rows_of_a_payee_are_those_before_the_day(world) {
        world.with_inbox().await;
        world.sync(&[booked(2, -100, "Rewe 12", "a"), booked(3, -200, "Rewe 77", "b"), booked(3, -1, "Other", "o")]).await;
        let rows = world.sync_to_inbox(&[booked(3, -300, "Rewe 5", "c"), booked(9, -400, "Rewe 5", "d"), booked(9, -5, "New", "n")]).await;
        let ids: Vec<TransactionId> = rows.iter().map(|row| row.id).collect();
        let found = world.store.earlier_of_payee(&world.asker, &ids).await.unwrap();
        let mut told: Vec<(i64, Vec<i64>)> = rows
            .iter()
            .map(|row| (row.amount_minor, found[&row.id].iter().map(|sum| sum.minor).collect::<Vec<_>>()))
            .collect();
        for (_, earlier) in &mut told {
            earlier.sort_unstable();
        }
        told.sort();
        let expected: [(i64, &[i64]); 6] = [
            (-400, &[-300, -200, -100]),
            (-300, &[-100]),
            (-200, &[-100]),
            (-100, &[]),
            (-5, &[]),
            (-1, &[]),
        ];
        assert_eq!(told, expected.map(|(minor, earlier)| (minor, earlier.to_vec())));
    }
}
