//! Moving a feed: what the new feed's answer shows beside what an account knows, and from which day it may take over.
//!
//! The comparison is read off a plan, which is made as the first sync after the move makes it. So it cannot say anything else than what
//! that sync does with the same answer.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::id::{FeedRowId, FeedRowVersionId, TransactionId};
use crate::reconcile::{Action, Entry, Known, Plan, SameAs, Snapshot};
use crate::row::{MappedRow, Row, RowStatus};
use crate::run::RowCounts;

/// A row that is the other way round may be off by as many days as any other row.
const MAX_DAYS_APART: i32 = 1;
/// A shift or a turned sign shows in this many rows at least: one alone is chance.
const MIN_TELLING: usize = 2;

/// How far a move has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveStage {
    /// What the new feed shows is being fetched, beside the books.
    Fetching,
    /// It is here, and a person looks at it.
    Ready,
    /// It could not be fetched.
    Failed,
    /// The account is fed anew.
    Done,
    /// The account is fed as before.
    Abandoned,
}

impl MoveStage {
    /// Whether it can still be carried out.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Fetching | Self::Ready | Self::Failed)
    }
}

/// What keeps a bank account from feeding an account in the place of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It feeds another account.
    FeedsAnother,
    /// Rows of its own have come in from it: joining two that both have rows would mix them.
    HasRows,
    /// One connection shows the two side by side, so they are two.
    SideBySide,
}

impl Obstacle {
    /// The obstacle as a sentence for people, without its full stop.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::FeedsAnother => "it feeds another account; unlink it there first",
            Self::HasRows => {
                "rows have come in from it already, into another account; the two cannot become one any more"
            }
            Self::SideBySide => "one login shows both side by side, so they are two bank accounts",
        }
    }
}

/// How much speaks for a bank account being the one that feeds an account already; the most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// It is that one, seen through another connection.
    Same,
    /// Its last digits, holder and bank are the same.
    Similar,
    /// Its bank is the same.
    SameBank,
    /// Nothing but the currency.
    Other,
}

impl Likeness {
    /// What speaks for it, in a few words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Same => "The same bank account, by its number",
            Self::Similar => "Similar: same last digits, holder and bank",
            Self::SameBank => "Another number at the same bank",
            Self::Other => "Another bank",
        }
    }
}

/// What is known of a bank account that may feed an account in the place of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether it is that other one.
    pub is_same: bool,
    /// Whether it feeds another account.
    pub feeds_another: bool,
    /// Whether rows have come in from it.
    pub has_rows: bool,
    /// Whether a connection shows, or has shown, the two at one time.
    pub is_beside: bool,
}

impl Standing {
    /// What keeps it from feeding the account, if something does.
    pub fn obstacle(self) -> Option<Obstacle> {
        let obstacles = [
            (self.feeds_another, Obstacle::FeedsAnother),
            (self.has_rows, Obstacle::HasRows),
            (self.is_beside, Obstacle::SideBySide),
        ];
        obstacles.into_iter().find(|(is_so, _)| *is_so && !self.is_same).map(|(_, obstacle)| obstacle)
    }
}

/// A new feed's answer beside the books.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many rows both have.
    pub same: usize,
    /// Rows that only the answer has.
    pub only_there: Vec<FeedRowVersionId>,
    /// Booked rows that came from the bank before, stand in the books and are not in the answer.
    pub only_here: Vec<TransactionId>,
    /// By how many days most of the rows that both have are dated later in the answer; `None` where they are not.
    pub shifted_days: Option<i64>,
    /// Whether the rows fit once the signs of the answer are turned round, and do not as they are.
    pub signs_look_turned: bool,
}

/// What the first sync after a move does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FirstSync {
    /// What it does with the rows, counted.
    pub counts: RowCounts,
    /// The rows that it adds, the latest first.
    pub added: Vec<Entry>,
    /// By how much the sum of the booked rows moves, in minor units.
    pub booked_minor: i64,
    /// By how much the opening balance moves, in minor units: against the rows that are older than it.
    pub opening_minor: i64,
}

/// The days on which a new feed can take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOver {
    /// The first.
    pub earliest: Date,
    /// The last: today, at the bank.
    pub latest: Date,
    /// The one that is suggested: from there on both feeds are known, so that what the bank has sent meanwhile comes in.
    pub suggested: Date,
}

/// Lays an answer beside the books. `from` is the first day that both cover.
pub fn compare(snapshot: &Snapshot, plan: &Plan, from: Date) -> Compared {
    let known: HashMap<FeedRowId, &Known> = snapshot.known.iter().map(|known| (known.feed_row, known)).collect();
    let arrived: HashMap<FeedRowVersionId, &Row> = snapshot
        .arrived
        .iter()
        .filter_map(|arrived| match &arrived.row {
            MappedRow::Readable(row) => Some((arrived.version, row.as_ref())),
            MappedRow::Unreadable { .. } => None,
        })
        .collect();
    let mut met: HashSet<FeedRowId> = known.values().filter(|known| known.seen).map(|known| known.feed_row).collect();
    let mut shifts: Vec<i64> = vec![0; met.len()];
    let mut compared = Compared::default();
    let mut there = Vec::new();
    for decision in &plan.decisions {
        let row = arrived.get(&decision.version);
        match decision.feed_row.and_then(|feed_row| known.get(&feed_row)) {
            Some(known) => {
                met.insert(known.feed_row);
                shifts.extend(known.day.zip(row.and_then(|row| row.day())).map(|(here, there)| days(here, there)));
            }
            None if matches!(decision.action, Action::Match(..)) => compared.same += 1,
            None => {
                compared.only_there.push(decision.version);
                there.extend(row.and_then(|row| Some((row.day()?, row.amount.minor))));
            }
        }
    }
    met.extend(plan.set_aside.iter().filter_map(|aside| match aside.of {
        Some(SameAs::Known(feed_row)) => Some(feed_row),
        Some(SameAs::Arrived(_)) | None => None,
    }));
    let missed = |known: &&&Known| {
        known.is_in_books
            && known.status == RowStatus::Booked
            && !met.contains(&known.feed_row)
            && known.day >= Some(from)
    };
    let missed: Vec<&Known> = known.values().filter(missed).copied().collect();
    let here: Vec<(Date, i64)> = missed.iter().filter_map(|known| known.day.zip(known.minor)).collect();
    compared.same += met.len();
    compared.only_here =
        missed.iter().filter_map(|known| known.claim.and_then(|(_, transaction)| transaction)).collect();
    compared.only_here.sort_unstable();
    compared.only_here.dedup();
    compared.shifted_days = shifted(&shifts);
    compared.signs_look_turned = look_turned(&there, here, compared.same);
    compared
}

