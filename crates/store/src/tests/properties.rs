//! What holds for any sequence of syncs and typed rows, and not only for the examples.

use bankside_domain::row::RowStatus;
use bankside_testkit::Engine;
use jiff::civil::date;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::tests::world::{Sent, World, booked};
use crate::{NewTransaction, RegisterQuery, StoreError};

/// What happens to an account.
#[derive(Debug, Clone)]
enum Step {
    /// The bank answers with these rows.
    Sync(Vec<Sent>),
    /// A person types a row of a day and an amount.
    Type(i8, i64, &'static str),
    /// A person deletes one of the rows.
    Delete(usize),
    /// A person takes back one of the latest batches, which may be an undoing itself.
    Undo(usize),
}

fn payee() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["Café am Kai", "Stadtwerke Nordhafen", "Werft Nord"])
}

/// Few days, amounts and ids, so that rows meet each other often: equal ones, ids that are used twice, rows that settle.
fn sent() -> impl Strategy<Value = Sent> {
    let status = prop::bool::weighted(0.25);
    let id = prop::sample::select(vec!["", "", "a1", "a2", "a3", "a4"]);
    (status, 1..20_i8, prop::sample::select(vec![-280, -9600, 5000]), payee(), id).prop_map(
        |(pending, day, minor, payee, id)| {
            let status = if pending { RowStatus::Pending } else { RowStatus::Booked };
            Sent { status, ..booked(day, minor, payee, id) }
        },
    )
}

fn answer() -> impl Strategy<Value = Vec<Sent>> {
    prop::collection::vec(sent(), 0..8)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => answer().prop_map(Step::Sync),
        1 => (1..20_i8, prop::sample::select(vec![-280, -9600]), payee()).prop_map(|(day, minor, payee)| Step::Type(day, minor, payee)),
        1 => (0..8_usize).prop_map(Step::Delete),
        2 => (0..4_usize).prop_map(Step::Undo),
    ]
}

impl World {
    async fn take(&self, step: &Step) {
        match step {
            Step::Sync(rows) => {
                self.sync(rows).await;
            }
            Step::Type(day, minor, payee) => {
                let typed = NewTransaction {
                    dated_on: date(2026, 11, *day),
                    amount_minor: *minor,
                    payee: Some((*payee).to_owned()),
                    note: None,
                };
                self.store.add_transaction(&self.asker, self.account, &typed).await.unwrap();
            }
            Step::Delete(index) => {
                let query = RegisterQuery { account: Some(self.account), limit: 500, ..RegisterQuery::default() };
                let page = self.store.register(&self.asker, &query).await.unwrap();
                if let Some(row) = page.rows.get(*index) {
                    self.store.delete_transaction(&self.asker, row.id).await.unwrap();
                }
            }
            Step::Undo(back) => {
                if let Some(batch) = self.latest_batches().await.get(*back) {
                    match self.store.undo(&self.asker, *batch).await {
                        Ok(_) | Err(StoreError::Conflict(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }
        self.check_sums().await;
        self.check_claims().await;
    }
}

/// Runs a property over worlds of their own. `PROPTEST_CASES` asks for more of them than a quick run has.
fn check<S: Strategy>(engine: Engine, cases: u32, strategy: &S, property: &impl AsyncFn(&World, S::Value)) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(cases);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let result = runner.run(strategy, |value| {
        runtime.block_on(async {
            let world = World::open(engine).await;
            property(&world, value).await;
        });
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

/// Undoing a sync restores what was, and undoing that restores what the sync had made of it.
async fn undo_takes_back_all_of_a_sync(world: &World, (steps, last): (Vec<Step>, Vec<Sent>)) {
    for step in &steps {
        world.take(step).await;
    }
    let before = world.rows().await;
    let Some(batch) = world.sync(&last).await.batch else {
        assert_eq!(world.rows().await, before, "a sync without a batch has written nothing");
        return;
    };
    let after = world.rows().await;
    let undone = world.store.undo(&world.asker, batch).await.unwrap();
    assert_eq!(undone.stay, [], "nobody has written since");
    assert_eq!(world.rows().await, before);
    world.check_sums().await;
    world.store.undo(&world.asker, undone.batch).await.unwrap();
    assert_eq!(world.rows().await, after);
    world.check_sums().await;
}

/// The same answer once more changes nothing, whatever was before.
async fn the_same_answer_again_changes_nothing(world: &World, (steps, last): (Vec<Step>, Vec<Sent>)) {
    for step in &steps {
        world.take(step).await;
    }
    world.sync(&last).await;
    let before = world.rows().await;
    let again = world.sync(&last).await;
    assert_eq!(world.rows().await, before, "{again:?}");
}

fn history() -> impl Strategy<Value = (Vec<Step>, Vec<Sent>)> {
    (prop::collection::vec(step(), 0..5), answer())
}

#[test]
fn undo_takes_back_all_of_a_sync_on_sqlite() {
    check(Engine::Sqlite, 48, &history(), &undo_takes_back_all_of_a_sync);
}

#[test]
fn undo_takes_back_all_of_a_sync_on_postgres() {
    check(Engine::Postgres, 8, &history(), &undo_takes_back_all_of_a_sync);
}

#[test]
fn the_same_answer_again_changes_nothing_on_sqlite() {
    check(Engine::Sqlite, 48, &history(), &the_same_answer_again_changes_nothing);
}

#[test]
fn the_same_answer_again_changes_nothing_on_postgres() {
    check(Engine::Postgres, 8, &history(), &the_same_answer_again_changes_nothing);
}
