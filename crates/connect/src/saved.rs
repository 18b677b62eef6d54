//! Answers that somebody has saved: read as a sync would read them, without keys and without a call.

use std::collections::HashMap;

use bankside_domain::row::MappedRow;
use bankside_domain::{Currency, CurrencyCode};
use jiff::Timestamp;

/// An answer with the rows of one account, as the provider sent it.
#[derive(Debug, Clone, Copy)]
pub struct SavedAnswer<'a> {
    /// The institution as the provider lists it; quirks go by it.
    pub institution_key: &'a str,
    /// The present moment.
    pub now: Timestamp,
    /// The currencies that are known, by code.
    pub currencies: &'a HashMap<CurrencyCode, Currency>,
    /// The answer.
    pub body: &'a [u8],
}

/// A row of a saved answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedRow {
    /// Where it stands in the answer, in the provider's words.
    pub place: String,
    /// What it reads as.
    pub row: MappedRow,
}
