//! One row of a book, in one of its versions.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::pluggy::item::LateRow;

/// The other side of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pluggy) struct Party {
    pub(in crate::pluggy) name: &'static str,
    /// CPF of people, CNPJ of companies.
    pub(in crate::pluggy) document: &'static str,
    pub(in crate::pluggy) bank: &'static str,
}

/// How money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pluggy) enum Means {
    Pix,
    Ted,
    Boleto,
    /// A bill of the own card.
    BillPayment,
    Card,
    /// Nothing is said about it.
    Other,
}

/// What was paid in another currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pluggy) struct Foreign {
    pub(in crate::pluggy) currency: &'static str,
    /// The owner's view.
    pub(in crate::pluggy) owner_minor: i64,
}

/// Which instalment of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pluggy) struct Instalment {
    pub(in crate::pluggy) number: u8,
    pub(in crate::pluggy) of: u8,
    pub(in crate::pluggy) total_minor: i64,
    pub(in crate::pluggy) bought_on: Date,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pluggy) struct Row {
    /// The bank's own number, the same for all versions.
    pub(in crate::pluggy) number: String,
    /// Counts the versions from 0.
    pub(in crate::pluggy) version: u8,
    /// The instant that stands in `date`.
    pub(in crate::pluggy) at: Timestamp,
    /// The owner's view, in reais: out is negative.
    pub(in crate::pluggy) owner_minor: i64,
    pub(in crate::pluggy) foreign: Option<Foreign>,
    pub(in crate::pluggy) text: String,
    pub(in crate::pluggy) raw: String,
    pub(in crate::pluggy) category: Option<&'static str>,
    pub(in crate::pluggy) means: Means,
    pub(in crate::pluggy) party: Option<Party>,
    pub(in crate::pluggy) instalment: Option<Instalment>,
    pub(in crate::pluggy) is_pending: bool,
    /// The bill that it has come onto, by its closing.
    pub(in crate::pluggy) bill: Option<Timestamp>,
    pub(in crate::pluggy) balance_minor: Option<i64>,
    /// Since when the bank knows this version.
    pub(in crate::pluggy) from: Timestamp,
    /// Since when it knows another one instead.
    pub(in crate::pluggy) until: Option<Timestamp>,
}

impl Row {
    /// A row that the bank knows as soon as it happens.
    pub(super) fn new(number: String, at: Timestamp, owner_minor: i64, text: &str, means: Means) -> Self {
        Self {
            number,
            version: 0,
            at,
            owner_minor,
            foreign: None,
            text: text.to_owned(),
            raw: text.to_uppercase(),
            category: None,
            means,
            party: None,
            instalment: None,
            is_pending: false,
            bill: None,
            balance_minor: None,
            from: at,
            until: None,
        }
    }

    pub(super) fn in_category(mut self, category: &'static str) -> Self {
        self.category = Some(category);
        self
    }

    pub(super) fn with(mut self, party: Party) -> Self {
        self.party = Some(party);
        self
    }

    /// Whether the bank has this version at an instant.
    pub(in crate::pluggy) fn is_known(&self, at: Timestamp) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// A row that the bank has come up with by command.
pub(super) fn late(index: usize, late: &LateRow) -> Row {
    let mut row = Row::new(format!("LATE{index:04}"), late.at, late.owner_minor, &late.text, Means::Other);
    row.from = late.known;
    row
}
