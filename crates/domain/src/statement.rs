//! Statement files: how far one has got, and what its rows mean for books that know some of them already.
//!
//! The rows of a file go through the very plan of a sync ([`crate::reconcile`]). A file is a copy that somebody took at some time, and the
//! books may have moved on since: so it brings in what is missing, and changes nothing that stands there.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::id::FeedRowId;
use crate::reconcile::{Action, ClaimState, Known, Plan, Reason, SameAs, SetAside, Snapshot};

/// How far a statement file has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileStage {
    /// It is here, and a person has to say how it is meant.
    Open,
    /// It is read and laid beside the books.
    Reading,
    /// What would come of it is known, and a person looks at it.
    Ready,
    /// It is imported.
    Importing,
    /// Its rows are in the books.
    Done,
    /// It could not be read as it was to be.
    Failed,
    /// It was given up.
    Abandoned,
}

impl FileStage {
    /// Whether a worker is to do something about it.
    pub fn is_due(self) -> bool {
        matches!(self, Self::Reading | Self::Importing)
    }

    /// Whether anything can still come of it.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Abandoned)
    }
}

/// How far a file has got that was brought at an asset and has rows of several of its accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetFileStage {
    /// It is here, and a person has to say how it is meant and which account is which.
    Open,
    /// It is divided into a statement file for each account, and those are laid beside the books.
    Divided,
    /// Those are imported.
    Importing,
    /// Their rows are in the books.
    Done,
    /// It was given up.
    Abandoned,
}

impl AssetFileStage {
    /// Whether anything can still come of it.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Abandoned)
    }
}

/// What a file comes to, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCounts {
    /// Rows that could be read.
    pub rows: i64,
    /// Rows that are new in the books.
    pub added: i64,
    /// Rows that met one that somebody had typed.
    pub matched: i64,
    /// Rows that book a pending one.
    pub settled: i64,
    /// Rows that were there already.
    pub known: i64,
    /// Of those that were there already or were typed, rows that are taken for the same by amount and day alone.
    pub by_money: i64,
    /// Rows that stay out: somebody took them out of the books, or their period is locked.
    pub left_out: i64,
    /// Of those, rows that somebody took out of the books.
    #[serde(default)]
    pub dismissed: i64,
}

impl FileCounts {
    /// Counts what a plan does. `seen_again` is the number of rows that came back byte for byte, and `dismissed` that of those among them
    /// which somebody took out of the books: known rows that are not there.
    pub fn of(plan: &Plan, seen_again: i64, dismissed: i64) -> Self {
        let known = seen_again - dismissed;
        let mut counts = Self { rows: seen_again, known, left_out: dismissed, dismissed, ..Self::default() };
        for decision in &plan.decisions {
            counts.rows += 1;
            *match decision.action {
                Action::Add(_) | Action::Update(..) => &mut counts.added,
                Action::Match(..) => &mut counts.matched,
                Action::Settle(..) => &mut counts.settled,
                Action::Leave | Action::Hold => &mut counts.left_out,
            } += 1;
            counts.by_money += i64::from(is_by_money(&decision.reason));
            counts.dismissed += i64::from(decision.reason == Reason::StaysDismissed);
        }
        for aside in &plan.set_aside {
            counts.rows += 1;
            *(if is_left_out(aside) { &mut counts.left_out } else { &mut counts.known }) += 1;
            counts.by_money += i64::from(is_by_money(&aside.reason));
            counts.dismissed += i64::from(aside.reason == Reason::StaysDismissed);
        }
        counts
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            added: self.added + other.added,
            matched: self.matched + other.matched,
            settled: self.settled + other.settled,
            known: self.known + other.known,
            by_money: self.by_money + other.by_money,
            left_out: self.left_out + other.left_out,
            dismissed: self.dismissed + other.dismissed,
        }
    }

    /// Whether the books would change.
    pub fn changes_books(&self) -> bool {
        self.added + self.matched + self.settled > 0
    }
}

/// Whether a row was recognised by amount and day alone.
pub fn is_by_money(reason: &Reason) -> bool {
    matches!(reason, Reason::SameMoney { .. } | Reason::Typed { same_payee: false, .. })
}

/// Whether a row that was set aside stays out of the books, rather than being in them already.
pub fn is_left_out(aside: &SetAside) -> bool {
    aside.of.is_none() || matches!(aside.reason, Reason::StaysDismissed)
}

