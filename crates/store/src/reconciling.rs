//! Reconciling: comparing an account with a statement, and locking what it confirms.

use bankside_domain::batch::{BatchActor, Entity};
use bankside_domain::{AccountId, Asker, BatchId, Id, Right};
use jiff::civil::Date;
use uuid::Uuid;

use crate::accounts::Sums;
use crate::batches::{NewBatch, change};
use crate::convert::{date, micros};
use crate::db::{Session, on, sql};
use crate::{Store, StoreError};

/// How an account stands against a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reconciliation {
    /// Opening balance and every cleared row up to the day, in minor units.
    pub cleared_minor: i64,
    /// Opening balance and what is locked already, in minor units.
    pub reconciled_minor: i64,
    /// Typed rows up to the day that nobody has ticked.
    pub uncleared: i64,
    /// Cleared rows up to the day that are not locked yet.
    pub to_lock: i64,
}

/// What reconciling came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconciled {
    /// Rows are locked.
    Locked(BatchId, usize),
    /// The statement fits, and every row was locked before.
    AlreadyLocked,
    /// The statement says this much more than what is cleared, in minor units.
    Differs(i64),
}

impl Store {
    /// How an account stands at the end of a day.
    pub async fn reconciliation(
        &self,
        asker: &Asker,
        account: AccountId,
        through: Date,
    ) -> Result<Reconciliation, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::SeeBooks, account)?).await?;
        self.stands_at(&mut session, asker, account, through).await
    }

    /// Locks every cleared row up to a day, if with the opening balance they come to what the statement says.
    pub async fn reconcile(
        &self,
        asker: &Asker,
        account: AccountId,
        through: Date,
        stated_minor: i64,
    ) -> Result<Reconciled, StoreError> {
        let mut session = self.db.write(asker.require_account(Right::EditBooks, account)?).await?;
        self.lock_account(&mut session, asker, account).await?;
        let stands = self.stands_at(&mut session, asker, account, through).await?;
        if stands.cleared_minor != stated_minor {
            return Ok(Reconciled::Differs(stated_minor.saturating_sub(stands.cleared_minor)));
        }
        let now = micros(self.ambient.now());
        let text = sql!(
            "UPDATE transactions SET reconciled_at = $4, reviewed_at = COALESCE(reviewed_at, $4)
             WHERE organization_id = $1 AND account_id = $2 AND dated_on <= $3 AND deleted_at IS NULL
                AND status = 'booked' AND reconciled_at IS NULL
                AND (provider_dated_on IS NOT NULL OR cleared_at IS NOT NULL)
             RETURNING id"
        );
        let locked: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(date(through))
            .bind(now)
            .fetch_all(c)
            .await?);
        if locked.is_empty() {
            return Ok(Reconciled::AlreadyLocked);
        }
        let summary = format!("Reconciled through {through}");
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        let lock = |id: &Uuid| change(Entity::Transaction, *id, *id, "reconciled_at", None, Some(now.to_string()));
        let changes: Vec<_> = locked.iter().map(lock).collect();
        self.write_changes(&mut session, asker, batch, &changes).await?;
        self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        session.commit().await?;
        Ok(Reconciled::Locked(batch, locked.len()))
    }

    async fn stands_at(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        through: Date,
    ) -> Result<Reconciliation, StoreError> {
        let text = sql!(
            "SELECT a.opening_minor,
                CAST(COALESCE(SUM(CASE WHEN t.provider_dated_on IS NOT NULL OR t.cleared_at IS NOT NULL
                    THEN t.amount_minor ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN t.reconciled_at IS NOT NULL THEN t.amount_minor ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN t.id IS NOT NULL AND t.provider_dated_on IS NULL AND t.cleared_at IS NULL
                    THEN 1 ELSE 0 END), 0) AS BIGINT),
                CAST(COALESCE(SUM(CASE WHEN t.reconciled_at IS NULL
                    AND (t.provider_dated_on IS NOT NULL OR t.cleared_at IS NOT NULL) THEN 1 ELSE 0 END), 0) AS BIGINT)
             FROM accounts a
             LEFT JOIN transactions t ON t.organization_id = a.organization_id AND t.account_id = a.id
                AND t.dated_on <= $3 AND t.deleted_at IS NULL AND t.status = 'booked'
             WHERE a.organization_id = $1 AND a.id = $2 GROUP BY a.opening_minor"
        );
        let row: Option<(i64, i64, i64, i64, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(date(through))
            .fetch_optional(c)
            .await?);
        let (opening, cleared, reconciled, uncleared, to_lock) = row.ok_or(StoreError::NotFound("the account"))?;
        Ok(Reconciliation {
            cleared_minor: opening.saturating_add(cleared),
            reconciled_minor: opening.saturating_add(reconciled),
            uncleared,
            to_lock,
        })
    }
}
