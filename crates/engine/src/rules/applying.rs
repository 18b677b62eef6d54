//! Applying rules: to all of the books because somebody says so, and to rows as they come.

use std::collections::BTreeMap;

use bankside_domain::rules::{Prepared, Rule};
use bankside_domain::{Asker, BatchId, OrganizationId, Right, RuleId, TransactionId};
use bankside_store::{RulesApplied, RulesAsked};

use super::trying::ROWS_AT_ONCE;
use crate::{Engine, EngineError};

/// So many rows are written in one transaction, so that nobody else who writes waits for long.
const ROWS_PER_WRITE: usize = 250;
/// More rows than this are not looked at as they come; a person may have rules applied to all.
const MOST_NEW: i64 = 20_000;

impl Engine {
    /// Applies a rule to all of the books, as one batch. `seen` is the revision that the person saw. The other rules that are on have their
    /// turn around it, and only what this one writes is written.
    pub async fn apply_rule(&self, asker: &Asker, id: RuleId, seen: Option<i64>) -> Result<RulesApplied, EngineError> {
        asker.require(Right::ManageRules)?;
        let stored = self.rule(asker, id).await?;
        if seen.is_some_and(|seen| seen != stored.revision) {
            let name = stored.rule.name;
            return Err(EngineError::RuleRefused(bankside_domain::rules::RuleRefused::ChangedMeanwhile { name }));
        }
        let rules = self.store.rules(asker).await?.into_iter().map(|one| one.rule);
        let rules: Vec<Rule> =
            rules.map(|rule| if rule.id == id { Rule { is_on: true, ..rule } } else { rule }).collect();
        let summary = format!("Rule {} applied", stored.rule.name);
        self.apply_to_all(asker, rules, Some(id), &summary).await
    }

    /// Applies all rules that are on to all of the books, as one batch.
    pub async fn apply_all_rules(&self, asker: &Asker) -> Result<RulesApplied, EngineError> {
        asker.require(Right::ManageRules)?;
        let rules = self.store.rules(asker).await?.into_iter().map(|one| one.rule).collect();
        self.apply_to_all(asker, rules, None, "All rules applied").await
    }

    async fn apply_to_all(
        &self,
        asker: &Asker,
        rules: Vec<Rule>,
        only: Option<RuleId>,
        summary: &str,
    ) -> Result<RulesApplied, EngineError> {
        let prepared = self.prepared(asker, rules).await?;
        let (mut told, mut beside) = (RulesApplied::default(), BTreeMap::new());
        let mut after = None;
        loop {
            let ids = self.store.ids_for_rules(asker, after, ROWS_AT_ONCE).await?;
            let Some(last) = ids.last().copied() else { break };
            after = Some(last);
            let concerned = self.concerned(asker, &prepared, only, &ids, &mut beside).await?;
            for part in concerned.chunks(ROWS_PER_WRITE) {
                let asked = RulesAsked { rules: &prepared, only, batch: told.batch, summary };
                let applied = self.store.apply_rules(asker, part, asked).await?;
                told.batch = applied.batch.or(told.batch);
                told.changed += applied.changed;
            }
            tokio::task::yield_now().await;
        }
        if let Some(batch) = told.batch {
            self.store.add_matched(asker, batch, &beside).await?;
        }
        self.report_progress();
        Ok(told)
    }

    /// Those of some rows that rules would change, found without holding up anybody who writes. For how many others each rule holds is
    /// added to `beside`.
    async fn concerned(
        &self,
        asker: &Asker,
        prepared: &Prepared,
        only: Option<RuleId>,
        ids: &[TransactionId],
        beside: &mut BTreeMap<RuleId, i64>,
    ) -> Result<Vec<TransactionId>, EngineError> {
        let mut concerned = Vec::new();
        for row in self.store.rule_rows(asker, ids).await?.into_iter().filter(|row| !row.is_locked) {
            let outcome = prepared.decide(&prepared.facts(row.row, row.layered));
            let is_asked = |rule: &RuleId| only.is_none_or(|only| only == *rule);
            if outcome.writes.iter().any(|write| is_asked(&write.rule)) {
                concerned.push(row.row.transaction);
                continue;
            }
            for rule in outcome.matched.into_iter().filter(is_asked) {
                *beside.entry(rule).or_default() += 1;
            }
        }
        Ok(concerned)
    }

    /// What follows when rows have come or changed: rules have their turn, then transfers are looked for, and rules that ask what is a
    /// transfer have another turn where some were found.
    pub(crate) async fn rows_came(&self, organization: OrganizationId, batches: &[BatchId]) {
        let made = self.ask_rules(organization, batches).await;
        let all: Vec<BatchId> = batches.iter().copied().chain(made).collect();
        let Some(linked) = self.link_new_transfers(organization, &all).await else { return };
        if self.asks_for_transfers(organization).await {
            self.ask_rules(organization, &[linked]).await;
        }
    }

    /// That it fails is told to the log alone: the rows are in the books, and a person may apply rules to all of them.
    async fn ask_rules(&self, organization: OrganizationId, batches: &[BatchId]) -> Option<BatchId> {
        match self.ask_rules_about(&Asker::system(organization), batches).await {
            Ok(applied) => applied.batch,
            Err(error) => {
                tracing::error!(%error, ?batches, "rules could not be asked about new rows");
                None
            }
        }
    }

    async fn asks_for_transfers(&self, organization: OrganizationId) -> bool {
        let rules = self.store.rules(&Asker::system(organization)).await.unwrap_or_default();
        rules.iter().any(|one| one.rule.is_on && one.rule.says.asks_for_transfers())
    }

    async fn ask_rules_about(&self, asker: &Asker, batches: &[BatchId]) -> Result<RulesApplied, EngineError> {
        let (mut told, mut beside) = (RulesApplied::default(), BTreeMap::new());
        if batches.is_empty() || !self.store.has_rules(asker).await? {
            return Ok(told);
        }
        let rules = self.store.rules(asker).await?.into_iter().map(|one| one.rule).collect();
        let prepared = self.prepared(asker, rules).await?;
        let touched = self.store.touched_by(asker, batches, MOST_NEW).await?;
        let ids: Vec<TransactionId> = touched.into_iter().map(|(id, _)| id).collect();
        for ids in ids.chunks(usize::try_from(ROWS_AT_ONCE).unwrap_or(1)) {
            let concerned = self.concerned(asker, &prepared, None, ids, &mut beside).await?;
            for part in concerned.chunks(ROWS_PER_WRITE) {
                let summary = "Rules had their turn";
                let asked = RulesAsked { rules: &prepared, only: None, batch: told.batch, summary };
                let applied = self.store.apply_rules(asker, part, asked).await?;
                told.batch = applied.batch.or(told.batch);
                told.changed += applied.changed;
            }
        }
        if let Some(batch) = told.batch {
            self.store.add_matched(asker, batch, &beside).await?;
            tracing::info!(changed = told.changed, %batch, "rules have changed rows");
        }
        Ok(told)
    }
}
