use std::collections::HashMap;

use bankside_domain::account::AccountKind;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::fetch::RowAccount;

fn mapped(institution_key: &str, bytes: &[u8]) -> MappedRow {
    let currencies: HashMap<_, _> =
        ["EUR", "GBP", "JPY"].map(|code| Currency::iso(code).map(|one| (one.code, one)).unwrap()).into();
    let context = MapContext {
        institution_key,
        time_zone: &TimeZone::UTC,
        today: jiff::civil::date(2026, 11, 20),
        account: RowAccount { kind: AccountKind::Checking, currency: "EUR".parse().unwrap() },
        currencies: &currencies,
    };
    row(&context, &RawRow { status: arriving(bytes).0, bytes: bytes.to_vec() })
}

fn at(institution_key: &str, json: &str) -> Row {
    match mapped(institution_key, json.as_bytes()) {
        MappedRow::Readable(row) => *row,
        MappedRow::Unreadable { why } => panic!("{why}: {json}"),
    }
}

fn readable(json: &str) -> Row {
    at("FI:Bank", json)
}

#[test]
fn a_row_with_everything() {
    insta::assert_json_snapshot!(readable(
        r#"{"entry_reference":"5561990681","transaction_id":"a1b2","merchant_category_code":"5411",
            "transaction_amount":{"currency":"EUR","amount":"33.29"},"credit_debit_indicator":"DBIT","status":"BOOK",
            "creditor":{"name":"Corner  Shop"},"creditor_account":{"iban":"FI2112345600000785"},
            "debtor":{"name":"Ada Example"},"debtor_account":{"iban":"FI9912345600000999"},
            "booking_date":"2026-11-18","value_date":"2026-11-19","transaction_date":"2026-11-17",
            "balance_after_transaction":{"currency":"EUR","amount":"1204.71"},
            "remittance_information":["Invoice 17","Invoice 17"," thank you "],
            "exchange_rate":{"unit_currency":"GBP","exchange_rate":"1.15","instructed_amount":{"currency":"GBP","amount":"28.95"}}}"#
    ));
}

#[test]
fn a_row_that_is_pending() {
    insta::assert_json_snapshot!(readable(
        r#"{"entry_reference":"0","transaction_amount":{"currency":"EUR","amount":"3.20"},"credit_debit_indicator":"DBIT",
            "status":"PDNG","transaction_date":"2026-11-20","creditor":{"name":"","postal_address":{"address_line":["KIOSK","Main St"]}},
            "remittance_information":[]}"#
    ));
}

#[test]
fn a_row_with_next_to_nothing() {
    insta::assert_json_snapshot!(readable(
        r#"{"transaction_amount":{"amount":"5"},"credit_debit_indicator":"CRDT","status":"OTHR",
            "bank_transaction_code":{"description":"Interest"}}"#
    ));
}

