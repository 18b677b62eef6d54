//! The form of a rule: conditions and what follows as rows of fields, read by the same rules as text.

use bankside_domain::Code;
use bankside_domain::rules::{
    ACTIONS, Combine, Definition, FormAction, FormCondition, MAX_PARTS, Names, Stage, action_parts, condition_parts,
    read_action, read_condition, subjects,
};
use bankside_engine::NewRule;

/// So many empty rows of fields stand below those that are filled in.
const EMPTY: usize = 1;
/// And so many once somebody has asked for more.
const MORE: usize = 4;

/// A condition as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ConditionRow {
    pub(super) subject: String,
    pub(super) how: String,
    pub(super) value: String,
    pub(super) error: Option<String>,
}

/// What follows as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ActionRow {
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) with: String,
    pub(super) error: Option<String>,
}

/// A rule as it is typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RuleForm {
    pub(super) name: String,
    pub(super) stage: String,
    pub(super) is_on: bool,
    pub(super) combine: String,
    pub(super) conditions: Vec<ConditionRow>,
    pub(super) actions: Vec<ActionRow>,
    /// The revision that the person saw; none of a new rule.
    pub(super) seen: Option<i64>,
    /// How many rows the person was told would change.
    pub(super) expected: Option<usize>,
    /// Which button was pressed.
    pub(super) act: String,
}

impl RuleForm {
    /// A rule as the fields show it.
    pub(super) fn of(rule: &NewRule, names: &Names, seen: Option<i64>) -> Self {
        let condition = |condition| {
            let (subject, how, value) = condition_parts(condition, names);
            ConditionRow { subject: subject.to_owned(), how: how.to_owned(), value, error: None }
        };
        let action = |action| {
            let (kind, value, with) = action_parts(action, names);
            ActionRow { kind: kind.to_owned(), value, with, error: None }
        };
        Self {
            name: rule.name.clone(),
            stage: rule.stage.code().to_owned(),
            is_on: rule.is_on,
            combine: rule.says.combine.code().to_owned(),
            conditions: rule.says.conditions.iter().map(condition).collect(),
            actions: rule.says.actions.iter().map(action).collect(),
            seen,
            ..Self::default()
        }
    }

    /// The fields as they were sent.
    pub(super) fn sent(fields: &[(String, String)]) -> Self {
        let field = |name: &str| {
            fields.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let of_row = |kind: &str, row: usize, name: &str| field(&format!("{kind}{row}.{name}"));
        let conditions = (0..MAX_PARTS).map(|row| ConditionRow {
            subject: of_row("c", row, "of"),
            how: of_row("c", row, "how"),
            value: of_row("c", row, "value"),
            error: None,
        });
        let actions = (0..MAX_PARTS).map(|row| ActionRow {
            kind: of_row("a", row, "do"),
            value: of_row("a", row, "value"),
            with: of_row("a", row, "with"),
            error: None,
        });
        Self {
            name: field("name"),
            stage: field("stage"),
            is_on: !field("on").is_empty(),
            combine: field("combine"),
            conditions: conditions.filter(|row| !row.subject.is_empty()).collect(),
            actions: actions.filter(|row| !row.kind.is_empty()).collect(),
            seen: field("seen").parse().ok(),
            expected: field("expected").parse().ok(),
            act: field("act"),
        }
    }

    /// The rule that it says, or nothing, with what is wrong beside the fields.
    pub(super) fn read(&mut self, names: &Names) -> Option<NewRule> {
        let mut conditions = Vec::new();
        for row in &mut self.conditions {
            let form = FormCondition { subject: &row.subject, how: &row.how, value: &row.value };
            match read_condition(form, names) {
                Ok(condition) => conditions.push(condition),
                Err(says) => row.error = Some(says),
            }
        }
        let mut actions = Vec::new();
        for row in &mut self.actions {
            match read_action(FormAction { kind: &row.kind, value: &row.value, with: &row.with }, names) {
                Ok(action) => actions.push(action),
                Err(says) => row.error = Some(says),
            }
        }
        if conditions.len() < self.conditions.len() || actions.len() < self.actions.len() {
            return None;
        }
        // Of a single condition it is the same whether one is enough.
        let is_any = self.combine == Combine::Any.code() && conditions.len() > 1;
        Some(NewRule {
            name: self.name.clone(),
            stage: Stage::from_code(&self.stage).unwrap_or_default(),
            is_on: self.is_on,
            says: Definition { combine: if is_any { Combine::Any } else { Combine::All }, conditions, actions },
        })
    }

    /// Puts empty rows of fields below those that are filled in.
    pub(super) fn padded(mut self) -> Self {
        let more = if self.act == "more" { MORE } else { EMPTY };
        let conditions = (self.conditions.len() + more).min(MAX_PARTS);
        self.conditions.resize_with(conditions, ConditionRow::default);
        let actions = (self.actions.len() + more).min(MAX_PARTS);
        self.actions.resize_with(actions, ActionRow::default);
        self
    }
}

/// What conditions look at, and what it is called in a form.
pub(super) fn subject_options() -> Vec<(&'static str, &'static str)> {
    let words = |subject: &'static str| match subject {
        "payee" => "Payee",
        "note" => "Note",
        "bank text" => "Text of the bank",
        "amount" => "Amount (out is negative)",
        "size" => "Amount without its sign",
        "currency" => "Currency",
        "account" => "Account",
        "asset" => "Asset",
        "category" => "Category",
        "tag" => "Tag",
        "row" => "Row",
        other => other,
    };
    subjects().into_iter().map(|subject| (subject, words(subject))).collect()
}

