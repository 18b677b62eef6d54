//! What may not be done to the tree, and why.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::{Asset, AssetStage, Earlier, Tree};
use crate::AssetId;
use crate::text::fold;

/// So many accounts are named where they stand in the way; the others are counted.
const MOST_NAMED: usize = 5;

/// Why the tree stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssetRefused {
    /// An asset cannot stand below itself.
    BelowItself {
        /// Its name.
        name: String,
    },
    /// On a day that it would have stood there already, what it would stand under stood below it.
    BelowItselfOn {
        /// Its name.
        name: String,
        /// The first such day; `None` is from the beginning.
        day: Option<Date>,
    },
    /// What it would stand under, or belong to, is closed.
    Closed {
        /// Whose name it is.
        name: String,
    },
    /// Another one beside it has that name.
    NameTaken {
        /// The name.
        name: String,
    },
    /// Accounts are open there or below.
    OpenAccounts {
        /// The names of the first few.
        names: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// It is in its conceptual stage, in which no account belongs to it.
    Conceptual {
        /// Its name.
        name: String,
    },
    /// Only production assets have a conceptual stage.
    NoConcept,
    /// A period in which the account would have belonged elsewhere is locked.
    Locked,
}

impl AssetRefused {
    /// The stable code of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BelowItself { .. } | Self::BelowItselfOn { .. } => "asset.below_itself",
            Self::Closed { .. } => "asset.closed",
            Self::NameTaken { .. } => "asset.name_taken",
            Self::OpenAccounts { .. } => "asset.open_accounts",
            Self::Conceptual { .. } => "asset.conceptual",
            Self::NoConcept => "asset.no_concept",
            Self::Locked => "asset.locked",
        }
    }

    /// The reason as a sentence.
    pub fn in_words(&self) -> String {
        match self {
            Self::BelowItself { name } => format!("{name} cannot stand below itself."),
            Self::BelowItselfOn { name, day } => {
                let day = day.map_or_else(|| "In the beginning".to_owned(), |day| format!("On {day}"));
                format!("{day} that stood below {name} still. Choose a later day.")
            }
            Self::Closed { name } => format!("{name} is closed. Open it again first."),
            Self::NameTaken { name } => format!("{name} is there already, at the same place."),
            Self::OpenAccounts { names, more } => {
                let names = names.join(", ");
                let (others, verb) = match (more, names.contains(", ")) {
                    (0, false) => (String::new(), "belongs"),
                    (0, true) => (String::new(), "belong"),
                    (more, _) => (format!(" and {more} more"), "belong"),
                };
                format!("{names}{others} {verb} to it or to what is below it. Move them elsewhere first.")
            }
            Self::Conceptual { name } => {
                format!("{name} is in its conceptual stage and has no accounts. Make it active first.")
            }
            Self::NoConcept => "Only a production asset has a conceptual stage.".to_owned(),
            Self::Locked => {
                "The period from this day on is locked in part. Choose a day after it, or take the lock off first."
                    .to_owned()
            }
        }
    }

    fn open_accounts(names: &[String]) -> Self {
        let named = names.iter().take(MOST_NAMED).cloned().collect();
        Self::OpenAccounts { names: named, more: names.len().saturating_sub(MOST_NAMED) }
    }
}

impl Tree {
    /// Whether an asset of this name may stand under another, or at the top: a new one, or `which` with all that is below it.
    pub fn may_stand(&self, which: Option<AssetId>, name: &str, under: Option<AssetId>) -> Result<(), AssetRefused> {
        if let Some(parent) = under.and_then(|id| self.get(id)) {
            if which.is_some_and(|id| self.is_within(parent.id, id)) {
                return Err(AssetRefused::BelowItself { name: name.to_owned() });
            }
            if parent.closed_on.is_some() {
                return Err(AssetRefused::Closed { name: parent.name.clone() });
            }
        }
        let folded = fold(name);
        let is_taken =
            |other: &Asset| Some(other.id) != which && other.closed_on.is_none() && fold(&other.name) == folded;
        match self.children(under).find(|other| is_taken(other)) {
            Some(other) => Err(AssetRefused::NameTaken { name: other.name.clone() }),
            None => Ok(()),
        }
    }

    /// Whether an asset may have stood under another, or at the top, from a day on or from the beginning: on no day since may that
    /// have stood below it. `earlier` is where assets stood before.
    pub fn may_have_stood(
        &self,
        earlier: &BTreeMap<AssetId, Vec<Earlier>>,
        which: AssetId,
        under: Option<AssetId>,
        from: Option<Date>,
    ) -> Result<(), AssetRefused> {
        let start = from.unwrap_or(Date::MIN);
        let mut days: Vec<Date> = earlier.values().flatten().map(|earlier| earlier.until).collect();
        days.retain(|day| *day > start);
        days.push(start);
        days.sort_unstable();
        days.dedup();
        let parent_on = |id: AssetId, day: Date| {
            let known = earlier.get(&id).and_then(|earlier| earlier.iter().find(|earlier| day < earlier.until));
            known.map_or_else(|| self.get(id)?.parent, |earlier| earlier.under)
        };
        let is_below = |day: &Date| {
            std::iter::successors(under, |id| parent_on(*id, *day).filter(|_| *id != which)).any(|id| id == which)
        };
        match days.into_iter().find(|day| is_below(day)) {
            Some(day) => {
                let name = self.get(which).map(|asset| asset.name.clone()).unwrap_or_default();
                Err(AssetRefused::BelowItselfOn { name, day: (day > Date::MIN).then_some(day) })
            }
            None => Ok(()),
        }
    }

