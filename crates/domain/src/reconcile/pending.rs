//! Pending rows: a replaceable set. They settle into booked rows, or they vanish.

use foldhash::{HashMap, HashMapExt};

use super::assignment::{Pair, assign};
use super::ids::same_money;
use super::{Candidate, ClaimState, Known, KnownRows, Policy, Reason, Vanished, days_apart, payee_folded};
use crate::account::PendingPolicy;
use crate::id::FeedRowId;
use crate::row::RowStatus;

/// How long a bank takes to book what it showed as pending.
const MAX_DAYS_TO_SETTLE: i64 = 14;

/// Finds the pending row that each remaining booked candidate settles: equal amount, same counterparty where both sides name
/// one, backward in time only. Another amount (a tip, fuel) is no settlement that we take without asking.
pub(super) fn settle<'a>(candidates: &mut [Candidate<'a>], known: &mut KnownRows<'a>) {
    let mut by_amount: HashMap<i64, Vec<usize>> = HashMap::new();
    for (index, row) in known.free().filter(|(_, row)| row.status == RowStatus::Pending && !row.is_settled) {
        if let Some(minor) = row.minor {
            by_amount.entry(minor).or_default().push(index);
        }
    }
    if by_amount.is_empty() {
        return;
    }
    let mut pairs = Vec::new();
    for (position, candidate) in candidates.iter().enumerate() {
        if candidate.same.is_some() || candidate.row.status != RowStatus::Booked {
            continue;
        }
        for index in by_amount.get(&candidate.row.amount.minor).into_iter().flatten() {
            let row = known.rows[*index];
            if let Some((class, days)) = fit(candidate, row) {
                pairs.push(Pair { class, days, came: position, tie: row.feed_row, stands: *index });
            }
        }
    }
    for Pair { days, came, stands, .. } in assign(pairs) {
        candidates[came].same = Some((known.take(stands), Reason::Settled { days }));
        candidates[came].clash = None;
    }
}

/// How well a booked row fits a pending one, the smaller the better: other content, other payee; and how many days lie between.
fn fit(candidate: &Candidate<'_>, pending: &Known) -> Option<((bool, bool), i64)> {
    if !same_money(candidate, pending) {
        return None;
    }
    let days = match pending.day {
        Some(day) if candidate.day < day && days_apart(day, candidate.day) > 1 => return None,
        Some(day) => days_apart(day, candidate.day),
        None => 0,
    };
    if days > MAX_DAYS_TO_SETTLE {
        return None;
    }
    let other_content = candidate.arrived.fingerprint != pending.fingerprint;
    let payee = payee_folded(candidate.row);
    let other_payee = match (&payee, &pending.payee_folded) {
        (Some(booked), Some(shown)) if other_content && !is_same_payee(booked, shown) => return None,
        (booked, shown) => booked != shown,
    };
    Some(((other_content, other_payee), days))
}

/// While a row is pending, banks often write a terminal's text around the name that they book it under.
fn is_same_payee(booked: &str, shown: &str) -> bool {
    booked.contains(shown) || shown.contains(booked)
}

/// Whether a row of this status waits outside the books until it is booked.
pub(super) fn stays_out(status: RowStatus, policy: &Policy) -> bool {
    status == RowStatus::Pending && policy.pending == PendingPolicy::BookedOnly
}

/// Pending rows that wait outside the books and that a complete answer did not show: they will not be booked as what they are any more.
pub(super) fn lapsed(known: &KnownRows<'_>, policy: &Policy) -> Vec<FeedRowId> {
    let is_lapsed = |row: &Known| {
        let waits_outside = matches!(row.claim, Some((ClaimState::Superseded, Some(_)))) && !row.is_in_books;
        row.status == RowStatus::Pending && waits_outside && !row.is_vanished
    };
    if !policy.pending_complete {
        return Vec::new();
    }
    let mut lapsed: Vec<FeedRowId> =
        known.free().filter(|(_, row)| is_lapsed(row)).map(|(_, row)| row.feed_row).collect();
    lapsed.sort_unstable();
    lapsed
}

/// Pending rows that leave the books, or wait for a person: those that a complete answer did not show and that nothing has settled,
/// and, where the account shows booked rows only, every one.
pub(super) fn vanished(candidates: &[Candidate<'_>], known: &KnownRows<'_>, policy: &Policy) -> Vec<Vanished> {
    let status_now: HashMap<FeedRowId, RowStatus> = candidates
        .iter()
        .filter_map(|candidate| Some((candidate.same.as_ref()?.0.feed_row, candidate.row.status)))
        .collect();
    let leaves = |index: usize, row: &Known| match policy.pending {
        PendingPolicy::BookedOnly => stays_out(status_now.get(&row.feed_row).copied().unwrap_or(row.status), policy),
        PendingPolicy::Shown | PendingPolicy::Counted => {
            policy.pending_complete && known.is_free(index) && row.status == RowStatus::Pending
        }
    };
    // What was held back waits for nobody any more.
    let waits = |row: &Known| row.is_held() && row.status == RowStatus::Pending;
    let mut vanished: Vec<Vanished> = known
        .rows
        .iter()
        .enumerate()
        .filter(|(index, row)| {
            let may_leave = (row.is_in_books && !row.is_settled && !row.is_locked) || waits(row);
            may_leave && leaves(*index, row)
        })
        .filter_map(|(_, row)| match row.claim {
            Some((ClaimState::Applied | ClaimState::Superseded | ClaimState::Quarantined, transaction)) => {
                Some(Vanished { feed_row: row.feed_row, transaction })
            }
            _ => None,
        })
        .collect();
    vanished.sort_by_key(|row| row.feed_row);
    vanished
}
