//! Rules that are not there yet: in the place that they would have, and as a row suggests them.

use bankside_domain::rules::{Action, Combine, Condition, Definition, Rule, Stage, Test, TextOf, TextTest};
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
    /// payee, get its category, and its payee where a person has given it another one than the bank does.
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
        let (of, like) = match &details.provider_payee {
            Some(named) => (TextOf::Bank, Some(alike(named))),
            None => (TextOf::Payee, payee.clone()),
        };
        let conditions = like.iter().map(|text| Condition {
            is_not: false,
            test: match of {
                TextOf::Bank => Test::Text(TextOf::Bank, TextTest::Starts(text.clone())),
                of => Test::Text(of, TextTest::Is(vec![text.clone()])),
            },
        });
        let conditions: Vec<Condition> = conditions.collect();
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

/// As much of a name as does not change from one row to the next, where that is its beginning.
fn alike(name: &str) -> String {
    let pattern = pattern(&fold(name));
    let ends = name.char_indices().map(|(start, letter)| start + letter.len_utf8());
    let same = ends.map(|end| &name[..end]).find(|start| fold(start) == pattern);
    same.filter(|_| pattern.chars().count() >= 3).unwrap_or(name).trim().to_owned()
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
