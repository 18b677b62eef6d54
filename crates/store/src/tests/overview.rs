//! The sums of the overview are those of the register, to the last minor unit.

use std::collections::BTreeMap;

use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, CategoryId, Code, Granted, Id, Month};
use bankside_testkit::Engine;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::convert::date as sql_date;
use crate::db::{run, sql};
use crate::tests::on_both;
use crate::tests::world::{World, add_organization, booked};
use crate::{MonthSum, NewAccount, RegisterQuery, StoreError};

/// A row that has been in the books for a while.
#[derive(Debug, Clone)]
pub(super) struct Old {
    pub(super) account: usize,
    pub(super) day: Date,
    pub(super) status: RowStatus,
    pub(super) is_deleted: bool,
    /// Its lines: amount, and which of the categories.
    pub(super) lines: Vec<(i64, Option<usize>)>,
}

impl Old {
    pub(super) fn minor(&self) -> i64 {
        self.lines.iter().map(|(minor, _)| minor).sum()
    }

    pub(super) fn counts(&self) -> bool {
        !self.is_deleted && matches!(self.status, RowStatus::Booked | RowStatus::Pending)
    }
}

pub(super) fn old() -> impl Strategy<Value = Old> {
    let statuses =
        vec![RowStatus::Booked, RowStatus::Booked, RowStatus::Pending, RowStatus::Scheduled, RowStatus::Declined];
    let line = (prop::sample::select(vec![-12_345, -280, 0, 5, 284_000]), prop::option::of(0..2_usize));
    let lines = prop::collection::vec(line, 1..4);
    (0..2_usize, 0..800_i32, prop::sample::select(statuses), prop::bool::weighted(0.2), lines).prop_map(
        |(account, days, status, is_deleted, lines)| {
            let day = date(2025, 1, 1).checked_add(days.days()).unwrap();
            Old { account, day, status, is_deleted, lines }
        },
    )
}

pub(super) struct Books {
    pub(super) accounts: [AccountId; 2],
    pub(super) categories: [CategoryId; 2],
}

impl World {
    pub(super) async fn old_books(&self, rows: &[Old]) -> Result<Books, StoreError> {
        let new = NewAccount {
            name: "Cash".into(),
            kind: bankside_domain::account::AccountKind::Cash,
            currency: "EUR".parse().unwrap(),
            opening_minor: Some(777),
            asset: None,
        };
        let cash = self.store.add_account(&self.asker, &new).await.unwrap();
        let mut session = self.store.db.write(Granted::as_system()).await.unwrap();
        let organization = self.asker.organization.uuid();
        let categories: [CategoryId; 2] = [self.ambient.id(), self.ambient.id()];
        let text = sql!(
            "INSERT INTO categories (organization_id, id, parent_id, name, name_folded, is_builtin, position, created_at)
             VALUES ($1, $2, $3, $4, $4, $5, $6, $6)"
        );
        for (category, parent, name) in
            [(categories[0], None, "House"), (categories[1], Some(categories[0]), "Repairs")]
        {
            let parent = parent.map(Id::uuid);
            run!(
                session,
                sqlx::query(text)
                    .bind(organization)
                    .bind(category.uuid())
                    .bind(parent)
                    .bind(name)
                    .bind(false)
                    .bind(0_i64)
            );
        }
        let books = Books { accounts: [self.account, cash], categories };
        for (position, row) in (0_i64..).zip(rows) {
            let id: bankside_domain::TransactionId = self.ambient.id();
            let text = sql!(
                "INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, moves_opening,
                    position, seen_at, created_at, deleted_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $8, $9)"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(organization)
                    .bind(id.uuid())
                    .bind(books.accounts[row.account].uuid())
                    .bind(row.status.code())
                    .bind(row.minor())
                    .bind(sql_date(row.day))
                    .bind(false)
                    .bind(position)
                    .bind(row.is_deleted.then_some(1_i64))
            );
            for (place, (minor, category)) in (0_i64..).zip(&row.lines) {
                let line: bankside_domain::LineId = self.ambient.id();
                let text = sql!(
                    "INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor, category_id)
                     VALUES ($1, $2, $3, $4, $5, $6)"
                );
                run!(
                    session,
                    sqlx::query(text)
                        .bind(organization)
                        .bind(line.uuid())
                        .bind(id.uuid())
                        .bind(place)
                        .bind(minor)
                        .bind(category.map(|category| books.categories[category].uuid()))
                );
            }
        }
        for account in books.accounts {
            self.store.recount_account(&mut session, &self.asker, account).await.unwrap();
        }
        session.commit().await.unwrap();
        Ok(books)
    }
}

type Sums<K> = BTreeMap<K, (i64, i64)>;

