//! The log of rules: for how many rows each held when a batch was made, and how many it changed.

use std::collections::BTreeMap;

use bankside_domain::batch::BatchActor;
use bankside_domain::{Asker, BatchId, Id, Right, RuleId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{code, instant};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// So much of the log is read at once: one more than anybody shows, who learns by it that there are more.
const MOST_HITS: i64 = 501;

/// What a batch of rules that were applied to all rows has behind its name until it has seen all of them.
pub const RULES_IN_PART: &str = " to a part of the rows";

/// How the name of a batch begins in which one rule was applied by itself.
pub const RULE_ALONE: &str = "Rule ";

/// What one rule did in one batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHit {
    /// The rule.
    pub rule: RuleId,
    /// What it is called now, or was called when it was deleted.
    pub name: String,
    /// The batch, which can be undone.
    pub batch: BatchId,
    /// Who made it.
    pub actor: BatchActor,
    /// The person who had rules applied; none where they were asked about rows that came.
    pub person: Option<String>,
    /// What the batch was.
    pub summary: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// For how many rows the rule held, of those that it was asked about.
    pub matched: i64,
    /// How many it changed.
    pub changed: i64,
    /// The undoing that is in force; none while the batch itself is.
    pub undone_by: Option<BatchId>,
}

impl RuleHit {
    /// Whether the batch has not seen all rows: it goes on, or was cut off by the end of the process.
    pub fn is_in_part(&self) -> bool {
        self.undone_by.is_none() && self.summary.ends_with(RULES_IN_PART)
    }

    /// The rule that was applied by itself; `None` where all were, or where rules had their turn.
    pub fn of_one(&self) -> Option<RuleId> {
        self.summary.starts_with(RULE_ALONE).then_some(self.rule)
    }
}

/// Which part of what rules did is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleLogQuery {
    /// Of this rule only.
    pub rule: Option<RuleId>,
    /// How many to pass over.
    pub offset: i64,
    /// How many to read, at most 501.
    pub limit: i64,
}

impl Default for RuleLogQuery {
    fn default() -> Self {
        Self { rule: None, offset: 0, limit: 50 }
    }
}

#[derive(sqlx::FromRow)]
struct HitRow {
    rule_id: Uuid,
    name: String,
    batch_id: Uuid,
    actor: String,
    person_name: Option<String>,
    summary: String,
    made_at: i64,
    matched: i64,
    changed: i64,
    undone_by: Option<Uuid>,
}

impl HitRow {
    fn into_hit(self) -> Result<RuleHit, StoreError> {
        Ok(RuleHit {
            rule: self.rule_id.into(),
            name: self.name,
            batch: self.batch_id.into(),
            actor: code(&self.actor)?,
            person: self.person_name,
            summary: self.summary,
            made_at: instant(self.made_at)?,
            matched: self.matched,
            changed: self.changed,
            undone_by: self.undone_by.map(BatchId::from),
        })
    }
}

/// Selects what rules did as [`HitRow`]s, by which are meant, which come first and how many.
macro_rules! select_hits {
    ($which:literal) => {
        concat!(
            "SELECT h.rule_id, r.name, h.batch_id, b.actor, p.name AS person_name, b.summary, b.made_at, h.matched, h.changed,
                b.undone_by
             FROM rule_hits h
             JOIN rules r ON r.organization_id = h.organization_id AND r.id = h.rule_id
             JOIN batches b ON b.organization_id = h.organization_id AND b.id = h.batch_id
             LEFT JOIN people p ON p.id = b.person_id
             WHERE h.organization_id = $1 ",
            $which
        )
    };
}
#[cfg(test)]
pub(crate) use select_hits;

