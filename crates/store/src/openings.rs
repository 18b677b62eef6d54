//! Opening balances: where they are set.

use bankside_domain::account::OpeningSource;
use bankside_domain::batch::{BatchActor, Entity};
use bankside_domain::{AccountId, Asker, BatchId, Code, Id, Right};
use jiff::civil::Date;

use crate::accounts::Sums;
use crate::batches::{NewBatch, change};
use crate::convert::dates;
use crate::db::{Session, run, sql};
use crate::{Store, StoreError};

impl Store {
    /// Moves an account's opening balance by what it lacks to the bank's, in a batch of its own. `revision` is the account's as
    /// it was when the difference was found; [`StoreError::Stale`] when somebody has written to the account since.
    pub async fn take_bank_opening(
        &self,
        asker: &Asker,
        id: AccountId,
        by_minor: i64,
        revision: i64,
    ) -> Result<BatchId, StoreError> {
        let granted = asker.require_account(Right::EditBooks, id)?;
        let before = self.account(asker, id).await?;
        let mut session = self.db.write(granted).await?;
        let locked = self.lock_account(&mut session, asker, id).await?;
        if locked.revision != revision || before.revision != revision {
            return Err(StoreError::Stale);
        }
        if locked.locked_through.is_some() {
            let why = "a period of this account is locked, and another opening balance would change what it came to";
            return Err(StoreError::Conflict(why));
        }
        let after = before.opening_minor.saturating_add(by_minor);
        self.set_opening(&mut session, asker, id, after, before.opening_on, OpeningSource::Bank).await?;
        let summary = "Opening balance taken from the bank";
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        let moved = |field: &str, before: String, after: String| {
            change(Entity::Account, id.uuid(), id.uuid(), field, Some(before), Some(after))
        };
        let source = |source: OpeningSource| source.code().to_owned();
        let mut changes = vec![moved("opening_minor", before.opening_minor.to_string(), after.to_string())];
        if before.opening_source != OpeningSource::Bank {
            changes.push(moved("opening_source", source(before.opening_source), source(OpeningSource::Bank)));
        }
        self.write_changes(&mut session, asker, batch, &changes).await?;
        self.move_account_sums(&mut session, asker, id, Sums::default()).await?;
        session.commit().await?;
        Ok(batch)
    }

    /// Sets the opening balance. The caller records the change.
    pub(crate) async fn set_opening(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AccountId,
        opening_minor: i64,
        opening_on: Option<Date>,
        source: OpeningSource,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE accounts SET opening_minor = $3, opening_on = $4, opening_source = $5
             WHERE organization_id = $1 AND id = $2"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(opening_minor)
                .bind(dates(opening_on))
                .bind(source.code())
        );
        Ok(())
    }
}
