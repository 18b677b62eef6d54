//! Many transfers that cost a fee: each figure has a list behind it, however many there are.

use bankside_domain::cashflow::{Extent, Flow, Reach};
use bankside_domain::{AccountId, AssetId, BatchId, CategoryId, Granted, Id, LineId, TransactionId};
use jiff::ToSpan;
use jiff::civil::date;

use crate::convert::date as sql_date;
use crate::db::{on, sql};
use crate::tests::on_both;
use crate::tests::world::World;
use crate::{Direction, Filter, RegisterQuery};

/// More than one statement could name with their lines and their fees.
const MANY: usize = 4_000;

impl World {
    /// So many transfers of 2026, a euro each, of which nine cents are lost; every hundredth row that went out has the fee split off. The
    /// rows have the category, a split-off fee has none.
    async fn many_fees(&mut self, category: CategoryId) -> AccountId {
        let (giro, savings) = self.with_savings().await;
        let organization = self.asker.organization.uuid();
        let batch: BatchId = self.ambient.id();
        let mut session = self.store.db.write(Granted::as_system()).await.unwrap();
        let text = sql!(
            "INSERT INTO batches (organization_id, id, actor, summary, made_at) VALUES ($1, $2, 'system', 'Linked', 1)"
        );
        on!(session, c => sqlx::query(text).bind(organization).bind(batch.uuid()).execute(c).await.map(|_| ()))
            .unwrap();
        let pairs: Vec<usize> = (0..MANY).collect();
        for chunk in pairs.chunks(500) {
            let ids =
                || chunk.iter().map(|number| (*number, self.ambient.id::<TransactionId>().uuid())).collect::<Vec<_>>();
            let (out, into) = (ids(), ids());
            for (rows, account, minor) in [(&out, giro, -100_i64), (&into, savings, 91)] {
                on!(session, c => {
                    let mut insert = sqlx::QueryBuilder::new(
                        "INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, moves_opening, \
                         position, seen_at, created_at) ",
                    );
                    insert.push_values(rows, |mut row, (number, id)| {
                        let day = date(2026, 1, 1).saturating_add(i64::try_from(number % 330).unwrap().days());
                        row.push_bind(organization).push_bind(*id).push_bind(account.uuid()).push_bind("booked").push_bind(minor);
                        row.push_bind(sql_date(day)).push_bind(false);
                        row.push_bind(i64::try_from(*number).unwrap()).push_bind(1_i64).push_bind(1_i64);
                    });
                    insert.build().execute(c).await.unwrap();
                });
                let lines = rows.iter().flat_map(|(number, id)| {
                    let is_split = minor < 0 && number % 100 == 0;
                    let lines = if is_split { vec![(minor + 9, true), (-9, false)] } else { vec![(minor, true)] };
                    lines.into_iter().zip(0_i64..).map(|((minor, is_filed), place)| (*id, minor, is_filed, place))
                });
                let lines: Vec<_> = lines.collect();
                on!(session, c => {
                    let mut insert = sqlx::QueryBuilder::new(
                        "INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor, category_id) ",
                    );
                    insert.push_values(&lines, |mut row, (id, minor, is_filed, place)| {
                        row.push_bind(organization).push_bind(self.ambient.id::<LineId>().uuid()).push_bind(*id).push_bind(*place);
                        row.push_bind(*minor).push_bind(is_filed.then(|| category.uuid()));
                    });
                    insert.build().execute(c).await.unwrap();
                });
            }
            on!(session, c => {
                let mut insert =
                    sqlx::QueryBuilder::new("INSERT INTO transfer_pairs (organization_id, out_id, in_id, linked_by, batch_id) ");
                insert.push_values(out.iter().zip(&into), |mut row, ((_, out), (_, into))| {
                    row.push_bind(organization).push_bind(*out).push_bind(*into).push_bind("rows").push_bind(batch.uuid());
                });
                insert.build().execute(c).await.unwrap();
            });
        }
        // As both engines' own housekeeping does soon after.
        on!(session, c => sqlx::query(sql!("ANALYZE")).execute(c).await.map(|_| ())).unwrap();
        session.commit().await.unwrap();
        savings
    }

    /// How many rows stand behind a figure, and what of them is counted.
    async fn behind(&self, asset: Option<AssetId>, filter: Filter) -> (i64, i64) {
        let cashflow = Some(Reach { asset, extent: Extent::WithBelow });
        let filter = Filter { cashflow, from: Some(date(2026, 1, 1)), to: Some(date(2026, 12, 31)), ..filter };
        let query = RegisterQuery { filter, limit: 1, ..RegisterQuery::default() };
        let page = self.store.register(&self.asker, &query).await.unwrap();
        (page.total, page.sums.first().and_then(|sum| sum.lines_minor).unwrap_or_default())
    }
}

on_both! {
    every_figure_of_a_year_with_many_fees_has_a_list(world) {
        let moves = world.store.add_category(&world.asker, "Moves", None).await.unwrap();
        let savings = world.many_fees(moves).await;
        let (country, giro) = (world.add_asset(None, "Germany").await, world.account);
        world.hang(giro, country).await;
        world.hang(savings, country).await;
        let many = i64::try_from(MANY).unwrap();
        let split = many / 100;
        let months = ("2026-01".parse().unwrap(), "2026-12".parse().unwrap());
        for asset in [None, Some(country)] {
            let reach = Reach { asset, extent: Extent::WithBelow };
            let sums = world.store.cashflow(&world.asker, reach, months.0, months.1).await.unwrap();
            let of = |category| sums[0].sums.iter().filter(|sum| sum.category == category).map(|sum| sum.flow).sum::<Flow>();
            assert_eq!(of(Some(moves)), Flow { in_minor: 0, out_minor: -9 * (many - split) });
            assert_eq!(of(None), Flow { in_minor: 0, out_minor: -9 * split });
            assert_eq!(world.behind(asset, Filter::default()).await, (many, -9 * many));
            let filed = Filter { category: Some(Some(moves)), ..Filter::default() };
            assert_eq!(world.behind(asset, filed.clone()).await, (many - split, -9 * (many - split)));
            let out = Filter { direction: Some(Direction::Out), category: Some(None), ..Filter::default() };
            assert_eq!(world.behind(asset, out).await, (split, -9 * split));
            let came = Filter { direction: Some(Direction::In), ..filed };
            assert_eq!(world.behind(asset, came).await, (0, 0));
        }
    }
}
