//! Giving lines another category: the only one of a transaction, or some of those that it is split into.

use super::{Line, Standing, Wanted, WantedLine};
use crate::CategoryId;

impl Standing {
    /// What is wanted where some lines of a transaction are for something else and everything beside that stays. Where no line is
    /// meant, nothing is wanted.
    pub fn wanted_in_category(&self, is_meant: impl Fn(&Line) -> bool, category: Option<CategoryId>) -> Wanted {
        match self.lines.as_slice() {
            lines if !lines.iter().any(&is_meant) => Wanted::default(),
            [_] => Wanted { category: Some(category), ..Wanted::default() },
            lines => {
                let line = |line: &Line| WantedLine {
                    id: line.id,
                    amount_minor: line.amount_minor,
                    category: if is_meant(line) { category } else { line.category },
                    note: line.note.clone(),
                    tags: line.tags.clone(),
                };
                Wanted { lines: Some(lines.iter().map(line).collect()), ..Wanted::default() }
            }
        }
    }
}
