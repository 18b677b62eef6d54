//! Editing transactions: what a person asks for, what that changes, and what is not theirs to change.
//!
//! The answer is a list of [`Change`]s, so that an edit is written, recorded and undone by the same means as everything else.
//! What a person writes stands in the person's layer of its field; the change to the layer is recorded beside the change to
//! what holds, so that undoing gives the field back to the bank.

mod giving_back;
mod lines;
mod mapping;
mod refused;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::giving_back::give_back;
pub use self::refused::Refused;
use crate::batch::{Change, Entity, REVIEWED};
use crate::row::RowStatus;
use crate::rules::rule_layer_of;
use crate::{AccountId, CategoryId, CurrencyCode, Id, LineId, PayeeId, TagId, TransactionId};

/// The field of a change to the person's layer of a field: `layer:payee_id`. Its value is absent, or `=` and the text.
pub const LAYER: &str = "layer:";

/// One part of a transaction. Its serialised form is the value of the change of all of a transaction's lines at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which one.
    pub id: LineId,
    /// Minor units.
    pub amount_minor: i64,
    /// What it was for.
    pub category: Option<CategoryId>,
    /// What somebody wrote, or else the bank.
    pub note: Option<String>,
    /// What the bank wrote, which no edit changes.
    #[serde(skip)]
    pub provider_note: Option<String>,
    /// Words that people put on it.
    pub tags: BTreeSet<TagId>,
}

/// A transaction as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Which one.
    pub id: TransactionId,
    /// In which account.
    pub account: AccountId,
    /// In which currency.
    pub currency: CurrencyCode,
    /// How far the bank has got.
    pub status: RowStatus,
    /// Minor units.
    pub amount_minor: i64,
    /// Its day.
    pub dated_on: Date,
    /// Whom it was with.
    pub payee: Option<PayeeId>,
    /// What that payee is called.
    pub payee_name: Option<String>,
    /// The day that the bank gives, where a bank sent or confirmed it.
    pub provider_dated_on: Option<Date>,
    /// The payee that the bank names.
    pub provider_payee: Option<PayeeId>,
    /// When a person ticked it, in microseconds.
    pub cleared_at: Option<i64>,
    /// When it was locked by a reconciliation, in microseconds.
    pub reconciled_at: Option<i64>,
    /// When somebody looked at it, in microseconds.
    pub reviewed_at: Option<i64>,
    /// Its lines in their order; never empty.
    pub lines: Vec<Line>,
    /// What the person's layer holds, by entity and field.
    pub layers: BTreeMap<(Uuid, String), Option<String>>,
    /// What the rule's layer below it holds, as a change records it: `rules::rule_layer_of` reads it.
    pub rule_layers: BTreeMap<(Uuid, String), String>,
}

/// A line as a person wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedLine {
    /// Which one; a new one where its id is not among the transaction's.
    pub id: LineId,
    /// Minor units.
    pub amount_minor: i64,
    /// What it was for.
    pub category: Option<CategoryId>,
    /// What somebody wrote.
    pub note: Option<String>,
    /// Words that people put on it.
    pub tags: BTreeSet<TagId>,
}

/// What a person wants a transaction to be. `None` leaves a field alone, `Some(None)` blanks it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its day.
    pub dated_on: Option<Date>,
    /// Whom it was with.
    pub payee: Option<Option<PayeeId>>,
    /// What its first line was for.
    pub note: Option<Option<String>>,
    /// The category of its only line.
    pub category: Option<Option<CategoryId>>,
    /// The tags of its first line, all of them.
    pub tags: Option<BTreeSet<TagId>>,
    /// Tags to put on its first line.
    pub add_tags: BTreeSet<TagId>,
    /// Tags to take from its first line.
    pub remove_tags: BTreeSet<TagId>,
    /// The amount, in minor units.
    pub amount_minor: Option<i64>,
    /// Another account, with its currency.
    pub account: Option<(AccountId, CurrencyCode)>,
    /// Whether it is ticked as cleared.
    pub is_cleared: Option<bool>,
    /// Whether it is locked by a reconciliation.
    pub is_reconciled: Option<bool>,
    /// Whether somebody has looked at it.
    pub is_reviewed: Option<bool>,
    /// All of its lines.
    pub lines: Option<Vec<WantedLine>>,
}

/// What a person saw in a field when they began to change it. `None` saw nothing of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// The day.
    pub dated_on: Option<Date>,
    /// The payee's name.
    pub payee: Option<Option<String>>,
    /// The note.
    pub note: Option<Option<String>>,
    /// The category.
    pub category: Option<Option<CategoryId>>,
    /// The tags.
    pub tags: Option<BTreeSet<TagId>>,
    /// The amount, in minor units.
    pub amount_minor: Option<i64>,
    /// All of its lines.
    pub lines: Option<Vec<SeenLine>>,
}

