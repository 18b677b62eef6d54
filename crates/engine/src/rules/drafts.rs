//! Rules that are not there yet: in the place that they would have, and as a row suggests them.

use std::cmp::Ordering;
use std::iter;

use bankside_domain::rules::{
    Action, AmountOf, AmountTest, Combine, Condition, Definition, Figure, MAX_TEXT_CHARS, Rule, Stage, Test, TextOf,
    TextTest,
};
use bankside_domain::suggest::pattern;
use bankside_domain::text::fold;
use bankside_domain::{Asker, CategoryId, RuleId, TransactionId};
use bankside_store::NewRule;

use crate::{Engine, EngineError};

/// A rule as a row suggests it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The rule.
    pub rule: NewRule,
    /// The row.
    pub transaction: TransactionId,
}

/// The rules with one more, or with one changed; which one that is.
pub(super) fn inserted(mut rules: Vec<Rule>, id: Option<RuleId>, new: &NewRule, fresh: RuleId) -> (Vec<Rule>, RuleId) {
    let id = id.unwrap_or(fresh);
    // Trying a rule is asking what it does, whether it is on or not.
    let rule = Rule { id, name: new.name.clone(), stage: new.stage, is_on: true, says: new.says.clone() };
    match rules.iter_mut().find(|one| one.id == id) {
        Some(standing) => *standing = rule,
        None => rules.push(rule),
    }
    (rules, id)
}

impl Engine {
    /// The rule that says of all rows like one what was said of it: those whose bank names the same payee, or else that have the same
    /// payee, or the same text where there is no payee, get its category, and its payee where a person has given it another one than
    /// the bank does. Where a row has no text at all, the condition is left to be filled in: nobody means every row by one. With a
    /// category it says which way the money goes, too, as the rows have that are mapped together: what comes back is another matter.
    pub async fn draft_rule(
        &self,
        asker: &Asker,
        id: TransactionId,
        category: Option<CategoryId>,
    ) -> Result<Draft, EngineError> {
        let details = self.store.transaction(asker, id).await?;
        let standing = &details.standing;
        let first = &standing.lines[0];
        let payee = standing.payee_name.clone();
        let starts = |text: &String| TextTest::Starts(alike(text));
        let (of, test) = match (&details.provider_payee, &payee, &first.provider_note, &first.note) {
            (Some(named), ..) => (TextOf::Bank, starts(named)),
            (None, Some(payee), ..) => (TextOf::Payee, TextTest::Is(vec![payee.clone()])),
            (None, None, Some(note), _) => (TextOf::Bank, starts(note)),
            (None, None, None, Some(note)) => (TextOf::Note, starts(note)),
            (None, None, None, None) => (TextOf::Payee, TextTest::Is(vec![String::new()])),
        };
        let like = match &test {
            TextTest::Starts(text) => Some(text.clone()),
            _ => None,
        };
        let way = match standing.amount_minor.cmp(&0) {
            Ordering::Less => Some(AmountTest::Below(Figure::ZERO)),
            Ordering::Greater => Some(AmountTest::Above(Figure::ZERO)),
            Ordering::Equal => None,
        };
        let way = way.filter(|_| category.is_some()).map(|way| Test::Amount(AmountOf::Amount, way));
        let tests = iter::once(Test::Text(of, test)).chain(way);
        let conditions = tests.map(|test| Condition { is_not: false, test }).collect();
        let mut actions = Vec::new();
        if let Some(payee) = payee.clone().filter(|_| of == TextOf::Bank && payee != details.provider_payee) {
            actions.push(Action::SetPayee(payee));
        }
        actions.extend(category.or(first.category).map(Action::SetCategory));
        let name = payee.or(like).unwrap_or_default();
        let says = Definition { combine: Combine::All, conditions, actions };
        let rule = NewRule { name, stage: Stage::Normal, is_on: true, says };
        Ok(Draft { rule, transaction: id })
    }
}

/// As much of a name as does not change from one row to the next, where that is its beginning, and no more than a rule holds.
fn alike(name: &str) -> String {
    let pattern = pattern(&fold(name));
    let ends = name.char_indices().map(|(start, letter)| start + letter.len_utf8());
    let same = ends.map(|end| &name[..end]).find(|start| fold(start) == pattern);
    let same = same.filter(|_| pattern.chars().count() >= 3).unwrap_or(name);
    same.chars().take(MAX_TEXT_CHARS).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_from_row_to_row_is_left_out_where_it_comes_last() {
        for (name, alike_name) in
            [("REWE Märkte 0815", "REWE Märkte"), ("Café", "Café"), ("AB 1", "AB 1"), ("4711 Shop", "4711 Shop")]
        {
            assert_eq!(alike(name), alike_name);
        }
    }
}
