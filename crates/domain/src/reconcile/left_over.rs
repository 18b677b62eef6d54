//! What is left over of a fetch that broke off: rows that were stored, and that no plan has decided about.
//!
//! They are of another answer than the rows of this fetch, and the bank may have called them otherwise there. So they are no
//! further rows beside those that are here. Where this answer is complete, it says all there is; elsewhere a row that is left
//! over counts unless there is one like it, or one of the same amount under the id that it had: the bank has given that one
//! another text since. If it was a twin after all, the next whole answer shows it.

use foldhash::{HashMap, HashMapExt};
use jiff::civil::Date;

use super::content::MAX_DAYS_APART;
use super::{Candidate, Digest, IdDigest, KnownRows, Policy, Reason, SetAside, days_apart};
use crate::row::{RowIdKind, RowStatus};

/// Takes out what is left over and has come anew, or does not exist any more.
pub(super) fn take_out(candidates: &mut Vec<Candidate<'_>>, known: &KnownRows<'_>, policy: &Policy) -> Vec<SetAside> {
    if !candidates.iter().any(|candidate| candidate.arrived.is_left_over) {
        return Vec::new();
    }
    let mut came: HashMap<(Digest, RowStatus), Vec<Date>> = HashMap::new();
    for candidate in candidates.iter().filter(|candidate| !candidate.arrived.is_left_over) {
        came.entry((candidate.arrived.fingerprint, candidate.row.status)).or_default().push(candidate.day);
    }
    for row in &known.rows {
        came.entry((row.fingerprint, row.status)).or_default().push(row.day.unwrap_or(policy.fallback_day));
    }
    let mut under_id: HashMap<IdDigest, Vec<(i64, Date)>> = HashMap::new();
    for candidate in candidates.iter().filter(|candidate| !candidate.arrived.is_left_over) {
        for id in names(candidate, policy) {
            under_id.entry(*id).or_default().push((candidate.row.amount.minor, candidate.day));
        }
    }
    let is_under_its_id = |candidate: &Candidate<'_>| {
        let mut there = names(candidate, policy).filter_map(|id| under_id.get(id)).flatten();
        there.any(|(minor, day)| {
            *minor == candidate.row.amount.minor && days_apart(*day, candidate.day) <= MAX_DAYS_APART
        })
    };
    let mut set_aside = Vec::new();
    candidates.retain(|candidate| {
        if !candidate.arrived.is_left_over {
            return true;
        }
        let is_covered = policy.booked_coverage.is_some_and(|coverage| coverage.contains(candidate.day));
        let like_it = came.entry((candidate.arrived.fingerprint, candidate.row.status)).or_default();
        let has_come = like_it.iter().any(|day| days_apart(*day, candidate.day) <= MAX_DAYS_APART);
        if !is_covered && !has_come && !is_under_its_id(candidate) {
            like_it.push(candidate.day);
            return true;
        }
        set_aside.push(SetAside { version: candidate.arrived.version, of: None, reason: Reason::LeftOver });
        false
    });
    set_aside
}

/// The ids of a row that are to name it, and are trusted.
fn names<'a>(candidate: &Candidate<'a>, policy: &Policy) -> impl Iterator<Item = &'a IdDigest> {
    let is_trusted =
        |kind: RowIdKind| matches!(kind, RowIdKind::Provider | RowIdKind::Bank) && !policy.distrusted.contains(&kind);
    candidate.arrived.ids.iter().filter(move |(kind, _)| is_trusted(*kind))
}
