//! Batches: every write to the books, who made it, and what undoing it would do.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::id::BatchId;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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
}

/// The field of a change that says that the row itself came or went; its value is `1` or absent.
pub const EXISTS: &str = "exists";

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

/// Why a change stays although its batch is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untouchable {
    /// This field was written again later.
    WrittenLater,
    /// The row came with this batch, but somebody has worked on it since.
    WorkedOnSince,
    /// An account that was added is closed or deleted by its own verb.
    AccountAdded,
}

/// What undoing a batch would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoPlan {
    /// Changes to write, last one first: `before` is what is there now, `after` what will be there.
    pub write: Vec<Change>,
    /// Changes that stay, and why.
    pub stay: Vec<(Change, Untouchable)>,
}

/// Works out what undoing a batch does.
///
/// `changes` are the batch's own in the order in which they were made, `later` those that other batches made afterwards to
/// the same rows or their parts. A field is restored only where this batch wrote it last; a row that came with the batch
/// leaves only while nobody else has touched it or a part of it.
pub fn plan_undo(changes: &[Change], later: &[(BatchId, Change)]) -> UndoPlan {
    let rewritten: HashSet<(Entity, Uuid, &str)> =
        later.iter().map(|(_, change)| (change.entity, change.id, change.field.as_str())).collect();
    let worked_on: HashSet<Uuid> = later.iter().map(|(_, change)| change.owner).collect();
    let arrivals: HashMap<Uuid, bool> = changes
        .iter()
        .filter(|change| change.entity == Entity::Transaction && change.field == EXISTS && change.before.is_none())
        .map(|change| (change.id, worked_on.contains(&change.owner)))
        .collect();
    let mut plan = UndoPlan::default();
    for change in changes.iter().rev() {
        let verdict = match arrivals.get(&change.owner) {
            Some(true) => Some(Untouchable::WorkedOnSince),
            _ if change.entity == Entity::Account && change.field == EXISTS => Some(Untouchable::AccountAdded),
            _ if rewritten.contains(&(change.entity, change.id, change.field.as_str())) => {
                Some(Untouchable::WrittenLater)
            }
            _ => None,
        };
        match verdict {
            Some(why) => plan.stay.push((change.clone(), why)),
            None => {
                plan.write.push(Change {
                    before: change.after.clone(),
                    after: change.before.clone(),
                    ..change.clone()
                });
            }
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: u128, field: &str, before: Option<&str>, after: Option<&str>) -> Change {
        Change {
            entity: Entity::Transaction,
            id: Uuid::from_u128(id),
            owner: Uuid::from_u128(id),
            field: field.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        }
    }

    fn other_batch() -> BatchId {
        BatchId::from(Uuid::from_u128(99))
    }

    #[test]
    fn undo_reverses_in_reverse_order() {
        let made = [change(1, EXISTS, None, Some("1")), change(2, "payee", Some("a"), Some("b"))];
        let plan = plan_undo(&made, &[]);
        assert_eq!(plan.stay, []);
        assert_eq!(plan.write, [change(2, "payee", Some("b"), Some("a")), change(1, EXISTS, Some("1"), None)]);
    }

    #[test]
    fn what_somebody_wrote_later_stays() {
        let made = [change(1, "payee", Some("a"), Some("b")), change(1, "dated_on", Some("x"), Some("y"))];
        let later = [(other_batch(), change(1, "payee", Some("b"), Some("c")))];
        let plan = plan_undo(&made, &later);
        assert_eq!(plan.stay, [(made[0].clone(), Untouchable::WrittenLater)]);
        assert_eq!(plan.write, [change(1, "dated_on", Some("y"), Some("x"))]);
    }

    #[test]
    fn a_row_that_somebody_has_worked_on_stays_whole() {
        let made = [change(1, EXISTS, None, Some("1"))];
        let line = Change { entity: Entity::Line, id: Uuid::from_u128(7), ..change(1, "category", None, Some("food")) };
        let plan = plan_undo(&made, &[(other_batch(), line)]);
        assert_eq!(plan.write, []);
        assert_eq!(plan.stay, [(made[0].clone(), Untouchable::WorkedOnSince)]);
    }
}
