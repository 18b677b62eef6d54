//! Rules: kept with their order, changed by whoever saw them as they are, and asked about rows (`rows`, `applying`).

mod applying;
mod changing;
mod hits;
mod layers;
mod rows;

use bankside_domain::rules::Rule;
use bankside_domain::{Asker, Id, Right};
use jiff::Timestamp;
use uuid::Uuid;

pub use self::applying::{RulesApplied, RulesAsked};
pub use self::changing::{NewRule, RulesBrought};
pub use self::hits::RuleHit;
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
    /// How many rows it has changed by batches that are in force.
    pub changed_rows: i64,
    /// When it did so last.
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
    changed_rows: i64,
    last_hit_at: Option<i64>,
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
            changed_rows: self.changed_rows,
            last_hit_at: self.last_hit_at.map(instant).transpose()?,
        })
    }
}

impl Store {
    /// The rules of an organization in the order in which they have their turn.
    pub async fn rules(&self, asker: &Asker) -> Result<Vec<StoredRule>, StoreError> {
        let mut session = self.db.read(asker.require(Right::SeeBooks)?).await?;
        self.rules_within(&mut session, asker).await
    }

    pub(crate) async fn rules_within(
        &self,
        session: &mut Session,
        asker: &Asker,
    ) -> Result<Vec<StoredRule>, StoreError> {
        let text = sql!(
            "SELECT r.id, r.name, r.stage, r.definition, r.is_on, r.revision, r.changed_at,
                (SELECT CAST(COALESCE(SUM(h.changed), 0) AS BIGINT) FROM rule_hits h JOIN batches b
                    ON b.organization_id = h.organization_id AND b.id = h.batch_id
                    WHERE h.organization_id = r.organization_id AND h.rule_id = r.id AND b.undone_by IS NULL) AS changed_rows,
                (SELECT MAX(b.made_at) FROM rule_hits h JOIN batches b
                    ON b.organization_id = h.organization_id AND b.id = h.batch_id
                    WHERE h.organization_id = r.organization_id AND h.rule_id = r.id AND b.undone_by IS NULL) AS last_hit_at
             FROM rules r WHERE r.organization_id = $1 AND r.gone_at IS NULL ORDER BY r.position, r.id"
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
