//! What was done to the books, by whom: a person's own edits with what they can undo and redo, and the story of one row.

use bankside_domain::batch::{BatchActor, Change};
use bankside_domain::{Asker, BatchId, Id, Right, TransactionId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::batches::ChangeRow;
use crate::convert::{code, ids, instant};
use crate::db::{on, sql};
use crate::{Store, StoreError};

/// How far back a person's own edits can be taken back one by one.
const MAX_STEPS: i64 = 500;
/// How much of a row's story is told.
const MAX_STORY: i64 = 50;

/// An edit that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The edit.
    pub batch: BatchId,
    /// What it was.
    pub summary: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// The undoing that is in force; `None` while the edit itself is.
    pub undone_by: Option<BatchId>,
}

/// One batch in the story of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoryEntry {
    /// The batch.
    pub batch: BatchId,
    /// Who made it.
    pub actor: BatchActor,
    /// That person's name.
    pub person: Option<String>,
    /// Whether that is who asks.
    pub is_own: bool,
    /// What it was.
    pub summary: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// Whether it was undone.
    pub is_undone: bool,
    /// Whether it takes back another one.
    pub is_undoing: bool,
    /// What it changed of this row.
    pub changes: Vec<Change>,
}

#[derive(sqlx::FromRow)]
struct StoryRow {
    id: Uuid,
    actor: String,
    person_id: Option<Uuid>,
    person_name: Option<String>,
    summary: String,
    made_at: i64,
    undone_by: Option<Uuid>,
    undoes: Option<Uuid>,
}

impl Store {
    /// The edits of the person who asks, newest first: whatever they did to transactions and to rows that were held back.
    /// Undoings are not edits.
    pub async fn own_edits(&self, asker: &Asker) -> Result<Vec<Step>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        let text = sql!(
            "SELECT b.id, b.summary, b.made_at, b.undone_by FROM batches b
             WHERE b.organization_id = $1 AND b.person_id = $2 AND b.actor = 'person' AND b.undoes IS NULL
                AND EXISTS (SELECT 1 FROM changes c WHERE c.organization_id = b.organization_id AND c.batch_id = b.id
                    AND c.entity IN ('transaction', 'line', 'claim'))
             ORDER BY b.made_at DESC, b.id DESC LIMIT $3"
        );
        let rows: Vec<(Uuid, String, i64, Option<Uuid>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(asker.person().map(Id::uuid))
            .bind(MAX_STEPS)
            .fetch_all(c)
            .await?);
        let step = |(id, summary, made_at, undone_by): (Uuid, String, i64, Option<Uuid>)| {
            Ok(Step { batch: id.into(), summary, made_at: instant(made_at)?, undone_by: ids(undone_by) })
        };
        rows.into_iter().map(step).collect()
    }

    /// What was done to a transaction, newest first.
    pub async fn story(&self, asker: &Asker, id: TransactionId) -> Result<Vec<StoryEntry>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::SeeBooks)?.0).await?;
        self.check_transaction_in_sight(&mut session, asker, id).await?;
        let text = sql!(
            "SELECT b.id, b.actor, b.person_id, p.name AS person_name, b.summary, b.made_at, b.undone_by, b.undoes
             FROM batches b LEFT JOIN people p ON p.id = b.person_id
             WHERE b.organization_id = $1 AND b.id IN (SELECT c.batch_id FROM changes c
                WHERE c.organization_id = $1 AND c.owner_id = $2)
             ORDER BY b.made_at DESC, b.id DESC LIMIT $3"
        );
        let rows: Vec<StoryRow> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .bind(MAX_STORY)
            .fetch_all(c)
            .await?);
        let mut story = Vec::with_capacity(rows.len());
        for row in rows {
            let text = sql!(
                "SELECT entity, entity_id, owner_id, field, before_value, after_value FROM changes
                 WHERE organization_id = $1 AND owner_id = $2 AND batch_id = $3 ORDER BY position"
            );
            let changes: Vec<ChangeRow> = on!(session, c => sqlx::query_as(text)
                .bind(asker.organization.uuid())
                .bind(id.uuid())
                .bind(row.id)
                .fetch_all(c)
                .await?);
            story.push(StoryEntry {
                batch: row.id.into(),
                actor: code(&row.actor)?,
                person: row.person_name,
                is_own: row.person_id.is_some() && row.person_id == asker.person().map(Id::uuid),
                summary: row.summary,
                made_at: instant(row.made_at)?,
                is_undone: row.undone_by.is_some(),
                is_undoing: row.undoes.is_some(),
                changes: changes.into_iter().map(ChangeRow::into_change).collect::<Result<_, _>>()?,
            });
        }
        Ok(story)
    }
}
