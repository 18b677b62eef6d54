//! Categories: what lines are for, two levels deep. A company has seven main ones that stay; a household begins with a set that it
//! changes as it likes.

mod refused;
mod usual;

pub use refused::CategoryRefused;
pub use usual::{MAIN_OF_COMPANIES, UsualCategory, usual};

use crate::{CategoryId, OrganizationKind};

/// What a name of a main category and that of one below it are joined with: `House ▸ Repairs`.
pub const SEPARATOR: &str = " ▸ ";

/// A category, as far as it decides what may be done to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryFacts {
    /// Which one.
    pub id: CategoryId,
    /// The main category that it stands below; a main one stands below none.
    pub parent: Option<CategoryId>,
    /// Its name.
    pub name: String,
    /// Whether it is one of a company's seven.
    pub is_fixed: bool,
    /// How many categories stand below it.
    pub subcategories: i64,
}

/// What uses a category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CategoryUse {
    /// Transactions of the books with a line of it.
    pub transactions: i64,
    /// Categories of providers that are mapped to it.
    pub mappings: i64,
    /// Plans that plan something for it, whether they hold or not.
    pub plans: i64,
    /// Rules that name it.
    pub rules: i64,
}

impl CategoryUse {
    /// Whether nothing does.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// Whether a category may be added below another one, or as a main one.
pub fn may_add(kind: OrganizationKind, below: Option<&CategoryFacts>) -> Result<(), CategoryRefused> {
    match below {
        Some(below) if below.parent.is_some() => Err(CategoryRefused::TwoLevels),
        None if kind == OrganizationKind::Company => Err(CategoryRefused::MainsAreFixed),
        _ => Ok(()),
    }
}

impl CategoryFacts {
    /// Whether it may have another name.
    pub fn may_be_renamed(&self) -> Result<(), CategoryRefused> {
        self.is_not_fixed()
    }

    /// Whether it may stand below another one, or as a main one.
    pub fn may_move(&self, kind: OrganizationKind, below: Option<&Self>) -> Result<(), CategoryRefused> {
        self.is_not_fixed()?;
        if below.is_some_and(|below| below.id == self.id) {
            return Err(CategoryRefused::Itself);
        }
        may_add(kind, below)?;
        if below.is_some() { self.has_none_below() } else { Ok(()) }
    }

    /// Whether it may become one with another category, and go.
    pub fn may_merge(&self, into: &Self) -> Result<(), CategoryRefused> {
        self.is_not_fixed()?;
        if into.id == self.id {
            return Err(CategoryRefused::Itself);
        }
        self.has_none_below()
    }

    /// Whether it may go, with what uses it.
    pub fn may_go(&self, used: CategoryUse) -> Result<(), CategoryRefused> {
        self.is_not_fixed()?;
        self.has_none_below()?;
        if used.is_none() { Ok(()) } else { Err(CategoryRefused::Used { name: self.name.clone(), used }) }
    }

    fn is_not_fixed(&self) -> Result<(), CategoryRefused> {
        if self.is_fixed { Err(CategoryRefused::Fixed { name: self.name.clone() }) } else { Ok(()) }
    }

    fn has_none_below(&self) -> Result<(), CategoryRefused> {
        let count = self.subcategories;
        if count > 0 { Err(CategoryRefused::HasSubcategories { name: self.name.clone(), count }) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(number: u128, parent: Option<u128>, name: &str) -> CategoryFacts {
        let id = |number| CategoryId::from(uuid::Uuid::from_u128(number));
        CategoryFacts {
            id: id(number),
            parent: parent.map(id),
            name: name.to_owned(),
            is_fixed: false,
            subcategories: 0,
        }
    }

    const HOUSEHOLD: OrganizationKind = OrganizationKind::Household;
    const COMPANY: OrganizationKind = OrganizationKind::Company;

    #[test]
    fn there_are_two_levels_and_no_more() {
        let (main, sub) = (facts(1, None, "House"), facts(2, Some(1), "Repairs"));
        assert_eq!(may_add(HOUSEHOLD, None), Ok(()));
        assert_eq!(may_add(HOUSEHOLD, Some(&main)), Ok(()));
        assert_eq!(may_add(HOUSEHOLD, Some(&sub)), Err(CategoryRefused::TwoLevels));
        let full = CategoryFacts { subcategories: 2, ..facts(3, None, "Food") };
        let says = full.may_move(HOUSEHOLD, Some(&main)).unwrap_err().in_words();
        assert_eq!(says, "Food has 2 subcategories. Move or merge them first.");
        assert_eq!(full.may_move(HOUSEHOLD, None), Ok(()));
        assert_eq!(main.may_move(HOUSEHOLD, Some(&main)), Err(CategoryRefused::Itself));
        assert_eq!(sub.may_move(HOUSEHOLD, None), Ok(()));
    }

    #[test]
    fn the_main_categories_of_a_company_stay_and_no_other_joins_them() {
        let fixed = CategoryFacts { is_fixed: true, subcategories: 3, ..facts(1, None, "OPEX") };
        let refused = Err(CategoryRefused::Fixed { name: "OPEX".to_owned() });
        assert_eq!(fixed.may_be_renamed(), refused);
        assert_eq!(fixed.may_move(COMPANY, None), refused);
        assert_eq!(fixed.may_merge(&facts(2, Some(1), "Repairs")), refused);
        assert_eq!(fixed.may_go(CategoryUse::default()), refused);
        assert_eq!(may_add(COMPANY, None), Err(CategoryRefused::MainsAreFixed));
        assert_eq!(may_add(COMPANY, Some(&fixed)), Ok(()));
        // What a company had before stays until somebody moves, merges or deletes it.
        let own = facts(3, None, "House");
        assert_eq!(own.may_move(COMPANY, None), Err(CategoryRefused::MainsAreFixed));
        assert_eq!(own.may_move(COMPANY, Some(&fixed)), Ok(()));
        assert_eq!(own.may_merge(&fixed), Ok(()));
    }

    #[test]
    fn what_is_used_stays_and_says_by_what() {
        let rent = facts(2, Some(1), "Rent");
        let says = |transactions, mappings, plans| {
            rent.may_go(CategoryUse { transactions, mappings, plans, rules: 0 }).map_err(|refused| refused.in_words())
        };
        assert_eq!(says(0, 0, 0), Ok(()));
        assert_eq!(
            says(12, 2, 0).unwrap_err(),
            "Rent is used by 12 transactions and by 2 mappings. Merge it into another one instead."
        );
        assert_eq!(says(1, 0, 0).unwrap_err(), "Rent is used by 1 transaction. Merge it into another one instead.");
        assert_eq!(says(0, 1, 0).unwrap_err(), "Rent is used by 1 mapping. Merge it into another one instead.");
        assert_eq!(says(0, 0, 1).unwrap_err(), "Rent is used by 1 plan. Merge it into another one instead.");
        let all = says(12, 2, 3).unwrap_err();
        assert_eq!(
            all,
            "Rent is used by 12 transactions, by 2 mappings and by 3 plans. Merge it into another one instead."
        );
    }
}
