//! What rules come to for one row: what each of them writes, who wins, and what a person's word keeps.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::matching::{Folded, tag_key};
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
    /// Whether it is reviewed.
    pub is_reviewed: bool,
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
    /// What it would hold if no rule had ever written to it.
    pub below: Values,
    /// The fields that people have written; no rule writes them.
    pub by_person: BTreeSet<Field>,
    /// The fields that rules have written, and which.
    pub by_rule: BTreeMap<Field, RuleId>,
    /// The fields that rules have written which are not asked any more.
    pub by_others: BTreeSet<Field>,
}

/// One field of a row, as rules want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which field.
    pub field: Field,
    /// The rule whose word holds; of a field that no rule writes any more, the one that had written it.
    pub rule: RuleId,
    /// That rule and those that it has built on.
    pub by: BTreeSet<RuleId>,
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
    /// Whether a rule changes anything of the row, alone or as one that others build on.
    pub fn is_changed_by(&self, rule: RuleId) -> bool {
        self.writes.iter().any(|write| write.by.contains(&rule))
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
    /// The fields that people have written. Whether a row is reviewed they have said where they keep it for somebody's eyes.
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
            Field::Reviewed => self.is_reviewed == other.is_reviewed,
        }
    }

    /// Takes over one field of another row.
    pub fn take(&mut self, other: &Self, field: Field) {
        match field {
            Field::Payee => self.payee.clone_from(&other.payee),
            Field::Note => self.note.clone_from(&other.note),
            Field::Category => self.category = other.category,
            Field::Tags => self.tags.clone_from(&other.tags),
            Field::Reviewed => self.is_reviewed = other.is_reviewed,
        }
    }
}

impl Prepared {
    /// What a row is to rules: what it would hold without these, and what no rule touches. What a rule has written that is not among
    /// these any more stands as if it had always been there, until one of these writes that field.
    pub fn facts(&self, row: Row, layered: Layered) -> Facts {
        let Layered { now, bank_payee, bank_note, mut by_person, by_rule } = layered;
        // Categories and tags have no bank below them: what no rule has written, somebody has.
        let is_own = |field, is_there: bool| is_there && !by_rule.contains_key(&field);
        let own = [
            (Field::Category, is_own(Field::Category, now.category.is_some())),
            (Field::Tags, is_own(Field::Tags, !now.tags.is_empty())),
        ];
        by_person.extend(own.into_iter().filter_map(|(field, is_own)| is_own.then_some(field)));
        let bank = Values { payee: bank_payee, note: bank_note, ..Values::default() };
        let (mut base, mut below) = (now.clone(), now.clone());
        let (mut asked, mut by_others) = (BTreeMap::new(), BTreeSet::new());
        for (field, rule) in by_rule.into_iter().filter(|(field, _)| !by_person.contains(field)) {
            below.take(&bank, field);
            if let Some(rule) = rule.filter(|rule| self.ids.contains(rule)) {
                base.take(&bank, field);
                asked.insert(field, rule);
            } else {
                by_others.insert(field);
            }
        }
        let texts = [bank.payee.as_deref(), bank.note.as_deref()];
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
            below,
            by_person,
            by_rule: asked,
            by_others,
        }
    }

    /// What the rules come to for a row.
    ///
    /// A field has one rule's word. Where these write one that holds the word of a rule which is not asked any more, they begin from
    /// below that as they will the next time, when it is theirs; and where they would write it only because of that word, it stays.
    pub fn decide(&self, facts: &Facts) -> Outcome {
        let (mut from_below, mut stays) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let mut base = facts.base.clone();
            for field in &from_below {
                base.take(&facts.below, *field);
            }
            let (outcome, written) = self.decide_from(facts, base, &stays);
            let written: BTreeSet<Field> =
                written.into_iter().filter(|field| facts.by_others.contains(field)).collect();
            if written == from_below {
                return outcome;
            }
            // Each field comes among the ones once, and among the others once: there is an end.
            let not_written: Vec<Field> = from_below.difference(&written).copied().collect();
            from_below = written.union(&from_below).copied().filter(|field| !not_written.contains(field)).collect();
            stays.extend(not_written);
        }
    }

    /// The same from certain values, and which fields are written by that; some of them no rule writes.
    fn decide_from(&self, facts: &Facts, base: Values, stays: &BTreeSet<Field>) -> (Outcome, BTreeSet<Field>) {
        let mut outcome = Outcome { after: base, ..Outcome::default() };
        let mut texts = Folded::of(&outcome.after);
        let mut writers: BTreeMap<Field, Vec<RuleId>> = BTreeMap::new();
        let mut set: BTreeMap<Field, RuleId> = BTreeMap::new();
        for ready in &self.rules {
            if !self.holds(ready, facts, &outcome.after, &texts) {
                continue;
            }
            let rule = ready.rule.id;
            outcome.matched.insert(rule);
            for (action, pattern) in ready.rule.says.actions.iter().zip(&ready.replaces) {
                let field = action.field();
                let mut wanted = Values::default();
                wanted.take(&outcome.after, field);
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
                if stays.contains(&field) {
                    continue;
                }
                if action.is_set() {
                    let before = set.insert(field, rule).filter(|before| *before != rule && differs);
                    outcome.conflicts.extend(before.map(|loser| Conflict { field, winner: rule, loser }));
                }
                let writers = writers.entry(field).or_default();
                if differs {
                    // Whoever says what a field is to be builds on nobody.
                    if action.is_set() {
                        writers.clear();
                    }
                    writers.push(rule);
                    outcome.after.take(&wanted, field);
                    texts.fold_again(&outcome.after, field);
                } else if action.is_set() && writers.is_empty() {
                    writers.push(rule);
                }
            }
        }
        writers.retain(|_, writers| !writers.is_empty());
        for field in Field::ALL.into_iter().filter(|field| !outcome.after.is_same(&facts.now, *field)) {
            if let Some((writers, rule)) = writers.get(&field).and_then(|writers| Some((writers, writers.last()?))) {
                let by = writers.iter().copied().collect();
                outcome.writes.push(Write { field, rule: *rule, by, gives_back: false });
            } else if let Some(rule) = facts.by_rule.get(&field) {
                outcome.writes.push(Write { field, rule: *rule, by: BTreeSet::from([*rule]), gives_back: true });
            }
        }
        (outcome, writers.into_keys().collect())
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
        // A pattern that leaves nothing, or far too much, has not cleaned anything up.
        let replaced = replace(pattern, text, with, most).as_deref().and_then(tidy);
        replaced.filter(|text| text.chars().count() <= most).or_else(|| Some(text.clone()))
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
        Action::Review => values.is_reviewed = true,
    }
}

/// Replaces whatever a pattern finds; nothing once it has become far longer than `most` characters, however often it would go on.
fn replace(pattern: &Regex, text: &str, with: &str, most: usize) -> Option<String> {
    const SPACES: usize = 4;
    let (mut replaced, mut end) = (String::new(), 0);
    for found in pattern.captures_iter(text) {
        let whole = found.get_match();
        replaced.push_str(text.get(end..whole.start())?);
        found.expand(with, &mut replaced);
        end = whole.end();
        // Spaces among it may still go.
        if replaced.chars().count() > SPACES * most {
            return None;
        }
    }
    replaced.push_str(text.get(end..)?);
    Some(replaced)
}
