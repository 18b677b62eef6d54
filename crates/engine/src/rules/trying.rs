//! What rules would do to the books, without doing it.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::amount::Amount;
use bankside_domain::rules::{Conflict, Field, Outcome, Prepared, Rule, RuleRefused, Values, Write};
use bankside_domain::{AccountId, Asker, CategoryId, Right, RuleId, TransactionId};
use bankside_store::{NewRule, RuleRow};
use jiff::civil::Date;
use sha2::{Digest as _, Sha256};

use super::drafts::inserted;
use crate::{Engine, EngineError};

/// Rows are looked at so many at a time.
pub(super) const ROWS_AT_ONCE: i64 = 1_000;
/// So many rows are shown before and after.
const MOST_SHOWN: usize = 50;
/// So many bytes of a digest tell apart what rules would do.
const SEEN_BYTES: usize = 12;

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
    /// The names of the rules by which it changes.
    pub by: Vec<String>,
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

/// What one of the rules that were tried would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// Which one.
    pub rule: RuleId,
    /// What it is called.
    pub name: String,
    /// For how many rows it holds.
    pub matched: usize,
    /// How many it would change.
    pub changed: usize,
}

/// What a rule, or all that are on, would do to the books.
#[derive(Debug, Clone, Default)]
pub struct RuleTried {
    /// How many rows were looked at.
    pub looked_at: usize,
    /// For how many it holds, or at least one of them.
    pub matched: usize,
    /// How many would change.
    pub changed: usize,
    /// How many stay in part, because a person has decided there: has written a field, or keeps the row for somebody's eyes.
    pub kept: usize,
    /// How many stay, because their period is locked.
    pub locked: usize,
    /// How many get no category, because they are split.
    pub split: usize,
    /// What each of the rules that were tried would do, in the order in which they have their turn. A row that two rules change counts
    /// for both.
    pub rules: Vec<RuleCount>,
    /// Rules that are in each other's way.
    pub conflicts: Vec<RuleConflict>,
    /// Some of the rows that would change, the latest first.
    pub rows: Vec<TriedRow>,
    /// A word that is the same as long as the same rows would change in the same way: whoever applies what was shown hands it back.
    pub seen: String,
}

impl Engine {
    /// What a rule would do to the books: one that is there as it is changed, or one that is not there yet. The other rules that are on
    /// have their turn around it, and only what this one writes counts.
    pub async fn try_rule(&self, asker: &Asker, id: Option<RuleId>, new: &NewRule) -> Result<RuleTried, EngineError> {
        let new = self.checked_rule(asker, new).await?;
        let stored = self.store.rules(asker).await?.into_iter().map(|one| one.rule).collect();
        let (rules, tried) = inserted(stored, id, &new, self.ambient.id());
        rules.iter().find(|rule| rule.id == tried).map_or(Ok(()), Rule::check).map_err(EngineError::RuleRefused)?;
        let prepared = self.prepared(asker, rules).await?;
        self.try_prepared(asker, &prepared, Some(tried)).await
    }

    /// What all rules that are on would do to the books. Nobody who writes waits for it.
    pub async fn try_all_rules(&self, asker: &Asker) -> Result<RuleTried, EngineError> {
        asker.require(Right::ManageRules)?;
        let rules = self.store.rules(asker).await?.into_iter().map(|one| one.rule).collect();
        let prepared = self.prepared(asker, rules).await?;
        self.try_prepared(asker, &prepared, None).await
    }

    /// Whether rules would do what somebody has seen.
    pub(super) async fn check_seen(&self, asker: &Asker, prepared: &Prepared, seen: &str) -> Result<(), EngineError> {
        let tried = self.try_prepared(asker, prepared, None).await?;
        if tried.seen == seen {
            return Ok(());
        }
        Err(EngineError::RuleRefused(RuleRefused::WouldDoOtherwise { changed: tried.changed }))
    }

    async fn try_prepared(
        &self,
        asker: &Asker,
        prepared: &Prepared,
        only: Option<RuleId>,
    ) -> Result<RuleTried, EngineError> {
        let names = self.rule_references(asker).await?;
        let mut trying = Trying {
            prepared,
            only,
            names: prepared.rules().map(|rule| (rule.id, rule.name.clone())).collect(),
            categories: names.categories.into_iter().collect(),
            accounts: names.accounts.into_iter().collect(),
            told: RuleTried::default(),
            counts: BTreeMap::new(),
            conflicts: BTreeMap::new(),
            changes: Sha256::new(),
        };
        let mut after = None;
        loop {
            let ids = self.store.ids_for_rules(asker, after, ROWS_AT_ONCE).await?;
            let Some(last) = ids.last().copied() else { break };
            after = Some(last);
            for row in self.store.rule_rows(asker, &ids).await? {
                trying.look_at(&row);
            }
            tokio::task::yield_now().await;
        }
        Ok(trying.told())
    }
}

/// Rules as they are tried, and what has come of it so far.
struct Trying<'a> {
    prepared: &'a Prepared,
    /// Only what this one writes counts.
    only: Option<RuleId>,
    names: BTreeMap<RuleId, String>,
    categories: BTreeMap<CategoryId, String>,
    accounts: BTreeMap<AccountId, String>,
    told: RuleTried,
    /// For how many rows each rule holds, and how many it would change.
    counts: BTreeMap<RuleId, (usize, usize)>,
    conflicts: BTreeMap<Conflict, usize>,
    /// All that would change.
    changes: Sha256,
}

