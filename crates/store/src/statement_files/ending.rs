//! Statement files that are given up: by whoever lets them go, for another one, or because nobody goes on with them.

use bankside_domain::statement::FileStage;
use bankside_domain::{AccountId, Asker, AssetFileId, Granted, Id, Right};
use jiff::Timestamp;
use uuid::Uuid;

use super::StatementFile;
use crate::convert::{code, micros};
use crate::db::{on, run, sql};
use crate::{Store, StoreError};

/// Gives up the files that are not in the books and that nobody is importing, of which a condition holds. `$1` is the instant.
macro_rules! abandon_where {
    ($which:literal) => {
        concat!(
            "UPDATE statement_files SET stage = 'abandoned', content = NULL, guess = NULL, answer = NULL, lease_until = NULL,
                changed_at = $1
             WHERE stage IN ('open', 'reading', 'ready', 'failed') AND ",
            $which
        )
    };
}
pub(crate) use abandon_where;

impl Store {
    /// The accounts in sight of which somebody has begun with a file that would give way to a part of this one.
    pub async fn accounts_with_begun_files(
        &self,
        asker: &Asker,
        file: AssetFileId,
    ) -> Result<Vec<AccountId>, StoreError> {
        let (granted, sight) = asker.require_within(Right::EditBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT f.account_id FROM statement_files f
                 WHERE f.organization_id = $1 AND f.stage IN ('open', 'reading', 'ready', 'failed')
                    AND NOT EXISTS (SELECT 1 FROM asset_file_parts p WHERE p.organization_id = f.organization_id
                        AND p.file_id = f.id AND p.asset_file_id = $2) /* in sight: f.account_id */"
            ),
            sight,
        );
        let accounts: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(file.uuid())
            .fetch_all(c)
            .await?);
        Ok(accounts.into_iter().map(AccountId::from).collect())
    }

    /// Gives a file up. `Conflict` while it is being imported, and where it has come into the books since it was looked at.
    pub async fn abandon_statement_file(&self, asker: &Asker, file: &StatementFile) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_account(Right::EditBooks, file.account)?).await?;
        let text = abandon_where!("organization_id = $2 AND id = $3");
        let now = micros(self.ambient.now());
        let given_up = run!(session, sqlx::query(text).bind(now).bind(asker.organization.uuid()).bind(file.id.uuid()));
        if given_up == 0 {
            let text = sql!("SELECT stage FROM statement_files WHERE organization_id = $1 AND id = $2");
            let stage: String = on!(session, c => sqlx::query_scalar(text)
                .bind(asker.organization.uuid())
                .bind(file.id.uuid())
                .fetch_one(c)
                .await?);
            match code(&stage)? {
                FileStage::Importing => return Err(StoreError::Conflict("this file is being imported")),
                FileStage::Done if file.stage.is_open() => {
                    return Err(StoreError::Conflict("this file is in the books by now"));
                }
                _ => {}
            }
        }
        session.commit().await
    }

    /// Gives up files, of whichever organization, that nobody has gone on with since an instant. A part goes with its whole.
    pub async fn abandon_statement_files_as_system(&self, idle_since: Timestamp) -> Result<u64, StoreError> {
        let mut session = self.db.write(Granted::as_system()).await?;
        // What is being read is in the hands of a worker.
        let text = abandon_where!(
            "stage <> 'reading' AND changed_at < $2
                AND NOT EXISTS (SELECT 1 FROM asset_file_parts p
                    WHERE p.organization_id = statement_files.organization_id AND p.file_id = statement_files.id)"
        );
        let done = run!(session, sqlx::query(text).bind(micros(self.ambient.now())).bind(micros(idle_since)));
        session.commit().await?;
        Ok(done)
    }
}
