//! Undoing a batch: what goes back, what stays and why, and what later syncs do.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Change, EXISTS, Entity, REVIEWED, claim_of};
use crate::Id as _;
use crate::asset::ASSET;
use crate::reconcile::{ClaimState, Reason};
use crate::row::RowStatus;
use crate::transfer::{TRANSFER, is_of_transfers, link_of};

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
    /// Its row stands in a period that is locked, or would come to stand in one.
    PeriodLocked,
}

/// What undoing a batch would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoPlan {
    /// Changes to write, last one first: `before` is what is there now, `after` what will be there.
    pub write: Vec<Change>,
    /// Changes that stay, and why.
    pub stay: Vec<(Change, Untouchable)>,
    /// Whether balances that a file states stop counting with it, or count again.
    pub moves_balances: bool,
}

/// What later syncs do with the bank's rows that leave the books with an undoing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Later {
    /// They bring in again what the bank still shows.
    #[default]
    BringIn,
    /// They leave these rows out, as if a person had deleted each.
    LeaveOut,
}

/// A plan of undoing, counted in rows as people see them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UndoTally {
    /// Rows that leave the books.
    pub leave: usize,
    /// Rows that come back into them.
    pub come_back: usize,
    /// Rows that become what they were before.
    pub change_back: usize,
    /// Rows that stay, because somebody has worked on them since.
    pub stay: usize,
    /// Rows of which only that stays which was written later.
    pub stay_in_part: usize,
    /// Rows that stay, because their period is locked.
    pub stay_locked: usize,
    /// Whether an account's opening balance becomes what it was before.
    pub opening_changes: bool,
    /// Whether pending transactions are treated as they were before.
    pub policy_changes: bool,
    /// Whether the bank's sign is read as it was before.
    pub sign_changes: bool,
    /// Whether a period is locked as it was before.
    pub lock_changes: bool,
    /// Whether an account belongs to the asset that it belonged to before.
    pub asset_changes: bool,
    /// Whether what a file says of balances counts as it did before.
    pub balances_change: bool,
}

impl UndoPlan {
    /// Whether nothing can be undone. Balances go with the rows that came with them: alone only where none did.
    pub fn is_empty(&self) -> bool {
        self.write.is_empty() && !(self.moves_balances && self.stay.is_empty())
    }

    /// Keeps rows reviewed that a rule has reviewed and that a person has worked on since, as `by_person` has them: the row would have been
    /// theirs to review by then, and they have.
    pub fn keep_reviews(&mut self, by_person: &BTreeSet<Uuid>) {
        let is_kept = |change: &Change| {
            change.entity == Entity::Transaction
                && change.field == REVIEWED
                && change.after.is_none()
                && by_person.contains(&change.owner)
        };
        let (kept, write): (Vec<Change>, Vec<Change>) = std::mem::take(&mut self.write).into_iter().partition(is_kept);
        self.write = write;
        for change in kept {
            // Of a row of which the rest goes back, this part stays.
            let is_part = self.write.iter().any(|other| other.owner == change.owner);
            let why = if is_part { Untouchable::WrittenLater } else { Untouchable::WorkedOnSince };
            self.stay.push((Change { before: change.after.clone(), after: change.before.clone(), ..change }, why));
        }
    }

    /// Counts the plan in rows: each counts once, however much of it changes.
    pub fn tally(&self) -> UndoTally {
        let owners = |wanted: &dyn Fn(&Change) -> bool| -> BTreeSet<Uuid> {
            self.write.iter().filter(|change| wanted(change)).map(|change| change.owner).collect()
        };
        let moves = |change: &Change| change.entity == Entity::Transaction && change.field == EXISTS;
        let leave = owners(&|change| moves(change) && change.after.is_none());
        let come_back = owners(&|change| moves(change) && change.after.is_some());
        let touched = owners(&|change| !matches!(change.entity, Entity::Account | Entity::BankAccount));
        let stay = |reasons: &[Untouchable]| -> usize {
            let stays = self.stay.iter().filter(|(_, why)| reasons.contains(why));
            stays.map(|(change, _)| change.owner).collect::<BTreeSet<Uuid>>().len()
        };
        let of_account = |field: &str| {
            self.write.iter().any(|change| change.entity == Entity::Account && change.field.starts_with(field))
        };
        UndoTally {
            change_back: touched.iter().filter(|row| !leave.contains(row) && !come_back.contains(row)).count(),
            opening_changes: of_account("opening_"),
            policy_changes: of_account("pending_policy"),
            lock_changes: of_account("locked_through"),
            asset_changes: of_account(ASSET),
            balances_change: self.moves_balances,
            sign_changes: self.write.iter().any(|change| change.entity == Entity::BankAccount),
            leave: leave.len(),
            come_back: come_back.len(),
            stay: stay(&[Untouchable::WorkedOnSince]),
            stay_in_part: stay(&[Untouchable::WrittenLater, Untouchable::AccountAdded]),
            stay_locked: stay(&[Untouchable::PeriodLocked]),
        }
    }
}

