//! Rows that one answer brought twice: a page that came again, or a row on the edge of two pages.
//!
//! Two rows that are equal in everything, their id included, are one row, as long as the bank's ids tell rows apart: an id that
//! stands on rows of other content as well, such as `0` on all of them, tells nothing, and equal rows are twins then.

use std::collections::HashMap;

use jiff::civil::Date;

use super::{Candidate, Digest, KnownRows, Policy, Reason, SameAs, SetAside};
use crate::id::FeedRowId;
use crate::row::{RowIdKind, RowStatus};

type Id = (RowIdKind, Digest);

/// Everything that two rows must share to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Whole<'a> {
    fingerprint: Digest,
    status: RowStatus,
    day: Date,
    ids: &'a [Id],
}

impl<'a> Whole<'a> {
    fn of(candidate: &Candidate<'a>) -> Self {
        let arrived = candidate.arrived;
        Self { fingerprint: arrived.fingerprint, status: candidate.row.status, day: candidate.day, ids: &arrived.ids }
    }

    /// The ids that are to name one row only. A booking reference may stand on many.
    fn names(&self) -> impl Iterator<Item = &'a Id> + use<'a> {
        self.ids.iter().filter(|(kind, _)| matches!(kind, RowIdKind::Provider | RowIdKind::Bank))
    }
}

/// Takes rows out that came twice, and says of which row each is a repetition.
pub(super) fn take_out(candidates: &mut Vec<Candidate<'_>>, known: &KnownRows<'_>, policy: &Policy) -> Vec<SetAside> {
    let seen: Vec<(Whole<'_>, FeedRowId)> = known
        .rows
        .iter()
        .filter(|row| row.seen)
        .map(|row| {
            let day = row.day.unwrap_or(policy.fallback_day);
            (Whole { fingerprint: row.fingerprint, status: row.status, day, ids: &row.ids }, row.feed_row)
        })
        .collect();
    // What each id stands on; `None` is on rows that differ.
    let mut stands_on: HashMap<&Id, Option<Whole<'_>>> = HashMap::new();
    for whole in seen.iter().map(|(whole, _)| *whole).chain(candidates.iter().map(Whole::of)) {
        for id in whole.names() {
            let on = stands_on.entry(id).or_insert(Some(whole));
            *on = on.filter(|other| *other == whole);
        }
    }
    let mut first: HashMap<Whole<'_>, SameAs> =
        seen.iter().map(|(whole, feed_row)| (*whole, SameAs::Known(*feed_row))).collect();
    let mut repeats = Vec::new();
    // What was known before goes first.
    for is_known in [true, false] {
        candidates.retain(|candidate| {
            let whole = Whole::of(candidate);
            let tells = whole.names().any(|id| stands_on.get(id).is_some_and(Option::is_some));
            if candidate.arrived.known_as.is_some() != is_known || !tells {
                return true;
            }
            let of = match candidate.arrived.known_as {
                Some(feed_row) => SameAs::Known(feed_row),
                None => SameAs::Arrived(candidate.arrived.version),
            };
            match first.entry(whole) {
                std::collections::hash_map::Entry::Occupied(before) if !is_known => {
                    repeats.push(SetAside {
                        version: candidate.arrived.version,
                        of: Some(*before.get()),
                        reason: Reason::SentTwice,
                    });
                    false
                }
                entry => {
                    entry.or_insert(of);
                    true
                }
            }
        });
    }
    repeats
}
