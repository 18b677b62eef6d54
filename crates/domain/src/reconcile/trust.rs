//! How far a bank's ids can be believed, learned from its own answers.
//!
//! Ids of a kind that is trusted are asked before the content of a row, and hold a row back whose content disagrees. A kind loses
//! that where two answers about the same rows disagree: its ids are asked after the content then, and hold nothing back. What they
//! say still counts, as far as amount and day confirm it.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt, HashSet};

use serde::{Deserialize, Serialize};

use super::reason::id_in_words;
use super::{Candidate, IdDigest, Known, KnownRows};
use crate::id::FeedRowId;
use crate::row::{RowIdKind, RowStatus};

/// Fewer rows than this under new ids are rows that the bank has made anew.
const FEWEST_REISSUED: i64 = 2;

/// What one answer shows about the ids of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdEvidence {
    /// Booked rows that came again under the id that they had.
    pub kept: i64,
    /// Booked rows that came again, the same in everything else, under another id.
    pub reissued: i64,
    /// Ids that came on another row than the one they stood on, while that one came under another id.
    pub reused: i64,
}

/// Why the ids of a kind are not trusted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distrust {
    /// The bank gives its rows new ids.
    Reissued,
    /// The bank gives the ids of its rows to other rows.
    Reused,
}

impl IdEvidence {
    /// Whether it is enough to trust the kind no more.
    pub fn distrust(&self) -> Option<Distrust> {
        if self.reused > 0 {
            Some(Distrust::Reused)
        } else if self.reissued >= FEWEST_REISSUED && self.reissued > self.kept {
            Some(Distrust::Reissued)
        } else {
            None
        }
    }
}

impl Distrust {
    /// What was found and what follows, as sentences for people.
    pub fn in_words(self, kind: RowIdKind, bank: &str) -> String {
        let id = id_in_words(kind);
        match self {
            Self::Reissued => format!(
                "{id} of a row does not last at {bank}: rows came again under other ids. They are told by their content first."
            ),
            Self::Reused => format!(
                "{id} of a row went over to another row at {bank}. Rows are told by their content first, and such an id holds none back."
            ),
        }
    }
}

/// What an answer shows about each kind of id, once it is known which row is which. Kinds that show nothing are left out.
pub(super) fn evidence(
    candidates: &[Candidate<'_>],
    known: &KnownRows<'_>,
    ambiguous: &HashSet<IdDigest>,
) -> Vec<(RowIdKind, IdEvidence)> {
    let mut found: BTreeMap<RowIdKind, IdEvidence> = BTreeMap::new();
    for id in known.rows.iter().filter(|row| row.seen && row.status == RowStatus::Booked).flat_map(|row| &row.ids) {
        found.entry(id.0).or_default().kept += 1;
    }
    let mut met: HashMap<FeedRowId, &Candidate<'_>> = HashMap::new();
    for candidate in candidates {
        let Some((row, _)) = candidate.same.as_ref().filter(|(row, _)| is_booked_twice(candidate, row)) else {
            continue;
        };
        met.insert(row.feed_row, candidate);
        for (kind, is_kept) in compared(candidate, row) {
            let evidence = found.entry(kind).or_default();
            *if is_kept { &mut evidence.kept } else { &mut evidence.reissued } += 1;
        }
    }
    let mut holders: HashMap<&IdDigest, &Known> = HashMap::new();
    for row in &known.rows {
        holders.extend(row.ids.iter().filter(|id| !ambiguous.contains(id)).map(|id| (id, *row)));
    }
    for candidate in candidates {
        for id in &candidate.arrived.ids {
            let Some(holder) = holders.get(id) else { continue };
            let came_as = met.get(&holder.feed_row).filter(|other| other.arrived.version != candidate.arrived.version);
            if came_as.is_some_and(|other| !other.arrived.ids.contains(id)) {
                found.entry(id.0).or_default().reused += 1;
            }
        }
    }
    found.into_iter().collect()
}

/// Pending rows change their ids when they are booked; only what was booked before and is still says anything.
fn is_booked_twice(candidate: &Candidate<'_>, row: &Known) -> bool {
    candidate.row.status == RowStatus::Booked && row.status == RowStatus::Booked
}

/// The kinds of which both have an id, and whether it is the same.
fn compared(candidate: &Candidate<'_>, row: &Known) -> Vec<(RowIdKind, bool)> {
    let theirs = |kind| row.ids.iter().find(|id| id.0 == kind);
    let both = |mine: &IdDigest| Some((mine.0, theirs(mine.0)? == mine));
    candidate.arrived.ids.iter().filter_map(both).collect()
}
