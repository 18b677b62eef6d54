//! With which categories an organization begins.

use crate::OrganizationKind;

/// A main category with those below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsualCategory {
    /// Its name.
    pub name: &'static str,
    /// The names of those below it.
    pub subcategories: &'static [&'static str],
}

const fn main(name: &'static str, subcategories: &'static [&'static str]) -> UsualCategory {
    UsualCategory { name, subcategories }
}

/// The main categories of every company: they are there, keep their names, and have no others beside them. Actual figures and
/// forecasts are compared by them. Those below them are a beginning.
pub const MAIN_OF_COMPANIES: [UsualCategory; 7] = [
    main("Income", &["Sales", "Feed-in and tariffs", "Rent received", "Insurance payments", "Other income"]),
    main(
        "OPEX",
        &[
            "Operation and maintenance",
            "Repairs",
            "Rent and leases",
            "Insurance",
            "Electricity and utilities",
            "Staff",
            "Accounting and legal",
            "Management",
            "Bank charges",
        ],
    ),
    main("CAPEX", &["Equipment", "Construction", "Development", "Land"]),
    main("Financing", &["Loans received", "Loan repayment", "Interest", "Equity", "Distributions"]),
    main("Depreciation and amortization", &[]),
    main("Taxes", &["Income taxes", "Property taxes", "VAT", "Trade tax"]),
    main("Other costs", &["Fees and duties", "Donations"]),
];

/// What a household begins with, and changes as it likes.
const OF_HOUSEHOLDS: [UsualCategory; 11] = [
    main("Income", &["Salary", "Benefits and pensions", "Interest and dividends", "Refunds", "Other income"]),
    main("Home", &["Rent or mortgage", "Energy and water", "Repairs", "Furniture", "Internet and phone"]),
    main("Food", &["Supermarket", "Eating out"]),
    main("Transport", &["Fuel", "Public transport", "Car", "Parking"]),
    main("Health", &["Doctors", "Pharmacy", "Sports"]),
    main("Family", &["Childcare", "School", "Pets", "Presents"]),
    main("Leisure", &["Holidays", "Culture", "Subscriptions", "Hobbies"]),
    main("Shopping", &["Clothes", "Electronics", "Household goods"]),
    main("Insurance and taxes", &["Insurance", "Taxes", "Bank charges"]),
    main("Saving and loans", &["Savings", "Investments", "Loans"]),
    main("Other", &["Cash", "Donations"]),
];

/// With which categories an organization of this kind begins.
pub fn usual(kind: OrganizationKind) -> &'static [UsualCategory] {
    match kind {
        OrganizationKind::Household => &OF_HOUSEHOLDS,
        OrganizationKind::Company => &MAIN_OF_COMPANIES,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::text::fold;

    #[test]
    fn no_name_is_twice_at_one_place() {
        for kind in [OrganizationKind::Household, OrganizationKind::Company] {
            let mains: BTreeSet<String> = usual(kind).iter().map(|main| fold(main.name)).collect();
            assert_eq!(mains.len(), usual(kind).len());
            for main in usual(kind) {
                let below: BTreeSet<String> = main.subcategories.iter().map(|name| fold(name)).collect();
                assert_eq!(below.len(), main.subcategories.len(), "{}", main.name);
            }
        }
    }
}
