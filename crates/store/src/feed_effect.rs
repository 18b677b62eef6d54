//! What changing how an account is fed does to the books: said beforehand, and done.

use bankside_domain::batch::{Change, EXISTS, Entity};
use bankside_domain::{AccountId, Asker, BatchId};

use crate::accounts::Account;
use crate::db::Session;
use crate::{Store, StoreError};

/// Whether a change is tried out or made. A preview is the very write, rolled back: it cannot say anything else than what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolve {
    /// Say what it would do.
    Preview,
    /// Do it.
    Commit,
}

/// What a change did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEffect {
    /// The batch, which can be undone; `None` of a preview, and where nothing differs.
    pub batch: Option<BatchId>,
    /// How many rows come into the books.
    pub rows_in: usize,
    /// How many rows leave the books.
    pub rows_out: usize,
    /// How many rows change their sign.
    pub rows_turned: usize,
    /// The account as it was.
    pub before: Account,
    /// The account as it is then.
    pub after: Account,
}

impl FeedEffect {
    /// Nothing differs.
    pub fn none(account: Account) -> Self {
        Self { batch: None, rows_in: 0, rows_out: 0, rows_turned: 0, before: account.clone(), after: account }
    }
}

impl Store {
    /// Counts what a batch did, and commits it or rolls it back.
    pub(crate) async fn conclude(
        &self,
        mut session: Session,
        asker: &Asker,
        how: Resolve,
        before: Account,
        done: (BatchId, &[Change]),
    ) -> Result<FeedEffect, StoreError> {
        let (batch, changes) = done;
        let after = self.account_within(&mut session, asker, before.id).await?;
        let batch = match how {
            Resolve::Preview => None,
            Resolve::Commit => {
                session.commit().await?;
                Some(batch)
            }
        };
        let count = |fits: &dyn Fn(&Change) -> bool| changes.iter().filter(|change| fits(change)).count();
        let of_row = |change: &Change, field: &str| change.entity == Entity::Transaction && change.field == field;
        Ok(FeedEffect {
            batch,
            rows_in: count(&|change| of_row(change, EXISTS) && change.after.is_some()),
            rows_out: count(&|change| of_row(change, EXISTS) && change.after.is_none()),
            rows_turned: count(&|change| of_row(change, "amount_minor")),
            before,
            after,
        })
    }

    /// An account under its lock, if it still has the revision that it was read with.
    pub(crate) async fn lock_unmoved(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AccountId,
        revision: i64,
    ) -> Result<(), StoreError> {
        let locked = self.lock_account(session, asker, id).await?;
        if locked.revision == revision { Ok(()) } else { Err(StoreError::Stale) }
    }
}
