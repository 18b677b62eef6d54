//! Transfers: what is known to find them by, which rows are linked, and which are said not to be.
//!
//! What holds two rows together is a pair of them, and never a row that somebody made up. It holds while both are in the books: so
//! whoever takes a row out, a person or a bank, ends a transfer without a word, and undoing that brings it back.

mod finding;
mod linking;
mod marks;
mod numbers;
mod sums;
mod wanting;

use bankside_domain::TransactionId;
use bankside_domain::transfer::{Grounds, LinkedBy};

pub use self::marks::{OtherRow, StoredTransfer, TransferMark};
pub use self::numbers::UnreadNumber;
pub use self::sums::{PairedLine, PairedRow};
pub(crate) use self::wanting::push_wants_category;

/// Two rows to link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTransfer {
    /// The one.
    pub a: TransactionId,
    /// The other.
    pub b: TransactionId,
    /// Who links them.
    pub by: LinkedBy,
    /// What the rows say, where they say something.
    pub grounds: Option<Grounds>,
}
