//! Reading a saved answer: the whole of `GET /accounts` in either version, as a sync would read it, without asking SimpleFIN.

use std::cmp::Reverse;

use bankside_domain::CurrencyCode;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::MappedRow;
use jiff::tz::TimeZone;

use super::wire::Answer;
use super::{accounts, map};
use crate::fault::Fault;
use crate::fetch::{MapContext, RawRow, RowAccount};
use crate::saved::{SavedAnswer, SavedRow};
use crate::words::kind_in;

pub(super) fn read(saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
    let answer = Answer::read(saved.body).map_err(|fault| {
        let message = "This is no answer of SimpleFIN with a list of accounts.";
        Fault::new(FaultClass::Bug, "simplefin.unreadable", message).with_source(fault)
    })?;
    let mut rows = Vec::new();
    for (place, account) in answer.accounts.iter().enumerate() {
        // A currency that is not known makes the rows unreadable, each with its reason.
        let named = account.currency.as_deref().and_then(|text| text.parse().ok());
        let currency = accounts::currency(account, saved.currencies).map(|currency| currency.code).or(named);
        let context = MapContext {
            institution_key: saved.institution_key,
            today: saved.now.to_zoned(TimeZone::UTC).date(),
            time_zone: &TimeZone::UTC,
            account: RowAccount {
                kind: kind_in(account.name.as_deref()),
                currency: currency.unwrap_or(CurrencyCode::NONE),
            },
            currencies: saved.currencies,
        };
        for (index, raw) in account.transactions.iter().flatten().enumerate() {
            let bytes = raw.get().as_bytes().to_vec();
            let (status, _) = map::arriving(&bytes);
            let row = map::row(&context, &RawRow { status, bytes });
            rows.push(SavedRow { place: format!("accounts[{place}].transactions[{index}]"), row });
        }
    }
    // Stable: of one day they stay in the order in which they came.
    rows.sort_by_key(|saved| match &saved.row {
        MappedRow::Readable(row) => Reverse(row.day()),
        MappedRow::Unreadable { .. } => Reverse(None),
    });
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bankside_domain::Currency;
    use bankside_domain::row::RowStatus;

    use super::*;

    fn saved(body: &str) -> Result<Vec<SavedRow>, Fault> {
        let currency = Currency::iso("USD").unwrap();
        let currencies = HashMap::from([(currency.code, currency)]);
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        read(&SavedAnswer { institution_key: "", now, currencies: &currencies, body: body.as_bytes() })
    }

    #[test]
    fn rows_of_all_accounts_come_newest_first_and_none_is_lost() {
        let rows = saved(
            r#"{"accounts":[
                {"id":"1","currency":"USD","transactions":[{"posted":1794993345,"amount":"-1"},{"posted":0,"amount":"-2",
                    "transacted_at":1795132800}]},
                {"id":"2","currency":"https://x.example/points","transactions":[{"posted":1795132800,"amount":"3"}]},
                {"id":"3","currency":"USD"}]}"#,
        )
        .unwrap();
        let places: Vec<_> = rows.iter().map(|row| row.place.as_str()).collect();
        assert_eq!(
            places,
            ["accounts[0].transactions[1]", "accounts[0].transactions[0]", "accounts[1].transactions[0]"]
        );
        let MappedRow::Readable(newest) = &rows[0].row else { panic!("it can be read") };
        assert_eq!((newest.status, newest.amount.minor), (RowStatus::Pending, -200));
        assert!(matches!(rows[2].row, MappedRow::Unreadable { .. }), "points are no money here");
    }

    #[test]
    fn what_is_no_answer_says_so() {
        for body in ["", "[]", "{}", r#"{"accounts":{}}"#] {
            assert_eq!(saved(body).unwrap_err().code(), "simplefin.unreadable", "{body}");
        }
    }
}
