//! The parts of a file that was brought at an asset, and what is done to all of them at once.

use std::collections::BTreeSet;

use bankside_domain::statement::{AssetFileStage, FileStage};
use bankside_domain::{AccountId, Asker, AssetFileId, Granted, Id, Right, SourceId};
use bankside_vault::Sealed;
use jiff::Timestamp;
use uuid::Uuid;

use super::AssetFile;
use crate::convert::{code, ids, micros};
use crate::db::{Session, on, run, sql};
use crate::statement_files::{NewStatementFile, abandon_where};
use crate::{Store, StoreError};

/// A part of a file, in short.
#[derive(Debug, Clone, Copy)]
pub struct AssetFilePart {
    /// The account.
    pub account: AccountId,
    /// The statement file.
    pub id: SourceId,
    /// How far it has got.
    pub stage: FileStage,
    /// How many of its rows have been dealt with.
    pub rows_done: i64,
    /// How many rows it has, where that is known.
    pub rows_total: i64,
}

/// Ends the files of which no part can still come into the books and a condition holds: done, where a part has come into them, else given
/// up. `$1` is the instant.
macro_rules! end_where {
    ($which:literal) => {
        concat!(
            "UPDATE asset_files SET stage = CASE WHEN EXISTS (SELECT 1 FROM asset_file_parts p JOIN statement_files f
                    ON f.organization_id = p.organization_id AND f.id = p.file_id
                    WHERE p.organization_id = asset_files.organization_id AND p.asset_file_id = asset_files.id AND f.stage = 'done')
                THEN 'done' ELSE 'abandoned' END, content = NULL, guess = NULL, changed_at = $1
             WHERE stage IN ('open', 'divided', 'importing')
                AND NOT EXISTS (SELECT 1 FROM asset_file_parts p JOIN statement_files f
                    ON f.organization_id = p.organization_id AND f.id = p.file_id
                    WHERE p.organization_id = asset_files.organization_id AND p.asset_file_id = asset_files.id
                        AND f.stage IN ('open', 'reading', 'ready', 'importing', 'failed'))
                AND ",
            $which
        )
    };
}
#[cfg(test)]
pub(crate) use end_where;

