//! Transfers between own accounts: linked, taken apart, and what becomes of them when a row goes or comes back.

mod exchange;
mod many;
mod wanting;

use bankside_domain::cashflow::{Flow, Reach};
use bankside_domain::edit::Seen;
use bankside_domain::merge::Chosen;
use bankside_domain::transfer::{LinkedBy, Match, Matches, Transit, find_transfers};
use bankside_domain::{AccountId, Asker, BatchId, Month, Role, TransactionId};
use jiff::civil::date;

use crate::tests::on_both;
use crate::tests::world::{Sent, World, booked};
use crate::{
    Edit, Filter, NewTransaction, NewTransfer, RegisterQuery, RegisterRow, Selection, StoreError, TransferMark,
};

const GIRO: &str = "DE58999000010001234500";
const SAVINGS: &str = "DE57999000010001234518";

/// A transfer with a fee over three days, as each bank tells it.
fn out() -> Sent {
    Sent { names: SAVINGS, ..booked(6, -100_350, "Demo Household", "o1") }
}

fn into() -> Sent {
    booked(11, 100_000, "Demo Household", "i1")
}

impl World {
    /// A second bank account that feeds an account of its own, and whose syncs the world plays from now on by turns. Answers with the
    /// accounts: the one that there was, and the new one.
    async fn with_savings(&mut self) -> (AccountId, AccountId) {
        let first = self.bank_account;
        let asker = self.asker.clone();
        let (connection, bank_account) = self.connect(&asker, SAVINGS, "acc-savings").await;
        let savings = self.link_new(&asker, connection, bank_account, "Savings").await;
        let numbers = [(first, Some(self.number(GIRO))), (bank_account, Some(self.number(SAVINGS)))];
        self.store.keep_numbers(&self.system(), &numbers).await.unwrap();
        assert!(self.store.unread_numbers(&self.system()).await.unwrap().is_empty());
        (self.account, savings)
    }

    /// Syncs the savings, and goes back to the account that was there before.
    async fn sync_savings(&mut self, savings: AccountId, rows: &[Sent]) {
        let before = (self.connection, self.bank_account, self.account);
        let connections = self.store.connections(&self.asker).await.unwrap();
        self.connection = connections.iter().find(|one| one.id != before.0).unwrap().id;
        self.bank_account = self.store.bank_accounts(&self.asker, self.connection).await.unwrap()[0].id;
        self.account = savings;
        self.sync(rows).await;
        (self.connection, self.bank_account, self.account) = before;
    }

    async fn found(&self) -> Matches {
        let rows = self.store.transfer_rows(&self.asker, (date(2026, 9, 1), date(2026, 12, 31)), 500).await.unwrap();
        let own = self.store.own_accounts(&self.asker).await.unwrap();
        find_transfers(&rows, &own, &self.store.rejected_transfers(&self.asker).await.unwrap())
    }

    /// Links what is found, as the engine does after a sync.
    async fn link_found(&self) -> Option<BatchId> {
        let new = |found: &Match| NewTransfer {
            a: found.out,
            b: found.into,
            by: LinkedBy::Rows,
            grounds: Some(found.grounds),
        };
        let new: Vec<NewTransfer> = self.found().await.linked.iter().map(new).collect();
        self.store.link_transfers(&self.system(), &new).await.unwrap()
    }

    async fn row_of(&self, asker: &Asker, minor: i64) -> RegisterRow {
        let query = RegisterQuery { limit: 50, ..RegisterQuery::default() };
        let rows = self.store.register(asker, &query).await.unwrap().rows;
        rows.into_iter().find(|row| row.amount_minor == minor).unwrap()
    }

    async fn mark(&self, minor: i64) -> Option<TransferMark> {
        self.row_of(&self.asker, minor).await.transfer
    }

    /// The account of the row that one is linked with.
    async fn other(&self, minor: i64) -> Option<TransactionId> {
        match self.mark(minor).await {
            Some(TransferMark::Linked(other)) => Some(other.unwrap().transaction),
            _ => None,
        }
    }

    /// Both sides have come and are linked.
    async fn linked(&mut self) -> (AccountId, BatchId) {
        let (_, savings) = self.with_savings().await;
        self.sync(&[out()]).await;
        self.sync_savings(savings, &[into()]).await;
        let batch = self.link_found().await.unwrap();
        assert!(self.other(-100_350).await.is_some());
        (savings, batch)
    }

    /// What the month comes to over all accounts.
    async fn cashflow(&self) -> Flow {
        self.cashflow_of(&self.asker).await
    }

