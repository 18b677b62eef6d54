//! Undo: of any batch, and of a person's own edits one after the other.

use bankside_domain::batch::{Later, UndoPlan};
use bankside_domain::{AccountId, Asker, BatchId, SourceId};
use bankside_store::{Step, StoreError, UndoOutcome};

use crate::{Engine, EngineError};

/// What a person can take back, and do again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps {
    /// Their latest edit that is in force, and before it the others, latest first.
    pub undo: Vec<Step>,
    /// What they took back since, the next to be done again first.
    pub redo: Vec<Step>,
}

impl Steps {
    /// From a person's edits, latest first. What was taken back can be done again until something new is done.
    fn of(edits: Vec<Step>) -> Self {
        let (mut undo, mut redo) = (Vec::new(), Vec::new());
        for edit in edits {
            if edit.undone_by.is_none() {
                undo.push(edit);
            } else if undo.is_empty() {
                redo.push(edit);
            }
        }
        redo.reverse();
        Self { undo, redo }
    }
}

/// A step that was taken back, or done again.
#[derive(Debug, Clone)]
pub struct SteppedBack {
    /// The edit.
    pub step: Step,
    /// What became of it.
    pub outcome: UndoOutcome,
}

impl Engine {
    /// What the person who asks can take back and do again.
    pub async fn steps(&self, asker: &Asker) -> Result<Steps, EngineError> {
        Ok(Steps::of(self.store.own_edits(asker).await?))
    }

    /// Takes back the latest edit of the person who asks, of which anything can still be taken back.
    pub async fn undo_step(&self, asker: &Asker) -> Result<SteppedBack, EngineError> {
        let steps = self.steps(asker).await?.undo.into_iter().map(|step| (step.batch, step));
        self.first_undone(asker, steps.collect(), "there is nothing of yours to undo").await
    }

    /// Does again what the person who asks took back last.
    pub async fn redo_step(&self, asker: &Asker) -> Result<SteppedBack, EngineError> {
        let steps = self.steps(asker).await?.redo.into_iter();
        let steps = steps.filter_map(|step| Some((step.undone_by?, step)));
        self.first_undone(asker, steps.collect(), "there is nothing of yours to redo").await
    }

    /// Undoes the first of these batches that can be undone. Others have built on those before it.
    async fn first_undone(
        &self,
        asker: &Asker,
        steps: Vec<(BatchId, Step)>,
        nothing: &'static str,
    ) -> Result<SteppedBack, EngineError> {
        for (batch, step) in steps {
            match self.store.undo(asker, batch).await {
                Ok(outcome) => {
                    if outcome.changes_links {
                        self.links_changed(asker.organization, outcome.batch).await;
                    }
                    self.report_progress();
                    return Ok(SteppedBack { step, outcome });
                }
                Err(StoreError::Conflict(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Conflict(nothing))
    }

    /// The undoing of a batch that is in force; `None` while the batch itself is.
    pub async fn undoing_of(&self, asker: &Asker, batch: BatchId) -> Result<Option<BatchId>, EngineError> {
        Ok(self.store.undoing_of(asker, batch).await?)
    }

    /// The file that a batch has brought in, with its account and its name; `None` where none has.
    pub async fn file_of_batch(
        &self,
        asker: &Asker,
        batch: BatchId,
    ) -> Result<Option<(AccountId, SourceId, String)>, EngineError> {
        Ok(self.store.file_of_batch(asker, batch).await?)
    }

    /// What undoing a batch would do, and what would stay.
    pub async fn preview_undo(&self, asker: &Asker, batch: BatchId) -> Result<UndoPlan, EngineError> {
        Ok(self.store.preview_undo(asker, batch).await?)
    }

    /// Undoes a batch. The next sync brings in again what the bank still shows.
    pub async fn undo(&self, asker: &Asker, batch: BatchId) -> Result<UndoOutcome, EngineError> {
        self.undo_with(asker, batch, Later::BringIn).await
    }

    /// Undoes a batch, and says what later syncs do with the bank's rows that leave the books.
    pub async fn undo_with(&self, asker: &Asker, batch: BatchId, later: Later) -> Result<UndoOutcome, EngineError> {
        let outcome = self.store.undo_with(asker, batch, later).await?;
        if outcome.changes_links {
            self.links_changed(asker.organization, outcome.batch).await;
        }
        self.report_progress();
        Ok(outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bankside_domain::Id;
    use jiff::Timestamp;

    fn step(number: u128, is_undone: bool) -> Step {
        let id = |number| BatchId::from(uuid::Uuid::from_u128(number));
        let undone_by = is_undone.then(|| id(100 + number));
        Step { batch: id(number), summary: String::new(), made_at: Timestamp::UNIX_EPOCH, undone_by }
    }

    #[test]
    fn what_was_taken_back_can_be_done_again_until_something_new_is_done() {
        let numbers = |steps: &[Step]| steps.iter().map(|step| step.batch.uuid().as_u128()).collect::<Vec<_>>();
        let steps = Steps::of(vec![step(3, true), step(2, true), step(1, false)]);
        assert_eq!((numbers(&steps.undo), numbers(&steps.redo)), (vec![1], vec![2, 3]));
        let steps = Steps::of(vec![step(4, false), step(3, true), step(1, false)]);
        assert_eq!((numbers(&steps.undo), numbers(&steps.redo)), (vec![4, 1], vec![]));
    }
}
