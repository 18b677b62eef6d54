//! Bank accounts: what makes one the same account again after a renewal.

use serde::{Deserialize, Serialize};

use crate::id::BankAccountId;

/// A kind of key by which a bank account is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchKeyKind {
    /// A hash of the account that the provider keeps stable.
    ProviderHash,
    /// IBAN or BBAN, always together with the currency.
    Iban,
    /// Masked number, currency, holder and institution.
    Mask,
}

impl MatchKeyKind {
    /// Whether a single hit by this kind is enough to recognise an account without asking.
    pub fn is_strong(self) -> bool {
        matches!(self, Self::ProviderHash | Self::Iban)
    }
}

/// A match key in clear, as a connector gives it. The store only ever sees its keyed digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchKey {
    /// Which kind.
    pub kind: MatchKeyKind,
    /// What is compared, in a normal form.
    pub value: String,
}

/// Whom an arriving bank account turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recognition {
    /// Exactly one strong hit: it is this one.
    Known(BankAccountId),
    /// Weak or contradicting hits: a person decides among these.
    Unsure(Vec<BankAccountId>),
    /// Nobody we know.
    New,
}

/// Decides whom an arriving bank account is, from the hits of its match keys.
pub fn recognise(hits: &[(MatchKeyKind, BankAccountId)]) -> Recognition {
    let distinct = |strong: bool| {
        let mut ids: Vec<BankAccountId> =
            hits.iter().filter(|(kind, _)| kind.is_strong() == strong).map(|(_, id)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    match distinct(true).as_slice() {
        [one] => Recognition::Known(*one),
        [] => match distinct(false) {
            weak if weak.is_empty() => Recognition::New,
            weak => Recognition::Unsure(weak),
        },
        several => Recognition::Unsure(several.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> BankAccountId {
        BankAccountId::from(Uuid::from_u128(n))
    }

    #[test]
    fn one_strong_hit_decides() {
        assert_eq!(recognise(&[(MatchKeyKind::Iban, id(1)), (MatchKeyKind::Mask, id(2))]), Recognition::Known(id(1)));
        assert_eq!(
            recognise(&[(MatchKeyKind::Iban, id(1)), (MatchKeyKind::ProviderHash, id(1))]),
            Recognition::Known(id(1))
        );
    }

    #[test]
    fn contradictions_and_weak_hits_ask() {
        let contradiction = [(MatchKeyKind::Iban, id(1)), (MatchKeyKind::ProviderHash, id(2))];
        assert_eq!(recognise(&contradiction), Recognition::Unsure(vec![id(1), id(2)]));
        assert_eq!(recognise(&[(MatchKeyKind::Mask, id(2))]), Recognition::Unsure(vec![id(2)]));
        assert_eq!(recognise(&[]), Recognition::New);
    }
}
