//! A search finds what a plain comparison of texts finds, however the engine finds it, and whatever was done to the rows before.

use std::collections::BTreeSet;

use bankside_domain::Granted;
use bankside_domain::account::AccountKind;
use bankside_domain::edit::Seen;
use bankside_domain::text::fold;
use bankside_domain::{Asker, Id, TransactionId};
use bankside_testkit::Engine;
use jiff::civil::date;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::db::{on, sql};
use crate::tests::world::{World, add_organization};
use crate::{Edit, NewAccount, NewTransaction, RegisterQuery, RegisterRow, Selection, Sort, TypedLine};

/// A typed row: whom it was with, the notes of its lines, a tag of its first line, its amount.
#[derive(Debug, Clone)]
struct Typed {
    payee: String,
    notes: Vec<String>,
    tag: Option<String>,
    /// Whether its first line has the category.
    has_category: bool,
    minor: i64,
}

/// What happens to a row after it was typed.
#[derive(Debug, Clone)]
enum Step {
    Note(usize, String),
    /// Blank and back again.
    NoteAndUndo(usize, String),
    Delete(usize),
    DeleteAndUndo(usize),
    /// One line takes the place of all, and goes again.
    LinesAndUndo(usize, String),
}

#[derive(Debug, Clone)]
struct Case {
    category: String,
    rows: Vec<Typed>,
    steps: Vec<Step>,
    searches: Vec<String>,
}

/// Texts of few pieces, so that they have much in common: letters with and without marks, composed and not, wide ones, what
/// `LIKE` and the indexes read as their own marks, figures, and white space.
fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a", "b", "ä", "a\u{308}", "A", "ß", "ẞ", "İ", "é", "\u{301}", "ﬁ", "½", "日本", "語", "🏠", "%", "_", "\\",
        "'", "\"", "\"\"", "*", "^", "-", ":", "(", " OR ", " AND ", " NOT ", "NEAR", "#", "12", "3", ",", ".", " ",
        "\t", "wärme", "Fern", "ab",
    ]);
    prop::collection::vec(piece, pieces).prop_map(|pieces| pieces.concat())
}

fn typed() -> impl Strategy<Value = Typed> {
    let notes = prop::collection::vec(text(0..7), 1..3);
    let minor = prop::sample::select(vec![-12, -1200, 1230, 12_300, -3, 77]);
    (text(0..4), notes, prop::option::weighted(0.3, text(1..3)), any::<bool>(), minor)
        .prop_map(|(payee, notes, tag, has_category, minor)| Typed { payee, notes, tag, has_category, minor })
}

fn step() -> impl Strategy<Value = Step> {
    let row = 0..6_usize;
    prop_oneof![
        (row.clone(), text(0..6)).prop_map(|(row, note)| Step::Note(row, note)),
        (row.clone(), text(0..6)).prop_map(|(row, note)| Step::NoteAndUndo(row, note)),
        row.clone().prop_map(Step::Delete),
        row.clone().prop_map(Step::DeleteAndUndo),
        (row, text(1..6)).prop_map(|(row, note)| Step::LinesAndUndo(row, note)),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    (
        text(1..4),
        prop::collection::vec(typed(), 1..6),
        prop::collection::vec(step(), 0..4),
        prop::collection::vec(text(1..5), 6),
    )
        .prop_map(|(category, rows, steps, searches)| Case { category, rows, steps, searches })
}

fn given(text: &str) -> Option<String> {
    bankside_domain::text::tidy(text)
}

/// A row with one of its lines and one of that line's tags: id, amount, payee, note, category, tag.
type Texts = (uuid::Uuid, i64, Option<String>, Option<String>, Option<String>, Option<String>);

struct Books<'a> {
    world: &'a World,
    asker: Asker,
}

