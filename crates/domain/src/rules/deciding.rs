//! What rules come to for one row: what each of them writes, who wins, and what a person's word keeps.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::matching::tag_key;
use super::{Action, Field, MAX_NOTE_CHARS, MAX_PAYEE_CHARS, Prepared};
use crate::amount::Amount;
use crate::text::{fold, tidy};
use crate::{AccountId, CategoryId, RuleId, TransactionId};

/// What the fields of a row hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    /// Whom it was with.
    pub payee: Option<String>,
    /// The note of its first line.
    pub note: Option<String>,
    /// The category of its only line.
    pub category: Option<CategoryId>,
    /// The tags of its first line, as words.
    pub tags: BTreeSet<String>,
}

/// A row as rules see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Which one.
    pub transaction: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// How much; out is negative.
    pub amount: Amount,
    /// The payee and the text as the bank sent them.
    pub bank_text: String,
    /// The same, folded.
    pub bank_folded: String,
    /// Whether it is one side of a transfer.
    pub is_transfer: bool,
    /// Whether its lines have categories of their own.
    pub is_split: bool,
    /// What it holds.
    pub now: Values,
    /// What it would hold if none of the rules that are asked had ever written to it.
    pub base: Values,
    /// The fields that people have written; no rule writes them.
    pub by_person: BTreeSet<Field>,
    /// The fields that rules have written, and which.
    pub by_rule: BTreeMap<Field, RuleId>,
}

/// One field of a row, as rules want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which field.
    pub field: Field,
    /// The rule whose word holds; of a field that no rule writes any more, the one that had written it.
    pub rule: RuleId,
    /// Whether the field goes back to what it held without rules, since none of them writes it any more.
    pub gives_back: bool,
}

/// Two rules that set one field of a row differently. The later one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// Which field.
    pub field: Field,
    /// Whose word holds.
    pub winner: RuleId,
    /// Whose does not.
    pub loser: RuleId,
}

/// What rules come to for a row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The rules that hold for it.
    pub matched: BTreeSet<RuleId>,
    /// What its fields are to hold.
    pub after: Values,
    /// The fields that change by that.
    pub writes: Vec<Write>,
    /// Rules that are in each other's way.
    pub conflicts: BTreeSet<Conflict>,
    /// Fields that a rule would write otherwise, were it not for what a person has written.
    pub kept: BTreeSet<(RuleId, Field)>,
    /// Rules that would give a category, were the row not split.
    pub split: BTreeSet<RuleId>,
}

impl Outcome {
    /// Whether a rule changes anything of the row.
    pub fn is_changed_by(&self, rule: RuleId) -> bool {
        self.writes.iter().any(|write| write.rule == rule)
    }
}

/// What a row holds, and the layers below: enough to tell what it would hold without rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layered {
    /// What it holds.
    pub now: Values,
    /// The payee that the bank names.
    pub bank_payee: Option<String>,
    /// The note that the bank gives.
    pub bank_note: Option<String>,
    /// The fields that people have written.
    pub by_person: BTreeSet<Field>,
    /// The fields that rules have written, and which rule; none where nobody knows any more.
    pub by_rule: BTreeMap<Field, Option<RuleId>>,
}

impl Values {
    /// Whether two rows hold the same in a field.
    pub fn is_same(&self, other: &Self, field: Field) -> bool {
        match field {
            // One payee has one name, however it is written.
            Field::Payee => {
                self.payee == other.payee || self.payee.as_deref().map(fold) == other.payee.as_deref().map(fold)
            }
            Field::Note => self.note == other.note,
            Field::Category => self.category == other.category,
            Field::Tags => self.tags == other.tags,
        }
    }

    /// Takes over one field of another row.
    pub fn take(&mut self, other: &Self, field: Field) {
        match field {
            Field::Payee => self.payee.clone_from(&other.payee),
            Field::Note => self.note.clone_from(&other.note),
            Field::Category => self.category = other.category,
            Field::Tags => self.tags.clone_from(&other.tags),
        }
    }
}

