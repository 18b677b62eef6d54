//! Reading rules from text.

use super::super::{
    Action, AmountTest, Combine, Condition, Definition, Figure, Rule, RuleRefused, Stage, Test, TextOf, TextTest,
};
use super::TextError;
use super::names::Names;
use super::tokens::{Line, quote};
use super::words::{HOWS, How, SUBJECTS, Subject};
use crate::text::fold;
use crate::{Code as _, CurrencyCode};

/// A rule that was read; which of those that there are it is, its name says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Its name.
    pub name: String,
    /// When it has its turn.
    pub stage: Stage,
    /// Whether it is on.
    pub is_on: bool,
    /// What it says.
    pub says: Definition,
}

/// A condition as a form has it: three texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormCondition<'a> {
    /// What is looked at, such as `payee`.
    pub subject: &'a str,
    /// How, such as `does not contain`.
    pub how: &'a str,
    /// With what it is compared; several between semicolons.
    pub value: &'a str,
}

/// Reads a text of rules, or says what is wrong with it, at most ten times.
pub fn read(text: &str, names: &Names) -> Result<Vec<Read>, Vec<TextError>> {
    const MOST: usize = 10;
    let mut rules: Vec<Read> = Vec::new();
    let mut wrong = Vec::new();
    let mut paragraph: Vec<(usize, &str)> = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line));
    for (number, line) in lines.chain(std::iter::once((0, ""))) {
        if line.trim_start().starts_with('#') {
            continue;
        }
        if !line.trim().is_empty() {
            paragraph.push((number, line));
            continue;
        }
        let Some((first, _)) = paragraph.first().copied() else { continue };
        match read_rule(&paragraph, names) {
            Ok(rule) if rules.iter().any(|other| fold(&other.name) == fold(&rule.name)) => {
                let says = format!("There are two rules called “{}” in this text.", rule.name);
                wrong.push(TextError { line: first, column: 6, says });
            }
            Ok(rule) => rules.push(rule),
            Err(error) => wrong.push(error),
        }
        paragraph.clear();
        if wrong.len() == MOST {
            break;
        }
    }
    if wrong.is_empty() { Ok(rules) } else { Err(wrong) }
}

fn read_rule(paragraph: &[(usize, &str)], names: &Names) -> Result<Read, TextError> {
    let mut lines = paragraph.iter();
    let Some((first, head)) = lines.next() else {
        return Err(TextError { line: 1, column: 1, says: "A rule was expected here.".to_owned() });
    };
    let mut line = Line::of(*first, head)?;
    if !line.takes("rule") {
        return Err(line.wrong("A rule begins with the word rule and its name in quotes."));
    }
    let mut rule = Read {
        name: line.quoted("The name of the rule")?,
        stage: Stage::Normal,
        is_on: true,
        says: Definition::default(),
    };
    if line.takes("in stage") {
        let word = line.word("before, normal or last")?;
        rule.stage =
            Stage::from_code(&word).map_err(|_| line.wrong_before("The stage of a rule is before, normal or last."))?;
    }
    line.takes_comma();
    rule.is_on = !line.takes("off");
    line.over()?;
    let mut last = *first;
    let mut is_anything = false;
    for (number, text) in lines {
        last = *number;
        let mut line = Line::of(*number, text)?;
        let is_first = rule.says.conditions.is_empty() && !is_anything;
        if line.takes("then") {
            if is_first {
                return Err(line.wrong_before("Before what follows stands when: if …, or if anything."));
            }
            rule.says.actions.push(read_line_action(&mut line, names)?);
        } else if !rule.says.actions.is_empty() {
            return Err(line.wrong("After what follows come only further lines that begin with then."));
        } else if is_first && line.takes("if anything") {
            is_anything = true;
        } else if is_anything {
            return Err(line.wrong("After if anything comes what follows: then …"));
        } else {
            let combine = if is_first {
                line.takes("if").then_some(Combine::All)
            } else if line.takes("and") {
                Some(Combine::All)
            } else {
                line.takes("or").then_some(Combine::Any)
            };
            let word = if is_first { "if" } else { "and, or, or then" };
            let combine = combine.ok_or_else(|| line.wrong(format!("This line begins with {word}.")))?;
            match rule.says.conditions.len() {
                0 | 1 => rule.says.combine = combine,
                _ if rule.says.combine == combine => {}
                _ => {
                    return Err(
                        line.wrong_before("A rule joins its conditions with and, or with or, but not with both.")
                    );
                }
            }
            rule.says.conditions.push(read_line_condition(&mut line, names)?);
        }
        line.over()?;
    }
    let whole =
        Rule { id: uuid::Uuid::nil().into(), name: rule.name, stage: rule.stage, is_on: rule.is_on, says: rule.says };
    // What is wrong with a line is told there; what is left is about the name or about the whole.
    whole.check().map_err(|refused| {
        let (line, column) = if refused == RuleRefused::NoName { (*first, 6) } else { (last, 1) };
        TextError { line, column, says: refused.in_words() }
    })?;
    Ok(Read { name: whole.name, stage: whole.stage, is_on: whole.is_on, says: whole.says })
}