    /// Whether an asset may be closed, with all that is below it; `accounts` are the names of the open ones that belong there.
    pub fn may_close(accounts: &[String]) -> Result<(), AssetRefused> {
        if accounts.is_empty() { Ok(()) } else { Err(AssetRefused::open_accounts(accounts)) }
    }
}

impl Asset {
    /// Whether accounts may come to belong to it.
    pub fn may_have_accounts(&self) -> Result<(), AssetRefused> {
        let name = || self.name.clone();
        match (self.closed_on, self.stage) {
            (Some(_), _) => Err(AssetRefused::Closed { name: name() }),
            (None, AssetStage::Conceptual) => Err(AssetRefused::Conceptual { name: name() }),
            (None, AssetStage::Active) => Ok(()),
        }
    }

    /// Whether it may be what this says; `accounts` are the names of the open ones that belong to it.
    pub fn may_be(&self, accounts: &[String]) -> Result<(), AssetRefused> {
        match (self.stage, self.kind) {
            (AssetStage::Conceptual, super::AssetKind::Structuring) => Err(AssetRefused::NoConcept),
            (AssetStage::Conceptual, super::AssetKind::Production) if !accounts.is_empty() => {
                Err(AssetRefused::open_accounts(accounts))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::asset::AssetKind;
    use crate::asset::tree::tests::{asset, id, tree};

    #[test]
    fn an_asset_never_stands_below_itself_or_below_a_closed_one() {
        let tree = tree();
        let refused = |which, under| tree.may_stand(Some(id(which)), "Fund D", Some(id(under))).unwrap_err().code();
        assert_eq!(refused(2, 2), "asset.below_itself");
        assert_eq!(refused(2, 4), "asset.below_itself");
        assert!(tree.may_stand(Some(id(2)), "Fund C", Some(id(5))).is_ok());
        let closed = Tree::new(vec![Asset { closed_on: Some(date(2026, 11, 1)), ..asset(1, 0, "Spain") }]);
        assert_eq!(closed.may_stand(None, "Site", Some(id(1))).unwrap_err().code(), "asset.closed");
        assert!(closed.may_stand(None, "SPAIN", None).is_ok(), "the name of a closed one is free");
    }

    #[test]
    fn a_move_that_counts_from_earlier_makes_no_ring_in_the_past() {
        // The fund stood under the site until November, and the site stands under it now.
        let tree = Tree::new(vec![asset(1, 0, "Fund"), asset(2, 0, "Site")]);
        let until = date(2026, 11, 1);
        let earlier = BTreeMap::from([(id(1), vec![Earlier { until, under: Some(id(2)) }])]);
        let from = |from| tree.may_have_stood(&earlier, id(2), Some(id(1)), from);
        assert!(from(Some(until)).is_ok());
        assert_eq!(from(Some(date(2026, 10, 31))).unwrap_err().code(), "asset.below_itself");
        assert!(from(None).unwrap_err().in_words().starts_with("In the beginning"));
        assert!(tree.may_have_stood(&earlier, id(2), None, None).is_ok());
    }

    #[test]
    fn no_two_beside_each_other_have_the_same_name() {
        let tree = tree();
        assert_eq!(tree.may_stand(None, "  spain", None).unwrap_err().code(), "asset.name_taken");
        assert_eq!(tree.may_stand(Some(id(3)), "Site 1", Some(id(5))).unwrap_err().code(), "asset.name_taken");
        assert!(tree.may_stand(Some(id(5)), "SPAIN", None).is_ok(), "it may be spelled otherwise");
    }

    #[test]
    fn accounts_in_the_way_are_named() {
        let names: Vec<String> = (1..=7).map(|number| format!("Account {number}")).collect();
        let said = |count: usize| Tree::may_close(&names[..count]).unwrap_err().in_words();
        assert!(said(1).starts_with("Account 1 belongs to it"), "{}", said(1));
        assert!(said(2).starts_with("Account 1, Account 2 belong to it"), "{}", said(2));
        assert!(said(7).contains("Account 5 and 2 more belong to it"), "{}", said(7));
        assert!(Tree::may_close(&[]).is_ok());
    }

    #[test]
    fn only_production_without_accounts_is_conceptual() {
        let conceptual = Asset { stage: AssetStage::Conceptual, ..asset(1, 0, "Mill") };
        assert_eq!(conceptual.may_be(&[]), Err(AssetRefused::NoConcept));
        let mill = Asset { kind: AssetKind::Production, ..conceptual };
        assert!(mill.may_be(&[]).is_ok());
        assert_eq!(mill.may_be(&["Mill account".to_owned()]).unwrap_err().code(), "asset.open_accounts");
        assert_eq!(mill.may_have_accounts().unwrap_err().code(), "asset.conceptual");
    }
}
