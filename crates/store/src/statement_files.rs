//! Statement files: from their upload until their rows are in the books or they are given up.
//!
//! Nothing here touches the books; `apply/importing.rs` does that.

mod accounts;
mod ending;
mod leases;

use bankside_domain::statement::{FileCounts, FileStage};
use bankside_domain::{AccountId, Asker, AssetFileId, BatchId, Code, Id, PersonId, Right, SourceId};
use bankside_vault::{Sealed, WrappedKey};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{code, ids, instant, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::{Store, StoreError};

pub use self::accounts::{FileReading, StatementAccount};
pub(crate) use self::ending::abandon_where;
pub use self::leases::{DueFile, FileLease};

/// A statement file.
#[derive(Debug, Clone)]
pub struct StatementFile {
    /// Which one; once it is imported, also the source of its rows.
    pub id: SourceId,
    /// The account.
    pub account: AccountId,
    /// The file of an asset that it is a part of; its bytes are those of that.
    pub part_of: Option<AssetFileId>,
    /// Who brought it.
    pub person: Option<PersonId>,
    /// Its name.
    pub name: String,
    /// How far it has got.
    pub stage: FileStage,
    /// The data key that seals its bytes and what follows.
    pub data_key: WrappedKey,
    /// What was guessed of it; `None` once it is over.
    pub guess: Option<Sealed>,
    /// What would come of it.
    pub answer: Option<Sealed>,
    /// How it is read, as JSON.
    pub profile: String,
    /// Why it could not be read.
    pub problem: Option<String>,
    /// How many rows it has, where that is known.
    pub rows_total: i64,
    /// How many of them have been dealt with.
    pub rows_done: i64,
    /// What came of it.
    pub counts: Option<FileCounts>,
    /// The batch that it made.
    pub batch: Option<BatchId>,
    /// When it came.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// A file that was imported, in short.
#[derive(Debug, Clone)]
pub struct ImportedFile {
    /// Which one.
    pub id: SourceId,
    /// Its name.
    pub name: String,
    /// What came of it.
    pub counts: FileCounts,
    /// When its rows came into the books.
    pub changed_at: Timestamp,
    /// Whether that was undone.
    pub is_undone: bool,
}

/// A file to keep.
#[derive(Debug, Clone)]
pub struct NewStatementFile {
    /// Its id, made before because its content is sealed to it.
    pub id: SourceId,
    /// The account.
    pub account: AccountId,
    /// Its name.
    pub name: String,
    /// How far it has got: open, or to be read at once.
    pub stage: FileStage,
    /// The data key.
    pub data_key: WrappedKey,
    /// Its bytes, sealed; `None` where it is a part of another file.
    pub content: Option<Sealed>,
    /// What was guessed of it, sealed.
    pub guess: Sealed,
    /// How it is read, as JSON.
    pub profile: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    account_id: Uuid,
    asset_file_id: Option<Uuid>,
    person_id: Option<Uuid>,
    name: String,
    stage: String,
    data_key: Vec<u8>,
    guess: Option<Vec<u8>>,
    answer: Option<Vec<u8>>,
    profile: String,
    problem: Option<String>,
    rows_total: i64,
    rows_done: i64,
    counts: Option<String>,
    batch_id: Option<Uuid>,
    created_at: i64,
    changed_at: i64,
}

impl Row {
    fn into_file(self) -> Result<StatementFile, StoreError> {
        Ok(StatementFile {
            id: self.id.into(),
            account: self.account_id.into(),
            part_of: ids(self.asset_file_id),
            person: ids(self.person_id),
            name: self.name,
            stage: code(&self.stage)?,
            data_key: WrappedKey::from_bytes(self.data_key),
            guess: self.guess.map(Sealed::from_bytes),
            answer: self.answer.map(Sealed::from_bytes),
            profile: self.profile,
            problem: self.problem,
            rows_total: self.rows_total,
            rows_done: self.rows_done,
            counts: self.counts.as_deref().map(serde_json::from_str).transpose()?,
            batch: ids(self.batch_id),
            created_at: instant(self.created_at)?,
            changed_at: instant(self.changed_at)?,
        })
    }
}

impl Store {
    /// The file that a batch has brought in, with its account and its name; `None` where none has.
    pub async fn file_of_batch(
        &self,
        asker: &Asker,
        batch: BatchId,
    ) -> Result<Option<(AccountId, SourceId, String)>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        let text = sql!(
            "SELECT account_id, id, name FROM statement_files WHERE organization_id = $1 AND batch_id = $2 LIMIT 1"
        );
        let file: Option<(Uuid, Uuid, String)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(batch.uuid())
            .fetch_optional(c)
            .await?);
        let file = file.map(|(account, id, name)| (AccountId::from(account), id.into(), name));
        Ok(file.filter(|(account, ..)| asker.sees(*account)))
    }

    /// Keeps a file. One of the same account that nobody has imported gives way to it.
    pub async fn add_statement_file(&self, asker: &Asker, new: &NewStatementFile) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_account(Right::EditBooks, new.account)?).await?;
        if let Some(file) = self.importing_file_of(&mut session, asker, new.account).await? {
            self.lock_asset_file(&mut session, asker, file).await?;
        }
        self.add_statement_file_within(&mut session, asker, new).await?;
        session.commit().await
    }

    /// The same within a transaction that has locked the file that is being imported and has a part here.
    pub(crate) async fn add_statement_file_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        new: &NewStatementFile,
    ) -> Result<(), StoreError> {
        self.lock_account(session, asker, new.account).await?;
        let part_of = self.importing_file_of(session, asker, new.account).await?;
        let now = micros(self.ambient.now());
        let text = abandon_where!("organization_id = $2 AND account_id = $3");
        run!(session, sqlx::query(text).bind(now).bind(asker.organization.uuid()).bind(new.account.uuid()));
        if let Some(file) = part_of {
            // Its other accounts may be through, and then nothing else would end it.
            self.end_asset_file(session, asker, file).await?;
        }
        let text = sql!(
            "INSERT INTO statement_files (organization_id, id, account_id, person_id, name, stage, data_key, content, guess,
                profile, rows_total, rows_done, attempt, created_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, $11, $11)"
        );
        let result = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(new.id.uuid())
            .bind(new.account.uuid())
            .bind(uuids(asker.person()))
            .bind(&new.name)
            .bind(new.stage.code())
            .bind(new.data_key.as_bytes())
            .bind(new.content.as_ref().map(Sealed::as_bytes))
            .bind(new.guess.as_bytes())
            .bind(&new.profile)
            .bind(now)
            .execute(c)
            .await
            .map(|_| ()));
        or_conflict(result, "another file is being imported into this account")
    }

    /// A file of an account in sight.
    pub async fn statement_file(&self, asker: &Asker, id: SourceId) -> Result<StatementFile, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        let text = sql!(
            "SELECT f.id, f.account_id, p.asset_file_id, f.person_id, f.name, f.stage, f.data_key, f.guess, f.answer, f.profile,
                    f.problem, f.rows_total, f.rows_done, f.counts, f.batch_id, f.created_at, f.changed_at
             FROM statement_files f
             LEFT JOIN asset_file_parts p ON p.organization_id = f.organization_id AND p.file_id = f.id
             WHERE f.organization_id = $1 AND f.id = $2"
        );
        let row: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        let file = row.ok_or(StoreError::NotFound("the file"))?.into_file()?;
        if asker.sees(file.account) { Ok(file) } else { Err(StoreError::NotFound("the file")) }
    }

    /// The bytes of a file, sealed; `None` once it is over. They may be many, so nothing else reads them.
    pub async fn statement_file_content(
        &self,
        asker: &Asker,
        file: &StatementFile,
    ) -> Result<Option<Sealed>, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::EditBooks, file.account)?).await?;
        let text = sql!("SELECT content FROM statement_files WHERE organization_id = $1 AND id = $2");
        let content: Option<Option<Vec<u8>>> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(file.id.uuid())
            .fetch_optional(c)
            .await?);
        Ok(content.flatten().map(Sealed::from_bytes))
    }

    /// The file of an account that somebody has begun with and that is not over.
    pub async fn open_statement_file(&self, asker: &Asker, account: AccountId) -> Result<Option<SourceId>, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::EditBooks, account)?).await?;
        let text = sql!(
            "SELECT id FROM statement_files WHERE organization_id = $1 AND account_id = $2
                AND stage IN ('open', 'reading', 'ready', 'importing', 'failed')"
        );
        let id: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .fetch_optional(c)
            .await?);
        Ok(ids(id))
    }

    /// The files that were imported into an account, the latest first.
    pub async fn imported_files(
        &self,
        asker: &Asker,
        account: AccountId,
        limit: i64,
    ) -> Result<Vec<ImportedFile>, StoreError> {
        let mut session = self.db.read(asker.require_account(Right::EditBooks, account)?).await?;
        let text = sql!(
            "SELECT f.id, f.name, f.counts, f.changed_at, b.undone_by IS NOT NULL AS is_undone FROM statement_files f
             LEFT JOIN batches b ON b.organization_id = f.organization_id AND b.id = f.batch_id
             WHERE f.organization_id = $1 AND f.account_id = $2 AND f.stage = 'done'
             ORDER BY f.changed_at DESC, f.id DESC LIMIT $3"
        );
        let rows: Vec<(Uuid, String, Option<String>, i64, bool)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(account.uuid())
            .bind(limit)
            .fetch_all(c)
            .await?);
        rows.into_iter()
            .map(|(id, name, counts, changed_at, is_undone)| {
                Ok(ImportedFile {
                    id: id.into(),
                    name,
                    counts: counts.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default(),
                    changed_at: instant(changed_at)?,
                    is_undone,
                })
            })
            .collect()
    }

    /// Has a file read by a profile, or imported as it was read. `from` names the stages in which that may be asked for.
    pub async fn ask_of_statement_file(
        &self,
        asker: &Asker,
        file: &StatementFile,
        stage: FileStage,
        guess: Option<&Sealed>,
        profile: &str,
    ) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_account(Right::EditBooks, file.account)?).await?;
        let text = sql!(
            "UPDATE statement_files SET stage = $3, profile = $4, guess = COALESCE($5, guess), problem = NULL, rows_done = 0,
                attempt = 0, lease_until = NULL, changed_at = $6
             WHERE organization_id = $1 AND id = $2 AND changed_at = $7 AND stage IN ('open', 'ready', 'failed')"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(file.id.uuid())
                .bind(stage.code())
                .bind(profile)
                .bind(guess.map(Sealed::as_bytes))
                .bind(micros(self.ambient.now()))
                .bind(micros(file.changed_at))
        );
        if done == 0 {
            return Err(StoreError::Conflict("somebody has gone on with this file meanwhile"));
        }
        session.commit().await
    }
}
