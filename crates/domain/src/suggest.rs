//! Suggestions of categories, from what people have decided before about rows that are like a row, and how often.
//!
//! What always holds: a suggestion says how many of those decisions fit, and of how many; only decisions of people count; and how
//! strong it is follows from these counts alone.

use std::collections::HashMap;

use crate::{CategoryId, CurrencyCode};

/// So many suggestions are made for a row.
pub const MOST_SUGGESTIONS: usize = 3;

/// So many of the latest decisions of a kind are looked at: habits change.
pub const MOST_DECISIONS: i64 = 50;

/// Amounts of one band are at most this far apart, in hundredths of the larger.
const BAND_PERCENT: u64 = 10;
/// A band tells something from so many decisions on.
const LEAST_IN_BAND: u32 = 3;

/// By what rows are alike, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Likeness {
    /// The same creditor or mandate of a direct debit.
    Creditor,
    /// The same account on the other side.
    Account,
    /// The same payee.
    Payee,
    /// The same payee but for what changes from row to row, such as the number of a till.
    Pattern,
}

impl Likeness {
    /// All, the most telling first.
    pub const ALL: [Self; 4] = [Self::Creditor, Self::Account, Self::Payee, Self::Pattern];

    /// What the rows have in common, as the end of a sentence.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Creditor => "with this creditor or mandate",
            Self::Account => "with this account on the other side",
            Self::Payee => "with this payee",
            Self::Pattern => "with a payee like this",
        }
    }
}

/// An amount, as far as it tells rows apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sum {
    /// Minor units; out is negative.
    pub minor: i64,
    /// Their currency.
    pub currency: CurrencyCode,
}

impl Sum {
    fn has_direction_of(self, other: Self) -> bool {
        (self.minor < 0) == (other.minor < 0)
    }

    fn is_near(self, other: Self) -> bool {
        let (larger, smaller) = (self.minor.unsigned_abs(), other.minor.unsigned_abs());
        let (larger, smaller) = (larger.max(smaller), larger.min(smaller));
        self.currency == other.currency
            && self.has_direction_of(other)
            && (larger - smaller).saturating_mul(100) <= larger.saturating_mul(BAND_PERCENT)
    }
}

/// What a person decided about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The category that they gave it.
    pub category: CategoryId,
    /// Its amount.
    pub sum: Sum,
}

/// How often something was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// By what the rows are alike.
    pub likeness: Likeness,
    /// Whether only rows of about this amount were looked at.
    pub is_of_amount: bool,
    /// How many of the decisions are for this category.
    pub fits: u32,
    /// How many decisions there are.
    pub of: u32,
    /// Whether there may be older ones that were not looked at.
    pub is_latest: bool,
}

/// How far a suggestion is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// Hardly more than a guess, or the word of a provider.
    Weak,
    /// More often right than not.
    Fair,
    /// Right nine times out of ten, as far as can be told.
    Strong,
}

impl Evidence {
    /// How strong it is, by the rule of succession: one more decision each way is thought to the ones that were made, so that two of
    /// two are less than eighteen of eighteen.
    pub fn strength(self) -> Strength {
        let (fits, of) = (u64::from(self.fits) + 1, u64::from(self.of) + 2);
        if fits * 10 >= of * 9 {
            Strength::Strong
        } else if fits * 3 >= of * 2 {
            Strength::Fair
        } else {
            Strength::Weak
        }
    }
}

/// From what a suggestion comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// What people have decided before.
    History(Evidence),
    /// What the provider files the row under, and a mapping of that.
    Provider,
}

/// A category that is suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion {
    /// Which one.
    pub category: CategoryId,
    /// Why.
    pub basis: Basis,
}

impl Suggestion {
    /// How far it is to be trusted.
    pub fn strength(&self) -> Strength {
        match self.basis {
            Basis::History(evidence) => evidence.strength(),
            Basis::Provider => Strength::Weak,
        }
    }
}

/// What is suggested for a row, the strongest first. `history` holds the latest decisions about rows that are like it, by what they are
/// alike; `filed` is the category that the provider's one is mapped to.
pub fn suggest(sum: Sum, history: &[(Likeness, &[Decision])], filed: Option<CategoryId>) -> Vec<Suggestion> {
    let pools = history.iter().flat_map(|(likeness, decisions)| pools(*likeness, sum, decisions));
    // The strongest pool speaks; of two that are as strong, the one that tells more. `max_by` would take the last of equals.
    let best = pools.fold(None::<Vec<Suggestion>>, |best, pool| match (&best, pool.first()) {
        (_, None) => best,
        (Some(found), Some(first)) if found.first().map(Suggestion::strength) >= Some(first.strength()) => best,
        _ => Some(pool),
    });
    let mut suggestions = best.unwrap_or_default();
    suggestions.truncate(MOST_SUGGESTIONS);
    if let Some(filed) = filed.filter(|filed| !suggestions.iter().any(|one| one.category == *filed)) {
        suggestions.truncate(MOST_SUGGESTIONS - 1);
        suggestions.push(Suggestion { category: filed, basis: Basis::Provider });
    }
    suggestions
}

/// The decisions about rows of this direction, and those of about this amount.
fn pools(likeness: Likeness, sum: Sum, decisions: &[Decision]) -> [Vec<Suggestion>; 2] {
    let is_latest = i64::try_from(decisions.len()).is_ok_and(|count| count >= MOST_DECISIONS);
    let counted = |is_of_amount: bool| {
        let is_meant = |decision: &&Decision| {
            if is_of_amount { decision.sum.is_near(sum) } else { decision.sum.has_direction_of(sum) }
        };
        let mut counts: HashMap<CategoryId, u32> = HashMap::new();
        let mut of = 0;
        for decision in decisions.iter().filter(is_meant) {
            *counts.entry(decision.category).or_default() += 1;
            of += 1;
        }
        if is_of_amount && of < LEAST_IN_BAND {
            return Vec::new();
        }
        let mut found: Vec<(CategoryId, u32)> = counts.into_iter().collect();
        found.sort_by_key(|(category, count)| (std::cmp::Reverse(*count), *category));
        let suggestion = |(category, fits)| Suggestion {
            category,
            basis: Basis::History(Evidence { likeness, is_of_amount, fits, of, is_latest }),
        };
        found.into_iter().map(suggestion).collect()
    };
    [counted(false), counted(true)]
}

/// A payee's folded name without what changes from one row to the next: numbers of tills and receipts, marks, days.
///
/// Words with a digit in them go, and what is neither letter nor digit stands between words. Where nothing would be left, all stays.
pub fn pattern(folded: &str) -> String {
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !word.chars().any(char::is_numeric))
        .collect();
    if words.is_empty() { folded.to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests;
