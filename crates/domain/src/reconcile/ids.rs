//! Recognising rows by their ids: an id is a claim that amount, currency and direction must confirm.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use jiff::civil::Date;

use super::{Candidate, Digest, IdDigest, Known, KnownRows, Policy, Reason, days_apart};
use crate::TransactionId;
use crate::row::{RowIdKind, RowStatus};

/// How many days a row with the same id may have moved.
const MAX_DAYS_APART: i64 = 14;
/// The same, for an id of the bank's own whose row this answer was not to show again. Banks give rows that recur the same
/// reference; such a row stands before the window, and the next of its kind within.
const MAX_DAYS_APART_UNSHOWN: i64 = 3;

/// Finds the known row of each candidate by its ids of these kinds, in their order, and notes clashes.
pub(super) fn recognise<'a>(
    candidates: &mut [Candidate<'a>],
    known: &mut KnownRows<'a>,
    policy: &Policy,
    kinds: &[RowIdKind],
) {
    if kinds.is_empty() {
        return;
    }
    let ambiguous = ambiguous(candidates, known);
    let mut holders: HashMap<IdDigest, Vec<usize>> = HashMap::new();
    for (index, row) in known.free() {
        for id in row.ids.iter().filter(|id| !ambiguous.contains(id)) {
            holders.entry(*id).or_default().push(index);
        }
    }
    let elsewhere = came_under_another_id(candidates, known, &holders);
    for kind in kinds.iter().copied() {
        for candidate in candidates.iter_mut().filter(|candidate| candidate.same.is_none()) {
            let Some(id) = candidate.arrived.ids.iter().find(|id| id.0 == kind) else { continue };
            let Some(indices) = holders.get(id) else { continue };
            let moved = |index: &usize| {
                let row = &known.rows[*index];
                let is_other = row.fingerprint != candidate.arrived.fingerprint;
                elsewhere.contains(index) && is_other && !is_named_twice(candidate, row, &ambiguous, policy)
            };
            let free = || indices.iter().copied().filter(|index| known.is_free(*index) && !moved(index));
            let same = free().find(|index| agrees(candidate, known.rows[*index], kind, policy));
            // Of a row that waits because of its id it is to be known whether it still has to.
            let is_open = same.is_none_or(|index| known.rows[index].is_held());
            if is_open && candidate.clash.is_none() && !names_several(indices, known) {
                let with: Vec<usize> =
                    free().filter(|index| clashes(candidate, known.rows[*index], kind, policy)).collect();
                candidate.clash = (!with.is_empty()).then_some((kind, with));
            }
            if let Some(index) = same {
                candidate.same = Some((known.take(index), Reason::SameId { kind }));
            }
        }
    }
}

/// Whether an id stands on several rows of the books: then it names none of them, and what else has it is no doubt.
fn names_several(indices: &[usize], known: &KnownRows<'_>) -> bool {
    let booked = indices.iter().map(|index| &known.rows[*index]).filter(|row| row.status == RowStatus::Booked);
    let transactions: HashSet<TransactionId> = booked
        .filter(|row| row.is_in_books)
        .filter_map(|row| row.claim.and_then(|(_, transaction)| transaction))
        .collect();
    transactions.len() > 1
}

/// Known rows whose very content came, on its day, under an id that nobody had: where another row has their id now, ids have moved
/// on, as those do that count the rows of a day. Of equal rows it is not the one that came under its own id. By index.
fn came_under_another_id(
    candidates: &[Candidate<'_>],
    known: &KnownRows<'_>,
    holders: &HashMap<IdDigest, Vec<usize>>,
) -> HashSet<usize> {
    let mut at_their_id: HashSet<usize> = HashSet::new();
    let mut came: HashMap<(Digest, Date), usize> = HashMap::new();
    for candidate in candidates.iter().filter(|candidate| candidate.same.is_none()) {
        let holders = candidate.arrived.ids.iter().flat_map(|id| holders.get(id).into_iter().flatten()).copied();
        let own: Vec<usize> =
            holders.filter(|index| known.rows[*index].fingerprint == candidate.arrived.fingerprint).collect();
        if own.is_empty() {
            *came.entry((candidate.arrived.fingerprint, candidate.day)).or_default() += 1;
        }
        at_their_id.extend(own);
    }
    let mut elsewhere = HashSet::new();
    for (index, row) in known.free().filter(|(index, _)| !at_their_id.contains(index)) {
        let Some(day) = row.day else { continue };
        if let Some(left) = came.get_mut(&(row.fingerprint, day)).filter(|left| **left > 0) {
            *left -= 1;
            elsewhere.insert(index);
        }
    }
    elsewhere
}

/// Whether the provider and the bank, each by an id of its own, say that a row is the known one. Both do not move on by themselves: a
/// row that has the old content is a further one then, and this one has another text.
fn is_named_twice(candidate: &Candidate<'_>, known: &Known, ambiguous: &HashSet<IdDigest>, policy: &Policy) -> bool {
    [RowIdKind::Provider, RowIdKind::Bank].into_iter().all(|kind| {
        let id = candidate.arrived.ids.iter().find(|id| id.0 == kind);
        let names = |id: &&IdDigest| !ambiguous.contains(id) && !policy.distrusted.contains(&kind);
        id.filter(names).is_some_and(|id| known.ids.contains(id))
    })
}

/// Drops clashes with rows that turned out to be others of this fetch: their ids have moved, as those do that count the rows of a
/// day. Those of ids that have lost their trust hold nothing back either.
pub(super) fn forgive(candidates: &mut [Candidate<'_>], known: &KnownRows<'_>, policy: &Policy) {
    for candidate in candidates {
        let holds = |(kind, with): &(RowIdKind, Vec<usize>)| {
            !policy.distrusted.contains(kind) && with.iter().any(|index| known.is_free(*index))
        };
        candidate.clash = candidate.clash.take().filter(holds);
    }
}

/// Ids that stand on two rows of one fetch name neither of them. A known row that came back byte for byte counts as one. Of
/// references those do not either that stand on two known rows: they name a series, such as a mandate or a standing order.
pub(super) fn ambiguous(candidates: &[Candidate<'_>], known: &KnownRows<'_>) -> HashSet<IdDigest> {
    let mut once = HashSet::new();
    let mut twice = HashSet::new();
    let arrived = candidates.iter().flat_map(|candidate| &candidate.arrived.ids);
    let seen_again = known.rows.iter().filter(|row| row.seen).flat_map(|row| &row.ids);
    for id in arrived.chain(seen_again) {
        if !once.insert(*id) {
            twice.insert(*id);
        }
    }
    once.clear();
    for id in known.rows.iter().flat_map(|row| &row.ids).filter(|id| id.0 == RowIdKind::Reference) {
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
    let of_kind = |ids: &[IdDigest], kind: RowIdKind| ids.iter().find(|id| id.0 == kind).copied();
    let is_told_apart = RowIdKind::LADDER.iter().take_while(|better| **better != kind).any(|better| {
        let (mine, theirs) = (of_kind(&candidate.arrived.ids, *better), of_kind(&known.ids, *better));
        mine.is_some() && theirs.is_some() && mine != theirs
    });
    let was_surely_due = policy.booked_coverage.is_some() && was_due(known, policy);
    let is_weak = kind == RowIdKind::Reference && (is_told_apart || !was_surely_due);
    known.status == RowStatus::Booked && !is_weak && !agrees(candidate, known, kind, policy)
}

pub(super) fn same_money(candidate: &Candidate<'_>, known: &Known) -> bool {
    known.minor == Some(candidate.row.amount.minor) && known.currency == Some(candidate.row.amount.currency.code)
}
