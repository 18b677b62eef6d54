use std::collections::HashMap;

use bankside_domain::Currency;
use bankside_domain::account::AccountKind;
use bankside_domain::row::RowStatus;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::fetch::RowAccount;
use crate::sophtron::job::Job;
use crate::sophtron::wire::{AccountRow, InstitutionRow, LoginRow};
use crate::sophtron::{client, prompt, sign_in};

const USUAL: &str = "US_0c5f-11";

fn mapped(institution_key: &str, currency: CurrencyCode, bytes: &[u8]) -> MappedRow {
    let currencies: HashMap<_, _> = ["USD", "CAD", "JPY"]
        .into_iter()
        .map(|code| Currency::iso(code).map(|currency| (currency.code, currency)).unwrap())
        .collect();
    let time_zone = TimeZone::get("America/New_York").unwrap();
    let context = MapContext {
        institution_key,
        time_zone: &time_zone,
        today: jiff::civil::date(2026, 11, 20),
        account: RowAccount { kind: AccountKind::Checking, currency },
        currencies: &currencies,
    };
    row(&context, &RawRow { status: RowStatus::Booked, bytes: bytes.to_vec() })
}

fn of_us(json: &str) -> MappedRow {
    mapped(USUAL, "USD".parse().unwrap(), json.as_bytes())
}

fn readable(json: &str) -> Row {
    match of_us(json) {
        MappedRow::Readable(row) => *row,
        MappedRow::Unreadable { why } => panic!("{why}"),
    }
}

#[test]
fn a_row_as_documented() {
    insta::assert_json_snapshot!(readable(
        r#"{"ID":"5e4d-01","TransactionID":"5e4d-02","UserInstitutionAccountID":"a1","Status":"Posted","Type":"DEBIT",
            "Amount":-12.34,"Currency":"$","Date":"2026-10-08T00:00:00","TransactionDate":"2026-10-08T00:00:00",
            "PostDate":"2026-10-09T00:00:00","Description":"CHECKCARD 1008  COFFEE SHOP SEATTLE WA","Balance":1222.22,
            "Merchant":"Coffee Shop","Category":"Food","CheckNum":"","Memo":"","CheckImage":"","CreatedDateUtc":"x"}"#
    ));
}

#[test]
fn a_row_in_other_letters_with_an_instant_and_a_cheque() {
    insta::assert_json_snapshot!(readable(
        r#"{"transactionId":"5e4d-03","amount":"250","transactionDate":"2026-10-08T02:30:00Z","description":"Check paid",
            "memo":"Rent &amp; heating","checkNum":1042,"type":"debit","merchant":null,"balance":"odd"}"#
    ));
}

