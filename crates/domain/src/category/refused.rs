//! What may not be done to categories, and why.

use super::CategoryUse;

/// Why the categories stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CategoryRefused {
    /// It is one of a company's seven main ones.
    Fixed {
        /// Its name.
        name: String,
    },
    /// A company has its seven main ones and no other.
    MainsAreFixed,
    /// It would stand below one that stands below another.
    TwoLevels,
    /// It would stand below itself, or become one with itself.
    Itself,
    /// Others stand below it.
    HasSubcategories {
        /// Its name.
        name: String,
        /// How many.
        count: i64,
    },
    /// Another one at the same place has that name.
    NameTaken {
        /// The name.
        name: String,
    },
    /// Something uses it.
    Used {
        /// Its name.
        name: String,
        /// What does.
        used: CategoryUse,
    },
    /// Some of its transactions are in a period that is locked.
    Locked {
        /// Its name.
        name: String,
        /// How many.
        transactions: i64,
    },
    /// It is not any more what the person saw.
    ChangedMeanwhile {
        /// Its name.
        name: String,
    },
    /// It is about another number of transactions than the person agreed to.
    OtherCount {
        /// How many there are.
        transactions: i64,
    },
}

impl CategoryRefused {
    /// The stable code of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fixed { .. } => "category.fixed",
            Self::MainsAreFixed => "category.mains_are_fixed",
            Self::TwoLevels => "category.two_levels",
            Self::Itself => "category.itself",
            Self::HasSubcategories { .. } => "category.has_subcategories",
            Self::NameTaken { .. } => "category.name_taken",
            Self::Used { .. } => "category.used",
            Self::Locked { .. } => "category.locked",
            Self::ChangedMeanwhile { .. } => "category.changed_meanwhile",
            Self::OtherCount { .. } => "category.other_count",
        }
    }

    /// The reason as a sentence.
    pub fn in_words(&self) -> String {
        match self {
            Self::Fixed { name } => format!("{name} is one of the seven main categories of a company, which stay."),
            Self::MainsAreFixed => {
                "A company has seven main categories and no other. Choose the one that this stands below.".to_owned()
            }
            Self::TwoLevels => "Categories have two levels: choose a main category.".to_owned(),
            Self::Itself => "That is the same category. Choose another one.".to_owned(),
            Self::HasSubcategories { name, count } => {
                format!("{name} has {}. Move or merge them first.", counted(*count, "subcategory", "subcategories"))
            }
            Self::NameTaken { name } => format!("{name} is there already, at the same place."),
            Self::Used { name, used } => {
                let by = [
                    (used.transactions, "transaction", "transactions"),
                    (used.mappings, "mapping", "mappings"),
                    (used.plans, "plan", "plans"),
                    (used.rules, "rule", "rules"),
                ];
                let by = by.iter().filter(|(count, ..)| *count > 0);
                let by: Vec<String> =
                    by.map(|(count, one, many)| format!("by {}", counted(*count, one, many))).collect();
                let by = match by.as_slice() {
                    [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
                    _ => by.concat(),
                };
                format!("{name} is used {by}. Merge it into another one instead.")
            }
            Self::Locked { name, transactions } => {
                let are = if *transactions == 1 { "is" } else { "are" };
                format!(
                    "{} of {name} {are} in a period that is locked. Take the lock off first.",
                    counted(*transactions, "transaction", "transactions")
                )
            }
            Self::ChangedMeanwhile { name } => format!("Somebody else has changed {name} since you saw it."),
            Self::OtherCount { transactions } => {
                let are = if *transactions == 1 { "is" } else { "are" };
                format!("There {are} {} by now. Look again.", counted(*transactions, "transaction", "transactions"))
            }
        }
    }
}

fn counted(count: i64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
