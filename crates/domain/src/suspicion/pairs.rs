//! Pairs: two rows of one account that may be one, because two that know nothing of each other brought them.
//!
//! Rows that one answer of a bank showed side by side are two rows, however alike they are: two coffees on one day stay two
//! coffees.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use crate::id::{AccountId, SourceId, TransactionId};
use crate::row::RowStatus;
use crate::suggest::pattern;

/// How far apart the days of two rows may be that are one.
pub const MAX_DAYS_APART: i64 = 3;
/// How far the amount of a booked row may be from the pending one's, in hundredths of the latter.
const MAX_PERCENT_APART: u64 = 30;
/// A shorter text stands within another one by chance.
const MIN_TEXT_WITHIN: usize = 4;

/// A row of the books, as far as it takes to find pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairRow {
    /// Which one.
    pub transaction: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// Minor units.
    pub minor: i64,
    /// Its day.
    pub day: Date,
    /// How far the bank has got.
    pub status: RowStatus,
    /// Whether a bank sent or confirmed it.
    pub is_from_bank: bool,
    /// Whether it is a pending row that has left the books because its bank stopped showing it, with something on it that a person wrote.
    pub is_gone: bool,
    /// Its payee, folded.
    pub payee_folded: Option<String>,
    /// Its note, folded.
    pub note_folded: Option<String>,
}

/// Why two rows may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PairKind {
    /// The same amount and text within a few days.
    Twins,
    /// A pending row, and a booked one of another amount with the same payee: it may have settled so.
    Settlement,
}

/// Two rows that may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// Why.
    pub kind: PairKind,
    /// The one, whose id is the smaller.
    pub first: TransactionId,
    /// The other.
    pub second: TransactionId,
}

/// A source that has shown a row, and from when till when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Which one.
    pub source: SourceId,
    /// When the answer was asked for in which the row came first, in microseconds. All rows of one answer have the same.
    pub from: i64,
    /// The same of the answer in which it came last.
    pub until: i64,
}

impl PairRow {
    /// Whether two rows may be one by what they say, and why.
    pub fn kind_with(&self, other: &Self) -> Option<PairKind> {
        if self.account != other.account || self.transaction == other.transaction {
            return None;
        }
        if !self.is_from_bank && !other.is_from_bank {
            return None;
        }
        if self.minor == other.minor && (self.is_gone || other.is_gone) {
            // The books settle a row of the same amount by themselves.
            return None;
        }
        if self.minor == other.minor {
            let is_near = days_between(self.day, other.day).abs() <= MAX_DAYS_APART;
            return (is_near && self.says_the_same(other)).then_some(PairKind::Twins);
        }
        let (pending, booked) = match (self.status, other.status) {
            (RowStatus::Pending, RowStatus::Booked) => (self, other),
            (RowStatus::Booked, RowStatus::Pending) => (other, self),
            _ => return None,
        };
        pending.may_have_settled_as(booked).then_some(PairKind::Settlement)
    }

    fn says_the_same(&self, other: &Self) -> bool {
        is_alike(self.payee_folded.as_deref(), other.payee_folded.as_deref())
            || is_alike(self.note_folded.as_deref(), other.note_folded.as_deref())
            || is_alike(self.payee_folded.as_deref(), other.note_folded.as_deref())
            || is_alike(self.note_folded.as_deref(), other.payee_folded.as_deref())
    }

    fn may_have_settled_as(&self, booked: &Self) -> bool {
        let apart = u128::from(self.minor.abs_diff(booked.minor)) * 100;
        self.is_from_bank
            && booked.is_from_bank
            && self.minor.signum() == booked.minor.signum()
            && apart <= u128::from(self.minor.unsigned_abs()) * u128::from(MAX_PERCENT_APART)
            && (0..=MAX_DAYS_APART).contains(&days_between(self.day, booked.day))
            && self.names_whom(booked)
    }

