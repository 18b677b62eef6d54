//! What a transfer has moved wants no category, and no list asks for one.

use std::collections::BTreeSet;

use bankside_domain::edit::Seen;
use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, Asker, LineId, Role, TransactionId};

use super::{SAVINGS, into, out};
use crate::tests::on_both;
use crate::tests::world::{Sent, World, booked};
use crate::{Edit, Filter, LineTarget, RegisterQuery, Selection, TypedLine};

impl World {
    /// A transfer with a fee and one without, a shop, somebody who is called as the household is, and two rows that have moved nothing.
    async fn wanting(&mut self) -> AccountId {
        let (_, savings) = self.with_savings().await;
        let plain = Sent { names: SAVINGS, ..booked(12, -50_000, "Demo Household", "o2") };
        let not_yet = |status, minor, id| Sent { status, ..booked(14, minor, "Rent", id) };
        let (shop, name) = (booked(3, -280, "Café", "s1"), booked(4, -700, "Demo Household", "s2"));
        let (ahead, refused) = (not_yet(RowStatus::Scheduled, -900, "s3"), not_yet(RowStatus::Declined, -800, "s4"));
        self.sync(&[out(), plain, shop, name, ahead, refused]).await;
        self.sync_savings(savings, &[into(), booked(12, 50_000, "Demo Household", "i2")]).await;
        savings
    }

    /// The amounts of the rows that a list shows of those without a category, which are as many as are counted.
    async fn unmapped(&self, asker: &Asker, account: Option<AccountId>) -> Vec<i64> {
        let filter = Filter { category: Some(None), ..Filter::default() };
        let query = RegisterQuery { account, filter, limit: 50, ..RegisterQuery::default() };
        let rows = self.store.register(asker, &query).await.unwrap().rows;
        let mut minors: Vec<i64> = rows.iter().map(|row| row.amount_minor).collect();
        minors.sort_unstable();
        let count = i64::try_from(minors.len()).unwrap();
        let of = account.map(|account| BTreeSet::from([account]));
        assert_eq!(self.store.count_unmapped(asker, of.as_ref(), 99).await.unwrap(), count);
        assert_eq!(self.store.count_without_category(asker, account, 99).await.unwrap(), count);
        let ids: Vec<TransactionId> = rows.iter().map(|row| row.id).collect();
        let lines = self.store.lines_to_map(asker, &ids).await.unwrap();
        assert_eq!(lines.len(), ids.len(), "one line of each");
        // What stays in no list has no line to map either.
        let all = RegisterQuery { limit: 50, ..RegisterQuery::default() };
        let all: Vec<TransactionId> =
            self.store.register(asker, &all).await.unwrap().rows.iter().map(|row| row.id).collect();
        assert!(account.is_some() || self.store.lines_to_map(asker, &all).await.unwrap() == lines);
        minors
    }

    /// How many transactions like those of the household are left to map, as they are counted and as they are mapped.
    async fn alike(&self, asker: &Asker) -> (i64, usize, i64) {
        let pattern = "demo household".to_owned();
        let key = (pattern.clone(), true);
        let counts = self.store.count_alike(asker, None, &BTreeSet::from([key.clone()]), 99).await.unwrap();
        let direction = Some(crate::Direction::Out);
        let filter = Filter { category: Some(None), pattern: Some(pattern), direction, ..Filter::default() };
        let query = RegisterQuery { filter, limit: 1, ..RegisterQuery::default() };
        let lines = self.store.unmapped_lines(asker, &query).await.unwrap().lines.len();
        let sum = self.store.register(asker, &query).await.unwrap().sums[0];
        (counts[&key], lines, sum.lines_minor.unwrap())
    }
}

on_both! {
    what_a_transfer_has_moved_is_in_no_list_that_asks_for_a_category(world) {
        let savings = world.wanting().await;
        let (asker, giro) = (world.asker.clone(), world.account);
        let apart = [-100_350, -50_000, -700, -280, 50_000, 100_000];
        assert_eq!(world.unmapped(&asker, None).await, apart, "what has moved nothing wants nothing");
        let batch = world.link_found().await.unwrap();
        let wants = [-100_350, -700, -280];
        assert_eq!(world.unmapped(&asker, None).await, wants, "of transfers only one with a fee");
        assert_eq!(world.unmapped(&asker, Some(giro)).await, wants);
        assert!(world.unmapped(&asker, Some(savings)).await.is_empty());
        assert_eq!(world.alike(&asker).await, (2, 2, -101_050));
        // The figures know it so, too; what is asked of them leaves out the same by itself.
        let of_figures = Filter { category: Some(None), cashflow: Some(bankside_domain::cashflow::Reach::default()), ..Filter::default() };
        let query = RegisterQuery { filter: of_figures, limit: 50, ..RegisterQuery::default() };
        assert_eq!(world.store.register(&asker, &query).await.unwrap().total, 3);
        // Whoever ends a transfer has both rows wait again.
        let undone = world.store.undo(&asker, batch).await.unwrap();
        assert_eq!(world.unmapped(&asker, None).await, apart);
        world.store.undo(&asker, undone.batch).await.unwrap();
        let deleted = world.delete(50_000).await;
        assert_eq!(world.unmapped(&asker, None).await, [-100_350, -50_000, -700, -280]);
        world.store.undo(&asker, deleted).await.unwrap();
        assert_eq!(world.unmapped(&asker, None).await, wants);
        world.check_linked_rows().await;
    }

    where_the_fee_is_split_off_only_its_line_wants_a_category(world) {
        world.wanting().await;
        world.link_found().await.unwrap();
        let asker = world.asker.clone();
        let row = world.row_of(&asker, -100_350).await.id;
        let line = |amount_minor| TypedLine { amount_minor, ..TypedLine::default() };
        let edit = Edit { lines: Some(vec![line(-100_000), line(-350)]), ..Edit::default() };
        world.store.edit_transactions(&asker, &Selection::These(vec![row]), &edit, &Seen::default()).await.unwrap();
        let lines = world.store.lines(&asker, &[row]).await.unwrap().remove(&row).unwrap();
        assert_eq!(world.unmapped(&asker, None).await, [-100_350, -700, -280]);
        let wanted = world.store.lines_to_map(&asker, &[row]).await.unwrap();
        assert_eq!(wanted, BTreeSet::from([lines[1].id]));
        assert_eq!(world.alike(&asker).await, (2, 2, -1_050));
        let fees = world.store.add_category(&asker, "Fees", None).await.unwrap();
        let map = |line: LineId| [LineTarget { line, category: Some(fees) }];
        world.store.map_lines(&asker, &map(lines[1].id)).await.unwrap();
        assert_eq!(world.unmapped(&asker, None).await, [-700, -280]);
    }

    whoever_does_not_see_the_other_side_has_a_category_to_give(world) {
        let savings = world.wanting().await;
        world.link_found().await.unwrap();
        let (north, south) = (world.add_asset(None, "North").await, world.add_asset(None, "South").await);
        world.hang(world.account, north).await;
        world.hang(savings, south).await;
        let member = world.member_below("north", Role::Member, Some(north)).await;
        let account = world.account;
        for account in [None, Some(account)] {
            assert_eq!(world.unmapped(&member, account).await, [-100_350, -50_000, -700, -280]);
        }
        assert_eq!(world.alike(&member).await, (3, 3, -151_050));
        let whole = world.member_below("all", Role::Member, None).await;
        assert_eq!(world.unmapped(&whole, None).await, [-100_350, -700, -280]);
    }
}