fn add<K: Ord>(sums: &mut Sums<K>, key: K, minor: i64) {
    let sum = sums.entry(key).or_default();
    if minor > 0 { sum.0 += minor } else { sum.1 += minor }
}

fn key(sum: &MonthSum) -> (AccountId, Month, bool) {
    (sum.account, sum.month, sum.is_pending)
}

async fn sums_are_those_of_the_register(world: &World, rows: Vec<Old>) {
    let books = world.old_books(&rows).await.unwrap();
    let from: Month = "2025-07".parse().unwrap();
    let found = world.store.month_sums(&world.asker, &books.accounts, from).await.unwrap();
    let found: Sums<_> = found.iter().map(|sum| (key(sum), (sum.in_minor, sum.out_minor))).collect();
    // Against the register, which reads row by row.
    let mut wanted = Sums::new();
    for account in books.accounts {
        let query = RegisterQuery { account: Some(account), limit: 500, ..RegisterQuery::default() };
        for row in world.store.register(&world.asker, &query).await.unwrap().rows {
            let moves = matches!(row.status, RowStatus::Booked | RowStatus::Pending);
            if moves && Month::of(row.dated_on) >= from {
                add(
                    &mut wanted,
                    (account, Month::of(row.dated_on), row.status == RowStatus::Pending),
                    row.amount_minor,
                );
            }
        }
    }
    assert_eq!(found, wanted);
    // What an account holds, less everything since, is its opening balance.
    for account in books.accounts {
        let state = world.store.account(&world.asker, account).await.unwrap();
        let all = world.store.month_sums(&world.asker, &[account], "2025-01".parse().unwrap()).await.unwrap();
        let moved: i64 = all.iter().filter(|sum| !sum.is_pending).map(|sum| sum.in_minor + sum.out_minor).sum();
        assert_eq!(state.balance_minor() - moved, state.opening_minor);
    }
    // Lines by category, against what was written; together they are the rows.
    let through: Month = "2026-06".parse().unwrap();
    let found = world.store.category_sums(&world.asker, &books.accounts, from, through).await.unwrap();
    let found: Sums<_> =
        found.iter().map(|of| ((key(&of.sum), of.category), (of.sum.in_minor, of.sum.out_minor))).collect();
    let mut wanted = Sums::new();
    for row in rows.iter().filter(|row| row.counts() && (from..=through).contains(&Month::of(row.day))) {
        let month = (books.accounts[row.account], Month::of(row.day), row.status == RowStatus::Pending);
        for (minor, category) in &row.lines {
            add(&mut wanted, (month, category.map(|category| books.categories[category])), *minor);
        }
    }
    assert_eq!(found, wanted);
}

fn check(engine: Engine, cases: u32) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(&prop::collection::vec(old(), 0..40), |rows| {
        runtime.block_on(async {
            let world = World::open(engine).await;
            sums_are_those_of_the_register(&world, rows).await;
        });
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn sums_are_those_of_the_register_on_sqlite() {
    check(Engine::Sqlite, 24);
}

#[test]
fn sums_are_those_of_the_register_on_postgres() {
    check(Engine::Postgres, 6);
}

on_both! {
    the_first_and_the_last_month_are_those_of_the_first_and_the_last_row(world) {
        let store = &world.store;
        assert_eq!(store.first_month(&world.asker).await.unwrap(), None);
        assert_eq!(store.last_month(&world.asker).await.unwrap(), None);
        let ahead = crate::NewTransaction::new(date(2031, 2, 5), -300);
        store.add_transaction(&world.asker, world.account, &ahead).await.unwrap();
        world.sync(&[booked(1, -280, "Café", "a")]).await;
        assert_eq!(world.store.first_month(&world.asker).await.unwrap(), Some("2026-11".parse().unwrap()));
        assert_eq!(world.store.last_month(&world.asker).await.unwrap(), Some("2031-02".parse().unwrap()));
    }

    nothing_of_another_organization_is_summed(world) {
        world.sync(&[booked(1, -280, "Café", "a")]).await;
        let other = add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        let (store, from) = (&world.store, "2026-01".parse().unwrap());
        assert!(store.month_sums(&other, &[world.account], from).await.unwrap().is_empty());
        assert!(store.category_sums(&other, &[world.account], from, from.plus(12)).await.unwrap().is_empty());
        assert_eq!(store.count_new(&other, None, 10).await.unwrap(), 0);
        assert_eq!(store.count_without_category(&other, None, 10).await.unwrap(), 0);
        assert_eq!(store.first_month(&other).await.unwrap(), None);
        assert!(store.revisions(&other).await.unwrap().is_empty());
    }

    paths_lead_from_the_outermost_name(world) {
        let books = world.old_books(&[]).await.unwrap();
        let paths = world.store.category_paths(&world.asker).await.unwrap();
        assert_eq!(paths[&books.categories[1]], ["House", "Repairs"]);
    }
}
