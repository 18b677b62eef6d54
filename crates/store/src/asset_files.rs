//! Files that are brought at an asset, with rows of several of its accounts: from their upload until each of their parts is over.
//!
//! A part is a statement file like any other (`statement_files.rs`), one for each account. It is read and imported by itself; what is done to
//! all of them at once is here.

mod parts;

use bankside_domain::statement::{AssetFileStage, FileCounts};
use bankside_domain::{Asker, AssetFileId, AssetId, Code, Id, PersonId, Right, SourceId};
use bankside_vault::{Sealed, WrappedKey};
use jiff::Timestamp;
use uuid::Uuid;

use crate::convert::{code, ids, instant, micros, uuids};
use crate::db::{Session, on, run, sql};
use crate::error::or_conflict;
use crate::{Store, StoreError};

pub use self::parts::AssetFilePart;
#[cfg(test)]
pub(crate) use self::parts::end_where;

/// A file that was brought at an asset.
#[derive(Debug, Clone)]
pub struct AssetFile {
    /// Which one.
    pub id: AssetFileId,
    /// The asset.
    pub asset: AssetId,
    /// Who brought it.
    pub person: Option<PersonId>,
    /// Its name.
    pub name: String,
    /// How far it has got.
    pub stage: AssetFileStage,
    /// The data key that seals its bytes and what follows.
    pub data_key: WrappedKey,
    /// What was guessed of it; `None` once it is over.
    pub guess: Option<Sealed>,
    /// Which accounts it has rows of; `None` where that is not known yet.
    pub parts: Option<Sealed>,
    /// How it is read, as JSON.
    pub profile: String,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Such a file to keep.
#[derive(Debug, Clone)]
pub struct NewAssetFile {
    /// Its id, made before because its content is sealed to it.
    pub id: AssetFileId,
    /// The asset.
    pub asset: AssetId,
    /// Its name.
    pub name: String,
    /// The data key.
    pub data_key: WrappedKey,
    /// Its bytes, sealed.
    pub content: Sealed,
    /// What was guessed of it, sealed.
    pub guess: Sealed,
    /// Which accounts it has rows of, sealed, where that is known.
    pub parts: Option<Sealed>,
    /// How it is read, as JSON.
    pub profile: String,
}

/// Such a file that was imported, in short.
#[derive(Debug, Clone)]
pub struct ImportedAssetFile {
    /// Which one.
    pub id: AssetFileId,
    /// Its name.
    pub name: String,
    /// Into how many accounts.
    pub accounts: i64,
    /// What came of all of them.
    pub counts: FileCounts,
    /// When it was over.
    pub changed_at: Timestamp,
}

/// Selects files as [`Row`]s, by what joins them and which are meant.
macro_rules! select_files {
    ($which:literal) => {
        concat!(
            "SELECT a.id, a.asset_id, a.person_id, a.name, a.stage, a.data_key, a.guess, a.parts, a.profile, a.changed_at
             FROM asset_files a ",
            $which
        )
    };
}
#[cfg(test)]
pub(crate) use select_files;

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    asset_id: Uuid,
    person_id: Option<Uuid>,
    name: String,
    stage: String,
    data_key: Vec<u8>,
    guess: Option<Vec<u8>>,
    parts: Option<Vec<u8>>,
    profile: String,
    changed_at: i64,
}

impl Row {
    fn into_file(self) -> Result<AssetFile, StoreError> {
        Ok(AssetFile {
            id: self.id.into(),
            asset: self.asset_id.into(),
            person: ids(self.person_id),
            name: self.name,
            stage: code(&self.stage)?,
            data_key: WrappedKey::from_bytes(self.data_key),
            guess: self.guess.map(Sealed::from_bytes),
            parts: self.parts.map(Sealed::from_bytes),
            profile: self.profile,
            changed_at: instant(self.changed_at)?,
        })
    }
}

