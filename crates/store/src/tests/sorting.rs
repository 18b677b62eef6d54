//! A page of a sorted register is a piece of what a plain sort makes of all its rows, however the page was chosen.

use bankside_domain::account::AccountKind;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, Granted, Id};
use bankside_testkit::Engine;
use jiff::civil::date;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::db::{on, sql};
use crate::tests::world::{World, add_organization};
use crate::{NewAccount, NewTransaction, RegisterQuery, RegisterRow, Selection, Sort, TypedLine};

/// A row by the numbers of what it has; 0 is none.
#[derive(Debug, Clone)]
struct Typed {
    account: usize,
    day: i8,
    payee: usize,
    category: usize,
    note: usize,
    /// Typed, pending, scheduled, declined, ticked, reconciled, or deleted.
    state: usize,
}

const PAYEES: [&str; 5] = ["", "Ä", "a", "b", "zz"];
// Notes that begin alike.
const NOTES: [&str; 5] = ["", "twenty letters, no mo", "twenty letters, no more", "twenty letters, no m", "b"];
/// A main category, its part, another one, and a part that has the name of its main category.
const CATEGORIES: [(&str, Option<usize>); 5] =
    [("", None), ("house", None), ("repairs", Some(1)), ("auto", None), ("auto", Some(3))];
fn typed() -> impl Strategy<Value = Typed> {
    let numbers = (0..2_usize, 1..4_i8, 0..PAYEES.len(), 0..CATEGORIES.len(), 0..NOTES.len(), 0..7_usize);
    numbers.prop_map(|(account, day, payee, category, note, state)| Typed {
        account,
        day,
        payee,
        category,
        note,
        state,
    })
}

/// What a row is sorted by, before its day.
fn key(row: &RegisterRow, sort: Sort) -> (usize, String, String) {
    let text = |text: &Option<String>| (0, text.as_deref().map(fold).unwrap_or_default(), String::new());
    match sort {
        Sort::Date => (0, String::new(), String::new()),
        Sort::Amount => (usize::try_from(row.amount_minor + 1_000).unwrap(), String::new(), String::new()),
        Sort::Account => (0, fold(&row.account_name), String::new()),
        Sort::Payee => text(&row.payee),
        Sort::Note => text(&row.note),
        Sort::Category => {
            let path = row.category_path.as_deref().map(fold).unwrap_or_default();
            let mut parts = path.split(" ▸ ").map(str::to_owned);
            let main = parts.next().unwrap_or_default();
            let own = parts.next().unwrap_or_else(|| main.clone());
            (0, main, own)
        }
        Sort::State => {
            let states = ["Pending", "Scheduled", "Declined", "Typed", "Cleared", "Reconciled"];
            let state = format!("{:?}", row.state());
            (states.iter().position(|name| *name == state).unwrap(), String::new(), String::new())
        }
    }
}

const SORTS: [Sort; 7] =
    [Sort::Date, Sort::Account, Sort::Payee, Sort::Note, Sort::Category, Sort::Amount, Sort::State];

async fn books(world: &World, asker: &Asker, rows: &[Typed]) -> Vec<AccountId> {
    let store = &world.store;
    let mut accounts = Vec::new();
    for name in ["Cash", "cash"] {
        let new = NewAccount {
            name: name.to_owned(),
            kind: AccountKind::Cash,
            currency: "EUR".parse().unwrap(),
            opening_minor: Some(0),
            asset: None,
        };
        accounts.push(store.add_account(asker, &new).await.unwrap());
    }
    let mut categories = vec![None];
    for (name, parent) in &CATEGORIES[1..] {
        let parent = parent.and_then(|parent| categories[parent]);
        categories.push(Some(store.add_category(asker, name, parent).await.unwrap()));
    }
    for (number, typed) in rows.iter().enumerate() {
        let minor = 100 - i64::try_from(number).unwrap() * 7 % 30;
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let line = TypedLine {
            amount_minor: minor,
            note: given(NOTES[typed.note]),
            category: categories[typed.category],
            ..TypedLine::default()
        };
        let new = NewTransaction {
            payee: given(PAYEES[typed.payee]),
            lines: vec![line],
            ..NewTransaction::new(date(2026, 11, typed.day), minor)
        };
        let (added, _) = store.add_transaction(asker, accounts[typed.account], &new).await.unwrap();
        let text = sql!(
            "UPDATE transactions SET status = CASE WHEN $2 BETWEEN 1 AND 3 THEN $3 ELSE status END,
            cleared_at = CASE WHEN $2 IN (4, 5) THEN 1 ELSE cleared_at END, reconciled_at = CASE WHEN $2 = 5 THEN 1 END WHERE id = $1"
        );
        let status = ["booked", "pending", "scheduled", "declined"].get(typed.state).copied().unwrap_or("booked");
        if typed.state == 6 {
            store.delete_transactions(asker, &Selection::These(vec![added]), false).await.unwrap();
            continue;
        }
        let mut session = store.db.write(Granted::as_system()).await.unwrap();
        let state = i64::try_from(typed.state).unwrap();
        on!(session, c => {
            sqlx::query(text).bind(added.uuid()).bind(state).bind(status).execute(c).await.map(|_| ()).unwrap();
        });
        session.commit().await.unwrap();
    }
    accounts
}

async fn pages_are_pieces_of_the_whole(world: &World, rows: Vec<Typed>) {
    let asker = add_organization(&world.store, world.owner, "Another").await;
    let accounts = books(world, &asker, &rows).await;
    for account in [None, Some(accounts[0]), Some(accounts[1])] {
        let ask = async |sort, is_ascending, offset, limit| {
            let query = RegisterQuery { account, sort, is_ascending, offset, limit, ..RegisterQuery::default() };
            world.store.register(&asker, &query).await.unwrap().rows
        };
        let by_day = ask(Sort::Date, true, 0, 500).await;
        for sort in SORTS {
            let mut whole = by_day.clone();
            whole.sort_by_key(|row| key(row, sort));
            let mut ids: Vec<_> = whole.iter().map(|row| row.id).collect();
            for is_ascending in [true, false] {
                for limit in [1, 3, 500] {
                    for offset in (0..ids.len()).step_by(if limit == 3 { 1 } else { 4 }) {
                        let page =
                            ask(sort, is_ascending, i64::try_from(offset).unwrap(), i64::try_from(limit).unwrap());
                        let page: Vec<_> = page.await.iter().map(|row| row.id).collect();
                        let expected = &ids[offset..(offset + limit).min(ids.len())];
                        assert_eq!(page, expected, "{sort:?} of {account:?}, {limit} from {offset}, {is_ascending}");
                    }
                }
                ids.reverse();
            }
        }
    }
}

fn check(engine: Engine, cases: u32) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let world = runtime.block_on(World::open(engine));
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&prop::collection::vec(typed(), 1..14), |rows| {
        runtime.block_on(pages_are_pieces_of_the_whole(&world, rows));
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn pages_are_pieces_of_the_whole_on_sqlite() {
    check(Engine::Sqlite, 8);
}

#[test]
fn pages_are_pieces_of_the_whole_on_postgres() {
    check(Engine::Postgres, 3);
}
