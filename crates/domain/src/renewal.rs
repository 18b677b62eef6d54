//! Renewal: which bank accounts a renewed connection shows, where the provider may call all of them something new.
//!
//! In the order of their strength: keys that only one account has; the provider's own id; and a weak key, such as the last
//! digits of a card, where just one account of this connection and just one that is shown have it.

use std::collections::BTreeSet;

use crate::bank_account::{MatchKeyKind, Recognition, recognise};
use crate::id::BankAccountId;

/// A bank account as the renewed connection shows it.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// The bank accounts of the organization that share a match key with it.
    pub hits: Vec<(MatchKeyKind, BankAccountId)>,
    /// The bank account of this connection that the provider has called the same until now.
    pub same_id: Option<BankAccountId>,
}

/// What a renewal makes of the bank accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// For each that is shown, which one it is; `None` for a new one.
    pub shown: Vec<Option<BankAccountId>>,
    /// Bank accounts of the connection that are not shown any more.
    pub missing: Vec<BankAccountId>,
}

/// The renewed access shows none of the connection's bank accounts: somebody has signed in as somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("none of the accounts that the bank showed belongs to this sync")]
pub struct OtherAccounts;

/// Finds the bank accounts of a connection among those that it shows after its renewal. Those in `unread` belong to it, but
/// cannot be read at the moment; they are not missing.
pub fn renew(known: &[BankAccountId], unread: &[BankAccountId], shown: &[Shown]) -> Result<Renewal, OtherAccounts> {
    let mut found: Vec<Option<BankAccountId>> = vec![None; shown.len()];
    let mut taken: BTreeSet<BankAccountId> = unread.iter().copied().collect();
    let mut contradicted = vec![false; shown.len()];
    for (place, account) in shown.iter().enumerate() {
        match recognise(&account.hits) {
            Recognition::Known(id) if taken.insert(id) => found[place] = Some(id),
            Recognition::Known(_) => contradicted[place] = true,
            Recognition::Unsure(_) | Recognition::New => {}
        }
    }
    for (place, account) in shown.iter().enumerate() {
        if found[place].is_none()
            && !contradicted[place]
            && let Some(id) = account.same_id.filter(|id| !taken.contains(id))
        {
            taken.insert(id);
            found[place] = Some(id);
        }
    }
    let weakly = |place: usize, taken: &BTreeSet<BankAccountId>| -> Vec<BankAccountId> {
        if found[place].is_some() || contradicted[place] {
            return Vec::new();
        }
        let weak = shown[place].hits.iter().filter(|(kind, _)| !kind.is_strong()).map(|(_, id)| *id);
        let open: BTreeSet<BankAccountId> = weak.filter(|id| known.contains(id) && !taken.contains(id)).collect();
        open.into_iter().collect()
    };
    let candidates: Vec<Vec<BankAccountId>> = (0..shown.len()).map(|place| weakly(place, &taken)).collect();
    for (place, candidate) in candidates.iter().enumerate() {
        if let [only] = candidate.as_slice()
            && candidates.iter().filter(|others| others.contains(only)).count() == 1
        {
            taken.insert(*only);
            found[place] = Some(*only);
        }
    }
    let missing: Vec<BankAccountId> = known.iter().filter(|id| !taken.contains(id)).copied().collect();
    if !known.is_empty() && missing.len() == known.len() {
        return Err(OtherAccounts);
    }
    Ok(Renewal { shown: found, missing })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(n: u128) -> BankAccountId {
        BankAccountId::from(Uuid::from_u128(n))
    }

    fn iban(n: u128) -> Shown {
        Shown { hits: vec![(MatchKeyKind::Iban, id(n)), (MatchKeyKind::Mask, id(n))], same_id: None }
    }

    fn card(ids: &[u128]) -> Shown {
        Shown { hits: ids.iter().map(|n| (MatchKeyKind::Mask, id(*n))).collect(), same_id: None }
    }

    #[test]
    fn the_same_numbers_under_new_ids_one_new_and_one_gone() {
        let renewal = renew(&[id(1), id(2)], &[], &[Shown::default(), iban(2)]).unwrap();
        assert_eq!(renewal, Renewal { shown: vec![None, Some(id(2))], missing: vec![id(1)] });
    }

    #[test]
    fn an_id_alone_is_enough_unless_the_number_says_something_else() {
        let same = Shown { hits: Vec::new(), same_id: Some(id(1)) };
        assert_eq!(renew(&[id(1)], &[], &[same]).unwrap().shown, vec![Some(id(1))]);
        let reused = Shown { same_id: Some(id(1)), ..iban(2) };
        let renewal = renew(&[id(1), id(2)], &[], &[reused]).unwrap();
        assert_eq!(renewal, Renewal { shown: vec![Some(id(2))], missing: vec![id(1)] });
    }

    #[test]
    fn a_card_is_known_by_its_last_digits_while_there_is_one_of_them() {
        assert_eq!(renew(&[id(1)], &[], &[card(&[1])]).unwrap().shown, vec![Some(id(1))]);
        let twice = renew(&[id(1), id(2)], &[], &[card(&[1]), card(&[1]), iban(2)]).unwrap();
        assert_eq!(twice, Renewal { shown: vec![None, None, Some(id(2))], missing: vec![id(1)] });
        let elsewhere = renew(&[id(1)], &[], &[card(&[7]), iban(1)]).unwrap();
        assert_eq!(elsewhere.shown, vec![None, Some(id(1))], "a card of another connection stays there");
    }

    #[test]
    fn two_that_claim_one_number_are_not_both_it() {
        let renewal = renew(&[id(1)], &[], &[iban(1), Shown { same_id: Some(id(1)), ..iban(1) }]).unwrap();
        assert_eq!(renewal.shown, vec![Some(id(1)), None]);
    }

    #[test]
    fn somebody_else_is_not_a_renewal() {
        assert_eq!(renew(&[id(1), id(2)], &[], &[iban(7)]), Err(OtherAccounts));
        assert_eq!(renew(&[id(1)], &[], &[]), Err(OtherAccounts));
        assert!(renew(&[], &[], &[iban(7)]).is_ok());
        let renewal = renew(&[id(1), id(2)], &[id(1)], &[]).unwrap();
        assert_eq!(renewal.missing, vec![id(2)], "one that cannot be read is not gone");
    }
}