/// By how many days most rows are shifted, where that is more than chance.
fn shifted(shifts: &[i64]) -> Option<i64> {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for days in shifts.iter().filter(|days| **days != 0) {
        *counts.entry(*days).or_default() += 1;
    }
    let (days, rows) = counts.into_iter().max_by_key(|(_, rows)| *rows)?;
    (rows >= MIN_TELLING && rows * 2 > shifts.len()).then_some(days)
}

/// Whether most of what only one side has is on the other side with the opposite sign.
fn look_turned(there: &[(Date, i64)], mut here: Vec<(Date, i64)>, same: usize) -> bool {
    let mut turned = 0;
    for (day, minor) in there.iter().filter(|(_, minor)| *minor != 0) {
        let opposite = |(other, amount): &(Date, i64)| {
            minor.checked_neg() == Some(*amount) && (*day - *other).get_days().abs() <= MAX_DAYS_APART
        };
        if let Some(index) = here.iter().position(opposite) {
            here.swap_remove(index);
            turned += 1;
        }
    }
    turned >= MIN_TELLING && turned > same && turned * 2 > there.len()
}

fn days(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

/// What the first sync does by its plan. `seen_again` is the number of rows that come back byte for byte.
pub fn first_sync(plan: &Plan, seen_again: i64) -> FirstSync {
    let mut added: Vec<Entry> = plan
        .decisions
        .iter()
        .filter_map(|decision| match &decision.action {
            Action::Add(entry) => Some(entry.clone()),
            _ => None,
        })
        .collect();
    added.sort_by(|a, b| b.dated_on.cmp(&a.dated_on).then(a.minor.cmp(&b.minor)));
    let booked = || added.iter().filter(|entry| entry.status == RowStatus::Booked);
    let booked_minor = booked().fold(0_i64, |sum, entry| sum.saturating_add(entry.minor));
    let older = booked().filter(|entry| entry.moves_opening);
    let opening_minor = older.fold(0_i64, |sum, entry| sum.saturating_sub(entry.minor));
    FirstSync { counts: plan.counts(seen_again), added, booked_minor, opening_minor }
}

/// On which days a new feed can take over: `covers_from` is the first day of its answer, `begun_on` the first day that the account's
/// feed has ever imported, `today` the day at the bank. `None` where every day is locked.
pub fn cut_over(covers_from: Date, begun_on: Date, locked_through: Option<Date>, today: Date) -> Option<CutOver> {
    let unlocked = locked_through.map(|through| through.saturating_add(1.day()));
    let earliest = unlocked.map_or(covers_from, |day| day.max(covers_from));
    (earliest <= today).then(|| CutOver { earliest, latest: today, suggested: earliest.max(begun_on).min(today) })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_feed_takes_over_on_the_first_day_that_both_cover_and_that_is_not_locked() {
        let day = |day| date(2026, 11, day);
        let suggested = |begun, locked| cut_over(day(5), begun, locked, day(20)).map(|days| days.suggested);
        assert_eq!(suggested(day(1), None), Some(day(5)));
        assert_eq!(suggested(day(9), None), Some(day(9)), "older history comes only if somebody asks for it");
        assert_eq!(suggested(day(1), Some(day(4))), Some(day(5)));
        assert_eq!(suggested(day(1), Some(day(11))), Some(day(12)));
        assert_eq!(suggested(day(1), Some(day(20))), None);
        assert_eq!(suggested(day(28), None), Some(day(20)), "never after today");
        assert_eq!(cut_over(day(5), day(9), None, day(20)).unwrap().earliest, day(5));
    }

    #[test]
    fn a_shift_is_what_most_rows_show() {
        assert_eq!(shifted(&[1, 1, 0]), Some(1));
        assert_eq!(shifted(&[1, 1, 0, 0]), None);
        assert_eq!(shifted(&[-1]), None, "one row is chance");
        assert_eq!(shifted(&[]), None);
    }

    #[test]
    fn signs_look_turned_where_the_opposite_fits_and_nothing_fits_as_it_is() {
        let day = |day| date(2026, 11, day);
        let there = [(day(5), -500), (day(6), 900), (day(9), -120)];
        let here = vec![(day(5), 500), (day(7), -900), (day(2), -1)];
        assert!(look_turned(&there, here.clone(), 0));
        assert!(!look_turned(&there, here.clone(), 2), "as many fit as they are");
        assert!(!look_turned(&there[..1], here, 0), "one row is chance");
        assert!(!look_turned(&there, vec![(day(5), -500), (day(9), 900)], 0), "too far apart");
    }
}
