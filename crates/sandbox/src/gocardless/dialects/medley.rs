//! Rows that differ from one to the next: exchanges, running balances, days and texts in every shape.

use serde_json::{Value, json};

use super::super::wire::Ids;
use super::{Row, TEXT, is_card, name, put, put_lines};
use crate::banks::{Entry, Pending, next_business};

/// Revolut: text as lines, instants with many digits, exchanges as one object.
pub(super) fn pockets(row: &mut Row, entry: &Entry, _: Ids) {
    put(row, "bookingDateTime", format!("{}T12:12:09.133455Z", entry.booked_on));
    put(row, "valueDateTime", format!("{}T02:47:00.1234324Z", entry.value_on));
    let bizum = entry.booked_on.day() % 2 == 0 && !is_card(entry);
    if bizum && entry.amount.minor > 0 {
        put_lines(row, &[format!("Bizum payment from: {}", name(entry)), entry.text.join(" ")]);
    } else if bizum {
        put_lines(row, &[format!("Bizum payment to: {}", name(entry)), entry.text.join(" ")]);
    } else {
        put_lines(row, &[name(entry).to_owned()]);
    }
    if is_card(entry) {
        put(row, "proprietaryBankTransactionCode", "CARD_PAYMENT");
        put(row, "currencyExchange", exchange(row));
        let card = json!({ "cardSchemeName": "MASTERCARD", "name": "Demo Household", "identification": "5454" });
        put(row, "additionalDataStructured", json!({ "cardInstrument": card }));
    }
}

/// An exchange at 1 to 1.15, with what the shop asked for.
fn exchange(row: &Row) -> Value {
    let amount = row.get("transactionAmount").cloned().unwrap_or_default();
    let text = amount["amount"].as_str().unwrap_or_default().trim_start_matches('-').to_owned();
    let currency = amount["currency"].clone();
    json!({
        "instructedAmount": { "amount": text, "currency": currency },
        "sourceCurrency": currency, "exchangeRate": "1.15", "unitCurrency": currency, "targetCurrency": "CHF",
    })
}

/// Dunahíd: more text than most fields take, in scripts that run both ways.
pub(super) fn long_text(row: &mut Row, entry: &Entry, _: Ids) {
    let line = format!("{} · árvíztűrő tükörfúrógép · שלום · 日本語 · e\u{301} · 🧾🏦 ", entry.text.join(" "));
    put(row, TEXT, line.repeat(12).trim_end());
    put(row, "endToEndId", "NOTPROVIDED");
}

/// Selkie: what the documents leave open, chosen by the day of the month.
pub(super) fn row(row: &mut Row, entry: &Entry, _: Ids) {
    for id in ["transactionId", "entryReference", "internalTransactionId"] {
        row.remove(id);
    }
    let turn = entry.booked_on.day() % 4;
    if let Some(balance) = row.remove("balanceAfterTransaction") {
        let amount = balance["balanceAmount"].clone();
        match turn {
            0 => put(row, "balanceAfterTransaction", balance),
            1 => put(row, "balanceAfterTransaction", amount),
            2 => put(row, "balanceAfterTransaction", amount["amount"].clone()),
            _ => {}
        }
    }
    if is_card(entry) {
        match turn {
            0 => put(row, "currencyExchange", json!([exchange(row)])),
            1 => put(row, "currencyExchange", exchange(row)),
            2 => _ = row.remove("valueDate"),
            _ => {
                row.remove("bookingDate");
                put(row, "bookingDateTime", format!("{}T00:00:00.0000000Z", entry.booked_on));
            }
        }
    } else {
        // Standing rows are dated on the business day after the one on which they appear.
        put(row, "bookingDate", next_business(entry.booked_on).to_string());
    }
}

/// No day at all.
pub(super) fn pending(row: &mut Row, _: &Pending, _: usize) {
    row.remove("valueDate");
}
