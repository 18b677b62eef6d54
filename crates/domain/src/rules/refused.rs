//! Why a rule is not taken as it is.

use regex::RegexBuilder;

use super::{Action, Definition, MAX_PARTS, MAX_TEXT_CHARS, Rule, Test, TextTest};

/// A pattern takes at most so many bytes once it is worked out.
const MAX_PATTERN_BYTES: usize = 1 << 18;

/// Why a rule, or what is asked of it, is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleRefused {
    /// It has no name.
    NoName,
    /// Another one has that name.
    NameTaken {
        /// The name.
        name: String,
    },
    /// Nothing follows from it.
    NoAction,
    /// It has more conditions or more actions than rules may have.
    TooManyParts,
    /// A text in it is too long, empty where one is needed, or has signs that no line has.
    BadText {
        /// As much of it as is told.
        text: String,
    },
    /// A pattern that is none.
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        why: String,
    },
    /// The organization has as many rules as one may have.
    TooMany,
    /// Its rules have as many patterns as they may have.
    TooManyPatterns,
    /// Somebody else has changed it since the person saw it.
    ChangedMeanwhile {
        /// Its name.
        name: String,
    },
    /// What all rules would do is not what the person saw any more.
    WouldDoOtherwise {
        /// How many rows they would change.
        changed: usize,
    },
    /// Something in it is not there.
    NotThere,
}

impl RuleRefused {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoName => "rule.no_name",
            Self::NameTaken { .. } => "rule.name_taken",
            Self::NoAction => "rule.no_action",
            Self::TooManyParts => "rule.too_many_parts",
            Self::BadText { .. } => "rule.bad_text",
            Self::BadPattern { .. } => "rule.bad_pattern",
            Self::TooMany => "rule.too_many",
            Self::TooManyPatterns => "rule.too_many_patterns",
            Self::ChangedMeanwhile { .. } => "rule.changed_meanwhile",
            Self::WouldDoOtherwise { .. } => "rule.would_do_otherwise",
            Self::NotThere => "rule.not_there",
        }
    }

    /// Whether it is about what others have done meanwhile, and not about what was asked for.
    pub fn is_conflict(&self) -> bool {
        matches!(
            self,
            Self::NameTaken { .. }
                | Self::ChangedMeanwhile { .. }
                | Self::WouldDoOtherwise { .. }
                | Self::TooMany
                | Self::TooManyPatterns
        )
    }

    /// The same as a sentence for people.
    pub fn in_words(&self) -> String {
        match self {
            Self::NoName => format!("Give the rule a name of at most {MAX_TEXT_CHARS} characters."),
            Self::NameTaken { name } => format!("There is a rule called {name} already."),
            Self::NoAction => "Say what follows from the rule.".to_owned(),
            Self::TooManyParts => format!("A rule has at most {MAX_PARTS} conditions and {MAX_PARTS} actions."),
            Self::BadText { text } if text.is_empty() => "A text is missing.".to_owned(),
            Self::BadText { text } => {
                format!("“{text}” is too long or is not one line. Use at most {MAX_TEXT_CHARS} characters.")
            }
            Self::BadPattern { pattern, why } => format!("“{pattern}” is no pattern: {why}."),
            Self::TooMany => format!("An organization has at most {} rules.", super::MAX_RULES),
            Self::TooManyPatterns => {
                format!("The rules of an organization have at most {} patterns between them.", super::MAX_PATTERNS)
            }
            Self::ChangedMeanwhile { name } => {
                format!("Somebody else has changed {name} since you saw it. Look at it again.")
            }
            Self::WouldDoOtherwise { changed: 0 } => "By now there is nothing left to change.".to_owned(),
            Self::WouldDoOtherwise { changed: 1 } => {
                "Since you looked, something else has come to change: 1 row by now. Look again.".to_owned()
            }
            Self::WouldDoOtherwise { changed } => {
                format!("Since you looked, something else has come to change: {changed} rows by now. Look again.")
            }
            Self::NotThere => "Something that the rule names is not there any more.".to_owned(),
        }
    }
}

/// A pattern, worked out: it knows no case, and its time grows with the text alone.
pub(super) fn pattern(pattern: &str) -> Result<regex::Regex, RuleRefused> {
    let built = RegexBuilder::new(pattern).case_insensitive(true).size_limit(MAX_PATTERN_BYTES).build();
    built.map_err(|error| {
        let why = match error {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            // The last line says what is wrong; those before draw the place.
            other => {
                let text = other.to_string();
                let last = text.lines().last().unwrap_or_default().trim();
                last.strip_prefix("error: ").unwrap_or(last).trim_end_matches('.').to_owned()
            }
        };
        RuleRefused::BadPattern { pattern: pattern.chars().take(60).collect(), why }
    })
}

fn text(text: &str, may_be_empty: bool) -> Result<(), RuleRefused> {
    let is_line = text.chars().count() <= MAX_TEXT_CHARS && !text.contains(char::is_control);
    if is_line && (may_be_empty || !text.trim().is_empty()) {
        return Ok(());
    }
    Err(RuleRefused::BadText { text: text.trim().chars().filter(|c| !c.is_control()).take(40).collect() })
}

impl Rule {
    /// Whether it may be kept as it is; that what it names is there is for those to say who know.
    pub fn check(&self) -> Result<(), RuleRefused> {
        text(&self.name, false).map_err(|_| RuleRefused::NoName)?;
        self.says.check()
    }
}

impl Definition {
    fn check(&self) -> Result<(), RuleRefused> {
        if self.actions.is_empty() {
            return Err(RuleRefused::NoAction);
        }
        if self.conditions.len() > MAX_PARTS || self.actions.len() > MAX_PARTS {
            return Err(RuleRefused::TooManyParts);
        }
        for condition in &self.conditions {
            condition.test.check()?;
        }
        self.actions.iter().try_for_each(Action::check)
    }
}

impl Test {
    pub(super) fn check(&self) -> Result<(), RuleRefused> {
        let missing = |is_missing: bool| {
            if is_missing { Err(RuleRefused::BadText { text: String::new() }) } else { Ok(()) }
        };
        match self {
            Self::Text(_, TextTest::Is(texts)) => {
                missing(texts.is_empty())?;
                texts.iter().try_for_each(|one| text(one, false))
            }
            Self::Text(_, TextTest::Contains(one) | TextTest::Starts(one) | TextTest::Ends(one)) => text(one, false),
            Self::Text(_, TextTest::Matches(one)) => {
                text(one, false)?;
                pattern(one).map(|_| ())
            }
            Self::Tag(tags) => tags.iter().try_for_each(|tag| text(tag, false)),
            Self::Currency(currencies) => missing(currencies.is_empty()),
            Self::Account(accounts) => missing(accounts.is_empty()),
            Self::Asset(assets) | Self::Within(assets) => missing(assets.is_empty()),
            Self::Text(_, TextTest::Empty) | Self::Amount(..) | Self::Category(_) | Self::Transfer => Ok(()),
        }
    }
}

impl Action {
    pub(super) fn check(&self) -> Result<(), RuleRefused> {
        match self {
            Self::SetPayee(one)
            | Self::SetNote(one)
            | Self::AppendNote(one)
            | Self::AddTag(one)
            | Self::RemoveTag(one) => text(one, false),
            Self::ReplaceInPayee(one, with) | Self::ReplaceInNote(one, with) => {
                text(one, false)?;
                text(with, true)?;
                pattern(one).map(|_| ())
            }
            Self::SetCategory(_) | Self::Review => Ok(()),
        }
    }
}
