//! What holds for any sequence of syncs, typed rows and edits, and not only for the examples.

use bankside_domain::edit::Seen;
use bankside_domain::row::RowStatus;
use bankside_domain::{BatchId, Granted};
use bankside_testkit::Engine;
use jiff::civil::date;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::db::on;
use crate::tests::world::{Sent, World, booked};
use crate::{Edit, NewTransaction, RegisterQuery, RegisterRow, Selection, StoreError, TypedLine};

/// What happens to an account.
#[derive(Debug, Clone)]
enum Step {
    /// The bank answers with these rows.
    Sync(Vec<Sent>),
    /// A person types a row of a day and an amount.
    Type(i8, i64, &'static str),
    /// A person edits one of the rows.
    Edit(usize, Work),
    /// A person deletes one of the rows.
    Delete(usize),
    /// A person takes back one of the latest batches, which may be an undoing itself.
    Undo(usize),
}

/// What a person makes of a row.
#[derive(Debug, Clone)]
enum Work {
    Payee(&'static str),
    /// A blank counts as well.
    Note(Option<&'static str>),
    Day(i8),
    Tag,
    /// In two, the second with this much.
    Split(i64),
    Amount(i64),
    Tick(bool),
}

impl Work {
    fn edit(&self, row: &RegisterRow) -> Edit {
        let line = |amount_minor| TypedLine { amount_minor, ..TypedLine::default() };
        match self {
            Self::Payee(payee) => Edit { payee: Some(Some((*payee).to_owned())), ..Edit::default() },
            Self::Note(note) => Edit { note: Some(note.map(str::to_owned)), ..Edit::default() },
            Self::Day(day) => Edit { dated_on: Some(date(2026, 11, *day)), ..Edit::default() },
            Self::Tag => Edit { add_tags: vec!["roof".into()], ..Edit::default() },
            Self::Split(part) => {
                let lines = vec![line(row.amount_minor - part), line(*part)];
                Edit { lines: Some(lines), ..Edit::default() }
            }
            Self::Amount(amount_minor) => Edit { amount_minor: Some(*amount_minor), ..Edit::default() },
            Self::Tick(is_cleared) => Edit { is_cleared: Some(*is_cleared), ..Edit::default() },
        }
    }
}

fn work() -> impl Strategy<Value = Work> {
    prop_oneof![
        payee().prop_map(Work::Payee),
        prop::sample::select(vec![None, Some("mine"), Some("about Werft Nord")]).prop_map(Work::Note),
        (1..20_i8).prop_map(Work::Day),
        Just(Work::Tag),
        prop::sample::select(vec![-100, 40]).prop_map(Work::Split),
        prop::sample::select(vec![-280, -700]).prop_map(Work::Amount),
        any::<bool>().prop_map(Work::Tick),
    ]
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
        2 => (0..8_usize, work()).prop_map(|(index, work)| Step::Edit(index, work)),
        1 => (0..8_usize).prop_map(Step::Delete),
        2 => (0..4_usize).prop_map(Step::Undo),
    ]
}

impl World {
    async fn page(&self) -> Vec<RegisterRow> {
        let query = RegisterQuery { account: Some(self.account), limit: 500, ..RegisterQuery::default() };
        self.store.register(&self.asker, &query).await.unwrap().rows
    }

    async fn edit(&self, row: &RegisterRow, work: &Work) -> Option<BatchId> {
        let these = Selection::These(vec![row.id]);
        let edit = work.edit(row);
        self.store.edit_transactions(&self.asker, &these, &edit, &Seen::default()).await.unwrap().batch
    }

