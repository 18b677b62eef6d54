use std::collections::HashMap;

use bankside_domain::account::AccountKind;
use bankside_domain::{Currency, CurrencyCode};
use proptest::prelude::*;

use super::*;
use crate::fetch::RowAccount;
use crate::simplefin::wire::Answer;

fn mapped(currency: &str, status: RowStatus, bytes: &[u8]) -> MappedRow {
    let currencies: HashMap<_, _> =
        ["USD", "JPY", "XXX"].map(|code| Currency::iso(code).map(|one| (one.code, one)).unwrap()).into();
    let context = MapContext {
        institution_key: "simplefin",
        time_zone: &TimeZone::UTC,
        today: jiff::civil::date(2026, 11, 20),
        account: RowAccount { kind: AccountKind::Checking, currency: currency.parse().unwrap_or(CurrencyCode::NONE) },
        currencies: &currencies,
    };
    row(&context, &RawRow { status, bytes: bytes.to_vec() })
}

fn readable(json: &str) -> Row {
    let (status, _) = arriving(json.as_bytes());
    match mapped("USD", status, json.as_bytes()) {
        MappedRow::Readable(row) => *row,
        MappedRow::Unreadable { why } => panic!("{why}: {json}"),
    }
}

#[test]
fn a_row_with_everything() {
    insta::assert_json_snapshot!(readable(
        r#"{"id":"TRN-1","posted":1795132800,"amount":"-33293.43","description":"Uncle Frank&#39;s  Bait Shop",
            "payee":"Uncle Frank&apos;s","memo":"<i>Hooks</i> &amp; lines","mcc":"5941","transacted_at":1794993345,
            "extra":{"category":"food"}}"#
    ));
}

#[test]
fn a_row_with_next_to_nothing() {
    insta::assert_json_snapshot!(readable(r#"{"id":"1","posted":1795176000,"amount":"0.5","description":"DEPOSIT"}"#));
}

#[test]
fn a_row_that_is_pending() {
    insta::assert_json_snapshot!(readable(
        r#"{"id":"P1","posted":0,"amount":"-4.20","description":"Coffee","pending":true,"transacted_at":1794993345}"#
    ));
}

#[test]
fn rows_are_pending_by_their_flag_or_by_having_no_day_of_posting() {
    for (json, status, day) in [
        (r#"{"posted":0,"transacted_at":1794993345}"#, RowStatus::Pending, Some("2026-11-18")),
        (r#"{"posted":1794993345,"pending":true}"#, RowStatus::Pending, Some("2026-11-18")),
        (r#"{"posted":1794993345,"pending":false}"#, RowStatus::Booked, Some("2026-11-18")),
        (r#"{"posted":"1794993345"}"#, RowStatus::Booked, Some("2026-11-18")),
        (r#"{"posted":0}"#, RowStatus::Pending, None),
        ("[]", RowStatus::Booked, None),
    ] {
        let (read, on) = arriving(json.as_bytes());
        assert_eq!((read, on.map(|day| day.to_string()).as_deref()), (status, day), "{json}");
    }
    let flagged = readable(r#"{"posted":1794993345,"pending":true,"amount":"1"}"#);
    assert_eq!((flagged.booked_on, flagged.day()), (None, Some(jiff::civil::date(2026, 11, 18))));
}

#[test]
fn days_are_those_of_utc() {
    for (seconds, expected) in [(1_795_132_799, "2026-11-19"), (1_795_132_800, "2026-11-20")] {
        let row = readable(&format!(r#"{{"posted":{seconds},"amount":"1"}}"#));
        assert_eq!(row.booked_on.unwrap().to_string(), expected);
    }
    assert_eq!(readable(r#"{"posted":1795132800,"amount":"1"}"#).happened_at, None, "midnight is no moment");
}

#[test]
fn what_cannot_be_read_says_why() {
    let booked = |currency: &str, json: &str| mapped(currency, RowStatus::Booked, json.as_bytes());
    for (currency, json, expected) in [
        ("USD", "7", "it is no transaction"),
        ("USD", r#"{"posted":1795132800}"#, "it has no amount"),
        ("USD", r#"{"amount":"1.00"}"#, "it has no date"),
        ("USD", r#"{"amount":"1.00","posted":0}"#, "it has no date"),
        ("USD", r#"{"amount":"1.005","posted":1795132800}"#, "“1.005” has more decimals than USD has"),
        ("JPY", r#"{"amount":"1.5","posted":1795132800}"#, "“1.5” has more decimals than JPY has"),
        ("USD", r#"{"amount":"one","posted":1795132800}"#, "“one” is not an amount"),
        ("WAXP", r#"{"amount":"1","posted":1795132800}"#, "the currency WAXP is not known here"),
        (
            "https://bank.example/points",
            r#"{"amount":"1","posted":1795132800}"#,
            "the currency of its account is not known here",
        ),
    ] {
        assert_eq!(booked(currency, json), MappedRow::Unreadable { why: expected.to_owned() }, "{json}");
    }
}

#[test]
fn odd_fields_lose_themselves_alone() {
    let row = readable(r#"{"id":7,"posted":1795132800,"amount":-5,"description":["a"],"payee":{},"pending":"yes"}"#);
    assert_eq!((row.amount.minor, row.ids.len(), row.remittance), (-500, 0, None));
}

proptest! {
    #[test]
    fn nothing_that_comes_is_a_reason_to_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC*") {
        let _ = mapped("USD", RowStatus::Booked, &bytes);
        let _ = Answer::read(&bytes);
        let _ = mapped("USD", RowStatus::Pending, text.as_bytes());
        let _ = crate::simplefin::access::Pasted::read(&text);
    }
}
