//! Files that are brought at an asset, with rows of several accounts of it and of what lies below it.
//!
//! A column tells which account a row is of. What stands there is matched with accounts and confirmed by a person; then the file is divided
//! into one statement file for each account, and each of these goes the way of any other. What a person decides, they decide about all of them at
//! once. Each comes into the books whole or not at all; where a machine fails between two of them, the rest follows.

mod sharing;
mod view;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bankside_domain::statement::{AssetFileStage, FileStage};
use bankside_domain::{AccountId, Asker, AssetFileId, AssetId, Currency, Right, SourceId};
use bankside_statements::csv::{self, Profile};
use bankside_store::{Account, AssetFile, NewAssetFile, NewStatementFile};
use bankside_vault::{DataKey, Place};
use jiff::Timestamp;
use tokio::sync::Mutex;

pub use self::sharing::{FileShare, ShareGround};
pub use self::view::{AssetFileOffer, AssetFileProgress, AssetFileView};
use crate::accounts::AccountView;
use crate::statement_files::{FileChoice, FileGuess, check_looked_at, check_refused, fits, short_name};
use crate::{Engine, EngineError};

/// So many of the files that were imported are listed.
const MOST_LISTED: i64 = 50;

/// The file of which the worker has read a part last, opened: its other parts follow at once. Kept only while there is something to do.
#[derive(Default)]
pub(crate) struct OpenedWhole(Mutex<Option<(AssetFileId, Arc<Vec<u8>>)>>);

impl Engine {
    /// What importing a file at an asset begins with.
    pub async fn asset_file_offer(&self, asker: &Asker, asset: AssetId) -> Result<AssetFileOffer, EngineError> {
        asker.require_within(Right::EditBooks)?;
        Ok(AssetFileOffer {
            accounts: self.accounts_below(asker, asset).await?,
            open: self.store.open_asset_file(asker, asset).await?,
            imported: self.store.imported_asset_files(asker, asset, MOST_LISTED).await?,
        })
    }

    /// Takes a file for the accounts of an asset: how it is meant is guessed, or remembered from the last one that has the same columns, and
    /// so is which account is which.
    pub async fn upload_asset_file(
        &self,
        asker: &Asker,
        asset: AssetId,
        name: &str,
        bytes: &[u8],
    ) -> Result<AssetFileId, EngineError> {
        asker.require_within(Right::EditBooks)?;
        let accounts = self.accounts_below(asker, asset).await?;
        if accounts.is_empty() {
            return Err(EngineError::Conflict("no open account belongs to this asset or to one below it"));
        }
        let guessed = csv::guess(bytes, usual_currency(&accounts))
            .map_err(|problem| EngineError::invalid("file", problem.to_string()))?;
        let last = self.store.last_asset_file(asker, asset).await?;
        let before = last.as_ref().and_then(|last| serde_json::from_str::<Profile>(&last.profile).ok());
        let before = before.filter(|before| fits(before, &guessed.profile));
        let guess = FileGuess::of(&guessed, before.is_some());
        let (profile, division) = match before {
            Some(before) => (before, None),
            None => self.with_own_account(asker, &accounts, bytes, guessed.profile).await?,
        };
        let division = if guess.is_sure() { division.or_else(|| csv::divide(bytes, &profile).ok()) } else { None };
        let shares = match division {
            Some(division) => Some(self.shares(asker, asset, &accounts, division).await?),
            None => None,
        };
        let id: AssetFileId = self.ambient.id();
        let (key, data_key) = self.vault.new_data_key(place(asker, id, "asset-file"), &self.ambient);
        let seal = |field, content: &[u8]| key.seal_compressed(place(asker, id, field), content, &self.ambient);
        let new = NewAssetFile {
            id,
            asset,
            name: short_name(name),
            data_key,
            content: key.seal(place(asker, id, "content"), bytes, &self.ambient),
            guess: seal("guess", &serde_json::to_vec(&guess)?),
            parts: match shares {
                Some(shares) => Some(seal("parts", &serde_json::to_vec(&shares)?)),
                None => None,
            },
            profile: serde_json::to_string(&profile)?,
        };
        self.store.add_asset_file(asker, &new).await?;
        Ok(id)
    }