/// A field of a row, by which its value now is looked up.
pub type FieldKey = (Entity, Uuid, String);

impl Change {
    /// The field that it is about.
    pub fn key(&self) -> FieldKey {
        (self.entity, self.id, self.field.clone())
    }
}

/// Works out what undoing a batch does.
///
/// `changes` are the batch's own in the order in which they were made, `now` the values of their fields at this moment,
/// `worked_on` the rows that other batches which are still in force have written to since, and `locked` those of
/// [`locked_rows`], which stay as they are. A field is restored only while it holds what this batch gave it. A row that came, went or was claimed with the batch goes back whole, with its claims, or not
/// at all; one that came leaves only while nobody has worked on it.
pub fn plan_undo(
    changes: &[Change],
    now: &BTreeMap<FieldKey, Option<String>>,
    worked_on: &BTreeSet<Uuid>,
    locked: &BTreeSet<Uuid>,
) -> UndoPlan {
    let comes_or_goes: HashMap<Uuid, bool> = changes
        .iter()
        .filter(|change| change.entity == Entity::Transaction && change.field == EXISTS)
        .map(|change| (change.id, change.before.is_none()))
        .collect();
    let mut holds = now.clone();
    // What is there now, or why it stays.
    let verdicts: Vec<Result<Option<String>, Untouchable>> = changes
        .iter()
        .rev()
        .map(|change| {
            if change.entity == Entity::Account && change.field == EXISTS {
                return Err(Untouchable::AccountAdded);
            }
            if locked.contains(&change.owner) && !is_of_transfers(&change.field) {
                return Err(Untouchable::PeriodLocked);
            }
            if comes_or_goes.get(&change.owner) == Some(&true) && worked_on.contains(&change.owner) {
                return Err(Untouchable::WorkedOnSince);
            }
            let value = holds.get(&change.key()).cloned().flatten();
            if !is_what_was_written(change, value.as_deref()) {
                return Err(Untouchable::WrittenLater);
            }
            holds.insert(change.key(), change.before.clone());
            Ok(value)
        })
        .collect();
    // What a claim lends its row and the claim itself belong together, and so do an amount and the lines that sum to it.
    let is_bound = |change: &&Change| change.entity == Entity::Claim || change.field == "amount_minor";
    let bound: HashSet<Uuid> = changes.iter().filter(is_bound).map(|change| change.owner).collect();
    let blocked: HashMap<Uuid, Untouchable> = changes
        .iter()
        .rev()
        .zip(&verdicts)
        .filter(|(change, _)| bound.contains(&change.owner) || comes_or_goes.contains_key(&change.owner))
        .filter(|(change, _)| !matches!(change.entity, Entity::Account | Entity::BankAccount))
        .filter_map(|(change, verdict)| Some((change.owner, *verdict.as_ref().err()?)))
        .collect();
    // A transfer is linked on both sides or on none.
    let of_links = changes.iter().rev().zip(&verdicts).filter(|(change, _)| change.field == TRANSFER);
    let apart: HashMap<Uuid, Untouchable> =
        of_links.filter_map(|(change, verdict)| Some((change.id, *verdict.as_ref().err()?))).collect();
    let other_side = |change: &Change| {
        let mut links = [&change.before, &change.after].into_iter().flatten().filter(|_| change.field == TRANSFER);
        links.find_map(|value| apart.get(&link_of(value)?.other.uuid())).copied()
    };
    let mut plan = UndoPlan::default();
    for (change, verdict) in changes.iter().rev().zip(verdicts) {
        match (verdict, blocked.get(&change.owner).copied().or_else(|| other_side(change))) {
            (Err(why), _) | (Ok(_), Some(why)) => plan.stay.push((change.clone(), why)),
            // A claim that waits to be decided anew waits again when this is taken back.
            (Ok(now), None) => {
                plan.write.push(Change { before: now, after: change.before.clone(), ..change.clone() });
            }
        }
    }
    plan
}

/// A row that an undoing may write to, as it is now.
#[derive(Debug, Clone, Copy)]
pub struct Lockable {
    /// Which one.
    pub row: Uuid,
    /// Its account.
    pub account: Uuid,
    /// Its day.
    pub day: Date,
    /// Whether it is in the books.
    pub is_there: bool,
}

