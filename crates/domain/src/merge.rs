//! Merging: two rows of the books that are one. One of them stays, with what a person chooses of both; the other one goes, and
//! whatever feed rows stood for it stand for the one that stays.

use crate::batch::{Change, EXISTS, Entity};
use crate::edit::{Circumstances, Line, Refused, Seen, Standing, Wanted, WantedLine, plan_edit};
use crate::row::RowStatus;
use crate::{Id, LineId, TransactionId};

/// Whose value holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Side {
    /// That of the row that stays.
    #[default]
    Stays,
    /// That of the row that goes.
    Goes,
}

/// Whose value holds, field by field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keeps {
    /// The day.
    pub date: Side,
    /// The payee.
    pub payee: Side,
    /// The note of the first line.
    pub note: Side,
    /// The category; where one of the two is split, all lines.
    pub category: Side,
}

/// Whose values a person chose, by the row that has them. `None` leaves it to what is proposed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chosen {
    /// The day.
    pub date: Option<TransactionId>,
    /// The payee.
    pub payee: Option<TransactionId>,
    /// The note of the first line.
    pub note: Option<TransactionId>,
    /// The category; where one of the two is split, all lines.
    pub category: Option<TransactionId>,
}

/// The row that stays, and the one that goes.
#[derive(Debug, Clone, Copy)]
pub struct Merge<'a> {
    /// The row that stays.
    pub stays: &'a Standing,
    /// The row that goes.
    pub goes: &'a Standing,
    /// Whether that one has left the books already: a pending row that its bank stopped showing.
    pub is_gone: bool,
}

impl<'a> Merge<'a> {
    /// The bank's word stays before what somebody typed, what is booked before what is pending, and what came first.
    pub fn of(a: &'a Standing, b: &'a Standing) -> Self {
        let rank = |row: &Standing| (!row.is_from_bank(), row.status != RowStatus::Booked, row.id);
        let (stays, goes) = if rank(a) <= rank(b) { (a, b) } else { (b, a) };
        Self { stays, goes, is_gone: false }
    }

    /// A row takes over what somebody wrote on one that has left the books already.
    pub fn with_gone(stays: &'a Standing, gone: &'a Standing) -> Self {
        Self { stays, goes: gone, is_gone: true }
    }

    /// What is proposed: what somebody wrote holds before what a bank says, and anything before nothing.
    pub fn proposed(&self) -> Keeps {
        let Self { stays, goes, .. } = self;
        let side = |field: &str, is_blank_here: bool, is_blank_there: bool| {
            let is_better = is_by_hand(goes, field) && !is_by_hand(stays, field);
            if !is_blank_there && (is_blank_here || is_better) { Side::Goes } else { Side::Stays }
        };
        let (here, there) = (&stays.lines[0], &goes.lines[0]);
        Keeps {
            date: side("dated_on", false, false),
            payee: side("payee_id", stays.payee.is_none(), goes.payee.is_none()),
            note: side("note", here.note.is_none(), there.note.is_none()),
            category: side("category_id", is_plain(stays), is_plain(goes)),
        }
    }

    /// What a person chose, and where they chose nothing, what is proposed.
    pub fn keeps(&self, chosen: Chosen) -> Keeps {
        let proposed = self.proposed();
        let side = |chosen: Option<TransactionId>, proposed: Side| match chosen {
            Some(id) if id == self.goes.id => Side::Goes,
            Some(id) if id == self.stays.id => Side::Stays,
            _ => proposed,
        };
        Keeps {
            date: side(chosen.date, proposed.date),
            payee: side(chosen.payee, proposed.payee),
            note: side(chosen.note, proposed.note),
            category: side(chosen.category, proposed.category),
        }
    }

    /// Works out what merging changes, or why the rows are left as they are. `new_line` gives ids to lines that move.
    pub fn plan(
        &self,
        keeps: Keeps,
        around: Circumstances,
        new_line: &mut dyn FnMut() -> LineId,
    ) -> Result<Vec<Change>, Refused> {
        let Self { stays, goes, is_gone } = self;
        stays.may_go(around)?;
        if !is_gone {
            goes.may_go(around)?;
        }
        let there = &goes.lines[0];
        let takes = |side: Side| side == Side::Goes;
        let is_split = stays.lines.len() > 1 || goes.lines.len() > 1;
        let mut wanted = Wanted {
            dated_on: takes(keeps.date).then_some(goes.dated_on),
            payee: takes(keeps.payee).then_some(goes.payee),
            ..Wanted::default()
        };
        if takes(keeps.category) && is_split {
            if stays.amount_minor != goes.amount_minor {
                return Err(Refused::Split);
            }
            let mut lines: Vec<WantedLine> = goes.lines.iter().map(|line| moved(line, new_line())).collect();
            if !takes(keeps.note) {
                lines[0].note.clone_from(&stays.lines[0].note);
            }
            lines[0].tags.extend(stays.lines[0].tags.iter().copied());
            wanted.lines = Some(lines);
        } else {
            wanted.category = takes(keeps.category).then_some(there.category);
            wanted.note = takes(keeps.note).then(|| there.note.clone());
            wanted.add_tags.clone_from(&there.tags);
        }
        let mut changes = plan_edit(stays, &wanted, &Seen::default(), around)?;
        if !is_gone {
            let id = goes.id.uuid();
            let (before, after) = (Some("1".to_owned()), None);
            let goes = Change { entity: Entity::Transaction, id, owner: id, field: EXISTS.to_owned(), before, after };
            changes.push(goes);
        }
        Ok(changes)
    }
}

