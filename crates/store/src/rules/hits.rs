//! The log of rules: for how many rows each held when a batch was made, and how many it changed.

use std::collections::BTreeMap;

use bankside_domain::batch::BatchActor;
use bankside_domain::{Asker, BatchId, Id, Right, RuleId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{code, instant};
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

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
    pub async fn rule_log(&self, asker: &Asker, rule: Option<RuleId>, limit: i64) -> Result<Vec<RuleHit>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        // Ids of batches rise with time. Each of the two reads one index from its end.
        let rows: Vec<HitRow> = if let Some(rule) = rule {
            let text = select_hits!("AND h.rule_id = $3 ORDER BY h.batch_id DESC LIMIT $2");
            on!(session, c => sqlx::query_as(text)
                .bind(asker.organization.uuid())
                .bind(limit)
                .bind(rule.uuid())
                .fetch_all(c)
                .await?)
        } else {
            let text = select_hits!("ORDER BY h.batch_id DESC, h.changed DESC, h.rule_id LIMIT $2");
            on!(session, c => sqlx::query_as(text)
                .bind(asker.organization.uuid())
                .bind(limit)
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
