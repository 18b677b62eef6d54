//! The lines of an edited transaction: fields of its only line, or all of its lines at once.

use super::{Circumstances, Edit, Field, Line, Refused, Wanted, WantedLine, lines_value, tags_value};
use crate::Id;
use crate::batch::Entity;

impl Edit<'_> {
    /// What is wanted of the lines, or of the fields that an unsplit transaction shows of its only one.
    pub(super) fn lines(&mut self, wanted: &Wanted, around: Circumstances) -> Result<(), Refused> {
        let amount_minor = wanted.amount_minor.unwrap_or(self.row.amount_minor);
        if amount_minor != self.row.amount_minor {
            if self.row.is_from_bank() {
                return Err(Refused::BankAmount);
            }
            self.guard(around)?;
            self.amount(amount_minor, wanted.lines.is_some())?;
        }
        match &wanted.lines {
            Some(lines) => self.all_lines(lines, amount_minor),
            None => self.first_line(wanted),
        }
    }

    fn amount(&mut self, amount_minor: i64, has_lines: bool) -> Result<(), Refused> {
        let row = self.row;
        if row.lines.len() > 1 && !has_lines {
            return Err(Refused::Split);
        }
        let minor = |minor: i64| Some(minor.to_string());
        self.plain(Entity::Transaction, row.id.uuid(), "amount_minor", minor(row.amount_minor), minor(amount_minor));
        if !has_lines {
            let line = row.first();
            self.plain(Entity::Line, line.id.uuid(), "amount_minor", minor(line.amount_minor), minor(amount_minor));
        }
        Ok(())
    }

    fn first_line(&mut self, wanted: &Wanted) -> Result<(), Refused> {
        let row = self.row;
        let line = row.first();
        if let Some(category) = wanted.category.filter(|category| *category != line.category) {
            if row.lines.len() > 1 {
                return Err(Refused::Split);
            }
            let (before, after) = (line.category.map(|id| id.to_string()), category.map(|id| id.to_string()));
            self.by_hand(&of_line(line, "category_id", None), before, after);
        }
        if let Some(note) = &wanted.note {
            let bank = row.is_from_bank().then(|| line.provider_note.clone());
            self.by_hand(&of_line(line, "note", bank), line.note.clone(), note.clone());
        }
        let mut tags = wanted.tags.clone().unwrap_or_else(|| line.tags.clone());
        tags.extend(wanted.add_tags.iter().copied());
        tags.retain(|tag| !wanted.remove_tags.contains(tag));
        self.by_hand(&of_line(line, "tags", None), tags_value(&line.tags), tags_value(&tags));
        Ok(())
    }

    /// All lines as one value, so that undoing brings them back together and they always sum.
    fn all_lines(&mut self, wanted: &[WantedLine], amount_minor: i64) -> Result<(), Refused> {
        let row = self.row;
        let sum = wanted.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.amount_minor));
        if wanted.is_empty() || sum != Some(amount_minor) {
            return Err(Refused::LinesDoNotSum);
        }
        let first = row.first();
        let mut lines: Vec<Line> = wanted.iter().map(of_wanted).collect();
        // What the bank wrote stays with the first line, whichever that is: syncs look there.
        lines[0].id = first.id;
        lines[0].provider_note.clone_from(&first.provider_note);
        let is_double = |line: &Line| lines[1..].iter().filter(|other| other.id == line.id).count() > 1;
        if lines[1..].iter().any(|line| line.id == first.id || is_double(line)) {
            return Err(Refused::LinesDoNotSum);
        }
        if lines == row.lines {
            return Ok(());
        }
        if lines[0].note != first.note {
            let bank = row.is_from_bank().then(|| first.provider_note.clone());
            self.layer(&of_line(first, "note", bank), lines[0].note.as_ref());
        }
        if lines[0].category != first.category {
            let category = lines[0].category.map(|id| id.to_string());
            self.layer(&of_line(first, "category_id", None), category.as_ref());
        }
        if lines[0].tags != first.tags {
            self.layer(&of_line(first, "tags", None), tags_value(&lines[0].tags).as_ref());
        }
        let (before, after) = (lines_value(&row.lines), lines_value(&lines));
        self.plain(Entity::Transaction, row.id.uuid(), "lines", Some(before), Some(after));
        Ok(())
    }
}

fn of_line(line: &Line, name: &'static str, bank: Option<Option<String>>) -> Field {
    Field { entity: Entity::Line, id: line.id.uuid(), name, bank }
}

fn of_wanted(line: &WantedLine) -> Line {
    Line {
        id: line.id,
        amount_minor: line.amount_minor,
        category: line.category,
        note: line.note.clone(),
        provider_note: None,
        tags: line.tags.clone(),
    }
}
