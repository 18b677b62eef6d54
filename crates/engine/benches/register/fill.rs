//! Books of many rows, written as statements of many rows: a sync would bring the same, only later.

use bankside_domain::Id;
use bankside_domain::text::fold;
use bankside_store::NewAccount;
use jiff::ToSpan;
use jiff::civil::{Date, date};
use jiff_sqlx::ToSqlx;
use sqlx::{Connection, PgConnection, QueryBuilder, SqliteConnection};
use uuid::Uuid;

use super::house::House;

const LAST_DAY: Date = date(2026, 11, 20);
/// Twenty years, whatever the number of rows.
const DAYS: usize = 7_300;
const CHUNK: usize = 1_000;
const PAYEES: usize = 2_000;
const SHOPS: [&str; 8] =
    ["Nordmarkt", "Kiosk am Hafen", "Stadtwerke", "Bäckerei Öztürk", "Apotheke", "Bahn", "Tankstelle", "Café Sonne"];
const TEXTS: [&str; 5] = ["SEPA-Lastschrift", "Kartenzahlung", "Fernwärme Abschlag", "Dauerauftrag Miete", "Rechnung"];

/// Numbers that look random and are the same every time.
fn scattered(number: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % 4_294_967_296
}

/// What a bank writes into a row: some words that thousands of rows have, and numbers of its own.
fn note(number: usize) -> String {
    let (text, mandate, shop) = (TEXTS[number % TEXTS.len()], scattered(number), SHOPS[number / 7 % SHOPS.len()]);
    match number % 3 {
        0 => format!("Receipt {number}, thank you"),
        1 => format!("{text} {shop} Mandat {mandate:x} Kundennummer {}", scattered(number + 1) % 1_000_000),
        _ => format!("{shop}//Hamburg/DE {}T{:02}:{:02} {text} {mandate}", day(number, DAYS), number % 24, number % 60),
    }
}

/// The days of so many rows, the last one today.
fn day(number: usize, rows: usize) -> Date {
    LAST_DAY - i64::try_from((rows - 1 - number % rows) * DAYS / rows).unwrap().days()
}

fn minor(number: usize) -> i64 {
    let minor = i64::try_from(scattered(number) % 200_000).unwrap() + 1;
    if number.is_multiple_of(9) { minor } else { -minor }
}

/// Writes so many rows into so many accounts of the house, and one category for half of them.
pub(super) async fn fill(house: &House, rows: usize, accounts: usize) {
    let asker = &house.asker;
    let mut ids = Vec::with_capacity(accounts);
    for number in 0..accounts {
        let name = format!("Account {number:02}");
        let kind = bankside_domain::account::AccountKind::Checking;
        let new = NewAccount { name, kind, currency: "EUR".parse().unwrap(), opening_minor: Some(0), asset: None };
        ids.push(house.store.add_account(asker, &new).await.unwrap().uuid());
    }
    let category = house.store.add_category(asker, "Groceries", None).await.unwrap().uuid();
    if house.url.starts_with("sqlite:") {
        let mut connection = SqliteConnection::connect(&house.url).await.unwrap();
        write!(connection, house, asker, rows, ids, category);
        connection.close().await.unwrap();
    } else {
        let mut connection = PgConnection::connect(&house.url).await.unwrap();
        write!(connection, house, asker, rows, ids, category);
        // As its own housekeeping does soon after.
        sqlx::query("VACUUM ANALYZE").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

/// The body is one, the drivers are two.
macro_rules! write {
    ($connection:expr, $house:expr, $asker:expr, $rows:expr, $accounts:expr, $category:expr) => {{
        let organization = $asker.organization.uuid();
        let new_id = || $house.ambient.id::<bankside_domain::TransactionId>().uuid();
        let mut transaction = $connection.begin().await.unwrap();
        let payees: Vec<Uuid> = (0..PAYEES).map(|_| new_id()).collect();
        for (at, chunk) in payees.chunks(CHUNK).enumerate() {
            let mut insert = QueryBuilder::new("INSERT INTO payees (organization_id, id, name, name_folded, created_at) ");
            insert.push_values(chunk.iter().enumerate(), |mut row, (nth, id)| {
                let number = at * CHUNK + nth;
                let name = format!("{} {number}", SHOPS[number % SHOPS.len()]);
                row.push_bind(organization).push_bind(*id).push_bind(name.clone()).push_bind(fold(&name)).push_bind(0_i64);
            });
            insert.build().execute(&mut *transaction).await.unwrap();
        }
        let numbers: Vec<usize> = (0..$rows).collect();
        for chunk in numbers.chunks(CHUNK) {
            let ids: Vec<Uuid> = chunk.iter().map(|_| new_id()).collect();
            let mut insert = QueryBuilder::new(
                "INSERT INTO transactions (organization_id, id, account_id, status, amount_minor, dated_on, payee_id, booked_on, \
                 provider_dated_on, provider_payee_id, moves_opening, position, seen_at, created_at, reviewed_at) ",
            );
            insert.push_values(chunk.iter().zip(&ids), |mut row, (number, id)| {
                let dated_on = day(*number, $rows).to_sqlx();
                let payee = payees[scattered(number / 2) % PAYEES];
                let is_from_bank = number % 10 != 0;
                row.push_bind(organization)
                    .push_bind(*id)
                    .push_bind($accounts[number % $accounts.len()])
                    .push_bind("booked")
                    .push_bind(minor(*number))
                    .push_bind(dated_on)
                    .push_bind(payee)
                    .push_bind(dated_on)
                    .push_bind(is_from_bank.then_some(dated_on))
                    .push_bind(is_from_bank.then_some(payee))
                    .push_bind(false)
                    .push_bind(i64::try_from(*number).unwrap())
                    .push_bind(0_i64)
                    .push_bind(0_i64)
                    .push_bind((number + 500 < $rows).then_some(0_i64));
            });
            insert.build().execute(&mut *transaction).await.unwrap();
            let mut insert = QueryBuilder::new(
                "INSERT INTO transaction_lines (organization_id, id, transaction_id, position, amount_minor, category_id, note, \
                 note_folded, provider_note) ",
            );
            insert.push_values(chunk.iter().zip(&ids), |mut row, (number, id)| {
                let note = note(*number);
                row.push_bind(organization)
                    .push_bind(new_id())
                    .push_bind(*id)
                    .push_bind(0_i64)
                    .push_bind(minor(*number))
                    .push_bind((number % 2 == 0).then_some($category))
                    .push_bind(note.clone())
                    .push_bind(fold(&note))
                    .push_bind(note);
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
