//! Reading a saved answer: an object with `account` and `transactions`, as a sync would read them, without asking Sophtron.

use std::cmp::Reverse;

use bankside_domain::CurrencyCode;
use bankside_domain::account::AccountKind;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::MappedRow;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;

use super::accounts::{Money, dollar_of, money};
use super::institutions::country_of;
use super::json::Object;
use super::wire::AccountRow;
use super::{fetching, map};
use crate::fault::Fault;
use crate::fetch::{MapContext, RowAccount};
use crate::saved::{SavedAnswer, SavedRow};
use crate::zones;

pub(super) fn read(saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
    let object = Object::read(saved.body).ok_or_else(unreadable)?;
    let transactions = object.raw("transactions").ok_or_else(unreadable)?;
    let transactions: Vec<&RawValue> = serde_json::from_str(transactions.get()).map_err(|_| unreadable())?;
    let country = country_of(saved.institution_key);
    let account = object.object("account").and_then(|account| AccountRow::read(&account));
    let sign = account.as_ref().and_then(|account| account.currency.as_deref());
    let currency = match money(sign, dollar_of(country)) {
        Money::Of(code) => code,
        Money::Dollars | Money::Unknown => CurrencyCode::NONE,
    };
    let time_zone = TimeZone::get(country.map_or("UTC", zones::of_country)).unwrap_or(TimeZone::UTC);
    let context = MapContext {
        institution_key: saved.institution_key,
        today: saved.now.to_zoned(time_zone.clone()).date(),
        time_zone: &time_zone,
        account: RowAccount { kind: AccountKind::Other, currency },
        currencies: saved.currencies,
    };
    let read = |(index, raw): (usize, &&RawValue)| SavedRow {
        place: format!("transactions[{index}]"),
        row: map::row(&context, &fetching::raw_row(raw)),
    };
    let mut rows: Vec<SavedRow> = transactions.iter().enumerate().map(read).collect();
    // Stable: of one day they stay in the order in which they came.
    rows.sort_by_key(|saved| match &saved.row {
        MappedRow::Readable(row) => Reverse(row.day()),
        MappedRow::Unreadable { .. } => Reverse(None),
    });
    Ok(rows)
}

fn unreadable() -> Fault {
    let message = "This is no answer with an account and its transactions.";
    Fault::new(FaultClass::Bug, "sophtron.unreadable", message)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use bankside_domain::Currency;
    use bankside_domain::row::RowStatus;

    use super::*;

    fn read_at(institution_key: &str, body: &str) -> Result<Vec<SavedRow>, Fault> {
        let currencies: HashMap<_, _> =
            ["USD", "CAD"].into_iter().map(|code| Currency::iso(code).map(|one| (one.code, one)).unwrap()).collect();
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        read(&SavedAnswer { institution_key, now, currencies: &currencies, body: body.as_bytes() })
    }

    #[test]
    fn rows_come_newest_first_and_none_is_lost() {
        let rows = read_at(
            "CA_0c5f-11",
            r#"{"account":{"AccountID":"a1","BalanceCurrency":"$"},"Transactions":[
                {"Amount":-1,"Date":"2026-10-01"},{"Amount":-2,"Date":"2026-10-03","Status":"Pending"},7]}"#,
        )
        .unwrap();
        let places: Vec<_> = rows.iter().map(|row| row.place.as_str()).collect();
        assert_eq!(places, ["transactions[1]", "transactions[0]", "transactions[2]"]);
        let MappedRow::Readable(newest) = &rows[0].row else { panic!("it can be read") };
        assert_eq!((newest.status, newest.amount.currency.code.as_str()), (RowStatus::Pending, "CAD"));
        assert!(matches!(rows[2].row, MappedRow::Unreadable { .. }));
    }

    #[test]
    fn what_is_no_answer_says_so() {
        for body in ["", "[]", "{}", r#"{"transactions":{}}"#] {
            assert_eq!(read_at("US_1", body).unwrap_err().code(), "sophtron.unreadable", "{body}");
        }
    }
}
