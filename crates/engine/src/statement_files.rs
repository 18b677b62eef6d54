//! Statement files: brought by a person, read as they confirm, laid beside the books, and imported.
//!
//! Until it is imported nothing of a file touches the books, and importing it is one transaction. Reading and importing are the worker's,
//! so that a long file holds nobody's page.

mod carrying;
mod choosing;
mod reading;
mod view;

use std::time::Duration;

use bankside_domain::statement::FileStage;
use bankside_domain::text::tidy;
use bankside_domain::{AccountId, Asker, Right, SourceId};
use bankside_statements::csv::{self, Profile};
use bankside_store::{NewStatementFile, StatementFile};
use bankside_vault::{DataKey, Place};
use jiff::{SignedDuration, Timestamp};

pub use self::choosing::{FileChoice, FileSaid, code_in_file, from_code_in_file};
pub(crate) use self::reading::FileReader;
pub use self::view::{FileGuess, FileOffer, FilePreview, FileView, PreviewRow};
use crate::accounts::AccountView;
use crate::sync::worker::LEASE;
use crate::{Engine, EngineError};

/// The largest file that is taken, in bytes.
pub const MAX_FILE_BYTES: usize = csv::limits::MAX_BYTES;
/// A file that nobody goes on with is let go after so long.
const IDLE_FOR: SignedDuration = SignedDuration::from_hours(72);
const MAX_NAME_CHARS: usize = 100;
/// So many of the files that were imported are listed.
const MOST_LISTED: i64 = 50;

impl Engine {
    /// What importing a file into an account begins with.
    pub async fn file_offer(&self, asker: &Asker, account: AccountId) -> Result<FileOffer, EngineError> {
        asker.require_account(Right::EditBooks, account)?;
        Ok(FileOffer {
            account: self.account(asker, account).await?,
            open: self.store.open_statement_file(asker, account).await?,
            imported: self.store.imported_files(asker, account, MOST_LISTED).await?,
        })
    }

    /// Takes a file for an account: how it is meant is guessed, or remembered from the last one that has the same columns. Where nothing
    /// is in doubt, it is read at once.
    pub async fn upload_file(
        &self,
        asker: &Asker,
        account: AccountId,
        name: &str,
        bytes: &[u8],
    ) -> Result<SourceId, EngineError> {
        asker.require_account(Right::EditBooks, account)?;
        let ledger = self.store.account(asker, account).await?;
        if ledger.is_closed {
            return Err(EngineError::Conflict("this account is closed"));
        }
        let refused = |problem: csv::FileProblem| EngineError::invalid("file", problem.to_string());
        let guessed = csv::guess(bytes, ledger.currency).map_err(refused)?;
        let before = self.statement_account(asker, account).await?.profile;
        let before: Option<Profile> = before.and_then(|profile| serde_json::from_str(&profile).ok());
        let before = before.filter(|before| fits(before, &guessed.profile));
        let guess = FileGuess::of(&guessed, before.is_some());
        let profile = before.unwrap_or(guessed.profile);
        let is_sure = guess.is_sure() && profile.check().is_ok();
        let id: SourceId = self.ambient.id();
        let (key, data_key) = self.vault.new_data_key(place(asker, id, "statement-file"), &self.ambient);
        let new = NewStatementFile {
            id,
            account,
            name: short_name(name),
            stage: if is_sure { FileStage::Reading } else { FileStage::Open },
            data_key,
            content: Some(key.seal(place(asker, id, "content"), bytes, &self.ambient)),
            guess: key.seal_compressed(place(asker, id, "guess"), &serde_json::to_vec(&guess)?, &self.ambient),
            profile: serde_json::to_string(&profile)?,
        };
        self.store.add_statement_file(asker, &new).await?;
        self.due.notify_one();
        Ok(id)
    }

    /// A file of an account, as it stands.
    pub async fn statement_file(
        &self,
        asker: &Asker,
        account: AccountId,
        id: SourceId,
    ) -> Result<FileView, EngineError> {
        let file = self.file_of(asker, account, id).await?;
        let account = self.account(asker, account).await?;
        self.file_view(asker, file, account).await
    }

