//! Figures of a cashflow are those of the registers, to the last minor unit, wherever accounts and assets stood on the day of a row.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::asset::{AssetKind, AssetStage, Places};
use bankside_domain::cashflow::{Extent, Flow, Reach};
use bankside_domain::row::RowStatus;
use bankside_domain::{AccountId, AssetId, BatchId, CategoryId, Granted, Id, Month};
use bankside_testkit::Engine;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::db::{run, sql};
use crate::tests::on_both;
use crate::tests::overview::{Books, Old, old};
use crate::tests::world::{World, add_organization, booked};
use crate::{Direction, Filter, NewAsset, RegisterQuery, StoreError};

async fn count_pending(world: &World, account: AccountId) -> Result<(), StoreError> {
    let mut session = world.store.db.write(Granted::as_system()).await?;
    let text = sql!("UPDATE accounts SET pending_policy = 'counted' WHERE organization_id = $1 AND id = $2");
    run!(session, sqlx::query(text).bind(world.asker.organization.uuid()).bind(account.uuid()));
    session.commit().await
}

/// Writes without any verb.
async fn write(world: &World, text: &'static str) -> Result<(), StoreError> {
    let mut session = world.store.db.write(Granted::as_system()).await?;
    run!(session, sqlx::query(text));
    session.commit().await
}

/// Something that moves: an account to an asset, or the last asset under another; from a day, or from the beginning.
#[derive(Debug, Clone)]
struct Move {
    moved: usize,
    to: Option<usize>,
    from: Option<Date>,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (0..3_usize, prop::option::of(0..3_usize), prop::option::of(0..600_i32)).prop_map(|(moved, to, days)| {
        let from = days.map(|days| date(2025, 2, 10).checked_add(days.days()).unwrap());
        Move { moved, to, from }
    });
    prop::collection::vec(one, 0..6)
}

/// Country (Fund), and a site that moves.
async fn plant(world: &World) -> [AssetId; 3] {
    let mut assets = Vec::new();
    for (name, under) in [("Country", None), ("Fund", Some(0)), ("Site", Some(0))] {
        let under = under.map(|place: usize| assets[place]);
        let new = NewAsset { name: name.into(), kind: AssetKind::Structuring, stage: AssetStage::Active, under };
        assets.push(world.store.add_asset(&world.asker, &new).await.unwrap());
    }
    assets.try_into().unwrap()
}

struct Told {
    /// Which row, and which of its lines.
    row: usize,
    place: usize,
    month: Month,
    minor: i64,
    category: Option<CategoryId>,
}

impl Told {
    /// What of it was lost on the way: the fee stands in the line that is exactly as much, and else in the first.
    fn fee_minor(&self, at: usize, out: &Old, into: &Old) -> i64 {
        let fee_minor = (out.minor() + into.minor()).min(0);
        let place = out.lines.iter().position(|(minor, _)| *minor == fee_minor).unwrap_or(0);
        if self.row == at && self.place == place { fee_minor } else { 0 }
    }
}

type Figures = BTreeMap<(Month, Option<CategoryId>), Flow>;

/// The rows that are two sides of a transfer, by their places: what went out, and what came in.
fn pairs_of(rows: &[Old], picks: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut taken = BTreeSet::new();
    let mut pairs = Vec::new();
    for (out, into) in picks {
        let may_be = |out: &Old, into: &Old| out.minor() < 0 && into.minor() > 0 && out.account != into.account;
        let stands = rows.get(*out).zip(rows.get(*into)).is_some_and(|(out, into)| may_be(out, into));
        if stands && !taken.contains(out) && !taken.contains(into) {
            taken.extend([*out, *into]);
            pairs.push((*out, *into));
        }
    }
    pairs
}

async fn link(world: &World, pairs: &[(usize, usize)]) -> Result<(), StoreError> {
    let organization = world.asker.organization.uuid();
    let batch: BatchId = world.ambient.id();
    let mut session = world.store.db.write(Granted::as_system()).await.unwrap();
    let text = sql!(
        "INSERT INTO batches (organization_id, id, actor, summary, made_at) VALUES ($1, $2, 'system', 'Linked', 1)"
    );
    run!(session, sqlx::query(text).bind(organization).bind(batch.uuid()));
    let text = sql!(
        "INSERT INTO transfer_pairs (organization_id, out_id, in_id, linked_by, batch_id)
         SELECT $1, o.id, i.id, 'rows', $2 FROM transactions o, transactions i
         WHERE o.organization_id = $1 AND i.organization_id = $1 AND o.position = $3 AND i.position = $4"
    );
    for (out, into) in pairs {
        let [out, into] = [*out, *into].map(|place| i64::try_from(place).unwrap());
        run!(session, sqlx::query(text).bind(organization).bind(batch.uuid()).bind(out).bind(into));
    }
    session.commit().await
}

