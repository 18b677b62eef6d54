//! Ids that do not hold, days that changed places, signs that are turned.

use super::super::wire::Ids;
use super::{Row, is_card, name, pending_name, put, shop, turn, unname};
use crate::banks::{Entry, Pending, next_business, previous_business};

/// Belfius: one id for all rows of a month; only the provider's tells them apart.
pub(super) fn repeated(row: &mut Row, entry: &Entry, _: Ids) {
    let month = entry.booked_on.strftime("%Y%m").to_string();
    put(row, "transactionId", month);
    row.remove("entryReference");
}

/// ING Romania: an id that says there is none; card payments name the shop in the text only, others have none.
pub(super) fn not_provided(row: &mut Row, entry: &Entry, _: Ids) {
    put(row, "transactionId", "NOTPROVIDED");
    row.remove("entryReference");
    if is_card(entry) {
        put(row, super::TEXT, format!("{}, card no: 5454********5454", shop(entry)));
        unname(row);
    } else {
        put(row, super::TEXT, "");
        put(row, "proprietaryBankTransactionCode", if entry.amount.minor < 0 { "Transfer" } else { "Incasare" });
    }
}

pub(super) fn not_provided_pending(row: &mut Row, pending: &Pending, _: usize) {
    put(row, "transactionId", "NOTPROVIDED");
    put(row, super::TEXT, format!("xxxx5454 {}", pending_name(pending)));
    unname(row);
}

/// Cards of SEB: the bank's claims, so signs are turned; what happened stands beside the text.
pub(super) fn owed(row: &mut Row, entry: &Entry, _: Ids) {
    turn(row);
    row.remove(super::TEXT);
    put(row, "additionalInformation", name(entry));
    unname(row);
}

pub(super) fn owed_pending(row: &mut Row, pending: &Pending, _: usize) {
    turn(row);
    row.remove(super::TEXT);
    put(row, "additionalInformation", pending_name(pending));
    unname(row);
}

/// mBank: ids are numbers; a card was used the business day before, and the two days changed places.
pub(super) fn swapped_days(row: &mut Row, entry: &Entry, _: Ids) {
    if is_card(entry) {
        put(row, "bookingDate", previous_business(entry.booked_on).to_string());
        put(row, "valueDate", entry.booked_on.to_string());
    }
}

/// Nationwide: ids of card rows are made for each fetch, others are long and stay.
pub(super) fn restless(row: &mut Row, entry: &Entry, ids: Ids) {
    let id = if is_card(entry) {
        format!("00DEBIT{}{}", entry.number, ids.fetch.simple())
    } else {
        row.get("internalTransactionId").and_then(|id| id.as_str()).unwrap_or_default().chars().rev().collect()
    };
    put(row, "transactionId", id);
    row.remove("entryReference");
}

/// Nationwide: pending rows have the day on which they will be booked.
pub(super) fn booked_tomorrow(row: &mut Row, pending: &Pending, _: usize) {
    row.remove("valueDate");
    put(row, "bookingDate", next_business(pending.on).to_string());
}

/// National Bank of Greece: purchases have no id and come in; a word at the beginning tells them.
pub(super) fn turned_purchases(row: &mut Row, entry: &Entry, _: Ids) {
    if is_card(entry) {
        row.remove("transactionId");
        row.remove("entryReference");
        put(row, super::TEXT, format!("ΑΓΟΡΑ {}", shop(entry)));
        unname(row);
        turn(row);
    }
}
