//! A company of many assets whose accounts have many rows, written as statements of many rows: a sync would bring the same, only later.

use bankside_domain::account::AccountKind;
use bankside_domain::asset::{AssetKind, AssetStage};
use bankside_domain::{AssetId, CategoryId, Id, LineId, TransactionId};
use bankside_store::{NewAccount, NewAsset};
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

fn minor(number: usize) -> i64 {
    let minor = i64::try_from(scattered(number) % 200_000).unwrap() + 1;
    if number.is_multiple_of(9) { minor * 7 } else { -minor }
}

fn day(number: usize, shape: Shape) -> Date {
    LAST_DAY - i64::try_from(scattered(number) % shape.days).unwrap().days()
}

/// The tree: countries, and below them funds, projects and sites; each asset stands below the one a tenth before it.
async fn plant(house: &House, count: usize) -> Vec<AssetId> {
    let mut assets: Vec<AssetId> = Vec::with_capacity(count);
    for number in 0..count {
        let under = number.checked_sub(COUNTRIES).map(|at| assets[at / 6]);
        let kind = if number > count / 2 { AssetKind::Production } else { AssetKind::Structuring };
        let new = NewAsset { name: format!("Asset {number:04}"), kind, stage: AssetStage::Active, under };
        assets.push(house.store.add_asset(&house.asker, &new).await.unwrap());
    }
    assets
}

/// Writes it into the house.
pub(super) async fn fill(house: &House, shape: Shape) -> Filled {
    let asker = &house.asker;
    let assets = plant(house, shape.assets).await;
    let mut accounts = Vec::with_capacity(shape.accounts);
    for number in 0..shape.accounts {
        let asset = assets[number * assets.len() / shape.accounts];
        let currency = "EUR".parse().unwrap();
        let name = format!("Account {number:03}");
        let new =
            NewAccount { name, kind: AccountKind::Checking, currency, opening_minor: Some(0), asset: Some(asset) };
        let account = house.store.add_account(asker, &new).await.unwrap();
        // Every twentieth has stood elsewhere until a day within the last year.
        if number.is_multiple_of(20) {
            let to = assets[assets.len() - 1 - number];
            house.store.move_account(asker, account, Some(to), Some(LAST_DAY - 75.days())).await.unwrap();
        }
        accounts.push(account.uuid());
    }
    let mut categories: Vec<CategoryId> = Vec::new();
    for main in 0..MAIN_CATEGORIES {
        let above = house.store.add_category(asker, &format!("Main {main}"), None).await.unwrap();
        categories.push(above);
        for sub in 0..SUBCATEGORIES {
            categories.push(house.store.add_category(asker, &format!("Sub {main}.{sub}"), Some(above)).await.unwrap());
        }
    }
    if house.url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(&house.url).await.unwrap();
        write!(connection, house, shape, accounts, categories);
        sqlx::query("PRAGMA optimize").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(&house.url).await.unwrap();
        write!(connection, house, shape, accounts, categories);
        // As its own housekeeping does soon after.
        sqlx::query("VACUUM ANALYZE").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
    let site = assets[(shape.accounts / 2) * assets.len() / shape.accounts];
    Filled { country: assets[1], site, category: categories[0] }
}

/// The body is one, the drivers are two.
macro_rules! write {
    ($connection:expr, $house:expr, $shape:expr, $accounts:expr, $categories:expr) => {{
        let organization = $house.asker.organization.uuid();
        let mut transaction = $connection.begin().await.unwrap();
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
            insert.push_values(chunk.iter().zip(&ids), |mut row, (number, id)| {
                let category = (!number.is_multiple_of(10)).then(|| $categories[scattered(number / 3) % $categories.len()].uuid());
                row.push_bind(organization)
                    .push_bind($house.ambient.id::<LineId>().uuid())
                    .push_bind(*id)
                    .push_bind(0_i64)
                    .push_bind(minor(*number))
                    .push_bind(category)
                    .push_bind(format!("Receipt {number}"));
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
