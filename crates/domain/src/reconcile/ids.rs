//! Recognising rows by their ids: an id is a claim that amount, currency and direction must confirm.

use std::collections::{HashMap, HashSet};

use super::{Candidate, Digest, Known, KnownRows, Reason, days_apart};
use crate::row::{RowIdKind, RowStatus};

/// How many days a row with the same id may have moved.
const MAX_DAYS_APART: i64 = 14;

type Id = (RowIdKind, Digest);

/// Finds the known row of each candidate by its ids, most trusted kind first, and notes clashes.
pub(super) fn recognise<'a>(candidates: &mut [Candidate<'a>], known: &mut KnownRows<'a>) {
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
            match free().find(|index| agrees(candidate, &known.rows[*index])) {
                Some(index) => candidate.same = Some((known.take(index), Reason::SameId { kind })),
                None if free().any(|index| clashes(candidate, &known.rows[index])) => {
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

fn agrees(candidate: &Candidate<'_>, known: &Known) -> bool {
    same_money(candidate, known) && known.day.is_none_or(|day| days_apart(day, candidate.day) <= MAX_DAYS_APART)
}

/// A pending row may change its amount when it is booked and is replaced anyway; everything else must confirm its id.
fn clashes(candidate: &Candidate<'_>, known: &Known) -> bool {
    known.status == RowStatus::Booked && !agrees(candidate, known)
}

pub(super) fn same_money(candidate: &Candidate<'_>, known: &Known) -> bool {
    known.minor == Some(candidate.row.amount.minor) && known.currency == Some(candidate.row.amount.currency.code)
}