/// A line as a person saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenLine {
    /// Which one.
    pub id: LineId,
    /// Minor units.
    pub amount_minor: i64,
    /// What it was for.
    pub category: Option<CategoryId>,
    /// What was written on it.
    pub note: Option<String>,
}

/// What holds around an edit.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// Now, in microseconds.
    pub now: i64,
    /// Nothing changes up to and including this day.
    pub locked_through: Option<Date>,
    /// Whether the person has agreed to take a reconciliation's lock off.
    pub unlocks: bool,
}

impl Standing {
    /// Whether a bank sent or confirmed it.
    pub fn is_from_bank(&self) -> bool {
        self.provider_dated_on.is_some()
    }

    /// Whether it counts as cleared: the bank has booked it, or a person ticked it.
    pub fn is_cleared(&self) -> bool {
        self.status == RowStatus::Booked && (self.is_from_bank() || self.cleared_at.is_some())
    }

    /// Whether it may be taken out of the books, or why not.
    pub fn may_go(&self, around: Circumstances) -> Result<(), Refused> {
        if is_locked(self.dated_on, around) {
            return Err(Refused::LockedPeriod);
        }
        if self.reconciled_at.is_some() && !around.unlocks { Err(Refused::Reconciled) } else { Ok(()) }
    }

    fn first(&self) -> &Line {
        &self.lines[0]
    }

    fn check_seen(&self, seen: &Seen) -> Result<(), Refused> {
        fn differs<T: PartialEq>(seen: Option<&T>, now: &T) -> bool {
            seen.is_some_and(|seen| seen != now)
        }
        let lines = || {
            let saw = |line: &Line| SeenLine {
                id: line.id,
                amount_minor: line.amount_minor,
                category: line.category,
                note: line.note.clone(),
            };
            self.lines.iter().map(saw).collect::<Vec<_>>()
        };
        let fields = [
            ("lines", seen.lines.as_ref().is_some_and(|seen| *seen != lines())),
            ("date", differs(seen.dated_on.as_ref(), &self.dated_on)),
            ("payee", differs(seen.payee.as_ref(), &self.payee_name)),
            ("note", differs(seen.note.as_ref(), &self.first().note)),
            ("category", differs(seen.category.as_ref(), &self.first().category)),
            ("tags", differs(seen.tags.as_ref(), &self.first().tags)),
            ("amount", differs(seen.amount_minor.as_ref(), &self.amount_minor)),
        ];
        match fields.iter().find(|(_, differs)| *differs) {
            Some((field, _)) => Err(Refused::ChangedMeanwhile(field)),
            None => Ok(()),
        }
    }
}

fn is_locked(day: Date, around: Circumstances) -> bool {
    around.locked_through.is_some_and(|through| day <= through)
}

/// What people note about a row rather than in it: it may be said of a locked period, too.
const MARKS: [&str; 2] = [REVIEWED, "reconciled_at"];

/// Works out what an edit changes, or why the transaction is left as it is. What is wanted and holds already changes nothing.
pub fn plan_edit(row: &Standing, wanted: &Wanted, seen: &Seen, around: Circumstances) -> Result<Vec<Change>, Refused> {
    row.check_seen(seen)?;
    let mut edit = Edit { row, changes: Vec::new() };
    edit.day(wanted, around)?;
    edit.payee(wanted);
    edit.account(wanted, around)?;
    edit.lines(wanted, around)?;
    edit.marks(wanted, around)?;
    if is_locked(row.dated_on, around) && edit.changes.iter().any(|change| !MARKS.contains(&change.field.as_str())) {
        return Err(Refused::LockedPeriod);
    }
    // Whatever somebody has worked on, they have looked at.
    if !edit.changes.is_empty() && wanted.is_reviewed.is_none() && row.reviewed_at.is_none() {
        edit.mark(REVIEWED, None, Some(around.now));
    }
    Ok(edit.changes)
}

/// An edit in the making.
struct Edit<'a> {
    row: &'a Standing,
    changes: Vec<Change>,
}