async fn figures_are_those_of_the_registers(world: &World, rows: &[Old], moves: &[Move], picks: &[(usize, usize)]) {
    let books = world.old_books(rows).await.unwrap();
    let pairs = pairs_of(rows, picks);
    link(world, &pairs).await.unwrap();
    let assets = plant(world).await;
    let (store, asker) = (&world.store, &world.asker);
    // Only one of the two counts what is pending.
    count_pending(world, books.accounts[1]).await.unwrap();
    for step in moves {
        let to = step.to.map(|place| assets[place]);
        let moved = match books.accounts.get(step.moved) {
            Some(account) => store.move_account(asker, *account, to, step.from).await.map(|_| ()),
            None => store.move_asset(asker, assets[2], to.filter(|to| *to != assets[2]), step.from).await,
        };
        moved.unwrap();
    }
    world.check_month_sums().await;
    world.check_linked_rows().await;
    let mut accounts = Vec::new();
    for account in books.accounts {
        accounts.push(store.account_places(asker, account).await.unwrap());
    }
    let mut parents = BTreeMap::new();
    for asset in assets {
        parents.insert(asset, store.asset_places(asker, asset).await.unwrap());
    }
    let (from, through): (Month, Month) = ("2025-03".parse().unwrap(), "2026-05".parse().unwrap());
    let lines = told(rows, &books);
    for (asset, extent) in [None, Some(assets[0]), Some(assets[1]), Some(assets[2])]
        .into_iter()
        .flat_map(|asset| [(asset, Extent::Alone), (asset, Extent::WithBelow)])
    {
        let reach = Reach { asset, extent };
        let is_in = |row: &Old| stands_in(&accounts[row.account], &parents, reach, row.day);
        let counts = |line: &&Told| is_in(&rows[line.row]) && (from..=through).contains(&line.month);
        // Of a transfer within what is reached only what was lost on the way.
        let is_moved = |&&(out, into): &&(usize, usize)| {
            !rows[out].is_deleted && !rows[into].is_deleted && is_in(&rows[out]) && is_in(&rows[into])
        };
        let moved: Vec<(usize, usize)> = pairs.iter().filter(is_moved).copied().collect();
        let mut wanted = Figures::new();
        for line in lines.iter().filter(counts) {
            let flow = match moved.iter().find(|(out, into)| [*out, *into].contains(&line.row)) {
                None => Flow::of(line.minor),
                Some((out, into)) => Flow::of(line.fee_minor(*out, &rows[*out], &rows[*into])),
            };
            let sum = wanted.entry((line.month, line.category)).or_default();
            *sum = sum.plus(flow);
        }
        let mut found = Figures::new();
        for of in store.cashflow(asker, reach, from, through).await.unwrap() {
            assert_eq!(of.currency.code.as_str(), "EUR");
            for sum in of.sums {
                let flow = found.entry((sum.month, sum.category)).or_default();
                *flow = flow.plus(sum.flow);
            }
        }
        assert_eq!(found, wanted, "{reach:?}");
        registers_say_the_same(world, reach, (from, through), &found).await;
    }
}

/// The lines that move a balance.
fn told(rows: &[Old], books: &Books) -> Vec<Told> {
    let counts = |(_, row): &(usize, &Old)| row.counts() && (row.status == RowStatus::Booked || row.account == 1);
    let lines = rows.iter().enumerate().filter(counts).flat_map(|(at, row)| {
        row.lines.iter().enumerate().map(move |(place, (minor, category))| Told {
            row: at,
            place,
            month: Month::of(row.day),
            minor: *minor,
            category: category.map(|category| books.categories[category]),
        })
    });
    lines.collect()
}

fn stands_in(account: &Places, parents: &BTreeMap<AssetId, Places>, reach: Reach, day: Date) -> bool {
    let under = account.on(day);
    if reach.extent == Extent::Alone {
        return under == reach.asset;
    }
    let mut way = under;
    while way.is_some() && way != reach.asset {
        way = way.and_then(|asset| parents[&asset].on(day));
    }
    way == reach.asset
}

/// The register, asked for what stands behind figures: whole months, single categories, and one direction.
async fn registers_say_the_same(world: &World, reach: Reach, (from, through): (Month, Month), figures: &Figures) {
    let of_days = |filter: Filter| Filter {
        cashflow: Some(reach),
        from: Some(from.first_day()),
        to: Some(through.last_day()),
        ..filter
    };
    let (rows, counted) = sums_of(world, of_days(Filter::default())).await;
    assert_eq!(counted.unwrap_or(rows), figures.values().copied().sum::<Flow>().left_minor(), "{reach:?}");
    let categories: Vec<Option<CategoryId>> = figures.keys().map(|(_, category)| *category).collect();
    for category in categories {
        let figure: Flow = figures.iter().filter(|((_, of), _)| *of == category).map(|(_, flow)| *flow).sum();
        let (_, lines) = sums_of(world, of_days(Filter { category: Some(category), ..Filter::default() })).await;
        assert_eq!(lines.unwrap_or(0), figure.left_minor(), "{reach:?} {category:?}");
        let out = Filter { category: Some(category), direction: Some(Direction::Out), ..Filter::default() };
        let (_, lines) = sums_of(world, of_days(out)).await;
        assert_eq!(lines.unwrap_or(0), figure.out_minor, "{reach:?} {category:?}");
    }
}

