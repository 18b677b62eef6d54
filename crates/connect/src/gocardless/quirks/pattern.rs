//! The patterns of the table, compiled once.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::{AmountRule, Condition, Day, Rule, Source, table};

/// Every pattern of the table. One that could not be compiled is not here, and a test says so.
static COMPILED: LazyLock<HashMap<&'static str, Regex>> =
    LazyLock::new(|| all().into_iter().filter_map(|text| Some((text, Regex::new(text).ok()?))).collect());

pub(super) fn compiled(pattern: &str) -> Option<&'static Regex> {
    COMPILED.get(pattern)
}

/// Whether a text matches.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    compiled(pattern).is_some_and(|pattern| pattern.is_match(text))
}

/// The first group of a match, or all of it where the pattern has no group.
pub(super) fn capture<'t>(pattern: &str, text: &'t str) -> Option<&'t str> {
    let found = compiled(pattern)?.captures(text)?;
    found.get(1).or_else(|| found.get(0)).map(|part| part.as_str())
}

/// The patterns of the table as they are written.
pub(super) fn all() -> Vec<&'static str> {
    let mut patterns = Vec::new();
    for (_, rules) in table::TABLE {
        of_rules(rules, &mut patterns);
    }
    patterns
}

fn of_rules(rules: &'static [Rule], patterns: &mut Vec<&'static str>) {
    for rule in rules {
        match rule {
            Rule::Date(days) => days.iter().for_each(|day| {
                if let Day::In(source, _) = day {
                    patterns.extend(of_source(*source));
                }
            }),
            Rule::Fill(_, _, sources) | Rule::Payee(_, _, sources) => {
                patterns.extend(sources.iter().filter_map(|source| of_source(*source)));
            }
            Rule::Rewrite(_, steps) => patterns.extend(steps.iter().map(|(pattern, _)| *pattern)),
            Rule::Amount(AmountRule::From(source, _)) => patterns.extend(of_source(*source)),
            Rule::When(condition, then) => {
                of_condition(condition, patterns);
                of_rules(then, patterns);
            }
            Rule::First(cases) => {
                for (condition, then) in *cases {
                    of_condition(condition, patterns);
                    of_rules(then, patterns);
                }
            }
            Rule::NoLaterThanToday
            | Rule::NoBankId
            | Rule::Amount(AmountRule::Negate)
            | Rule::Drop
            | Rule::Balance(_)
            | Rule::Owed
            | Rule::FirstBalance
            | Rule::RunningBalance
            | Rule::Sort(_)
            | Rule::MaskedCard { .. }
            | Rule::Named(_) => {}
        }
    }
}

fn of_source(source: Source) -> Option<&'static str> {
    match source {
        Source::LineLike(pattern)
        | Source::LinesLike(pattern)
        | Source::LineUnlike(pattern)
        | Source::LinesUnlike(pattern)
        | Source::Match(_, pattern) => Some(pattern),
        Source::Text(_)
        | Source::Lines(_)
        | Source::StructuredLines(_)
        | Source::Line(_)
        | Source::LinesFrom(_)
        | Source::Part(_)
        | Source::Fixed(_) => None,
    }
}

fn of_condition(condition: &'static Condition, patterns: &mut Vec<&'static str>) {
    match condition {
        Condition::Matches(_, pattern) | Condition::Line(pattern) => patterns.push(pattern),
        Condition::All(all) | Condition::Any(all) => all.iter().for_each(|one| of_condition(one, patterns)),
        Condition::Not(one) => of_condition(one, patterns),
        Condition::Always
        | Condition::Booked
        | Condition::Pending
        | Condition::In
        | Condition::Out
        | Condition::Undated
        | Condition::Missing(_)
        | Condition::LineCount(_) => {}
    }
}