impl Store {
    /// What rules did, or one of them, the latest first.
    pub async fn rule_log(&self, asker: &Asker, query: &RuleLogQuery) -> Result<Vec<RuleHit>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let (limit, offset) = (query.limit.clamp(1, MOST_HITS), query.offset.max(0));
        // Ids of batches rise with time. Each of the two reads one index from its end.
        let rows: Vec<HitRow> = if let Some(rule) = query.rule {
            let text = select_hits!("AND h.rule_id = $4 ORDER BY h.batch_id DESC LIMIT $2 OFFSET $3");
            on!(session, c => sqlx::query_as(text)
                .bind(asker.organization.uuid())
                .bind(limit)
                .bind(offset)
                .bind(rule.uuid())
                .fetch_all(c)
                .await?)
        } else {
            let text = select_hits!("ORDER BY h.batch_id DESC, h.changed DESC, h.rule_id LIMIT $2 OFFSET $3");
            on!(session, c => sqlx::query_as(text)
                .bind(asker.organization.uuid())
                .bind(limit)
                .bind(offset)
                .fetch_all(c)
                .await?)
        };
        rows.into_iter().map(HitRow::into_hit).collect()
    }

    /// What some rules are called, also those that were deleted.
    pub async fn rule_names(&self, asker: &Asker, ids: &[RuleId]) -> Result<BTreeMap<RuleId, String>, StoreError> {
        let mut names = BTreeMap::new();
        if ids.is_empty() {
            return Ok(names);
        }
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!("SELECT name FROM rules WHERE organization_id = $1 AND id = $2");
        for id in ids {
            let name: Option<String> = on!(session, c => sqlx::query_scalar(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .fetch_optional(c)
                .await?);
            names.extend(name.map(|name| (*id, name)));
        }
        Ok(names)
    }

    /// Ends a batch of rules: what it is called, and for how many rows rules held that had nothing to change.
    pub async fn end_rules(
        &self,
        asker: &Asker,
        batch: BatchId,
        summary: &str,
        beside: &BTreeMap<RuleId, i64>,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::EditBooks)?).await?;
        let text = sql!("UPDATE batches SET summary = $3 WHERE organization_id = $1 AND id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(batch.uuid()).bind(summary));
        let hits = beside.iter().map(|(rule, matched)| (*rule, (*matched, 0))).collect();
        self.count_hits(&mut session, asker, batch, &hits).await?;
        session.commit().await
    }

    /// Says of batches that were cut off that what was left has been done since: of those of a rule, or of those of all rules.
    pub async fn finish_cut_off_rules(
        &self,
        asker: &Asker,
        only: Option<RuleId>,
        summary: &str,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::EditBooks)?).await?;
        let (summary, in_part) = (format!("{summary}, and finished later"), format!("%{RULES_IN_PART}"));
        if let Some(rule) = only {
            // One of all rules has hits of this one, too, and is not finished by it.
            let text = sql!(
                "UPDATE batches SET summary = $4 WHERE organization_id = $1 AND actor = 'rule' AND summary LIKE $2
                 AND summary LIKE 'Rule %' AND undone_by IS NULL
                 AND id IN (SELECT batch_id FROM rule_hits WHERE organization_id = $1 AND rule_id = $3)"
            );
            run!(
                session,
                sqlx::query(text).bind(asker.organization.uuid()).bind(in_part).bind(rule.uuid()).bind(summary)
            );
        } else {
            let text = sql!(
                "UPDATE batches SET summary = $3 WHERE organization_id = $1 AND actor = 'rule' AND summary LIKE $2
                 AND summary NOT LIKE 'Rule %' AND undone_by IS NULL"
            );
            run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(in_part).bind(summary));
        }
        session.commit().await
    }

    /// Adds to what rules did in a batch.
    pub(super) async fn count_hits(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        hits: &BTreeMap<RuleId, (i64, i64)>,
    ) -> Result<(), StoreError> {
        for (rule, (matched, changed)) in hits {
            let text = sql!(
                "INSERT INTO rule_hits (organization_id, rule_id, batch_id, matched, changed) VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (organization_id, rule_id, batch_id) DO UPDATE SET matched = rule_hits.matched + excluded.matched,
                    changed = rule_hits.changed + excluded.changed"
            );
            run!(
                session,
                sqlx::query(text)
                    .bind(asker.organization.uuid())
                    .bind(rule.uuid())
                    .bind(batch.uuid())
                    .bind(*matched)
                    .bind(*changed)
            );
        }
        Ok(())
    }
}