    /// A file of an asset, as it stands, with those of its parts that are in sight.
    pub async fn asset_file(
        &self,
        asker: &Asker,
        asset: AssetId,
        id: AssetFileId,
    ) -> Result<AssetFileView, EngineError> {
        let file = self.store.asset_file(asker, asset, id).await?;
        let key = self.asset_file_key(asker, &file)?;
        let guess = match &file.guess {
            Some(sealed) => Some(serde_json::from_slice(&key.open(place(asker, id, "guess"), sealed)?)?),
            None => None,
        };
        let views: HashMap<AccountId, AccountView> =
            self.accounts(asker).await?.into_iter().map(|view| (view.account.id, view)).collect();
        let mut parts = Vec::new();
        for part in self.store.parts_of_asset_file(asker, id).await? {
            let Some(view) = views.get(&part.account) else { continue };
            let part = self.store.statement_file(asker, part.id).await?;
            parts.push(self.file_view(asker, part, view.clone()).await?);
        }
        let accounts = self.accounts_below(asker, asset).await?;
        let mut begun = Vec::new();
        if matches!(file.stage, AssetFileStage::Open | AssetFileStage::Divided) {
            begun = self.store.accounts_with_begun_files(asker, id).await?;
            begun.retain(|id| accounts.iter().any(|account| account.id == *id));
        }
        Ok(AssetFileView {
            id,
            asset,
            shares: self.shares_of(asker, &file)?,
            accounts,
            begun,
            name: file.name,
            stage: file.stage,
            profile: serde_json::from_str(&file.profile)?,
            guess,
            parts,
            changed_at: file.changed_at,
        })
    }

    /// How far a file has got, by its parts in sight.
    pub async fn asset_file_progress(
        &self,
        asker: &Asker,
        asset: AssetId,
        id: AssetFileId,
    ) -> Result<AssetFileProgress, EngineError> {
        self.store.asset_file(asker, asset, id).await?;
        self.progress_of_parts(asker, id).await
    }

    async fn progress_of_parts(&self, asker: &Asker, id: AssetFileId) -> Result<AssetFileProgress, EngineError> {
        let parts = self.store.parts_of_asset_file(asker, id).await?;
        Ok(AssetFileProgress::of(parts.iter().map(|part| (part.stage, (part.rows_done, part.rows_total)))))
    }

    /// Waits until the worker has done what it is to do about the parts of a file, but not for long.
    pub async fn wait_for_asset_file(
        &self,
        asker: &Asker,
        asset: AssetId,
        id: AssetFileId,
        at_most: Duration,
    ) -> Result<(), EngineError> {
        let done = async {
            let mut progress = self.watch_progress();
            while self.progress_of_parts(asker, id).await?.is_busy {
                // Another process may do the work, and then nothing is heard of it here.
                let _ = tokio::time::timeout(Duration::from_millis(250), progress.changed()).await;
            }
            Ok(())
        };
        self.store.asset_file(asker, asset, id).await?;
        tokio::time::timeout(at_most, done).await.unwrap_or(Ok(()))
    }

    /// Has a file read as a person says. Which account is which is guessed anew and waits to be confirmed; where they have changed what its
    /// bytes stand for, or what separates its values, so do its columns.
    pub async fn choose_asset_columns(
        &self,
        asker: &Asker,
        asset: AssetId,
        id: AssetFileId,
        choice: &FileChoice,
    ) -> Result<(), EngineError> {
        let file = self.store.asset_file(asker, asset, id).await?;
        let known: Profile = serde_json::from_str(&file.profile)?;
        let accounts = self.accounts_below(asker, asset).await?;
        let bytes = self.asset_file_content(asker, &file).await?;
        let is_guessed_anew = (choice.encoding, choice.delimiter) != (known.encoding, known.delimiter);
        let (guess, (profile, division)) = if is_guessed_anew {
            let currency = usual_currency(&accounts);
            let guessed = csv::guess_as(&bytes, choice.encoding, Some(choice.delimiter), currency)
                .map_err(|problem| EngineError::invalid("encoding", problem.to_string()))?;
            let guess = FileGuess::of(&guessed, false);
            (guess, self.with_own_account(asker, &accounts, &bytes, guessed.profile).await?)
        } else {
            let key = self.asset_file_key(asker, &file)?;
            let sealed = file.guess.as_ref().ok_or(EngineError::Conflict("this file is over"))?;
            let guess: FileGuess = serde_json::from_slice(&key.open(place(asker, id, "guess"), sealed)?)?;
            (FileGuess { asks_date_order: false, asks_decimals: false, ..guess }, (choice.over(known)?, None))
        };
        let shares = if guess.is_sure() {
            match division.map_or_else(|| csv::divide(&bytes, &profile), Ok) {
                Ok(division) => self.shares(asker, asset, &accounts, division).await?,
                // What is chosen must tell the accounts apart. Of what is guessed the columns can still be chosen.
                Err(_) if is_guessed_anew => Vec::new(),
                Err(problem) => return Err(EngineError::invalid("columns", problem.to_string())),
            }
        } else {
            Vec::new()
        };
        let key = self.asset_file_key(asker, &file)?;
        let seal = |field, content: &[u8]| key.seal_compressed(place(asker, id, field), content, &self.ambient);
        let (guess, shares) =
            (seal("guess", &serde_json::to_vec(&guess)?), seal("parts", &serde_json::to_vec(&shares)?));
        let profile = serde_json::to_string(&profile)?;
        Ok(self.store.ask_of_asset_file(asker, &file, (&guess, &shares, &profile)).await?)
    }

