//! Rules: what follows for a row of the books from what it says. People write them once, and every row that comes is looked at by them.
//!
//! What always holds: what a rule writes stands in the rule's layer, below a person's; a rule begins from what the bank and people
//! say, and from what the rules before it have written for the same row, so that the same rules come to the same whenever they are
//! asked; and of two rules that set one field the later one wins and both are told.

mod deciding;
mod figure;
mod matching;
mod refused;
mod text;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use self::deciding::{Conflict, Facts, Layered, Outcome, Row, Values, Write};
pub use self::figure::Figure;
pub use self::matching::{Places, Prepared};
pub use self::refused::RuleRefused;
pub use self::text::{
    ACTIONS, FormAction, FormCondition, Names, Read, TextError, action_parts, action_words, condition_parts,
    condition_words, read, read_action, read_condition, subjects, write, write_values,
};
use crate::batch::REVIEWED;
use crate::{AccountId, AssetId, CategoryId, CurrencyCode, RuleId};

/// The field of a change to the rule's layer of a field: `rule:payee_id`. Its value is absent, or the rule's id, `=` and the text.
pub const RULE_LAYER: &str = "rule:";
/// An organization has at most so many rules.
pub const MAX_RULES: usize = 500;
/// A rule has at most so many conditions, and as many actions.
pub const MAX_PARTS: usize = 40;
/// The rules of an organization have at most so many patterns between them: each is made ready whenever rules are asked.
pub const MAX_PATTERNS: usize = 250;
/// A text in a rule has at most so many characters.
pub const MAX_TEXT_CHARS: usize = 300;
/// A payee that a pattern makes has at most so many characters.
pub const MAX_PAYEE_CHARS: usize = 200;
/// A note that rules make has at most so many characters.
pub const MAX_NOTE_CHARS: usize = 1000;

/// When a rule has its turn, as budgeting tools know it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before all others: where texts are cleaned up.
    Before,
    /// In the order in which people have put them.
    #[default]
    Normal,
    /// After all others, so that it has the last word.
    Last,
}

impl Stage {
    /// All of them, in their order.
    pub const ALL: [Self; 3] = [Self::Before, Self::Normal, Self::Last];
}

/// Whether one condition is enough.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// Every condition holds.
    #[default]
    All,
    /// At least one holds.
    Any,
}

/// A rule as people know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Which one.
    pub id: RuleId,
    /// What people call it; no two of an organization fold to the same.
    pub name: String,
    /// When it has its turn.
    pub stage: Stage,
    /// Whether it is on.
    pub is_on: bool,
    /// What it says.
    pub says: Definition,
}

/// What a rule says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Whether one condition is enough.
    pub combine: Combine,
    /// When it holds for a row; without any it holds for each.
    pub conditions: Vec<Condition>,
    /// What follows, in order; never empty.
    pub actions: Vec<Action>,
}

/// Something that holds for a row or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Whether the opposite is meant.
    pub is_not: bool,
    /// What is looked at.
    pub test: Test,
}

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// A text; compared folded, but for patterns, which only know no case.
    Text(TextOf, TextTest),
    /// The amount, or its size without a sign, in the row's own currency.
    Amount(AmountOf, AmountTest),
    /// Whether its currency is one of these.
    Currency(Vec<CurrencyCode>),
    /// Whether it is in one of these accounts.
    Account(Vec<AccountId>),
    /// Whether its account belongs to one of these assets itself.
    Asset(Vec<AssetId>),
    /// Whether its account belongs to one of these assets or to one below it.
    Within(Vec<AssetId>),
    /// Whether its category is one of these; none at all where there are none. Of a row that is split nothing of the kind holds.
    Category(Vec<CategoryId>),
    /// Whether it carries one of these tags; none at all where there are none.
    Tag(Vec<String>),
    /// Whether it is one side of a transfer between own accounts.
    Transfer,
}

/// A text of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextOf {
    /// Whom it was with.
    Payee,
    /// What its first line was for.
    Note,
    /// The payee and the text as the bank sent them.
    Bank,
}

/// What a text is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TextTest {
    /// One of these.
    Is(Vec<String>),
    /// This somewhere in it.
    Contains(String),
    /// This at its start.
    Starts(String),
    /// This at its end.
    Ends(String),
    /// A pattern somewhere in it (a regular expression that knows no case).
    Matches(String),
    /// Nothing.
    Empty,
}

/// Which amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountOf {
    /// With its sign: out is negative.
    Amount,
    /// Without its sign.
    Size,
}

/// What an amount is compared with, in units of its own currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountTest {
    /// Exactly this.
    Is(Figure),
    /// Less than this.
    Below(Figure),
    /// More than this.
    Above(Figure),
    /// From the one to the other, both included.
    Between(Figure, Figure),
}

