//! Applying rules: to all of the books because somebody says so, and to rows as they come.

use std::collections::BTreeMap;

use bankside_domain::rules::{Prepared, Rule, RuleRefused};
use bankside_domain::{Asker, BatchId, OrganizationId, Right, RuleId, TransactionId};
use bankside_store::{BatchToAsk, RULE_ALONE, RULES_IN_PART, RulesApplied, RulesAsked, ToAsk};

use super::RULES_HAD_THEIR_TURN;
use super::trying::ROWS_AT_ONCE;
use crate::{Engine, EngineError};

/// So many rows are written in one transaction, so that nobody else who writes waits for long.
const ROWS_PER_WRITE: usize = 250;
/// Rows that came are looked up so many at a time.
const TOUCHED_AT_ONCE: i64 = 20_000;
/// Of the batches that wait to be asked about, so many are taken at once.
const BATCHES_AT_ONCE: i64 = 100;

/// What an asking is to be, and what it has come to so far.
struct Asking<'a> {
    prepared: &'a Prepared,
    /// Only what this rule writes is written.
    only: Option<RuleId>,
    /// What its batch is called while it goes on.
    summary: &'a str,
    told: RulesApplied,
    /// For how many rows each rule held that had nothing to change.
    beside: BTreeMap<RuleId, i64>,
}

impl<'a> Asking<'a> {
    fn new(prepared: &'a Prepared, only: Option<RuleId>, summary: &'a str) -> Self {
        Self { prepared, only, summary, told: RulesApplied::default(), beside: BTreeMap::new() }
    }
}

impl Engine {
    /// Applies a rule to all of the books, as one batch. `seen` is the revision that the person saw. The other rules that are on have their
    /// turn around it, and only what this one writes is written. It goes on when nobody waits for it any more.
    pub async fn apply_rule(&self, asker: &Asker, id: RuleId, seen: Option<i64>) -> Result<RulesApplied, EngineError> {
        asker.require(Right::ManageRules)?;
        let stored = self.store.rules(asker).await?;
        let applied = stored.iter().find(|one| one.rule.id == id).ok_or(EngineError::NotFound("the rule"))?;
        let name = applied.rule.name.clone();
        if seen.is_some_and(|seen| seen != applied.revision) {
            return Err(EngineError::RuleRefused(RuleRefused::ChangedMeanwhile { name }));
        }
        let rules = stored.into_iter().map(|one| one.rule);
        let rules = rules.map(|rule| if rule.id == id { Rule { is_on: true, ..rule } } else { rule }).collect();
        let prepared = self.prepared(asker, rules).await?;
        self.apply_to_all(asker, prepared, Some(id), format!("{RULE_ALONE}{name} applied")).await
    }

    /// Applies all rules that are on to all of the books, as one batch. `seen` is the word of what trying them told
    /// ([`super::RuleTried::seen`]): where they would do anything else by now, they do nothing. It goes on when nobody waits for it any more.
    pub async fn apply_all_rules(&self, asker: &Asker, seen: Option<&str>) -> Result<RulesApplied, EngineError> {
        asker.require(Right::ManageRules)?;
        let rules = self.store.rules(asker).await?.into_iter().map(|one| one.rule).collect();
        // The same that are looked at are applied, whatever becomes of them meanwhile.
        let prepared = self.prepared(asker, rules).await?;
        if let Some(seen) = seen {
            self.check_seen(asker, &prepared, seen).await?;
        }
        self.apply_to_all(asker, prepared, None, "All rules applied".to_owned()).await
    }

    /// A task of its own: a browser that goes away cuts off whoever answers it, and would leave half of the books.
    async fn apply_to_all(
        &self,
        asker: &Asker,
        prepared: Prepared,
        only: Option<RuleId>,
        summary: String,
    ) -> Result<RulesApplied, EngineError> {
        let (engine, asker) = (self.clone(), asker.clone());
        let task = self.tasks.spawn(async move {
            // What is cut off all the same, by the end of the process, is not to look whole.
            let in_part = format!("{summary}{RULES_IN_PART}");
            let mut asking = Asking::new(&prepared, only, &in_part);
            let mut after = None;
            loop {
                let ids = engine.store.ids_for_rules(&asker, after, ROWS_AT_ONCE).await?;
                let Some(last) = ids.last().copied() else { break };
                after = Some(last);
                engine.ask_part(&asker, &mut asking, &ids).await?;
                tokio::task::yield_now().await;
            }
            if let Some(batch) = asking.told.batch {
                engine.store.end_rules(&asker, batch, &summary, &asking.beside).await?;
            }
            engine.store.finish_cut_off_rules(&asker, only, &summary).await?;
            engine.report_progress();
            Ok(asking.told)
        });
        match task.await {
            Ok(applied) => applied,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(EngineError::Conflict("this was cut off; apply it again")),
        }
    }

    /// Asks rules about some rows, and writes what they come to.
    async fn ask_part(&self, asker: &Asker, asking: &mut Asking<'_>, ids: &[TransactionId]) -> Result<(), EngineError> {
        let (prepared, only, summary) = (asking.prepared, asking.only, asking.summary);
        let concerned = self.concerned(asker, asking, ids).await?;
        for part in concerned.chunks(ROWS_PER_WRITE) {
            let asked = RulesAsked { rules: prepared, only, batch: asking.told.batch, summary };
            let applied = self.store.apply_rules(asker, part, asked).await?;
            asking.told.batch = applied.batch.or(asking.told.batch);
            asking.told.changed += applied.changed;
        }
        Ok(())
    }

