//! The last passes: rows that somebody typed already, and rows that are new.

use foldhash::{HashMap, HashMapExt};

use super::assignment::{Pair, assign};
use super::pending::stays_out as stays_out_while_pending;
use super::{
    Action, Candidate, Decision, Entry, Plan, Policy, Reason, Snapshot, Typed, days_apart, entry, payee_folded,
};
use crate::id::TransactionId;
use crate::row::RowStatus;

/// How many days a typed row may be away from the bank's.
const MAX_DAYS_APART: i64 = 7;

/// Decides about the candidates that nothing known explains.
pub(super) fn decide(open: &[&Candidate<'_>], snapshot: &Snapshot, plan: &mut Plan) {
    let (staying_out, coming_in): (Vec<&Candidate<'_>>, Vec<&Candidate<'_>>) =
        open.iter().partition(|candidate| stays_out(candidate, &snapshot.policy).is_some());
    for candidate in staying_out {
        if let Some((action, reason)) = stays_out(candidate, &snapshot.policy) {
            plan.decisions.push(decision(candidate, action, reason));
        }
    }
    let matches = match_typed(&coming_in, snapshot);
    for (position, candidate) in coming_in.into_iter().enumerate() {
        let entry = entry(candidate, &snapshot.policy);
        let (action, reason) = match matches.get(&position) {
            Some((typed, reason)) => (confirm(typed, entry, &snapshot.policy), reason.clone()),
            None => add(candidate, entry, &snapshot.policy),
        };
        plan.decisions.push(decision(candidate, action, reason));
    }
}

fn decision(candidate: &Candidate<'_>, action: Action, reason: Reason) -> Decision {
    let feed_row = candidate.same.as_ref().map(|(known, _)| known.feed_row);
    Decision { version: candidate.arrived.version, feed_row, action, reason }
}

/// Rows that do not come into the books, whatever stands there.
fn stays_out(candidate: &Candidate<'_>, policy: &Policy) -> Option<(Action, Reason)> {
    let reason = match (candidate.row.status, policy.start_on) {
        (RowStatus::Scheduled, _) => Reason::ScheduledStaysOut,
        (RowStatus::Declined, _) => Reason::DeclinedStaysOut,
        (status, _) if stays_out_while_pending(status, policy) => Reason::PendingStaysOut,
        (_, Some(start_on)) if candidate.day < start_on => Reason::BeforeStart { start_on },
        _ => return None,
    };
    Some((Action::Leave, reason))
}

/// What somebody typed into a period that is locked stays as they typed it: the bank confirms it, and says nothing more of it.
fn confirm(typed: &Typed, entry: Entry, policy: &Policy) -> Action {
    let entry = match policy.lock_on(typed.dated_on) {
        Some(_) => Entry { status: RowStatus::Booked, dated_on: typed.dated_on, payee: None, note: None, ..entry },
        None => entry,
    };
    Action::Match(typed.transaction, entry)
}

fn add(candidate: &Candidate<'_>, entry: Entry, policy: &Policy) -> (Action, Reason) {
    if let Some(through) = policy.lock_on(entry.dated_on) {
        return (Action::Hold, Reason::PeriodLocked { through });
    }
    let came_back = candidate.same.as_ref().map(|(_, reason)| reason.clone());
    (Action::Add(entry), came_back.unwrap_or(Reason::New))
}

/// Pairs candidates with typed transactions of the same amount, each used once: as many as there can be of the same payee, then of the
/// others, and the nearest days first.
fn match_typed<'a>(coming_in: &[&Candidate<'_>], snapshot: &'a Snapshot) -> HashMap<usize, (&'a Typed, Reason)> {
    let mut by_amount: HashMap<i64, Vec<usize>> = HashMap::new();
    for (index, typed) in snapshot.typed.iter().enumerate() {
        by_amount.entry(typed.minor).or_default().push(index);
    }
    let mut pairs = Vec::new();
    for (position, candidate) in coming_in.iter().enumerate() {
        let payee = payee_folded(candidate.row);
        for index in by_amount.get(&candidate.row.amount.minor).into_iter().flatten() {
            let typed = &snapshot.typed[*index];
            let days = days_apart(typed.dated_on, candidate.day);
            if days <= MAX_DAYS_APART {
                let same_payee = payee.is_some() && payee == typed.payee_folded;
                pairs.push(Pair { class: !same_payee, days, came: position, tie: typed.transaction, stands: *index });
            }
        }
    }
    let reason = |pair: Pair<bool, TransactionId>| Reason::Typed { same_payee: !pair.class, days: pair.days };
    assign(pairs).into_iter().map(|pair| (pair.came, (&snapshot.typed[pair.stands], reason(pair)))).collect()
}