    pub(crate) async fn file_view(
        &self,
        asker: &Asker,
        file: StatementFile,
        account: AccountView,
    ) -> Result<FileView, EngineError> {
        let id = file.id;
        let key = self.file_key(asker, &file)?;
        let open = |sealed: &Option<_>, field| match sealed {
            Some(sealed) => Ok::<_, EngineError>(Some(key.open(place(asker, id, field), sealed)?)),
            None => Ok(None),
        };
        let guess = open(&file.guess, "guess")?.map(|text| serde_json::from_slice(&text)).transpose()?;
        let is_shown = file.stage == FileStage::Ready;
        let preview = open(&file.answer, "answer")?.filter(|_| is_shown);
        let preview = preview.map(|text| serde_json::from_slice(&text)).transpose()?;
        let is_undone = match file.batch {
            Some(batch) => self.store.undoing_of(asker, batch).await?.is_some(),
            None => false,
        };
        Ok(FileView {
            id,
            account,
            part_of: file.part_of,
            name: file.name,
            stage: file.stage,
            profile: serde_json::from_str(&file.profile)?,
            guess,
            problem: file.problem,
            preview,
            counts: file.counts,
            progress: (file.rows_done, file.rows_total),
            batch: file.batch,
            is_undone,
            changed_at: file.changed_at,
        })
    }

    /// Waits until a worker has done what it is to do about a file, but not for long.
    pub async fn wait_for_file(
        &self,
        asker: &Asker,
        account: AccountId,
        id: SourceId,
        at_most: Duration,
    ) -> Result<(), EngineError> {
        let done = async {
            let mut progress = self.watch_progress();
            while self.file_of(asker, account, id).await?.stage.is_due() {
                // Another process may do the work, and then nothing is heard of it here.
                let _ = tokio::time::timeout(Duration::from_millis(250), progress.changed()).await;
            }
            Ok(())
        };
        tokio::time::timeout(at_most, done).await.unwrap_or(Ok(()))
    }

    /// Does what is to be done about files here and now, for a command that has no worker beside it. What another process does already is
    /// left to that.
    pub async fn work_off_files(&self) -> Result<(), EngineError> {
        while let Some(due) = self.store.claim_statement_file_as_system(LEASE).await? {
            Box::pin(self.carry_out_file(&due)).await;
        }
        self.forget_opened_whole().await;
        Ok(())
    }

    /// Has a file read as a person says. Where they have changed what its bytes stand for, or what separates its values, its columns are
    /// guessed anew and wait to be confirmed.
    pub async fn choose_columns(
        &self,
        asker: &Asker,
        account: AccountId,
        id: SourceId,
        choice: &FileChoice,
    ) -> Result<(), EngineError> {
        asker.require_account(Right::EditBooks, account)?;
        let file = self.single_file_of(asker, account, id).await?;
        let known: Profile = serde_json::from_str(&file.profile)?;
        let ledger = self.store.account(asker, account).await?;
        if (choice.encoding, choice.delimiter) != (known.encoding, known.delimiter) {
            let bytes = self.file_content(asker, &file).await?;
            let guessed = csv::guess_as(&bytes, choice.encoding, Some(choice.delimiter), ledger.currency)
                .map_err(|problem| EngineError::invalid("encoding", problem.to_string()))?;
            let guess = serde_json::to_vec(&FileGuess::of(&guessed, false))?;
            let sealed = self.file_key(asker, &file)?.seal_compressed(place(asker, id, "guess"), &guess, &self.ambient);
            let profile = serde_json::to_string(&guessed.profile)?;
            let asked = self.store.ask_of_statement_file(asker, &file, FileStage::Open, Some(&sealed), &profile);
            return Ok(asked.await?);
        }
        let profile = serde_json::to_string(&choice.over(known)?)?;
        self.store.ask_of_statement_file(asker, &file, FileStage::Reading, None, &profile).await?;
        self.due.notify_one();
        Ok(())
    }

