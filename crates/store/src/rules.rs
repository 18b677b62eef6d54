//! Rules: kept with their order, changed by whoever saw them as they are, and asked about rows (`rows`, `applying`).

mod applying;
mod changing;
mod hits;
mod layers;
mod rows;

use std::collections::HashMap;

use bankside_domain::rules::Rule;
use bankside_domain::{Asker, Id, Right, RuleId};
use jiff::Timestamp;
use uuid::Uuid;

pub use self::applying::{RulesApplied, RulesAsked};
pub use self::changing::{NewRule, RulesBrought};
#[cfg(test)]
pub(crate) use self::hits::select_hits;
pub use self::hits::{RULE_ALONE, RULES_IN_PART, RuleHit, RuleLogQuery};
pub use self::rows::RuleRow;
use crate::convert::{code, instant};
use crate::db::{Session, on, sql};
use crate::{Store, StoreError};

/// A rule as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRule {
    /// What it is.
    pub rule: Rule,
    /// Rises with every change: whoever changes it names the one that they saw.
    pub revision: i64,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// How many changes of rows it has made by batches that are in force: a row that two of them changed counts twice. Only lists of
    /// rules with what they did tell it; elsewhere it is zero.
    pub changed_rows: i64,
    /// When it did so last, by the same.
    pub last_hit_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    stage: String,
    definition: String,
    is_on: bool,
    revision: i64,
    changed_at: i64,
}

/// What a rule has done by batches that are in force.
#[derive(sqlx::FromRow)]
struct DoneRow {
    rule_id: Uuid,
    changed_rows: i64,
    last_hit_at: i64,
}

impl Row {
    fn into_stored(self) -> Result<StoredRule, StoreError> {
        Ok(StoredRule {
            rule: Rule {
                id: self.id.into(),
                name: self.name,
                stage: code(&self.stage)?,
                is_on: self.is_on,
                says: serde_json::from_str(&self.definition)?,
            },
            revision: self.revision,
            changed_at: instant(self.changed_at)?,
            changed_rows: 0,
            last_hit_at: None,
        })
    }
}

impl Store {
    /// The rules of an organization in the order in which they have their turn.
    pub async fn rules(&self, asker: &Asker) -> Result<Vec<StoredRule>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        self.rules_within(&mut session, asker).await
    }

    /// The same with what they have done, which takes as long as their log.
    pub async fn rules_with_hits(&self, asker: &Asker) -> Result<Vec<StoredRule>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let mut rules = self.rules_within(&mut session, asker).await?;
        let text = sql!(
            "SELECT h.rule_id, CAST(SUM(h.changed) AS BIGINT) AS changed_rows, MAX(b.made_at) AS last_hit_at
             FROM rule_hits h JOIN batches b ON b.organization_id = h.organization_id AND b.id = h.batch_id
             WHERE h.organization_id = $1 AND b.undone_by IS NULL GROUP BY h.rule_id"
        );
        let done: Vec<DoneRow> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let done: HashMap<RuleId, DoneRow> = done.into_iter().map(|row| (row.rule_id.into(), row)).collect();
        for stored in &mut rules {
            if let Some(row) = done.get(&stored.rule.id) {
                stored.changed_rows = row.changed_rows;
                stored.last_hit_at = Some(instant(row.last_hit_at)?);
            }
        }
        Ok(rules)
    }

    pub(crate) async fn rules_within(
        &self,
        session: &mut Session,
        asker: &Asker,
    ) -> Result<Vec<StoredRule>, StoreError> {
        let text = sql!(
            "SELECT id, name, stage, definition, is_on, revision, changed_at FROM rules
             WHERE organization_id = $1 AND gone_at IS NULL ORDER BY position, id"
        );
        let rows: Vec<Row> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        let mut rules = rows.into_iter().map(Row::into_stored).collect::<Result<Vec<_>, _>>()?;
        rules.sort_by_key(|stored| stored.rule.stage);
        Ok(rules)
    }

    /// Whether any rule is on: most organizations have none, and then nothing else is read.
    pub async fn has_rules(&self, asker: &Asker) -> Result<bool, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        let text = sql!("SELECT COUNT(*) FROM rules WHERE organization_id = $1 AND gone_at IS NULL AND is_on");
        let count: i64 =
            on!(session, c => sqlx::query_scalar(text).bind(asker.organization.uuid()).fetch_one(c).await?);
        Ok(count > 0)
    }
}
