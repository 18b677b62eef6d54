//! Undo: taking a batch back, as far as nobody has built on it since. Feed rows are observations and stay.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bankside_domain::account::OpeningSource;
use bankside_domain::batch::{BatchActor, Change, EXISTS, Entity, FieldKey, UndoPlan, Untouchable, plan_undo};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, BatchId, Code, Id, Right, TransactionId};
use jiff::civil::Date;
use sqlx::Row as _;
use uuid::Uuid;

use crate::apply::claim_value;
use crate::batches::{NewBatch, change};
use crate::convert::{SqlDate, code, dates, micros};
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

/// What undoing came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoOutcome {
    /// The batch that the undoing is; it can be undone too.
    pub batch: BatchId,
    /// How many changes were taken back.
    pub taken_back: usize,
    /// Changes that stay, and why.
    pub stay: Vec<(Change, Untouchable)>,
}

impl Store {
    /// What undoing a batch would do.
    pub async fn preview_undo(&self, asker: &Asker, batch: BatchId) -> Result<UndoPlan, StoreError> {
        asker.require(Right::EditBooks)?;
        let mut session = self.db.read().await?;
        self.undo_plan(&mut session, asker, batch).await
    }

    /// The undoing of a batch that is in force; `None` while the batch itself is.
    pub async fn undoing_of(&self, asker: &Asker, batch: BatchId) -> Result<Option<BatchId>, StoreError> {
        asker.require(Right::EditBooks)?;
        let mut session = self.db.read().await?;
        let text = sql!("SELECT undone_by FROM batches WHERE organization_id = $1 AND id = $2");
        let row: Option<Option<Uuid>> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_optional(c)
            .await?);
        Ok(row.ok_or(StoreError::NotFound("the batch"))?.map(BatchId::from))
    }

    /// Undoes a batch, in one transaction, as a batch of its own.
    pub async fn undo(&self, asker: &Asker, batch: BatchId) -> Result<UndoOutcome, StoreError> {
        asker.require(Right::EditBooks)?;
        let mut session = self.db.write().await?;
        // Everything that the plan is made from is locked before it is read.
        let undone = self.lock_batch(&mut session, asker, batch).await?;
        let changes = self.changes_of(&mut session, asker, batch).await?;
        let accounts = self.accounts_of(&mut session, asker, &changes).await?;
        for account in &accounts {
            self.lock_account(&mut session, asker, *account).await?;
        }
        let plan = self.undo_plan(&mut session, asker, batch).await?;
        if plan.write.is_empty() {
            return Err(StoreError::Conflict("nothing of this can be undone any more"));
        }
        let actor = if asker.person().is_some() { BatchActor::Person } else { BatchActor::System };
        let new = NewBatch { actor, run: None, summary: "Undone", undoes: Some(batch) };
        let undoing = self.begin_batch(&mut session, asker, new).await?;
        for change in &plan.write {
            self.write_back(&mut session, asker, undoing, change).await?;
        }
        let mut made = plan.write.clone();
        if undone.run.is_some() {
            made.extend(self.await_again(&mut session, asker, undoing, &plan.write).await?);
            self.ask_again(&mut session, asker, batch).await?;
        }
        self.write_changes(&mut session, asker, undoing, &made).await?;
        for account in accounts {
            self.recount_account(&mut session, asker, account).await?;
        }
        self.mark_undone(&mut session, asker, batch, undone.undoes, undoing).await?;
        session.commit().await?;
        Ok(UndoOutcome { batch: undoing, taken_back: plan.write.len(), stay: plan.stay })
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

    async fn undo_plan(&self, session: &mut Session, asker: &Asker, batch: BatchId) -> Result<UndoPlan, StoreError> {
        let text = sql!("SELECT undone_by IS NULL FROM batches WHERE organization_id = $1 AND id = $2");
        let is_open: Option<bool> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_optional(c)
            .await?);
        match is_open {
            None => return Err(StoreError::NotFound("the batch")),
            Some(false) => return Err(StoreError::Conflict("this was undone already")),
            Some(true) => {}
        }
        let changes = self.changes_of(session, asker, batch).await?;
        let now = self.values_now(session, asker, &changes).await?;
        // What was undone, and the undoing itself, cancel each other out.
        let text = sql!(
            "SELECT DISTINCT c.owner_id
             FROM changes c
             JOIN batches b ON b.organization_id = c.organization_id AND b.id = c.batch_id
             JOIN batches mine ON mine.organization_id = c.organization_id AND mine.id = $2
             WHERE c.organization_id = $1 AND b.undone_by IS NULL AND b.undoes IS NULL
                AND (b.made_at > mine.made_at OR (b.made_at = mine.made_at AND b.id > mine.id))
                AND c.owner_id IN (SELECT m.owner_id FROM changes m WHERE m.organization_id = $1 AND m.batch_id = $2)"
        );
        let worked_on: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_all(c)
            .await?);
        Ok(plan_undo(&changes, &now, &worked_on.into_iter().collect()))
    }

    /// The values that the fields of some changes hold now.
    async fn values_now(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
    ) -> Result<BTreeMap<FieldKey, Option<String>>, StoreError> {
        let mut now = BTreeMap::new();
        for (entity, select, key) in [
            (
                Entity::Transaction,
                "SELECT id, CASE WHEN deleted_at IS NULL THEN '1' END AS \"exists\", status, dated_on, payee_id, \
                 booked_on, value_on, provider_dated_on, provider_payee_id FROM transactions WHERE organization_id = ",
                " AND id IN ",
            ),
            (
                Entity::Line,
                "SELECT id, note, provider_note FROM transaction_lines WHERE organization_id = ",
                " AND id IN ",
            ),
            (
                Entity::Account,
                "SELECT id, opening_minor, opening_on, opening_source FROM accounts WHERE organization_id = ",
                " AND id IN ",
            ),
            (
                Entity::Claim,
                "SELECT feed_row_id AS id, state, transaction_id FROM claims WHERE organization_id = ",
                " AND feed_row_id IN ",
            ),
        ] {
            let mut ids: Vec<Uuid> =
                changes.iter().filter(|change| change.entity == entity).map(|change| change.id).collect();
            ids.sort_unstable();
            ids.dedup();
            for chunk in ids.chunks(VALUES_PER_LIST) {
                on!(session, c => {
                    let mut query = sqlx::QueryBuilder::new(select);
                    query.push_bind(asker.organization.uuid()).push(key);
                    push_list(&mut query, chunk.iter().copied());
                    for row in query.build().fetch_all(c).await? {
                        let id: Uuid = row.try_get("id")?;
                        let mut holds = |field: &str, value: Option<String>| {
                            now.insert((entity, id, field.to_owned()), value);
                        };
                        let day = |name: &str| -> Result<Option<String>, sqlx::Error> {
                            let day: Option<SqlDate> = row.try_get(name)?;
                            Ok(day.map(|day| day.to_jiff().to_string()))
                        };
                        let uuid = |name: &str| -> Result<Option<String>, sqlx::Error> {
                            let id: Option<Uuid> = row.try_get(name)?;
                            Ok(id.map(|id| id.to_string()))
                        };
                        match entity {
                            Entity::Transaction => {
                                holds(EXISTS, row.try_get("exists")?);
                                holds("status", row.try_get("status")?);
                                for name in ["dated_on", "booked_on", "value_on", "provider_dated_on"] {
                                    holds(name, day(name)?);
                                }
                                for name in ["payee_id", "provider_payee_id"] {
                                    holds(name, uuid(name)?);
                                }
                            }
                            Entity::Line => {
                                for name in ["note", "provider_note"] {
                                    holds(name, row.try_get(name)?);
                                }
                            }
                            Entity::Account => {
                                let minor: i64 = row.try_get("opening_minor")?;
                                holds("opening_minor", Some(minor.to_string()));
                                holds("opening_on", day("opening_on")?);
                                holds("opening_source", row.try_get("opening_source")?);
                            }
                            Entity::Claim => {
                                let state: String = row.try_get("state")?;
                                let transaction: Option<Uuid> = row.try_get("transaction_id")?;
                                let value = claim_value(code(&state)?, transaction.map(TransactionId::from));
                                holds("claim", Some(value));
                            }
                        }
                    }
                });
            }
        }
        Ok(now)
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
        let decided: HashSet<Uuid> = written
            .iter()
            .filter(|change| change.entity == Entity::Claim || change.field == EXISTS)
            .map(|change| change.owner)
            .collect();
        let mut restored: Vec<Uuid> = written
            .iter()
            .filter(|change| matches!(change.entity, Entity::Transaction | Entity::Line))
            .map(|change| change.owner)
            .filter(|owner| !decided.contains(owner))
            .collect();
        restored.sort_unstable();
        restored.dedup();
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
            made.extend(claims.into_iter().map(|(feed_row, transaction)| {
                let value = |state| Some(claim_value(state, Some(TransactionId::from(transaction))));
                let (before, after) = (value(ClaimState::Applied), value(ClaimState::Superseded));
                change(Entity::Claim, feed_row, transaction, "claim", before, after)
            }));
        }
        Ok(made)
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
            let text = sql!(
                "UPDATE feeds SET refetch_from = CASE WHEN refetch_from < $4 THEN refetch_from ELSE $4 END
                 WHERE organization_id = $1 AND bank_account_id = $2 AND account_id = $3 AND until_at IS NULL"
            );
            run!(
                session,
                sqlx::query(text).bind(asker.organization.uuid()).bind(bank_account).bind(account).bind(from)
            );
        }
        Ok(())
    }

    /// The accounts that the changes touch.
    async fn accounts_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        changes: &[Change],
    ) -> Result<BTreeSet<AccountId>, StoreError> {
        let mut owners: Vec<Uuid> = changes.iter().map(|change| change.owner).collect();
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

    /// Writes one field back.
    async fn write_back(
        &self,
        session: &mut Session,
        asker: &Asker,
        undoing: BatchId,
        change: &Change,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let value = change.after.as_deref();
        macro_rules! set {
            ($text:expr, $value:expr) => {{
                let text = sql!($text);
                let value = $value;
                run!(session, sqlx::query(text).bind(organization).bind(change.id).bind(value));
            }};
        }
        match (change.entity, change.field.as_str()) {
            (Entity::Transaction, EXISTS) => set!(
                "UPDATE transactions SET deleted_at = $3 WHERE organization_id = $1 AND id = $2",
                value.is_none().then(|| micros(self.ambient.now()))
            ),
            (Entity::Transaction, "status") => {
                set!("UPDATE transactions SET status = $3 WHERE organization_id = $1 AND id = $2", value);
            }
            (Entity::Transaction, "dated_on") => {
                set!(
                    "UPDATE transactions SET dated_on = $3 WHERE organization_id = $1 AND id = $2",
                    dates(day(value)?)
                );
            }
            (Entity::Transaction, "payee_id") => {
                set!("UPDATE transactions SET payee_id = $3 WHERE organization_id = $1 AND id = $2", uuid(value)?);
            }
            (Entity::Transaction, "booked_on") => {
                set!(
                    "UPDATE transactions SET booked_on = $3 WHERE organization_id = $1 AND id = $2",
                    dates(day(value)?)
                );
            }
            (Entity::Transaction, "value_on") => {
                set!(
                    "UPDATE transactions SET value_on = $3 WHERE organization_id = $1 AND id = $2",
                    dates(day(value)?)
                );
            }
            (Entity::Transaction, "provider_dated_on") => set!(
                "UPDATE transactions SET provider_dated_on = $3 WHERE organization_id = $1 AND id = $2",
                dates(day(value)?)
            ),
            (Entity::Transaction, "provider_payee_id") => set!(
                "UPDATE transactions SET provider_payee_id = $3 WHERE organization_id = $1 AND id = $2",
                uuid(value)?
            ),
            (Entity::Line, "note") => {
                let text = sql!(
                    "UPDATE transaction_lines SET note = $3, note_folded = $4 WHERE organization_id = $1 AND id = $2"
                );
                run!(session, sqlx::query(text).bind(organization).bind(change.id).bind(value).bind(value.map(fold)));
            }
            (Entity::Line, "provider_note") => {
                set!("UPDATE transaction_lines SET provider_note = $3 WHERE organization_id = $1 AND id = $2", value);
            }
            (Entity::Account, "opening_minor") => {
                set!("UPDATE accounts SET opening_minor = $3 WHERE organization_id = $1 AND id = $2", number(value)?)
            }
            (Entity::Account, "opening_on") => {
                set!("UPDATE accounts SET opening_on = $3 WHERE organization_id = $1 AND id = $2", dates(day(value)?));
            }
            (Entity::Account, "opening_source") => set!(
                "UPDATE accounts SET opening_source = $3 WHERE organization_id = $1 AND id = $2",
                value.unwrap_or(OpeningSource::Unknown.code())
            ),
            (Entity::Claim, _) => self.write_claim_back(session, asker, undoing, change.id, value).await?,
            (_, field) => return Err(StoreError::Corrupt(format!("no way back for the field {field}"))),
        }
        Ok(())
    }

    async fn write_claim_back(
        &self,
        session: &mut Session,
        asker: &Asker,
        undoing: BatchId,
        feed_row: Uuid,
        value: Option<&str>,
    ) -> Result<(), StoreError> {
        let organization = asker.organization.uuid();
        let Some(value) = value else {
            let text = sql!("DELETE FROM claims WHERE organization_id = $1 AND feed_row_id = $2");
            run!(session, sqlx::query(text).bind(organization).bind(feed_row));
            return Ok(());
        };
        let (state, transaction) = value.split_once(':').ok_or_else(|| unreadable(value))?;
        let state: ClaimState = code(state)?;
        let transaction = uuid(Some(transaction).filter(|text| !text.is_empty()))?;
        let text = sql!(
            "INSERT INTO claims (organization_id, feed_row_id, transaction_id, state, batch_id)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (organization_id, feed_row_id) DO UPDATE SET
             transaction_id = excluded.transaction_id, state = excluded.state, batch_id = excluded.batch_id"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(organization)
                .bind(feed_row)
                .bind(transaction)
                .bind(state.code())
                .bind(undoing.uuid())
        );
        // A row that had vanished has vanished again; one that only waits for its next decision never had.
        let vanished = (state == ClaimState::Superseded).then(|| micros(self.ambient.now()));
        let text =
            sql!("UPDATE feed_rows SET vanished_at = $3 WHERE organization_id = $1 AND id = $2 AND status = 'pending'");
        run!(session, sqlx::query(text).bind(organization).bind(feed_row).bind(vanished));
        Ok(())
    }
}

fn unreadable(value: &str) -> StoreError {
    StoreError::Corrupt(format!("a changed value: {value}"))
}

fn day(value: Option<&str>) -> Result<Option<Date>, StoreError> {
    value.map(|text| text.parse().map_err(|_| unreadable(text))).transpose()
}

fn uuid(value: Option<&str>) -> Result<Option<Uuid>, StoreError> {
    value.map(|text| text.parse().map_err(|_| unreadable(text))).transpose()
}

fn number(value: Option<&str>) -> Result<i64, StoreError> {
    let text = value.unwrap_or("0");
    text.parse().map_err(|_| unreadable(text))
}
