//! Which rows belong together: each with at most one other.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::Date;

use super::{Fit, Grounds, OwnAccounts, Sum, TransferRow, WINDOW_DAYS, grounds};
use crate::id::TransactionId;
use crate::suspicion::pairs::in_order;

/// Two rows that are a transfer, or look like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// The row that money left by.
    pub out: TransactionId,
    /// The row that it came in by.
    pub into: TransactionId,
    /// Why.
    pub grounds: Grounds,
    /// Whether other rows fit equally well, so that nobody but a person can tell.
    pub is_one_of_several: bool,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches {
    /// What is a transfer without a doubt.
    pub linked: Vec<Match>,
    /// What a person is asked about, the best first. No row stands in two of them.
    pub proposed: Vec<Match>,
}

/// What counts, most telling first: no doubt, amounts, numbers, reference, names, days, and how little was lost.
type Score = (bool, u8, u8, bool, bool, Reverse<i64>, Reverse<i64>);

impl Grounds {
    fn score(&self) -> Score {
        let (fit, lost) = match self.fit {
            Fit::Same => (3, 0),
            Fit::Exchanged { fee_minor, .. } => (2, fee_minor),
            Fit::Fee { minor } => (1, minor),
            Fit::UnknownRate => (0, 0),
        };
        let numbers = u8::from(self.out_names_in) + u8::from(self.in_names_out);
        // Money comes in after it went out, more often than before.
        let days = self.bank_days.abs() * 2 + i64::from(self.bank_days < 0);
        (self.is_strong(), fit, numbers, self.same_reference, self.named_in_text, Reverse(days), Reverse(lost))
    }
}

struct Edge {
    score: Score,
    found: Match,
}

/// Finds the transfers among rows that belong to none yet. Those of `rejected`, each with the smaller id first, were said to be none. The
/// order of the rows does not matter.
pub fn find_transfers(
    rows: &[TransferRow],
    own: &OwnAccounts,
    rejected: &BTreeSet<(TransactionId, TransactionId)>,
) -> Matches {
    let mut edges = edges(rows, own, rejected);
    edges.sort_unstable_by_key(|edge| (Reverse(edge.score), edge.found.out, edge.found.into));
    let mut taken: BTreeSet<TransactionId> = BTreeSet::new();
    let mut contested: BTreeSet<TransactionId> = BTreeSet::new();
    let mut matches = Matches::default();
    for level in edges.chunk_by_mut(|a, b| a.score == b.score) {
        let mut count: BTreeMap<TransactionId, usize> = BTreeMap::new();
        let is_free = |found: &Match, taken: &BTreeSet<TransactionId>| {
            !taken.contains(&found.out) && !taken.contains(&found.into)
        };
        for edge in level.iter().filter(|edge| is_free(&edge.found, &taken)) {
            for end in [edge.found.out, edge.found.into] {
                *count.entry(end).or_default() += 1;
            }
        }
        let mut now_taken = Vec::new();
        for edge in level.iter_mut().filter(|edge| is_free(&edge.found, &taken)) {
            let ends = [edge.found.out, edge.found.into];
            edge.found.is_one_of_several = ends.iter().any(|end| count.get(end).is_some_and(|many| *many > 1));
            if edge.found.is_one_of_several {
                contested.extend(ends);
            } else if edge.found.grounds.is_strong() && ends.iter().all(|end| !contested.contains(end)) {
                now_taken.extend(ends);
                matches.linked.push(edge.found);
            }
        }
        taken.extend(now_taken);
    }
    // What is left is proposed, each row once: linking one shows what is left of the others.
    for Edge { found, .. } in edges {
        let ends = [found.out, found.into];
        if ends.iter().all(|end| !taken.contains(end)) {
            taken.extend(ends);
            matches.proposed.push(found);
        }
    }
    matches
}

/// The rows that money came in by, found by whatever may tie one to the row that it left by.
#[derive(Default)]
struct Incoming<'a> {
    sums: BTreeMap<Sum, Vec<&'a TransferRow>>,
    stated_sums: BTreeMap<Sum, Vec<&'a TransferRow>>,
    accounts: BTreeMap<crate::AccountId, Vec<&'a TransferRow>>,
    counterparties: BTreeMap<crate::reconcile::Digest, Vec<&'a TransferRow>>,
    references: BTreeMap<crate::reconcile::Digest, Vec<&'a TransferRow>>,
}

impl<'a> Incoming<'a> {
    fn add(&mut self, row: &'a TransferRow) {
        self.sums.entry((row.amount.currency.code, row.amount.minor)).or_default().push(row);
        self.accounts.entry(row.account).or_default().push(row);
        if let Some(stated) = row.original {
            self.stated_sums.entry((stated.currency.code, stated.minor.saturating_abs())).or_default().push(row);
        }
        if let Some(number) = row.counterparty {
            self.counterparties.entry(number).or_default().push(row);
        }
        if let Some(reference) = row.end_to_end {
            self.references.entry(reference).or_default().push(row);
        }
    }

    /// The rows that may belong to one that money left by, each at least once. Lists are in the order of their days.
    fn near(&self, out: &TransferRow, own: &OwnAccounts, mut take: impl FnMut(&'a TransferRow)) {
        let first = out.day.saturating_sub(i64::from(WINDOW_DAYS).days());
        let last = out.day.saturating_add(i64::from(WINDOW_DAYS).days());
        let mut each = |list: Option<&Vec<&'a TransferRow>>| {
            let list = list.map(Vec::as_slice).unwrap_or_default();
            let from = list.partition_point(|row| row.day < first);
            list[from..].iter().take_while(|row| row.day <= last).for_each(|row| take(row));
        };
        let left = out.amount.minor.saturating_abs();
        each(self.sums.get(&(out.amount.currency.code, left)));
        each(self.stated_sums.get(&(out.amount.currency.code, left)));
        if let Some(stated) = out.original {
            each(self.sums.get(&(stated.currency.code, stated.minor.saturating_abs())));
        }
        if let Some(number) = out.counterparty {
            own.with_number(number).for_each(|account| each(self.accounts.get(&account)));
        }
        own.numbers(out.account).for_each(|number| each(self.counterparties.get(&number)));
        if let Some(reference) = out.end_to_end {
            each(self.references.get(&reference));
        }
    }
}

fn edges(rows: &[TransferRow], own: &OwnAccounts, rejected: &BTreeSet<(TransactionId, TransactionId)>) -> Vec<Edge> {
    let mut in_order_of_days: Vec<&TransferRow> = rows.iter().collect();
    in_order_of_days.sort_unstable_by_key(|row: &&TransferRow| -> (Date, TransactionId) { (row.day, row.transaction) });
    let mut incoming = Incoming::default();
    in_order_of_days.iter().filter(|row| row.amount.minor > 0).for_each(|row| incoming.add(row));
    let mut edges = Vec::new();
    for out in in_order_of_days.iter().filter(|row| row.amount.minor < 0) {
        let mut near: BTreeMap<TransactionId, &TransferRow> = BTreeMap::new();
        incoming.near(out, own, |row| {
            near.insert(row.transaction, row);
        });
        for into in near.into_values() {
            if rejected.contains(&in_order(out.transaction, into.transaction)) {
                continue;
            }
            if let Some(grounds) = grounds(out, into, own) {
                let found = Match { out: out.transaction, into: into.transaction, grounds, is_one_of_several: false };
                edges.push(Edge { score: grounds.score(), found });
            }
        }
    }
    edges
}