/// What rows come to, and what their lines that are asked for do.
async fn sums_of(world: &World, filter: Filter) -> (i64, Option<i64>) {
    let query = RegisterQuery { filter, limit: 1, ..RegisterQuery::default() };
    let sums = world.store.register(&world.asker, &query).await.unwrap().sums;
    assert!(sums.len() < 2);
    // Where all rows are on the page, the page alone may say what they come to.
    let whole = world.store.register(&world.asker, &RegisterQuery { limit: 500, ..query }).await.unwrap().sums;
    assert_eq!(sums, whole);
    sums.first().map_or((0, None), |sum| (sum.minor, sum.lines_minor))
}

fn check(engine: Engine, cases: u32) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let picks = prop::collection::vec((0..40_usize, 0..40_usize), 0..60);
    let result = runner.run(&(prop::collection::vec(old(), 0..40), moves(), picks), |(rows, moves, picks)| {
        runtime.block_on(async {
            let world = World::open(engine).await;
            figures_are_those_of_the_registers(&world, &rows, &moves, &picks).await;
        });
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn figures_are_those_of_the_registers_on_sqlite() {
    check(Engine::Sqlite, 12);
}

#[test]
fn figures_are_those_of_the_registers_on_postgres() {
    check(Engine::Postgres, 4);
}

on_both! {
    sums_follow_whatever_writes_rows_and_lines(world) {
        let rows: Vec<Old> = (0..30_i64)
            .map(|number| Old {
                account: usize::try_from(number % 2).unwrap(),
                day: date(2026, 1, 1).checked_add((number * 3).days()).unwrap(),
                status: if number % 3 == 0 { RowStatus::Pending } else { RowStatus::Booked },
                is_deleted: number % 7 == 0,
                lines: vec![(number * 100 - 900, None), (-number, Some(0))],
            })
            .collect();
        world.old_books(&rows).await.unwrap();
        // Many statements write both rows of a pair at once.
        let pairs: Vec<(usize, usize)> = (0..15).map(|at| (at, 29 - at)).collect();
        link(world, &pairs).await.unwrap();
        world.check_month_sums().await;
        world.check_linked_rows().await;
        // Each writes many rows at once, in ways that no verb has; some change nothing that is summed.
        let texts = [
            "UPDATE transactions SET deleted_at = 1 WHERE position % 4 = 1",
            "UPDATE transactions SET deleted_at = NULL WHERE position % 8 = 1",
            "UPDATE transactions SET status = 'booked' WHERE status = 'pending' AND position % 2 = 0",
            "UPDATE transactions SET status = 'declined' WHERE position % 5 = 0",
            "UPDATE transactions SET reviewed_at = 5, deleted_at = deleted_at",
            "UPDATE transaction_lines SET amount_minor = -amount_minor * 2 WHERE position = 1",
            "UPDATE transaction_lines SET category_id = NULL WHERE amount_minor > 10",
            "UPDATE transaction_lines SET note = 'nothing', category_id = category_id",
            "DELETE FROM transaction_lines WHERE position = 0 AND amount_minor < 0",
            "UPDATE transactions SET amount_minor = -amount_minor",
            "UPDATE transactions SET dated_on = (SELECT MAX(t.dated_on) FROM transactions t) WHERE position % 6 = 0",
            "UPDATE transactions SET account_id = (SELECT a.id FROM accounts a ORDER BY a.position, a.id LIMIT 1), dated_on = dated_on WHERE position < 9",
        ];
        for text in texts {
            write(world, text).await.unwrap();
            world.check_month_sums().await;
            world.check_linked_rows().await;
        }
        write(world, "DELETE FROM transfer_pairs").await.unwrap();
        world.check_linked_rows().await;
    }

    of_another_organization_nothing_is_reached(world) {
        world.sync(&[booked(1, -280, "Café", "a")]).await;
        let other = add_organization(&world.store, world.owner, "Hafenstraße 2").await;
        let (month, whole) = ("2026-11".parse().unwrap(), Reach::default());
        assert_eq!(world.store.cashflow(&world.asker, whole, month, month).await.unwrap()[0].sums.len(), 1);
        assert_eq!(world.store.cashflow(&other, whole, month, month).await.unwrap(), []);
        let assets = plant(world).await;
        let reach = Reach { asset: Some(assets[0]), extent: Extent::WithBelow };
        let hidden = world.store.cashflow(&other, reach, month, month).await;
        assert!(matches!(hidden, Err(StoreError::NotFound("the asset"))), "{hidden:?}");
    }
}
