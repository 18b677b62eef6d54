//! Locking a period of an account: up to that day nothing comes in, leaves or changes any more, whoever writes.

use bankside_domain::batch::{BatchActor, Change, Entity, LOCKED_THROUGH, Unlocked};
use bankside_domain::reconcile::Reason;
use bankside_domain::{AccountId, Asker, BatchId, Id, Right};
use jiff::civil::Date;
use uuid::Uuid;

use crate::accounts::Sums;
use crate::batches::{NewBatch, change};
use crate::convert::{SqlDate, date, dates};
use crate::db::{Session, on, sql};
use crate::{Store, StoreError};

impl Store {
    /// Locks an account up to and including a day, or takes the lock off. `None` where it stands so already. A period with
    /// pending rows is a conflict: they are booked, or vanish, and could do neither any more.
    pub async fn lock_period(
        &self,
        asker: &Asker,
        account: AccountId,
        through: Option<Date>,
    ) -> Result<Option<BatchId>, StoreError> {
        let mut session = self.db.write(asker.require_account(Right::EditBooks, account)?).await?;
        let before = self.lock_account(&mut session, asker, account).await?.locked_through;
        if before == through {
            return Ok(None);
        }
        if let Some(through) = through
            && self.has_pending(&mut session, asker, account, through).await?
        {
            return Err(StoreError::Conflict(if self.is_fed(&mut session, asker, account).await? {
                "rows up to this day are pending; lock it when the bank has booked them"
            } else {
                "rows up to this day are pending, and no bank is linked that could book them: link the account again, or \
                 delete these rows"
            }));
        }
        let summary = through.map_or_else(|| "Lock taken off".to_owned(), |day| format!("Locked through {day}"));
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        let (id, text) = (account.uuid(), |day: Option<Date>| day.map(|day| day.to_string()));
        let mut changes = vec![change(Entity::Account, id, id, LOCKED_THROUGH, text(before), text(through))];
        self.write_fields(&mut session, asker, batch, &changes).await?;
        changes.extend(self.await_what_was_locked(&mut session, asker, batch, &changes).await?);
        self.write_changes(&mut session, asker, batch, &changes).await?;
        // Whoever holds a snapshot must read again.
        self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        session.commit().await?;
        Ok(Some(batch))
    }

    /// Rows that come out of a locked period with these changes, and that the bank has told otherwise while they were in it, wait for
    /// the next decision: no answer says that once more. The next sync asks for them. Answers with the changes to the claims.
    pub(crate) async fn await_what_was_locked(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        changes: &[Change],
    ) -> Result<Vec<Change>, StoreError> {
        let mut made = Vec::new();
        for unlocked in changes.iter().filter_map(Unlocked::of) {
            let text = sql!(
                "SELECT k.feed_row_id, t.id, r.bank_account_id, COALESCE(v.day, t.dated_on) FROM transactions t
                 JOIN claims k ON k.organization_id = t.organization_id AND k.transaction_id = t.id AND k.state = 'applied'
                 JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id
                 JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id
                 WHERE t.organization_id = $1 AND t.account_id = $2 AND t.deleted_at IS NULL AND v.reason = $3
                    AND t.dated_on <= $4 AND (t.dated_on > $5 OR $5 IS NULL)
                 ORDER BY k.feed_row_id"
            );
            let rows: Vec<(Uuid, Uuid, Uuid, SqlDate)> = on!(session, c => sqlx::query_as(text)
                .bind(asker.organization.uuid())
                .bind(unlocked.account.uuid())
                .bind(serde_json::to_string(&Reason::StaysLocked)?)
                .bind(date(unlocked.through))
                .bind(dates(unlocked.still_through))
                .fetch_all(c)
                .await?);
            for (feed_row, transaction, bank_account, day) in rows {
                made.push(self.await_decision(session, asker, batch, (feed_row, transaction)).await?);
                self.ask_from(session, asker, bank_account, None, day).await?;
            }
        }
        Ok(made)
    }

    async fn has_pending(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
        through: Date,
    ) -> Result<bool, StoreError> {
        let text = sql!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM transactions WHERE organization_id = $1 AND account_id = $2
                AND dated_on <= $3 AND status = 'pending' AND deleted_at IS NULL LIMIT 1) AS found"
        );
        let found: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(date(through))
            .fetch_one(c)
            .await?);
        Ok(found > 0)
    }

    /// Whether a bank is behind an account.
    async fn is_fed(&self, session: &mut Session, asker: &Asker, account: AccountId) -> Result<bool, StoreError> {
        let text = sql!(
            "SELECT COUNT(*) FROM feeds WHERE organization_id = $1 AND account_id = $2 AND until_at IS NULL AND NOT is_shadow"
        );
        let found: i64 = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_one(c)
            .await?);
        Ok(found > 0)
    }
}