impl Books<'_> {
    async fn rows(&self, search: Option<&str>, query: RegisterQuery) -> (Vec<RegisterRow>, i64) {
        let query = RegisterQuery { search: search.map(str::to_owned), limit: 500, ..query };
        let page = self.world.store.register(&self.asker, &query).await.unwrap();
        (page.rows, page.total)
    }

    async fn take(&self, step: &Step) {
        let (store, asker) = (&self.world.store, &self.asker);
        let (rows, _) = self.rows(None, RegisterQuery::default()).await;
        let (Step::Note(index, _)
        | Step::NoteAndUndo(index, _)
        | Step::Delete(index)
        | Step::DeleteAndUndo(index)
        | Step::LinesAndUndo(index, _)) = step;
        let Some(row) = rows.get(*index) else { return };
        let these = Selection::These(vec![row.id]);
        let edit = match step {
            Step::Note(_, note) | Step::NoteAndUndo(_, note) => {
                Some(Edit { note: Some(given(note)), ..Edit::default() })
            }
            Step::LinesAndUndo(_, note) => {
                let line = TypedLine { amount_minor: row.amount_minor, note: given(note), ..TypedLine::default() };
                Some(Edit { lines: Some(vec![line]), ..Edit::default() })
            }
            Step::Delete(_) | Step::DeleteAndUndo(_) => None,
        };
        let batch = match &edit {
            Some(edit) => store.edit_transactions(asker, &these, edit, &Seen::default()).await.unwrap().batch,
            None => store.delete_transactions(asker, &these, false).await.unwrap().batch,
        };
        if let (Step::NoteAndUndo(..) | Step::DeleteAndUndo(_) | Step::LinesAndUndo(..), Some(batch)) = (step, batch) {
            store.undo(asker, batch).await.unwrap();
        }
    }

    /// The rows that a plain comparison finds.
    async fn compared(&self, search: &str) -> BTreeSet<TransactionId> {
        let mut session = self.world.store.db.read(Granted::as_system()).await.unwrap();
        let text = sql!(
            "SELECT t.id, t.amount_minor, p.name, l.note, k.name, w.name FROM transactions t
             LEFT JOIN payees p ON p.id = t.payee_id LEFT JOIN transaction_lines l ON l.transaction_id = t.id
             LEFT JOIN categories k ON k.id = l.category_id
             LEFT JOIN line_tags g ON g.line_id = l.id LEFT JOIN tags w ON w.id = g.tag_id
             WHERE t.organization_id = $1 AND t.deleted_at IS NULL"
        );
        let rows: Vec<Texts> = on!(session, c => {
            sqlx::query_as(text).bind(self.asker.organization.uuid()).fetch_all(c).await.unwrap()
        });
        let folded = fold(search.trim_start_matches('#'));
        let amounts = |minor: i64| {
            // As a person may write it, of a currency with no, two or three digits after the point.
            let minor = minor.unsigned_abs();
            let mut ways = vec![minor.to_string()];
            for digits in [2, 3] {
                let (whole, part) = (minor / 10_u64.pow(digits), minor % 10_u64.pow(digits));
                let part = format!("{part:0width$}", width = digits as usize);
                let shortest = part.trim_end_matches('0').len();
                ways.extend((shortest..=part.len()).map(|length| match length {
                    0 => whole.to_string(),
                    _ => format!("{whole}.{}", &part[..length]),
                }));
            }
            ways
        };
        let typed = folded.trim_start_matches(['-', '+', '\u{2212}']).replace(',', ".");
        let (whole, part) = typed.split_once('.').unwrap_or((&typed, ""));
        let figures = match (whole.trim_start_matches('0'), part) {
            (whole, "") => format!("{whole:0>1}"),
            (whole, part) => format!("{whole:0>1}.{part}"),
        };
        let is_amount = !whole.is_empty() && (whole.to_owned() + part).bytes().all(|byte| byte.is_ascii_digit());
        let found = |(_, minor, payee, note, category, tag): &&Texts| {
            let texts = [payee, note, category, tag];
            texts.into_iter().flatten().any(|text| fold(text).contains(&folded))
                || (is_amount && amounts(*minor).contains(&figures))
        };
        rows.iter().filter(found).map(|(id, ..)| TransactionId::from(*id)).collect()
    }

    async fn check(&self, search: &str) {
        if fold(search.trim_start_matches('#')).is_empty() {
            return;
        }
        let expected = self.compared(search).await;
        for sort in [Sort::Date, Sort::Payee] {
            let (rows, total) = self.rows(Some(search), RegisterQuery { sort, ..RegisterQuery::default() }).await;
            let found: BTreeSet<TransactionId> = rows.iter().map(|row| row.id).collect();
            assert_eq!(found, expected, "{search:?} by {sort:?}");
            assert_eq!(rows.len(), found.len(), "each once");
            assert_eq!(usize::try_from(total).unwrap(), expected.len(), "counted as shown");
        }
        for offset in [0, 1] {
            let query = RegisterQuery { search: Some(search.to_owned()), offset, limit: 2, ..RegisterQuery::default() };
            let counted = self.world.store.register(&self.asker, &query).await.unwrap();
            let early = RegisterQuery { leaves_totals: true, ..query };
            let early = self.world.store.register(&self.asker, &early).await.unwrap();
            assert_eq!(early.rows, counted.rows, "{search:?} from {offset}");
            assert!(counted.is_counted && early.total <= counted.total);
            assert_eq!(early.is_counted, offset == 0 && expected.len() < 2, "{search:?} from {offset}");
            assert!(!early.is_counted || (early.total, &early.sums) == (counted.total, &counted.sums));
        }
        let every = RegisterQuery { search: Some(search.to_owned()), ..RegisterQuery::default() };
        let mut session = self.world.store.db.read(Granted::as_system()).await.unwrap();
        let selected = self.world.store.matching(&mut session, &self.asker, &every, 500).await.unwrap();
        assert_eq!(BTreeSet::from_iter(selected), expected, "{search:?} selected");
    }
}

