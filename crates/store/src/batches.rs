//! Batches and their changes, in the transaction of what they record.

use bankside_domain::batch::{BatchActor, Change, Entity};
use bankside_domain::{Asker, BatchId, Code, Id, RunId};
use uuid::Uuid;

use crate::convert::{code, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::dialect::ROWS_PER_STATEMENT;
use crate::{Store, StoreError};

/// A batch to begin.
pub(crate) struct NewBatch<'a> {
    pub(crate) actor: BatchActor,
    pub(crate) run: Option<RunId>,
    pub(crate) summary: &'a str,
    pub(crate) undoes: Option<BatchId>,
}

#[derive(sqlx::FromRow)]
pub(crate) struct ChangeRow {
    entity: String,
    entity_id: Uuid,
    owner_id: Uuid,
    field: String,
    before_value: Option<String>,
    after_value: Option<String>,
}

impl ChangeRow {
    pub(crate) fn into_change(self) -> Result<Change, StoreError> {
        Ok(Change {
            entity: code(&self.entity)?,
            id: self.entity_id,
            owner: self.owner_id,
            field: self.field,
            before: self.before_value,
            after: self.after_value,
        })
    }
}

/// A change to write: a shorthand for the common case of text values.
pub(crate) fn change(
    entity: Entity,
    id: Uuid,
    owner: Uuid,
    field: &str,
    before: Option<String>,
    after: Option<String>,
) -> Change {
    Change { entity, id, owner, field: field.to_owned(), before, after }
}

impl Store {
    pub(crate) async fn begin_batch(
        &self,
        session: &mut Session,
        asker: &Asker,
        new: NewBatch<'_>,
    ) -> Result<BatchId, StoreError> {
        let id: BatchId = self.ambient.id();
        let text = sql!(
            "INSERT INTO batches (organization_id, id, actor, person_id, run_id, summary, made_at, undoes)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        );
        run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(new.actor.code())
                .bind(asker.person().map(Id::uuid))
                .bind(uuids(new.run))
                .bind(new.summary)
                .bind(micros(self.ambient.now()))
                .bind(uuids(new.undoes))
        );
        Ok(id)
    }

    pub(crate) async fn write_changes(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        changes: &[Change],
    ) -> Result<(), StoreError> {
        self.write_changes_after(session, asker, batch, changes, 0).await
    }

    /// The same for a batch that has so many changes already.
    pub(crate) async fn write_changes_after(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
        changes: &[Change],
        written: i64,
    ) -> Result<(), StoreError> {
        for (chunk_number, chunk) in changes.chunks(ROWS_PER_STATEMENT).enumerate() {
            let first = written.saturating_add(crate::convert::count(chunk_number * ROWS_PER_STATEMENT));
            on!(session, c => {
                let mut insert = sqlx::QueryBuilder::new(
                    "INSERT INTO changes (organization_id, batch_id, position, entity, entity_id, owner_id, field, \
                     before_value, after_value) ",
                );
                insert.push_values(chunk.iter().zip(first..), |mut row, (change, position)| {
                    row.push_bind(asker.organization.uuid())
                        .push_bind(batch.uuid())
                        .push_bind(position)
                        .push_bind(change.entity.code())
                        .push_bind(change.id)
                        .push_bind(change.owner)
                        .push_bind(&change.field)
                        .push_bind(&change.before)
                        .push_bind(&change.after);
                });
                insert.build().execute(c).await?;
            });
        }
        Ok(())
    }

    /// The changes of a batch, in the order in which they were made.
    pub(crate) async fn changes_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        batch: BatchId,
    ) -> Result<Vec<Change>, StoreError> {
        let text = sql!(
            "SELECT entity, entity_id, owner_id, field, before_value, after_value FROM changes
             WHERE organization_id = $1 AND batch_id = $2 ORDER BY position"
        );
        let rows: Vec<ChangeRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_all(c)
            .await?);
        rows.into_iter().map(ChangeRow::into_change).collect()
    }
}
