//! A row of the books as a bank's row makes it.

use jiff::civil::Date;

use crate::row::{Row, RowStatus};
use crate::text::tidy;

/// How much of a row's text stands for a payee that the bank does not name.
const PAYEE_CHARS: usize = 60;

/// A row as it will stand in the books, from the provider's layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Booked, or pending where the account shows such rows.
    pub status: RowStatus,
    /// Minor units.
    pub minor: i64,
    /// Its day in the books.
    pub dated_on: Date,
    /// The day the bank booked it.
    pub booked_on: Option<Date>,
    /// The day it counts from.
    pub value_on: Option<Date>,
    /// Whom it was with.
    pub payee: Option<String>,
    /// What it was for.
    pub note: Option<String>,
    /// Whether it is older than the opening balance, which then moves by its amount.
    pub moves_opening: bool,
}

impl Entry {
    /// A row as it will stand in the books on a day, which is older than the opening balance before `history_from`.
    pub fn of(row: &Row, day: Date, history_from: Option<Date>) -> Self {
        Self {
            status: row.status,
            minor: row.amount.minor,
            dated_on: day,
            booked_on: row.booked_on,
            value_on: row.value_on,
            payee: row
                .counterparty
                .name
                .as_deref()
                .and_then(tidy)
                .or_else(|| row.remittance.as_deref().and_then(short)),
            note: row.remittance.as_deref().and_then(tidy),
            moves_opening: row.status == RowStatus::Booked && history_from.is_some_and(|from| day < from),
        }
    }
}

/// The beginning of a text, where that has to stand for a name.
fn short(text: &str) -> Option<String> {
    let line = tidy(text)?;
    let end = line.char_indices().nth(PAYEE_CHARS).map_or(line.len(), |(end, _)| end);
    tidy(&line[..end])
}
