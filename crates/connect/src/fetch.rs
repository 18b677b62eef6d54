//! Fetching: a plan goes in, events come out as they arrive, and are stored as they come.

use std::collections::HashMap;

use async_trait::async_trait;
use bankside_domain::account::AccountKind;
use bankside_domain::balance::{BalanceKind, BalanceMoment};
use bankside_domain::bill::Bill;
use bankside_domain::quota::Presence;
use bankside_domain::row::RowStatus;
use bankside_domain::run::AccountStep;
use bankside_domain::{Amount, Currency, CurrencyCode};
use jiff::civil::Date;

use crate::fault::Fault;

/// What to fetch. A fetch is per connection, because some providers answer for all accounts at once.
#[derive(Debug, Clone)]
pub struct FetchPlan {
    /// The institution as the provider lists it; quirks go by it.
    pub institution_key: String,
    /// For which accounts, and from when.
    pub accounts: Vec<AccountRequest>,
    /// Whether a person is waiting.
    pub presence: Presence,
}

/// What to fetch for one account.
#[derive(Debug, Clone)]
pub struct AccountRequest {
    /// What the provider calls it.
    pub provider_account_id: String,
    /// The first day.
    pub from: Date,
    /// How many fetches of it have failed in a row before this one.
    pub failures_before: u32,
}

/// A row exactly as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// How far the bank has got: which list the row stood in.
    pub status: RowStatus,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A balance as received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FetchedBalance {
    /// What it contains.
    pub kind: BalanceKind,
    /// Which moment it speaks of.
    pub moment: BalanceMoment,
    /// The amount, the owner's sign.
    pub amount: Amount,
    /// What the provider calls it.
    pub provider_kind: ProviderWord,
}

/// A short word of a provider, cut where it is too long to be one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ProviderWord {
    bytes: [u8; 32],
    length: u8,
}

impl ProviderWord {
    /// Keeps the word, at most 32 bytes of it.
    pub fn new(word: &str) -> Self {
        let mut end = word.len().min(32);
        while !word.is_char_boundary(end) {
            end -= 1;
        }
        let mut bytes = [0; 32];
        bytes[..end].copy_from_slice(&word.as_bytes()[..end]);
        Self { bytes, length: u8::try_from(end).unwrap_or(0) }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl std::fmt::Debug for ProviderWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_str().fmt(f)
    }
}

/// What happens while a connector fetches.
#[derive(Debug)]
pub enum FetchEvent {
    /// An account has got this far.
    Step(AccountStep),
    /// Rows came; more may follow.
    Rows(Vec<RawRow>),
    /// No more rows follow. Says whether the booked rows from the requested day on are complete, and whether the pending
    /// rows are the whole set.
    RowsEnd {
        /// All booked rows of the window came.
        booked_complete: bool,
        /// All pending rows came.
        pending_complete: bool,
    },
    /// Balances came.
    Balances(Vec<FetchedBalance>),
    /// Bills came, those that have changed and those that have not.
    Bills(Vec<Bill>),
    /// Something about this account did not work. What came before stays.
    Fault(Fault),
}

/// The sink does not take any more: the run was cancelled or lost its lease.
#[derive(Debug, thiserror::Error)]
#[error("the run has ended")]
pub struct SinkClosed;

/// Where events go. An event is kept before `accept` returns.
#[async_trait]
pub trait Sink: Send {
    /// Takes an event about one account, named as in the request.
    async fn accept(&mut self, provider_account_id: &str, event: FetchEvent) -> Result<(), SinkClosed>;
}

/// The bank account that a row is of, as far as reading the row depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowAccount {
    /// What it is; some providers count cards the other way round.
    pub kind: AccountKind,
    /// Its currency; some providers leave it out of rows, or only give its sign.
    pub currency: CurrencyCode,
}

/// What mapping a raw row needs to know besides the row.
#[derive(Debug, Clone)]
pub struct MapContext<'a> {
    /// The institution as the provider lists it; quirks go by it.
    pub institution_key: &'a str,
    /// The bank account.
    pub account: RowAccount,
    /// The institution's zone.
    pub time_zone: &'a jiff::tz::TimeZone,
    /// Today at the institution.
    pub today: Date,
    /// The currencies that are known, by code.
    pub currencies: &'a HashMap<CurrencyCode, Currency>,
}
