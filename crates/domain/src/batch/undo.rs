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

/// Which rows undoing changes leaves as they are, because they stand in a locked period or would come to stand in one. `standing`
/// has the account and the day of each row, `locked` the last locked day of accounts that have one.
pub fn locked_rows(
    changes: &[Change],
    standing: &[(Uuid, Uuid, Date)],
    locked: &BTreeMap<Uuid, Date>,
) -> BTreeSet<Uuid> {
    let is_locked = |account: Uuid, day: Date| locked.get(&account).is_some_and(|through| day <= *through);
    let change_of = |row: Uuid, field: &str| {
        changes.iter().find(|change| change.entity == Entity::Transaction && change.id == row && change.field == field)
    };
    let before = |row: Uuid, field: &str| change_of(row, field).and_then(|change| change.before.as_deref());
    let stays = |(row, account, day): &&(Uuid, Uuid, Date)| {
        // One that leaves with the undoing comes to stand nowhere, whatever day it had when it last stood in the books.
        let leaves = change_of(*row, EXISTS).is_some_and(|change| change.before.is_none());
        let account_before = before(*row, "account_id").and_then(|id| id.parse().ok()).unwrap_or(*account);
        let day_before = before(*row, "dated_on").and_then(|day| day.parse().ok()).unwrap_or(*day);
        is_locked(*account, *day) || (!leaves && is_locked(account_before, day_before))
    };
    standing.iter().filter(stays).map(|(row, ..)| *row).collect()
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
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::transfer::{Link, LinkedBy, link_value};

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

    /// The values as the batch left them.
    fn as_left(changes: &[Change]) -> BTreeMap<FieldKey, Option<String>> {
        changes.iter().map(|change| (change.key(), change.after.clone())).collect()
    }

    fn nobody() -> BTreeSet<Uuid> {
        BTreeSet::new()
    }

    fn claim(feed_row: u128, transaction: u128, before: Option<&str>, after: Option<&str>) -> Change {
        Change {
            entity: Entity::Claim,
            id: Uuid::from_u128(feed_row),
            owner: Uuid::from_u128(transaction),
            field: "claim".to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        }
    }

    #[test]
    fn a_row_has_moved_on_where_the_bank_booked_it_or_told_it_otherwise_meanwhile() {
        const B: RowStatus = RowStatus::Booked;
        const P: RowStatus = RowStatus::Pending;
        let cases = [
            (B, B, (false, false), Reason::New, false),
            (B, P, (false, false), Reason::New, true),
            (B, B, (true, false), Reason::New, true),
            (B, B, (false, true), Reason::New, true),
            (B, B, (false, false), Reason::StaysDismissed, true),
            (P, P, (true, true), Reason::StaysDismissed, false),
        ];
        for (bank_status, status, (came_since, stood_elsewhere), reason, has_moved_on) in cases {
            let rejoined = Rejoined { bank_status, status, came_since, stood_elsewhere, reason: Some(&reason) };
            assert_eq!(rejoined.has_moved_on(), has_moved_on, "{rejoined:?}");
        }
    }

    #[test]
    fn undo_reverses_in_reverse_order() {
        let made = [change(1, EXISTS, None, Some("1")), change(2, "payee", Some("a"), Some("b"))];
        let plan = plan_undo(&made, &as_left(&made), &nobody(), &nobody());
        assert_eq!(plan.stay, []);
        assert_eq!(plan.write, [change(2, "payee", Some("b"), Some("a")), change(1, EXISTS, Some("1"), None)]);
    }

    #[test]
    fn a_transfer_is_taken_apart_on_both_sides_or_on_none_and_in_a_locked_period_too() {
        let link = |other: u128| {
            let other = Uuid::from_u128(other).into();
            link_value(&Link { other, by: LinkedBy::Rows, grounds: None })
        };
        let made = [change(1, TRANSFER, None, Some(&link(2))), change(2, TRANSFER, None, Some(&link(1)))];
        let locked = BTreeSet::from([Uuid::from_u128(1)]);
        let plan = plan_undo(&made, &as_left(&made), &nobody(), &locked);
        assert_eq!((plan.write.len(), plan.stay.len()), (2, 0));
        let mut now = as_left(&made);
        now.insert(made[1].key(), Some(link(3)));
        let plan = plan_undo(&made, &now, &nobody(), &nobody());
        assert_eq!(plan.write, []);
        assert!(plan.stay.iter().all(|(_, why)| *why == Untouchable::WrittenLater));
    }

    #[test]
    fn what_somebody_wrote_later_stays() {
        let made = [change(1, "payee", Some("a"), Some("b")), change(1, "dated_on", Some("x"), Some("y"))];
        let mut now = as_left(&made);
        now.insert(made[0].key(), Some("c".to_owned()));
        let plan = plan_undo(&made, &now, &nobody(), &nobody());
        assert_eq!(plan.stay, [(made[0].clone(), Untouchable::WrittenLater)]);
        assert_eq!(plan.write, [change(1, "dated_on", Some("y"), Some("x"))]);
    }

    #[test]
    fn what_a_rule_has_reviewed_stays_reviewed_where_a_person_has_worked_since() {
        let reviewed = |id: u128| change(id, REVIEWED, None, Some("7"));
        let made = [reviewed(1), change(1, "payee_id", Some("a"), Some("b")), reviewed(2), reviewed(3)];
        let mut plan = plan_undo(&made, &as_left(&made), &nobody(), &nobody());
        plan.keep_reviews(&BTreeSet::from([Uuid::from_u128(1), Uuid::from_u128(2)]));
        let back =
            |change: &Change| Change { before: change.after.clone(), after: change.before.clone(), ..change.clone() };
        assert_eq!(plan.write, [back(&made[3]), back(&made[1])]);
        let stay: BTreeMap<Uuid, Untouchable> = plan.stay.iter().map(|(change, why)| (change.id, *why)).collect();
        let expected =
            [(Uuid::from_u128(1), Untouchable::WrittenLater), (Uuid::from_u128(2), Untouchable::WorkedOnSince)];
        assert_eq!(stay, BTreeMap::from(expected));
        assert!(plan.stay.iter().all(|(change, _)| made.contains(change)));
        assert_eq!((plan.tally().change_back, plan.tally().stay, plan.tally().stay_in_part), (2, 1, 1));
    }

    #[test]
    fn a_claim_that_waits_waits_again_when_the_undoing_is_taken_back() {
        let made = [change(1, EXISTS, None, Some("1")), claim(7, 1, None, Some("applied:1"))];
        let mut now = as_left(&made);
        now.insert(made[1].key(), Some("superseded:1".to_owned()));
        let plan = plan_undo(&made, &now, &nobody(), &nobody());
        assert_eq!(plan.write[0], claim(7, 1, Some("superseded:1"), None));
    }

    #[test]
    fn a_field_that_was_written_twice_goes_back_to_the_first() {
        let made = [change(1, "payee", Some("a"), Some("b")), change(1, "payee", Some("b"), Some("c"))];
        let now = BTreeMap::from([(made[0].key(), Some("c".to_owned()))]);
        let plan = plan_undo(&made, &now, &nobody(), &nobody());
        assert_eq!(plan.write, [change(1, "payee", Some("c"), Some("b")), change(1, "payee", Some("b"), Some("a"))]);
    }

    #[test]
    fn a_row_that_somebody_has_worked_on_stays_whole() {
        let made = [change(1, EXISTS, None, Some("1")), claim(7, 1, None, Some("applied:1"))];
        let plan = plan_undo(&made, &as_left(&made), &BTreeSet::from([Uuid::from_u128(1)]), &nobody());
        assert_eq!(plan.write, []);
        assert!(plan.stay.iter().all(|(_, why)| *why == Untouchable::WorkedOnSince));
    }

    #[test]
    fn a_row_does_not_come_back_without_its_claim() {
        let made = [change(1, EXISTS, Some("1"), None), claim(7, 1, Some("applied:1"), None)];
        let mut now = as_left(&made);
        now.insert(made[1].key(), Some("applied:2".to_owned()));
        let plan = plan_undo(&made, &now, &nobody(), &nobody());
        assert_eq!(plan.write, [], "the bank's row stands in the books already, as another transaction");
        assert_eq!(plan.stay.len(), 2);
    }

    #[test]
    fn rows_are_decided_anew_unless_the_undoing_has_settled_that() {
        let written = [
            change(1, "payee", Some("b"), Some("a")),
            change(2, EXISTS, Some("1"), None),
            claim(7, 3, Some("applied:3"), Some("applied:4")),
            change(3, "payee", Some("b"), Some("a")),
        ];
        assert_eq!(restored_rows(&written), BTreeSet::from([Uuid::from_u128(1)]));
    }

    #[test]
    fn a_row_of_a_locked_period_stays_and_none_goes_back_into_one() {
        let made = [
            change(1, "payee", Some("a"), Some("b")),
            change(2, "dated_on", Some("2026-09-30"), Some("2026-10-05")),
            change(3, "payee", Some("a"), Some("b")),
        ];
        let account = Uuid::from_u128(9);
        let standing = [
            (Uuid::from_u128(1), account, date(2026, 9, 30)),
            (Uuid::from_u128(2), account, date(2026, 10, 5)),
            (Uuid::from_u128(3), account, date(2026, 10, 1)),
        ];
        let locked = locked_rows(&made, &standing, &BTreeMap::from([(account, date(2026, 9, 30))]));
        assert_eq!(locked, BTreeSet::from([Uuid::from_u128(1), Uuid::from_u128(2)]));
        let plan = plan_undo(&made, &as_left(&made), &nobody(), &locked);
        assert_eq!(plan.write, [change(3, "payee", Some("b"), Some("a"))]);
        assert_eq!((plan.tally().stay_locked, plan.tally().stay), (2, 0));
    }

    #[test]
    fn a_row_that_leaves_with_an_undoing_may_have_stood_in_what_is_locked_now() {
        let (account, through) = (Uuid::from_u128(1), date(2026, 11, 2));
        let settled = [
            change(2, EXISTS, None, Some("1")),
            change(2, "status", Some("pending"), Some("booked")),
            change(2, "dated_on", Some("2026-11-01"), Some("2026-11-08")),
        ];
        let standing = [(Uuid::from_u128(2), account, date(2026, 11, 8))];
        let locked = BTreeMap::from([(account, through)]);
        assert!(locked_rows(&settled, &standing, &locked).is_empty());
        assert_eq!(locked_rows(&settled[2..], &standing, &locked).len(), 1, "one that stays would go back into it");
    }
}