impl Store {
    /// The parts of a file that are of accounts in sight, in the order of the accounts.
    pub async fn parts_of_asset_file(&self, asker: &Asker, id: AssetFileId) -> Result<Vec<AssetFilePart>, StoreError> {
        let (granted, sight) = asker.require_within(Right::EditBooks)?;
        let mut session = self.db.read(granted).await?;
        let text = session.in_sight(
            sql!(
                "SELECT f.account_id, f.id, f.stage, f.rows_done, f.rows_total FROM asset_file_parts p
                 JOIN statement_files f ON f.organization_id = p.organization_id AND f.id = p.file_id
                 JOIN accounts a ON a.organization_id = f.organization_id AND a.id = f.account_id
                 WHERE p.organization_id = $1 AND p.asset_file_id = $2 /* in sight: f.account_id */ ORDER BY a.position, a.id"
            ),
            sight,
        );
        let rows: Vec<(Uuid, Uuid, String, i64, i64)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_all(c)
            .await?);
        let part = |(account, id, stage, rows_done, rows_total): (Uuid, Uuid, String, i64, i64)| {
            Ok(AssetFilePart { account: account.into(), id: id.into(), stage: code(&stage)?, rows_done, rows_total })
        };
        rows.into_iter().map(part).collect()
    }

    /// Has a file read by a profile: what it was divided into is let go, and it is asked anew which account is which.
    pub async fn ask_of_asset_file(
        &self,
        asker: &Asker,
        file: &AssetFile,
        (guess, parts, profile): (&Sealed, &Sealed, &str),
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        check_still_asked(self.lock_asset_file(&mut session, asker, file.id).await?)?;
        self.clear_parts(&mut session, asker, file.id).await?;
        let kept = (Some(guess), Some(parts), profile);
        self.move_asset_file(&mut session, asker, file, AssetFileStage::Open, kept).await?;
        session.commit().await
    }

    /// Divides a file into a statement file for each account, in the place of those that it was divided into before. A file of one of the
    /// accounts that nobody has imported gives way.
    pub async fn divide_asset_file(
        &self,
        asker: &Asker,
        file: &AssetFile,
        parts: &Sealed,
        new: &[NewStatementFile],
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let mut new: Vec<&NewStatementFile> = new.iter().collect();
        new.sort_by_key(|new| new.account);
        // A part of another file that gives way may be the last that keeps that one from its end.
        let mut files = BTreeSet::from([file.id]);
        for part in &new {
            asker.require_account(Right::EditBooks, part.account)?;
            files.extend(self.importing_file_of(&mut session, asker, part.account).await?);
        }
        let mut stage = file.stage;
        for id in files {
            let now = self.lock_asset_file(&mut session, asker, id).await?;
            stage = if id == file.id { now } else { stage };
        }
        check_still_asked(stage)?;
        for part in &new {
            self.lock_account(&mut session, asker, part.account).await?;
        }
        self.clear_parts(&mut session, asker, file.id).await?;
        let kept = (None, Some(parts), file.profile.as_str());
        self.move_asset_file(&mut session, asker, file, AssetFileStage::Divided, kept).await?;
        for part in new {
            self.add_statement_file_within(&mut session, asker, part).await?;
            let text =
                sql!("INSERT INTO asset_file_parts (organization_id, file_id, asset_file_id) VALUES ($1, $2, $3)");
            run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(part.id.uuid()).bind(file.id.uuid()));
        }
        session.commit().await
    }

    /// Has all parts of a file imported that are not yet: either each of them is asked for, or none. Where some could not be imported
    /// before, those are asked for again.
    pub async fn import_asset_file(&self, asker: &Asker, file: &AssetFile) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        let is_again = match file.stage {
            AssetFileStage::Divided => false,
            AssetFileStage::Importing => true,
            _ => return Err(StoreError::Conflict("this file is not ready to be imported")),
        };
        let kept = (None, None, file.profile.as_str());
        self.move_asset_file(&mut session, asker, file, AssetFileStage::Importing, kept).await?;
        let text = sql!(
            "UPDATE statement_files SET stage = 'importing', problem = NULL, rows_done = 0, attempt = 0, lease_until = NULL,
                changed_at = $3
             WHERE organization_id = $1 AND id IN (SELECT p.file_id FROM asset_file_parts p
                WHERE p.organization_id = $1 AND p.asset_file_id = $2)
             AND (stage = 'ready' OR ($4 AND stage = 'failed'))"
        );
        let asked = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(file.id.uuid())
                .bind(micros(self.ambient.now()))
                .bind(is_again)
        );
        let text = sql!(
            "SELECT f.account_id, f.stage FROM asset_file_parts p
             JOIN statement_files f ON f.organization_id = p.organization_id AND f.id = p.file_id
             WHERE p.organization_id = $1 AND p.asset_file_id = $2"
        );
        let parts: Vec<(Uuid, String)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(file.id.uuid())
            .fetch_all(c)
            .await?);
        for (account, _) in &parts {
            asker.require_account(Right::EditBooks, (*account).into())?;
        }
        let are_all = parts.iter().all(|(_, stage)| stage == "importing" || (is_again && stage == "done"));
        if asked == 0 || !are_all {
            return Err(StoreError::Conflict(
                "not every account of this file can be imported: say again which account is which",
            ));
        }
        session.commit().await
    }

    /// Gives a file up, with its parts that are not in the books. `Conflict` while one is being imported, and where all of it has come into
    /// the books since the file was looked at.
    pub async fn abandon_asset_file(&self, asker: &Asker, file: &AssetFile) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        self.check_asset_in_sight(&mut session, asker, file.asset).await?;
        let stage = self.lock_asset_file(&mut session, asker, file.id).await?;
        if !stage.is_open() {
            return match stage {
                AssetFileStage::Done if file.stage.is_open() => {
                    Err(StoreError::Conflict("this file is in the books by now"))
                }
                _ => Ok(()),
            };
        }
        self.abandon_parts(&mut session, asker, file.id).await?;
        if !self.end_asset_file(&mut session, asker, file.id).await? {
            return Err(StoreError::Conflict("this file is being imported"));
        }
        session.commit().await
    }

    /// Ends a file of which no part can still come into the books: done, where one has, else given up. Answers whether it has ended.
    pub(crate) async fn end_asset_file(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AssetFileId,
    ) -> Result<bool, StoreError> {
        let text = end_where!("organization_id = $2 AND id = $3");
        let now = micros(self.ambient.now());
        let done = run!(session, sqlx::query(text).bind(now).bind(asker.organization.uuid()).bind(id.uuid()));
        Ok(done > 0)
    }

    /// The file that is being imported and of which an account has a part that is not in the books.
    pub(crate) async fn importing_file_of(
        &self,
        session: &mut Session,
        asker: &Asker,
        account: AccountId,
    ) -> Result<Option<AssetFileId>, StoreError> {
        let text = sql!(
            "SELECT a.id FROM statement_files f
             JOIN asset_file_parts p ON p.organization_id = f.organization_id AND p.file_id = f.id
             JOIN asset_files a ON a.organization_id = p.organization_id AND a.id = p.asset_file_id
             WHERE f.organization_id = $1 AND f.account_id = $2 AND f.stage IN ('open', 'reading', 'ready', 'failed')
                AND a.stage = 'importing'"
        );
        let id: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_optional(c)
            .await?);
        Ok(ids(id))
    }

    /// Gives up files, of whichever organization, that nobody has gone on with since an instant.
    pub async fn abandon_asset_files_as_system(&self, idle_since: Timestamp) -> Result<u64, StoreError> {
        const IDLE: &str =
            "SELECT id FROM asset_files WHERE stage IN ('open', 'divided', 'importing') AND changed_at < $1
             ORDER BY organization_id, id";
        let mut session = self.db.write(Granted::as_system()).await?;
        let text = sqlx::AssertSqlSafe(format!("{IDLE}{}", session.for_update()));
        let _: Vec<Uuid> = on!(session, c => sqlx::query_scalar(text).bind(micros(idle_since)).fetch_all(c).await?);
        // A part that is being read is in the hands of a worker, and keeps its file until the next time.
        let text = abandon_where!(
            "stage <> 'reading' AND EXISTS (SELECT 1 FROM asset_file_parts p JOIN asset_files a
                ON a.organization_id = p.organization_id AND a.id = p.asset_file_id
                WHERE p.organization_id = statement_files.organization_id AND p.file_id = statement_files.id
                    AND a.changed_at < $2 AND a.stage IN ('divided', 'importing'))"
        );
        let now = micros(self.ambient.now());
        run!(session, sqlx::query(text).bind(now).bind(micros(idle_since)));
        let done = run!(session, sqlx::query(end_where!("changed_at < $2")).bind(now).bind(micros(idle_since)));
        session.commit().await?;
        Ok(done)
    }

    /// Ends a file whose last part has come into the books with this transaction.
    pub(crate) async fn end_asset_file_with(
        &self,
        session: &mut Session,
        asker: &Asker,
        part: SourceId,
    ) -> Result<(), StoreError> {
        // Of parts that end at once the second waits here, and sees then that it is the last.
        let text = sql!(
            "UPDATE asset_files SET changed_at = $3 WHERE organization_id = $1 AND stage = 'importing'
                AND id = (SELECT p.asset_file_id FROM asset_file_parts p WHERE p.organization_id = $1 AND p.file_id = $2)
             RETURNING id"
        );
        let file: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(part.uuid())
            .bind(micros(self.ambient.now()))
            .fetch_optional(c)
            .await?);
        if let Some(file) = file {
            self.end_asset_file(session, asker, file.into()).await?;
        }
        Ok(())
    }

    /// Lets the parts of a file go that are not in the books.
    pub(super) async fn abandon_parts(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AssetFileId,
    ) -> Result<(), StoreError> {
        let text = abandon_where!(
            "organization_id = $2
                AND id IN (SELECT p.file_id FROM asset_file_parts p WHERE p.organization_id = $2 AND p.asset_file_id = $3)"
        );
        let now = micros(self.ambient.now());
        run!(session, sqlx::query(text).bind(now).bind(asker.organization.uuid()).bind(id.uuid()));
        Ok(())
    }

    /// The same, so that the file has no parts any more.
    async fn clear_parts(&self, session: &mut Session, asker: &Asker, id: AssetFileId) -> Result<(), StoreError> {
        self.abandon_parts(session, asker, id).await?;
        let text = sql!("DELETE FROM asset_file_parts WHERE organization_id = $1 AND asset_file_id = $2");
        run!(session, sqlx::query(text).bind(asker.organization.uuid()).bind(id.uuid()));
        Ok(())
    }
}

/// Before it is imported it can be asked how a file is meant.
fn check_still_asked(stage: AssetFileStage) -> Result<(), StoreError> {
    match stage {
        AssetFileStage::Open | AssetFileStage::Divided => Ok(()),
        _ => Err(StoreError::Conflict("this file is being imported, or over")),
    }
}
