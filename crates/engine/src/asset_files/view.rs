//! What is shown of a file that was brought at an asset.

use bankside_domain::statement::{AssetFileStage, FileCounts, FileStage};
use bankside_domain::{AccountId, AssetFileId, AssetId};
use bankside_statements::csv::Profile;
use bankside_store::{Account, ImportedAssetFile};
use jiff::Timestamp;

use super::FileShare;
use crate::statement_files::{FileGuess, FileView};

/// What importing a file at an asset begins with.
#[derive(Debug, Clone)]
pub struct AssetFileOffer {
    /// The accounts that its rows may be of.
    pub accounts: Vec<Account>,
    /// The file that somebody has begun with.
    pub open: Option<AssetFileId>,
    /// The files that were imported, the latest first.
    pub imported: Vec<ImportedAssetFile>,
}

/// A file of an asset as it stands.
#[derive(Debug, Clone)]
pub struct AssetFileView {
    /// Which one.
    pub id: AssetFileId,
    /// The asset.
    pub asset: AssetId,
    /// Its name.
    pub name: String,
    /// How far it has got.
    pub stage: AssetFileStage,
    /// How it is read.
    pub profile: Profile,
    /// What there is to choose from; `None` once it is over.
    pub guess: Option<FileGuess>,
    /// What stands in the column that names the account, with the account that is meant. Nothing where it has to be said first how the file
    /// is read.
    pub shares: Vec<FileShare>,
    /// The accounts that its rows may be of.
    pub accounts: Vec<Account>,
    /// Those of them of which somebody has begun with a file that gives way to a part of this one.
    pub begun: Vec<AccountId>,
    /// What it is divided into, one for each account.
    pub parts: Vec<FileView>,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// How far a file has got, as often as it may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AssetFileProgress {
    /// Whether a worker is to do something about one of its parts.
    pub is_busy: bool,
    /// How many rows of all of its parts have been dealt with.
    pub done: i64,
    /// Of how many.
    pub total: i64,
}

impl AssetFileProgress {
    pub(super) fn of(parts: impl Iterator<Item = (FileStage, (i64, i64))>) -> Self {
        let nothing = Self { is_busy: false, done: 0, total: 0 };
        parts.fold(nothing, |sum, (stage, (done, whole))| Self {
            is_busy: sum.is_busy || stage.is_due(),
            // A part that is through counts in full, so that what is told of it never goes back.
            done: sum.done + if stage.is_due() { done } else { whole },
            total: sum.total + whole,
        })
    }
}

impl AssetFileView {
    /// The guess, as long as a person has to say what it does not.
    pub fn asks(&self) -> Option<&FileGuess> {
        self.guess.as_ref().filter(|_| self.shares.is_empty())
    }

    /// How far it has got.
    pub fn progress(&self) -> AssetFileProgress {
        AssetFileProgress::of(self.parts.iter().map(|part| (part.stage, part.progress)))
    }

    /// Whether a worker is to do something about one of its parts.
    pub fn is_busy(&self) -> bool {
        self.progress().is_busy
    }

    /// Whether it is known of every part what would come of it.
    pub fn is_ready(&self) -> bool {
        self.stage == AssetFileStage::Divided && self.parts.iter().all(|part| part.stage == FileStage::Ready)
    }

    /// What came of all of its parts, or would.
    pub fn counts(&self) -> FileCounts {
        self.parts.iter().filter_map(|part| part.counts).fold(FileCounts::default(), FileCounts::and)
    }

    /// How many lines of its parts cannot be read.
    pub fn refused_total(&self) -> usize {
        self.parts.iter().filter_map(|part| part.preview.as_ref()).map(|preview| preview.refused_total).sum()
    }

    /// How many lines stay out because their account was left out.
    pub fn left_out_lines(&self) -> usize {
        self.shares.iter().filter(|share| share.account.is_none()).map(|share| share.lines).sum()
    }
}
