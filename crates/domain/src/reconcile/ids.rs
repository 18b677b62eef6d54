//! Recognising rows by their ids: an id is a claim that amount, currency and direction must confirm.

use std::collections::{HashMap, HashSet};

use super::{Candidate, Digest, Known, KnownRows, Policy, Reason, days_apart};
use crate::row::{RowIdKind, RowStatus};

/// How many days a row with the same id may have moved.
const MAX_DAYS_APART: i64 = 14;
/// The same, for an id of the bank's own whose row this answer was not to show again. Banks give rows that recur the same
/// reference; such a row stands before the window, and the next of its kind within.
const MAX_DAYS_APART_UNSHOWN: i64 = 3;

type Id = (RowIdKind, Digest);

/// Finds the known row of each candidate by its ids, most trusted kind first, and notes clashes.
pub(super) fn recognise<'a>(candidates: &mut [Candidate<'a>], known: &mut KnownRows<'a>, policy: &Policy) {
    let ambiguous = ambiguous_ids(candidates, known);
    let mut holders: HashMap<Id, Vec<usize>> = HashMap::new();
    for (index, row) in known.free() {
        for id in row.ids.iter().filter(|id| !ambiguous.contains(id)) {
            holders.entry(*id).or_default().push(index);
        }
    }
    for kind in RowIdKind::LADDER {
        for candidate in candidates.iter_mut().filter(|candidate| candidate.same.is_none()) {
            let Some(id) = candidate.arrived.ids.iter().find(|id| id.0 == kind) else { continue };
            let Some(indices) = holders.get(id) else { continue };
            let free = || indices.iter().copied().filter(|index| known.is_free(*index));
            match free().find(|index| agrees(candidate, &known.rows[*index], kind, policy)) {
                Some(index) => candidate.same = Some((known.take(index), Reason::SameId { kind })),
                None if free().any(|index| clashes(candidate, &known.rows[index], kind, policy)) => {
                    candidate.clash = candidate.clash.or(Some(kind));
                }
                None => {}
            }
        }
    }
}

/// Ids that stand on two rows of one fetch name neither of them. A known row that came back byte for byte counts as one.
fn ambiguous_ids(candidates: &[Candidate<'_>], known: &KnownRows<'_>) -> HashSet<Id> {
    let mut once = HashSet::new();
    let mut twice = HashSet::new();
    let arrived = candidates.iter().flat_map(|candidate| &candidate.arrived.ids);
    let seen_again = known.rows.iter().filter(|row| row.seen).flat_map(|row| &row.ids);
    for id in arrived.chain(seen_again) {
        if !once.insert(*id) {
            twice.insert(*id);
        }
    }
    twice
}

fn agrees(candidate: &Candidate<'_>, known: &Known, kind: RowIdKind, policy: &Policy) -> bool {
    let reach =
        if kind == RowIdKind::Provider || was_due(known, policy) { MAX_DAYS_APART } else { MAX_DAYS_APART_UNSHOWN };
    same_money(candidate, known) && known.day.is_none_or(|day| days_apart(day, candidate.day) <= reach)
}

/// Whether this answer was to show the row again, if it still exists.
fn was_due(known: &Known, policy: &Policy) -> bool {
    known.day.is_none_or(|day| policy.booked_coverage.is_none_or(|coverage| coverage.contains(day)))
}

/// A pending row may change its amount when it is booked and is replaced anyway; everything else must confirm its id. A
/// booking reference alone is no claim where a more trusted id says otherwise, or where its row was not to be shown again.
fn clashes(candidate: &Candidate<'_>, known: &Known, kind: RowIdKind, policy: &Policy) -> bool {
    let of_kind = |ids: &[Id], kind: RowIdKind| ids.iter().find(|id| id.0 == kind).copied();
    let is_told_apart = RowIdKind::LADDER.iter().take_while(|better| **better != kind).any(|better| {
        let (mine, theirs) = (of_kind(&candidate.arrived.ids, *better), of_kind(&known.ids, *better));
        mine.is_some() && theirs.is_some() && mine != theirs
    });
    let is_weak = kind == RowIdKind::Reference && (is_told_apart || !was_due(known, policy));
    known.status == RowStatus::Booked && !is_weak && !agrees(candidate, known, kind, policy)
}

pub(super) fn same_money(candidate: &Candidate<'_>, known: &Known) -> bool {
    known.minor == Some(candidate.row.amount.minor) && known.currency == Some(candidate.row.amount.currency.code)
}
