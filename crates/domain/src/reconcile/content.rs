//! Recognising rows by their content, for banks that change or omit ids, and by their money alone where a feed has moved.
//!
//! Only a known row that this fetch should have shown again, and did not, can be meant: two equal coffees on one day are
//! two rows, and both come back. Within one content the rows of the fetch (those that came back byte for byte as well) are
//! paired with the known rows, as many as possible; that way a bank that shifts a whole series by a day doubles nothing.

use std::collections::BTreeMap;

use foldhash::{HashMap, HashMapExt};
use jiff::civil::Date;

use super::{Candidate, Known, KnownRows, Policy, Reason, days_apart};
use crate::row::RowStatus;

/// Banks and zones shift a date by a day; more is another row.
pub(super) const MAX_DAYS_APART: i64 = 1;

/// A row of the fetch within one content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Fetched {
    /// A known row that came back byte for byte, by its index among the known rows.
    Again(usize),
    /// A candidate, by its index.
    Candidate(usize),
}

/// The rows of one content and status: those of the fetch and the known ones, each with its day.
#[derive(Default)]
struct Group {
    fetched: Vec<(Date, Fetched)>,
    known: Vec<(Date, usize)>,
}

/// Finds the known row of each remaining candidate by its content.
pub(super) fn recognise<'a>(candidates: &mut [Candidate<'a>], known: &mut KnownRows<'a>, policy: &Policy) {
    let content = |candidate: &Candidate<'_>| Some((candidate.arrived.fingerprint, candidate.row.status));
    let known_content = |row: &Known| Some((row.fingerprint, row.status));
    pair(candidates, known, policy, &(content, known_content), |days| Reason::SameContent { days });
}

/// Finds the known row of each remaining candidate among those that another connection showed last. Two connections tell the
/// same rows in words and under ids of their own; what they both must show is the money and the day.
pub(super) fn recognise_from_elsewhere<'a>(
    candidates: &mut [Candidate<'a>],
    known: &mut KnownRows<'a>,
    policy: &Policy,
) {
    let is_told = |status| matches!(status, RowStatus::Booked | RowStatus::Pending);
    let money = |candidate: &Candidate<'_>| {
        is_told(candidate.row.status).then_some((candidate.row.amount.minor, candidate.row.status))
    };
    let known_money = |row: &Known| {
        let fits = row.is_from_elsewhere && is_told(row.status) && !row.is_held();
        row.minor.filter(|_| fits && row.currency == Some(policy.currency)).map(|minor| (minor, row.status))
    };
    pair(candidates, known, policy, &(money, known_money), |days| Reason::SameMoney { days });
}

/// Pairs remaining candidates with known rows of the same key and status that this fetch should have shown again, and did not.
fn pair<'a, K: Ord + Copy>(
    candidates: &mut [Candidate<'a>],
    known: &mut KnownRows<'a>,
    policy: &Policy,
    keys: &(impl Fn(&Candidate<'_>) -> Option<(K, RowStatus)>, impl Fn(&Known) -> Option<(K, RowStatus)>),
    reason: impl Fn(i64) -> Reason,
) {
    let mut groups: BTreeMap<(K, RowStatus), Group> = BTreeMap::new();
    for (index, candidate) in candidates.iter().enumerate().filter(|(_, candidate)| candidate.same.is_none()) {
        let Some(key) = keys.0(candidate) else { continue };
        groups.entry(key).or_default().fetched.push((candidate.day, Fetched::Candidate(index)));
    }
    for (index, row) in known.rows.iter().enumerate() {
        let Some(group) = keys.1(row).and_then(|key| groups.get_mut(&key)) else { continue };
        let day = row.day.unwrap_or(policy.fallback_day);
        let missed = match row.status {
            // Of an answer that does not say how far it goes, a row that did not come is taken for one that came under another id:
            // if it was a twin after all, the next whole answer shows both.
            RowStatus::Booked => policy.booked_coverage.is_none_or(|coverage| coverage.contains(day)),
            _ => policy.pending_complete,
        };
        if row.seen {
            group.fetched.push((day, Fetched::Again(index)));
            group.known.push((day, index));
        } else if missed && known.is_free(index) {
            group.known.push((day, index));
        }
    }
    for group in groups.values_mut() {
        for (candidate, row) in group.pair_up(known) {
            let days = known.rows[row].day.map_or(0, |day| days_apart(day, candidates[candidate].day));
            candidates[candidate].same = Some((known.take(row), reason(days)));
            candidates[candidate].clash = None;
        }
    }
}

impl Group {
    /// Pairs candidates with free known rows: as many as possible, and of the ways to do that one that keeps equal days
    /// together where that costs no pair.
    fn pair_up(&mut self, known: &KnownRows<'_>) -> Vec<(usize, usize)> {
        self.fetched.sort_unstable();
        self.known.sort_unstable_by_key(|(day, index)| (*day, known.rows[*index].feed_row));

        let most = sweep(&self.fetched, &self.known, MAX_DAYS_APART);
        let mut same_day_first = sweep(&self.fetched, &self.known, 0);
        let taken: HashMap<usize, Fetched> = same_day_first.iter().map(|(fetched, index)| (*index, *fetched)).collect();
        let rest: Vec<_> = self.fetched.iter().copied().filter(|(_, row)| !same_day_first.contains_key(row)).collect();
        let free: Vec<_> = self.known.iter().copied().filter(|(_, index)| !taken.contains_key(index)).collect();
        same_day_first.extend(sweep(&rest, &free, MAX_DAYS_APART));
        let pairs = if same_day_first.len() >= most.len() { same_day_first } else { most };

        let mut found = Vec::new();
        for (_, fetched) in &self.fetched {
            let Fetched::Candidate(candidate) = *fetched else { continue };
            // A candidate may stand where a row that came back stood; that row stands where the next one stood, and so on.
            let mut end = pairs.get(fetched);
            while let Some(index) = end
                && known.rows[*index].seen
            {
                end = pairs.get(&Fetched::Again(*index));
            }
            found.extend(end.map(|index| (candidate, *index)));
        }
        found
    }
}

/// Pairs two lists that are sorted by day, as many as possible, none further apart than `reach`.
fn sweep(fetched: &[(Date, Fetched)], known: &[(Date, usize)], reach: i64) -> HashMap<Fetched, usize> {
    let (mut f, mut k, mut pairs) = (0, 0, HashMap::new());
    while f < fetched.len() && k < known.len() {
        let ((day, row), (other, index)) = (fetched[f], known[k]);
        if days_apart(day, other) <= reach {
            pairs.insert(row, index);
            f += 1;
            k += 1;
        } else if day < other {
            f += 1;
        } else {
            k += 1;
        }
    }
    pairs
}
