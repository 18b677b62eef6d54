//! Undo: taking a batch back, as far as nobody has built on it since. Feed rows are observations and stay.

use std::collections::{BTreeMap, BTreeSet};

use bankside_domain::batch::{
    BatchActor, Change, Entity, Later, Lockable, Rejoined, UndoPlan, Untouchable, claim_value, claims_taken_back,
    locked_rows, plan_undo, restored_claims, restored_rows,
};
use bankside_domain::edit;
use bankside_domain::reconcile::{ClaimState, Reason};
use bankside_domain::transfer::TRANSFER;
use bankside_domain::{AccountId, Asker, BatchId, Code, Id, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::asking::ToAsk;
use crate::batches::{NewBatch, change};
use crate::convert::{SqlDate, code};
use crate::db::{Session, on, run, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

/// The batch that is undone.
struct Undone {
    /// The run that made it.
    run: Option<Uuid>,
    /// The batch that it undid, if it is an undoing itself.
    undoes: Option<Uuid>,
}

/// A claim that was restored, as it stands after that.
#[derive(sqlx::FromRow)]
struct RejoinedRow {
    feed_row_id: Uuid,
    transaction_id: Uuid,
    bank_account_id: Uuid,
    day: SqlDate,
    bank_status: String,
    status: String,
    came_since: bool,
    reason: Option<String>,
}

impl RejoinedRow {
    fn has_moved_on(&self, stood_elsewhere: bool) -> Result<bool, StoreError> {
        let reason: Option<Reason> = self.reason.as_deref().map(serde_json::from_str).transpose()?;
        let Self { came_since, .. } = *self;
        let (bank_status, status) = (code(&self.bank_status)?, code(&self.status)?);
        let rejoined = Rejoined { bank_status, status, came_since, stood_elsewhere, reason: reason.as_ref() };
        Ok(rejoined.has_moved_on())
    }
}

/// What undoing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoOutcome {
    /// The batch that the undoing is; it can be undone too.
    pub batch: BatchId,
    /// How many changes were taken back.
    pub taken_back: usize,
    /// Changes that stay, and why.
    pub stay: Vec<(Change, Untouchable)>,
    /// Whether transfers were linked or taken apart by it.
    pub changes_links: bool,
}

impl Store {
    /// What undoing a batch would do.
    pub async fn preview_undo(&self, asker: &Asker, batch: BatchId) -> Result<UndoPlan, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        let changes = self.changes_of(&mut session, asker, batch).await?;
        see_all(asker, &self.accounts_of_batch(&mut session, asker, batch, &changes).await?)?;
        self.undo_plan(&mut session, asker, batch, &changes).await
    }

    /// The undoing of a batch that is in force; `None` while the batch itself is.
    pub async fn undoing_of(&self, asker: &Asker, batch: BatchId) -> Result<Option<BatchId>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        let text = sql!("SELECT undone_by FROM batches WHERE organization_id = $1 AND id = $2");
        let row: Option<Option<Uuid>> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_optional(c)
            .await?);
        let undone_by = row.ok_or(StoreError::NotFound("the batch"))?;
        if asker.is_restricted() {
            let changes = self.changes_of(&mut session, asker, batch).await?;
            see_all(asker, &self.accounts_of_batch(&mut session, asker, batch, &changes).await?)?;
        }
        Ok(undone_by.map(BatchId::from))
    }

    /// Undoes a batch, in one transaction, as a batch of its own. The next sync brings in again what the bank still shows.
    pub async fn undo(&self, asker: &Asker, batch: BatchId) -> Result<UndoOutcome, StoreError> {
        self.undo_with(asker, batch, Later::BringIn).await
    }

    /// Undoes a batch as [`Store::undo`] does, and says what later syncs do with rows that leave the books.
    pub async fn undo_with(&self, asker: &Asker, batch: BatchId, later: Later) -> Result<UndoOutcome, StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        // Everything that the plan is made from is locked before it is read.
        let undone = self.lock_batch(&mut session, asker, batch).await?;
        let changes = self.changes_of(&mut session, asker, batch).await?;
        let mut accounts = self.accounts_of_batch(&mut session, asker, batch, &changes).await?;
        see_all(asker, &accounts)?;
        for account in &accounts {
            self.lock_account(&mut session, asker, *account).await?;
        }
        let mut plan = self.undo_plan(&mut session, asker, batch, &changes).await?;
        if later == Later::LeaveOut {
            leave_out(&mut plan.write);
        }
        if plan.is_empty() {
            return Err(StoreError::Conflict("nothing of this can be undone any more"));
        }
        let actor = if asker.person().is_some() { BatchActor::Person } else { BatchActor::System };
        let new = NewBatch { actor, run: None, summary: "Undone", undoes: Some(batch) };
        let undoing = self.begin_batch(&mut session, asker, new).await?;
        self.write_fields(&mut session, asker, undoing, &plan.write).await?;
        let mut made = plan.write.clone();
        if undone.run.is_some() {
            made.extend(self.await_again(&mut session, asker, undoing, &plan.write).await?);
            self.ask_again(&mut session, asker, batch).await?;
        }
        made.extend(self.await_what_moved_on(&mut session, asker, (batch, undoing), &undone, &plan.write).await?);
        made.extend(self.await_what_was_locked(&mut session, asker, undoing, &plan.write).await?);
        self.write_changes(&mut session, asker, undoing, &made).await?;
        let changes_links = made.iter().any(|change| change.field == TRANSFER);
        if changes_links {
            self.is_to_be_asked(&mut session, asker, undoing, ToAsk::Links).await?;
        }
        accounts.extend(self.accounts_of(&mut session, asker, &made).await?);
        for account in accounts {
            self.recount_account(&mut session, asker, account).await?;
        }
        self.mark_undone(&mut session, asker, batch, undone.undoes, undoing).await?;
        session.commit().await?;
        Ok(UndoOutcome { batch: undoing, taken_back: plan.write.len(), stay: plan.stay, changes_links })
    }

    /// Marks a batch as undone. What it had undone itself is in force again by that, what that one had undone is not, and so
    /// on.
    async fn mark_undone(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        undoes: Option<Uuid>,
        undoing: BatchId,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let mut undone_by = Some(undoing.uuid());
        let (mut current, mut next) = (batch.uuid(), undoes);
        loop {
            let text = sql!("UPDATE batches SET undone_by = $3 WHERE organization_id = $1 AND id = $2");
            run!(session, sqlx::query(text).bind(organization).bind(current).bind(undone_by));
            let Some(before) = next else { return Ok(()) };
            undone_by = if undone_by.is_some() { None } else { Some(current) };
            current = before;
            let text = sql!("SELECT undoes FROM batches WHERE organization_id = $1 AND id = $2");
            next = on!(session, c => sqlx::query_scalar(text).bind(organization).bind(current).fetch_one(c).await?);
        }
    }

    async fn lock_batch(&self, session: &mut Session, asker: &Asker, batch: BatchId) -> Result<Undone, StoreError> {
        const TEXT: &str = "SELECT run_id, undoes FROM batches WHERE organization_id = $1 AND id = $2";
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let row: Option<(Option<Uuid>, Option<Uuid>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_optional(c)
            .await?);
        row.map(|(run, undoes)| Undone { run, undoes }).ok_or(StoreError::NotFound("the batch"))
    }

    async fn undo_plan(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        changes: &[Change],
    ) -> Result<UndoPlan, StoreError> {
        let text = sql!("SELECT undone_by IS NULL, actor FROM batches WHERE organization_id = $1 AND id = $2");
        let row: Option<(bool, String)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_optional(c)
            .await?);
        let (is_open, actor) = row.ok_or(StoreError::NotFound("the batch"))?;
        if !is_open {
            return Err(StoreError::Conflict("this was undone already"));
        }
        let actor: BatchActor = code(&actor)?;
        if let Some(plan) = self.undo_of_turning(session, asker, changes).await? {
            return Ok(plan);
        }
        let now = self.values_now(session, asker, changes).await?;
        // What was undone, and the undoing itself, cancel each other out. Whether a row is one side of a transfer is no work on it,
        // unless a person has linked it; nor is what rules have written, or that somebody has hidden it in the inbox.
        let text = sql!(
            "SELECT DISTINCT c.owner_id, b.actor
             FROM changes c
             JOIN batches b ON b.organization_id = c.organization_id AND b.id = c.batch_id
             JOIN batches mine ON mine.organization_id = c.organization_id AND mine.id = $2
             WHERE c.organization_id = $1 AND b.undone_by IS NULL AND b.undoes IS NULL AND b.actor <> 'rule'
                AND (b.made_at > mine.made_at OR (b.made_at = mine.made_at AND b.id > mine.id))
                AND c.field NOT LIKE 'no_transfer:%' AND (c.field <> 'transfer' OR b.actor = 'person') AND c.field <> 'inbox'
                AND c.owner_id IN (SELECT m.owner_id FROM changes m WHERE m.organization_id = $1 AND m.batch_id = $2)"
        );
        let worked_on: Vec<(Uuid, String)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_all(c)
            .await?);
        let locked = self.locked_among(session, asker, changes).await?;
        let all = worked_on.iter().map(|(owner, _)| *owner).collect();
        let mut plan = plan_undo(changes, &now, &all, &locked);
        if actor == BatchActor::Rule {
            let is_person = |by: &String| by == BatchActor::Person.code();
            let by_person = worked_on.iter().filter(|(_, by)| is_person(by)).map(|(owner, _)| *owner).collect();
            plan.keep_reviews(&by_person);
        }
        plan.moves_balances = !self.accounts_stating_with(session, asker, batch).await?.is_empty();
        edit::give_back(&mut plan.write, &now);
        Ok(plan)
    }

    /// Which of the rows that changes are about stand in a locked period, or would go back into one.
    async fn locked_among(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
    ) -> Result<BTreeSet<Uuid>, StoreError> {
        let text =
            sql!("SELECT id, locked_through FROM accounts WHERE organization_id = $1 AND locked_through IS NOT NULL");
        let locked: Vec<(Uuid, SqlDate)> =
            on!(session, c => sqlx::query_as(text).bind(asker.organization.uuid()).fetch_all(c).await?);
        if locked.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut rows: Vec<Uuid> = changes.iter().map(|change| change.owner).collect();
        rows.sort_unstable();
        rows.dedup();
        let mut standing = Vec::new();
        for chunk in rows.chunks(VALUES_PER_LIST) {
            let found: Vec<(Uuid, Uuid, SqlDate, bool)> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT id, account_id, dated_on, deleted_at IS NULL FROM transactions WHERE organization_id = ",
                );
                query.push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_as().fetch_all(c).await?
            });
            let lockable = |(row, account, day, is_there): (Uuid, Uuid, SqlDate, bool)| {
                let day = day.to_jiff();
                Lockable { row, account, day, is_there }
            };
            standing.extend(found.into_iter().map(lockable));
        }
        let locked: BTreeMap<Uuid, Date> = locked.into_iter().map(|(id, day)| (id, day.to_jiff())).collect();
        Ok(locked_rows(changes, &standing, &locked))
    }

    /// Has the next sync decide anew about feed rows whose transactions stay in the books with what they were before: their
    /// claims wait. Answers with the changes to the claims.
    async fn await_again(
        &self,
        session: &mut Session,
        asker: &Asker,
        undoing: BatchId,
        written: &[Change],
    ) -> Result<Vec<Change>, StoreError> {
        let restored: Vec<Uuid> = restored_rows(written).into_iter().collect();
        let mut made = Vec::new();
        for chunk in restored.chunks(VALUES_PER_LIST) {
            let claims: Vec<(Uuid, Uuid)> = on!(session, c => {
                let mut update = sqlx::QueryBuilder::new("UPDATE claims SET state = ");
                update.push_bind(ClaimState::Superseded.code()).push(", batch_id = ").push_bind(undoing.uuid());
                update.push(" WHERE organization_id = ").push_bind(asker.organization.uuid());
                update.push(" AND state = ").push_bind(ClaimState::Applied.code()).push(" AND transaction_id IN ");
                push_list(&mut update, chunk.iter().copied());
                update.push(" RETURNING feed_row_id, transaction_id");
                update.build_query_as().fetch_all(c).await?
            });
            made.extend(claims.into_iter().map(|(feed_row, transaction)| waits_again(feed_row, transaction)));
        }
        Ok(made)
    }

    /// Rows that come back although the bank's have moved on without them wait for the next decision, and the next sync asks for
    /// that.
    async fn await_what_moved_on(
        &self,
        session: &mut Session,
        asker: &Asker,
        (batch, undoing): (BatchId, BatchId),
        undone: &Undone,
        written: &[Change],
    ) -> Result<Vec<Change>, StoreError> {
        let taken_back = undone.run.map(|_| claims_taken_back(written)).unwrap_or_default();
        let mut made = Vec::new();
        for row in self.rejoined(session, asker, batch, &restored_claims(written)).await? {
            if !row.has_moved_on(taken_back.contains(&row.feed_row_id))? {
                continue;
            }
            let claim = (row.feed_row_id, row.transaction_id);
            made.push(self.await_decision(session, asker, undoing, claim).await?);
            self.ask_from(session, asker, row.bank_account_id, None, row.day).await?;
        }
        Ok(made)
    }

    /// Has the claim of a feed row on a transaction wait for its next decision. Answers with the change to it.
    pub(crate) async fn await_decision(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        (feed_row, transaction): (Uuid, Uuid),
    ) -> Result<Change, StoreError> {
        let text = sql!("UPDATE claims SET state = $4, batch_id = $3 WHERE organization_id = $1 AND feed_row_id = $2");
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(feed_row)
                .bind(batch.uuid())
                .bind(ClaimState::Superseded.code())
        );
        Ok(waits_again(feed_row, transaction))
    }

    /// Reads restored claims on rows of the books, with what is to be known of them after a batch was undone.
    async fn rejoined(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        feed_rows: &BTreeSet<Uuid>,
    ) -> Result<Vec<RejoinedRow>, StoreError> {
        let feed_rows: Vec<Uuid> = feed_rows.iter().copied().collect();
        let mut rows = Vec::new();
        for chunk in feed_rows.chunks(VALUES_PER_LIST) {
            rows.extend::<Vec<RejoinedRow>>(on!(session, c => {
                let mut query = sqlx::QueryBuilder::new(
                    "SELECT k.feed_row_id, k.transaction_id, r.bank_account_id, \
                     COALESCE(v.day, t.dated_on) AS day, r.status AS bank_status, t.status, \
                     v.received_at > b.made_at AS came_since, v.reason FROM claims k \
                     JOIN feed_rows r ON r.organization_id = k.organization_id AND r.id = k.feed_row_id \
                     JOIN feed_row_versions v ON v.organization_id = r.organization_id AND v.id = r.current_version_id \
                     JOIN transactions t ON t.organization_id = k.organization_id AND t.id = k.transaction_id \
                     JOIN batches b ON b.organization_id = k.organization_id AND b.id = ",
                );
                query.push_bind(batch.uuid()).push(" WHERE k.state = 'applied' AND k.organization_id = ");
                query.push_bind(asker.organization.uuid()).push(" AND k.feed_row_id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_as().fetch_all(c).await?
            }));
        }
        Ok(rows)
    }

    /// Has the next sync ask for what a batch had brought, however long ago that was.
    async fn ask_again(&self, session: &mut Session, asker: &Asker, batch: BatchId) -> Result<(), StoreError> {
        let text = sql!(
            "SELECT bank_account_id, account_id, asked_from FROM run_accounts
             WHERE organization_id = $1 AND batch_id = $2 AND asked_from IS NOT NULL"
        );
        let windows: Vec<(Uuid, Uuid, SqlDate)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_all(c)
            .await?);
        for (bank_account, account, from) in windows {
            self.ask_from(session, asker, bank_account, Some(account), from).await?;
        }
        Ok(())
    }

    /// Has the next sync of a bank account ask from this day at the latest; of one account that it feeds, or of whichever.
    pub(crate) async fn ask_from(
        &self,
        session: &mut Session,
        asker: &Asker,
        bank_account: Uuid,
        account: Option<Uuid>,
        day: SqlDate,
    ) -> Result<(), StoreError> {
        let text = sql!(
            "UPDATE feeds SET refetch_from = CASE WHEN refetch_from < $4 THEN refetch_from ELSE $4 END
             WHERE organization_id = $1 AND bank_account_id = $2 AND (account_id = $3 OR $3 IS NULL) AND until_at IS NULL"
        );
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(bank_account).bind(account).bind(day));
        Ok(())
    }

    /// The accounts that a batch with these changes touches.
    async fn accounts_of_batch(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        changes: &[Change],
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let mut accounts = self.accounts_of(session, asker, changes).await?;
        accounts.extend(self.accounts_stating_with(session, asker, batch).await?);
        Ok(accounts)
    }

    /// The accounts that the changes touch.
    pub(crate) async fn accounts_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let mut owners: Vec<Uuid> = changes.iter().map(|change| change.owner).collect();
        // Of a transaction that was moved, both accounts.
        let moves = changes.iter().filter(|change| change.field == "account_id");
        let values = moves.flat_map(|change| [change.before.as_deref(), change.after.as_deref()]).flatten();
        owners.extend(values.filter_map(|id| id.parse::<Uuid>().ok()));
        owners.sort_unstable();
        owners.dedup();
        let mut accounts = BTreeSet::new();
        for chunk in owners.chunks(VALUES_PER_LIST) {
            let found: Vec<Uuid> = on!(session, c => {
                let mut query = sqlx::QueryBuilder::new("SELECT id FROM accounts WHERE organization_id = ");
                query.push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.push(" UNION SELECT account_id FROM transactions WHERE organization_id = ");
                query.push_bind(asker.organization.uuid()).push(" AND id IN ");
                push_list(&mut query, chunk.iter().copied());
                query.build_query_scalar().fetch_all(c).await?
            });
            accounts.extend(found.into_iter().map(AccountId::from));
        }
        Ok(accounts)
    }
}

/// A batch is in sight where all is that it touches: whoever sees less sees none of it.
fn see_all(asker: &Asker, accounts: &BTreeSet<AccountId>) -> Result<(), StoreError> {
    if accounts.iter().all(|account| asker.sees(*account)) { Ok(()) } else { Err(StoreError::NotFound("the batch")) }
}

/// The claim of a feed row on a transaction waits for its next decision.
fn waits_again(feed_row: Uuid, transaction: Uuid) -> Change {
    let value = |state| Some(claim_value(state, Some(TransactionId::from(transaction))));
    let (before, after) = (value(ClaimState::Applied), value(ClaimState::Superseded));
    change(Entity::Claim, feed_row, transaction, "claim", before, after)
}

/// Dismisses claims where undoing would take them away, so that their feed rows stay out.
fn leave_out(write: &mut [Change]) {
    for change in write.iter_mut().filter(|change| change.entity == Entity::Claim && change.after.is_none()) {
        let transaction = change.before.as_deref().and_then(|claim| claim.split_once(':')).map(|(_, id)| id);
        change.after = transaction.map(|id| format!("{}:{id}", ClaimState::Dismissed.code()));
    }
}
