//! Rows that one answer brought twice: a page that came again, or a row on the edge of two pages.
//!
//! Two rows that are equal in everything, their id included, are one row, as long as the bank's ids tell rows apart: an id that
//! stands on rows of other content as well, such as `0` on all of them, tells nothing, and equal rows are twins then. What a fetch
//! left over that broke off is of another answer, where the bank may have given the id to another row.

use foldhash::{HashMap, HashMapExt};
use jiff::civil::Date;

use super::{Candidate, Digest, IdDigest, KnownRows, Policy, Reason, SameAs, SetAside};
use crate::id::FeedRowId;
use crate::row::{RowIdKind, RowStatus};

/// Everything that two rows must share to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Whole<'a> {
    fingerprint: Digest,
    status: RowStatus,
    day: Date,
    ids: &'a [IdDigest],
}

impl<'a> Whole<'a> {
    fn of(candidate: &Candidate<'a>) -> Self {
        let arrived = candidate.arrived;
        Self { fingerprint: arrived.fingerprint, status: candidate.row.status, day: candidate.day, ids: &arrived.ids }
    }

    /// The ids that are to name one row only. A booking reference may stand on many.
    fn names(&self) -> impl Iterator<Item = &'a IdDigest> + use<'a> {
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
    let mut stands_on: HashMap<&IdDigest, Option<Whole<'_>>> = HashMap::new();
    let of_this_answer = candidates.iter().filter(|candidate| !candidate.arrived.is_left_over);
    for whole in seen.iter().map(|(whole, _)| *whole).chain(of_this_answer.map(Whole::of)) {
        for id in whole.names() {
            let on = stands_on.entry(id).or_insert(Some(whole));
            *on = on.filter(|other| *other == whole);
        }
    }
    let tells = |whole: &Whole<'_>| whole.names().any(|id| stands_on.get(id).is_some_and(Option::is_some));
    let mut first: HashMap<Whole<'_>, SameAs> =
        seen.iter().map(|(whole, feed_row)| (*whole, SameAs::Known(*feed_row))).collect();
    for candidate in candidates.iter() {
        if let Some(feed_row) = candidate.arrived.known_as {
            first.entry(Whole::of(candidate)).or_insert(SameAs::Known(feed_row));
        }
    }
    let mut repeats = Vec::new();
    candidates.retain(|candidate| {
        let (whole, version) = (Whole::of(candidate), candidate.arrived.version);
        if candidate.arrived.is_left_over || candidate.arrived.known_as.is_some() || !tells(&whole) {
            return true;
        }
        if let Some(of) = first.get(&whole) {
            repeats.push(SetAside { version, of: Some(*of), reason: Reason::SentTwice });
            return false;
        }
        first.insert(whole, SameAs::Arrived(version));
        true
    });
    repeats
}
