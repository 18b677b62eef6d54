//! What a person decides about a row that was held back: a batch of theirs, written as what a plan came to is written.

use bankside_domain::batch::BatchActor;
use bankside_domain::edit::{Circumstances, Refused};
use bankside_domain::reconcile::{Action, ClaimState, Entry, Reason};
use bankside_domain::{Asker, BatchId, Code, Id, Right, TransactionId};
use uuid::Uuid;

use super::work::Work;
use crate::accounts::{Account, LockedAccount};
use crate::asking::ToAsk;
use crate::batches::NewBatch;
use crate::convert::micros;
use crate::db::{Session, on, sql};
use crate::held_rows::HeldRow;
use crate::{Store, StoreError};

/// What a person decides about a row that was held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeldDecision {
    /// It comes into the books as a row of its own.
    NewRow(Entry),
    /// It is this transaction, whose content follows it.
    Correction(TransactionId, Entry),
    /// It stays out, whatever the bank shows.
    LeaveOut,
}

impl HeldDecision {
    fn action(&self) -> Action {
        match self {
            Self::NewRow(entry) => Action::Add(entry.clone()),
            Self::Correction(transaction, entry) => Action::Update(*transaction, entry.clone()),
            Self::LeaveOut => Action::Leave,
        }
    }

    fn summary(&self) -> &'static str {
        match self {
            Self::NewRow(_) => "Held back row taken in",
            Self::Correction(..) => "Transaction corrected by a row that was held back",
            Self::LeaveOut => "Held back row left out",
        }
    }
}

impl Store {
    /// Carries out what a person decides about a row that was held back, as one batch that can be undone.
    ///
    /// `account` is the account as it was when the person's choice was made up; answers [`StoreError::Stale`] when it has
    /// changed since, and [`StoreError::Conflict`] when the row does not wait any more.
    pub async fn decide_held(
        &self,
        asker: &Asker,
        account: &Account,
        held: &HeldRow,
        decision: &HeldDecision,
    ) -> Result<Result<BatchId, Refused>, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let locked = self.lock_account(&mut session, asker, held.account).await?;
        if locked.revision != account.revision {
            return Err(StoreError::Stale);
        }
        self.check_held(&mut session, asker, held).await?;
        if let Err(why) = self.may_decide(&mut session, asker, &locked, held, decision).await? {
            return Ok(Err(why));
        }
        let action = decision.action();
        let mut work = Work::from_person(held, &action, &self.ambient);
        let payees = self.payees_of(&mut session, asker, work.payee_names()).await?;
        self.prepare_updates(&mut session, asker, held.account, &mut work, &payees).await?;
        let summary = decision.summary();
        let batch = NewBatch { actor: BatchActor::Person, run: None, summary, undoes: None };
        let batch = self.begin_batch(&mut session, asker, batch).await?;
        self.write_entries(&mut session, asker, held.account, batch, &work, &payees).await?;
        if let Some(opening) = work.opening_move(account, held.import_from) {
            self.fix_opening(&mut session, asker, account, &mut work, opening).await?;
        }
        self.write_changes(&mut session, asker, batch, &work.changes).await?;
        self.is_to_be_asked(&mut session, asker, batch, ToAsk::Rows).await?;
        for (account, sums) in &work.sums {
            self.move_account_sums(&mut session, asker, *account, *sums).await?;
        }
        session.commit().await?;
        Ok(Ok(batch))
    }

    /// The row still waits, with the content that the person has seen.
    async fn check_held(&self, session: &mut Session, asker: &Asker, held: &HeldRow) -> Result<(), StoreError> {
        let text = sql!(
            "SELECT k.state, r.current_version_id FROM claims k
             JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id
             WHERE k.organization_id = $1 AND k.feed_row_id = $2"
        );
        let now: Option<(String, Uuid)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(held.feed_row.uuid())
            .fetch_optional(c)
            .await?);
        let waits = ClaimState::Quarantined.code();
        match now {
            Some((state, version)) if state == waits && version == held.row.version.uuid() => Ok(()),
            _ => Err(StoreError::Conflict("this row does not wait any more, or the bank has changed it since")),
        }
    }

    /// Whether what is decided may be done to the books, or why not.
    async fn may_decide(
        &self,
        session: &mut Session,
        asker: &Asker,
        locked: &LockedAccount,
        held: &HeldRow,
        decision: &HeldDecision,
    ) -> Result<Result<(), Refused>, StoreError> {
        let is_locked = |entry: &Entry| locked.check_unlocked(entry.dated_on).is_err();
        match decision {
            HeldDecision::NewRow(entry) | HeldDecision::Correction(_, entry) if is_locked(entry) => {
                Ok(Err(Refused::LockedPeriod))
            }
            HeldDecision::LeaveOut | HeldDecision::NewRow(_) => Ok(Ok(())),
            HeldDecision::Correction(transaction, entry) => {
                let Some(Reason::IdDisagrees { kind }) = held.row.reason else {
                    return Err(StoreError::Conflict("this row carries no id of another one"));
                };
                if !self.with_id(session, asker, held.row.version, kind).await?.contains(transaction) {
                    return Err(StoreError::Conflict("this row carries no id of that one"));
                }
                let there = self.lock_accounts_of(session, asker, &[*transaction], [held.account]).await?;
                let rows = self.stand(session, asker, &[*transaction]).await?;
                let row = rows.first().ok_or(StoreError::NotFound("the transaction"))?;
                let locked_through = there.get(&row.account).and_then(|locked| locked.locked_through);
                let around = Circumstances { now: micros(self.ambient.now()), locked_through, unlocks: false };
                let is_split = row.lines.len() > 1 && row.amount_minor != entry.minor;
                Ok(row.may_go(around).and(if is_split { Err(Refused::Split) } else { Ok(()) }))
            }
        }
    }
}