    /// Whether both name the same counterparty, whatever number of a till stands beside it.
    fn names_whom(&self, other: &Self) -> bool {
        let (own, others) = (self.payee_folded.as_deref(), other.payee_folded.as_deref());
        is_alike(own, others) || is_alike(own.map(pattern).as_deref(), others.map(pattern).as_deref())
    }
}

/// Finds rows that may be one by what they say; those of `different` were said to be two. The order of the rows does not
/// matter, and at most `limit` pairs are found, the latest first.
pub fn find_pairs(rows: &[PairRow], different: &BTreeSet<(TransactionId, TransactionId)>, limit: usize) -> Vec<Pair> {
    let mut by_account: BTreeMap<AccountId, Vec<&PairRow>> = BTreeMap::new();
    for row in rows {
        by_account.entry(row.account).or_default().push(row);
    }
    let mut found = Vec::new();
    for rows in by_account.values_mut() {
        rows.sort_unstable_by_key(|row| (row.day, row.transaction));
        for (position, row) in rows.iter().enumerate() {
            let near =
                rows[position + 1..].iter().take_while(|other| days_between(row.day, other.day) <= MAX_DAYS_APART);
            for other in near {
                let ends = in_order(row.transaction, other.transaction);
                if let Some(kind) = row.kind_with(other).filter(|_| !different.contains(&ends)) {
                    found.push((other.day, Pair { kind, first: ends.0, second: ends.1 }));
                }
            }
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.into_iter().take(limit).map(|(_, pair)| pair).collect()
}

/// Whether two rows of the same amount that say the same may be one by where they come from: unless one source has shown both at
/// the same time. Nothing was shown of a row that somebody typed.
pub fn may_be_one(first: &[Shown], second: &[Shown]) -> bool {
    let side_by_side = |a: &Shown, b: &Shown| a.source == b.source && a.from <= b.until && b.from <= a.until;
    !first.iter().any(|a| second.iter().any(|b| side_by_side(a, b)))
}

/// Two ids, the smaller first.
pub fn in_order(a: TransactionId, b: TransactionId) -> (TransactionId, TransactionId) {
    if a <= b { (a, b) } else { (b, a) }
}

pub(crate) fn days_between(from: Date, to: Date) -> i64 {
    i64::from((to - from).get_days())
}

/// The same text, or one within the other: terminals write around a name.
fn is_alike(a: Option<&str>, b: Option<&str>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    let within = |long: &str, short: &str| short.chars().count() >= MIN_TEXT_WITHIN && long.contains(short);
    !a.is_empty() && (a == b || within(a, b) || within(b, a))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    fn row(id: u128, day: i8, minor: i64, payee: &str) -> PairRow {
        PairRow {
            transaction: Uuid::from_u128(id).into(),
            account: Uuid::from_u128(900).into(),
            minor,
            day: date(2026, 11, day),
            status: RowStatus::Booked,
            is_from_bank: true,
            is_gone: false,
            payee_folded: Some(payee.to_owned()),
            note_folded: None,
        }
    }

    fn typed(id: u128, day: i8, minor: i64, payee: &str) -> PairRow {
        PairRow { is_from_bank: false, ..row(id, day, minor, payee) }
    }

    fn pending(id: u128, day: i8, minor: i64, payee: &str) -> PairRow {
        PairRow { status: RowStatus::Pending, ..row(id, day, minor, payee) }
    }

    #[test]
    fn twins_are_alike_in_amount_day_and_text() {
        let known = row(1, 10, -280, "cafe am kai");
        for (other, kind) in [
            (typed(2, 13, -280, "cafe am kai"), Some(PairKind::Twins)),
            (row(2, 9, -280, "sumup *cafe am kai"), Some(PairKind::Twins)),
            (row(2, 14, -280, "cafe am kai"), None),
            (row(2, 10, -281, "cafe am kai"), None),
            (row(2, 10, -280, "kiosk"), None),
            (PairRow { note_folded: Some("at cafe am kai".into()), ..typed(2, 10, -280, "") }, Some(PairKind::Twins)),
            (PairRow { account: Uuid::from_u128(901).into(), ..row(2, 10, -280, "cafe am kai") }, None),
        ] {
            assert_eq!((known.kind_with(&other), other.kind_with(&known)), (kind, kind), "{other:?}");
        }
        assert_eq!(
            typed(1, 10, -280, "cafe").kind_with(&typed(2, 10, -280, "cafe")),
            None,
            "who types twice means two"
        );
    }

    #[test]
    fn a_settlement_is_later_of_the_same_sign_and_not_far_off() {
        let shown = pending(1, 10, -5000, "garage");
        let at_another_till = pending(1, 10, -5000, "card 0815 garage");
        assert_eq!(at_another_till.kind_with(&row(2, 12, -5500, "garage 4711")), Some(PairKind::Settlement));
        for (booked, kind) in [
            (row(2, 12, -6500, "garage"), Some(PairKind::Settlement)),
            (row(2, 13, -3500, "garage am hafen"), Some(PairKind::Settlement)),
            (row(2, 12, -5500, "garage 4711"), Some(PairKind::Settlement)),
            (row(2, 12, -6501, "garage"), None),
            (row(2, 9, -5500, "garage"), None),
            (row(2, 14, -5500, "garage"), None),
            (row(2, 12, 5000, "garage"), None),
            (row(2, 12, -5500, "kiosk"), None),
            (pending(2, 12, -5500, "garage"), None),
            (typed(2, 12, -5500, "garage"), None),
        ] {
            assert_eq!((shown.kind_with(&booked), booked.kind_with(&shown)), (kind, kind), "{booked:?}");
        }
    }

    #[test]
    fn what_has_gone_may_have_settled_and_is_no_twin() {
        let gone = PairRow { is_gone: true, ..pending(1, 10, -5000, "garage") };
        assert_eq!(gone.kind_with(&row(2, 12, -5500, "garage")), Some(PairKind::Settlement));
        assert_eq!(row(2, 12, -5500, "garage").kind_with(&gone), Some(PairKind::Settlement));
        for other in [row(2, 10, -5000, "garage"), typed(2, 10, -5000, "garage"), pending(2, 10, -5000, "garage")] {
            assert_eq!((gone.kind_with(&other), other.kind_with(&gone)), (None, None), "{other:?}");
        }
    }

    #[test]
    fn what_was_said_to_be_different_is_not_found_again() {
        let rows = [row(1, 10, -280, "cafe"), typed(2, 11, -280, "cafe"), typed(3, 20, -280, "cafe")];
        let nobody = BTreeSet::new();
        let pair = Pair { kind: PairKind::Twins, first: rows[0].transaction, second: rows[1].transaction };
        assert_eq!(find_pairs(&rows, &nobody, 9), [pair]);
        let turned: Vec<PairRow> = rows.iter().rev().cloned().collect();
        assert_eq!(find_pairs(&turned, &nobody, 9), [pair]);
        assert_eq!(find_pairs(&rows, &nobody, 0), []);
        assert_eq!(find_pairs(&rows, &BTreeSet::from([(pair.first, pair.second)]), 9), []);
    }

    #[test]
    fn rows_that_one_source_shows_side_by_side_are_two() {
        let shown = |source: u128, from, until| Shown { source: Uuid::from_u128(source).into(), from, until };
        assert!(!may_be_one(&[shown(1, 0, 9)], &[shown(1, 5, 9)]));
        assert!(may_be_one(&[shown(1, 0, 4)], &[shown(1, 5, 9)]), "the one went when the other came");
        assert!(may_be_one(&[shown(1, 0, 9)], &[shown(2, 5, 9)]));
        assert!(may_be_one(&[], &[shown(1, 0, 9)]));
        assert!(!may_be_one(&[shown(2, 0, 1), shown(1, 0, 9)], &[shown(1, 5, 9)]));
    }
}