fn read_line_condition(line: &mut Line, names: &Names) -> Result<Condition, TextError> {
    let subject = SUBJECTS.iter().find(|(words, _)| line.takes(words)).map(|(_, subject)| *subject);
    let subject = subject.ok_or_else(|| {
        let known: Vec<&str> = SUBJECTS.iter().map(|(words, _)| *words).collect();
        line.wrong(format!("A condition looks at one of these: {}.", known.join(", ")))
    })?;
    let how = HOWS.iter().filter(|(_, _, how)| subject.takes(*how)).find(|(words, ..)| line.takes(words));
    let (_, is_not, how) = *how.ok_or_else(|| line.wrong(no_such_way(subject)))?;
    let test = read_test(line, subject, how, names)?;
    test.check().map_err(|refused| line.wrong_before(refused.in_words()))?;
    Ok(Condition { is_not, test })
}

fn no_such_way(subject: Subject) -> String {
    let ways = HOWS.iter().filter(|(_, _, how)| subject.takes(*how)).map(|(words, ..)| *words);
    format!("After {} comes one of these: {}.", subject.words(), ways.collect::<Vec<_>>().join(", "))
}

fn read_test(line: &mut Line, subject: Subject, how: How, names: &Names) -> Result<Test, TextError> {
    let is_list = how == How::OneOf;
    Ok(match subject {
        Subject::Text(of) => Test::Text(
            of,
            match how {
                How::OneOf | How::Is => TextTest::Is(list(line, is_list, |line| line.quoted("A text"))?),
                How::Contains => TextTest::Contains(line.quoted("A text")?),
                How::Starts => TextTest::Starts(line.quoted("A text")?),
                How::Ends => TextTest::Ends(line.quoted("A text")?),
                How::Matches => TextTest::Matches(line.quoted("A pattern")?),
                _ => TextTest::Empty,
            },
        ),
        Subject::Amount(of) => Test::Amount(
            of,
            match how {
                How::Below => AmountTest::Below(figure(line)?),
                How::Above => AmountTest::Above(figure(line)?),
                How::Between => {
                    let from = figure(line)?;
                    if !line.takes("and") {
                        return Err(line.wrong("The word and and a second amount were expected here."));
                    }
                    AmountTest::Between(from, figure(line)?)
                }
                _ => AmountTest::Is(figure(line)?),
            },
        ),
        Subject::Currency => Test::Currency(list(line, is_list, |line| {
            let code = line.quoted("A currency")?;
            code.parse::<CurrencyCode>().map_err(|error| line.wrong_before(format!("{error}.")))
        })?),
        Subject::Account => {
            Test::Account(list(line, is_list, |line| refer(line, "An account", |name, id| names.account(name, id)))?)
        }
        Subject::Asset => {
            let assets = list(line, is_list || how == How::Within, |line| {
                refer(line, "An asset", |name, id| names.asset(name, id))
            })?;
            if how == How::Within { Test::Within(assets) } else { Test::Asset(assets) }
        }
        Subject::Category if how == How::Empty => Test::Category(Vec::new()),
        Subject::Category => {
            Test::Category(list(line, is_list, |line| refer(line, "A category", |name, id| names.category(name, id)))?)
        }
        Subject::Tag if how == How::Empty => Test::Tag(Vec::new()),
        Subject::Tag => Test::Tag(list(line, is_list, |line| line.quoted("A tag"))?),
        Subject::Row => Test::Transfer,
    })
}

fn figure(line: &mut Line) -> Result<Figure, TextError> {
    let word = line.word("An amount")?;
    word.parse().map_err(|says: String| line.wrong_before(format!("{says}.")))
}

fn list<T>(
    line: &mut Line,
    is_list: bool,
    mut one: impl FnMut(&mut Line) -> Result<T, TextError>,
) -> Result<Vec<T>, TextError> {
    let mut all = vec![one(line)?];
    while is_list && line.takes_comma() {
        all.push(one(line)?);
    }
    Ok(all)
}

