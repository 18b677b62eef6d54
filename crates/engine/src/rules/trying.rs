//! What rules would do to the books, without doing it.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::amount::Amount;
use bankside_domain::rules::{Conflict, Field, Prepared, Rule, Values};
use bankside_domain::{AccountId, Asker, CategoryId, RuleId, TransactionId};
use bankside_store::{NewRule, RuleRow};
use jiff::civil::Date;

use super::drafts::inserted;
use crate::{Engine, EngineError};

/// Rows are looked at so many at a time.
pub(super) const ROWS_AT_ONCE: i64 = 1_000;
/// So many rows are shown before and after.
const MOST_SHOWN: usize = 50;

/// A row that a rule would change.
#[derive(Debug, Clone)]
pub struct TriedRow {
    /// Which one.
    pub transaction: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// That account's name.
    pub account_name: String,
    /// Its day.
    pub day: Date,
    /// How much.
    pub amount: Amount,
    /// Whom it is with now.
    pub payee: Option<String>,
    /// What would change.
    pub diffs: Vec<RowDiff>,
}

/// A field before and after, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowDiff {
    /// Which field.
    pub field: Field,
    /// What it holds.
    pub before: Option<String>,
    /// What it would hold.
    pub after: Option<String>,
    /// Whether it goes back to what it was without rules.
    pub gives_back: bool,
}

/// Two rules in each other's way, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleConflict {
    /// Which field.
    pub field: Field,
    /// Whose word holds.
    pub winner: (RuleId, String),
    /// Whose does not.
    pub loser: (RuleId, String),
    /// For how many rows.
    pub rows: usize,
}

/// What a rule would do to the books.
#[derive(Debug, Clone, Default)]
pub struct RuleTried {
    /// How many rows were looked at.
    pub looked_at: usize,
    /// For how many it holds.
    pub matched: usize,
    /// How many it would change.
    pub changed: usize,
    /// How many it leaves in part, because a person has decided there: has written a field, or keeps the row for somebody's eyes.
    pub kept: usize,
    /// How many it leaves, because their period is locked.
    pub locked: usize,
    /// How many it gives no category, because they are split.
    pub split: usize,
    /// Rules that are in its way, or it in theirs.
    pub conflicts: Vec<RuleConflict>,
    /// Some of the rows that it would change, the latest first.
    pub rows: Vec<TriedRow>,
}

impl Engine {
    /// What a rule would do to the books: one that is there as it is changed, or one that is not there yet. The other rules that are on
    /// have their turn around it, and only what this one writes counts.
    pub async fn try_rule(&self, asker: &Asker, id: Option<RuleId>, new: &NewRule) -> Result<RuleTried, EngineError> {
        let new = self.checked_rule(asker, new).await?;
        let stored = self.store.rules(asker).await?.into_iter().map(|one| one.rule).collect();
        let (rules, tried) = inserted(stored, id, &new, self.ambient.id());
        let rules_by_id: BTreeMap<RuleId, String> =
            rules.iter().map(|rule: &Rule| (rule.id, rule.name.clone())).collect();
        rules.iter().find(|rule| rule.id == tried).map_or(Ok(()), Rule::check).map_err(EngineError::RuleRefused)?;
        let prepared = self.prepared(asker, rules).await?;
        self.try_prepared(asker, &prepared, tried, &rules_by_id).await
    }

    async fn try_prepared(
        &self,
        asker: &Asker,
        prepared: &Prepared,
        tried: RuleId,
        rules: &BTreeMap<RuleId, String>,
    ) -> Result<RuleTried, EngineError> {
        let names = self.rule_references(asker).await?;
        let categories: BTreeMap<CategoryId, String> = names.categories.into_iter().collect();
        let accounts: BTreeMap<AccountId, String> = names.accounts.into_iter().collect();
        let mut told = RuleTried::default();
        let mut conflicts: BTreeMap<Conflict, usize> = BTreeMap::new();
        let mut after = None;
        loop {
            let ids = self.store.ids_for_rules(asker, after, ROWS_AT_ONCE).await?;
            let Some(last) = ids.last().copied() else { break };
            after = Some(last);
            for row in self.store.rule_rows(asker, &ids).await? {
                told.looked_at += 1;
                let facts = prepared.facts(row.row, row.layered.clone());
                let outcome = prepared.decide(&facts);
                let has_matched = outcome.matched.contains(&tried);
                told.matched += usize::from(has_matched);
                if !outcome.is_changed_by(tried) && !has_matched {
                    continue;
                }
                if row.is_locked {
                    told.locked += usize::from(outcome.is_changed_by(tried));
                    continue;
                }
                told.kept += usize::from(outcome.kept.iter().any(|(rule, _)| *rule == tried));
                told.split += usize::from(outcome.split.contains(&tried));
                let own = outcome.conflicts.iter().filter(|one| one.winner == tried || one.loser == tried);
                for conflict in own {
                    *conflicts.entry(*conflict).or_default() += 1;
                }
                let writes: BTreeMap<Field, bool> = outcome
                    .writes
                    .iter()
                    .filter(|write| write.by.contains(&tried))
                    .map(|write| (write.field, write.gives_back))
                    .collect();
                if writes.is_empty() {
                    continue;
                }
                told.changed += 1;
                if told.rows.len() < MOST_SHOWN {
                    told.rows.push(tried_row(&row, &outcome.after, &writes, &categories, &accounts));
                }
            }
            tokio::task::yield_now().await;
        }
        let named = |id: RuleId| (id, rules.get(&id).cloned().unwrap_or_default());
        told.conflicts = conflicts
            .into_iter()
            .map(|(one, rows)| RuleConflict {
                field: one.field,
                winner: named(one.winner),
                loser: named(one.loser),
                rows,
            })
            .collect();
        Ok(told)
    }
}

fn tried_row(
    row: &RuleRow,
    after: &Values,
    writes: &BTreeMap<Field, bool>,
    categories: &BTreeMap<CategoryId, String>,
    accounts: &BTreeMap<AccountId, String>,
) -> TriedRow {
    let now = &row.layered.now;
    let words = |values: &Values, field: Field| match field {
        Field::Payee => values.payee.clone(),
        Field::Note => values.note.clone(),
        Field::Category => values.category.and_then(|id| categories.get(&id).cloned()),
        Field::Tags => tag_words(&values.tags),
        Field::Reviewed => Some(if values.is_reviewed { "yes" } else { "no" }.to_owned()),
    };
    let diff = |(field, gives_back): (&Field, &bool)| RowDiff {
        field: *field,
        before: words(now, *field),
        after: words(after, *field),
        gives_back: *gives_back,
    };
    TriedRow {
        transaction: row.row.transaction,
        account: row.row.account,
        account_name: accounts.get(&row.row.account).cloned().unwrap_or_default(),
        day: row.day,
        amount: row.row.amount,
        payee: now.payee.clone(),
        diffs: writes.iter().map(diff).collect(),
    }
}

fn tag_words(tags: &BTreeSet<String>) -> Option<String> {
    let words: Vec<String> = tags.iter().map(|tag| format!("#{tag}")).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