async fn a_search_finds_what_a_comparison_finds(world: &World, case: Case) {
    let asker = add_organization(&world.store, world.owner, "Another").await;
    let books = Books { world, asker: asker.clone() };
    let new = NewAccount {
        name: "Cash".to_owned(),
        kind: AccountKind::Cash,
        currency: "EUR".parse().unwrap(),
        opening_minor: Some(0),
        asset: None,
    };
    let account = world.store.add_account(&asker, &new).await.unwrap();
    let category = match given(&case.category).filter(|name| !fold(name).is_empty()) {
        Some(name) => Some(world.store.add_category(&asker, &name, None).await.unwrap()),
        None => None,
    };
    for (number, typed) in case.rows.iter().enumerate() {
        let mut lines: Vec<TypedLine> =
            typed.notes.iter().map(|note| TypedLine { note: given(note), ..TypedLine::default() }).collect();
        lines[0].amount_minor = typed.minor;
        lines[0].category = category.filter(|_| typed.has_category);
        lines[0].tags = typed.tag.iter().filter(|tag| !fold(tag).is_empty()).cloned().collect();
        let day = date(2026, 11, i8::try_from(number).unwrap() + 1);
        let new = NewTransaction { payee: given(&typed.payee), lines, ..NewTransaction::new(day, typed.minor) };
        world.store.add_transaction(&asker, account, &new).await.unwrap();
    }
    for step in &case.steps {
        books.take(step).await;
    }
    for search in &case.searches {
        books.check(search).await;
    }
    // Parts of what is there find more than random texts do.
    for typed in &case.rows {
        let letters: Vec<char> = typed.notes[0].chars().collect();
        for length in [1, 2, 3, 5] {
            if letters.len() >= length {
                books.check(&letters[letters.len() - length..].iter().collect::<String>()).await;
            }
        }
    }
}

fn check(engine: Engine, cases: u32) {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(cases);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // One world for all: each case has books of its own, and must not be found in those of another.
    let world = runtime.block_on(World::open(engine));
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&case(), |case| {
        runtime.block_on(a_search_finds_what_a_comparison_finds(&world, case));
        Ok(())
    });
    outcome.unwrap();
    if engine == Engine::Sqlite {
        runtime.block_on(index_fits(&world));
    }
}

/// What the index knows is exactly the lines that are long enough for it.
async fn index_fits(world: &World) {
    let mut session = world.store.db.read(Granted::as_system()).await.unwrap();
    let crate::db::Connected::Sqlite(connection) = session.connected() else { panic!("not SQLite") };
    let counts: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT COUNT(*) FROM transaction_lines WHERE length(note_folded) >= 3), (SELECT COUNT(*) FROM note_index_lines),
            (SELECT COUNT(*) FROM note_index_lines n JOIN transaction_lines l ON l.organization_id = n.organization_id
                AND l.id = n.line_id AND l.transaction_id = n.transaction_id WHERE length(l.note_folded) >= 3)",
    )
    .fetch_one(connection)
    .await
    .unwrap();
    assert_eq!((counts.0, counts.0), (counts.1, counts.2));
    assert!(counts.0 > 0);
}

#[test]
fn a_search_finds_what_a_comparison_finds_on_sqlite() {
    check(Engine::Sqlite, 40);
}

#[test]
fn a_search_finds_what_a_comparison_finds_on_postgres() {
    check(Engine::Postgres, 12);
}
