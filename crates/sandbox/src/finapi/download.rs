//! What finAPI has fetched of a bank's books, and when (fact sheet §9).
//!
//! The first download has all that is asked for, later ones no more than 89 days: what lies between two of them is not there, and an
//! adjusting entry stands for it, so that the rows add up to the balance. Standing orders of the next days come as bookings of days
//! to come.

use bankside_domain::Amount;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::banks::Bank;
use super::records::{Account, Connection};
use crate::banks::{BalanceKind, Card, Draw, Entry, Pending, Zone, plus_days};

/// How far back an update goes.
const UPDATE_DAYS: i32 = 89;
/// So many days ahead bookings to come are known, where a bank does not announce them earlier.
pub(super) const AHEAD_DAYS: i32 = 2;
const STANDING_ORDER: &str = "PMNT-ICDT-STDO";
/// Ids are whole numbers that every client can hold.
const MOST_ID: u64 = 9_007_199_254_740_991;

/// One download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Download {
    pub(super) at: Timestamp,
    day: Date,
    from: Date,
    /// The last day for which the bank had announced bookings.
    announced_to: Date,
}

impl Download {
    pub(super) fn first(at: Timestamp, day: Date, ahead_days: i32, max_days: u32) -> Self {
        let from = match i32::try_from(max_days) {
            Ok(0) | Err(_) => Date::MIN,
            Ok(days) => plus_days(day, -days),
        };
        Self { at, day, from, announced_to: plus_days(day, ahead_days) }
    }

    pub(super) fn later(at: Timestamp, day: Date, ahead_days: i32) -> Self {
        Self { at, day, from: plus_days(day, -UPDATE_DAYS), announced_to: plus_days(day, ahead_days) }
    }

    fn covers(&self, entry: &Entry) -> bool {
        let is_announced = entry.code == STANDING_ORDER && entry.booked_on <= self.announced_to;
        self.from <= entry.booked_on && (entry.booked_on <= self.day || is_announced)
    }
}

/// A row as finAPI has it.
pub(super) struct Row {
    pub(super) id: u64,
    /// The bank's row; `None` for an adjusting entry.
    pub(super) entry: Option<Entry>,
    pub(super) booked_on: Date,
    pub(super) value_on: Date,
    /// The day that finAPI gives it, which moves while the bank's lies ahead.
    pub(super) finapi_on: Date,
    pub(super) amount: Amount,
    pub(super) imported: Timestamp,
    pub(super) is_new: bool,
    pub(super) is_potential_duplicate: bool,
}

/// An account as finAPI shows it.
pub(super) struct Shown {
    /// The oldest first.
    pub(super) rows: Vec<Row>,
    pub(super) pending: Vec<(u64, Pending)>,
    pub(super) balance: Option<Amount>,
    /// When it was last read.
    pub(super) read_at: Timestamp,
    pub(super) has_gap: bool,
}

fn id_of(account: &Account, what: &str) -> u64 {
    1 + Draw::of_text(&format!("{}:{what}", account.id)).below(MOST_ID)
}

/// An account with what the downloads have of it.
pub(super) fn shown(bank: &Bank, connection: &Connection, account: &Account, card: &Card) -> Shown {
    let mut downloads: Vec<Download> =
        connection.downloads.iter().filter(|download| download.at >= account.since).cloned().collect();
    if downloads.is_empty() {
        // It has been imported since the last download: that is its own first one.
        let day = Zone::CentralEurope.date(account.since);
        downloads.push(Download::first(account.since, day, AHEAD_DAYS, 0));
    }
    let last = downloads[downloads.len() - 1].clone();
    let through = downloads.iter().map(|download| download.announced_to).fold(last.day, Date::max);
    let known = bank.books.statement(card, through).booked;
    let today = bank.books.statement(card, last.day);
    let mut rows: Vec<Row> = Vec::new();
    let mut uncovered: Vec<Entry> = Vec::new();
    let mut ahead_minor = 0;
    for entry in known {
        let Some(download) = downloads.iter().find(|download| download.covers(&entry)) else {
            uncovered.push(entry);
            continue;
        };
        let is_ahead = entry.booked_on > last.day;
        ahead_minor += if is_ahead { entry.amount.minor } else { 0 };
        let is_like = |row: &Row| row.entry.as_ref().is_some_and(|before| is_alike(before, &entry));
        rows.push(Row {
            id: id_of(account, &entry.number),
            booked_on: entry.booked_on,
            value_on: entry.value_on,
            finapi_on: if is_ahead { last.day } else { entry.booked_on },
            amount: entry.amount,
            imported: download.at,
            is_new: download.at == last.at,
            // The bank's rows come day by day.
            is_potential_duplicate: rows.iter().rev().take_while(|row| row.booked_on == entry.booked_on).any(is_like),
            entry: Some(entry),
        });
    }
    let gaps = downloads.windows(2).filter_map(|pair| adjusting(account, pair, &uncovered, last.at));
    let gaps: Vec<Row> = gaps.collect();
    let has_gap = !gaps.is_empty();
    rows.extend(gaps);
    rows.sort_by_key(|row| row.booked_on);
    let stated = today.balances.iter().find(|stated| stated.kind == BalanceKind::InterimBooked);
    let pending = today.pending.into_iter().enumerate().map(|(place, row)| {
        let what = format!("{}/{place}/{}", row.on, last.at);
        (id_of(account, &what), row)
    });
    Shown {
        balance: stated.map(|stated| Amount::new(stated.amount.minor + ahead_minor, stated.amount.currency)),
        pending: pending.collect(),
        rows,
        read_at: last.at,
        has_gap,
    }
}

fn is_alike(one: &Entry, other: &Entry) -> bool {
    one.booked_on == other.booked_on && one.amount == other.amount && one.party == other.party && one.text == other.text
}

/// What stands for the rows between two downloads.
fn adjusting(account: &Account, pair: &[Download], uncovered: &[Entry], last_at: Timestamp) -> Option<Row> {
    let (before, after) = (&pair[0], &pair[1]);
    let between = uncovered.iter().filter(|entry| entry.booked_on > before.day && entry.booked_on < after.from);
    let currency = uncovered.first()?.amount.currency;
    let minor: i64 = between.map(|entry| entry.amount.minor).sum();
    let day = plus_days(after.from, -1);
    (minor != 0).then(|| Row {
        id: id_of(account, &format!("gap {}", after.at)),
        entry: None,
        booked_on: day,
        value_on: day,
        finapi_on: day,
        amount: Amount::new(minor, currency),
        imported: after.at,
        is_new: after.at == last_at,
        is_potential_duplicate: false,
    })
}