/// Which rows undoing changes leaves as they are, because they stand in a locked period or would come to stand in one. What is in no books
/// stands nowhere, whatever day it had. `locked` has the last locked day of accounts that have one.
pub fn locked_rows(changes: &[Change], standing: &[Lockable], locked: &BTreeMap<Uuid, Date>) -> BTreeSet<Uuid> {
    let is_locked = |account: Uuid, day: Date| locked.get(&account).is_some_and(|through| day <= *through);
    let change_of = |row: Uuid, field: &str| {
        changes.iter().find(|change| change.entity == Entity::Transaction && change.id == row && change.field == field)
    };
    let before = |row: Uuid, field: &str| change_of(row, field).and_then(|change| change.before.as_deref());
    let stays = |&&Lockable { row, account, day, is_there }: &&Lockable| {
        let (leaves, comes) =
            change_of(row, EXISTS).map_or((false, false), |change| (change.before.is_none(), change.after.is_none()));
        let account_before = before(row, "account_id").and_then(|id| id.parse().ok()).unwrap_or(account);
        let day_before = before(row, "dated_on").and_then(|day| day.parse().ok()).unwrap_or(day);
        let will_be_there = comes || (is_there && !leaves);
        (is_there && is_locked(account, day)) || (will_be_there && is_locked(account_before, day_before))
    };
    standing.iter().filter(stays).map(|lockable| lockable.row).collect()
}

/// Rows that stay in the books with what they were before, of those that an undoing has written to: the next sync decides anew
/// about their feed rows, unless the undoing has settled that itself.
pub fn restored_rows(written: &[Change]) -> BTreeSet<Uuid> {
    let is_decided = |change: &&Change| change.entity == Entity::Claim || change.field == EXISTS;
    let decided: HashSet<Uuid> = written.iter().filter(is_decided).map(|change| change.owner).collect();
    let of_row = written.iter().filter(|change| matches!(change.entity, Entity::Transaction | Entity::Line));
    of_row.map(|change| change.owner).filter(|owner| !decided.contains(owner)).collect()
}

/// Feed rows whose claim on a row of the books an undoing has restored. While it was another, the bank's row may have moved on
/// ([`Rejoined`]).
pub fn restored_claims(written: &[Change]) -> BTreeSet<Uuid> {
    let of_claims = written.iter().filter(|change| change.entity == Entity::Claim);
    let is_applied = |change: &&Change| {
        let claim = change.after.as_deref().and_then(claim_of);
        matches!(claim, Some((ClaimState::Applied, Some(_))))
    };
    of_claims.filter(is_applied).map(|change| change.id).collect()
}

/// Of these, those that stood for another row of the books until then.
pub fn claims_taken_back(written: &[Change]) -> BTreeSet<Uuid> {
    let of_claims = written.iter().filter(|change| change.entity == Entity::Claim);
    let row = |value: &Option<String>| value.as_deref().and_then(claim_of).and_then(|(_, transaction)| transaction);
    let is_taken_back = |change: &&Change| match (row(&change.before), row(&change.after)) {
        (Some(before), Some(after)) => before != after,
        _ => false,
    };
    of_claims.filter(is_taken_back).map(|change| change.id).collect()
}

/// A claim that an undoing has restored: the bank's row as it is now, and the row of the books as it came back.
#[derive(Debug, Clone, Copy)]
pub struct Rejoined<'a> {
    /// How far the bank has got with its row.
    pub bank_status: RowStatus,
    /// How far the row of the books has.
    pub status: RowStatus,
    /// Whether what the bank's row says now first came after the batch that is undone.
    pub came_since: bool,
    /// Whether that batch was a sync's, and had the bank's row stand for another row of the books.
    pub stood_elsewhere: bool,
    /// What the latest plan that looked at that thought of it.
    pub reason: Option<&'a Reason>,
}

impl Rejoined<'_> {
    /// Whether the bank's row has moved on without the row of the books: it was booked, or has had another text, while its claim was
    /// another. No answer says that once more, so it is decided anew. Pending rows follow when they are booked.
    pub fn has_moved_on(&self) -> bool {
        // What came before the batch may have been decided after it.
        let was_left_out = || matches!(self.reason, Some(Reason::StaysDismissed));
        self.bank_status == RowStatus::Booked
            && (self.status == RowStatus::Pending || self.came_since || self.stood_elsewhere || was_left_out())
    }
}

/// Whether a field still holds what a change gave it. A claim that waits to be decided anew is still the same claim.
fn is_what_was_written(change: &Change, now: Option<&str>) -> bool {
    let same_claim = |a: &str, b: &str| match (a.split_once(':'), b.split_once(':')) {
        (Some((_, a)), Some((_, b))) => a == b && !a.is_empty(),
        _ => false,
    };
    match (change.after.as_deref(), now) {
        (Some(written), Some(now)) if change.entity == Entity::Claim => {
            written == now || (!now.starts_with("dismissed") && same_claim(written, now))
        }
        (written, now) => written == now,
    }
}

#[cfg(test)]
mod tests;
