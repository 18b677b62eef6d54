//! Answers that nobody would send who means well: whatever comes, reading it ends in a value or an error.

use std::collections::HashMap;

use bankside_domain::Currency;
use bankside_domain::row::MappedRow;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::fetch::MapContext;
use crate::gocardless::map;
use crate::gocardless::saved::UNKNOWN;

/// Names that are looked at, so that odd values stand in the places that count.
const NAMES: [&str; 24] = [
    "transactionAmount",
    "amount",
    "currency",
    "transactions",
    "booked",
    "pending",
    "balances",
    "balanceAmount",
    "balanceType",
    "account",
    "iban",
    "name",
    "id",
    "countries",
    "access",
    "access_expires",
    "refresh",
    "status",
    "accounts",
    "bookingDate",
    "valueDateTime",
    "remittanceInformationUnstructuredArray",
    "currencyExchange",
    "instructedAmount",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[-0-9.EUR\\u0000]{0,12}".prop_map(Value::from),
        Just(Value::from("EUR")),
        Just(Value::from("2026-11-20")),
        Just(Value::from("9999-12-31T23:59:60+99:99")),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..8)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

/// Reads a body as everything that it could be.
fn read_all(body: &[u8]) {
    let _ = serde_json::from_slice::<NewToken>(body).is_ok();
    let _ = serde_json::from_slice::<Vec<InstitutionRow>>(body).is_ok();
    let _ = serde_json::from_slice::<Agreement>(body).is_ok();
    let _ = serde_json::from_slice::<Requisition>(body).is_ok();
    let _ = serde_json::from_slice::<AccountMetadata>(body).is_ok();
    let _ = serde_json::from_slice::<AccountDetails>(body).is_ok();
    let _ = serde_json::from_slice::<Balances>(body).is_ok();
    if let Ok(answer) = serde_json::from_slice::<TransactionsAnswer<'_>>(body) {
        for row in answer.transactions.rows() {
            map_at_every_kind_of_bank(&row);
        }
    }
    map_at_every_kind_of_bank(&RawRow { status: RowStatus::Booked, bytes: body.to_vec() });
}

fn map_at_every_kind_of_bank(row: &RawRow) {
    let currency = Currency::iso("EUR").unwrap();
    let currencies = HashMap::from([(currency.code, currency)]);
    let time_zone = TimeZone::get("Europe/Berlin").unwrap();
    for institution_key in ["NORDHAFEN_NHBKDE22", "BNP_BE_GEBABEBB", "COMMERZBANK_COBADEFF", "HYPE_HYEEIT22"] {
        let today = jiff::civil::date(2026, 11, 20);
        let context =
            MapContext { institution_key, account: UNKNOWN, time_zone: &time_zone, today, currencies: &currencies };
        let _ = map::keeps(institution_key, row);
        assert!(matches!(map::row(&context, row), MappedRow::Readable(_) | MappedRow::Unreadable { .. }));
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
fn deep_nesting_and_long_lists_are_only_large() {
    let deep = "[".repeat(300_000) + &"]".repeat(300_000);
    read_all(deep.as_bytes());
    let row = format!(
        r#"{{"transactionAmount":{{"amount":"1","currency":"EUR"}},"bookingDate":"2026-11-20","x":{deep},"currencyExchange":{deep}}}"#
    );
    let body = format!(r#"{{"transactions":{{"booked":[{row}]}},"y":{deep}}}"#);
    let answer: TransactionsAnswer<'_> = serde_json::from_slice(body.as_bytes()).unwrap();
    map_at_every_kind_of_bank(&answer.transactions.rows()[0]);
    let many = format!("[{}1]", "1,".repeat(2_000_000));
    read_all(many.as_bytes());
}

#[test]
fn one_odd_member_loses_itself_alone() {
    let balances = r#"{"balances":[1,{"balanceType":"expected"},null,
        {"balanceAmount":{"amount":5,"currency":"EUR"},"balanceType":"expected","referenceDate":20261120}]}"#;
    let read: Balances = serde_json::from_str(balances).unwrap();
    assert_eq!(read.balances.len(), 1);
    assert_eq!(read.balances[0].balance_amount.amount.0, "5");
    assert!(serde_json::from_str::<Balances>(r#"{"balances":{}}"#).unwrap().balances.is_empty());
    let details: AccountDetails = serde_json::from_str(r#"{"account":{"iban":12,"currency":"EUR"}}"#).unwrap();
    assert_eq!((details.account.iban, details.account.currency.as_deref()), (None, Some("EUR")));
    let token: NewToken = serde_json::from_str(r#"{"access":"a","access_expires":"60","refresh":[]}"#).unwrap();
    assert_eq!((token.access_expires, token.refresh), (Some(60), None));
}