    /// Everything that is in the books and can be changed: rows, lines, tags, layers.
    async fn everything(&self) -> Vec<String> {
        let mut session = self.store.db.read(Granted::as_system()).await.unwrap();
        let mut all = Vec::new();
        for text in [
            "SELECT 'row ' || CAST(t.dated_on AS TEXT) || ' ' || t.amount_minor || ' ' || t.status || ' ' \
                || COALESCE(p.name, '-') || ' ' || CAST(COALESCE(t.cleared_at, 0) AS TEXT) \
                || ' ' || COALESCE(CAST(t.provider_dated_on AS TEXT), '-') \
                FROM transactions t LEFT JOIN payees p ON p.id = t.payee_id WHERE t.deleted_at IS NULL",
            "SELECT 'line ' || l.position || ' ' || l.amount_minor || ' ' || COALESCE(l.note, '-') || ' ' \
                || COALESCE(l.note_folded, '-') || ' ' || COALESCE(l.provider_note, '-') || ' ' \
                || (SELECT COUNT(*) FROM line_tags g WHERE g.line_id = l.id) \
                FROM transaction_lines l JOIN transactions t ON t.id = l.transaction_id WHERE t.deleted_at IS NULL",
            "SELECT 'layer ' || f.field || ' ' || COALESCE(CASE WHEN f.field = 'payee_id' THEN 'x' ELSE f.value END, '-') \
                FROM field_layers f JOIN transactions t ON t.id = f.entity_id WHERE t.deleted_at IS NULL",
        ] {
            let rows: Vec<String> = on!(session, c => sqlx::query_scalar(text).fetch_all(c).await.unwrap());
            all.extend(rows);
        }
        all.sort();
        all
    }

    /// The lines of every row sum to it.
    pub(crate) async fn check_lines(&self) {
        let mut session = self.store.db.read(Granted::as_system()).await.unwrap();
        let text = "SELECT COUNT(*) FROM transactions t WHERE t.amount_minor <> (SELECT COALESCE(SUM(l.amount_minor), 0) \
            FROM transaction_lines l WHERE l.organization_id = t.organization_id AND l.transaction_id = t.id)";
        let wrong: i64 = on!(session, c => sqlx::query_scalar(text).fetch_one(c).await.unwrap());
        assert_eq!(wrong, 0, "rows whose lines do not sum to them");
    }

    async fn take(&self, step: &Step) {
        match step {
            Step::Sync(rows) => {
                self.sync(rows).await;
            }
            Step::Type(day, minor, payee) => {
                let typed = NewTransaction::new(date(2026, 11, *day), *minor).with(payee);
                self.store.add_transaction(&self.asker, self.account, &typed).await.unwrap();
            }
            Step::Edit(index, work) => {
                if let Some(row) = self.page().await.get(*index) {
                    self.edit(row, work).await;
                }
            }
            Step::Delete(index) => {
                if let Some(row) = self.page().await.get(*index) {
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
        self.check_lines().await;
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

/// Undoing an edit restores all that was, layers included, and undoing that restores what the edit had made of it.
async fn undo_takes_back_all_of_an_edit(world: &World, (steps, index, work): (Vec<Step>, usize, Work)) {
    for step in &steps {
        world.take(step).await;
    }
    let page = world.page().await;
    let Some(row) = page.get(index) else { return };
    let before = world.everything().await;
    let Some(batch) = world.edit(row, &work).await else {
        assert_eq!(world.everything().await, before, "an edit without a batch has written nothing");
        return;
    };
    let after = world.everything().await;
    let undone = world.store.undo(&world.asker, batch).await.unwrap();
    assert_eq!(undone.stay, [], "nobody has written since");
    assert_eq!(world.everything().await, before);
    world.store.undo(&world.asker, undone.batch).await.unwrap();
    assert_eq!(world.everything().await, after);
    world.check_sums().await;
    world.check_lines().await;
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

fn edited() -> impl Strategy<Value = (Vec<Step>, usize, Work)> {
    (prop::collection::vec(step(), 1..5), 0..6_usize, work())
}

#[test]
fn undo_takes_back_all_of_an_edit_on_sqlite() {
    check(Engine::Sqlite, 64, &edited(), &undo_takes_back_all_of_an_edit);
}

#[test]
fn undo_takes_back_all_of_an_edit_on_postgres() {
    check(Engine::Postgres, 8, &edited(), &undo_takes_back_all_of_an_edit);
}

#[test]
fn the_same_answer_again_changes_nothing_on_sqlite() {
    check(Engine::Sqlite, 48, &history(), &the_same_answer_again_changes_nothing);
}

#[test]
fn the_same_answer_again_changes_nothing_on_postgres() {
    check(Engine::Postgres, 8, &history(), &the_same_answer_again_changes_nothing);
}