/// A sync's plan made one for a file. What stands in the books stays as it is, and so does what a person decided; what would wait for a
/// person stays out, with its reason, because nobody goes on with a file later. Pending rows are the bank's to take back, and ids that
/// a file does not have say nothing about them.
pub fn keep_what_stands(snapshot: &Snapshot, plan: Plan) -> Plan {
    let by_row: HashMap<FeedRowId, &Known> = snapshot.known.iter().map(|known| (known.feed_row, known)).collect();
    let mut kept = Plan { set_aside: plan.set_aside, ..Plan::default() };
    for decision in plan.decisions {
        let stands = decision.feed_row.and_then(|row| by_row.get(&row)).filter(|known| stands(known));
        match (&decision.action, stands) {
            (Action::Hold, _) => {
                kept.set_aside.push(SetAside { version: decision.version, of: None, reason: decision.reason });
            }
            (Action::Update(..) | Action::Leave, Some(known)) => {
                let of = Some(SameAs::Known(known.feed_row));
                kept.set_aside.push(SetAside { version: decision.version, of, reason: decision.reason });
            }
            _ => kept.decisions.push(decision),
        }
    }
    kept
}

/// Whether a known row is in the books, or a person has decided that it is not.
fn stands(known: &Known) -> bool {
    known.is_in_books
        || known.is_locked
        || matches!(known.claim, Some((ClaimState::Dismissed | ClaimState::Quarantined, _)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::account::PendingPolicy;
    use crate::amount::CurrencyCode;
    use crate::id::{FeedRowVersionId, TransactionId};
    use crate::reconcile::{Decision, Digest, Entry, Policy, Vanished};
    use crate::row::RowStatus;

    fn feed_row(number: u128) -> FeedRowId {
        Uuid::from_u128(number).into()
    }

    fn version(number: u128) -> FeedRowVersionId {
        Uuid::from_u128(number).into()
    }

    fn known(number: u128, claim: Option<ClaimState>, is_in_books: bool) -> Known {
        let transaction = TransactionId::from(Uuid::from_u128(100 + number));
        Known {
            feed_row: feed_row(number),
            ids: Vec::new(),
            fingerprint: Digest([0; 16]),
            status: RowStatus::Booked,
            minor: Some(-100),
            currency: None,
            day: Some(date(2026, 11, 5)),
            payee_folded: None,
            seen: false,
            claim: claim.map(|state| (state, Some(transaction))),
            since: None,
            is_in_books,
            is_settled: false,
            is_locked: false,
            day_by_person: None,
            is_vanished: false,
            is_from_elsewhere: true,
        }
    }

    fn entry() -> Entry {
        Entry {
            status: RowStatus::Booked,
            minor: -100,
            dated_on: date(2026, 11, 5),
            booked_on: None,
            value_on: None,
            payee: None,
            note: None,
            moves_opening: false,
        }
    }

    fn decision(number: u128, row: Option<u128>, action: Action, reason: Reason) -> Decision {
        Decision { version: version(number), feed_row: row.map(feed_row), action, reason }
    }

    fn update(number: u128) -> Action {
        Action::Update(Uuid::from_u128(100 + number).into(), entry())
    }

    #[test]
    fn a_file_adds_and_books_and_changes_nothing_that_stands() {
        let snapshot = Snapshot {
            known: vec![
                known(1, Some(ClaimState::Applied), true),
                known(2, Some(ClaimState::Dismissed), false),
                known(3, Some(ClaimState::Superseded), false),
                known(4, Some(ClaimState::Applied), true),
            ],
            arrived: Vec::new(),
            typed: Vec::new(),
            policy: Policy {
                currency: CurrencyCode::NONE,
                start_on: None,
                history_from: None,
                locked_through: None,
                pending: PendingPolicy::Shown,
                fallback_day: date(2026, 11, 20),
                booked_coverage: None,
                pending_complete: false,
                distrusted: Vec::new(),
            },
        };
        let settles = Action::Settle(Uuid::from_u128(104).into(), entry());
        let plan = Plan {
            decisions: vec![
                decision(1, Some(1), update(1), Reason::SameMoney { days: 1 }),
                decision(2, Some(2), Action::Leave, Reason::StaysDismissed),
                decision(3, Some(3), update(3), Reason::CameBack),
                decision(4, Some(4), settles, Reason::Settled { days: 2 }),
                decision(5, None, Action::Add(entry()), Reason::New),
                decision(6, None, Action::Hold, Reason::PeriodLocked { through: date(2026, 11, 6) }),
            ],
            vanished: vec![Vanished { feed_row: feed_row(9), transaction: None }],
            ..Plan::default()
        };
        let kept = keep_what_stands(&snapshot, plan);
        let decided: Vec<_> = kept.decisions.iter().map(|decision| decision.version).collect();
        assert_eq!(decided, [version(3), version(4), version(5)]);
        let aside: Vec<_> = kept.set_aside.iter().map(|aside| (aside.version, aside.of)).collect();
        let of = |number| Some(SameAs::Known(feed_row(number)));
        assert_eq!(aside, [(version(1), of(1)), (version(2), of(2)), (version(6), None)]);
        assert_eq!(kept.vanished, []);
        let counts = FileCounts::of(&kept, 7, 2);
        let expected =
            FileCounts { rows: 13, added: 2, matched: 0, settled: 1, known: 6, by_money: 1, left_out: 4, dismissed: 3 };
        assert_eq!(counts, expected, "what somebody took out is not there");
    }
}