/// What follows from a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Gives it this payee.
    SetPayee(String),
    /// Replaces what fits a pattern in the payee; `$1` is what its first group found.
    ReplaceInPayee(String, String),
    /// Gives its only line this category. A row that is split keeps those of its lines.
    SetCategory(CategoryId),
    /// Gives its first line this note.
    SetNote(String),
    /// Puts this after the note.
    AppendNote(String),
    /// The same as for the payee.
    ReplaceInNote(String, String),
    /// Puts this tag on its first line.
    AddTag(String),
    /// Takes this tag from its first line.
    RemoveTag(String),
    /// Has it be reviewed, so that it waits in no inbox.
    Review,
}

/// A field that rules write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Whom it was with.
    Payee,
    /// The note of its first line.
    Note,
    /// The category of its only line.
    Category,
    /// The tags of its first line.
    Tags,
    /// Whether it is reviewed. No layers lie over each other there: who reviews a row writes when, and nobody's word lies below.
    Reviewed,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Payee, Self::Note, Self::Category, Self::Tags, Self::Reviewed];

    /// What the books call it in changes and layers.
    pub fn column(self) -> &'static str {
        match self {
            Self::Payee => "payee_id",
            Self::Note => "note",
            Self::Category => "category_id",
            Self::Tags => "tags",
            Self::Reviewed => REVIEWED,
        }
    }

    /// Whether a rule's word for it lies in a layer of its own, below a person's.
    pub fn is_layered(self) -> bool {
        self != Self::Reviewed
    }
}

impl Action {
    /// The field that it writes.
    pub fn field(&self) -> Field {
        match self {
            Self::SetPayee(_) | Self::ReplaceInPayee(..) => Field::Payee,
            Self::SetNote(_) | Self::AppendNote(_) | Self::ReplaceInNote(..) => Field::Note,
            Self::SetCategory(_) => Field::Category,
            Self::AddTag(_) | Self::RemoveTag(_) => Field::Tags,
            Self::Review => Field::Reviewed,
        }
    }

    /// Whether it says what the field is to be, whatever it was. Two rules that do so differently are in each other's way.
    pub fn is_set(&self) -> bool {
        matches!(self, Self::SetPayee(_) | Self::SetCategory(_) | Self::SetNote(_))
    }
}

impl Definition {
    /// The categories that it names, as conditions or as what follows.
    pub fn categories(&self) -> BTreeSet<CategoryId> {
        let tested = self.conditions.iter().filter_map(|condition| match &condition.test {
            Test::Category(categories) => Some(categories),
            _ => None,
        });
        let set = self.actions.iter().filter_map(|action| match action {
            Action::SetCategory(category) => Some(*category),
            _ => None,
        });
        tested.flatten().copied().chain(set).collect()
    }

    /// The accounts that it names.
    pub fn accounts(&self) -> BTreeSet<AccountId> {
        let named = self.conditions.iter().filter_map(|condition| match &condition.test {
            Test::Account(accounts) => Some(accounts),
            _ => None,
        });
        named.flatten().copied().collect()
    }

    /// The assets that it names.
    pub fn assets(&self) -> BTreeSet<AssetId> {
        let named = self.conditions.iter().filter_map(|condition| match &condition.test {
            Test::Asset(assets) | Test::Within(assets) => Some(assets),
            _ => None,
        });
        named.flatten().copied().collect()
    }

    /// How many patterns it has.
    pub fn patterns(&self) -> usize {
        let tested = self.conditions.iter().filter(|one| matches!(one.test, Test::Text(_, TextTest::Matches(_))));
        let replaced = |action: &&Action| matches!(action, Action::ReplaceInPayee(..) | Action::ReplaceInNote(..));
        tested.count() + self.actions.iter().filter(replaced).count()
    }

    /// Whether it asks what is a transfer. Transfers are found after rules have had their turn.
    pub fn asks_for_transfers(&self) -> bool {
        self.conditions.iter().any(|condition| condition.test == Test::Transfer)
    }

    /// The same with one category in the place of another.
    #[must_use]
    pub fn with_category_moved(mut self, from: CategoryId, into: CategoryId) -> Self {
        let moved = |category: &mut CategoryId| {
            if *category == from {
                *category = into;
            }
        };
        for condition in &mut self.conditions {
            if let Test::Category(categories) = &mut condition.test {
                categories.iter_mut().for_each(moved);
                // One category is named once.
                let mut seen = BTreeSet::new();
                categories.retain(|category| seen.insert(*category));
            }
        }
        for action in &mut self.actions {
            if let Action::SetCategory(category) = action {
                moved(category);
            }
        }
        self
    }
}

/// A rule's layer as a change records it: which rule, and the value.
pub fn rule_layer_value(rule: RuleId, value: Option<&str>) -> String {
    format!("{rule}={}", value.unwrap_or_default())
}

/// The rule and the value of a rule's layer; `None` where the text is none.
pub fn rule_layer_of(text: &str) -> Option<(RuleId, Option<&str>)> {
    let (rule, value) = text.split_once('=')?;
    Some((rule.parse().ok()?, Some(value).filter(|value| !value.is_empty())))
}

#[cfg(test)]
mod tests;
