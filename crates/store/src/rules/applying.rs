//! Writing what rules come to: a part of the books at a time, all parts in one batch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bankside_domain::batch::{BatchActor, Change, Entity};
use bankside_domain::edit::tags_value;
use bankside_domain::rules::{Field, Outcome, Prepared, RULE_LAYER, Write, rule_layer_value};
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, BatchId, Id, PayeeId, Right, RuleId, TagId, TransactionId};

use super::rows::{RuleRow, key};
use crate::accounts::Sums;
use crate::batches::{NewBatch, change};
use crate::convert::micros;
use crate::db::{Session, on, sql};
use crate::{Store, StoreError};

/// What rules are asked.
#[derive(Debug, Clone, Copy)]
pub struct RulesAsked<'a> {
    /// The rules.
    pub rules: &'a Prepared,
    /// Only what this one of them writes is written, also where others build on it.
    pub only: Option<RuleId>,
    /// The batch that goes on; none begins one.
    pub batch: Option<BatchId>,
    /// What the batch is called.
    pub summary: &'a str,
}

/// What asking rules about rows came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RulesApplied {
    /// The batch, which can be undone; none where nothing changed.
    pub batch: Option<BatchId>,
    /// How many rows changed.
    pub changed: usize,
}

impl Store {
    /// Asks rules about some rows and writes what they come to, in one transaction. Rows in locked periods stay as they are, and so does
    /// whatever a person has written.
    pub async fn apply_rules(
        &self,
        asker: &Asker,
        ids: &[TransactionId],
        asked: RulesAsked<'_>,
    ) -> Result<RulesApplied, StoreError> {
        let mut session = self.db.write(asker.require(Right::EditBooks)?).await?;
        // The batch before the accounts, as whoever undoes it does: so that nobody waits for each other.
        let written = match asked.batch {
            Some(batch) => self.written_so_far(&mut session, asker, batch).await?,
            None => 0,
        };
        self.lock_accounts_of(&mut session, asker, ids, None).await?;
        let rows = self.rule_rows_within(&mut session, asker, ids).await?;
        let mut hits: BTreeMap<RuleId, (i64, i64)> = BTreeMap::new();
        let mut decided: Vec<(&RuleRow, Outcome)> = Vec::new();
        for row in rows.iter().filter(|row| !row.is_locked) {
            let facts = asked.rules.facts(row.row, row.layered.clone());
            let mut outcome = asked.rules.decide(&facts);
            if let Some(only) = asked.only {
                outcome.writes.retain(|write| write.by.contains(&only));
                outcome.matched.retain(|rule| *rule == only);
            }
            for rule in &outcome.matched {
                hits.entry(*rule).or_default().0 += 1;
            }
            let changing: BTreeSet<RuleId> = outcome.writes.iter().flat_map(|write| write.by.iter().copied()).collect();
            for rule in changing.iter().filter(|rule| asked.only.is_none_or(|only| only == **rule)) {
                hits.entry(*rule).or_default().1 += 1;
            }
            if !outcome.writes.is_empty() {
                decided.push((row, outcome));
            }
        }
        if decided.is_empty() && asked.batch.is_none() {
            return Ok(RulesApplied::default());
        }
        let batch = if let Some(batch) = asked.batch {
            batch
        } else {
            let new = NewBatch { actor: BatchActor::Rule, run: None, summary: asked.summary, undoes: None };
            self.begin_batch(&mut session, asker, new).await?
        };
        let changes = self.changes_by_rules(&mut session, asker, &decided).await?;
        self.write_fields(&mut session, asker, batch, &changes).await?;
        self.write_changes_after(&mut session, asker, batch, &changes, written).await?;
        self.count_hits(&mut session, asker, batch, &hits).await?;
        // No balance moves, but whoever looks at an account looks again.
        let accounts: BTreeSet<AccountId> = decided.iter().map(|(row, _)| row.row.account).collect();
        for account in accounts {
            self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        }
        session.commit().await?;
        Ok(RulesApplied { batch: Some(batch), changed: decided.len() })
    }

