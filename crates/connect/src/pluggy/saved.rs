//! Reading a saved answer: the rows of one account, as a sync would read them, without asking the provider.
//!
//! What a row means depends on its account, so both are saved together: `{"account": …, "transactions": …}`, where the
//! account is one of `GET /accounts` and the transactions are an answer of `GET /v2/transactions` or the list within
//! it.

use std::cmp::Reverse;

use bankside_domain::fault::FaultClass;
use bankside_domain::row::MappedRow;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Account, CursorPage};
use super::{accounts, map, time_zone};
use crate::fault::Fault;
use crate::fetch::{MapContext, RawRow};
use crate::saved::{SavedAnswer, SavedRow};

#[derive(Deserialize)]
struct Saved<'a> {
    account: Account,
    #[serde(borrow)]
    transactions: &'a RawValue,
}

pub(super) fn read(saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
    let answer: Saved<'_> = serde_json::from_slice(saved.body).map_err(|error| wrong(&error))?;
    let transactions = answer.transactions.get();
    let (rows, list_name) = if transactions.starts_with('[') {
        (serde_json::from_str::<Vec<&RawValue>>(transactions).map_err(|error| wrong(&error))?, "transactions")
    } else {
        let page: CursorPage<'_> = serde_json::from_str(transactions).map_err(|error| wrong(&error))?;
        (page.results, "transactions.results")
    };
    let account = accounts::row_account(&answer.account).ok_or_else(|| {
        Fault::new(FaultClass::Bug, "pluggy.unreadable", "The account of this answer has no currency that can be read.")
    })?;
    let time_zone = time_zone();
    let context = MapContext {
        institution_key: saved.institution_key,
        account,
        today: saved.now.to_zoned(time_zone.clone()).date(),
        time_zone: &time_zone,
        currencies: saved.currencies,
    };
    let read = |(index, row): (usize, &&RawValue)| {
        let bytes = row.get().as_bytes().to_vec();
        let status = map::arriving(&bytes, context.today, &time_zone).status;
        let row = map::row(&context, &RawRow { status, bytes });
        SavedRow { place: format!("{list_name}[{index}]"), row }
    };
    let mut rows: Vec<SavedRow> = rows.iter().enumerate().map(read).collect();
    // Pluggy promises no order; of one day the first in the answer comes first.
    rows.sort_by_key(|saved| match &saved.row {
        MappedRow::Readable(row) => Reverse(row.day()),
        MappedRow::Unreadable { .. } => Reverse(None),
    });
    Ok(rows)
}

/// The answer is the person's own, so the place may be named with what stands there.
fn wrong(error: &serde_json::Error) -> Fault {
    let message =
        format!("This is no object with an `account` and its `transactions`, as they are saved from Pluggy: {error}.");
    Fault::new(FaultClass::Bug, "pluggy.unreadable", message)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bankside_domain::Currency;
    use bankside_domain::row::RowStatus;

    use super::*;

    fn saved(body: &str) -> Result<Vec<SavedRow>, Fault> {
        let currency = Currency::iso("BRL").unwrap();
        let currencies = HashMap::from([(currency.code, currency)]);
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        read(&SavedAnswer { institution_key: "601", now, currencies: &currencies, body: body.as_bytes() })
    }

    #[test]
    fn the_account_gives_its_rows_their_sign_and_currency() {
        let rows = r#"[{"id":"a","date":"2026-11-01T03:00:00.000Z","amount":10},
            {"id":"b","date":"2026-12-01T03:00:00.000Z","amount":20,"type":"DEBIT"},{"id":"c","amount":30}]"#;
        let account = r#"{"id":"x","type":"CREDIT","currencyCode":"BRL"}"#;
        for transactions in [rows.to_owned(), format!(r#"{{"results":{rows},"next":null}}"#)] {
            let read = saved(&format!(r#"{{"account":{account},"transactions":{transactions}}}"#)).unwrap();
            let told: Vec<_> = read
                .iter()
                .map(|saved| match &saved.row {
                    MappedRow::Readable(row) => (saved.place.as_str(), Some((row.amount.minor, row.status))),
                    MappedRow::Unreadable { .. } => (saved.place.as_str(), None),
                })
                .collect();
            let prefix = if transactions.starts_with('[') { "transactions" } else { "transactions.results" };
            assert_eq!(told.len(), 3);
            assert_eq!(told[0], (format!("{prefix}[1]").as_str(), Some((-2000, RowStatus::Scheduled))));
            assert_eq!(told[1], (format!("{prefix}[0]").as_str(), Some((-1000, RowStatus::Booked))));
            assert_eq!(told[2], (format!("{prefix}[2]").as_str(), None));
        }
    }

    #[test]
    fn rows_without_their_account_say_what_is_missing() {
        for body in [r#"{"results":[],"next":null}"#, "[]", "", r#"{"account":{"id":"x"},"transactions":[]}"#] {
            let fault = saved(body).unwrap_err();
            assert_eq!(fault.code(), "pluggy.unreadable", "{body}");
            assert!(fault.record().message.contains("account"), "{}", fault.record().message);
        }
    }
}
