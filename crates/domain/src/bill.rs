//! Bills: what a card charges for a period. They group the card's rows.

use jiff::civil::Date;

use crate::amount::Amount;

/// A bill as a bank states it. Which rows stand on it, the rows say ([`crate::row::Row::bill`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// What the provider calls it.
    pub id: String,
    /// The day from which nothing is put on it any more, where the bank says so.
    pub closed_on: Option<Date>,
    /// The day on which it has to be paid.
    pub due_on: Date,
    /// What has to be paid; negative where the bank owes it.
    pub owed: Amount,
}
