//! What is shown of a statement file.

use bankside_domain::statement::{FileCounts, FileStage};
use bankside_domain::{AssetFileId, BatchId, SourceId};
use bankside_statements::csv::{self, Doubt, Profile, Refusal};
use bankside_store::ImportedFile;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::accounts::AccountView;

/// What importing a file into an account begins with.
#[derive(Debug, Clone)]
pub struct FileOffer {
    /// The account.
    pub account: AccountView,
    /// The file that somebody has begun with.
    pub open: Option<SourceId>,
    /// The files that were imported, the latest first.
    pub imported: Vec<ImportedFile>,
}

/// A statement file as it stands.
#[derive(Debug, Clone)]
pub struct FileView {
    /// Which one.
    pub id: SourceId,
    /// The account.
    pub account: AccountView,
    /// The file of an asset that it is a part of: whatever is done about that is done about all of its parts.
    pub part_of: Option<AssetFileId>,
    /// Its name.
    pub name: String,
    /// How far it has got.
    pub stage: FileStage,
    /// How it is read.
    pub profile: Profile,
    /// What there is to choose from; `None` once it is over.
    pub guess: Option<FileGuess>,
    /// Why it could not be read.
    pub problem: Option<String>,
    /// What would come of it, where that is known.
    pub preview: Option<FilePreview>,
    /// What came of it, or would.
    pub counts: Option<FileCounts>,
    /// How many of its rows have been dealt with, of how many; none are known at the beginning.
    pub progress: (i64, i64),
    /// The batch that it made.
    pub batch: Option<BatchId>,
    /// Whether that was undone.
    pub is_undone: bool,
    /// When it last changed.
    pub changed_at: Timestamp,
}

impl FileView {
    /// The guess, as long as a person has to say what it does not.
    pub fn asks(&self) -> Option<&FileGuess> {
        self.guess.as_ref().filter(|_| self.stage == FileStage::Open)
    }

    /// Of how many days a balance would come in that nothing has stated so yet. Where a bank feeds the account, only its own count.
    pub fn new_balance_days(&self) -> usize {
        let preview = self.preview.as_ref().filter(|_| self.account.status.bank_account.is_none());
        preview.map_or(0, |preview| preview.new_balance_days)
    }

    /// Whether importing it would do anything.
    pub fn brings_anything(&self) -> bool {
        self.counts.is_some_and(|counts| counts.changes_books()) || self.new_balance_days() > 0
    }
}

/// What was guessed of a file; sealed where it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FileGuess {
    /// Its columns: what each is called, and some of what stands there.
    pub columns: Vec<(String, Vec<String>)>,
    /// Whether every date is one with either the day or the month first.
    pub asks_date_order: bool,
    /// Whether every amount is one in either style.
    pub asks_decimals: bool,
    /// Whether it is read as the files of this account were before.
    pub is_as_before: bool,
}

/// A row of a file, as it is shown before it is imported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PreviewRow {
    /// On which line it stands.
    pub line: u64,
    /// Its day.
    pub dated_on: Date,
    /// Whom it is with.
    pub payee: Option<String>,
    /// What it is for.
    pub note: Option<String>,
    /// Minor units.
    pub minor: i64,
    /// Why it is treated as it is.
    pub reason: String,
}

/// What would come of a file; sealed where it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct FilePreview {
    /// The first rows that are new.
    pub added: Vec<PreviewRow>,
    /// What the new rows come to, in minor units.
    pub added_minor: i64,
    /// Rows that are taken for known or typed ones by amount and day alone.
    pub by_money: Vec<PreviewRow>,
    /// Rows that stay out.
    pub left_out: Vec<PreviewRow>,
    /// The first lines that cannot be read.
    pub refused: Vec<Refusal>,
    /// How many lines cannot be read.
    pub refused_total: usize,
    /// The first and the last day of its rows.
    pub days: Option<(Date, Date)>,
    /// How many lines are pending, and stay out until they are booked.
    #[serde(default)]
    pub pending: usize,
    /// How many lines say that no money moved.
    #[serde(default)]
    pub void: usize,
    /// Of how many days it states the balance.
    #[serde(default)]
    pub balance_days: usize,
    /// Of how many of them nothing has stated that balance yet.
    #[serde(default)]
    pub new_balance_days: usize,
    /// Why its balances are left out, where they are.
    #[serde(default)]
    pub balances_left_out: Option<String>,
    /// How many lines stand before its rows.
    pub before: usize,
    /// How many lines stand behind its rows.
    pub behind: usize,
}

impl FileGuess {
    /// The same without what stands in the columns.
    pub(crate) fn without_samples(mut self) -> Self {
        for (_, samples) in &mut self.columns {
            samples.clear();
        }
        self
    }

    /// Whether nothing has to be said.
    pub(crate) fn is_sure(&self) -> bool {
        !self.asks_date_order && !self.asks_decimals
    }

    pub(crate) fn of(guess: &csv::Guess, is_as_before: bool) -> Self {
        let asks = |doubt| !is_as_before && guess.doubts.contains(&doubt);
        Self {
            columns: guess.columns.iter().map(|column| (column.name.clone(), column.samples.clone())).collect(),
            asks_date_order: asks(Doubt::DayOrMonthFirst),
            asks_decimals: asks(Doubt::DecimalMark),
            is_as_before,
        }
    }
}