impl Store {
    /// Keeps a file. One of the same asset that nobody has imported gives way to it.
    pub async fn add_asset_file(&self, asker: &Asker, new: &NewAssetFile) -> Result<(), StoreError> {
        let mut session = self.db.write(asker.require_within(Right::EditBooks)?.0).await?;
        self.check_asset_in_sight(&mut session, asker, new.asset).await?;
        if let Some(open) = self.open_asset_file_within(&mut session, asker, new.asset).await? {
            if self.lock_asset_file(&mut session, asker, open).await? == AssetFileStage::Importing {
                return Err(StoreError::Conflict("another file of this asset is being imported"));
            }
            self.abandon_parts(&mut session, asker, open).await?;
            self.end_asset_file(&mut session, asker, open).await?;
        }
        let text = sql!(
            "INSERT INTO asset_files (organization_id, id, asset_id, person_id, name, stage, data_key, content, guess, parts,
                profile, created_at, changed_at)
             VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11, $11)"
        );
        let result = on!(session, c => sqlx::query(text)
            .bind(asker.organization.uuid())
            .bind(new.id.uuid())
            .bind(new.asset.uuid())
            .bind(uuids(asker.person()))
            .bind(&new.name)
            .bind(new.data_key.as_bytes())
            .bind(new.content.as_bytes())
            .bind(new.guess.as_bytes())
            .bind(new.parts.as_ref().map(Sealed::as_bytes))
            .bind(&new.profile)
            .bind(micros(self.ambient.now()))
            .execute(c)
            .await
            .map(|_| ()));
        or_conflict(result, "another file of this asset is being imported")?;
        session.commit().await
    }

    /// A file of an asset in sight.
    pub async fn asset_file(&self, asker: &Asker, asset: AssetId, id: AssetFileId) -> Result<AssetFile, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        self.check_asset_in_sight(&mut session, asker, asset).await?;
        let text = select_files!("WHERE a.organization_id = $1 AND a.asset_id = $2 AND a.id = $3");
        let row: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(asset.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        row.ok_or(StoreError::NotFound("the file"))?.into_file()
    }

    /// The file of an asset that a statement file is a part of. Whoever may read or import that may have it.
    pub async fn asset_file_of_part(&self, asker: &Asker, part: SourceId) -> Result<AssetFile, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        let text = select_files!(
            "JOIN asset_file_parts p ON p.organization_id = a.organization_id AND p.asset_file_id = a.id
             JOIN statement_files f ON f.organization_id = p.organization_id AND f.id = p.file_id
             WHERE p.organization_id = $1 AND p.file_id = $2 /* in sight: f.account_id */"
        );
        let text = session.in_sight(text, asker.sight());
        let row: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(part.uuid())
            .fetch_optional(c)
            .await?);
        row.ok_or(StoreError::NotFound("the file"))?.into_file()
    }

    /// The bytes of a file, sealed; `None` once it is over. They may be many, so nothing else reads them.
    pub async fn asset_file_content(&self, asker: &Asker, file: &AssetFile) -> Result<Option<Sealed>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        let text = sql!("SELECT content FROM asset_files WHERE organization_id = $1 AND id = $2");
        let content: Option<Option<Vec<u8>>> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(file.id.uuid())
            .fetch_optional(c)
            .await?);
        Ok(content.flatten().map(Sealed::from_bytes))
    }

    /// The file of an asset that somebody has begun with and that is not over.
    pub async fn open_asset_file(&self, asker: &Asker, asset: AssetId) -> Result<Option<AssetFileId>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        self.check_asset_in_sight(&mut session, asker, asset).await?;
        self.open_asset_file_within(&mut session, asker, asset).await
    }

    async fn open_asset_file_within(
        &self,
        session: &mut Session,
        asker: &Asker,
        asset: AssetId,
    ) -> Result<Option<AssetFileId>, StoreError> {
        let text = sql!(
            "SELECT id FROM asset_files WHERE organization_id = $1 AND asset_id = $2
                AND stage IN ('open', 'divided', 'importing')"
        );
        let id: Option<Uuid> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(asset.uuid())
            .fetch_optional(c)
            .await?);
        Ok(ids(id))
    }

    /// The file of an asset that was imported last.
    pub async fn last_asset_file(&self, asker: &Asker, asset: AssetId) -> Result<Option<AssetFile>, StoreError> {
        let mut session = self.db.read(asker.require_within(Right::EditBooks)?.0).await?;
        self.check_asset_in_sight(&mut session, asker, asset).await?;
        let text = select_files!(
            "WHERE a.organization_id = $1 AND a.asset_id = $2 AND a.stage = 'done' ORDER BY a.changed_at DESC, a.id DESC LIMIT 1"
        );
        let row: Option<Row> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(asset.uuid())
            .fetch_optional(c)
            .await?);
        row.map(Row::into_file).transpose()
    }

    /// The files that were imported at an asset, the latest first, with what came into the accounts in sight.
    pub async fn imported_asset_files(
        &self,
        asker: &Asker,
        asset: AssetId,
        limit: i64,
    ) -> Result<Vec<ImportedAssetFile>, StoreError> {
        let (granted, sight) = asker.require_within(Right::EditBooks)?;
        let mut session = self.db.read(granted).await?;
        self.check_asset_in_sight(&mut session, asker, asset).await?;
        let text = session.in_sight(
            sql!(
                "SELECT a.id, a.name, a.changed_at, f.counts FROM (SELECT x.* FROM asset_files x WHERE x.organization_id = $1
                    AND x.asset_id = $2 AND x.stage = 'done' ORDER BY x.changed_at DESC, x.id DESC LIMIT $3) a
                 JOIN asset_file_parts p ON p.organization_id = a.organization_id AND p.asset_file_id = a.id
                 JOIN statement_files f ON f.organization_id = p.organization_id AND f.id = p.file_id AND f.stage = 'done'
                 WHERE a.organization_id = $1 /* in sight: f.account_id */ ORDER BY a.changed_at DESC, a.id DESC"
            ),
            sight,
        );
        let rows: Vec<(Uuid, String, i64, Option<String>)> = on!(session, c => sqlx::query_as(text)
            .bind(asker.organization.uuid())
            .bind(asset.uuid())
            .bind(limit)
            .fetch_all(c)
            .await?);
        let mut files: Vec<ImportedAssetFile> = Vec::new();
        for (id, name, changed_at, counts) in rows {
            let counts: FileCounts = counts.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
            match files.last_mut().filter(|file| file.id.uuid() == id) {
                Some(file) => {
                    file.accounts += 1;
                    file.counts = file.counts.and(counts);
                }
                None => files.push(ImportedAssetFile {
                    id: id.into(),
                    name,
                    accounts: 1,
                    counts,
                    changed_at: instant(changed_at)?,
                }),
            }
        }
        Ok(files)
    }

    /// Locks a file until the end of the transaction, and answers with the stage that it has by then. Whoever locks accounts or parts as well
    /// does so after it: first files, then accounts, then parts, each in their order.
    pub(super) async fn lock_asset_file(
        &self,
        session: &mut Session,
        asker: &Asker,
        id: AssetFileId,
    ) -> Result<AssetFileStage, StoreError> {
        const TEXT: &str = "SELECT stage FROM asset_files WHERE organization_id = $1 AND id = $2";
        let text = sqlx::AssertSqlSafe(format!("{TEXT}{}", session.for_update()));
        let stage: Option<String> = on!(session, c => sqlx::query_scalar(text)
            .bind(asker.organization.uuid())
            .bind(id.uuid())
            .fetch_optional(c)
            .await?);
        code(&stage.ok_or(StoreError::NotFound("the file"))?)
    }

    pub(super) async fn check_asset_in_sight(
        &self,
        session: &mut Session,
        asker: &Asker,
        asset: AssetId,
    ) -> Result<(), StoreError> {
        let tree = self.tree_within(session, asker).await?;
        tree.get(asset).map(|_| ()).ok_or(StoreError::NotFound("the asset"))
    }

    /// Writes how far a file has got, if it is still as it was looked at. `parts` and `guess` stay where they are not given.
    pub(super) async fn move_asset_file(
        &self,
        session: &mut Session,
        asker: &Asker,
        file: &AssetFile,
        stage: AssetFileStage,
        (guess, parts, profile): (Option<&Sealed>, Option<&Sealed>, &str),
    ) -> Result<(), StoreError> {
        self.check_asset_in_sight(session, asker, file.asset).await?;
        let text = sql!(
            "UPDATE asset_files SET stage = $3, guess = COALESCE($4, guess), parts = COALESCE($5, parts), profile = $6, changed_at = $7
             WHERE organization_id = $1 AND id = $2 AND changed_at = $8 AND stage = $9"
        );
        let done = run!(
            session,
            sqlx::query(text)
                .bind(asker.organization.uuid())
                .bind(file.id.uuid())
                .bind(stage.code())
                .bind(guess.map(Sealed::as_bytes))
                .bind(parts.map(Sealed::as_bytes))
                .bind(profile)
                .bind(micros(self.ambient.now()))
                .bind(micros(file.changed_at))
                .bind(file.stage.code())
        );
        if done == 0 {
            return Err(StoreError::Conflict("somebody has gone on with this file meanwhile"));
        }
        Ok(())
    }
}
