//! What a condition compares with and what follows, as the fields of a form have it: without quotes where there is no need of them.

use super::super::{Action, Condition, Test, TextTest};
use super::names::Names;
use super::tokens::quote;
use super::words::{How, Subject, how_words};
use super::writing::values;

/// Whether the value is taken as it stands, whatever is in it.
fn is_plain(how: How) -> bool {
    matches!(how, How::Contains | How::Starts | How::Ends | How::Matches)
}

/// The value of a condition as a field shows it.
pub fn write_values(condition: &Condition, names: &Names) -> String {
    if let Test::Text(
        _,
        TextTest::Contains(text) | TextTest::Starts(text) | TextTest::Ends(text) | TextTest::Matches(text),
    ) = &condition.test
    {
        return text.clone();
    }
    let texts: Vec<&str> = match &condition.test {
        Test::Text(_, TextTest::Is(texts)) | Test::Tag(texts) => texts.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let written = values(&condition.test, names);
    let needs_quotes = written.contains("\"\"") || written.contains(';') || written.contains('[');
    if needs_quotes {
        return written;
    }
    if !texts.is_empty() {
        return texts.join("; ");
    }
    written.replace("\", \"", "; ").replace('"', "")
}

/// The value of a field as it would stand in a text.
pub(super) fn as_written(value: &str, subject: Subject, how: How) -> String {
    let value = value.trim();
    if matches!(how, How::Empty | How::Transfer) {
        return String::new();
    }
    if is_plain(how) {
        return quote(value);
    }
    if matches!(subject, Subject::Amount(_)) || value.starts_with('"') {
        return value.to_owned();
    }
    let is_list = matches!(how, How::OneOf | How::Within);
    if !is_list {
        return quote(value);
    }
    let parts = value.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts.map(quote).collect::<Vec<_>>().join(", ")
}

/// An action as the fields of a form have it: its words, its text, and what comes in the place of a pattern.
pub fn action_parts(action: &Action, names: &Names) -> (&'static str, String, String) {
    let category =
        |id| names.categories.iter().find(|(other, _)| *other == id).map_or(String::new(), |(_, name)| name.clone());
    let (kind, text, with) = match action {
        Action::SetPayee(text) => ("set payee", text.clone(), ""),
        Action::ReplaceInPayee(pattern, with) => ("replace in payee", pattern.clone(), with.as_str()),
        Action::SetCategory(id) => ("set category", category(*id), ""),
        Action::SetNote(text) => ("set note", text.clone(), ""),
        Action::AppendNote(text) => ("append to note", text.clone(), ""),
        Action::ReplaceInNote(pattern, with) => ("replace in note", pattern.clone(), with.as_str()),
        Action::AddTag(text) => ("add tag", text.clone(), ""),
        Action::RemoveTag(text) => ("remove tag", text.clone(), ""),
        Action::Review => ("mark as reviewed", String::new(), ""),
    };
    (kind, text, with.to_owned())
}

/// A condition as the fields of a form have it: what it looks at, how, and with what it compares.
pub fn condition_parts(condition: &Condition, names: &Names) -> (&'static str, &'static str, String) {
    let (subject, how) = super::writing::subject_and_how(&condition.test);
    (subject.words(), how_words(how, condition.is_not), write_values(condition, names))
}