impl Trying<'_> {
    fn is_asked(&self, rule: RuleId) -> bool {
        self.only.is_none_or(|only| only == rule)
    }

    fn look_at(&mut self, row: &RuleRow) {
        self.told.looked_at += 1;
        let outcome = self.prepared.decide(&self.prepared.facts(row.row, row.layered.clone()));
        let matched: Vec<RuleId> = outcome.matched.iter().copied().filter(|rule| self.is_asked(*rule)).collect();
        self.told.matched += usize::from(!matched.is_empty());
        for rule in &matched {
            self.counts.entry(*rule).or_default().0 += 1;
        }
        let writes: Vec<&Write> =
            outcome.writes.iter().filter(|write| write.by.iter().any(|rule| self.is_asked(*rule))).collect();
        if writes.is_empty() && matched.is_empty() {
            return;
        }
        if row.is_locked {
            self.told.locked += usize::from(!writes.is_empty());
            return;
        }
        self.told.kept += usize::from(outcome.kept.iter().any(|(rule, _)| self.is_asked(*rule)));
        self.told.split += usize::from(outcome.split.iter().any(|rule| self.is_asked(*rule)));
        for one in &outcome.conflicts {
            if self.is_asked(one.winner) || self.is_asked(one.loser) {
                *self.conflicts.entry(*one).or_default() += 1;
            }
        }
        if writes.is_empty() {
            return;
        }
        self.told.changed += 1;
        let by: BTreeSet<RuleId> = writes.iter().flat_map(|write| write.by.iter().copied()).collect();
        for rule in by.into_iter().filter(|rule| self.only.is_none_or(|only| only == *rule)) {
            self.counts.entry(rule).or_default().1 += 1;
        }
        self.remember(row, &outcome, &writes);
        if self.told.rows.len() < MOST_SHOWN {
            let shown = self.tried_row(row, &outcome.after, &writes);
            self.told.rows.push(shown);
        }
    }

    /// Takes what would change of a row into what is compared when somebody applies it: which row, which fields, from what to what.
    fn remember(&mut self, row: &RuleRow, outcome: &Outcome, writes: &[&Write]) {
        self.changes.update(row.row.transaction.to_string());
        for write in writes {
            let field = write.field;
            let values = (value(&row.layered.now, field), value(&outcome.after, field));
            self.changes.update(format!("{field:?} {} {:?} {values:?}\n", write.rule, write.gives_back));
        }
    }

    fn tried_row(&self, row: &RuleRow, after: &Values, writes: &[&Write]) -> TriedRow {
        let now = &row.layered.now;
        let words = |values: &Values, field: Field| match field {
            Field::Payee => values.payee.clone(),
            Field::Note => values.note.clone(),
            Field::Category => values.category.and_then(|id| self.categories.get(&id).cloned()),
            Field::Tags => tag_words(&values.tags),
            Field::Reviewed => Some(if values.is_reviewed { "yes" } else { "no" }.to_owned()),
        };
        let diff = |write: &&Write| RowDiff {
            field: write.field,
            before: words(now, write.field),
            after: words(after, write.field),
            gives_back: write.gives_back,
            by: write.by.iter().filter_map(|rule| self.names.get(rule).cloned()).collect(),
        };
        let mut diffs: Vec<RowDiff> = writes.iter().map(diff).collect();
        diffs.sort_by_key(|diff| diff.field);
        TriedRow {
            transaction: row.row.transaction,
            account: row.row.account,
            account_name: self.accounts.get(&row.row.account).cloned().unwrap_or_default(),
            day: row.day,
            amount: row.row.amount,
            payee: now.payee.clone(),
            diffs,
        }
    }

    fn told(self) -> RuleTried {
        let Self { prepared, only, names, mut told, counts, conflicts, changes, .. } = self;
        let named = |id: RuleId| (id, names.get(&id).cloned().unwrap_or_default());
        let conflict = |(one, rows): (Conflict, usize)| RuleConflict {
            field: one.field,
            winner: named(one.winner),
            loser: named(one.loser),
            rows,
        };
        told.conflicts = conflicts.into_iter().map(conflict).collect();
        let count = |rule: &Rule| {
            let (matched, changed) = counts.get(&rule.id).copied().unwrap_or_default();
            RuleCount { rule: rule.id, name: rule.name.clone(), matched, changed }
        };
        told.rules = prepared.rules().filter(|rule| only.is_none_or(|only| only == rule.id)).map(count).collect();
        let digest = changes.finalize();
        let digest = digest.iter().take(SEEN_BYTES).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        told.seen = format!("{}-{digest}", told.changed);
        told
    }
}

/// What a field holds, so that two contents of it are told apart.
fn value(values: &Values, field: Field) -> Option<String> {
    match field {
        Field::Payee => values.payee.clone(),
        Field::Note => values.note.clone(),
        Field::Category => values.category.map(|id| id.to_string()),
        Field::Tags => Some(values.tags.iter().map(String::as_str).collect::<Vec<_>>().join("\n")),
        Field::Reviewed => Some(values.is_reviewed.to_string()),
    }
}

fn tag_words(tags: &BTreeSet<String>) -> Option<String> {
    let words: Vec<String> = tags.iter().map(|tag| format!("#{tag}")).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