impl Edit<'_> {
    fn day(&mut self, wanted: &Wanted, around: Circumstances) -> Result<(), Refused> {
        let Some(day) = wanted.dated_on else { return Ok(()) };
        if day != self.row.dated_on {
            self.guard(around)?;
            if is_locked(day, around) {
                return Err(Refused::LockedPeriod);
            }
        }
        let text = |day: Date| Some(day.to_string());
        let field = Field {
            entity: Entity::Transaction,
            id: self.row.id.uuid(),
            name: "dated_on",
            bank: self.row.provider_dated_on.map(text),
        };
        self.by_hand(&field, text(self.row.dated_on), text(day));
        Ok(())
    }

    fn payee(&mut self, wanted: &Wanted) {
        let Some(payee) = wanted.payee else { return };
        let text = |payee: Option<PayeeId>| payee.map(|payee| payee.to_string());
        let field = Field {
            entity: Entity::Transaction,
            id: self.row.id.uuid(),
            name: "payee_id",
            bank: self.row.is_from_bank().then(|| text(self.row.provider_payee)),
        };
        self.by_hand(&field, text(self.row.payee), text(payee));
    }

    fn account(&mut self, wanted: &Wanted, around: Circumstances) -> Result<(), Refused> {
        let Some((account, currency)) = wanted.account else { return Ok(()) };
        if account == self.row.account {
            return Ok(());
        }
        if currency != self.row.currency {
            return Err(Refused::OtherCurrency);
        }
        self.guard(around)?;
        let (before, after) = (self.row.account.to_string(), account.to_string());
        self.plain(Entity::Transaction, self.row.id.uuid(), "account_id", Some(before), Some(after));
        Ok(())
    }

    fn marks(&mut self, wanted: &Wanted, around: Circumstances) -> Result<(), Refused> {
        let row = self.row;
        if let Some(is_cleared) = wanted.is_cleared.filter(|is_cleared| *is_cleared != row.is_cleared()) {
            if row.is_from_bank() || row.status != RowStatus::Booked {
                return Err(Refused::BankClears);
            }
            self.guard(around)?;
            self.mark("cleared_at", row.cleared_at, is_cleared.then_some(around.now));
        }
        if let Some(is_reconciled) = wanted.is_reconciled.filter(|wanted| *wanted != row.reconciled_at.is_some()) {
            self.mark("reconciled_at", row.reconciled_at, is_reconciled.then_some(around.now));
        }
        if let Some(is_reviewed) = wanted.is_reviewed.filter(|wanted| *wanted != row.reviewed_at.is_some()) {
            self.mark(REVIEWED, row.reviewed_at, is_reviewed.then_some(around.now));
        }
        Ok(())
    }

    /// Lets nobody at what a statement or a closed period has fixed; takes a reconciliation's lock off where that was agreed.
    fn guard(&mut self, around: Circumstances) -> Result<(), Refused> {
        self.row.may_go(around)?;
        if self.row.reconciled_at.is_some() && !self.changes.iter().any(|change| change.field == "reconciled_at") {
            self.mark("reconciled_at", self.row.reconciled_at, None);
        }
        Ok(())
    }

    fn mark(&mut self, field: &str, before: Option<i64>, after: Option<i64>) {
        let text = |micros: Option<i64>| micros.map(|micros| micros.to_string());
        self.plain(Entity::Transaction, self.row.id.uuid(), field, text(before), text(after));
    }

    fn plain(&mut self, entity: Entity, id: Uuid, field: &str, before: Option<String>, after: Option<String>) {
        if before != after {
            let owner = self.row.id.uuid();
            self.changes.push(Change { entity, id, owner, field: field.to_owned(), before, after });
        }
    }

    /// A field that has layers: what a person writes stands in theirs, unless it is what the bank says; then the field is the
    /// bank's again.
    fn by_hand(&mut self, field: &Field, before: Option<String>, after: Option<String>) {
        if before != after {
            self.layer(field, after.as_ref());
            self.plain(field.entity, field.id, field.name, before, after);
        }
    }

    fn layer(&mut self, field: &Field, value: Option<&String>) {
        let key = (field.id, field.name.to_owned());
        let standing = self.row.layers.get(&key);
        let before = standing.map(|value| layer_value(value.as_deref()));
        let value_text = value.map(String::as_str);
        // What a rule has written lies between the bank and the person.
        let is_what_is_below = match self.row.rule_layers.get(&key).and_then(|layer| rule_layer_of(layer)) {
            Some((_, rule)) => rule == value_text,
            None => field.bank.as_ref().is_some_and(|bank| bank.as_ref() == value),
        };
        let after = (!is_what_is_below).then(|| layer_value(value_text));
        self.plain(field.entity, field.id, &format!("{LAYER}{}", field.name), before, after);
    }
}

/// A field that has layers.
struct Field {
    entity: Entity,
    id: Uuid,
    name: &'static str,
    /// What the bank says of it, blank or not; `None` where no bank says anything.
    bank: Option<Option<String>>,
}

/// The value of a layer that is there, as a change records it.
pub fn layer_value(value: Option<&str>) -> String {
    format!("={}", value.unwrap_or_default())
}

/// All lines of a transaction as a change records them.
pub fn lines_value(lines: &[Line]) -> String {
    // Ids, numbers and text: there is nothing in it that could not be written.
    serde_json::to_string(lines).unwrap_or_default()
}

/// Tags as a change records them.
pub fn tags_value(tags: &BTreeSet<TagId>) -> Option<String> {
    let ids: Vec<String> = tags.iter().map(ToString::to_string).collect();
    (!ids.is_empty()).then(|| ids.join(","))
}

#[cfg(test)]
mod tests;