    /// Divides a file as a person says: the account of each value, in the order of [`AssetFileView::shares`], or none where its rows stay
    /// out. Each part is laid beside the books.
    pub async fn divide_asset_file(
        &self,
        asker: &Asker,
        asset: AssetId,
        id: AssetFileId,
        chosen: &[Option<AccountId>],
    ) -> Result<(), EngineError> {
        let file = self.store.asset_file(asker, asset, id).await?;
        let accounts = self.accounts_below(asker, asset).await?;
        let mut shares = self.shares_of(asker, &file)?;
        if shares.is_empty() {
            return Err(EngineError::Conflict("say first how this file is read"));
        }
        if shares.len() != chosen.len() {
            let message = format!("Say of each of the {} values of its column which account it is.", shares.len());
            return Err(EngineError::invalid("accounts", message));
        }
        let known: HashSet<AccountId> = accounts.iter().map(|account| account.id).collect();
        for (share, account) in shares.iter_mut().zip(chosen) {
            if account.is_some_and(|account| !known.contains(&account)) {
                let message = "Choose open accounts of this asset or of what lies below it.";
                return Err(EngineError::invalid("accounts", message));
            }
            share.choose(*account);
        }
        let wanted: HashSet<AccountId> = chosen.iter().flatten().copied().collect();
        if wanted.is_empty() {
            return Err(EngineError::invalid("accounts", "Choose an account for at least one of them."));
        }
        let whole = self.asset_file_key(asker, &file)?;
        let guess = file.guess.as_ref().ok_or(EngineError::Conflict("this file is over"))?;
        let guess: FileGuess = serde_json::from_slice(&whole.open(place(asker, id, "guess"), guess)?)?;
        // Who sees one of its accounts sees that part, and what stands in rows of the others is not theirs to see.
        let guess = serde_json::to_vec(&guess.without_samples())?;
        let new: Vec<NewStatementFile> = accounts
            .iter()
            .filter(|account| wanted.contains(&account.id))
            .map(|account| self.part_of(asker, &file, account.id, &guess))
            .collect();
        let parts = whole.seal_compressed(place(asker, id, "parts"), &serde_json::to_vec(&shares)?, &self.ambient);
        self.store.divide_asset_file(asker, &file, &parts, &new).await?;
        self.due.notify_one();
        Ok(())
    }

    /// Imports all parts of a file as they were looked at; `looked_at` is when it had last changed by then, where that is known. Where lines
    /// cannot be read, a person must have said that it goes without them.
    pub async fn import_asset_file(
        &self,
        asker: &Asker,
        asset: AssetId,
        id: AssetFileId,
        looked_at: Option<Timestamp>,
        without_refused: bool,
    ) -> Result<(), EngineError> {
        let file = self.store.asset_file(asker, asset, id).await?;
        check_looked_at(looked_at, file.changed_at)?;
        let view = self.asset_file(asker, asset, id).await?;
        if view.is_busy() {
            return Err(EngineError::Conflict("this file has not been read yet"));
        }
        check_refused(view.refused_total(), without_refused)?;
        self.store.import_asset_file(asker, &file).await?;
        self.due.notify_one();
        Ok(())
    }

    /// Lets a file go that was not imported.
    pub async fn discard_asset_file(&self, asker: &Asker, asset: AssetId, id: AssetFileId) -> Result<(), EngineError> {
        let file = self.store.asset_file(asker, asset, id).await?;
        Ok(self.store.abandon_asset_file(asker, &file).await?)
    }

