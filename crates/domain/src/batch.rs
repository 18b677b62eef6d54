//! Batches: every write to the books, who made it, and what undoing it would do (`undo`).

mod undo;
mod unlocked;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::undo::{
    FieldKey, Later, Lockable, Rejoined, UndoPlan, UndoTally, Untouchable, claims_taken_back, locked_rows, plan_undo,
    restored_claims, restored_rows,
};
pub use self::unlocked::{LOCKED_THROUGH, Unlocked};
use crate::reconcile::ClaimState;
use crate::{Code, TransactionId};

/// Who made a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchActor {
    /// A sync.
    Run,
    /// A statement file.
    Import,
    /// A person.
    Person,
    /// A rule.
    Rule,
    /// Bankside itself.
    System,
}

/// What a change is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// A transaction.
    Transaction,
    /// One of its lines.
    Line,
    /// The claim of a feed row; its id is the feed row's.
    Claim,
    /// An account.
    Account,
    /// A bank account; its owner is the account that it feeds.
    BankAccount,
}

/// The field of a change that says that the row itself came or went; its value is `1` or absent.
pub const EXISTS: &str = "exists";
/// The field of a change to when a row was reviewed, in microseconds; absent where nobody has.
pub const REVIEWED: &str = "reviewed_at";

/// A claim as it stands in a change: its state and its transaction.
pub fn claim_value(state: ClaimState, transaction: Option<TransactionId>) -> String {
    match transaction {
        Some(transaction) => format!("{}:{transaction}", state.code()),
        None => format!("{}:", state.code()),
    }
}

/// The claim that a change speaks of; `None` where it speaks of none.
pub fn claim_of(value: &str) -> Option<(ClaimState, Option<TransactionId>)> {
    let (state, transaction) = value.split_once(':')?;
    let transaction = if transaction.is_empty() { None } else { Some(transaction.parse().ok()?) };
    Some((ClaimState::from_code(state).ok()?, transaction))
}

/// One change: a field of a row, before and after. `None` is a blank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What kind of row.
    pub entity: Entity,
    /// Which one.
    pub id: Uuid,
    /// Which transaction or account it belongs to, so that a row and its parts are judged together.
    pub owner: Uuid,
    /// Which field.
    pub field: String,
    /// What it was.
    pub before: Option<String>,
    /// What it became.
    pub after: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Id;

    #[test]
    fn a_claim_is_read_as_it_is_written() {
        let transaction = TransactionId::from(Uuid::from_u128(1));
        for claim in [(ClaimState::Applied, Some(transaction)), (ClaimState::Quarantined, None)] {
            assert_eq!(claim_of(&claim_value(claim.0, claim.1)), Some(claim));
        }
        assert_eq!(claim_of(&transaction.uuid().to_string()), None);
        assert_eq!(claim_of("applied:this"), None);
    }
}
