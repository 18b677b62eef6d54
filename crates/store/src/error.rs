//! What the store can answer instead of a value.

use bankside_domain::asset::AssetRefused;
use bankside_domain::category::CategoryRefused;
use bankside_domain::rules::RuleRefused;
use bankside_domain::{Barred, Denied, UnknownCode};
use bankside_vault::VaultError;

/// Named by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It is not there, or not for this asker: the two look the same from outside.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// The asker lacks the right.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// It contradicts what is there; the text says how.
    #[error("{0}")]
    Conflict(&'static str),
    /// The tree of assets stays as it is.
    #[error("{}", .0.in_words())]
    AssetRefused(AssetRefused),
    /// The categories stay as they are.
    #[error("{}", .0.in_words())]
    CategoryRefused(CategoryRefused),
    /// A rule is not taken as it is.
    #[error("{}", .0.in_words())]
    RuleRefused(RuleRefused),
    /// The account has changed since it was read: read it again and plan again.
    #[error("the account has changed since it was read")]
    Stale,
    /// The run belongs to another attempt now: stop writing.
    #[error("this run's lease has moved on")]
    LeaseLost,
    /// What is stored cannot be understood.
    #[error("the database holds something that cannot be understood: {0}")]
    Corrupt(String),
    /// The URL is for neither engine.
    #[error("the database URL must begin with sqlite:// or postgres://")]
    BadUrl,
    /// The vault refused.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The schema could not be brought up to date.
    #[error("the database could not be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl From<Barred> for StoreError {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::Denied(denied) => Self::Denied(denied),
            Barred::Hidden => Self::NotFound("the account"),
        }
    }
}

impl From<UnknownCode> for StoreError {
    fn from(error: UnknownCode) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(error: serde_json::Error) -> Self {
        Self::Corrupt(error.to_string())
    }
}

impl StoreError {
    /// Whether a unique index refused the write.
    pub(crate) fn is_duplicate(error: &sqlx::Error) -> bool {
        error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
    }
}

/// Turns the refusal of a unique index into a conflict that says what it means.
pub(crate) fn or_conflict<T>(result: Result<T, sqlx::Error>, says: &'static str) -> Result<T, StoreError> {
    result.map_err(|error| if StoreError::is_duplicate(&error) { StoreError::Conflict(says) } else { error.into() })
}
