//! Batches whose rows rules and transfers are still to be asked about.

use bankside_domain::{Asker, BatchId, Granted, Id, OrganizationId, Right};
use jiff::SignedDuration;
use uuid::Uuid;

use crate::convert::micros;
use crate::db::{Session, on, run, sql};
use crate::{Store, StoreError};

/// Whoever writes a batch has rules and transfers asked right after it. Where that has not happened for so long, the worker does it.
const WAITS_FOR: SignedDuration = SignedDuration::from_mins(5);
/// What fails again and again is asked again after twice the time, up to a day.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// What is to be asked about a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ToAsk {
    /// Rows came or changed: rules have their turn, and transfers are looked for.
    Rows,
    /// Transfers were linked or taken apart: rules that ask what is one have a turn.
    Links,
}

impl ToAsk {
    fn code(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Links => "links",
        }
    }
}

/// A batch that is due to be asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchToAsk {
    /// Whose.
    pub organization: OrganizationId,
    /// Which one.
    pub batch: BatchId,
    /// What is to be asked.
    pub what: ToAsk,
}

impl Store {
    /// Remembers, in the transaction of a batch, that its rows are to be asked about.
    pub(crate) async fn is_to_be_asked(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        what: ToAsk,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "INSERT INTO batches_to_ask (organization_id, batch_id, what, due_at, tries) VALUES ($1, $2, $3, $4, 0)
             ON CONFLICT (organization_id, batch_id) DO NOTHING"
        );
        let due_at = micros(self.ambient.now() + WAITS_FOR);
        run!(
            session,
            sqlx::query(text).bind(asker.organization.uuid()).bind(batch.uuid()).bind(what.code()).bind(due_at)
        );
        Ok(())
    }

    /// Rules and transfers have been asked about some batches.
    pub async fn were_asked(&self, asker: &Asker, batches: &[BatchId]) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require(Right::EditBooks)?).await?;
        for batch in batches {
            let text = sql!("DELETE FROM batches_to_ask WHERE organization_id = $1 AND batch_id = $2");
            run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(batch.uuid()));
        }
        session.commit().await
    }

    /// Takes batches that are due to be asked about, of whichever organization, the longest due first. They are due again later, in case
    /// whoever takes them does not come to the end.
    pub async fn take_batches_to_ask_as_system(&self, limit: i64) -> Result<Vec<BatchToAsk>, StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        let now = self.ambient.now();
        let text = sql!(
            "SELECT organization_id, batch_id, what, due_at, tries FROM batches_to_ask WHERE due_at <= $1
             ORDER BY due_at, batch_id LIMIT $2"
        );
        let due: Vec<(Uuid, Uuid, String, i64, i64)> =
            on!(session, c => sqlx::query_as(text).bind(micros(now)).bind(limit).fetch_all(c).await?);
        let mut taken = Vec::with_capacity(due.len());
        for (organization, batch, what, due_at, tries) in due {
            // Another worker may have taken it meanwhile.
            let text = sql!(
                "UPDATE batches_to_ask SET due_at = $4, tries = tries + 1
                 WHERE organization_id = $1 AND batch_id = $2 AND due_at = $3"
            );
            let next = micros(now + waits_for(tries));
            let count = run!(session, sqlx::query(text).bind(organization).bind(batch).bind(due_at).bind(next));
            let what = if what == ToAsk::Links.code() { ToAsk::Links } else { ToAsk::Rows };
            if count > 0 {
                taken.push(BatchToAsk { organization: organization.into(), batch: batch.into(), what });
            }
        }
        session.commit().await?;
        Ok(taken)
    }
}

/// How long a batch waits that has been taken so often already.
fn waits_for(tries: i64) -> SignedDuration {
    let doubled = u32::try_from(tries.clamp(0, 16)).unwrap_or_default();
    WAITS_FOR.saturating_mul(1 << doubled).min(LONGEST)
}