    /// The place of the next change of a batch that goes on, which is locked. One that somebody has undone meanwhile goes no further.
    async fn written_so_far(&self, session: &mut Session, asker: &Asker, batch: BatchId) -> Result<i64, StoreError> {
        const TEXT: &str = "SELECT undone_by IS NULL FROM batches WHERE organization_id = $1 AND id = $2";
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let is_in_force: Option<bool> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_optional(c)
            .await?);
        if !is_in_force.ok_or(StoreError::NotFound("the batch"))? {
            return Err(StoreError::Conflict("somebody has undone this while it went on"));
        }
        let text =
            sql!("SELECT COALESCE(MAX(position) + 1, 0) FROM changes WHERE organization_id = $1 AND batch_id = $2");
        Ok(on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_one(c)
            .await?))
    }

    /// What rules come to as changes; payees and tags that are new are made.
    async fn changes_by_rules(
        &self,
        session: &mut Session,
        asker: &Asker,
        decided: &[(&RuleRow, Outcome)],
    ) -> Result<Vec<Change>, StoreError> {
        let writes = |field: Field| {
            decided.iter().filter(move |(_, outcome)| outcome.writes.iter().any(|write| write.field == field))
        };
        let payees = writes(Field::Payee).filter_map(|(_, outcome)| outcome.after.payee.as_deref());
        let payees: HashMap<String, PayeeId> = self.payees_of(session, asker, payees).await?;
        let tags: BTreeSet<&str> =
            writes(Field::Tags).flat_map(|(_, outcome)| &outcome.after.tags).map(String::as_str).collect();
        let tags: HashMap<String, TagId> = self.tags_of(session, asker, &tags.into_iter().collect::<Vec<_>>()).await?;
        let now = micros(self.ambient.now());
        let mut changes = Vec::new();
        for (row, outcome) in decided {
            for write in &outcome.writes {
                changes.extend(changes_of(row, outcome, write, (&payees, &tags), now));
            }
        }
        Ok(changes)
    }
}

/// The change of a field and, where it has layers, the one of its rule's layer.
fn changes_of(
    row: &RuleRow,
    outcome: &Outcome,
    write: &Write,
    (payees, tags): (&HashMap<String, PayeeId>, &HashMap<String, TagId>),
    now: i64,
) -> Vec<Change> {
    let standing = &row.standing;
    let first = &standing.lines[0];
    let (before, after) = match write.field {
        Field::Payee => {
            let named = outcome.after.payee.as_deref().and_then(|name| payees.get(&fold(name)).copied());
            let after = if write.gives_back { standing.provider_payee } else { named };
            (standing.payee.map(|id| id.to_string()), after.map(|id| id.to_string()))
        }
        Field::Note => (first.note.clone(), outcome.after.note.clone()),
        Field::Category => (first.category.map(|id| id.to_string()), outcome.after.category.map(|id| id.to_string())),
        Field::Tags => {
            let after = outcome.after.tags.iter().filter_map(|tag| tags.get(&crate::tags::key(tag)).copied());
            (tags_value(&first.tags), tags_value(&after.collect()))
        }
        Field::Reviewed => {
            (standing.reviewed_at.map(|at| at.to_string()), outcome.after.is_reviewed.then(|| now.to_string()))
        }
    };
    let (id, column) = key(standing, write.field);
    let is_of_row = matches!(write.field, Field::Payee | Field::Reviewed);
    let entity = if is_of_row { Entity::Transaction } else { Entity::Line };
    let owner = standing.id.uuid();
    let own = change(entity, id, owner, &column, before, after.clone());
    if !write.field.is_layered() {
        return vec![own];
    }
    let layer = standing.rule_layers.get(&(id, column.clone())).cloned();
    let next = (!write.gives_back).then(|| rule_layer_value(write.rule, after.as_deref()));
    vec![change(entity, id, owner, &format!("{RULE_LAYER}{column}"), layer, next), own]
}