    /// The asset at whose page it is gone on with the file that a statement file is a part of; `None` where that is out of sight.
    pub async fn asset_of_part(&self, asker: &Asker, part: SourceId) -> Result<Option<AssetId>, EngineError> {
        let whole = self.store.asset_file_of_part(asker, part).await?;
        Ok(self.tree(asker).await?.get(whole.asset).map(|asset| asset.id))
    }

    /// The bytes of the file that a statement file is a part of, and which account is which in it.
    pub(crate) async fn content_of_part(
        &self,
        asker: &Asker,
        part: SourceId,
    ) -> Result<(Arc<Vec<u8>>, Vec<FileShare>), EngineError> {
        let whole = self.store.asset_file_of_part(asker, part).await?;
        let shares = self.shares_of(asker, &whole)?;
        // Held while it is opened, so that of several parts at once only the first one opens it.
        let mut opened = self.opened_whole.0.lock().await;
        let content = match opened.as_ref().filter(|(id, _)| *id == whole.id) {
            Some((_, content)) => Arc::clone(content),
            None => Arc::new(self.asset_file_content(asker, &whole).await?),
        };
        *opened = Some((whole.id, Arc::clone(&content)));
        Ok((content, shares))
    }

    /// Keeps no opened file any longer: there is nothing to do.
    pub(crate) async fn forget_opened_whole(&self) {
        *self.opened_whole.0.lock().await = None;
    }

    /// A part for an account; it is read as the whole.
    fn part_of(&self, asker: &Asker, file: &AssetFile, account: AccountId, guess: &[u8]) -> NewStatementFile {
        let id: SourceId = self.ambient.id();
        let own = |field| Place::of(asker.organization, id, field);
        let (key, data_key) = self.vault.new_data_key(own("statement-file"), &self.ambient);
        NewStatementFile {
            id,
            account,
            name: file.name.clone(),
            stage: FileStage::Reading,
            data_key,
            content: None,
            guess: key.seal_compressed(own("guess"), guess, &self.ambient),
            profile: file.profile.clone(),
        }
    }

    /// The open accounts of an asset and of what lies below it.
    async fn accounts_below(&self, asker: &Asker, asset: AssetId) -> Result<Vec<Account>, EngineError> {
        let tree = self.tree(asker).await?;
        if tree.get(asset).is_none() {
            return Err(EngineError::NotFound("the asset"));
        }
        let mut accounts = self.store.accounts(asker).await?;
        accounts.retain(|account| {
            !account.is_closed && account.asset.is_some_and(|own| tree.get(own).is_some() && tree.is_within(own, asset))
        });
        Ok(accounts)
    }

    fn asset_file_key(&self, asker: &Asker, file: &AssetFile) -> Result<DataKey, EngineError> {
        Ok(self.vault.data_key(&file.data_key, place(asker, file.id, "asset-file"))?)
    }

    fn shares_of(&self, asker: &Asker, file: &AssetFile) -> Result<Vec<FileShare>, EngineError> {
        let Some(sealed) = &file.parts else { return Ok(Vec::new()) };
        let opened = self.asset_file_key(asker, file)?.open(place(asker, file.id, "parts"), sealed)?;
        Ok(serde_json::from_slice(&opened)?)
    }

    async fn asset_file_content(&self, asker: &Asker, file: &AssetFile) -> Result<Vec<u8>, EngineError> {
        let sealed = self.store.asset_file_content(asker, file).await?;
        let sealed = sealed.ok_or(EngineError::Conflict("this file is over"))?;
        Ok(self.asset_file_key(asker, file)?.open(place(asker, file.id, "content"), &sealed)?.to_vec())
    }
}

fn place(asker: &Asker, id: AssetFileId, field: &'static str) -> Place {
    Place::of(asker.organization, id, field)
}

/// The currency of most accounts: only by its decimals can a guess go wrong, and each account reads its rows in its own.
fn usual_currency(accounts: &[Account]) -> Currency {
    let mut counts: HashMap<Currency, usize> = HashMap::new();
    for account in accounts {
        *counts.entry(account.currency).or_default() += 1;
    }
    let usual = counts.into_iter().max_by_key(|(currency, count)| (*count, std::cmp::Reverse(currency.code)));
    usual.map_or(Currency { code: bankside_domain::CurrencyCode::NONE, scale: 2 }, |(currency, _)| currency)
}
