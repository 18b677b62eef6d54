//! Whether a rule holds for a row. Rules are made ready once and then asked about many rows.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use rust_decimal::Decimal;

use super::deciding::{Facts, Values};
use super::refused::pattern;
use super::{Action, AmountOf, AmountTest, Combine, Condition, Field, Rule, RuleRefused, Test, TextOf, TextTest};
use crate::text::fold;
use crate::{AccountId, AssetId, RuleId};

/// Where accounts hang: of each account its asset and those above it, the nearest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places(pub BTreeMap<AccountId, Vec<AssetId>>);

impl Places {
    fn of(&self, account: AccountId) -> &[AssetId] {
        self.0.get(&account).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Rules in the order in which they have their turn, ready to be asked.
#[derive(Debug)]
pub struct Prepared {
    pub(super) rules: Vec<Ready>,
    /// Which they are.
    pub(super) ids: BTreeSet<RuleId>,
    places: Places,
}

/// A rule, ready to be asked.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) rule: Rule,
    /// Of each condition the texts that it compares with, folded.
    folded: Vec<Vec<String>>,
    /// Of each condition its pattern, where it has one.
    patterns: Vec<Option<Regex>>,
    /// Of each action its pattern, where it has one.
    pub(super) replaces: Vec<Option<Regex>>,
}

/// The texts of a row that rules change, folded.
pub(super) struct Folded {
    payee: Option<String>,
    note: Option<String>,
}

impl Folded {
    pub(super) fn of(values: &Values) -> Self {
        Self { payee: values.payee.as_deref().map(fold), note: values.note.as_deref().map(fold) }
    }

    /// Follows a field that has changed.
    pub(super) fn fold_again(&mut self, values: &Values, field: Field) {
        match field {
            Field::Payee => self.payee = values.payee.as_deref().map(fold),
            Field::Note => self.note = values.note.as_deref().map(fold),
            Field::Category | Field::Tags | Field::Reviewed => {}
        }
    }
}

/// The texts of a row as conditions see them at one moment.
struct Texts<'a> {
    facts: &'a Facts,
    folded: &'a Folded,
}

impl Prepared {
    /// Makes those rules ready that are on. They are asked by stage, and within a stage in the order in which they come.
    pub fn new(rules: impl IntoIterator<Item = Rule>, places: Places) -> Result<Self, RuleRefused> {
        let mut rules: Vec<Rule> = rules.into_iter().filter(|rule| rule.is_on).collect();
        rules.sort_by_key(|rule| rule.stage);
        let ids = rules.iter().map(|rule| rule.id).collect();
        let rules = rules.into_iter().map(Ready::new).collect::<Result<_, _>>()?;
        Ok(Self { rules, ids, places })
    }

    /// Whether there is no rule at all.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Whether any of them asks what is a transfer.
    pub fn asks_for_transfers(&self) -> bool {
        self.rules.iter().any(|ready| ready.rule.says.asks_for_transfers())
    }

    /// The rules in the order in which they have their turn.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter().map(|ready| &ready.rule)
    }

    pub(super) fn holds(&self, ready: &Ready, facts: &Facts, values: &Values, folded: &Folded) -> bool {
        let texts = Texts { facts, folded };
        let conditions = &ready.rule.says.conditions;
        let mut each = conditions.iter().enumerate().map(|(number, condition)| {
            let (folded, pattern) = (&ready.folded[number], ready.patterns[number].as_ref());
            self.condition_holds(condition, (folded, pattern), &texts, values)
        });
        match ready.rule.says.combine {
            Combine::All => each.all(|holds| holds),
            Combine::Any => conditions.is_empty() || each.any(|holds| holds),
        }
    }

    fn condition_holds(
        &self,
        condition: &Condition,
        (folded, pattern): (&[String], Option<&Regex>),
        texts: &Texts<'_>,
        values: &Values,
    ) -> bool {
        let facts = texts.facts;
        let holds = match &condition.test {
            Test::Text(of, test) => texts.holds(*of, test, folded, pattern, values),
            Test::Amount(of, test) => amount_holds(facts, *of, test),
            Test::Currency(currencies) => currencies.contains(&facts.amount.currency.code),
            Test::Account(accounts) => accounts.contains(&facts.account),
            Test::Asset(assets) => self.places.of(facts.account).first().is_some_and(|asset| assets.contains(asset)),
            Test::Within(assets) => self.places.of(facts.account).iter().any(|asset| assets.contains(asset)),
            // A row that is split has no category that could be one of these or none: its lines have.
            Test::Category(_) if facts.is_split => return false,
            Test::Category(categories) if categories.is_empty() => values.category.is_none(),
            Test::Category(categories) => values.category.is_some_and(|category| categories.contains(&category)),
            Test::Tag(tags) if tags.is_empty() => values.tags.is_empty(),
            Test::Tag(_) => values.tags.iter().any(|tag| folded.contains(&tag_key(tag))),
            Test::Transfer => facts.is_transfer,
        };
        holds != condition.is_not
    }
}