    /// The same over those that somebody sees.
    async fn cashflow_of(&self, asker: &Asker) -> Flow {
        let month = "2026-11".parse().unwrap();
        let sums = self.store.cashflow(asker, Reach::default(), month, month).await.unwrap();
        sums.iter().flat_map(|of| &of.sums).map(|sum| sum.flow).sum()
    }

    /// The rows that the register shows of that.
    async fn counted(&self) -> Vec<i64> {
        let filter = Filter { cashflow: Some(Reach::default()), ..Filter::default() };
        let query = RegisterQuery { filter, limit: 50, ..RegisterQuery::default() };
        let rows = self.store.register(&self.asker, &query).await.unwrap().rows;
        let mut minors: Vec<i64> = rows.iter().map(|row| row.amount_minor).collect();
        minors.sort_unstable();
        minors
    }

    async fn delete(&self, minor: i64) -> BatchId {
        let row = self.row_of(&self.asker, minor).await.id;
        self.store.delete_transactions(&self.asker, &Selection::These(vec![row]), false).await.unwrap().batch.unwrap()
    }
}

on_both! {
    a_transfer_is_in_transit_until_its_other_side_comes(world) {
        let (giro, savings) = world.with_savings().await;
        world.sync(&[Sent { day: date(2026, 11, 18), ..out() }]).await;
        let in_transit = |transit| Some(TransferMark::InTransit { account: savings, account_name: "Savings".into(), transit });
        assert_eq!(world.mark(-100_350).await, in_transit(Transit::OnItsWay));
        assert_eq!(world.found().await, Matches::default(), "nothing is made up");
        world.clock.advance_days(6);
        assert_eq!(world.mark(-100_350).await, in_transit(Transit::Missing));
        world.sync_savings(savings, &[Sent { day: date(2026, 11, 23), ..into() }]).await;
        let revisions = world.store.revisions(&world.asker).await.unwrap();
        let batch = world.link_found().await.unwrap();
        let out = world.row_of(&world.asker, -100_350).await;
        let into = world.row_of(&world.asker, 100_000).await;
        assert_eq!((world.other(-100_350).await, world.other(100_000).await), (Some(into.id), Some(out.id)));
        for (account, revision) in world.store.revisions(&world.asker).await.unwrap() {
            assert!(revision > revisions[&account], "whoever looks at an account looks again");
        }
        assert_eq!((out.account, into.account), (giro, savings));
        let stored = world.store.transfer_of(&world.asker, out.id).await.unwrap().unwrap();
        assert_eq!((stored.link.by, stored.batch, stored.person), (LinkedBy::Rows, batch, None));
        assert_eq!(stored.link.grounds.unwrap().bank_days, 3);
        assert_eq!(world.link_found().await, None, "it is linked once");
        // Neither is income nor spending, but for what was lost on the way.
        let paired = world.store.paired_rows(&world.asker, "2026-11".parse::<Month>().unwrap()).await.unwrap();
        let mut sums: Vec<_> = paired.iter().map(|row| (row.amount_minor, row.fee_minor, row.lines.len())).collect();
        sums.sort_unstable();
        assert_eq!(sums, [(-100_350, -350, 1), (100_000, 0, 1)]);
        assert!(world.store.paired_rows(&world.asker, "2026-12".parse().unwrap()).await.unwrap().is_empty());
        assert_eq!(world.cashflow().await, Flow { in_minor: 0, out_minor: -350 });
        assert_eq!(world.counted().await, [-100_350], "where nobody has split the fee off, its row is shown");
        // What is linked or has not moved is not among the rows that are looked at, and takes no place there.
        world.sync(&[Sent { day: date(2026, 11, 18), ..self::out() }, booked(2, -700, "Bakery", "o0")]).await;
        let rows = world.store.transfer_rows(&world.asker, (date(2026, 9, 1), date(2026, 12, 31)), 1).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.amount.minor).collect::<Vec<_>>(), [-700]);
    }

    a_number_is_that_of_the_account_that_its_bank_account_feeds_now(world) {
        let (_, before) = world.with_savings().await;
        world.clock.advance_days(1);
        let connections = world.store.connections(&world.asker).await.unwrap();
        let connection = connections.iter().find(|one| one.id != world.connection).unwrap().id;
        let bank_account = world.store.bank_accounts(&world.asker, connection).await.unwrap()[0].id;
        world.store.unlink(&world.asker, before).await.unwrap();
        assert!(!world.store.own_accounts(&world.asker).await.unwrap().0[&before].numbers.is_empty(), "nobody else has it");
        let asker = world.asker.clone();
        let savings = world.link_new(&asker, connection, bank_account, "Savings anew").await;
        let own = world.store.own_accounts(&world.asker).await.unwrap();
        assert_eq!(own.with_number(world.number(SAVINGS)).collect::<Vec<_>>(), [savings]);
        world.sync(&[Sent { day: date(2026, 11, 18), ..out() }]).await;
        let marked = TransferMark::InTransit { account: savings, account_name: "Savings anew".into(), transit: Transit::OnItsWay };
        assert_eq!(world.mark(-100_350).await, Some(marked));
        // What is still in the account from before is not what the row means.
        let same = world.store.add_transaction(&world.asker, before, &NewTransaction::new(date(2026, 11, 18), 100_350)).await;
        same.unwrap();
        assert_eq!(world.found().await, Matches::default());
        world.sync_savings(savings, &[Sent { day: date(2026, 11, 23), ..into() }]).await;
        world.link_found().await.unwrap();
        assert_eq!(world.other(-100_350).await, Some(world.row_of(&world.asker, 100_000).await.id));
    }

    a_transfer_within_reach_is_neither_income_nor_spending_while_it_holds(world) {
        let (_, savings) = world.with_savings().await;
        world.sync(&[Sent { minor: -100_000, ..out() }]).await;
        world.sync_savings(savings, &[into()]).await;
        let apart = Flow { in_minor: 100_000, out_minor: -100_000 };
        assert_eq!((world.cashflow().await, world.counted().await), (apart, vec![-100_000, 100_000]));
        let batch = world.link_found().await.unwrap();
        assert_eq!((world.cashflow().await, world.counted().await), (Flow::default(), vec![]));
        let undone = world.store.undo(&world.asker, batch).await.unwrap();
        assert_eq!(world.cashflow().await, apart);
        world.store.undo(&world.asker, undone.batch).await.unwrap();
        world.delete(100_000).await;
        assert_eq!((world.cashflow().await, world.counted().await), (Flow::of(-100_000), vec![-100_000]));
    }

    linking_is_undone_and_done_again(world) {
        let (_, batch) = world.linked().await;
        let undone = world.store.undo(&world.asker, batch).await.unwrap();
        assert_eq!((world.other(-100_350).await, world.mark(100_000).await), (None, None));
        assert!(matches!(world.mark(-100_350).await, Some(TransferMark::InTransit { .. })));
        world.store.undo(&world.asker, undone.batch).await.unwrap();
        assert!(world.other(-100_350).await.is_some() && world.other(100_000).await.is_some());
        world.check_claims().await;
    }

    taking_out_one_side_leaves_the_other_and_bringing_it_back_links_them_again(world) {
        world.linked().await;
        for minor in [-100_350, 100_000] {
            let deleted = world.delete(minor).await;
            let left = if minor < 0 { 100_000 } else { -100_350 };
            assert_eq!(world.other(left).await, None);
            assert!(world.store.paired_rows(&world.asker, "2026-11".parse().unwrap()).await.unwrap().is_empty());
            world.store.undo(&world.asker, deleted).await.unwrap();
            assert!(world.other(-100_350).await.is_some() && world.other(100_000).await.is_some());
        }
    }

    what_is_linked_anew_meanwhile_stays_so(world) {
        let (savings, _) = world.linked().await;
        let deleted = world.delete(100_000).await;
        world.sync_savings(savings, &[into(), booked(12, 100_300, "Demo Household", "i2")]).await;
        let again = world.link_found().await.unwrap();
        let (other, there) = (world.other(-100_350).await, world.row_of(&world.asker, 100_300).await.id);
        assert_eq!(other, Some(there));
        world.store.undo(&world.asker, deleted).await.unwrap();
        assert_eq!((world.other(-100_350).await, world.mark(100_000).await), (Some(there), None));
        // Undone, the first one holds again.
        world.store.undo(&world.asker, again).await.unwrap();
        assert_eq!(world.mark(100_300).await, None);
        assert_eq!(world.other(-100_350).await, Some(world.row_of(&world.asker, 100_000).await.id));
    }

    undoing_the_sync_that_brought_a_side_ends_the_transfer(world) {
        let (_, savings) = world.with_savings().await;
        let brought = world.sync(&[out()]).await.batch.unwrap();
        world.sync_savings(savings, &[into()]).await;
        world.link_found().await.unwrap();
        let undone = world.store.undo(&world.asker, brought).await.unwrap();
        assert!(undone.stay.is_empty(), "that it was linked is no work on it: {:?}", undone.stay);
        assert_eq!((world.rows().await.len(), world.mark(100_000).await), (0, None));
        let undone_twice = world.store.undo(&world.asker, undone.batch).await.unwrap();
        assert!(world.other(-100_350).await.is_some() && world.other(100_000).await.is_some());
        world.store.undo(&world.asker, undone_twice.batch).await.unwrap();
        // The next sync brings it in anew, as another row: that is found as well.
        world.sync(&[out()]).await;
        world.link_found().await.unwrap();
        assert!(world.other(-100_350).await.is_some() && world.other(100_000).await.is_some());
        world.check_claims().await;
    }

    a_transfer_that_is_taken_apart_is_never_found_again(world) {
        world.linked().await;
        let row = world.row_of(&world.asker, 100_000).await.id;
        let broken = world.store.break_transfer(&world.asker, row).await.unwrap();
        assert_eq!((world.other(-100_350).await, world.rows().await.len()), (None, 1), "nothing is deleted");
        assert_eq!(world.found().await, Matches::default());
        let again = world.store.break_transfer(&world.asker, row).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        world.store.undo(&world.asker, broken).await.unwrap();
        assert!(world.other(-100_350).await.is_some());
        assert!(world.store.rejected_transfers(&world.asker).await.unwrap().is_empty());
    }

    what_is_said_to_be_no_transfer_is_not_asked_again_until_that_is_undone(world) {
        let (_, savings) = world.with_savings().await;
        let (a, b) = (booked(6, -8_000, "Cash machine", "a1"), booked(6, 8_000, "Cash in", "b1"));
        world.sync(&[a]).await;
        world.sync_savings(savings, &[b]).await;
        let found = world.found().await;
        assert_eq!((found.linked.len(), found.proposed.len()), (0, 1));
        let Match { out, into, .. } = found.proposed[0];
        let said = world.store.reject_transfer(&world.asker, into, out).await.unwrap();
        assert_eq!(world.found().await, Matches::default());
        let again = world.store.reject_transfer(&world.asker, out, into).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        world.store.undo(&world.asker, said).await.unwrap();
        assert_eq!(world.found().await.proposed.len(), 1);
        let new = NewTransfer { a: into, b: out, by: LinkedBy::Person, grounds: None };
        world.store.link_transfers(&world.asker, &[new]).await.unwrap().unwrap();
        let stored = world.store.transfer_of(&world.asker, out).await.unwrap().unwrap();
        assert_eq!((stored.link.by, stored.person.as_deref()), (LinkedBy::Person, Some("Owner")));
        let linked = world.store.reject_transfer(&world.asker, out, into).await;
        assert!(matches!(linked, Err(StoreError::Conflict(_))), "{linked:?}");
    }

    a_person_links_two_rows_of_two_accounts_and_no_others(world) {
        let (savings, _) = world.linked().await;
        let typed = async |account, minor| {
            let new = NewTransaction::new(date(2026, 11, 9), minor);
            world.store.add_transaction(&world.asker, account, &new).await.unwrap().0
        };
        let (out, into) = (typed(world.account, -700).await, typed(savings, 500).await);
        let more = typed(savings, 701).await;
        let same_way = typed(savings, -500).await;
        let same_account = typed(world.account, 500).await;
        let taken = world.row_of(&world.asker, 100_000).await.id;
        let link = async |a, b| {
            let new = NewTransfer { a, b, by: LinkedBy::Person, grounds: None };
            world.store.link_transfers(&world.asker, &[new]).await
        };
        for other in [same_way, same_account, taken, out, more] {
            let refused = link(out, other).await;
            assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        }
        assert!(link(out, into).await.unwrap().is_some(), "whatever was lost on the way: a person knows");
        // It holds between two accounts: moved into the same one, the rows are two rows.
        let there = Edit { account: Some(savings), ..Edit::default() };
        let (these, seen) = (Selection::These(vec![out]), Seen::default());
        let moved = world.store.edit_transactions(&world.asker, &these, &there, &seen).await.unwrap().batch.unwrap();
        assert!(world.store.transfer_of(&world.asker, into).await.unwrap().is_none());
        world.store.undo(&world.asker, moved).await.unwrap();
        assert!(world.store.transfer_of(&world.asker, into).await.unwrap().is_some());
    }

    twins_that_are_merged_keep_the_transfer(world) {
        let (_, savings) = world.with_savings().await;
        world.sync(&[out()]).await;
        let sent = world.row_of(&world.asker, -100_350).await.id;
        let typed = NewTransaction::new(date(2026, 11, 6), -100_350).with("Demo Household");
        let (typed, _) = world.store.add_transaction(&world.asker, world.account, &typed).await.unwrap();
        world.sync_savings(savings, &[into()]).await;
        let other = world.row_of(&world.asker, 100_000).await.id;
        let new = NewTransfer { a: typed, b: other, by: LinkedBy::Person, grounds: None };
        world.store.link_transfers(&world.asker, &[new]).await.unwrap().unwrap();
        let merged = world.store.merge(&world.asker, typed, sent, Chosen::default()).await.unwrap().unwrap();
        assert_eq!(world.other(100_000).await, Some(sent));
        world.store.undo(&world.asker, merged).await.unwrap();
        assert_eq!(world.other(100_000).await, Some(typed));
    }

    a_locked_period_does_not_keep_a_transfer_from_being_linked_or_taken_apart(world) {
        let (_, savings) = world.with_savings().await;
        world.sync(&[out()]).await;
        world.sync_savings(savings, &[into()]).await;
        world.lock_through(30).await;
        let linked = world.link_found().await.unwrap();
        assert!(world.store.undo(&world.asker, linked).await.unwrap().stay.is_empty());
        world.link_found().await.unwrap();
        let row = world.row_of(&world.asker, -100_350).await.id;
        world.store.break_transfer(&world.asker, row).await.unwrap();
        assert_eq!(world.other(-100_350).await, None);
    }

    whoever_sees_one_account_learns_nothing_of_the_other(world) {
        let (savings, _) = world.linked().await;
        let country = world.add_asset(None, "Germany").await;
        let (north, south) = (world.add_asset(Some(country), "North").await, world.add_asset(Some(country), "South").await);
        world.hang(world.account, north).await;
        world.hang(savings, south).await;
        let member = world.member_below("north", Role::Member, Some(north)).await;
        let row = world.row_of(&member, -100_350).await;
        assert_eq!(row.transfer, Some(TransferMark::Linked(None)));
        let other = world.row_of(&world.asker, 100_000).await.id;
        assert!(world.store.transfer_of(&member, row.id).await.unwrap().is_none());
        let not_found = |result: Result<BatchId, StoreError>| assert!(matches!(result, Err(StoreError::NotFound(_))), "{result:?}");
        not_found(world.store.break_transfer(&member, row.id).await);
        not_found(world.store.reject_transfer(&member, row.id, other).await);
        let new = NewTransfer { a: row.id, b: other, by: LinkedBy::Person, grounds: None };
        assert!(matches!(world.store.link_transfers(&member, &[new]).await, Err(StoreError::NotFound(_))));
        // Of what they see it is spending, in the overview as in their cashflow.
        assert_eq!(world.store.paired_rows(&member, "2026-11".parse().unwrap()).await.unwrap(), []);
        assert_eq!(world.cashflow_of(&member).await, Flow::of(-100_350));
        assert_eq!(world.cashflow().await, Flow::of(-350));
        assert_eq!(world.store.own_accounts(&member).await.unwrap().0.len(), 1);
        // Nor of where money is on its way to.
        world.store.break_transfer(&world.asker, row.id).await.unwrap();
        assert_eq!(world.row_of(&member, -100_350).await.transfer, None);
        assert!(matches!(world.mark(-100_350).await, Some(TransferMark::InTransit { .. })));
        let viewer = Asker::member(world.asker.organization, world.owner, Role::Viewer);
        let denied = world.store.link_transfers(&viewer, &[new]).await;
        assert!(matches!(denied, Err(StoreError::Denied(_))), "{denied:?}");
    }

    contents_of_an_older_form_are_read_again(world) {
        let (_, savings) = world.with_savings().await;
        world.sync(&[out()]).await;
        world.sync_savings(savings, &[into()]).await;
        world.forget_other_sides().await;
        assert_eq!(world.found().await.linked, []);
        let ids = world.store.without_other_side(&world.system(), 10).await.unwrap();
        assert_eq!(ids.len(), 2);
        let side = crate::OtherSide { counterparty: Some(world.number(SAVINGS)), ..crate::OtherSide::default() };
        let sides: Vec<_> = ids.iter().map(|id| (*id, side)).collect();
        world.store.keep_other_sides(&world.system(), &sides).await.unwrap();
        assert!(world.store.without_other_side(&world.system(), 10).await.unwrap().is_empty());
        assert_eq!(world.found().await.linked.len(), 1);
    }
}

impl World {
    async fn forget_other_sides(&self) {
        let mut session = self.store.db.write(bankside_domain::Granted::as_system()).await.unwrap();
        let text =
            crate::db::sql!("UPDATE feed_row_versions SET counterparty_digest = NULL, other_side_version = NULL");
        let forget = async || {
            crate::db::run!(session, sqlx::query(text));
            session.commit().await
        };
        forget().await.unwrap();
    }
}
