//! Reading a saved answer: one page of transactions, as a sync would read it, without asking Enable Banking.

use std::cmp::Reverse;

use bankside_domain::CurrencyCode;
use bankside_domain::account::AccountKind;
use bankside_domain::fault::FaultClass;
use bankside_domain::row::MappedRow;
use jiff::tz::TimeZone;

use super::connecting::country_of;
use super::{map, wire};
use crate::fault::Fault;
use crate::fetch::{MapContext, RawRow, RowAccount};
use crate::saved::{SavedAnswer, SavedRow};
use crate::zones;

pub(super) fn read(saved: &SavedAnswer<'_>) -> Result<Vec<SavedRow>, Fault> {
    let page: wire::Page<'_> = serde_json::from_slice(saved.body).map_err(|error| {
        // The answer is the person's own, so the place may be named with what stands there.
        let message = format!("This is no answer with transactions: {error}.");
        Fault::new(FaultClass::Bug, "enablebanking.unreadable", message).with_source(error)
    })?;
    let zone = zones::of_country(country_of(saved.institution_key));
    let time_zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    let context = MapContext {
        institution_key: saved.institution_key,
        today: saved.now.to_zoned(time_zone.clone()).date(),
        time_zone: &time_zone,
        currencies: saved.currencies,
        account: RowAccount { kind: AccountKind::Other, currency: CurrencyCode::NONE },
    };
    let mut rows: Vec<SavedRow> = Vec::with_capacity(page.transactions.len());
    for (index, row) in page.transactions.iter().enumerate() {
        let bytes = row.get().as_bytes().to_vec();
        let status = map::arriving(&bytes).0;
        let row = map::row(&context, &RawRow { status, bytes });
        rows.push(SavedRow { place: format!("transactions[{index}]"), row });
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

    use super::*;

    fn saved(body: &str) -> Result<Vec<SavedRow>, Fault> {
        // What stands for no currency is among those that are known.
        let known = ["EUR", "XXX"].map(|code| Currency::iso(code).unwrap());
        let currencies = HashMap::from(known.map(|currency| (currency.code, currency)));
        let now = "2026-11-20T12:00:00Z".parse().unwrap();
        read(&SavedAnswer { institution_key: "FI:Bank", now, currencies: &currencies, body: body.as_bytes() })
    }

    #[test]
    fn rows_come_newest_first_and_none_is_lost() {
        let rows = saved(
            r#"{"transactions":[
                {"transaction_amount":{"currency":"EUR","amount":"1"},"booking_date":"2026-11-01"},
                {"transaction_amount":{"currency":"EUR","amount":"2"},"booking_date":"2026-11-02"},
                {"transaction_amount":{"amount":"3"}}],"continuation_key":"k"}"#,
        )
        .unwrap();
        let places: Vec<_> = rows.iter().map(|row| row.place.as_str()).collect();
        assert_eq!(places, ["transactions[1]", "transactions[0]", "transactions[2]"]);
        assert!(matches!(rows[2].row, MappedRow::Unreadable { .. }), "nothing says its currency");
    }

    #[test]
    fn what_is_no_answer_says_so() {
        for body in ["", "[]", "{}", r#"{"transactions":{}}"#] {
            assert_eq!(saved(body).unwrap_err().code(), "enablebanking.unreadable", "{body}");
        }
    }
}