/// How conditions look, in groups.
pub(super) fn how_groups() -> [(&'static str, &'static [&'static str]); 5] {
    [
        ("Anything", &["is", "is not", "is one of", "is none of", "is empty", "is not empty"]),
        (
            "Texts",
            &[
                "contains",
                "does not contain",
                "starts with",
                "does not start with",
                "ends with",
                "does not end with",
                "matches",
                "does not match",
            ],
        ),
        ("Amounts", &["is below", "is not below", "is above", "is not above", "is between", "is not between"]),
        ("Assets", &["is within", "is not within"]),
        ("Rows", &["is a transfer", "is not a transfer"]),
    ]
}

/// What may follow, and what it is called in a form.
pub(super) fn action_options() -> Vec<(&'static str, &'static str)> {
    let words = |kind: &'static str| match kind {
        "set category" => "Set category",
        "set payee" => "Set payee",
        "replace in payee" => "Clean up payee by pattern",
        "set note" => "Set note",
        "append to note" => "Append to note",
        "replace in note" => "Replace in note by pattern",
        "add tag" => "Add tag",
        "remove tag" => "Remove tag",
        "mark as reviewed" => "Mark as reviewed",
        other => other,
    };
    ACTIONS.into_iter().map(|kind| (kind, words(kind))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_typed_is_read_and_shown_again_as_it_was() {
        let typed = [
            ("name", "Shops"),
            ("stage", "last"),
            ("on", "1"),
            ("combine", "any"),
            ("c0.of", "payee"),
            ("c0.how", "is one of"),
            ("c0.value", "Rewe; Edeka"),
            ("c2.of", "amount"),
            ("c2.how", "is between"),
            ("c2.value", "-20 and -5"),
            ("a1.do", "replace in payee"),
            ("a1.value", " \\d+$"),
            ("a1.with", ""),
        ];
        let mut form = RuleForm::sent(&fields(&typed));
        let rule = form.read(&Names::default()).unwrap();
        assert_eq!((rule.says.conditions.len(), rule.says.actions.len()), (2, 1));
        let again = RuleForm::of(&rule, &Names::default(), None);
        assert_eq!(again.conditions[0].value, "Rewe; Edeka");
        assert_eq!(RuleForm { seen: None, ..again }.conditions, form.conditions);
    }

    #[test]
    fn what_is_wrong_stands_beside_its_row() {
        let typed = [
            ("c0.of", "amount"),
            ("c0.how", "contains"),
            ("c0.value", "x"),
            ("a0.do", "set category"),
            ("a0.value", "Food"),
        ];
        let mut form = RuleForm::sent(&fields(&typed));
        assert_eq!(form.read(&Names::default()), None);
        assert!(form.conditions[0].error.as_ref().unwrap().starts_with("After amount comes one of these"));
        assert_eq!(form.actions[0].error.as_deref(), Some("There is no category called “Food”."));
        assert_eq!(form.padded().actions.len(), 2);
    }

    #[test]
    fn every_way_of_looking_and_every_action_can_be_chosen() {
        let ways: usize = how_groups().iter().map(|(_, ways)| ways.len()).sum();
        assert_eq!((ways, subject_options().len(), action_options().len()), (24, 11, 9));
    }
}
