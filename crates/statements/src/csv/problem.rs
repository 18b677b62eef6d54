//! What can be wrong: with a file as a whole, with how it is to be read, with one of its lines.

use bankside_domain::AmountError;
use serde::{Deserialize, Serialize};

use super::Role;
use super::limits::{MAX_ACCOUNTS, MAX_BYTES, MAX_COLUMNS, MAX_FOUND_CHARS, MAX_ROWS, MAX_VALUE_BYTES};

/// Why a file is not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// There is nothing in it.
    #[error("The file is empty.")]
    Empty,
    /// It is too large.
    #[error("The file is larger than {} MB. Export a shorter period.", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    /// It is of another kind.
    #[error("This is {0}, not a CSV file. Choose CSV where the bank offers the download.")]
    OtherKind(&'static str),
    /// Its bytes are no text of this encoding.
    #[error("Line {line}: this is not {encoding} text.")]
    NotText {
        /// Where, counted from one.
        line: u64,
        /// What it was read as.
        encoding: &'static str,
    },
    /// No line has several values.
    #[error("No columns were found: no line has values that comma, semicolon, tab or | separate.")]
    NoColumns,
    /// A line has too many values.
    #[error("Line {line} has more than {MAX_COLUMNS} columns.")]
    TooManyColumns {
        /// Where.
        line: u64,
    },
    /// A value is too long.
    #[error(
        "Line {line}, column {column}: a value is longer than {} KB. A quotation mark may be missing there.",
        MAX_VALUE_BYTES / 1024
    )]
    ValueTooLong {
        /// Where the line begins.
        line: u64,
        /// Which column, counted from one.
        column: usize,
    },
    /// It has too many rows.
    #[error("The file has more than {MAX_ROWS} lines. Export a shorter period.")]
    TooManyRows,
    /// What is to be the account has too many values to be one.
    #[error(
        "In the column {column} more than {MAX_ACCOUNTS} different values stand. Choose the one that names the account."
    )]
    TooManyAccounts {
        /// What the column is called.
        column: String,
    },
    /// The line that names the columns is not there.
    #[error("The line that names the columns is not in this file: {0}.")]
    HeaderMissing(String),
    /// How it is to be read does not do.
    #[error(transparent)]
    Profile(#[from] ProfileProblem),
}

/// Why a file cannot be read by a profile, whatever it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileProblem {
    /// No column is a date.
    #[error("Say which column is the date.")]
    NoDate,
    /// No column is an amount.
    #[error("Say which column is the amount, or which two are the amounts out and in.")]
    NoAmount,
    /// Amounts are given in two ways.
    #[error("Choose either one column for the amount, or one each for the amounts out and in.")]
    TwoKindsOfAmount,
    /// The direction belongs to a single amount.
    #[error("A column that says out or in needs one column for the amount.")]
    DirectionWithoutAmount,
    /// No column says which account a row is of, and several are asked for.
    #[error("Say which column is the own account: it tells which account a row belongs to.")]
    NoOwnAccount,
    /// Two columns say one thing.
    #[error("Only one column can be the {}.", .0.in_words())]
    Twice(Role),
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineProblem {
    /// There is no such column.
    Missing,
    /// There is nothing where something must be.
    Blank,
    /// It is no date in the chosen order.
    NoDate,
    /// It is no number in the chosen style.
    NoNumber,
    /// It has more decimals than the currency, or is too large.
    NoAmount(String),
    /// It says neither out nor in.
    NoDirection,
    /// It is no status that is known.
    NoStatus,
    /// Both amounts are given.
    TwoAmounts,
    /// It is no currency.
    NoCurrency,
    /// It is in another currency than the account.
    OtherCurrency,
}

impl LineProblem {
    /// In words, as the end of a sentence that names the line.
    pub fn in_words(&self) -> String {
        match self {
            Self::Missing => "the line ends before this column".to_owned(),
            Self::Blank => "nothing stands here".to_owned(),
            Self::NoDate => "this is no date in the chosen order".to_owned(),
            Self::NoNumber => "this is no amount in the chosen style".to_owned(),
            Self::NoAmount(why) => why.clone(),
            Self::NoDirection => "this says neither out nor in".to_owned(),
            Self::NoStatus => "this says neither booked nor pending".to_owned(),
            Self::TwoAmounts => "there is an amount out and one in".to_owned(),
            Self::NoCurrency => "this is no currency code".to_owned(),
            Self::OtherCurrency => "this is not the currency of the account".to_owned(),
        }
    }
}

impl From<AmountError> for LineProblem {
    fn from(error: AmountError) -> Self {
        match error {
            AmountError::NotANumber(_) => Self::NoNumber,
            error => Self::NoAmount(error.to_string()),
        }
    }
}

/// A line that stays out, with where and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The line, counted from one.
    pub line: u64,
    /// The column, counted from zero.
    pub column: usize,
    /// What the column is called.
    pub column_name: String,
    /// What stood there, shortened.
    pub found: String,
    /// What is wrong with it.
    pub problem: LineProblem,
}

impl Refusal {
    pub(super) fn shortened(found: &str) -> String {
        match found.char_indices().nth(MAX_FOUND_CHARS) {
            Some((end, _)) => format!("{}…", &found[..end]),
            None => found.to_owned(),
        }
    }

    /// In words: where, what stood there, and what is wrong with it.
    pub fn in_words(&self) -> String {
        let Self { line, column_name, found, problem, .. } = self;
        let problem = problem.in_words();
        if found.is_empty() {
            format!("Line {line}, {column_name}: {problem}.")
        } else {
            format!("Line {line}, {column_name}: “{found}” – {problem}.")
        }
    }
}
