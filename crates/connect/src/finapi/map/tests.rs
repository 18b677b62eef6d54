//! Rows as they come, and as we read them.

use std::collections::HashMap;

use bankside_domain::account::AccountKind;
use jiff::tz::TimeZone;

use super::*;
use crate::fetch::RowAccount;

fn mapped(status: RowStatus, json: &str) -> MappedRow {
    let known = ["EUR", "USD", "JPY"].map(|code| Currency::iso(code).map(|one| (one.code, one)).unwrap());
    let currencies = HashMap::from(known);
    let context = MapContext {
        institution_key: "290001",
        account: RowAccount { kind: AccountKind::Checking, currency: "EUR".parse().unwrap() },
        time_zone: &TimeZone::UTC,
        today: jiff::civil::date(2026, 11, 20),
        currencies: &currencies,
    };
    row(&context, &RawRow { status, bytes: json.as_bytes().to_vec() })
}

fn readable(status: RowStatus, json: &str) -> Row {
    match mapped(status, json) {
        MappedRow::Readable(row) => *row,
        MappedRow::Unreadable { why } => panic!("{why}"),
    }
}

#[test]
fn a_row_with_everything() {
    insta::assert_json_snapshot!(readable(
        RowStatus::Booked,
        r#"{"id":9007199254740993,"parentId":null,"accountId":10001,"valueDate":"2026-11-19","bankBookingDate":"2026-11-18",
            "finapiBookingDate":"2026-11-18","amount":-1204.10,"currency":"EUR","purpose":"Rechnung  R-12\nNovember",
            "counterpartName":"Uferlicht Solar","counterpartIban":"DE02100100100006820101","counterpartBlz":"10010010",
            "type":"Überweisung","typeCodeZka":"116","originalAmount":-1300.5,"originalCurrency":"USD","labels":[],
            "category":{"id":1},"isPotentialDuplicate":true,"isAdjustingEntry":false,"isNew":true,
            "importDate":"2026-11-20T06:00:00.000Z"}"#
    ));
}

#[test]
fn a_row_with_next_to_nothing_is_in_its_accounts_currency() {
    insta::assert_json_snapshot!(readable(
        RowStatus::Booked,
        r#"{"id":7,"accountId":1,"valueDate":"2026-11-18 00:00:00.000","bankBookingDate":null,"amount":0.1,"currency":null,
            "type":"Gutschrift","differentDebitor":"Amt für Bescheide"}"#
    ));
}

#[test]
fn a_row_on_its_way_has_other_names_and_no_id() {
    insta::assert_json_snapshot!(readable(
        RowStatus::Pending,
        r#"{"id":55,"accountId":1,"valueDate":"2026-11-19","bankBookingDate":"2026-11-20","amount":-5,"currency":"EUR",
            "purpose":"Vorgemerkt","counterpartyName":"Café Ankerplatz","counterpartyAccountNumber":"4711"}"#
    ));
}

/// Case E 14 of the connector model: an adjusting entry stands for rows that finAPI does not have, and is no spending.
#[test]
fn an_adjusting_entry_is_a_placeholder() {
    let row = readable(
        RowStatus::Booked,
        r#"{"id":8,"bankBookingDate":"2026-01-20","valueDate":"2026-01-20","amount":-2210.07,"purpose":"Zwischensaldo",
            "isAdjustingEntry":true}"#,
    );
    assert!(row.is_placeholder);
    assert_eq!(row.amount.minor, -221_007);
}

/// Case E 14 of the connector model: a booking of a day to come has the bank's day, which stays, and not finAPI's, which moves.
#[test]
fn a_booking_to_come_has_the_banks_day() {
    let of = |finapi: &str| {
        let json = format!(
            r#"{{"id":9,"bankBookingDate":"2026-12-01","valueDate":"2026-12-01","finapiBookingDate":"{finapi}","amount":-1085}}"#
        );
        readable(RowStatus::Booked, &json)
    };
    assert_eq!(of("2026-11-29"), of("2026-11-30"));
    assert_eq!(of("2026-11-29").booked_on, Some(jiff::civil::date(2026, 12, 1)));
    assert!(!of("2026-11-29").is_placeholder);
}

#[test]
fn amounts_are_read_as_they_are_written() {
    for (text, minor) in [("0.07", 7), ("-1e2", -10_000), ("1234567.89", 123_456_789), ("-0.0", 0), ("\"12.30\"", 1230)]
    {
        let json = format!(r#"{{"id":1,"bankBookingDate":"2026-11-18","amount":{text}}}"#);
        assert_eq!(readable(RowStatus::Booked, &json).amount.minor, minor, "{text}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    for (json, why) in [
        ("7", "it is no transaction"),
        (r#"{"id":1,"bankBookingDate":"2026-11-18"}"#, "it has no amount"),
        (r#"{"id":1,"amount":1}"#, "it has no date"),
        (r#"{"id":1,"bankBookingDate":"2026-11-18","amount":0.001}"#, "“0.001” has more decimals than EUR has"),
        (
            r#"{"id":1,"bankBookingDate":"2026-11-18","amount":1,"currency":"XQQ"}"#,
            "the currency XQQ is not known here",
        ),
    ] {
        assert_eq!(mapped(RowStatus::Booked, json), MappedRow::Unreadable { why: why.to_owned() }, "{json}");
    }
}
