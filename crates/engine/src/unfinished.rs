//! How much there is left to do.

use bankside_domain::{AccountId, Asker};

use crate::{Engine, EngineError};

/// What is left to do is counted up to here; beyond it the number says nothing any more.
pub const MOST_COUNTED: i64 = 999;

/// How much is left to do, each at most [`MOST_COUNTED`] and one more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinished {
    /// Rows that banks have brought and nobody has looked at.
    pub new: i64,
    /// Rows with a line that wants a category and has none.
    pub without_category: i64,
}

impl Engine {
    /// How much is left to do in an account, or in all.
    pub async fn unfinished(&self, asker: &Asker, account: Option<AccountId>) -> Result<Unfinished, EngineError> {
        Ok(Unfinished {
            new: self.store.count_new(asker, account, MOST_COUNTED + 1).await?,
            without_category: self.store.count_without_category(asker, account, MOST_COUNTED + 1).await?,
        })
    }
}
