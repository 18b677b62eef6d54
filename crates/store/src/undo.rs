//! Undo: taking a batch back, as far as nobody has built on it since. Feed rows are observations and stay.

use std::collections::BTreeSet;

use bankside_domain::account::OpeningSource;
use bankside_domain::batch::{BatchActor, Change, EXISTS, Entity, UndoPlan, Untouchable, plan_undo};
use bankside_domain::reconcile::ClaimState;
use bankside_domain::text::fold;
use bankside_domain::{AccountId, Asker, BatchId, Code, Id, Right, TransactionId};
use jiff::civil::Date;
use uuid::Uuid;

use crate::apply::claim_value;
use crate::batches::{ChangeRow, NewBatch, change};
use crate::convert::{code, dates, micros};
use crate::db::{Session, on, run, sql};
use crate::dialect::{VALUES_PER_LIST, push_list};
use crate::{Store, StoreError};

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

    /// Undoes a batch, in one transaction, as a batch of its own.
    pub async fn undo(&self, asker: &Asker, batch: BatchId) -> Result<UndoOutcome, StoreError> {
        asker.require(Right::EditBooks)?;
        let mut session = self.db.write().await?;
        let plan = self.undo_plan(&mut session, asker, batch).await?;
        if plan.write.is_empty() {
            return Err(StoreError::Conflict("nothing of this can be undone any more"));
        }
        let actor = if asker.person().is_some() { BatchActor::Person } else { BatchActor::System };
        let new = NewBatch { actor, run: None, summary: "Undone", undoes: Some(batch) };
        let undoing = self.begin_batch(&mut session, asker, new).await?;
        let accounts = self.accounts_of(&mut session, asker, &plan.write).await?;
        for account in &accounts {
            self.lock_account(&mut session, asker, *account).await?;
        }
        let mut made = self.remove_arrivals(&mut session, asker, batch, &plan.write).await?;
        for change in &plan.write {
            if !is_leaving(change) {
                self.write_back(&mut session, asker, undoing, change).await?;
            }
        }
        made.extend(plan.write.iter().cloned());
        self.write_changes(&mut session, asker, undoing, &made).await?;
        for account in accounts {
            self.recount_account(&mut session, asker, account).await?;
        }
        let text = sql!("UPDATE batches SET undone_by = $3 WHERE organization_id = $1 AND id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(batch.uuid()).bind(undoing.uuid()));
        session.commit().await?;
        Ok(UndoOutcome { batch: undoing, taken_back: plan.write.len(), stay: plan.stay })
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
        // What was undone, and the undoing itself, cancel each other out.
        let text = sql!(
            "SELECT c.batch_id, c.entity, c.entity_id, c.owner_id, c.field, c.before_value, c.after_value
             FROM changes c
             JOIN batches b ON b.organization_id = c.organization_id AND b.id = c.batch_id
             JOIN batches mine ON mine.organization_id = c.organization_id AND mine.id = $2
             WHERE c.organization_id = $1 AND b.undone_by IS NULL AND b.undoes IS NULL
                AND (b.made_at > mine.made_at OR (b.made_at = mine.made_at AND b.id > mine.id))
                AND c.owner_id IN (SELECT m.owner_id FROM changes m WHERE m.organization_id = $1 AND m.batch_id = $2)"
        );
        let later: Vec<ChangeRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_all(c)
            .await?);
        let later = later
            .into_iter()
            .map(|row| Ok((BatchId::from(row.batch_id), row.into_change()?)))
            .collect::<Result<Vec<_>, StoreError>>()?;
        Ok(plan_undo(&changes, &later))
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

    /// Takes transactions that came with the batch out of the books, and their claims with them, so that a later sync may
    /// bring them again. Answers with the changes to the claims.
    async fn remove_arrivals(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        changes: &[Change],
    ) -> Result<Vec<Change>, StoreError> {
        let leaving: Vec<Uuid> = changes.iter().filter(|change| is_leaving(change)).map(|change| change.id).collect();
        let now = micros(self.ambient.now());
        let mut made = Vec::new();
        for chunk in leaving.chunks(VALUES_PER_LIST) {
            on!(session, c => {
                let mut update = sqlx::QueryBuilder::new("UPDATE transactions SET deleted_at = ");
                update.push_bind(now).push(" WHERE organization_id = ").push_bind(asker.organization.uuid());
                update.push(" AND id IN ");
                push_list(&mut update, chunk.iter().copied());
                update.build().execute(c).await?;
            });
            let claims: Vec<(Uuid, Uuid, String)> = on!(session, c => {
                let mut delete = sqlx::QueryBuilder::new("DELETE FROM claims WHERE organization_id = ");
                delete.push_bind(asker.organization.uuid()).push(" AND batch_id = ").push_bind(batch.uuid());
                delete.push(" AND transaction_id IN ");
                push_list(&mut delete, chunk.iter().copied());
                delete.push(" RETURNING feed_row_id, transaction_id, state");
                delete.build_query_as().fetch_all(c).await?
            });
            for (feed_row, transaction, state) in claims {
                let before = claim_value(code(&state)?, Some(TransactionId::from(transaction)));
                made.push(change(Entity::Claim, feed_row, transaction, "claim", Some(before), None));
            }
        }
        Ok(made)
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
        let vanished = (state == ClaimState::Superseded).then(|| micros(self.ambient.now()));
        let text = sql!("UPDATE feed_rows SET vanished_at = $3 WHERE organization_id = $1 AND id = $2");
        run!(session, sqlx::query(text).bind(organization).bind(feed_row).bind(vanished));
        Ok(())
    }
}

/// Whether a change takes a transaction out of the books.
fn is_leaving(change: &Change) -> bool {
    change.entity == Entity::Transaction && change.field == EXISTS && change.after.is_none()
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