#[test]
fn the_sign_is_the_indicators_and_without_one_the_amounts() {
    for (amount, indicator, minor) in [
        ("49.90", "DBIT", -4990),
        ("-49.90", "DBIT", -4990),
        ("49.90", "CRDT", 4990),
        ("-49.90", "crdt", 4990),
        ("-49.90", "", -4990),
        ("49.90", "WHAT", 4990),
    ] {
        let row = format!(
            r#"{{"transaction_amount":{{"currency":"EUR","amount":"{amount}"}},"credit_debit_indicator":"{indicator}"}}"#
        );
        assert_eq!(readable(&row).amount.minor, minor, "{amount} {indicator}");
    }
    assert_eq!(readable(r#"{"transaction_amount":{"currency":"EUR","amount":-1.5}}"#).amount.minor, -150);
}

#[test]
fn an_id_that_names_no_row_is_none() {
    let ids = |reference: &str| {
        let row =
            format!(r#"{{"transaction_amount":{{"currency":"EUR","amount":"1"}},"entry_reference":"{reference}"}}"#);
        readable(&row).ids.len()
    };
    for none in ["0", "000", "", " ", "-", "NOTPROVIDED", "2026-11-20-1", "2026-11-20-12"] {
        assert_eq!(ids(none), 0, "{none}");
    }
    for one in ["10", "2026-11-20", "2026-11-20-123456", "20261120-1", "2026-13-20-1", "x"] {
        assert_eq!(ids(one), 1, "{one}");
    }
}

#[test]
fn each_status_is_one_of_ours() {
    let of = |status: &str, more: &str| {
        arriving(format!(r#"{{"transaction_amount":{{"amount":"1"}},"status":"{status}"{more}}}"#).as_bytes())
    };
    let booked = r#","booking_date":"2026-11-18""#;
    for (status, expected) in [
        ("BOOK", RowStatus::Booked),
        ("PDNG", RowStatus::Pending),
        ("HOLD", RowStatus::Pending),
        ("SCHD", RowStatus::Scheduled),
        ("CNCL", RowStatus::Declined),
        ("RJCT", RowStatus::Declined),
    ] {
        assert_eq!(of(status, booked), (expected, Some(jiff::civil::date(2026, 11, 18))), "{status}");
    }
    assert_eq!(of("OTHR", booked).0, RowStatus::Booked);
    assert_eq!(of("OTHR", "").0, RowStatus::Pending);
}

#[test]
fn names_and_texts_are_found_where_banks_put_them() {
    let row = |key: &str, name: &str, lines: &str| {
        let json = format!(
            r#"{{"transaction_amount":{{"currency":"EUR","amount":"1"}},"credit_debit_indicator":"DBIT",
                "creditor":{{"name":"{name}"}},"remittance_information":{lines}}}"#
        );
        let row = at(key, &json);
        (row.counterparty.name.unwrap_or_default(), row.remittance.unwrap_or_default())
    };
    for (key, name, lines, expected) in [
        ("NL:ABN AMRO", "", r#"["Naam: De Bakker","Omschrijving: brood","Kenmerk: 7"]"#, ("De Bakker", "brood")),
        ("NL:Kanalbank", "", r#"["Naam: De Bakker"]"#, ("", "Naam: De Bakker")),
        ("DK:Any Bank", "", r#"["Dankort-køb FAKTA 123 | col3=7"]"#, ("FAKTA 123", "Dankort-køb FAKTA 123 | col3=7")),
        (
            "DK:Any Bank",
            "",
            r#"["Visa/Dankort GBP 8,99 Kurs 876,54 Nota nr. 4321 BOOKSHOP LONDON"]"#,
            ("BOOKSHOP LONDON", "Visa/Dankort GBP 8,99 Kurs 876,54 Nota nr. 4321 BOOKSHOP LONDON"),
        ),
        ("BE:Wise", "CARD-12345", r#"["Coffee House"]"#, ("", "Coffee House")),
        ("BE:Wise", "CARD-HOLDERS", "[]", ("CARD-HOLDERS", "")),
        ("AT:Bank", "BILLA", r#"["POS 45,13 AT D6 31.07. 10:27","BILLA 123"]"#, ("BILLA", "BILLA 123")),
        ("DE:Bank", "SumUp *Blumen Eck", "[]", ("Blumen Eck", "")),
        ("DE:Bank", "PAYPAL *", "[]", ("", "")),
        ("DE:Bank", "", r#""one text""#, ("", "one text")),
    ] {
        let (name_of, text_of) = row(key, name, lines);
        assert_eq!((name_of.as_str(), text_of.as_str()), expected, "{key} {name} {lines}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    for (json, why) in [
        ("{}", "it has no amount"),
        (r#"{"transaction_amount":{"currency":"XYZ","amount":"1"}}"#, "the currency XYZ is not known here"),
    ] {
        assert_eq!(mapped("FI:Bank", json.as_bytes()), MappedRow::Unreadable { why: why.to_owned() }, "{json}");
    }
    assert!(matches!(
        mapped("FI:Bank", br#"{"transaction_amount":{"currency":"JPY","amount":"1.5"}}"#),
        MappedRow::Unreadable { .. }
    ));
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(text in ".{0,60}", key in ".{0,12}") {
        let row = serde_json::json!({
            "transaction_amount": { "currency": "EUR", "amount": "1.00" }, "entry_reference": text, "booking_date": text,
            "creditor": { "name": text }, "credit_debit_indicator": "DBIT", "remittance_information": [text, text],
        });
        for institution_key in ["DK:x", "NL:ABN AMRO", "BE:Wise", key.as_str()] {
            let _ = mapped(institution_key, row.to_string().as_bytes());
        }
        let _ = mapped(&key, text.as_bytes());
    }
}
