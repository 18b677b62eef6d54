//! What a verb can answer instead of a result.

use bankside_connect::Fault;
use bankside_domain::asset::AssetRefused;
use bankside_domain::category::CategoryRefused;
use bankside_domain::edit::Refused;
use bankside_domain::fault::FaultRecord;
use bankside_domain::rules::{RuleRefused, TextError};
use bankside_domain::sign::SignRefused;
use bankside_domain::{AmountError, Barred, Denied};
use bankside_store::StoreError;
use bankside_vault::VaultError;
use jiff::Timestamp;

use crate::features::Feature;

/// Named by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// It is not there, or not for this asker.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// The asker lacks the right.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// What was typed does not do; the field is named.
    #[error("{message}")]
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it, as a sentence.
        message: String,
    },
    /// It contradicts what is there.
    #[error("{0}")]
    Conflict(&'static str),
    /// It is not theirs to change, or not without saying so.
    #[error("{}", .0.in_words())]
    Refused(Refused),
    /// The tree of assets stays as it is.
    #[error("{}", .0.in_words())]
    AssetRefused(AssetRefused),
    /// The categories stay as they are.
    #[error("{}", .0.in_words())]
    CategoryRefused(CategoryRefused),
    /// A rule is not taken as it is.
    #[error("{}", .0.in_words())]
    RuleRefused(RuleRefused),
    /// A text of rules cannot be read: what is wrong with it, and where.
    #[error("this text of rules cannot be read")]
    RulesUnreadable(Vec<TextError>),
    /// Rows that nothing may change keep a bank account's sign as it is.
    #[error("{}", .0.in_words())]
    SignStays(SignRefused),
    /// The operator has switched it off.
    #[error("{} is switched off on this server", .0.name)]
    SwitchedOff(&'static Feature),
    /// Name or password do not fit.
    #[error("That name and password do not fit together.")]
    WrongPassword {
        /// How many more tries there are before a pause.
        tries_left: i64,
    },
    /// Too many failed attempts.
    #[error("Too many failed attempts.")]
    Throttled {
        /// When the next one is looked at.
        until: Timestamp,
    },
    /// Something outside did not work.
    #[error("{}", .0.message)]
    Outside(Box<FaultRecord>),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
    /// The vault failed.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Something inside does not fit together: a bug.
    #[error("something inside does not fit together: {0}")]
    Inside(String),
}

impl EngineError {
    /// A field that does not do.
    pub fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid { field, message: message.into() }
    }
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::NotFound(what),
            StoreError::Denied(denied) => Self::Denied(denied),
            StoreError::Conflict(what) => Self::Conflict(what),
            StoreError::AssetRefused(refused) => Self::AssetRefused(refused),
            StoreError::CategoryRefused(refused) => Self::CategoryRefused(refused),
            StoreError::RuleRefused(refused) => Self::RuleRefused(refused),
            StoreError::Vault(error) => Self::Vault(error),
            other => Self::Store(other),
        }
    }
}

impl From<Barred> for EngineError {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::Denied(denied) => Self::Denied(denied),
            Barred::Hidden => Self::NotFound("the account"),
        }
    }
}

impl From<Fault> for EngineError {
    fn from(fault: Fault) -> Self {
        tracing::warn!(
            code = fault.code(),
            status = fault.http_status(),
            said = std::error::Error::source(&fault).map(ToString::to_string),
            "a provider call did not work"
        );
        Self::Outside(Box::new(fault.into_record()))
    }
}

impl From<serde_json::Error> for EngineError {
    fn from(error: serde_json::Error) -> Self {
        Self::Inside(error.to_string())
    }
}

impl From<AmountError> for EngineError {
    fn from(error: AmountError) -> Self {
        Self::invalid("amount", format!("{error}."))
    }
}
