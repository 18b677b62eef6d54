//! Writing rules as text.

use std::fmt::Write as _;

use super::super::{Action, AmountTest, Combine, Condition, Rule, Stage, Test, TextTest};
use super::names::{Names, written};
use super::tokens::quote;
use super::words::{How, Subject, how_words};
use crate::Code as _;

/// Rules as text, one paragraph for each, in the order in which they come.
pub fn write(rules: &[Rule], names: &Names) -> String {
    let paragraphs: Vec<String> = rules.iter().map(|rule| paragraph(rule, names)).collect();
    paragraphs.join("\n")
}

fn paragraph(rule: &Rule, names: &Names) -> String {
    let mut text = format!("rule {}", quote(&rule.name));
    // Writing to a string always works.
    if rule.stage != Stage::Normal {
        let _ = write!(text, " in stage {}", rule.stage.code());
    }
    if !rule.is_on {
        text.push_str(", off");
    }
    text.push('\n');
    if rule.says.conditions.is_empty() {
        text.push_str("if anything\n");
    }
    for (number, condition) in rule.says.conditions.iter().enumerate() {
        let joint = match (number, rule.says.combine) {
            (0, _) => "if",
            (_, Combine::All) => "and",
            (_, Combine::Any) => "or",
        };
        let _ = writeln!(text, "{joint} {}", condition_words(condition, names));
    }
    for action in &rule.says.actions {
        let _ = writeln!(text, "then {}", action_words(action, names));
    }
    text
}

/// What a condition looks at and how.
pub(super) fn subject_and_how(test: &Test) -> (Subject, How) {
    let several = |count: usize| if count == 1 { How::Is } else { How::OneOf };
    match test {
        Test::Text(of, test) => {
            let how = match test {
                TextTest::Is(texts) => several(texts.len()),
                TextTest::Contains(_) => How::Contains,
                TextTest::Starts(_) => How::Starts,
                TextTest::Ends(_) => How::Ends,
                TextTest::Matches(_) => How::Matches,
                TextTest::Empty => How::Empty,
            };
            (Subject::Text(*of), how)
        }
        Test::Amount(of, test) => {
            let how = match test {
                AmountTest::Is(_) => How::Is,
                AmountTest::Below(_) => How::Below,
                AmountTest::Above(_) => How::Above,
                AmountTest::Between(..) => How::Between,
            };
            (Subject::Amount(*of), how)
        }
        Test::Currency(currencies) => (Subject::Currency, several(currencies.len())),
        Test::Account(accounts) => (Subject::Account, several(accounts.len())),
        Test::Asset(assets) => (Subject::Asset, several(assets.len())),
        Test::Within(_) => (Subject::Asset, How::Within),
        Test::Category(categories) if categories.is_empty() => (Subject::Category, How::Empty),
        Test::Category(categories) => (Subject::Category, several(categories.len())),
        Test::Tag(tags) if tags.is_empty() => (Subject::Tag, How::Empty),
        Test::Tag(tags) => (Subject::Tag, several(tags.len())),
        Test::Transfer => (Subject::Row, How::Transfer),
    }
}

/// A condition as it stands in a text: `payee contains "rewe"`.
pub fn condition_words(condition: &Condition, names: &Names) -> String {
    let (subject, how) = subject_and_how(&condition.test);
    let values = values(&condition.test, names);
    let words = format!("{} {}", subject.words(), how_words(how, condition.is_not));
    if values.is_empty() { words } else { format!("{words} {values}") }
}

/// What a condition compares with, as it stands in a text.
pub(super) fn values(test: &Test, names: &Names) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    let texts = |texts: &[String]| list(texts.iter().map(|text| quote(text)).collect());
    match test {
        Test::Text(_, TextTest::Is(wanted)) => texts(wanted),
        Test::Text(
            _,
            TextTest::Contains(text) | TextTest::Starts(text) | TextTest::Ends(text) | TextTest::Matches(text),
        ) => quote(text),
        Test::Text(_, TextTest::Empty) | Test::Transfer => String::new(),
        Test::Amount(_, AmountTest::Is(figure) | AmountTest::Below(figure) | AmountTest::Above(figure)) => {
            figure.to_string()
        }
        Test::Amount(_, AmountTest::Between(from, to)) => format!("{from} and {to}"),
        Test::Currency(currencies) => list(currencies.iter().map(|code| quote(code.as_str())).collect()),
        Test::Account(accounts) => list(accounts.iter().map(|id| named(&names.accounts, *id)).collect()),
        Test::Asset(assets) | Test::Within(assets) => list(assets.iter().map(|id| named(&names.assets, *id)).collect()),
        Test::Category(categories) => list(categories.iter().map(|id| named(&names.categories, *id)).collect()),
        Test::Tag(tags) => texts(tags),
    }
}

fn named<I: Copy + PartialEq + std::fmt::Display>(known: &[(I, String)], id: I) -> String {
    match written(known, id) {
        (name, false) => quote(&name),
        (name, true) => format!("{} [{id}]", quote(&name)),
    }
}

/// What follows, as it stands in a text: `set category "Food ▸ Groceries"`.
pub fn action_words(action: &Action, names: &Names) -> String {
    match action {
        Action::SetPayee(payee) => format!("set payee {}", quote(payee)),
        Action::ReplaceInPayee(pattern, with) => format!("replace in payee {} with {}", quote(pattern), quote(with)),
        Action::SetCategory(category) => format!("set category {}", named(&names.categories, *category)),
        Action::SetNote(note) => format!("set note {}", quote(note)),
        Action::AppendNote(more) => format!("append to note {}", quote(more)),
        Action::ReplaceInNote(pattern, with) => format!("replace in note {} with {}", quote(pattern), quote(with)),
        Action::AddTag(tag) => format!("add tag {}", quote(tag)),
        Action::RemoveTag(tag) => format!("remove tag {}", quote(tag)),
        Action::Review => "mark as reviewed".to_owned(),
    }
}
