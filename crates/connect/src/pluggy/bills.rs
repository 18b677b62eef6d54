//! Bills of cards (fact sheet §6). Only those that have closed are listed; the rows say on which of them they stand.

use bankside_domain::bill::Bill;
use bankside_domain::fault::FaultClass;
use bankside_domain::{Amount, CurrencyCode};
use jiff::civil::Date;

use super::client::{Client, parse};
use super::wire::{self, NumberedPage};
use crate::fault::Fault;

/// Bills come so many to a page, the most that there may be (fact sheet §1).
const PAGE_SIZE: &str = "500";
/// No card has so many bills.
const MAX_PAGES: i64 = 5;

/// All bills of a card. One that cannot be read keeps no other back.
pub(super) async fn of_card(client: &Client<'_>, account: &str, own: CurrencyCode) -> Result<Vec<Bill>, Fault> {
    let mut bills = Vec::new();
    for page in 1..=MAX_PAGES {
        let number = page.to_string();
        let query = [("accountId", account), ("page", number.as_str()), ("pageSize", PAGE_SIZE)];
        let body = client.get(&["bills"], &query, "bills").await?;
        let answer: NumberedPage<'_> = parse(&body)?;
        for raw in &answer.results {
            let bill = serde_json::from_str::<wire::Bill>(raw.get()).ok();
            let bill = bill.and_then(|bill| read(client, &bill, own));
            if bill.is_none() {
                tracing::warn!("a bill of a card cannot be read");
            }
            bills.extend(bill);
        }
        // A list that is empty has one page or none.
        if answer.results.is_empty() || page >= answer.total_pages.unwrap_or(1) {
            return Ok(bills);
        }
    }
    Err(Fault::new(FaultClass::Bug, "pluggy.endless_bills", "The list of bills at Pluggy does not end."))
}

/// A bill that does not say its currency is in the card's.
fn read(client: &Client<'_>, bill: &wire::Bill, own: CurrencyCode) -> Option<Bill> {
    let currency = match bill.total_amount_currency_code.as_deref() {
        Some(code) => code.parse().ok()?,
        None => own,
    };
    let currency = client.cx.currencies.get(&currency)?;
    Some(Bill {
        id: bill.id.as_deref().map(str::trim).filter(|id| !id.is_empty())?.to_owned(),
        closed_on: bill.closing_date.as_deref().and_then(day),
        due_on: day(bill.due_date.as_deref()?)?,
        owed: Amount::parse(&bill.total_amount.as_ref()?.0, *currency).ok()?,
    })
}

/// A day of a bill. It is one of the calendar whatever stands behind it: a bill that is due on the ninth comes as midnight of the
/// ninth in UTC, in São Paulo or without any zone.
fn day(text: &str) -> Option<Date> {
    text.trim().get(..10)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_a_bill_is_the_one_that_is_written() {
        for text in ["2026-09-20T00:00:00", "2026-09-20T00:00:00.000Z", "2026-09-20T03:00:00.000Z", "2026-09-20"] {
            assert_eq!(day(text), Some(jiff::civil::date(2026, 9, 20)), "{text}");
        }
        assert_eq!(day("soon"), None);
    }
}