    /// Those of some rows that rules would change, found without holding up anybody who writes. For how many others each rule holds is
    /// counted.
    async fn concerned(
        &self,
        asker: &Asker,
        asking: &mut Asking<'_>,
        ids: &[TransactionId],
    ) -> Result<Vec<TransactionId>, EngineError> {
        let (prepared, only) = (asking.prepared, asking.only);
        let mut concerned = Vec::new();
        for row in self.store.rule_rows(asker, ids).await?.into_iter().filter(|row| !row.is_locked) {
            let outcome = prepared.decide(&prepared.facts(row.row, row.layered));
            let is_asked = |rule: &RuleId| only.is_none_or(|only| only == *rule);
            if outcome.writes.iter().any(|write| write.by.iter().any(is_asked)) {
                concerned.push(row.row.transaction);
                continue;
            }
            for rule in outcome.matched.into_iter().filter(is_asked) {
                *asking.beside.entry(rule).or_default() += 1;
            }
        }
        Ok(concerned)
    }

    /// What follows when rows have come or changed: rules have their turn, then transfers are looked for, and rules that ask what is a
    /// transfer have another turn where some were found. That it fails is told to the log alone: the rows are in the books, and the worker
    /// asks again about batches that nobody has been asked about.
    pub(crate) async fn rows_came(&self, organization: OrganizationId, batches: &[BatchId]) {
        if batches.is_empty() {
            return;
        }
        let asker = &Asker::system(organization);
        let rules = self.ask_rules_about(asker, batches).await;
        let made = rules.as_ref().ok().and_then(|applied| applied.batch);
        let all: Vec<BatchId> = batches.iter().copied().chain(made).collect();
        // Transfers are found whether or not rules can be asked.
        let linked = self.link_transfers_of(organization, &all).await;
        if let Ok(Some(linked)) = &linked {
            self.links_changed(organization, *linked).await;
        }
        let asked = match rules.and(linked) {
            Ok(_) => self.store.were_asked(asker, batches).await.map_err(EngineError::from),
            Err(error) => Err(error),
        };
        if let Err(error) = asked {
            tracing::error!(%error, ?batches, "rules and transfers could not be asked about new rows; they will be again");
        }
    }

    /// What follows when transfers were linked or taken apart: rules that ask what is a transfer have a turn.
    pub(crate) async fn links_changed(&self, organization: OrganizationId, batch: BatchId) {
        let asker = &Asker::system(organization);
        let asked = async {
            if let Some(prepared) = self.rules_on(asker).await?
                && prepared.asks_for_transfers()
            {
                self.ask_prepared_about(asker, &prepared, &[batch]).await?;
            }
            Ok::<(), EngineError>(self.store.were_asked(asker, &[batch]).await?)
        };
        if let Err(error) = asked.await {
            tracing::error!(%error, %batch, "rules could not be asked about transfers; they will be again");
        }
    }

    /// Asks rules and transfers about batches that whoever wrote them has not: they were cut off, or it failed.
    pub async fn ask_about_what_waits(&self) -> Result<(), EngineError> {
        for BatchToAsk { organization, batch, what } in
            self.store.take_batches_to_ask_as_system(BATCHES_AT_ONCE).await?
        {
            match what {
                ToAsk::Rows => self.rows_came(organization, &[batch]).await,
                ToAsk::Links => self.links_changed(organization, batch).await,
            }
        }
        Ok(())
    }

    /// The rules that are on, ready to be asked; nothing where there are none.
    async fn rules_on(&self, asker: &Asker) -> Result<Option<Prepared>, EngineError> {
        if !self.store.has_rules(asker).await? {
            return Ok(None);
        }
        let rules = self.store.rules(asker).await?.into_iter().map(|one| one.rule).collect();
        Ok(Some(self.prepared(asker, rules).await?).filter(|prepared| !prepared.is_empty()))
    }

    async fn ask_rules_about(&self, asker: &Asker, batches: &[BatchId]) -> Result<RulesApplied, EngineError> {
        match self.rules_on(asker).await? {
            Some(prepared) => self.ask_prepared_about(asker, &prepared, batches).await,
            None => Ok(RulesApplied::default()),
        }
    }

    async fn ask_prepared_about(
        &self,
        asker: &Asker,
        prepared: &Prepared,
        batches: &[BatchId],
    ) -> Result<RulesApplied, EngineError> {
        let mut asking = Asking::new(prepared, None, RULES_HAD_THEIR_TURN);
        let mut after = None;
        loop {
            let touched = self.store.touched_by(asker, batches, after, TOUCHED_AT_ONCE).await?;
            let ids: Vec<TransactionId> = touched.into_iter().map(|(id, _)| id).collect();
            let Some(last) = ids.last().copied() else { break };
            after = Some(last);
            for part in ids.chunks(usize::try_from(ROWS_AT_ONCE).unwrap_or(1)) {
                self.ask_part(asker, &mut asking, part).await?;
            }
        }
        if let Some(batch) = asking.told.batch {
            self.store.end_rules(asker, batch, asking.summary, &asking.beside).await?;
            tracing::info!(changed = asking.told.changed, %batch, "rules have changed rows");
        }
        Ok(asking.told)
    }
}