    /// Imports a file as it was looked at; `looked_at` is when it had last changed by then, where that is known. Where lines cannot be
    /// read, a person must have said that it goes without them.
    pub async fn import_file(
        &self,
        asker: &Asker,
        account: AccountId,
        id: SourceId,
        looked_at: Option<Timestamp>,
        without_refused: bool,
    ) -> Result<(), EngineError> {
        asker.require_account(Right::EditBooks, account)?;
        let file = self.single_file_of(asker, account, id).await?;
        check_looked_at(looked_at, file.changed_at)?;
        let view = self.statement_file(asker, account, id).await?;
        let preview = view.preview.ok_or(EngineError::Conflict("this file has not been read yet"))?;
        check_refused(preview.refused_total, without_refused)?;
        self.store.ask_of_statement_file(asker, &file, FileStage::Importing, None, &file.profile).await?;
        self.due.notify_one();
        Ok(())
    }

    /// Lets a file go that was not imported.
    pub async fn discard_file(&self, asker: &Asker, account: AccountId, id: SourceId) -> Result<(), EngineError> {
        asker.require_account(Right::EditBooks, account)?;
        let file = self.single_file_of(asker, account, id).await?;
        Ok(self.store.abandon_statement_file(asker, &file).await?)
    }

    /// Lets files go that nobody has gone on with for days.
    pub async fn tidy_files(&self) -> Result<(), EngineError> {
        let idle_since = self.ambient.now() - IDLE_FOR;
        self.store.abandon_asset_files_as_system(idle_since).await?;
        self.store.abandon_statement_files_as_system(idle_since).await?;
        Ok(())
    }

    async fn file_of(&self, asker: &Asker, account: AccountId, id: SourceId) -> Result<StatementFile, EngineError> {
        asker.require_account(Right::EditBooks, account)?;
        let file = self.store.statement_file(asker, id).await?;
        if file.account == account { Ok(file) } else { Err(EngineError::NotFound("the file")) }
    }

    /// A file that is no part of another one.
    async fn single_file_of(
        &self,
        asker: &Asker,
        account: AccountId,
        id: SourceId,
    ) -> Result<StatementFile, EngineError> {
        let file = self.file_of(asker, account, id).await?;
        match file.part_of {
            None => Ok(file),
            Some(_) => Err(EngineError::Conflict("this is a part of the file of an asset: go on with it there")),
        }
    }

    fn file_key(&self, asker: &Asker, file: &StatementFile) -> Result<DataKey, EngineError> {
        Ok(self.vault.data_key(&file.data_key, place(asker, file.id, "statement-file"))?)
    }

    async fn file_content(&self, asker: &Asker, file: &StatementFile) -> Result<Vec<u8>, EngineError> {
        let sealed = self.store.statement_file_content(asker, file).await?;
        let sealed = sealed.ok_or(EngineError::Conflict("this file is over"))?;
        Ok(self.file_key(asker, file)?.open(place(asker, file.id, "content"), &sealed)?.to_vec())
    }
}

/// Whether a file that is to be imported is still as it was looked at, where that is known.
pub(crate) fn check_looked_at(looked_at: Option<Timestamp>, changed_at: Timestamp) -> Result<(), EngineError> {
    if looked_at.is_some_and(|at| at != changed_at) {
        return Err(EngineError::Conflict("somebody has gone on with this file since you looked; look again"));
    }
    Ok(())
}

/// Where lines cannot be read, a person must have said that the file goes without them.
pub(crate) fn check_refused(refused: usize, without_refused: bool) -> Result<(), EngineError> {
    if refused > 0 && !without_refused {
        let message =
            "Some lines cannot be read. Say that the file is imported without them, or choose its columns anew.";
        return Err(EngineError::invalid("without_refused", message));
    }
    Ok(())
}

/// Whether a file is built as one that a person has confirmed before.
pub(crate) fn fits(before: &Profile, guessed: &Profile) -> bool {
    before.delimiter == guessed.delimiter
        && before.encoding == guessed.encoding
        && before.columns.len() == guessed.columns.len()
        && before.header == guessed.header
}

fn place(asker: &Asker, id: SourceId, field: &'static str) -> Place {
    Place::of(asker.organization, id, field)
}

/// The last part of a name, without what only machines read.
pub(crate) fn short_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = tidy(last).unwrap_or_else(|| "Statement file".to_owned());
    name.chars().take(MAX_NAME_CHARS).collect()
}