/// Whether a person has written a field: it has their layer, or they typed the whole row.
fn is_by_hand(row: &Standing, field: &str) -> bool {
    !row.is_from_bank() || row.layers.keys().any(|(_, name)| name == field)
}

/// Whether a row says nothing of what it was for.
fn is_plain(row: &Standing) -> bool {
    row.lines.len() == 1 && row.lines[0].category.is_none()
}

fn moved(line: &Line, id: LineId) -> WantedLine {
    WantedLine {
        id,
        amount_minor: line.amount_minor,
        category: line.category,
        note: line.note.clone(),
        tags: line.tags.clone(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    fn standing(id: u128, note: Option<&str>) -> Standing {
        let line = Line {
            id: Uuid::from_u128(id + 100).into(),
            amount_minor: -280,
            category: None,
            note: note.map(str::to_owned),
            provider_note: None,
            tags: BTreeSet::new(),
        };
        Standing {
            id: Uuid::from_u128(id).into(),
            account: Uuid::from_u128(900).into(),
            currency: "EUR".parse().unwrap(),
            status: RowStatus::Booked,
            amount_minor: -280,
            dated_on: date(2026, 11, 10),
            payee: None,
            payee_name: None,
            provider_dated_on: Some(date(2026, 11, 10)),
            provider_payee: None,
            cleared_at: None,
            reconciled_at: None,
            reviewed_at: Some(1),
            lines: vec![line],
            layers: BTreeMap::new(),
            rule_layers: BTreeMap::new(),
        }
    }

    fn typed(id: u128, note: Option<&str>) -> Standing {
        Standing { provider_dated_on: None, dated_on: date(2026, 11, 8), ..standing(id, note) }
    }

    fn around() -> Circumstances {
        Circumstances { now: 7, locked_through: None, unlocks: false }
    }

    fn fields(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.field.as_str()).collect()
    }

    #[test]
    fn the_banks_row_stays_and_what_somebody_typed_is_proposed() {
        let (theirs, ours) = (standing(2, Some("about cafe")), typed(1, Some("with Kim")));
        let merge = Merge::of(&ours, &theirs);
        assert_eq!(merge.stays.id, theirs.id);
        let keeps = merge.proposed();
        assert_eq!((keeps.date, keeps.note), (Side::Goes, Side::Goes));
        assert_eq!((keeps.payee, keeps.category), (Side::Stays, Side::Stays), "blank gives way to nothing");
        let changes = merge.plan(keeps, around(), &mut || unreachable!()).unwrap();
        assert_eq!(fields(&changes), ["layer:dated_on", "dated_on", "layer:note", "note", EXISTS]);
        let changes = merge.plan(Keeps::default(), around(), &mut || unreachable!()).unwrap();
        assert_eq!(fields(&changes), [EXISTS]);
        let chosen = Chosen { date: Some(theirs.id), payee: Some(ours.id), ..Chosen::default() };
        let keeps = merge.keeps(chosen);
        assert_eq!((keeps.date, keeps.payee, keeps.note), (Side::Stays, Side::Goes, Side::Goes));
    }

    #[test]
    fn what_is_booked_stays_before_what_is_pending() {
        let booked = standing(2, None);
        let pending = Standing { status: RowStatus::Pending, ..standing(1, None) };
        assert_eq!(Merge::of(&pending, &booked).stays.id, booked.id);
        assert_eq!(Merge::of(&standing(1, None), &standing(2, None)).goes.id, booked.id);
    }

    #[test]
    fn a_split_moves_whole_or_not_at_all() {
        let theirs = standing(2, Some("about cafe"));
        let mut ours = typed(1, Some("coffee"));
        let part = |minor: i64, id: u128| Line {
            amount_minor: minor,
            id: Uuid::from_u128(id).into(),
            ..ours.lines[0].clone()
        };
        ours.lines = vec![part(-100, 101), part(-180, 102)];
        let merge = Merge::of(&theirs, &ours);
        assert_eq!(merge.proposed().category, Side::Goes);
        let mut next = 500;
        let mut new_line = || {
            next += 1;
            Uuid::from_u128(next).into()
        };
        let changes = merge.plan(merge.proposed(), around(), &mut new_line).unwrap();
        assert!(fields(&changes).contains(&"lines"), "{changes:?}");
        let other = Standing { amount_minor: -300, ..standing(2, None) };
        let keeps = Keeps { category: Side::Goes, ..Keeps::default() };
        assert_eq!(Merge::of(&other, &ours).plan(keeps, around(), &mut new_line), Err(Refused::Split));
    }

    #[test]
    fn what_is_locked_or_reconciled_is_left() {
        let (theirs, ours) = (standing(2, None), typed(1, None));
        let locked = Circumstances { locked_through: Some(date(2026, 11, 8)), ..around() };
        let merge = Merge::of(&theirs, &ours);
        assert_eq!(merge.plan(Keeps::default(), locked, &mut || unreachable!()), Err(Refused::LockedPeriod));
        let reconciled = Standing { reconciled_at: Some(3), ..theirs };
        let merge = Merge::of(&reconciled, &ours);
        assert_eq!(merge.plan(Keeps::default(), around(), &mut || unreachable!()), Err(Refused::Reconciled));
    }
}
