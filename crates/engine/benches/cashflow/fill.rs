//! A company of many assets whose accounts have many rows, written as statements of many rows: a sync would bring the same, only later.

use bankside_domain::{AccountId, AssetId, BatchId, CategoryId, Id, LineId, TransactionId};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff_sqlx::ToSqlx;
use sqlx::{Connection, PgConnection, QueryBuilder, SqliteConnection};
use uuid::Uuid;

use super::house::House;

pub(super) const LAST_DAY: Date = date(2026, 11, 20);
const CHUNK: usize = 1_000;
const COUNTRIES: usize = 10;
const MAIN_CATEGORIES: usize = 7;
const SUBCATEGORIES: usize = 6;
/// Every so many rows two are a transfer: four of a hundred rows are sides of one, in accounts of all kinds.
const ROWS_PER_PAIR: usize = 47;
/// Of so many transfers one costs a fee.
const PAIRS_PER_FEE: usize = 8;
/// Of so many fees one is split off.
const FEES_PER_SPLIT: usize = 5;
/// Every so many accounts one is in dollars.
const ACCOUNTS_PER_DOLLAR: usize = 25;
const FEE_MINOR: i64 = 150;

/// How large it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) rows: usize,
    pub(super) assets: usize,
    pub(super) accounts: usize,
    /// Over how many days the rows are spread, the last one being [`LAST_DAY`].
    pub(super) days: usize,
}

/// What was made.
pub(super) struct Filled {
    pub(super) country: AssetId,
    pub(super) site: AssetId,
    pub(super) category: CategoryId,
}

/// Numbers that look random and are the same every time.
fn scattered(number: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % 4_294_967_296
}

/// The row that is the first of its pair, of both rows of one: they stand side by side, in accounts that do so, too.
fn pair_of(number: usize) -> Option<usize> {
    let first = number - number % ROWS_PER_PAIR;
    (number - first < 2).then_some(first)
}

fn has_fee(first: usize) -> bool {
    (first / ROWS_PER_PAIR).is_multiple_of(PAIRS_PER_FEE)
}

fn is_split(number: usize) -> bool {
    let is_out = pair_of(number) == Some(number);
    is_out && has_fee(number) && (number / ROWS_PER_PAIR / PAIRS_PER_FEE).is_multiple_of(FEES_PER_SPLIT)
}

fn minor(number: usize) -> i64 {
    let minor = |number| i64::try_from(scattered(number) % 200_000).unwrap() + 1;
    match pair_of(number) {
        Some(first) if first == number => -minor(first) - FEE_MINOR * 2,
        Some(first) => minor(first) + FEE_MINOR * if has_fee(first) { 1 } else { 2 },
        None if number.is_multiple_of(9) => minor(number) * 7,
        None => -minor(number),
    }
}

/// The amounts of its lines: a fee that is split off stands in the second.
fn lines(number: usize) -> Vec<i64> {
    if is_split(number) { vec![minor(number) + FEE_MINOR, -FEE_MINOR] } else { vec![minor(number)] }
}

fn day(number: usize, shape: Shape) -> Date {
    LAST_DAY - i64::try_from(scattered(pair_of(number).unwrap_or(number)) % shape.days).unwrap().days()
}

/// Writes it into the house.
pub(super) async fn fill(house: &House, shape: Shape) -> Filled {
    let assets: Vec<Uuid> = (0..shape.assets).map(|_| house.ambient.id::<AssetId>().uuid()).collect();
    let accounts: Vec<Uuid> = (0..shape.accounts).map(|_| house.ambient.id::<AccountId>().uuid()).collect();
    let mut categories: Vec<CategoryId> = Vec::new();
    for main in 0..MAIN_CATEGORIES {
        let above = house.store.add_category(&house.asker, &format!("Main {main}"), None).await.unwrap();
        categories.push(above);
        for sub in 0..SUBCATEGORIES {
            let name = format!("Sub {main}.{sub}");
            categories.push(house.store.add_category(&house.asker, &name, Some(above)).await.unwrap());
        }
    }
    if house.url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(&house.url).await.unwrap();
        write!(connection, house, shape, assets, accounts, categories);
        sqlx::query("PRAGMA optimize").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(&house.url).await.unwrap();
        write!(connection, house, shape, assets, accounts, categories);
        // As its own housekeeping does soon after.
        sqlx::query("VACUUM ANALYZE").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
    let site = asset_of(shape.accounts / 2 + 1, shape);
    Filled { country: assets[1].into(), site: assets[site].into(), category: categories[0] }
}

/// At which asset an account is.
fn asset_of(account: usize, shape: Shape) -> usize {
    account * shape.assets / shape.accounts
}