impl Ready {
    fn new(rule: Rule) -> Result<Self, RuleRefused> {
        let conditions = &rule.says.conditions;
        let folded = conditions.iter().map(|condition| match &condition.test {
            Test::Text(_, TextTest::Is(texts)) => texts.iter().map(|text| fold(text)).collect(),
            Test::Text(_, TextTest::Contains(text) | TextTest::Starts(text) | TextTest::Ends(text)) => vec![fold(text)],
            Test::Tag(tags) => tags.iter().map(|tag| tag_key(tag)).collect(),
            _ => Vec::new(),
        });
        let folded = folded.collect();
        let of_condition = |condition: &Condition| match &condition.test {
            Test::Text(_, TextTest::Matches(text)) => pattern(text).map(Some),
            _ => Ok(None),
        };
        let patterns = conditions.iter().map(of_condition).collect::<Result<_, _>>()?;
        let of_action = |action: &Action| match action {
            Action::ReplaceInPayee(text, _) | Action::ReplaceInNote(text, _) => pattern(text).map(Some),
            _ => Ok(None),
        };
        let replaces = rule.says.actions.iter().map(of_action).collect::<Result<_, _>>()?;
        Ok(Self { rule, folded, patterns, replaces })
    }
}

impl Texts<'_> {
    fn holds(&self, of: TextOf, test: &TextTest, wanted: &[String], pattern: Option<&Regex>, values: &Values) -> bool {
        let folded = match of {
            TextOf::Payee => self.folded.payee.as_deref(),
            TextOf::Note => self.folded.note.as_deref(),
            TextOf::Bank => Some(self.facts.bank_folded.as_str()),
        }
        .unwrap_or_default();
        let first = wanted.first().map(String::as_str).unwrap_or_default();
        match test {
            TextTest::Is(_) => wanted.iter().any(|text| text == folded),
            TextTest::Contains(_) => folded.contains(first),
            TextTest::Starts(_) => folded.starts_with(first),
            TextTest::Ends(_) => folded.ends_with(first),
            TextTest::Empty => folded.is_empty(),
            TextTest::Matches(_) => {
                let whole: Cow<'_, str> = match of {
                    TextOf::Payee => values.payee.as_deref().unwrap_or_default().into(),
                    TextOf::Note => values.note.as_deref().unwrap_or_default().into(),
                    TextOf::Bank => self.facts.bank_text.as_str().into(),
                };
                pattern.is_some_and(|pattern| pattern.is_match(&whole))
            }
        }
    }
}

fn amount_holds(facts: &Facts, of: AmountOf, test: &AmountTest) -> bool {
    let exact = Decimal::new(facts.amount.minor, u32::from(facts.amount.currency.scale));
    let amount = match of {
        AmountOf::Amount => exact,
        AmountOf::Size => exact.abs(),
    };
    match test {
        AmountTest::Is(figure) => amount == figure.decimal(),
        AmountTest::Below(figure) => amount < figure.decimal(),
        AmountTest::Above(figure) => amount > figure.decimal(),
        AmountTest::Between(from, to) => {
            let (least, most) = (from.decimal().min(to.decimal()), from.decimal().max(to.decimal()));
            (least..=most).contains(&amount)
        }
    }
}

/// By what a tag is known: its word folded, without the mark that people may put in front.
pub(super) fn tag_key(tag: &str) -> String {
    fold(tag.trim_start().trim_start_matches('#'))
}
