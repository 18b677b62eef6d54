//! Locking a period of an account: up to that day nothing comes in, leaves or changes any more, whoever writes.

use bankside_domain::batch::{BatchActor, Entity};
use bankside_domain::{AccountId, Asker, BatchId, Id, Right};
use jiff::civil::Date;

use crate::accounts::Sums;
use crate::batches::{NewBatch, change};
use crate::convert::date;
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
        asker.require(Right::EditBooks)?;
        let mut session = self.db.write().await?;
        let before = self.lock_account(&mut session, asker, account).await?.locked_through;
        if before == through {
            return Ok(None);
        }
        if let Some(through) = through
            && self.has_pending(&mut session, asker, account, through).await?
        {
            return Err(StoreError::Conflict("rows up to this day are pending; lock it when the bank has booked them"));
        }
        let summary = through.map_or_else(|| "Lock taken off".to_owned(), |day| format!("Locked through {day}"));
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary: &summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        let (id, text) = (account.uuid(), |day: Option<Date>| day.map(|day| day.to_string()));
        let changes = [change(Entity::Account, id, id, "locked_through", text(before), text(through))];
        self.write_fields(&mut session, asker, batch, &changes).await?;
        self.write_changes(&mut session, asker, batch, &changes).await?;
        // Whoever holds a snapshot must read again.
        self.move_account_sums(&mut session, asker, account, Sums::default()).await?;
        session.commit().await?;
        Ok(Some(batch))
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
}