/// The body is one, the drivers are two.
macro_rules! write {
    ($connection:expr, $house:expr, $shape:expr, $assets:expr, $accounts:expr, $categories:expr) => {{
        let organization = $house.asker.organization.uuid();
        let mut transaction = $connection.begin().await.unwrap();
        // Countries at the top, and below each asset six others: funds, projects, sites.
        for (number, asset) in $assets.iter().enumerate() {
            let mut insert = QueryBuilder::new(
                "INSERT INTO assets (organization_id, id, parent_id, kind, stage, name, name_folded, position, created_at) ",
            );
            insert.push_values([asset], |mut row, asset| {
                let name = format!("Asset {number:04}");
                row.push_bind(organization)
                    .push_bind(*asset)
                    .push_bind(number.checked_sub(COUNTRIES).map(|at| $assets[at / 6]))
                    .push_bind(if number > $assets.len() / 2 { "production" } else { "structuring" })
                    .push_bind("active")
                    .push_bind(name.clone())
                    .push_bind(name.to_lowercase())
                    .push_bind(i64::try_from(number).unwrap())
                    .push_bind(0_i64);
            });
            insert.build().execute(&mut *transaction).await.unwrap();
        }
        for (number, account) in $accounts.iter().enumerate() {
            let mut insert = QueryBuilder::new(
                "INSERT INTO accounts (organization_id, id, asset_id, name, name_folded, kind, currency, opening_minor, \
                 opening_source, pending_policy, revision, booked_minor, pending_minor, transaction_count, position, created_at) ",
            );
            insert.push_values([account], |mut row, account| {
                let name = format!("Account {number:03}");
                row.push_bind(organization)
                    .push_bind(*account)
                    .push_bind($assets[asset_of(number, $shape)])
                    .push_bind(name.clone())
                    .push_bind(name.to_lowercase())
                    .push_bind("checking")
                    .push_bind(if number % ACCOUNTS_PER_DOLLAR == ACCOUNTS_PER_DOLLAR - 1 { "USD" } else { "EUR" })
                    .push_bind(0_i64)
                    .push_bind("person")
                    .push_bind("shown");
                for number in [0, 0, 0, 0, i64::try_from(number).unwrap(), 0] {
                    row.push_bind(number);
                }
            });
            insert.build().execute(&mut *transaction).await.unwrap();
            // Every twentieth has stood elsewhere until a day within the last year.
            if number.is_multiple_of(20) {
                let mut insert = QueryBuilder::new(
                    "INSERT INTO earlier_assets (organization_id, account_id, until_on, asset_id) ",
                );
                insert.push_values([account], |mut row, account| {
                    row.push_bind(organization)
                        .push_bind(*account)
                        .push_bind((LAST_DAY - 75.days()).to_sqlx())
                        .push_bind($assets[$assets.len() - 1 - number]);
                });
                insert.build().execute(&mut *transaction).await.unwrap();
            }
        }
        let batch = $house.ambient.id::<BatchId>().uuid();
        sqlx::query("INSERT INTO batches (organization_id, id, actor, summary, made_at) VALUES ($1, $2, 'system', 'Linked', 1)")
            .bind(organization)
            .bind(batch)
            .execute(&mut *transaction)
            .await
            .unwrap();
        let numbers: Vec<usize> = (0..$shape.rows).collect();
        for chunk in numbers.chunks(CHUNK) {
            let ids: Vec<Uuid> = chunk.iter().map(|_| $house.ambient.id::<TransactionId>().uuid()).collect();
            let mut insert = QueryBuilder::new(
                "INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, booked_on, \
                 provider_dated_on, moves_opening, position, seen_at, created_at, reviewed_at) ",
            );
            insert.push_values(chunk.iter().zip(&ids), |mut row, (number, id)| {
                let dated_on = day(*number, $shape).to_sqlx();
                row.push_bind(organization)
                    .push_bind(*id)
                    .push_bind($accounts[number % $accounts.len()])
                    .push_bind("booked")
                    .push_bind(minor(*number))
                    .push_bind(dated_on)
                    .push_bind(dated_on)
                    .push_bind(dated_on)
                    .push_bind(false)
                    .push_bind(i64::try_from(*number).unwrap())
                    .push_bind(0_i64)
                    .push_bind(0_i64)
                    .push_bind(0_i64);
            });
            insert.build().execute(&mut *transaction).await.unwrap();
            let mut insert = QueryBuilder::new(
                "INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor, category_id, note) ",
            );
            let lines = chunk.iter().zip(&ids).flat_map(|(number, id)| (0_i64..).zip(lines(*number)).map(move |line| (number, id, line)));
            insert.push_values(lines, |mut row, (number, id, (place, minor))| {
                let category = (!number.is_multiple_of(10)).then(|| $categories[scattered(number / 3) % $categories.len()].uuid());
                row.push_bind(organization)
                    .push_bind($house.ambient.id::<LineId>().uuid())
                    .push_bind(*id)
                    .push_bind(place)
                    .push_bind(minor)
                    .push_bind(category)
                    .push_bind(format!("Receipt {number}"));
            });
            insert.build().execute(&mut *transaction).await.unwrap();
            // Two rows that are not of one part are not linked; those are few.
            let mut insert =
                QueryBuilder::new("INSERT INTO transfer_pairs (organization_id, out_id, in_id, linked_by, batch_id) ");
            let pairs = chunk.iter().zip(ids.windows(2)).filter(|(number, _)| pair_of(**number) == Some(**number));
            insert.push_values(pairs, |mut row, (_, pair)| {
                row.push_bind(organization).push_bind(pair[0]).push_bind(pair[1]).push_bind("rows").push_bind(batch);
            });
            insert.build().execute(&mut *transaction).await.unwrap();
        }
        sqlx::query(
            "UPDATE accounts SET revision = revision + 1, \
             booked_minor = (SELECT SUM(t.amount_minor) FROM transactions t WHERE t.account_id = accounts.id), \
             transaction_count = (SELECT COUNT(*) FROM transactions t WHERE t.account_id = accounts.id)",
        )
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction.commit().await.unwrap();
    }};
}
use write;