#[test]
fn the_type_holds_and_otherwise_the_sign() {
    let minor = |kind: &str, amount: &str| {
        readable(&format!(r#"{{"Amount":{amount},"Type":{kind},"Date":"2026-10-08"}}"#)).amount.minor
    };
    for (kind, amount, expected) in [
        (r#""DEBIT""#, "-12.34", -1234),
        (r#""DEBIT""#, "12.34", -1234),
        (r#""CREDIT""#, "-12.34", 1234),
        (r#""Credit""#, "12.34", 1234),
        ("null", "-12.34", -1234),
        (r#""PAYMENT""#, r#""12.34""#, 1234),
        (r#""DEBIT""#, "0", 0),
        (r#""CREDIT""#, "0.00", 0),
    ] {
        assert_eq!(minor(kind, amount), expected, "{kind} {amount}");
    }
}

#[test]
fn an_amount_is_its_literal_text() {
    assert_eq!(readable(r#"{"Amount":90071992547409.93,"Date":"2026-10-08"}"#).amount.minor, 9_007_199_254_740_993);
}

#[test]
fn a_dollar_is_the_accounts() {
    let code = |key: &str, account: &str, currency: &str| {
        let json = format!(r#"{{"Amount":1,"Currency":{currency},"Date":"2026-10-08"}}"#);
        match mapped(key, account.parse().unwrap(), json.as_bytes()) {
            MappedRow::Readable(row) => row.amount.currency.code.to_string(),
            MappedRow::Unreadable { why } => why,
        }
    };
    assert_eq!(code(USUAL, "CAD", r#""$""#), "CAD", "the person or the country has said so");
    assert_eq!(code(USUAL, "USD", r#""CAD""#), "CAD");
    assert_eq!(code(USUAL, "USD", "null"), "USD");
    assert_eq!(code("CA_0c5f-11", "XXX", r#""$""#), "CAD", "without an account its bank's country says it");
    assert_eq!(code("0c5f-11", "XXX", r#""$""#), "it does not say of which country its dollars are");
    assert_eq!(code(USUAL, "USD", r#""ZZZ""#), "the currency ZZZ is not known here");
    assert_eq!(code(USUAL, "USD", r#""pesos""#), "“pesos” is no currency that is known here");
}

#[test]
fn what_cannot_be_read_says_why() {
    for (json, expected) in [
        (r#"{"Date":"2026-10-08"}"#, "it has no amount"),
        (r#"{"Amount":{},"Date":"2026-10-08"}"#, "it has no amount"),
        (r#"{"Amount":"1,234.50","Date":"2026-10-08"}"#, "“1,234.50” is not an amount"),
        (r#"{"Amount":1.005,"Date":"2026-10-08"}"#, "“1.005” has more decimals than USD has"),
        (r#"{"Amount":1}"#, "it has no date"),
        (r#"{"Amount":1,"Date":"yesterday"}"#, "it has no date"),
        ("[]", "it is no transaction"),
        ("", "it is no transaction"),
    ] {
        assert_eq!(of_us(json), MappedRow::Unreadable { why: expected.to_owned() }, "{json}");
    }
}

/// Names that are looked at, so that odd values stand in the places that count.
const NAMES: [&str; 30] = [
    "Amount",
    "amount",
    "Currency",
    "Type",
    "TransactionID",
    "ID",
    "Date",
    "TransactionDate",
    "PostDate",
    "Description",
    "Memo",
    "Merchant",
    "CheckNum",
    "Balance",
    "AccountID",
    "BalanceCurrency",
    "LastUpdated",
    "Status",
    "InstitutionID",
    "InstitutionName",
    "InstitutionDetail",
    "LoginFormFields",
    "MappedField",
    "UserInstitutionID",
    "SuccessFlag",
    "SecurityQuestion",
    "TokenMethod",
    "TokenRead",
    "CaptchaImage",
    "LastStatus",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[-0-9.$\\[\\]'\",&#;a\u{e9}\\u{0}]{0,14}".prop_map(Value::from),
        Just(Value::from("2026-10-08T02:30:00-07:00")),
        Just(Value::from("DEBIT")),
        Just(Value::from("9999-12-31T23:59:60+99:99")),
    ];
    leaf.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..10)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// Reads a body as everything that it could be.
fn read_all(body: &[u8]) {
    for key in [USUAL, "0c5f-11", ""] {
        let row = mapped(key, CurrencyCode::NONE, body);
        assert!(matches!(row, MappedRow::Readable(_) | MappedRow::Unreadable { .. }));
    }
    let _ = client::list(body).is_ok();
    let Some(object) = Object::read(body) else { return };
    let _ = (AccountRow::read(&object), LoginRow::read(&object));
    if let Some(institution) = InstitutionRow::read(&object) {
        let _ = sign_in::SignIn::of(&institution.sign_in).form("B", None, true);
    }
    for open in Job::read(&object).open {
        let _ = open.digest();
        let _ = prompt::form(&open.prompt, open.picture.as_deref(), "B", true, jiff::Timestamp::UNIX_EPOCH).is_ok();
    }
}

proptest! {
    #[test]
    fn nothing_that_comes_makes_reading_panic(json in any_json()) {
        read_all(json.to_string().as_bytes());
    }

    #[test]
    fn nor_do_bytes(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        read_all(&bytes);
    }
}

#[test]
fn deep_nesting_is_only_large() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    read_all(deep.as_bytes());
    read_all(
        format!(
            r#"{{"Amount":1,"Date":"2026-10-08","Memo":{deep},"SecurityQuestion":{deep},"InstitutionDetail":{deep}}}"#
        )
        .as_bytes(),
    );
}