impl Prepared {
    /// What a row is to rules: what it would hold without these, and what no rule touches. What a rule has written that is not among
    /// these any more stands as if it had always been there.
    pub fn facts(&self, row: Row, layered: Layered) -> Facts {
        let Layered { now, bank_payee, bank_note, mut by_person, by_rule } = layered;
        // Categories and tags have no bank below them: what no rule has written, somebody has.
        let is_own = |field, is_there: bool| is_there && !by_rule.contains_key(&field);
        let own = [
            (Field::Category, is_own(Field::Category, now.category.is_some())),
            (Field::Tags, is_own(Field::Tags, !now.tags.is_empty())),
        ];
        by_person.extend(own.into_iter().filter_map(|(field, is_own)| is_own.then_some(field)));
        let asked: BTreeSet<RuleId> = self.rules().map(|rule| rule.id).collect();
        let by_rule: BTreeMap<Field, RuleId> = by_rule
            .into_iter()
            .filter(|(field, _)| !by_person.contains(field))
            .filter_map(|(field, rule)| Some((field, rule.filter(|rule| asked.contains(rule))?)))
            .collect();
        let below = Values { payee: bank_payee, note: bank_note, category: None, tags: BTreeSet::new() };
        let mut base = now.clone();
        for field in by_rule.keys() {
            base.take(&below, *field);
        }
        let texts = [below.payee.as_deref(), below.note.as_deref()];
        let bank_text = texts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        Facts {
            transaction: row.transaction,
            account: row.account,
            amount: row.amount,
            is_transfer: row.is_transfer,
            is_split: row.is_split,
            bank_folded: fold(&bank_text),
            bank_text,
            now,
            base,
            by_person,
            by_rule,
        }
    }

    /// What the rules come to for a row.
    pub fn decide(&self, facts: &Facts) -> Outcome {
        let mut outcome = Outcome { after: facts.base.clone(), ..Outcome::default() };
        let mut last: BTreeMap<Field, RuleId> = BTreeMap::new();
        let mut set: BTreeMap<Field, RuleId> = BTreeMap::new();
        for ready in &self.rules {
            if !self.holds(ready, facts, &outcome.after) {
                continue;
            }
            let rule = ready.rule.id;
            outcome.matched.insert(rule);
            for (action, pattern) in ready.rule.says.actions.iter().zip(&ready.replaces) {
                let field = action.field();
                let mut wanted = outcome.after.clone();
                act(action, pattern.as_ref(), &mut wanted);
                let differs = !wanted.is_same(&outcome.after, field);
                if facts.by_person.contains(&field) {
                    if differs {
                        outcome.kept.insert((rule, field));
                    }
                    continue;
                }
                if field == Field::Category && facts.is_split {
                    outcome.split.insert(rule);
                    continue;
                }
                if action.is_set() {
                    let before = set.insert(field, rule).filter(|before| *before != rule && differs);
                    outcome.conflicts.extend(before.map(|loser| Conflict { field, winner: rule, loser }));
                }
                if differs {
                    last.insert(field, rule);
                    outcome.after = wanted;
                } else if action.is_set() {
                    last.entry(field).or_insert(rule);
                }
            }
        }
        for field in Field::ALL {
            let gives_back = !last.contains_key(&field);
            let rule = last.get(&field).or_else(|| facts.by_rule.get(&field));
            if let Some(rule) = rule.filter(|_| !outcome.after.is_same(&facts.now, field)) {
                outcome.writes.push(Write { field, rule: *rule, gives_back });
            }
        }
        outcome
    }
}

/// What of a row its layers do not say.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Which one.
    pub transaction: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// How much; out is negative.
    pub amount: Amount,
    /// Whether it is one side of a transfer.
    pub is_transfer: bool,
    /// Whether its lines have categories of their own.
    pub is_split: bool,
}

fn act(action: &Action, pattern: Option<&Regex>, values: &mut Values) {
    let replaced = |text: &Option<String>, with: &str, most: usize| {
        let (Some(pattern), Some(text)) = (pattern, text) else { return text.clone() };
        let replaced = pattern.replace_all(text, with);
        // A pattern that leaves nothing, or far too much, has not cleaned anything up.
        tidy(&replaced).filter(|text| text.chars().count() <= most).or_else(|| Some(text.clone()))
    };
    match action {
        Action::SetPayee(payee) => values.payee = tidy(payee),
        Action::ReplaceInPayee(_, with) => values.payee = replaced(&values.payee, with, MAX_PAYEE_CHARS),
        Action::SetCategory(category) => values.category = Some(*category),
        Action::SetNote(note) => values.note = tidy(note),
        Action::AppendNote(more) => {
            let note = values.note.as_deref().unwrap_or_default();
            let longer = tidy(&format!("{note} {more}"));
            if longer.as_ref().is_some_and(|note| note.chars().count() <= MAX_NOTE_CHARS) {
                values.note = longer;
            }
        }
        Action::ReplaceInNote(_, with) => values.note = replaced(&values.note, with, MAX_NOTE_CHARS),
        Action::AddTag(tag) => {
            let key = tag_key(tag);
            if !key.is_empty() && !values.tags.iter().any(|other| tag_key(other) == key) {
                values.tags.extend(tidy(tag.trim_start().trim_start_matches('#')));
            }
        }
        Action::RemoveTag(tag) => values.tags.retain(|other| tag_key(other) != tag_key(tag)),
    }
}