fn refer<I: std::str::FromStr>(
    line: &mut Line,
    what: &str,
    find: impl Fn(&str, Option<I>) -> Result<I, String>,
) -> Result<I, TextError> {
    let name = line.quoted(what)?;
    let wrong = line.wrong_before("");
    let id = match line.id() {
        Some(id) => Some(id.parse::<I>().map_err(|_| line.wrong_before("This is no id."))?),
        None => None,
    };
    find(&name, id).map_err(|says| TextError { says, ..wrong })
}

fn read_line_action(line: &mut Line, names: &Names) -> Result<Action, TextError> {
    let action = read_parts_of_action(line, names)?;
    action.check().map_err(|refused| line.wrong_before(refused.in_words()))?;
    Ok(action)
}

fn read_parts_of_action(line: &mut Line, names: &Names) -> Result<Action, TextError> {
    if line.takes("set payee") {
        return Ok(Action::SetPayee(line.quoted("A payee")?));
    }
    if line.takes("set category") {
        return refer(line, "A category", |name, id| names.category(name, id)).map(Action::SetCategory);
    }
    if line.takes("set note") {
        return Ok(Action::SetNote(line.quoted("A note")?));
    }
    if line.takes("append to note") {
        return Ok(Action::AppendNote(line.quoted("A note")?));
    }
    if line.takes("add tag") {
        return Ok(Action::AddTag(line.quoted("A tag")?));
    }
    if line.takes("remove tag") {
        return Ok(Action::RemoveTag(line.quoted("A tag")?));
    }
    if line.takes("mark as reviewed") {
        return Ok(Action::Review);
    }
    let is_payee = line.takes("replace in payee");
    if !is_payee && !line.takes("replace in note") {
        return Err(line.wrong(
            "What follows is one of these: set payee, set category, set note, append to note, replace in payee, replace in note, \
             add tag, remove tag, mark as reviewed.",
        ));
    }
    let pattern = line.quoted("A pattern")?;
    // Before anything else is read, so that it is told where it stands.
    let test = Test::Text(TextOf::Payee, TextTest::Matches(pattern.clone()));
    test.check().map_err(|refused| line.wrong_before(refused.in_words()))?;
    if !line.takes("with") {
        return Err(line.wrong("The word with was expected here."));
    }
    let with = line.quoted("What comes in its place")?;
    Ok(if is_payee { Action::ReplaceInPayee(pattern, with) } else { Action::ReplaceInNote(pattern, with) })
}

/// What follows as a form has it: three texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormAction<'a> {
    /// What is done, such as `set payee`.
    pub kind: &'a str,
    /// With what; a pattern where something is replaced.
    pub value: &'a str,
    /// What comes in the place of what a pattern finds.
    pub with: &'a str,
}

/// Reads what follows from a form, or says what is wrong with it.
pub fn read_action(form: FormAction<'_>, names: &Names) -> Result<Action, String> {
    if !super::ACTIONS.contains(&form.kind) {
        return Err("Choose what to do.".to_owned());
    }
    let value = form.value.trim();
    let text = match form.kind {
        "replace in payee" | "replace in note" => {
            format!("{} {} with {}", form.kind, quote(value), quote(form.with.trim()))
        }
        // There is nothing to say beside it, whatever is left in the field from another choice.
        "mark as reviewed" => form.kind.to_owned(),
        kind => format!("{kind} {}", quote(value)),
    };
    let mut line = Line::of(1, &text).map_err(|error| error.says)?;
    read_line_action(&mut line, names).map_err(|error| error.says)
}

/// Reads a condition of a form, or says what is wrong with it.
pub fn read_condition(form: FormCondition<'_>, names: &Names) -> Result<Condition, String> {
    let subject = SUBJECTS.iter().find(|(words, _)| *words == form.subject).map(|(_, subject)| *subject);
    let subject = subject.ok_or_else(|| "Choose what to look at.".to_owned())?;
    let how = HOWS.iter().find(|(words, ..)| *words == form.how);
    let (_, is_not, how) = *how.filter(|(_, _, how)| subject.takes(*how)).ok_or_else(|| no_such_way(subject))?;
    let text = super::values::as_written(form.value, subject, how);
    let mut line = Line::of(1, &text).map_err(|error| error.says)?;
    let test = read_test(&mut line, subject, how, names).map_err(|error| error.says)?;
    line.over().map_err(|error| error.says)?;
    test.check().map_err(|refused| refused.in_words())?;
    Ok(Condition { is_not, test })
}
