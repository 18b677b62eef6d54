//! Rules as text: one paragraph for each, to be read by people, kept elsewhere, and brought back exactly.
//!
//! ```text
//! rule "Groceries" in stage last, off
//! if payee is one of "Rewe", "Edeka"
//! and amount is below 0
//! and account is not "Savings"
//! then set category "Food ▸ Groceries"
//! then add tag "home"
//! ```
//!
//! Conditions that begin with `or` instead of `and` need only one of them to hold; `if anything` holds for every row. A text stands in
//! quotes, and a quote within it twice. What rules refer to is told by its name, with its id behind it (`"Joint" [0193…]`) where the
//! name alone leads nowhere or to several.

mod names;
mod reading;
mod tokens;
mod values;
mod writing;

pub use self::names::Names;
pub use self::reading::{FormAction, FormCondition, Read, read, read_action, read_condition};
pub use self::values::{action_parts, condition_parts, write_values};
pub use self::writing::{action_words, condition_words, write};

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError {
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
    /// What is wrong, as a sentence.
    pub says: String,
}

/// What conditions look at, in the words of a text.
pub fn subjects() -> Vec<&'static str> {
    words::SUBJECTS.iter().map(|(words, _)| *words).collect()
}

/// What follows from rules, in the words of a text.
pub const ACTIONS: [&str; 9] = [
    "set category",
    "set payee",
    "replace in payee",
    "set note",
    "append to note",
    "replace in note",
    "add tag",
    "remove tag",
    "mark as reviewed",
];

/// What a condition looks at, in words, and how it looks. Each pair is written and read by the same table.
pub(crate) mod words {
    use super::super::{AmountOf, TextOf};

    /// What a condition looks at.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum Subject {
        Text(TextOf),
        Amount(AmountOf),
        Currency,
        Account,
        Asset,
        Category,
        Tag,
        Row,
    }

    /// How it looks.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum How {
        Is,
        OneOf,
        Contains,
        Starts,
        Ends,
        Matches,
        Empty,
        Below,
        Above,
        Between,
        Within,
        Transfer,
    }

    pub(crate) const SUBJECTS: [(&str, Subject); 11] = [
        ("payee", Subject::Text(TextOf::Payee)),
        ("note", Subject::Text(TextOf::Note)),
        ("bank text", Subject::Text(TextOf::Bank)),
        ("amount", Subject::Amount(AmountOf::Amount)),
        ("size", Subject::Amount(AmountOf::Size)),
        ("currency", Subject::Currency),
        ("account", Subject::Account),
        ("asset", Subject::Asset),
        ("category", Subject::Category),
        ("tag", Subject::Tag),
        ("row", Subject::Row),
    ];

    /// The words, whether they say the opposite, and what they say. Of two that begin alike the longer stands first.
    pub(crate) const HOWS: [(&str, bool, How); 24] = [
        ("is not a transfer", true, How::Transfer),
        ("is a transfer", false, How::Transfer),
        ("is not empty", true, How::Empty),
        ("is empty", false, How::Empty),
        ("is not within", true, How::Within),
        ("is within", false, How::Within),
        ("is not below", true, How::Below),
        ("is below", false, How::Below),
        ("is not above", true, How::Above),
        ("is above", false, How::Above),
        ("is not between", true, How::Between),
        ("is between", false, How::Between),
        ("is none of", true, How::OneOf),
        ("is one of", false, How::OneOf),
        ("is not", true, How::Is),
        ("is", false, How::Is),
        ("does not contain", true, How::Contains),
        ("contains", false, How::Contains),
        ("does not start with", true, How::Starts),
        ("starts with", false, How::Starts),
        ("does not end with", true, How::Ends),
        ("ends with", false, How::Ends),
        ("does not match", true, How::Matches),
        ("matches", false, How::Matches),
    ];

    impl Subject {
        pub(crate) fn words(self) -> &'static str {
            SUBJECTS.iter().find(|(_, subject)| *subject == self).map_or("", |(words, _)| words)
        }

        /// Whether it can be looked at that way.
        pub(crate) fn takes(self, how: How) -> bool {
            match self {
                Self::Text(_) => matches!(
                    how,
                    How::Is | How::OneOf | How::Contains | How::Starts | How::Ends | How::Matches | How::Empty
                ),
                Self::Amount(_) => matches!(how, How::Is | How::Below | How::Above | How::Between),
                Self::Currency | Self::Account => matches!(how, How::Is | How::OneOf),
                Self::Asset => matches!(how, How::Is | How::OneOf | How::Within),
                Self::Category | Self::Tag => matches!(how, How::Is | How::OneOf | How::Empty),
                Self::Row => how == How::Transfer,
            }
        }
    }

    pub(crate) fn how_words(how: How, is_not: bool) -> &'static str {
        HOWS.iter().find(|(_, not, other)| *other == how && *not == is_not).map_or("", |(words, ..)| words)
    }
}
