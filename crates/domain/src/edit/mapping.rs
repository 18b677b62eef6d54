//! Giving lines other categories: the only one of a transaction, or some of those that it is split into.

use super::{Line, Standing, Wanted, WantedLine};
use crate::CategoryId;

impl Standing {
    /// What is wanted where some lines of a transaction get another category, or none, and everything beside that stays. A line of
    /// which nothing is said is not meant.
    pub fn wanted_in_categories(&self, category_of: impl Fn(&Line) -> Option<Option<CategoryId>>) -> Wanted {
        match self.lines.as_slice() {
            [line] => Wanted { category: category_of(line), ..Wanted::default() },
            lines if lines.iter().all(|line| category_of(line).is_none()) => Wanted::default(),
            lines => {
                let line = |line: &Line| WantedLine {
                    id: line.id,
                    amount_minor: line.amount_minor,
                    category: category_of(line).unwrap_or(line.category),
                    note: line.note.clone(),
                    tags: line.tags.clone(),
                };
                Wanted { lines: Some(lines.iter().map(line).collect()), ..Wanted::default() }
            }
        }
    }
}
